import { randomBytes } from 'node:crypto';
import argon2 from '@node-rs/argon2';
import bcrypt from '@node-rs/bcrypt';
import { Gate } from './gate.ts';

export const passwordAlgorithms = ['argon2id', 'bcrypt'] as const;
export type PasswordAlgorithm = (typeof passwordAlgorithms)[number];

/** OWASP's minimum for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const BCRYPT_COST = 12;
/** bcrypt reads 72 bytes and ignores the rest, so a longer password would match others that begin alike. */
export const BCRYPT_PASSWORD_BYTES_MAX = 72;

/** What a stored hash may ask of us: an imported one with cost 31 would keep a thread busy for days. */
const ARGON2_MEMORY_KIB_MAX = 256 * 1024;
const ARGON2_TIME_MAX = 10;
const ARGON2_PARALLELISM_MAX = 8;
const BCRYPT_COST_MAX = 14;

const BCRYPT_SHAPE = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const ARGON2_SHAPE = /^\$argon2id\$v=19\$m=\d{1,8},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{16,88}$/;

/**
 * Hashing takes 60 ms (argon2id) or 235 ms (bcrypt) of a libuv thread, of which there are four for files, DNS and
 * compression too: half of them at most, and a queue of about two seconds.
 */
const defaultGate = new Gate({ in_flight_max: 2, queue_max: 64, retry_after_seconds: 2 });

export interface VerifiedPassword {
  readonly ok: boolean;
  /** True when it was right and the stored hash is weaker than what `hash` makes now: store a new one. */
  readonly needsRehash: boolean;
}

export interface PasswordHasher {
  readonly algorithm: PasswordAlgorithm;
  /**
   * The string to store, in the format that names its algorithm and cost. Throws RangeError over 72 bytes with bcrypt
   * (`assertPassword` says it first, in words for people) and `too_busy`.
   */
  hash(password: string): Promise<string>;
  /** Checks a password against a stored hash of either algorithm, whatever `algorithm` is. Throws only `too_busy`. */
  verify(password: string, hash: string): Promise<VerifiedPassword>;
  /** Takes as long as `verify` and says no: for addresses that have no account, so that they answer like the others. */
  verifyAgainstNothing(password: string): Promise<VerifiedPassword>;
}

/**
 * Passwords are normalised to NFKC first (NIST SP 800-63B), so that one typed as composed and as decomposed
 * characters, or in full-width letters, is the same.
 */
export function passwordHasher(options: { algorithm: PasswordAlgorithm; gate?: Gate }): PasswordHasher {
  const { algorithm, gate = defaultGate } = options;
  const nothing = hashOfNothing(algorithm);

  async function verify(password: string, hash: string): Promise<VerifiedPassword> {
    const stored = readHash(hash);
    // A damaged or unacceptable hash costs the same time as a good one.
    if (!stored) return verifyAgainstNothing(password);
    const text = normalizePassword(password);
    const fits = stored.algorithm === 'argon2id' || Buffer.byteLength(text) <= BCRYPT_PASSWORD_BYTES_MAX;
    const matches = await gate.run(() =>
      stored.algorithm === 'argon2id' ? argon2.verify(hash, text) : bcrypt.compare(text, hash),
    );
    const ok = matches && fits;
    return { ok, needsRehash: ok && (stored.algorithm !== algorithm || stored.isWeak) };
  }

  async function verifyAgainstNothing(password: string): Promise<VerifiedPassword> {
    const text = normalizePassword(password);
    await gate.run(() => (algorithm === 'argon2id' ? argon2.verify(nothing, text) : bcrypt.compare(text, nothing)));
    return { ok: false, needsRehash: false };
  }

  return {
    algorithm,
    verify,
    verifyAgainstNothing,
    async hash(password) {
      const text = normalizePassword(password);
      if (algorithm === 'argon2id') return gate.run(() => argon2.hash(text, ARGON2));
      if (Buffer.byteLength(text) > BCRYPT_PASSWORD_BYTES_MAX) {
        throw new RangeError(`bcrypt takes at most ${BCRYPT_PASSWORD_BYTES_MAX} bytes`);
      }
      return gate.run(() => bcrypt.hash(text, BCRYPT_COST));
    },
  };
}

/** The form in which passwords are measured, compared and hashed. */
export function normalizePassword(password: string): string {
  return password.normalize('NFKC');
}

/** True when `verify` can check this hash: for refusing others when accounts are imported. */
export function isUsablePasswordHash(hash: string): boolean {
  return readHash(hash) !== undefined;
}

function readHash(hash: string): { algorithm: PasswordAlgorithm; isWeak: boolean } | undefined {
  const cost = Number(BCRYPT_SHAPE.exec(hash)?.[1]);
  if (cost >= 4 && cost <= BCRYPT_COST_MAX) return { algorithm: 'bcrypt', isWeak: cost < BCRYPT_COST };
  if (!ARGON2_SHAPE.test(hash)) return undefined;
  try {
    const { memoryCost, timeCost, parallelism } = argon2.parseOptions(hash);
    if (memoryCost > ARGON2_MEMORY_KIB_MAX || timeCost > ARGON2_TIME_MAX || parallelism > ARGON2_PARALLELISM_MAX) {
      return undefined;
    }
    return { algorithm: 'argon2id', isWeak: memoryCost < ARGON2.memoryCost || timeCost < ARGON2.timeCost };
  } catch {
    return undefined;
  }
}

/** A well-formed hash at today's cost that no password is known for: made of random bytes, without hashing. */
function hashOfNothing(algorithm: PasswordAlgorithm): string {
  if (algorithm === 'argon2id') {
    const base64 = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '');
    const { memoryCost, timeCost, parallelism } = ARGON2;
    return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${base64(16)}$${base64(32)}`;
  }
  const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const random = (chars: number) => Array.from(randomBytes(chars), (byte) => alphabet[byte & 63]).join('');
  // The last digits of salt and hash hold fewer bits than six: "." is zero, always valid.
  return `$2b$${BCRYPT_COST}$${random(21)}.${random(30)}.`;
}
