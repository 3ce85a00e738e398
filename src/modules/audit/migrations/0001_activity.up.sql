-- The activity feed: what people did, in words for people. The audit log is the proof; this is the news.

create table plinth.activity_logs (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  user_id uuid default plinth.current_user_id(),
  api_key_id uuid,
  action text not null,
  resource_type text not null,
  resource_id uuid,
  summary text not null,
  details jsonb not null default '{}',
  xid xid8 not null,
  constraint activity_logs_pkey primary key (organization_id, id, occurred_at),
  constraint activity_logs_summary_check check (length(summary) <= 500),
  constraint activity_logs_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.activity_logs is 'The feed of an organization: who did what, as a sentence.';
-- a person's activity; a resource's activity
create index activity_logs_user_idx on plinth.activity_logs (organization_id, user_id, occurred_at);
create index activity_logs_resource_idx on plinth.activity_logs (organization_id, resource_type, resource_id, occurred_at);

select plinth.register_table('activity_logs', visibility => 'tenant', audit => 'self', request_verbs => '{select,insert}',
  definer_verbs => '{insert}', partition_by => 'occurred_at', retention => '13 months');
