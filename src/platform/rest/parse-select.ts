import { bounds } from './bounds.ts';
import { restErrors } from './errors.ts';
import type { EmbedItem, Field, JsonStep, OrderTerm, SelectItem } from './grammar.ts';
import { Scanner } from './scanner.ts';

const INDEX = /(-?\d{1,9})(?=->|::|[.,) ]|$)/y;
const CAST = /[\p{L}\p{Nd}_ ]+/uy;
const AGGREGATE = /\.?(?:count|sum|avg|min|max)\(\)/y;

/** How much of a query's allowance is used, over all its parameters. */
export interface Allowance {
  selectItems: number;
  embeds: number;
  conditions: number;
}

const ceilings = {
  selectItems: [bounds.select_items_max, 'columns and tables in select'],
  embeds: [bounds.embeds_max, 'embedded tables'],
  conditions: [bounds.conditions_max, 'filters'],
} as const;

/** Counts one more of `what`; throws `query_too_complex` past the bound. */
export function spend(allowance: Allowance, what: keyof Allowance): void {
  const [most, noun] = ceilings[what];
  if (++allowance[what] > most) throw tooComplex(`${most} ${noun}`);
}

export function tooComplex(bound: string): Error {
  return restErrors.query_too_complex({ detail: `One query may hold at most ${bound}.` });
}

/** A column's name, then any number of `->key` and `->>key`. */
export function parseField(scanner: Scanner, what = 'a column'): Field {
  scanner.skipSpace();
  const at = scanner.at;
  const name = scanner.name(what);
  const path = parseJsonPath(scanner);
  scanner.skipSpace();
  return { name, path, at };
}

export function parseJsonPath(scanner: Scanner): JsonStep[] {
  const path: JsonStep[] = [];
  for (;;) {
    const arrow = scanner.take('->>') ? '->>' : scanner.take('->') ? '->' : undefined;
    if (arrow === undefined) return path;
    if (path.at(-1)?.arrow === '->>')
      scanner.fail('no step after ->>, which gives text', scanner.position - arrow.length);
    if (path.length === bounds.json_path_steps_max)
      throw tooComplex(`${bounds.json_path_steps_max} steps in a JSON path`);
    const index = scanner.match(INDEX);
    path.push({ arrow, key: index === undefined ? scanner.jsonKey() : Number(index[1]) });
  }
}

/** What programs ask for stands in their code, so that it is always the same few: parsing them took 2 % of a read. */
const parsed = new Map<string, readonly SelectItem[]>();
const parsed_max = 1_000;
const parsed_chars_max = 1_000;

/** The value of `select=`: `*`, columns with alias, JSON path and cast, and tables in parentheses. */
export function parseSelect(text: string, allowance: Allowance): readonly SelectItem[] {
  const known = parsed.get(text);
  if (known) return known;
  const items = readSelect(text, allowance);
  if (text.length <= parsed_chars_max) {
    if (parsed.size >= parsed_max) parsed.clear();
    parsed.set(text, items);
  }
  return items;
}

function readSelect(text: string, allowance: Allowance): SelectItem[] {
  const scanner = new Scanner('select', text);
  const items = parseItems(scanner, allowance, 0);
  if (!scanner.done) scanner.fail('"," or the end');
  return items;
}

function parseItems(scanner: Scanner, allowance: Allowance, depth: number): SelectItem[] {
  const items: SelectItem[] = [];
  scanner.skipSpace();
  if (scanner.done || scanner.sees(')')) return items;
  do {
    spend(allowance, 'selectItems');
    items.push(parseItem(scanner, allowance, depth));
    scanner.skipSpace();
  } while (scanner.take(','));
  return items;
}

