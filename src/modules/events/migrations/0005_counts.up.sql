-- The live feed, hourly counts, retention.

-- The events of an organization in order of visibility: after the place (after_xid, after_id), and only those nothing can
-- come before any more. At least one row is given back: where there is nothing to read its id is null. `horizon`: every
-- event of a lower xid has been read once fewer rows than asked for come; `is_behind`: some wait above it, so it is worth
-- looking again soon. Without after_xid no event is read: xid and id are those of the last one. The horizon is no place to
-- read on from: after a crash the server gives the ids of transactions that were rolled back last to others. A definer function, for the epoch is no request's to read, and so
-- that the plan keeps to the index in every partition.
create function plinth.read_event_feed(organization uuid, after_xid text, after_id uuid, rows_max int)
returns table (epoch int, horizon text, is_behind boolean, xid text, id uuid, occurred_at timestamptz,
  received_at timestamptz, source_id uuid, source text, type text, category text, priority int, external_id text, title text,
  project_id uuid, repository_id uuid, repository_full_name text, branch text, commit_sha text, url text, actor text,
  payload_bytes int, status text)
-- stable: all its statements see one snapshot, that of the horizon
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  below constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  if after_xid !~ '^[0-9]{1,19}$' then
    raise exception 'after_xid is no transaction id' using errcode = '22P02';
  end if;
  read_event_feed.epoch := (select (s.value #>> '{}')::int from system_settings s where s.key = 'cursor_epoch');
  read_event_feed.horizon := below::text;
  read_event_feed.is_behind := exists (
    select 1 from events e where e.organization_id = organization and e.xid >= below);
  if after_xid is not null then
    return query
      select read_event_feed.epoch, read_event_feed.horizon, read_event_feed.is_behind, e.xid::text, e.id, e.occurred_at,
        e.received_at, e.source_id, e.source, e.type, e.category, e.priority, e.external_id, e.title, e.project_id,
        e.repository_id, e.repository_full_name, e.branch, e.commit_sha, e.url, e.actor, e.payload_bytes, e.status
      from events e
      where e.organization_id = organization
        and (e.xid, e.id) > (after_xid::xid8, coalesce(after_id, '00000000-0000-0000-0000-000000000000'))
        and e.xid < below
      order by e.xid, e.id
      limit rows_max;
    if found then
      return;
    end if;
  else
    select e.xid::text, e.id into read_event_feed.xid, read_event_feed.id
    from events e
    where e.organization_id = organization and e.xid < below
    order by e.xid desc, e.id desc
    limit 1;
  end if;
  return next;
end
$$;

select plinth.register_function('read_event_feed(uuid, text, uuid, integer)', '{app}', tenant_argument => 'organization');

-- Counts by the hour -------------------------------------------------------------------------------------------------

create table plinth.event_aggregations (
  organization_id uuid not null,
  hour timestamptz not null,
  source text not null,
  type text not null,
  category text not null,
  status text not null,
  stored_count int not null default 0,
  removed_count int not null default 0,
  event_count int generated always as (stored_count + removed_count) stored,
  payload_bytes bigint not null default 0,
  constraint event_aggregations_pkey primary key (organization_id, hour, source, type, category, status),
  constraint event_aggregations_hour_check check (date_part('epoch', hour)::bigint % 3600 = 0),
  constraint event_aggregations_count_check check (stored_count >= 0 and removed_count >= 0)
);
comment on table plinth.event_aggregations is 'How many events there were in each hour of UTC, by occurred_at; recounted where anything of an hour changed.';
comment on column plinth.event_aggregations.hour is 'When the hour begins.';
comment on column plinth.event_aggregations.source is 'As events.source.';
comment on column plinth.event_aggregations.type is 'As events.type.';
comment on column plinth.event_aggregations.category is 'As events.category.';
comment on column plinth.event_aggregations.status is 'As events.status.';
comment on column plinth.event_aggregations.event_count is 'All there were: stored_count and removed_count.';
comment on column plinth.event_aggregations.stored_count is 'Those in events.';
comment on column plinth.event_aggregations.removed_count is 'Those that retention has removed, with the status they had.';
comment on column plinth.event_aggregations.payload_bytes is 'Of the payloads that are stored.';
select plinth.register_table('event_aggregations', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}');

create table plinth.event_dirty_hours (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  hour timestamptz not null,
  constraint event_dirty_hours_pkey primary key (organization_id, id)
);
comment on table plinth.event_dirty_hours is
  'Hours whose events changed since they were counted. Only ever added to, so that no writer waits for another; the counting takes them away.';
comment on column plinth.event_dirty_hours.hour is 'When the hour begins.';
select plinth.register_table('event_dirty_hours', visibility => 'tenant', audit => 'self', request_verbs => '{}',
  definer_verbs => '{select,insert,delete}');

-- Notes the hour of an event that came or changed.
create function plinth.mark_event_hour() returns trigger
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  insert into event_dirty_hours (organization_id, hour)
  values (new.organization_id, to_timestamp(floor(date_part('epoch', new.occurred_at) / 3600) * 3600));
  perform set_config('plinth.marked_event_hour',
    new.organization_id || ' ' || floor(date_part('epoch', new.occurred_at) / 3600), true);
  return new;
end
$$;

do $do$
begin
  if plinth.is_citus() then
    perform set_config('citus.enable_unsafe_triggers', 'on', true);
  end if;
end
$do$;
-- once for consecutive events of an hour in a transaction: the function is called for no other (8 us for each event if it
-- looked itself)
create trigger mark_hour_of_new before insert on plinth.events
  for each row
  when (current_setting('plinth.marked_event_hour', true)
    is distinct from new.organization_id || ' ' || floor(date_part('epoch', new.occurred_at) / 3600))
  execute function plinth.mark_event_hour('events');
create trigger mark_hour_of_changed before update on plinth.events
  for each row
  when (old.status is distinct from new.status and current_setting('plinth.marked_event_hour', true)
    is distinct from new.organization_id || ' ' || floor(date_part('epoch', new.occurred_at) / 3600))
  execute function plinth.mark_event_hour('events');

-- The organizations with hours to count.
create function plinth.organizations_with_dirty_event_hours(organizations_max int) returns setof uuid
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
  if is_citus() then
    return query select d.organization_id from event_dirty_hours d group by d.organization_id limit organizations_max;
    return;
  end if;
  -- a loose index scan: one probe for each organization, however many hours it has
  return query
    with recursive found as (
      (select d.organization_id from event_dirty_hours d order by d.organization_id limit 1)
      union all
      select (select d.organization_id from event_dirty_hours d
              where d.organization_id > f.organization_id
              order by d.organization_id limit 1)
      from found f
      where f.organization_id is not null
    )
    select organization_id from found where organization_id is not null limit organizations_max;
end
$$;

-- Counts the events of an hour anew. Whoever calls it holds the lock on the organization's counts.
create function plinth.recount_event_hour(organization uuid, this_hour timestamptz) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
-- a plan for each hour, of the partitions it is in: one made for empty partitions would read all of a tenant's events
set plan_cache_mode = force_custom_plan
set enable_seqscan = off
set jit = off
as $$
declare
  hour_end constant timestamptz := this_hour + interval '1 hour';
  -- ids hold the millisecond: the key's range, which one more on either side makes safe
  first_id constant uuid :=
    (lpad(to_hex((date_part('epoch', this_hour) * 1000)::bigint - 1), 12, '0') || repeat('0', 20))::uuid;
  last_id constant uuid :=
    (lpad(to_hex((date_part('epoch', hour_end) * 1000)::bigint + 1), 12, '0') || repeat('0', 20))::uuid;
  counted jsonb;
begin
  counted := (
    select coalesce(jsonb_agg(jsonb_build_object('source', c.source, 'type', c.type, 'category', c.category,
      'status', c.status, 'events', c.events, 'bytes', c.bytes)), '[]')
    from (
      select e.source, e.type, e.category, e.status, count(*) as events, sum(e.payload_bytes) as bytes
      from events e
      where e.organization_id = organization and e.id >= first_id and e.id < last_id
        and e.occurred_at >= this_hour and e.occurred_at < hour_end
      group by e.source, e.type, e.category, e.status
    ) c);
  update event_aggregations a
  set stored_count = 0, payload_bytes = 0
  where a.organization_id = organization and a.hour = this_hour and a.stored_count > 0
    and not exists (
      select 1 from jsonb_to_recordset(counted) as c(source text, type text, category text, status text)
      where c.source = a.source and c.type = a.type and c.category = a.category and c.status = a.status);
  -- nothing tells of them any more
  delete from event_aggregations a
  where a.organization_id = organization and a.hour = this_hour and a.stored_count = 0 and a.removed_count = 0;
  insert into event_aggregations as a (organization_id, hour, source, type, category, status, stored_count, payload_bytes)
  select organization, this_hour, c.source, c.type, c.category, c.status, c.events, c.bytes
  from jsonb_to_recordset(counted) as c(source text, type text, category text, status text, events int, bytes bigint)
  on conflict (organization_id, hour, source, type, category, status) do update
  set stored_count = excluded.stored_count, payload_bytes = excluded.payload_bytes
  where a.stored_count <> excluded.stored_count or a.payload_bytes <> excluded.payload_bytes;
end
$$;

-- Counts what changed of an organization's hours, the newest first, and forgets that it did. Returns how many hours; 0
-- where there are none, or where another is at it: two that count one hour could store the older count last.
create function plinth.count_dirty_event_hours(organization uuid, hours_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
  dirty timestamptz[];
  this_hour timestamptz;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('plinth.event_counts ' || organization, 0)) then
    return 0;
  end if;
  dirty := array(
    select distinct d.hour from event_dirty_hours d where d.organization_id = organization order by d.hour desc limit hours_max);
  -- before the counting, whose statements see at least what was there when a mark was: what comes later is marked again
  delete from event_dirty_hours d where d.organization_id = organization and d.hour = any (dirty);
  foreach this_hour in array dirty
  loop
    perform recount_event_hour(organization, this_hour);
  end loop;
  return cardinality(dirty);
end
$$;

create view plinth.event_summary with (security_invoker = true) as
select a.organization_id, a.hour, a.source, a.type, a.category,
  sum(a.event_count)::bigint as events,
  coalesce(sum(a.event_count) filter (where a.status in ('pending', 'processing')), 0)::bigint as pending,
  coalesce(sum(a.event_count) filter (where a.status = 'processed'), 0)::bigint as processed,
  coalesce(sum(a.event_count) filter (where a.status = 'skipped'), 0)::bigint as skipped,
  coalesce(sum(a.event_count) filter (where a.status = 'failed'), 0)::bigint as failed,
  sum(a.payload_bytes)::bigint as payload_bytes
from plinth.event_aggregations a
where a.organization_id = plinth.current_organization_id()
group by a.organization_id, a.hour, a.source, a.type, a.category;
comment on view plinth.event_summary is 'Events by hour, source, type and category, and what became of them.';

create view plinth.repository_activity with (security_invoker = true) as
select e.organization_id, e.repository_id, max(e.repository_full_name) as repository_full_name,
  count(*) as events,
  count(*) filter (where e.occurred_at >= now() - interval '1 day') as events_last_day,
  count(*) filter (where e.occurred_at >= now() - interval '7 days') as events_last_week,
  count(*) filter (where e.category = 'code') as code_events,
  count(*) filter (where e.category = 'review') as review_events,
  count(*) filter (where e.category = 'issue') as issue_events,
  count(*) filter (where e.category = 'ci') as ci_events,
  count(distinct e.actor) as actors,
  max(e.occurred_at) as last_event_at
from plinth.events e
where e.organization_id = plinth.current_organization_id() and e.repository_id is not null
  and e.occurred_at >= now() - interval '30 days'
group by e.organization_id, e.repository_id;
comment on view plinth.repository_activity is 'The repositories that events of the last 30 days are about.';

create view plinth.processing_performance with (security_invoker = true) as
select e.organization_id, e.source, e.type,
  count(*) as events,
  count(*) filter (where e.status = 'failed') as failed,
  count(*) filter (where e.processed_at is null) as waiting,
  sum(e.attempts)::bigint as attempts,
  avg(date_part('epoch', e.processed_at - e.received_at)) as avg_seconds,
  percentile_cont(0.5) within group (order by date_part('epoch', e.processed_at - e.received_at)) as p50_seconds,
  percentile_cont(0.95) within group (order by date_part('epoch', e.processed_at - e.received_at)) as p95_seconds,
  max(date_part('epoch', e.processed_at - e.received_at)) as max_seconds,
  min(e.received_at) filter (where e.processed_at is null) as oldest_waiting_at
from plinth.events e
where e.organization_id = plinth.current_organization_id() and e.occurred_at >= now() - interval '7 days'
group by e.organization_id, e.source, e.type;
comment on view plinth.processing_performance is 'From receipt to the end of matching, for the events of the last 7 days.';

select plinth.register_function('mark_event_hour()', security => 'invoker');
select plinth.register_function('organizations_with_dirty_event_hours(integer)', '{worker}');
select plinth.register_function('recount_event_hour(uuid, timestamp with time zone)');
select plinth.register_function('count_dirty_event_hours(uuid, integer)', '{worker}', tenant_argument => 'organization');
select plinth.register_view('event_summary');
select plinth.register_view('repository_activity');
select plinth.register_view('processing_performance');

-- Retention ----------------------------------------------------------------------------------------------------------

create table plinth.event_retention (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  source text not null default '*',
  type text not null default '*',
  keep_days int not null,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  constraint event_retention_pkey primary key (organization_id, id),
  constraint event_retention_rule_key unique (organization_id, source, type),
  constraint event_retention_organization_fkey foreign key (organization_id)
    references plinth.organizations (id) on delete cascade,
  constraint event_retention_source_check check (length(source) between 1 and 100),
  constraint event_retention_type_check check (length(type) between 1 and 200),
  constraint event_retention_keep_days_check check (keep_days between 1 and 760)
);
comment on table plinth.event_retention is 'How long an organization keeps its events; for each the most specific rule holds.';
comment on column plinth.event_retention.source is '*: of any source.';
comment on column plinth.event_retention.type is '*: of any type.';
comment on column plinth.event_retention.keep_days is 'After it occurred and was received. All go after 25 months, with their partitions.';
select plinth.register_table('event_retention', visibility => 'tenant', user_column => 'created_by',
  fixed_columns => '{created_by}', request_verbs => '{select,insert,delete}', definer_verbs => '{select}');

-- The organization with counted events that comes after this one, or null. One step of an index.
create function plinth.next_counted_organization(after uuid) returns uuid
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  return (
    select a.organization_id
    from event_aggregations a
    where a.organization_id > coalesce(after, '00000000-0000-0000-0000-000000000000')
    order by a.organization_id
    limit 1);
end
$$;

-- Removes events, with their typed columns, that are past the time their organization keeps them, the oldest hours first
-- and at most so many; returns how many went. What still waits to be matched stays. The counts go on telling of what went.
-- Found by the counted hours, so that nothing but what goes is read.
create function plinth.cleanup_old_events(organization uuid, at timestamptz, default_days int, rows_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
  expired record;
  gone record;
  gone_ids uuid[];
  gone_from timestamptz;
  gone_until timestamptz;
  removed int := 0;
  shortest constant interval := make_interval(days => least(default_days,
    (select min(r.keep_days) from event_retention r where r.organization_id = organization),
    (select min(t.retention_days) from event_types t where t.organization_id = organization and t.deleted_at is null)));
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('plinth.event_counts ' || organization, 0));
  for expired in
    select c.hour, c.source, c.type, c.keep
    from (
      select a.hour, a.source, a.type,
        make_interval(days => coalesce((
          select t.retention_days from event_types t
          where t.organization_id = organization and t.source = a.source and t.name = a.type and t.deleted_at is null), (
          select r.keep_days from event_retention r
          where r.organization_id = organization and r.source in (a.source, '*') and r.type in (a.type, '*')
          order by r.type = '*', r.source = '*'
          limit 1), default_days)) as keep
      from event_aggregations a
      where a.organization_id = organization and a.hour < at - shortest and a.stored_count > 0
      group by a.hour, a.source, a.type
    ) c
    where c.hour + interval '1 hour' <= at - c.keep
    order by c.hour, c.source, c.type
  loop
    exit when removed >= rows_max;
    gone_from := expired.hour;
    gone_until := expired.hour + interval '1 hour';
    gone_ids := array(
      select e.id from events e
      where e.organization_id = organization and e.source = expired.source and e.type = expired.type
        and e.occurred_at >= gone_from and e.occurred_at < gone_until
        and e.received_at < at - expired.keep and e.status not in ('pending', 'processing')
      limit rows_max - removed
      for update);
    continue when cardinality(gone_ids) = 0;
    for gone in
      select e.category, e.status, count(*)::int as events
      from events e
      where e.organization_id = organization and e.id = any (gone_ids)
        and e.occurred_at >= gone_from and e.occurred_at < gone_until
      group by e.category, e.status
    loop
      insert into event_aggregations as a (organization_id, hour, source, type, category, status, removed_count)
      values (organization, expired.hour, expired.source, expired.type, gone.category, gone.status, gone.events)
      on conflict (organization_id, hour, source, type, category, status) do update
      set removed_count = a.removed_count + excluded.removed_count;
    end loop;
    -- a line for each table of typed columns
    delete from github_events t
    where t.organization_id = organization and t.id = any (gone_ids)
      and t.occurred_at >= gone_from and t.occurred_at < gone_until;
    delete from linear_events t
    where t.organization_id = organization and t.id = any (gone_ids)
      and t.occurred_at >= gone_from and t.occurred_at < gone_until;
    delete from slack_events t
    where t.organization_id = organization and t.id = any (gone_ids)
      and t.occurred_at >= gone_from and t.occurred_at < gone_until;
    delete from deployment_events t
    where t.organization_id = organization and t.id = any (gone_ids)
      and t.occurred_at >= gone_from and t.occurred_at < gone_until;
    delete from events e
    where e.organization_id = organization and e.id = any (gone_ids)
      and e.occurred_at >= gone_from and e.occurred_at < gone_until;
    perform recount_event_hour(organization, expired.hour);
    removed := removed + cardinality(gone_ids);
  end loop;
  return removed;
end
$$;

-- Keys of what was received before a time: as long as the longest kept events, whatever an organization keeps, for what is
-- signed without a time may be sent again at any time. Counts of hours as old go with them.
create function plinth.forget_event_keys(organization uuid, before timestamptz, rows_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
  keys int;
  hours int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  delete from event_deduplication d
  where d.organization_id = organization
    and (d.source_id, d.deduplication_key) in (
      select o.source_id, o.deduplication_key from event_deduplication o
      where o.organization_id = organization and o.received_at < before
      limit rows_max);
  get diagnostics keys = row_count;
  delete from event_aggregations a
  where a.organization_id = organization and a.hour in (
    select o.hour from event_aggregations o where o.organization_id = organization and o.hour < before limit rows_max);
  get diagnostics hours = row_count;
  return keys + hours;
end
$$;

select plinth.register_function('next_counted_organization(uuid)', '{worker}');
select plinth.register_function('cleanup_old_events(uuid, timestamp with time zone, integer, integer)', '{worker}', tenant_argument => 'organization');
select plinth.register_function('forget_event_keys(uuid, timestamp with time zone, integer)', '{worker}', tenant_argument => 'organization');
