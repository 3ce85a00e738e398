import { childInField, childOfType, type FlatTree, nodeText } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';

/** What a file shows to others. */
export interface Exports {
  /** An element outside any other. */
  isTopLevelExport(tree: FlatTree, node: number, name: string): boolean;
  /** An element that is itself the declaration of an `export`. */
  isDirectExport(tree: FlatTree, node: number): boolean;
}

const tables = perGrammar((grammar: Grammar) => ({
  python: grammar.definition.family === 'python',
  statement: grammar.rules('export_statement'),
  specifier: grammar.rules('export_specifier'),
  /** What may stand between an `export` and the element it exports. */
  carrier: grammar.rules(
    'lexical_declaration',
    'variable_declaration',
    'variable_declarator',
    'parenthesized_expression',
    'as_expression',
    'satisfies_expression',
    'ambient_declaration',
    'expression_statement',
  ),
  assignment: grammar.rules('assignment_expression', 'assignment', 'augmented_assignment'),
  expressionStatement: grammar.rules('expression_statement'),
  identifier: grammar.rules('identifier', 'type_identifier'),
  object: grammar.rules('object'),
  shorthand: grammar.rules('shorthand_property_identifier'),
  pair: grammar.rules('pair'),
  string: grammar.rules('string'),
  source: grammar.field('source'),
  name: grammar.field('name'),
  left: grammar.field('left'),
  right: grammar.field('right'),
  value: grammar.field('value'),
}));

/** Reads the export lists of a file: `export { a }`, `export default a`, `module.exports = { a }`, `__all__`. */
export function findExports(tree: FlatTree): Exports {
  return tables(tree.grammar).python ? pythonExports(tree) : ecmascriptExports(tree);
}

function ecmascriptExports(tree: FlatTree): Exports {
  const table = tables(tree.grammar);
  const listed = new Set<string>();
  const end = tree.count > 0 ? tree.next[0]! : 0;
  for (let statement = 1; statement < end; statement = tree.next[statement]!) {
    if (table.expressionStatement[tree.type[statement]!] === 1) addCommonJs(tree, statement, listed);
    if (table.statement[tree.type[statement]!] !== 1 || childInField(tree, statement, table.source) >= 0) continue;
    const value = childInField(tree, statement, table.value);
    if (value >= 0 && table.identifier[tree.type[value]!] === 1) listed.add(nodeText(tree, value));
    for (let node = statement + 1; node < tree.next[statement]!; node++) {
      if (table.specifier[tree.type[node]!] !== 1) continue;
      const name = childInField(tree, node, table.name);
      if (name >= 0) listed.add(nodeText(tree, name));
    }
  }
  return {
    isTopLevelExport: (_, node, name) => listed.has(name) || carriesExport(tree, node, true),
    isDirectExport: (_, node) => carriesExport(tree, node, false),
  };
}

const commonJsTarget = /^(module\s*\.\s*)?exports\b/;

/** Adds the names of `module.exports = a` and `module.exports = { a, b: c }`. */
function addCommonJs(tree: FlatTree, statement: number, listed: Set<string>): void {
  const table = tables(tree.grammar);
  const assignment = childOfType(tree, statement, table.assignment);
  if (assignment < 0) return;
  const left = childInField(tree, assignment, table.left);
  const right = childInField(tree, assignment, table.right);
  if (left < 0 || right < 0 || !commonJsTarget.test(nodeText(tree, left))) return;
  if (table.identifier[tree.type[right]!] === 1) listed.add(nodeText(tree, right));
  if (table.object[tree.type[right]!] !== 1) return;
  for (let entry = right + 1; entry < tree.next[right]!; entry = tree.next[entry]!) {
    const value = table.pair[tree.type[entry]!] === 1 ? childInField(tree, entry, table.value) : entry;
    if (value < 0) continue;
    const type = tree.type[value]!;
    if (table.shorthand[type] === 1 || table.identifier[type] === 1) listed.add(nodeText(tree, value));
  }
}

/** Whether the element hangs on an `export`, or is assigned to `exports`, `module.exports` or a property of them. */
function carriesExport(tree: FlatTree, node: number, commonJs: boolean): boolean {
  const table = tables(tree.grammar);
  for (let at = tree.parent[node]!; at >= 0; at = tree.parent[at]!) {
    const type = tree.type[at]!;
    if (table.statement[type] === 1) return true;
    if (commonJs && table.assignment[type] === 1) {
      const left = childInField(tree, at, table.left);
      if (left >= 0 && commonJsTarget.test(nodeText(tree, left))) return true;
    } else if (table.carrier[type] !== 1) {
      return false;
    }
  }
  return false;
}

/** Python: the names in a literal `__all__`, else every top-level name that does not begin with an underscore. */
function pythonExports(tree: FlatTree): Exports {
  const all = readAll(tree);
  const shown = (name: string): boolean => (all ? all.has(name) : !name.startsWith('_') && !name.startsWith('<'));
  return { isTopLevelExport: (_, __, name) => shown(name), isDirectExport: () => false };
}

function readAll(tree: FlatTree): Set<string> | null {
  const table = tables(tree.grammar);
  let all: Set<string> | null = null;
  const end = tree.count > 0 ? tree.next[0]! : 0;
  for (let statement = 1; statement < end; statement = tree.next[statement]!) {
    if (table.expressionStatement[tree.type[statement]!] !== 1) continue;
    const assignment = childOfType(tree, statement, table.assignment);
    if (assignment < 0) continue;
    const left = childInField(tree, assignment, table.left);
    const right = childInField(tree, assignment, table.right);
    if (left < 0 || right < 0 || nodeText(tree, left) !== '__all__') continue;
    all ??= new Set();
    for (let node = right; node < tree.next[right]!; node++) {
      if (table.string[tree.type[node]!] === 1) all.add(nodeText(tree, node).replace(/^\w*['"]+|['"]+$/g, ''));
    }
  }
  return all;
}
