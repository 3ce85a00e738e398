import { randomUUID } from 'node:crypto';
import examples from '@octokit/webhooks-examples' with { type: 'json' };
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { mintToken } from '../../platform/core/tokens.ts';
import { signGithub, signSlack } from './sample.ts';
import { openTestEvents, type TestEvents, type TestSource } from './testing.ts';

const kinds = examples as unknown as readonly { name: string; examples: readonly unknown[] }[];
const payloads = kinds.flatMap(({ name, examples }) =>
  examples.map((payload) => ({ kind: name, body: JSON.stringify(payload) })),
);
const push = { ref: 'refs/heads/main', after: 'a'.repeat(40), repository: { full_name: 'octo/repo' } };

describeEngines('receiving webhooks', (on) => {
  let now: Date | undefined;
  const clock = {
    now: () => now ?? new Date(),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  let test: TestEvents;
  let acme: string;
  let source: TestSource;
  let number = 0;
  /** A payload that was never sent. */
  const fresh = (more: object = {}) => JSON.stringify({ ...push, number: ++number, ...more });
  const stored = async (of: TestSource = source) =>
    (await test.rows<{ n: number }>('select count(*)::int as n from events where source_id = $1', [of.id]))[0]!.n;

  beforeAll(async () => {
    test = await openTestEvents(on.engine, clock);
    acme = await test.organization();
    source = await test.source(acme);
  });
  afterAll(() => test.close());

  it('asks for the partitions of a past month once for each table its events are in', async () => {
    let asked = 0;
    const unsubscribe = test.platform.wakeups.subscribe('partitions', () => asked++);
    try {
      const octokit = await test.source(acme);
      const at = new Date(Date.now() - 60 * 86_400_000).toISOString();
      const send = async (kind: string, payload: object) => {
        const { status, text } = await test.hook(octokit, fresh(payload), { kind });
        expect(status, text).toBe(200);
        return asked;
      };
      const repository = { full_name: 'octo/repo' };
      const forked = { forkee: { id: 1, created_at: at }, repository };
      const deployed = { deployment: { id: 1, ref: 'main', environment: 'test', created_at: at }, repository };
      const told = [await send('push', {}), await send('fork', forked), await send('fork', forked)];
      told.push(await send('deployment', deployed), await send('deployment', deployed));
      const months = await test.rows<{ n: number }>(
        `select count(distinct date_trunc('month', occurred_at))::int as n from events where source_id = $1`,
        [octokit.id],
      );
      // that of today, and that of two months ago
      expect(months).toEqual([{ n: 2 }]);
      expect(told).toEqual([0, 1, 1, 2, 2]);
    } finally {
      unsubscribe();
    }
  });

  it('stores each of the 329 real payloads once, and nothing of a second sending', async () => {
    const octokit = await test.source(acme);
    const send = () => Promise.all(payloads.map(({ kind, body }) => test.hook(octokit, body, { kind })));
    const first = await send();
    expect(first.map(({ status }) => status)).toEqual(payloads.map(() => 200));
    const distinct = new Set(payloads.map(({ body }) => body)).size;
    expect([payloads.length, distinct, await stored(octokit)]).toEqual([329, 324, 324]);
    expect(first.filter(({ body }) => body['duplicate'] === false)).toHaveLength(324);

    const second = await send();
    expect(second.every(({ status, body }) => status === 200 && body['duplicate'] === true)).toBe(true);
    expect(await stored(octokit)).toBe(324);
    const ids = new Map(payloads.map(({ body }, place) => [body, second[place]!.body.id]));
    expect(first.map(({ body }) => body.id)).toEqual(payloads.map(({ body }) => ids.get(body)));

    const typed = await test.rows<{ n: number; kinds: number }>(
      `select count(*)::int as n, count(distinct g.kind)::int as kinds
       from github_events g
       join events e on e.organization_id = g.organization_id and e.id = g.id and e.occurred_at = g.occurred_at
       where e.source_id = $1 and e.source = 'github'`,
      [octokit.id],
    );
    expect(typed).toEqual([{ n: 324, kinds: 58 }]);
    const keys = await test.rows<{ n: number }>(
      `select count(*)::int as n
       from event_deduplication d
       where d.source_id = $1
         and not exists (select from events e where e.organization_id = d.organization_id and e.id = d.event_id)`,
      [octokit.id],
    );
    expect(keys).toEqual([{ n: 0 }]);
  });

  it('answers every one of a batch with its own event, in order', async () => {
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    const ordered = await test.source(acme);
    const answers = await Promise.all(numbers.map((n) => test.hook(ordered, fresh({ place: n }))));
    const rows = await test.rows<{ id: string; place: number }>(
      `select id, (payload ->> 'place')::int as place from events where source_id = $1`,
      [ordered.id],
    );
    const placeOf = new Map(rows.map(({ id, place }) => [id, place]));
    expect(answers.map(({ body }) => placeOf.get(body.id!))).toEqual(numbers);
  });

  it('stores one of fifty equal deliveries at once', async () => {
    const body = fresh();
    const answers = await Promise.all(Array.from({ length: 50 }, () => test.hook(source, body)));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ body }) => body['duplicate'] === false)).toHaveLength(1);
    const again = await test.hook(source, body);
    expect(again.body).toEqual({ id: answers[0]!.body.id, duplicate: true });
  });

  it('takes a redelivery under the same id, and a replay under a new one, for what they are', async () => {
    const deliveryId = randomUUID();
    const body = fresh();
    const first = await test.hook(source, body, { deliveryId });
    expect(first.body['duplicate']).toBe(false);
    for (const options of [{ deliveryId }, {}, { kind: 'pull_request' }]) {
      expect((await test.hook(source, body, options)).body).toEqual({ id: first.body.id, duplicate: true });
    }
    // the replay's own delivery id was not used up: a later event with it is new
    const replayed = randomUUID();
    await test.hook(source, body, { deliveryId: replayed });
    expect((await test.hook(source, fresh(), { deliveryId: replayed })).body['duplicate']).toBe(false);
  });

  it('loses nothing when a repeat and a new event meet in one moment', async () => {
    const known = randomUUID();
    await test.hook(source, fresh(), { deliveryId: known });
    const body = fresh();
    // the first is a repeat by its id; the second has the same body and is new, whichever batch they fall in
    const fillers = Array.from({ length: 5 }, () => test.hook(source, fresh()));
    const [repeat, event] = await Promise.all([
      test.hook(source, body, { deliveryId: known }),
      test.hook(source, body),
      ...fillers,
    ]);
    expect([repeat!.body['duplicate'], event!.body['duplicate']]).toEqual([true, false]);
    const rows = await test.rows('select 1 from events where id = $1', [event!.body.id]);
    expect(rows).toHaveLength(1);
  });

  it('keeps the payload as it was sent: digits, nulls, scalars', async () => {
    for (const body of [
      '{"n":1.10,"id":12345678901234567890.123456789}',
      'null',
      '[]',
      '"text"',
      '0',
      '{"__proto__":1}',
    ]) {
      const answer = await test.hook(source, body);
      expect([body, answer.status]).toEqual([body, 200]);
      const [row] = await test.rows<{ same: boolean; bytes: number }>(
        'select payload = $2::jsonb and payload::text = ($2::jsonb)::text as same, payload_bytes as bytes from events where id = $1',
        [answer.body.id, body],
      );
      expect(row).toEqual({ same: true, bytes: body.length });
      const shown = await test.call('GET', `/v1/events/${answer.body.id}/payload`, { as: acme });
      expect(shown.text.replaceAll(' ', '')).toBe(body.replaceAll(' ', ''));
    }
  });

  it('keeps a time from outside within 13 months back and a day ahead, and what was claimed beside it', async () => {
    const claims = [
      ['1999-12-31T23:59:59.000Z', '1999-12-31T23:59:59.000Z'],
      ['2099-01-01T00:00:00.000Z', '2099-01-01T00:00:00.000Z'],
      ['0001-01-01T00:00:00.000Z', null],
    ] as const;
    for (const [published_at, claimed] of claims) {
      const release = { action: 'published', release: { published_at, created_at: published_at }, number: ++number };
      const { body } = await test.hook(source, JSON.stringify(release), { kind: 'release' });
      const [row] = await test.rows<{ within: boolean; claimed_at: Date | null }>(
        `select occurred_at between now() - interval '13 months 1 day' and now() + interval '1 day' as within, claimed_at
         from events where id = $1`,
        [body.id],
      );
      expect([row!.within, row!.claimed_at?.toISOString() ?? null]).toEqual([true, claimed]);
    }
  });

  it('finds the repository the event names, whatever its case, in its own organization only', async () => {
    const other = await test.organization();
    const id = randomUUID();
    await test.rows(
      `insert into repositories (organization_id, id, name, full_name) values ($1, $2, 'r', 'Octo/Named'), ($3, $4, 'r', 'octo/theirs')`,
      [acme, id, other, randomUUID()],
    );
    const named = await test.hook(source, fresh({ repository: { full_name: 'octo/NAMED' } }));
    const theirs = await test.hook(source, fresh({ repository: { full_name: 'octo/theirs' } }));
    const rows = await test.rows<{ id: string; repository_id: string | null }>(
      'select id, repository_id from events where id = any ($1)',
      [[named.body.id, theirs.body.id]],
    );
    expect(new Map(rows.map((row) => [row.id, row.repository_id]))).toEqual(
      new Map([
        [named.body.id, id],
        [theirs.body.id, null],
      ]),
    );
  });

  describe('refuses', () => {
    it('one byte changed, and stores nothing', async () => {
      const before = await stored();
      const body = Buffer.from(fresh());
      const signed = signGithub(body, source.secret, { kind: 'push' });
      body[10]! ^= 1;
      const answer = await test.hook(source, body, { headers: signed });
      expect([answer.status, answer.body.code]).toEqual([401, 'signature_mismatch']);
      expect(answer.text).not.toContain(source.secret);
      expect(await stored()).toBe(before);
      const events = await test.rows<{ details: unknown; ip_address: string }>(
        `select details, ip_address from security_events where kind = 'webhook_refused' and organization_id = $1`,
        [acme],
      );
      expect(events[0]).toEqual({
        details: { source_id: source.id, code: 'signature_mismatch' },
        ip_address: '203.0.113.7',
      });
    });

    it.each([
      ['no JSON', '{"a":', 'invalid_json', 400],
      ['nothing', '', 'invalid_json', 400],
      ['NUL', '{"a":"\\u0000"}', 'payload_not_storable', 400],
      ['half a surrogate pair', '{"a":"\\ud800"}', 'payload_not_storable', 400],
      ['a number beyond doubles', '{"a":1e999}', 'payload_not_storable', 400],
      ['deep nesting', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'json_too_deep', 400],
      ['Latin-1', Buffer.from([0x22, 0xe9, 0x22]), 'payload_not_text', 400],
    ])('%s, though well signed', async (_, body, code, status) => {
      const answer = await test.hook(source, body);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    });

    it('more than 25 MB before reading it', async () => {
      const { hook_path } = source;
      const answer = await test.call('POST', hook_path, { body: ' '.repeat(26 * 1024 * 1024) });
      expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large']);
    });

    it('a header sent twice', async () => {
      const answer = await test.hook(source, fresh(), { headers: { 'x-github-delivery': 'a, b' } });
      expect([answer.status, answer.body.code]).toEqual([401, 'header_invalid']);
    });

    it('any other method', async () => {
      expect((await test.call('GET', source.hook_path)).status).toBe(405);
    });
  });

  it('takes any content type, also none and a broken one, and reads forms', async () => {
    for (const type of ['text/plain', 'application/xml; charset=utf-8', 'json', ';;;']) {
      const answer = await test.hook(source, fresh(), { headers: { 'content-type': type } });
      expect([type, answer.status]).toEqual([type, 200]);
    }
    const form = `payload=${encodeURIComponent(fresh())}`;
    const answer = await test.hook(source, form, { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect(answer.status).toBe(200);
  });

  it('gives every address that leads nowhere the same answer', async () => {
    const off = await test.source(acme);
    await test.call('PATCH', `/v1/event-sources/${off.id}`, { as: acme, body: { is_active: false } });
    const gone = await test.source(acme);
    await test.call('DELETE', `/v1/event-sources/${gone.id}`, { as: acme });
    const dead = await test.organization();
    const orphan = await test.source(dead);
    await test.rows('update organizations set deleted_at = now() where id = $1', [dead]);
    const unknown = { ...source, hook_path: `/hooks/${mintToken('hook', acme).token}` };
    const noOrganization = { ...source, hook_path: `/hooks/${mintToken('hook', randomUUID()).token}` };
    const typo = {
      ...source,
      hook_path: `${source.hook_path.slice(0, -1)}${source.hook_path.endsWith('a') ? 'b' : 'a'}`,
    };
    const wrongKind = { ...source, hook_path: `/hooks/${mintToken('api_key', acme).token}` };
    const nonsense = { ...source, hook_path: '/hooks/%00%ff' };
    const answers = new Set<string>();
    for (const one of [off, gone, orphan, unknown, noOrganization, typo, wrongKind]) {
      const { status, text, body } = await test.hook(one, fresh());
      answers.add(`${status} ${text.replace(String(body['request_id']), '')}`);
    }
    expect(answers.size).toBe(1);
    expect([...answers][0]).toMatch(/^404 .*hook_unknown/);
    expect((await test.hook(nonsense, fresh())).status).toBeLessThan(500);
  });

  it('counts a typing error as no query', async () => {
    let queries = 0;
    const { door } = test.platform;
    const { readOne } = door;
    Object.assign(door, {
      readOne: (...args: Parameters<typeof readOne>) => {
        queries++;
        return readOne(...args);
      },
    });
    await test.hook({ ...source, hook_path: `${source.hook_path}x` }, '{}');
    const typo = source.hook_path.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    await test.hook({ ...source, hook_path: typo }, '{}');
    Object.assign(door, { readOne });
    expect(queries).toBe(0);
  });

  it('keeps tenants apart: the same delivery in two organizations is two events, each with its own', async () => {
    const other = await test.organization();
    const theirs = await test.source(other);
    const [body, deliveryId] = [fresh(), randomUUID()];
    const [a, b] = [await test.hook(source, body, { deliveryId }), await test.hook(theirs, body, { deliveryId })];
    expect([a.body['duplicate'], b.body['duplicate']]).toEqual([false, false]);
    expect((await test.hook({ ...theirs, secret: source.secret }, body)).body.code).toBe('signature_mismatch');
    expect((await test.call('GET', `/v1/events/${b.body.id}`, { as: acme })).status).toBe(404);
    expect((await test.call('GET', `/v1/events/${b.body.id}`, { as: other })).status).toBe(200);
  });

  it('accepts the old secret beside the new one until its time is over', async () => {
    const rotating = await test.source(acme);
    const rotated = await test.call('POST', `/v1/event-sources/${rotating.id}/rotate-secret`, {
      as: acme,
      body: { overlap_hours: 2 },
    });
    const renewed = { ...rotating, secret: String(rotated.body['secret']) };
    expect((await test.hook(rotating, fresh())).status).toBe(200);
    expect((await test.hook(renewed, fresh())).status).toBe(200);
    now = new Date(Date.now() + 3 * 3_600_000);
    expect((await test.hook(rotating, fresh())).body.code).toBe('signature_mismatch');
    expect((await test.hook(renewed, fresh())).status).toBe(200);
    now = undefined;
    await test.call('POST', `/v1/event-sources/${rotating.id}/rotate-secret`, { as: acme, body: { overlap_hours: 0 } });
    expect((await test.hook(renewed, fresh())).body.code).toBe('signature_mismatch');
  });

  it('answers Slack’s challenge and stores nothing', async () => {
    const slack = await test.source(acme, { scheme: 'slack' });
    const challenge = JSON.stringify({ type: 'url_verification', challenge: 'abc', token: 'x' });
    const headers = signSlack(challenge, slack.secret, { at: new Date() });
    const answer = await test.hook(slack, challenge, { headers });
    expect([answer.status, answer.body]).toEqual([200, { challenge: 'abc' }]);
    const command = 'command=%2Fdeploy&text=now&user_name=ann';
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const sent = await test.hook(slack, command, {
      headers: { ...signSlack(command, slack.secret, { at: new Date() }), ...form },
    });
    expect(sent.status).toBe(200);
    expect(await test.rows('select type, payload from events where source_id = $1', [slack.id])).toEqual([
      { type: 'slash_command', payload: { command: '/deploy', text: 'now', user_name: 'ann' } },
    ]);
  });

  it('slows down who keeps failing, and nobody else', async () => {
    const watched = await test.source(acme);
    const wrong = { ...watched, secret: 'wrong-secret-wrong-secret' };
    const statuses: number[] = [];
    for (let n = 0; n < 110; n++) statuses.push((await test.hook(wrong, '{}', { ip: '198.51.100.1' })).status);
    expect(statuses.slice(0, 100).every((status) => status === 401)).toBe(true);
    expect(statuses).toContain(429);
    const limited = await test.hook(wrong, '{}', { ip: '198.51.100.1' });
    expect(Number(limited.headers['retry-after'] ?? 1)).toBeGreaterThan(0);
    expect((await test.hook(watched, fresh(), { ip: '198.51.100.2' })).status).toBe(200);
    const events = await test.rows<{ n: number }>(
      `select count(*)::int as n from security_events where details ->> 'source_id' = $1`,
      [watched.id],
    );
    expect(events[0]!.n).toBeLessThanOrEqual(4);
  });

  it('does not let one that cannot be stored take others of its batch along', async () => {
    const mixed = await test.source(acme);
    const bodies = Array.from({ length: 20 }, (_, n) => fresh({ place: n }));
    const { door } = test.platform;
    const { writeAll } = door;
    // what no check foresees: the statement fails whenever the seventh is in it
    Object.assign(door, {
      writeAll: (...[scope, statements, options]: Parameters<typeof writeAll>) =>
        writeAll(
          scope,
          statements.map((one) => {
            const poisoned = one.text.includes('ingest_events') && String(one.values[3]).includes('"place":7');
            return poisoned ? { text: 'select 1 / 0', values: [] } : one;
          }),
          options,
        ),
    });
    const answers = await Promise.all(bodies.map((body) => test.hook(mixed, body)));
    Object.assign(door, { writeAll });
    expect(answers.map(({ status }, place) => [place, status])).toEqual(
      bodies.map((_, place) => [place, place === 7 ? 500 : 200]),
    );
    expect(await stored(mixed)).toBe(19);
    expect((await test.hook(mixed, bodies[7]!)).body['duplicate']).toBe(false);
  });
});
