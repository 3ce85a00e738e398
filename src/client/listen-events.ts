/** Posts an organization's new events to a developer's machine, signed as deliveries are. */
import { standardWebhookHeaders, webhookBody } from '../modules/deliveries/index.ts';
import { createClient } from './client.ts';
import { PlinthError } from './error.ts';

export interface ListenOptions {
  /** The server, and a key that may read events. */
  readonly url: string;
  readonly key: string;
  /** Where they go. */
  readonly forward: string;
  /** What they are signed with: `whsec_…`. */
  readonly secret: string;
  /** Only those of these types: `*` stands for any characters. */
  readonly accepts?: (type: string) => boolean;
  readonly signal: AbortSignal;
  readonly onForwarded: (result: Forwarded) => void;
  /** The server could not be asked; it is tried again. */
  readonly onTrouble?: (reason: string) => void;
  /** The stream can not be had: the server is asked again and again instead. */
  readonly onPolling?: (reason: string) => void;
  readonly pollMs?: number;
  /** How long the stream has to begin while the server answers otherwise. */
  readonly beginMs?: number;
}

/** An event that was posted, and what was answered. */
export interface Forwarded {
  readonly id: string;
  readonly type: string;
  /** Undefined: nobody answered; `error` says why. */
  readonly status?: number;
  readonly error?: string;
  readonly ms: number;
}

interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly occurred_at: string;
  readonly received_at: string;
}

interface Page {
  readonly data: readonly SeenEvent[];
  readonly next_cursor: string | null;
}

const poll_ms_default = 1_000;
/** A proxy that keeps answers back until they are whole never lets a stream begin. */
const begin_ms_default = 10_000;
/** Of servers without the stream, and of what stands between. */
const no_stream_statuses = new Set([404, 405, 406, 501]);
const request_timeout_ms = 30_000;
/** Events are listed by when they happened: those that came late are looked for so far back. */
const looked_back_ms = 3_600_000;
const page_rows = 100;
const pages_max = 20;

/** Thrown where asking again would not help: a key that is refused, an event that is not there. */
export class ListenRefused extends Error {
  override readonly name = 'ListenRefused';
}

/** Posts the events that come from now on, in the order they came, until `signal` aborts. Throws `ListenRefused`. */
export async function listenEvents(options: ListenOptions): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    const outcome = await followStream(options);
    if (outcome === 'begin anew') continue;
    options.onPolling?.(outcome);
    return pollEvents(options);
  }
}

/** Follows the live stream. Returns why it can not be had, or `begin anew` where the place in it is lost. */
async function followStream(options: ListenOptions): Promise<string> {
  const { url, key, signal, onTrouble, accepts = () => true, beginMs = begin_ms_default } = options;
  const guard = new AbortController();
  const given = AbortSignal.any([signal, guard.signal]);
  let timer: NodeJS.Timeout | undefined;
  const lookAgain = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      // does it answer at all? Then it is the stream that is held back
      ask(options, '/v1/events?limit=1').then(() => guard.abort(), lookAgain);
    }, beginMs);
  };
  lookAgain();
  try {
    const stream = createClient({ url, key }).live(
      {},
      {
        signal: given,
        onConnect: () => clearTimeout(timer),
        onDisconnect(error) {
          if (error) onTrouble?.(reasonOf(error));
        },
      },
    );
    for await (const { event } of stream) {
      if (accepts(event.type)) options.onForwarded(await forward(options, event));
    }
  } catch (error) {
    if (signal.aborted) return 'begin anew';
    if (guard.signal.aborted) return 'no stream comes through';
    if (!(error instanceof PlinthError)) throw error;
    if (error.code === 'live_cursor_expired') return 'begin anew';
    const message = `${error.status} ${error.code} ${error.detail ?? error.message}`.trim();
    if (no_stream_statuses.has(error.status ?? 0)) return message;
    throw new ListenRefused(message);
  } finally {
    clearTimeout(timer);
  }
  return 'begin anew';
}

