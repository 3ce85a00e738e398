import type pg from 'pg';
import { PlinthError } from '../core/errors.ts';
import { migrationErrors } from './errors.ts';
import { isLockFailure } from './execute.ts';
import type { MigrationScript, MigrationStatement } from './files.ts';
import { historyTable } from './history.ts';
import { quoteText, roleName, SCHEMA } from './names.ts';

/** `plin` in ASCII, and 1: the runner of migrations. Advisory locks belong to one database. */
const RUNNER_LOCK = '1886153070, 1';

/** For statements that say `concurrently`: they wait for old transactions without making anybody wait behind them. */
const concurrent_lock_timeout_ms = 30 * 60_000;

/** How soon the server notices that the runner was killed, where its platform can look (not on Windows or PGlite). */
const client_check_interval_ms = 1_000;

export interface LockSettings {
  readonly prefix: string;
  readonly lockTimeoutMs: number;
}

/** One connection for a whole run; a broken one is not given back to the pool. */
export async function withMigrationClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

function bootstrapProblem(error: unknown, owner: string): unknown {
  const { code, message } = error as { code?: string; message?: string };
  // 22023, 42704: no such role; 42501: may not take it; 3F000, 42P01: no schema, no history.
  if (code !== undefined && ['22023', '42704', '42501', '3F000', '42P01'].includes(code)) {
    return migrationErrors.bootstrap_required({ detail: `as ${owner}: ${message}`, cause: error });
  }
  return error;
}

/**
 * `role`, no time limits on statements, a limit on waiting for locks. The search path holds our schema alone, so that
 * a name without a schema never finds somebody else's function, and the same text means the same in every database.
 */
function settings(owner: string, lockTimeoutMs: number, server: Server): [name: string, value: string][] {
  const values: [string, string][] = [
    ['role', owner],
    ['search_path', `${SCHEMA}, pg_temp`],
    ['lock_timeout', `${lockTimeoutMs}ms`],
    ['statement_timeout', '0'],
    ['idle_in_transaction_session_timeout', '0'],
    ['standard_conforming_strings', 'on'],
    ['check_function_bodies', 'on'],
    ['timezone', 'UTC'],
  ];
  if (server.versionNum >= 170_000) values.push(['transaction_timeout', '0']);
  if (server.citus) values.push(...citusSettings);
  return values;
}

/**
 * What DDL of several tables in one transaction needs on Citus: shards one after the other over one connection, triggers
 * on distributed tables, and a local table with keys to both global and tenant tables, which the next statement distributes.
 */
const citusSettings: readonly [name: string, value: string][] = [
  ['citus.multi_shard_modify_mode', 'sequential'],
  ['citus.enable_unsafe_triggers', 'on'],
  ['citus.enable_local_reference_table_foreign_keys', 'off'],
];

function render(how: 'set local' | 'set session', values: [name: string, value: string][]): string {
  return values.map(([name, value]) => `${how} ${name} = ${settingValue(name, value)}`).join('; ');
}

function settingValue(name: string, value: string): string {
  if (name === 'search_path') return value;
  return quoteText(value);
}

/** What of a server decides the settings. */
interface Server {
  readonly versionNum: number;
  readonly citus: boolean;
}

const servers = new WeakMap<pg.ClientBase, Server>();

async function serverOf(client: pg.ClientBase): Promise<Server> {
  const known = servers.get(client);
  if (known !== undefined) return known;
  const { rows } = await client.query<{ version_num: number; citus: boolean }>(
    `select current_setting('server_version_num')::int as version_num,
            exists (select from pg_catalog.pg_extension where extname = 'citus') as citus`,
  );
  const server = { versionNum: rows[0]!.version_num, citus: rows[0]!.citus };
  servers.set(client, server);
  return server;
}

