/**
 * One catalogue of errors: every failure a caller can see has a stable code, an HTTP status, a title and a hint.
 * `docs/reference/errors.md` is generated from it, and a test provokes each code.
 */

/** What the catalogue holds for one code. `hint` says what to do next, in a sentence. */
export interface ErrorDefinition {
  readonly status: number;
  readonly title: string;
  readonly hint: string;
}

/** One field of the input that was refused; `path` is a JSON pointer ("/name"), or a parameter's name. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** What the place that throws adds to the catalogue's words. Nothing here may carry a secret or a stack. */
export interface ErrorDetails {
  readonly detail?: string;
  readonly field?: string;
  readonly hint?: string;
  readonly errors?: readonly FieldError[];
  /** Seconds; becomes the Retry-After header. */
  readonly retryAfterSeconds?: number;
  /** The failure underneath: logged, never shown. */
  readonly cause?: unknown;
}

export class PlinthError extends Error {
  override readonly name = 'PlinthError';
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly field: string | undefined;
  readonly hint: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, definition: ErrorDefinition, details: ErrorDetails = {}) {
    super(details.detail ?? definition.title, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = definition.status;
    this.title = definition.title;
    this.detail = details.detail;
    this.field = details.field;
    this.hint = details.hint ?? definition.hint;
    this.errors = details.errors;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

const catalogue = new Map<string, ErrorDefinition>();

type ErrorMakers<T> = { readonly [K in keyof T]: (details?: ErrorDetails) => PlinthError };

/**
 * Adds errors to the catalogue and returns a maker for each: `throw errors.not_found({ detail })`.
 * A code defined twice is a programming error and throws at start.
 */
export function defineErrors<const T extends Record<string, ErrorDefinition>>(definitions: T): ErrorMakers<T> {
  const makers: Record<string, (details?: ErrorDetails) => PlinthError> = {};
  for (const [code, definition] of Object.entries(definitions)) {
    if (catalogue.has(code)) throw new Error(`the error code ${code} is defined twice`);
    catalogue.set(code, definition);
    makers[code] = (details) => new PlinthError(code, definition, details);
  }
  return makers as ErrorMakers<T>;
}

/** Every error known to the loaded modules, by code in alphabetical order. */
export function errorCatalogue(): ReadonlyMap<string, ErrorDefinition> {
  return new Map([...catalogue].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The platform's own errors; modules add theirs with `defineErrors` in their `errors.ts`. */
export const errors = defineErrors({
  // --- the request -------------------------------------------------------------------------------------------------
  invalid_json: { status: 400, title: 'The body is not valid JSON', hint: 'Send well-formed JSON, encoded as UTF-8.' },
  invalid_request: {
    status: 400,
    title: 'The request does not match its schema',
    hint: 'See "errors" for each field and the API reference at /docs for the shape.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not one of ours',
    hint: 'Pass next_cursor exactly as it was returned, or leave it out to start over.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    hint: 'The limit is named in "detail"; send less at a time.',
  },
  json_too_deep: { status: 400, title: 'The JSON is nested too deep', hint: 'The limit is named in "detail".' },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    hint: 'Send application/json with a Content-Type header.',
  },
  not_acceptable: { status: 406, title: 'Not acceptable', hint: 'Ask for application/json.' },
  host_not_allowed: {
    status: 421,
    title: 'This host name is not served here',
    hint: 'Use the address the server printed, or set PLINTH_PUBLIC_URL to the name you use.',
  },
  origin_not_allowed: {
    status: 403,
    title: 'Requests from this origin are not allowed',
    hint: 'Call from the console, or use an API key instead of the session cookie.',
  },
  route_not_found: { status: 404, title: 'No such route', hint: 'See /docs for the routes there are.' },
  method_not_allowed: { status: 405, title: 'Method not allowed', hint: 'The Allow header names the methods.' },
  rate_limited: { status: 429, title: 'Too many requests', hint: 'Wait for the seconds in Retry-After.' },
  too_busy: { status: 503, title: 'The server is at its limit', hint: 'Wait for the seconds in Retry-After.' },
  // --- who asks ----------------------------------------------------------------------------------------------------
  unauthenticated: {
    status: 401,
    title: 'Not signed in',
    hint: 'Send an API key as "Authorization: Bearer …", or sign in.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    hint: 'Ask an administrator of the organization for the permission named in "detail".',
  },
  organization_required: {
    status: 400,
    title: 'Which organization?',
    hint: 'You belong to several: name one in the Plinth-Organization header.',
  },
  // --- what is asked for -------------------------------------------------------------------------------------------
  not_found: { status: 404, title: 'Not found', hint: 'It does not exist, or is not yours to see.' },
  conflict: { status: 409, title: 'In conflict with what is there', hint: 'Read the current state and try again.' },
  already_exists: {
    status: 409,
    title: 'It exists already',
    hint: 'Choose another value for the field named, or use what is there.',
  },
  reference_not_found: {
    status: 409,
    title: 'It refers to something that is not there',
    hint: 'Create what the named field points at first, in the same organization.',
  },
  still_referenced: { status: 409, title: 'Others still refer to it', hint: 'Remove what refers to it first.' },
  invalid_value: {
    status: 422,
    title: 'A value is not allowed',
    hint: 'Correct the value that is named, and send it again.',
  },
  required_value: { status: 422, title: 'A value is missing', hint: 'Give the field named in "field".' },
  invalid_transition: {
    status: 409,
    title: 'Not allowed in this state',
    hint: 'Read the current state; "detail" names both.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'This Idempotency-Key was used for another request',
    hint: 'Use a new key for a new request; repeat a request with its own key unchanged.',
  },
  idempotency_in_progress: {
    status: 409,
    title: 'The first request with this Idempotency-Key is still running',
    hint: 'Wait for the seconds in Retry-After and repeat it.',
  },
  // --- the database ------------------------------------------------------------------------------------------------
  statement_timeout: {
    status: 503,
    title: 'The statement took too long and was stopped',
    hint: 'Ask for less: a narrower filter, a smaller page, fewer rows.',
  },
  serialization_conflict: { status: 409, title: 'Another change came first', hint: 'Nothing was written; try again.' },
  read_only: { status: 403, title: 'This connection only reads', hint: 'Use a write route.' },
  database_unavailable: {
    status: 503,
    title: 'The database cannot be reached',
    hint: 'Nothing was written. Try again; if it stays, run: plinth doctor',
  },
  database_full: {
    status: 507,
    title: 'The disk is full',
    hint: 'Nothing was written. Free some space and try again.',
  },
  engine_restarted: {
    status: 503,
    title: 'The embedded engine was restarted',
    hint: 'What was acknowledged is safe; this request was not done. Try again.',
  },
  schema_behind: { status: 503, title: 'The schema is older than this program', hint: 'Run: plinth migrate up' },
  schema_ahead: {
    status: 503,
    title: 'The schema is newer than this program',
    hint: 'Run the newer release of Plinth.',
  },
  reentrant_scope: {
    status: 500,
    title: 'A transaction was opened inside another',
    hint: 'A programming error: pass the transaction you have to the function you call.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong here',
    hint: 'It was logged under the request id; nothing was half-written.',
  },
});
