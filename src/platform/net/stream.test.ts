import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { outboundLimits } from './limits.ts';
import { type OutboundClient, type OutboundOptions, outbound } from './outbound.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const code = (name: string, detail = '') =>
  expect.objectContaining({ code: name, detail: expect.stringContaining(detail) });

function client(options: OutboundOptions = {}): OutboundClient {
  const made = outbound({ allowLoopback: true, ...options });
  cleanups.push(() => made.close());
  return made;
}

async function serve(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('a stream is there at its headers, and its bytes as they come', async () => {
  const more = Promise.withResolvers<void>();
  const url = await serve((_request, response) => {
    response.writeHead(201, { 'x-seen': 'yes' }).write('first');
    void more.promise.then(() => response.end(' last'));
  });
  const answer = await client().stream({ url, method: 'POST', body: 'x' });
  expect(answer).toMatchObject({ status: 201, address: '127.0.0.1', headers: { 'x-seen': 'yes' } });
  const chunks = answer.body[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toBe('first');
  more.resolve();
  expect(String((await chunks.next()).value)).toBe(' last');
  expect((await chunks.next()).done).toBe(true);
});

test('the same is refused as of a request: addresses, redirects, what is no URL', async () => {
  const url = await serve((_request, response) => void response.writeHead(302, { location: 'http://10.0.0.1/' }).end());
  await expect(client().stream({ url })).rejects.toEqual(code('outbound_redirect', '302'));
  await expect(client({ allowLoopback: false }).stream({ url })).rejects.toEqual(code('outbound_refused'));
  await expect(client().stream({ url: 'http://169.254.169.254/' })).rejects.toEqual(code('outbound_refused'));
  await expect(client().stream({ url: 'file:///etc/passwd' })).rejects.toMatchObject({ code: 'invalid_value' });
  const resolver = async () => ['8.8.8.8', '10.0.0.1'];
  await expect(client({ resolver }).stream({ url: 'http://two.example/' })).rejects.toEqual(code('outbound_refused'));
});

test('errors are answers; an answer that is cut, too long, silent or late is an error', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/429') return void response.writeHead(429, { 'retry-after': '3' }).end('slow down');
    response.writeHead(200).write('begin');
    if (request.url === '/cut') setTimeout(() => response.destroy(), 10);
    if (request.url === '/long') for (let n = 0; n < 10; n++) response.write('x'.repeat(100));
    if (request.url === '/drip') {
      const drip = setInterval(() => response.write('x'), 5);
      response.on('close', () => clearInterval(drip));
    }
  });
  const at = (path: string, more: object = {}) => client().stream({ url: url + path, ...more });
  const refused = await at('429');
  expect([refused.status, refused.headers['retry-after'], await textOf(refused.body)]).toEqual([429, '3', 'slow down']);
  await expect(textOf((await at('cut')).body)).rejects.toEqual(code('outbound_failed', 'closed'));
  await expect(textOf((await at('long', { maxResponseBytes: 500 })).body)).rejects.toEqual(
    code('outbound_too_large', '500'),
  );
  await expect(textOf((await at('silent', { idleTimeoutMs: 30 })).body)).rejects.toEqual(
    code('outbound_timeout', 'nothing moved'),
  );
  await expect(textOf((await at('drip', { timeoutMs: 100 })).body)).rejects.toEqual(code('outbound_timeout', '100 ms'));
});

test('who reads slowly is not idle, and holds the other side back', async () => {
  let written = 0;
  const url = await serve((_request, response) => {
    const pump = (): void => {
      while (written < 20_000_000 && response.write('x'.repeat(10_000))) written += 10_000;
      if (written < 20_000_000) response.once('drain', pump);
      else response.end();
    };
    pump();
  });
  const { body } = await client().stream({
    url,
    idleTimeoutMs: 30,
    maxResponseBytes: outboundLimits.response_bytes_max,
  });
  const chunks = body[Symbol.asyncIterator]();
  await chunks.next();
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(written).toBeLessThan(15_000_000);
  let chunk = await chunks.next();
  while (!chunk.done) chunk = await chunks.next();
  expect(written).toBe(20_000_000);
});

test.each(['signal', 'break', 'cancel'] as const)('the other side learns that nobody reads on: %s', async (how) => {
  const gone = Promise.withResolvers<void>();
  const url = await serve((_request, response) => {
    response.writeHead(200).write('begin');
    response.on('close', () => gone.resolve());
  });
  const reason = new Error('no longer wanted');
  const controller = new AbortController();
  const answer = await client().stream({ url, signal: controller.signal });
  if (how === 'cancel') answer.cancel();
  else {
    const reading = (async () => {
      for await (const _chunk of answer.body) {
        if (how === 'break') break;
        setTimeout(() => controller.abort(reason), 10);
      }
    })();
    if (how === 'signal') await expect(reading).rejects.toBe(reason);
    else await reading;
  }
  await gone.promise;
});

test('a caller that leaves before the answer, and an abort nobody reads', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/open') response.writeHead(200).write('begin');
  });
  const reason = new Error('no longer wanted');
  await expect(client().stream({ url, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const waiting = new AbortController();
  setTimeout(() => waiting.abort(reason), 20);
  await expect(client().stream({ url, signal: waiting.signal })).rejects.toBe(reason);
  const unread = new AbortController();
  const answer = await client().stream({ url: `${url}open`, signal: unread.signal });
  unread.abort(reason);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(textOf(answer.body)).rejects.toBe(reason);
});

test('more streams to one origin at once than requests', async () => {
  let open = 0;
  const url = await serve((_request, response) => {
    open++;
    response.writeHead(200).write('begin');
  });
  const many = outboundLimits.sockets_per_origin_max + 20;
  const streaming = client();
  const answers = await Promise.all(Array.from({ length: many }, () => streaming.stream({ url })));
  expect(open).toBe(many);
  for (const answer of answers) answer.cancel();
});
