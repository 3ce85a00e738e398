-- What people do to tasks, and what workers say of themselves.

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
  again tasks;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select * into again from tasks t where t.organization_id = organization and t.id = task for update;
  if not found then
    return null;
  end if;
  if again.status not in ('failed', 'cancelled')
     or exists (select from task_leases l where task = any (l.task_ids) and organization = any (l.organization_ids)) then
    return false;
  end if;
  update tasks t
  set status = 'pending', attempts = 0, error = null, results = null, started_at = null, completed_at = null,
      scheduled_at = at, updated_at = at
  where t.organization_id = organization and t.id = task;
  -- values, not a select: inside a function that runs on the tenant's node Citus wants the tenant in plain sight
  insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload)
  values (organization, task, again.task_type, again.priority, at, 1, again.timeout_seconds, queue_payload(again.payload));
  perform record_action(organization, 'retry', 'tasks', task, jsonb_build_object('was', again.status));
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

-- Tasks that have failed for good and nobody has retried, at most so many.
create function plinth.count_failed_tasks(tasks_max int) returns bigint
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select count(*) from (select from tasks t where t.status = 'failed' limit tasks_max) dead);
end
$$;

select plinth.register_function('cancel_task(uuid, uuid, text)', '{app}', tenant_argument => 'organization');
select plinth.register_function('retry_task(uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('register_worker(uuid, text, integer, text, text[])', '{worker}');
select plinth.register_function('stop_worker(uuid)', '{worker}');
select plinth.register_function('task_engine_state()', '{worker}');
select plinth.register_function('count_failed_tasks(integer)', '{worker}');
