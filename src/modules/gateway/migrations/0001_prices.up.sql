-- What model calls cost: prices of models, an organization's own prices, and a record for each call.

create table plinth.model_price_providers (
  provider text not null,
  name text not null,
  position int not null,
  match jsonb,
  fallback_providers text[] not null default '{}',
  source_version text not null,
  seeded_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint model_price_providers_pkey primary key (provider)
);
comment on table plinth.model_price_providers is 'The providers model_prices knows, and by what other names.';
comment on column plinth.model_price_providers.position is 'Where more than one match a name, the first does.';
comment on column plinth.model_price_providers.match is 'Which names mean this provider besides its own: conditions as in model_prices.match.';
comment on column plinth.model_price_providers.fallback_providers is 'Whose models it sells at their prices, where it has none of its own.';
comment on column plinth.model_price_providers.source_version is 'The version of @pydantic/genai-prices it was copied from.';
comment on column plinth.model_price_providers.seeded_at is 'When the catalogue was written last: who holds a copy of it compares this.';
select plinth.register_table('model_price_providers', visibility => 'catalogue', audit => 'action', definer_verbs => '{select,insert,delete}');

create table plinth.model_prices (
  provider text not null,
  model text not null,
  step int not null,
  position int not null,
  name text,
  match jsonb not null,
  prices jsonb not null,
  other_prices jsonb,
  valid_from date,
  daily_from time,
  daily_to time,
  context_tokens bigint,
  source_version text not null,
  created_at timestamptz not null default now(),
  constraint model_prices_pkey primary key (provider, model, step),
  constraint model_prices_prices_check check (jsonb_typeof(prices) = 'object'),
  constraint model_prices_daily_check check ((daily_from is null) = (daily_to is null))
);
comment on table plinth.model_prices is 'What models cost, copied from @pydantic/genai-prices by the seed: prices are data, and a new version of it is another seed.';
comment on column plinth.model_prices.step is 'Of the prices of one model: the last that holds at a time counts, and where none does, step 0.';
comment on column plinth.model_prices.position is 'Of the models of one provider: the first whose match holds is the one that is meant.';
comment on column plinth.model_prices.match is 'Which names mean this model: { "equals" | "starts_with" | "ends_with" | "contains" | "regex": text } or { "and" | "or": [...] }.';
comment on column plinth.model_prices.prices is 'USD a million tokens as decimal strings: input, cached_input, cache_write, cache_write_1h, output, reasoning; request: USD a call; tiers: [{ "above": input tokens of the call, and prices }]. {}: nobody says.';
comment on column plinth.model_prices.other_prices is 'As the source has them: audio, images, searches. Nothing is charged by these.';
comment on column plinth.model_prices.valid_from is 'In UTC.';
comment on column plinth.model_prices.daily_from is 'It holds in these hours of each day, in UTC; past midnight where daily_to is earlier.';
comment on column plinth.model_prices.context_tokens is 'The length of its context window, where known.';
select plinth.register_table('model_prices', visibility => 'catalogue', audit => 'action', definer_verbs => '{select,insert,delete}');

create table plinth.price_overrides (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  provider text not null,
  model text not null,
  prices jsonb not null,
  valid_from timestamptz,
  valid_to timestamptz,
  note text,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint price_overrides_pkey primary key (organization_id, id),
  constraint price_overrides_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint price_overrides_provider_check check (length(provider) between 1 and 100 and provider = lower(provider)),
  constraint price_overrides_model_check check (length(model) between 1 and 200 and model = lower(model)),
  constraint price_overrides_prices_check check (jsonb_typeof(prices) = 'object'),
  constraint price_overrides_note_check check (length(note) between 1 and 500),
  constraint price_overrides_valid_to_check check (valid_to > valid_from)
);
comment on table plinth.price_overrides is 'An organization''s own prices of models: they go before the catalogue.';
comment on column plinth.price_overrides.model is 'The model''s name as it is called with, in lower case; no pattern.';
comment on column plinth.price_overrides.prices is 'As in model_prices; and batch: the same prices for batches.';
comment on column plinth.price_overrides.valid_from is 'Null: since ever.';
comment on column plinth.price_overrides.valid_to is 'The first instant at which it no longer holds; null: for ever.';
-- whether another holds at the same time
create index price_overrides_model_idx on plinth.price_overrides (organization_id, provider, model);
select plinth.register_table('price_overrides', visibility => 'tenant', user_column => 'created_by', fixed_columns => '{created_by}');

