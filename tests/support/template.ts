import type { Engine } from '../../src/platform/db/engine.ts';

/**
 * Brings an empty database to where the tests of modules begin: migrated, nothing in it. Runs once per engine and
 * vitest run; each test file starts from a copy. Without migrations there is nothing to do.
 */
export async function prepareTemplate(_engine: Engine): Promise<void> {}
