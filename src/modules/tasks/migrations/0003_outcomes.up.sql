-- How what was claimed ends: answers under the lease's fence, failures, signs of life, and what a dead worker held.

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
  -- a variable: Citus takes no time arithmetic inside coalesce
  began constant timestamptz := at - make_interval(secs => coalesce(duration_ms, 0) / 1000.0);
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
  values (organization, plinth.uuidv7(at), at, task, fail_attempt.attempt, fail_attempt.outcome, worker, fail_attempt.error,
          fail_attempt.duration_ms, case when not last then fail_attempt.retry_at end);
  update tasks t
  set status = case when last then 'failed' else 'retrying' end, error = fail_attempt.error, attempts = fail_attempt.attempt,
      updated_at = at, completed_at = case when last then at end,
      scheduled_at = case when last then t.scheduled_at else fail_attempt.retry_at end,
      started_at = coalesce(t.started_at, began)
  where t.organization_id = organization and t.id = task;
  if not last then
    insert into task_timers (organization_id, id, run_at) values (organization, task, fail_attempt.retry_at)
    on conflict (organization_id, id) do nothing;
  end if;
  return last;
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

select plinth.register_function('release_items(uuid, uuid, jsonb)');
select plinth.register_function('complete_tasks(uuid, uuid, jsonb)', '{worker}');
select plinth.register_function('fail_attempt(uuid, uuid, integer, uuid, text, jsonb, integer, timestamp with time zone, timestamp with time zone)');
select plinth.register_function('fail_tasks(uuid, uuid, jsonb)', '{worker}');
select plinth.register_function('heartbeat(uuid, uuid[], numeric)', '{worker}');
select plinth.register_function('recover_expired_leases(integer)', '{worker}');
select plinth.register_function('return_tasks(uuid, uuid, jsonb)', '{worker}');
