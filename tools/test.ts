/**
 * `npm test`: everything on PGlite and on PostgreSQL 18 as an ordinary login, beside it a smoke on what else is installed.
 * `npm run test:matrix`: everything on every engine, and the long versions of the tests that break things.
 * With arguments: those files, as vitest takes them. PLINTH_TEST_ENGINES chooses the engines.
 * Closes with "N passed, N failed, N skipped".
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const base: readonly EngineName[] = ['pglite', 'postgres'];
const others: readonly EngineName[] = ['superuser', 'postgres15', 'pgbouncer'];

interface Part {
  readonly name: string;
  readonly engines: readonly EngineName[];
  readonly files: readonly string[];
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
  // beside the first, whose tests wait for a fifth of their time; what they say comes behind what it says
  const runs = parts.map((part, at) => run(part, at > 0));
  for (const [at, part] of parts.entries()) {
    const { counts, said, seconds } = await runs[at]!;
    process.stdout.write(said);
    console.log(`${part.name} (${part.engines.join(', ')}): ${words(counts)} in ${seconds} s\n`);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  const worked = processorSeconds();
  console.log(`took ${secondsSince(started)} s${worked === undefined ? '' : `, of processors ${worked.toFixed(0)} s`}`);
  console.log(words(total));
  return total.failed === 0 ? 0 : 1;
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
    { name: 'everything', engines: there(base), files: [] },
    { name: 'smoke', engines: there(others), files: smokes },
  ];
  return parts.filter(({ engines }) => engines.length > 0);
}

interface Ran {
  readonly counts: Counts;
  /** What it wrote, where that did not go to the terminal. */
  readonly said: Buffer;
  readonly seconds: string;
}

/** One vitest run; its words go to the terminal, or come back where another has it; its counts come back as JSON. */
async function run({ engines, files, full }: Part, isBeside: boolean): Promise<Ran> {
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
        ...files,
      ],
      {
        stdio: isBeside ? ['ignore', 'pipe', 'pipe'] : 'inherit',
        env: {
          ...process.env,
          PLINTH_TEST_ENGINES: engines.join(','),
          ...(full ? { PLINTH_FULL: '1' } : {}),
          ...(isBeside ? { PLINTH_TEST_WORKERS: '1' } : {}),
        },
      },
    );
    const said: Buffer[] = [];
    for (const channel of [vitest.stdout, vitest.stderr]) channel?.on('data', (piece: Buffer) => said.push(piece));
    const status = await new Promise<number | null>((resolve, reject) => {
      vitest.once('error', reject);
      vitest.once('close', resolve);
    });
    const counts = existsSync(report) ? readCounts(report) : { passed: 0, failed: 0, skipped: 0 };
    // a file that could not be loaded, or an error outside any test: vitest fails and no test has
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    return { counts, said: Buffer.concat(said), seconds: secondsSince(started) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCounts(report: string): Counts {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  ) as Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests', number>;
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
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
