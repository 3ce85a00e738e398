import { afterEach, expect, test } from 'vitest';
import { Fixture, standardFiles } from '../../../tests/migrations/fixtures.ts';
import { parseScript, readMigrationChecksums, readMigrations } from './files.ts';

const fixtures: Fixture[] = [];
afterEach(async () => {
  for (const fixture of fixtures.splice(0)) await fixture.cleanUp();
});
async function make(): Promise<Fixture> {
  const fixture = await Fixture.create(standardFiles);
  fixtures.push(fixture);
  return fixture;
}
const refusal = async (fixture: Fixture) =>
  fixture.read().then(
    () => undefined,
    (error: { code: string; detail: string }) => error,
  );

test('modules in the order of the list, files by number, descriptions from the first comment', async () => {
  const { migrations } = await (await make()).read();
  expect(migrations.map(({ module, version, name }) => `${module} ${version} ${name}`)).toEqual([
    'platform 1 platform',
    'projects 1 projects',
    'projects 2 priority',
    'tasks 1 tasks',
  ]);
  expect(migrations.map(({ description }) => description)).toEqual([
    'the smallest platform',
    'projects and what belongs to them',
    'how urgent',
    'tasks of a project',
  ]);
});

const up = 'select 1;\n';
test.each<[string, (fixture: Fixture) => Promise<void>, string]>([
  [
    'a gap',
    (f) => f.write('projects/0004_x.up.sql', up).then(() => f.write('projects/0004_x.down.sql', up)),
    'projects/0003 is not there',
  ],
  ['a duplicate', (f) => f.write('projects/0002_other.up.sql', up), 'number 0002 is also taken by "other"'],
  ['a missing down', (f) => f.remove('projects/0002_priority.down.sql'), 'has no .down.sql beside it'],
  ['a missing up', (f) => f.remove('projects/0002_priority.up.sql'), 'has no .up.sql beside it'],
  ['a bad name', (f) => f.write('projects/3_Bad.sql', up), 'not named NNNN_name.up.sql'],
  ['no UTF-8', (f) => f.write('projects/0002_priority.up.sql', new Uint8Array([0x2d, 0x2d, 0xff, 0xfe])), 'not UTF-8'],
  ['a NUL', (f) => f.write('projects/0002_priority.up.sql', 'select 1;\n\0'), 'priority.up.sql:2: holds a NUL'],
  ['nothing', (f) => f.write('projects/0002_priority.up.sql', '-- only words'), 'holds no statement'],
  [
    'an open string',
    (f) => f.write('projects/0002_priority.up.sql', "select 1;\n\nselect 'x;\n"),
    'priority.up.sql:3: unterminated string',
  ],
  [
    'a folder that is not there',
    (f) => {
      f.sources.push({ module: 'ghost', directory: '/nowhere/at/all', dependsOn: [] });
      return Promise.resolve();
    },
    '/nowhere/at/all: cannot be read',
  ],
])('%s is refused and named', async (_, spoil, expected) => {
  const fixture = await make();
  await spoil(fixture);
  const error = await refusal(fixture);
  expect(error).toMatchObject({ code: 'migration_invalid' });
  expect(error?.detail).toContain(expected);
});

test('what a start compares is read without taking the files apart, from folders that are in order', async () => {
  const fixture = await make();
  const { migrations } = await fixture.read();
  const expected = migrations.map(({ module, version, up }) => ({ module, version, up: { checksum: up.checksum } }));
  expect((await readMigrationChecksums(fixture.sources)).migrations).toEqual(expected);

  await fixture.write('projects/0002_priority.up.sql', "select 'x;");
  expect(await refusal(fixture)).toMatchObject({ code: 'migration_invalid' });
  const changed = (await readMigrationChecksums(fixture.sources)).migrations;
  expect(changed.filter((_, at) => at !== 2)).toEqual(expected.filter((_, at) => at !== 2));
  expect(changed[2]?.up.checksum).not.toBe(expected[2]?.up.checksum);

  await fixture.remove('projects/0002_priority.down.sql');
  await expect(readMigrationChecksums(fixture.sources)).rejects.toMatchObject({
    detail: expect.stringContaining('has no .down.sql beside it'),
  });
});

