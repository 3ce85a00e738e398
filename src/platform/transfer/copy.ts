/** A whole database into another, of the same or another engine. */
import { PlinthError } from '../core/errors.ts';
import type { Engine } from '../db/engine.ts';
import { migrateEngine } from '../migrate/schema.ts';
import type { ModuleDefinition } from '../module.ts';
import { transferErrors } from './errors.ts';
import { type LoadOptions, type LoadResult, loadInto } from './load.ts';
import type { DatabaseShape } from './shape.ts';
import { openDatabaseSource } from './source.ts';

export interface MigrateTargetOptions {
  readonly modules: readonly ModuleDefinition[];
  readonly programVersion: string;
  /** Of the role names; default "plinth". */
  readonly prefix?: string;
  /** Logins that a server runs as; else the login that moves the data, where it may give itself the roles. */
  readonly runtimeLogins?: readonly string[];
  readonly onMigration?: (id: string) => void;
}

export interface CopyOptions extends LoadOptions, MigrateTargetOptions {}

/**
 * Copies everything from one database into another: the target is migrated where it is not yet ours, and must hold no
 * rows. The source is only read, in one snapshot. Interrupted, the same call goes on. Throws what `openDatabaseSource`
 * and `loadInto` throw, and `transfer_same_database`.
 */
export async function copyDatabase(from: Engine, to: Engine, options: CopyOptions): Promise<LoadResult> {
  if ((await placeOf(from)) === (await placeOf(to))) throw transferErrors.transfer_same_database();
  const source = await openDatabaseSource(from, options.prefix);
  try {
    await migrateWhereEmpty(to, options, source.shape);
    return await loadInto(to, source, options);
  } finally {
    await source.close();
  }
}

/**
 * Makes roles, schema and tables where there are none of ours, with the migrations the source has and no newer ones; a
 * database that has them is left as it is.
 */
export async function migrateWhereEmpty(
  engine: Engine,
  options: MigrateTargetOptions,
  source: DatabaseShape,
): Promise<void> {
  const { rows } = await engine.directPool.query<{ there: boolean }>(
    `select to_regclass('plinth.registered_tables') is not null as there`,
  );
  if (rows[0]!.there) return;
  const wanted = new Set(source.migrations.map((entry) => entry.split(' ')[0]));
  const migrate = (runtimeLogins: readonly string[] | undefined) =>
    migrateEngine(engine, options.modules, {
      only: ({ module, version }) => wanted.has(`${module}/${version}`),
      programVersion: options.programVersion,
      ...(options.prefix !== undefined && { prefix: options.prefix }),
      ...(runtimeLogins !== undefined && { runtimeLogins }),
      onProgress: (event) => event.kind === 'done' && options.onMigration?.(event.id),
    });
  try {
    await migrate(options.runtimeLogins);
  } catch (error) {
    // on a managed server the login that migrates answers no requests, and may give nobody a role
    if (options.runtimeLogins !== undefined || !isBootstrapRequired(error)) throw error;
    await migrate([]);
  }
}

function isBootstrapRequired(error: unknown): boolean {
  return error instanceof PlinthError && error.code === 'bootstrap_required';
}

/** The same for two connections to one database; a folder can not be open twice. */
async function placeOf(engine: Engine): Promise<unknown> {
  if (engine.kind === 'pglite') return engine;
  const { rows } = await engine.directPool.query<{ place: string }>(
    `select pg_postmaster_start_time()::text || ' ' || oid as place from pg_catalog.pg_database where datname = current_database()`,
  );
  return rows[0]!.place;
}
