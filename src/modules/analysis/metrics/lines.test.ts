import { describe, expect, test } from 'vitest';
import { analyzeText, dedent } from '../fixtures/analyze-text.ts';
import { loadLanguage } from '../languages/runtime.ts';
import { flattenTree } from '../syntax/flat-tree.ts';
import { indexLines } from '../syntax/line-index.ts';
import { countRadonLines, radonLines } from './logical-lines.ts';

async function lines(path: string, text: string): Promise<(number | undefined)[]> {
  const { metrics } = await analyzeText(path, text);
  return [metrics?.lines_total, metrics?.lines_code, metrics?.lines_comment, metrics?.lines_blank];
}

describe('lines, definition plinth-lines: total, code, comment, blank', () => {
  test.each([
    ['a.ts', '', [0, 0, 0, 0]],
    ['a.ts', '\n', [1, 0, 0, 1]],
    ['a.ts', 'a', [1, 1, 0, 0]],
    ['a.ts', 'a\n', [1, 1, 0, 0]],
    ['a.ts', 'a // b\n', [1, 1, 0, 0]],
    ['a.ts', '// b\n\t\n/* c\n\n d */ e\n', [5, 1, 2, 2]],
    ['a.ts', 'const s = `a\n\n// not a comment\n`;\r\n', [4, 3, 0, 1]],
    ['a.js', '#!/usr/bin/env node\nf()\n', [2, 1, 1, 0]],
    ['a.js', '/* a */ /* b */\nf(/* c */)\n', [2, 1, 1, 0]],
    ['a.tsx', 'const a = <b>\n  text\n\n  {/* c */}\n</b>;\n', [5, 4, 0, 1]],
    ['a.py', '"""Doc.\n\nMore.\n"""\nx = """a\n\nb"""  # c\n# d\n', [8, 2, 4, 2]],
    ['a.py', 'def f():\n    "doc"\n    "doc"; g()\n', [3, 2, 1, 0]],
    ['a.py', 'x = [\n  # inside\n  1,\n]\n', [4, 3, 1, 0]],
    ['a.py', "f'{x}'\n", [1, 1, 0, 0]],
    ['a.py', '\ufeffx = 1\n\f\ny = 2\n', [3, 2, 0, 1]],
  ])('%s %j', async (path, text, expected) => {
    expect(await lines(path, text)).toEqual(expected);
  });

  test('an element counts its own lines', async () => {
    const { elements } = await analyzeText(
      'a.ts',
      '// a\nfunction f() {\n  // b\n\n  return 1; // c\n}\n\nclass C {}\n',
    );
    expect(
      elements.map(({ path, startLine, endLine, metrics: m }) => [
        path,
        startLine,
        endLine,
        m.lines_code,
        m.lines_comment,
        m.lines_blank,
      ]),
    ).toEqual([
      ['f', 2, 6, 3, 1, 1],
      ['C', 8, 8, 1, 0, 0],
    ]);
  });
});

async function radon(text: string): Promise<number[]> {
  const language = await loadLanguage('python');
  const tree = language.parse(text, 5000)!;
  const flat = flattenTree(tree, language.grammar, text, indexLines(text));
  tree.delete();
  if (typeof flat === 'string') throw new Error(flat);
  const { logical, source, comments, multi } = countRadonLines(radonLines(flat), 0, flat.lines.count - 1);
  return [logical, source, comments, multi];
}

describe('raw lines, definition radon: lloc, sloc, comments, multi', () => {
  /** radon/tests/test_raw.py (MIT). */
  test.each([
    ['', [0, 0, 0, 0]],
    ['"""\ndoc?\n"""', [1, 0, 0, 3]],
    [
      "# just a comment\nif a and b:\n    print('woah')\nelse:\n    # you'll never get here\n    print('ven')",
      [4, 4, 2, 0],
    ],
    ['#\n#\n#', [0, 0, 3, 0]],
    ['if a:\n    print\n\n\nelse:\n    print', [4, 4, 0, 0]],
    ['def f(n):\n    """here"""\n    return n * f(n - 1)', [3, 2, 0, 0]],
    ['def foo(n=1):\n   """\n   Try it.\n   """\n   if n <= 1: return 1  # melt', [4, 2, 1, 3]],
    [
      'def foo(n=1):\n   """\n   Try it.\n   """\n   if n <= 1: return 1  # melt\n   string = """\n     not a comment\n     """',
      [5, 5, 1, 3],
    ],
    [
      'def foo(n=1):\n   string = \\\n           """\n           not\n           """\n   test = 0\n   # Comment',
      [3, 6, 1, 0],
    ],
    ['def function(\n    args\n):\n    """This is\n    for the function\n    """\n    pass', [3, 4, 0, 3]],
    ['def function():\n    a = """ """\n    pass', [3, 3, 0, 0]],
    ['def function():\n    """ this is not a """ """ docstring because it is concatenated """', [2, 2, 0, 0]],
    ['def function():\n    " this is not a multiline " \\\n        " docstring "', [2, 3, 0, 0]],
    ['def function():\n    """ this is not a docstring """ # because of this', [2, 2, 1, 0]],
    ['def function():\n    pass; pass', [3, 2, 0, 0]],
    ['def function():\n    """ doc string """; pass', [3, 2, 0, 0]],
    ['a = 2; b = 43; c = 42; d = 3; print(a)', [5, 1, 0, 0]],
    ['a = 1; b = 2;', [2, 1, 0, 0]],
    ['42 # a comment', [1, 1, 1, 0]],
    ['if a: x; y', [2, 1, 0, 0]],
    ['x = d[3:]', [2, 1, 0, 0]],
    ['if a and \\\n   "b" in c:\n  pass', [2, 3, 0, 0]],
  ])('%j', async (text, expected) => {
    expect(await radon(dedent(text))).toEqual(expected);
  });
});
