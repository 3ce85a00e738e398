import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  hasPgBouncer,
  openPglite,
  serverTargets,
  startPgBouncer,
  type TestDatabase,
  type TestServer,
} from '../../../tests/migrations/databases.ts';
import { Fixture, type FixtureFiles, program, standardFiles } from '../../../tests/migrations/fixtures.ts';
import { runBootstrap } from './bootstrap.ts';
import { loadHistory, migrateDown, migrateUp } from './run.ts';
import type { MigrationEvent } from './runner.ts';
import { renderSnapshot } from './snapshot.ts';

const child = fileURLToPath(new URL('../../../tests/migrations/run-child.ts', import.meta.url));
const platform: FixtureFiles = { 'platform/0001_platform': standardFiles['platform/0001_platform']! };
const children: ChildProcess[] = [];
const fixtures: Fixture[] = [];

afterEach(async () => {
  for (const process of children.splice(0)) process.kill('SIGKILL');
  for (const fixture of fixtures.splice(0)) await fixture.cleanUp();
});

async function make(files: FixtureFiles): Promise<Fixture> {
  const fixture = await Fixture.create(files);
  fixtures.push(fixture);
  return fixture;
}

interface Child {
  readonly process: ChildProcess;
  readonly events: MigrationEvent[];
  until(seen: (event: MigrationEvent) => boolean): Promise<void>;
  readonly exited: Promise<unknown>;
}

