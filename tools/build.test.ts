/** The packed result: every file that is read at run time is in it, it runs without src, and nothing of the tests is. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modules } from '../src/modules.ts';
import { temporaryFolder } from '../tests/support/processes.ts';
import { build, runTimeFiles } from './build.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../', import.meta.url));
const build_timeout_ms = 120_000;

let folder = '';
let packed: ReadonlySet<string>;
beforeAll(async () => {
  folder = temporaryFolder('pack');
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'bin']) {
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
  await build(join(folder, 'dist'));
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  packed = new Set(files.map(({ path }) => path));
}, build_timeout_ms);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Code under src that is part of the program. */
const sources = () =>
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\.fixture\.ts$|\/fixtures\/|\/testing\.ts$/.test(file));

/** Where a path under src lies in the package. */
const inPackage = (file: string) => `dist/${file.replace(/\.ts$/, '.js')}`;

it('holds the code, the migrations, the pages, and what package.json names', async () => {
  const wanted = [...sources(), ...(await runTimeFiles())].map(inPackage);
  expect(wanted.filter((file) => !packed.has(file))).toEqual([]);
  expect([...packed].filter((file) => file.endsWith('.sql'))).toHaveLength(
    modules.flatMap(({ migrations }) => (migrations ? readdirSync(migrations) : [])).length,
  );
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    exports: Record<string, string | Record<string, string>>;
  };
  const named = [
    ...Object.values(manifest.bin),
    ...Object.values(manifest.exports).flatMap((one) => (typeof one === 'string' ? [one] : Object.values(one))),
  ];
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((file) => !packed.has(posix.normalize(file)))).toEqual([]);
});

it('holds every file that the code names relative to itself', () => {
  const missing: string[] = [];
  let named = 0;
  for (const file of sources()) {
    const text = readFileSync(join(root, 'src', file), 'utf8');
    // './migrations/', './pages/${file}', './worker.ts': up to what is not literal
    for (const [, path = ''] of text.matchAll(/['"`](\.\.?\/[\w./-]*)[^'"`]*['"`],?\s*import\.meta\.url/g)) {
      named++;
      const place = posix.join('dist', dirname(file), path).replace(/\.ts$/, '.js');
      // the checkout itself, for the demo
      if (place === './') continue;
      if (![...packed].some((one) => one === place || (place.endsWith('/') && one.startsWith(place)))) {
        missing.push(`${file}: ${path}`);
      }
    }
  }
  expect(missing).toEqual([]);
  expect(named).toBeGreaterThan(8);
});

it('holds nothing else', () => {
  const odd = [...packed].filter(
    (file) =>
      !/^(bin\/plinth\.js|package\.json|(README|CHANGELOG|SECURITY)\.md|LICENSE)$/.test(file) &&
      (!file.startsWith('dist/') ||
        /\.test\.|\.fixture\.|\/fixtures\/|golden|\/\w+\/testing\.js$|(?<!\.d)\.ts$|\.map$/.test(file)),
  );
  expect(odd).toEqual([]);
});

const probe = `
import { openTestPlinth } from 'plinth/testing';
const plinth = await openTestPlinth();
const { key } = await plinth.makeOrganization();
const answers = [];
for (const url of ['/', '/welcome']) {
  const page = await plinth.call('GET', url);
  answers.push([url, page.status]);
  for (const [, asset] of page.text.matchAll(/(?:src|href)="(\\/assets\\/[^"]+)"/g)) {
    answers.push([asset, (await plinth.call('GET', asset)).status]);
  }
}
answers.push(['/v1/projects', (await plinth.call('POST', '/v1/projects', { key, body: { name: 'One' } })).status]);
await plinth.close();
console.log(JSON.stringify(answers));
`;

it(
  'runs with the packed files alone: the program, the engine, the pages, the parser',
  async () => {
    // as npm installs it, but for the folder's name: the package's own files, and its dependencies beside it
    const installed = join(folder, 'installed');
    for (const file of packed) {
      mkdirSync(dirname(join(installed, file)), { recursive: true });
      cpSync(join(folder, file), join(installed, file));
    }
    symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'));
    const node = async (...args: string[]) => (await run(process.execPath, args, { cwd: installed })).stdout;
    expect(JSON.parse(await node('bin/plinth.js', 'version', '--json'))).toMatchObject({ plinth: expect.any(String) });

    writeFileSync(join(installed, 'probe.js'), probe);
    const answers = JSON.parse(await node('probe.js')) as [string, number][];
    expect(answers.filter(([, status]) => status >= 300)).toEqual([]);
    expect(answers.length).toBeGreaterThan(6);

    const work = join(folder, 'work');
    mkdirSync(work);
    writeFileSync(join(work, 'one.ts'), 'export function one(a: number): number {\n  return a > 1 ? a : 1;\n}\n');
    writeFileSync(join(work, 'two.py'), 'def two(a):\n    return a if a else 2\n');
    const analysis = JSON.parse(await node('bin/plinth.js', 'analyze', work, '--json'));
    expect(analysis).toMatchObject({
      counts: { byStatus: { ok: 2, failed: 0 } },
      languages: { typescript: { files: 1 }, python: { files: 1 } },
    });
  },
  build_timeout_ms,
);
