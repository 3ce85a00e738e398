-- Webhooks to others: where they go, what is on its way, and what each attempt came to.

create table plinth.event_endpoints (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  url text not null,
  description text,
  customer text,
  names text[] not null default '{}',
  secret text not null,
  previous_secret text,
  previous_secret_expires_at timestamptz,
  headers text,
  header_names text[] not null default '{}',
  timeout_ms int not null default 15000,
  rate_per_second int,
  concurrency_max int not null default 10,
  order_by text,
  retry_schedule_seconds int[],
  jitter_percent int not null default 10,
  is_active boolean not null default true,
  disabled_reason text,
  disabled_at timestamptz,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint event_endpoints_pkey primary key (organization_id, id),
  constraint event_endpoints_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint event_endpoints_url_check check (length(url) between 1 and 2048),
  constraint event_endpoints_customer_check check (length(customer) between 1 and 200),
  constraint event_endpoints_timeout_check check (timeout_ms between 1000 and 60000),
  constraint event_endpoints_rate_check check (rate_per_second between 1 and 10000),
  constraint event_endpoints_concurrency_check check (concurrency_max between 1 and 100),
  constraint event_endpoints_jitter_check check (jitter_percent between 0 and 100),
  constraint event_endpoints_disabled_reason_check check (disabled_reason in ('user', 'gone', 'failing'))
);
comment on table plinth.event_endpoints is 'Addresses outside that events are sent to, each with its own secret.';
comment on column plinth.event_endpoints.customer is 'Whose it is, in the tenant''s own words: the portal shows a customer theirs alone. Null: the tenant''s.';
comment on column plinth.event_endpoints.names is 'Which of the events meant for its customer it wants: patterns as in subscriptions; none: all.';
comment on column plinth.event_endpoints.secret is 'Sealed by the organization''s data key, bound to this row; never shown again.';
comment on column plinth.event_endpoints.headers is 'Sealed JSON: headers sent along, which may hold a token.';
comment on column plinth.event_endpoints.order_by is 'A place in the event: those with the same value there are sent one after the other. ''*'': all of them.';
comment on column plinth.event_endpoints.disabled_reason is 'user; gone: it answered 410; failing: nothing but failures for days.';
-- the endpoints of a customer, at each event meant for it
create index event_endpoints_customer_idx on plinth.event_endpoints (organization_id, customer) where customer is not null and deleted_at is null;
select plinth.register_table('event_endpoints', visibility => 'tenant', user_column => 'created_by', request_verbs => '{select}',
  definer_verbs => '{select,insert,update}', secret_columns => '{secret,previous_secret,headers}');

create table plinth.endpoint_states (
  organization_id uuid not null,
  id uuid not null,
  next_due_at timestamptz not null default 'infinity',
  circuit text not null default 'closed',
  open_until timestamptz,
  open_count int not null default 0,
  paused_until timestamptz,
  failure_count int not null default 0,
  failing_since timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  last_error text,
  tokens double precision not null default 0,
  tokens_at timestamptz not null default now(),
  constraint endpoint_states_pkey primary key (organization_id, id),
  constraint endpoint_states_endpoint_fkey foreign key (organization_id, id) references plinth.event_endpoints (organization_id, id) on delete cascade,
  constraint endpoint_states_circuit_check check (circuit in ('closed', 'open', 'half_open'))
);
comment on table plinth.endpoint_states is 'How an endpoint fares. Whoever takes or ends deliveries of it holds its row: limits, order and circuit are kept under that lock.';
comment on column plinth.endpoint_states.next_due_at is 'When there is something to do for it again; infinity: nothing.';
comment on column plinth.endpoint_states.circuit is 'open: nothing is sent until open_until; half_open: one delivery is out to try.';
comment on column plinth.endpoint_states.paused_until is 'Asked for by Retry-After.';
-- which organizations have something due, over all tenants
create index endpoint_states_due_idx on plinth.endpoint_states (next_due_at);
select plinth.register_table('endpoint_states', visibility => 'tenant', audit => 'action', request_verbs => '{select}',
  definer_verbs => '{select,insert,update}');

