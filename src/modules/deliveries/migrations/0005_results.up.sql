-- What came of deliveries; sending them again. Written as 0003_sending says.

-- Writes down what came of deliveries taken for the lease: results is [{ "id", "occurred_at", "endpoint_id", "outcome", "attempt_id",
-- "started_at", "status_code", "error_code", "error", "latency_ms", "excerpt", "retry_at", "pause_until", "is_gone" }]. One that is no
-- longer held is left as it is. Returns the endpoints that were switched off by it.
create function plinth.finish_event_deliveries(organization uuid, lease uuid, results jsonb, at timestamptz)
returns table (endpoint_id uuid, reason text)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_material = off
set jit = off
as $$
#variable_conflict use_column
declare
  -- failures in a row before the circuit opens, and for how long: doubling
  failures_max constant int := 10;
  open_seconds_first constant int := 30;
  open_seconds_max constant int := 900;
  -- nothing but failures for so long: switched off
  failing_max constant interval := interval '5 days';
  -- as set above, but on Citus, which plans nothing generic
  usual_mode constant text := current_setting('plan_cache_mode');
  endpoints uuid[];
  ids uuid[];
  first_at timestamptz;
  last_at timestamptz;
  s endpoint_states;
  r record;
  -- of those that were held
  ended_ids uuid[];
  ended_endpoints uuid[];
  outcomes text[];
  started_ats timestamptz[];
  error_codes text[];
  pauses timestamptz[];
  are_gone boolean[];
  are_active boolean[];
  ended_keys text[];
  active boolean;
  ordering_keys text[];
  next_pending timestamptz;
  next_sending timestamptz;
  why text;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select array_agg(distinct i.endpoint_id), array_agg(i.id), min(i.occurred_at), max(i.occurred_at)
  into endpoints, ids, first_at, last_at
  from jsonb_to_recordset(results) as i(id uuid, endpoint_id uuid, occurred_at timestamptz);
  perform 1 from endpoint_states st where st.organization_id = organization and st.id = any (endpoints) order by st.id for update;

  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  with given as materialized (
    select i.*, p.is_active and p.deleted_at is null as active
    from jsonb_to_recordset(results) as i(id uuid, occurred_at timestamptz, endpoint_id uuid, outcome text, attempt_id uuid,
      started_at timestamptz, status_code int, error_code text, error text, latency_ms int, excerpt text, retry_at timestamptz,
      pause_until timestamptz, is_gone boolean)
    join event_endpoints p on p.organization_id = organization and p.id = i.endpoint_id
  ),
  written as (
    update event_deliveries x
    set status = case when g.outcome = 'delivered' then 'delivered' when g.retry_at is null or not g.active then 'dead' else 'pending' end,
        due_at = case when g.outcome = 'delivered' or not g.active then null else g.retry_at end,
        ended_at = case when g.outcome = 'delivered' or g.retry_at is null or not g.active then at end,
        lease_id = null, last_status_code = g.status_code, last_error = g.error_code
    from given g
    -- written so that it can not be read by the index of what is out: that holds all that ever was, until a vacuum
    where x.organization_id = organization and x.id = any (ids) and x.occurred_at between first_at and last_at
      and x.id = g.id and x.occurred_at = g.occurred_at and x.status in ('sending', '') and x.lease_id = lease
    returning g.*, x.attempts, x.due_at, x.status as now_status, x.ordering_key
  ),
  logged as (
    insert into event_delivery_attempts (organization_id, id, occurred_at, delivery_id, endpoint_id, attempt, outcome, status_code,
      error_code, error, latency_ms, response_excerpt, retry_at)
    select organization, w.attempt_id, w.started_at, w.id, w.endpoint_id, w.attempts, w.outcome, w.status_code, w.error_code, w.error,
      w.latency_ms, w.excerpt, w.due_at
    from written w
    on conflict do nothing
  )
  select array_agg(w.id), array_agg(w.endpoint_id), array_agg(w.outcome), array_agg(w.started_at), array_agg(w.error_code),
    array_agg(w.pause_until), array_agg(w.is_gone), array_agg(w.active),
    array_agg(case when w.now_status <> 'pending' then w.ordering_key end)
  into ended_ids, ended_endpoints, outcomes, started_ats, error_codes, pauses, are_gone, are_active, ended_keys
  from written w;
  perform set_config('plan_cache_mode', usual_mode, true);

  for s in
    select * from endpoint_states st where st.organization_id = organization and st.id = any (endpoints)
  loop
    active := null;
    why := null;
    ordering_keys := '{}';
    for r in
      select i.*
      from unnest(ended_ids, ended_endpoints, outcomes, started_ats, error_codes, pauses, are_gone, are_active, ended_keys)
        as i(id, endpoint_id, outcome, started_at, error_code, pause_until, is_gone, active, ended_key)
      where i.endpoint_id = s.id
      order by i.id
    loop
      active := r.active;
      if r.ended_key is not null then
        ordering_keys := ordering_keys || r.ended_key;
      end if;
      if r.outcome = 'delivered' then
        s.circuit := 'closed';
        s.open_until := null;
        s.open_count := 0;
        s.failure_count := 0;
        s.failing_since := null;
        s.last_success_at := at;
      else
        s.failure_count := s.failure_count + 1;
        s.failing_since := coalesce(s.failing_since, r.started_at);
        s.last_failure_at := at;
        s.last_error := r.error_code;
        s.paused_until := greatest(s.paused_until, r.pause_until);
        if s.circuit = 'half_open' or (s.circuit = 'closed' and s.failure_count >= failures_max) then
          s.circuit := 'open';
          s.open_count := least(s.open_count + 1, 20);
          s.open_until := at + make_interval(secs => least(open_seconds_max, open_seconds_first * 2 ^ (s.open_count - 1)));
        end if;
        if r.is_gone then
          why := 'gone';
        elsif s.failing_since <= at - failing_max then
          why := coalesce(why, 'failing');
        end if;
      end if;
    end loop;
    -- none of its deliveries was held any more
    continue when active is null;
    if cardinality(ordering_keys) > 0 then
      perform release_next_in_order(organization, s.id, ordering_keys, at);
    end if;
    if active and why is not null then
      update event_endpoints e
      set is_active = false, disabled_reason = why, disabled_at = at
      where e.organization_id = organization and e.id = s.id;
      update event_deliveries x
      set status = 'dead', due_at = null, lease_id = null, ended_at = at, last_error = 'endpoint_disabled'
      where x.organization_id = organization and x.endpoint_id = s.id and x.status = 'pending';
      endpoint_id := s.id;
      reason := why;
      return next;
    end if;
    next_pending := (select x.due_at from event_deliveries x
                     where x.organization_id = organization and x.endpoint_id = s.id and x.status = 'pending' order by x.due_at limit 1);
    next_sending := (select x.due_at from event_deliveries x
                     where x.organization_id = organization and x.endpoint_id = s.id and x.status = 'sending' order by x.due_at limit 1);
    s.next_due_at := coalesce(least(next_pending, next_sending), 'infinity');
    update endpoint_states st
    set next_due_at = greatest(s.next_due_at, s.paused_until, s.open_until), circuit = s.circuit, open_until = s.open_until,
        open_count = s.open_count, paused_until = s.paused_until, failure_count = s.failure_count, failing_since = s.failing_since,
        last_success_at = s.last_success_at, last_failure_at = s.last_failure_at, last_error = s.last_error
    where st.organization_id = organization and st.id = s.id;
  end loop;
