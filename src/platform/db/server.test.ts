import { createServer, type Server } from 'node:net';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { startOldPostgres } from '../../../tests/support/old-postgres.ts';
import { postgres18Folder, startPostgres } from '../../../tests/support/server.ts';
import { openServer } from './server.ts';
import { parseServerUrl } from './server-url.ts';
import { fromDatabaseError } from './sql-errors.ts';

const secret = 'pa%24sw0rd-secret';
const everything = (error: unknown) => {
  const { message, detail, hint, title } = error as Record<string, unknown>;
  return JSON.stringify([message, detail, hint, title]);
};

describe('a database URL', () => {
  it('is read as libpq reads it', () => {
    const { config, label } = parseServerUrl('postgres://me:p%40ss@db.example:6543/app?sslmode=disable');
    expect(config).toEqual({
      host: 'db.example',
      port: 6543,
      database: 'app',
      user: 'me',
      password: 'p@ss',
      ssl: false,
    });
    expect(label).toBe('db.example:6543/app');
    expect(parseServerUrl('postgresql://me@[::1]/app').label).toBe('[::1]:5432/app');
    expect(parseServerUrl('postgres:///app?host=/var/run/postgresql').config).toMatchObject({
      host: '/var/run/postgresql',
      ssl: false,
    });
  });

  it('says by sslmode what is checked', () => {
    const ssl = (mode: string) => parseServerUrl(`postgres://h/d?sslmode=${mode}`).config.ssl;
    expect(ssl('disable')).toBe(false);
    expect(ssl('require')).toMatchObject({ rejectUnauthorized: false });
    expect(ssl('verify-ca')).toMatchObject({ rejectUnauthorized: true, checkServerIdentity: expect.any(Function) });
    expect(ssl('verify-full')).toEqual({ rejectUnauthorized: true });
  });

  it('that will not do is refused without repeating it', () => {
    for (const url of [
      `mysql://me:${secret}@h/d`,
      `${secret}`,
      `postgres://me:${secret}@h/d?sslmode=maybe`,
      `postgres://me:${secret}@h/d?sslmod=require`,
      `postgres://me:${secret}@h:99999/d`,
      `postgres://me:${secret}#@h/d`,
      `postgres://me:%zz${secret}@h/d`,
      `postgres://me:${secret}@h/d?sslrootcert=/nowhere&sslmode=verify-full`,
      `postgres://me:${secret}@/d`,
    ]) {
      let thrown: unknown;
      try {
        parseServerUrl(url);
      } catch (error) {
        thrown = error;
      }
      expect(thrown, url).toMatchObject({ code: 'database_url_invalid' });
      expect(everything(thrown)).not.toContain('secret');
    }
  });
});

describe('a server that is not there', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  it('is database_unavailable, with where and why, without the password', async () => {
    const mute = createServer((socket) => socket.end());
    servers.push(mute);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as { port: number };
    for (const place of ['127.0.0.1:1', `127.0.0.1:${port}`, 'no-such-host.invalid:5432']) {
      const error = await openServer({ url: `postgres://me:${secret}@${place}/app` }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: 'database_unavailable', detail: expect.stringContaining('/app') });
      expect(everything(error)).not.toContain('secret');
    }
  });

  it('says so for a wrong password and a database that is not there', async () => {
    const shared = inject('engines').find(({ name, missing }) => name === 'postgres' && missing === undefined);
    if (!shared?.url) return;
    const url = new URL(shared.url);
    url.password = secret;
    const wrong = await openServer({ url: url.href }).catch((thrown: unknown) => thrown);
    expect(wrong).toMatchObject({ code: 'database_unavailable', detail: expect.stringContaining('password') });
    expect(everything(wrong)).not.toContain('secret');
    const nowhere = shared.url.replace('/postgres?', '/nowhere?');
    const missing = await openServer({ url: nowhere }).catch((thrown: unknown) => thrown);
    expect(missing).toMatchObject({
      code: 'database_unavailable',
      detail: expect.stringContaining('no such database'),
    });
  });
});

