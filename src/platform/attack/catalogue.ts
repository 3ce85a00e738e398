import type pg from 'pg';

/** What there is to attack, read from the system catalogue: nothing here is listed by hand. */

export const roleKinds = ['app', 'readonly', 'worker'] as const;
export type RoleKind = (typeof roleKinds)[number];

export interface Column {
  readonly name: string;
  /** As SQL writes it: "text[]", "timestamp with time zone". */
  readonly type: string;
  /** pg_type.typcategory of the type without its domain: S text, N number, D date and time, A array, … */
  readonly category: string;
  readonly notNull: boolean;
  readonly isGenerated: boolean;
  /** SQL of the default; null where there is none. */
  readonly defaultSql: string | null;
  readonly enumLabels: readonly string[];
  /** What each role may do with it. */
  readonly can: Readonly<
    Record<RoleKind, { readonly select: boolean; readonly insert: boolean; readonly update: boolean }>
  >;
}

export interface Check {
  readonly sql: string;
  readonly columns: readonly string[];
}

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly parent: string;
  readonly parentColumns: readonly string[];
}

/** What `register_table` recorded. */
export interface Registration {
  readonly visibility: 'tenant' | 'private' | 'user' | 'catalogue' | 'auth' | 'platform';
  readonly tenantColumn: string | null;
  readonly userColumn: string | null;
  readonly secretColumns: readonly string[];
  readonly adminsSee: boolean;
  readonly hasSharedWith: boolean;
  readonly partitionBy: string | null;
}

