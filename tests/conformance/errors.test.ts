/** Every code of the catalogue is expected by some test: a code that nothing provokes is a promise nobody has kept. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadCommands } from '../../src/cli/commands.ts';
import { errorCatalogue } from '../../src/platform/core/errors.ts';

// with every module comes every definition
await loadCommands();

const root = fileURLToPath(new URL('../../', import.meta.url));
const own = fileURLToPath(import.meta.url);

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith('.test.ts') && path !== own ? [path] : [];
  });
}

/** Without comments: what is only talked about is not provoked. A "//" after a colon is a URL's. */
const withoutComments = (text: string) => text.replace(/^\s*\/?\*.*$|(?<![:\\/'"`\w])\/\/ .*$/gm, '');

const texts = ['src', 'tests', 'tools']
  .flatMap((folder) => testFiles(join(root, folder)))
  .map((path) => withoutComments(readFileSync(path, 'utf8')));

/**
 * As what is expected: at the beginning of a text, alone or before a space or colon, perhaps after a status
 * ('409 already_exists'). Codes of several words may also stand in a regular expression: no other text holds them.
 */
function isExpected(code: string, among: readonly string[]): boolean {
  const asText = new RegExp(`['"\`](\\d{3} )?${code}(?=['"\`: ])`);
  const anywhere = new RegExp(`(?<![\\w.])${code}(?!\\w)`);
  return among.some((text) => (code.includes('_') ? anywhere : asText).test(text));
}

describe('the catalogue of errors', () => {
  it.each([...errorCatalogue()])('%s is well formed', (code, { status, title, hint }) => {
    expect(code).toMatch(/^[a-z][a-z0-9_]{2,40}$/);
    // 300: PostgREST's answer to an ambiguous embedding
    expect(status).toBeGreaterThanOrEqual(300);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^\S.{3,78}\S$/);
    expect(hint).toMatch(/^\S.{3,250}\S$/);
  });

  it('each code is expected by a test', () => {
    expect([...errorCatalogue().keys()].filter((code) => !isExpected(code, texts))).toEqual([]);
  });

  it.each<[code: string, text: string, found: boolean]>([
    ['conflict', `toMatchObject({ code: 'conflict' })`, true],
    ['conflict', `expect(codes).toEqual(['409 conflict', '404 not_found'])`, true],
    ['conflict', '`insert into t values (1) on conflict do nothing`', false],
    ['schema_ahead', 'expectRefusal(finished, 3, /newer.*schema_ahead/)', true],
    ['schema_ahead', `it('is refused') // as schema_ahead`, false],
    ['schema_ahead', '/** schema_ahead\n * schema_ahead */\n  // schema_ahead', false],
    ['schema_ahead', 'errors.schema_ahead(), not_schema_ahead, schema_ahead_of_time', false],
    ['schema_ahead', `fetch('http://127.0.0.1'), 'schema_ahead'`, true],
  ])('%s in %s: %s', (code, text, found) => {
    expect(isExpected(code, [withoutComments(text)])).toBe(found);
  });
});
