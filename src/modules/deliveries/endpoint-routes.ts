import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import { withIdempotency } from '../../platform/http/idempotency.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { IdParams, PageOf, pageFields } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import {
  createEndpoint,
  deleteEndpoint,
  listEndpoints,
  prepareChange,
  prepareEndpoint,
  prepareSecret,
  readEndpoint,
  rotateSecret,
  switchEndpoint,
  updateEndpoint,
} from './endpoints.ts';
import { sendTestEvent } from './queue.ts';
import {
  Customer,
  closed,
  Endpoint,
  EndpointShownOnce,
  endpointFields,
  RotateBody,
  Secret,
  Tested,
  tag,
  tuningFields,
} from './schemas.ts';

const overlap_hours_default = 24;
const Url = Type.String({ minLength: 1, maxLength: limits.url_chars });
const wasReplayed = (reply: FastifyReply): boolean => reply.getHeader('idempotency-replayed') !== undefined;

/** Until when the old secret also signs; null: no longer. */
export function overlapUntil(platform: Platform, hours: number = overlap_hours_default): Date | null {
  return hours === 0 ? null : new Date(platform.clock.now().getTime() + hours * 3_600_000);
}

/** /v1/event-endpoints: where webhooks go, and how each endpoint fares. */
export function endpointRoutes(routes: RouteRegistrar, platform: Platform): void {
  readAndMake(routes, platform);
  change(routes, platform);
}

function readAndMake(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'POST',
    url: '/v1/event-endpoints',
    summary: 'Make an endpoint that webhooks are sent to; its secret is shown once',
    tag,
    permission: 'event_endpoints:write',
    body: Type.Object(
      {
        url: Url,
        customer: Type.Optional(Customer),
        secret: Type.Optional(Secret),
        ...endpointFields,
        ...tuningFields,
      },
      closed,
    ),
    response: EndpointShownOnce,
    status: 201,
    idempotent: true,
    async handle({ body, actor, scope, request, reply }) {
      const prepared = await prepareEndpoint(platform, actor?.organizationId ?? '', body);
      // the kept answer must not hold the secret, so that is added after it was kept
      const row = await withIdempotency(platform, request, reply, scope, (tx) => createEndpoint(tx, prepared));
      return wasReplayed(reply) ? row : { ...(row as object), secret: prepared.secret };
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/event-endpoints',
    summary: 'Endpoints and how they fare, newest first',
    tag,
    permission: 'event_endpoints:read',
    query: Type.Object({ ...pageFields, customer: Type.Optional(Customer) }, closed),
    response: PageOf(Endpoint),
    mode: 'read',
    async run(tx, { query: { limit = limits.page_rows_default, cursor, ...owner } }) {
      return toPage(await listEndpoints(tx, owner, decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/event-endpoints/:id',
    summary: 'An endpoint and how it fares',
    tag,
    permission: 'event_endpoints:read',
    params: IdParams,
    response: Endpoint,
    mode: 'read',
    run: (tx, { params }) => readEndpoint(tx, {}, params.id),
  });
}

function change(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'PATCH',
    url: '/v1/event-endpoints/:id',
    summary: 'Change an endpoint; what is on its way goes to the new address',
    tag,
    permission: 'event_endpoints:write',
    params: IdParams,
    body: Type.Object({ url: Type.Optional(Url), ...endpointFields, ...tuningFields }, closed),
    response: Endpoint,
    idempotent: true,
    async handle({ params, body, actor, scope, request, reply }) {
      const prepared = await prepareChange(platform, actor?.organizationId ?? '', params.id, body);
      return withIdempotency(platform, request, reply, scope, (tx) => updateEndpoint(tx, {}, params.id, prepared));
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/event-endpoints/:id/rotate-secret',
    summary: 'Sign with a new secret; for some hours more with the old one too',
    tag,
    permission: 'event_endpoints:write',
    params: IdParams,
    body: RotateBody,
    response: EndpointShownOnce,
    idempotent: true,
    async handle({ params, body, actor, scope, request, reply }) {
      await platform.door.read(scope, (tx) => readEndpoint(tx, {}, params.id));
      const { secret, sealed } = await prepareSecret(platform, actor?.organizationId ?? '', params.id, body.secret);
      const until = overlapUntil(platform, body.overlap_hours);
      const row = await withIdempotency(platform, request, reply, scope, (tx) =>
        rotateSecret(tx, {}, params.id, sealed, until),
      );
      return wasReplayed(reply) ? row : { ...(row as object), secret };
    },
  });

  for (const [verb, isOn, summary] of [
    ['enable', true, 'Switch an endpoint on and close its circuit; what died meanwhile can be sent again'],
    ['disable', false, 'Switch an endpoint off; what waits for it is dead, and can be sent again'],
  ] as const) {
    routes.add({
      method: 'POST',
      url: `/v1/event-endpoints/:id/${verb}`,
      summary,
      tag,
      permission: 'event_endpoints:write',
      params: IdParams,
      response: Endpoint,
      mode: 'write',
      run: (tx, { params }) => switchEndpoint(tx, {}, params.id, isOn, platform.clock.now()),
    });
  }

  routes.add({
    method: 'POST',
    url: '/v1/event-endpoints/:id/test',
    summary: 'Send an endpoint a test event',
    tag,
    permission: 'event_endpoints:write',
    params: IdParams,
    response: Tested,
    status: 202,
    mode: 'write',
    run: async (tx, { params }) => sendTestEvent(platform, tx, await readEndpoint(tx, {}, params.id)),
  });

  routes.add({
    method: 'DELETE',
    url: '/v1/event-endpoints/:id',
    summary: 'Delete an endpoint and the subscriptions to it; its deliveries stay in the log',
    tag,
    permission: 'event_endpoints:write',
    params: IdParams,
    status: 204,
    mode: 'write',
    run: (tx, { params }) => deleteEndpoint(tx, {}, params.id, platform.clock.now()),
  });
}
