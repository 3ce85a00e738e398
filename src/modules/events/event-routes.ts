import { type Static, Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import { makeRegistrar, type RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Line, Nullable, PageOf, pageFields, parseTime, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { eventCategories } from './extract/github-columns.ts';
import { ingestEvents } from './ingest.ts';
import { parseKeepingDigits } from './json.ts';
import { eventLimits } from './limits.ts';
import { newEvent } from './new-event.ts';
import { readPayload } from './payload.ts';
import { listEvents, readEvent, readPayloadText } from './read-events.ts';
import { retryEvent } from './retry.ts';

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
  payload_bytes: Type.Integer(),
  status: Type.Enum([...eventStatuses]),
  attempts: Type.Integer(),
  error: Type.Unknown(),
});
const EventDetail = Type.Intersect([
  EventRow,
  Type.Object({ payload: Type.Unknown(), github: Type.Unknown(), journey: Type.Array(Type.Unknown()) }),
]);

const SentEvent = Type.Object(
  {
    type: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}$', description: 'Such as "order.paid".' }),
    category: Type.Optional(Type.Enum([...eventCategories])),
    priority: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000 })),
    title: Type.Optional(Line(500)),
    occurred_at: Type.Optional(Type.String({ format: 'date-time' })),
    actor: Type.Optional(Line(200)),
    url: Type.Optional(Line(2000)),
    branch: Type.Optional(Line(255)),
    commit: Type.Optional(Type.String({ pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' })),
    repository: Type.Optional(
      Type.Object({ provider: Type.Enum(['github', 'gitlab', 'bitbucket', 'local']), full_name: Line(300) }, closed),
    ),
    id: Type.Optional(
      Type.String({ pattern: '^[!-~]{1,200}$', description: "The sender's id: sent again, a repeat." }),
    ),
    deduplication_key: Type.Optional(
      Type.String({ pattern: '^[!-~]{1,200}$', description: 'What makes a repeat, where that is not the id.' }),
    ),
    payload: Type.Optional(Type.Unknown()),
  },
  closed,
);
type SentEvent = Static<typeof SentEvent>;
const Answers = Type.Object({ data: Type.Array(Type.Object({ id: Id, duplicate: Type.Boolean() })) });

function toNewEvent(sent: SentEvent, now: Date) {
  const { deduplication_key: key, id, repository, commit, occurred_at, payload, ...rest } = sent;
  const keys = key !== undefined ? [`key:${key}`] : id !== undefined ? [`id:${id}`] : [];
  const fields = {
    ...rest,
    keys,
    external_id: id ?? null,
    commit_sha: commit ?? null,
    ...(repository ? { provider: repository.provider, repository_full_name: repository.full_name } : {}),
  };
  const text = payload === undefined ? '{}' : JSON.stringify(payload);
  return newEvent(fields, text, occurred_at === undefined ? null : timeOf(occurred_at), now);
}

/** The format also allows leap seconds and the year 0000, which are no times to JavaScript or to PostgreSQL. */
function timeOf(text: string): Date {
  const time = new Date(text);
  if (time.getTime() >= 0) return time;
  throw errors.invalid_request({ field: 'occurred_at', detail: 'occurred_at is not a time after 1970' });
}

/** POST /v1/events, in a scope whose parser refuses what jsonb cannot hold and keeps the digits of numbers. */
function sendRoute(routes: RouteRegistrar, platform: Platform): void {
  routes.app.register(async (scope) => {
    scope.removeContentTypeParser('application/json');
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        const { rawText } = readPayload(body as Buffer, { bytesMax: eventLimits.api_body_bytes });
        done(null, parseKeepingDigits(rawText));
      } catch (error) {
        done(error as Error);
      }
    });
    makeRegistrar(scope, platform, routes.policy).add({
      method: 'POST',
      url: '/v1/events',
      summary: 'Send one event or several, each stored at most once',
      tag,
      permission: 'events:write',
      body: Type.Union([SentEvent, Type.Array(SentEvent, { minItems: 1, maxItems: eventLimits.api_events_max })]),
      response: Answers,
      bodyLimitBytes: eventLimits.api_body_bytes,
      mode: 'write',
      async run(tx, { body }) {
        const now = platform.clock.now();
        const events = (Array.isArray(body) ? body : [body]).map((sent) => toNewEvent(sent, now));
        return { data: await ingestEvents(platform, tx, { sourceId: null, scheme: 'api' }, events) };
      },
    });
  });
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
        type: Type.Optional(Line(200)),
        category: Type.Optional(Type.Enum([...eventCategories])),
        status: Type.Optional(Type.Enum([...eventStatuses])),
        repository_id: Type.Optional(Id),
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
    response: EventDetail,
    mode: 'read',
    run: (tx, { params }) => readEvent(tx, params.id),
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