export interface Relation {
  readonly name: string;
  readonly kind: 'table' | 'partition' | 'view' | 'materialized view' | 'sequence' | 'foreign table';
  readonly registration: Registration | undefined;
  readonly rowSecurity: boolean;
  readonly forced: boolean;
  readonly columns: readonly Column[];
  readonly primaryKey: readonly string[];
  readonly uniques: readonly (readonly string[])[];
  readonly checks: readonly Check[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly mayDelete: readonly RoleKind[];
}

export interface DatabaseFunction {
  /** "erase_audit_subject(uuid, uuid)" */
  readonly signature: string;
  readonly name: string;
  readonly kind: 'function' | 'procedure' | 'other';
  /** It runs as whoever calls it and computes from its arguments alone. */
  readonly isPure: boolean;
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
  readonly tenantArgument: string | null;
  readonly callers: readonly RoleKind[];
}

export interface Target {
  readonly relations: readonly Relation[];
  readonly functions: readonly DatabaseFunction[];
  /** Relations outside our schema that a request role can read, system catalogues left out. */
  readonly outside: readonly string[];
  readonly roleNames: Readonly<Record<RoleKind | 'owner' | 'definer', string>>;
}

/** The runner's own, kept up by no migration and without a row of anybody. */
const notOurs = ['schema_migrations'];

const relationsSql = `
  select c.relname as name,
    case when c.relispartition then 'partition' else
      case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
        when 'f' then 'foreign table' else 'table' end end as kind,
    c.relrowsecurity as row_security, c.relforcerowsecurity as forced,
    case when r.table_name is not null then jsonb_build_object(
      'visibility', r.visibility, 'tenantColumn', r.tenant_column, 'userColumn', r.user_column,
      'secretColumns', r.secret_columns, 'adminsSee', r.admins_see, 'hasSharedWith', r.has_shared_with,
      'partitionBy', r.partition_by) end as registration,
    case when c.relkind in ('r', 'p', 'v', 'm', 'f') then array(
      select k from unnest($1::text[]) as k where has_table_privilege(plinth.role_name(k), c.oid, 'delete')) else '{}' end as may_delete,
    coalesce((
      select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
          'category', base.typcategory, 'notNull', a.attnotnull or t.typnotnull, 'isGenerated', a.attgenerated <> '' or a.attidentity = 'a',
          'defaultSql', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
          'enumLabels', array(select e.enumlabel::text from pg_enum as e where e.enumtypid = base.oid order by e.enumsortorder),
          'can', (select jsonb_object_agg(k, jsonb_build_object(
                    'select', has_column_privilege(plinth.role_name(k), c.oid, a.attnum, 'select'),
                    'insert', has_column_privilege(plinth.role_name(k), c.oid, a.attnum, 'insert'),
                    'update', has_column_privilege(plinth.role_name(k), c.oid, a.attnum, 'update')))
                  from unnest($1::text[]) as k)) order by a.attnum)
      from pg_attribute as a
      join pg_type as t on t.oid = a.atttypid
      join pg_type as base on base.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
      left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and c.relkind <> 'S'), '[]') as columns,
    coalesce((
      select jsonb_agg(array(select a.attname from unnest(i.indkey::int2[]) with ordinality as u(attnum, n)
          join pg_attribute as a on a.attrelid = c.oid and a.attnum = u.attnum order by u.n) order by i.indisprimary desc, i.indexrelid)
      from pg_index as i where i.indrelid = c.oid and i.indisunique and i.indexprs is null), '[]') as uniques,
    exists (select from pg_index as i where i.indrelid = c.oid and i.indisprimary) as has_primary_key,
    coalesce((
      select jsonb_agg(jsonb_build_object('sql', pg_get_expr(k.conbin, k.conrelid),
          'columns', array(select a.attname from pg_attribute as a where a.attrelid = c.oid and a.attnum = any (k.conkey))) order by k.oid)
      from pg_constraint as k where k.conrelid = c.oid and k.contype = 'c'), '[]') as checks,
    coalesce((
      select jsonb_agg(jsonb_build_object('name', k.conname, 'parent', p.relname,
          'columns', array(select a.attname from unnest(k.conkey) with ordinality as u(attnum, n)
            join pg_attribute as a on a.attrelid = c.oid and a.attnum = u.attnum order by u.n),
          'parentColumns', array(select a.attname from unnest(k.confkey) with ordinality as u(attnum, n)
            join pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.attnum order by u.n)) order by k.conname)
      from pg_constraint as k join pg_class as p on p.oid = k.confrelid
      where k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0), '[]') as foreign_keys
  from pg_class as c
  left join plinth.registered_tables as r on r.table_name = c.relname
  where c.relnamespace = 'plinth'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    and not exists (select from pg_depend as e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
  order by c.relname`;

const functionsSql = `
  select p.oid::regprocedure::text as qualified, p.proname as name,
    case p.prokind when 'f' then 'function' when 'p' then 'procedure' else 'other' end as kind,
    p.provolatile = 'i' and not p.prosecdef as is_pure,
    coalesce((select jsonb_agg(jsonb_build_object('name', coalesce(p.proargnames[n], ''), 'type', format_type(t, null)) order by n)
      from unnest(p.proargtypes::oid[]) with ordinality as u(t, n)), '[]') as parameters,
    r.tenant_argument,
    array(select k from unnest($1::text[]) as k where has_function_privilege(plinth.role_name(k), p.oid, 'execute')) as callers
  from pg_proc as p
  left join plinth.registered_functions as r on to_regprocedure('plinth.' || r.signature) = p.oid
  where p.pronamespace = 'plinth'::regnamespace
    and not exists (select from pg_depend as e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
  order by 1`;

const outsideSql = `
  select n.nspname || '.' || c.relname as name
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  where n.nspname not in ('plinth', 'pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and exists (
      select from unnest($1::text[]) as k
      where has_schema_privilege(plinth.role_name(k), n.oid, 'usage')
        and has_any_column_privilege(plinth.role_name(k), c.oid, 'select, insert, update'))
  order by 1`;

interface RelationRow
  extends Omit<Relation, 'registration' | 'rowSecurity' | 'primaryKey' | 'foreignKeys' | 'mayDelete'> {
  readonly row_security: boolean;
  readonly registration: Registration | null;
  readonly has_primary_key: boolean;
  readonly foreign_keys: ForeignKey[];
  readonly may_delete: RoleKind[];
}

interface FunctionRow extends Omit<DatabaseFunction, 'signature' | 'isPure' | 'tenantArgument'> {
  readonly qualified: string;
  readonly is_pure: boolean;
  readonly tenant_argument: string | null;
}

/** Reads all of it; the session must be able to read the registry, as the owner can. */
export async function readTarget(client: pg.ClientBase): Promise<Target> {
  const relations = await client.query<RelationRow>(relationsSql, [roleKinds]);
  const functions = await client.query<FunctionRow>(functionsSql, [roleKinds]);
  const outside = await client.query<{ name: string }>(outsideSql, [roleKinds]);
  const names = await client.query<{ kind: RoleKind; name: string }>(
    `select k as kind, plinth.role_name(k) as name from unnest(array['app', 'readonly', 'worker', 'owner', 'definer']) as k`,
  );
  return {
    relations: relations.rows
      .filter((row) => !notOurs.includes(row.name))
      .map(({ row_security, registration, has_primary_key, foreign_keys, may_delete, ...rest }) => ({
        ...rest,
        rowSecurity: row_security,
        registration: registration ?? undefined,
        primaryKey: has_primary_key ? (rest.uniques[0] ?? []) : [],
        foreignKeys: foreign_keys,
        mayDelete: may_delete,
      })),
    functions: functions.rows.map(({ qualified, is_pure, tenant_argument, ...rest }) => ({
      ...rest,
      signature: qualified.replace(/^plinth\./, ''),
      isPure: is_pure,
      tenantArgument: tenant_argument,
    })),
    outside: outside.rows.map((row) => row.name),
    roleNames: Object.fromEntries(names.rows.map(({ kind, name }) => [kind, name])) as Target['roleNames'],
  };
}

/** Tables in an order in which each comes after those its foreign keys point at. Throws on a cycle. */
export function inOrderOfKeys(tables: readonly Relation[]): Relation[] {
  const left = new Map(tables.map((table) => [table.name, table]));
  const ordered: Relation[] = [];
  while (left.size > 0) {
    const ready = [...left.values()].filter((table) =>
      table.foreignKeys.every(({ parent }) => parent === table.name || !left.has(parent)),
    );
    if (ready.length === 0) throw new Error(`foreign keys in a circle: ${[...left.keys()].join(', ')}`);
    for (const table of ready) {
      ordered.push(table);
      left.delete(table.name);
    }
  }
  return ordered;
}

/** The named tables and all that their foreign keys reach. */
export function withAncestors(tables: readonly Relation[], names: ReadonlySet<string>): Relation[] {
  const byName = new Map(tables.map((table) => [table.name, table]));
  const wanted = new Set<string>();
  const add = (name: string) => {
    const table = byName.get(name);
    if (!table || wanted.has(name)) return;
    wanted.add(name);
    for (const { parent } of table.foreignKeys) add(parent);
  };
  for (const name of names) add(name);
  return tables.filter((table) => wanted.has(table.name));
}
