-- Workers outside the server. They come over HTTP with an API key, so each is of one organization; the engine's own are in
-- `workers`. Each task they claim is under a lease of its own: who forgets one keeps none of the others from going on.

create table plinth.external_workers (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  api_key_id uuid not null,
  name text not null default '',
  task_types text[] not null,
  lease_seconds int not null,
  started_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  stopped_at timestamptz,
  constraint external_workers_pkey primary key (organization_id, id),
  constraint external_workers_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint external_workers_name_check check (length(name) <= 200),
  constraint external_workers_types_check check (cardinality(task_types) between 1 and 100),
  constraint external_workers_lease_check check (lease_seconds between 5 and 300)
);
comment on table plinth.external_workers is 'Programs outside the server that run tasks of the organization, and when they were last heard of.';
comment on column plinth.external_workers.api_key_id is 'The key it registered with; no other may speak for it.';
comment on column plinth.external_workers.lease_seconds is 'What it holds runs elsewhere after so long without a sign of life.';
comment on column plinth.external_workers.task_types is 'What it may claim.';
comment on column plinth.external_workers.started_at is 'When it registered.';
comment on column plinth.external_workers.last_seen_at is 'When it was last heard of, within ten seconds.';
comment on column plinth.external_workers.stopped_at is 'When it was taken off; null: it was not, and may be dead.';
select plinth.register_table('external_workers', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}', touch => false);

alter table plinth.task_definitions add column is_external boolean not null default false;
comment on column plinth.task_definitions.is_external is 'Its task type is run by workers outside the server; no module declares it.';
-- which types an organization runs outside
create index task_definitions_external_idx on plinth.task_definitions (organization_id, task_type)
  where is_external and deleted_at is null;
select plinth.refresh_table('task_definitions');

-- Notes a worker. False: the organization has as many as it may have.
create function plinth.register_external_worker(organization uuid, worker uuid, key uuid, name text, types text[],
  lease_seconds int, workers_max int) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  delete from external_workers w where w.organization_id = organization and w.last_seen_at < at - interval '30 days';
  if (select count(*) from external_workers w
      where w.organization_id = organization and w.stopped_at is null and w.last_seen_at > at - interval '2 minutes') >= workers_max then
    return false;
  end if;
  insert into external_workers (organization_id, id, api_key_id, name, task_types, lease_seconds, started_at, last_seen_at)
  values (organization, worker, key, register_external_worker.name, types, register_external_worker.lease_seconds, at, at);
  return true;
end
$$;

-- A sign of life of a worker, under the key it registered with; stopped: its last. No row: there is no such worker, or it has
-- stopped.
create function plinth.see_external_worker(organization uuid, worker uuid, key uuid, stopped boolean default false)
returns table (task_types text[], lease_seconds int)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  known external_workers;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select * into known
  from external_workers w
  where w.organization_id = organization and w.id = worker and w.api_key_id = key and w.stopped_at is null;
  if not found then
    return;
  end if;
  -- not at every call: who works much calls often
  if stopped or known.last_seen_at < at - interval '10 seconds' then
    update external_workers w
    set last_seen_at = at, stopped_at = case when stopped then at end
    where w.organization_id = organization and w.id = worker;
  end if;
  return query select known.task_types, known.lease_seconds;
end
$$;

-- Of pairs of an organization and a type those that have due work, by their places.
create function plinth.due_for_external(organizations uuid[], types text[]) returns setof bigint
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  return query
    select u.n
    from unnest(organizations, types) with ordinality as u(organization, name, n)
    -- what the tenant of a probe is on a cluster
    join plinth.organizations o on o.id = u.organization
    where exists (
        select 1 from task_queue q
        where q.task_type = u.name and q.organization_id = o.id and q.concurrency_key is null)
      or exists (
        select 1 from task_queue q
        where q.task_type = u.name and q.organization_id = o.id and q.concurrency_key is not null);
end
$$;

-- Takes up to rows_max due tasks of one organization without a concurrency key out of the queue: each type an equal part first,
-- in the order given, then what is left; inside a type by priority, then age. by_age: each type's part by age alone.
create function plinth.take_plain_tasks(organization uuid, types text[], rows_max int, by_age boolean) returns plinth.task_queue[]
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  level int;
  room int;
  taken task_queue[];
  claimed task_queue[] := '{}';
