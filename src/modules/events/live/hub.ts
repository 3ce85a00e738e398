import type { Platform } from '../../../platform/platform.ts';
import { type LiveEvent, liveChannel, readFeed } from './feed.ts';
import { liveLimits } from './live-limits.ts';
import { frameOf } from './live-stream.ts';
import { comparePositions, formatCursor, type Position } from './position.ts';

/** An event with its place, and its message as every client of the organization gets it. */
export interface Told {
  readonly at: Position;
  readonly event: LiveEvent;
  readonly frame: Buffer;
}

/**
 * Reads one organization's new events for all who look at them in this process: as long as there is somebody, one query
 * after each hint, or at the latest after a while.
 */
export interface Hub {
  /** Resolves once it has its place; rejects where the database could not be asked. */
  readonly started: Promise<void>;
  readonly epoch: number;
  /** Every event before it has been told. */
  readonly position: Position;
  /** What was told after `from`; undefined: that is too long ago, and the table has to be read. */
  missedSince(from: Position): readonly Told[] | undefined;
  /** Calls `tell` with what comes; returns what takes it back. */
  subscribe(tell: (told: Told) => void): () => void;
  stop(): void;
}

export function toldOf(epoch: number, { at, event }: { at: Position; event: LiveEvent }): Told {
  return { at, event, frame: frameOf({ id: formatCursor(epoch, at), event: 'event', data: event }) };
}

export function openHub(platform: Platform, organizationId: string): Hub {
  const listeners = new Set<(told: Told) => void>();
  const recent: Told[] = [];
  const state = { stopped: false, epoch: 0, asked: false, heldBackMs: 0 };
  let position: Position = { xid: 0n, id: '' };
  /** What came after it is in `recent`. */
  let recentFrom: Position = position;
  let wake: () => void = () => undefined;
  const started = Promise.withResolvers<void>();
  const unsubscribe = platform.wakeups.subscribe(liveChannel(organizationId), () => {
    state.asked = true;
    wake();
  });

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, state.stopped ? 0 : ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function tell(told: Told): void {
    recent.push(told);
    if (recent.length > liveLimits.recent_events_max) recentFrom = (recent.shift() as Told).at;
    for (const listener of listeners) listener(told);
  }

  /** Tells what is new; returns how long to wait, unless a hint comes. */
  async function read(): Promise<number> {
    state.asked = false;
    const page = await readFeed(platform, organizationId, position, liveLimits.page_events_max);
    let bytes = 0;
    for (const one of page.events) {
      const told = toldOf(state.epoch, one);
      tell(told);
      bytes += told.frame.length;
      // the sockets take it in between, or a fast reader's buffer would overflow as well
      if (bytes > liveLimits.burst_bytes) {
        bytes = 0;
        await new Promise(setImmediate);
      }
    }
    position = page.next;
    if (page.hasMore) return 0;
    const { listen, concurrentConnections } = platform.engine.capabilities;
    const { read_interval_ms_min, held_back_ms_max, poll_ms, poll_ms_unhinted } = liveLimits;
    state.heldBackMs = page.isBehind
      ? Math.min(held_back_ms_max, Math.max(read_interval_ms_min, 2 * state.heldBackMs))
      : 0;
    return state.heldBackMs || (listen || !concurrentConnections ? poll_ms : poll_ms_unhinted);
  }

  async function run(): Promise<void> {
    const { epoch, next } = await readFeed(platform, organizationId, undefined, 1);
    state.epoch = epoch;
    position = recentFrom = next;
    started.resolve();
    while (!state.stopped) {
      const idleMs = await read().catch((error: unknown) => {
        platform.log.warn({ err: error, organization_id: organizationId }, 'live events could not be read');
        return liveLimits.failed_read_ms;
      });
      if (idleMs > 0 && !state.asked) await pause(idleMs);
      wake = () => undefined;
      // what comes in the next moment is read with it
      if (idleMs > 0) await new Promise((resolve) => setTimeout(resolve, liveLimits.read_interval_ms_min));
    }
  }

  run().catch(started.reject);
  // whoever opened it waits for it and is told; nobody else has to be
  started.promise.catch(() => undefined);
  return {
    started: started.promise,
    get epoch() {
      return state.epoch;
    },
    get position() {
      return position;
    },
    missedSince(from) {
      if (comparePositions(from, recentFrom) < 0) return undefined;
      return recent.filter(({ at }) => comparePositions(at, from) > 0);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop() {
      state.stopped = true;
      unsubscribe();
      wake();
    },
  };
}
