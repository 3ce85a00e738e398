import type { ScopedTx } from '../../../platform/scope/door.ts';

/** Of the tasks asked about, the newest so many are looked at; the answer says when there were more. */
export const statistics_tasks_max = 100_000;
/** A worker with nothing to do is heard of every ten minutes. */
export const worker_silent_ms_max = 11 * 60_000;

export interface TypeStatistics {
  readonly task_type: string;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Share of those that completed or failed; null: none has. */
  readonly failure_rate: number | null;
  readonly completed_per_hour: number;
  /** Seconds, of those that completed: from being due to the start of the last attempt, and from there to the end. */
  readonly wait_p50: number | null;
  readonly wait_p95: number | null;
  readonly run_p50: number | null;
  readonly run_p95: number | null;
  readonly open: number;
  readonly oldest_open_at: Date | null;
}

export interface AgentStatistics {
  readonly primary_agent: string;
  readonly total_tasks: number;
  readonly completed: number;
  readonly failed: number;
  /** Share of those that completed or failed; null: none has. */
  readonly success_rate: number | null;
  readonly avg_execution_time_seconds: number | null;
}

/** The smallest id of a millisecond: a range of ids is a range of the primary key. */
function idFloor(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

const asked = `with asked as (
    select task_type, primary_agent, status, scheduled_at, started_at, completed_at
    from plinth.tasks
    where organization_id = $1 and id >= $2 and deleted_at is null
    order by id desc
    limit $3
  )`;

/** Seconds a task waited and ran, where it completed. */
const timesSql = `
       select case when status = 'completed' then greatest(0, extract(epoch from started_at - scheduled_at))::float8 end as waited,
              case when status = 'completed' then extract(epoch from completed_at - started_at)::float8 end as ran`;

/** Figures of each type, of the tasks enqueued since a time. */
export function typeStatistics(tx: ScopedTx, since: Date, now: Date): Promise<TypeStatistics[]> {
  const hours = Math.max(1 / 60, (now.getTime() - since.getTime()) / 3_600_000);
  return tx.sql<TypeStatistics>(
    `${asked}
     select task_type,
            count(*) filter (where status = 'completed')::int as completed,
            count(*) filter (where status = 'failed')::int as failed,
            count(*) filter (where status = 'cancelled')::int as cancelled,
            (count(*) filter (where status = 'failed'))::float8
              / nullif(count(*) filter (where status in ('completed', 'failed')), 0) as failure_rate,
            (count(*) filter (where status = 'completed'))::float8 / $4::float8 as completed_per_hour,
            percentile_cont(0.5) within group (order by waited) as wait_p50,
            percentile_cont(0.95) within group (order by waited) as wait_p95,
            percentile_cont(0.5) within group (order by ran) as run_p50,
            percentile_cont(0.95) within group (order by ran) as run_p95,
            count(*) filter (where completed_at is null)::int as open,
            min(scheduled_at) filter (where completed_at is null) as oldest_open_at
     from asked
     cross join lateral (${timesSql}) times
     group by task_type
     order by task_type`,
    [tx.organizationId, idFloor(since), statistics_tasks_max, hours],
  );
}

/** Intervals of one answer. */
export const intervals_max = 200;
const interval_rows_max = 20_000;

export interface IntervalStatistics {
  readonly task_type: string;
  readonly from: Date;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly wait_p50: number | null;
  readonly wait_p95: number | null;
  readonly run_p50: number | null;
  readonly run_p95: number | null;
}

/**
 * Figures of each type for equal intervals of a time, by when its tasks ended; intervals in which none did are left out. Of
 * the tasks enqueued since.
 */
export function intervalStatistics(
  tx: ScopedTx,
  { since, until, intervals, taskType }: { since: Date; until: Date; intervals: number; taskType: string | undefined },
): Promise<IntervalStatistics[]> {
  return tx.sql<IntervalStatistics>(
    `${asked}
     select task_type, $4::timestamptz + (place - 1) * $6::float8 * interval '1 second' as "from",
            count(*) filter (where status = 'completed')::int as completed,
            count(*) filter (where status = 'failed')::int as failed,
            count(*) filter (where status = 'cancelled')::int as cancelled,
            percentile_cont(0.5) within group (order by waited) as wait_p50,
            percentile_cont(0.95) within group (order by waited) as wait_p95,
            percentile_cont(0.5) within group (order by ran) as run_p50,
            percentile_cont(0.95) within group (order by ran) as run_p95
     from asked
     cross join lateral (${timesSql}) times
     cross join lateral (
       select least($5::int, 1 + floor(extract(epoch from completed_at - $4::timestamptz)::float8 / $6::float8))::int as place) at
     where completed_at >= $4 and ($7::text is null or task_type = $7)
     group by task_type, place
     order by task_type, place
     limit $8`,
    [
      tx.organizationId,
      idFloor(since),
      statistics_tasks_max,
      since,
      intervals,
      (until.getTime() - since.getTime()) / 1_000 / intervals,
      taskType,
      interval_rows_max,
    ],
  );
}

/** How agents did: the specification's "agent performance", of the tasks enqueued since a time. */
export function agentStatistics(tx: ScopedTx, since: Date): Promise<AgentStatistics[]> {
  return tx.sql<AgentStatistics>(
    `${asked}
     select primary_agent,
            count(*)::int as total_tasks,
            count(*) filter (where status = 'completed')::int as completed,
            count(*) filter (where status = 'failed')::int as failed,
            (count(*) filter (where status = 'completed'))::float8
              / nullif(count(*) filter (where status in ('completed', 'failed')), 0) as success_rate,
            avg(extract(epoch from completed_at - started_at)::float8) filter (where status = 'completed') as avg_execution_time_seconds
     from asked
     where primary_agent is not null
     group by primary_agent
     order by primary_agent`,
    [tx.organizationId, idFloor(since), statistics_tasks_max],
  );
}

export interface ServedType {
  readonly task_type: string;
  readonly workers: number;
  readonly last_seen_at: Date | null;
  /** Tasks of this organization that have not ended: also those that are delayed, blocked, paused or suspended. */
  readonly open: number;
  /** Of these, those that could run now, and those that do. */
  readonly due: number;
  readonly running: number;
  readonly oldest_due_at: Date | null;
  /** Open tasks wait, and no worker serves their type. */
  readonly no_worker: boolean;
}

type Depth = Pick<ServedType, 'task_type' | 'open' | 'due' | 'running' | 'oldest_due_at'>;

/** The types this program declares and those that have open tasks, with the workers that serve each. */
export async function servedTypes(tx: ScopedTx, declared: readonly string[], now: Date): Promise<ServedType[]> {
  const waiting = await tx.sql<Depth>(
    `select task_type, count(*)::int as open,
            count(*) filter (where status in ('pending', 'retrying') and scheduled_at <= $2)::int as due,
            count(*) filter (where status = 'running')::int as running,
            min(scheduled_at) filter (where status in ('pending', 'retrying') and scheduled_at <= $2) as oldest_due_at
     from plinth.tasks
     where organization_id = $1 and status not in ('completed', 'failed', 'cancelled') and deleted_at is null
     group by task_type`,
    [tx.organizationId, now],
  );
  const depths = new Map(waiting.map((row) => [row.task_type, row]));
  const types = [...new Set([...declared, ...depths.keys()])].sort();
  const live = await tx.sql<{ task_type: string; workers: number; last_seen_at: Date }>(
    'select task_type, workers::int as workers, last_seen_at from plinth.live_task_types($1, $2::text[], $3)',
    [tx.organizationId, types, new Date(now.getTime() - worker_silent_ms_max)],
  );
  return types.map((task_type) => {
    const { workers = 0, last_seen_at = null } = live.find((one) => one.task_type === task_type) ?? {};
    const { open = 0, due = 0, running = 0, oldest_due_at = null } = depths.get(task_type) ?? {};
    return {
      task_type,
      workers,
      last_seen_at,
      open,
      due,
      running,
      oldest_due_at,
      no_worker: workers === 0 && open > 0,
    };
  });
}
