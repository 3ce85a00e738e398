/** One request with its retries: everything the client sends goes through `send`. */
import { PlinthError } from './error.ts';
import { type Answer, problemOf, readAnswer } from './response.ts';
import type { CallOptions, ClientOptions } from './types.ts';

export const defaults = {
  timeoutMs: 60_000,
  retries: 3,
  retryDelayMs: 250,
  retryDelayMsMax: 30_000,
  responseBytesMax: 64 * 1024 * 1024,
} as const;

export interface Sending {
  readonly method: string;
  /** Below the base URL, encoded. */
  readonly path: string;
  readonly body?: string | undefined;
  /** The server takes an Idempotency-Key here: one is made, and a lost answer is asked for again. */
  readonly idempotent: boolean;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Transport {
  /** The base URL without a slash at its end. */
  readonly url: string;
  /** The answer, of whatever status, once no further attempt is to be made. Throws where there was none. */
  exchange(sending: Sending, options?: CallOptions): Promise<Answer>;
  /** As exchange; an answer of 400 or more is thrown as the error it tells of. */
  send(sending: Sending, options?: CallOptions): Promise<Answer>;
  /** One attempt, without a bound in time: the answer of whatever status, its body unread. Throws `network_error`. */
  open(sending: Sending, options?: CallOptions): Promise<Response>;
}

/** Not worth another attempt although they are 503: only an operator, or another question, changes the answer. */
const hopeless = new Set(['schema_ahead', 'schema_behind', 'statement_timeout']);
/** Conflicts that say: nothing was written, try again. */
const passing = new Set(['idempotency_in_progress', 'serialization_conflict']);

export function makeTransport(options: ClientOptions): Transport {
  const url = baseUrl(options.url);
  const settings = { ...defaults, ...definedOf(options) };
  const session = makeSession(options, url);
  const request = options.fetch ?? globalThis.fetch.bind(globalThis);

  async function ask(sending: Sending, headers: Record<string, string>, signal: AbortSignal | undefined) {
    const response = await request(url + sending.path, {
      method: sending.method,
      headers,
      ...(sending.body === undefined ? {} : { body: sending.body }),
      // followed, a redirect could take the key to another host
      redirect: 'manual',
      credentials: session.credentials,
      ...(signal ? { signal } : {}),
    });
    session.keep(response);
    return response;
  }

  async function attempt(sending: Sending, headers: Record<string, string>, call: CallOptions): Promise<Answer> {
    const credentials = await session.headers();
    call.signal?.throwIfAborted();
    // not AbortSignal.any and AbortSignal.timeout: Node 18 has not both
    const guard = new AbortController();
    const stop = () => guard.abort();
    let isLate = false;
    const timeoutMs = call.timeoutMs ?? settings.timeoutMs;
    const timer = setTimeout(() => {
      isLate = true;
      stop();
    }, timeoutMs);
    call.signal?.addEventListener('abort', stop);
    try {
      const response = await ask(sending, { ...headers, ...credentials }, guard.signal);
      return await readAnswer(response, settings.responseBytesMax);
    } catch (error) {
      if (error instanceof PlinthError) throw error;
      call.signal?.throwIfAborted();
      if (isLate) {
        throw new PlinthError('Plinth did not answer in time', { code: 'timeout', detail: `${timeoutMs} ms` });
      }
      throw unreachable(error);
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', stop);
    }
  }

  async function exchange(sending: Sending, call: CallOptions = {}): Promise<Answer> {
    call.signal?.throwIfAborted();
    const isRead = sending.method === 'GET' || sending.method === 'HEAD';
    const headers = headersOf(sending, call, options.organization, isRead);
    const mayRepeat = isRead || 'idempotency-key' in headers;
    const retries = call.retries ?? settings.retries;
    for (let tried = 0; ; tried++) {
      const outcome = await attempt(sending, headers, call).catch((error: unknown) => error);
      if (!(outcome instanceof PlinthError) && !isAnswer(outcome)) throw outcome;
      if (isAnswer(outcome) && outcome.status < 400) return outcome;
      const failure = isAnswer(outcome) ? problemOf(outcome) : outcome;
      const waitMs = waitOf(failure, tried, settings);
      if (tried >= retries || waitMs > settings.retryDelayMsMax || !isPassing(failure, mayRepeat)) {
        if (isAnswer(outcome)) return outcome;
        throw failure;
      }
      await sleep(waitMs, call.signal);
    }
  }

  return {
    url,
    exchange,
    async open(sending, call = {}) {
      const headers = headersOf(sending, call, options.organization, true);
      const credentials = await session.headers();
      try {
        return await ask(sending, { ...headers, ...credentials }, call.signal);
      } catch (error) {
        call.signal?.throwIfAborted();
        throw unreachable(error);
      }
    },
    async send(sending, call) {
      const answer = await exchange(sending, call);
      if (answer.status >= 400) throw problemOf(answer);
      return answer;
    },
  };
}

function unreachable(cause: unknown): PlinthError {
  const hint = 'Check the URL, and that the server runs.';
  return new PlinthError('Plinth could not be reached', { code: 'network_error', hint, cause });
}

function isAnswer(outcome: unknown): outcome is Answer {
  return typeof outcome === 'object' && outcome !== null && 'text' in outcome;
}

/** Whether another attempt can end better, and cannot do the work a second time. */
function isPassing(failure: PlinthError, mayRepeat: boolean): boolean {
  const { code, status } = failure;
  if (passing.has(code) || status === 429) return true;
  if (status === 503)
    return !hopeless.has(code) && (mayRepeat || (code !== 'outcome_unknown' && code !== 'http_error'));
  const isLost =
    code === 'network_error' || code === 'timeout' || (code === 'http_error' && [502, 504].includes(status));
  return mayRepeat && isLost;
}

function waitOf(
  { retryAfterMs }: PlinthError,
  tried: number,
  { retryDelayMs, retryDelayMsMax }: { retryDelayMs: number; retryDelayMsMax: number },
): number {
  const backOffMs = Math.min(retryDelayMsMax, retryDelayMs * 2 ** tried) * (0.5 + Math.random() / 2);
  return retryAfterMs ?? backOffMs;
}

function headersOf(
  { body, idempotent, headers }: Sending,
  call: CallOptions,
  organization: string | undefined,
  isRead: boolean,
): Record<string, string> {
  const tenant = call.organization ?? organization;
  const all: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) all['content-type'] = 'application/json';
  if (tenant !== undefined) all['plinth-organization'] = tenant;
  if (!isRead && idempotent) all['idempotency-key'] = call.idempotencyKey ?? randomKey();
  for (const [name, value] of Object.entries({ ...headers, ...call.headers })) all[name.toLowerCase()] = value;
  try {
    new Headers(all);
  } catch {
    // fetch would say the same as of a network that is down
    throw invalid('a header holds characters that no header may');
  }
  return all;
}

