export interface FoundTask {
  readonly task_type: string;
  readonly organization_id: string;
  /** Milliseconds since 1970; null where the search was quick and began at no floor. */
  readonly due_ms: number | null;
}

/** Where a search for due tasks of a type was, and how long it took. */
export interface Search {
  /** Of the tasks without a concurrency key that it brought. */
  readonly found: readonly FoundTask[];
  /** Whether it brought as many as were asked for. */
  readonly wasFull: boolean;
  readonly hadFloors: boolean;
  readonly ms: number;
}

/** A quicker search from the start is as good as any. Of the last few the quickest counts: a busy machine slows single ones. */
const slow_ms = 5;
const searches_remembered = 3;
/** Searches from the start take at most this part of the time, and come once a second. */
const part_from_start = 0.1;
const from_start_ms_max = 1_000;
/** With more tenants, or few tasks for each, the batch may not have reached all: it says nothing about the others. */
const tenants_max = 16;
const tasks_for_each_min = 2;

/**
 * A low watermark for each type: how old the oldest task was that the last search found. What was claimed before it is still
 * in the index, in front of all others, as long as some transaction holds a snapshot that may see it; a search from the
 * start passes all of it (44 ms after 750,000 tasks). So while such searches are slow, most begin at the watermark. What
 * comes to stand before it (a retry, what a worker returned, a commit that took long) is found by the next from the start:
 * within a second, and at once when the batch would not be full otherwise.
 */
export class SearchFloors {
  readonly #floors = new Map<string, number>();
  #fromStartAt = Number.NEGATIVE_INFINITY;
  /** Milliseconds of the last searches from the start, the newest first. */
  #times: number[] = [];

  /** A time for each type (null: none) before which the search at `now` need not look; undefined: from the start. */
  of(types: readonly string[], now: number): (Date | null)[] | undefined {
    if (!this.#isSlow || this.#floors.size === 0) return undefined;
    if (now - this.#fromStartAt >= Math.min(from_start_ms_max, this.#times[0]! / part_from_start)) return undefined;
    return types.map((type) => {
      const floor = this.#floors.get(type);
      return floor === undefined ? null : new Date(floor);
    });
  }

  note({ found, wasFull, hadFloors, ms }: Search, now: number): void {
    // one that was not full has been made from the start too
    if (!hadFloors || !wasFull) {
      this.#fromStartAt = now;
      this.#times = [ms, ...this.#times].slice(0, searches_remembered);
    }
    this.#floors.clear();
    if (!wasFull || !this.#isSlow) return;
    const tenants = new Set<string>();
    const enough = Math.min(tenants_max, found.length / tasks_for_each_min);
    const oldest = new Map<string, number>();
    for (const { task_type, organization_id, due_ms } of found) {
      tenants.add(organization_id);
      const known = oldest.get(task_type);
      if (known === undefined || (due_ms ?? 0) < known) oldest.set(task_type, due_ms ?? 0);
    }
    if (tenants.size * oldest.size > enough) return;
    for (const [type, due_ms] of oldest) this.#floors.set(type, Math.floor(due_ms));
  }

  get #isSlow(): boolean {
    return this.#times.length === searches_remembered && Math.min(...this.#times) >= slow_ms;
  }
}
