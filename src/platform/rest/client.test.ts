/** `@supabase/postgrest-js`, unchanged, against a server that does nothing but call `handleRest`. */
import { PostgrestClient } from '@supabase/postgrest-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessOf, type Demo, id, openDemo } from './rest.fixture.ts';

let demo: Demo;
let server: Awaited<ReturnType<Demo['listen']>>;
let client: PostgrestClient;
beforeAll(async () => {
  demo = await openDemo();
  server = await demo.listen();
  client = new PostgrestClient(server.url);
});
afterAll(async () => {
  await server.close();
  await demo.close();
});

describe('reads', () => {
  test('select, filters, order', async () => {
    const { data, error, status } = await client
      .from('projects')
      .select('name, budget')
      .in('name', ['IOS', 'Windows 7', 'with,comma', 'with"quote'])
      .not('budget', 'is', null)
      .order('name', { ascending: false, nullsFirst: false });
    expect([data, error, status]).toEqual([[{ name: 'Windows 7', budget: 100.5 }], null, 200]);
  });

  test('comparisons, patterns, containment, JSON, logic, match', async () => {
    const table = () => client.from('entities').select('id').order('id');
    const ids = async (query: PromiseLike<{ data: { id: number }[] | null; error: unknown }>) => {
      const { data, error } = await query;
      return error ?? data?.map((row) => row.id);
    };
    expect(await ids(table().eq('id', 2))).toEqual([2]);
    expect(await ids(table().neq('id', 2).lt('id', 4))).toEqual([1, 3]);
    expect(await ids(table().gt('id', 1).lte('id', 3))).toEqual([2, 3]);
    expect(await ids(table().gte('id', 3))).toEqual([3, 4]);
    expect(await ids(table().like('name', '%2'))).toEqual([2]);
    expect(await ids(table().ilike('name', 'ENT%1'))).toEqual([1]);
    expect(await ids(table().likeAnyOf('name', ['%1', '%2']))).toEqual([1, 2]);
    expect(await ids(table().ilikeAllOf('name', ['E%', '%3']))).toEqual([3]);
    expect(await ids(table().is('name', null))).toEqual([4]);
    expect(await ids(table().contains('numbers', [1, 2]))).toEqual([2, 3]);
    expect(await ids(table().containedBy('numbers', [1, 2]))).toEqual([1, 2]);
    expect(await ids(table().overlaps('numbers', [3, 9]))).toEqual([3]);
    expect(await ids(table().contains('data', { a: 1 }))).toEqual([1]);
    expect(await ids(table().contains('span', '[1,2]'))).toEqual([1]);
    expect(await ids(table().rangeGt('span', '[3,4]'))).toEqual([3, 4]);
    expect(await ids(table().rangeAdjacent('span', '(3,10]'))).toEqual([1]);
    expect(await ids(table().eq('data->>a', '2'))).toEqual([2]);
    expect(await ids(table().or('id.eq.1,and(id.gt.2,name.is.null)'))).toEqual([1, 4]);
    expect(await ids(table().match({ id: 3, name: 'entity 3' }))).toEqual([3]);
    expect(await ids(table().filter('id', 'in', '(1,2)'))).toEqual([1, 2]);
    expect(await ids(table().textSearch('name', 'entity & 2', { config: 'simple' }))).toEqual([2]);
  });

  test('range, limit and count', async () => {
    const page = await client.from('entities').select('id', { count: 'exact' }).order('id').range(1, 2);
    expect([page.data, page.count, page.status]).toEqual([[{ id: 2 }, { id: 3 }], 4, 206]);
    const head = await client.from('entities').select('*', { count: 'estimated', head: true });
    expect([head.data, head.count]).toEqual([null, 4]);
    const limited = await client.from('entities').select('id').order('id').limit(1);
    expect(limited.data).toEqual([{ id: 1 }]);
  });

  test('single and maybeSingle', async () => {
    const one = await client.from('clients').select('name').eq('id', id(1)).single();
    expect(one.data).toEqual({ name: 'Microsoft' });
    const none = await client.from('clients').select('name').eq('id', id(9)).single();
    expect([none.status, none.data, none.error?.code, none.error?.details]).toEqual([
      406,
      null,
      'not_single_row',
      'The result contains 0 rows',
    ]);
    const maybe = await client.from('clients').select('name').eq('id', id(9)).maybeSingle();
    expect([maybe.data, maybe.error]).toEqual([null, null]);
    const many = await client.from('clients').select('name').maybeSingle();
    expect(many.error?.code).toBe('PGRST116');
  });

  test('embedding with filters, order and limit of the embedded table', async () => {
    const { data, error } = await client
      .from('clients')
      .select('name, projects!inner(title:name, tasks(name))')
      .eq('projects.name', 'Windows 7')
      .order('name', { referencedTable: 'projects.tasks' })
      .limit(1, { referencedTable: 'projects.tasks' });
    expect([error, data]).toEqual([
      null,
      [{ name: 'Microsoft', projects: [{ title: 'Windows 7', tasks: [{ name: 'Code w7' }] }] }],
    ]);
    const related = await client
      .from('tasks')
      .select('name, project:projects(name)')
      .not('project', 'is', null)
      .order('project(name)', { ascending: true })
      .order('name')
      .or('name.eq.Windows 10,name.eq.Windows 7', { referencedTable: 'project' });
    expect(related.error).toBe(null);
    expect(related.data?.map((row) => row.name)).toEqual(['Design w10', 'Code w7', 'Design w7']);
  });

  test('nulls stripped', async () => {
    const { data } = await client.from('entities').select('id, name').eq('id', 4).stripNulls().single();
    expect(data).toEqual({ id: 4 });
  });
});

