-- Budgets: what calls of models may cost and how many tokens they may use, for an organization, a project, a person, an agent or a
-- key, in a period. A call is reserved with its worst case, and settled with what it used (0003).

create table plinth.budgets (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null default '',
  scope text not null,
  project_id uuid,
  user_id uuid,
  agent_id uuid,
  api_key_id uuid,
  target_id uuid not null generated always as (coalesce(project_id, user_id, agent_id, api_key_id, organization_id)) stored,
  period text not null,
  timezone text not null default 'UTC',
  token_limit bigint,
  cost_limit numeric,
  thresholds int[] not null default '{50,80,100}',
  on_exceed text not null default 'block',
  unpriced text not null default 'refuse',
  is_active boolean not null default true,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint budgets_pkey primary key (organization_id, id),
  -- the budgets of a call are found by what it counts for
  constraint budgets_target_key unique (organization_id, target_id, scope, period),
  constraint budgets_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint budgets_project_fkey foreign key (organization_id, project_id)
    references plinth.projects (organization_id, id) on delete cascade,
  constraint budgets_member_fkey foreign key (organization_id, user_id)
    references plinth.organization_memberships (organization_id, user_id) on delete cascade,
  constraint budgets_api_key_fkey foreign key (organization_id, api_key_id)
    references plinth.api_keys (organization_id, id) on delete cascade,
  constraint budgets_name_check check (length(name) <= 200),
  constraint budgets_agent_id_check check ((scope = 'agent') = (agent_id is not null)),
  constraint budgets_scope_check check (scope in ('organization', 'project', 'user', 'agent', 'api_key')),
  constraint budgets_project_id_check check ((scope = 'project') = (project_id is not null)),
  constraint budgets_user_id_check check ((scope = 'user') = (user_id is not null)),
  constraint budgets_api_key_id_check check ((scope = 'api_key') = (api_key_id is not null)),
  constraint budgets_period_check check (period in ('day', 'month', 'total')),
  constraint budgets_timezone_check check (length(timezone) between 1 and 100),
  constraint budgets_limits_check check (num_nonnulls(token_limit, cost_limit) > 0),
  constraint budgets_token_limit_check check (token_limit between 0 and 1000000000000000),
  -- not a number is greater than any
  constraint budgets_cost_limit_check check (cost_limit >= 0 and cost_limit <= 1000000000 and scale(cost_limit) <= 12),
  constraint budgets_thresholds_check check (cardinality(thresholds) <= 10 and 0 < all (thresholds) and 1000 >= all (thresholds)),
  constraint budgets_on_exceed_check check (on_exceed in ('block', 'warn')),
  constraint budgets_unpriced_check check (unpriced in ('refuse', 'allow'))
);
comment on table plinth.budgets is 'What calls of models may use in a period: one budget for each scope, target and period.';
comment on column plinth.budgets.scope is 'Whose calls count: all of the organization, or those of the one project, user, agent or api_key named beside.';
comment on column plinth.budgets.project_id is 'The project, where the scope is one; likewise the three columns after it.';
comment on column plinth.budgets.user_id is 'The member whose calls count; the budget goes with the membership.';
comment on column plinth.budgets.agent_id is 'The agent whose calls count; without a key, for agents are made by a module above this one.';
comment on column plinth.budgets.api_key_id is 'The key whose calls count.';
comment on column plinth.budgets.target_id is 'The one of the four that is named, else the organization.';
comment on column plinth.budgets.period is 'After a day or a month in the time zone the counter begins anew; total: never.';
comment on column plinth.budgets.timezone is 'Whose midnight ends a day and a month. A change of it holds from the next period on.';
comment on column plinth.budgets.token_limit is 'Tokens of all kinds; null: no limit of tokens.';
comment on column plinth.budgets.cost_limit is 'USD; null: no limit of money.';
comment on column plinth.budgets.thresholds is 'Percents of a limit; when what was spent reaches one, an alert is made, once a period.';
comment on column plinth.budgets.on_exceed is 'block: a call without room is refused; warn: calls are counted and alerts made, none is refused.';
comment on column plinth.budgets.unpriced is 'Under a limit of money: whether a call whose price nobody knows is refused, or let through uncounted in money.';
comment on column plinth.budgets.is_active is 'One that is not lets everything pass, and counts nothing new.';
-- the keys; where a project, a membership or a key is removed
create index budgets_project_idx on plinth.budgets (organization_id, project_id) where project_id is not null;
create index budgets_member_idx on plinth.budgets (organization_id, user_id) where user_id is not null;
create index budgets_api_key_idx on plinth.budgets (organization_id, api_key_id) where api_key_id is not null;
select plinth.register_table('budgets', visibility => 'tenant', user_column => 'created_by', definer_verbs => '{select,update}');

