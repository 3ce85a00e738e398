import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type SettingName, settings } from './config-settings.ts';
import type { Setting } from './config-types.ts';
import { defineErrors, type FieldError } from './errors.ts';
import { nearestName } from './nearest-name.ts';

export const configErrors = defineErrors({
  configuration_invalid: {
    status: 500,
    title: 'The configuration is not valid',
    hint: 'Correct the settings named; docs/reference/configuration.md lists them all.',
  },
});

type ValueOf<T> = T extends Setting<infer V> ? V : never;

/** Every setting by name, checked and with its default. */
export type Config = { readonly [K in SettingName]: ValueOf<(typeof settings)[K]> };

const SECRET_FILE_BYTES_MAX = 64 * 1024;
/** What a setting may not be called: our own variables begin so, and nothing else may. */
const PREFIX = 'PLINTH_';

/** The database URLs that are DATABASE_URL unless they are set. */
const urlsAfterTheFirst = ['migrateUrl', 'workerUrl', 'readUrl', 'directUrl'] as const;

export interface LoadOptions {
  /** Refuse unknown PLINTH_ variables. Off only where several releases share one environment. */
  readonly strict?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a setting's value comes from: nothing said, a variable, or the file a variable names. */
export interface SettingSource {
  readonly from: 'default' | 'variable' | 'file';
  /** The variable's name; for a default the one that would change it. */
  readonly variable: string;
}

export interface ConfigReading {
  /** Defaults stand in for what is wrong: usable only when there are no problems. */
  readonly config: Config;
  /** Each under its variable's name; the value of a secret is never repeated. */
  readonly problems: readonly FieldError[];
  /** What works and should be looked at. */
  readonly warnings: readonly FieldError[];
  readonly sources: { readonly [K in SettingName]: SettingSource };
}

/**
 * The configuration from environment variables. An empty one counts as not set. Secrets may come as `<name>_FILE`, the
 * path of a file (its last line break is dropped). Throws `configuration_invalid` with every problem at once.
 */
export function loadConfig(env: Environment, options: LoadOptions = {}): Config {
  const { config, problems } = readConfig(env, options);
  if (problems.length > 0) {
    throw configErrors.configuration_invalid({
      detail: problems.map(({ path, message }) => `${path}: ${message}`).join('; '),
      errors: problems,
    });
  }
  return config;
}

/** As `loadConfig`, but tells what is wrong instead of throwing, and where each value comes from. */
export function readConfig(env: Environment, options: LoadOptions = {}): ConfigReading {
  const problems: FieldError[] = options.strict === false ? [] : unknownVariables(env);
  const warnings: FieldError[] = [];
  const values: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};
  for (const [name, row] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    values[name] = readSetting(row, env, problems);
    sources[name] = sourceOf(row, env);
    const { from, variable } = sources[name];
    if (from === 'file' && isReadableByAll(env[variable] as string)) {
      warnings.push({ path: variable, message: 'every user of this machine can read the file: chmod 600, or 640' });
    }
  }
  for (const name of urlsAfterTheFirst) values[name] ??= values['databaseUrl'];
  const config = values as unknown as Config;
  if (problems.length === 0) problems.push(...contradictions(config));
  return { config, problems, warnings, sources: sources as ConfigReading['sources'] };
}

function sourceOf(row: Setting<unknown>, env: Environment): SettingSource {
  if (env[row.env]) return { from: 'variable', variable: row.env };
  const file = `${row.env}_FILE`;
  return row.secret && env[file] ? { from: 'file', variable: file } : { from: 'default', variable: row.env };
}

/** Whether others than its owner and group may read a file, going by its mode and those of the folders above it. */
export function isReadableByAll(path: string): boolean {
  if (process.platform === 'win32') return false;
  try {
    const file = realpathSync(path);
    if ((statSync(file).mode & 0o004) === 0) return false;
    for (let folder = dirname(file); ; folder = dirname(folder)) {
      if ((statSync(folder).mode & 0o001) === 0) return false;
      if (folder === dirname(folder)) return true;
    }
  } catch {
    return false;
  }
}

