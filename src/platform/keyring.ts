import {
  checkMasterKey,
  createDataKey,
  cryptoErrors,
  type DataKey,
  DataKeyCache,
  type MasterKey,
  type MasterKeyRing,
  open,
  type SealContext,
  seal,
  sealedKeyId,
  unwrapDataKey,
} from './core/crypto/index.ts';
import { NO_ORGANIZATION_ID } from './core/tokens.ts';
import type { Door, ScopeOptions } from './scope/door.ts';
import type { Scope } from './scope/scope.ts';

/** The setting that holds the check value of the master key the data was made with. */
export const master_key_setting = 'master_key_fingerprint';
/** What the rows of `encryption_keys` are for; bound into the wrapping of each. */
export const data_key_purpose = 'secrets';
/** Organizations whose current key's id is remembered, and for how long: bounds how long a retired key is still used. */
const current_keys_max = 10_000;
const current_key_age_ms_max = 60_000;

/**
 * Seals secrets with their organization's data key. Both functions may read or make a key in the database, in a
 * transaction of their own: call them outside the door, never inside a transaction.
 */
export interface Keyring {
  /** Encrypts a secret for its one place; the organization's first secret makes its data key. */
  seal(context: SealContext, plaintext: string | Uint8Array): Promise<string>;
  /** Decrypts what `seal` made for the same place. Throws `decryption_failed`. */
  open(context: SealContext, sealed: string): Promise<Buffer>;
  /** Goes on with other master keys: when the one of an embedded server changes while it runs. */
  useMasterKeys(ring: MasterKeyRing): void;
  /** Overwrites all open keys, at shutdown. */
  close(): void;
}

/** As `get_encryption_keys` returns them. */
interface KeyRow {
  readonly id: string;
  readonly wrapped_key: Uint8Array;
  readonly master_key_fingerprint: string;
  readonly retired_at: Date | null;
}

const scope: Scope = { as: 'worker', memberRole: 'service' };
const inWorkerPool: ScopeOptions = { pool: 'worker' };
/** A rotation that begins between reading the key and adding costs one attempt. */
const make_key_attempts_max = 3;

/** The fingerprint of the master key that new data keys are wrapped under; undefined before the first start. */
export async function readMasterKeyFingerprint(door: Door): Promise<string | undefined> {
  const [row] = await door.readOne<{ fingerprint: string | null }>(
    scope,
    `select plinth.get_system_setting($1) #>> '{}' as fingerprint`,
    [master_key_setting],
    inWorkerPool,
  );
  return row?.fingerprint ?? undefined;
}

/** How many data keys are wrapped under which master key, by its fingerprint. */
export async function countDataKeys(door: Door): Promise<Map<string, number>> {
  const rows = await door.readOne<{ fingerprint: string; keys: number }>(
    scope,
    'select master_key_fingerprint as fingerprint, keys::float8 as keys from plinth.count_encryption_keys()',
    [],
    inWorkerPool,
  );
  return new Map(rows.map(({ fingerprint, keys }) => [fingerprint, keys]));
}

function knownMasterKey(ring: MasterKeyRing, fingerprint: string): MasterKey {
  const known = [ring.current, ...ring.previous].find((key) => key.fingerprint === fingerprint);
  if (known) return known;
  throw cryptoErrors.master_key_mismatch({
    detail: `new data keys are wrapped under key ${fingerprint.slice(0, 8)}…, which this process does not have`,
  });
}

/** A key that was taken away before the rotation to the next one had ended: what it wraps could not be read. */
function refuseUnknown(ring: MasterKeyRing, counts: ReadonlyMap<string, number>): void {
  const known = new Set([ring.current, ...ring.previous].map(({ fingerprint }) => fingerprint));
  for (const [fingerprint, keys] of counts) {
    if (known.has(fingerprint)) continue;
    throw cryptoErrors.master_key_mismatch({
      detail: `${keys} data keys are still wrapped under key ${fingerprint.slice(0, 8)}…`,
    });
  }
}

/**
 * Opens the keyring of a database. The first start stores the master key's check value; afterwards a ring that does not
 * hold that key, or lacks one that data keys are wrapped under, throws `master_key_mismatch`, and the process must not
 * start.
 */
