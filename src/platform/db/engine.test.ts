import pg from 'pg';
import { expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';

/** Every type we use, as text that every engine reads. */
const samples: readonly [type: string, literal: string][] = [
  ['timestamptz', '2026-11-22 19:41:03.123456+01'],
  ['timestamp', '2026-11-22 19:41:03.123456'],
  ['date', '2026-11-22'],
  ['interval', '1 year 2 mons 3 days 04:05:06.789'],
  ['numeric', '123456789012345678901234567890.123456789'],
  ['numeric', 'NaN'],
  ['int8', '9223372036854775807'],
  ['int4', '-2147483648'],
  ['float8', '0.1'],
  ['bool', 't'],
  ['text', 'Zürich — 日本 \u{1F600}'],
  ['jsonb', '{"a": [1, 2.50, null, "x"], "b": {"c": true}}'],
  ['json', '{"a":  1}'],
  ['int4[]', '{{1,2},{3,NULL}}'],
  ['text[]', '{a,"b c",NULL,"\\"q\\""}'],
  ['uuid', '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42'],
  ['bytea', '\\x00ff10'],
  ['xid8', '42'],
  ['tstzrange', '[2026-01-01 00:00:00+00,)'],
  ['inet', '10.0.0.1/8'],
];

const withoutZone = [1114, 1082];

/** Dates without a zone are read as local ones: written so that the machine's own zone does not show. */
function plain(value: unknown, type: number): unknown {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (!(value instanceof Date)) return value;
  const shiftMs = withoutZone.includes(type) ? value.getTimezoneOffset() * 60_000 : 0;
  return new Date(value.getTime() - shiftMs).toISOString();
}

describeEngines('an engine', (on) => {
  it('gives each type as every other does', async () => {
    const columns = samples.map(([type], n) => `$${n + 1}::${type} as c${n}`).join(', ');
    const result = await on.pool.query({
      text: `select ${columns}, null::text as nothing`,
      values: samples.map(([, literal]) => literal),
      rowMode: 'array',
    });
    const [row = []] = result.rows as unknown[][];
    const seen = row.map((value, n) => {
      const { name, dataTypeID } = result.fields[n]!;
      return [samples[n]?.[0] ?? name, dataTypeID, plain(value, dataTypeID)];
    });
    // One text for all engines, to be read by people.
    await expect(`${JSON.stringify(seen, undefined, 1)}\n`).toMatchFileSnapshot('./golden/types.json');
  });

  it('takes and returns parameters of each type unchanged', async () => {
    const at = new Date('2026-11-22T18:41:03.123Z');
    const values = [at, 10n ** 18n, Buffer.from([0, 255]), ['a', null, '"'], { a: [1] }, null, false, 1.5];
    const types = ['timestamptz', 'int8', 'bytea', 'text[]', 'jsonb', 'text', 'bool', 'float8'];
    const { rows } = await on.pool.query({
      text: `select ${types.map((type, n) => `$${n + 1}::${type}`).join(', ')}`,
      values,
      rowMode: 'array',
    });
    expect(rows[0]).toEqual([at, '1000000000000000000', ...values.slice(2)]);
  });

  it('tells statements that follow each other apart by their time', async () => {
    const client = await on.pool.connect();
    const times: string[] = [];
    for (let n = 0; n < 200; n++) {
      const { rows } = await client.query<{ at: string }>(
        `select to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS.US') as at`,
      );
      times.push(rows[0]!.at);
    }
    client.release();
    expect([...new Set(times)].toSorted()).toEqual(times);
  });

  it('goes on after an error, alone and inside a transaction with a savepoint', async () => {
    await expect(on.pool.query('select 1/0')).rejects.toMatchObject({ code: '22012' });
    await expect(on.pool.query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
    await expect(on.pool.query('select 1; select 1/0; select 2')).rejects.toMatchObject({ code: '22012' });
    const client = await on.pool.connect();
    await client.query('begin');
    await client.query('savepoint s');
    await expect(client.query('select nowhere')).rejects.toMatchObject({ code: '42703' });
    await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('rollback to savepoint s');
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.query('commit');
    client.release();
  });

  it('runs prepared statements, again after one failed', async () => {
    if (!on.engine.capabilities.namedStatements) return;
    const client = await on.pool.connect();
    const divide = (by: number) => client.query({ name: 'divide', text: 'select 6 / $1::int as q', values: [by] });
    expect((await divide(2)).rows).toEqual([{ q: 3 }]);
    await expect(divide(0)).rejects.toMatchObject({ code: '22012' });
    expect((await divide(3)).rows).toEqual([{ q: 2 }]);
    client.release();
  });

  it('waits with a large result for a reader who is slow', async () => {
    const client = await on.pool.connect();
    const query = client.query(
      new pg.Query<{ text: string; made_at: number }>(
        `select repeat(md5(n::text), 32) as text, extract(epoch from clock_timestamp())::float8 * 1000 as made_at
           from generate_series(1, 100000) n`,
      ),
    );
    let bytes = 0;
    let madeMeanwhile = 0;
    let backAt = 0;
    query.on('row', (row: { text: string; made_at: number }) => {
      if (bytes === 0) {
        // The reader is away; an engine that does not wait makes all of its 100 MB meanwhile.
        const until = performance.now() + 2_000;
        while (performance.now() < until);
        backAt = Date.now();
      }
      bytes += row.text.length;
      if (row.made_at < backAt) madeMeanwhile += row.text.length;
    });
    await new Promise<void>((resolve, reject) => {
      query.on('end', () => resolve());
      query.on('error', reject);
    });
    client.release();
    expect(bytes).toBe(100_000 * 1_024);
    expect(madeMeanwhile / 1024 ** 2).toBeLessThan(50);
  });

  it('hands out rows in pieces (Flush instead of Sync), as cursors and query streams do', async () => {
    const client = await on.pool.connect();
    const config = { text: 'select n from generate_series(1, $1::int) n', values: [2_500], rows: 100 };
    const { rows } = await client.query(config as pg.QueryConfig);
    expect(rows.length).toBe(2_500);
    expect(rows.at(-1)).toEqual({ n: 2_500 });
    await client.query('begin');
    await client.query('declare c cursor for select n from generate_series(1, 10) n');
    expect((await client.query('fetch 3 from c')).rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await client.query('rollback');
    client.release();
  });

  it('takes a parameter of 20 MB', async () => {
    const { rows } = await on.pool.query('select length($1::text) as n', ['x'.repeat(20_000_000)]);
    expect(rows).toEqual([{ n: 20_000_000 }]);
  });

  it('is named without a password, and closes twice without an error', async () => {
    const other = await on.open();
    expect(other.engine.description).toMatch(/PostgreSQL \d+/);
    const password = other.url === undefined ? 'password' : new URL(other.url).password;
    if (password !== '') expect(JSON.stringify(other.engine.description)).not.toContain(password);
    await Promise.all([other.engine.close(), other.engine.close()]);
  });

  it('stops a statement at its limit and serves the next', async () => {
    const other = await on.open({ pglite: { statementTimeoutMs: 500 }, server: { statementTimeoutMs: 500 } });
    const slow = 'select count(*) from generate_series(1, 1000000000) n';
    if (other.engine.capabilities.sessionSettings) {
      await expect(other.engine.pool.query(slow)).rejects.toMatchObject({ code: '57014' });
    } else {
      const client = await other.engine.pool.connect();
      await client.query('begin; set local statement_timeout = 500');
      await expect(client.query(slow)).rejects.toMatchObject({ code: '57014' });
      await client.query('rollback');
      client.release();
    }
    expect((await other.engine.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('cancels a statement of another connection, where it can', async () => {
    const { engine } = on;
    if (!engine.capabilities.cancelStatements) {
      expect(await engine.cancel(1)).toBe(false);
      return;
    }
    const client = await engine.pool.connect();
    await client.query('begin');
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const slow = client.query('select pg_sleep(20)').catch((error: { code: string }) => error.code);
    await expect.poll(() => engine.cancel(rows[0]!.pid), { timeout: 5_000 }).toBe(true);
    const ended = await Promise.race([slow, new Promise((resolve) => setTimeout(() => resolve('again'), 1_000))]);
    if (ended === 'again') await engine.cancel(rows[0]!.pid);
    expect(await slow).toBe('57014');
    await client.query('rollback');
    client.release();
  });
});
