import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { stringAt } from '../json.ts';
import { eventLimits } from '../limits.ts';
import { readPayload } from '../payload.ts';
import {
  anySecretSigns,
  failed,
  isDeliveryId,
  isKind,
  mac,
  requiredHeader,
  unixSeconds,
  usableSecrets,
  withinTolerance,
} from './common.ts';
import type { WebhookScheme } from './scheme.ts';

/** What a secret in its text form is: `whsec_` and base64 (or base64 alone) for v1, `whpk_` and base64 for v1a. */
type StandardKey =
  | { readonly kind: 'symmetric'; readonly secret: Buffer }
  | { readonly kind: 'public'; readonly key: KeyObject };

const PUBLIC_KEY_BYTES = 32;
const ED25519_SIGNATURE_BYTES = 64;
/** DER prefix of an Ed25519 public key (RFC 8410): the key's 32 bytes follow. */
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SYMMETRIC_BYTES_MIN = 24;
const SYMMETRIC_BYTES_MAX = 64;

/** Strict base64: exactly what encoding the bytes again gives; otherwise null. */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

function readKey(secret: Buffer): StandardKey | null {
  const text = secret.toString('latin1');
  if (text.startsWith('whpk_')) {
    const bytes = strictBase64(text.slice('whpk_'.length));
    if (bytes?.length !== PUBLIC_KEY_BYTES) return null;
    const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI_PREFIX, bytes]), format: 'der', type: 'spki' });
    return { kind: 'public', key };
  }
  const bytes = strictBase64(text.startsWith('whsec_') ? text.slice('whsec_'.length) : text);
  return bytes === null || bytes.length === 0 ? null : { kind: 'symmetric', secret: bytes };
}

function anyPublicKeyVerifies(keys: readonly KeyObject[], given: readonly string[], content: Buffer): boolean {
  for (const text of given) {
    const signature = strictBase64(text);
    if (signature?.length !== ED25519_SIGNATURE_BYTES) continue;
    for (const key of keys) if (verifySignature(null, content, key, signature)) return true;
  }
  return false;
}

/** The signatures of one version in a header such as `v1,aaa v1a,bbb v1,ccc`; other versions are passed over. */
function signaturesOf(header: string, version: 'v1' | 'v1a'): readonly string[] {
  const prefix = `${version},`;
  const all = header.split(' ', eventLimits.signatures_max);
  return all.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));
}

function symmetricOf(keys: readonly StandardKey[]): readonly Buffer[] {
  return keys.flatMap((key) => (key.kind === 'symmetric' ? [key.secret] : []));
}

function publicOf(keys: readonly StandardKey[]): readonly KeyObject[] {
  return keys.flatMap((key) => (key.kind === 'public' ? [key.key] : []));
}

/**
 * Standard Webhooks 1.0.0: `id.timestamp.body` signed by HMAC-SHA256 (v1) or Ed25519 (v1a); several signatures, one
 * is enough. Stricter than the reference libraries: the timestamp is digits only, and an id with a "." is refused,
 * because `a.1` at time 2 and `a` at time 1 sign the same text.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooksScheme: WebhookScheme = {
  name: 'standard_webhooks',
  verify({ headers, rawBody, secrets, now }) {
    const keys = usableSecrets(secrets).flatMap((secret) => readKey(secret) ?? []);
    if (keys.length === 0) return failed('webhook_secret_missing');
    const id = requiredHeader(headers, 'webhook-id', 'header_missing');
    if (!id.ok) return id;
    const timestamp = requiredHeader(headers, 'webhook-timestamp', 'timestamp_missing');
    if (!timestamp.ok) return timestamp;
    const signature = requiredHeader(headers, 'webhook-signature', 'signature_missing');
    if (!signature.ok) return signature;
    if (!isDeliveryId(id.value) || id.value.includes('.')) return failed('header_invalid');
    const claimedAt = unixSeconds(timestamp.value);
    if (claimedAt === null) return failed('timestamp_invalid');
    if (!withinTolerance(claimedAt, now)) return failed('timestamp_out_of_tolerance');

    const symmetric = signaturesOf(signature.value, 'v1');
    const asymmetric = signaturesOf(signature.value, 'v1a');
    if (symmetric.length + asymmetric.length === 0) return failed('signature_malformed');
    const prefix = `${id.value}.${timestamp.value}.`;
    const signs =
      anySecretSigns(symmetricOf(keys), symmetric, (secret) => mac('sha256', secret, [prefix, rawBody], 'base64')) ||
      anyPublicKeyVerifies(publicOf(keys), asymmetric, Buffer.concat([Buffer.from(prefix), rawBody]));
    if (!signs) return failed('signature_mismatch');

    const payload = readPayload(rawBody);
    const type = stringAt(payload.json, 'type');
    return {
      ok: true,
      deduplicationKey: `standard_webhooks:${id.value}`,
      replayKey: null,
      kind: isKind(type) ? type : 'message',
      externalId: id.value,
      claimedAt,
      payload,
    };
  },
  secretProblem(secret) {
    const key = readKey(secret);
    if (key === null) return 'The secret must be "whsec_" and base64, base64 alone, or "whpk_" and a public key.';
    if (key.kind === 'public') return undefined;
    const bytes = key.secret.length;
    if (bytes >= SYMMETRIC_BYTES_MIN && bytes <= SYMMETRIC_BYTES_MAX) return undefined;
    return `The secret has ${bytes} bytes; Standard Webhooks asks for ${SYMMETRIC_BYTES_MIN} to ${SYMMETRIC_BYTES_MAX}.`;
  },
};
