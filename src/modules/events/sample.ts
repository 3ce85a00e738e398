import { createHmac, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { HmacConfiguration } from './verify/hmac.ts';

/** Headers of a signed sample, for tests, `plinth events send` and the demo. The body must be sent as it is. */
export type SignedHeaders = Readonly<Record<string, string>>;

export interface GithubSample {
  readonly kind: string;
  /** A new one unless given; GitHub uses a UUID. */
  readonly deliveryId?: string;
  readonly contentType?: 'application/json' | 'application/x-www-form-urlencoded';
}

/** The headers GitHub sends with `body`. */
export function signGithub(body: Buffer | string, secret: Buffer | string, sample: GithubSample): SignedHeaders {
  return {
    'content-type': sample.contentType ?? 'application/json',
    'user-agent': 'GitHub-Hookshot/plinth',
    'x-github-delivery': sample.deliveryId ?? randomUUID(),
    'x-github-event': sample.kind,
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}

export interface StandardWebhooksSample {
  readonly at: Date;
  readonly id?: string;
}

function seconds(at: Date): string {
  return String(Math.floor(at.getTime() / 1000));
}

/** Standard Webhooks v1. `secret` is the text form: `whsec_` and base64, or base64 alone. */
export function signStandardWebhooks(
  body: Buffer | string,
  secret: string,
  { at, id = `msg_${randomUUID().replaceAll('-', '')}` }: StandardWebhooksSample,
): SignedHeaders {
  const key = Buffer.from(secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : secret, 'base64');
  const signature = createHmac('sha256', key)
    .update(`${id}.${seconds(at)}.`)
    .update(body)
    .digest('base64');
  return standardHeaders(id, at, `v1,${signature}`);
}

/** Standard Webhooks v1a, with an Ed25519 private key. */
export function signStandardWebhooksAsymmetric(
  body: Buffer | string,
  privateKey: KeyObject,
  { at, id = `msg_${randomUUID().replaceAll('-', '')}` }: StandardWebhooksSample,
): SignedHeaders {
  const content = Buffer.concat([Buffer.from(`${id}.${seconds(at)}.`), Buffer.from(body)]);
  return standardHeaders(id, at, `v1a,${sign(null, content, privateKey).toString('base64')}`);
}

function standardHeaders(id: string, at: Date, signature: string): SignedHeaders {
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': seconds(at),
    'webhook-signature': signature,
  };
}

export function signSlack(
  body: Buffer | string,
  secret: Buffer | string,
  { at }: { readonly at: Date },
): SignedHeaders {
  const signature = createHmac('sha256', secret)
    .update(`v0:${seconds(at)}:`)
    .update(body)
    .digest('hex');
  return {
    'content-type': 'application/json',
    'x-slack-request-timestamp': seconds(at),
    'x-slack-signature': `v0=${signature}`,
  };
}

/** Linear; the time is `webhookTimestamp` in the body. */
export function signLinear(
  body: Buffer | string,
  secret: Buffer | string,
  { deliveryId = randomUUID() }: { readonly deliveryId?: string } = {},
): SignedHeaders {
  return {
    'content-type': 'application/json',
    'linear-delivery': deliveryId,
    'linear-signature': createHmac('sha256', secret).update(body).digest('hex'),
  };
}

/** The headers of a sender described by `configuration`; id and kind are sent where it names headers for them. */
export function signHmac(
  body: Buffer | string,
  secret: Buffer | string,
  configuration: HmacConfiguration,
  { deliveryId = randomUUID(), kind = 'message' }: { readonly deliveryId?: string; readonly kind?: string } = {},
): SignedHeaders {
  const { algorithm, encoding, prefix = '' } = configuration;
  const signature = prefix + createHmac(algorithm, secret).update(body).digest(encoding);
  return {
    'content-type': 'application/json',
    [configuration.header.toLowerCase()]: signature,
    ...(configuration.id_header === undefined ? {} : { [configuration.id_header.toLowerCase()]: deliveryId }),
    ...(configuration.kind_header === undefined ? {} : { [configuration.kind_header.toLowerCase()]: kind }),
  };
}
