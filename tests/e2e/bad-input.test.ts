/** Hostile and broken requests against the real server: each gets a code of the catalogue, and nothing is written. */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { limits } from '../../src/platform/core/limits.ts';
import { openPlinth } from '../../src/plinth.ts';
import { makeKey, makeOrganization, type TestOrganization } from '../../src/testing.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { freePort } from '../support/processes.ts';
import { type RunningServer, startServer } from '../support/program.ts';
import { expectProblem, sendRaw } from './problems.ts';

const request_timeout_ms = 2_000;
const expires_in_ms = 1_000;
const unknownId = '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42';

let port: number;
let server: RunningServer;
let acme: TestOrganization;
let other: TestOrganization;
let othersProject: string;
let expiredKey: string;
let viewerKey: string;
/** Projects that were made on purpose. */
let expected = 0;

beforeAll(async () => {
  port = await freePort();
  const data = await migratedDataDir();
  const plinth = await openPlinth({
    config: loadConfig({ PLINTH_DATA: data, PLINTH_FSYNC: 'off', PLINTH_LOG_LEVEL: 'error' }),
    migrate: true,
  });
  acme = await makeOrganization(plinth.platform, 'Acme');
  other = await makeOrganization(plinth.platform, 'Other');
  const mine = { organizationId: acme.id, userId: acme.userId };
  expiredKey = (await makeKey(plinth.platform, { ...mine, expiresAt: new Date(Date.now() + expires_in_ms) })).key;
  viewerKey = (await makeKey(plinth.platform, { ...mine, role: 'viewer' })).key;
  await plinth.close();
  server = await startServer(port, ['--data', data], {
    env: {
      PLINTH_FSYNC: 'off',
      PLINTH_REQUEST_TIMEOUT_MS: String(request_timeout_ms),
      PLINTH_STATEMENT_TIMEOUT_MS: String(request_timeout_ms),
    },
  });
  const made = await call('POST', '/v1/projects', { key: other.key, json: { name: 'Theirs' } });
  othersProject = (JSON.parse(made.body) as { id: string }).id;
  await pause(expires_in_ms);
});
afterAll(() => server?.kill('SIGKILL'));

interface Call {
  readonly key?: string | null;
  readonly json?: unknown;
  readonly raw?: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

async function call(method: string, path: string, { key = acme?.key, json, raw, headers }: Call = {}) {
  const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: body as string }),
  });
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    headers: answer.headers,
    body: await answer.text(),
  };
}

async function projects(key = acme.key): Promise<string[]> {
  const { status, body } = await call('GET', '/rest/v1/projects?select=name', { key });
  expect(status).toBe(200);
  return (JSON.parse(body) as { name: string }[]).map(({ name }) => name);
}

/** After each group: nothing came in that was refused, nothing of the neighbour's has changed, and it still serves. */
async function expectUnharmed(): Promise<void> {
  expect(await projects()).toHaveLength(expected);
  expect(await projects(other.key)).toEqual(['Theirs']);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
}

const deep = (levels: number) => `{"name":"deep","goals":${'['.repeat(levels)}${']'.repeat(levels)}}`;

