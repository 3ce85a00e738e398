import type { Clock } from '../core/clock.ts';
import { outboundErrors } from './errors.ts';
import { outboundLimits } from './limits.ts';

/** The life of one request: its deadline, and whether anything still moves. */
export interface Watch {
  readonly signal: AbortSignal;
  moved(): void;
}

/** A watch with its end: nothing is timed any more. */
export interface Life extends Watch {
  /** While the reader is busy with what it has, nothing is expected to move. */
  held(isHeld: boolean): void;
  end(): void;
}

/** What bounds a request in time. */
export interface Bounds {
  readonly timeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Why timers are no longer needed: without a reason each abort would make an exception with its stack. */
export const over = new Error('over');

/** Starts the deadline and the idle limit of a request; the signal aborts with what stops it first. */
export function startLife(input: Bounds, clock: Clock): Life {
  input.signal?.throwIfAborted();
  const stop = new AbortController();
  const done = new AbortController();
  const timeoutMs = Math.min(input.timeoutMs ?? outboundLimits.timeout_ms_default, outboundLimits.timeout_ms_max);
  const idleMs = input.idleTimeoutMs ?? outboundLimits.idle_ms_default;
  let moves = 0;
  let isHeld = false;
  const giveUp = (detail: string) => {
    if (!done.signal.aborted) stop.abort(outboundErrors.outbound_timeout({ detail }));
  };
  const cancel = () => stop.abort(input.signal?.reason);
  input.signal?.addEventListener('abort', cancel, { once: true });
  void clock.sleep(timeoutMs, done.signal).then(() => giveUp(`no complete answer within ${timeoutMs} ms`));
  const watchIdle = async () => {
    let seen = -1;
    while (!done.signal.aborted && (isHeld || seen !== moves)) {
      seen = moves;
      await clock.sleep(idleMs, done.signal);
    }
    giveUp(`nothing moved for ${idleMs} ms`);
  };
  if (idleMs < timeoutMs) void watchIdle();
  return {
    signal: stop.signal,
    moved: () => {
      moves++;
    },
    held: (held) => {
      isHeld = held;
      moves++;
    },
    end: () => {
      done.abort(over);
      input.signal?.removeEventListener('abort', cancel);
    },
  };
}

/** Runs `work` under the deadline, the idle limit and the caller's signal; what stops it first is what is thrown. */
export async function watched<T>(input: Bounds, clock: Clock, work: (watch: Watch) => Promise<T>): Promise<T> {
  const life = startLife(input, clock);
  try {
    // A lookup can not be cancelled, and not every broken connection says so; whoever waits can leave.
    return await untilAborted(life.signal, work(life));
  } catch (error) {
    throw life.signal.aborted ? life.signal.reason : error;
  } finally {
    life.end();
  }
}

/** Rejects with the signal's reason as soon as it aborts, whatever the work is doing. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const onAbort = () => stopped.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
