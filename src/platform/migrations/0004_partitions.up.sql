-- Monthly partitions of the tables that grow with time.

create function plinth.ensure_partition(parent text, month date) returns boolean
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  lower_bound constant timestamptz := date_trunc('month', month)::timestamp at time zone 'UTC';
  upper_bound constant timestamptz := (date_trunc('month', month) + interval '1 month')::timestamp at time zone 'UTC';
  part constant text := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
  default_part constant text := parent || '_default';
  time_column text;
  written_columns text;
  waiting bigint;
begin
  if to_regclass('plinth.' || quote_ident(part)) is not null then
    return false;
  end if;
  select partition_by into strict time_column from registered_tables where table_name = parent;
  -- the parent before its default partition, as everybody who writes: the other way round two wait for each other (deadlocks
  -- met where late events were received while their month was made)
  if not is_citus() then
    execute format('lock table only plinth.%I in access exclusive mode', parent);
  end if;
  -- rows that arrived before their partition: moved out, and back in with their id and xid. No more of them may come
  -- meanwhile, and moving is no change: neither the audit nor another trigger of the table hears of it.
  execute format('lock table plinth.%I in exclusive mode', default_part);
  select string_agg(quote_ident(attname), ', ' order by attnum)
  into written_columns
  from pg_attribute
  where attrelid = ('plinth.' || quote_ident(parent))::regclass and attnum > 0 and not attisdropped and attgenerated = '';
  execute format('create temp table moved_rows on commit drop as select %s from plinth.%I where %I >= %L and %I < %L',
    written_columns, default_part, time_column, lower_bound, time_column, upper_bound);
  get diagnostics waiting = row_count;
  if waiting > 0 then
    if is_citus() then
      perform set_config('citus.enable_unsafe_triggers', 'on', true);
    end if;
    execute format('alter table plinth.%I disable trigger user', default_part);
    execute format('delete from plinth.%I where %I >= %L and %I < %L', default_part, time_column, lower_bound, time_column, upper_bound);
    execute format('alter table plinth.%I enable trigger user', default_part);
  end if;
  execute format('create table plinth.%I partition of plinth.%I for values from (%L) to (%L)', part, parent, lower_bound, upper_bound);
  if waiting > 0 then
    execute format('alter table plinth.%I disable trigger user', part);
    execute format('insert into plinth.%I (%s) select %s from moved_rows', part, written_columns, written_columns);
    execute format('alter table plinth.%I enable trigger user', part);
  end if;
  drop table moved_rows;
  return true;
end
$$;

-- This month and the next ones of a table (or of all), and the months of rows that wait in a default partition. It stops when
-- it has made some for so many tables: whoever writes to several tables in a transaction must not meet one that locks them in
-- another order.
create function plinth.ensure_partitions(only_table text default null, months_ahead int default 3, tables_max int default null)
returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  t record;
  months date[];
  month date;
  made int := 0;
  made_before int;
  tables int := 0;
begin
  if is_citus() then
    -- before the first read: after one over many connections Citus makes no partition in this transaction
    perform set_config('citus.multi_shard_modify_mode', 'sequential', true);
  end if;
  -- one at a time: each reads a default partition before it locks it
  perform pg_advisory_xact_lock(hashtextextended('plinth.partitions', 0));
  for t in
    select table_name, partition_by
    from registered_tables
    where partition_by is not null and (only_table is null or table_name = only_table)
    order by table_name
  loop
    -- all of them first: a table that is still being read can not be altered
    execute format(
      'select array_agg(month order by month) from (
         select distinct date_trunc(''month'', %1$I at time zone ''UTC'')::date as month from plinth.%2$I
         union
         select (date_trunc(''month'', now() at time zone ''UTC'') + make_interval(months => ahead))::date from generate_series(0, %3$s) ahead
       ) wanted', t.partition_by, t.table_name || '_default', months_ahead)
    into months;
    made_before := made;
    foreach month in array months
    loop
      if ensure_partition(t.table_name, month) then
        made := made + 1;
      end if;
    end loop;
    if made > made_before then
      tables := tables + 1;
      exit when tables >= tables_max;
    end if;
  end loop;
  return made;
end
$$;
comment on function plinth.ensure_partitions(text, int, int) is
  'Makes the monthly partitions that are missing and moves rows out of the default ones; returns how many it made.';

-- Partitions wholly older than the table's retention go; returns their names.
create function plinth.drop_expired_partitions() returns text[]
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  part record;
  dropped text[] := '{}';
begin
  for part in
    select child.relname as name
    from registered_tables t
    join pg_class parent on parent.relname = t.table_name and parent.relnamespace = 'plinth'::regnamespace
    join pg_inherits i on i.inhparent = parent.oid
    join pg_class child on child.oid = i.inhrelid
    where t.retention is not null
      and child.relname ~ ('^' || t.table_name || '_\d{4}_\d{2}$')
      and (to_date(right(child.relname, 7), 'YYYY_MM') + interval '1 month')::timestamp at time zone 'UTC' <= now() - t.retention
    order by child.relname
  loop
    execute format('drop table plinth.%I', part.name);
    dropped := dropped || part.name;
  end loop;
  return dropped;
end
$$;

-- Rows that wait in default partitions: more than none is worth an alert, they block the making of their month.
create function plinth.default_partition_rows() returns table (table_name text, waiting_rows bigint)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  for table_name in select r.table_name from registered_tables r where r.partition_by is not null order by 1 loop
    execute format('select count(*) from plinth.%I', table_name || '_default') into waiting_rows;
    return next;
  end loop;
end
$$;

-- Analyses tables that have grown tenfold since that was done last, or that never were and have so many rows; returns how many.
-- The server does it by itself a minute later. Until then an index of a tenant seems to hold one row of it, and a statement that
-- looks for 200 rows by their ids may read all of the tenant's for each.
create function plinth.analyze_new_tables(rows_min int default 100) returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  young record;
  analyzed int := 0;
begin
  for young in
    select c.relname
    from pg_class c
    where c.relnamespace = 'plinth'::regnamespace and c.relkind = 'r' and pg_stat_get_live_tuples(c.oid) >= rows_min
      and pg_stat_get_live_tuples(c.oid) > c.reltuples * 10
    order by c.relname
  loop
    execute format('analyze plinth.%I', young.relname);
    analyzed := analyzed + 1;
  end loop;
  return analyzed;
end
$$;

select plinth.register_function('ensure_partitions(text, integer, integer)', '{worker}', 'owner');
select plinth.register_function('analyze_new_tables(integer)', '{worker}', 'owner');
select plinth.register_function('drop_expired_partitions()', '{worker}', 'owner');
select plinth.register_function('default_partition_rows()', '{worker}', 'owner');
