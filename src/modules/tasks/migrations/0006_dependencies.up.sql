-- Tasks that wait for other tasks. A dependant counts the dependencies that have not ended; the statement that ends a task
-- counts down, and the last one puts the dependant into the queue. Nothing looks for blocked tasks in the background.
-- Locks are taken on what ends first, then on what waits for it, each in the order of the ids.

create table plinth.task_dependencies (
  organization_id uuid not null,
  task_id uuid not null,
  depends_on_task_id uuid not null,
  kind text not null default 'success',
  created_at timestamptz not null default now(),
  constraint task_dependencies_pkey primary key (organization_id, task_id, depends_on_task_id),
  constraint task_dependencies_task_fkey foreign key (organization_id, task_id)
    references plinth.tasks (organization_id, id) on delete cascade,
  constraint task_dependencies_depends_on_fkey foreign key (organization_id, depends_on_task_id)
    references plinth.tasks (organization_id, id) on delete cascade,
  constraint task_dependencies_kind_check check (kind in ('completion', 'success', 'failure'))
);
comment on table plinth.task_dependencies is 'Which task waits for which. Rows are added and removed, never changed.';
comment on column plinth.task_dependencies.task_id is 'The task that waits.';
comment on column plinth.task_dependencies.depends_on_task_id is 'The task it waits for: never itself, nor one that waits for it.';
comment on column plinth.task_dependencies.kind is
  'What the task waits for: that the other has ended in any way (completion), has completed (success), or has failed (failure).';
-- those that wait for a task that has ended
create index task_dependencies_depends_on_idx on plinth.task_dependencies (organization_id, depends_on_task_id, task_id);
select plinth.register_table('task_dependencies', visibility => 'tenant', audit => 'action', request_verbs => '{select}',
  definer_verbs => '{select,insert,delete}', touch => false);

-- Whether what a task waited for has come: null while the other has not ended.
create function plinth.dependency_met(kind text, status text) returns boolean
language sql immutable parallel safe
as $$
  select case when status in ('completed', 'failed', 'cancelled') then
    kind = 'completion' or (kind = 'success' and status = 'completed') or (kind = 'failure' and status = 'failed') end
$$;

-- Puts tasks whose status says that they may run into the queue, or among the timers when their time has not come.
-- One query around the inserts: on the tenant's node Citus takes no `insert … select` by itself.
create function plinth.queue_tasks(organization uuid, ids uuid[], at timestamptz) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  queued int;
begin
  with ready as (
    select t.*
    from unnest(ids) as u(id)
    cross join lateral (
      select x.id, x.task_type, x.priority, x.scheduled_at, x.attempts, x.timeout_seconds, x.payload, x.concurrency_key,
             x.concurrency_limit
      from tasks x
      where x.organization_id = organization and x.id = u.id and x.status in ('pending', 'retrying')
      offset 0) t
  ), due as (
    insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload, concurrency_key,
      concurrency_limit)
    select organization, r.id, r.task_type, r.priority, r.scheduled_at, r.attempts + 1, r.timeout_seconds, queue_payload(r.payload),
           r.concurrency_key, r.concurrency_limit
    from ready r
    where r.scheduled_at <= at
    on conflict (organization_id, id) do nothing
    returning id
  ), delayed as (
    insert into task_timers (organization_id, id, run_at)
    select organization, r.id, r.scheduled_at
    from ready r
    where r.scheduled_at > at
    on conflict (organization_id, id) do nothing
    returning id
  )
  select count(*) into queued from due;
end
$$;

