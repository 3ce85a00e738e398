import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { errors } from '../../../platform/core/errors.ts';
import { uuidv7 } from '../../../platform/core/ids.ts';
import type { Platform } from '../../../platform/platform.ts';
import { openTestGateway, PROVIDER_KEY, type TestGateway } from './calls.fixture.ts';
import { logScope, makeCallLog, type StartedCall } from './log.ts';
import { loseDeadCalls } from './lost.ts';

const chat = 'openai/v1/chat/completions';
const hello = (model: string, more: object = {}) => ({
  model,
  messages: [{ role: 'user', content: 'Hello' }],
  ...more,
});

describeEngines('what calls are charged', (on) => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await openTestGateway(on.engine);
  });
  afterAll(() => test?.close());
  beforeEach(() => test.begin());
  const policy = async (fields: object) => {
    await test.plinth.owner('delete from plinth.gateway_policies where organization_id = $1', [test.acme.id]);
    const made = await test.must('POST', '/v1/gateway-policies', fields);
    test.plinth.clock.advance(1_500);
    return made;
  };

  it('a call that has no room is refused before the provider is asked, and the log says so', async () => {
    test.books.tokensMax = 50;
    const answer = await test.post(chat, hello('gpt', { max_tokens: 1_000 }));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60']);
    expect(await answer.json()).toMatchObject({
      error: { code: 'test_budget_exceeded', type: 'rate_limit_error', message: expect.stringContaining('“all”') },
    });
    expect(test.provider.calls).toEqual([]);
    expect(await test.callOf()).toMatchObject({ status: 'refused', error_code: 'test_budget_exceeded', attempts: 0 });
    expect([test.books.spent, test.books.holds.size, test.books.costs.length]).toEqual([0, 0, 0]);
  });

  it('what is held is given back and what was used counted, once, however the call ends', async () => {
    test.books.tokensMax = 1_000_000;
    for (const [model, more, tokens] of [
      ['gpt', {}, 19],
      ['gpt', { stream: true }, 19],
      ['gpt.status-400', {}, 0],
      ['gpt.status-400', { stream: true }, 0],
    ] as const) {
      const before = test.books.spent;
      const answer = await test.post(chat, hello(model, { max_tokens: 20, ...more }));
      await answer.text();
      await test.callOf(answer);
      await expect.poll(() => test.books.holds.size).toBe(0);
      expect(test.books.spent - before).toBe(tokens);
    }
    expect(test.books.costs.map(({ price, kind, provider }) => [price?.total_cost, kind, provider])).toEqual([
      ['0.19', 'call', 'openai'],
      ['0.19', 'call', 'openai'],
    ]);
  });

  it('the dearest is held that could be: all choices, and the policy’s cap where the request names none', async () => {
    const holdOf = async (more: object) => {
      test.books.tokensMax = 1_000_000;
      const asking = test.post(chat, hello('gpt.slow-150', more));
      await expect.poll(() => test.books.holds.size).toBe(1);
      const [held] = test.books.holds.values();
      await (await asking).text();
      await expect.poll(() => test.books.holds.size).toBe(0);
      return held!;
    };
    const base = await holdOf({ max_tokens: 1_000 });
    expect((await holdOf({ max_tokens: 1_000, n: 3 })) - base).toBeGreaterThanOrEqual(2_000);
    await policy({ output_tokens_cap: 77 });
    expect(await holdOf({})).toBeLessThan(200);
    expect(test.provider.calls.at(-1)!.body['max_completion_tokens']).toBe(77);
    // nothing is held: nothing is made another
    test.books.tokensMax = undefined;
    await test.post(chat, hello('gpt'));
    expect(test.provider.calls.at(-1)!.body).not.toHaveProperty('max_completion_tokens');
  });

  it('a model without a price costs null, never nothing', async () => {
    const answer = await test.post(chat, hello('unpriced'));
    await test.callOf(answer);
    expect(test.books.costs).toEqual([expect.objectContaining({ model: 'unpriced', price: null })]);
  });

  it('too many calls a minute are refused with the time to wait', async () => {
    test.books.requestsMax = 1;
    expect((await test.post(chat, hello('gpt'))).status).toBe(200);
    const answer = await test.post(chat, hello('gpt'));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
    expect(test.provider.calls).toHaveLength(1);
  });

  it('fifty calls at once are each written down, charged and answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => test.post(chat, hello('gpt', { stream: n % 2 === 0 }))),
    );
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(texts.every((text) => text.includes('word4'))).toBe(true);
    await expect.poll(() => test.books.costs.length, { timeout: 10_000 }).toBe(50);
    expect(new Set(test.books.costs.map(({ call_id }) => call_id)).size).toBe(50);
  });

  describe('contents', () => {
    const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
    const contentsOf = async (stream: boolean) => {
      const body = {
        model: 'gpt',
        stream,
        messages: [{ role: 'user', content: `my token: ${secret}` }],
        password: 'p4ss',
      };
      const answer = await test.post(chat, body);
      await answer.text();
      const call = await test.callOf(answer);
      return [call['request_content'], call['response_content']].map((one) => (one === null ? null : String(one)));
    };

    it.each(['full', 'redacted', 'none'] as const)('are kept as the policy says: %s', async (content_capture) => {
      await policy({ content_capture });
      for (const stream of [false, true]) {
        const [request, response] = await contentsOf(stream);
        if (content_capture === 'none') expect([request, response]).toEqual([null, null]);
        else {
          expect(request!.includes(secret)).toBe(content_capture === 'full');
          expect(request!.includes('p4ss')).toBe(content_capture === 'full');
          expect(request).toContain('my token');
          expect(response).toContain('Grüße word1 word2');
        }
      }
    });

    it('of a project as the project’s policy says', async () => {
      await policy({ content_capture: 'full' });
      const project = await test.must('POST', '/v1/projects', { name: 'Quiet', slug: 'quiet' });
      await test.must('POST', '/v1/gateway-policies', { project_id: project['id'], content_capture: 'none' });
      test.plinth.clock.advance(1_500);
      const answer = await test.post(chat, hello('gpt'), { 'plinth-project': 'quiet' });
      expect(await test.callOf(answer)).toMatchObject({
        request_content: null,
        response_content: null,
        content: 'none',
      });
    });

    it('are seen by whoever called and by administrators', async () => {
      await policy({ content_capture: 'full' });
      const keyOf = async (role: 'member' | 'admin') => {
        const { id } = await test.plinth.makeUser({ organizationId: test.acme.id, role });
        return (await test.plinth.makeKey({ organizationId: test.acme.id, userId: id, role })).key;
      };
      const [one, other, admin] = [await keyOf('member'), await keyOf('member'), await keyOf('admin')];
      const answer = await test.post(chat, hello('gpt'), { authorization: `Bearer ${one}` });
      const { id } = await test.callOf(answer);
      const seenBy = async (key: string) => (await test.plinth.call('GET', `/v1/gateway-calls/${id}`, { key })).status;
      expect([await seenBy(one), await seenBy(other), await seenBy(admin)]).toEqual([200, 404, 200]);
    });
  });

  it('the log is paged and filtered', async () => {
    const made: string[] = [];
    for (const model of ['page-a', 'page-b', 'page-a', 'page-a']) {
      made.unshift((await test.callOf(await test.post(chat, hello(model)))).id);
    }
    const page = async (query: string) => {
      const { body } = await test.plinth.call('GET', `/v1/gateway-calls?${query}`, { key: test.acme.key });
      return { ids: (body['data'] as unknown as { id: string }[]).map(({ id }) => id), next: body['next_cursor'] };
    };
    expect((await page('limit=4')).ids).toEqual(made);
    const first = await page('model=page-a&limit=2');
    expect(first.ids).toEqual([made[0], made[1]]);
    expect((await page(`model=page-a&limit=2&cursor=${first.next}`)).ids).toEqual([made[3]]);
    expect((await page('status=lost')).ids).toEqual([]);
  });

  it('a call whose process died is lost: its input is charged, once, and its hold given back', async () => {
    const { plinth, acme, books } = test;
    const id = uuidv7(plinth.clock.now());
    books.holds.set(id, 500);
    const row = {
      id,
      occurred_at: plinth.clock.now(),
      wire: 'openai_chat',
      is_stream: false,
      requested_model: 'gpt',
      connection_id: test.connections['openai'],
      provider: 'openai',
      model: 'gpt',
      user_id: acme.userId,
      input_tokens_estimate: 30,
      content: 'none',
      lease_expires_at: new Date(plinth.clock.now().getTime() + 60_000),
    };
    // by hand: its process is not this one
    await plinth.platform.door.write(logScope(acme.id), (tx) =>
      tx.sql('select plinth.start_gateway_calls($1, $2::jsonb)', [acme.id, JSON.stringify([row])]),
    );
    expect(await loseDeadCalls(plinth.platform, books)).toMatchObject({ lost: 0, nextAt: expect.any(Date) });
    plinth.clock.advance(61_000);
    expect((await loseDeadCalls(plinth.platform, books)).lost).toBe(1);
    expect(await loseDeadCalls(plinth.platform, books)).toEqual({ lost: 0, nextAt: null });
    const { body } = await plinth.call('GET', `/v1/gateway-calls/${id}`, { key: acme.key });
    expect(body).toMatchObject({ status: 'lost', error_code: 'process_lost', input_tokens: 30, is_estimated: true });
    expect([books.spent, books.holds.size]).toEqual([30, 0]);
    expect(books.costs).toEqual([
      expect.objectContaining({
        call_id: id,
        subject: { userId: acme.userId },
        price: expect.objectContaining({ total_cost: '0.30' }),
      }),
    ]);
    // who was only taken for dead comes back too late
    const done = await plinth.platform.door.write(logScope(acme.id), (tx) =>
      tx.sql('select plinth.finish_gateway_call($1, $2::jsonb) as done', [
        acme.id,
        JSON.stringify({ ...row, status: 'succeeded', attempts: 1, is_estimated: false, ended_at: new Date() }),
      ]),
    );
    expect(done).toEqual([{ done: false }]);
  });

  it('a call that runs says so, and its hold with it, until it has ended', async () => {
    const { platform } = test.plinth;
    const extended: number[] = [];
    const budgets = {
      ...test.books.makeBudgets(platform),
      extend: async (_scope: unknown, _hold: unknown, seconds: number) => void extended.push(seconds),
    };
    const log = makeCallLog(platform, budgets, 300);
    const occurredAt = platform.clock.now();
    const call: StartedCall = {
      id: uuidv7(occurredAt),
      occurredAt,
      organizationId: test.acme.id,
      wire: 'openai_chat',
      isStream: true,
      requestedModel: 'gpt',
      alias: undefined,
      connectionId: test.connections['openai']!,
      provider: 'openai',
      model: 'gpt',
      subject: {},
      inputEstimate: 1,
      content: 'none',
      requestContent: null,
      traceId: undefined,
    };
    await log.start(call);
    const lease = async () => {
      const [row] = await test.plinth.owner<{ until: Date }>(
        'select lease_expires_at as until from plinth.gateway_calls where id = $1',
        [call.id],
      );
      return row!.until.getTime();
    };
    const first = await lease();
    const running = log.running(call, logScope(test.acme.id));
    running.hold({ id: call.id, expires_at: new Date() });
    await expect.poll(lease).toBeGreaterThan(first + 200);
    await expect.poll(() => extended.length).toBeGreaterThan(1);
    running.ended();
    await new Promise((resolve) => setTimeout(resolve, 150));
    const [last, times] = [await lease(), extended.length];
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([await lease(), extended.length]).toEqual([last, times]);
    log.close();
    test.plinth.clock.advance(61_000);
    expect((await loseDeadCalls(platform, test.books)).lost).toBe(1);
  });

  describe('while the database can not be reached', () => {
    /** All that goes through the door fails, as when the server is away. */
    const withoutDatabase = async <T>(work: () => Promise<T>): Promise<T> => {
      const door = test.plinth.platform.door as { -readonly [K in keyof Platform['door']]: Platform['door'][K] };
      const { readOne, write, writeAll, read } = door;
      const away = () => Promise.reject(errors.database_unavailable());
      Object.assign(door, { readOne: away, write: away, writeAll: away, read: away });
      try {
        return await work();
      } finally {
        Object.assign(door, { readOne, write, writeAll, read });
      }
    };

    it('calls are refused', async () => {
      await policy({ when_unreachable: 'refuse' });
      await test.post(chat, hello('gpt'));
      test.provider.reset();
      const soon = await withoutDatabase(() => test.post(chat, hello('gpt')));
      test.plinth.clock.advance(2_000);
      const later = await withoutDatabase(() => test.post(chat, hello('gpt')));
      for (const answer of [soon, later]) {
        expect(answer.status).toBe(503);
        expect(await answer.json()).toMatchObject({ error: { code: 'database_unavailable', type: 'server_error' } });
      }
      expect(test.provider.calls).toEqual([]);
    });

    it('or let through, where the policy says so, and written down afterwards', async () => {
      await policy({ when_unreachable: 'allow' });
      await (await test.post(chat, hello('gpt'))).text();
      await test.callOf();
      test.books.reset();
      test.plinth.clock.advance(2_000);
      const answer = await withoutDatabase(async () => {
        const let_in = await test.post(chat, hello('gpt'));
        expect(let_in.status).toBe(200);
        await let_in.text();
        return let_in;
      });
      await expect.poll(() => test.books.costs.length, { timeout: 10_000 }).toBe(1);
      expect(await test.callOf(answer)).toMatchObject({ status: 'succeeded', output_tokens: 5 });
      // not who is not known
      test.plinth.clock.advance(2_000);
      const stranger = await withoutDatabase(() => test.post(chat, hello('gpt'), { authorization: 'Bearer plk_x' }));
      expect(stranger.status).not.toBe(200);
    });
  });

  it('keys are in no row, no answer and no log', async () => {
    await policy({ content_capture: 'full' });
    await (await test.post(chat, hello('gpt.status-400'))).text();
    const rows = await test.plinth.owner<{ text: string }>(
      `select (select jsonb_agg(c) from plinth.provider_connections c)::text || (select jsonb_agg(g) from plinth.gateway_calls g)::text
         || (select jsonb_agg(a) from plinth.audit_logs a)::text || coalesce((select jsonb_agg(i) from plinth.idempotency_keys i)::text, '')
         as text`,
    );
    expect(rows[0]!.text).not.toContain(PROVIDER_KEY.slice(5, 25));
    expect(rows[0]!.text).not.toContain(test.acme.key.slice(30));
  });
});
