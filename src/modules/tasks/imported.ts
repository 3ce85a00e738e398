import type { OwnerSql } from '../../platform/module.ts';

/**
 * Leases belong to the workers of the other installation and do not travel: what a worker held there is due here. It may
 * run in both, as after a lease that has ended.
 */
export async function queueImported(sql: OwnerSql, organizationId: string): Promise<void> {
  await sql(
    `insert into plinth.task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds,
       concurrency_key, concurrency_limit)
     select t.organization_id, t.id, t.task_type, t.priority, coalesce(t.scheduled_at, now()), t.attempts + 1, t.timeout_seconds,
       t.concurrency_key, t.concurrency_limit
     from plinth.tasks t
     where t.organization_id = $1
       and t.status in ('pending', 'running', 'retrying')
       and not exists (select 1 from plinth.task_queue q where q.organization_id = t.organization_id and q.id = t.id)
       and not exists (select 1 from plinth.task_timers m where m.organization_id = t.organization_id and m.id = t.id)
     on conflict do nothing`,
    [organizationId],
  );
}
