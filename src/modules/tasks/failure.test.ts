import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeFailure,
  parseRetryAfter,
  readableThrown,
  retry_after_seconds_max,
  retry_delay_seconds_max,
  retryAfter,
  retryDelaySeconds,
  TaskFailure,
} from './failure.ts';

describe('retries', () => {
  test('pauses double from one second to an hour, at least half of each fixed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, dice) => {
        const ceiling = Math.min(retry_delay_seconds_max, 2 ** (attempt - 1));
        const pause = retryDelaySeconds(attempt, () => dice);
        expect(pause).toBeGreaterThanOrEqual(ceiling / 2);
        expect(pause).toBeLessThanOrEqual(ceiling);
      }),
      { seed: 20_261_122 },
    );
  });

  test('a type may have pauses of its own, and codes after which there is no second attempt', () => {
    const policy = { firstDelaySeconds: 10, factor: 1, notRetryable: ['gone', 'handler_failed'] };
    expect([1, 2, 9].map((attempt) => retryDelaySeconds(attempt, () => 1, policy))).toEqual([10, 10, 10]);
    expect(retryDelaySeconds(9, () => 1, { maxDelaySeconds: 5 })).toBe(5);
    expect(retryAfter(Object.assign(new Error(), { code: 'gone' }), 1, policy)).toBe(null);
    expect(retryAfter(new Error('without a code'), 1, policy)).toBe(null);
    expect(retryAfter(new TaskFailure('busy', 'busy'), 1, policy)).toBeGreaterThanOrEqual(5);
    expect(retryAfter(new TaskFailure('no', 'no', { retryable: false }), 1)).toBe(null);
    expect(retryAfter(null, 1)).toBeGreaterThanOrEqual(0.5);
  });

  test('what the other side asks for is honoured, within a day', () => {
    expect(retryAfter(new TaskFailure('busy', 'busy', { retryAfterSeconds: 42 }), 1)).toBe(42);
    expect(retryAfter(Object.assign(new Error(), { retryAfterSeconds: 7 }), 3)).toBe(7);
    expect(retryAfter({ retryAfterSeconds: 1e9 }, 1)).toBe(retry_after_seconds_max);
    expect(retryAfter({ retryAfterSeconds: Number.NaN }, 1)).toBeLessThanOrEqual(1);
    const now = new Date('2026-11-23T10:00:00Z');
    expect(parseRetryAfter('120', now)).toBe(120);
    expect(parseRetryAfter(' Mon, 23 Nov 2026 10:00:30 GMT ', now)).toBe(30);
    expect(parseRetryAfter('Mon, 23 Nov 2026 09:00:00 GMT', now)).toBe(0);
    for (const nothing of [null, undefined, '', 'soon', '-']) expect(parseRetryAfter(nothing, now)).toBe(undefined);
  });

  test('what throws when it is looked at is a failure all the same', () => {
    const angry = () => {
      throw new Error('looked at');
    };
    for (const thrown of [
      new Proxy({}, { get: angry }),
      new Proxy({}, { getPrototypeOf: angry }),
      {
        get code() {
          return angry();
        },
      },
      Object.defineProperty(new Error('x'), 'message', { get: angry }),
    ]) {
      expect(describeFailure(readableThrown(thrown))).toMatchObject({ code: 'handler_failed' });
    }
    const plain = new Error('plain');
    expect(readableThrown(plain)).toBe(plain);
  });

  test('whatever is thrown is described within bounds', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (thrown) => {
        const { code, message } = describeFailure(thrown);
        expect(code).toMatch(/^[A-Za-z0-9_.:-]{1,100}$/);
        expect(message.length).toBeLessThanOrEqual(4_000);
        expect(message.isWellFormed() && !message.includes('\0')).toBe(true);
      }),
      { seed: 20_261_122 },
    );
  });
});
