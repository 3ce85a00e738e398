import { describe, expect, test } from 'vitest';
import { elementOf, fileMetrics } from '../fixtures/analyze-text.ts';

/** Value and own value of function `f`. */
async function cognitive(path: string, code: string): Promise<(number | undefined)[]> {
  const { metrics } = await elementOf(path, code, 'f');
  return [metrics.cognitive, metrics.cognitive_own];
}

/** The examples of the white paper (G. Ann Campbell, Cognitive Complexity), in JavaScript and Python. */
describe('cognitive: the examples of the white paper', () => {
  test('sumOfPrimes: 7, with cyclomatic 4', async () => {
    const { metrics } = await elementOf(
      'a.js',
      `
      function sumOfPrimes(max) {
        let total = 0;
        OUT: for (let i = 1; i <= max; ++i) { // +1
          for (let j = 2; j < i; ++j) {       // +2
            if (i % j === 0) {                // +3
              continue OUT;                   // +1
            }
          }
          total += i;
        }
        return total;
      }`,
      'sumOfPrimes',
    );
    expect([metrics.cognitive, metrics.cyclomatic]).toEqual([7, 4]);
  });

  test('getWords: 1, with cyclomatic 4', async () => {
    const { metrics } = await elementOf(
      'a.ts',
      `
      function getWords(number: number): string {
        switch (number) { // +1
          case 1: return 'one';
          case 2: return 'a couple';
          case 3: return 'a few';
          default: return 'lots';
        }
      }`,
      'getWords',
    );
    expect([metrics.cognitive, metrics.cyclomatic]).toEqual([1, 4]);
  });

  test('nesting in try and catch: 9', async () => {
    const code = `
      function f() {
        try {
          if (condition1) {              // +1
            for (let i = 0; i < 10; i++) { // +2
              while (condition2) {}      // +3
            }
          }
        } catch (e) {                    // +1
          if (condition2) {}             // +2
        }
      }`;
    expect(await cognitive('a.js', code)).toEqual([9, 9]);
  });

  test.each([
    ['function f() { if (a && b && c || d || e && g) {} }', 4],
    ['function f() { if (a && !(b && c)) {} }', 3],
    ['function f() { return a && b && c && d }', 1],
    ['function f() { return a || b || c || d }', 1],
    ['function f() { return a && b || c && d }', 3],
  ])('runs of operators: %s is %i', async (code, expected) => {
    expect(await cognitive('a.js', code)).toEqual([expected, expected]);
  });

  test('a callback is one level deeper: 2', async () => {
    expect(await cognitive('a.js', 'function f() { if (a) {} const r = () => { if (b) {} }; }')).toEqual([3, 1]);
    expect(await cognitive('a.py', 'def f():\n  g()\n  r = lambda: 1 if a else 2')).toEqual([2, 0]);
  });

  test('overriddenSymbolFrom: 19', async () => {
    const code = `
      function f(classType) {
        if (classType.isUnknown()) return unknown;              // +1
        let unknownFound = false;
        for (const overrideSymbol of symbols) {                 // +1
          if (overrideSymbol.isKind(MTH)                        // +2
              && !overrideSymbol.isStatic()) {                  // +1
            if (canOverride(overrideSymbol)) {                  // +3
              const overriding = check(overrideSymbol, classType);
              if (overriding === null) {                        // +4
                if (!unknownFound) {                            // +5
                  unknownFound = true;
                }
              } else if (overriding) {                          // +1
                return overrideSymbol;
              }
            }
          }
        }
        if (unknownFound) {                                     // +1
          return unknown;
        }
        return null;
      }`;
    expect(await cognitive('a.js', code)).toEqual([19, 19]);
  });

  test('addVersion: 35', async () => {
    const code = `
      def f(self, entry, txn):
          while True:                                              # +1
              try:
                  with self.lock:
                      if self.first is not None:                   # +2
                          if self.first.version > entry.version:   # +3
                              raise Rollback()
                          if txn.is_active():                      # +3
                              for e in chain(self.first):          # +4
                                  if depends == TIMED_OUT:         # +5
                                      raise Retry(version)
                                  if depends != 0 and depends != ABORTED: # +5 +1
                                      raise Rollback()
                      self.first = entry
                      break
              except Retry as retry:                               # +2
                  try:
                      if depends != 0 and depends != ABORTED:      # +3 +1
                          raise Rollback()
                  except Interrupted as error:                     # +3
                      raise Persist(error)
              except Interrupted as error:                         # +2
                  raise Persist(error)`;
    expect(await cognitive('a.py', code)).toEqual([35, 35]);
  });

  test('toRegexp: 20', async () => {
    const code = `
      function f(pattern) {
        let i = pattern.startsWith('/') ||            // +1
          pattern.startsWith('\\\\') ? 1 : 0;         // +1
        while (i < pattern.length) {                  // +1
          const ch = pattern[i];
          if (special.includes(ch)) {                 // +2
            sb.append(ch);
          } else if (ch === '*') {                    // +1
            if (i + 1 < pattern.length                // +3
                && pattern[i + 1] === '*') {          // +1
              if (i + 2 < pattern.length              // +4
                  && isSlash(pattern[i + 2])) {       // +1
                i += 2;
              } else {                                // +1
                i += 1;
              }
            } else {                                  // +1
              sb.append(ch);
            }
          } else if (ch === '?') {                    // +1
            sb.append(ch);
          } else if (isSlash(ch)) {                   // +1
            sb.append(ch);
          } else {                                    // +1
            sb.append(ch);
          }
          i++;
        }
        return sb;
      }`;
    expect(await cognitive('a.ts', code)).toEqual([20, 20]);
  });

  test('a JavaScript function that only declares others adds no level', async () => {
    expect(await cognitive('a.js', 'function f() { bar.a = function () { if (x) {} } }')).toEqual([1, 0]);
    expect(await cognitive('a.js', 'function f() { if (c) {} bar.a = function () { if (x) {} } }')).toEqual([3, 1]);
  });

  test('a Python decorator adds no level, also in several', async () => {
    const inner = 'def inner(g):\n    if c:\n      print(b)\n    g()\n';
    expect(await cognitive('a.py', `def f(a, b):\n  ${inner}  return inner`)).toEqual([1, 0]);
    expect(await cognitive('a.py', `def f(a, b):\n  "Doc."\n  @wraps(a)\n  ${inner}  return inner`)).toEqual([1, 0]);
    expect(await cognitive('a.py', `def f(a, b):\n  v = a * b\n  ${inner}  return inner`)).toEqual([2, 0]);
    const generator =
      'def f(a):\n  def outer(g):\n    def inner(h):\n      if c: pass\n    return inner\n  return outer';
    expect(await cognitive('a.py', generator)).toEqual([1, 0]);
  });
});

