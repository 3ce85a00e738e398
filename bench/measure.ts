/** What every measurement is made of: rounds, medians, and a row of the table. */

export interface Row {
  readonly what: string;
  /** "PostgreSQL 18", "PGlite". */
  readonly engine: string;
  readonly result: string;
  readonly goal: string;
  /** Undefined where there is no goal for this engine. */
  readonly met?: boolean;
}

export interface BenchContext {
  /** Shorter rounds, for trying the benchmark itself. */
  readonly quick: boolean;
  /** At the size the goals name: millions of tasks, half an hour. */
  readonly long: boolean;
  readonly rounds: number;
  note(line: string): void;
}

export type Benchmark = (context: BenchContext) => Promise<Row[]>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs the contenders in turn, round by round, so that a noisy minute hits all of them; medians of what they return. */
export async function alternate<K extends string>(
  rounds: number,
  contenders: Readonly<Record<K, () => Promise<number>>>,
): Promise<Record<K, number>> {
  const named = Object.entries(contenders) as [K, () => Promise<number>][];
  const figures = await alternateAll(
    rounds,
    Object.fromEntries(named.map(([name, run]) => [name, async () => ({ figure: await run() })])) as Record<
      K,
      () => Promise<{ figure: number }>
    >,
  );
  return Object.fromEntries(named.map(([name]) => [name, figures[name].figure])) as Record<K, number>;
}

/** The same where a contender returns several figures: the median of each. */
export async function alternateAll<K extends string, F extends string>(
  rounds: number,
  contenders: Readonly<Record<K, () => Promise<Record<F, number>>>>,
): Promise<Record<K, Record<F, number>>> {
  const named = Object.entries(contenders) as [K, () => Promise<Record<F, number>>][];
  const results = new Map<K, Record<F, number>[]>(named.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of named) results.get(name)!.push(await run());
  }
  return Object.fromEntries(
    named.map(([name]) => {
      const all = results.get(name)!;
      const keys = Object.keys(all[0] ?? {}) as F[];
      return [name, Object.fromEntries(keys.map((key) => [key, median(all.map((one) => one[key]))]))];
    }),
  ) as Record<K, Record<F, number>>;
}

/** The value that so many percent are not above. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)]!;
}

/** Calls per second of `concurrency` callers over `ms`. */
export async function rate(concurrency: number, ms: number, call: () => Promise<unknown>): Promise<number> {
  const until = performance.now() + ms;
  const started = performance.now();
  let calls = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < until) {
        await call();
        calls++;
      }
    }),
  );
  return (calls * 1000) / (performance.now() - started);
}

export const perSecond = (value: number): string => `${Math.round(value).toLocaleString('en')}/s`;
export const ratio = (value: number): string => value.toFixed(2);
export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
