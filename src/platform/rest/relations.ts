import type { Verb } from '../module.ts';

/** What the layer needs to know of a type: which values it takes, and which operators. */
export type ColumnKind =
  | 'uuid'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'timestamp'
  | 'date'
  | 'text'
  | 'json'
  | 'jsonb'
  | 'tsvector'
  | 'array'
  | 'range'
  | 'other';

export interface Column {
  readonly name: string;
  /** The type as SQL spells it, schema-qualified unless it is PostgreSQL's own, without length: `uuid`, `text[]`. */
  readonly type: string;
  readonly kind: ColumnKind;
  /** Bytes of an integer: 2, 4 or 8; 0 for all else. */
  readonly integerBytes: number;
  readonly nullable: boolean;
  /** The default as an SQL expression from the catalogue. */
  readonly defaultExpression: string | null;
  /** Computed by the database (`generated always`), never written. */
  readonly generated: boolean;
  readonly selectable: boolean;
  readonly insertable: boolean;
  readonly updatable: boolean;
}

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly referencedTable: string;
  readonly referencedColumns: readonly string[];
}

/** A primary key or unique constraint. */
export interface UniqueKey {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly columns: ReadonlyMap<string, Column>;
  readonly primaryKey: readonly string[];
  readonly uniqueKeys: readonly UniqueKey[];
  readonly foreignKeys: readonly ForeignKey[];
  /** The column that names the organization; absent for global tables, which row level security alone guards. */
  readonly tenantColumn: string | undefined;
  /**
   * The time column of a table partitioned by time whose ids are minted from it (a CHECK says so): a filter on `id`
   * then adds the id's own millisecond, which leaves one partition to read.
   */
  readonly timeColumn: string | undefined;
  /** The verbs the request role holds a privilege for, on the table or on any of its columns. */
  readonly verbs: ReadonlySet<Verb>;
}

export interface FunctionParameter {
  readonly name: string;
  readonly type: string;
  readonly kind: ColumnKind;
  readonly integerBytes: number;
  readonly hasDefault: boolean;
}

/** A function that `/rpc/<name>` may call: only those registered with the layer exist for it. */
export interface RestFunction {
  readonly schema: string;
  readonly name: string;
  /** Without the tenant's parameter, which the scope fills. */
  readonly parameters: readonly FunctionParameter[];
  readonly tenantParameter: string | undefined;
  readonly returns: 'void' | 'value' | 'values' | 'row' | 'rows';
  /** The rows' columns for `row` and `rows`: those of the table they belong to, or the function's own. */
  readonly result: Relation | undefined;
  /** Volatile functions may write, so they are called by POST only. */
  readonly volatile: boolean;
}

/** Everything the layer knows of one schema as one role sees it: read once by `readRelations`, kept by the caller. */
export interface Relations {
  readonly schema: string;
  readonly tables: ReadonlyMap<string, Relation>;
  readonly functions: ReadonlyMap<string, RestFunction>;
}

/** What a caller may do with a verb on a table: nothing, everything policies show, or the rows whose column is theirs. */
export type Permission = 'none' | 'any' | { readonly ownerColumn: string };

/** Who asks, as the door knows them. Row level security decides again underneath. */
export interface RestAccess {
  readonly organizationId: string;
  readonly userId: string | null;
  readonly may: (table: string, verb: Verb) => Permission;
  readonly mayCall: (name: string) => boolean;
}

/** The columns a caller may read, in the table's order. */
export function selectableColumns(relation: Relation): Column[] {
  return [...relation.columns.values()].filter((column) => column.selectable);
}
