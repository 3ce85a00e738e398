import Type, { type TProperties, type TSchema } from 'typebox';
import { limits } from '../core/limits.ts';

/** Times go out as ISO 8601 in UTC. */
export const Timestamp = Type.String({ format: 'date-time' });

export const idParams = Type.Object({ id: Type.String({ format: 'uuid' }) }, { additionalProperties: false });

/** The query of a list: `limit`, `cursor`, and the list's own filters. */
export function cursorQuery<F extends TProperties>(filters: F) {
  return Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_rows_max })),
      cursor: Type.Optional(Type.String({ maxLength: 200 })),
      ...filters,
    },
    { additionalProperties: false },
  );
}

/** One page of a list. */
export function pageOf<R extends TSchema>(row: R) {
  return Type.Object({ data: Type.Array(row), next_cursor: Type.Union([Type.String(), Type.Null()]) });
}
