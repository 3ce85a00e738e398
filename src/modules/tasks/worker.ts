import { hostname } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { uuidv7 } from '../../platform/core/ids.ts';
import type { Platform } from '../../platform/platform.ts';
import { makeBell } from '../../platform/worker/wakeups.ts';
import { type Answers, isAboutAnAnswer, noAnswers, settleOneByOne, toFailure } from './answers.ts';
import { Backlog, FreedSlots } from './backlog.ts';
import { ClaimRoom, type Load } from './claim-room.ts';
import { RetryPolicies } from './definitions/retry-policy.ts';
import { type Beat, type ClaimedTask, hasKey, makeTaskEngine, type TaskEngine } from './engine.ts';
import { tasks_channel } from './enqueue.ts';
import { readableThrown, TaskFailure } from './failure.ts';
import { TaskOutput } from './output/task-output.ts';
import { outcomeCounts } from './statistics/outcome-counts.ts';
import { isSuspension } from './suspension.ts';
import { beginRun, endRun, type HeldLease, resultText, stopRun, type TaskRun } from './task-run.ts';
import type { TaskWorker, WorkerOptions, WorkerStatistics } from './worker-types.ts';

const lanes_default = 3;
const batch_size_default = 500;
const nothing = { plain: 0, keyed: 0 };
const retry_after_error_ms = 1_000;
/** Longest sleep where no hints come from other processes: behind a pooler without a direct URL. */
const idle_ms_unhinted = 1_000;
/** What has waited so long behind tasks that turned out to be long goes back to the queue, for others to take. */
const waiting_ms_max = 2_000;
/** After another worker was claiming a tenant's keys just then. */
const look_again_ms = 5;
/** Freed slots that were not taken again here are announced after so long. */
const announce_slots_ms = 50;
/** Handlers that never wait are interrupted after so long, for answers and heartbeats to get their turn. */
const uninterrupted_ms = 20;
const sweep_ms = 50;
/** A batch younger than this is not yet marked as running: most are answered by then. */
const first_beat_ms = 200;
const cancelledFailure = () => new TaskFailure('cancelled', 'the task was cancelled', { retryable: false });

/** Starts a worker in this process. It claims, runs and settles in batches, and sleeps until something is due. */
export function startWorker(options: WorkerOptions): TaskWorker {
  const worker = new Worker(options);
  worker.start();
  return worker;
}

class Worker implements TaskWorker {
  readonly id: string;
  readonly statistics: WorkerStatistics = { completed: 0, failed: 0, refused: 0, running: 0 };
  readonly #options: WorkerOptions;
  readonly #platform: Platform;
  readonly #engine: TaskEngine;
  readonly #policies: RetryPolicies;
  readonly #output: TaskOutput;
  readonly #leaseSeconds: number;
  readonly #lanes: number;

