/** From nothing to one's own table, as a newcomer does it, with the mistakes newcomers make. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { projectFiles } from '../../src/cli/new-project/files.ts';
import { version } from '../../src/version.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { compiledCode, freePort } from '../support/processes.ts';
import { runProgram, startServer } from '../support/program.ts';

// each test starts processes
vi.setConfig({ testTimeout: 400_000, hookTimeout: 180_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const parent = mkdtempSync(join(tmpdir(), 'plinth-new-'));
const project = join(parent, 'My Notes');
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** Where a database is opened before the mistake shows. */
const migrated = await migratedDataDir();

const plinth = (args: readonly string[], cwd = project) => runProgram(args, { cwd });
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
};
const read = (path: string) => readFileSync(join(project, path), 'utf8');

beforeAll(async () => {
  const made = await plinth(['new', 'My Notes'], parent);
  expect([made.code, made.stderr]).toEqual([0, '']);
  // in place of npm install
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(root, join(project, 'node_modules', 'plinth'));
});

describe('plinth new', () => {
  it('makes a project whose own test passes', () => {
    expect(JSON.parse(read('package.json'))).toMatchObject({ name: 'my-notes', type: 'module' });
    // what the package itself writes: its own version, by number
    expect(JSON.parse(projectFiles('x', '/x', undefined)['package.json'] ?? '')).toMatchObject({
      scripts: { test: 'node --test' },
      dependencies: { plinth: version },
    });
    const said = execFileSync('npm', ['test'], {
      cwd: project,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...compiledCode() },
    });
    expect(said).toMatch(/pass 1\n.*fail 0/s);
  });

  it('is run by an old Node too, which moves to that of the checkout; one that can not be installed with it', () => {
    const old =
      'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.19.0"}})';
    const said = execFileSync(process.execPath, ['--import', old, join(root, 'bin/plinth.js'), 'migrate', 'lint'], {
      cwd: project,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: parent, ...compiledCode() },
    });
    expect(said).toBe('no findings\n');
    expect(read('.npmrc')).toBe('engine-strict=true\n');
  });

  it('writes over nothing', async () => {
    const before = readdirSync(project);
    const again = await plinth(['new', 'My Notes'], parent);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('folder_not_empty')]);
    const file = await plinth(['new', join(project, 'README.md')]);
    expect([file.code, file.stderr]).toEqual([1, expect.stringContaining('is a file')]);
    expect((await plinth(['new'])).code).toBe(2);
    expect(readdirSync(project)).toEqual(before);
  });
});

describe('a project', () => {
  it('gets a second table from migrate new, and serves both', async () => {
    const made = await plinth(['migrate', 'new', 'labels', '--tenant']);
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('0002_labels.up.sql')]);
    const module = read('modules/notes/module.ts');
    const labels = `labels: { visibility: 'tenant', audit: 'row', requestVerbs: ['select', 'insert', 'update', 'delete'], ownerColumn: 'created_by',
      rest: { select: everybody, insert: writers } },`;
    write('modules/notes/module.ts', module.replace('tables: {', `tables: { ${labels}`));
    const lint = await plinth(['migrate', 'lint']);
    expect([lint.code, lint.stdout]).toEqual([0, 'no findings\n']);
    const server = await startServer(await freePort(), [], { cwd: project });
    try {
      for (const table of ['notes', 'labels']) {
        expect((await fetch(`${server.url}/rest/v1/${table}`)).status).toBe(401);
      }
      const attack = await plinth(['attack', '--only', 'notes', '--only', 'labels']);
      expect([attack.code, attack.stdout]).toEqual([0, expect.stringMatching(/^2 relations.* 0 leaks/m)]);
    } finally {
      server.kill('SIGTERM');
      await server.finished;
    }
    const [status, drift] = [await plinth(['migrate', 'status']), await plinth(['migrate', 'drift'])];
    expect([status.code, status.stdout]).toEqual([0, expect.stringMatching(/notes\/0002 +labels +applied/)]);
    expect([drift.code, drift.stdout]).toEqual([0, 'no drift\n']);
    write('modules/notes/module.ts', module.replace("'update', 'delete']", "'update']"));
    const refused = await plinth(['doctor']);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('module_tables')]);
    expect(refused.stderr).toContain('requestVerbs says insert, select, update');
    write('modules/notes/module.ts', module);
  });

  it.each([
    ['a file that is no program', 'export default {;', /application_file.*SyntaxError|SyntaxError.*application_file/s],
    ['nothing exported', 'export const x = 1;', /has no default export \(application_export\)/],
    [
      'a module of our name',
      "import { definePlinth } from 'plinth';\nexport default definePlinth({ modules: { tasks: { name: 'tasks', description: 'x', dependsOn: [] } } });",
      /module_conflict/,
    ],
    [
      'a wrong shape',
      "import { definePlinth } from 'plinth';\nexport default definePlinth({ tasks: { x: 1 } } as never);",
      /\/tasks\/x: is not a handler.*application_invalid/s,
    ],
    [
      'a route of ours',
      "import { definePlinth } from 'plinth';\nexport default definePlinth({ routes: (r) => r.add({ method: 'GET', url: '/v1/projects', summary: 'x', tag: 'x', permission: 'user', mode: 'read', run: async () => 1 }) });",
      /module app: .*\(route_invalid\)/,
    ],
    [
      'an unknown permission',
      "import { definePlinth } from 'plinth';\nexport default definePlinth({ routes: (r) => r.add({ method: 'GET', url: '/v1/x', summary: 'x', tag: 'x', permission: 'x:read', mode: 'read', run: async () => 1 }) });",
      /no module declares the permission x:read \(route_invalid\)/,
    ],
  ])('is told what is wrong with its configuration: %s', async (_what, text, words) => {
    write('wrong.config.ts', text);
    const { code, stderr, stdout } = await plinth(['openapi', '--config', 'wrong.config.ts', '--data', migrated]);
    expect([code, stdout, stderr]).toEqual([3, '', expect.stringMatching(words)]);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('is told of a module that is switched off', async () => {
    write(
      'off.config.ts',
      "import { definePlinth } from 'plinth';\nexport default definePlinth({ modules: { analysis: false } });\n",
    );
    const { code, stderr } = await plinth(['analyze', '.', '--config', 'off.config.ts', '--data', '.plinth-off']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('analysis is switched off (module_off)')]);
  });
});
