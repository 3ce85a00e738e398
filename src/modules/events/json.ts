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
