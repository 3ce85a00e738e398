/** Cases of PostgREST's own specification (test/spec/Feature/Query), on a schema with composite keys. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlinthError } from '../core/errors.ts';
import type { RestRequest } from './execute.ts';
import { accessOf, acme, type Demo, eventIds, id, openDemo, other } from './rest.fixture.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await openDemo();
});
afterAll(() => demo.close());

/** Encodes a readable query string, keeping its structure. */
const encode = (search: string) => encodeURI(search).replaceAll('+', '%2B').replaceAll('#', '%23');

async function get(path: string, options: Partial<RestRequest> = {}) {
  const [resource = '', search = ''] = path.split(/\?(.*)/s);
  const response = await demo.handle({ resource, search: encode(search), ...options });
  return { ...response, json: response.bodyText === '' ? undefined : (JSON.parse(response.bodyText) as unknown) };
}

async function refusal(path: string, options: Partial<RestRequest> = {}): Promise<string> {
  try {
    await get(path, options);
    return 'no error';
  } catch (error) {
    if (error instanceof PlinthError) return `${error.status} ${error.code}: ${error.detail}`;
    throw error;
  }
}

const send = (method: string, path: string, body: unknown, prefer = '', headers: Record<string, string> = {}) =>
  get(path, { method, body: typeof body === 'string' ? body : JSON.stringify(body), headers: { prefer, ...headers } });

/** Runs what is written and takes it back. */
async function undone(work: () => Promise<void>): Promise<void> {
  const dump = await demo.db.exec(
    'create schema saved; create table saved.labels as table demo.labels; create table saved.tasks as table demo.tasks;' +
      'create table saved.projects as select * from demo.projects',
  );
  expect(dump.length).toBeGreaterThan(0);
  try {
    await work();
  } finally {
    const columns = [...demo.relations.tables.get('projects')!.columns.values()].filter((column) => !column.generated);
    const list = columns.map((column) => `"${column.name}"`).join(', ');
    await demo.db.exec(
      `delete from demo.labels; insert into demo.labels table saved.labels;
       delete from demo.project_members where not exists (select 1 from saved.projects p where p.id = project_id);
       delete from demo.tasks; delete from demo.projects p where not exists (select 1 from saved.projects s where s.id = p.id);
       insert into demo.projects (${list}) select ${list} from saved.projects on conflict (organization_id, id) do update set
         name = excluded.name, settings = excluded.settings, priority = excluded.priority, tags = excluded.tags;
       insert into demo.tasks table saved.tasks; drop schema saved cascade`,
    );
  }
}

const names = (rows: unknown) => (rows as { name: string }[]).map((row) => row.name);

