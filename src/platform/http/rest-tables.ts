import { type Static, Type } from 'typebox';
import type { Verb } from '../module.ts';
import { permission } from '../rest/plan.ts';
import type { Column, Relation, Relations, RestAccess } from '../rest/relations.ts';

const closed = { additionalProperties: false } as const;
const Rows = Type.Enum(['any', 'own'], { description: 'Any row the policies show, or only those that are yours.' });

const TableColumn = Type.Object(
  {
    name: Type.String(),
    type: Type.String({ description: 'As SQL writes it.' }),
    kind: Type.String({ description: 'What filters take it for: uuid, integer, text, timestamp, jsonb, …' }),
    nullable: Type.Boolean(),
    has_default: Type.Boolean(),
    may_insert: Type.Boolean(),
    may_update: Type.Boolean(),
  },
  closed,
);

const Table = Type.Object(
  {
    name: Type.String(),
    module: Type.String(),
    verbs: Type.Object(
      {
        select: Type.Optional(Rows),
        insert: Type.Optional(Rows),
        update: Type.Optional(Rows),
        delete: Type.Optional(Rows),
      },
      closed,
    ),
    primary_key: Type.Array(Type.String(), { description: 'Without the organization, which every request has.' }),
    columns: Type.Array(TableColumn),
    foreign_keys: Type.Array(
      Type.Object(
        { columns: Type.Array(Type.String()), table: Type.String(), references: Type.Array(Type.String()) },
        closed,
      ),
    ),
  },
  closed,
);

export const TablesAnswer = Type.Object({ data: Type.Array(Table) }, closed);

const verbs: readonly Verb[] = ['select', 'insert', 'update', 'delete'];

/** The tables a caller may do anything with, by name: what `/rest/v1/<table>` takes from them. */
export function describeTables(
  relations: Relations,
  access: RestAccess,
  moduleOf: (table: string) => string,
): Static<typeof Table>[] {
  return [...relations.tables.values()]
    .map((relation) => ({ relation, allowed: allowedOn(relation, access) }))
    .filter(({ allowed }) => Object.keys(allowed).length > 0)
    .sort((a, b) => (a.relation.name < b.relation.name ? -1 : 1))
    .map(({ relation, allowed }) => ({
      name: relation.name,
      module: moduleOf(relation.name),
      verbs: allowed,
      primary_key: relation.primaryKey.filter((name) => name !== relation.tenantColumn || name === 'id'),
      columns: [...relation.columns.values()].filter(({ selectable }) => selectable).map(describeColumn),
      foreign_keys: relation.foreignKeys
        .filter(({ referencedTable }) => relations.tables.has(referencedTable))
        .filter(({ referencedTable }) => access.may(referencedTable, 'select') !== 'none')
        .map((key) => foreignKeyOf(relation, key)),
    }));
}

function allowedOn(relation: Relation, access: RestAccess): Partial<Record<Verb, 'any' | 'own'>> {
  return Object.fromEntries(
    verbs
      .map((verb) => [verb, permission(access, relation, verb)] as const)
      .filter(([, granted]) => granted !== 'none')
      .map(([verb, granted]) => [verb, granted === 'any' ? 'any' : 'own'] as const),
  );
}

function describeColumn(column: Column) {
  const { name, type, kind, nullable, defaultExpression, insertable, updatable, generated } = column;
  return {
    name,
    type,
    kind,
    nullable,
    has_default: defaultExpression !== null || generated,
    may_insert: insertable,
    may_update: updatable,
  };
}

/** Without the pair of tenant columns that every key of a tenant's table has. */
function foreignKeyOf(relation: Relation, key: Relation['foreignKeys'][number]) {
  const pairs = key.columns
    .map((column, at) => ({ column, references: key.referencedColumns[at] ?? '' }))
    .filter(({ column }) => column !== relation.tenantColumn || key.columns.length === 1);
  return {
    columns: pairs.map(({ column }) => column),
    table: key.referencedTable,
    references: pairs.map(({ references }) => references),
  };
}
