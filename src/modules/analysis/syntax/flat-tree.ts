import type { Tree } from 'web-tree-sitter';
import { analysisLimits } from '../limits.ts';
import { errorNodeType, type Grammar } from './grammar.ts';
import { type LineIndex, rowOfOffset } from './line-index.ts';

/**
 * A syntax tree as arrays in pre-order: a node is its index, its first child the index after it, and `next` the index
 * after its last descendant. It is read from WebAssembly once; every metric is then a loop over plain numbers, without
 * recursion, so that the depth of the input can not exhaust the stack.
 */
export interface FlatTree {
  readonly grammar: Grammar;
  readonly source: string;
  readonly lines: LineIndex;
  readonly count: number;
  readonly type: Uint16Array;
  /** Number of the field that holds the node in its parent; 0 for none. */
  readonly field: Uint16Array;
  /** Offsets in `source`, in UTF-16 units; the end is exclusive. */
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  /** -1 for the root. */
  readonly parent: Int32Array;
  readonly next: Uint32Array;
  /** Zero-based rows of the first and the last character. */
  readonly startRow: Uint32Array;
  readonly endRow: Uint32Array;
  /** First node that is an error or was missing; -1 when all parsed. */
  readonly firstError: number;
}

export type FlattenFailure = 'too_deep' | 'too_many_nodes';

interface Buffers {
  type: Uint16Array;
  field: Uint16Array;
  start: Uint32Array;
  end: Uint32Array;
  parent: Int32Array;
  next: Uint32Array;
}

function allocate(capacity: number): Buffers {
  return {
    type: new Uint16Array(capacity),
    field: new Uint16Array(capacity),
    start: new Uint32Array(capacity),
    end: new Uint32Array(capacity),
    parent: new Int32Array(capacity),
    next: new Uint32Array(capacity),
  };
}

function grow(buffers: Buffers): Buffers {
  const larger = allocate(buffers.type.length * 2);
  for (const key of Object.keys(larger) as (keyof Buffers)[]) larger[key].set(buffers[key]);
  return larger;
}

/** Copies a tree out of WebAssembly; the caller still owns `tree` and deletes it. */
export function flattenTree(tree: Tree, grammar: Grammar, source: string, lines: LineIndex): FlatTree | FlattenFailure {
  const cursor = tree.walk();
  try {
    let buffers = allocate(Math.max(256, source.length >> 1));
    let count = 0;
    let parent = -1;
    let depth = 0;
    let firstError = -1;
    for (;;) {
      if (count === buffers.type.length) {
        if (count >= analysisLimits.tree_nodes) return 'too_many_nodes';
        buffers = grow(buffers);
      }
      const node = count++;
      const type = cursor.nodeTypeId;
      const start = cursor.startIndex;
      const end = cursor.endIndex;
      buffers.type[node] = type;
      buffers.field[node] = cursor.currentFieldId;
      buffers.start[node] = start;
      buffers.end[node] = end;
      buffers.parent[node] = parent;
      if (firstError < 0 && (type === errorNodeType || (start === end && cursor.nodeIsMissing))) firstError = node;
      if (cursor.gotoFirstChild()) {
        parent = node;
        if (++depth > analysisLimits.tree_depth) return 'too_deep';
        continue;
      }
      buffers.next[node] = count;
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) return finish(grammar, source, lines, buffers, count, firstError);
        buffers.next[parent] = count;
        parent = buffers.parent[parent]!;
        depth--;
      }
    }
  } finally {
    cursor.delete();
  }
}

function finish(
  grammar: Grammar,
  source: string,
  lines: LineIndex,
  buffers: Buffers,
  count: number,
  firstError: number,
): FlatTree {
  const startRow = new Uint32Array(count);
  const endRow = new Uint32Array(count);
  let row = 0;
  for (let node = 0; node < count; node++) {
    const start = buffers.start[node]!;
    const end = buffers.end[node]!;
    // Starts never go back in pre-order (the root may begin after leading blanks).
    while (row + 1 < lines.count && lines.start[row + 1]! <= start) row++;
    startRow[node] = row;
    const nextLine = row + 1 < lines.count ? lines.start[row + 1]! : source.length + 1;
    endRow[node] = end <= nextLine ? row : rowOfOffset(lines, end - 1);
  }
  return {
    grammar,
    source,
    lines,
    count,
    type: buffers.type,
    field: buffers.field,
    start: buffers.start,
    end: buffers.end,
    parent: buffers.parent,
    next: buffers.next,
    startRow,
    endRow,
    firstError,
  };
}

export function nodeText(tree: FlatTree, node: number): string {
  return tree.source.slice(tree.start[node], tree.end[node]);
}

/** The first child in the given field, or -1. */
export function childInField(tree: FlatTree, node: number, field: number): number {
  const end = tree.next[node]!;
  for (let child = node + 1; child < end; child = tree.next[child]!) {
    if (tree.field[child] === field) return child;
  }
  return -1;
}

/** The first child whose type is in the set, or -1. */
export function childOfType(tree: FlatTree, node: number, types: Uint8Array): number {
  const end = tree.next[node]!;
  for (let child = node + 1; child < end; child = tree.next[child]!) {
    if (types[tree.type[child]!] === 1) return child;
  }
  return -1;
}
