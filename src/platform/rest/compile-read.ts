import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { bounds } from './bounds.ts';
import { compiledBefore, type PageFormat } from './compiled-before.ts';
import { columnSql, comparableSql, conditionSql, type EmbedFilter, fieldSql, type Source } from './conditions.ts';
import { restErrors } from './errors.ts';
import type { Filter, OrderTerm } from './grammar.ts';
import { tooComplex } from './parse-select.ts';
import { type ColumnOutput, type EmbedPlan, type Output, type PlanNode, permission } from './plan.ts';
import type { Relation, RestAccess } from './relations.ts';
import { isToOne } from './relationships.ts';
import { echo } from './scanner.ts';
import { Binder, quoteName, type Statement } from './sql.ts';

type ReadVerb = 'select' | 'insert' | 'update' | 'delete';

/** One statement in the making. */
export class Compilation {
  readonly binder = new Binder();
  readonly access: RestAccess;
  #aliases = 0;

  constructor(access: RestAccess) {
    this.access = access;
  }

  alias(): string {
    if (this.#aliases === bounds.subqueries_max) throw tooComplex(`${bounds.subqueries_max} subqueries`);
    return `t${++this.#aliases}`;
  }

  /** The organization's place, which every table of the statement shares. */
  tenant(): string {
    return this.binder.keep('tenant', this.access.organizationId, 'uuid');
  }

  user(): string {
    return this.binder.keep('user', this.access.userId ?? '', 'uuid');
  }
}

export function tableSql(relation: Relation): string {
  return `${quoteName(relation.schema)}.${quoteName(relation.name)}`;
}

/**
 * What every query says beside the caller's filters: the organization (it prunes shards and picks the index; row level
 * security is the second lock), and the owner where the caller may only touch rows of their own.
 */
export function scopeConditions(compilation: Compilation, source: Source, verbs: readonly ReadVerb[]): string[] {
  const { relation } = source;
  const conditions: string[] = [];
  if (relation.tenantColumn !== undefined) {
    conditions.push(`${columnSql(source, { name: relation.tenantColumn })} = ${compilation.tenant()}`);
  }
  const owners = new Set<string>();
  for (const verb of verbs) {
    const granted = permission(compilation.access, relation, verb);
    if (granted === 'none') throw errors.forbidden({ detail: `${relation.name}:${verb}` });
    if (granted !== 'any') owners.add(granted.ownerColumn);
  }
  for (const name of owners) conditions.push(`${columnSql(source, { name })} = ${compilation.user()}`);
  return conditions;
}

/** The caller's filters on a table, and the embedded tables it must have a row in. */
export function filterConditions(compilation: Compilation, source: Source, node: PlanNode): string[] {
  const onEmbed: EmbedFilter = (filter) => embedFilterSql(compilation, source, node, filter);
  const conditions = node.query.conditions.map((condition) =>
    conditionSql(compilation.binder, source, condition, onEmbed),
  );
  for (const embed of node.embeds) if (embed.inner) conditions.push(existsSql(compilation, source, embed));
  return conditions;
}

/** `clients=is.null`: rows without (or, negated, with) a row in an embedded table. */
function embedFilterSql(compilation: Compilation, source: Source, node: PlanNode, filter: Filter): string | undefined {
  const embed = node.embeds.find((other) => other.name === filter.field.name);
  if (embed === undefined) return undefined;
  const word = filter.operator === 'is' ? filter.values[0] : undefined;
  if (filter.field.path.length > 0 || (word !== 'null' && word !== 'not_null')) {
    throw restErrors.unsupported_operator({
      field: echo(embed.name),
      detail: `"${echo(embed.name)}" is an embedded table: only is.null and not.is.null apply to it.`,
    });
  }
  const exists = existsSql(compilation, source, embed);
  return (word === 'null') === filter.negated ? exists : `not ${exists}`;
}

/** The tables of an embedding and the conditions that join them to the row around, filters included. */
function joinSql(compilation: Compilation, around: Source, embed: EmbedPlan) {
  const { relationship, node } = embed;
  const source: Source = { relation: relationship.target, alias: compilation.alias() };
  const { through } = relationship;
  const link: Source = through === undefined ? source : { relation: through.relation, alias: compilation.alias() };
  const conditions = relationship.pairs.map(
    ([near, far]) => `${columnSql(link, { name: far })} = ${columnSql(around, { name: near })}`,
  );
  let from = `${tableSql(source.relation)} as ${source.alias}`;
  if (through !== undefined) {
    from += `, ${tableSql(link.relation)} as ${link.alias}`;
    for (const [near, far] of through.pairs) {
      conditions.push(`${columnSql(source, { name: far })} = ${columnSql(link, { name: near })}`);
    }
    conditions.push(...scopeConditions(compilation, link, ['select']));
  }
  conditions.push(...scopeConditions(compilation, source, ['select']), ...filterConditions(compilation, source, node));
  return { source, from, where: conditions.join(' and ') };
}

function existsSql(compilation: Compilation, around: Source, embed: EmbedPlan): string {
  const { from, where } = joinSql(compilation, around, embed);
  return `exists (select 1 from ${from} where ${where})`;
}

/** What the select list of a table becomes: columns under SQL names, and how a row of them is written as JSON. */
interface Shape {
  readonly list: string;
  /** Lateral joins of spread tables. */
  readonly joins: string;
  /** A row as one JSON value, given the alias of the subquery that holds it. */
  readonly rowJson: (alias: string) => string;
}

/**
 * Keys that the caller made up (aliases, keys of JSON paths) are bound values: `json_build_object($1, page.c1)`. Only
 * when every key is a name of the catalogue does the row keep them as column names, for `row_to_json`.
 */
function shapeSql(compilation: Compilation, source: Source, outputs: readonly Output[]): Shape {
  const joins: string[] = [];
  const spreads = new Map<EmbedPlan, { alias: string; names: string[] }>();
  const plain = outputs.every((output) => output.fromCatalogue);
  const items = outputs.map((output, index) => {
    const sql = outputSql(compilation, source, output, spreads, joins);
    const name = plain ? quoteName(output.name) : `c${index + 1}`;
    return sql.endsWith(`.${name}`) ? sql : `${sql} as ${name}`;
  });
  const { binder } = compilation;
  const rowJson = (alias: string) => {
    if (plain) return `row_to_json(${alias})`;
    const pairs = outputs.map((output, index) => [binder.bind(output.name, 'text'), `${alias}.c${index + 1}`] as const);
    return jsonObjectSql(pairs);
  };
  return { list: items.join(', '), joins: joins.join(''), rowJson };
}

/** Arguments a PostgreSQL function takes at most. */
const ARGUMENTS_MAX = 100;

function jsonObjectSql(pairs: readonly (readonly [key: string, value: string])[]): string {
  if (pairs.length * 2 <= ARGUMENTS_MAX) return `json_build_object(${pairs.flat().join(', ')})`;
  const rows = pairs.map(([key, value]) => `(${key}, to_json(${value}))`);
  return `(select json_object_agg(pair.key, pair.value) from (values ${rows.join(', ')}) as pair (key, value))`;
}

function outputSql(
  compilation: Compilation,
  source: Source,
  output: Output,
  spreads: Map<EmbedPlan, { alias: string; names: string[] }>,
  joins: string[],
): string {
  if (output.kind === 'column') return columnOutputSql(compilation, source, output);
  const { embed } = output;
  if (!embed.spread) return embedSql(compilation, source, embed);
  let spread = spreads.get(embed);
  if (spread === undefined) {
    const names = embed.node.outputs.map((inner) => inner.name);
    spread = { alias: compilation.alias(), names };
    spreads.set(embed, spread);
    joins.push(spreadJoinSql(compilation, source, embed, spread.alias));
  }
  return `${spread.alias}.c${spread.names.indexOf(output.name) + 1}`;
}

function columnOutputSql(compilation: Compilation, source: Source, output: ColumnOutput): string {
  const sql = fieldSql(compilation.binder, source, output.column, output.path);
  return output.cast === undefined ? sql : `${sql}::${output.cast}`;
}

/** A lateral join with a to-one table, whose columns c1, c2, … the row around takes over. */
function spreadJoinSql(compilation: Compilation, around: Source, embed: EmbedPlan, alias: string): string {
  const { source, from, where } = joinSql(compilation, around, embed);
  const spreads = new Map<EmbedPlan, { alias: string; names: string[] }>();
  const joins: string[] = [];
  const items = embed.node.outputs.map(
    (output, index) => `${outputSql(compilation, source, output, spreads, joins)} as c${index + 1}`,
  );
  return ` left join lateral (select ${items.join(', ')} from ${from}${joins.join('')} where ${where}) as ${alias} on true`;
}

/**
 * An embedded table as a subquery in the select list, not as a lateral join: PostgreSQL then evaluates it after sorting
 * and cutting the page, for the rows that are returned only.
 */
function embedSql(compilation: Compilation, around: Source, embed: EmbedPlan): string {
  const { source, from, where } = joinSql(compilation, around, embed);
  const shape = shapeSql(compilation, source, embed.node.outputs);
  const row = compilation.alias();
  const one = isToOne(embed.relationship);
  const order = orderSql(compilation, source, embed.node);
  const page = one ? '' : pageSql(compilation, embed.node.query.limit, embed.node.query.offset);
  const json = shape.rowJson(row);
  const value = one ? json : `coalesce(json_agg(${json}), '[]')`;
  return `(select ${value} from (select ${shape.list} from ${from}${shape.joins} where ${where}${order}${page}) as ${row})`;
}

function orderSql(compilation: Compilation, source: Source, node: PlanNode): string {
  if (node.query.order.length === 0) return '';
  const terms = node.query.order.map((term) => {
    const direction = term.direction === undefined ? '' : ` ${term.direction}`;
    const nulls = term.nulls === undefined ? '' : ` nulls ${term.nulls}`;
    return `${orderTermSql(compilation, source, node, term)}${direction}${nulls}`;
  });
  return ` order by ${terms.join(', ')}`;
}

function orderTermSql(compilation: Compilation, source: Source, node: PlanNode, term: OrderTerm): string {
  if (term.relation === undefined) return comparableSql(compilation.binder, source, term.field, 'order')[0];
  const embed = node.embeds.find((other) => other.name === term.relation);
  if (embed === undefined) {
    throw restErrors.not_embedded({
      field: 'order',
      detail: `"${echo(term.relation)}" is not embedded in "${node.relation.name}" by "select".`,
    });
  }
  if (!isToOne(embed.relationship)) {
    throw restErrors.not_supported({
      field: 'order',
      detail: `"${echo(term.relation)}" holds many rows for each row of "${node.relation.name}", so it gives no order.`,
    });
  }
  const joined = joinSql(compilation, source, embed);
  const [value] = comparableSql(compilation.binder, joined.source, term.field, 'order');
  return `(select ${value} from ${joined.from} where ${joined.where})`;
}

function pageSql(compilation: Compilation, limit: number | undefined, offset: number | undefined): string {
  const most = Math.min(limit ?? limits.page_rows_max, limits.page_rows_max);
  const first = compilation.binder.bind(String(most), 'bigint');
  return offset ? ` limit ${first} offset ${compilation.binder.bind(String(offset), 'bigint')}` : ` limit ${first}`;
}

/** Where the rows of a page come from. */
export interface PageSource {
  readonly from: string;
  readonly source: Source;
  readonly conditions: readonly string[];
  /** Rows of a write are returned whole; those of a read are a page. */
  readonly paged: boolean;
}

/** The select that gives `body` (JSON as text) and `rows`, and `total` where the caller asked for a count. */
export function pageStatementSql(
  compilation: Compilation,
  node: PlanNode,
  page: PageSource,
  format: PageFormat,
  withTotal: boolean,
): string {
  const { source, from } = page;
  const where = page.conditions.length === 0 ? '' : ` where ${page.conditions.join(' and ')}`;
  const shape = shapeSql(compilation, source, node.outputs);
  const order = orderSql(compilation, source, node);
  const cut = page.paged ? pageSql(compilation, node.query.limit, node.query.offset) : '';
  const rows = `select ${shape.list} from ${from}${shape.joins}${where}${order}${cut}`;
  const all = `json_agg(${shape.rowJson('page')})`;
  const json = format.single ? `${all} -> 0` : `coalesce(${all}, '[]')`;
  const body = format.stripNulls ? `json_strip_nulls(${json})` : `(${json})`;
  const total = withTotal ? `, (select count(*) from ${from}${where})::text as total` : '';
  return `select ${body}::text as body, count(*)::int as rows${total} from (${rows}) as page`;
}

/** A read of one table: a page of rows as JSON text, how many they are, and how many there are in all if asked. */
export function compileRead(access: RestAccess, node: PlanNode, format: PageFormat, withTotal: boolean): Statement {
  return compiledBefore(access, node, format, withTotal, () => compileReadAnew(access, node, format, withTotal));
}

function compileReadAnew(access: RestAccess, node: PlanNode, format: PageFormat, withTotal: boolean): Statement {
  const compilation = new Compilation(access);
  const source: Source = { relation: node.relation, alias: 't' };
  const conditions = [
    ...scopeConditions(compilation, source, ['select']),
    ...filterConditions(compilation, source, node),
  ];
  const from = `${tableSql(node.relation)} as t`;
  const page: PageSource = { from, source, conditions, paged: true };
  const text = pageStatementSql(compilation, node, page, format, withTotal);
  return { text, values: compilation.binder.values };
}
