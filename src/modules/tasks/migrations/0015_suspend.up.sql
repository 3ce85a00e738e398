-- Tasks that give themselves back until a time or until they are woken, without spending an attempt: what durable sleep and
-- waiting are made of. A suspended task is a timer like any other; one that waits for ever has a timer that is never due.
-- Who wakes and who suspends lock the task first, so no wake-up falls between the look and the sleep.

alter table plinth.tasks add column woken boolean not null default false;
comment on column plinth.tasks.woken is 'Somebody woke it while it was not among the timers: its next suspension ends at once.';
select plinth.refresh_table('tasks');

create table plinth.task_waiters (
  organization_id uuid not null,
  task_id uuid not null,
  awaited_task_id uuid not null,
  constraint task_waiters_pkey primary key (organization_id, awaited_task_id, task_id),
  constraint task_waiters_task_fkey foreign key (organization_id, task_id)
    references plinth.tasks (organization_id, id) on delete cascade,
  constraint task_waiters_awaited_fkey foreign key (organization_id, awaited_task_id)
    references plinth.tasks (organization_id, id) on delete cascade
);
comment on table plinth.task_waiters is 'Who is woken when a task ends. A row goes with the wake-up.';
comment on column plinth.task_waiters.task_id is 'The task that is woken.';
comment on column plinth.task_waiters.awaited_task_id is 'The task whose end wakes it.';
-- what goes with a task that is deleted
create index task_waiters_task_idx on plinth.task_waiters (organization_id, task_id);
select plinth.register_table('task_waiters', visibility => 'tenant', audit => 'action', request_verbs => '{select}',
  definer_verbs => '{select,insert,delete}', touch => false);

-- Gives tasks back until a time (null: until they are woken), under the lease's fence: no attempt is spent. Who was woken
-- meanwhile goes straight into the queue; what is paused waits to be resumed. Returns those that can run now.
create function plinth.suspend_tasks(lease uuid, worker uuid, ids uuid[], untils timestamptz[]) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  -- no time that is ever due, and one that every client can read
  never constant timestamptz := '9999-12-31T00:00:00Z';
  held record;
  tenant record;
  due int := 0;
  batch int;
begin
  held := release_items(lease, worker, ids);
  for tenant in
    select u.o as id, array_agg(u.i order by u.i) as tasks, array_agg(u.a order by u.i) as attempts,
           array_agg(coalesce(untils[coalesce(u.p, u.n)], never) order by u.i) as untils
    from unnest(held.organizations, held.tasks, held.attempts, held.places) with ordinality as u(o, i, a, p, n)
    group by u.o
    order by u.o
  loop
    -- the next statement sees what a wake-up that came first has committed
    perform 1 from tasks t where t.organization_id = tenant.id and t.id = any (tenant.tasks) order by t.id for no key update;
    update tasks t
    set status = case when t.status = 'paused' then 'paused' when h.attempt > 1 then 'retrying' else 'pending' end,
        attempts = h.attempt - 1, updated_at = at, woken = false, started_at = coalesce(t.started_at, held.claimed_at),
        scheduled_at = case when t.woken or h.until < at then at else h.until end
    from unnest(tenant.tasks, tenant.attempts, tenant.untils) as h(task, attempt, until)
    where t.organization_id = tenant.id and t.id = h.task and t.status in ('pending', 'retrying', 'running', 'paused');
    perform queue_tasks(tenant.id, tenant.tasks, at);
    batch := (
      select count(*) from tasks t
      where t.organization_id = tenant.id and t.id = any (tenant.tasks) and t.status in ('pending', 'retrying') and t.scheduled_at <= at);
    due := due + batch;
  end loop;
  return due;
end
$$;

