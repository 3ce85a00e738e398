import { randomBytes } from 'node:crypto';
import type { SealContext } from '../../platform/core/crypto/index.ts';
import { errors } from '../../platform/core/errors.ts';
import type { SchemeName } from './verify/index.ts';
import type { WebhookScheme } from './verify/scheme.ts';

const GENERATED_BYTES = 32;

/**
 * Where a source's secret is valid. Both columns have the context of `secret`: a rotation moves the sealed value from
 * one to the other inside the database.
 */
export function secretContext(organizationId: string, sourceId: string): SealContext {
  return { organizationId, table: 'event_sources', column: 'secret', rowId: sourceId };
}

/** A new secret in the form the scheme's senders take: 256 random bits. */
export function generateSecret(scheme: SchemeName): string {
  const bytes = randomBytes(GENERATED_BYTES);
  return scheme === 'standard_webhooks' || scheme === 'deployment'
    ? `whsec_${bytes.toString('base64')}`
    : bytes.toString('hex');
}

/** Throws `invalid_value` when the scheme cannot use the secret. The secret is not in the message. */
export function checkSecret(scheme: WebhookScheme, secret: string): void {
  const problem = secret.isWellFormed() ? scheme.secretProblem(Buffer.from(secret)) : 'The secret is not valid text.';
  if (problem !== undefined) throw errors.invalid_value({ field: 'secret', detail: problem });
}
