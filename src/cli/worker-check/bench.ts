import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, TaskDetail } from '../../client/index.ts';
import type { WatchingProxy } from './proxy.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Thrown where the worker does not do what the protocol asks; the message says what was expected and what came. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

const look_ms = 100;
const ended: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/** What a task of the check's type asks of the worker's handler. */
export type Order =
  | { readonly do: 'echo'; readonly value: unknown }
  | {
      readonly do: 'fail';
      readonly code: string;
      readonly message: string;
      readonly details?: Record<string, unknown>;
      readonly retryable?: boolean;
      readonly retry_after_seconds?: number;
      /** It succeeds from this attempt on. */
      readonly until_attempt?: number;
    }
  | { readonly do: 'sleep'; readonly seconds: number }
  | { readonly do: 'log'; readonly lines: readonly object[]; readonly progress: object }
  | { readonly do: 'bytes'; readonly count: number };

/** What the checks work with. */
export class Bench {
  readonly plinth: Client;
  readonly proxy: WatchingProxy;
  /** Undefined: somebody else has started it. */
  readonly worker: WorkerProcess | undefined;
  readonly type: string;
  /** Takes a worker off, as it could do itself. */
  readonly forget: (worker: string) => Promise<unknown>;
  readonly signal: AbortSignal;

  constructor(parts: Pick<Bench, 'plinth' | 'proxy' | 'worker' | 'type' | 'forget' | 'signal'>) {
    this.plinth = parts.plinth;
    this.proxy = parts.proxy;
    this.worker = parts.worker;
    this.type = parts.type;
    this.forget = parts.forget;
    this.signal = parts.signal;
  }

  /** What Plinth told the worker when it registered last. */
  get terms(): { lease_seconds: number; heartbeat_seconds: number } {
    const made = this.proxy.calls.findLast(({ action, status }) => action === 'register' && status === 201);
    return made?.answer as { lease_seconds: number; heartbeat_seconds: number };
  }

  async enqueue(order: Order, options: { max_attempts?: number; timeout_seconds?: number } = {}): Promise<string> {
    const { id } = await this.plinth.tasks.enqueue({ definition: this.type, payload: order, ...options });
    return id;
  }

  task(id: string): Promise<TaskDetail> {
    return this.plinth.tasks.get(id);
  }

  /** The task once it has ended. */
  async ended(id: string, seconds: number): Promise<TaskDetail> {
    let task = await this.task(id);
    await this.until(seconds, async () => {
      task = await this.task(id);
      return ended.has(task.status) || `the task is still ${task.status}`;
    });
    return task;
  }

  /** Waits until it holds; what it says instead is the reason once the time is over. */
  async until(seconds: number, holds: () => Promise<true | string> | true | string): Promise<void> {
    const endsAt = performance.now() + seconds * 1_000;
    for (;;) {
      const found = await holds();
      if (found === true) return;
      if (performance.now() >= endsAt) throw new CheckFailed(`${found} after ${Math.round(seconds)} s`);
      await sleep(look_ms, undefined, { signal: this.signal });
    }
  }

  pause(seconds: number): Promise<void> {
    return sleep(seconds * 1_000, undefined, { signal: this.signal });
  }

  /** Waits until the worker has claimed the task. */
  async claimed(id: string, seconds = 15): Promise<void> {
    await this.until(seconds, () => [...this.proxy.taskOf.values()].includes(id) || 'the task was not claimed');
  }

  /** Whether the worker still works. */
  async assertWorks(seconds = 20): Promise<void> {
    const id = await this.enqueue({ do: 'echo', value: 'still there' });
    const { status } = await this.ended(id, seconds);
    assertThat(status === 'completed', `the next task is ${status}`);
  }
}

export function assertThat(holds: boolean, why: string): asserts holds {
  if (!holds) throw new CheckFailed(why);
}
