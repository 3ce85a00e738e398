/**
 * /v1/live of two processes on one database: both tell the same in the same order, a client whose process is killed goes on
 * at the other without a gap, what one process revokes ends streams of the other, and who does not read costs little.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueSignInLink } from '../../src/modules/tenancy/index.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openPlinth } from '../../src/plinth.ts';
import { makeKey, makeOrganization, makeUser, type TestOrganization } from '../../src/testing.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { LiveListener } from '../support/live-listener.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { freePort } from '../support/processes.ts';
import { type RunningServer, startServer } from '../support/program.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../support/server.ts';
import { pause } from './senders.ts';
import { send } from './writers.ts';

const hang_ms = 240_000;
/** What docs/reference/live.md promises. */
const revoked_within_ms = 5_000;
const metricsToken = 'a-token-for-the-metrics';
const password = 'the tide is late on thursdays';
const programs = await postgres18Folder();

type Url = () => string;

/** Sends numbered events, one and several at once, to whichever process answers, each until it is acknowledged. */
function startEvents(urls: readonly Url[], key: string, clients: number) {
  let stopping = false;
  const acknowledged: string[] = [];
  const one = async (client: number) => {
    for (let n = 0; !stopping; n++) {
      const count = n % 4 === 0 ? 20 : 1;
      const ids = Array.from({ length: count }, (_, at) => `${client}-${n}-${at}`);
      const body = ids.map((id) => ({ id, type: 'load.sent' }));
      for (let tries = 0; ; tries++) {
        const url = (urls[(client + tries) % urls.length] as Url)();
        const answer = await send({ url, key }, 'POST', '/v1/events', { body }).catch(() => undefined);
        if (answer?.status === 200) break;
        await pause(20);
      }
      acknowledged.push(...ids);
      await pause(5);
    }
  };
  const all = Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return {
    acknowledged,
    async stop() {
      stopping = true;
      await all;
    },
  };
}

/** Follows the stream as a client does: at the next process with the last id, whenever the connection is gone. */
function startFollower(urls: readonly Url[], key: string, first: LiveListener) {
  const told: string[] = [];
  let stopping = false;
  let reconnects = 0;
  let current = first;
  const following = (async () => {
    for (let at = 1; ; at++) {
      await current.ended;
      told.push(...current.events.map(({ external_id }) => String(external_id)));
      if (stopping) return;
      const { lastId } = current;
      for (let tries = 0; ; tries++) {
        const next = await LiveListener.open((urls[(at + tries) % urls.length] as Url)(), key, '', lastId).catch(
          () => undefined,
        );
        if (next?.status === 200) {
          current = next;
          break;
        }
        await pause(50);
      }
      reconnects++;
    }
  })();
  return {
    count: () => told.length + current.events.length,
    reconnects: () => reconnects,
    async stop() {
      stopping = true;
      current.stop();
      await following;
      return told;
    },
  };
}

const orderSql = `select e.external_id as id from plinth.events e where type = 'load.sent' order by e.xid, e.id`;

