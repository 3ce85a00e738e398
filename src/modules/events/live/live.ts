import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { errors } from '../../../platform/core/errors.ts';
import { Gate } from '../../../platform/core/gate.ts';
import type { Policy } from '../../../platform/http/actor.ts';
import { asPlinthError } from '../../../platform/http/problem.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import type { Platform } from '../../../platform/platform.ts';
import { eventErrors } from '../errors.ts';
import { nameMatches } from '../filter/subscription.ts';
import { type LiveEvent, readFeed } from './feed.ts';
import { type Hub, openHub, type Told, toldOf } from './hub.ts';
import { liveLimits } from './live-limits.ts';
import { frameOf, type LiveStream, makeLiveStream } from './live-stream.ts';
import { type Cursor, comparePositions, formatCursor, laterOf, type Position } from './position.ts';

/** Which events a client wants; what is absent means any. */
export interface LiveFilters {
  readonly source?: string;
  /** May hold `*` for any characters. */
  readonly type?: string;
  readonly category?: string;
  readonly project_id?: string;
  readonly repository_id?: string;
}

interface Client {
  readonly request: FastifyRequest;
  readonly stream: LiveStream;
  readonly hub: Hub;
  readonly filters: LiveFilters;
  /** Everything up to it has been told, or was not wanted. */
  position: Position;
  leave: (() => void) | undefined;
  /** When the credentials were last known to hold, by `performance.now()`. */
  verifiedMs: number;
  isVerifying: boolean;
}

/** The live streams of one process. */
export interface Live {
  /** A client's stream, from `cursor` or from now. Throws `too_busy`, `live_cursor_expired`. */
  open(request: FastifyRequest, filters: LiveFilters, cursor: Cursor | undefined): Promise<Readable>;
  readonly streams: number;
  /** Ends all streams, and lets none in any more. */
  close(): void;
}

const wants = (filters: LiveFilters, event: LiveEvent): boolean =>
  (filters.source === undefined || filters.source === event.source) &&
  (filters.type === undefined || nameMatches(filters.type, event.type)) &&
  (filters.category === undefined || filters.category === event.category) &&
  (filters.project_id === undefined || filters.project_id === event.project_id) &&
  (filters.repository_id === undefined || filters.repository_id === event.repository_id);

export function makeLive(platform: Platform, access: Pick<RouteRegistrar, 'actorNow' | 'policy'>): Live {
  const clients = new Set<Client>();
  const hubs = makeHubs(platform);
  const reads = new Gate({ in_flight_max: liveLimits.resuming_reads_max, queue_max: liveLimits.streams_max });
  const sweeping = setInterval(() => verifyAll(clients, access), liveLimits.sweep_ms).unref();
  const beating = setInterval(() => {
    for (const client of clients) beat(client);
  }, liveLimits.heartbeat_ms).unref();
  let isClosed = false;

  async function readMissed({ hub, position }: Client, organizationId: string) {
    // what the hub has told by now the page holds, or another after it: where events are gone there is nothing to find
    const reached = hub.position;
    const { events, next, hasMore } = await reads.run(() =>
      readFeed(platform, organizationId, position, liveLimits.page_events_max),
    );
    return { told: events.map((one) => toldOf(hub.epoch, one)), next: hasMore ? next : laterOf(next, reached) };
  }

  /** Tells what the client has missed, from the table until the hub remembers the rest; then what comes. */
  async function follow(client: Client, organizationId: string): Promise<void> {
    const { stream, hub } = client;
    while (stream.isOpen) {
      const missed = hub.missedSince(client.position);
      if (missed?.length === 0) {
        client.leave = hub.subscribe((told) => tell(client, told));
        return;
      }
      const { told, next } = missed ? { told: missed, next: undefined } : await readMissed(client, organizationId);
      for (const one of told) {
        tell(client, one);
        await stream.hasRoom();
      }
      if (next) client.position = next;
    }
  }

  return {
    get streams() {
      return clients.size;
    },
    async open(request, filters, cursor) {
      const organizationId = request.actor?.organizationId as string;
      if (isClosed) throw errors.too_busy({ detail: 'shutting down', retryAfterSeconds: 1 });
      if (clients.size >= liveLimits.streams_max)
        throw errors.too_busy({ detail: 'live streams', retryAfterSeconds: 5 });
      const { hub, release } = hubs.enter(organizationId);
      try {
        await hub.started;
        if (cursor) await assertKnown(platform, organizationId, hub, cursor);
        if (isClosed) throw errors.too_busy({ detail: 'shutting down', retryAfterSeconds: 1 });
      } catch (error) {
        release();
        throw error;
      }
      const stream = makeLiveStream(() => {
        client.leave?.();
        clients.delete(client);
        release();
      });
      const client: Client = {
        request,
        stream,
        hub,
        filters,
        position: cursor ?? hub.position,
        leave: undefined,
        verifiedMs: performance.now(),
        isVerifying: false,
      };
      clients.add(client);
      stream.send(
        frameOf({ retry: liveLimits.reconnect_ms, id: placeOf(client), event: 'ready', data: { resumed: !!cursor } }),
      );
      follow(client, organizationId).catch((error: unknown) => {
        platform.log.warn({ err: error, organization_id: organizationId }, 'a live stream could not go on');
        stream.end('unavailable');
      });
      return stream.readable;
    },
    close() {
      isClosed = true;
      clearInterval(sweeping);
      clearInterval(beating);
      for (const { stream } of clients) stream.end('shutting_down');
    },
  };
}

