/** `@supabase/postgrest-js`, unchanged, against the real server: authentication, roles, tenants and the dialect at once. */
import { PostgrestClient } from '@supabase/postgrest-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modules } from '../../src/modules.ts';
import { describeEngines } from '../support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  HOST,
  openPlinthOn,
  type TestPerson,
  text,
} from '../support/plinth.ts';

describeEngines('the REST layer through postgrest-js', (context) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let globex: FirstRun;
  let member: TestPerson;
  let viewer: TestPerson;

  beforeAll(async () => {
    plinth = await openPlinthOn(context.engine, modules);
    acme = await firstRun(plinth);
    globex = await addOrganization(plinth, 'Globex', 'owner@globex.example');
    member = await addPerson(plinth, acme, 'member');
    viewer = await addPerson(plinth, acme, 'viewer');
  });
  afterAll(() => plinth.close());

  function client(credentials: Record<string, string>): PostgrestClient {
    return new PostgrestClient(`http://${HOST}/rest/v1`, {
      headers: credentials,
      fetch: async (input, init) => {
        const headers = Object.fromEntries(new Headers(init?.headers).entries());
        const answer = await plinth.app.inject({
          method: (init?.method ?? 'GET') as 'GET',
          url: String(input).slice(`http://${HOST}`.length),
          headers: { ...headers, host: HOST },
          ...(init?.body ? { payload: String(init.body) } : {}),
        });
        const empty = answer.statusCode === 204 || answer.statusCode === 304;
        return new Response(empty ? null : answer.body, {
          status: answer.statusCode,
          headers: answer.headers as Record<string, string>,
        });
      },
    });
  }
  /** Repositories are made at /v1, which looks at their address. */
  async function makeRepository(full_name: string): Promise<string> {
    const made = await plinth.call('POST', '/v1/repositories', { key: acme.key, body: { full_name } });
    expect(made.status).toBe(201);
    return text(made.body['id']);
  }
  const as = (key: string) => client({ authorization: `Bearer ${key}` });

  test('creates, reads, orders, pages, changes and removes', async () => {
    const db = as(acme.key);
    const made = await db
      .from('projects')
      .insert(['c', 'a', 'b'].map((slug) => ({ name: slug.toUpperCase(), slug })))
      .select('id,slug');
    expect(made.error).toBeNull();
    expect(made.data).toHaveLength(3);

    const listed = await db
      .from('projects')
      .select('slug', { count: 'exact' })
      .in('slug', ['a', 'b', 'c'])
      .order('slug', { ascending: false })
      .range(0, 1);
    expect(listed.data).toEqual([{ slug: 'c' }, { slug: 'b' }]);
    expect(listed.count).toBe(3);

    const changed = await db.from('projects').update({ name: 'Changed' }).eq('slug', 'a').select('name').single();
    expect(changed.data).toEqual({ name: 'Changed' });
    const one = await db.from('projects').select('name').eq('slug', 'nowhere').maybeSingle();
    expect([one.data, one.error]).toEqual([null, null]);
    const none = await db.from('projects').select('name').eq('slug', 'nowhere').single();
    expect(none.status).toBe(406);

    const repository = await makeRepository('acme/r');
    const gone = await db.from('repositories').delete().eq('id', repository).select('full_name');
    expect(gone.data).toEqual([{ full_name: 'acme/r' }]);
  });

  test('embeds what a row refers to', async () => {
    const db = as(acme.key);
    const [project] = (await db.from('projects').select('id').eq('slug', 'b')).data ?? [];
    const repository = await makeRepository('acme/embedded');
    const linked = await db.from('project_repositories').insert({ project_id: project?.id, repository_id: repository });
    expect(linked.error).toBeNull();
    const found = await db
      .from('project_repositories')
      .select('projects(slug),repositories(full_name)')
      .eq('project_id', project?.id);
    expect(found.data).toEqual([{ projects: { slug: 'b' }, repositories: { full_name: 'acme/embedded' } }]);
  });

  test('one tenant neither sees nor reaches the other', async () => {
    const db = as(globex.key);
    expect((await db.from('projects').select('slug')).data).toEqual([]);
    const [theirs] = (await as(acme.key).from('projects').select('id').limit(1)).data ?? [];
    expect((await db.from('projects').update({ name: 'mine' }).eq('id', theirs?.id).select()).data).toEqual([]);
    expect((await db.from('projects').delete().eq('id', theirs?.id)).error).not.toBeNull();
    const planted = await db.from('projects').insert({ organization_id: acme.organizationId, name: 'x', slug: 'x' });
    expect(planted.status).toBeGreaterThanOrEqual(400);
    const unknown = await db.from('project_repositories').insert({ project_id: theirs?.id, repository_id: theirs?.id });
    const nowhere = await db
      .from('project_repositories')
      .insert({ project_id: acme.userId, repository_id: acme.userId });
    expect([unknown.status, unknown.error?.message]).toEqual([nowhere.status, nowhere.error?.message]);
  });

  test('a member changes their own rows only, a viewer none', async () => {
    const mine = await as(member.key)
      .from('projects')
      .insert({ name: 'Mine', slug: 'mine' })
      .select('owner_id')
      .single();
    expect(mine.data).toEqual({ owner_id: member.userId });
    const others = await as(member.key).from('projects').update({ name: 'Taken' }).eq('slug', 'b').select();
    expect(others.data).toEqual([]);
    const browser = client({ cookie: viewer.cookie, origin: `http://${HOST}`, 'plinth-organization': acme.slug });
    expect((await browser.from('projects').select('slug').eq('slug', 'mine')).data).toEqual([{ slug: 'mine' }]);
    expect((await browser.from('projects').insert({ name: 'No', slug: 'no' })).status).toBe(403);
  });

  test('refusals say what is wrong, in both dialects', async () => {
    const db = as(acme.key);
    const column = await db.from('projects').select('nope');
    expect(column.error).toMatchObject({ code: 'unknown_column' });
    const table = await db.from('user_credentials').select('*');
    expect(table.status).toBe(404);
    const all = await db.from('projects').update({ name: 'all' });
    expect(all.error?.code).toBe('filter_required');
    const twice = await db.from('projects').insert({ name: 'B', slug: 'b' });
    expect(twice.error?.code).toBe('already_exists');
    const secret = await db.from('event_sources').select('secret');
    expect(secret.error).not.toBeNull();
    expect((await as('plk_nonsense').from('projects').select('id')).status).toBe(401);
  });
});