begin
  for pass in 1 .. 2 loop
    for nth in 1 .. cardinality(types) loop
      room := rows_max - cardinality(claimed);
      exit when room <= 0;
      level := case when by_age and pass = 1 then oldest_priority(types[nth], organization, null) end;
      with picked as materialized (
        select c.id
        from task_queue c
        where c.organization_id = organization and c.task_type = types[nth] and c.concurrency_key is null
          and (level is null or c.priority = level)
        order by c.priority desc, c.run_at, c.id
        limit case when pass = 1 then ceil(room::numeric / (cardinality(types) - nth + 1))::int else room end
        for update skip locked
      ), gone as (
        delete from task_queue q
        where q.organization_id = organization and q.id in (select p.id from picked p)
        returning row(q.organization_id, q.id, q.task_type, q.priority, q.run_at, q.attempt, q.timeout_seconds, q.payload,
          q.concurrency_key, q.concurrency_limit)::task_queue as entry
      )
      select array_agg(g.entry) into taken from gone g;
      claimed := claimed || coalesce(taken, '{}');
    end loop;
  end loop;
  return claimed;
end
$$;

-- The same of those with a concurrency key, under the lock that all claims of the organization's keys take: of each key no more
-- than its limits leave. skipped: another claim holds the lock just now.
create function plinth.take_keyed_tasks(organization uuid, types text[], rows_max int, by_age boolean,
  out tasks plinth.task_queue[], out skipped boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  tasks := '{}';
  skipped := false;
  if not exists (
    select 1 from task_queue q
    where q.organization_id = organization and q.task_type = any (types) and q.concurrency_key is not null) then
    return;
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('plinth.task_slots', hashtext(organization::text) & 63)) then
    skipped := true;
    return;
  end if;
  for nth in 1 .. cardinality(types) loop
    exit when cardinality(tasks) >= rows_max;
    tasks := tasks || claim_keys_of_tenants(types[nth], array[organization], rows_max - cardinality(tasks), by_age, tasks);
  end loop;
end
$$;

