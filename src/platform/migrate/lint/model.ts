import type { Migration, MigrationScript, MigrationStatement } from '../files.ts';
import { SqlLexError, type Token, tokenize } from '../tokens.ts';

/** What one rule found in one statement. */
export interface Problem {
  readonly statement: MigrationStatement;
  /** Offset in the file; default the statement's start. */
  readonly offset?: number;
  readonly message: string;
}

export interface LintFile {
  readonly migration: Migration;
  readonly script: MigrationScript;
  readonly direction: 'up' | 'down';
  readonly tables: Tables;
}

/** A rule says what is wrong, why, and the safe way. It is allowed away per statement, with a reason. */
export interface Rule {
  readonly name: string;
  /** What to write instead. */
  readonly safeWay: string;
  readonly files: 'up' | 'both';
  readonly check: (file: LintFile) => Iterable<Problem>;
}

export interface Column {
  readonly name: string;
  /** In lower case, without its length: "numeric", "timestamp with time zone", "text[]". */
  readonly type: string;
  readonly tokens: readonly Token[];
}

export interface TableShape {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Everything between the parentheses, one entry each, columns included. */
  readonly elements: readonly (readonly Token[])[];
}

/** What all migrations together make of the tables. */
export interface Tables {
  readonly shapes: ReadonlyMap<string, TableShape>;
  /** Created by a migration that is released: others may already have rows in it. */
  readonly released: ReadonlySet<string>;
  readonly enums: ReadonlySet<string>;
}

export const isWord = (token: Token | undefined, ...texts: string[]): boolean =>
  token?.kind === 'word' && texts.includes(token.text);

/** Where a sequence of words begins; -1 when it does not occur. */
export function findWords(tokens: readonly Token[], words: string, from = 0): number {
  const wanted = words.split(' ');
  for (let i = from; i + wanted.length <= tokens.length; i++) {
    if (wanted.every((word, k) => tokens[i + k]!.kind !== 'quoted' && tokens[i + k]!.text === word)) return i;
  }
  return -1;
}

export const startsWith = (tokens: readonly Token[], words: string): boolean => findWords(tokens, words) === 0;

/** A name without its schema; `next` is the index after it. */
export function nameAt(tokens: readonly Token[], at: number): { name: string; next: number } {
  if (tokens[at + 1]?.text === '.') return { name: tokens[at + 2]?.text ?? '', next: at + 3 };
  return { name: tokens[at]?.text ?? '', next: at + 1 };
}

/** The index of the parenthesis that closes the one at `open`. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]!.kind !== 'punctuation') continue;
    if (tokens[i]!.text === '(') depth++;
    else if (tokens[i]!.text === ')' && --depth === 0) return i;
  }
  return tokens.length;
}

/** Splits at commas outside parentheses and brackets. */
export function splitCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'punctuation') {
      if (token.text === '(' || token.text === '[') depth++;
      else if (token.text === ')' || token.text === ']') depth--;
      else if (token.text === ',' && depth === 0) {
        parts.push([]);
        continue;
      }
    }
    parts.at(-1)!.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

const afterType = ['constraint', 'not', 'null', 'default', 'check', 'generated', 'unique', 'primary', 'references'];
const afterTypeToo = ['collate', 'deferrable', 'initially', 'storage', 'compression', 'using'];
const tableElements = ['constraint', 'primary', 'unique', 'check', 'foreign', 'exclude', 'like'];

export const isTableConstraint = (element: readonly Token[]): boolean => isWord(element[0], ...tableElements);

/** A column as in `create table` and `add column`: name, type, then its constraints. */
export function parseColumn(element: readonly Token[]): Column {
  const end = element.findIndex((token, i) => i > 0 && isWord(token, ...afterType, ...afterTypeToo));
  const typeTokens = element.slice(1, end < 0 ? element.length : end);
  const parts: string[] = [];
  for (let i = 0; i < typeTokens.length; i++) {
    const token = typeTokens[i]!;
    if (token.text === '(') i = closing(typeTokens, i);
    else if (token.text === '.') parts.pop();
    else parts.push(token.text);
  }
  const type = parts
    .join(' ')
    .replaceAll(' [ ]', '[]')
    .replace(/ \[ \d+ \]/g, '[]');
  return { name: element[0]?.text ?? '', type, tokens: element };
}