create table plinth.budget_periods (
  organization_id uuid not null,
  budget_id uuid not null,
  starts_at timestamptz not null,
  ends_at timestamptz,
  spent_tokens bigint not null default 0,
  reserved_tokens bigint not null default 0,
  spent_cost numeric not null default 0,
  reserved_cost numeric not null default 0,
  calls bigint not null default 0,
  unpriced_calls bigint not null default 0,
  refused_calls bigint not null default 0,
  forgotten_tokens bigint not null default 0,
  forgotten_cost numeric not null default 0,
  created_at timestamptz not null default now(),
  constraint budget_periods_pkey primary key (organization_id, budget_id, starts_at),
  constraint budget_periods_budget_fkey foreign key (organization_id, budget_id)
    references plinth.budgets (organization_id, id) on delete cascade,
  constraint budget_periods_ends_check check (ends_at > starts_at),
  constraint budget_periods_counts_check check (spent_tokens >= 0 and reserved_tokens >= 0 and spent_cost >= 0 and reserved_cost >= 0)
) with (fillfactor = 50);
comment on table plinth.budget_periods is
  'The counters, one for each budget and period, made by the first call in it: the only ones that change while calls run.';
comment on column plinth.budget_periods.budget_id is 'The budget that is counted.';
comment on column plinth.budget_periods.starts_at is 'Beginning of the period; 1970 where the budget is for all time.';
comment on column plinth.budget_periods.ends_at is 'End of the period; null: it has none. Periods of a budget never overlap.';
comment on column plinth.budget_periods.spent_tokens is 'What settled calls have used.';
comment on column plinth.budget_periods.reserved_tokens is 'What calls under way may use at worst.';
comment on column plinth.budget_periods.spent_cost is 'USD, of calls whose price is known.';
comment on column plinth.budget_periods.reserved_cost is 'USD.';
comment on column plinth.budget_periods.calls is 'Settled calls.';
comment on column plinth.budget_periods.unpriced_calls is 'Those of them whose price nobody knew: their money is not in spent_cost.';
comment on column plinth.budget_periods.refused_calls is 'Calls that this budget had no room for.';
comment on column plinth.budget_periods.forgotten_tokens is 'Of spent_tokens, those of calls whose reservation is no longer kept.';
comment on column plinth.budget_periods.forgotten_cost is 'The same of spent_cost.';
select plinth.register_table('budget_periods', visibility => 'tenant', audit => 'action', request_verbs => '{select}',
  definer_verbs => '{select,insert,update}');

create table plinth.budget_reservations (
  organization_id uuid not null,
  call_id text not null,
  budget_id uuid not null,
  starts_at timestamptz not null,
  state text not null default 'held',
  tokens bigint not null,
  cost numeric,
  used_tokens bigint,
  used_cost numeric,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  constraint budget_reservations_pkey primary key (organization_id, call_id, budget_id),
  constraint budget_reservations_call_id_check check (length(call_id) between 1 and 200),
  constraint budget_reservations_state_check check (state in ('held', 'settled', 'released', 'expired')),
  constraint budget_reservations_tokens_check check (tokens >= 0),
  constraint budget_reservations_cost_check check (cost >= 0),
  constraint budget_reservations_used_tokens_check check (used_tokens >= 0),
  constraint budget_reservations_used_cost_check check (used_cost >= 0),
  constraint budget_reservations_used_check check ((state = 'settled') = (used_tokens is not null)),
  constraint budget_reservations_ended_check check ((state = 'held') = (ended_at is null))
) with (fillfactor = 70);
comment on table plinth.budget_reservations is
  'What calls hold of budgets, a row for each call and budget, and what they have used; kept some days after they ended.';
comment on column plinth.budget_reservations.call_id is 'The call, by the id its caller gave it.';
comment on column plinth.budget_reservations.budget_id is 'The budget; it may be gone by now.';
comment on column plinth.budget_reservations.starts_at is 'The period it was reserved in; there it is settled, however late.';
comment on column plinth.budget_reservations.state is
  'held; settled: used is what counts; released: the call was not made; expired: its holder was not heard of in time, it may yet settle.';
