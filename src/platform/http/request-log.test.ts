import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { errors } from '../core/errors.ts';
import { createLogger, type LogLevel } from '../core/log.ts';
import type { ModuleDefinition } from '../module.ts';
import type { Platform } from '../platform.ts';
import { lazyChild, logFailure } from './request-log.ts';
import { makeServer, type PlinthServer } from './server.ts';

const SECRET = 'hunter2-Zx9';
type Line = Record<string, unknown>;

function capture(level: LogLevel) {
  const lines: string[] = [];
  const logger = createLogger({ level, destination: { write: (line: string) => void lines.push(line) } });
  return { logger, lines, parsed: () => lines.map((line) => JSON.parse(line) as Line) };
}

function lazily(level: LogLevel, bindings: object = { reqId: 'r-1' }, options: object = {}) {
  const { logger, ...captured } = capture(level);
  const child = vi.spyOn(logger, 'child');
  return { ...captured, child, log: lazyChild(logger as FastifyBaseLogger, bindings as Line, options) };
}

describe('a request that failed', () => {
  const cause = new Error('the disk is full');
  it.each([
    ['warn', errors.too_busy({ detail: 'shutting down' }), undefined],
    ['error', errors.too_busy({ detail: 'no connection', cause }), 'the disk is full'],
    ['error', errors.internal({ cause }), 'the disk is full'],
    ['info', errors.not_found({ detail: 'no such row' }), undefined],
  ])('is told of at the level %s: %s', (level, error, message) => {
    const { logger, parsed } = capture('info');
    logFailure({ log: logger, method: 'GET', routeOptions: { url: '/readyz' } } as unknown as FastifyRequest, error);
    const [line] = parsed();
    expect(line).toMatchObject({ level, code: error.code, method: 'GET', route: '/readyz' });
    expect((line as { err?: { message: string } }).err?.message).toBe(message);
  });
});

describe('a lazy child', () => {
  it('is made by the first line and never again', () => {
    const { log, child, parsed } = lazily('trace');
    expect(log.level).toBe('trace');
    expect(child).not.toHaveBeenCalled();
    const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
    for (const level of levels) log[level]({ n: 1 }, 'said %s', level);
    log.silent('nothing');
    expect(child).toHaveBeenCalledTimes(1);
    expect(parsed()).toMatchObject(levels.map((level) => ({ level, reqId: 'r-1', n: 1, message: `said ${level}` })));
  });

  it('writes what its level lets through; setting it changes no other logger', () => {
    const { log, parsed } = lazily('info');
    log.debug('not yet');
    log.level = 'debug';
    expect(log.level).toBe('debug');
    log.debug('now');
    log.level = 'silent';
    log.fatal('no more');
    expect(parsed().map(({ message }) => message)).toEqual(['now']);
    const { logger, parsed: all } = capture('info');
    const first = lazyChild(logger as FastifyBaseLogger, { reqId: 'r-1' });
    first.level = 'debug';
    lazyChild(logger as FastifyBaseLogger, { reqId: 'r-2' }).debug('of another request');
    first.debug('of this one');
    expect(all()).toMatchObject([{ reqId: 'r-1', message: 'of this one' }]);
    expect(logger.level).toBe('info');
  });

  it('has the level it was asked for, before and after it is made', () => {
    const { log, parsed } = lazily('info', {}, { level: 'warn' });
    expect(log.level).toBe('warn');
    log.info('too little');
    log.warn('enough');
    expect(log.level).toBe('warn');
    expect(parsed().map(({ message }) => message)).toEqual(['enough']);
  });

  it('has children of its own', () => {
    const { log, parsed } = lazily('info');
    log.child({ part: 'second' }).info('deep');
    expect(parsed()).toMatchObject([{ reqId: 'r-1', part: 'second', message: 'deep' }]);
  });

  it('hides secrets as every logger does, and applies the serializers it was given', () => {
    const { log, lines, parsed } = lazily(
      'info',
      { reqId: 'r-1', token: SECRET },
      { serializers: { n: () => 'many' } },
    );
    const cause = Object.assign(new Error(`password=${SECRET}`), { parameters: [SECRET] });
    log.error({ err: cause, headers: { cookie: SECRET }, n: 7 }, `Bearer ${SECRET}`);
    log.error(new Error('outer', { cause }));
    log.child({ apiKey: SECRET }).info({ req: { id: 'r-1', method: 'GET', url: `/x?token=${SECRET}`, body: SECRET } });
    expect(lines.join('')).not.toContain(SECRET);
    expect(parsed()).toMatchObject([
      { n: 'many', err: { type: 'Error', message: expect.any(String) } },
      { reqId: 'r-1' },
      { reqId: 'r-1', req: { id: 'r-1', method: 'GET', url: '/x?token=[redacted]' } },
    ]);
  });
});

