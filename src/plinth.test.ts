import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { expectProblem } from '../tests/e2e/problems.ts';
import { Fixture, type FixtureFiles } from '../tests/migrations/fixtures.ts';
import { describeEngines } from '../tests/support/engines.ts';
import { askAsOwner, makeTenant } from '../tests/support/tenants.ts';
import { modules } from './modules.ts';
import { loadConfig } from './platform/core/config.ts';
import { MasterKey } from './platform/core/crypto/index.ts';
import type { Engine } from './platform/db/engine.ts';
import { type OpenOptions, openPlinth } from './plinth.ts';

const config = loadConfig({ PLINTH_LOG_LEVEL: 'silent' });
const laterMigration = 9999;

function open(engine: Engine, options: OpenOptions = {}) {
  const masterKeys = { current: new MasterKey(randomBytes(32)), previous: [] };
  return openPlinth({ engine, config, masterKeys, ...options });
}

/** What a newer release writes into the history; `oldest` is the oldest program that can work with its schema. */
function recordLaterMigration(engine: Engine, module: string, oldest: string) {
  return askAsOwner(
    engine,
    `insert into plinth.schema_migrations
       (sequence, module, version, name, description, status, checksum, program_version, oldest_program_version)
     select max(sequence) + 1, $1, $2, 'later', 'later', 'applied', 'x', '99.0.0', $3 from plinth.schema_migrations`,
    [module, laterMigration, oldest],
  );
}

describeEngines('opening a schema that a newer program has migrated', (on) => {
  it('is refused as schema_ahead, and the engine is closed', async () => {
    const { engine } = await on.open();
    await recordLaterMigration(engine, 'tenancy', '99.0.0');
    const error = await open(engine).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'schema_ahead',
      status: 503,
      detail: 'newer: tenancy/9999',
      hint: expect.stringContaining('newer release'),
    });
    await expect(engine.pool.query('select 1')).rejects.toThrow();
  });

  it('is no matter where the newer one says that this one still works, or a module is not ours', async () => {
    const { engine } = await on.open();
    await recordLaterMigration(engine, 'tenancy', '0.0.0');
    await recordLaterMigration(engine, 'of_another_program', '99.0.0');
    const plinth = await open(engine);
    expect(await plinth.schema()).toEqual({ state: 'ahead by one release', because: ['tenancy/9999'] });
    await plinth.close();
  });

  it('while this one serves: it is no longer ready, and again when that is rolled back', async () => {
    const { engine } = await on.open();
    const plinth = await open(engine);
    try {
      const { url } = await plinth.listen({ host: '127.0.0.1', port: 0 });
      const ready = async () => {
        const answer = await fetch(`${url}/readyz`);
        return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
      };
      expect((await ready()).status).toBe(200);
      await recordLaterMigration(engine, 'tenancy', '0.0.0');
      expect((await ready()).status).toBe(200);
      await recordLaterMigration(engine, 'tasks', '99.0.0');
      expectProblem(await ready(), 'schema_ahead');
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      await askAsOwner(engine, 'delete from plinth.schema_migrations where version = $1', [laterMigration]);
      expect((await ready()).status).toBe(200);
    } finally {
      await plinth.close();
    }
  });
});

describeEngines('opening with a data migration of one’s own', (on) => {
  let fixture: Fixture | undefined;
  afterEach(() => fixture?.cleanUp());

  async function openWith(engine: Engine, files: FixtureFiles) {
    fixture = await Fixture.create(files);
    const [source] = fixture.sources;
    const own = {
      name: source!.module,
      description: 'An outside module.',
      dependsOn: ['projects'],
      migrations: pathToFileURL(`${source!.directory}/`),
    };
    return open(engine, { modules: [...modules, own], migrate: true });
  }

  it.each([
    ['no row where some were expected', '-- plinth: expect rows', `where slug = 'typo'`, 'touched 0 rows'],
    ['fewer than all', '-- plinth: expect all rows of projects', `where slug = 'one'`, 'touched 1 rows'],
    ['more than said', '-- plinth: expect 1 row', '', 'touched 2 rows, expected 1'],
  ])('that touches %s ends as migration_rows_unexpected', async (_what, directive, where, words) => {
    const { engine } = await on.open();
    const { organizationId } = await makeTenant(engine);
    await askAsOwner(
      engine,
      `insert into plinth.projects (organization_id, name, slug) values ($1, 'One', 'one'), ($1, 'Two', 'two')`,
      [organizationId],
    );
    const files: FixtureFiles = {
      'renames/0001_rename': [`${directive}\nupdate plinth.projects set name = 'New' ${where};`, '-- none'],
    };
    const error = await openWith(engine, files).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'migration_rows_unexpected',
      status: 500,
      detail: expect.stringContaining(words),
      hint: expect.stringContaining('rolled back'),
    });
    expect(error).toMatchObject({ detail: expect.stringContaining('0001_rename.up.sql:2') });
  });
});
