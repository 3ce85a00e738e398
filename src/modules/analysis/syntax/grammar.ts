import type { LanguageDefinition } from '../languages/definition.ts';

/** tree-sitter's number for an ERROR node in any language. */
export const errorNodeType = 0xffff;

/** A set of node types as a table by number: `set[tree.type[node]] === 1`. */
export type NodeTypeSet = Uint8Array;

/** Names and numbers of a language's node types. An anonymous type is a token such as `&&`; a named one a rule. */
export class Grammar {
  readonly definition: LanguageDefinition;
  readonly names: readonly string[];
  private readonly named: readonly boolean[];
  private readonly fields: ReadonlyMap<string, number>;

  constructor(
    definition: LanguageDefinition,
    names: readonly string[],
    isNamed: (type: number) => boolean,
    fields: readonly (string | null)[],
  ) {
    this.definition = definition;
    this.names = names;
    this.named = names.map((_, type) => isNamed(type));
    this.fields = new Map(fields.flatMap((name, id) => (name === null ? [] : [[name, id] as const])));
  }

  /** The set of the named node types given; those the grammar does not have are left out. */
  rules(...names: readonly string[]): NodeTypeSet {
    return this.select(names, true);
  }

  /** The set of the tokens given. */
  tokens(...names: readonly string[]): NodeTypeSet {
    return this.select(names, false);
  }

  isNamed(type: number): boolean {
    return type === errorNodeType || this.named[type] === true;
  }

  /** The number of a field, or -1, which no node has. */
  field(name: string): number {
    return this.fields.get(name) ?? -1;
  }

  name(type: number): string {
    return type === errorNodeType ? 'ERROR' : (this.names[type] ?? '');
  }

  private select(names: readonly string[], named: boolean): NodeTypeSet {
    const wanted = new Set(names);
    const set = new Uint8Array(this.names.length);
    this.names.forEach((name, type) => {
      if (this.named[type] === named && wanted.has(name)) set[type] = 1;
    });
    return set;
  }
}

/** Builds a table once for each grammar. */
export function perGrammar<T>(build: (grammar: Grammar) => T): (grammar: Grammar) => T {
  const built = new WeakMap<Grammar, T>();
  return (grammar) => {
    let table = built.get(grammar);
    if (table === undefined) {
      table = build(grammar);
      built.set(grammar, table);
    }
    return table;
  };
}
