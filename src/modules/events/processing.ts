import { asPlinthError } from '../../platform/http/problem.ts';
import { analyzeNewTables } from '../../platform/maintenance.ts';
import type { LoopDeclaration } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { enqueueTasks } from '../tasks/index.ts';
import { startRun } from '../workflows/index.ts';
import { type Collection, eventHooks, type NotificationStep, type WantedStep, type WebhookStep } from './actions.ts';
import { checkedTypes, type TypeProblem, typeProblems } from './event-types.ts';
import { eventLimits } from './limits.ts';
import { documentOf, type LockedEvent, makeSelection, type PendingEvent, runOf, taskOf } from './matching.ts';
import { events_channel } from './new-event.ts';
import { activeSubscriptions } from './subscriptions.ts';

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

const selection = makeSelection();
const scopeOf = (organizationId: string): Scope => ({ as: 'app', organizationId, memberRole: 'service' });

/**
 * Matches up to `eventsMax` waiting events of an organization with its subscriptions, oldest first, and does what they ask
 * for (tasks, runs of workflows, deliveries, notifications), in one transaction: after a crash all of it is done or none, so every event
 * sets it off exactly once. An event that makes the batch fail is found by going one by one, marked failed, and stops nothing.
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
    let current: LockedEvent | undefined;
    const note = ([event]: readonly LockedEvent[]) => {
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
  readonly error?: TypeProblem['error'];
}

interface Step extends WantedStep {
  readonly error?: { readonly code: string; readonly message: string };
}

/** What a step came to. */
interface Done extends Step {
  readonly outcome: 'task_enqueued' | 'delivery_queued' | 'workflow_started' | 'notified' | 'batched' | 'failed';
  readonly taskId?: string;
}

async function matchBatch(
  platform: Platform,
  tx: ScopedTx,
  eventsMax: number,
  note: (events: readonly LockedEvent[]) => void = () => undefined,
): Promise<Processed> {
  const locked = await tx.sql<LockedEvent>('select * from plinth.lock_pending_events($1, $2, $3)', [
    tx.organizationId,
    eventsMax,
    eventLimits.matched_bytes_max,
  ]);
  note(locked);
  if (locked.length === 0) return { events: 0, tasks: 0 };
  const typeOf = await checkedTypes(tx, locked);
  // after the lock: a subscription that was there before an event was received is asked
  const select = selection(await activeSubscriptions(tx));
  const pending = await withPayloads(tx, locked, (event) => select.mayWant(event) || typeOf(event) !== undefined);
  const { problems, checked } = typeProblems(pending, typeOf);
  const events = pending.slice(0, checked);
  const steps = events.flatMap((event): Step[] =>
    problems.has(event.id) ? [] : select.wanting(documentOf(event)).map((one) => ({ event, ...one })),
  );
  const { done, tasks } = await carryOut(platform, tx, steps);
  await log(tx, done);
  const wanted = new Set(steps.map(({ event }) => event.id));
  await finish(
    tx,
    events.map(({ id, occurred_at }) => ({
      id,
      occurred_at,
      ...(problems.get(id) ?? { status: wanted.has(id) ? 'processed' : 'skipped' }),
    })),
  );
  return { events: events.length, tasks };
}

/** The events with the payloads of those that are looked into; an event that nobody wants costs a third less so. */
async function withPayloads(
  tx: ScopedTx,
  events: readonly LockedEvent[],
  isLookedInto: (event: LockedEvent) => boolean,
): Promise<PendingEvent[]> {
  const wanted = events.filter(isLookedInto);
  if (wanted.length === 0) return events.map((event) => ({ ...event, payload: undefined }));
  const times = wanted.map(({ occurred_at }) => occurred_at.getTime());
  const rows = await tx.sql<{ id: string; payload: unknown }>('select * from plinth.event_payloads($1, $2, $3, $4)', [
    tx.organizationId,
    wanted.map(({ id }) => id),
    new Date(Math.min(...times)),
    // what is lost of a time on its way here is less than a millisecond
    new Date(Math.max(...times) + 1),
  ]);
  const payloads = new Map(rows.map(({ id, payload }) => [id, payload]));
  return events.map((event) => ({ ...event, payload: payloads.get(event.id) }));
}

