import { errors } from '../../platform/core/errors.ts';
import { type Batcher, makeBatcher } from '../../platform/db/batcher.ts';
import type { Platform } from '../../platform/platform.ts';
import { type VerificationFailure, verificationError } from './errors.ts';
import { type HookSource, hookUnknown, makeHookSources } from './hook-sources.ts';
import { type Ingested, ingestAlone } from './ingest.ts';
import { eventLimits, hookRates } from './limits.ts';
import { eventOfWebhook, type NewEvent } from './new-event.ts';
import { readPayload, type WebhookPayload } from './payload.ts';
import { signedSample } from './test-event.ts';
import { makeTokenBuckets, type Rate } from './token-buckets.ts';
import type { Verified, WebhookHeaders } from './verify/scheme.ts';

export interface Webhook {
  readonly headers: WebhookHeaders;
  readonly contentType: string | undefined;
  readonly rawBody: Buffer;
  readonly ip: string;
  readonly requestId: string;
}

export type HookAnswer = Ingested | { readonly challenge: string };

/** Receives webhooks: one for each process. */
export interface Receiver {
  /**
   * The source a webhook's address names, before its body is read. Throws `hook_unknown`, always in the same words, or
   * `rate_limited`.
   */
  admit(token: string, ip: string): Promise<HookSource>;
  /**
   * Verifies, reads and stores one webhook; resolves when it is committed. Throws an error of verification (401), of
   * `readPayload` (400, 413), `rate_limited` or `too_busy`.
   */
  receive(source: HookSource, webhook: Webhook): Promise<HookAnswer>;
  /**
   * Signs a sample as the sender of the source would, and receives it. Throws `not_found`, `event_source_off`,
   * `event_source_not_signable`, and what `receive` throws.
   */
  test(organizationId: string, sourceId: string, from: Pick<Webhook, 'ip' | 'requestId'>): Promise<Ingested>;
  /** To be called when a source of the organization was changed. */
  forget(organizationId: string): void;
}

export interface ReceiverOptions {
  readonly rates?: { readonly [K in keyof typeof hookRates]: Rate };
  /** Events in one statement; 1 writes each alone. For measurements. */
  readonly batchEventsMax?: number;
}

function refuseUntil(seconds: number): void {
  if (seconds > 0) throw errors.rate_limited({ retryAfterSeconds: Math.max(1, Math.ceil(seconds)) });
}

export function makeReceiver(platform: Platform, options: ReceiverOptions = {}): Receiver {
  const { clock } = platform;
  const rates = options.rates ?? hookRates;
  const buckets = (rate: Rate) => makeTokenBuckets(rate, eventLimits.rate_keys_max, clock);
  const byAddress = buckets(rates.address);
  const byToken = buckets(rates.token);
  const unknownTokens = buckets(rates.unknown_token);
  const badSignatures = buckets(rates.bad_signature);
  const securityEvents = buckets(rates.security_event);
  const sources = makeHookSources(platform);
  const batcher = makeSourceBatcher(platform, options.batchEventsMax ?? eventLimits.batch_events_max);

  async function refuse(source: HookSource, code: VerificationFailure, webhook: Webhook): Promise<never> {
    badSignatures.take(`${source.id} ${webhook.ip}`);
    if (securityEvents.take(source.id) === 0) await recordFailure(platform, source, code, webhook);
    throw verificationError(code);
  }

  const receiver: Receiver = {
    forget: (organizationId) => sources.forget(organizationId),
    async test(organizationId, sourceId, from) {
      const source = await sources.open(organizationId, sourceId);
      refuseUntil(byToken.take(source.id));
      const answer = await receiver.receive(source, { ...signedSample(source, clock.now()), ...from });
      if ('challenge' in answer) throw errors.internal({ cause: new Error('a sample is no challenge') });
      return answer;
    },
    async admit(token, ip) {
      refuseUntil(byAddress.take(ip));
      let asked = false;
      const source = await sources.find(token, () => {
        asked = true;
        refuseUntil(unknownTokens.wait(ip));
      });
      if (!source) {
        if (asked) unknownTokens.take(ip);
        throw hookUnknown();
      }
      refuseUntil(byToken.take(source.id));
      return source;
    },
    async receive(source, webhook) {
      const now = clock.now();
      refuseUntil(badSignatures.wait(`${source.id} ${webhook.ip}`));
      const { headers, rawBody } = webhook;
      const { previous } = source;
      const secrets = [source.secret, ...(previous && previous.expiresAt > now ? [previous.secret] : [])];
      const result = source.scheme.verify({ headers, rawBody, secrets, now });
      if (!result.ok) return refuse(source, result.code, webhook);
      if (result.reply) return result.reply;
      const event = eventOfWebhook(source.schemeName, result, payloadOf(result, webhook), now);
      return batcher.add(`${source.organizationId} ${source.id} ${source.schemeName}`, event);
    },
  };
  return receiver;
}

/** A form of Slack's slash commands is a few hundred bytes. */
const command_bytes_max = 64 * 1024;

/** The body as JSON. Slack's slash commands are plain forms: their fields become one object. */
function payloadOf(verified: Verified, { rawBody, contentType }: Webhook): WebhookPayload {
  if (verified.payload) return verified.payload;
  if (verified.kind !== 'slash_command') return readPayload(rawBody, { contentType });
  if (rawBody.length > command_bytes_max) throw errors.body_too_large();
  const fields = Object.fromEntries(new URLSearchParams(rawBody.toString('utf8')));
  return readPayload(Buffer.from(JSON.stringify(fields)));
}

/** One batch is one organization's and one source's: it is written in the scope of that tenant. */
function makeSourceBatcher(platform: Platform, itemsMax: number): Batcher<NewEvent, Ingested> {
  return makeBatcher<NewEvent, Ingested>({
    slots: platform.engine.capabilities.concurrentConnections ? eventLimits.batch_slots : 1,
    items_max: itemsMax,
    bytes_max: eventLimits.batch_bytes_max,
    waiting_max: eventLimits.waiting_events_max,
    write(group, events) {
      const [organizationId = '', sourceId = '', scheme = ''] = group.split(' ');
      return ingestAlone(platform, organizationId, { sourceId, scheme }, events);
    },
  });
}

/** For the operator; what it says of the sender is its address and the rule that failed. */
async function recordFailure(
  platform: Platform,
  source: HookSource,
  code: VerificationFailure,
  { ip, requestId }: Webhook,
): Promise<void> {
  const { organizationId, id } = source;
  const event = {
    kind: 'webhook_refused',
    severity: 'warning',
    organization_id: organizationId,
    details: { source_id: id, code },
  };
  try {
    await platform.door.write({ as: 'app', organizationId, memberRole: 'service', requestId, ipAddress: ip }, (tx) =>
      tx.sql('select plinth.record_security_event($1::jsonb)', [JSON.stringify(event)]),
    );
  } catch (error) {
    platform.log.warn({ err: error }, 'a security event could not be recorded');
  }
}
