import { describe, expect, test } from 'vitest';
import { analyzeText, dedent, elementOf, fileMetrics } from '../fixtures/analyze-text.ts';

/** Cases of radon's own tests (radon/tests/test_complexity_visitor.py, MIT), with radon's values. */
const blocks: readonly [code: string, complexity: number][] = [
  ['if a: pass', 2],
  ['if a: pass\nelse: pass', 2],
  ['if a: pass\nelif b: pass', 3],
  ['if a: pass\nelif b: pass\nelse: pass', 3],
  ['if a and b: pass', 3],
  ['if a and b: pass\nelse: pass', 3],
  ['if a and b: pass\nelif c and d: pass\nelse: pass', 5],
  ['if a and b or c and d: pass\nelse: pass', 5],
  ['if a and b or c: pass\nelse: pass', 4],
  ['for x in range(10): print(x)', 2],
  ['for x in xrange(10): print(x)\nelse: pass', 3],
  ['while a < 4: pass', 2],
  ['while a < 4: pass\nelse: pass', 3],
  ['while a < 4 and b < 42: pass', 3],
  ['while a and b or c < 10: pass\nelse: pass', 5],
  ["with open('raw.py') as fobj: print(fobj.read())", 1],
  ['[i for i in range(4)]', 2],
  ['[i for i in range(4) if i&1]', 3],
  ['(i for i in range(4))', 2],
  ['(i for i in range(4) if i&1)', 3],
  ['[i for i in range(42) if sum(k ** 2 for k in divisors(i)) & 1]', 4],
  ['try: raise TypeError\nexcept TypeError: pass', 2],
  ['try: raise TypeError\nexcept TypeError: pass\nelse: pass', 3],
  ['try: raise TypeError\nfinally: pass', 1],
  ['try: raise TypeError\nexcept TypeError: pass\nfinally: pass', 2],
  ['try: raise TypeError\nexcept TypeError: pass\nelse: pass\nfinally: pass', 3],
  ['try: raise TypeError\nexcept TypeError: pass\nelse:\n  pass\n  pass\nfinally: pass', 3],
  ['k = lambda a, b: k(b, a)', 1],
  ['k = lambda a, b, c: c if a else b', 2],
  ['v = a if b else c', 2],
  ['v = a if sum(i for i in xrange(c)) < 10 else c', 3],
  ['sum(i for i in range(12) for z in range(i ** 2) if i * z & 1)', 4],
  ['sum(i for i in range(10) if i >= 2 and val and val2 or val3)', 6],
  ['for i in range(10):\n  print(i)\nelse:\n  print("wah")\n  print(3)', 3],
  ['while True:\n  print(1)\nelse:\n  print(2)\n  print(1)', 3],
  ['assert i < 0', 2],
  ['assert i < 0, "Fail"', 2],
  ['{i for i in range(4)}', 2],
  ['{i for i in range(4) if i&1}', 3],
  ['{i:i**4 for i in range(4)}', 2],
  ['{i:i**4 for i in range(4) if i&1}', 3],
  ['match a:\n  case 1: pass', 2],
  ['match a:\n  case 1: pass\n  case _: pass', 2],
  ['match a:\n  case 1: pass\n  case 2: pass', 3],
  ['match a:\n  case 1: pass\n  case 2: pass\n  case _: pass', 3],
];

/** Ours, after what radon's visitor does. */
const more: readonly [code: string, complexity: number][] = [
  ['match a:\n  case 1: pass\n  case other: pass', 2],
  ['match a:\n  case None: pass', 2],
  ['match a:\n  case x if x and y: pass\n  case 2: pass', 3],
  ['assert a and b', 2],
  ['try: pass\nexcept* ValueError: pass', 2],
  ['@decorate(a if b else c)\ndef f(x=a if b else c): pass', 1],
  ['', 1],
];

describe('cyclomatic, definition radon', () => {
  test.each([...blocks, ...more])('%j is %i', async (code, complexity) => {
    expect((await fileMetrics('a.py', code)).cyclomatic).toBe(complexity);
  });

  test.each([
    [
      'def f(a, b, c):\n  if a and b == 4:\n    return c ** c\n  elif a and not c:\n    return sum(i for i in range(41) if i&1)\n  return a + b',
      7,
    ],
    [
      'def f(a, b):\n  while a**b:\n    a, b = b, a * (b - 1)\n    if a and b:\n      b = 0\n    else:\n      b = 1\n  return sum(i for i in range(b))',
      5,
    ],
    [
      "async def f(a, b):\n  async with open('blabla.log', 'w') as g:\n    async for i in range(100):\n      g.write(str(i))",
      2,
    ],
    [
      'def f(p, q):\n  while p:\n    p, q = q, p - q\n  if q < 1:\n    return 1 / q ** 2\n  elif q > 100:\n    return 1 / q ** .5\n  return 42 if not q else p',
      5,
    ],
  ])('function %j is %i', async (code, complexity) => {
    expect((await elementOf('a.py', code, 'f')).metrics.cyclomatic).toBe(complexity);
  });

  test('a class counts 1, its body and its methods', async () => {
    const code = `
      class A(object):
          def m(self, a, b):
              if not a or b:
                  return b - 1
              try:
                  return a / b
              except ZeroDivisionError:
                  return a
          def n(self, k):
              while self.m(k) < k:
                  k -= self.m(k ** 2 - min(self.m(j) for j in range(k ** 4)))
              return k`;
    expect((await elementOf('a.py', code, 'A')).metrics.cyclomatic).toBe(8);
    expect((await elementOf('a.py', code, 'A.m')).metrics.cyclomatic).toBe(4);
    expect((await elementOf('a.py', code, 'A.n')).metrics.cyclomatic).toBe(3);
  });

  test('a function inside a function counts for itself, and a file leaves it out', async () => {
    const analysis = await analyzeText(
      'a.py',
      dedent(`
        if a and b:
            print
        else:
            print
        a = sum(i for i in range(1000) if i % 3 == 0 and i % 5 == 0)
        def f(n):
            def inner(n):
                return n ** 2
            if n == 0:
                return 1
            elif n == 1:
                return n
            elif n < 5:
                return (n - 1) ** 2
            return n * pow(inner(n), f(n - 1), n - 3)`),
    );
    expect(analysis.metrics?.cyclomatic).toBe(9);
    expect(analysis.elements.map((each) => [each.path, each.metrics.cyclomatic])).toEqual([
      ['f', 4],
      ['f.inner', 1],
    ]);
  });
});
