-- Runs of workflows. A run is a task (the same id) and a row here; what its steps came to is recorded by their keys, and a
-- finished step is never run again. Runs go with their tasks, and all that belongs to a run goes with it.

create table plinth.workflow_runs (
  organization_id uuid not null,
  id uuid not null,
  name text not null,
  version int not null,
  correlation_key text,
  cost_max numeric,
  time_max_seconds int,
  deadline_at timestamptz,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  constraint workflow_runs_pkey primary key (organization_id, id),
  constraint workflow_runs_task_fkey foreign key (organization_id, id)
    references plinth.tasks (organization_id, id) on delete cascade,
  constraint workflow_runs_name_check check (length(name) between 1 and 63),
  constraint workflow_runs_version_check check (version > 0),
  constraint workflow_runs_correlation_check check (length(correlation_key) between 1 and 200),
  constraint workflow_runs_cost_check check (cost_max >= 0),
  constraint workflow_runs_time_check check (time_max_seconds > 0)
);
comment on table plinth.workflow_runs is
  'Runs of workflows. Input, state, output and error are those of the task with the same id, so that no two of them can disagree.';
comment on column plinth.workflow_runs.correlation_key is 'Events sent with this key reach the run: an order''s number, for example.';
comment on column plinth.workflow_runs.cost_max is 'No further work is begun once its steps have reported more than this; null: no ceiling.';
comment on column plinth.workflow_runs.deadline_at is 'When it fails if it has not ended; null: never.';
-- the runs that an event is for
create index workflow_runs_correlation_idx on plinth.workflow_runs (organization_id, correlation_key, id) where correlation_key is not null;
-- the runs of a workflow, newest first
create index workflow_runs_name_idx on plinth.workflow_runs (organization_id, name, id);
select plinth.register_table('workflow_runs', visibility => 'tenant', audit => 'action', user_column => 'created_by',
  request_verbs => '{select,insert,update}');

create table plinth.workflow_step_runs (
  organization_id uuid not null,
  run_id uuid not null,
  key text not null,
  scope text not null,
  place int not null,
  kind text not null,
  name text not null,
  status text not null,
  result jsonb,
  error jsonb,
  attempts int not null default 0,
  cost numeric not null default 0,
  task_id uuid,
  event_name text,
  event_match jsonb,
  due_at timestamptz,
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  constraint workflow_step_runs_pkey primary key (organization_id, run_id, key),
  constraint workflow_step_runs_run_fkey foreign key (organization_id, run_id)
    references plinth.workflow_runs (organization_id, id) on delete cascade,
  constraint workflow_step_runs_place_key unique (organization_id, run_id, scope, place),
  constraint workflow_step_runs_key_check check (length(key) between 1 and 1000),
  constraint workflow_step_runs_kind_check check (kind in ('step', 'sleep', 'event', 'task', 'workflow', 'approval')),
  constraint workflow_step_runs_status_check check (status in ('waiting', 'retrying', 'completed', 'failed')),
  constraint workflow_step_runs_completed_check check ((completed_at is not null) = (status in ('completed', 'failed')))
);
comment on table plinth.workflow_step_runs is 'What the steps of a run came to, by key: what is recorded is not run again.';
comment on column plinth.workflow_step_runs.key is 'Its name, with its occurrence from the second on, behind the branch it is in: items/3/fetch#2.';
comment on column plinth.workflow_step_runs.scope is 'The branch it is in; empty: the workflow itself.';
comment on column plinth.workflow_step_runs.place is 'The how manieth operation of its branch it is: a replay must come to the same.';
comment on column plinth.workflow_step_runs.status is 'waiting: for a time, an event, a task or people; retrying: failed, and waits for its next attempt.';
comment on column plinth.workflow_step_runs.task_id is 'The task or run that it waits for. A plain id: the task may be forgotten before.';
comment on column plinth.workflow_step_runs.event_match is 'What the payload of the event must contain.';
comment on column plinth.workflow_step_runs.due_at is 'When it goes on at the latest: the end of a sleep, a timeout, the next attempt.';
-- the runs that wait for an event
create index workflow_step_runs_event_idx on plinth.workflow_step_runs (organization_id, event_name, run_id)
  where event_name is not null and status = 'waiting';
select plinth.register_table('workflow_step_runs', visibility => 'tenant', audit => 'action',
  request_verbs => '{select,insert,update,delete}', touch => false);

create table plinth.workflow_events (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  run_id uuid not null,
  name text not null,
  payload jsonb not null,
  consumed_by text,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  constraint workflow_events_pkey primary key (organization_id, id),
  constraint workflow_events_run_fkey foreign key (organization_id, run_id)
    references plinth.workflow_runs (organization_id, id) on delete cascade,
  constraint workflow_events_name_check check (length(name) between 1 and 100)
);
comment on table plinth.workflow_events is 'Events that were sent to runs. One that comes before its run waits for it is kept until then.';
comment on column plinth.workflow_events.consumed_by is 'The key of the step that took it; null: none yet.';
-- what a run has not taken yet
create index workflow_events_run_idx on plinth.workflow_events (organization_id, run_id, name, id);
select plinth.register_table('workflow_events', visibility => 'tenant', audit => 'action', user_column => 'created_by',
  request_verbs => '{select,insert,update}', touch => false);