/** Node 18 has no global `crypto`, and browsers no `randomUUID` on pages that came over plain http. */
function randomKey(): string {
  const source = globalThis.crypto as Partial<typeof globalThis.crypto> | undefined;
  if (source?.randomUUID) return source.randomUUID();
  const words: ArrayLike<number> =
    source?.getRandomValues?.(new Uint32Array(4)) ?? Array.from({ length: 4 }, () => Math.random() * 2 ** 32);
  return Array.from(words, (word) => Math.floor(word).toString(16).padStart(8, '0')).join('');
}

interface Session {
  readonly credentials: NonNullable<RequestInit['credentials']>;
  headers(): Promise<Record<string, string>>;
  keep(response: Response): void;
}

/**
 * Who asks. Without a key or a token it is the session cookie: the browser keeps that one itself and hides it; elsewhere
 * it is kept here, as long as the client lives, and sent with the Origin that the server asks of cookies.
 */
function makeSession({ key, token }: ClientOptions, url: string): Session {
  if (key !== undefined && token !== undefined) throw invalid('give a key or a token, not both');
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) throw invalid('the key holds spaces or no characters at all');
  if (key !== undefined || token) {
    return {
      credentials: 'omit',
      headers: async () => ({ authorization: `Bearer ${key ?? (await token?.())}` }),
      keep: () => undefined,
    };
  }
  const cookies = new Map<string, string>();
  return {
    credentials: 'include',
    async headers(): Promise<Record<string, string>> {
      if (cookies.size === 0) return {};
      return { cookie: [...cookies].map((pair) => pair.join('=')).join('; '), origin: new URL(url).origin };
    },
    keep(response) {
      for (const line of response.headers.getSetCookie?.() ?? []) {
        const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
        if (name === '') continue;
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
    },
  };
}

function baseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid(`"${text}" is not a URL such as http://127.0.0.1:4600`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid('the URL begins with https:// or http://');
  if (url.username !== '' || url.password !== '') throw invalid('the URL holds a name or password: use "key"');
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function definedOf(options: ClientOptions): Partial<typeof defaults> {
  const given = Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined);
  return Object.fromEntries(given) as Partial<typeof defaults>;
}

export function invalid(detail: string): PlinthError {
  return new PlinthError('The request was not sent', { code: 'invalid_request', detail });
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end);
  });
}
