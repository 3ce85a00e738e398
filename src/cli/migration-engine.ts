import { createLogger } from '../platform/core/log.ts';
import type { Engine } from '../platform/db/engine.ts';
import { openEngine } from '../plinth.ts';
import type { CommandContext } from './command.ts';
import { assertDatabase } from './data-folder.ts';

/** Opens the engine with the migration login, without asking whether the schema is current. */
export async function withMigrationEngine<T>(
  { config }: Pick<CommandContext, 'config'>,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const url = config.migrateUrl;
  const engine = await openEngine(
    { ...config, databaseUrl: url, directUrl: url, workerUrl: url, readUrl: url },
    createLogger({ level: 'error' }),
  );
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** The same for what is there to be looked at or taken back. Throws `data_folder_missing`; no folder is made. */
export async function withExistingEngine<T>(
  context: Pick<CommandContext, 'config'>,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  await assertDatabase(context.config);
  return await withMigrationEngine(context, work);
}
