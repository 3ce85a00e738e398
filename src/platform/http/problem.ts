import type { FastifyReply } from 'fastify';
import { errors, PlinthError } from '../core/errors.ts';
import { fromDatabaseError } from '../db/sql-errors.ts';
import { httpErrors } from './errors.ts';

/** The body of every error: RFC 9457 problem details, with our stable code and a hint. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly hint: string;
  readonly field?: string;
  readonly errors?: readonly { path: string; message: string }[];
  readonly request_id: string;
}

/** `basePath` is that of the public URL: `type` is a path of this server. */
export function toProblem(error: PlinthError, requestId: string, basePath = ''): Problem {
  return {
    type: `${basePath}/docs/errors#${error.code}`,
    title: error.title,
    status: error.status,
    code: error.code,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    hint: error.hint,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.errors === undefined ? {} : { errors: error.errors }),
    request_id: requestId,
  };
}

/** Sets what an answer that is a problem has beside its body; the caller sends that. */
export function startProblem(reply: FastifyReply, error: PlinthError): FastifyReply {
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  return reply.code(error.status).header('content-type', 'application/problem+json').serializer(JSON.stringify);
}

interface FrameworkError {
  readonly code?: string;
  readonly message?: string;
  readonly statusCode?: number;
  readonly validation?: readonly { instancePath: string; message?: string }[];
  readonly validationContext?: string;
  readonly limit?: number;
}

/** Turns whatever was thrown into an error of the catalogue; what is unknown becomes `internal` and keeps its cause. */
export function asPlinthError(thrown: unknown): PlinthError {
  if (thrown instanceof PlinthError) return thrown;
  const error = (thrown ?? {}) as FrameworkError;
  if (error.validation) {
    const fields = error.validation.map(({ instancePath, message }) => ({
      path: `${error.validationContext ?? 'body'}${instancePath}`,
      message: message ?? 'is not valid',
    }));
    const first = fields[0];
    return errors.invalid_request({
      errors: fields,
      ...(first ? { field: first.path, detail: `${first.path} ${first.message}` } : {}),
    });
  }
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return errors.unsupported_media_type({ cause: thrown });
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return errors.body_too_large({ cause: thrown });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return errors.invalid_json({ detail: 'the body is empty', cause: thrown });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return errors.invalid_request({ detail: 'the body is not as long as Content-Length says', cause: thrown });
    case 'FST_ERR_BAD_URL':
      return errors.invalid_request({ detail: 'the URL is not well-formed', cause: thrown });
    case 'ECONNRESET':
      // Node's words for a client that went away in the middle of its body; a database's reset reads otherwise
      if (error.message === 'aborted') return httpErrors.request_incomplete({ cause: thrown });
  }
  return fromDatabaseError(thrown);
}

/** OpenAPI's description of the body. */
export const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'hint', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    hint: { type: 'string' },
    field: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
    request_id: { type: 'string' },
  },
} as const;
