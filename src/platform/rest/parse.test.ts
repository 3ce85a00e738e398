import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlinthError } from '../core/errors.ts';
import {
  type Condition,
  comparisonOperators,
  containmentOperators,
  type Field,
  type Filter,
  isValues,
  type OrderTerm,
  patternOperators,
  type RestQuery,
  type SelectItem,
  searchOperators,
} from './grammar.ts';
import { parseQuery } from './parse.ts';

/** The query without the places of its names, which printing changes. */
function placeless(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, item: unknown) => (key === 'at' ? undefined : item)));
}

const parse = (search: string) => placeless(parseQuery(search)) as RestQuery;

function codeOf(search: string): string {
  try {
    parseQuery(search);
    return 'parsed';
  } catch (error) {
    if (!(error instanceof PlinthError)) throw error;
    return `${error.code}: ${error.detail}`;
  }
}

describe('select', () => {
  test('columns, aliases, casts and JSON paths', () => {
    expect(parse('?select=id,full:name,budget::text,n:settings->a->>b::int,settings->list->-1,*').select).toEqual([
      { kind: 'column', field: { name: 'id', path: [] } },
      { kind: 'column', field: { name: 'name', path: [] }, alias: 'full' },
      { kind: 'column', field: { name: 'budget', path: [] }, cast: 'text' },
      {
        kind: 'column',
        alias: 'n',
        cast: 'int',
        field: {
          name: 'settings',
          path: [
            { arrow: '->', key: 'a' },
            { arrow: '->>', key: 'b' },
          ],
        },
      },
      {
        kind: 'column',
        field: {
          name: 'settings',
          path: [
            { arrow: '->', key: 'list' },
            { arrow: '->', key: -1 },
          ],
        },
      },
      { kind: 'star' },
    ]);
  });

  test('tables inside tables, hints, joins and spreads', () => {
    expect(parse('select=a:clients!fk!inner(id,b(*)),...c(),d!left()').select).toEqual([
      {
        kind: 'embed',
        target: 'clients',
        alias: 'a',
        hint: 'fk',
        inner: true,
        spread: false,
        items: [
          { kind: 'column', field: { name: 'id', path: [] } },
          { kind: 'embed', target: 'b', inner: false, spread: false, items: [{ kind: 'star' }] },
        ],
      },
      { kind: 'embed', target: 'c', inner: false, spread: true, items: [] },
      { kind: 'embed', target: 'd', inner: false, spread: false, items: [] },
    ]);
  });

  test('names may hold spaces, dashes, letters of any script, and anything in quotes', () => {
    const names = parse(`select=${encodeURIComponent('first name , a-b,été,"q:,)(\\" x"')}`).select;
    expect(names?.map((item) => (item.kind === 'column' ? item.field.name : item.kind))).toEqual([
      'first name',
      'a-b',
      'été',
      'q:,)(" x',
    ]);
  });
});

