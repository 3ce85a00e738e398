/**
 * Wake-ups: a loop that sleeps until its next due time is told that work may have come. They are hints: a lost one
 * costs a poll, never a task.
 */
export interface Wakeups {
  /** Tells everybody who listens to the channel, here and (where hints travel) in other processes. */
  wake(channel: string): void;
  /** A hint that came from another process: goes to local listeners and no further. */
  receive(channel: string): void;
  /** Wakes every local listener: hints may have been lost. */
  receiveAll(): void;
  /** Calls `listener` at each wake-up of the channel; returns what takes it back. */
  subscribe(channel: string, listener: () => void): () => void;
  /** Called on every local wake, to carry the hint to other processes; returns what takes it back. */
  onWake(listener: (channel: string) => void): () => void;
}

export function makeWakeups(): Wakeups {
  const subscribers = new Map<string, Set<() => void>>();
  const carriers = new Set<(channel: string) => void>();
  const receive = (channel: string): void => {
    for (const listener of subscribers.get(channel) ?? []) listener();
  };
  return {
    receive,
    receiveAll() {
      for (const channel of subscribers.keys()) receive(channel);
    },
    wake(channel) {
      receive(channel);
      for (const carry of carriers) carry(channel);
    },
    subscribe(channel, listener) {
      const listeners = subscribers.get(channel) ?? new Set();
      subscribers.set(channel, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        // channels may be many and short-lived: one for each organization somebody looks at
        if (listeners.size === 0 && subscribers.get(channel) === listeners) subscribers.delete(channel);
      };
    },
    onWake(listener) {
      carriers.add(listener);
      return () => void carriers.delete(listener);
    },
  };
}

/** A bell any number can wait for; who waits after it was rung hears the next ring. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or after `ms` when given; true when it rang. */
  rung(ms?: number): Promise<boolean>;
}

export function makeBell(): Bell {
  let next = Promise.withResolvers<void>();
  return {
    ring() {
      next.resolve();
      next = Promise.withResolvers<void>();
    },
    async rung(ms) {
      if (ms === undefined) return next.promise.then(() => true);
      let timer: NodeJS.Timeout | undefined;
      // setTimeout holds 32 bits of milliseconds
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1), false);
      });
      const rang = await Promise.race([next.promise.then(() => true), late]);
      clearTimeout(timer);
      return rang;
    },
  };
}
