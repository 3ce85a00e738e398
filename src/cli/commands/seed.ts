import { seedCatalogues } from '../../plinth.ts';
import { type CommandBody, exitCodes } from '../command.ts';

export const seed: CommandBody = {
  usage: ['seed catalogue'],
  database: 'shared',
  async run(context) {
    const { platform } = await context.plinth();
    await seedCatalogues(platform);
    context.out(context.json ? '{"seeded":true}' : 'the catalogues are up to date');
    return exitCodes.fine;
  },
};
