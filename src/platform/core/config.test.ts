import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isReadableByAll, loadConfig, readConfig } from './config.ts';
import { productionNeeds } from './config-production.ts';
import { renderConfigReference } from './config-reference.ts';
import { settings } from './config-settings.ts';
import type { Setting } from './config-types.ts';
import { generateMasterKeyText, parseMasterKey } from './crypto/index.ts';
import { PlinthError } from './errors.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plinth-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The problems found, as "VARIABLE: message". */
function problems(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (!(error instanceof PlinthError) || error.code !== 'configuration_invalid') throw error;
    return (error.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

test('an empty environment gives the defaults', () => {
  expect(loadConfig({})).toMatchObject({
    databaseUrl: undefined,
    migrateUrl: undefined,
    host: '127.0.0.1',
    port: 4600,
    dataFolder: resolve('.plinth'),
    fsync: true,
    sessionIdleHours: 24,
    workerLeaseSeconds: 10,
    rolePrefix: 'plinth',
    passwordHash: 'argon2id',
    environment: 'development',
    outboundAllow: [],
    masterKey: undefined,
  });
});

test('each setting is read, with its type', () => {
  const key = generateMasterKeyText();
  const config = loadConfig({
    DATABASE_URL: 'postgres://app:pw@db:5432/plinth',
    PLINTH_MIGRATE_URL: 'postgresql://owner:pw@db/plinth',
    PLINTH_PORT: '0',
    PLINTH_FSYNC: 'OFF',
    PLINTH_PUBLIC_URL: 'https://plinth.example.com/',
    PLINTH_OUTBOUND_ALLOW: '10.0.0.0/8, fd00::/8',
    PLINTH_TRUSTED_PROXIES: '192.0.2.1',
    PLINTH_TRUSTED_ORIGINS: 'https://app.example.com http://localhost:5173/',
    PLINTH_LOG_LEVEL: 'debug',
    PLINTH_PASSWORD_HASH: 'bcrypt',
    PLINTH_MASTER_KEY: ` ${key} `,
    PLINTH_METRICS_TOKEN: 'a-token-of-enough-length',
    PLINTH_HOST: '',
    NODE_ENV: 'production',
    HOME: '/root',
  });
  expect(config).toMatchObject({
    port: 0,
    fsync: false,
    publicUrl: 'https://plinth.example.com',
    trustedOrigins: ['https://app.example.com', 'http://localhost:5173'],
    logLevel: 'debug',
    passwordHash: 'bcrypt',
    host: '127.0.0.1',
    environment: 'production',
  });
  expect(config.outboundAllow.map(({ text }) => text)).toEqual(['10.0.0.0/8', 'fd00::/8']);
  expect(config.trustedProxies.map(({ text }) => text)).toEqual(['192.0.2.1/32']);
  expect(config.masterKey?.fingerprint).toBe(parseMasterKey(key).fingerprint);
  expect(config.migrateUrl?.reveal()).toBe('postgresql://owner:pw@db/plinth');
  expect([config.workerUrl, config.readUrl, config.directUrl].map((url) => url?.reveal())).toEqual(
    Array.from({ length: 3 }, () => 'postgres://app:pw@db:5432/plinth'),
  );
});

test('a configuration that is printed shows no secret', () => {
  const key = generateMasterKeyText();
  const env = {
    DATABASE_URL: 'postgres://app:hunter2@db/x',
    PLINTH_METRICS_TOKEN: 'hunter2-hunter2-x',
    PLINTH_MASTER_KEY: key,
  };
  const config = loadConfig(env);
  for (const text of [inspect(config, { depth: 9, showHidden: true }), JSON.stringify(config)]) {
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(key);
  }
});

test.each([
  ['PLINTH_PORT', '70000', 'a port number, 0 to 65535'],
  ['PLINTH_PORT', '4600.5', 'number'],
  ['PLINTH_PORT', '0x10', 'number'],
  ['PLINTH_PORT', '-1', 'number'],
  ['PLINTH_POOL_SIZE', '0', '1 to 500'],
  ['PLINTH_POOL_SIZE', '1e2', '1 to 500'],
  ['PLINTH_FSYNC', 'maybe', 'on or off'],
  ['PLINTH_LOG_LEVEL', 'loud', 'one of fatal, error'],
  ['PLINTH_PASSWORD_HASH', 'md5', 'argon2id, bcrypt'],
  ['PLINTH_OUTBOUND_ALLOW', '10.0.0.5/8', 'did you mean 10.0.0.0/8?'],
  ['PLINTH_OUTBOUND_ALLOW', '10.0.0.0/8 example.com', 'range'],
  ['PLINTH_TRUSTED_PROXIES', '127.1', 'range'],
  ['PLINTH_PUBLIC_URL', 'plinth.example.com', 'https://'],
  ['PLINTH_PUBLIC_URL', 'javascript:alert(1)', 'https://'],
  ['PLINTH_PUBLIC_URL', 'https://x.example/?a=1', 'no query'],
  ['PLINTH_TRUSTED_ORIGINS', 'https://x.example/app', 'no path'],
  ['PLINTH_TRUSTED_ORIGINS', '*', 'https://'],
  ['PLINTH_ROLE_PREFIX', 'Plinth"; drop', 'begin with a letter'],
  ['PLINTH_HOST', 'a b', 'address'],
  ['DATABASE_URL', 'mysql://u:hunter2@x/y', 'postgres://'],
  ['PLINTH_MASTER_KEY', 'hunter2', 'neither hex nor base64'],
  ['PLINTH_METRICS_TOKEN', 'hunter2', '16 to 512'],
])('%s=%s is refused: %s', (name, value, words) => {
  const [problem, ...others] = problems({ [name]: value });
  expect(others).toEqual([]);
  expect(problem?.startsWith(`${name}: `)).toBe(true);
  expect(problem).toContain(words === 'neither hex nor base64' ? 'bytes instead of 32' : words);
  expect(problem).not.toContain('hunter2');
});

test('an environment of another name is treated as production', () => {
  expect(['staging', 'PRODUCTION', 'test'].map((name) => loadConfig({ NODE_ENV: name }).environment)).toEqual([
    'production',
    'production',
    'test',
  ]);
});

test('all problems are reported at once', () => {
  expect(problems({ PLINTH_PORT: 'x', PLINTH_FSYNC: 'x', PLINTH_TYPO: '1' })).toHaveLength(3);
});

test.each([
  ['PLINTH_PROT', 'PLINTH_PORT'],
  ['PLINTH_LOGLEVEL', 'PLINTH_LOG_LEVEL'],
  ['PLINTH_MASTERKEY', 'PLINTH_MASTER_KEY'],
  ['plinth_port', 'PLINTH_PORT'],
  ['PLINTH_DATABASE_URL', 'DATABASE_URL'],
])('%s is unknown; did you mean %s?', (name, meant) => {
  expect(problems({ [name]: '1' })).toEqual([`${name}: there is no such setting; did you mean ${meant}?`]);
});

test('a variable like none of ours gets no guess; others’ variables are no concern', () => {
  expect(problems({ PLINTH_XYZZY_ABRACADABRA: '1' })).toEqual(['PLINTH_XYZZY_ABRACADABRA: there is no such setting']);
  expect(problems({ PORT: 'x', PATH: '/bin', PLINTHX: '1' })).toEqual([]);
  expect(problems({ PLINTH_PORT_FILE: '/x' })).toEqual([
    'PLINTH_PORT_FILE: there is no such setting: only secrets can come from a file; set PLINTH_PORT',
  ]);
  expect(loadConfig({ PLINTH_FROM_NEXT_RELEASE: '1' }, { strict: false }).port).toBe(4600);
});

test('a secret comes from a file, or from the variable, never from both', async () => {
  const file = join(folder, 'key');
  const key = generateMasterKeyText();
  await writeFile(file, `${key}\n`);
  expect(loadConfig({ PLINTH_MASTER_KEY_FILE: file }).masterKey?.fingerprint).toBe(parseMasterKey(key).fingerprint);
  expect(problems({ PLINTH_MASTER_KEY_FILE: file, PLINTH_MASTER_KEY: key })).toEqual([
    'PLINTH_MASTER_KEY: set either it or PLINTH_MASTER_KEY_FILE, not both',
  ]);
  expect(problems({ PLINTH_MASTER_KEY_FILE: join(folder, 'absent') })[0]).toContain('ENOENT');
  expect(problems({ PLINTH_MASTER_KEY_FILE: folder })[0]).toContain('not a file');
  await writeFile(file, '\n');
  expect(problems({ PLINTH_MASTER_KEY_FILE: file })[0]).toContain('empty');
  await writeFile(file, 'hunter2 is no key');
  expect(problems({ PLINTH_MASTER_KEY_FILE: file })[0]).toMatch(/^PLINTH_MASTER_KEY_FILE: (?!.*hunter2)/);
  await writeFile(file, 'x'.repeat(100_000));
  expect(problems({ PLINTH_MASTER_KEY_FILE: file })[0]).toContain('more than');
});

test('a reading tells where each value comes from, and keeps going over what is wrong', async () => {
  const file = join(folder, 'token');
  await writeFile(file, 'hunter2-hunter2-hunter2\n', { mode: 0o600 });
  const { config, problems, sources } = readConfig({
    PLINTH_METRICS_TOKEN_FILE: file,
    PLINTH_PORT: 'x',
    PLINTH_HOST: '0.0.0.0',
    PLINTH_DATA: '',
  });
  expect(problems.map(({ path }) => path)).toEqual(['PLINTH_PORT']);
  expect(config).toMatchObject({ port: 4600, host: '0.0.0.0' });
  expect(config.metricsToken?.reveal()).toBe('hunter2-hunter2-hunter2');
  expect(sources).toMatchObject({
    metricsToken: { from: 'file', variable: 'PLINTH_METRICS_TOKEN_FILE' },
    host: { from: 'variable', variable: 'PLINTH_HOST' },
    dataFolder: { from: 'default' },
  });
});

test.skipIf(process.platform === 'win32')(
  'a secret file that everybody can read is warned about, and works',
  async () => {
    const file = join(folder, 'open-token');
    await writeFile(file, 'a-token-of-enough-length\n');
    const warnings = async (mode: number, folderMode: number) => {
      await chmod(file, mode);
      await chmod(folder, folderMode);
      const reading = readConfig({ PLINTH_METRICS_TOKEN_FILE: file });
      expect(reading.problems).toEqual([]);
      return reading.warnings.map(({ path }) => path);
    };
    try {
      expect(await warnings(0o644, 0o755)).toEqual(['PLINTH_METRICS_TOKEN_FILE']);
      expect(await warnings(0o640, 0o755)).toEqual([]);
      // nobody gets as far as the file
      expect(await warnings(0o644, 0o700)).toEqual([]);
    } finally {
      await chmod(folder, 0o700);
    }
    expect(isReadableByAll(join(folder, 'absent'))).toBe(false);
  },
);

const ready = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://plinth_app:x@db.example.com/plinth?sslmode=verify-full',
  PLINTH_MIGRATE_URL: 'postgres://plinth_migrator:x@db.example.com/plinth?sslmode=verify-full',
  PLINTH_PUBLIC_URL: 'https://plinth.example.com',
  PLINTH_TRUSTED_PROXIES: '10.0.0.0/8',
  PLINTH_METRICS_TOKEN: 'a-token-of-enough-length',
  PLINTH_MASTER_KEY: generateMasterKeyText(),
};
const needsOf = (change: Record<string, string>) =>
  productionNeeds(loadConfig({ ...ready, ...change })).map(({ level, variable }) => `${level} ${variable}`);

test.each<[change: Record<string, string>, needs: string[]]>([
  [{}, []],
  [{ NODE_ENV: '' }, ['needed NODE_ENV']],
  [{ PLINTH_MASTER_KEY: '' }, ['needed PLINTH_MASTER_KEY']],
  [{ PLINTH_PUBLIC_URL: '' }, ['needed PLINTH_PUBLIC_URL']],
  [{ PLINTH_PUBLIC_URL: '', PLINTH_HOST: '0.0.0.0' }, ['needed PLINTH_PUBLIC_URL', 'needed PLINTH_HOST']],
  [{ PLINTH_PUBLIC_URL: 'http://plinth.example.com' }, ['needed PLINTH_PUBLIC_URL']],
  [{ PLINTH_TRUSTED_PROXIES: '' }, ['advised PLINTH_TRUSTED_PROXIES']],
  [{ PLINTH_MIGRATE_URL: '' }, ['needed PLINTH_MIGRATE_URL']],
  [{ PLINTH_METRICS_TOKEN: '' }, ['advised PLINTH_METRICS_TOKEN']],
  [{ PLINTH_LOG_LEVEL: 'trace' }, ['advised PLINTH_LOG_LEVEL']],
  [{ PLINTH_PREVIOUS_MASTER_KEY: generateMasterKeyText() }, ['advised PLINTH_PREVIOUS_MASTER_KEY']],
  [
    { DATABASE_URL: 'postgres://app:x@db.example.com/x?sslmode=require' },
    ['needed DATABASE_URL', 'needed PLINTH_WORKER_URL'],
  ],
  [{ DATABASE_URL: 'postgres://app:x@127.0.0.1/x' }, []],
  [{ DATABASE_URL: 'postgres://app:x@127.0.0.1:6432/x' }, ['advised PLINTH_DIRECT_URL']],
  [{ DATABASE_URL: '', PLINTH_MIGRATE_URL: '', PLINTH_FSYNC: 'off' }, ['advised DATABASE_URL', 'needed PLINTH_FSYNC']],
])('production needs %#', (change, expected) => {
  expect(needsOf(change)).toEqual(expected);
});

test('the example of each setting is one it accepts', () => {
  for (const row of Object.values(settings as Record<string, Setting<unknown>>)) {
    if (row.example !== undefined) expect(() => row.type.parse(row.example as string), row.env).not.toThrow();
  }
});

test('what is wrong only together is found', () => {
  const key = generateMasterKeyText();
  expect(problems({ PLINTH_SESSION_IDLE_HOURS: '100', PLINTH_SESSION_HOURS_MAX: '10' })).toHaveLength(1);
  expect(problems({ PLINTH_STATEMENT_TIMEOUT_MS: '60000', PLINTH_REQUEST_TIMEOUT_MS: '10000' })).toHaveLength(1);
  expect(problems({ PLINTH_PREVIOUS_MASTER_KEY: key })).toHaveLength(1);
  expect(problems({ PLINTH_PREVIOUS_MASTER_KEY: key, PLINTH_MASTER_KEY: key })).toHaveLength(1);
  expect(problems({ PLINTH_READ_URL: 'postgres://x/y' })).toHaveLength(1);
});

test('names are used once, and every secret is marked by its name', () => {
  const rows = Object.values(settings);
  expect(new Set(rows.map(({ env }) => env)).size).toBe(rows.length);
  for (const row of rows) {
    const soundsSecret = /_URL$|KEY|TOKEN|PASSWORD$|SECRET/.test(row.env) && row.env !== 'PLINTH_PUBLIC_URL';
    expect('secret' in row && row.secret === true, row.env).toBe(soundsSecret);
  }
});

test('each setting is used by the program: one that does nothing misleads', async () => {
  const source = new URL('../../', import.meta.url);
  const files = (await readdir(source, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !/\.test\.ts$|core\/config[^/]*$/.test(file.replaceAll('\\', '/')),
  );
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, source), 'utf8')));
  const words = new Set(texts.flatMap((text) => text.match(/[A-Za-z]+/g) ?? []));
  const unused = (names: readonly string[]) => names.filter((name) => !words.has(name));
  expect(unused(['allowedPaths'])).toEqual(['allowedPaths']);
  expect(unused(Object.keys(settings))).toEqual([]);
});

test('the reference is current (npx vitest run src/platform/core/config.test.ts -u writes it)', async () => {
  await expect(renderConfigReference()).toMatchFileSnapshot('../../../docs/reference/configuration.md');
});
