import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlinthError } from '../core/errors.ts';
import { type Directive, type Expectation, isDirective, parseDirective } from './directives.ts';
import { migrationErrors } from './errors.ts';
import { forbiddenReason } from './forbidden.ts';
import { positionAt, type Statement, splitScript } from './split.ts';
import { SqlLexError } from './tokens.ts';

/** Bytes of one migration file. Data belongs in a seed, not in a migration. */
const migration_file_bytes_max = 4 * 1024 * 1024;

const FILE_NAME = /^([0-9]{4})_([a-z][a-z0-9_]{0,80})\.(up|down)\.sql$/;

/** Where one module's migrations are; given in the order of the list of modules. */
export interface MigrationSource {
  readonly module: string;
  readonly directory: string;
  /** Names of modules whose tables these migrations may refer to; each must come earlier in the list. */
  readonly dependsOn: readonly string[];
}

export interface MigrationStatement extends Statement {
  readonly line: number;
  readonly expectation?: Expectation;
  /** Lint rules allowed here, with the reason given. */
  readonly allows: ReadonlyMap<string, string>;
}

export interface MigrationScript {
  /** Path as it was read, for messages. */
  readonly path: string;
  readonly sql: string;
  /** SHA-256 in hex over the text with LF line endings and without a byte order mark. */
  readonly checksum: string;
  /** False: `-- plinth: no transaction`; statement by statement, and it must be idempotent. */
  readonly transactional: boolean;
  readonly statements: readonly MigrationStatement[];
}

export interface Migration {
  readonly module: string;
  readonly version: number;
  readonly name: string;
  /** From the first comment of the up file, else the name in words. */
  readonly description: string;
  /** Of the up file: a contract migration removes what the previous release still uses. */
  readonly phase: 'expand' | 'contract';
  readonly up: MigrationScript;
  readonly down: MigrationScript;
}

/** "projects/0003": how a migration is named on the command line and in messages. */
export function migrationId(migration: { module: string; version: number }): string {
  return `${migration.module}/${String(migration.version).padStart(4, '0')}`;
}

