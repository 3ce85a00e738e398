import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/**
 * The headers of Standard Webhooks: one v1 signature for each secret, so that a receiver may hold the old or the new one.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhookHeaders(
  id: string,
  at: Date,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** What is told of an event beside its payload. */
export interface WebhookHead {
  readonly id: string;
  readonly type: string;
  readonly timestamp: Date | string;
  readonly source: string | null;
}

/** The body of a delivery; the payload goes in as the text it is, for its numbers' digits. */
export function webhookBody({ id, type, timestamp, source }: WebhookHead, payload: string): string {
  const head = JSON.stringify({ id, type, timestamp, source });
  return `${head.slice(0, -1)},"data":${payload}}`;
}
