import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createClient, type EventType, PlinthError } from '../../client/index.ts';
import { type CommandBody, type CommandContext, exitCodes, printResult, table, UsageError } from '../command.ts';
import { serverOf } from '../server-of.ts';

const options = { url: { type: 'string' }, key: { type: 'string' } } as const;
const notes = ['The server is PLINTH_URL, or http://localhost:4600; the key is PLINTH_KEY.'];

/** What the server says of a key or an address is no fault of the program. */
async function answered(context: CommandContext, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PlinthError)) throw error;
    context.note(`the server answers: ${error.status} ${error.code} ${error.detail ?? error.message}`);
    return exitCodes.cannotRun;
  }
}

export const eventTypesList: CommandBody = {
  usage: ['event-types list [--url SERVER] [--key KEY]'],
  notes: [...notes, 'With --json the output is a file that "event-types put" takes.'],
  options,
  database: 'none',
  run: (context, { values, positionals }) => {
    if (positionals.length > 0) throw new UsageError('event-types list takes no arguments');
    const client = createClient(serverOf(values, 'event-types list'));
    return answered(context, async () => {
      const types: EventType[] = [];
      for await (const type of client.eventTypes.list()) types.push(type);
      types.sort((a, b) => (`${a.source} ${a.name}` < `${b.source} ${b.name}` ? -1 : 1));
      printResult(context, types.map(fileForm), () =>
        table(
          ['source', 'name', 'category', 'schema', 'kept for', 'wanted'],
          types.map(({ source, name, category, payload_schema, schema_version, retention_days, is_active }) => [
            source,
            name,
            category,
            payload_schema ? `version ${schema_version}` : 'none',
            retention_days === null ? '' : `${retention_days} days`,
            is_active ? 'yes' : 'no',
          ]),
        ),
      );
      return exitCodes.fine;
    });
  },
};

const fileForm = ({ source, name, category, description, payload_schema, retention_days, is_active }: EventType) => ({
  ...{ source, name, category, description, payload_schema, retention_days, is_active },
});

export const eventTypesPut: CommandBody = {
  usage: ['event-types put FILE [--url SERVER] [--key KEY]'],
  notes: [
    'FILE is JSON: a list of { "source", "name", "category", "description", "payload_schema", "retention_days", "is_active" }, as',
    '"event-types list --json" prints it. What is left out has its default. Types that the file does not name stay as they are.',
    ...notes,
  ],
  options,
  database: 'none',
  async run(context, { values, positionals }) {
    const [file] = positionals;
    if (file === undefined || positionals.length > 1) throw new UsageError('event-types put wants one FILE');
    const types = await readTypes(resolve(context.cwd, file));
    const client = createClient(serverOf(values, 'event-types put'));
    return answered(context, async () => {
      const results: { source: string; name: string; problem?: string }[] = [];
      for (const { source, name, ...said } of types) {
        context.progress(`${results.length} of ${types.length}`);
        try {
          await client.eventTypes.set(source, name, said);
          results.push({ source, name });
        } catch (error) {
          // what is wrong with one type does not concern the others
          if (!(error instanceof PlinthError) || ![400, 409, 422].includes(error.status ?? 0)) throw error;
          const { code, field = '', detail = error.message } = error;
          results.push({ source, name, problem: `${code} ${field} ${detail}`.replaceAll('  ', ' ') });
        }
      }
      context.progress('');
      const refused = results.filter(({ problem }) => problem !== undefined);
      printResult(context, results, () => [
        ...refused.map(({ source, name, problem }) => `refused  ${source} ${name}: ${problem}`),
        `${results.length - refused.length} set, ${refused.length} refused`,
      ]);
      return refused.length === 0 ? exitCodes.fine : exitCodes.finding;
    });
  },
};

type Said = { readonly source: string; readonly name: string } & Record<string, unknown>;

/** Throws `UsageError` for what is no list of objects with a source and a name. */
async function readTypes(path: string): Promise<Said[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} can not be read: ${(error as Error).message}`);
  }
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const isType = (one: unknown): one is Said => {
    const { source, name } = (one ?? {}) as Partial<Said>;
    return typeof source === 'string' && typeof name === 'string' && source !== '' && name !== '';
  };
  const wrong = list.findIndex((one) => !isType(one));
  if (wrong >= 0) throw new UsageError(`${path}: element ${wrong} has no "source" and "name"`);
  return list.filter(isType);
}
