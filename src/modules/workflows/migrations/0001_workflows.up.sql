-- Workflows as data: named, versioned, interpreted by the same engine as those of code. A version never changes; runs keep theirs.

create table plinth.workflows (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null,
  version int not null,
  description text not null default '',
  execution_type text not null,
  settings jsonb not null default '{}',
  input_schema jsonb not null default '{}',
  time_max_seconds int,
  cost_max numeric,
  is_active boolean not null default true,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint workflows_pkey primary key (organization_id, id),
  constraint workflows_name_key unique (organization_id, name, version),
  constraint workflows_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint workflows_name_check check (length(name) <= 63 and name ~ '^[a-z][a-z0-9_-]*$'),
  constraint workflows_version_check check (version >= 1),
  constraint workflows_type_check check (execution_type in ('sequential', 'parallel', 'conditional', 'loop', 'dag')),
  constraint workflows_time_check check (time_max_seconds > 0),
  constraint workflows_cost_check check (cost_max >= 0)
);
comment on table plinth.workflows is
  'Workflows that are data: one row for each version, published when it is made; it never changes, and a run keeps the one it began with.';
comment on column plinth.workflows.execution_type is
  'How its steps follow each other: one after the other, all at once, the first whose condition holds, again and again, or as they depend on each other.';
comment on column plinth.workflows.settings is 'Of the execution type (while, max_iterations, concurrency), and the template of the output.';
comment on column plinth.workflows.input_schema is 'JSON Schema of the input, checked when a run is started.';
comment on column plinth.workflows.is_active is 'Whether the version may be started; starting by name takes the newest that may.';
select plinth.register_table('workflows', visibility => 'tenant', user_column => 'created_by', request_verbs => '{select,insert,update}');

do $do$
begin
  if plinth.is_citus() then
    perform set_config('citus.enable_unsafe_triggers', 'on', true);
  end if;
end
$do$;
create trigger keep_version before update on plinth.workflows
  for each row execute function plinth.keep_definition_version();

create table plinth.workflow_steps (
  organization_id uuid not null,
  workflow_id uuid not null,
  key text not null,
  position int not null,
  parent_key text,
  type text not null,
  depends_on text[],
  definition jsonb not null,
  constraint workflow_steps_pkey primary key (organization_id, workflow_id, key),
  constraint workflow_steps_workflow_fkey foreign key (organization_id, workflow_id)
    references plinth.workflows (organization_id, id) on delete cascade,
  constraint workflow_steps_key_check check (length(key) <= 63 and key ~ '^[a-z][a-z0-9_]*$'),
  constraint workflow_steps_type_check check (type in ('task', 'workflow', 'sleep', 'event', 'approval', 'set', 'group'))
);
comment on table plinth.workflow_steps is 'The steps of workflows that are data. They are made with their version and never change.';
comment on column plinth.workflow_steps.parent_key is 'The group it is in; null: the workflow itself.';
comment on column plinth.workflow_steps.depends_on is 'In a graph: the steps of its group that it comes after.';
comment on column plinth.workflow_steps.definition is 'What a step of its type takes: templates and conditions.';
select plinth.register_table('workflow_steps', visibility => 'tenant', audit => 'action', request_verbs => '{select,insert}', touch => false);
