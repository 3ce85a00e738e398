import type pg from 'pg';
import { type Clock, systemClock } from '../core/clock.ts';
import { migrationErrors } from './errors.ts';
import { isLockFailure, runScript } from './execute.ts';
import type { Migration, MigrationScript, MigrationSet } from './files.ts';
import { type HistoryRow, type Program, readHistory } from './history.ts';
import {
  asSession,
  isPooled,
  type LockSettings,
  lockHistory,
  longTransactions,
  ownerTransaction,
  releaseRunnerLock,
  tryRunnerLock,
} from './session.ts';

const lock_timeout_ms_default = 2_000;
const lock_retries_default = 10;
const retry_delay_ms_min = 250;
const retry_delay_ms_max = 15_000;
/** How long to wait for another runner, which may be building an index. */
const runner_wait_ms_default = 600_000;
const runner_poll_ms = 250;

export type Direction = 'up' | 'down';

export type MigrationEvent =
  | { readonly kind: 'start'; readonly direction: Direction; readonly id: string; readonly description: string }
  | { readonly kind: 'statement'; readonly id: string; readonly index: number; readonly count: number }
  | { readonly kind: 'waiting'; readonly id: string | undefined }
  | {
      readonly kind: 'retry';
      readonly id: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
    }
  | { readonly kind: 'done'; readonly direction: Direction; readonly id: string; readonly durationMs: number };

export interface RunOptions extends Program {
  /** Of the role names; default "plinth". */
  readonly prefix?: string;
  readonly onProgress?: (event: MigrationEvent) => void;
  /** How long one statement may wait for a lock, and make others queue behind it. Default 2,000. */
  readonly lockTimeoutMs?: number;
  /** How often a migration is tried again when it got no lock. Default 10, with growing pauses. */
  readonly retries?: number;
  /** How long to wait while another runner is at work. Default ten minutes. */
  readonly waitMs?: number;
  /**
   * True: the operator says that the connection is direct, or goes through a pooler in session mode. Default: files
   * without a transaction are refused where a pooler shows, since role and lock of a session would stay on a
   * connection that others get next.
   */
  readonly directConnection?: boolean;
  readonly clock?: Clock;
}

export interface UpOptions extends RunOptions {
  /** "projects/0003": the last migration to run; default all. */
  readonly target?: string;
  /** Leaves others out: to replay what a certain database has. */
  readonly only?: (migration: Migration) => boolean;
}

export interface RunResult {
  /** What this call did, in order; what another runner did meanwhile is not in it. */
  readonly done: readonly { readonly id: string; readonly durationMs: number }[];
}

/**
 * How two runners are kept apart, and why so:
 *
 * - A file in a transaction takes `lock table schema_migrations in exclusive mode` inside that transaction, reads the
 *   history again under it, runs the first migration that is still missing, and records it in the same commit. The
 *   lock can not outlive its transaction, so it needs no clean-up after kill -9, and it works through a pooler in
 *   transaction mode, where session-level advisory locks are left on whatever connection they were taken. Readers of
 *   the history (status, serve) are not blocked.
 * - A file without a transaction can hold no lock in one. It first records itself as `started`, and holds an advisory
 *   lock of the session while it runs: such a file needs `set role` on the session, so it needs a direct connection
 *   anyway, and the session's end frees the lock. It is asked for by polling `pg_try_advisory_lock`: a session that
 *   waits inside pg_advisory_lock holds a snapshot, and `create index concurrently` waits for that one, a deadlock.
 */
export class Runner {
  readonly client: pg.PoolClient;
  readonly set: MigrationSet;
  readonly options: RunOptions;
  readonly prefix: string;
  readonly clock: Clock;
  readonly locks: LockSettings;
  readonly done: { id: string; durationMs: number }[] = [];

  constructor(client: pg.PoolClient, set: MigrationSet, options: RunOptions) {
    this.client = client;
    this.set = set;
    this.options = options;
    this.prefix = options.prefix ?? 'plinth';
    this.clock = options.clock ?? systemClock;
    this.locks = { prefix: this.prefix, lockTimeoutMs: options.lockTimeoutMs ?? lock_timeout_ms_default };
  }

  report(event: MigrationEvent): void {
    this.options.onProgress?.(event);
  }

  /** Runs `work` in the owner's transaction, with the history locked and read under the lock. */
  async underLock<T>(work: (history: HistoryRow[]) => Promise<T>): Promise<T> {
    const deadline = this.clock.now().getTime() + (this.options.waitMs ?? runner_wait_ms_default);
    for (;;) {
      let locked = false;
      try {
        return await ownerTransaction(this.client, this.locks, async () => {
          await lockHistory(this.client);
          locked = true;
          return await work(await readHistory(this.client));
        });
      } catch (error) {
        if (locked || !isLockFailure(error)) throw error;
        await this.waitForRunner(deadline);
      }
    }
  }

  async waitForRunner(deadline: number): Promise<void> {
    if (this.clock.now().getTime() >= deadline) {
      throw migrationErrors.migration_locked({ detail: 'another runner is migrating this database' });
    }
    this.report({ kind: 'waiting', id: undefined });
    await this.clock.sleep(runner_poll_ms);
  }

  /** Holds the session's lock around files without a transaction. */
  async withRunnerLock<T>(id: string, work: () => Promise<T>): Promise<T> {
    if (!this.options.directConnection && (await isPooled(this.client))) {
      throw migrationErrors.migration_pooled({ detail: `${id} runs without a transaction, through a pooler` });
    }
    const deadline = this.clock.now().getTime() + (this.options.waitMs ?? runner_wait_ms_default);
    while (!(await tryRunnerLock(this.client))) await this.waitForRunner(deadline);
    try {
      return await work();
    } finally {
      await releaseRunnerLock(this.client);
    }
  }

  /** Tries again while only locks are in the way: the blocked statement must not sit in the queue and block others. */
  async retryingLocks<T>(idOf: () => string, work: () => Promise<T>): Promise<T> {
    const retries = this.options.retries ?? lock_retries_default;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isLockFailure(error)) throw error;
        const reason = (error as Error).message;
        if (attempt > retries) {
          const others = await longTransactions(this.client);
          throw migrationErrors.migration_locked({
            detail: `${idOf()}: ${reason}, ${attempt} times${others ? `; open transactions: ${others}` : ''}`,
            cause: error,
          });
        }
        const ceiling = Math.min(retry_delay_ms_max, retry_delay_ms_min * 2 ** (attempt - 1));
        const delayMs = Math.round(ceiling * (0.5 + Math.random() / 2));
        this.report({ kind: 'retry', id: idOf(), attempt, delayMs, reason });
        await this.clock.sleep(delayMs);
      }
    }
  }

  async runStatements(id: string, script: MigrationScript): Promise<void> {
    const count = script.statements.length;
    await runScript(this.client, script, (_statement, index) => this.report({ kind: 'statement', id, index, count }));
  }

  /** Statement by statement as the owner; from the first one again when a lock was in the way. */
  async runOutsideTransaction(id: string, script: MigrationScript): Promise<void> {
    const count = script.statements.length;
    await this.retryingLocks(
      () => id,
      () =>
        asSession(this.client, this.locks, script, (check) =>
          runScript(this.client, script, async (statement, index) => {
            this.report({ kind: 'statement', id, index, count });
            await check(statement);
          }),
        ),
    );
  }

  finished(direction: Direction, id: string, started: number): number {
    const durationMs = performance.now() - started;
    this.done.push({ id, durationMs });
    this.report({ kind: 'done', direction, id, durationMs });
    return durationMs;
  }
}
