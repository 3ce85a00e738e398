import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { generateMasterKeyText, parseMasterKey } from '../../platform/core/crypto/index.ts';
import { openPglite } from '../../platform/db/pglite/engine.ts';
import { makeApp, openPlinth } from '../../plinth.ts';
import { type CommandBody, exitCodes } from '../command.ts';

export const openapi: CommandBody = {
  usage: ['openapi [--output FILE]'],
  notes: ['Of the routes here, your own included. No database is touched: the migrations run in memory.'],
  options: { output: { type: 'string', short: 'o' } },
  database: 'none',
  async run(context, { values }) {
    const plinth = await openPlinth({
      application: await context.application(),
      config: { ...context.config, logLevel: 'error' },
      engine: await openPglite({ memory: true, fsync: false }),
      masterKeys: { current: parseMasterKey(generateMasterKeyText()), previous: [] },
      migrate: true,
    });
    let text: string;
    try {
      const { app } = await makeApp(plinth.platform);
      await app.ready();
      text = JSON.stringify(app.swagger(), null, 2);
      await app.close();
    } finally {
      await plinth.close();
    }
    if (typeof values['output'] === 'string') await writeFile(resolve(context.cwd, values['output']), `${text}\n`);
    else context.out(text);
    return exitCodes.fine;
  },
};