function runChild(job: { url?: string; dataDir?: string }, fixture: Fixture): Child {
  const started = spawn(process.execPath, [child, JSON.stringify({ ...job, sources: fixture.sources })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(started);
  const events: MigrationEvent[] = [];
  const listeners = new Set<() => void>();
  createInterface(started.stdout!).on('line', (line) => {
    events.push(JSON.parse(line));
    for (const listener of listeners) listener();
  });
  return {
    process: started,
    events,
    exited: once(started, 'exit'),
    until: (seen) =>
      new Promise((resolve) => {
        const check = () => {
          if (!events.some(seen)) return;
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
        check();
      }),
  };
}

const doneBy = (events: readonly MigrationEvent[]) => events.filter(({ kind }) => kind === 'done').length;

describe.each(serverTargets.filter(({ skip }) => !skip))('faults on $name', (target) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await target.start();
  });
  afterAll(() => server?.stop());

  async function prepare(): Promise<TestDatabase> {
    const database = await server.createDatabase();
    await runBootstrap(database.pool);
    return database;
  }

  test('two runners at once apply each migration exactly once, files without a transaction too', async () => {
    const fixture = await make({
      ...standardFiles,
      'tasks/0002_index': [
        '-- plinth: no transaction\ndrop index concurrently if exists plinth.tasks_idx;\ncreate index concurrently tasks_idx on plinth.tasks (id);\nselect pg_sleep(0.3);',
        'drop index plinth.tasks_idx;',
      ],
      'tasks/0003_slow': [
        'select pg_sleep(0.3);\ncreate table plinth.once (id uuid, constraint once_pkey primary key (id));',
        'drop table plinth.once;',
      ],
    });
    const database = await prepare();
    const runners = [0, 1, 2].map(() => runChild({ url: database.url }, fixture));
    await Promise.all(runners.map(({ exited }) => exited));
    expect(runners.map(({ process }) => process.exitCode)).toEqual([0, 0, 0]);
    expect(runners.reduce((sum, { events }) => sum + doneBy(events), 0)).toBe(6);
    const history = await loadHistory(database.pool);
    expect(history.map(({ sequence, status }) => [sequence, status])).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => [n, 'applied']),
    );
  });

  test('up and down at the same time leave one or the other, never a mixture', async () => {
    const fixture = await make(standardFiles);
    const database = await prepare();
    const set = await fixture.read();
    const other = database.connect({ max: 1 });
    await Promise.all([
      migrateUp(database.pool, set, program),
      migrateDown(other, set, { ...program, target: { all: true } }),
      migrateUp(other, set, program),
    ]);
    await migrateUp(database.pool, set, program);
    const reference = await prepare();
    await migrateUp(reference.pool, set, program);
    expect(await renderSnapshot(database.pool)).toBe(await renderSnapshot(reference.pool));
  });

  test('kill -9 inside a migration leaves nothing of it, and the next run does it', async () => {
    const fixture = await make({
      ...platform,
      'slow/0001_slow': [
        'create table plinth.slow (id uuid, constraint slow_pkey primary key (id));\nselect pg_sleep(3);\ninsert into plinth.slow values (gen_random_uuid());',
        'drop table plinth.slow;',
      ],
    });
    const database = await prepare();
    const victim = runChild({ url: database.url }, fixture);
    await victim.until((event) => event.kind === 'statement' && event.id === 'slow/0001' && event.index === 1);
    await sleep(50);
    victim.process.kill('SIGKILL');
    await victim.exited;
    await fixture.write(
      'slow/0001_slow.up.sql',
      'create table plinth.slow (id uuid, constraint slow_pkey primary key (id));\ninsert into plinth.slow values (gen_random_uuid());',
    );
    const result = await migrateUp(database.pool, await fixture.read(), program);
    expect(result.done.map(({ id }) => id)).toEqual(['slow/0001']);
    const client = await database.pool.connect();
    await client.query('set role plinth_owner');
    expect((await client.query('select count(*)::int as n from plinth.slow')).rows).toEqual([{ n: 1 }]);
    await client.query('reset role');
    client.release();
  });

  test('kill -9 inside a file without a transaction: started is recorded, the next run resumes it', async () => {
    const fixture = await make({
      ...platform,
      'slow/0001_slow': [
        `-- plinth: no transaction
create table if not exists plinth.slow (id uuid, constraint slow_pkey primary key (id));
select pg_sleep(2);
insert into plinth.slow values ('00000000-0000-0000-0000-000000000001') on conflict do nothing;`,
        'drop table plinth.slow;',
      ],
    });
    const database = await prepare();
    const victim = runChild({ url: database.url }, fixture);
    await victim.until((event) => event.kind === 'statement' && event.id === 'slow/0001' && event.index === 1);
    await sleep(50);
    victim.process.kill('SIGKILL');
    await victim.exited;
    expect((await loadHistory(database.pool)).at(-1)).toMatchObject({ module: 'slow', status: 'started' });
    const events: string[] = [];
    const result = await migrateUp(database.pool, await fixture.read(), {
      ...program,
      onProgress: ({ kind }) => void events.push(kind),
    });
    expect(result.done.map(({ id }) => id)).toEqual(['slow/0001']);
    // The dead runner's session still slept: its lock kept this one out until it ended.
    expect(events).toContain('waiting');
    expect((await loadHistory(database.pool)).at(-1)).toMatchObject({ module: 'slow', status: 'applied', sequence: 2 });
  });

  test('a blocked statement gives way, tries again, and lets others through meanwhile', async () => {
    const fixture = await make(standardFiles);
    const database = await prepare();
    const set = await fixture.read();
    await migrateUp(database.pool, set, { ...program, target: 'projects/0001' });
    const holder = await database.connect().connect();
    await holder.query('begin; set local role plinth_owner; select count(*) from plinth.projects');
    const events: MigrationEvent[] = [];
    let onRetry = () => {};
    const retried = new Promise<void>((resolve) => {
      onRetry = resolve;
    });
    const run = migrateUp(database.pool, set, {
      ...program,
      lockTimeoutMs: 100,
      onProgress: (event) => {
        events.push(event);
        if (event.kind === 'retry') onRetry();
      },
    });
    await retried;
    // While the migration pauses, nobody queues behind it.
    const reader = await database.connect().connect();
    await reader.query(
      "begin; set local role plinth_owner; set local lock_timeout = '5s'; select count(*) from plinth.projects; commit",
    );
    reader.release();
    await holder.query('commit');
    holder.release();
    expect((await run).done.map(({ id }) => id)).toEqual(['projects/0002', 'tasks/0001']);
    expect(events.filter(({ kind }) => kind === 'retry').length).toBeGreaterThan(0);
  });

  test('a lock that never comes ends in migration_locked, which names who holds on', async () => {
    const fixture = await make(standardFiles);
    const database = await prepare();
    const set = await fixture.read();
    await migrateUp(database.pool, set, { ...program, target: 'projects/0001' });
    const holder = await database.connect({ application_name: 'a forgotten psql' }).connect();
    await holder.query('begin; set local role plinth_owner; select count(*) from plinth.projects');
    await expect(migrateUp(database.pool, set, { ...program, lockTimeoutMs: 20, retries: 2 })).rejects.toMatchObject({
      code: 'migration_locked',
      detail: expect.stringContaining('a forgotten psql'),
    });
    await holder.query('rollback');
    await holder.query('begin; set local role plinth_owner; lock table plinth.schema_migrations in exclusive mode');
    await expect(migrateUp(database.pool, set, { ...program, lockTimeoutMs: 20, waitMs: 300 })).rejects.toMatchObject({
      code: 'migration_locked',
      detail: expect.stringContaining('another runner'),
    });
    await holder.query('rollback');
    holder.release();
  });

  test('the connection lost in the middle: rolled back, reported, and the pool stays usable', async () => {
    const fixture = await make({
      ...platform,
      'a/0001_a': [
        'create table plinth.a (id uuid);\nselect pg_terminate_backend(pg_backend_pid());',
        'drop table plinth.a;',
      ],
    });
    const database = await prepare();
    await expect(migrateUp(database.pool, await fixture.read(), program)).rejects.toMatchObject({
      code: 'migration_failed',
    });
    await fixture.write('a/0001_a.up.sql', 'create table plinth.a (id uuid);');
    expect((await migrateUp(database.pool, await fixture.read(), program)).done.map(({ id }) => id)).toEqual([
      'a/0001',
    ]);
  });

  test('three databases of one cluster are made ready and migrated at once', async () => {
    const fixture = await make(standardFiles);
    const set = await fixture.read();
    const prefix = `at_once_${target.name.slice(-2)}`;
    const databases = await Promise.all([0, 1, 2].map(() => server.createDatabase()));
    await Promise.all(
      databases.flatMap(({ pool, connect }) =>
        [pool, connect({ max: 1 })].map(async (each) => {
          await runBootstrap(each, { prefix });
          await migrateUp(each, set, { ...program, prefix });
        }),
      ),
    );
    const snapshots = await Promise.all(databases.map(({ pool }) => renderSnapshot(pool, { prefix })));
    expect(new Set(snapshots).size).toBe(1);
  });
});

