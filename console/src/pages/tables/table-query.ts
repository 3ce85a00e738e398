import type { Query } from '../../api/request.ts';
import type { OrderKey } from '../../api/use-table-rows.ts';
import { columnName, type TableInfo } from './types.ts';

/** Filters stand in the address as `f.<column>=<operator>.<value>`: the dialect's own words. */
const filter_prefix = 'f.';
const ordered = new Set(['uuid', 'integer', 'number', 'timestamp', 'date', 'text']);
const large = new Set(['json', 'jsonb', 'array', 'tsvector']);
const page_rows_max = 1_000;
/** A row with JSON in it may be a megabyte. */
const large_page_rows = 100;

export interface TableState {
  /** The dialect's filter by column: { status: 'eq.failed' }. */
  readonly filters: ReadonlyMap<string, string>;
  readonly order: { readonly column: string; readonly descending: boolean } | undefined;
  /** The columns that are shown; all of them without a choice. */
  readonly columns: readonly string[];
  /** A member's id or a role to look as; '' for oneself. */
  readonly as: string;
  /** Primary key of the row that is open, as JSON. */
  readonly row: string;
}

/** The state of a table's page from its address; names that the table has not are left out. */
export function readState(parameters: URLSearchParams, table: TableInfo): TableState {
  const known = new Set(table.columns.map(({ name }) => name));
  const filters = new Map(
    [...parameters]
      .filter(([name, value]) => name.startsWith(filter_prefix) && value !== '')
      .map(([name, value]) => [name.slice(filter_prefix.length), value] as const),
  );
  const [column = '', direction] = splitLast(parameters.get('order') ?? '');
  const chosen = (parameters.get('columns') ?? '').split(',').filter((name) => known.has(name));
  return {
    filters,
    order: known.has(column) ? { column, descending: direction === 'desc' } : undefined,
    columns: chosen.length > 0 ? chosen : [...known],
    as: parameters.get('as') ?? '',
    row: parameters.get('row') ?? '',
  };
}

export const filterParameter = (column: string): string => filter_prefix + column;

/** Columns rows can be put in the order of: those a page can begin after a value of. */
export function orderableColumns(table: TableInfo): readonly string[] {
  return table.columns.filter(({ kind }) => ordered.has(kind)).map(({ name }) => name);
}

/** The order with the primary key behind it, so that every page has its place; newest first by itself. */
export function orderKeys(table: TableInfo, { order }: TableState): OrderKey[] {
  const keys: OrderKey[] = [];
  if (order !== undefined) {
    const nullable = table.columns.find(({ name }) => name === order.column)?.nullable ?? true;
    keys.push({ column: order.column, descending: order.descending, nullable });
  }
  for (const column of table.primary_key) {
    if (column === order?.column) continue;
    // ids carry their time
    keys.push({ column, descending: order === undefined ? column === 'id' : false, nullable: false });
  }
  return keys;
}

export interface TableRequest {
  readonly select: string | undefined;
  readonly filters: Query;
  readonly order: readonly OrderKey[];
  readonly pageRows: number;
}

/** What the page asks of the API. */
export function requestOf(table: TableInfo, state: TableState): TableRequest {
  const order = orderKeys(table, state);
  const isWhole = state.columns.length === table.columns.length;
  const wanted = [...new Set([...state.columns, ...order.map(({ column }) => column)])];
  const kinds = new Map(table.columns.map(({ name, kind }) => [name, kind]));
  return {
    select: isWhole ? undefined : wanted.map(columnName).join(','),
    filters: Object.fromEntries([...state.filters].map(([column, filter]) => [columnName(column), filter])),
    order,
    pageRows: wanted.some((name) => large.has(kinds.get(name) ?? '')) ? large_page_rows : page_rows_max,
  };
}

/** The request as a line for the shell; quotes can not end it early. Commas need no escape, and are read more easily. */
export function curlOf(url: string, as: string): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const view = as === '' ? '' : ` -H ${quote(`Plinth-View-As: ${as}`)}`;
  return `curl -H "Authorization: Bearer $PLINTH_API_KEY"${view} ${quote(url.replaceAll('%2C', ','))}`;
}

function splitLast(text: string): [string, string] {
  const dot = text.lastIndexOf('.');
  return dot < 0 ? [text, ''] : [text.slice(0, dot), text.slice(dot + 1)];
}
