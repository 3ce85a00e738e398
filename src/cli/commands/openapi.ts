import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { makeApp } from '../../plinth.ts';
import { type Command, exitCodes } from '../command.ts';

export const openapi: Command = {
  name: 'openapi',
  summary: 'Print the OpenAPI document',
  usage: ['openapi [--output FILE]'],
  options: { output: { type: 'string', short: 'o' } },
  database: 'shared',
  async run(context, { values }) {
    const plinth = await context.plinth();
    const { app } = await makeApp(plinth.platform);
    await app.ready();
    const text = JSON.stringify(app.swagger(), null, 2);
    await app.close();
    if (typeof values['output'] === 'string') await writeFile(resolve(context.cwd, values['output']), `${text}\n`);
    else context.out(text);
    return exitCodes.fine;
  },
};
