-- How calls that were reserved end: settled, released, expired; what budgets tell of themselves, and how their counters are checked.

-- Alerts for what these budgets have reached in these periods and was not told of before: the new ones.
create function plinth.raise_budget_alerts(organization uuid, ids uuid[], starts timestamptz[], at timestamptz)
returns setof plinth.budget_alerts
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off   -- plans are kept from when the tables were empty
as $$
begin
  return query
    with reached as materialized (
      select b.id, p.starts_at, t.threshold, p.spent_tokens, p.spent_cost, b.token_limit, b.cost_limit
      from budgets b
      join budget_periods p on p.organization_id = b.organization_id and p.budget_id = b.id
      join unnest(ids, starts) as g(id, starts_at) on g.id = p.budget_id and g.starts_at = p.starts_at
      cross join lateral unnest(b.thresholds) as t(threshold)
      where b.organization_id = organization and b.id = any (ids) and b.is_active
        and ((p.spent_tokens > 0 and p.spent_tokens::numeric * 100 >= b.token_limit::numeric * t.threshold)
          or (p.spent_cost > 0 and p.spent_cost * 100 >= b.cost_limit * t.threshold))
    )
    insert into budget_alerts as a (organization_id, id, budget_id, starts_at, threshold, spent_tokens, spent_cost, token_limit, cost_limit, created_at)
    select organization, plinth.uuidv7(at), r.id, r.starts_at, r.threshold, r.spent_tokens, r.spent_cost, r.token_limit, r.cost_limit, at
    from reached r
    order by r.id, r.threshold
    on conflict do nothing
    returning a.*;
end
$$;

-- Counts what calls have used, in the periods they were reserved in, and gives back what they held. A call that was settled
-- before, or counts for no budget, changes nothing; one that had expired or was released counts all the same. The new alerts.
create function plinth.settle_budgets(organization uuid, calls text[], tokens bigint[], costs numeric[], at timestamptz)
returns setof plinth.budget_alerts
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off   -- plans are kept from when the tables were empty
as $$
declare
  now_at constant timestamptz := clock_timestamp();
  c record;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  perform 1 from budget_reservations r
  where r.organization_id = organization and r.call_id = any (calls) order by r.call_id, r.budget_id for update;
  select array_agg(x.budget_id order by x.budget_id, x.starts_at) as ids, array_agg(x.starts_at order by x.budget_id, x.starts_at) as starts,
    array_agg(x.held_tokens order by x.budget_id, x.starts_at) as held_tokens, array_agg(x.held_cost order by x.budget_id, x.starts_at) as held_costs,
    array_agg(x.tokens order by x.budget_id, x.starts_at) as tokens, array_agg(x.cost order by x.budget_id, x.starts_at) as costs,
    array_agg(x.calls order by x.budget_id, x.starts_at) as calls, array_agg(x.unpriced order by x.budget_id, x.starts_at) as unpriced
  into c
  from (
    select r.budget_id, r.starts_at, coalesce(sum(r.tokens) filter (where r.state = 'held'), 0)::bigint as held_tokens,
      coalesce(sum(r.cost) filter (where r.state = 'held'), 0) as held_cost, sum(u.tokens)::bigint as tokens, coalesce(sum(u.cost), 0) as cost,
      count(*) as calls, count(*) filter (where u.cost is null) as unpriced
    from budget_reservations r
    join (
      -- of a call that is named twice the first counts
      select distinct on (g.id) g.id, g.tokens, g.cost
      from unnest(calls, settle_budgets.tokens, costs) with ordinality as g(id, tokens, cost, n)
      order by g.id, g.n
    ) u on u.id = r.call_id
    where r.organization_id = organization and r.call_id = any (calls) and r.state <> 'settled'
    group by r.budget_id, r.starts_at
  ) x;
  if c.ids is null then
    return;
  end if;
  perform 1 from budget_periods p
  where p.organization_id = organization and p.budget_id = any (c.ids) and p.starts_at = any (c.starts)
  order by p.budget_id, p.starts_at for update;
  update budget_periods p
  set spent_tokens = p.spent_tokens + u.tokens, spent_cost = p.spent_cost + u.cost,
      reserved_tokens = p.reserved_tokens - u.held_tokens, reserved_cost = p.reserved_cost - u.held_cost,
      calls = p.calls + u.calls, unpriced_calls = p.unpriced_calls + u.unpriced
  from unnest(c.ids, c.starts, c.held_tokens, c.held_costs, c.tokens, c.costs, c.calls, c.unpriced)
    as u(budget_id, starts_at, held_tokens, held_cost, tokens, cost, calls, unpriced)
  where p.organization_id = organization and p.budget_id = u.budget_id and p.starts_at = u.starts_at;
  update budget_reservations r
  set state = 'settled', used_tokens = u.tokens, used_cost = u.cost, ended_at = now_at
  from (
    select distinct on (g.id) g.id, g.tokens, g.cost
    from unnest(calls, settle_budgets.tokens, costs) with ordinality as g(id, tokens, cost, n)
    order by g.id, g.n
  ) u
  where r.organization_id = organization and r.call_id = u.id and r.state <> 'settled';
  return query select * from raise_budget_alerts(organization, c.ids, c.starts, at);
