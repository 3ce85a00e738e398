export interface ErrorDetails {
  readonly code: string;
  readonly status?: number;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly field?: string | undefined;
  readonly errors?: readonly { readonly path: string; readonly message: string }[] | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A request that failed. `code` is one of docs/reference/errors.md, or of this side: network_error, timeout, redirected,
 * response_too_large, response_invalid, http_error (an answer that is not Plinth's, such as a proxy's page),
 * wait_timeout, invalid_request (never sent).
 */
export class PlinthError extends Error {
  override readonly name = 'PlinthError';
  readonly code: string;
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly field: string | undefined;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  /** Under which the server logged it. */
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(title: string, details: ErrorDetails) {
    super(
      details.detail === undefined ? title : `${title}: ${details.detail}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = details.code;
    this.status = details.status ?? 0;
    this.detail = details.detail;
    this.hint = details.hint;
    this.field = details.field;
    this.errors = details.errors ?? [];
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
  }
}
