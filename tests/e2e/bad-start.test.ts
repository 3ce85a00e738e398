/** What an operator can get wrong, and what a machine can do to them: clear words, the exit code, nothing lost. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadCommands } from '../../src/cli/commands.ts';
import { exitCodeOf } from '../../src/cli/control.ts';
import { describeError } from '../../src/cli/describe-error.ts';
import { helpLines } from '../../src/cli/reference.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { generateMasterKeyText } from '../../src/platform/core/crypto/index.ts';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import { openPlinth } from '../../src/plinth.ts';
import { makeOrganization, type TestOrganization } from '../../src/testing.ts';
import { type Answer, send } from '../faults/writers.ts';
import { runCommand } from '../support/command.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { startOldPostgres } from '../support/old-postgres.ts';
import { freePort } from '../support/processes.ts';
import { type RunningServer, runProgram, startServer } from '../support/program.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../support/server.ts';
import { askAsOwner } from '../support/tenants.ts';
import { expectProblem, expectRefusal } from './problems.ts';

// most tests start several processes
vi.setConfig({ testTimeout: 180_000 });

const programs = await postgres18Folder();
const problem = (answer: Answer) => ({ status: answer.status, type: answer.type, body: answer.text });

/** A migrated folder with one organization; copied where a test spoils it. */
const good = await migratedDataDir();
const config = loadConfig({ PLINTH_DATA: good, PLINTH_FSYNC: 'off', PLINTH_LOG_LEVEL: 'error' });
let acme: TestOrganization;
beforeAll(async () => {
  const plinth = await openPlinth({ config, migrate: true });
  acme = await makeOrganization(plinth.platform, 'Acme');
  await plinth.close();
});

function copyOfGood(): string {
  const data = temporaryDataDir();
  cpSync(good, data, { recursive: true });
  cpSync(`${good}-master.key`, `${data}-master.key`);
  return data;
}

const slugs = (data: string, env: Record<string, string> = {}) =>
  runProgram(['sql', 'select slug from organizations', '--json', '--data', data], { env });
const intact = { code: 0, stdout: '[{"slug":"acme"}]\n' };

