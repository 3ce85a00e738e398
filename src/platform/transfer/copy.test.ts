/** Copies between all engines of the run, with everything a table may hold, and every way to be stopped. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { openTestEngine, type TestEngine } from '../../../tests/support/engines.ts';
import { modules } from '../../modules.ts';
import { openPlinth } from '../../plinth.ts';
import { makeOrganization, makeUser } from '../../testing.ts';
import { loadConfig } from '../core/config.ts';
import { MasterKey } from '../core/crypto/index.ts';
import type { Engine } from '../db/engine.ts';
import { copyDatabase, loadInto, openDatabaseSource } from './index.ts';
import { asOwner, fillDatabase, hashesOf, withHostileTable } from './transfer.fixture.ts';

// each opens up to five databases, on a machine that does other things too
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const masterKeys = { current: new MasterKey(randomBytes(32)), previous: [] };
const config = loadConfig({ PLINTH_LOG_LEVEL: 'silent' });
const options = { modules, programVersion: '0.1.0-dev' };
const names = inject('engines')
  .filter(({ missing }) => missing === undefined)
  .map(({ name }) => name);
type Name = (typeof names)[number];
const pairs = names.flatMap((from) => names.map((to) => [from, to] as const));

const opened: TestEngine[] = [];
afterEach(async () => {
  for (const test of opened.splice(0)) await test.close();
});
async function open(name: Name, empty = false): Promise<Engine> {
  const test = await openTestEngine(name, { empty });
  opened.push(test);
  return test.engine;
}

const filled = new Map<Name, Promise<TestEngine>>();
afterAll(async () => {
  for (const test of filled.values()) await (await test).close();
});

/** The full database of an engine: copies only read it, so that it is filled once. */
async function full(name: Name): Promise<Engine> {
  const made = filled.get(name) ?? fill(name);
  filled.set(name, made);
  return (await made).engine;
}

async function fill(name: Name): Promise<TestEngine> {
  const test = await openTestEngine(name);
  await fillDatabase(await openPlinth({ engine: test.engine, config, masterKeys }));
  await withHostileTable(test.engine);
  return test;
}

/** A target for a full database: with its tables, and nothing in them. */
async function openTarget(name: Name): Promise<Engine> {
  const target = await open(name);
  await withHostileTable(target, { rows: 0 });
  return target;
}

describe.each(names)('from %s', (name) => {
  let source: Engine;
  beforeAll(async () => {
    source = await full(name);
  });

  it.each(names)('into %s: equal in every table, nothing fired, keys and epoch there', async (to) => {
    const target = await openTarget(to);
    const before = await hashesOf(source);
    const result = await copyDatabase(source, target, options);
    expect(result.resumed).toBe(false);
    expect(await hashesOf(source)).toEqual(before);
    const after = await hashesOf(target);
    expect(after).toEqual(before);
    expect(Object.fromEntries(result.tables.map(({ name, hash, rows }) => [name, `${rows} ${hash}`]))).toEqual(before);
    expect(result.rows).toBeGreaterThan(3000);
    expect(result.masterKeyFingerprint).toBe(masterKeys.current.fingerprint);
    // the keys between tables are as they were, and hold
    const keys = (engine: Engine) =>
      asOwner(
        engine,
        `select conrelid::regclass::text, conname, pg_get_constraintdef(oid) as definition, convalidated
         from pg_constraint where contype = 'f' and connamespace = 'plinth'::regnamespace and conparentid = 0 order by 1, 2`,
      );
    expect(await keys(target)).toEqual(await keys(source));
    // every trigger fires again, row security is forced everywhere
    expect(await asOwner(target, `select tgname from pg_trigger where not tgisinternal and tgenabled <> 'O'`)).toEqual(
      [],
    );
    expect(
      await asOwner(
        target,
        `select relname from pg_class where relnamespace = 'plinth'::regnamespace and relkind in ('r', 'p') and not relispartition
           and not (relrowsecurity and relforcerowsecurity)`,
      ),
    ).toEqual([]);
    // what is read in order is visible at once, under a new epoch
    expect(await asOwner(target, 'select distinct xid::text from plinth.events')).toEqual([{ xid: '3' }]);
    expect(await asOwner(target, `select value from plinth.system_settings where key = 'cursor_epoch'`)).toEqual([
      { value: result.cursorEpoch },
    ]);
    expect(await asOwner(target, `select key from plinth.system_settings where key = 'transfer'`)).toEqual([]);
    // the sequence goes on where it was
    expect(await asOwner(target, `insert into plinth.zoo (name) values ('next') returning number::int`)).toEqual([
      { number: 3002 },
    ]);
    // rows of a month long past are in a partition of their own
    expect(await asOwner(target, 'select count(*)::int as n from plinth.events_default')).toEqual([{ n: 0 }]);

    // the copy serves: the same key gets the same rows, and a change is audited
    const there = await openPlinth({ engine: target, config, masterKeys });
    const organization = await makeOrganization(there.platform, 'After the move');
    expect(organization.slug).toBe('after-the-move');
  });
});

