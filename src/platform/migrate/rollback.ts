import { migrationErrors } from './errors.ts';
import { type MigrationSet, migrationId } from './files.ts';
import type { HistoryRow } from './history.ts';
import { dependants, findMigration, liveRows } from './plan.ts';

/**
 * `steps`: the last N that were applied, whatever their module. `to`: everything of that module after "projects/0003"
 * ("projects/0000": all of it). `all`: everything.
 */
export type RollbackTarget = { readonly steps: number } | { readonly to: string } | { readonly all: true };

/** The last row that the target wants gone, in reverse order of application; `done` is how many are gone already. */
export function nextDown(
  set: MigrationSet,
  history: readonly HistoryRow[],
  target: RollbackTarget,
  done: number,
): HistoryRow | undefined {
  const rows = liveRows(history).sort((a, b) => b.sequence - a.sequence);
  if ('all' in target) return rows[0];
  if ('steps' in target) {
    if (!Number.isInteger(target.steps) || target.steps < 1) {
      throw migrationErrors.migration_unknown({ detail: 'the number of steps is a whole number from 1' });
    }
    return done < target.steps ? rows[0] : undefined;
  }
  const zero = /^([a-z][a-z0-9_-]*)\/0{1,4}$/.exec(target.to);
  const module = zero?.[1] ?? findMigration(set, target.to).module;
  const version = zero ? 0 : findMigration(set, target.to).version;
  if (!set.sources.some((source) => source.module === module)) {
    throw migrationErrors.migration_unknown({ detail: `no module "${module}"` });
  }
  return rows.find((row) => row.module === module && row.version > version);
}

/** A migration applied later by a module that depends on this one's; undefined when there is none. */
export function dependedOn(set: MigrationSet, history: readonly HistoryRow[], row: HistoryRow): HistoryRow | undefined {
  const modules = dependants(set, row.module);
  const known = new Set(set.sources.map((source) => source.module));
  return liveRows(history).find(
    (other) =>
      other.sequence > row.sequence &&
      migrationId(other) !== migrationId(row) &&
      // What a switched-off module builds on is not known: it may be this.
      (modules.has(other.module) || !known.has(other.module)),
  );
}
