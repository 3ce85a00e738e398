-- Code analysis: runs, and what they found in each file and function.

create table plinth.metric_definitions (
  family text not null,
  metric text not null,
  definition text not null,
  version text not null,
  unit text not null,
  levels text[] not null,
  source text not null,
  formula text not null,
  constraint metric_definitions_pkey primary key (family, metric, definition, version)
);
comment on table plinth.metric_definitions is 'How each metric is counted, by language family. A change of how is a new version, never an edit.';
select plinth.register_table('metric_definitions', visibility => 'catalogue', audit => 'action', definer_verbs => '{select,insert}');

create table plinth.analysis_runs (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  repository_id uuid not null,
  branch text,
  commit_sha text,
  analysis_type text not null default 'full',
  analyzers text[] not null default '{}',
  analyzer_version text not null,
  status text not null default 'pending',
  task_id uuid,
  event_id uuid,
  files_total int not null default 0,
  files_analyzed int not null default 0,
  files_failed int not null default 0,
  functions_total int not null default 0,
  issues_total int not null default 0,
  lines_code bigint not null default 0,
  totals jsonb not null default '{}',
  definitions jsonb not null default '{}',
  tool_versions jsonb not null default '{}',
  quality_score numeric(5, 2),
  rating text,
  debt_minutes int,
  error jsonb,
  started_at timestamptz,
  completed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint analysis_runs_pkey primary key (organization_id, id),
  constraint analysis_runs_repository_fkey foreign key (organization_id, repository_id)
    references plinth.repositories (organization_id, id) on delete cascade,
  constraint analysis_runs_status_check check (status in ('pending', 'running', 'completed', 'failed', 'cancelled')),
  constraint analysis_runs_score_check check (quality_score between 0 and 100),
  constraint analysis_runs_rating_check check (rating in ('A', 'B', 'C', 'D', 'E'))
);
comment on table plinth.analysis_runs is 'One analysis of a repository at a commit: totals, score, and the definitions it counted by.';
comment on column plinth.analysis_runs.definitions is 'Per language family and metric: definition and version of every value of this run.';
comment on column plinth.analysis_runs.task_id is 'The task that ran it. No key: tasks go sooner than results.';
-- a commit is analysed once by each version of the analyser, however many events name it
create unique index analysis_runs_once_idx on plinth.analysis_runs (organization_id, repository_id, commit_sha, analyzer_version)
  where commit_sha is not null and status in ('running', 'completed');
-- a repository's runs by commit; its history
create index analysis_runs_commit_idx on plinth.analysis_runs (organization_id, repository_id, commit_sha, id);
create index analysis_runs_history_idx on plinth.analysis_runs (organization_id, repository_id, branch, created_at);
select plinth.register_table('analysis_runs', visibility => 'tenant', audit => 'action', request_verbs => '{select,insert,update}');

create table plinth.file_analysis (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  run_id uuid not null,
  file_path text not null,
  language text,
  family text,
  size_bytes bigint not null,
  parse_status text not null,
  reason jsonb,
  lines_total int,
  lines_code int,
  lines_comment int,
  lines_blank int,
  cyclomatic int,
  cognitive int,
  nesting_max int,
  functions int,
  maintainability_index double precision,
  issues_total int not null default 0,
  debt_minutes int not null default 0,
  metrics jsonb not null default '{}',
  constraint file_analysis_pkey primary key (organization_id, id),
  constraint file_analysis_path_key unique (organization_id, run_id, file_path),
  constraint file_analysis_run_fkey foreign key (organization_id, run_id)
    references plinth.analysis_runs (organization_id, id) on delete cascade,
  constraint file_analysis_parse_status_check check (parse_status in ('ok', 'partial', 'failed', 'skipped'))
);
comment on table plinth.file_analysis is 'The metrics of each file of a run. Values were counted by the run''s definitions of the file''s family.';
-- the worst files of a run
create index file_analysis_debt_idx on plinth.file_analysis (organization_id, run_id, debt_minutes);
select plinth.register_table('file_analysis', visibility => 'tenant', audit => 'self', request_verbs => '{select,insert}');