test('a module must stand after what it depends on, once', async () => {
  const { sources } = await make();
  const [platform, projects, tasks] = sources as [(typeof sources)[0], (typeof sources)[0], (typeof sources)[0]];
  for (const [list, expected] of [
    [[platform, tasks, projects], 'tasks depends on projects, which does not stand before it'],
    [[platform, tasks], 'tasks depends on projects, which is not there'],
    [[platform, platform], 'listed twice'],
  ] as const) {
    await expect(readMigrations(list)).rejects.toMatchObject({
      code: 'migration_invalid',
      detail: expect.stringContaining(expected),
    });
  }
});

test.each([
  ['begin;', 'the runner opens and ends the transaction'],
  ['COMMIT', 'the runner opens and ends the transaction'],
  ['select 1; end;', 'the runner opens and ends the transaction'],
  ['savepoint x;', 'the runner opens and ends the transaction'],
  ["prepare transaction 'x';", 'the runner opens and ends the transaction'],
  ['set role postgres;', 'runs as plinth_owner throughout'],
  ['set local role x;', 'runs as plinth_owner throughout'],
  ['set session authorization x;', 'runs as plinth_owner throughout'],
  ['reset role;', 'runs as plinth_owner throughout'],
  ['set search_path = x;', 'would outlive the migration'],
  ['discard all;', "the session is the runner's"],
  ['copy plinth.x (a) from stdin with csv;', 'from stdin" is not allowed'],
  ["copy plinth.x from program 'id';", 'program" is not allowed'],
  ['create role x;', 'roles belong to the whole cluster'],
  ['drop role x;', 'roles belong to the whole cluster'],
  ['-- plinth: no transaction\nset local work_mem = 1;', 'does nothing outside a transaction'],
  ['-- plinth: expect the best\nselect 1;', 'unknown directive "plinth: expect the best"'],
  ['select 1;\n-- plinth: expect rows\n', 'without a statement after it'],
  ['select 1;\n-- plinth: no transaction\nselect 2;', 'belongs at the top'],
  ['-- plinth: expect rows\n-- plinth: expect 2 rows\nupdate x set y = 1;', 'two expectations'],
  ['-- plinth: expect rows of x; drop table y\nupdate x set y = 1;', 'unknown directive'],
])('%j is refused', (sql, expected) => {
  expect(() => parseScript('x.sql', sql)).toThrow(expected);
});

test.each([
  'set local work_mem = 1;',
  'set constraints all deferred;',
  'select $$ begin; commit; $$;',
  'alter table x set (fillfactor = 90);',
])('%j is allowed', (sql) => expect(parseScript('x.sql', sql).statements).toHaveLength(1));

test('directives are read from where they stand', () => {
  const script = parseScript(
    'x.sql',
    `-- what it does
-- plinth: no transaction
-- plinth: phase contract
-- plinth: expect all rows of projects
update plinth.projects set x = 1;
-- plinth: allow some-rule because it was checked
-- plinth: expect 3 rows
delete from plinth.tasks;
select 1;
`,
  );
  expect(script).toMatchObject({ description: 'what it does', transactional: false, phase: 'contract' });
  expect(script.statements.map(({ expectation }) => expectation)).toEqual([
    { kind: 'all of', table: 'plinth.projects' },
    { kind: 'exactly', rows: 3 },
    undefined,
  ]);
  expect([...script.statements[1]!.allows]).toEqual([['some-rule', 'it was checked']]);
  expect(script.statements[2]!.allows.size).toBe(0);
  expect(script.statements.map(({ line }) => line)).toEqual([5, 8, 9]);
});

test('the checksum does not see line endings or a byte order mark, and sees everything else', async () => {
  const fixture = await make();
  const checksum = async () => (await fixture.read()).migrations[2]!.up.checksum;
  const sql = standardFiles['projects/0002_priority']![0];
  const before = await checksum();
  await fixture.write('projects/0002_priority.up.sql', `\ufeff${sql.replaceAll('\n', '\r\n')}`);
  expect(await checksum()).toBe(before);
  await fixture.write('projects/0002_priority.up.sql', `${sql} `);
  expect(await checksum()).not.toBe(before);
});
