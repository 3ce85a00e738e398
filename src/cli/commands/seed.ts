import { seedCatalogues } from '../../plinth.ts';
import { type Command, exitCodes } from '../command.ts';

export const seed: Command = {
  name: 'seed catalogue',
  summary: 'Bring the catalogue rows up to date; changes nothing a tenant edited',
  usage: ['seed catalogue'],
  database: 'shared',
  async run(context) {
    const { platform } = await context.plinth();
    await seedCatalogues(platform);
    context.out(context.json ? '{"seeded":true}' : 'the catalogues are up to date');
    return exitCodes.fine;
  },
};
