import { createHash } from 'node:crypto';

/**
 * Merkle trees as in RFC 6962 section 2.1 (Certificate Transparency): leaves and nodes are hashed under different
 * prefixes, so that neither can be passed off as the other.
 */
const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);
export const HASH_BYTES = 32;

export function leafHash(entry: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(entry).digest();
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** MTH: the root over leaf hashes; of none, the hash of the empty text. */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  let level: readonly Uint8Array[] = leaves;
  // pairs from the left; one left over goes up as it is: the same tree as splitting at the largest power of two
  while (level.length > 1) level = nextLevel(level);
  return Buffer.from(level[0] as Uint8Array);
}

function nextLevel(level: readonly Uint8Array[]): Uint8Array[] {
  const next: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const [left, right] = [level[at] as Uint8Array, level[at + 1]];
    next.push(right ? nodeHash(left, right) : left);
  }
  return next;
}

/** PATH (2.1.1): what is hashed with the leaf at `index`, from the bottom, to reach the root. */
export function auditPath(leaves: readonly Uint8Array[], index: number): Buffer[] {
  if (index < 0 || index >= leaves.length) throw new RangeError('no such leaf');
  const path: Buffer[] = [];
  let level: readonly Uint8Array[] = leaves;
  for (let at = index; level.length > 1; at >>= 1) {
    const neighbour = level[at ^ 1];
    if (neighbour) path.push(Buffer.from(neighbour));
    level = nextLevel(level);
  }
  return path;
}

/** The root that a leaf, its place, the tree's size and a path lead to (RFC 9162 2.1.3.2); undefined if they do not fit. */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Buffer | undefined {
  if (index < 0 || index >= size) return undefined;
  let hash: Uint8Array = leaf;
  let at = index;
  let last = size - 1;
  for (const step of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(step, hash);
      while (at % 2 === 0 && at !== 0) {
        at >>= 1;
        last >>= 1;
      }
    } else {
      hash = nodeHash(hash, step);
    }
    at >>= 1;
    last >>= 1;
  }
  return last === 0 ? Buffer.from(hash) : undefined;
}
