import { stripTypeScriptTypes } from 'node:module';
import { describe, expect, test } from 'vitest';
import { elementOf, fileMetrics } from '../fixtures/analyze-text.ts';
import type { Metrics } from './definitions.ts';
import { halsteadOf } from './halstead.ts';

/** N1, N2, n1, n2: the order of radon's tests. */
function counts(metrics: Metrics): (number | undefined)[] {
  return [
    metrics.halstead_operators,
    metrics.halstead_operands,
    metrics.halstead_distinct_operators,
    metrics.halstead_distinct_operands,
  ];
}

describe('Halstead of Python, definition radon', () => {
  /** Cases of radon's own tests (radon/tests/test_halstead.py, MIT), and ours with the values radon gives. */
  test.each([
    ['if a and b: pass', [1, 2, 1, 2]],
    ['if a and b: pass\nelif b or c: pass', [2, 4, 2, 3]],
    ['if a and b: pass\nelif b and c: pass', [2, 4, 1, 3]],
    ['a = b * c', [1, 2, 1, 2]],
    ['b = -x', [1, 1, 1, 1]],
    ['a = -x\nc = -x', [2, 2, 1, 1]],
    ['a = -x\nb = +x', [2, 2, 2, 1]],
    ['a += 3\nb += 4\nc *= 3', [3, 6, 2, 5]],
    ['a = 2\nb = 3\na *= b\ndef f():\n  b = 2\n  b += 4', [2, 4, 2, 4]],
    ['a = b < 4\nc = i <= 45 >= d\nk = 4 < 2', [4, 7, 3, 6]],
    ['a = 2\nb = 3\na *= b\nasync def f():\n  b = 2\n  b += 4', [2, 4, 2, 4]],
    ['a and b and c', [1, 3, 1, 3]],
    ['(a and b) and c', [2, 4, 1, 4]],
    ['a + x.a + "a"', [2, 4, 1, 2]],
    ['1 + 1.0 + 0x1 + True', [3, 6, 1, 3]],
    ['(f(x)) < \\\n  (f(x))', [1, 2, 1, 2]],
    ['@d(1 + 2)\ndef f(x=3 + 4): pass', [0, 0, 0, 0]],
  ])('%j', async (code, expected) => {
    expect(counts(await fileMetrics('a.py', code))).toEqual(expected);
  });

  const sample = `
    a = b + c
    d = c - f

    def f(b):
        a = 2 - 4
        d = a + b
        return a ** d`;

  test("the sample of radon's h_visit", async () => {
    const metrics = await fileMetrics('a.py', sample);
    expect(counts(metrics)).toEqual([5, 10, 3, 8]);
    expect(metrics.halstead_vocabulary).toBe(11);
    expect(metrics.halstead_length).toBe(15);
    expect(metrics.halstead_estimated_length).toBeCloseTo(28.75488750216347, 10);
    expect(metrics.halstead_volume).toBeCloseTo(51.89147427955947, 10);
    expect(metrics.halstead_difficulty).toBe(1.875);
    expect(metrics.halstead_effort).toBeCloseTo(97.296514274174, 10);
    expect(metrics.halstead_time_seconds).toBeCloseTo(5.405361904120777, 10);
    expect(metrics.halstead_bugs).toBeCloseTo(0.01729715809318649, 12);
    const { metrics: ofFunction } = await elementOf('a.py', sample, 'f');
    expect(counts(ofFunction)).toEqual([3, 6, 3, 5]);
    expect(ofFunction.halstead_volume).toBeCloseTo(27, 10);
    expect(ofFunction.halstead_effort).toBeCloseTo(48.6, 10);
  });

  test('nothing counted is 0 everywhere', () => {
    expect(Object.values(halsteadOf(0, 0, 0, 0)).every((value) => value === 0)).toBe(true);
  });
});

describe('Halstead of JavaScript and TypeScript, definition plinth-tokens', () => {
  test.each([
    ['a = b + c', [2, 3, 2, 3]],
    ['f(a)', [1, 2, 1, 2]],
    ['const x = [1, 1]', [3, 3, 3, 2]],
    [`if (a < b) { a.b = \`x\${c}\` } else { }`, [6, 6, 6, 4]],
  ])('%j', async (code, expected) => {
    expect(counts(await fileMetrics('a.js', code))).toEqual(expected);
  });

  test('formatting does not change a value', async () => {
    const tight = await fileMetrics('a.js', 'const f=x=>{return{a:x,b:[1,2]}};f(3)');
    const loose = await fileMetrics(
      'a.js',
      'const f = (x) => {\n  return {\n    a: x,\n    b: [1, 2,],\n  };\n};\nf(3);',
    );
    expect(counts(tight)).toEqual(counts(loose));
  });

  test('erasing the types does not change a value', async () => {
    const typed = `
      import type { A } from './a.ts';
      import { type B, c } from './b.ts';
      interface Shape { x: number; y?: string }
      type Pair<T> = [T, T] | (T extends string ? never : null);
      declare const outside: Pair<number>;
      export abstract class Box<T extends Shape> implements Iterable<T> {
        private readonly items: T[] = [];
        declare hidden: string;
        protected abstract size(): number;
        static of<U extends Shape>(this: void, ...items: U[]): U[] { return items as U[]; }
        get(index: number, fallback?: T): T { return this.items[index] ?? fallback!; }
        *[Symbol.iterator](): IterableIterator<T> { yield* this.items; }
      }
      function overload(a: string): string;
      function overload(a: string | number): string | number {
        const made = c<number>(a satisfies unknown) as unknown as A;
        for (const [key, value] of Object.entries(made)) { if (typeof key === 'string' && value !== null) return key; }
        return a;
      }`;
    const erased = await fileMetrics('a.js', stripTypeScriptTypes(typed));
    const metrics = await fileMetrics('a.ts', typed);
    expect(counts(metrics)).toEqual(counts(erased));
    expect(metrics.cyclomatic).toBe(erased.cyclomatic);
    expect(metrics.cognitive).toBe(erased.cognitive);
  });
});
