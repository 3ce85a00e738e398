import { describe, expect, test } from 'vitest';
import { elementOf, fileMetrics } from '../fixtures/analyze-text.ts';

describe('cyclomatic, definition sonar-js', () => {
  test.each([
    ['function f() {}', 1],
    ['function f() { if (a) {} else if (b) {} else {} }', 3],
    ['function* f() { if (a) { if (b) {} } }', 3],
    ['function f(x) { switch (x) { case 0: break; case 1: break; case 2: break; default: } }', 4],
    ['function f() { a = b && c; d = b || c; e = b ?? c; }', 4],
    ['function f() { a &&= b; a ??= c; a?.b; }', 1],
    ['function f() { for (;;) {} for (a in b) {} for (a of b) {} while (c) {} do {} while (d) }', 6],
    ['function f() { try {} catch (e) {} finally {} }', 1],
    ['function f() { return a ? b : c ? d : e; }', 3],
    ['function f(a = b || c) {}', 2],
    ['function f() { function g() { if (a) {} } const h = () => a && b; }', 1],
    ['function f() { class C { x = a ? 1 : 2; m() { if (b) {} } } }', 2],
    ['const f = (a) => a && b;', 2],
    ['const f = function () { if (a) {} };', 2],
  ])('%s is %i', async (code, complexity) => {
    expect((await elementOf('a.ts', code, 'f')).metrics.cyclomatic).toBe(complexity);
  });

  test('a class and a file count functions and decisions', async () => {
    const code = 'if (top) {} class C { m() { if (a) {} } n = () => b || c; } function f() {}';
    expect((await elementOf('a.ts', code, 'C')).metrics.cyclomatic).toBe(4);
    expect((await fileMetrics('a.ts', code)).cyclomatic).toBe(6);
  });

  test('functions of every kind are found', async () => {
    const code = 'class C { constructor() {} get a() { return b && c } set a(x) {} static async *m() {} #p() {} }';
    const kinds = ['C.constructor', 'C.a', 'C.a#2', 'C.m', 'C.#p'];
    const found = await Promise.all(kinds.map((path) => elementOf('a.ts', code, path)));
    expect(found.map((each) => each.kind)).toEqual(['constructor', 'getter', 'setter', 'method', 'method']);
    expect(found.map((each) => each.metrics.cyclomatic)).toEqual([1, 2, 1, 1, 1]);
  });
});
