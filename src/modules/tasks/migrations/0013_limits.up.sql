-- Limits by key: how many tasks with an equal concurrency key workers hold at once, and how many they may claim in a time. A
-- slot is a task that stands in a lease, so it is free again by whatever takes the task out of it. Claims of a tenant's keys
-- take turns: an advisory lock, to the end of their transaction.

create table plinth.task_limits (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  concurrency_key text not null,
  concurrency_limit int,
  rate_limit int,
  rate_seconds numeric,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint task_limits_pkey primary key (organization_id, id),
  constraint task_limits_key_key unique (organization_id, concurrency_key),
  constraint task_limits_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint task_limits_key_check check (length(concurrency_key) between 1 and 200),
  constraint task_limits_concurrency_check check (concurrency_limit > 0),
  constraint task_limits_rate_check check (rate_limit > 0 and (rate_limit is null) = (rate_seconds is null)),
  constraint task_limits_seconds_check check (rate_seconds between 1 and 86400)
);
comment on table plinth.task_limits is 'Limits of concurrency keys, set by people; they go before those that tasks and definitions name.';
comment on column plinth.task_limits.concurrency_limit is 'How many tasks with the key workers hold at once; null: what the tasks say themselves.';
comment on column plinth.task_limits.rate_limit is 'How many tasks with the key are claimed in any rate_seconds; null: no limit.';
comment on column plinth.task_limits.rate_seconds is 'The time in which no more than rate_limit tasks are claimed.';
select plinth.register_table('task_limits', visibility => 'tenant', user_column => 'created_by', definer_verbs => '{select}');

create table plinth.task_rates (
  organization_id uuid not null,
  concurrency_key text not null,
  expires_at timestamptz[] not null,
  counts int[] not null,
  renews_at timestamptz,
  constraint task_rates_pkey primary key (organization_id, concurrency_key)
) with (fillfactor = 50);
comment on table plinth.task_rates is 'What was claimed of keys with a rate limit, by tenths of its time; at most a dozen a key.';
comment on column plinth.task_rates.expires_at is 'When each of the counts is no longer within the time.';
comment on column plinth.task_rates.renews_at is 'While the rate is used up: when the first of it is free again.';
-- the next key that may be claimed from again
create index task_rates_renews_idx on plinth.task_rates (renews_at) where renews_at is not null;
select plinth.register_table('task_rates', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}');

create table plinth.task_key_turns (
  organization_id uuid not null,
  task_type text not null,
  last_key text not null,
  constraint task_key_turns_pkey primary key (organization_id, task_type)
) with (fillfactor = 50);
comment on table plinth.task_key_turns is 'Where the turns of an organization''s keys have come to, where a claim did not reach them all.';
comment on column plinth.task_key_turns.last_key is 'The key that was served last: the next claim begins behind it.';
select plinth.register_table('task_key_turns', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update}');

-- How many tasks with each key are held by workers: few leases live at a time.
create function plinth.held_slots() returns table (organization_id uuid, concurrency_key text, held int)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select u.o, u.k, count(*)::int
    from task_leases l
    cross join lateral unnest(l.organization_ids, l.concurrency_keys) as u(o, k)
    where l.concurrency_keys is not null and u.k is not null
    group by u.o, u.k;
end
$$;

-- Notes that so many tasks with a key were claimed; what has no rate limit is not noted. A count is kept from the beginning of
-- its tenth of the time until a whole time after its end, so that no time of this length holds more than the limit.
create function plinth.note_claimed(organization uuid, key text, claimed int) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  rate task_limits;
  used task_rates;
  kept_until timestamptz;
