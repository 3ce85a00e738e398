import { describe, expect, it } from 'vitest';
import { makeTokenBuckets } from './token-buckets.ts';

describe('token buckets', () => {
  let at = 0;
  const clock = { now: () => new Date(at), sleep: async () => undefined };

  it('give a burst, then so many a second, and say how long to wait', () => {
    const buckets = makeTokenBuckets({ per_second: 2, burst: 3 }, 10, clock);
    expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 0.5]);
    expect(buckets.wait('a')).toBe(0.5);
    at += 500;
    expect([buckets.wait('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 0.5]);
    at += 60_000;
    expect([1, 2, 3, 4].map(() => buckets.take('a') === 0)).toEqual([true, true, true, false]);
  });

  it('are one for each key, and forget the key unused longest', () => {
    const buckets = makeTokenBuckets({ per_second: 1, burst: 1 }, 2, clock);
    expect([buckets.take('a'), buckets.take('b'), buckets.take('a')]).toEqual([0, 0, 1]);
    buckets.take('c');
    expect([buckets.wait('a'), buckets.wait('b')]).toEqual([1, 0]);
  });

  it('are not emptied or filled by a clock that goes back', () => {
    const buckets = makeTokenBuckets({ per_second: 1, burst: 2 }, 2, clock);
    buckets.take('a');
    at -= 10_000;
    expect([buckets.take('a'), buckets.take('a')]).toEqual([0, 1]);
  });
});
