import type { Platform } from '../../../platform/platform.ts';

/** How an attempt ends: `retried` failed and another follows, `failed` failed for good, `lost` died with its worker. */
export type CountedOutcome = 'completed' | 'retried' | 'failed' | 'lost';

/** Types of tenants have no label of their own: there is no end of them. */
export const external_type_label = 'external';
/** Of what was lost nobody knows the type without looking. */
export const unknown_type_label = 'unknown';

const flush_ms = 5_000;

/**
 * Counts how attempts end in this process, and adds it to the database's counts a few seconds later, so that /metrics of any
 * process tells of all: a `work` process serves no HTTP. A process that is killed takes the last seconds with it.
 */
export class OutcomeCounts {
  readonly #platform: Platform;
  #counted = new Map<string, Map<CountedOutcome, number>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  note(type: string, outcome: CountedOutcome, attempts = 1): void {
    if (attempts <= 0) return;
    let ofType = this.#counted.get(type);
    if (!ofType) {
      ofType = new Map();
      this.#counted.set(type, ofType);
    }
    ofType.set(outcome, (ofType.get(outcome) ?? 0) + attempts);
    this.#timer ??= setTimeout(() => void this.flush(), flush_ms).unref();
  }

  /** Writes what has been counted; what can not be written now is written with the next. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counted = this.#counted;
    if (counted.size === 0) return;
    this.#counted = new Map();
    const rows = [...counted].flatMap(([t, ofType]) => [...ofType].map(([k, n]) => ({ t, k, n })));
    try {
      await this.#platform.door.writeAll(
        { as: 'worker', memberRole: 'service' },
        [{ text: 'select plinth.count_task_outcomes($1::jsonb)', values: [JSON.stringify(rows)] }],
        { pool: 'worker' },
      );
    } catch (error) {
      this.#platform.log.debug({ err: error }, 'the outcomes of tasks could not be counted; with the next');
      for (const { t, k, n } of rows) this.note(t, k, n);
    }
  }
}

const countsOf = new WeakMap<Platform, OutcomeCounts>();

/** The counts of this process. */
export function outcomeCounts(platform: Platform): OutcomeCounts {
  let counts = countsOf.get(platform);
  if (!counts) {
    counts = new OutcomeCounts(platform);
    countsOf.set(platform, counts);
  }
  return counts;
}
