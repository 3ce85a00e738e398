import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const GCM_KEY_BYTES = 32;
export const GCM_IV_BYTES = 12;
export const GCM_TAG_BYTES = 16;

/**
 * With random 96-bit IVs one key may encrypt at most 2^32 messages (NIST SP 800-38D, section 8.3): beyond, the chance
 * that two share an IV, which gives the key away, exceeds 2^-32.
 */
export const GCM_MESSAGES_PER_KEY_MAX = 2 ** 32;

/** AES-256-GCM with a given IV: the ciphertext followed by its 16-byte tag. Only for tests and `gcmSeal`. */
export function gcmEncrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: GCM_TAG_BYTES });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext, or undefined when key, IV, associated data, ciphertext or tag are not those of one encryption. */
export function gcmDecrypt(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Buffer | undefined {
  if (iv.length !== GCM_IV_BYTES || sealed.length < GCM_TAG_BYTES) return undefined;
  // The length is fixed: without it Node accepts tags cut to 4 bytes, which can be forged by trying.
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: GCM_TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - GCM_TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - GCM_TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Encrypts under a fresh random IV. */
export function gcmSeal(key: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): { iv: Buffer; sealed: Buffer } {
  const iv = randomBytes(GCM_IV_BYTES);
  return { iv, sealed: gcmEncrypt(key, iv, plaintext, aad) };
}

/**
 * Joins texts so that no two different lists give the same bytes: the count, then each part's length (32 bits) and
 * UTF-8 bytes; null differs from the empty text. A text with a lone surrogate throws, as its bytes would equal those
 * of U+FFFD.
 */
export function encodeParts(parts: readonly (string | null)[]): Buffer {
  const chunks: Buffer[] = [uint32(parts.length)];
  for (const part of parts) {
    if (part === null) {
      chunks.push(uint32(0xffff_ffff));
      continue;
    }
    if (!part.isWellFormed()) throw new TypeError('associated data is not well-formed text');
    const bytes = Buffer.from(part, 'utf8');
    chunks.push(uint32(bytes.length), bytes);
  }
  return Buffer.concat(chunks);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
