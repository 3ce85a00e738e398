import { type ExtractRule, from, makeExtractor } from './extractor.ts';
import type { Column } from './github-columns.ts';
import { branchOf } from './source.ts';

/** The typed columns of `deployment_events`, in the order of the table. */
export const deploymentColumns = {
  status: { type: 'identifier', meaning: 'One of queued, started, succeeded, failed, cancelled, rolled_back' },
  environment: { type: 'identifier', meaning: 'Where it is deployed to' },
  service: { type: 'identifier', meaning: 'What is deployed' },
  version: { type: 'identifier', meaning: 'The version that is deployed' },
  previous_version: { type: 'identifier', meaning: 'The one that ran before' },
  deployment_id: { type: 'identifier', meaning: "The sender's id of the deployment" },
  ref: { type: 'identifier', meaning: 'The ref as the payload names it' },
  branch: { type: 'identifier', meaning: 'The branch' },
  commit_sha: { type: 'sha', meaning: 'The commit' },
  repository_full_name: { type: 'identifier', meaning: 'Owner and name' },
  triggered_by: { type: 'identifier', meaning: 'Who caused it' },
  is_rollback: { type: 'boolean', meaning: 'It puts an earlier version back' },
  is_production: { type: 'boolean', meaning: 'It is what users see' },
  url: { type: 'url', meaning: 'Where it runs' },
  log_url: { type: 'url', meaning: 'Its log' },
  error_message: { type: 'title', meaning: 'Why it failed' },
  started_at: { type: 'time', meaning: 'When it began' },
  completed_at: { type: 'time', meaning: 'When it ended' },
  duration_ms: { type: 'bigint', meaning: 'How long it took' },
} as const satisfies Record<string, Column>;

type Rule = ExtractRule<typeof deploymentColumns>;

/** The words senders have for where a deployment stands, and ours. */
const statuses: ReadonlyMap<string, string> = new Map(
  Object.entries({
    queued: ['queued', 'pending', 'waiting', 'created', 'requested', 'enqueued'],
    started: ['started', 'in_progress', 'running', 'building', 'deploying', 'processing', 'progressing'],
    succeeded: ['succeeded', 'success', 'successful', 'ready', 'completed', 'deployed', 'finished', 'live', 'active'],
    failed: ['failed', 'failure', 'error', 'errored', 'timed_out', 'degraded', 'crashed'],
    cancelled: ['cancelled', 'canceled', 'aborted', 'skipped', 'rejected'],
    rolled_back: ['rolled_back', 'rolledback', 'reverted'],
  }).flatMap(([ours, theirs]) => theirs.map((word) => [word, ours] as const)),
);

/** A status in our words; undefined for one that is not known. */
export function deploymentStatus(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 100
    ? statuses.get(value.toLowerCase().replaceAll('-', '_').replaceAll(' ', '_'))
    : undefined;
}
const statusAt = (path: string) => from(path, ' in our words', deploymentStatus);

/** A report: `{ "status": "succeeded", "environment": "production", "service": "api", "version": "1.4.2", … }`. */
export const deploymentCommon = {
  category: 'deployment',
  title: ['title', 'description', 'service', 'environment'],
  url: ['url', 'log_url'],
  occurred_at: ['occurred_at', 'completed_at', 'finished_at', 'started_at', 'timestamp'],
  columns: {
    status: statusAt('status'),
    environment: ['environment', 'environment.name'],
    service: ['service', 'application', 'service.name'],
    version: ['version', 'tag', 'image'],
    previous_version: 'previous_version',
    deployment_id: ['deployment_id', 'id'],
    ref: 'ref',
    branch: ['branch', branchOf('ref')],
    commit_sha: ['commit', 'commit_sha', 'sha'],
    repository_full_name: ['repository.full_name', 'repository'],
    triggered_by: ['triggered_by', 'actor', 'user'],
    is_rollback: 'is_rollback',
    is_production: 'is_production',
    url: 'url',
    log_url: 'log_url',
    error_message: ['error_message', 'error.message', 'error'],
    started_at: 'started_at',
    completed_at: ['completed_at', 'finished_at'],
    duration_ms: 'duration_ms',
  },
} as const satisfies Rule;

const github = {
  environment: 'deployment.environment',
  service: 'repository.name',
  deployment_id: from('deployment.id', '', (value) => (Number.isSafeInteger(value) ? String(value) : undefined)),
  ref: 'deployment.ref',
  branch: 'workflow_run.head_branch',
  commit_sha: 'deployment.sha',
  repository_full_name: 'repository.full_name',
  triggered_by: 'deployment.creator.login',
  is_production: 'deployment.production_environment',
  started_at: 'deployment.created_at',
} as const;

/** The kinds of other senders that are deployments too; any other is a report. */
export const deploymentKinds: Readonly<Record<string, Rule>> = {
  deployment: { category: 'deployment', columns: { ...github, status: from('action', ': queued', () => 'queued') } },
  deployment_status: {
    category: 'deployment',
    columns: {
      ...github,
      status: statusAt('deployment_status.state'),
      url: ['deployment_status.environment_url', 'deployment_status.target_url'],
      log_url: 'deployment_status.log_url',
      error_message: from('deployment_status.description', '', (value) => value),
    },
  },
};

/** The columns of a deployment, by the kind of event that told of it. Takes any JSON and never throws. */
export const extractDeployment = makeExtractor(deploymentColumns, deploymentCommon, deploymentKinds);
