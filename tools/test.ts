/**
 * `npm test`: everything on PGlite and on PostgreSQL 18 as an ordinary login; beside it the files that wait more than they
 * work, then a smoke on what else is installed.
 * `npm run test:matrix`: everything on every engine, and the long versions of the tests that break things.
 * With arguments: those files, as vitest takes them. PLINTH_TEST_ENGINES chooses the engines.
 * Files with a test that failed are run once more, alone, and it is said which passed then.
 * Closes with "N passed, N failed, N skipped".
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type EngineName, engineNames, missingEngines } from '../tests/support/engine-names.ts';

/** What a smoke is made of: the database layer, the schema's rules, isolation, and one module on top of the other. */
const smokeFiles = [
  'tests/support/engines.test.ts',
  'tests/conformance/catalogue.test.ts',
  'tests/isolation/attack.test.ts',
  'src/platform/db/bulk.test.ts',
  'src/platform/db/engine.test.ts',
  'src/platform/db/pipelined-query.test.ts',
  'src/platform/db/sql-errors.test.ts',
  'src/platform/keyring.test.ts',
  'src/modules/tenancy/api-keys.test.ts',
  'src/modules/tenancy/functions.test.ts',
  'src/modules/projects/projects.test.ts',
];

/**
 * They wait for leases, retries and processes more than they work, so they have a lane of their own beside the two of all
 * others: those leave a quarter of the processors' time unused.
 */
const waitingFiles = ['tests/faults/', 'tests/e2e/worker-check.test.ts', 'src/modules/tasks/worker.test.ts'];

/** More failures than these are no matter of time, and are not tried again. */
const files_again_max = 8;

const base: readonly EngineName[] = ['pglite', 'postgres'];
const others: readonly EngineName[] = ['superuser', 'postgres15', 'pgbouncer'];

interface Part {
  readonly name: string;
  readonly engines: readonly EngineName[];
  /** None: all, but those left out. */
  readonly files: readonly string[];
  readonly leftOut?: readonly string[];
  readonly full?: boolean;
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

async function main(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const isMatrix = args[0] === '--matrix';
  const files = isMatrix ? args.slice(1) : args;
  const missing = missingEngines();
  const requireAll = process.env['PLINTH_REQUIRE'] === 'all';
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [engine, reason] of missing) {
    console.log(`${requireAll ? 'FAILED' : 'SKIPPED'} ${engine}: ${reason}`);
    if (requireAll) total.failed++;
    else total.skipped++;
  }
  const there = (engines: readonly EngineName[]) => engines.filter((engine) => !missing.has(engine));
  const parts = plan(isMatrix, files, there);
  // beside the first, one after the other; what they say comes behind what it says
  let beside: Promise<unknown> = Promise.resolve();
  const runs = parts.map((part, at) => {
    if (at === 0) return run(part, 'first');
    const ran = beside.then(() => run(part, 'beside'));
    beside = ran;
    return ran;
  });
  for (const [at, part] of parts.entries()) {
    const { counts, said, seconds } = await runs[at]!;
    process.stdout.write(said);
    console.log(`${part.name} (${part.engines.join(', ')}): ${words(counts)} in ${seconds} s\n`);
    add(total, counts);
  }
  let flaky = 0;
  for (const [at, part] of parts.entries()) flaky += await runAgain(part, await runs[at]!, total);
  if (flaky > 0) console.log(`${flaky} FLAKY: passed only the second time`);
  const worked = processorSeconds();
  console.log(`took ${secondsSince(started)} s${worked === undefined ? '' : `, of processors ${worked.toFixed(0)} s`}`);
  console.log(words(total));
  return total.failed === 0 ? 0 : 1;
}

/**
 * Three files share two processors, and some start servers and a browser: what a busy machine did not finish in time is
 * told from what is broken by running it once more with nothing beside it. What passes then is named, for it wants mending.
 * Returns how many tests passed then.
 */
async function runAgain(part: Part, first: Ran, total: Counts): Promise<number> {
  const failed = first.files.filter(({ failures }) => failures.length > 0);
  if (failed.length === 0 || failed.length > files_again_max) return 0;
  const files = failed.map(({ file }) => file);
  console.log(`once more, with nothing beside it: ${files.join(', ')}`);
  const again = await run({ ...part, files, leftOut: [] }, 'alone');
  let flaky = 0;
  for (const before of failed) {
    const after = again.files.find(({ file }) => file === before.file);
    if (!after) continue;
    add(total, before.counts, -1);
    add(total, after.counts);
    for (const test of before.failures.filter((one) => !after.failures.includes(one))) {
      flaky++;
      console.log(`FLAKY, passed the second time: ${before.file}: ${test}`);
    }
  }
  return flaky;
}