-- Of tasks that wait in vain, those that end for it, and what waits for these in vain in turn; with what they end as.
create function plinth.doomed_tasks(organization uuid, vain uuid[], out ids uuid[], out fates text[])
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
  with recursive doomed (id, fate) as (
    select v.id, case t.on_dependency_failure when 'cancel' then 'cancelled' else 'failed' end
    from unnest(vain) as v(id)
    cross join lateral (
      select x.on_dependency_failure
      from tasks x
      where x.organization_id = organization and x.id = v.id and x.pending_dependencies > 0 and x.completed_at is null
      offset 0) t
    where t.on_dependency_failure <> 'run'
    union
    select y.task_id, y.fate
    from doomed x
    cross join lateral (
      select d.task_id, d.kind, (
          select case t.on_dependency_failure when 'cancel' then 'cancelled' when 'fail' then 'failed' end
          from tasks t
          where t.organization_id = organization and t.id = d.task_id and t.pending_dependencies > 0 and t.completed_at is null) as fate
      from task_dependencies d
      where d.organization_id = organization and d.depends_on_task_id = x.id
      offset 0) y
    where y.fate is not null and not dependency_met(y.kind, x.fate)
  )
  select array_agg(d.id order by d.id), array_agg(d.fate order by d.id) into ids, fates from doomed d;
end
$$;

-- Tells dependants that tasks have ended, each with its outcome. `begun`: tasks whose count is that of all their
-- dependencies, of which some have ended already. A dependant that waits in vain is cancelled or fails by its own policy,
-- which is told to its dependants in turn: all that end for it are found and locked at once, and where another
-- transaction came between, a level at a time; no depth is too much. Returns how many can run now.
-- The plans do not depend on statistics (`offset 0` keeps a join in its order, the hash join reads both sides once): tasks
-- of this very transaction are in none, and cancelling a chain of 2,000 took 33 s.
create function plinth.settle_dependants(organization uuid, ended uuid[], outcomes text[], begun uuid[] default '{}') returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = on   -- its caller may have turned it off
set enable_nestloop = off
set enable_mergejoin = off
set enable_bitmapscan = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  at constant timestamptz := clock_timestamp();
  told record;
  doomed record;
  known uuid[] := '{}';
  due uuid[];
  released int := 0;
begin
  loop
    released := released + wake_waiters(organization, ended);
    -- the error is made here: Citus takes no function of it inside the update's `case`
    select array_agg(x.task_id) as ids, array_agg(x.ended) as counts, array_agg(x.unmet) as unmet,
           array_agg(case when x.unmet is not null then jsonb_build_object(
             'code', 'dependency_not_met', 'message', 'task ' || x.unmet || ' has ' || x.unmet_status,
             'details', jsonb_build_object('task_id', x.unmet, 'status', x.unmet_status)) end) as errors
    into told
    from (
      select y.task_id, count(*)::int as ended,
             (array_agg(y.depends_on) filter (where not dependency_met(y.kind, y.status)))[1] as unmet,
             (array_agg(y.status) filter (where not dependency_met(y.kind, y.status)))[1] as unmet_status
      from (
        select d.task_id, p.id as depends_on, d.kind, p.status
        from unnest(ended, outcomes) as p(id, status)
        cross join lateral (
          select x.task_id, x.kind
          from task_dependencies x
          where x.organization_id = organization and x.depends_on_task_id = p.id
          offset 0) d
        union all
        select b.id, d.depends_on_task_id, d.kind, d.status
        from unnest(begun) as b(id)
        cross join lateral (
          select x.depends_on_task_id, x.kind,
                 (select p.status from tasks p where p.organization_id = organization and p.id = x.depends_on_task_id) as status
          from task_dependencies x
          where x.organization_id = organization and x.task_id = b.id
          offset 0) d
        where d.status in ('completed', 'failed', 'cancelled')
      ) y
      group by y.task_id
      order by y.task_id
    ) x;
    exit when told.ids is null;
    if known = '{}' and array_remove(told.unmet, null) <> '{}' then
      doomed := doomed_tasks(organization, array(select e.id from unnest(told.ids, told.unmet) as e(id, unmet) where e.unmet is not null));
      if cardinality(doomed.ids) > 1 then
        known := doomed.ids;
        perform 1 from tasks t where t.organization_id = organization and t.id = any (known) order by t.id for no key update;
        -- the same once they are locked: nobody can change it any more, and they have as good as ended
        doomed := doomed_tasks(organization, array(select e.id from unnest(told.ids, told.unmet) as e(id, unmet) where e.unmet is not null));
        if doomed.ids = known then
          ended := ended || doomed.ids;
          outcomes := outcomes || doomed.fates;
          continue;
        end if;
        known := '{}';
      end if;
    end if;
    with settled as (
      update tasks t
      set pending_dependencies = t.pending_dependencies - e.ended,
          status = case
            when e.unmet is not null and t.on_dependency_failure = 'cancel' then 'cancelled'
            when e.unmet is not null and t.on_dependency_failure = 'fail' then 'failed'
            when t.pending_dependencies > e.ended or t.status = 'paused' then t.status
            when t.attempts > 0 then 'retrying' else 'pending' end,
          scheduled_at = greatest(t.scheduled_at, at),
          completed_at = case when e.unmet is not null and t.on_dependency_failure <> 'run' then at end,
          error = case when e.unmet is not null and t.on_dependency_failure <> 'run' then e.error else t.error end,
          updated_at = at
      from unnest(told.ids, told.counts, told.unmet, told.errors) as e(id, ended, unmet, error)
      where t.organization_id = organization and t.id = any (told.ids) and t.id = e.id
        -- blocked, or paused while it was: said without the status, for which the index of live tasks would be read as a whole
        and t.pending_dependencies > 0 and t.completed_at is null
      returning t.id, t.status, t.has_dependants
    )
    select array_agg(t.id) filter (where t.status in ('pending', 'retrying')),
           array_agg(t.id) filter (where t.is_new),
           array_agg(t.status) filter (where t.is_new)
    into due, ended, outcomes
    from (
      select s.*, s.status in ('cancelled', 'failed') and s.has_dependants and s.id not in (select unnest(known)) as is_new
      from settled s
    ) t;
    if due is not null then
      perform queue_tasks(organization, due, at);
      released := released + cardinality(due);
    end if;
    exit when ended is null;
    begun := '{}';
    known := '{}';
  end loop;
  return released;
