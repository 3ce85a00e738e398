-- Receiving events and matching them. A request never writes these tables itself.

-- Stores events of one source (null: sent with a key), each at most once, with their typed columns. Each element: id and
-- occurred_at (the caller has clamped the time and minted the id from it), keys (deduplication keys; none: always new),
-- type, category, priority, external_id, title, payload, payload_bytes, provider and repository_full_name, branch,
-- commit_sha, url, actor, claimed_at, and for GitHub kind and github (the columns of github_events). Elements of one call
-- share all of their keys or none. Returns a row for each, in order: its id, or the id of the event that was there, and
-- whether this call stored it.
create function plinth.ingest_events(organization uuid, event_source_id uuid, scheme text, items jsonb)
returns table (place bigint, event_id uuid, created boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
-- one plan for good, whatever was in the tables when it was made; no copy of the items in every plan
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  -- keys of events without a source stand under the id of nobody
  key_source constant uuid := coalesce(event_source_id, '00000000-0000-0000-0000-000000000000');
  own_project constant uuid := (select s.project_id from event_sources s
                                where s.organization_id = organization and s.id = event_source_id);
  repeats uuid[];
  fresh jsonb := items;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  with keys as materialized (
    select (e.item ->> 'id')::uuid as id, k.key
    from jsonb_array_elements(items) with ordinality as e(item, n)
    cross join lateral jsonb_array_elements_text(e.item -> 'keys') as k(key)
    -- in key order, so that two batches with the same keys never wait for each other in a circle
    order by k.key, e.n
  ), taken as (
    insert into event_deduplication as d (organization_id, source_id, deduplication_key, event_id)
    select organization, key_source, key, id from keys
    on conflict (organization_id, source_id, deduplication_key) do nothing
    returning d.event_id as id, d.deduplication_key as key
  )
  -- an event is new when every one of its keys is
  select array_agg(distinct k.id)
  into repeats
  from keys k
  left join taken t on t.id = k.id and t.key = k.key
  where t.id is null;

  if repeats is not null then
    fresh := (select coalesce(jsonb_agg(e.item order by e.n), '[]')
              from jsonb_array_elements(items) with ordinality as e(item, n)
              where not (e.item ->> 'id')::uuid = any (repeats));
    -- the other keys of a repeat: kept, they would stand for an event that does not exist
    delete from event_deduplication d
    where d.organization_id = organization and d.source_id = key_source and d.event_id = any (repeats)
      and d.deduplication_key = any (array(
        select k.key
        from jsonb_array_elements(items) as e(item)
        cross join lateral jsonb_array_elements_text(e.item -> 'keys') as k(key)
        where (e.item ->> 'id')::uuid = any (repeats)));
  end if;

  insert into events (organization_id, id, occurred_at, source_id, source, type, category, priority, external_id, title,
    payload, payload_bytes, project_id, repository_id, repository_full_name, branch, commit_sha, url, actor, claimed_at)
  select organization, i.id, i.occurred_at, event_source_id, ingest_events.scheme, i.type, coalesce(i.category, 'other'),
    coalesce(i.priority, 0), i.external_id, i.title,
    coalesce(i.payload, 'null'),   -- JSON null arrives as no value
    i.payload_bytes, own_project,
    -- a subquery and no join: it can only be looked up by its index
    (select r.id from repositories r
     where r.organization_id = organization and r.provider = coalesce(i.provider, ingest_events.scheme)
       and r.full_name_lower = lower(i.repository_full_name)),
    i.repository_full_name, i.branch, i.commit_sha, i.url, i.actor, i.claimed_at
  from jsonb_to_recordset(fresh) as i(id uuid, occurred_at timestamptz, type text, category text, priority int,
    external_id text, title text, payload jsonb, payload_bytes int, provider text, repository_full_name text, branch text,
    commit_sha text, url text, actor text, claimed_at timestamptz)
  on conflict do nothing;

  if scheme = 'github' then
    insert into github_events
    select g.*
    from jsonb_array_elements(fresh) as e(item)
    cross join lateral jsonb_populate_record(null::github_events,
      (e.item -> 'github') || jsonb_build_object('organization_id', organization, 'id', e.item -> 'id',
        'occurred_at', e.item -> 'occurred_at', 'kind', e.item -> 'kind')) as g
    on conflict do nothing;
  end if;

  if repeats is null then
    return query
      select e.n, (e.item ->> 'id')::uuid, true from jsonb_array_elements(items) with ordinality as e(item, n) order by e.n;
  else
    return query
      select r.n, coalesce(r.earlier, r.id), not r.is_repeat
      from (
        select e.n, (e.item ->> 'id')::uuid as id, (e.item ->> 'id')::uuid = any (repeats) as is_repeat,
          case when (e.item ->> 'id')::uuid = any (repeats) then (
            select d.event_id
            from event_deduplication d
            where d.organization_id = organization and d.source_id = key_source
              and d.deduplication_key = any (array(select jsonb_array_elements_text(e.item -> 'keys')))
            order by d.received_at
            limit 1
          ) end as earlier
        from jsonb_array_elements(items) with ordinality as e(item, n)
      ) r
      order by r.n;
  end if;
end
$$;

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

-- Locks the oldest waiting events of an organization for this transaction and returns what matching needs, up to so many
-- bytes of payload (and always one). Those another transaction is matching are passed over.
create function plinth.lock_pending_events(organization uuid, rows_max int, bytes_max bigint)
returns table (id uuid, occurred_at timestamptz, source text, type text, category text, priority int, title text,
  payload jsonb, project_id uuid, repository_id uuid, repository_full_name text, branch text, commit_sha text, actor text,
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
      select e.*
      from events e
      where e.organization_id = organization and e.status = 'pending'
      order by e.received_at, e.id
      limit rows_max
      for update skip locked
    ), measured as (
      select l.*, sum(l.payload_bytes) over (order by l.received_at, l.id) - l.payload_bytes as bytes_before from locked l
    )
    -- what was deleted since it was received is not referred to any more
    select l.id, l.occurred_at, l.source, l.type, l.category, l.priority, l.title, l.payload, s.project_id, r.id,
           l.repository_full_name, l.branch, l.commit_sha, l.actor, g.kind
    from measured l
    left join event_sources s on s.organization_id = organization and s.id = l.source_id
    left join repositories r on r.organization_id = organization and r.id = l.repository_id
    left join github_events g on g.organization_id = organization and g.id = l.id and g.occurred_at = l.occurred_at
    where l.bytes_before < bytes_max
    order by l.received_at, l.id;
end
$$;

-- Marks events as matched: items is [{ "id", "occurred_at", "status", "error" }]. Returns how many still waited.
create function plinth.finish_events(organization uuid, items jsonb) returns int
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
declare
  at constant timestamptz := clock_timestamp();
  finished int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  update events e
  set status = i.status, error = i.error, processed_at = at, attempts = e.attempts + 1
  from jsonb_to_recordset(items) as i(id uuid, occurred_at timestamptz, status text, error jsonb)
  where e.organization_id = organization and e.id = i.id and e.occurred_at = i.occurred_at and e.status = 'pending';
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
  return (select count(*) from (select from events e where e.status = 'failed' limit events_max) dead);
end
$$;

select plinth.register_function('ingest_events(uuid, uuid, text, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('event_source_by_token(uuid, bytea)', '{app}', tenant_argument => 'organization');
select plinth.register_function('create_event_source(uuid, jsonb, bytea)', '{app}', tenant_argument => 'organization');
select plinth.register_function('rotate_event_source_secret(uuid, uuid, text, integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('update_event_source(uuid, uuid, text, boolean)', '{app}', tenant_argument => 'organization');
select plinth.register_function('delete_event_source(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('organizations_with_pending_events(integer)', '{worker}');
select plinth.register_function('lock_pending_events(uuid, integer, bigint)', '{app}', tenant_argument => 'organization');
select plinth.register_function('finish_events(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('retry_event(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('count_failed_events(integer)', '{worker}');
