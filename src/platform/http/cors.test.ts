import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { errors } from '../core/errors.ts';
import { createLogger } from '../core/log.ts';
import type { Platform } from '../platform.ts';
import type { CorsOrigins } from './cors.ts';
import { makeServer, type PlinthServer } from './server.ts';

const app = 'https://app.example.com';
const admin = 'https://admin.example.com';
const foreign = 'https://evil.example.net';

async function serverFor(origins: CorsOrigins): Promise<PlinthServer> {
  const parts: Partial<Platform> = {
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
    modules: [],
    engine: { pool: { totalCount: 0, idleCount: 0, waitingCount: 0 } } as Platform['engine'],
  };
  return await makeServer({
    platform: parts as Platform,
    version: '0.0.0',
    hosts: { hosts: new Set(['*']), origins: new Set() },
    authenticators: [() => Promise.reject(errors.unauthenticated({ detail: 'no key' }))],
    ...origins,
  });
}

/** The CORS headers of an answer, and its status. */
async function ask(server: PlinthServer, method: 'GET' | 'OPTIONS', origin: string | undefined, url = '/v1/nothing') {
  const { statusCode, headers, body } = await server.app.inject({
    method,
    url,
    headers: {
      ...(origin === undefined ? {} : { origin }),
      ...(method === 'OPTIONS' && {
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      }),
    },
  });
  const cors = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
  return { status: statusCode, cors, vary: headers['vary'], body };
}

describe('pages of other origins', () => {
  let server: PlinthServer;
  beforeAll(async () => {
    server = await serverFor({ corsOrigins: [app], trustedOrigins: [admin] });
  });
  afterAll(() => server.app.close());

  it('of an origin that is named may call, and read what is refused too', async () => {
    const preflight = await ask(server, 'OPTIONS', app);
    expect(preflight).toMatchObject({ status: 204, body: '' });
    expect(preflight.cors).toEqual({
      'access-control-allow-origin': app,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'authorization,content-type,idempotency-key',
      'access-control-expose-headers': expect.stringContaining('content-range'),
      'access-control-max-age': '7200',
    });
    const refused = await ask(server, 'GET', app);
    expect(JSON.parse(refused.body)).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(refused.cors).toMatchObject({ 'access-control-allow-origin': app });
  });

  it('may send our cookie from a trusted origin alone', async () => {
    expect((await ask(server, 'OPTIONS', admin)).cors).toMatchObject({
      'access-control-allow-origin': admin,
      'access-control-allow-credentials': 'true',
    });
    expect((await ask(server, 'OPTIONS', app)).cors).not.toHaveProperty('access-control-allow-credentials');
  });

  it.each([foreign, 'null', `${app}.evil.example.net`, 'https://APP.example.com:444', undefined])(
    'of %s are told nothing, and caches know it depends on the origin',
    async (origin) => {
      for (const method of ['GET', 'OPTIONS'] as const) {
        const { status, cors, vary } = await ask(server, method, origin);
        expect({ status, cors, vary }).toEqual({ status: 401, cors: {}, vary: 'Origin' });
      }
    },
  );

  it('of all origins may call with *, none with our cookie', async () => {
    const open = await serverFor({ corsOrigins: ['*'] });
    const { cors } = await ask(open, 'OPTIONS', foreign);
    expect(cors).toMatchObject({ 'access-control-allow-origin': foreign });
    expect(cors).not.toHaveProperty('access-control-allow-credentials');
    await open.app.close();
  });

  it('are not spoken of where none is named', async () => {
    const closed = await serverFor({});
    const { cors, vary } = await ask(closed, 'GET', foreign);
    expect({ cors, vary }).toEqual({ cors: {}, vary: undefined });
    await closed.app.close();
  });
});
