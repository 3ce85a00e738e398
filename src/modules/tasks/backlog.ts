import type { ClaimedTask } from './engine.ts';

/** Tasks in the order they came, taken from the front. */
class Line {
  #tasks: ClaimedTask[] = [];
  #start = 0;

  get size(): number {
    return this.#tasks.length - this.#start;
  }

  get first(): ClaimedTask | undefined {
    return this.#tasks[this.#start];
  }

  add(task: ClaimedTask): void {
    this.#tasks.push(task);
  }

  take(): ClaimedTask | undefined {
    const task = this.#tasks[this.#start];
    if (task === undefined) return undefined;
    if (++this.#start === this.#tasks.length) {
      this.#tasks = [];
      this.#start = 0;
    }
    return task;
  }

  /** Takes out those that are not to be kept. */
  remove(isOut: (task: ClaimedTask) => boolean): ClaimedTask[] {
    const out: ClaimedTask[] = [];
    const kept: ClaimedTask[] = [];
    for (const task of this.#tasks.slice(this.#start)) (isOut(task) ? out : kept).push(task);
    this.#tasks = kept;
    this.#start = 0;
    return out;
  }
}

/**
 * What a worker has claimed and not begun. Tasks that hold a slot of a key do not wait behind all that hold none: the two
 * kinds take turns, each as often as it has tenants among what was claimed lately, so that a tenant gains nothing by
 * giving its tasks keys.
 */
export class Backlog {
  readonly #plain = new Line();
  readonly #keyed = new Line();
  #plainTenants = new Set<string>();
  #keyedTenants = new Set<string>();
  /** As many as there were in the period before this one. */
  #plainBefore = 0;
  #keyedBefore = 0;
  #credit = 0;

  get size(): number {
    return this.#plain.size + this.#keyed.size;
  }

  get keyed(): number {
    return this.#keyed.size;
  }

  add(claimed: readonly ClaimedTask[]): void {
    for (const task of claimed) {
      const isPlain = task.concurrency_key === null;
      (isPlain ? this.#plain : this.#keyed).add(task);
      (isPlain ? this.#plainTenants : this.#keyedTenants).add(task.organization_id);
    }
  }

  /** The next to begin. `keyedWanted`: a slot is kept free for a keyed one when it is their turn; undefined then. */
  next(keyedWanted: boolean): ClaimedTask | undefined {
    if (this.#keyed.size === 0 && !keyedWanted) return this.#plain.take();
    if (this.#plain.size === 0) return this.#keyed.take();
    const keyed = Math.max(1, this.#keyedBefore, this.#keyedTenants.size);
    const plain = Math.max(1, this.#plainBefore, this.#plainTenants.size);
    const credit = this.#credit + keyed / (keyed + plain);
    if (credit < 1) {
      this.#credit = credit;
      return this.#plain.take();
    }
    if (this.#keyed.size > 0) this.#credit = credit - 1;
    return this.#keyed.take();
  }

  /** It was the keyed ones' turn, and there is none. */
  passTurn(): void {
    this.#credit = 0;
  }

  /** Tenants are counted by periods: this begins the next. */
  countAnew(): void {
    this.#plainBefore = this.#plainTenants.size;
    this.#keyedBefore = this.#keyedTenants.size;
    this.#plainTenants = new Set();
    this.#keyedTenants = new Set();
  }

  /** Those at the front: whoever waits longest of each kind. */
  fronts(): ClaimedTask[] {
    return [this.#plain.first, this.#keyed.first].filter((task) => task !== undefined);
  }

  remove(isOut: (task: ClaimedTask) => boolean): ClaimedTask[] {
    return [...this.#plain.remove(isOut), ...this.#keyed.remove(isOut)];
  }
}

/** Slots of keys that were freed here and not taken again: somebody else may wait for them. */
export class FreedSlots {
  readonly #slots = new Map<string, number>();

  get some(): boolean {
    return this.#slots.size > 0;
  }

  free(tasks: readonly ClaimedTask[]): void {
    for (const task of tasks) this.#count(task, 1);
  }

  take(tasks: readonly ClaimedTask[]): void {
    for (const task of tasks) this.#count(task, -1);
  }

  clear(): void {
    this.#slots.clear();
  }

  #count({ organization_id, concurrency_key }: ClaimedTask, by: 1 | -1): void {
    if (concurrency_key === null) return;
    const name = `${organization_id} ${concurrency_key}`;
    const count = (this.#slots.get(name) ?? 0) + by;
    if (count > 0) this.#slots.set(name, count);
    else this.#slots.delete(name);
  }
}
