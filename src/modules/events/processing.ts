import { asPlinthError } from '../../platform/http/problem.ts';
import type { LoopDeclaration } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { enqueueTasks, type NewTask } from '../tasks/index.ts';
import { eventLimits } from './limits.ts';
import { documentOf, makeMatchers, type PendingEvent, taskOf } from './matching.ts';
import { events_channel } from './new-event.ts';
import { activeSubscriptions, type SubscriptionRow } from './subscriptions.ts';

const organizations_per_tick_max = 100;
/** Where no wake-up comes from other processes, polling is all there is; else a lost hint costs ten minutes at most. */
const idle_ms_unhinted = 1_000;
const idle_ms_max = 600_000;
/** When others hold what waits, or an organization's events could not be matched. */
const retry_ms = 1_000;

export interface Processed {
  readonly events: number;
  readonly tasks: number;
}

/** Why nothing of a batch can be done now; its events wait. Anything else is the fault of an event. */
const transient = new Set([
  'database_unavailable',
  'database_full',
  'engine_restarted',
  'outcome_unknown',
  'serialization_conflict',
  'too_busy',
]);

const matcherOf = makeMatchers();
const scopeOf = (organizationId: string): Scope => ({ as: 'app', organizationId, memberRole: 'service' });

/**
 * Matches up to `eventsMax` waiting events of an organization with its subscriptions, oldest first, and enqueues the
 * tasks they ask for, in one transaction: after a crash all of it is done or none, so every event sets off its tasks
 * exactly once. An event that makes the batch fail is found by going one by one, marked failed, and stops nothing.
 */
export async function processPendingEvents(
  platform: Platform,
  organizationId: string,
  eventsMax: number = eventLimits.matched_events_max,
): Promise<Processed> {
  try {
    return await platform.door.write(scopeOf(organizationId), (tx) => matchBatch(platform, tx, eventsMax));
  } catch (error) {
    if (transient.has(asPlinthError(error).code)) throw error;
    return await oneByOne(platform, organizationId, eventsMax);
  }
}

async function oneByOne(platform: Platform, organizationId: string, eventsMax: number): Promise<Processed> {
  let tasks = 0;
  for (let events = 0; events < eventsMax; events++) {
    let current: PendingEvent | undefined;
    const note = ([event]: readonly PendingEvent[]) => {
      current = event;
    };
    try {
      const done = await platform.door.write(scopeOf(organizationId), (tx) => matchBatch(platform, tx, 1, note));
      if (done.events === 0) return { events, tasks };
      tasks += done.tasks;
    } catch (error) {
      const failure = asPlinthError(error);
      if (transient.has(failure.code) || !current) throw error;
      const { id, occurred_at } = current;
      platform.log.error(
        { err: failure.cause ?? failure, organization_id: organizationId, event_id: id },
        'an event failed',
      );
      const reason = { code: failure.code, message: failure.message };
      await platform.door.write(scopeOf(organizationId), (tx) =>
        finish(tx, [{ id, occurred_at, status: 'failed', error: reason }]),
      );
    }
  }
  return { events: eventsMax, tasks };
}

interface Finished {
  readonly id: string;
  readonly occurred_at: Date;
  readonly status: 'processed' | 'skipped' | 'failed';
  readonly error?: { readonly code: string; readonly message: string };
}

interface Step {
  readonly event: PendingEvent;
  readonly subscription: SubscriptionRow;
  readonly task?: NewTask;
  readonly error?: { readonly code: string; readonly message: string };
}

async function matchBatch(
  platform: Platform,
  tx: ScopedTx,
  eventsMax: number,
  note: (events: readonly PendingEvent[]) => void = () => undefined,
): Promise<Processed> {
  const events = await tx.sql<PendingEvent>('select * from plinth.lock_pending_events($1, $2, $3)', [
    tx.organizationId,
    eventsMax,
    eventLimits.matched_bytes_max,
  ]);
  note(events);
  if (events.length === 0) return { events: 0, tasks: 0 };
  const subscriptions = await activeSubscriptions(tx);
  const steps = events.flatMap((event) => stepsOf(event, subscriptions));
  const tasks = steps.flatMap(({ task }) => task ?? []);
  const enqueued = await enqueueTasks(platform, tx, tasks);
  await log(
    tx,
    steps,
    enqueued.map(({ id }) => id),
  );
  const wanted = new Set(steps.map(({ event }) => event.id));
  await finish(
    tx,
    events.map(({ id, occurred_at }) => ({ id, occurred_at, status: wanted.has(id) ? 'processed' : 'skipped' })),
  );
  return { events: events.length, tasks: enqueued.filter(({ created }) => created).length };
}

/** What an event sets off: a step for each subscription that wants it, or that can not be read. */
function stepsOf(event: PendingEvent, subscriptions: readonly SubscriptionRow[]): Step[] {
  const document = documentOf(event);
  return subscriptions.flatMap((subscription): Step[] => {
    try {
      return matcherOf(subscription)(document) ? [{ event, subscription, task: taskOf(event, subscription) }] : [];
    } catch (thrown) {
      const { code, message } = asPlinthError(thrown);
      return [{ event, subscription, error: { code, message } }];
    }
  });
}

async function log(tx: ScopedTx, steps: readonly Step[], taskIds: readonly string[]): Promise<void> {
  if (steps.length === 0) return;
  let next = 0;
  const rows = steps.map(({ event, subscription, task, error }) => ({
    event_id: event.id,
    event_occurred_at: event.occurred_at,
    subscription_id: subscription.id,
    outcome: task ? 'task_enqueued' : 'failed',
    task_id: task && taskIds[next++],
    detail: error,
  }));
  await tx.sql(
    `insert into plinth.event_processing_logs
       (organization_id, event_id, event_occurred_at, subscription_id, outcome, task_id, detail)
     select $1, l.event_id, l.event_occurred_at, l.subscription_id, l.outcome, l.task_id, l.detail
     from jsonb_to_recordset($2::jsonb) as l(event_id uuid, event_occurred_at timestamptz, subscription_id uuid,
       outcome text, task_id uuid, detail jsonb)
     on conflict do nothing`,
    [tx.organizationId, JSON.stringify(rows)],
  );
}

async function finish(tx: ScopedTx, events: readonly Finished[]): Promise<void> {
  await tx.sql('select plinth.finish_events($1, $2::jsonb)', [tx.organizationId, JSON.stringify(events)]);
}

/** Matches what waits, a batch of each organization in turn; sleeps until new events wake it: idle costs nothing. */
export const matchingLoop: LoopDeclaration = {
  name: events_channel,
  async tick(platform, signal) {
    const waiting = await platform.door.readOne<{ id: string }>(
      { as: 'worker', memberRole: 'service' },
      'select id from plinth.organizations_with_pending_events($1) as id',
      [organizations_per_tick_max],
      { pool: 'worker' },
    );
    let events = 0;
    let troubled = 0;
    for (const { id } of waiting) {
      if (signal.aborted) return undefined;
      try {
        events += (await processPendingEvents(platform, id)).events;
      } catch (error) {
        troubled++;
        platform.log.error({ err: error, organization_id: id }, 'events could not be matched; they wait');
      }
    }
    const now = platform.clock.now().getTime();
    const { listen, concurrentConnections } = platform.engine.capabilities;
    if (waiting.length === 0)
      return new Date(now + (listen || !concurrentConnections ? idle_ms_max : idle_ms_unhinted));
    return new Date(events > 0 && troubled === 0 ? now : now + retry_ms);
  },
};
