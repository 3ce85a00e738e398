import type { columnTypes } from './coerce.ts';
import type { SourceRule } from './source.ts';

export interface Column {
  readonly type: keyof typeof columnTypes;
  readonly meaning: string;
}

/** The typed columns of `github_events`, in the order of the table. */
export const githubColumns = {
  action: { type: 'identifier', meaning: 'What happened to the subject' },
  repository_full_name: { type: 'identifier', meaning: 'Owner and name' },
  repository_github_id: { type: 'bigint', meaning: "GitHub's id of the repository: stays when it is renamed" },
  repository_is_private: { type: 'boolean', meaning: 'Whether the repository is private' },
  organization_login: { type: 'identifier', meaning: 'The organization the event belongs to' },
  organization_github_id: { type: 'bigint', meaning: "GitHub's id of it" },
  installation_id: { type: 'bigint', meaning: 'The GitHub App installation that sent it' },
  sender_login: { type: 'identifier', meaning: 'Who caused it' },
  sender_github_id: { type: 'bigint', meaning: "GitHub's id of them" },
  ref: { type: 'identifier', meaning: 'The ref as the payload names it' },
  ref_type: { type: 'identifier', meaning: 'branch or tag' },
  branch: { type: 'identifier', meaning: 'The branch the event is about' },
  tag: { type: 'identifier', meaning: 'The tag the event is about' },
  base_branch: { type: 'identifier', meaning: 'The branch it started from or goes into' },
  head_sha: { type: 'sha', meaning: 'The commit the event is about' },
  base_sha: { type: 'sha', meaning: 'The commit of the base branch' },
  before_sha: { type: 'sha', meaning: 'The head before a push' },
  merge_sha: { type: 'sha', meaning: 'The merge commit' },
  head_repository_full_name: { type: 'identifier', meaning: 'Where the head of a pull request lives (a fork)' },
  commits_count: { type: 'integer', meaning: 'Commits in the push or pull request' },
  additions: { type: 'integer', meaning: 'Lines added' },
  deletions: { type: 'integer', meaning: 'Lines removed' },
  changed_files: { type: 'integer', meaning: 'Files changed' },
  is_created: { type: 'boolean', meaning: 'The push made the ref' },
  is_deleted: { type: 'boolean', meaning: 'The push removed the ref' },
  is_forced: { type: 'boolean', meaning: 'The push rewrote history' },
  pull_request_number: { type: 'integer', meaning: 'Number of the pull request' },
  issue_number: { type: 'integer', meaning: 'Number of the issue' },
  discussion_number: { type: 'integer', meaning: 'Number of the discussion' },
  milestone_number: { type: 'integer', meaning: 'Number of the milestone' },
  project_number: { type: 'integer', meaning: 'Number of the project' },
  state: { type: 'identifier', meaning: 'State of the subject, in its own words' },
  state_reason: { type: 'identifier', meaning: 'Why it has this state' },
  is_draft: { type: 'boolean', meaning: 'Draft pull request or release' },
  is_merged: { type: 'boolean', meaning: 'The pull request was merged' },
  author_login: { type: 'identifier', meaning: 'Who wrote the subject (not who caused the event)' },
  assignee_login: { type: 'identifier', meaning: 'Who was assigned or unassigned' },
  reviewer_login: { type: 'identifier', meaning: 'Whose review was asked for' },
  labels: { type: 'labels', meaning: 'Labels of the issue or pull request; of the runner for jobs' },
  label_name: { type: 'identifier', meaning: 'The label that was added, removed or changed' },
  milestone_title: { type: 'title', meaning: 'Title of the milestone' },
  comment_id: { type: 'bigint', meaning: 'Id of the comment' },
  review_id: { type: 'bigint', meaning: 'Id of the review' },
  review_state: { type: 'identifier', meaning: 'approved, changes_requested, commented, dismissed' },
  file_path: { type: 'identifier', meaning: 'The file a comment stands at' },
  release_id: { type: 'bigint', meaning: 'Id of the release' },
  is_prerelease: { type: 'boolean', meaning: 'A release marked as not ready' },
  package_name: { type: 'identifier', meaning: 'Name of the package' },
  package_version: { type: 'identifier', meaning: 'Version of the package' },
  package_ecosystem: { type: 'identifier', meaning: 'npm, docker, pip and so on' },
  check_run_id: { type: 'bigint', meaning: 'Id of the check run' },
  check_suite_id: { type: 'bigint', meaning: 'Id of the check suite' },
  check_name: { type: 'identifier', meaning: 'Name of the check, status or job' },
  check_status: { type: 'identifier', meaning: 'queued, in_progress, completed, waiting' },
  conclusion: { type: 'identifier', meaning: 'success, failure, cancelled, skipped and so on' },
  app_slug: { type: 'identifier', meaning: 'The GitHub App that checks' },
  workflow_id: { type: 'bigint', meaning: 'Id of the workflow' },
  workflow_name: { type: 'identifier', meaning: 'Name (or file) of the workflow' },
  run_id: { type: 'bigint', meaning: 'Id of the workflow run' },
  run_number: { type: 'integer', meaning: 'Number of the run within its workflow' },
  run_attempt: { type: 'integer', meaning: 'Attempt of the run' },
  job_id: { type: 'bigint', meaning: 'Id of the job' },
  runner_name: { type: 'identifier', meaning: 'The machine the job runs on' },
  trigger_event: { type: 'identifier', meaning: 'The event that started the workflow' },
  started_at: { type: 'time', meaning: 'When the check, run or job began' },
  completed_at: { type: 'time', meaning: 'When it ended' },
  deployment_id: { type: 'bigint', meaning: 'Id of the deployment' },
  deployment_environment: { type: 'identifier', meaning: 'Where it is deployed to' },
  deployment_state: { type: 'identifier', meaning: 'pending, in_progress, success, failure and so on' },
  alert_number: { type: 'integer', meaning: 'Number of the alert' },
  severity: { type: 'identifier', meaning: 'Severity of the alert or advisory' },
  advisory_id: { type: 'identifier', meaning: 'GHSA id' },
  cve_id: { type: 'identifier', meaning: 'CVE id' },
  rule_name: { type: 'identifier', meaning: 'The rule that found the alert, or protects the branch' },
  member_login: { type: 'identifier', meaning: 'Who was added, removed, invited, blocked' },
  team_slug: { type: 'identifier', meaning: 'The team' },
  subject_name: { type: 'title', meaning: 'Name of any other subject: fork, key, page, project, card, plan' },
  hook_id: { type: 'bigint', meaning: 'Id of the webhook itself' },
} as const satisfies Record<string, Column>;

export type GithubColumn = keyof typeof githubColumns;

export const eventCategories = [
  'code',
  'review',
  'issue',
  'discussion',
  'ci',
  'deployment',
  'release',
  'security',
  'planning',
  'access',
  'repository',
  'community',
  'billing',
  'system',
  'other',
] as const;
export type EventCategory = (typeof eventCategories)[number];

/** How one kind of event is read. Common columns (action, repository, organization, sender) need no rule. */
export interface KindRule {
  readonly category: EventCategory;
  readonly title?: SourceRule;
  readonly url?: SourceRule;
  /** When it happened, as far as the payload says. */
  readonly occurred_at?: SourceRule;
  readonly columns: Partial<Record<GithubColumn, SourceRule>>;
}
