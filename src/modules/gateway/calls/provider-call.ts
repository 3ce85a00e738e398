import { errors, type PlinthError } from '../../../platform/core/errors.ts';
import { redactPatterns } from '../../../platform/core/secrets.ts';
import { asPlinthError } from '../../../platform/http/problem.ts';
import type { OutboundStream } from '../../../platform/net/index.ts';
import type { Platform } from '../../../platform/platform.ts';
import { parseRetryAfter } from '../../tasks/index.ts';
import { type ConnectionWire, type Credentials, providerHeaders } from '../connections/index.ts';
import type { Circuits } from './circuit.ts';
import { callErrors } from './errors.ts';
import { callLimits } from './limits.ts';
import { makeSseSplitter, type SseEvent, type SseSplitter } from './sse.ts';
import type { Target } from './targets.ts';

/** What a provider answered, once it is certain that nobody else is asked. */
export type ProviderAnswer =
  | {
      readonly kind: 'whole';
      readonly target: Target;
      readonly status: number;
      readonly contentType: string;
      readonly retryAfter: string | undefined;
      readonly body: Buffer;
    }
  | {
      readonly kind: 'stream';
      readonly target: Target;
      readonly status: number;
      readonly contentType: string;
      /** Whole events as they come, the first of which is there. Throws `provider_answer_cut`. */
      readonly events: AsyncIterable<readonly SseEvent[]>;
    };

export interface Asking {
  readonly platform: Platform;
  readonly circuits: Circuits;
  readonly speaks: ConnectionWire;
  readonly path: string;
  readonly isStream: boolean;
  readonly targets: readonly Target[];
  /** Headers of the client that are the provider's to read. */
  readonly headers: Readonly<Record<string, string>>;
  body(target: Target): Buffer;
  readonly signal: AbortSignal;
  /** Each time a provider is asked. */
  asked(target: Target): void;
}

/** An attempt that came to nothing. */
interface Failure {
  readonly error: PlinthError;
  /** What the provider said, where it said something that is the client's to hear. */
  readonly answer?: Extract<ProviderAnswer, { kind: 'whole' }>;
  /** Whether the same target may be asked again, and after how long. */
  readonly againMs?: number;
  /** It says that the provider is not well. */
  readonly blames: boolean;
}

/** Statuses that say nothing about the request: another attempt may fare better. */
const passing = new Set([408, 409, 425, 429, 500, 502, 503, 504, 529]);

/**
 * Asks one target after the other until one answers; the same again where that may help. Nothing of what fails has
 * reached the client. Throws what the last one failed by, or the reason of `signal`.
 */
export async function askProvider(asking: Asking): Promise<ProviderAnswer> {
  const { circuits, targets, platform } = asking;
  let last: Failure | undefined;
  let attempts = 0;
  for (const target of targets) {
    const { id } = target.connection;
    for (let attempt = 1; attempt <= callLimits.attempts_per_target_max; attempt++) {
      if (attempts >= callLimits.attempts_max || !circuits.mayCall(id)) break;
      attempts++;
      const answer = await attemptTarget(asking, target);
      if ('kind' in answer) return answer;
      last = answer;
      const isLastOfTarget = attempt === callLimits.attempts_per_target_max || answer.againMs === undefined;
      if (isLastOfTarget || attempts >= callLimits.attempts_max) break;
      await platform.clock.sleep(answer.againMs ?? 0, asking.signal);
      asking.signal.throwIfAborted();
    }
  }
  if (last?.answer) return last.answer;
  if (last) throw last.error;
  const waits = targets.map(({ connection }) => circuits.opensIn(connection.id));
  throw callErrors.provider_unavailable({
    detail: 'its last calls have all failed, so it is left alone for a while',
    retryAfterSeconds: Math.max(1, Math.ceil(Math.min(...waits) / 1_000)),
  });
}

/** One attempt, its outcome told to the circuit. Throws the reason of `signal` alone. */
async function attemptTarget(asking: Asking, target: Target): Promise<ProviderAnswer | Failure> {
  const { circuits, signal } = asking;
  const { id } = target.connection;
  try {
    const credentials = await target.connection.credentials();
    asking.asked(target);
    const stream = await open(asking, target, credentials);
    const answer = await settle(asking, target, stream, credentials);
    if ('kind' in answer) circuits.succeeded(id);
    else if (answer.blames) circuits.failed(id);
    else circuits.undecided(id);
    return answer;
  } catch (thrown) {
    if (signal.aborted) {
      circuits.undecided(id);
      throw signal.reason;
    }
    return failureOf(asking, id, thrown);
  }
}

function failureOf({ circuits, platform }: Asking, connectionId: string, thrown: unknown): Failure {
  const error = asPlinthError(thrown);
  switch (error.code) {
    case 'outbound_failed':
      circuits.failed(connectionId);
      return { error: unavailable(error), againMs: backoff(), blames: true };
    case 'outbound_timeout':
      circuits.failed(connectionId);
      return { error: unavailable(error), blames: true };
    case 'outbound_refused':
    case 'outbound_redirect':
    case 'outbound_too_large':
    case 'invalid_value':
    case 'decryption_failed':
      circuits.undecided(connectionId);
      platform.log.warn({ err: error, connection: connectionId }, 'a provider connection can not be used');
      return { error: unavailable(error), blames: false };
    default:
      circuits.undecided(connectionId);
      if (error.code === 'internal') throw thrown;
      return { error, blames: false };
  }
}

/** Where the provider is is the administrators' to know: the code says enough to everybody else. */
function unavailable(cause: PlinthError): PlinthError {
  return callErrors.provider_unavailable({ detail: `calling it failed (${cause.code})`, retryAfterSeconds: 1, cause });
}