end
$$;

-- The dependencies of tasks that enqueue_tasks has just made: ids and whether each was made, in the order of `tasks`. An
-- element refers to those before it only, so one call makes no circle; and nothing older waits for what is new.
create function plinth.link_new_tasks(organization uuid, ids uuid[], made boolean[], tasks jsonb) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  older uuid[];
  found_older int;
  begun uuid[];
begin
  if false = any (made) then
    -- an equal idempotency key: what is referred to is the task that was there
    ids := array(
      select case when made[e.n] then ids[e.n] else (
        select t.id from tasks t
        where t.organization_id = organization and t.task_type = e.element ->> 'task_type'
          and t.idempotency_key = e.element ->> 'idempotency_key') end
      from jsonb_array_elements(link_new_tasks.tasks) with ordinality as e(element, n)
      order by e.n);
  end if;
  select array_agg(distinct coalesce(d.id, ids[d.place])), array_agg(distinct ids[e.n])
  into older, begun
  from jsonb_array_elements(link_new_tasks.tasks) with ordinality as e(element, n)
  cross join lateral jsonb_to_recordset(e.element -> 'depends_on') as d(id uuid, place int)
  where made[e.n] and (d.place is null or not made[d.place]);
  if older is not null then
    perform 1 from tasks t where t.organization_id = organization and t.id = any (older) order by t.id for no key update;
    get diagnostics found_older = row_count;
    if found_older < cardinality(older) then
      raise exception 'a task to depend on is not there' using errcode = '23503';
    end if;
    update tasks t set has_dependants = true
    where t.organization_id = organization and t.id = any (older) and not t.has_dependants;
  end if;
  if exists (
    select 1 from jsonb_array_elements(link_new_tasks.tasks) with ordinality as e(element, n)
    cross join lateral jsonb_to_recordset(e.element -> 'depends_on') as d(id uuid, place int)
    where (d.id is null) = (d.place is null) or d.place not between 1 and e.n - 1
      -- what this call makes is named by its place alone, or it could be given in a circle
      or d.id in (select u.id from unnest(ids, made) as u(id, made) where u.made)
  ) then
    raise exception 'a dependency is an id, or the place of an earlier element' using errcode = '22023';
  end if;
  insert into task_dependencies (organization_id, task_id, depends_on_task_id, kind)
  select organization, ids[e.n], coalesce(d.id, ids[d.place]), coalesce(d.kind, 'success')
  from jsonb_array_elements(link_new_tasks.tasks) with ordinality as e(element, n)
  cross join lateral jsonb_to_recordset(e.element -> 'depends_on') as d(id uuid, place int, kind text)
  where made[e.n];
  if begun is not null then
    perform settle_dependants(organization, '{}', '{}', begun);
  end if;
