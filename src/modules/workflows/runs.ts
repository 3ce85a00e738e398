import { errors } from '../../platform/core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { assertParameters, type Enqueued, enqueueTasks, tasks_channel } from '../tasks/index.ts';
import { findDefinition } from './data/store.ts';
import { type Duration, secondsOf } from './duration.ts';
import { workflowErrors } from './errors.ts';
import { activation_seconds_max_default } from './execution/execution.ts';
import { reviveRuns } from './execution/revive.ts';
import { data_task_type, findWorkflow } from './registry.ts';

/** How often a run's task is tried when its worker is lost or the database fails: its code failing ends it at once. */
const run_attempts_max = 20;
const step_seconds_max_default = 3_600;
const task_seconds_max = 86_400;
export const detail_steps_max = 1_000;
/** Larger results are left out of a run's detail. */
const detail_result_bytes_max = 16 * 1024;

export interface NewRun {
  readonly workflow: string;
  /** Default: the newest. */
  readonly version?: number;
  readonly input?: unknown;
  /** An equal key (with the same workflow and version) is the same run. */
  readonly idempotency_key?: string;
  /** Events sent with this key reach the run. */
  readonly correlation_key?: string;
  readonly scheduled_at?: string;
  readonly priority?: number;
  readonly project_id?: string;
  readonly parent_task_id?: string;
  readonly concurrency_key?: string;
  readonly concurrency_limit?: number;
  /** Ceilings of this run; default: those of the workflow. */
  readonly time_max_seconds?: number;
  readonly cost_max?: number;
}

const secondsOrNull = (time: Duration | undefined) =>
  time === undefined ? null : Math.max(1, Math.ceil(secondsOf(time)));

/**
 * Starts a run in the caller's own transaction: it is there when that commits. Throws `unknown_workflow`, and what
 * enqueueing a task throws.
 */
export async function startRun(platform: Platform, tx: ScopedTx, given: NewRun): Promise<Enqueued> {
  const { workflow: name, version, input, correlation_key, time_max_seconds, cost_max, ...task } = given;
  const found = await resolveWorkflow(platform, tx, name, version);
  const [run] = await enqueueTasks(platform, tx, [
    {
      ...task,
      task_type: found.taskType,
      title: name,
      payload: found.checked(input),
      max_attempts: run_attempts_max,
      timeout_seconds: Math.min(found.stepSecondsMax + found.activationSecondsMax, task_seconds_max),
    },
  ]);
  if (!run!.created) return run!;
  await tx.sql('select plinth.make_workflow_run($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
    tx.organizationId,
    run!.id,
    name,
    found.version,
    found.definitionId,
    correlation_key ?? null,
    cost_max ?? found.costMax,
    time_max_seconds ?? found.secondsMax,
    task.scheduled_at ?? null,
  ]);
  return run!;
}

/** Throws `unknown_workflow`. */
export async function assertWorkflow(platform: Platform, tx: ScopedTx, name: string, version?: number): Promise<void> {
  await resolveWorkflow(platform, tx, name, version);
}

/** What a run needs to know of its workflow, be it code or data. */
interface ResolvedWorkflow {
  readonly version: number;
  readonly taskType: string;
  readonly definitionId: string | null;
  readonly stepSecondsMax: number;
  readonly activationSecondsMax: number;
  readonly secondsMax: number | null;
  readonly costMax: number | null;
  /** The input, if it is as the workflow wants it. Throws `parameters_invalid`. */
  checked(input: unknown): unknown;
}

async function resolveWorkflow(
  platform: Platform,
  tx: ScopedTx,
  name: string,
  version: number | undefined,
): Promise<ResolvedWorkflow> {
  const code = findWorkflow(platform, name, version);
  if (code) {
    const { stepSecondsMax = step_seconds_max_default, timeMax, costMax = null } = code.options;
    const { activationSecondsMax = activation_seconds_max_default } = code.options;
    const { taskType } = code;
    return {
      version: code.version,
      taskType,
      definitionId: null,
      stepSecondsMax,
      activationSecondsMax: Math.ceil(activationSecondsMax),
      secondsMax: secondsOrNull(timeMax),
      costMax,
      checked: (input) => input,
    };
  }
  const data = await findDefinition(tx, name, version);
  if (!data) {
    const detail = version === undefined ? `no workflow ${name}` : `no version ${version} of a workflow ${name}`;
    throw workflowErrors.unknown_workflow({ field: 'workflow', detail });
  }
  return {
    version: data.version,
    taskType: data_task_type,
    definitionId: data.id,
    stepSecondsMax: step_seconds_max_default,
    activationSecondsMax: activation_seconds_max_default,
    secondsMax: data.time_max_seconds,
    costMax: data.cost_max,
    checked(input = {}) {
      assertParameters([{ schema: data.input_schema, value: input, path: '/input' }]);
      return input;
    },
  };
}

export const runStatuses = [
  'pending',
  'running',
  'waiting',
  'retrying',
  'paused',
  'blocked',
  'completed',
  'failed',
  'cancelled',
] as const;
export type RunStatus = (typeof runStatuses)[number];

/** A run in a list: without what may be large. */
export interface RunSummary {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  /** Whether the workflow is of the program's code, or data. */
  readonly kind: 'code' | 'data';
  readonly status: RunStatus;
  readonly correlation_key: string | null;
  readonly error: unknown;
  readonly step_count: number;
  readonly ended_step_count: number;
  readonly cost: number;
  readonly cost_max: number | null;
  readonly deadline_at: Date | null;
  readonly wakes_at: Date | null;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
}

export interface RunRow extends RunSummary {
  readonly input: unknown;
  readonly output: unknown;
}

