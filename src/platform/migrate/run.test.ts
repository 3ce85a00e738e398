import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { allTargets, type TestDatabase, type TestServer } from '../../../tests/migrations/databases.ts';
import { Fixture, type FixtureFiles, program, standardFiles } from '../../../tests/migrations/fixtures.ts';
import { runBootstrap } from './bootstrap.ts';
import { loadHistory, migrateDown, migrateUp } from './run.ts';
import { renderSnapshot } from './snapshot.ts';

describe.each(allTargets.filter(({ skip }) => !skip))('migrations on $name', (target) => {
  let server: TestServer;
  const fixtures: Fixture[] = [];
  beforeAll(async () => {
    server = await target.start();
  });
  afterEach(async () => {
    for (const fixture of fixtures.splice(0)) await fixture.cleanUp();
  });
  afterAll(() => server?.stop());

  async function prepare(files: FixtureFiles = standardFiles): Promise<{ database: TestDatabase; fixture: Fixture }> {
    const database = await server.createDatabase();
    await runBootstrap(database.pool);
    const fixture = await Fixture.create(files);
    fixtures.push(fixture);
    return { database, fixture };
  }
  const ids = (result: { done: readonly { id: string }[] }) => result.done.map(({ id }) => id);
  const tables = async ({ pool }: TestDatabase) =>
    (
      await pool.query<{ relname: string }>(
        "select relname from pg_class where relnamespace = 'plinth'::regnamespace and relkind = 'r' order by relname",
      )
    ).rows.map(({ relname }) => relname);

  test('up runs everything in order, once, as the owner, and records it', async () => {
    const { database, fixture } = await prepare();
    const set = await fixture.read();
    const events: string[] = [];
    const result = await migrateUp(database.pool, set, {
      ...program,
      onProgress: (event) => void events.push(`${event.kind} ${'id' in event ? event.id : ''}`),
    });
    expect(ids(result)).toEqual(['platform/0001', 'projects/0001', 'projects/0002', 'tasks/0001']);
    expect(events.filter((event) => /^(start|done)/.test(event))).toEqual(
      ids(result).flatMap((id) => [`start ${id}`, `done ${id}`]),
    );
    expect(ids(await migrateUp(database.pool, set, program))).toEqual([]);
    const history = await loadHistory(database.pool);
    expect(history.map(({ sequence, status }) => [sequence, status])).toEqual([1, 2, 3, 4].map((n) => [n, 'applied']));
    expect(history[1]).toMatchObject({
      module: 'projects',
      version: 1,
      name: 'projects',
      description: 'projects and what belongs to them',
      checksum: set.migrations[1]!.up.checksum,
      programVersion: '1.1.0',
      oldestProgramVersion: '1.0.0',
      rolledBackAt: undefined,
    });
    const { rows } = await database.pool.query(
      "select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace = 'plinth'::regnamespace",
    );
    expect(rows).toEqual([{ owner: 'plinth_owner' }]);
  });

  test('a target stops in between, and the rest follows later', async () => {
    const { database, fixture } = await prepare();
    const set = await fixture.read();
    expect(ids(await migrateUp(database.pool, set, { ...program, target: 'projects/0001' }))).toEqual([
      'platform/0001',
      'projects/0001',
    ]);
    expect(ids(await migrateUp(database.pool, set, program))).toEqual(['projects/0002', 'tasks/0001']);
    await expect(migrateUp(database.pool, set, { ...program, target: 'projects/0009' })).rejects.toMatchObject({
      code: 'migration_unknown',
    });
  });

  test('up, down, up leaves the same catalogue, and down leaves what was there before', async () => {
    const { database, fixture } = await prepare();
    const set = await fixture.read();
    const empty = await renderSnapshot(database.pool);
    await migrateUp(database.pool, set, program);
    const first = await renderSnapshot(database.pool);
    expect(first).not.toBe(empty);
    const down = await migrateDown(database.pool, set, { ...program, target: { all: true } });
    expect(ids(down)).toEqual(['tasks/0001', 'projects/0002', 'projects/0001', 'platform/0001']);
    expect(await renderSnapshot(database.pool)).toBe(empty);
    await migrateUp(database.pool, set, program);
    expect(await renderSnapshot(database.pool)).toBe(first);
    const history = await loadHistory(database.pool);
    expect(history.map(({ status }) => status)).toEqual([
      ...Array<string>(4).fill('rolled_back'),
      ...Array<string>(4).fill('applied'),
    ]);
    expect(history[0]!.rolledBackAt).toBeInstanceOf(Date);
  });

  test('down goes back by steps or to a migration, and never under what builds on it', async () => {
    const { database, fixture } = await prepare();
    const set = await fixture.read();
    await migrateUp(database.pool, set, program);
    await expect(
      migrateDown(database.pool, set, { ...program, target: { to: 'projects/0001' } }),
    ).rejects.toMatchObject({ code: 'migration_depended_on', detail: expect.stringContaining('tasks/0001') });
    expect(ids(await migrateDown(database.pool, set, { ...program, target: { steps: 1 } }))).toEqual(['tasks/0001']);
    expect(ids(await migrateDown(database.pool, set, { ...program, target: { to: 'projects/0000' } }))).toEqual([
      'projects/0002',
      'projects/0001',
    ]);
    expect(await tables(database)).toEqual(['registered_tables', 'schema_migrations']);
    await expect(migrateDown(database.pool, set, { ...program, target: { steps: 0 } })).rejects.toMatchObject({
      code: 'migration_unknown',
    });
  });

  test('an edited file is refused by name, with both checksums; line endings are no edit', async () => {
    const { database, fixture } = await prepare();
    const before = await fixture.read();
    await migrateUp(database.pool, before, program);
    const path = 'projects/0002_priority.up.sql';
    const sql = standardFiles['projects/0002_priority']![0];
    await fixture.write(path, sql.replaceAll('\n', '\r\n'));
    expect(ids(await migrateUp(database.pool, await fixture.read(), program))).toEqual([]);
    await fixture.write(path, sql.replace('default 0', 'default 1'));
    const after = await fixture.read();
    for (const attempt of [
      migrateUp(database.pool, after, program),
      migrateDown(database.pool, after, { ...program, target: { to: 'projects/0001' } }),
    ]) {
      const error = await attempt.then(
        () => undefined,
        (reason: { code: string; detail: string }) => reason,
      );
      expect(error).toMatchObject({ code: 'migration_edited' });
      expect(error?.detail).toContain(fixture.path(path));
      expect(error?.detail).toContain(before.migrations[2]!.up.checksum);
      expect(error?.detail).toContain(after.migrations[2]!.up.checksum);
    }
  });

  test('what is applied and has no file is refused; a module switched off is not', async () => {
    const { database, fixture } = await prepare();
    await migrateUp(database.pool, await fixture.read(), program);
    const withoutTasks = { ...fixture, sources: fixture.sources.slice(0, 2) };
    const { readMigrations } = await import('./files.ts');
    expect(ids(await migrateUp(database.pool, await readMigrations(withoutTasks.sources), program))).toEqual([]);
    // What a switched-off module builds on is unknown, so nothing below it goes.
    await expect(
      migrateDown(database.pool, await readMigrations(withoutTasks.sources), {
        ...program,
        target: { to: 'projects/0001' },
      }),
    ).rejects.toMatchObject({ code: 'migration_depended_on' });
    await fixture.remove('projects/0002_priority.up.sql');
    await fixture.remove('projects/0002_priority.down.sql');
    await expect(migrateUp(database.pool, await fixture.read(), program)).rejects.toMatchObject({
      code: 'migration_missing',
      detail: expect.stringContaining('projects/0002_priority'),
    });
  });

  test('a failing statement rolls its file back whole and is named with line, column and SQLSTATE', async () => {
    const up = `-- breaks
create table plinth.notes (id uuid not null, constraint notes_pkey primary key (id));
-- a line between, with an é and a 😀
select 'é😀' as ok,
  no_such_column
from plinth.notes;
`;
    const { database, fixture } = await prepare({
      'platform/0001_platform': standardFiles['platform/0001_platform']!,
      'notes/0001_notes': [up, 'drop table plinth.notes;'],
    });
    const error = await migrateUp(database.pool, await fixture.read(), program).then(
      () => undefined,
      (reason: { code: string; detail: string }) => reason,
    );
    expect(error).toMatchObject({ code: 'migration_failed' });
    expect(error?.detail).toContain(`${fixture.path('notes/0001_notes.up.sql')}:5:3: 42703`);
    expect(error?.detail).toContain('statement 2 of 2');
    expect(await tables(database)).toEqual(['registered_tables', 'schema_migrations']);
    await fixture.write('notes/0001_notes.up.sql', up.replace('no_such_column', 'id'));
    expect(ids(await migrateUp(database.pool, await fixture.read(), program))).toEqual(['notes/0001']);
  });

  test('a file without a transaction that stops half-way is run again from its start', async () => {
    const up = (second: string) => `-- an index without blocking writers
-- plinth: no transaction
drop index concurrently if exists plinth.projects_name_idx;
create index concurrently projects_name_idx on plinth.projects (organization_id, name_lower);
select ${second};
`;
    const { database, fixture } = await prepare({
      'platform/0001_platform': standardFiles['platform/0001_platform']!,
      'projects/0001_projects': standardFiles['projects/0001_projects']!,
      'projects/0002_index': [
        up('1 / 0'),
        '-- plinth: no transaction\ndrop index concurrently plinth.projects_name_idx;',
      ],
    });
    await expect(migrateUp(database.pool, await fixture.read(), program)).rejects.toMatchObject({
      code: 'migration_interrupted',
      detail: expect.stringContaining('22012'),
    });
    expect((await loadHistory(database.pool)).at(-1)).toMatchObject({ status: 'started', version: 2 });
    await fixture.write('projects/0002_index.up.sql', up('1'));
    expect(ids(await migrateUp(database.pool, await fixture.read(), program))).toEqual(['projects/0002']);
    const last = (await loadHistory(database.pool)).at(-1);
    expect(last).toMatchObject({ status: 'applied', sequence: 3 });
    const role = await database.pool.query(
      "select current_user = session_user as same, current_setting('lock_timeout') as wait",
    );
    expect(role.rows).toEqual([{ same: true, wait: '0' }]);
    const set = await fixture.read();
    expect(ids(await migrateDown(database.pool, set, { ...program, target: { steps: 1 } }))).toEqual(['projects/0002']);
    const left = await database.pool.query("select to_regclass('plinth.projects_name_idx') as name");
    expect(left.rows).toEqual([{ name: null }]);
  });

  test('a new file below what is applied is refused', async () => {
    const { database, fixture } = await prepare();
    const set = await fixture.read();
    await migrateUp(database.pool, set, program);
    // Only a hand can make this hole: numbers have no gaps and down goes backwards.
    await migrateDown(database.pool, set, { ...program, target: { steps: 1 } });
    const client = await database.pool.connect();
    await client.query(
      "set role plinth_owner; delete from plinth.schema_migrations where module = 'projects' and version = 1; reset role",
    );
    client.release();
    await expect(migrateUp(database.pool, set, program)).rejects.toMatchObject({
      code: 'migration_out_of_order',
      detail: expect.stringContaining('0001_projects.up.sql'),
    });
  });

  test('without roles and schema it says what to run', async () => {
    const database = await server.createDatabase();
    const { fixture } = await prepare();
    await expect(migrateUp(database.pool, await fixture.read(), program)).rejects.toMatchObject({
      code: 'bootstrap_required',
    });
    await expect(loadHistory(database.pool)).rejects.toMatchObject({ code: 'bootstrap_required' });
  });
});