end
$$;

-- Lets a task that has not started wait for others as well: [{ "id": …, "kind": … }]. Returns added, cycle, exists (it
-- waits for one of them already), started or ended; null: no such task. Additions of one organization take turns, so that
-- two halves of a circle do not miss each other.
create function plinth.add_task_dependencies(organization uuid, task uuid, dependencies jsonb) returns text
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  at constant timestamptz := clock_timestamp();
  parents constant uuid[] := array(select distinct d.id from jsonb_to_recordset(dependencies) as d(id uuid) order by d.id);
  found_parents int;
  waiting tasks;
  taken int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('plinth.task_dependencies ' || organization, 0));
  perform 1 from tasks t where t.organization_id = organization and t.id = any (parents) order by t.id for no key update;
  get diagnostics found_parents = row_count;
  select * into waiting from tasks t where t.organization_id = organization and t.id = task for no key update;
  if not found then
    return null;
  end if;
  if found_parents < cardinality(parents) or cardinality(parents) = 0 then
    raise exception 'a task to depend on is not there' using errcode = '23503';
  end if;
  if waiting.status in ('completed', 'failed', 'cancelled') then
    return 'ended';
  elsif exists (
    with recursive above (id) as (
      select unnest(parents)
      union
      select d.depends_on_task_id
      from above a
      cross join lateral (
        select x.depends_on_task_id from task_dependencies x where x.organization_id = organization and x.task_id = a.id offset 0) d
    ) select 1 from above a where a.id = task
  ) then
    return 'cycle';
  elsif exists (
    select 1 from task_dependencies d where d.organization_id = organization and d.task_id = task and d.depends_on_task_id = any (parents)
  ) then
    return 'exists';
  elsif waiting.status not in ('blocked', 'paused') then
    -- out of the queue it can not be claimed; what is in neither a worker holds
    delete from task_queue q where q.organization_id = organization and q.id = task;
    get diagnostics taken = row_count;
    if taken = 0 then
      delete from task_timers w where w.organization_id = organization and w.id = task;
      get diagnostics taken = row_count;
    end if;
    if taken = 0 then
      return 'started';
    end if;
  end if;
  update tasks t set has_dependants = true
  where t.organization_id = organization and t.id = any (parents) and not t.has_dependants;
  insert into task_dependencies (organization_id, task_id, depends_on_task_id, kind)
  select organization, task, d.id, coalesce(d.kind, 'success')
  from jsonb_to_recordset(dependencies) as d(id uuid, kind text);
  taken := (select count(*) from task_dependencies d where d.organization_id = organization and d.task_id = task);
  update tasks t
  set status = case when t.status = 'paused' then 'paused' else 'blocked' end, pending_dependencies = taken, updated_at = at
  where t.organization_id = organization and t.id = task;
  perform record_action(organization, 'add_dependencies', 'tasks', task, jsonb_build_object('dependencies', dependencies));
  perform settle_dependants(organization, '{}', '{}', array[task]);
  return 'added';
end
$$;

-- Lets a task wait for another no longer. False when it does not; null: no such task.
create function plinth.remove_task_dependency(organization uuid, task uuid, dependency uuid) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  parent_status text;
  waiting tasks;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select t.status into parent_status from tasks t where t.organization_id = organization and t.id = dependency for no key update;
  select * into waiting from tasks t where t.organization_id = organization and t.id = task for no key update;
  if not found then
    return null;
  end if;
  delete from task_dependencies d
  where d.organization_id = organization and d.task_id = task and d.depends_on_task_id = dependency;
  if not found then
    return false;
  end if;
  perform record_action(organization, 'remove_dependency', 'tasks', task, jsonb_build_object('dependency', dependency));
  if waiting.status in ('blocked', 'paused') and parent_status not in ('completed', 'failed', 'cancelled') then
    update tasks t
    set pending_dependencies = t.pending_dependencies - 1, updated_at = at, scheduled_at = greatest(t.scheduled_at, at),
        status = case when t.status = 'paused' or t.pending_dependencies > 1 then t.status
                      when t.attempts > 0 then 'retrying' else 'pending' end
    where t.organization_id = organization and t.id = task;
    perform queue_tasks(organization, array[task], at);
  end if;
  return true;
