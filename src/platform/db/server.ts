import pg from 'pg';
import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Capabilities, Engine, EngineLog } from './engine.ts';
import { databaseErrors } from './errors.ts';
import { guardPool } from './pool-guard.ts';
import { parseServerUrl, type ServerAddress } from './server-url.ts';
import { assertSessionSettings, pinnedSettings, settingsSql } from './session-settings.ts';
import { valueTypes } from './value-types.ts';

export interface ServerOptions {
  /** Requests. The others default to it. */
  readonly url: string;
  readonly workerUrl?: string;
  readonly readUrl?: string;
  /** Past a pooler: migrations, DDL, LISTEN. */
  readonly directUrl?: string;
  /** Connections for requests, and as many for reads where `readUrl` is given. */
  readonly poolSize?: number;
  readonly workerPoolSize?: number;
  readonly statementTimeoutMs?: number;
  readonly applicationName?: string;
  readonly log?: EngineLog;
}

const serverVersionMin = 150_000;
const poolSizeDefault = 10;
const workerPoolSizeDefault = 4;
/** Migrations take one, LISTEN another, a cancel the third. */
const directPoolSize = 3;
const connectTimeoutMs = 10_000;
/** A transaction that nobody goes on with holds its locks and stops vacuum: it is ended. */
const idleTransactionMs = 60_000;
const tcpKeepAliveMs = 10_000;
/** Connections still checked out are given so long before they are left behind. */
const drainMs = 5_000;

/** What one look at a server tells. */
interface Inspection {
  readonly versionNum: number;
  readonly version: string;
  readonly citus: boolean;
  readonly vector: boolean;
  readonly pooled: boolean;
  readonly address: ServerAddress;
}

/**
 * Opens pools to a PostgreSQL 15 or newer, directly or through a pooler in transaction mode, and finds out what it can
 * do. Throws `database_url_invalid`, `database_unavailable` (never with a password), `database_version_unsupported` or
 * `database_settings_unsuitable`.
 */
export async function openServer(options: ServerOptions): Promise<Engine> {
  const main = await inspect(options.url);
  const direct = await inspectOther(options.directUrl, main);
  const worker = await inspectOther(options.workerUrl, main);
  const reader = await inspectOther(options.readUrl, main);
  const pools: pg.Pool[] = [];
  const open = (target: Inspection, size: number) => {
    const pool = openPool(target, size, options);
    pools.push(pool);
    return pool;
  };
  const poolSize = options.poolSize ?? poolSizeDefault;
  const pool = open(main, poolSize);
  const directPool = open(direct, directPoolSize);
  let closing: Promise<void> | undefined;
  return {
    kind: main.citus ? 'citus' : 'postgres',
    description: `PostgreSQL ${main.version} at ${main.address.label}`,
    serverVersionNum: main.versionNum,
    capabilities: capabilities(main, direct, [main, worker, reader]),
    statementTimeoutMs: options.statementTimeoutMs ?? limits.statement_timeout_ms,
    pool,
    readPool: reader === main ? pool : open(reader, poolSize),
    workerPool: open(worker, options.workerPoolSize ?? workerPoolSizeDefault),
    directPool,
    cancel: (backendPid) => cancel(directPool, backendPid),
    close() {
      closing ??= endPools(pools);
      return closing;
    },
  };
}

/** Ends all pools; connections still checked out after the grace are left behind. */
async function endPools(pools: readonly pg.Pool[]): Promise<void> {
  const ended = Promise.all(pools.map((pool) => pool.end()));
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, drainMs).unref())]);
}

function capabilities(main: Inspection, direct: Inspection, used: readonly Inspection[]): Capabilities {
  const pooled = used.some((one) => one.pooled);
  return {
    concurrentConnections: true,
    listen: !direct.pooled,
    cancelStatements: true,
    copyFromStdin: true,
    autovacuum: true,
    // On Citus the context must be real SET LOCAL inside a transaction.
    pipelinedScope: !main.citus,
    namedStatements: !pooled,
    sessionSettings: !pooled,
    distributed: main.citus,
    vector: main.vector,
  };
}

