import { type OptionValues, UsageError } from './command.ts';

const server_default = 'http://localhost:4600';

/** Where commands that speak to a server find it, and as whom. Throws `UsageError`. */
export function serverOf(values: OptionValues, command: string): { url: string; key: string } {
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const key = text('key') ?? process.env['PLINTH_KEY'];
  const url = text('url') ?? process.env['PLINTH_URL'] ?? server_default;
  if (!URL.canParse(url)) throw new UsageError(`"${url}" is not the address of a server`);
  if (key === undefined) throw new UsageError(`${command} wants --key, or PLINTH_KEY`);
  return { url, key };
}
