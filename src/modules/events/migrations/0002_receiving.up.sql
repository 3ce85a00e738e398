-- Receiving events and matching them. A request never writes these tables itself.

-- What the receiving route needs of a source, by the hash of its token. One row or none.
create function plinth.event_source_by_token(organization uuid, token_hash bytea)
returns table (id uuid, name text, scheme text, configuration jsonb, secret text, previous_secret text,
  previous_secret_expires_at timestamptz)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    select s.id, s.name, s.scheme, s.configuration, s.secret, s.previous_secret, s.previous_secret_expires_at
    from event_source_tokens t
    join event_sources s on s.organization_id = t.organization_id and s.id = t.id
    join organizations o on o.id = t.organization_id and o.deleted_at is null
    where t.organization_id = organization and t.hash = token_hash and s.is_active;
end
$$;

-- The same by the source's id, for a test event that is signed here; switched off or not. One row or none.
create function plinth.event_source_by_id(organization uuid, source uuid)
returns table (id uuid, scheme text, configuration jsonb, secret text, is_active boolean)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    select s.id, s.scheme, s.configuration, s.secret, s.is_active
    from event_sources s
    where s.organization_id = organization and s.id = source;
end
$$;

-- When sources last received something: from the organization's newest 10,000 keys, and from the first 1,000 of a source that
-- is not among them. has_received without a time: longer ago than these show.
create function plinth.event_sources_received(organization uuid, sources uuid[])
returns table (source_id uuid, received_at timestamptz, has_received boolean)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    with newest as materialized (
      select d.source_id as id, d.received_at as at
      from event_deduplication d
      where d.organization_id = organization
      order by d.received_at desc
      limit 10000
    ), recent as materialized (
      select n.id, max(n.at) as at from newest n group by n.id
    )
    select s.id, coalesce(r.at, older.at), r.at is not null or older.found > 0
    from event_sources s
    left join recent r on r.id = s.id
    cross join lateral (
      select case when count(*) < 1000 then max(k.at) end as at, count(*) as found
      from (
        select d.received_at as at
        from event_deduplication d
        where d.organization_id = organization and d.source_id = s.id and r.at is null
        limit 1000
      ) k
    ) older
    where s.organization_id = organization and s.id = any (sources);
end
$$;

-- Webhooks of a source that were refused, as far as they were recorded, newest first.
create function plinth.event_source_refusals(organization uuid, source uuid, since timestamptz, rows_max int)
returns table (occurred_at timestamptz, code text)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    select s.occurred_at, s.details ->> 'code'
    from security_events s
    where s.kind = 'webhook_refused'
      and s.occurred_at >= since
      and s.organization_id = organization
      and s.details ->> 'source_id' = source::text
    order by s.occurred_at desc
    limit rows_max;
end
$$;

-- Null: the organization has a source of this name.
create function plinth.create_event_source(organization uuid, source jsonb, token_hash bytea) returns uuid
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  source_id constant uuid := (source ->> 'id')::uuid;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into event_sources (organization_id, id, name, scheme, configuration, project_id, token_last4, secret)
  values (organization, source_id, source ->> 'name', source ->> 'scheme', coalesce(source -> 'configuration', '{}'),
          (source ->> 'project_id')::uuid, source ->> 'token_last4', source ->> 'secret')
  on conflict (organization_id, name) do nothing;
  if not found then
    return null;
  end if;
  insert into event_source_tokens (organization_id, id, hash) values (organization, source_id, token_hash);
  return source_id;
end
$$;

-- A new secret; the old one is accepted for so many more hours (0: no longer). Returns until when. Null: no such source.
create function plinth.rotate_event_source_secret(organization uuid, source_id uuid, new_secret text, overlap_hours int)
returns timestamptz
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  until constant timestamptz := clock_timestamp() + make_interval(hours => overlap_hours);
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  update event_sources s
  set previous_secret = case when overlap_hours > 0 then s.secret end,
      previous_secret_expires_at = case when overlap_hours > 0 then until end, secret = new_secret
  where s.organization_id = organization and s.id = source_id;
  if not found then
    return null;
  end if;
  return until;
end
$$;

create function plinth.update_event_source(organization uuid, source_id uuid, new_name text, active boolean) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  update event_sources s
  set name = coalesce(new_name, s.name), is_active = coalesce(active, s.is_active)
  where s.organization_id = organization and s.id = source_id;
  return found;
end
$$;

create function plinth.delete_event_source(organization uuid, source_id uuid) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  delete from event_sources s where s.organization_id = organization and s.id = source_id;
  return found;
end
$$;

-- The organizations that have events waiting to be matched.
create function plinth.organizations_with_pending_events(organizations_max int) returns setof uuid
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
  if is_citus() then
    -- Citus refuses a recursive query over all tenants
    return query select e.organization_id from events e where e.status = 'pending' group by e.organization_id limit organizations_max;
    return;
  end if;
  -- a loose index scan: one probe for each organization, however many events it has
  return query
    with recursive found as (
      (select e.organization_id from events e where e.status = 'pending' order by e.organization_id limit 1)
      union all
      select (select e.organization_id from events e
              where e.status = 'pending' and e.organization_id > f.organization_id
              order by e.organization_id limit 1)
      from found f
      where f.organization_id is not null
    )
    select organization_id from found where organization_id is not null limit organizations_max;
end
$$;

