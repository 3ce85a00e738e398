import { writtenTable } from '../execute.ts';
import type { Token } from '../tokens.ts';
import {
  addedColumn,
  createdTables,
  deepTokens,
  findWords,
  isWord,
  nameAt,
  parseAlterTable,
  parseColumn,
  parseCreateIndex,
  type Rule,
  startsWith,
} from './model.ts';

const description: Rule = {
  name: 'description',
  files: 'up',
  safeWay: 'begin the file with a line: -- what it does, in a few words',
  *check({ script }) {
    const first = script.statements[0];
    const described = first?.comments.some(({ start, text }) => start < first.start && !/^--\s*plinth:/.test(text));
    if (first && !described) yield { statement: first, message: 'the file does not say what it does' };
  },
};

const requiredColumn: Rule = {
  name: 'required-column',
  files: 'up',
  safeWay: 'give it a constant default; or add it nullable, fill it, and set not null a release later',
  *check(file) {
    const created = createdTables(file.script.statements);
    for (const statement of file.script.statements) {
      const alter = parseAlterTable(statement);
      if (!alter || created.has(alter.table)) continue;
      for (const action of alter.actions) {
        const column = addedColumn(action);
        if (!column || findWords(column, 'not null') < 0) continue;
        if (findWords(column, 'default') < 0 && findWords(column, 'generated') < 0) {
          yield {
            statement,
            offset: column[0]!.start,
            message: `${alter.table}.${parseColumn(column).name} is required and has no default: it fails on a table with rows, and the previous release does not fill it`,
          };
        }
      }
    }
  },
};

const blockingIndex: Rule = {
  name: 'blocking-index',
  files: 'up',
  safeWay:
    'in a file of its own with "-- plinth: no transaction": drop index concurrently if exists …; create index concurrently …',
  *check(file) {
    const created = createdTables(file.script.statements);
    for (const statement of file.script.statements) {
      const index = parseCreateIndex(statement);
      if (index && !index.concurrently && !created.has(index.table) && file.tables.released.has(index.table)) {
        yield { statement, message: `nobody can write to ${index.table} while the index is built` };
      }
    }
  },
};

const destroying = ['drop', 'rename'];

const contractPhase: Rule = {
  name: 'contract-phase',
  files: 'up',
  safeWay:
    'let one release stop using it, and remove it in the next: "-- plinth: phase contract" at the top of that file',
  *check(file) {
    if (file.migration.phase === 'contract') return;
    for (const statement of file.script.statements) {
      const dropped = droppedTable(statement.tokens);
      if (dropped !== undefined && file.tables.released.has(dropped)) {
        yield { statement, message: `the previous release still uses table ${dropped}` };
      }
      const alter = parseAlterTable(statement);
      if (!alter || !file.tables.released.has(alter.table)) continue;
      const action = alter.actions.find(
        (tokens) => isWord(tokens[0], ...destroying) && !isWord(tokens[1], 'constraint') && !isWord(tokens[1], 'not'),
      );
      if (action)
        yield {
          statement,
          offset: action[0]!.start,
          message: `the previous release still uses what is ${action[0]!.text === 'drop' ? 'dropped' : 'renamed'} in ${alter.table}`,
        };
    }
  },
};

function droppedTable(tokens: readonly Token[]): string | undefined {
  if (!startsWith(tokens, 'drop table')) return undefined;
  return nameAt(tokens, isWord(tokens[2], 'if') ? 4 : 2).name;
}

const expectedRows: Rule = {
  name: 'expected-rows',
  files: 'up',
  safeWay:
    'put in front of it what it must touch: -- plinth: expect all rows of <table> | expect rows of <table> | expect N rows',
  *check({ script }) {
    for (const statement of script.statements) {
      const written = writtenTable(statement);
      if (written && !statement.expectation) {
        yield { statement, message: 'a data migration that touches nothing where it should would pass in silence' };
      }
    }
  },
};

const volatileFunctions = [
  'clock_timestamp',
  'random',
  'gen_random_uuid',
  'uuidv7',
  'statement_timestamp',
  'timeofday',
];

const volatileWrite: Rule = {
  name: 'volatile-write',
  files: 'up',
  safeWay: 'take the value into a plpgsql variable first (do $$ declare at timestamptz := clock_timestamp(); …)',
  *check({ script }) {
    for (const statement of script.statements) {
      if (!isWord(statement.tokens[0], 'update', 'delete')) continue;
      const call = statement.tokens.find(
        (token, i) => isWord(token, ...volatileFunctions) && statement.tokens[i + 1]?.text === '(',
      );
      if (call) yield { statement, offset: call.start, message: `Citus refuses ${call.text}() in update and delete` };
    }
  },
};

