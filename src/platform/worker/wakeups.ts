/**
 * Wake-ups inside one process: a loop that sleeps until its next due time is told that work may have come. They are
 * hints: a lost one costs a poll, never a task.
 */
export interface Wakeups {
  /** Wakes whoever waits on the channel. Cheap; called after commit. */
  wake(channel: string): void;
  /** Resolves when the channel is woken, after `ms`, or when the signal aborts; true when it was woken. */
  wait(channel: string, ms: number, signal?: AbortSignal): Promise<boolean>;
  /** Called on every local wake, to carry the hint to other processes. Returns what takes it back. */
  onWake(listener: (channel: string) => void): () => void;
  /** A hint that came from another process: wakes local waiters and goes no further. */
  receive(channel: string): void;
}

export function makeWakeups(): Wakeups {
  const waiting = new Map<string, Set<() => void>>();
  // a wake that finds nobody waiting is kept for the next one who waits: the work may have come in between
  const pending = new Set<string>();
  const listeners = new Set<(channel: string) => void>();

  function receive(channel: string): void {
    const waiters = waiting.get(channel);
    if (!waiters?.size) {
      pending.add(channel);
      return;
    }
    for (const wakeUp of [...waiters]) wakeUp();
  }

  return {
    receive,
    wake(channel) {
      receive(channel);
      for (const listener of listeners) listener(channel);
    },
    onWake(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    wait(channel, ms, signal) {
      if (pending.delete(channel)) return Promise.resolve(true);
      if (signal?.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const waiters = waiting.get(channel) ?? new Set();
        waiting.set(channel, waiters);
        const finish = (woken: boolean) => {
          clearTimeout(timer);
          waiters.delete(wakeUp);
          signal?.removeEventListener('abort', abort);
          resolve(woken);
        };
        const wakeUp = () => finish(true);
        const abort = () => finish(false);
        const timer = setTimeout(() => finish(false), ms);
        waiters.add(wakeUp);
        signal?.addEventListener('abort', abort, { once: true });
      });
    },
  };
}
