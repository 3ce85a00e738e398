import { type FilterableEvent, type PendingEvent, valueAt } from '../events/index.ts';
import { notificationLimits } from './limits.ts';

/** What a template may name: `{{type}}`, `{{payload.order.id}}`. */
const PLACE = /^(id|source|type|category|title|actor|repository|branch|commit|payload(\.[A-Za-z0-9_-]{1,100}){1,10})$/;
const SLOT = /\{\{([^{}]*)\}\}/g;
/** Would reorder, hide or break the text around them: controls, and marks of direction. */
const UNSEEN = /[\p{Cc}\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu;

/** What is wrong with a template; undefined: nothing. */
export function templateProblem(template: string): string | undefined {
  for (const [slot, name = ''] of template.matchAll(SLOT)) {
    if (!PLACE.test(name.trim())) return `${slot.slice(0, 120)} is no field of an event`;
  }
  if (/\{\{|\}\}/.test(template.replaceAll(SLOT, ''))) return 'a pair of braces is not closed, or holds another';
  return undefined;
}

/**
 * The template with the event's values in place of `{{…}}`: plain text of at most `charsMax` characters. A place where the
 * event has nothing, or a list or an object, is left empty.
 */
export function fillTemplate(
  template: string,
  event: PendingEvent,
  document: FilterableEvent,
  charsMax: number,
): string {
  const text = template.replace(/[^\P{Cc}\n]/gu, ' ').replaceAll(SLOT, (_, name: string) => {
    const place = name.trim();
    const value = place === 'id' ? event.id : valueAt(document, place.split('.'));
    const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return isPlain ? cut(lineOf(String(value)), notificationLimits.value_chars) : '';
  });
  return cut(text.toWellFormed().trim(), charsMax);
}

/** One line, without what would not be seen. */
function lineOf(text: string): string {
  return text.toWellFormed().replace(/\s+/gu, ' ').replace(UNSEEN, '');
}

/** By characters as a database counts them, so that no half of one is left. */
function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const characters = Array.from(text);
  return characters.length <= charsMax ? text : `${characters.slice(0, charsMax - 1).join('')}…`;
}