describe.skipIf(programs === undefined)('live streams of two processes', () => {
  let postgres: TestServer;
  let platform: Platform;
  let close: () => Promise<void>;
  let env: Record<string, string>;
  let acme: TestOrganization;
  const servers: RunningServer[] = [];
  const urls: Url[] = [0, 1].map((at) => () => (servers[at] as RunningServer).url);
  const listeners: LiveListener[] = [];

  beforeAll(async () => {
    postgres = await startPostgres(programs as string, { fsync: true });
    await withClient(postgres.url, (client) => client.query('create database live'));
    env = {
      DATABASE_URL: postgres.url.replace('/postgres?', '/live?'),
      PLINTH_DATA: temporaryDataDir(),
      PLINTH_METRICS_TOKEN: metricsToken,
    };
    const plinth = await openPlinth({ config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error' }), migrate: true });
    platform = plinth.platform;
    close = () => plinth.close();
    acme = await makeOrganization(platform, 'Acme');
    for (let at = 0; at < 2; at++) servers.push(await startServer(await freePort(), [], { env, command: 'serve' }));
  }, hang_ms);
  afterAll(async () => {
    for (const listener of listeners) listener.stop();
    for (const server of servers) server.kill('SIGTERM');
    await Promise.all(servers.map(({ finished }) => finished));
    await close?.();
    await postgres?.stop();
  });

  const listen = async (
    at: number,
    credentials: string | Record<string, string> = acme.key,
    query = '',
    lastId?: string,
  ) => {
    const listener = await LiveListener.open((urls[at] as Url)(), credentials, query, lastId);
    listeners.push(listener);
    return listener;
  };
  const ask = (at: number, method: string, path: string, body?: unknown, key = acme.key) =>
    send({ url: (urls[at] as Url)(), key }, method, path, body === undefined ? {} : { body });
  const query = <R>(sql: string): Promise<R[]> =>
    withClient(
      postgres.adminUrl.replace('/postgres?', '/live?'),
      async (client) => (await client.query(sql)).rows as R[],
    );
  const sendTypes = async (at: number, types: readonly string[], key = acme.key): Promise<void> => {
    const { status, text } = await ask(
      at,
      'POST',
      '/v1/events',
      types.map((type) => ({ type })),
      key,
    );
    expect(status, text).toBe(200);
  };
  async function metric(at: number, pattern: RegExp): Promise<number> {
    const { text } = await send({ url: (urls[at] as Url)(), key: metricsToken }, 'GET', '/metrics');
    return Number(pattern.exec(text)?.[1] ?? Number.NaN);
  }
  const openStreams = (at: number) => metric(at, /^plinth_http_streams\{route="\/v1\/live"\} (\d+)$/m);
  async function untilStreams(at: number, count: number): Promise<void> {
    for (const startedAt = performance.now(); (await openStreams(at)) !== count; await pause(100)) {
      if (performance.now() - startedAt > 30_000) throw new Error(`${await openStreams(at)} streams, not ${count}`);
    }
  }
  /** A session's cookie, made at the first process. */
  async function signIn(email: string): Promise<string> {
    const token = (await issueSignInLink(platform, email))?.token;
    const url = (urls[0] as Url)();
    const answer = await fetch(`${url}/v1/sign-in/link`, {
      method: 'POST',
      headers: { origin: url, 'content-type': 'application/json' },
      body: JSON.stringify({ token, password }),
    });
    expect(answer.status).toBe(200);
    return String(answer.headers.getSetCookie()[0]).split(';')[0] as string;
  }

  it('tell the same events in the same order, and are counted while they are open', { timeout: hang_ms }, async () => {
    const before = await Promise.all([openStreams(0), openStreams(1)]);
    expect(before.map((count) => count || 0)).toEqual([0, 0]);
    const all = [await listen(0), await listen(1), await listen(1)];
    const some = await listen(0, acme.key, '?type=cross.odd');
    expect(await Promise.all([openStreams(0), openStreams(1)])).toEqual([2, 2]);
    const total = 120;
    await Promise.all(
      Array.from({ length: total / 4 }, (_, n) =>
        sendTypes(n % 2, ['cross.odd', 'cross.even', 'cross.odd', 'cross.even']),
      ),
    );
    for (const listener of all) await listener.until(({ events }) => events.length === total);
    await some.until(({ events }) => events.length === total / 2);
    const stored = await query<{ id: string; type: string }>(
      `select id, type from plinth.events where type like 'cross.%' order by xid, id`,
    );
    for (const listener of all) expect(listener.events.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    expect(some.events.map(({ id }) => id)).toEqual(
      stored.filter(({ type }) => type === 'cross.odd').map(({ id }) => id),
    );
    for (const listener of [...all, some]) listener.stop();
    await Promise.all([untilStreams(0, 0), untilStreams(1, 0)]);
  });

  it('go on at the other process after a kill -9, with neither gap nor double', { timeout: hang_ms }, async () => {
    const followers = [0, 1].map(async (at) =>
      startFollower(at === 0 ? urls : [...urls].reverse(), acme.key, await listen(at)),
    );
    const [left, right] = await Promise.all(followers);
    const load = startEvents(urls, acme.key, 3);
    for (const at of [0, 1, 0]) {
      await pause(1_500);
      const { port, finished } = servers[at] as RunningServer;
      servers[at]?.kill('SIGKILL');
      await finished;
      servers[at] = await startServer(port, [], { env, command: 'serve' });
    }
    await pause(500);
    await load.stop();
    const stored = (await query<{ id: string }>(orderSql)).map(({ id }) => id);
    expect([...stored].sort()).toEqual([...load.acknowledged].sort());
    for (const follower of [left, right] as ReturnType<typeof startFollower>[]) {
      for (const startedAt = performance.now(); follower.count() < stored.length; await pause(50)) {
        if (performance.now() - startedAt > 20_000) break;
      }
      await pause(200);
      expect(follower.reconnects()).toBeGreaterThan(0);
      expect(await follower.stop()).toEqual(stored);
    }
    expect(stored.length).toBeGreaterThan(100);
  });

  it('end within 5 s of what another process revoked', { timeout: hang_ms }, async () => {
    const person = await makeUser(platform, { organizationId: acme.id });
    const removed = await makeUser(platform, { organizationId: acme.id });
    const gone = await makeOrganization(platform, 'Gone');
    const key = await makeKey(platform, { organizationId: acme.id, userId: acme.userId });
    const membersKey = await makeKey(platform, { organizationId: acme.id, userId: removed.id, role: 'member' });
    const cookie = await signIn(person.email);
    const removedCookie = await signIn(removed.email);
    const url = (urls[0] as Url)();
    const signOut = () => fetch(`${url}/v1/sign-out/everywhere`, { method: 'POST', headers: { origin: url, cookie } });
    const cases: readonly [string, string | Record<string, string>, () => Promise<{ status: number }>][] = [
      ['key', key.key, () => ask(0, 'DELETE', `/v1/api-keys/${key.id}`)],
      ['session', { cookie }, signOut],
      ['membership', { cookie: removedCookie }, () => ask(0, 'DELETE', `/v1/members/${removed.id}`)],
      ['membership, of the person’s key', membersKey.key, async () => ({ status: 204 })],
      ['organization', gone.key, () => ask(0, 'DELETE', '/v1/organization', undefined, gone.key)],
    ];
    const staying = await listen(1);
    const streams: {
      what: string;
      at: number;
      listener: LiveListener;
      credentials: string | Record<string, string>;
    }[] = [];
    for (const [what, credentials] of cases) {
      for (const at of [0, 1]) streams.push({ what, at, credentials, listener: await listen(at, credentials) });
    }
    expect(streams.map(({ listener }) => listener.status)).toEqual(streams.map(() => 200));
    for (const [what, , revoke] of cases) {
      const { status } = await revoke();
      expect([what, status < 300]).toEqual([what, true]);
    }
    await Promise.race([Promise.all(streams.map(({ listener }) => listener.ended)), pause(revoked_within_ms)]);
    expect(streams.map(({ what, at, listener }) => [what, at, listener.endReason])).toEqual(
      streams.map(({ what, at }) => [what, at, 'revoked']),
    );
    for (const { at, listener, credentials, what } of streams) {
      const again = await listen(at, credentials, '', listener.lastId);
      expect([what, again.status >= 400 && again.status < 500, again.status]).toEqual([what, true, again.status]);
    }
    expect(staying.endReason).toBeUndefined();
    staying.stop();
  });

  it('tell a stranger nothing, whatever they ask for', { timeout: hang_ms }, async () => {
    const stranger = await makeOrganization(platform, 'Stranger');
    const made = await ask(0, 'POST', '/v1/projects', { name: 'Secret', slug: 'secret' });
    expect(made.status, made.text).toBe(201);
    const { id: projectId } = JSON.parse(made.text) as { id: string };
    const own = await listen(0);
    const place = own.lastId as string;
    const spies = [
      await listen(1, stranger.key),
      await listen(0, stranger.key, `?project_id=${projectId}`),
      await listen(0, stranger.key, '?source=api&type=*'),
      await listen(1, stranger.key, `?type=secret.*&last_event_id=${place}`),
      await listen(1, stranger.key, '', '1.3'),
    ];
    const asAcme = await listen(0, {
      authorization: `Bearer ${stranger.key}`,
      'plinth-organization': acme.id,
    });
    expect(asAcme.status).toBeGreaterThanOrEqual(400);
    const { status } = await ask(1, 'POST', '/v1/events', { type: 'secret.plan', project_id: projectId });
    expect(status).toBe(200);
    await own.until(({ events }) => events.length === 1);
    await sendTypes(0, ['secret.own'], stranger.key);
    await spies[0]?.until(({ events }) => events.length > 0);
    await spies[3]?.until(({ events }) => events.length > 0);
    await spies[4]?.until(({ events }) => events.length > 0);
    const told = spies.map(({ events }) => events.map(({ type }) => type));
    expect(told).toEqual([['secret.own'], [], ['secret.own'], ['secret.own'], ['secret.own']]);
    expect(own.events.map(({ type }) => type)).toEqual(['secret.plan']);
    for (const listener of [own, ...spies]) listener.stop();
  });

  it('cost a bounded memory where nobody reads, and are cut', { timeout: hang_ms }, async () => {
    await Promise.all([untilStreams(0, 0), untilStreams(1, 0)]);
    const rss = () => metric(0, /^plinth_process_resident_memory_bytes (\S+)$/m);
    const readers = 40;
    const stalled = await Promise.all(
      Array.from({ length: readers }, () => stalledReader((urls[0] as Url)(), acme.key)),
    );
    expect(await openStreams(0)).toBe(readers);
    const reader = await listen(0);
    const types = Array.from({ length: 500 }, (_, n) => `flood.${String(n).padStart(190, '0')}`);
    const floods = 24;
    await sendTypes(1, types);
    const before = await rss();
    for (let n = 1; n < floods; n++) await sendTypes(1, types);
    await reader.until(({ events }) => events.length === floods * types.length);
    expect(reader.endReason).toBeUndefined();
    await untilStreams(0, 1);
    // each holds at most 512 KiB, and nothing once it is cut: all that was told to them would be far more
    const toldBytes = reader.messages.reduce((sum, { data }) => sum + JSON.stringify(data ?? '').length, 0);
    expect(toldBytes * readers).toBeGreaterThan(250_000_000);
    expect((await rss()) - before).toBeLessThan(200_000_000);
    const [first] = stalled;
    const { text, lastId } = await (first as Awaited<ReturnType<typeof stalledReader>>).readRest();
    const firstPart = text.match(/^event: event$/gm)?.length ?? 0;
    const rest = await listen(1, acme.key, '', lastId);
    await rest.until(({ events }) => firstPart + events.length === floods * types.length);
    for (const one of stalled) one.stop();
    for (const listener of [reader, rest]) listener.stop();
  });

  it('say why, to one that reads again in time', { timeout: hang_ms }, async () => {
    const slow = await stalledReader((urls[0] as Url)(), acme.key);
    const reader = await listen(0);
    const types = Array.from({ length: 500 }, (_, n) => `flood.${String(n).padStart(190, '0')}`);
    let isOver = false;
    const flooding = (async () => {
      while (!isOver) await sendTypes(1, types);
    })();
    for (const startedAt = performance.now(); !slow.text().includes('"slow_reader"'); await pause(20)) {
      // takes a little, and too slowly
      slow.take(64 * 1024);
      if (performance.now() - startedAt > 60_000) throw new Error('it is not cut');
      if (slow.isOver()) break;
    }
    isOver = true;
    await flooding;
    expect(slow.text().endsWith('event: end\ndata: {"reason":"slow_reader"}\n\n')).toBe(true);
    reader.stop();
  });
});

/** A client that opens a stream and takes nothing until it is told to. */
async function stalledReader(url: string, key: string) {
  let text = '';
  let isOver = false;
  let wanted = 0;
  const ended = Promise.withResolvers<void>();
  const outgoing = request(`${url}/v1/live`, { agent: false, headers: { authorization: `Bearer ${key}` } });
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject).end();
  });
  response.setEncoding('utf8');
  const take = () => {
    while (wanted > 0) {
      const chunk = response.read() as string | null;
      if (chunk === null) return;
      text += chunk;
      wanted -= chunk.length;
    }
  };
  response.on('readable', take);
  for (const name of ['end', 'error', 'close']) {
    response.on(name, () => {
      isOver = true;
      ended.resolve();
    });
  }
  return {
    text: () => text,
    isOver: () => isOver,
    take(characters: number) {
      wanted = characters;
      take();
    },
    /** What came whole before the connection was cut. */
    async readRest() {
      wanted = Number.MAX_SAFE_INTEGER;
      take();
      await ended.promise;
      const whole = text.slice(0, text.lastIndexOf('\n\n') + 2);
      return { text: whole, lastId: [...whole.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] as string };
    },
    stop: () => outgoing.destroy(),
  };
}

