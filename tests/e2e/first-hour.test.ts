/**
 * The newcomer's way in one piece: a project, the first call, a row in a table of one's own, and all of it on a managed
 * server where nobody is superuser. The commands are those of the README and the guides it names.
 */
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { temporaryDataDir } from '../support/data-dir.ts';
import { callFirst } from '../support/first-call.ts';
import { freePort } from '../support/processes.ts';
import { runProgram, startServer } from '../support/program.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../support/server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const programs = await postgres18Folder();
/** What is promised, of which a machine takes a minute or two: the rest is for reading and typing. */
const table_seconds_promised = 600;
const server_seconds_promised = 1200;

let server: TestServer | undefined;
afterAll(async () => {
  await server?.stop();
});

it.skipIf(programs === undefined)(
  'from nothing to one’s own rows on a managed server',
  {
    timeout: server_seconds_promised * 1_000,
  },
  async () => {
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1_000;
    const project = join(dirname(temporaryDataDir()), 'my-app');
    let env: Record<string, string> = {};
    const plinth = async (...args: string[]) => {
      const finished = await runProgram(args, { cwd: project, env });
      expect(finished.code, `plinth ${args.join(' ')}\n${finished.stdout}${finished.stderr}`).toBe(0);
      return finished.stdout;
    };
    const made = await runProgram(['new', 'my-app'], { cwd: dirname(project) });
    expect(made.code, made.stderr).toBe(0);
    // in place of npm install
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(root, join(project, 'node_modules', 'plinth'));

    const notes = async (url: string, key: string, body?: unknown) => {
      const answer = await fetch(`${url}/rest/v1/notes?select=title`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          prefer: 'return=representation',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, rows: (await answer.json()) as unknown };
    };
    const laptop = await startServer(await freePort(), [], { cwd: project });
    const { key } = await callFirst(laptop.url, laptop.said());
    const first = [{ title: 'First' }];
    expect(await notes(laptop.url, key, { title: 'First' })).toEqual({ status: 201, rows: first });
    const atTable = seconds();
    laptop.kill('SIGINT');
    expect((await laptop.finished).code).toBe(0);

    server = await startPostgres(programs as string);
    const { port, adminUrl } = server;
    const as = (login: string, database = 'live') =>
      `postgres://${login}:pw@127.0.0.1:${port}/${database}?sslmode=disable`;
    await withClient(adminUrl, (client) =>
      client.query(`create role administrator login nosuperuser createrole createdb password 'pw'`),
    );
    await withClient(as('administrator', 'postgres'), (client) => client.query('create database live'));
    const roles = await plinth('migrate', 'bootstrap', '--print', '--login', 'plinth_server');
    await withClient(as('administrator'), async (client) => {
      await client.query(`create role plinth_migrator login nosuperuser nocreatedb nocreaterole password 'pw'`);
      await client.query(`create role plinth_server login noinherit password 'pw'`);
      await client.query('create database spare');
    });
    for (const database of ['live', 'spare']) {
      await withClient(as('administrator', database), (client) =>
        client.query(roles.replaceAll('CHANGE_ME_migrator', 'plinth_migrator')),
      );
    }
    env = {
      NODE_ENV: 'production',
      DATABASE_URL: as('plinth_server'),
      PLINTH_MIGRATE_URL: as('plinth_migrator'),
      PLINTH_MASTER_KEY_FILE: join(project, '.plinth-master.key'),
      PLINTH_PUBLIC_URL: 'https://plinth.example.com',
    };
    expect(await plinth('copy', '--from', '.plinth')).toContain('equal in number and hash');
    await plinth('doctor');
    // to a database that is named the login that migrates gives itself nothing, since it may not
    await plinth('copy', '--from', '.plinth', '--to', as('plinth_migrator', 'spare'));
    const live = await startServer(await freePort(), [], {
      cwd: project,
      command: 'serve',
      env: { ...env, PLINTH_PUBLIC_URL: '' },
    });
    expect(await notes(live.url, key)).toEqual({ status: 200, rows: first });
    live.kill('SIGTERM');
    expect((await live.finished).code).toBe(0);
    const atServer = seconds();
    process.stdout.write(`own table after ${atTable.toFixed(0)} s, on a server after ${atServer.toFixed(0)} s\n`);
    expect(atTable).toBeLessThan(table_seconds_promised);
    expect(atServer).toBeLessThan(server_seconds_promised);
  },
);
