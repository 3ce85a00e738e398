// Generated from the OpenAPI document by `npm run gen`. Do not edit.
import type { CallOptions, Paged } from './types.ts';

export interface Activity {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  user_id: string | null;
  api_key_id: string | null;
  action: string;
  resource_type: string;
  resource_id: string | null;
  summary: string;
  details: Record<string, unknown>;
}

export interface AnalysisRun {
  /** UUID, lower case. */
  id: string;
  /** UUID, lower case. */
  repository_id: string;
  branch: string | null;
  commit_sha: string | null;
  status: string;
  files_total: number;
  files_analyzed: number;
  files_failed: number;
  functions_total: number;
  issues_total: number;
  lines_code: number;
  quality_score: number | null;
  rating: string | null;
  debt_minutes: number | null;
  task_id: string | null;
  event_id: string | null;
  error: unknown;
  started_at: string | null;
  completed_at: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface ApiKey {
  /** UUID, lower case. */
  id: string;
  user_id: string | null;
  name: string;
  prefix: string;
  last4: string;
  role: 'owner' | 'admin' | 'member' | 'viewer' | 'service';
  scopes: string[];
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface ApiKeysCreateInput {
  name: string;
  /** A key of the organization, not of a person. */
  service?: boolean | undefined;
  role?: 'owner' | 'admin' | 'member' | 'viewer' | undefined;
  scopes?: readonly string[] | undefined;
  expires_at?: string | undefined;
}

export interface ApiKeysCreateResult {
  /** UUID, lower case. */
  id: string;
  user_id: string | null;
  name: string;
  prefix: string;
  last4: string;
  role: 'owner' | 'admin' | 'member' | 'viewer' | 'service';
  scopes: string[];
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  key: string | null;
}

export interface ApiKeysRotateInput {
  grace_seconds?: number | undefined;
}

export interface Approval {
  /** UUID, lower case. */
  id: string;
  /** UUID, lower case. */
  run_id: string;
  workflow: string;
  /** The step of the run that waits for it. */
  step_key: string;
  title: string;
  description: string;
  assignees: string[];
  quorum: number;
  /** cancelled: the run ended before a decision. */
  status: 'pending' | 'approved' | 'rejected' | 'timed_out' | 'cancelled';
  due_at: string | null;
  decided_at: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  votes: ({
    /** UUID, lower case. */
    user_id: string;
    vote: 'approve' | 'reject';
    comment: string;
    /** ISO 8601, UTC. */
    voted_at: string;
  })[];
}

export interface ApprovalsVotesInput {
  vote: 'approve' | 'reject';
  comment?: string | undefined;
}

export interface Audit {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  /** user, api_key, service, or db:<login> for a write outside any request. */
  actor: string;
  actor_user_id: string | null;
  api_key_id: string | null;
  request_id: string | null;
  ip_address: string | null;
  action: string;
  resource_type: string;
  resource_id: string | null;
  old_values: Record<string, unknown> | null;
  new_values: Record<string, unknown> | null;
  details: unknown | null;
}

export interface AuditGetProofResult {
  /** UUID, lower case. */
  entry_id: string;
  /** With the byte 0 before it, SHA-256 gives leaf_hash. */
  leaf: string;
  /** SHA-256, hexadecimal. */
  leaf_hash: string;
  leaf_index: number;
  tree_size: number;
  /** From the bottom: RFC 6962, 2.1.1. */
  path: string[];
  /** SHA-256, hexadecimal. */
  root: string;
  sequence: number;
  /** SHA-256, hexadecimal. */
  chain_hash: string;
}

export interface AuditGetVerifyResult {
  intact: boolean;
  seals: number;
  /** Sealed entries that are what they were. */
  entries: number;
  head: string | null;
  broken: {
    fault: 'changed' | 'removed' | 'inserted' | 'reordered' | 'seal_changed' | 'seal_missing' | 'head_missing';
    sequence: number;
    entry_id: string | null;
  } | null;
}

export interface AuthRedeemLinkInput {
  token: string;
  password: string;
}

export interface AuthSignInInput {
  email: string;
  password: string;
}

export interface AuthSignInResult {
  /** UUID, lower case. */
  user_id: string;
  /** UUID, lower case. */
  session_id: string;
}

export interface AuthSignOutEverywhereResult {
  sessions: number;
}

export interface Budget {
  /** UUID, lower case. */
  id: string;
  name: string;
  scope: 'organization' | 'project' | 'user' | 'agent' | 'api_key';
  project_id: string | null;
  user_id: string | null;
  agent_id: string | null;
  api_key_id: string | null;
  period: 'day' | 'month' | 'total';
  timezone: string;
  token_limit: number | null;
  cost_limit: string | null;
  thresholds: number[];
  on_exceed: 'block' | 'warn';
  unpriced: 'refuse' | 'allow';
  is_active: boolean;
  period_starts_at: string | null;
  period_ends_at: string | null;
  spent_tokens: number;
  /** What calls under way may use at worst. */
  reserved_tokens: number;
  left_tokens: number | null;
  /** US dollars, of calls whose price is known. */
  spent_cost: string;
  reserved_cost: string;
  left_cost: string | null;
  /** Settled in this period. */
  calls: number;
  /** Those of them whose price nobody knew. */
  unpriced_calls: number;
  /** Calls that this budget had no room for. */
  refused_calls: number;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface BudgetsCreateInput {
  scope: 'organization' | 'project' | 'user' | 'agent' | 'api_key';
  /** UUID, lower case. */
  project_id?: string | undefined;
  /** UUID, lower case. */
  user_id?: string | undefined;
  /** UUID, lower case. */
  agent_id?: string | undefined;
  /** UUID, lower case. */
  api_key_id?: string | undefined;
  period: 'day' | 'month' | 'total';
  name?: string | undefined;
  /** Whose midnight ends a day and a month; default: "timezone" in the settings of the organization, else UTC. */
  timezone?: string | undefined;
  token_limit?: number | null | undefined;
  cost_limit?: string | null | undefined;
  /** Percents of a limit that an alert is made at, once a period. */
  thresholds?: readonly number[] | undefined;
  /** warn: counts and alerts, and refuses nothing. */
  on_exceed?: 'block' | 'warn' | undefined;
  /** Under a limit of money: what happens to calls whose price nobody knows. */
  unpriced?: 'refuse' | 'allow' | undefined;
  is_active?: boolean | undefined;
}

export interface BudgetsUpdateInput {
  name?: string | undefined;
  /** Whose midnight ends a day and a month; default: "timezone" in the settings of the organization, else UTC. */
  timezone?: string | undefined;
  token_limit?: number | null | undefined;
  cost_limit?: string | null | undefined;
  /** Percents of a limit that an alert is made at, once a period. */
  thresholds?: readonly number[] | undefined;
  /** warn: counts and alerts, and refuses nothing. */
  on_exceed?: 'block' | 'warn' | undefined;
  /** Under a limit of money: what happens to calls whose price nobody knows. */
  unpriced?: 'refuse' | 'allow' | undefined;
  is_active?: boolean | undefined;
}

export interface Cost {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  kind: 'call' | 'trace';
  call_id: string;
  /** False for the trace of a call that has a record of its own. */
  is_counted: boolean;
  provider: string;
  model: string;
  input_tokens: number;
  cached_input_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  total_tokens: number;
  raw_usage: unknown;
  is_batch: boolean;
  input_cost: string | null;
  output_cost: string | null;
  total_cost: string | null;
  price_source: string | null;
  project_id: string | null;
  user_id: string | null;
  agent_id: string | null;
  agent_type: string | null;
  api_key_id: string | null;
  task_id: string | null;
  conversation_id: string | null;
  trace_id: string | null;
}

export interface CostsCreateInput {
  /** Names the call: told again, it is recorded once. */
  call_id: string;
  provider: string;
  model: string;
  usage?: {
    /** Neither read from a cache nor written to one. */
    input_tokens?: number | undefined;
    cached_input_tokens?: number | undefined;
    cache_write_tokens?: number | undefined;
    /** Of cache_write_tokens. */
    cache_write_1h_tokens?: number | undefined;
    /** Without reasoning. */
    output_tokens?: number | undefined;
    reasoning_tokens?: number | undefined;
    /** Of all tokens, those of audio. */
    audio_tokens?: number | undefined;
  } | undefined;
  /** How raw_usage says it. */
  wire?: 'openai_chat' | 'openai_responses' | 'openai_embeddings' | 'anthropic_messages' | 'google' | undefined;
  /** The provider’s answer, or its usage alone. */
  raw_usage?: Record<string, unknown> | undefined;
  /** ISO 8601, UTC. */
  occurred_at?: string | undefined;
  /** Made in a batch: at the prices for batches, where there are any. */
  batch?: boolean | undefined;
  /** UUID, lower case. */
  user_id?: string | undefined;
  /** UUID, lower case. */
  project_id?: string | undefined;
  /** UUID, lower case. */
  agent_id?: string | undefined;
  agent_type?: string | undefined;
  /** UUID, lower case. */
  task_id?: string | undefined;
  /** UUID, lower case. */
  conversation_id?: string | undefined;
  /** 32 hexadecimal digits. */
  trace_id?: string | undefined;
}

export interface CostsCreateResult {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  kind: 'call' | 'trace';
  call_id: string;
  /** False for the trace of a call that has a record of its own. */
  is_counted: boolean;
  provider: string;
  model: string;
  input_tokens: number;
  cached_input_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  total_tokens: number;
  raw_usage: unknown;
  is_batch: boolean;
  input_cost: string | null;
  output_cost: string | null;
  total_cost: string | null;
  price_source: string | null;
  project_id: string | null;
  user_id: string | null;
  agent_id: string | null;
  agent_type: string | null;
  api_key_id: string | null;
  task_id: string | null;
  conversation_id: string | null;
  trace_id: string | null;
  is_new: boolean;
}

export interface CostsGetReportResult {
  /** ISO 8601, UTC. */
  since: string;
  /** ISO 8601, UTC. */
  until: string;
  time_zone: string;
  by: string[];
  rows: ({
    user_id?: string | null;
    agent_id?: string | null;
    agent_type?: string | null;
    project_id?: string | null;
    api_key_id?: string | null;
    provider?: string | null;
    model?: string | null;
    day?: string | null;
    calls: number;
    /** Calls without a price: nothing of them is in the cost. */
    unpriced_calls: number;
    input_tokens: number;
    cached_input_tokens: number;
    cache_write_tokens: number;
    output_tokens: number;
    reasoning_tokens: number;
    total_tokens: number;
    /** USD, as a decimal. */
    total_cost: string;
  })[];
  total: {
    calls: number;
    /** Calls without a price: nothing of them is in the cost. */
    unpriced_calls: number;
    input_tokens: number;
    cached_input_tokens: number;
    cache_write_tokens: number;
    output_tokens: number;
    reasoning_tokens: number;
    total_tokens: number;
    /** USD, as a decimal. */
    total_cost: string;
  };
  /** False: there are more rows than the limit; the total is of all. */
  is_complete: boolean;
}

export interface CostsGetUsageResult {
  month: string;
  time_zone: string;
  /** ISO 8601, UTC. */
  since: string;
  /** ISO 8601, UTC. */
  until: string;
  calls: number;
  /** Calls without a price: nothing of them is in the cost. */
  unpriced_calls: number;
  input_tokens: number;
  cached_input_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  total_tokens: number;
  /** USD, as a decimal. */
  total_cost: string;
  forecast: {
    /** USD, as a decimal. */
    cost: string;
    low: string | null;
    high: string | null;
    /** Complete days it is made from. */
    days: number;
    /** USD, as a decimal. */
    mean_daily_cost: string;
    method: string;
  } | null;
}

export interface CostsRepriceInput {
  /** ISO 8601, UTC. */
  since: string;
  /** ISO 8601, UTC. */
  until: string;
  provider?: string | undefined;
  model?: string | undefined;
  /** "next" of the call before. */
  after?: string | undefined;
}

export interface CostsRepriceResult {
  examined: number;
  changed: number;
  /** Of those that were examined, how many have no price. */
  unpriced: number;
  /** USD, as a decimal. */
  cost_before: string;
  /** USD, as a decimal. */
  cost_after: string;
  /** After less before, of what was changed and counts. */
  difference: string;
  next: string | null;
}

export interface Event {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  /** ISO 8601, UTC. */
  received_at: string;
  claimed_at: string | null;
  processed_at: string | null;
  source: string;
  source_id: string | null;
  type: string;
  category: string;
  priority: number;
  external_id: string | null;
  title: string | null;
  project_id: string | null;
  repository_id: string | null;
  repository_full_name: string | null;
  branch: string | null;
  commit_sha: string | null;
  url: string | null;
  actor: string | null;
  pull_request_number: number | null;
  event_type_id: string | null;
  task_id: string | null;
  user_id: string | null;
  payload_bytes: number;
  status: 'pending' | 'processing' | 'processed' | 'failed' | 'skipped';
  attempts: number;
  error: unknown;
}

export interface EventDeliveriesRetryManyInput {
  ids?: readonly string[] | undefined;
  /** Default: both. */
  status?: 'delivered' | 'dead' | undefined;
  /** UUID, lower case. */
  endpoint_id?: string | undefined;
  /** UUID, lower case. */
  event_id?: string | undefined;
  /** Deliveries made from this time. */
  since?: string | undefined;
  /** Deliveries made before this time. */
  until?: string | undefined;
  /** The tenant’s own id of its customer. */
  customer?: string | undefined;
}

export interface EventDeliveriesRetryManyResult {
  retried: number;
}

export interface EventDelivery {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  /** UUID, lower case. */
  endpoint_id: string;
  subscription_id: string | null;
  /** UUID, lower case. */
  event_id: string;
  event_type: string;
  customer: string | null;
  is_test: boolean;
  ordering_key: string | null;
  status: 'pending' | 'sending' | 'delivered' | 'dead';
  attempts: number;
  due_at: string | null;
  last_attempt_at: string | null;
  last_status_code: number | null;
  last_error: string | null;
  ended_at: string | null;
}

export interface EventDeliveryDetail {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  /** UUID, lower case. */
  endpoint_id: string;
  subscription_id: string | null;
  /** UUID, lower case. */
  event_id: string;
  event_type: string;
  customer: string | null;
  is_test: boolean;
  ordering_key: string | null;
  status: 'pending' | 'sending' | 'delivered' | 'dead';
  attempts: number;
  due_at: string | null;
  last_attempt_at: string | null;
  last_status_code: number | null;
  last_error: string | null;
  ended_at: string | null;
  attempt_log: ({
    /** UUID, lower case. */
    id: string;
    /** ISO 8601, UTC. */
    occurred_at: string;
    attempt: number;
    outcome: 'delivered' | 'failed' | 'lost';
    status_code: number | null;
    error_code: string | null;
    error: string | null;
    latency_ms: number | null;
    response_excerpt: string | null;
    retry_at: string | null;
  })[];
}

export interface EventDeliveryStatistic {
  /** ISO 8601, UTC. */
  since: string;
  /** ISO 8601, UTC. */
  until: string;
  by: string;
  data: ({
    at: string | null;
    endpoint_id: string | null;
    deliveries: number;
    delivered: number;
    dead: number;
    /** On their way, or to be tried again. */
    waiting: number;
  })[];
}

export type EventDetail = {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  /** ISO 8601, UTC. */
  received_at: string;
  claimed_at: string | null;
  processed_at: string | null;
  source: string;
  source_id: string | null;
  type: string;
  category: string;
  priority: number;
  external_id: string | null;
  title: string | null;
  project_id: string | null;
  repository_id: string | null;
  repository_full_name: string | null;
  branch: string | null;
  commit_sha: string | null;
  url: string | null;
  actor: string | null;
  pull_request_number: number | null;
  event_type_id: string | null;
  task_id: string | null;
  user_id: string | null;
  payload_bytes: number;
  status: 'pending' | 'processing' | 'processed' | 'failed' | 'skipped';
  attempts: number;
  error: unknown;
} & {
  payload: unknown;
  github: unknown;
  linear: unknown;
  slack: unknown;
  deployment: unknown;
  journey: unknown[];
};

export interface EventEndpoint {
  /** UUID, lower case. */
  id: string;
  url: string;
  description: string | null;
  customer: string | null;
  names: string[];
  header_names: string[];
  previous_secret_expires_at: string | null;
  timeout_ms: number;
  rate_per_second: number | null;
  concurrency_max: number;
  order_by: string | null;
  retry_schedule_seconds: number[] | null;
  jitter_percent: number;
  is_active: boolean;
  disabled_reason: 'user' | 'gone' | 'failing' | null;
  disabled_at: string | null;
  health: {
    /** open: nothing is sent until open_until; half_open: one delivery is out to try. */
    circuit: 'closed' | 'open' | 'half_open';
    open_until: string | null;
    paused_until: string | null;
    /** Failed attempts since the last that did not fail. */
    failure_count: number;
    failing_since: string | null;
    last_success_at: string | null;
    last_failure_at: string | null;
    last_error: string | null;
  };
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface EventEndpointsCreateInput {
  url: string;
  /** The tenant’s own id of its customer. */
  customer?: string | undefined;
  secret?: string | undefined;
  description?: string | null | undefined;
  /** Which of its customer’s events it wants, such as "order.*"; none: all. */
  names?: readonly string[] | undefined;
  headers?: Record<string, string> | null | undefined;
  timeout_ms?: number | undefined;
  rate_per_second?: number | null | undefined;
  concurrency_max?: number | undefined;
  order_by?: string | null | undefined;
  retry_schedule_seconds?: readonly number[] | null | undefined;
  /** By how much a delay is lengthened at most. */
  jitter_percent?: number | undefined;
}

export type EventEndpointsCreateResult = {
  /** UUID, lower case. */
  id: string;
  url: string;
  description: string | null;
  customer: string | null;
  names: string[];
  header_names: string[];
  previous_secret_expires_at: string | null;
  timeout_ms: number;
  rate_per_second: number | null;
  concurrency_max: number;
  order_by: string | null;
  retry_schedule_seconds: number[] | null;
  jitter_percent: number;
  is_active: boolean;
  disabled_reason: 'user' | 'gone' | 'failing' | null;
  disabled_at: string | null;
  health: {
    /** open: nothing is sent until open_until; half_open: one delivery is out to try. */
    circuit: 'closed' | 'open' | 'half_open';
    open_until: string | null;
    paused_until: string | null;
    /** Failed attempts since the last that did not fail. */
    failure_count: number;
    failing_since: string | null;
    last_success_at: string | null;
    last_failure_at: string | null;
    last_error: string | null;
  };
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
} & {
  secret?: string;
};

export interface EventEndpointsRotateSecretInput {
  secret?: string | undefined;
  overlap_hours?: number | undefined;
}

export interface EventEndpointsTestResult {
  /** UUID, lower case. */
  delivery_id: string;
  /** UUID, lower case. */
  event_id: string;
}

export interface EventEndpointsUpdateInput {
  url?: string | undefined;
  description?: string | null | undefined;
  /** Which of its customer’s events it wants, such as "order.*"; none: all. */
  names?: readonly string[] | undefined;
  headers?: Record<string, string> | null | undefined;
  timeout_ms?: number | undefined;
  rate_per_second?: number | null | undefined;
  concurrency_max?: number | undefined;
  order_by?: string | null | undefined;
  retry_schedule_seconds?: readonly number[] | null | undefined;
  /** By how much a delay is lengthened at most. */
  jitter_percent?: number | undefined;
}

export interface EventPortal {
  customer: string;
  /** ISO 8601, UTC. */
  expires_at: string;
}

export interface EventPortalCreateEndpointInput {
  url: string;
  description?: string | null | undefined;
  /** Which of its customer’s events it wants, such as "order.*"; none: all. */
  names?: readonly string[] | undefined;
  headers?: Record<string, string> | null | undefined;
}

export interface EventPortalEndpointsRotateSecretInput {
  overlap_hours?: number | undefined;
}

export interface EventPortalLinksCreateInput {
  /** The tenant’s own id of its customer. */
  customer: string;
  expires_in_minutes?: number | undefined;
}

export interface EventPortalLinksCreateResult {
  customer: string;
  token: string;
  /** Of the page on this server, the token in the fragment: no log holds it. */
  path: string;
  /** ISO 8601, UTC. */
  expires_at: string;
}

export interface EventPortalRetryDeliveriesInput {
  ids?: readonly string[] | undefined;
  /** Default: both. */
  status?: 'delivered' | 'dead' | undefined;
  /** UUID, lower case. */
  endpoint_id?: string | undefined;
  /** UUID, lower case. */
  event_id?: string | undefined;
  /** Deliveries made from this time. */
  since?: string | undefined;
  /** Deliveries made before this time. */
  until?: string | undefined;
}

export interface EventPortalUpdateEndpointsInput {
  url?: string | undefined;
  description?: string | null | undefined;
  /** Which of its customer’s events it wants, such as "order.*"; none: all. */
  names?: readonly string[] | undefined;
  headers?: Record<string, string> | null | undefined;
}

export interface EventRetention {
  rules: {
    source: string;
    type: string;
    keep_days: number;
  }[];
  /** Where no rule holds. */
  default_days: number;
}

export interface EventRetentionSetInput {
  rules: readonly ({
    source?: string | undefined;
    type?: string | undefined;
    keep_days: number;
  })[];
}

export type EventSource = {
  /** UUID, lower case. */
  id: string;
  name: string;
  scheme: 'github' | 'standard_webhooks' | 'slack' | 'linear' | 'deployment' | 'hmac';
  configuration: unknown;
  project_id: string | null;
  token_last4: string;
  previous_secret_expires_at: string | null;
  is_active: boolean;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
} & {
  /** Whether anything was ever stored of what it was sent. */
  has_received: boolean;
  last_received_at: string | null;
};

export interface EventSourceDetail {
  /** UUID, lower case. */
  id: string;
  name: string;
  scheme: 'github' | 'standard_webhooks' | 'slack' | 'linear' | 'deployment' | 'hmac';
  configuration: unknown;
  project_id: string | null;
  token_last4: string;
  previous_secret_expires_at: string | null;
  is_active: boolean;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface EventSourcesCreateInput {
  name: string;
  scheme: 'github' | 'standard_webhooks' | 'slack' | 'linear' | 'deployment' | 'hmac';
  configuration?: Record<string, unknown> | undefined;
  /** UUID, lower case. */
  project_id?: string | undefined;
  secret?: string | undefined;
}

export type EventSourcesCreateResult = {
  /** UUID, lower case. */
  id: string;
  name: string;
  scheme: 'github' | 'standard_webhooks' | 'slack' | 'linear' | 'deployment' | 'hmac';
  configuration: unknown;
  project_id: string | null;
  token_last4: string;
  previous_secret_expires_at: string | null;
  is_active: boolean;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
} & {
  hook_path?: string;
  secret?: string;
};

export interface EventSourcesGetHealthResult {
  /** Whether anything was ever stored of what it was sent. */
  has_received: boolean;
  last_received_at: string | null;
  /** ISO 8601, UTC. */
  refused_since: string;
  /** Webhooks refused since then, newest first. Of many in a short time one a minute is recorded. */
  refused: {
    /** ISO 8601, UTC. */
    occurred_at: string;
    code: string;
  }[];
}

export interface EventSourcesTestResult {
  /** UUID, lower case. */
  event_id: string;
}

export interface EventSourcesUpdateInput {
  name?: string | undefined;
  is_active?: boolean | undefined;
}

export interface EventStatistic {
  /** ISO 8601, UTC. */
  since: string;
  /** ISO 8601, UTC. */
  until: string;
  bucket: string;
  data: ({
    /** ISO 8601, UTC. */
    at: string;
    key: string | null;
    events: number;
    payload_bytes: number;
  })[];
}

export interface EventSubscription {
  /** UUID, lower case. */
  id: string;
  name: string;
  sources: string[];
  categories: string[];
  names: string[];
  filter: unknown;
  filter_text: string | null;
  action: 'task' | 'webhook' | 'workflow' | 'notification';
  target: unknown;
  batch: {
    count_max: number;
    seconds_max: number;
  } | null;
  is_active: boolean;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface EventSubscriptionsCreateInput {
  name: string;
  action?: 'task' | 'webhook' | 'workflow' | 'notification' | undefined;
  /** Of the action: a task, a workflow, a notification for members, an endpoint, or the endpoints of the customer an event names. */
  target: {
    task_type: string;
    priority?: number | undefined;
  } | {
    workflow: string;
    version?: number | undefined;
    /** Such as "payload.customer.id". */
    correlation_from?: string | undefined;
    priority?: number | undefined;
  } | {
    /** Plain text; {{type}}, {{title}} or {{payload.order.id}} stand for what the event has there. */
    title: string;
    body?: string | undefined;
    to: {
      /** UUID, lower case. */
      user_id: string;
    } | {
      role: 'owner' | 'admin' | 'member' | 'viewer';
    } | {
      everyone: true;
    };
  } | {
    /** UUID, lower case. */
    endpoint_id: string;
  } | {
    /** Such as "payload.customer.id". */
    customer_from: string;
  };
  batch?: {
    count_max: number;
    seconds_max: number;
  } | null | undefined;
  sources?: readonly ('github' | 'standard_webhooks' | 'slack' | 'linear' | 'deployment' | 'hmac' | 'api' | 'plinth')[] | undefined;
  categories?: readonly ('code' | 'review' | 'issue' | 'discussion' | 'ci' | 'deployment' | 'release' | 'security' | 'planning' | 'access' | 'repository' | 'community' | 'billing' | 'system' | 'other')[] | undefined;
  names?: readonly string[] | undefined;
  /** As text ("branch == \"main\"") or as a tree; docs/reference/event-filters.md. */
  filter?: string | Record<string, unknown> | null | undefined;
  is_active?: boolean | undefined;
}

export interface EventSubscriptionsTestInput {
  sources?: readonly ('github' | 'standard_webhooks' | 'slack' | 'linear' | 'deployment' | 'hmac' | 'api' | 'plinth')[] | undefined;
  categories?: readonly ('code' | 'review' | 'issue' | 'discussion' | 'ci' | 'deployment' | 'release' | 'security' | 'planning' | 'access' | 'repository' | 'community' | 'billing' | 'system' | 'other')[] | undefined;
  names?: readonly string[] | undefined;
  /** As text ("branch == \"main\"") or as a tree; docs/reference/event-filters.md. */
  filter?: string | Record<string, unknown> | null | undefined;
  limit?: number | undefined;
}

export interface EventSubscriptionsTestResult {
  /** As a tree; null: none. */
  filter: unknown;
  filter_text: string | null;
  tested: number;
  matched: number;
  data: ({
    /** UUID, lower case. */
    id: string;
    /** ISO 8601, UTC. */
    occurred_at: string;
    source: string;
    type: string;
    category: string;
    title: string | null;
    matches: boolean;
    fails: 'sources' | 'categories' | 'names' | 'filter' | null;
    /** The conditions that keep the filter from being true, at most five. */
    reasons: ({
      /** Where the condition stands in the tree, as a JSON pointer. */
      path: string;
      condition: string;
      /** unknown: a value is missing, or of the wrong type. */
      is: 'true' | 'false' | 'unknown';
      value: string | null;
    })[];
  })[];
}

export interface EventSubscriptionsUpdateInput {
  name?: string | undefined;
  /** Of the action: a task, a workflow, a notification for members, an endpoint, or the endpoints of the customer an event names. */
  target?: {
    task_type: string;
    priority?: number | undefined;
  } | {
    workflow: string;
    version?: number | undefined;
    /** Such as "payload.customer.id". */
    correlation_from?: string | undefined;
    priority?: number | undefined;
  } | {
    /** Plain text; {{type}}, {{title}} or {{payload.order.id}} stand for what the event has there. */
    title: string;
    body?: string | undefined;
    to: {
      /** UUID, lower case. */
      user_id: string;
    } | {
      role: 'owner' | 'admin' | 'member' | 'viewer';
    } | {
      everyone: true;
    };
  } | {
    /** UUID, lower case. */
    endpoint_id: string;
  } | {
    /** Such as "payload.customer.id". */
    customer_from: string;
  } | undefined;
  batch?: {
    count_max: number;
    seconds_max: number;
  } | null | undefined;
  sources?: readonly ('github' | 'standard_webhooks' | 'slack' | 'linear' | 'deployment' | 'hmac' | 'api' | 'plinth')[] | undefined;
  categories?: readonly ('code' | 'review' | 'issue' | 'discussion' | 'ci' | 'deployment' | 'release' | 'security' | 'planning' | 'access' | 'repository' | 'community' | 'billing' | 'system' | 'other')[] | undefined;
  names?: readonly string[] | undefined;
  /** As text ("branch == \"main\"") or as a tree; docs/reference/event-filters.md. */
  filter?: string | Record<string, unknown> | null | undefined;
  is_active?: boolean | undefined;
}

export interface EventType {
  /** UUID, lower case. */
  id: string;
  source: string;
  name: string;
  category: string;
  description: string;
  /** Counts the changes of payload_schema. */
  schema_version: number;
  payload_schema: Record<string, unknown> | null;
  retention_days: number | null;
  is_active: boolean;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface EventTypesSetInput {
  category?: 'code' | 'review' | 'issue' | 'discussion' | 'ci' | 'deployment' | 'release' | 'security' | 'planning' | 'access' | 'repository' | 'community' | 'billing' | 'system' | 'other' | undefined;
  description?: string | undefined;
  payload_schema?: Record<string, unknown> | null | undefined;
  retention_days?: number | null | undefined;
  /** Events of a type that is not active are stored and skipped. */
  is_active?: boolean | undefined;
}

export interface EventsRetryResult {
  /** UUID, lower case. */
  id: string;
  status: 'pending';
}

export type EventsSendInput = {
  /** Such as "order.paid". */
  type: string;
  category?: 'code' | 'review' | 'issue' | 'discussion' | 'ci' | 'deployment' | 'release' | 'security' | 'planning' | 'access' | 'repository' | 'community' | 'billing' | 'system' | 'other' | undefined;
  priority?: number | undefined;
  title?: string | undefined;
  occurred_at?: string | undefined;
  actor?: string | undefined;
  actor_email?: string | undefined;
  url?: string | undefined;
  branch?: string | undefined;
  commit?: string | undefined;
  pull_request?: number | undefined;
  repository?: {
    provider: 'github' | 'gitlab' | 'bitbucket' | 'local';
    full_name: string;
  } | undefined;
  /** UUID, lower case. */
  project_id?: string | undefined;
  /** UUID, lower case. */
  task_id?: string | undefined;
  /** The sender's id: sent again, a repeat. */
  id?: string | undefined;
  /** What makes a repeat, where that is not the id. */
  deduplication_key?: string | undefined;
  payload?: unknown;
} | readonly ({
  /** Such as "order.paid". */
  type: string;
  category?: 'code' | 'review' | 'issue' | 'discussion' | 'ci' | 'deployment' | 'release' | 'security' | 'planning' | 'access' | 'repository' | 'community' | 'billing' | 'system' | 'other' | undefined;
  priority?: number | undefined;
  title?: string | undefined;
  occurred_at?: string | undefined;
  actor?: string | undefined;
  actor_email?: string | undefined;
  url?: string | undefined;
  branch?: string | undefined;
  commit?: string | undefined;
  pull_request?: number | undefined;
  repository?: {
    provider: 'github' | 'gitlab' | 'bitbucket' | 'local';
    full_name: string;
  } | undefined;
  /** UUID, lower case. */
  project_id?: string | undefined;
  /** UUID, lower case. */
  task_id?: string | undefined;
  /** The sender's id: sent again, a repeat. */
  id?: string | undefined;
  /** What makes a repeat, where that is not the id. */
  deduplication_key?: string | undefined;
  payload?: unknown;
})[];

export interface EventsSendResult {
  data: {
    /** UUID, lower case. */
    id: string;
    duplicate: boolean;
  }[];
}

export interface FirstRun {
  needed: boolean;
}

export interface FirstRunCompleteInput {
  token: string;
  email: string;
  password: string;
  organization_name: string;
  full_name?: string | undefined;
}

export interface FirstRunCompleteResult {
  /** UUID, lower case. */
  user_id: string;
  organization: {
    /** UUID, lower case. */
    id: string;
    name: string;
    slug: string;
  };
  api_key: {
    /** UUID, lower case. */
    id: string;
    user_id: string | null;
    name: string;
    prefix: string;
    last4: string;
    role: 'owner' | 'admin' | 'member' | 'viewer' | 'service';
    scopes: string[];
    expires_at: string | null;
    last_used_at: string | null;
    revoked_at: string | null;
    created_by: string | null;
    /** ISO 8601, UTC. */
    created_at: string;
    key: string | null;
  };
}

export interface GatewayCall {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  /** refused: by Plinth, no provider was asked; cancelled: the client went away; lost: the process died. */
  status: 'running' | 'succeeded' | 'failed' | 'refused' | 'cancelled' | 'lost';
  wire: string;
  is_stream: boolean;
  requested_model: string;
  alias: string | null;
  connection_id: string | null;
  provider: string | null;
  model: string | null;
  user_id: string | null;
  api_key_id: string | null;
  project_id: string | null;
  agent_id: string | null;
  /** How often a provider was asked. */
  attempts: number;
  status_code: number | null;
  error_code: string | null;
  input_tokens: number | null;
  cached_input_tokens: number | null;
  cache_write_tokens: number | null;
  output_tokens: number | null;
  reasoning_tokens: number | null;
  /** The provider’s count is missing or not whole. */
  is_estimated: boolean;
  duration_ms: number | null;
  first_token_ms: number | null;
  trace_id: string | null;
  ended_at: string | null;
}

export interface GatewayCallDetail {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  /** refused: by Plinth, no provider was asked; cancelled: the client went away; lost: the process died. */
  status: 'running' | 'succeeded' | 'failed' | 'refused' | 'cancelled' | 'lost';
  wire: string;
  is_stream: boolean;
  requested_model: string;
  alias: string | null;
  connection_id: string | null;
  provider: string | null;
  model: string | null;
  user_id: string | null;
  api_key_id: string | null;
  project_id: string | null;
  agent_id: string | null;
  /** How often a provider was asked. */
  attempts: number;
  status_code: number | null;
  error_code: string | null;
  input_tokens: number | null;
  cached_input_tokens: number | null;
  cache_write_tokens: number | null;
  output_tokens: number | null;
  reasoning_tokens: number | null;
  /** The provider’s count is missing or not whole. */
  is_estimated: boolean;
  duration_ms: number | null;
  first_token_ms: number | null;
  trace_id: string | null;
  ended_at: string | null;
  content: 'full' | 'redacted' | 'none';
  request_content: string | null;
  response_content: string | null;
  raw_usage: unknown | null;
}

export interface GatewayPoliciesCreateInput {
  project_id?: string | null | undefined;
  content_capture?: 'full' | 'redacted' | 'none' | null | undefined;
  output_tokens_cap?: number | null | undefined;
  allowed_models?: readonly string[] | null | undefined;
  when_unreachable?: 'refuse' | 'allow' | null | undefined;
}

export interface GatewayPoliciesUpdateInput {
  content_capture?: 'full' | 'redacted' | 'none' | null | undefined;
  output_tokens_cap?: number | null | undefined;
  allowed_models?: readonly string[] | null | undefined;
  when_unreachable?: 'refuse' | 'allow' | null | undefined;
}

export interface GatewayPolicy {
  /** UUID, lower case. */
  id: string;
  project_id: string | null;
  content_capture: 'full' | 'redacted' | 'none' | null;
  output_tokens_cap: number | null;
  allowed_models: string[] | null;
  when_unreachable: 'refuse' | 'allow' | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface Invitation {
  /** UUID, lower case. */
  id: string;
  email: string;
  role: 'owner' | 'admin' | 'member' | 'viewer';
  invited_by: string | null;
  /** A new link replaces the one before. */
  links_made: number;
  /** ISO 8601, UTC. */
  expires_at: string;
  accepted_at: string | null;
  accepted_by: string | null;
  revoked_at: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface InvitationsAcceptInput {
  token: string;
  password?: string | undefined;
  full_name?: string | undefined;
  /** Join with the account signed in, though another address was invited. */
  use_this_account?: boolean | undefined;
}

export interface InvitationsAcceptResult {
  /** UUID, lower case. */
  organization_id: string;
  /** UUID, lower case. */
  user_id: string;
}

export interface InvitationsCreateInput {
  email: string;
  role: 'owner' | 'admin' | 'member' | 'viewer';
}

export interface InvitationsCreateResult {
  /** UUID, lower case. */
  id: string;
  email: string;
  role: 'owner' | 'admin' | 'member' | 'viewer';
  invited_by: string | null;
  /** A new link replaces the one before. */
  links_made: number;
  /** ISO 8601, UTC. */
  expires_at: string;
  accepted_at: string | null;
  accepted_by: string | null;
  revoked_at: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  token: string | null;
  path: string | null;
}

export interface InvitationsPreviewInput {
  token: string;
}

export interface InvitationsPreviewResult {
  /** UUID, lower case. */
  organization_id: string;
  organization_name: string;
  email: string;
  role: 'owner' | 'admin' | 'member' | 'viewer';
  invited_by: string | null;
  /** ISO 8601, UTC. */
  expires_at: string;
}

export interface Me {
  kind: 'user' | 'api_key';
  user: {
    /** UUID, lower case. */
    id: string;
    email: string;
    username: string;
    full_name: string;
    role: string;
    is_verified: boolean;
    preferred_language: string;
    timezone: string;
    /** ISO 8601, UTC. */
    created_at: string;
  } | null;
  organization: {
    /** UUID, lower case. */
    id: string;
    name: string;
    slug: string;
    role: 'owner' | 'admin' | 'member' | 'viewer' | 'service';
  } | null;
  organizations: ({
    /** UUID, lower case. */
    id: string;
    name: string;
    slug: string;
    role: 'owner' | 'admin' | 'member' | 'viewer' | 'service';
    deleted_at: string | null;
  })[];
  api_key_id: string | null;
  session_id: string | null;
  permissions: string[];
}

export interface MeGetPreferencesResult {
  theme?: 'system' | 'light' | 'dark';
  density?: 'comfortable' | 'compact';
  times?: 'local' | 'utc';
  page_rows?: number;
}

export interface MeIdentitiesInput {
  token: string;
}

export interface MeIdentitiesResult {
  issuer: string;
  subject: string;
}

export interface MeIdentitiesUnlinkInput {
  issuer: string;
  subject: string;
}

export interface MeListIdentitiesResult {
  data: {
    issuer: string;
    subject: string;
    /** ISO 8601, UTC. */
    created_at: string;
  }[];
  next_cursor: null;
}

export interface MeSetPasswordInput {
  current_password: string;
  new_password: string;
}

export interface MeSetPreferencesInput {
  theme?: 'system' | 'light' | 'dark' | undefined;
  density?: 'comfortable' | 'compact' | undefined;
  times?: 'local' | 'utc' | undefined;
  page_rows?: number | undefined;
}

export interface MeUpdateInput {
  full_name?: string | undefined;
  username?: string | undefined;
  preferred_language?: string | undefined;
  timezone?: string | undefined;
}

export interface MeUpdateResult {
  /** UUID, lower case. */
  id: string;
  email: string;
  username: string;
  full_name: string;
  role: string;
  is_verified: boolean;
  preferred_language: string;
  timezone: string;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface Member {
  /** UUID, lower case. */
  id: string;
  /** UUID, lower case. */
  user_id: string;
  role: 'owner' | 'admin' | 'member' | 'viewer' | 'service';
  display_name: string;
  email: string;
  avatar_url: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface MembersUpdateInput {
  role: 'owner' | 'admin' | 'member' | 'viewer';
}

export interface ModelAliase {
  /** UUID, lower case. */
  id: string;
  alias: string;
  description: string;
  is_active: boolean;
  targets: {
    /** UUID, lower case. */
    connection_id: string;
    model: string;
    priority: number;
    weight: number;
  }[];
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface ModelAliasesCreateInput {
  alias: string;
  description?: string | undefined;
  is_active?: boolean | undefined;
  targets: readonly ({
    /** UUID, lower case. */
    connection_id: string;
    model: string;
    /** Lower first; higher ones are fall-backs. */
    priority?: number | undefined;
    /** Its part among those of its priority. */
    weight?: number | undefined;
  })[];
}

export interface ModelAliasesUpdateInput {
  alias?: string | undefined;
  description?: string | undefined;
  is_active?: boolean | undefined;
  targets?: readonly ({
    /** UUID, lower case. */
    connection_id: string;
    model: string;
    /** Lower first; higher ones are fall-backs. */
    priority?: number | undefined;
    /** Its part among those of its priority. */
    weight?: number | undefined;
  })[] | undefined;
}

export interface Notification {
  /** UUID, lower case. */
  id: string;
  /** UUID, lower case. */
  subscription_id: string;
  /** UUID, lower case. */
  event_id: string;
  event_type: string;
  title: string;
  body: string | null;
  read_at: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface NotificationsGetUnreadCountResult {
  /** Counted up to 1000. */
  unread: number;
}

export interface NotificationsReadAllInput {
  /** The newest you have seen: what came after it stays unread. */
  until?: string | undefined;
}

export interface NotificationsReadAllResult {
  marked: number;
}

export interface Organization {
  data: ({
    /** UUID, lower case. */
    id: string;
    name: string;
    slug: string;
    role: 'owner' | 'admin' | 'member' | 'viewer' | 'service';
    deleted_at: string | null;
  })[];
  next_cursor: null;
}

export interface OrganizationDetail {
  /** UUID, lower case. */
  id: string;
  name: string;
  slug: string;
  settings: Record<string, unknown>;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface OrganizationUpdateInput {
  name?: string | undefined;
  slug?: string | undefined;
  settings?: Record<string, unknown> | undefined;
}

export interface OrganizationsCreateInput {
  name: string;
  slug?: string | undefined;
}

export interface OrganizationsCreateResult {
  /** UUID, lower case. */
  id: string;
  name: string;
  slug: string;
}

export interface PriceOverride {
  /** UUID, lower case. */
  id: string;
  provider: string;
  model: string;
  prices: {
    /** USD a million tokens, as a decimal. */
    input?: string;
    /** USD a million tokens, as a decimal. */
    cached_input?: string;
    /** USD a million tokens, as a decimal. */
    cache_write?: string;
    /** USD a million tokens, as a decimal. */
    cache_write_1h?: string;
    /** USD a million tokens, as a decimal. */
    output?: string;
    /** USD a million tokens, as a decimal. */
    reasoning?: string;
    /** USD a call, as a decimal. */
    request?: string;
    tiers?: {
      /** USD a million tokens, as a decimal. */
      input?: string;
      /** USD a million tokens, as a decimal. */
      cached_input?: string;
      /** USD a million tokens, as a decimal. */
      cache_write?: string;
      /** USD a million tokens, as a decimal. */
      cache_write_1h?: string;
      /** USD a million tokens, as a decimal. */
      output?: string;
      /** USD a million tokens, as a decimal. */
      reasoning?: string;
      /** From more input tokens than this on, these prices hold for the whole call. */
      above: number;
    }[];
    /** For calls in a batch. */
    batch?: {
      /** USD a million tokens, as a decimal. */
      input?: string;
      /** USD a million tokens, as a decimal. */
      cached_input?: string;
      /** USD a million tokens, as a decimal. */
      cache_write?: string;
      /** USD a million tokens, as a decimal. */
      cache_write_1h?: string;
      /** USD a million tokens, as a decimal. */
      output?: string;
      /** USD a million tokens, as a decimal. */
      reasoning?: string;
    };
  };
  valid_from: string | null;
  valid_to: string | null;
  note: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface PriceOverridesCreateInput {
  provider: string;
  model: string;
  prices: {
    /** USD a million tokens, as a decimal. */
    input?: string | undefined;
    /** USD a million tokens, as a decimal. */
    cached_input?: string | undefined;
    /** USD a million tokens, as a decimal. */
    cache_write?: string | undefined;
    /** USD a million tokens, as a decimal. */
    cache_write_1h?: string | undefined;
    /** USD a million tokens, as a decimal. */
    output?: string | undefined;
    /** USD a million tokens, as a decimal. */
    reasoning?: string | undefined;
    /** USD a call, as a decimal. */
    request?: string | undefined;
    tiers?: readonly ({
      /** USD a million tokens, as a decimal. */
      input?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cached_input?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cache_write?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cache_write_1h?: string | undefined;
      /** USD a million tokens, as a decimal. */
      output?: string | undefined;
      /** USD a million tokens, as a decimal. */
      reasoning?: string | undefined;
      /** From more input tokens than this on, these prices hold for the whole call. */
      above: number;
    })[] | undefined;
    /** For calls in a batch. */
    batch?: {
      /** USD a million tokens, as a decimal. */
      input?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cached_input?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cache_write?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cache_write_1h?: string | undefined;
      /** USD a million tokens, as a decimal. */
      output?: string | undefined;
      /** USD a million tokens, as a decimal. */
      reasoning?: string | undefined;
    } | undefined;
  };
  valid_from?: string | null | undefined;
  valid_to?: string | null | undefined;
  note?: string | null | undefined;
}

export interface PriceOverridesUpdateInput {
  prices?: {
    /** USD a million tokens, as a decimal. */
    input?: string | undefined;
    /** USD a million tokens, as a decimal. */
    cached_input?: string | undefined;
    /** USD a million tokens, as a decimal. */
    cache_write?: string | undefined;
    /** USD a million tokens, as a decimal. */
    cache_write_1h?: string | undefined;
    /** USD a million tokens, as a decimal. */
    output?: string | undefined;
    /** USD a million tokens, as a decimal. */
    reasoning?: string | undefined;
    /** USD a call, as a decimal. */
    request?: string | undefined;
    tiers?: readonly ({
      /** USD a million tokens, as a decimal. */
      input?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cached_input?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cache_write?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cache_write_1h?: string | undefined;
      /** USD a million tokens, as a decimal. */
      output?: string | undefined;
      /** USD a million tokens, as a decimal. */
      reasoning?: string | undefined;
      /** From more input tokens than this on, these prices hold for the whole call. */
      above: number;
    })[] | undefined;
    /** For calls in a batch. */
    batch?: {
      /** USD a million tokens, as a decimal. */
      input?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cached_input?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cache_write?: string | undefined;
      /** USD a million tokens, as a decimal. */
      cache_write_1h?: string | undefined;
      /** USD a million tokens, as a decimal. */
      output?: string | undefined;
      /** USD a million tokens, as a decimal. */
      reasoning?: string | undefined;
    } | undefined;
  } | undefined;
  valid_from?: string | null | undefined;
  valid_to?: string | null | undefined;
  note?: string | null | undefined;
}

export interface Project {
  /** UUID, lower case. */
  id: string;
  name: string;
  slug: string;
  description: string;
  owner_id: string | null;
  template_type: string | null;
  status: 'planning' | 'active' | 'on_hold' | 'completed' | 'archived' | 'deleted';
  priority: number;
  goals: unknown[];
  starts_on: string | null;
  due_on: string | null;
  git_repo_url: string | null;
  archived_at: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
  deleted_at: string | null;
}

export interface ProjectsCreateInput {
  slug?: string | undefined;
  description?: string | undefined;
  owner_id?: string | null | undefined;
  template_type?: string | null | undefined;
  priority?: number | undefined;
  goals?: readonly string[] | undefined;
  starts_on?: string | null | undefined;
  due_on?: string | null | undefined;
  git_repo_url?: string | null | undefined;
  name: string;
  status?: 'planning' | 'active' | undefined;
}

export interface ProjectsUpdateInput {
  slug?: string | undefined;
  description?: string | undefined;
  owner_id?: string | null | undefined;
  template_type?: string | null | undefined;
  priority?: number | undefined;
  goals?: readonly string[] | undefined;
  starts_on?: string | null | undefined;
  due_on?: string | null | undefined;
  git_repo_url?: string | null | undefined;
  name?: string | undefined;
  status?: 'planning' | 'active' | 'on_hold' | 'completed' | 'archived' | undefined;
}

export interface ProviderConnection {
  /** UUID, lower case. */
  id: string;
  name: string;
  provider: string;
  wire: 'openai' | 'anthropic';
  base_url: string;
  key_last4: string | null;
  header_names: string[];
  models: string[] | null;
  is_active: boolean;
  tested_at: string | null;
  test_error: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface ProviderConnectionsCreateInput {
  /** Short, lower case: a model may be asked for as name/model. */
  name: string;
  /** Whose prices hold: openai, anthropic, groq, mistral, … */
  provider: string;
  /** The format it speaks; default by the provider. */
  wire?: 'openai' | 'anthropic' | undefined;
  /** What SDKs call the base URL; of openai and anthropic it is known. */
  base_url?: string | undefined;
  key?: string | null | undefined;
  headers?: Record<string, string> | null | undefined;
  models?: readonly string[] | null | undefined;
}

export interface ProviderConnectionsUpdateInput {
  /** Short, lower case: a model may be asked for as name/model. */
  name?: string | undefined;
  is_active?: boolean | undefined;
  /** What SDKs call the base URL; of openai and anthropic it is known. */
  base_url?: string | undefined;
  key?: string | null | undefined;
  headers?: Record<string, string> | null | undefined;
  models?: readonly string[] | null | undefined;
}

export interface RateLimit {
  /** UUID, lower case. */
  id: string;
  scope: 'organization' | 'project' | 'user' | 'agent' | 'api_key';
  project_id: string | null;
  user_id: string | null;
  agent_id: string | null;
  api_key_id: string | null;
  requests_per_minute: number | null;
  tokens_per_minute: number | null;
  is_active: boolean;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface RateLimitsCreateInput {
  scope: 'organization' | 'project' | 'user' | 'agent' | 'api_key';
  /** UUID, lower case. */
  project_id?: string | undefined;
  /** UUID, lower case. */
  user_id?: string | undefined;
  /** UUID, lower case. */
  agent_id?: string | undefined;
  /** UUID, lower case. */
  api_key_id?: string | undefined;
  requests_per_minute?: number | null | undefined;
  tokens_per_minute?: number | null | undefined;
  is_active?: boolean | undefined;
}

export interface RateLimitsUpdateInput {
  requests_per_minute?: number | null | undefined;
  tokens_per_minute?: number | null | undefined;
  is_active?: boolean | undefined;
}

export interface RepositoriesCreateInput {
  name?: string | undefined;
  provider?: 'github' | 'gitlab' | 'bitbucket' | 'local' | undefined;
  url?: string | null | undefined;
  default_branch?: string | undefined;
  languages?: readonly string[] | undefined;
  analysis_config?: Record<string, unknown> | undefined;
  full_name: string;
}

export interface RepositoriesUpdateInput {
  name?: string | undefined;
  provider?: 'github' | 'gitlab' | 'bitbucket' | 'local' | undefined;
  url?: string | null | undefined;
  default_branch?: string | undefined;
  languages?: readonly string[] | undefined;
  analysis_config?: Record<string, unknown> | undefined;
  full_name?: string | undefined;
}

export interface Repository {
  /** UUID, lower case. */
  id: string;
  name: string;
  full_name: string;
  provider: string;
  url: string | null;
  default_branch: string;
  languages: string[];
  analysis_config: Record<string, unknown>;
  last_analyzed_at: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface Schedule {
  /** UUID, lower case. */
  id: string;
  name: string;
  description: string;
  cron: string;
  /** The expression in words. */
  explanation: string;
  timezone: string;
  definition: string | null;
  definition_version: number | null;
  task_type: string | null;
  payload: unknown;
  priority: number;
  catch_up: 'skip' | 'last' | 'all';
  catch_up_max: number;
  is_active: boolean;
  next_run_at: string | null;
  last_run_at: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface SchedulesCreateInput {
  name: string;
  cron: string;
  description?: string | undefined;
  timezone?: string | undefined;
  definition?: string | undefined;
  definition_version?: number | undefined;
  task_type?: string | undefined;
  payload?: unknown;
  priority?: number | undefined;
  catch_up?: 'skip' | 'last' | 'all' | undefined;
  catch_up_max?: number | undefined;
}

export interface SchedulesListFiringsResult {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  tick: string;
  kind: 'tick' | 'manual';
  outcome: 'enqueued' | 'failed';
  task_id: string | null;
  task_status: string | null;
  error: unknown;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface SchedulesListNextResult {
  data: string[];
}

export interface SchedulesPreviewInput {
  cron: string;
  timezone?: string | undefined;
  count?: number | undefined;
}

export interface SchedulesPreviewResult {
  data: string[];
  /** The expression in words. */
  explanation: string;
}

export interface SchedulesRunResult {
  /** UUID, lower case. */
  task_id: string;
}

export interface SchedulesUpdateInput {
  name?: string | undefined;
  cron?: string | undefined;
  description?: string | undefined;
  timezone?: string | undefined;
  definition?: string | undefined;
  definition_version?: number | undefined;
  task_type?: string | undefined;
  payload?: unknown;
  priority?: number | undefined;
  catch_up?: 'skip' | 'last' | 'all' | undefined;
  catch_up_max?: number | undefined;
}

export interface Session {
  data: ({
    /** UUID, lower case. */
    id: string;
    device: string;
    ip_address: string | null;
    /** ISO 8601, UTC. */
    created_at: string;
    /** ISO 8601, UTC. */
    last_seen_at: string;
    /** ISO 8601, UTC. */
    expires_at: string;
    is_current: boolean;
  })[];
  next_cursor: null;
}

export interface Task {
  /** UUID, lower case. */
  id: string;
  task_type: string;
  title: string;
  status: 'blocked' | 'pending' | 'running' | 'retrying' | 'paused' | 'completed' | 'failed' | 'cancelled';
  priority: number;
  payload: unknown;
  results: unknown;
  error: unknown;
  attempts: number;
  max_attempts: number;
  pending_dependencies: number;
  project_id: string | null;
  repository_id: string | null;
  /** ISO 8601, UTC. */
  scheduled_at: string;
  started_at: string | null;
  completed_at: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface TaskDefinition {
  /** UUID, lower case. */
  id: string;
  name: string;
  version: number;
  description: string;
  task_type: string;
  is_external: boolean;
  parameter_schema: Record<string, unknown>;
  default_configuration: Record<string, unknown>;
  cpu_cores: number | null;
  memory_mb: number | null;
  disk_mb: number | null;
  timeout_seconds: number;
  max_retries: number;
  retry_delay_seconds: number;
  retry_backoff_multiplier: number;
  retry_delay_max_seconds: number;
  retry_jitter: number;
  non_retryable_codes: string[];
  concurrency_key: string | null;
  concurrency_limit: number | null;
  is_active: boolean;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface TaskDefinitionsSetInput {
  description?: string | undefined;
  /** Lower case: letters, digits and _ . : - */
  task_type: string;
  /** Its type is run by workers outside the server; no module declares it. */
  is_external?: boolean | undefined;
  parameter_schema?: Record<string, unknown> | undefined;
  default_configuration?: Record<string, unknown> | undefined;
  cpu_cores?: number | undefined;
  memory_mb?: number | undefined;
  disk_mb?: number | undefined;
  timeout_seconds?: number | undefined;
  max_retries?: number | undefined;
  retry_delay_seconds?: number | undefined;
  retry_backoff_multiplier?: number | undefined;
  retry_delay_max_seconds?: number | undefined;
  retry_jitter?: number | undefined;
  non_retryable_codes?: readonly string[] | undefined;
  concurrency_key?: string | undefined;
  concurrency_limit?: number | undefined;
}

export interface TaskDefinitionsTasksInput {
  version?: number | undefined;
  payload?: unknown;
  title?: string | undefined;
  description?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  priority?: number | undefined;
  scheduled_at?: string | undefined;
  /** UUID, lower case. */
  project_id?: string | undefined;
  /** UUID, lower case. */
  repository_id?: string | undefined;
  /** UUID, lower case. */
  parent_task_id?: string | undefined;
  idempotency_key?: string | undefined;
}

export interface TaskDefinitionsTasksResult {
  /** UUID, lower case. */
  id: string;
  created: boolean;
}

export interface TaskDefinitionsUpdateVersionsInput {
  is_active: boolean;
}

export type TaskDetail = {
  /** UUID, lower case. */
  id: string;
  task_type: string;
  title: string;
  status: 'blocked' | 'pending' | 'running' | 'retrying' | 'paused' | 'completed' | 'failed' | 'cancelled';
  priority: number;
  payload: unknown;
  results: unknown;
  error: unknown;
  attempts: number;
  max_attempts: number;
  pending_dependencies: number;
  project_id: string | null;
  repository_id: string | null;
  /** ISO 8601, UTC. */
  scheduled_at: string;
  started_at: string | null;
  completed_at: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
} & {
  failed_attempts: ({
    attempt: number;
    outcome: string;
    /** ISO 8601, UTC. */
    occurred_at: string;
    error: unknown;
    duration_ms: number | null;
    retry_at: string | null;
  })[];
};

export interface TaskLimit {
  /** UUID, lower case. */
  id: string;
  key: string;
  concurrency_limit: number | null;
  rate_limit: number | null;
  rate_seconds: number | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
}

export interface TaskLimitDetail {
  /** UUID, lower case. */
  id: string;
  key: string;
  concurrency_limit: number | null;
  rate_limit: number | null;
  rate_seconds: number | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  /** ISO 8601, UTC. */
  updated_at: string;
  /** Tasks with the key that workers hold. */
  held: number;
  /** Tasks with the key that are due. */
  waiting: number;
  rate_renews_at: string | null;
}

export interface TaskLimitsSetInput {
  /** How many tasks with the key workers hold at once. */
  concurrency_limit?: number | undefined;
  /** How many are claimed in any rate_seconds. */
  rate_limit?: number | undefined;
  rate_seconds?: number | undefined;
}

export interface TaskStatistic {
  /** ISO 8601, UTC. */
  since: string;
  types: ({
    task_type: string;
    completed: number;
    failed: number;
    cancelled: number;
    failure_rate: number | null;
    completed_per_hour: number;
    wait_p50: number | null;
    wait_p95: number | null;
    run_p50: number | null;
    run_p95: number | null;
    open: number;
    oldest_open_at: string | null;
  })[];
  agents: ({
    primary_agent: string;
    total_tasks: number;
    completed: number;
    failed: number;
    success_rate: number | null;
    avg_execution_time_seconds: number | null;
  })[];
}

export interface TaskStatisticsListIntervalsResult {
  /** ISO 8601, UTC. */
  since: string;
  /** ISO 8601, UTC. */
  until: string;
  interval_seconds: number;
  data: ({
    task_type: string;
    /** ISO 8601, UTC. */
    from: string;
    completed: number;
    failed: number;
    cancelled: number;
    wait_p50: number | null;
    wait_p95: number | null;
    run_p50: number | null;
    run_p95: number | null;
  })[];
}

export interface TaskType {
  data: {
    task_type: string;
    description: string;
    is_external: boolean;
  }[];
}

export interface TaskWorker {
  data: ({
    task_type: string;
    workers: number;
    last_seen_at: string | null;
    open: number;
    /** Open tasks that could run now. */
    due: number;
    running: number;
    oldest_due_at: string | null;
    no_worker: boolean;
  })[];
}

export interface TaskWorkersClaimInput {
  task_types?: readonly string[] | undefined;
  max?: number | undefined;
  wait_seconds?: number | undefined;
}

export interface TaskWorkersClaimResult {
  tasks: {
    /** UUID, lower case. */
    lease_id: string;
    /** UUID, lower case. */
    task_id: string;
    task_type: string;
    attempt: number;
    timeout_seconds: number;
    payload: unknown;
    /** ISO 8601, UTC. */
    lease_expires_at: string;
  }[];
}

export interface TaskWorkersCompleteInput {
  tasks: readonly {
    /** UUID, lower case. */
    lease_id: string;
    result?: unknown;
  }[];
}

export interface TaskWorkersCreateInput {
  name?: string | undefined;
  task_types: readonly string[];
  /** What the worker holds runs elsewhere after so long without a sign of life; default 15. */
  lease_seconds?: number | undefined;
}

export interface TaskWorkersCreateResult {
  /** UUID, lower case. */
  id: string;
  lease_seconds: number;
  /** How often to send a heartbeat while tasks are held. */
  heartbeat_seconds: number;
  task_types: {
    task_type: string;
    is_defined: boolean;
  }[];
}

export interface TaskWorkersFailInput {
  tasks: readonly ({
    /** UUID, lower case. */
    lease_id: string;
    code: string;
    /** Cut to 4,000 characters. */
    message?: string | undefined;
    details?: Record<string, unknown> | undefined;
    /** Default true; false: never again. */
    retryable?: boolean | undefined;
    retry_after_seconds?: number | undefined;
  })[];
}

export interface TaskWorkersHeartbeatInput {
  lease_ids: readonly string[];
}

export interface TaskWorkersHeartbeatResult {
  tasks: ({
    /** UUID, lower case. */
    lease_id: string;
    task_id: string | null;
    state: 'held' | 'cancel' | 'pause' | 'timed_out' | 'lost';
  })[];
}

export interface TaskWorkersLogsInput {
  tasks: readonly ({
    /** UUID, lower case. */
    lease_id: string;
    lines?: readonly ({
      level: 'debug' | 'info' | 'warn' | 'error';
      message: string;
      data?: unknown;
    })[] | undefined;
    progress?: {
      fraction: number;
      message?: string | undefined;
    } | undefined;
  })[];
}

export interface TaskWorkersLogsResult {
  tasks: ({
    /** UUID, lower case. */
    lease_id: string;
    task_id: string | null;
    outcome: 'recorded' | 'returned' | 'lease_lost' | 'task_cancelled' | 'result_too_large' | 'result_not_storable';
  })[];
}

export interface TasksCancelInput {
  reason?: string | undefined;
}

export interface TasksCancelManyInput {
  /** All of these must hold; at least one must be given. */
  filter: {
    ids?: readonly string[] | undefined;
    task_type?: string | undefined;
    status?: 'blocked' | 'pending' | 'running' | 'retrying' | 'paused' | 'completed' | 'failed' | 'cancelled' | undefined;
    /** UUID, lower case. */
    project_id?: string | undefined;
    /** UUID, lower case. */
    repository_id?: string | undefined;
    /** UUID, lower case. */
    parent_task_id?: string | undefined;
    /** Contained in the metadata of the task. */
    metadata?: Record<string, unknown> | undefined;
    error_code?: string | undefined;
    created_after?: string | undefined;
    created_before?: string | undefined;
  };
  reason?: string | undefined;
  limit?: number | undefined;
  /** next_cursor of the call before. */
  cursor?: string | undefined;
}

export interface TasksCancelManyResult {
  changed: number;
  next_cursor: string | null;
}

export interface TasksDependenciesInput {
  /** The task starts when all of these have ended as asked. */
  depends_on: readonly (string | {
    /** UUID, lower case. */
    task_id: string;
    /** Wait until the other has completed (success), has failed, or has ended in any way (completion). */
    kind?: 'success' | 'failure' | 'completion' | undefined;
  })[];
}

export interface TasksDependenciesResult {
  /** UUID, lower case. */
  id: string;
  status: 'blocked' | 'pending' | 'running' | 'retrying' | 'paused' | 'completed' | 'failed' | 'cancelled';
  pending_dependencies: number;
}

export interface TasksEnqueueInput {
  task_type?: string | undefined;
  /** In place of task_type: the name of a task definition, which gives the type and checks the payload. */
  definition?: string | undefined;
  definition_version?: number | undefined;
  title?: string | undefined;
  description?: string | undefined;
  payload?: unknown;
  metadata?: Record<string, unknown> | undefined;
  priority?: number | undefined;
  scheduled_at?: string | undefined;
  max_attempts?: number | undefined;
  timeout_seconds?: number | undefined;
  /** UUID, lower case. */
  project_id?: string | undefined;
  /** UUID, lower case. */
  repository_id?: string | undefined;
  /** UUID, lower case. */
  parent_task_id?: string | undefined;
  idempotency_key?: string | undefined;
  concurrency_key?: string | undefined;
  /** How many tasks with its concurrency_key; what is set at /v1/task-limits goes before it. */
  concurrency_limit?: number | undefined;
  /** When a dependency ends otherwise than asked: cancel (the default), fail, or run all the same. */
  on_dependency_failure?: 'cancel' | 'fail' | 'run' | undefined;
  /** The task starts when all of these have ended as asked. */
  depends_on?: readonly (string | {
    /** UUID, lower case. */
    task_id: string;
    /** Wait until the other has completed (success), has failed, or has ended in any way (completion). */
    kind?: 'success' | 'failure' | 'completion' | undefined;
  })[] | undefined;
}

export interface TasksEnqueueManyInput {
  tasks: readonly ({
    task_type?: string | undefined;
    /** In place of task_type: the name of a task definition, which gives the type and checks the payload. */
    definition?: string | undefined;
    definition_version?: number | undefined;
    title?: string | undefined;
    description?: string | undefined;
    payload?: unknown;
    metadata?: Record<string, unknown> | undefined;
    priority?: number | undefined;
    scheduled_at?: string | undefined;
    max_attempts?: number | undefined;
    timeout_seconds?: number | undefined;
    /** UUID, lower case. */
    project_id?: string | undefined;
    /** UUID, lower case. */
    repository_id?: string | undefined;
    /** UUID, lower case. */
    parent_task_id?: string | undefined;
    idempotency_key?: string | undefined;
    concurrency_key?: string | undefined;
    /** How many tasks with its concurrency_key; what is set at /v1/task-limits goes before it. */
    concurrency_limit?: number | undefined;
    /** When a dependency ends otherwise than asked: cancel (the default), fail, or run all the same. */
    on_dependency_failure?: 'cancel' | 'fail' | 'run' | undefined;
    ref?: string | undefined;
    /** The task starts when all of these have ended as asked. */
    depends_on?: readonly (string | {
      /** UUID, lower case. */
      task_id: string;
      /** Wait until the other has completed (success), has failed, or has ended in any way (completion). */
      kind?: 'success' | 'failure' | 'completion' | undefined;
    } | {
      ref: string;
      /** Wait until the other has completed (success), has failed, or has ended in any way (completion). */
      kind?: 'success' | 'failure' | 'completion' | undefined;
    })[] | undefined;
  })[];
}

export interface TasksEnqueueManyResult {
  data: {
    /** UUID, lower case. */
    id: string;
    created: boolean;
  }[];
}

export interface TasksGetDependenciesResult {
  satisfied: boolean;
  depends_on: ({
    /** UUID, lower case. */
    task_id: string;
    /** Wait until the other has completed (success), has failed, or has ended in any way (completion). */
    kind: 'success' | 'failure' | 'completion';
    status: 'blocked' | 'pending' | 'running' | 'retrying' | 'paused' | 'completed' | 'failed' | 'cancelled';
    task_type: string;
  })[];
  dependants: ({
    /** UUID, lower case. */
    task_id: string;
    /** Wait until the other has completed (success), has failed, or has ended in any way (completion). */
    kind: 'success' | 'failure' | 'completion';
    status: 'blocked' | 'pending' | 'running' | 'retrying' | 'paused' | 'completed' | 'failed' | 'cancelled';
    task_type: string;
  })[];
}

export interface TasksListLogsResult {
  /** UUID, lower case. */
  id: string;
  /** ISO 8601, UTC. */
  occurred_at: string;
  attempt: number;
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  data: unknown;
}

export interface TasksListResourceUsageResult {
  data: ({
    attempt: number;
    /** ISO 8601, UTC. */
    measured_at: string;
    duration_ms: number;
    cpu_ms: number | null;
    cpu_usage_percent: number | null;
    memory_usage_mb: number | null;
    disk_usage_mb: number | null;
    network_io_mb: number | null;
    exit_code: number | null;
  })[];
}

export interface TasksPauseResult {
  /** UUID, lower case. */
  id: string;
  status: 'blocked' | 'pending' | 'running' | 'retrying' | 'paused' | 'completed' | 'failed' | 'cancelled';
}

export interface Workflow {
  data: ({
    name: string;
    version: number;
    description: string;
    kind: 'code' | 'data';
    /** Whether it may be started. */
    is_active: boolean;
  })[];
}

export interface WorkflowDetail {
  /** UUID, lower case. */
  id: string;
  name: string;
  version: number;
  description: string;
  input_schema: Record<string, unknown>;
  time_max_seconds: number | null;
  cost_max: number | null;
  is_active: boolean;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  definition: {
    /** sequential, parallel, conditional (the first step whose `if` holds), loop, or dag (by depends_on). */
    execution_type: 'sequential' | 'parallel' | 'conditional' | 'loop' | 'dag';
    /** Steps with key and type: task, workflow, sleep, event, approval, set or group; see the guide to workflows. */
    steps: Record<string, unknown>[];
    /** loop: goes on while this expression holds. */
    while?: string;
    max_iterations?: number;
    /** parallel, dag: steps at once. */
    concurrency?: number;
    /** A template; default: the results of all steps. */
    output?: unknown;
  };
}

export interface WorkflowEventsCreateInput {
  name: string;
  payload?: Record<string, unknown> | undefined;
  correlation_key?: string | undefined;
}

export interface WorkflowEventsCreateResult {
  /** How many runs it was sent to. */
  runs: number;
}

export interface WorkflowRun {
  /** UUID, lower case. */
  id: string;
  workflow: string;
  version: number;
  /** A workflow of the program's code, or one that is data. */
  kind: 'code' | 'data';
  /** waiting: suspended until a time, an event, a task or people; no worker is held. */
  status: 'pending' | 'running' | 'waiting' | 'retrying' | 'paused' | 'blocked' | 'completed' | 'failed' | 'cancelled';
  correlation_key: string | null;
  error: unknown;
  /** Steps that are recorded so far. */
  step_count: number;
  ended_step_count: number;
  /** What its steps have reported. */
  cost: number;
  cost_max: number | null;
  deadline_at: string | null;
  wakes_at: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
}

export interface WorkflowRunDetail {
  /** UUID, lower case. */
  id: string;
  workflow: string;
  version: number;
  /** A workflow of the program's code, or one that is data. */
  kind: 'code' | 'data';
  /** waiting: suspended until a time, an event, a task or people; no worker is held. */
  status: 'pending' | 'running' | 'waiting' | 'retrying' | 'paused' | 'blocked' | 'completed' | 'failed' | 'cancelled';
  correlation_key: string | null;
  error: unknown;
  /** Steps that are recorded so far. */
  step_count: number;
  ended_step_count: number;
  /** What its steps have reported. */
  cost: number;
  cost_max: number | null;
  deadline_at: string | null;
  wakes_at: string | null;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  input: unknown;
  output: unknown;
  /** The first 1000, in the order they began. */
  steps: ({
    /** Its name, with its occurrence, behind the branch it is in: items/3/fetch#2. */
    key: string;
    /** The how manieth of its branch it is, from 0. */
    place: number;
    kind: string;
    name: string;
    status: string;
    result: unknown;
    /** The result is too large for this list. */
    result_left_out: boolean;
    error: unknown;
    attempts: number;
    cost: number;
    task_id: string | null;
    task_status: string | null;
    approval_id: string | null;
    event: {
      name: string;
      match: unknown;
    } | null;
    due_at: string | null;
    /** ISO 8601, UTC. */
    started_at: string;
    completed_at: string | null;
  })[];
}

export interface WorkflowRunsCancelResult {
  /** UUID, lower case. */
  id: string;
  /** waiting: suspended until a time, an event, a task or people; no worker is held. */
  status: 'pending' | 'running' | 'waiting' | 'retrying' | 'paused' | 'blocked' | 'completed' | 'failed' | 'cancelled';
}

export interface WorkflowRunsCreateInput {
  workflow: string;
  version?: number | undefined;
  input?: unknown;
  idempotency_key?: string | undefined;
  correlation_key?: string | undefined;
  scheduled_at?: string | undefined;
  priority?: number | undefined;
  /** UUID, lower case. */
  project_id?: string | undefined;
  concurrency_key?: string | undefined;
  concurrency_limit?: number | undefined;
  time_max_seconds?: number | undefined;
  cost_max?: number | undefined;
}

export interface WorkflowRunsCreateResult {
  /** UUID, lower case. */
  id: string;
  created: boolean;
}

export interface WorkflowRunsEventsInput {
  name: string;
  payload?: Record<string, unknown> | undefined;
}

export interface WorkflowRunsEventsResult {
  runs: number;
}

export interface WorkflowsListVersionsResult {
  /** UUID, lower case. */
  id: string;
  version: number;
  description: string;
  is_active: boolean;
  created_by: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

export interface WorkflowsSetInput {
  /** sequential, parallel, conditional (the first step whose `if` holds), loop, or dag (by depends_on). */
  execution_type: 'sequential' | 'parallel' | 'conditional' | 'loop' | 'dag';
  /** Steps with key and type: task, workflow, sleep, event, approval, set or group; see the guide to workflows. */
  steps: readonly Record<string, unknown>[];
  /** loop: goes on while this expression holds. */
  while?: string | undefined;
  max_iterations?: number | undefined;
  /** parallel, dag: steps at once. */
  concurrency?: number | undefined;
  /** A template; default: the results of all steps. */
  output?: unknown;
  description?: string | undefined;
  input_schema?: Record<string, unknown> | undefined;
  time_max_seconds?: number | undefined;
  cost_max?: number | undefined;
}

export interface ActivityResource {
  /** What happened in the organization, newest first. GET /v1/activity (activity:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    resource_type?: string | undefined;
    resource_id?: string | undefined;
    action?: string | undefined;
    from?: string | undefined;
    until?: string | undefined;
    user_id?: string | undefined;
  }, options?: CallOptions): Paged<Activity>;
}

export interface AnalysisRunsResource {
  /** Analysis runs, newest first. GET /v1/analysis-runs (analysis:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    repository_id?: string | undefined;
    commit_sha?: string | undefined;
  }, options?: CallOptions): Paged<AnalysisRun>;
  /** A run with its totals, worst files and most complex functions. GET /v1/analysis-runs/{id} (analysis:read) */
  get(id: string, options?: CallOptions): Promise<unknown>;
}

export interface ApiKeysResource {
  /** API keys: all for administrators, your own otherwise. GET /v1/api-keys (api_keys:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<ApiKey>;
  /** Make an API key; it is shown this once. POST /v1/api-keys (api_keys:write) */
  create(body: ApiKeysCreateInput, options?: CallOptions): Promise<ApiKeysCreateResult>;
  /** Revoke an API key. DELETE /v1/api-keys/{id} (api_keys:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
  /** Replace an API key; the old one works on for a while. POST /v1/api-keys/{id}/rotate (api_keys:write) */
  rotate(id: string, body?: ApiKeysRotateInput, options?: CallOptions): Promise<ApiKeysCreateResult>;
}

export interface ApprovalsResource {
  /** Approvals, newest first; with mine=true those that you are asked for. GET /v1/approvals (approvals:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    mine?: boolean | undefined;
    status?: 'pending' | 'approved' | 'rejected' | 'timed_out' | 'cancelled' | undefined;
    decided?: boolean | undefined;
    run_id?: string | undefined;
  }, options?: CallOptions): Paged<Approval>;
  /** An approval with its votes. GET /v1/approvals/{id} (approvals:read) */
  get(id: string, options?: CallOptions): Promise<Approval>;
  /** Vote, once, on an approval that you are asked for. POST /v1/approvals/{id}/votes (approvals:vote) */
  votes(id: string, body: ApprovalsVotesInput, options?: CallOptions): Promise<Approval>;
}

export interface AuditResource {
  /** Who changed what, newest first. GET /v1/audit (audit:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    resource_type?: string | undefined;
    resource_id?: string | undefined;
    action?: string | undefined;
    from?: string | undefined;
    until?: string | undefined;
    actor_user_id?: string | undefined;
  }, options?: CallOptions): Paged<Audit>;
  /** Whether the audit log is what was sealed, and if not from which entry on. GET /v1/audit/verify (audit:read) */
  getVerify(query?: {
    head?: string | undefined;
  }, options?: CallOptions): Promise<AuditGetVerifyResult>;
  /** The proof that an entry is under a seal. GET /v1/audit/{id}/proof (audit:read) */
  getProof(id: string, options?: CallOptions): Promise<AuditGetProofResult>;
}

export interface AuthResource {
  /** Sign in with e-mail and password; the session is a cookie. POST /v1/sign-in (public) */
  signIn(body: AuthSignInInput, options?: CallOptions): Promise<AuthSignInResult>;
  /** Set a password with a sign-in link, and sign in. POST /v1/sign-in/link (public) */
  redeemLink(body: AuthRedeemLinkInput, options?: CallOptions): Promise<AuthSignInResult>;
  /** End this session. POST /v1/sign-out (public) */
  signOut(options?: CallOptions): Promise<unknown>;
  /** End all of your sessions. POST /v1/sign-out/everywhere (user) */
  signOutEverywhere(options?: CallOptions): Promise<AuthSignOutEverywhereResult>;
}

export interface BudgetsResource {
  /** Budgets, newest first, with what is spent, reserved and left of each. GET /v1/budgets (budgets:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    scope?: 'organization' | 'project' | 'user' | 'agent' | 'api_key' | undefined;
  }, options?: CallOptions): Paged<Budget>;
  /** Make a budget: one for each target and period. POST /v1/budgets (budgets:write) */
  create(body: BudgetsCreateInput, options?: CallOptions): Promise<Budget>;
  /** One budget, with what is spent, reserved and left of it. GET /v1/budgets/{id} (budgets:read) */
  get(id: string, options?: CallOptions): Promise<Budget>;
  /** Change a budget; what it counts and its period stay. PATCH /v1/budgets/{id} (budgets:write) */
  update(id: string, body?: BudgetsUpdateInput, options?: CallOptions): Promise<Budget>;
  /** Delete a budget with its counters; calls under way go on. DELETE /v1/budgets/{id} (budgets:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
}

export interface CostsResource {
  /** Record a call that you made of a provider yourself; once for each call_id. POST /v1/costs (costs:write) */
  create(body: CostsCreateInput, options?: CallOptions): Promise<CostsCreateResult>;
  /** Calls with what they cost, newest first: your own, or everybody’s for administrators. GET /v1/costs (costs:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    since?: string | undefined;
    until?: string | undefined;
    user_id?: string | undefined;
    project_id?: string | undefined;
    conversation_id?: string | undefined;
    trace_id?: string | undefined;
  }, options?: CallOptions): Paged<Cost>;
  /** One call with what it cost. GET /v1/costs/{id} (costs:read) */
  get(id: string, options?: CallOptions): Promise<Cost>;
  /** What calls cost by up to three dimensions, of this month or another time. GET /v1/costs/report (costs:read) */
  getReport(query?: {
    by?: string | undefined;
    since?: string | undefined;
    until?: string | undefined;
    user_id?: string | undefined;
    project_id?: string | undefined;
    agent_id?: string | undefined;
    provider?: string | undefined;
    model?: string | undefined;
    time_zone?: string | undefined;
    format?: 'json' | 'csv' | undefined;
    limit?: number | undefined;
  }, options?: CallOptions): Promise<CostsGetReportResult>;
  /** What a month has used and cost, and what it is going to cost. GET /v1/costs/usage (costs:read) */
  getUsage(query?: {
    month?: string | undefined;
    user_id?: string | undefined;
    project_id?: string | undefined;
    agent_id?: string | undefined;
    provider?: string | undefined;
    model?: string | undefined;
    time_zone?: string | undefined;
  }, options?: CallOptions): Promise<CostsGetUsageResult>;
  /** Price the calls of a time again, after prices have changed. POST /v1/costs/reprice (costs:reprice) */
  reprice(body: CostsRepriceInput, options?: CallOptions): Promise<CostsRepriceResult>;
}

export interface EventDeliveriesResource {
  /** The log of deliveries, newest first. GET /v1/event-deliveries (event_deliveries:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    status?: 'pending' | 'sending' | 'delivered' | 'dead' | undefined;
    endpoint_id?: string | undefined;
    event_id?: string | undefined;
    event_type?: string | undefined;
    since?: string | undefined;
    until?: string | undefined;
    customer?: string | undefined;
  }, options?: CallOptions): Paged<EventDelivery>;
  /** A delivery and its attempts. GET /v1/event-deliveries/{id} (event_deliveries:read) */
  get(id: string, options?: CallOptions): Promise<EventDeliveryDetail>;
  /** Send a delivery that has ended again, under the same event id. POST /v1/event-deliveries/{id}/retry (event_deliveries:write) */
  retry(id: string, options?: CallOptions): Promise<EventDelivery>;
  /** Send deliveries again that have ended: some, a range of time, or all a filter finds. POST /v1/event-deliveries/retry (event_deliveries:write) */
  retryMany(body?: EventDeliveriesRetryManyInput, options?: CallOptions): Promise<EventDeliveriesRetryManyResult>;
}

export interface EventDeliveryStatisticsResource {
  /** How many deliveries were made and what became of them, by hour or day of UTC, or by endpoint. GET /v1/event-delivery-statistics (event_deliveries:read) */
  list(query?: {
    since?: string | undefined;
    until?: string | undefined;
    by?: 'hour' | 'day' | 'endpoint' | undefined;
    endpoint_id?: string | undefined;
  }, options?: CallOptions): Promise<EventDeliveryStatistic>;
}

export interface EventEndpointsResource {
  /** Make an endpoint that webhooks are sent to; its secret is shown once. POST /v1/event-endpoints (event_endpoints:write) */
  create(body: EventEndpointsCreateInput, options?: CallOptions): Promise<EventEndpointsCreateResult>;
  /** Endpoints and how they fare, newest first. GET /v1/event-endpoints (event_endpoints:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    customer?: string | undefined;
  }, options?: CallOptions): Paged<EventEndpoint>;
  /** An endpoint and how it fares. GET /v1/event-endpoints/{id} (event_endpoints:read) */
  get(id: string, options?: CallOptions): Promise<EventEndpoint>;
  /** Change an endpoint; what is on its way goes to the new address. PATCH /v1/event-endpoints/{id} (event_endpoints:write) */
  update(id: string, body?: EventEndpointsUpdateInput, options?: CallOptions): Promise<EventEndpoint>;
  /** Delete an endpoint and the subscriptions to it; its deliveries stay in the log. DELETE /v1/event-endpoints/{id} (event_endpoints:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
  /** Sign with a new secret; for some hours more with the old one too. POST /v1/event-endpoints/{id}/rotate-secret (event_endpoints:write) */
  rotateSecret(id: string, body?: EventEndpointsRotateSecretInput, options?: CallOptions): Promise<EventEndpointsCreateResult>;
  /** Switch an endpoint on and close its circuit; what died meanwhile can be sent again. POST /v1/event-endpoints/{id}/enable (event_endpoints:write) */
  enable(id: string, options?: CallOptions): Promise<EventEndpoint>;
  /** Switch an endpoint off; what waits for it is dead, and can be sent again. POST /v1/event-endpoints/{id}/disable (event_endpoints:write) */
  disable(id: string, options?: CallOptions): Promise<EventEndpoint>;
  /** Send an endpoint a test event. POST /v1/event-endpoints/{id}/test (event_endpoints:write) */
  test(id: string, options?: CallOptions): Promise<EventEndpointsTestResult>;
}

export interface EventPortalResource {
  /** Whose portal this is, and until when. GET /v1/event-portal (public) */
  get(options?: CallOptions): Promise<EventPortal>;
  /** The customer’s endpoints, newest first. GET /v1/event-portal/endpoints (public) */
  listEndpoints(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<EventEndpoint>;
  /** Make an endpoint of the customer; its secret is shown once. POST /v1/event-portal/endpoints (public) */
  createEndpoint(body: EventPortalCreateEndpointInput, options?: CallOptions): Promise<EventEndpointsCreateResult>;
  /** An endpoint of the customer. GET /v1/event-portal/endpoints/{id} (public) */
  getEndpoints(id: string, options?: CallOptions): Promise<EventEndpoint>;
  /** Change an endpoint of the customer. PATCH /v1/event-portal/endpoints/{id} (public) */
  updateEndpoints(id: string, body?: EventPortalUpdateEndpointsInput, options?: CallOptions): Promise<EventEndpoint>;
  /** Delete an endpoint of the customer. DELETE /v1/event-portal/endpoints/{id} (public) */
  deleteEndpoints(id: string, options?: CallOptions): Promise<unknown>;
  /** Sign with a new secret; for some hours more with the old one too. POST /v1/event-portal/endpoints/{id}/rotate-secret (public) */
  endpointsRotateSecret(id: string, body?: EventPortalEndpointsRotateSecretInput, options?: CallOptions): Promise<EventEndpointsCreateResult>;
  /** Switch an endpoint of the customer on. POST /v1/event-portal/endpoints/{id}/enable (public) */
  endpointsEnable(id: string, options?: CallOptions): Promise<EventEndpoint>;
  /** Switch an endpoint of the customer off. POST /v1/event-portal/endpoints/{id}/disable (public) */
  endpointsDisable(id: string, options?: CallOptions): Promise<EventEndpoint>;
  /** Send an endpoint of the customer a test event. POST /v1/event-portal/endpoints/{id}/test (public) */
  endpointsTest(id: string, options?: CallOptions): Promise<EventEndpointsTestResult>;
  /** What was sent to the customer, newest first. GET /v1/event-portal/deliveries (public) */
  listDeliveries(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    status?: 'pending' | 'sending' | 'delivered' | 'dead' | undefined;
    endpoint_id?: string | undefined;
    event_id?: string | undefined;
    event_type?: string | undefined;
    since?: string | undefined;
    until?: string | undefined;
  }, options?: CallOptions): Paged<EventDelivery>;
  /** A delivery to the customer and its attempts. GET /v1/event-portal/deliveries/{id} (public) */
  getDeliveries(id: string, options?: CallOptions): Promise<EventDeliveryDetail>;
  /** Send a delivery to the customer again. POST /v1/event-portal/deliveries/{id}/retry (public) */
  retryDelivery(id: string, options?: CallOptions): Promise<EventDelivery>;
  /** Send deliveries to the customer again: some, a range of time, or all a filter finds. POST /v1/event-portal/deliveries/retry (public) */
  retryDeliveries(body?: EventPortalRetryDeliveriesInput, options?: CallOptions): Promise<EventDeliveriesRetryManyResult>;
}

export interface EventPortalLinksResource {
  /** A token by which a customer of yours manages its own endpoints for a while. POST /v1/event-portal-links (event_endpoints:write) */
  create(body: EventPortalLinksCreateInput, options?: CallOptions): Promise<EventPortalLinksCreateResult>;
}

export interface EventRetentionResource {
  /** How long events are kept; of the rules that fit an event, that of its type holds, then that of its source. GET /v1/event-retention (event_retention:read) */
  get(options?: CallOptions): Promise<EventRetention>;
  /** Replace the rules by those given; events that are past their time are removed within the hour. PUT /v1/event-retention (event_retention:write) */
  set(body: EventRetentionSetInput, options?: CallOptions): Promise<EventRetention>;
}

export interface EventSourcesResource {
  /** When an event source last received something, and what it was sent and refused in the last 24 hours. GET /v1/event-sources/{id}/health (event_sources:read) */
  getHealth(id: string, options?: CallOptions): Promise<EventSourcesGetHealthResult>;
  /** Receive a sample event, signed with the secret as the sender of the source would; subscriptions act on it. POST /v1/event-sources/{id}/test (events:write) */
  test(id: string, options?: CallOptions): Promise<EventSourcesTestResult>;
  /** Make an event source; its address and secret are shown once. POST /v1/event-sources (event_sources:write) */
  create(body: EventSourcesCreateInput, options?: CallOptions): Promise<EventSourcesCreateResult>;
  /** Event sources, newest first. GET /v1/event-sources (event_sources:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<EventSource>;
  /** An event source. GET /v1/event-sources/{id} (event_sources:read) */
  get(id: string, options?: CallOptions): Promise<EventSourceDetail>;
  /** Rename an event source, or switch it on or off. PATCH /v1/event-sources/{id} (event_sources:write) */
  update(id: string, body?: EventSourcesUpdateInput, options?: CallOptions): Promise<EventSourceDetail>;
  /** Delete an event source; its events stay. DELETE /v1/event-sources/{id} (event_sources:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
  /** Put a new secret in use; the old one is accepted for some hours more. POST /v1/event-sources/{id}/rotate-secret (event_sources:write) */
  rotateSecret(id: string, body?: EventEndpointsRotateSecretInput, options?: CallOptions): Promise<EventSourcesCreateResult>;
}

export interface EventStatisticsResource {
  /** How many events there were, by hour, day, week or month of UTC; counted within some 15 seconds. GET /v1/event-statistics (events:read) */
  list(query?: {
    since?: string | undefined;
    until?: string | undefined;
    bucket?: 'hour' | 'day' | 'week' | 'month' | undefined;
    by?: 'source' | 'type' | 'category' | 'status' | undefined;
    source?: string | undefined;
    type?: string | undefined;
    category?: string | undefined;
    status?: string | undefined;
  }, options?: CallOptions): Promise<EventStatistic>;
}

export interface EventSubscriptionsResource {
  /** Have a task made, a workflow run, a webhook sent or members told for each event that matches. POST /v1/event-subscriptions (event_subscriptions:write) */
  create(body: EventSubscriptionsCreateInput, options?: CallOptions): Promise<EventSubscription>;
  /** Event subscriptions, newest first. GET /v1/event-subscriptions (event_subscriptions:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<EventSubscription>;
  /** Which of the newest events a subscription would take, and why not the others; nothing is changed. POST /v1/event-subscriptions/test (events:read) */
  test(body?: EventSubscriptionsTestInput, options?: CallOptions): Promise<EventSubscriptionsTestResult>;
  /** An event subscription. GET /v1/event-subscriptions/{id} (event_subscriptions:read) */
  get(id: string, options?: CallOptions): Promise<EventSubscription>;
  /** Change an event subscription; events already matched stay as they are. PATCH /v1/event-subscriptions/{id} (event_subscriptions:write) */
  update(id: string, body?: EventSubscriptionsUpdateInput, options?: CallOptions): Promise<EventSubscription>;
  /** Delete an event subscription; the tasks it made stay. DELETE /v1/event-subscriptions/{id} (event_subscriptions:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
}

export interface EventTypesResource {
  /** Event types, newest first. GET /v1/event-types (event_types:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<EventType>;
  /** An event type. GET /v1/event-types/{source}/{name} (event_types:read) */
  get(source: string, name: string, options?: CallOptions): Promise<EventType>;
  /** Make an event type, or set it to what is given: the schema of its payload, its retention, whether it is wanted. PUT /v1/event-types/{source}/{name} (event_types:write) */
  set(source: string, name: string, body?: EventTypesSetInput, options?: CallOptions): Promise<EventType>;
  /** Delete an event type; its events stay, and new ones have none. DELETE /v1/event-types/{source}/{name} (event_types:write) */
  delete(source: string, name: string, options?: CallOptions): Promise<unknown>;
}

export interface EventsResource {
  /** Events, newest first. GET /v1/events (events:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    source?: string | undefined;
    source_id?: string | undefined;
    type?: string | undefined;
    category?: 'code' | 'review' | 'issue' | 'discussion' | 'ci' | 'deployment' | 'release' | 'security' | 'planning' | 'access' | 'repository' | 'community' | 'billing' | 'system' | 'other' | undefined;
    status?: 'pending' | 'processing' | 'processed' | 'failed' | 'skipped' | undefined;
    repository_id?: string | undefined;
    project_id?: string | undefined;
    actor?: string | undefined;
    q?: string | undefined;
    contains?: string | undefined;
    since?: string | undefined;
    until?: string | undefined;
  }, options?: CallOptions): Paged<Event>;
  /** Send one event or several, each stored at most once. POST /v1/events (events:write) */
  send(body: EventsSendInput, options?: CallOptions): Promise<EventsSendResult>;
  /** An event: its payload, its typed columns, and the tasks it set off. GET /v1/events/{id} (events:read) */
  get(id: string, query?: {
    format?: 'plinth' | 'cloudevents' | undefined;
  }, options?: CallOptions): Promise<EventDetail>;
  /** The payload alone, every number with the digits it was sent with. GET /v1/events/{id}/payload (events:read) */
  getPayload(id: string, options?: CallOptions): Promise<unknown>;
  /** Match a failed event again with the subscriptions as they are now. POST /v1/events/{id}/retry (events:write) */
  retry(id: string, options?: CallOptions): Promise<EventsRetryResult>;
}

export interface FirstRunResource {
  /** Whether this installation still waits for its first administrator. GET /v1/first-run (public) */
  get(options?: CallOptions): Promise<FirstRun>;
  /** Make the first administrator with the link printed at the start. POST /v1/first-run (public) */
  complete(body: FirstRunCompleteInput, options?: CallOptions): Promise<FirstRunCompleteResult>;
}

export interface GatewayCallsResource {
  /** Model calls, newest first: your own, or for administrators all. GET /v1/gateway-calls (gateway_calls:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    status?: 'running' | 'succeeded' | 'failed' | 'refused' | 'cancelled' | 'lost' | undefined;
    model?: string | undefined;
    project_id?: string | undefined;
    user_id?: string | undefined;
    api_key_id?: string | undefined;
    trace_id?: string | undefined;
  }, options?: CallOptions): Paged<GatewayCall>;
  /** A model call, with its contents as far as they are kept. GET /v1/gateway-calls/{id} (gateway_calls:read) */
  get(id: string, options?: CallOptions): Promise<GatewayCallDetail>;
}

export interface GatewayPoliciesResource {
  /** Say what holds for calls of the organization, or of a project instead. POST /v1/gateway-policies (gateway:write) */
  create(body?: GatewayPoliciesCreateInput, options?: CallOptions): Promise<GatewayPolicy>;
  /** Policies of the organization and its projects, newest first. GET /v1/gateway-policies (gateway:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<GatewayPolicy>;
  /** A policy. GET /v1/gateway-policies/{id} (gateway:read) */
  get(id: string, options?: CallOptions): Promise<GatewayPolicy>;
  /** Change a policy; null takes its word back. PATCH /v1/gateway-policies/{id} (gateway:write) */
  update(id: string, body?: GatewayPoliciesUpdateInput, options?: CallOptions): Promise<GatewayPolicy>;
  /** Delete a policy. DELETE /v1/gateway-policies/{id} (gateway:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
}

export interface InvitationsResource {
  /** Who was invited; with open=true those who have not answered yet. GET /v1/invitations (members:write) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    open?: boolean | undefined;
  }, options?: CallOptions): Paged<Invitation>;
  /** Invite an address; the link is shown this once, for you to hand over. POST /v1/invitations (members:write) */
  create(body: InvitationsCreateInput, options?: CallOptions): Promise<InvitationsCreateResult>;
  /** Make a new link for an invitation; the old one stops working. POST /v1/invitations/{id}/resend (members:write) */
  resend(id: string, options?: CallOptions): Promise<InvitationsCreateResult>;
  /** Revoke an invitation. DELETE /v1/invitations/{id} (members:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
  /** What an invitation link is for. POST /v1/invitations/preview (public) */
  preview(body: InvitationsPreviewInput, options?: CallOptions): Promise<InvitationsPreviewResult>;
  /** Join with an invitation link: as the person signed in, else with a password. POST /v1/invitations/accept (public) */
  accept(body: InvitationsAcceptInput, options?: CallOptions): Promise<InvitationsAcceptResult>;
}

export interface IssuesResource {
  /** Issues of repositories, newest first. GET /v1/issues (analysis:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    repository_id?: string | undefined;
    status?: 'open' | 'resolved' | undefined;
    severity?: 'info' | 'minor' | 'major' | 'critical' | 'blocker' | undefined;
    file_path?: string | undefined;
  }, options?: CallOptions): Paged<unknown>;
}

export interface MeResource {
  /** Who you are, where you are, and what you may do there. GET /v1/me (user) */
  get(options?: CallOptions): Promise<Me>;
  /** Change your account. PATCH /v1/me (user) */
  update(body?: MeUpdateInput, options?: CallOptions): Promise<MeUpdateResult>;
  /** Change your e-mail; your other sessions end. PUT /v1/me/email (user) */
  setEmail(body: AuthSignInInput, options?: CallOptions): Promise<MeUpdateResult>;
  /** Change your password; your other sessions end. PUT /v1/me/password (user) */
  setPassword(body: MeSetPasswordInput, options?: CallOptions): Promise<unknown>;
  /** How the console looks to you: what you have chosen. GET /v1/me/preferences (user) */
  getPreferences(options?: CallOptions): Promise<MeGetPreferencesResult>;
  /** Choose how the console looks; what is left out goes back to its default. PUT /v1/me/preferences (user) */
  setPreferences(body?: MeSetPreferencesInput, options?: CallOptions): Promise<MeGetPreferencesResult>;
  /** Your identities at other providers. GET /v1/me/identities (user) */
  listIdentities(options?: CallOptions): Promise<MeListIdentitiesResult>;
  /** Link an identity: its tokens then act as you. POST /v1/me/identities (user) */
  identities(body: MeIdentitiesInput, options?: CallOptions): Promise<MeIdentitiesResult>;
  /** Unlink an identity: its tokens open nothing of yours any more. POST /v1/me/identities/unlink (user) */
  identitiesUnlink(body: MeIdentitiesUnlinkInput, options?: CallOptions): Promise<unknown>;
}

export interface MembersResource {
  /** Who belongs to the organization. GET /v1/members (members:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<Member>;
  /** Change the role of a member. PATCH /v1/members/{user_id} (members:write) */
  update(userId: string, body: MembersUpdateInput, options?: CallOptions): Promise<Member>;
  /** Remove a member; their keys here stop. DELETE /v1/members/{user_id} (members:write) */
  delete(userId: string, options?: CallOptions): Promise<unknown>;
  /** Leave the organization. POST /v1/members/leave (organization:read) */
  leave(options?: CallOptions): Promise<unknown>;
}

export interface ModelAliasesResource {
  /** Name models of connections: weights share the calls, priorities are fall-backs. POST /v1/model-aliases (gateway:write) */
  create(body: ModelAliasesCreateInput, options?: CallOptions): Promise<ModelAliase>;
  /** Aliases and what is behind them, newest first. GET /v1/model-aliases (gateway:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<ModelAliase>;
  /** An alias and what is behind it. GET /v1/model-aliases/{id} (gateway:read) */
  get(id: string, options?: CallOptions): Promise<ModelAliase>;
  /** Change an alias; targets are replaced as a whole. PATCH /v1/model-aliases/{id} (gateway:write) */
  update(id: string, body?: ModelAliasesUpdateInput, options?: CallOptions): Promise<ModelAliase>;
  /** Delete an alias. DELETE /v1/model-aliases/{id} (gateway:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
}

export interface NotificationsResource {
  /** Your notifications, unread ones first, the newest first. GET /v1/notifications (notifications:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    unread?: boolean | undefined;
  }, options?: CallOptions): Paged<Notification>;
  /** How many of your notifications are unread. GET /v1/notifications/unread-count (notifications:read) */
  getUnreadCount(options?: CallOptions): Promise<NotificationsGetUnreadCountResult>;
  /** Mark a notification of yours as read. POST /v1/notifications/{id}/read (notifications:write) */
  read(id: string, options?: CallOptions): Promise<unknown>;
  /** Mark all your notifications as read, or those up to one. POST /v1/notifications/read (notifications:write) */
  readAll(body?: NotificationsReadAllInput, options?: CallOptions): Promise<NotificationsReadAllResult>;
}

export interface OrganizationResource {
  /** The organization of this request. GET /v1/organization (organization:read) */
  get(options?: CallOptions): Promise<OrganizationDetail>;
  /** Change its name, slug or settings. PATCH /v1/organization (organization:write) */
  update(body?: OrganizationUpdateInput, options?: CallOptions): Promise<OrganizationDetail>;
  /** Delete it; it can be recovered for 30 days. DELETE /v1/organization (organization:delete) */
  delete(options?: CallOptions): Promise<unknown>;
}

export interface OrganizationsResource {
  /** The organizations you belong to. GET /v1/organizations (user) */
  list(options?: CallOptions): Promise<Organization>;
  /** Make an organization; you become its owner. POST /v1/organizations (user) */
  create(body: OrganizationsCreateInput, options?: CallOptions): Promise<OrganizationsCreateResult>;
  /** Take back the deletion of an organization you own. POST /v1/organizations/{id}/recover (user) */
  recover(id: string, options?: CallOptions): Promise<unknown>;
}

export interface PriceOverridesResource {
  /** Your own prices of models, newest first. GET /v1/price-overrides (price_overrides:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    provider?: string | undefined;
    model?: string | undefined;
  }, options?: CallOptions): Paged<PriceOverride>;
  /** Set prices of a model in place of the catalogue’s. POST /v1/price-overrides (price_overrides:write) */
  create(body: PriceOverridesCreateInput, options?: CallOptions): Promise<PriceOverride>;
  /** One price override. GET /v1/price-overrides/{id} (price_overrides:read) */
  get(id: string, options?: CallOptions): Promise<PriceOverride>;
  /** Change prices, or when they hold. PATCH /v1/price-overrides/{id} (price_overrides:write) */
  update(id: string, body?: PriceOverridesUpdateInput, options?: CallOptions): Promise<PriceOverride>;
  /** Delete a price override: the catalogue’s prices hold again. DELETE /v1/price-overrides/{id} (price_overrides:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
}

export interface ProjectsResource {
  /** Projects, newest first. GET /v1/projects (projects:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    status?: 'planning' | 'active' | 'on_hold' | 'completed' | 'archived' | 'deleted' | undefined;
    owner_id?: string | undefined;
  }, options?: CallOptions): Paged<Project>;
  /** Make a project. POST /v1/projects (projects:write) */
  create(body: ProjectsCreateInput, options?: CallOptions): Promise<Project>;
  /** One project. GET /v1/projects/{id} (projects:read) */
  get(id: string, options?: CallOptions): Promise<Project>;
  /** Change a project, or its state. PATCH /v1/projects/{id} (projects:write) */
  update(id: string, body?: ProjectsUpdateInput, options?: CallOptions): Promise<Project>;
  /** Delete a project; it can be restored for 30 days. DELETE /v1/projects/{id} (projects:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
  /** Put a project away. POST /v1/projects/{id}/archive (projects:write) */
  archive(id: string, options?: CallOptions): Promise<Project>;
  /** Take back an archived or deleted project. POST /v1/projects/{id}/restore (projects:write) */
  restore(id: string, options?: CallOptions): Promise<Project>;
  /** The repositories a project is about. GET /v1/projects/{id}/repositories (projects:read) */
  listRepositories(id: string, query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<Repository>;
  /** Link a repository to a project. PUT /v1/projects/{id}/repositories/{repository_id} (projects:write) */
  linkRepository(id: string, repositoryId: string, options?: CallOptions): Promise<unknown>;
  /** Take the link away. DELETE /v1/projects/{id}/repositories/{repository_id} (projects:write) */
  unlinkRepository(id: string, repositoryId: string, options?: CallOptions): Promise<unknown>;
}

export interface ProviderConnectionsResource {
  /** Make a connection to a model provider, and test it; its key is never shown. POST /v1/provider-connections (gateway:write) */
  create(body: ProviderConnectionsCreateInput, options?: CallOptions): Promise<ProviderConnection>;
  /** Connections to model providers, newest first. GET /v1/provider-connections (gateway:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<ProviderConnection>;
  /** A connection to a model provider. GET /v1/provider-connections/{id} (gateway:read) */
  get(id: string, options?: CallOptions): Promise<ProviderConnection>;
  /** Change a connection; where its address or key changes it is tested again. PATCH /v1/provider-connections/{id} (gateway:write) */
  update(id: string, body?: ProviderConnectionsUpdateInput, options?: CallOptions): Promise<ProviderConnection>;
  /** Delete a connection that no alias names. DELETE /v1/provider-connections/{id} (gateway:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
  /** Ask the provider for its models, and write down what came of it. POST /v1/provider-connections/{id}/test (gateway:write) */
  test(id: string, options?: CallOptions): Promise<ProviderConnection>;
}

export interface RateLimitsResource {
  /** Limits of requests and tokens a minute, newest first. GET /v1/rate-limits (budgets:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<RateLimit>;
  /** Limit requests and tokens a minute: one limit for each target. POST /v1/rate-limits (budgets:write) */
  create(body: RateLimitsCreateInput, options?: CallOptions): Promise<RateLimit>;
  /** Change a limit of requests and tokens a minute. PATCH /v1/rate-limits/{id} (budgets:write) */
  update(id: string, body?: RateLimitsUpdateInput, options?: CallOptions): Promise<RateLimit>;
  /** Remove a limit of requests and tokens a minute. DELETE /v1/rate-limits/{id} (budgets:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
}

export interface RepositoriesResource {
  /** Repositories, newest first. GET /v1/repositories (repositories:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<Repository>;
  /** Add a repository. POST /v1/repositories (repositories:write) */
  create(body: RepositoriesCreateInput, options?: CallOptions): Promise<Repository>;
  /** One repository. GET /v1/repositories/{id} (repositories:read) */
  get(id: string, options?: CallOptions): Promise<Repository>;
  /** Change a repository. PATCH /v1/repositories/{id} (repositories:write) */
  update(id: string, body?: RepositoriesUpdateInput, options?: CallOptions): Promise<Repository>;
  /** Remove a repository and its links. DELETE /v1/repositories/{id} (repositories:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
}

export interface SchedulesResource {
  /** Enqueue a task again and again, as a cron expression says. POST /v1/schedules (schedules:write) */
  create(body: SchedulesCreateInput, options?: CallOptions): Promise<Schedule>;
  /** Schedules, newest first. GET /v1/schedules (tasks:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<Schedule>;
  /** What a cron expression says, and when it would fire next. POST /v1/schedules/preview (tasks:read) */
  preview(body: SchedulesPreviewInput, options?: CallOptions): Promise<SchedulesPreviewResult>;
  /** A schedule. GET /v1/schedules/{id} (tasks:read) */
  get(id: string, options?: CallOptions): Promise<Schedule>;
  /** Change a schedule. PATCH /v1/schedules/{id} (schedules:write) */
  update(id: string, body?: SchedulesUpdateInput, options?: CallOptions): Promise<Schedule>;
  /** Delete a schedule; its tasks stay. DELETE /v1/schedules/{id} (schedules:write) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
  /** When a schedule fires next; also one that is paused, if it were resumed now. GET /v1/schedules/{id}/next (tasks:read) */
  listNext(id: string, query?: {
    count?: number | undefined;
  }, options?: CallOptions): Promise<SchedulesListNextResult>;
  /** What a schedule has led to, newest first. GET /v1/schedules/{id}/firings (tasks:read) */
  listFirings(id: string, query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<SchedulesListFiringsResult>;
  /** Pause a schedule. POST /v1/schedules/{id}/pause (schedules:write) */
  pause(id: string, options?: CallOptions): Promise<Schedule>;
  /** Resume a schedule, from now on. POST /v1/schedules/{id}/resume (schedules:write) */
  resume(id: string, options?: CallOptions): Promise<Schedule>;
  /** Enqueue the task of a schedule now, beside its ticks. POST /v1/schedules/{id}/run (schedules:write) */
  run(id: string, options?: CallOptions): Promise<SchedulesRunResult>;
}

export interface SessionsResource {
  /** Where you are signed in. GET /v1/sessions (user) */
  list(options?: CallOptions): Promise<Session>;
  /** End one of your sessions. DELETE /v1/sessions/{id} (user) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
}

export interface TaskDefinitionsResource {
  /** Make a task definition, or its next version; the same contents change nothing. PUT /v1/task-definitions/{name} (task_definitions:write) */
  set(name: string, body: TaskDefinitionsSetInput, options?: CallOptions): Promise<TaskDefinition>;
  /** A task definition: the newest active version, or the one asked for. GET /v1/task-definitions/{name} (tasks:read) */
  get(name: string, query?: {
    version?: number | undefined;
  }, options?: CallOptions): Promise<TaskDefinition>;
  /** Delete a task definition; the tasks it made go on. DELETE /v1/task-definitions/{name} (task_definitions:write) */
  delete(name: string, options?: CallOptions): Promise<unknown>;
  /** Task definitions, each in its newest version. GET /v1/task-definitions (tasks:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<TaskDefinition>;
  /** Versions of a task definition, newest first. GET /v1/task-definitions/{name}/versions (tasks:read) */
  listVersions(name: string, query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<TaskDefinition>;
  /** Let a version be enqueued, or no more. PATCH /v1/task-definitions/{name}/versions/{version} (task_definitions:write) */
  updateVersions(name: string, version: string, body: TaskDefinitionsUpdateVersionsInput, options?: CallOptions): Promise<TaskDefinition>;
  /** Enqueue a task by its definition. POST /v1/task-definitions/{name}/tasks (tasks:write) */
  tasks(name: string, body?: TaskDefinitionsTasksInput, options?: CallOptions): Promise<TaskDefinitionsTasksResult>;
}

export interface TaskLimitsResource {
  /** Limit how many tasks with a concurrency key run at once, or in a time. PUT /v1/task-limits/{key} (task_limits:write) */
  set(key: string, body?: TaskLimitsSetInput, options?: CallOptions): Promise<TaskLimit>;
  /** The limits of a concurrency key, and how much of them is in use. GET /v1/task-limits/{key} (tasks:read) */
  get(key: string, options?: CallOptions): Promise<TaskLimitDetail>;
  /** Remove the limits of a concurrency key; its tasks go by their own. DELETE /v1/task-limits/{key} (task_limits:write) */
  delete(key: string, options?: CallOptions): Promise<unknown>;
  /** Limits of concurrency keys, newest first. GET /v1/task-limits (tasks:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<TaskLimit>;
}

export interface TaskStatisticsResource {
  /** Throughput, wait, run and failure of each type of task, and of agents; of the newest 100,000 tasks since a time. GET /v1/task-statistics (tasks:read) */
  get(query?: {
    since?: string | undefined;
  }, options?: CallOptions): Promise<TaskStatistic>;
  /** The same figures for equal intervals of the time, by when tasks ended; empty intervals are left out. GET /v1/task-statistics/intervals (tasks:read) */
  listIntervals(query?: {
    since?: string | undefined;
    task_type?: string | undefined;
    intervals?: number | undefined;
  }, options?: CallOptions): Promise<TaskStatisticsListIntervalsResult>;
}

export interface TaskTypesResource {
  /** The task types this program can run, and those of definitions that workers outside run. GET /v1/task-types (tasks:read) */
  list(options?: CallOptions): Promise<TaskType>;
}

export interface TaskWorkersResource {
  /** Types of tasks and how many workers serve each, those outside included; no_worker: tasks wait and nobody does. GET /v1/task-workers (tasks:read) */
  list(options?: CallOptions): Promise<TaskWorker>;
  /** Register a worker outside the server, with the task types it runs. POST /v1/task-workers (tasks:work) */
  create(body: TaskWorkersCreateInput, options?: CallOptions): Promise<TaskWorkersCreateResult>;
  /** Take a worker off; what it holds goes back. DELETE /v1/task-workers/{id} (tasks:work) */
  delete(id: string, options?: CallOptions): Promise<unknown>;
  /** Claim tasks for a worker; with wait_seconds the answer waits for the first. POST /v1/task-workers/{id}/claim (tasks:work) */
  claim(id: string, body?: TaskWorkersClaimInput, options?: CallOptions): Promise<TaskWorkersClaimResult>;
  /** Extend leases; says which tasks to stop. POST /v1/task-workers/{id}/heartbeat (tasks:work) */
  heartbeat(id: string, body: TaskWorkersHeartbeatInput, options?: CallOptions): Promise<TaskWorkersHeartbeatResult>;
  /** Log lines and progress of tasks the worker holds; 500 lines a call. POST /v1/task-workers/{id}/logs (tasks:work) */
  logs(id: string, body: TaskWorkersLogsInput, options?: CallOptions): Promise<TaskWorkersLogsResult>;
  /** Record results of tasks; each has at most 1 MB, unless the installation says otherwise. POST /v1/task-workers/{id}/complete (tasks:work) */
  complete(id: string, body: TaskWorkersCompleteInput, options?: CallOptions): Promise<TaskWorkersLogsResult>;
  /** Record failures of tasks, and whether and when they are tried again. POST /v1/task-workers/{id}/fail (tasks:work) */
  fail(id: string, body: TaskWorkersFailInput, options?: CallOptions): Promise<TaskWorkersLogsResult>;
  /** Return tasks the worker will not finish; no attempt is spent. POST /v1/task-workers/{id}/release (tasks:work) */
  release(id: string, body: TaskWorkersHeartbeatInput, options?: CallOptions): Promise<TaskWorkersLogsResult>;
}

export interface TasksResource {
  /** Cancel tasks that have not ended, by a filter, with their subtasks. POST /v1/tasks/cancel (tasks:write) */
  cancelMany(body: TasksCancelManyInput, options?: CallOptions): Promise<TasksCancelManyResult>;
  /** Run failed or cancelled tasks again, by a filter: the dead letters. POST /v1/tasks/retry (tasks:write) */
  retryMany(body: TasksCancelManyInput, options?: CallOptions): Promise<TasksCancelManyResult>;
  /** Pause tasks that have not ended, by a filter. POST /v1/tasks/pause (tasks:write) */
  pauseMany(body: TasksCancelManyInput, options?: CallOptions): Promise<TasksCancelManyResult>;
  /** Let paused tasks go on, by a filter. POST /v1/tasks/resume (tasks:write) */
  resumeMany(body: TasksCancelManyInput, options?: CallOptions): Promise<TasksCancelManyResult>;
  /** Pause a task that has not ended. POST /v1/tasks/{id}/pause (tasks:write) */
  pause(id: string, options?: CallOptions): Promise<TasksPauseResult>;
  /** Let a paused task go on. POST /v1/tasks/{id}/resume (tasks:write) */
  resume(id: string, options?: CallOptions): Promise<TasksPauseResult>;
  /** Enqueue tasks together; they may wait for each other. POST /v1/tasks/bulk (tasks:write) */
  enqueueMany(body: TasksEnqueueManyInput, options?: CallOptions): Promise<TasksEnqueueManyResult>;
  /** What a task waits for, and what waits for it (1000 of each). GET /v1/tasks/{id}/dependencies (tasks:read) */
  getDependencies(id: string, options?: CallOptions): Promise<TasksGetDependenciesResult>;
  /** Let a task that has not started wait for others as well. POST /v1/tasks/{id}/dependencies (tasks:write) */
  dependencies(id: string, body: TasksDependenciesInput, options?: CallOptions): Promise<TasksDependenciesResult>;
  /** Let a task wait for another no longer. DELETE /v1/tasks/{id}/dependencies/{dependency} (tasks:write) */
  deleteDependencies(id: string, dependency: string, options?: CallOptions): Promise<TasksDependenciesResult>;
  /** Enqueue a task, by its type or its definition. POST /v1/tasks (tasks:write) */
  enqueue(body?: TasksEnqueueInput, options?: CallOptions): Promise<TaskDefinitionsTasksResult>;
  /** Tasks, newest first. GET /v1/tasks (tasks:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    status?: 'blocked' | 'pending' | 'running' | 'retrying' | 'paused' | 'completed' | 'failed' | 'cancelled' | undefined;
    task_type?: string | undefined;
    repository_id?: string | undefined;
    project_id?: string | undefined;
  }, options?: CallOptions): Paged<Task>;
  /** A task with the attempts that failed. GET /v1/tasks/{id} (tasks:read) */
  get(id: string, options?: CallOptions): Promise<TaskDetail>;
  /** Cancel a task that has not ended. POST /v1/tasks/{id}/cancel (tasks:write) */
  cancel(id: string, body?: TasksCancelInput, options?: CallOptions): Promise<TasksPauseResult>;
  /** Run a failed or cancelled task again. POST /v1/tasks/{id}/retry (tasks:write) */
  retry(id: string, options?: CallOptions): Promise<TasksPauseResult>;
  /** Log lines of a task, oldest first; with wait_seconds the answer waits for the next ones. GET /v1/tasks/{id}/logs (tasks:read) */
  listLogs(id: string, query?: {
    cursor?: string | undefined;
    limit?: number | undefined;
    attempt?: number | undefined;
    level?: 'debug' | 'info' | 'warn' | 'error' | undefined;
    wait_seconds?: number | undefined;
  }, options?: CallOptions): Paged<TasksListLogsResult>;
  /** What the attempts of a task took of the machine, newest first; empty where nothing was measured. GET /v1/tasks/{id}/resource-usage (tasks:read) */
  listResourceUsage(id: string, options?: CallOptions): Promise<TasksListResourceUsageResult>;
}

export interface UsersResource {
  /** Switch an account on again. POST /v1/users/{id}/activate (user) */
  activate(id: string, options?: CallOptions): Promise<unknown>;
  /** Switch an account off: its sessions and keys end at once. POST /v1/users/{id}/deactivate (user) */
  deactivate(id: string, options?: CallOptions): Promise<unknown>;
}

export interface WorkflowEventsResource {
  /** Send an event to the runs with a correlation key, or to those that wait for it. POST /v1/workflow-events (workflow_runs:write) */
  create(body: WorkflowEventsCreateInput, options?: CallOptions): Promise<WorkflowEventsCreateResult>;
}

export interface WorkflowRunsResource {
  /** Start a run of a workflow. POST /v1/workflow-runs (workflow_runs:write) */
  create(body: WorkflowRunsCreateInput, options?: CallOptions): Promise<WorkflowRunsCreateResult>;
  /** Runs, newest first. GET /v1/workflow-runs (workflow_runs:read) */
  list(query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
    workflow?: string | undefined;
    status?: 'pending' | 'running' | 'waiting' | 'retrying' | 'paused' | 'blocked' | 'completed' | 'failed' | 'cancelled' | undefined;
    correlation_key?: string | undefined;
  }, options?: CallOptions): Paged<WorkflowRun>;
  /** A run with its steps. GET /v1/workflow-runs/{id} (workflow_runs:read) */
  get(id: string, options?: CallOptions): Promise<WorkflowRunDetail>;
  /** The version that a run of a workflow that is data began with, deleted since or not. GET /v1/workflow-runs/{id}/definition (workflow_runs:read) */
  getDefinition(id: string, options?: CallOptions): Promise<WorkflowDetail>;
  /** Cancel a run and what it has begun. POST /v1/workflow-runs/{id}/cancel (workflow_runs:write) */
  cancel(id: string, body?: TasksCancelInput, options?: CallOptions): Promise<WorkflowRunsCancelResult>;
  /** Go on with a failed or cancelled run from the steps that failed. POST /v1/workflow-runs/{id}/retry (workflow_runs:write) */
  retry(id: string, options?: CallOptions): Promise<WorkflowRunsCancelResult>;
  /** Send an event to a run; it is kept until the run waits for it. POST /v1/workflow-runs/{id}/events (workflow_runs:write) */
  events(id: string, body: WorkflowRunsEventsInput, options?: CallOptions): Promise<WorkflowRunsEventsResult>;
}

export interface WorkflowsResource {
  /** Workflows by name: those of the code with each version, those that are data with the newest. GET /v1/workflows (workflow_runs:read) */
  list(options?: CallOptions): Promise<Workflow>;
  /** Make a workflow, or its next version; runs keep theirs. PUT /v1/workflows/{name} (workflows:write) */
  set(name: string, body: WorkflowsSetInput, options?: CallOptions): Promise<WorkflowDetail>;
  /** A workflow that is data: a version, or the newest that is active. GET /v1/workflows/{name} (workflow_runs:read) */
  get(name: string, query?: {
    version?: number | undefined;
  }, options?: CallOptions): Promise<WorkflowDetail>;
  /** Delete a workflow that is data; its runs go on. DELETE /v1/workflows/{name} (workflows:write) */
  delete(name: string, options?: CallOptions): Promise<unknown>;
  /** Versions of a workflow that is data, newest first. GET /v1/workflows/{name}/versions (workflow_runs:read) */
  listVersions(name: string, query?: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }, options?: CallOptions): Paged<WorkflowsListVersionsResult>;
  /** Let a version be started, or no more. PATCH /v1/workflows/{name}/versions/{version} (workflows:write) */
  updateVersions(name: string, version: string, body: TaskDefinitionsUpdateVersionsInput, options?: CallOptions): Promise<WorkflowDetail>;
}

export interface Resources {
  readonly activity: ActivityResource;
  readonly analysisRuns: AnalysisRunsResource;
  readonly apiKeys: ApiKeysResource;
  readonly approvals: ApprovalsResource;
  readonly audit: AuditResource;
  readonly auth: AuthResource;
  readonly budgets: BudgetsResource;
  readonly costs: CostsResource;
  readonly eventDeliveries: EventDeliveriesResource;
  readonly eventDeliveryStatistics: EventDeliveryStatisticsResource;
  readonly eventEndpoints: EventEndpointsResource;
  readonly eventPortal: EventPortalResource;
  readonly eventPortalLinks: EventPortalLinksResource;
  readonly eventRetention: EventRetentionResource;
  readonly eventSources: EventSourcesResource;
  readonly eventStatistics: EventStatisticsResource;
  readonly eventSubscriptions: EventSubscriptionsResource;
  readonly eventTypes: EventTypesResource;
  readonly events: EventsResource;
  readonly firstRun: FirstRunResource;
  readonly gatewayCalls: GatewayCallsResource;
  readonly gatewayPolicies: GatewayPoliciesResource;
  readonly invitations: InvitationsResource;
  readonly issues: IssuesResource;
  readonly me: MeResource;
  readonly members: MembersResource;
  readonly modelAliases: ModelAliasesResource;
  readonly notifications: NotificationsResource;
  readonly organization: OrganizationResource;
  readonly organizations: OrganizationsResource;
  readonly priceOverrides: PriceOverridesResource;
  readonly projects: ProjectsResource;
  readonly providerConnections: ProviderConnectionsResource;
  readonly rateLimits: RateLimitsResource;
  readonly repositories: RepositoriesResource;
  readonly schedules: SchedulesResource;
  readonly sessions: SessionsResource;
  readonly taskDefinitions: TaskDefinitionsResource;
  readonly taskLimits: TaskLimitsResource;
  readonly taskStatistics: TaskStatisticsResource;
  readonly taskTypes: TaskTypesResource;
  readonly taskWorkers: TaskWorkersResource;
  readonly tasks: TasksResource;
  readonly users: UsersResource;
  readonly workflowEvents: WorkflowEventsResource;
  readonly workflowRuns: WorkflowRunsResource;
  readonly workflows: WorkflowsResource;
}

/** Method, path, then: b(ody) or q(uery), p(aged), i(dempotency key). */
export const operations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  activity: {
    list: 'GET /v1/activity qp',
  },
  analysisRuns: {
    list: 'GET /v1/analysis-runs qp',
    get: 'GET /v1/analysis-runs/{id} -',
  },
  apiKeys: {
    list: 'GET /v1/api-keys qp',
    create: 'POST /v1/api-keys bi',
    delete: 'DELETE /v1/api-keys/{id} -i',
    rotate: 'POST /v1/api-keys/{id}/rotate bi',
  },
  approvals: {
    list: 'GET /v1/approvals qp',
    get: 'GET /v1/approvals/{id} -',
    votes: 'POST /v1/approvals/{id}/votes bi',
  },
  audit: {
    list: 'GET /v1/audit qp',
    getVerify: 'GET /v1/audit/verify q',
    getProof: 'GET /v1/audit/{id}/proof -',
  },
  auth: {
    signIn: 'POST /v1/sign-in b',
    redeemLink: 'POST /v1/sign-in/link b',
    signOut: 'POST /v1/sign-out -',
    signOutEverywhere: 'POST /v1/sign-out/everywhere -',
  },
  budgets: {
    list: 'GET /v1/budgets qp',
    create: 'POST /v1/budgets bi',
    get: 'GET /v1/budgets/{id} -',
    update: 'PATCH /v1/budgets/{id} bi',
    delete: 'DELETE /v1/budgets/{id} -i',
  },
  costs: {
    create: 'POST /v1/costs bi',
    list: 'GET /v1/costs qp',
    get: 'GET /v1/costs/{id} -',
    getReport: 'GET /v1/costs/report q',
    getUsage: 'GET /v1/costs/usage q',
    reprice: 'POST /v1/costs/reprice b',
  },
  eventDeliveries: {
    list: 'GET /v1/event-deliveries qp',
    get: 'GET /v1/event-deliveries/{id} -',
    retry: 'POST /v1/event-deliveries/{id}/retry -i',
    retryMany: 'POST /v1/event-deliveries/retry bi',
  },
  eventDeliveryStatistics: {
    list: 'GET /v1/event-delivery-statistics q',
  },
  eventEndpoints: {
    create: 'POST /v1/event-endpoints bi',
    list: 'GET /v1/event-endpoints qp',
    get: 'GET /v1/event-endpoints/{id} -',
    update: 'PATCH /v1/event-endpoints/{id} bi',
    delete: 'DELETE /v1/event-endpoints/{id} -i',
    rotateSecret: 'POST /v1/event-endpoints/{id}/rotate-secret bi',
    enable: 'POST /v1/event-endpoints/{id}/enable -i',
    disable: 'POST /v1/event-endpoints/{id}/disable -i',
    test: 'POST /v1/event-endpoints/{id}/test -i',
  },
  eventPortal: {
    get: 'GET /v1/event-portal -',
    listEndpoints: 'GET /v1/event-portal/endpoints qp',
    createEndpoint: 'POST /v1/event-portal/endpoints b',
    getEndpoints: 'GET /v1/event-portal/endpoints/{id} -',
    updateEndpoints: 'PATCH /v1/event-portal/endpoints/{id} b',
    deleteEndpoints: 'DELETE /v1/event-portal/endpoints/{id} -',
    endpointsRotateSecret: 'POST /v1/event-portal/endpoints/{id}/rotate-secret b',
    endpointsEnable: 'POST /v1/event-portal/endpoints/{id}/enable -',
    endpointsDisable: 'POST /v1/event-portal/endpoints/{id}/disable -',
    endpointsTest: 'POST /v1/event-portal/endpoints/{id}/test -',
    listDeliveries: 'GET /v1/event-portal/deliveries qp',
    getDeliveries: 'GET /v1/event-portal/deliveries/{id} -',
    retryDelivery: 'POST /v1/event-portal/deliveries/{id}/retry -',
    retryDeliveries: 'POST /v1/event-portal/deliveries/retry b',
  },
  eventPortalLinks: {
    create: 'POST /v1/event-portal-links b',
  },
  eventRetention: {
    get: 'GET /v1/event-retention -',
    set: 'PUT /v1/event-retention bi',
  },
  eventSources: {
    getHealth: 'GET /v1/event-sources/{id}/health -',
    test: 'POST /v1/event-sources/{id}/test -',
    create: 'POST /v1/event-sources bi',
    list: 'GET /v1/event-sources qp',
    get: 'GET /v1/event-sources/{id} -',
    update: 'PATCH /v1/event-sources/{id} bi',
    delete: 'DELETE /v1/event-sources/{id} -i',
    rotateSecret: 'POST /v1/event-sources/{id}/rotate-secret bi',
  },
  eventStatistics: {
    list: 'GET /v1/event-statistics q',
  },
  eventSubscriptions: {
    create: 'POST /v1/event-subscriptions bi',
    list: 'GET /v1/event-subscriptions qp',
    test: 'POST /v1/event-subscriptions/test b',
    get: 'GET /v1/event-subscriptions/{id} -',
    update: 'PATCH /v1/event-subscriptions/{id} bi',
    delete: 'DELETE /v1/event-subscriptions/{id} -i',
  },
  eventTypes: {
    list: 'GET /v1/event-types qp',
    get: 'GET /v1/event-types/{source}/{name} -',
    set: 'PUT /v1/event-types/{source}/{name} bi',
    delete: 'DELETE /v1/event-types/{source}/{name} -i',
  },
  events: {
    list: 'GET /v1/events qp',
    send: 'POST /v1/events bi',
    get: 'GET /v1/events/{id} q',
    getPayload: 'GET /v1/events/{id}/payload -',
    retry: 'POST /v1/events/{id}/retry -i',
  },
  firstRun: {
    get: 'GET /v1/first-run -',
    complete: 'POST /v1/first-run b',
  },
  gatewayCalls: {
    list: 'GET /v1/gateway-calls qp',
    get: 'GET /v1/gateway-calls/{id} -',
  },
  gatewayPolicies: {
    create: 'POST /v1/gateway-policies bi',
    list: 'GET /v1/gateway-policies qp',
    get: 'GET /v1/gateway-policies/{id} -',
    update: 'PATCH /v1/gateway-policies/{id} bi',
    delete: 'DELETE /v1/gateway-policies/{id} -i',
  },
  invitations: {
    list: 'GET /v1/invitations qp',
    create: 'POST /v1/invitations b',
    resend: 'POST /v1/invitations/{id}/resend -',
    delete: 'DELETE /v1/invitations/{id} -i',
    preview: 'POST /v1/invitations/preview b',
    accept: 'POST /v1/invitations/accept b',
  },
  issues: {
    list: 'GET /v1/issues qp',
  },
  me: {
    get: 'GET /v1/me -',
    update: 'PATCH /v1/me b',
    setEmail: 'PUT /v1/me/email b',
    setPassword: 'PUT /v1/me/password b',
    getPreferences: 'GET /v1/me/preferences -',
    setPreferences: 'PUT /v1/me/preferences b',
    listIdentities: 'GET /v1/me/identities -',
    identities: 'POST /v1/me/identities b',
    identitiesUnlink: 'POST /v1/me/identities/unlink b',
  },
  members: {
    list: 'GET /v1/members qp',
    update: 'PATCH /v1/members/{user_id} bi',
    delete: 'DELETE /v1/members/{user_id} -i',
    leave: 'POST /v1/members/leave -i',
  },
  modelAliases: {
    create: 'POST /v1/model-aliases bi',
    list: 'GET /v1/model-aliases qp',
    get: 'GET /v1/model-aliases/{id} -',
    update: 'PATCH /v1/model-aliases/{id} bi',
    delete: 'DELETE /v1/model-aliases/{id} -i',
  },
  notifications: {
    list: 'GET /v1/notifications qp',
    getUnreadCount: 'GET /v1/notifications/unread-count -',
    read: 'POST /v1/notifications/{id}/read -i',
    readAll: 'POST /v1/notifications/read bi',
  },
  organization: {
    get: 'GET /v1/organization -',
    update: 'PATCH /v1/organization b',
    delete: 'DELETE /v1/organization -i',
  },
  organizations: {
    list: 'GET /v1/organizations -',
    create: 'POST /v1/organizations b',
    recover: 'POST /v1/organizations/{id}/recover -',
  },
  priceOverrides: {
    list: 'GET /v1/price-overrides qp',
    create: 'POST /v1/price-overrides bi',
    get: 'GET /v1/price-overrides/{id} -',
    update: 'PATCH /v1/price-overrides/{id} bi',
    delete: 'DELETE /v1/price-overrides/{id} -i',
  },
  projects: {
    list: 'GET /v1/projects qp',
    create: 'POST /v1/projects bi',
    get: 'GET /v1/projects/{id} -',
    update: 'PATCH /v1/projects/{id} bi',
    delete: 'DELETE /v1/projects/{id} -i',
    archive: 'POST /v1/projects/{id}/archive -i',
    restore: 'POST /v1/projects/{id}/restore -i',
    listRepositories: 'GET /v1/projects/{id}/repositories qp',
    linkRepository: 'PUT /v1/projects/{id}/repositories/{repository_id} -i',
    unlinkRepository: 'DELETE /v1/projects/{id}/repositories/{repository_id} -i',
  },
  providerConnections: {
    create: 'POST /v1/provider-connections bi',
    list: 'GET /v1/provider-connections qp',
    get: 'GET /v1/provider-connections/{id} -',
    update: 'PATCH /v1/provider-connections/{id} bi',
    delete: 'DELETE /v1/provider-connections/{id} -i',
    test: 'POST /v1/provider-connections/{id}/test -',
  },
  rateLimits: {
    list: 'GET /v1/rate-limits qp',
    create: 'POST /v1/rate-limits bi',
    update: 'PATCH /v1/rate-limits/{id} bi',
    delete: 'DELETE /v1/rate-limits/{id} -i',
  },
  repositories: {
    list: 'GET /v1/repositories qp',
    create: 'POST /v1/repositories bi',
    get: 'GET /v1/repositories/{id} -',
    update: 'PATCH /v1/repositories/{id} bi',
    delete: 'DELETE /v1/repositories/{id} -i',
  },
  schedules: {
    create: 'POST /v1/schedules bi',
    list: 'GET /v1/schedules qp',
    preview: 'POST /v1/schedules/preview b',
    get: 'GET /v1/schedules/{id} -',
    update: 'PATCH /v1/schedules/{id} bi',
    delete: 'DELETE /v1/schedules/{id} -i',
    listNext: 'GET /v1/schedules/{id}/next q',
    listFirings: 'GET /v1/schedules/{id}/firings qp',
    pause: 'POST /v1/schedules/{id}/pause -i',
    resume: 'POST /v1/schedules/{id}/resume -i',
    run: 'POST /v1/schedules/{id}/run -i',
  },
  sessions: {
    list: 'GET /v1/sessions -',
    delete: 'DELETE /v1/sessions/{id} -',
  },
  taskDefinitions: {
    set: 'PUT /v1/task-definitions/{name} bi',
    get: 'GET /v1/task-definitions/{name} q',
    delete: 'DELETE /v1/task-definitions/{name} -i',
    list: 'GET /v1/task-definitions qp',
    listVersions: 'GET /v1/task-definitions/{name}/versions qp',
    updateVersions: 'PATCH /v1/task-definitions/{name}/versions/{version} bi',
    tasks: 'POST /v1/task-definitions/{name}/tasks bi',
  },
  taskLimits: {
    set: 'PUT /v1/task-limits/{key} bi',
    get: 'GET /v1/task-limits/{key} -',
    delete: 'DELETE /v1/task-limits/{key} -i',
    list: 'GET /v1/task-limits qp',
  },
  taskStatistics: {
    get: 'GET /v1/task-statistics q',
    listIntervals: 'GET /v1/task-statistics/intervals q',
  },
  taskTypes: {
    list: 'GET /v1/task-types -',
  },
  taskWorkers: {
    list: 'GET /v1/task-workers -',
    create: 'POST /v1/task-workers bi',
    delete: 'DELETE /v1/task-workers/{id} -',
    claim: 'POST /v1/task-workers/{id}/claim b',
    heartbeat: 'POST /v1/task-workers/{id}/heartbeat b',
    logs: 'POST /v1/task-workers/{id}/logs b',
    complete: 'POST /v1/task-workers/{id}/complete b',
    fail: 'POST /v1/task-workers/{id}/fail b',
    release: 'POST /v1/task-workers/{id}/release b',
  },
  tasks: {
    cancelMany: 'POST /v1/tasks/cancel bi',
    retryMany: 'POST /v1/tasks/retry bi',
    pauseMany: 'POST /v1/tasks/pause bi',
    resumeMany: 'POST /v1/tasks/resume bi',
    pause: 'POST /v1/tasks/{id}/pause -i',
    resume: 'POST /v1/tasks/{id}/resume -i',
    enqueueMany: 'POST /v1/tasks/bulk bi',
    getDependencies: 'GET /v1/tasks/{id}/dependencies -',
    dependencies: 'POST /v1/tasks/{id}/dependencies bi',
    deleteDependencies: 'DELETE /v1/tasks/{id}/dependencies/{dependency} -i',
    enqueue: 'POST /v1/tasks bi',
    list: 'GET /v1/tasks qp',
    get: 'GET /v1/tasks/{id} -',
    cancel: 'POST /v1/tasks/{id}/cancel bi',
    retry: 'POST /v1/tasks/{id}/retry -i',
    listLogs: 'GET /v1/tasks/{id}/logs qp',
    listResourceUsage: 'GET /v1/tasks/{id}/resource-usage -',
  },
  users: {
    activate: 'POST /v1/users/{id}/activate -',
    deactivate: 'POST /v1/users/{id}/deactivate -',
  },
  workflowEvents: {
    create: 'POST /v1/workflow-events bi',
  },
  workflowRuns: {
    create: 'POST /v1/workflow-runs bi',
    list: 'GET /v1/workflow-runs qp',
    get: 'GET /v1/workflow-runs/{id} -',
    getDefinition: 'GET /v1/workflow-runs/{id}/definition -',
    cancel: 'POST /v1/workflow-runs/{id}/cancel bi',
    retry: 'POST /v1/workflow-runs/{id}/retry -i',
    events: 'POST /v1/workflow-runs/{id}/events bi',
  },
  workflows: {
    list: 'GET /v1/workflows -',
    set: 'PUT /v1/workflows/{name} bi',
    get: 'GET /v1/workflows/{name} q',
    delete: 'DELETE /v1/workflows/{name} -i',
    listVersions: 'GET /v1/workflows/{name}/versions qp',
    updateVersions: 'PATCH /v1/workflows/{name}/versions/{version} bi',
  },
};