describe('a live stream of the embedded engine', () => {
  it('goes on after a kill -9 of the only process', { timeout: hang_ms }, async () => {
    const data = await migratedDataDir();
    const env = { PLINTH_DATA: data };
    const plinth = await openPlinth({ config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error' }) });
    const { key } = await makeOrganization(plinth.platform);
    await plinth.close();
    const port = await freePort();
    let server = await startServer(port, [], { env });
    const url = () => server.url;
    const follower = startFollower([url], key, await LiveListener.open(url(), key));
    const load = startEvents([url], key, 2);
    for (let n = 0; n < 2; n++) {
      await pause(1_500);
      server.kill('SIGKILL');
      await server.finished;
      server = await startServer(port, [], { env });
    }
    await pause(500);
    await load.stop();
    for (const startedAt = performance.now(); follower.count() < load.acknowledged.length; await pause(50)) {
      if (performance.now() - startedAt > 20_000) break;
    }
    const told = await follower.stop();
    server.kill('SIGTERM');
    await server.finished;
    const engine = await openPglite({ dataDir: data });
    try {
      const stored = (await engine.directPool.query(orderSql)).rows.map((row) => (row as { id: string }).id);
      expect([...stored].sort()).toEqual([...load.acknowledged].sort());
      expect(told).toEqual(stored);
    } finally {
      await engine.close();
    }
  });
});
