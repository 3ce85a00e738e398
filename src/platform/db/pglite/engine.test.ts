import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { temporaryDataDir } from '../../../../tests/support/data-dir.ts';
import { fromDatabaseError } from '../sql-errors.ts';
import { openPglite, type PgliteEngine, type PgliteOptions, type RestartReport } from './engine.ts';

const runaway = 'select count(*) from generate_series(1, 1000000000) n';
const opened: PgliteEngine[] = [];
const restarts: RestartReport[] = [];

async function open(options: Partial<PgliteOptions> = {}): Promise<PgliteEngine> {
  const place = options.memory ? {} : { dataDir: options.dataDir ?? temporaryDataDir() };
  const load = inject('engines').find(({ name }) => name === 'pglite')?.emptyTar;
  const engine = await openPglite({
    ...place,
    ...(load !== undefined && { load }),
    fsync: false,
    onRestart: (report) => restarts.push(report),
    ...options,
  });
  opened.push(engine);
  return engine;
}

afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
  restarts.splice(0);
});

const codeOf = (error: unknown) => fromDatabaseError(error).code;

describe('a statement over its limit', () => {
  it('alone is blamed: queued callers are served, acknowledged rows are there', async () => {
    const engine = await open({ statementTimeoutMs: 700 });
    await engine.pool.query('create table t (n int)');
    await engine.pool.query('insert into t values (1), (2)');
    const [blamed, ...queued] = await Promise.allSettled([
      engine.pool.query(runaway),
      engine.pool.query('select count(*)::int as n from t'),
      engine.pool.query('insert into t values (3) returning n'),
      engine.pool.query('select $1::int as n', [5]),
    ]);
    expect(blamed).toMatchObject({ status: 'rejected', reason: { code: '57014' } });
    expect(codeOf((blamed as PromiseRejectedResult).reason)).toBe('statement_timeout');
    expect(queued.map((one) => (one.status === 'fulfilled' ? one.value.rows[0].n : one.reason))).toEqual([2, 3, 5]);
    expect(engine.restarts()).toBe(1);
    expect(restarts).toMatchObject([{ reason: 'statement_timeout', statement: runaway, restarts: 1, dataKept: true }]);
    expect(restarts[0]!.ranMs).toBeGreaterThanOrEqual(690);
  });

  it('is known by its text also when it was prepared before, without its parameters', async () => {
    const engine = await open({ statementTimeoutMs: 700 });
    const text = 'select count(*) from generate_series(1, $1::bigint) n';
    await engine.pool.query({ name: 'counts', text, values: ['10'] });
    const blamed = engine.pool.query({ name: 'counts', text, values: ['1000000000'] });
    await expect(blamed).rejects.toMatchObject({ code: '57014' });
    await engine.pool.query('select 1');
    expect(restarts).toMatchObject([{ statement: text }]);
  });

  it('has the limit of its transaction', async () => {
    const engine = await open({ statementTimeoutMs: 500 });
    const client = await engine.pool.connect();
    const slow =
      'do $$ declare until timestamptz := clock_timestamp() + interval $i$ 0.9 s $i$; begin while clock_timestamp() < until loop end loop; end $$';
    await client.query('begin');
    await client.query(`select set_config('statement_timeout', '0', true)`);
    await client.query(slow);
    await client.query('commit');
    await client.query('begin; set local statement_timeout = 0');
    await client.query(slow);
    await client.query('rollback');
    expect(engine.restarts()).toBe(0);
    await expect(client.query(slow)).rejects.toMatchObject({ code: '57014' });
    client.release();
    // The next connection has the engine's limit again.
    const { rows } = await engine.pool.query('show statement_timeout');
    expect(rows).toEqual([{ statement_timeout: '500ms' }]);
  });

  it('leaves the main loop free while it runs', async () => {
    const engine = await open({ statementTimeoutMs: 2_000 });
    let longestGapMs = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longestGapMs = Math.max(longestGapMs, now - last);
      last = now;
    }, 5);
    await expect(engine.pool.query(runaway)).rejects.toMatchObject({ code: '57014' });
    clearInterval(timer);
    // A hang guard: it blocked for the whole 2 s when it ran in the main thread.
    expect(longestGapMs).toBeLessThan(1_000);
  });
});

