import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { bounds } from './bounds.ts';
import { restErrors } from './errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A request body that holds rows: parsed to be checked, and as text to be handed to PostgreSQL with all its digits. */
export interface Body {
  readonly text: string;
  readonly rows: readonly JsonObject[];
  /** True when the body is one object, not an array of them. */
  readonly single: boolean;
}

/** Levels of nesting in JSON text, without parsing it: brackets inside strings do not count. */
function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}

/** Parses a body; throws `invalid_json` or `json_too_deep`. PostgreSQL's text can not hold U+0000 or half a surrogate pair. */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined || text.trim() === '') throw errors.invalid_json({ detail: 'The body is empty.' });
  if (jsonDepth(text) > limits.json_depth) {
    throw errors.json_too_deep({ detail: `JSON may be nested ${limits.json_depth} levels deep.` });
  }
  if (!text.isWellFormed() || text.includes('\0'))
    throw errors.invalid_json({ detail: 'The body is not valid UTF-8.' });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw errors.invalid_json({ cause });
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a body of one row or many; throws `invalid_json`, `json_too_deep`, `invalid_rows` or `too_many_rows`. */
export function parseBody(text: string | undefined): Body {
  const value = parseJson(text);
  const single = !Array.isArray(value);
  const rows: unknown[] = single ? [value] : value;
  if (rows.length > limits.bulk_rows_max) {
    throw restErrors.too_many_rows({
      detail: `One request may write ${limits.bulk_rows_max} rows, found ${rows.length}.`,
    });
  }
  for (const [index, row] of rows.entries()) {
    const place = single ? 'The body' : `Row ${index + 1}`;
    if (!isObject(row)) throw restErrors.invalid_rows({ detail: `${place} is not a JSON object.` });
    if (Object.keys(row).length > bounds.row_keys_max) {
      throw restErrors.invalid_rows({ detail: `${place} has more than ${bounds.row_keys_max} keys.` });
    }
  }
  return { text: text!, rows: rows as JsonObject[], single };
}
