/** A process that takes a folder's lock when it is told to, says whether it has it, and keeps it until told otherwise. */
import { type FolderLock, lockFolder } from '../../src/platform/db/pglite/lock.ts';

const folder = process.argv[2]!;
let lock: FolderLock | undefined;

process.on('message', async (word: 'go' | 'release') => {
  if (word === 'release') {
    await lock?.release();
    process.send?.('released');
    return;
  }
  try {
    lock = await lockFolder(folder);
    process.send?.('won');
  } catch (error) {
    process.send?.((error as { code?: string }).code === 'data_folder_in_use' ? 'lost' : String(error));
  }
});
process.send?.('ready');
