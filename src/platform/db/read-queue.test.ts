import pg from 'pg';
import { expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { type PipelineOutcome, pipelinedTransactions } from './pipelined-query.ts';
import { makeReadQueue } from './read-queue.ts';

const echo = (tenant: string, text = `select current_setting('plinth.test') as tenant, $1::text as asked`) => [
  { text: `select set_config('plinth.test', $1, true)`, values: [tenant], rowsUnread: true },
  { text, values: [tenant] },
];

describeEngines('transactions sent together', (on) => {
  const together = async (...transactions: Parameters<typeof pipelinedTransactions>[1]) => {
    const client = await on.pool.connect();
    try {
      return await pipelinedTransactions(client, transactions);
    } finally {
      client.release();
    }
  };
  const rowsOf = ({ results, failure }: PipelineOutcome = { results: [] }) =>
    failure === undefined ? results.at(-1)?.rows : ((failure as { code?: string }).code ?? String(failure));

  it('each see their own settings and get their own answers', async () => {
    const tenants = Array.from({ length: 40 }, (_, n) => `tenant-${n}`);
    const outcomes = await together(...tenants.map((tenant) => echo(tenant)));
    expect(outcomes.map(rowsOf)).toEqual(tenants.map((tenant) => [{ tenant, asked: tenant }]));
    const [after] = await together([{ text: `select current_setting('plinth.test', true) as tenant` }]);
    expect(rowsOf(after)).toEqual([{ tenant: expect.toBeOneOf(['', null]) }]);
  });

  it('fail alone, wherever in the row they stand', async () => {
    for (const failing of [0, 2, 4]) {
      const outcomes = await together(
        ...Array.from({ length: 5 }, (_, n) => echo(`t${n}`, n === failing ? 'select 1 / $1::text::int' : undefined)),
      );
      expect(outcomes.map(rowsOf)).toEqual(
        Array.from({ length: 5 }, (_, n) => (n === failing ? '22P02' : [{ tenant: `t${n}`, asked: `t${n}` }])),
      );
    }
  });

  it('are not sent when their values can not be, and the others are', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const outcomes = await together(echo('a'), [{ text: 'select $1', values: [circular] }], echo('b'));
    expect(outcomes.map(({ failure }) => failure === undefined)).toEqual([true, false, true]);
    expect(rowsOf(outcomes[2])).toEqual([{ tenant: 'b', asked: 'b' }]);
  });

  it('end with the connection when one copies, so that nobody is given the answers of another', async () => {
    // the embedded engine starts anew then, and what was in memory only is gone
    if (on.name === 'pglite') return;
    await on.pool.query('create table if not exists copied_together (n int)');
    const client = await on.pool.connect();
    const outcomes = await pipelinedTransactions(client, [
      echo('a'),
      [{ text: 'copy copied_together from stdin' }],
      echo('b'),
      echo('c'),
    ]);
    client.release(new Error('ended'));
    expect(rowsOf(outcomes[0])).toEqual([{ tenant: 'a', asked: 'a' }]);
    expect(outcomes.slice(1).map(({ failure }) => failure === undefined)).toEqual([false, false, false]);
    expect((await on.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('are told of in order as they end', async () => {
    const ended: number[] = [];
    const client = await on.pool.connect();
    await pipelinedTransactions(client, [echo('a'), echo('b', 'select nowhere'), echo('c')], (at) => ended.push(at));
    client.release();
    expect(ended).toEqual([0, 1, 2]);
  });
});

describeEngines('the queue of reads', (on) => {
  /** Round trips that the work took: connections taken from the pool. */
  async function counted<T>(work: () => Promise<T>): Promise<{ result: T; taken: number }> {
    let taken = 0;
    const count = () => {
      taken++;
    };
    on.pool.on('acquire', count);
    try {
      return { result: await work(), taken };
    } finally {
      on.pool.removeListener('acquire', count);
    }
  }
  const tenants = Array.from({ length: 40 }, (_, n) => `tenant-${n}`);

  it('sends what comes together in few round trips, once a statement is known to be quick', async () => {
    const run = makeReadQueue(on.pool, () => 0);
    const readAll = () => Promise.all(tenants.map(async (tenant) => (await run(echo(tenant)))[1]!.rows[0]));
    const expected = tenants.map((tenant) => ({ tenant, asked: tenant }));
    expect(await counted(readAll)).toEqual({ result: expected, taken: 40 });
    expect(await counted(readAll)).toEqual({ result: expected, taken: 2 });
  });

  it('lets a statement go alone that takes long, until it has been quick for a while', async () => {
    let clock = 0;
    let took = 100;
    const run = makeReadQueue(on.pool, () => {
      clock += took;
      return clock;
    });
    const four = () => counted(() => Promise.all(tenants.slice(0, 4).map((tenant) => run(echo(tenant)))));
    expect((await four()).taken).toBe(4);
    expect((await four()).taken).toBe(4);
    took = 0;
    let rounds = 0;
    while ((await four()).taken > 1) rounds++;
    expect(rounds).toBeGreaterThanOrEqual(2);
    expect(rounds).toBeLessThan(10);
  });

  it('gives each its own error', async () => {
    const run = makeReadQueue(on.pool, () => 0);
    for (let round = 0; round < 3; round++) {
      const outcomes = await Promise.allSettled([
        run(echo('a')),
        run(echo('b', 'select 1 / length(substr($1::text, 2))')),
        run(echo('c')),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(outcomes[1]).toMatchObject({ reason: { code: '22012' } });
    }
  });

  it('serves thousands that come at once', async () => {
    const run = makeReadQueue(on.pool);
    const many = Array.from({ length: 3000 }, (_, n) => `t${n}`);
    const results = await Promise.all(many.map(async (tenant) => (await run(echo(tenant)))[1]!.rows[0].tenant));
    expect(results).toEqual(many);
    expect(on.pool.waitingCount).toBe(0);
  });

  it('keeps none waiting for company while others hang', async () => {
    // one session that holds a lock, and more connections than hang
    if (on.test.url === undefined || on.name === 'pgbouncer') return;
    const pool = new pg.Pool({ connectionString: on.test.url, max: 10 });
    const holder = await pool.connect();
    try {
      const run = makeReadQueue(pool, () => 0);
      const hang = (lock: number) =>
        run([{ text: 'select pg_advisory_xact_lock_shared($1::bigint) where $1::bigint > 0', values: [lock] }]);
      await Promise.all([hang(0), run(echo('a'))]);
      await holder.query('select pg_advisory_lock(7)');
      const countWaiting = async () =>
        (
          await holder.query(
            `select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted
               and database = (select oid from pg_database where datname = current_database())`,
          )
        ).rows[0].n;
      const hanging: Promise<unknown>[] = [];
      for (let n = 0; n < 3; n++) {
        hanging.push(hang(7));
        await expect.poll(countWaiting, { timeout: 10_000 }).toBe(n + 1);
      }
      expect((await run(echo('b')))[1]!.rows).toEqual([{ tenant: 'b', asked: 'b' }]);
      const answers = await Promise.all(tenants.map(async (tenant) => (await run(echo(tenant)))[1]!.rows[0].tenant));
      expect(answers).toEqual(tenants);
      await holder.query('select pg_advisory_unlock(7)');
      await Promise.all(hanging);
    } finally {
      holder.release();
      await pool.end();
    }
  });

  it('rejects those on a connection that is lost, and goes on with another', async () => {
    if (!on.engine.capabilities.cancelStatements || on.name === 'pgbouncer') return;
    const run = makeReadQueue(on.pool, () => 0);
    await run(echo('a'));
    const dying = 'select pg_terminate_backend(pg_backend_pid())';
    await run(echo('x', `${dying} where $1::text <> 'x'`));
    const outcomes = await Promise.allSettled([
      run(echo('a')),
      run(echo('y', `${dying} where $1::text <> 'x'`)),
      run(echo('b')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect((await run(echo('c')))[1]!.rows).toEqual([{ tenant: 'c', asked: 'c' }]);
  });
});
