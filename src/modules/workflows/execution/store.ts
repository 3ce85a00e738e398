import type { TaskContext } from '../../../platform/module.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { TaskFailure } from '../../tasks/index.ts';
import type { Position, RecordedStep } from './history.ts';
import { reviveRuns } from './revive.ts';
import type { RecordedError } from './step-failure.ts';

/** What is known of a run besides its steps. */
export interface RunRow {
  readonly cost_max: number | null;
  readonly deadline_at: Date | null;
  readonly left_ms: number | null;
  readonly has_failed: boolean;
  readonly created_at: Date;
}

/** What is to be recorded of a step. */
export interface StepRecord {
  readonly status: RecordedStep['status'];
  /** As JSON. */
  readonly result?: string | undefined;
  readonly error?: RecordedError;
  readonly attempts?: number;
  readonly cost?: number;
  /** Seconds it took. */
  readonly seconds?: number;
  /** Seconds from now. */
  readonly dueInSeconds?: number | undefined;
  readonly taskId?: string;
  readonly event?: { readonly name: string; readonly match: string };
}

/** What recording tells: times by the database's clock, and the result as a replay will see it, its keys in the same order. */
export interface StepTimes {
  readonly result: unknown;
  readonly completed_at: Date | null;
  readonly due_at: Date | null;
}

export interface RunStore {
  readonly scope: { readonly as: 'app'; readonly organizationId: string; readonly memberRole: 'service' };
  /** Run and steps; makes the row of a run whose task was enqueued as a plain one, by a schedule for example. */
  load(workflow: { name: string; version: number }): Promise<{ run: RunRow; steps: RecordedStep[] }>;
  /** Records under the attempt's fence, in one round trip where the engine can. Throws `lease_lost`. */
  record(position: Position, record: StepRecord): Promise<StepTimes>;
  /** A transaction under the attempt's fence. Throws `lease_lost`. */
  held<T>(work: (tx: ScopedTx) => Promise<T>): Promise<T>;
  /** The same in a transaction of `held`. */
  recordIn(tx: ScopedTx, position: Position, record: StepRecord): Promise<StepTimes>;
}

const leaseLost = () => new TaskFailure('lease_lost', 'another worker has the run, or it has ended');

/** Recorded if `held` is true. */
const recordSql = (
  held: string,
) => `insert into plinth.workflow_step_runs as s (organization_id, run_id, key, scope, place, kind, name, status,
    result, error, attempts, cost, started_at, completed_at, due_at, task_id, event_name, event_match)
  select $1::uuid, $2::uuid, $3::text, $4::text, $5::int, $6::text, $7::text, $8::text, $9::jsonb, $10::jsonb, $11::int,
    $12::numeric, h.at - make_interval(secs => $13::float8), case when $8::text in ('completed', 'failed') then h.at end,
    h.at + make_interval(secs => $14::float8), $15::uuid, $16::text, $17::jsonb
  from (select ${held} as held, clock_timestamp() as at) h
  where h.held
  on conflict (organization_id, run_id, key) do update
  set status = excluded.status, result = excluded.result, error = excluded.error, attempts = excluded.attempts,
      cost = excluded.cost, completed_at = excluded.completed_at, due_at = coalesce(excluded.due_at, s.due_at)
  where s.status in ('waiting', 'retrying')
  returning s.completed_at, s.due_at, s.result`;
const recordFencedSql = recordSql('plinth.is_task_held($1::uuid, $2::uuid, $18::uuid)');
/** In a transaction that has asked already. */
const recordHeldSql = recordSql('$18::uuid is not null');

const stepsSql = `select s.key, s.scope, s.place, s.kind, s.status, s.result, s.error, s.attempts, s.cost::float8 as cost, s.due_at,
    coalesce(s.due_at <= clock_timestamp(), false) as is_due, s.completed_at, s.task_id, t.status as task_status,
    t.results as task_results, t.error as task_error,
    s.status = 'waiting' and s.kind = 'event' and exists (
      select 1 from plinth.workflow_events e
      where e.organization_id = s.organization_id and e.run_id = s.run_id and e.name = s.event_name
        and e.consumed_by is null and e.payload @> s.event_match) as has_event,
    a.status as approval_status
  from plinth.workflow_step_runs s
  left join plinth.tasks t on t.organization_id = s.organization_id and t.id = s.task_id and s.status = 'waiting'
  left join plinth.approvals a on a.organization_id = s.organization_id and a.run_id = s.run_id and a.step_key = s.key
    and s.status = 'waiting'
  where s.organization_id = $1 and s.run_id = $2
  order by s.started_at, s.place`;

const runSql = `select cost_max::float8 as cost_max, deadline_at, created_at, failed_steps is not null as has_failed,
    (extract(epoch from deadline_at - clock_timestamp()) * 1000)::float8 as left_ms
  from plinth.workflow_runs
  where organization_id = $1 and id = $2`;

/** What an activation reads and writes of its run. */
export function makeRunStore({ organizationId, taskId, leaseId, platform }: TaskContext): RunStore {
  const { door, engine } = platform;
  const scope = { as: 'app', organizationId, memberRole: 'service' } as const;
  const values = (at: Position, record: StepRecord) => [
    organizationId,
    taskId,
    at.key,
    at.branch.path,
    at.place,
    at.kind,
    at.name,
    record.status,
    record.result ?? null,
    record.error ? JSON.stringify(record.error) : null,
    record.attempts ?? 0,
    record.cost ?? 0,
    record.seconds ?? 0,
    record.dueInSeconds ?? null,
    record.taskId ?? null,
    record.event?.name ?? null,
    record.event?.match ?? null,
    leaseId,
  ];
  const first = (rows: readonly unknown[] | undefined): StepTimes => {
    const row = rows?.[0] as StepTimes | undefined;
    if (!row) throw leaseLost();
    return row;
  };
  const held: RunStore['held'] = (work) =>
    door.write(scope, async (tx) => {
      const [row] = await tx.sql<{ held: boolean }>('select plinth.is_task_held($1, $2, $3) as held', [
        organizationId,
        taskId,
        leaseId,
      ]);
      if (!row?.held) throw leaseLost();
      return work(tx);
    });
  const recordIn: RunStore['recordIn'] = async (tx, at, record) =>
    first(await tx.sql(recordHeldSql, values(at, record)));
  return {
    scope,
    async load({ name, version }) {
      const read = () =>
        Promise.all([
          door.readOne<RunRow>(scope, runSql, [organizationId, taskId]),
          door.readOne<RecordedStep>(scope, stepsSql, [organizationId, taskId]),
        ]);
      let [found, steps] = await read();
      if (!found[0]) {
        const make = 'select plinth.make_workflow_run($1, $2, $3, $4, null, null, null, null, null)';
        await door.write(scope, (tx) => tx.sql(make, [organizationId, taskId, name, version]));
        [found, steps] = await read();
      } else if (found[0].has_failed) {
        // it runs again for another reason than that somebody retried it
        await held((tx) => reviveRuns(tx, [taskId]));
        [found, steps] = await read();
      }
      return { run: found[0]!, steps };
    },
    // a cluster asks for the fence on the tenant's node, which takes a statement of its own
    record: engine.capabilities.distributed
      ? (at, record) => held((tx) => recordIn(tx, at, record))
      : async (at, record) =>
          first((await door.writeAll(scope, [{ text: recordFencedSql, values: values(at, record) }]))[0]),
    held,
    recordIn,
  };
}
