import { functions, type Rule } from './rule.ts';

/** Where a cluster has functions of its own (`…_by_tenant`): these lock rows of many tenants at once. */
const onOneNode = `'claim_tasks', 'due_places', 'claim_keyed_tasks', 'claim_keys_of_tenants', 'room_of_keys', 'promote_due_tasks',
  'complete_tasks', 'take_keyed_tasks'`;

/**
 * The statements of functions as a cluster runs them: `tenant_table` and `global_table` are what they name, if anything;
 * `is_delegated`: they run on the tenant's node, for a function with `tenant_argument` or one that it calls.
 */
const statements = `${functions}, bodies as materialized (
    select f.proname, f.name, f.tenant_argument, regexp_replace(f.prosrc, '--[^\\n]*', '', 'g') as body
    from functions as f
    where f.proname not in (${onOneNode})
  ), named as materialized (
    select b.proname, b.name, s.text as statement, row_number() over () as n
    from bodies as b
    cross join lateral regexp_split_to_table(b.body, ';') as s(text)
  ), calling as materialized (
    select distinct n.n, n.proname as caller, m[1] as callee
    from named as n
    cross join lateral regexp_matches(n.statement, '\\m([a-z_]+)\\(', 'g') as m
    where m[1] <> n.proname and m[1] in (select proname from bodies)
  ), delegated as (
    select proname from bodies where tenant_argument is not null
    union
    select c.callee from delegated as d join calling as c on c.caller = d.proname
  ), mentioned as materialized (
    select n.n, min(r.table_name) filter (where r.tenant_column is not null) as tenant_table,
      min(r.table_name) filter (where r.tenant_column is not null and m[1] in ('from', 'join')) as tenant_source,
      min(r.table_name) filter (where r.tenant_column is null) as global_table
    from named as n
    cross join lateral regexp_matches(n.statement, '\\m(from|join|into|update)\\s+(?:plinth\\.)?([a-z_]+)', 'g') as m
    join plinth.registered_tables as r on r.table_name = m[2]
    group by n.n
  ), statements as materialized (
    select n.*, m.tenant_table, m.tenant_source, m.global_table, n.proname in (select proname from delegated) as is_delegated
    from named as n
    join mentioned as m on m.n = n.n
  ), reading as (
    select distinct s.proname from statements as s where s.tenant_table is not null
    union
    select c.caller from reading as r join calling as c on c.callee = r.proname
  )`;

const plant = (body: string) => `create function plinth.planted(organization uuid, ids uuid[]) returns int
  language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp as 'begin ${body}; return 0; end';
  insert into plinth.registered_functions (signature, security, callers, tenant_argument, exposed)
  values ('planted(uuid, uuid[])', 'definer', '{}', 'organization', false)`;

/** What Citus refuses inside functions, each found by a refusal. */
export const clusterRules: readonly Rule[] = [
  {
    name: 'a subquery over a table has a target list (Citus reads its rows back as a record without columns)',
    findings: `with recursive ${statements}
      select s.name || ': ' || m[1] as finding
      from statements as s
      cross join lateral regexp_matches(s.statement, '\\(\\s*select\\s+from\\s+(?:plinth\\.)?([a-z_]+)', 'g') as m
      where m[1] in (select r.table_name from plinth.registered_tables as r)`,
    fault: plant('perform 1 where exists (select from tasks t where t.organization_id = organization)'),
    expects: 'plinth.planted(uuid,uuid[]): tasks',
  },
  {
    name: 'a query over tenant tables calls no function that reads some (a query on a shard asks no other)',
    findings: `with recursive ${statements}
      select s.name || ': ' || r.proname || ' over ' || s.tenant_table as finding
      from statements as s
      join calling as c on c.n = s.n
      join reading as r on r.proname = c.callee
      where s.tenant_table is not null`,
    fault: plant('perform wake_tasks(organization, array[t.id]) from tasks t where t.organization_id = organization'),
    expects: 'plinth.planted(uuid,uuid[]): wake_tasks over tasks',
  },
  {
    name: "on the tenant's node an insert from a tenant table is a part of a query",
    findings: `with recursive ${statements}
      select s.name || ': ' || s.tenant_table as finding
      from statements as s
      where s.is_delegated and s.statement ~ '^\\s*(begin\\s+|then\\s+|else\\s+|loop\\s+)?insert\\s+into'
        -- without what is in parentheses: a subquery of a column is no source
        and exists (
          select from plinth.registered_tables as r
          where r.tenant_column is not null and regexp_replace(regexp_replace(regexp_replace(s.statement, '\\([^()]*\\)', '', 'g'),
              '\\([^()]*\\)', '', 'g'), '\\([^()]*\\)', '', 'g') ~ ('\\m(from|join)\\s+(plinth\\.)?' || r.table_name || '\\M'))`,
    fault: plant(`insert into task_timers (organization_id, id, run_at)
      select t.organization_id, t.id, t.scheduled_at from tasks t where t.organization_id = organization on conflict do nothing`),
    expects: 'plinth.planted(uuid,uuid[]): task',
  },
  {
    name: "on the tenant's node no query joins global tables, and none shares a lock of theirs (two that do are a deadlock)",
    findings: `with recursive ${statements}
      select s.name || ': ' || s.global_table as finding
      from statements as s
      where s.is_delegated and s.global_table is not null
        and (s.tenant_source is not null or s.statement ~ '\\mfor\\s+(key\\s+)?share\\M')`,
    fault: plant('perform 1 from task_leases l where l.task_ids = ids for share'),
    expects: 'plinth.planted(uuid,uuid[]): task_leases',
  },
  {
    name: 'an update makes nothing that changes inside of case',
    findings: `with recursive ${statements}
      select s.name || ': ' || m[1] as finding
      from statements as s
      cross join lateral regexp_matches(s.statement,
        '\\mupdate\\s+[a-z_.]+\\s.*\\mset\\M.*\\mcase\\M.*\\m(jsonb_build_object|jsonb_build_array|to_jsonb|now|clock_timestamp)\\(', 'g') as m
      where s.tenant_table is not null`,
    fault: plant(
      'update tasks t set error = case when t.attempts > 0 then jsonb_build_object(1, 2) end where t.organization_id = organization',
    ),
    expects: 'plinth.planted(uuid,uuid[]): jsonb_build_object',
  },
  {
    name: 'rows are locked of one tenant at a time',
    findings: `with recursive ${statements}
      select s.name || ': ' || s.tenant_table as finding
      from statements as s
      where s.tenant_table is not null and s.statement ~ '\\mfor\\s+(no\\s+key\\s+update|update|share|key\\s+share)\\M'
        and s.tenant_table <> 'organizations' and s.statement !~ '\\morganization_id\\s*='`,
    fault: plant('perform 1 from tasks t where t.id = any (ids) for update skip locked'),
    expects: 'plinth.planted(uuid,uuid[]): tasks',
  },
];
