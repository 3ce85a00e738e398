import type { Platform } from '../../platform/platform.ts';

/**
 * Wakes a loop that sleeps as long as nothing is under way: when something begins, at most once an interval, and once more
 * after it where something began meanwhile. So a process with no calls asks the database nothing.
 */
export function makeLoopWaker({ wakeups }: Platform, loop: string, interval_ms: number): () => void {
  let resting: NodeJS.Timeout | undefined;
  let again = false;
  const wake = () => {
    again = false;
    wakeups.wake(loop);
    resting = setTimeout(() => {
      resting = undefined;
      if (again) wake();
    }, interval_ms).unref();
  };
  return () => {
    if (resting) again = true;
    else wake();
  };
}
