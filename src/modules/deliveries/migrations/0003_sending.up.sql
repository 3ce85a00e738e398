-- Deliveries are written by these functions alone. Times come from the caller's clock. Locks, in this order: the endpoint's
-- state, then its deliveries.
-- Plans: one that is kept and was made while a partition was empty sees no difference between the indexes of a tenant, and may
-- read all of its deliveries for each. So what is looked for by id is planned at each call, for the partitions it is in; and what
-- is planned once asks for the order that only the right index has (enable_sort off).

-- Makes deliveries: items is [{ "id", "endpoint_id", "subscription_id", "event_id", "event_occurred_at", "event_type", "customer",
-- "is_test", "ordering_key" }], the ids minted from the time. An event is sent once for a subscription and endpoint, however often it
-- is matched. Returns how many were made.
create function plinth.make_event_deliveries(organization uuid, items jsonb, at timestamptz) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_seqscan = off
set jit = off
as $$
declare
  endpoints constant uuid[] := array(select distinct (i ->> 'endpoint_id')::uuid from jsonb_array_elements(items) as i);
  active uuid[];
  made int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  -- under these locks nobody ends the delivery that an ordered one would wait for, or switches an endpoint off
  perform 1 from endpoint_states s where s.organization_id = organization and s.id = any (endpoints) order by s.id for update;
  active := array(
    select e.id from event_endpoints e
    where e.organization_id = organization and e.id = any (endpoints) and e.is_active and e.deleted_at is null);
  insert into event_deliveries (organization_id, id, occurred_at, endpoint_id, subscription_id, event_id, event_occurred_at,
    event_type, customer, is_test, ordering_key, status, due_at, ended_at, last_error)
  select organization, n.id, at, n.endpoint_id, n.subscription_id, n.event_id, n.event_occurred_at, n.event_type, n.customer,
    coalesce(n.is_test, false), n.ordering_key,
    case when n.is_active then 'pending' else 'dead' end,
    case when not n.is_active then null when n.waits then 'infinity' else at end,
    case when not n.is_active then at end,
    case when not n.is_active then 'endpoint_disabled' end
  from (
    select i.*, i.endpoint_id = any (active) as is_active,
      i.ordering_key is not null and (
        row_number() over (partition by i.endpoint_id, i.ordering_key order by i.id) > 1
        or exists (
          select 1 from event_deliveries d
          where d.organization_id = organization and d.endpoint_id = i.endpoint_id and d.ordering_key = i.ordering_key
            and d.status in ('pending', 'sending'))) as waits
    from jsonb_to_recordset(items) as i(id uuid, endpoint_id uuid, subscription_id uuid, event_id uuid,
      event_occurred_at timestamptz, event_type text, customer text, is_test boolean, ordering_key text)
    where i.subscription_id is null or not exists (
      select 1 from event_deliveries d
      where d.organization_id = organization and d.event_id = i.event_id and d.endpoint_id = i.endpoint_id
        and d.subscription_id = i.subscription_id)
  ) n
  on conflict do nothing;
  get diagnostics made = row_count;
  update endpoint_states s
  set next_due_at = at
  where s.organization_id = organization and s.id = any (active) and s.next_due_at > at;
  return made;
end
$$;

-- The organizations that have something due, the longest waiting first.
create function plinth.organizations_with_due_deliveries(at timestamptz, organizations_max int) returns setof uuid
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select s.organization_id
    from endpoint_states s
    where s.next_due_at <= at
    group by s.organization_id
    order by min(s.next_due_at)
    limit organizations_max;
end
$$;

-- When there is something to do next; null: never.
create function plinth.next_delivery_due() returns timestamptz
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select nullif(min(s.next_due_at), 'infinity') from endpoint_states s);
end
$$;

-- Gives deliveries of an endpoint whose lease has ended back to be taken again; one of which that has happened often is dead.
-- Whoever calls it holds the endpoint's state. Returns how many.
create function plinth.release_late_deliveries(organization uuid, endpoint uuid, at timestamptz, is_active boolean, rows_max int)
returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
declare
  lost_max constant int := 5;
  late event_deliveries;
  released int := 0;
begin
  for late in
    select * from event_deliveries d
    where d.organization_id = organization and d.endpoint_id = endpoint and d.status = 'sending' and d.due_at <= at
    order by d.due_at
    limit rows_max
    for update
  loop
    released := released + 1;
    insert into event_delivery_attempts (organization_id, id, occurred_at, delivery_id, endpoint_id, attempt, outcome, error_code)
    values (organization, plinth.uuidv7(late.last_attempt_at), late.last_attempt_at, late.id, late.endpoint_id, late.attempts, 'lost', 'delivery_worker_lost');
    if late.lost_attempts + 1 >= lost_max or not is_active then
      update event_deliveries d
      set status = 'dead', due_at = null, lease_id = null, ended_at = at, last_error = 'delivery_worker_lost',
          lost_attempts = late.lost_attempts + 1
      where d.organization_id = organization and d.id = late.id and d.occurred_at = late.occurred_at;
      if late.ordering_key is not null then
        perform plinth.release_next_in_order(organization, endpoint, array[late.ordering_key], at);
      end if;
    else
      update event_deliveries d
      set status = 'pending', due_at = at, lease_id = null, attempts = late.attempts - 1, lost_attempts = late.lost_attempts + 1
      where d.organization_id = organization and d.id = late.id and d.occurred_at = late.occurred_at;
    end if;
  end loop;
  return released;
