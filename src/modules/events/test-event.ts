import { randomUUID } from 'node:crypto';
import { eventErrors } from './errors.ts';
import type { SignableSource } from './hook-sources.ts';
import type { Webhook } from './receive.ts';
import { type SignedHeaders, signGithub, signHmac, signLinear, signSlack, signStandardWebhooks } from './sample.ts';
import type { HmacConfiguration } from './verify/hmac.ts';
import type { SchemeName } from './verify/index.ts';

interface Sample {
  readonly body: Readonly<Record<string, unknown>>;
  sign(body: string, secret: string, at: Date): SignedHeaders;
}

const text = 'A test event, sent from Plinth';

const standard = (body: string, secret: string, at: Date) => signStandardWebhooks(body, secret, { at });

/**
 * What each sender might send, harmless to act on: it names no repository, issue or person that could be real. `id` is new
 * each time, so that no sample is a repeat of another.
 */
const samples: Readonly<Record<SchemeName, (id: string, at: Date, configuration: unknown) => Sample>> = {
  github: (id) => ({
    // what GitHub itself sends when a webhook is made
    body: { zen: text, hook_id: 1, hook: { type: 'Repository', id: 1, name: 'web', active: true }, test_id: id },
    sign: (body, secret) => signGithub(body, secret, { kind: 'ping', deliveryId: id }),
  }),
  linear: (id, at) => ({
    body: {
      action: 'create',
      type: 'Comment',
      createdAt: at.toISOString(),
      webhookTimestamp: at.getTime(),
      data: { id, body: text, createdAt: at.toISOString(), updatedAt: at.toISOString() },
    },
    sign: (body, secret) => signLinear(body, secret, { deliveryId: id }),
  }),
  slack: (id, at) => ({
    body: {
      type: 'event_callback',
      event_id: `Ev${id.replaceAll('-', '').toUpperCase()}`,
      event_time: Math.floor(at.getTime() / 1000),
      event: { type: 'message', channel_type: 'channel', text, ts: `${Math.floor(at.getTime() / 1000)}.000100` },
    },
    sign: (body, secret, now) => signSlack(body, secret, { at: now }),
  }),
  deployment: (id, at) => ({
    body: { id, status: 'queued', environment: 'test', service: text, started_at: at.toISOString() },
    sign: standard,
  }),
  standard_webhooks: (id, at) => ({
    body: { type: 'plinth.test', timestamp: at.toISOString(), data: { id, text } },
    sign: standard,
  }),
  hmac: (id, at, configuration) => ({
    body: { type: 'plinth.test', id, text, sent_at: at.toISOString() },
    sign: (body, secret) =>
      signHmac(body, secret, configuration as HmacConfiguration, { deliveryId: id, kind: 'plinth.test' }),
  }),
};

/**
 * A sample as the sender of this source would send it now, signed with the source's secret. Throws
 * `event_source_not_signable` where only a public key is known.
 */
export function signedSample(
  source: Pick<SignableSource, 'schemeName' | 'configuration' | 'secret'>,
  at: Date,
): Pick<Webhook, 'headers' | 'contentType' | 'rawBody'> {
  const secret = source.secret.toString();
  const isStandard = source.schemeName === 'standard_webhooks' || source.schemeName === 'deployment';
  if (isStandard && secret.startsWith('whpk_')) throw eventErrors.event_source_not_signable();
  const sample = samples[source.schemeName](randomUUID(), at, source.configuration);
  const body = JSON.stringify(sample.body);
  return { headers: sample.sign(body, secret, at), contentType: 'application/json', rawBody: Buffer.from(body) };
}
