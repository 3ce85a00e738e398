import { describe, expect, it } from 'vitest';
import { errors } from '../core/errors.ts';
import { makeBatcher } from './batcher.ts';

interface Item {
  readonly keys: readonly string[];
  readonly bytes: number;
  readonly n: number;
}
const item = (n: number, more: Partial<Item> = {}): Item => ({ n, keys: [`k${n}`], bytes: 1, ...more });

/** A batcher whose writes end when told to. */
function controlled(options: Partial<Parameters<typeof makeBatcher<Item, number>>[0]> = {}) {
  const writes: { group: string; items: number[]; end: (error?: Error) => void }[] = [];
  const batcher = makeBatcher<Item, number>({
    slots: 1,
    items_max: 3,
    bytes_max: 100,
    waiting_max: 20,
    write: (group, items) =>
      new Promise((resolve, reject) =>
        writes.push({
          group,
          items: items.map(({ n }) => n),
          end: (error) => (error ? reject(error) : resolve(items.map(({ n }) => n * 10))),
        }),
      ),
    ...options,
  });
  return { batcher, writes };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the batcher', () => {
  it('writes at once while a slot is free, then all that waits, in order and in bounds', async () => {
    const { batcher, writes } = controlled();
    const answers = Promise.all([1, 2, 3, 4, 5].map((n) => batcher.add('a', item(n))));
    expect(writes.map(({ items }) => items)).toEqual([[1]]);
    for (let n = 0; n < 3; n++) {
      writes[n]!.end();
      await settled();
    }
    expect(writes.map(({ items }) => items)).toEqual([[1], [2, 3, 4], [5]]);
    expect(await answers).toEqual([10, 20, 30, 40, 50]);
  });

  it('lets groups take turns', async () => {
    const { batcher, writes } = controlled();
    for (const n of [1, 2, 3, 4, 5, 6, 7]) void batcher.add('busy', item(n));
    void batcher.add('quiet', item(8));
    for (let n = 0; n < 4; n++) {
      writes[n]!.end();
      await settled();
    }
    expect(writes.map(({ group, items }) => [group, items])).toEqual([
      ['busy', [1]],
      ['busy', [2, 3, 4]],
      ['quiet', [8]],
      ['busy', [5, 6, 7]],
    ]);
  });

  it('bounds the bytes of a batch; a larger item goes alone', async () => {
    const { batcher, writes } = controlled();
    void batcher.add('a', item(0));
    for (const [n, bytes] of [
      [1, 60],
      [2, 60],
      [3, 500],
      [4, 1],
    ] as const) {
      void batcher.add('a', item(n, { bytes }));
    }
    for (let n = 0; n < 5; n++) {
      writes[n]!.end();
      await settled();
    }
    expect(writes.map(({ items }) => items)).toEqual([[0], [1], [2], [3], [4]]);
  });

  it('does not put together what shares some keys and not others', async () => {
    const { batcher, writes } = controlled();
    void batcher.add('a', item(0));
    void batcher.add('a', item(1, { keys: ['d1', 'body'] }));
    void batcher.add('a', item(2, { keys: ['d2', 'body'] }));
    void batcher.add('a', item(3, { keys: ['d1', 'body'] }));
    for (let n = 0; n < 3; n++) {
      writes[n]!.end();
      await settled();
    }
    expect(writes.map(({ items }) => items)).toEqual([[0], [1, 3], [2]]);
  });

  it('tries the items of a failed batch one by one', async () => {
    const { batcher, writes } = controlled();
    const first = batcher.add('a', item(0));
    const rest = Promise.allSettled([1, 2, 3].map((n) => batcher.add('a', item(n))));
    writes[0]!.end();
    await settled();
    writes[1]!.end(new Error('one of them'));
    for (const [n, error] of [
      [2, undefined],
      [3, new Error('this one')],
      [4, undefined],
    ] as const) {
      await settled();
      writes[n]!.end(error);
    }
    expect(await first).toBe(0);
    expect((await rest).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('does not when the database is gone', async () => {
    const { batcher, writes } = controlled();
    void batcher.add('a', item(0));
    const rest = Promise.allSettled([1, 2, 3].map((n) => batcher.add('a', item(n))));
    writes[0]!.end();
    await settled();
    writes[1]!.end(errors.database_unavailable());
    expect((await rest).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(writes).toHaveLength(2);
  });

  it('refuses more than may wait', () => {
    const { batcher } = controlled({ waiting_max: 2 });
    for (const n of [0, 1, 2]) void batcher.add('a', item(n));
    expect(() => batcher.add('a', item(3))).toThrow(expect.objectContaining({ code: 'too_busy' }));
    expect(batcher.waiting).toBe(2);
  });

  it('writes a batch again whose transaction the database gave up, and in the end says so', async () => {
    const { batcher, writes } = controlled();
    const first = batcher.add('a', item(1));
    const others = [batcher.add('a', item(2)), batcher.add('a', item(3))];
    writes[0]!.end(errors.serialization_conflict());
    await settled();
    expect(writes.map(({ items }) => items)).toEqual([[1], [1]]);
    writes[1]!.end();
    expect(await first).toBe(10);
    await settled();
    writes[2]!.end(errors.serialization_conflict());
    await settled();
    // together, not one by one
    expect(writes.map(({ items }) => items).slice(2)).toEqual([
      [2, 3],
      [2, 3],
    ]);
    writes[3]!.end();
    expect(await Promise.all(others)).toEqual([20, 30]);
    await settled();

    const last = batcher.add('a', item(4));
    const told = expect(last).rejects.toMatchObject({ code: 'serialization_conflict' });
    for (let n = 4; n < 10; n++) {
      writes[n]!.end(errors.serialization_conflict());
      await settled();
    }
    await told;
    expect(writes).toHaveLength(10);
  });
});