end
$$;

-- Lets the first of each key go, where it waits for one that has ended. Whoever calls it holds the endpoint's state.
create function plinth.release_next_in_order(organization uuid, endpoint uuid, ordering_keys text[], at timestamptz) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
declare
  key text;
  first record;
begin
  foreach key in array ordering_keys
  loop
    select n.id, n.occurred_at, n.status, n.due_at into first
    from event_deliveries n
    where n.organization_id = organization and n.endpoint_id = endpoint and n.ordering_key = key and n.status in ('pending', 'sending')
    order by n.id
    limit 1;
    if first.status = 'pending' and first.due_at = 'infinity' then
      update event_deliveries d
      set due_at = at
      where d.organization_id = organization and d.id = first.id and d.occurred_at = first.occurred_at;
    end if;
  end loop;
end
$$;

-- Takes what is due of an organization for the lease, as far as the endpoints' limits let it, and returns what sending needs. A
-- delivery whose lease has ended is taken again. A payload of more than payload_bytes_max is left out.
create function plinth.claim_event_deliveries(organization uuid, lease uuid, at timestamptz, rows_max int, payload_bytes_max int)
returns table (id uuid, occurred_at timestamptz, endpoint_id uuid, event_id uuid, event_occurred_at timestamptz, attempt int,
  is_test boolean, source text, event_type text, payload text, url text, secret text, previous_secret text,
  previous_secret_expires_at timestamptz, headers text, timeout_ms int, retry_schedule_seconds int[], jitter_percent int)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_material = off
