-- The task engine's tables. `tasks` is the record; `task_queue` holds only due, ready work and sees nothing but inserts
-- and deletes; `task_timers` holds what is not due; `task_leases` one row for each claimed batch.

create table plinth.tasks (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  project_id uuid,
  repository_id uuid,
  parent_task_id uuid,
  task_type text not null,
  title text not null default '',
  description text,
  status text not null default 'pending',
  priority int not null default 0,
  payload jsonb not null default '{}',
  results jsonb,
  error jsonb,
  metadata jsonb not null default '{}',
  scheduled_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz,
  attempts int not null default 0,
  max_attempts int not null default 5,
  timeout_seconds int not null default 300,
  pending_dependencies int not null default 0,
  has_dependants boolean not null default false,
  on_dependency_failure text not null default 'cancel',
  concurrency_key text,
  concurrency_limit int,
  idempotency_key text,
  assigned_to uuid,
  assigned_agents text[] not null default '{}',
  primary_agent text,
  execution_time_seconds numeric generated always as (extract(epoch from completed_at - started_at)) stored,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint tasks_pkey primary key (organization_id, id),
  -- no key to organizations, as in projects: all of a tenant's inserts would lock one row
  constraint tasks_project_fkey foreign key (organization_id, project_id) references plinth.projects (organization_id, id),
  constraint tasks_repository_fkey foreign key (organization_id, repository_id)
    references plinth.repositories (organization_id, id),
  constraint tasks_parent_fkey foreign key (organization_id, parent_task_id) references plinth.tasks (organization_id, id),
  -- no counted repetition: a check runs at every update of the row, and {0,99} cost a third of completing a task
  constraint tasks_task_type_check check (length(task_type) <= 100 and task_type ~ '^[a-z][a-z0-9_.:-]*$'),
  constraint tasks_status_check check (status in ('pending', 'blocked', 'running', 'retrying', 'paused',
    'completed', 'failed', 'cancelled')),
  constraint tasks_priority_check check (priority between -1000 and 1000),
  constraint tasks_attempts_check check (attempts >= 0 and max_attempts between 1 and 100),
  constraint tasks_timeout_check check (timeout_seconds between 1 and 86400),
  constraint tasks_dependency_failure_check check (on_dependency_failure in ('cancel', 'fail', 'run')),
  constraint tasks_concurrency_check check (concurrency_limit > 0 and length(concurrency_key) between 1 and 200),
  constraint tasks_completed_check check ((completed_at is not null) = (status in ('completed', 'failed', 'cancelled')))
) with (fillfactor = 60);
comment on table plinth.tasks is
  'Every task, from being asked for to its result. Runs at least once: handlers get an idempotency key.';
comment on column plinth.tasks.status is
  'pending: due or delayed; retrying: failed, and waits for its next attempt; running is set by the worker''s first heartbeat, so a short task never shows it.';
comment on column plinth.tasks.pending_dependencies is 'While blocked or paused: how many of its dependencies have not ended.';
comment on column plinth.tasks.has_dependants is 'Whether a task has ever waited for this one: what ending it looks at.';
comment on column plinth.tasks.on_dependency_failure is
  'When a dependency ends otherwise than asked: cancel or fail this task, or run it once all have ended.';
comment on column plinth.tasks.attempts is 'Attempts that have ended, or of which a worker has reported being in the middle.';
comment on column plinth.tasks.concurrency_key is
  'Tasks with an equal key share a limit of how many are held by workers at once: that of task_limits, or their own.';
comment on column plinth.tasks.concurrency_limit is 'How many with its key, where task_limits says nothing; null: counted, not limited.';
-- an equal key is the same task
create unique index tasks_idempotency_idx on plinth.tasks (organization_id, task_type, idempotency_key) where idempotency_key is not null;
-- the list of live work: the console and the specification's "ready to run" query
create index tasks_live_idx on plinth.tasks (organization_id, status, priority, scheduled_at)
  where status not in ('completed', 'failed', 'cancelled');
