import { inject } from 'vitest';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import { temporaryDataDir } from './data-dir.ts';

/**
 * A data folder with the schema and nothing in it, from the database this run prepared once: a tenth of the work of a
 * first start. A test that is about the first start begins without a folder.
 */
export async function migratedDataDir(): Promise<string> {
  const dataDir = temporaryDataDir();
  const templateTar = inject('engines').find(({ name }) => name === 'pglite')?.templateTar;
  if (templateTar === undefined) return dataDir;
  const engine = await openPglite({ dataDir, fsync: false, load: templateTar });
  await engine.close();
  return dataDir;
}