describe('a restart', () => {
  it('ends an open transaction: its next statement fails and nothing of it is kept', async () => {
    const engine = await open({ statementTimeoutMs: 700 });
    await engine.pool.query('create table t (n int)');
    const client = await engine.pool.connect();
    await client.query('begin');
    await client.query('insert into t values (1)');
    await expect(client.query(runaway)).rejects.toMatchObject({ code: '57014' });
    for (const text of ['insert into t values (2)', 'commit']) {
      const error = await client.query(text).catch(codeOf);
      expect(error).toBe('database_unavailable');
    }
    client.release();
    expect((await engine.pool.query('select count(*)::int as n from t')).rows).toEqual([{ n: 0 }]);
  });

  it('ends an idle transaction too when the engine dies of something else', async () => {
    const engine = await open();
    await engine.pool.query('create table t (n int)');
    const client = await engine.pool.connect();
    await client.query('begin');
    await client.query('insert into t values (1)');
    await expect(client.query(deepJson(1_000_000))).rejects.toMatchObject({ code: 'PX001' });
    await expect(client.query('commit')).rejects.toThrow();
    client.release();
    expect((await engine.pool.query('select count(*)::int as n from t')).rows).toEqual([{ n: 0 }]);
  });

  it('starts a database in memory anew and says so', async () => {
    const engine = await open({ memory: true, statementTimeoutMs: 700 });
    await engine.pool.query('create table t (n int)');
    await expect(engine.pool.query(runaway)).rejects.toMatchObject({ code: '57014' });
    expect((await engine.pool.query(`select to_regclass('t') as t`)).rows).toEqual([{ t: null }]);
    expect(restarts).toMatchObject([{ dataKept: false }]);
  });
});

const deepJson = (depth: number) => `select '${'['.repeat(depth)}'::json`;