describe('cognitive: recursion', () => {
  test.each([
    ['a.js', 'function f(n) { return n * f(n - 1) }', 1],
    ['a.js', 'function f(n) { return g(n) } function g(n) { return f(n) }', 1],
    ['a.js', 'function f(n) { return g(n) } function g(n) { return n }', 0],
    ['a.js', 'function f(f) { return f(1) }', 0],
    ['a.js', 'function f(n) { return o.f(n) }', 0],
    ['a.js', 'function f(n) { return n.map((m) => f(m)) }', 1],
    ['a.py', 'def f(n):\n  return f(n - 1)', 1],
  ])('%s %s is %i', async (path, code, expected) => {
    expect((await cognitive(path, code))[0]).toBe(expected);
  });

  test.each([
    ['a.ts', 'class C { m() { this.n() } n() { this.m() } o() { this.m() } }', [1, 1, 0]],
    ['a.ts', 'class C { m() { m() } n() { other.n() } o() {} }', [0, 0, 0]],
    [
      'a.py',
      'class C:\n  def m(self): self.n()\n  def n(self): self.m()\n  @classmethod\n  def o(cls): cls.o()',
      [1, 1, 1],
    ],
  ])('methods %s %s', async (path, code, expected) => {
    const values = await Promise.all(['C.m', 'C.n', 'C.o'].map((element) => elementOf(path, code, element)));
    expect(values.map((each) => each.metrics.cognitive)).toEqual(expected);
  });
});

