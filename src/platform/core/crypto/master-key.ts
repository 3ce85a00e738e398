import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { cryptoErrors } from './errors.ts';

export const MASTER_KEY_BYTES = 32;

/** 32 random bytes hold about 30 different values; fewer than this is a typed or repeated pattern, not a key. */
const DISTINCT_BYTES_MIN = 16;

/** The key that wraps all data keys. Its bytes never leave this object: it prints, logs and serialises as a name. */
export class MasterKey {
  readonly #wrappingKey: Buffer;
  /** What `masterKeyFingerprint` returns. */
  readonly fingerprint: string;

  constructor(bytes: Uint8Array) {
    if (bytes.length !== MASTER_KEY_BYTES) {
      throw cryptoErrors.master_key_invalid({ detail: `it has ${bytes.length} bytes instead of ${MASTER_KEY_BYTES}` });
    }
    if (new Set(bytes).size < DISTINCT_BYTES_MIN) {
      throw cryptoErrors.master_key_invalid({ detail: 'it is a repeated pattern, not random bytes' });
    }
    // One derived key a use (RFC 5869), so that the published fingerprint says nothing about the wrapping key.
    this.#wrappingKey = Buffer.from(hkdfSync('sha256', bytes, '', 'plinth/wrap/v1', MASTER_KEY_BYTES));
    const checkKey = Buffer.from(hkdfSync('sha256', bytes, '', 'plinth/check/v1', MASTER_KEY_BYTES));
    this.fingerprint = createHmac('sha256', checkKey).update('plinth master key').digest('hex').slice(0, 32);
  }

  /** Runs `use` with the key that wraps data keys; `use` must not keep the bytes. */
  withWrappingKey<T>(use: (key: Uint8Array) => T): T {
    return use(this.#wrappingKey);
  }

  toJSON(): string {
    return `[master key ${this.fingerprint.slice(0, 8)}]`;
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}

/**
 * The check value of a master key: 32 hex digits, the same for the same key, of no help in finding it. It is stored
 * in the database, so that a wrong key is noticed at start and not at the first secret.
 */
export function masterKeyFingerprint(key: MasterKey): string {
  return key.fingerprint;
}

/**
 * Reads a master key from text: 64 hex digits, or base64 (either alphabet, padding optional). Space around it is
 * ignored. Throws `master_key_invalid`, which never repeats the text.
 */
export function parseMasterKey(text: string): MasterKey {
  const key = text.trim();
  if (key === '') throw cryptoErrors.master_key_invalid({ detail: 'it is empty' });
  if (/^[0-9a-fA-F]{64}$/.test(key)) return new MasterKey(Buffer.from(key, 'hex'));
  if (/^[0-9a-fA-F]+$/.test(key)) {
    throw cryptoErrors.master_key_invalid({ detail: `it has ${key.length} hex digits instead of 64` });
  }
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(key)) {
    throw cryptoErrors.master_key_invalid({ detail: 'it is neither hex nor base64' });
  }
  return new MasterKey(Buffer.from(key, 'base64'));
}

/** A new random master key as the text `parseMasterKey` reads: 44 characters of base64. */
export function generateMasterKeyText(): string {
  return randomBytes(MASTER_KEY_BYTES).toString('base64');
}

/** The key in use and, during a rotation, the ones before it. */
export interface MasterKeyRing {
  readonly current: MasterKey;
  readonly previous: readonly MasterKey[];
  /** The file the current key was read from, where that is not configured: for errors. */
  readonly origin?: string;
}

/**
 * Compares the ring with the fingerprint stored in the database: 'current' when they agree, 'rotation_pending' when the
 * data still belongs to a previous key (run the re-wrapping, then store the current fingerprint). Any other throws
 * `master_key_mismatch`, and the process must not start.
 */
export function checkMasterKey(ring: MasterKeyRing, storedFingerprint: string): 'current' | 'rotation_pending' {
  if (ring.current.fingerprint === storedFingerprint) return 'current';
  if (ring.previous.some((key) => key.fingerprint === storedFingerprint)) return 'rotation_pending';
  throw cryptoErrors.master_key_mismatch({
    detail: `the data was made with key ${storedFingerprint.slice(0, 8)}…, this is key ${ring.current.fingerprint.slice(0, 8)}…${ring.origin === undefined ? '' : ` (${ring.origin})`}`,
  });
}
