/**
 * `plinth serve` or `plinth work` in a process of its own, with one more task type, `probe`: it takes some milliseconds
 * and notes each start and each end of a run in PLINTH_TEST_NOTES, a line each. Arguments: serve PORT | work.
 */
import { appendFileSync } from 'node:fs';
import { modules } from '../../src/modules.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import type { ModuleDefinition } from '../../src/platform/module.ts';
import { openPlinth } from '../../src/plinth.ts';

const notes = process.env['PLINTH_TEST_NOTES'] as string;
const probe: ModuleDefinition = {
  name: 'probe',
  description: 'A task that leaves a trace of each run.',
  dependsOn: ['platform'],
  tasks: {
    probe: {
      description: 'Notes that it ran.',
      async run({ taskId, attempt, platform, signal }) {
        const note = (what: string) => appendFileSync(notes, `${what} ${taskId} ${attempt} ${Date.now()}\n`);
        note('start');
        await platform.clock.sleep(5, signal);
        note('end');
        return { attempt };
      },
    },
  },
};

const [role, port] = process.argv.slice(2);
const plinth = await openPlinth({ config: loadConfig(process.env), modules: [...modules, probe] });
if (role === 'serve') {
  const { url } = await plinth.listen({ host: '127.0.0.1', port: Number(port) });
  process.stdout.write(`api      ${url}\n`);
} else {
  plinth.work();
  process.stdout.write('worker   running\n');
}
process.once('SIGTERM', () => {
  plinth.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
