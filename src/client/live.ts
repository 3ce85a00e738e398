/** Events as they come: the server's stream, connected again whenever it breaks. */
import { PlinthError } from './error.ts';
import type { Event } from './operations.gen.ts';
import { queryText } from './query.ts';
import { problemOf, readAnswer } from './response.ts';
import { defaults, sleep, type Transport } from './transport.ts';
import type { CallOptions } from './types.ts';

/** Which events to be told of; what is absent means any. */
export interface LiveFilters {
  readonly source?: string;
  /** `*` stands for any characters: `pull_request.*`. */
  readonly type?: string;
  readonly category?: string;
  readonly project_id?: string;
  readonly repository_id?: string;
}

export interface LiveOptions extends Pick<CallOptions, 'signal' | 'organization' | 'headers'> {
  /** The cursor of the last event you have dealt with; without it the stream begins now. */
  readonly after?: string;
  /** Called when the first message of a connection is there, so that a page can say that it is connected. */
  readonly onConnect?: () => void;
  /** Called when a connection is over and another will be tried; without an error the server ended it. */
  readonly onDisconnect?: (error?: PlinthError) => void;
}

/** An event without its payload, which `client.events.getPayload` reads. */
export interface LiveEvent {
  /** Where to go on after this event; keep it where the program may start anew. */
  readonly cursor: string;
  readonly event: Omit<Event, 'claimed_at' | 'processed_at' | 'attempts' | 'error'>;
}

export type Live = (filters?: LiveFilters, options?: LiveOptions) => AsyncIterable<LiveEvent>;

/** The server sends something every 15 s. */
const silence_ms_max = 45_000;
const message_chars_max = 1_000_000;
const error_bytes_max = 1024 * 1024;

/** One connection's end: the place reached, and how long the server asks to wait. */
interface Place {
  cursor: string | undefined;
  retryMs: number;
  /** Something came: the next attempt begins without back-off. */
  isFresh: boolean;
}

/**
 * Every event from now, or from `after`, once each and in the order they became visible, until the loop is left or the
 * signal aborts. Connects again after whatever passes; throws what does not: no permission (any more), or
 * `live_cursor_expired` for a place that is none since the database was restored.
 */
export function makeLive(transport: Transport): Live {
  return async function* live(filters = {}, options = {}) {
    const place: Place = { cursor: options.after, retryMs: 1000, isFresh: true };
    for (let failures = 0; ; ) {
      place.isFresh = false;
      let failure: PlinthError | undefined;
      try {
        yield* connection(transport, filters, options, place);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!(error instanceof PlinthError) || !isPassing(error)) throw error;
        failure = error;
      }
      options.signal?.throwIfAborted();
      options.onDisconnect?.(failure);
      failures = place.isFresh ? 0 : failures + 1;
      const backOffMs = Math.min(defaults.retryDelayMsMax, place.retryMs * 2 ** failures);
      await sleep(backOffMs * (0.5 + Math.random() / 2), options.signal);
    }
  };
}

const isPassing = ({ code, status = 0 }: PlinthError): boolean =>
  code === 'network_error' || code === 'timeout' || status === 429 || (status >= 500 && status !== 501);

async function* connection(
  transport: Transport,
  filters: LiveFilters,
  { signal, onConnect, organization, headers }: LiveOptions,
  place: Place,
): AsyncGenerator<LiveEvent> {
  const guard = new AbortController();
  const stop = () => guard.abort();
  signal?.addEventListener('abort', stop);
  let timer = setTimeout(stop, silence_ms_max);
  try {
    const query = queryText(filters);
    const response = await transport.open(
      {
        method: 'GET',
        path: `/v1/live${query === '' ? '' : `?${query}`}`,
        idempotent: false,
        headers: {
          accept: 'text/event-stream',
          ...(place.cursor === undefined ? {} : { 'last-event-id': place.cursor }),
        },
      },
      { signal: guard.signal, ...(organization ? { organization } : {}), ...(headers ? { headers } : {}) },
    );
    if (response.status !== 200 || !response.body) throw problemOf(await readAnswer(response, error_bytes_max));
    let isConnected = false;
    for await (const message of messagesOf(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(stop, silence_ms_max);
      place.isFresh = true;
      if (!isConnected) onConnect?.();
      isConnected = true;
      if (message.retryMs !== undefined) place.retryMs = message.retryMs;
      if (message.id !== undefined) place.cursor = message.id;
      if (message.event === 'event') yield { cursor: place.cursor as string, event: JSON.parse(message.data) };
      if (message.event === 'end') return;
    }
  } catch (error) {
    if (error instanceof PlinthError) throw error;
    throw new PlinthError('The stream broke off', { code: 'network_error', cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    // also where the loop was left: the server need not go on
    guard.abort();
  }
}

interface Message {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
  readonly retryMs: number | undefined;
}

/** The messages of a text/event-stream body: fields by line, a message up to an empty line. */
async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      if (text.length > message_chars_max && !text.includes('\n\n')) {
        throw new PlinthError('A message of the stream is too large', { code: 'response_too_large' });
      }
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield messageOf(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function messageOf(text: string): Message {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    fields.set(name, fields.has(name) && name === 'data' ? `${fields.get(name)}\n${value}` : value);
  }
  const retry = fields.get('retry');
  return {
    id: fields.get('id'),
    event: fields.get('event'),
    data: fields.get('data') ?? '',
    retryMs: retry !== undefined && /^\d{1,6}$/.test(retry) ? Number(retry) : undefined,
  };
}
