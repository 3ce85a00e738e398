import { useEffect, useRef, useState } from 'react';
import { Problem } from './problem.ts';
import { openStream, type Query } from './request.ts';

/** The server sends something every 15 s. */
const silence_ms_max = 45_000;
const retry_ms_min = 1_000;
const retry_ms_max = 30_000;
const message_chars_max = 1_000_000;
/** What came in this time is shown together: thousands a second would be drawn one by one otherwise. */
const together_ms = 250;

interface Message {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** Messages of server-sent events, as they come. https://html.spec.whatwg.org/multipage/server-sent-events.html */
async function* messagesOf(stream: ReadableStream<string>): AsyncGenerator<Message> {
  const reader = stream.getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      if (text.length > message_chars_max) throw new Error('a message of the stream is too long');
      const whole = text.split('\n\n');
      text = whole.pop() ?? '';
      for (const one of whole) yield readMessage(one);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function readMessage(text: string): Message {
  const fields = text.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line));
  return Object.fromEntries(fields.flatMap((field) => (field ? [[field[1], field[2]]] : [])));
}

export type LiveState =
  | { readonly kind: 'connecting' | 'connected' | 'reconnecting' | 'paused' }
  /** It will not connect again by itself. */
  | { readonly kind: 'ended'; readonly problem: Problem };

export interface Live<T> {
  readonly state: LiveState;
  /** The newest first, at most `rowsMax`. */
  readonly rows: readonly T[];
  /** Since the page was opened or the filters changed, with those that are shown no more. */
  readonly count: number;
}

interface LiveOptions {
  readonly isPaused: boolean;
  readonly rowsMax: number;
}

interface Feed<T> {
  readonly rows: readonly T[];
  readonly count: number;
}

/**
 * What the server tells at `path` as it comes. The connection is made again whenever it breaks, and goes on after the last
 * message; so does a stream that was paused.
 */
export function useLive<T>(path: string, query: Query, { isPaused, rowsMax }: LiveOptions): Live<T> {
  const [state, setState] = useState<LiveState>({ kind: 'connecting' });
  const [feed, setFeed] = useState<Feed<T>>({ rows: [], count: 0 });
  const key = JSON.stringify(query);
  const place = useRef<{ key: string; cursor?: string | undefined }>({ key });
  useEffect(() => {
    if (place.current.key !== key) {
      place.current = { key };
      setFeed({ rows: [], count: 0 });
    }
    if (isPaused) {
      setState({ kind: 'paused' });
      return undefined;
    }
    const stopped = new AbortController();
    const arrived: T[] = [];
    let came = 0;
    const timer = setInterval(() => {
      const newest = arrived.splice(0).reverse();
      const more = came;
      came = 0;
      if (more > 0) {
        setFeed(({ rows, count }) => ({ rows: [...newest, ...rows].slice(0, rowsMax), count: count + more }));
      }
    }, together_ms);
    const add = (row: T) => {
      came++;
      arrived.push(row);
      if (arrived.length > 2 * rowsMax) arrived.splice(0, rowsMax);
    };
    void keepConnected({ path, query: JSON.parse(key), place: place.current, add, setState }, stopped.signal);
    return () => {
      stopped.abort();
      clearInterval(timer);
    };
  }, [path, key, isPaused, rowsMax]);
  return { state, ...feed };
}

interface Connection<T> {
  readonly path: string;
  readonly query: Query;
  readonly place: { cursor?: string | undefined };
  readonly add: (row: T) => void;
  readonly setState: (state: LiveState) => void;
}

async function keepConnected<T>(connection: Connection<T>, stopped: AbortSignal): Promise<void> {
  const { place, setState } = connection;
  setState({ kind: 'connecting' });
  for (let failures = 0; !stopped.aborted; ) {
    try {
      await readStream(connection, stopped, () => {
        failures = 0;
        setState({ kind: 'connected' });
      });
    } catch (error) {
      if (stopped.aborted) return;
      if (error instanceof Problem && error.code === 'live_cursor_expired') place.cursor = undefined;
      else if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) {
        setState({ kind: 'ended', problem: error });
        return;
      }
    }
    if (stopped.aborted) return;
    setState({ kind: 'reconnecting' });
    const wait = Math.min(retry_ms_max, retry_ms_min * 2 ** failures++);
    await sleep(wait * (0.5 + Math.random() / 2), stopped);
  }
}

/** One connection, until it ends. What was told and not yet shown is kept by `add`. */
async function readStream<T>(
  { path, query, place, add }: Connection<T>,
  stopped: AbortSignal,
  onConnected: () => void,
): Promise<void> {
  const silent = new AbortController();
  const signal = AbortSignal.any([stopped, silent.signal]);
  let timer = setTimeout(() => silent.abort(), silence_ms_max);
  try {
    const headers = { accept: 'text/event-stream', ...(place.cursor ? { 'last-event-id': place.cursor } : {}) };
    const stream = await openStream(path, { query, headers, signal });
    onConnected();
    for await (const { id, event, data } of messagesOf(stream)) {
      if (stopped.aborted) return;
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silence_ms_max);
      if (event === 'event' && data !== undefined) add(JSON.parse(data) as T);
      if (id !== undefined) place.cursor = id;
      if (event === 'end') return;
    }
  } finally {
    clearTimeout(timer);
    silent.abort();
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
