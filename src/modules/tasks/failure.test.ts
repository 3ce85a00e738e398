import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeFailure, retry_delay_seconds_max, retryDelaySeconds } from './failure.ts';

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
