import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { VerificationFailure } from '../errors.ts';
import { eventLimits } from '../limits.ts';
import type { VerificationFailed, WebhookHeaders } from './scheme.ts';

export function failed(code: VerificationFailure): VerificationFailed {
  return { ok: false, code };
}

/** A header's one value, `undefined` when absent, `'repeated'` (as an object) when sent twice under any spelling. */
export type HeaderValue = { readonly value: string } | { readonly repeated: true } | undefined;

/**
 * Looks a header up by name, in any case. Two values are never merged or chosen from: whoever stands between could
 * make two readers see two different ones.
 */
export function header(headers: WebhookHeaders, name: string): HeaderValue {
  let found: string | undefined;
  for (const [key, value] of Object.entries(headers)) {
    if (value === undefined || key.toLowerCase() !== name) continue;
    for (const one of typeof value === 'string' ? [value] : value) {
      if (found !== undefined) return { repeated: true };
      found = one;
    }
  }
  return found === undefined ? undefined : { value: found };
}

/** The header's value, or the failure to report when it is absent, empty or repeated. */
export function requiredHeader(
  headers: WebhookHeaders,
  name: string,
  whenMissing: VerificationFailure,
): { ok: true; value: string } | VerificationFailed {
  const found = header(headers, name);
  if (found === undefined) return failed(whenMissing);
  if ('repeated' in found) return failed('header_repeated');
  if (found.value === '') return failed(whenMissing);
  return { ok: true, value: found.value };
}

export function usableSecrets(secrets: readonly Buffer[]): readonly Buffer[] {
  return secrets.filter((secret) => secret.length > 0);
}

export type MacAlgorithm = 'sha256' | 'sha512';
export type MacEncoding = 'hex' | 'base64';

/** As long as somebody has the secret: of bytes Node makes a key each time, which takes twice as long as the HMAC of 6 KB. */
const keys = new WeakMap<Buffer, KeyObject>();

function keyOf(secret: Buffer): KeyObject {
  const known = keys.get(secret);
  if (known) return known;
  const key = createSecretKey(secret);
  keys.set(secret, key);
  return key;
}

export function mac(
  algorithm: MacAlgorithm,
  secret: Buffer,
  parts: readonly (string | Buffer)[],
  encoding: MacEncoding,
): string {
  const hmac = createHmac(algorithm, keyOf(secret));
  for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}

/**
 * Compares encoded texts in constant time. The texts, not the decoded bytes: base64 has several spellings of the same
 * bytes and a lenient decoder skips what it does not know; here a signature has exactly one spelling.
 */
export function sameText(expected: string, given: string): boolean {
  const a = Buffer.from(expected, 'utf8');
  const b = Buffer.from(given, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}

/** True when any secret makes the given signature. All are tried, so that the time does not tell which one is used. */
export function anySecretSigns(
  secrets: readonly Buffer[],
  given: readonly string[],
  sign: (secret: Buffer) => string,
): boolean {
  let matches = false;
  for (const secret of secrets) {
    const expected = sign(secret);
    for (const one of given) if (sameText(expected, one)) matches = true;
  }
  return matches;
}

/** `sha256:` and the digest of the body, in hex. */
export function bodyDigest(rawBody: Buffer): string {
  return `sha256:${createHash('sha256').update(rawBody).digest('hex')}`;
}

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const KIND = /^[A-Za-z0-9][A-Za-z0-9_.:-]*$/;

export function isDeliveryId(text: string): boolean {
  return text.length <= eventLimits.delivery_id_chars && VISIBLE_ASCII.test(text);
}

export function isKind(text: unknown): text is string {
  return typeof text === 'string' && text.length <= eventLimits.kind_chars && KIND.test(text);
}

/** Ten digits reach the year 2286; more (or a sign, a fraction, spaces) is not a time a sender of today signs. */
const UNIX_SECONDS = /^(0|[1-9][0-9]{0,9})$/;

/** Unix seconds in text, digits only; null for anything else (`parseInt` would take "1700000000abc"). */
export function unixSeconds(text: string): Date | null {
  return UNIX_SECONDS.test(text) ? new Date(Number(text) * 1000) : null;
}

/** True when the whole seconds of both times differ by at most the tolerance, in either direction. */
export function withinTolerance(claimedAt: Date, now: Date): boolean {
  const seconds = Math.abs(Math.floor(now.getTime() / 1000) - Math.floor(claimedAt.getTime() / 1000));
  return seconds <= eventLimits.timestamp_tolerance_seconds;
}

/** The common rule for text secrets: long enough to resist guessing. */
export function textSecretProblem(secret: Buffer): string | undefined {
  if (secret.length < eventLimits.secret_bytes_min) {
    return `The secret has ${secret.length} bytes; it needs at least ${eventLimits.secret_bytes_min}.`;
  }
  if (secret.length > eventLimits.secret_bytes_max) {
    return `The secret has ${secret.length} bytes; at most ${eventLimits.secret_bytes_max} are allowed.`;
  }
  return undefined;
}
