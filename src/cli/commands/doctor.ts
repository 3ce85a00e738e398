import { runChecks } from '../../platform/doctor.ts';
import { type CommandBody, exitCodes, printResult } from '../command.ts';

const marks = { ok: 'ok', warning: '!', failed: '✗' } as const;

export const doctor: CommandBody = {
  usage: ['doctor'],
  database: 'shared',
  async run(context) {
    const { platform, schema } = await context.plinth();
    const checks = await runChecks(platform, await schema());
    const width = Math.max(...checks.map(({ name }) => name.length));
    printResult(context, checks, () =>
      checks.flatMap(({ name, status, detail, hint }) => [
        `${marks[status].padEnd(2)}  ${name.padEnd(width)}  ${detail}`,
        ...(status !== 'ok' && hint ? [`    ${' '.repeat(width)}  ${hint}`] : []),
      ]),
    );
    return checks.some(({ status }) => status === 'failed') ? exitCodes.finding : exitCodes.fine;
  },
};