describe('writes', () => {
  test('insert, select, update, upsert, delete', async () => {
    const first = await client.from('labels').insert({ slug: 'one' });
    expect([first.status, first.data, first.error]).toEqual([201, null, null]);
    const rows = await client
      .from('labels')
      .insert([{ slug: 'two' }, { slug: 'three', title: 'Three' }], { defaultToNull: false, count: 'exact' })
      .select('slug, title')
      .order('slug');
    expect([rows.error, rows.count, rows.data]).toEqual([
      null,
      2,
      [
        { slug: 'three', title: 'Three' },
        { slug: 'two', title: 'untitled' },
      ],
    ]);
    const changed = await client.from('labels').update({ title: 'One' }).eq('slug', 'one').select('title').single();
    expect(changed.data).toEqual({ title: 'One' });
    const merged = await client
      .from('labels')
      .upsert(
        [
          { slug: 'one', title: 'Uno' },
          { slug: 'four', title: 'Four' },
        ],
        { onConflict: 'slug' },
      )
      .select('slug, title');
    expect([merged.error, merged.data]).toEqual([
      null,
      [
        { slug: 'one', title: 'Uno' },
        { slug: 'four', title: 'Four' },
      ],
    ]);
    const ignored = await client
      .from('labels')
      .upsert({ slug: 'one', title: 'Eins' }, { onConflict: 'slug', ignoreDuplicates: true })
      .select();
    expect(ignored.data).toEqual([]);
    const gone = await client.from('labels').delete({ count: 'exact' }).in('slug', ['one', 'two', 'three', 'four']);
    expect([gone.status, gone.count, gone.data]).toEqual([204, 4, null]);
  });

  test('errors reach the client with code, message, details and hint', async () => {
    const unknown = await client.from('labels').insert({ slug: 'x', titel: 'x' });
    expect(unknown.error).toMatchObject({
      code: 'unknown_column',
      message: 'No such column',
      details: '"labels" has no column "titel".',
      hint: 'Perhaps you meant "title".',
    });
    const all = await client.from('labels').delete();
    expect([all.status, all.error?.code]).toEqual([400, 'filter_required']);
    const twice = await client.from('labels').insert({ slug: 'red' });
    expect([twice.status, twice.error?.code]).toEqual([409, '23505']);
    const many = await client
      .from('labels')
      .update({ title: 'x' })
      .like('slug', '%')
      .setHeader('Prefer', 'handling=strict,max-affected=0');
    expect([many.status, many.error?.code]).toEqual([400, 'max_affected_exceeded']);
    const dry = await client.from('labels').delete().eq('slug', 'red').rollback();
    expect([dry.status, dry.error?.code]).toEqual([400, 'invalid_preference']);
  });

  test('a caller with fewer rights', async () => {
    const viewer = await demo.listen(accessOf({ may: (_, verb) => (verb === 'select' ? 'any' : 'none') }));
    const reader = new PostgrestClient(viewer.url);
    const refused = await reader.from('labels').insert({ slug: 'x' });
    expect([refused.status, refused.error?.details]).toEqual([403, 'labels:insert']);
    expect((await reader.from('labels').select('slug')).data).toEqual([{ slug: 'red' }]);
    await viewer.close();
  });
});

test('rpc', async () => {
  expect((await client.rpc('add_them', { a: 1, b: 2 })).data).toBe(3);
  expect((await client.rpc('add_them', { a: 1 }, { get: true })).data).toBe(11);
  const rows = await client
    .rpc('projects_like', { pattern: 'W%' }, { count: 'exact' })
    .select('name')
    .order('name')
    .limit(1);
  expect([rows.error, rows.data, rows.count]).toEqual([null, [{ name: 'Windows 10' }], 2]);
  const one = await client.rpc('projects_like', { pattern: 'IOS' }).select('name, clients(name)').single();
  expect(one.data).toEqual({ name: 'IOS', clients: { name: 'Apple' } });
  const unknown = await client.rpc('add_then', { a: 1 });
  expect(unknown.error).toMatchObject({ code: 'unknown_function', hint: 'Perhaps you meant "add_them".' });
});