describe('the command line', () => {
  it.each<[args: string, exit: number, words: RegExp]>([
    ['nonsense', 2, /there is no command "nonsense"/],
    ['migrate', 2, /up, down, status/],
    ['up --nonsense', 2, /--nonsense/],
    ['up --port', 2, /--port/],
    ['up --port 99999', 3, /PLINTH_PORT.*port number/],
    ['up --port abc', 3, /PLINTH_PORT/],
    ['sql', 2, /wants a statement/],
    ['doctor --database-url nonsense', 3, /DATABASE_URL/],
    ['doctor --database-url postgres://u@127.0.0.1:1/x', 3, /database_unavailable/],
    ['reset --database-url postgres://u@127.0.0.1:1/x --yes', 2, /yours to drop/],
    ['migrate down --steps abc --yes --data GOOD', 1, /number of steps is a whole number/],
    ['migrate down --to nonsense --yes --data GOOD', 1, /nonsense/],
    ['analyze /nowhere/at/all --data GOOD', 1, /analysis_source_not_found/],
  ])('plinth %s', async (args, exit, words) => {
    const finished = await runProgram(args.split(' ').map((arg) => (arg === 'GOOD' ? good : arg)));
    expectRefusal(finished, exit, words);
    expect(finished.stdout).toBe('');
  });

  it('a PostgreSQL that is too old is named, by every command that opens it', async () => {
    const old = await startOldPostgres(14, 13);
    const url = `postgres://u:hunter2@127.0.0.1:${old.port}/x`;
    try {
      for (const command of [['doctor'], ['serve'], ['migrate', 'up'], ['sql', 'select 1', '--json']]) {
        const finished = await runProgram([...command, '--database-url', url, '--data', temporaryDataDir()]);
        expectRefusal(finished, 3, /runs PostgreSQL 14\.13\. \(database_version_unsupported\)\n {2}Use PostgreSQL 15/);
        expect(finished.stdout).toBe('');
        expect(finished.stderr).not.toContain('hunter2');
      }
    } finally {
      old.close();
    }
  });

  it('a password in a URL is not repeated', async () => {
    const finished = await runProgram(['doctor', '--database-url', 'postgres://u:hunter2@127.0.0.1:1/x?sslmode=maybe']);
    expectRefusal(finished, 3, /sslmode/);
    expect(finished.stderr).not.toContain('hunter2');
  });

  it('a setting that does not exist, and what was meant', async () => {
    expectRefusal(await runProgram(['version'], { env: { PLINTH_PROT: '1' } }), 3, /PLINTH_PROT.*PLINTH_PORT/);
    expectRefusal(await runProgram(['version'], { env: { PLINTH_PORT: 'x', PLINTH_FSYNC: 'x' } }), 3, /PLINTH_FSYNC/);
  });

  it('statements that write, or leave their tenant', async () => {
    const plinth = await openPlinth({ config });
    try {
      for (const text of [
        'delete from projects',
        'create table t (n int)',
        'commit; delete from plinth.projects',
        'reset role; select * from plinth.users',
      ]) {
        const thrown = await runCommand(['sql', text], { config, plinth }).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(thrown, text).toBeInstanceOf(Error);
        const [code, stderr] = [exitCodeOf(thrown), describeError(thrown).join('\n')];
        expect(code).not.toBe(0);
        expectRefusal({ code, signal: null, stdout: '', stderr }, code, /^plinth: /);
      }
    } finally {
      await plinth.close();
    }
    const finished = await runProgram(['sql', 'reset role; select * from plinth.users', '--data', good]);
    expect(finished.code).not.toBe(0);
    expectRefusal(finished, finished.code ?? -1, /^plinth: /);
    expect(await slugs(good)).toMatchObject(intact);
  });

  it('a folder that cannot be cloned leaves no repository behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plinth-no-repository-'));
    execFileSync('git', ['init', '--quiet', join(folder, 'without-commits')]);
    for (const [path, words] of [
      [folder, /is not a git repository that can be cloned/],
      [join(folder, 'without-commits'), /has no commit/],
      [join(folder, 'nowhere'), /analysis_source_not_found/],
    ] as const) {
      expectRefusal(await runProgram(['repositories', 'register', path, '--data', good]), 1, words);
    }
    rmSync(folder, { recursive: true, force: true });
    const listed = await runProgram(['repositories', 'list', '--json', '--data', good]);
    expect(listed).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  it('reset does nothing without a yes', async () => {
    const finished = await runProgram(['reset', '--data', good]);
    expect(finished).toMatchObject({ code: 1, stdout: '' });
    expect(finished.stderr).toContain('nothing was removed');
    expect(await slugs(good)).toMatchObject(intact);
  });
});

const anId = '00000000-0000-7000-8000-000000000000';
const passphrase = join(dirname(good), 'passphrase');
writeFileSync(passphrase, 'correct horse battery staple');
/** Some that want the schema of this release. */
const commandsOnASchema: readonly string[][] = [
  ['serve'],
  ['doctor'],
  ['attack', '--only', 'projects'],
  ['seed', 'catalogue'],
  ['events', 'retry', anId],
  ['members', 'invite', 'ada@example.com'],
  ['keys', 'rotate', '--dry-run'],
];
/** Commands that work on a database that is there. */
const commandsOnADatabase: readonly string[][] = [
  ...commandsOnASchema,
  ['work'],
  ['sql', 'select'],
  ['tasks', 'list'],
  ['audit', 'verify'],
  ['analyze', import.meta.dirname, '--save'],
  ['repositories', 'register', '.'],
  ['members', 'link', 'ada@example.com'],
  ['export', 'file', '--organization', 'acme', '--passphrase-file', passphrase],
  ['import', 'file', '--passphrase-file', passphrase],
  ['migrate', 'status'],
  ['migrate', 'down', '--yes'],
  ['backup', 'create'],
];

