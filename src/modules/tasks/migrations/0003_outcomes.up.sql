-- How what was claimed ends: answers under the lease's fence, failures, signs of life, and what a dead worker held.

-- Takes tasks out of a lease under its fence. Returns those of them that the worker still held, in the lease's order:
-- place[n] is where the nth stands in `ids` (null: everywhere the same). The lease shrinks by them and goes with its last
-- one. No row when the worker holds nothing of them.
create function plinth.release_items(lease uuid, worker uuid, ids uuid[],
  out organizations uuid[], out tasks uuid[], out attempts int[], out places int[], out claimed_at timestamptz)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_hashjoin = on
set enable_nestloop = off   -- a batch of 500 against itself: 20 ms by nested loop, 1.5 by hash
set enable_mergejoin = off
set jit = off
as $$
declare
  held task_leases;
  rest task_leases;
begin
  select * into held from task_leases l where l.id = lease and l.worker_id = worker for update;
  if not found then
    return;
  end if;
  claimed_at := held.claimed_at;
  if ids = held.task_ids then
    organizations := held.organization_ids;
    tasks := held.task_ids;
    attempts := held.attempts;
    delete from task_leases l where l.id = lease;
    return;
  end if;
  select array_agg(u.o order by u.n) filter (where a.i is not null), array_agg(u.i order by u.n) filter (where a.i is not null),
         array_agg(u.a order by u.n) filter (where a.i is not null), array_agg(a.n order by u.n) filter (where a.i is not null),
         array_agg(u.o order by u.n) filter (where a.i is null), array_agg(u.i order by u.n) filter (where a.i is null),
         array_agg(u.a order by u.n) filter (where a.i is null), array_agg(u.k order by u.n) filter (where a.i is null)
  into organizations, tasks, attempts, places, rest.organization_ids, rest.task_ids, rest.attempts, rest.concurrency_keys
  from unnest(held.organization_ids, held.task_ids, held.attempts, held.concurrency_keys) with ordinality as u(o, i, a, k, n)
  left join (select x.i, min(x.n)::int as n from unnest(ids) with ordinality as x(i, n) group by x.i) as a on a.i = u.i;
  if rest.task_ids is null then
    delete from task_leases l where l.id = lease;
  elsif tasks is not null then
    update task_leases l
    set organization_ids = rest.organization_ids, task_ids = rest.task_ids, attempts = rest.attempts,
        concurrency_keys = case when held.concurrency_keys is not null then rest.concurrency_keys end
    where l.id = lease;
  end if;
end
$$;

-- Records successes: for each task its duration in ms, and its result in one array (null for all: none has one; as jsonb[] they
-- took half as long again to read, and as long in Node to write). Returns the tasks
-- that were refused (lost to another worker or cancelled meanwhile, they stay as they are), and how many tasks that had
-- waited for these can run now.
-- A plan of its own each time (0.3 ms a batch): a generic one made while the table was small reads all of it later.
create function plinth.complete_tasks(lease uuid, worker uuid, ids uuid[], durations int[], results jsonb)
returns table (refused uuid[], released int)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
set enable_hashjoin = off
set enable_bitmapscan = off
set enable_material = off
set jit = off
set plan_cache_mode = force_custom_plan
as $$
declare
  at constant timestamptz := clock_timestamp();
  given jsonb[] := array(select jsonb_array_elements(complete_tasks.results));
  held record;
  recorded int;
  awaited record;
  tenant record;
begin
  released := 0;
  held := release_items(lease, worker, ids);
  if held.tasks is null then
    refused := ids;
    return next;
    return;
  end if;
  if held.places is not null then
    durations := array(select durations[p.n] from unnest(held.places) with ordinality as p(n, nth) order by p.nth);
    given := array(select given[p.n] from unnest(held.places) with ordinality as p(n, nth) order by p.nth);
  end if;
  with done as (
    update tasks t
    set status = 'completed', results = nullif(h.result, 'null'), error = null, attempts = h.attempt, updated_at = at,
        completed_at = at, started_at = coalesce(t.started_at, at - coalesce(h.ms, 0) * interval '1 ms')
    from (
      -- in the order in which whoever adds a dependency locks them
      select *
      from unnest(held.organizations, held.tasks, held.attempts, durations, given)
        as u(organization, task, attempt, ms, result)
      order by u.organization, u.task
    ) h
    where t.organization_id = h.organization and t.id = h.task and t.status not in ('completed', 'failed', 'cancelled')
    returning t.organization_id as o, t.id as i, t.has_dependants as awaited
  )
  select count(*), array_agg(d.o) filter (where d.awaited) as organizations, array_agg(d.i) filter (where d.awaited) as tasks
  into awaited
  from done d;
  recorded := awaited.count;
  if recorded < cardinality(ids) then
    refused := array(
      select a.id from unnest(ids) as a(id)
      where not exists (
        select 1 from unnest(held.organizations, held.tasks) as h(organization, task)
        join tasks t on t.organization_id = h.organization and t.id = h.task
        where h.task = a.id and t.status = 'completed' and t.completed_at = at));
  end if;
  if awaited.tasks is not null then
    for tenant in
      select u.o, array_agg(u.i) as tasks from unnest(awaited.organizations, awaited.tasks) as u(o, i) group by u.o order by u.o
    loop
      released := released + settle_dependants(tenant.o, tenant.tasks, array_fill('completed'::text, array[cardinality(tenant.tasks)]));
    end loop;
  end if;
  return next;