/** Syntax and functions that PostgreSQL 15 does not have; each with how to tell it. */
const newer: readonly [what: string, since: number, at: (tokens: readonly Token[]) => number][] = [
  ['a virtual generated column', 18, (tokens) => findWords(tokens, ') virtual')],
  ['without overlaps', 18, (tokens) => findWords(tokens, 'without overlaps')],
  ['json_table', 17, (tokens) => findWords(tokens, 'json_table (')],
  ['json_scalar', 17, (tokens) => findWords(tokens, 'json_scalar (')],
  ['json_serialize', 17, (tokens) => findWords(tokens, 'json_serialize (')],
  ['json_exists', 17, (tokens) => findWords(tokens, 'json_exists (')],
  ['json_query', 17, (tokens) => findWords(tokens, 'json_query (')],
  ['json_value', 17, (tokens) => findWords(tokens, 'json_value (')],
  ['the constructor json_array', 16, (tokens) => findWords(tokens, 'json_array (')],
  ['json_arrayagg', 16, (tokens) => findWords(tokens, 'json_arrayagg (')],
  ['json_objectagg', 16, (tokens) => findWords(tokens, 'json_objectagg (')],
  ['the constructor json_object (key: value)', 16, jsonObjectConstructor],
  ['is json', 16, (tokens) => findWords(tokens, 'is json')],
  ['any_value', 16, (tokens) => findWords(tokens, 'any_value (')],
  ['array_sample', 16, (tokens) => findWords(tokens, 'array_sample (')],
  ['array_shuffle', 16, (tokens) => findWords(tokens, 'array_shuffle (')],
  ['pg_input_is_valid', 16, (tokens) => findWords(tokens, 'pg_input_is_valid (')],
  ['pg_stat_io', 16, (tokens) => findWords(tokens, 'pg_stat_io')],
  ['pg_stat_checkpointer', 17, (tokens) => findWords(tokens, 'pg_stat_checkpointer')],
  ['merge … returning', 17, (tokens) => (startsWith(tokens, 'merge into') ? findWords(tokens, 'returning') : -1)],
  ['returning old/new', 18, returningOldNew],
  ['the built-in uuidv7()', 18, (tokens) => unqualified(tokens, 'uuidv7')],
  [
    'random(min, max)',
    17,
    (tokens) => {
      const at = unqualified(tokens, 'random');
      return at >= 0 && tokens[at + 2]?.text !== ')' ? at : -1;
    },
  ],
  ['not enforced', 18, (tokens) => findWords(tokens, 'not enforced')],
];

function unqualified(tokens: readonly Token[], name: string): number {
  const at = findWords(tokens, `${name} (`);
  return at >= 0 && (tokens[at - 1]?.text !== '.' || isWord(tokens[at - 2], 'pg_catalog')) ? at : -1;
}

function jsonObjectConstructor(tokens: readonly Token[]): number {
  const at = findWords(tokens, 'json_object (');
  if (at < 0) return -1;
  return tokens.slice(at + 2, at + 5).some((token) => token.text === ':' || isWord(token, 'value', 'key')) ? at : -1;
}

function returningOldNew(tokens: readonly Token[]): number {
  const at = findWords(tokens, 'returning');
  if (at < 0) return -1;
  const old = tokens.findIndex((token, i) => i > at && isWord(token, 'old', 'new') && tokens[i + 1]?.text === '.');
  const end = tokens.findIndex((token, i) => i > at && token.text === ';');
  return old >= 0 && (end < 0 || old < end) ? old : -1;
}

const portableSyntax: Rule = {
  name: 'portable-syntax',
  files: 'both',
  safeWay: 'write it in the way of PostgreSQL 15: see the list of what to avoid in docs/guides/migrations.md',
  *check({ script }) {
    for (const statement of script.statements) {
      const tokens = deepTokens(statement);
      for (const [what, since, find] of newer) {
        const at = find(tokens);
        if (at >= 0) yield { statement, offset: tokens[at]!.start, message: `${what} came with PostgreSQL ${since}` };
      }
    }
  },
};

export const changeRules: readonly Rule[] = [
  description,
  requiredColumn,
  blockingIndex,
  contractPhase,
  expectedRows,
  volatileWrite,
  portableSyntax,
];
