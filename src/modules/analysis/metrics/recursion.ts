import { type FoundElement, type FoundElements, isCallable } from '../elements/element.ts';
import { childInField, type FlatTree, nodeText } from '../syntax/flat-tree.ts';
import { type Grammar, perGrammar } from '../syntax/grammar.ts';

const tables = perGrammar((grammar: Grammar) => ({
  call: grammar.rules('call_expression', 'call'),
  identifier: grammar.rules('identifier'),
  member: grammar.rules('member_expression', 'attribute'),
  function: grammar.field('function'),
  object: grammar.field('object'),
  property: grammar.field('property'),
  attribute: grammar.field('attribute'),
}));

const receivers: ReadonlySet<string> = new Set(['this', 'self', 'cls']);

/**
 * Elements in a cycle of calls within the file, direct or through others. Calls are resolved by name: a bare name to
 * the nearest function around the call that has it and is not hidden by a parameter, `this.m()`, `self.m()` and
 * `cls.m()` to a method of the nearest class. Calls through other objects are not followed.
 */
export function recursiveElements(tree: FlatTree, found: FoundElements): Uint8Array {
  const table = tables(tree.grammar);
  const { elements, owner } = found;
  const callees: Set<number>[] = elements.map(() => new Set());
  const named = indexByName(elements);
  for (let node = 0; node < tree.count; node++) {
    if (table.call[tree.type[node]!] !== 1 || owner[node]! < 0) continue;
    const callee = resolve(tree, found, named, childInField(tree, node, table.function), owner[node]!);
    if (callee < 0) continue;
    // A call inside a function's callback is a call of that function too.
    for (let at = owner[node]!; at >= 0; at = elements[at]!.parent) {
      if (isCallable(elements[at]!.kind)) callees[at]!.add(callee);
      if (at === callee) break;
    }
  }
  return inCycles(callees);
}

type NameIndex = ReadonlyMap<number, ReadonlyMap<string, number>>;

/** For each element (-1: the file) its callable children by name; of several the last, as at run time. */
function indexByName(elements: readonly FoundElement[]): NameIndex {
  const index = new Map<number, Map<string, number>>();
  for (const element of elements) {
    if (!isCallable(element.kind) || element.name.startsWith('<')) continue;
    let children = index.get(element.parent);
    if (children === undefined) {
      children = new Map();
      index.set(element.parent, children);
    }
    children.set(element.name, element.index);
  }
  return index;
}

function resolve(tree: FlatTree, found: FoundElements, named: NameIndex, callee: number, from: number): number {
  if (callee < 0) return -1;
  const table = tables(tree.grammar);
  const { elements } = found;
  const type = tree.type[callee]!;
  if (table.identifier[type] === 1) {
    const name = nodeText(tree, callee);
    for (let at = from; ; at = elements[at]!.parent) {
      const scope = elements[at];
      // A class body is no scope for bare names.
      const hit = scope?.kind === 'class' ? undefined : named.get(at)?.get(name);
      if (hit !== undefined) return hit;
      if (scope === undefined || scope.parameters.some((parameter) => parameter.name === name)) return -1;
      if (scope.name === name && isCallable(scope.kind) && elements[scope.parent]?.kind !== 'class') return at;
    }
  }
  if (table.member[type] !== 1) return -1;
  const object = childInField(tree, callee, table.object);
  if (object < 0 || !receivers.has(nodeText(tree, object))) return -1;
  const property = childInField(tree, callee, table.property);
  const key = property >= 0 ? property : childInField(tree, callee, table.attribute);
  let at = from;
  while (at >= 0 && elements[at]!.kind !== 'class') at = elements[at]!.parent;
  return at < 0 || key < 0 ? -1 : (named.get(at)?.get(nodeText(tree, key)) ?? -1);
}

/** Members of strongly connected components of more than one element, and those that call themselves (Tarjan 1972,
 * with an explicit stack). */
function inCycles(edges: readonly ReadonlySet<number>[]): Uint8Array {
  const result = new Uint8Array(edges.length);
  const order = new Int32Array(edges.length).fill(-1);
  const low = new Int32Array(edges.length);
  const onStack = new Uint8Array(edges.length);
  const component: number[] = [];
  let counter = 0;
  for (let root = 0; root < edges.length; root++) {
    if (order[root] !== -1) continue;
    const path: { element: number; rest: Iterator<number> }[] = [];
    const enter = (element: number): void => {
      order[element] = low[element] = counter++;
      component.push(element);
      onStack[element] = 1;
      path.push({ element, rest: edges[element]!.values() });
    };
    enter(root);
    while (path.length > 0) {
      const { element, rest } = path[path.length - 1]!;
      const step = rest.next();
      if (!step.done) {
        if (order[step.value] === -1) enter(step.value);
        else if (onStack[step.value] === 1) low[element] = Math.min(low[element]!, order[step.value]!);
        continue;
      }
      path.pop();
      const caller = path[path.length - 1]?.element;
      if (caller !== undefined) low[caller] = Math.min(low[caller]!, low[element]!);
      if (low[element] === order[element]) leaveComponent(element, component, onStack, edges, result);
    }
  }
  return result;
}

function leaveComponent(
  first: number,
  component: number[],
  onStack: Uint8Array,
  edges: readonly ReadonlySet<number>[],
  result: Uint8Array,
): void {
  const members = component.splice(component.indexOf(first));
  for (const member of members) {
    onStack[member] = 0;
    if (members.length > 1 || edges[member]!.has(member)) result[member] = 1;
  }
}