describe('cognitive: the rest of the definition', () => {
  test.each([
    ['a.js', 'function f() { if (a) {} else {} }', 2],
    ['a.js', 'function f() { if (a) {} else { if (b) {} } }', 4],
    ['a.js', 'function f() { if (a) {} else if (b) { if (c) {} } else {} }', 5],
    ['a.js', 'function f() { return a ?? b ?? c?.d }', 0],
    ['a.js', 'function f() { return (a && b) ?? (c && d) }', 2],
    ['a.js', 'function f() { return a && (b && (c && d)) }', 1],
    ['a.js', 'function f() { x ||= a; y &&= b }', 0],
    ['a.js', 'function f() { x: while (a) { break } y: while (b) { break y } }', 3],
    ['a.js', 'function f() { return a ? (b ? c : d) : e ? g : h }', 5],
    ['a.js', 'function f() { do { if (b) {} } while (a && b) }', 4],
    ['a.js', 'function f() { switch (a) { case 1: if (b) {} } }', 3],
    ['a.tsx', 'const f = () => <p>{a && <b/>}{c ? 1 : 2}</p>', 2],
    ['a.py', 'def f():\n  if a: pass\n  elif b:\n    if c: pass\n  else: pass', 5],
    ['a.py', 'def f():\n  for x in y:\n    if a: pass\n  else:\n    if b: pass', 6],
    [
      'a.py',
      'def f():\n  try: pass\n  except A:\n    if b: pass\n  else:\n    if c: pass\n  finally:\n    if d: pass',
      7,
    ],
    ['a.py', 'def f():\n  with a:\n    if b and not (c and d) or e: pass', 4],
    ['a.py', 'def f():\n  match a:\n    case 1:\n      if b: pass', 3],
    ['a.py', 'def f():\n  return [x for x in y if x]', 0],
    ['a.py', 'def f(a):\n  class A:\n    def m(self): return 1 if a else 2\n  return 1 if a else 2', 2],
  ])('%s %s is %i', async (path, code, expected) => {
    expect((await cognitive(path, code))[0]).toBe(expected);
  });

  test('a file is the sum of its functions and the code outside', async () => {
    const code = 'if (a && b) {} function f() { if (c) {} } class C { x = d ? 1 : 2; m() { while (e) {} } }';
    const metrics = await fileMetrics('a.ts', code);
    expect([metrics.cognitive, metrics.cognitive_own]).toEqual([5, 2]);
    expect((await elementOf('a.ts', code, 'C')).metrics.cognitive).toBe(2);
  });
});

describe('nesting, definition sonar-s134', () => {
  test.each([
    ['a.js', 'function f() {}', 0],
    ['a.js', 'function f() { if (a) { for (;;) { try { } catch (e) { while (b) {} } } } }', 4],
    ['a.js', 'function f() { if (a) {} else if (b) {} else if (c) { if (d) {} } }', 2],
    ['a.js', 'function f() { if (a) { g(() => { if (b) {} }) } }', 1],
    ['a.py', 'def f():\n  with a:\n    if b: pass\n    elif c:\n      for x in y: pass', 3],
  ])('%s %s is %i', async (path, code, expected) => {
    expect((await elementOf(path, code, 'f')).metrics.nesting_max).toBe(expected);
  });

  test('a class and a file report the deepest inside', async () => {
    const code = 'function o() { if (a) {} class C { m() { if (b) { if (c) { if (d) {} } } } } }';
    expect((await elementOf('a.ts', code, 'o.C')).metrics.nesting_max).toBe(3);
    expect((await elementOf('a.ts', code, 'o')).metrics.nesting_max).toBe(1);
    expect((await fileMetrics('a.ts', code)).nesting_max).toBe(3);
  });
});
