import type { ScopedTx } from '../../../platform/scope/door.ts';

/**
 * Makes a run that had failed or was cancelled ready to go on: the steps it failed by, and those whose tasks were cancelled
 * with it, are forgotten, and its ceiling of time begins anew.
 */
export async function reviveRun(tx: ScopedTx, id: string): Promise<void> {
  await tx.sql(
    `delete from plinth.workflow_step_runs s
     where s.organization_id = $1 and s.run_id = $2
       and (s.status = 'failed' and s.key in (
           select unnest(r.failed_steps) from plinth.workflow_runs r where r.organization_id = $1 and r.id = $2)
         or s.status = 'waiting' and s.task_id in (
           select t.id from plinth.tasks t
           where t.organization_id = $1 and t.parent_task_id = $2 and t.status in ('failed', 'cancelled')))`,
    [tx.organizationId, id],
  );
  await tx.sql(
    `update plinth.workflow_runs
     set failed_steps = null, deadline_at = now() + make_interval(secs => time_max_seconds)
     where organization_id = $1 and id = $2`,
    [tx.organizationId, id],
  );
}