begin
  select * into rate from task_limits m where m.organization_id = organization and m.concurrency_key = key and m.rate_limit is not null;
  if not found then
    return;
  end if;
  kept_until := to_timestamp((floor(extract(epoch from at) / (rate.rate_seconds / 10)) + 11) * (rate.rate_seconds / 10));
  select * into used from task_rates r where r.organization_id = organization and r.concurrency_key = key;
  select array_agg(x.until order by x.until), array_agg(x.n order by x.until)
  into used.expires_at, used.counts
  from (
    select u.until, sum(u.n)::int as n
    from (
      select * from unnest(used.expires_at, used.counts) as o(until, n)
      union all
      select kept_until, claimed
    ) u
    where u.until > at and u.n > 0
    group by u.until
  ) x;
  used.renews_at := case when (select sum(n) from unnest(used.counts) as n) >= rate.rate_limit then used.expires_at[1] end;
  insert into task_rates as r (organization_id, concurrency_key, expires_at, counts, renews_at)
  values (organization, key, coalesce(used.expires_at, '{}'), coalesce(used.counts, '{}'), used.renews_at)
  on conflict (organization_id, concurrency_key) do update
  set expires_at = excluded.expires_at, counts = excluded.counts, renews_at = excluded.renews_at;
end
$$;

-- Keys whose rate was used up and is not any more: how many.
create function plinth.renew_rates(at timestamptz) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  key record;
  renewed int := 0;
begin
  for key in
    select r.organization_id, r.concurrency_key from task_rates r where r.renews_at <= at
    order by r.organization_id, r.concurrency_key
    limit 1000
  loop
    update task_rates r set renews_at = null
    where r.organization_id = key.organization_id and r.concurrency_key = key.concurrency_key and r.renews_at <= at;
    renewed := renewed + 1;
  end loop;
  return renewed;
end
$$;

-- Of keys, in their order: how many tasks workers hold, those `claimed` just now included, whether people have set a limit, and
-- how many more may be claimed. own: the limit that the first in line names. The first `noted` of what was claimed are among
-- what their rates have counted.
create function plinth.room_of_keys(tenants uuid[], keys text[], own int[], claimed plinth.task_queue[], noted int,
  rows_max int)
returns table (n bigint, tenant uuid, key text, held int, is_set boolean, free int, must_note boolean)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
set enable_hashjoin = on   -- its caller has turned it off
set enable_nestloop = on
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
begin
  return query
    with slots as materialized (
      select s.o, s.k, sum(s.held)::int as held, sum(s.mine)::int as mine
      from (
        select h.organization_id as o, h.concurrency_key as k, h.held, 0 as mine from held_slots() h
        union all
        select c.organization_id, c.concurrency_key, 1, (c.n > noted)::int
        from unnest(room_of_keys.claimed) with ordinality as c(organization_id, id, task_type, priority, run_at, attempt,
          timeout_seconds, payload, concurrency_key, concurrency_limit, n)
      ) s
      group by s.o, s.k
    ), known as materialized (
      select l.n, l.o, l.k, coalesce(s.held, 0) as held, m.concurrency_limit is not null as is_set,
        coalesce(m.concurrency_limit, l.own, 2147483647) - coalesce(s.held, 0) as slots,
        case when m.rate_limit is null then rows_max
          else m.rate_limit - coalesce(s.mine, 0) - coalesce((
            select sum(u.c) from unnest(r.expires_at, r.counts) as u(until, c) where u.until > at), 0)::int end as rate,
        m.rate_limit is not null and r.renews_at is null as may_note
      from unnest(tenants, keys, room_of_keys.own) with ordinality as l(o, k, own, n)
      left join slots s on s.o = l.o and s.k = l.k
      left join task_limits m on m.organization_id = l.o and m.concurrency_key = l.k
      left join task_rates r on r.organization_id = l.o and r.concurrency_key = l.k
    )
    select x.n, x.o, x.k, x.held, x.is_set, greatest(0, least(x.slots, x.rate, rows_max)), x.may_note and x.rate <= 0
    from known x
    order by x.n;
end
$$;

