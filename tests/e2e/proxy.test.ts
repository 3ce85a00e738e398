/** Behind a reverse proxy that ends the TLS, at a path of a host that others share: nothing leads out of it. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueFirstRunLink } from '../../src/modules/tenancy/index.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openTestPlinth, type TestPlinth } from '../../src/testing.ts';
import { ensureBuilt } from '../browser/support.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { freePort } from '../support/processes.ts';
import { startServer } from '../support/program.ts';

const client_address = '203.0.113.7';
const hang_ms = 120_000;

interface Through {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A proxy for `https://example.com/plinth/`: passes the path on as it is, or without `/plinth`. */
function startProxy(upstream: number, strips: boolean): Promise<Server> {
  const proxy = createServer((incoming, outgoing) => {
    const path = strips ? (incoming.url ?? '').replace(/^\/plinth/, '') || '/' : incoming.url;
    const passed = request(
      {
        host: '127.0.0.1',
        port: upstream,
        method: incoming.method,
        path,
        headers: { ...incoming.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': client_address },
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(proxy)));
}

function ask(
  port: number,
  method: string,
  url: string,
  options: { body?: unknown; cookie?: string; host?: string; accept?: string } = {},
): Promise<Through> {
  const { pathname, search, origin, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path: pathname + search,
        headers: {
          host: options.host ?? host,
          ...(options.accept === undefined ? {} : { accept: options.accept }),
          ...(method === 'GET' ? {} : { origin }),
          ...(options.cookie === undefined ? {} : { cookie: options.cookie }),
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

const linksOf = (page: string): string[] =>
  [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, link = '']) => link).filter((link) => !/^data:/.test(link));

describe.each([
  ['that passes the path on', 'https://example.com/plinth', false],
  ['that takes the path away', 'https://example.com/plinth', true],
  ['at the root of its host', 'https://plinth.example.com', false],
])('a proxy %s', (_what, publicUrl, strips) => {
  const { pathname } = new URL(`${publicUrl}/`);
  const basePath = pathname.slice(0, -1);
  let plinth: TestPlinth;
  let proxy: Server;
  let port: number;

  beforeAll(async () => {
    await ensureBuilt();
    const { publicUrl: url, trustedProxies } = loadConfig({
      PLINTH_PUBLIC_URL: publicUrl,
      PLINTH_TRUSTED_PROXIES: '127.0.0.1',
    });
    plinth = await openTestPlinth({ config: { publicUrl: url, trustedProxies } });
    await plinth.app.listen({ port: 0, host: '127.0.0.1' });
    proxy = await startProxy((plinth.app.server.address() as AddressInfo).port, strips);
    port = (proxy.address() as AddressInfo).port;
  }, hang_ms);
  afterAll(async () => {
    proxy?.close();
    proxy?.closeAllConnections();
    await plinth?.close();
  });

  const get = (path: string, cookie?: string) =>
    ask(port, 'GET', `${publicUrl}${path}`, cookie === undefined ? {} : { cookie });

  it.each(['/', '/o/acme/events', '/welcome', '/docs/'])('what %s loads and links to is there', async (path) => {
    const page = await ask(port, 'GET', `${publicUrl}${path}`, { accept: 'text/html' });
    expect(page.status).toBe(200);
    const links = linksOf(page.text).map((link) => new URL(link, `${publicUrl}${path}`).href);
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) {
      expect(link.startsWith(`${publicUrl}/`), link).toBe(true);
      expect((await ask(port, 'GET', link)).status, link).toBeLessThan(400);
    }
  });

  it('the reference leads to the document, and the document to the server', async () => {
    const { headers } = await get('/docs');
    if (headers['location'] !== undefined) expect(headers['location']).toBe(`${basePath}/docs/`);
    expect((await get('/docs/')).text).toContain(`${basePath}/openapi.json`);
    const document = JSON.parse((await get('/openapi.json')).text) as { servers: { url: string }[] };
    expect(document.servers).toEqual([{ url: publicUrl }]);
  });

  it('a problem leads to its page', async () => {
    const { type } = JSON.parse((await get('/v1/projects')).text) as { type: string };
    expect(type).toBe(`${basePath}/docs/errors#unauthenticated`);
    expect((await ask(port, 'GET', new URL(type, publicUrl).href)).text).toContain('id="unauthenticated"');
  });

  it('signs in by the one-time link, with a cookie for this path alone, and sees the caller', async () => {
    const link = await issueFirstRunLink(plinth.platform);
    const signedIn = await ask(port, 'POST', `${publicUrl}/v1/first-run`, {
      body: {
        token: link?.token,
        email: 'ada@example.org',
        password: 'the tide is late on thursdays',
        organization_name: 'Acme',
      },
    });
    expect(signedIn.status, signedIn.text).toBe(201);
    const [setCookie = ''] = [signedIn.headers['set-cookie']].flat();
    const name = basePath === '' ? '__Host-plinth_session' : '__Secure-plinth_session';
    expect(setCookie).toMatch(new RegExp(`^${name}=[^;]+; Path=${basePath || '/'}; .*HttpOnly; SameSite=Lax; Secure$`));
    const cookie = setCookie.split(';')[0] as string;
    expect((await get('/v1/me', cookie)).status).toBe(200);
    const sessions = JSON.parse((await get('/v1/sessions', cookie)).text) as { data: { ip_address: string }[] };
    expect(sessions.data.map(({ ip_address }) => ip_address)).toEqual([client_address]);
    // a page of another host can do nothing with it
    const foreign = await ask(port, 'POST', `https://evil.example${basePath}/v1/sign-out/everywhere`, {
      cookie,
      host: new URL(publicUrl).host,
    });
    expect(JSON.parse(foreign.text)).toMatchObject({
      code: 'origin_not_allowed',
    });
    const out = await ask(port, 'POST', `${publicUrl}/v1/sign-out/everywhere`, { cookie });
    expect(out.status).toBe(200);
    expect([out.headers['set-cookie']].flat().join('\n')).toContain(`${name}=; Path=${basePath || '/'}; Max-Age=0`);
    expect((await get('/v1/me', cookie)).status).toBe(401);
  });

  it('other names are refused', async () => {
    const refused = await ask(port, 'GET', `${publicUrl}/healthz`, { host: 'evil.example' });
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'host_not_allowed' });
  });

  it.skipIf(basePath === '' || strips)('the path without its slash leads to the one with it', async () => {
    expect(await ask(port, 'GET', publicUrl)).toMatchObject({ status: 308, headers: { location: `${basePath}/` } });
    // what only begins like the path is not it
    expect((await ask(port, 'GET', `${publicUrl}ette/healthz`)).status).toBe(404);
  });
});

it('an address that is no trusted proxy can not say who calls', { timeout: hang_ms }, async () => {
  const plinth = await openTestPlinth();
  try {
    await plinth.app.inject({
      method: 'POST',
      url: '/v1/sign-in',
      headers: { host: 'localhost:4600', 'x-forwarded-for': client_address, 'content-type': 'application/json' },
      payload: { email: 'nobody@example.org', password: 'the tide is late on thursdays' },
    });
    const { rows } = await plinth.platform.engine.directPool.query('select bucket from plinth.sign_in_attempts');
    expect(JSON.stringify(rows)).not.toContain(client_address);
    expect(JSON.stringify(rows)).toContain('127.0.0.1');
  } finally {
    await plinth.close();
  }
});

it('the link a new installation prints is the public one', { timeout: hang_ms }, async () => {
  const port = await freePort();
  const server = await startServer(port, ['--data', await migratedDataDir()], {
    env: { PLINTH_FSYNC: 'off', PLINTH_PUBLIC_URL: 'https://example.com/plinth/' },
  });
  try {
    expect(server.said()).toMatch(/^welcome {2}https:\/\/example\.com\/plinth\/welcome#\S+$/m);
    expect(server.said()).toMatch(/^api {6}https:\/\/example\.com\/plinth\/docs$/m);
  } finally {
    server.kill('SIGTERM');
    await server.finished;
  }
});
