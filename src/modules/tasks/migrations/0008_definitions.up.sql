-- Definitions: named, versioned kinds of tasks. A version never changes; a new one is put beside it, and tasks keep theirs.

create table plinth.task_definitions (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null,
  version int not null,
  description text not null default '',
  task_type text not null,
  parameter_schema jsonb not null default '{}',
  default_configuration jsonb not null default '{}',
  cpu_cores numeric,
  memory_mb int,
  disk_mb int,
  timeout_seconds int not null default 300,
  max_retries int not null default 4,
  retry_delay_seconds numeric not null default 1,
  retry_backoff_multiplier numeric not null default 2,
  retry_delay_max_seconds numeric not null default 3600,
  retry_jitter numeric not null default 0.5,
  non_retryable_codes text[] not null default '{}',
  concurrency_key text,
  concurrency_limit int,
  is_active boolean not null default true,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint task_definitions_pkey primary key (organization_id, id),
  constraint task_definitions_name_key unique (organization_id, name, version),
  constraint task_definitions_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint task_definitions_name_check check (length(name) <= 100 and name ~ '^[a-z][a-z0-9_.:-]*$'),
  constraint task_definitions_task_type_check check (length(task_type) <= 100 and task_type ~ '^[a-z][a-z0-9_.:-]*$'),
  constraint task_definitions_version_check check (version >= 1),
  constraint task_definitions_timeout_check check (timeout_seconds between 1 and 86400),
  constraint task_definitions_retries_check check (max_retries between 0 and 99),
  constraint task_definitions_delay_check check (retry_delay_seconds between 0 and 86400),
  constraint task_definitions_delay_max_check check (retry_delay_max_seconds between 0 and 86400),
  constraint task_definitions_multiplier_check check (retry_backoff_multiplier between 1 and 100),
  constraint task_definitions_jitter_check check (retry_jitter between 0 and 1),
  constraint task_definitions_cpu_check check (cpu_cores > 0),
  constraint task_definitions_memory_check check (memory_mb > 0),
  constraint task_definitions_disk_check check (disk_mb > 0),
  constraint task_definitions_concurrency_check check (concurrency_limit > 0)
);
comment on table plinth.task_definitions is
  'Named kinds of tasks with their parameters, defaults, retry policy and needs; one row for each version, which never changes.';
comment on column plinth.task_definitions.parameter_schema is 'JSON Schema of the payload, checked when a task is enqueued by this definition.';
comment on column plinth.task_definitions.default_configuration is 'Fields a payload has unless it says otherwise.';
comment on column plinth.task_definitions.retry_jitter is 'Share of each pause that is random: 0 none, 1 all ("full jitter").';
comment on column plinth.task_definitions.non_retryable_codes is 'Codes of failures after which a task is not tried again.';
comment on column plinth.task_definitions.is_active is 'Whether the version may be enqueued; enqueueing by name takes the newest that may.';
select plinth.register_table('task_definitions', visibility => 'tenant', user_column => 'created_by', request_verbs => '{select,insert,update}',
  definer_verbs => '{select}');

create function plinth.keep_definition_version() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if to_jsonb(new) - '{description,is_active,deleted_at,updated_at}'::text[]
     is distinct from to_jsonb(old) - '{description,is_active,deleted_at,updated_at}'::text[] then
    raise exception 'a version of a definition does not change; put a new one' using errcode = '55000';
  end if;
  return new;
end
$$;

do $do$
begin
  if plinth.is_citus() then
    perform set_config('citus.enable_unsafe_triggers', 'on', true);
  end if;
end
$do$;
create trigger keep_version before update on plinth.task_definitions
  for each row execute function plinth.keep_definition_version('task_definitions');
select plinth.register_function('keep_definition_version()', security => 'invoker');

alter table plinth.tasks add column definition_id uuid;
comment on column plinth.tasks.definition_id is
  'The version of the definition it was enqueued by. No key: all enqueueing by it would lock one row.';
select plinth.refresh_table('tasks');

-- How failures of tasks are to be treated: a row for each that was enqueued by a definition.
create function plinth.task_retry_policies(organizations uuid[], tasks uuid[])
returns table (task_id uuid, delay_seconds float8, multiplier float8, delay_max_seconds float8, jitter float8, non_retryable_codes text[])
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select t.id, d.retry_delay_seconds::float8, d.retry_backoff_multiplier::float8, d.retry_delay_max_seconds::float8,
           d.retry_jitter::float8, d.non_retryable_codes
    from unnest(organizations, task_retry_policies.tasks) as asked(organization, task)
    join plinth.tasks t on t.organization_id = asked.organization and t.id = asked.task
    join task_definitions d on d.organization_id = t.organization_id and d.id = t.definition_id;
end
$$;

select plinth.register_function('task_retry_policies(uuid[], uuid[])', '{worker}');