const backoff = () => callLimits.backoff_ms * (0.5 + Math.random());

function open(asking: Asking, target: Target, credentials: Credentials): Promise<OutboundStream> {
  return asking.platform.net.stream({
    method: 'POST',
    url: `${target.connection.base_url}${asking.path}`,
    headers: {
      ...asking.headers,
      ...lowerCased(providerHeaders(asking.speaks, credentials), asking.headers),
      'content-type': 'application/json',
      accept: asking.isStream ? 'text/event-stream' : 'application/json',
    },
    body: asking.body(target),
    timeoutMs: callLimits.timeout_ms,
    idleTimeoutMs: callLimits.idle_ms,
    maxResponseBytes: callLimits.answer_bytes_max,
    signal: asking.signal,
  });
}

/** The connection's headers in one spelling; the version the client speaks goes before the one we would say. */
function lowerCased(headers: Readonly<Record<string, string>>, client: Readonly<Record<string, string>>) {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(entries.filter(([name]) => !(name === 'anthropic-version' && name in client)));
}

async function settle(
  asking: Asking,
  target: Target,
  stream: OutboundStream,
  credentials: Credentials,
): Promise<ProviderAnswer | Failure> {
  const { status, headers } = stream;
  const contentType = String(headers['content-type'] ?? 'application/json');
  if (status >= 400) return refusalOf(asking, target, stream, credentials);
  if (asking.isStream && /^text\/event-stream/i.test(contentType)) {
    return firstEvents(target, stream, contentType);
  }
  const body = await bytesOf(stream.body);
  return { kind: 'whole', target, status, contentType, retryAfter: undefined, body };
}

async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function refusalOf(
  { platform }: Asking,
  target: Target,
  stream: OutboundStream,
  credentials: Credentials,
): Promise<Failure | ProviderAnswer> {
  const { status, headers } = stream;
  const said = await bytesOf(stream.body);
  if (status === 401 || status === 403) {
    const error = callErrors.provider_refused_key({ detail: `it answered ${status}` });
    platform.log.warn({ connection: target.connection.id, status }, 'a provider refuses the key of a connection');
    return { error, blames: false };
  }
  const answer = {
    kind: 'whole',
    target,
    status,
    contentType: String(headers['content-type'] ?? 'application/json'),
    retryAfter: headers['retry-after'],
    body: withoutSecrets(said, credentials),
  } as const;
  if (!passing.has(status)) return answer;
  const error = errors.too_busy({ detail: `the provider answered ${status}` });
  const wait = retryAfterMs(answer.retryAfter, platform);
  // asked at once again, who is over its limit is over it once more
  if (status === 429) return { error, answer, blames: false, ...(wait === undefined ? {} : { againMs: wait }) };
  return { error, answer, blames: status >= 500, againMs: wait ?? backoff() };
}

function retryAfterMs(header: string | undefined, platform: Platform): number | undefined {
  const seconds = parseRetryAfter(header, platform.clock.now());
  if (seconds === undefined || seconds * 1_000 > callLimits.retry_after_ms_max) return undefined;
  return Math.max(seconds * 1_000, 10);
}

/** What a provider says of an error may repeat what it was sent. */
function withoutSecrets(said: Buffer, { key, headers }: Credentials): Buffer {
  const text = said.toString('utf8', 0, callLimits.error_body_chars_max);
  let safe = redactPatterns(text);
  for (const secret of [key, ...Object.values(headers)]) {
    if (secret !== undefined && secret.length >= 8) safe = safe.replaceAll(secret, '[redacted]');
  }
  return safe === text && said.length <= callLimits.error_body_chars_max ? said : Buffer.from(safe);
}

/** Waits for the first event: a provider that begins with an error, or ends before, may be asked again. */
async function firstEvents(
  target: Target,
  stream: OutboundStream,
  contentType: string,
): Promise<ProviderAnswer | Failure> {
  const splitter = makeSseSplitter();
  const chunks = stream.body[Symbol.asyncIterator]();
  let first: SseEvent[] = [];
  while (first.length === 0) {
    const { value, done } = await chunks.next();
    if (done) {
      return { error: callErrors.provider_answer_cut({ detail: 'no event came' }), againMs: backoff(), blames: true };
    }
    first = splitter.feed(value);
  }
  if (isErrorEvent(first[0]!)) {
    await chunks.return?.();
    const error = callErrors.provider_unavailable({ detail: 'its stream began with an error', retryAfterSeconds: 1 });
    return { error, againMs: backoff(), blames: true };
  }
  return {
    kind: 'stream',
    target,
    status: stream.status,
    contentType,
    events: eventsOf(first, splitter, chunks),
  };
}

function isErrorEvent(event: SseEvent): boolean {
  try {
    const data = JSON.parse(event.data()) as { type?: unknown; error?: unknown } | null;
    return data?.type === 'error' || (typeof data?.error === 'object' && data.error !== null);
  } catch {
    return false;
  }
}

async function* eventsOf(
  first: readonly SseEvent[],
  splitter: SseSplitter,
  chunks: AsyncIterator<Buffer>,
): AsyncGenerator<readonly SseEvent[]> {
  let isOver = false;
  try {
    yield first;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      const events = splitter.feed(next.value);
      if (events.length > 0) yield events;
    }
    isOver = true;
    const rest = splitter.rest();
    // a last event without its empty line is none, but what there is goes through
    if (rest.length > 0) yield [{ bytes: rest, data: () => '' }];
  } finally {
    if (!isOver) await chunks.return?.();
  }
}