describe('what kills PGlite silently', () => {
  /** For what must not restart it. */
  let steady: PgliteEngine;
  beforeAll(async () => {
    steady = await open();
    opened.pop();
  });
  afterAll(() => steady.close());

  it('G2: recursion ends in 54001, and so does what overflowed the thread with the default stack', async () => {
    await steady.pool.query(
      'create function f(n int) returns int language plpgsql as $$ begin return f(n + 1); end $$',
    );
    for (const text of ['select f(1)', `select 1${'+1'.repeat(30_000)}`, `select (${deepJson(20_000)}b)`]) {
      await expect(steady.pool.query(text)).rejects.toMatchObject({
        code: expect.stringMatching(/^(54001|22P02|42601)$/),
      });
    }
    expect((await steady.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(steady.restarts()).toBe(0);
  });

  it('G2 without the guard: with the default stack depth it dies and answers nothing', async () => {
    const outcome = await inWorker(`
      const { PGlite } = await import('@electric-sql/pglite');
      const db = await PGlite.create();
      await db.exec('create table t (n int)');
      await db.exec('create function f(n int) returns int language sql as $$ select case when n > 100000000 then 1 else f(n + 1) end $$').catch(() => {});
      await db.exec('create function g(n int) returns int language plpgsql as $$ begin return g(n + 1); end $$');
      const first = await db.query('select g(1)').then((r) => r.rows, (e) => e.code);
      const then = await db.query('insert into t values (1) returning n').then((r) => r.rows, (e) => e.code ?? e.message);
      result({ first, later: then });`);
    expect(outcome).toHaveProperty('first');
    // Neither an error that says why, nor the row.
    expect(outcome).not.toEqual({ first: '54001', later: [{ n: 1 }] });
  });

  it('G3, G4: a death is seen, reported with its statement, and the engine is there again', async () => {
    const engine = await open();
    await engine.pool.query('create table t (n int)');
    await engine.pool.query('insert into t values (1)');
    const [died, queued] = await Promise.allSettled([
      engine.pool.query(deepJson(1_000_000)),
      engine.pool.query('select n from t'),
    ]);
    expect(died).toMatchObject({ status: 'rejected', reason: { code: 'PX001' } });
    expect(codeOf((died as PromiseRejectedResult).reason)).toBe('engine_restarted');
    expect(queued).toMatchObject({ status: 'fulfilled', value: { rows: [{ n: 1 }] } });
    expect(restarts).toMatchObject([{ reason: 'died', statement: expect.stringMatching(/^select '\[\[/) }]);
    expect(restarts[0]!.statement!.length).toBeLessThanOrEqual(300);
  });

  it('G3, G4 without the guard: the answer does not say what happened', async () => {
    const outcome = await inWorker(`
      const { PGlite } = await import('@electric-sql/pglite');
      const db = await PGlite.create();
      const died = await db.query("select '" + '['.repeat(1000000) + "'::json").then((r) => r.rows, (e) => e.code ?? e.message);
      result({ died });`);
    expect(outcome).toHaveProperty('died');
    expect(['54001', '22P02']).not.toContain((outcome as { died: unknown }).died);
  });

  it('G5: COPY with nobody who sends, from and to a program, from a file that is not there: errors', async () => {
    await steady.pool.query('create table t (n int)');
    const refused = [
      'copy t from stdin',
      'CoPy /* a comment */ t\n from -- another\n STDIN',
      'select 1; copy t from stdin; select 2',
      `copy t from program 'ls'`,
      `copy t to program 'cat'`,
      `copy (select 1) to program 'cat'`,
      `copy t from '/nowhere'`,
      `do $$ begin execute 'copy t from program ''ls'''; end $$`,
      `do $$ begin execute 'copy t from stdin'; end $$`,
    ];
    for (const text of refused) {
      const error = await steady.pool.query(text).then(
        () => undefined,
        (thrown: { code?: string }) => thrown.code,
      );
      expect([text, error]).toEqual([text, expect.stringMatching(/^(57014|XX000|58P01|0A000|38000)$/)]);
    }
    const prepared = steady.pool.query({ name: 'copies', text: 'copy t from stdin' });
    await expect(prepared).rejects.toMatchObject({ code: '57014' });
    expect((await steady.pool.query('select count(*)::int as n from t')).rows).toEqual([{ n: 0 }]);
    expect(steady.restarts()).toBe(0);
  });

  it('G5: a string that only speaks of COPY is not refused', async () => {
    const { rows } = await steady.pool.query(`select 'copy t from stdin' as text /* copy t from program 'x' */`);
    expect(rows).toEqual([{ text: 'copy t from stdin' }]);
  });

  it('a client that goes away in the middle of a COPY holds nobody up', async () => {
    await steady.pool.query('create table sent (n int)');
    const client = await steady.pool.connect();
    const { from } = await import('pg-copy-streams');
    const stream = client.query(from('copy sent from stdin'));
    stream.on('error', () => undefined);
    stream.write('1\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.release(new Error('gone'));
    expect((await steady.pool.query('select count(*)::int as n from sent')).rows).toEqual([{ n: 0 }]);
    expect(steady.restarts()).toBe(0);
  });
});

describe('connections', () => {
  it('inherit nothing of the one before: transaction, settings, prepared statements, temporary tables', async () => {
    const engine = await open({ memory: true });
    const client = await engine.pool.connect();
    await client.query({ name: 'one', text: 'select 1' });
    await client.query(`set application_name = 'left behind'`);
    await client.query('create temporary table left_behind (n int)');
    await client.query('begin');
    await client.query('create table uncommitted (n int)');
    client.release(new Error('drop this connection'));
    const { rows } = await engine.pool.query(
      `select current_setting('application_name') as name, to_regclass('left_behind') as temporary,
              to_regclass('uncommitted') as uncommitted, (select count(*)::int from pg_prepared_statements) as prepared`,
    );
    expect(rows).toEqual([{ name: '', temporary: null, uncommitted: null, prepared: 0 }]);
  });

  it('are refused after close, which may be called twice', async () => {
    const engine = await open();
    await Promise.all([engine.close(), engine.close()]);
    await expect(engine.pool.query('select 1')).rejects.toThrow();
  });
});

describe('a dump', () => {
  it('opens as a database of its own', async () => {
    const file = `${temporaryDataDir()}.tar`;
    const engine = await open();
    await engine.pool.query('create table t (n int)');
    await engine.pool.query('insert into t select generate_series(1, 1000)');
    await engine.dump(file);
    await engine.pool.query('delete from t');
    const copy = await open({ load: file });
    expect((await copy.pool.query('select count(*)::int as n from t')).rows).toEqual([{ n: 1000 }]);
  });
});

/** Runs code beside PGlite as it comes, in a thread that can be ended. */
async function inWorker(code: string): Promise<unknown> {
  const source = `import { parentPort } from 'node:worker_threads';
    const result = (value) => parentPort.postMessage(value);
    ${code.replace(`import('@electric-sql/pglite')`, `import(${JSON.stringify(import.meta.resolve('@electric-sql/pglite'))})`)}`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { stderr: true });
  try {
    return await new Promise((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error) => resolve({ error: String(error) }));
      setTimeout(() => resolve({ error: 'no answer' }), 20_000).unref();
    });
  } finally {
    await worker.terminate();
  }
}
