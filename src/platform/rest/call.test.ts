/** Functions, preferences and media types, after cases of PostgREST's own specification. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessOf, type Demo, id, openDemo } from './rest.fixture.ts';

let demo: Demo;
const get: Demo['get'] = (...args) => demo.get(...args);
const refusal: Demo['refusal'] = (...args) => demo.refusal(...args);
const undone: Demo['undone'] = (...args) => demo.undone(...args);
beforeAll(async () => {
  demo = await openDemo();
});
afterAll(() => demo.close());

describe('functions', () => {
  const post = (name: string, body: unknown, headers: Record<string, string> = {}, search = '') =>
    get(`rpc/${name}${search}`, { method: 'POST', body: JSON.stringify(body), headers });

  test('scalars, JSON, arrays, defaults', async () => {
    expect((await get('rpc/add_them?a=1')).json).toBe(11);
    expect((await post('add_them', { a: 1, b: 2 })).json).toBe(3);
    expect((await post('echo_json', { value: { a: [1, null] } })).json).toEqual({ a: [1, null] });
    expect((await post('echo_json', { value: null })).json).toBe(null);
    expect((await get('rpc/sum_of?numbers={1,2,39}')).json).toBe(42);
    expect((await get('rpc/sum_of', { method: 'POST', body: '{"numbers": [9007199254740993, 1]}' })).bodyText).toBe(
      '9007199254740994',
    );
  });

  test('rows: selected, filtered, ordered, cut, embedded; the organization comes from the scope', async () => {
    const { json, headers } = await post(
      'projects_like',
      { pattern: '%' },
      { prefer: 'count=exact' },
      '?select=name,clients(name)&order=name.desc&limit=1&name=like.W*',
    );
    expect(json).toEqual([{ name: 'Windows 7', clients: { name: 'Microsoft' } }]);
    expect(headers['content-range']).toBe('0-0/2');
    expect((await get('rpc/counts?kind=eq.tasks')).json).toEqual([{ kind: 'tasks', amount: 4 }]);
    expect(JSON.stringify((await post('projects_like', { pattern: '%' })).json)).not.toContain('xyzzy');
    expect(await refusal('rpc/projects_like?pattern=x&secret=eq.x')).toContain('400 unknown_column');
  });

  test('void, and methods', async () => {
    await undone(async () => {
      const response = await post('rename_project', { project: id(11), name: 'Renamed' });
      expect([response.status, response.bodyText]).toEqual([204, '']);
      expect((await get(`projects?select=name&id=eq.${id(11)}`)).json).toEqual([{ name: 'Renamed' }]);
      expect(await refusal(`rpc/rename_project?project=${id(11)}&name=x`)).toContain('405 method_not_allowed');
    });
  });

  test.each([
    ['rpc/not_registered', '404 unknown_function'],
    ['rpc/pg_sleep?a=1', '404 unknown_function'],
    ['rpc/add_them', '422 required_value: "add_them" needs "a".'],
    ['rpc/add_them?a=x', '422 invalid_value'],
    ['rpc/projects_like?pattern=x&organization_id=eq.1', '422 invalid_value'],
  ])('%s is refused', async (path, expected) => {
    expect(await refusal(path)).toContain(expected);
  });

  test('bodies that hold no arguments', async () => {
    const body = (text: string) => refusal('rpc/add_them', { method: 'POST', body: text });
    expect(await body('{"a": 1, "c": 2}')).toContain('unknown_column: "add_them" has no parameter "c".');
    expect(await body('{"a": 1.5}')).toContain('422 invalid_value');
    expect(await body('{"a": {}}')).toContain('422 invalid_value');
    expect(await body('[1]')).toContain('400 invalid_rows');
    expect(await refusal('rpc/add_them?a=1', { access: accessOf({ mayCall: () => false }) })).toContain(
      '404 unknown_function',
    );
  });
});

describe('preferences', () => {
  test.each([
    ['tx=rollback', '400 invalid_preference: tx=rollback is not supported'],
    ['handling=strict, anything=1', '400 invalid_preference: Not supported: anything=1.'],
    ['handling=strict, count=some', '400 invalid_preference'],
    ['handling=strict, tx=commit', 'no error'],
    ['anything, count=none', 'no error'],
  ])('%s', async (prefer, expected) => {
    expect(await refusal('clients', { headers: { prefer } })).toContain(expected);
  });

  test('bodies must be JSON', async () => {
    const headers = { 'content-type': 'text/csv' };
    expect(await refusal('labels', { method: 'POST', body: 'slug\nx', headers })).toContain(
      '415 unsupported_media_type',
    );
  });
});
