import { describe, expect, test } from 'vitest';
import { analyzeText } from '../fixtures/analyze-text.ts';

async function listed(path: string, text: string): Promise<string[]> {
  const { elements } = await analyzeText(path, text);
  return elements.map((each) => `${each.kind} ${each.path}${each.exported ? ' exported' : ''}`);
}

describe('elements', () => {
  test.each([
    ['a.ts', 'export default function () {}', ['function default exported']],
    ['a.ts', 'function f() {} export { f as g }', ['function f exported']],
    ['a.ts', 'function f() {} export { f } from "./other.ts"', ['function f']],
    ['a.ts', 'const f = (() => 1) as () => number; export default f', ['arrow f exported']],
    [
      'a.ts',
      'export const o = { m() {}, "a b": () => 1, [c]: function () {} }',
      ['method m', 'arrow a b', 'function [c]'],
    ],
    [
      'a.ts',
      'export class A { m() {} private n() {} #o() {} public p = () => 1 }',
      ['class A exported', 'method A.m exported', 'method A.n', 'method A.#o', 'arrow A.p exported'],
    ],
    [
      'a.ts',
      'export interface I { m(): void } type T = string; enum E { a }',
      ['interface I exported', 'type_alias T', 'enum E'],
    ],
    ['a.ts', 'declare module "x" { export class C {} }', ['namespace x', 'class x.C']],
    ['a.js', 'function a() {} class B {} module.exports = { a, b: B }', ['function a exported', 'class B exported']],
    [
      'a.js',
      'exports.a = () => 1; module.exports.b = function c() {}; x.y = () => 2',
      ['arrow a exported', 'function c exported', 'arrow y'],
    ],
    ['a.js', 'f(() => 1, function () {}, class {})', ['arrow <arrow>', 'function <function>', 'class <class>']],
    ['a.js', 'function f() { return () => () => 1 }', ['function f', 'arrow f.<arrow>', 'arrow f.<arrow>.<arrow>']],
    ['a.js', 'f(() => 1); f(() => 2)', ['arrow <arrow>', 'arrow <arrow>#2']],
    [
      'a.py',
      'def f(): pass\ndef _g(): pass\nh = lambda: 1',
      ['function f exported', 'function _g', 'lambda h exported'],
    ],
    [
      'a.py',
      '__all__ = ["_g"]\n__all__ += ["C"]\ndef f(): pass\ndef _g(): pass\nclass C: pass',
      ['function f', 'function _g exported', 'class C exported'],
    ],
    [
      'a.py',
      'class C:\n  def __init__(self): pass\n  def _m(self): pass\n  class D: pass',
      ['class C exported', 'constructor C.__init__ exported', 'method C._m', 'class C.D exported'],
    ],
  ])('%s %s', async (path, text, expected) => {
    expect(await listed(path, text)).toEqual(expected);
  });

  test.each([
    ['a.ts', 'function f(this: X, a: string, b?: number, c = 1, ...d: string[]) {}', 4, ['a', 'b?', 'c?', 'd rest']],
    ['a.ts', 'const f = async x => x', 1, ['x']],
    ['a.js', 'function f({ a, b }, [c] = []) {}', 2, ['{ a, b }', '[c]?']],
    [
      'a.py',
      'def f(a, /, b: int, c=1, *, d, e: int = 2, **g): pass',
      6,
      ['a', 'b', 'c?', 'd keyword_only', 'e? keyword_only', 'g keyword_rest'],
    ],
    ['a.py', 'def f(a, *b: int, c): pass', 3, ['a', 'b rest', 'c keyword_only']],
    ['a.py', 'class C:\n  def f(self, a): pass', 1, ['a']],
    ['a.py', 'class C:\n  @staticmethod\n  def f(a): pass', 1, ['a']],
    ['a.py', 'f = lambda a, *b: 1', 2, ['a', 'b rest']],
  ])('parameters of %s %s', async (path, text, count, names) => {
    const { elements } = await analyzeText(path, text);
    const element = elements.at(-1)!;
    expect(element.metrics.parameters).toBe(count);
    const shown = element.parameters.map(
      ({ name, kind, optional }) => `${name}${optional ? '?' : ''}${kind === 'ordinary' ? '' : ` ${kind}`}`,
    );
    expect(shown).toEqual(names);
  });

  test('async is told from the rest', async () => {
    const { elements } = await analyzeText(
      'a.ts',
      'async function a() {} const b = async () => 1; class C { async m() {} n() {} }',
    );
    expect(elements.map((each) => each.async)).toEqual([true, true, false, true, false]);
    expect((await analyzeText('a.py', 'async def f(): pass')).elements[0]?.async).toBe(true);
  });
});
