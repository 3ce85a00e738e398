import { defineErrors, type PlinthError } from '../../platform/core/errors.ts';

/**
 * Failures of receiving events and of subscription filters. A webhook that cannot be verified is always 401: the
 * code tells the sender's owner which rule failed, and nothing about the secret.
 */
export const eventErrors = defineErrors({
  hook_unknown: {
    status: 404,
    title: 'There is no such hook',
    hint: 'Check the address: it was shown when the event source was made. A source may be switched off or deleted.',
  },
  webhook_secret_missing: {
    status: 401,
    title: 'The event source has no usable secret',
    hint: 'Set or rotate the secret of the event source, and use the same one at the sender.',
  },
  signature_missing: {
    status: 401,
    title: 'The webhook is not signed',
    hint: 'Set a secret at the sender. GitHub: X-Hub-Signature-256 is required, X-Hub-Signature (SHA-1) is not accepted.',
  },
  signature_malformed: {
    status: 401,
    title: 'The signature header is not in the expected form',
    hint: "Check that the source's scheme and its settings are those of the sender.",
  },
  signature_mismatch: {
    status: 401,
    title: 'The signature does not match',
    hint: 'Compare the secret on both sides, and check that nothing between changes the body.',
  },
  timestamp_missing: {
    status: 401,
    title: 'The webhook has no timestamp',
    hint: "Check that the source's scheme is that of the sender.",
  },
  timestamp_invalid: {
    status: 401,
    title: 'The timestamp of the webhook is not a whole number',
    hint: 'Send Unix time in the unit the scheme asks for, digits only.',
  },
  timestamp_out_of_tolerance: {
    status: 401,
    title: 'The timestamp of the webhook is too old or in the future',
    hint: 'Sign at the time of sending, and check the clocks of both machines; five minutes either way are accepted.',
  },
  header_missing: {
    status: 401,
    title: 'A header of the webhook is missing',
    hint: "Check that the source's scheme is that of the sender, and that no proxy removes headers.",
  },
  header_invalid: {
    status: 401,
    title: 'A header of the webhook has a value that is not allowed',
    hint: 'Ids are 1 to 200 visible characters; kinds are letters, digits, "_", "-", "." and ":".',
  },
  header_repeated: {
    status: 401,
    title: 'A header of the webhook was sent more than once',
    hint: 'Send each header of the scheme once.',
  },
  payload_not_text: {
    status: 400,
    title: 'The payload is not valid UTF-8',
    hint: 'Encode the body as UTF-8, without a byte order mark.',
  },
  payload_not_form: {
    status: 400,
    title: 'The form-encoded body has no usable payload field',
    hint: 'Send one field "payload" that holds JSON, or set the content type of the webhook to application/json.',
  },
  payload_not_storable: {
    status: 400,
    title: 'The payload holds a value that no database can keep unchanged',
    hint: 'Leave out NUL characters (\\u0000), unpaired surrogates and numbers outside the range of double precision.',
  },
  event_source_off: {
    status: 409,
    title: 'The event source is switched off',
    hint: 'Switch it on first: what is sent to it now is answered as if it were not there.',
  },
  event_source_not_signable: {
    status: 409,
    title: 'A test event of this source can not be signed here',
    hint: 'Only its public key is known here (whpk_); send a test from where the private key is.',
  },
  event_not_retryable: {
    status: 409,
    title: 'The event has not failed',
    hint: 'Only an event with the status "failed" can be retried; what one set off is retried as a task.',
  },
  payload_schema_invalid: {
    status: 422,
    title: 'The payload schema can not be used',
    hint: 'See "errors" for the places; keywords of JSON Schema 2020-12, as for the parameters of tasks.',
  },
  event_types_full: {
    status: 409,
    title: 'The organization has as many event types as it may',
    hint: 'Delete those that are not used.',
  },
  live_cursor_expired: {
    status: 410,
    title: 'The stream can not go on from that place',
    hint: 'The database was restored or moved since. Read what was missed at /v1/events by its time, and begin without Last-Event-ID.',
  },
  filter_invalid: {
    status: 422,
    title: 'The filter is not valid',
    hint: 'See "errors" for the places, and the reference of filters for the grammar.',
  },
  subscriptions_full: {
    status: 409,
    title: 'The organization has as many subscriptions as it may',
    hint: 'Delete some, or let one subscription cover several names.',
  },
  filter_too_large: {
    status: 422,
    title: 'The filter is too large',
    hint: 'Split the subscription in two, or compare with a list: type in ["push", "create"].',
  },
});

/** Why a webhook was not accepted as authentic: codes of the catalogue, all 401. */
export type VerificationFailure =
  | 'webhook_secret_missing'
  | 'signature_missing'
  | 'signature_malformed'
  | 'signature_mismatch'
  | 'timestamp_missing'
  | 'timestamp_invalid'
  | 'timestamp_out_of_tolerance'
  | 'header_missing'
  | 'header_invalid'
  | 'header_repeated';

/** The error to answer with when a webhook was not accepted. */
export function verificationError(code: VerificationFailure): PlinthError {
  return eventErrors[code]();
}
