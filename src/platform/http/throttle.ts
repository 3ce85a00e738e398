import type { Clock } from '../core/clock.ts';
import { errors } from '../core/errors.ts';

const failures_max = 60;
const window_ms = 60_000;
const addresses_max = 10_000;

export interface FailureThrottle {
  /** Throws `rate_limited` when the address has failed too often within the window. */
  check(address: string): void;
  count(address: string): void;
}

/**
 * Slows down guessing: an address that failed to authenticate 60 times within a minute waits for the rest of it.
 * In process and bounded; accounts have their own, shared throttle in the database.
 */
export function makeFailureThrottle(clock: Clock): FailureThrottle {
  const windows = new Map<string, { failures: number; endsAt: number }>();
  return {
    check(address) {
      const window = windows.get(address);
      if (!window) return;
      const left = window.endsAt - clock.now().getTime();
      if (left <= 0) windows.delete(address);
      else if (window.failures >= failures_max)
        throw errors.rate_limited({
          retryAfterSeconds: left / 1000,
          detail: 'too many failed attempts from this address',
        });
    },
    count(address) {
      const now = clock.now().getTime();
      const window = windows.get(address);
      if (window && window.endsAt > now) {
        window.failures++;
        return;
      }
      // the oldest entry goes when the table is full, so that a scan from many addresses can not fill the memory
      if (windows.size >= addresses_max) windows.delete(windows.keys().next().value as string);
      windows.set(address, { failures: 1, endsAt: now + window_ms });
    },
  };
}

/**
 * Runs work that anybody may ask for, and counts its refusals (401) against the address: one that fails often waits,
 * whatever accounts or links it tries. Hashing is what such a request costs us. Throws `rate_limited`.
 */
export async function throttled<T>(failures: FailureThrottle, address: string, work: () => Promise<T>): Promise<T> {
  failures.check(address);
  try {
    return await work();
  } catch (error) {
    if ((error as { status?: number }).status === 401) failures.count(address);
    throw error;
  }
}
