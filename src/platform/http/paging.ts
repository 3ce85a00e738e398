import { errors } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';

/** One page of a list. `next_cursor` is null on the last one. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
}

/**
 * Cursors of lists ordered by id, newest first. Ids are version 7 UUIDs, so this is the order of creation, and a page
 * is one range of the primary key. The cursor is opaque to callers, and checked when it comes back.
 */
export function encodeCursor(id: string): string {
  return Buffer.from(`1:${id}`).toString('base64url');
}

export function decodeCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const [version, id] = Buffer.from(cursor, 'base64url').toString('latin1').split(':');
  if (version !== '1' || !isUuid(id) || encodeCursor(id) !== cursor) throw errors.invalid_cursor();
  return id;
}

/** Makes a page from up to `limit + 1` rows: the one too many says that there is a next page. */
export function toPage<T extends { id: string }>(rows: readonly T[], limit: number): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, next_cursor: rows.length > limit && last ? encodeCursor(last.id) : null };
}
