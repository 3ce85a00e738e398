import { isDeepStrictEqual } from 'node:util';
import { ExpressionError } from './expression-error.ts';
import { type Expression, macros } from './expression-parse.ts';

/** Parts of expressions evaluated for one value: macros in macros over long lists end here. */
const evaluations_max = 100_000;

type Variables = Readonly<Record<string, unknown>>;

interface Evaluation {
  left: number;
}

/** The value of an expression. Throws an ExpressionError. */
export function evaluate(expression: Expression, variables: Variables): unknown {
  return nodeValue(expression, variables, { left: evaluations_max });
}

function nodeValue(node: Expression, variables: Variables, budget: Evaluation): unknown {
  if (--budget.left < 0) throw new ExpressionError(`takes more than ${evaluations_max} evaluations`);
  const value = (one: Expression) => nodeValue(one, variables, budget);
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'name':
      return fieldOf(variables, node.name);
    case 'list':
      return node.items.map(value);
    case 'map':
      return Object.fromEntries(node.entries.map(([key, one]) => [textOf(value(key)), value(one)]));
    case 'field':
      return fieldOf(value(node.of), node.field);
    case 'index':
      return elementOf(value(node.of), value(node.at));
    case 'not':
      return !boolOf(value(node.of));
    case 'minus':
      return -numberOf(value(node.of));
    case 'choice':
      return boolOf(value(node.when)) ? value(node.yes) : value(node.no);
    case 'binary':
      return node.operator === '&&' || node.operator === '||'
        ? logical(node.operator === '||', node.left, node.right, value)
        : operate(node.operator, value(node.left), value(node.right));
    case 'call':
      return call(node, variables, budget);
  }
}

/** As in CEL either side decides by itself, also where the other fails. */
function logical(decides: boolean, left: Expression, right: Expression, value: (one: Expression) => unknown): boolean {
  let failure: unknown;
  try {
    if (boolOf(value(left)) === decides) return decides;
  } catch (error) {
    failure = error;
  }
  const second = boolOf(value(right));
  if (second !== decides && failure) throw failure;
  return second;
}

function operate(operator: string, left: unknown, right: unknown): unknown {
  switch (operator) {
    case '==':
      return isDeepStrictEqual(left, right);
    case '!=':
      return !isDeepStrictEqual(left, right);
    case 'in':
      if (Array.isArray(right)) return right.some((one) => isDeepStrictEqual(one, left));
      return Object.hasOwn(objectOf(right), textOf(left));
    case '+':
      if (typeof left === 'string') return left + textOf(right);
      if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
      return numberOf(left) + numberOf(right);
    case '-':
      return numberOf(left) - numberOf(right);
    case '*':
      return numberOf(left) * numberOf(right);
    case '/':
      return numberOf(left) / divisorOf(right);
    case '%':
      return numberOf(left) % divisorOf(right);
    default:
      return compare(operator, left, right);
  }
}

function compare(operator: string, left: unknown, right: unknown): boolean {
  const comparable = typeof left === typeof right && (typeof left === 'number' || typeof left === 'string');
  if (!comparable) throw new ExpressionError(`${kindOf(left)} ${operator} ${kindOf(right)} can not be compared`);
  const [a, b] = [left as string, right as string];
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function call(node: Expression & { kind: 'call' }, variables: Variables, budget: Evaluation): unknown {
  const value = (one: Expression) => nodeValue(one, variables, budget);
  const { name, on, given } = node;
  if (on && macros.has(name)) return macro(name, value(on), node, variables, budget);
  if (name === 'has') {
    const { of, field } = given[0] as Expression & { kind: 'field' };
    const holder = value(of);
    return isObject(holder) && Object.hasOwn(holder, field);
  }
  const [first, second] = [value(on ?? given[0]!), on && given[0] ? value(given[0]) : undefined];
  switch (name) {
    case 'size':
      if (typeof first === 'string') return [...first].length;
      return Array.isArray(first) ? first.length : Object.keys(objectOf(first)).length;
    case 'string':
      return typeof first === 'string' ? first : JSON.stringify(first);
    case 'int':
      return Math.trunc(toNumber(first));
    case 'double':
      return toNumber(first);
    case 'startsWith':
      return textOf(first).startsWith(textOf(second));
    case 'endsWith':
      return textOf(first).endsWith(textOf(second));
    default:
      return textOf(first).includes(textOf(second));
  }
}

function macro(
  name: string,
  on: unknown,
  { given }: Expression & { kind: 'call' },
  variables: Variables,
  budget: Evaluation,
): unknown {
  const items: unknown[] = Array.isArray(on) ? on : Object.keys(objectOf(on));
  const bound = (given[0] as Expression & { kind: 'name' }).name;
  const of = (item: unknown) => nodeValue(given[1]!, { ...variables, [bound]: item }, budget);
  switch (name) {
    case 'all':
      return items.every((item) => boolOf(of(item)));
    case 'exists':
      return items.some((item) => boolOf(of(item)));
    case 'exists_one':
      return items.filter((item) => boolOf(of(item))).length === 1;
    case 'filter':
      return items.filter((item) => boolOf(of(item)));
    default:
      return items.map(of);
  }
}

function fieldOf(of: unknown, field: string): unknown {
  if (isObject(of) && Object.hasOwn(of, field)) return of[field];
  throw new ExpressionError(isObject(of) ? `there is no ${field}` : `${kindOf(of)} has no field ${field}`);
}

function elementOf(of: unknown, at: unknown): unknown {
  if (!Array.isArray(of)) return fieldOf(of, textOf(at));
  const index = numberOf(at);
  if (!Number.isInteger(index) || index < 0 || index >= of.length)
    throw new ExpressionError(`there is no element ${index}`);
  return of[index];
}

function toNumber(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw new ExpressionError(`${kindOf(value)} is no number`);
  return number;
}

function divisorOf(value: unknown): number {
  const divisor = numberOf(value);
  if (divisor === 0) throw new ExpressionError('a division by zero');
  return divisor;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectOf(value: unknown): Record<string, unknown> {
  if (isObject(value)) return value;
  throw new ExpressionError(`${kindOf(value)} is no object`);
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new ExpressionError(`${kindOf(value)} is no number`);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ExpressionError(`${kindOf(value)} is no text`);
}

function boolOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ExpressionError(`${kindOf(value)} is neither true nor false`);
}

const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : JSON.stringify(value);
