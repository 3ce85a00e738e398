/**
 * The dialect as data. A query string becomes a `RestQuery`; nothing in it has been compared with a table yet, so every
 * name here is still text from outside. `at` is the character of the parameter's value where the name stands, from 1.
 */

export interface JsonStep {
  readonly arrow: '->' | '->>';
  /** A key of an object, or a place in an array (negative: from the end). */
  readonly key: string | number;
}

export interface Field {
  readonly name: string;
  readonly path: readonly JsonStep[];
  readonly at: number;
}

export interface ColumnItem {
  readonly kind: 'column';
  readonly field: Field;
  readonly alias?: string;
  readonly cast?: string;
}

export interface EmbedItem {
  readonly kind: 'embed';
  readonly target: string;
  readonly alias?: string;
  readonly hint?: string;
  readonly inner: boolean;
  /** `...table(column)`: the columns join those of the row around it. */
  readonly spread: boolean;
  readonly items: readonly SelectItem[];
  readonly at: number;
}

export type SelectItem = { readonly kind: 'star' } | ColumnItem | EmbedItem;

export const comparisonOperators = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte'] as const;
export const patternOperators = ['like', 'ilike', 'match', 'imatch'] as const;
export const containmentOperators = ['cs', 'cd', 'ov', 'sl', 'sr', 'nxr', 'nxl', 'adj'] as const;
export const searchOperators = ['fts', 'plfts', 'phfts', 'wfts'] as const;
export const operators = [
  ...comparisonOperators,
  ...patternOperators,
  ...containmentOperators,
  ...searchOperators,
  'in',
  'is',
  'isdistinct',
] as const;
export type Operator = (typeof operators)[number];

export const isValues = ['null', 'not_null', 'true', 'false', 'unknown'] as const;
export type IsValue = (typeof isValues)[number];

/** `any` and `all` compare with each item of a `{…}` list. */
export type Quantifier = 'any' | 'all';

export interface Filter {
  readonly kind: 'filter';
  readonly field: Field;
  readonly negated: boolean;
  readonly operator: Operator;
  readonly quantifier?: Quantifier;
  /** The text search configuration of `fts(english)`. */
  readonly language?: string;
  /** One item, except for `in`. */
  readonly values: readonly string[];
}

export interface Logic {
  readonly kind: 'logic';
  readonly negated: boolean;
  readonly operator: 'and' | 'or';
  readonly items: readonly Condition[];
}

export type Condition = Filter | Logic;

export interface OrderTerm {
  /** `order=project(name)`: by a column of an embedded to-one table. */
  readonly relation?: string;
  readonly field: Field;
  readonly direction?: 'asc' | 'desc';
  readonly nulls?: 'first' | 'last';
}

/** What a query string says of one table: the one asked for, or an embedded one. */
export interface NodeQuery {
  readonly conditions: readonly Condition[];
  readonly order: readonly OrderTerm[];
  readonly limit?: number;
  readonly offset?: number;
}

export interface RestQuery extends NodeQuery {
  /** Absent means all columns. */
  readonly select?: readonly SelectItem[];
  /** What is said of embedded tables, by the names of the path: `roles.actors.order` stands under `["roles","actors"]`. */
  readonly embedded: readonly (NodeQuery & { readonly path: readonly string[] })[];
  readonly columns?: readonly string[];
  readonly onConflict?: readonly string[];
  /** For functions only: the parameters that are no filters. */
  readonly arguments: ReadonlyMap<string, string>;
}
