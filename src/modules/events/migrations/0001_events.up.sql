-- Events: where they come from, what they said, and what they set off.

create table plinth.event_sources (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null,
  scheme text not null,
  configuration jsonb not null default '{}',
  project_id uuid,
  token_last4 text not null,
  secret text not null,
  previous_secret text,
  previous_secret_expires_at timestamptz,
  is_active boolean not null default true,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint event_sources_pkey primary key (organization_id, id),
  constraint event_sources_name_key unique (organization_id, name),
  constraint event_sources_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint event_sources_project_fkey foreign key (organization_id, project_id) references plinth.projects (organization_id, id),
  constraint event_sources_name_check check (length(name) between 1 and 200),
  constraint event_sources_scheme_check check (scheme in ('github', 'standard_webhooks', 'slack', 'linear', 'hmac')),
  constraint event_sources_configuration_check check (jsonb_typeof(configuration) = 'object')
);
comment on table plinth.event_sources is 'Senders of webhooks. Each has its own address (a hook token) and its own secret.';
comment on column plinth.event_sources.secret is 'Sealed by the organization''s data key, bound to this row; never shown again.';
comment on column plinth.event_sources.previous_secret is 'Also accepted until previous_secret_expires_at, while the sender is being changed over.';
select plinth.register_table('event_sources', visibility => 'tenant', user_column => 'created_by', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}', secret_columns => '{secret,previous_secret}');
select plinth.clear_reference_on_delete('event_sources', 'project_id', 'projects');

create table plinth.event_source_tokens (
  organization_id uuid not null,
  id uuid not null,
  hash bytea not null,
  constraint event_source_tokens_pkey primary key (organization_id, id),
  constraint event_source_tokens_hash_key unique (organization_id, hash),
  constraint event_source_tokens_source_fkey foreign key (organization_id, id)
    references plinth.event_sources (organization_id, id) on delete cascade
);
comment on table plinth.event_source_tokens is 'SHA-256 of the hook token of each source.';
select plinth.register_table('event_source_tokens', visibility => 'auth', audit => 'action', definer_verbs => '{select,insert,update}');