set jit = off
as $$
#variable_conflict use_column
declare
  endpoints_max constant int := 100;
  -- beyond the timeout: for writing down what came of it
  lease_margin constant interval := interval '30 seconds';
  locked uuid[];
  s record;
  c record;
  wait_until timestamptz;
  -- of the endpoints that may send, in this order
  endpoints uuid[] := '{}';
  rooms int[] := '{}';
  wanted int[] := '{}';
  available double precision[] := '{}';
  rates int[] := '{}';
  circuits text[] := '{}';
  lease_ends timestamptz[] := '{}';
  sent_until timestamptz[] := '{}';
  next_pending timestamptz[] := '{}';
  took int[] := '{}';
  reached int := 0;
  -- what is taken
  taken uuid[] := '{}';
  events_taken uuid[] := '{}';
  taken_first timestamptz := 'infinity';
  taken_last timestamptz := '-infinity';
  events_first timestamptz := 'infinity';
  events_last timestamptz := '-infinity';
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  locked := array(
    select st.id from endpoint_states st
    where st.organization_id = organization and st.next_due_at <= at
    order by st.next_due_at
    limit endpoints_max
    for update skip locked);
  if cardinality(locked) = 0 then
    return;
  end if;

  -- a statement of its own: what is out is counted as it is under the locks
  for s in
    select st.id, st.circuit, st.paused_until, st.open_until, st.tokens, st.tokens_at, e.is_active and e.deleted_at is null as is_active,
      e.concurrency_max, e.rate_per_second, e.timeout_ms, o.in_flight, o.first_until
    from unnest(locked) as l(id)
    join endpoint_states st on st.organization_id = organization and st.id = l.id
    join event_endpoints e on e.organization_id = organization and e.id = l.id
    cross join lateral (
      select count(*)::int as in_flight, min(x.due_at) as first_until
      from (select d.due_at from event_deliveries d
            where d.organization_id = organization and d.endpoint_id = l.id and d.status = 'sending'
            order by d.due_at offset 0) x) o
  loop
    wait_until := greatest(s.paused_until, s.open_until);
    if s.first_until <= at then
      perform release_late_deliveries(organization, s.id, at, s.is_active, rows_max);
      select count(*), min(x.due_at) into s.in_flight, s.first_until
      from (select d.due_at from event_deliveries d
            where d.organization_id = organization and d.endpoint_id = s.id and d.status = 'sending'
            order by d.due_at offset 0) x;
    end if;
    if not s.is_active or wait_until > at then
      -- of one that is switched off what is out may still come back
      update endpoint_states st
      set next_due_at = case when s.is_active then wait_until else coalesce(s.first_until, 'infinity') end
      where st.organization_id = organization and st.id = s.id;
      continue;
    end if;
    endpoints := endpoints || s.id;
    rooms := rooms || case when s.circuit = 'closed' then s.concurrency_max - s.in_flight when s.in_flight = 0 then 1 else 0 end;
    available := available || case when s.rate_per_second is not null then
      least(s.rate_per_second, s.tokens + greatest(0, extract(epoch from at - s.tokens_at)::double precision) * s.rate_per_second) end;
    wanted := wanted || greatest(0, least(rooms[cardinality(rooms)], floor(available[cardinality(rooms)])))::int;
    rates := rates || s.rate_per_second;
    circuits := circuits || s.circuit;
    lease_ends := lease_ends || (at + make_interval(secs => s.timeout_ms / 1000.0) + lease_margin);
    sent_until := sent_until || s.first_until;
    next_pending := next_pending || null::timestamptz;
    took := took || 0;
  end loop;

  -- of each as many as it may send, and one more: when the next is due
  for c in
    select w.n::int as n, d.id, d.occurred_at, d.event_id, d.event_occurred_at, d.due_at
    from unnest(endpoints, wanted) with ordinality as w(endpoint_id, count, n)
    cross join lateral (
      select x.id, x.occurred_at, x.event_id, x.event_occurred_at, x.due_at
      from event_deliveries x
      where x.organization_id = organization and x.endpoint_id = w.endpoint_id and x.status = 'pending'
      order by x.due_at
      limit w.count + 1) d
  loop
    if c.n > reached then
      exit when cardinality(taken) >= rows_max;
      reached := c.n;
    end if;
    if c.due_at > at or took[c.n] >= wanted[c.n] or cardinality(taken) >= rows_max then
      next_pending[c.n] := coalesce(next_pending[c.n], c.due_at);
      continue;
    end if;
    took[c.n] := took[c.n] + 1;
    taken := taken || c.id;
    events_taken := events_taken || c.event_id;
    taken_first := least(taken_first, c.occurred_at);
    taken_last := greatest(taken_last, c.occurred_at);
    events_first := least(events_first, c.event_occurred_at);
    events_last := greatest(events_last, c.event_occurred_at);
  end loop;
  if cardinality(taken) < rows_max then
    reached := cardinality(endpoints);
  end if;

  for n in 1 .. reached
  loop
    if took[n] > 0 then
      sent_until[n] := least(sent_until[n], lease_ends[n]);
    end if;
    -- full: when one that is out ends or is lost
    wait_until := case when rooms[n] - took[n] <= 0 then sent_until[n] else least(sent_until[n], next_pending[n]) end;
    if available[n] is not null and rooms[n] - took[n] > 0 and floor(available[n] - took[n]) <= 0 and wait_until <= at then
      wait_until := at + make_interval(secs => (1 - (available[n] - took[n])) / rates[n]);
    end if;
    next_pending[n] := coalesce(wait_until, 'infinity');
    if took[n] > 0 and circuits[n] = 'open' then
      circuits[n] := 'half_open';
    end if;
    available[n] := available[n] - took[n];
  end loop;
  update endpoint_states st
  set next_due_at = w.next_due_at, circuit = w.circuit, tokens = coalesce(w.tokens, st.tokens), tokens_at = at
  from unnest(endpoints[:reached], next_pending[:reached], circuits[:reached], available[:reached])
    as w(id, next_due_at, circuit, tokens)
  where st.organization_id = organization and st.id = w.id;
  if cardinality(taken) = 0 then
    return;
  end if;

  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  return query
    with sent as (
      update event_deliveries d
      set status = 'sending', lease_id = lease, due_at = w.lease_ends_at, attempts = d.attempts + 1, last_attempt_at = at
      -- joined: a node of Citus 13.2 died of an array subscripted by a column
      from unnest(endpoints, lease_ends) as w(endpoint_id, lease_ends_at)
      where d.organization_id = organization and d.id = any (taken) and d.occurred_at between taken_first and taken_last
        and w.endpoint_id = d.endpoint_id
      returning d.id, d.occurred_at, d.endpoint_id, d.event_id, d.event_occurred_at, d.attempts, d.is_test, d.event_type
    ),
    -- once for all the endpoints it goes to
    told as materialized (
      select v.id, v.source, case when v.payload_bytes <= payload_bytes_max then v.payload::text end as payload
      from events v
      where v.organization_id = organization and v.id = any (events_taken) and v.occurred_at between events_first and events_last
    )
    select d.id, d.occurred_at, d.endpoint_id, d.event_id, d.event_occurred_at, d.attempts, d.is_test, v.source, d.event_type,
      v.payload, p.url, p.secret, p.previous_secret, p.previous_secret_expires_at, p.headers, p.timeout_ms, p.retry_schedule_seconds,
      p.jitter_percent
    from sent d
    join event_endpoints p on p.organization_id = organization and p.id = d.endpoint_id
    left join told v on v.id = d.event_id;
end
$$;

select plinth.register_function('make_event_deliveries(uuid, jsonb, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('organizations_with_due_deliveries(timestamp with time zone, integer)', '{worker}');
select plinth.register_function('next_delivery_due()', '{worker}');
select plinth.register_function('release_late_deliveries(uuid, uuid, timestamp with time zone, boolean, integer)');
select plinth.register_function('release_next_in_order(uuid, uuid, text[], timestamp with time zone)');
select plinth.register_function('claim_event_deliveries(uuid, uuid, timestamp with time zone, integer, integer)', '{app}', tenant_argument => 'organization');
