import { type FlatTree, nodeText } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';

const tables = perGrammar((grammar: Grammar) => ({
  integer: grammar.rules('integer'),
  float: grammar.rules('float'),
  string: grammar.rules('string'),
  concatenated: grammar.rules('concatenated_string'),
  interpolation: grammar.rules('interpolation'),
  truth: grammar.rules('true'),
  falsehood: grammar.rules('false'),
  none: grammar.rules('none'),
  ellipsis: grammar.rules('ellipsis'),
}));

/**
 * A key that is equal for constants that Python holds equal (1, 1.0, 0x1 and True; "a" and 'a'); null for what is no
 * constant. A string shares its key with the name of the same text, as in radon's sets.
 */
export function constantKey(tree: FlatTree, node: number): string | null {
  const table = tables(tree.grammar);
  const type = tree.type[node]!;
  if (table.integer[type] === 1 || table.float[type] === 1) return numberKey(nodeText(tree, node));
  if (table.string[type] === 1 || table.concatenated[type] === 1) return stringKey(tree, node);
  if (table.truth[type] === 1) return 'number 1';
  if (table.falsehood[type] === 1) return 'number 0';
  if (table.none[type] === 1) return 'none';
  return table.ellipsis[type] === 1 ? 'ellipsis' : null;
}

/** Longer literals are compared by their text: a decimal of a million digits takes seconds to convert. */
const digitsConverted = 400;

function numberKey(literal: string): string {
  const text = literal.replaceAll('_', '').toLowerCase();
  if (text.length > digitsConverted) return `number ${text}`;
  if (text.endsWith('j')) return Number(text.slice(0, -1)) === 0 ? 'number 0' : `complex ${Number(text.slice(0, -1))}`;
  if (/^0[xob]|^\d+$/.test(text)) {
    try {
      return `number ${BigInt(text.replace(/^0+(?=\d)/, ''))}`;
    } catch {
      return `number ${text}`;
    }
  }
  const value = Number(text);
  return Number.isInteger(value) ? `number ${BigInt(value)}` : `number ${value}`;
}

/** The value of a string without `{}`; several side by side are one. */
function stringKey(tree: FlatTree, node: number): string | null {
  const table = tables(tree.grammar);
  let value = '';
  let bytes = false;
  for (let at = node; at < tree.next[node]!; at++) {
    if (table.interpolation[tree.type[at]!] === 1) return null;
    if (table.string[tree.type[at]!] !== 1) continue;
    const match = /^([a-zA-Z]*)('''|"""|'|")(.*)\2$/s.exec(nodeText(tree, at));
    if (!match) return null;
    const prefix = match[1]!.toLowerCase();
    // An f-string is not a constant to Python, even without braces.
    if (prefix.includes('f')) return null;
    bytes ||= prefix.includes('b');
    value += prefix.includes('r') ? match[3]! : unescapeString(match[3]!);
  }
  return bytes ? `bytes ${value}` : `text ${value}`;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
};

function unescapeString(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))/gs,
    (whole, hex?: string, short?: string, long?: string, octal?: string, other?: string) => {
      const code = hex ?? short ?? long;
      if (code !== undefined) {
        const point = Number.parseInt(code, 16);
        return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
      }
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      return simpleEscapes[other ?? ''] ?? whole;
    },
  );
}
