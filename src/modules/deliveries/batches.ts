import type { Hook } from '../../platform/hooks.ts';
import type { LoopDeclaration } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { type Collection, carryOutSteps, readSubscription, type WantedStep } from '../events/index.ts';
import { own_source, storeProcessed } from './queue.ts';

/** The channel, and the name of the loop, that a new batch wakes. */
export const batches_channel = 'event-batches';
const batch_type = 'plinth.batch';
/** Payloads beyond this are left out of a batch; their events are named all the same. */
const batch_bytes_max = 4 * 1024 * 1024;
const organizations_per_tick_max = 100;
const batches_per_write_max = 20;
const idle_ms_max = 60_000;
const idle_ms_unhinted = 1_000;

interface EventRef {
  readonly id: string;
  readonly occurred_at: string | Date;
}
type Subscription = WantedStep['subscription'];

/** Puts events to the batches of their subscriptions; what makes one full is ready at once, the rest when its time is over. */
export const collectHook: Hook<Collection, undefined> = {
  before: ({ platform, tx }, collection) => collect(platform, tx, collection),
};

async function collect(platform: Platform, tx: ScopedTx, { steps, ready }: Collection): Promise<void> {
  const now = platform.clock.now();
  const grouped = new Map<string, { subscription: Subscription; events: EventRef[] }>();
  for (const { event, subscription } of steps) {
    const group = grouped.get(subscription.id) ?? { subscription, events: [] };
    grouped.set(subscription.id, group);
    group.events.push({ id: event.id, occurred_at: event.occurred_at });
  }
  // in the order of their ids, so that two transactions never wait for each other in a circle
  const groups = [...grouped.values()].sort((a, b) => (a.subscription.id < b.subscription.id ? -1 : 1));
  const full: { subscription: Subscription; events: EventRef[] }[] = [];
  for (const { subscription, events } of groups) {
    const { count_max, seconds_max } = subscription.batch!;
    const dueAt = new Date(now.getTime() + seconds_max * 1_000);
    const [row] = await tx.sql<{ full: EventRef[] }>('select plinth.add_to_batch($1, $2, $3::jsonb, $4, $5) as full', [
      tx.organizationId,
      subscription.id,
      JSON.stringify(events),
      dueAt,
      count_max,
    ]);
    for (let from = 0; from < row!.full.length; from += count_max) {
      full.push({ subscription, events: row!.full.slice(from, from + count_max) });
    }
  }
  for (const { subscription, events } of full) ready.push(await batchEvent(platform, tx, subscription, events));
  tx.afterCommit(() => platform.wakeups.wake(batches_channel));
}

/** The batch as an event of our own, which the subscription is to act on. */
async function batchEvent(
  platform: Platform,
  tx: ScopedTx,
  subscription: Subscription,
  refs: readonly EventRef[],
): Promise<WantedStep> {
  const rows = await tx.sql<{ id: string; head: string; payload: string; payload_bytes: number }>(
    `select id, payload_bytes, payload::text as payload,
       jsonb_build_object('id', id, 'type', type, 'timestamp', occurred_at, 'source', source, 'title', title)::text as head
     from plinth.events
     where organization_id = $1
       and id = any ($2)
       and occurred_at = any ($3)`,
    [tx.organizationId, refs.map(({ id }) => id), refs.map(({ occurred_at }) => new Date(occurred_at))],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  let bytes = 0;
  const parts = refs.flatMap(({ id }) => {
    const row = byId.get(id);
    if (!row) return [];
    bytes += row.payload_bytes;
    return [bytes <= batch_bytes_max ? `${row.head.slice(0, -1)},"data":${row.payload}}` : row.head];
  });
  const about = JSON.stringify({
    subscription_id: subscription.id,
    subscription: subscription.name,
    count: parts.length,
  });
  const text = `${about.slice(0, -1)},"events":[${parts.join(',')}]}`;
  const title = `${parts.length} events for ${subscription.name}`;
  const { id, occurredAt } = await storeProcessed(platform, tx, batch_type, text, title);
  const event: WantedStep['event'] = {
    id,
    occurred_at: occurredAt,
    source: own_source,
    type: batch_type,
    category: 'other',
    priority: 0,
    title,
    payload: JSON.parse(text),
    project_id: null,
    repository_id: null,
    repository_full_name: null,
    branch: null,
    commit_sha: null,
    actor: null,
    kind: null,
  };
  return { event, subscription };
}

/** Acts on the batches of an organization whose time is over. Returns how many; those of deleted subscriptions are dropped. */
export async function flushBatches(platform: Platform, organizationId: string): Promise<number> {
  return platform.door.write({ as: 'app', organizationId, memberRole: 'service' }, async (tx) => {
    const due = await tx.sql<{ id: string; events: EventRef[] }>(
      'select id, events from plinth.take_due_batches($1, $2, $3) order by id',
      [organizationId, platform.clock.now(), batches_per_write_max],
    );
    if (due.length === 0) return 0;
    const live = await tx.sql<{ id: string }>(
      'select id from plinth.event_subscriptions where organization_id = $1 and id = any ($2) and deleted_at is null',
      [organizationId, due.map(({ id }) => id)],
    );
    const steps: WantedStep[] = [];
    for (const { id, events } of due) {
      if (!live.some((one) => one.id === id)) continue;
      steps.push(await batchEvent(platform, tx, await readSubscription(tx, id), events));
    }
    await carryOutSteps(platform, tx, steps);
    return due.length;
  });
}

/** Acts on batches whose time is over; sleeps until the next is. */
export const batchesLoop: LoopDeclaration = {
  name: batches_channel,
  async tick(platform, signal) {
    const worker = { as: 'worker', memberRole: 'service' } as const;
    const now = platform.clock.now();
    const due = await platform.door.readOne<{ id: string }>(
      worker,
      'select id from plinth.due_batches($1, $2) as id',
      [now, organizations_per_tick_max],
      { pool: 'worker' },
    );
    let troubled = false;
    for (const { id } of due) {
      if (signal.aborted) return undefined;
      try {
        while ((await flushBatches(platform, id)) === batches_per_write_max && !signal.aborted);
      } catch (error) {
        troubled = true;
        platform.log.error({ err: error, organization_id: id }, 'batches could not be acted on; they wait');
      }
    }
    const [row] = await platform.door.readOne<{ next: Date | null }>(
      worker,
      'select plinth.next_batch_due() as next',
      [],
      { pool: 'worker' },
    );
    const { listen, concurrentConnections } = platform.engine.capabilities;
    const idle = listen || !concurrentConnections ? idle_ms_max : idle_ms_unhinted;
    const at = platform.clock.now().getTime();
    const next = Math.min(row?.next?.getTime() ?? at + idle, at + idle);
    return new Date(troubled ? Math.max(next, at + idle_ms_unhinted) : next);
  },
};
