import { errors } from './errors.ts';

export interface GateOptions {
  /** How many may run at once. */
  readonly in_flight_max: number;
  /** How many may wait; the next is refused with `too_busy`. */
  readonly queue_max: number;
  /** What a refused caller is told to wait. */
  readonly retry_after_seconds?: number;
}

/** Lets a bounded number of calls run and a bounded number wait, in order, so that one kind of work can not take all. */
export class Gate {
  readonly #options: GateOptions;
  #inFlight = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: GateOptions) {
    if (!(options.in_flight_max >= 1) || !(options.queue_max >= 0)) throw new RangeError('a gate lets at least one in');
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `work` when there is room. Throws `too_busy` at once when the queue is full; `work` is then not called. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inFlight < this.#options.in_flight_max) this.#inFlight++;
    else {
      if (this.#waiting.length >= this.#options.queue_max) {
        throw errors.too_busy({ retryAfterSeconds: this.#options.retry_after_seconds ?? 1 });
      }
      // Whoever leaves hands over its place, so a newcomer can not slip in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#inFlight--;
    }
  }
}
