/** Cases of PostgREST's own specification (test/spec/Feature/Query), on a schema with composite keys. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestRequest } from './execute.ts';
import { accessOf, acme, type Demo, id, openDemo, other } from './rest.fixture.ts';

let demo: Demo;
const get: Demo['get'] = (...args) => demo.get(...args);
const refusal: Demo['refusal'] = (...args) => demo.refusal(...args);
const send: Demo['send'] = (...args) => demo.send(...args);
const undone: Demo['undone'] = (...args) => demo.undone(...args);
beforeAll(async () => {
  demo = await openDemo();
});
afterAll(() => demo.close());

const names = (rows: unknown) => (rows as { name: string }[]).map((row) => row.name);

describe('insert', () => {
  test('without preference: 201 and nothing else', async () => {
    await undone(async () => {
      const response = await send('POST', 'labels', { slug: 'a' });
      expect([response.status, response.bodyText, response.headers]).toEqual([201, '', { 'content-range': '*/*' }]);
    });
  });

  test('representation, select, embedding, casts, count', async () => {
    await undone(async () => {
      const response = await send(
        'POST',
        'tasks?select=Name:name,id::text,projects(name)',
        [{ id: id(51), name: 'New', project_id: id(12) }],
        'return=representation, count=exact',
      );
      expect(response.status).toBe(201);
      expect(response.json).toEqual([{ Name: 'New', id: id(51), projects: { name: 'Windows 10' } }]);
      expect(response.headers['content-range']).toBe('*/1');
      expect(response.headers['preference-applied']).toBe('return=representation, count=exact');
    });
  });

  test('headers only: where the row is', async () => {
    await undone(async () => {
      const response = await send('POST', 'labels', { id: id(52), slug: 'b' }, 'return=headers-only');
      expect(response.headers['location']).toBe(`/rest/v1/labels?id=eq.${id(52)}`);
      expect(response.bodyText).toBe('');
      const many = await send('POST', 'labels', [{ slug: 'c' }, { slug: 'd' }], 'return=headers-only');
      expect(many.headers).not.toHaveProperty('location');
    });
  });

  test('JSON, arrays, every digit, and defaults', async () => {
    await undone(async () => {
      const body =
        '{"name": "n", "size": 9223372036854775807, "budget": 1234567890123456.7891, "settings": {"k": [1.10]}, "tags": ["a,b", "\\"q"], "mood": "busy", "done": false, "notes": {"z":1,"a":2}}';
      const response = await send(
        'POST',
        'projects?select=size,budget,settings,tags,priority,mood,done,notes,name_lower',
        body,
        'return=representation',
      );
      expect(response.bodyText).toBe(
        '[{"size":9223372036854775807,"budget":1234567890123456.7891,"settings":{"k": [1.10]},"tags":["a,b","\\"q"],"priority":3,"mood":"busy","done":false,"notes":{"z":1,"a":2},"name_lower":"n"}]',
      );
    });
  });

  test('many rows: same keys, or named columns with defaults or nulls for the missing', async () => {
    await undone(async () => {
      expect(await refusal('labels', { method: 'POST', body: '[{"slug":"x"},{"slug":"y","title":"t"}]' })).toContain(
        '400 invalid_rows',
      );
      const rows = [{ slug: 'x' }, { slug: 'y', title: 't', ignored: 1 }];
      const select = 'labels?columns=slug,title&select=slug,title&order=slug';
      const nulls = await send('POST', select, rows, 'return=representation');
      expect(nulls.json).toEqual([
        { slug: 'x', title: null },
        { slug: 'y', title: 't' },
      ]);
      const other = [{ slug: 'x2' }, { slug: 'y2', title: null }, { slug: 'z2', title: 't' }];
      const defaults = await send('POST', select, other, 'return=representation, missing=default');
      expect(defaults.json).toEqual([
        { slug: 'x2', title: 'untitled' },
        { slug: 'y2', title: null },
        { slug: 'z2', title: 't' },
      ]);
      expect(defaults.headers['preference-applied']).toBe('missing=default, return=representation');
    });
  });

  test('no rows, empty rows', async () => {
    await undone(async () => {
      const none = await send('POST', 'labels', [], 'return=representation');
      expect([none.status, none.json]).toEqual([201, []]);
      expect(
        await refusal('labels', {
          method: 'POST',
          body: '[]',
          headers: { accept: 'application/vnd.pgrst.object+json' },
        }),
      ).toBe('406 not_single_row: The result contains 0 rows');
    });
  });

  test('of two rows as one object is refused and rolled back', async () => {
    const headers = { accept: 'application/vnd.pgrst.object+json', prefer: 'return=representation' };
    const body = '[{"slug":"p"},{"slug":"q"}]';
    expect(await refusal('labels', { method: 'POST', body, headers })).toContain('406 not_single_row');
    expect((await get('labels?slug=in.(p,q)')).json).toEqual([]);
  });

  test.each([
    ['{"slug":"x","organization_id":"0b000000-0000-7000-8000-000000000002"}', '403 forbidden'],
    ['{"slug":"x","nope":1}', '400 unknown_column: "labels" has no column "nope".'],
    ['{"slug":"x","id":"abc"}', '422 invalid_value: "abc" is not a value of "id"'],
    ['{"slug":"\\u0000"}', '422 invalid_value'],
    ['{"slug":"\\ud800"}', '422 invalid_value'],
    ['{"slug":', '400 invalid_json'],
    ['"x"', '400 invalid_rows'],
    ['[[]]', '400 invalid_rows'],
    ['null', '400 invalid_rows'],
    ['{"__proto__": 1}', '400 unknown_column'],
  ])('%s is refused', async (body, expected) => {
    expect(await refusal('labels', { method: 'POST', body })).toContain(expected);
  });

  test('values no type takes are refused before or by the database, with one code', async () => {
    const post = (body: object) => refusal('projects', { method: 'POST', body: JSON.stringify(body) });
    expect(await post({ name: 'x', rating: 40000 })).toContain('invalid_value: "40000" is not a value of "rating"');
    expect(await post({ name: 'x', started_on: '2026-02-30' })).toContain('422 invalid_value');
    expect(await post({ name: 'x', created_at: 'yesterday-ish' })).toContain('422 invalid_value');
    expect(await post({ name: 'x', mood: 'sad' })).toContain('422 invalid_value');
    expect(await post({ name: 'x', label: 'too long' })).toContain('422 invalid_value');
    expect(await post({ name: 'x', tags: 'a' })).toContain('422 invalid_value');
    expect(await post({ name: 'x', name_lower: 'x' })).toContain(
      '400 column_not_writable: "name_lower" of "projects" is computed',
    );
    expect(await post({ name: 'x', secret: 'x' })).toContain('400 unknown_column');
  });

  test('a table the role has no right to does not exist', async () => {
    expect(await refusal('hidden')).toBe('404 unknown_table: There is no table "hidden".');
    expect(await refusal('countries', { method: 'POST', body: '{"code":"x","name":"x"}' })).toBe(
      '403 forbidden: countries:insert',
    );
    expect(await refusal('project')).toBe('404 unknown_table: There is no table "project".');
    expect(await refusal('pg_class')).toContain('404 unknown_table');
    expect(await refusal('labels', { method: 'PUT', body: '{}' })).toContain('405 method_not_allowed');
  });
});