describe('a data folder that will not do', () => {
  it('of another version: named, and left as it is', async () => {
    const data = copyOfGood();
    const file = join(data, 'pg', 'PG_VERSION');
    writeFileSync(file, '17\n');
    expectRefusal(
      await runProgram(['up', '--data', data]),
      3,
      /PostgreSQL 17; this release embeds 18.*data_folder_version/,
    );
    expect(readFileSync(file, 'utf8')).toBe('17\n');
    writeFileSync(file, '18\n');
    expect(await slugs(data)).toMatchObject(intact);
  });

  it('is made and migrated by three commands, as the command line says of all of them', async () => {
    const migrating = (await loadCommands()).filter(({ migrates }) => migrates).map(({ name }) => name);
    expect(migrating).toEqual(['up', 'demo', 'migrate up']);
    expect(helpLines().join(' ')).toContain('Only up, demo (outside production) and migrate up make a database');
  });

  it('that is not there, or empty: no command makes one but up, demo and migrate up', async () => {
    const [data, empty] = [temporaryDataDir(), temporaryDataDir()];
    mkdirSync(empty);
    for (const [at, command] of commandsOnADatabase.entries()) {
      const folder = at % 3 === 0 ? empty : data;
      const finished = await runProgram([...command, '--data', folder]);
      expectRefusal(finished, 3, /data_folder_missing\)\n {2}Make one with: plinth up/);
      expect(finished.stderr).toContain(folder);
    }
    expect([existsSync(data), existsSync(`${data}-master.key`)]).toEqual([false, false]);
    expect([readdirSync(empty), existsSync(`${empty}-master.key`)]).toEqual([[], false]);
  });

  it('that is behind: no command migrates it but up, demo and migrate up; a backup can be made before', async () => {
    const data = copyOfGood();
    expect(await runProgram(['migrate', 'down', '--yes', '--data', data])).toMatchObject({ code: 0 });
    for (const command of commandsOnASchema) {
      const finished = await runProgram([...command, '--data', data]);
      expectRefusal(finished, 3, /schema_behind\)\n {2}Run: plinth migrate up/);
    }
    const folder = `${data}-before`;
    expect(await runProgram(['backup', 'create', '--folder', folder, '--data', data])).toMatchObject({ code: 0 });
    expect(await runProgram(['backup', 'verify', '--folder', folder, '--data', data])).toMatchObject({ code: 0 });
    expect(await runProgram(['migrate', 'status', '--data', data])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('pending'),
    });
    expect(await runProgram(['migrate', 'up', '--data', data])).toMatchObject({ code: 0 });
    expect(await slugs(data)).toMatchObject(intact);
  });

  it('of somebody else: not touched', async () => {
    const data = temporaryDataDir();
    mkdirSync(data);
    writeFileSync(join(data, 'thesis.txt'), 'the only copy');
    for (const command of [['up'], ['reset', '--yes'], ['doctor']]) {
      const finished = await runProgram([...command, '--data', data]);
      expectRefusal(finished, 3, /data_folder_foreign/);
    }
    expect(readFileSync(join(data, 'thesis.txt'), 'utf8')).toBe('the only copy');
  });

  it('that is a file, or lies under one', async () => {
    const file = join(dirname(temporaryDataDir()), 'file');
    writeFileSync(file, 'x');
    expectRefusal(await runProgram(['up', '--data', file]), 3, /not a folder.*data_folder_unusable/);
    expectRefusal(await runProgram(['up', '--data', join(file, 'below')]), 3, /data_folder_unusable/);
  });

  it('without its PG_VERSION: said to be damaged, not made anew', async () => {
    const data = copyOfGood();
    rmSync(join(data, 'pg', 'PG_VERSION'));
    expectRefusal(await runProgram(['up', '--data', data]), 3, /damaged.*data_folder_unusable/);
    expect(existsSync(join(data, 'pg', 'base'))).toBe(true);
  });

  it('with another master key: refused before anything is served, and opens with its own', async () => {
    const data = copyOfGood();
    const wrong = { PLINTH_MASTER_KEY: generateMasterKeyText() };
    const finished = await runProgram(['up', '--data', data, '--port', String(await freePort())], { env: wrong });
    expectRefusal(finished, 3, /master_key_mismatch/);
    expect(finished.stdout).not.toContain('api ');
    expect(finished.stderr).not.toContain(wrong.PLINTH_MASTER_KEY);
    expect(await slugs(data)).toMatchObject(intact);
  });

  it('with a master key that is none', async () => {
    expectRefusal(
      await runProgram(['up', '--data', good], { env: { PLINTH_MASTER_KEY: 'short' } }),
      3,
      /PLINTH_MASTER_KEY/,
    );
  });

  it('without a master key in production', async () => {
    const finished = await runProgram(['up', '--data', await migratedDataDir()], { env: { NODE_ENV: 'production' } });
    expectRefusal(finished, 3, /master_key_missing/);
  });

  it('ahead of this program: no command serves or works on it, and it is left as it is', async () => {
    const data = copyOfGood();
    const history = async (sql: string) => {
      const engine = await openPglite({ dataDir: data, fsync: false });
      await askAsOwner(engine, sql).finally(() => engine.close());
    };
    await history(
      `insert into plinth.schema_migrations
         (sequence, module, version, name, description, status, checksum, program_version, oldest_program_version)
       select max(sequence) + 1, 'tenancy', 9999, 'later', 'later', 'applied', 'x', '99.0.0', '99.0.0'
       from plinth.schema_migrations`,
    );
    for (const [command, exit, words] of [
      ['serve', 3, /newer: tenancy\/9999 \(schema_ahead\)\n {2}Run the newer release/],
      ['work', 3, /newer: tenancy\/9999 \(schema_ahead\)\n {2}Run the newer release/],
      ['up', 1, /tenancy\/9999_later was applied by Plinth 99\.0\.0.*\(migration_missing\)\n {2}Run the newer release/],
    ] as const) {
      const finished = await runProgram([command, '--data', data]);
      expectRefusal(finished, exit, words);
      expect(finished.stdout).toBe('');
    }
    await history('delete from plinth.schema_migrations where version = 9999');
    expect(await slugs(data)).toMatchObject(intact);
  });
});