describe.each(names)('a target on %s', (name) => {
  it('that holds rows is refused, and nothing of it is changed', async () => {
    const [source, target] = [await open(name), await open(name)];
    const plinth = await openPlinth({ engine: target, config, masterKeys });
    await makeUser(plinth.platform);
    const before = await hashesOf(target);
    await expect(copyDatabase(source, target, options)).rejects.toMatchObject({
      code: 'transfer_target_not_empty',
      detail: expect.stringMatching(/^rows in [a-z_, ]*users/),
    });
    expect(await hashesOf(target)).toEqual(before);
  });

  it('with other migrations is refused', async () => {
    const [source, target] = [await open(name), await open(name)];
    await asOwner(
      target,
      `update plinth.schema_migrations set checksum = 'other' where module = 'tasks' and version = 2`,
    );
    await expect(copyDatabase(source, target, options)).rejects.toMatchObject({
      code: 'transfer_schema_differs',
      detail: 'tasks/2 only in the source, tasks/2 only in the target',
    });
  });

  it('that has nothing of ours is migrated first', async () => {
    const [source, target] = [await open(name), await open(name, true)];
    const { rows } = await copyDatabase(source, target, options);
    expect(rows).toBe(0);
    expect(await asOwner(target, 'select count(*) > 20 as migrated from plinth.schema_migrations')).toEqual([
      { migrated: true },
    ]);
  });

  it('an empty source is no source', async () => {
    const [source, target] = [await open(name, true), await open(name)];
    await expect(copyDatabase(source, target, options)).rejects.toMatchObject({ code: 'transfer_source_missing' });
  });

  it('is not its own source', async () => {
    const engine = await open(name);
    await expect(copyDatabase(engine, engine, options)).rejects.toMatchObject({ code: 'transfer_same_database' });
  });
});

describe('distributed tables', () => {
  it('are refused on both sides', async () => {
    const engine = await open(names[0]!);
    const distributed = { ...engine, capabilities: { ...engine.capabilities, distributed: true } };
    await expect(openDatabaseSource(distributed)).rejects.toMatchObject({ code: 'transfer_unsupported' });
    const rows = await openDatabaseSource(engine);
    await expect(loadInto(distributed, rows)).rejects.toMatchObject({ code: 'transfer_unsupported' });
    await rows.close();
  });
});

describe.each(pairs)('stopped between %s and %s', (from, to) => {
  it('goes on where it was, takes in what changed meanwhile, and serves nobody before', async () => {
    const source = await full(from);
    const target = await openTarget(to);
    const stop = new AbortController();
    const seen: string[] = [];
    await expect(
      copyDatabase(source, target, {
        ...options,
        signal: stop.signal,
        onProgress: (event) => {
          if (event.kind === 'rows') seen.push(event.table);
          if (event.kind === 'rows' && event.table === 'events') stop.abort();
        },
      }),
    ).rejects.toBeDefined();
    expect(seen).toContain('organizations');
    await expect(openPlinth({ engine: sharing(target), config, masterKeys })).rejects.toMatchObject({
      code: 'transfer_unfinished',
    });
    // both are said of the unfinished target: once on each engine
    if (from === to || process.env['PLINTH_FULL']) await expectNoOther(target, from, to);

    await asOwner(source, `update plinth.organizations set name = 'Renamed while it went to ${to}'`);
    const again: string[] = [];
    const result = await copyDatabase(source, target, {
      ...options,
      onProgress: (event) => event.kind === 'again' && again.push(event.table),
    });
    expect(result.resumed).toBe(true);
    expect(again).toContain('organizations');
    expect(await hashesOf(target)).toEqual(await hashesOf(source));
  });
});