create table plinth.code_elements (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  run_id uuid not null,
  file_id uuid not null,
  kind text not null,
  name text not null,
  qualified_name text not null,
  element_path text not null,
  start_line int not null,
  end_line int not null,
  is_exported boolean not null,
  is_async boolean not null,
  parameters jsonb not null default '[]',
  lines_code int,
  cyclomatic int,
  cognitive int,
  nesting_max int,
  parameter_count int,
  metrics jsonb not null default '{}',
  constraint code_elements_pkey primary key (organization_id, id),
  constraint code_elements_path_key unique (organization_id, file_id, element_path),
  constraint code_elements_file_fkey foreign key (organization_id, file_id)
    references plinth.file_analysis (organization_id, id) on delete cascade,
  constraint code_elements_run_fkey foreign key (organization_id, run_id)
    references plinth.analysis_runs (organization_id, id) on delete cascade
);
comment on table plinth.code_elements is 'Functions, methods, classes and types, with their own metrics. element_path is stable when lines move.';
-- the most complex functions of a run
create index code_elements_cognitive_idx on plinth.code_elements (organization_id, run_id, cognitive);
select plinth.register_table('code_elements', visibility => 'tenant', audit => 'self', request_verbs => '{select,insert}');

create table plinth.issues (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  repository_id uuid not null,
  branch text not null default '',
  fingerprint text not null,
  rule_id text not null,
  severity text not null,
  status text not null default 'open',
  message text not null,
  file_path text not null,
  element_path text,
  start_line int,
  end_line int,
  metric text,
  value double precision,
  threshold double precision,
  remediation_minutes int not null,
  first_run_id uuid not null,
  last_run_id uuid not null,
  resolved_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint issues_pkey primary key (organization_id, id),
  constraint issues_fingerprint_key unique (organization_id, repository_id, branch, fingerprint),
  constraint issues_repository_fkey foreign key (organization_id, repository_id)
    references plinth.repositories (organization_id, id) on delete cascade,
  constraint issues_severity_check check (severity in ('info', 'minor', 'major', 'critical', 'blocker')),
  constraint issues_status_check check (status in ('open', 'resolved'))
);
comment on table plinth.issues is 'Findings by stable fingerprint: the same one keeps its row, and its history, while lines move.';
-- open issues of a repository by severity
create index issues_open_idx on plinth.issues (organization_id, repository_id, severity) where status = 'open';
select plinth.register_table('issues', visibility => 'tenant', audit => 'action', request_verbs => '{select,insert,update}');

create view plinth.analysis_metric_values with (security_invoker = true) as
select f.organization_id, f.run_id, f.id as file_id, null::uuid as element_id, f.file_path, null::text as element_path,
  m.key as metric, m.value::double precision as value,
  r.definitions -> f.family -> m.key ->> 'definition' as definition,
  r.definitions -> f.family -> m.key ->> 'version' as definition_version
from plinth.file_analysis f
join plinth.analysis_runs r on r.organization_id = f.organization_id and r.id = f.run_id
cross join lateral jsonb_each(f.metrics) as m(key, value)
union all
select e.organization_id, e.run_id, e.file_id, e.id, f.file_path, e.element_path,
  m.key, m.value::double precision,
  r.definitions -> f.family -> m.key ->> 'definition',
  r.definitions -> f.family -> m.key ->> 'version'
from plinth.code_elements e
join plinth.file_analysis f on f.organization_id = e.organization_id and f.id = e.file_id
join plinth.analysis_runs r on r.organization_id = e.organization_id and r.id = e.run_id
cross join lateral jsonb_each(e.metrics) as m(key, value);
comment on view plinth.analysis_metric_values is 'Every value of a run with the name and version of the definition it was counted by.';
select plinth.register_view('analysis_metric_values');
