import { errors } from '../../../platform/core/errors.ts';
import { valueChecks } from '../../../platform/core/schema-checks.ts';
import { deploymentScheme } from './deployment.ts';
import { githubScheme } from './github.ts';
import { HmacConfiguration, hmacScheme } from './hmac.ts';
import { linearScheme } from './linear.ts';
import type { WebhookScheme } from './scheme.ts';
import { slackScheme } from './slack.ts';
import { standardWebhooksScheme } from './standard-webhooks.ts';

export const schemeNames = ['github', 'standard_webhooks', 'slack', 'linear', 'deployment', 'hmac'] as const;
export type SchemeName = (typeof schemeNames)[number];

const fixed = {
  github: githubScheme,
  standard_webhooks: standardWebhooksScheme,
  slack: slackScheme,
  linear: linearScheme,
  deployment: deploymentScheme,
} as const satisfies Record<Exclude<SchemeName, 'hmac'>, WebhookScheme>;

/**
 * The scheme of an event source. `configuration` is read for `hmac` only (see `HmacConfiguration`).
 * Throws `invalid_value` when the settings do not fit.
 */
export function webhookScheme(name: SchemeName, configuration?: unknown): WebhookScheme {
  if (name !== 'hmac') return fixed[name];
  const { Check, Errors } = valueChecks();
  if (!Check(HmacConfiguration, configuration)) {
    const found = Errors(HmacConfiguration, configuration);
    throw errors.invalid_value({
      field: 'configuration',
      detail: 'The settings of the hmac scheme are not valid.',
      errors: found.map(({ instancePath, message }) => ({ path: `/configuration${instancePath}`, message })),
    });
  }
  return hmacScheme(configuration);
}
