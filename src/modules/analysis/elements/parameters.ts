import { analysisLimits } from '../limits.ts';
import { childInField, type FlatTree, nodeText } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';
import type { ElementKind, Parameter, ParameterKind } from './element.ts';
import { boundedName } from './names.ts';

const tables = perGrammar((grammar: Grammar) => ({
  list: grammar.rules('formal_parameters', 'parameters', 'lambda_parameters'),
  parameters: grammar.field('parameters'),
  parameter: grammar.field('parameter'),
  pattern: grammar.field('pattern'),
  name: grammar.field('name'),
  left: grammar.field('left'),
  value: grammar.field('value'),
  thisParameter: grammar.rules('this'),
  rest: grammar.rules('rest_pattern', 'list_splat_pattern'),
  keywordRest: grammar.rules('dictionary_splat_pattern'),
  keywordSeparator: grammar.rules('keyword_separator'),
  ignored: grammar.rules('comment', 'positional_separator', 'decorator'),
  optional: grammar.rules(
    'optional_parameter',
    'assignment_pattern',
    'default_parameter',
    'typed_default_parameter',
    'object_assignment_pattern',
  ),
  typed: grammar.rules('typed_parameter'),
}));

export interface FoundParameters {
  readonly listed: readonly Parameter[];
  readonly count: number;
}

/**
 * The declared parameters of a function. Not counted: TypeScript's `this` pseudo-parameter, and in Python the first
 * parameter of a method (`self`, `cls`) unless it is a static method, and the markers `*` and `/`.
 */
export function findParameters(tree: FlatTree, node: number, kind: ElementKind, isStatic: boolean): FoundParameters {
  const table = tables(tree.grammar);
  const single = childInField(tree, node, table.parameter);
  if (single >= 0) return { listed: [{ name: nameOf(tree, single), kind: 'ordinary', optional: false }], count: 1 };
  const list = childInField(tree, node, table.parameters);
  if (list < 0 || table.list[tree.type[list]!] !== 1) return { listed: [], count: 0 };

  const listed: Parameter[] = [];
  let count = 0;
  let keywordOnly = false;
  let skipReceiver = tree.grammar.definition.family === 'python' && isMethod(kind) && !isStatic;
  for (let child = list + 1; child < tree.next[list]!; child = tree.next[child]!) {
    const type = tree.type[child]!;
    if (!tree.grammar.isNamed(type) || table.ignored[type] === 1) continue;
    if (table.keywordSeparator[type] === 1) {
      keywordOnly = true;
      continue;
    }
    const inner = innerPattern(tree, child);
    const found = parameterKind(tree, inner, keywordOnly);
    if (found === 'rest') keywordOnly = true;
    if (table.thisParameter[tree.type[inner]!] === 1) continue;
    if (skipReceiver && found === 'ordinary') {
      skipReceiver = false;
      continue;
    }
    count++;
    if (listed.length >= analysisLimits.parameters_listed) continue;
    listed.push({ name: nameOf(tree, inner), kind: found, optional: isOptional(tree, child) });
  }
  return { listed, count };
}

function isMethod(kind: ElementKind): boolean {
  return kind === 'method' || kind === 'constructor' || kind === 'getter' || kind === 'setter';
}

/** What is bound: the pattern inside a typed, optional or default parameter. */
function innerPattern(tree: FlatTree, node: number): number {
  const table = tables(tree.grammar);
  for (const field of [table.pattern, table.name, table.left]) {
    const inner = childInField(tree, node, field);
    if (inner >= 0) return inner;
  }
  if (table.typed[tree.type[node]!] === 1 && tree.next[node]! > node + 1) return node + 1;
  return node;
}

function parameterKind(tree: FlatTree, node: number, keywordOnly: boolean): ParameterKind {
  const table = tables(tree.grammar);
  const type = tree.type[node]!;
  if (table.keywordRest[type] === 1) return 'keyword_rest';
  if (table.rest[type] === 1) return 'rest';
  return keywordOnly ? 'keyword_only' : 'ordinary';
}

function isOptional(tree: FlatTree, node: number): boolean {
  const table = tables(tree.grammar);
  return table.optional[tree.type[node]!] === 1 || childInField(tree, node, table.value) >= 0;
}

function nameOf(tree: FlatTree, node: number): string {
  const table = tables(tree.grammar);
  const type = tree.type[node]!;
  const splat = table.rest[type] === 1 || table.keywordRest[type] === 1;
  return boundedName(splat ? nodeText(tree, node).replace(/^(\.\.\.|\*\*|\*)\s*/, '') : nodeText(tree, node));
}

/** Whether a Python function has the decorator `@staticmethod`. */
export function isStaticMethod(tree: FlatTree, node: number, decorated: Uint8Array, decorator: Uint8Array): boolean {
  const parent = tree.parent[node]!;
  if (parent < 0 || decorated[tree.type[parent]!] !== 1) return false;
  for (let child = parent + 1; child < node; child = tree.next[child]!) {
    if (decorator[tree.type[child]!] === 1 && /^@\s*staticmethod\b/.test(nodeText(tree, child))) return true;
  }
  return false;
}
