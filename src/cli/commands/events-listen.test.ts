import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from '../../../tests/support/command.ts';
import { listenEvents } from '../../client/listen-events.ts';
import { webhookScheme } from '../../modules/events/index.ts';
import { openTestPlinth, type TestOrganization, type TestPlinth } from '../../testing.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
let plinth: TestPlinth;
let acme: TestOrganization;
let url: string;
let local: Server;
let forward: string;
let received: { headers: IncomingMessage['headers']; body: string }[] = [];
let status = 200;

beforeAll(async () => {
  plinth = await openTestPlinth();
  acme = await plinth.makeOrganization('Acme');
  ({ url } = await plinth.listen({ host: '127.0.0.1', port: 0 }));
  local = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    received.push({ headers: request.headers, body });
    response.writeHead(status).end('ok');
  });
  await new Promise<void>((resolve) => local.listen(0, '127.0.0.1', resolve));
  forward = `http://127.0.0.1:${(local.address() as AddressInfo).port}/hooks`;
});
afterAll(async () => {
  await plinth.close();
  local.close();
});

const run = (words: readonly string[], signal?: AbortSignal) =>
  runCommand(['events', 'listen', ...words], { config: plinth.config, ...(signal ? { signal } : {}) });
const send = async (type: string, payload: object = {}) => {
  const { body } = await plinth.call('POST', '/v1/events', { key: acme.key, body: { type, payload } });
  return (body['data'] as unknown as { id: string }[])[0]!.id;
};
const usual = () => ['--url', url, '--key', acme.key, '--secret', secret, '--forward', forward];

it('posts what comes from then on, signed, each once, and shows what was answered', async () => {
  await send('earlier');
  received = [];
  const stop = new AbortController();
  const running = run([...usual(), '--names', 'order.*', '--json'], stop.signal);
  // what is there at the start is not new: until then events are sent in vain
  const ids: string[] = [];
  while (received.length === 0) {
    ids.push(await send('order.paid', { n: ids.length }));
    await send('other');
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const last = await send('order.sent', { n: 'last' });
  while (!received.some(({ headers }) => headers['webhook-id'] === last)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  stop.abort();
  const { exit, out } = await running;
  expect(exit).toBe(0);
  const got = received.map(({ headers }) => headers['webhook-id']);
  expect(new Set(got).size).toBe(got.length);
  expect(out.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(got);
  for (const { headers, body } of received) {
    expect(JSON.parse(body)).toMatchObject({ id: headers['webhook-id'], type: expect.stringMatching(/^order/) });
    const verified = webhookScheme('standard_webhooks').verify({
      headers: headers as Record<string, string>,
      rawBody: Buffer.from(body),
      secrets: [Buffer.from(secret)],
      now: new Date(),
    } as never);
    expect(verified).toMatchObject({ ok: true });
  }
}, 30_000);

it.each([
  ['a server without the stream', (response: ServerResponse) => response.writeHead(404).end()],
  ['a proxy that holds it back', () => undefined],
])(
  'asks again and again behind %s',
  async (_what, live) => {
    const between = createServer(async (request, response) => {
      if (request.url?.startsWith('/v1/live')) return live(response);
      const answer = await fetch(url + request.url, {
        headers: { authorization: String(request.headers.authorization) },
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    received = [];
    const stop = new AbortController();
    const asking: string[] = [];
    const running = listenEvents({
      url: `http://127.0.0.1:${(between.address() as AddressInfo).port}`,
      key: acme.key,
      forward,
      secret,
      signal: stop.signal,
      onForwarded: () => undefined,
      onPolling: (reason) => void asking.push(reason),
      pollMs: 50,
      beginMs: 200,
    });
    const sent: string[] = [];
    while (received.length === 0) {
      sent.push(await send('polled'));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    stop.abort();
    await running;
    between.closeAllConnections();
    between.close();
    expect(asking).toHaveLength(1);
    expect(sent).toContain(received[0]?.headers['webhook-id']);
  },
  30_000,
);

it('replays one stored event, and says with its exit what was answered', async () => {
  const id = await send('order.paid', { n: 1 });
  received = [];
  expect((await run([...usual(), '--replay', id])).exit).toBe(0);
  status = 500;
  const { exit, out } = await run([...usual(), '--replay', id]);
  status = 200;
  expect([exit, out[0]]).toEqual([1, expect.stringMatching(new RegExp(`^500 {2}order.paid {2}${id}`))]);
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
  const nobody = [...usual().slice(0, -1), 'http://127.0.0.1:1/'];
  expect(await run([...nobody, '--replay', id])).toMatchObject({ exit: 1 });
});

it('says what the server refuses', async () => {
  const wrong = ['--url', url, '--key', `${acme.key.slice(0, -1)}x`, '--secret', secret, '--forward', forward];
  expect((await run(wrong)).exit).toBe(3);
  expect((await run([...usual(), '--replay', '01a00000-0000-7000-8000-000000000001'])).exit).toBe(3);
});

it.each([[], ['--forward', 'localhost:3000'], ['--forward', 'http://localhost', '--replay', 'x', '--key', 'k']])(
  'is usage: events listen %s',
  async (...words) => {
    await expect(run(words)).rejects.toMatchObject({ name: 'UsageError' });
  },
);
