import { modules } from '../../src/modules.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import { migrateEngine } from '../../src/platform/migrate/schema.ts';

/**
 * Brings an empty database to where the tests of modules begin: migrated, nothing in it. Runs once per engine and
 * vitest run; each test file starts from a copy.
 */
export async function prepareTemplate(engine: Engine): Promise<void> {
  await migrateEngine(engine, modules, { programVersion: '0.0.0' });
}
