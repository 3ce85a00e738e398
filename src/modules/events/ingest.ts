import { partitionsLoop } from '../../platform/maintenance.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { events_channel, type NewEvent } from './new-event.ts';

/** Where events come from: a source of the organization, or null for those sent with a key. */
export interface EventOrigin {
  readonly sourceId: string | null;
  readonly scheme: string;
}

export interface Ingested {
  readonly id: string;
  /** True: it was there already, under this id. */
  readonly duplicate: boolean;
}

/**
 * Stores events in the caller's transaction, each at most once; returns one answer for each, in order. Events of one
 * call share all of their deduplication keys or none.
 */
export async function ingestEvents(
  platform: Platform,
  tx: ScopedTx,
  { sourceId, scheme }: EventOrigin,
  events: readonly NewEvent[],
): Promise<Ingested[]> {
  if (events.length === 0) return [];
  const items = `[${events.map(({ text }) => text).join(',')}]`;
  const rows = await tx.sql<{ event_id: string; created: boolean }>(
    'select event_id, created from plinth.ingest_events($1, $2, $3, $4::jsonb) order by place',
    [tx.organizationId, sourceId, scheme, items],
  );
  if (rows.some(({ created }) => created)) {
    tx.afterCommit(() => {
      platform.wakeups.wake(events_channel);
      // rows of a month without a partition wait in the default one until it is made
      if (events.some(({ occurredAt }) => occurredAt < startOfMonth(platform.clock.now())))
        platform.wakeups.wake(partitionsLoop.name);
    });
  }
  return rows.map(({ event_id, created }) => ({ id: event_id, duplicate: !created }));
}

function startOfMonth(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
}
