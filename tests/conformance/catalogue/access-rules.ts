import { grants, type Rule, tables } from './rule.ts';

/** Row security, policies and grants. */
export const accessRules: readonly Rule[] = [
  {
    name: 'every table is registered, and every registered table is there',
    findings: `with ${tables}
      select name || ': not registered' as finding from tables where not is_registered
      union all
      select r.table_name || ': registered, and not there' from plinth.registered_tables as r
      where not exists (select from tables as t where t.name = r.table_name)`,
    fault: 'create table plinth.planted (id uuid not null)',
    expects: 'planted: not registered',
  },
  {
    name: 'row security is enabled',
    findings: `with ${tables} select name || ': row security is off' as finding from tables where not relrowsecurity`,
    fault: 'alter table plinth.projects disable row level security',
    expects: 'projects: row security is off',
  },
  {
    name: 'row security is forced, so that it binds the owner too',
    findings: `with ${tables} select name || ': not forced' as finding from tables where not relforcerowsecurity`,
    fault: 'alter table plinth.projects no force row level security',
    expects: 'projects: not forced',
  },
  {
    name: 'every policy names its roles: owner, definer, app or readonly',
    findings: `with ${tables}
      select t.name || '.' || p.polname || ': for ' || coalesce(role.rolname, 'public') as finding
      from tables as t
      join pg_policy as p on p.polrelid = t.oid
      cross join lateral unnest(p.polroles) as granted
      left join pg_roles as role on role.oid = granted
      where granted = 0 or role.rolname not in (
        plinth.role_name('owner'), plinth.role_name('definer'), plinth.role_name('app'), plinth.role_name('readonly'))`,
    fault: 'create policy planted on plinth.projects using (true)',
    expects: 'projects.planted: for public',
  },
  {
    name: 'no policy is restrictive (Citus makes it permissive on every node)',
    findings: `with ${tables}
      select t.name || '.' || p.polname as finding from tables as t join pg_policy as p on p.polrelid = t.oid
      where not p.polpermissive`,
    fault: `do $$ begin execute format('create policy planted on plinth.projects as restrictive to %I using (true)', plinth.role_name('app')); end $$`,
    expects: 'projects.planted',
  },
  {
    name: 'no policy has a subquery (Citus refuses it)',
    findings: `with ${tables}
      select t.name || '.' || p.polname as finding from tables as t join pg_policy as p on p.polrelid = t.oid
      where concat(p.polqual::text, p.polwithcheck::text) like '%{SUBLINK %'`,
    fault: `do $$ begin execute format(
      'create policy planted on plinth.projects to %I using (exists (select from plinth.repositories))', plinth.role_name('app')); end $$`,
    expects: 'projects.planted',
  },
  {
    name: 'policies call only what is allowed: current_setting, and equality of uuid and text',
    findings: `with ${tables}
      select distinct t.name || '.' || p.polname || ': ' || called.what as finding
      from tables as t
      join pg_policy as p on p.polrelid = t.oid
      cross join lateral (
        select f.oid::regprocedure::text as what
        from regexp_matches(concat(p.polqual::text, p.polwithcheck::text), ':(?:funcid|winfnoid|aggfnoid) ([0-9]+)', 'g') as m
        join pg_proc as f on f.oid = m[1]::oid
        union all
        select o.oid::regoperator::text
        from regexp_matches(concat(p.polqual::text, p.polwithcheck::text), ':opno ([0-9]+)', 'g') as m
        join pg_operator as o on o.oid = m[1]::oid
      ) as called
      where called.what not in ('current_setting(text,boolean)', '=(uuid,uuid)', '=(text,text)')`,
    fault: `do $$ begin execute format(
      'create policy planted on plinth.projects to %I using (lower(name) = ''x'')', plinth.role_name('app')); end $$`,
    expects: 'projects.planted: lower(text)',
  },
  {
    name: 'the owner has a policy that shows and allows everything on each table',
    findings: `with ${tables}
      select t.name as finding from tables as t
      where not exists (
        select from pg_policy as p
        where p.polrelid = t.oid and p.polcmd = '*' and p.polroles = array[t.relowner]
          and pg_get_expr(p.polqual, p.polrelid) = 'true' and pg_get_expr(p.polwithcheck, p.polrelid) = 'true')`,
    fault: 'drop policy owner_all on plinth.projects',
    expects: 'projects',
  },
  {
    name: 'only catalogue rows are shown to requests without a condition',
    findings: `with ${tables}
      select t.name || '.' || p.polname as finding
      from tables as t
      join pg_policy as p on p.polrelid = t.oid
      where t.visibility is distinct from 'catalogue'
        and exists (select from unnest(p.polroles) as o join pg_roles as role on role.oid = o
                    where role.rolname in (plinth.role_name('app'), plinth.role_name('readonly')))
        and ((p.polqual is null and p.polcmd <> 'a') or pg_get_expr(p.polqual, p.polrelid) = 'true'
             or pg_get_expr(p.polwithcheck, p.polrelid) = 'true'
             or (t.tenant_column is not null
                 and concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) not like '%plinth.organization_id%'))`,
    fault: `do $$ begin execute format('create policy planted on plinth.projects to %I using (true)', plinth.role_name('app')); end $$`,
    expects: 'projects.planted',
  },
  {
    name: 'the definer has a policy for exactly the verbs it was given',
    findings: `with ${tables}
      select t.name || ': ' || coalesce(array_to_string(seen.verbs, ','), '') || ' instead of '
        || array_to_string(t.definer_verbs, ',') as finding
      from tables as t
      cross join lateral (
        select coalesce(array_agg(distinct case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
          when 'd' then 'delete' else 'all' end), '{}') as verbs
        from pg_policy as p
        join pg_roles as role on role.oid = any (p.polroles) and role.rolname = plinth.role_name('definer')
        where p.polrelid = t.oid
      ) as seen
      where not (seen.verbs @> t.definer_verbs and seen.verbs <@ t.definer_verbs)`,
    fault: `do $$ begin execute format('create policy planted on plinth.workflows to %I using (true)', plinth.role_name('definer')); end $$`,
    expects: 'workflows: all instead of',
  },
  {
    name: 'grants go to app, readonly and definer, on parents only, without grant option',
    findings: `with ${grants}
      select relation || coalesce('.' || column_name, '') || ': ' || privilege || ' to ' || grantee
        || case when is_grantable then ' with grant option' else '' end
        || case when relispartition then ' on a partition' else '' end as finding
      from grants
      where relispartition or is_grantable
        or grantee not in (plinth.role_name('app'), plinth.role_name('readonly'), plinth.role_name('definer'))`,
    fault: 'grant select on plinth.events_default to public',
    expects: 'events_default: select to public on a partition',
  },
  {
    name: 'the request role has exactly the verbs its table was registered with, the read-only role no more than select',
    findings: `with ${tables}, ${grants}
      select t.name || ': ' || who.kind || ' has ' || array_to_string(seen.verbs, ',') || ' instead of '
        || array_to_string(wanted.verbs, ',') as finding
      from tables as t
      cross join (values ('app'), ('readonly'), ('worker'), ('definer')) as who(kind)
      cross join lateral (
        select case who.kind
            when 'app' then t.request_verbs
            when 'readonly' then array(select v from unnest(t.request_verbs) as v where v = 'select')
            when 'definer' then t.definer_verbs
            else '{}' end as verbs
      ) as wanted
      cross join lateral (
        select coalesce(array_agg(distinct g.privilege), '{}') as verbs
        from grants as g where g.oid = t.oid and g.grantee = plinth.role_name(who.kind)
      ) as seen
      where t.is_registered and not (seen.verbs @> wanted.verbs and seen.verbs <@ wanted.verbs)`,
    fault: `do $$ begin execute format('grant truncate on plinth.projects to %I', plinth.role_name('app')); end $$`,
    expects: 'projects: app has delete,insert,select,truncate,update instead of',
  },
  {
    name: 'secret columns are granted to no request role',
    findings: `with ${tables}
      select t.name || '.' || c || ': ' || privilege || ' by ' || role.kind as finding
      from tables as t
      cross join lateral unnest(t.secret_columns) as c
      cross join (values ('app'), ('readonly'), ('worker')) as role(kind)
      cross join (values ('select'), ('insert'), ('update')) as p(privilege)
      where has_column_privilege(plinth.role_name(role.kind), t.oid, c, privilege)`,
    fault: `do $$ begin execute format('grant select (secret) on plinth.event_sources to %I', plinth.role_name('readonly')); end $$`,
    expects: 'event_sources.secret: select by readonly',
  },
  {
    name: 'fixed, generated and cursor columns are written by no request',
    findings: `with ${tables}
      select t.name || '.' || a.attname || ': ' || privilege as finding
      from tables as t
      join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      cross join (values ('insert'), ('update')) as p(privilege)
      where (a.attname = any (t.fixed_columns) or a.attgenerated <> '' or a.attname = 'xid')
        and has_column_privilege(plinth.role_name('app'), t.oid, a.attnum, privilege)`,
    fault: `do $$ begin execute format('grant update (created_by) on plinth.projects to %I', plinth.role_name('app')); end $$`,
    expects: 'projects.created_by: update',
  },
  {
    name: 'no request changes the tenant, the id or the time of a row',
    findings: `with ${tables}
      select t.name || '.' || a.attname as finding
      from tables as t
      join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      where a.attname in ('id', 'created_at', t.tenant_column, t.partition_by)
        and has_column_privilege(plinth.role_name('app'), t.oid, a.attnum, 'update')`,
    fault: `do $$ begin execute format('grant update (organization_id) on plinth.projects to %I', plinth.role_name('app')); end $$`,
    expects: 'projects.organization_id',
  },
  {
    name: 'everything in the schema belongs to the owner, and nobody else may make things there',
    findings: `select c.relname || ': belongs to ' || pg_get_userbyid(c.relowner) as finding
      from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = 'plinth' and c.relowner <> n.nspowner
      union all
      select 'schema: ' || lower(a.privilege_type) || ' to ' || coalesce(role.rolname, 'public')
      from pg_namespace as n
      cross join lateral aclexplode(n.nspacl) as a
      left join pg_roles as role on role.oid = a.grantee
      where n.nspname = 'plinth' and a.grantee <> n.nspowner
        and (a.privilege_type <> 'USAGE' or a.grantee = 0 or a.is_grantable)`,
    fault: `do $$ begin execute format('grant create on schema plinth to %I', plinth.role_name('app')); end $$`,
    expects: 'schema: create to',
  },
  {
    name: 'views run with the rights of who asks, and are only read',
    findings: `select c.relname || ': no security_invoker' as finding
      from pg_class as c
      where c.relnamespace = 'plinth'::regnamespace and c.relkind = 'v' and not coalesce('security_invoker=true' = any (c.reloptions), false)
      union all
      select c.relname || ': ' || p || ' by ' || role.kind
      from pg_class as c
      cross join (values ('app'), ('readonly'), ('worker')) as role(kind)
      cross join (values ('insert'), ('update'), ('delete'), ('truncate'), ('references'), ('trigger')) as privileges(p)
      where c.relnamespace = 'plinth'::regnamespace and c.relkind = 'v'
        and has_table_privilege(plinth.role_name(role.kind), c.oid, p)`,
    fault: 'create view plinth.planted as select * from plinth.projects',
    expects: 'planted: no security_invoker',
  },
  {
    name: 'requests see no materialized view, foreign table or sequence',
    findings: `select c.relname || ': seen by ' || role.kind as finding
      from pg_class as c
      cross join (values ('app'), ('readonly'), ('worker'), ('definer')) as role(kind)
      where c.relnamespace = 'plinth'::regnamespace
        and case when c.relkind in ('m', 'f') then has_any_column_privilege(plinth.role_name(role.kind), c.oid, 'select,insert,update')
              when c.relkind = 'S' then has_sequence_privilege(plinth.role_name(role.kind), c.oid, 'usage,select,update') else false end`,
    fault: `create materialized view plinth.planted as select * from plinth.projects;
      do $$ begin execute format('grant select on plinth.planted to %I', plinth.role_name('app')); end $$`,
    expects: 'planted: seen by app',
  },
  {
    name: 'our roles are nobody special, and none may become another but the owner the definer',
    findings: `select kind || ': superuser, bypasses row security, or makes roles' as finding
      from unnest(array['owner', 'definer', 'app', 'worker', 'readonly']) as kind
      join pg_roles as role on role.rolname = plinth.role_name(kind)
      where role.rolsuper or role.rolbypassrls or role.rolcreaterole or role.rolcreatedb or role.rolreplication
      union all
      select kind || ': member of ' || parent.rolname
      from unnest(array['owner', 'definer', 'app', 'worker', 'readonly']) as kind
      join pg_roles as role on role.rolname = plinth.role_name(kind)
      join pg_auth_members as m on m.member = role.oid
      join pg_roles as parent on parent.oid = m.roleid
      where not (kind = 'owner' and parent.rolname = plinth.role_name('definer'))`,
    fault: `reset role; do $$ begin execute format('grant %I to %I', plinth.role_name('owner'), plinth.role_name('app')); end $$`,
    expects: 'app: member of',
  },
];
