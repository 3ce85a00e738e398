import { stringAt } from '../json.ts';
import { readPayload } from '../payload.ts';
import {
  anySecretSigns,
  bodyDigest,
  failed,
  header,
  isDeliveryId,
  isKind,
  mac,
  requiredHeader,
  textSecretProblem,
  unixSeconds,
  usableSecrets,
  withinTolerance,
} from './common.ts';
import type { Verified, WebhookScheme } from './scheme.ts';

const SIGNATURE = /^v0=[0-9a-f]{64}$/;
const FORM = 'application/x-www-form-urlencoded';

/**
 * What a verified body says. Events API bodies are JSON with an `event_id`, the same for every retry. Slash commands
 * and interactions are forms: a command has a field `command`, an interaction one field `payload` of JSON.
 */
function describe(rawBody: Buffer, isForm: boolean): Omit<Verified, 'ok' | 'claimedAt' | 'replayKey'> {
  const byBody = { deduplicationKey: `slack:${bodyDigest(rawBody)}`, externalId: null };
  if (isForm && !/(^|&)payload=/.test(rawBody.toString('latin1'))) return { ...byBody, kind: 'slash_command' };
  const payload = readPayload(rawBody, isForm ? { contentType: FORM } : {});
  const type = stringAt(payload.json, 'type');
  const challenge = stringAt(payload.json, 'challenge');
  if (type === 'url_verification' && challenge !== undefined) {
    return { ...byBody, kind: type, payload, reply: { challenge } };
  }
  const inner = stringAt(payload.json, 'event', 'type');
  const kind = [inner, type].find(isKind) ?? 'message';
  const eventId = stringAt(payload.json, 'event_id');
  if (eventId === undefined || !isDeliveryId(eventId)) return { ...byBody, kind, payload };
  return { deduplicationKey: `slack:${eventId}`, externalId: eventId, kind, payload };
}

/**
 * Slack: `X-Slack-Signature: v0=<hex>` over `v0:timestamp:body`; the event's id stands in the signed body.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export const slackScheme: WebhookScheme = {
  name: 'slack',
  verify({ headers, rawBody, secrets, now }) {
    const usable = usableSecrets(secrets);
    if (usable.length === 0) return failed('webhook_secret_missing');
    const timestamp = requiredHeader(headers, 'x-slack-request-timestamp', 'timestamp_missing');
    if (!timestamp.ok) return timestamp;
    const signature = requiredHeader(headers, 'x-slack-signature', 'signature_missing');
    if (!signature.ok) return signature;
    const claimedAt = unixSeconds(timestamp.value);
    if (claimedAt === null) return failed('timestamp_invalid');
    if (!withinTolerance(claimedAt, now)) return failed('timestamp_out_of_tolerance');
    if (!SIGNATURE.test(signature.value)) return failed('signature_malformed');
    const sign = (secret: Buffer) => `v0=${mac('sha256', secret, [`v0:${timestamp.value}:`, rawBody], 'hex')}`;
    if (!anySecretSigns(usable, [signature.value], sign)) return failed('signature_mismatch');

    const type = header(headers, 'content-type');
    if (type !== undefined && 'repeated' in type) return failed('header_repeated');
    const isForm = type?.value.toLowerCase().startsWith(FORM) ?? false;
    return { ok: true, ...describe(rawBody, isForm), replayKey: null, claimedAt };
  },
  secretProblem: textSecretProblem,
};
