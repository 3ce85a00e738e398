import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { limits } from '../../core/limits.ts';
import type { Capabilities, Engine, EngineLog } from '../engine.ts';
import { guardPool } from '../pool-guard.ts';
import { valueTypes } from '../value-types.ts';
import { claimDataFolder, type DataFolder, openDataFolder } from './data-folder.ts';
import { PgliteHost, type RestartReport } from './host.ts';
import { type FolderLock, lockFolder } from './lock.ts';

export type { RestartReason, RestartReport } from './host.ts';

export interface PgliteOptions {
  /** The data folder; made if need be. Either this or `memory`. */
  readonly dataDir?: string;
  readonly memory?: true;
  /** Default true: what was acknowledged survives a power cut. False survives a kill -9 only and writes twice as fast. */
  readonly fsync?: boolean;
  /** Path of a plain tar (`dump`) to start from where there is no database yet. */
  readonly load?: string;
  /** Default `limits.statement_timeout_ms`; 0 is none. A transaction changes it by `set local statement_timeout`. */
  readonly statementTimeoutMs?: number;
  readonly log?: EngineLog;
  /** Called after the engine was opened again. */
  readonly onRestart?: (report: RestartReport) => void;
}

export interface PgliteEngine extends Engine {
  readonly kind: 'pglite';
  /** How many times the engine was restarted since it was opened. */
  restarts(): number;
  /** Writes the whole database to a plain tar, 0600, consistent between two statements. */
  dump(file: string): Promise<void>;
}

/**
 * Opens the embedded engine. Throws `data_folder_in_use`, `data_folder_version`, `data_folder_foreign` or
 * `data_folder_unusable` for a folder that will not do.
 */
export async function openPglite(options: PgliteOptions): Promise<PgliteEngine> {
  const statementTimeoutMs = options.statementTimeoutMs ?? limits.statement_timeout_ms;
  const place = await openPlace(options);
  const host = new PgliteHost({
    ...(place && { clusterFolder: place.folder.clusterFolder }),
    fsync: options.fsync ?? true,
    ...(options.load !== undefined && { load: options.load }),
    statementTimeoutMs,
    log: options.log,
    onRestart: options.onRestart,
  });
  try {
    await host.start();
    await place?.folder.initialised();
    return await makeEngine(host, statementTimeoutMs, options, place);
  } catch (error) {
    await host.close();
    await place?.lock.release();
    throw error;
  }
}

interface Place {
  readonly lock: FolderLock;
  readonly folder: DataFolder;
}

async function openPlace({ dataDir, memory }: PgliteOptions): Promise<Place | undefined> {
  if ((dataDir === undefined) === (memory === undefined)) throw new TypeError('give either dataDir or memory');
  if (dataDir === undefined) return undefined;
  const path = resolve(dataDir);
  await claimDataFolder(path);
  const lock = await lockFolder(path);
  try {
    return { lock, folder: await openDataFolder(path) };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function makeEngine(
  host: PgliteHost,
  statementTimeoutMs: number,
  options: PgliteOptions,
  place: Place | undefined,
): Promise<PgliteEngine> {
  const pool = openPool(host, options.log);
  const { rows } = await pool.query<{ version: string; number: number }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
  );
  const { version, number } = rows[0]!;
  let closing: Promise<void> | undefined;
  return {
    kind: 'pglite',
    description: `PGlite (PostgreSQL ${version}) ${options.dataDir === undefined ? 'in memory' : `in ${options.dataDir}`}`,
    serverVersionNum: number,
    capabilities,
    statementTimeoutMs,
    pool,
    readPool: pool,
    workerPool: pool,
    directPool: pool,
    restarts: () => host.restarts,
    dump: (file) => host.dump(file),
    // A statement is stopped by its limit alone, which costs a restart.
    cancel: async () => false,
    close() {
      closing ??= (async () => {
        const drained = pool.end();
        await Promise.race([drained, new Promise((done) => setTimeout(done, drainMs).unref())]);
        await host.close();
        await place?.lock.release();
      })();
      return closing;
    },
  };
}

/** Connections still checked out are given so long before the engine closes under them. */
const drainMs = 5_000;

const capabilities: Capabilities = {
  concurrentConnections: false,
  listen: false,
  cancelStatements: false,
  copyFromStdin: true,
  autovacuum: false,
  pipelinedScope: true,
  namedStatements: true,
  sessionSettings: true,
  distributed: false,
  vector: true,
};

/** One connection, for ever: the engine has one backend, and two would see each other's uncommitted rows. */
function openPool(host: PgliteHost, log: EngineLog | undefined): pg.Pool {
  class PgliteClient extends pg.Client {
    constructor(config: pg.ClientConfig = {}) {
      super({ ...config, user: 'postgres', database: 'postgres', ssl: false, stream: () => host.openWire() });
    }
  }
  return guardPool(new pg.Pool({ Client: PgliteClient, max: 1, idleTimeoutMillis: 0, types: valueTypes }), log);
}

/** Removes a data folder's database, for `reset`; the folder must be locked by nobody. */
export async function removePgliteData(dataDir: string): Promise<void> {
  const lock = await lockFolder(resolve(dataDir));
  try {
    await rm(join(resolve(dataDir), 'pg'), { recursive: true, force: true });
  } finally {
    await lock.release();
  }
}
