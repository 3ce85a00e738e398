import { defineErrors } from '../../../platform/core/errors.ts';

export const budgetErrors = defineErrors({
  budget_exceeded: {
    status: 402,
    title: 'A budget has no room for this call',
    hint: 'Ask for less (max_tokens), wait until the budget begins anew, or have an administrator raise it: GET /v1/budgets.',
  },
  price_unknown: {
    status: 422,
    title: 'Nobody knows what this call costs, and a budget in money counts it',
    hint: 'Give the model a price, or let the budget named in "detail" pass calls without one ("unpriced": "allow").',
  },
  call_over_rate_limit: {
    status: 422,
    title: 'The call alone is larger than a limit a minute',
    hint: 'Ask for less (max_tokens), or have an administrator raise the limit: GET /v1/rate-limits.',
  },
});
