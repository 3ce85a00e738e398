import { limits } from '../core/limits.ts';
import { nearestName } from '../core/nearest-name.ts';
import { bounds } from './bounds.ts';
import { restErrors } from './errors.ts';
import {
  type Condition,
  comparisonOperators,
  type Field,
  type Filter,
  isValues,
  type Operator,
  operators,
  patternOperators,
  type Quantifier,
  searchOperators,
} from './grammar.ts';
import { type Allowance, parseField, spend, tooComplex } from './parse-select.ts';
import { echo, Scanner } from './scanner.ts';

const OPERATOR = /([a-z]+)(?:\(([A-Za-z0-9_]*)\))?\./y;
const LOGIC = /(not\.)?(and|or)[ \t]*\(/y;
/** Inside and/or a value ends at a comma or parenthesis unless quoted; an array or range literal keeps its commas. */
const LOGIC_ARRAY = /\{[^{}]*\}(?=[ \t]*[,)])/y;
const LOGIC_RANGE = /[[(][^[\](),]*,[^[\](),]*[\])](?=[ \t]*[,)])/y;
const UNQUOTED = /[^,)]*/y;
const BEFORE_QUOTE = /[ \t]*(?=")/y;
const QUOTE_END = /[ \t]*(?=[,)]|$)/y;

const known = new Set<string>(operators);
const quantifiable = new Set<string>([...comparisonOperators.filter((name) => name !== 'neq'), ...patternOperators]);
const searching = new Set<string>(searchOperators);
const rangeOperators = new Set<string>(['cs', 'cd', 'ov', 'sl', 'sr', 'nxr', 'nxl', 'adj', 'eq', 'neq', 'isdistinct']);

/** The value of a filter parameter such as `id=not.in.(1,2)`: everything after the operator is the value, as it is. */
export function parseFilter(parameter: string, field: Field, text: string, allowance: Allowance): Filter {
  spend(allowance, 'conditions');
  const scanner = new Scanner(parameter, text);
  const filter = parseOperation(scanner, field, false);
  if (!scanner.done) scanner.fail('the end of the value');
  return filter;
}

/** The value of `and=`, `or=`, `not.and=` or `not.or=`: conditions in parentheses. */
export function parseLogic(
  parameter: string,
  operator: 'and' | 'or',
  negated: boolean,
  text: string,
  allowance: Allowance,
): Condition {
  const scanner = new Scanner(parameter, text);
  scanner.skipSpace();
  scanner.expect('(');
  const condition = parseLogicItems(scanner, operator, negated, allowance, 1);
  scanner.skipSpace();
  if (!scanner.done) scanner.fail('the end of the value');
  return condition;
}

function parseLogicItems(
  scanner: Scanner,
  operator: 'and' | 'or',
  negated: boolean,
  allowance: Allowance,
  depth: number,
): Condition {
  if (depth > bounds.logic_depth_max) throw tooComplex(`${bounds.logic_depth_max} levels of and/or`);
  const items: Condition[] = [];
  do {
    spend(allowance, 'conditions');
    scanner.skipSpace();
    const nested = scanner.match(LOGIC);
    if (nested !== undefined) {
      items.push(parseLogicItems(scanner, nested[2] as 'and' | 'or', nested[1] !== undefined, allowance, depth + 1));
    } else {
      const field = parseField(scanner, 'a column, and(…) or or(…)');
      scanner.expect('.', '"." and an operator');
      items.push(parseOperation(scanner, field, true));
    }
    scanner.skipSpace();
  } while (scanner.take(','));
  scanner.expect(')', '"," or ")"');
  return { kind: 'logic', negated, operator, items };
}

function parseOperation(scanner: Scanner, field: Field, insideLogic: boolean): Filter {
  const negated = scanner.take('not.');
  const start = scanner.position;
  const found = scanner.match(OPERATOR);
  if (found === undefined) return refuseOperator(scanner, field, scanner.text.slice(start));
  const operator = found[1]!;
  if (!known.has(operator)) return refuseOperator(scanner, field, operator);
  const head = { kind: 'filter', field, negated, operator: operator as Operator } as const;
  const option = found[2];
  if (option !== undefined) scanner.position = start + operator.length;
  const options = option === undefined ? {} : parseOption(scanner, operator, option);
  if (option !== undefined) scanner.position = start + found[0].length;

  if (operator === 'in') return { ...head, values: parseList(scanner) };
  const valueStart = scanner.position;
  const value = insideLogic ? parseLogicValue(scanner, operator) : takeRest(scanner);
  if (operator !== 'is') return { ...head, ...options, values: [value] };
  const word = value.trim().toLowerCase();
  if (!isValues.some((name) => name === word)) scanner.fail(`one of ${isValues.join(', ')}`, valueStart);
  return { ...head, values: [word] };
}

function parseOption(
  scanner: Scanner,
  operator: string,
  option: string,
): { quantifier: Quantifier } | { language: string } {
  if (quantifiable.has(operator) && (option === 'any' || option === 'all')) return { quantifier: option };
  if (searching.has(operator) && option !== '') return { language: option };
  if (quantifiable.has(operator)) scanner.fail('"(any)", "(all)" or "."');
  if (searching.has(operator)) scanner.fail('"." or the name of a language in parentheses');
  scanner.fail(`"." after ${operator}`);
}

function refuseOperator(scanner: Scanner, field: Field, text: string): never {
  const word = /^[a-z]*/i.exec(text)?.[0] ?? '';
  const near = nearestName(word, operators);
  throw restErrors.unknown_operator({
    field: echo(scanner.parameter),
    detail:
      `In "${echo(scanner.parameter)}": "${echo(text)}" does not start with an operator and a dot` +
      ` (a filter on ${echo(field.name)} reads eq.value, or not.eq.value).`,
    ...(near === undefined ? {} : { hint: `Perhaps you meant "${near}".` }),
  });
}

function takeRest(scanner: Scanner): string {
  const rest = scanner.text.slice(scanner.position);
  scanner.position = scanner.text.length;
  return rest;
}

function parseLogicValue(scanner: Scanner, operator: string): string {
  const start = scanner.position;
  const quoted = scanner.quoted();
  if (quoted !== undefined && scanner.match(QUOTE_END) !== undefined) return quoted;
  scanner.position = start;
  const array = scanner.match(LOGIC_ARRAY);
  if (array !== undefined) return array[0];
  if (rangeOperators.has(operator)) {
    const range = scanner.match(LOGIC_RANGE);
    if (range !== undefined) return range[0];
  }
  return scanner.match(UNQUOTED)![0];
}

/** `(a,b,"c,d")`. An empty list is allowed and matches nothing. */
function parseList(scanner: Scanner): string[] {
  scanner.skipSpace();
  scanner.expect('(', '"(" and a list of values');
  const items: string[] = [];
  do {
    if (items.length === limits.filter_values_max) throw tooComplex(`${limits.filter_values_max} values in one list`);
    scanner.match(BEFORE_QUOTE);
    const start = scanner.position;
    const quoted = scanner.quoted();
    if (quoted !== undefined && scanner.match(QUOTE_END) !== undefined) items.push(quoted);
    else {
      scanner.position = start;
      items.push(scanner.match(UNQUOTED)![0]);
    }
  } while (scanner.take(','));
  scanner.expect(')', '"," or ")"');
  scanner.skipSpace();
  return items.length === 1 && items[0] === '' ? [] : items;
}