describe('filters', () => {
  test.each([
    ['entities?id=eq.3', [3]],
    ['entities?id=not.eq.3&order=id', [1, 2, 4]],
    ['entities?id=gt.1&id=lte.3&order=id', [2, 3]],
    ['entities?id=not.lt.3&order=id', [3, 4]],
    ['entities?id=neq.1&order=id', [2, 3, 4]],
    ['entities?id=in.(1,3,5)&order=id', [1, 3]],
    ['entities?id=not.in.(1,3,5)&order=id', [2, 4]],
    ['entities?id=in.()', []],
    ['entities?name=is.null', [4]],
    ['entities?name=not.is.null&order=id', [1, 2, 3]],
    ['entities?name=is.not_null&order=id', [1, 2, 3]],
    ['entities?name=like.*2', [2]],
    ['entities?name=ilike.ENTITY*&order=id', [1, 2, 3]],
    ['entities?name=not.like.*2&order=id', [1, 3]],
    ['entities?name=match.y [12]$&order=id', [1, 2]],
    ['entities?name=imatch.^ENT.*1', [1]],
    ['entities?name=like(any).{*1,*2}&order=id', [1, 2]],
    ['entities?name=like(all).{ent*,*2}', [2]],
    ['entities?id=eq(any).{1,2}&order=id', [1, 2]],
    ['entities?id=gte(all).{2,3}&order=id', [3, 4]],
    ['entities?name=isdistinct.entity 1&order=id', [2, 3, 4]],
    ['entities?or=(id.lte.1,id.gte.4)&order=id', [1, 4]],
    ['entities?or=(name.like.*1,name.ilike.*ENTITY 2)&order=id', [1, 2]],
    ['entities?and=(name.is.null,numbers.is.null)', [4]],
    ['entities?and=( and ( id.in.( 1, 2, 3 ) , id.eq.3 ) , or ( id.eq.2 , id.eq.3 ) )', [3]],
    ['entities?and=(numbers.not.cs.{1,2,3},and(id.not.eq.2,name.not.like.*3))', [1]],
    ['entities?and=(numbers.not.cd.{1},or(id.not.lt.1,id.not.gte.3))&order=id', [2, 3]],
    ['entities?not.or=(id.eq.1,id.eq.2)&order=id', [3, 4]],
    ['entities?or=(and_starting.eq.smth,id.eq.2)', [2]],
    ['entities?or=(numbers.cs.{1,2,3},numbers.cd.{1})&order=id', [1, 3]],
    ['entities?numbers=eq.{1,2,3}', [3]],
    ['entities?numbers=lt.{2,3}&order=id', [1, 2, 3]],
    ['entities?numbers=cs.{1,2}&order=id', [2, 3]],
    ['entities?numbers=cd.{1,2,6}&order=id', [1, 2]],
    ['entities?numbers=ov.{2,3}&order=id', [2, 3]],
    ['entities?numbers=isdistinct.{1,2}&order=id', [1, 3, 4]],
    ['entities?span=eq.[1,3]', [1]],
    ['entities?span=cs.[1,2]', [1]],
    ['entities?span=ov.[0,4]&order=id', [1, 2]],
    ['entities?or=(span.ov.[0,2],span.sr.(9,10])&order=id', [1]],
    ['entities?span=sl.[9,10]&order=id', [1, 2]],
    ['entities?span=sr.[3,4]&order=id', [3, 4]],
    ['entities?span=nxr.[4,7]&order=id', [1, 2]],
    ['entities?span=nxl.[4,7]&order=id', [3, 4]],
    ['entities?span=adj.(3,10]', [1]],
    ['entities?data->a=eq.1', [1]],
    ['entities?data->>a=eq.2', [2]],
    ['entities?data->a=gt.1', [2]],
    ['entities?data->b=eq.null', [3]],
    ['entities?data->>b=is.null&order=id', [1, 2, 3, 4]],
    ['entities?data=cs.{"a": 1}', [1]],
    ['entities?data=eq.{"a":2}', [2]],
    ['entities?"odd \\"name"=is.null&limit=1&order=id', [1]],
  ])('%s', async (path, expected) => {
    const { json } = await get(path.replace('?', '?select=id&'));
    expect((json as { id: number }[]).map((row) => row.id)).toEqual(expected);
  });

  test('of boolean, date, time, enum, domain, numeric and bigint columns', async () => {
    const found = async (search: string) => names((await get(`projects?select=name&order=name&${search}`)).json);
    expect(await found('done=is.true')).toEqual(['Windows 7']);
    expect(await found('done=is.unknown')).toEqual(['IOS', 'Orphan']);
    expect(await found('done=eq.f')).toEqual(['Windows 10']);
    expect(await found('started_on=gt.2025-01-01')).toEqual(['Windows 10']);
    expect(await found('created_at=lte.2026-01-01T01:00:00+01:00&limit=1')).toEqual(['IOS']);
    expect(await found('mood=eq.calm')).toEqual(['Windows 7']);
    expect(await found('budget=eq.100.5')).toEqual(['Windows 7']);
    expect(await found('size=eq.9007199254740993')).toEqual(['Windows 7']);
    expect(await found('code=is.null&limit=1')).toEqual(['IOS']);
    expect(await found('tags=cs.{os,old}')).toEqual(['Windows 7']);
  });

  test('full text, on tsvector, text and jsonb', async () => {
    const found = async (search: string) => names((await get(`projects?select=name&order=name&${search}`)).json);
    expect(await found('search=fts.window')).toEqual(['Windows 10', 'Windows 7']);
    const both = await demo.handle({ resource: 'projects', search: 'select=name&search=fts(english).windows%26!7' });
    expect(JSON.parse(both.bodyText)).toEqual([{ name: 'Windows 10' }]);
    expect(await found('name=plfts(english).orphans')).toEqual(['Orphan']);
    expect(await found('name=phfts(simple).windows 10')).toEqual(['Windows 10']);
    expect(await found('name=wfts.ios or orphan')).toEqual(['IOS', 'Orphan']);
    expect(await found('name=not.wfts.windows')).toEqual(['IOS', 'Orphan']);
    expect(await found('settings=fts.x')).toEqual(['Windows 7']);
  });
});

