import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { allTargets, type TestServer } from '../../../tests/migrations/databases.ts';
import { Fixture, program, standardFiles } from '../../../tests/migrations/fixtures.ts';
import { runBootstrap } from './bootstrap.ts';
import { migrateUp } from './run.ts';
import { migrationStatus, schemaState } from './status.ts';
import { compareVersions } from './version.ts';

test('versions compare as semver.org says', () => {
  const ordered = [
    '0.9.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.10.0',
  ];
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(i - j));
  }
  expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(0);
  expect(() => compareVersions('1.0', '1.0.0')).toThrow('not a version');
});

describe.each(allTargets.filter(({ skip }) => !skip))('state on $name', (target) => {
  let server: TestServer;
  const fixtures: Fixture[] = [];
  beforeAll(async () => {
    server = await target.start();
  });
  afterEach(async () => {
    for (const fixture of fixtures.splice(0)) await fixture.cleanUp();
  });
  afterAll(() => server?.stop());
  async function make() {
    const fixture = await Fixture.create(standardFiles);
    fixtures.push(fixture);
    return { fixture, ...(await server.createDatabase()) };
  }

  test('from nothing to current, and ahead of an older program', async () => {
    const { fixture, pool } = await make();
    const set = await fixture.read();
    const at = (programVersion: string, known = set) => schemaState(pool, known, { programVersion });
    const all = set.migrations.map(({ module, version }) => `${module}/000${version}`);
    expect(await at('1.1.0')).toEqual({ state: 'behind', because: all });
    await runBootstrap(pool);
    expect(await at('1.1.0')).toEqual({ state: 'behind', because: all });
    await migrateUp(pool, set, { ...program, target: 'projects/0001' });
    expect(await at('1.1.0')).toEqual({ state: 'behind', because: all.slice(2) });
    await migrateUp(pool, set, program);
    expect(await at('1.1.0')).toEqual({ state: 'current', because: [] });
    // Applied by 1.1.0, which says that 1.0.0 still works with it.
    await fixture.remove('projects/0002_priority.up.sql');
    await fixture.remove('projects/0002_priority.down.sql');
    const older = await fixture.read();
    expect(await at('1.0.0', older)).toEqual({ state: 'ahead by one release', because: ['projects/0002'] });
    expect(await at('0.9.0', older)).toEqual({ state: 'ahead', because: ['projects/0002'] });
    const withoutTasks = { ...older, sources: older.sources.slice(0, 2), migrations: older.migrations.slice(0, 2) };
    expect(await at('1.0.0', withoutTasks)).toMatchObject({ state: 'ahead by one release' });
    const withoutProjects = { ...set, sources: set.sources.slice(0, 1), migrations: set.migrations.slice(0, 1) };
    expect(await at('1.0.0', withoutProjects)).toEqual({ state: 'current', because: [] });
  });

  test('half done or edited is behind', async () => {
    const { fixture, pool } = await make();
    await runBootstrap(pool);
    await fixture.write('tasks/0002_half.up.sql', '-- plinth: no transaction\nselect 1 / 0;');
    await fixture.write('tasks/0002_half.down.sql', '-- nothing');
    const set = await fixture.read();
    await expect(migrateUp(pool, set, program)).rejects.toMatchObject({ code: 'migration_interrupted' });
    expect(await schemaState(pool, set, program)).toEqual({ state: 'behind', because: ['tasks/0002'] });
    expect((await migrationStatus(pool, set)).map(({ id, state }) => `${id} ${state}`)).toEqual([
      'platform/0001 applied',
      'projects/0001 applied',
      'projects/0002 applied',
      'tasks/0001 applied',
      'tasks/0002 started',
    ]);
    await fixture.write('projects/0002_priority.up.sql', 'select 1;');
    expect(await schemaState(pool, await fixture.read(), program)).toMatchObject({
      because: ['projects/0002', 'tasks/0002'],
    });
    expect((await migrationStatus(pool, await fixture.read()))[2]).toMatchObject({
      state: 'edited',
      programVersion: '1.1.0',
    });
  });
});
