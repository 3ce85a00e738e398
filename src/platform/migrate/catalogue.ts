import type pg from 'pg';
import { SCHEMA } from './names.ts';

/**
 * What the snapshot reads. Each query gives (object, line, position): the object's heading and one line of its text.
 * Only what means the same on PostgreSQL 15 to 18 is read, see the notes at each.
 */
interface CatalogueLine {
  /** "table projects", "function uuidv7(at timestamp with time zone)". */
  readonly object: string;
  readonly line: string;
}

/** Objects of an extension that was created in our schema are its own business. */
const notOfExtension = (catalogue: string, oid: string) =>
  `not exists (select from pg_depend as e where e.classid = '${catalogue}'::regclass and e.objid = ${oid} and e.deptype = 'e')`;

/** Tables, views and sequences of the schema; partitions are made by the month and left out, only a default one is named. */
const relations = `
  relations as (
    select c.*,
      case c.relkind when 'v' then 'view ' when 'm' then 'materialized view ' when 'S' then 'sequence '
        when 'f' then 'foreign table ' when 'c' then 'type ' else 'table ' end || c.relname as object
    from pg_class as c
    where c.relnamespace = '${SCHEMA}'::regnamespace
      and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
      and not c.relispartition
      and ${notOfExtension('pg_class', 'c.oid')}
  )`;

/**
 * Privileges without the owner's own (17 added MAINTAIN to them; a revoke from the owner is not something we do) and
 * without MAINTAIN. `who` is a role's name for the caller to normalise; a null list means the built-in default.
 */
const grants = (acl: string, kind: string, owner: string) => `
  select coalesce(grantee.rolname, 'public') as who, coalesce(grantee.rolcanlogin, false) as can_login,
    string_agg(lower(a.privilege_type) || case when a.is_grantable then ' (grant option)' else '' end, ', '
      order by a.privilege_type) as privileges
  from aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))) as a
  left join pg_roles as grantee on grantee.oid = a.grantee
  where a.grantee <> ${owner} and a.privilege_type <> 'MAINTAIN'
  group by 1, 2`;

/** How a role's name is marked in a line, so that the prefix can be taken out whatever else the line holds. */
const role = (expression: string) => `'⟦' || ${expression} || '⟧'`;

