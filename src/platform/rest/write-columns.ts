import { errors } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import type { Verb } from '../module.ts';
import type { Body, JsonObject } from './body.ts';
import { restErrors } from './errors.ts';
import type { RestQuery } from './grammar.ts';
import type { Preferences } from './headers.ts';
import { permission } from './plan.ts';
import type { Column, Relation, RestAccess } from './relations.ts';
import { echo } from './scanner.ts';
import { checkJsonValue } from './values.ts';

/** A column that the scope fills, never the body: the organization, and the owner where rows must be the caller's own. */
export interface FixedColumn {
  readonly name: string;
  readonly holds: 'tenant' | 'user';
  readonly value: string;
}

/** The columns a write takes from the scope; throws `forbidden` when the caller may not do one of the verbs. */
export function fixedColumns(access: RestAccess, relation: Relation, verbs: readonly Verb[]): FixedColumn[] {
  const fixed: FixedColumn[] = [];
  if (relation.tenantColumn !== undefined) {
    fixed.push({ name: relation.tenantColumn, holds: 'tenant', value: access.organizationId });
  }
  for (const verb of verbs) {
    const granted = permission(access, relation, verb);
    if (granted === 'none') throw errors.forbidden({ detail: `${relation.name}:${verb}` });
    if (granted !== 'any' && !fixed.some((column) => column.name === granted.ownerColumn)) {
      fixed.push({ name: granted.ownerColumn, holds: 'user', value: access.userId! });
    }
  }
  return fixed;
}

/** Refuses a row that names another organization or owner than the scope's; the same is fine. */
function checkFixed(fixed: readonly FixedColumn[], row: JsonObject, place: string): void {
  for (const { name, value, holds } of fixed) {
    if (!Object.hasOwn(row, name) || row[name] === null) continue;
    const given = row[name];
    if (typeof given === 'string' && given.toLowerCase() === value.toLowerCase()) continue;
    throw errors.forbidden({
      field: name,
      detail:
        holds === 'tenant'
          ? `"${name}"${place} is not the organization of this request.`
          : `"${name}"${place} is not you, and you may only write rows of your own.`,
      hint: `Leave "${name}" out: it is filled in.`,
    });
  }
}

function placeOf(body: Body, index: number): string {
  return body.single ? '' : ` in row ${index + 1}`;
}

function writable(relation: Relation, name: string, verb: 'insert' | 'update'): Column {
  const column = relation.columns.get(name);
  const may = (other: Column) => (verb === 'insert' ? other.insertable : other.updatable);
  if (column !== undefined && may(column)) return column;
  if (column?.selectable) {
    const why = column.generated ? 'is computed by the database' : `can not be written by ${verb}`;
    throw restErrors.column_not_writable({ field: name, detail: `"${name}" of "${relation.name}" ${why}.` });
  }
  const visible = [...relation.columns.values()].filter(may).map((other) => other.name);
  const near = nearestName(name, visible);
  throw restErrors.unknown_column({
    field: echo(name),
    detail: `"${relation.name}" has no column "${echo(name)}".`,
    ...(near === undefined ? {} : { hint: `Perhaps you meant "${near}".` }),
  });
}

/** The names a body writes: those of `?columns=`, or the keys, which must then be the same in every row. */
function writtenNames(query: RestQuery, body: Body): string[] {
  if (query.columns !== undefined) return [...query.columns];
  const names = new Set(Object.keys(body.rows[0] ?? {}));
  for (const [index, row] of body.rows.entries()) {
    const keys = Object.keys(row);
    const odd = keys.find((key) => !names.has(key)) ?? [...names].find((name) => !Object.hasOwn(row, name));
    if (odd === undefined) continue;
    throw restErrors.invalid_rows({
      field: echo(odd),
      detail: `All rows must have the same keys: "${echo(odd)}" is in some and not in row ${index + 1} or the first.`,
    });
  }
  return [...names];
}

function checkValues(columns: readonly Column[], body: Body): void {
  for (const [index, row] of body.rows.entries()) {
    const place = placeOf(body, index);
    for (const column of columns)
      checkJsonValue(column, Object.hasOwn(row, column.name) ? row[column.name] : null, place);
  }
}

export interface InsertColumn {
  readonly column: Column;
  /** With missing=default: some rows leave it to the column's default, others do not. */
  readonly sometimesMissing: boolean;
}

/**
 * The columns an insert takes from the body. Throws `unknown_column` or `column_not_writable` for a name that can not be
 * written, `invalid_value` for a value that does not fit, `forbidden` for another organization or owner.
 */
export function insertColumns(
  relation: Relation,
  query: RestQuery,
  body: Body,
  fixed: readonly FixedColumn[],
  preferences: Preferences,
): InsertColumn[] {
  const names = writtenNames(query, body);
  for (const [index, row] of body.rows.entries()) checkFixed(fixed, row, placeOf(body, index));
  const columns = names
    .filter((name) => !fixed.some((column) => column.name === name))
    .map((name) => writable(relation, name, 'insert'));
  checkValues(columns, body);
  if (preferences.missing !== 'default') return columns.map((column) => ({ column, sometimesMissing: false }));
  return columns.flatMap((column) => {
    const absent = body.rows.filter((row) => !Object.hasOwn(row, column.name)).length;
    if (absent > 0 && absent === body.rows.length) return [];
    return [{ column, sometimesMissing: absent > 0 && column.defaultExpression !== null }];
  });
}

/** The columns an update sets. The organization and an owner can be named, as they are, but never change. */
export function updateColumns(access: RestAccess, relation: Relation, query: RestQuery, body: Body): Column[] {
  if (body.rows.length !== 1) {
    throw restErrors.invalid_rows({ detail: `An update takes one JSON object, found ${body.rows.length}.` });
  }
  const fixed = fixedColumns(access, relation, ['update']);
  const row = body.rows[0]!;
  checkFixed(fixed, row, '');
  for (const { name } of fixed) {
    if (row[name] === null) throw restErrors.column_not_writable({ field: name, detail: `"${name}" can not be null.` });
  }
  const columns = writtenNames(query, body)
    .filter((name) => !fixed.some((column) => column.name === name))
    .map((name) => writable(relation, name, 'update'));
  checkValues(columns, body);
  return columns;
}

/**
 * The unique key an upsert meets duplicates on: the primary key, or the one over the columns of `on_conflict`, to which
 * the organization belongs whether it is named or not. Throws `no_unique_key`.
 */
export function conflictKey(relation: Relation, named: readonly string[] | undefined): readonly string[] | undefined {
  if (named === undefined) return relation.primaryKey.length === 0 ? undefined : relation.primaryKey;
  const own = (columns: readonly string[]) => columns.filter((name) => name !== relation.tenantColumn).sort();
  const wanted = own(named).join('\n');
  const found = relation.uniqueKeys.find((key) => own(key.columns).join('\n') === wanted);
  if (found !== undefined) return found.columns;
  const visible = relation.uniqueKeys
    .map((key) => own(key.columns))
    .filter((columns) => columns.length > 0 && columns.every((name) => relation.columns.get(name)?.selectable));
  throw restErrors.no_unique_key({
    field: 'on_conflict',
    detail: `"${relation.name}" has unique keys over ${visible.map((names) => names.join(',')).join(' and ') || 'nothing'}.`,
  });
}
