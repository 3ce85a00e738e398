/**
 * kill -9 under write load: of our process on both engines, and of the database server beneath it. Nothing that was
 * acknowledged is lost, nothing is half written, and what was not acknowledged can be sent again with its key.
 * PLINTH_FAULT_ROUNDS rounds each (5; 20 with PLINTH_FULL=1), at moments from a printed seed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openPlinth } from '../../src/plinth.ts';
import { makeOrganization } from '../../src/testing.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { childrenOf, freePort, killIfThere, untilGone } from '../support/processes.ts';
import { callControl, type RunningServer, startServer } from '../support/program.ts';
import { printedSeed, seededRandom } from '../support/random.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../support/server.ts';
import {
  findLosses,
  orphansSql,
  type StoredRow,
  sendWrite,
  startLoad,
  storedRowsSql,
  type Target,
  type Write,
} from './writers.ts';

const rounds = Number(process.env['PLINTH_FAULT_ROUNDS'] ?? (process.env['PLINTH_FULL'] ? 20 : 5));
const kill_after_ms_min = 150;
const kill_after_ms_max = 1_500;
const hang_ms = 60_000 + rounds * 45_000;
const programs = await postgres18Folder();

interface Installation {
  readonly organizationId: string;
  readonly target: Target;
  start(): Promise<RunningServer>;
  query<R>(sql: string): Promise<R[]>;
}

/** Migrates, and makes a tenant with a key: all in this process, before the first server starts. */
async function install(env: Record<string, string>): Promise<{ organizationId: string; target: Target; port: number }> {
  const port = await freePort();
  const plinth = await openPlinth({ config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error' }), migrate: true });
  try {
    const { id, key } = await makeOrganization(plinth.platform);
    return { organizationId: id, target: { url: `http://127.0.0.1:${port}`, key }, port };
  } finally {
    await plinth.close();
  }
}

async function check(installation: Installation, writes: readonly Write[]): Promise<void> {
  const stored = await installation.query<StoredRow>(storedRowsSql(installation.organizationId));
  expect(findLosses(writes, stored)).toEqual([]);
  expect(await installation.query(orphansSql(installation.organizationId))).toEqual([{ audits: 0, activities: 0 }]);
}

/** Sends what was not acknowledged once more, with the same key: then it is there exactly once. */
async function sendAgain(installation: Installation, writes: readonly Write[]): Promise<void> {
  for (const write of writes.filter(({ acknowledged }) => !acknowledged)) {
    await sendWrite(installation.target, write);
    expect(write.acknowledged, write.failure).toBe(true);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts, writes, kills, `rounds` times; `strike` kills and leaves a server that answers. */
async function killUnderLoad(
  installation: Installation,
  what: string,
  strike: (server: RunningServer) => Promise<RunningServer>,
): Promise<readonly Write[]> {
  const random = seededRandom(printedSeed(what));
  const all: Write[] = [];
  let server = await installation.start();
  try {
    for (let round = 0; round < rounds; round++) {
      const load = startLoad(installation.target, random, `r${round}`);
      await pause(kill_after_ms_min + random() * (kill_after_ms_max - kill_after_ms_min));
      server = await strike(server);
      load.stop();
      await load.stopped;
      all.push(...load.writes);
      await check(installation, all);
      await sendAgain(installation, load.writes);
    }
    await check(installation, all);
  } finally {
    server.kill('SIGKILL');
  }
  const acknowledged = all.filter((write) => write.failure === undefined).length;
  process.stdout.write(`${what}: ${rounds} rounds, ${acknowledged} of ${all.length} writes acknowledged at once\n`);
  // each writer's last write of each round is the one the kill met
  expect(acknowledged).toBeGreaterThan(rounds);
  return all;
}

const killProcess = (installation: Installation) => async (server: RunningServer) => {
  server.kill('SIGKILL');
  await server.finished;
  return await installation.start();
};

describe('the comparison itself', () => {
  const write = (kind: Write['kind'], acknowledged: boolean, ...slugs: string[]): Write => ({
    kind,
    slugs,
    idempotencyKey: '',
    acknowledged,
  });
  const row = (slug: string, audits = 1, activities = 0): StoredRow => ({ slug, audits, activities });

  it.each([
    ['a lost row', [write('one', true, 'a')], [], 'acknowledged and lost'],
    ['half of many', [write('many', false, 'a', 'b')], [row('a')], 'half written'],
    ['a row without its audit', [write('one', true, 'a')], [row('a', 0)], '0 audit rows'],
    ['a row without its activity', [write('domain', true, 'a')], [row('a')], '0 activities'],
    ['a row twice', [write('one', true, 'a')], [row('a'), row('a')], 'stored twice'],
    ['a row of nobody', [], [row('a')], '1 rows that nobody sent'],
  ])('sees %s', (_what, writes, stored, problem) => {
    expect(findLosses(writes, stored).join()).toContain(problem);
  });

  it('lets pass what is whole, and what was not acknowledged and is not there', () => {
    const writes = [write('one', true, 'a'), write('many', false, 'b', 'c'), write('domain', false, 'd')];
    expect(findLosses(writes, [row('a'), row('d', 1, 1)])).toEqual([]);
  });
});

describe('kill -9 of our process, embedded engine', () => {
  it(`loses nothing in ${rounds} rounds`, { timeout: hang_ms }, async () => {
    const data = await migratedDataDir();
    const { port, ...installed } = await install({ PLINTH_DATA: data });
    await killUnderLoad(
      {
        ...installed,
        start: () => startServer(port, ['--data', data]),
        async query<R>(sql: string) {
          const { socket } = JSON.parse(readFileSync(join(data, 'control'), 'utf8')) as { socket: string };
          const { exit, out, notes } = await callControl(socket, ['sql', '--json', sql]);
          expect(exit, notes).toBe(0);
          return JSON.parse(out) as R[];
        },
      },
      'kill -9 of our process on PGlite',
      (server) =>
        killProcess({ ...installed, start: () => startServer(port, ['--data', data]) } as Installation)(server),
    );
  });
});

describe.skipIf(programs === undefined)('with a PostgreSQL of its own, fsync on', () => {
  let postgres: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres(programs as string, { fsync: true });
  });
  afterAll(() => postgres?.stop());

  async function installOn(database: string): Promise<Installation> {
    const url = (from: string) => from.replace('/postgres?', `/${database}?`);
    await withClient(postgres.url, (client) => client.query(`create database ${database}`));
    const env = { DATABASE_URL: url(postgres.url), PLINTH_DATA: temporaryDataDir() };
    const { port, ...installed } = await install(env);
    return {
      ...installed,
      start: () => startServer(port, [], { env }),
      query: <R>(sql: string) =>
        withClient(url(postgres.adminUrl), async (client) => (await client.query(sql)).rows as R[]),
    };
  }

  it(`kill -9 of our process loses nothing in ${rounds} rounds`, { timeout: hang_ms }, async () => {
    const installation = await installOn('killed_process');
    await killUnderLoad(installation, 'kill -9 of our process on PostgreSQL', killProcess(installation));
  });

  it(`kill -9 of the postmaster loses nothing in ${rounds} rounds`, { timeout: hang_ms }, async () => {
    const installation = await installOn('killed_postmaster');
    const writes = await killUnderLoad(installation, 'kill -9 of the postmaster', async (server) => {
      const family = [postgres.pid, ...childrenOf(postgres.pid)];
      for (const pid of family) killIfThere(pid);
      await untilGone(family);
      postgres = await postgres.restart();
      // the same process of ours finds the database again by itself
      await untilReady(server);
      return server;
    });
    // what the clients were told meanwhile: that nobody knows, or that nothing was written
    const told = new Set(writes.flatMap(({ failure }) => /"code":"(\w+)"/.exec(failure ?? '')?.[1] ?? failure ?? []));
    expect(['database_unavailable', 'outcome_unknown']).toEqual(expect.arrayContaining([...told]));
  });
});

async function untilReady(server: RunningServer): Promise<void> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < 30_000) {
    const answer = await fetch(`${server.url}/readyz`).catch(() => undefined);
    if (answer?.status === 200) return;
    await pause(50);
  }
  throw new Error(`not ready again:\n${server.said()}`);
}
