import { numberAt, stringAt } from '../json.ts';
import { readPayload } from '../payload.ts';
import {
  anySecretSigns,
  bodyDigest,
  failed,
  isDeliveryId,
  isKind,
  mac,
  requiredHeader,
  textSecretProblem,
  usableSecrets,
  withinTolerance,
} from './common.ts';
import type { WebhookScheme } from './scheme.ts';

const SIGNATURE = /^[0-9a-f]{64}$/;
/** The year 2286, as for seconds in `unixSeconds`. */
const TIMESTAMP_MS_MAX = 9_999_999_999_999;

/**
 * Linear: `Linear-Signature: <hex>` over the raw body; the time of sending is in the body (`webhookTimestamp`,
 * milliseconds), the delivery id only in a header that is not signed. The kind is the body's `type`.
 * https://linear.app/developers/webhooks
 */
export const linearScheme: WebhookScheme = {
  name: 'linear',
  verify({ headers, rawBody, secrets, now }) {
    const usable = usableSecrets(secrets);
    if (usable.length === 0) return failed('webhook_secret_missing');
    const signature = requiredHeader(headers, 'linear-signature', 'signature_missing');
    if (!signature.ok) return signature;
    if (!SIGNATURE.test(signature.value)) return failed('signature_malformed');
    const sign = (secret: Buffer) => mac('sha256', secret, [rawBody], 'hex');
    if (!anySecretSigns(usable, [signature.value], sign)) return failed('signature_mismatch');

    const payload = readPayload(rawBody);
    const milliseconds = numberAt(payload.json, 'webhookTimestamp');
    if (milliseconds === undefined) return failed('timestamp_missing');
    if (!Number.isInteger(milliseconds) || milliseconds < 0 || milliseconds > TIMESTAMP_MS_MAX) {
      return failed('timestamp_invalid');
    }
    const claimedAt = new Date(milliseconds);
    if (!withinTolerance(claimedAt, now)) return failed('timestamp_out_of_tolerance');

    const delivery = requiredHeader(headers, 'linear-delivery', 'header_missing');
    if (!delivery.ok) return delivery;
    const type = stringAt(payload.json, 'type');
    if (!isDeliveryId(delivery.value)) return failed('header_invalid');
    return {
      ok: true,
      deduplicationKey: `linear:${delivery.value}`,
      replayKey: bodyDigest(rawBody),
      kind: isKind(type) ? type : 'message',
      externalId: delivery.value,
      claimedAt,
      payload,
    };
  },
  secretProblem: textSecretProblem,
};
