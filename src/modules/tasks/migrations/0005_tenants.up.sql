-- The same engine on Citus, which locks rows of one tenant at a time only: what is due is looked up over all tenants
-- without locks, and then taken tenant by tenant. The program chooses; both are there on every engine.

-- As claim_tasks. Tenants with work are found by one probe for each organization, shard by shard.
create function plinth.claim_tasks_by_tenant(lease uuid, worker uuid, types text[], batch_size int, lease_seconds numeric,
  after uuid[] default '{}', by_age boolean default false, keyed_max int default 0, keyed_after uuid[] default '{}')
returns table (organization_id uuid, task_id uuid, attempt int, task_type text, timeout_seconds int, payload jsonb,
  concurrency_key text)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at timestamptz;
  claimed jsonb := '[]';
  keyed task_queue[] := '{}';
  skipped boolean := false;
  tenants uuid[];
  type_name text;
  before int;
  level int;
  more jsonb;
begin
  for nth_type in 1 .. cardinality(types) loop
    type_name := types[nth_type];
    while jsonb_array_length(claimed) < batch_size loop
      before := jsonb_array_length(claimed);
      tenants := array(
        select o.id
        from organizations o
        where exists (
          select 1 from task_queue q where q.organization_id = o.id and q.task_type = type_name and q.concurrency_key is null)
        order by o.id > after[nth_type] desc nulls last, o.id
        limit least(128, batch_size - before));
      for nth in 1 .. cardinality(tenants) loop
        level := case when by_age then oldest_priority(type_name, tenants[nth], null) end;
        with taken as (
          delete from task_queue q
          where q.organization_id = tenants[nth] and q.id in (
            select c.id
            from task_queue c
            where c.organization_id = tenants[nth] and c.task_type = type_name and c.concurrency_key is null
              and (level is null or c.priority = level)
            order by c.priority desc, c.run_at, c.id
            -- an equal part of what is left
            limit ceil((batch_size - jsonb_array_length(claimed))::numeric / (cardinality(tenants) - nth + 1))::int
            for update skip locked)
          returning q.organization_id as o, q.id as i, q.attempt as a, q.timeout_seconds as s, q.payload as p, q.priority, q.run_at
        )
        select jsonb_agg(jsonb_build_object('o', t.o, 'i', t.i, 'a', t.a, 'y', type_name, 's', t.s, 'p', t.p)
                         order by t.priority desc, t.run_at, t.i)
        into more
        from taken t;
        claimed := claimed || coalesce(more, '[]');
      end loop;
      exit when jsonb_array_length(claimed) = before;
    end loop;
  end loop;
  if keyed_max > 0 then
    select k.tasks, k.skipped into keyed, skipped from claim_keyed_tasks_by_tenant(types, keyed_max, keyed_after[1], by_age) k;
  end if;
  claimed := claimed || coalesce((
    select jsonb_agg(jsonb_build_object('o', k.organization_id, 'i', k.id, 'a', k.attempt, 'y', k.task_type,
                       's', k.timeout_seconds, 'p', k.payload, 'k', k.concurrency_key)
                     order by k.priority desc, k.run_at, k.id)
    from unnest(keyed) as k), '[]');
  if claimed <> '[]' then
    -- after the search, which may have waited: what a task waited for has ended before it is claimed
    at := clock_timestamp();
    insert into task_leases (id, worker_id, claimed_at, expires_at, organization_ids, task_ids, attempts, concurrency_keys)
    select lease, worker, at, at + make_interval(secs => lease_seconds::double precision),
           array_agg(c.o order by c.n), array_agg(c.i order by c.n), array_agg(c.a order by c.n),
           case when cardinality(keyed) > 0 then array_agg(c.k order by c.n) end
    from rows from (jsonb_to_recordset(claimed) as (o uuid, i uuid, a int, k text)) with ordinality as c(o, i, a, k, n)
    on conflict do nothing;
  end if;
  for organization_id, task_id, attempt, task_type, timeout_seconds, payload, concurrency_key in
    select c.o, c.i, c.a, c.y, c.s, nullif(c.p, 'null'), c.k
    from rows from (jsonb_to_recordset(claimed) as (o uuid, i uuid, a int, y text, s int, p jsonb, k text)) with ordinality
      as c(o, i, a, y, s, p, k, n)
    order by c.n
  loop
    -- a large payload is not in the queue
    if payload is null then
      select t.payload into payload from tasks t where t.organization_id = claim_tasks_by_tenant.organization_id and t.id = task_id;
    end if;
    return next;
  end loop;
  if skipped then
    return query select null::uuid, null::uuid, null::int, null::text, null::int, null::jsonb, null::text;
  end if;