end
$$;

-- Sends deliveries that have ended again, from the first attempt: those of the filter ({ "ids", "endpoint_id", "event_id", "customer",
-- "status", "since", "until" }: times of the deliveries), the oldest first, at most so many. Those of endpoints that are switched off
-- stay. Returns how many.
create function plinth.retry_event_deliveries(organization uuid, filter jsonb, rows_max int, at timestamptz) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
set jit = off
as $$
declare
  chosen uuid[];
  endpoints uuid[];
  retried int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  chosen := array(
    select d.id
    from event_deliveries d
    join event_endpoints e on e.organization_id = organization and e.id = d.endpoint_id and e.is_active and e.deleted_at is null
    where d.organization_id = organization
      and d.status = any (case when filter ? 'status' then array[filter ->> 'status'] else '{delivered,dead}' end)
      and d.status in ('delivered', 'dead')
      and (not filter ? 'ids' or d.id = any (array(select jsonb_array_elements_text(filter -> 'ids')::uuid)))
      and (not filter ? 'endpoint_id' or d.endpoint_id = (filter ->> 'endpoint_id')::uuid)
      and (not filter ? 'event_id' or d.event_id = (filter ->> 'event_id')::uuid)
      and (not filter ? 'customer' or d.customer = filter ->> 'customer')
      and (not filter ? 'since' or d.occurred_at >= (filter ->> 'since')::timestamptz)
      and (not filter ? 'until' or d.occurred_at < (filter ->> 'until')::timestamptz)
    order by d.id
    limit rows_max);
  endpoints := array(select distinct d.endpoint_id from event_deliveries d where d.organization_id = organization and d.id = any (chosen));
  perform 1 from endpoint_states s where s.organization_id = organization and s.id = any (endpoints) order by s.id for update;
  update event_deliveries d
  set status = 'pending', attempts = 0, lost_attempts = 0, lease_id = null, ended_at = null,
      due_at = case when d.ordering_key is null then at else 'infinity' end
  where d.organization_id = organization and d.id = any (chosen) and d.status in ('delivered', 'dead');
  get diagnostics retried = row_count;
  -- the first of each key goes, unless one is on its way
  update event_deliveries d
  set due_at = at
  where d.organization_id = organization and d.id = any (chosen) and d.status = 'pending' and d.due_at = 'infinity'
    and not exists (
      select 1 from event_deliveries n
      where n.organization_id = organization and n.endpoint_id = d.endpoint_id and n.ordering_key = d.ordering_key
        and n.status in ('pending', 'sending') and (n.id < d.id or n.due_at < 'infinity'));
  update endpoint_states s
  set next_due_at = at
  where s.organization_id = organization and s.id = any (endpoints) and s.next_due_at > at;
  if retried > 0 then
    perform record_action(organization, 'retry', 'event_deliveries', null, jsonb_build_object('filter', filter, 'count', retried));
  end if;
  return retried;
end
$$;

-- Deliveries that were given up and that nobody has sent again, at most so many.
create function plinth.count_dead_event_deliveries(deliveries_max int) returns bigint
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select count(*) from (select 1 as one from event_deliveries d where d.status = 'dead' limit deliveries_max) dead);
end
$$;

select plinth.register_function('finish_event_deliveries(uuid, uuid, jsonb, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('retry_event_deliveries(uuid, jsonb, integer, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('count_dead_event_deliveries(integer)', '{worker}');