const SLOW_MS = 1_050;
const probe: ModuleDefinition = {
  name: 'probe',
  description: 'Routes that end in every way.',
  dependsOn: [],
  routes({ app }) {
    app.get('/quick', async () => ({ ok: true }));
    app.get('/slow', async () => sleep(SLOW_MS, { ok: true }));
    app.get('/broken', async () => {
      throw new Error(`connect postgres://plinth:${SECRET}@db/app failed`);
    });
    app.get('/talkative', async (request) => {
      request.log.level = 'debug';
      request.log.debug({ authorization: SECRET }, 'seen by nobody else');
      return { ok: true };
    });
  },
};

describe.each(['info', 'debug'] as const)('a server that logs at %s', (level) => {
  const { logger, lines, parsed } = capture(level);
  let server: PlinthServer;
  let url: string;
  beforeAll(async () => {
    const parts: Partial<Platform> = {
      clock: systemClock,
      log: logger,
      modules: [probe],
      engine: { pool: { totalCount: 0, idleCount: 0, waitingCount: 0 } } as Platform['engine'],
    };
    server = await makeServer({
      platform: parts as Platform,
      version: '0.0.0',
      hosts: { hosts: new Set(['*']), origins: new Set() },
      authenticators: [],
    });
    url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => server.app.close());

  /** How many requests the server is done with; it counts one in the same step that writes its line. */
  async function finished(): Promise<number> {
    const text = await server.metrics.render();
    const counts = text.matchAll(/^plinth_http_request_duration_seconds_count\{.*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** The answer of one request, and the lines that carry its id. */
  async function ask(path: string) {
    const id = `request-${++asked}`;
    const before = await finished();
    const answer = await fetch(`${url}${path}`, { headers: { 'x-request-id': id, cookie: `session=${SECRET}` } });
    const { status, headers } = answer;
    const text = await answer.text();
    await expect.poll(finished).toBe(before + 1);
    return {
      status,
      text,
      sent: id,
      id: headers.get('x-request-id'),
      lines: parsed().filter((l) => l['reqId'] === id),
    };
  }
  let asked = 0;

  it('has for one that fails the cause and the request, by the id that the caller was told', async () => {
    const answer = await ask('/broken');
    expect(answer).toMatchObject({ status: 500, id: answer.sent });
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'internal', request_id: answer.id });
    expect(answer.text).not.toContain('postgres');
    expect(answer.lines).toMatchObject([
      { level: 'error', code: 'internal', status: 500, route: '/broken', err: { stack: expect.any(String) } },
      { level: 'info', method: 'GET', status: 500, route: '/broken', ms: expect.any(Number) },
    ]);
    expect(JSON.stringify(answer.lines)).toContain('postgres://');
  });

  it('has one line for a slow one', async () => {
    const { status, lines: own } = await ask('/slow');
    expect(status).toBe(200);
    expect(own).toMatchObject([{ level: 'info', method: 'GET', route: '/slow', status: 200 }]);
    expect(own[0]!['ms']).toBeGreaterThanOrEqual(1_000);
  });

  it(`has ${level === 'info' ? 'no' : 'a'} line for a quick one that succeeds`, async () => {
    const { status, lines: own } = await ask('/quick');
    expect(status).toBe(200);
    const expected = { level: 'debug', method: 'GET', route: '/quick', status: 200, ms: expect.any(Number) };
    expect(own).toMatchObject(level === 'info' ? [] : [expected]);
  });

  it('says of a refusal why', async () => {
    const { status, lines: own } = await ask('/nowhere');
    expect(status).toBe(404);
    expect(own[0]).toMatchObject({ level: 'info', code: 'route_not_found', status: 404 });
    expect(own).toHaveLength(level === 'info' ? 1 : 2);
  });

  it('lets one request say more than the others', async () => {
    const { lines: own } = await ask('/talkative');
    expect(own[0]).toMatchObject({ level: 'debug', message: 'seen by nobody else' });
    expect((await ask('/quick')).lines.filter(({ message }) => message !== 'request')).toEqual([]);
  });

  it('has written no secret', () => {
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('')).not.toContain(SECRET);
  });
});
