/** What is listed of a file: whatever has a name of its own or a body that runs. */
export const elementKinds = [
  'function',
  'method',
  'constructor',
  'getter',
  'setter',
  'arrow',
  'lambda',
  'class',
  'interface',
  'enum',
  'type_alias',
  'namespace',
] as const;
export type ElementKind = (typeof elementKinds)[number];

export type ParameterKind = 'ordinary' | 'keyword_only' | 'rest' | 'keyword_rest';

export interface Parameter {
  /** The name; of a destructuring pattern its text. */
  readonly name: string;
  readonly kind: ParameterKind;
  /** Has a default value or may be left out. */
  readonly optional: boolean;
}

/** An element as found in the tree, before it is measured. */
export interface FoundElement {
  readonly index: number;
  readonly node: number;
  readonly kind: ElementKind;
  /** Index of the enclosing element, or -1. */
  readonly parent: number;
  readonly depth: number;
  readonly name: string;
  /** Names from the outermost element to this one, joined by ".". */
  readonly qualifiedName: string;
  /** `qualifiedName`, made unique in the file by "#2", "#3" in order of appearance: stable when lines move. */
  readonly path: string;
  readonly exported: boolean;
  readonly async: boolean;
  readonly parameters: readonly Parameter[];
  /** Parameters counted by definition "declared" (see the metric `parameters`). */
  readonly parameterCount: number;
  /** The body: a block, or the expression of an arrow or lambda; -1 when there is none. */
  readonly body: number;
}

export interface FoundElements {
  readonly elements: readonly FoundElement[];
  /** For each node the innermost element it lies in, or -1. An element's own node belongs to the element. */
  readonly owner: Int32Array;
  /** True when a bound was met and some elements are not listed. */
  readonly truncated: boolean;
}

const callable: ReadonlySet<ElementKind> = new Set<ElementKind>([
  'function',
  'method',
  'constructor',
  'getter',
  'setter',
  'arrow',
  'lambda',
]);

/** Whether the kind has a body that is called. */
export function isCallable(kind: ElementKind): boolean {
  return callable.has(kind);
}
