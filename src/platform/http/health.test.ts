import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { errors } from '../core/errors.ts';
import { createLogger } from '../core/log.ts';
import type { Platform } from '../platform.ts';
import { makeServer, type PlinthServer } from './server.ts';

/** More wrong keys from one address than are answered within a minute. */
const wrong_keys = 61;

describe('whether the process lives, and is ready', () => {
  let server: PlinthServer;
  let asked = 0;
  let isDatabaseThere = true;
  beforeAll(async () => {
    const parts: Partial<Platform> = {
      clock: systemClock,
      log: createLogger({ level: 'silent' }),
      modules: [],
      engine: { pool: { totalCount: 0, idleCount: 0, waitingCount: 0 } } as Platform['engine'],
      door: {
        readOne: () =>
          isDatabaseThere
            ? Promise.resolve({ ok: 1 })
            : Promise.reject(errors.database_unavailable({ detail: 'gone' })),
      } as unknown as Platform['door'],
    };
    server = await makeServer({
      platform: parts as Platform,
      version: '0.0.0',
      hosts: { hosts: new Set(['plinth.example.com']), origins: new Set() },
      authenticators: [
        () => {
          asked++;
          return Promise.reject(errors.unauthenticated({ detail: 'no key' }));
        },
      ],
    });
  });
  afterAll(async () => {
    await server.app.close();
  });

  const ask = async (url: string, headers: Record<string, string> = {}) =>
    (await server.app.inject({ url, headers: { host: 'plinth.example.com', ...headers } })).statusCode;

  it('is answered without a look at who asks, also after the address has tried too many keys', async () => {
    const key = { authorization: 'Bearer plk_of_nobody' };
    expect([await ask('/healthz', key), await ask('/readyz', key)]).toEqual([200, 200]);
    expect(asked).toBe(0);
    for (let n = 0; n < wrong_keys; n++) await ask('/v1/nothing', key);
    expect(await ask('/v1/nothing', key)).toBe(429);
    expect([await ask('/healthz'), await ask('/readyz'), await ask('/healthz', key)]).toEqual([200, 200, 200]);
  });

  it('and the console’s pages and files are given without a look at who asks', async () => {
    const before = asked;
    const cookie = { cookie: '__Host-plinth_session=of_nobody; plinth_session=of_nobody' };
    for (const [url, accept] of [
      ['/', 'text/html'],
      ['/projects/1', 'text/html'],
      ['/portal', 'text/html'],
      ['/static/none.js', '*/*'],
    ] as const) {
      expect([200, 404]).toContain(await ask(url, { ...cookie, accept }));
    }
    expect(asked).toBe(before);
    expect(await ask('/projects/1', { host: 'rebound.example.net', accept: 'text/html' })).toBe(421);
  });

  it('differs: without a database the process lives and is not ready', async () => {
    isDatabaseThere = false;
    expect([await ask('/healthz'), await ask('/readyz')]).toEqual([200, 503]);
    isDatabaseThere = true;
  });

  it('is answered by the names the server is known by alone', async () => {
    expect(await ask('/healthz', { host: 'rebound.example.net' })).not.toBe(200);
  });
});
