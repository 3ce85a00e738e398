import type pg from 'pg';
import { migrationErrors } from './errors.ts';
import { type Migration, type MigrationSet, migrationId } from './files.ts';
import { type HistoryRow, readHistory, recordFinished, recordRolledBack, recordRun } from './history.ts';
import { findMigration, liveRows, planMigrations, planProblem } from './plan.ts';
import { dependedOn, nextDown, type RollbackTarget } from './rollback.ts';
import { Runner, type RunOptions, type RunResult, type UpOptions } from './runner.ts';
import { asOwner, withMigrationClient } from './session.ts';

/** The first migration still to run, from the history as it is under the lock. Throws what forbids going on. */
function nextUp(set: MigrationSet, history: HistoryRow[], wanted: (migration: Migration) => boolean) {
  const plan = planMigrations(set, history);
  const problem = planProblem(plan);
  if (problem) throw problem;
  return plan.pending.find(wanted);
}

function wantedBy(set: MigrationSet, options: UpOptions): (migration: Migration) => boolean {
  const last = options.target === undefined ? undefined : findMigration(set, options.target);
  const upTo = last === undefined ? set.migrations.length : set.migrations.indexOf(last) + 1;
  const within = new Set(set.migrations.slice(0, upTo));
  return (migration) => within.has(migration) && (options.only?.(migration) ?? true);
}

/**
 * Applies what is pending, in order. Each file is applied exactly once whatever else runs at the same time, and a
 * process killed at any point leaves a state from which the next call goes on.
 * Throws migration_edited, _missing, _out_of_order before anything runs; _failed (rolled back whole), _interrupted (a
 * file without a transaction), _rows_unexpected, _locked; bootstrap_required without roles and schema.
 */
export async function migrateUp(pool: pg.Pool, set: MigrationSet, options: UpOptions): Promise<RunResult> {
  const wanted = wantedBy(set, options);
  return withMigrationClient(pool, async (client) => {
    const runner = new Runner(client, set, options);
    for (;;) {
      const step = await applyNext(runner, wanted);
      if (step === 'end') return { done: runner.done };
      if (step === 'applied') continue;
      await runner.withRunnerLock(migrationId(step), () => applyWithoutTransaction(runner, step, wanted));
    }
  });
}

/** Applies one file in a transaction; a file without one is returned for the caller to run. */
async function applyNext(
  runner: Runner,
  wanted: (migration: Migration) => boolean,
): Promise<'end' | 'applied' | Migration> {
  let id = '';
  let started = 0;
  const outcome = await runner.retryingLocks(
    () => id,
    () =>
      runner.underLock(async (history) => {
        const migration = nextUp(runner.set, history, wanted);
        if (migration === undefined) return 'end' as const;
        if (!migration.up.transactional) return migration;
        id = migrationId(migration);
        started = performance.now();
        runner.report({ kind: 'start', direction: 'up', id, description: migration.description });
        await runner.runStatements(id, migration.up);
        await recordRun(runner.client, migration, 'applied', runner.options, performance.now() - started);
        return 'applied' as const;
      }),
  );
  if (outcome === 'applied') runner.finished('up', id, started);
  return outcome;
}

async function applyWithoutTransaction(
  runner: Runner,
  expected: Migration,
  wanted: (migration: Migration) => boolean,
): Promise<void> {
  const id = migrationId(expected);
  const mine = await runner.underLock(async (history) => {
    // Another runner may have finished it while this one waited for the lock.
    if (nextUp(runner.set, history, wanted) !== expected) return false;
    const isStarted = liveRows(history).some((row) => migrationId(row) === id);
    if (!isStarted) await recordRun(runner.client, expected, 'started', runner.options, undefined);
    return true;
  });
  if (!mine) return;
  const started = performance.now();
  runner.report({ kind: 'start', direction: 'up', id, description: expected.description });
  await runner.runOutsideTransaction(id, expected.up);
  await runner.underLock(() => recordFinished(runner.client, expected, performance.now() - started));
  runner.finished('up', id, started);
}