describe('filters', () => {
  test.each([
    ['id=eq.5', { operator: 'eq', values: ['5'], negated: false }],
    ['id=not.eq.5', { operator: 'eq', values: ['5'], negated: true }],
    ['id=eq.', { operator: 'eq', values: [''] }],
    ['id=eq.eq.5', { operator: 'eq', values: ['eq.5'] }],
    ['id=in.(1,2,"a,\\"b)")', { operator: 'in', values: ['1', '2', 'a,"b)'] }],
    ['id=in.()', { operator: 'in', values: [] }],
    ['id=in.("")', { operator: 'in', values: [] }],
    ['id=in.(,)', { operator: 'in', values: ['', ''] }],
    ['id=is.NULL', { operator: 'is', values: ['null'] }],
    ['name=like(any).{a*,*b}', { operator: 'like', quantifier: 'any', values: ['{a*,*b}'] }],
    ['name=wfts(english).the+fat', { operator: 'wfts', language: 'english', values: ['the fat'] }],
    ['name=imatch..*a%2B', { operator: 'imatch', values: ['.*a+'] }],
    ['span=ov.[1,2)', { operator: 'ov', values: ['[1,2)'] }],
    ['name=isdistinct.x', { operator: 'isdistinct', values: ['x'] }],
  ])('%s', (search, expected) => {
    expect(parse(search.replaceAll('"', '%22').replaceAll('\\', '%5C')).conditions[0]).toMatchObject(expected);
  });

  test('of embedded tables stand under their path', () => {
    const { embedded, conditions } = parse(
      'select=a(b(*))&a.b.name=eq.x&a.or=(id.eq.1,id.eq.2)&a.b.limit=3&a.b.order=id.desc',
    );
    expect(conditions).toEqual([]);
    expect(embedded.map(({ path, limit, conditions: own, order }) => [path, own.length, order.length, limit])).toEqual([
      [['a', 'b'], 1, 1, 3],
      [['a'], 1, 0, undefined],
    ]);
  });

  test('and/or, nested, negated, with spaces, quotes, arrays and ranges', () => {
    const search = 'not.or=( id.in.( 1, "2" ) ,not.and(a.not.is.null,b.cs.{1,2}),and_x.eq."(,)",span.ov.[1,3))';
    expect(parse(encodeURI(search)).conditions).toEqual([
      {
        kind: 'logic',
        operator: 'or',
        negated: true,
        items: [
          { kind: 'filter', field: { name: 'id', path: [] }, negated: false, operator: 'in', values: [' 1', '2'] },
          {
            kind: 'logic',
            operator: 'and',
            negated: true,
            items: [
              { kind: 'filter', field: { name: 'a', path: [] }, negated: true, operator: 'is', values: ['null'] },
              { kind: 'filter', field: { name: 'b', path: [] }, negated: false, operator: 'cs', values: ['{1,2}'] },
            ],
          },
          { kind: 'filter', field: { name: 'and_x', path: [] }, negated: false, operator: 'eq', values: ['(,)'] },
          { kind: 'filter', field: { name: 'span', path: [] }, negated: false, operator: 'ov', values: ['[1,3)'] },
        ],
      },
    ]);
  });

  test('a quoted name is a column even where the bare word is reserved', () => {
    expect(parse('%22order%22=eq.1').conditions[0]).toMatchObject({ field: { name: 'order' }, values: ['1'] });
  });
});

test('order', () => {
  expect(parse('order=a,b.desc,c.nullsfirst,d->>x.asc.nullslast,e(name).desc').order).toEqual([
    { field: { name: 'a', path: [] } },
    { field: { name: 'b', path: [] }, direction: 'desc' },
    { field: { name: 'c', path: [] }, nulls: 'first' },
    { field: { name: 'd', path: [{ arrow: '->>', key: 'x' }] }, direction: 'asc', nulls: 'last' },
    { relation: 'e', field: { name: 'name', path: [] }, direction: 'desc' },
  ]);
});

