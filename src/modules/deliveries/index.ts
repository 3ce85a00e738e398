/** What other modules and the command line may use of deliveries. */

export { generateSecret } from './endpoint-secrets.ts';
export { type Owner, readEndpoint } from './endpoints.ts';
export { deliveryErrors } from './errors.ts';
export { type DeliveryFilters, retryDeliveries } from './read-deliveries.ts';
export { deliverDue } from './send.ts';
export { standardWebhookHeaders, webhookBody } from './sign.ts';
