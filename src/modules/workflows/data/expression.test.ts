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
    [String.raw`r"\n" + "\u00e9\U0001f98a\x41\101"`, '\\né\u{1F98A}AA'],
    ["'''it's\n\"here\"''' // a remark", 'it\'s\n"here"'],
    ['0xFF + .5', 255.5],
    ['false < true && bool("true") && dyn(1) == 1.0', true],
    ['steps.fetch.items.exists(n, 1 / (n - 1) > 0)', true],
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
    [String.raw`"\ud800"`, 'no character'],
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

  it.each([
    ['macros in macros', 'long.map(a, long.map(b, a + b)).size() > 0', 'takes more than'],
    ['comparing long lists', 'list.all(a, long == longer)', 'takes more than'],
    ['comparing long texts', 'list.all(a, text == other)', 'takes more than'],
    ['counting characters', 'list.all(a, size(text) > 1)', 'takes more than'],
    ['the keys of large objects', 'list.all(a, size(object) > 1)', 'takes more than'],
    ['macros over large objects', 'list.all(a, object.exists(k, true))', 'takes more than'],
    ['finding what nearly is there', 'list.all(a, !text.contains(needle))', 'takes more than'],
    ['joining lists', 'list.map(a, long + long)', 'takes more than'],
    ['a text that doubles', 'text + text', 'makes a text of more than'],
    ['a text that grows', '[1, 2, 3].map(a, half + half + half)', 'makes a text of more than'],
    ['one text a thousand times', 'list.map(a, text)', 'comes to more than'],
    ['that as a text', 'size(string(list.map(a, text)))', 'makes a text of more than'],
    ['a number of a million digits', 'list.all(a, int(digits) > 0)', 'takes more than'],
    ['hidden in an or', 'list.all(a, size(text) == 0 || true) || true', 'takes more than'],
  ])('holds up nobody: %s', (_name, text, words) => {
    const list = Array.from({ length: 2_000 }, (_, n) => n);
    const long = Array.from({ length: 100_000 }, (_, n) => n);
    const greedy = {
      list,
      long,
      longer: [...long],
      text: 'x'.repeat(900_000),
      other: 'x'.repeat(900_000),
      half: 'x'.repeat(450_000),
      needle: `${'x'.repeat(400_000)}y`,
      digits: '1'.repeat(300),
      object: Object.fromEntries(long.map((n) => [`key${n}`, n])),
    };
    const run = compileExpression(
      text === 'list.all(a, int(digits) > 0)' ? 'list.all(a, list.all(b, int(digits) > 0))' : text,
    );
    const startedAt = performance.now();
    expect(() => run(greedy)).toThrow(words);
    // half a second at most where it was measured; without bounds these took minutes, or the process
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it('what people do with large values is within the bounds', () => {
    const large = { text: 'lorem ipsum '.repeat(80_000), items: Array.from({ length: 10_000 }, (_, id) => ({ id })) };
    const of = (text: string) => compileExpression(text)(large);
    expect(of('text.contains("dolor") || size(text) > 900000')).toBe(true);
    expect(of('items.filter(one, one.id % 1000 == 0).map(one, one.id)')).toHaveLength(10);
    expect(of('items.exists(one, one.id == 9999)')).toBe(true);
    expect(of('items')).toBe(large.items);
    expect(of('items == items && text == text')).toBe(true);
  });

  it('an error shows no more than the beginning of what it is about', () => {
    const failed = (text: string) => {
      try {
        compileExpression(text)({ text: 'x'.repeat(100_000), object: {} });
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    for (const text of ['text > 1', '-text', 'object[text]', 'text.field', 'int(text)']) {
      expect(failed(text).length, text).toBeLessThan(200);
    }
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
  it('come to no more than they may, however many places name one value', () => {
    const large = { input: { text: 'x'.repeat(900_000) } };
    const many = (one: unknown) => () => compileTemplate(Array.from({ length: 1_000 }, () => one))(large);
    expect(many('{{ input.text }}')).toThrow('comes to more than');
    expect(many({ $from: '/input/text' })).toThrow('comes to more than');
    expect(() => compileTemplate('{{ input.text }}, '.repeat(1_000))(large)).toThrow('comes to more than');
    expect(compileTemplate(['{{ input.text }}', { $from: '/input/text' }])(large)).toHaveLength(2);
  });

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
