import { partitionsLoop } from '../../platform/maintenance.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx, Statement } from '../../platform/scope/door.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { liveChannel } from './live/feed.ts';
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
  origin: EventOrigin,
  events: readonly NewEvent[],
): Promise<Ingested[]> {
  if (events.length === 0) return [];
  const { text, values } = ingesting(tx.organizationId, origin, events);
  const rows = await tx.sql<IngestedRow>(text, values);
  const { organizationId } = tx;
  tx.afterCommit(() => tellOfNew(platform, organizationId, events, rows));
  return rows.map(answerOf);
}

/** The same in a transaction of its own, which is one round trip where the engine can; resolves when it is committed. */
export async function ingestAlone(
  platform: Platform,
  organizationId: string,
  origin: EventOrigin,
  events: readonly NewEvent[],
): Promise<Ingested[]> {
  const scope: Scope = { as: 'app', organizationId, memberRole: 'service' };
  const [rows] = await platform.door.writeAll(scope, [ingesting(organizationId, origin, events)]);
  const stored = rows as unknown as IngestedRow[];
  tellOfNew(platform, organizationId, events, stored);
  return stored.map(answerOf);
}

interface IngestedRow {
  readonly event_id: string;
  readonly created: boolean;
}

function answerOf({ event_id, created }: IngestedRow): Ingested {
  return { id: event_id, duplicate: !created };
}

function ingesting(organizationId: string, { sourceId, scheme }: EventOrigin, events: readonly NewEvent[]): Statement {
  const items = `[${events.map(({ text }) => text).join(',')}]`;
  return {
    text: 'select event_id, created from plinth.ingest_events($1, $2, $3, $4::jsonb) order by place',
    values: [organizationId, sourceId, scheme, items],
  };
}

function tellOfNew(
  platform: Platform,
  organizationId: string,
  events: readonly NewEvent[],
  rows: readonly IngestedRow[],
): void {
  if (!rows.some(({ created }) => created)) return;
  platform.wakeups.wake(events_channel);
  platform.wakeups.wake(liveChannel(organizationId));
  askForPartitions(platform, events);
}

/** The past months this process has met, of each table: their partition was asked for once, and stays. */
const metMonths = new WeakMap<Platform, Set<string>>();

/** Rows of a month without a partition wait in the default one until it is made. */
function askForPartitions(platform: Platform, events: readonly NewEvent[]): void {
  const thisMonth = startOfMonth(platform.clock.now()).getTime();
  const met = metMonths.get(platform) ?? new Set();
  metMonths.set(platform, met);
  const before = met.size;
  for (const { occurredAt, typed } of events) {
    const month = startOfMonth(occurredAt).getTime();
    if (month < thisMonth) for (const table of ['event', ...typed]) met.add(`${month} ${table}`);
  }
  if (met.size > before) platform.wakeups.wake(partitionsLoop.name);
}

function startOfMonth(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1));
}
