-- What people do to many tasks at once: cancel, retry, pause and resume, by a filter.

-- Takes tasks out of the queue until they are resumed; what runs is stopped by its worker at the next heartbeat, and its
-- attempt does not count. What is blocked goes on counting. Returns those that were paused.
create function plinth.pause_tasks(organization uuid, ids uuid[]) returns uuid[]
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  paused uuid[];
begin
  perform 1 from tasks t where t.organization_id = organization and t.id = any (ids) order by t.id for no key update;
  delete from task_queue q where q.organization_id = organization and q.id = any (ids);
  delete from task_timers w where w.organization_id = organization and w.id = any (ids);
  with changed as (
    update tasks t
    set status = 'paused', updated_at = at
    where t.organization_id = organization and t.id = any (ids) and t.status in ('blocked', 'pending', 'retrying', 'running')
    returning t.id
  )
  select array_agg(c.id) into paused from changed c;
  return coalesce(paused, '{}');
end
$$;

-- Lets paused tasks go on: to the queue, to their timer, or to waiting for others. What its worker has not yet let go of
-- runs on, or comes back to the queue when it does. Returns those that were resumed.
create function plinth.resume_tasks(organization uuid, ids uuid[]) returns uuid[]
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  held uuid[];
  resumed uuid[];
begin
  perform 1 from tasks t where t.organization_id = organization and t.id = any (ids) order by t.id for no key update;
  held := array(select unnest(l.task_ids) from task_leases l intersect select unnest(ids));
  with changed as (
    update tasks t
    set status = case when t.id = any (held) then 'running' when t.pending_dependencies > 0 then 'blocked'
                      when t.attempts > 0 then 'retrying' else 'pending' end,
        updated_at = at
    where t.organization_id = organization and t.id = any (ids) and t.status = 'paused'
    returning t.id
  )
  select array_agg(c.id) into resumed from changed c;
  perform queue_tasks(organization, resumed, at);
  return coalesce(resumed, '{}');
end
$$;

-- Does one of cancel, retry, pause and resume to the next rows_max tasks after an id that match a filter: ids, task_type,
-- status, project_id, repository_id, parent_task_id, metadata (contained), error_code, created_after, created_before.
-- Returns the tasks that changed, and the id to go on after; null: that was all.
create function plinth.change_tasks(organization uuid, action text, filter jsonb, reason text, after uuid, rows_max int)
returns table (changed uuid[], next_after uuid)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  statuses constant text[] := case action
    when 'cancel' then '{blocked,pending,running,retrying,paused}'::text[]
    when 'retry' then '{failed,cancelled}'
    when 'pause' then '{blocked,pending,running,retrying}'
    when 'resume' then '{paused}' end;
  f record;
  ids uuid[];
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  if statuses is null or rows_max is null or rows_max not between 1 and 10000 then
    raise exception 'no such action, or not 1 to 10,000 rows' using errcode = '22023';
  end if;
  select * into f
  from jsonb_to_record(filter) as x(ids uuid[], task_type text, status text, project_id uuid, repository_id uuid,
    parent_task_id uuid, metadata jsonb, error_code text, created_after timestamptz, created_before timestamptz);
  select array_agg(x.id) into ids
  from (
    select t.id
    from tasks t
    where t.organization_id = organization and t.deleted_at is null and t.status = any (statuses)
      and (after is null or t.id > after)
      and (f.ids is null or t.id = any (f.ids))
      and (f.task_type is null or t.task_type = f.task_type)
      and (f.status is null or t.status = f.status)
      and (f.project_id is null or t.project_id = f.project_id)
      and (f.repository_id is null or t.repository_id = f.repository_id)
      and (f.parent_task_id is null or t.parent_task_id = f.parent_task_id)
      and (f.metadata is null or t.metadata @> f.metadata)
      and (f.error_code is null or t.error ->> 'code' = f.error_code)
      and (f.created_after is null or t.created_at >= f.created_after)
      and (f.created_before is null or t.created_at < f.created_before)
    order by t.id
    limit rows_max
  ) x;
  changed := case action when 'cancel' then cancel_tasks(organization, ids, reason)
                         when 'retry' then retry_tasks(organization, ids)
                         when 'pause' then pause_tasks(organization, ids)
                         else resume_tasks(organization, ids) end;
  next_after := case when cardinality(ids) = rows_max then ids[rows_max] end;
  if cardinality(changed) > 0 then
    perform record_action(organization, 'bulk_' || action, 'tasks', null,
      jsonb_build_object('filter', filter, 'reason', reason, 'count', cardinality(changed)));
  end if;
  return next;
end
$$;

-- Pauses or resumes one task. Returns its status then; ended or not_paused where it can not; null: no such task.
create function plinth.hold_task(organization uuid, task uuid, action text) returns text
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  before text;
  changed uuid[];
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select t.status into before from tasks t where t.organization_id = organization and t.id = task for no key update;
  if not found then
    return null;
  elsif before in ('completed', 'failed', 'cancelled') then
    return 'ended';
  elsif action = 'pause' then
    changed := pause_tasks(organization, array[task]);
  elsif before = 'paused' then
    changed := resume_tasks(organization, array[task]);
  else
    return 'not_paused';
  end if;
  if cardinality(changed) > 0 then
    perform record_action(organization, action, 'tasks', task, jsonb_build_object('was', before));
  end if;
  return (select t.status from tasks t where t.organization_id = organization and t.id = task);
end
$$;

select plinth.register_function('pause_tasks(uuid, uuid[])');
select plinth.register_function('resume_tasks(uuid, uuid[])');
select plinth.register_function('change_tasks(uuid, text, jsonb, text, uuid, integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('hold_task(uuid, uuid, text)', '{app}', tenant_argument => 'organization');
