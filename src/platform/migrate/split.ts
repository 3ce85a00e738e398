import { type Token, tokenize } from './tokens.ts';

/** One statement of a script, without its semicolon. */
export interface Statement {
  readonly text: string;
  /** Offset of the first token in the script, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Tokens without comments; offsets are those of the script. */
  readonly tokens: readonly Token[];
  /** Comments since the previous statement's semicolon, and inside the statement. */
  readonly comments: readonly Token[];
}

export interface Script {
  readonly statements: readonly Statement[];
  /** Comments after the last statement. */
  readonly trailing: readonly Token[];
}

export interface Position {
  /** Both from 1; the column counts characters (code points), as editors do. */
  readonly line: number;
  readonly column: number;
}

/** Where an offset in UTF-16 units lies. */
export function positionAt(sql: string, offset: number): Position {
  const before = sql.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: [...before.slice(lineStart)].length + 1 };
}

/** The offset in UTF-16 units of PostgreSQL's error position, which counts characters of the statement from 1. */
export function offsetOfErrorPosition(statement: Statement, position: number): number {
  let units = 0;
  let characters = 1;
  for (const character of statement.text) {
    if (characters >= position) break;
    units += character.length;
    characters++;
  }
  return statement.start + units;
}

/** True while the statement, so far, is a CREATE [OR REPLACE] FUNCTION | PROCEDURE: only these have atomic bodies. */
function createsRoutine(tokens: readonly Token[]): boolean {
  const words = tokens.slice(0, 4).map((token) => (token.kind === 'word' ? token.text : ''));
  if (words[0] !== 'create') return false;
  const what = words[1] === 'or' && words[2] === 'replace' ? words[3] : words[1];
  return what === 'function' || what === 'procedure';
}

/**
 * Splits a script into statements the way psql does: semicolons inside literals, comments, parentheses and the
 * `begin atomic … end` bodies of SQL functions do not end one. Throws SqlLexError where something is never closed.
 */
export function splitScript(sql: string): Script {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  let comments: Token[] = [];
  let parentheses = 0;
  let atomicDepth = 0;
  const finish = () => {
    const first = tokens[0];
    const last = tokens.at(-1);
    if (first !== undefined && last !== undefined) {
      statements.push({
        text: sql.slice(first.start, last.end),
        start: first.start,
        end: last.end,
        tokens,
        comments,
      });
      comments = [];
    }
    tokens = [];
    parentheses = 0;
    atomicDepth = 0;
  };
  const all = tokenize(sql);
  for (const [i, token] of all.entries()) {
    if (token.kind === 'comment') {
      comments.push(token);
      continue;
    }
    if (token.text === ';' && token.kind === 'punctuation' && parentheses === 0 && atomicDepth === 0) {
      finish();
      continue;
    }
    if (token.kind === 'punctuation') {
      if (token.text === '(') parentheses++;
      else if (token.text === ')') parentheses = Math.max(0, parentheses - 1);
    } else if (token.kind === 'word' && parentheses === 0) {
      const opens = token.text === 'begin' && nextWord(all, i) === 'atomic' && createsRoutine(tokens);
      // `case … end` inside the body has an `end` of its own.
      if (opens || (token.text === 'case' && atomicDepth > 0)) atomicDepth++;
      else if (token.text === 'end' && atomicDepth > 0) atomicDepth--;
    }
    tokens.push(token);
  }
  finish();
  return { statements, trailing: comments };
}

function nextWord(tokens: readonly Token[], i: number): string | undefined {
  for (let next = i + 1; next < tokens.length; next++) {
    const token = tokens[next]!;
    if (token.kind !== 'comment') return token.kind === 'word' ? token.text : undefined;
  }
  return undefined;
}