const refused: [search: string, error: string][] = [
  ['select=id,(', 'rest_syntax: In "select" at character 4: expected a column, a table or *, found "(".'],
  ['select=id)', 'rest_syntax: In "select" at character 3: expected "," or the end, found ")".'],
  ['select=a(b', 'rest_syntax: In "select" at character 4: expected "," or ")", found the end.'],
  ['select="a', 'rest_syntax: In "select" at character 3: expected a closing quote, found the end.'],
  ['select=a->', 'rest_syntax: In "select" at character 4: expected a key, found the end.'],
  [
    'select=a->>b->c',
    'rest_syntax: In "select" at character 6: expected no step after ->>, which gives text, found "->c".',
  ],
  ['select=id::', 'rest_syntax: In "select" at character 5: expected a type, found the end.'],
  ['select=amount.sum()', 'not_supported: Aggregates such as .sum() are not part of this dialect.'],
  ['select=count()', 'not_supported: Aggregates such as count() are not part of this dialect.'],
  [
    'order=id.ac',
    'rest_syntax: In "order" at character 3: expected ".asc", ".desc", ".nullsfirst", ".nullslast", "," or the end, found ".ac".',
  ],
  [
    'id=5',
    'unknown_operator: In "id": "5" does not start with an operator and a dot (a filter on id reads eq.value, or not.eq.value).',
  ],
  [
    'id=is.nil',
    'rest_syntax: In "id" at character 4: expected one of null, not_null, true, false, unknown, found "nil".',
  ],
  ['id=in.1', 'rest_syntax: In "id" at character 4: expected "(" and a list of values, found "1".'],
  ['id=in.(1', 'rest_syntax: In "id" at character 6: expected "," or ")", found the end.'],
  ['id=eq(some).1', 'rest_syntax: In "id" at character 3: expected "(any)", "(all)" or ".", found "(some).1".'],
  ['id=neq(any).1', 'rest_syntax: In "id" at character 4: expected "." after neq, found "(any).1".'],
  ['or=()', 'rest_syntax: In "or" at character 2: expected a column, and(…) or or(…), found ")".'],
  ['or=id.eq.1', 'rest_syntax: In "or" at character 1: expected "(", found "id.eq.1".'],
  ['or=(id.eq.1))', 'rest_syntax: In "or" at character 10: expected the end of the value, found ")".'],
  ['limit=x', 'rest_syntax: "limit" takes a whole number, found "x".'],
  ['limit=-1', 'invalid_range: "limit" must be zero or more.'],
  ['limit=1&limit=2', 'rest_syntax: "limit" is given twice.'],
  ['select=a&select=b', 'rest_syntax: "select" is given twice.'],
  ['a', 'rest_syntax: "a" is not name=value.'],
  ['=a', 'rest_syntax: "=a" is not name=value.'],
  ['id=eq.%00', 'rest_syntax: The character U+0000 is not allowed.'],
  ['id=eq.%', 'rest_syntax: "id=eq.%" is not valid percent-encoded UTF-8.'.replace('id=', '')],
  ['id=eq.%ED%A0%80', 'rest_syntax: "eq.%ED%A0%80" is not valid percent-encoded UTF-8.'],
  ['id=eq.\ud800', 'rest_syntax: A lone surrogate is not allowed.'],
  [`a.b.c.d.e.f=eq.1`, 'query_too_complex: One query may hold at most 4 tables inside each other.'],
  [`select=${'a('.repeat(9)}`, 'query_too_complex: One query may hold at most 4 tables inside each other.'],
  [`select=${Array(14).fill('a()').join()}`, 'query_too_complex: One query may hold at most 12 embedded tables.'],
  [
    `select=${Array(201).fill('a').join()}`,
    'query_too_complex: One query may hold at most 200 columns and tables in select.',
  ],
  [`or=${'(and'.repeat(2000)}`, 'query_too_complex: One query may hold at most 10 levels of and/or.'],
  [`and=(${Array(101).fill('a.eq.1').join()})`, 'query_too_complex: One query may hold at most 100 filters.'],
  [`id=in.(${Array(1001).fill('1').join()})`, 'query_too_complex: One query may hold at most 1000 values in one list.'],
  [`order=${Array(21).fill('a').join()}`, 'query_too_complex: One query may hold at most 20 order terms.'],
  [`select=a${'->b'.repeat(17)}`, 'query_too_complex: One query may hold at most 16 steps in a JSON path.'],
  [
    Array.from({ length: 201 }, (_, index) => `a${index}.limit=1`).join('&'),
    'query_too_complex: One query may hold at most 200 parameters.',
  ],
  [`a=eq.${'x'.repeat(9000)}`, 'query_too_complex: One query may hold at most 8192 characters.'],
];

