/** A server that is broken, slow, hostile or not Plinth at all: every outcome is an error with a code, and soon. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Client, type ClientOptions, createClient, type PlinthError } from './index.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}
type Handler = (response: ServerResponse, nth: number, request: IncomingMessage) => void;

/** Serves what `handle` does with the nth request, counted from 1. */
async function serve(
  handle: Handler,
  options: Partial<ClientOptions> = {},
): Promise<{ client: Client; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      asked.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
      handle(response, asked.length, request);
    });
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, client: createClient({ url, key: 'plk_secret', retryDelayMs: 1, ...options }) };
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const problem = (code: string, status: number) => ({
  type: 'x',
  title: 'No',
  status,
  code,
  hint: 'h',
  request_id: 'r1',
});

async function failure(work: PromiseLike<unknown>): Promise<PlinthError> {
  return work.then(
    (answer) => Promise.reject(new Error(`it did not fail: ${JSON.stringify(answer)}`)),
    (error: PlinthError) => error,
  );
}

describe('a broken server', () => {
  it('connections that are cut: reads and keyed writes are tried again, with the same key', async () => {
    const { client, asked } = await serve((response, nth) => {
      if (nth < 3) response.socket?.destroy();
      else json(response, 201, { id: 'p' });
    });
    expect(await client.projects.create({ name: 'x' })).toEqual({ id: 'p' });
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect([keys.length, new Set(keys).size, typeof keys[0]]).toEqual([3, 1, 'string']);
  });

  it('a write the server cannot recognize is not sent twice', async () => {
    const { client, asked } = await serve((response) => response.socket?.destroy());
    expect(await failure(client.organizations.create({ name: 'x' }))).toMatchObject({
      code: 'network_error',
      status: 0,
    });
    expect([asked.length, asked[0]?.headers['idempotency-key']]).toEqual([1, undefined]);
  });

  it('gives up after the attempts it was given', async () => {
    const { client, asked } = await serve((response) => json(response, 503, problem('too_busy', 503)), { retries: 2 });
    expect(await failure(client.me.get())).toMatchObject({ code: 'too_busy', status: 503, requestId: 'r1' });
    expect(asked).toHaveLength(3);
  });

  it.each([
    ['rate_limited', 429, true, 'waits and tries again'],
    ['too_busy', 503, true, 'nothing was done'],
    ['outcome_unknown', 503, false, 'it may have been done'],
    ['serialization_conflict', 409, true, 'nothing was written'],
    ['already_exists', 409, false, 'it would end the same'],
    ['statement_timeout', 503, false, 'it would end the same'],
    ['internal', 500, false, 'a fault'],
    ['outbound_failed', 502, false, 'the other side’s'],
  ])('%s of a write without a key: tried again is %s', async (code, status, again) => {
    const { client, asked } = await serve((response, nth) =>
      nth === 1 ? json(response, status, problem(code, status)) : json(response, 201, { id: 'o' }),
    );
    if (again) expect(await client.organizations.create({ name: 'x' })).toEqual({ id: 'o' });
    else expect(await failure(client.organizations.create({ name: 'x' }))).toMatchObject({ code, status });
    expect(asked).toHaveLength(again ? 2 : 1);
  });

  it('waits as Retry-After says, but not longer than it may', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    for (const wait of ['86400', date]) {
      const { client, asked } = await serve((response) =>
        json(response, 429, problem('rate_limited', 429), { 'retry-after': wait }),
      );
      const error = await failure(client.me.get());
      expect([error.code, asked.length]).toEqual(['rate_limited', 1]);
      expect(error.retryAfterMs).toBeGreaterThan(3_500_000);
    }
    const { client } = await serve((response, nth) =>
      nth === 1
        ? json(response, 503, problem('too_busy', 503), { 'retry-after': '1' })
        : json(response, 200, { ok: nth }),
    );
    const started = performance.now();
    expect(await client.me.get()).toEqual({ ok: 2 });
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  it('pages of a proxy are errors without their text', async () => {
    const html = '<html><script>alert(1)</script>Bad gateway</html>';
    const page: Handler = (response) => response.writeHead(500, { 'content-type': 'text/html' }).end(html);
    const broken = await failure((await serve(page)).client.me.get());
    expect(broken).toMatchObject({ code: 'http_error', status: 500 });
    expect(`${broken.message}${broken.detail}`).not.toContain('script');
    const fine: Handler = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    expect(await failure((await serve(fine)).client.me.get())).toMatchObject({ code: 'response_invalid', status: 200 });
    expect(await failure((await serve(fine)).client.projects.list())).toMatchObject({ code: 'response_invalid' });
    const odd: Handler = (response) => json(response, 400, { code: 7, title: null, errors: 'none' });
    expect(await failure((await serve(odd)).client.me.get())).toMatchObject({ code: 'http_error', status: 400 });
    const listless: Handler = (response) => json(response, 200, { rows: [] });
    expect(await failure((await serve(listless)).client.projects.list())).toMatchObject({ code: 'response_invalid' });
  });

  it('silence and slow bodies end at the timeout', async () => {
    const silent = await serve(() => undefined, { timeoutMs: 50, retries: 0 });
    expect(await failure(silent.client.me.get())).toMatchObject({ code: 'timeout', status: 0 });
    const slow = await serve(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 10);
        response.once('close', () => clearInterval(drip));
      },
      { timeoutMs: 100, retries: 1 },
    );
    expect(await failure(slow.client.me.get())).toMatchObject({ code: 'timeout' });
    expect(slow.asked).toHaveLength(2);
  });

  it('an abort ends a request, and a wait between two', async () => {
    const silent = await serve(() => undefined);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('no longer wanted')), 20);
    await expect(silent.client.me.get({ signal: stop.signal })).rejects.toThrow('no longer wanted');
    const busy = await serve((response) => json(response, 503, problem('too_busy', 503), { 'retry-after': '20' }));
    const late = AbortSignal.timeout(50);
    await expect(busy.client.me.get({ signal: late })).rejects.toThrow('timeout');
    expect(busy.asked).toHaveLength(1);
    await expect(busy.client.me.get({ signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    expect(busy.asked).toHaveLength(1);
  });
});

