import { fileURLToPath } from 'node:url';
import type { Engine } from '../db/engine.ts';
import type { ModuleDefinition } from '../module.ts';
import { runBootstrap } from './bootstrap.ts';
import {
  type MigrationChecksums,
  type MigrationSet,
  type MigrationSource,
  readMigrationChecksums,
  readMigrations,
} from './files.ts';
import { migrateUp } from './run.ts';
import type { RunResult, UpOptions } from './runner.ts';

/** The migrations of a list of modules, read and checked. */
export function migrationsOf(modules: readonly ModuleDefinition[]): Promise<MigrationSet> {
  return readMigrations(sourcesOf(modules));
}

/** Only what says whether a database has them: a tenth of the work. */
export function migrationChecksumsOf(modules: readonly ModuleDefinition[]): Promise<MigrationChecksums> {
  return readMigrationChecksums(sourcesOf(modules));
}

function sourcesOf(modules: readonly ModuleDefinition[]): MigrationSource[] {
  // what has no migrations does not stand in the order of migrations
  const withTables = new Set(modules.flatMap(({ name, migrations }) => (migrations ? [name] : [])));
  return modules.flatMap(({ name, migrations, dependsOn }) =>
    migrations
      ? [
          {
            module: name,
            directory: fileURLToPath(migrations),
            dependsOn: dependsOn.filter((one) => withTables.has(one)),
          },
        ]
      : [],
  );
}

export interface MigrateOptions extends UpOptions {
  /** Logins the server runs as; default the login that migrates (development: one for everything). */
  readonly runtimeLogins?: readonly string[];
}

/** Brings a database to the schema of the modules: roles and schema where they are missing, then what is pending. */
export async function migrateEngine(
  engine: Engine,
  modules: readonly ModuleDefinition[],
  options: MigrateOptions,
): Promise<RunResult> {
  const set = await migrationsOf(modules);
  const bootstrap = {
    runtimeLogins: options.runtimeLogins ?? [await loginOf(engine)],
    ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
  };
  await runBootstrap(engine.directPool, bootstrap);
  const result = await migrateUp(engine.directPool, set, options);
  // again: the door's grants to the logins need the functions of the first migration
  if (result.done.length > 0) await runBootstrap(engine.directPool, bootstrap);
  return result;
}

async function loginOf(engine: Engine): Promise<string> {
  const { rows } = await engine.directPool.query<{ login: string }>('select session_user::text as login');
  return rows[0]!.login;
}
