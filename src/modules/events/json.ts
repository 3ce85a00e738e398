/** A place in a JSON value: keys of objects and, for arrays, indexes from 0. */
export type JsonPath = readonly (string | number)[];

/**
 * The value at `path`, or undefined. Only own keys of objects and elements of arrays count, so `__proto__`,
 * `constructor` or `length` never lead out of the document; a key does not index an array, nor a number an object.
 */
export function valueAt(json: unknown, path: JsonPath): unknown {
  let current: unknown = json;
  for (const segment of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    if (Array.isArray(current) !== (typeof segment === 'number')) return undefined;
    if (!Object.hasOwn(current, segment)) return undefined;
    current = (current as Record<string | number, unknown>)[segment];
  }
  return current;
}

export function stringAt(json: unknown, ...path: JsonPath): string | undefined {
  const value = valueAt(json, path);
  return typeof value === 'string' ? value : undefined;
}

export function numberAt(json: unknown, ...path: JsonPath): number | undefined {
  const value = valueAt(json, path);
  return typeof value === 'number' ? value : undefined;
}

/** The "JSON.parse source text access" proposal: in V8 since Node 21, not yet in TypeScript's library. */
interface JsonWithSource {
  rawJSON(text: string): unknown;
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
}

const json = JSON as unknown as JsonWithSource;

/** A number whose digits a double may not keep: many of them, a fraction, or an exponent. */
const PRECISE_NUMBER = /[0-9][0-9.]{15,}|[0-9][eE]/;

/**
 * Parses JSON text so that serialising it again gives every number with the digits it had: one that a double would
 * change becomes a raw JSON object. Such a value is for storing, not for calculating.
 */
export function parseKeepingDigits(text: string): unknown {
  if (!PRECISE_NUMBER.test(text)) return JSON.parse(text);
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? json.rawJSON(source) : value,
  );
}

/** An object of JSON: neither null, a list, nor a raw number. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
