import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allTargets, MIGRATOR, serverTargets, type TestServer } from '../../../tests/migrations/databases.ts';
import { Fixture, program, standardFiles } from '../../../tests/migrations/fixtures.ts';
import { renderBootstrap, runBootstrap } from './bootstrap.ts';
import { migrateUp } from './run.ts';
import { renderSnapshot } from './snapshot.ts';
import { schemaState } from './status.ts';

const roleFacts = `select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolinherit
  from pg_roles where rolname like $1 order by rolname`;

describe.each(allTargets.filter(({ skip }) => !skip))('bootstrap on $name', (target) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await target.start();
  });
  afterAll(() => server?.stop());

  test('makes roles that can do nothing by themselves, and repeating it changes nothing', async () => {
    const { pool } = await server.createDatabase();
    await runBootstrap(pool);
    const { rows } = await pool.query(roleFacts, ['plinth\\_%']);
    const nothing = {
      rolcanlogin: false,
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolinherit: true,
    };
    expect(rows).toEqual(
      ['app', 'definer', 'owner', 'readonly', 'worker'].map((name) => ({ rolname: `plinth_${name}`, ...nothing })),
    );
    const before = await renderSnapshot(pool);
    const xmins =
      'select oid, xmin::text from pg_auth_members union all select oid, xmin::text from pg_namespace order by 1, 2';
    const catalogues =
      server.name === 'PostgreSQL 15'
        ? xmins.replace('oid, xmin::text from pg_auth', 'roleid, xmin::text from pg_auth')
        : xmins;
    const written = (await pool.query(catalogues)).rows;
    await runBootstrap(pool);
    expect(await renderSnapshot(pool)).toBe(before);
    expect((await pool.query(catalogues)).rows).toEqual(written);
  });

  test('the owner inherits the definer and may take and keep what it hands over', async () => {
    const { pool } = await server.createDatabase();
    await runBootstrap(pool);
    const { rows } = await pool.query(
      "select pg_has_role('plinth_owner', 'plinth_definer', 'usage') as inherits, pg_has_role('plinth_definer', 'plinth_owner', 'member') as back",
    );
    expect(rows).toEqual([{ inherits: true, back: false }]);
    const client = await pool.connect();
    await client.query(`begin; set local role plinth_owner;
      create function plinth.f() returns int language sql as 'select 1';
      revoke execute on function plinth.f() from public;
      grant create on schema plinth to plinth_definer;
      alter function plinth.f() owner to plinth_definer;
      revoke create on schema plinth from plinth_definer;
      create or replace function plinth.f() returns int language sql as 'select 2';
      grant execute on function plinth.f() to plinth_app;
      select plinth.f();
      commit`);
    client.release();
  });

  test('nobody but those meant sees the history', async () => {
    const { pool } = await server.createDatabase();
    await runBootstrap(pool);
    const { rows } = await pool.query(`
      select r.rolname, has_table_privilege(r.rolname, 'plinth.schema_migrations', 'select') as reads,
        has_table_privilege(r.rolname, 'plinth.schema_migrations', 'insert, update, delete, truncate') as writes,
        has_function_privilege(r.rolname, 'plinth.applied_migrations()', 'execute') as asks
      from pg_roles as r where r.rolname in ('plinth_app', 'plinth_worker', 'plinth_readonly', 'plinth_definer', 'pg_monitor') order by 1`);
    const may = (rolname: string, reads: boolean, asks: boolean) => ({ rolname, reads, writes: false, asks });
    expect(rows).toEqual([
      may('pg_monitor', false, false),
      may('plinth_app', false, true),
      may('plinth_definer', true, true),
      may('plinth_readonly', false, true),
      may('plinth_worker', false, true),
    ]);
  });

  test('in development one login migrates and serves', async () => {
    const { pool } = await server.createDatabase();
    const login = server.concurrent ? MIGRATOR : 'postgres';
    const options = { prefix: 'dev', runtimeLogins: [login] };
    await runBootstrap(pool, options);
    await runBootstrap(pool, options);
    const client = await pool.connect();
    try {
      for (const role of ['app', 'worker', 'readonly', 'owner']) {
        await client.query(`begin; set local role dev_${role}; select * from plinth.applied_migrations(); commit`);
      }
    } finally {
      client.release();
    }
    await expect(runBootstrap(pool, { runtimeLogins: ['nobody_at_all'] })).rejects.toMatchObject({
      code: 'bootstrap_required',
      detail: expect.stringContaining('nobody_at_all'),
    });
  });

  test('a role of ours that can bypass row security is refused', async () => {
    const { pool } = await server.createDatabase();
    const sql = 'create role unsafe_app bypassrls';
    await (server.concurrent ? server.asSuperuser(sql) : pool.query(sql));
    await expect(runBootstrap(pool, { prefix: 'unsafe' })).rejects.toMatchObject({
      code: 'role_unsafe',
      detail: 'role unsafe_app',
    });
  });

  test('a schema that belongs to somebody else is refused', async () => {
    const { pool } = await server.createDatabase();
    await pool.query('create schema plinth');
    await expect(runBootstrap(pool)).rejects.toMatchObject({
      code: 'bootstrap_required',
      detail: expect.stringContaining('not to plinth_owner'),
    });
  });

  test.each(['Plinth', 'a-b', '', 'x'.repeat(41), 'a"b', "a'b"])('the prefix %j is refused', async (prefix) => {
    expect(() => renderBootstrap({ prefix })).toThrow(RangeError);
    const { pool } = await server.createDatabase();
    await expect(runBootstrap(pool, { prefix })).rejects.toThrow(RangeError);
  });
});

