-- The task engine's functions. Only the definer role touches the engine's tables; a worker executes these, and the plans
-- of the claim are forced by their SET clauses (22 ms with default planning, 2 with these).

-- The payload a queue row may carry, in bytes of its text; larger ones are read from the task when claimed.
create function plinth.queue_payload(payload jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select case when pg_column_size(payload) <= 2000 then payload end $$;

-- Enqueues tasks of one organization in the caller's transaction. Each element: task_type, and optionally id, title,
-- description, payload, metadata, priority, scheduled_at, max_attempts, timeout_seconds, project_id, repository_id,
-- parent_task_id, idempotency_key, concurrency_key, assigned_to, assigned_agents, primary_agent, on_dependency_failure,
-- depends_on: [{ "id": an existing task | "place": an element before this one, from 1, "kind": success | failure | completion }].
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
  places bigint[];
  ids uuid[];
  made boolean[];
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  with asked as (
    -- ids of one call sort in its order, so that what was given together is claimed in turn
    select t.*, n as nth,
      coalesce(t.id, plinth.uuidv7(at + (n - 1) * interval '1 microsecond')) as new_id, coalesce(t.scheduled_at, at) as due,
      case when linked then coalesce(jsonb_array_length(t.depends_on), 0) else 0 end as waits_for
    from jsonb_array_elements(enqueue_tasks.tasks) with ordinality as e(element, n)
    cross join lateral jsonb_to_record(e.element) as t(
      id uuid, task_type text, title text, description text, payload jsonb, metadata jsonb, priority int,
      scheduled_at timestamptz, max_attempts int, timeout_seconds int, project_id uuid, repository_id uuid,
      parent_task_id uuid, idempotency_key text, concurrency_key text, assigned_to uuid, assigned_agents text[],
      primary_agent text, on_dependency_failure text, depends_on jsonb)
  ), inserted as (
    insert into tasks as i (organization_id, id, task_type, title, description, payload, metadata, priority, scheduled_at,
      max_attempts, timeout_seconds, project_id, repository_id, parent_task_id, idempotency_key, concurrency_key,
      assigned_to, assigned_agents, primary_agent, on_dependency_failure, status, pending_dependencies, has_dependants)
    select organization, new_id, task_type, coalesce(title, ''), description, coalesce(payload, '{}'),
      coalesce(metadata, '{}'), coalesce(priority, 0), due, coalesce(max_attempts, 5), coalesce(timeout_seconds, 300),
      project_id, repository_id, parent_task_id, idempotency_key, concurrency_key, assigned_to,
      coalesce(assigned_agents, '{}'), primary_agent, coalesce(on_dependency_failure, 'cancel'),
      case when waits_for > 0 then 'blocked' else 'pending' end, waits_for, nth in (select unnest(referenced))
    from asked
    order by nth
    on conflict (organization_id, task_type, idempotency_key) where idempotency_key is not null do nothing
    returning i.id, i.task_type, i.priority, i.scheduled_at, i.timeout_seconds, i.payload, i.status
  ), queued as (
    insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload)
    select organization, id, task_type, priority, scheduled_at, 1, timeout_seconds, queue_payload(payload)
    from inserted
    where scheduled_at <= at and status = 'pending'
    returning id
  ), delayed as (
    insert into task_timers (organization_id, id, run_at)
    select organization, id, scheduled_at
    from inserted
    where scheduled_at > at and status = 'pending'
    returning id
  )
  select array_agg(a.nth order by a.nth), array_agg(coalesce(i.id, a.new_id) order by a.nth),
         array_agg(i.id is not null order by a.nth)
  into places, ids, made
  from asked a
  left join inserted i on i.id = a.new_id;
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

-- Claims up to batch_size due tasks of the given types for a worker, under one lease whose id the worker has minted.
-- Types are served in the order given (the worker turns it round at each claim, so that none starves); inside a type by
-- priority, then age. The lateral list stops taking locks as soon as the batch is full.
create function plinth.claim_tasks(lease uuid, worker uuid, types text[], batch_size int, lease_seconds numeric)
returns table (organization_id uuid, task_id uuid, attempt int, task_type text, timeout_seconds int, payload jsonb)
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
  at constant timestamptz := clock_timestamp();
begin
  return query
    with taken as (
      delete from task_queue q
      where q.ctid = any (array(
        select due.place
        from unnest(types) as name
        cross join lateral (
          select c.ctid as place
          from task_queue c
          where c.task_type = name
          order by c.priority desc, c.run_at, c.id
          limit batch_size
          for update skip locked) due
        limit batch_size))
      returning q.organization_id, q.id, q.attempt, q.task_type, q.timeout_seconds, q.payload, q.priority, q.run_at
    ), claimed as materialized (
      select * from taken order by priority desc, run_at, id
    ), leased as (
      insert into task_leases (id, worker_id, claimed_at, expires_at, organization_ids, task_ids, attempts)
      select lease, worker, at, at + make_interval(secs => lease_seconds::double precision), array_agg(organization_id),
        array_agg(id), array_agg(attempt)
      from claimed
      having count(*) > 0
    )
    select organization_id, id, attempt, task_type, timeout_seconds,
           coalesce(payload, (select t.payload from tasks t where t.organization_id = c.organization_id and t.id = c.id))
    from claimed c;
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
  insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload)
  select t.organization_id, t.id, t.task_type, t.priority, due.run_at, t.attempts + 1, t.timeout_seconds, queue_payload(t.payload)
  from due
  join tasks t on t.organization_id = due.organization_id and t.id = due.id
  where t.status in ('pending', 'retrying')
  on conflict (organization_id, id) do nothing;
  get diagnostics promoted = row_count;
  next_due_at := (select min(w.run_at) from task_timers w);
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
select plinth.register_function('claim_tasks(uuid, uuid, text[], integer, numeric)', '{worker}');
select plinth.register_function('promote_due_tasks(integer)', '{worker}');
