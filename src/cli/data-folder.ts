import type { Config } from '../platform/core/config.ts';
import { databaseErrors } from '../platform/db/errors.ts';
import { hasDatabase } from '../platform/db/pglite/data-folder.ts';

/** Throws `data_folder_missing` where the configured database is a folder without one: it is not made by looking. */
export async function assertDatabase(config: Config): Promise<void> {
  if (config.databaseUrl || (await hasDatabase(config.dataFolder))) return;
  throw databaseErrors.data_folder_missing({ detail: config.dataFolder });
}
