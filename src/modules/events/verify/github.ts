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
} from './common.ts';
import type { WebhookScheme } from './scheme.ts';

const SIGNATURE = /^sha256=[0-9a-f]{64}$/;

/**
 * GitHub: `X-Hub-Signature-256: sha256=<hex>` over the raw body. GitHub signs neither a time nor the delivery id, so
 * the body's digest is a second key. It is the body's alone: the kind stands in a header that is not signed either.
 * https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const githubScheme: WebhookScheme = {
  name: 'github',
  verify({ headers, rawBody, secrets }) {
    const usable = usableSecrets(secrets);
    if (usable.length === 0) return failed('webhook_secret_missing');
    const signature = requiredHeader(headers, 'x-hub-signature-256', 'signature_missing');
    if (!signature.ok) return signature;
    if (!SIGNATURE.test(signature.value)) return failed('signature_malformed');
    const sign = (secret: Buffer) => `sha256=${mac('sha256', secret, [rawBody], 'hex')}`;
    if (!anySecretSigns(usable, [signature.value], sign)) return failed('signature_mismatch');

    const delivery = requiredHeader(headers, 'x-github-delivery', 'header_missing');
    if (!delivery.ok) return delivery;
    const kind = requiredHeader(headers, 'x-github-event', 'header_missing');
    if (!kind.ok) return kind;
    if (!isDeliveryId(delivery.value) || !isKind(kind.value)) return failed('header_invalid');
    return {
      ok: true,
      deduplicationKey: `github:${delivery.value}`,
      replayKey: bodyDigest(rawBody),
      kind: kind.value,
      externalId: delivery.value,
    };
  },
  secretProblem: textSecretProblem,
};
