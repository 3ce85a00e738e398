import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import { temporaryDataDir } from './data-dir.ts';

const logFileBytes = 16 * 1024 * 1024;

/**
 * A data folder with the schema and nothing in it, from the database this run prepared once: a tenth of the work of a
 * first start. A test that is about the first start begins without a folder.
 */
export async function migratedDataDir(dataDir = temporaryDataDir()): Promise<string> {
  const templateTar = inject('engines').find(({ name }) => name === 'pglite')?.templateTar;
  if (templateTar === undefined) return dataDir;
  const engine = await openPglite({ dataDir, fsync: false, load: templateTar });
  await engine.close();
  lengthenLog(dataDir);
  return dataDir;
}

/** The template's log is cut short (global-setup.ts): here its files are as long as PostgreSQL makes them. */
function lengthenLog(dataDir: string): void {
  const folder = join(dataDir, 'pg', 'pg_wal');
  for (const name of readdirSync(folder))
    if (/^[0-9A-F]{24}$/.test(name)) truncateSync(join(folder, name), logFileBytes);
}
