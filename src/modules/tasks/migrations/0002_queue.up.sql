-- The task engine's functions. Only the definer role touches the engine's tables; a worker executes these, and the plans
-- of the claim are forced by their SET clauses (22 ms with default planning, 2 with these).

-- The payload a queue row may carry, in bytes of its text; larger ones are read from the task when claimed. Stable, as what it
-- calls, and without settings: so it becomes part of the statements (called, it took a tenth of an enqueue).
create function plinth.queue_payload(payload jsonb) returns jsonb
language sql stable
as $$ select case when pg_catalog.pg_column_size(payload) <= 2000 then payload end $$;

-- Enqueues tasks of one organization in the caller's transaction. Each element: task_type, and optionally id, title,
-- description, payload, metadata, priority, scheduled_at, max_attempts, timeout_seconds, project_id, repository_id,
-- parent_task_id, idempotency_key, concurrency_key, concurrency_limit, assigned_to, assigned_agents, primary_agent,
-- on_dependency_failure, definition_id, depends_on:
-- [{ "id": an existing task | "place": an element before this one, from 1, "kind": success | failure | completion }].
-- Returns a row for each, in order: its id, and whether this call made it (false: an equal idempotency key was there).
create function plinth.enqueue_tasks(organization uuid, tasks jsonb)
returns table (place bigint, task_id uuid, created boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
  linked constant boolean := tasks @? '$[*].depends_on[*]';
  referenced constant bigint[] := case when linked then
    array(select (p #>> '{}')::bigint from jsonb_path_query(tasks, '$[*].depends_on[*].place') as p) else '{}' end;
  named uuid[];
  places bigint[];
  ids uuid[];
  made boolean[];
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  if tasks @? '$[*].definition_id' then
    named := array(select distinct (d #>> '{}')::uuid from jsonb_path_query(tasks, '$[*].definition_id') as d);
    if (select count(*) from task_definitions d where d.organization_id = organization and d.id = any (named)) < cardinality(named) then
      raise exception 'no such task definition' using errcode = '23503';
    end if;
  end if;
  -- `on conflict` costs every row of its insert 3 µs, whether it has a key or not: so what has none goes by another
  with asked as (
    -- ids of one call sort in its order, so that what was given together is claimed in turn
    select t.*,
      coalesce(t.id, plinth.uuidv7(at + (nth - 1) * interval '1 microsecond')) as new_id, coalesce(t.scheduled_at, at) as due,
      case when linked then coalesce(jsonb_array_length(t.depends_on), 0) else 0 end as waits_for
    from rows from (jsonb_to_recordset(enqueue_tasks.tasks) as (
      id uuid, task_type text, title text, description text, payload jsonb, metadata jsonb, priority int,
      scheduled_at timestamptz, max_attempts int, timeout_seconds int, project_id uuid, repository_id uuid,
      parent_task_id uuid, idempotency_key text, concurrency_key text, concurrency_limit int, assigned_to uuid,
      assigned_agents text[], primary_agent text, on_dependency_failure text, definition_id uuid, depends_on jsonb))
      with ordinality as t(id, task_type, title, description, payload, metadata, priority, scheduled_at, max_attempts, timeout_seconds,
        project_id, repository_id, parent_task_id, idempotency_key, concurrency_key, concurrency_limit, assigned_to,
        assigned_agents, primary_agent, on_dependency_failure, definition_id, depends_on, nth)
  ), fresh as (
    insert into tasks (organization_id, id, task_type, title, description, payload, metadata, priority, scheduled_at,
      max_attempts, timeout_seconds, project_id, repository_id, parent_task_id, concurrency_key, concurrency_limit,
      assigned_to, assigned_agents, primary_agent, on_dependency_failure, definition_id, status, pending_dependencies,
      has_dependants)
    select organization, new_id, task_type, coalesce(title, ''), description, coalesce(payload, '{}'),
      coalesce(metadata, '{}'), coalesce(priority, 0), due, coalesce(max_attempts, 5), coalesce(timeout_seconds, 300),
      project_id, repository_id, parent_task_id, concurrency_key, concurrency_limit, assigned_to,
      coalesce(assigned_agents, '{}'), primary_agent, coalesce(on_dependency_failure, 'cancel'), definition_id,
      case when waits_for > 0 then 'blocked' else 'pending' end, waits_for, nth in (select unnest(referenced))
    from asked
    where idempotency_key is null
    returning id
  ), keyed as (
    insert into tasks as i (organization_id, id, task_type, title, description, payload, metadata, priority, scheduled_at,
      max_attempts, timeout_seconds, project_id, repository_id, parent_task_id, idempotency_key, concurrency_key, concurrency_limit,
      assigned_to, assigned_agents, primary_agent, on_dependency_failure, definition_id, status, pending_dependencies,
      has_dependants)
    select organization, new_id, task_type, coalesce(title, ''), description, coalesce(payload, '{}'),
      coalesce(metadata, '{}'), coalesce(priority, 0), due, coalesce(max_attempts, 5), coalesce(timeout_seconds, 300),
      project_id, repository_id, parent_task_id, idempotency_key, concurrency_key, concurrency_limit, assigned_to,
      coalesce(assigned_agents, '{}'), primary_agent, coalesce(on_dependency_failure, 'cancel'), definition_id,
      case when waits_for > 0 then 'blocked' else 'pending' end, waits_for, nth in (select unnest(referenced))
    from asked
    where idempotency_key is not null
    order by nth
    on conflict (organization_id, task_type, idempotency_key) where idempotency_key is not null do nothing
    returning i.id
  ), queued as (
    insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload, concurrency_key,
      concurrency_limit)
    select organization, new_id, task_type, coalesce(priority, 0), due, 1, coalesce(timeout_seconds, 300),
      queue_payload(coalesce(payload, '{}')), concurrency_key, concurrency_limit
    from asked
    where due <= at and waits_for = 0 and (idempotency_key is null or new_id in (select k.id from keyed k))
    returning id
  ), delayed as (
    insert into task_timers (organization_id, id, run_at)
    select organization, new_id, due
    from asked
    where due > at and waits_for = 0 and (idempotency_key is null or new_id in (select k.id from keyed k))
    returning id
  )
  select array_agg(a.nth), array_agg(a.new_id), array_agg(a.idempotency_key is null or a.new_id in (select k.id from keyed k))
  into places, ids, made
  from asked a;
  if linked then
    perform link_new_tasks(organization, ids, made, tasks);
  end if;
  return query select * from unnest(places, ids, made);
end
$$;

-- The id of the task that holds an idempotency key. A second statement, so that it sees what another transaction has
-- committed since the first began.
create function plinth.task_by_idempotency_key(organization uuid, type_of_task text, key text) returns uuid
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return (select t.id from tasks t
          where t.organization_id = organization and t.task_type = type_of_task and t.idempotency_key = key);
end
$$;

-- The priority whose oldest due task is the oldest, among the 16 lowest priorities of a tenant's tasks of a type: of those with
-- a concurrency key, or (null) of those without any.
create function plinth.oldest_priority(name text, tenant uuid, key text) returns int
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  lowest int;
  head timestamptz;
  oldest timestamptz;
  found_priority int;
begin
  for n in 1 .. 16 loop
    if key is null then
      select q.priority into lowest from task_queue q
      where q.task_type = name and q.organization_id = tenant and q.concurrency_key is null and (lowest is null or q.priority > lowest)
      order by q.priority
      limit 1;
    else
      select q.priority into lowest from task_queue q
      where q.task_type = name and q.organization_id = tenant and q.concurrency_key = key and (lowest is null or q.priority > lowest)
      order by q.priority
      limit 1;
    end if;
    exit when not found;
    if key is null then
      select q.run_at into head from task_queue q
      where q.task_type = name and q.organization_id = tenant and q.concurrency_key is null and q.priority = lowest
      order by q.run_at
      limit 1;
    else
      select q.run_at into head from task_queue q
      where q.task_type = name and q.organization_id = tenant and q.concurrency_key = key and q.priority = lowest
      order by q.run_at
      limit 1;
    end if;
    if oldest is null or head < oldest then
      oldest := head;
      found_priority := lowest;
    end if;
  end loop;
  return found_priority;
end
$$;

-- Where up to rows_max due tasks without a concurrency key stand, locked, and shared between the tenants that have some: each
-- gets an equal part, what one does not need the others get. The search goes round the tenants of each type from after[n] on;
-- fewer than rows_max come back only when no more are there. by_age: of each tenant what has waited longest, whatever its
-- priority, and no more than its part.
-- Tenants are found by stepping through the index, one probe each; at most 32 are served at once, then the next (with 128 a drain of
-- 1,000 tenants took a quarter longer). The whole
-- order of the index is spelled out: by the tenant alone the primary key would do, and read all other types on the way.
-- floors: for each type a time before which nothing is looked for (null: none). While a snapshot is held open, the entries of
-- what was claimed stay in the index, and in front; without their rows being read 500,000 of them take a tenth of the time.
create function plinth.due_places(types text[], rows_max int, after uuid[], by_age boolean, floors timestamptz[]) returns tid[]
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  lowest constant uuid := '00000000-0000-0000-0000-000000000000';
  highest constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  turned_round boolean := false;
  lowers uuid[];
  uppers uuid[];
  tenants_max int;
  found_tenants int;
  names text[];
  tenants uuid[];
  found_floors timestamptz[];
  room int;
  pass record;
  places tid[] := '{}';
begin
  lowers := array(select coalesce(after[n], lowest) from generate_subscripts(types, 1) as n order by n);
  uppers := array_fill(highest, array[cardinality(types)]);
  loop
    room := rows_max - cardinality(places);
    tenants_max := least(room, 32);
    with recursive lane (name, upper, floor, tenant) as (
      select t.name, t.upper, t.floor, f.tenant
      from (select u.name, u.lower, u.upper, coalesce(u.floor, '-infinity') as floor
            from unnest(types, lowers, uppers, floors) as u(name, lower, upper, floor)) t
      cross join lateral (
        select q.organization_id as tenant from task_queue q
        where q.task_type = t.name and q.concurrency_key is null and q.organization_id > t.lower and q.organization_id <= t.upper
          and q.run_at >= t.floor
        order by q.organization_id, q.priority desc, q.run_at, q.id
        limit 1) f
      union all
      select l.name, l.upper, l.floor, f.tenant
      from lane l
      cross join lateral (
        select q.organization_id as tenant from task_queue q
        where q.task_type = l.name and q.concurrency_key is null and q.organization_id > l.tenant and q.organization_id <= l.upper
          and q.run_at >= l.floor
        order by q.organization_id, q.priority desc, q.run_at, q.id
        limit 1) f
    )
    select array_agg(x.name), array_agg(x.tenant), array_agg(x.floor) into names, tenants, found_floors
    from (select l.name, l.tenant, l.floor from lane l limit tenants_max) x;
    found_tenants := coalesce(cardinality(names), 0);
    if found_tenants = tenants_max then
      -- there may be others behind them
      lowers := array(
        select coalesce((select max(l.tenant::text)::uuid from unnest(names, tenants) as l(name, tenant) where l.name = t.name), t.lower)
        from unnest(types, lowers) with ordinality as t(name, lower, n)
        order by t.n);
    end if;
    if by_age and found_tenants > 0 then
      places := places || array(
        select due.place
        from unnest(names, tenants) with ordinality as l(name, tenant, n)
        cross join lateral (select oldest_priority(l.name, l.tenant, null) as priority offset 0) level
        cross join lateral (
          select c.ctid as place
          from task_queue c
          where c.task_type = l.name and c.organization_id = l.tenant and c.concurrency_key is null and c.priority = level.priority
          order by c.run_at, c.id
          limit room / found_tenants + (l.n <= room % found_tenants)::int
          for update skip locked) due);
    elsif found_tenants = 1 then
      places := places || array(
        select c.ctid
        from task_queue c
        where c.task_type = names[1] and c.organization_id = tenants[1] and c.concurrency_key is null and c.run_at >= found_floors[1]
        order by c.priority desc, c.run_at, c.id
        limit room
        for update skip locked);
    else
      while cardinality(names) > 0 loop
        with part as materialized (
          select l.name, l.tenant, l.floor, l.n, room / cardinality(names) + (l.n <= room % cardinality(names))::int as size
          from unnest(names, tenants, found_floors) with ordinality as l(name, tenant, floor, n)
        ), got as materialized (
          select p.name, p.tenant, p.floor, p.n, p.size,
            array(
              select c.ctid
              from task_queue c
              where c.task_type = p.name and c.organization_id = p.tenant and c.concurrency_key is null and c.run_at >= p.floor
              order by c.priority desc, c.run_at, c.id
              limit p.size
              for update skip locked) as places
          from part p
        )
        select array(select unnest(g.places) from got g) as all_places,
               array(select unnest(g.places) from got g where cardinality(g.places) < g.size) as last_places,
               array(select g.name from got g where cardinality(g.places) = g.size order by g.n) as names,
               array(select g.tenant from got g where cardinality(g.places) = g.size order by g.n) as tenants,
               array(select g.floor from got g where cardinality(g.places) = g.size order by g.n) as floors
        into pass;
        if cardinality(pass.all_places) = room then
          places := places || pass.all_places;
          exit;
        end if;
        -- those that have more share what the others left; what they have got is locked, and found again
        places := places || pass.last_places;
        room := room - cardinality(pass.last_places);
        names := pass.names;
        tenants := pass.tenants;
        found_floors := pass.floors;
      end loop;
    end if;
    exit when cardinality(places) >= rows_max;
    if found_tenants < tenants_max then
      exit when turned_round or array_remove(after, null) = '{}';
      turned_round := true;
      uppers := array(select coalesce(after[n], lowest) from generate_subscripts(types, 1) as n order by n);
      lowers := array_fill(lowest, array[cardinality(types)]);
    end if;
  end loop;
  return places;
end
$$;

-- Waits for the lock of a tenant's keys, not long: a tenant with very many must not hold up what else its claim brings.
create function plinth.wait_for_keys(tenant uuid) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set lock_timeout = '20ms'
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('plinth.task_slots', hashtext(tenant::text) & 63));
  return true;
exception when lock_not_available then
  return false;
end
$$;

-- Claims due tasks of the given types for a worker, under one lease whose id the worker has minted: up to batch_size without a
-- concurrency key and up to keyed_max with one, each shared between tenants, inside a tenant by priority, then age. after and
-- keyed_after: for each type the tenant behind which to begin. by_age: this time inside a tenant, or key, by age alone, so that
-- no priority starves. Fewer come back only when no more can run now; a row without a task: the keys of some tenants were being
-- claimed by another just then. floors: as in due_places; where they leave a batch not full, the search is made without them too.
-- due_ms: when the task was due, in ms since 1970; search_ms: how long the search for those without a key took. Both null where
-- that was quick, and there were no floors: nobody wants to know.
create function plinth.claim_tasks(lease uuid, worker uuid, types text[], batch_size int, lease_seconds numeric,
  after uuid[] default '{}', by_age boolean default false, keyed_max int default 0, keyed_after uuid[] default '{}',
  floors timestamptz[] default '{}')
returns table (organization_id uuid, task_id uuid, attempt int, task_type text, timeout_seconds int, payload jsonb,
  concurrency_key text, due_ms float8, search_ms float8)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  at timestamptz := clock_timestamp();
  keyed task_queue[] := '{}';
  skipped boolean := false;
  places tid[] := '{}';
  has_floors constant boolean := array_remove(floors, null) <> '{}';
  searched_ms float8;
begin
  if by_age and batch_size > 0 then
    places := due_places(types, batch_size, after, true, '{}');
  elsif has_floors and batch_size > 0 then
    places := due_places(types, batch_size, after, false, floors);
  end if;
  if cardinality(places) = 0 and batch_size > 0 then
    places := due_places(types, batch_size, after, false, '{}');
  elsif cardinality(places) < batch_size then
    places := places || array(
      select p from unnest(due_places(types, batch_size, after, false, '{}')) as p
      where not p = any (places)
      limit batch_size - cardinality(places));
  end if;
  searched_ms := date_part('epoch', clock_timestamp() - at) * 1000;
  searched_ms := case when has_floors or searched_ms >= 5 then searched_ms end;
  if keyed_max > 0 then
    select k.tasks, k.skipped into keyed, skipped from claim_keyed_tasks(types, keyed_max, keyed_after, by_age) k;
  end if;
  -- after the search, which may have waited: what a task waited for has ended before it is claimed
  at := clock_timestamp();
  if cardinality(keyed) + cardinality(places) > 0 then
    return query
      with taken as (
        delete from task_queue q
        where q.ctid = any (places)
        returning q.organization_id, q.id, q.attempt, q.task_type, q.timeout_seconds, q.payload, q.priority, q.run_at, null::text as key
      ), claimed as materialized (
        select * from taken
        union all
        select k.organization_id, k.id, k.attempt, k.task_type, k.timeout_seconds, k.payload, k.priority, k.run_at, k.concurrency_key
        from unnest(keyed) as k
        order by priority desc, run_at, id
      ), leased as (
        insert into task_leases (id, worker_id, claimed_at, expires_at, organization_ids, task_ids, attempts, concurrency_keys)
        select lease, worker, at, at + make_interval(secs => lease_seconds::double precision), array_agg(organization_id),
          array_agg(id), array_agg(attempt), case when cardinality(keyed) > 0 then array_agg(key) end
        from claimed
        having count(*) > 0
      )
      select organization_id, id, attempt, task_type, timeout_seconds,
             coalesce(payload, (select t.payload from tasks t where t.organization_id = c.organization_id and t.id = c.id)), key,
             case when searched_ms is not null then date_part('epoch', run_at) * 1000 end, searched_ms
      from claimed c;
  end if;
  if skipped then
    return query select null::uuid, null::uuid, null::int, null::text, null::int, null::jsonb, null::text, null::float8, null::float8;
  end if;
end
$$;

-- Moves what has become due from the timers to the queue, at most rows_max at a time. Returns how many, and what decides
-- how long a worker may sleep: the next timer, the next lease to expire, the number of live workers.
create function plinth.promote_due_tasks(rows_max int)
returns table (promoted int, next_due_at timestamptz, next_lease_expires_at timestamptz, live_workers int)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
begin
  with due as (
    delete from task_timers d
    where d.ctid = any (array(
      select c.ctid from task_timers c where c.run_at <= at order by c.run_at limit rows_max for update skip locked))
    returning d.organization_id, d.id, d.run_at
  )
  insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload, concurrency_key,
    concurrency_limit)
  select t.organization_id, t.id, t.task_type, t.priority, due.run_at, t.attempts + 1, t.timeout_seconds, queue_payload(t.payload),
         t.concurrency_key, t.concurrency_limit
  from due
  join tasks t on t.organization_id = due.organization_id and t.id = due.id
  where t.status in ('pending', 'retrying')
  on conflict (organization_id, id) do nothing;
  get diagnostics promoted = row_count;
  -- keys whose rate was used up count as work that has become due
  promoted := promoted + renew_rates(at);
  next_due_at := least((select min(w.run_at) from task_timers w), (select min(r.renews_at) from task_rates r));
  next_lease_expires_at := (select min(l.expires_at) from task_leases l);
  live_workers := (select count(*) from workers w where w.stopped_at is null and w.last_seen_at > at - interval '1 minute');
  return next;
end
$$;

do $do$
begin
  execute format('grant execute on function plinth.queue_payload(jsonb) to %I', plinth.role_name('definer'));
end
$do$;
select plinth.register_function('enqueue_tasks(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('task_by_idempotency_key(uuid, text, text)', '{app}', tenant_argument => 'organization');
select plinth.register_function('oldest_priority(text, uuid, text)');
select plinth.register_function('due_places(text[], integer, uuid[], boolean, timestamp with time zone[])');
select plinth.register_function('wait_for_keys(uuid)');
select plinth.register_function('claim_tasks(uuid, uuid, text[], integer, numeric, uuid[], boolean, integer, uuid[], timestamp with time zone[])', '{worker}');
select plinth.register_function('promote_due_tasks(integer)', '{worker}');