comment on column plinth.budget_reservations.tokens is 'The worst case.';
comment on column plinth.budget_reservations.cost is 'The worst case in USD; null: no price is known.';
comment on column plinth.budget_reservations.used_tokens is 'What was used, which may be more than was held.';
comment on column plinth.budget_reservations.used_cost is 'What it cost in USD; null: no price is known.';
comment on column plinth.budget_reservations.expires_at is 'What is held until then is given back, unless it is extended.';
comment on column plinth.budget_reservations.ended_at is 'When it was settled, released or given back.';
-- holds that nobody extends
create index budget_reservations_held_idx on plinth.budget_reservations (expires_at) where state = 'held';
-- what is no longer kept
create index budget_reservations_ended_idx on plinth.budget_reservations (ended_at) where ended_at is not null;
select plinth.register_table('budget_reservations', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}');

create table plinth.budget_alerts (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  budget_id uuid not null,
  starts_at timestamptz not null,
  threshold int not null,
  spent_tokens bigint not null,
  spent_cost numeric not null,
  token_limit bigint,
  cost_limit numeric,
  created_at timestamptz not null default now(),
  constraint budget_alerts_pkey primary key (organization_id, id),
  -- no key to the budget: who deletes one waits for a call that settles, and that would wait for the key
  constraint budget_alerts_threshold_key unique (organization_id, budget_id, starts_at, threshold)
);
comment on table plinth.budget_alerts is 'That a budget has reached one of its thresholds: once for each threshold and period.';
comment on column plinth.budget_alerts.budget_id is 'The budget; it may be gone by now.';
comment on column plinth.budget_alerts.starts_at is 'The period, by its beginning.';
comment on column plinth.budget_alerts.threshold is 'The percent that was reached.';
comment on column plinth.budget_alerts.spent_tokens is 'What was spent then.';
comment on column plinth.budget_alerts.spent_cost is 'What was spent then, in USD.';
comment on column plinth.budget_alerts.token_limit is 'The limit then.';
comment on column plinth.budget_alerts.cost_limit is 'The limit then, in USD.';
select plinth.register_table('budget_alerts', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert}');

-- The day or month of a time zone that a time is in. Where a midnight comes twice, the day begins at the one PostgreSQL takes it for,
-- and what lies before that belongs to the day before; one that is skipped is when the clocks jump.
create function plinth.budget_window(period text, timezone text, at timestamptz, out starts_at timestamptz, out ends_at timestamptz)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  local_start timestamp;
  step constant interval := case when period = 'month' then interval '1 month' else interval '1 day' end;
begin
  if period = 'total' then
    starts_at := 'epoch';
    return;
  end if;
  local_start := date_trunc(period, at at time zone timezone);
  starts_at := local_start at time zone timezone;
  ends_at := (local_start + step) at time zone timezone;
  if starts_at > at then
    ends_at := starts_at;
    starts_at := (local_start - step) at time zone timezone;
  elsif ends_at <= at then
    starts_at := ends_at;
    ends_at := (local_start + 2 * step) at time zone timezone;
  end if;
end
$$;

-- Makes the periods that these budgets are in and have no counter of. The budgets are locked: who changes a time zone waits, so
-- periods never overlap.
create function plinth.begin_budget_periods(organization uuid, ids uuid[], at timestamptz) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off   -- plans are kept from when the tables were empty
as $$
begin
  perform 1 from budgets b where b.organization_id = organization and b.id = any (ids) order by b.id for no key update;
  with missing as materialized (
    select b.id, w.starts_at, w.ends_at,
      (select max(p.ends_at) from budget_periods p
       where p.organization_id = organization and p.budget_id = b.id and p.ends_at <= at) as after,
      (select min(p.starts_at) from budget_periods p
       where p.organization_id = organization and p.budget_id = b.id and p.starts_at > at) as before
    from budgets b
    cross join lateral budget_window(b.period, b.timezone, at) w
    where b.organization_id = organization and b.id = any (ids)
      and not exists (
        select 1 from budget_periods p
        where p.organization_id = organization and p.budget_id = b.id and (p.ends_at is null or (p.starts_at <= at and p.ends_at > at)))
  )
  insert into budget_periods (organization_id, budget_id, starts_at, ends_at)
  select organization, m.id, greatest(m.starts_at, m.after), least(m.ends_at, m.before)
  from missing m
  order by m.id
  on conflict do nothing;
