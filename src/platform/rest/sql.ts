/** One statement ready to run: every value of the request is in `values`, as text, null, or a PostgreSQL literal. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** Quotes a name that came from the catalogue. Never give it anything from a request. */
export function quoteName(name: string): string {
  return name.includes('"') ? `"${name.replaceAll('"', '""')}"` : `"${name}"`;
}

/** Collects the values of one statement and hands out their places: `bind('x', 'uuid')` is `$1::uuid`. */
export class Binder {
  readonly values: (string | null)[] = [];
  readonly #kept = new Map<string, string>();

  /** A new place for `value`, cast to `type` (a type's name from the catalogue). */
  bind(value: string | null, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }

  /** The place of a value that a statement repeats, such as the tenant: bound once under `role`. */
  keep(role: string, value: string, type: string): string {
    let place = this.#kept.get(role);
    if (place === undefined) {
      place = this.bind(value, type);
      this.#kept.set(role, place);
    }
    return place;
  }
}

/** The literal of a PostgreSQL array of `items`: `{"a","b"}`, whatever the items hold. */
export function arrayLiteral(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`;
}
