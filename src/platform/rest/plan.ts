import { nearestName } from '../core/nearest-name.ts';
import { restErrors } from './errors.ts';
import type { ColumnItem, EmbedItem, JsonStep, NodeQuery, RestQuery, SelectItem } from './grammar.ts';
import {
  type Column,
  type Permission,
  type Relation,
  type Relations,
  type RestAccess,
  selectableColumns,
} from './relations.ts';
import { findRelationship, isToOne, type Relationship } from './relationships.ts';
import { echo } from './scanner.ts';

/** A query whose every name has been found in the catalogue and is the caller's to read. */
export interface PlanNode {
  readonly relation: Relation;
  readonly outputs: readonly Output[];
  readonly embeds: readonly EmbedPlan[];
  readonly query: NodeQuery;
}

export interface ColumnOutput {
  readonly kind: 'column';
  /** The key in the JSON. Never written into SQL unless `fromCatalogue`. */
  readonly name: string;
  readonly fromCatalogue: boolean;
  readonly column: Column;
  readonly path: readonly JsonStep[];
  readonly cast: string | undefined;
}

export interface EmbedOutput {
  readonly kind: 'embed';
  readonly name: string;
  readonly fromCatalogue: boolean;
  readonly embed: EmbedPlan;
}

export type Output = ColumnOutput | EmbedOutput;

export interface EmbedPlan {
  /** What filters, orders and limits call it: its alias, or else its target. */
  readonly name: string;
  readonly relationship: Relationship;
  readonly inner: boolean;
  readonly spread: boolean;
  readonly node: PlanNode;
}

/** Casts a caller may ask for, and the type each means. None reaches a catalogue (`regclass`) or another table. */
const casts: Readonly<Record<string, string>> = {
  text: 'text',
  varchar: 'text',
  int: 'integer',
  integer: 'integer',
  int2: 'smallint',
  smallint: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  bigint: 'bigint',
  numeric: 'numeric',
  float4: 'real',
  real: 'real',
  float8: 'double precision',
  'double precision': 'double precision',
  bool: 'boolean',
  boolean: 'boolean',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  interval: 'interval',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'jsonb',
};

/** What the caller may do with a verb here: never more than the request role's privileges. */
export function permission(access: RestAccess, relation: Relation, verb: 'select' | 'insert' | 'update' | 'delete') {
  const granted: Permission = relation.verbs.has(verb) ? access.may(relation.name, verb) : 'none';
  // "Own rows" of nobody in particular (a key without a user) are no rows at all.
  return typeof granted === 'object' && access.userId === null ? 'none' : granted;
}

/** The column of that name if the caller may read it; throws `unknown_column` with the nearest name they may read. */
export function readableColumn(relation: Relation, name: string, parameter: string): Column {
  const column = relation.columns.get(name);
  if (column?.selectable) return column;
  const visible = selectableColumns(relation).map((other) => other.name);
  const near = nearestName(name, visible);
  throw restErrors.unknown_column({
    field: echo(name),
    detail: `"${relation.name}" has no column "${echo(name)}" (in "${echo(parameter)}").`,
    ...(near === undefined ? {} : { hint: `Perhaps you meant "${near}".` }),
  });
}

const star: readonly SelectItem[] = [{ kind: 'star' }];

interface PlanContext {
  readonly relations: Relations;
  readonly access: RestAccess;
  readonly query: RestQuery;
}

/** Finds every name of a query in the catalogue. `relation` is the table asked for, or a function's result. */
export function planQuery(relations: Relations, access: RestAccess, relation: Relation, query: RestQuery): PlanNode {
  const context: PlanContext = { relations, access, query };
  const items: readonly SelectItem[] = query.select?.length ? query.select : star;
  const node = planNode(context, relation, items, query, []);
  for (const { path } of query.embedded) requireEmbedded(node, path);
  return node;
}

/** By what is selected, and of which table; what it needs of other tables depends on who asks, and is planned each time. */
const planned = new WeakMap<readonly SelectItem[], WeakMap<Relation, readonly Output[]>>();

function planNode(
  context: PlanContext,
  relation: Relation,
  items: readonly SelectItem[],
  query: NodeQuery,
  path: readonly string[],
): PlanNode {
  const known = planned.get(items)?.get(relation);
  if (known) return { relation, outputs: known, embeds: [], query };
  const node = planItems(context, relation, items, query, path);
  if (node.embeds.length === 0) {
    const ofItems = planned.get(items) ?? new WeakMap<Relation, readonly Output[]>();
    planned.set(items, ofItems.set(relation, node.outputs));
  }
  return node;
}

