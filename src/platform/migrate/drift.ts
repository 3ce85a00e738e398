import type pg from 'pg';
import { runBootstrap } from './bootstrap.ts';
import { type MigrationSet, migrationId } from './files.ts';
import type { HistoryRow } from './history.ts';
import { liveRows } from './plan.ts';
import { migrateUp } from './run.ts';
import { renderSnapshot } from './snapshot.ts';

/**
 * The snapshot that a database with this history should have: its migrations, replayed into an empty database (an
 * embedded one, in memory). For a database where something is pending; the committed snapshot serves the others.
 * Throws like migrateUp; a module that is switched off has no files and can not be replayed, so its tables are drift.
 */
export async function replaySnapshot(
  empty: pg.Pool,
  set: MigrationSet,
  history: readonly HistoryRow[],
  prefix = 'plinth',
): Promise<string> {
  const applied = new Set(liveRows(history).map(migrationId));
  await runBootstrap(empty, { prefix });
  await migrateUp(empty, set, {
    programVersion: '0.0.0',
    prefix,
    only: (migration) => applied.has(migrationId(migration)),
  });
  return renderSnapshot(empty, { prefix });
}
