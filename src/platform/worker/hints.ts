import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../core/clock.ts';
import type { Engine } from '../db/engine.ts';
import type { Wakeups } from './wakeups.ts';

const channel_name = 'plinth_wakeups';
/** Hints of one channel are sent at most this often. Inside the transactions they would halve the throughput. */
const coalesce_ms = 20;
const reconnect_ms_max = 30_000;

export interface Hints {
  /** Whether hints from other processes arrive at the moment. */
  readonly listening: boolean;
  stop(): Promise<void>;
}

/**
 * Carries wake-ups between processes by NOTIFY, on one connection of its own. When that is lost, it is opened again
 * with back-off, and every waiter is woken once: what was hinted at in between is found by looking.
 */
export function startHints(engine: Engine, wakeups: Wakeups, log: Logger, clock: Clock = systemClock): Hints {
  if (!engine.capabilities.listen) return { listening: false, stop: async () => undefined };
  const self = randomUUID();
  const stopping = new AbortController();
  const state: { client: pg.PoolClient | undefined } = { client: undefined };
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    const payloads = [...waiting].map((channel) => `${self} ${channel}`);
    waiting.clear();
    if (payloads.length === 0) return;
    await state.client
      ?.query('select pg_notify($1, payload) from unnest($2::text[]) as payload', [channel_name, payloads])
      .catch(() => undefined);
  }

  /** One statement at a time: what comes while it is under way goes with the next. */
  function sendSoon(): void {
    if (sending) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      sending = send().finally(() => {
        sending = undefined;
        if (waiting.size > 0) sendSoon();
      });
    }, coalesce_ms);
  }

  async function connect(): Promise<void> {
    const client = await engine.directPool.connect();
    const lost = new Promise<void>((resolve) => {
      client.once('error', () => resolve());
      client.once('end', () => resolve());
      stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    client.on('notification', ({ payload }) => {
      const [sender, channel] = (payload ?? '').split(' ');
      if (channel && sender !== self) wakeups.receive(channel);
    });
    await client.query(`listen ${channel_name}`);
    state.client = client;
    // what was hinted at while nobody listened is found by looking
    wakeups.receiveAll();
    await lost;
    state.client = undefined;
    client.release(true);
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        await connect();
        failures = 0;
      } catch (error) {
        failures++;
        log.warn({ err: error }, 'hints between processes are off; polling goes on');
      }
      await clock.sleep(Math.min(reconnect_ms_max, 100 * 2 ** failures), stopping.signal);
    }
  }

  const stopListening = wakeups.onWake((channel) => {
    if (!state.client) return;
    waiting.add(channel);
    sendSoon();
  });
  const running = run();
  return {
    get listening() {
      return state.client !== undefined;
    },
    async stop() {
      stopListening();
      await sending;
      clearTimeout(timer);
      await send();
      stopping.abort();
      await running;
    },
  };
}
