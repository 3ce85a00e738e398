import type { LoopDeclaration } from '../module.ts';
import type { Platform } from '../platform.ts';
import { makeBell } from './wakeups.ts';

const failure_delay_ms_first = 1_000;
const failure_delay_ms_max = 60_000;
/** A loop that names no time sleeps this long when nobody wakes it. */
const sleep_ms_max = 600_000;

export interface Supervisor {
  stop(): Promise<void>;
}

/** Runs the modules' loops: each ticks, sleeps until the time it named or a wake-up of its channel, and ticks again. */
export function superviseLoops(platform: Platform, loops: readonly LoopDeclaration[]): Supervisor {
  const stopping = new AbortController();
  const bells: (() => void)[] = [];

  async function supervise(loop: LoopDeclaration): Promise<void> {
    const bell = makeBell();
    let woken = false;
    const unsubscribe = platform.wakeups.subscribe(loop.name, () => {
      woken = true;
      bell.ring();
    });
    bells.push(bell.ring);
    for (let failures = 0; !stopping.signal.aborted; ) {
      woken = false;
      let sleepMs = sleep_ms_max;
      try {
        const next = await loop.tick(platform, stopping.signal);
        failures = 0;
        if (next) sleepMs = Math.min(sleepMs, next.getTime() - platform.clock.now().getTime());
      } catch (error) {
        if (stopping.signal.aborted) break;
        sleepMs = Math.min(failure_delay_ms_max, failure_delay_ms_first * 2 ** failures++);
        platform.log.error({ err: error, loop: loop.name, retry_ms: sleepMs }, 'a loop failed');
        await platform.clock.sleep(sleepMs, stopping.signal);
        continue;
      }
      if (!woken && !stopping.signal.aborted && sleepMs > 0) await bell.rung(sleepMs);
    }
    unsubscribe();
  }

  const running = loops.map(supervise);
  return {
    async stop() {
      stopping.abort();
      for (const ring of bells) ring();
      await Promise.all(running);
    },
  };
}
