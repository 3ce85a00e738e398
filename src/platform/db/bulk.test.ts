import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { type BulkValue, bulkLoad } from './bulk.ts';

describeEngines('bulk load', (on) => {
  const load = async (
    rows: AsyncIterable<BulkValue[]> | Iterable<BulkValue[]>,
    options: { copy?: boolean; skipExisting?: boolean } = {},
    table = 'bulk',
    columns = ['n', 'text', 'doc', 'bytes', 'list', 'at'],
  ) => {
    const client = await on.pool.connect();
    try {
      return await bulkLoad(client, table, columns, rows, { capabilities: on.engine.capabilities, ...options });
    } finally {
      client.release();
    }
  };

  it('stores any value as it is, by COPY and by inserts', async () => {
    await on.pool.query(`create table bulk (n bigint, text text, doc jsonb, bytes bytea, list text[], at timestamptz)`);
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', '') || '\\N\t\n\r\\.');
    const row = fc.tuple(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.option(text),
      fc.record({ a: text, b: fc.integer() }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.array(fc.option(text)),
      fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), fc.boolean(), async (rows, copy) => {
        await on.pool.query('truncate bulk');
        expect(await load(rows, { copy })).toBe(rows.length);
        const { rows: stored } = await on.pool.query({
          text: 'select n::text, text, doc, bytes, list, at from bulk order by ctid',
          rowMode: 'array',
        });
        expect(stored).toEqual(rows.map(([n, ...rest]) => [String(n), ...rest]));
      }),
      { numRuns: 30, seed: 20_261_122 },
    );
  });

  it('is all or nothing, and says what was wrong', async () => {
    await on.pool.query('create table strict (n int constraint strict_pkey primary key)');
    const rows = () => [[1], [2], [2]];
    await expect(load(rows(), { copy: true }, 'strict', ['n'])).rejects.toMatchObject({ code: '23505' });
    await expect(load(rows(), { copy: false }, 'strict', ['n'])).rejects.toMatchObject({ code: '23505' });
    expect((await on.pool.query('select count(*)::int as n from strict')).rows).toEqual([{ n: 0 }]);
    expect(await load(rows(), { skipExisting: true }, 'strict', ['n'])).toBe(2);
  });

  it('ends the COPY when the source fails, and the connection goes on', async () => {
    async function* failing() {
      yield [10];
      throw new Error('the source failed');
    }
    await expect(load(failing(), {}, 'strict', ['n'])).rejects.toThrow('the source failed');
    await expect(load([[1, 2]], {}, 'strict', ['n'])).rejects.toThrow('2 values for 1 columns');
    expect((await on.pool.query('select n from strict where n = 10')).rows).toEqual([]);
  });

  it('takes more rows than a statement has parameters, and names that need quotes', async () => {
    await on.pool.query('create table "Odd "" name" ("select" int, b int)');
    const rows = Array.from({ length: 70_000 }, (_, n) => [n, n]);
    expect(await load(rows, { copy: false }, 'Odd " name', ['select', 'b'])).toBe(70_000);
    expect(await load(rows, {}, 'Odd " name', ['select', 'b'])).toBe(70_000);
  });
});
