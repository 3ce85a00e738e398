import { expect, test } from 'vitest';
import { importsOf, separate } from './source-text.ts';

const code = (text: string) => separate(text).code.replace(/\s+/g, ' ').trim();

test.each([
  ['a; // fetch(x)\nb;', 'a; b;'],
  ['a; /* fetch(\n) */ b;', 'a; b;'],
  ["const a = 'fetch(';", "const a = ' ';"],
  ["const a = 'it\\'s fetch(';", "const a = ' ';"],
  ['const a = "//"; b();', 'const a = " "; b();'],
  [`const a = \`x \${fetch(y)} z\`;`, `const a = \` \${fetch(y)} \`;`],
  [`const a = \`x \${{ a: \`\${b}\` }} z\`; c();`, `const a = \` \${{ a: \`\${b}\` }} \`; c();`],
  ['const a = /[\'"`]\\/[/]/g; b();', 'const a = / /g; b();'],
  ['const a = b / c / d; e("x");', 'const a = b / c / d; e(" ");'],
  ["x.replace(/'/g, y); z();", 'x.replace(/ /g, y); z();'],
  ["return /'/.test(x);", 'return / /.test(x);'],
])('%j leaves %j', (text, expected) => expect(code(text)).toBe(expected));

test('offsets and line breaks stay', () => {
  const text = `a;\n// é 😀 comment\n'😀'; \`x\n\${y}\n\`; b;`;
  const { code: blanked, withStrings } = separate(text);
  expect([blanked.length, withStrings.length]).toEqual([text.length, text.length]);
  expect(blanked.split('\n').length).toBe(text.split('\n').length);
  expect(blanked.indexOf('b;')).toBe(text.indexOf('b;'));
});

test('unfinished text ends without a fuss', () => {
  for (const text of ["'", '"', '`', '`${', '/*', '//', '/a', '`${`${', 'a = /['])
    expect(separate(text).code).toHaveLength(text.length);
});

test('imports of every form', () => {
  const text = `
    import a from 'default';
    import * as b from "namespace";
    import { c, d as e, type F } from './names.ts';
    import g, { h } from 'both';
    import type { I } from 'type';
    import { type J, type K } from 'types';
    import type L from 'default-type';
    import 'bare';
    export { m } from './re-export.ts';
    export * from './all.ts';
    export type { N } from './type-export.ts';
    const o = await import('dynamic');
    const p = require("required");
    // import q from 'comment';
    const r = "import s from 'string'";
    obj.import('method');
  `;
  const found = importsOf(separate(text)).map(({ from, isTypeOnly, names, namespace }) => [
    from,
    isTypeOnly,
    names,
    namespace,
  ]);
  expect(found).toEqual([
    ['default', false, [], 'a'],
    ['namespace', false, [], 'b'],
    ['./names.ts', false, ['c', 'd'], undefined],
    ['both', false, ['h'], 'g'],
    ['type', true, ['I'], undefined],
    ['types', true, [], undefined],
    ['default-type', true, [], 'L'],
    ['./re-export.ts', false, ['m'], undefined],
    ['./all.ts', false, [], '*'],
    ['./type-export.ts', true, ['N'], undefined],
    ['bare', false, [], '*'],
    ['dynamic', false, [], '*'],
    ['required', false, [], '*'],
  ]);
});
