import type { PlinthError } from '../../../platform/core/errors.ts';
import type { ConnectionWire } from '../connections/index.ts';

/** OpenAI's words for kinds of errors, by status; SDKs go by the status. */
const openaiTypes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};
const anthropicTypes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** An error of ours as the provider's SDK reads its own: our code inside, and what to do in the message. */
export function wireError(wire: ConnectionWire, error: PlinthError, requestId: string): Record<string, unknown> {
  const words = `${error.detail ?? error.title}. ${error.hint}`.replace(/\.\. /, '. ');
  if (wire === 'openai') {
    return {
      error: {
        message: words,
        type: openaiTypes[error.status] ?? (error.status >= 500 ? 'server_error' : 'invalid_request_error'),
        param: error.field ?? null,
        code: error.code,
        request_id: requestId,
      },
    };
  }
  return {
    type: 'error',
    error: {
      type: anthropicTypes[error.status] ?? (error.status >= 500 ? 'api_error' : 'invalid_request_error'),
      message: words,
      code: error.code,
      ...(error.field === undefined ? {} : { param: error.field }),
    },
    request_id: requestId,
  };
}

/** The same as the last event of a stream that can not go on. */
export function wireErrorEvent(wire: ConnectionWire, error: PlinthError, requestId: string): Buffer {
  const data = JSON.stringify(wireError(wire, error, requestId));
  return Buffer.from(`${wire === 'anthropic' ? 'event: error\n' : ''}data: ${data}\n\n`);
}
