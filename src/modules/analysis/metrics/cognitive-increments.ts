import type { FoundElements } from '../elements/element.ts';
import { childInField, childOfType, type FlatTree } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';

/** Called for each increment: the innermost element (or -1), its amount, and whether the amount holds its nesting. */
export type AddIncrement = (owner: number, amount: number, structural: boolean) => void;

const tables = perGrammar((grammar: Grammar) => ({
  python: grammar.definition.family === 'python',
  ifStatement: grammar.rules('if_statement'),
  elifClause: grammar.rules('elif_clause'),
  elseClause: grammar.rules('else_clause'),
  loop: grammar.rules('for_statement', 'for_in_statement', 'while_statement', 'do_statement'),
  switch: grammar.rules('switch_statement', 'match_statement'),
  catch: grammar.rules('catch_clause', 'except_clause', 'except_group_clause'),
  conditional: grammar.rules('ternary_expression', 'conditional_expression'),
  jump: grammar.rules('break_statement', 'continue_statement'),
  logical: grammar.rules('binary_expression', 'boolean_operator'),
  operator: grammar.tokens('&&', '||', 'and', 'or'),
  block: grammar.rules('block', 'statement_block'),
  comment: grammar.rules('comment', 'html_comment', 'line_continuation'),
  parentheses: grammar.rules('parenthesized_expression'),
  consequence: grammar.field('consequence'),
  alternative: grammar.field('alternative'),
  body: grammar.field('body'),
  label: grammar.field('label'),
  left: grammar.field('left'),
  right: grammar.field('right'),
}));

/** Finds every increment of a file; returns for each element its nesting within what encloses it. */
export function findIncrements(tree: FlatTree, found: FoundElements, add: AddIncrement): Uint32Array {
  const walk = new IncrementWalk(tree, found, add);
  return walk.run();
}

class IncrementWalk {
  private readonly tree: FlatTree;
  private readonly found: FoundElements;
  private readonly add: AddIncrement;
  private readonly table: ReturnType<typeof tables>;
  /** 1 for a node whose inside is one level deeper than what it stands in. */
  private readonly deeper: Uint8Array;
  /** Depth within the innermost element. */
  private readonly depth: Uint32Array;
  /** Logical operators that belong to a sequence already counted. */
  private readonly counted: Uint8Array;

  constructor(tree: FlatTree, found: FoundElements, add: AddIncrement) {
    this.tree = tree;
    this.found = found;
    this.add = add;
    this.table = tables(tree.grammar);
    this.deeper = new Uint8Array(tree.count);
    this.depth = new Uint32Array(tree.count);
    this.counted = new Uint8Array(tree.count);
  }

  run(): Uint32Array {
    const { tree, found, depth } = this;
    const nestingOf = new Uint32Array(found.elements.length);
    for (let node = 0; node < tree.count; node++) {
      const parent = tree.parent[node]!;
      const here = (parent < 0 ? 0 : depth[parent]!) + this.deeper[node]!;
      const element = found.elements[found.owner[node]!];
      if (element?.node === node) nestingOf[element.index] = here;
      else depth[node] = here;
      this.visit(node);
    }
    return nestingOf;
  }

  private visit(node: number): void {
    const { table, tree } = this;
    const type = tree.type[node]!;
    if (table.ifStatement[type] === 1) this.visitIf(node);
    else if (table.elifClause[type] === 1) this.flat(node, childInField(tree, node, table.consequence));
    else if (table.elseClause[type] === 1) this.visitElse(node);
    else if (table.loop[type] === 1 || table.switch[type] === 1) {
      this.structural(node, childInField(tree, node, table.body));
    } else if (table.catch[type] === 1) this.structural(node, childOfType(tree, node, table.block));
    else if (table.conditional[type] === 1) this.visitConditional(node);
    else if (table.jump[type] === 1) {
      if (childInField(tree, node, table.label) >= 0) this.flat(node, -1);
    } else if (table.logical[type] === 1 && this.counted[node] === 0 && this.operatorOf(node) >= 0) {
      const runs = this.countRuns(node);
      this.add(this.found.owner[node]!, runs, false);
    }
  }

  /** An increment that grows with nesting; `body` is one level deeper. */
  private structural(node: number, ...bodies: number[]): void {
    this.add(this.found.owner[node]!, 1 + this.depth[node]!, true);
    for (const body of bodies) if (body >= 0) this.deeper[body] = 1;
  }

  private flat(node: number, body: number): void {
    this.add(this.found.owner[node]!, 1, false);
    if (body >= 0) this.deeper[body] = 1;
  }

  private visitIf(node: number): void {
    const { table, tree } = this;
    const consequence = childInField(tree, node, table.consequence);
    const parent = tree.parent[node]!;
    const isElseIf = !table.python && parent >= 0 && table.elseClause[tree.type[parent]!] === 1;
    if (isElseIf) this.flat(node, consequence);
    else this.structural(node, consequence);
  }

  private visitElse(node: number): void {
    const { table, tree } = this;
    const [body] = this.operands(node);
    if (body === undefined) return;
    // `else if` is counted at its `if`.
    if (!table.python && table.ifStatement[tree.type[body]!] === 1) return;
    this.flat(node, body);
  }

  /** Python has no fields here: `consequence if condition else alternative`. */
  private visitConditional(node: number): void {
    const { table, tree } = this;
    if (table.python) {
      const [consequence = -1, , alternative = -1] = this.operands(node);
      this.structural(node, consequence, alternative);
    } else {
      this.structural(node, childInField(tree, node, table.consequence), childInField(tree, node, table.alternative));
    }
  }

  /** Named children without comments. */
  private operands(node: number): number[] {
    const { table, tree } = this;
    const found: number[] = [];
    for (let child = node + 1; child < tree.next[node]!; child = tree.next[child]!) {
      const type = tree.type[child]!;
      if (tree.grammar.isNamed(type) && table.comment[type] !== 1) found.push(child);
    }
    return found;
  }

  /** Node type of the && or || of a logical expression; -1 for other operators. */
  private operatorOf(node: number): number {
    const child = childOfType(this.tree, node, this.table.operator);
    return child < 0 ? -1 : this.tree.type[child]!;
  }

  /** Runs of like operators in a logical expression, read from left to right through parentheses. */
  private countRuns(root: number): number {
    const { table, tree, counted } = this;
    let runs = 0;
    let previous = -1;
    const waiting: number[] = [];
    let node = this.logicalOperand(root);
    while (node >= 0 || waiting.length > 0) {
      while (node >= 0) {
        counted[node] = 1;
        waiting.push(node);
        node = this.logicalOperand(childInField(tree, node, table.left));
      }
      const current = waiting.pop()!;
      const operator = this.operatorOf(current);
      if (operator !== previous) runs++;
      previous = operator;
      node = this.logicalOperand(childInField(tree, current, table.right));
    }
    return runs;
  }

  /** The logical expression an operand is, without its parentheses; -1 when it is something else. */
  private logicalOperand(operand: number): number {
    const { table, tree } = this;
    let node = operand;
    while (node >= 0 && table.parentheses[tree.type[node]!] === 1) node = this.operands(node)[0] ?? -1;
    return node >= 0 && table.logical[tree.type[node]!] === 1 && this.operatorOf(node) >= 0 ? node : -1;
  }
}
