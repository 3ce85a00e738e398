import type { Verb } from '../module.ts';
import { bounds } from './bounds.ts';

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

/** The name among `visible` that is closest to `wanted`, if one is close: at most a third of it differs. */
export function nearestName(wanted: string, visible: Iterable<string>): string | undefined {
  if (wanted.length > bounds.name_chars_max) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of visible) {
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

/** Edits (a letter more, less, other, or two swapped) that turn one into the other, or `ceiling` when it is at least that. */
function editDistance(a: string, b: string, ceiling: number): number {
  if (Math.abs(a.length - b.length) >= ceiling) return ceiling;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : ceiling;
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1, swapped));
    }
    before = previous;
    previous = current;
  }
  return Math.min(previous[b.length]!, ceiling);
}
