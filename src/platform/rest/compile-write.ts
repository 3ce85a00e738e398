import { errors } from '../core/errors.ts';
import type { Body } from './body.ts';
import { Compilation, filterConditions, pageStatementSql, scopeConditions, tableSql } from './compile-read.ts';
import type { Source } from './conditions.ts';
import { restErrors } from './errors.ts';
import type { RestQuery } from './grammar.ts';
import type { Format, Preferences } from './headers.ts';
import { type PlanNode, permission } from './plan.ts';
import type { Column, Relation, RestAccess } from './relations.ts';
import { quoteName, type Statement } from './sql.ts';
import { conflictKey, type FixedColumn, fixedColumns, insertColumns, updateColumns } from './write-columns.ts';

export interface WriteRequest {
  readonly access: RestAccess;
  readonly relation: Relation;
  readonly query: RestQuery;
  readonly node: PlanNode;
  readonly preferences: Preferences;
  readonly format: Pick<Format, 'single' | 'stripNulls'>;
}

/** `json_to_recordset($1::json) as b ("name" text, …)`: the body's rows as columns of the table's own types. */
function bodySql(compilation: Compilation, body: Body, columns: readonly Column[]): string {
  const place = compilation.binder.bind(body.text, 'json');
  return `json_to_record${body.single ? '' : 'set'}(${place}) as b (${typedSql(columns)})`;
}

/** The same for an update, whose body is one row: a set all the same, for Citus works a single record out too early. */
function changesSql(compilation: Compilation, body: Body, columns: readonly Column[]): string {
  const place = compilation.binder.bind(body.single ? `[${body.text}]` : body.text, 'json');
  return `json_to_recordset(${place}) as b (${typedSql(columns)})`;
}

function typedSql(columns: readonly Column[]): string {
  return columns.map((column) => `${quoteName(column.name)} ${column.type}`).join(', ');
}

/**
 * The write as a CTE named "written", and over it the page the caller asked for: the rows, or only how many. The CTE
 * returns no more columns than the page reads.
 */
function writtenSql(compilation: Compilation, request: WriteRequest, write: (returning: string) => string): string {
  const { node, preferences, relation } = request;
  const { representation } = preferences;
  if (representation === 'representation') {
    if (permission(request.access, relation, 'select') === 'none') {
      throw errors.forbidden({ detail: `${relation.name}:select` });
    }
    const used = new Set<string>();
    const source: Source = { relation, alias: 't', onColumn: (name) => used.add(name) };
    // Filters chose the rows to write; all of those are returned, whether they still fit or not.
    const page = { from: 'written as t', source, conditions: [], paged: false };
    const select = pageStatementSql(compilation, node, page, request.format, false);
    const returning = used.size === 0 ? '1 as nothing' : [...used].map((name) => `t.${quoteName(name)}`).join(', ');
    return `with written as (${write(returning)}) ${select}`;
  }
  const keys = representation === 'headers-only' ? locationColumns(relation) : [];
  if (keys.length === 0) return `with written as (${write('1 as nothing')}) select count(*)::int as rows from written`;
  const returning = keys.map((name) => `t.${quoteName(name)}`).join(', ');
  const key = `json_agg(row_to_json(written))::text as keys`;
  return `with written as (${write(returning)}) select count(*)::int as rows, ${key} from written`;
}

/** The key that a Location header names: the organization is the caller's own and left out. */
export function locationColumns(relation: Relation): string[] {
  return relation.primaryKey.filter(
    (name) => name !== relation.tenantColumn && relation.columns.get(name)?.selectable === true,
  );
}

/**
 * `insert … select … from json_to_recordset … returning`, which is the form that works under row level security on
 * every engine. Columns that no row names are left to the database's defaults.
 */
export function compileInsert(request: WriteRequest, body: Body): Statement {
  const { access, relation, query, preferences } = request;
  const compilation = new Compilation(access);
  const resolution = preferences.resolution;
  const key = resolution === undefined ? undefined : conflictKey(relation, query.onConflict);
  const verbs = resolution === 'merge-duplicates' ? (['insert', 'update'] as const) : (['insert'] as const);
  const fixed = fixedColumns(access, relation, verbs);
  const columns = insertColumns(relation, query, body, fixed, preferences);
  const text = writtenSql(compilation, request, (returning) => {
    const names = [...fixed.map((column) => column.name), ...columns.map(({ column }) => column.name)];
    const values = [
      ...fixed.map((column) => fixedSql(compilation, column)),
      ...columns.map(({ column, sometimesMissing }) => bodyValueSql(column, sometimesMissing)),
    ];
    const needsRows = columns.some(({ sometimesMissing }) => sometimesMissing);
    const from = insertSourceSql(
      compilation,
      body,
      columns.map(({ column }) => column),
      needsRows,
    );
    const into = `insert into ${tableSql(relation)} as t`;
    const conflict =
      key === undefined
        ? ''
        : conflictSql(
            compilation,
            request,
            key,
            columns.map(({ column }) => column),
          );
    const list = names.length === 0 ? '' : ` (${names.map(quoteName).join(', ')})`;
    return `${into}${list} select ${values.join(', ')} from ${from}${conflict} returning ${returning}`;
  });
  return { text, values: compilation.binder.values };
}

