import { acceptedAnswers, callSamples } from '../../attack-notes.ts';
import { runAttacks } from '../../platform/attack/index.ts';
import { type Command, exitCodes, printResult, UsageError } from '../command.ts';

const shown_max = 40;

export const attack: Command = {
  name: 'attack',
  summary: 'Attack the isolation of every table, column and function, your own included; leaves nothing behind',
  usage: ['attack [--only NAME]... [--seed N]'],
  options: { only: { type: 'string', multiple: true }, seed: { type: 'string' } },
  database: 'shared',
  async run(context, { values }) {
    const { platform } = await context.plinth();
    const only = values['only'] as string[] | undefined;
    const seed = values['seed'] === undefined ? undefined : Number(values['seed']);
    if (seed !== undefined && !Number.isInteger(seed)) throw new UsageError('--seed is a whole number');
    const report = await runAttacks(platform, {
      samples: callSamples,
      accepted: acceptedAnswers,
      onTarget: (name, left) => context.progress(`${left} left  ${name}`),
      ...(only ? { only } : {}),
      ...(seed === undefined ? {} : { seed }),
    });
    context.progress('');
    const { counts, leaks, broken, unproven } = report;
    const { probes: _all, ...summary } = report;
    printResult(context, summary, () => [
      ...leaks.slice(0, shown_max).map((probe) => `LEAK    ${describe(probe)}`),
      ...broken.slice(0, shown_max).map((probe) => `broken  ${describe(probe)}`),
      ...unproven.map((name) => `nothing proved of ${name}`),
      `${counts.relations} relations, ${counts.columns} columns, ${counts.functions} functions: ${counts.probes} attacks, ${leaks.length} leaks (seed ${report.seed})`,
    ]);
    return leaks.length + broken.length + unproven.length === 0 ? exitCodes.fine : exitCodes.finding;
  },
};

function describe(probe: {
  target: string;
  attack: string;
  verb: string;
  role: string;
  detail?: string | undefined;
}): string {
  return `${probe.target}: ${probe.attack} (${probe.verb}, as ${probe.role}) ${probe.detail ?? ''}`.trimEnd();
}
