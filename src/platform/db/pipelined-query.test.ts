import { expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { pipelined, statementName } from './pipelined-query.ts';

describeEngines('a pipeline of statements', (on) => {
  const named = () => on.engine.capabilities.namedStatements;
  const withConnection = async <T>(work: (client: import('pg').PoolClient) => Promise<T>): Promise<T> => {
    const client = await on.pool.connect();
    try {
      return await work(client);
    } finally {
      client.release();
    }
  };

  it('is one transaction: what the first sets locally, the second sees, and then it is gone', async () => {
    await withConnection(async (client) => {
      for (let round = 0; round < 3; round++) {
        const [, second] = await pipelined(client, [
          { text: `select set_config('plinth.test', $1, true)`, values: [`round ${round}`], named: named() },
          { text: `select current_setting('plinth.test') as seen, $1::int as n`, values: [round], named: named() },
        ]);
        expect(second?.rows).toEqual([{ seen: `round ${round}`, n: round }]);
        expect(second?.rowCount).toBe(1);
      }
      const { rows } = await client.query(`select current_setting('plinth.test', true) as after`);
      expect(['', null]).toContain(rows[0].after);
    });
  });

  it('stops at the first error, keeps nothing, and leaves the connection usable', async () => {
    await on.pool.query('create table kept (n int)');
    await withConnection(async (client) => {
      for (const isNamed of [false, named()]) {
        const failing = pipelined(client, [
          { text: 'insert into kept values (1)', named: isNamed },
          { text: 'select 1 / $1::int', values: [0], named: isNamed },
          { text: 'insert into kept values (2)', named: isNamed },
        ]);
        await expect(failing).rejects.toMatchObject({ code: '22012' });
        const [again] = await pipelined(client, [{ text: 'select 1 / $1::int as q', values: [1], named: isNamed }]);
        expect(again?.rows).toEqual([{ q: 1 }]);
        const [counted] = await pipelined(client, [{ text: 'select count(*)::int as n from kept', named: isNamed }]);
        expect(counted?.rows).toEqual([{ n: 0 }]);
      }
    });
  });

  it('works where a named statement was not parsed because one before it failed', async () => {
    await withConnection(async (client) => {
      const second = { text: 'select $1::text as echo', values: ['a'], named: named() };
      await expect(pipelined(client, [{ text: 'select nowhere', named: named() }, second])).rejects.toMatchObject({
        code: '42703',
      });
      expect((await pipelined(client, [second]))[0]?.rows).toEqual([{ echo: 'a' }]);
      expect((await pipelined(client, [second]))[0]?.rows).toEqual([{ echo: 'a' }]);
    });
  });

  it('refuses a value that can not be sent before anything is sent', async () => {
    await withConnection(async (client) => {
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      await expect(pipelined(client, [{ text: 'select $1', values: [circular] }])).rejects.toThrow();
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    });
  });

  it('does not hang on a COPY', async () => {
    await on.pool.query('create table copied (n int)');
    await withConnection(async (client) => {
      await expect(pipelined(client, [{ text: 'copy copied from stdin' }])).rejects.toMatchObject({ code: '57014' });
      expect((await client.query('select count(*)::int as n from copied')).rows).toEqual([{ n: 0 }]);
    });
  });

  it('keeps a bounded number of statements prepared', async () => {
    if (!named()) return;
    await withConnection(async (client) => {
      for (let n = 0; n < 300; n++) {
        const [result] = await pipelined(client, [{ text: `select ${n} as n`, named: true }]);
        expect(result?.rows).toEqual([{ n }]);
      }
      const { rows } = await client.query(
        `select count(*)::int as n from pg_prepared_statements where name like 'p\\_%'`,
      );
      expect(rows[0].n).toBeLessThanOrEqual(256);
      expect((await pipelined(client, [{ text: 'select 0 as n', named: true }]))[0]?.rows).toEqual([{ n: 0 }]);
    });
  });

  it('has the columns of a prepared statement described once, and again when they are others', async () => {
    if (!named()) return;
    await on.pool.query('create table widened (n int); insert into widened values (1)');
    await withConnection(async (client) => {
      let described = 0;
      const { connection } = client as unknown as { connection: import('node:events').EventEmitter };
      connection.on('rowDescription', () => described++);
      const read = { text: 'select *, now() as at from widened', named: true };
      const rows = async () => (await pipelined(client, [read]))[0]?.rows;
      for (let time = 0; time < 3; time++) expect(await rows()).toEqual([{ n: 1, at: expect.any(Date) }]);
      expect((await pipelined(client, [read, read])).map((result) => result.fields.map(({ name }) => name))).toEqual([
        ['n', 'at'],
        ['n', 'at'],
      ]);
      expect(described).toBe(1);
      await client.query('alter table widened add column m int default 2');
      await expect(rows()).rejects.toMatchObject({ code: '0A000' });
      for (let time = 0; time < 3; time++) expect(await rows()).toEqual([{ n: 1, m: 2, at: expect.any(Date) }]);
      expect(described).toBe(2);
    });
  });

  it('has the columns described each time where they need not be the same', async () => {
    if (!named()) return;
    await withConnection(async (client) => {
      const fetch = { text: 'fetch all from rows_of', named: true };
      const fetched = async (query: string) =>
        (await pipelined(client, [{ text: 'begin' }, { text: `declare rows_of cursor for ${query}` }, fetch]))[2]?.rows;
      expect(await fetched('select 1 as a')).toEqual([{ a: 1 }]);
      await client.query('rollback');
      await expect(fetched(`select 'x' as b, 2 as c`)).resolves.toEqual([{ b: 'x', c: 2 }]);
      await client.query('rollback');
    });
  });

  it('gives the same types as a plain query', async () => {
    const text = `select now() as at, 1.5::numeric as price, '{"a":1}'::jsonb as doc, array[1,2] as list`;
    await withConnection(async (client) => {
      const [piped] = await pipelined(client, [{ text }]);
      const plain = await client.query(text);
      expect(piped?.fields.map(({ name, dataTypeID }) => [name, dataTypeID])).toEqual(
        plain.fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
      );
      expect(Object.values(piped?.rows[0]).map((value) => typeof value)).toEqual(
        Object.values(plain.rows[0]).map((value) => typeof value),
      );
    });
  });
});

it('a statement has the same name wherever it is prepared, within what PostgreSQL keeps of a name', () => {
  expect(statementName('select 1')).toBe(statementName('select 1'));
  expect(statementName('select 1')).not.toBe(statementName('select 2'));
  expect(statementName('x'.repeat(10_000)).length).toBeLessThan(64);
});
