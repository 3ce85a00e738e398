import { errors } from '../../../platform/core/errors.ts';
import type { Platform } from '../../../platform/platform.ts';
import { makeBell } from '../../../platform/worker/wakeups.ts';
import { makeTaskEngine } from '../engine.ts';
import { tasks_channel } from '../enqueue.ts';
import type { Claim, ExternalEngine, ExternallyClaimed, ExternalWorker } from './engine.ts';
import { externalLimits } from './limits.ts';

export interface WantedTasks {
  readonly worker: ExternalWorker;
  readonly types: readonly string[];
  readonly tasksMax: number;
  readonly waitMs: number;
  /** Aborts when the caller has gone. */
  readonly gone: AbortSignal;
}

interface Waiter extends WantedTasks {
  resolve(tasks: ExternallyClaimed[]): void;
}

const nobody = '00000000-0000-0000-0000-000000000000';
const retry_after_error_ms = 1_000;
/** After another was claiming the organization's keys just then. */
const look_again_ms = 5;
/** Where no hints come from other processes: behind a pooler without a direct URL. */
const idle_ms_unhinted = 1_000;
const idle_ms_max = 600_000;
/** Between two looks: where much is enqueued each second, each of it wakes. */
const pause_ms = 10;
/** However often they are woken, they look after timers and lost leases so often. */
const tend_ms_max = 1_000;

/**
 * The claims that wait in this process. They share one look at the queue at each wake-up and at each time something is due,
 * and ask nothing in between.
 */
export class WaitingClaims {
  readonly #platform: Platform;
  readonly #engine: ExternalEngine;
  readonly #tending;
  readonly #waiters = new Set<Waiter>();
  readonly #bell = makeBell();
  #wakes = 0;
  #tendedAt = Number.NEGATIVE_INFINITY;
  #loop: Promise<void> | undefined;
  readonly #unsubscribe: () => void;
  #closed = false;

