import type { Clock } from '../../platform/core/clock.ts';

export interface Rate {
  readonly per_second: number;
  /** What may come at once after a pause. */
  readonly burst: number;
}

/** Token buckets by key, in process and bounded: protection, not a contract. */
export interface TokenBuckets {
  /** Takes one token: 0 when there was one, else the seconds until there is. */
  take(key: string): number;
  /** The seconds until there is one, without taking it. */
  wait(key: string): number;
}

/** Buckets that fill at `rate`. Of more than `keysMax` keys the one unused longest is forgotten, and starts full again. */
export function makeTokenBuckets(rate: Rate, keysMax: number, clock: Clock): TokenBuckets {
  /** In order of last use. */
  const buckets = new Map<string, { tokens: number; at: number }>();

  function filled(key: string): { tokens: number; at: number } {
    const now = clock.now().getTime();
    const bucket = buckets.get(key);
    if (!bucket) return { tokens: rate.burst, at: now };
    const gained = (Math.max(0, now - bucket.at) / 1000) * rate.per_second;
    return { tokens: Math.min(rate.burst, bucket.tokens + gained), at: now };
  }
  const missing = (tokens: number): number => (tokens >= 1 ? 0 : (1 - tokens) / rate.per_second);

  return {
    wait: (key) => missing(filled(key).tokens),
    take(key) {
      const bucket = filled(key);
      const wait = missing(bucket.tokens);
      if (wait === 0) bucket.tokens -= 1;
      buckets.delete(key);
      if (buckets.size >= keysMax) buckets.delete(buckets.keys().next().value as string);
      buckets.set(key, bucket);
      return wait;
    },
  };
}
