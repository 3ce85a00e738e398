import Type, { type Static } from 'typebox';
import type { FieldError } from '../../../platform/core/errors.ts';
import { eventErrors } from '../errors.ts';
import { eventLimits } from '../limits.ts';

/** The first name of a path, and any name written without brackets in the text form. */
export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Words of the text form that cannot begin a path. */
export const reservedWords: ReadonlySet<string> = new Set(['true', 'false', 'null', 'in', 'has']);

export const comparisonOps = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;
export const textOps = ['startsWith', 'endsWith', 'contains'] as const;
export type ComparisonOp = (typeof comparisonOps)[number];
export type TextOp = (typeof textOps)[number];

/** Names of objects and indexes of arrays, from the event's root: `["payload", "commits", 0, "id"]`. */
export type FilterPath = readonly (string | number)[];
export type FilterScalar = string | number | boolean | null;
export type FilterOperand = { readonly path: FilterPath } | { readonly value: FilterScalar };
export type FilterList = { readonly path: FilterPath } | { readonly value: readonly FilterScalar[] };

/** A subscription filter as it is stored. */
export type Filter =
  | { readonly op: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly op: 'not'; readonly filter: Filter }
  | { readonly op: 'has'; readonly path: FilterPath }
  | { readonly op: 'test'; readonly operand: FilterOperand }
  | { readonly op: ComparisonOp | TextOp; readonly left: FilterOperand; readonly right: FilterOperand }
  | { readonly op: 'in'; readonly left: FilterOperand; readonly right: FilterList };

const closed = { additionalProperties: false } as const;
const literals = <const T extends readonly string[]>(values: T) =>
  Type.Union(values.map((value) => Type.Literal(value)));

const PathSchema = Type.Array(
  Type.Union([
    Type.String({ maxLength: eventLimits.filter_segment_chars }),
    Type.Integer({ minimum: 0, maximum: eventLimits.filter_index_max }),
  ]),
  { minItems: 1, maxItems: eventLimits.filter_path_segments },
);
const ScalarSchema = Type.Union([
  Type.String({ maxLength: eventLimits.filter_string_chars }),
  Type.Number(),
  Type.Boolean(),
  Type.Null(),
]);
const PathOperand = Type.Object({ path: PathSchema }, closed);
const OperandSchema = Type.Union([PathOperand, Type.Object({ value: ScalarSchema }, closed)]);
const ListSchema = Type.Union([
  PathOperand,
  Type.Object({ value: Type.Array(ScalarSchema, { maxItems: eventLimits.filter_list_items }) }, closed),
]);

/** The shape of a filter, for the API's schema. `checkFilter` also bounds depth and size, and says what is wrong where. */
export const FilterSchema = Type.Cyclic(
  {
    EventFilter: Type.Union([
      Type.Object(
        { op: literals(['and', 'or']), filters: Type.Array(Type.Ref('EventFilter'), { minItems: 2 }) },
        closed,
      ),
      Type.Object({ op: Type.Literal('not'), filter: Type.Ref('EventFilter') }, closed),
      Type.Object({ op: Type.Literal('has'), path: PathSchema }, closed),
      Type.Object({ op: Type.Literal('test'), operand: OperandSchema }, closed),
      Type.Object({ op: literals([...comparisonOps, ...textOps]), left: OperandSchema, right: OperandSchema }, closed),
      Type.Object({ op: Type.Literal('in'), left: OperandSchema, right: ListSchema }, closed),
    ]),
  },
  'EventFilter',
);
export type FilterSchema = Static<typeof FilterSchema>;

type Fields = Readonly<Record<string, unknown>>;

class Checker {
  readonly errors: FieldError[] = [];
  #nodes = 0;
  #searches = 0;

