import type { EventsSendInput, EventsSendResult, Resources } from './operations.gen.ts';
import { invalid } from './transport.ts';
import type { CallOptions } from './types.ts';

/** One event as POST /v1/events takes it. */
export type NewEvent = Exclude<EventsSendInput, readonly unknown[]>;
export type SentEvent = EventsSendResult['data'][number];

export interface SendAllOptions extends Omit<CallOptions, 'idempotencyKey'> {
  /** Events in one request; default 500, at most 1000. */
  readonly batch?: number;
  readonly onProgress?: (sent: number) => void;
}

export interface SendAll {
  /**
   * Sends any number of events, one batch after the other, and resolves to their answers in order. Stops at the first
   * error; events with an `id` may all be sent again, those stored already count as duplicates.
   */
  sendAll(
    events: Iterable<NewEvent> | AsyncIterable<NewEvent>,
    options?: SendAllOptions,
  ): Promise<{ stored: number; duplicates: number; results: SentEvent[] }>;
}

const batch_events_max = 1000;
/** The server takes 10 MiB. */
const batch_bytes_max = 8 * 1024 * 1024;

export function makeEvents(events: Resources['events']): SendAll {
  return {
    async sendAll(all, { batch = 500, onProgress, ...call } = {}) {
      if (!Number.isInteger(batch) || batch < 1 || batch > batch_events_max) {
        throw invalid(`batch is 1 to ${batch_events_max}`);
      }
      const results: SentEvent[] = [];
      let waiting: NewEvent[] = [];
      let bytes = 0;
      const flush = async () => {
        if (waiting.length === 0) return;
        const { data } = await events.send(waiting, call);
        results.push(...data);
        [waiting, bytes] = [[], 0];
        onProgress?.(results.length);
      };
      for await (const event of all) {
        const size = new TextEncoder().encode(JSON.stringify(event)).length;
        if (waiting.length > 0 && bytes + size > batch_bytes_max) await flush();
        waiting.push(event);
        bytes += size;
        if (waiting.length >= batch) await flush();
      }
      await flush();
      const duplicates = results.filter(({ duplicate }) => duplicate).length;
      return { stored: results.length - duplicates, duplicates, results };
    },
  };
}
