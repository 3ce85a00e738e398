import { valueAt } from '../json.ts';
import { eventLimits } from '../limits.ts';
import { type ComparisonOp, checkFilter, type Filter, type FilterOperand, type TextOp } from './tree.ts';

/**
 * True, false or unknown (null). Unknown is what a condition gives whose value is missing or of the wrong type. As in
 * CEL and in SQL, `false && unknown` is false, `true || unknown` is true, `!unknown` is unknown. An event matches when
 * the whole filter is true. `migrations/0003_filter.up.sql` follows the same rules, line by line.
 */
export type Truth = boolean | null;
type Condition = (event: unknown) => Truth;
type Read = (event: unknown) => unknown;

/** Numbers nearer to zero count as zero: PostgreSQL raises an error where a double loses its last digits. */
const SMALLEST_NUMBER = 2.2250738585072014e-308;

function comparableNumber(value: number): number {
  return Math.abs(value) < SMALLEST_NUMBER ? 0 : value;
}

/** Code point order, which is the byte order of UTF-8 and the collation "C"; `<` would compare UTF-16 units. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    let left = a.charCodeAt(at);
    let right = b.charCodeAt(at);
    if (left === right) continue;
    // Surrogates stand for characters above U+FFFF, yet their units are below U+E000.
    if (left >= 0xd800 && right >= 0xd800) {
      left += left >= 0xe000 ? -0x800 : 0x2000;
      right += right >= 0xe000 ? -0x800 : 0x2000;
    }
    return left - right;
  }
  return a.length - b.length;
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Values of different types are not equal; lists and objects cannot be compared. */
function equal(left: unknown, right: unknown): Truth {
  if (!isScalar(left) || !isScalar(right)) return null;
  if (typeof left === 'number' && typeof right === 'number') return comparableNumber(left) === comparableNumber(right);
  return left === right;
}

/** Negative, zero or positive for two numbers, two texts or two booleans; otherwise unknown. */
function order(left: unknown, right: unknown): number | null {
  if (typeof left === 'number' && typeof right === 'number') {
    const [a, b] = [comparableNumber(left), comparableNumber(right)];
    return a < b ? -1 : Number(a > b);
  }
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  return null;
}

const comparisons: Record<ComparisonOp, (left: unknown, right: unknown) => Truth> = {
  eq: equal,
  ne: (left, right) => negate(equal(left, right)),
  lt: (left, right) => ordered(left, right, (sign) => sign < 0),
  le: (left, right) => ordered(left, right, (sign) => sign <= 0),
  gt: (left, right) => ordered(left, right, (sign) => sign > 0),
  ge: (left, right) => ordered(left, right, (sign) => sign >= 0),
};

function negate(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

function ordered(left: unknown, right: unknown, holds: (sign: number) => boolean): Truth {
  const sign = order(left, right);
  return sign === null ? null : holds(sign);
}

/** True when the text has more code points than `most`; counts only where the number of units leaves doubt. */
function isLonger(text: string, most: number): boolean {
  if (text.length <= most) return false;
  if (text.length > 2 * most) return true;
  let points = 0;
  for (const _ of text) points++;
  return points > most;
}

function contains(text: string, part: string): Truth {
  if (isLonger(text, eventLimits.filter_search_chars)) return null;
  return isLonger(part, eventLimits.filter_search_part_chars) ? null : text.includes(part);
}

const textTests: Record<TextOp, (text: string, part: string) => Truth> = {
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
  contains,
};

/** Whether a scalar equals a scalar of the list; elements that are lists or objects equal nothing. */
function isIn(left: unknown, list: unknown): Truth {
  if (!isScalar(left) || !Array.isArray(list)) return null;
  return list.some((item: unknown) => equal(left, item) === true);
}

function reader(operand: FilterOperand | { readonly value: unknown }): Read {
  if ('path' in operand) {
    const { path } = operand;
    return (event) => valueAt(event, path);
  }
  const { value } = operand;
  return () => value;
}

/** Both sides of a condition; unknown when either is missing. */
function binary(left: Read, right: Read, compare: (left: unknown, right: unknown) => Truth): Condition {
  return (event) => {
    const [a, b] = [left(event), right(event)];
    return a === undefined || b === undefined ? null : compare(a, b);
  };
}

/** All conditions until one decides: `decisive` is false for and, true for or. */
function combine(conditions: readonly Condition[], decisive: boolean): Condition {
  return (event) => {
    let result: Truth = !decisive;
    for (const condition of conditions) {
      const truth = condition(event);
      if (truth === decisive) return decisive;
      if (truth === null) result = null;
    }
    return result;
  };
}

function compile(filter: Filter): Condition {
  switch (filter.op) {
    case 'and':
    case 'or':
      return combine(filter.filters.map(compile), filter.op === 'or');
    case 'not': {
      const inner = compile(filter.filter);
      return (event) => negate(inner(event));
    }
    case 'has':
      return (event) => valueAt(event, filter.path) !== undefined;
    case 'test': {
      const read = reader(filter.operand);
      return (event) => {
        const value = read(event);
        return typeof value === 'boolean' ? value : null;
      };
    }
    case 'in':
      return binary(reader(filter.left), reader(filter.right), isIn);
    case 'startsWith':
    case 'endsWith':
    case 'contains': {
      const test = textTests[filter.op];
      return binary(reader(filter.left), reader(filter.right), (text, part) =>
        typeof text === 'string' && typeof part === 'string' ? test(text, part) : null,
      );
    }
    default:
      return binary(reader(filter.left), reader(filter.right), comparisons[filter.op]);
  }
}

/**
 * The filter as a function from an event (see `FilterableEvent`) to whether it matches. Checks the filter first and
 * throws as `checkFilter` does; the returned function never throws. Keep it: compiling costs more than evaluating.
 */
export function compileFilter(filter: unknown): (event: unknown) => boolean {
  const condition = compile(checkFilter(filter));
  return (event) => condition(event) === true;
}

/** What a checked filter is for an event. Compiles it anew: for looking at one event, not for matching many. */
export function evaluateFilter(filter: Filter, event: unknown): Truth {
  return compile(filter)(event);
}
