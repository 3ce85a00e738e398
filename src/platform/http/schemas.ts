import { type TSchema, Type } from 'typebox';
import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';

const UUID_PATTERN = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';

/** An id, lower case with hyphens: one spelling each. */
export const Id = Type.String({ pattern: UUID_PATTERN, description: 'UUID, lower case.' });
export const Timestamp = Type.String({ description: 'ISO 8601, UTC.' });
export const IdParams = Type.Object({ id: Id }, { additionalProperties: false });
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** Fields of the query string of every list. */
export const pageFields = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_rows_max, default: limits.page_rows_default })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: 'next_cursor of the page before.' })),
};
export const PageQuery = Type.Object(pageFields, { additionalProperties: false });

export const PageOf = <T extends TSchema>(row: T) =>
  Type.Object({ data: Type.Array(row), next_cursor: Nullable(Type.String()) }, { additionalProperties: false });

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_LINES = /(?![\n\r\t])\p{Cc}/u;

/** A line of text: no control characters (PostgreSQL can not store NUL), no halves of surrogate pairs. */
export const Line = (maxLength: number, minLength = 1) =>
  Type.Refine(
    Type.String({ minLength, maxLength }),
    (text) => isStorable(text, maxLength, CONTROL),
    () => 'must be one line of text without control characters',
  );

/** Text of several lines. */
export const Lines = (maxLength: number) =>
  Type.Refine(
    Type.String({ maxLength }),
    (text) => isStorable(text, maxLength, CONTROL_BUT_LINES),
    () => 'must be text without control characters',
  );

/** Counts code points, as the database's checks do. */
function isStorable(text: string, maxLength: number, forbidden: RegExp): boolean {
  return text.isWellFormed() && !forbidden.test(text) && (text.length <= maxLength || [...text].length <= maxLength);
}

/** A time given in a query string. Throws `invalid_request` naming the field. */
export function parseTime(text: string | undefined, field: string): Date | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}([T ][0-9:.]+(Z|[+-]\d{2}:?\d{2})?)?$/.test(text) ? new Date(text) : undefined;
  if (!time || Number.isNaN(time.getTime())) {
    throw errors.invalid_request({ field, detail: `${field} is not a time such as 2026-11-22T10:00:00Z` });
  }
  return time;
}
