import { parseArgs } from 'node:util';
import { nearestName } from '../platform/core/nearest-name.ts';
import { type Command, UsageError } from './command.ts';
import { commands } from './commands.ts';

/** Of every command. */
const commonOptions = {
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

/** The places of what is neither an option nor a common option's value: common options may stand before the command. */
function placesOfWords(argv: readonly string[]): number[] {
  const places: number[] = [];
  for (let place = 0; place < argv.length; place++) {
    const one = argv[place] ?? '';
    if (!one.startsWith('-')) places.push(place);
    else if (isCommonWithValue(one)) place++;
  }
  return places;
}

/** "--data" as it is followed by its value. */
function isCommonWithValue(option: string): boolean {
  const name = option.replace(/^--/, '');
  return Object.hasOwn(commonOptions, name) && commonOptions[name as keyof typeof commonOptions].type === 'string';
}

/** Finds the command of up to two words ("migrate up"), loads it and parses its options. Throws UsageError. */
export async function parseCall(argv: readonly string[]): Promise<ParsedCall> {
  const places = placesOfWords(argv);
  const [first, second] = places.map((place) => argv[place]);
  const found =
    commands.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first);
  if (!found) {
    const group = commands.filter(({ name }) => name.startsWith(`${first} `));
    if (group.length > 0)
      throw new UsageError(`plinth ${first} what? ${group.map(({ name }) => name.split(' ')[1]).join(', ')}`);
    if (first === undefined) throw new UsageError('a command is needed');
    const near = nearestName(first, new Set(commands.flatMap(({ name }) => [name, name.split(' ')[0] ?? name])));
    throw new UsageError(`there is no command "${first}"${near === undefined ? '' : `; did you mean "${near}"?`}`);
  }
  const command = await found.load();
  const named = new Set(places.slice(0, command.name.split(' ').length));
  try {
    const { values, positionals } = parseArgs({
      args: argv.filter((_, place) => !named.has(place)),
      options: { ...commonOptions, ...command.options },
      allowPositionals: true,
      strict: true,
    });
    // a variable of a shell that is not set: "--database-url $URL" would start an embedded database
    const [empty] = Object.entries(values).find(([, value]) => value === '') ?? [];
    if (empty !== undefined) throw new Error(`--${empty} is empty; leave it out, or give it a value`);
    return { command, values, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
