import { fileURLToPath } from 'node:url';
import type { Engine } from '../db/engine.ts';
import type { ModuleDefinition } from '../module.ts';
import { runBootstrap } from './bootstrap.ts';
import { type MigrationSet, readMigrations } from './files.ts';
import { migrateUp } from './run.ts';
import type { RunResult, UpOptions } from './runner.ts';

/** The migrations of a list of modules, read and checked. */
export function migrationsOf(modules: readonly ModuleDefinition[]): Promise<MigrationSet> {
  return readMigrations(
    modules.flatMap(({ name, migrations, dependsOn }) =>
      migrations ? [{ module: name, directory: fileURLToPath(migrations), dependsOn }] : [],
    ),
  );
}

/** Brings a database to the schema of the modules: roles and schema where they are missing, then what is pending. */
export async function migrateEngine(
  engine: Engine,
  modules: readonly ModuleDefinition[],
  options: UpOptions,
): Promise<RunResult> {
  const set = await migrationsOf(modules);
  const bootstrap = options.prefix === undefined ? {} : { prefix: options.prefix };
  await runBootstrap(engine.directPool, bootstrap);
  const result = await migrateUp(engine.directPool, set, options);
  // again: the door's grants to the login need the functions of the first migration
  await runBootstrap(engine.directPool, bootstrap);
  return result;
}
