import { defineErrors } from '../../platform/core/errors.ts';

export const deliveryErrors = defineErrors({
  endpoints_full: {
    status: 409,
    title: 'There are as many endpoints as there may be',
    hint: 'Delete some; the limit is in "detail".',
  },
  endpoint_disabled: {
    status: 409,
    title: 'The endpoint is switched off',
    hint: 'Switch it on first: POST /v1/event-endpoints/:id/enable.',
  },
  unknown_endpoint: {
    status: 422,
    title: 'There is no such endpoint',
    hint: 'Make the endpoint first: POST /v1/event-endpoints.',
  },
  portal_link_invalid: {
    status: 401,
    title: 'The portal link is not valid, or no longer',
    hint: 'Ask for a new one where you got it.',
  },
});
