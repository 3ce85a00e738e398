import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allTargets, type TestDatabase, type TestServer } from '../../../tests/migrations/databases.ts';
import { Fixture, program, standardFiles } from '../../../tests/migrations/fixtures.ts';
import { runBootstrap } from './bootstrap.ts';
import { migrateUp } from './run.ts';

/** What a data migration may say it touches, and what it must not fail to touch in silence. */
describe.each(allTargets.filter(({ skip }) => !skip))('expected rows on $name', (target) => {
  let server: TestServer;
  let database: TestDatabase;
  beforeAll(async () => {
    server = await target.start();
    database = await server.createDatabase();
    await runBootstrap(database.pool);
    const fixture = await Fixture.create({
      ...standardFiles,
      'tasks/0002_data': [
        `insert into plinth.projects (organization_id, id, name)
select gen_random_uuid(), gen_random_uuid(), 'p' || n from generate_series(1, 3) as n;
create table plinth.hidden (id uuid not null, done boolean not null default false, constraint hidden_pkey primary key (id));
insert into plinth.hidden (id) select gen_random_uuid() from generate_series(1, 3);
-- forced row security without the owner's policy: what register_table is there to prevent
select plinth.register_table('hidden', with_owner => false);
create table plinth.restricted (id uuid not null, done boolean not null default false, constraint restricted_pkey primary key (id));
insert into plinth.restricted (id) select gen_random_uuid() from generate_series(1, 3);
select plinth.register_table('restricted');
create policy narrow on plinth.restricted as restrictive for select using (id < '80000000-0000-0000-0000-000000000000');`,
        '-- none',
      ],
    });
    await migrateUp(database.pool, await fixture.read(), program);
    await fixture.cleanUp();
  });
  afterAll(() => server?.stop());

  /** Runs one statement as the next migration of a module of its own; returns the error's code and words. */
  let modules = 0;
  async function attempt(sql: string): Promise<string> {
    const module = `try${++modules}`;
    const fixture = await Fixture.create({ ...standardFiles, [`${module}/0001_try`]: [sql, '-- none'] });
    try {
      const set = await fixture.read();
      const only = { ...set, sources: set.sources.slice(3), migrations: set.migrations.slice(4) };
      await migrateUp(database.pool, { ...only, sources: only.sources.map((s) => ({ ...s, dependsOn: [] })) }, program);
      return 'fine';
    } catch (error) {
      const { code, detail } = error as { code: string; detail: string };
      return `${code} ${detail}`;
    } finally {
      await fixture.cleanUp();
    }
  }

  test.each([
    ["-- plinth: expect all rows of projects\nupdate plinth.projects set status = 'open';", 'fine'],
    ["-- plinth: expect rows\nupdate plinth.projects set status = 'open' where name = 'p1';", 'fine'],
    ["-- plinth: expect 2 rows\nupdate plinth.projects set status = 'open' where name <> 'p1';", 'fine'],
    ['-- plinth: expect rows of tasks\ndelete from plinth.tasks;', 'fine'],
    [
      "-- plinth: expect rows\nupdate plinth.projects set status = 'open' where name = 'typo';",
      'touched 0 rows, expected at least one',
    ],
    [
      "-- plinth: expect rows of projects\nupdate plinth.projects set status = 'open' where name = 'typo';",
      'touched 0 rows, expected at least one of the 3',
    ],
    [
      "-- plinth: expect all rows of projects\nupdate plinth.projects set status = 'open' where name <> 'p1';",
      'touched 2 rows, expected all 3',
    ],
    ["-- plinth: expect 1 row\nupdate plinth.projects set status = 'open';", 'touched 3 rows, expected 1'],
    ['-- plinth: expect rows of nowhere\nselect 1;', 'there is no table plinth.nowhere'],
    // no directive at all: what is hidden must still be heard
    ['update plinth.hidden set done = true;', 'row security hides rows of "plinth"."hidden"'],
    ['delete from only plinth.hidden;', 'row security hides rows'],
    ['update plinth.restricted set done = true;', 'row security hides rows'],
    [
      '-- plinth: expect all rows of hidden\nwith x as (select 1) update plinth.hidden set done = true;',
      'row security hides rows of plinth.hidden',
    ],
    ['select 1;\n\n-- plinth: expect rows\ndelete from plinth.projects where false;', '0001_try.up.sql:4: touched 0'],
  ])('%j: %s', async (sql, expected) => {
    const outcome = await attempt(sql);
    expect(outcome).toContain(expected);
    const code = expected.startsWith('there is no table') ? 'migration_invalid' : 'migration_rows_unexpected';
    if (expected !== 'fine') expect(outcome.split(' ')[0]).toBe(code);
  });

  test('what failed left nothing', async () => {
    await attempt(
      "update plinth.projects set name = 'changed';\n-- plinth: expect 7 rows\nupdate plinth.projects set status = 'done';",
    );
    const client = await database.pool.connect();
    const { rows } = await client
      .query(
        "begin; set local role plinth_owner; select count(*)::int as n from plinth.projects where name = 'changed' or status = 'done'; commit",
      )
      .then((results) => (results as unknown as { rows: unknown[] }[])[2]!);
    client.release();
    expect(rows).toEqual([{ n: 0 }]);
  });
});
