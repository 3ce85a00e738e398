-- Limits of requests and tokens a minute, for the same subjects as budgets.

create table plinth.gateway_rate_limits (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  scope text not null,
  project_id uuid,
  user_id uuid,
  agent_id uuid,
  api_key_id uuid,
  target_id uuid not null generated always as (coalesce(project_id, user_id, agent_id, api_key_id, organization_id)) stored,
  requests_per_minute int,
  tokens_per_minute bigint,
  is_active boolean not null default true,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint gateway_rate_limits_pkey primary key (organization_id, id),
  constraint gateway_rate_limits_target_key unique (organization_id, target_id, scope),
  constraint gateway_rate_limits_organization_fkey foreign key (organization_id)
    references plinth.organizations (id) on delete cascade,
  constraint gateway_rate_limits_project_fkey foreign key (organization_id, project_id)
    references plinth.projects (organization_id, id) on delete cascade,
  constraint gateway_rate_limits_member_fkey foreign key (organization_id, user_id)
    references plinth.organization_memberships (organization_id, user_id) on delete cascade,
  constraint gateway_rate_limits_api_key_fkey foreign key (organization_id, api_key_id)
    references plinth.api_keys (organization_id, id) on delete cascade,
  constraint gateway_rate_limits_agent_id_check check ((scope = 'agent') = (agent_id is not null)),
  constraint gateway_rate_limits_scope_check check (scope in ('organization', 'project', 'user', 'agent', 'api_key')),
  constraint gateway_rate_limits_project_id_check check ((scope = 'project') = (project_id is not null)),
  constraint gateway_rate_limits_user_id_check check ((scope = 'user') = (user_id is not null)),
  constraint gateway_rate_limits_api_key_id_check check ((scope = 'api_key') = (api_key_id is not null)),
  constraint gateway_rate_limits_limits_check check (num_nonnulls(requests_per_minute, tokens_per_minute) > 0),
  constraint gateway_rate_limits_requests_check check (requests_per_minute between 1 and 10000000),
  constraint gateway_rate_limits_tokens_check check (tokens_per_minute between 1 and 2000000000)
);
comment on table plinth.gateway_rate_limits is 'How many requests and tokens calls of models may take in any minute: one for each scope and target.';
comment on column plinth.gateway_rate_limits.scope is 'Whose calls count: all of the organization, or those of the one project, user, agent or api_key named beside.';
comment on column plinth.gateway_rate_limits.project_id is 'The project, where the scope is one; likewise the three columns after it.';
comment on column plinth.gateway_rate_limits.user_id is 'The member whose calls count; the limit goes with the membership.';
comment on column plinth.gateway_rate_limits.agent_id is 'The agent whose calls count; without a key, for agents are made by a module above this one.';
comment on column plinth.gateway_rate_limits.api_key_id is 'The key whose calls count.';
comment on column plinth.gateway_rate_limits.target_id is 'The one of the four that is named, else the organization.';
comment on column plinth.gateway_rate_limits.requests_per_minute is 'Null: no limit of requests.';
comment on column plinth.gateway_rate_limits.tokens_per_minute is 'Null: no limit of tokens. A call counts with its worst case.';
comment on column plinth.gateway_rate_limits.is_active is 'One that is not lets everything pass.';
-- the keys; where a project, a membership or a key is removed
create index gateway_rate_limits_project_idx on plinth.gateway_rate_limits (organization_id, project_id) where project_id is not null;
create index gateway_rate_limits_member_idx on plinth.gateway_rate_limits (organization_id, user_id) where user_id is not null;
create index gateway_rate_limits_api_key_idx on plinth.gateway_rate_limits (organization_id, api_key_id) where api_key_id is not null;
select plinth.register_table('gateway_rate_limits', visibility => 'tenant', user_column => 'created_by', definer_verbs => '{select}');