create table plinth.events (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  source_id uuid,
  source text not null,
  type text not null,
  category text not null default 'other',
  priority int not null default 0,
  external_id text,
  title text,
  payload jsonb not null,
  payload_bytes int not null,
  project_id uuid,
  repository_id uuid,
  repository_full_name text,
  branch text,
  commit_sha text,
  url text,
  actor text,
  status text not null default 'pending',
  attempts int not null default 0,
  error jsonb,
  claimed_at timestamptz,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  xid xid8 not null,
  constraint events_pkey primary key (organization_id, id, occurred_at),
  constraint events_status_check check (status in ('pending', 'processing', 'processed', 'failed', 'skipped')),
  constraint events_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.events is 'What happened elsewhere, as it was told: stored once, never changed but for its state of processing.';
comment on column plinth.events.occurred_at is 'The sender''s time, kept within [13 months ago, tomorrow]; claimed_at is what it said.';
comment on column plinth.events.payload_bytes is 'Length of the JSON text as it was sent: what a reader of many has to hold.';
comment on column plinth.events.status is
  'pending: not yet matched; processed: a subscription wanted it; skipped: none did; failed: see error.';
comment on column plinth.events.source is 'The scheme of its source: github, slack, …; api for events sent with a key.';
comment on column plinth.events.repository_id is 'The repository of ours it names, if we know it. No key: a ledger outlives what it mentions.';
-- before the partitions, which take it over: a fifth of the CPU of storing a webhook was the compression of its payload
do $do$
begin
  if exists (select from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) then
    alter table plinth.events alter column payload set compression lz4;
  end if;
end
$do$;
-- what waits to be matched with subscriptions
create index events_pending_idx on plinth.events (organization_id, received_at) where status = 'pending';
-- dead letters: counted over all tenants by the metrics
create index events_failed_idx on plinth.events (received_at) where status = 'failed';
-- a source's events of a type over time; a repository's history
create index events_type_idx on plinth.events (organization_id, source, type, occurred_at);
create index events_repository_idx on plinth.events (organization_id, repository_id, occurred_at) where repository_id is not null;
-- the live feed and replay, in order of visibility
create index events_xid_idx on plinth.events (organization_id, xid, id);
-- 25 months: what arrives with an old time is dated 13 months back at most, and is kept a year all the same
select plinth.register_table('events', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}', partition_by => 'occurred_at', retention => '25 months');

create table plinth.event_deduplication (
  organization_id uuid not null,
  source_id uuid not null,
  deduplication_key text not null,
  event_id uuid not null,
  received_at timestamptz not null default now(),
  constraint event_deduplication_pkey primary key (organization_id, source_id, deduplication_key)
);
comment on table plinth.event_deduplication is
  'Keys of what was received. A table of its own: a unique index on the partitioned table would have to hold the time, and let a repeat with another time in.';
-- forgetting keys as old as the events they guard
create index event_deduplication_received_idx on plinth.event_deduplication (organization_id, received_at);
select plinth.register_table('event_deduplication', visibility => 'tenant', audit => 'self', request_verbs => '{}',
  definer_verbs => '{select,insert,delete}');

create table plinth.github_events (
  organization_id uuid not null,
  id uuid not null,
  occurred_at timestamptz not null,
  kind text not null,
  action text,
  repository_full_name text,
  repository_github_id bigint,
  repository_is_private boolean,
  organization_login text,
  organization_github_id bigint,
  installation_id bigint,
  sender_login text,
  sender_github_id bigint,
  ref text,
  ref_type text,
  branch text,
  tag text,
  base_branch text,
  head_sha text,
  base_sha text,
  before_sha text,
  merge_sha text,
  head_repository_full_name text,
  commits_count integer,
  additions integer,
  deletions integer,
  changed_files integer,
  is_created boolean,
  is_deleted boolean,
  is_forced boolean,
  pull_request_number integer,
  issue_number integer,
  discussion_number integer,
  milestone_number integer,
  project_number integer,
  state text,
  state_reason text,
  is_draft boolean,
  is_merged boolean,
  author_login text,
  assignee_login text,
  reviewer_login text,
  labels text[],
  label_name text,
  milestone_title text,
  comment_id bigint,
  review_id bigint,
  review_state text,
  file_path text,
  release_id bigint,
  is_prerelease boolean,
  package_name text,
  package_version text,
  package_ecosystem text,
  check_run_id bigint,
  check_suite_id bigint,
  check_name text,
  check_status text,
  conclusion text,
  app_slug text,
  workflow_id bigint,
  workflow_name text,
  run_id bigint,
  run_number integer,
  run_attempt integer,
  job_id bigint,
  runner_name text,
  trigger_event text,
  started_at timestamptz,
  completed_at timestamptz,
  deployment_id bigint,
  deployment_environment text,
  deployment_state text,
  alert_number integer,
  severity text,
  advisory_id text,
  cve_id text,
  rule_name text,
  member_login text,
  team_slug text,
  subject_name text,
  hook_id bigint,
  constraint github_events_pkey primary key (organization_id, id, occurred_at),
  constraint github_events_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.github_events is 'The typed columns of GitHub''s events (same id); docs/reference/github-events.md says which kind fills which.';
-- a repository's events of a kind; the history of a pull request or issue
create index github_events_repository_idx on plinth.github_events (organization_id, repository_full_name, kind, occurred_at);
create index github_events_pull_request_idx on plinth.github_events (organization_id, repository_full_name, pull_request_number)
  where pull_request_number is not null;
select plinth.register_table('github_events', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,delete}', partition_by => 'occurred_at', retention => '25 months');

create table plinth.event_subscriptions (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null,
  sources text[] not null default '{}',
  categories text[] not null default '{}',
  names text[] not null default '{}',
  filter jsonb,
  action text not null,
  target jsonb not null,
  batch jsonb,
  is_active boolean not null default true,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint event_subscriptions_pkey primary key (organization_id, id),
  constraint event_subscriptions_organization_fkey foreign key (organization_id)
    references plinth.organizations (id) on delete cascade,
  constraint event_subscriptions_name_check check (length(name) between 1 and 200),
  constraint event_subscriptions_action_check check (action in ('task', 'webhook', 'workflow', 'notification')),
  constraint event_subscriptions_target_check check (jsonb_typeof(target) = 'object'),
  constraint event_subscriptions_batch_check check (
    batch is null
    or case
      when jsonb_typeof(batch) = 'object' then
        batch - '{count_max,seconds_max}'::text[] = '{}'
        and coalesce(batch @@ 'strict $.count_max >= 1 && $.count_max <= 500 && $.count_max == $.count_max.floor()', false)
        and coalesce(batch @@ 'strict $.seconds_max >= 1 && $.seconds_max <= 86400 && $.seconds_max == $.seconds_max.floor()', false)
      else false
    end
  ),
  constraint event_subscriptions_filter_check check (filter is null or jsonb_typeof(filter) = 'object')
);
comment on table plinth.event_subscriptions is 'What is to happen for which events. An empty list means any; names may hold * for any characters.';
comment on column plinth.event_subscriptions.filter is 'The condition as a JSON tree; src/modules/events/filter says how it is read.';
comment on column plinth.event_subscriptions.batch is '{ "count_max", "seconds_max" }: acts once for several events, as one event that lists them.';
comment on column plinth.event_subscriptions.target is 'For task: { "task_type", "priority"? }; webhook: { "endpoint_id" } or { "customer_from" }; workflow: { "workflow", "version"?, "correlation_from"? }.';
-- the live subscriptions of an organization, at each batch of events
create index event_subscriptions_live_idx on plinth.event_subscriptions (organization_id) where is_active and deleted_at is null;
-- written by the service alone, which checks the filter
select plinth.register_table('event_subscriptions', visibility => 'tenant', user_column => 'created_by',
  fixed_columns => '{created_by}', request_verbs => '{select,insert,update}', definer_verbs => '{select}');

create table plinth.event_processing_logs (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  event_id uuid not null,
  event_occurred_at timestamptz not null,
  subscription_id uuid not null,
  outcome text not null,
  task_id uuid,
  detail jsonb,
  constraint event_processing_logs_pkey primary key (organization_id, id, occurred_at),
  constraint event_processing_logs_outcome_check check (outcome in ('task_enqueued', 'delivery_queued', 'workflow_started', 'notified', 'batched', 'failed')),
  constraint event_processing_logs_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.event_processing_logs is 'What each event set off: one row for each subscription it matched.';
-- the journey of an event; what a subscription did
create index event_processing_logs_event_idx on plinth.event_processing_logs (organization_id, event_id);
create index event_processing_logs_subscription_idx on plinth.event_processing_logs (organization_id, subscription_id, occurred_at);
select plinth.register_table('event_processing_logs', visibility => 'tenant', audit => 'self', request_verbs => '{select,insert}',
  definer_verbs => '{select}', partition_by => 'occurred_at', retention => '13 months');