end
$$;

-- Records failures; for each task { "e": error, "d": duration in ms, "n": retry after seconds | null (never again),
-- "k": outcome }. Returns how many were recorded, how many of them have failed for good, and how many tasks that had
-- waited for these can run now.
create function plinth.fail_tasks(lease uuid, worker uuid, ids uuid[], failures jsonb[])
returns table (recorded int, final int, released int)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  held record;
  failed record;
  last boolean;
  ended_organizations uuid[] := '{}';
  ended uuid[] := '{}';
begin
  recorded := 0;
  held := release_items(lease, worker, ids);
  for failed in
    select h.organization, h.task, h.attempt, x.*
    from unnest(held.organizations, held.tasks, held.attempts, held.places) with ordinality as h(organization, task, attempt, place, n)
    cross join lateral jsonb_to_record(failures[coalesce(h.place, h.n)]) as x(e jsonb, d int, n numeric, k text)
    order by h.organization, h.task
  loop
    last := fail_attempt(failed.organization, failed.task, failed.attempt, worker, coalesce(failed.k, 'failed'), failed.e,
                         failed.d, at + make_interval(secs => failed.n::double precision), at);
    recorded := recorded + (last is not null)::int;
    if last then
      ended_organizations := ended_organizations || failed.organization;
      ended := ended || failed.task;
    end if;
  end loop;
  final := cardinality(ended);
  released := settle_failed(ended_organizations, ended);
  return next;
end
$$;

-- One attempt ended without success: the attempt is recorded, and the task waits for the next or has failed.
-- Null when the task had ended meanwhile; otherwise whether it has failed for good. A paused one stays paused. The caller
-- looks after its dependants once all rows of its batch are locked.
create function plinth.fail_attempt(organization uuid, task uuid, attempt int, worker uuid, outcome text, error jsonb,
  duration_ms int, retry_at timestamptz, at timestamptz) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  -- a variable: Citus takes no time arithmetic inside coalesce
  began constant timestamptz := at - make_interval(secs => coalesce(duration_ms, 0) / 1000.0);
  last boolean;
  paused boolean;
begin
  select retry_at is null or fail_attempt.attempt >= t.max_attempts, t.status = 'paused'
  into last, paused
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
  set status = case when last then 'failed' when paused then 'paused' else 'retrying' end, error = fail_attempt.error, attempts = fail_attempt.attempt,
      updated_at = at, completed_at = case when last then at end,
      scheduled_at = case when last then t.scheduled_at else fail_attempt.retry_at end,
      started_at = coalesce(t.started_at, began)
  where t.organization_id = organization and t.id = task;
  if not last and not paused then
    insert into task_timers (organization_id, id, run_at) values (organization, task, fail_attempt.retry_at)
    on conflict (organization_id, id) do nothing;
  end if;
  return last;
end
$$;

-- Looks after the dependants of tasks that have failed for good. Returns how many can run now.
create function plinth.settle_failed(organizations uuid[], tasks uuid[]) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  tenant record;
  released int := 0;
begin
  for tenant in
    select u.o, array_agg(u.i) as tasks from unnest(organizations, settle_failed.tasks) as u(o, i) group by u.o order by u.o
  loop
    released := released + settle_dependants(tenant.o, tenant.tasks, array_fill('failed'::text, array[cardinality(tenant.tasks)]));
  end loop;
  return released;
end
$$;

-- A worker's sign of life: extends its leases, marks what it still holds as running, and returns what it must stop
-- (cancelled or paused meanwhile) and the leases it has lost.
create function plinth.heartbeat(worker uuid, leases uuid[], lease_seconds numeric)
returns table (lost_leases uuid[], cancelled_tasks uuid[], paused_tasks uuid[])
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
  kept uuid[];
