import { createServer } from 'node:net';
import type { Config } from '../platform/core/config.ts';
import { claimDataFolder, hasDatabase } from '../platform/db/pglite/data-folder.ts';
import { lockFolder } from '../platform/db/pglite/lock.ts';
import { listenError } from '../platform/http/client-errors.ts';

/**
 * Throws `address_unavailable` where the address is taken now, before anything is made or migrated for a server that
 * could not listen; who takes it meanwhile is found when the server listens. Where the server that listens has the data
 * folder open, that is the better word: `data_folder_in_use`.
 */
export async function assertAddressFree(config: Config): Promise<void> {
  const { host, port } = config;
  try {
    await listenOnce(host, port);
  } catch (error) {
    if (!config.databaseUrl && (await hasDatabase(config.dataFolder))) {
      await claimDataFolder(config.dataFolder);
      await (await lockFolder(config.dataFolder)).release();
    }
    throw listenError(error, host, port);
  }
}

function listenOnce(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
