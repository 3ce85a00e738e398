import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Line, Nullable, PageOf, PageQuery, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { eventCategories } from './extract/github-columns.ts';
import { formatFilter } from './filter/text.ts';
import { eventLimits } from './limits.ts';
import { PLACE } from './place.ts';
import {
  checkFilterOf,
  createSubscription,
  deleteSubscription,
  listSubscriptions,
  readSubscription,
  subscriptionActions,
  updateSubscription,
  withFilterText,
} from './subscriptions.ts';
import { tried_events_max, tryRule } from './try-filter.ts';
import { schemeNames } from './verify/index.ts';

const closed = { additionalProperties: false } as const;
/** What an event may come from: a scheme, `api` for those sent with a key, or `plinth` for its own. */
const eventSourceNames = [...schemeNames, 'api', 'plinth'] as const;

const Priority = Type.Integer({ minimum: -1000, maximum: 1000 });
const Place = Type.String({ pattern: PLACE, maxLength: 1000, description: 'Such as "payload.customer.id".' });
const TaskTarget = Type.Object(
  {
    task_type: Type.String({ pattern: '^[a-z][a-z0-9_.:-]{0,99}$' }),
    priority: Type.Optional(Priority),
  },
  closed,
);
const WorkflowTarget = Type.Object(
  {
    workflow: Type.String({ minLength: 1, maxLength: 100 }),
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })),
    correlation_from: Type.Optional(Place),
    priority: Type.Optional(Priority),
  },
  closed,
);
const NotificationTarget = Type.Object(
  {
    title: Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'Plain text; {{type}}, {{title}} or {{payload.order.id}} stand for what the event has there.',
    }),
    body: Type.Optional(Type.String({ minLength: 1, maxLength: 4_000 })),
    to: Type.Union([
      Type.Object({ user_id: Id }, closed),
      Type.Object({ role: Type.Enum(['owner', 'admin', 'member', 'viewer']) }, closed),
      Type.Object({ everyone: Type.Literal(true) }, closed),
    ]),
  },
  closed,
);
const Target = Type.Union(
  [
    TaskTarget,
    WorkflowTarget,
    NotificationTarget,
    Type.Object({ endpoint_id: Id }, closed),
    Type.Object({ customer_from: Place }, closed),
  ],
  {
    description:
      'Of the action: a task, a workflow, a notification for members, an endpoint, or the endpoints of the customer an event names.',
  },
);
const Sources = Type.Array(Type.Enum([...eventSourceNames]), { maxItems: eventSourceNames.length });
const Categories = Type.Array(Type.Enum([...eventCategories]), { maxItems: eventCategories.length });
const Names = Type.Array(Line(eventLimits.name_pattern_chars), { maxItems: eventLimits.subscription_names_max });
/** Checked by the service, which says what is wrong where. */
const FilterInput = Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
  description: 'As text ("branch == \\"main\\"") or as a tree; docs/reference/event-filters.md.',
});
const Batch = Type.Object(
  {
    count_max: Type.Integer({ minimum: 1, maximum: eventLimits.batch_count_max }),
    seconds_max: Type.Integer({ minimum: 1, maximum: eventLimits.batch_seconds_max }),
  },
  { ...closed, description: 'Act once for several events: as one event, plinth.batch, that holds them.' },
);
const settings = {
  batch: Type.Optional(Nullable(Batch)),
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
  action: Type.Enum([...subscriptionActions]),
  target: Type.Unknown(),
  batch: Nullable(Batch),
  is_active: Type.Boolean(),
  created_by: Nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
});

const Tried = Type.Object({
  filter: Type.Unknown({ description: 'As a tree; null: none.' }),
  filter_text: Nullable(Type.String()),
  tested: Type.Integer(),
  matched: Type.Integer(),
  data: Type.Array(
    Type.Object({
      id: Id,
      occurred_at: Timestamp,
      source: Type.String(),
      type: Type.String(),
      category: Type.String(),
      title: Nullable(Type.String()),
      matches: Type.Boolean(),
      fails: Nullable(
        Type.Enum(['sources', 'categories', 'names', 'filter'], { description: 'The first part that does not fit.' }),
      ),
      reasons: Type.Array(
        Type.Object({
          path: Type.String({ description: 'Where the condition stands in the tree, as a JSON pointer.' }),
          condition: Type.String(),
          is: Type.Enum(['true', 'false', 'unknown'], {
            description: 'unknown: a value is missing, or of the wrong type.',
          }),
          value: Nullable(
            Type.String({ description: 'What the event has there, as JSON cut short; null: it has nothing there.' }),
          ),
        }),
        { description: 'The conditions that keep the filter from being true, at most five.' },
      ),
    }),
  ),
});

/** /v1/event-subscriptions: what is to happen for which events. */
export function subscriptionRoutes(routes: RouteRegistrar, platform: Platform): void {
  const tag = 'events';

  routes.add({
    method: 'POST',
    url: '/v1/event-subscriptions',
    summary: 'Have a task made, a workflow run, a webhook sent or members told for each event that matches',
    tag,
    permission: 'event_subscriptions:write',
    body: Type.Object(
      {
        name: Line(200),
        action: Type.Optional(Type.Enum([...subscriptionActions], { default: 'task' })),
        target: Target,
        ...settings,
      },
      closed,
    ),
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
    method: 'POST',
    url: '/v1/event-subscriptions/test',
    summary: 'Which of the newest events a subscription would take, and why not the others; nothing is changed',
    tag,
    permission: 'events:read',
    body: Type.Object(
      {
        sources: Type.Optional(Sources),
        categories: Type.Optional(Categories),
        names: Type.Optional(Names),
        filter: Type.Optional(FilterInput),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: tried_events_max, default: tried_events_max })),
      },
      closed,
    ),
    response: Tried,
    mode: 'read',
    async run(tx, { body: { limit = tried_events_max, ...rule } }) {
      const filter = checkFilterOf(rule) ?? null;
      const data = await tryRule(tx, { ...rule, filter }, limit);
      const matched = data.filter(({ matches }) => matches).length;
      return { filter, filter_text: filter && formatFilter(filter), tested: data.length, matched, data };
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
