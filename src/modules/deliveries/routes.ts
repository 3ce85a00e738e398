import { Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { IdParams, PageOf } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { endpointRoutes } from './endpoint-routes.ts';
import { portalRoutes } from './portal-routes.ts';
import { listDeliveries, readDelivery, retryDeliveries, retryOne, withTimes } from './read-deliveries.ts';
import {
  Customer,
  closed,
  Delivery,
  DeliveryCounts,
  DeliveryDetail,
  deliveryCountFields,
  deliveryPageFields,
  Retried,
  retryFields,
  tag,
} from './schemas.ts';
import { deliveryCounts } from './statistics.ts';

const day_ms = 86_400_000;
const range_days_max = { hour: 31, day: 400, endpoint: 31 } as const;
const range_days_default = { hour: 1, day: 30, endpoint: 1 } as const;

/** /v1/event-endpoints, /v1/event-deliveries, /v1/event-portal and its links. */
export function deliveryRoutes(routes: RouteRegistrar, platform: Platform): void {
  endpointRoutes(routes, platform);
  portalRoutes(routes, platform);

  routes.add({
    method: 'GET',
    url: '/v1/event-deliveries',
    summary: 'The log of deliveries, newest first',
    tag,
    permission: 'event_deliveries:read',
    query: Type.Object({ ...deliveryPageFields, customer: Type.Optional(Customer) }, closed),
    response: PageOf(Delivery),
    mode: 'read',
    async run(tx, { query: { limit = limits.page_rows_default, cursor, ...filters } }) {
      return toPage(await listDeliveries(tx, withTimes(filters), decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/event-delivery-statistics',
    summary: 'How many deliveries were made and what became of them, by hour or day of UTC, or by endpoint',
    tag,
    permission: 'event_deliveries:read',
    query: Type.Object(deliveryCountFields, closed),
    response: DeliveryCounts,
    mode: 'read',
    async run(tx, { query }) {
      const { by = 'hour', since: from, until: to, ...rest } = withTimes(query);
      const until = to ?? platform.clock.now();
      const since = from ?? new Date(until.getTime() - range_days_default[by] * day_ms);
      const days = (until.getTime() - since.getTime()) / day_ms;
      if (since.getTime() < 0 || days < 0 || days > range_days_max[by] + 1) {
        throw errors.invalid_request({
          field: 'since',
          detail: `by ${by}, since is at most ${range_days_max[by]} days before until`,
        });
      }
      return { since, until, by, data: await deliveryCounts(tx, { since, until, by, ...rest }) };
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/event-deliveries/:id',
    summary: 'A delivery and its attempts',
    tag,
    permission: 'event_deliveries:read',
    params: IdParams,
    response: DeliveryDetail,
    mode: 'read',
    run: (tx, { params }) => readDelivery(tx, {}, params.id),
  });

  routes.add({
    method: 'POST',
    url: '/v1/event-deliveries/:id/retry',
    summary: 'Send a delivery that has ended again, under the same event id',
    tag,
    permission: 'event_deliveries:write',
    params: IdParams,
    response: Delivery,
    mode: 'write',
    run: (tx, { params }) => retryOne(platform, tx, {}, params.id),
  });

  routes.add({
    method: 'POST',
    url: '/v1/event-deliveries/retry',
    summary: 'Send deliveries again that have ended: some, a range of time, or all a filter finds',
    tag,
    permission: 'event_deliveries:write',
    body: Type.Object({ ...retryFields, customer: Type.Optional(Customer) }, { ...closed, minProperties: 1 }),
    response: Retried,
    mode: 'write',
    run: async (tx, { body }) => ({ retried: await retryDeliveries(platform, tx, withTimes(body)) }),
  });
}
