/**
 * Conditions and values of workflows as data, in a part of CEL (https://github.com/google/cel-spec/blob/master/doc/langdef.md):
 * literals, lists, maps, fields and indexes, arithmetic, comparison, `in`, `&&`, `||`, `!`, `?:`, `size`, `has`, `string`,
 * `int`, `double`, `bool`, `dyn`, `startsWith`, `endsWith`, `contains`, and the macros `all`, `exists`, `exists_one`, `filter`
 * and `map`. Numbers are those of JSON: there is one kind of them. What is not known is refused when the workflow is put.
 * docs/reference/expressions.md says what of CEL that is, and which of its conformance cases hold.
 */
import { Allowance } from './expression-budget.ts';
import { ExpressionError } from './expression-error.ts';
import { evaluate } from './expression-evaluate.ts';
import { assertKnown, parseExpression } from './expression-parse.ts';

export const expression_chars_max = 2_000;

/** Its value. Throws an ExpressionError. What values share an allowance is bounded together. */
export type CompiledExpression = (variables: Readonly<Record<string, unknown>>, allowance?: Allowance) => unknown;

/**
 * Makes an expression ready. Throws an ExpressionError that says where it can not be read, or what it names that is not
 * among `known`.
 */
export function compileExpression(text: string, known?: ReadonlySet<string>): CompiledExpression {
  if (text.length > expression_chars_max) throw new ExpressionError(`longer than ${expression_chars_max} characters`);
  const node = parseExpression(text);
  if (known) assertKnown(node, known);
  return (variables, allowance = new Allowance()) => {
    const value = evaluate(node, variables);
    allowance.take(value);
    return value;
  };
}
