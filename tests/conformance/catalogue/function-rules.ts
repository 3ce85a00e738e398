import { functions, type Rule } from './rule.ts';

/**
 * What every role needs before anything else: made by 0001_context (and `applied_migrations` by bootstrap), granted
 * there. They read settings and compute; the door sets them.
 */
const base = `'plinth.role_name(text)', 'plinth.is_citus()', 'plinth.uuidv7(timestamp with time zone)', 'plinth.uuid_time(uuid)',
  'plinth.uuid_time_end(uuid)', 'plinth.id_has_time(uuid,timestamp with time zone)', 'plinth.current_organization_id()', 'plinth.current_user_id()', 'plinth.current_member_role()'`;
const entrances = `'plinth.enter(jsonb,boolean)', 'plinth.enter_request(text,uuid,uuid,text,uuid,text,text,integer,boolean)',
  'plinth.applied_migrations()'`;

/** Who may execute what, as whom. */
export const functionRules: readonly Rule[] = [
  {
    name: 'registered functions are there, created as they were registered',
    findings: `select r.signature || ': registered, and not there' as finding
      from plinth.registered_functions as r where to_regprocedure('plinth.' || r.signature) is null
      union all
      select r.signature || ': registered as ' || r.security || ', created otherwise'
      from plinth.registered_functions as r
      join pg_proc as p on p.oid = to_regprocedure('plinth.' || r.signature)
      where p.prosecdef <> (r.security <> 'invoker')`,
    fault: `insert into plinth.registered_functions (signature, security, callers, exposed) values ('planted(uuid)', 'definer', '{}', false)`,
    expects: 'planted(uuid): registered, and not there',
  },
  {
    name: 'a function is executed by its owner and its registered callers, and by nobody else',
    findings: `with ${functions}, seen as (
        select f.*, coalesce(role.rolname::text, 'public') as grantee, coalesce(role.rolcanlogin, false) as can_login, a.is_grantable
        from functions as f
        cross join lateral aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) as a
        left join pg_roles as role on role.oid = a.grantee
        where a.grantee <> f.proowner
      )
      select s.name || ': executed by ' || s.grantee as finding
      from seen as s
      where s.is_grantable or not case
        when s.is_registered then s.grantee = any (array(select plinth.role_name(c) from unnest(s.callers) as c))
          -- handing a function to the definer leaves the owner's own grant
          or s.grantee = plinth.role_name('owner')
        when s.name in (${base}) then s.grantee in (
          plinth.role_name('app'), plinth.role_name('worker'), plinth.role_name('readonly'), plinth.role_name('definer'))
        when s.name in (${entrances}) then s.can_login or s.grantee in (plinth.role_name('app'), plinth.role_name('worker'),
          plinth.role_name('readonly'), plinth.role_name('definer'), plinth.role_name('owner'))
        -- a helper of definer functions, without rights of its own
        when not s.prosecdef then s.grantee = plinth.role_name('definer')
        else false end
      union all
      select f.name || ': not executed by ' || c
      from functions as f
      cross join lateral unnest(f.callers) as c
      where not has_function_privilege(plinth.role_name(c), f.oid, 'execute')`,
    fault: `create function plinth.planted() returns int language sql as 'select 1'; grant execute on function plinth.planted() to public`,
    expects: 'plinth.planted(): executed by public',
  },
  {
    name: 'a definer function is registered, or a trigger that nobody may call',
    findings: `with ${functions}
      select f.name as finding
      from functions as f
      where f.prosecdef and not f.is_registered and f.name not in (${entrances})
        and not (f.prorettype = 'trigger'::regtype and f.proowner = (select nspowner from pg_namespace where nspname = 'plinth')
                 and not exists (select from aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) as a where a.grantee <> f.proowner))`,
    fault: `create function plinth.planted() returns int language sql security definer set search_path = pg_catalog, pg_temp as 'select 1'`,
    expects: 'plinth.planted()',
  },
  {
    name: 'definer functions belong to the role they were registered for',
    findings: `with ${functions}
      select f.name || ': belongs to ' || pg_get_userbyid(f.proowner) as finding
      from functions as f
      where pg_get_userbyid(f.proowner) <> plinth.role_name(case f.security when 'definer' then 'definer' else 'owner' end)
        and f.name <> 'plinth.applied_migrations()'`,
    fault: `update plinth.registered_functions set security = 'owner' where signature = 'record_error(jsonb)'`,
    expects: 'plinth.record_error(jsonb): belongs to',
  },
  {
    name: 'definer functions pin a search_path of plinth, pg_catalog and pg_temp, the last one last',
    findings: `with ${functions}
      select f.name || ': ' || coalesce(path.value, 'no search_path') as finding
      from functions as f
      left join lateral (
        select regexp_replace(split_part(c, '=', 2), '["\\s]', '', 'g') as value from unnest(f.proconfig) as c where c like 'search_path=%'
      ) as path on true
      where f.prosecdef and coalesce(path.value, '') not in ('plinth,pg_catalog,pg_temp', 'pg_catalog,pg_temp')`,
    fault: 'alter function plinth.record_error(jsonb) set search_path = public, plinth',
    expects: 'plinth.record_error(jsonb): public,plinth',
  },
  {
    name: 'functions that run as the owner are called by the worker only',
    findings: `with ${functions}
      select f.name || ': called by ' || c as finding
      from functions as f cross join lateral unnest(f.callers) as c where f.security = 'owner' and c <> 'worker'`,
    fault: `update plinth.registered_functions set callers = '{app}' where signature = 'drop_expired_partitions()'`,
    expects: 'plinth.drop_expired_partitions(): called by app',
  },
  {
    name: '/rpc reaches neither the door nor anything that runs with other rights',
    findings: `with ${functions}
      select f.name as finding
      from functions as f
      where f.exposed and (f.security <> 'invoker' or f.name in (${entrances}) or not 'app' = any (f.callers))`,
    fault: `insert into plinth.registered_functions (signature, security, callers, exposed) values ('enter(jsonb,boolean)', 'invoker', '{app}', true)`,
    expects: 'plinth.enter(jsonb,boolean)',
  },
  {
    name: 'a definer function that takes the organization from a request compares it with the context, itself or by one that does',
    findings: `with recursive ${functions}, checking(proname) as (
        select proname from functions where prosrc ~ 'organization is distinct from current_organization_id\\(\\)'
        union
        select f.proname from functions as f join checking as c on f.prosrc ~ ('\\m' || c.proname || '\\(organization\\M')
      )
      select f.name as finding
      from functions as f
      join pg_proc as p on p.oid = f.oid
      where f.security = 'definer' and 'app' = any (f.callers)
        and p.proargnames[1] = 'organization' and f.proname not in (select proname from checking)`,
    fault: `create or replace function plinth.erase_audit_subject(organization uuid, subject uuid) returns bigint
      language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp as 'begin return 0; end'`,
    expects: 'plinth.erase_audit_subject(uuid,uuid)',
  },
  {
    name: "new functions of the owner are nobody else's by default",
    findings: `select 'default privileges on functions are not revoked from public' as finding
      where not exists (
        select from pg_default_acl as d
        join pg_namespace as n on n.nspname = 'plinth' and d.defaclrole = n.nspowner
        where d.defaclobjtype = 'f' and d.defaclnamespace = 0
          and not exists (select from aclexplode(d.defaclacl) as a where a.grantee = 0))`,
    fault: 'alter default privileges grant execute on functions to public',
    expects: 'default privileges',
  },
];
