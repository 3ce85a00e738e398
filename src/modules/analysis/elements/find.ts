import { analysisLimits } from '../limits.ts';
import { childInField, childOfType, type FlatTree, nodeText } from '../syntax/flat-tree.ts';
import { type Grammar, type NodeTypeSet, perGrammar } from '../syntax/grammar.ts';
import { type ElementKind, elementKinds, type FoundElement, type FoundElements } from './element.ts';
import { type Exports, findExports } from './exports.ts';
import { boundedName, elementName } from './names.ts';
import { findParameters, isStaticMethod } from './parameters.ts';

/** Node types and the kind of element they are; methods are refined by their name and tokens. */
const ecmascriptKinds: Readonly<Record<string, ElementKind>> = {
  function_declaration: 'function',
  generator_function_declaration: 'function',
  function_expression: 'function',
  generator_function: 'function',
  arrow_function: 'arrow',
  method_definition: 'method',
  class_declaration: 'class',
  abstract_class_declaration: 'class',
  class: 'class',
  interface_declaration: 'interface',
  enum_declaration: 'enum',
  type_alias_declaration: 'type_alias',
  internal_module: 'namespace',
  module: 'namespace',
};

const pythonKinds: Readonly<Record<string, ElementKind>> = {
  function_definition: 'function',
  lambda: 'lambda',
  class_definition: 'class',
  type_alias_statement: 'type_alias',
};

const tables = perGrammar((grammar: Grammar) => {
  const python = grammar.definition.family === 'python';
  const kinds = python ? pythonKinds : ecmascriptKinds;
  // A table by node type: 1 + the number of the kind, 0 for no element.
  const kindOf: NodeTypeSet = new Uint8Array(grammar.names.length);
  for (const [name, kind] of Object.entries(kinds)) {
    grammar.rules(name).forEach((hit, type) => {
      if (hit === 1) kindOf[type] = 1 + elementKinds.indexOf(kind);
    });
  }
  return {
    python,
    kindOf,
    body: grammar.field('body'),
    async: grammar.tokens('async'),
    get: grammar.tokens('get'),
    set: grammar.tokens('set'),
    isStatic: grammar.tokens('static'),
    decorated: grammar.rules('decorated_definition'),
    decorator: grammar.rules('decorator'),
    hidden: grammar.rules('accessibility_modifier'),
  };
});

interface Frame {
  readonly element: number;
  readonly end: number;
}

/** Finds the elements of a file in order of appearance, and for each node the one it lies in. */
export function findElements(tree: FlatTree): FoundElements {
  const table = tables(tree.grammar);
  const elements: FoundElement[] = [];
  const owner = new Int32Array(tree.count);
  const used = new Map<string, number>();
  const exports = findExports(tree);
  const stack: Frame[] = [];
  let truncated = false;
  for (let node = 0; node < tree.count; node++) {
    while (stack.length > 0 && node >= stack[stack.length - 1]!.end) stack.pop();
    const kind = table.kindOf[tree.type[node]!];
    if (kind !== undefined && kind > 0 && tree.next[node]! > node + 1 && !isProgram(tree, node)) {
      if (elements.length >= analysisLimits.elements_per_file || stack.length >= analysisLimits.element_depth) {
        truncated = true;
      } else {
        const parent = stack[stack.length - 1]?.element ?? -1;
        elements.push(describe(tree, node, elementKinds[kind - 1]!, elements, parent, stack.length, used, exports));
        stack.push({ element: elements.length - 1, end: tree.next[node]! });
      }
    }
    owner[node] = stack[stack.length - 1]?.element ?? -1;
  }
  return { elements, owner, truncated };
}

/** Python's root is also called `module`. */
function isProgram(tree: FlatTree, node: number): boolean {
  return tree.parent[node] === -1;
}

function describe(
  tree: FlatTree,
  node: number,
  nodeKind: ElementKind,
  elements: readonly FoundElement[],
  parentIndex: number,
  depth: number,
  used: Map<string, number>,
  exports: Exports,
): FoundElement {
  const table = tables(tree.grammar);
  const parent = elements[parentIndex];
  const name = elementName(tree, node, nodeKind);
  const kind = refineKind(tree, node, nodeKind, name, parent);
  const qualifiedName = parent ? qualified(parent.qualifiedName, name) : name;
  const ordinal = (used.get(qualifiedName) ?? 0) + 1;
  used.set(qualifiedName, ordinal);
  const isStatic = table.python
    ? isStaticMethod(tree, node, table.decorated, table.decorator)
    : childOfType(tree, node, table.isStatic) >= 0;
  const parameters = findParameters(tree, node, kind, isStatic);
  return {
    index: elements.length,
    node,
    kind,
    parent: parentIndex,
    depth,
    name,
    qualifiedName,
    path: ordinal === 1 ? qualifiedName : `${qualifiedName}#${ordinal}`,
    exported: isExported(tree, node, name, parent, exports),
    async: childOfType(tree, node, table.async) >= 0,
    parameters: parameters.listed,
    parameterCount: parameters.count,
    body: childInField(tree, node, table.body),
  };
}

function qualified(outer: string, name: string): string {
  return boundedName(`${outer}.${name}`, analysisLimits.name_chars * 4);
}

function refineKind(
  tree: FlatTree,
  node: number,
  kind: ElementKind,
  name: string,
  parent: FoundElement | undefined,
): ElementKind {
  const table = tables(tree.grammar);
  if (table.python) {
    if (kind !== 'function' || parent?.kind !== 'class') return kind;
    return name === '__init__' ? 'constructor' : 'method';
  }
  if (kind !== 'method') return kind;
  if (childOfType(tree, node, table.get) >= 0) return 'getter';
  if (childOfType(tree, node, table.set) >= 0) return 'setter';
  return name === 'constructor' && parent?.kind === 'class' ? 'constructor' : 'method';
}

/** Visible outside the file: see the element's documentation in docs/reference/code-metrics.md. */
function isExported(
  tree: FlatTree,
  node: number,
  name: string,
  parent: FoundElement | undefined,
  exports: Exports,
): boolean {
  if (parent === undefined) return exports.isTopLevelExport(tree, node, name);
  if (!parent.exported) return false;
  if (parent.kind === 'namespace') return exports.isDirectExport(tree, node);
  if (parent.kind !== 'class') return false;
  const table = tables(tree.grammar);
  if (table.python) return !name.startsWith('_') || (name.startsWith('__') && name.endsWith('__'));
  if (name.startsWith('#')) return false;
  const modifier = childOfType(tree, node, table.hidden);
  return modifier < 0 || nodeText(tree, modifier) === 'public';
}
