import { hostname } from 'node:os';
import { uuidv7 } from '../../platform/core/ids.ts';
import type { TaskHandler } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import { makeBell } from '../../platform/worker/wakeups.ts';
import { type ClaimedTask, type Failure, makeTaskEngine, type Success, type TaskEngine } from './engine.ts';
import { tasks_channel } from './enqueue.ts';
import { describeFailure, retryDelaySeconds, TaskFailure } from './failure.ts';

export interface WorkerOptions {
  readonly platform: Platform;
  readonly handlers: ReadonlyMap<string, TaskHandler>;
  readonly version: string;
  /** Tasks that run at once. */
  readonly concurrency: number;
  /** Tasks claimed at once, at most. */
  readonly batchSize?: number;
  /** Seconds after which a silent worker's tasks run elsewhere. */
  readonly leaseSeconds?: number;
  /** Seconds a handler may take after it was told to stop. */
  readonly stopSeconds?: number;
  /** Longest sleep with nothing due: when this process is alone, and when others are registered. */
  readonly idleMsAlone?: number;
  readonly idleMsAmongOthers?: number;
}

export interface WorkerStatistics {
  completed: number;
  failed: number;
  refused: number;
  running: number;
}

export interface TaskWorker {
  readonly id: string;
  readonly statistics: Readonly<WorkerStatistics>;
  /** Resolves when nothing is held, claimed or due: for tests and the demo. */
  idle(): Promise<void>;
  /** Stops claiming, gives back what has not started, waits for what runs, then says goodbye. */
  stop(): Promise<void>;
}

interface Running {
  readonly task: ClaimedTask;
  readonly abort: AbortController;
  lost: boolean;
}

const result_bytes_max = 1024 * 1024;
const retry_after_error_ms = 1_000;