function fixedSql(compilation: Compilation, column: FixedColumn): string {
  return column.holds === 'tenant' ? compilation.tenant() : compilation.user();
}

/** `missing=default`: a row without the key gets the column's default, a row with null gets null. */
function bodyValueSql(column: Column, sometimesMissing: boolean): string {
  const value = `b.${quoteName(column.name)}`;
  if (!sometimesMissing) return value;
  const key = `'${column.name.replaceAll("'", "''")}'`;
  return `case when r.doc -> ${key} is null then ${column.defaultExpression!} else ${value} end`;
}

function insertSourceSql(compilation: Compilation, body: Body, columns: readonly Column[], needsRows: boolean): string {
  if (columns.length === 0) {
    const count = compilation.binder.bind(String(body.rows.length), 'integer');
    return `generate_series(1, ${count}) as b`;
  }
  if (!needsRows) return bodySql(compilation, body, columns);
  const place = compilation.binder.bind(body.single ? `[${body.text}]` : body.text, 'json');
  return `json_array_elements(${place}) as r (doc), json_to_record(r.doc) as b (${typedSql(columns)})`;
}

function conflictSql(
  compilation: Compilation,
  request: WriteRequest,
  key: readonly string[],
  columns: readonly Column[],
): string {
  const { relation, preferences } = request;
  const target = ` on conflict (${key.map(quoteName).join(', ')})`;
  if (preferences.resolution === 'ignore-duplicates') return `${target} do nothing`;
  const changed = columns.filter((column) => !key.includes(column.name));
  for (const column of changed) {
    if (!column.updatable) {
      throw restErrors.column_not_writable({
        field: column.name,
        detail: `"${column.name}" of "${relation.name}" can be set by an insert, not changed by an upsert.`,
      });
    }
  }
  // With nothing to change, a key set to itself still returns the row, as PostgREST does.
  const same = key.map((name) => relation.columns.get(name)!).filter((column) => column.updatable);
  const assigned = changed.length > 0 ? changed : same;
  if (assigned.length === 0) return `${target} do nothing`;
  const source: Source = { relation, alias: 't' };
  const scope = scopeConditions(compilation, source, ['insert', 'update', ...readVerbs(request)]);
  const where = scope.length === 0 ? '' : ` where ${scope.join(' and ')}`;
  const list = assigned.map(({ name }) => `${quoteName(name)} = excluded.${quoteName(name)}`);
  return `${target} do update set ${list.join(', ')}${where}`;
}

/** Who may read only their own rows must not learn of others by an upsert that returns them. */
function readVerbs(request: WriteRequest): 'select'[] {
  return permission(request.access, request.relation, 'select') === 'none' ? [] : ['select'];
}

/** Changes the rows the filters choose; undefined when the body names no column, so that there is nothing to change. */
export function compileUpdate(request: WriteRequest, body: Body): Statement | undefined {
  const { access, relation, query } = request;
  const columns = updateColumns(access, relation, query, body);
  requireFilter(request, 'update');
  if (columns.length === 0) return undefined;
  const compilation = new Compilation(access);
  const source: Source = { relation, alias: 't' };
  const text = writtenSql(compilation, request, (returning) => {
    const list = columns.map(({ name }) => `${quoteName(name)} = b.${quoteName(name)}`);
    const from = changesSql(compilation, body, columns);
    const where = chosenSql(compilation, source, request, 'update');
    return `update ${tableSql(relation)} as t set ${list.join(', ')} from ${from} where ${where} returning ${returning}`;
  });
  return { text, values: compilation.binder.values };
}

/** Removes the rows the filters choose. */
export function compileDelete(request: WriteRequest): Statement {
  requireFilter(request, 'delete');
  const compilation = new Compilation(request.access);
  const source: Source = { relation: request.relation, alias: 't' };
  const text = writtenSql(compilation, request, (returning) => {
    const where = chosenSql(compilation, source, request, 'delete');
    return `delete from ${tableSql(request.relation)} as t where ${where} returning ${returning}`;
  });
  return { text, values: compilation.binder.values };
}

function chosenSql(compilation: Compilation, source: Source, request: WriteRequest, verb: 'update' | 'delete'): string {
  // Embedded tables shape what is returned; `!inner` among them must not choose what is written.
  const chosen: PlanNode = { ...request.node, embeds: [] };
  return [
    ...scopeConditions(compilation, source, [verb, 'select']),
    ...filterConditions(compilation, source, chosen),
  ].join(' and ');
}

/** Throws `filter_required` for a write that would touch every row, and refuses a limit, which PostgreSQL can not heed. */
function requireFilter(request: WriteRequest, verb: 'update' | 'delete'): void {
  const { query, relation } = request;
  if (query.limit !== undefined || query.offset !== undefined) {
    throw restErrors.not_supported({
      field: query.limit === undefined ? 'offset' : 'limit',
      detail: `limit and offset do not apply to ${verb}: name the rows with filters.`,
    });
  }
  if (query.conditions.length > 0) return;
  throw restErrors.filter_required({ detail: `This would ${verb} every row of "${relation.name}".` });
}