describe('the page', () => {
  test('only the organization of the request, and only granted columns', async () => {
    const { json } = await get('projects?order=name');
    expect(names(json)).toEqual(['IOS', 'Orphan', 'Windows 10', 'Windows 7']);
    expect(Object.keys((json as object[])[0]!)).not.toContain('secret');
    expect((await get(`projects?organization_id=eq.${other}`)).json).toEqual([]);
    expect((await get('countries?order=code')).json).toEqual([
      { code: 'at', name: 'Austria' },
      { code: 'ch', name: 'Switzerland' },
    ]);
  });

  test('bigint and numeric keep all their digits', async () => {
    const { bodyText } = await get('projects?select=size,budget&name=eq.Windows 7');
    expect(bodyText).toBe('[{"size":9007199254740993,"budget":100.5000}]');
  });

  test('casts, aliases and JSON paths', async () => {
    const search = 'size::text,full:name,settings->a->>b,settings->list->1,x:settings->list->>-1,settings->n::int';
    const { json } = await get(`projects?select=${search}&name=eq.Windows 7`);
    expect(json).toEqual([{ size: '9007199254740993', full: 'Windows 7', b: 'x', list: 2, x: '3', n: 5 }]);
  });

  test('what is selected twice comes once; a later thing takes the name of an earlier', async () => {
    expect((await get('clients?select=id,id,*,id&order=id&limit=1')).json).toEqual([
      { id: id(1), organization_id: acme, name: 'Microsoft' },
    ]);
    expect((await get('projects?select=name,client_id,client_id(name)&name=eq.IOS')).json).toEqual([
      { name: 'IOS', client_id: { name: 'Apple' } },
    ]);
  });

  test('order by columns, JSON, nulls and a related table', async () => {
    const found = async (order: string) => names((await get(`projects?select=name,clients(name)&order=${order}`)).json);
    expect(await found('size.desc.nullslast,name')).toEqual(['Windows 7', 'IOS', 'Windows 10', 'Orphan']);
    expect(await found('size.nullsfirst')).toEqual(['Orphan', 'Windows 10', 'IOS', 'Windows 7']);
    expect(await found('settings->a->>b.desc.nullslast,name')).toEqual(['Windows 10', 'Windows 7', 'IOS', 'Orphan']);
    expect(await found('clients(name).asc.nullsfirst,name.desc')).toEqual(['Orphan', 'IOS', 'Windows 7', 'Windows 10']);
  });

  test.each([
    ['?limit=3', {}, 200, '0-2/*', 3],
    ['?limit=2&offset=1', {}, 200, '1-2/*', 2],
    ['?limit=2&offset=1', { prefer: 'count=exact' }, 206, '1-2/4', 2],
    ['?limit=0', {}, 200, '*/*', 0],
    ['', { prefer: 'count=exact' }, 200, '0-3/4', 4],
    ['', { prefer: 'count=planned' }, 200, '0-3/4', 4],
    ['?id=eq.9', { prefer: 'count=exact' }, 200, '*/0', 0],
    ['', { range: '1-2' }, 200, '1-2/*', 2],
    ['', { range: '2-' }, 200, '2-3/*', 2],
    ['?limit=3', { range: '0-1' }, 200, '0-1/*', 2],
    ['', { range: '2-100', prefer: 'count=exact' }, 206, '2-3/4', 2],
    ['', { range: 'bytes=0-1' }, 200, '0-3/*', 4],
  ])('entities%s with %j', async (search, headers, status, range, rows) => {
    const response = await get(`entities${search}`, { headers: headers as Record<string, string> });
    expect([response.status, response.headers['content-range'], (response.json as []).length]).toEqual([
      status,
      range,
      rows,
    ]);
  });

  test('impossible ranges', async () => {
    const counted = { headers: { prefer: 'count=exact' } };
    expect(await refusal('entities?offset=100', counted)).toBe(
      '416 invalid_range: An offset of 100 was asked for, but there are only 4 rows.',
    );
    expect(await refusal('entities', { headers: { range: '1-0' } })).toContain('416 invalid_range');
    expect((await get('entities?offset=100')).headers['content-range']).toBe('*/*');
  });

  test('HEAD has the headers and no body', async () => {
    const response = await get('entities', { method: 'HEAD', headers: { prefer: 'count=exact' } });
    expect([response.status, response.bodyText, response.headers['content-range']]).toEqual([200, '', '0-3/4']);
  });

  test('one object', async () => {
    const single = { headers: { accept: 'application/vnd.pgrst.object+json' } };
    const response = await get('clients?select=name,alias:id&name=eq.Apple', single);
    expect(response.json).toEqual({ name: 'Apple', alias: id(2) });
    expect(response.headers['content-type']).toBe('application/vnd.pgrst.object+json; charset=utf-8');
    expect(await refusal('clients?name=eq.nobody', single)).toBe('406 not_single_row: The result contains 0 rows');
    expect(await refusal('clients', single)).toBe('406 not_single_row: The result contains 2 rows');
  });

  test('nulls stripped', async () => {
    const headers = { accept: 'application/vnd.pgrst.array+json;nulls=stripped' };
    const response = await get('entities?select=id,name,data&id=gte.3&order=id', { headers });
    expect(response.json).toEqual([{ id: 3, name: 'entity 3', data: {} }, { id: 4 }]);
    expect(await refusal('entities', { headers: { accept: 'text/csv' } })).toContain('406 not_acceptable');
  });
});