/** Starts a worker in this process. It claims, runs and settles in batches, and sleeps until something is due. */
export function startWorker(options: WorkerOptions): TaskWorker {
  const { platform, handlers, concurrency } = options;
  const { clock, log, wakeups } = platform;
  const id = uuidv7(clock.now());
  const leaseSeconds = options.leaseSeconds ?? 10;
  const batchSize = options.batchSize ?? 500;
  const engine: TaskEngine = makeTaskEngine(platform, id, [...handlers.keys()].sort(), leaseSeconds);
  const statistics: WorkerStatistics = { completed: 0, failed: 0, refused: 0, running: 0 };

  const buffer: ClaimedTask[] = [];
  const running = new Map<string, Running>();
  let successes: Success[] = [];
  let failures: Failure[] = [];
  let mayHaveMore = true;
  let stopping = false;
  const stopped = new AbortController();
  const idleWaiters: (() => void)[] = [];
  const progress = makeBell();

  const heldLeases = () => [
    ...new Set(
      [...running.values()]
        .filter(({ lost }) => !lost)
        .map(({ task }) => task.lease_id)
        .concat(buffer.map(({ lease_id }) => lease_id)),
    ),
  ];

  function startBuffered(): void {
    while (running.size < concurrency && buffer.length > 0) run(buffer.shift()!);
    statistics.running = running.size;
  }

  function run(task: ClaimedTask): void {
    const entry: Running = { task, abort: new AbortController(), lost: false };
    running.set(task.task_id, entry);
    const startedAt = performance.now();
    execute(entry)
      .then(
        (result) => {
          if (!entry.lost) successes.push({ task, result, durationMs: Math.round(performance.now() - startedAt) });
          statistics.completed++;
        },
        (thrown: unknown) => {
          if (!entry.lost) failures.push(toFailure(task, thrown, Math.round(performance.now() - startedAt)));
          statistics.failed++;
        },
      )
      .finally(() => {
        running.delete(task.task_id);
        startBuffered();
        progress.ring();
      });
  }

  async function execute({ task, abort }: Running): Promise<unknown> {
    const handler = handlers.get(task.task_type);
    if (!handler) throw new TaskFailure('no_handler', `no handler for ${task.task_type}`, { retryable: false });
    const context = {
      organizationId: task.organization_id,
      taskId: task.task_id,
      attempt: task.attempt,
      idempotencyKey: task.task_id,
      signal: abort.signal,
      platform,
    };
    const result = await withinTime(abort, task.timeout_seconds, handler.run(context, task.payload));
    const bytes = Buffer.byteLength(JSON.stringify(result ?? null));
    if (bytes > result_bytes_max) {
      throw new TaskFailure('result_too_large', `the result has ${bytes} bytes; the limit is ${result_bytes_max}`, {
        retryable: false,
      });
    }
    return result;
  }

  async function settleAndClaim(): Promise<number> {
    const settled = { successes, failures };
    successes = [];
    failures = [];
    const room = stopping
      ? 0
      : Math.max(0, Math.min(batchSize, batchSize + concurrency - buffer.length - running.size));
    const claim = buffer.length === 0 && mayHaveMore ? room : 0;
    if (settled.successes.length + settled.failures.length + claim === 0) return 0;
    try {
      const { refused, claimed } = await engine.settleAndClaim({ ...settled, claim });
      if (refused.length > 0) {
        statistics.refused += refused.length;
        log.warn(
          { tasks: refused.map(({ task_id }) => task_id).slice(0, 10), count: refused.length },
          'late answers were refused',
        );
      }
      if (claim > 0) mayHaveMore = claimed.length === claim;
      buffer.push(...claimed);
      startBuffered();
      return claimed.length;
    } catch (error) {
      // nothing was recorded: the answers wait for the next try, as long as the leases live
      successes = [...settled.successes, ...successes];
      failures = [...settled.failures, ...failures];
      throw error;
    }
  }

  async function work(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await settleAndClaim();
        if (successes.length + failures.length > 0 || (buffer.length === 0 && mayHaveMore && !stopping)) continue;
        if (running.size > 0) {
          await progress.rung();
          // lets everything that finishes in this turn of the event loop go out in one batch
          await new Promise((resolve) => setImmediate(resolve));
          continue;
        }
        if (stopping) return;
        await sleepUntilDue();
      } catch (error) {
        log.error({ err: error }, 'the task worker could not reach its queue; trying again');
        await clock.sleep(retry_after_error_ms, stopped.signal);
      }
    }
  }

  function wake(): void {
    mayHaveMore = true;
    progress.ring();
  }

  async function sleepUntilDue(): Promise<void> {
    // from here on a wake-up must not be missed: it rings before the wait below, or it is seen in mayHaveMore
    mayHaveMore = false;
    const { promoted, recovered, nextDueAt, nextLeaseExpiresAt, liveWorkers } = await engine.promoteAndRecover();
    if (promoted + recovered > 0) return wake();
    if (mayHaveMore) return;
    for (const resolve of idleWaiters.splice(0)) resolve();
    const now = clock.now().getTime();
    const ceiling =
      liveWorkers > 1 ? (options.idleMsAmongOthers ?? leaseSeconds * 500) : (options.idleMsAlone ?? 600_000);
    const dueAt = [nextDueAt, nextLeaseExpiresAt].filter((at) => at !== null).map((at) => at.getTime() - now + 1);
    if (!(await progress.rung(Math.max(1, Math.min(ceiling, ...dueAt))))) mayHaveMore = true;
  }

  /** The first beat, a second after the claim, marks what is still held as running; then three a lease. */
  async function beat(): Promise<void> {
    const interval = Math.min(1_000, (leaseSeconds * 1_000) / 3);
    while (!stopped.signal.aborted) {
      await clock.sleep(interval, stopped.signal);
      const leases = heldLeases();
      if (leases.length === 0) continue;
      try {
        // a worker that is never idle looks after timers and dead workers' leases here
        const { promoted, recovered } = await engine.promoteAndRecover();
        if (promoted + recovered > 0) wake();
        const { lostLeases, cancelledTasks } = await engine.heartbeat(leases);
        for (const entry of running.values()) {
          if (lostLeases.includes(entry.task.lease_id)) loseTask(entry, 'lease_lost');
          else if (cancelledTasks.includes(entry.task.task_id)) loseTask(entry, 'cancelled');
        }
        const unusable = new Set(lostLeases);
        const cancelled = new Set(cancelledTasks);
        buffer.splice(
          0,
          buffer.length,
          ...buffer.filter(({ lease_id, task_id }) => !unusable.has(lease_id) && !cancelled.has(task_id)),
        );
      } catch (error) {
        log.warn({ err: error }, 'a heartbeat failed');
      }
    }
  }

  function loseTask(entry: Running, code: string): void {
    // a cancelled task's answer still goes out, so that it leaves the lease; a lost lease's answer would be refused
    entry.lost = code === 'lease_lost';
    entry.abort.abort(
      new TaskFailure(code, code === 'cancelled' ? 'the task was cancelled' : 'the lease was lost', {
        retryable: false,
      }),
    );
  }

  const unsubscribe = wakeups.subscribe(tasks_channel, wake);
  const registered = engine.register(hostname().slice(0, 200), process.pid, options.version).catch((error: unknown) => {
    log.warn({ err: error }, 'the worker could not be registered');
  });
  const loops = registered.then(() => Promise.all([work(), beat()]));

  return {
    id,
    statistics,
    async idle() {
      const done = new Promise<void>((resolve) => idleWaiters.push(resolve));
      wake();
      await done;
    },
    async stop() {
      if (stopping) return;
      stopping = true;
      const waiting = buffer.splice(0);
      unsubscribe();
      progress.ring();
      await registered;
      if (waiting.length > 0)
        await engine.giveBack(waiting).catch((error: unknown) => log.warn({ err: error }, 'tasks were not given back'));
      const deadline = clock.sleep((options.stopSeconds ?? 10) * 1_000);
      const drained = (async () => {
        while (running.size > 0) await progress.rung();
      })();
      await Promise.race([drained, deadline]);
      for (const entry of running.values())
        entry.abort.abort(new TaskFailure('shutdown', 'the worker is shutting down'));
      await Promise.race([drained, clock.sleep(1_000)]);
      await settleAndClaim().catch((error: unknown) => log.warn({ err: error }, 'last answers were not recorded'));
      const unfinished = [...running.values()].map(({ task }) => task);
      if (unfinished.length > 0) await engine.giveBack(unfinished).catch(() => undefined);
      stopped.abort();
      progress.ring();
      await loops;
      await engine.stop().catch(() => undefined);
    },
  };
}

