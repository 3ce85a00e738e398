import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { isUuid, uuidv7 } from '../ids.ts';
import { cryptoErrors } from './errors.ts';
import { encodeParts, GCM_IV_BYTES, GCM_KEY_BYTES, GCM_TAG_BYTES, gcmDecrypt, gcmSeal } from './gcm.ts';
import type { MasterKey, MasterKeyRing } from './master-key.ts';

const WRAP_VERSION = 1;
const WRAPPED_BYTES = 1 + GCM_IV_BYTES + GCM_KEY_BYTES + GCM_TAG_BYTES;

/** Whose key, and for what: bound into the wrapping, so that a row copied to another tenant or use is worthless. */
export interface DataKeyScope {
  /** Null for keys of the platform itself. */
  readonly organizationId: string | null;
  /** What it protects: "secrets", "personal:<user id>". */
  readonly purpose: string;
}

/** What is stored of a data key: everything but the key. */
export interface WrappedDataKey extends DataKeyScope {
  readonly id: string;
  /** Fingerprint of the master key it is wrapped under. */
  readonly masterKey: string;
  /** Version, IV, ciphertext, tag: 61 bytes. */
  readonly wrapped: Uint8Array;
}

/** An opened data key. It prints and serialises as its id; `destroy` overwrites its bytes. */
export class DataKey implements DataKeyScope {
  readonly id: string;
  readonly organizationId: string | null;
  readonly purpose: string;
  readonly #bytes: Buffer;
  #destroyed = false;

  constructor(id: string, scope: DataKeyScope, bytes: Buffer) {
    this.id = id;
    this.organizationId = scope.organizationId;
    this.purpose = scope.purpose;
    this.#bytes = bytes;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Runs `use` with the key's bytes; it must be synchronous and must not keep them. */
  withBytes<T>(use: (bytes: Uint8Array) => T): T {
    if (this.#destroyed) throw new Error(`the data key ${this.id} was used after it was destroyed`);
    return use(this.#bytes);
  }

  destroy(): void {
    this.#bytes.fill(0);
    this.#destroyed = true;
  }

  toJSON(): string {
    return `[data key ${this.id}]`;
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}

/**
 * A new random data key: opened, and wrapped for storage. One key may seal at most `GCM_MESSAGES_PER_KEY_MAX` values;
 * a tenant that could come near takes a further key (sealed values name theirs).
 */
export function createDataKey(masterKey: MasterKey, scope: DataKeyScope): { key: DataKey; row: WrappedDataKey } {
  if (scope.organizationId !== null && !isUuid(scope.organizationId)) throw new TypeError('not an organization id');
  const id = uuidv7();
  const bytes = randomBytes(GCM_KEY_BYTES);
  return { key: new DataKey(id, scope, bytes), row: wrap(masterKey, id, scope, bytes) };
}

/**
 * Opens a stored data key with the master key it is wrapped under. Throws `master_key_mismatch` when the ring does not
 * hold that one, `decryption_failed` when the row was altered or belongs to another tenant, purpose or id.
 */
export function unwrapDataKey(ring: MasterKeyRing, row: WrappedDataKey): DataKey {
  return new DataKey(row.id, row, unwrapBytes(ring, row));
}

/**
 * The same data key wrapped under the ring's current master key: rotation changes these rows and no sealed value.
 * Returns the row itself when it is under that key already.
 */
export function rewrapDataKey(ring: MasterKeyRing, row: WrappedDataKey): WrappedDataKey {
  if (row.masterKey === ring.current.fingerprint) return row;
  const bytes = unwrapBytes(ring, row);
  try {
    return wrap(ring.current, row.id, row, bytes);
  } finally {
    bytes.fill(0);
  }
}

/** The row of a data key that came from elsewhere, in the clear: wrapped under this master key. */
export function wrapDataKey(
  masterKey: MasterKey,
  { id, ...scope }: DataKeyScope & { readonly id: string },
  bytes: Uint8Array,
): WrappedDataKey {
  if (bytes.length !== GCM_KEY_BYTES || !isUuid(id)) throw cryptoErrors.decryption_failed({ detail: 'not a data key' });
  return wrap(masterKey, id, scope, bytes);
}

function wrap(masterKey: MasterKey, id: string, scope: DataKeyScope, bytes: Uint8Array): WrappedDataKey {
  const { iv, sealed } = masterKey.withWrappingKey((key) => gcmSeal(key, bytes, associatedData(id, scope)));
  return {
    id,
    organizationId: scope.organizationId,
    purpose: scope.purpose,
    masterKey: masterKey.fingerprint,
    wrapped: Buffer.concat([Buffer.of(WRAP_VERSION), iv, sealed]),
  };
}

function unwrapBytes(ring: MasterKeyRing, row: WrappedDataKey): Buffer {
  const master = [ring.current, ...ring.previous].find((key) => key.fingerprint === row.masterKey);
  if (!master) {
    throw cryptoErrors.master_key_mismatch({ detail: `the data key ${row.id} is wrapped under another master key` });
  }
  const { wrapped } = row;
  if (wrapped.length !== WRAPPED_BYTES || wrapped[0] !== WRAP_VERSION) throw unreadable(row.id);
  const iv = wrapped.subarray(1, 1 + GCM_IV_BYTES);
  const sealed = wrapped.subarray(1 + GCM_IV_BYTES);
  const bytes = master.withWrappingKey((key) => gcmDecrypt(key, iv, sealed, associatedData(row.id, row)));
  if (!bytes) throw unreadable(row.id);
  return bytes;
}

function associatedData(id: string, scope: DataKeyScope): Buffer {
  return encodeParts(['plinth/data-key/v1', scope.purpose, scope.organizationId, id]);
}

function unreadable(id: string) {
  return cryptoErrors.decryption_failed({ detail: `the data key ${id} cannot be unwrapped` });
}
