import { foreignKeys, type Rule, tables } from './rule.ts';

/** What Citus needs of tables, keys and triggers, and what keeps them in order. */
export const shapeRules: readonly Rule[] = [
  {
    name: "a tenant table's primary key starts with its tenant",
    findings: `with ${tables}
      select t.name || ': ' || coalesce(pg_get_constraintdef(k.oid), 'no primary key') as finding
      from tables as t
      left join pg_constraint as k on k.conrelid = t.oid and k.contype = 'p'
      where k.oid is null
        or (t.tenant_column is not null and (select a.attname from pg_attribute as a
              where a.attrelid = t.oid and a.attnum = k.conkey[1]) <> t.tenant_column)`,
    fault: `alter table plinth.task_timers drop constraint task_timers_pkey;
      alter table plinth.task_timers add constraint task_timers_pkey primary key (id, organization_id)`,
    expects: 'task_timers: PRIMARY KEY (id, organization_id)',
  },
  {
    name: "a tenant table's tenant column is organization_id, or the id of the organizations themselves",
    findings: `with ${tables}
      select name || '.' || tenant_column as finding from tables
      where not (tenant_column = 'organization_id' or (name = 'organizations' and tenant_column = 'id'))`,
    fault: `update plinth.registered_tables set tenant_column = 'id' where table_name = 'projects'`,
    expects: 'projects.id',
  },
  {
    name: 'every unique index of a tenant table contains its tenant',
    findings: `with ${tables}
      select i.indexrelid::regclass::text as finding
      from tables as t
      join pg_index as i on i.indrelid = t.oid and i.indisunique
      where t.tenant_column is not null
        and not exists (select from pg_attribute as a
          where a.attrelid = t.oid and a.attname = t.tenant_column and a.attnum = any (i.indkey))`,
    fault: 'create unique index planted_idx on plinth.projects (slug)',
    expects: 'plinth.planted_idx',
  },
  {
    name: 'a key between tenant tables carries the tenant on both sides',
    findings: `with ${tables}, ${foreignKeys}
      select name as finding from foreign_keys
      where child_tenant is not null and parent_tenant is not null
        and not exists (select from unnest(child_columns, parent_columns) as pair(child, parent)
                        where pair.child = child_tenant and pair.parent = parent_tenant)`,
    fault: `alter table plinth.project_repositories add constraint project_repositories_planted_fkey
      foreign key (project_id) references plinth.organizations (id)`,
    expects: 'project_repositories_planted_fkey',
  },
  {
    name: "no key from a global table to a tenant's",
    findings: `with ${tables}, ${foreignKeys}
      select name as finding from foreign_keys where child_tenant is null and parent_tenant is not null`,
    fault: `alter table plinth.organization_slugs add constraint organization_slugs_planted_fkey
      foreign key (organization_id) references plinth.organizations (id)`,
    expects: 'organization_slugs_planted_fkey',
  },
  {
    name: 'no key into a table partitioned by time',
    findings: `with ${tables}, ${foreignKeys} select name as finding from foreign_keys where parent_partition_by is not null`,
    fault: `alter table plinth.task_timers add column planted_at timestamptz;
      alter table plinth.task_timers add constraint task_timers_planted_fkey
      foreign key (organization_id, id, planted_at) references plinth.events (organization_id, id, occurred_at)`,
    expects: 'task_timers_planted_fkey',
  },
  {
    name: 'keys neither set null nor follow an update',
    findings: `with ${tables}, ${foreignKeys}
      select name as finding from foreign_keys where confdeltype not in ('a', 'r', 'c') or confupdtype not in ('a', 'r')`,
    fault: `alter table plinth.tasks add constraint tasks_planted_fkey
      foreign key (organization_id, project_id) references plinth.projects (organization_id, id) on delete set null (project_id)`,
    expects: 'tasks_planted_fkey',
  },
  {
    name: "no cycle among the tables' foreign keys (a table may refer to itself)",
    findings: `with recursive ${tables}, ${foreignKeys}, paths(start, at, way) as (
        select child, parent, array[child, parent] from foreign_keys where child <> parent
        union all
        select p.start, k.parent, p.way || k.parent
        from paths as p
        join foreign_keys as k on k.child = p.at and k.child <> k.parent
        where (k.parent = p.start or k.parent <> all (p.way)) and p.at <> p.start
      )
      select array_to_string(way, ' > ') as finding from paths where at = start`,
    fault: `alter table plinth.projects add column task_id uuid;
      alter table plinth.projects add constraint projects_planted_fkey
      foreign key (organization_id, task_id) references plinth.tasks (organization_id, id)`,
    expects: 'projects > tasks > projects',
  },
  {
    name: 'references go down the order of registration, so that a tenant can be removed in the reverse order',
    findings: `with ${tables}, ${foreignKeys}
      select name as finding from foreign_keys where child_position < parent_position`,
    fault: `alter table plinth.organization_memberships add column planted_id uuid;
      alter table plinth.organization_memberships add constraint organization_memberships_planted_fkey
      foreign key (organization_id, planted_id) references plinth.projects (organization_id, id)`,
    expects: 'organization_memberships_planted_fkey',
  },
  {
    name: 'global tables have no triggers',
    findings: `with ${tables}
      select t.name || '.' || g.tgname as finding
      from tables as t join pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal where t.tenant_column is null`,
    fault:
      'create trigger planted before update on plinth.users for each row execute function plinth.touch_updated_at()',
    expects: 'users.planted',
  },
  {
    name: 'rows audited by the generic trigger have it, for every change, and no others do',
    findings: `with ${tables}
      select t.name as finding
      from tables as t
      left join pg_trigger as g on g.tgrelid = t.oid and g.tgfoid = 'plinth.audit_row()'::regprocedure
      where t.is_registered and case when t.audit = 'row' then g.oid is null
        or g.tgtype <> 1 | 4 | 8 | 16   -- row, after, insert, delete, update
        or g.tgattr <> '' or g.tgqual is not null   -- of all columns, without a condition
        else g.oid is not null end`,
    fault: 'drop trigger audit_row on plinth.projects',
    expects: 'projects',
  },
  {
    name: 'the audit trigger hides what is registered as personal and secret',
    findings: `with ${tables}
      select t.name as finding
      from tables as t
      join pg_trigger as g on g.tgrelid = t.oid and g.tgfoid = 'plinth.audit_row()'::regprocedure
      where t.is_registered
        and encode(g.tgargs, 'escape') <> concat(t.table_name, '\\000', t.tenant_column, '\\000', t.user_column, '\\000',
          array_to_string(t.personal_columns, ','), '\\000', array_to_string(t.secret_columns, ','), '\\000',
          array_to_string(t.unaudited_columns, ','), '\\000')`,
    fault: `alter table plinth.projects add column planted text;
      update plinth.registered_tables set secret_columns = '{planted}' where table_name = 'projects'`,
    expects: 'projects',
  },
  {
    name: 'no identity columns, sequences or rules',
    findings: `with ${tables}
      select t.name || '.' || a.attname || ': identity' as finding
      from tables as t join pg_attribute as a on a.attrelid = t.oid and a.attidentity <> ''
      union all
      select relname || ': sequence' from pg_class where relnamespace = 'plinth'::regnamespace and relkind = 'S'
      union all
      select t.name || '.' || w.rulename || ': rule' from tables as t join pg_rewrite as w on w.ev_class = t.oid`,
    fault: 'alter table plinth.task_leases add column planted bigint generated always as identity',
    expects: 'task_leases.planted: identity',
  },
  {
    name: 'every constraint and index is named after its table and kind',
    findings: `with ${tables}
      select t.name || ': ' || k.conname as finding
      from tables as t
      join pg_constraint as k on k.conrelid = t.oid and k.contype in ('p', 'u', 'f', 'c', 'x')
      where k.conname !~ ('^' || t.name || case k.contype when 'p' then '_pkey$' when 'u' then '_[a-z0-9_]+_key$'
        when 'f' then '_[a-z0-9_]+_fkey$' when 'x' then '_[a-z0-9_]+_excl$' else '_[a-z0-9_]+_check$' end)
      union all
      select t.name || ': ' || c.relname
      from tables as t
      join pg_index as i on i.indrelid = t.oid
      join pg_class as c on c.oid = i.indexrelid
      where not exists (select from pg_constraint as k where k.conindid = i.indexrelid)
        and c.relname !~ ('^' || t.name || '_[a-z0-9_]+_idx$')`,
    fault: 'alter table plinth.projects add constraint planted check (priority < 1000000)',
    expects: 'projects: planted',
  },
  {
    name: 'every constraint is valid, every index usable, every user trigger enabled',
    findings: `with ${tables}
      select k.conname::text as finding from tables as t join pg_constraint as k on k.conrelid = t.oid where not k.convalidated
      union all
      select i.indexrelid::regclass::text from tables as t join pg_index as i on i.indrelid = t.oid where not (i.indisvalid and i.indisready)
      union all
      select t.name || '.' || g.tgname from tables as t join pg_trigger as g on g.tgrelid = t.oid
      where not g.tgisinternal and g.tgenabled <> 'O'`,
    fault: 'alter table plinth.projects disable trigger touch_updated_at',
    expects: 'projects.touch_updated_at',
  },
  {
    name: 'partitions: as registered, a default one, this month and three ahead',
    findings: `with ${tables}
      select t.name || ': registered as partitioned by ' || coalesce(t.partition_by, 'nothing') as finding
      from tables as t
      where t.is_registered and coalesce(t.partition_by, '') <> coalesce((
        select string_agg(a.attname, ',') from pg_partitioned_table as p
        join pg_attribute as a on a.attrelid = p.partrelid and a.attnum = any (p.partattrs::int2[])
        where p.partrelid = t.oid and p.partstrat = 'r'), '')
      union all
      select t.name || ': no default partition' from tables as t join pg_partitioned_table as p on p.partrelid = t.oid
      where p.partdefid = 0
      union all
      select t.name || ': no partition for ' || to_char(month, 'YYYY-MM')
      from tables as t
      cross join lateral (
        select date_trunc('month', now() at time zone 'UTC') + make_interval(months => n) as month from generate_series(0, 3) as n
      ) as m
      where t.partition_by is not null
        and not exists (
          select from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
          where i.inhparent = t.oid and c.relname = t.name || '_' || to_char(month, 'YYYY_MM')
            and pg_get_expr(c.relpartbound, c.oid) = format('FOR VALUES FROM (%L) TO (%L)',
              month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC'))`,
    fault: 'drop table plinth.events_default',
    expects: 'events: no default partition',
  },
  {
    name: "ids of partitioned tables are minted from the row's time, by a check",
    findings: `with ${tables}
      select t.name as finding
      from tables as t
      where t.partition_by is not null
        and not exists (
          select from pg_constraint as k
          where k.conrelid = t.oid and k.contype = 'c'
            and pg_get_constraintdef(k.oid) = format('CHECK (plinth.id_has_time(id, %I))', t.partition_by))`,
    fault: 'alter table plinth.events drop constraint events_id_time_check',
    expects: 'events',
  },
  {
    name: 'an xid column is xid8, not null, and stamped when the row is inserted',
    findings: `with ${tables}
      select t.name as finding
      from tables as t
      join pg_attribute as a on a.attrelid = t.oid and a.attname = 'xid' and not a.attisdropped
      where a.atttypid <> 'xid8'::regtype or not a.attnotnull or a.atthasdef
        or not exists (
          select from pg_trigger as g
          where g.tgrelid = t.oid and g.tgfoid = 'plinth.stamp_xid()'::regprocedure and g.tgtype = 1 | 2 | 4
            and pg_get_triggerdef(g.oid) like '%WHEN ((new.xid IS NULL))%')`,
    fault: 'drop trigger stamp_xid on plinth.events',
    expects: 'events',
  },
  {
    name: 'updated_at is set by its trigger on tenant tables that say so',
    findings: `with ${tables}
      select t.name as finding
      from tables as t
      where t.is_registered and t.touches_updated_at <> exists (
        select from pg_trigger as g where g.tgrelid = t.oid and g.tgfoid = 'plinth.touch_updated_at()'::regprocedure)`,
    fault: 'drop trigger touch_updated_at on plinth.projects',
    expects: 'projects',
  },
  {
    name: 'triggers are functions of ours with a pinned search_path',
    findings: `with ${tables}
      select distinct t.name || '.' || g.tgname as finding
      from tables as t
      join pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal
      join pg_proc as p on p.oid = g.tgfoid
      where p.pronamespace <> 'plinth'::regnamespace
        or not exists (select from unnest(p.proconfig) as c where c like 'search_path=%pg_temp')`,
    fault: `create function plinth.planted() returns trigger language plpgsql as 'begin return new; end';
      create trigger planted before update on plinth.projects for each row execute function plinth.planted()`,
    expects: 'projects.planted',
  },
  {
    name: 'columns are of types whose equality is leakproof, or hold data nobody looks up by: no enum, citext, json, or time without a zone',
    findings: `with ${tables}
      select t.name || '.' || a.attname || ': ' || format_type(a.atttypid, a.atttypmod) as finding
      from tables as t
      join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      join pg_type as y on y.oid = a.atttypid
      where y.typtype = 'e' or y.typname in ('citext', 'json', 'timestamp', 'timetz', 'money', 'bpchar', 'varchar', 'name', 'char')`,
    fault: 'alter table plinth.projects add column planted timestamp',
    expects: 'projects.planted: timestamp without time zone',
  },
  {
    name: 'every table and view has a comment',
    findings: `select c.relname::text as finding from pg_class as c
      where c.relnamespace = 'plinth'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
        and c.relname <> 'schema_migrations' and coalesce(obj_description(c.oid, 'pg_class'), '') = ''`,
    fault: 'comment on table plinth.projects is null',
    expects: 'projects',
  },
  {
    name: 'no index is on an expression, a stored generated column is: but for GIN, which under a policy nobody uses but a definer function',
    findings: `with ${tables}
      select i.indexrelid::regclass::text as finding from tables as t
      join pg_index as i on i.indrelid = t.oid
      join pg_class as c on c.oid = i.indexrelid
      join pg_am as am on am.oid = c.relam
      where i.indexprs is not null and am.amname <> 'gin'`,
    fault: 'create index planted_idx on plinth.projects (organization_id, lower(name))',
    expects: 'plinth.planted_idx',
  },
];
