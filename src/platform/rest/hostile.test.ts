/** Input that people will attack this with: each ends in an answer or an error of the catalogue, soon. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlinthError } from '../core/errors.ts';
import { type Demo, id, openDemo } from './rest.fixture.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await openDemo();
});
afterAll(() => demo.close());

/** "status code" of what the request ends in. */
async function ending(
  resource: string,
  search: string,
  rest: { method?: string; body?: string; prefer?: string } = {},
) {
  const { prefer, ...request } = rest;
  try {
    const headers = prefer === undefined ? {} : { prefer };
    return String((await demo.handle({ resource, search, headers, ...request })).status);
  } catch (error) {
    if (!(error instanceof PlinthError)) throw error;
    return `${error.status} ${error.code}`;
  }
}

describe('query strings', () => {
  test.each([
    ['a null byte', 'name=eq.a%00b', '400 rest_syntax'],
    ['half a surrogate pair', 'name=eq.%ED%A0%80', '400 rest_syntax'],
    ['a quote in a name', 'select=%22id%22%22%3B%20drop%20table%20demo.labels%3B--%22', '400 rest_syntax'],
    [
      'SQL in a name',
      `select=${encodeURIComponent('"id from demo.labels; drop table demo.labels; --"')}`,
      '400 unknown_column',
    ],
    ['SQL in an alias', `select=${encodeURIComponent('"x\\" from demo.hidden; --":id')}`, '200'],
    ['SQL in a value', `name=eq.${encodeURIComponent("'; drop table demo.labels; --")}`, '200'],
    ['SQL in a JSON key', `data->>${encodeURIComponent('"\' or 1=1 --"')}=eq.x`, '200'],
    ['SQL in a cast', `select=id::${encodeURIComponent('text from demo.hidden')}`, '400 rest_syntax'],
    ['SQL in a language', `name=fts(${encodeURIComponent("english'); drop")}).x`, '400 unknown_operator'],
    ['SQL in an order', `order=${encodeURIComponent('id; drop table demo.labels')}`, '400 rest_syntax'],
    ['SQL in a limit', 'limit=1;drop', '400 rest_syntax'],
    ['a system column', 'select=ctid', '400 unknown_column'],
    ['the whole row', 'select=entities', '400 unknown_column'],
    ['another schema', 'select=pg_catalog.pg_class', '400 rest_syntax'],
    ['a name of JavaScript', 'constructor=eq.1', '400 unknown_column'],
    ['a prototype', 'select=__proto__', '400 unknown_column'],
    ['everything twice', 'select=*,*,*', '200'],
    ['an array nested too deep', `numbers=eq.${'{'.repeat(50)}${'}'.repeat(50)}`, '400 query_too_complex'],
    ['JSON nested too deep', `data=eq.${'['.repeat(3000)}${']'.repeat(3000)}`, '422 invalid_value'],
    ['a search nested too deep', `name=fts.${'('.repeat(3000)}a${')'.repeat(3000)}`, '400 query_too_complex'],
    ['a regular expression that is none', 'name=match.(((', '422 invalid_value'],
    ['a language that is none', 'name=fts(klingon).x', '422 invalid_value'],
    ['the largest offset', 'offset=999999999999999', '200'],
    ['a larger one', 'offset=9999999999999999', '400 rest_syntax'],
    ['any script', `name=eq.${encodeURIComponent('Ж😀é')}&select=${encodeURIComponent('имя:name')}`, '200'],
  ])('%s', async (_, search, expected) => {
    expect(await ending('entities', search)).toBe(expected);
  });

  test('filters on embedded tables that repeat each other', async () => {
    const deep = (name: string) => `or=(${Array(20).fill(`${name}.is.null`).join()})`;
    const search = `select=clients(projects(tasks()))&${deep('clients')}&clients.${deep('projects')}&clients.projects.${deep('tasks')}`;
    expect(await ending('projects', search)).toBe('400 query_too_complex');
  });
});

