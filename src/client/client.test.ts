import { readFileSync } from 'node:fs';
import { PostgrestClient } from '@supabase/postgrest-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../tests/support/engines.ts';
import { type LivePlinth, openLivePlinth } from '../../tests/support/live-plinth.ts';
import { type Client, createClient, type PlinthError, type Project } from './index.ts';

async function failure(work: PromiseLike<unknown>): Promise<PlinthError> {
  return work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: PlinthError) => error,
  );
}

describeEngines('the TypeScript client', (on) => {
  let live: LivePlinth;
  let client: Client;
  beforeAll(async () => {
    live = await openLivePlinth(on.engine);
    client = createClient({ url: live.url, key: live.key });
  });
  afterAll(() => live.close());

  it('makes, reads, changes and deletes, and says who it is', async () => {
    const made = await client.projects.create({ name: 'Atlas', slug: 'atlas' });
    expect(await client.projects.get(made.id)).toEqual(made);
    expect((await client.projects.update(made.id, { status: 'active' })).status).toBe('active');
    expect((await client.projects.archive(made.id)).status).toBe('archived');
    const repository = await client.repositories.create({ full_name: 'acme/atlas' });
    await client.projects.linkRepository(made.id, repository.id);
    expect((await client.projects.listRepositories(made.id)).data.map(({ id }) => id)).toEqual([repository.id]);
    expect(await client.projects.delete(made.id)).toBeUndefined();
    expect((await client.me.get()).organization?.name).toBe('Acme');
    expect((await client.taskTypes.list()).data.map(({ task_type }) => task_type)).toContain('test.double');
    expect(await client.request('GET', '/v1/tasks', { query: { limit: 1 } })).toMatchObject({ next_cursor: null });
  });

  it('errors are those of the catalogue, with field, hint and request id', async () => {
    const bad = await failure(client.projects.create({ name: '' }));
    expect(bad).toMatchObject({ name: 'PlinthError', code: 'invalid_request', status: 400, field: 'body/name' });
    expect([bad.hint, bad.requestId, bad.errors[0]?.path]).toEqual([
      expect.stringContaining('/docs'),
      expect.stringMatching(/\w+/),
      'body/name',
    ]);
    const unknown = '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42';
    expect(await failure(client.projects.get(unknown))).toMatchObject({ code: 'not_found', status: 404 });
    const stranger = createClient({ url: live.url, key: 'plk_nonsense' });
    expect(await failure(stranger.me.get())).toMatchObject({ status: 401 });
  });

  it('pages by cursor, awaited or as an iterator', async () => {
    for (let n = 0; n < 5; n++) await client.projects.create({ name: `Page ${n}`, slug: `page-${n}` });
    const first = await client.projects.list({ limit: 2, status: 'active' });
    expect([first.data.length, typeof first.next_cursor]).toEqual([2, 'string']);
    const slugs: string[] = [];
    for await (const { slug } of client.projects.list({ limit: 2, status: 'active' })) slugs.push(slug);
    expect(slugs).toEqual(['page-4', 'page-3', 'page-2', 'page-1', 'page-0']);
    const sizes: number[] = [];
    for await (const page of client.projects.list({ limit: 2, status: 'active' }).pages()) sizes.push(page.data.length);
    expect(sizes).toEqual([2, 2, 1]);
  });

  it('the same write with the same key happens once', async () => {
    const options = { idempotencyKey: crypto.randomUUID() };
    const [one, two] = [
      await client.projects.create({ name: 'Once' }, options),
      await client.projects.create({ name: 'Once' }, options),
    ];
    expect(two).toEqual(one);
    expect(await failure(client.projects.create({ name: 'Other' }, options))).toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  it('an answer that is lost is asked for again, and the write happens once', async () => {
    let lost = 0;
    const losing = createClient({
      url: live.url,
      key: live.key,
      retryDelayMs: 1,
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        if (lost++ > 1) return answer;
        await answer.body?.cancel();
        throw new TypeError('connection lost');
      },
    });
    const source = await losing.projects.create({ name: 'Lost twice', slug: 'lost-twice' });
    expect([lost, source.slug]).toEqual([3, 'lost-twice']);
  });

  it('enqueues tasks and waits for them', async () => {
    const done = await client.tasks.enqueueAndWait({ task_type: 'test.double', payload: { n: 21 } });
    expect(done).toMatchObject({ status: 'completed', results: { doubled: 42 } });
    const failed = await client.tasks.enqueueAndWait({ task_type: 'test.fail', max_attempts: 1 });
    expect(failed).toMatchObject({ status: 'failed', failed_attempts: [{ attempt: 1 }] });
    expect(await client.tasks.retry(failed.id)).toEqual({ id: failed.id, status: 'pending' });

    const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await client.tasks.enqueue({ task_type: 'test.later', scheduled_at });
    expect(await failure(client.tasks.wait(id, { waitMs: 20, pauseMs: 5 }))).toMatchObject({ code: 'wait_timeout' });
    const stop = new AbortController();
    const waiting = client.tasks.wait(id, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 20);
    await expect(waiting).rejects.toThrow('enough');
    expect(await client.tasks.cancel(id)).toEqual({ id, status: 'cancelled' });
    expect(await failure(client.tasks.cancel(id))).toMatchObject({ code: 'task_ended' });
  });

  it('sends events singly and in bulk, each stored once', async () => {
    const { data } = await client.events.send({ type: 'order.paid', id: 'order-1', payload: { total: 12 } });
    expect((await client.events.get(data[0]!.id)).payload).toEqual({ total: 12 });
    expect(await client.events.getPayload(data[0]!.id)).toEqual({ total: 12 });
    async function* many() {
      for (let n = 0; n < 25; n++) yield { type: 'order.sent', id: `sent-${n}` };
    }
    const progress: number[] = [];
    const first = await client.events.sendAll(many(), { batch: 10, onProgress: (sent) => progress.push(sent) });
    expect([first.stored, first.duplicates, progress]).toEqual([25, 0, [10, 20, 25]]);
    const again = await client.events.sendAll(many(), { batch: 7 });
    expect([again.stored, again.duplicates]).toEqual([0, 25]);
    expect(again.results.map(({ id }) => id)).toEqual(first.results.map(({ id }) => id));
  });

  it('reads and writes tables, by itself and through postgrest-js', async () => {
    const projects = client.table<Project>('projects');
    await projects.insert(['t1', 't2', 't3'].map((slug) => ({ name: slug, slug })));
    const wanted = { slug: 'like.t*', order: 'slug', select: 'slug,name' };
    expect(await projects.select({ ...wanted, limit: 2 })).toEqual([
      { slug: 't1', name: 't1' },
      { slug: 't2', name: 't2' },
    ]);
    const all: string[] = [];
    for await (const row of projects.all(wanted, { rows: 2 })) all.push(row.slug);
    expect(all).toEqual(['t1', 't2', 't3']);
    expect(await projects.update({ name: 'Third' }, { slug: 'eq.t3', select: 'name' })).toEqual([{ name: 'Third' }]);
    expect(await failure(projects.update({ name: 'all' }, {}))).toMatchObject({ code: 'filter_required' });
    expect(await failure(projects.select({ select: 'nope' }))).toMatchObject({ code: 'unknown_column' });

    const db = new PostgrestClient(client.rest.url, { fetch: client.rest.fetch });
    const found = await db
      .from('projects')
      .select('slug', { count: 'exact' })
      .like('slug', 't%')
      .order('slug')
      .limit(1);
    expect([found.error, found.count, found.data]).toEqual([null, 3, [{ slug: 't1' }]]);
    expect((await db.from('projects').insert({ name: 'T4', slug: 't4' }).select('slug')).data).toEqual([
      { slug: 't4' },
    ]);
    expect((await db.from('projects').select('nope')).error).toMatchObject({ code: 'unknown_column' });
  });

  it('signs in by password, with the cookie as its session', async () => {
    const person = createClient({ url: live.url });
    expect(await failure(person.me.get())).toMatchObject({ code: 'unauthenticated' });
    await person.auth.signIn({ email: live.email, password: live.password });
    expect((await person.me.get()).user?.email).toBe(live.email);
    expect((await person.projects.create({ name: 'By hand', slug: 'by-hand' })).slug).toBe('by-hand');
    await person.auth.signOut();
    expect(await failure(person.me.get())).toMatchObject({ code: 'unauthenticated' });
  });

  it('takes a token from a function, which is asked at every call', async () => {
    const given: string[] = [];
    const byToken = createClient({
      url: live.url,
      token: async () => {
        given.push('asked');
        return live.key;
      },
    });
    await byToken.me.get();
    await byToken.me.get();
    expect(given).toEqual(['asked', 'asked']);
  });
});

it('imports nothing but itself, so that it runs in a browser', async () => {
  const { build } = await import('vite');
  const built = await build({
    logLevel: 'silent',
    configFile: false,
    build: { write: false, lib: { entry: new URL('index.ts', import.meta.url).pathname, formats: ['es'] } },
  });
  const [first] = [built].flat() as { output: { code: string; imports: string[]; moduleIds: string[] }[] }[];
  const [chunk] = first!.output;
  expect(chunk?.imports).toEqual([]);
  expect(chunk?.moduleIds.filter((id) => !/\/src\/client\/[\w.-]+\.ts$/.test(id))).toEqual([]);
  const { gzipSync } = await import('node:zlib');
  const bytes = gzipSync(chunk!.code).length;
  const guide = new URL('../../docs/guides/clients.md', import.meta.url);
  const said = Number(/about (\d+) kB bundled and\s+compressed/.exec(readFileSync(guide, 'utf8'))?.[1]);
  expect(bytes / 1000, 'the size that docs/guides/clients.md names').toBeLessThan(said * 1.25);
});
