import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analysisLimits } from '../limits.ts';
import { directorySource } from './directory.ts';
import { gitCommitSource } from './git-commit.ts';
import { splitAtNul } from './git-process.ts';
import { isInside, pathText, shortenedPath, takeName } from './paths.ts';
import type { AnalysisSource } from './source.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plinth-sources-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(root: string, files: Record<string, string | Buffer>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false'];

function git(root: string, ...args: string[]): string {
  const env = { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', [...identity, ...args], { cwd: root, env, encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** Path → text, or why it was not read. */
async function read(source: AnalysisSource): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const file of source.files(new AbortController().signal)) {
    expect(files[file.path]).toBeUndefined();
    files[file.path] =
      'unread' in file ? `${file.unread.status} ${file.unread.code}` : Buffer.from(file.bytes).toString('latin1');
  }
  return files;
}

const tree = {
  'a.ts': 'a',
  'b/c.py': 'c',
  'b/readme.md': '#',
  'node_modules/x/d.js': 'd',
  'b/vendor/e.js': 'e',
  'dist/f.js': 'f',
  'bin/run': '#!/usr/bin/env node\n',
  'bin/data': 'x',
  'big.js': Buffer.alloc(analysisLimits.file_bytes + 1, 32),
  'line\nfeed "quoted".js': 'g',
};
const expected = {
  'a.ts': 'a',
  'b/c.py': 'c',
  'bin/run': '#!/usr/bin/env node\n',
  'big.js': 'skipped too_large',
  'line\nfeed "quoted".js': 'g',
};

describe('a folder', () => {
  test('without git: its sources, without dependencies, links and other files', async () => {
    const root = join(folder, 'plain');
    write(root, tree);
    chmodSync(join(root, 'bin/run'), 0o755);
    write(folder, { 'outside.js': 'secret' });
    symlinkSync(join(folder, 'outside.js'), join(root, 'link.js'));
    symlinkSync(folder, join(root, 'linked'));
    symlinkSync('loop', join(root, 'loop'));
    const source = await directorySource(root);
    expect(await read(source)).toEqual(expected);
    expect(source.counts).toMatchObject({ notRegular: 3, excluded: 3, truncated: false });
    expect(source.counts.otherLanguages).toBe(2);
  });

  test('with other folders left out', async () => {
    const root = join(folder, 'chosen');
    write(root, { 'dist/a.js': 'a', 'node_modules/b.js': 'b' });
    const source = await directorySource(root, { exclude: new Set(['node_modules']) });
    expect(await read(source)).toEqual({ 'dist/a.js': 'a' });
    expect(source.counts.excluded).toBe(1);
  });

  test('a named pipe does not block, and a name that is not UTF-8 is kept apart', async () => {
    const root = join(folder, 'odd');
    mkdirSync(root);
    const name = (byte: number): Buffer =>
      Buffer.concat([Buffer.from(`${root}/x`), Buffer.of(byte), Buffer.from('.js')]);
    writeFileSync(name(0xe9), 'one');
    writeFileSync(name(0xe8), 'two');
    spawnSync('mkfifo', [join(root, 'pipe.js')]);
    const files = await read(await directorySource(root));
    expect(Object.values(files).sort()).toEqual(['one', 'two']);
    for (const path of Object.keys(files)) expect(path).toMatch(/^x\uFFFD~[0-9a-f]{12}\.js$/);
  });

  test('in a work tree: what git tracks or would track, and no link out of it', async () => {
    const root = join(folder, 'tree');
    write(root, {
      ...tree,
      'ignored.js': 'i',
      'new.ts': 'n',
      '.gitignore': 'ignored.js\n',
      'gone.js': 'x',
      'moved/m.js': 'm',
    });
    chmodSync(join(root, 'bin/run'), 0o755);
    git(root, 'init', '-q');
    git(root, 'add', 'a.ts', 'b', 'bin', 'big.js', 'gone.js', 'moved', 'line\nfeed "quoted".js');
    rmSync(join(root, 'gone.js'));
    rmSync(join(root, 'moved'), { recursive: true });
    write(folder, { 'elsewhere/m.js': 'secret' });
    symlinkSync(join(folder, 'elsewhere'), join(root, 'moved'));
    expect(await read(await directorySource(root))).toEqual({ ...expected, 'new.ts': 'n' });
    // A folder that the repository ignores is read all the same when it is asked for.
    expect(await read(await directorySource(join(root, 'node_modules/x')))).toEqual({ 'd.js': 'd' });
  });

  test("does not run what a repository's settings name", async () => {
    const root = join(folder, 'trap');
    write(root, { 'a.js': 'a', 'trap.sh': `#!/bin/sh\ntouch ${folder}/trapped\n` });
    chmodSync(join(root, 'trap.sh'), 0o755);
    git(root, 'init', '-q');
    git(root, 'add', 'a.js');
    git(root, 'config', 'core.fsmonitor', join(root, 'trap.sh'));
    git(root, 'config', 'core.hooksPath', root);
    expect(Object.keys(await read(await directorySource(root)))).toEqual(['a.js']);
    expect(spawnSync('ls', [`${folder}/trapped`]).status).not.toBe(0);
  });

  test('that is not there, or is a file', async () => {
    await expect(directorySource(join(folder, 'none'))).rejects.toMatchObject({ code: 'analysis_source_not_found' });
    write(folder, { 'file.txt': '' });
    await expect(directorySource(join(folder, 'file.txt'))).rejects.toMatchObject({
      code: 'analysis_source_unreadable',
    });
  });
});