-- As claim_keyed_tasks, key by key, one claim at a time: for clusters, which lock rows of one tenant at a time only. Who finds the
-- lock taken does not wait: its transaction may hold leases, on Citus locked as one, and the other claim is about to write one.
create function plinth.claim_keyed_tasks_by_tenant(types text[], rows_max int, after uuid, by_age boolean,
  out tasks plinth.task_queue[], out skipped boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  -- one round for all types of a claim, under the first of them in the alphabet
  round_name constant text := (select min(t.name) from unnest(types) as t(name));
  lanes jsonb;
  tenants int;
  lane record;
  turn record;
  rule task_limits;
  used task_rates;
  own int;
  held int;
  free int;
  left_of_rate int;
  taken jsonb;
begin
  tasks := '{}';
  skipped := false;
  if not exists (select 1 from task_queue q where q.task_type = any (types) and q.concurrency_key is not null) then
    return;
  end if;
  skipped := not pg_try_advisory_xact_lock(hashtextextended('plinth.task_slots', 0));
  if skipped then
    return;
  end if;
  select jsonb_agg(jsonb_build_object('tenant', x.tenant, 'key', x.key, 'keys', x.keys, 'nth', x.nth)), count(distinct x.tenant)
  into lanes, tenants
  from (
    select k.tenant, k.key, count(*) over (partition by k.tenant) as keys,
           row_number() over (partition by k.tenant order by k.key > r.last_key desc nulls first, k.key) as nth
    from (
      select q.organization_id as tenant, q.concurrency_key as key
      from task_queue q
      where q.task_type = any (types) and q.concurrency_key is not null
      group by q.organization_id, q.concurrency_key
    ) k
    left join task_key_turns r on r.organization_id = k.tenant and r.task_type = round_name
  ) x;
  for lane in
    select p.pass, l.tenant, l.key, case when p.pass = 2 then rows_max else greatest(1, rows_max / tenants / l.keys) end as size
    from generate_series(1, 2) as p(pass)
    cross join jsonb_to_recordset(lanes) as l(tenant uuid, key text, keys int, nth int)
    order by p.pass, l.nth, l.tenant > after desc nulls last, l.tenant
  loop
    exit when lane.pass = 2 and cardinality(tasks) >= rows_max;
    if cardinality(tasks) >= rows_max then
      for turn in
        select distinct on (t.organization_id) t.organization_id as tenant, t.concurrency_key as last_key
        from unnest(tasks) with ordinality as t(organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload,
          concurrency_key, concurrency_limit, n)
        order by t.organization_id, t.n desc
      loop
        insert into task_key_turns (organization_id, task_type, last_key) values (turn.tenant, round_name, turn.last_key)
        on conflict (organization_id, task_type) do update set last_key = excluded.last_key;
      end loop;
      exit;
    end if;
    select q.concurrency_limit into own
    from task_queue q
    where q.organization_id = lane.tenant and q.task_type = any (types) and q.concurrency_key = lane.key
    order by q.priority desc, q.run_at, q.id
    limit 1;
    select * into rule from task_limits m where m.organization_id = lane.tenant and m.concurrency_key = lane.key;
    select * into used from task_rates r where r.organization_id = lane.tenant and r.concurrency_key = lane.key;
    select count(*)::int, least(own, min(t.concurrency_limit)) into held, own
    from unnest(tasks) as t
    where t.organization_id = lane.tenant and t.concurrency_key = lane.key;
    held := held
      + coalesce((select h.held from held_slots() h where h.organization_id = lane.tenant and h.concurrency_key = lane.key), 0);
    free := least(lane.size, rows_max - cardinality(tasks), coalesce(rule.concurrency_limit, own, 2147483647) - held);
    if rule.rate_limit is not null then
      left_of_rate := rule.rate_limit - coalesce((
        select sum(u.n) from unnest(used.expires_at, used.counts) as u(until, n) where u.until > clock_timestamp()), 0)::int;
      free := least(free, left_of_rate);
      if left_of_rate <= 0 and used.renews_at is null then
        perform note_claimed(lane.tenant, lane.key, 0);
      end if;
    end if;
    continue when free <= 0;
    with picked as materialized (
      select c.id, c.concurrency_limit, c.priority, c.run_at
      from task_queue c
      where c.organization_id = lane.tenant and c.task_type = any (types) and c.concurrency_key = lane.key
      order by case when by_age then 0 else c.priority end desc, c.run_at, c.id
      limit free
      for update skip locked
    ), gone as (
      delete from task_queue q
      where q.organization_id = lane.tenant and q.id in (
        select x.id
        from (
          select p.id, row_number() over in_turn as nth, min(p.concurrency_limit) over in_turn as own
          from picked p
          window in_turn as (order by case when by_age then 0 else p.priority end desc, p.run_at, p.id)
        ) x
        where rule.concurrency_limit is not null or held + x.nth <= coalesce(x.own, 2147483647))
      returning q.organization_id, q.id, q.task_type, q.priority, q.run_at, q.attempt, q.timeout_seconds, q.payload,
        q.concurrency_key, q.concurrency_limit
    )
    select coalesce(jsonb_agg(to_jsonb(g)), '[]') into taken from gone g;
    tasks := tasks || array(select t from jsonb_populate_recordset(null::task_queue, taken) as t);
    perform note_claimed(lane.tenant, lane.key, jsonb_array_length(taken));
  end loop;
end
$$;

-- As take_keyed_tasks, key by key, one claim at a time: for clusters, as claim_keyed_tasks_by_tenant.
create function plinth.take_keyed_tasks_by_tenant(organization uuid, types text[], rows_max int, by_age boolean,
  out tasks plinth.task_queue[], out skipped boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  lane record;
  rule task_limits;
  own int;
  held int;
  free int;
  used int;
  taken task_queue[];
begin
  tasks := '{}';
  skipped := false;
  if not exists (
    select 1 from task_queue q
    where q.organization_id = organization and q.task_type = any (types) and q.concurrency_key is not null) then
    return;
  end if;
  skipped := not pg_try_advisory_xact_lock(hashtextextended('plinth.task_slots', 0));
  if skipped then
    return;
  end if;
  for lane in
    select q.concurrency_key as key
    from task_queue q
    where q.organization_id = organization and q.task_type = any (types) and q.concurrency_key is not null
    group by q.concurrency_key
    order by min(q.run_at)
  loop
    select q.concurrency_limit into own
    from task_queue q
    where q.organization_id = organization and q.task_type = any (types) and q.concurrency_key = lane.key
    order by q.priority desc, q.run_at, q.id
    limit 1;
    select * into rule from task_limits m where m.organization_id = organization and m.concurrency_key = lane.key;
    held := coalesce((
      select h.held from held_slots() h where h.organization_id = organization and h.concurrency_key = lane.key), 0)
      + (select count(*)::int from unnest(tasks) as t where t.concurrency_key = lane.key);
    free := least(rows_max - cardinality(tasks), coalesce(rule.concurrency_limit, own, 2147483647) - held);
    if rule.rate_limit is not null then
      used := coalesce((
        select sum(u.n)
        from task_rates r
        cross join lateral unnest(r.expires_at, r.counts) as u(until, n)
        where r.organization_id = organization and r.concurrency_key = lane.key and u.until > clock_timestamp()), 0);
      free := least(free, rule.rate_limit - used);
      if used >= rule.rate_limit then
        perform note_claimed(organization, lane.key, 0);
      end if;
    end if;
    continue when free <= 0;
    with picked as materialized (
      select c.id, c.concurrency_limit,
             row_number() over (order by case when by_age then 0 else c.priority end desc, c.run_at, c.id) as nth
      from task_queue c
      where c.organization_id = organization and c.task_type = any (types) and c.concurrency_key = lane.key
      order by case when by_age then 0 else c.priority end desc, c.run_at, c.id
      limit free
    ), gone as (
      delete from task_queue q
      where q.organization_id = organization and q.id in (
        select x.id
        from (select p.id, p.nth, min(p.concurrency_limit) over (order by p.nth) as own from picked p) x
        where rule.concurrency_limit is not null or held + x.nth <= coalesce(x.own, 2147483647))
      returning row(q.organization_id, q.id, q.task_type, q.priority, q.run_at, q.attempt, q.timeout_seconds, q.payload,
          q.concurrency_key, q.concurrency_limit)::task_queue as entry
    )
    select array_agg(g.entry) into taken from gone g;
    tasks := tasks || coalesce(taken, '{}');
    perform note_claimed(organization, lane.key, coalesce(cardinality(taken), 0));
    exit when cardinality(tasks) >= rows_max;
  end loop;
end
$$;

-- Claims up to batch_size due tasks of a worker's organization, each under a lease of its own, and marks them as running.
-- keyed_first: those with a concurrency key have the first pick this time. by_age: as take_plain_tasks. by_tenant: on a
-- cluster. A row without a task: the organization's keys were being claimed by another just then. Nothing for a worker that is not the organization's.
create function plinth.claim_external_tasks(organization uuid, worker uuid, types text[], batch_size int, keyed_first boolean,
  by_age boolean, by_tenant boolean)
returns table (lease_id uuid, organization_id uuid, task_id uuid, attempt int, task_type text, timeout_seconds int, payload jsonb,
  concurrency_key text, expires_at timestamptz)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at timestamptz;
  seconds int;
  claimed task_queue[] := '{}';
  keyed task_queue[];
  skipped boolean := false;
  leases uuid[];
begin
  select w.lease_seconds into seconds
  from external_workers w where w.organization_id = organization and w.id = worker and w.stopped_at is null;
  if not found then
    return;
  end if;
  if not keyed_first then
    claimed := take_plain_tasks(organization, types, batch_size, by_age);
  end if;
  if cardinality(claimed) < batch_size then
    if by_tenant then
      select k.tasks, k.skipped into keyed, skipped
      from take_keyed_tasks_by_tenant(organization, types, batch_size - cardinality(claimed), by_age) k;
    else
      select k.tasks, k.skipped into keyed, skipped
      from take_keyed_tasks(organization, types, batch_size - cardinality(claimed), by_age) k;
    end if;
    claimed := claimed || keyed;
  end if;
  if keyed_first and cardinality(claimed) < batch_size then
    claimed := claimed || take_plain_tasks(organization, types, batch_size - cardinality(claimed), by_age);
  end if;
  if cardinality(claimed) > 0 then
    at := clock_timestamp();
    leases := array(select plinth.uuidv7(at) from generate_series(1, cardinality(claimed)));
    insert into task_leases (id, worker_id, claimed_at, expires_at, organization_ids, task_ids, attempts, concurrency_keys)
    select leases[c.n], worker, at, at + make_interval(secs => seconds), array[organization], array[c.id], array[c.attempt],
           case when c.concurrency_key is not null then array[c.concurrency_key] end
    from unnest(claimed) with ordinality as c(organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload,
      concurrency_key, concurrency_limit, n)
    on conflict do nothing;
    perform heartbeat(worker, leases, seconds);
    return query
      select leases[c.n], organization, c.id, c.attempt, c.task_type, c.timeout_seconds,
             coalesce(c.payload, (select t.payload from tasks t where t.organization_id = organization and t.id = c.id)),
             c.concurrency_key, at + make_interval(secs => seconds)
      from unnest(claimed) with ordinality as c(organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload,
        concurrency_key, concurrency_limit, n)
      order by c.priority desc, c.run_at, c.id;
  end if;
  if skipped then
    return query select null::uuid, null::uuid, null::uuid, null::int, null::text, null::int, null::jsonb, null::text, null::timestamptz;
  end if;
end
$$;

-- Of leases (null: all) those that a worker of the organization holds, each with its task and for how long, in ms.
create function plinth.held_by_external(organization uuid, worker uuid, leases uuid[])
returns table (lease_id uuid, organization_id uuid, task_id uuid, attempt int, task_type text, timeout_seconds int,
  concurrency_key text, status text, held_ms int)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
begin
  return query
    select l.id, t.organization_id, t.id, l.attempts[1], t.task_type, t.timeout_seconds, t.concurrency_key, t.status,
           least(2147483647, extract(epoch from at - l.claimed_at) * 1000)::int
    from task_leases l
    join tasks t on t.organization_id = organization and t.id = l.task_ids[1]
    where l.worker_id = worker and (leases is null or l.id = any (leases)) and l.organization_ids[1] = organization
    order by l.id;
end
$$;

-- As before, with the workers outside the server that are of the organization.
create or replace function plinth.live_task_types(organization uuid, types text[], since timestamptz)
returns table (task_type text, workers bigint, last_seen_at timestamptz)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  recently constant timestamptz := clock_timestamp() - interval '2 minutes';
  seen jsonb;
  seen_outside jsonb;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  -- two statements: on the tenant's node Citus joins nothing global
  seen := (
    select jsonb_agg(jsonb_build_object('types', w.task_types, 'seen', w.last_seen_at))
    from workers w
    where w.stopped_at is null and w.last_seen_at >= since);
  seen_outside := (
    select jsonb_agg(jsonb_build_object('types', e.task_types, 'seen', e.last_seen_at))
    from external_workers e
    where e.organization_id = organization and e.stopped_at is null and e.last_seen_at > recently);
  return query
    select u.name, count(*), max(l.seen)
    from unnest(live_task_types.types) as u(name)
    join jsonb_to_recordset(coalesce(seen, '[]') || coalesce(seen_outside, '[]')) as l(types text[], seen timestamptz)
      on u.name = any (l.types)
    group by u.name
    order by u.name;
end
$$;

select plinth.register_function('register_external_worker(uuid, uuid, uuid, text, text[], integer, integer)', '{app}',
  tenant_argument => 'organization');
select plinth.register_function('see_external_worker(uuid, uuid, uuid, boolean)', '{app}', tenant_argument => 'organization');
select plinth.register_function('due_for_external(uuid[], text[])', '{worker}');
select plinth.register_function('take_plain_tasks(uuid, text[], integer, boolean)');
select plinth.register_function('take_keyed_tasks(uuid, text[], integer, boolean)');
select plinth.register_function('claim_keyed_tasks_by_tenant(text[], integer, uuid, boolean)');
select plinth.register_function('take_keyed_tasks_by_tenant(uuid, text[], integer, boolean)');
select plinth.register_function('claim_external_tasks(uuid, uuid, text[], integer, boolean, boolean, boolean)', '{worker}');
select plinth.register_function('held_by_external(uuid, uuid, uuid[])', '{worker}');