describe.skipIf(!hasPgBouncer)('through PgBouncer in transaction mode', () => {
  test('files in transactions run once with two runners; files without are refused before they leave anything', async () => {
    const server = await serverTargets[0]!.start();
    const database = await server.createDatabase();
    const bouncer = await startPgBouncer(database);
    const pools = [0, 1].map(() => new pg.Pool({ connectionString: bouncer.url, max: 1 }));
    try {
      const fixture = await make(standardFiles);
      await runBootstrap(pools[0]!);
      const set = await fixture.read();
      const results = await Promise.all(pools.map((pool) => migrateUp(pool, set, program)));
      expect(results.reduce((sum, { done }) => sum + done.length, 0)).toBe(4);
      await fixture.write('tasks/0002_index.up.sql', '-- plinth: no transaction\nselect 1;\nselect 2;');
      await fixture.write('tasks/0002_index.down.sql', '-- nothing');
      const more = await fixture.read();
      await expect(migrateUp(pools[0]!, more, program)).rejects.toMatchObject({
        code: 'migration_pooled',
        detail: expect.stringContaining('tasks/0002'),
      });
      const { rows } = await database.pool.query("select count(*)::int as n from pg_locks where locktype = 'advisory'");
      expect(rows).toEqual([{ n: 0 }]);
      for (const pool of pools) {
        const role = await pool.query<{ same: boolean }>('select current_user = session_user as same');
        expect(role.rows).toEqual([{ same: true }]);
      }
      expect((await migrateUp(database.pool, more, program)).done.map(({ id }) => id)).toEqual(['tasks/0002']);
    } finally {
      for (const pool of pools) await pool.end();
      await bouncer.stop();
      await server.stop();
    }
  }, 60_000);
});

test('kill -9 of a process with the embedded engine: the next one opens the folder and goes on', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'plinth-kill-'));
  try {
    const first = await openPglite(join(dataDir, 'db'));
    await runBootstrap(first.pool);
    await first.close();
    const fixture = await make({
      ...standardFiles,
      'slow/0001_slow': ['create table plinth.slow (id uuid);\nselect pg_sleep(20);', 'drop table plinth.slow;'],
    });
    const victim = runChild({ dataDir: join(dataDir, 'db') }, fixture);
    await victim.until((event) => event.kind === 'statement' && event.id === 'slow/0001');
    await sleep(200);
    victim.process.kill('SIGKILL');
    await victim.exited;
    await fixture.write('slow/0001_slow.up.sql', 'create table plinth.slow (id uuid);');
    const second = await openPglite(join(dataDir, 'db'));
    const before = await loadHistory(second.pool);
    expect(before.every(({ status }) => status === 'applied')).toBe(true);
    await migrateUp(second.pool, await fixture.read(), program);
    const history = await loadHistory(second.pool);
    expect(history.map(({ module, version, status }) => `${module}/${version} ${status}`)).toEqual([
      'platform/1 applied',
      'projects/1 applied',
      'projects/2 applied',
      'tasks/1 applied',
      'slow/1 applied',
    ]);
    await second.close();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}, 120_000);