test.each(refused.map(([search, expected]) => [search.slice(0, 60), search, expected]))(
  '%s is refused',
  (_, search, expected) => {
    expect(codeOf(search)).toBe(expected);
  },
);

// --- properties ------------------------------------------------------------------------------------------------------

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !text.includes('\0') && text.isWellFormed());
const text = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .filter((value) => !value.includes('\0') && value.isWellFormed());
const step = fc.record({
  arrow: fc.constant('->' as const),
  key: fc.oneof(name, fc.integer({ min: -99, max: 99 })),
});
const path = fc
  .tuple(fc.array(step, { maxLength: 3 }), fc.boolean())
  .map(([steps, last]) =>
    steps.map((one, index) => (last && index === steps.length - 1 ? { ...one, arrow: '->>' as const } : one)),
  );
const field: fc.Arbitrary<Field> = fc.record({ name, path, at: fc.constant(0) });
const some = <T>(property: string, value: fc.Arbitrary<T>) =>
  fc.option(
    value.map((one) => ({ [property]: one })),
    { nil: {} },
  );

const filterShape = fc.oneof(
  fc.record({
    operator: fc.constantFrom(...comparisonOperators, ...containmentOperators, 'isdistinct' as const),
    values: fc.tuple(text),
  }),
  fc.record({
    operator: fc.constantFrom('eq' as const, ...patternOperators),
    quantifier: fc.constantFrom('any' as const, 'all' as const),
    values: fc.tuple(text),
  }),
  fc.record({
    operator: fc.constantFrom(...searchOperators),
    language: fc.constantFrom('english', 'simple'),
    values: fc.tuple(text),
  }),
  fc.record({
    operator: fc.constant('in' as const),
    values: fc.array(text, { maxLength: 4 }).filter((list) => list.length !== 1 || list[0] !== ''),
  }),
  fc.record({ operator: fc.constant('is' as const), values: fc.tuple(fc.constantFrom(...isValues)) }),
);
const filter: fc.Arbitrary<Filter> = fc
  .tuple(field, fc.boolean(), filterShape)
  .map(([one, negated, shape]) => ({ kind: 'filter', field: one, negated, ...shape }));
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    filter,
    fc.record({
      kind: fc.constant('logic' as const),
      negated: fc.boolean(),
      operator: fc.constantFrom('and' as const, 'or' as const),
      items: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}));
const { item } = fc.letrec<{ item: SelectItem }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 3 },
    fc.constant({ kind: 'star' as const }),
    fc
      .tuple(field, some('alias', name), some('cast', fc.constantFrom('text', 'double precision')))
      .map(([one, alias, cast]): SelectItem => ({ kind: 'column', field: one, ...alias, ...cast })),
    fc
      .tuple(
        name,
        fc.boolean(),
        some('alias', name),
        some(
          'hint',
          name.filter((one) => one !== 'inner' && one !== 'left'),
        ),
        fc.boolean(),
        fc.array(tie('item'), { maxLength: 2 }),
      )
      .map(
        ([target, spread, alias, hint, inner, items]): SelectItem => ({
          kind: 'embed',
          target,
          ...(spread ? {} : alias),
          ...hint,
          inner,
          spread,
          items,
          at: 0,
        }),
      ),
  ),
}));
const term: fc.Arbitrary<OrderTerm> = fc
  .tuple(
    some('relation', name),
    field,
    some('direction', fc.constantFrom('asc', 'desc')),
    some('nulls', fc.constantFrom('first', 'last')),
  )
  .map(([relation, one, direction, nulls]) => ({ ...relation, field: one, ...direction, ...nulls }));
const whole = fc.integer({ min: 0, max: 1e9 });
const query = fc
  .tuple(
    some('select', fc.array(item, { minLength: 1, maxLength: 4 })),
    fc.array(condition, { maxLength: 4 }),
    fc.array(term, { maxLength: 3 }),
    some('limit', whole),
    some('offset', whole),
    some('columns', fc.uniqueArray(name, { minLength: 1, maxLength: 3 })),
  )
  .map(([select, conditions, order, limit, offset, columns]): RestQuery => {
    const embedded: RestQuery['embedded'] = [];
    return { ...select, conditions, order, ...limit, ...offset, ...columns, embedded, arguments: new Map() };
  });

