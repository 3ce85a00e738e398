import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { addToList, newModule } from './new-module.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'plinth-new-module-'));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('a new module passes types, lints and its own tests as it is made', { timeout: 240_000 }, () => {
  const parts = [
    'src',
    'tests',
    'tools',
    'bench',
    'examples',
    'package.json',
    'tsconfig.json',
    'biome.json',
    'vitest.config.ts',
  ];
  // what tests draw from the console, without what is built of it
  cpSync(join(root, 'console', 'src'), join(copy, 'console', 'src'), { recursive: true });
  for (const name of parts.filter((part) => existsSync(join(root, part)))) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const written = newModule(copy, 'notes');
  expect(written).toContain(join('src', 'modules', 'notes', 'notes.test.ts'));
  const bin = (name: string) => join(root, 'node_modules', '.bin', name);
  const runs: [string, string[]][] = [
    [bin('biome'), ['check', '--write', 'src/modules/notes', 'src/modules.ts']],
    [bin('tsc'), ['--noEmit']],
    [process.execPath, ['tools/lint-boundaries.ts']],
    [process.execPath, ['tools/lint-migrations.ts']],
    [bin('vitest'), ['run', 'src/modules/notes']],
  ];
  for (const [command, args] of runs) {
    const run = spawnSync(command, args, {
      cwd: copy,
      encoding: 'utf8',
      env: { ...process.env, PLINTH_TEST_ENGINES: 'pglite', VITEST: undefined },
    });
    expect(run.status, `${command} ${args.join(' ')}\n${run.stdout}${run.stderr}`).toBe(0);
  }
});

test('the list keeps its order: imports by name, modules by dependency', () => {
  const text = addToList(readFileSync(join(root, 'src', 'modules.ts'), 'utf8'), 'books');
  expect(text).toMatch(/audit\/module\.ts';\nimport \{ booksModule \}/);
  expect(text).toMatch(/ {2}booksModule,\n\];/);
});

test.each(['', 'Notes', 'my-notes', '../x', 'audit'])('%s is refused', (noun) => {
  expect(() => newModule(root, noun)).toThrow();
});