function parseItem(scanner: Scanner, allowance: Allowance, depth: number): SelectItem {
  scanner.skipSpace();
  const at = scanner.at;
  if (scanner.take('*')) return { kind: 'star' };
  if (scanner.take('...')) {
    const target = scanner.name('a table');
    return parseEmbed(scanner, allowance, depth, { target, at, spread: true });
  }
  refuseAggregate(scanner);
  let name = scanner.name('a column, a table or *');
  let alias: string | undefined;
  if (scanner.sees(':') && !scanner.sees('::')) {
    scanner.take(':');
    scanner.skipSpace();
    alias = name;
    refuseAggregate(scanner);
    name = scanner.name('a column or a table');
  }
  const aliased = alias === undefined ? {} : { alias };
  if (scanner.sees('!') || scanner.sees('(')) {
    return parseEmbed(scanner, allowance, depth, { target: name, at, spread: false, ...aliased });
  }
  const field: Field = { name, path: parseJsonPath(scanner), at };
  refuseAggregate(scanner);
  if (!scanner.take('::')) return { kind: 'column', field, ...aliased };
  const cast = scanner.match(CAST)?.[0].trim();
  if (cast === undefined || cast === '') scanner.fail('a type');
  refuseAggregate(scanner);
  return { kind: 'column', field, cast, ...aliased };
}

type EmbedHead = Pick<EmbedItem, 'target' | 'at' | 'spread' | 'alias'>;

function parseEmbed(scanner: Scanner, allowance: Allowance, depth: number, head: EmbedHead): EmbedItem {
  spend(allowance, 'embeds');
  if (depth === bounds.embed_depth_max) throw tooComplex(`${bounds.embed_depth_max} tables inside each other`);
  let hint: string | undefined;
  let inner = false;
  for (let count = 0; count < 2 && scanner.take('!'); count++) {
    const word = scanner.name('inner, left or the name of a relationship');
    if (word === 'inner') inner = true;
    else if (word !== 'left') hint = word;
  }
  scanner.expect('(', '"(" and the columns of the table');
  const items = parseItems(scanner, allowance, depth + 1);
  scanner.expect(')', '"," or ")"');
  return { kind: 'embed', ...head, ...(hint === undefined ? {} : { hint }), inner, items };
}

function refuseAggregate(scanner: Scanner): void {
  const found = scanner.match(AGGREGATE);
  if (found === undefined) return;
  throw restErrors.not_supported({
    field: 'select',
    detail: `Aggregates such as ${found[0]} are not part of this dialect.`,
    hint: 'Count rows with the header "Prefer: count=exact"; other sums are the business of a function or a route.',
  });
}

/** The value of `order=`: terms such as `name.desc.nullslast` and `project(name).asc`. */
export function parseOrder(parameter: string, text: string): OrderTerm[] {
  const scanner = new Scanner(parameter, text);
  const terms: OrderTerm[] = [];
  do {
    if (terms.length === bounds.order_terms_max) throw tooComplex(`${bounds.order_terms_max} order terms`);
    terms.push(parseOrderTerm(scanner));
    scanner.skipSpace();
  } while (scanner.take(','));
  if (!scanner.done) scanner.fail('".asc", ".desc", ".nullsfirst", ".nullslast", "," or the end');
  return terms;
}

const DIRECTION = /\.(asc|desc)(?=[., ]|$)/y;
const NULLS = /\.nulls(first|last)(?=[, ]|$)/y;

function parseOrderTerm(scanner: Scanner): OrderTerm {
  let field = parseField(scanner);
  let relation: string | undefined;
  if (field.path.length === 0 && scanner.take('(')) {
    relation = field.name;
    field = parseField(scanner);
    scanner.expect(')');
  }
  const direction = scanner.match(DIRECTION)?.[1] as 'asc' | 'desc' | undefined;
  const nulls = scanner.match(NULLS)?.[1] as 'first' | 'last' | undefined;
  return {
    ...(relation === undefined ? {} : { relation }),
    field,
    ...(direction === undefined ? {} : { direction }),
    ...(nulls === undefined ? {} : { nulls }),
  };
}
