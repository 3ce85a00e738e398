import { type CommandBody, exitCodes, printResult, UsageError } from '../command.ts';
import { checkNames, runWorkerCheck, worker_type_default } from '../worker-check/run.ts';

const url_default = 'http://localhost:4600';

export const workersCheck: CommandBody = {
  usage: [
    'workers check [--url URL] [--key KEY] [--only CHECK]... [--type TYPE] -- COMMAND…',
    'workers check [--url URL] [--key KEY]            (start the worker yourself, with what it prints)',
  ],
  notes: [
    'The key (default: PLINTH_KEY) belongs to a running Plinth and may define tasks, make keys and enqueue. The worker gets',
    'PLINTH_URL, PLINTH_KEY, PLINTH_TASK_TYPE and PLINTH_LEASE_SECONDS, and has one handler; what that does is in',
    'docs/reference/worker-protocol.md. It speaks to a proxy, which watches, and now and then breaks connections. Without',
    'a command it is not stopped and not killed. Takes a minute or two. Exit code 1: a check has failed.',
    '',
    `Checks: ${checkNames.join(', ')}.`,
  ],
  options: {
    url: { type: 'string' },
    key: { type: 'string' },
    type: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
  database: 'none',
  async run(context, { values, positionals }) {
    const key = (values['key'] as string | undefined) ?? process.env['PLINTH_KEY'];
    if (!key) throw new UsageError('workers check wants --key');
    const only = (values['only'] as string[] | undefined) ?? [];
    const unknown = only.find((name) => !checkNames.includes(name));
    if (unknown !== undefined) throw new UsageError(`there is no check "${unknown}": ${checkNames.join(', ')}`);
    const shown = { pass: 'pass', fail: 'FAIL', skip: 'skip' } as const;
    const results = await runWorkerCheck({
      url: (values['url'] as string | undefined) ?? process.env['PLINTH_URL'] ?? url_default,
      key,
      type: (values['type'] as string | undefined) ?? worker_type_default,
      command: positionals,
      cwd: context.cwd,
      only,
      signal: context.signal,
      onReady(env) {
        if (positionals.length > 0) return;
        context.note('Start the worker with:');
        for (const [name, value] of Object.entries(env)) context.note(`  ${name}=${value}`);
      },
      onResult({ name, about, outcome, why, seconds }) {
        if (context.json) return;
        const told = outcome === 'skip' ? why : `${about} (${seconds} s)`;
        context.out(`${shown[outcome]}  ${name.padEnd(15)}  ${told}`);
        if (outcome === 'fail') context.out(`      ${' '.repeat(15)}  ${why}`);
      },
    });
    const count = (outcome: string) => results.filter((one) => one.outcome === outcome).length;
    printResult(context, { checks: results }, () => [
      `${count('pass')} passed, ${count('fail')} failed, ${count('skip')} left out`,
    ]);
    return count('fail') === 0 ? exitCodes.fine : exitCodes.finding;
  },
};