const placeOf = ({ hub, position }: Client): string => formatCursor(hub.epoch, position);

function tell(client: Client, { at, event, frame }: Told): void {
  // the hub may be behind somebody who has just read the table
  if (comparePositions(at, client.position) <= 0) return;
  client.position = at;
  if (wants(client.filters, event)) client.stream.send(frame);
}

/** Moves the client's last id on over what it did not want, and keeps what stands between awake. */
function beat(client: Client): void {
  if (client.leave) client.position = laterOf(client.position, client.hub.position);
  client.stream.send(frameOf({ id: placeOf(client) }));
}

/** Throws `live_cursor_expired` for a place in another order than today's: of before a restore, or of another server. */
async function assertKnown(platform: Platform, organizationId: string, hub: Hub, cursor: Cursor): Promise<void> {
  const isAhead = async () => {
    if (cursor.xid <= hub.position.xid) return false;
    const { horizon } = await readFeed(platform, organizationId, undefined, 1);
    return cursor.xid > horizon;
  };
  if (cursor.epoch !== hub.epoch || (await isAhead())) throw eventErrors.live_cursor_expired();
}

interface Hubs {
  /** The organization's hub; throws `too_busy` when it has as many streams here as it may. */
  enter(organizationId: string): { hub: Hub; release: () => void };
}

function makeHubs(platform: Platform): Hubs {
  const open = new Map<string, { hub: Hub; users: number }>();
  return {
    enter(organizationId) {
      const entry = open.get(organizationId) ?? { hub: openHub(platform, organizationId), users: 0 };
      if (entry.users >= liveLimits.organization_streams_max) {
        throw errors.too_busy({ detail: 'live streams of this organization', retryAfterSeconds: 5 });
      }
      open.set(organizationId, entry);
      entry.users++;
      return {
        hub: entry.hub,
        release() {
          if (--entry.users > 0) return;
          entry.hub.stop();
          open.delete(organizationId);
        },
      };
    },
  };
}

/**
 * Ends the streams whose credentials hold no longer, or that nobody can vouch for any more. Streams with the same
 * credentials share the question.
 */
function verifyAll(clients: ReadonlySet<Client>, access: Pick<RouteRegistrar, 'actorNow' | 'policy'>): void {
  const { actorNow } = access;
  const policy: Policy = access.policy;
  const asked = new Map<string, Promise<boolean>>();
  const nowMs = performance.now();

  async function holds(request: FastifyRequest): Promise<boolean> {
    try {
      const actor = await actorNow(request);
      policy.require(actor, 'events:read');
      return actor?.organizationId === request.actor?.organizationId;
    } catch (error) {
      const { status } = asPlinthError(error);
      if (status < 500 && status !== 429) return false;
      throw error;
    }
  }

  for (const client of clients) {
    const { request, stream, verifiedMs } = client;
    if (nowMs - verifiedMs > liveLimits.unverified_ms_max) stream.end('unavailable');
    if (client.isVerifying || !stream.isOpen || nowMs - verifiedMs < liveLimits.verify_after_ms) continue;
    const { authorization, cookie, 'plinth-organization': wanted } = request.headers;
    const credentials = JSON.stringify([authorization, cookie, wanted]);
    const answer = asked.get(credentials) ?? holds(request);
    asked.set(credentials, answer);
    client.isVerifying = true;
    answer
      .then(
        (isGood) => {
          if (isGood) client.verifiedMs = nowMs;
          else stream.end('revoked');
        },
        // asked again with the next sweep, until the time is over
        () => undefined,
      )
      .finally(() => {
        client.isVerifying = false;
      });
  }
}