describe('a taken port', () => {
  let squatter: Server;
  let port: number;
  beforeAll(async () => {
    squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    port = (squatter.address() as { port: number }).port;
  });
  afterAll(() => squatter.close());

  it('is named before anything is made or migrated', async () => {
    const words = new RegExp(`127.0.0.1:${port}: something listens there already.*address_unavailable`);
    const absent = temporaryDataDir();
    expectRefusal(await runProgram(['up', '--data', absent, '--port', String(port)]), 3, words);
    expect(readdirSync(dirname(absent))).toEqual([]);

    const data = copyOfGood();
    expect(await runProgram(['migrate', 'down', '--yes', '--data', data])).toMatchObject({ code: 0 });
    expectRefusal(await runProgram(['up', '--data', data, '--port', String(port)]), 3, words);
    const pending = await runProgram(['migrate', 'status', '--data', data]);
    expect([pending.code, pending.stdout]).toEqual([1, expect.stringContaining('pending')]);
    expect(await runProgram(['migrate', 'up', '--data', data])).toMatchObject({ code: 0 });
    expect(await slugs(data)).toMatchObject(intact);
  });

  it('of the server that has the folder open: that is named', async () => {
    const data = copyOfGood();
    const server = await startServer(await freePort(), ['--data', data]);
    try {
      const second = await runProgram(['up', '--data', data, '--port', String(server.port)]);
      expectRefusal(second, 3, new RegExp(`process ${server.pid} has it open.*data_folder_in_use`));
    } finally {
      server.kill('SIGKILL');
      await server.finished;
    }
  });

  it('port 0 takes a free one, and answers there', async () => {
    const server = await startServer(0, ['--data', copyOfGood()]);
    try {
      const url = /^api {6}(http:\S+)\/docs$/m.exec(server.said())?.[1];
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    } finally {
      server.kill('SIGKILL');
    }
  });
});