function readSetting(row: Setting<unknown>, env: Environment, problems: FieldError[]) {
  const report = (path: string, message: string) => {
    problems.push({ path, message });
    return row.fallback;
  };
  const fileVariable = `${row.env}_FILE`;
  const direct = env[row.env] || undefined;
  const file = row.secret ? env[fileVariable] || undefined : undefined;
  if (direct !== undefined && file !== undefined) return report(row.env, `set either it or ${fileVariable}, not both`);
  let text = direct;
  if (file !== undefined) {
    try {
      text = readSecretFile(file);
    } catch (error) {
      return report(fileVariable, error instanceof TypeError ? error.message : 'the file cannot be read');
    }
  }
  if (text === undefined) return row.fallback;
  try {
    return row.type.parse(text.trim());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const shown = row.secret ? '' : `${JSON.stringify(text.slice(0, 60))}: `;
    return report(file === undefined ? row.env : fileVariable, shown + error.message);
  }
}

/** Who may read the file is the operator's choice (a warning says so): Docker and Kubernetes mount secrets as 0444, through links. */
function readSecretFile(path: string): string {
  let size: number;
  try {
    const status = statSync(path);
    if (!status.isFile()) throw new TypeError('it is not a file');
    size = status.size;
  } catch (error) {
    if (error instanceof TypeError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new TypeError(`the file cannot be read (${code})`);
  }
  if (size > SECRET_FILE_BYTES_MAX) throw new TypeError(`the file has more than ${SECRET_FILE_BYTES_MAX} bytes`);
  const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  if (text.trim() === '') throw new TypeError('the file is empty');
  return text;
}

function knownVariables(): string[] {
  return Object.values(settings as Record<string, Setting<unknown>>).flatMap((row) =>
    row.secret ? [row.env, `${row.env}_FILE`] : [row.env],
  );
}

/** Variables of whoever calls a server (`.env.plinth`), which are no settings of one, and of the test run. */
const CLIENT_VARIABLE = /^PLINTH_(URL|(KEY|HOOK|HOOK_SECRET)(_[A-Z0-9_]+)?|TEST_[A-Z_]+|REQUIRE|FULL|CRASH_ROUNDS)$/;

function unknownVariables(env: Environment): FieldError[] {
  const known = knownVariables();
  return Object.keys(env)
    .filter((name) => name.toUpperCase().startsWith(PREFIX) && !known.includes(name) && !CLIENT_VARIABLE.test(name))
    .sort()
    .map((name) => ({ path: name.slice(0, 80), message: `there is no such setting${suggestion(name, known)}` }));
}

function suggestion(name: string, known: readonly string[]): string {
  if (name.endsWith('_FILE') && known.includes(name.slice(0, -'_FILE'.length))) {
    return `: only secrets can come from a file; set ${name.slice(0, -'_FILE'.length)}`;
  }
  const withoutPrefix = name.slice(PREFIX.length);
  if (known.includes(withoutPrefix)) return `; did you mean ${withoutPrefix}?`;
  const near = nearestName(
    withoutPrefix.toUpperCase(),
    known.map((one) => one.slice(PREFIX.length)),
  );
  return near === undefined ? '' : `; did you mean ${PREFIX}${near}?`;
}

/** What is wrong only together. */
function contradictions(config: Config): FieldError[] {
  const problems: FieldError[] = [];
  const check = (isWrong: boolean, path: string, message: string) => {
    if (isWrong) problems.push({ path, message });
  };
  check(
    config.sessionIdleHours > config.sessionHoursMax,
    settings.sessionIdleHours.env,
    `it is more than ${settings.sessionHoursMax.env} (${config.sessionHoursMax})`,
  );
  check(
    config.statementTimeoutMs > config.requestTimeoutMs,
    settings.statementTimeoutMs.env,
    `it is more than ${settings.requestTimeoutMs.env} (${config.requestTimeoutMs})`,
  );
  check(
    config.previousMasterKey !== undefined && config.masterKey === undefined,
    settings.previousMasterKey.env,
    `it needs ${settings.masterKey.env} beside it, the key to move to`,
  );
  check(
    config.masterKey !== undefined && config.previousMasterKey?.fingerprint === config.masterKey.fingerprint,
    settings.previousMasterKey.env,
    `it is the same key as ${settings.masterKey.env}`,
  );
  const firstUrl = config.databaseUrl;
  for (const name of urlsAfterTheFirst) {
    check(firstUrl === undefined && config[name] !== undefined, settings[name].env, 'it needs DATABASE_URL beside it');
  }
  return problems;
}
