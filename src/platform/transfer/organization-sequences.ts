/** The numbers a database gives out itself, after rows came that brought theirs along. */
import type pg from 'pg';
import { quoteName, SCHEMA } from '../migrate/names.ts';
import { organizationErrors } from './organization-errors.ts';

interface OwnedSequence {
  readonly table: string;
  readonly column: string;
  /** Quoted, with its schema. */
  readonly name: string;
  readonly largest: string;
}

/** Ascending sequences behind identity and serial columns of these tables. */
async function ownedSequences(client: pg.ClientBase, tables: readonly string[]): Promise<OwnedSequence[]> {
  const { rows } = await client.query<OwnedSequence>(
    `select t.relname as table, a.attname as column, s.seqrelid::regclass::text as name, s.seqmax::text as largest
     from pg_catalog.pg_depend d
     join pg_catalog.pg_class t on t.oid = d.refobjid
     join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
     join pg_catalog.pg_sequence s on s.seqrelid = d.objid
     where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
       and s.seqincrement > 0 and t.relnamespace = '${SCHEMA}'::regnamespace and t.relname = any ($1)
     order by 1, 2`,
    [tables],
  );
  return rows;
}

/**
 * Moves the sequences of these tables past the organization's largest number, never back; call it last, since the
 * tables of those that move are locked against writes until the transaction ends. Throws `import_rows_refused` for a
 * number beyond half of what the sequence has: it would leave the others none.
 */
export async function advanceSequences(
  client: pg.ClientBase,
  tables: readonly { readonly name: string; readonly tenantColumn: string | null }[],
  organizationId: string,
): Promise<void> {
  const owned = await ownedSequences(
    client,
    tables.map(({ name }) => name),
  );
  for (const { table, column, name, largest } of owned) {
    const tenant = tables.find((one) => one.name === table)?.tenantColumn;
    const { rows } = await client.query<{ number: string | null; far: boolean; behind: boolean }>(
      `select i.number::text as number, i.number > $2::bigint / 2 as far,
              i.number > s.last_value or (i.number = s.last_value and not s.is_called) as behind
       from (select max(${quoteName(column)})::bigint as number from ${SCHEMA}.${quoteName(table)}
             where ${quoteName(String(tenant))} = $1) i, ${name} s`,
      [organizationId, largest],
    );
    const { number, far, behind } = rows[0]!;
    if (number === null || !behind) continue;
    if (far) throw organizationErrors.import_rows_refused({ detail: `${table}.${column}: ${number} is too far ahead` });
    // others draw numbers meanwhile, and setval would take those back; whoever inserts holds a lock that this one awaits
    await client.query(`lock table ${SCHEMA}.${quoteName(table)} in share row exclusive mode`);
    await client.query(`select pg_catalog.setval($1::regclass, greatest(last_value, $2::bigint)) from ${name}`, [
      name,
      number,
    ]);
  }
}
