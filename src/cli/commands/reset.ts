import { rm } from 'node:fs/promises';
import { masterKeyPath, replacedKeyFiles } from '../../master-keys.ts';
import { claimDataFolder } from '../../platform/db/pglite/data-folder.ts';
import { lockFolder } from '../../platform/db/pglite/lock.ts';
import { type CommandBody, exitCodes, UsageError } from '../command.ts';

export const reset: CommandBody = {
  usage: ['reset [--data DIR] [--yes]'],
  options: { yes: { type: 'boolean', short: 'y' } },
  database: 'exclusive',
  async run(context, { values }) {
    const { config } = context;
    if (config.databaseUrl)
      throw new UsageError('reset removes an embedded data folder; a server database is yours to drop');
    // a folder that Plinth did not make is nobody's to remove here: this throws
    await claimDataFolder(config.dataFolder);
    // a running server holds the lock: this throws and names it
    const lock = await lockFolder(config.dataFolder);
    try {
      const answer = values['yes']
        ? 'yes'
        : await context.ask(`Everything in ${config.dataFolder} will be gone. Type yes to go on: `);
      if (answer !== 'yes') {
        context.note('nothing was removed (--yes answers beforehand)');
        return exitCodes.finding;
      }
      await rm(config.dataFolder, { recursive: true, force: true });
      for (const path of [masterKeyPath(config), ...(await replacedKeyFiles(config))]) await rm(path, { force: true });
    } finally {
      await lock.release();
    }
    context.out(context.json ? '{"reset":true}' : `${config.dataFolder} is gone`);
    return exitCodes.fine;
  },
};
