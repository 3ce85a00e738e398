import { randomBytes } from 'node:crypto';
import type { SealContext } from '../../platform/core/crypto/index.ts';
import { errors } from '../../platform/core/errors.ts';
import { webhookScheme } from '../events/index.ts';

const generated_bytes = 32;

/** Where an endpoint's secret is valid: both columns have this context, for a rotation moves the sealed value. */
export function secretContext(organizationId: string, endpointId: string): SealContext {
  return { organizationId, table: 'event_endpoints', column: 'secret', rowId: endpointId };
}

export function headersContext(organizationId: string, endpointId: string): SealContext {
  return { organizationId, table: 'event_endpoints', column: 'headers', rowId: endpointId };
}

/** 256 random bits as receivers of Standard Webhooks take them. */
export function generateSecret(): string {
  return `whsec_${randomBytes(generated_bytes).toString('base64')}`;
}

/** Throws `invalid_value` when no receiver could use the secret, without repeating it. */
export function checkSecret(secret: string): void {
  const problem = secret.isWellFormed()
    ? webhookScheme('standard_webhooks').secretProblem(Buffer.from(secret))
    : 'The secret is not valid text.';
  if (problem !== undefined) throw errors.invalid_value({ field: 'secret', detail: problem });
}