end
$$;

-- Gives back what calls hold: outcome is released or expired. How many rows changed.
create function plinth.give_back_budgets(organization uuid, calls text[], outcome text) returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off   -- plans are kept from when the tables were empty
as $$
declare
  now_at constant timestamptz := clock_timestamp();
  c record;
  changed int;
begin
  perform 1 from budget_reservations r
  where r.organization_id = organization and r.call_id = any (calls) order by r.call_id, r.budget_id for update;
  select array_agg(x.budget_id order by x.budget_id, x.starts_at) as ids, array_agg(x.starts_at order by x.budget_id, x.starts_at) as starts,
    array_agg(x.tokens order by x.budget_id, x.starts_at) as tokens, array_agg(x.cost order by x.budget_id, x.starts_at) as costs
  into c
  from (
    select r.budget_id, r.starts_at, sum(r.tokens)::bigint as tokens, coalesce(sum(r.cost), 0) as cost
    from budget_reservations r
    where r.organization_id = organization and r.call_id = any (calls) and r.state = 'held'
      and (outcome <> 'expired' or r.expires_at <= now_at)
    group by r.budget_id, r.starts_at
  ) x;
  if c.ids is null then
    return 0;
  end if;
  perform 1 from budget_periods p
  where p.organization_id = organization and p.budget_id = any (c.ids) and p.starts_at = any (c.starts)
  order by p.budget_id, p.starts_at for update;
  update budget_periods p
  set reserved_tokens = p.reserved_tokens - u.tokens, reserved_cost = p.reserved_cost - u.cost
  from unnest(c.ids, c.starts, c.tokens, c.costs) as u(budget_id, starts_at, tokens, cost)
  where p.organization_id = organization and p.budget_id = u.budget_id and p.starts_at = u.starts_at;
  update budget_reservations r
  set state = outcome, ended_at = now_at
  where r.organization_id = organization and r.call_id = any (calls) and r.state = 'held'
    and (outcome <> 'expired' or r.expires_at <= now_at);
  get diagnostics changed = row_count;
  return changed;
end
$$;

-- Gives back what calls hold that are not made after all.
create function plinth.release_budgets(organization uuid, calls text[]) returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return give_back_budgets(organization, calls, 'released');
end
$$;

