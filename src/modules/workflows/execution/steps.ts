import { PlinthError } from '../../../platform/core/errors.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import {
  describeFailure,
  enqueueTasks,
  readableThrown,
  resultText,
  retryAfter,
  TaskFailure,
} from '../../tasks/index.ts';
import { type ApprovalOutcome, askApproval, closeApproval } from '../approvals.ts';
import type { ApprovalOptions, ChildTaskOptions, EventOptions, StepContext, StepOptions, TaskKind } from '../define.ts';
import { type Duration, secondsOf } from '../duration.ts';
import { startRun } from '../runs.ts';
import type { Execution } from './execution.ts';
import type { Position, RecordedStep, StepKind } from './history.ts';
import { type RecordedError, StepFailure } from './step-failure.ts';
import type { StepRecord } from './store.ts';

const step_attempts_max_default = 3;
/** What storing a result fails with when the result is at fault. */
const unstorable: ReadonlySet<string> = new Set(['invalid_value', 'statement_too_complex']);

/** What a recorded step came to. Throws its failure; undefined: it has not ended. */
function recordedOutcome(execution: Execution, { recorded, branch, key }: Position): { value: unknown } | undefined {
  if (!recorded?.completed_at) return undefined;
  execution.advance(branch, recorded.completed_at);
  if (recorded.status === 'failed') throw failureOf(key, recorded);
  return { value: recorded.result };
}

function failureOf(key: string, { error }: RecordedStep): StepFailure {
  return new StepFailure(key, error ?? { code: 'step_failed', message: 'the step has failed' });
}

async function failStep(execution: Execution, at: Position, error: RecordedError, more = {}): Promise<never> {
  const { completed_at } = await execution.store.record(at, { status: 'failed', error, ...more });
  execution.advance(at.branch, completed_at);
  throw new StepFailure(at.key, error);
}

/** A step of the workflow's own code: run, recorded, and tried again by its policy in later activations. */
export function runStep<T>(
  execution: Execution,
  name: string,
  work: (step: StepContext) => T | Promise<T>,
  { retry = {} }: StepOptions = {},
): Promise<T> {
  return execution.operate('step', name, async (at) => {
    const done = recordedOutcome(execution, at);
    if (done) return done.value as T;
    const { recorded } = at;
    if (recorded && !recorded.is_due) return execution.block({ due: recorded.due_at });
    // at once, in another activation
    if (!execution.mayBegin()) return execution.block({ due: new Date(0) });
    execution.assertWithinCost();
    const attempt = (recorded?.attempts ?? 0) + 1;
    const { taskId, signal } = execution.context;
    const began = performance.now();
    let cost = 0;
    const reportCost = (amount: number): void => {
      if (!(amount >= 0 && Number.isFinite(amount))) throw new RangeError('a cost is a number from 0');
      cost += amount;
    };
    const spent = () => {
      execution.addCost(cost);
      return { attempts: attempt, cost: (recorded?.cost ?? 0) + cost, seconds: (performance.now() - began) / 1_000 };
    };
    let result: string | undefined;
    try {
      const step = { attempt, idempotencyKey: `${taskId}:${at.key}`, signal, cost: reportCost };
      result = resultText(execution.context.platform, await execution.inStep(at, async () => work(step)));
    } catch (raw) {
      const thrown = readableThrown(raw);
      if (signal.aborted) return execution.stop(signal.reason);
      const error = describeFailure(thrown);
      const again = retryAfter(thrown, attempt, retry);
      if (again === null || attempt >= (retry.maxAttempts ?? step_attempts_max_default)) {
        return failStep(execution, at, error, spent());
      }
      const times = await execution.store.record(at, { status: 'retrying', error, dueInSeconds: again, ...spent() });
      return execution.block({ due: times.due_at });
    }
    const used = spent();
    try {
      const stored = await execution.store.record(at, { status: 'completed', result, ...used });
      execution.advance(at.branch, stored.completed_at);
      // what a replay gives, the first time already
      return stored.result as T;
    } catch (error) {
      if (!(error instanceof PlinthError && unstorable.has(error.code))) throw error;
      const message = 'the result can not be stored as JSON in PostgreSQL';
      return failStep(execution, at, { code: 'result_not_stored', message }, used);
    }
  });
}

export function sleepStep(execution: Execution, name: string, duration: Duration): Promise<void> {
  const seconds = secondsOf(duration);
  return execution.operate('sleep', name, async (at) => {
    const { recorded } = at;
    if (recorded?.is_due || recorded?.completed_at) {
      execution.advance(at.branch, recorded.due_at);
      return;
    }
    const times = recorded ?? (await execution.store.record(at, { status: 'waiting', dueInSeconds: seconds }));
    return execution.block({ due: times.due_at });
  });
}

const takeEventSql = `update plinth.workflow_events
  set consumed_by = $4
  where organization_id = $1 and id = (
    select e.id
    from plinth.workflow_events e
    where e.organization_id = $1 and e.run_id = $2 and e.name = $3 and e.consumed_by is null and e.payload @> $5::jsonb
    order by e.id
    limit 1)
  returning payload`;

