import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { selfSignedCertificate } from '../../../tests/support/certificate.ts';
import { parseCidr } from '../core/cidr.ts';
import type { Clock } from '../core/clock.ts';
import { outboundLimits } from './limits.ts';
import { type OutboundClient, type OutboundOptions, type OutboundRequest, outbound } from './outbound.ts';

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

async function listen(server: net.Server, host = '127.0.0.1', port = 0): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  cleanups.push(() => {
    if (server instanceof http.Server) server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function serve(handler: http.RequestListener, host?: string, port?: number): Promise<number> {
  return listen(http.createServer(handler), host, port);
}

/** A server that speaks raw bytes, for answers no HTTP library would give. */
async function serveBytes(onData: (socket: net.Socket, bytes: Buffer) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  return listen(
    net.createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => onData(socket, bytes));
    }),
  );
}

const names = (table: Record<string, string[]>) => async (hostname: string) => table[hostname] ?? [];

test('method, headers and body arrive; status, headers and body come back', async () => {
  const port = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(418, { 'x-seen': String(request.headers['x-test']) });
      response.end(
        JSON.stringify({
          url: request.url,
          method: request.method,
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
  });
  const answer = await client().request({
    method: 'POST',
    url: `http://127.0.0.1:${port}/a/b?c=d#not-sent`,
    headers: { 'X-Test': 'yes', 'Content-Type': 'application/json' },
    body: '{"grüße":1}',
  });
  expect(answer).toMatchObject({ status: 418, address: '127.0.0.1', headers: { 'x-seen': 'yes' } });
  expect(JSON.parse(answer.body.toString())).toMatchObject({
    url: '/a/b?c=d',
    method: 'POST',
    body: '{"grüße":1}',
    headers: {
      host: `127.0.0.1:${port}`,
      'content-length': '13',
      'accept-encoding': 'identity',
      'user-agent': 'Plinth',
    },
  });
});

test.each([
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://012.0.0.1/',
  'http://①②⑦.⓪.⓪.①/',
  'http://169。254。169。254/',
  'http://0/',
  'http://0.0.0.0/',
  'http://127.0.0.1./',
  'http://%31%32%37.0.0.1/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:7f00:1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[2002:a9fe:a9fe::]/',
  'http://[::169.254.169.254]/',
  'http://[fe81::1]/',
  'http://169.254.169.254/latest/meta-data/',
  'http://10.0.0.1:8080/',
])('%s is refused before anything is sent, and the setting is named', async (url) => {
  const asked: string[] = [];
  const guarded = client({
    allowLoopback: false,
    resolver: async (hostname) => {
      asked.push(hostname);
      return ['8.8.8.8'];
    },
  });
  await expect(guarded.request({ url })).rejects.toMatchObject({
    code: 'outbound_refused',
    hint: expect.stringContaining('PLINTH_OUTBOUND_ALLOW'),
  });
  expect(asked).toEqual([]);
});

test.each([
  ['localhost.', ['127.0.0.1']],
  ['127.0.0.1.nip.io', ['127.0.0.1']],
  ['metadata.google.internal', ['169.254.169.254']],
  ['one-bad-of-two.example', ['8.8.8.8', '10.0.0.1']],
  ['the-other-family.example', ['8.8.8.8', '::1']],
  ['mapped.example', ['::ffff:10.0.0.1']],
  ['zone.example', ['fe80::1%eth0']],
  ['not-an-address.example', ['localhost']],
])('a name is refused for any of its addresses: %s', async (name, addresses) => {
  const guarded = client({ allowLoopback: false, resolver: names({ [name]: addresses }) });
  const refusal = await guarded.request({ url: `http://${name}/` }).catch((error: Error) => error);
  expect(refusal).toEqual(code('outbound_refused'));
  // The address is in the cause, for the log, and in nothing that is shown.
  const { message, detail, hint } = refusal as Error & { detail: string; hint: string };
  for (const address of addresses)
    expect(`${message}${detail}${hint.replace('10.0.0.0/8', '')}`.replaceAll(name, '')).not.toContain(address);
});

test('a name is resolved once per request and the connection goes to that very address, kept connections too', async () => {
  const hosts: string[] = [];
  const answer =
    (name: string): http.RequestListener =>
    (request, response) => {
      hosts.push(String(request.headers.host));
      response.end(name);
    };
  const port = await serve(answer('first'), '127.0.0.1');
  await serve(answer('second'), '127.0.0.2', port);
  const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.2', '127.0.0.1', '10.0.0.1', '127.0.0.1'];
  let asked = 0;
  const rebinding = client({ resolver: async () => [answers[asked++]!] });
  const ask = async () => (await rebinding.request({ url: `http://rebind.example:${port}/` })).body.toString();
  expect([await ask(), await ask(), await ask(), await ask()]).toEqual(['first', 'second', 'second', 'first']);
  await expect(ask()).rejects.toEqual(code('outbound_refused'));
  expect(await ask()).toBe('first');
  expect(asked).toBe(6);
  expect(new Set(hosts)).toEqual(new Set([`rebind.example:${port}`]));
});

test('connections are kept and used again', async () => {
  let connections = 0;
  const server = http.createServer((_request, response) => response.end('ok'));
  server.on('connection', () => connections++);
  const port = await listen(server);
  const keeping = client();
  for (let round = 0; round < 5; round++) await keeping.request({ url: `http://127.0.0.1:${port}/` });
  expect(connections).toBe(1);
});

test('as many are kept as were needed, but over all origins no more than leave room for others', async () => {
  const open = new Set<net.Socket>();
  const server = http.createServer((_request, response) => void setTimeout(() => response.end('ok'), 20));
  let connections = 0;
  server.on('connection', (socket) => {
    connections++;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  const port = await listen(server, '0.0.0.0');
  const keeping = client();
  const together = (address: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => keeping.request({ url: `http://${address}:${port}/` })));
  for (let round = 0; round < 3; round++) await together('127.0.0.1', 20);
  expect(connections).toBe(20);
  for (let host = 2; host < 10; host++) await together(`127.0.0.${host}`, 20);
  await expect.poll(() => open.size).toBeLessThanOrEqual(outboundLimits.sockets_idle_max);
});

test('the next address of a name is tried when one does not answer, but only then', async () => {
  const port = await serve((_request, response) => response.end('ok'));
  const resolver = names({ 'two.example': ['127.0.0.3', '127.0.0.1'], 'none.example': ['127.0.0.3', '127.0.0.4'] });
  const trying = client({ resolver });
  expect(await trying.request({ url: `http://two.example:${port}/` })).toMatchObject({
    status: 200,
    address: '127.0.0.1',
  });
  await expect(trying.request({ url: `http://none.example:${port}/` })).rejects.toEqual(
    code('outbound_failed', 'refused'),
  );

  let requests = 0;
  const rude = await serveBytes((socket) => {
    requests++;
    socket.destroy();
  });
  const sent = client({ resolver: names({ 'rude.example': ['127.0.0.1', '127.0.0.1'] }) });
  await expect(sent.request({ method: 'POST', url: `http://rude.example:${rude}/`, body: 'x' })).rejects.toEqual(
    code('outbound_failed', 'closed'),
  );
  expect(requests).toBe(1);
});

test.each([301, 302, 303, 307, 308, 300])('a %i is an error, not a journey', async (status) => {
  const paths: string[] = [];
  const port = await serve((request, response) => {
    paths.push(String(request.url));
    response.writeHead(status, { location: 'http://169.254.169.254/' }).end();
  });
  await expect(client().request({ url: `http://127.0.0.1:${port}/start` })).rejects.toEqual(
    code('outbound_redirect', String(status)),
  );
  expect(paths).toEqual(['/start']);
});

test('304 and a HEAD with a length are answers', async () => {
  const port = await serve((request, response) => {
    if (request.method === 'HEAD') response.writeHead(200, { 'content-length': '999999999' }).end();
    else response.writeHead(304).end();
  });
  const asking = client();
  expect(await asking.request({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ status: 304 });
  expect(await asking.request({ method: 'HEAD', url: `http://127.0.0.1:${port}/` })).toMatchObject({ status: 200 });
});

test.each<[string, Partial<OutboundRequest> & { url: string }]>([
  ['no URL', { url: 'not a url' }],
  ['file', { url: 'file:///etc/passwd' }],
  ['ftp', { url: 'ftp://example.com/' }],
  ['gopher', { url: 'gopher://example.com:70/' }],
  ['data', { url: 'data:text/plain,x' }],
  ['user', { url: 'http://user@127.0.0.1/' }],
  ['user and password', { url: 'http://u:p@example.com/' }],
  ['disguised host', { url: 'http://example.com@169.254.169.254/' }],
  ['line break', { url: 'http://example.com/\r\nX-A: b' }],
  ['tab in the host', { url: 'http://exa\tmple.com/' }],
  ['too long', { url: `http://example.com/${'x'.repeat(9000)}` }],
  ['method', { url: 'http://example.com/', method: 'CONNECT' as 'GET' }],
  ['method with a break', { url: 'http://example.com/', method: 'GET /x HTTP/1.1\r\n' as 'GET' }],
  ['header value', { url: 'http://example.com/', headers: { 'x-a': 'b\r\nx-c: d' } }],
  ['header value NUL', { url: 'http://example.com/', headers: { 'x-a': 'b\u0000' } }],
  ['header beyond Latin-1', { url: 'http://example.com/', headers: { 'x-a': 'b\u010a' } }],
  ['header name', { url: 'http://example.com/', headers: { 'x a': 'b' } }],
  ['header name with a break', { url: 'http://example.com/', headers: { 'x\r\ny': 'b' } }],
  ['host', { url: 'http://example.com/', headers: { Host: 'internal' } }],
  ['transfer-encoding', { url: 'http://example.com/', headers: { 'Transfer-Encoding': 'chunked' } }],
  ['content-length', { url: 'http://example.com/', headers: { 'content-length': '0' } }],
  ['accept-encoding', { url: 'http://example.com/', headers: { 'accept-encoding': 'gzip' } }],
  ['twice', { url: 'http://example.com/', headers: { 'X-A': '1', 'x-a': '2' } }],
  ['enormous header', { url: 'http://example.com/', headers: { 'x-a': 'b'.repeat(9000) } }],
  ['body of a GET', { url: 'http://example.com/', body: 'x' }],
  ['body', { url: 'http://example.com/', method: 'POST', body: Buffer.alloc(outboundLimits.request_bytes_max + 1) }],
])('bad input is refused before the name is resolved: %s', async (_name, request) => {
  const guarded = client({
    resolver: () => {
      throw new Error('resolved');
    },
  });
  await expect(guarded.request(request)).rejects.toMatchObject({ code: 'invalid_value', status: 422 });
});

test.each([0, 22, 25, 53, 445, 6000, 6667])('port %i is not called', async (port) => {
  await expect(client().request({ url: `http://127.0.0.1:${port}/` })).rejects.toEqual(
    code('outbound_refused', 'port'),
  );
});

test('the operator may open a port and a range', async () => {
  const port = await serve((_request, response) => response.end('ok'));
  const opened = client({ allowLoopback: false, allow: [parseCidr('127.0.0.0/30')], ports: [26] });
  expect(await opened.request({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ status: 200 });
  await expect(opened.request({ url: `http://127.0.0.9:${port}/` })).rejects.toEqual(code('outbound_refused'));
  await expect(opened.request({ url: 'http://127.0.0.1:26/' })).rejects.toEqual(code('outbound_failed', 'refused'));
});

test('an answer is cut off at its limit, announced or not, and is not decompressed', async () => {
  const bomb = gzipSync(Buffer.alloc(10_000_000));
  const port = await serve((request, response) => {
    if (request.url === '/announced') response.writeHead(200, { 'content-length': '2000' }).end('x'.repeat(2000));
    else if (request.url === '/bomb') response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    else {
      const pump = () => response.destroyed || response.write('x'.repeat(100), () => setImmediate(pump));
      pump();
    }
  });
  const asking = client();
  const at = (path: string, maxResponseBytes: number) =>
    asking.request({ url: `http://127.0.0.1:${port}${path}`, maxResponseBytes });
  await expect(at('/announced', 1999)).rejects.toEqual(code('outbound_too_large', '1999'));
  expect((await at('/announced', 2000)).body).toHaveLength(2000);
  await expect(at('/endless', 5000)).rejects.toEqual(code('outbound_too_large', '5000'));
  const raw = await at('/bomb', 100_000);
  expect(raw.body.equals(bomb)).toBe(true);
  expect(raw.headers['content-encoding']).toBe('gzip');
});

test('the deadline covers names, silence and an answer that drips', async () => {
  const port = await serveBytes((socket, bytes) => {
    if (!bytes.includes('/drip')) return;
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 5);
    socket.on('close', () => clearInterval(drip));
  });
  const asking = client();
  for (const path of ['/silent', '/drip']) {
    const late = asking.request({ url: `http://127.0.0.1:${port}${path}`, timeoutMs: 100 });
    await expect(late).rejects.toEqual(code('outbound_timeout', '100 ms'));
  }
  const idle = asking.request({ url: `http://127.0.0.1:${port}/silent`, idleTimeoutMs: 30, timeoutMs: 20_000 });
  await expect(idle).rejects.toEqual(code('outbound_timeout', 'nothing moved'));
  const unresolved = client({ resolver: () => new Promise(() => undefined) });
  await expect(unresolved.request({ url: 'http://slow.example/', timeoutMs: 50 })).rejects.toEqual(
    code('outbound_timeout'),
  );
});

test('time comes from the clock given', async () => {
  const waits: number[] = [];
  const clock: Clock = {
    now: () => new Date(0),
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const port = await serve(() => undefined);
  await expect(client({ clock }).request({ url: `http://127.0.0.1:${port}/`, timeoutMs: 86_400_000 })).rejects.toEqual(
    code('outbound_timeout', '600000 ms'),
  );
  expect(waits[0]).toBe(outboundLimits.timeout_ms_max);
});

test('the caller may cancel, before and during', async () => {
  const port = await serve(() => undefined);
  const url = `http://127.0.0.1:${port}/`;
  const reason = new Error('no longer wanted');
  await expect(client().request({ url, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const running = client().request({ url, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 20);
  await expect(running).rejects.toBe(reason);
});

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a cut answer', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'],
  ['a cut chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort'],
  ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['enormous headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
  ['nothing', ''],
])('a broken answer is an error that repeats none of it: %s', async (_name, bytes) => {
  const port = await serveBytes((socket) => socket.end(bytes));
  const failure = await client()
    .request({ url: `http://127.0.0.1:${port}/` })
    .catch((error: Error) => error);
  expect(failure).toEqual(code('outbound_failed'));
  expect(String((failure as Error).message)).not.toMatch(/OpenSSH|short|xxx/);
});

test('a name that does not resolve, or to nothing, or to too much', async () => {
  const missing = client({
    resolver: () => Promise.reject(Object.assign(new Error('secret text'), { code: 'ENOTFOUND' })),
  });
  await expect(missing.request({ url: 'http://nope.example/' })).rejects.toEqual(code('outbound_failed', 'ENOTFOUND'));
  await expect(client({ resolver: names({}) }).request({ url: 'http://x.example/' })).rejects.toEqual(
    code('outbound_failed', 'no address'),
  );
  const many = client({ resolver: async () => Array.from({ length: 65 }, () => '8.8.8.8') });
  await expect(many.request({ url: 'http://x.example/' })).rejects.toEqual(code('outbound_failed', 'too many'));
});

test('TLS: the certificate is checked against the name although the connection goes to an address; SNI is the name', async () => {
  const certificate = selfSignedCertificate('good.example');
  const serverNames: unknown[] = [];
  const server = https.createServer({ ...certificate }, (request, response) => response.end(request.headers.host));
  server.on('secureConnection', (socket) => serverNames.push(socket.servername));
  const port = await listen(server);
  const resolver = names({
    'good.example': ['127.0.0.1'],
    'other.example': ['127.0.0.1'],
    'good.example.': ['127.0.0.1'],
  });
  const trusting = client({ resolver, ca: certificate.cert });
  const answer = await trusting.request({ url: `https://good.example:${port}/` });
  expect(answer.body.toString()).toBe(`good.example:${port}`);
  const another = client({ resolver, ca: certificate.cert });
  expect((await another.request({ url: `https://good.example.:${port}/` })).status).toBe(200);
  for (const host of ['other.example', '127.0.0.1']) {
    await expect(trusting.request({ url: `https://${host}:${port}/` })).rejects.toEqual(
      code('outbound_failed', 'certificate'),
    );
  }
  await expect(client({ resolver }).request({ url: `https://good.example:${port}/` })).rejects.toEqual(
    code('outbound_failed', 'certificate'),
  );
  expect(serverNames.slice(0, 2)).toEqual(['good.example', 'good.example']);
  expect(serverNames).not.toContain('127.0.0.1');
});

test('plain text where TLS is expected is an error', async () => {
  const port = await serveBytes((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await expect(client().request({ url: `https://127.0.0.1:${port}/` })).rejects.toEqual(code('outbound_failed'));
});

test('the system’s resolver: localhost is this machine, and refused without leave', async () => {
  const port = await serve((_request, response) => response.end('ok'), 'localhost');
  expect(await client().request({ url: `http://localhost:${port}/` })).toMatchObject({ status: 200 });
  await expect(client({ allowLoopback: false }).request({ url: `http://localhost:${port}/` })).rejects.toEqual(
    code('outbound_refused'),
  );
});

test('who looks at the status has it for a redirect, and an answer without end is cut', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/moved') return void response.writeHead(302, { location: 'http://10.0.0.1/' }).end('there');
    response.writeHead(200, { 'content-length': '1000000000' });
    const more = setInterval(() => response.write('x'.repeat(10_000)), 1);
    response.on('close', () => clearInterval(more));
  });
  const at = (path: string) =>
    client().request({ url: `http://127.0.0.1:${port}${path}`, cutsAnswer: true, maxResponseBytes: 2_000 });
  expect(await at('/moved')).toMatchObject({ status: 302, body: Buffer.from('there') });
  const endless = await at('/endless');
  expect([endless.status, endless.body.length]).toEqual([200, 2_000]);
});

test('an address and headers can be looked at without calling anybody', () => {
  const resolver = () => Promise.reject(new Error('nobody is asked'));
  const { check } = client({ resolver, allowLoopback: false });
  expect(() => check({ url: 'https://example.com/hooks', headers: { 'x-a': 'b' } })).not.toThrow();
  for (const url of ['http://127.1/', 'http://0x7f.1/', 'http://[::ffff:169.254.169.254]/', 'http://10.0.0.1/']) {
    expect(() => check({ url })).toThrow(code('outbound_refused'));
  }
  expect(() => check({ url: 'https://a:b@example.com/' })).toThrow(code('invalid_value'));
  expect(() => check({ url: 'https://example.com/', headers: { host: 'x' } })).toThrow(code('invalid_value'));
});
