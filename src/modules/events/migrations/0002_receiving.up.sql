-- Receiving events and matching them. A request never writes these tables itself.

-- Stores events of one source, each at most once, with their typed columns. Each element: id and occurred_at (the caller
-- has clamped the time and minted the id from it), keys (deduplication keys), type, category, priority, external_id,
-- title, payload, branch, commit_sha, url, actor, repository_full_name, claimed_at, and for GitHub kind and github (the
-- columns of github_events). Returns a row for each, in order: its id, or the id of the event that was there, and
-- whether this call stored it.
create function plinth.ingest_events(organization uuid, event_source_id uuid, scheme text, items jsonb)
returns table (place bigint, event_id uuid, created boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  fresh uuid[];
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  with keys as (
    select (e.item ->> 'id')::uuid as id, k.key
    from jsonb_array_elements(items) with ordinality as e(item, n)
    cross join lateral jsonb_array_elements_text(e.item -> 'keys') as k(key)
    -- in key order, so that two batches with the same keys never wait for each other in a circle
    order by k.key, e.n
  ), taken as (
    insert into event_deduplication as d (organization_id, source_id, deduplication_key, event_id)
    select organization, event_source_id, key, id from keys
    on conflict (organization_id, source_id, deduplication_key) do nothing
    returning d.event_id as id, d.deduplication_key as key
  )
  -- an event is new when every one of its keys is
  select coalesce(array_agg(asked.id), '{}')
  into fresh
  from (select id, count(*) as keys from keys group by id) asked
  join (select id, count(*) as keys from taken group by id) got on got.id = asked.id and got.keys = asked.keys;

  insert into events (organization_id, id, occurred_at, source_id, source, type, category, priority, external_id, title,
    payload, project_id, repository_id, repository_full_name, branch, commit_sha, url, actor, claimed_at)
  select organization, i.id, i.occurred_at, event_source_id, scheme, i.type, coalesce(i.category, 'other'),
    coalesce(i.priority, 0), i.external_id, i.title, i.payload, s.project_id, r.id, i.repository_full_name, i.branch,
    i.commit_sha, i.url, i.actor, i.claimed_at
  from jsonb_to_recordset(items) as i(id uuid, occurred_at timestamptz, type text, category text, priority int,
    external_id text, title text, payload jsonb, repository_full_name text, branch text, commit_sha text, url text,
    actor text, claimed_at timestamptz)
  left join event_sources s on s.organization_id = organization and s.id = event_source_id
  left join repositories r on r.organization_id = organization and r.provider = scheme
    and r.full_name_lower = lower(i.repository_full_name)
  where i.id = any (fresh)
  on conflict do nothing;

  if scheme = 'github' then
    insert into github_events
    select g.*
    from jsonb_array_elements(items) as e(item)
    cross join lateral jsonb_populate_record(null::github_events,
      (e.item -> 'github') || jsonb_build_object('organization_id', organization, 'id', e.item -> 'id',
        'occurred_at', e.item -> 'occurred_at', 'kind', e.item -> 'kind')) as g
    where (e.item ->> 'id')::uuid = any (fresh)
    on conflict do nothing;
  end if;

  return query
    select e.n, coalesce(d.event_id, (e.item ->> 'id')::uuid), (e.item ->> 'id')::uuid = any (fresh)
    from jsonb_array_elements(items) with ordinality as e(item, n)
    left join lateral (
      select x.event_id
      from event_deduplication x
      where x.organization_id = organization and x.source_id = event_source_id
        and x.deduplication_key = any (array(select jsonb_array_elements_text(e.item -> 'keys')))
        and x.event_id <> (e.item ->> 'id')::uuid
      order by x.received_at
      limit 1
    ) d on not (e.item ->> 'id')::uuid = any (fresh)
    order by e.n;
end
$$;

-- What the receiving route needs of a source, by the hash of its token. One row or none.
create function plinth.event_source_by_token(organization uuid, token_hash bytea)
returns table (id uuid, name text, scheme text, configuration jsonb, secret text, previous_secret text,
  previous_secret_expires_at timestamptz)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
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
          (source ->> 'project_id')::uuid, source ->> 'token_last4', source ->> 'secret');
  insert into event_source_tokens (organization_id, id, hash) values (organization, source_id, token_hash);
  return source_id;
end
$$;

-- A new secret; the old one is accepted for so many more hours. Null: no such source.
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
  set previous_secret = s.secret, previous_secret_expires_at = until, secret = new_secret
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

-- Locks the oldest waiting events of an organization for this transaction and returns what matching needs.
create function plinth.lock_pending_events(organization uuid, rows_max int)
returns table (id uuid, occurred_at timestamptz, source text, type text, category text, priority int, title text,
  payload jsonb, repository_id uuid, repository_full_name text, branch text, commit_sha text, actor text, kind text)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
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
      order by e.received_at
      limit rows_max
      for update skip locked
    )
    select l.id, l.occurred_at, l.source, l.type, l.category, l.priority, l.title, l.payload, l.repository_id,
           l.repository_full_name, l.branch, l.commit_sha, l.actor, g.kind
    from locked l
    left join github_events g on g.organization_id = organization and g.id = l.id and g.occurred_at = l.occurred_at
    order by l.received_at, l.id;
end
$$;

-- Marks events as matched: items is [{ "id", "occurred_at", "status", "error" }].
create function plinth.finish_events(organization uuid, items jsonb) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
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
  where e.organization_id = organization and e.id = i.id and e.occurred_at = i.occurred_at;
  get diagnostics finished = row_count;
  return finished;
end
$$;

select plinth.register_function('ingest_events(uuid, uuid, text, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('event_source_by_token(uuid, bytea)', '{app}', tenant_argument => 'organization');
select plinth.register_function('create_event_source(uuid, jsonb, bytea)', '{app}', tenant_argument => 'organization');
select plinth.register_function('rotate_event_source_secret(uuid, uuid, text, integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('update_event_source(uuid, uuid, text, boolean)', '{app}', tenant_argument => 'organization');
select plinth.register_function('delete_event_source(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('organizations_with_pending_events(integer)', '{worker}');
select plinth.register_function('lock_pending_events(uuid, integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('finish_events(uuid, jsonb)', '{app}', tenant_argument => 'organization');