-- Lets calls hold for so many seconds from now on. What was given back meanwhile, because its lease had run out, is held again,
-- room or not: the call is running. The new end; null where nothing is held.
create function plinth.extend_budgets(organization uuid, calls text[], seconds int) returns timestamptz
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off   -- plans are kept from when the tables were empty
as $$
declare
  until constant timestamptz := clock_timestamp() + make_interval(secs => seconds);
  c record;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  perform 1 from budget_reservations r
  where r.organization_id = organization and r.call_id = any (calls) order by r.call_id, r.budget_id for update;
  select array_agg(x.budget_id order by x.budget_id, x.starts_at) as ids, array_agg(x.starts_at order by x.budget_id, x.starts_at) as starts,
    array_agg(x.tokens order by x.budget_id, x.starts_at) as tokens, array_agg(x.cost order by x.budget_id, x.starts_at) as costs
  into c
  from (
    select r.budget_id, r.starts_at, sum(r.tokens)::bigint as tokens, coalesce(sum(r.cost), 0) as cost
    from budget_reservations r
    where r.organization_id = organization and r.call_id = any (calls) and r.state = 'expired'
    group by r.budget_id, r.starts_at
  ) x;
  if c.ids is not null then
    perform 1 from budget_periods p
    where p.organization_id = organization and p.budget_id = any (c.ids) and p.starts_at = any (c.starts)
    order by p.budget_id, p.starts_at for update;
    update budget_periods p
    set reserved_tokens = p.reserved_tokens + u.tokens, reserved_cost = p.reserved_cost + u.cost
    from unnest(c.ids, c.starts, c.tokens, c.costs) as u(budget_id, starts_at, tokens, cost)
    where p.organization_id = organization and p.budget_id = u.budget_id and p.starts_at = u.starts_at;
  end if;
  update budget_reservations r
  set state = 'held', ended_at = null, expires_at = until
  where r.organization_id = organization and r.call_id = any (calls) and r.state in ('held', 'expired');
  return case when found then until end;
end
$$;

-- The alerts that a change of a budget makes: what was spent may be more of its limit now.
create function plinth.recheck_budget(organization uuid, budget uuid, at timestamptz) returns setof plinth.budget_alerts
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  starts constant timestamptz[] := array(
    select p.starts_at from budget_periods p
    where p.organization_id = organization and p.budget_id = budget and (p.ends_at is null or (p.starts_at <= at and p.ends_at > at)));
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    select * from raise_budget_alerts(organization, array_fill(budget, array[cardinality(starts)]), starts, at);
end
$$;

-- Holds whose process was not heard of in time -------------------------------------------------------------------------

-- The organizations that have such holds, and when the next hold of any runs out.
create function plinth.organizations_with_expired_holds(organizations_max int, out organizations uuid[], out next_at timestamptz)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  now_at constant timestamptz := clock_timestamp();
begin
  organizations := array(
    select r.organization_id from budget_reservations r
    where r.state = 'held' and r.expires_at <= now_at
    group by r.organization_id
    order by min(r.expires_at)
    limit organizations_max);
  next_at := (select min(r.expires_at) from budget_reservations r where r.state = 'held' and r.expires_at > now_at);
end
$$;

-- Gives back such holds of an organization, of at most so many calls; how many rows. What another gives back just now is passed over.
create function plinth.expire_budget_holds(organization uuid, calls_max int) returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off   -- plans are kept from when the tables were empty
as $$
declare
  now_at constant timestamptz := clock_timestamp();
  calls text[];
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  -- the first row of a call stands for it: who settles has locked that first too, so nobody is waited for here
  calls := array(
    select r.call_id from budget_reservations r
    where r.organization_id = organization and r.state = 'held' and r.expires_at <= now_at
      and not exists (
        select 1 from budget_reservations f
        where f.organization_id = organization and f.call_id = r.call_id and f.budget_id < r.budget_id)
    order by r.expires_at, r.call_id
    limit calls_max
    for update of r skip locked);
  return give_back_budgets(organization, calls, 'expired');
end
$$;

-- What is no longer kept -----------------------------------------------------------------------------------------------

create function plinth.organizations_with_old_reservations(before timestamptz, organizations_max int) returns setof uuid
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select r.organization_id from budget_reservations r
    where r.ended_at < before
    group by r.organization_id
    order by min(r.ended_at)
    limit organizations_max;
end
$$;

