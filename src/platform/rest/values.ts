import { errors } from '../core/errors.ts';
import { parseJson } from './body.ts';
import type { ColumnKind } from './relations.ts';
import { echo } from './scanner.ts';

/** What has a type: a column, or a function's parameter. */
export interface Typed {
  readonly name: string;
  readonly type: string;
  readonly kind: ColumnKind;
  readonly integerBytes: number;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INTEGER = /^[+-]?\d{1,19}$/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,5})?$|^[+-]?(?:nan|inf|infinity)$/i;
const BOOLEAN = /^(?:t|true|y|yes|on|1|f|false|n|no|off|0)$/i;
const DATE = /^(\d{4,6})-(\d\d)-(\d\d)/;
const TIME = /^(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?\s?(?:Z|z|UTC|[+-]\d\d(?::?\d\d)?)?(?: BC)?$/;
const TIME_WORD = /^(?:-?infinity|epoch|now|today|tomorrow|yesterday)$/i;

function isDay(text: string): { rest: string } | undefined {
  const found = DATE.exec(text);
  if (found === null) return undefined;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return month >= 1 && month <= 12 && day >= 1 && day <= days ? { rest: text.slice(found[0].length) } : undefined;
}

function isTime(text: string): boolean {
  if (TIME_WORD.test(text)) return true;
  const day = isDay(text);
  return day !== undefined && TIME.test(day.rest);
}

function fitsInteger(text: string, bytes: number): boolean {
  if (!INTEGER.test(text)) return false;
  const value = BigInt(text);
  const half = 1n << BigInt(bytes * 8 - 1);
  return value >= -half && value < half;
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

/** The text to bind for a value of a cheaply checked type, or undefined when it is none; other types pass as they are. */
function fit(typed: Typed, text: string): string | undefined {
  const trimmed = text.trim();
  switch (typed.kind) {
    case 'uuid': {
      const id = trimmed.toLowerCase();
      return UUID.test(id) ? id : undefined;
    }
    case 'integer':
      return fitsInteger(trimmed, typed.integerBytes) ? trimmed : undefined;
    case 'number':
      return NUMBER.test(trimmed) ? trimmed : undefined;
    case 'boolean':
      return BOOLEAN.test(trimmed) ? trimmed : undefined;
    case 'timestamp':
      return isTime(trimmed) ? trimmed : undefined;
    case 'date':
      return isTime(trimmed) ? trimmed : undefined;
    case 'json':
    case 'jsonb':
      return isJson(text) ? text : undefined;
    case 'array':
      return trimmed.startsWith('{') && trimmed.endsWith('}') ? trimmed : undefined;
    default:
      return text;
  }
}

/** The text to bind where a value of the column's type is asked for; throws `invalid_value` naming the column. */
export function checkValue(typed: Typed, text: string, place = ''): string {
  const fitted = fit(typed, text);
  if (fitted !== undefined) return fitted;
  const hint =
    text.toLowerCase() === 'null'
      ? { hint: 'To compare with null, use is.null.' }
      : typed.kind === 'timestamp' && text.includes(' ')
        ? { hint: 'Write times as in ISO 8601, and the "+" of a time zone as %2B.' }
        : {};
  throw errors.invalid_value({
    field: typed.name,
    detail: `"${echo(text)}" is not a value of "${typed.name}", whose type is ${typed.type}${place}.`,
    ...hint,
  });
}

/** Checks a value of a JSON body against a column, as far as that is cheap; `null` is the database's business. */
export function checkJsonValue(typed: Typed, value: unknown, place: string): void {
  if (value === null || value === undefined) return;
  const { kind } = typed;
  if (kind === 'json' || kind === 'jsonb' || kind === 'other' || kind === 'range') return;
  if (kind === 'array' && Array.isArray(value)) return;
  // JavaScript has rounded such a number, but the body reaches the database as text, with all its digits.
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return;
  // An object for a text column is stored as its JSON, as PostgREST does.
  if (kind === 'text' || kind === 'tsvector') return;
  checkValue(typed, typeof value === 'object' ? JSON.stringify(value) : String(value), place);
}