  readonly #backlog = new Backlog();
  readonly #running = new Map<string, TaskRun>();
  readonly #leases = new Map<string, HeldLease>();
  #answers: Answers = noAnswers();
  /** Told to stop by the shutdown or paused, and not answered: their attempt does not count. */
  readonly #interrupted: ClaimedTask[] = [];
  readonly #claims: ClaimRoom;
  /** Statements under way. */
  #settling = 0;
  readonly #freed = new FreedSlots();
  #announcing: NodeJS.Timeout | undefined;
  #lookingAgain: NodeJS.Timeout | undefined;
  #turnStartedAt = 0;
  #willRing = false;
  #willResume = false;
  #sweeper: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  readonly #stopped = new AbortController();
  readonly #idleWaiters: (() => void)[] = [];
  readonly #progress = makeBell();
  #unsubscribe: () => void = () => undefined;
  #registered: Promise<void> = Promise.resolve();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: WorkerOptions) {
    const { platform } = options;
    this.#options = options;
    this.#platform = platform;
    this.#policies = new RetryPolicies(platform);
    this.#output = new TaskOutput(platform);
    this.id = uuidv7(platform.clock.now());
    this.#leaseSeconds = options.leaseSeconds ?? 10;
    const { concurrency, batchSize = batch_size_default } = options;
    this.#lanes = platform.engine.capabilities.concurrentConnections ? (options.lanes ?? lanes_default) : 1;
    this.#claims = new ClaimRoom({ concurrency, batchSize, lanes: this.#lanes });
    this.#engine = makeTaskEngine(platform, this.id, [...options.handlers.keys()].sort(), this.#leaseSeconds);
  }

  start(): void {
    this.#unsubscribe = this.#platform.wakeups.subscribe(tasks_channel, () => this.#wake());
    this.#registered = this.#engine
      .register(hostname().slice(0, 200), process.pid, this.#options.version)
      .catch((error: unknown) => this.#platform.log.warn({ err: error }, 'the worker could not be registered'));
    const lanes = Array.from({ length: this.#lanes }, (_, number) => number);
    this.#loops = this.#registered.then(() =>
      Promise.all([...lanes.map((number) => this.#lane(number === 0)), this.#beat()]),
    );
  }

  async idle(): Promise<void> {
    const done = new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    this.#wake();
    await done;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  /** Settles and claims while there is something to do; the main lane also sleeps for all of them. */
  async #lane(main: boolean): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        if (this.#hasWork()) {
          await this.#settleAndClaim();
          // what finishes in this turn of the event loop goes out in one batch
          await nextTurn();
        } else if (main && this.#isIdle() && !this.#stopping) await this.#sleepUntilDue();
        else await this.#progress.rung();
      } catch (error) {
        this.#platform.log.error({ err: error }, 'the task worker could not reach its queue; trying again');
        await this.#platform.clock.sleep(retry_after_error_ms, this.#stopped.signal);
      }
    }
  }

  #hasWork(): boolean {
    if (Object.values(this.#answers).some((answers) => answers.length > 0)) return true;
    const room = this.#claims.of(this.#load());
    return !this.#stopping && room.plain + room.keyed > 0;
  }

  #isIdle(): boolean {
    const busy = this.#running.size + this.#claims.underWay + this.#settling + this.#backlog.size;
    return busy === 0 && this.#lookingAgain === undefined;
  }

  #load(): Load {
    return { running: this.#running.size, waiting: this.#backlog.size, waitingKeyed: this.#backlog.keyed };
  }

  async #settleAndClaim(): Promise<void> {
    const answers = this.#answers;
    this.#answers = noAnswers();
    const answered = [...answers.successes, ...answers.failures, ...answers.suspensions].map(({ task }) => task);
    if (answered.some(hasKey)) this.#claims.expectKeyed();
    const claim = this.#claims.begin(this.#stopping ? nothing : this.#claims.of(this.#load()));
    this.#settling++;
    let isUnderWay = true;
    try {
      const turn = { ...answers, claim: claim.plain, claimKeyed: claim.keyed };
      const { refused, released, claimed, more, skipped } = await this.#engine.settleAndClaim(turn);
      this.#claims.end(claim);
      isUnderWay = false;
      this.#claims.learn(claim, more);
      this.#forget(answered);
      if (refused.length > 0) this.#noteRefused(refused);
      if (claim.keyed > 0) this.#backlog.passTurn();
      if (skipped) this.#lookAgain();
      this.#freed.free(answered);
      this.#freed.take(claimed);
      this.#announceSlots();
      await this.#take(claimed);
      // what was released beyond this claim may be for any worker
      if (released > claimed.length) this.#platform.wakeups.wake(tasks_channel);
    } catch (error) {
      this.#claims.expect();
      if (!isAboutAnAnswer(error) || answered.length === 0) {
        // nothing was recorded: the answers wait for the next try, as long as the leases live
        this.#putBack(answers);
        throw error;
      }
      const log = this.#platform.log;
      const failed = await settleOneByOne(this.#engine, answers, log, ({ task }) => this.#forget([task]));
      if (failed) {
        this.#putBack(failed.left);
        throw failed.error;
      }
      // they may have released others, and slots
      this.#platform.wakeups.wake(tasks_channel);
    } finally {
      if (isUnderWay) this.#claims.end(claim);
      this.#settling--;
      // the main lane may have waited for this to know that all is done
      if (this.#isIdle()) this.#progress.ring();
    }
  }

  #lookAgain(): void {
    this.#lookingAgain ??= setTimeout(() => {
      this.#lookingAgain = undefined;
      this.#claims.expectKeyed();
      this.#progress.ring();
    }, look_again_ms);
  }

  /** Slots that nobody here took again may be what others wait for: workers of other types, or with room. */
  #announceSlots(): void {
    if (!this.#freed.some) return;
    this.#announcing ??= setTimeout(() => {
      this.#announcing = undefined;
      if (!this.#freed.some) return;
      this.#freed.clear();
      this.#platform.wakeups.wake(tasks_channel);
    }, announce_slots_ms);
  }

  #putBack({ successes, failures, suspensions }: Answers): void {
    this.#answers = {
      successes: [...successes, ...this.#answers.successes],
      failures: [...failures, ...this.#answers.failures],
      suspensions: [...suspensions, ...this.#answers.suspensions],
    };
  }

  /** A lease with nothing open needs no more signs of life. */
  #forget(answered: readonly ClaimedTask[]): void {
    for (const task of answered) {
      const lease = this.#leases.get(task.lease_id);
      if (lease && --lease.open <= 0) this.#leases.delete(task.lease_id);
    }
  }

  #noteRefused(refused: readonly string[]): void {
    this.statistics.refused += refused.length;
    this.#platform.log.warn({ tasks: refused.slice(0, 10), count: refused.length }, 'late answers were refused');
  }

  async #take(claimed: readonly ClaimedTask[]): Promise<void> {
    if (claimed.length > 0) {
      if (this.#stopping) return this.#giveBack(claimed);
      this.#leases.set(claimed[0]!.lease_id, { claimedAt: performance.now(), open: claimed.length });
      this.#backlog.add(claimed);
      this.#turnStartedAt = performance.now();
    }
    this.#startWaiting();
    if (claimed.length > 0 && this.#claims.lastWasFull) this.#progress.ring();
  }

  #startWaiting(): void {
    const { concurrency } = this.#options;
    while (this.#running.size < concurrency && this.#backlog.size > 0 && !this.#stopping) {
      if (performance.now() - this.#turnStartedAt > uninterrupted_ms) {
        this.#resumeNextTurn();
        return;
      }
      const task = this.#backlog.next(this.#claims.wantsFreeSlot);
      if (!task) {
        // its slot is kept for what the next claim brings
        this.#progress.ring();
        break;
      }
      const run = beginRun(task, this.#platform, this.#output);
      this.#running.set(run.task.task_id, run);
      void this.#perform(run);
    }
    this.statistics.running = this.#running.size;
    this.#sweeper ??= setTimeout(() => this.#sweep(), sweep_ms);
  }

  #resumeNextTurn(): void {
    if (this.#willResume) return;
    this.#willResume = true;
    setImmediate(() => {
      this.#willResume = false;
      this.#turnStartedAt = performance.now();
      this.#startWaiting();
    });
  }

  async #perform(run: TaskRun): Promise<void> {
    try {
      const handler = this.#options.handlers.get(run.task.task_type);
      if (!handler) throw new TaskFailure('no_handler', `no handler for ${run.task.task_type}`, { retryable: false });
      this.#options.watchdog?.note(`${run.task.task_type} ${run.task.task_id}`);
      const result = resultText(this.#platform, await handler.run(run.context, run.task.payload));
      this.#finish(run, (task, durationMs) => {
        this.statistics.completed++;
        if (!run.lost) this.#answers.successes.push({ task, result, durationMs });
      });
    } catch (raw) {
      const thrown = readableThrown(raw);
      if (isSuspension(thrown) && !run.stopReason) {
        this.#finish(run, (task) => {
          if (!run.lost) this.#answers.suspensions.push({ task, until: thrown.until });
        });
      } else this.#fail(run, run.lost ? thrown : await this.#policies.refine(run.stopReason ?? thrown, run.task));
    }
  }

  #fail(run: TaskRun, thrown: unknown): void {
    this.#finish(run, (task, durationMs) => {
      this.statistics.failed++;
      if (run.lost) return;
      const why = run.stopReason?.code;
      if (why === 'shutdown' || why === 'paused') this.#interrupted.push(task);
      else {
        const policy = this.#options.handlers.get(task.task_type)?.retry;
        this.#answers.failures.push(toFailure(task, thrown, durationMs, policy));
      }
    });
  }

  #finish(run: TaskRun, record: (task: ClaimedTask, durationMs: number) => void): void {
    // given up before it answered
    if (run.finished) return;
    run.finished = true;
    endRun(run);
    this.#running.delete(run.task.task_id);
    const ms = performance.now() - run.startedAt;
    this.#claims.noteDuration(ms);
    record(run.task, Math.round(ms));
    this.#startWaiting();
    if (this.#willRing) return;
    this.#willRing = true;
    setImmediate(() => {
      this.#willRing = false;
      this.#progress.ring();
    });
  }

  /** Looks at the deadlines of everything that runs, and at what waits behind it. */
  #sweep(): void {
    const now = performance.now();
    for (const run of this.#running.values()) {
      if (now >= run.giveUpAt) this.#fail(run, run.stopReason);
      else if (now >= run.deadline) {
        stopRun(run, new TaskFailure('timed_out', `the task ran longer than ${run.task.timeout_seconds} s`));
      }
    }
    this.#returnWaiting(now);
    this.#sweeper = this.#running.size > 0 ? setTimeout(() => this.#sweep(), sweep_ms) : undefined;
  }

  #returnWaiting(now: number): void {
    const isOld = ({ lease_id }: ClaimedTask) => now - (this.#leases.get(lease_id)?.claimedAt ?? now) > waiting_ms_max;
    if (this.#stopping || !this.#backlog.fronts().some(isOld)) return;
    const [oldest] = this.#running.values();
    if (oldest) this.#claims.noteLong(now - oldest.startedAt);
    void this.#giveBack(this.#backlog.remove(isOld));
  }

  #wake(): void {
    this.#claims.expect();
    this.#progress.ring();
  }

  async #sleepUntilDue(): Promise<void> {
    const { wakes } = this.#claims;
    const { promoted, recovered, nextDueAt, nextLeaseExpiresAt, liveWorkers } = await this.#engine.promoteAndRecover();
    // what is due now may be of a type that others serve
    if (promoted + recovered > 0) return this.#platform.wakeups.wake(tasks_channel);
    if (this.#claims.wakes !== wakes || this.#stopping) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
    const now = this.#platform.clock.now().getTime();
    const { idleMsAlone = 600_000, idleMsAmongOthers = this.#leaseSeconds * 500 } = this.#options;
    const { listen, concurrentConnections } = this.#platform.engine.capabilities;
    // where no hints arrive from other processes, polling is all there is
    const hinted = listen || !concurrentConnections;
    const idleMs = !hinted ? idle_ms_unhinted : liveWorkers <= 1 ? idleMsAlone : idleMsAmongOthers;
    const dueMs = [nextDueAt, nextLeaseExpiresAt].filter((at) => at !== null).map((at) => at.getTime() - now + 1);
    const ms = Math.max(1, Math.min(idleMs, ...dueMs));
    if (!(await this.#progress.rung(ms))) this.#wake();
  }

  /** Signs of life, at least three a lease: the first marks what is still held as running. */
  async #beat(): Promise<void> {
    const intervalMs = Math.min(1_000, (this.#leaseSeconds * 1_000) / 3);
    while (!this.#stopped.signal.aborted) {
      await this.#platform.clock.sleep(intervalMs, this.#stopped.signal);
      if (this.#leases.size === 0) continue;
      this.#backlog.countAnew();
      // a busy worker does not sleep, and a hint may have been lost
      this.#claims.expectKeyed();
      try {
        if (this.#interrupted.length > 0 && !this.#stopping) await this.#giveBack(this.#interrupted.splice(0));
        // a worker that is never idle looks after timers and dead workers' leases here
        const { promoted, recovered } = await this.#engine.promoteAndRecover();
        if (promoted + recovered > 0) this.#platform.wakeups.wake(tasks_channel);
        const now = performance.now();
        const leases = [...this.#leases].filter(([, { claimedAt }]) => now - claimedAt >= first_beat_ms);
        if (leases.length === 0) continue;
        const beat = await this.#engine.heartbeat(leases.map(([id]) => id));
        if (Object.values(beat).some((ids) => ids.length > 0)) await this.#drop(beat);
      } catch (error) {
        this.#platform.log.warn({ err: error }, 'a heartbeat failed');
      }
    }
  }

  async #drop(beat: Beat): Promise<void> {
    const lost = new Set(beat.lostLeases);
    const cancelled = new Set(beat.cancelledTasks);
    const paused = new Set(beat.pausedTasks);
    for (const lease of lost) this.#leases.delete(lease);
    for (const run of this.#running.values()) {
      if (lost.has(run.task.lease_id)) {
        run.lost = true;
        stopRun(run, new TaskFailure('lease_lost', 'the lease was lost', { retryable: false }));
        // what is cancelled or paused still answers, so that it leaves the lease
      } else if (cancelled.has(run.task.task_id)) stopRun(run, cancelledFailure());
      else if (paused.has(run.task.task_id)) stopRun(run, new TaskFailure('paused', 'the task was paused'));
    }
    const held = this.#backlog
      .remove(({ lease_id, task_id }) => lost.has(lease_id) || cancelled.has(task_id) || paused.has(task_id))
      .filter(({ lease_id }) => !lost.has(lease_id));
    const dropped = held.filter(({ task_id }) => cancelled.has(task_id));
    this.#answers.failures.push(...dropped.map((task) => toFailure(task, cancelledFailure(), 0)));
    this.#interrupted.push(...held.filter(({ task_id }) => paused.has(task_id)));
    await this.#giveBack(this.#interrupted.splice(0));
    this.#progress.ring();
  }

  async #shutDown(): Promise<void> {
    const { clock, log } = this.#platform;
    this.#unsubscribe();
    this.#progress.ring();
    await this.#registered;
    clearTimeout(this.#lookingAgain);
    await this.#giveBack(this.#backlog.remove(() => true));
    const drained = new AbortController();
    const draining = this.#drained().then(() => drained.abort());
    await clock.sleep((this.#options.stopSeconds ?? 10) * 1_000, drained.signal);
    for (const run of this.#running.values()) stopRun(run, new TaskFailure('shutdown', 'the worker is shutting down'));
    // whatever does not answer is given up by the sweep
    await draining;
    this.#stopped.abort();
    this.#progress.ring();
    await this.#loops;
    const unrecorded = (error: unknown) => log.warn({ err: error }, 'last answers were not recorded');
    if (this.#hasWork()) await this.#settleAndClaim().catch(unrecorded);
    await this.#giveBack(this.#interrupted.splice(0));
    clearTimeout(this.#announcing);
    if (this.#freed.some) this.#platform.wakeups.wake(tasks_channel);
    await this.#output.close();
    await outcomeCounts(this.#platform).flush();
    await this.#engine.stop().catch((error: unknown) => log.warn({ err: error }, 'the worker could not say goodbye'));
  }

  async #drained(): Promise<void> {
    while (this.#running.size > 0) await this.#progress.rung();
  }

  async #giveBack(tasks: readonly ClaimedTask[]): Promise<void> {
    if (tasks.length === 0) return;
    this.#forget(tasks);
    try {
      await this.#engine.giveBack(tasks);
      // they, and the slots they held, are for others
      this.#platform.wakeups.wake(tasks_channel);
    } catch (error) {
      this.#platform.log.warn({ err: error }, 'tasks were not given back');
    }
  }
}
