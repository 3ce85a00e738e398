import { type FoundElements, isCallable } from '../elements/element.ts';
import type { FlatTree } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';

const tables = perGrammar((grammar: Grammar) => ({
  control: grammar.rules(
    'if_statement',
    'for_statement',
    'for_in_statement',
    'while_statement',
    'do_statement',
    'switch_statement',
    'try_statement',
    'with_statement',
    'match_statement',
  ),
  ifStatement: grammar.rules('if_statement'),
  elseClause: grammar.rules('else_clause'),
  /** JavaScript's `with` is no control structure. */
  ignored: grammar.definition.family === 'python' ? grammar.rules() : grammar.rules('with_statement'),
}));

export interface NestingResult {
  /** By element; for a class the deepest of its methods. */
  readonly byElement: Float64Array;
  readonly file: number;
}

/**
 * Definition sonar-s134: how deep if, for, while, do, switch, match, try (and Python's with) stand inside one another.
 * An `else if` is as deep as its `if`; a function inside a function begins again at 0.
 */
export function maxNesting(tree: FlatTree, found: FoundElements): NestingResult {
  const table = tables(tree.grammar);
  const { elements, owner } = found;
  const byElement = new Float64Array(elements.length);
  const depthAt = new Uint32Array(tree.count);
  let file = 0;
  for (let node = 0; node < tree.count; node++) {
    const parent = tree.parent[node]!;
    let depth = parent < 0 ? 0 : depthAt[parent]!;
    const element = owner[node]!;
    if (element >= 0 && elements[element]!.node === node && isCallable(elements[element]!.kind)) depth = 0;
    const type = tree.type[node]!;
    const isElseIf = table.ifStatement[type] === 1 && parent >= 0 && table.elseClause[tree.type[parent]!] === 1;
    if (table.control[type] === 1 && table.ignored[type] !== 1 && !isElseIf) {
      depth++;
      file = Math.max(file, depth);
      record(byElement, found, element, depth);
    }
    depthAt[node] = depth;
  }
  return { byElement, file };
}

/** Notes a depth for the innermost function, for a class around it, and for what encloses code outside functions. */
function record(byElement: Float64Array, found: FoundElements, element: number, depth: number): void {
  for (let at = element; at >= 0; at = found.elements[at]!.parent) {
    byElement[at] = Math.max(byElement[at]!, depth);
    if (!isCallable(found.elements[at]!.kind)) continue;
    const parent = found.elements[at]!.parent;
    if (parent >= 0 && found.elements[parent]!.kind === 'class') {
      byElement[parent] = Math.max(byElement[parent]!, depth);
    }
    return;
  }
}
