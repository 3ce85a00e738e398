-- Runs of workflows. A run is a task (the same id) and a row here; what its steps came to is recorded by their keys, and a
-- finished step is never run again. Runs go with their tasks, and all that belongs to a run goes with it.

create table plinth.workflow_runs (
  organization_id uuid not null,
  id uuid not null,
  name text not null,
  version int not null,
  workflow_id uuid,
  correlation_key text,
  cost_max numeric,
  time_max_seconds int,
  deadline_at timestamptz,
  failed_steps text[],
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  constraint workflow_runs_pkey primary key (organization_id, id),
  constraint workflow_runs_task_fkey foreign key (organization_id, id)
    references plinth.tasks (organization_id, id) on delete cascade,
  constraint workflow_runs_workflow_fkey foreign key (organization_id, workflow_id)
    references plinth.workflows (organization_id, id),
  constraint workflow_runs_name_check check (length(name) between 1 and 63),
  constraint workflow_runs_version_check check (version > 0),
  constraint workflow_runs_correlation_check check (length(correlation_key) between 1 and 200),
  constraint workflow_runs_cost_check check (cost_max >= 0),
  constraint workflow_runs_time_check check (time_max_seconds > 0)
);
comment on table plinth.workflow_runs is
  'Runs of workflows. Input, state, output and error are those of the task with the same id, so that no two of them can disagree.';
comment on column plinth.workflow_runs.workflow_id is 'The version it runs, where that is data; null: a workflow of the program''s code.';
comment on column plinth.workflow_runs.correlation_key is 'Events sent with this key reach the run: an order''s number, for example.';
comment on column plinth.workflow_runs.cost_max is 'No further work is begun once its steps have reported more than this; null: no ceiling.';
comment on column plinth.workflow_runs.deadline_at is 'When it fails if it has not ended; null: never.';
comment on column plinth.workflow_runs.failed_steps is
  'The keys of the steps it failed by: what is done again when it is retried. Null: it has not failed.';
-- the runs that an event is for
create index workflow_runs_correlation_idx on plinth.workflow_runs (organization_id, correlation_key, id) where correlation_key is not null;
-- the runs of a workflow, newest first
create index workflow_runs_name_idx on plinth.workflow_runs (organization_id, name, id);
-- what goes with a version that is removed
create index workflow_runs_workflow_idx on plinth.workflow_runs (organization_id, workflow_id) where workflow_id is not null;
select plinth.register_table('workflow_runs', visibility => 'tenant', audit => 'action', user_column => 'created_by',
  request_verbs => '{select,update}', definer_verbs => '{select,insert}');

-- The row of a run, for a task that is there; once. Its ceiling of time is counted from when it is to begin.
create function plinth.make_workflow_run(organization uuid, run uuid, name text, version int, workflow uuid, correlation_key text,
  cost_max numeric, time_max_seconds int, begins_at timestamptz) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  deadline constant timestamptz := greatest(clock_timestamp(), begins_at) + make_interval(secs => time_max_seconds);
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into workflow_runs (organization_id, id, name, version, workflow_id, correlation_key, cost_max, time_max_seconds, deadline_at)
  values (organization, run, make_workflow_run.name, make_workflow_run.version, workflow, make_workflow_run.correlation_key,
          make_workflow_run.cost_max, make_workflow_run.time_max_seconds, deadline)
  on conflict do nothing;
end
$$;
select plinth.register_function('make_workflow_run(uuid, uuid, text, integer, uuid, text, numeric, integer, timestamp with time zone)',
  '{app}', tenant_argument => 'organization');

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
