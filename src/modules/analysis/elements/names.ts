import { createHash } from 'node:crypto';
import { analysisLimits } from '../limits.ts';
import { childInField, type FlatTree, nodeText } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';
import type { ElementKind } from './element.ts';

const nameTables = perGrammar((grammar: Grammar) => ({
  wrapper: grammar.rules(
    'parenthesized_expression',
    'as_expression',
    'satisfies_expression',
    'non_null_expression',
    'await',
  ),
  declarator: grammar.rules('variable_declarator'),
  pair: grammar.rules('pair'),
  assignment: grammar.rules('assignment_expression', 'assignment'),
  fieldDefinition: grammar.rules('public_field_definition', 'field_definition'),
  defaultExport: grammar.rules('export_statement'),
  member: grammar.rules('member_expression', 'attribute'),
  string: grammar.rules('string'),
  simple: grammar.rules(
    'identifier',
    'property_identifier',
    'private_property_identifier',
    'type_identifier',
    'number',
    'integer',
    'nested_identifier',
  ),
  name: grammar.field('name'),
  key: grammar.field('key'),
  left: grammar.field('left'),
  property: grammar.field('property'),
  attribute: grammar.field('attribute'),
}));

/** A name that fits: control characters as spaces, cut at `chars` with a hash of the whole at its end. */
export function boundedName(name: string, chars: number = analysisLimits.name_chars): string {
  const clean = name.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  if (clean.length <= chars) return clean;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${clean
    .slice(0, chars - 9)
    .toWellFormed()
    .replaceAll('\uFFFD', '')}~${hash}`;
}

/** A map, because an object has a `constructor` of its own. */
const anonymousNames: ReadonlyMap<ElementKind, string> = new Map([
  ['arrow', '<arrow>'],
  ['lambda', '<lambda>'],
  ['class', '<class>'],
]);

/** The name of an element: its own, else that of what it is assigned to, else `<arrow>`, `<function>` and so on. */
export function elementName(tree: FlatTree, node: number, kind: ElementKind): string {
  const table = nameTables(tree.grammar);
  const own = childInField(tree, node, table.name);
  if (own >= 0) return keyName(tree, own);
  return targetName(tree, node) ?? anonymousNames.get(kind) ?? '<function>';
}

/** The text of a key: identifiers as they are, strings without quotes, anything else as it is written. */
function keyName(tree: FlatTree, node: number): string {
  const table = nameTables(tree.grammar);
  const text = nodeText(tree, node);
  const plain = table.string[tree.type[node]!] === 1 && text.length > 2 ? text.slice(1, -1) : text;
  return boundedName(plain) || '<unnamed>';
}

function targetName(tree: FlatTree, node: number): string | null {
  const table = nameTables(tree.grammar);
  let child = node;
  let parent = tree.parent[child]!;
  while (parent >= 0 && table.wrapper[tree.type[parent]!] === 1) {
    child = parent;
    parent = tree.parent[child]!;
  }
  if (parent < 0) return null;
  const type = tree.type[parent]!;
  if (table.declarator[type] === 1) return simpleName(tree, childInField(tree, parent, table.name));
  if (table.pair[type] === 1) return nameOrNull(tree, childInField(tree, parent, table.key), child);
  if (table.fieldDefinition[type] === 1) {
    const key = childInField(tree, parent, table.name);
    return nameOrNull(tree, key >= 0 ? key : childInField(tree, parent, table.property), child);
  }
  if (table.assignment[type] === 1) return assignedName(tree, childInField(tree, parent, table.left), child);
  if (table.defaultExport[type] === 1) return 'default';
  return null;
}

function simpleName(tree: FlatTree, node: number): string | null {
  const table = nameTables(tree.grammar);
  return node >= 0 && table.simple[tree.type[node]!] === 1 ? keyName(tree, node) : null;
}

function nameOrNull(tree: FlatTree, key: number, value: number): string | null {
  return key >= 0 && key !== value ? keyName(tree, key) : null;
}

/** `module.exports.parse = …` is named parse, `exports = …` exports. */
function assignedName(tree: FlatTree, left: number, value: number): string | null {
  const table = nameTables(tree.grammar);
  if (left < 0 || left === value) return null;
  if (table.member[tree.type[left]!] !== 1) return simpleName(tree, left);
  const property = childInField(tree, left, table.property);
  return simpleName(tree, property >= 0 ? property : childInField(tree, left, table.attribute));
}