-- Two overrides of one model never hold at the same time.
create function plinth.check_price_override() returns trigger
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  -- one at a time: two that are made at once do not see each other
  perform pg_advisory_xact_lock(hashtextextended('plinth.price_overrides', hashtext(new.organization_id::text)));
  if exists (
    select 1 from price_overrides o
    where o.organization_id = new.organization_id and o.provider = new.provider and o.model = new.model and o.id <> new.id
      and tstzrange(o.valid_from, o.valid_to) && tstzrange(new.valid_from, new.valid_to)
  ) then
    raise exception 'another override of this model holds at that time' using errcode = '23P01';
  end if;
  return new;
end
$$;

-- A call is recorded once, and counted once: whoever writes about it holds its row.
create table plinth.cost_calls (
  organization_id uuid not null,
  call_id text not null,
  call_record_id uuid,
  trace_record_id uuid,
  created_at timestamptz not null default now(),
  constraint cost_calls_pkey primary key (organization_id, call_id),
  constraint cost_calls_call_id_check check (length(call_id) between 1 and 200)
);
comment on table plinth.cost_calls is 'Which cost records a call has: a partitioned table can not keep them unique.';
comment on column plinth.cost_calls.call_record_id is 'The cost record of the call itself: made by the gateway, or told by who made it.';
comment on column plinth.cost_calls.trace_record_id is 'The cost record from a trace; it counts where the call has none of its own.';
select plinth.register_table('cost_calls', visibility => 'tenant', audit => 'self', request_verbs => '{}',
  definer_verbs => '{select,insert,update}');

