import { limits } from '../core/limits.ts';
import { bounds } from './bounds.ts';
import { restErrors } from './errors.ts';
import type { Condition, NodeQuery, OrderTerm, RestQuery } from './grammar.ts';
import { parseFilter, parseLogic } from './parse-filter.ts';
import { type Allowance, parseJsonPath, parseOrder, parseSelect, tooComplex } from './parse-select.ts';
import { echo, Scanner } from './scanner.ts';

/** One table's part of the query while it is being read. */
interface Draft {
  conditions: Condition[];
  order?: OrderTerm[];
  limit?: number;
  offset?: number;
}

const WHOLE = /^-?\d{1,15}$/;
/** The last word of a parameter that is no filter: `roles.order`, `not.or`, `clients.not.and`. */
const MODIFIER = /^(?:(.*)\.)?(order|limit|offset|and|or)$/s;

/**
 * Reads a query string (with or without its `?`) into a `RestQuery`. Parameters named in `argumentNames` are a
 * function's arguments, not filters. Throws `rest_syntax`, `unknown_operator`, `query_too_complex`, `invalid_range`.
 */
export function parseQuery(search: string, argumentNames?: ReadonlySet<string>): RestQuery {
  if (search.length > limits.url_chars) throw tooComplex(`${limits.url_chars} characters`);
  const allowance: Allowance = { selectItems: 0, embeds: 0, conditions: 0 };
  const top: Draft = { conditions: [] };
  const drafts = new Map<string, { path: readonly string[]; draft: Draft }>();
  const draftAt = (path: readonly string[]): Draft => {
    if (path.length === 0) return top;
    const key = JSON.stringify(path);
    const known = drafts.get(key) ?? { path, draft: { conditions: [] } };
    drafts.set(key, known);
    return known.draft;
  };
  const once = new Map<string, string>();
  const args = new Map<string, string>();
  forEachParameter(search, (name, value) => {
    if (argumentNames?.has(name)) takeOnce(args, name, value);
    else if (name === 'select' || name === 'columns' || name === 'on_conflict') takeOnce(once, name, value);
    else readParameter(name, value, draftAt, allowance);
  });
  const select = once.get('select');
  const columns = once.get('columns');
  const onConflict = once.get('on_conflict');
  const embedded = [...drafts.values()].map(({ path, draft }) => ({ path, ...draft, order: draft.order ?? [] }));
  return {
    ...({ ...top, order: top.order ?? [] } satisfies NodeQuery),
    ...(select === undefined ? {} : { select: parseSelect(select, allowance) }),
    ...(columns === undefined ? {} : { columns: parseNames('columns', columns) }),
    ...(onConflict === undefined ? {} : { onConflict: parseNames('on_conflict', onConflict) }),
    embedded,
    arguments: args,
  };
}

function takeOnce(into: Map<string, string>, name: string, value: string): void {
  if (into.has(name)) throw twice(name);
  into.set(name, value);
}

function twice(name: string): Error {
  return restErrors.rest_syntax({ field: echo(name), detail: `"${echo(name)}" is given twice.` });
}

function forEachParameter(search: string, take: (name: string, value: string) => void): void {
  const text = search.startsWith('?') ? search.slice(1) : search;
  let count = 0;
  for (const part of text.split('&')) {
    if (part === '') continue;
    if (++count > bounds.parameters_max) throw tooComplex(`${bounds.parameters_max} parameters`);
    const equals = part.indexOf('=');
    if (equals < 1) {
      throw restErrors.rest_syntax({ detail: `"${echo(part)}" is not name=value.` });
    }
    take(decode(part.slice(0, equals)), decode(part.slice(equals + 1)));
  }
}

/** Undoes the encoding of a form field; refuses what PostgreSQL's text can not hold. */
function decode(text: string): string {
  let decoded = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (decoded.includes('%')) {
    try {
      decoded = decodeURIComponent(decoded);
    } catch {
      throw restErrors.rest_syntax({ detail: `"${echo(text)}" is not valid percent-encoded UTF-8.` });
    }
  }
  if (decoded.includes('\0')) throw restErrors.rest_syntax({ detail: 'The character U+0000 is not allowed.' });
  if (!decoded.isWellFormed()) throw restErrors.rest_syntax({ detail: 'A lone surrogate is not allowed.' });
  return decoded;
}

