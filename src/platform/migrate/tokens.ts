/**
 * PostgreSQL's lexical rules (src/backend/parser/scan.l), as far as splitting and linting need them.
 * `standard_conforming_strings` is taken to be on; the runner sets it.
 */

export type TokenKind =
  | 'word'
  | 'quoted'
  | 'string'
  | 'number'
  | 'parameter'
  | 'operator'
  | 'punctuation'
  | 'comment'
  | 'other';

export interface Token {
  readonly kind: TokenKind;
  /** As written; a word in lower case, a quoted name without its quotes. */
  readonly text: string;
  /** Offsets into the source in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Text that PostgreSQL's lexer would refuse: something was opened and never closed. */
export class SqlLexError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const SPACE = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /(?:[0-9]|\.[0-9])(?:[0-9A-Za-z_]|\.(?!\.)|(?<=[eE])[+-])*/y;
const PARAMETER = /\$[0-9]+/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const OPERATOR = /[+\-*/<>=~!@#%^&|`?]/y;
/** Adjacent literals on different lines are one literal, in the first one's syntax. */
const CONTINUATION = /[ \t\f\v]*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

/** The offset after a literal's closing quote; `at` is the offset after its opening quote. */
function endOfString(sql: string, at: number, escapes: boolean, opened: number): number {
  let i = at;
  for (;;) {
    const c = sql[i];
    if (c === undefined) throw new SqlLexError('unterminated string', opened);
    if (c === '\\' && escapes) i += 2;
    else if (c !== "'") i++;
    else if (sql[i + 1] === "'") i += 2;
    else {
      const continued = matchAt(CONTINUATION, sql, i + 1);
      if (continued === undefined) return i + 1;
      i += 1 + continued.length;
    }
  }
}

function endOfQuoted(sql: string, at: number, opened: number): number {
  let i = at;
  for (;;) {
    const close = sql.indexOf('"', i);
    if (close < 0) throw new SqlLexError('unterminated quoted identifier', opened);
    if (sql[close + 1] !== '"') return close + 1;
    i = close + 2;
  }
}

function endOfBlockComment(sql: string, opened: number): number {
  let depth = 0;
  let i = opened;
  do {
    if (i >= sql.length) throw new SqlLexError('unterminated comment', opened);
    if (sql.startsWith('/*', i)) {
      depth++;
      i += 2;
    } else if (sql.startsWith('*/', i)) {
      depth--;
      i += 2;
    } else i++;
  } while (depth > 0);
  return i;
}

function endOfOperator(sql: string, at: number): number {
  let i = at;
  while (i < sql.length && matchAt(OPERATOR, sql, i) !== undefined) {
    if (i > at && (sql.startsWith('--', i) || sql.startsWith('/*', i))) break;
    i++;
  }
  return i;
}

function wordOrPrefixed(sql: string, at: number, word: string): Token {
  const next = sql[at + word.length];
  if (next === "'" && /^[eEbBxXnN]$/.test(word)) {
    const end = endOfString(sql, at + 2, /^[eE]$/.test(word), at);
    return { kind: 'string', text: sql.slice(at, end), start: at, end };
  }
  if (/^[uU]$/.test(word) && next === '&') {
    const quote = sql[at + 2];
    if (quote === "'" || quote === '"') {
      const end = quote === "'" ? endOfString(sql, at + 3, false, at) : endOfQuoted(sql, at + 3, at);
      return { kind: quote === "'" ? 'string' : 'quoted', text: sql.slice(at, end), start: at, end };
    }
  }
  return { kind: 'word', text: word.toLowerCase(), start: at, end: at + word.length };
}

function dollar(sql: string, at: number): Token {
  const tag = matchAt(DOLLAR_QUOTE, sql, at);
  if (tag !== undefined) {
    const close = sql.indexOf(tag, at + tag.length);
    if (close < 0) throw new SqlLexError(`unterminated dollar-quoted string ${tag}`, at);
    const end = close + tag.length;
    return { kind: 'string', text: sql.slice(at, end), start: at, end };
  }
  const parameter = matchAt(PARAMETER, sql, at);
  const text = parameter ?? '$';
  return { kind: parameter === undefined ? 'other' : 'parameter', text, start: at, end: at + text.length };
}

function nextToken(sql: string, at: number): Token {
  const make = (kind: TokenKind, end: number): Token => ({ kind, text: sql.slice(at, end), start: at, end });
  const lineComment = matchAt(LINE_COMMENT, sql, at);
  if (lineComment !== undefined) return make('comment', at + lineComment.length);
  if (sql.startsWith('/*', at)) return make('comment', endOfBlockComment(sql, at));
  const word = matchAt(WORD, sql, at);
  if (word !== undefined) return wordOrPrefixed(sql, at, word);
  const number = matchAt(NUMBER, sql, at);
  if (number !== undefined) return make('number', at + number.length);
  const c = sql[at]!;
  if (c === "'") return make('string', endOfString(sql, at + 1, false, at));
  if (c === '"') {
    const end = endOfQuoted(sql, at + 1, at);
    return { kind: 'quoted', text: sql.slice(at + 1, end - 1).replaceAll('""', '"'), start: at, end };
  }
  if (c === '$') return dollar(sql, at);
  if (sql.startsWith('::', at) || sql.startsWith(':=', at)) return make('operator', at + 2);
  if ('()[],;:.'.includes(c)) return make('punctuation', at + 1);
  const operatorEnd = endOfOperator(sql, at);
  return operatorEnd > at ? make('operator', operatorEnd) : make('other', at + 1);
}

/** Every token of `sql` in order, comments included; between tokens there is white space only. Throws SqlLexError. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const space = matchAt(SPACE, sql, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const token = nextToken(sql, at);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}
