import { bounds } from './bounds.ts';
import { restErrors } from './errors.ts';
import type { Condition, Field, Filter, JsonStep, Operator } from './grammar.ts';
import { readableColumn, requireJson } from './plan.ts';
import type { Column, ColumnKind, Relation } from './relations.ts';
import { echo } from './scanner.ts';
import { arrayLiteral, type Binder, quoteName } from './sql.ts';
import { checkValue, type Typed } from './values.ts';

const symbols: Partial<Record<Operator, string>> = {
  eq: '=',
  neq: '<>',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  like: 'like',
  ilike: 'ilike',
  match: '~',
  imatch: '~*',
  cs: '@>',
  cd: '<@',
  ov: '&&',
  sl: '<<',
  sr: '>>',
  nxr: '&<',
  nxl: '&>',
  adj: '-|-',
  isdistinct: 'is distinct from',
};

const searches: Partial<Record<Operator, string>> = {
  fts: 'to_tsquery',
  plfts: 'plainto_tsquery',
  phfts: 'phraseto_tsquery',
  wfts: 'websearch_to_tsquery',
};

const isWords: Readonly<Record<string, string>> = {
  null: 'is null',
  not_null: 'is not null',
  true: 'is true',
  false: 'is false',
  unknown: 'is unknown',
};

/** Which kinds of column an operator is for; operators not named here take any kind. */
const kindsOf: Partial<Record<Operator, readonly ColumnKind[]>> = {
  like: ['text'],
  ilike: ['text'],
  match: ['text'],
  imatch: ['text'],
  cs: ['array', 'range', 'jsonb'],
  cd: ['array', 'range', 'jsonb'],
  ov: ['array', 'range'],
  sl: ['range'],
  sr: ['range'],
  nxr: ['range'],
  nxl: ['range'],
  adj: ['range'],
  fts: ['text', 'tsvector', 'jsonb'],
  plfts: ['text', 'tsvector', 'jsonb'],
  phfts: ['text', 'tsvector', 'jsonb'],
  wfts: ['text', 'tsvector', 'jsonb'],
};

/** A table in a statement: what its columns are written after. */
export interface Source {
  readonly relation: Relation;
  readonly alias: string;
  /** Called for each column the statement reads from it. */
  readonly onColumn?: (name: string) => void;
}

/** `t."name"`. The name is the catalogue's. */
export function columnSql(source: Source, column: Pick<Column, 'name'>): string {
  source.onColumn?.(column.name);
  return `${source.alias}.${quoteName(column.name)}`;
}

/** A column, or a place inside a JSON column: the keys of the path are bound, never written. */
export function fieldSql(binder: Binder, source: Source, column: Column, path: readonly JsonStep[]): string {
  const base = columnSql(source, column);
  if (path.length === 0) return base;
  const steps = path.map(({ arrow, key }) => {
    const place = typeof key === 'number' ? binder.bind(String(key), 'integer') : binder.bind(key, 'text');
    return ` ${arrow} ${place}`;
  });
  return `(${base}${steps.join('')})`;
}

/** What a place inside a JSON column holds: text after `->>`, JSON after `->`. */
function typedField(column: Column, path: readonly JsonStep[]): Typed {
  const last = path.at(-1);
  if (last === undefined) return column;
  const kind = last.arrow === '->>' ? 'text' : 'jsonb';
  return { name: column.name, type: kind, kind, integerBytes: 0 };
}

/** The same, in a form that compares and sorts: the type `json` does neither, so it is read as `jsonb`. */
export function comparableSql(binder: Binder, source: Source, field: Field, parameter: string): [string, Typed] {
  const column = readableColumn(source.relation, field.name, parameter);
  requireJson(source.relation, column, field.path);
  const sql = fieldSql(binder, source, column, field.path);
  const typed = typedField(column, field.path);
  if (column.kind !== 'json' || typed.kind === 'text') return [sql, typed];
  return [`${sql}::jsonb`, { ...typed, type: 'jsonb', kind: 'jsonb' }];
}

/** Compiles a filter on something that is no column of the table: an embedded table, compared with null. */
export type EmbedFilter = (filter: Filter) => string | undefined;

/** A condition as SQL; throws `unknown_column`, `unsupported_operator` or `invalid_value`. */
export function conditionSql(binder: Binder, source: Source, condition: Condition, onEmbed: EmbedFilter): string {
  if (condition.kind === 'logic') {
    const items = condition.items.map((item) => conditionSql(binder, source, item, onEmbed));
    const joined = `(${items.join(condition.operator === 'and' ? ' and ' : ' or ')})`;
    return condition.negated ? `not ${joined}` : joined;
  }
  const ofEmbed = source.relation.columns.get(condition.field.name)?.selectable ? undefined : onEmbed(condition);
  if (ofEmbed !== undefined) return ofEmbed;
  const sql = filterSql(binder, source, condition);
  return condition.negated ? `not (${sql})` : sql;
}

