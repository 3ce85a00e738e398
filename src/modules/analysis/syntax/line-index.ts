/** Where each line of a source begins, and which are blank. A line ends at `\n`; what follows the last one is a line
 * only if it holds a character, as `wc -l` and editors count. */
export interface LineIndex {
  readonly count: number;
  /** Offset of each line's first character, in UTF-16 units. */
  readonly start: Uint32Array;
  /** 1 for a line of nothing but white space, wherever it stands: also inside a string or a comment. */
  readonly blank: Uint8Array;
  readonly longestChars: number;
}

const newline = 10;

function isSpace(code: number): boolean {
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13) || (code >= 28 && code <= 31);
  return code >= 0x85 && /\s/.test(String.fromCharCode(code));
}

export function indexLines(source: string): LineIndex {
  let count = source.length > 0 && source.charCodeAt(source.length - 1) !== newline ? 1 : 0;
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) count++;
  const start = new Uint32Array(count);
  const blank = new Uint8Array(count).fill(1);
  let row = 0;
  let longestChars = 0;
  for (let offset = 0; offset < source.length; offset++) {
    const code = source.charCodeAt(offset);
    if (code === newline) {
      longestChars = Math.max(longestChars, offset - start[row]!);
      row++;
      if (row < count) start[row] = offset + 1;
    } else if (blank[row] === 1 && !isSpace(code)) {
      blank[row] = 0;
    }
  }
  if (row < count) longestChars = Math.max(longestChars, source.length - start[row]!);
  return { count, start, blank, longestChars };
}

/** The zero-based row of an offset, by bisection. */
export function rowOfOffset(lines: LineIndex, offset: number): number {
  let low = 0;
  let high = lines.count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lines.start[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}
