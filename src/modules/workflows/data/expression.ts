/**
 * Conditions and values of workflows as data, in a part of CEL (https://github.com/google/cel-spec/blob/master/doc/langdef.md):
 * literals, lists, maps, fields and indexes, arithmetic, comparison, `in`, `&&`, `||`, `!`, `?:`, `size`, `has`, `string`,
 * `int`, `double`, `startsWith`, `endsWith`, `contains`, and the macros `all`, `exists`, `exists_one`, `filter` and `map`.
 * Numbers are those of JSON: there is one kind of them. What is not known is refused when the workflow is put.
 */
import { ExpressionError } from './expression-error.ts';
import { evaluate } from './expression-evaluate.ts';
import { assertKnown, parseExpression } from './expression-parse.ts';

export const expression_chars_max = 2_000;

/**
 * Makes an expression ready. Throws an ExpressionError that says where it can not be read, or what it names that is not
 * among `known`.
 */
export function compileExpression(
  text: string,
  known?: ReadonlySet<string>,
): (variables: Readonly<Record<string, unknown>>) => unknown {
  if (text.length > expression_chars_max) throw new ExpressionError(`longer than ${expression_chars_max} characters`);
  const node = parseExpression(text);
  if (known) assertKnown(node, known);
  return (variables) => evaluate(node, variables);
}