function openPool(target: Inspection, max: number, options: ServerOptions): pg.Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? limits.statement_timeout_ms;
  return guardPool(
    new pg.Pool({
      connectionTimeoutMillis: connectTimeoutMs,
      ...target.address.config,
      ...(options.applicationName !== undefined && { application_name: options.applicationName }),
      // A pooler refuses settings in the startup packet, or gives them to whoever comes next.
      ...(!target.pooled && {
        options: pinnedSettings(target.address.config.options),
        statement_timeout: statementTimeoutMs,
        idle_in_transaction_session_timeout: idleTransactionMs,
      }),
      types: valueTypes,
      keepAlive: true,
      keepAliveInitialDelayMillis: tcpKeepAliveMs,
      max,
    }),
    options.log,
  );
}

async function inspectOther(url: string | undefined, main: Inspection): Promise<Inspection> {
  return url === undefined ? main : await inspect(url);
}

async function inspect(url: string): Promise<Inspection> {
  const { client, address } = await connect(parseServerUrl(url));
  try {
    const { rows } = await client.query<{
      version_num: number;
      version: string;
      citus: boolean;
      vector: boolean;
      pid: number;
      settings: Readonly<Record<string, string>>;
    }>(
      `select current_setting('server_version_num')::int as version_num,
              split_part(current_setting('server_version'), ' ', 1) as version,
              exists (select from pg_catalog.pg_extension where extname = 'citus') as citus,
              exists (select from pg_catalog.pg_available_extensions where name = 'vector') as vector,
              pg_catalog.pg_backend_pid() as pid, ${settingsSql} as settings`,
    );
    const { version_num: versionNum, version, citus, vector, pid, settings } = rows[0]!;
    if (versionNum < serverVersionMin) {
      throw databaseErrors.database_version_unsupported({ detail: `${address.label} runs PostgreSQL ${version}.` });
    }
    // A pooler hands out a process number of its own, for cancel requests; the server's own is another.
    const { processID } = client as pg.Client & { processID: number | null };
    const pooled = processID !== pid;
    if (pooled) assertSessionSettings(settings, address.label);
    return { versionNum, version, citus, vector, pooled, address };
  } catch (error) {
    throw unavailable(error, address);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Connects once. `sslmode=prefer` is settled here: with TLS where the server offers it, else without. */
async function connect(address: ServerAddress): Promise<{ client: pg.Client; address: ServerAddress }> {
  const attempt = async (config: pg.ClientConfig) => {
    const client = new pg.Client({ connectionTimeoutMillis: connectTimeoutMs, ...config });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  try {
    return { client: await attempt(address.config), address };
  } catch (error) {
    const noTls = error instanceof Error && error.message.includes('does not support SSL');
    if (!noTls || address.sslMode !== 'prefer') throw unavailable(error, address);
  }
  const plain = { ...address, config: { ...address.config, ssl: false } };
  try {
    return { client: await attempt(plain.config), address: plain };
  } catch (error) {
    throw unavailable(error, address);
  }
}

/** Says which database and why, in words of ours: a driver's message may hold anything. */
function unavailable(error: unknown, address: ServerAddress): Error {
  if (error instanceof Error && error.name === 'PlinthError') return error;
  const { code } = error as { code?: string };
  const reason = (code !== undefined && connectReasons[code]) || 'the connection failed';
  return errors.database_unavailable({
    detail: `${address.label}: ${reason}${code === undefined ? '' : ` (${code})`}.`,
    cause: error,
  });
}

const connectReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name can not be looked up now',
  ETIMEDOUT: 'no answer',
  ENOENT: 'there is no such socket',
  '28P01': 'user or password are wrong',
  '28000': 'this user may not connect',
  '3D000': 'there is no such database',
  '42501': 'this user may not connect to the database',
  '53300': 'the server has no connection left',
  '57P03': 'the server is starting or stopping',
  '08P01': 'the server, or the pooler before it, refused the connection',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted: name its root in sslrootcert',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted: name its root in sslrootcert',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted: name its root in sslrootcert',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
};

async function cancel(pool: pg.Pool, backendPid: number): Promise<boolean> {
  // the type is said: Citus has a second function of this name, for its own process numbers
  const { rows } = await pool.query<{ done: boolean }>('select pg_catalog.pg_cancel_backend($1::int) as done', [
    backendPid,
  ]);
  return rows[0]?.done ?? false;
}
