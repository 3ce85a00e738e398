import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../../../tests/e2e/problems.ts';
import { describeEngines } from '../../../tests/support/engines.ts';
import { eventLimits } from './limits.ts';
import { openTestEvents, type TestEvents, testTaskType } from './testing.ts';

describeEngines('the routes of events', (on) => {
  let test: TestEvents;
  let acme: string;
  let other: string;
  beforeAll(async () => {
    test = await openTestEvents(on.engine);
    acme = await test.organization();
    other = await test.organization();
  });
  afterAll(() => test.close());
  const list = (body: unknown) => (body as { data: Record<string, unknown>[] }).data;

  describe('sources', () => {
    it('show address and secret once, and keep the secret sealed', async () => {
      const made = await test.call('POST', '/v1/event-sources', {
        as: acme,
        body: { name: 'GitHub', scheme: 'github' },
        headers: { 'idempotency-key': 'once' },
      });
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({
        name: 'GitHub',
        is_active: true,
        hook_path: expect.stringMatching(/^\/hooks\/plh_/),
        secret: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      const replayed = await test.call('POST', '/v1/event-sources', {
        as: acme,
        body: { name: 'GitHub', scheme: 'github' },
        headers: { 'idempotency-key': 'once' },
      });
      expect([replayed.status, replayed.body.id]).toEqual([201, made.body.id]);
      const shown = await test.call('GET', `/v1/event-sources/${made.body.id}`, { as: acme, role: 'viewer' });
      const { secret, hook_path } = made.body as unknown as { secret: string; hook_path: string };
      for (const text of [replayed.text, shown.text]) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(hook_path);
      }
      const everything = await test.rows<{ text: string }>(
        `select (select jsonb_agg(s) from event_sources s)::text || (select jsonb_agg(t) from event_source_tokens t)::text
           || (select jsonb_agg(i) from idempotency_keys i)::text || (select jsonb_agg(a) from audit_logs a)::text as text`,
      );
      expect(everything[0]!.text).not.toContain(secret);
      expect(everything[0]!.text).not.toContain(hook_path.slice('/hooks/'.length));
    });

    it('refuse what cannot work, without repeating the secret', async () => {
      const cases = [
        [{ name: 'GitHub', scheme: 'github' }, 409, 'already_exists'],
        [{ name: 'a', scheme: 'github', secret: 'tooshort' }, 422, 'invalid_value'],
        [{ name: 'a', scheme: 'standard_webhooks', secret: 'whsec_not base64 at all' }, 422, 'invalid_value'],
        [{ name: 'a', scheme: 'hmac' }, 422, 'invalid_value'],
        [{ name: 'a', scheme: 'github', configuration: { header: 'x' } }, 422, 'invalid_value'],
        [{ name: 'a', scheme: 'smoke' }, 400, 'invalid_request'],
        [{ name: '', scheme: 'github' }, 400, 'invalid_request'],
        [{ name: 'a\u0000', scheme: 'github' }, 400, 'invalid_request'],
        [{ name: 'a', scheme: 'github', project_id: acme }, 409, 'reference_not_found'],
        [{ name: 'a', scheme: 'github', token: 'mine' }, 400, 'invalid_request'],
      ] as const;
      for (const [body, status, code] of cases) {
        const answer = await test.call('POST', '/v1/event-sources', { as: acme, body });
        expect([body, answer.status, answer.body.code]).toEqual([body, status, code]);
        if ('secret' in body) expect(answer.text).not.toContain(body.secret);
      }
    });

    it('are changed by administrators, seen by all, and by nobody of another organization', async () => {
      const source = await test.source(acme);
      const url = `/v1/event-sources/${source.id}`;
      expect((await test.call('PATCH', url, { as: acme, role: 'member', body: {} })).status).toBe(403);
      expect((await test.call('GET', url, { as: acme, role: 'viewer' })).status).toBe(200);
      expect((await test.call('GET', url)).status).toBe(401);
      const foreign = [
        await test.call('GET', url, { as: other }),
        await test.call('PATCH', url, { as: other, body: { name: 'mine' } }),
        await test.call('DELETE', url, { as: other }),
        await test.call('POST', `${url}/rotate-secret`, { as: other, body: {} }),
      ];
      expect(foreign.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
      expect(list((await test.call('GET', '/v1/event-sources', { as: other })).body)).toEqual([]);
      const renamed = await test.call('PATCH', url, { as: acme, body: { name: 'Renamed' } });
      expect(renamed.body).toMatchObject({ name: 'Renamed', is_active: true });
      const taken = await test.call('PATCH', url, { as: acme, body: { name: 'GitHub' } });
      expect(taken.body.code).toBe('already_exists');
      expect((await test.call('DELETE', url, { as: acme })).status).toBe(204);
      expect((await test.call('GET', url, { as: acme })).status).toBe(404);
    });

    it('take a secret of their sender, also when it is rotated', async () => {
      const secret = 'a secret of the sender';
      const source = await test.source(acme, { secret });
      expect(source.secret).toBe(secret);
      const url = `/v1/event-sources/${source.id}/rotate-secret`;
      const short = await test.call('POST', url, { as: acme, body: { secret: 'short' } });
      expect(short.body.code).toBe('invalid_value');
      const rotated = await test.call('POST', url, { as: acme, body: { secret: 'another secret of the sender' } });
      expect(rotated.body).toMatchObject({
        secret: 'another secret of the sender',
        previous_secret_expires_at: expect.any(String),
      });
      expect((await test.hook(source, '{"after":1}')).status).toBe(200);
    });
  });

  describe('subscriptions', () => {
    const target = { task_type: testTaskType };

    it('take a filter as text or as a tree, and give both back', async () => {
      const text = await test.call('POST', '/v1/event-subscriptions', {
        as: acme,
        body: {
          name: 'a',
          target,
          filter: 'branch == "main" && !has(payload.deleted)',
          names: ['push', 'pull_request.*'],
        },
      });
      expect(text.status).toBe(201);
      const { filter, filter_text } = text.body;
      const tree = await test.call('POST', '/v1/event-subscriptions', {
        as: acme,
        body: { name: 'b', target, filter },
      });
      expect(tree.body).toMatchObject({ filter, filter_text });
      const url = `/v1/event-subscriptions/${text.body.id}`;
      const cleared = await test.call('PATCH', url, { as: acme, body: { filter: null, is_active: false } });
      expect(cleared.body).toMatchObject({
        filter: null,
        filter_text: null,
        is_active: false,
        names: ['push', 'pull_request.*'],
      });
      expect((await test.call('PATCH', url, { as: acme, body: { name: 'c' } })).body['is_active']).toBe(false);
      expect((await test.call('DELETE', url, { as: acme })).status).toBe(204);
      for (const gone of ['GET', 'PATCH', 'DELETE'] as const) {
        const answer = await test.call(gone, url, { as: acme, ...(gone === 'PATCH' ? { body: {} } : {}) });
        expect(answer.status).toBe(404);
      }
      const names = list((await test.call('GET', '/v1/event-subscriptions', { as: acme })).body).map(
        ({ name }) => name,
      );
      expect(names).toEqual(['b']);
    });

    it('refuse what cannot work', async () => {
      const cases = [
        [{ name: 'a', target: { task_type: 'no.such' } }, 422, 'unknown_task_type'],
        [{ name: 'a', target, filter: 'branch ==' }, 422, 'filter_invalid'],
        [{ name: 'a', target, filter: { op: 'eval' } }, 422, 'filter_invalid'],
        [{ name: 'a', target, filter: `${'!'.repeat(50)}has(payload)` }, 422, 'filter_too_large'],
        [{ name: 'a', target, filter: 7 }, 400, 'invalid_request'],
        [{ name: 'a', target, sources: ['nowhere'] }, 400, 'invalid_request'],
        [{ name: 'a', target, names: Array.from({ length: 101 }, String) }, 400, 'invalid_request'],
        [{ name: 'a' }, 400, 'invalid_request'],
      ] as const;
      for (const [body, status, code] of cases) {
        const answer = await test.call('POST', '/v1/event-subscriptions', { as: acme, body });
        expect([body, answer.status, answer.body.code]).toEqual([body, status, code]);
      }
    });

    it('are nobody else’s', async () => {
      const made = await test.call('POST', '/v1/event-subscriptions', { as: acme, body: { name: 'ours', target } });
      const url = `/v1/event-subscriptions/${made.body.id}`;
      expect((await test.call('GET', url, { as: other })).status).toBe(404);
      expect((await test.call('PATCH', url, { as: other, body: { name: 'theirs' } })).status).toBe(404);
      expect((await test.call('DELETE', url, { as: other })).status).toBe(404);
      expect((await test.call('POST', '/v1/event-subscriptions', { as: acme, role: 'viewer', body: {} })).status).toBe(
        403,
      );
    });

    it('are as many as an organization may have, those switched off included, and no more', async () => {
      const full = await test.organization();
      const add = (as: string) => test.call('POST', '/v1/event-subscriptions', { as, body: { name: 'more', target } });
      const [{ id }] = (await test.rows<{ id: string }>(
        `with made as (
           insert into event_subscriptions (organization_id, name, action, target, is_active)
           select $1, 'made ' || n, 'task', $2, n % 2 = 0 from generate_series(1, $3::int) as n
           returning id
         )
         select id from made limit 1`,
        [full, JSON.stringify(target), eventLimits.subscriptions_max - 1],
      )) as [{ id: string }];
      expect((await add(full)).status).toBe(201);
      const refused = await add(full);
      expectProblem(
        { status: refused.status, type: String(refused.headers['content-type']), body: refused.text },
        'subscriptions_full',
      );
      expect(refused).toMatchObject({ status: 409, body: { detail: 'The limit is 1000.' } });
      expect((await add(other)).status).toBe(201);
      expect((await test.call('DELETE', `/v1/event-subscriptions/${id}`, { as: full })).status).toBe(204);
      expect((await add(full)).status).toBe(201);
      expect((await add(full)).body.code).toBe('subscriptions_full');
    });
  });

  describe('sending with a key', () => {
    const send = (body: unknown, headers = {}) => test.call('POST', '/v1/events', { as: acme, body, headers });

    it('stores each id once, in every organization its own', async () => {
      const event = { type: 'order.paid', id: 'order-1', payload: { total: 7 }, category: 'billing' };
      const first = await send(event);
      const again = await send([event, { ...event, id: 'order-2' }, { ...event, id: 'order-2' }]);
      const [one] = list(first.body);
      const [repeat, two, twice] = list(again.body);
      expect(one).toMatchObject({ duplicate: false });
      expect(repeat).toEqual({ id: one!['id'], duplicate: true });
      expect([two!['duplicate'], twice]).toEqual([false, { id: two!['id'], duplicate: true }]);
      const theirs = await test.call('POST', '/v1/events', { as: other, body: event });
      expect(list(theirs.body)[0]).toMatchObject({ duplicate: false });
      const shown = await test.call('GET', `/v1/events/${one!['id']}`, { as: acme });
      expect(shown.body).toMatchObject({
        source: 'api',
        source_id: null,
        type: 'order.paid',
        category: 'billing',
        external_id: 'order-1',
        payload: { total: 7 },
        github: null,
      });
    });

    it('without an id always stores, and the key wins over the id', async () => {
      const plain = await send([{ type: 'tick' }, { type: 'tick' }]);
      expect(list(plain.body).map(({ duplicate }) => duplicate)).toEqual([false, false]);
      const keyed = await send([
        { type: 'tick', id: 'a1', deduplication_key: 'k' },
        { type: 'tick', id: 'a2', deduplication_key: 'k' },
        { type: 'tick', id: 'k' },
      ]);
      expect(list(keyed.body).map(({ duplicate }) => duplicate)).toEqual([false, true, false]);
    });

    it('repeats the answer of an Idempotency-Key', async () => {
      const [first, second] = [
        await send({ type: 'tick' }, { 'idempotency-key': 'events-1' }),
        await send({ type: 'tick' }, { 'idempotency-key': 'events-1' }),
      ];
      expect(second.body).toEqual(first.body);
      expect(second.headers['idempotency-replayed']).toBe('true');
    });

    it('keeps the digits of numbers', async () => {
      const body = '{"type":"t","payload":{"n":12345678901234567890,"m":1.10}}';
      const { body: answer } = await send(body);
      const { text } = await test.call('GET', `/v1/events/${list(answer)[0]!['id']}/payload`, { as: acme });
      expect(text.replaceAll(' ', '')).toBe('{"m":1.10,"n":12345678901234567890}');
    });

    it('finds the repository it names', async () => {
      await test.rows(
        `insert into repositories (organization_id, name, full_name, provider) values ($1, 'r', 'team/Repo', 'gitlab')`,
        [acme],
      );
      const repository = { provider: 'gitlab', full_name: 'Team/repo' };
      const { body } = await send({ type: 'build.done', repository });
      const shown = await test.call('GET', `/v1/events/${list(body)[0]!['id']}`, { as: acme });
      expect(shown.body['repository_id']).toEqual(expect.any(String));
    });

    it('refuses what cannot be stored', async () => {
      const cases = [
        ['{"type":"t","payload":"\\u0000"}', 400, 'payload_not_storable'],
        ['{"type":"t","payload":1e999}', 400, 'payload_not_storable'],
        ['{"type":"t","title":"\\ud800"}', 400, 'payload_not_storable'],
        ['{"type":"t"', 400, 'invalid_json'],
        ['[]', 400, 'invalid_request'],
        [JSON.stringify(Array.from({ length: 1001 }, () => ({ type: 't' }))), 400, 'invalid_request'],
        ['{"type":"no such type!"}', 400, 'invalid_request'],
        ['{"type":"t","id":"with space"}', 400, 'invalid_request'],
        ['{"type":"t","occurred_at":"2016-12-31T23:59:60Z"}', 400, 'invalid_request'],
        ['{"type":"t","occurred_at":"0000-01-01T00:00:00Z"}', 400, 'invalid_request'],
        ['{"type":"t","occurred_at":1e3}', 400, 'invalid_request'],
        ['{"type":"t","id":"__proto__","constructor":1}', 400, 'invalid_request'],
        [`{"type":"t","payload":${'['.repeat(500)}${']'.repeat(500)}}`, 400, 'json_too_deep'],
        [`{"type":"t","payload":"${'x'.repeat(11 * 1024 * 1024)}"}`, 413, 'body_too_large'],
      ] as const;
      for (const [body, status, code] of cases) {
        const answer = await send(body);
        expect([body.slice(0, 60), answer.status, answer.body.code]).toEqual([body.slice(0, 60), status, code]);
      }
      const viewer = await test.call('POST', '/v1/events', { as: acme, role: 'viewer', body: { type: 't' } });
      expect(viewer.status).toBe(403);
    });
  });

  describe('the list', () => {
    it('pages by id through all there is, newest first, and filters', async () => {
      const organization = await test.organization();
      const day = (n: number) => new Date(Date.now() - n * 86_400_000).toISOString();
      const events = Array.from({ length: 25 }, (_, n) => ({
        type: n % 2 ? 'odd' : 'even',
        id: `e${n}`,
        // over several months, so over several partitions
        occurred_at: day(n * 10),
      }));
      await test.call('POST', '/v1/events', { as: organization, body: events });
      const seen: unknown[] = [];
      for (let cursor: unknown; cursor !== null; ) {
        const query = cursor === undefined ? '' : `&cursor=${cursor}`;
        const { body } = await test.call('GET', `/v1/events?limit=7${query}`, { as: organization });
        seen.push(...list(body).map(({ external_id }) => external_id));
        cursor = body['next_cursor'];
      }
      expect(seen).toEqual(events.map(({ id }) => id));
      const ids = async (query: string) =>
        list((await test.call('GET', `/v1/events?${query}`, { as: organization })).body).map(
          ({ external_id }) => external_id,
        );
      expect(await ids('type=odd&limit=3')).toEqual(['e1', 'e3', 'e5']);
      expect(await ids(`since=${day(25)}&until=${day(5)}`)).toEqual(['e1', 'e2']);
      expect(await ids('status=processed')).toEqual([]);
      expect(await ids('source=github')).toEqual([]);
      for (const bad of [
        'since=yesterday',
        'limit=0',
        'cursor=x',
        'type=%00',
        'status=odd',
        'repository_id=1',
        'what=1',
      ]) {
        const answer = await test.call('GET', `/v1/events?${bad}`, { as: organization });
        expect([bad, answer.status]).toEqual([bad, 400]);
      }
    });
  });
});