describe('a server that is too old', () => {
  it.each([
    [14, 13],
    [9, 6],
  ])('%i.%i is refused by its version, which nothing else was asked of', async (major, minor) => {
    const old = await startOldPostgres(major, minor);
    try {
      for (const sslmode of ['disable', 'prefer']) {
        const url = `postgres://me:${secret}@127.0.0.1:${old.port}/app?sslmode=${sslmode}`;
        const error = await openServer({ url }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({
          code: 'database_version_unsupported',
          status: 503,
          hint: expect.stringContaining('PostgreSQL 15'),
          detail: `127.0.0.1:${old.port}/app runs PostgreSQL ${major}.${minor}.`,
        });
        expect(everything(error)).not.toContain('secret');
      }
      expect(old.statements).toHaveLength(2);
      expect(new Set(old.statements.map((text) => text.split(' ')[0]))).toEqual(new Set(['select']));
    } finally {
      old.close();
    }
  });

  it('15 is not', async () => {
    const old = await startOldPostgres(15, 0);
    const engine = await openServer({ url: `postgres://me@127.0.0.1:${old.port}/app?sslmode=disable` });
    expect(engine).toMatchObject({ kind: 'postgres', serverVersionNum: 150_000 });
    await engine.close();
    old.close();
  });
});

describeEngines(
  'a server engine',
  (on) => {
    it('survives its connections being cut: idle ones, and one held between two statements', async () => {
      const other = await on.open({ server: { poolSize: 2 } });
      const { pool, directPool } = other.engine;
      const held = await pool.connect();
      await held.query('begin');
      await pool.query('select 1');
      await directPool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      );
      const error = await held.query('select 1').catch((thrown: unknown) => fromDatabaseError(thrown));
      expect(error).toMatchObject({ code: 'database_unavailable' });
      held.release(error as Error);
      await expect
        .poll(
          () =>
            pool.query('select 1 as one').then(
              ({ rows }) => rows[0].one,
              () => 0,
            ),
          { timeout: 5_000 },
        )
        .toBe(1);
    });

    it('ends a transaction that nobody goes on with, and a statement over its limit', async () => {
      const { rows } = await on.pool.query(
        `select current_setting('idle_in_transaction_session_timeout') as idle, current_setting('statement_timeout') as statement`,
      );
      const set = on.engine.capabilities.sessionSettings;
      expect(rows).toEqual([set ? { idle: '1min', statement: '15s' } : { idle: '0', statement: '0' }]);
    });

    it('keeps LISTEN to a direct connection', () => {
      expect(on.engine.capabilities.listen).toBe(true);
    });
  },
  { only: ['postgres', 'postgres15', 'pgbouncer'] },
);

describe('a postmaster that is killed', () => {
  it('fails what runs, and the same engine works once it is back', { timeout: 60_000 }, async () => {
    const programs = await postgres18Folder();
    if (programs === undefined) return;
    let server = await startPostgres(programs, { fsync: true });
    const engine = await openServer({ url: server.adminUrl });
    try {
      await engine.pool.query('create table kept (n int)');
      await engine.pool.query('insert into kept values (1)');
      const slow = engine.pool.query('select pg_sleep(30)').catch((thrown: unknown) => fromDatabaseError(thrown).code);
      await new Promise((resolve) => setTimeout(resolve, 100));
      process.kill(server.pid, 'SIGQUIT');
      expect(await slow).toBe('database_unavailable');
      server = await server.restart();
      await expect
        .poll(
          () =>
            engine.pool.query('select n from kept').then(
              ({ rows }) => rows,
              () => [],
            ),
          { timeout: 20_000 },
        )
        .toEqual([{ n: 1 }]);
    } finally {
      await engine.close();
      await server.stop();
    }
  });
});
