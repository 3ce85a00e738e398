import type { Hook } from '../../../platform/hooks.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';

/**
 * Makes runs that had failed or were cancelled ready to go on: the steps they failed by, and those whose tasks were cancelled
 * with them, are forgotten, and their ceilings of time begin anew. Ids of other tasks change nothing.
 */
export async function reviveRuns(tx: ScopedTx, ids: readonly string[]): Promise<void> {
  await tx.sql(
    `delete from plinth.workflow_step_runs s
     where s.organization_id = $1 and s.run_id = any ($2::uuid[])
       and (s.status = 'failed' and s.key in (
           select unnest(r.failed_steps) from plinth.workflow_runs r where r.organization_id = $1 and r.id = s.run_id)
         or s.status = 'waiting' and s.task_id in (
           select t.id from plinth.tasks t
           where t.organization_id = $1 and t.parent_task_id = s.run_id and t.status in ('failed', 'cancelled')))`,
    [tx.organizationId, ids],
  );
  const runs = await tx.sql<{ id: string; seconds: number | null }>(
    'select id, time_max_seconds as seconds from plinth.workflow_runs where organization_id = $1 and id = any ($2::uuid[])',
    [tx.organizationId, ids],
  );
  // one after the other: a cluster refuses a new value that is worked out of the time and a column
  for (const [seconds, some] of Map.groupBy(runs, (run) => run.seconds)) {
    await tx.sql(
      `update plinth.workflow_runs
       set failed_steps = null, deadline_at = now() + make_interval(secs => $3::int)
       where organization_id = $1 and id = any ($2::uuid[])`,
      [tx.organizationId, some.map(({ id }) => id), seconds],
    );
  }
}

/** A run is a task: retried as one, by a filter for example, it goes on as one retried at /v1/workflow-runs. */
export const reviveRetried: Hook<unknown, readonly string[]> = {
  after: ({ tx }, ids) => (ids.length > 0 ? reviveRuns(tx, ids) : undefined),
};
