import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPglite } from '../../../tests/migrations/databases.ts';
import { offsetOfErrorPosition, positionAt, splitScript } from './split.ts';
import { SqlLexError, tokenize } from './tokens.ts';

const texts = (sql: string) => splitScript(sql).statements.map(({ text }) => text);

test.each<[string, string[]]>([
  ['', []],
  [';;  ; -- nothing\n', []],
  ['select 1', ['select 1']],
  ['select 1; select 2;', ['select 1', 'select 2']],
  ["select 'a;b''c;' ; select 2", ["select 'a;b''c;'", 'select 2']],
  ["select E'a\\';b'; select 2", ["select E'a\\';b'", 'select 2']],
  ["select 'a\\'; select 2", ["select 'a\\'", 'select 2']],
  ["select E'a'\n  'b\\';c'; select 2", ["select E'a'\n  'b\\';c'", 'select 2']],
  ['select "a;""b;"; select 2', ['select "a;""b;"', 'select 2']],
  ['select U&\'a;\\0041\', U&"b;c"; select 2', ['select U&\'a;\\0041\', U&"b;c"', 'select 2']],
  ['select $$;$$; select $a$ $$ ; $b$ ; $a$; select 3', ['select $$;$$', 'select $a$ $$ ; $b$ ; $a$', 'select 3']],
  ['select a$1$b; select $1; select 3', ['select a$1$b', 'select $1', 'select 3']],
  ['select 1 /* ; /* ; */ ; */ + 1; select 2 -- ; x\n+ 1', ['select 1 /* ; /* ; */ ; */ + 1', 'select 2 -- ; x\n+ 1']],
  ['select 1 +-- ;\n 2; select 3', ['select 1 +-- ;\n 2', 'select 3']],
  ['select 1 */* ; */ 2; select 3', ['select 1 */* ; */ 2', 'select 3']],
  [
    'create rule r as on insert to t do (delete from a; delete from b); select 2',
    ['create rule r as on insert to t do (delete from a; delete from b)', 'select 2'],
  ],
  [
    'create function f() returns int begin atomic select 1; select case when true then 2 end; end; select 2',
    ['create function f() returns int begin atomic select 1; select case when true then 2 end; end', 'select 2'],
  ],
  [
    'create or replace procedure p() begin /* c */ atomic select 1; end; select 2',
    ['create or replace procedure p() begin /* c */ atomic select 1; end', 'select 2'],
  ],
  [
    'create table begin_atomic (begin int, atomic int); select 2',
    ['create table begin_atomic (begin int, atomic int)', 'select 2'],
  ],
  ['begin; select 1; end;', ['begin', 'select 1', 'end']],
  [
    'create function f() returns int language sql as $f$ select 1; $f$; select 2',
    ['create function f() returns int language sql as $f$ select 1; $f$', 'select 2'],
  ],
  ['select 1::text, a[1:2], x := 3; select 2', ['select 1::text, a[1:2], x := 3', 'select 2']],
])('splits %j', (sql, expected) => expect(texts(sql)).toEqual(expected));

test.each([
  ["select 'a", 'unterminated string', 7],
  ['select "a', 'unterminated quoted identifier', 7],
  ['select /* /* */', 'unterminated comment', 7],
  ['select $a$ x $b$', 'unterminated dollar-quoted string $a$', 7],
  ["select E'a\\'", 'unterminated string', 7],
])('refuses %j', (sql, message, offset) => {
  try {
    splitScript(sql);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(SqlLexError);
    expect(error).toMatchObject({ message, offset });
  }
});

test('positions count characters, not UTF-16 units', () => {
  const sql = "select 1;\n  select '😀é', oops";
  const statement = splitScript(sql).statements[1]!;
  const characters = [...statement.text].join('').length;
  expect(characters).toBeGreaterThan([...statement.text].length);
  const position = [...statement.text].length - 'oops'.length + 1;
  const offset = offsetOfErrorPosition(statement, position);
  expect(sql.slice(offset)).toBe('oops');
  expect(positionAt(sql, offset)).toEqual({ line: 2, column: 16 });
});

