import type { FlatTree } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';

const tables = perGrammar((grammar: Grammar) => ({
  comment: grammar.rules('comment'),
  string: grammar.rules('string'),
  open: grammar.tokens('(', '[', '{'),
  close: grammar.tokens(')', ']', '}'),
  colon: grammar.tokens(':'),
  semicolon: grammar.tokens(';'),
  continuation: grammar.rules('line_continuation'),
}));

/** radon's raw counts, as sums from the first line on; a statement counts at the line it begins. */
export interface RadonLines {
  readonly logical: Uint32Array;
  readonly source: Uint32Array;
  readonly comments: Uint32Array;
  /** Lines of strings that stand alone and span lines. */
  readonly multi: Uint32Array;
}

/** What has been seen of one stretch of lines that Python's tokenizer reads as one. */
interface Unit {
  firstRow: number;
  lastRow: number;
  logical: number;
  tokens: number;
  strings: number;
  comments: number;
  /** Tokens of the part since the last `;`, and the place of its last `:` there. */
  partTokens: number;
  partColon: number;
  endsInComment: boolean;
}

/**
 * Definition radon (radon.raw.analyze): logical lines, source lines, comments and docstring lines of a Python file. A
 * logical line ends at the end of its brackets, strings and continuations; parts between `;` count singly, and one
 * with anything after its last `:` counts 2 (`if a: return`, but by radon's rule also `x[1:2]`).
 */
export function radonLines(tree: FlatTree): RadonLines {
  const table = tables(tree.grammar);
  const sink = new RadonSink(tree.lines.count, tree.lines.blank);
  let unit: Unit | null = null;
  let brackets = 0;
  for (let node = 0; node < tree.count; node++) {
    const type = tree.type[node]!;
    const isString = table.string[type] === 1;
    if (!isString && tree.next[node] !== node + 1) continue;
    if (tree.start[node] === tree.end[node]) continue;
    const row = tree.startRow[node]!;
    if (unit !== null && brackets === 0) joinContinuations(tree, unit, row);
    if (unit !== null && row > unit.lastRow && brackets === 0) {
      sink.finish(unit);
      unit = null;
    }
    unit ??= newUnit(row);
    unit.lastRow = Math.max(unit.lastRow, tree.endRow[node]!);
    unit.endsInComment = table.comment[type] === 1;
    if (table.continuation[type] === 1) continue;
    if (table.open[type] === 1) brackets++;
    else if (table.close[type] === 1) brackets = Math.max(0, brackets - 1);
    if (table.comment[type] === 1) unit.comments++;
    else if (table.semicolon[type] === 1) endPart(unit, false);
    else {
      if (table.colon[type] === 1) unit.partColon = unit.partTokens;
      unit.partTokens++;
      unit.tokens++;
      if (isString) unit.strings++;
    }
    if (isString) node = tree.next[node]! - 1;
  }
  if (unit !== null) sink.finish(unit);
  return sink.result();
}

function newUnit(row: number): Unit {
  return {
    firstRow: row,
    lastRow: row,
    logical: 0,
    tokens: 0,
    strings: 0,
    comments: 0,
    partTokens: 0,
    partColon: -1,
    endsInComment: false,
  };
}

/** Takes in the rows that a backslash joins, up to `row`. The grammar has no node for a backslash before a string. */
function joinContinuations(tree: FlatTree, unit: Unit, row: number): void {
  while (row > unit.lastRow && !unit.endsInComment) {
    let at = tree.lines.start[unit.lastRow + 1]! - 2;
    if (tree.source[at] === '\r') at--;
    if (tree.source[at] !== '\\') return;
    unit.lastRow++;
  }
}

/** Counts a part between `;`. radon's list of tokens ends in an end marker only in the last part, hence the two cases. */
function endPart(unit: Unit, last: boolean): void {
  const length = unit.partTokens + (last ? 1 : 0);
  if (unit.partColon >= 0) unit.logical += unit.partColon === length - 2 ? 1 : 2;
  else if (unit.partTokens > 0) unit.logical += 1;
  if (!last) unit.tokens++;
  unit.partTokens = 0;
  unit.partColon = -1;
}

class RadonSink {
  private readonly logical: Uint32Array;
  private readonly comments: Uint32Array;
  private readonly multi: Uint32Array;
  private readonly notSource: Uint8Array;
  private readonly blank: Uint8Array;

  constructor(rows: number, blank: Uint8Array) {
    this.logical = new Uint32Array(rows + 1);
    this.comments = new Uint32Array(rows + 1);
    this.multi = new Uint32Array(rows + 1);
    this.notSource = new Uint8Array(rows);
    this.blank = blank;
  }

  finish(unit: Unit): void {
    endPart(unit, true);
    const aloneString = unit.tokens === 1 && unit.strings === 1 && unit.comments === 0;
    const aloneComment = unit.tokens === 0 && unit.comments === 1;
    this.logical[unit.firstRow + 1]! += unit.logical;
    this.comments[unit.firstRow + 1]! += unit.comments;
    if (!aloneString && !aloneComment) return;
    for (let row = unit.firstRow; row <= unit.lastRow && row < this.notSource.length; row++) {
      this.notSource[row] = 1;
      if (aloneString && unit.lastRow > unit.firstRow && this.blank[row] === 0) this.multi[row + 1]! += 1;
    }
  }

  result(): RadonLines {
    const rows = this.notSource.length;
    const source = new Uint32Array(rows + 1);
    for (let row = 0; row < rows; row++) {
      source[row + 1] = source[row]! + (this.blank[row] === 0 && this.notSource[row] === 0 ? 1 : 0);
      this.logical[row + 1]! += this.logical[row]!;
      this.comments[row + 1]! += this.comments[row]!;
      this.multi[row + 1]! += this.multi[row]!;
    }
    return { logical: this.logical, source, comments: this.comments, multi: this.multi };
  }
}

export interface RadonLineCounts {
  readonly logical: number;
  readonly source: number;
  readonly comments: number;
  readonly multi: number;
}

/** radon's counts of the rows from `first` to `last`, both included. */
export function countRadonLines(lines: RadonLines, first: number, last: number): RadonLineCounts {
  const end = Math.min(last + 1, lines.source.length - 1);
  const of = (sum: Uint32Array): number => sum[end]! - sum[first]!;
  return { logical: of(lines.logical), source: of(lines.source), comments: of(lines.comments), multi: of(lines.multi) };
}
