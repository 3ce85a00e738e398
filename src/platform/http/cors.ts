import cors, { type FastifyCorsOptions } from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** What a page may read of an answer beside its body. */
const exposed_headers = [
  'content-range',
  'idempotency-replayed',
  'location',
  'preference-applied',
  'retry-after',
  'x-request-id',
];
/** Browsers ask again after this; Chromium caps it at two hours. */
const preflight_seconds = 7200;

export interface CorsOrigins {
  /** Pages that may call with a token or key; `*`: those of every origin. */
  readonly corsOrigins?: readonly string[];
  /** Pages that may call with the session cookie as well. */
  readonly trustedOrigins?: readonly string[];
}

/**
 * Lets pages of other origins read answers (the Fetch standard's CORS protocol). Without any such origin there is nothing
 * to register, and no request pays for it. Only a trusted origin is told that the browser may send our cookie: with `*`
 * every site somebody visits could read their data.
 */
export async function registerCors(app: FastifyInstance, origins: CorsOrigins): Promise<void> {
  const allowed = new Set(origins.corsOrigins);
  const trusted = new Set(origins.trustedOrigins);
  if (allowed.size === 0 && trusted.size === 0) return;
  const optionsFor = (origin: string | undefined): FastifyCorsOptions => {
    const mayCall = origin !== undefined && (trusted.has(origin) || allowed.has(origin) || allowed.has('*'));
    return {
      origin: mayCall ? origin : false,
      credentials: mayCall && trusted.has(origin),
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: exposed_headers,
      maxAge: preflight_seconds,
      strictPreflight: false,
    };
  };
  await app.register(cors, { delegator: (request, done) => done(null, optionsFor(request.headers.origin)) });
}
