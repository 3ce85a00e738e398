import type { WebhookScheme } from './scheme.ts';
import { standardWebhooksScheme } from './standard-webhooks.ts';

/**
 * Deployment reports of one's own pipeline: signed as Standard Webhooks, so that the libraries there are in many
 * languages send them. The body says what was deployed; docs/reference/deployment-events.md has its fields.
 */
export const deploymentScheme: WebhookScheme = {
  name: 'deployment',
  verify(input) {
    const result = standardWebhooksScheme.verify(input);
    return result.ok ? { ...result, kind: 'report' } : result;
  },
  secretProblem: standardWebhooksScheme.secretProblem,
};
