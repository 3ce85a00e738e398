/** Real PostgreSQL servers for the tests: 18 from npm, 15 from Debian where installed, and PgBouncer before either. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { debianPostgres15, pgBouncer, postgres18Package } from './engine-names.ts';
import { freePort, serverUser, temporaryFolder } from './processes.ts';

const startTimeoutMs = 30_000;
/** What the tests log in as: as little as a managed PostgreSQL gives its customer. */
export const testLogin = 'plinth_test';

export interface TestServer {
  /** As `plinth_test`, in the database "postgres". */
  readonly url: string;
  /** As the superuser, for tests that need one. */
  readonly adminUrl: string;
  readonly version: string;
  readonly port: number;
  readonly password: string;
  /** The postmaster's process id, for tests that kill it. */
  readonly pid: number;
  stop(): Promise<void>;
  /** Starts the postmaster again on the same data and port, after `stop` with `keep` or after it was killed. */
  restart(): Promise<TestServer>;
}

export interface ServerSettings {
  /** Off by default: tests are about behaviour, and this saves most of their time. */
  readonly fsync?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Where PostgreSQL 18's programs are: the npm package for this platform. Undefined where there is none. */
export async function postgres18Folder(): Promise<string | undefined> {
  try {
    const programs = (await import(postgres18Package())) as { postgres: string; initdb: string };
    for (const program of [programs.postgres, programs.initdb]) chmodSync(program, 0o755);
    return dirname(programs.postgres);
  } catch {
    return undefined;
  }
}

export function postgres15Folder(): string | undefined {
  return existsSync(debianPostgres15) ? debianPostgres15 : undefined;
}

export function pgBouncerProgram(): string | undefined {
  return existsSync(pgBouncer) ? pgBouncer : undefined;
}

/** Makes a cluster in a temporary folder, starts it, and makes the login the tests use. */
export async function startPostgres(programs: string, options: ServerSettings = {}): Promise<TestServer> {
  const folder = temporaryFolder('pg');
  const data = join(folder, 'data');
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder, 'password');
  const user = serverUser();
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  await promisify(execFile)(
    join(programs, 'initdb'),
    [`--pgdata=${data}`, '--auth=scram-sha-256', '--username=postgres', `--pwfile=${passwordFile}`].concat([
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ]),
    { ...user, env, cwd: folder },
  );
  const port = await freePort();
  const running = await startPostmaster(programs, folder, port, options);
  const adminUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres?sslmode=disable`;
  const version = await withClient(adminUrl, async (client) => {
    await client.query(
      `create role ${testLogin} login nosuperuser createrole createdb nobypassrls password '${password}'`,
    );
    const { rows } = await client.query<{ version: string }>(`select current_setting('server_version') as version`);
    return rows[0]!.version;
  });
  return handle(running, { programs, folder, port, options, password, version, adminUrl });
}

interface Cluster {
  readonly programs: string;
  readonly folder: string;
  readonly port: number;
  readonly options: ServerSettings;
  readonly password: string;
  readonly version: string;
  readonly adminUrl: string;
}

function handle(running: RunningProcess, cluster: Cluster): TestServer {
  const { programs, folder, port, options, password, version, adminUrl } = cluster;
  return {
    url: `postgres://${testLogin}:${password}@127.0.0.1:${port}/postgres?sslmode=disable`,
    adminUrl,
    version,
    port,
    password,
    pid: running.pid,
    async stop() {
      // Immediate: nothing here is kept, and clients that still hold a connection would make it wait.
      await running.stop('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
    async restart() {
      await running.stop('SIGINT');
      return handle(await startPostmaster(programs, folder, port, options), cluster);
    },
  };
}

async function startPostmaster(
  programs: string,
  folder: string,
  port: number,
  options: ServerSettings,
): Promise<RunningProcess> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '64MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(options.fsync ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
    ...options.settings,
  };
  return await startProcess(
    join(programs, 'postgres'),
    ['-D', join(folder, 'data'), '-p', String(port)].concat(
      Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ),
    folder,
    'database system is ready to accept connections',
  );
}

/** Puts PgBouncer in transaction mode before a server, for every database of it, as the same login. */
export async function startPgBouncer(server: TestServer): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = temporaryFolder('pgbouncer');
  const port = await freePort();
  const files = {
    'users.txt': `"${testLogin}" "${server.password}"\n`,
    'pgbouncer.ini': [
      '[databases]',
      `* = host=127.0.0.1 port=${server.port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${join(folder, 'users.txt')}`,
      'pool_mode = transaction',
      'default_pool_size = 10',
      `pidfile = ${join(folder, 'pgbouncer.pid')}`,
      '',
    ].join('\n'),
  };
  const { uid, gid } = serverUser();
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    if (uid !== undefined && gid !== undefined) chownSync(join(folder, name), uid, gid);
  }
  const running = await startProcess(pgBouncer, [join(folder, 'pgbouncer.ini')], folder, 'process up');
  await untilListening(port);
  return {
    url: `postgres://${testLogin}:${server.password}@127.0.0.1:${port}/postgres?sslmode=disable`,
    async stop() {
      await running.stop('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface RunningProcess {
  readonly pid: number;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a server and waits for the line that says it is ready. It dies with us, whatever ends us but SIGKILL. */
async function startProcess(program: string, args: string[], folder: string, ready: string): Promise<RunningProcess> {
  const child: ChildProcess = spawn(program, args, {
    ...serverUser(),
    cwd: folder,
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
    // In a group of its own: Ctrl-C reaches the tests first, which then stop it in order.
    detached: true,
  });
  const atExit = () => child.kill('SIGQUIT');
  process.once('exit', atExit);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${program} did not start:\n${output}`)), startTimeoutMs);
    const finish = (error?: Error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    };
    child.stderr?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      if (output.includes(ready)) finish();
    });
    child.once('error', finish);
    child.once('exit', (code) => finish(new Error(`${program} ended (${code}):\n${output}`)));
  });
  return {
    pid: child.pid!,
    async stop(signal) {
      process.removeListener('exit', atExit);
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.unref();
      setTimeout(() => socket.destroy(), 200).unref();
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nobody listens on port ${port}`);
}

/** Runs something on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