/** The same by asking again and again, for a server or a way to it without the stream. */
async function pollEvents(options: ListenOptions): Promise<void> {
  const { signal, onTrouble, pollMs = poll_ms_default, accepts = () => true } = options;
  let seen: ReadonlySet<string> | undefined;
  while (!signal.aborted) {
    try {
      const found = await newest(options);
      const before = seen;
      seen = new Set(found.map(({ id }) => id));
      // what was there when listening began is not new
      const fresh = before ? found.filter(({ id, type }) => !before.has(id) && accepts(type)) : [];
      fresh.sort((a, b) => (a.received_at < b.received_at ? -1 : a.received_at > b.received_at ? 1 : 0));
      for (const event of fresh) {
        if (signal.aborted) return;
        options.onForwarded(await forward(options, event));
      }
    } catch (error) {
      if (error instanceof ListenRefused || signal.aborted) {
        if (signal.aborted) return;
        throw error;
      }
      onTrouble?.(reasonOf(error));
    }
    await pause(pollMs, signal);
  }
}

/** Posts one stored event again, under its own id. Throws `ListenRefused`. */
export async function replayEvent(options: Omit<ListenOptions, 'onForwarded'>, id: string): Promise<Forwarded> {
  return forward(options, (await ask(options, `/v1/events/${id}`)) as SeenEvent);
}

/** Events of the last hour, and of more than so many the newest. */
async function newest(options: ListenOptions): Promise<SeenEvent[]> {
  const since = encodeURIComponent(new Date(Date.now() - looked_back_ms).toISOString());
  const found: SeenEvent[] = [];
  let cursor = '';
  for (let page = 0; page < pages_max; page++) {
    const path = `/v1/events?limit=${page_rows}&since=${since}${cursor}`;
    const { data, next_cursor } = (await ask(options, path)) as Page;
    found.push(...data);
    if (next_cursor === null) break;
    cursor = `&cursor=${encodeURIComponent(next_cursor)}`;
  }
  return found;
}

async function ask({ url, key, signal }: Pick<ListenOptions, 'url' | 'key' | 'signal'>, path: string) {
  const response = await request(url, path, key, signal);
  if (response.ok) return (await response.json()) as unknown;
  const { detail, title, code } = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const message = `${response.status} ${String(code ?? '')} ${String(detail ?? title ?? '')}`.trim();
  const isRefused = response.status >= 400 && response.status < 500 && response.status !== 429;
  throw isRefused ? new ListenRefused(message) : new Error(message);
}

function request(url: string, path: string, key: string, signal: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(request_timeout_ms);
  return fetch(new URL(`${url.replace(/\/$/, '')}${path}`), {
    headers: { authorization: `Bearer ${key}` },
    redirect: 'error',
    signal: AbortSignal.any([signal, timeout]),
  });
}

type ForwardOptions = Omit<ListenOptions, 'onForwarded'>;

async function forward(options: ForwardOptions, { id, type, source, occurred_at }: SeenEvent): Promise<Forwarded> {
  const from = performance.now();
  const done = () => Math.round(performance.now() - from);
  try {
    const payload = await request(options.url, `/v1/events/${id}/payload`, options.key, options.signal);
    if (!payload.ok) throw new Error(`the payload could not be read: ${payload.status}`);
    const body = webhookBody({ id, type, timestamp: occurred_at, source }, await payload.text());
    const response = await fetch(options.forward, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...standardWebhookHeaders(id, new Date(), body, [options.secret]),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(request_timeout_ms)]),
    });
    await response.body?.cancel();
    return { id, type, status: response.status, ms: done() };
  } catch (error) {
    return { id, type, error: reasonOf(error), ms: done() };
  }
}

/** Fetch hides why behind "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return typeof cause?.code === 'string' ? cause.code : error instanceof Error ? error.message : 'unknown';
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
