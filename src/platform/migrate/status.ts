import type pg from 'pg';
import { migrationErrors } from './errors.ts';
import { type MigrationChecksums, type MigrationSet, migrationId } from './files.ts';
import { quoteName, roleName, SCHEMA } from './names.ts';
import { type MigrationState, planMigrations } from './plan.ts';
import { loadHistory } from './run.ts';
import { withMigrationClient } from './session.ts';
import { compareVersions } from './version.ts';

/** One line of `plinth migrate status`. */
export interface MigrationStatus {
  readonly id: string;
  readonly name: string;
  readonly state: MigrationState;
  readonly phase: 'expand' | 'contract' | undefined;
  readonly appliedAt: Date | undefined;
  readonly appliedBy: string | undefined;
  readonly programVersion: string | undefined;
  readonly durationMs: number | undefined;
}

/** The state of every migration, those without a file last. Throws bootstrap_required when there is no history. */
export async function migrationStatus(pool: pg.Pool, set: MigrationSet, prefix?: string): Promise<MigrationStatus[]> {
  const { entries } = planMigrations(set, await loadHistory(pool, prefix));
  return entries.map(({ id, name, state, migration, row }) => ({
    id,
    name,
    state,
    phase: migration?.phase,
    appliedAt: row?.appliedAt,
    appliedBy: row?.appliedBy,
    programVersion: row?.programVersion,
    durationMs: row?.durationMs,
  }));
}

/**
 * - `current`: exactly our migrations are applied.
 * - `behind`: something of ours is pending, half done, or different: do not serve, run migrate up.
 * - `ahead by one release`: newer ones are applied, and the program that applied them says that ours still works
 *   (expand now, contract a release later): serve.
 * - `ahead`: newer ones that ours can not work with: do not serve.
 */
export type SchemaState = 'current' | 'behind' | 'ahead by one release' | 'ahead';

export interface SchemaReport {
  readonly state: SchemaState;
  /** Ids that make it so: what is pending or edited, or what we have no file for. At most ten. */
  readonly because: readonly string[];
}

interface AppliedRow {
  module: string;
  version: number;
  status: string;
  checksum: string;
  oldest_program_version: string;
}

const reasons_max = 10;
const QUERY = `select module, version, status, checksum, oldest_program_version from ${SCHEMA}.applied_migrations()`;

/**
 * One query as the login; only where that login was not given the function itself (a migration login that does not
 * inherit) a second one as a role it may take.
 */
async function appliedRows(pool: pg.Pool, prefix: string): Promise<AppliedRow[] | undefined> {
  return withMigrationClient(pool, async (client) => {
    let refused: unknown;
    const attempts = [QUERY, ...(['app', 'owner'] as const).map((role) => asRole(roleName(prefix, role)))];
    for (const sql of attempts) {
      try {
        const result = (await client.query<AppliedRow>(sql)) as
          | pg.QueryResult<AppliedRow>
          | pg.QueryResult<AppliedRow>[];
        return (Array.isArray(result) ? result[2]! : result).rows;
      } catch (error) {
        await client.query('rollback');
        const { code } = error as { code?: string };
        // No schema, no function: nothing was ever migrated.
        if (code === '3F000' || code === '42883') return undefined;
        // 42501, 22023, 42704: may not, or there is no such role.
        if (code !== '42501' && code !== '22023' && code !== '42704') throw error;
        refused ??= error;
      }
    }
    throw migrationErrors.bootstrap_required({ detail: (refused as Error).message, cause: refused });
  });
}

function asRole(role: string): string {
  return `begin; set local role ${quoteName(role)}; ${QUERY}; commit`;
}

/** What `serve` and `work` ask before they start; they exit with code 3 unless it is current or ahead by one release. */
export async function schemaState(
  pool: pg.Pool,
  set: MigrationChecksums,
  options: { readonly programVersion: string; readonly prefix?: string },
): Promise<SchemaReport> {
  const rows = await appliedRows(pool, options.prefix ?? 'plinth');
  const live = new Map((rows ?? []).map((row) => [migrationId(row), row]));
  const behind: string[] = [];
  for (const migration of set.migrations) {
    const id = migrationId(migration);
    const row = live.get(id);
    live.delete(id);
    if (row?.status !== 'applied' || row.checksum !== migration.up.checksum) behind.push(id);
  }
  const modules = new Set(set.sources.map(({ module }) => module));
  // A module that is switched off, or that a newer release brought, is none of this program's business.
  const unknown = [...live].filter(([, { module }]) => modules.has(module));
  const tooNew = unknown.filter(([, row]) => compareVersions(options.programVersion, row.oldest_program_version) < 0);
  const report = (state: SchemaState, ids: readonly string[]): SchemaReport => ({
    state,
    because: ids.slice(0, reasons_max),
  });
  if (tooNew.length > 0)
    return report(
      'ahead',
      tooNew.map(([id]) => id),
    );
  if (behind.length > 0) return report('behind', behind);
  if (unknown.length > 0)
    return report(
      'ahead by one release',
      unknown.map(([id]) => id),
    );
  return report('current', []);
}
