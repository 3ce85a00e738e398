import { defineErrors } from '../../../platform/core/errors.ts';

export const priceErrors = defineErrors({
  price_override_overlaps: {
    status: 409,
    title: 'Another override of this model holds at that time',
    hint: 'End the other one first: PATCH /v1/price-overrides/:id with its "valid_to".',
  },
});