create table plinth.event_deliveries (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  endpoint_id uuid not null,
  subscription_id uuid,
  event_id uuid not null,
  event_occurred_at timestamptz not null,
  event_type text not null,
  customer text,
  is_test boolean not null default false,
  ordering_key text,
  status text not null default 'pending',
  attempts int not null default 0,
  lost_attempts int not null default 0,
  due_at timestamptz,
  lease_id uuid,
  last_attempt_at timestamptz,
  last_status_code int,
  last_error text,
  ended_at timestamptz,
  constraint event_deliveries_pkey primary key (organization_id, id, occurred_at),
  constraint event_deliveries_status_check check (status in ('pending', 'sending', 'delivered', 'dead')),
  constraint event_deliveries_due_check check ((due_at is not null) = (status in ('pending', 'sending'))),
  constraint event_deliveries_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.event_deliveries is 'An event on its way to an endpoint. Ends delivered or dead; either may be sent again, under the same event id.';
comment on column plinth.event_deliveries.due_at is 'pending: when it is sent (infinity: after the one before it in order); sending: when the lease ends.';
comment on column plinth.event_deliveries.lost_attempts is 'Attempts whose process died; they are not counted in attempts.';
-- what waits of an endpoint, and what is out: one index for both would have each claim look through all that waits for what is out
create index event_deliveries_due_idx on plinth.event_deliveries (organization_id, endpoint_id, due_at) where status = 'pending';
create index event_deliveries_sending_idx on plinth.event_deliveries (organization_id, endpoint_id, due_at) where status = 'sending';
-- the next of a key
create index event_deliveries_order_idx on plinth.event_deliveries (organization_id, endpoint_id, ordering_key, id)
  where ordering_key is not null and status in ('pending', 'sending');
-- where an event went; whether it was sent there already
create index event_deliveries_event_idx on plinth.event_deliveries (organization_id, event_id);
-- the log: of an endpoint, by state, of a type, of a customer; newest first. The first two hold what the statistics count, which then
-- read no row
create index event_deliveries_endpoint_idx on plinth.event_deliveries (organization_id, endpoint_id, id) include (status, occurred_at);
create index event_deliveries_status_idx on plinth.event_deliveries (organization_id, status, id) include (occurred_at);
create index event_deliveries_type_idx on plinth.event_deliveries (organization_id, event_type, id);
create index event_deliveries_customer_idx on plinth.event_deliveries (organization_id, customer, id) where customer is not null;
-- dead letters: counted over all tenants by the metrics
create index event_deliveries_dead_idx on plinth.event_deliveries (occurred_at) where status = 'dead';
select plinth.register_table('event_deliveries', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update}', partition_by => 'occurred_at', retention => '13 months');

create table plinth.event_delivery_attempts (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  delivery_id uuid not null,
  endpoint_id uuid not null,
  attempt int not null,
  outcome text not null,
  status_code int,
  error_code text,
  error text,
  latency_ms int,
  response_excerpt text,
  retry_at timestamptz,
  constraint event_delivery_attempts_pkey primary key (organization_id, id, occurred_at),
  constraint event_delivery_attempts_outcome_check check (outcome in ('delivered', 'failed', 'lost')),
  constraint event_delivery_attempts_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.event_delivery_attempts is 'Each attempt of a delivery, with what the receiver answered.';
comment on column plinth.event_delivery_attempts.response_excerpt is 'The beginning of the answer, as text without control characters. From outside: never markup.';
-- the attempts of a delivery
create index event_delivery_attempts_delivery_idx on plinth.event_delivery_attempts (organization_id, delivery_id);
select plinth.register_table('event_delivery_attempts', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert}', partition_by => 'occurred_at', retention => '13 months');
