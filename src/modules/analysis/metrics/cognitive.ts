import { type ElementKind, type FoundElements, isCallable } from '../elements/element.ts';
import type { FlatTree } from '../syntax/flat-tree.ts';
import { findIncrements } from './cognitive-increments.ts';
import { wrapsOneFunction } from './decorator-idiom.ts';
import { recursiveElements } from './recursion.ts';

export interface CognitiveResult {
  /** The white paper's value: functions inside a function are part of it, one level deeper. */
  readonly byElement: Float64Array;
  /** The element alone, without the functions inside it: what its author can change there. */
  readonly own: Float64Array;
  /** Whether the element is in a cycle of calls, which is 1 of its value. */
  readonly recursive: Uint8Array;
  readonly file: number;
}

/** Sums of one element, with nesting counted from its own beginning. */
interface Sums {
  own: number;
  /** Increments that grow with nesting: of the element alone, and of all in it. */
  ownStructural: number;
  structural: number;
  /** All increments, with functions inside it one level deeper. */
  nested: number;
  /** The same with functions inside it not deeper: for an element that only declares them. */
  flat: number;
  /** Sum of the values reported for what is directly inside. */
  inside: number;
  value: number;
}

/**
 * Definition sonar-whitepaper (G. Ann Campbell, Cognitive Complexity): +1 for if, else if, else, ?:, switch, loops,
 * catch, labelled jumps, each run of like && or ||, and each function in a cycle of calls; if, ?:, switch, loops and
 * catch also add the depth of what they stand in. `??` and `?.` are free. From its appendix: a JavaScript function without
 * structures of its own only declares those inside it, which are then not deeper; the same for a Python decorator.
 * Where the paper is silent the Sonar analyser of the language decides: a Python class begins again at depth 0.
 */
export function cognitive(tree: FlatTree, found: FoundElements): CognitiveResult {
  const { elements } = found;
  const python = tree.grammar.definition.family === 'python';
  const sums: Sums[] = elements.map(emptySums);
  let file = 0;
  const nestingOf = findIncrements(tree, found, (owner, amount, structural) => {
    const sum = sums[owner];
    if (sum === undefined) {
      file += amount;
      return;
    }
    sum.own += amount;
    if (structural) sum.ownStructural++;
  });
  const recursive = recursiveElements(tree, found);
  for (const { index } of elements) sums[index]!.own += recursive[index]!;

  // From the last element to the first: what is inside is summed before what encloses it.
  for (let index = elements.length - 1; index >= 0; index--) {
    const element = elements[index]!;
    const sum = sums[index]!;
    sum.nested += sum.own;
    sum.flat += sum.own;
    sum.structural += sum.ownStructural;
    if (!isCallable(element.kind)) sum.value = sum.own + sum.inside;
    else sum.value = !python && sum.ownStructural === 0 ? sum.flat : sum.nested;
    const outer = sums[element.parent];
    if (outer === undefined) {
      file += sum.value;
    } else {
      const deeper = python && wrapsOneFunction(tree, elements[element.parent]!) ? 0 : 1;
      fold(outer, sum, { kind: element.kind, nesting: nestingOf[index]!, deeper, python });
    }
  }
  return {
    byElement: Float64Array.from(sums, (sum) => sum.value),
    own: Float64Array.from(sums, (sum) => sum.own),
    recursive,
    file,
  };
}

function emptySums(): Sums {
  return { own: 0, ownStructural: 0, structural: 0, nested: 0, flat: 0, inside: 0, value: 0 };
}

interface Place {
  readonly kind: ElementKind;
  /** Depth of structures around the element within what encloses it. */
  readonly nesting: number;
  /** Levels that standing inside a function adds. */
  readonly deeper: number;
  readonly python: boolean;
}

function fold(outer: Sums, inner: Sums, place: Place): void {
  outer.inside += inner.value;
  if (place.python && place.kind === 'class') {
    outer.nested += inner.value;
    outer.flat += inner.value;
    return;
  }
  outer.structural += inner.structural;
  if (isCallable(place.kind)) {
    outer.nested += inner.nested + inner.structural * (place.nesting + place.deeper);
    outer.flat += inner.nested + inner.structural * place.nesting;
    return;
  }
  // A class or namespace is no level of its own; its structures are those of the function around it.
  outer.ownStructural += inner.ownStructural;
  outer.nested += inner.nested + inner.structural * place.nesting;
  outer.flat += inner.flat + inner.structural * place.nesting;
}
