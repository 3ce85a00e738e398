-- Who works, and what is forgotten: in batches, so that nobody waits for it.

-- Of the types asked about, those that workers have registered: how many workers that were heard of since a time.
create function plinth.live_task_types(organization uuid, types text[], since timestamptz)
returns table (task_type text, workers bigint, last_seen_at timestamptz)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    select u.name, count(*), max(w.last_seen_at)
    from unnest(types) as u(name)
    join workers w on u.name = any (w.task_types)
    where w.stopped_at is null and w.last_seen_at >= since
    group by u.name
    order by u.name;
end
$$;

-- Removes tasks of an organization that ended before a time, with their progress, the oldest first, at most rows_max.
-- Parents stay until their children are gone. Returns how many.
create function plinth.forget_ended_tasks(organization uuid, before timestamptz, rows_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  -- ids hold the time a task was enqueued, and it ended after that
  newest constant uuid := plinth.uuidv7(before);
  old uuid[];
begin
  old := array(
    select t.id
    from tasks t
    where t.organization_id = organization and t.id < newest
      and t.status in ('completed', 'failed', 'cancelled') and t.completed_at < before
      and not exists (select 1 from tasks c where c.organization_id = organization and c.parent_task_id = t.id)
    order by t.id
    limit rows_max
    for update skip locked);
  delete from task_progress p where p.organization_id = organization and p.task_id = any (old);
  delete from tasks t where t.organization_id = organization and t.id = any (old);
  return coalesce(cardinality(old), 0);
end
$$;

-- Organizations that have tasks which ended before a time.
create function plinth.organizations_with_ended_tasks(before timestamptz) returns table (organization_id uuid)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  newest constant uuid := plinth.uuidv7(before);
begin
  return query
    select o.id
    from organizations o
    where exists (
      select 1 from tasks t where t.organization_id = o.id and t.id < newest and t.completed_at < before)
    order by o.id;
end
$$;

-- Removes firings older than a time, at most rows_max. Returns how many.
create function plinth.forget_schedule_firings(before timestamptz, rows_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  removed int;
begin
  delete from schedule_firings
  where (organization_id, id) in (
    select f.organization_id, f.id from schedule_firings f where f.created_at < before order by f.created_at limit rows_max);
  get diagnostics removed = row_count;
  return removed;
end
$$;

-- Removes what was claimed of keys that have no rate limit any more, at most rows_max. Returns how many.
create function plinth.forget_task_rates(rows_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  tenant record;
  removed int := 0;
  batch int;
begin
  -- tenant by tenant: Citus locks rows of one at a time
  for tenant in
    select x.organization_id as id, array_agg(x.concurrency_key) as keys
    from (
      select r.organization_id, r.concurrency_key
      from task_rates r
      where not exists (
        select 1 from task_limits m
        where m.organization_id = r.organization_id and m.concurrency_key = r.concurrency_key and m.rate_limit is not null)
      order by r.organization_id, r.concurrency_key
      limit rows_max
    ) x
    group by x.organization_id
    order by x.organization_id
  loop
    delete from task_rates d
    where d.organization_id = tenant.id and d.concurrency_key in (
      select r.concurrency_key
      from task_rates r
      where r.organization_id = tenant.id and r.concurrency_key = any (tenant.keys)
      order by r.concurrency_key
      for update skip locked);
    get diagnostics batch = row_count;
    removed := removed + batch;
  end loop;
  return removed;
end
$$;

select plinth.register_function('live_task_types(uuid, text[], timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('organizations_with_ended_tasks(timestamp with time zone)', '{worker}', 'owner');
select plinth.register_function('forget_ended_tasks(uuid, timestamp with time zone, integer)', '{worker}', 'owner');
select plinth.register_function('forget_schedule_firings(timestamp with time zone, integer)', '{worker}', 'owner');
select plinth.register_function('forget_task_rates(integer)', '{worker}', 'owner');
