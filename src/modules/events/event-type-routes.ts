import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, Lines, Nullable, PageOf, PageQuery, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { deleteEventType, listEventTypes, putEventType, readEventType } from './event-types.ts';
import { eventCategories } from './extract/github-columns.ts';
import { eventLimits } from './limits.ts';
import { schemeNames } from './verify/index.ts';

const closed = { additionalProperties: false } as const;
const Json = Type.Record(Type.String(), Type.Unknown());
const Category = Type.Enum([...eventCategories]);
const Source = Type.Enum([...schemeNames, 'api'], { description: 'The scheme of its source; api: sent with a key.' });
const Name = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}$',
  description: 'The type of the events as it is stored: "order.paid", "pull_request.opened".',
});
const RetentionDays = Type.Integer({ minimum: 1, maximum: eventLimits.retention_days_max });
const TypeParams = Type.Object({ source: Source, name: Name }, closed);

const EventTypeBody = Type.Object(
  {
    category: Type.Optional(Category),
    description: Type.Optional(Lines(2_000)),
    payload_schema: Type.Optional(Nullable(Json)),
    retention_days: Type.Optional(Nullable(RetentionDays)),
    is_active: Type.Optional(
      Type.Boolean({ description: 'Events of a type that is not active are stored and skipped.' }),
    ),
  },
  closed,
);

const EventTypeRow = Type.Object({
  id: Id,
  source: Type.String(),
  name: Type.String(),
  category: Type.String(),
  description: Type.String(),
  schema_version: Type.Integer({ description: 'Counts the changes of payload_schema.' }),
  payload_schema: Nullable(Json),
  retention_days: Nullable(Type.Integer()),
  is_active: Type.Boolean(),
  created_by: Nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
});

/** /v1/event-types: what an organization says of events of a source and a name. */
export function eventTypeRoutes(routes: RouteRegistrar, platform: Platform): void {
  const read = { tag: 'events', permission: 'event_types:read', mode: 'read' } as const;
  const write = { tag: 'events', permission: 'event_types:write', mode: 'write' } as const;

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/event-types',
    summary: 'Event types, newest first',
    query: PageQuery,
    response: PageOf(EventTypeRow),
    async run(tx, { query }) {
      const { limit = limits.page_rows_default, cursor } = query;
      return toPage(await listEventTypes(tx, decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/event-types/:source/:name',
    summary: 'An event type',
    params: TypeParams,
    response: EventTypeRow,
    run: (tx, { params }) => readEventType(tx, params.source, params.name),
  });

  routes.add({
    ...write,
    method: 'PUT',
    url: '/v1/event-types/:source/:name',
    summary:
      'Make an event type, or set it to what is given: the schema of its payload, its retention, whether it is wanted',
    params: TypeParams,
    body: EventTypeBody,
    response: EventTypeRow,
    async run(tx, { params, body, reply }) {
      const { type, created } = await putEventType(tx, params.source, params.name, body);
      if (created) reply.code(201);
      return type;
    },
  });

  routes.add({
    ...write,
    method: 'DELETE',
    url: '/v1/event-types/:source/:name',
    summary: 'Delete an event type; its events stay, and new ones have none',
    params: TypeParams,
    status: 204,
    async run(tx, { params }) {
      await deleteEventType(tx, params.source, params.name, platform.clock.now());
    },
  });
}