function toFailure(task: ClaimedTask, thrown: unknown, durationMs: number): Failure {
  const known = thrown instanceof TaskFailure ? thrown : undefined;
  const retryAfterSeconds =
    known?.retryable === false ? null : (known?.retryAfterSeconds ?? retryDelaySeconds(task.attempt));
  const outcome = known?.code === 'timed_out' || known?.code === 'cancelled' ? known.code : 'failed';
  return { task, error: describeFailure(thrown), durationMs, retryAfterSeconds, outcome };
}

const stop_grace_ms = 1_000;

/**
 * The handler's answer, or `timed_out` once its time is over and it has not answered the abort signal within a second.
 * An aborted handler (cancel, lost lease, shutdown) gets the same second.
 */
function withinTime(abort: AbortController, seconds: number, work: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const overdue = setTimeout(() => {
      abort.abort(new TaskFailure('timed_out', `the task ran longer than ${seconds} s`));
    }, seconds * 1_000);
    let grace: NodeJS.Timeout | undefined;
    const giveUp = () => {
      grace = setTimeout(() => reject(abort.signal.reason), stop_grace_ms);
    };
    abort.signal.addEventListener('abort', giveUp, { once: true });
    work
      .then(resolve, (thrown: unknown) => reject(abort.signal.aborted ? abort.signal.reason : thrown))
      .finally(() => {
        clearTimeout(overdue);
        clearTimeout(grace);
        abort.signal.removeEventListener('abort', giveUp);
      });
  });
}