/** Does what the steps ask for: the tasks and the webhooks each in one go, runs of workflows one by one. */
async function carryOut(
  platform: Platform,
  tx: ScopedTx,
  steps: readonly Step[],
): Promise<{ done: Done[]; tasks: number }> {
  const done: Done[] = steps.flatMap((step) => (step.error ? [{ ...step, outcome: 'failed' as const }] : []));
  const collected: Collection = {
    steps: steps.filter(({ error, subscription }) => !error && subscription.batch !== null),
    ready: [],
  };
  if (collected.steps.length > 0) await tx.hooks.around(eventHooks.collect, { tx }, collected, async () => undefined);
  done.push(...collected.steps.map((step) => ({ ...step, outcome: 'batched' as const })));
  const wanted = [
    ...steps.filter(({ error, subscription }) => !error && subscription.batch === null),
    ...collected.ready,
  ];
  const carried = await act(platform, tx, wanted);
  return { done: [...done, ...carried.done], tasks: carried.tasks };
}

/** Does what subscriptions ask for of events that were stored otherwise, and logs it. */
export async function carryOutSteps(platform: Platform, tx: ScopedTx, steps: readonly WantedStep[]): Promise<void> {
  await log(tx, (await act(platform, tx, steps)).done);
}

async function act(
  platform: Platform,
  tx: ScopedTx,
  wanted: readonly WantedStep[],
): Promise<{ done: Done[]; tasks: number }> {
  const done: Done[] = [];
  const taskSteps = wanted.flatMap((step) =>
    step.subscription.action === 'task'
      ? [{ step, task: taskOf(step.event, step.subscription, step.subscription.target) }]
      : [],
  );
  const enqueued = await enqueueTasks(
    platform,
    tx,
    taskSteps.map(({ task }) => task),
  );
  for (const [at, { step }] of taskSteps.entries()) {
    done.push({ ...step, outcome: 'task_enqueued', taskId: enqueued[at]!.id });
  }
  const webhooks = wanted.flatMap((step): WebhookStep[] =>
    step.subscription.action === 'webhook' ? [{ ...step, target: step.subscription.target }] : [],
  );
  if (webhooks.length > 0) await tx.hooks.around(eventHooks.deliver, { tx }, webhooks, async () => undefined);
  done.push(
    ...webhooks.map(({ event, subscription }) => ({ event, subscription, outcome: 'delivery_queued' as const })),
  );
  const told = wanted.flatMap((step): NotificationStep[] =>
    step.subscription.action === 'notification' ? [{ ...step, target: step.subscription.target }] : [],
  );
  if (told.length > 0) await tx.hooks.around(eventHooks.notify, { tx }, told, async () => undefined);
  done.push(...told.map(({ event, subscription }) => ({ event, subscription, outcome: 'notified' as const })));
  for (const step of wanted) {
    if (step.subscription.action !== 'workflow') continue;
    const run = await startRun(platform, tx, runOf(step.event, step.subscription, step.subscription.target));
    done.push({ ...step, outcome: 'workflow_started', taskId: run.id });
  }
  return { done, tasks: enqueued.filter(({ created }) => created).length };
}

async function log(tx: ScopedTx, steps: readonly Done[]): Promise<void> {
  if (steps.length === 0) return;
  const rows = steps.map(({ event, subscription, outcome, taskId, error }) => ({
    event_id: event.id,
    event_occurred_at: event.occurred_at,
    subscription_id: subscription.id,
    outcome,
    task_id: taskId,
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
    if (events > 0) await analyzeNewTables(platform);
    const now = platform.clock.now().getTime();
    const { listen, concurrentConnections } = platform.engine.capabilities;
    if (waiting.length === 0)
      return new Date(now + (listen || !concurrentConnections ? idle_ms_max : idle_ms_unhinted));
    return new Date(events > 0 && troubled === 0 ? now : now + retry_ms);
  },
};
