import { Budget, BudgetError, isSame, jsonChars, text_chars_max } from './expression-budget.ts';
import { ExpressionError } from './expression-error.ts';
import { type Expression, macros } from './expression-parse.ts';

const shown_chars_max = 50;

type Variables = Readonly<Record<string, unknown>>;

/** The value of an expression. Throws an ExpressionError. */
export function evaluate(expression: Expression, variables: Variables): unknown {
  return nodeValue(expression, variables, new Budget());
}

function nodeValue(node: Expression, variables: Variables, budget: Budget): unknown {
  budget.spend(1);
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
        : operate(node.operator, value(node.left), value(node.right), budget);
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
    if (error instanceof BudgetError) throw error;
    failure = error;
  }
  const second = boolOf(value(right));
  if (second !== decides && failure) throw failure;
  return second;
}

function operate(operator: string, left: unknown, right: unknown, budget: Budget): unknown {
  switch (operator) {
    case '==':
      return isSame(left, right, budget);
    case '!=':
      return !isSame(left, right, budget);
    case 'in':
      if (Array.isArray(right)) return right.some((one) => isSame(one, left, budget));
      return Object.hasOwn(objectOf(right), textOf(left));
    case '+':
      if (typeof left === 'string') return joined(left, textOf(right), budget);
      if (Array.isArray(left) && Array.isArray(right)) {
        budget.elements(left.length + right.length);
        return left.concat(right);
      }
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
      return compare(operator, left, right, budget);
  }
}

function joined(left: string, right: string, budget: Budget): string {
  budget.chars(left.length + right.length);
  if (left.length + right.length > text_chars_max) {
    throw new ExpressionError(`makes a text of more than ${text_chars_max} characters`);
  }
  return left + right;
}

function compare(operator: string, left: unknown, right: unknown, budget: Budget): boolean {
  const comparable = typeof left === typeof right && ['number', 'string', 'boolean'].includes(typeof left);
  if (typeof left === 'string' && typeof right === 'string') budget.chars(Math.min(left.length, right.length));
  if (!comparable) throw new ExpressionError(`${kindOf(left)} ${operator} ${kindOf(right)} can not be compared`);
  const [a, b] = [left as string, right as string];
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function call(node: Expression & { kind: 'call' }, variables: Variables, budget: Budget): unknown {
  const value = (one: Expression) => nodeValue(one, variables, budget);
  const { name, on, given } = node;
  if (on && macros.has(name)) return macro(name, value(on), node, variables, budget);
  if (name === 'has') {
    const { of, field } = given[0] as Expression & { kind: 'field' };
    const holder = value(of);
    return isObject(holder) && Object.hasOwn(holder, field);
  }
  const [first, second] = [value(on ?? given[0]!), on && given[0] ? value(given[0]) : undefined];
  return apply(name, first, second, budget);
}

function apply(name: string, first: unknown, second: unknown, budget: Budget): unknown {
  switch (name) {
    case 'size':
      return sizeOf(first, budget);
    case 'string':
      return typeof first === 'string' ? first : written(first, budget);
    case 'int':
      return Math.trunc(toNumber(first, budget));
    case 'double':
      return toNumber(first, budget);
    case 'bool':
      return toBool(first);
    case 'dyn':
      return first;
    case 'startsWith':
      budget.chars(textOf(second).length);
      return textOf(first).startsWith(textOf(second));
    case 'endsWith':
      budget.chars(textOf(second).length);
      return textOf(first).endsWith(textOf(second));
    default:
      budget.find(textOf(first), textOf(second));
      return textOf(first).includes(textOf(second));
  }
}

/** Of a text its characters, not the units JavaScript counts. */
function sizeOf(value: unknown, budget: Budget): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'string') {
    const count = Object.keys(objectOf(value)).length;
    budget.elements(count);
    return count;
  }
  budget.chars(value.length);
  let pairs = 0;
  for (let at = 0; at < value.length - 1; at++) {
    if (value.charCodeAt(at) >> 10 === 0x36 && value.charCodeAt(at + 1) >> 10 === 0x37) pairs++;
  }
  return value.length - pairs;
}

function written(value: unknown, budget: Budget): string {
  const chars = jsonChars(value, text_chars_max);
  budget.chars(chars);
  if (chars > text_chars_max) throw new ExpressionError(`makes a text of more than ${text_chars_max} characters`);
  return JSON.stringify(value);
}

function macro(
  name: string,
  on: unknown,
  { given }: Expression & { kind: 'call' },
  variables: Variables,
  budget: Budget,
): unknown {
  const items: unknown[] = Array.isArray(on) ? on : Object.keys(objectOf(on));
  if (items !== on) budget.elements(items.length);
  const bound = (given[0] as Expression & { kind: 'name' }).name;
  const of = (item: unknown) => nodeValue(given[1]!, { ...variables, [bound]: item }, budget);
  switch (name) {
    case 'all':
      return !decides(items, false, of);
    case 'exists':
      return decides(items, true, of);
    case 'exists_one':
      return items.filter((item) => boolOf(of(item))).length === 1;
    case 'filter':
      return items.filter((item) => boolOf(of(item)));
    default:
      return items.map(of);
  }
}

/** Whether one of the items comes to `sought`; as in CEL it decides by itself, also where others fail. */
function decides(items: readonly unknown[], sought: boolean, of: (item: unknown) => unknown): boolean {
  let failure: unknown;
  for (const item of items) {
    try {
      if (boolOf(of(item)) === sought) return true;
    } catch (error) {
      if (error instanceof BudgetError) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return false;
}

function fieldOf(of: unknown, field: string): unknown {
  if (isObject(of) && Object.hasOwn(of, field)) return of[field];
  const name = field.slice(0, shown_chars_max);
  throw new ExpressionError(isObject(of) ? `there is no ${name}` : `${kindOf(of)} has no field ${name}`);
}

function elementOf(of: unknown, at: unknown): unknown {
  if (!Array.isArray(of)) return fieldOf(of, textOf(at));
  const index = numberOf(at);
  if (!Number.isInteger(index) || index < 0 || index >= of.length)
    throw new ExpressionError(`there is no element ${index}`);
  return of[index];
}

function toNumber(value: unknown, budget: Budget): number {
  if (typeof value === 'string') budget.chars(value.length);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw new ExpressionError(`${kindOf(value)} is no number`);
  return number;
}

/** As in CEL. */
const truths: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  true: true,
  TRUE: true,
  True: true,
  '0': false,
  f: false,
  false: false,
  FALSE: false,
  False: false,
};

function toBool(value: unknown): boolean {
  if (typeof value === 'string' && Object.hasOwn(truths, value)) return truths[value]!;
  return boolOf(value);
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
  value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : shown(value);

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  return text.length > shown_chars_max ? `"${text.slice(0, shown_chars_max)}…"` : JSON.stringify(value);
}
