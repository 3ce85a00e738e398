import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import type { MigrationScript } from '../files.ts';

/** The oldest server we support: squawk knows what is safe since when. */
const OLDEST_SERVER = '15.0';
const squawk_output_bytes_max = 16 * 1024 * 1024;

/**
 * Rules of squawk that do not fit, and why. Everything else it knows is on, so that a new version's rules come in by
 * themselves and have to be argued with.
 */
export const excludedRules: Readonly<Record<string, string>> = {
  'prefer-robust-stmts':
    'a file runs in one transaction: there is no half-way from which "if not exists" would save us',
  'require-lock-timeout': 'the runner sets lock_timeout for each migration, with retries',
  'require-statement-timeout':
    'the runner switches it off on purpose: what must not be long waits for locks, not for work',
  'prefer-identity': 'our rule no-sequences forbids both: ids are uuids',
  'prefer-bigint-over-int': 'ids are uuids; an integer here is a count or a limit, and int8 reaches JavaScript as text',
  'prefer-bigint-over-smallint': 'as prefer-bigint-over-int',
  'ban-drop-table': 'our rule contract-phase knows which tables are released, and in which phase they may go',
  'ban-drop-column': 'as ban-drop-table',
  'renaming-column': 'as ban-drop-table',
  'renaming-table': 'as ban-drop-table',
  'adding-required-field': 'our rule required-column says the same with the table and the safe way named',
  'require-concurrent-index-creation': 'our rule blocking-index knows which tables are released',
};

/** Rules that matter only where others already have rows: not in tables this release brings. */
export const onlyReleasedTables: ReadonlySet<string> = new Set([
  'adding-field-with-default',
  'adding-foreign-key-constraint',
  'adding-not-nullable-field',
  'adding-serial-primary-key-field',
  'changing-column-type',
  'constraint-missing-not-valid',
  'disallowed-unique-constraint',
  'require-concurrent-index-deletion',
  'ban-drop-not-null',
]);

export interface SquawkFinding {
  readonly rule: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly help: string | undefined;
}

interface RawFinding {
  line: number;
  column: number;
  message: string;
  help: string | null;
  rule_name: string;
}

/**
 * Runs the squawk of node_modules over one script's text. Its own exit code says only whether it found something.
 * Throws when it can not be run (it comes with the development dependencies).
 */
export async function runSquawk(script: MigrationScript): Promise<SquawkFinding[]> {
  const args = [squawkProgram(), '--reporter', 'json', '--pg-version', OLDEST_SERVER];
  if (script.transactional) args.push('--assume-in-transaction');
  args.push('--stdin-filepath', 'migration.sql');
  const output = await run(args, script.sql);
  const findings = JSON.parse(output.trim() || '[]') as RawFinding[];
  return findings
    .filter(({ rule_name }) => !(rule_name in excludedRules))
    .map(({ rule_name, line, column, message, help }) => ({
      rule: rule_name,
      line: line + 1,
      column: column + 1,
      message,
      help: help ?? undefined,
    }));
}

function squawkProgram(): string {
  try {
    return createRequire(import.meta.url).resolve('squawk-cli/js/bin/squawk');
  } catch (error) {
    throw new Error('migrations are linted by squawk: npm install --save-dev squawk-cli', { cause: error });
  }
}

function run(args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // Nothing of our environment: it lints text and needs no secrets.
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'], env: {} });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.length > squawk_output_bytes_max) child.kill();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      complaint += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 || (code === 1 && output.trimStart().startsWith('['))) resolve(output);
      else reject(new Error(`squawk could not be run (exit ${code}): ${complaint.trim()}`));
    });
    child.stdin.on('error', () => undefined).end(input);
  });
}
