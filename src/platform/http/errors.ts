import { defineErrors } from '../core/errors.ts';

/** What happens below or beside the routes: on the socket before there is a request, and by headers of ours. */
export const httpErrors = defineErrors({
  view_as_refused: {
    status: 403,
    title: 'You can not look as somebody else here',
    hint: 'Plinth-View-As is for owners and administrators reading /rest/v1, as a member or role not above their own.',
  },
  malformed_http: {
    status: 400,
    title: 'Not a well-formed HTTP request',
    hint: 'Send HTTP/1.1 with one Host header, and either Content-Length or Transfer-Encoding.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    hint: 'Request line and headers together may have 16 KiB.',
  },
  request_incomplete: {
    status: 408,
    title: 'The request did not arrive in time',
    hint: 'Send it whole; PLINTH_REQUEST_TIMEOUT_MS is how long it may take.',
  },
  address_unavailable: {
    status: 503,
    title: 'The address can not be listened on',
    hint: 'Stop what listens there, or choose another with --port and --host.',
  },
});