begin
  update workers w set last_seen_at = at where w.id = worker;
  -- locked in the order of their ids, as the answers to several leases are
  kept := array(
    select held.id
    from (select l.id from task_leases l where l.id = any (leases) and l.worker_id = worker order by l.id for update) held);
  update task_leases l
  set expires_at = at + make_interval(secs => lease_seconds::double precision)
  where l.id = any (kept);
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
  select array_agg(u.i) filter (where t.status = 'cancelled'), array_agg(u.i) filter (where t.status = 'paused')
  into cancelled_tasks, paused_tasks
  from task_leases l
  cross join lateral unnest(l.organization_ids, l.task_ids) as u(o, i)
  join tasks t on t.organization_id = u.o and t.id = u.i
  where l.id = any (kept) and t.status in ('cancelled', 'paused');
  return next;
end
$$;

-- Gives back what a dead worker held: each item counts as a lost attempt and runs again, or fails with its last one. Lost
-- once it runs at once. Lost again it may be what kills its workers: it waits at random, up to 2, 4, 8 … 60 seconds, so that
-- those that were held beside it come back apart from it.
create function plinth.recover_expired_leases(leases_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  lease task_leases;
  item record;
  losses int;
  retry_at timestamptz;
  recovered int := 0;
  ended_organizations uuid[] := '{}';
  ended uuid[] := '{}';
begin
  for lease in
    select * from task_leases l where l.expires_at <= at order by l.expires_at limit leases_max for update skip locked
  loop
    delete from task_leases l where l.id = lease.id;
    for item in
      select u.o, u.i, u.a from unnest(lease.organization_ids, lease.task_ids, lease.attempts) as u(o, i, a) order by u.o, u.i
    loop
      retry_at := at;
      if item.a > 1 then
        select count(*) into losses
        from task_attempts a
        where a.organization_id = item.o and a.task_id = item.i and a.outcome = 'lost';
        if losses > 0 then
          retry_at := at + make_interval(secs => random() * least(2 ^ losses, 60));
        end if;
      end if;
      if fail_attempt(item.o, item.i, item.a, lease.worker_id, 'lost',
           jsonb_build_object('code', 'worker_lost', 'message', 'the worker stopped answering'),
           (extract(epoch from at - lease.claimed_at) * 1000)::int, retry_at, at) then
        ended_organizations := ended_organizations || item.o;
        ended := ended || item.i;
      end if;
      recovered := recovered + 1;
    end loop;
  end loop;
  perform settle_failed(ended_organizations, ended);
  return recovered;
end
$$;

-- A worker that shuts down, or was told to pause, returns what it has not finished: back to the queue, no attempt spent.
-- What is paused waits to be resumed. Returns how many.
create function plinth.return_tasks(lease uuid, worker uuid, ids uuid[]) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  held record;
  returned int;
begin
  held := release_items(lease, worker, ids);
  with waiting as (
    update tasks t
    set status = case when t.status = 'paused' then 'paused' when h.attempt > 1 then 'retrying' else 'pending' end, attempts = h.attempt - 1, updated_at = at,
        started_at = case when h.attempt > 1 then t.started_at end
    from unnest(held.organizations, held.tasks, held.attempts) as h(organization, task, attempt)
    where t.organization_id = h.organization and t.id = h.task and t.status in ('pending', 'retrying', 'running', 'paused')
    returning t.status, t.organization_id, t.id, t.task_type, t.priority, t.scheduled_at, h.attempt, t.timeout_seconds, t.payload,
      t.concurrency_key, t.concurrency_limit
  )
  insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload, concurrency_key,
    concurrency_limit)
  select w.organization_id, w.id, w.task_type, w.priority, w.scheduled_at, w.attempt, w.timeout_seconds, queue_payload(w.payload),
         w.concurrency_key, w.concurrency_limit
  from waiting w
  where w.status <> 'paused'
  on conflict (organization_id, id) do nothing;
  get diagnostics returned = row_count;
  return returned;
end
$$;

select plinth.register_function('release_items(uuid, uuid, uuid[])');
select plinth.register_function('complete_tasks(uuid, uuid, uuid[], integer[], jsonb)', '{worker}');
select plinth.register_function('fail_attempt(uuid, uuid, integer, uuid, text, jsonb, integer, timestamp with time zone, timestamp with time zone)');
select plinth.register_function('fail_tasks(uuid, uuid, uuid[], jsonb[])', '{worker}');
select plinth.register_function('settle_failed(uuid[], uuid[])');
select plinth.register_function('heartbeat(uuid, uuid[], numeric)', '{worker}');
select plinth.register_function('recover_expired_leases(integer)', '{worker}');
select plinth.register_function('return_tasks(uuid, uuid, uuid[])', '{worker}');
