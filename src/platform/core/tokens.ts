import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { base62FromBytes, base62FromInteger, bytesFromBase62 } from './base62.ts';
import { isUuid } from './ids.ts';

/** A prefix a kind, so that a leaked token says what it opens and one kind is never taken for another. */
export const tokenPrefixes = {
  api_key: 'plk',
  hook: 'plh',
  session: 'pls',
  invitation: 'pli',
  one_time_link: 'plo',
  share: 'plx',
} as const;
export type TokenKind = keyof typeof tokenPrefixes;

const ORGANIZATION_BYTES = 16;
const ORGANIZATION_CHARS = 22;
/** 160 bits: beyond guessing, so that a plain SHA-256 at rest is enough and no slow hash is needed per request. */
const SECRET_BYTES = 20;
const SECRET_CHARS = 27;
const CHECKSUM_CHARS = 6;
export const TOKEN_CHARS = 3 + 1 + ORGANIZATION_CHARS + 1 + SECRET_CHARS + CHECKSUM_CHARS;

/** What a secret scanner should look for; the checksum then tells a real token from a look-alike. */
export const TOKEN_SCAN_PATTERN = '(?<![0-9A-Za-z])pl[khsiox]_[0-9A-Za-z]{22}_[0-9A-Za-z]{33}(?![0-9A-Za-z])';

const SHAPE = new RegExp(
  `^(pl[khsiox])_([0-9A-Za-z]{${ORGANIZATION_CHARS}})_([0-9A-Za-z]{${SECRET_CHARS}})([0-9A-Za-z]{${CHECKSUM_CHARS}})$`,
);

const kindOfPrefix = new Map<string, TokenKind>(
  Object.entries(tokenPrefixes).map(([kind, prefix]) => [prefix, kind as TokenKind]),
);

/** The organization named in a token that belongs to none, such as the first administrator's sign-in link. */
export const NO_ORGANIZATION_ID = '00000000-0000-0000-0000-000000000000';

export interface MintedToken {
  /** Shown once, then forgotten. */
  readonly token: string;
  /** Kind and organization, for lists: "plk_1pAT…". Holds nothing of the secret. */
  readonly prefix: string;
  /** The last four characters, so that people can tell their tokens apart. */
  readonly last4: string;
  /** SHA-256 of the token, 32 bytes: what is stored. */
  readonly hash: Buffer;
}

export interface ParsedToken {
  readonly kind: TokenKind;
  readonly organizationId: string;
  readonly hash: Buffer;
}

/**
 * A new bearer token, `plk_<organization>_<secret><checksum>`: prefix of the kind, the organization's 128 bits in 22
 * base62 digits, 160 random bits in 27, and the CRC-32 of all before it in 6. The checksum finds typing errors; it
 * keeps nobody out.
 */
export function mintToken(kind: TokenKind, organizationId: string): MintedToken {
  if (!isUuid(organizationId)) throw new TypeError('not an organization id');
  const organization = Buffer.from(organizationId.replaceAll('-', ''), 'hex');
  const prefix = `${tokenPrefixes[kind]}_${base62FromBytes(organization, ORGANIZATION_CHARS)}`;
  const body = `${prefix}_${base62FromBytes(randomBytes(SECRET_BYTES), SECRET_CHARS)}`;
  const token = body + tokenChecksum(body);
  return { token, prefix, last4: token.slice(-4), hash: hashToken(token) };
}

/**
 * Reads a token without asking the database: undefined when it is not one, is of another kind than asked, or its
 * checksum does not hold. A token has exactly one spelling; nothing around it is trimmed.
 */
export function parseToken(text: unknown, kind?: TokenKind): ParsedToken | undefined {
  if (typeof text !== 'string' || text.length !== TOKEN_CHARS) return undefined;
  const [, prefix, organizationText, secretText, checksum] = SHAPE.exec(text) ?? [];
  if (prefix === undefined || organizationText === undefined || secretText === undefined) return undefined;
  if (tokenChecksum(text.slice(0, -CHECKSUM_CHARS)) !== checksum) return undefined;
  const found = kindOfPrefix.get(prefix);
  if (found === undefined || (kind !== undefined && kind !== found)) return undefined;
  const organization = bytesFromBase62(organizationText, ORGANIZATION_BYTES);
  if (!organization || !bytesFromBase62(secretText, SECRET_BYTES)) return undefined;
  const hex = organization.toString('hex');
  const organizationId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return { kind: found, organizationId, hash: hashToken(text) };
}

/** SHA-256 of a token's text, 32 bytes. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

/** Compares two hashes in a time that says nothing about where they differ. */
export function hashesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** CRC-32 of the text's UTF-8 bytes in 6 base62 digits, as GitHub's tokens carry it. */
export function tokenChecksum(text: string): string {
  return base62FromInteger(BigInt(crc32(text)), CHECKSUM_CHARS);
}