-- Removes an organization's reservations that ended before, at most so many; what they had used stays counted. How many went.
create function plinth.forget_budget_reservations(organization uuid, before timestamptz, rows_max int) returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off   -- plans are kept from when the tables were empty
as $$
declare
  calls text[];
  budgets uuid[];
  c record;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select array_agg(x.call_id), array_agg(x.budget_id) into calls, budgets
  from (
    select r.call_id, r.budget_id from budget_reservations r
    where r.organization_id = organization and r.ended_at < before
    order by r.call_id, r.budget_id
    limit rows_max
    for update skip locked
  ) x;
  if calls is null then
    return 0;
  end if;
  select array_agg(x.budget_id order by x.budget_id, x.starts_at) as ids, array_agg(x.starts_at order by x.budget_id, x.starts_at) as starts,
    array_agg(x.tokens order by x.budget_id, x.starts_at) as tokens, array_agg(x.cost order by x.budget_id, x.starts_at) as costs
  into c
  from (
    select r.budget_id, r.starts_at, sum(r.used_tokens)::bigint as tokens, coalesce(sum(r.used_cost), 0) as cost
    from budget_reservations r
    join unnest(calls, budgets) as g(call_id, budget_id) on g.call_id = r.call_id and g.budget_id = r.budget_id
    where r.organization_id = organization and r.state = 'settled'
    group by r.budget_id, r.starts_at
  ) x;
  perform 1 from budget_periods p
  where p.organization_id = organization and p.budget_id = any (c.ids) and p.starts_at = any (c.starts)
  order by p.budget_id, p.starts_at for update;
  update budget_periods p
  set forgotten_tokens = p.forgotten_tokens + u.tokens, forgotten_cost = p.forgotten_cost + u.cost
  from unnest(c.ids, c.starts, c.tokens, c.costs) as u(budget_id, starts_at, tokens, cost)
  where p.organization_id = organization and p.budget_id = u.budget_id and p.starts_at = u.starts_at;
  delete from budget_reservations r
  using unnest(calls, budgets) as g(call_id, budget_id)
  where r.organization_id = organization and r.call_id = g.call_id and r.budget_id = g.budget_id;
  return cardinality(calls);
end
$$;

-- Counters that are not the sum of their calls: there is never one. For doctor and tests.
create function plinth.budget_differences(rows_max int)
returns table (organization_id uuid, budget_id uuid, starts_at timestamptz, spent_tokens bigint, counted_tokens bigint, spent_cost numeric,
               counted_cost numeric, reserved_tokens bigint, held_tokens bigint, reserved_cost numeric, held_cost numeric)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select p.organization_id, p.budget_id, p.starts_at, p.spent_tokens, p.forgotten_tokens + coalesce(c.used_tokens, 0), p.spent_cost,
      p.forgotten_cost + coalesce(c.used_cost, 0), p.reserved_tokens, coalesce(c.held_tokens, 0), p.reserved_cost, coalesce(c.held_cost, 0)
    from budget_periods p
    left join (
      select r.organization_id, r.budget_id, r.starts_at, sum(r.used_tokens)::bigint as used_tokens, sum(r.used_cost) as used_cost,
        (sum(r.tokens) filter (where r.state = 'held'))::bigint as held_tokens, sum(r.cost) filter (where r.state = 'held') as held_cost
      from budget_reservations r
      group by r.organization_id, r.budget_id, r.starts_at
    ) c on c.organization_id = p.organization_id and c.budget_id = p.budget_id and c.starts_at = p.starts_at
    where p.spent_tokens <> p.forgotten_tokens + coalesce(c.used_tokens, 0) or p.spent_cost <> p.forgotten_cost + coalesce(c.used_cost, 0)
      or p.reserved_tokens <> coalesce(c.held_tokens, 0) or p.reserved_cost <> coalesce(c.held_cost, 0)
    limit rows_max;
end
$$;

select plinth.register_function('raise_budget_alerts(uuid, uuid[], timestamp with time zone[], timestamp with time zone)');
select plinth.register_function('settle_budgets(uuid, text[], bigint[], numeric[], timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('give_back_budgets(uuid, text[], text)');
select plinth.register_function('release_budgets(uuid, text[])', '{app}', tenant_argument => 'organization');
select plinth.register_function('extend_budgets(uuid, text[], integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('recheck_budget(uuid, uuid, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('organizations_with_expired_holds(integer)', '{worker}');
select plinth.register_function('expire_budget_holds(uuid, integer)', '{worker}', tenant_argument => 'organization');
select plinth.register_function('organizations_with_old_reservations(timestamp with time zone, integer)', '{worker}');
select plinth.register_function('forget_budget_reservations(uuid, timestamp with time zone, integer)', '{worker}', tenant_argument => 'organization');
select plinth.register_function('budget_differences(integer)', '{worker}');