create table plinth.cost_records (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  kind text not null,
  call_id text not null,
  is_counted boolean not null default true,
  provider text not null,
  model text not null,
  input_tokens bigint not null default 0,
  cached_input_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  reasoning_tokens bigint not null default 0,
  total_tokens bigint not null
    generated always as (input_tokens + cached_input_tokens + cache_write_tokens + output_tokens + reasoning_tokens) stored,
  cache_write_1h_tokens bigint not null default 0,
  audio_tokens bigint not null default 0,
  raw_usage jsonb,
  is_batch boolean not null default false,
  input_cost numeric,
  output_cost numeric,
  total_cost numeric,
  price_source text,
  project_id uuid,
  user_id uuid,
  agent_id uuid,
  agent_type text,
  api_key_id uuid,
  task_id uuid,
  conversation_id uuid,
  trace_id text,
  created_at timestamptz not null default now(),
  constraint cost_records_pkey primary key (organization_id, id, occurred_at),
  constraint cost_records_kind_check check (kind in ('call', 'trace')),
  constraint cost_records_tokens_check check (
    least(input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, audio_tokens) >= 0
    and cache_write_1h_tokens between 0 and cache_write_tokens),
  -- what has no price costs null, never 0
  constraint cost_records_cost_check check (
    num_nulls(input_cost, output_cost, total_cost) in (0, 3) and (total_cost is null or least(input_cost, output_cost, total_cost) >= 0)),
  constraint cost_records_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.cost_records is 'What each call of a model used and cost, in USD. Tokens are a partition: the five kinds share none, and their sum is total_tokens.';
comment on column plinth.cost_records.kind is 'call: from who made it; trace: from a trace that tells of it.';
comment on column plinth.cost_records.is_counted is 'False for the trace of a call that has a record of its own: sums leave it out.';
comment on column plinth.cost_records.input_tokens is 'Neither read from a cache nor written to one.';
comment on column plinth.cost_records.output_tokens is 'Without reasoning.';
comment on column plinth.cost_records.cache_write_1h_tokens is 'Of cache_write_tokens, those kept for an hour: they may cost more.';
comment on column plinth.cost_records.audio_tokens is 'Of all tokens, those of audio. A model that has another price for these has none for this call.';
comment on column plinth.cost_records.raw_usage is 'Usage as the provider said it.';
comment on column plinth.cost_records.total_cost is 'Input, output and a fee of the call. Null: no price is known.';
comment on column plinth.cost_records.price_source is 'Where the price is from: "genai-prices" and its version, or "override" and its id.';
comment on column plinth.cost_records.trace_id is 'The trace it is part of, as 32 hexadecimal digits.';
-- reports of a time by model, provider and day: it holds all they sum, and no row is read
create index cost_records_time_idx on plinth.cost_records (organization_id, occurred_at)
  include (is_counted, provider, model, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
    total_tokens, total_cost);
-- a user's month; a project's costs, newest first
create index cost_records_user_idx on plinth.cost_records (organization_id, user_id, occurred_at);
create index cost_records_project_idx on plinth.cost_records (organization_id, project_id, occurred_at);
-- what a conversation, a trace cost
create index cost_records_conversation_idx on plinth.cost_records (organization_id, conversation_id, id) where conversation_id is not null;
create index cost_records_trace_idx on plinth.cost_records (organization_id, trace_id, id) where trace_id is not null;
select plinth.register_table('cost_records', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update}', partition_by => 'occurred_at');

-- Makes the catalogue what the source says; returns how many prices there are then.
create function plinth.seed_model_prices(version text, providers jsonb, models jsonb) returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  written int;
begin
  delete from model_prices;
  delete from model_price_providers;
  insert into model_price_providers (provider, name, position, match, fallback_providers, source_version, seeded_at)
  select p.provider, p.name, p.position, p.match, coalesce(p.fallback_providers, '{}'), version, at
  from jsonb_to_recordset(providers) as p(provider text, name text, position int, match jsonb, fallback_providers text[])
  on conflict do nothing;
  insert into model_prices (provider, model, step, position, name, match, prices, other_prices, valid_from, daily_from, daily_to,
                            context_tokens, source_version)
  select m.provider, m.model, m.step, m.position, m.name, m.match, m.prices, m.other_prices, m.valid_from, m.daily_from, m.daily_to,
         m.context_tokens, version
  from jsonb_to_recordset(models) as m(provider text, model text, step int, position int, name text, match jsonb, prices jsonb,
    other_prices jsonb, valid_from date, daily_from time, daily_to time, context_tokens bigint)
  on conflict do nothing;
  get diagnostics written = row_count;
  return written;
end
$$;

-- Records what a call cost, once for a call and kind. The item is as the columns of cost_records; without a time it is now.
-- Returns the record, which may be there already: then nothing is changed.
create function plinth.record_cost(organization uuid, item jsonb)
returns table (record_id uuid, recorded_at timestamptz, is_new boolean)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := coalesce((item ->> 'occurred_at')::timestamptz, clock_timestamp());
  new_id constant uuid := plinth.uuidv7(at);
  is_call constant boolean := item ->> 'kind' = 'call';
  known_call uuid;
  known_trace uuid;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into cost_calls (organization_id, call_id, call_record_id, trace_record_id)
  values (organization, item ->> 'call_id', case when is_call then new_id end, case when not is_call then new_id end)
  on conflict (organization_id, call_id) do nothing;
  if not found then
    select c.call_record_id, c.trace_record_id into strict known_call, known_trace
    from cost_calls c
    where c.organization_id = organization and c.call_id = item ->> 'call_id'
    for update;
    record_id := case when is_call then known_call else known_trace end;
    if record_id is not null then
      select r.occurred_at into recorded_at
      from cost_records r
      where r.organization_id = organization and r.id = record_id
        and r.occurred_at >= uuid_time(record_id) and r.occurred_at < uuid_time_end(record_id);
      is_new := false;
      return next;
      return;
    end if;
    update cost_calls c
    set call_record_id = case when is_call then new_id else c.call_record_id end,
        trace_record_id = case when is_call then c.trace_record_id else new_id end
    where c.organization_id = organization and c.call_id = item ->> 'call_id';
    if is_call then
      update cost_records r
      set is_counted = false
      where r.organization_id = organization and r.id = known_trace
        and r.occurred_at >= uuid_time(known_trace) and r.occurred_at < uuid_time_end(known_trace);
    end if;
  end if;
  insert into cost_records (organization_id, id, occurred_at, kind, call_id, is_counted, provider, model,
    input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cache_write_1h_tokens, audio_tokens,
    raw_usage, is_batch, input_cost, output_cost, total_cost, price_source,
    project_id, user_id, agent_id, agent_type, api_key_id, task_id, conversation_id, trace_id)
  select organization, new_id, at, i.kind, i.call_id, is_call or known_call is null, i.provider, i.model,
    i.input_tokens, i.cached_input_tokens, i.cache_write_tokens, i.output_tokens, i.reasoning_tokens,
    coalesce(i.cache_write_1h_tokens, 0), coalesce(i.audio_tokens, 0),
    i.raw_usage, coalesce(i.is_batch, false), i.input_cost, i.output_cost, i.total_cost, i.price_source,
    i.project_id, i.user_id, i.agent_id, i.agent_type, i.api_key_id, i.task_id, i.conversation_id, i.trace_id
  from jsonb_to_record(item) as i(kind text, call_id text, provider text, model text,
    input_tokens bigint, cached_input_tokens bigint, cache_write_tokens bigint, output_tokens bigint, reasoning_tokens bigint,
    cache_write_1h_tokens bigint, audio_tokens bigint, raw_usage jsonb, is_batch boolean,
    input_cost numeric, output_cost numeric, total_cost numeric, price_source text,
    project_id uuid, user_id uuid, agent_id uuid, agent_type text, api_key_id uuid, task_id uuid, conversation_id uuid, trace_id text)
  on conflict do nothing;
  record_id := new_id;
  recorded_at := at;
  is_new := true;
  return next;
end
$$;

-- Sets the costs of records: items is [{ "id", "input_cost", "output_cost", "total_cost", "price_source" }]. Returns how many
-- became another cost, and the sums of these before and after; what had no price counts 0 there.
create function plinth.reprice_costs(organization uuid, items jsonb)
returns table (changed bigint, cost_before numeric, cost_after numeric)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  item record;
  old record;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  changed := 0;
  cost_before := 0;
  cost_after := 0;
  for item in
    select i.id, i.input_cost, i.output_cost, i.total_cost, i.price_source
    from jsonb_to_recordset(items) as i(id uuid, input_cost numeric, output_cost numeric, total_cost numeric, price_source text)
    order by i.id
  loop
    select r.input_cost, r.output_cost, r.total_cost, r.is_counted into old
    from cost_records r
    where r.organization_id = organization and r.id = item.id
      and r.occurred_at >= uuid_time(item.id) and r.occurred_at < uuid_time_end(item.id)
    for update;
    continue when not found or (old.input_cost, old.output_cost, old.total_cost)
      is not distinct from (item.input_cost, item.output_cost, item.total_cost);
    update cost_records r
    set input_cost = item.input_cost, output_cost = item.output_cost, total_cost = item.total_cost, price_source = item.price_source
    where r.organization_id = organization and r.id = item.id
      and r.occurred_at >= uuid_time(item.id) and r.occurred_at < uuid_time_end(item.id);
    changed := changed + 1;
    if old.is_counted then
      cost_before := cost_before + coalesce(old.total_cost, 0);
      cost_after := cost_after + coalesce(item.total_cost, 0);
    end if;
  end loop;
  return next;
end
$$;

do $$
begin
  if plinth.is_citus() then
    perform set_config('citus.enable_unsafe_triggers', 'on', true);
  end if;
end
$$;
create trigger check_overlap before insert or update on plinth.price_overrides
  for each row execute function plinth.check_price_override();

select plinth.register_function('check_price_override()', '{}', 'invoker');
select plinth.register_function('seed_model_prices(text, jsonb, jsonb)', '{worker}');
select plinth.register_function('record_cost(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('reprice_costs(uuid, jsonb)', '{app}', tenant_argument => 'organization');
