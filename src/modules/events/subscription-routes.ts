import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Line, Nullable, PageOf, PageQuery, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { eventCategories } from './extract/github-columns.ts';
import { eventLimits } from './limits.ts';
import {
  createSubscription,
  deleteSubscription,
  listSubscriptions,
  readSubscription,
  updateSubscription,
  withFilterText,
} from './subscriptions.ts';
import { schemeNames } from './verify/index.ts';

const closed = { additionalProperties: false } as const;
/** What an event may come from: a scheme, or `api` for those sent with a key. */
const eventSourceNames = [...schemeNames, 'api'] as const;

const Target = Type.Object(
  {
    task_type: Type.String({ pattern: '^[a-z][a-z0-9_.:-]{0,99}$' }),
    priority: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000 })),
  },
  closed,
);
const Sources = Type.Array(Type.Enum([...eventSourceNames]), { maxItems: eventSourceNames.length });
const Categories = Type.Array(Type.Enum([...eventCategories]), { maxItems: eventCategories.length });
const Names = Type.Array(Line(eventLimits.name_pattern_chars), { maxItems: eventLimits.subscription_names_max });
/** Checked by the service, which says what is wrong where. */
const FilterInput = Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
  description: 'As text ("branch == \\"main\\"") or as a tree; docs/reference/event-filters.md.',
});
const settings = {
  sources: Type.Optional(Sources),
  categories: Type.Optional(Categories),
  names: Type.Optional(Names),
  filter: Type.Optional(FilterInput),
  is_active: Type.Optional(Type.Boolean()),
};

const SubscriptionRow = Type.Object({
  id: Id,
  name: Type.String(),
  sources: Type.Array(Type.String()),
  categories: Type.Array(Type.String()),
  names: Type.Array(Type.String()),
  filter: Type.Unknown(),
  filter_text: Nullable(Type.String()),
  action: Type.Literal('task'),
  target: Type.Unknown(),
  is_active: Type.Boolean(),
  created_by: Nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
});

/** /v1/event-subscriptions: what is to happen for which events. */
export function subscriptionRoutes(routes: RouteRegistrar, platform: Platform): void {
  const tag = 'events';

  routes.add({
    method: 'POST',
    url: '/v1/event-subscriptions',
    summary: 'Have a task made for each event that matches',
    tag,
    permission: 'event_subscriptions:write',
    body: Type.Object({ name: Line(200), target: Target, ...settings }, closed),
    response: SubscriptionRow,
    status: 201,
    mode: 'write',
    run: async (tx, { body }) => withFilterText(await createSubscription(platform, tx, body)),
  });

  routes.add({
    method: 'GET',
    url: '/v1/event-subscriptions',
    summary: 'Event subscriptions, newest first',
    tag,
    permission: 'event_subscriptions:read',
    query: PageQuery,
    response: PageOf(SubscriptionRow),
    mode: 'read',
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      const rows = await listSubscriptions(tx, decodeCursor(query.cursor), limit + 1);
      return toPage(rows.map(withFilterText), limit);
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/event-subscriptions/:id',
    summary: 'An event subscription',
    tag,
    permission: 'event_subscriptions:read',
    params: IdParams,
    response: SubscriptionRow,
    mode: 'read',
    run: async (tx, { params }) => withFilterText(await readSubscription(tx, params.id)),
  });

  routes.add({
    method: 'PATCH',
    url: '/v1/event-subscriptions/:id',
    summary: 'Change an event subscription; events already matched stay as they are',
    tag,
    permission: 'event_subscriptions:write',
    params: IdParams,
    body: Type.Object({ name: Type.Optional(Line(200)), target: Type.Optional(Target), ...settings }, closed),
    response: SubscriptionRow,
    mode: 'write',
    run: async (tx, { params, body }) => withFilterText(await updateSubscription(platform, tx, params.id, body)),
  });

  routes.add({
    method: 'DELETE',
    url: '/v1/event-subscriptions/:id',
    summary: 'Delete an event subscription; the tasks it made stay',
    tag,
    permission: 'event_subscriptions:write',
    params: IdParams,
    status: 204,
    mode: 'write',
    run: (tx, { params }) => deleteSubscription(tx, params.id, platform.clock.now()),
  });
}
