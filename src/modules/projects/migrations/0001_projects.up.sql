-- Projects, and the repositories they are about.

create table plinth.projects (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null,
  slug text not null,
  description text not null default '',
  owner_id uuid default plinth.current_user_id(),
  template_type text,
  status text not null default 'active',
  priority int not null default 0,
  goals jsonb not null default '[]',
  starts_on date,
  due_on date,
  container_id text,
  git_repo_url text,
  last_accessed_at timestamptz,
  archived_at timestamptz,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint projects_pkey primary key (organization_id, id),
  constraint projects_slug_key unique (organization_id, slug),
  -- no key to organizations: each insert would lock its one row, and a fifth of a busy tenant's time goes into sharing it.
  -- The policy lets in the request's own organization only, and purge_organization removes every registered table's rows
  constraint projects_owner_fkey foreign key (organization_id, owner_id)
    references plinth.organization_memberships (organization_id, user_id),
  constraint projects_name_check check (length(name) between 1 and 200),
  constraint projects_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  constraint projects_status_check check (status in ('planning', 'active', 'on_hold', 'completed', 'archived', 'deleted')),
  constraint projects_goals_check check (jsonb_typeof(goals) = 'array'),
  -- the route looks closer; this keeps javascript: and file: out on every way in
  constraint projects_git_repo_url_check
    check (length(git_repo_url) <= 2000 and git_repo_url ~ '^(https://|ssh://|[A-Za-z0-9_][A-Za-z0-9_.-]*@)'),
  constraint projects_due_on_check check (due_on >= starts_on)
);
comment on table plinth.projects is 'What an organization works on.';
-- a person's projects by state; live projects of an organization
create index projects_owner_idx on plinth.projects (organization_id, owner_id, status);
create index projects_live_idx on plinth.projects (organization_id, status) where deleted_at is null;
select plinth.register_table('projects', visibility => 'tenant', user_column => 'owner_id', fixed_columns => '{created_by}',
  definer_verbs => '{select}');
select plinth.clear_reference_on_delete('projects', 'owner_id', 'organization_memberships', 'user_id');

create table plinth.repositories (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null,
  full_name text not null,
  full_name_lower text not null generated always as (lower(full_name)) stored,
  provider text not null default 'github',
  url text,
  default_branch text not null default 'main',
  languages text[] not null default '{}',
  analysis_config jsonb not null default '{}',
  last_analyzed_at timestamptz,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint repositories_pkey primary key (organization_id, id),
  constraint repositories_full_name_key unique (organization_id, provider, full_name_lower),
  constraint repositories_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint repositories_full_name_check check (length(full_name) between 1 and 300),
  constraint repositories_url_check check (length(url) <= 2000 and url ~ '^(https://|ssh://|[A-Za-z0-9_][A-Za-z0-9_.-]*@)'),
  constraint repositories_provider_check check (provider in ('github', 'gitlab', 'bitbucket', 'local')),
  constraint repositories_analysis_config_check check (jsonb_typeof(analysis_config) = 'object')
);
comment on table plinth.repositories is
  'Source repositories. Events name them by provider and full name, without regard to case. No row names a path: the operator''s bare clones lie in a folder named after the ids.';
select plinth.register_table('repositories', visibility => 'tenant', user_column => 'created_by',
  fixed_columns => '{last_analyzed_at,created_by}', definer_verbs => '{select,update}');

create table plinth.project_repositories (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  project_id uuid not null,
  repository_id uuid not null,
  created_at timestamptz not null default now(),
  constraint project_repositories_pkey primary key (organization_id, id),
  constraint project_repositories_pair_key unique (organization_id, project_id, repository_id),
  constraint project_repositories_project_fkey foreign key (organization_id, project_id)
    references plinth.projects (organization_id, id) on delete cascade,
  constraint project_repositories_repository_fkey foreign key (organization_id, repository_id)
    references plinth.repositories (organization_id, id) on delete cascade
);
comment on table plinth.project_repositories is 'Which repositories a project is about.';
-- the projects of a repository
create index project_repositories_repository_idx on plinth.project_repositories (organization_id, repository_id);
select plinth.register_table('project_repositories', visibility => 'tenant', request_verbs => '{select,insert,delete}',
  definer_verbs => '{select}');
