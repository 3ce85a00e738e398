/** Every code of the catalogue is expected by some test: a code that nothing provokes is a promise nobody has kept. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
// loads every module, and with them every definition
import '../../src/cli/commands.ts';
import { errorCatalogue } from '../../src/platform/core/errors.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const own = fileURLToPath(import.meta.url);

/** Expected under a name that is put together, or only inside the program; each says where. */
const provokedElsewhere: Readonly<Record<string, string>> = {};

/** Known gaps, to be closed and never to be added to. The test fails when one of them is provoked after all. */
const notYetProvoked: readonly string[] = [];

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith('.test.ts') && path !== own ? [path] : [];
  });
}

const texts = ['src', 'tests', 'tools']
  .flatMap((folder) => testFiles(join(root, folder)))
  .map((path) => readFileSync(path, 'utf8'));

/** As a value of its own: in quotes, in a regular expression or after a maker's name; part of a longer word does not count. */
const isExpected = (code: string) => texts.some((text) => new RegExp(`(?<![\\w.])${code}(?!\\w)`).test(text));

describe('the catalogue of errors', () => {
  it.each([...errorCatalogue()])('%s is well formed', (code, { status, title, hint }) => {
    expect(code).toMatch(/^[a-z][a-z0-9_]{2,40}$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^\S.{3,78}\S$/);
    expect(hint).toMatch(/^\S.{3,250}\S$/);
  });

  it('each code is expected by a test', () => {
    const missing = [...errorCatalogue().keys()].filter((code) => !isExpected(code) && !(code in provokedElsewhere));
    expect(missing).toEqual([...notYetProvoked].sort());
  });

  it('the exceptions are codes there are', () => {
    for (const code of Object.keys(provokedElsewhere)) expect(errorCatalogue().has(code)).toBe(true);
  });
});
