import { Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import { asPlinthError } from '../../platform/http/problem.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Line, Nullable, PageOf, pageFields, parseTime, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { cloud_event_type, readCloudEventText } from './cloud-event.ts';
import { eventCategories } from './extract/github-columns.ts';
import { eventLimits } from './limits.ts';
import { readPayload } from './payload.ts';
import { listEvents, readEvent, readPayloadText } from './read-events.ts';
import { retryEvent } from './retry.ts';
import { sendRoute } from './send-routes.ts';

const closed = { additionalProperties: false } as const;
const tag = 'events';
const eventStatuses = ['pending', 'processing', 'processed', 'failed', 'skipped'] as const;

const EventRow = Type.Object({
  id: Id,
  occurred_at: Timestamp,
  received_at: Timestamp,
  claimed_at: Nullable(Timestamp),
  processed_at: Nullable(Timestamp),
  source: Type.String(),
  source_id: Nullable(Id),
  type: Type.String(),
  category: Type.String(),
  priority: Type.Integer(),
  external_id: Nullable(Type.String()),
  title: Nullable(Type.String()),
  project_id: Nullable(Id),
  repository_id: Nullable(Id),
  repository_full_name: Nullable(Type.String()),
  branch: Nullable(Type.String()),
  commit_sha: Nullable(Type.String()),
  url: Nullable(Type.String()),
  actor: Nullable(Type.String()),
  pull_request_number: Nullable(Type.Integer()),
  event_type_id: Nullable(Id),
  task_id: Nullable(Id),
  user_id: Nullable(Id),
  payload_bytes: Type.Integer(),
  status: Type.Enum([...eventStatuses]),
  attempts: Type.Integer(),
  error: Type.Unknown(),
});
const EventDetail = Type.Intersect([
  EventRow,
  Type.Object({
    payload: Type.Unknown(),
    github: Type.Unknown(),
    linear: Type.Unknown(),
    slack: Type.Unknown(),
    deployment: Type.Unknown(),
    journey: Type.Array(Type.Unknown()),
  }),
]);

const isStorable = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text);

/** An index leads to what is in an object or a list; nothing in it, or a value alone, would read every event. */
function assertContained(text: string): void {
  let json: unknown;
  try {
    ({ json } = readPayload(Buffer.from(text)));
  } catch (error) {
    throw errors.invalid_request({
      field: 'contains',
      detail: `contains is not JSON that can be stored: ${asPlinthError(error).code}`,
    });
  }
  if (holdsValue(json)) return;
  throw errors.invalid_request({
    field: 'contains',
    detail: 'contains is a JSON object or list with at least one value in it, such as {"status":"paid"}',
  });
}

/** Whether there is a value that is no empty object or list, below one. */
function holdsValue(json: unknown, depth = 0): boolean {
  if (typeof json !== 'object' || json === null) return depth > 0;
  return Object.values(json).some((one) => holdsValue(one, depth + 1));
}

/** Whether the Accept header names CloudEvents. */
function accepts(header: string | undefined): boolean {
  return header?.split(',').some((one) => one.split(';', 1)[0]?.trim().toLowerCase() === cloud_event_type) ?? false;
}

/** /v1/events: sending with a key, seeing what came and what it set off, retrying what failed. */
export function eventRoutes(routes: RouteRegistrar, platform: Platform): void {
  sendRoute(routes, platform);

  routes.add({
    method: 'GET',
    url: '/v1/events',
    summary: 'Events, newest first',
    tag,
    permission: 'events:read',
    query: Type.Object(
      {
        ...pageFields,
        source: Type.Optional(Line(100)),
        source_id: Type.Optional(Id),
        type: Type.Optional(
          Type.String({ minLength: 1, maxLength: 200, description: 'May hold * for any characters: pull_request.*' }),
        ),
        category: Type.Optional(Type.Enum([...eventCategories])),
        status: Type.Optional(Type.Enum([...eventStatuses])),
        repository_id: Type.Optional(Id),
        project_id: Type.Optional(Id),
        actor: Type.Optional(Line(200)),
        q: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: eventLimits.search_chars,
            description: 'Words, as in a web search: "a phrase", or, -not. Finds events that were matched already.',
          }),
        ),
        contains: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: eventLimits.contains_chars,
            description:
              'JSON the payload contains: {"order":{"status":"paid"}}. Finds events that were matched already.',
          }),
        ),
        since: Type.Optional(Type.String({ maxLength: 40, description: 'occurred_at from this time.' })),
        until: Type.Optional(Type.String({ maxLength: 40, description: 'occurred_at before this time.' })),
      },
      closed,
    ),
    response: PageOf(EventRow),
    mode: 'read',
    async run(tx, { query }) {
      const { limit = limits.page_rows_default, cursor, since, until, ...filters } = query;
      const range = {
        since: parseTime(since, 'since'),
        until: parseTime(until, 'until'),
        before: decodeCursor(cursor),
      };
      if ([range.since, range.until].some((time) => time !== undefined && time.getTime() < 0)) {
        throw errors.invalid_request({ detail: 'since and until are times after 1970' });
      }
      if (filters.contains !== undefined) assertContained(filters.contains);
      for (const field of ['q', 'type'] as const) {
        if (isStorable(filters[field] ?? '')) continue;
        throw errors.invalid_request({ field, detail: `${field} is text without control characters` });
      }
      const given = Object.fromEntries(Object.entries(range).filter(([, value]) => value !== undefined));
      return toPage(await listEvents(tx, { ...filters, ...given }, limit + 1), limit);
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/events/:id',
    summary: 'An event: its payload, its typed columns, and the tasks it set off',
    tag,
    permission: 'events:read',
    params: IdParams,
    query: Type.Object(
      {
        format: Type.Optional(
          Type.Enum(['plinth', 'cloudevents'], {
            description:
              'cloudevents: a CloudEvent 1.0 in structured JSON, as for Accept: application/cloudevents+json.',
          }),
        ),
      },
      closed,
    ),
    response: EventDetail,
    mode: 'read',
    async run(tx, { params, query, request, reply }) {
      const asked = query.format ?? (accepts(request.headers.accept) ? 'cloudevents' : 'plinth');
      if (asked === 'plinth') return readEvent(tx, params.id);
      const text = await readCloudEventText(tx, params.id);
      reply.header('content-type', `${cloud_event_type}; charset=utf-8`);
      return Buffer.from(text);
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/events/:id/payload',
    summary: 'The payload alone, every number with the digits it was sent with',
    tag,
    permission: 'events:read',
    params: IdParams,
    mode: 'read',
    async run(tx, { params, reply }) {
      const text = await readPayloadText(tx, params.id);
      reply.header('content-type', 'application/json; charset=utf-8');
      return text;
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/events/:id/retry',
    summary: 'Match a failed event again with the subscriptions as they are now',
    tag,
    permission: 'events:write',
    params: IdParams,
    response: Type.Object({ id: Id, status: Type.Literal('pending') }),
    mode: 'write',
    async run(tx, { params }) {
      await retryEvent(platform, tx, params.id);
      return { id: params.id, status: 'pending' as const };
    },
  });
}
