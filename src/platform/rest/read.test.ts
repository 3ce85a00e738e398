/** Cases of PostgREST's own specification (test/spec/Feature/Query), on a schema with composite keys. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessOf, acme, type Demo, eventIds, id, openDemo, other } from './rest.fixture.ts';

let demo: Demo;
const get: Demo['get'] = (...args) => demo.get(...args);
const refusal: Demo['refusal'] = (...args) => demo.refusal(...args);
beforeAll(async () => {
  demo = await openDemo();
});
afterAll(() => demo.close());

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
