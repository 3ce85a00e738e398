import type { FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import { makeRegistrar, type RouteRegistrar } from '../../platform/http/route.ts';
import { IdParams, PageOf, PageQuery, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { makeTokenBuckets } from '../events/index.ts';
import { overlapUntil } from './endpoint-routes.ts';
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
import { deliveryLimits } from './limits.ts';
import { makePortalToken, type PortalPass, readPortalToken } from './portal.ts';
import { sendTestEvent } from './queue.ts';
import { listDeliveries, readDelivery, retryDeliveries, retryOne, withTimes } from './read-deliveries.ts';
import {
  Customer,
  closed,
  Delivery,
  DeliveryDetail,
  deliveryPageFields,
  Endpoint,
  EndpointShownOnce,
  endpointFields,
  Retried,
  RotateBody,
  retryFields,
  Tested,
} from './schemas.ts';

const tag = 'portal';
const prefix = '/v1/event-portal';
const Url = Type.String({ minLength: 1, maxLength: limits.url_chars });
/** Tokens that are none, by address: each may cost a query. */
const wrong_tokens = { per_second: 5, burst: 100 };
const addresses_max = 10_000;

/** What a portal route is given: the customer, and transactions in its organization. */
interface PortalCall {
  readonly pass: PortalPass;
  readonly owner: { readonly customer: string };
  read<T>(work: (tx: ScopedTx) => Promise<T>): Promise<T>;
  write<T>(work: (tx: ScopedTx) => Promise<T>): Promise<T>;
}

type Enter = (request: FastifyRequest) => Promise<PortalCall>;

/**
 * POST /v1/event-portal-links, for the tenant; and below /v1/event-portal what a customer of the tenant may do with the token
 * of such a link: all of it with its own endpoints alone.
 */
export function portalRoutes(routes: RouteRegistrar, platform: Platform): void {
  linkRoute(routes, platform);
  const enter = entrance(platform);
  routes.app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      // the token is none that the server's own authenticators know
      route.config = { ...route.config, ownCredentials: true };
    });
    const own = makeRegistrar(scope, platform, routes.policy, routes.actorNow);
    endpointsOf(own, platform, enter);
    changesOf(own, platform, enter);
    deliveriesOf(own, platform, enter);
  });
}

function linkRoute(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'POST',
    url: '/v1/event-portal-links',
    summary: 'A token by which a customer of yours manages its own endpoints for a while',
    tag,
    permission: 'event_endpoints:write',
    body: Type.Object(
      {
        customer: Customer,
        expires_in_minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: deliveryLimits.portal_minutes_max })),
      },
      closed,
    ),
    response: Type.Object(
      {
        customer: Type.String(),
        token: Type.String(),
        path: Type.String({ description: 'Of the page on this server, the token in the fragment: no log holds it.' }),
        expires_at: Timestamp,
      },
      closed,
    ),
    status: 201,
    async handle({ body, actor }) {
      const { customer, expires_in_minutes = deliveryLimits.portal_minutes_default } = body;
      const expiresAt = new Date(platform.clock.now().getTime() + expires_in_minutes * 60_000);
      const pass = { organizationId: actor?.organizationId ?? '', customer, expiresAt };
      const token = await makePortalToken(platform, pass);
      return { customer, token, path: `/portal#${token}`, expires_at: expiresAt };
    },
  });
}

function entrance(platform: Platform): Enter {
  const wrong = makeTokenBuckets(wrong_tokens, addresses_max, platform.clock);
  return async (request) => {
    const wait = wrong.wait(request.ip);
    if (wait > 0) throw errors.rate_limited({ retryAfterSeconds: Math.ceil(wait) });
    const pass = await readPortalToken(platform, request.headers.authorization).catch((error: unknown) => {
      wrong.take(request.ip);
      throw error;
    });
    const scope = {
      as: 'app',
      organizationId: pass.organizationId,
      memberRole: 'service',
      requestId: request.id,
      ipAddress: request.ip,
    } as const;
    return {
      pass,
      owner: { customer: pass.customer },
      read: (work) => platform.door.read(scope, work),
      write: (work) => platform.door.write(scope, work),
    };
  };
}

const shared = { tag, permission: 'public' } as const;
const withId = { ...shared, params: IdParams } as const;

