/**
 * Handlers that never give way, take all memory, answer with 100 MB or throw what is no error, in a process that is
 * started again whenever it ends: each fails as what it is, and all that is beside them runs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openPlinth } from '../../src/plinth.ts';
import { makeOrganization } from '../../src/testing.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { freePort } from '../support/processes.ts';
import { callControl, type RunningServer, startServer } from '../support/program.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../support/server.ts';

const harmless = 200;
const hang_ms = 240_000;
const programs = await postgres18Folder();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const plinthModule = fileURLToPath(new URL('../../src/plinth.ts', import.meta.url));

const application = `
import { definePlinth } from ${JSON.stringify(plinthModule)};
const hoard = [];
export default definePlinth({
  tasks: {
    fine: async ({ n }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { n };
    },
    loop: async () => {
      for (;;) Math.random();
    },
    hog: async () => {
      for (;;) hoard.push(new Array(100_000).fill({ more: hoard.length }));
    },
    huge: async () => 'x'.repeat(100 * 1024 * 1024),
    nothing: async () => {
      throw undefined;
    },
    trap: async () => {
      throw new Proxy({}, { get() { throw new Error('looked at'); }, getPrototypeOf() { throw new Error('asked'); } });
    },
    later: async () => {
      setTimeout(() => { throw new Error('thrown when nobody waits'); }, 20);
      await new Promise((resolve) => setTimeout(resolve, 100));
    },
  },
});
`;

interface Ended {
  readonly task_type: string;
  readonly status: string;
  readonly code: string | null;
  readonly count: number;
}

type Query = <R>(sql: string) => Promise<R[]>;

/** Which take the process with them. Who runs beside them loses an attempt and has more; they have none left. */
const deadly = ['loop', 'hog', 'later'];
const broken = ['huge', 'nothing', 'trap'];

/** Enqueues the hostile among the harmless, and returns what `startServer` is given. */
async function install(
  env: Record<string, string>,
): Promise<{ port: number; config: string; env: Record<string, string> }> {
  const config = join(dirname(temporaryDataDir()), 'plinth.config.ts');
  writeFileSync(config, application);
  const plinth = await openPlinth({ config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error' }), migrate: true });
  try {
    const { id } = await makeOrganization(plinth.platform);
    const fine = Array.from({ length: harmless }, (_, n) => ({
      task_type: 'fine',
      payload: { n },
      max_attempts: 20,
    }));
    const among = [
      ...deadly.map((task_type) => ({ task_type, max_attempts: 1 })),
      ...broken.map((task_type) => ({ task_type, max_attempts: 5 })),
    ];
    await plinth
      .as({ as: 'app', organizationId: id, memberRole: 'service' })
      .tasks.enqueueMany([...fine.slice(0, harmless / 2), ...among, ...fine.slice(harmless / 2)]);
  } finally {
    await plinth.close();
  }
  const more = {
    PLINTH_WORKER_LEASE_SECONDS: '2',
    PLINTH_WORKER_HANG_SECONDS: '3',
    NODE_OPTIONS: '--max-old-space-size=512',
  };
  return { port: await freePort(), config, env: { ...env, ...more } };
}

/** Runs the server, again and again as systemd would, until nothing is left to do. Returns what became of the tasks. */
async function supervise({ port, config, env }: Awaited<ReturnType<typeof install>>, query: Query): Promise<Ended[]> {
  let server: RunningServer | undefined;
  let starts = 0;
  let isOver = false;
  const supervisor = (async () => {
    while (!isOver) {
      starts++;
      try {
        server = await startServer(port, ['--config', config], { env });
      } catch {
        // it ended before it was ready
        continue;
      }
      if (isOver) server.kill('SIGTERM');
      await server.finished;
    }
  })();
  try {
    const open = `select count(*)::int as open from plinth.tasks where status not in ('completed', 'failed', 'cancelled')`;
    for (const startedAt = performance.now(); ; await pause(300)) {
      const rows = await query<{ open: number }>(open).catch(() => undefined);
      if (rows?.[0]?.open === 0) break;
      if (performance.now() - startedAt > 180_000) throw new Error(`tasks do not end:\n${server?.said()}`);
    }
    process.stdout.write(`${starts} starts of the process\n`);
    return await query<Ended>(
      `select task_type, status, error ->> 'code' as code, count(*)::int as count from plinth.tasks
       group by 1, 2, 3 order by 1, 2, 3`,
    );
  } finally {
    isOver = true;
    server?.kill('SIGTERM');
    await supervisor;
  }
}

const expected = [
  { task_type: 'fine', status: 'completed', code: null, count: harmless },
  { task_type: 'hog', status: 'failed', code: 'worker_lost', count: 1 },
  { task_type: 'huge', status: 'failed', code: 'result_too_large', count: 1 },
  { task_type: 'later', status: 'failed', code: 'worker_lost', count: 1 },
  { task_type: 'loop', status: 'failed', code: 'worker_lost', count: 1 },
  { task_type: 'nothing', status: 'failed', code: 'handler_failed', count: 1 },
  { task_type: 'trap', status: 'failed', code: 'handler_failed', count: 1 },
];

describe('hostile handlers in a supervised process', () => {
  it('with the embedded engine: each fails as what it is, all others run', { timeout: hang_ms }, async () => {
    const data = await migratedDataDir();
    const query: Query = async <R>(sql: string) => {
      const { socket } = JSON.parse(readFileSync(join(data, 'control'), 'utf8')) as { socket: string };
      const { exit, out, notes } = await callControl(socket, ['sql', '--json', sql]);
      if (exit !== 0) throw new Error(notes);
      return JSON.parse(out) as R[];
    };
    expect(await supervise(await install({ PLINTH_DATA: data }), query)).toEqual(expected);
  });

  describe.skipIf(programs === undefined)('on a PostgreSQL', () => {
    let postgres: TestServer;
    beforeAll(async () => {
      postgres = await startPostgres(programs as string);
    });
    afterAll(() => postgres?.stop());

    it('each fails as what it is, all others run', { timeout: hang_ms }, async () => {
      await withClient(postgres.url, (client) => client.query('create database hostile_handlers'));
      const url = (from: string) => from.replace('/postgres?', '/hostile_handlers?');
      const installed = await install({ DATABASE_URL: url(postgres.url), PLINTH_DATA: temporaryDataDir() });
      const query = <R>(sql: string) =>
        withClient(url(postgres.adminUrl), async (client) => (await client.query(sql)).rows as R[]);
      expect(await supervise(installed, query)).toEqual(expected);
    });
  });
});
