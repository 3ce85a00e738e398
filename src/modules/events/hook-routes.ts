import type { FastifyRequest } from 'fastify';
import { errors } from '../../platform/core/errors.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import type { HookSource } from './hook-sources.ts';
import { eventLimits } from './limits.ts';
import type { Receiver } from './receive.ts';
import type { WebhookHeaders } from './verify/scheme.ts';

interface Admitted {
  readonly source: HookSource;
  readonly contentType: string | undefined;
}

/**
 * POST /hooks/:token. A scope of its own, where every body arrives as the bytes that were signed, whatever type it
 * says it has. Who may send is decided before the body is read.
 */
export function hookRoutes(routes: RouteRegistrar, receiver: Receiver): void {
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  const bodies = { bytes: 0 };

  routes.app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.route<{ Params: { token: string } }>({
      method: 'POST',
      url: '/hooks/:token',
      bodyLimit: eventLimits.payload_bytes,
      config: { ownCredentials: true },
      schema: {
        summary: 'Receive a webhook',
        description: 'Signed as its event source says. Answered when the event is stored; a repeat is no error.',
        tags: ['events'],
        security: [],
      },
      onRequest: async (request, reply) => {
        const source = await receiver.admit(request.params.token, request.ip);
        const contentType = request.headers['content-type'];
        // Fastify refuses a type that is not well-formed; here it only matters whether it is that of a form
        delete request.headers['content-type'];
        admitted.set(request, { source, contentType });
        const bytes = announcedBytes(request);
        if (bodies.bytes + bytes > eventLimits.hook_bytes_in_flight_max)
          throw errors.too_busy({ retryAfterSeconds: 5 });
        bodies.bytes += bytes;
        reply.raw.once('close', () => {
          bodies.bytes -= bytes;
        });
      },
      handler: async (request) => {
        const entry = admitted.get(request);
        if (!entry) throw errors.internal({ cause: new Error('a webhook reached its handler without a source') });
        return receiver.receive(entry.source, {
          headers: headersOf(request),
          contentType: entry.contentType,
          rawBody: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
          ip: request.ip,
          requestId: request.id,
        });
      },
    });
  });
}

/** What the body will take: what it says, or the most it may when it says nothing. */
function announcedBytes(request: FastifyRequest): number {
  const announced = Number(request.headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(announced) ? Math.min(announced, eventLimits.payload_bytes) : eventLimits.payload_bytes;
}

/** The headers as they were sent, one value for each time: Node's own object joins or drops repeated ones. */
function headersOf(request: FastifyRequest): WebhookHeaders {
  const { rawHeaders } = request.raw;
  const headers: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    headers[name] = [...(headers[name] ?? []), rawHeaders[at + 1]!];
  }
  return headers;
}
