import type { FoundElements } from '../elements/element.ts';
import { childInField, childOfType, type FlatTree, nodeText } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';
import type { HalsteadResult } from './halstead.ts';
import { HalsteadScopes } from './halstead-scopes.ts';
import { constantKey } from './python-constants.ts';

const tables = perGrammar((grammar: Grammar) => ({
  binary: grammar.rules('binary_operator'),
  /** `list[int] | None` in an annotation, which Python reads as the operator. */
  union: grammar.rules('union_type'),
  augmented: grammar.rules('augmented_assignment'),
  unary: grammar.rules('unary_operator'),
  not: grammar.rules('not_operator'),
  boolean: grammar.rules('boolean_operator'),
  comparison: grammar.rules('comparison_operator'),
  comment: grammar.rules('comment', 'line_continuation'),
  transparent: grammar.rules('parenthesized_expression', 'type'),
  identifier: grammar.rules('identifier'),
  attribute: grammar.rules('attribute'),
  function: grammar.rules('function_definition'),
  decorated: grammar.rules('decorated_definition'),
  decorator: grammar.rules('decorator'),
  operator: grammar.field('operator'),
  operators: grammar.field('operators'),
  argument: grammar.field('argument'),
  attributeName: grammar.field('attribute'),
  left: grammar.field('left'),
  right: grammar.field('right'),
  body: grammar.field('body'),
}));

/**
 * Definition radon (radon.visitors.HalsteadVisitor): operators are those of arithmetic, comparison, logic and augmented
 * assignment; operands what stands beside them. Names, attributes and constants are the same operand when their value is the
 * same within one function name; any other expression is an operand of its own. Not visited: decorators, parameters
 * and annotations of functions.
 */
export function halsteadOfPython(tree: FlatTree, found: FoundElements): HalsteadResult {
  return new PythonHalstead(tree, found).run();
}

class PythonHalstead {
  private readonly tree: FlatTree;
  private readonly found: FoundElements;
  private readonly scopes: HalsteadScopes;
  private readonly table: ReturnType<typeof tables>;

  constructor(tree: FlatTree, found: FoundElements) {
    this.tree = tree;
    this.found = found;
    this.scopes = new HalsteadScopes(found);
    this.table = tables(tree.grammar);
  }

  run(): HalsteadResult {
    const { tree, table } = this;
    for (let node = 0; node < tree.count; node++) {
      const type = tree.type[node]!;
      if (table.function[type] === 1) {
        const body = childInField(tree, node, table.body);
        node = (body >= 0 ? body : tree.next[node]!) - 1;
      } else if (table.decorator[type] === 1 && this.decoratesFunction(node)) {
        node = tree.next[node]! - 1;
      } else this.visit(node, type);
    }
    return this.scopes.result();
  }

  private decoratesFunction(decorator: number): boolean {
    const { tree, table } = this;
    const parent = tree.parent[decorator]!;
    return parent >= 0 && childOfType(tree, parent, table.function) >= 0;
  }

  private visit(node: number, type: number): void {
    const { tree, table } = this;
    if (table.binary[type] === 1 || table.augmented[type] === 1) {
      this.operator(node, this.operatorText(node).replace(/=$/, ''));
      this.operand(node, childInField(tree, node, table.left));
      this.operand(node, childInField(tree, node, table.right));
    } else if (table.unary[type] === 1 || table.not[type] === 1) {
      this.operator(node, `unary ${table.not[type] === 1 ? 'not' : this.operatorText(node)}`);
      this.operand(node, childInField(tree, node, table.argument));
    } else if (table.union[type] === 1) this.visitUnion(node);
    else if (table.comparison[type] === 1) this.visitComparison(node);
    else if (table.boolean[type] === 1 && !this.continuesChain(node)) this.visitBoolean(node);
  }

  private operatorText(node: number): string {
    const operator = childInField(this.tree, node, this.table.operator);
    return operator < 0 ? '' : this.tree.grammar.name(this.tree.type[operator]!);
  }

  private visitUnion(node: number): void {
    const { tree, table } = this;
    this.operator(node, '|');
    for (let child = node + 1; child < tree.next[node]!; child = tree.next[child]!) {
      const type = tree.type[child]!;
      if (tree.grammar.isNamed(type) && table.comment[type] !== 1) this.operand(node, child);
    }
  }

  private visitComparison(node: number): void {
    const { tree, table } = this;
    for (let child = node + 1; child < tree.next[node]!; child = tree.next[child]!) {
      const type = tree.type[child]!;
      if (tree.field[child] === table.operators) this.operator(node, `compare ${tree.grammar.name(type)}`);
      else if (tree.grammar.isNamed(type) && table.comment[type] !== 1) this.operand(node, child);
    }
  }

  /** `a and b and c` is one operator with three operands; it is counted at its outermost node. */
  private continuesChain(node: number): boolean {
    const { tree, table } = this;
    const parent = tree.parent[node]!;
    return (
      parent >= 0 &&
      table.boolean[tree.type[parent]!] === 1 &&
      tree.field[node] === table.left &&
      this.operatorText(parent) === this.operatorText(node)
    );
  }

  private visitBoolean(node: number): void {
    const { tree, table } = this;
    const operator = this.operatorText(node);
    this.operator(node, operator);
    let at = node;
    for (;;) {
      this.operand(node, childInField(tree, at, table.right));
      const left = childInField(tree, at, table.left);
      if (left < 0 || table.boolean[tree.type[left]!] !== 1 || this.operatorText(left) !== operator) {
        this.operand(node, left);
        return;
      }
      at = left;
    }
  }

  private operator(node: number, key: string): void {
    this.scopes.operator(this.found.owner[node]!, key);
  }

  private operand(expression: number, node: number): void {
    const owner = this.found.owner[expression]!;
    this.scopes.operand(owner, `${this.context(owner)}\n${this.operandKey(node)}`);
  }

  /** radon keeps operands apart by the name of the function they are in. */
  private context(owner: number): string {
    let element = this.found.elements[owner];
    while (element !== undefined && (element.kind === 'class' || element.kind === 'lambda')) {
      element = this.found.elements[element.parent];
    }
    return element === undefined ? '' : `in ${element.name}`;
  }

  private operandKey(operand: number): string {
    const { tree, table } = this;
    let node = operand;
    while (node >= 0 && table.transparent[tree.type[node]!] === 1) node = this.onlyChild(node);
    if (node < 0) return `missing`;
    const type = tree.type[node]!;
    if (table.identifier[type] === 1) return `text ${nodeText(tree, node)}`;
    if (table.attribute[type] === 1) {
      const name = childInField(tree, node, table.attributeName);
      if (name >= 0) return `text ${nodeText(tree, name)}`;
    }
    return constantKey(tree, node) ?? `node ${node}`;
  }

  private onlyChild(node: number): number {
    const { tree, table } = this;
    for (let child = node + 1; child < tree.next[node]!; child = tree.next[child]!) {
      const type = tree.type[child]!;
      if (tree.grammar.isNamed(type) && table.comment[type] !== 1) return child;
    }
    return -1;
  }
}