function planItems(
  context: PlanContext,
  relation: Relation,
  items: readonly SelectItem[],
  query: NodeQuery,
  path: readonly string[],
): PlanNode {
  const outputs: Output[] = [];
  const embeds: EmbedPlan[] = [];
  for (const item of items) {
    if (item.kind === 'star') {
      for (const column of selectableColumns(relation)) outputs.push(plainOutput(column));
    } else if (item.kind === 'column') {
      outputs.push(columnOutput(relation, item));
    } else {
      const embed = planEmbed(context, relation, item, path);
      embeds.push(embed);
      if (item.spread) outputs.push(...embed.node.outputs.map((output) => spreadOutput(embed, output)));
      else if (hasOutput(embed.node)) {
        outputs.push({ kind: 'embed', name: embed.name, fromCatalogue: item.alias === undefined, embed });
      }
    }
  }
  return { relation, outputs: lastOfEachName(outputs), embeds, query };
}

/** Two things of one name: the later stands, as it would when JSON with both is read. */
function lastOfEachName(outputs: readonly Output[]): Output[] {
  return [...new Map(outputs.map((output) => [output.name, output])).values()];
}

function hasOutput(node: PlanNode): boolean {
  return node.outputs.length > 0;
}

function plainOutput(column: Column): ColumnOutput {
  return { kind: 'column', name: column.name, fromCatalogue: true, column, path: [], cast: undefined };
}

function spreadOutput(embed: EmbedPlan, output: Output): EmbedOutput {
  return { kind: 'embed', name: output.name, fromCatalogue: output.fromCatalogue, embed };
}

function columnOutput(relation: Relation, item: ColumnItem): ColumnOutput {
  const { field, alias } = item;
  const column = readableColumn(relation, field.name, 'select');
  requireJson(relation, column, field.path);
  const key = field.path.findLast((step) => typeof step.key === 'string')?.key;
  const cast = item.cast === undefined ? undefined : casts[item.cast.toLowerCase()];
  if (item.cast !== undefined && (cast === undefined || !Object.hasOwn(casts, item.cast.toLowerCase()))) {
    throw restErrors.unknown_cast({
      field: 'select',
      detail: `"${echo(item.cast)}" is not one of ${Object.keys(casts).join(', ')}.`,
    });
  }
  const name = alias ?? (key === undefined ? column.name : String(key));
  return { kind: 'column', name, fromCatalogue: name === column.name, column, path: field.path, cast };
}

/** Throws `unsupported_operator` for a JSON path into a column that is not JSON. */
export function requireJson(relation: Relation, column: Column, path: readonly JsonStep[]): void {
  if (path.length === 0 || column.kind === 'json' || column.kind === 'jsonb') return;
  throw restErrors.unsupported_operator({
    field: column.name,
    detail: `"${column.name}" of "${relation.name}" is ${column.type}, so ${path[0]!.arrow} does not apply to it.`,
  });
}

function planEmbed(context: PlanContext, from: Relation, item: EmbedItem, around: readonly string[]): EmbedPlan {
  const { relations, access, query } = context;
  const visible = (table: string) => {
    const relation = relations.tables.get(table);
    return relation !== undefined && permission(access, relation, 'select') !== 'none';
  };
  const relationship = findRelationship(relations, from, item, visible);
  if (item.spread && !isToOne(relationship)) {
    throw restErrors.not_supported({
      field: 'select',
      detail: `"...${item.target}" would spread many rows into one; only to-one tables can be spread.`,
    });
  }
  const name = item.alias ?? item.target;
  const path = [...around, name];
  const own = query.embedded.find((other) => samePath(other.path, path)) ?? { conditions: [], order: [] };
  const node = planNode(context, relationship.target, item.items, own, path);
  return { name, relationship, inner: item.inner, spread: item.spread, node };
}

function samePath(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}

function requireEmbedded(root: PlanNode, path: readonly string[]): void {
  let node = root;
  for (const name of path) {
    const embed = node.embeds.find((other) => other.name === name);
    if (embed === undefined) {
      const near = nearestName(
        name,
        node.embeds.map((other) => other.name),
      );
      throw restErrors.not_embedded({
        field: echo(path.join('.')),
        detail: `"${echo(name)}" is not embedded in "${node.relation.name}" by "select".`,
        ...(near === undefined ? {} : { hint: `Perhaps you meant "${near}".` }),
      });
    }
    node = embed.node;
  }
}