-- Takes up to rows_max due tasks of one type out of the queue, of tenants whose locks are held: of each key no more than it has
-- free slots, and no more than its rate leaves. Tenants get equal parts first, in a tenant its keys in turn; where a tenant's
-- keys were not all reached, the next claim goes on behind the last that was. Inside a key by priority, then age; by_age: by age
-- alone among its 16 lowest priorities. Where tasks name different limits the strictest of those ahead counts, so that the first
-- in line is never passed for good. Fewer than rows_max come back only when no more can run now. before: what the same claim has
-- taken already.
create function plinth.claim_keys_of_tenants(name text, tenants uuid[], rows_max int, by_age boolean, before plinth.task_queue[])
returns plinth.task_queue[]
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  -- where each tenant's round begins; null: at its first key
  turns constant text[] := array(
    select k.last_key
    from unnest(tenants) with ordinality as t(tenant, n)
    left join task_key_turns k on k.organization_id = t.tenant and k.task_type = name
    order by t.n);
  -- of the tenants with more keys: behind which key to go on, and whether the round began anew
  open_tenants uuid[] := tenants;
  lows text[] := turns;
  again boolean[] := array_fill(false, array[cardinality(tenants)]);
  lanes_max int;
  lanes record;
  room record;
  taken task_queue[];
  claimed task_queue[] := '{}';
  noted_tenants uuid[] := '{}';
  noted_keys text[] := '{}';
  note record;
