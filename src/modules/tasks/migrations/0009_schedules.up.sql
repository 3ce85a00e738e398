-- Schedules: tasks that are enqueued again and again, and what each tick of one has led to.

create table plinth.schedules (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null,
  description text not null default '',
  cron text not null,
  timezone text not null default 'UTC',
  definition text,
  definition_version int,
  task_type text,
  payload jsonb,
  priority int not null default 0,
  catch_up text not null default 'last',
  catch_up_max int not null default 10,
  is_active boolean not null default true,
  next_run_at timestamptz,
  last_run_at timestamptz,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint schedules_pkey primary key (organization_id, id),
  constraint schedules_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint schedules_name_check check (length(name) between 1 and 200),
  constraint schedules_cron_check check (length(cron) <= 200),
  constraint schedules_timezone_check check (length(timezone) <= 100),
  constraint schedules_target_check check ((definition is null) <> (task_type is null)),
  constraint schedules_definition_version_check check (definition_version is null or (definition_version >= 1 and definition is not null)),
  constraint schedules_priority_check check (priority between -1000 and 1000),
  constraint schedules_catch_up_check check (catch_up in ('skip', 'last', 'all')),
  constraint schedules_catch_up_max_check check (catch_up_max between 1 and 1000)
);
comment on table plinth.schedules is 'When to enqueue which task: a cron expression in a time zone.';
comment on column plinth.schedules.definition is 'The name of the definition that is enqueued; or task_type says what.';
comment on column plinth.schedules.definition_version is 'Its version; null: the newest active one at each tick.';
comment on column plinth.schedules.catch_up is
  'What happens to ticks that were missed while no scheduler ran: none fires, the last one, or all up to catch_up_max.';
comment on column plinth.schedules.next_run_at is 'The next tick; null: paused, or there is none.';
-- the next schedule that is due, of all tenants
create index schedules_due_idx on plinth.schedules (next_run_at) where next_run_at is not null;
select plinth.register_table('schedules', visibility => 'tenant', user_column => 'created_by', request_verbs => '{select,insert,update}',
  definer_verbs => '{select}', unaudited_columns => '{next_run_at,last_run_at}');

create table plinth.schedule_firings (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  schedule_id uuid not null,
  tick timestamptz not null,
  kind text not null default 'tick',
  outcome text not null,
  task_id uuid,
  error jsonb,
  created_at timestamptz not null default now(),
  constraint schedule_firings_pkey primary key (organization_id, id),
  constraint schedule_firings_tick_key unique (organization_id, schedule_id, tick, kind),
  constraint schedule_firings_kind_check check (kind in ('tick', 'manual')),
  constraint schedule_firings_outcome_check check (outcome in ('enqueued', 'failed'))
);
comment on table plinth.schedule_firings is 'What each tick of a schedule has led to: one row a tick, however many schedulers run.';
comment on column plinth.schedule_firings.tick is 'The time the schedule named; for a manual run, when it was asked for.';
comment on column plinth.schedule_firings.task_id is 'The task. No key: firings and tasks are kept for different times.';
-- the history of a schedule, and what is old
create index schedule_firings_schedule_idx on plinth.schedule_firings (organization_id, schedule_id, id);
create index schedule_firings_created_idx on plinth.schedule_firings (created_at);
select plinth.register_table('schedule_firings', visibility => 'tenant', audit => 'self', request_verbs => '{select,insert}',
  definer_verbs => '{select,delete}');

-- Schedules that are due, of all tenants, the longest due first.
create function plinth.due_schedules(at timestamptz, rows_max int) returns table (organization_id uuid, schedule_id uuid)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select s.organization_id, s.id
    from schedules s
    where s.next_run_at <= at
    order by s.next_run_at
    limit rows_max;
end
$$;

-- When the next schedule is due; null: none is.
create function plinth.next_schedule_at() returns timestamptz
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select min(s.next_run_at) from schedules s);
end
$$;

select plinth.register_function('due_schedules(timestamp with time zone, integer)', '{worker}');
select plinth.register_function('next_schedule_at()', '{worker}');
