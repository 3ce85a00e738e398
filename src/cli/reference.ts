/** What the program says of its commands: on the terminal, and in docs/reference/cli.md. */
import type { Command } from './command.ts';
import { commands, loadCommands } from './commands.ts';

const everywhere = [
  'Every command takes --data DIR or --database-url URL, --env FILE, --config FILE, --json and --help.',
  'Only up, demo (outside production) and migrate up make a database or apply migrations to it; copy and backup restore',
  'fill an empty one. Every other command ends on a database that is not there (data_folder_missing) or behind (schema_behind).',
  'Exit codes: 0 fine, 1 a finding, 2 usage, 3 cannot run.',
];

/** `plinth --help`. */
export function helpLines(): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'plinth: the backend of an AI platform in one PostgreSQL',
    '',
    'usage: plinth COMMAND [options]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    ...everywhere,
  ];
}

/** `plinth COMMAND --help`. */
export function usageOf({ summary, usage, notes = [] }: Command): string[] {
  return [
    summary,
    '',
    ...usage.map((line, at) => `${at === 0 ? 'usage: ' : '       '}plinth ${line}`),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ];
}

/** `docs/reference/cli.md`: every command in the order of `plinth --help`. */
export async function renderCliReference(): Promise<string> {
  return [
    '# The command line',
    '',
    'Generated from `src/cli/commands` by `npm run gen`; `plinth COMMAND --help` says the same.',
    '',
    ...everywhere,
    '`--json` prints one JSON value on standard output and nothing else there.',
    '',
    ...(await loadCommands()).flatMap(({ name, summary, usage, notes = [] }) => [
      `## ${name}`,
      '',
      `${summary}.`,
      '',
      '```text',
      ...usage.map((line) => `plinth ${line}`),
      '```',
      '',
      ...(notes.length > 0 ? [...notes, ''] : []),
    ]),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