/** BEGIN … COMMIT as the owner; anything thrown rolls back and comes through. */
export async function ownerTransaction<T>(
  client: pg.ClientBase,
  locks: LockSettings,
  work: () => Promise<T>,
): Promise<T> {
  const owner = roleName(locks.prefix, 'owner');
  const server = await serverOf(client);
  await client.query('begin');
  try {
    try {
      await client.query(render('set local', settings(owner, locks.lockTimeoutMs, server)));
    } catch (error) {
      throw bootstrapProblem(error, owner);
    }
    await watchClient(client);
    const result = await work();
    const { command } = await client.query('commit');
    // A statement that failed and was swallowed turns COMMIT into ROLLBACK without an error.
    if (command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** Asks the server to stop a statement soon after its client is gone; where it can not look, nothing happens. */
async function watchClient(client: pg.ClientBase): Promise<void> {
  await client.query('savepoint watch_client');
  try {
    await client.query(`set local client_connection_check_interval = ${client_check_interval_ms}`);
  } catch {
    await client.query('rollback to savepoint watch_client');
  }
  await client.query('release savepoint watch_client');
}

/** A short read as the owner. */
export async function asOwner<T>(client: pg.ClientBase, prefix: string, work: () => Promise<T>): Promise<T> {
  try {
    return await ownerTransaction(client, { prefix, lockTimeoutMs: 0 }, work);
  } catch (error) {
    throw error instanceof PlinthError ? error : bootstrapProblem(error, roleName(prefix, 'owner'));
  }
}

/** Keeps other runners out until the transaction ends; readers of the history are not blocked. */
export async function lockHistory(client: pg.ClientBase): Promise<void> {
  try {
    await client.query(`lock table ${historyTable} in exclusive mode`);
  } catch (error) {
    throw isLockFailure(error) ? error : bootstrapProblem(error, 'the owner');
  }
}

export async function tryRunnerLock(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>(`select pg_try_advisory_lock(${RUNNER_LOCK}) as got`);
  return rows[0]?.got === true;
}

export async function releaseRunnerLock(client: pg.ClientBase): Promise<void> {
  await client.query(`select pg_advisory_unlock(${RUNNER_LOCK})`).catch(() => undefined);
}

async function backendPid(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

/**
 * True when somebody stands between us and the server: the process id told at connecting is not the one that answers.
 * PgBouncer and its like invent one. Undefined ids (the embedded engine in this process) are no pooler.
 */
export async function isPooled(client: pg.ClientBase): Promise<boolean> {
  const { processID } = client as { processID?: number | null };
  return typeof processID === 'number' && processID !== 0 && processID !== (await backendPid(client));
}

/**
 * Runs statements outside any transaction, as the owner by a role of the session, and puts the session back.
 * `before` must be called before each statement: it refuses to go on when the connection turns out to be a pooler's in
 * transaction mode (another backend answers), where the role would be lost, or worse, left behind for somebody else.
 */
export async function asSession<T>(
  client: pg.ClientBase,
  locks: LockSettings,
  script: MigrationScript,
  work: (before: (statement: MigrationStatement) => Promise<void>) => Promise<T>,
): Promise<T> {
  const pid = await backendPid(client);
  const server = await serverOf(client);
  const values = settings(roleName(locks.prefix, 'owner'), locks.lockTimeoutMs, server);
  await client.query(render('set session', values));
  try {
    return await work(async (statement) => {
      if ((await backendPid(client)) !== pid) {
        throw migrationErrors.migration_interrupted({
          detail: `${script.path}:${statement.line}: the connection changed between statements`,
          hint: 'A file without a transaction needs a direct connection, not a pooler in transaction mode: set PLINTH_MIGRATE_URL.',
        });
      }
      const concurrent = statement.tokens.some(({ kind, text }) => kind === 'word' && text === 'concurrently');
      await client.query(`set lock_timeout = ${concurrent ? concurrent_lock_timeout_ms : locks.lockTimeoutMs}`);
    });
  } finally {
    await client.query(values.map(([name]) => `reset ${name}`).join('; ')).catch(() => undefined);
  }
}

/** The oldest other transactions of this database, for the message of a migration that got no lock. */
export async function longTransactions(client: pg.ClientBase): Promise<string> {
  try {
    const { rows } = await client.query<{ pid: number; seconds: string; name: string | null }>(
      `select pid, round(extract(epoch from clock_timestamp() - xact_start)) as seconds, nullif(application_name, '') as name
       from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
       order by xact_start
       limit 3`,
    );
    return rows.map(({ pid, seconds, name }) => `pid ${pid}${name ? ` (${name})` : ''} since ${seconds} s`).join(', ');
  } catch {
    return '';
  }
}
