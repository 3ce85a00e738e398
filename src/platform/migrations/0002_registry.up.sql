-- Registering tables and functions: policies, grants, triggers, partitions and distribution are made in one place, for
-- our tables and for users' own.

create table plinth.registered_tables (
  table_name text not null,
  position int not null,
  visibility text not null,
  audit text not null,
  tenant_column text,
  user_column text,
  request_verbs text[] not null,
  definer_verbs text[] not null,
  fixed_columns text[] not null,
  personal_columns text[] not null,
  secret_columns text[] not null,
  unaudited_columns text[] not null,
  admins_see boolean not null,
  has_shared_with boolean not null,
  touches_updated_at boolean not null,
  partition_by text,
  retention interval,
  registered_at timestamptz not null default now(),
  constraint registered_tables_pkey primary key (table_name),
  constraint registered_tables_visibility_check
    check (visibility in ('tenant', 'private', 'user', 'catalogue', 'auth', 'platform')),
  constraint registered_tables_audit_check check (audit in ('row', 'self', 'action'))
);
comment on table plinth.registered_tables is 'Every table of the schema, with the rules its policies, grants and triggers were made from.';
comment on column plinth.registered_tables.unaudited_columns is 'A change of these alone makes no audit entry: when a key was last used.';
comment on column plinth.registered_tables.position is 'Order of making. References go down it, so a tenant is removed in the reverse order.';

create table plinth.registered_functions (
  signature text not null,
  security text not null,
  callers text[] not null,
  tenant_argument text,
  exposed boolean not null,
  registered_at timestamptz not null default now(),
  constraint registered_functions_pkey primary key (signature),
  constraint registered_functions_security_check check (security in ('invoker', 'definer', 'owner'))
);
comment on table plinth.registered_functions is 'Every function a request or worker role may execute; exposed ones are reachable at /rpc.';

create function plinth.touch_updated_at() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;

-- A default would be evaluated on the Citus coordinator while the horizon readers compare with is the worker's.
create function plinth.stamp_xid() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  new.xid := pg_current_xact_id();
  return new;
end
$$;

create function plinth.has_column(relation regclass, column_name text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select from pg_attribute where attrelid = relation and attname = column_name and attnum > 0 and not attisdropped)
$$;

-- Policies ------------------------------------------------------------------------------------------------------------

create function plinth.tenant_condition(tenant_column text) returns text
language plpgsql stable set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  -- Citus before PostgreSQL 17 breaks outer joins on the plain form; elsewhere the array form makes the planner square
  -- the selectivity (18 ms against 0.8 on a join).
  if is_citus() and current_setting('server_version_num')::int < 170000 then
    return format('%I = any (array[nullif(current_setting(''plinth.organization_id'', true), '''')::uuid])', tenant_column);
  end if;
  return format('%I = nullif(current_setting(''plinth.organization_id'', true), '''')::uuid', tenant_column);
end
$$;

