import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { nearestName } from '../core/nearest-name.ts';
import { parseJson } from './body.ts';
import { Compilation, filterConditions, pageStatementSql, scopeConditions } from './compile-read.ts';
import type { Source } from './conditions.ts';
import { restErrors } from './errors.ts';
import type { Format } from './headers.ts';
import type { PlanNode } from './plan.ts';
import type { FunctionParameter, RestAccess, RestFunction } from './relations.ts';
import { echo } from './scanner.ts';
import { arrayLiteral, quoteName, type Statement } from './sql.ts';
import { checkValue } from './values.ts';

/** A function's arguments by name, as text to bind; null is SQL's. */
export type Arguments = ReadonlyMap<string, string | null>;

/** A JSON number as it was written, so that none of its digits is rounded away. */
class Digits {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** The digits of numbers at the top of an object; deeper ones stay in the text of their value. */
function keepDigits(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? new Digits(context.source) : value;
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (item instanceof Digits ? Number(item.source) : item));
}

function argumentText(parameter: FunctionParameter, value: unknown): string | null {
  if (value === null) return null;
  if (parameter.kind === 'json' || parameter.kind === 'jsonb') {
    return value instanceof Digits ? value.source : jsonText(value);
  }
  if (value instanceof Digits) return value.source;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && parameter.kind === 'array') return arrayLiteral(value.map(itemText));
  throw errors.invalid_value({
    field: parameter.name,
    detail: `"${parameter.name}" is of type ${parameter.type}, which this JSON value is not.`,
  });
}

function itemText(item: unknown): string {
  if (item instanceof Digits) return item.source;
  return typeof item === 'string' ? item : jsonText(item);
}

function checkArguments(called: RestFunction, given: ReadonlyMap<string, unknown>): Arguments {
  const names = called.parameters.map((parameter) => parameter.name);
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    const near = nearestName(name, names);
    throw restErrors.unknown_column({
      field: echo(name),
      detail: `"${called.name}" has no parameter "${echo(name)}".`,
      ...(near === undefined ? {} : { hint: `Perhaps you meant "${near}".` }),
    });
  }
  const checked = new Map<string, string | null>();
  for (const parameter of called.parameters) {
    if (!given.has(parameter.name)) {
      if (parameter.hasDefault) continue;
      throw errors.required_value({ field: parameter.name, detail: `"${called.name}" needs "${parameter.name}".` });
    }
    const text = argumentText(parameter, given.get(parameter.name));
    checked.set(parameter.name, text === null ? null : checkValue(parameter, text));
  }
  return checked;
}

/** The arguments of a GET, from the query string. */
export function argumentsOfQuery(called: RestFunction, given: ReadonlyMap<string, string>): Arguments {
  const parsed = new Map<string, unknown>();
  for (const parameter of called.parameters) {
    const text = given.get(parameter.name);
    if (text === undefined) continue;
    const isJson = parameter.kind === 'json' || parameter.kind === 'jsonb';
    parsed.set(parameter.name, isJson ? parseJson(checkValue(parameter, text)) : text);
  }
  return checkArguments(called, parsed);
}

/** The arguments of a POST: the keys of one JSON object; no body is no arguments. */
export function argumentsOfBody(called: RestFunction, text: string | undefined): Arguments {
  if (text === undefined || text.trim() === '') return checkArguments(called, new Map());
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw restErrors.invalid_rows({ detail: 'The arguments of a function are one JSON object.' });
  }
  const digits = JSON.parse(text, keepDigits) as Record<string, unknown>;
  return checkArguments(called, new Map(Object.entries(digits)));
}

function callSql(compilation: Compilation, called: RestFunction, args: Arguments): string {
  const list: string[] = [];
  if (called.tenantParameter !== undefined) {
    list.push(`${quoteName(called.tenantParameter)} => ${compilation.tenant()}`);
  }
  for (const parameter of called.parameters) {
    const text = args.get(parameter.name);
    if (text === undefined) continue;
    list.push(`${quoteName(parameter.name)} => ${compilation.binder.bind(text, parameter.type)}`);
  }
  return `${quoteName(called.schema)}.${quoteName(called.name)}(${list.join(', ')})`;
}

/** A call of a registered function. `node` plans the columns of a function that returns rows. */
export function compileCall(
  access: RestAccess,
  called: RestFunction,
  args: Arguments,
  node: PlanNode | undefined,
  format: Pick<Format, 'single' | 'stripNulls'>,
  withTotal: boolean,
): Statement {
  const compilation = new Compilation(access);
  const call = callSql(compilation, called, args);
  const { values } = compilation.binder;
  if (called.returns === 'void') return { text: `select 1 as rows from (select ${call}) as called`, values };
  if (node === undefined) {
    if (called.returns === 'value') {
      return {
        text: `select coalesce(to_json(called.value), 'null')::text as body, 1 as rows from (select ${call} as value) as called`,
        values,
      };
    }
    const most = compilation.binder.bind(String(limits.page_rows_max), 'bigint');
    const inner = `select ${call} as value limit ${most}`;
    const text = `select coalesce(json_agg(called.value), '[]')::text as body, count(*)::int as rows from (${inner}) as called`;
    return { text, values };
  }
  const source: Source = { relation: node.relation, alias: 't' };
  const scope = called.result?.tenantColumn === undefined ? [] : scopeConditions(compilation, source, ['select']);
  const conditions = [...scope, ...filterConditions(compilation, source, node)];
  const page = { from: 'called as t', source, conditions, paged: true };
  const single = format.single || called.returns === 'row';
  const select = pageStatementSql(compilation, node, page, { ...format, single }, withTotal);
  // Called once, whatever the page and the count read of it.
  return { text: `with called as materialized (select * from ${call}) ${select}`, values };
}
