import { createHash } from 'node:crypto';
import { errors } from '../../platform/core/errors.ts';
import type { LoopDeclaration } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { auditPath, HASH_BYTES, leafHash, merkleRoot } from './merkle.ts';

/** Entries of one seal at most. */
export const SEAL_ENTRIES_MAX = 1000;
const SEAL_INTERVAL_MS = 60_000;

export interface Seal {
  readonly sequence: number;
  readonly entry_ids: readonly string[];
  readonly leaf_hashes: Buffer;
  readonly root: Buffer;
  readonly chain_hash: Buffer;
  readonly last_xid: string;
  readonly last_id: string;
  readonly created_at: Date;
}

export interface Leaf {
  readonly id: string;
  readonly xid: string;
  /** The text that is hashed, UTF-8. */
  readonly leaf: string;
}

const sealColumns =
  'sequence, entry_ids, leaf_hashes, root, chain_hash, last_xid::text as last_xid, last_id, created_at';

/**
 * What is hashed of an entry: a JSON array of every column but the cursor, which copying a database changes. Times are
 * microseconds, documents as jsonb prints them, so that no setting of a session matters.
 */
const leafText = `jsonb_build_array(organization_id, id, (extract(epoch from occurred_at) * 1000000)::bigint, actor,
  actor_user_id, api_key_id, request_id, ip_address, action, resource_type, resource_id, old_values, new_values, details)::text`;

/** SHA-256 of the chain hash before (32 zeros before the first), sequence and number of entries (8 bytes each), root. */
export function chainHash(before: Uint8Array | undefined, sequence: number, entries: number, root: Uint8Array): Buffer {
  const numbers = Buffer.alloc(16);
  numbers.writeBigUInt64BE(BigInt(sequence), 0);
  numbers.writeBigUInt64BE(BigInt(entries), 8);
  return createHash('sha256')
    .update(before ?? Buffer.alloc(HASH_BYTES))
    .update(numbers)
    .update(root)
    .digest();
}

/** The entries with these ids that are there, in order of visibility. */
export async function readLeaves(tx: ScopedTx, ids: readonly string[]): Promise<Leaf[]> {
  return tx.sql<Leaf>(
    `select a.id, a.xid::text as xid, ${leafText} as leaf
     from plinth.audit_logs a
     where a.organization_id = $1
       and a.id = any ($2::uuid[])
       and a.occurred_at >= (select min(plinth.uuid_time(i)) from unnest($2::uuid[]) i)
       and a.occurred_at < (select max(plinth.uuid_time_end(i)) from unnest($2::uuid[]) i)
     order by a.xid, a.id`,
    [tx.organizationId, ids],
  );
}

/** The seals after one, in their order; `from` 0 begins with the first. */
export function readSeals(tx: ScopedTx, from: number, limit: number): Promise<Seal[]> {
  return tx.sql<Seal>(
    `select ${sealColumns} from plinth.audit_seals where organization_id = $1 and sequence > $2 order by sequence limit $3`,
    [tx.organizationId, from, limit],
  );
}

async function newestSeal(tx: ScopedTx): Promise<Seal | undefined> {
  const [seal] = await tx.sql<Seal>(
    `select ${sealColumns} from plinth.audit_seals where organization_id = $1 order by sequence desc limit 1`,
    [tx.organizationId],
  );
  return seal;
}

/**
 * Seals what is not sealed yet of one organization's log; returns how many seals were made. Only entries below the
 * horizon: nothing can become visible before them any more. Of two workers at once one finds the seal there.
 */
