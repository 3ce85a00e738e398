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
  const results = {} as Record<K, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders) as [K, () => Promise<number>][]) {
      results[name] ??= [];
      results[name].push(await run());
    }
  }
  return Object.fromEntries(
    (Object.entries(results) as [K, number[]][]).map(([name, values]) => [name, median(values)]),
  ) as Record<K, number>;
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