describe.each(serverTargets.filter(({ skip }) => !skip))('a DBA and small logins on $name', (target) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await target.start();
  });
  afterAll(() => server?.stop());

  test('after the printed SQL a login without CREATEROLE migrates, and a run-time login gets through the door only', async () => {
    const database = await server.createDatabase();
    const password = new URL(database.url).password;
    const fixture = await Fixture.create({
      ...standardFiles,
      'door/0001_enter': [
        `create function plinth.enter(context jsonb, read_only boolean) returns void language plpgsql as $$
begin perform set_config('role', 'dba_app', true); end $$;
revoke execute on function plinth.enter(jsonb, boolean) from public;`,
        'drop function plinth.enter(jsonb, boolean);',
      ],
    });
    await server.asSuperuser(`create role small_migrator login nosuperuser nocreaterole password '${password}';
      create role small_server login noinherit password '${password}'`);
    const sql = renderBootstrap({ prefix: 'dba', runtimeLogins: ['small_server'] }).replaceAll(
      'CHANGE_ME_migrator',
      'small_migrator',
    );
    // The DBA of a managed server is no superuser either.
    await database.pool.query(sql);
    await database.pool.query(sql);
    const migrator = database.connect({ user: 'small_migrator' });
    await runBootstrap(migrator, { prefix: 'dba' });
    const set = await fixture.read();
    const options = { ...program, prefix: 'dba' };
    await migrateUp(migrator, set, options);
    await database.pool.query(sql);
    const runtime = database.connect({ user: 'small_server' });
    expect(await schemaState(runtime, set, options)).toEqual({ state: 'current', because: [] });
    expect(await schemaState(migrator, set, options)).toEqual({ state: 'current', because: [] });
    await runtime.query("begin; select plinth.enter('{}', true); select 1; commit");
    for (const refused of [
      'select * from plinth.projects',
      'select * from plinth.schema_migrations',
      'set role dba_owner',
      'create table plinth.x ()',
    ]) {
      await expect(runtime.query(refused), refused).rejects.toMatchObject({
        code: expect.stringMatching(/^(42501|22023)$/),
      });
    }
    await fixture.cleanUp();
  });

  test('a login that may not make what is missing is told so', async () => {
    const database = await server.createDatabase();
    await server.asSuperuser(
      `create role tiny login nosuperuser nocreaterole password '${new URL(database.url).password}'`,
    );
    await expect(runBootstrap(database.connect({ user: 'tiny' }), { prefix: 'absent' })).rejects.toMatchObject({
      code: 'bootstrap_required',
    });
    await runBootstrap(database.pool, { prefix: 'present' });
    const error = await runBootstrap(database.connect({ user: 'tiny' }), { prefix: 'present' }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'bootstrap_required' });
  });

  test('the migration login of the tests is what managed servers give', async () => {
    const { pool } = await server.createDatabase();
    const { rows } = await pool.query(roleFacts, [MIGRATOR]);
    expect(rows).toEqual([
      {
        rolname: MIGRATOR,
        rolcanlogin: true,
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: true,
        rolinherit: true,
      },
    ]);
  });
});
