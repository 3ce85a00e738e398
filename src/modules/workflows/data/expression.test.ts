import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-error.ts';
import { compileTemplate } from './template.ts';

const variables = {
  input: {
    name: 'Ada',
    age: 36,
    tags: ['a', 'b'],
    nested: { deep: [{ id: 7 }] },
    none: null,
    'odd key': 1,
    flag: true,
  },
  steps: { fetch: { items: [1, 2, 3] } },
};
const value = (text: string) => compileExpression(text)(variables);

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3 - 4 / 2', 5],
    ['(1 + 2) * 3 % 4', 1],
    ['10 - 4 - 3', 3],
    ['-input.age + 1.5e1', -21],
    ['!input.flag || input.age >= 36 && input.name != "Bob"', true],
    ['input.age > 18 ? "adult" : "child"', 'adult'],
    ['input.age > 40 ? 1 : input.age > 30 ? 2 : 3', 2],
    ['"b" in input.tags', true],
    ["'odd key' in input && input['odd key'] == 1", true],
    ['input.nested.deep[0].id', 7],
    ['has(input.name) && !has(input.missing)', true],
    ['size(input.tags) + size("héé") + input.tags.size()', 7],
    ['input.name.startsWith("A") && input.name.endsWith("a") && input.name.contains("d")', true],
    ['steps.fetch.items.all(n, n > 0) && !steps.fetch.items.exists(n, n > 3)', true],
    ['steps.fetch.items.exists_one(n, n == 2)', true],
    ['steps.fetch.items.filter(n, n % 2 == 1).map(n, {"id": n})', [{ id: 1 }, { id: 3 }]],
    ['input.tags + ["c"]', ['a', 'b', 'c']],
    ['input.none == null', true],
    ['string(input.age) + string(input.tags)', '36["a","b"]'],
    ['int("42") + int(2.9) + double("0.5")', 44.5],
    // as in CEL, the side that decides wins over the one that fails
    ['input.missing == 1 || true', true],
    ['false && input.missing', false],
    [String.raw`"a\n\"\\"`, 'a\n"\\'],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it.each([
    ['input.missing', 'there is no missing'],
    ['unknown', 'there is no unknown'],
    ['input.name > 3', 'can not be compared'],
    ['1 / 0', 'division by zero'],
    ['input.tags[2]', 'there is no element 2'],
    ['input.name ? 1 : 2', 'neither true nor false'],
    ['input.missing == 1 || false', 'there is no missing'],
    ['input.constructor', 'there is no constructor'],
    ['input.__proto__', 'there is no __proto__'],
    ['has(input.toString) || input.toString', 'there is no toString'],
  ])('%s fails: %s', (text, words) => {
    expect(() => value(text)).toThrow(words);
    expect(() => value(text)).toThrow(ExpressionError);
  });

  it.each([
    ['', 'not expected'],
    ['1 +', 'not expected'],
    ['(1', '")" is expected'],
    ['input.', 'not expected'],
    ['1 2', 'not expected'],
    ['input @ 2', 'can not be read'],
    ['eval("1")', 'there is no function eval'],
    ['input.constructor("x")', 'there is no method constructor'],
    ['size()', 'takes 1'],
    ['has(input)', 'takes a field'],
    ['input.tags.map(1, 2)', 'takes a name'],
    [`${'('.repeat(100)}1`, 'nested deeper'],
    [`${'!'.repeat(100)}true`, 'nested deeper'],
    ['x'.repeat(3_000), 'longer than'],
    [String.raw`"\q"`, 'no escape'],
  ])('%s is refused: %s', (text, words) => {
    expect(() => compileExpression(text)).toThrow(words);
    expect(() => compileExpression(text)).toThrow(ExpressionError);
  });

  it('names what is not known before it is evaluated', () => {
    const known = new Set(['input']);
    expect(() => compileExpression('input.list.all(n, n > 1 && input.x.exists(m, m == n))', known)).not.toThrow();
    expect(() => compileExpression('size([1, {"a": -steps[0]}]) > 0 ? !x : y', known)).toThrow(
      'there is no steps: there are input',
    );
    expect(() => compileExpression('input.list.map(n, n) == n', known)).toThrow('there is no n');
    expect(() => compileTemplate({ a: [{ $from: '/inptu/x' }] }, known)).toThrow('there is no inptu');
  });

  it('ends, however much it is asked to do', () => {
    const numbers = Array.from({ length: 500 }, (_, n) => n);
    const greedy = compileExpression('n.all(a, n.all(b, n.all(c, true)))');
    expect(() => greedy({ n: numbers })).toThrow('takes more than');
  });

  it('whatever is given, it is read or refused with an ExpressionError', () => {
    const piece = fc.constantFrom(
      'input',
      '.',
      '(',
      ')',
      '[',
      ']',
      '"',
      "'",
      '1',
      '+',
      '-',
      '!',
      '?',
      ':',
      ',',
      ' ',
      'in',
      '&&',
      '{',
      '}',
      '\\',
      'map',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          value(pieces.join(''));
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error;
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('templates', () => {
  it.each([
    ['{{ input.tags }}', ['a', 'b']],
    ['Dear {{ input.name }}, {{input.age}} {{ input.tags }}', 'Dear Ada, 36 ["a","b"]'],
    [
      { a: ['{{ 1 + 1 }}', 'x', 3, null], b: { $from: '/input/nested/deep/0/id' } },
      { a: [2, 'x', 3, null], b: 7 },
    ],
    [{ $from: '/input/odd key' }, 1],
    [{ $from: '' }, variables],
    ['}} no { placeholder', '}} no { placeholder'],
  ])('%j', (template, expected) => {
    expect(compileTemplate(template)(variables)).toEqual(expected);
  });

  it.each([['{{ 1 +'], ['{{ 1 + }}'], [{ $from: 'no/slash' }], [{ $from: 7 }], [{ $from: '/a~2' }]])(
    '%j is refused',
    (template) => {
      expect(() => compileTemplate(template)).toThrow(ExpressionError);
    },
  );

  it('a pointer to nothing says what there is not', () => {
    expect(() => compileTemplate({ $from: '/input/constructor' })(variables)).toThrow('there is no constructor');
  });
});
