import pg from 'pg';
import { expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { makeReadQueue, type RunRead } from './read-queue.ts';

/** The transaction a statement runs in: its virtual id is taken by no other while the server lives. */
const transaction = `(select virtualtransaction from pg_locks where locktype = 'virtualxid' and pid = pg_backend_pid() limit 1)`;
const context = (tenant: string) => ({
  text: `select set_config('plinth.test', $1, true)`,
  values: [tenant],
  rowsUnread: true,
});

describeEngines('reads of one principal', (on) => {
  const named = () => on.engine.capabilities.namedStatements;
  const reading = async (run: RunRead, tenant: string, text: string, value: unknown) =>
    (await run([context(tenant), { text, values: [value], named: named() }]))[1]!.rows[0];
  /** Runs the text once alone, so that it is known to be quick, then with all the values at once. */
  const together = async (text: string, values: readonly unknown[], known: unknown = values[0]) => {
    const run = makeReadQueue(on.pool, () => 0);
    await reading(run, 'a', text, known).catch(() => undefined);
    return Promise.allSettled(values.map((value) => reading(run, 'a', text, value)));
  };
  const outcomesOf = (outcomes: PromiseSettledResult<Record<string, unknown>>[]) =>
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value['n'] : outcome.reason.code));

  it('share a transaction, and never with those of another', async () => {
    const run = makeReadQueue(on.pool, () => 0);
    const ask = `select $1::int as n, current_setting('plinth.test') as tenant, ${transaction} as transaction`;
    await reading(run, 'a', ask, 0);
    for (let round = 0; round < 5; round++) {
      const rows = await Promise.all(
        Array.from({ length: 16 }, (_, n) => reading(run, n % 3 === 0 ? 'a' : 'b', ask, n)),
      );
      expect(rows.map(({ n, tenant }) => [n, tenant])).toEqual(rows.map((_, n) => [n, n % 3 === 0 ? 'a' : 'b']));
      const tenants = new Map<string, Set<string>>();
      for (const row of rows) {
        tenants.set(row.transaction, (tenants.get(row.transaction) ?? new Set()).add(row.tenant));
      }
      expect([...tenants.values()].map((found) => [...found].join())).toEqual(['a', 'b']);
    }
  });

  it('share none where their contexts differ only in what can not be compared, or what they ask differs', async () => {
    const run = makeReadQueue(on.pool, () => 0);
    const ask = (text: string, tenant: unknown) =>
      run([{ ...context(''), values: [tenant] }, { text }]).then((results) => results[1]!.rows[0].transaction);
    const [one, other] = [`select ${transaction} as transaction`, `select 1, ${transaction} as transaction`];
    await ask(one, 'a');
    await ask(other, 'a');
    const asked = [ask(one, 'a'), ask(other, 'a'), ask(one, ['a']), ask(one, ['a']), ask(one, null), ask(one, '')];
    expect(new Set(await Promise.all(asked)).size).toBe(6);
  });

  it('have errors of their own, wherever they stand', async () => {
    const text = `select 1 / length(substr($1::text, 2)) as n`;
    for (const failing of [[0], [4], [7], [2, 3], [0, 7], [0, 1, 2, 3, 4, 5, 6, 7]]) {
      const outcomes = await together(
        text,
        Array.from({ length: 8 }, (_, n) => (failing.includes(n) ? 'x' : 'xy')),
        'xy',
      );
      expect(outcomesOf(outcomes)).toEqual(Array.from({ length: 8 }, (_, n) => (failing.includes(n) ? '22012' : 1)));
    }
  });

  it('have errors of their own where a value does not fit, or can not be sent at all', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const values = ['1', 'one', '3', circular, '5'];
    expect(outcomesOf(await together('select $1::int as n', values))).toEqual([1, '22P02', 3, undefined, 5]);
  });

  it('all fail where the statement does, each with its error, and leave the connection usable', async () => {
    const run = makeReadQueue(on.pool, () => 0);
    await on.pool.query('create table changing (n int)');
    await on.pool.query('insert into changing values (1)');
    const text = 'select n + $1::int as n from changing';
    expect((await reading(run, 'a', text, 1)).n).toBe(2);
    await on.pool.query('alter table changing rename column n to m');
    const failed = await Promise.allSettled([1, 2, 3].map((value) => reading(run, 'a', text, value)));
    expect(outcomesOf(failed)).toEqual(['42703', '42703', '42703']);
    await on.pool.query('alter table changing rename column m to n');
    expect(await Promise.all([1, 2, 3].map((value) => reading(run, 'a', text, value)))).toEqual([
      { n: 2 },
      { n: 3 },
      { n: 4 },
    ]);
    await on.pool.query('drop table changing');
  });

  it('go on after the columns of a prepared statement have changed', async () => {
    const run = makeReadQueue(on.pool, () => 0);
    await on.pool.query('create table retyped as select 1 as n');
    const text = 'select n, $1::int as asked from retyped';
    const three = () => Promise.allSettled([1, 2, 3].map((value) => reading(run, 'a', text, value)));
    await reading(run, 'a', text, 0);
    await on.pool.query('alter table retyped alter column n type text');
    expect(outcomesOf(await three())).toEqual([named() ? '0A000' : '1', '1', '1']);
    expect(outcomesOf(await three())).toEqual(['1', '1', '1']);
    await on.pool.query('drop table retyped');
  });

  it('each get their own rows, in the types of their columns', async () => {
    const run = makeReadQueue(on.pool, () => 0);
    const text = `select n, array[n] as list, jsonb_build_object('n', n) as doc, null::text as none
                  from generate_series(1, $1::int) n`;
    const rowsOf = async (n: number) => (await run([context('a'), { text, values: [n], named: named() }]))[1]!;
    await rowsOf(1);
    for (const [at, result] of (await Promise.all([0, 1, 3, 2].map(rowsOf))).entries()) {
      const count = [0, 1, 3, 2][at]!;
      const rows = Array.from({ length: count }, (_, n) => ({
        n: n + 1,
        list: [n + 1],
        doc: { n: n + 1 },
        none: null,
      }));
      expect(result).toMatchObject({ rows, rowCount: count, command: 'SELECT' });
      expect(result.fields.map(({ name }) => name)).toEqual(['n', 'list', 'doc', 'none']);
    }
  });

  it('see what others committed before each of them began, as in transactions of their own', async () => {
    // the embedded engine has one connection: nobody commits meanwhile; a pooler has no sessions to lock in
    if (on.test.url === undefined || on.name === 'pgbouncer') return;
    await on.pool.query('create table committed_meanwhile (n int)');
    const other = new pg.Client({ connectionString: on.test.url });
    await other.connect();
    try {
      await other.query('select pg_advisory_lock(1)');
      const text = `select case when $1::bigint > 0 then pg_advisory_xact_lock($1)::text end as waited,
                           (select count(*)::int from committed_meanwhile) as n, now() as at, ${transaction} as transaction`;
      const run = makeReadQueue(on.pool, () => 0);
      const { at: before } = await reading(run, 'a', text, 0);
      const asked = Promise.all([0, 1, 0].map((value) => reading(run, 'a', text, value)));
      const isWaiting = `select exists (select from pg_locks where locktype = 'advisory' and not granted) as waits`;
      while (!(await other.query(isWaiting)).rows[0].waits) await new Promise((resolve) => setTimeout(resolve, 5));
      await other.query('insert into committed_meanwhile values (1)');
      await other.query('select pg_advisory_unlock(1)');
      const [first, , last] = await asked;
      expect(first.transaction).toBe(last.transaction);
      expect([first.n, last.n]).toEqual([0, 1]);
      // one transaction has one now(): not earlier than it was asked for
      expect(last.at).toEqual(first.at);
      expect(first.at.getTime()).toBeGreaterThanOrEqual(before.getTime());
    } finally {
      await other.end();
    }
  });

  it('have a time limit each', async () => {
    if (!on.engine.capabilities.cancelStatements) return;
    const run = makeReadQueue(on.pool, () => 0);
    const limit = { text: `select set_config('statement_timeout', '1000', true)`, rowsUnread: true };
    const text = 'select pg_sleep($1::float8), $1::float8 as n';
    const sleep = async (seconds: number) => (await run([limit, { text, values: [seconds] }]))[1]!.rows[0];
    await sleep(0);
    // three seconds in all, in one transaction
    const outcomes = await Promise.allSettled([0.5, 0.51, 0.52, 30, 0.53].map(sleep));
    expect(outcomesOf(outcomes)).toEqual([0.5, 0.51, 0.52, '57014', 0.53]);
  });

  it('are lost with their connection, and the next has another', async () => {
    if (!on.engine.capabilities.cancelStatements || on.name === 'pgbouncer') return;
    const run = makeReadQueue(on.pool, () => 0);
    const text = `select pg_terminate_backend(pg_backend_pid()) where $1::text = 'x'`;
    await reading(run, 'a', text, 'y');
    const outcomes = await Promise.allSettled(['x', 'y', 'y'].map((value) => reading(run, 'a', text, value)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await reading(run, 'a', 'select $1::text as n', 'here')).toEqual({ n: 'here' });
  });
});