describe('upsert', () => {
  test('merges on the primary key, without the organization in the body', async () => {
    await undone(async () => {
      const rows = [
        { id: id(41), slug: 'crimson' },
        { id: id(53), slug: 'green' },
      ];
      const response = await send(
        'POST',
        'labels?select=id,slug,title',
        rows,
        'return=representation, resolution=merge-duplicates',
      );
      expect(response.status).toBe(201);
      expect(response.json).toEqual([
        { id: id(41), slug: 'crimson', title: 'Red' },
        { id: id(53), slug: 'green', title: 'untitled' },
      ]);
      expect(response.headers['preference-applied']).toBe('resolution=merge-duplicates, return=representation');
    });
  });

  test('merges on a unique key, and does not touch another organization', async () => {
    await undone(async () => {
      const response = await send(
        'POST',
        'labels?on_conflict=slug&select=id,title',
        { slug: 'red', title: 'Redder' },
        'return=representation, resolution=merge-duplicates',
      );
      expect(response.json).toEqual([{ id: id(41), title: 'Redder' }]);
      const theirs = await demo.db.query(`select title from demo.labels where id = '${id(42)}'`);
      expect(theirs.rows).toEqual([{ title: 'Their red' }]);
    });
  });

  test('ignores duplicates', async () => {
    await undone(async () => {
      const rows = [
        { slug: 'red', title: 'no' },
        { slug: 'lime', title: 'yes' },
      ];
      const response = await send(
        'POST',
        'labels?on_conflict=slug&select=slug',
        rows,
        'return=representation, resolution=ignore-duplicates',
      );
      expect([response.status, response.json]).toEqual([201, [{ slug: 'lime' }]]);
    });
  });

  test('of a table that is all key', async () => {
    await undone(async () => {
      const body = { project_id: id(11), person_id: id(21) };
      const response = await send(
        'POST',
        'project_members?select=project_id',
        body,
        'return=representation, resolution=merge-duplicates',
      );
      expect(response.json).toEqual([{ project_id: id(11) }]);
    });
  });

  test('refusals', async () => {
    const merge = (search: string, body: unknown, options: Partial<RestRequest> = {}) =>
      refusal(`labels${search}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { prefer: 'resolution=merge-duplicates' },
        ...options,
      });
    expect(await merge('?on_conflict=title', { slug: 'x' })).toBe(
      '400 no_unique_key: "labels" has unique keys over id and slug.',
    );
    expect(await merge('?on_conflict=slug', [{ slug: 'red' }, { slug: 'red' }])).toContain('400 invalid_rows');
    const access = accessOf({ rules: { 'labels:update': 'none' } });
    expect(await merge('?on_conflict=slug', { slug: 'red' }, { access })).toBe('403 forbidden: labels:update');
  });

  test('of a row that is another member’s is refused', async () => {
    const own = { ownerColumn: 'owner_id' };
    const access = accessOf({ rules: { 'projects:update': own, 'projects:insert': own } });
    const body = JSON.stringify({ id: id(12), name: 'Mine now' });
    const headers = { prefer: 'resolution=merge-duplicates' };
    expect(await refusal('projects', { method: 'POST', body, access, headers })).toContain('403 forbidden');
    expect((await get(`projects?select=name&id=eq.${id(12)}`)).json).toEqual([{ name: 'Windows 10' }]);
  });
});

describe('update', () => {
  test('changes what the filters choose, and returns what they became', async () => {
    await undone(async () => {
      const search = `tasks?select=name,projects(name)&name=like.Design*&order=name`;
      const response = await send('PATCH', search, { name: 'Renamed' }, 'return=representation, count=exact');
      expect(response.status).toBe(200);
      expect(response.json).toHaveLength(2);
      expect(response.headers['content-range']).toBe('0-1/2');
      const silent = await send('PATCH', `tasks?id=eq.${id(32)}`, { name: 'x' });
      expect([silent.status, silent.bodyText, silent.headers]).toEqual([204, '', { 'content-range': '0-0/*' }]);
    });
  });

  test('nothing found, nothing named', async () => {
    const none = await send('PATCH', `tasks?id=eq.${id(99)}`, { name: 'x' }, 'return=representation');
    expect([none.status, none.json, none.headers['content-range']]).toEqual([200, [], '*/*']);
    const empty = await send('PATCH', `tasks?id=eq.${id(31)}`, {}, 'return=representation');
    expect([empty.status, empty.json]).toEqual([200, []]);
    const theirs = await send('PATCH', `tasks?id=eq.${id(35)}`, { name: 'x' }, 'count=exact');
    expect([theirs.status, theirs.headers['content-range']]).toEqual([204, '*/0']);
  });

  test('the organization can be named, not changed', async () => {
    await undone(async () => {
      const same = await send('PATCH', `tasks?id=eq.${id(31)}`, { organization_id: acme, name: 'x' }, 'count=exact');
      expect(same.headers['content-range']).toBe('0-0/1');
      expect(
        await refusal(`tasks?id=eq.${id(31)}`, { method: 'PATCH', body: JSON.stringify({ organization_id: other }) }),
      ).toContain('403 forbidden');
    });
  });

  test.each([
    ['tasks', { name: 'x' }, '400 filter_required'],
    ['tasks?select=name&order=name', { name: 'x' }, '400 filter_required'],
    ['tasks?name=eq.x&limit=1', { name: 'x' }, '400 not_supported'],
    ['tasks?name=eq.x', [{ name: 'x' }, { name: 'y' }], '400 invalid_rows'],
    ['tasks?name=eq.x', { nam: 'x' }, '400 unknown_column'],
    [
      'projects?name=eq.x',
      { created_at: '2026-01-01' },
      '400 column_not_writable: "created_at" of "projects" can not be written by update.',
    ],
    ['projects?secret=eq.x', { name: 'x' }, '400 unknown_column'],
  ])('%s %j', async (path, body, expected) => {
    expect(await refusal(path, { method: 'PATCH', body: JSON.stringify(body) })).toContain(expected);
  });

  test('max-affected and one object roll back', async () => {
    const strict = { prefer: 'handling=strict, max-affected=1' };
    const body = JSON.stringify({ name: 'x' });
    expect(await refusal('tasks?name=like.Design*', { method: 'PATCH', body, headers: strict })).toBe(
      '400 max_affected_exceeded: The query affects 2 rows, max-affected is 1.',
    );
    expect(
      await refusal('tasks?name=like.Design*', {
        method: 'PATCH',
        body,
        headers: { accept: 'application/vnd.pgrst.object+json' },
      }),
    ).toContain('406');
    expect(names((await get('tasks?select=name&name=like.Design*')).json)).toHaveLength(2);
  });

  test('rows of their own only', async () => {
    await undone(async () => {
      const access = accessOf({ rules: { 'projects:update': { ownerColumn: 'owner_id' } } });
      const options = {
        method: 'PATCH',
        access,
        body: '{"priority": 9}',
        headers: { prefer: 'return=representation' },
      };
      const { json } = await get('projects?select=name&order=name&name=like.*', options);
      expect(names(json)).toEqual(['IOS', 'Windows 7']);
    });
  });
});

describe('delete', () => {
  test('removes what the filters choose', async () => {
    await undone(async () => {
      const response = await send(
        'DELETE',
        'tasks?select=name&project_id=is.null',
        undefined as unknown as string,
        'return=representation, count=exact',
      );
      expect([response.status, response.json, response.headers['content-range']]).toEqual([
        200,
        [{ name: 'Loose' }],
        '*/1',
      ]);
      const silent = await get(`tasks?id=eq.${id(31)}`, { method: 'DELETE' });
      expect([silent.status, silent.bodyText]).toEqual([204, '']);
      expect(await refusal('tasks', { method: 'DELETE' })).toContain('400 filter_required');
      expect((await get('tasks?select=id')).json).toHaveLength(2);
    });
  });
});