-- the tasks of a project or repository; subtasks
create index tasks_project_idx on plinth.tasks (organization_id, project_id, status) where project_id is not null;
create index tasks_repository_idx on plinth.tasks (organization_id, repository_id, id) where repository_id is not null;
create index tasks_parent_idx on plinth.tasks (organization_id, parent_task_id) where parent_task_id is not null;
-- dead letters: counted over all tenants by the metrics
create index tasks_failed_idx on plinth.tasks (completed_at) where status = 'failed';
select plinth.register_table('tasks', visibility => 'tenant', audit => 'action', user_column => 'created_by',
  request_verbs => '{select}', definer_verbs => '{select,insert,update}', touch => false);
select plinth.clear_reference_on_delete('tasks', 'project_id', 'projects');
select plinth.clear_reference_on_delete('tasks', 'repository_id', 'repositories');

create table plinth.task_queue (
  organization_id uuid not null,
  id uuid not null,
  task_type text not null,
  priority int not null,
  run_at timestamptz not null,
  attempt int not null,
  timeout_seconds int not null,
  payload jsonb,
  concurrency_key text,
  concurrency_limit int,
  constraint task_queue_pkey primary key (organization_id, id)
);
comment on table plinth.task_queue is 'Due, ready work, and nothing else: inserted when due, deleted when claimed.';
comment on column plinth.task_queue.payload is 'A copy of a small payload; null: read it from the task.';
-- the claim, per type and tenant; and of what shares a limit, per key
create index task_queue_claim_idx on plinth.task_queue (task_type, organization_id, priority desc, run_at, id)
  where concurrency_key is null;
create index task_queue_keyed_idx on plinth.task_queue (task_type, organization_id, concurrency_key, priority desc, run_at, id)
  where concurrency_key is not null;
select plinth.register_table('task_queue', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}');

create table plinth.task_timers (
  organization_id uuid not null,
  id uuid not null,
  run_at timestamptz not null,
  constraint task_timers_pkey primary key (organization_id, id)
);
comment on table plinth.task_timers is 'Tasks that are not due yet: delayed, or waiting for their next attempt.';
-- promoting what has become due
create index task_timers_due_idx on plinth.task_timers (run_at);
-- update: what `for update skip locked` asks for
select plinth.register_table('task_timers', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}');

create table plinth.workers (
  id uuid not null,
  hostname text not null,
  pid int not null,
  program_version text not null,
  task_types text[] not null,
  started_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  stopped_at timestamptz,
  constraint workers_pkey primary key (id)
);
comment on table plinth.workers is 'Processes that run tasks, and when they were last heard of.';
select plinth.register_table('workers', visibility => 'platform', audit => 'action', definer_verbs => '{select,insert,update,delete}');

create table plinth.task_leases (
  id uuid not null,
  worker_id uuid not null,
  claimed_at timestamptz not null,
  expires_at timestamptz not null,
  organization_ids uuid[] not null,
  task_ids uuid[] not null,
  attempts int[] not null,
  concurrency_keys text[],
  constraint task_leases_pkey primary key (id)
) with (fillfactor = 50);
comment on table plinth.task_leases is
  'One row for each claimed batch. What is in it is held by its worker until expires_at; a late answer finds no row and changes nothing.';
comment on column plinth.task_leases.concurrency_keys is
  'The keys of its tasks, each of which holds a slot of its key as long as it stands here; null: none has one.';
-- random bytes: trying to compress them cost a tenth of the claim
alter table plinth.task_leases alter column task_ids set storage external;
-- recovering what a dead worker held
create index task_leases_expires_idx on plinth.task_leases (expires_at);
select plinth.register_table('task_leases', visibility => 'platform', audit => 'self', definer_verbs => '{select,insert,update,delete}');

create table plinth.task_attempts (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  task_id uuid not null,
  attempt int not null,
  outcome text not null,
  worker_id uuid,
  error jsonb,
  duration_ms int,
  retry_at timestamptz,
  constraint task_attempts_pkey primary key (organization_id, id, occurred_at),
  constraint task_attempts_outcome_check check (outcome in ('failed', 'timed_out', 'lost', 'cancelled')),
  constraint task_attempts_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.task_attempts is 'Attempts that did not succeed. A success is on the task itself.';
-- the attempts of a task
create index task_attempts_task_idx on plinth.task_attempts (organization_id, task_id, occurred_at);
select plinth.register_table('task_attempts', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert}', partition_by => 'occurred_at', retention => '13 months');