/** Takes the oldest event that fits, or waits for one; a wait that is over ends with null. */
export function eventStep<T>(
  execution: Execution,
  event: string,
  { match = {}, timeout, name = event }: EventOptions = {},
): Promise<T | null> {
  const dueInSeconds = timeout === undefined ? undefined : secondsOf(timeout);
  const awaited = { name: event, match: JSON.stringify(match) };
  return execution.operate('event', name, async (at) => {
    const done = recordedOutcome(execution, at);
    if (done) return done.value as T;
    const { recorded } = at;
    if (recorded && !recorded.has_event && !recorded.is_due) return execution.block({ due: recorded.due_at });
    const { organizationId, taskId } = execution.context;
    const { payload, times } = await execution.store.held(async (tx) => {
      const [taken] = await tx.sql<{ payload: T }>(takeEventSql, [
        organizationId,
        taskId,
        event,
        at.key,
        awaited.match,
      ]);
      const record: StepRecord =
        taken || recorded
          ? { status: 'completed', result: taken && JSON.stringify(taken.payload) }
          : { status: 'waiting', event: awaited, dueInSeconds };
      return { payload: taken?.payload ?? null, times: await execution.store.recordIn(tx, at, record) };
    });
    if (!times.completed_at) return execution.block({ due: times.due_at });
    execution.advance(at.branch, times.completed_at);
    return payload;
  });
}

export function approvalStep(
  execution: Execution,
  { name = 'approval', timeout, ...request }: ApprovalOptions,
): Promise<ApprovalOutcome> {
  const dueInSeconds = timeout === undefined ? undefined : secondsOf(timeout);
  return execution.operate('approval', name, async (at) => {
    const done = recordedOutcome(execution, at);
    if (done) return done.value as ApprovalOutcome;
    const { recorded } = at;
    const { taskId } = execution.context;
    if (!recorded) {
      const asked = await beginOrFail(execution, at, async (tx) => {
        await askApproval(tx, taskId, at.key, request, dueInSeconds);
        return execution.store.recordIn(tx, at, { status: 'waiting', dueInSeconds });
      });
      return execution.block({ due: asked.due_at });
    }
    if (recorded.approval_status === 'pending' && !recorded.is_due) return execution.block({ due: recorded.due_at });
    const { outcome, times } = await execution.store.held(async (tx) => {
      const closed = await closeApproval(tx, taskId, at.key);
      const record: StepRecord = { status: 'completed', result: JSON.stringify(closed) };
      return { outcome: closed, times: await execution.store.recordIn(tx, at, record) };
    });
    execution.advance(at.branch, times.completed_at);
    return outcome;
  });
}

/** Begins what a step waits for, under the fence; where what was asked for is at fault the step fails, for it would be again. */
async function beginOrFail<T>(execution: Execution, at: Position, begin: (tx: ScopedTx) => Promise<T>): Promise<T> {
  execution.assertWithinCost();
  try {
    return await execution.store.held(begin);
  } catch (error) {
    if (!(error instanceof PlinthError) || error.status >= 500 || error.status === 409) throw error;
    return failStep(execution, at, { code: error.code, message: error.message });
  }
}

/** What is asked of a task that a step waits for. */
type Begin = (parts: { readonly tx: Parameters<typeof enqueueTasks>[1]; readonly parentId: string }) => Promise<string>;

/** A step that is another task: begun once, then waited for; how it ended is recorded, for it may be forgotten. */
function childStep<T>(execution: Execution, kind: StepKind, name: string, begin: Begin): Promise<T> {
  return execution.operate(kind, name, async (at) => {
    const done = recordedOutcome(execution, at);
    if (done) return done.value as T;
    const { recorded } = at;
    if (recorded) {
      const { task_status: status, task_id: task } = recorded;
      if (status === 'completed') {
        const result = recorded.task_results === null ? undefined : JSON.stringify(recorded.task_results);
        const { completed_at } = await execution.store.record(at, { status: 'completed', result });
        execution.advance(at.branch, completed_at);
        return recorded.task_results as T;
      }
      if (status === 'failed' || status === 'cancelled' || status === null) {
        const { code = 'child_failed', message = `the ${kind} has ${status ?? 'been deleted'}` } =
          recorded.task_error ?? {};
        return failStep(execution, at, { code, message, details: { task_id: task } });
      }
      return execution.block({ task });
    }
    const task = await beginOrFail(execution, at, async (tx) => {
      const taskId = await begin({ tx, parentId: execution.context.taskId });
      await execution.store.recordIn(tx, at, { status: 'waiting', taskId });
      return taskId;
    });
    return execution.block({ task });
  });
}

export function taskStep<T>(
  execution: Execution,
  type: TaskKind,
  payload: unknown,
  { name = typeof type === 'string' ? type : type.definition, ...options }: ChildTaskOptions = {},
): Promise<T> {
  const { platform } = execution.context;
  return childStep(execution, 'task', name, async ({ tx, parentId }) => {
    const [task] = await enqueueTasks(platform, tx, [
      {
        title: name,
        ...options,
        ...(typeof type === 'string' ? { task_type: type } : type),
        payload,
        parent_task_id: parentId,
      },
    ]);
    return task!.id;
  });
}

export function workflowStep<T>(
  execution: Execution,
  workflow: string,
  input: unknown,
  { name = workflow, version }: { name?: string; version?: number } = {},
): Promise<T> {
  const { platform } = execution.context;
  return childStep(execution, 'workflow', name, async ({ tx, parentId }) => {
    const started = await startRun(platform, tx, {
      workflow,
      input,
      parent_task_id: parentId,
      ...(version === undefined ? {} : { version }),
    });
    return started.id;
  });
}

/** A failure that ends the run: never tried again as a whole, for what is recorded would fail again. */
export function toRunFailure(thrown: unknown): TaskFailure {
  if (thrown instanceof StepFailure) {
    return new TaskFailure(thrown.code, `step "${thrown.step}": ${thrown.message}`, {
      retryable: false,
      details: { ...thrown.details, steps: thrown.steps },
    });
  }
  const { code, message, details } = describeFailure(thrown);
  return new TaskFailure(code === 'handler_failed' ? 'workflow_failed' : code, message, {
    retryable: false,
    ...(details ? { details: { ...details, steps: [] } } : {}),
  });
}