-- Locks the oldest waiting events of an organization for this transaction and returns what matching needs of each, up to
-- so many bytes of payload (and always one). Those another transaction is matching are passed over. Their payloads are
-- read by event_payloads, of those that somebody may want.
create function plinth.lock_pending_events(organization uuid, rows_max int, bytes_max bigint)
returns table (id uuid, occurred_at timestamptz, source text, type text, category text, priority int, title text,
  project_id uuid, repository_id uuid, repository_full_name text, branch text, commit_sha text, actor text,
  kind text)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
-- by the keys, however few rows there were when the plan was made
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    with locked as (
      select e.id, e.occurred_at, e.received_at, e.source, e.type, e.category, e.priority, e.title, e.payload_bytes,
        e.project_id, e.repository_id, e.repository_full_name, e.branch, e.commit_sha, e.actor
      from events e
      where e.organization_id = organization and e.status = 'pending'
      order by e.received_at, e.id
      limit rows_max
      for update skip locked
    ), measured as (
      select l.*, sum(l.payload_bytes) over (order by l.received_at, l.id) - l.payload_bytes as bytes_before from locked l
    )
    -- what was deleted since it was received is not referred to any more
    select l.id, l.occurred_at, l.source, l.type, l.category, l.priority, l.title, p.id, r.id,
           l.repository_full_name, l.branch, l.commit_sha, l.actor,
           -- GitHub's types are its kinds with their action; no join with github_events, whose index the plan could miss
           case when l.source = 'github' then split_part(l.type, '.', 1) end
    from measured l
    left join projects p on p.organization_id = organization and p.id = l.project_id
    left join repositories r on r.organization_id = organization and r.id = l.repository_id
    where l.bytes_before < bytes_max
    order by l.received_at, l.id;
end
$$;

-- The payloads of events that occurred between two times.
create function plinth.event_payloads(organization uuid, ids uuid[], first_at timestamptz, last_at timestamptz)
returns table (id uuid, payload jsonb)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
-- a plan for each call, of the partitions these events are in
set plan_cache_mode = force_custom_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    select e.id, e.payload
    from events e
    where e.organization_id = organization and e.id = any (ids) and e.occurred_at between first_at and last_at;
end
$$;

-- Marks events as matched: items is [{ "id", "occurred_at", "status", "error" }]. Returns how many still waited.
create function plinth.finish_events(organization uuid, items jsonb) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
-- a plan for each call, of the partitions these events are in
set plan_cache_mode = force_custom_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  at constant timestamptz := clock_timestamp();
  ids uuid[];
  first_at timestamptz;
  last_at timestamptz;
  outcomes jsonb;
  finished int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select array_agg(i.id), min(i.occurred_at), max(i.occurred_at), jsonb_object_agg(i.id, to_jsonb(i))
  into ids, first_at, last_at, outcomes
  from jsonb_to_recordset(items) as i(id uuid, occurred_at timestamptz, status text, error jsonb);
  -- A list and no join: of a table that was never analysed the planner expects one row and looks through all items for each
  -- that it meets (0.15 ms an event). Whichever index it takes for a list, each row is met once.
  update events e
  set status = outcomes -> e.id::text ->> 'status',
    error = nullif(outcomes -> e.id::text -> 'error', 'null'), processed_at = at, attempts = e.attempts + 1
  -- written so that it can not be read by the index of waiting events: until a vacuum that still holds all that ever waited
  where e.organization_id = organization and e.id = any (ids) and e.status in ('pending', 'processing')
    and e.occurred_at between first_at and last_at;
  get diagnostics finished = row_count;
  return finished;
end
$$;

-- Lets a failed event be matched again, with the subscriptions as they are by then. Returns queued; waiting where that was
-- done already and it has not been matched since; refused where it has not failed; null: no such event.
create function plinth.retry_event(organization uuid, event uuid) returns text
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  failed events;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select * into failed
  from events e
  where e.organization_id = organization and e.id = event
    and e.occurred_at >= uuid_time(event) and e.occurred_at < uuid_time_end(event)
  for update;
  if not found then
    return null;
  end if;
  if failed.status <> 'failed' then
    return case when failed.status = 'pending' and failed.attempts > 0 then 'waiting' else 'refused' end;
  end if;
  update events e
  set status = 'pending', error = null, processed_at = null
  where e.organization_id = organization and e.id = event and e.occurred_at = failed.occurred_at;
  perform record_action(organization, 'retry', 'events', event, jsonb_build_object('was', failed.error));
  return 'queued';
end
$$;

-- Events whose matching was given up and that nobody has retried, at most so many.
create function plinth.count_failed_events(events_max int) returns bigint
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select count(*) from (select 1 from events e where e.status = 'failed' limit events_max) dead);
end
$$;

select plinth.register_function('event_source_by_token(uuid, bytea)', '{app}', tenant_argument => 'organization');
select plinth.register_function('event_source_by_id(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('event_sources_received(uuid, uuid[])', '{app}', tenant_argument => 'organization');
-- no tenant_argument: on Citus security_events is on the coordinator alone
select plinth.register_function('event_source_refusals(uuid, uuid, timestamp with time zone, integer)', '{app}');
select plinth.register_function('create_event_source(uuid, jsonb, bytea)', '{app}', tenant_argument => 'organization');
select plinth.register_function('rotate_event_source_secret(uuid, uuid, text, integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('update_event_source(uuid, uuid, text, boolean)', '{app}', tenant_argument => 'organization');
select plinth.register_function('delete_event_source(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('organizations_with_pending_events(integer)', '{worker}');
select plinth.register_function('lock_pending_events(uuid, integer, bigint)', '{app}', tenant_argument => 'organization');
select plinth.register_function('event_payloads(uuid, uuid[], timestamp with time zone, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('finish_events(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('retry_event(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('count_failed_events(integer)', '{worker}');
