import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Fixture, standardFiles } from '../../../tests/migrations/fixtures.ts';
import { lintMigrations } from './lint.ts';
import { newMigration } from './new-migration.ts';

const fixtures: Fixture[] = [];
afterEach(async () => {
  for (const fixture of fixtures.splice(0)) await fixture.cleanUp();
});
async function make(): Promise<Fixture> {
  const fixture = await Fixture.create(standardFiles);
  fixtures.push(fixture);
  return fixture;
}

test('the next pair is written, read back, and passes the lint', async () => {
  const fixture = await make();
  const source = fixture.sources[1]!;
  const paths = await newMigration({ source, name: 'suppliers', template: 'tenant-table' });
  expect(paths.map((path) => basename(path))).toEqual(['0003_suppliers.up.sql', '0003_suppliers.down.sql']);
  await newMigration({ source, name: 'suppliers_name_idx', template: 'index' });
  await newMigration({ source, name: 'later' });
  const set = await fixture.read();
  expect(
    set.migrations.filter(({ module }) => module === 'projects').map(({ name, description }) => [name, description]),
  ).toEqual([
    ['projects', 'projects and what belongs to them'],
    ['priority', 'how urgent'],
    ['suppliers', 'suppliers of an organization'],
    ['suppliers_name_idx', 'suppliers name idx'],
    ['later', 'later'],
  ]);
  const findings = await lintMigrations(set, {
    released: new Set(['platform/0001', 'projects/0001', 'projects/0002', 'tasks/0001']),
  });
  expect(findings).toEqual([]);
});

test('a module gets its folder with its first migration', async () => {
  const fixture = await make();
  const source = { module: 'fresh', directory: fixture.path('fresh/x').replace(/\/x$/, ''), dependsOn: [] };
  const [up] = await newMigration({ source, name: 'first' });
  expect(await readFile(up, 'utf8')).toContain('-- first');
});

test.each(['', 'Upper', '1st', 'a-b', '../../etc/passwd', 'a b', "x'; drop", 'x'.repeat(99)])(
  'the name %j is refused',
  async (name) => {
    const fixture = await make();
    await expect(newMigration({ source: fixture.sources[1]!, name })).rejects.toMatchObject({
      code: 'migration_invalid',
    });
  },
);