test('any text is split without loss, or refused with an offset inside it', () => {
  const pieces = fc.constantFrom(
    "'",
    '"',
    '$$',
    '$a$',
    '$',
    ';',
    '--',
    '/*',
    '*/',
    '\n',
    ' ',
    'E',
    'e',
    'U&',
    '\\',
    'begin',
    'atomic',
    'end',
    'create function',
    '(',
    ')',
    '1',
    'é',
    '😀',
    '\u00a0',
    '+',
    '.',
    ':',
    '=',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 40 }), (parts) => {
      const sql = parts.join('');
      let tokens: ReturnType<typeof tokenize>;
      try {
        tokens = tokenize(sql);
      } catch (error) {
        expect(error).toBeInstanceOf(SqlLexError);
        expect((error as SqlLexError).offset).toBeLessThan(sql.length);
        return;
      }
      let at = 0;
      for (const { start, end } of tokens) {
        expect(sql.slice(at, start)).toMatch(/^[ \t\n\r\f\v]*$/);
        expect(end).toBeGreaterThan(start);
        at = end;
      }
      expect(sql.slice(at)).toMatch(/^[ \t\n\r\f\v]*$/);
      const { statements, trailing } = splitScript(sql);
      const kept =
        statements.flatMap((statement) => [...statement.tokens, ...statement.comments]).length + trailing.length;
      const separators = tokens.filter(({ text, kind }) => text === ';' && kind === 'punctuation').length;
      expect(kept).toBeLessThanOrEqual(tokens.length);
      expect(kept).toBeGreaterThanOrEqual(tokens.length - separators);
    }),
    { seed: 20261122, numRuns: 2000 },
  );
});

describe('the server splits the same way', () => {
  let database: Awaited<ReturnType<typeof openPglite>>;
  beforeAll(async () => {
    database = await openPglite();
  });
  afterAll(() => database.close());

  const content = fc.string({
    unit: fc.constantFrom('a', ';', "'", '"', '$', '\\', '-', '/', '*', '\n', ' ', 'é', '(', ')'),
    maxLength: 8,
  });
  const comment = fc.oneof(
    content.map((text) => `/*${text.replace(/\*|\//g, '')} /*;*/ */`),
    content.map((text) => `--${text.replaceAll('\n', '')}\n`),
    fc.constantFrom(' ', '\n', '\t'),
  );
  const literal = fc.oneof(
    content.map((text) => `'${text.replaceAll("'", "''")}'`),
    content.map((text) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
    content.map((text) => `E'a'\n'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
    content.map((text) => `U&'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
    fc
      .tuple(content, fc.constantFrom('$$', '$x$', '$é_1$'))
      .map(([text, tag]) => `${tag}${text.replaceAll('$', '')}${tag}`),
    content.map((text) => `1 as "${text.replaceAll('"', '""')}x"`),
    fc.constantFrom('1', '1.5e-3', '.5', '(2)', '3 +-1', '2 -- ;\n+ 1', 'case when true then 1 end', "'a'::text"),
  );
  const statement = fc
    .tuple(comment, literal, comment)
    .map(([before, value, after]) => `select${before} ${value} ${after}`);

  test('as many statements as results, and each alone gives the same value', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(statement, { minLength: 1, maxLength: 5 }), fc.boolean(), async (statements, ends) => {
        const sql = `${statements.join(';')}${ends ? ';' : ''}`;
        const whole = (await database.pool.query(sql)) as pg.QueryResult | pg.QueryResult[];
        const results = (Array.isArray(whole) ? whole : [whole]).map(({ rows, fields }) => [fields[0]?.name, rows]);
        const alone: unknown[] = [];
        for (const text of texts(sql)) {
          const { rows, fields } = await database.pool.query(text);
          alone.push([fields[0]?.name, rows]);
        }
        expect(alone).toEqual(results);
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });

  test('bodies of SQL functions stay whole', async () => {
    const sql = `create function one(begin int default 1) returns int language sql
      begin atomic select 1; select case when begin > 0 then (select case 1 when 1 then 7 end) else 2 end; end; select one();`;
    expect(texts(sql)).toHaveLength(2);
    for (const text of texts(sql)) await database.pool.query(text);
    expect((await database.pool.query('select one() as x')).rows).toEqual([{ x: 7 }]);
  });
});