  constructor(platform: Platform, engine: ExternalEngine) {
    this.#platform = platform;
    this.#engine = engine;
    this.#tending = makeTaskEngine(platform, nobody, [], externalLimits.lease_seconds_default);
    this.#unsubscribe = platform.wakeups.subscribe(tasks_channel, () => this.#wake());
  }

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Tasks as soon as there are some, none when the time is up or the caller has gone; a caller that has gone holds none.
   * Throws `too_busy`.
   */
  async claim(wanted: WantedTasks): Promise<ExternallyClaimed[]> {
    const wakes = this.#wakes;
    let claimed = await this.#claimNow(wanted);
    if (claimed.tasks.length === 0 && this.#waiters.size === 0 && (await this.#tend()).moved) {
      claimed = await this.#claimNow(wanted);
    }
    if (claimed.tasks.length > 0 || wanted.waitMs <= 0 || wanted.gone.aborted || this.#closed) return claimed.tasks;
    return this.#wait(wanted, claimed.skipped, this.#wakes !== wakes);
  }

  /** Answers all who wait with nothing. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    for (const waiter of [...this.#waiters]) waiter.resolve([]);
    this.#bell.ring();
    await this.#loop;
  }

  async #claimNow(wanted: WantedTasks): Promise<Claim> {
    const { worker, types, tasksMax, gone } = wanted;
    const claimed = await this.#engine.claim(worker, types, tasksMax);
    const kept = gone.aborted ? 0 : fitting(claimed.tasks);
    if (kept < claimed.tasks.length) {
      await this.#engine.giveBack(worker, claimed.tasks.slice(kept));
      this.#platform.wakeups.wake(tasks_channel);
    }
    return { tasks: claimed.tasks.slice(0, kept), skipped: claimed.skipped };
  }

  #wait(wanted: WantedTasks, skipped: boolean, isBehind: boolean): Promise<ExternallyClaimed[]> {
    const { worker, waitMs, gone } = wanted;
    const ofOrganization = [...this.#waiters].filter((one) => one.worker.organizationId === worker.organizationId);
    if (
      this.#waiters.size >= externalLimits.waiting_max ||
      ofOrganization.length >= externalLimits.waiting_per_organization_max
    ) {
      throw errors.too_busy({ detail: 'too many claims are waiting', retryAfterSeconds: 5 });
    }
    return new Promise((resolve) => {
      const leave = () => waiter.resolve([]);
      const timer = setTimeout(leave, waitMs);
      const waiter: Waiter = {
        ...wanted,
        resolve: (tasks) => {
          clearTimeout(timer);
          gone.removeEventListener('abort', leave);
          this.#waiters.delete(waiter);
          if (this.#waiters.size === 0) this.#bell.ring();
          resolve(tasks);
        },
      };
      gone.addEventListener('abort', leave, { once: true });
      this.#waiters.add(waiter);
      if (skipped) setTimeout(() => this.#wake(), look_again_ms);
      this.#start();
      // what woke the others while it asked may have been for it
      if (isBehind) this.#wake();
    });
  }

  #wake(): void {
    this.#wakes++;
    this.#bell.ring();
  }

  #start(): void {
    if (this.#loop) return;
    this.#loop = this.#serve().finally(() => {
      this.#loop = undefined;
      // one may have come while the loop ended
      if (this.#waiters.size > 0 && !this.#closed) this.#start();
    });
  }

  async #serve(): Promise<void> {
    while (this.#waiters.size > 0 && !this.#closed) {
      const wakes = this.#wakes;
      try {
        await this.#look();
        const isDue = performance.now() - this.#tendedAt > tend_ms_max;
        if (this.#wakes === wakes || isDue) {
          const { moved, sleepMs } = await this.#tend();
          if (!moved && this.#wakes === wakes && this.#waiters.size > 0) await this.#bell.rung(sleepMs);
        }
        if (this.#wakes !== wakes) await this.#platform.clock.sleep(pause_ms);
      } catch (error) {
        this.#platform.log.warn({ err: error }, 'waiting claims could not reach the queue; trying again');
        await this.#bell.rung(retry_after_error_ms);
      }
    }
  }

  /** One question for all who wait; then claims for those there is work for, of each organization in turn. */
  async #look(): Promise<void> {
    const pairs = new Map<string, { organizationId: string; type: string }>();
    for (const { worker, types } of this.#waiters) {
      for (const type of types)
        pairs.set(`${worker.organizationId} ${type}`, { organizationId: worker.organizationId, type });
    }
    const asked = [...pairs.values()];
    const due = new Map<string, Set<string>>();
    for (const place of await this.#engine.due(asked)) {
      const { organizationId, type } = asked[place]!;
      due.set(organizationId, (due.get(organizationId) ?? new Set()).add(type));
    }
    await Promise.all([...due].map(([organizationId, types]) => this.#serveOrganization(organizationId, types)));
  }

  async #serveOrganization(organizationId: string, due: Set<string>): Promise<void> {
    for (const waiter of [...this.#waiters]) {
      const { worker, types, gone } = waiter;
      const found = types.filter((type) => due.has(type));
      if (worker.organizationId !== organizationId || found.length === 0 || !this.#waiters.has(waiter)) continue;
      const { tasks, skipped } = await this.#claimNow({ ...waiter, types: found });
      if (skipped) setTimeout(() => this.#wake(), look_again_ms);
      if (tasks.length === 0) for (const type of found) due.delete(type);
      // its time was up while the claim was under way
      else if (this.#waiters.has(waiter)) waiter.resolve(tasks);
      else if (!gone.aborted) await this.#return(worker, tasks);
    }
  }

  async #return(worker: ExternalWorker, tasks: readonly ExternallyClaimed[]): Promise<void> {
    await this.#engine.giveBack(worker, tasks);
    this.#wake();
  }

  /** Moves what is due to the queue and takes back what was lost: there may be no worker in this program that does. */
  async #tend(): Promise<{ moved: boolean; sleepMs: number }> {
    const { promoted, recovered, nextDueAt, nextLeaseExpiresAt } = await this.#tending.promoteAndRecover();
    this.#tendedAt = performance.now();
    const moved = promoted + recovered > 0;
    if (moved) this.#platform.wakeups.wake(tasks_channel);
    const now = this.#platform.clock.now().getTime();
    const { listen, concurrentConnections } = this.#platform.engine.capabilities;
    const idleMs = listen || !concurrentConnections ? idle_ms_max : idle_ms_unhinted;
    const dueMs = [nextDueAt, nextLeaseExpiresAt].filter((at) => at !== null).map((at) => at.getTime() - now + 1);
    return { moved, sleepMs: Math.max(1, Math.min(idleMs, ...dueMs)) };
  }
}

/** How many tasks from the first on one answer may carry. */
function fitting(tasks: readonly ExternallyClaimed[]): number {
  let bytes = 0;
  const past = tasks.findIndex(({ payload }, index) => {
    bytes += JSON.stringify(payload)?.length ?? 0;
    return index > 0 && bytes > externalLimits.claim_bytes_max;
  });
  return past < 0 ? tasks.length : past;
}
