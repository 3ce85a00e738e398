import { createHash } from 'node:crypto';
import type { FilterableEvent } from './filter/subscription.ts';
import { valueAt } from './json.ts';

/** A place in an event as filters name it: `branch`, `payload.order.id`. */
export const PLACE = '^(source|type|category|actor|repository|branch|commit|payload(\\.[A-Za-z0-9_-]{1,100}){1,10})$';
const key_chars_max = 200;

/**
 * The text, number or boolean at a place of an event, as text; undefined where there is none. A text that no index could
 * hold, or no line could show, is told by its SHA-256.
 */
export function stringAtPlace(event: FilterableEvent, place: string): string | undefined {
  const value = valueAt(event, place.split('.'));
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const text = String(value);
  if (text === '') return undefined;
  const isPlain = text.length <= key_chars_max && text.isWellFormed() && !/\p{Cc}/u.test(text);
  return isPlain ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
