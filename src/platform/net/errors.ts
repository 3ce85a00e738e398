import { defineErrors } from '../core/errors.ts';

export const outboundErrors = defineErrors({
  outbound_refused: {
    status: 422,
    title: 'This address may not be called from here',
    hint: 'Only public addresses are called. The operator can list private ones in PLINTH_OUTBOUND_ALLOW, such as 10.0.0.0/8.',
  },
  outbound_redirect: {
    status: 502,
    title: 'The other side answered with a redirect',
    hint: 'Redirects are not followed: give the final address.',
  },
  outbound_timeout: {
    status: 504,
    title: 'The other side did not answer in time',
    hint: 'Try again later; if it stays, ask whoever runs the other side.',
  },
  outbound_too_large: {
    status: 502,
    title: 'The other side’s answer is too large',
    hint: 'The limit is named in "detail".',
  },
  outbound_failed: {
    status: 502,
    title: 'The other side could not be reached',
    hint: 'Check the address, its name and its certificate; try again later.',
  },
});