begin
  while cardinality(open_tenants) > 0 and cardinality(claimed) < rows_max loop
    lanes_max := greatest(2, 256 / cardinality(open_tenants));
    with recursive lane (nth, tenant, again, key, own, n) as (
      select t.nth, t.tenant, t.again, coalesce(t.low, ''), null::int, 0
      from unnest(open_tenants, lows, again) with ordinality as t(tenant, low, again, nth)
      union all
      select l.nth, l.tenant, l.again, f.concurrency_key, f.concurrency_limit, l.n + 1
      from lane l
      cross join lateral (
        select q.concurrency_key, q.concurrency_limit
        from task_queue q
        where q.task_type = name and q.concurrency_key is not null and q.organization_id = l.tenant and q.concurrency_key > l.key
        order by q.concurrency_key, q.priority desc, q.run_at, q.id
        limit 1) f
      where l.n < lanes_max
    )
    select array_agg(l.tenant order by l.nth, l.n) as tenants, array_agg(l.key order by l.nth, l.n) as keys,
           array_agg(l.own order by l.nth, l.n) as own
    into lanes
    from lane l
    -- the second time round a tenant's keys up to where it began
    where l.n > 0 and (not l.again or l.key <= (select turns[array_position(claim_keys_of_tenants.tenants, l.tenant)]));
    for pass in 1 .. 2 loop
      select array_agg(r.tenant order by r.n) filter (where r.free > 0) as tenants,
             array_agg(r.key order by r.n) filter (where r.free > 0) as keys,
             array_agg(r.held order by r.n) filter (where r.free > 0) as held,
             array_agg(r.is_set order by r.n) filter (where r.free > 0) as is_set,
             array_agg(r.free order by r.n) filter (where r.free > 0) as free,
             count(*) filter (where r.free > 0)::int as n,
             (rows_max - cardinality(claimed)) / greatest(1, count(distinct r.tenant) filter (where r.free > 0))::int as part,
             array_agg(r.tenant order by r.n) filter (where r.must_note) as used_up_tenants,
             array_agg(r.key order by r.n) filter (where r.must_note) as used_up_keys
      into room
      from room_of_keys(lanes.tenants, lanes.keys, lanes.own, before || claimed, cardinality(before), rows_max) r;
      noted_tenants := noted_tenants || coalesce(room.used_up_tenants, '{}');
      noted_keys := noted_keys || coalesce(room.used_up_keys, '{}');
      exit when room.n = 0;
      with ranked as (
        select l.*, greatest(1, room.part) as part, row_number() over (partition by l.tenant order by l.n) as nth_key,
               count(*) over (partition by l.tenant) as keys
        from unnest(room.tenants, room.keys, room.held, room.is_set, room.free) with ordinality as l(tenant, key, held, is_set, free, n)
      ), line as materialized (
        select r.*, case when pass = 2 then rows_max else greatest(1, r.part / r.keys) end as size
        from ranked r
        where pass = 2 or r.nth_key <= r.part
        order by r.n
      ), picked as materialized (
        select d.place
        from line l
        cross join lateral (select case when by_age and pass = 1 then oldest_priority(name, l.tenant, l.key) end as priority offset 0) level
        cross join lateral (
          select x.place, row_number() over in_turn as nth, min(x.concurrency_limit) over in_turn as own
          from (
            select c.ctid as place, c.concurrency_limit, c.priority, c.run_at, c.id
            from task_queue c
            where c.task_type = name and c.organization_id = l.tenant and c.concurrency_key = l.key
              and (level.priority is null or c.priority = level.priority)
            order by c.priority desc, c.run_at, c.id
            limit least(l.free, l.size)
            for update skip locked
          ) x
          window in_turn as (order by x.priority desc, x.run_at, x.id)
        ) d
        where l.is_set or l.held + d.nth <= coalesce(d.own, 2147483647)
        limit rows_max - cardinality(claimed)
      ), gone as (
        delete from task_queue q where q.ctid = any (array(select p.place from picked p)) returning q as entry
      )
      select array_agg(g.entry) into taken from gone g;
      claimed := claimed || coalesce(taken, '{}');
      exit when cardinality(claimed) >= rows_max;
    end loop;
    if cardinality(claimed) >= rows_max then
      -- the others' turn comes first next time
      insert into task_key_turns as k (organization_id, task_type, last_key)
      select distinct on (x.tenant) x.tenant, name, x.key
      from (
        select l.tenant, l.key, l.n, count(*) over (partition by l.tenant) as keys
        from unnest(lanes.tenants, lanes.keys) with ordinality as l(tenant, key, n)
      ) x
      where (x.keys > 1 or turns[array_position(tenants, x.tenant)] is not null)
        and (x.tenant, x.key) in (select c.organization_id, c.concurrency_key from unnest(claimed) as c)
      order by x.tenant, x.n desc
      on conflict (organization_id, task_type) do update set last_key = excluded.last_key;
    else
      select array_agg(x.tenant order by x.nth), array_agg(case when x.more then x.last_key end order by x.nth),
             array_agg(x.again or not x.more order by x.nth)
      into open_tenants, lows, again
      from (
        select t.nth, t.tenant, t.again, count(l.key) = lanes_max as more, (array_agg(l.key order by l.n desc))[1] as last_key
        from unnest(open_tenants, again) with ordinality as t(tenant, again, nth)
        left join unnest(lanes.tenants, lanes.keys) with ordinality as l(tenant, key, n) on l.tenant = t.tenant
        group by t.nth, t.tenant, t.again
      ) x
      where x.more or (not x.again and turns[array_position(tenants, x.tenant)] is not null);
    end if;
  end loop;
  for note in
    select x.tenant, x.key, sum(x.n)::int as n
    from (
      select c.organization_id as tenant, c.concurrency_key as key, 1 as n from unnest(claimed) as c
      union all
      select u.tenant, u.key, 0 from unnest(noted_tenants, noted_keys) as u(tenant, key)
    ) x
    where exists (
      select 1 from task_limits m where m.organization_id = x.tenant and m.concurrency_key = x.key and m.rate_limit is not null)
    group by x.tenant, x.key
    order by x.tenant, x.key
  loop
    perform note_claimed(note.tenant, note.key, note.n);
  end loop;
  return claimed;
end
$$;