-- Ends the suspension of tasks, or the pause before their next attempt; of those that a worker holds, or may be about to
-- hold, it ends the next one. What was never begun is not begun before its time. Returns how many can run now.
create function plinth.wake_tasks(organization uuid, ids uuid[]) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  due uuid[];
begin
  perform 1 from tasks t where t.organization_id = organization and t.id = any (ids) order by t.id for no key update;
  with gone as (
    delete from task_timers w
    where w.organization_id = organization and w.id in (
      select t.id from tasks t where t.organization_id = organization and t.id = any (ids) and t.started_at is not null)
    returning w.id
  )
  select coalesce(array_agg(g.id), '{}') into due from gone g;
  update tasks t
  set woken = not t.id = any (due), updated_at = at,
      scheduled_at = case when t.started_at is null then t.scheduled_at else least(t.scheduled_at, at) end
  where t.organization_id = organization and t.id = any (ids) and t.completed_at is null;
  perform queue_tasks(organization, due, at);
  return cardinality(due);
end
$$;

-- Wakes who waits for tasks that have ended. Returns how many can run now.
create function plinth.wake_waiters(organization uuid, ended uuid[]) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  waiting uuid[];
begin
  with gone as (
    delete from task_waiters w where w.organization_id = organization and w.awaited_task_id = any (ended) returning w.task_id
  )
  select array_agg(distinct g.task_id) into waiting from gone g;
  if waiting is null then
    return 0;
  end if;
  return wake_tasks(organization, waiting);
end
$$;

-- Wakes a task that may be suspended. Returns whether it has not ended; null: no such task.
create function plinth.wake_task(organization uuid, task uuid) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  perform wake_tasks(organization, array[task]);
  return (select t.completed_at is null from tasks t where t.organization_id = organization and t.id = task);
end
$$;

-- Has a task woken when others end, each of them; at once where one has ended already.
create function plinth.await_tasks(organization uuid, task uuid, awaited uuid[]) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  ended int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  -- whoever ends one of them waits for this, or has committed before the next statement looks
  perform 1 from tasks t where t.organization_id = organization and t.id = any (awaited) order by t.id for no key update;
  update tasks t set has_dependants = true
  where t.organization_id = organization and t.id = any (awaited) and t.completed_at is null and not t.has_dependants;
  -- one query around the insert, as in queue_tasks
  with waits as (
    insert into task_waiters (organization_id, task_id, awaited_task_id)
    select organization, w.id, t.id
    from tasks w
    join tasks t on t.organization_id = w.organization_id
    where w.organization_id = organization and w.id = task and t.id = any (awaited) and t.completed_at is null
    on conflict do nothing
    returning awaited_task_id
  )
  select count(*) into ended
  from tasks t
  where t.organization_id = organization and t.id = any (awaited) and t.completed_at is not null;
  if ended > 0 then
    perform wake_tasks(organization, array[task]);
  end if;
end
$$;

-- Whether a worker still holds a task under a lease, and it has not ended; to the end of the transaction nobody else gets it.
-- The lock is on the task, which whatever ends a lease writes: a lease is a row of all tenants, and locking it on Citus holds
-- up the whole cluster. There the lease may be seen a moment longer than what its end has made of the task, so that says too.
create function plinth.is_task_held(organization uuid, task uuid, lease uuid) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  known record;
  attempt int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select t.attempts, t.status into known
  from tasks t
  where t.organization_id = organization and t.id = task and t.completed_at is null
  for share;
  if not found then
    return false;
  end if;
  attempt := (
    select u.a
    from task_leases l
    cross join lateral unnest(l.organization_ids, l.task_ids, l.attempts) as u(o, i, a)
    where l.id = lease and u.o = organization and u.i = task);
  return coalesce(known.attempts < attempt or (known.attempts = attempt and known.status in ('running', 'paused')), false);
end
$$;

select plinth.register_function('suspend_tasks(uuid, uuid, uuid[], timestamp with time zone[])', '{worker}');
select plinth.register_function('wake_tasks(uuid, uuid[])');
select plinth.register_function('wake_waiters(uuid, uuid[])');
select plinth.register_function('wake_task(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('await_tasks(uuid, uuid, uuid[])', '{app}', tenant_argument => 'organization');
select plinth.register_function('is_task_held(uuid, uuid, uuid)', '{app}', tenant_argument => 'organization');
