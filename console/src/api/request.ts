import { basePath } from './base-path.ts';
import { Problem, type ProblemBody, unreachable } from './problem.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** A write with a key is done once, however often it is sent. */
  readonly idempotencyKey?: string;
  /** Numbers that a double would round come as text, with the digits they were sent with. */
  readonly exactNumbers?: boolean;
}

export interface Answer<T> {
  readonly body: T;
  readonly headers: Headers;
}

let organization: string | undefined;

/** Every request from now on names this organization (slug or id). */
export function setOrganization(slug: string | undefined): void {
  organization = slug;
}

/** Set in the portal: every request carries this token, and never the session cookie of whoever is signed in beside it. */
let portalToken: string | undefined;

export function actByToken(token: string): void {
  portalToken = token;
}

/** The address with its query; parameters that are empty are left out. */
export function withQuery(path: string, query: Query = {}): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  if (entries.length === 0) return path;
  return `${path}?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)]))}`;
}

/** One request to this server, signed in by the session cookie (in the portal: by its token). Throws a `Problem`. */
export async function send<T>(method: Method, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  const headers = headersOf({ accept: 'application/json', ...options.headers });
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
  let response: Response;
  let text: string;
  try {
    response = await fetch(basePath + withQuery(path, options.query), {
      method,
      headers,
      credentials: portalToken === undefined ? 'same-origin' : 'omit',
      redirect: 'error',
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
  const body = parse(text, options.exactNumbers === true);
  if (response.ok) return { body: body as T, headers: response.headers };
  throw refusal(response, body);
}

function headersOf(given: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...given,
    ...(organization === undefined ? {} : { 'plinth-organization': organization }),
    ...(portalToken === undefined ? {} : { authorization: `Bearer ${portalToken}` }),
  };
}

function refusal({ status, headers }: Response, body: unknown): Problem {
  const wait = Number(headers.get('retry-after') ?? Number.NaN);
  const problem = typeof body === 'object' && body !== null ? (body as ProblemBody) : {};
  return new Problem(status, problem, Number.isFinite(wait) ? wait : undefined);
}

/** The text of an answer that goes on, as it comes. Throws a `Problem`. */
export async function openStream(
  path: string,
  { query, headers = {}, signal }: Pick<RequestOptions, 'query' | 'headers' | 'signal'>,
): Promise<ReadableStream<string>> {
  const response = await fetch(basePath + withQuery(path, query), {
    headers: headersOf(headers),
    credentials: portalToken === undefined ? 'same-origin' : 'omit',
    redirect: 'error',
    ...(signal ? { signal } : {}),
  }).catch((error) => {
    throw signal?.aborted ? error : unreachable();
  });
  if (!response.ok) throw refusal(response, parse(await response.text(), false));
  if (!response.body) throw unreachable();
  return response.body.pipeThrough(new TextDecoderStream());
}

function parse(text: string, exactNumbers: boolean): unknown {
  if (text === '') return undefined;
  try {
    return exactNumbers ? JSON.parse(text, asSent as typeof roundedIsFine) : JSON.parse(text);
  } catch {
    return text;
  }
}

const roundedIsFine = (_name: string, value: unknown): unknown => value;

/** Browsers that do not know the source of a value yet give none: then the number stays. */
function asSent(_name: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && String(value) !== source ? source : value;
}

/** The requests by method; each resolves to the answer's body. */
export const api = {
  get: async <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
    (await send<T>('GET', path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) })).body,
  post: async <T = void>(path: string, body?: unknown, options?: RequestOptions): Promise<T> =>
    (await send<T>('POST', path, { ...options, body })).body,
  put: async <T = void>(path: string, body?: unknown): Promise<T> => (await send<T>('PUT', path, { body })).body,
  patch: async <T = void>(path: string, body?: unknown): Promise<T> => (await send<T>('PATCH', path, { body })).body,
  delete: async <T = void>(path: string): Promise<T> => (await send<T>('DELETE', path)).body,
};

/**
 * How many rows of an exposed table the caller sees, by the REST dialect's filters:
 * `countRows('tasks', { status: 'eq.failed' })`.
 */
export async function countRows(table: string, filters: Query = {}, signal?: AbortSignal): Promise<number> {
  const { headers } = await send('GET', `/rest/v1/${table}`, {
    query: { ...filters, select: 'id', limit: 1 },
    headers: { prefer: 'count=exact' },
    ...(signal ? { signal } : {}),
  });
  const total = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  if (total === undefined) throw new Problem(0, { code: 'no_count', title: 'The server did not count' });
  return Number(total);
}
