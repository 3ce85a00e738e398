/** Folders for this module's own tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];
process.once('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** The path of a data folder that does not exist yet, in a folder that goes away with the process. */
export function temporaryDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plinth-data-'));
  made.push(folder);
  return join(folder, 'data');
}
