import { errors } from '../../platform/core/errors.ts';
import { isUuid } from '../../platform/core/ids.ts';
import type { Page } from '../../platform/http/paging.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { notificationLimits } from './limits.ts';

export interface NotificationRow {
  readonly id: string;
  readonly subscription_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly title: string;
  readonly body: string | null;
  readonly read_at: Date | null;
  readonly created_at: Date;
}

/** A place in the list: unread first, and of both the newest first. */
interface Place {
  readonly isRead: boolean;
  readonly id: string;
}

const encodePlace = ({ isRead, id }: Place): string => Buffer.from(`n1:${isRead ? 1 : 0}:${id}`).toString('base64url');

/** Throws `invalid_cursor`. */
export function decodePlace(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [version, read, id] = Buffer.from(cursor, 'base64url').toString('latin1').split(':');
  if (version !== 'n1' || !isUuid(id)) throw errors.invalid_cursor();
  const place = { isRead: read === '1', id };
  if (encodePlace(place) !== cursor) throw errors.invalid_cursor();
  return place;
}

/** A person's own notifications after a place, unread ones first. */
export async function listNotifications(
  tx: ScopedTx,
  userId: string,
  { after, unread, limit }: { after: Place | undefined; unread: boolean | undefined; limit: number },
): Promise<Page<NotificationRow>> {
  const rows = await tx.sql<NotificationRow>(
    `select id, subscription_id, event_id, event_type, title, body, read_at, created_at
     from plinth.notifications
     where organization_id = $1
       and user_id = $2
       and ($3::boolean is null or is_read = $3)
       and ($4::boolean is null or is_read > $4 or (is_read = $4 and id < $5))
     order by is_read, id desc
     limit $6`,
    [tx.organizationId, userId, unread === undefined ? null : !unread, after?.isRead, after?.id, limit + 1],
  );
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const isMore = rows.length > limit && last !== undefined;
  return { data, next_cursor: isMore ? encodePlace({ isRead: last.read_at !== null, id: last.id }) : null };
}

/** How many are unread, counted up to a bound. */
export async function countUnread(tx: ScopedTx, userId: string): Promise<number> {
  const [row] = await tx.sql<{ unread: number }>(
    `select count(*)::int as unread
     from (
       select 1
       from plinth.notifications
       where organization_id = $1
         and user_id = $2
         and not is_read
       limit $3
     ) u`,
    [tx.organizationId, userId, notificationLimits.unread_counted_max],
  );
  return row?.unread ?? 0;
}

/** Marks one as read; one that is stays as it is. Throws `not_found`, also for another person's. */
export async function markRead(tx: ScopedTx, userId: string, id: string, at: Date): Promise<void> {
  const rows = await tx.sql(
    `update plinth.notifications
     set read_at = coalesce(read_at, $4)
     where organization_id = $1 and user_id = $2 and id = $3
     returning id`,
    [tx.organizationId, userId, id, at],
  );
  if (rows.length === 0) throw errors.not_found({ detail: 'no such notification' });
}

/** Marks all as read, up to the one with the id `until` where it is given. Returns how many were unread. */
export async function markAllRead(tx: ScopedTx, userId: string, until: string | undefined, at: Date): Promise<number> {
  const [row] = await tx.sql<{ marked: number }>(
    `with marked as (
       update plinth.notifications
       set read_at = $4
       where organization_id = $1 and user_id = $2 and not is_read and ($3::uuid is null or id <= $3)
       returning 1
     )
     select count(*)::int as marked from marked`,
    [tx.organizationId, userId, until, at],
  );
  return row?.marked ?? 0;
}
