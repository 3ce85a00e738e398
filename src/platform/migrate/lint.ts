import {
  type Migration,
  type MigrationScript,
  type MigrationSet,
  type MigrationStatement,
  migrationId,
} from './files.ts';
import {
  collectTables,
  type LintFile,
  nameAt,
  parseAlterTable,
  parseCreateIndex,
  type Rule,
  startsWith,
  type Tables,
} from './lint/model.ts';
import { changeRules } from './lint/rules-change.ts';
import { securityRules } from './lint/rules-security.ts';
import { tableRules } from './lint/rules-tables.ts';
import { onlyReleasedTables, runSquawk } from './lint/squawk.ts';
import { positionAt } from './split.ts';

/** All our own rules; squawk's come on top. */
export const lintRules: readonly Rule[] = [...tableRules, ...securityRules, ...changeRules];

export interface LintFinding {
  /** Ours, or "squawk:<rule>". */
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong and why. */
  readonly message: string;
  readonly safeWay: string | undefined;
}

export interface LintOptions {
  /** Migrations that are in a release, such as "projects/0001". They are frozen and not linted; default none. */
  readonly released?: ReadonlySet<string>;
  /** Run squawk too; default true. */
  readonly squawk?: boolean;
}

/** Lints every migration that is not released yet. Findings come in the order of the files. */
export async function lintMigrations(set: MigrationSet, options: LintOptions = {}): Promise<LintFinding[]> {
  const isReleased = (migration: Migration) => options.released?.has(migrationId(migration)) === true;
  const tables = collectTables(set.migrations, isReleased);
  const findings: LintFinding[] = [];
  for (const migration of set.migrations.filter((each) => !isReleased(each))) {
    for (const direction of ['up', 'down'] as const) {
      const file: LintFile = { migration, script: migration[direction], direction, tables };
      const found = ourFindings(file);
      if (direction === 'up' && options.squawk !== false) found.push(...(await squawkFindings(file)));
      findings.push(...found.sort((a, b) => a.line - b.line || a.column - b.column));
    }
  }
  return findings;
}

function ourFindings(file: LintFile): LintFinding[] {
  const findings: LintFinding[] = [];
  for (const rule of lintRules) {
    if (rule.files === 'up' && file.direction === 'down') continue;
    for (const { statement, offset, message } of rule.check(file)) {
      if (statement.allows.has(rule.name)) continue;
      const { line, column } = positionAt(file.script.sql, offset ?? statement.start);
      findings.push({ rule: rule.name, path: file.script.path, line, column, message, safeWay: rule.safeWay });
    }
  }
  findings.push(...uselessAllowances(file));
  return findings;
}

/** An exception for a rule that does not exist excuses nothing, and hides a typing error. */
function* uselessAllowances({ script }: LintFile): Iterable<LintFinding> {
  const known = new Set(lintRules.map(({ name }) => name));
  for (const statement of script.statements) {
    for (const name of statement.allows.keys()) {
      if (known.has(name) || name.startsWith('squawk-')) continue;
      const place = { path: script.path, line: statement.line, column: 1 };
      yield { rule: 'allow', ...place, message: `there is no rule ${name}`, safeWay: 'name one that the lint reports' };
    }
  }
}

async function squawkFindings({ script, tables }: LintFile): Promise<LintFinding[]> {
  const findings = await runSquawk(script);
  return findings.flatMap(({ rule, line, column, message, help }): LintFinding[] => {
    const statement = statementAt(script, line);
    if (statement?.allows.has(`squawk-${rule}`)) return [];
    if (onlyReleasedTables.has(rule) && statement && !touchesReleased(statement, tables)) return [];
    return [{ rule: `squawk:${rule}`, path: script.path, line, column, message, safeWay: help }];
  });
}

/** The last statement that begins at or before a line. */
function statementAt(script: MigrationScript, line: number): MigrationStatement | undefined {
  return script.statements.findLast((statement) => statement.line <= line);
}

function touchesReleased(statement: MigrationStatement, tables: Tables): boolean {
  const table = parseAlterTable(statement)?.table ?? parseCreateIndex(statement)?.table;
  if (table !== undefined) return tables.released.has(table);
  // An index is dropped by its own name; whose it is can not be seen here.
  if (startsWith(statement.tokens, 'drop index')) return tables.released.size > 0;
  return tables.released.has(nameAt(statement.tokens, 2).name);
}
