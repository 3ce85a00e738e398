import type pg from 'pg';

/**
 * A rule of the schema: a query over the system catalogue that gives one line for each breach, and a fault that must
 * give one. Both run as the owner; a fault is planted in a transaction that is rolled back.
 */
export interface Rule {
  readonly name: string;
  /** Columns: finding. */
  readonly findings: string;
  /** SQL that breaks the rule. */
  readonly fault: string;
  /** What a finding about the fault says. */
  readonly expects: string;
}

/** Tables of the schema that are not partitions, with what they were registered with. */
export const tables = `tables as (
  select c.oid, c.relname::text as name, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.relacl,
    r.table_name is not null as is_registered, r.*
  from pg_class as c
  left join plinth.registered_tables as r on r.table_name = c.relname
  where c.relnamespace = 'plinth'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    -- the runner's own, made by bootstrap before there is anything to register with
    and (c.relname <> 'schema_migrations' or r.table_name is not null)
)`;

/** Functions of the schema that belong to no extension, with what they were registered with. */
export const functions = `functions as (
  select p.oid, p.proname::text as proname, p.oid::regprocedure::text as name, p.prosecdef, p.proconfig, p.proowner,
    p.proacl, p.prorettype, p.prosrc, r.signature is not null as is_registered, r.security, r.callers,
    r.tenant_argument, r.exposed
  from pg_proc as p
  left join plinth.registered_functions as r on to_regprocedure('plinth.' || r.signature) = p.oid
  where p.pronamespace = 'plinth'::regnamespace
    and not exists (select from pg_depend as e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
)`;

/** Every grant on relations and their columns to others than the owner: relation, column or null, grantee, privilege. */
export const grants = `grants as (
  select c.oid, c.relname::text as relation, c.relispartition, g.column_name, coalesce(role.rolname::text, 'public') as grantee,
    g.privilege, g.is_grantable
  from pg_class as c
  cross join lateral (
    select null::text as column_name, a.grantee, lower(a.privilege_type) as privilege, a.is_grantable
    from aclexplode(c.relacl) as a
    union all
    select t.attname::text, a.grantee, lower(a.privilege_type), a.is_grantable
    from pg_attribute as t
    cross join lateral aclexplode(t.attacl) as a
    where t.attrelid = c.oid and t.attacl is not null
  ) as g
  left join pg_roles as role on role.oid = g.grantee
  where c.relnamespace = 'plinth'::regnamespace and g.grantee <> c.relowner
)`;

/** Foreign keys between tables of the schema, those of partitions left out. */
export const foreignKeys = `foreign_keys as (
  select k.conname::text as name, child.name as child, parent.name as parent, child.tenant_column as child_tenant,
    parent.tenant_column as parent_tenant, child.position as child_position, parent.position as parent_position,
    parent.partition_by as parent_partition_by, k.conrelid, k.confrelid, k.conkey, k.confkey, k.confdeltype, k.confupdtype,
    array(select a.attname::text from unnest(k.conkey) with ordinality as u(attnum, n)
          join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.attnum order by u.n) as child_columns,
    array(select a.attname::text from unnest(k.confkey) with ordinality as u(attnum, n)
          join pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.attnum order by u.n) as parent_columns
  from pg_constraint as k
  join tables as child on child.oid = k.conrelid
  join tables as parent on parent.oid = k.confrelid
  where k.contype = 'f' and k.conparentid = 0
)`;

/** Runs one as the owner and gives its findings in order. */
export async function findingsOf(client: pg.ClientBase, rule: Pick<Rule, 'findings'>): Promise<string[]> {
  const { rows } = await client.query<{ finding: string }>(rule.findings);
  return rows.map((row) => row.finding).sort();
}

/** Runs `work` as the owner in a transaction that leaves nothing behind. */
export async function asOwner<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `select set_config('role', (select nspowner::regrole::text from pg_namespace where nspname = 'plinth'), true)`,
    );
    return await work(client);
  } finally {
    await client.query('rollback');
    client.release();
  }
}
