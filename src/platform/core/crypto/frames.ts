/** A long stream of bytes as frames that can not be changed, exchanged, cut off or added to unnoticed. */
import { createHash, hkdfSync, timingSafeEqual } from 'node:crypto';
import argon2 from '@node-rs/argon2';
import { GCM_IV_BYTES, GCM_KEY_BYTES, GCM_TAG_BYTES, gcmDecrypt, gcmEncrypt } from './gcm.ts';
import type { MasterKey } from './master-key.ts';

/** What a frame is longer than its content. */
export const FRAME_OVERHEAD_BYTES = GCM_TAG_BYTES;

/** For a passphrase somebody may try to guess at leisure: RFC 9106, the second recommended option. */
const ARGON2 = { memoryCost: 65_536, timeCost: 3, parallelism: 4 } as const;

/** Seals the frames of one stream. */
export interface FrameCipher {
  /** `last` marks the end: a stream without such a frame was cut off. */
  seal(index: number, last: boolean, content: Uint8Array): Buffer;
  /** The content, or undefined for a frame that is not this one of this stream. */
  open(index: number, last: boolean, frame: Uint8Array): Buffer | undefined;
}

/** The key of one stream from a passphrase (NFKC, argon2id 64 MiB, 3 passes) and its salt. */
export async function passphraseKey(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  const key = await argon2.hashRaw(passphrase.normalize('NFKC'), {
    ...ARGON2,
    algorithm: 2,
    outputLen: GCM_KEY_BYTES,
    salt,
  });
  return Buffer.from(key);
}

/** The key of one stream from the master key and the stream's salt. */
export function masterKeyStreamKey(master: MasterKey, salt: Uint8Array): Buffer {
  return master.withWrappingKey((key) =>
    Buffer.from(hkdfSync('sha256', key, salt, 'plinth/archive/v1', GCM_KEY_BYTES)),
  );
}

/**
 * AES-256-GCM a frame, after STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce is the frame's number and
 * whether it is the last. `key` must belong to this stream alone; `header` is bound to every frame.
 */
export function encryptedFrames(key: Uint8Array, header: Uint8Array): FrameCipher {
  return {
    seal: (index, last, content) => gcmEncrypt(key, nonce(index, last), content, header),
    open: (index, last, frame) => gcmDecrypt(key, nonce(index, last), frame, header),
  };
}

/** Frames in the clear, each with a check value against damage. Whoever can write the file can forge them. */
export function plainFrames(header: Uint8Array): FrameCipher {
  const check = (index: number, last: boolean, content: Uint8Array) =>
    createHash('sha256').update(header).update(nonce(index, last)).update(content).digest().subarray(0, GCM_TAG_BYTES);
  return {
    seal: (index, last, content) => Buffer.concat([content, check(index, last, content)]),
    open(index, last, frame) {
      if (frame.length < GCM_TAG_BYTES) return undefined;
      const content = Buffer.from(frame.subarray(0, frame.length - GCM_TAG_BYTES));
      const found = frame.subarray(frame.length - GCM_TAG_BYTES);
      return timingSafeEqual(check(index, last, content), found) ? content : undefined;
    },
  };
}

function nonce(index: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(GCM_IV_BYTES);
  bytes.writeBigUInt64BE(BigInt(index), 3);
  bytes[GCM_IV_BYTES - 1] = last ? 1 : 0;
  return bytes;
}