-- Takes up to rows_max due tasks with concurrency keys out of the queue, for types in their order, behind the tenant after[n] and
-- round. Claims of one tenant's keys take turns, by one of 64 locks: tenants whose lock another claim holds are passed over, and
-- `skipped` says so. Who has got no lock at all waits a moment for one: it holds nothing that another waits for. Otherwise fewer
-- than rows_max come back only when no more can run now.
create function plinth.claim_keyed_tasks(types text[], rows_max int, after uuid[], by_age boolean,
  out tasks plinth.task_queue[], out skipped boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  lowest constant uuid := '00000000-0000-0000-0000-000000000000';
  highest constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  lower uuid;
  upper uuid;
  tenants_max int;
  found_tenants uuid[];
  locked uuid[];
  has_lock boolean := false;
  skipped_type text;
  skipped_tenant uuid;
begin
  tasks := '{}';
  skipped := false;
  for nth in 1 .. cardinality(types) loop
    continue when not exists (select 1 from task_queue q where q.task_type = types[nth] and q.concurrency_key is not null);
    lower := coalesce(after[nth], lowest);
    upper := highest;
    loop
      tenants_max := least(128, greatest(8, rows_max - cardinality(tasks)));
      with recursive lane (tenant) as (
        (select q.organization_id from task_queue q
         where q.task_type = types[nth] and q.concurrency_key is not null and q.organization_id > lower and q.organization_id <= upper
         order by q.organization_id, q.concurrency_key, q.priority desc, q.run_at, q.id
         limit 1)
        union all
        select f.organization_id
        from lane l
        cross join lateral (
          select q.organization_id from task_queue q
          where q.task_type = types[nth] and q.concurrency_key is not null and q.organization_id > l.tenant and q.organization_id <= upper
          order by q.organization_id, q.concurrency_key, q.priority desc, q.run_at, q.id
          limit 1) f
      )
      select coalesce(array_agg(x.tenant), '{}') into found_tenants from (select l.tenant from lane l limit tenants_max) x;
      -- the next statement sees what the claim before has committed
      locked := array(
        select t.tenant
        from unnest(found_tenants) as t(tenant)
        where pg_try_advisory_xact_lock(hashtextextended('plinth.task_slots', hashtext(t.tenant::text) & 63)));
      if not skipped and cardinality(locked) < cardinality(found_tenants) then
        skipped := true;
        skipped_type := types[nth];
        skipped_tenant := (select t.tenant from unnest(found_tenants) as t(tenant) where not t.tenant = any (locked) limit 1);
      end if;
      if cardinality(locked) > 0 then
        has_lock := true;
        tasks := tasks || claim_keys_of_tenants(types[nth], locked, rows_max - cardinality(tasks), by_age, tasks);
      end if;
      if cardinality(tasks) >= rows_max then
        return;
      elsif cardinality(found_tenants) = tenants_max then
        lower := found_tenants[tenants_max];
      else
        exit when after[nth] is null or upper = after[nth];
        lower := lowest;
        upper := after[nth];
      end if;
    end loop;
  end loop;
  if skipped and not has_lock and wait_for_keys(skipped_tenant) then
    tasks := claim_keys_of_tenants(skipped_type, array[skipped_tenant], rows_max, by_age, '{}');
    skipped := cardinality(tasks) < rows_max and (cardinality(types) > 1 or exists (
      select 1 from task_queue q
      where q.task_type = skipped_type and q.concurrency_key is not null and q.organization_id <> skipped_tenant));
  end if;
end
$$;

-- How much of a key is in use, for people.
create function plinth.task_key_use(organization uuid, key text)
returns table (held bigint, waiting bigint, renews_at timestamptz)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query select
    coalesce((select sum(h.held) from held_slots() h where h.organization_id = organization and h.concurrency_key = key), 0)::bigint,
    (select count(*) from task_queue q where q.organization_id = organization and q.concurrency_key = key),
    (select r.renews_at from task_rates r where r.organization_id = organization and r.concurrency_key = key);
end
$$;

select plinth.register_function('held_slots()');
select plinth.register_function('note_claimed(uuid, text, integer)');
select plinth.register_function('renew_rates(timestamp with time zone)');
select plinth.register_function('room_of_keys(uuid[], text[], integer[], plinth.task_queue[], integer, integer)');
select plinth.register_function('claim_keys_of_tenants(text, uuid[], integer, boolean, plinth.task_queue[])');
select plinth.register_function('claim_keyed_tasks(text[], integer, uuid[], boolean)');
select plinth.register_function('task_key_use(uuid, text)', '{app}', tenant_argument => 'organization');
