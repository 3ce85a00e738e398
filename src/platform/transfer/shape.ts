/** What of a database is moved: its registered tables, their columns and keys, sequences, keys between tables. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { readHistory } from '../migrate/history.ts';
import { quoteName, SCHEMA } from '../migrate/names.ts';
import { liveRows } from '../migrate/plan.ts';

/** The setting in the target that says how far a load has come. While it is there, nothing else may use the database. */
export const transfer_setting = 'transfer';

/** Made by the migrations themselves, so they are there in the target and equal. */
const madeByMigrations = new Set(['registered_tables', 'registered_functions', 'schema_migrations']);

export interface ColumnShape {
  readonly name: string;
  /** As PostgreSQL writes it: "timestamp with time zone". */
  readonly type: string;
}

export interface TableShape {
  readonly name: string;
  readonly visibility: string;
  readonly tenantColumn: string | null;
  /** The primary key, in its order. */
  readonly key: readonly ColumnShape[];
  /** Every column that is stored and not generated: the key first, the others by name. */
  readonly columns: readonly ColumnShape[];
  /** First days of the months that have a partition; empty where there are none. */
  readonly months: readonly string[];
}

export interface SequenceState {
  readonly name: string;
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/** Everything that must agree before rows are moved, and that the target is made ready by. */
export interface DatabaseShape {
  /** Tells one installation from another: made of the moment its migrations were applied at. */
  readonly identity: string;
  /** "module/version checksum" of each applied migration, in order. */
  readonly migrations: readonly string[];
  readonly tables: readonly TableShape[];
  readonly sequences: readonly SequenceState[];
  readonly masterKeyFingerprint: string | null;
  readonly cursorEpoch: number;
  /** Tables in the schema that nobody registered: they are not moved. */
  readonly unregistered: readonly string[];
}

/** Reads the shape, as the owner, in the caller's transaction. */
export async function readShape(client: pg.ClientBase): Promise<DatabaseShape> {
  const history = liveRows(await readHistory(client));
  const times = history.map(({ module, version, appliedAt }) => `${module}/${version} ${appliedAt.toISOString()}`);
  return {
    identity: createHash('sha256').update(times.join('\n')).digest('hex').slice(0, 32),
    migrations: history.map(({ module, version, status, checksum }) => `${module}/${version} ${status} ${checksum}`),
    tables: await readTables(client),
    sequences: await readSequences(client),
    masterKeyFingerprint: (await readSetting<string>(client, 'master_key_fingerprint')) ?? null,
    cursorEpoch: Number((await readSetting<number>(client, 'cursor_epoch')) ?? 1),
    unregistered: await readUnregistered(client),
  };
}

/** A row of `system_settings`, as the owner. */
export async function readSetting<T>(client: pg.ClientBase, key: string): Promise<T | undefined> {
  const { rows } = await client.query<{ value: T }>(`select value from ${SCHEMA}.system_settings where key = $1`, [
    key,
  ]);
  return rows[0]?.value;
}

async function readTables(client: pg.ClientBase): Promise<TableShape[]> {
  const { rows } = await client.query<{
    name: string;
    visibility: string;
    tenant_column: string | null;
    key: ColumnShape[];
    others: ColumnShape[];
    months: string[];
  }>(
    `select t.table_name as name, t.visibility, t.tenant_column,
       (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by k.position)
        from pg_catalog.pg_index i
        cross join unnest(i.indkey::int2[]) with ordinality k (attnum, position)
        join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary) as key,
       (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attname), '[]')
        from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
          and not exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary
                          and a.attnum = any (i.indkey::int2[]))) as others,
       (select coalesce(json_agg(m.month order by m.month), '[]')
        from (select replace(right(p.relname, 7), '_', '-') || '-01' as month
              from pg_catalog.pg_inherits h join pg_catalog.pg_class p on p.oid = h.inhrelid
              where h.inhparent = c.oid and t.partition_by is not null
                and p.relname ~ ('^' || t.table_name || '_\\d{4}_\\d{2}$')) m) as months
     from ${SCHEMA}.registered_tables t
     join pg_catalog.pg_class c on c.relname = t.table_name and c.relnamespace = '${SCHEMA}'::regnamespace
     order by t.position`,
  );
  return rows
    .filter(({ name }) => !madeByMigrations.has(name))
    .map(({ name, visibility, tenant_column, key, others, months }) => ({
      name,
      visibility,
      tenantColumn: tenant_column,
      key,
      columns: [...key, ...others],
      months,
    }));
}

async function readSequences(client: pg.ClientBase): Promise<SequenceState[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_catalog.pg_class where relkind = 'S' and relnamespace = '${SCHEMA}'::regnamespace order by 1`,
  );
  const states: SequenceState[] = [];
  for (const { name } of rows) {
    const state = await client.query<{ last_value: string; is_called: boolean }>(
      `select last_value::text, is_called from ${SCHEMA}.${quoteName(name)}`,
    );
    states.push({ name, lastValue: state.rows[0]!.last_value, isCalled: state.rows[0]!.is_called });
  }
  return states;
}

async function readUnregistered(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name
     from pg_catalog.pg_class c
     where c.relnamespace = '${SCHEMA}'::regnamespace and c.relkind in ('r', 'p', 'f', 'm') and not c.relispartition
       and not exists (select from ${SCHEMA}.registered_tables t where t.table_name = c.relname)
     order by 1`,
  );
  return rows.map(({ name }) => name);
}
