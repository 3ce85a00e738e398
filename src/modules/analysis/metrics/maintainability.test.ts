import { describe, expect, test } from 'vitest';
import { fileMetrics } from '../fixtures/analyze-text.ts';
import { maintainabilityRadon, maintainabilityVisualStudio } from './maintainability.ts';

describe('maintainability index, variant radon', () => {
  /** radon/tests/test_other_metrics.py (MIT). */
  test.each([
    [0, 0, 0, 0, 100],
    [0, 1, 2, 0, 100],
    [10, 2, 5, 0.5, 81.75051711476864],
    [200, 10, 78, 45, 70.0321877686122],
  ])('mi_compute(%d, %d, %d, %d) is %d', (volume, complexity, lines, comments, expected) => {
    expect(maintainabilityRadon(volume, complexity, lines, comments)).toBeCloseTo(expected, 10);
  });

  test('of a file: the samples of radon', async () => {
    const first = 'def f(a, b, c):\n    return (a ** b) % c\n\nk = f(1, 2, 3)\nprint(k ** 2 - 1)';
    expect((await fileMetrics('a.py', first)).maintainability_index).toBeCloseTo(75.40162245189028, 8);
    const second = `
      class A(object):

          def __init__(self, n):
              # this is awesome
              self.n = sum(i for i in range(n) if i&1)

          def m(self, j):
              """Just compute it.
              Example.
              """
              if j > 421:
                  return (self.n + 2) ** j
              return (self.n - 2) ** j

      a = A(4)
      a.m(42)  # i don't know why, but it works`;
    expect((await fileMetrics('a.py', second)).maintainability_index).toBeCloseTo(93.84027450359395, 8);
    expect((await fileMetrics('a.py', '')).maintainability_index).toBe(100);
  });
});

describe('maintainability index, variant visual-studio', () => {
  test('is the formula, clamped', () => {
    expect(maintainabilityVisualStudio(0, 1, 1)).toBe(100);
    expect(maintainabilityVisualStudio(1000, 5, 50)).toBeCloseTo(
      ((171 - 5.2 * Math.log(1000) - 0.23 * 5 - 16.2 * Math.log(50)) * 100) / 171,
      10,
    );
    expect(maintainabilityVisualStudio(1e9, 5000, 1e6)).toBe(0);
  });
});
