import { type SignedHeaders, signGithub, signHmac, signLinear, signSlack, signStandardWebhooks } from '../sample.ts';
import { type SchemeName, webhookScheme } from './index.ts';
import type { VerifyResult, WebhookHeaders } from './scheme.ts';

export const now = new Date(1_614_265_330_000);
export const hmacSettings = { header: 'X-Signature', algorithm: 'sha512', encoding: 'base64', prefix: 'v=' } as const;
export const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** One good webhook for each scheme, with the header that holds the signature. */
interface Sample {
  readonly secret: string;
  readonly body: string;
  readonly headers: SignedHeaders;
  readonly signatureHeader: string;
}

const linearBody = JSON.stringify({ action: 'create', type: 'Issue', webhookTimestamp: now.getTime() });
export const slackBody = JSON.stringify({
  type: 'event_callback',
  event_id: 'Ev08MFMKH6',
  event: { type: 'app_mention' },
});
export const text = 'It is no secret to anybody';

export const samples: Record<SchemeName, Sample> = {
  github: {
    secret: text,
    body: '{"zen":"Design for failure."}',
    headers: signGithub('{"zen":"Design for failure."}', text, { kind: 'ping', deliveryId: 'd-1' }),
    signatureHeader: 'x-hub-signature-256',
  },
  standard_webhooks: {
    secret: whsec,
    body: '{"type":"invoice.paid"}',
    headers: signStandardWebhooks('{"type":"invoice.paid"}', whsec, { at: now, id: 'msg_1' }),
    signatureHeader: 'webhook-signature',
  },
  slack: {
    secret: text,
    body: slackBody,
    headers: signSlack(slackBody, text, { at: now }),
    signatureHeader: 'x-slack-signature',
  },
  linear: {
    secret: text,
    body: linearBody,
    headers: signLinear(linearBody, text, { deliveryId: 'd-1' }),
    signatureHeader: 'linear-signature',
  },
  deployment: {
    secret: whsec,
    body: '{"status":"succeeded"}',
    headers: signStandardWebhooks('{"status":"succeeded"}', whsec, { at: now, id: 'msg_1' }),
    signatureHeader: 'webhook-signature',
  },
  hmac: {
    secret: text,
    body: '[1]',
    headers: signHmac('[1]', text, hmacSettings),
    signatureHeader: 'x-signature',
  },
};

export function check(
  name: SchemeName,
  headers: WebhookHeaders,
  body: string | Buffer,
  secrets: readonly (string | Buffer)[],
  at: Date = now,
): VerifyResult {
  return webhookScheme(name, name === 'hmac' ? hmacSettings : undefined).verify({
    headers,
    rawBody: Buffer.from(body),
    secrets: secrets.map((secret) => Buffer.from(secret)),
    now: at,
  });
}

export function codeOf(result: VerifyResult): string {
  return result.ok ? 'ok' : result.code;
}

export const flipBit = (bytes: Buffer, position: number, bit: number) => {
  const flipped = Buffer.from(bytes);
  const at = position % flipped.length;
  flipped[at] = flipped[at]! ^ (1 << bit);
  return flipped;
};
