import { errors, PlinthError } from '../../platform/core/errors.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import type { OutboundResponse } from '../../platform/net/index.ts';
import type { Platform } from '../../platform/platform.ts';
import { parseRetryAfter } from '../tasks/index.ts';
import { headersContext, secretContext } from './endpoint-secrets.ts';
import { deliveryLimits } from './limits.ts';
import { nextAttemptAt } from './schedule.ts';
import { standardWebhookHeaders, webhookBody } from './sign.ts';

/** A delivery as `plinth.claim_event_deliveries` returns it. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly occurred_at: Date;
  readonly endpoint_id: string;
  readonly event_id: string;
  readonly event_occurred_at: Date;
  /** From 1. */
  readonly attempt: number;
  readonly is_test: boolean;
  /** Null when the event is no longer there. */
  readonly source: string | null;
  readonly event_type: string;
  /** Null when it was too large to come along. */
  readonly payload: string | null;
  readonly url: string;
  readonly secret: string;
  readonly previous_secret: string | null;
  readonly previous_secret_expires_at: Date | null;
  readonly headers: string | null;
  readonly timeout_ms: number;
  readonly retry_schedule_seconds: readonly number[] | null;
  readonly jitter_percent: number;
}

/** What came of an attempt, as `plinth.finish_event_deliveries` takes it. */
export interface AttemptResult {
  readonly id: string;
  readonly occurred_at: Date;
  readonly endpoint_id: string;
  readonly outcome: 'delivered' | 'failed';
  readonly attempt_id: string;
  readonly started_at: Date;
  readonly latency_ms: number;
  readonly status_code?: number;
  readonly error_code?: string;
  readonly error?: string;
  readonly excerpt?: string;
  /** Null: it was the last attempt. */
  readonly retry_at?: Date | null;
  /** The receiver asked that nothing be sent to it until then. */
  readonly pause_until?: Date;
  readonly is_gone?: boolean;
}

export interface AttemptOptions {
  readonly signal: AbortSignal;
  readonly random: () => number;
}

/** Makes one attempt. Never throws: what goes wrong is the attempt's result. */
export async function attemptDelivery(
  platform: Platform,
  organizationId: string,
  delivery: ClaimedDelivery,
  { signal, random }: AttemptOptions,
): Promise<AttemptResult> {
  const startedAt = platform.clock.now();
  const from = performance.now();
  const attempt = await request(platform, organizationId, delivery, startedAt, signal).then(
    (answer) => judge(answer, platform.clock.now()),
    (error: unknown) => failureOf(platform, error, signal),
  );
  const { id, occurred_at, endpoint_id } = delivery;
  const { isFinal, notBefore, ...rest } = attempt;
  return {
    id,
    occurred_at,
    endpoint_id,
    attempt_id: uuidv7(startedAt),
    started_at: startedAt,
    latency_ms: Math.round(performance.now() - from),
    ...rest,
    ...(rest.outcome === 'delivered' || isFinal
      ? { retry_at: null }
      : { retry_at: nextAttemptAt(delivery, delivery.attempt, platform.clock.now(), notBefore, random) }),
  };
}

interface Judged
  extends Pick<
    AttemptResult,
    'outcome' | 'status_code' | 'error_code' | 'error' | 'excerpt' | 'pause_until' | 'is_gone'
  > {
  /** Another attempt would be in vain. */
  readonly isFinal?: boolean;
  readonly notBefore?: Date;
}

async function request(
  platform: Platform,
  organizationId: string,
  delivery: ClaimedDelivery,
  at: Date,
  signal: AbortSignal,
): Promise<OutboundResponse> {
  const { event_id: id, event_type: type, event_occurred_at: timestamp, source } = delivery;
  const payload = delivery.payload ?? (await readPayload(platform, organizationId, delivery));
  // the same for every attempt: only the signature's time differs
  const body = webhookBody({ id, type, timestamp, source }, payload);
  const { keyring } = platform;
  const sealed = [delivery.secret];
  const { previous_secret, previous_secret_expires_at, endpoint_id } = delivery;
  if (previous_secret !== null && previous_secret_expires_at !== null && previous_secret_expires_at > at) {
    sealed.push(previous_secret);
  }
  const context = secretContext(organizationId, endpoint_id);
  const secrets = await Promise.all(sealed.map(async (one) => (await keyring.open(context, one)).toString()));
  const more: Record<string, string> =
    delivery.headers === null
      ? {}
      : JSON.parse((await keyring.open(headersContext(organizationId, endpoint_id), delivery.headers)).toString());
  return platform.net.request({
    method: 'POST',
    url: delivery.url,
    headers: {
      ...more,
      'content-type': 'application/json',
      'user-agent': 'Plinth-Webhooks',
      ...standardWebhookHeaders(id, at, body, secrets),
    },
    body,
    timeoutMs: delivery.timeout_ms,
    maxResponseBytes: deliveryLimits.answer_bytes_max,
    cutsAnswer: true,
    signal,
  });
}

async function readPayload(platform: Platform, organizationId: string, delivery: ClaimedDelivery): Promise<string> {
  const [row] = await platform.door.readOne<{ payload: string }>(
    { as: 'app', organizationId, memberRole: 'service' },
    'select payload::text as payload from plinth.events where organization_id = $1 and id = $2 and occurred_at = $3',
    [organizationId, delivery.event_id, delivery.event_occurred_at],
  );
  if (!row) throw errors.not_found({ detail: 'the event is no longer kept' });
  return row.payload;
}

function judge({ status, headers, body }: OutboundResponse, now: Date): Judged {
  const answer = { status_code: status, excerpt: excerptOf(body) };
  if (status >= 200 && status < 300) return { outcome: 'delivered', ...answer };
  const failed = { outcome: 'failed' as const, error_code: `answered_${Math.floor(status / 100)}xx`, ...answer };
  if (status === 410) return { ...failed, isFinal: true, is_gone: true };
  const seconds = parseRetryAfter(headers['retry-after'], now);
  if (seconds === undefined) return failed;
  const notBefore = new Date(now.getTime() + seconds * 1_000);
  // busy: what else waits for this receiver waits as well
  return { ...failed, notBefore, ...(status === 429 || status === 503 ? { pause_until: notBefore } : {}) };
}

function failureOf(platform: Platform, thrown: unknown, signal: AbortSignal): Judged {
  const outcome = 'failed' as const;
  if (signal.aborted) {
    return { outcome, error_code: 'delivery_interrupted', error: 'The server stopped before there was an answer.' };
  }
  if (!(thrown instanceof PlinthError)) {
    platform.log.error({ err: thrown }, 'a delivery failed');
    return { outcome, error_code: 'internal', error: 'Something of this server failed; its log says what.' };
  }
  const { code, message } = thrown;
  // what is not there will not be there later
  return { outcome, error_code: code, error: message, isFinal: code === 'not_found' };
}

/** The beginning of an answer as text that does nothing wherever it is shown. */
function excerptOf(body: Buffer): string {
  const text = new TextDecoder('utf-8', { fatal: false }).decode(body);
  return text
    .slice(0, deliveryLimits.excerpt_chars_max)
    .toWellFormed()
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