describe('bodies and headers', () => {
  const post = (body: string) => ending('projects', '', { method: 'POST', body });

  test('numbers that are hard to read', async () => {
    expect(await post(`{"name": "x", "budget": "${'1'.repeat(500_000)}x"}`)).toBe('422 invalid_value');
    expect(await post(`{"name": "x", "budget": 1e400}`)).toBe('422 invalid_value');
    expect(await post(`{"name": "x", "size": 9223372036854775808}`)).toBe('422 invalid_value');
  });

  test('rows of very many keys, or very many rows', async () => {
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 1]));
    expect(await post(JSON.stringify(keys))).toBe('400 invalid_rows');
    const some = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`k${index}`, 1]));
    expect(await post(JSON.stringify([some, some]))).toBe('400 unknown_column');
    expect(await post(JSON.stringify(Array(10_001).fill({ name: 'x' })))).toBe('413 too_many_rows');
  });

  test('a key twice can not smuggle in another organization', async () => {
    const theirs = '0b000000-0000-7000-8000-000000000002';
    const ours = '0a000000-0000-7000-8000-000000000001';
    await demo.undone(async () => {
      const body = `{"slug": "twice", "organization_id": "${theirs}", "organization_id": "${ours}"}`;
      expect(await ending('labels', '', { method: 'POST', body })).toBe('201');
      const { rows } = await demo.db.query("select organization_id from demo.labels where slug = 'twice'");
      expect(rows).toEqual([{ organization_id: ours }]);
    });
  });

  test('names of JavaScript in a Prefer header, and more commas than sense', async () => {
    expect(await ending('clients', '', { prefer: 'constructor=x, __proto__=y, toString' })).toBe('200');
    expect(await ending('clients', '', { prefer: ','.repeat(5000) })).toBe('200');
  });

  test('another organization stays out of reach by every verb', async () => {
    const theirs = `id=eq.${id(35)}`;
    const body = '{"name": "mine"}';
    expect((await demo.get(`tasks?${theirs}`)).json).toEqual([]);
    expect((await demo.get(`tasks?or=(${theirs.replace('=', '.')},id.not.is.null)&name=eq.Spying`)).json).toEqual([]);
    const prefer = 'count=exact';
    const changed = await demo.handle({
      resource: 'tasks',
      search: theirs,
      method: 'PATCH',
      body,
      headers: { prefer },
    });
    expect(changed.headers['content-range']).toBe('*/0');
    const removed = await demo.handle({ resource: 'tasks', search: theirs, method: 'DELETE', headers: { prefer } });
    expect(removed.headers['content-range']).toBe('*/0');
    await demo.undone(async () => {
      const row = JSON.stringify({ id: id(35), name: 'copy' });
      const headers = { prefer: 'resolution=merge-duplicates' };
      await demo.handle({ resource: 'tasks', method: 'POST', body: row, headers });
      const { rows } = await demo.db.query(`select name from demo.tasks where id = '${id(35)}' order by name`);
      expect(rows).toEqual([{ name: 'Spying' }, { name: 'copy' }]);
    });
  });
});

test('queries of every kind end in an answer or an error of the catalogue', async () => {
  const column = fc.constantFrom(
    'id',
    'name',
    'numbers',
    'span',
    'data',
    'data->a',
    'data->>a',
    'data->0',
    'organization_id',
    'x',
  );
  const operator = fc.constantFrom(
    ...'eq neq gt gte lt lte like ilike match imatch in is isdistinct cs cd ov sl sr adj fts plfts wfts(english) fts(nope) eq(any) like(all) not.eq'.split(
      ' ',
    ),
  );
  const value = fc.constantFrom(
    ...'1 -1 99999999999 1.5 null true {} {1,2} {a,"} [1,2) [ (1,2) ("a") {"a":1} [1] "x" %25 * ( a&b !a \\ ((((a)*)*)* ü %F0%9F%98%80 2026-01-01 00000000-0000-7000-8000-000000000001'.split(
      ' ',
    ),
  );
  const filter = fc
    .tuple(column, operator, value)
    .map(([a, b, c]) => `${a}=${b}.${c.startsWith('%') ? c : encodeURIComponent(c)}`);
  const order = fc.tuple(column, fc.constantFrom('', '.desc', '.nullsfirst')).map(([a, b]) => `order=${a}${b}`);
  const select = fc
    .array(fc.tuple(column, fc.constantFrom('', '::text', '::int', '::uuid', '::jsonb', '::date')), {
      minLength: 1,
      maxLength: 3,
    })
    .map((items) => `select=${items.map(([a, b]) => `${a}${b}`).join()}`);
  const search = fc
    .tuple(fc.array(filter, { maxLength: 2 }), fc.option(order), fc.option(select))
    .map(([filters, ...rest]) => [...filters, ...rest.filter((part) => part !== null)].join('&'));
  await fc.assert(
    fc.asyncProperty(search, async (one) => {
      await demo.handle({ resource: 'entities', search: one }).catch((error: unknown) => {
        if (!(error instanceof PlinthError) || error.status >= 500) throw error;
      });
    }),
    { seed: 20261122, numRuns: 1500 },
  );
}, 60_000);
