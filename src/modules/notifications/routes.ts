import { Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import { limits } from '../../platform/core/limits.ts';
import type { Actor } from '../../platform/http/actor.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Nullable, PageOf, PageQuery, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { notificationLimits } from './limits.ts';
import { countUnread, decodePlace, listNotifications, markAllRead, markRead } from './notifications.ts';

const closed = { additionalProperties: false } as const;

const Notification = Type.Object({
  id: Id,
  subscription_id: Id,
  event_id: Id,
  event_type: Type.String(),
  title: Type.String(),
  body: Nullable(Type.String()),
  read_at: Nullable(Timestamp),
  created_at: Timestamp,
});

/** Throws `forbidden` for a key that is nobody's. */
function personOf(actor: Actor | undefined): string {
  if (actor?.userId === undefined)
    throw errors.forbidden({ detail: 'notifications are a person’s; this key is nobody’s' });
  return actor.userId;
}

/** /v1/notifications: what the caller is told of in this organization, and nobody else's. */
export function notificationRoutes(routes: RouteRegistrar, platform: Platform): void {
  const tag = 'notifications';

  routes.add({
    method: 'GET',
    url: '/v1/notifications',
    summary: 'Your notifications, unread ones first, the newest first',
    tag,
    permission: 'notifications:read',
    query: Type.Object(
      {
        ...PageQuery.properties,
        unread: Type.Optional(
          Type.Boolean({ description: 'Only those that are unread, or only those that are read.' }),
        ),
      },
      closed,
    ),
    response: PageOf(Notification),
    mode: 'read',
    run: (tx, { query, actor }) =>
      listNotifications(tx, personOf(actor), {
        after: decodePlace(query.cursor),
        unread: query.unread,
        limit: query.limit ?? limits.page_rows_default,
      }),
  });

  routes.add({
    method: 'GET',
    url: '/v1/notifications/unread-count',
    summary: 'How many of your notifications are unread',
    tag,
    permission: 'notifications:read',
    response: Type.Object({
      unread: Type.Integer({ description: `Counted up to ${notificationLimits.unread_counted_max}.` }),
    }),
    mode: 'read',
    run: async (tx, { actor }) => ({ unread: await countUnread(tx, personOf(actor)) }),
  });

  routes.add({
    method: 'POST',
    url: '/v1/notifications/:id/read',
    summary: 'Mark a notification of yours as read',
    tag,
    permission: 'notifications:write',
    params: IdParams,
    status: 204,
    mode: 'write',
    run: (tx, { params, actor }) => markRead(tx, personOf(actor), params.id, platform.clock.now()),
  });

  routes.add({
    method: 'POST',
    url: '/v1/notifications/read',
    summary: 'Mark all your notifications as read, or those up to one',
    tag,
    permission: 'notifications:write',
    body: Type.Object(
      {
        until: Type.Optional({
          ...Id,
          description: 'The newest you have seen: what came after it stays unread.',
        }),
      },
      closed,
    ),
    response: Type.Object({ marked: Type.Integer() }),
    mode: 'write',
    run: async (tx, { body, actor }) => ({
      marked: await markAllRead(tx, personOf(actor), body.until, platform.clock.now()),
    }),
  });
}