/**
 * Rolls back, last applied first. Throws like migrateUp; migration_depended_on when a module that builds on this one
 * was migrated later and would be left without its ground.
 */
export async function migrateDown(
  pool: pg.Pool,
  set: MigrationSet,
  options: RunOptions & { readonly target: RollbackTarget },
): Promise<RunResult> {
  return withMigrationClient(pool, async (client) => {
    const runner = new Runner(client, set, options);
    for (;;) {
      const step = await rollBackNext(runner, options.target, false);
      if (step === 'end') return { done: runner.done };
      if (step === 'rolled back') continue;
      await runner.withRunnerLock(migrationId(step.row), () => rollBackWithoutTransaction(runner, options.target));
    }
  });
}

type DownStep = { readonly row: HistoryRow; readonly migration: Migration };

/** What to roll back next, or undefined. Throws when it is edited, has no file, or is depended on. */
function chooseDown(runner: Runner, history: HistoryRow[], target: RollbackTarget): DownStep | undefined {
  const row = nextDown(runner.set, history, target, runner.done.length);
  if (row === undefined) return undefined;
  const entry = planMigrations(runner.set, history).entries.find(({ id }) => id === migrationId(row));
  const migration = entry?.migration;
  if (migration === undefined) {
    throw migrationErrors.migration_missing({
      detail: `${migrationId(row)}_${row.name} has no file here, so there is no way back from it`,
    });
  }
  if (entry?.state === 'edited') {
    throw migrationErrors.migration_edited({
      detail: `${migration.up.path}: applied with checksum ${row.checksum}, now ${migration.up.checksum}`,
    });
  }
  const blocker = dependedOn(runner.set, history, row);
  if (blocker) {
    throw migrationErrors.migration_depended_on({
      detail: `${migrationId(blocker)} was applied after ${migrationId(row)} and builds on it`,
    });
  }
  return { row, migration };
}

async function rollBackNext(
  runner: Runner,
  target: RollbackTarget,
  holdsRunnerLock: boolean,
): Promise<'end' | 'rolled back' | DownStep> {
  let id = '';
  let started = 0;
  const outcome = await runner.retryingLocks(
    () => id,
    () =>
      runner.underLock(async (history) => {
        const step = chooseDown(runner, history, target);
        if (step === undefined) return 'end' as const;
        // A started row may belong to a runner that is at work: only the session's lock tells.
        if (!step.migration.down.transactional || (step.row.status === 'started' && !holdsRunnerLock)) return step;
        id = migrationId(step.row);
        started = performance.now();
        runner.report({ kind: 'start', direction: 'down', id, description: step.migration.description });
        await runner.runStatements(id, step.migration.down);
        await recordRolledBack(runner.client, step.row.sequence, runner.clock.now());
        return 'rolled back' as const;
      }),
  );
  if (outcome === 'rolled back') runner.finished('down', id, started);
  return outcome;
}

/** With the session's lock held: what can not be done, or not be judged, inside one transaction. */
async function rollBackWithoutTransaction(runner: Runner, target: RollbackTarget): Promise<void> {
  const step = await rollBackNext(runner, target, true);
  if (typeof step === 'string') return;
  const id = migrationId(step.row);
  const { description, down } = step.migration;
  const started = performance.now();
  runner.report({ kind: 'start', direction: 'down', id, description });
  await runner.runOutsideTransaction(id, down);
  await runner.underLock(() => recordRolledBack(runner.client, step.row.sequence, runner.clock.now()));
  runner.finished('down', id, started);
}

/** The history as the owner reads it, without a lock. Throws bootstrap_required when there is none. */
export async function loadHistory(pool: pg.Pool, prefix = 'plinth'): Promise<HistoryRow[]> {
  return withMigrationClient(pool, (client) => asOwner(client, prefix, () => readHistory(client)));
}
