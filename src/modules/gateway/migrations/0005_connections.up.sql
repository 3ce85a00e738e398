-- Where model calls go: connections with their keys, names for models, what an organization allows; and the log of calls.

create table plinth.provider_connections (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null,
  provider text not null,
  wire text not null,
  base_url text not null,
  key text,
  key_last4 text,
  headers text,
  header_names text[] not null default '{}',
  models text[],
  is_active boolean not null default true,
  tested_at timestamptz,
  test_error text,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint provider_connections_pkey primary key (organization_id, id),
  constraint provider_connections_name_key unique (organization_id, name),
  constraint provider_connections_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint provider_connections_name_check check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  constraint provider_connections_provider_check check (provider ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  constraint provider_connections_wire_check check (wire in ('openai', 'anthropic')),
  constraint provider_connections_base_url_check check (length(base_url) between 1 and 2048),
  constraint provider_connections_key_last4_check check (length(key_last4) between 1 and 4),
  constraint provider_connections_test_error_check check (length(test_error) <= 500)
);
comment on table plinth.provider_connections is 'Addresses of model providers, each with a key of the organization''s own. Another organization can not name one.';
comment on column plinth.provider_connections.provider is 'Whose prices hold: openai, anthropic, groq, …';
comment on column plinth.provider_connections.wire is 'The format it speaks: OpenAI''s or Anthropic''s.';
comment on column plinth.provider_connections.key is 'Sealed by the organization''s data key, bound to this row; never shown again.';
comment on column plinth.provider_connections.key_last4 is 'So that people can tell their keys apart; none of a short key.';
comment on column plinth.provider_connections.headers is 'Sealed JSON: headers sent along, which may hold a token.';
comment on column plinth.provider_connections.models is 'Models that may be called over it, each may end in *; null: all.';
comment on column plinth.provider_connections.test_error is 'What the last test came to; null with tested_at: it was answered.';
select plinth.register_table('provider_connections', visibility => 'tenant', user_column => 'created_by', request_verbs => '{select,delete}',
  definer_verbs => '{select,insert,update}', secret_columns => '{key,headers}', unaudited_columns => '{tested_at,test_error}');

create table plinth.model_aliases (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  alias text not null,
  description text not null default '',
  is_active boolean not null default true,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint model_aliases_pkey primary key (organization_id, id),
  constraint model_aliases_alias_key unique (organization_id, alias),
  constraint model_aliases_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint model_aliases_alias_check check (length(alias) between 1 and 200),
  constraint model_aliases_description_check check (length(description) <= 2000)
);
comment on table plinth.model_aliases is 'Names that applications call models by; what is behind one can change.';
select plinth.register_table('model_aliases', visibility => 'tenant', user_column => 'created_by', fixed_columns => '{created_by}',
  definer_verbs => '{select}');

create table plinth.model_alias_targets (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  alias_id uuid not null,
  connection_id uuid not null,
  model text not null,
  priority int not null default 0,
  weight int not null default 1,
  constraint model_alias_targets_pkey primary key (organization_id, id),
  constraint model_alias_targets_place_key unique (organization_id, alias_id, connection_id, model),
  constraint model_alias_targets_alias_fkey foreign key (organization_id, alias_id)
    references plinth.model_aliases (organization_id, id) on delete cascade,
  constraint model_alias_targets_connection_fkey foreign key (organization_id, connection_id)
    references plinth.provider_connections (organization_id, id),
  constraint model_alias_targets_model_check check (length(model) between 1 and 200),
  constraint model_alias_targets_priority_check check (priority between 0 and 100),
  constraint model_alias_targets_weight_check check (weight between 1 and 1000)
);
comment on table plinth.model_alias_targets is 'What is behind an alias: those of the lowest priority share the calls, the others are fall-backs.';
comment on column plinth.model_alias_targets.priority is 'Lower first; a higher one is called when those below have failed.';
comment on column plinth.model_alias_targets.weight is 'Its part of the calls among those of its priority.';
-- whether a connection is in use
create index model_alias_targets_connection_idx on plinth.model_alias_targets (organization_id, connection_id);
select plinth.register_table('model_alias_targets', visibility => 'tenant', definer_verbs => '{select}');

create table plinth.gateway_policies (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  project_id uuid,
  content_capture text,
  output_tokens_cap int,
  allowed_models text[],
  when_unreachable text,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint gateway_policies_pkey primary key (organization_id, id),
  constraint gateway_policies_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint gateway_policies_project_fkey foreign key (organization_id, project_id)
    references plinth.projects (organization_id, id) on delete cascade,
  constraint gateway_policies_content_capture_check check (content_capture in ('full', 'redacted', 'none')),
  constraint gateway_policies_output_tokens_cap_check check (output_tokens_cap between 1 and 10000000),
  constraint gateway_policies_when_unreachable_check check (when_unreachable in ('refuse', 'allow'))
);
comment on table plinth.gateway_policies is 'What holds for an organization''s calls, and for those of a project instead. Null: as the organization says, or the default.';
comment on column plinth.gateway_policies.project_id is 'Null: of the organization.';
comment on column plinth.gateway_policies.content_capture is 'What the log keeps of requests and answers: all, what is left without secrets, or nothing (the default).';
comment on column plinth.gateway_policies.output_tokens_cap is 'How many tokens a call that names no limit may put out, where a budget must know.';
comment on column plinth.gateway_policies.allowed_models is 'Models or aliases that may be asked for, each may end in *; null: all.';
comment on column plinth.gateway_policies.when_unreachable is 'What becomes of calls while the database can not be reached: refuse (the default), or allow without budgets.';
-- one of the organization, one of each project
create unique index gateway_policies_own_idx on plinth.gateway_policies (organization_id) where project_id is null;
create unique index gateway_policies_project_idx on plinth.gateway_policies (organization_id, project_id) where project_id is not null;
select plinth.register_table('gateway_policies', visibility => 'tenant', user_column => 'created_by',
  fixed_columns => '{project_id,created_by}', request_verbs => '{select,update,delete}', definer_verbs => '{select,insert}');

create table plinth.gateway_calls (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  status text not null default 'running',
  wire text not null,
  is_stream boolean not null default false,
  requested_model text not null,
  alias text,
  connection_id uuid,
  provider text,
  model text,
  user_id uuid,
  api_key_id uuid,
  project_id uuid,
  agent_id uuid,
  attempts int not null default 0,
  status_code int,
  error_code text,
  input_tokens_estimate bigint not null default 0,
  input_tokens bigint,
  cached_input_tokens bigint,
  cache_write_tokens bigint,
  output_tokens bigint,
  reasoning_tokens bigint,
  is_estimated boolean not null default false,
  raw_usage jsonb,
  duration_ms int,
  first_token_ms int,
  content text not null default 'none',
  request_content text,
  response_content text,
  trace_id text,
  lease_expires_at timestamptz,
  ended_at timestamptz,
  constraint gateway_calls_pkey primary key (organization_id, id, occurred_at),
  constraint gateway_calls_status_check check (status in ('running', 'succeeded', 'failed', 'refused', 'cancelled', 'lost')),
  constraint gateway_calls_wire_check
    check (wire in ('openai_chat', 'openai_responses', 'openai_embeddings', 'anthropic_messages')),
  constraint gateway_calls_content_check check (content in ('full', 'redacted', 'none')),
  constraint gateway_calls_lease_check check ((lease_expires_at is not null) = (status = 'running')),
  constraint gateway_calls_id_time_check check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.gateway_calls is 'The log of model calls: seen by whoever made them, and by administrators. Written before a provider is asked, ended when it has answered.';
comment on column plinth.gateway_calls.status is 'refused: by us, no provider was asked; cancelled: the client went away; lost: its process died.';
comment on column plinth.gateway_calls.requested_model is 'As the client said it.';
comment on column plinth.gateway_calls.alias is 'What requested_model was, where it was an alias.';
comment on column plinth.gateway_calls.connection_id is 'The one that was asked last. It may be gone by now.';
comment on column plinth.gateway_calls.error_code is 'Ours, or provider_ and the status the provider gave.';
comment on column plinth.gateway_calls.model is 'As the provider was asked.';
comment on column plinth.gateway_calls.attempts is 'How often a provider was asked.';
comment on column plinth.gateway_calls.status_code is 'What the client got; null where it had gone.';
comment on column plinth.gateway_calls.input_tokens_estimate is 'From the request, before the call: what a lost one is charged.';
comment on column plinth.gateway_calls.input_tokens is 'The five kinds of tokens are a partition; null: nothing is known.';
comment on column plinth.gateway_calls.is_estimated is 'The provider''s count is missing or not whole (cut, cancelled, lost).';
comment on column plinth.gateway_calls.raw_usage is 'The usage as the provider sent it.';
comment on column plinth.gateway_calls.first_token_ms is 'Until the first byte of the answer was passed on.';
comment on column plinth.gateway_calls.content is 'How the contents were kept.';
comment on column plinth.gateway_calls.request_content is 'JSON, cut where it is long. From outside: never markup.';
comment on column plinth.gateway_calls.response_content is 'JSON; of a stream what it came to. From a model: never markup.';
comment on column plinth.gateway_calls.trace_id is 'From the client''s traceparent.';
comment on column plinth.gateway_calls.lease_expires_at is 'running: when its process is taken for dead unless it says so again.';
-- a person's own calls, newest first
create index gateway_calls_user_idx on plinth.gateway_calls (organization_id, user_id, id);
-- the calls of a trace
create index gateway_calls_trace_idx on plinth.gateway_calls (organization_id, trace_id) where trace_id is not null;
-- running calls whose process has died, over all tenants
create index gateway_calls_lease_idx on plinth.gateway_calls (lease_expires_at) where status = 'running';
select plinth.register_table('gateway_calls', visibility => 'private', audit => 'self', admins_see => true, request_verbs => '{select}',
  definer_verbs => '{select,insert,update}', partition_by => 'occurred_at', retention => '13 months');

create function plinth.create_provider_connection(organization uuid, connection jsonb) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into provider_connections (organization_id, id, name, provider, wire, base_url, key, key_last4, headers, header_names, models)
  select organization, i.id, i.name, i.provider, i.wire, i.base_url, i.key, i.key_last4, i.headers, coalesce(i.header_names, '{}'),
    i.models
  from jsonb_to_record(connection) as i(id uuid, name text, provider text, wire text, base_url text, key text, key_last4 text,
    headers text, header_names text[], models text[])
  on conflict (organization_id, id) do nothing;
end
$$;

-- Changes what is given, null included.
create function plinth.update_provider_connection(organization uuid, connection_id uuid, changes jsonb) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  was provider_connections;
  new_values provider_connections;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select * into was from provider_connections c where c.organization_id = organization and c.id = connection_id for update;
  if not found then
    return false;
  end if;
  new_values := jsonb_populate_record(was, changes);
  update provider_connections c
  set name = new_values.name, base_url = new_values.base_url, key = new_values.key, key_last4 = new_values.key_last4,
      headers = new_values.headers, header_names = new_values.header_names, models = new_values.models,
      is_active = new_values.is_active, tested_at = new_values.tested_at, test_error = new_values.test_error
  where c.organization_id = organization and c.id = connection_id;
  return true;
end
$$;

create function plinth.create_gateway_policy(organization uuid, policy jsonb) returns uuid
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  made uuid;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into gateway_policies (organization_id, project_id, content_capture, output_tokens_cap, allowed_models, when_unreachable)
  select organization, i.project_id, i.content_capture, i.output_tokens_cap, i.allowed_models, i.when_unreachable
  from jsonb_to_record(policy) as i(project_id uuid, content_capture text, output_tokens_cap int, allowed_models text[],
    when_unreachable text)
  returning id into made;
  return made;
end
$$;

-- All that calls of an organization go by, with its keys as they are sealed: one question a second.
create function plinth.gateway_settings(organization uuid) returns jsonb
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return jsonb_build_object(
    'connections', (
      select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'provider', c.provider, 'wire', c.wire,
        'base_url', c.base_url, 'key', c.key, 'headers', c.headers, 'models', c.models) order by c.id), '[]')
      from provider_connections c
      where c.organization_id = organization and c.is_active),
    'targets', (
      select coalesce(jsonb_agg(jsonb_build_object('alias', a.alias, 'connection_id', t.connection_id, 'model', t.model,
        'priority', t.priority, 'weight', t.weight) order by a.alias, t.priority, t.id), '[]')
      from model_aliases a
      join model_alias_targets t on t.organization_id = a.organization_id and t.alias_id = a.id
      where a.organization_id = organization and a.is_active),
    'policies', (
      select coalesce(jsonb_agg(jsonb_build_object('project_id', p.project_id, 'content_capture', p.content_capture,
        'output_tokens_cap', p.output_tokens_cap, 'allowed_models', p.allowed_models, 'when_unreachable', p.when_unreachable)), '[]')
      from gateway_policies p
      where p.organization_id = organization));