export async function openKeyring(options: { door: Door; ring: MasterKeyRing }): Promise<Keyring> {
  const { door } = options;
  let { ring } = options;
  const [stored] = await door.write(
    scope,
    (tx) =>
      tx.sql<{ fingerprint: string }>('select plinth.init_system_setting($1, to_jsonb($2::text)) as fingerprint', [
        master_key_setting,
        ring.current.fingerprint,
      ]),
    inWorkerPool,
  );
  checkMasterKey(ring, String(stored?.fingerprint));
  refuseUnknown(ring, await countDataKeys(door));

  const cache = new DataKeyCache();
  const currentKeys = new Map<string, { readonly id: Promise<string>; readonly expiresAt: number }>();

  /** The organization's keys, newest first. */
  const rowsOf = (organizationId: string | null): Promise<KeyRow[]> =>
    door.readOne<KeyRow>(
      scope,
      'select id, wrapped_key, master_key_fingerprint, retired_at from plinth.get_encryption_keys($1)',
      [organizationId ?? NO_ORGANIZATION_ID],
      inWorkerPool,
    );

  /**
   * Two processes may both make an organization's first key. Both keys stay usable: what is sealed names its own. The
   * database says which master key wraps new ones, so that during a rotation servers that know both never differ.
   */
  async function makeKey(organizationId: string | null): Promise<string> {
    for (let attempt = 1; attempt <= make_key_attempts_max; attempt++) {
      const fingerprint = String(await readMasterKeyFingerprint(door));
      const master = knownMasterKey(ring, fingerprint);
      const { key, row } = createDataKey(master, { organizationId, purpose: data_key_purpose });
      key.destroy();
      const [added] = await door.write(
        scope,
        (tx) =>
          tx.sql<{ added: boolean }>('select plinth.add_encryption_key($1, $2, $3, $4) as added', [
            organizationId ?? NO_ORGANIZATION_ID,
            row.id,
            Buffer.from(row.wrapped),
            row.masterKey,
          ]),
        inWorkerPool,
      );
      if (added?.added) return row.id;
    }
    throw cryptoErrors.master_key_mismatch({ detail: 'the master key changes again and again' });
  }

  /** The key new values are sealed with. Callers at the same moment share one look, so one process makes one key. */
  function currentKeyId(organizationId: string | null): Promise<string> {
    const name = organizationId ?? NO_ORGANIZATION_ID;
    const known = currentKeys.get(name);
    if (known && known.expiresAt > performance.now()) return known.id;
    const id = rowsOf(organizationId).then(
      // a retired key still opens what it sealed
      (rows) => rows.find((row) => row.retired_at === null)?.id ?? makeKey(organizationId),
    );
    const entry = { id, expiresAt: performance.now() + current_key_age_ms_max };
    currentKeys.delete(name);
    if (currentKeys.size >= current_keys_max) currentKeys.delete(currentKeys.keys().next().value as string);
    currentKeys.set(name, entry);
    id.catch(() => {
      if (currentKeys.get(name) === entry) currentKeys.delete(name);
    });
    return id;
  }

  function withKey<T>(organizationId: string | null, keyId: string, use: (key: DataKey) => T): Promise<T> {
    const load = async (): Promise<DataKey> => {
      const row = (await rowsOf(organizationId)).find(({ id }) => id === keyId);
      if (!row) throw cryptoErrors.decryption_failed({ detail: `there is no data key ${keyId} of this organization` });
      const { id, wrapped_key: wrapped, master_key_fingerprint: masterKey } = row;
      return unwrapDataKey(ring, { id, organizationId, purpose: data_key_purpose, masterKey, wrapped });
    };
    return cache.withKey(keyId, load, use);
  }

  return {
    async seal(context, plaintext) {
      const keyId = await currentKeyId(context.organizationId);
      return withKey(context.organizationId, keyId, (key) => seal(key, plaintext, context));
    },
    async open(context, sealed) {
      const keyId = sealedKeyId(sealed);
      if (keyId === undefined) {
        throw cryptoErrors.decryption_failed({ detail: `${context.table}.${context.column} holds no sealed value` });
      }
      return withKey(context.organizationId, keyId, (key) => open(key, sealed, context));
    },
    useMasterKeys(next) {
      ring = next;
    },
    close() {
      currentKeys.clear();
      cache.clear();
    },
  };
}