/** A commit whose tree is made by hand: names and modes that git itself would refuse. */
function commitOf(bare: string, entries: readonly { mode: string; type: string; id: string; name: Buffer }[]): string {
  const input = Buffer.concat(
    entries.flatMap(({ mode, type, id, name }) => [Buffer.from(`${mode} ${type} ${id}\t`), name, Buffer.of(0)]),
  );
  const made = spawnSync('git', [`--git-dir=${bare}`, 'mktree', '-z', '--missing'], { input, encoding: 'utf8' });
  return git(bare, 'commit-tree', '-m', 'made by hand', made.stdout.trim());
}

function blob(bare: string, content: string): string {
  return spawnSync('git', [`--git-dir=${bare}`, 'hash-object', '-w', '--stdin'], {
    input: content,
    encoding: 'utf8',
  }).stdout.trim();
}

describe('a commit of a bare clone', () => {
  let bare: string;
  let first: string;
  let second: string;

  beforeAll(() => {
    const root = join(folder, 'origin');
    write(root, tree);
    chmodSync(join(root, 'bin/run'), 0o755);
    symlinkSync('/etc/passwd', join(root, 'link.js'));
    git(root, 'init', '-q');
    git(root, 'add', '-f', '.');
    git(root, 'commit', '-q', '-m', 'first');
    first = git(root, 'rev-parse', 'HEAD');
    write(root, { 'a.ts': 'a2' });
    rmSync(join(root, 'b'), { recursive: true });
    git(root, 'add', '-A', '-f', '.');
    git(root, 'commit', '-q', '-m', 'second');
    second = git(root, 'rev-parse', 'HEAD');
    bare = join(folder, 'bare.git');
    git(folder, 'clone', '-q', '--bare', root, bare);
  });

  test('gives the files of that commit', async () => {
    const source = await gitCommitSource({ gitDirectory: bare, commitSha: first });
    expect(await read(source)).toEqual(expected);
    expect(source.counts).toMatchObject({ notRegular: 1, excluded: 3, otherLanguages: 2 });
    const { 'b/c.py': _, ...rest } = expected;
    expect(await read(await gitCommitSource({ gitDirectory: bare, commitSha: second }))).toEqual({
      ...rest,
      'a.ts': 'a2',
    });
  });

  test('with an empty tree gives none', async () => {
    const commitSha = commitOf(bare, []);
    expect(await read(await gitCommitSource({ gitDirectory: bare, commitSha }))).toEqual({});
  });

  test('with hostile names, missing objects and submodules', async () => {
    const id = blob(bare, 'x');
    const name = (text: string): Buffer => Buffer.from(text, 'latin1');
    const commitSha = commitOf(bare, [
      { mode: '100644', type: 'blob', id, name: name('--output=x.js') },
      { mode: '100644', type: 'blob', id, name: name('\t"\n\\.js') },
      { mode: '100644', type: 'blob', id, name: name('caf\xe9.js') },
      { mode: '100644', type: 'blob', id, name: name('caf\xe8.js') },
      { mode: '100644', type: 'blob', id: '1'.repeat(40), name: name('missing.js') },
      { mode: '160000', type: 'commit', id: '2'.repeat(40), name: name('module.js') },
    ]);
    const files = await read(await gitCommitSource({ gitDirectory: bare, commitSha }));
    expect(files['--output=x.js']).toBe('x');
    expect(files['\t"\n\\.js']).toBe('x');
    expect(files['missing.js']).toBe('failed unreadable');
    expect(Object.keys(files).filter((path) => /^caf\uFFFD~[0-9a-f]{12}\.js$/.test(path)).length).toBe(2);
    expect(files['module.js']).toBeUndefined();
  });

  test('many files, read slowly', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => blob(bare, `x = ${index};\n`.repeat(index)));
    const entries = ids.map((id, index) => ({
      mode: '100644',
      type: 'blob',
      id,
      name: Buffer.from(`f${String(index).padStart(3, '0')}.js`),
    }));
    const files = await read(await gitCommitSource({ gitDirectory: bare, commitSha: commitOf(bare, entries) }));
    expect(Object.keys(files).length).toBe(300);
    expect(files['f299.js']).toBe('x = 299;\n'.repeat(299));
  }, 60_000);

  test('can be left early and aborted', async () => {
    const source = await gitCommitSource({ gitDirectory: bare, commitSha: first });
    for await (const _ of source.files(new AbortController().signal)) break;
    const abort = new AbortController();
    const aborted = await gitCommitSource({ gitDirectory: bare, commitSha: first });
    const reading = (async () => {
      for await (const _ of aborted.files(abort.signal)) abort.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow();
  });

  test.each([
    ['HEAD', 'analysis_commit_invalid'],
    ['main; rm -rf /', 'analysis_commit_invalid'],
    ['--help', 'analysis_commit_invalid'],
    ['A'.repeat(40), 'analysis_commit_invalid'],
    [`${'a'.repeat(40)}\n`, 'analysis_commit_invalid'],
    ['a'.repeat(40), 'analysis_commit_not_found'],
  ])('%j: %s', async (commitSha, code) => {
    await expect(gitCommitSource({ gitDirectory: bare, commitSha })).rejects.toMatchObject({ code });
  });

  test('a tree is no commit, a folder no repository, and nothing is not there', async () => {
    const treeId = git(bare, 'rev-parse', `${first}^{tree}`);
    await expect(gitCommitSource({ gitDirectory: bare, commitSha: treeId })).rejects.toMatchObject({
      code: 'analysis_commit_not_found',
    });
    await expect(gitCommitSource({ gitDirectory: folder, commitSha: first })).rejects.toMatchObject({
      code: 'analysis_source_unreadable',
    });
    await expect(gitCommitSource({ gitDirectory: join(folder, 'none'), commitSha: first })).rejects.toMatchObject({
      code: 'analysis_source_not_found',
    });
  });

  test('without git on the path', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = join(folder, 'nothing');
    try {
      await expect(gitCommitSource({ gitDirectory: bare, commitSha: first })).rejects.toMatchObject({
        code: 'analysis_git_missing',
      });
    } finally {
      process.env['PATH'] = path;
    }
  });
});

