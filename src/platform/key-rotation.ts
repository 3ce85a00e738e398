/** Rotating the master key: every data key is wrapped anew, no sealed value is touched. */
import { cryptoErrors, type MasterKeyRing, rewrapDataKey, unwrapDataKey } from './core/crypto/index.ts';
import { defineErrors, PlinthError } from './core/errors.ts';
import { NO_ORGANIZATION_ID } from './core/tokens.ts';
import { countDataKeys, data_key_purpose, readMasterKeyFingerprint } from './keyring.ts';
import type { Door, ScopeOptions } from './scope/door.ts';
import type { Scope } from './scope/scope.ts';

export const rotationErrors = defineErrors({
  data_keys_unreadable: {
    status: 409,
    title: 'Some data keys can not be unwrapped',
    hint: 'Nothing was changed. Set the master key they are wrapped under as PLINTH_PREVIOUS_MASTER_KEY, or restore the rows of encryption_keys from a backup.',
  },
  rotation_key_missing: {
    status: 409,
    title: 'There is no second master key to move to',
    hint: 'Make one with: plinth keys create FILE. Start every server with it as PLINTH_MASTER_KEY_FILE and the old one as PLINTH_PREVIOUS_MASTER_KEY_FILE, then run this again.',
  },
});

/** Data keys read, and wrapped anew in one commit, at a time. */
const batch_keys_max = 200;
/** How many data keys an error names. */
const keys_named_max = 3;

const scope: Scope = { as: 'worker', memberRole: 'service' };
const inWorkerPool: ScopeOptions = { pool: 'worker' };

export interface MasterKeyStatus {
  /** Fingerprint of the master key that new data keys are wrapped under. */
  readonly wrapsNew: string;
  /** Each master key that data keys are wrapped under, or that this process has. */
  readonly masterKeys: readonly {
    readonly fingerprint: string;
    readonly dataKeys: number;
    /** What this process has it as; `absent`: its data keys can not be opened here. */
    readonly role: 'current' | 'previous' | 'absent';
  }[];
  /** Whether everything is under the current key, new data keys too. */
  readonly isDone: boolean;
}

/** How far a rotation is. */
export async function masterKeyStatus(door: Door, ring: MasterKeyRing): Promise<MasterKeyStatus> {
  const [wrapsNew, counts] = [String(await readMasterKeyFingerprint(door)), await countDataKeys(door)];
  const own = [ring.current, ...ring.previous].map(({ fingerprint }) => fingerprint);
  const masterKeys = [...new Set([...own, ...counts.keys()])].map((fingerprint) => ({
    fingerprint,
    dataKeys: counts.get(fingerprint) ?? 0,
    role: roleOf(fingerprint, ring),
  }));
  const current = ring.current.fingerprint;
  const isDone = wrapsNew === current && [...counts.keys()].every((fingerprint) => fingerprint === current);
  return { wrapsNew, masterKeys, isDone };
}

function roleOf(fingerprint: string, ring: MasterKeyRing): 'current' | 'previous' | 'absent' {
  if (fingerprint === ring.current.fingerprint) return 'current';
  return ring.previous.some((key) => key.fingerprint === fingerprint) ? 'previous' : 'absent';
}

interface StoredKey {
  readonly organization_id: string;
  readonly id: string;
  readonly wrapped_key: Uint8Array;
  readonly master_key_fingerprint: string;
}

export interface RotateOptions {
  readonly door: Door;
  /** The key to move to, and those before. */
  readonly ring: MasterKeyRing;
  /** Only look whether every data key can be unwrapped. */
  readonly dryRun?: boolean;
  readonly onProgress?: (event: { readonly phase: 'checked' | 'rewrapped'; readonly keys: number }) => void;
  /** Stops between two batches; the same call goes on. */
  readonly signal?: AbortSignal;
}

export interface Rotation {
  /** Data keys that were unwrapped to see that they can be. */
  readonly checked: number;
  /** Data keys that were, or in a dry run would be, wrapped anew by this call. */
  readonly rewrapped: number;
  readonly status: MasterKeyStatus;
}

/**
 * Wraps every data key under the ring's current master key, those of servers that run meanwhile too: they must know
 * both keys. First all data keys are unwrapped; where one can not be, it throws `data_keys_unreadable` and changes
 * nothing. Then new data keys go under the current key, then each batch is a commit: interrupted at any point, the same
 * call goes on.
 */