const queries: readonly string[] = [
  // the schema
  `select 'schema ${SCHEMA}' as object, 'owner ' || ${role('pg_get_userbyid(nspowner)')} as line, 1 as place
   from pg_namespace where nspname = '${SCHEMA}'
   union all
   select 'schema ${SCHEMA}', 'grant ' || g.privileges || ' to ' || ${role('g.who')}, 2
   from pg_namespace as n, lateral (${grants('n.nspacl', 'n', 'n.nspowner')}) as g
   -- which logins may enter is the operator's affair
   where n.nspname = '${SCHEMA}' and not (g.can_login and g.privileges = 'usage' and g.who !~ '_(owner|definer|app|worker|readonly)$')
   union all
   select 'schema ${SCHEMA}',
     'by default, ' || ${role('pg_get_userbyid(d.defaclrole)')} || ' grants ' || coalesce(g.privileges || ' to ' || ${role('g.who')}, 'nothing')
       || ' on ' || d.defaclobjtype::text || case when d.defaclnamespace = 0 then ' in every schema' else '' end, 3
   from pg_default_acl as d
   left join lateral (
     select coalesce(grantee.rolname, 'public') as who, string_agg(lower(a.privilege_type), ', ' order by a.privilege_type) as privileges
     from aclexplode(d.defaclacl) as a left join pg_roles as grantee on grantee.oid = a.grantee
     where a.grantee <> d.defaclrole and a.privilege_type <> 'MAINTAIN' group by 1
   ) as g on true
   where d.defaclnamespace in (0, '${SCHEMA}'::regnamespace)
     and d.defaclrole = (select nspowner from pg_namespace where nspname = '${SCHEMA}')`,
  // relations themselves; a dropped column leaves a hole in attnum, so columns are counted instead
  `with ${relations}
   select object, 'owner ' || ${role('pg_get_userbyid(relowner)')} as line, 1 as place from relations
   union all
   select object, 'persistence ' || relpersistence::text, 2 from relations where relpersistence <> 'p'
   union all
   select object, 'row level security' || case when relrowsecurity then ' enabled' else ' disabled' end
     || case when relforcerowsecurity then ', forced' else '' end, 3
   from relations where relkind in ('r', 'p')
   union all
   select object, 'with (' || (select string_agg(o, ', ' order by o) from unnest(reloptions) as o) || ')', 4
   from relations where reloptions is not null
   union all
   select object, 'partition by ' || pg_get_partkeydef(oid), 5 from relations where relkind = 'p'
   union all
   select r.object, 'default partition ' || p.relname, 6
   from relations as r join pg_partitioned_table as t on t.partrelid = r.oid join pg_class as p on p.oid = t.partdefid
   union all
   select r.object, 'inherits ' || i.inhparent::regclass::text, 7
   from relations as r join pg_inherits as i on i.inhrelid = r.oid where r.relkind in ('r', 'p', 'f')
   union all
   select object, 'replica identity ' || relreplident::text, 8 from relations where relkind in ('r', 'p') and relreplident <> 'd'
   union all
   select object, 'as ' || pg_get_viewdef(oid), 9 from relations where relkind in ('v', 'm')
   union all
   select object, 'comment ' || quote_literal(obj_description(oid, 'pg_class')), 11 from relations where obj_description(oid, 'pg_class') is not null`,
  `with ${relations}
   select r.object, format('column %s %s %s%s%s%s%s', row_number() over (partition by r.oid order by a.attnum), quote_ident(a.attname),
       format_type(a.atttypid, a.atttypmod),
       case when a.attcollation <> t.typcollation then ' collate ' || (select quote_ident(collname) from pg_collation where oid = a.attcollation) else '' end,
       case when a.attnotnull then ' not null' else '' end,
       case when a.attgenerated = 's' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
         when a.attgenerated <> '' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') virtual'
         when a.attidentity <> '' then ' generated as identity ' || a.attidentity::text
         when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end,
       coalesce(' comment ' || quote_literal(col_description(r.oid, a.attnum)), '')) as line, 20 + a.attnum as place
   from relations as r
   join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
   join pg_type as t on t.oid = a.atttypid
   left join pg_attrdef as d on d.adrelid = r.oid and d.adnum = a.attnum
   where r.relkind <> 'S'`,
  // not null is in the column's line: 18 lists it among the constraints, earlier versions do not
  `with ${relations}
   select r.object, 'constraint ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
     || coalesce(' comment ' || quote_literal(obj_description(k.oid, 'pg_constraint')), '') as line, 2000 as place
   from relations as r join pg_constraint as k on k.conrelid = r.oid
   where k.contype <> 'n' and k.conparentid = 0`,
  `with ${relations}
   select r.object, 'index ' || pg_get_indexdef(i.indexrelid) || case when i.indisvalid then '' else ' (invalid)' end
     || case when i.indisclustered then ' (clustered)' else '' end
     || coalesce(' comment ' || quote_literal(obj_description(i.indexrelid, 'pg_class')), '') as line, 3000 as place
   from relations as r join pg_index as i on i.indrelid = r.oid
   where not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))`,
  `with ${relations}
   select r.object, 'policy ' || quote_ident(p.polname) || case when p.polpermissive then '' else ' as restrictive' end
     || ' for ' || case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
     || ' to ' || (select string_agg(case when o = 0 then 'public' else ${role('pg_get_userbyid(o)')} end, ', '
         order by case when o = 0 then 'public' else pg_get_userbyid(o)::text end) from unnest(p.polroles) as o)
     || coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
     || coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') as line, 4000 as place
   from relations as r join pg_policy as p on p.polrelid = r.oid`,
  `with ${relations}
   select r.object, pg_get_triggerdef(t.oid) || case t.tgenabled when 'O' then '' else ' (enabled: ' || t.tgenabled::text || ')' end as line, 5000 as place
   from relations as r join pg_trigger as t on t.tgrelid = r.oid
   where not t.tgisinternal and t.tgparentid = 0
   union all
   select r.object, pg_get_ruledef(w.oid), 5500 from relations as r join pg_rewrite as w on w.ev_class = r.oid where w.rulename <> '_RETURN'`,
  `with ${relations}
   select r.object, 'grant ' || g.privileges || ' to ' || ${role('g.who')} as line, 6000 as place
   from relations as r, lateral (${grants('r.relacl', 'r', 'r.relowner')}) as g
   where r.relkind in ('r', 'p', 'v', 'm', 'f')
   union all
   select r.object, 'grant ' || g.privileges || ' (' || string_agg(quote_ident(a.attname), ', ' order by a.attnum) || ') to ' || ${role('g.who')}, 6100
   from relations as r
   join pg_attribute as a on a.attrelid = r.oid and a.attacl is not null and a.attnum > 0 and not a.attisdropped,
     lateral (${grants('a.attacl', 'c', 'r.relowner')}) as g
   group by r.object, g.who, g.privileges`,
  `with ${relations}
   select r.object, 'statistics ' || pg_get_statisticsobjdef(s.oid) as line, 7000 as place
   from relations as r join pg_statistic_ext as s on s.stxrelid = r.oid`,
  // the body's text is hashed by the caller; a "begin atomic" body is kept as a tree and written out by the server
  `with routines as (
     select p.*, case p.prokind when 'p' then 'procedure ' when 'a' then 'aggregate ' else 'function ' end
       || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as object
     from pg_proc as p
     where p.pronamespace = '${SCHEMA}'::regnamespace and ${notOfExtension('pg_proc', 'p.oid')}
   )
   select object, 'owner ' || ${role('pg_get_userbyid(proowner)')} as line, 1 as place from routines
   union all
   select object, 'arguments ' || pg_get_function_arguments(oid), 2 from routines where pg_get_function_arguments(oid) <> ''
   union all
   select object, 'returns ' || pg_get_function_result(oid), 3 from routines where prokind <> 'p'
   union all
   select r.object, format('language %s %s%s%s parallel %s%s cost %s%s', l.lanname,
     case r.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
     case when r.proisstrict then ' strict' else '' end, case when r.proleakproof then ' leakproof' else '' end,
     case r.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end,
     case when r.prosecdef then ' security definer' else ' security invoker' end, r.procost,
     case when r.proretset then ' rows ' || r.prorows else '' end), 4
   from routines as r join pg_language as l on l.oid = r.prolang
   union all
   select r.object, 'set ' || s, 5 from routines as r, unnest(r.proconfig) as s
   union all
   select object, 'body ' || prosrc, 6 from routines where prosqlbody is null
   union all
   select object, 'body as ' || pg_get_function_sqlbody(oid), 6 from routines where prosqlbody is not null
   union all
   select r.object, 'grant ' || g.privileges || ' to ' || ${role('g.who')}, 7
   from routines as r, lateral (${grants('r.proacl', 'f', 'r.proowner')}) as g
   where not (g.can_login and r.proname in ('enter', 'applied_migrations') and g.who !~ '_(owner|definer|app|worker|readonly)$')
   union all
   select object, 'comment ' || quote_literal(obj_description(oid, 'pg_proc')), 8 from routines where obj_description(oid, 'pg_proc') is not null`,
  `with types as (
     select t.*, 'type ' || t.typname as object from pg_type as t
     where t.typnamespace = '${SCHEMA}'::regnamespace and t.typtype in ('e', 'd', 'r') and ${notOfExtension('pg_type', 't.oid')}
   )
   select object, 'owner ' || ${role('pg_get_userbyid(typowner)')} as line, 1 as place from types
   union all
   select t.object, 'values ' || string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder), 2
   from types as t join pg_enum as e on e.enumtypid = t.oid group by t.object
   union all
   select object, 'domain over ' || format_type(typbasetype, typtypmod) || case when typnotnull then ' not null' else '' end
     || coalesce(' default ' || typdefault, ''), 3 from types where typtype = 'd'
   union all
   select t.object, 'constraint ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), 4
   from types as t join pg_constraint as k on k.contypid = t.oid where k.contype <> 'n'
   union all
   select t.object, 'range over ' || format_type(r.rngsubtype, null), 5 from types as t join pg_range as r on r.rngtypid = t.oid
   union all
   select t.object, 'grant ' || g.privileges || ' to ' || ${role('g.who')}, 6
   from types as t, lateral (${grants('t.typacl', 'T', 't.typowner')}) as g`,
];

/**
 * Reads the catalogue in one read-only transaction, with settings under which the server writes expressions the same
 * way everywhere. Lines come in a fixed order: by object, then place, then text, compared by code point.
 */
export async function readCatalogue(client: pg.ClientBase): Promise<CatalogueLine[]> {
  await client.query('begin isolation level repeatable read read only');
  try {
    await client.query(
      `set local search_path = pg_catalog; set local timezone = 'UTC'; set local datestyle = 'ISO, YMD';
       set local intervalstyle = 'postgres'; set local bytea_output = 'hex'; set local quote_all_identifiers = off`,
    );
    const there = await client.query('select from pg_namespace where nspname = $1', [SCHEMA]);
    const lines: (CatalogueLine & { place: number })[] = [];
    if (there.rowCount === 1) {
      for (const query of queries) {
        lines.push(...(await client.query<CatalogueLine & { place: number }>(query)).rows);
      }
    }
    const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    return lines.sort((a, b) => compare(a.object, b.object) || a.place - b.place || compare(a.line, b.line));
  } finally {
    await client.query('rollback');
  }
}