export interface StepRow {
  readonly key: string;
  readonly place: number;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly result: unknown;
  readonly result_left_out: boolean;
  readonly error: unknown;
  readonly attempts: number;
  readonly cost: number;
  readonly task_id: string | null;
  /** Of the task or run that it waits for. */
  readonly task_status: string | null;
  readonly approval_id: string | null;
  /** What it waits for, and what the payload must contain. */
  readonly event: { readonly name: string; readonly match: unknown } | null;
  readonly due_at: Date | null;
  readonly started_at: Date;
  readonly completed_at: Date | null;
}

const summaryColumns = `r.id, r.name as workflow, r.version, case when r.workflow_id is null then 'code' else 'data' end as kind,
    x.status, r.correlation_key, t.error, x.step_count, x.ended_step_count, x.cost, r.cost_max::float8 as cost_max, r.deadline_at,
    case when x.status = 'waiting' and t.scheduled_at < '9999-01-01' then t.scheduled_at end as wakes_at,
    r.created_by, r.created_at, t.started_at, t.completed_at`;

/** A run's state is that of its task; one that is suspended waits for what its steps wait for. */
const fromRuns = `from plinth.workflow_runs r
  join plinth.tasks t on t.organization_id = r.organization_id and t.id = r.id
  cross join lateral (
    select case when t.status in ('pending', 'retrying') and t.scheduled_at > now() and count(*) filter (where s.completed_at is null) > 0
        then 'waiting' else t.status end as status,
      count(*)::int as step_count,
      count(*) filter (where s.completed_at is not null)::int as ended_step_count,
      coalesce(sum(s.cost), 0)::float8 as cost
    from plinth.workflow_step_runs s
    where s.organization_id = r.organization_id and s.run_id = r.id) x
  where r.organization_id = $1`;

/** Runs, newest first, below the id `before`. */
export function listRuns(
  tx: ScopedTx,
  filter: { workflow?: string; status?: RunStatus; correlation_key?: string },
  before: string | undefined,
  rowsMax: number,
): Promise<RunSummary[]> {
  return tx.sql<RunSummary>(
    `select ${summaryColumns}
     ${fromRuns}
       and ($2::uuid is null or r.id < $2)
       and ($3::text is null or r.name = $3)
       and ($4::text is null or x.status = $4)
       and ($5::text is null or r.correlation_key = $5)
     order by r.id desc
     limit $6`,
    [tx.organizationId, before, filter.workflow, filter.status, filter.correlation_key, rowsMax],
  );
}

/** A run with its first steps, in the order they began. Throws `not_found`. */
export async function getRun(tx: ScopedTx, id: string): Promise<RunRow & { steps: StepRow[] }> {
  const [run] = await tx.sql<RunRow>(
    `select ${summaryColumns}, t.payload as input, t.results as output
     ${fromRuns} and r.id = $2`,
    [tx.organizationId, id],
  );
  if (!run) throw errors.not_found({ detail: 'no such run' });
  const steps = await tx.sql<StepRow>(
    `select s.key, s.place, s.kind, s.name,
       case when s.kind = 'sleep' and s.status = 'waiting' and s.due_at <= now() then 'completed' else s.status end as status,
       case when x.is_small then s.result end as result,
       s.result is not null and not x.is_small as result_left_out,
       s.error, s.attempts, s.cost::float8 as cost, s.task_id, t.status as task_status, a.id as approval_id,
       case when s.event_name is not null then jsonb_build_object('name', s.event_name, 'match', s.event_match) end as event,
       s.due_at, s.started_at, s.completed_at
     from plinth.workflow_step_runs s
     cross join lateral (
       -- as stored, which may be compressed, then as it is sent
       select case when pg_column_size(s.result) <= $3 then octet_length(s.result::text) <= $3 else false end as is_small) x
     left join plinth.tasks t on t.organization_id = s.organization_id and t.id = s.task_id
     left join plinth.approvals a on a.organization_id = s.organization_id and a.run_id = s.run_id and a.step_key = s.key
     where s.organization_id = $1 and s.run_id = $2
     order by s.started_at, s.scope, s.place
     limit $4`,
    [tx.organizationId, id, detail_result_bytes_max, detail_steps_max],
  );
  return { ...run, steps };
}

/** Cancels a run with its children. Throws `not_found`, `workflow_run_ended`. */
export async function cancelRun(
  platform: Platform,
  tx: ScopedTx,
  id: string,
  reason: string | undefined,
): Promise<void> {
  await assertRun(tx, id);
  const [row] = await tx.sql<{ done: boolean | null }>('select plinth.cancel_task($1, $2, $3) as done', [
    tx.organizationId,
    id,
    reason ?? null,
  ]);
  if (!row?.done) throw workflowErrors.workflow_run_ended();
  // a run that waits for this one goes on
  tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
}

/**
 * Runs a failed or cancelled run again from the steps that failed; what is finished stays, and its ceiling of time begins
 * anew. Throws `not_found`, `workflow_run_not_retryable`.
 */
export async function retryRun(platform: Platform, tx: ScopedTx, id: string): Promise<RunStatus> {
  await assertRun(tx, id);
  const [row] = await tx.sql<{ outcome: string | null }>('select plinth.retry_task($1, $2) as outcome', [
    tx.organizationId,
    id,
  ]);
  if (row?.outcome !== 'pending' && row?.outcome !== 'blocked') throw workflowErrors.workflow_run_not_retryable();
  await reviveRuns(tx, [id]);
  tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
  return row.outcome;
}

/** Throws `not_found`. */
export async function assertRun(tx: ScopedTx, id: string): Promise<void> {
  const rows = await tx.sql('select 1 from plinth.workflow_runs where organization_id = $1 and id = $2', [
    tx.organizationId,
    id,
  ]);
  if (rows.length === 0) throw errors.not_found({ detail: 'no such run' });
}
