import type { PlinthError } from '../core/errors.ts';
import { migrationErrors } from './errors.ts';
import { type Migration, type MigrationSet, migrationId } from './files.ts';
import type { HistoryRow } from './history.ts';

export type MigrationState = 'applied' | 'pending' | 'started' | 'edited' | 'out_of_order' | 'missing' | 'switched_off';

/** One migration as the files and the database see it; `migration` is absent when there is no file. */
export interface PlanEntry {
  readonly id: string;
  readonly module: string;
  readonly version: number;
  readonly name: string;
  readonly state: MigrationState;
  readonly migration: Migration | undefined;
  /** The row that stands for it now; absent when it is not applied. */
  readonly row: HistoryRow | undefined;
}

export interface Plan {
  /** In the order of the files; then what has no file. */
  readonly entries: readonly PlanEntry[];
  /** What `up` would run, in order: pending, and what was started and not finished. */
  readonly pending: readonly Migration[];
}

/** Rows that stand: applied or started, not rolled back. */
export function liveRows(history: readonly HistoryRow[]): HistoryRow[] {
  return history.filter((row) => row.status !== 'rolled_back');
}

function stateOf(migration: Migration, row: HistoryRow | undefined, lastApplied: number): MigrationState {
  if (row === undefined) return migration.version < lastApplied ? 'out_of_order' : 'pending';
  // A half-done file may be corrected: it never was applied, and without that there would be no way forward.
  if (row.status === 'started') return 'started';
  return row.checksum === migration.up.checksum ? 'applied' : 'edited';
}

/**
 * Compares the files with the history. A migration of a module that is not in the list is `switched_off` (modules can
 * be); one of a module in the list without a file is `missing`: the schema is ahead of the program.
 */
export function planMigrations(set: MigrationSet, history: readonly HistoryRow[]): Plan {
  const rows = new Map(liveRows(history).map((row) => [migrationId(row), row]));
  const lastApplied = new Map<string, number>();
  for (const row of rows.values()) {
    lastApplied.set(row.module, Math.max(row.version, lastApplied.get(row.module) ?? 0));
  }
  const entries: PlanEntry[] = [];
  for (const migration of set.migrations) {
    const id = migrationId(migration);
    const row = rows.get(id);
    rows.delete(id);
    const { module, version, name } = migration;
    const state = stateOf(migration, row, lastApplied.get(module) ?? 0);
    entries.push({ id, module, version, name, state, migration, row });
  }
  const modules = new Set(set.sources.map((source) => source.module));
  for (const [id, row] of rows) {
    const state = modules.has(row.module) ? 'missing' : 'switched_off';
    entries.push({ id, module: row.module, version: row.version, name: row.name, state, migration: undefined, row });
  }
  const pending = entries.flatMap(({ state, migration }) =>
    migration && (state === 'pending' || state === 'started') ? [migration] : [],
  );
  return { entries, pending };
}

/** What forbids going on; undefined when nothing does. */
export function planProblem(plan: Plan): PlinthError | undefined {
  for (const { id, state, migration, row } of plan.entries) {
    if (state === 'edited' && migration && row) {
      return migrationErrors.migration_edited({
        detail: `${migration.up.path}: applied with checksum ${row.checksum}, now ${migration.up.checksum}`,
      });
    }
    if (state === 'missing' && row) {
      return migrationErrors.migration_missing({
        detail: `${id}_${row.name} was applied by Plinth ${row.programVersion} and has no file here`,
      });
    }
    // Refused rather than run late: databases that had it in time and this one would have run different orders.
    if (state === 'out_of_order' && migration) {
      return migrationErrors.migration_out_of_order({
        detail: `${migration.up.path}: a higher number of module ${migration.module} is applied already`,
      });
    }
  }
  return undefined;
}

/** The migration a target such as "projects/0003" names. Throws migration_unknown. */
export function findMigration(set: MigrationSet, target: string): Migration {
  const match = /^([a-z][a-z0-9_-]*)\/([0-9]{1,4})$/.exec(target);
  const found = set.migrations.find(
    ({ module, version }) => module === match?.[1] && version === Number.parseInt(match[2]!, 10),
  );
  if (!found) throw migrationErrors.migration_unknown({ detail: `no file for "${target}"` });
  return found;
}

/** Modules that depend on `module`, directly or through others. */
export function dependants(set: MigrationSet, module: string): Set<string> {
  const found = new Set<string>();
  // The list is in dependency order, so one pass reaches everything.
  for (const source of set.sources) {
    if (source.dependsOn.some((name) => name === module || found.has(name))) found.add(source.module);
  }
  return found;
}