create function plinth.make_policies(t plinth.registered_tables) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  relation constant regclass := ('plinth.' || quote_ident(t.table_name))::regclass;
  user_is constant text := 'nullif(current_setting(''plinth.user_id'', true), '''')::uuid';
  readers constant text := format('%I, %I', role_name('app'), role_name('readonly'));
  tenant text;
  condition text;
  policy record;
  verb text;
begin
  for policy in select polname from pg_policy where polrelid = relation loop
    execute format('drop policy %I on %s', policy.polname, relation);
  end loop;
  execute format('alter table %s enable row level security', relation);
  execute format('alter table %s force row level security', relation);
  -- forced RLS binds the owner too: without this a data migration says UPDATE 0 and a dump is empty
  execute format('create policy owner_all on %s to %I using (true) with check (true)', relation, role_name('owner'));

  if t.tenant_column is not null then
    tenant := tenant_condition(t.tenant_column);
  end if;
  condition := case t.visibility
    when 'tenant' then tenant
    when 'private' then format('%s and (%I = %s%s)', tenant, t.user_column, user_is,
      case when t.admins_see then ' or current_setting(''plinth.member_role'', true) in (''owner'', ''admin'')' else '' end)
    when 'user' then format('%I = %s', t.user_column, user_is)
    when 'catalogue' then 'true'
  end;
  if cardinality(t.request_verbs) > 0 and condition is not null then
    if t.request_verbs = '{select}' then
      execute format('create policy request_rows on %s for select to %s using (%s)', relation, readers, condition);
    else
      execute format('create policy request_rows on %s to %I using (%s) with check (%s)',
        relation, role_name('app'), condition, condition);
      execute format('create policy report_rows on %s for select to %I using (%s)', relation, role_name('readonly'), condition);
    end if;
    if t.has_shared_with then
      execute format('create policy shared_rows on %s for select to %s using (%s and %s = any (shared_with))',
        relation, readers, tenant, user_is);
    end if;
  end if;
  foreach verb in array t.definer_verbs loop
    execute format('create policy definer_%s on %s for %s to %I %s', verb, relation, verb, role_name('definer'),
      case verb
        when 'insert' then 'with check (true)'
        when 'update' then 'using (true) with check (true)'
        else 'using (true)'
      end);
  end loop;
end
$$;

-- Citus evaluates a column's default on the coordinator and writes it like a value, so there the request role must hold
-- INSERT on columns that are not its to write. This trigger puts their defaults back. Arguments: pairs of a column and
-- its default. Whoever is not the request role (functions, imports) may write them.
create function plinth.keep_defaults() returns trigger
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  defaults jsonb := '{}';
  value jsonb;
begin
  if current_user <> role_name('app') then
    return new;
  end if;
  for i in 0 .. tg_nargs / 2 - 1 loop
    execute 'select to_jsonb(' || tg_argv[2 * i + 1] || ')' into value;
    defaults := defaults || jsonb_build_object(tg_argv[2 * i], value);
  end loop;
  return jsonb_populate_record(new, defaults);
end
$$;

-- Grants. Insert and update are granted by column: generated and secret columns and the table's fixed ones (set by the
-- platform alone) are nobody's to write; tenant, id and creation time nobody's to change; secrets not to be read.
create function plinth.make_grants(t plinth.registered_tables) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  relation constant regclass := ('plinth.' || quote_ident(t.table_name))::regclass;
  readable text;
  insertable text;
  updatable text;
  kept_defaults text;
begin
  execute format('revoke all on %s from public, %I, %I, %I, %I', relation,
    role_name('app'), role_name('worker'), role_name('readonly'), role_name('definer'));
  select string_agg(quote_ident(attname), ', ' order by attnum) filter (where not attname = any (t.secret_columns)),
         string_agg(quote_ident(attname), ', ' order by attnum)
           filter (where writable and (attname not in ('created_at', 'updated_at') or attname = t.partition_by)),
         string_agg(quote_ident(attname), ', ' order by attnum)
           filter (where writable and attname not in ('id', 'created_at', coalesce(t.tenant_column, ''), coalesce(t.partition_by, ''))
             -- set by the trigger; where there is none (global tables), by the writer
             and (attname <> 'updated_at' or not t.touches_updated_at)),
         string_agg(quote_ident(attname), ', ' order by attnum)
           filter (where atthasdef and attgenerated = ''
             and not (writable and (attname not in ('created_at', 'updated_at') or attname is not distinct from t.partition_by)))
  into readable, insertable, updatable, kept_defaults
  from pg_attribute
  cross join lateral (
    select attgenerated = '' and attname <> 'xid' and not attname = any (t.secret_columns || t.fixed_columns) as writable) w
  where attrelid = relation and attnum > 0 and not attisdropped;

  if 'select' = any (t.request_verbs) then
    if cardinality(t.secret_columns) = 0 then
      execute format('grant select on %s to %I, %I', relation, role_name('app'), role_name('readonly'));
    else
      execute format('grant select (%s) on %s to %I, %I', readable, relation, role_name('app'), role_name('readonly'));
    end if;
  end if;
  if 'insert' = any (t.request_verbs) then
    execute format('grant insert (%s) on %s to %I', insertable, relation, role_name('app'));
    if is_citus() and kept_defaults is not null then
      execute format('grant insert (%s) on %s to %I', kept_defaults, relation, role_name('app'));   -- see keep_defaults
    end if;
  end if;
  if 'update' = any (t.request_verbs) and updatable is not null then
    execute format('grant update (%s) on %s to %I', updatable, relation, role_name('app'));
  end if;
  if 'delete' = any (t.request_verbs) then
    execute format('grant delete on %s to %I', relation, role_name('app'));
  end if;
  if cardinality(t.definer_verbs) > 0 then
    execute format('grant %s on %s to %I', array_to_string(t.definer_verbs, ', '), relation, role_name('definer'));
  end if;
  -- On Citus "on conflict" into a global table first takes a lock that wants UPDATE; no policy lets it change a row.
  if is_citus() and t.tenant_column is null and 'insert' = any (t.definer_verbs) then
    execute format('grant update on %s to %I', relation, role_name('definer'));
  end if;
end
$$;

-- Makes anew the triggers that follow from what was registered; those a migration made itself stay.
create function plinth.make_triggers(t plinth.registered_tables) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  relation constant regclass := ('plinth.' || quote_ident(t.table_name))::regclass;
  kept_defaults text;
  stale name;
begin
  -- global tables have no triggers: on Citus they would run on every node and the copies diverge
  if t.tenant_column is null then
    return;
  end if;
  if is_citus() then
    perform set_config('citus.enable_unsafe_triggers', 'on', true);
  end if;
  for stale in
    select tgname from pg_trigger
    where tgrelid = relation and tgname in ('keep_defaults', 'touch_updated_at', 'stamp_xid', 'audit_row')
  loop
    execute format('drop trigger %I on %s', stale, relation);
  end loop;
  if is_citus() then
    select string_agg(format('%L, %L', a.attname, pg_get_expr(d.adbin, d.adrelid)), ', ' order by a.attnum)
    into kept_defaults
    from pg_attribute a
    join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = relation and a.attgenerated = '' and a.attname is distinct from t.partition_by
      and (a.attname in ('created_at', 'updated_at') or a.attname = any (t.secret_columns || t.fixed_columns));
    if kept_defaults is not null and 'insert' = any (t.request_verbs) then
      execute format('create trigger keep_defaults before insert on %s for each row execute function plinth.keep_defaults(%s)',
        relation, kept_defaults);
    end if;
  end if;
  if t.touches_updated_at then
    execute format('create trigger touch_updated_at before update on %s for each row execute function plinth.touch_updated_at()', relation);
  end if;
  if has_column(relation, 'xid') then
    execute format('create trigger stamp_xid before insert on %s for each row when (new.xid is null) execute function plinth.stamp_xid()', relation);
  end if;
  if t.audit = 'row' then
    execute format(
      'create trigger audit_row after insert or update or delete on %s for each row execute function plinth.audit_row(%L, %L, %L, %L, %L, %L)',
      relation, t.table_name, t.tenant_column, coalesce(t.user_column, ''), array_to_string(t.personal_columns, ','),
      array_to_string(t.secret_columns, ','), array_to_string(t.unaudited_columns, ','));
  end if;
end
$$;

-- What tenant tables and their functions are colocated with: the first of them that was registered.
create function plinth.colocation_anchor() returns text
language plpgsql stable set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (
    select 'plinth.' || quote_ident(r.table_name)
    from registered_tables r
    where r.tenant_column is not null
    order by r.position
    limit 1);
end
$$;

create function plinth.distribute_table(t plinth.registered_tables) returns void
language plpgsql set search_path = plinth, public, pg_catalog, pg_temp
as $$
declare
  relation constant regclass := ('plinth.' || quote_ident(t.table_name))::regclass;
  anchor constant text := colocation_anchor();
  is_distributed boolean;
  has_rows boolean;
begin
  -- a global table in partitions (security events) stays on the coordinator: Citus has no partitioned reference tables
  if not is_citus() or (t.tenant_column is null and t.partition_by is not null) then
    return;
  end if;
  -- the runner's history outlives the registry
  execute 'select exists (select from pg_dist_partition where logicalrelid = $1)' into is_distributed using relation;
  if is_distributed then
    return;
  end if;
  perform set_config('citus.multi_shard_modify_mode', 'sequential', true),
          set_config('citus.enable_unsafe_triggers', 'on', true),
          set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);
  -- rows are sent by COPY, which PostgreSQL refuses to whoever is bound by row security, and forced it binds the owner
  execute format('select exists (select from %s)', relation) into has_rows;
  if has_rows then
    execute format('alter table %s no force row level security', relation);
  end if;
  if t.tenant_column is null then
    execute 'select create_reference_table($1)' using relation;
  elsif anchor is null then
    execute 'select create_distributed_table($1, $2)' using relation, t.tenant_column;
  else
    execute 'select create_distributed_table($1, $2, colocate_with => $3)' using relation, t.tenant_column, anchor;
  end if;
  if has_rows then
    execute format('alter table %s force row level security', relation);
  end if;
end
$$;

-- A column of a class that the table has not is a typing error, and the column meant would be read in clear.
create function plinth.assert_columns(t plinth.registered_tables) returns void
language plpgsql stable set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  relation constant regclass := ('plinth.' || quote_ident(t.table_name))::regclass;
  named text;
begin
  foreach named in array array_remove(
    t.fixed_columns || t.personal_columns || t.secret_columns || t.unaudited_columns || t.partition_by, null)
  loop
    if not has_column(relation, named) then
      raise exception '%: there is no column %', t.table_name, named using errcode = '42703';
    end if;
  end loop;
end
$$;

-- The last statement of every migration that makes a table.
create function plinth.register_table(
  table_name text,
  visibility text,
  audit text default 'row',
  tenant_column text default null,
  user_column text default 'user_id',
  request_verbs text[] default '{select,insert,update,delete}',
  definer_verbs text[] default '{}',
  fixed_columns text[] default '{}',
  personal_columns text[] default '{}',
  secret_columns text[] default '{}',
  unaudited_columns text[] default '{}',
  admins_see boolean default false,
  touch boolean default true,
  partition_by text default null,
  retention interval default null
) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  relation constant regclass := ('plinth.' || quote_ident(table_name))::regclass;
  t registered_tables;
begin
  t.table_name := table_name;
  t.visibility := visibility;
  t.audit := audit;
  t.tenant_column := coalesce(tenant_column, case when has_column(relation, 'organization_id') then 'organization_id' end);
  -- a global table may carry an organization id for information; its key does not start with it
  if tenant_column is null and t.tenant_column is not null and visibility in ('user', 'catalogue', 'platform', 'auth')
     and not exists (select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                     where i.indrelid = relation and i.indisprimary and a.attname = 'organization_id') then
    t.tenant_column := null;
  end if;
  t.user_column := case when has_column(relation, user_column) then user_column end;
  t.request_verbs := case when visibility in ('auth', 'platform') then '{}'
                          when visibility = 'catalogue' then '{select}'
                          else request_verbs end;
  t.definer_verbs := definer_verbs;
  t.fixed_columns := fixed_columns;
  t.personal_columns := personal_columns;
  t.secret_columns := secret_columns;
  t.unaudited_columns := unaudited_columns;
  t.admins_see := admins_see;
  t.has_shared_with := visibility = 'private' and has_column(relation, 'shared_with');
  t.touches_updated_at := touch and t.tenant_column is not null and has_column(relation, 'updated_at');
  t.partition_by := partition_by;
  t.retention := retention;
  t.registered_at := now();
  t.position := coalesce((select max(r.position) from registered_tables r), 0) + 1;

  if visibility in ('tenant', 'private') and t.tenant_column is null then
    raise exception '%: visibility % needs a tenant column', table_name, visibility using errcode = '42P16';
  end if;
  if visibility in ('private', 'user') and t.user_column is null then
    raise exception '%: visibility % needs the column %', table_name, visibility, user_column using errcode = '42P16';
  end if;
  if audit = 'row' and t.tenant_column is null then
    raise exception '%: a global table is audited by its functions, not by rows', table_name using errcode = '42P16';
  end if;
  if audit = 'self' and t.request_verbs && '{update,delete}' then
    raise exception '%: a ledger is never updated or deleted by a request', table_name using errcode = '42P16';
  end if;
  perform assert_columns(t);
  if not (request_verbs || definer_verbs) <@ '{select,insert,update,delete}' then
    raise exception '%: verbs are select, insert, update and delete', table_name using errcode = '22023';
  end if;
  if t.tenant_column is not null and not exists (
    select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = relation and i.indisprimary and a.attname = t.tenant_column
  ) then
    raise exception '%: the primary key starts with %', table_name, t.tenant_column using errcode = '42P16';
  end if;
  if partition_by is distinct from (
    select a.attname::text from pg_partitioned_table p join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
    where p.partrelid = relation and p.partstrat = 'r' and p.partnatts = 1
  ) then
    raise exception '%: partition_by does not match the table', table_name using errcode = '42P16';
  end if;
  if partition_by is not null and length(table_name) > 55 then
    raise exception '%: a name of at most 55 characters leaves room for the month', table_name using errcode = '42622';
  end if;
  if retention is not null and partition_by is null then
    raise exception '%: retention is by partitions, and it has none', table_name using errcode = '42P16';
  end if;

  perform make_policies(t);
  perform make_grants(t);
  perform make_triggers(t);
  if partition_by is not null then
    execute format('create table plinth.%I partition of %s default', table_name || '_default', relation);
  end if;
  perform distribute_table(t);
  insert into registered_tables values (t.*);   -- a bare insert … select is refused by Citus where row security is on
  if partition_by is not null then
    perform ensure_partitions(table_name);
  end if;
end
$$;
comment on function plinth.register_table(text, text, text, text, text, text[], text[], text[], text[], text[], text[], boolean, boolean, text, interval) is
  'Makes policies, grants, triggers and partitions of a new table, and distributes it where Citus is.';

-- After a migration added or dropped a column, or sharding: makes the rules again from what was registered. A class of
-- columns that is given replaces the one registered.
create function plinth.refresh_table(
  name text,
  fixed_columns text[] default null,
  personal_columns text[] default null,
  secret_columns text[] default null,
  unaudited_columns text[] default null
) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  t registered_tables;
begin
  select * into strict t from registered_tables r where r.table_name = name;
  t.fixed_columns := coalesce(refresh_table.fixed_columns, t.fixed_columns);
  t.personal_columns := coalesce(refresh_table.personal_columns, t.personal_columns);
  t.secret_columns := coalesce(refresh_table.secret_columns, t.secret_columns);
  t.unaudited_columns := coalesce(refresh_table.unaudited_columns, t.unaudited_columns);
  perform assert_columns(t);
  update registered_tables r
  set fixed_columns = t.fixed_columns, personal_columns = t.personal_columns, secret_columns = t.secret_columns,
      unaudited_columns = t.unaudited_columns
  where r.table_name = name;
  perform make_policies(t);
  perform make_grants(t);
  perform make_triggers(t);
end
$$;
comment on function plinth.refresh_table(text, text[], text[], text[], text[]) is
  'Makes policies, grants and triggers of a table again; classes of columns that are given replace those registered.';

create function plinth.unregister_table(name text) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  execute format('drop table plinth.%I', name);
  delete from registered_tables r where r.table_name = name;
end
$$;

select plinth.register_table('registered_tables', visibility => 'platform', audit => 'action');
select plinth.register_table('registered_functions', visibility => 'platform', audit => 'action');
-- made before any migration, by the runner; its rows are read through applied_migrations()
select plinth.register_table('schema_migrations', visibility => 'platform', audit => 'self', definer_verbs => '{select}');
