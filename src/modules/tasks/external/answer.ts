import { errors } from '../../../platform/core/errors.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { RetryPolicies } from '../definitions/retry-policy.ts';
import { tasks_channel } from '../enqueue.ts';
import { TaskFailure } from '../failure.ts';
import { resultText } from '../task-run.ts';
import type { ExternalAnswer, ExternalEngine, ExternalWorker, HeldTask } from './engine.ts';
import { externalLimits } from './limits.ts';

/** What became of one task of a call. All but `recorded` and `returned` changed nothing. */
export const outcomes = [
  'recorded',
  'returned',
  'lease_lost',
  'task_cancelled',
  'result_too_large',
  'result_not_storable',
] as const;
export type Outcome = (typeof outcomes)[number];

export interface TaskOutcome {
  readonly lease_id: string;
  readonly task_id: string | null;
  readonly outcome: Outcome;
}

/** What a heartbeat says of a task: `cancel`, `pause`: stop and answer; `lost`, `timed_out`: stop, it is not yours any more. */
export const heldStates = ['held', 'cancel', 'pause', 'timed_out', 'lost'] as const;
export type HeldState = (typeof heldStates)[number];

export interface SaidFailure {
  readonly code: string;
  readonly message?: string;
  readonly details?: Record<string, unknown>;
  readonly retryable?: boolean;
  readonly retry_after_seconds?: number;
}

/** Throws `invalid_request` when a call names a lease twice. */
export function assertNamedOnce(leases: readonly string[]): void {
  const twice = leases.find((lease, index) => leases.indexOf(lease) !== index);
  if (twice !== undefined) throw errors.invalid_request({ field: 'body', detail: `${twice} is named twice` });
}

export function toThrown(said: SaidFailure): TaskFailure {
  const { code, message = '', details, retryable = true, retry_after_seconds } = said;
  return new TaskFailure(code, message, {
    retryable,
    ...(details === undefined ? {} : { details }),
    ...(retry_after_seconds === undefined ? {} : { retryAfterSeconds: retry_after_seconds }),
  });
}

/** Records what workers outside answer, and says of each task what became of it. */
export class ExternalAnswers {
  readonly #platform: Platform;
  readonly #engine: ExternalEngine;
  readonly #policies: RetryPolicies;

  constructor(platform: Platform, engine: ExternalEngine, policies: RetryPolicies) {
    this.#platform = platform;
    this.#engine = engine;
    this.#policies = policies;
  }

  /** `answerOf` gives what is to be recorded of a task that is still held, or the outcome that keeps it held. */
  async record(
    scope: Scope,
    worker: ExternalWorker,
    leases: readonly string[],
    answerOf: (task: HeldTask) => Promise<ExternalAnswer | Outcome> | ExternalAnswer | Outcome,
  ): Promise<TaskOutcome[]> {
    assertNamedOnce(leases);
    const held = new Map((await this.#engine.held(worker, leases)).map((task) => [task.lease_id, task]));
    const known = new Map<string, Outcome>();
    const answers: ExternalAnswer[] = [];
    for (const task of held.values()) {
      const answer = await answerOf(task);
      if (typeof answer === 'string') known.set(task.lease_id, answer);
      else answers.push(answer);
    }
    const { outcomes: settled, wake } = await this.#engine.settle(worker, answers);
    if (wake) this.#platform.wakeups.wake(tasks_channel);
    const lost = answers.filter(({ task }) => settled.get(task.lease_id) === 'lost').map(({ task }) => task.task_id);
    const cancelled = await this.#cancelledOf(scope, lost);
    return leases.map((lease_id) => {
      const task = held.get(lease_id);
      const outcome = (): Outcome => {
        if (!task) return 'lease_lost';
        const settling = settled.get(lease_id);
        if (settling === 'recorded') return 'recorded';
        if (settling === 'not_stored') return 'result_not_storable';
        if (settling === 'lost') return cancelled.has(task.task_id) ? 'task_cancelled' : 'lease_lost';
        return known.get(lease_id) ?? 'lease_lost';
      };
      return { lease_id, task_id: task?.task_id ?? null, outcome: outcome() };
    });
  }

  complete(scope: Scope, worker: ExternalWorker, results: ReadonlyMap<string, unknown>): Promise<TaskOutcome[]> {
    return this.record(scope, worker, [...results.keys()], (task) => {
      try {
        return { task, result: resultText(this.#platform, results.get(task.lease_id)) };
      } catch (error) {
        const { code } = error as TaskFailure;
        return code === 'result_too_large' ? code : 'result_not_storable';
      }
    });
  }

  fail(scope: Scope, worker: ExternalWorker, failures: ReadonlyMap<string, SaidFailure>): Promise<TaskOutcome[]> {
    return this.record(scope, worker, [...failures.keys()], async (task) => ({
      task,
      thrown: await this.#policies.refine(toThrown(failures.get(task.lease_id)!), task),
    }));
  }

  async release(worker: ExternalWorker, leases: readonly string[] | null): Promise<TaskOutcome[]> {
    if (leases) assertNamedOnce(leases);
    const held = await this.#engine.held(worker, leases);
    await this.#engine.giveBack(worker, held);
    if (held.length > 0) this.#platform.wakeups.wake(tasks_channel);
    const returned = new Map(held.map(({ lease_id, task_id }) => [lease_id, task_id]));
    return (leases ?? [...returned.keys()]).map((lease_id) => {
      const task_id = returned.get(lease_id) ?? null;
      return { lease_id, task_id, outcome: task_id === null ? 'lease_lost' : 'returned' };
    });
  }

  /** Extends leases. A task whose worker has not stopped it some time after its time was up is taken from it. */
  async heartbeat(
    scope: Scope,
    worker: ExternalWorker,
    leases: readonly string[],
  ): Promise<{ lease_id: string; task_id: string | null; state: HeldState }[]> {
    assertNamedOnce(leases);
    const held = new Map((await this.#engine.beat(worker, leases)).map((task) => [task.lease_id, task]));
    const overdue = [...held.values()].filter(
      ({ status, held_ms, timeout_seconds }) =>
        status === 'running' && held_ms > (timeout_seconds + externalLimits.timeout_grace_seconds) * 1_000,
    );
    const timedOut = new Set(overdue.map(({ lease_id }) => lease_id));
    if (overdue.length > 0) {
      const message = (task: HeldTask) => `the task ran longer than ${task.timeout_seconds} s`;
      await this.fail(
        scope,
        worker,
        new Map(overdue.map((task) => [task.lease_id, { code: 'timed_out', message: message(task) }])),
      );
    }
    return leases.map((lease_id) => {
      const task = held.get(lease_id);
      return { lease_id, task_id: task?.task_id ?? null, state: stateOf(task, timedOut.has(lease_id)) };
    });
  }

  async #cancelledOf(scope: Scope, ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#platform.door.readOne<{ id: string }>(
      scope,
      `select id
       from plinth.tasks
       where organization_id = $1 and id = any ($2::uuid[]) and status = 'cancelled'`,
      [scope.organizationId, ids],
    );
    return new Set(rows.map(({ id }) => id));
  }
}

function stateOf(task: HeldTask | undefined, timedOut: boolean): HeldState {
  if (!task) return 'lost';
  if (timedOut) return 'timed_out';
  if (task.status === 'cancelled') return 'cancel';
  return task.status === 'paused' ? 'pause' : 'held';
}
