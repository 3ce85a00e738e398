import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import { withIdempotency } from '../../platform/http/idempotency.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Line, Nullable, PageOf, PageQuery, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { eventLimits } from './limits.ts';
import type { Receiver } from './receive.ts';
import {
  createSource,
  deleteSource,
  listSources,
  prepareSecret,
  prepareSource,
  readSource,
  rotateSecret,
  sourceRefusals,
  sourcesReceived,
  updateSource,
} from './sources.ts';
import { schemeNames } from './verify/index.ts';

const Name = Line(200);
const Secret = Type.String({ minLength: 1, maxLength: 2 * eventLimits.secret_bytes_max });
const closed = { additionalProperties: false } as const;
const tag = 'events';
/** How far back refused webhooks are told, and how many. */
const refused_hours = 24;
const refused_rows_max = 50;

const SourceRow = Type.Object({
  id: Id,
  name: Type.String(),
  scheme: Type.Enum([...schemeNames]),
  configuration: Type.Unknown(),
  project_id: Nullable(Id),
  token_last4: Type.String(),
  previous_secret_expires_at: Nullable(Timestamp),
  is_active: Type.Boolean(),
  created_by: Nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
});
const Received = {
  has_received: Type.Boolean({ description: 'Whether anything was ever stored of what it was sent.' }),
  last_received_at: Nullable(
    Type.String({
      format: 'date-time',
      description: 'null: nothing came yet, or before the newest 10,000 events of the organization.',
    }),
  ),
};
const SourceListed = Type.Intersect([SourceRow, Type.Object(Received)]);
const SourceHealth = Type.Object({
  ...Received,
  refused_since: Timestamp,
  refused: Type.Array(Type.Object({ occurred_at: Timestamp, code: Type.String() }), {
    description: 'Webhooks refused since then, newest first. Of many in a short time one a minute is recorded.',
  }),
});
/** With the address and the secret, which are in the first answer only: a replayed one does not hold them. */
const SourceShownOnce = Type.Intersect([
  SourceRow,
  Type.Object({ hook_path: Type.Optional(Type.String()), secret: Type.Optional(Type.String()) }),
]);

const wasReplayed = (reply: FastifyReply): boolean => reply.getHeader('idempotency-replayed') !== undefined;

function healthRoutes(routes: RouteRegistrar, platform: Platform, receiver: Receiver): void {
  routes.add({
    method: 'GET',
    url: '/v1/event-sources/:id/health',
    summary: 'When an event source last received something, and what it was sent and refused in the last 24 hours',
    tag,
    permission: 'event_sources:read',
    params: IdParams,
    response: SourceHealth,
    mode: 'read',
    async run(tx, { params: { id } }) {
      await readSource(tx, id);
      const received = (await sourcesReceived(tx, [id])).get(id)!;
      const refused_since = new Date(platform.clock.now().getTime() - refused_hours * 3_600_000);
      const refused = await sourceRefusals(tx, id, refused_since, refused_rows_max);
      return { ...received, refused_since, refused };
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/event-sources/:id/test',
    summary:
      'Receive a sample event, signed with the secret as the sender of the source would; subscriptions act on it',
    tag,
    permission: 'events:write',
    params: IdParams,
    response: Type.Object({ event_id: Id }),
    status: 202,
    async handle({ params, actor, request }) {
      const from = { ip: request.ip, requestId: request.id };
      return { event_id: (await receiver.test(actor?.organizationId ?? '', params.id, from)).id };
    },
  });
}

/** /v1/event-sources: who may send webhooks, and the secrets they sign with. */
export function sourceRoutes(routes: RouteRegistrar, platform: Platform, receiver: Receiver): void {
  const { forget } = receiver;
  healthRoutes(routes, platform, receiver);

  routes.add({
    method: 'POST',
    url: '/v1/event-sources',
    summary: 'Make an event source; its address and secret are shown once',
    tag,
    permission: 'event_sources:write',
    body: Type.Object(
      {
        name: Name,
        scheme: Type.Enum([...schemeNames]),
        configuration: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
        project_id: Type.Optional(Id),
        secret: Type.Optional(Secret),
      },
      closed,
    ),
    response: SourceShownOnce,
    status: 201,
    idempotent: true,
    async handle({ body, actor, scope, request, reply }) {
      const organizationId = actor?.organizationId ?? '';
      const prepared = await prepareSource(platform, organizationId, body);
      // the kept answer must not hold the secret, so that is added after it was kept
      const row = await withIdempotency(platform, request, reply, scope, (tx) => createSource(tx, prepared));
      return wasReplayed(reply) ? row : { ...(row as object), ...prepared.shown };
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/event-sources',
    summary: 'Event sources, newest first',
    tag,
    permission: 'event_sources:read',
    query: PageQuery,
    response: PageOf(SourceListed),
    mode: 'read',
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      const rows = await listSources(tx, decodeCursor(query.cursor), limit + 1);
      const received = await sourcesReceived(
        tx,
        rows.map(({ id }) => id),
      );
      return toPage(
        rows.map((row) => ({ ...row, ...received.get(row.id)! })),
        limit,
      );
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/event-sources/:id',
    summary: 'An event source',
    tag,
    permission: 'event_sources:read',
    params: IdParams,
    response: SourceRow,
    mode: 'read',
    run: (tx, { params }) => readSource(tx, params.id),
  });

  routes.add({
    method: 'PATCH',
    url: '/v1/event-sources/:id',
    summary: 'Rename an event source, or switch it on or off',
    tag,
    permission: 'event_sources:write',
    params: IdParams,
    body: Type.Object({ name: Type.Optional(Name), is_active: Type.Optional(Type.Boolean()) }, closed),
    response: SourceRow,
    mode: 'write',
    run(tx, { params, body }) {
      tx.afterCommit(() => forget(tx.organizationId));
      return updateSource(tx, params.id, body);
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/event-sources/:id/rotate-secret',
    summary: 'Put a new secret in use; the old one is accepted for some hours more',
    tag,
    permission: 'event_sources:write',
    params: IdParams,
    body: Type.Object(
      {
        secret: Type.Optional(Secret),
        overlap_hours: Type.Optional(Type.Integer({ minimum: 0, maximum: eventLimits.rotation_overlap_hours_max })),
      },
      closed,
    ),
    response: SourceShownOnce,
    idempotent: true,
    async handle({ params, body, actor, scope, request, reply }) {
      const organizationId = actor?.organizationId ?? '';
      const source = await platform.door.read(scope, (tx) => readSource(tx, params.id));
      const { secret, sealed } = await prepareSecret(platform, source, organizationId, body.secret);
      const row = await withIdempotency(platform, request, reply, scope, (tx) => {
        tx.afterCommit(() => forget(tx.organizationId));
        return rotateSecret(tx, params.id, sealed, body.overlap_hours ?? 24);
      });
      return wasReplayed(reply) ? row : { ...(row as object), secret };
    },
  });

  routes.add({
    method: 'DELETE',
    url: '/v1/event-sources/:id',
    summary: 'Delete an event source; its events stay',
    tag,
    permission: 'event_sources:write',
    params: IdParams,
    status: 204,
    mode: 'write',
    async run(tx, { params }) {
      await deleteSource(tx, params.id);
      tx.afterCommit(() => forget(tx.organizationId));
    },
  });
}