const quoted = (value: string) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const printField = ({ name: column, path: steps }: Field) =>
  quoted(column) + steps.map(({ arrow, key }) => arrow + (typeof key === 'number' ? key : quoted(key))).join('');

function printItem(one: SelectItem): string {
  if (one.kind === 'star') return '*';
  const alias = one.alias === undefined ? '' : `${quoted(one.alias)}:`;
  if (one.kind === 'column') return `${alias}${printField(one.field)}${one.cast === undefined ? '' : `::${one.cast}`}`;
  const hint = one.hint === undefined ? '' : `!${quoted(one.hint)}`;
  return `${one.spread ? '...' : alias}${quoted(one.target)}${hint}${one.inner ? '!inner' : ''}(${one.items.map(printItem).join()})`;
}

function printOperation(one: Filter, insideLogic: boolean): string {
  const option = one.quantifier ?? one.language;
  const operator = `${one.negated ? 'not.' : ''}${one.operator}${option === undefined ? '' : `(${option})`}`;
  if (one.operator === 'in') return `${operator}.(${one.values.map(quoted).join()})`;
  return `${operator}.${insideLogic && one.operator !== 'is' ? quoted(one.values[0]!) : one.values[0]!}`;
}

function printCondition(one: Condition): string {
  if (one.kind === 'filter') return `${printField(one.field)}.${printOperation(one, true)}`;
  return `${one.negated ? 'not.' : ''}${one.operator}(${one.items.map(printCondition).join()})`;
}

function printTerm(one: OrderTerm): string {
  const base = one.relation === undefined ? printField(one.field) : `${quoted(one.relation)}(${printField(one.field)})`;
  return (
    base +
    (one.direction === undefined ? '' : `.${one.direction}`) +
    (one.nulls === undefined ? '' : `.nulls${one.nulls}`)
  );
}

function print(one: RestQuery): string {
  const parameters: [string, string][] = [];
  if (one.select !== undefined) parameters.push(['select', one.select.map(printItem).join()]);
  for (const each of one.conditions) {
    if (each.kind === 'filter') parameters.push([printField(each.field), printOperation(each, false)]);
    else
      parameters.push([`${each.negated ? 'not.' : ''}${each.operator}`, `(${each.items.map(printCondition).join()})`]);
  }
  if (one.order.length > 0) parameters.push(['order', one.order.map(printTerm).join()]);
  if (one.limit !== undefined) parameters.push(['limit', String(one.limit)]);
  if (one.offset !== undefined) parameters.push(['offset', String(one.offset)]);
  if (one.columns !== undefined) parameters.push(['columns', one.columns.map(quoted).join()]);
  return parameters.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
}

test('what is printed is parsed back', () => {
  fc.assert(
    fc.property(query, (one) => {
      const search = print(one);
      fc.pre(search.length < 8000);
      expect(parse(search)).toEqual(placeless(one));
    }),
    { seed: 20261122, numRuns: 500 },
  );
});

const token = fc.constantFrom(
  ...'select= order= limit= offset= columns= on_conflict= or= and= not. eq. in. is. like. ( ) { } [ ] , . : :: ! -> ->> * " \\ & = ? # ... %22 %00 %F0 %25 + null a id name clients 1 -1 a(b) count() inner ü 😀 \ud800'.split(
    ' ',
  ),
);

test('no query string makes it throw anything but an error of the catalogue', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(token, { maxLength: 30 }).map((parts) => parts.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (search) => {
        expect(codeOf(search)).toBeTypeOf('string');
      },
    ),
    { seed: 20261122, numRuns: 5000 },
  );
});
