import { nearestName } from '../core/nearest-name.ts';
import { restErrors } from './errors.ts';
import type { EmbedItem } from './grammar.ts';
import type { ForeignKey, Relation, Relations } from './relations.ts';
import { echo } from './scanner.ts';

/** How one table hangs on another: pairs of equal columns, through a third table for many-to-many. */
export interface Relationship {
  readonly kind: 'many-to-one' | 'one-to-one' | 'one-to-many' | 'many-to-many';
  readonly target: Relation;
  /** What a hint may call it: the key's name, its columns, the table between. */
  readonly names: readonly string[];
  /** [column of the table around, column of the target]; for many-to-many: [column around, column between]. */
  readonly pairs: readonly (readonly [near: string, far: string])[];
  readonly through?: { readonly relation: Relation; readonly pairs: readonly (readonly [string, string])[] };
}

export function isToOne(relationship: Relationship): boolean {
  return relationship.kind === 'many-to-one' || relationship.kind === 'one-to-one';
}

/** The one column of a key that says which row: a composite key's tenant column is the same on both sides. */
function ownColumn(relation: Relation, columns: readonly string[]): string | undefined {
  const own = columns.length === 1 ? columns : columns.filter((column) => column !== relation.tenantColumn);
  return own.length === 1 ? own[0] : undefined;
}

function zip(left: readonly string[], right: readonly string[]): [string, string][] {
  return left.map((column, index) => [column, right[index]!]);
}

function covers(key: readonly string[], columns: readonly string[]): boolean {
  return columns.length > 0 && columns.every((column) => key.includes(column));
}

/** True when at most one row of `relation` holds a value of the foreign key: then the inverse is one-to-one. */
function isUnique(relation: Relation, key: ForeignKey): boolean {
  return [relation.primaryKey, ...relation.uniqueKeys.map((unique) => unique.columns)].some((unique) =>
    covers(key.columns, unique),
  );
}

function* outgoing(relations: Relations, from: Relation): Generator<Relationship> {
  for (const key of from.foreignKeys) {
    const target = relations.tables.get(key.referencedTable);
    if (target === undefined) continue;
    const near = ownColumn(from, key.columns);
    const far = ownColumn(target, key.referencedColumns);
    yield {
      kind: isUnique(from, key) ? 'one-to-one' : 'many-to-one',
      target,
      names: [key.name, near, far].filter((name) => name !== undefined),
      pairs: zip(key.columns, key.referencedColumns),
    };
  }
}

function* incoming(relations: Relations, to: Relation): Generator<Relationship> {
  for (const target of relations.tables.values()) {
    for (const key of target.foreignKeys) {
      if (key.referencedTable !== to.name) continue;
      const far = ownColumn(target, key.columns);
      const near = ownColumn(to, key.referencedColumns);
      yield {
        kind: isUnique(target, key) ? 'one-to-one' : 'one-to-many',
        target,
        names: [key.name, near, far].filter((name) => name !== undefined),
        pairs: zip(key.referencedColumns, key.columns),
      };
    }
  }
}

/** Through a table whose primary key holds both foreign keys, as PostgREST finds them. */
function* crossing(relations: Relations, from: Relation): Generator<Relationship> {
  for (const between of relations.tables.values()) {
    for (const here of between.foreignKeys) {
      if (here.referencedTable !== from.name) continue;
      for (const there of between.foreignKeys) {
        const target = relations.tables.get(there.referencedTable);
        if (there === here || target === undefined) continue;
        if (!covers(between.primaryKey, [...here.columns, ...there.columns])) continue;
        yield {
          kind: 'many-to-many',
          target,
          names: [between.name, here.name],
          pairs: zip(here.referencedColumns, here.columns),
          through: { relation: between, pairs: zip(there.columns, there.referencedColumns) },
        };
      }
    }
  }
}

/** A key between two columns of one table names two relationships; these are PostgREST's rules to tell them apart. */
function matchesSelf(relationship: Relationship, from: Relation, item: EmbedItem): boolean {
  const { kind, target, names } = relationship;
  if (kind === 'many-to-many')
    return target.name === item.target && item.hint !== undefined && names.includes(item.hint);
  if (item.hint !== undefined)
    return item.target === target.name && kind === 'one-to-many' && names.includes(item.hint);
  if (kind === 'one-to-many') return item.target === target.name;
  return from.foreignKeys.some(
    (key) => key.name === names[0] && (item.target === ownColumn(from, key.columns) || item.target === key.name),
  );
}

function matches(relationship: Relationship, from: Relation, item: EmbedItem): boolean {
  const { kind, target, names } = relationship;
  if (target === from) return matchesSelf(relationship, from, item);
  if (item.hint !== undefined) return item.target === target.name && names.includes(item.hint);
  if (item.target === target.name) return true;
  if (kind === 'many-to-many') return false;
  const [key] = names;
  return (
    item.target === key ||
    from.foreignKeys.some((own) => own.name === key && ownColumn(from, own.columns) === item.target)
  );
}

/**
 * The relationship an embedded table names: by table, by the column of the foreign key, or by the key's name, with a
 * hint where several fit. `visible` says which tables the caller may read; the others do not exist for the answer.
 * Throws `unknown_relationship` or `ambiguous_relationship`.
 */
export function findRelationship(
  relations: Relations,
  from: Relation,
  item: EmbedItem,
  visible: (table: string) => boolean,
): Relationship {
  const all = [...outgoing(relations, from), ...incoming(relations, from), ...crossing(relations, from)];
  const seen = all.filter(({ target, through }) => visible(target.name) && visible((through?.relation ?? target).name));
  const found = seen.filter((relationship) => matches(relationship, from, item));
  const [first, second] = found;
  if (first === undefined) {
    const near = nearestName(item.target, new Set(seen.map((relationship) => relationship.target.name)));
    throw restErrors.unknown_relationship({
      field: 'select',
      detail: `No foreign key leads from "${from.name}" to "${echo(item.target)}"${
        item.hint === undefined ? '' : ` by the name "${echo(item.hint)}"`
      }.`,
      ...(near === undefined || near === item.target ? {} : { hint: `Perhaps you meant "${near}".` }),
    });
  }
  if (second !== undefined) {
    const alone = (name: string) => found.filter((other) => other.names.includes(name)).length === 1;
    const names = found.map(({ target, names }) => `${target.name}!${names.find(alone) ?? names[0]}`);
    throw restErrors.ambiguous_relationship({
      field: 'select',
      detail: `"${item.target}" can be reached from "${from.name}" as ${names.join(', ')}.`,
    });
  }
  return first;
}