create table plinth.gateway_rate_counts (
  organization_id uuid not null,
  limit_id uuid not null,
  counted_at timestamptz not null,
  expires_at timestamptz[] not null default '{}',
  requests bigint[] not null default '{}',
  tokens bigint[] not null default '{}',
  constraint gateway_rate_counts_pkey primary key (organization_id, limit_id),
  constraint gateway_rate_counts_limit_fkey foreign key (organization_id, limit_id)
    references plinth.gateway_rate_limits (organization_id, id) on delete cascade
) with (fillfactor = 50);
comment on table plinth.gateway_rate_counts is 'What was taken of a limit in the last minute, by tenths of a minute: at most eleven a row.';
comment on column plinth.gateway_rate_counts.limit_id is 'The limit that is counted.';
comment on column plinth.gateway_rate_counts.counted_at is 'The latest time it was counted at; time does not go back here, whichever process''s clock says so.';
comment on column plinth.gateway_rate_counts.expires_at is 'When each of the counts is no longer within a minute.';
comment on column plinth.gateway_rate_counts.requests is 'Requests, for each of expires_at.';
comment on column plinth.gateway_rate_counts.tokens is 'Tokens, for each of expires_at.';
select plinth.register_table('gateway_rate_counts', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update}');

-- Takes requests and tokens for calls, each of all limits it counts for or of none, in the order given. A count is kept from the
-- beginning of its tenth of a minute until a whole minute after its end, so that no minute holds more than the limit. Only
-- those calls come back that get nothing: outcome is limited (wait: seconds until there is enough) or too_large (it never fits).
create function plinth.take_gateway_rates(
  organization uuid, projects uuid[], users uuid[], agents uuid[], keys uuid[], asked_requests int[], asked_tokens bigint[], at timestamptz
) returns table (place int, outcome text, limit_id uuid, measure text, limited_to bigint, taken bigint, wait double precision)
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
set enable_seqscan = off   -- plans are kept from when the tables were empty
as $$
#variable_conflict use_column
declare
  targets constant uuid[] := array_remove(projects || users || agents || keys || organization, null);
  ids uuid[];
  counters int;
  have record;
  ask record;
  k int;
  refused_by int;
  taken_requests bigint[];
  taken_tokens bigint[];
  add_requests bigint[];
  add_tokens bigint[];
  free_at timestamptz;
  needed bigint;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  ids := array(
    select m.id from gateway_rate_limits m
    where m.organization_id = organization and m.target_id = any (targets) and m.is_active
    order by m.id);
  if cardinality(ids) = 0 then
    return;
  end if;
  select count(*) into counters from gateway_rate_counts c where c.organization_id = organization and c.limit_id = any (ids);
  if counters < cardinality(ids) then
    insert into gateway_rate_counts (organization_id, limit_id, counted_at)
    select organization, g.id, at from unnest(ids) as g(id) order by g.id on conflict do nothing;
  end if;
  perform 1 from gateway_rate_counts c where c.organization_id = organization and c.limit_id = any (ids) order by c.limit_id for update;
  select array_agg(m.id order by m.id) as ids, array_agg(m.scope order by m.id) as scopes, array_agg(m.target_id order by m.id) as targets,
    array_agg(m.requests_per_minute order by m.id) as request_limits, array_agg(m.tokens_per_minute order by m.id) as token_limits,
    array_agg(greatest(c.counted_at, at) order by m.id) as times,
    array_agg(coalesce((select sum(u.n) from unnest(c.expires_at, c.requests) as u(until, n) where u.until > greatest(c.counted_at, at)), 0)::bigint
      order by m.id) as requests,
    array_agg(coalesce((select sum(u.n) from unnest(c.expires_at, c.tokens) as u(until, n) where u.until > greatest(c.counted_at, at)), 0)::bigint
      order by m.id) as tokens,
    array_agg(0::bigint) as nothing
  into have
  from gateway_rate_limits m
  join gateway_rate_counts c on c.organization_id = m.organization_id and c.limit_id = m.id
  where m.organization_id = organization and m.id = any (ids) and m.is_active;
  if have.ids is null then
    return;
  end if;
  taken_requests := have.requests;
  taken_tokens := have.tokens;
  add_requests := have.nothing;
  add_tokens := have.nothing;

  for ask in
    select a.n, a.requests, a.tokens,
      array(
        select g.n::int
        from unnest(have.scopes, have.targets) with ordinality as g(scope, target, n)
        where g.target = case g.scope when 'organization' then organization when 'project' then a.project when 'user' then a.person
          when 'agent' then a.agent else a.key end
        order by g.n) as counted_in
    from unnest(projects, users, agents, keys, asked_requests, asked_tokens) with ordinality
      as a(project, person, agent, key, requests, tokens, n)
    order by a.n
  loop
    refused_by := null;
    foreach k in array ask.counted_in loop
      if taken_requests[k] + ask.requests > have.request_limits[k] then
        refused_by := k;
        measure := 'requests';
        limited_to := have.request_limits[k];
        taken := taken_requests[k];
        needed := ask.requests;
      elsif taken_tokens[k] + ask.tokens > have.token_limits[k] then
        refused_by := k;
        measure := 'tokens';
        limited_to := have.token_limits[k];
        taken := taken_tokens[k];
        needed := ask.tokens;
      end if;
      exit when refused_by is not null;
    end loop;
    if refused_by is null then
      foreach k in array ask.counted_in loop
        taken_requests[k] := taken_requests[k] + ask.requests;
        taken_tokens[k] := taken_tokens[k] + ask.tokens;
        add_requests[k] := add_requests[k] + ask.requests;
        add_tokens[k] := add_tokens[k] + ask.tokens;
      end loop;
      continue;
    end if;
    place := ask.n;
    limit_id := have.ids[refused_by];
    if needed > limited_to then
      outcome := 'too_large';
      wait := null;
    else
      outcome := 'limited';
      -- when enough of what is counted has expired; what this statement takes itself goes last
      select min(x.until) into free_at
      from (
        select u.until, sum(case measure when 'requests' then u.requests else u.tokens end) over (order by u.until) as freed
        from gateway_rate_counts c
        cross join lateral unnest(c.expires_at, c.requests, c.tokens) as u(until, requests, tokens)
        where c.organization_id = organization and c.limit_id = have.ids[refused_by] and u.until > have.times[refused_by]
      ) x
      where x.freed >= taken + needed - limited_to;
      wait := coalesce(extract(epoch from free_at - have.times[refused_by]), 66);
    end if;
    return next;
  end loop;

  update gateway_rate_counts c
  set counted_at = n.counted_at, expires_at = n.expires_at, requests = n.requests, tokens = n.tokens
  from (
    select x.id, x.counted_at, array_agg(x.until order by x.until) as expires_at, array_agg(x.requests order by x.until) as requests,
      array_agg(x.tokens order by x.until) as tokens
    from (
      select g.id, g.counted_at, u.until, sum(u.requests)::bigint as requests, sum(u.tokens)::bigint as tokens
      from unnest(have.ids, have.times, add_requests, add_tokens) as g(id, counted_at, requests, tokens)
      cross join lateral (
        select o.until, o.requests, o.tokens
        from gateway_rate_counts e
        cross join lateral unnest(e.expires_at, e.requests, e.tokens) as o(until, requests, tokens)
        where e.organization_id = organization and e.limit_id = g.id and o.until > g.counted_at
        union all
        select to_timestamp((floor(extract(epoch from g.counted_at) / 6) + 11) * 6), g.requests, g.tokens
      ) u
      where g.requests > 0 or g.tokens > 0
      group by g.id, g.counted_at, u.until
    ) x
    group by x.id, x.counted_at
  ) n
  where c.organization_id = organization and c.limit_id = n.id;
end
$$;

select plinth.register_function('take_gateway_rates(uuid, uuid[], uuid[], uuid[], uuid[], integer[], bigint[], timestamp with time zone)',
  '{app}', tenant_argument => 'organization');