end
$$;

-- A task that is deleted before it has ended counts as cancelled for those that wait for it.
create function plinth.settle_deleted_task() returns trigger
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform settle_dependants(old.organization_id, array[old.id], array['cancelled']);
  return old;
end
$$;

-- As the specification's query uses it: whether all that a task waits for has ended as asked. It sees what its caller sees.
create function plinth.are_task_dependencies_satisfied(task uuid) returns boolean
language plpgsql stable
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return not exists (
    select 1 from task_dependencies d
    join tasks t on t.organization_id = d.organization_id and t.id = d.task_id
    join tasks p on p.organization_id = d.organization_id and p.id = d.depends_on_task_id
    where d.organization_id = current_organization_id() and d.task_id = task
      and not coalesce(case when t.on_dependency_failure = 'run' then dependency_met('completion', p.status)
                            else dependency_met(d.kind, p.status) end, false));
end
$$;

-- The specification's queries: what may run now, in the order it is claimed in, and how much there is of each kind.
create view plinth.ready_tasks with (security_invoker = true) as
select t.*
from plinth.tasks t
where t.organization_id = plinth.current_organization_id() and t.status in ('pending', 'retrying') and t.scheduled_at <= now()
  and t.deleted_at is null
order by t.priority desc, t.scheduled_at, t.id;
comment on view plinth.ready_tasks is
  'Tasks that are due and wait for a worker alone, in the order in which they are claimed; what was claimed a moment ago is among them.';

create view plinth.task_summary with (security_invoker = true) as
select t.organization_id, t.task_type, t.status, count(*) as tasks, min(t.scheduled_at) as oldest_scheduled_at,
       max(t.completed_at) as last_completed_at, avg(t.execution_time_seconds) as average_execution_seconds,
       sum(t.attempts) as attempts
from plinth.tasks t
where t.organization_id = plinth.current_organization_id() and t.deleted_at is null
group by t.organization_id, t.task_type, t.status;
comment on view plinth.task_summary is 'Tasks of the organization by type and status, with their oldest and latest times and average run time.';

do $do$
begin
  if plinth.is_citus() then
    perform set_config('citus.enable_unsafe_triggers', 'on', true);
  end if;
end
$do$;
create trigger settle_deleted_task before delete on plinth.tasks
  for each row when (old.has_dependants and old.status not in ('completed', 'failed', 'cancelled'))
  execute function plinth.settle_deleted_task();

select plinth.register_function('dependency_met(text, text)', '{app,worker,readonly,definer}', 'invoker');
select plinth.register_function('queue_tasks(uuid, uuid[], timestamp with time zone)');
select plinth.register_function('doomed_tasks(uuid, uuid[])');
select plinth.register_function('settle_dependants(uuid, uuid[], text[], uuid[])');
select plinth.register_function('link_new_tasks(uuid, uuid[], boolean[], jsonb)');
select plinth.register_function('add_task_dependencies(uuid, uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('remove_task_dependency(uuid, uuid, uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('settle_deleted_task()', '{}', 'owner');
select plinth.register_function('are_task_dependencies_satisfied(uuid)', '{app,readonly}', 'invoker');
do $do$
begin
  if plinth.is_citus() then
    -- a query over tasks asks it on their node, and it asks for rows of the same tenant there
    alter function plinth.are_task_dependencies_satisfied(uuid) set citus.allow_nested_distributed_execution = on;
  end if;
end
$do$;
select plinth.register_view('ready_tasks');
select plinth.register_view('task_summary');
