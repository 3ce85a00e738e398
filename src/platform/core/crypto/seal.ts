import { isUuid } from '../ids.ts';
import type { DataKey } from './data-key.ts';
import { cryptoErrors } from './errors.ts';
import { encodeParts, GCM_IV_BYTES, GCM_TAG_BYTES, gcmDecrypt, gcmSeal } from './gcm.ts';

const VERSION = 'v1';
/** Secrets are keys and tokens; what is larger is content and does not belong in a sealed column. */
const PLAINTEXT_BYTES_MAX = 64 * 1024;
const SEALED_CHARS_MAX = 2 + 1 + 36 + 1 + 16 + 1 + Math.ceil(((PLAINTEXT_BYTES_MAX + GCM_TAG_BYTES) * 4) / 3);
const BASE64URL = /^[A-Za-z0-9_-]*$/;

/** The one place a sealed value is valid in. */
export interface SealContext {
  /** Null for global tables. */
  readonly organizationId: string | null;
  readonly table: string;
  readonly column: string;
  /** The row's id, or its key in a stable spelling. */
  readonly rowId: string;
}

/**
 * Encrypts a value for one place: `v1.<key id>.<iv>.<ciphertext and tag>`, base64url without padding. Moved to another
 * row, column, table or organization it does not open. The random IV allows `GCM_MESSAGES_PER_KEY_MAX` values a key.
 */
export function seal(key: DataKey, plaintext: string | Uint8Array, context: SealContext): string {
  if (typeof plaintext === 'string' && !plaintext.isWellFormed()) throw new TypeError('not well-formed text');
  if (key.organizationId !== context.organizationId) throw new TypeError('the data key is another organization’s');
  const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
  if (bytes.length > PLAINTEXT_BYTES_MAX)
    throw new RangeError(`a sealed value has at most ${PLAINTEXT_BYTES_MAX} bytes`);
  const { iv, sealed } = key.withBytes((secret) => gcmSeal(secret, bytes, associatedData(key.id, context)));
  return `${VERSION}.${key.id}.${iv.toString('base64url')}.${sealed.toString('base64url')}`;
}

/**
 * Decrypts what `seal` made for the same place. Throws `decryption_failed`, always in the same words, when the value
 * was altered, moved, or sealed with another key.
 */
export function open(key: DataKey, sealed: string, context: SealContext): Buffer {
  const parts = parse(sealed);
  if (!parts || parts.keyId !== key.id || key.organizationId !== context.organizationId) throw failed(context);
  const plaintext = key.withBytes((secret) =>
    gcmDecrypt(secret, parts.iv, parts.sealed, associatedData(key.id, context)),
  );
  if (!plaintext) throw failed(context);
  return plaintext;
}

/** `open` for text: the plaintext as the string that was sealed. */
export function openText(key: DataKey, sealed: string, context: SealContext): string {
  return open(key, sealed, context).toString('utf8');
}

/** The id of the data key a sealed value needs; undefined when it is not a sealed value. */
export function sealedKeyId(sealed: string): string | undefined {
  return parse(sealed)?.keyId;
}

function parse(text: string): { keyId: string; iv: Buffer; sealed: Buffer } | undefined {
  if (text.length > SEALED_CHARS_MAX) return undefined;
  const parts = text.split('.');
  const [version, keyId, ivText, sealedText] = parts;
  if (parts.length !== 4 || version !== VERSION || !isUuid(keyId)) return undefined;
  const iv = decodeExactly(ivText ?? '');
  const sealed = decodeExactly(sealedText ?? '');
  if (!iv || !sealed || iv.length !== GCM_IV_BYTES || sealed.length < GCM_TAG_BYTES) return undefined;
  return { keyId, iv, sealed };
}

/** Base64url of one spelling: Node's decoder skips strange characters and stray bits, so the text is compared again. */
function decodeExactly(text: string): Buffer | undefined {
  if (!BASE64URL.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function associatedData(keyId: string, context: SealContext): Buffer {
  const { organizationId, table, column, rowId } = context;
  return encodeParts(['plinth/seal/v1', keyId, organizationId, table, column, rowId]);
}

function failed(context: SealContext) {
  return cryptoErrors.decryption_failed({ detail: `the value of ${context.table}.${context.column} does not open` });
}
