import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { qualityScore } from './quality-score.ts';

const seed = 20261122;

describe('quality score', () => {
  test.each([
    [0, 100, 'A'],
    [0.05, 90, 'A'],
    [0.0501, 89.98, 'B'],
    [0.1, 80, 'B'],
    [0.1001, 79.98, 'C'],
    [0.2, 60, 'C'],
    [0.35, 45, 'D'],
    [0.5, 30, 'D'],
    [0.75, 15, 'E'],
    [1, 0, 'E'],
    [40, 0, 'E'],
  ])('ratio %d: score %d, rating %s', (ratio, score, rating) => {
    const result = qualityScore({ codeLines: 1000, debtMinutes: ratio * 30_000 });
    expect(result.rating).toBe(rating);
    expect(result.score).toBeCloseTo(score, 2);
  });

  test('no code has no score', () => {
    expect(qualityScore({ codeLines: 0, debtMinutes: 0 })).toEqual({
      score: null,
      rating: null,
      debtMinutes: 0,
      debtRatio: null,
    });
    expect(qualityScore({ codeLines: 0, debtMinutes: 90 }).score).toBeNull();
  });

  test('an added issue never raises the score nor betters the rating; it stays within 0 and 100', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(10_000_000), fc.nat(10_000), (lines, debt, added) => {
        const codeLines = lines + 1;
        const before = qualityScore({ codeLines, debtMinutes: debt });
        const after = qualityScore({ codeLines, debtMinutes: debt + added });
        expect(after.score!).toBeLessThanOrEqual(before.score!);
        expect(after.rating! >= before.rating!).toBe(true);
        expect(after.score!).toBeGreaterThanOrEqual(0);
        expect(before.score!).toBeLessThanOrEqual(100);
      }),
      { seed },
    );
  });
});
