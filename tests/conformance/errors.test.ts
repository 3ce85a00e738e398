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

/** Known gaps, to be closed and never to be added to. */
const notYetProvoked: readonly string[] = [
  'database_version_unsupported',
  'idempotency_in_progress',
  'migration_rows_unexpected',
  'schema_ahead',
  'subscriptions_full',
  'task_ended',
  'task_not_retryable',
  'too_many_api_keys',
];

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
    // 300: PostgREST's answer to an ambiguous embedding
    expect(status).toBeGreaterThanOrEqual(300);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^\S.{3,78}\S$/);
    expect(hint).toMatch(/^\S.{3,250}\S$/);
  });

  it('each code is expected by a test', () => {
    const missing = [...errorCatalogue().keys()].filter((code) => !isExpected(code));
    expect(missing.filter((code) => !notYetProvoked.includes(code))).toEqual([]);
  });
});