/** Which column a filter's parameter names: the same few in all requests of a program. */
const filterNames = new Map<string, ReturnType<typeof parseFilterName>>();
const filterNames_max = 1_000;
const filterName_chars_max = 100;

function rememberFilterName(parameter: string): ReturnType<typeof parseFilterName> {
  const name = parseFilterName(parameter);
  if (parameter.length > filterName_chars_max) return name;
  if (filterNames.size >= filterNames_max) filterNames.clear();
  filterNames.set(parameter, name);
  return name;
}

function readParameter(
  parameter: string,
  value: string,
  draftAt: (path: readonly string[]) => Draft,
  allowance: Allowance,
): void {
  const known = filterNames.get(parameter);
  const modifier = known ? null : MODIFIER.exec(parameter);
  if (modifier === null) {
    const { path, field } = known ?? rememberFilterName(parameter);
    draftAt(path).conditions.push(parseFilter(parameter, field, value, allowance));
    return;
  }
  const word = modifier[2] as 'order' | 'limit' | 'offset' | 'and' | 'or';
  const path = modifier[1] === undefined ? [] : parsePath(parameter, modifier[1]);
  if (word === 'and' || word === 'or') {
    const negated = path.at(-1) === 'not';
    if (negated) path.pop();
    draftAt(path).conditions.push(parseLogic(parameter, word, negated, value, allowance));
    return;
  }
  const draft = draftAt(path);
  if (draft[word] !== undefined) throw twice(parameter);
  if (word === 'order') draft.order = parseOrder(parameter, value);
  else draft[word] = parseWhole(parameter, value);
}

function parseWhole(parameter: string, text: string): number {
  if (!WHOLE.test(text)) {
    const detail = `"${echo(parameter)}" takes a whole number, found "${echo(text)}".`;
    throw restErrors.rest_syntax({ field: echo(parameter), detail });
  }
  const number = Number(text);
  if (number < 0) {
    throw restErrors.invalid_range({ field: echo(parameter), detail: `"${echo(parameter)}" must be zero or more.` });
  }
  return number;
}

/** `clients.projects.name->a`: the path of embedded tables, then the column. */
function parseFilterName(parameter: string) {
  const scanner = new Scanner(parameter, parameter);
  const names: string[] = [];
  let at = 1;
  do {
    scanner.skipSpace();
    at = scanner.at;
    names.push(scanner.name('a column'));
  } while (scanner.take('.'));
  const steps = parseJsonPath(scanner);
  if (!scanner.done) scanner.fail('the end of the name');
  if (names.length > bounds.embed_depth_max + 1) throw tooComplex(`${bounds.embed_depth_max} tables inside each other`);
  return { path: names.slice(0, -1), field: { name: names.at(-1)!, path: steps, at } };
}

function parsePath(parameter: string, text: string): string[] {
  const scanner = new Scanner(parameter, text);
  const names: string[] = [];
  do {
    scanner.skipSpace();
    names.push(scanner.name('a table'));
  } while (scanner.take('.'));
  if (!scanner.done) scanner.fail('the end of the name');
  if (names.length > bounds.embed_depth_max + 1) throw tooComplex(`${bounds.embed_depth_max} tables inside each other`);
  return names;
}

function parseNames(parameter: string, text: string): string[] {
  const scanner = new Scanner(parameter, text);
  const names: string[] = [];
  do {
    scanner.skipSpace();
    names.push(scanner.name('a column'));
    scanner.skipSpace();
    if (names.length > bounds.select_items_max) throw tooComplex(`${bounds.select_items_max} columns`);
  } while (scanner.take(','));
  if (!scanner.done) scanner.fail('"," or the end');
  return [...new Set(names)];
}