end
$$;

-- Holds the worst case of calls, each in all budgets it counts for or in none, in the order given; calls in which nothing is
-- said count for no budget. outcome: held (now, or before: until is when that ends), ended (a call of this id was before), exceeded or
-- unpriced (nothing is held; the budget that had no room, and how it stands). Counters are locked in the order of the budgets' ids.
create function plinth.reserve_budgets(
  organization uuid, calls text[], projects uuid[], users uuid[], agents uuid[], keys uuid[], worst_tokens bigint[],
  worst_costs numeric[], seconds int[], at timestamptz
) returns table (place int, outcome text, until timestamptz, budget_id uuid, budget_name text, scope text, period text, measure text,
                 limited_to numeric, spent numeric, reserved numeric, ends_at timestamptz)
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off   -- plans are kept from when the tables were empty
as $$
#variable_conflict use_column
declare
  now_at constant timestamptz := clock_timestamp();
  targets constant uuid[] := array_remove(projects || users || agents || keys || organization, null);
  ids uuid[];
  counters int;
  have record;
  ask record;
  k int;
  refused_by int;
  -- of each budget: what these calls add
  add_tokens bigint[];
  add_costs numeric[];
  add_refused int[];
  -- what is held, a row for each call and budget
  held_calls text[] := '{}';
  held_budgets uuid[] := '{}';
  held_starts timestamptz[] := '{}';
  held_tokens bigint[] := '{}';
  held_costs numeric[] := '{}';
  held_until timestamptz[] := '{}';
  begun int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  ids := array(
    select b.id from budgets b
    where b.organization_id = organization and b.target_id = any (targets) and b.is_active
    order by b.id);
  if cardinality(ids) = 0 then
    return;
  end if;
  select count(*) into counters
  from budget_periods p
  where p.organization_id = organization and p.budget_id = any (ids) and (p.ends_at is null or (p.starts_at <= at and p.ends_at > at));
  if counters < cardinality(ids) then
    perform begin_budget_periods(organization, ids, at);
  end if;
  perform 1 from budget_periods p
  where p.organization_id = organization and p.budget_id = any (ids) and (p.ends_at is null or (p.starts_at <= at and p.ends_at > at))
  order by p.budget_id for update;
  -- a statement of its own, so that it sees the limits and counters as they are now that the counters are locked
  select array_agg(b.id order by b.id) as ids, array_agg(b.scope order by b.id) as scopes, array_agg(b.target_id order by b.id) as targets,
    array_agg(b.name order by b.id) as names, array_agg(b.period order by b.id) as periods,
    array_agg(b.on_exceed = 'block' order by b.id) as blocks, array_agg(b.unpriced = 'refuse' order by b.id) as refuses_unpriced,
    array_agg(b.token_limit order by b.id) as token_limits, array_agg(b.cost_limit order by b.id) as cost_limits,
    array_agg(p.starts_at order by b.id) as starts, array_agg(p.ends_at order by b.id) as ends,
    array_agg(p.spent_tokens order by b.id) as spent_tokens, array_agg(p.reserved_tokens order by b.id) as reserved_tokens,
    array_agg(p.spent_cost order by b.id) as spent_costs, array_agg(p.reserved_cost order by b.id) as reserved_costs,
    array_agg(0::bigint) as no_tokens, array_agg(0::numeric) as no_costs, array_agg(0::int) as no_calls
  into have
  from budgets b
  join budget_periods p on p.organization_id = b.organization_id and p.budget_id = b.id
  where b.organization_id = organization and b.id = any (ids) and b.is_active
    and (p.ends_at is null or (p.starts_at <= at and p.ends_at > at));
  if have.ids is null then
    return;
  end if;
  add_tokens := have.no_tokens;
  add_costs := have.no_costs;
  add_refused := have.no_calls;

  for ask in
    select a.n, a.id, a.tokens, a.cost, a.seconds, r.state, r.expires_at,
      array(
        select g.n::int
        from unnest(have.scopes, have.targets) with ordinality as g(scope, target, n)
        where g.target = case g.scope when 'organization' then organization when 'project' then a.project when 'user' then a.person
          when 'agent' then a.agent else a.key end
        order by g.n) as counted_in
    from unnest(calls, projects, users, agents, keys, worst_tokens, worst_costs, seconds) with ordinality
      as a(id, project, person, agent, key, tokens, cost, seconds, n)
    left join (
      select h.call_id, min(h.state) as state, min(h.expires_at) as expires_at
      from budget_reservations h
      where h.organization_id = organization and h.call_id = any (calls)
      group by h.call_id
    ) r on r.call_id = a.id
    order by a.n
  loop
    place := ask.n;
    budget_id := null;
    budget_name := null;
    scope := null;
    period := null;
    measure := null;
    limited_to := null;
    spent := null;
    reserved := null;
    ends_at := null;
    begun := array_position(held_calls, ask.id);
    if ask.state is not null or begun is not null then
      outcome := case when begun is not null or ask.state = 'held' then 'held' else 'ended' end;
      until := coalesce(held_until[begun], ask.expires_at);
      return next;
      continue;
    end if;
    continue when cardinality(ask.counted_in) = 0;
    refused_by := null;
    foreach k in array ask.counted_in loop
      continue when not have.blocks[k];
      if have.spent_tokens[k] + have.reserved_tokens[k] + add_tokens[k] + ask.tokens > have.token_limits[k] then
        refused_by := k;
        outcome := 'exceeded';
        measure := 'tokens';
      elsif ask.cost is null and have.cost_limits[k] is not null and have.refuses_unpriced[k] then
        refused_by := k;
        outcome := 'unpriced';
        measure := 'cost';
      elsif have.spent_costs[k] + have.reserved_costs[k] + add_costs[k] + ask.cost > have.cost_limits[k]
         -- what is let through uncounted is not let through when nothing is left
         or (ask.cost is null and have.spent_costs[k] >= have.cost_limits[k]) then
        refused_by := k;
        outcome := 'exceeded';
        measure := 'cost';
      end if;
      exit when refused_by is not null;
    end loop;
    if refused_by is not null then
      k := refused_by;
      add_refused[k] := add_refused[k] + 1;
      until := null;
      budget_id := have.ids[k];
      budget_name := have.names[k];
      scope := have.scopes[k];
      period := have.periods[k];
      limited_to := case measure when 'tokens' then have.token_limits[k] else have.cost_limits[k] end;
      spent := case measure when 'tokens' then have.spent_tokens[k] else have.spent_costs[k] end;
      reserved := case measure when 'tokens' then have.reserved_tokens[k] + add_tokens[k] else have.reserved_costs[k] + add_costs[k] end;
      ends_at := have.ends[k];
      return next;
      continue;
    end if;
    outcome := 'held';
    until := now_at + make_interval(secs => ask.seconds);
    foreach k in array ask.counted_in loop
      add_tokens[k] := add_tokens[k] + ask.tokens;
      add_costs[k] := add_costs[k] + coalesce(ask.cost, 0);
      held_calls := held_calls || ask.id;
      held_budgets := held_budgets || have.ids[k];
      held_starts := held_starts || have.starts[k];
      held_tokens := held_tokens || ask.tokens;
      held_costs := held_costs || ask.cost;
      held_until := held_until || until;
    end loop;
    return next;
  end loop;

  if cardinality(held_calls) > 0 then
    insert into budget_reservations (organization_id, call_id, budget_id, starts_at, tokens, cost, expires_at, created_at)
    select organization, h.call_id, h.budget_id, h.starts_at, h.tokens, h.cost, h.expires_at, now_at
    from unnest(held_calls, held_budgets, held_starts, held_tokens, held_costs, held_until)
      as h(call_id, budget_id, starts_at, tokens, cost, expires_at);
  end if;
  update budget_periods p
  set reserved_tokens = p.reserved_tokens + c.tokens, reserved_cost = p.reserved_cost + c.cost, refused_calls = p.refused_calls + c.refused
  from unnest(have.ids, have.starts, add_tokens, add_costs, add_refused) as c(budget_id, starts_at, tokens, cost, refused)
  where p.organization_id = organization and p.budget_id = c.budget_id and p.starts_at = c.starts_at
    and (c.tokens > 0 or c.cost > 0 or c.refused > 0);
end
$$;

select plinth.register_function('budget_window(text, text, timestamp with time zone)', '{app,definer}', security => 'invoker');
select plinth.register_function('begin_budget_periods(uuid, uuid[], timestamp with time zone)');
select plinth.register_function('reserve_budgets(uuid, text[], uuid[], uuid[], uuid[], uuid[], bigint[], numeric[], integer[], timestamp with time zone)',
  '{app}', tenant_argument => 'organization');
