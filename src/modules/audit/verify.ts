import type { ScopedTx } from '../../platform/scope/door.ts';
import { leafHash, merkleRoot } from './merkle.ts';
import { chainHash, type Leaf, readLeaves, readSeals, type Seal, splitHashes } from './seals.ts';

export type Fault = 'changed' | 'removed' | 'inserted' | 'reordered' | 'seal_changed' | 'seal_missing' | 'head_missing';

export interface Verification {
  readonly intact: boolean;
  readonly seals: number;
  /** Entries that are sealed and were found as they were. */
  readonly entries: number;
  /** The chain hash of the newest seal that was checked: kept elsewhere, it shows later that nothing was cut off. */
  readonly head: string | null;
  /** The first thing that is not as it was. */
  readonly broken: { readonly fault: Fault; readonly sequence: number; readonly entry_id: string | null } | null;
}

/** Rows of a copied or restored log all have this cursor: their order is that of the seals alone. */
const COPIED_XID = '3';

/**
 * Compares an organization's audit log with its seals, from the first on. Reads; changes nothing. Whoever owns the
 * database can cut entries off together with their seals, or make all seals anew: only a head that was kept elsewhere
 * (`knownHead`) shows that.
 */
export async function verifyAuditLog(tx: ScopedTx, options: { knownHead?: string } = {}): Promise<Verification> {
  let before: Seal | undefined;
  let seals = 0;
  let entries = 0;
  let isHeadKnown = options.knownHead === undefined;
  const result = (broken: Verification['broken']): Verification => ({
    intact: broken === null,
    seals,
    entries,
    head: before?.chain_hash.toString('hex') ?? null,
    broken,
  });
  for (;;) {
    const [seal] = await readSeals(tx, before?.sequence ?? 0, 1);
    if (!seal) break;
    const fault = checkSeal(before, seal) ?? checkEntries(seal, await readLeaves(tx, seal.entry_ids));
    if (fault) return result({ ...fault, sequence: seal.sequence });
    before = seal;
    isHeadKnown ||= seal.chain_hash.toString('hex') === options.knownHead;
    seals++;
    entries += seal.entry_ids.length;
  }
  if (!isHeadKnown) return result({ fault: 'head_missing', sequence: seals, entry_id: null });
  const inserted = before ? await findInserted(tx, before, entries) : undefined;
  return result(inserted ? { fault: 'inserted', sequence: seals, entry_id: inserted } : null);
}

type Found = { readonly fault: Fault; readonly entry_id: string | null } | undefined;

function checkSeal(before: Seal | undefined, seal: Seal): Found {
  if (seal.sequence !== (before?.sequence ?? 0) + 1) return { fault: 'seal_missing', entry_id: null };
  const root = merkleRoot(splitHashes(seal.leaf_hashes));
  const chain = chainHash(before?.chain_hash, seal.sequence, seal.entry_ids.length, root);
  const isWhole = root.equals(seal.root) && chain.equals(seal.chain_hash) && seal.entry_ids.at(-1) === seal.last_id;
  return isWhole ? undefined : { fault: 'seal_changed', entry_id: null };
}

function checkEntries(seal: Seal, leaves: readonly Leaf[]): Found {
  const found = new Map(leaves.map((leaf) => [leaf.id, leaf]));
  const hashes = splitHashes(seal.leaf_hashes);
  for (const [n, id] of seal.entry_ids.entries()) {
    const entry = found.get(id);
    if (!entry) return { fault: 'removed', entry_id: id };
    if (!leafHash(Buffer.from(entry.leaf, 'utf8')).equals(hashes[n] as Buffer))
      return { fault: 'changed', entry_id: id };
  }
  if (leaves.some(({ xid }) => xid === COPIED_XID)) return undefined;
  const moved = leaves.find(({ id }, n) => id !== seal.entry_ids[n]);
  return moved ? { fault: 'reordered', entry_id: moved.id } : undefined;
}

/** An entry that lies before the end of the seals and is under none of them. */
async function findInserted(tx: ScopedTx, last: Seal, sealed: number): Promise<string | undefined> {
  const cursor = [tx.organizationId, last.last_xid, last.last_id];
  const [counted] = await tx.sql<{ n: string }>(
    `select count(*) as n from plinth.audit_logs
     where organization_id = $1 and (xid, id) <= ($2::xid8, $3::uuid)`,
    cursor,
  );
  if (Number(counted?.n) <= sealed) return undefined;
  const [extra] = await tx.sql<{ id: string }>(
    `select a.id from plinth.audit_logs a
     where a.organization_id = $1 and (a.xid, a.id) <= ($2::xid8, $3::uuid)
       and not exists (select 1 from plinth.audit_seals s where s.organization_id = $1 and a.id = any (s.entry_ids))
     order by a.xid, a.id
     limit 1`,
    cursor,
  );
  return extra?.id;
}
