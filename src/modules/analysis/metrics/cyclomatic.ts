import { type FoundElement, type FoundElements, isCallable } from '../elements/element.ts';
import { childInField, childOfType, type FlatTree, nodeText } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';

export interface CyclomaticResult {
  /** By element; 0 for those that have no such value (interfaces, type aliases, enums, namespaces). */
  readonly byElement: Float64Array;
  readonly file: number;
}

/** Cyclomatic complexity by the family's definition: sonar-js or radon. */
export function cyclomatic(tree: FlatTree, found: FoundElements): CyclomaticResult {
  return tree.grammar.definition.family === 'python' ? radon(tree, found) : sonarJs(tree, found);
}

const ecmascriptTables = perGrammar((grammar: Grammar) => ({
  decision: grammar.rules(
    'if_statement',
    'for_statement',
    'for_in_statement',
    'while_statement',
    'do_statement',
    'switch_case',
    'ternary_expression',
  ),
  binary: grammar.rules('binary_expression'),
  logical: grammar.tokens('&&', '||', '??'),
}));

/**
 * Definition sonar-js (rule S1541 of SonarJS): a function counts 1 + its if, for, for-in/of, while, do, case, ?:, &&,
 * || and ??; functions inside it count for themselves. A class or a file counts all functions and decisions in it.
 */
function sonarJs(tree: FlatTree, found: FoundElements): CyclomaticResult {
  const table = ecmascriptTables(tree.grammar);
  const { elements, owner } = found;
  const byElement = new Float64Array(elements.length);
  // Functions and decisions before each node, so that those inside a class are a difference.
  const before = new Uint32Array(tree.count + 1);
  let nextElement = 0;
  for (let node = 0; node < tree.count; node++) {
    let points = 0;
    if (elements[nextElement]?.node === node) points += isCallable(elements[nextElement++]!.kind) ? 1 : 0;
    const type = tree.type[node]!;
    if (table.decision[type] === 1 || (table.binary[type] === 1 && childOfType(tree, node, table.logical) >= 0)) {
      points++;
      const callable = innermostCallable(elements, owner[node]!);
      if (callable >= 0) byElement[callable]!++;
    }
    before[node + 1] = before[node]! + points;
  }
  for (const { kind, index, node } of elements) {
    if (isCallable(kind)) byElement[index]!++;
    else if (kind === 'class') byElement[index] = before[tree.next[node]!]! - before[node]!;
  }
  return { byElement, file: before[tree.count]! };
}

function innermostCallable(elements: readonly FoundElement[], from: number): number {
  let at = from;
  while (at >= 0 && !isCallable(elements[at]!.kind)) at = elements[at]!.parent;
  return at;
}

const pythonTables = perGrammar((grammar: Grammar) => ({
  decision: grammar.rules(
    'if_statement',
    'elif_clause',
    'for_statement',
    'while_statement',
    'except_clause',
    'except_group_clause',
    'assert_statement',
    'conditional_expression',
    'boolean_operator',
    'for_in_clause',
    'if_clause',
    'else_clause',
  ),
  ifClause: grammar.rules('if_clause'),
  elseClause: grammar.rules('else_clause'),
  ifStatement: grammar.rules('if_statement'),
  caseClause: grammar.rules('case_clause'),
  match: grammar.rules('match_statement'),
  casePattern: grammar.rules('case_pattern'),
  function: grammar.rules('function_definition'),
  class: grammar.rules('class_definition'),
  decorated: grammar.rules('decorated_definition'),
  decorator: grammar.rules('decorator'),
  body: grammar.field('body'),
  assert: grammar.rules('assert_statement'),
}));

/**
 * Definition radon (radon.visitors.ComplexityVisitor): 1 + if, elif, for, while, except, assert, conditional
 * expressions, boolean operators, comprehensions and their ifs, the `else` of a loop or try, and each `case` but one
 * that matches anything. Not visited: decorators, parameters, annotations, bases, what an assert asserts. A lambda
 * counts for what encloses it (and here by itself too). A class: 1 + its body's decisions + its methods. A file: as radon's
 * total, 1 + decisions + (functions - 1) + (classes - 1), without functions inside functions and classes inside either.
 */
function radon(tree: FlatTree, found: FoundElements): CyclomaticResult {
  const { elements, owner } = found;
  const byElement = new Float64Array(elements.length);
  for (const { kind, index } of elements) byElement[index] = kind === 'class' || isCallable(kind) ? 1 : 0;
  let file = 1;
  for (let node = 0; node < tree.count; node++) {
    const step = pythonStep(tree, node);
    if (step.points !== 0) {
      let at = owner[node]!;
      for (; at >= 0 && elements[at]!.kind === 'lambda'; at = elements[at]!.parent) byElement[at]! += step.points;
      if (at >= 0) byElement[at]! += step.points;
      else file += step.points;
    }
    if (step.skipTo > node) node = step.skipTo - 1;
  }
  for (const { kind, index, parent } of elements) {
    if (!isCallable(kind) || kind === 'lambda') continue;
    if (parent >= 0 && elements[parent]!.kind === 'class') byElement[parent]! += byElement[index]!;
  }
  for (const { kind, index, parent } of elements) {
    if (parent < 0 && (kind === 'class' || (isCallable(kind) && kind !== 'lambda'))) file += byElement[index]! - 1;
  }
  return { byElement, file };
}

interface Step {
  readonly points: number;
  /** Node to go on with when the subtree or a part of it is not visited; 0 to go on as usual. */
  readonly skipTo: number;
}

const nothing: Step = { points: 0, skipTo: 0 };
const one: Step = { points: 1, skipTo: 0 };

function pythonStep(tree: FlatTree, node: number): Step {
  const table = pythonTables(tree.grammar);
  const type = tree.type[node]!;
  if (table.function[type] === 1 || table.class[type] === 1) {
    const body = childInField(tree, node, table.body);
    return { points: 0, skipTo: body >= 0 ? body : tree.next[node]! };
  }
  if (table.decorator[type] === 1) return { points: 0, skipTo: tree.next[node]! };
  if (table.match[type] === 1) return { points: casesOf(tree, node), skipTo: 0 };
  if (table.decision[type] !== 1) return nothing;
  if (table.assert[type] === 1) return { points: 1, skipTo: tree.next[node]! };
  const parentType = tree.type[tree.parent[node]!]!;
  if (table.elseClause[type] === 1 && table.ifStatement[parentType] === 1) return nothing;
  // The guard of a case is no decision of radon's.
  if (table.ifClause[type] === 1 && table.caseClause[parentType] === 1) return nothing;
  return one;
}

/** Cases of a match statement, less one if any matches everything (`case _`, `case name`), guarded or not. */
function casesOf(tree: FlatTree, match: number): number {
  const table = pythonTables(tree.grammar);
  const body = childInField(tree, match, table.body);
  if (body < 0) return 0;
  let cases = 0;
  let catchAll = 0;
  for (let clause = body + 1; clause < tree.next[body]!; clause = tree.next[clause]!) {
    if (table.caseClause[tree.type[clause]!] !== 1) continue;
    cases++;
    const patterns: number[] = [];
    for (let child = clause + 1; child < tree.next[clause]!; child = tree.next[child]!) {
      if (table.casePattern[tree.type[child]!] === 1) patterns.push(child);
    }
    const only = patterns.length === 1 ? nodeText(tree, patterns[0]!) : '';
    if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(only) && !['None', 'True', 'False'].includes(only)) catchAll = 1;
  }
  return Math.max(0, cases - catchAll);
}