function add(total: Counts, more: Counts, factor = 1): void {
  total.passed += factor * more.passed;
  total.failed += factor * more.failed;
  total.skipped += factor * more.skipped;
}

function plan(
  isMatrix: boolean,
  files: readonly string[],
  there: (engines: readonly EngineName[]) => EngineName[],
): Part[] {
  if (process.env['PLINTH_TEST_ENGINES'])
    return [{ name: 'chosen engines', engines: engineNames(), files, full: isMatrix }];
  if (isMatrix) return [{ name: 'matrix', engines: there([...base, ...others]), files, full: true }];
  if (files.length > 0) return [{ name: 'chosen files', engines: there(base), files }];
  const smokes = smokeFiles.filter((file) => existsSync(file));
  const parts = [
    { name: 'everything else', engines: there(base), files: [], leftOut: waitingFiles },
    { name: 'what waits', engines: there(base), files: waitingFiles },
    { name: 'smoke', engines: there(others), files: smokes },
  ];
  return parts.filter(({ engines }) => engines.length > 0);
}

interface FileResult {
  /** From the root of the checkout. */
  readonly file: string;
  readonly counts: Counts;
  /** The names of the tests that failed. */
  readonly failures: readonly string[];
}

interface Ran {
  readonly counts: Counts;
  readonly files: readonly FileResult[];
  /** What it wrote, where that did not go to the terminal. */
  readonly said: Buffer;
  readonly seconds: string;
}

/** One vitest run; its words go to the terminal, or come back where another has it; its counts come back as JSON. */
async function run({ engines, files, leftOut = [], full }: Part, how: 'first' | 'beside' | 'alone'): Promise<Ran> {
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'plinth-test-report-'));
  const report = join(folder, 'report.json');
  try {
    const vitest = spawn(
      'vitest',
      [
        'run',
        '--reporter=default',
        '--reporter=./tests/support/slowest-files.ts',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...leftOut.map((path) => `--exclude=${path.endsWith('/') ? `${path}**` : path}`),
        ...files,
      ],
      {
        stdio: how === 'beside' ? ['ignore', 'pipe', 'pipe'] : 'inherit',
        env: {
          ...process.env,
          PLINTH_TEST_ENGINES: engines.join(','),
          ...(full ? { PLINTH_FULL: '1' } : {}),
          ...(how === 'first' ? {} : { PLINTH_TEST_WORKERS: '1' }),
        },
      },
    );
    const said: Buffer[] = [];
    for (const channel of [vitest.stdout, vitest.stderr]) channel?.on('data', (piece: Buffer) => said.push(piece));
    const status = await new Promise<number | null>((resolve, reject) => {
      vitest.once('error', reject);
      vitest.once('close', resolve);
    });
    const results = existsSync(report) ? readReport(report) : [];
    const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
    for (const one of results) add(counts, one.counts);
    // an error outside any file: vitest fails and no test has
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    return { counts, files: results, said: Buffer.concat(said), seconds: secondsSince(started) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is read of vitest's JSON report. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function readReport(path: string): FileResult[] {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  return testResults.map(({ name, status, assertionResults }) => {
    const failures = assertionResults.filter((one) => one.status === 'failed').map(({ fullName }) => fullName);
    // it could not be loaded, or prepared: no test of it has failed
    if (status === 'failed' && failures.length === 0) failures.push('the file itself');
    const passed = assertionResults.filter((one) => one.status === 'passed').length;
    const ended = assertionResults.filter((one) => one.status === 'passed' || one.status === 'failed').length;
    return {
      file: relative(process.cwd(), name),
      counts: { passed, failed: failures.length, skipped: assertionResults.length - ended },
      failures,
    };
  });
}

function words({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** What the processes that have ended since took of all processors; undefined where the system does not say. */
function processorSeconds(): number | undefined {
  try {
    // cutime and cstime, in hundredths (proc_pid_stat(5))
    const [own = 0, system = 0] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .slice(13, 15)
      .map(Number);
    return (own + system) / 100;
  } catch {
    return undefined;
  }
}

function secondsSince(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}

process.exit(await main(process.argv.slice(2)));
