import type { FoundElements } from '../elements/element.ts';
import { childOfType, type FlatTree, nodeText } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';
import type { HalsteadResult } from './halstead.ts';
import { HalsteadScopes } from './halstead-scopes.ts';

const tables = perGrammar((grammar: Grammar) => ({
  /** Syntax that disappears when the types are taken away, and comments. */
  erased: grammar.rules(
    'comment',
    'html_comment',
    'hash_bang_line',
    'type_annotation',
    'type_arguments',
    'type_parameters',
    'type_predicate_annotation',
    'asserts_annotation',
    'implements_clause',
    'interface_declaration',
    'type_alias_declaration',
    'ambient_declaration',
    'function_signature',
    'abstract_method_signature',
    'method_signature',
    'index_signature',
    'accessibility_modifier',
    'override_modifier',
  ),
  /** `x as T`, `x satisfies T`, `x!`: only the expression stays. */
  assertion: grammar.rules('as_expression', 'satisfies_expression', 'non_null_expression'),
  typeCast: grammar.rules('type_assertion'),
  moduleStatement: grammar.rules('import_statement', 'export_statement', 'import_specifier', 'export_specifier'),
  typeKeyword: grammar.tokens('type'),
  thisParameter: grammar.rules('this'),
  parameter: grammar.rules('required_parameter'),
  /** Modifiers that only types have. */
  modifier: grammar.tokens('declare', 'abstract', 'readonly'),
  optionalMark: grammar.tokens('?', '!'),
  optionalHolder: grammar.rules(
    'optional_parameter',
    'public_field_definition',
    'variable_declarator',
    'method_definition',
  ),
  fieldDefinition: grammar.rules('public_field_definition'),
  declare: grammar.tokens('declare'),
  literal: grammar.rules('string', 'regex'),
  call: grammar.rules('arguments'),
  /** Punctuation that only separates, which formatting may add or drop. */
  delimiter: grammar.tokens(';', ',', '(', ')', '{', '}', ']', '`', '>', '/>', '</', '"', "'"),
  comparison: grammar.rules('binary_expression'),
}));

/**
 * Definition plinth-tokens: operands are identifiers and literals by their text; operators are keywords, signs, calls
 * and `[`. Left out: `; , ( ) { }`, closing brackets and everything that belongs to types only, so that neither
 * formatting nor erasing the types changes a value.
 */
export function halsteadOfEcmascript(tree: FlatTree, found: FoundElements): HalsteadResult {
  const table = tables(tree.grammar);
  const scopes = new HalsteadScopes(found);
  for (let node = 0; node < tree.count; node++) {
    const type = tree.type[node]!;
    const owner = found.owner[node]!;
    if (isErased(tree, node)) {
      node = tree.next[node]! - 1;
    } else if (table.literal[type] === 1) {
      scopes.operand(owner, nodeText(tree, node));
      node = tree.next[node]! - 1;
    } else if (table.call[type] === 1) {
      scopes.operator(owner, 'call ()');
    } else if (tree.next[node] === node + 1 && tree.end[node]! > tree.start[node]!) {
      visitLeaf(
        tree,
        node,
        (key) => scopes.operator(owner, key),
        (key) => scopes.operand(owner, key),
      );
    }
  }
  return scopes.result();
}

function visitLeaf(
  tree: FlatTree,
  node: number,
  operator: (key: string) => void,
  operand: (key: string) => void,
): void {
  const table = tables(tree.grammar);
  const type = tree.type[node]!;
  if (tree.grammar.isNamed(type)) {
    const text = nodeText(tree, node);
    if (text.trim() !== '') operand(text);
    return;
  }
  const separates = table.delimiter[type] === 1 && table.comparison[tree.type[tree.parent[node]!]!] !== 1;
  if (!separates) operator(tree.grammar.name(type));
}

function isErased(tree: FlatTree, node: number): boolean {
  const table = tables(tree.grammar);
  const type = tree.type[node]!;
  if (table.erased[type] === 1 || table.modifier[type] === 1) return true;
  if (table.fieldDefinition[type] === 1 && childOfType(tree, node, table.declare) >= 0) return true;
  const parent = tree.parent[node]!;
  if (parent < 0) return false;
  const parentType = tree.type[parent]!;
  if (table.assertion[parentType] === 1) return node !== parent + 1;
  if (table.typeCast[parentType] === 1) return tree.next[node] !== tree.next[parent];
  if (table.moduleStatement[type] === 1) return childOfType(tree, node, table.typeKeyword) >= 0;
  if (table.optionalMark[type] === 1) return table.optionalHolder[parentType] === 1;
  return table.parameter[type] === 1 && tree.next[node]! > node + 1 && table.thisParameter[tree.type[node + 1]!] === 1;
}