function endpointsOf(routes: RouteRegistrar, platform: Platform, enter: Enter): void {
  routes.add({
    ...shared,
    method: 'GET',
    url: prefix,
    summary: 'Whose portal this is, and until when',
    response: Type.Object({ customer: Type.String(), expires_at: Timestamp }, closed),
    async handle({ request }) {
      const { pass } = await enter(request);
      return { customer: pass.customer, expires_at: pass.expiresAt };
    },
  });

  routes.add({
    ...shared,
    method: 'GET',
    url: `${prefix}/endpoints`,
    summary: 'The customer’s endpoints, newest first',
    query: PageQuery,
    response: PageOf(Endpoint),
    async handle({ request, query: { limit = limits.page_rows_default, cursor } }) {
      const { owner, read } = await enter(request);
      return toPage(await read((tx) => listEndpoints(tx, owner, decodeCursor(cursor), limit + 1)), limit);
    },
  });

  routes.add({
    ...shared,
    method: 'POST',
    url: `${prefix}/endpoints`,
    summary: 'Make an endpoint of the customer; its secret is shown once',
    body: Type.Object({ url: Url, ...endpointFields }, closed),
    response: EndpointShownOnce,
    status: 201,
    async handle({ request, body }) {
      const { pass, owner, write } = await enter(request);
      const prepared = await prepareEndpoint(platform, pass.organizationId, { ...body, ...owner });
      return { ...(await write((tx) => createEndpoint(tx, prepared))), secret: prepared.secret };
    },
  });

  routes.add({
    ...withId,
    method: 'GET',
    url: `${prefix}/endpoints/:id`,
    summary: 'An endpoint of the customer',
    response: Endpoint,
    async handle({ request, params }) {
      const { owner, read } = await enter(request);
      return read((tx) => readEndpoint(tx, owner, params.id));
    },
  });

  routes.add({
    ...withId,
    method: 'PATCH',
    url: `${prefix}/endpoints/:id`,
    summary: 'Change an endpoint of the customer',
    body: Type.Object({ url: Type.Optional(Url), ...endpointFields }, closed),
    response: Endpoint,
    async handle({ request, params, body }) {
      const { pass, owner, write } = await enter(request);
      const change = await prepareChange(platform, pass.organizationId, params.id, body);
      return write((tx) => updateEndpoint(tx, owner, params.id, change));
    },
  });

  routes.add({
    ...withId,
    method: 'DELETE',
    url: `${prefix}/endpoints/:id`,
    summary: 'Delete an endpoint of the customer',
    status: 204,
    async handle({ request, params }) {
      const { owner, write } = await enter(request);
      await write((tx) => deleteEndpoint(tx, owner, params.id, platform.clock.now()));
    },
  });
}

function changesOf(routes: RouteRegistrar, platform: Platform, enter: Enter): void {
  routes.add({
    ...withId,
    method: 'POST',
    url: `${prefix}/endpoints/:id/rotate-secret`,
    summary: 'Sign with a new secret; for some hours more with the old one too',
    body: Type.Omit(RotateBody, ['secret'], closed),
    response: EndpointShownOnce,
    async handle({ request, params, body }) {
      const { pass, owner, read, write } = await enter(request);
      await read((tx) => readEndpoint(tx, owner, params.id));
      const { secret, sealed } = await prepareSecret(platform, pass.organizationId, params.id, undefined);
      const until = overlapUntil(platform, body.overlap_hours);
      return { ...(await write((tx) => rotateSecret(tx, owner, params.id, sealed, until))), secret };
    },
  });

  for (const [verb, isOn, summary] of [
    ['enable', true, 'Switch an endpoint of the customer on'],
    ['disable', false, 'Switch an endpoint of the customer off'],
  ] as const) {
    routes.add({
      ...withId,
      method: 'POST',
      url: `${prefix}/endpoints/:id/${verb}`,
      summary,
      response: Endpoint,
      async handle({ request, params }) {
        const { owner, write } = await enter(request);
        return write((tx) => switchEndpoint(tx, owner, params.id, isOn, platform.clock.now()));
      },
    });
  }

  routes.add({
    ...withId,
    method: 'POST',
    url: `${prefix}/endpoints/:id/test`,
    summary: 'Send an endpoint of the customer a test event',
    response: Tested,
    status: 202,
    async handle({ request, params }) {
      const { owner, write } = await enter(request);
      return write(async (tx) => sendTestEvent(platform, tx, await readEndpoint(tx, owner, params.id)));
    },
  });
}

function deliveriesOf(routes: RouteRegistrar, platform: Platform, enter: Enter): void {
  const log = <R extends TSchema>(response: R) => ({ ...withId, response });

  routes.add({
    ...shared,
    method: 'GET',
    url: `${prefix}/deliveries`,
    summary: 'What was sent to the customer, newest first',
    query: Type.Object(deliveryPageFields, closed),
    response: PageOf(Delivery),
    async handle({ request, query: { limit = limits.page_rows_default, cursor, ...filters } }) {
      const { owner, read } = await enter(request);
      const wanted = { ...withTimes(filters), ...owner };
      return toPage(await read((tx) => listDeliveries(tx, wanted, decodeCursor(cursor), limit + 1)), limit);
    },
  });

  routes.add({
    ...log(DeliveryDetail),
    method: 'GET',
    url: `${prefix}/deliveries/:id`,
    summary: 'A delivery to the customer and its attempts',
    async handle({ request, params }) {
      const { owner, read } = await enter(request);
      return read((tx) => readDelivery(tx, owner, params.id));
    },
  });

  routes.add({
    ...log(Delivery),
    method: 'POST',
    url: `${prefix}/deliveries/:id/retry`,
    summary: 'Send a delivery to the customer again',
    async handle({ request, params }) {
      const { owner, write } = await enter(request);
      return write((tx) => retryOne(platform, tx, owner, params.id));
    },
  });

  routes.add({
    ...shared,
    method: 'POST',
    url: `${prefix}/deliveries/retry`,
    summary: 'Send deliveries to the customer again: some, a range of time, or all a filter finds',
    body: Type.Object(retryFields, { ...closed, minProperties: 1 }),
    response: Retried,
    async handle({ request, body }) {
      const { owner, write } = await enter(request);
      return { retried: await write((tx) => retryDeliveries(platform, tx, { ...withTimes(body), ...owner })) };
    },
  });
}
