import type { RetryPolicy, TaskHandler } from '../../platform/module.ts';
import type { NewTask } from '../tasks/index.ts';
import type { ApprovalOutcome, ApprovalRequest } from './approvals.ts';
import type { Duration } from './duration.ts';
import { activate } from './execution/activate.ts';
import { makeWorkflow, type Workflow } from './registry.ts';

/** What a step is given. Steps run at least once: use `idempotencyKey` for effects outside. */
export interface StepContext {
  /** From 1. */
  readonly attempt: number;
  /** The same for every attempt of the step. */
  readonly idempotencyKey: string;
  /** Aborts on cancel, timeout, a lost lease and shutdown. */
  readonly signal: AbortSignal;
  /** Reports what it has cost so far: added to the run's cost, also when the step fails. */
  cost(amount: number): void;
}

export interface StepOptions {
  /** When a step that failed is tried again; without `maxAttempts` three times in all. */
  readonly retry?: RetryPolicy & { readonly maxAttempts?: number };
}

export interface EventOptions {
  /** What the event's payload must contain. */
  readonly match?: Readonly<Record<string, unknown>>;
  /** After so long the wait ends with null. */
  readonly timeout?: Duration;
  /** The step's name; default: the event's. */
  readonly name?: string;
}

/** A task type, or the name of a task definition. */
export type TaskKind = string | { readonly definition: string };

export interface ChildTaskOptions
  extends Pick<
    NewTask,
    'title' | 'priority' | 'max_attempts' | 'timeout_seconds' | 'concurrency_key' | 'concurrency_limit'
  > {
  /** The step's name; default: the task's type, or its definition's name. */
  readonly name?: string;
}

export interface ChildWorkflowOptions {
  /** The step's name; default: the workflow's. */
  readonly name?: string;
  /** Default: the newest version there is when the step is first reached. */
  readonly version?: number;
}

export interface ApprovalOptions extends ApprovalRequest {
  /** The step's name; default `approval`. */
  readonly name?: string;
  /** After so long the outcome is timed_out. */
  readonly timeout?: Duration;
}

export interface ParallelOptions {
  /** Branches at once; default 10. */
  readonly concurrency?: number;
}

/**
 * What a workflow does its work with. The function runs from its start at each activation, so everything that is not the
 * same each time (time, chance, other services, the database) belongs into a step. Names are steps' identities.
 */
export interface WorkflowContext {
  readonly runId: string;
  readonly organizationId: string;
  /** Runs `work` once, records what it returns as JSON, and returns that. Throws `StepFailure` after its last attempt. */
  run<T>(name: string, work: (step: StepContext) => T | Promise<T>, options?: StepOptions): Promise<T>;
  /** Waits without holding a worker. */
  sleep(duration: Duration): Promise<void>;
  sleep(name: string, duration: Duration): Promise<void>;
  /** The payload of an event sent to this run; null after the timeout. One that came before is taken at once. */
  waitForEvent<T = Record<string, unknown>>(name: string, options?: EventOptions): Promise<T | null>;
  /** Enqueues a task and waits for its result. Throws `StepFailure` where it fails or is cancelled. */
  task<T = unknown>(type: TaskKind, payload?: unknown, options?: ChildTaskOptions): Promise<T>;
  /** Starts another workflow and waits for its output. Throws `StepFailure` where it fails or is cancelled. */
  workflow<T = unknown>(name: string, input?: unknown, options?: ChildWorkflowOptions): Promise<T>;
  /** Asks people, and waits for their votes: approved, rejected, or timed_out. */
  approval(request: ApprovalOptions): Promise<ApprovalOutcome>;
  /** Branches side by side, each with names of its own; waits for all of them, then throws the first failure in their order. */
  all<T extends readonly (() => Promise<unknown>)[]>(
    branches: T,
    options?: ParallelOptions,
  ): Promise<{ -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> }>;
  /** A branch for each item, as `all`. */
  forEach<I, T>(
    name: string,
    items: readonly I[],
    work: (item: I, index: number) => Promise<T>,
    options?: ParallelOptions,
  ): Promise<T[]>;
  /** The time when the last operation of this branch ended: the same in every replay. */
  now(): Date;
  /** At least 0 and below 1: the same in every replay. */
  random(): number;
  /** The same in every replay. */
  uuid(): string;
}

export interface WorkflowOptions {
  /** From 1. Runs that have begun stay with theirs, so keep the old one beside the new as long as it has runs. */
  readonly version: number;
  readonly description?: string;
  /** A run that has not ended after so long fails; default: never. */
  readonly timeMax?: Duration;
  /** Once its steps have reported more a run begins no further work and fails; default: no ceiling. */
  readonly costMax?: number;
  /** How long a step may take, in seconds; default an hour, at most a day. */
  readonly stepSecondsMax?: number;
  /** After so long an activation begins no further step: the run goes back into the queue. Default a minute. */
  readonly activationSecondsMax?: number;
}

export type WorkflowFunction<I, O> = (ctx: WorkflowContext, input: I) => Promise<O>;

const workflow_name = /^[a-z][a-z0-9_-]{0,62}$/;
const version_max = 1_000_000;

/** Defines a workflow. Throws a TypeError where its name or version is not usable. */
export function workflow<I = unknown, O = unknown>(
  name: string,
  options: WorkflowOptions,
  run: WorkflowFunction<I, O>,
): Workflow {
  if (!workflow_name.test(name)) {
    throw new TypeError(`"${name}" is no name of a workflow: a lower-case letter, then up to 62 of a-z, 0-9, _ and -`);
  }
  const { version, description = `The workflow ${name}, version ${version}.` } = options;
  if (!Number.isInteger(version) || version < 1 || version > version_max) {
    throw new TypeError(`the version of ${name} is not a whole number from 1`);
  }
  const handler: TaskHandler = {
    description,
    run: (context, payload) => activate({ name, ...options }, (ctx) => run(ctx, payload as I), context),
  };
  return makeWorkflow({ name, version, options, handler });
}

/** The handlers of workflows by task type: what a module adds to its `tasks`. */
export function workflowTasks(...given: readonly Workflow[]): Record<string, TaskHandler> {
  return Object.fromEntries(given.map(({ taskType, handler }) => [taskType, handler]));
}
