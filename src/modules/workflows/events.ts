import { errors } from '../../platform/core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { tasks_channel } from '../tasks/index.ts';
import { workflowErrors } from './errors.ts';
import { assertRun } from './runs.ts';

/** Runs that one event may reach. */
export const event_runs_max = 1_000;
/** Events that a run has not taken yet. */
export const run_events_max = 1_000;

export interface SentEvent {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Sends an event to one run; it is kept until the run waits for it. Throws `not_found`, `workflow_run_ended`. */
export async function sendToRun(platform: Platform, tx: ScopedTx, runId: string, event: SentEvent): Promise<void> {
  await assertRun(tx, runId);
  const reached = await deliver(platform, tx, [runId], event);
  if (reached === 0) throw workflowErrors.workflow_run_ended();
}

/**
 * Sends an event to the runs with a correlation key that have not ended, or, without a key, to those that wait for it just
 * now and that it fits. Returns how many.
 */
export async function sendToRuns(
  platform: Platform,
  tx: ScopedTx,
  event: SentEvent & { readonly correlation_key?: string },
): Promise<number> {
  const rows =
    event.correlation_key === undefined
      ? await tx.sql<{ id: string }>(
          `select distinct s.run_id as id
           from plinth.workflow_step_runs s
           where s.organization_id = $1 and s.event_name = $2 and s.status = 'waiting' and s.event_match <@ $3::jsonb
           order by s.run_id
           limit $4`,
          [tx.organizationId, event.name, JSON.stringify(event.payload), event_runs_max + 1],
        )
      : await tx.sql<{ id: string }>(
          `select r.id
           from plinth.workflow_runs r
           join plinth.tasks t on t.organization_id = r.organization_id and t.id = r.id
           where r.organization_id = $1 and r.correlation_key = $2 and t.completed_at is null
           order by r.id
           limit $3`,
          [tx.organizationId, event.correlation_key, event_runs_max + 1],
        );
  if (rows.length > event_runs_max) {
    const detail = `more than ${event_runs_max} runs would get it: send it with a correlation_key, or to single runs`;
    throw errors.invalid_request({ field: 'name', detail });
  }
  return deliver(
    platform,
    tx,
    rows.map(({ id }) => id),
    event,
  );
}

/** Stores the event for each run that has not ended, and wakes it. Returns how many. */
async function deliver(platform: Platform, tx: ScopedTx, ids: readonly string[], event: SentEvent): Promise<number> {
  let reached = 0;
  for (const id of ids) {
    // locks the run's task: of one that ends just now it is known here
    const [woken] = await tx.sql<{ alive: boolean | null }>('select plinth.wake_task($1, $2) as alive', [
      tx.organizationId,
      id,
    ]);
    if (!woken?.alive) continue;
    const [kept] = await tx.sql<{ n: number }>(
      `select count(*)::int as n from plinth.workflow_events
       where organization_id = $1 and run_id = $2 and consumed_by is null`,
      [tx.organizationId, id],
    );
    if (kept!.n >= run_events_max) {
      throw errors.conflict({ detail: `run ${id} has ${run_events_max} events it has not taken` });
    }
    await tx.sql(
      'insert into plinth.workflow_events (organization_id, run_id, name, payload) values ($1, $2, $3, $4::jsonb)',
      [tx.organizationId, id, event.name, JSON.stringify(event.payload)],
    );
    reached++;
  }
  tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
  return reached;
}
