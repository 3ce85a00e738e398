import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { commands } from './commands.ts';

const globalOptions = {
  data: { type: 'string' },
  config: { type: 'string' },
  'database-url': { type: 'string' },
  env: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export interface ParsedCall {
  readonly command: Command;
  readonly values: Record<string, string | boolean | (string | boolean)[] | undefined>;
  readonly positionals: readonly string[];
}

/** Finds the command of up to two words ("migrate up") and parses its options. Throws UsageError. */
export function parseCall(argv: readonly string[]): ParsedCall {
  const words = argv.filter((word) => !word.startsWith('-'));
  const two = words.slice(0, 2).join(' ');
  const command = commands.find(({ name }) => name === two) ?? commands.find(({ name }) => name === words[0]);
  if (!command) {
    const group = commands.filter(({ name }) => name.startsWith(`${words[0]} `));
    if (group.length > 0)
      throw new UsageError(`plinth ${words[0]} what? ${group.map(({ name }) => name.split(' ')[1]).join(', ')}`);
    throw new UsageError(words[0] === undefined ? 'a command is needed' : `there is no command "${words[0]}"`);
  }
  const rest = [...argv];
  for (const word of command.name.split(' ')) rest.splice(rest.indexOf(word), 1);
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: { ...globalOptions, ...command.options },
      allowPositionals: true,
      strict: true,
    });
    return { command, values, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