/** A permanent table that is no partition; undefined for other statements. */
export function parseCreateTable(statement: { tokens: readonly Token[] }): TableShape | undefined {
  const { tokens } = statement;
  if (!isWord(tokens[0], 'create')) return undefined;
  let at = isWord(tokens[1], 'unlogged') ? 2 : 1;
  if (!isWord(tokens[at], 'table')) return undefined;
  at++;
  if (isWord(tokens[at], 'if')) at += 3;
  const { name, next } = nameAt(tokens, at);
  if (tokens[next]?.text !== '(') return isWord(tokens[next], 'as') ? { name, columns: [], elements: [] } : undefined;
  const elements = splitCommas(tokens.slice(next + 1, closing(tokens, next)));
  return { name, elements, columns: elements.filter((element) => !isTableConstraint(element)).map(parseColumn) };
}

export interface AlterTable {
  readonly table: string;
  readonly actions: readonly (readonly Token[])[];
}

export function parseAlterTable(statement: { tokens: readonly Token[] }): AlterTable | undefined {
  const { tokens } = statement;
  if (!startsWith(tokens, 'alter table')) return undefined;
  let at = 2;
  if (isWord(tokens[at], 'if')) at += 2;
  if (isWord(tokens[at], 'only')) at++;
  const { name, next } = nameAt(tokens, at);
  return { table: name, actions: splitCommas(tokens.slice(next)) };
}

/** The tokens of an `add column` action from the column's name on; undefined for other actions. */
export function addedColumn(action: readonly Token[]): readonly Token[] | undefined {
  if (!isWord(action[0], 'add') || isTableConstraint(action.slice(1))) return undefined;
  let at = isWord(action[1], 'column') ? 2 : 1;
  if (isWord(action[at], 'if')) at += 3;
  return action.slice(at);
}

export interface CreateIndex {
  readonly table: string;
  readonly concurrently: boolean;
  readonly method: string;
  readonly keys: readonly (readonly Token[])[];
}

export function parseCreateIndex(statement: { tokens: readonly Token[] }): CreateIndex | undefined {
  const { tokens } = statement;
  if (!startsWith(tokens, 'create index') && !startsWith(tokens, 'create unique index')) return undefined;
  const on = findWords(tokens, 'on');
  if (on < 0) return undefined;
  const { name, next } = nameAt(tokens, isWord(tokens[on + 1], 'only') ? on + 2 : on + 1);
  const uses = isWord(tokens[next], 'using');
  const open = uses ? next + 2 : next;
  return {
    table: name,
    concurrently: findWords(tokens.slice(0, on), 'concurrently') > 0,
    method: uses ? (tokens[next + 1]?.text ?? '') : 'btree',
    keys: splitCommas(tokens.slice(open + 1, closing(tokens, open))),
  };
}

/** Tables created by these statements. */
export function createdTables(statements: readonly MigrationStatement[]): Set<string> {
  return new Set(statements.flatMap((statement) => parseCreateTable(statement)?.name ?? []));
}

/** A statement's tokens, and those of the bodies it quotes with dollars (functions, DO blocks). Offsets are the file's. */
export function deepTokens(statement: { tokens: readonly Token[] }): Token[] {
  return statement.tokens.flatMap((token) => {
    const tag = token.kind === 'string' ? /^\$[^$]*\$/.exec(token.text)?.[0] : undefined;
    if (tag === undefined) return [token];
    try {
      return tokenize(token.text.slice(tag.length, -tag.length))
        .filter(({ kind }) => kind !== 'comment')
        .map((inner) => ({
          ...inner,
          start: inner.start + token.start + tag.length,
          end: inner.end + token.start + tag.length,
        }));
    } catch (error) {
      if (error instanceof SqlLexError) return [token];
      throw error;
    }
  });
}

/** Reads every up file; `isReleased` says which migrations others already run. */
export function collectTables(migrations: readonly Migration[], isReleased: (migration: Migration) => boolean): Tables {
  const shapes = new Map<string, TableShape>();
  const released = new Set<string>();
  const enums = new Set<string>();
  for (const migration of migrations) {
    for (const statement of migration.up.statements) {
      const shape = parseCreateTable(statement);
      if (shape) {
        shapes.set(shape.name, shape);
        if (isReleased(migration)) released.add(shape.name);
      }
      const alter = parseAlterTable(statement);
      const known = alter && shapes.get(alter.table);
      if (alter && known) {
        const columns = alter.actions.flatMap((action) => {
          const column = addedColumn(action);
          return column ? [parseColumn(column)] : [];
        });
        shapes.set(alter.table, { ...known, columns: [...known.columns, ...columns] });
      }
      if (startsWith(statement.tokens, 'create type') && findWords(statement.tokens, 'as enum') > 0) {
        enums.add(nameAt(statement.tokens, 2).name);
      }
    }
  }
  return { shapes, released, enums };
}
