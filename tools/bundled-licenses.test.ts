import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { bundledPackages, refusedPackages } from './bundled-licenses.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'plinth-console-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

it('the built console carries the licences of what is bundled, and Apache-2.0 software may include each', {
  timeout: 240_000,
}, () => {
  execFileSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build', 'console', '--logLevel', 'error'], {
    cwd: root,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', PLINTH_CONSOLE_OUT: join(out, 'dist') },
  });
  const text = readFileSync(join(out, 'dist', 'third-party-licenses.md'), 'utf8');
  const packages = bundledPackages(text);
  expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['react', 'react-dom', '@mantine/core']));
  expect(text.match(/^## /gm)).toHaveLength(packages.length);
  expect(refusedPackages(packages)).toEqual([]);
  // the package ships the folder it lies in
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  expect(files).toContain('console/dist');
});

it.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-only)', true],
  ['MIT AND ISC', true],
  ['GPL-3.0-only', false],
  ['MIT AND LGPL-3.0-only', false],
  ['UNLICENSED', false],
  ['SEE LICENSE IN LICENSE.txt', false],
  ['', false],
])('%j may be bundled: %j', (license, may) => {
  const packages = bundledPackages(`# Licenses\n\n## @scope/name - 1.2.3 (${license})\n\ntext\n`);
  expect(packages).toEqual([{ name: '@scope/name', version: '1.2.3', license }]);
  expect(refusedPackages(packages)).toHaveLength(may ? 0 : 1);
});
