/** `plinth types` on the example: its file is current, and a change of the migrations is noticed. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it, vi } from 'vitest';
import { temporaryDataDir } from '../support/data-dir.ts';
import { runProgram } from '../support/program.ts';

vi.setConfig({ testTimeout: 240_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const example = join(root, 'examples/app');
const copy = join(dirname(temporaryDataDir()), 'app');

beforeAll(() => {
  cpSync(example, copy, { recursive: true });
  mkdirSync(join(copy, 'node_modules'), { recursive: true });
  symlinkSync(root, join(copy, 'node_modules', 'plinth'));
});

it('the example’s types are those of its migrations', async () => {
  expect(await runProgram(['types', '--check'], { cwd: example })).toMatchObject({ code: 0 });
});

it('a column more is noticed by --check and written without it; a project without tables is told so', async () => {
  const migration = join(copy, 'modules/invoices/migrations/0002_invoice_notes.up.sql');
  writeFileSync(migration, readFileSync(migration, 'utf8').replace('  text text', '  mood text,\n  text text'));
  const file = join(copy, 'plinth.types.ts');
  const before = readFileSync(file, 'utf8');
  const stale = await runProgram(['types', '--check', '--json'], { cwd: copy });
  expect(stale).toMatchObject({ code: 1 });
  expect(JSON.parse(stale.stdout)).toMatchObject({ outcome: 'stale' });
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(await runProgram(['types'], { cwd: copy })).toMatchObject({
    code: 0,
    stdout: 'plinth.types.ts: 4 tables, written\n',
  });
  expect(readFileSync(file, 'utf8')).toContain('  mood: string | null;\n');
  const none = await runProgram(['types']);
  expect(none).toMatchObject({ code: 2, stdout: '' });
});