describe.skipIf(programs === undefined)('a database that is down', () => {
  let postgres: TestServer;
  let server: RunningServer | undefined;
  beforeAll(async () => {
    postgres = await startPostgres(programs as string);
  });
  afterAll(async () => {
    server?.kill('SIGKILL');
    await postgres?.stop();
  });

  it('is 503 with a code, and the same process serves again when it is back', async () => {
    const env = { DATABASE_URL: postgres.url.replace('/postgres?', '/down?'), PLINTH_DATA: temporaryDataDir() };
    await withClient(postgres.url, (client) => client.query('create database down'));
    const plinth = await openPlinth({ config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error' }), migrate: true });
    const { key } = await makeOrganization(plinth.platform, 'Acme');
    await plinth.close();
    const port = await freePort();
    server = await startServer(port, [], { env });
    const target = { url: server.url, key };
    const create = (slug: string) => send(target, 'POST', '/v1/projects', { body: { name: slug, slug } });
    expect((await create('before')).status).toBe(201);

    await stopPostmaster(postgres);
    for (const [method, path, body] of [
      ['GET', '/v1/projects', undefined],
      ['GET', '/rest/v1/projects', undefined],
      ['POST', '/v1/projects', { name: 'down', slug: 'down' }],
      ['POST', '/rest/v1/projects', { name: 'down', slug: 'down' }],
      ['GET', '/readyz', undefined],
    ] as const) {
      expectProblem(problem(await send(target, method, path, { body })), 'database_unavailable');
    }
    expect((await send(target, 'GET', '/healthz')).status).toBe(200);
    const cold = await runProgram(['up', '--port', String(await freePort())], { env });
    expectRefusal(cold, 3, /database_unavailable/);

    postgres = await postgres.restart();
    expect((await create('after')).status).toBe(201);
    expect((await send(target, 'GET', '/readyz')).status).toBe(200);
    const { text } = await send(target, 'GET', '/rest/v1/projects?select=slug&order=slug');
    expect(JSON.parse(text)).toEqual([{ slug: 'after' }, { slug: 'before' }]);
  });
});

async function stopPostmaster(postgres: TestServer): Promise<void> {
  process.kill(postgres.pid, 'SIGINT');
  for (;;) {
    const isUp = await withClient(postgres.adminUrl, async () => true).catch(() => false);
    if (!isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A small file system of our own; undefined where we may not mount one. */
function smallDisk(megabytes: number): { folder: string; grow(to: number): void; remove(): void } | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'plinth-disk-'));
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'ignore' });
  try {
    mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder);
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    grow: (to) => mount('-o', `remount,size=${to}m`, folder),
    remove() {
      execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe('a full disk', () => {
  it('is said, loses nothing, and is over when there is space', { timeout: 120_000 }, async (context) => {
    const disk = smallDisk(90);
    if (!disk) return context.skip('only root on Linux may mount a small file system');
    const port = await freePort();
    const data = join(disk.folder, 'data');
    let server: RunningServer | undefined;
    try {
      cpSync(good, data, { recursive: true });
      cpSync(`${good}-master.key`, `${data}-master.key`);
      server = await startServer(port, ['--data', data], { env: { PLINTH_FSYNC: 'off' } });
      const target = { url: server.url, key: acme.key };
      const kept: string[] = [];
      let refusal: Answer | undefined;
      for (let n = 0; n < 400 && refusal === undefined; n++) {
        const slug = `p-${n}`;
        const goals = Array.from({ length: 20 }, () => noise(1_000));
        const rows = Array.from({ length: 20 }, (_, row) => ({ name: slug, slug: `${slug}-${row}`, goals }));
        const answer = await send(target, 'POST', '/rest/v1/projects', { body: rows });
        if (answer.status === 201) kept.push(...rows.map((row) => row.slug));
        else refusal = answer;
      }
      expect(kept.length, refusal?.text).toBeGreaterThan(0);
      expect(['database_full', 'engine_restarted', 'outcome_unknown', 'database_unavailable']).toContain(
        (JSON.parse(refusal?.text ?? '{}') as { code?: string }).code,
      );
      // as a probe asks: without a key, which would be looked up
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);

      disk.grow(400);
      const stored = await untilAnswered(() => send(target, 'GET', '/rest/v1/projects?select=slug'));
      expect((JSON.parse(stored) as { slug: string }[]).map(({ slug }) => slug)).toEqual(expect.arrayContaining(kept));
      expect((await send(target, 'POST', '/v1/projects', { body: { name: 'after', slug: 'after' } })).status).toBe(201);
    } finally {
      server?.kill('SIGKILL');
      await server?.finished;
      disk.remove();
    }
  });
});

/** Text that no compression makes smaller. */
function noise(chars: number): string {
  let text = '';
  while (text.length < chars) text += Math.random().toString(36).slice(2);
  return text.slice(0, chars);
}

async function untilAnswered(ask: () => Promise<Answer>): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const { status, text } = await ask();
    if (status === 200) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it does not answer again');
}
