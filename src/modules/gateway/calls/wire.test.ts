import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { openTestGateway, PROVIDER_KEY, type TestGateway } from './calls.fixture.ts';

const hello = (model: string, more: object = {}) => ({
  model,
  messages: [{ role: 'user', content: 'Hello' }],
  ...more,
});
const chat = 'openai/v1/chat/completions';
const messages = 'anthropic/v1/messages';

describeEngines('calls over the wire', (on) => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await openTestGateway(on.engine);
  });
  afterAll(() => test?.close());
  beforeEach(() => test.begin());
  const errorOf = async (answer: Response) => {
    const { error } = (await answer.json()) as { error: { code: string; type: string; message: string } };
    return { status: answer.status, code: error.code, type: error.type };
  };
  /** As the provider would have said it to a client of its own. */
  const direct = async (path: string, body: object, headers: Record<string, string> = {}) =>
    (
      await fetch(`${test.provider.url}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
    ).text();

  describe('pass through byte by byte', () => {
    it.each([
      [chat, 'v1/chat/completions', hello('gpt'), {}],
      [chat, 'v1/chat/completions', hello('gpt', { stream: true }), {}],
      [chat, 'v1/chat/completions', hello('gpt', { stream: true, tools: [{ type: 'function' }] }), {}],
      [chat, 'v1/chat/completions', hello('gpt', { stream: true, stream_options: { include_usage: true } }), {}],
      ['openai/v1/responses', 'v1/responses', { model: 'gpt', input: 'Hello' }, {}],
      ['openai/v1/responses', 'v1/responses', { model: 'gpt', input: 'Hello', stream: true }, {}],
      ['openai/v1/embeddings', 'v1/embeddings', { model: 'embed', input: ['a', 'b'] }, {}],
      [messages, 'v1/messages', hello('claude', { max_tokens: 100 }), { 'x-api-key': 'k' }],
      [messages, 'v1/messages', hello('claude', { max_tokens: 100, stream: true }), { 'x-api-key': 'k' }],
    ])('%s %s %j', async (path, providers, body, headers) => {
      const answer = await test.post(path, body);
      expect(answer.status).toBe(200);
      const { stream } = body as { stream?: boolean };
      expect(answer.headers.get('content-type')).toMatch(stream ? /^text\/event-stream/ : /^application\/json/);
      expect(await answer.text()).toBe(await direct(providers, body, headers));
      const call = await test.callOf(answer);
      expect(call).toMatchObject({ status: 'succeeded', attempts: 1, is_estimated: false, status_code: 200 });
      expect(call.input_tokens).toBeGreaterThan(0);
      const [seen] = test.provider.calls;
      expect(seen!.headers).toMatchObject({ 'content-type': 'application/json' });
      expect(JSON.stringify(seen!.headers)).not.toContain(test.acme.key);
      expect([seen!.headers.authorization, seen!.headers['x-api-key']]).toContain(
        path === messages ? PROVIDER_KEY : `Bearer ${PROVIDER_KEY}`,
      );
    });

    it('with the bytes of the client, where nothing in them has to be another', async () => {
      const body = '{ "model":"gpt", "messages": [ ],\n "seed": 12345678901234567890 }';
      await test.post(chat, body);
      expect(test.provider.calls[0]!.text).toBe(body);
    });

    it('event by event as they come', async () => {
      const answer = await test.post(chat, hello('gpt.drip-30', { stream: true }));
      const times: number[] = [];
      for await (const _chunk of answer.body as AsyncIterable<Uint8Array>) times.push(performance.now());
      expect(times.length).toBeGreaterThan(4);
      expect(times.at(-1)! - times[0]!).toBeGreaterThan(100);
    });
  });

  it('usage is read from every format, and each token counted once', async () => {
    const partition = async (path: string, body: object) => {
      const answer = await test.post(path, body);
      await answer.text();
      const call = await test.callOf(answer);
      const { input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens } = call;
      return [input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens];
    };
    for (const stream of [false, true]) {
      expect(await partition(chat, hello('gpt.cached', { stream }))).toEqual([3, 8, 0, 5, 3]);
      expect(await partition('openai/v1/responses', { model: 'gpt.cached', input: 'x', stream })).toEqual([
        3, 8, 0, 5, 3,
      ]);
      expect(await partition(messages, hello('claude.cached', { max_tokens: 9, stream }))).toEqual([11, 30, 20, 8, 0]);
    }
    expect(await partition('openai/v1/embeddings', { model: 'embed', input: 'x' })).toEqual([6, 0, 0, 0, 0]);
    expect(test.books.costs).toHaveLength(7);
    const uncounted = await test.post(chat, hello('gpt.no-usage', { stream: true }));
    await uncounted.text();
    expect(await test.callOf(uncounted)).toMatchObject({
      status: 'succeeded',
      is_estimated: true,
      cached_input_tokens: 0,
    });
  });

  it('who calls is known by the key as each SDK sends it, and errors read as the provider’s', async () => {
    const anonymous = { authorization: '' };
    const asked = (path: string, headers: Record<string, string>) =>
      test.post(path, hello(path === chat ? 'gpt' : 'claude', { max_tokens: 5 }), headers);
    expect((await asked(messages, { ...anonymous, 'x-api-key': test.acme.key })).status).toBe(200);
    expect(await errorOf(await asked(chat, anonymous))).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await errorOf(await asked(chat, { authorization: `Bearer ${test.acme.key}x` }))).toEqual({
      status: 401,
      code: 'unauthenticated',
      type: 'authentication_error',
    });
    const refused = await asked(messages, { ...anonymous, 'x-api-key': 'sk-ant-nothing' });
    expect(await refused.json()).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error', code: 'unauthenticated' },
      request_id: expect.any(String),
    });
    const viewer = await test.plinth.makeUser({ organizationId: test.acme.id, role: 'viewer' });
    const { key } = await test.plinth.makeKey({ organizationId: test.acme.id, userId: viewer.id, role: 'viewer' });
    expect(await errorOf(await asked(chat, { authorization: `Bearer ${key}` }))).toMatchObject({
      status: 403,
      code: 'forbidden',
      type: 'permission_error',
    });
    const narrow = await test.plinth.makeKey({
      organizationId: test.acme.id,
      userId: test.acme.userId,
      scopes: ['gateway:use'],
    });
    expect((await asked(chat, { authorization: `Bearer ${narrow.key}` })).status).toBe(200);
    expect(test.provider.calls).toHaveLength(2);
  });

  it.each([
    ['{"model"', 400, 'invalid_json'],
    ['', 400, 'invalid_json'],
    ['[]', 400, 'invalid_request'],
    [{ messages: [] }, 400, 'invalid_request'],
    [{ model: 'a\u0000b' }, 400, 'invalid_request'],
    [`{"model":"gpt","x":${'['.repeat(200)}${']'.repeat(200)}}`, 400, 'json_too_deep'],
  ])('what can not be read is refused, and nobody is asked: %j', async (body, status, code) => {
    expect(await errorOf(await test.post(chat, body))).toMatchObject({ status, code });
    expect(test.provider.calls).toEqual([]);
  });

  it('what would run past us is refused', async () => {
    const answer = await test.post('openai/v1/responses', { model: 'gpt', input: 'x', background: true });
    expect(await errorOf(answer)).toMatchObject({ status: 422, code: 'call_not_supported' });
  });

  it('a provider’s errors are the client’s to read, without the key', async () => {
    for (const [status, retry] of [
      [400, ''],
      [404, ''],
      [422, ''],
      [429, '.retry-30'],
      [500, ''],
      [529, ''],
    ] as const) {
      for (const stream of [false, true]) {
        const answer = await test.post(chat, hello(`gpt.status-${status}${retry}`, { stream }));
        const text = await answer.text();
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, status === 429 ? '30' : null]);
        expect(text).toContain(`it is ${status}, and the key is`);
        expect(text).not.toContain(PROVIDER_KEY.slice(5, 20));
        expect(await test.callOf(answer)).toMatchObject({
          status: 'failed',
          error_code: `provider_${status}`,
          input_tokens: null,
        });
        test.plinth.clock.advance(120_000);
      }
    }
    expect(test.books.costs).toEqual([]);
  });

  it('a key that the provider refuses is ours, not the client’s', async () => {
    test.provider.keys = new Set();
    const answer = await test.post(chat, hello('gpt'));
    test.provider.keys = undefined;
    const text = await answer.text();
    expect(answer.status).toBe(502);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'provider_refused_key', type: 'server_error' } });
    expect(text).not.toContain('sk-provider');
  });

  it('a failure that passes is not seen: the same is asked again, before the first byte', async () => {
    for (const stream of [false, true]) {
      const answer = await test.post(chat, hello(`gpt.flaky-1.${stream}`, { stream }));
      expect([answer.status, await test.callOf(answer)]).toMatchObject([200, { status: 'succeeded', attempts: 2 }]);
    }
    const late = await test.post(chat, hello('gpt.status-429.retry-1'));
    expect([late.status, (await test.callOf(late)).attempts]).toEqual([429, 2]);
    const first = await test.post(chat, hello('gpt.error-first', { stream: true }));
    expect(await errorOf(first)).toMatchObject({ status: 503, code: 'provider_unavailable' });
    expect((await test.callOf(first)).attempts).toBe(2);
  });

  it('an alias falls back to the next, which gets its own model and headers', async () => {
    const { openai, backup } = test.connections;
    await test.must('POST', '/v1/model-aliases', {
      alias: 'smart',
      targets: [
        { connection_id: backup, model: 'only-backup-1', priority: 1 },
        { connection_id: openai, model: 'gpt.status-503', priority: 0 },
      ],
    });
    test.plinth.clock.advance(2_000);
    const answer = await test.post(chat, hello('smart'));
    expect(((await answer.json()) as { model: string }).model).toBe('only-backup-1-2026-01-01');
    expect(test.provider.calls.map(({ body, headers }) => [body['model'], headers['x-backup']])).toEqual([
      ['gpt.status-503', undefined],
      ['gpt.status-503', undefined],
      ['only-backup-1', 'yes'],
    ]);
    expect(await test.callOf(answer)).toMatchObject({
      alias: 'smart',
      requested_model: 'smart',
      model: 'only-backup-1',
      connection_id: backup,
      attempts: 3,
    });
    const { data } = (await (
      await fetch(`${test.url}/gateway/openai/v1/models`, { headers: { authorization: `Bearer ${test.acme.key}` } })
    ).json()) as { data: { id: string; object: string }[] };
    expect(data).toEqual([expect.objectContaining({ id: 'smart', object: 'model' })]);
  });

  it('a connection that fails again and again is left alone for a while', async () => {
    await test.connect('frail', { models: ['frail*'] });
    test.plinth.clock.advance(2_000);
    for (let n = 0; n < 3; n++) await test.post(chat, hello('frail.status-500'));
    const asked = test.provider.calls.length;
    const answer = await test.post(chat, hello('frail.status-500'));
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await errorOf(answer)).toMatchObject({ status: 503, code: 'provider_unavailable' });
    expect(test.provider.calls).toHaveLength(asked);
    test.plinth.clock.advance(60_000);
    expect((await test.post(chat, hello('frail.ok'))).status).toBe(200);
  });

  it('an answer that is no JSON, or is cut, is an error, and what is known is charged', async () => {
    const broken = await test.post(chat, hello('gpt.broken'));
    expect(await errorOf(broken)).toMatchObject({ status: 502, code: 'provider_answer_invalid' });
    expect(await test.callOf(broken)).toMatchObject({ status: 'failed', is_estimated: true, output_tokens: 0 });
    const cut = await test.post(chat, hello('gpt.cut'));
    expect(await errorOf(cut)).toMatchObject({ status: 503, code: 'provider_unavailable' });
    expect((await test.callOf(cut)).attempts).toBe(2);
    expect(test.books.costs).toHaveLength(1);
  });

  it('a stream that is cut ends with an error event, after every whole event', async () => {
    const whole = await direct('v1/chat/completions', hello('gpt.cut', { stream: true })).catch(() => '');
    expect(whole).toBe('');
    const answer = await test.post(chat, hello('gpt.cut', { stream: true }));
    const events = (await answer.text()).split('\n\n').filter((one) => one !== '');
    expect(events).toHaveLength(4);
    expect(JSON.parse(events[3]!.slice(6))).toMatchObject({
      error: { code: 'provider_answer_cut', type: 'server_error' },
    });
    const call = await test.callOf(answer);
    expect(call).toMatchObject({ status: 'failed', error_code: 'provider_answer_cut', is_estimated: true });
    expect(call.output_tokens).toBeGreaterThan(0);
    const claude = await test.post(messages, hello('claude.cut', { max_tokens: 9, stream: true }));
    expect((await claude.text()).split('\n\n').at(-2)).toMatch(/^event: error\ndata: .*provider_answer_cut/);
    // the provider had counted the input
    expect(await test.callOf(claude)).toMatchObject({ input_tokens: 11, is_estimated: true });
  });

  it('an error in the middle of a stream goes through as it is, and the call has failed', async () => {
    const body = hello('gpt.error-late', { stream: true });
    const answer = await test.post(chat, body);
    expect(await answer.text()).toBe(await direct('v1/chat/completions', body));
    expect(await test.callOf(answer)).toMatchObject({
      status: 'failed',
      error_code: 'provider_error',
      is_estimated: true,
    });
  });

  it('a client that goes away stops the provider, and what was used is charged', async () => {
    for (const [path, model, headers] of [
      [chat, 'gpt.hang', {}],
      [messages, 'claude.hang', {}],
    ] as const) {
      test.provider.reset();
      const leaving = new AbortController();
      const answer = await test.post(path, hello(model, { stream: true, max_tokens: 50 }), headers, leaving.signal);
      const reader = answer.body!.getReader();
      await reader.read();
      leaving.abort();
      await expect.poll(() => test.provider.calls[0]?.isGone).toBe(true);
      const call = await test.callOf(answer);
      expect(call).toMatchObject({ status: 'cancelled', error_code: 'client_gone', is_estimated: true, attempts: 1 });
      expect(call.input_tokens).toBeGreaterThan(0);
    }
    expect(test.books.costs).toHaveLength(2);
  });

  it('also one that goes before there is an answer', async () => {
    const leaving = new AbortController();
    const asking = test.post(chat, hello('gpt.slow-5000'), {}, leaving.signal).catch((error: Error) => error.name);
    await expect.poll(() => test.provider.calls.length).toBe(1);
    leaving.abort();
    expect(await asking).toBe('AbortError');
    await expect.poll(() => test.provider.calls[0]?.isGone).toBe(true);
    await expect.poll(() => test.books.costs.length).toBe(1);
    expect(await test.callOf()).toMatchObject({ status: 'cancelled', status_code: null, output_tokens: 0 });
  });

  it('a client that reads slowly holds the provider back', async () => {
    const answer = await test.post(chat, hello('gpt.long-200000', { stream: true }));
    const reader = answer.body!.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(test.provider.calls[0]!.isAnswered).toBe(false);
    let bytes = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) bytes += part.value.length;
    expect(bytes).toBeGreaterThan(20_000_000);
    expect(await test.callOf(answer)).toMatchObject({
      status: 'succeeded',
      output_tokens: 200_000,
      is_estimated: false,
    });
  });

  it('counts for the project that is named, by id or slug, and for nobody else’s', async () => {
    const project = await test.must('POST', '/v1/projects', { name: 'Site', slug: 'site' });
    for (const named of [String(project['id']), 'site']) {
      const answer = await test.post(chat, hello('gpt'), { 'plinth-project': named });
      expect(await test.callOf(answer)).toMatchObject({ project_id: project['id'], user_id: test.acme.userId });
    }
    expect(test.books.subjects[0]).toEqual({
      projectId: project['id'],
      userId: test.acme.userId,
      apiKeyId: expect.any(String),
    });
    const other = await test.plinth.makeOrganization('Other');
    const answer = await test.post(chat, hello('gpt'), {
      'plinth-project': String(project['id']),
      authorization: `Bearer ${other.key}`,
    });
    expect(await errorOf(answer)).toMatchObject({ status: 422, code: 'unknown_project' });
  });

  it('nobody calls over another organization’s connection or alias', async () => {
    const other = await test.plinth.makeOrganization('Stranger');
    const headers = { authorization: `Bearer ${other.key}` };
    for (const model of ['gpt', 'openai/gpt', 'smart', `${test.connections['openai']}/gpt`]) {
      const answer = await test.post(chat, hello(model), headers);
      expect(await errorOf(answer)).toMatchObject({ status: 404, code: 'model_not_found' });
    }
    const { body } = await test.plinth.call('GET', '/v1/gateway-calls', { key: other.key });
    expect(body['data']).toEqual([]);
    expect(test.provider.calls).toEqual([]);
  });

  it('a trace goes on', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const answer = await test.post(chat, hello('gpt'), { traceparent: `00-${trace}-b7ad6b7169203331-01` });
    const call = await test.callOf(answer);
    expect(call['trace_id']).toBe(trace);
    const { body } = await test.plinth.call('GET', `/v1/gateway-calls?trace_id=${trace}`, { key: test.acme.key });
    expect((body['data'] as unknown as { id: string }[]).map(({ id }) => id)).toEqual([call.id]);
  });
});