describe('bodies', () => {
  it.each<[what: string, path: string, raw: string | Uint8Array, code: string]>([
    ['JSON that ends early', '/v1/projects', '{"name":', 'invalid_json'],
    ['JSON that ends early, REST', '/rest/v1/projects', '{"name":', 'invalid_json'],
    ['no JSON', '/v1/projects', 'name=x', 'invalid_json'],
    ['NaN', '/v1/projects', '{"name":"x","priority":NaN}', 'invalid_json'],
    ['a trailing comma', '/v1/projects', '{"name":"x",}', 'invalid_json'],
    ['invalid UTF-8', '/v1/projects', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 'invalid_json'],
    ['invalid UTF-8, REST', '/rest/v1/projects', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 'invalid_json'],
    ['an overlong encoding', '/v1/projects', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'invalid_json'],
    ['a number for a text', '/v1/projects', '{"name":7}', 'invalid_request'],
    ['a text for a number', '/v1/projects', '{"name":"x","priority":"1"}', 'invalid_request'],
    ['null', '/v1/projects', 'null', 'invalid_request'],
    ['a list', '/v1/projects', '[]', 'invalid_request'],
    ['a field missing', '/v1/projects', '{}', 'invalid_request'],
    ['an unknown field', '/v1/projects', '{"name":"x","nmae":"y"}', 'invalid_request'],
    ['__proto__', '/v1/projects', '{"name":"x","__proto__":{"polluted":true}}', 'invalid_request'],
    ['constructor', '/v1/projects', '{"name":"x","constructor":{"prototype":{"polluted":1}}}', 'invalid_request'],
    ['a number beyond all', '/v1/projects', '{"name":"x","priority":1e400}', 'invalid_request'],
    ['101 levels', '/v1/projects', deep(limits.json_depth), 'json_too_deep'],
    ['101 levels, REST', '/rest/v1/projects', deep(limits.json_depth), 'json_too_deep'],
    ['10,000 levels', '/v1/projects', deep(10_000), 'json_too_deep'],
    ['10,000 levels, REST', '/rest/v1/projects', deep(10_000), 'json_too_deep'],
    ['10,000 levels that never close', '/rest/v1/projects', '['.repeat(10_000), 'json_too_deep'],
    ['a megabyte and one', '/v1/projects', `"${'x'.repeat(limits.body_bytes)}"`, 'body_too_large'],
    ['a megabyte and one, REST', '/rest/v1/projects', `"${'x'.repeat(limits.body_bytes)}"`, 'body_too_large'],
    ['NUL in a text', '/v1/projects', '{"name":"a\\u0000b"}', 'invalid_request'],
    ['NUL in a text, REST', '/rest/v1/projects', '{"name":"a\\u0000b","slug":"nul"}', 'invalid_value'],
    ['NUL in JSON', '/v1/projects', '{"name":"a","goals":["\\u0000"]}', 'invalid_request'],
    ['half a surrogate in JSON', '/v1/projects', '{"name":"a","goals":["\\ud800"]}', 'invalid_request'],
    ['a date that is none', '/v1/projects', '{"name":"a","due_on":"2026-02-30"}', 'invalid_value'],
  ])('%s to %s', async (_what, path, raw, code) => {
    expectProblem(await call('POST', path, { raw }), code);
  });

  it('names the field that was not known', async () => {
    const { body } = await call('POST', '/v1/projects', { json: { name: 'x', nmae: 'y' } });
    expect(JSON.parse(body)).toMatchObject({ errors: [{ path: 'body/nmae', message: 'is not a known field' }] });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml'])(
    'content type %s',
    async (type) => {
      const answer = await call('POST', '/v1/projects', { raw: '{"name":"x"}', headers: { 'content-type': type } });
      expectProblem(answer, 'unsupported_media_type');
    },
  );

  it('a key twice: the last one counts, and there is one row', async () => {
    const { status, body } = await call('POST', '/v1/projects', { raw: '{"name":"first","name":"last"}' });
    expect(status).toBe(201);
    expect(JSON.parse(body)).toMatchObject({ name: 'last' });
    expected++;
    expect(await projects()).toEqual(['last']);
  });

  it('a list with one bad row writes none of its rows', async () => {
    const rows = [
      { name: 'good', slug: 'good' },
      { name: 'bad', slug: 'bad', priority: 'x' },
    ];
    expect((await call('POST', '/rest/v1/projects', { json: rows })).status).toBeGreaterThanOrEqual(400);
  });

  it('have written nothing', expectUnharmed);
});

describe('ids and tenants', () => {
  it.each<[what: string, method: string, path: () => string, json: unknown, code: string]>([
    ['an unknown id', 'GET', () => `/v1/projects/${unknownId}`, undefined, 'not_found'],
    ['an unknown id', 'PATCH', () => `/v1/projects/${unknownId}`, { name: 'x' }, 'not_found'],
    ['no id', 'GET', () => '/v1/projects/1', undefined, 'invalid_request'],
    ['SQL for an id', 'GET', () => `/v1/projects/${encodeURIComponent("' or 1=1 --")}`, undefined, 'invalid_request'],
    ["another tenant's id", 'GET', () => `/v1/projects/${othersProject}`, undefined, 'not_found'],
    ["another tenant's id", 'PATCH', () => `/v1/projects/${othersProject}`, { name: 'Mine' }, 'not_found'],
    ["another tenant's id", 'DELETE', () => `/v1/projects/${othersProject}`, undefined, 'not_found'],
    [
      'a reference that is nowhere',
      'POST',
      () => '/v1/projects',
      { name: 'x', owner_id: unknownId },
      'reference_not_found',
    ],
    ['an unknown table', 'GET', () => '/rest/v1/nothing', undefined, 'unknown_table'],
    ['a table that is not exposed', 'GET', () => '/rest/v1/user_sessions', undefined, 'unknown_table'],
    ['a cursor of nobody', 'GET', () => '/v1/projects?cursor=nonsense', undefined, 'invalid_cursor'],
    ['an unknown parameter', 'GET', () => '/v1/projects?nonsense=1', undefined, 'invalid_request'],
    ['a limit beyond all', 'GET', () => '/v1/projects?limit=1000000', undefined, 'invalid_request'],
  ])('%s: %s', async (_what, method, path, json, code) => {
    expectProblem(await call(method, path(), { json }), code);
  });

  it("another tenant's rows can not be referred to, and say the same as rows that are nowhere", async () => {
    const theirs = await call('POST', '/v1/projects', { json: { name: 'x', owner_id: other.userId } });
    const nowhere = await call('POST', '/v1/projects', { json: { name: 'x', owner_id: unknownId } });
    const words = ({ body }: { body: string }) => ({ ...JSON.parse(body), request_id: '' });
    expect(words(theirs)).toEqual(words(nowhere));
  });

  it("another tenant's rows can not be written over REST", async () => {
    const row = { name: 'x', slug: 'x', organization_id: other.id };
    expect((await call('POST', '/rest/v1/projects', { json: row })).status).toBeGreaterThanOrEqual(400);
    const patched = await call('PATCH', `/rest/v1/projects?id=eq.${othersProject}`, {
      json: { name: 'Mine' },
      headers: { prefer: 'return=representation' },
    });
    expect(patched).toMatchObject({ status: 200, body: '[]' });
  });

  it('have changed nothing', expectUnharmed);
});

describe('keys', () => {
  it.each<[what: string, key: () => string | null, code: string]>([
    ['none', () => null, 'unauthenticated'],
    ['expired', () => expiredKey, 'unauthenticated'],
    ['of our form, unknown', () => `${acme.key.slice(0, -8)}AAAAAAAA`, 'unauthenticated'],
    ['not of our form', () => 'Bearer', 'unauthenticated'],
    ['very long', () => 'x'.repeat(5_000), 'unauthenticated'],
  ])('%s', async (_what, key, code) => {
    expectProblem(await call('GET', '/v1/projects', { key: key() }), code);
    expectProblem(await call('POST', '/rest/v1/projects', { key: key(), json: { name: 'x', slug: 'x' } }), code);
  });

  it('a viewer', async () => {
    expectProblem(await call('POST', '/v1/projects', { key: viewerKey, json: { name: 'x' } }), 'forbidden');
  });

  it('revoked: refused from then on', async () => {
    const made = JSON.parse((await call('POST', '/v1/api-keys', { json: { name: 'short-lived' } })).body) as {
      id: string;
      key: string;
    };
    expect((await call('GET', '/v1/projects', { key: made.key })).status).toBe(200);
    expect((await call('DELETE', `/v1/api-keys/${made.id}`)).status).toBeLessThan(300);
    // at most a second, says the service
    await pause(1_200);
    expectProblem(await call('GET', '/v1/projects', { key: made.key }), 'unauthenticated');
  });

  it('a foreign organization in the header: a key opens its own and no other', async () => {
    const answer = await call('GET', '/v1/projects', { headers: { 'plinth-organization': other.id } });
    expectProblem(answer, 'forbidden');
    expect(answer.body).not.toContain('Theirs');
  });

  it('have let nobody in', expectUnharmed);
});

describe('methods, paths and headers', () => {
  it.each(['PUT', 'DELETE', 'OPTIONS'])('%s where it is not allowed: 405 and which are', async (method) => {
    const answer = await call(method, '/v1/projects');
    expectProblem(answer, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it.each([
    '/v1/projects/../../etc/passwd',
    '/../../../../etc/passwd',
    '/docs/../../../../etc/passwd',
    '/docs/..%2f..%2f..%2f..%2fetc%2fpasswd',
    '/docs/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
    '/rest/v1/..%2f..%2fetc%2fpasswd',
    '/docs/....//....//etc/passwd',
    '//etc/passwd',
    '/%00/etc/passwd',
    '/etc/passwd%00.html',
    '/%c0%ae%c0%ae/etc/passwd',
    '/%',
  ])('%s opens nothing', async (path) => {
    const [answer] = await sendRaw(
      port,
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${acme.key}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer?.status).toBeGreaterThanOrEqual(300);
    expect(answer?.status).toBeLessThan(500);
    expect(answer?.body).not.toContain('root:');
    if (answer && answer.status >= 400) {
      const { code } = JSON.parse(answer.body) as { code: string };
      expectProblem({ ...answer, type: answer.headers.get('content-type') }, code);
    }
  });

  it('a URL of 10,000 characters, and one the parser refuses', async () => {
    expectProblem(await call('GET', `/v1/projects?cursor=${'x'.repeat(limits.url_chars)}`), 'invalid_request');
    expectProblem(await call('GET', `/v1/projects?cursor=${'x'.repeat(20_000)}`), 'headers_too_large');
  });

  it.each(['evil.example', 'localhost.evil.example:4600', '', 'localhost:1'])('Host: %s', async (host) => {
    const [answer] = await sendRaw(port, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expectProblem({ ...answer!, type: answer?.headers.get('content-type') }, 'host_not_allowed');
  });

  it('a session cookie from a foreign page', async () => {
    const token = /welcome#(\S+)/.exec(server.said())?.[1];
    const made = await call('POST', '/v1/first-run', {
      key: null,
      json: {
        token,
        email: 'ada@example.org',
        password: 'correct horse battery staple',
        full_name: 'Ada Lovelace',
        organization_name: 'Third',
      },
    });
    expect(made.status).toBe(201);
    const cookie = String(made.headers.get('set-cookie')).split(';')[0] as string;
    const write = (headers: Record<string, string>) =>
      call('POST', '/v1/projects', { key: null, json: { name: 'x' }, headers: { cookie, ...headers } });
    expectProblem(await write({ origin: 'https://evil.example' }), 'origin_not_allowed');
    expectProblem(await write({ origin: 'null' }), 'origin_not_allowed');
    expect((await write({ origin: `http://127.0.0.1:${port}` })).status).toBe(201);
  });

  it.each<[header: string, value: string, code: string]>([
    ['Idempotency-Key', 'has a space', 'invalid_request'],
    ['Idempotency-Key', 'x'.repeat(256), 'invalid_request'],
  ])('%s: %s', async (header, value, code) => {
    expectProblem(await call('POST', '/v1/projects', { json: { name: 'x' }, headers: { [header]: value } }), code);
  });

  it('what a caller sends comes back in no header', async () => {
    const injected = encodeURIComponent('x\r\nSet-Cookie: stolen=1');
    const answer = await call('GET', `/${injected}`, { headers: { 'x-request-id': 'not an id; <script>' } });
    expectProblem(answer, 'route_not_found');
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('have written nothing', expectUnharmed);
});

describe('the wire', () => {
  const start = () => `POST /v1/projects HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${acme.key}\r\n`;
  const json = 'Content-Type: application/json\r\n';
  const smuggled = () =>
    `POST /v1/projects HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${acme.key}\r\n${json}Content-Length: 19\r\n\r\n{"name":"smuggled"}`;

  it.each<[what: string, bytes: () => string]>([
    [
      'both lengths',
      () => `${start()}${json}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled()}`,
    ],
    ['two lengths', () => `${start()}${json}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}${smuggled()}`],
    ['a length with a sign', () => `${start()}${json}Content-Length: +2\r\n\r\n{}${smuggled()}`],
    ['a length that is none', () => `${start()}${json}Content-Length: 0x2\r\n\r\n{}${smuggled()}`],
    [
      'chunked, but not last',
      () => `${start()}${json}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled()}`,
    ],
    ['a space before the colon', () => `${start()}${json}Content-Length : 2\r\n\r\n{}${smuggled()}`],
    ['a folded header', () => `${start()}X-Folded: a\r\n b\r\n${json}Content-Length: 2\r\n\r\n{}${smuggled()}`],
    ['a bare line feed', () => `${start().replaceAll('\r\n', '\n')}\n${smuggled()}`],
    [
      'a chunk of no size',
      () => `${start()}${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n${smuggled()}`,
    ],
    ['NUL in a header', () => `${start()}X-Nul: a\0b\r\n\r\n${smuggled()}`],
    ['an unknown method', () => `SMUGGLE / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n${smuggled()}`],
    ['no HTTP', () => `\x16\x03\x01\x02\x00\x01\x00${smuggled()}`],
    [
      'no Host',
      () => `GET /healthz HTTP/1.1\r\nAuthorization: Bearer ${acme.key}\r\nConnection: close\r\n\r\n${smuggled()}`,
    ],
  ])('%s: refused once, and what follows is not read as a request', async (_what, bytes) => {
    const answers = await sendRaw(port, bytes());
    expect(answers.map(({ status }) => status)).toEqual([expect.toSatisfy((status) => status >= 400 && status < 500)]);
    expect(await projects()).toHaveLength(expected);
  });

  it('what follows a request that said it is the last: that one has its answer, and nothing else is read', async () => {
    const answers = await sendRaw(
      port,
      `GET /v1/projects HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${acme.key}\r\nConnection: close\r\n\r\n${smuggled()}`,
    );
    expect(answers.map(({ status }) => status)).toEqual([200]);
    expect(await projects()).toHaveLength(expected);
  });

  it('says why, as a problem', async () => {
    const [answer] = await sendRaw(port, 'nonsense\r\n\r\n');
    expectProblem({ ...answer!, type: answer?.headers.get('content-type') }, 'malformed_http');
  });

  it('headers of 20,000 bytes', async () => {
    const [answer] = await sendRaw(port, `${start()}X-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
    expectProblem({ ...answer!, type: answer?.headers.get('content-type') }, 'headers_too_large');
  });

  it('a body shorter than it says: not half written', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`${start()}${json}Content-Length: 500\r\n\r\n{"name":"half"}`);
    await pause(200);
    socket.destroy();
    expect(await projects()).toHaveLength(expected);
  });

  it('200 connections that send a byte now and then: others are served, and they are closed in time', {
    timeout: 60_000,
  }, async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, () => slowConnection(port)));
    expect((await call('GET', '/v1/projects')).status).toBe(200);
    const answers = await Promise.all(slow.map(({ closed }) => closed));
    for (const answer of answers.filter((text) => text !== '')) expect(answer).toContain('request_incomplete');
    expect(answers.some((text) => text !== '')).toBe(true);
  });

  it('have harmed nothing, and the server said nothing of a stack', async () => {
    await expectUnharmed();
    const complaints = server
      .said()
      .split('\n')
      .filter((line) => /unhandled|uncaught|"level":"(error|fatal)"/i.test(line));
    expect(complaints).toEqual([]);
  });
});

/** Sends a request line and then a byte of a header each 100 ms, as slowloris does. */
function slowConnection(to: number): Promise<{ closed: Promise<string> }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket: Socket = connect(to, '127.0.0.1', () => {
      socket.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${to}\r\nX-Slow: `);
      const drip = setInterval(() => socket.write('x'), 100);
      const closed = new Promise<string>((done) => {
        socket.on('close', () => {
          clearInterval(drip);
          done(text);
        });
      });
      resolve({ closed });
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('error', (error) => reject(error));
  });
}