export async function rotateMasterKey(options: RotateOptions): Promise<Rotation> {
  const { door, ring, dryRun = false } = options;
  const { checked, pending } = await checkDataKeys(options);
  if (dryRun) return { checked, rewrapped: pending, status: await masterKeyStatus(door, ring) };
  await moveNewKeys(door, ring);
  let rewrapped = 0;
  for await (const batch of dataKeys(options)) {
    rewrapped += await rewrap(door, ring, batch);
    options.onProgress?.({ phase: 'rewrapped', keys: rewrapped });
  }
  const status = await masterKeyStatus(door, ring);
  if (!status.isDone)
    throw rotationErrors.data_keys_unreadable({ detail: 'data keys appeared under another master key' });
  return { checked, rewrapped, status };
}

async function checkDataKeys(options: RotateOptions): Promise<{ checked: number; pending: number }> {
  let [checked, pending, unreadable] = [0, 0, 0];
  const named: string[] = [];
  for await (const batch of dataKeys(options)) {
    for (const stored of batch) {
      checked++;
      if (stored.master_key_fingerprint !== options.ring.current.fingerprint) pending++;
      try {
        unwrapDataKey(options.ring, wrappedKey(stored)).destroy();
      } catch (error) {
        if (!(error instanceof PlinthError)) throw error;
        unreadable++;
        if (named.length < keys_named_max) named.push(`${stored.id} of organization ${stored.organization_id}`);
      }
    }
    options.onProgress?.({ phase: 'checked', keys: checked });
  }
  if (unreadable === 0) return { checked, pending };
  const more = unreadable > named.length ? ` and ${unreadable - named.length} more` : '';
  throw rotationErrors.data_keys_unreadable({ detail: `${named.join(', ')}${more}` });
}

/** From here on no data key appears under another master key. */
async function moveNewKeys(door: Door, { current, previous }: MasterKeyRing): Promise<void> {
  const stored = await readMasterKeyFingerprint(door);
  if (stored === current.fingerprint) return;
  await door.write(
    scope,
    async (tx) => {
      const [row] = await tx.sql<{ moved: boolean }>('select plinth.set_master_key($1, $2) as moved', [
        stored,
        current.fingerprint,
      ]);
      if (!row?.moved) throw cryptoErrors.master_key_mismatch({ detail: 'another rotation began at the same moment' });
      const event = {
        kind: 'master_key.rotated',
        details: { from: stored, to: current.fingerprint, known: previous.length + 1 },
      };
      await tx.sql('select plinth.record_security_event($1)', [JSON.stringify(event)]);
    },
    inWorkerPool,
  );
}

/** Returns how many of the batch were wrapped anew; one that another call has done meanwhile is not. */
async function rewrap(door: Door, ring: MasterKeyRing, batch: readonly StoredKey[]): Promise<number> {
  const statements = batch.flatMap((stored) => {
    const before = wrappedKey(stored);
    const after = rewrapDataKey(ring, before);
    if (after === before) return [];
    return {
      text: 'select plinth.rewrap_encryption_key($1, $2, $3, $4, $5) as rewrapped',
      values: [stored.organization_id, stored.id, before.masterKey, Buffer.from(after.wrapped), after.masterKey],
    };
  });
  if (statements.length === 0) return 0;
  const results = await door.writeAll(scope, statements, inWorkerPool);
  return results.filter(([row]) => row?.['rewrapped'] === true).length;
}

async function* dataKeys({ door, signal }: RotateOptions): AsyncGenerator<StoredKey[]> {
  let [organization, id] = [NO_ORGANIZATION_ID, NO_ORGANIZATION_ID];
  for (;;) {
    signal?.throwIfAborted();
    const rows = await door.readOne<StoredKey>(
      scope,
      'select organization_id, id, wrapped_key, master_key_fingerprint from plinth.list_encryption_keys($1, $2, $3)',
      [organization, id, batch_keys_max],
      inWorkerPool,
    );
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < batch_keys_max) return;
    [organization, id] = [last.organization_id, last.id];
  }
}

function wrappedKey(stored: StoredKey) {
  return {
    id: stored.id,
    organizationId: stored.organization_id === NO_ORGANIZATION_ID ? null : stored.organization_id,
    purpose: data_key_purpose,
    masterKey: stored.master_key_fingerprint,
    wrapped: stored.wrapped_key,
  };
}