function invalid(path: string, problem: string, sql?: string, offset?: number): PlinthError {
  const place = sql === undefined || offset === undefined ? '' : `:${positionAt(sql, offset).line}`;
  return migrationErrors.migration_invalid({ detail: `${path}${place}: ${problem}` });
}

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > migration_file_bytes_max) throw invalid(path, `larger than ${migration_file_bytes_max} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof TypeError) throw invalid(path, 'not UTF-8');
    throw error;
  }
  if (text.includes('\0')) throw invalid(path, 'holds a NUL character', text, text.indexOf('\0'));
  return text.replaceAll('\r\n', '\n');
}

function checksumOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}

interface Header {
  readonly description: string | undefined;
  readonly transactional: boolean;
  readonly phase: 'expand' | 'contract';
}

function directiveOrThrow(path: string, sql: string, comment: Statement['comments'][number]): Directive | undefined {
  try {
    return parseDirective(comment);
  } catch (error) {
    throw invalid(path, (error as Error).message, sql, comment.start);
  }
}

/** Reads a script's text; `path` is for messages only. Throws migration_invalid with the line. */
export function parseScript(path: string, sql: string): MigrationScript & Header {
  let split: ReturnType<typeof splitScript>;
  try {
    split = splitScript(sql);
  } catch (error) {
    if (error instanceof SqlLexError) throw invalid(path, error.message, sql, error.offset);
    throw error;
  }
  const header: { description?: string; transactional: boolean; phase?: 'expand' | 'contract' } = {
    transactional: true,
  };
  const firstStart = split.statements[0]?.start ?? sql.length;
  const statements = split.statements.map((statement): MigrationStatement => {
    const allows = new Map<string, string>();
    let expectation: Expectation | undefined;
    for (const comment of statement.comments) {
      const directive = directiveOrThrow(path, sql, comment);
      if (directive?.kind === 'allow') allows.set(directive.rule, directive.reason);
      else if (directive?.kind === 'expect') {
        if (expectation) throw invalid(path, 'two expectations for one statement', sql, comment.start);
        expectation = directive.expectation;
      } else if (directive && comment.start > firstStart) {
        throw invalid(path, `"plinth: ${directive.kind}" belongs at the top of the file`, sql, comment.start);
      }
    }
    const { line } = positionAt(sql, statement.start);
    return { ...statement, line, allows, ...(expectation ? { expectation } : {}) };
  });
  for (const comment of split.statements[0]?.comments ?? split.trailing) {
    if (comment.start > firstStart) break;
    const directive = directiveOrThrow(path, sql, comment);
    if (directive?.kind === 'no transaction') header.transactional = false;
    else if (directive?.kind === 'phase') header.phase = directive.phase;
    else if (directive === undefined)
      header.description ??= comment.text.replace(/^--\s*|^\/\*\s*|\s*\*\/$/g, '').trim();
  }
  const lost = split.trailing.find(isDirective);
  if (lost && statements.length > 0) throw invalid(path, 'a directive without a statement after it', sql, lost.start);
  for (const statement of statements) {
    const reason = forbiddenReason(statement, header.transactional);
    if (reason) throw invalid(path, reason, sql, statement.start);
  }
  return {
    path,
    sql,
    checksum: checksumOf(sql),
    transactional: header.transactional,
    statements,
    description: header.description === '' ? undefined : header.description,
    phase: header.phase ?? 'expand',
  };
}

/** One pair of files, before either is read. */
interface MigrationFiles {
  readonly module: string;
  readonly version: number;
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

/** Lists one module's folder. Throws migration_invalid for gaps, duplicates, a missing half and bad names. */
async function listFolder({ module, directory }: MigrationSource): Promise<MigrationFiles[]> {
  let names: string[];
  try {
    names = (await readdir(directory)).filter((name) => !name.startsWith('.') && !name.endsWith('.md')).sort();
  } catch (error) {
    throw migrationErrors.migration_invalid({ detail: `${directory}: cannot be read`, cause: error });
  }
  const halves = new Map<number, { name: string; up?: string; down?: string }>();
  for (const file of names) {
    const path = join(directory, file);
    const match = FILE_NAME.exec(file);
    if (!match) throw invalid(path, 'not named NNNN_name.up.sql or NNNN_name.down.sql (lower case, _ between words)');
    const version = Number.parseInt(match[1]!, 10);
    const half = halves.get(version) ?? { name: match[2]! };
    if (half.name !== match[2]) throw invalid(path, `number ${match[1]} is also taken by "${half.name}"`);
    half[match[3] === 'up' ? 'up' : 'down'] = path;
    halves.set(version, half);
  }
  const files: MigrationFiles[] = [];
  for (const [version, { name, up, down }] of [...halves].sort(([a], [b]) => a - b)) {
    const expected = files.length + 1;
    if (version !== expected) {
      throw invalid(
        up ?? down ?? directory,
        `numbers start at 0001 and have no gaps: ${migrationId({ module, version: expected })} is not there`,
      );
    }
    if (!up) throw invalid(down!, 'has no .up.sql beside it');
    if (!down) throw invalid(up, 'has no .down.sql beside it');
    files.push({ module, version, name, up, down });
  }
  return files;
}

async function readMigration({ module, version, name, ...path }: MigrationFiles): Promise<Migration> {
  const up = parseScript(path.up, await readText(path.up));
  const down = parseScript(path.down, await readText(path.down));
  if (up.statements.length === 0) throw invalid(path.up, 'holds no statement');
  const description = up.description ?? name.replaceAll('_', ' ');
  return { module, version, name, description, phase: up.phase, up, down };
}

/** Every migration of the given modules, in the order they run: the list's order, then number. */
export async function readMigrations(sources: readonly MigrationSource[]): Promise<MigrationSet> {
  checkModuleOrder(sources);
  const migrations: Migration[] = [];
  for (const source of sources) {
    for (const files of await listFolder(source)) migrations.push(await readMigration(files));
  }
  return { sources, migrations };
}

/**
 * What tells whether a database has these migrations, which every start asks: the files are not taken apart, which takes
 * ten times as long (0.11 s of a processor for 50). Throws for gaps, duplicates and a missing half alike; what is wrong inside a file, `readMigrations` says.
 */
export async function readMigrationChecksums(sources: readonly MigrationSource[]): Promise<MigrationChecksums> {
  checkModuleOrder(sources);
  const migrations: MigrationChecksum[] = [];
  for (const source of sources) {
    for (const { module, version, up } of await listFolder(source))
      migrations.push({ module, version, up: { checksum: checksumOf(await readText(up)) } });
  }
  return { sources, migrations };
}

/** All migrations a program knows, in the order they run. */
export interface MigrationSet {
  readonly sources: readonly MigrationSource[];
  readonly migrations: readonly Migration[];
}

export interface MigrationChecksum extends Pick<Migration, 'module' | 'version'> {
  readonly up: Pick<MigrationScript, 'checksum'>;
}

/** A `MigrationSet` is one too. */
export interface MigrationChecksums extends Pick<MigrationSet, 'sources'> {
  readonly migrations: readonly MigrationChecksum[];
}

/** The list of modules is the order; what a module depends on must stand before it (so there are no cycles). */
function checkModuleOrder(sources: readonly MigrationSource[]): void {
  const seen = new Set<string>();
  const all = new Set(sources.map((source) => source.module));
  for (const { module, dependsOn } of sources) {
    if (seen.has(module)) throw migrationErrors.migration_invalid({ detail: `module ${module} is listed twice` });
    for (const dependency of dependsOn) {
      if (seen.has(dependency)) continue;
      const problem = all.has(dependency)
        ? 'which does not stand before it in the list of modules'
        : 'which is not there';
      throw migrationErrors.migration_invalid({ detail: `module ${module} depends on ${dependency}, ${problem}` });
    }
    seen.add(module);
  }
}