end
$$;

-- Writes calls down before a provider is asked. A call that is there already is left as it is.
create function plinth.start_gateway_calls(organization uuid, calls jsonb) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into gateway_calls (organization_id, id, occurred_at, status, wire, is_stream, requested_model, alias, connection_id, provider,
    model, user_id, api_key_id, project_id, agent_id, input_tokens_estimate, content, request_content, trace_id, lease_expires_at)
  select organization, i.id, i.occurred_at, 'running', i.wire, i.is_stream, i.requested_model, i.alias, i.connection_id, i.provider,
    i.model, i.user_id, i.api_key_id, i.project_id, i.agent_id, i.input_tokens_estimate, i.content, i.request_content, i.trace_id,
    i.lease_expires_at
  from jsonb_to_recordset(calls) as i(id uuid, occurred_at timestamptz, wire text, is_stream boolean, requested_model text, alias text,
    connection_id uuid, provider text, model text, user_id uuid, api_key_id uuid, project_id uuid, agent_id uuid,
    input_tokens_estimate bigint, content text, request_content text, trace_id text, lease_expires_at timestamptz)
  -- what is no call is none
  where i.id is not null and i.occurred_at is not null
  on conflict do nothing;
end
$$;

-- Ends a call, once: false when it has ended already (it was taken for lost, or this is a repeat).
create function plinth.finish_gateway_call(organization uuid, call jsonb) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  update gateway_calls c
  set status = i.status, connection_id = i.connection_id, provider = i.provider, model = i.model, attempts = i.attempts,
      status_code = i.status_code, error_code = i.error_code, input_tokens = i.input_tokens,
      cached_input_tokens = i.cached_input_tokens, cache_write_tokens = i.cache_write_tokens, output_tokens = i.output_tokens,
      reasoning_tokens = i.reasoning_tokens, is_estimated = i.is_estimated, raw_usage = i.raw_usage, duration_ms = i.duration_ms,
      first_token_ms = i.first_token_ms, response_content = i.response_content, lease_expires_at = null, ended_at = i.ended_at
  from jsonb_to_record(call) as i(id uuid, occurred_at timestamptz, status text, connection_id uuid, provider text, model text,
    attempts int, status_code int, error_code text, input_tokens bigint, cached_input_tokens bigint, cache_write_tokens bigint,
    output_tokens bigint, reasoning_tokens bigint, is_estimated boolean, raw_usage jsonb, duration_ms int, first_token_ms int,
    response_content text, ended_at timestamptz)
  where c.organization_id = organization and c.id = i.id and c.occurred_at = i.occurred_at and c.status = 'running';
  return found;
