/** The packed result: every file that is read at run time is in it, it runs without src, and nothing of the tests is. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modules } from '../src/modules.ts';
import { packInto } from '../tests/support/package.ts';
import { temporaryFolder } from '../tests/support/processes.ts';
import { runTimeFiles, vendored } from './build.ts';
import { importsOf, separate } from './source-text.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../', import.meta.url));
const build_timeout_ms = 120_000;

let folder = '';
let packed: ReadonlySet<string>;
beforeAll(async () => {
  folder = temporaryFolder('pack');
  ({ files: packed } = await packInto(folder));
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
    // the condition `plinth-source` is for a checkout, which sets it
    ...Object.values(manifest.exports).flatMap((one) =>
      typeof one === 'string'
        ? [one]
        : Object.entries(one).flatMap(([condition, file]) => (condition === 'plinth-source' ? [] : [file])),
    ),
  ];
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((file) => !packed.has(posix.normalize(file)))).toEqual([]);
});

/** Write code that users will have. */
const textsForUsers = new Set(['application/shape.ts', 'cli/new-project/files.ts']);

it('holds every file that the code names relative to itself', () => {
  const missing: string[] = [];
  let named = 0;
  for (const file of sources()) {
    const text = readFileSync(join(root, 'src', file), 'utf8');
    // './migrations/', './pages/${file}', './worker.ts': up to what is not literal
    for (const [, path = ''] of text.matchAll(/['"`](\.\.?\/[\w./-]*)[^'"`]*['"`],?\s*import\.meta\.url/g)) {
      named++;
      const place = posix.join('dist', dirname(file), path).replace(/\.ts$/, '.js');
      // the checkout itself, for the demo; and what a user's own module.ts says, in a text
      if (place === './' || textsForUsers.has(file)) continue;
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
      !/^(bin\/plinth\.js|package\.json|(README|CHANGELOG|SECURITY)\.md|LICENSE|NOTICE)$/.test(file) &&
      (!/^(console\/)?dist\//.test(file) ||
        /\.test\.|\.fixture\.|\/fixtures\/|golden|\/\w+\/testing\.js$|(?<!\.d)\.ts$|\.map$/.test(file)),
  );
  expect(odd).toEqual([]);
});

it('imports what is installed with it, and no development dependency', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const imported = new Map<string, string>();
  for (const file of [...packed].filter((one) => /^dist\/.*\.(js|d\.ts)$/.test(one))) {
    for (const { from: specifier } of importsOf(separate(readFileSync(join(folder, file), 'utf8')))) {
      if (specifier.startsWith('.')) {
        const target = posix.join(dirname(file), specifier);
        // in declarations the ending stays .ts, which TypeScript reads as .d.ts
        expect(
          [target, target.replace(/\.ts$/, '.d.ts')].some((one) => packed.has(one)),
          `${file}: ${specifier}`,
        ).toBe(true);
      } else if (!specifier.startsWith('node:')) {
        const name = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/');
        // the types of pg are a package of their own
        imported.set(file.endsWith('.d.ts') && name === 'pg' ? '@types/pg' : name, file);
      }
    }
  }
  expect([...imported].filter(([name]) => !(name in dependencies))).toEqual([]);
  expect(imported.size).toBeGreaterThan(10);
});

it('names no place of this machine', () => {
  const named = [...packed].filter((file) => readFileSync(join(folder, file)).includes(root.replace(/\/$/, '')));
  expect(named).toEqual([]);
});

it('has the licence of everything it carries in NOTICE', () => {
  const notice = readFileSync(join(root, 'NOTICE'), 'utf8');
  for (const name of Object.keys(vendored)) {
    expect(notice).toContain(`dist/vendor/${name} `);
    const manifest = JSON.parse(readFileSync(join(folder, 'dist', 'vendor', name, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name, license: 'MIT' });
    const licence = join(root, 'node_modules', name, 'LICENSE');
    // GitHub's examples are published without the file
    if (existsSync(licence)) expect(notice).toContain(/Copyright.*/.exec(readFileSync(licence, 'utf8'))?.[0]);
  }
});

const probe = `
import { openTestPlinth } from 'plinth/testing';
const plinth = await openTestPlinth();
const { key } = await plinth.makeOrganization();
const answers = [];
for (const url of ['/', '/welcome']) {
  const page = await plinth.call('GET', url);
  answers.push([url, page.status]);
  for (const [, link] of page.text.matchAll(/(?:src|href)="([^"#:]+)"/g)) {
    const { pathname } = new URL(link, 'http://localhost' + url);
    answers.push([pathname, (await plinth.call('GET', pathname)).status]);
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
    expect(answers.filter(([, status]) => status >= 400)).toEqual([]);
    expect(answers.length).toBeGreaterThan(6);

    // away from the checkout, whose own rules of what is left out would hold
    const work = join(folder, 'work');
    cpSync(join(root, 'src/modules/analysis/fixtures/golden'), work, { recursive: true });
    const analysis = JSON.parse(await node('bin/plinth.js', 'analyze', work, '--json'));
    expect(analysis).toMatchObject({
      counts: { byStatus: { ok: 4, partial: 0, failed: 0, skipped: 0 } },
      languages: { typescript: { files: 1 }, javascript: { files: 1 }, python: { files: 1 } },
    });
  },
  build_timeout_ms,
);
