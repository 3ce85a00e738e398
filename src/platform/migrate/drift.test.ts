import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPglite, serverTargets, type TestServer } from '../../../tests/migrations/databases.ts';
import { Fixture, program, standardFiles } from '../../../tests/migrations/fixtures.ts';
import { generateTypes } from '../../../tools/schema-types.ts';
import { runBootstrap } from './bootstrap.ts';
import { replaySnapshot } from './drift.ts';
import { loadHistory, migrateUp } from './run.ts';
import { detectDrift } from './snapshot.ts';

let server: TestServer;
let embedded: Awaited<ReturnType<typeof openPglite>>;
let fixture: Fixture;
beforeAll(async () => {
  server = await serverTargets[0]!.start();
  embedded = await openPglite();
  fixture = await Fixture.create(standardFiles);
});
afterAll(async () => {
  await fixture?.cleanUp();
  await embedded?.close();
  await server?.stop();
});

test('a server with pending files is compared with a replay of what it has: pending is no drift, a hand is', async () => {
  const { pool } = await server.createDatabase();
  const set = await fixture.read();
  await runBootstrap(pool);
  await migrateUp(pool, set, { ...program, target: 'projects/0002' });
  const expected = await replaySnapshot(embedded.pool, set, await loadHistory(pool));
  expect(await detectDrift(pool, expected)).toEqual([]);
  const client = await pool.connect();
  await client.query('begin; set local role plinth_owner; alter table plinth.projects add column by_hand text; commit');
  client.release();
  expect(await detectDrift(pool, expected)).toEqual(['table projects: only in the database: column by_hand text']);
});

test('types are the same from both engines, without partitions, with numbers that lose no digits', async () => {
  const { pool } = await server.createDatabase();
  const set = await fixture.read();
  await runBootstrap(pool);
  await migrateUp(pool, set, program);
  await migrateUp(embedded.pool, set, program);
  const extra = `begin; set local role plinth_owner;
    create table plinth.money (big bigint not null, exact numeric not null, on_day date, at timestamptz not null default now(), xid xid8);
    create table plinth.events (at timestamptz not null) partition by range (at);
    create table plinth.events_default partition of plinth.events default;
    commit`;
  for (const each of [pool, embedded.pool]) {
    const client = await each.connect();
    await client.query(extra);
    client.release();
  }
  const types = await generateTypes(pool);
  expect(await generateTypes(embedded.pool)).toBe(types);
  expect(types).toContain('"plinth.projects": PlinthProjects;');
  expect(types).toContain('export type Int8 = ColumnType<string, bigint | number | string, bigint | number | string>;');
  expect(types).toContain('export type Numeric = ColumnType<string, number | string, number | string>;');
  expect(types).toMatch(
    /interface PlinthMoney \{\n {2}at: Generated<Timestamp>;\n {2}big: Int8;\n {2}exact: Numeric;\n {2}on_day: Timestamp \| null;\n {2}xid: string \| null;/,
  );
  expect(types).not.toContain('events_default');
  expect(await generateTypes(pool, { qualified: false })).toContain('  projects: Projects;');
  // What pg gives for them.
  const { rows } = await pool.query(
    "select 9007199254740993::bigint as big, 0.1::numeric as exact, now() as at, '7'::xid8 as xid",
  );
  expect(rows[0]).toMatchObject({ big: '9007199254740993', exact: '0.1', at: expect.any(Date), xid: '7' });
});