function filterSql(binder: Binder, source: Source, filter: Filter): string {
  const [left, typed] = comparableSql(binder, source, filter.field, filter.field.name);
  const { operator, values } = filter;
  const kinds = kindsOf[operator];
  if (kinds !== undefined && !kinds.includes(typed.kind)) throw misfit(typed, operator);
  if (operator === 'is') return isSql(left, typed, values[0]!);
  if (operator === 'in') return inSql(binder, source, filter, left, typed);
  if (searches[operator] !== undefined) return searchSql(binder, filter, left, typed);
  const compared = `${left} ${symbols[operator]!}`;
  const value = isPattern(operator) ? patternOf(typed, operator, values[0]!) : values[0]!;
  if (filter.quantifier !== undefined) {
    if (typed.kind === 'array') throw misfit(typed, `${operator}(${filter.quantifier})`);
    const list: Typed = { ...typed, type: `${typed.type}[]`, kind: 'array' };
    return `${compared} ${filter.quantifier}(${binder.bind(checkValue(list, value), list.type)})`;
  }
  const place = binder.bind(checkValue(typed, value), typed.type);
  if (operator !== 'eq' || !isMintedId(source, filter, typed)) return `${compared} ${place}`;
  return `(${compared} ${place} and ${timesOfIds(source, place, place)})`;
}

function isPattern(operator: Operator): boolean {
  return operator === 'like' || operator === 'ilike' || operator === 'match' || operator === 'imatch';
}

/** In `like` patterns `*` stands for `%`, which would have to be percent-encoded in a URL. */
function patternOf(typed: Typed, operator: Operator, pattern: string): string {
  requireShort(typed, pattern);
  return operator === 'like' || operator === 'ilike' ? pattern.replaceAll('*', '%') : pattern;
}

function requireShort(typed: Typed, pattern: string): void {
  if (pattern.length <= bounds.pattern_chars_max) return;
  throw restErrors.query_too_complex({
    field: typed.name,
    detail: `A pattern or search may hold at most ${bounds.pattern_chars_max} characters.`,
  });
}

function isSql(left: string, typed: Typed, word: string): string {
  if (word !== 'null' && word !== 'not_null' && typed.kind !== 'boolean') throw misfit(typed, `is.${word}`);
  return `${left} ${isWords[word]!}`;
}

function inSql(binder: Binder, source: Source, filter: Filter, left: string, typed: Typed): string {
  const items = filter.values.map((value) => checkValue(typed, value));
  const compared = `${left} = any(${binder.bind(arrayLiteral(items), `${typed.type}[]`)})`;
  if (items.length === 0 || !isMintedId(source, filter, typed)) return compared;
  // Ids of one spelling sort as the times they were minted from.
  const sorted = items.toSorted();
  const times = timesOfIds(source, binder.bind(sorted[0]!, 'uuid'), binder.bind(sorted.at(-1)!, 'uuid'));
  return `(${compared} and ${times})`;
}

function isMintedId(source: Source, filter: Filter, typed: Typed): boolean {
  return source.relation.timeColumn !== undefined && filter.field.name === 'id' && typed.kind === 'uuid';
}

/** The span of time in which ids from `first` to `last` were minted: it leaves one partition to read, or few. */
function timesOfIds(source: Source, first: string, last: string): string {
  const { schema, timeColumn } = source.relation;
  const time = columnSql(source, { name: timeColumn! });
  const functions = quoteName(schema);
  return `${time} >= ${functions}.uuid_time(${first}) and ${time} < ${functions}.uuid_time_end(${last})`;
}

function searchSql(binder: Binder, filter: Filter, left: string, typed: Typed): string {
  requireShort(typed, filter.values[0]!);
  const language = filter.language === undefined ? '' : `${binder.bind(filter.language, 'regconfig')}, `;
  const vector = typed.kind === 'tsvector' ? left : `to_tsvector(${language}${left})`;
  return `${vector} @@ ${searches[filter.operator]!}(${language}${binder.bind(filter.values[0]!, 'text')})`;
}

function misfit(typed: Typed, operator: string): Error {
  return restErrors.unsupported_operator({
    field: typed.name,
    detail: `"${echo(operator)}" does not apply to "${typed.name}", whose type is ${typed.type}.`,
  });
}