describe('a hostile server', () => {
  it('cannot send the key elsewhere by a redirect', async () => {
    const elsewhere = await serve((response) => json(response, 200, {}));
    for (const status of [301, 302, 303, 307, 308]) {
      const { client, asked } = await serve((response) =>
        response.writeHead(status, { location: `${elsewhere.client.url}/v1/me` }).end(),
      );
      expect(await failure(client.me.get())).toMatchObject({ code: 'redirected', status });
      expect(asked).toHaveLength(1);
    }
    expect(elsewhere.asked).toHaveLength(0);
  });

  it('cannot fill the memory, announced or not', async () => {
    const { client } = await serve(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const chunk = Buffer.alloc(64 * 1024, 0x20);
        const more = () => {
          while (response.write(chunk));
        };
        response.on('drain', more);
        more();
      },
      { responseBytesMax: 1024 * 1024 },
    );
    expect(await failure(client.me.get())).toMatchObject({ code: 'response_too_large' });
  });

  it('cannot keep an iterator going in a circle', async () => {
    const { client, asked } = await serve((response) =>
      json(response, 200, { data: [{ id: '1' }], next_cursor: 'same' }),
    );
    const seen: string[] = [];
    const walk = (async () => {
      for await (const { id } of client.projects.list()) seen.push(id);
    })();
    expect(await failure(walk)).toMatchObject({ code: 'response_invalid' });
    expect([asked.length, seen]).toEqual([2, ['1']]);
  });
});

describe('what is never sent', () => {
  it.each(['', '.', '..', undefined as unknown as string, 7 as unknown as string])('an id that is %j', async (id) => {
    const { client, asked } = await serve((response) => json(response, 200, {}));
    expect(() => client.projects.delete(id)).toThrow('projects.delete');
    expect(asked).toHaveLength(0);
  });

  it('ids are encoded, so that none reaches another route', async () => {
    const { client, asked } = await serve((response) => json(response, 200, {}));
    await client.projects.get('../members?x=1#y');
    await client.tasks.list({ status: 'failed', cursor: 'a&b=c' }).catch(() => undefined);
    expect(asked.map(({ url }) => url)).toEqual([
      '/v1/projects/..%2Fmembers%3Fx%3D1%23y',
      '/v1/tasks?status=failed&cursor=a%26b%3Dc',
    ]);
  });

  it.each([
    ['not a URL', { url: 'plinth' }],
    ['another protocol', { url: 'file:///etc/passwd' }],
    ['a password in the URL', { url: 'http://ada:secret@127.0.0.1/' }],
    ['a key over two lines', { url: 'http://127.0.0.1', key: 'plk_a\nplk_b' }],
    ['an empty key', { url: 'http://127.0.0.1', key: '' }],
    ['a key and a token', { url: 'http://127.0.0.1', key: 'plk_a', token: () => 'b' }],
  ])('%s', (_, options) => {
    expect(() => createClient(options)).toThrow('The request was not sent');
  });

  it('the key to an address outside, through the fetch for postgrest-js', async () => {
    const outside = await serve((response) => json(response, 200, []));
    const { client } = await serve((response) => json(response, 200, []));
    expect(await failure(client.rest.fetch(`${outside.client.url}/rest/v1/x`))).toMatchObject({
      code: 'invalid_request',
    });
    expect(await failure(client.rest.fetch(`${client.url}.evil.example/rest/v1/x`))).toMatchObject({
      code: 'invalid_request',
    });
    expect(outside.asked).toHaveLength(0);
    expect(() => client.table('projects/../../v1/me')).toThrow('not the name of a table');
  });

  it('a header that is none, and what a token function throws, at once', async () => {
    const { client, asked } = await serve((response) => json(response, 200, {}));
    const odd = { organization: 'acme\r\nx-evil: 1' };
    expect(await failure(client.me.get(odd))).toMatchObject({ code: 'invalid_request' });
    const locked = createClient({ url: client.url, token: () => Promise.reject(new Error('the vault is locked')) });
    await expect(locked.me.get()).rejects.toThrow('the vault is locked');
    expect(asked).toHaveLength(0);
  });

  it('a key twice, also where there is no crypto', async () => {
    vi.stubGlobal('crypto', undefined);
    try {
      const { client, asked } = await serve((response) => json(response, 201, {}));
      for (let n = 0; n < 50; n++) await client.projects.create({ name: 'x' });
      expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(50);
      expect(asked[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f]{32}$/);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('keeps a sub-path of the URL', async () => {
    const { client, asked } = await serve((response) => json(response, 200, {}));
    const below = createClient({ url: `${client.url}/plinth/`, key: 'k', organization: 'acme' });
    await below.me.get();
    expect([asked[0]?.url, asked[0]?.headers['plinth-organization']]).toEqual(['/plinth/v1/me', 'acme']);
  });
});
