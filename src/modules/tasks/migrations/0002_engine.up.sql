-- The task engine's functions. Only the definer role touches the engine's tables; a worker executes these, and the plans
-- of the claim are forced by their SET clauses (22 ms with default planning, 2 with these).

-- The payload a queue row may carry, in bytes of its text; larger ones are read from the task when claimed.
create function plinth.queue_payload(payload jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select case when pg_column_size(payload) <= 2000 then payload end $$;

-- Enqueues tasks of one organization in the caller's transaction. Each element: task_type, and optionally id, title,
-- description, payload, metadata, priority, scheduled_at, max_attempts, timeout_seconds, project_id, repository_id,
-- parent_task_id, idempotency_key, concurrency_key, assigned_to, assigned_agents, primary_agent.
-- Returns a row for each, in order: its id, and whether this call made it (false: an equal idempotency key was there).
create function plinth.enqueue_tasks(organization uuid, tasks jsonb)
returns table (place bigint, task_id uuid, created boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    with asked as (
      select t.*, n as nth, coalesce(t.id, uuidv7(at)) as new_id, coalesce(t.scheduled_at, at) as due
      from jsonb_array_elements(enqueue_tasks.tasks) with ordinality as e(element, n)
      cross join lateral jsonb_to_record(e.element) as t(
        id uuid, task_type text, title text, description text, payload jsonb, metadata jsonb, priority int,
        scheduled_at timestamptz, max_attempts int, timeout_seconds int, project_id uuid, repository_id uuid,
        parent_task_id uuid, idempotency_key text, concurrency_key text, assigned_to uuid, assigned_agents text[],
        primary_agent text)
    ), inserted as (
      insert into tasks as i (organization_id, id, task_type, title, description, payload, metadata, priority, scheduled_at,
        max_attempts, timeout_seconds, project_id, repository_id, parent_task_id, idempotency_key, concurrency_key,
        assigned_to, assigned_agents, primary_agent)
      select organization, new_id, task_type, coalesce(title, ''), description, coalesce(payload, '{}'),
        coalesce(metadata, '{}'), coalesce(priority, 0), due, coalesce(max_attempts, 5), coalesce(timeout_seconds, 300),
        project_id, repository_id, parent_task_id, idempotency_key, concurrency_key, assigned_to,
        coalesce(assigned_agents, '{}'), primary_agent
      from asked
      order by nth
      on conflict (organization_id, task_type, idempotency_key) where idempotency_key is not null do nothing
      returning i.id, i.task_type, i.priority, i.scheduled_at, i.timeout_seconds, i.payload
    ), queued as (
      insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload)
      select organization, id, task_type, priority, scheduled_at, 1, timeout_seconds, queue_payload(payload)
      from inserted
      where scheduled_at <= at
      returning id
    ), delayed as (
      insert into task_timers (organization_id, id, run_at)
      select organization, id, scheduled_at
      from inserted
      where scheduled_at > at
      returning id
    )
    select a.nth, coalesce(i.id, a.new_id), i.id is not null
    from asked a
    left join inserted i on i.id = a.new_id
    order by a.nth;
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

-- Claims up to batch_size due tasks of the given types for a worker, under one lease. Types are served in the order given
-- (the worker turns it round at each claim, so that none starves); inside a type by priority, then age.
create function plinth.claim_tasks(worker uuid, types text[], batch_size int, lease_seconds numeric)
returns table (lease_id uuid, organization_id uuid, task_id uuid, attempt int, task_type text, timeout_seconds int, payload jsonb)
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
  lease constant uuid := uuidv7(at);
  organizations uuid[] := '{}';
  ids uuid[] := '{}';
  attempts_of int[] := '{}';
  types_of text[] := '{}';
  timeouts int[] := '{}';
  payloads jsonb[] := '{}';
  more record;
  name text;
begin
  foreach name in array types loop
    with taken as (
      delete from task_queue q
      where q.ctid = any (array(
        select c.ctid
        from task_queue c
        where c.task_type = name
        order by c.priority desc, c.run_at, c.id
        limit batch_size - cardinality(ids)
        for update skip locked))
      returning q.organization_id, q.id, q.attempt, q.task_type, q.timeout_seconds, q.payload, q.priority, q.run_at
    )
    select array_agg(organization_id) as organizations, array_agg(id) as ids, array_agg(attempt) as attempts,
           array_agg(task_type) as types, array_agg(timeout_seconds) as timeouts, array_agg(payload) as payloads
    into more
    from (select * from taken order by priority desc, run_at, id) ordered;
    if more.ids is not null then
      organizations := organizations || more.organizations;
      ids := ids || more.ids;
      attempts_of := attempts_of || more.attempts;
      types_of := types_of || more.types;
      timeouts := timeouts || more.timeouts;
      payloads := payloads || more.payloads;
    end if;
    exit when cardinality(ids) >= batch_size;
  end loop;
  if cardinality(ids) = 0 then
    return;
  end if;
  insert into task_leases (id, worker_id, claimed_at, expires_at, organization_ids, task_ids, attempts)
  values (lease, worker, at, at + make_interval(secs => lease_seconds::double precision), organizations, ids, attempts_of);
  return query
    select lease, u.organization, u.id, u.attempt, u.type_of, u.timeout,
           coalesce(u.payload, (select t.payload from tasks t where t.organization_id = u.organization and t.id = u.id))
    from unnest(organizations, ids, attempts_of, types_of, timeouts, payloads) with ordinality
      as u(organization, id, attempt, type_of, timeout, payload, n)
    order by u.n;
end
$$;

-- Takes items out of a lease under its fence: items is [{ "o": organization, "i": task, … }]. Returns those that the
-- worker still held, each with its item; the lease shrinks by them, and goes with its last one.
create function plinth.release_items(lease uuid, worker uuid, items jsonb)
returns table (organization_id uuid, task_id uuid, attempt int, claimed_at timestamptz, item jsonb)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_hashjoin = on
set enable_nestloop = off   -- a batch of 500 against itself: 20 ms by nested loop, 1.5 by hash
set jit = off
as $$
#variable_conflict use_column
declare
  held task_leases;
  answered uuid[];
  rest task_leases;
begin
  select * into held from task_leases l where l.id = lease and l.worker_id = worker for update;
  if not found then
    return;
  end if;
  answered := array(select (e ->> 'i')::uuid from jsonb_array_elements(items) e);
  if answered <> held.task_ids then
    select array_agg(u.o order by u.n), array_agg(u.i order by u.n), array_agg(u.a order by u.n)
    into rest.organization_ids, rest.task_ids, rest.attempts
    from unnest(held.organization_ids, held.task_ids, held.attempts) with ordinality as u(o, i, a, n)
    left join unnest(answered) as gone(i) on gone.i = u.i
    where gone.i is null;
  end if;
  if rest.task_ids is null then
    delete from task_leases l where l.id = lease;
  else
    update task_leases l
    set organization_ids = rest.organization_ids, task_ids = rest.task_ids, attempts = rest.attempts
    where l.id = lease;
  end if;
  return query
    select u.o, u.i, u.a, held.claimed_at, e.item
    from unnest(held.organization_ids, held.task_ids, held.attempts) as u(o, i, a)
    join jsonb_array_elements(items) as e(item) on (e.item ->> 'i')::uuid = u.i
    where (e.item ->> 'o')::uuid = u.o;
end
$$;

-- Records successes: items is [{ "o": organization, "i": task, "r": result, "d": duration in ms }]. Returns the tasks
-- that were recorded; one that is missing was lost to another worker or cancelled meanwhile, and stays as it is.
create function plinth.complete_tasks(lease uuid, worker uuid, items jsonb)
returns table (task_id uuid)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
set enable_hashjoin = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
begin
  return query
    update tasks t
    set status = 'completed', results = nullif(h.item -> 'r', 'null'), error = null, attempts = h.attempt, updated_at = at,
        completed_at = at,
        started_at = coalesce(t.started_at, at - make_interval(secs => coalesce((h.item ->> 'd')::int, 0) / 1000.0))
    from (
      -- in key order, so that two batches never wait for each other in a circle
      select * from release_items(lease, worker, items) r order by r.organization_id, r.task_id
    ) h
    where t.organization_id = h.organization_id and t.id = h.task_id
      and t.status not in ('completed', 'failed', 'cancelled')
    returning t.id;
end
$$;

-- Records failures: items is [{ "o", "i", "e": error, "d": ms, "n": retry after seconds | null (never again), "k": outcome }].
create function plinth.fail_tasks(lease uuid, worker uuid, items jsonb)
returns table (task_id uuid, final boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
  held record;
begin
  for held in
    select h.*, x.*
    from release_items(lease, worker, items) h
    cross join lateral jsonb_to_record(h.item) as x(e jsonb, d int, n numeric, k text)
    order by h.organization_id, h.task_id
  loop
    final := fail_attempt(held.organization_id, held.task_id, held.attempt, worker, coalesce(held.k, 'failed'), held.e,
                          held.d, at + make_interval(secs => held.n::double precision), at);
    if final is not null then
      task_id := held.task_id;
      return next;
    end if;
  end loop;
end
$$;

-- One attempt ended without success: the attempt is recorded, and the task waits for the next or has failed.
-- Null when the task had ended meanwhile; otherwise whether it has failed for good.
create function plinth.fail_attempt(organization uuid, task uuid, attempt int, worker uuid, outcome text, error jsonb,
  duration_ms int, retry_at timestamptz, at timestamptz) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  last boolean;
begin
  select retry_at is null or fail_attempt.attempt >= t.max_attempts
  into last
  from tasks t
  where t.organization_id = organization and t.id = task and t.status not in ('completed', 'failed', 'cancelled')
  for update;
  if not found then
    return null;
  end if;
  insert into task_attempts (organization_id, id, occurred_at, task_id, attempt, outcome, worker_id, error, duration_ms, retry_at)
  values (organization, uuidv7(at), at, task, fail_attempt.attempt, fail_attempt.outcome, worker, fail_attempt.error,
          fail_attempt.duration_ms, case when not last then fail_attempt.retry_at end);
  update tasks t
  set status = case when last then 'failed' else 'retrying' end, error = fail_attempt.error, attempts = fail_attempt.attempt,
      updated_at = at, completed_at = case when last then at end,
      scheduled_at = case when last then t.scheduled_at else fail_attempt.retry_at end,
      started_at = coalesce(t.started_at, at - make_interval(secs => coalesce(fail_attempt.duration_ms, 0) / 1000.0))
  where t.organization_id = organization and t.id = task;
  if not last then
    insert into task_timers (organization_id, id, run_at) values (organization, task, fail_attempt.retry_at)
    on conflict (organization_id, id) do nothing;
  end if;
  return last;
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

-- A worker's sign of life: extends its leases, marks what it still holds as running, and returns what it must stop
-- (cancelled meanwhile) and the leases it has lost.
create function plinth.heartbeat(worker uuid, leases uuid[], lease_seconds numeric)
returns table (lost_leases uuid[], cancelled_tasks uuid[])
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
  kept uuid[];
begin
  update workers w set last_seen_at = at where w.id = worker;
  with extended as (
    update task_leases l
    set expires_at = at + make_interval(secs => lease_seconds::double precision)
    where l.id = any (leases) and l.worker_id = worker
    returning l.id
  )
  select coalesce(array_agg(id), '{}') into kept from extended;
  update tasks t
  set status = 'running', started_at = coalesce(t.started_at, held.claimed_at), attempts = held.attempt, updated_at = at
  from (
    select u.o, u.i, u.a as attempt, l.claimed_at
    from task_leases l
    cross join lateral unnest(l.organization_ids, l.task_ids, l.attempts) as u(o, i, a)
    where l.id = any (kept)
    order by u.o, u.i
  ) held
  where t.organization_id = held.o and t.id = held.i and t.status in ('pending', 'retrying');
  lost_leases := array(select unnest(leases) except select unnest(kept));
  cancelled_tasks := array(
    select u.i
    from task_leases l
    cross join lateral unnest(l.organization_ids, l.task_ids) as u(o, i)
    join tasks t on t.organization_id = u.o and t.id = u.i
    where l.id = any (kept) and t.status = 'cancelled');
  return next;
end
$$;

-- Gives back what a dead worker held: each item counts as a lost attempt and runs again, or fails with its last one.
create function plinth.recover_expired_leases(leases_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  lease task_leases;
  item record;
  recovered int := 0;
begin
  for lease in
    select * from task_leases l where l.expires_at <= at order by l.expires_at limit leases_max for update skip locked
  loop
    delete from task_leases l where l.id = lease.id;
    for item in
      select u.o, u.i, u.a from unnest(lease.organization_ids, lease.task_ids, lease.attempts) as u(o, i, a) order by u.o, u.i
    loop
      perform fail_attempt(item.o, item.i, item.a, lease.worker_id, 'lost',
        jsonb_build_object('code', 'worker_lost', 'message', 'the worker stopped answering'),
        (extract(epoch from at - lease.claimed_at) * 1000)::int, at, at);
      recovered := recovered + 1;
    end loop;
  end loop;
  return recovered;
end
$$;

-- A worker that shuts down returns what it has not started: back to the queue, no attempt spent. Returns how many.
create function plinth.return_tasks(lease uuid, worker uuid, items jsonb) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  returned int;
begin
  insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload)
  select t.organization_id, t.id, t.task_type, t.priority, t.scheduled_at, h.attempt, t.timeout_seconds, queue_payload(t.payload)
  from release_items(lease, worker, items) h
  join tasks t on t.organization_id = h.organization_id and t.id = h.task_id
  where t.status in ('pending', 'retrying', 'running')
  on conflict (organization_id, id) do nothing;
  get diagnostics returned = row_count;
  return returned;
end
$$;

-- Cancels a task wherever it stands: queued, delayed or running (its worker hears of it by the next heartbeat).
-- Returns false when it had ended already; no row of the organization: null.
create function plinth.cancel_task(organization uuid, task uuid, reason text default null) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  state text;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select t.status into state from tasks t where t.organization_id = organization and t.id = task for update;
  if not found then
    return null;
  end if;
  if state in ('completed', 'failed', 'cancelled') then
    return false;
  end if;
  delete from task_queue q where q.organization_id = organization and q.id = task;
  delete from task_timers w where w.organization_id = organization and w.id = task;
  update tasks t
  set status = 'cancelled', completed_at = at, updated_at = at,
      error = jsonb_build_object('code', 'cancelled', 'message', coalesce(reason, 'cancelled'))
  where t.organization_id = organization and t.id = task;
  perform record_action(organization, 'cancel', 'tasks', task, jsonb_build_object('reason', reason, 'was', state));
  return true;
end
$$;

-- Runs a failed or cancelled task again, with its attempts counted anew. False when it has not ended that way.
create function plinth.retry_task(organization uuid, task uuid) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  state text;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select t.status into state from tasks t where t.organization_id = organization and t.id = task for update;
  if not found then
    return null;
  end if;
  if state not in ('failed', 'cancelled')
     or exists (select from task_leases l where task = any (l.task_ids) and organization = any (l.organization_ids)) then
    return false;
  end if;
  update tasks t
  set status = 'pending', attempts = 0, error = null, results = null, started_at = null, completed_at = null,
      scheduled_at = at, updated_at = at
  where t.organization_id = organization and t.id = task;
  insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload)
  select t.organization_id, t.id, t.task_type, t.priority, at, 1, t.timeout_seconds, queue_payload(t.payload)
  from tasks t where t.organization_id = organization and t.id = task;
  perform record_action(organization, 'retry', 'tasks', task, jsonb_build_object('was', state));
  return true;
end
$$;

create function plinth.register_worker(worker uuid, hostname text, pid int, program_version text, types text[]) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  insert into workers (id, hostname, pid, program_version, task_types)
  values (worker, register_worker.hostname, register_worker.pid, register_worker.program_version, types);
end
$$;

create function plinth.stop_worker(worker uuid) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
begin
  update workers w set stopped_at = at, last_seen_at = at where w.id = worker;
  delete from workers w where w.last_seen_at < at - interval '30 days';
end
$$;

-- What the engine has to do and when: due work by type, the next timer, the next lease to expire, live workers.
create function plinth.task_engine_state()
returns table (queued bigint, delayed bigint, leased bigint, oldest_run_at timestamptz, next_due_at timestamptz,
  next_lease_expires_at timestamptz, live_workers bigint)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query select
    (select count(*) from task_queue),
    (select count(*) from task_timers),
    (select coalesce(sum(cardinality(task_ids)), 0)::bigint from task_leases),
    (select min(run_at) from task_queue),
    (select min(run_at) from task_timers),
    (select min(expires_at) from task_leases),
    (select count(*) from workers where stopped_at is null and last_seen_at > now() - interval '1 minute');
end
$$;

do $do$
begin
  execute format('grant execute on function plinth.queue_payload(jsonb) to %I', plinth.role_name('definer'));
end
$do$;
select plinth.register_function('enqueue_tasks(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('task_by_idempotency_key(uuid, text, text)', '{app}', tenant_argument => 'organization');
select plinth.register_function('claim_tasks(uuid, text[], integer, numeric)', '{worker}');
select plinth.register_function('release_items(uuid, uuid, jsonb)');
select plinth.register_function('complete_tasks(uuid, uuid, jsonb)', '{worker}');
select plinth.register_function('fail_attempt(uuid, uuid, integer, uuid, text, jsonb, integer, timestamp with time zone, timestamp with time zone)');
select plinth.register_function('fail_tasks(uuid, uuid, jsonb)', '{worker}');
select plinth.register_function('promote_due_tasks(integer)', '{worker}');
select plinth.register_function('heartbeat(uuid, uuid[], numeric)', '{worker}');
select plinth.register_function('recover_expired_leases(integer)', '{worker}');
select plinth.register_function('return_tasks(uuid, uuid, jsonb)', '{worker}');
select plinth.register_function('cancel_task(uuid, uuid, text)', '{app}', tenant_argument => 'organization');
select plinth.register_function('retry_task(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('register_worker(uuid, text, integer, text, text[])', '{worker}');
select plinth.register_function('stop_worker(uuid)', '{worker}');
select plinth.register_function('task_engine_state()', '{worker}');
