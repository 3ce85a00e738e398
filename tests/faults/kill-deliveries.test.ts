/**
 * kill -9 of the process that matches events and sends webhooks, again and again in the middle of both, on both engines. Each event
 * that a subscription wants ends as one delivery, delivered; the receiver has seen every event's id and no other.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, type ExpectStatic, it } from 'vitest';
import { createEndpoint, prepareEndpoint } from '../../src/modules/deliveries/endpoints.ts';
import { createSubscription, ingestEvents, newEvent } from '../../src/modules/events/index.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import { openPlinth } from '../../src/plinth.ts';
import { makeOrganization } from '../../src/testing.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { freePort } from '../support/processes.ts';
import { startServer } from '../support/program.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../support/server.ts';

const events = 1_500;
/** After so many requests each. */
const strikes = [200, 600, 1_100];
const hang_ms = 240_000;
const programs = await postgres18Folder();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Receiver {
  readonly url: string;
  /** The ids of the webhooks it was sent. */
  readonly received: string[];
  close(): Promise<void>;
}

/** A receiver that takes its time, and refuses each twentieth request. */
async function startReceiver(): Promise<Receiver> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(String(request.headers['webhook-id']));
    const status = received.length % 20 === 0 ? 503 : 204;
    request.resume().on('end', () => setTimeout(() => response.writeHead(status).end(), 20));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** An endpoint, a subscription that wants two thirds of what comes, and events that nobody has matched yet. */
async function install(env: Record<string, string>, url: string): Promise<readonly string[]> {
  const plinth = await openPlinth({ config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error' }), migrate: true });
  try {
    const { platform } = plinth;
    const { id: organizationId } = await makeOrganization(platform);
    const scope = { as: 'app', organizationId, memberRole: 'service' } as const;
    const prepared = await prepareEndpoint(platform, organizationId, {
      url,
      timeout_ms: 1_000,
      retry_schedule_seconds: [1, 1, 1, 1, 1, 1],
      concurrency_max: 50,
    });
    const wanted: string[] = [];
    await platform.door.write(scope, async (tx) => {
      const { id } = await createEndpoint(tx, prepared);
      await createSubscription(platform, tx, {
        name: 'out',
        action: 'webhook',
        names: ['wanted'],
        target: { endpoint_id: id },
      });
      for (let n = 0; n < events; n += 500) {
        const some = Array.from({ length: 500 }, (_, at) =>
          newEvent({ keys: [], type: (n + at) % 3 === 0 ? 'unwanted' : 'wanted' }, `{"n":${n + at}}`, null, new Date()),
        );
        await ingestEvents(platform, tx, { sourceId: null, scheme: 'api' }, some);
        wanted.push(...some.filter((_, at) => (n + at) % 3 !== 0).map((one) => one.id));
      }
    });
    return wanted;
  } finally {
    await plinth.close();
  }
}

type Query = <R>(sql: string) => Promise<R[]>;

async function killInTheMiddle(
  expect: ExpectStatic,
  env: Record<string, string>,
  look: (work: (query: Query) => Promise<void>) => Promise<void>,
) {
  const receiver = await startReceiver();
  const { received } = receiver;
  const wanted = await install(env, receiver.url);
  const port = await freePort();
  let server = await startServer(port, [], { env });
  const until = async (what: string, done: () => boolean) => {
    for (const startedAt = performance.now(); !done(); await pause(10)) {
      if (performance.now() - startedAt > 100_000)
        throw new Error(`${what}: ${received.length} requests\n${server.said()}`);
    }
  };
  try {
    for (const count of strikes) {
      await until(`before strike ${count}`, () => received.length >= Math.min(count, wanted.length - 100));
      server.kill('SIGKILL');
      await server.finished;
      server = await startServer(port, [], { env });
    }
    await until('the last', () => new Set(received).size === wanted.length);
    // what was out at a strike comes again when its lease has run out; what is delivered does not
    for (let seen = -1; seen !== received.length; await pause(35_000)) seen = received.length;
  } finally {
    server.kill('SIGTERM');
    await server.finished;
    await receiver.close();
  }
  await look(async (query) => {
    const ended = await query(
      `select count(*)::int as deliveries, count(distinct d.event_id)::int as events,
              count(*) filter (where d.status = 'delivered')::int as delivered,
              count(*) filter (where d.lost_attempts > 0)::int > 0 as some_came_again,
              (select count(*) from plinth.events e where e.type = 'wanted' and e.status = 'processed')::int as processed,
              (select count(*) from plinth.events e where e.type = 'unwanted' and e.status = 'skipped')::int as skipped
       from plinth.event_deliveries d`,
    );
    const count = wanted.length;
    expect(ended).toEqual([
      {
        deliveries: count,
        events: count,
        delivered: count,
        some_came_again: true,
        processed: count,
        skipped: events - count,
      },
    ]);
  });
  expect([...new Set(received)].sort()).toEqual([...wanted].sort());
}

// side by side: most of the time both wait for the leases of who was killed
describe.concurrent('kill -9 while webhooks are sent', () => {
  it('of the process with the embedded engine', { timeout: hang_ms }, async ({ expect }) => {
    const data = await migratedDataDir();
    await killInTheMiddle(expect, { PLINTH_DATA: data }, async (work) => {
      const engine = await openPglite({ dataDir: data });
      try {
        await work(async <R>(sql: string) => (await engine.directPool.query(sql)).rows as R[]);
      } finally {
        await engine.close();
      }
    });
  });

  describe.skipIf(programs === undefined)('on a PostgreSQL of its own', () => {
    let postgres: TestServer;
    beforeAll(async () => {
      postgres = await startPostgres(programs as string, { fsync: true });
    });
    afterAll(() => postgres?.stop());

    it('of the process', { timeout: hang_ms }, async ({ expect }) => {
      const url = (from: string) => from.replace('/postgres?', '/killed_sender?');
      await withClient(postgres.url, (client) => client.query('create database killed_sender'));
      await killInTheMiddle(expect, { DATABASE_URL: url(postgres.url), PLINTH_DATA: temporaryDataDir() }, (work) =>
        work(<R>(sql: string) =>
          withClient(url(postgres.adminUrl), async (client) => (await client.query(sql)).rows as R[]),
        ),
      );
    });
  });
});
