/** The guides and what is in deploy/: their commands are understood, their settings exist, and the way to production works. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { parseCall } from '../../src/cli/parse-call.ts';
import { loadConfig, readConfig } from '../../src/platform/core/config.ts';
import { productionNeeds } from '../../src/platform/core/config-production.ts';
import { generateMasterKeyText } from '../../src/platform/core/crypto/index.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { runProgram } from '../support/program.ts';
import { postgres18Folder, startPostgres, withClient } from '../support/server.ts';

vi.setConfig({ testTimeout: 240_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const programs = await postgres18Folder();
const guides = readdirSync(join(root, 'docs/guides')).map((name) => `docs/guides/${name}`);

/** Every `npx plinth …` of a text, as its arguments. */
const commandsOf = (text: string): string[][] =>
  [...text.matchAll(/npx plinth ([^\n`]*)/g)].flatMap(([, call = '']) =>
    [call.split(/ (?:&&|\||>|#)|[.,;:)&]*$| {2,}/)[0] ?? ''].map((part) => part.trim().split(/\s+/)),
  );

describe('the guides', () => {
  it.each(guides)('%s: every command is one, with its options', async (guide) => {
    for (const args of commandsOf(read(guide))) {
      const known = args.filter((arg) => arg !== '…');
      await expect(parseCall(known), `plinth ${known.join(' ')}`).resolves.toBeDefined();
    }
  });

  it('the settings of the guide to production leave nothing to ask for', () => {
    const [, block = ''] = /```ini\n([\s\S]*?)```/.exec(read('docs/guides/production.md')) ?? [];
    const folder = dirname(temporaryDataDir());
    const key = join(folder, 'guide-key');
    const token = join(folder, 'guide-token');
    writeFileSync(key, generateMasterKeyText(), { mode: 0o600 });
    writeFileSync(token, 'a-token-of-enough-length', { mode: 0o600 });
    const env = { ...parseEnv(block), PLINTH_MASTER_KEY_FILE: key, PLINTH_METRICS_TOKEN_FILE: token };
    expect(Object.keys(parseEnv(block))).toEqual(expect.arrayContaining(Object.keys(env)));
    expect(productionNeeds(loadConfig(env))).toEqual([]);
  });
});

describe('deploy/', () => {
  it('what the image copies is there', () => {
    const copied = [...read('deploy/Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
      paths.split(' '),
    );
    expect(copied.length).toBeGreaterThan(4);
    const allowed = read('deploy/Dockerfile.dockerignore').split('\n');
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true);
      expect(allowed).toContain(`!${path}`);
    }
  });

  it.each(['Dockerfile', 'compose.yml', 'plinth@.service'])('%s: every setting is one', (name) => {
    const found = read(`deploy/${name}`).match(/\b(?:PLINTH_[A-Z_]+|DATABASE_URL(?:_FILE)?)(?=[=:])/g) ?? [];
    expect(found.length).toBeGreaterThan(0);
    const { problems } = readConfig(Object.fromEntries(found.map((variable) => [variable, 'x'])));
    expect(problems.filter(({ message }) => message.includes('no such setting'))).toEqual([]);
  });

  it('the commands of the containers and units are commands', async () => {
    const composed = [...read('deploy/compose.yml').matchAll(/command: \[(.+)\]/g)].map(([, args = '']) =>
      args.split(', '),
    );
    expect(composed).toHaveLength(3);
    for (const args of [...composed, ['serve', '--env', '/x'], ['work', '--env', '/x']]) await parseCall(args);
    expect(read('deploy/plinth@.service')).toContain('bin/plinth.js %i --env /etc/plinth/plinth.env');
  });

  it('the health check tells ready from not ready and from nobody there', async () => {
    let status = 200;
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/readyz' ? status : 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.address() as AddressInfo;
    const check = () =>
      new Promise<number>((resolve) => {
        const child = execFile(process.execPath, [join(root, 'deploy/healthcheck.js')], {
          env: { PLINTH_PORT: String(port) },
        });
        child.once('close', (code) => resolve(code ?? -1));
      });
    expect(await check()).toBe(0);
    status = 503;
    expect(await check()).toBe(1);
    await new Promise((resolve) => server.close(resolve));
    expect(await check()).toBe(1);
  });
});

it.skipIf(programs === undefined)('the way to production, on a server without superuser', async () => {
  const server = await startPostgres(programs as string);
  const as = (login: string, database: string) =>
    `postgres://${login}:pw@127.0.0.1:${server.port}/${database}?sslmode=disable`;
  try {
    // the managed server's administrator: no superuser
    await withClient(server.adminUrl, async (client) => {
      await client.query(`create role administrator login nosuperuser createrole createdb password 'pw'`);
    });
    await withClient(as('administrator', 'postgres'), (client) => client.query('create database live'));
    const printed = await runProgram(['migrate', 'bootstrap', '--print', '--login', 'plinth_server']);
    expect(printed.code, printed.stderr).toBe(0);
    const roles = printed.stdout.replaceAll('CHANGE_ME_migrator', 'plinth_migrator');
    await withClient(as('administrator', 'live'), async (client) => {
      await client.query(`create role plinth_migrator login nosuperuser nocreatedb nocreaterole password 'pw'`);
      await client.query(`create role plinth_server login noinherit password 'pw'`);
      await client.query(roles);
    });
    const env = {
      NODE_ENV: 'production',
      DATABASE_URL: as('plinth_server', 'live'),
      PLINTH_MIGRATE_URL: as('plinth_migrator', 'live'),
      PLINTH_MASTER_KEY: generateMasterKeyText(),
      PLINTH_PUBLIC_URL: 'https://plinth.example.com',
      PLINTH_DATA: temporaryDataDir(),
    };
    for (const command of ['config check', 'migrate up', 'seed catalogue', 'doctor']) {
      const finished = await runProgram(command.split(' '), { env });
      expect(finished.code, `${command}: ${finished.stdout}${finished.stderr}`).toBe(0);
    }
  } finally {
    await server.stop();
  }
});