end
$$;

-- Says that the processes of these calls live.
create function plinth.extend_gateway_calls(organization uuid, ids uuid[], oldest timestamptz, until timestamptz) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  update gateway_calls c
  set lease_expires_at = until
  where c.organization_id = organization and c.id = any (ids) and c.occurred_at >= oldest and c.status = 'running';
end
$$;

-- Whose calls are not heard of any more, and when the next lease of the others ends (null: no call is under way).
create function plinth.organizations_with_lost_gateway_calls(at timestamptz, organizations_max int, out organizations uuid[],
                                                             out next_at timestamptz)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  organizations := array(
    select c.organization_id
    from gateway_calls c
    where c.status = 'running' and c.lease_expires_at < at
    group by c.organization_id
    order by min(c.lease_expires_at)
    limit organizations_max);
  next_at := (select min(c.lease_expires_at) from gateway_calls c where c.status = 'running' and c.lease_expires_at >= at);
end
$$;

-- Marks calls whose process has died: what the client sent is charged, as far as it was counted. Returns them, to be settled in the
-- same transaction.
create function plinth.lose_gateway_calls(organization uuid, at timestamptz, rows_max int)
returns table (call_id uuid, called_at timestamptz, provider text, model text, user_id uuid, api_key_id uuid, project_id uuid,
  agent_id uuid, trace_id text, tokens bigint)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  lost constant uuid[] := array(
    select c.id from gateway_calls c
    where c.organization_id = organization and c.status = 'running' and c.lease_expires_at < at
    order by c.id
    limit rows_max
    for update skip locked);
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    update gateway_calls c
    set status = 'lost', lease_expires_at = null, ended_at = at, error_code = 'process_lost', is_estimated = true,
        input_tokens = c.input_tokens_estimate, cached_input_tokens = 0, cache_write_tokens = 0, output_tokens = 0, reasoning_tokens = 0
    where c.organization_id = organization and c.id = any (lost) and c.status = 'running'
    returning c.id, c.occurred_at, c.provider, c.model, c.user_id, c.api_key_id, c.project_id, c.agent_id, c.trace_id,
      c.input_tokens_estimate;
end
$$;

select plinth.register_function('create_provider_connection(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('update_provider_connection(uuid, uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('create_gateway_policy(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('gateway_settings(uuid)', '{app}', tenant_argument => 'organization');
select plinth.register_function('start_gateway_calls(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('finish_gateway_call(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('extend_gateway_calls(uuid, uuid[], timestamp with time zone, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('organizations_with_lost_gateway_calls(timestamp with time zone, integer)', '{worker}');
select plinth.register_function('lose_gateway_calls(uuid, timestamp with time zone, integer)', '{app}', tenant_argument => 'organization');
