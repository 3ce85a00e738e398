import type { FoundElement } from '../elements/element.ts';
import { childOfType, type FlatTree } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';
import { isDocstring } from './lines.ts';

const tables = perGrammar((grammar: Grammar) => ({
  python: grammar.definition.family === 'python',
  function: grammar.rules('function_definition'),
  decorated: grammar.rules('decorated_definition'),
  returned: grammar.rules('return_statement'),
  identifier: grammar.rules('identifier'),
  comment: grammar.rules('comment', 'line_continuation'),
}));

/**
 * Whether a Python function holds nothing but one function and the `return` of a name: the shape of a decorator, whose
 * inner function the white paper does not count as deeper. A docstring does not matter.
 */
export function wrapsOneFunction(tree: FlatTree, element: FoundElement): boolean {
  const table = tables(tree.grammar);
  if (!table.python || element.kind === 'lambda' || element.kind === 'class' || element.body < 0) return false;
  let functions = 0;
  let first = true;
  for (let child = element.body + 1; child < tree.next[element.body]!; child = tree.next[child]!) {
    const type = tree.type[child]!;
    if (table.comment[type] === 1) continue;
    if (table.function[type] === 1 || isDecoratedFunction(tree, child)) functions++;
    else if (!(first && isDocstring(tree, child + 1)) && !returnsName(tree, child)) return false;
    if (functions > 1) return false;
    first = false;
  }
  return functions === 1;
}

function isDecoratedFunction(tree: FlatTree, node: number): boolean {
  const table = tables(tree.grammar);
  return table.decorated[tree.type[node]!] === 1 && childOfType(tree, node, table.function) >= 0;
}

function returnsName(tree: FlatTree, node: number): boolean {
  const table = tables(tree.grammar);
  if (table.returned[tree.type[node]!] !== 1) return false;
  const value = childOfType(tree, node, table.identifier);
  return value >= 0 && tree.next[value] === tree.next[node];
}