async function expectNoOther(unfinished: Engine, from: Name, to: Name): Promise<void> {
  // half a database is no source
  const third = await openTarget(to);
  await expect(copyDatabase(unfinished, third, options)).rejects.toMatchObject({ code: 'transfer_unfinished' });
  // another source does not go on with it: one that was migrated at another time
  const other = await openTarget(from);
  await asOwner(other, `update plinth.schema_migrations set applied_at = applied_at + interval '1 second'`);
  await expect(copyDatabase(other, unfinished, options)).rejects.toMatchObject({ code: 'transfer_other_source' });
}

describe('two copies into one target', () => {
  it.runIf(names.includes('postgres'))('the first is told that it was taken over', async () => {
    const source = await full('postgres');
    const target = await openTarget('postgres');
    const rows = await openDatabaseSource(source);
    let second: Promise<unknown> | undefined;
    const overtaken = {
      ...rows,
      // in the middle of the first copy the second begins, and has made itself the one that may
      async *chunks(table: (typeof rows.shape.tables)[number]) {
        if (table.name === 'projects') {
          const { promise: hasBegun, resolve } = Promise.withResolvers<void>();
          second = copyDatabase(source, target, { ...options, onProgress: () => resolve() });
          await Promise.race([hasBegun, second]);
        }
        yield* rows.chunks(table, undefined);
      },
    };
    const [first] = await Promise.allSettled([loadInto(target, overtaken)]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'transfer_taken_over' } });
    await rows.close();
    expect(await second).toMatchObject({ resumed: true });
    expect(await hashesOf(target)).toEqual(await hashesOf(source));
  });

  it.runIf(names.includes('postgres'))('a cut connection is an error of its own, and the state stays', async () => {
    const source = await full('postgres');
    const target = await openTarget('postgres');
    const { adminUrl } = opened.at(-1)!;
    const rows = await openDatabaseSource(source);
    const cut = {
      ...rows,
      async *chunks(table: (typeof rows.shape.tables)[number]) {
        if (table.name === 'events') await terminate(String(adminUrl));
        yield* rows.chunks(table, undefined);
      },
    };
    await expect(loadInto(target, cut)).rejects.toMatchObject({ code: 'database_unavailable' });
    await rows.close();
    expect(await copyDatabase(source, target, options)).toMatchObject({ resumed: true });
    expect(await hashesOf(target)).toEqual(await hashesOf(source));
  });
});

describe('a source that does not give what it has', () => {
  it.each(names)('is noticed on %s, and the target stays unfinished', async (name) => {
    const source = await full(name);
    const target = await openTarget(name);
    const rows = await openDatabaseSource(source);
    const lossy = {
      ...rows,
      async *chunks(table: (typeof rows.shape.tables)[number]) {
        if (table.name !== 'projects' && table.name !== 'users') yield* rows.chunks(table, undefined);
      },
    };
    await expect(loadInto(target, lossy)).rejects.toMatchObject({ code: 'transfer_mismatch' });
    await rows.close();
    await expect(openPlinth({ engine: sharing(target), config, masterKeys })).rejects.toMatchObject({
      code: 'transfer_unfinished',
    });
  });
});

async function terminate(adminUrl: string): Promise<void> {
  const admin = new pg.Client(adminUrl);
  await admin.connect();
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await admin.end();
}

/** The same engine for a caller that closes what it was given when it fails. */
function sharing(engine: Engine): Engine {
  return { ...engine, close: async () => undefined };
}