describe('embedding', () => {
  test('to-one, to-many, many-to-many, one-to-one, by table, column and key', async () => {
    const select =
      'name,clients(name),client_id(id),c:projects_client_fkey(name),tasks(name),people(name),project_details(summary)';
    const { json } = await get(`projects?select=${select}&name=eq.Windows 7&tasks.order=name&people.order=name.desc`);
    expect(json).toEqual([
      {
        name: 'Windows 7',
        clients: { name: 'Microsoft' },
        client_id: { id: id(1) },
        c: { name: 'Microsoft' },
        tasks: [{ name: 'Code w7' }, { name: 'Design w7' }],
        people: [{ name: 'Michael' }, { name: 'Angela' }],
        project_details: { summary: 'seven' },
      },
    ]);
  });

  test('empty: null for one, [] for many', async () => {
    expect((await get('projects?select=clients(*),tasks(*),project_details(*)&name=eq.Orphan')).json).toEqual([
      { clients: null, tasks: [], project_details: null },
    ]);
  });

  test('levels, each with filters, orders and limits', async () => {
    const search = 'order=name.desc&projects.order=name&projects.limit=1&projects.tasks.name=like.Design*';
    const { json } = await get(`clients?select=name,projects(name,tasks(name))&${search}`);
    expect(json).toEqual([
      { name: 'Microsoft', projects: [{ name: 'Windows 10', tasks: [{ name: 'Design w10' }] }] },
      { name: 'Apple', projects: [{ name: 'IOS', tasks: [] }] },
    ]);
    const { json: logic } = await get(
      'projects?select=tasks(name)&name=eq.Windows 7&tasks.or=(name.eq.Code w7,name.eq.x)&tasks.offset=0',
    );
    expect(logic).toEqual([{ tasks: [{ name: 'Code w7' }] }]);
  });

  test('inner joins choose rows and counts; null filters too', async () => {
    const found = async (search: string) => {
      const { json, headers } = await get(`projects?order=name&${search}`, { headers: { prefer: 'count=exact' } });
      return [names(json), headers['content-range']];
    };
    expect(await found('select=name,clients!inner(name)&clients.name=eq.Apple')).toEqual([['IOS'], '0-0/1']);
    expect(await found('select=name,tasks!inner()&tasks.name=like.Design*')).toEqual([
      ['Windows 10', 'Windows 7'],
      '0-1/2',
    ]);
    expect(await found('select=name,tasks!inner(people!tasks_assignee_fkey!inner())')).toEqual([
      ['Windows 7'],
      '0-0/1',
    ]);
    expect(await found('select=name,clients()&clients=is.null')).toEqual([['Orphan'], '0-0/1']);
    expect(await found('select=name,clients()&clients=not.is.null&limit=1')).toEqual([['IOS'], '0-0/3']);
    expect(await found('select=name,people()&people=is.not_null')).toEqual([['IOS', 'Windows 7'], '0-1/2']);
    expect(await found('select=name,t:tasks(),clients()&or=(t.not.is.null,clients.is.null)')).toEqual([
      ['Orphan', 'Windows 10', 'Windows 7'],
      '0-2/3',
    ]);
  });

  test('a table related twice needs a hint, which the error gives', async () => {
    expect(await refusal('tasks?select=people(name)')).toBe(
      '300 ambiguous_relationship: "people" can be reached from "tasks" as people!tasks_assignee_fkey, people!tasks_reviewer_fkey.',
    );
    const select = 'assignee:people!assignee_id(name),reviewer:people!tasks_reviewer_fkey(name),reviewer_id(id)';
    expect((await get(`tasks?select=${select}&id=eq.${id(31)}`)).json).toEqual([
      { assignee: { name: 'Angela' }, reviewer: { name: 'Michael' }, reviewer_id: { id: id(22) } },
    ]);
    expect((await get(`people?select=name,tasks!reviewer_id(name)&name=eq.Michael`)).json).toEqual([
      { name: 'Michael', tasks: [{ name: 'Design w7' }] },
    ]);
  });

  test('a table related to itself: the column leads up, the table down', async () => {
    const { json } = await get('people?select=name,manager_id(name),reports:people(name)&name=eq.Michael');
    expect(json).toEqual([{ name: 'Michael', manager_id: { name: 'Angela' }, reports: [{ name: 'Dwight' }] }]);
  });

  test('spread', async () => {
    const { json } = await get(
      'tasks?select=name,...projects(project:name,...clients(client:name),people(name))&order=name',
    );
    expect(json).toEqual([
      { name: 'Code w7', project: 'Windows 7', client: 'Microsoft', people: [{ name: 'Angela' }, { name: 'Michael' }] },
      { name: 'Design w10', project: 'Windows 10', client: 'Microsoft', people: [] },
      {
        name: 'Design w7',
        project: 'Windows 7',
        client: 'Microsoft',
        people: [{ name: 'Angela' }, { name: 'Michael' }],
      },
      { name: 'Loose', project: null, client: null, people: null },
    ]);
  });

  test('more keys of the caller than a function takes arguments', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `k${index}:name`);
    const { json } = await get(`clients?select=${many.join()}&name=eq.Apple`);
    expect(json).toEqual([Object.fromEntries(many.map((_, index) => [`k${index}`, 'Apple']))]);
  });

  test('rows of the caller only, in tables around and inside', async () => {
    const access = accessOf({ rules: { 'projects:select': { ownerColumn: 'owner_id' } } });
    const { json } = await get('clients?select=name,projects(name)&order=name&projects.order=name', { access });
    expect(json).toEqual([
      { name: 'Apple', projects: [{ name: 'IOS' }] },
      { name: 'Microsoft', projects: [{ name: 'Windows 7' }] },
    ]);
    const nobody = accessOf({ userId: null, rules: { 'projects:select': { ownerColumn: 'owner_id' } } });
    expect(await refusal('projects', { access: nobody })).toBe('403 forbidden: projects:select');
  });
});

describe('ids of partitioned tables', () => {
  test('leave one partition to read', async () => {
    expect((await get(`events?select=kind&id=eq.${eventIds[1]}`)).json).toEqual([{ kind: 'issue' }]);
    expect((await get(`events?select=kind&id=in.(${eventIds.join()})&order=kind`)).json).toEqual([
      { kind: 'issue' },
      { kind: 'push' },
    ]);
    expect(
      (await get(`events?select=kind&or=(id.eq.${eventIds[0]},kind.eq.issue)&id=not.eq.${eventIds[1]}`)).json,
    ).toEqual([{ kind: 'push' }]);
    const where = `organization_id = '${acme}' and id = '${eventIds[1]}' and occurred_at >= demo.uuid_time('${eventIds[1]}') and occurred_at < demo.uuid_time_end('${eventIds[1]}')`;
    const plan = await demo.db.query<{ 'QUERY PLAN': string }>(`explain select * from demo.events where ${where}`);
    expect(plan.rows.map((row) => row['QUERY PLAN']).join('\n')).not.toContain('events_2026_01');
  });
});

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