  #refuse(path: string, message: string): void {
    this.errors.push({ path, message });
  }

  filter(value: unknown, path: string, depth: number): void {
    this.#nodes++;
    if (this.#nodes > eventLimits.filter_nodes) {
      throw eventErrors.filter_too_large({ detail: `A filter has at most ${eventLimits.filter_nodes} conditions.` });
    }
    if (depth > eventLimits.filter_depth) {
      throw eventErrors.filter_too_large({ detail: `Conditions are nested at most ${eventLimits.filter_depth} deep.` });
    }
    if (!isObject(value)) {
      this.#refuse(path, 'must be an object with "op"');
      return;
    }
    switch (value['op']) {
      case 'and':
      case 'or':
        this.#filters(value, path, depth);
        break;
      case 'not':
        this.#keys(value, path, 'filter');
        this.filter(value['filter'], `${path}/filter`, depth + 1);
        break;
      case 'has':
        this.#keys(value, path, 'path');
        this.#path(value['path'], `${path}/path`);
        break;
      case 'test':
        this.#keys(value, path, 'operand');
        this.#operand(value['operand'], `${path}/operand`);
        break;
      default:
        this.#binary(value, path);
    }
  }

  #binary(value: Fields, path: string): void {
    const op = value['op'];
    if (op !== 'in' && ![...comparisonOps, ...textOps].some((known) => known === op)) {
      this.#refuse(`${path}/op`, 'is not an operator of filters');
      return;
    }
    if (op === 'contains' && ++this.#searches > eventLimits.filter_searches) {
      throw eventErrors.filter_too_large({
        detail: `"contains" is used at most ${eventLimits.filter_searches} times.`,
      });
    }
    this.#keys(value, path, 'left', 'right');
    this.#operand(value['left'], `${path}/left`);
    if (op === 'in') this.#list(value['right'], `${path}/right`);
    else this.#operand(value['right'], `${path}/right`);
  }

  #filters(value: Fields, path: string, depth: number): void {
    this.#keys(value, path, 'filters');
    const { filters } = value as { filters: unknown };
    if (!Array.isArray(filters) || filters.length < 2) {
      this.#refuse(`${path}/filters`, 'must be a list of at least two conditions');
      return;
    }
    filters.forEach((one: unknown, index) => {
      this.filter(one, `${path}/filters/${index}`, depth + 1);
    });
  }

  #keys(value: Fields, path: string, ...allowed: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (key !== 'op' && !allowed.includes(key)) this.#refuse(`${path}/${key}`, 'is not expected here');
    }
  }

  #operand(value: unknown, path: string): void {
    const field = this.#oneField(value, path);
    if (field === 'path') this.#path((value as Fields)['path'], `${path}/path`);
    else if (field === 'value') this.#scalar((value as Fields)['value'], `${path}/value`);
  }

  #list(value: unknown, path: string): void {
    const field = this.#oneField(value, path);
    if (field === 'path') this.#path((value as Fields)['path'], `${path}/path`);
    if (field !== 'value') return;
    const items = (value as Fields)['value'];
    if (!Array.isArray(items) || items.length > eventLimits.filter_list_items) {
      this.#refuse(`${path}/value`, `must be a list of at most ${eventLimits.filter_list_items} values`);
      return;
    }
    items.forEach((item: unknown, index) => {
      this.#scalar(item, `${path}/value/${index}`);
    });
  }

  #oneField(value: unknown, path: string): 'path' | 'value' | undefined {
    const keys = isObject(value) ? Object.keys(value) : [];
    const [key] = keys;
    if (keys.length === 1 && (key === 'path' || key === 'value')) return key;
    this.#refuse(path, 'must be an object with either "path" or "value"');
    return undefined;
  }

  #path(value: unknown, path: string): void {
    if (!Array.isArray(value) || value.length === 0 || value.length > eventLimits.filter_path_segments) {
      this.#refuse(path, `must be a list of 1 to ${eventLimits.filter_path_segments} names or indexes`);
      return;
    }
    const [root] = value as unknown[];
    if (typeof root !== 'string' || !IDENTIFIER.test(root) || reservedWords.has(root)) {
      this.#refuse(`${path}/0`, 'must be a plain name, such as "payload"');
    }
    value.forEach((segment: unknown, index) => {
      if (typeof segment === 'string') this.#text(segment, `${path}/${index}`, eventLimits.filter_segment_chars);
      else if (!isIndex(segment)) this.#refuse(`${path}/${index}`, 'must be a name or an index from 0');
    });
  }

  #scalar(value: unknown, path: string): void {
    if (typeof value === 'string') this.#text(value, path, eventLimits.filter_string_chars);
    else if (typeof value === 'number') {
      if (!Number.isFinite(value)) this.#refuse(path, 'must be a finite number');
    } else if (typeof value !== 'boolean' && value !== null) {
      this.#refuse(path, 'must be text, a number, true, false or null');
    }
  }

  #text(value: string, path: string, charsMax: number): void {
    if (value.length > charsMax) this.#refuse(path, `has more than ${charsMax} characters`);
    else if (!value.isWellFormed() || value.includes('\0')) {
      this.#refuse(path, 'holds a NUL character or an unpaired surrogate');
    }
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIndex(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= eventLimits.filter_index_max;
}

/**
 * The value as a filter. Throws `filter_invalid` with the places that are wrong (JSON pointers), or
 * `filter_too_large` when it is deeper or larger than the limits.
 */
export function checkFilter(value: unknown): Filter {
  const checker = new Checker();
  checker.filter(value, '', 1);
  if (checker.errors.length > 0) throw eventErrors.filter_invalid({ errors: checker.errors });
  return value as Filter;
}