describe('paths', () => {
  test.each([
    ['a/b.js', true],
    ['a/..b', true],
    ['../a', false],
    ['a/../b', false],
    ['/a', false],
    ['a//b', false],
    ['./a', false],
    ['', false],
  ])('%j is inside: %s', (path, inside) => {
    expect(isInside(path)).toBe(inside);
  });

  test('text keeps every name apart', () => {
    expect(pathText(Buffer.from('é\n"'))).toBe('é\n"');
    expect(pathText(Buffer.of(0xe9))).not.toBe(pathText(Buffer.of(0xe8)));
    expect(pathText(Buffer.from('\ufeffa'))).toBe('\ufeffa');
    const long = ['a', 'b'].map((name) => Buffer.from(`${'x/'.repeat(3_000)}${name}.ts`));
    const [one, two] = long.map((bytes) => shortenedPath(String(bytes), bytes));
    expect(one).not.toBe(two);
    expect(one!.length).toBeLessThan(300);
  });

  test('are names of one file each, however often a tree made by hand repeats them', () => {
    const taken = new Set<string>();
    const raw = Buffer.from('a.ts');
    // first the name a second "a.ts" would get
    const guessed = takeName('a.ts', raw, new Set(['a.ts']));
    takeName(guessed, Buffer.from(guessed), taken);
    const names = Array.from({ length: 20_000 }, () => takeName('a.ts', raw, taken));
    expect(new Set([guessed, ...names]).size).toBe(20_001);
    expect(Math.max(...names.map((name) => name.length))).toBe('a~0123456789ab.ts'.length);
  });

  test('parts are split at NUL wherever chunks end, and cut when too long', async () => {
    async function* chunks(): AsyncGenerator<Buffer> {
      for (const text of ['a\0b', 'c\0', '\0', 'd', 'e'.repeat(50), '\0f']) yield Buffer.from(text);
    }
    const parts: string[] = [];
    for await (const part of splitAtNul(chunks(), 10)) parts.push(part.toString());
    expect(parts.map((part) => part.slice(0, 3))).toEqual(['a', 'bc', '', 'dee', 'f']);
  });
});
