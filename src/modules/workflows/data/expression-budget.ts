import { ExpressionError } from './expression-error.ts';

/** What one expression may do: parts evaluated, and what long texts and lists cost beyond one. About 0.1 s at most. */
export const evaluations_max = 100_000;
/** What all expressions of one template may come to, as JSON: a payload or a result has at most 1 MB. */
export const value_chars_max = 2 * 1024 * 1024;
/** Longest text that may be made on the way. */
export const text_chars_max = 1024 * 1024;
/** Characters, elements and compared pairs that cost as much as evaluating a part. */
const chars_a_part = 64;
const elements_a_part = 8;
/** Finding a text in a text may take as long as the product of their lengths. */
const products_a_part = 4096;

/** What is left of it, counted down as the expression is evaluated. */
export class Budget {
  #left = evaluations_max;

  spend(parts: number): void {
    this.#left -= parts;
    if (this.#left < 0) throw new BudgetError(`takes more than ${evaluations_max} evaluations`);
  }

  chars(count: number): void {
    this.spend(count / chars_a_part);
  }

  elements(count: number): void {
    this.spend(count / elements_a_part);
  }

  find(within: string, what: string): void {
    this.chars(within.length);
    this.spend((within.length * what.length) / products_a_part);
  }
}

/** Not to be taken for a failure of the expression's own: `||` and `&&` go over those. */
export class BudgetError extends ExpressionError {}

/** Whether two JSON values are the same. */
export function isSame(a: unknown, b: unknown, budget: Budget): boolean {
  budget.spend(1 / elements_a_part);
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length !== b.length) return false;
    budget.chars(a.length);
    return a === b;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((one, index) => isSame(one, b[index], budget));
  }
  const keys = Object.keys(a);
  budget.elements(keys.length);
  if (keys.length !== Object.keys(b).length) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return keys.every((key) => Object.hasOwn(right, key) && isSame(left[key], right[key], budget));
}

/**
 * How long a value is as JSON, roughly; stops counting where it is longer than `charsMax`. A list may hold one text a
 * thousand times, which takes no room until it is written.
 */
export function jsonChars(value: unknown, charsMax: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 5;
  let chars = 2;
  const isList = Array.isArray(value);
  for (const key in value) {
    if (chars > charsMax) return chars;
    chars += (isList ? 1 : key.length + 4) + jsonChars((value as Record<string, unknown>)[key], charsMax - chars);
  }
  return chars;
}

/** What the values of one template may come to together. */
export class Allowance {
  #left = value_chars_max;

  /** Throws an ExpressionError where a value is too long with those before it. */
  take(value: unknown): void {
    this.#left -= jsonChars(value, this.#left);
    if (this.#left < 0) throw new ExpressionError(`comes to more than ${value_chars_max} characters`);
  }
}
