/**
 * kill -9 in the middle of 10,000 tasks: of the process that serves and works, on both engines, and of the database server
 * beneath it. Each task ends once, none is lost, and none is left held.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import { openPlinth } from '../../src/plinth.ts';
import { makeOrganization } from '../../src/testing.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { childrenOf, freePort, killIfThere, untilGone } from '../support/processes.ts';
import { callControl, type RunningServer, startServer } from '../support/program.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../support/server.ts';

const tasks = 10_000;
/** After so many effects each. */
const strikes = [1_500, 4_000, 7_000];
const hang_ms = 240_000;
const programs = await postgres18Folder();
const plinthModule = fileURLToPath(new URL('../../src/plinth.ts', import.meta.url));

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Installation {
  readonly port: number;
  readonly env: Record<string, string>;
  /** Effects of handlers, a line each: the task, the attempt. */
  readonly effects: string;
  readonly config: string;
}

/** An application with a task that has an effect outside, and 10,000 of them waiting. */
async function install(env: Record<string, string>): Promise<Installation> {
  const folder = dirname(temporaryDataDir());
  const effects = join(folder, 'effects');
  const config = join(folder, 'plinth.config.ts');
  writeFileSync(
    config,
    `import { appendFileSync } from 'node:fs';
     import { definePlinth } from ${JSON.stringify(plinthModule)};
     export default definePlinth({
       tasks: {
         probe: async ({ n }, { taskId, attempt }) => {
           await new Promise((resolve) => setTimeout(resolve, 30));
           appendFileSync(${JSON.stringify(effects)}, taskId + ' ' + attempt + '\\n');
           return { n };
         },
       },
     });`,
  );
  const plinth = await openPlinth({ config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error' }), migrate: true });
  try {
    const { id } = await makeOrganization(plinth.platform);
    const scope = { as: 'app', organizationId: id, memberRole: 'service' } as const;
    for (let from = 0; from < tasks; from += 1_000) {
      const some = Array.from({ length: 1_000 }, (_, at) => ({ task_type: 'probe', payload: { n: from + at } }));
      await plinth.as(scope).tasks.enqueueMany(some);
    }
  } finally {
    await plinth.close();
  }
  const more = { PLINTH_WORKER_LEASE_SECONDS: '2', PLINTH_WORKER_CONCURRENCY: '100' };
  return { port: await freePort(), env: { ...env, ...more }, effects, config };
}

const effectsOf = ({ effects }: Installation): string[] =>
  existsSync(effects) ? readFileSync(effects, 'utf8').trim().split('\n') : [];

async function untilEffects(installation: Installation, count: number): Promise<void> {
  for (const startedAt = performance.now(); effectsOf(installation).length < count; await pause(10)) {
    if (performance.now() - startedAt > 60_000)
      throw new Error(`${effectsOf(installation).length} of ${count} effects`);
  }
}

const startOn = ({ port, config, env }: Installation) => startServer(port, ['--config', config], { env });

type Query = <R>(sql: string) => Promise<R[]>;

/**
 * Kills at each strike; then waits until all have ended, and looks at what became of them, with the eyes of the owner: `stopped`
 * gives them once the server is down. `survives`: the worker outlives each strike.
 */
async function killInTheMiddle(
  installation: Installation,
  query: Query,
  strike: (server: RunningServer) => Promise<RunningServer>,
  stopped: () => Promise<Query> = async () => query,
  survives = false,
): Promise<void> {
  let server = await startOn(installation);
  try {
    for (const count of strikes) {
      await untilEffects(installation, count);
      server = await strike(server);
    }
    const open = async () =>
      (
        await query<{ open: number }>(
          `select count(*)::int as open from plinth.tasks where status not in ('completed', 'failed', 'cancelled')`,
        )
      )[0]?.open;
    for (const startedAt = performance.now(); (await open()) !== 0; await pause(200)) {
      if (performance.now() - startedAt > 120_000) throw new Error(`${await open()} do not end:\n${server.said()}`);
    }
    server.kill('SIGTERM');
    await server.finished;
    const look = await stopped();
    const [ended] = await look(
      `select count(*)::int as tasks, count(distinct (results ->> 'n')::int)::int as results,
              count(*) filter (where status = 'completed' and results = payload)::int as completed,
              (select count(*) from plinth.task_leases)::int as leases, (select count(*) from plinth.task_queue)::int as queued,
              (select count(*) from plinth.task_timers)::int as timers
       from plinth.tasks where task_type = 'probe'`,
    );
    expect(ended).toEqual({ tasks, results: tasks, completed: tasks, leases: 0, queued: 0, timers: 0 });
    const outcomes = await look<{ outcome: string }>('select distinct outcome from plinth.task_attempts');
    // a worker that outlives its server may have lost none
    if (!survives || outcomes.length > 0) expect(outcomes).toEqual([{ outcome: 'lost' }]);
    const effects = effectsOf(installation);
    // no attempt ran twice, and each task has had its effect
    expect(new Set(effects).size).toBe(effects.length);
    expect(new Set(effects.map((line) => line.split(' ')[0])).size).toBe(tasks);
    process.stdout.write(`${effects.length - tasks} of ${tasks} effects came again after ${strikes.length} kills\n`);
  } finally {
    server.kill('SIGKILL');
    await server.finished;
  }
}

const killProcess = (installation: Installation) => async (server: RunningServer) => {
  server.kill('SIGKILL');
  await server.finished;
  return await startOn(installation);
};

describe('kill -9 in the middle of 10,000 tasks', () => {
  it('of the process with the embedded engine', { timeout: hang_ms }, async () => {
    const data = await migratedDataDir();
    const installation = await install({ PLINTH_DATA: data });
    const query = async <R>(sql: string) => {
      const { socket } = JSON.parse(readFileSync(join(data, 'control'), 'utf8')) as { socket: string };
      const { exit, out, notes } = await callControl(socket, ['sql', '--json', sql]);
      expect(exit, notes).toBe(0);
      return JSON.parse(out) as R[];
    };
    const engines: Engine[] = [];
    try {
      await killInTheMiddle(installation, query, killProcess(installation), async () => {
        const engine = await openPglite({ dataDir: data });
        engines.push(engine);
        return async <R>(sql: string) => (await engine.directPool.query(sql)).rows as R[];
      });
    } finally {
      for (const engine of engines) await engine.close();
    }
  });

  describe.skipIf(programs === undefined)('on a PostgreSQL of its own', () => {
    let postgres: TestServer;
    beforeAll(async () => {
      postgres = await startPostgres(programs as string, { fsync: true });
    });
    afterAll(() => postgres?.stop());

    async function installOn(database: string) {
      const url = (from: string) => from.replace('/postgres?', `/${database}?`);
      await withClient(postgres.url, (client) => client.query(`create database ${database}`));
      const installation = await install({ DATABASE_URL: url(postgres.url), PLINTH_DATA: temporaryDataDir() });
      const query = <R>(sql: string) =>
        withClient(url(postgres.adminUrl), async (client) => (await client.query(sql)).rows as R[]);
      return { installation, query };
    }

    it('of the process', { timeout: hang_ms }, async () => {
      const { installation, query } = await installOn('killed_worker');
      await killInTheMiddle(installation, query, killProcess(installation));
    });

    it('of the postmaster', { timeout: hang_ms }, async () => {
      const { installation, query } = await installOn('killed_server');
      const strike = async (server: RunningServer) => {
        const family = [postgres.pid, ...childrenOf(postgres.pid)];
        for (const pid of family) killIfThere(pid);
        await untilGone(family);
        postgres = await postgres.restart();
        return server;
      };
      await killInTheMiddle(installation, query, strike, async () => query, true);
    });
  });
});
