import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { type OptionValues, UsageError } from './command.ts';

/** Long options that stand for a setting. */
const settingOptions = {
  data: 'PLINTH_DATA',
  'database-url': 'DATABASE_URL',
  host: 'PLINTH_HOST',
  port: 'PLINTH_PORT',
} as const;

export interface CommandEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that do not come from the environment itself, with the option or file they come from. */
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * The variables a command works with: its options before the environment before the file of `--env` (not
 * `--env-file`: Node takes that for its own wherever it stands). Throws UsageError for a
 * file that cannot be read. An option takes the place of a secret's `_FILE` too.
 */
export function commandEnvironment(values: OptionValues, own: NodeJS.ProcessEnv = process.env): CommandEnvironment {
  const env: Record<string, string | undefined> = { ...own };
  const origins = new Map<string, string>();
  const file = values['env'];
  if (typeof file === 'string') {
    for (const [name, value] of Object.entries(readEnvFile(file))) {
      if (env[name]) continue;
      env[name] = value;
      origins.set(name, file);
    }
  }
  for (const [option, variable] of Object.entries(settingOptions)) {
    const value = values[option];
    if (typeof value !== 'string') continue;
    env[variable] = value;
    delete env[`${variable}_FILE`];
    origins.set(variable, `--${option}`);
  }
  return { env, origins };
}

/** A line that begins with one of our names; what stands behind may be a secret. */
const ourName = /^[ \t]*(?:export[ \t]+)?(PLINTH_\w+|DATABASE_URL(?:_FILE)?)\b/gm;

function readEnvFile(path: string): NodeJS.Dict<string> {
  const text = readEnvText(path);
  const variables = parseEnv(text);
  // "PLINTH_PORT: 4700" is left out without a word, and the default holds
  const lost = [...text.matchAll(ourName)].find(([, name = '']) => !Object.hasOwn(variables, name));
  if (lost) throw new UsageError(`the --env ${path} names ${lost[1]} in a line that is no NAME=value`);
  return variables;
}

function readEnvText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new UsageError(`the --env ${path} cannot be read (${code})`);
  }
}
