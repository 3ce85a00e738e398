-- Subscriptions that act once for several events: what waits of each.

create table plinth.subscription_batches (
  organization_id uuid not null,
  id uuid not null,
  due_at timestamptz not null,
  events jsonb not null,
  constraint subscription_batches_pkey primary key (organization_id, id),
  constraint subscription_batches_subscription_fkey foreign key (organization_id, id)
    references plinth.event_subscriptions (organization_id, id) on delete cascade,
  constraint subscription_batches_events_check check (jsonb_typeof(events) = 'array')
);
comment on table plinth.subscription_batches is 'Events that wait to be acted on together: a row for each subscription (the same id) that has some.';
comment on column plinth.subscription_batches.due_at is 'When they are acted on, full or not.';
comment on column plinth.subscription_batches.events is '[{ "id", "occurred_at" }], in the order they were matched.';
-- what is due, over all tenants
create index subscription_batches_due_idx on plinth.subscription_batches (due_at);
select plinth.register_table('subscription_batches', visibility => 'tenant', audit => 'action', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}');

-- Adds events ([{ "id", "occurred_at" }]) to what waits of a subscription. Returns those that make batches of count_max full, in
-- order; the rest waits, at most until due.
create function plinth.add_to_batch(organization uuid, subscription uuid, added jsonb, due timestamptz, count_max int) returns jsonb
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  waiting jsonb;
  whole int;
  rest jsonb;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into subscription_batches as b (organization_id, id, due_at, events)
  values (organization, subscription, due, added)
  on conflict (organization_id, id) do update set events = b.events || excluded.events
  returning b.events into waiting;
  whole := jsonb_array_length(waiting) / count_max * count_max;
  if whole = 0 then
    return '[]';
  end if;
  rest := (select coalesce(jsonb_agg(e.item order by e.n), '[]')
           from jsonb_array_elements(waiting) with ordinality as e(item, n) where e.n > whole);
  if rest = '[]' then
    delete from subscription_batches b where b.organization_id = organization and b.id = subscription;
  else
    update subscription_batches b set events = rest, due_at = due where b.organization_id = organization and b.id = subscription;
  end if;
  return (select jsonb_agg(e.item order by e.n) from jsonb_array_elements(waiting) with ordinality as e(item, n) where e.n <= whole);
end
$$;

-- Takes what is due of an organization; those another transaction has are passed over.
create function plinth.take_due_batches(organization uuid, at timestamptz, batches_max int)
returns table (id uuid, events jsonb)
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    with due as (
      select b.id
      from subscription_batches b
      where b.organization_id = organization and b.due_at <= at
      order by b.id
      limit batches_max
      for update skip locked
    )
    delete from subscription_batches b
    using due
    where b.organization_id = organization and b.id = due.id
    returning b.id, b.events;
end
$$;

-- The organizations that have batches due, the longest waiting first.
create function plinth.due_batches(at timestamptz, organizations_max int) returns setof uuid
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select b.organization_id
    from subscription_batches b
    where b.due_at <= at
    group by b.organization_id
    order by min(b.due_at)
    limit organizations_max;
end
$$;

-- When the next batch is due; null: none waits.
create function plinth.next_batch_due() returns timestamptz
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select min(b.due_at) from subscription_batches b);
end
$$;

select plinth.register_function('add_to_batch(uuid, uuid, jsonb, timestamp with time zone, integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('take_due_batches(uuid, timestamp with time zone, integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('due_batches(timestamp with time zone, integer)', '{worker}');
select plinth.register_function('next_batch_due()', '{worker}');
