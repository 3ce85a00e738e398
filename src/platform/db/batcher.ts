import { errors } from '../core/errors.ts';
import { asPlinthError } from '../http/problem.ts';

export interface Batchable {
  readonly keys: readonly string[];
  readonly bytes: number;
}

export interface BatcherOptions<T, R> {
  /** Batches that are written at once. */
  readonly slots: number;
  readonly items_max: number;
  readonly bytes_max: number;
  /** Items that may wait, all groups together; the next is refused with `too_busy`. */
  readonly waiting_max: number;
  /** Writes a batch of one group and returns an answer for each item, in order. */
  write(group: string, items: readonly T[]): Promise<readonly R[]>;
}

export interface Batcher<T, R> {
  /** Resolves when the item is written (committed); rejects when it, and it alone, could not be. */
  add(group: string, item: T): Promise<R>;
  readonly waiting: number;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly done: PromiseWithResolvers<R>;
}

/** Failures of the database itself: one by one the items would only fail again, slowly. */
const infrastructure = new Set([
  'database_unavailable',
  'database_full',
  'engine_restarted',
  'outcome_unknown',
  'too_busy',
]);

const conflicts_max = 5;

/**
 * Writes together what arrives together: an item goes out at once when a slot is free, else with all that came while
 * the slots were taken (12k events/s against 3-5k with a statement for each). Groups take turns, so a busy one does
 * not hold up the others. When a batch fails, its items are tried one by one, so that one bad item fails alone; when the
 * database had to break a deadlock, it is written again: senders of webhooks do not always try twice.
 */
export function makeBatcher<T extends Batchable, R>(options: BatcherOptions<T, R>): Batcher<T, R> {
  /** In the order of their turns. */
  const groups = new Map<string, Waiting<T, R>[]>();
  let waiting = 0;
  let running = 0;

  function start(): void {
    for (const [group, queue] of groups) {
      if (running >= options.slots) return;
      groups.delete(group);
      const { batch, rest } = takeBatch(queue, options);
      if (rest.length > 0) groups.set(group, rest);
      waiting -= batch.length;
      running++;
      settle(group, batch).finally(() => {
        running--;
        start();
      });
    }
  }

  async function settle(group: string, batch: readonly Waiting<T, R>[], conflicts = 0): Promise<void> {
    try {
      const answers = await options.write(
        group,
        batch.map(({ item }) => item),
      );
      for (const [index, { done }] of batch.entries()) done.resolve(answers[index] as R);
    } catch (error) {
      if (asPlinthError(error).code === 'serialization_conflict' && conflicts < conflicts_max)
        return settle(group, batch, conflicts + 1);
      if (batch.length > 1 && !infrastructure.has(asPlinthError(error).code)) {
        for (const one of batch) await settle(group, [one]);
      } else {
        for (const { done } of batch) done.reject(error);
      }
    }
  }

  return {
    get waiting() {
      return waiting;
    },
    add(group, item) {
      if (waiting >= options.waiting_max) throw errors.too_busy({ retryAfterSeconds: 1 });
      const done = Promise.withResolvers<R>();
      const queue = groups.get(group);
      if (queue) queue.push({ item, done });
      else groups.set(group, [{ item, done }]);
      waiting++;
      start();
      return done.promise;
    },
  };
}

/**
 * The items that go together, in order, and those that stay. Two that share some of their keys but not all do not go
 * together: the later one is a repeat only if the earlier one turns out to be new.
 */
function takeBatch<T extends Batchable, R>(
  queue: readonly Waiting<T, R>[],
  { items_max, bytes_max }: { items_max: number; bytes_max: number },
): { batch: Waiting<T, R>[]; rest: Waiting<T, R>[] } {
  const batch: Waiting<T, R>[] = [];
  const rest: Waiting<T, R>[] = [];
  const holders = new Map<string, string>();
  let bytes = 0;
  for (const [index, one] of queue.entries()) {
    const { keys } = one.item;
    const all = JSON.stringify(keys);
    const isFull = batch.length >= items_max || (batch.length > 0 && bytes + one.item.bytes > bytes_max);
    if (isFull) {
      rest.push(...queue.slice(index));
      break;
    }
    if (keys.some((key) => holders.has(key) && holders.get(key) !== all)) rest.push(one);
    else {
      for (const key of keys) holders.set(key, all);
      batch.push(one);
      bytes += one.item.bytes;
    }
  }
  return { batch, rest };
}
