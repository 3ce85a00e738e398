-- Limits by key: how many tasks with an equal concurrency key workers hold at once, and how many they may claim in a time. A
-- slot is a task that stands in a lease, so it is free again by whatever takes the task out of it. Claims of what has a key
-- take turns: one advisory lock, to the end of their transaction.

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

-- Of keys, in their order: how many tasks workers hold, `mine` (the keys of what was claimed just now) included, whether people have set a limit,
-- and how many more may be claimed. own: the limit that the first in line names.
create function plinth.room_of_keys(tenants uuid[], keys text[], own int[], mine_tenants uuid[], mine_keys text[],
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
        select c.o, c.k, 1, 1 from unnest(mine_tenants, mine_keys) as c(o, k)
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

-- Takes up to rows_max due tasks with concurrency keys out of the queue: of each key no more than it has free slots, and no
-- more than its rate leaves. The keys of all tenants in turn, behind the tenant `after` and round; each gets an equal part
-- first. Inside a key by priority, then age; where tasks name different limits the strictest of those ahead counts, so that
-- the first in line is never passed for good. Fewer than rows_max come back only when no more can run now.
-- A key without a free slot costs one probe; there are no more of them than tasks are held.
create function plinth.claim_keyed_tasks(types text[], rows_max int, after uuid) returns plinth.task_queue[]
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  lowest constant uuid := '00000000-0000-0000-0000-000000000000';
  highest constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  keys_max constant int := 128;
  name text;
  waiting text[];
  last_tenant uuid;
  last_key text;
  upper uuid;
  lanes record;
  room record;
  taken task_queue[];
  claimed task_queue[] := '{}';
  noted_tenants uuid[] := '{}';
  noted_keys text[] := '{}';
  note record;
begin
  select array_agg(u.name order by u.n) into waiting
  from unnest(types) with ordinality as u(name, n)
  where exists (select from task_queue q where q.task_type = u.name and q.concurrency_key is not null);
  if waiting is null then
    return claimed;
  end if;
  -- each statement after this one sees what the claim before has committed
  perform pg_advisory_xact_lock(hashtextextended('plinth.task_slots', 0));
  foreach name in array waiting loop
    for turn in 1 .. case when after is null then 1 else 2 end loop
      -- no key is above it: the first step goes to the next tenant
      last_tenant := case when turn = 1 then coalesce(after, lowest) else lowest end;
      last_key := null;
      upper := case when turn = 1 then highest else after end;
      while cardinality(claimed) < rows_max loop
        with recursive lane (tenant, key, own) as (
          select f.*
          from (
            (select q.organization_id, q.concurrency_key, q.concurrency_limit
             from task_queue q
             where last_key is null and q.task_type = name and q.concurrency_key is not null
               and q.organization_id > last_tenant and q.organization_id <= upper
             order by q.organization_id, q.concurrency_key, q.priority desc, q.run_at, q.id
             limit 1)
            union all
            (select q.organization_id, q.concurrency_key, q.concurrency_limit
             from task_queue q
             where last_key is not null and q.task_type = name and q.concurrency_key is not null and q.organization_id <= upper
               and (q.organization_id, q.concurrency_key) > (last_tenant, last_key)
             order by q.organization_id, q.concurrency_key, q.priority desc, q.run_at, q.id
             limit 1)) f
          union all
          select f.organization_id, f.concurrency_key, f.concurrency_limit
          from lane l
          cross join lateral (
            select q.organization_id, q.concurrency_key, q.concurrency_limit
            from task_queue q
            where q.task_type = name and q.concurrency_key is not null and q.organization_id <= upper
              and (q.organization_id, q.concurrency_key) > (l.tenant, l.key)
            order by q.organization_id, q.concurrency_key, q.priority desc, q.run_at, q.id
            limit 1) f
        )
        select array_agg(l.tenant) as tenants, array_agg(l.key) as keys, array_agg(l.own) as own, count(*)::int as n
        into lanes
        from (select * from lane limit keys_max) l;
        exit when lanes.n = 0;
        -- equal parts first, then whatever else may run
        for pass in 1 .. 2 loop
          select array_agg(r.tenant order by r.n) filter (where r.free > 0) as tenants,
                 array_agg(r.key order by r.n) filter (where r.free > 0) as keys,
                 array_agg(r.held order by r.n) filter (where r.free > 0) as held,
                 array_agg(r.is_set order by r.n) filter (where r.free > 0) as is_set,
                 array_agg(r.free order by r.n) filter (where r.free > 0) as free,
                 count(*) filter (where r.free > 0)::int as n,
                 array_agg(r.tenant order by r.n) filter (where r.must_note) as used_up_tenants,
                 array_agg(r.key order by r.n) filter (where r.must_note) as used_up_keys
          into room
          from room_of_keys(
            lanes.tenants, lanes.keys, lanes.own, array(select c.organization_id from unnest(claimed) as c),
            array(select c.concurrency_key from unnest(claimed) as c), rows_max) r;
          noted_tenants := noted_tenants || coalesce(room.used_up_tenants, '{}');
          noted_keys := noted_keys || coalesce(room.used_up_keys, '{}');
          exit when room.n = 0;
          with picked as materialized (
            select d.place
            from unnest(room.tenants, room.keys, room.held, room.is_set, room.free) as l(tenant, key, held, is_set, free)
            cross join lateral (
              select x.place, row_number() over in_turn as nth, min(x.concurrency_limit) over in_turn as own
              from (
                select c.ctid as place, c.concurrency_limit, c.priority, c.run_at, c.id
                from task_queue c
                where c.task_type = name and c.organization_id = l.tenant and c.concurrency_key = l.key
                order by c.priority desc, c.run_at, c.id
                limit least(l.free, case when pass = 1 then greatest(1, (rows_max - cardinality(claimed)) / room.n) else rows_max end)
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
          exit when cardinality(claimed) >= rows_max or taken is null;
        end loop;
        exit when lanes.n < keys_max;
        last_tenant := lanes.tenants[lanes.n];
        last_key := lanes.keys[lanes.n];
      end loop;
    end loop;
  end loop;
  for note in
    select x.tenant, x.key, sum(x.n)::int as n
    from (
      select c.organization_id as tenant, c.concurrency_key as key, 1 as n from unnest(claimed) as c
      union all
      select u.tenant, u.key, 0 from unnest(noted_tenants, noted_keys) as u(tenant, key)
    ) x
    where exists (
      select from task_limits m where m.organization_id = x.tenant and m.concurrency_key = x.key and m.rate_limit is not null)
    group by x.tenant, x.key
    order by x.tenant, x.key
  loop
    perform note_claimed(note.tenant, note.key, note.n);
  end loop;
  return claimed;
end
$$;

-- As claim_keyed_tasks, key by key: for clusters, which lock rows of one tenant at a time only.
create function plinth.claim_keyed_tasks_by_tenant(types text[], rows_max int, after uuid) returns plinth.task_queue[]
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  lane record;
  rule task_limits;
  used task_rates;
  own int;
  held int;
  free int;
  left_of_rate int;
  taken task_queue[];
  claimed task_queue[] := '{}';
begin
  if not exists (select from task_queue q where q.task_type = any (types) and q.concurrency_key is not null) then
    return claimed;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('plinth.task_slots', 0));
  for lane in
    select q.organization_id as tenant, q.concurrency_key as key, min(q.run_at) as oldest
    from task_queue q
    where q.task_type = any (types) and q.concurrency_key is not null
    group by q.organization_id, q.concurrency_key
    order by q.organization_id > after desc nulls last, min(q.run_at)
  loop
    select q.concurrency_limit into own
    from task_queue q
    where q.organization_id = lane.tenant and q.task_type = any (types) and q.concurrency_key = lane.key
    order by q.priority desc, q.run_at, q.id
    limit 1;
    select * into rule from task_limits m where m.organization_id = lane.tenant and m.concurrency_key = lane.key;
    select * into used from task_rates r where r.organization_id = lane.tenant and r.concurrency_key = lane.key;
    held := coalesce((select h.held from held_slots() h where h.organization_id = lane.tenant and h.concurrency_key = lane.key), 0);
    free := least(rows_max - cardinality(claimed), coalesce(rule.concurrency_limit, own, 2147483647) - held);
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
      order by c.priority desc, c.run_at, c.id
      limit free
      for update skip locked
    ), gone as (
      delete from task_queue q
      where q.organization_id = lane.tenant and q.id in (
        select x.id
        from (
          select p.id, row_number() over in_turn as nth, min(p.concurrency_limit) over in_turn as own
          from picked p
          window in_turn as (order by p.priority desc, p.run_at, p.id)
        ) x
        where rule.concurrency_limit is not null or held + x.nth <= coalesce(x.own, 2147483647))
      returning q as entry
    )
    select array_agg(g.entry) into taken from gone g;
    claimed := claimed || coalesce(taken, '{}');
    perform note_claimed(lane.tenant, lane.key, coalesce(cardinality(taken), 0));
    exit when cardinality(claimed) >= rows_max;
  end loop;
  return claimed;
end
$$;

-- How a key stands, for people: limits and use. The tenant's alone.
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
select plinth.register_function('room_of_keys(uuid[], text[], integer[], uuid[], text[], integer)');
select plinth.register_function('claim_keyed_tasks(text[], integer, uuid)');
select plinth.register_function('claim_keyed_tasks_by_tenant(text[], integer, uuid)');
select plinth.register_function('task_key_use(uuid, text)', '{app}', tenant_argument => 'organization');
