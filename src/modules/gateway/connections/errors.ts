import { defineErrors } from '../../../platform/core/errors.ts';

export const connectionErrors = defineErrors({
  connections_full: {
    status: 409,
    title: 'There are as many as there may be',
    hint: 'Delete some; the limit is in "detail".',
  },
  unknown_connection: {
    status: 422,
    title: 'There is no such provider connection',
    hint: 'Make the connection first: POST /v1/provider-connections.',
  },
});
