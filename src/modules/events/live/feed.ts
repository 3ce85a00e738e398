import type { Platform } from '../../../platform/platform.ts';
import type { Position } from './position.ts';

/** An event as the live stream tells of it: all but its payload, which is read by the id. */
export interface LiveEvent {
  readonly id: string;
  readonly occurred_at: Date;
  readonly received_at: Date;
  readonly source_id: string | null;
  readonly source: string;
  readonly type: string;
  readonly category: string;
  readonly priority: number;
  readonly external_id: string | null;
  readonly title: string | null;
  readonly project_id: string | null;
  readonly repository_id: string | null;
  readonly repository_full_name: string | null;
  readonly branch: string | null;
  readonly commit_sha: string | null;
  readonly url: string | null;
  readonly actor: string | null;
  readonly payload_bytes: number;
  readonly status: string;
}

interface FeedRow extends LiveEvent {
  readonly epoch: number;
  readonly horizon: string;
  readonly is_behind: boolean;
  readonly xid: string;
}

export interface FeedPage {
  readonly epoch: number;
  readonly events: readonly { readonly at: Position; readonly event: LiveEvent }[];
  /** Where to read on: at an event, for nothing else survives a crash of the database. */
  readonly next: Position;
  /** Above every place there is by now. */
  readonly horizon: bigint;
  /** The page is full: there may be more to read at once. */
  readonly hasMore: boolean;
  /** There are events that can not be read yet, because a transaction that began before them has not ended. */
  readonly isBehind: boolean;
}

/** The channel that new events of an organization wake. */
export function liveChannel(organizationId: string): string {
  return `live:${organizationId}`;
}

/** Events after a position in order of visibility, at most so many; without a position none, but the place of the last. */
export async function readFeed(
  { door }: Pick<Platform, 'door'>,
  organizationId: string,
  after: Position | undefined,
  eventsMax: number,
): Promise<FeedPage> {
  const rows = await door.readOne<FeedRow>(
    { as: 'app', organizationId, memberRole: 'service' },
    'select * from plinth.read_event_feed($1, $2, $3, $4)',
    [organizationId, after?.xid.toString() ?? null, after?.id || null, eventsMax],
  );
  const [first] = rows as [FeedRow];
  const { epoch, is_behind: isBehind } = first;
  const shared = { epoch, isBehind, horizon: BigInt(first.horizon) };
  if (!after) return { ...shared, events: [], hasMore: false, next: placeOf(first) ?? { xid: 0n, id: '' } };
  const events = rows
    .filter(({ id }) => id !== null)
    .map(({ epoch: _epoch, horizon: _horizon, is_behind, xid, ...event }) => ({
      at: { xid: BigInt(xid), id: event.id },
      event,
    }));
  return { ...shared, events, hasMore: events.length === eventsMax, next: events.at(-1)?.at ?? after };
}

function placeOf({ xid, id }: Pick<FeedRow, 'xid' | 'id'>): Position | undefined {
  return id === null ? undefined : { xid: BigInt(xid), id };
}