end
$$;

-- As promote_due_tasks.
create function plinth.promote_due_tasks_by_tenant(rows_max int)
returns table (promoted int, next_due_at timestamptz, next_lease_expires_at timestamptz, live_workers int)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
  tenant record;
  due uuid[];
  batch int;
begin
  promoted := 0;
  for tenant in
    select c.organization_id as id, count(*) as due
    from (select w.organization_id, w.run_at from task_timers w where w.run_at <= at order by w.run_at limit rows_max) c
    group by c.organization_id
    order by min(c.run_at)
  loop
    with gone as (
      delete from task_timers w
      where w.organization_id = tenant.id and w.id in (
        select c.id
        from task_timers c
        where c.organization_id = tenant.id and c.run_at <= at
        order by c.run_at
        limit tenant.due
        for update skip locked)
      returning w.id
    )
    select array_agg(g.id) into due from gone g;
    insert into task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload, concurrency_key,
      concurrency_limit)
    select t.organization_id, t.id, t.task_type, t.priority, t.scheduled_at, t.attempts + 1, t.timeout_seconds, queue_payload(t.payload),
           t.concurrency_key, t.concurrency_limit
    from tasks t
    where t.organization_id = tenant.id and t.id = any (due) and t.status in ('pending', 'retrying')
    on conflict (organization_id, id) do nothing;
    get diagnostics batch = row_count;
    promoted := promoted + batch;
  end loop;
  promoted := promoted + renew_rates(at);
  next_due_at := least((select min(w.run_at) from task_timers w), (select min(r.renews_at) from task_rates r));
  next_lease_expires_at := (select min(l.expires_at) from task_leases l);
  live_workers := (select count(*) from workers w where w.stopped_at is null and w.last_seen_at > at - interval '1 minute');
  return next;
end
$$;

-- As complete_tasks.
create function plinth.complete_tasks_by_tenant(lease uuid, worker uuid, ids uuid[], durations int[], results jsonb)
returns table (refused uuid[], released int)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  given constant jsonb[] := array(select jsonb_array_elements(complete_tasks_by_tenant.results));
  held record;
  tenant record;
  recorded uuid[] := '{}';
  batch uuid[];
  awaited uuid[];
begin
  released := 0;
  held := release_items(lease, worker, ids);
  if held.tasks is null then
    refused := ids;
    return next;
    return;
  end if;
  for tenant in
    select u.o as id,
           jsonb_agg(jsonb_build_object('i', u.i, 'a', u.a, 'r', given[coalesce(u.p, u.n)],
             's', at - coalesce(durations[coalesce(u.p, u.n)], 0) * interval '1 ms') order by u.i) as answers
    from unnest(held.organizations, held.tasks, held.attempts, held.places) with ordinality as u(o, i, a, p, n)
    group by u.o
    order by u.o
  loop
    with done as (
      update tasks t
      set status = 'completed', results = nullif(h.r, 'null'), error = null, attempts = h.a, updated_at = at,
          completed_at = at, started_at = coalesce(t.started_at, h.s)
      from jsonb_to_recordset(tenant.answers) as h(i uuid, a int, r jsonb, s timestamptz)
      where t.organization_id = tenant.id and t.id = h.i and t.status not in ('completed', 'failed', 'cancelled')
      returning t.id, t.has_dependants
    )
    select coalesce(array_agg(d.id), '{}'), array_agg(d.id) filter (where d.has_dependants) into batch, awaited from done d;
    recorded := recorded || batch;
    if awaited is not null then
      released := released + settle_dependants(tenant.id, awaited, array_fill('completed'::text, array[cardinality(awaited)]));
    end if;
  end loop;
  refused := array(select a.id from unnest(ids) as a(id) where not a.id = any (recorded));
  return next;
end
$$;

select plinth.register_function('claim_tasks_by_tenant(uuid, uuid, text[], integer, numeric, uuid[], boolean, integer, uuid[])', '{worker}');
select plinth.register_function('promote_due_tasks_by_tenant(integer)', '{worker}');
select plinth.register_function('complete_tasks_by_tenant(uuid, uuid, uuid[], integer[], jsonb)', '{worker}');
