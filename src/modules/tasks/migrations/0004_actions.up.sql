-- What people do to tasks, and what workers say of themselves.

-- Cancels tasks wherever they stand, with their subtasks: queued, delayed, blocked or running (their workers hear of it by
-- the next heartbeat). What waits for them is told. Returns those that had not ended.
create function plinth.cancel_tasks(organization uuid, ids uuid[], reason text) returns uuid[]
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  at constant timestamptz := clock_timestamp();
  named uuid[];
  cancelled uuid[];
  awaited uuid[];
  why constant jsonb := jsonb_build_object('code', 'cancelled', 'message', coalesce(reason, 'cancelled'));
begin
  with recursive below (id) as (
    select t.id from tasks t
    where t.organization_id = organization and t.id = any (ids) and t.status not in ('completed', 'failed', 'cancelled')
    union
    select s.id
    from below b
    cross join lateral (select t.id from tasks t where t.organization_id = organization and t.parent_task_id = b.id offset 0) s
  )
  select array_agg(b.id) into named from below b;
  perform 1 from tasks t where t.organization_id = organization and t.id = any (named) order by t.id for no key update;
  delete from task_queue q where q.organization_id = organization and q.id = any (named);
  delete from task_timers w where w.organization_id = organization and w.id = any (named);
  with ended as (
    update tasks t
    set status = 'cancelled', completed_at = at, updated_at = at, error = why
    where t.organization_id = organization and t.id = any (named) and t.status not in ('completed', 'failed', 'cancelled')
    returning t.id, t.has_dependants
  )
  select array_agg(e.id), array_agg(e.id) filter (where e.has_dependants) into cancelled, awaited from ended e;
  if awaited is not null then
    perform settle_dependants(organization, awaited, array_fill('cancelled'::text, array[cardinality(awaited)]));
  end if;
  return coalesce(cancelled, '{}');
end
$$;

-- Cancels a task. Returns false when it had ended already; no row of the organization: null.
create function plinth.cancel_task(organization uuid, task uuid, reason text default null) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  state text;
  cancelled uuid[];
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select t.status into state from tasks t where t.organization_id = organization and t.id = task;
  if not found then
    return null;
  end if;
  cancelled := cancel_tasks(organization, array[task], reason);
  if not task = any (cancelled) then
    return false;
  end if;
  perform record_action(organization, 'cancel', 'tasks', task,
    jsonb_build_object('reason', reason, 'was', state, 'subtasks', cardinality(cancelled) - 1));
  return true;
end
$$;

-- Runs failed and cancelled tasks again, with their attempts counted anew, and with them what was cancelled or failed
-- because it waited for one of them in vain. Those a worker still holds stay as they are. Returns those that are waiting
-- again.
create function plinth.retry_tasks(organization uuid, ids uuid[]) returns uuid[]
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = on   -- its caller may have turned it off
set enable_nestloop = off
set enable_mergejoin = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  at constant timestamptz := clock_timestamp();
  again uuid[];
  begun uuid[];
  due uuid[];
begin
  again := array(
    select t.id from tasks t
    where t.organization_id = organization and t.id = any (ids) and t.status in ('failed', 'cancelled')
    order by t.id
    for no key update);
  -- once they are locked nobody can claim them; and a statement of its own, for Citus
  again := array(select unnest(again) except select unnest(l.task_ids) from task_leases l);
  with recursive revived (id) as (
    select unnest(again)
    union
    select d.task_id
    from revived r
    cross join lateral (
      select x.task_id, (select t.error ->> 'code' from tasks t where t.organization_id = organization and t.id = x.task_id) as code
      from task_dependencies x
      where x.organization_id = organization and x.depends_on_task_id = r.id
      offset 0) d
    where d.code = 'dependency_not_met'
  )
  select array_agg(r.id) into again from revived r;
  perform 1 from tasks t where t.organization_id = organization and t.id = any (again) order by t.id for no key update;
  with restarted as (
    update tasks t
    set status = case when x.dependencies > 0 then 'blocked' else 'pending' end, pending_dependencies = x.dependencies,
        attempts = 0, error = null, results = null, started_at = null, completed_at = null, scheduled_at = at, updated_at = at
    from (
      select a.id, (select count(*)::int from task_dependencies d where d.organization_id = organization and d.task_id = a.id)
        as dependencies
      from unnest(again) as a(id)
    ) x
    where t.organization_id = organization and t.id = any (again) and t.id = x.id and t.status in ('failed', 'cancelled')
    returning t.id, t.status
  )
  select array_agg(r.id), array_agg(r.id) filter (where r.status = 'blocked'), array_agg(r.id) filter (where r.status = 'pending')
  into again, begun, due
  from restarted r;
  if again is null then
    return '{}';
  end if;
  -- those that are still waiting wait for them again
  update tasks t
  set pending_dependencies = t.pending_dependencies + x.dependencies, updated_at = at
  from (
    select d.task_id, count(*)::int as dependencies
    from unnest(again) as a(id)
    cross join lateral (
      select y.task_id from task_dependencies y where y.organization_id = organization and y.depends_on_task_id = a.id offset 0) d
    where d.task_id not in (select unnest(again))
    group by d.task_id
    order by d.task_id
  ) x
  where t.organization_id = organization and t.id = x.task_id and t.status in ('blocked', 'paused');
  if begun is not null then
    perform settle_dependants(organization, '{}', '{}', begun);
  end if;
  -- those that wait for nothing; what has ended before has queued the others
  perform queue_tasks(organization, due, at);
  return array(
    select t.id from tasks t
    where t.organization_id = organization and t.id = any (again) and t.status in ('pending', 'blocked'));
end
$$;

-- Runs a failed or cancelled task again. Returns its status then; ended: it has not ended that way, or a worker holds it
-- still; dependency: what it waits for has failed, and it would be in vain; null: no such task.
create function plinth.retry_task(organization uuid, task uuid) returns text
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  before tasks;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select * into before from tasks t where t.organization_id = organization and t.id = task for no key update;
  if not found then
    return null;
  end if;
  if before.status in ('failed', 'cancelled') and before.on_dependency_failure <> 'run' and exists (
    select 1 from task_dependencies d
    join tasks p on p.organization_id = organization and p.id = d.depends_on_task_id
    where d.organization_id = organization and d.task_id = before.id and not dependency_met(d.kind, p.status)
  ) then
    return 'dependency';
  end if;
  if not task = any (retry_tasks(organization, array[task])) then
    return 'ended';
  end if;
  perform record_action(organization, 'retry', 'tasks', task, jsonb_build_object('was', before.status));
  return (select t.status from tasks t where t.organization_id = organization and t.id = task);
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

-- Tasks that have failed for good and nobody has retried, at most so many.
create function plinth.count_failed_tasks(tasks_max int) returns bigint
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select count(*) from (select 1 from tasks t where t.status = 'failed' limit tasks_max) dead);
end
$$;

select plinth.register_function('cancel_tasks(uuid, uuid[], text)');
select plinth.register_function('retry_tasks(uuid, uuid[])');
select plinth.register_function('cancel_task(uuid, uuid, text)', '{app}', tenant_argument => 'organization');
select plinth.register_function('retry_task(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('register_worker(uuid, text, integer, text, text[])', '{worker}');
select plinth.register_function('stop_worker(uuid)', '{worker}');
select plinth.register_function('task_engine_state()', '{worker}');
select plinth.register_function('count_failed_tasks(integer)', '{worker}');
