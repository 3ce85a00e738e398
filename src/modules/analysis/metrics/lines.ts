import type { FlatTree } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';

const tables = perGrammar((grammar: Grammar) => ({
  comment: grammar.rules('comment', 'html_comment', 'hash_bang_line'),
  /** Nodes whose inner lines have no token of their own. */
  spanning: grammar.rules('string', 'template_string', 'jsx_text', 'regex', 'string_content', 'string_fragment'),
  expressionStatement: grammar.rules('expression_statement'),
  string: grammar.rules('string'),
  interpolation: grammar.rules('interpolation'),
  python: grammar.definition.family === 'python',
}));

/** What each line of a file is, as sums from the first line on: `code[b] - code[a]` are the code lines of rows a to b-1. */
export interface LineKinds {
  readonly code: Uint32Array;
  readonly comment: Uint32Array;
  readonly blank: Uint32Array;
}

export interface LineCounts {
  readonly total: number;
  readonly code: number;
  readonly comment: number;
  readonly blank: number;
}

const hasCode = 1;
const hasComment = 2;

/**
 * Sorts the lines of a file: blank (white space only, wherever it stands), code (has a token: also beside a comment),
 * comment (the rest). A Python string that is a statement by itself (a docstring) is a comment.
 */
export function classifyLines(tree: FlatTree): LineKinds {
  const table = tables(tree.grammar);
  const rows = tree.lines.count;
  const marks = new Uint8Array(rows);
  const mark = (node: number, value: number): void => {
    for (let row = tree.startRow[node]!; row <= tree.endRow[node]! && row < rows; row++) marks[row]! |= value;
  };
  for (let node = 0; node < tree.count; node++) {
    const type = tree.type[node]!;
    if (table.comment[type] === 1 || isDocstring(tree, node)) {
      mark(node, hasComment);
      node = tree.next[node]! - 1;
    } else if (table.spanning[type] === 1) {
      mark(node, hasCode);
    } else if (tree.next[node] === node + 1 && tree.end[node]! > tree.start[node]!) {
      mark(node, hasCode);
    }
  }
  return sums(tree.lines.blank, marks);
}

/** Whether the node is a Python string without `{}` that is a statement by itself. */
export function isDocstring(tree: FlatTree, node: number): boolean {
  const table = tables(tree.grammar);
  if (!table.python || table.string[tree.type[node]!] !== 1) return false;
  const parent = tree.parent[node]!;
  if (parent < 0 || table.expressionStatement[tree.type[parent]!] !== 1) return false;
  if (node !== parent + 1 || tree.next[node] !== tree.next[parent]) return false;
  for (let child = node + 1; child < tree.next[node]!; child = tree.next[child]!) {
    if (table.interpolation[tree.type[child]!] === 1) return false;
  }
  return true;
}

function sums(blankRows: Uint8Array, marks: Uint8Array): LineKinds {
  const rows = marks.length;
  const code = new Uint32Array(rows + 1);
  const comment = new Uint32Array(rows + 1);
  const blank = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    const isBlank = blankRows[row] === 1;
    const isComment = !isBlank && marks[row] === hasComment;
    blank[row + 1] = blank[row]! + (isBlank ? 1 : 0);
    comment[row + 1] = comment[row]! + (isComment ? 1 : 0);
    code[row + 1] = code[row]! + (isBlank || isComment ? 0 : 1);
  }
  return { code, comment, blank };
}

/** Lines of the rows from `first` to `last`, both included. */
export function countLines(kinds: LineKinds, first: number, last: number): LineCounts {
  const end = Math.min(last + 1, kinds.code.length - 1);
  const of = (sum: Uint32Array): number => sum[end]! - sum[first]!;
  return { total: end - first, code: of(kinds.code), comment: of(kinds.comment), blank: of(kinds.blank) };
}