export async function sealOrganization(
  platform: Pick<Platform, 'door' | 'clock'>,
  organizationId: string,
  signal?: AbortSignal,
): Promise<number> {
  const { door } = platform;
  const worker = { as: 'worker', organizationId } as const;
  for (let made = 0; ; made++) {
    if (signal?.aborted) return made;
    const due = await door.readOne<{ id: string; xid: string }>(
      worker,
      'select id, xid from plinth.audit_entries_to_seal($1, $2)',
      [organizationId, SEAL_ENTRIES_MAX],
      { pool: 'worker' },
    );
    const last = due.at(-1);
    if (!last) return made;
    const ids = due.map(({ id }) => id);
    const { before, leaves } = await door.read({ as: 'readonly', organizationId }, async (tx) => ({
      before: await newestSeal(tx),
      leaves: await readLeaves(tx, ids),
    }));
    const texts = new Map(leaves.map(({ id, leaf }) => [id, leaf]));
    const hashes = ids.map((id) => leafHash(Buffer.from(texts.get(id) ?? '', 'utf8')));
    const root = merkleRoot(hashes);
    const sequence = (before?.sequence ?? 0) + 1;
    const chain = chainHash(before?.chain_hash, sequence, ids.length, root);
    const [added] = await door.write(
      worker,
      (tx) =>
        tx.sql<{ added: boolean }>('select plinth.add_audit_seal($1, $2, $3, $4, $5, $6, $7, $8) as added', [
          organizationId,
          sequence,
          ids,
          Buffer.concat(hashes),
          root,
          chain,
          last.xid,
          platform.clock.now(),
        ]),
      { pool: 'worker' },
    );
    if (!added?.added) return made;
  }
}

/** Seals every organization's log, one after the other. */
export async function sealAll(platform: Pick<Platform, 'door' | 'clock'>, signal?: AbortSignal): Promise<number> {
  let seals = 0;
  for (let after: string | null = null; !signal?.aborted; ) {
    const [next]: { id: string | null }[] = await platform.door.readOne<{ id: string | null }>(
      { as: 'worker' },
      'select plinth.next_audited_organization($1) as id',
      [after],
      { pool: 'worker' },
    );
    if (!next?.id) break;
    after = next.id;
    seals += await sealOrganization(platform, next.id, signal);
  }
  return seals;
}

export const auditSealing: LoopDeclaration = {
  name: 'audit-sealing',
  async tick(platform, signal) {
    await sealAll(platform, signal);
    return new Date(platform.clock.now().getTime() + SEAL_INTERVAL_MS);
  },
};

export interface InclusionProof {
  readonly entry_id: string;
  /** What was hashed: with the byte 0 before it, SHA-256 gives leaf_hash. */
  readonly leaf: string;
  readonly leaf_hash: string;
  readonly leaf_index: number;
  readonly tree_size: number;
  /** From the bottom; RFC 6962 section 2.1.1. */
  readonly path: readonly string[];
  readonly root: string;
  readonly sequence: number;
  readonly chain_hash: string;
}

/** The proof that an entry is under its seal. Throws `not_found` when there is no such entry, or it is not sealed yet. */
export async function proveInclusion(tx: ScopedTx, entryId: string): Promise<InclusionProof> {
  const [entry] = await readLeaves(tx, [entryId]);
  const [seal] = await tx.sql<Seal>(
    `select ${sealColumns} from plinth.audit_seals where organization_id = $1 and $2 = any (entry_ids)`,
    [tx.organizationId, entryId],
  );
  if (!entry) throw errors.not_found({ detail: 'no such audit entry' });
  if (!seal) throw errors.not_found({ detail: 'the entry is not sealed yet', hint: 'Seals are made once a minute.' });
  const leaves = splitHashes(seal.leaf_hashes);
  const index = seal.entry_ids.indexOf(entryId);
  return {
    entry_id: entryId,
    leaf: entry.leaf,
    leaf_hash: leafHash(Buffer.from(entry.leaf, 'utf8')).toString('hex'),
    leaf_index: index,
    tree_size: leaves.length,
    path: auditPath(leaves, index).map((hash) => hash.toString('hex')),
    root: seal.root.toString('hex'),
    sequence: seal.sequence,
    chain_hash: seal.chain_hash.toString('hex'),
  };
}

export function splitHashes(hashes: Buffer): Buffer[] {
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, n) =>
    hashes.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES),
  );
}
