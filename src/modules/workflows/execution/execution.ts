import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { PlinthError } from '../../../platform/core/errors.ts';
import type { TaskContext } from '../../../platform/module.ts';
import { TaskFailure, TaskSuspension } from '../../tasks/index.ts';
import { assertOutsideSteps, type Branch, type History, makeBranch, type Position, type StepKind } from './history.ts';
import type { RunRow, RunStore } from './store.ts';

/** Others wait for the worker, and a deployment for its end. */
export const activation_seconds_max_default = 60;
const timer_ms_max = 2 ** 31 - 1;
const never = (): Promise<never> => new Promise(() => undefined);

/**
 * One activation of a run: the workflow's function runs from its start against what is recorded. It ends with the function,
 * or is suspended once nothing of it can go on, or is stopped. An operation that can not go on is a promise that never
 * settles: only the next activation gets past it.
 */
export class Execution {
  readonly context: TaskContext;
  readonly store: RunStore;
  readonly history: History;
  readonly run: RunRow;
  readonly #branches = new AsyncLocalStorage<Branch>();
  readonly #root: Branch;
  readonly #stopped = Promise.withResolvers<never>();
  #isOver = false;
  /** Operations under way. */
  #active = 0;
  #blocked = 0;
  #nextDueMs = Number.POSITIVE_INFINITY;
  readonly #awaitedTasks: string[] = [];
  #cost: number;
  readonly #yieldsAt: number;
  #begun = 0;
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    context: TaskContext,
    store: RunStore,
    history: History,
    run: RunRow,
    secondsMax: number = activation_seconds_max_default,
  ) {
    this.#yieldsAt = performance.now() + secondsMax * 1_000;
    this.context = context;
    this.store = store;
    this.history = history;
    this.run = run;
    this.#root = makeBranch('', run.created_at);
    this.#cost = history.cost;
    this.#stopped.promise.catch(() => undefined);
  }

  /** What the function returns. Throws what it throws, a TaskSuspension, or why it was stopped. */
  async perform<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.context;
    // each step that runs may listen to it
    setMaxListeners(0, signal);
    const abort = () => this.stop(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#watchDeadline();
    try {
      if (this.#isOver) return await this.#stopped.promise;
      const done = this.#branches.run(this.#root, async () => {
        const result = await work();
        if (!this.#isOver) this.history.assertAllReached();
        return result;
      });
      done.catch(() => undefined);
      return await Promise.race([this.#stopped.promise, done]);
    } finally {
      this.#isOver = true;
      signal.removeEventListener('abort', abort);
      clearTimeout(this.#deadline);
    }
  }

  get branch(): Branch {
    return this.#branches.getStore() ?? this.#root;
  }

  inBranch<T>(path: string, now: Date, work: () => Promise<T>): Promise<T> {
    return this.#branches.run(makeBranch(path, now), work);
  }

  /** The inside of a step: chance is counted there by itself, and no operation begins. */
  inStep<T>({ branch, key }: Position, work: () => Promise<T>): Promise<T> {
    return this.#branches.run(makeBranch(`${key}/`, branch.now, true), work);
  }

  /** The time of a branch is that of what ended last in it. */
  advance(branch: Branch, to: Date | null): void {
    if (to && to > branch.now) branch.now = to;
  }

  /** Ends the activation: what its code has under way is of no use any more. */
  stop(reason: unknown): Promise<never> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#stopped.reject(reason);
    }
    return never();
  }

  /**
   * Performs an operation of the workflow's code. What goes wrong with the engine itself ends the activation and is not
   * seen by the code: it must not be caught there as if the step had failed.
   */
  async operate<T>(kind: StepKind, name: string, work: (at: Position) => Promise<T>): Promise<T> {
    if (this.#isOver) return never();
    assertOutsideSteps(this.branch, name);
    let at: Position;
    try {
      at = this.history.next(this.branch, kind, name);
    } catch (error) {
      if (error instanceof TaskFailure) return this.stop(error);
      throw error;
    }
    this.#active++;
    try {
      const result = await work(at);
      return this.#isOver ? await never() : result;
    } catch (error) {
      if (this.#isOver || error instanceof TaskFailure || error instanceof PlinthError) return this.stop(error);
      throw error;
    } finally {
      this.#active--;
      this.#suspendSoon();
    }
  }

  /** Goes on in another activation only: at a time, when it is woken, when a task ends. */
  block({ due, task }: { due?: Date | null; task?: string | null } = {}): Promise<never> {
    this.#blocked++;
    // the database counts microseconds
    if (due) this.#nextDueMs = Math.min(this.#nextDueMs, due.getTime() + 1);
    if (task) this.#awaitedTasks.push(task);
    // an operation that is blocked is not under way any more; operate() counts it down when it ends, which it never does
    this.#active--;
    this.#suspendSoon();
    return never();
  }

  /** Whether a step may begin now: not once the activation has lasted long, but one in each, or nothing would come of it. */
  mayBegin(): boolean {
    if (this.#begun > 0 && performance.now() >= this.#yieldsAt) return false;
    this.#begun++;
    return true;
  }

  addCost(cost: number): void {
    this.#cost += cost;
  }

  /** Before new work begins. */
  assertWithinCost(): void {
    const { cost_max } = this.run;
    if (cost_max === null || this.#cost <= cost_max) return;
    const message = `its steps have reported a cost of ${this.#cost}, and its ceiling is ${cost_max}`;
    throw new TaskFailure('workflow_cost_exceeded', message, { retryable: false });
  }

  #watchDeadline(): void {
    const { left_ms, deadline_at } = this.run;
    if (left_ms === null) return;
    const fail = () => {
      const message = `the run was to end before ${deadline_at?.toISOString()}`;
      void this.stop(new TaskFailure('workflow_deadline_exceeded', message, { retryable: false }));
    };
    if (left_ms <= 0) fail();
    else if (left_ms <= timer_ms_max) this.#deadline = setTimeout(fail, left_ms);
  }

  /** After the code has had its turn: what it did next may have begun another operation. */
  #suspendSoon(): void {
    if (this.#active > 0) return;
    setImmediate(() => {
      if (this.#active > 0 || this.#blocked === 0 || this.#isOver) return;
      void this.#suspend();
    });
  }

  async #suspend(): Promise<void> {
    this.#active++;
    const { organizationId, taskId } = this.context;
    const { deadline_at } = this.run;
    const dueMs = Math.min(this.#nextDueMs, deadline_at ? deadline_at.getTime() + 1 : Number.POSITIVE_INFINITY);
    try {
      if (this.#awaitedTasks.length > 0) {
        // without the fence, whose lock is on the run: here its children come first. Too late, it wakes the run in vain
        const { door } = this.context.platform;
        await door.write(this.store.scope, (tx) =>
          tx.sql('select plinth.await_tasks($1, $2, $3::uuid[])', [organizationId, taskId, this.#awaitedTasks]),
        );
      }
      void this.stop(new TaskSuspension(Number.isFinite(dueMs) ? new Date(dueMs) : undefined));
    } catch (error) {
      void this.stop(error);
    }
  }
}
