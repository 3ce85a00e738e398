/** Generated from the migrated schema by `npm run gen`. Do not edit. */

import type { ColumnType } from "kysely";
import type { IPostgresInterval } from "postgres-interval";

export type ArrayType<T> = ArrayTypeImpl<T> extends (infer U)[]
  ? U[]
  : ArrayTypeImpl<T>;

export type ArrayTypeImpl<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S[], I[], U[]>
  : T[];

export type Generated<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S, I | undefined, U>
  : ColumnType<T, T | undefined, T>;

export type Int8 = ColumnType<string, bigint | number | string, bigint | number | string>;

export type Interval = ColumnType<IPostgresInterval, IPostgresInterval | number | string, IPostgresInterval | number | string>;

export type Json = JsonValue;

export type JsonArray = JsonValue[];

export type JsonObject = {
  [x: string]: JsonValue | undefined;
};

export type JsonPrimitive = boolean | number | string | null;

export type JsonValue = JsonArray | JsonObject | JsonPrimitive;

export type Numeric = ColumnType<string, number | string, number | string>;

export type Timestamp = ColumnType<Date, Date | string, Date | string>;

export interface ActivityLogs {
  action: string;
  api_key_id: string | null;
  details: Generated<Json>;
  id: Generated<string>;
  occurred_at: Generated<Timestamp>;
  organization_id: string;
  resource_id: string | null;
  resource_type: string;
  summary: string;
  user_id: Generated<string | null>;
  xid: string;
}

export interface AnalysisMetricValues {
  definition: string | null;
  definition_version: string | null;
  element_id: string | null;
  element_path: string | null;
  file_id: string | null;
  file_path: string | null;
  metric: string | null;
  organization_id: string | null;
  run_id: string | null;
  value: number | null;
}

export interface AnalysisRuns {
  analysis_type: Generated<string>;
  analyzer_version: string;
  analyzers: Generated<string[]>;
  branch: string | null;
  commit_sha: string | null;
  completed_at: Timestamp | null;
  created_at: Generated<Timestamp>;
  debt_minutes: number | null;
  /**
   * Per language family and metric: definition and version of every value of this run.
   */
  definitions: Generated<Json>;
  error: Json | null;
  event_id: string | null;
  files_analyzed: Generated<number>;
  files_failed: Generated<number>;
  files_total: Generated<number>;
  functions_total: Generated<number>;
  id: Generated<string>;
  issues_total: Generated<number>;
  lines_code: Generated<Int8>;
  organization_id: string;
  quality_score: Numeric | null;
  rating: string | null;
  repository_id: string;
  started_at: Timestamp | null;
  status: Generated<string>;
  /**
   * The task that ran it. No key: tasks go sooner than results.
   */
  task_id: string | null;
  tool_versions: Generated<Json>;
  totals: Generated<Json>;
  updated_at: Generated<Timestamp>;
}

export interface ApiKeyHashes {
  hash: Buffer;
  id: string;
  organization_id: string;
}

export interface ApiKeys {
  created_at: Generated<Timestamp>;
  created_by: string | null;
  expires_at: Timestamp | null;
  id: Generated<string>;
  last_used_at: Timestamp | null;
  last4: string;
  name: string;
  organization_id: string;
  prefix: string;
  revoked_at: Timestamp | null;
  role: Generated<string>;
  /**
   * Permissions it is cut down to: *, module:*, *:read or module:verb.
   */
  scopes: Generated<string[]>;
  /**
   * Whose private rows it sees; null: a service of the organization.
   */
  user_id: string | null;
}

export interface Approvals {
  /**
   * Who may vote, each once.
   */
  assignees: string[];
  created_at: Generated<Timestamp>;
  decided_at: Timestamp | null;
  description: Generated<string>;
  /**
   * When no vote is taken any more; null: never.
   */
  due_at: Timestamp | null;
  id: Generated<string>;
  organization_id: string;
  /**
   * How many must agree. It is rejected as soon as so many can not any more.
   */
  quorum: number;
  run_id: string;
  status: Generated<string>;
  /**
   * The step of the run that waits for it.
   */
  step_key: string;
  title: string;
}

export interface ApprovalVotes {
  approval_id: string;
  comment: Generated<string>;
  created_at: Generated<Timestamp>;
  organization_id: string;
  user_id: string;
  vote: string;
}

export interface AuditLogs {
  action: string;
  /**
   * user, api_key or service as the request said; db:<login> for a write that came through no request.
   */
  actor: string;
  actor_user_id: string | null;
  api_key_id: string | null;
  details: Json | null;
  id: string;
  ip_address: string | null;
  new_values: Json | null;
  occurred_at: Timestamp;
  /**
   * The changed columns before (update), or the whole row (delete).
   */
  old_values: Json | null;
  organization_id: string;
  request_id: string | null;
  resource_id: string | null;
  resource_type: string;
  /**
   * Cursor of readers in order of visibility.
   */
  xid: string;
}

export interface AuditPersonalValues {
  id: string;
  new_values: Json | null;
  occurred_at: Timestamp;
  old_values: Json | null;
  organization_id: string;
  salt: string;
  subject_id: string;
}

export interface AuditSeals {
  /**
   * SHA-256 of the chain hash before, the sequence, the number of entries and the root. Keep the newest one elsewhere.
   */
  chain_hash: Buffer;
  created_at: Generated<Timestamp>;
  /**
   * The entries of audit_logs it covers, in the order of the leaves.
   */
  entry_ids: string[];
  id: Generated<string>;
  /**
   * The id of the last entry.
   */
  last_id: string;
  /**
   * Where the next seal begins, with last_id: the cursor of the last entry.
   */
  last_xid: string;
  /**
   * Their leaf hashes, 32 bytes each: tell which entry is not what it was.
   */
  leaf_hashes: Buffer;
  organization_id: string;
  /**
   * Root of the tree over the leaf hashes.
   */
  root: Buffer;
  /**
   * Counts from 1 without gaps.
   */
  sequence: number;
}

export interface BudgetAlerts {
  /**
   * The budget; it may be gone by now.
   */
  budget_id: string;
  /**
   * The limit then, in USD.
   */
  cost_limit: Numeric | null;
  created_at: Generated<Timestamp>;
  id: Generated<string>;
  organization_id: string;
  /**
   * What was spent then, in USD.
   */
  spent_cost: Numeric;
  /**
   * What was spent then.
   */
  spent_tokens: Int8;
  /**
   * The period, by its beginning.
   */
  starts_at: Timestamp;
  /**
   * The percent that was reached.
   */
  threshold: number;
  /**
   * The limit then.
   */
  token_limit: Int8 | null;
}

export interface BudgetPeriods {
  /**
   * The budget that is counted.
   */
  budget_id: string;
  /**
   * Settled calls.
   */
  calls: Generated<Int8>;
  created_at: Generated<Timestamp>;
  /**
   * End of the period; null: it has none. Periods of a budget never overlap.
   */
  ends_at: Timestamp | null;
  /**
   * The same of spent_cost.
   */
  forgotten_cost: Generated<Numeric>;
  /**
   * Of spent_tokens, those of calls whose reservation is no longer kept.
   */
  forgotten_tokens: Generated<Int8>;
  organization_id: string;
  /**
   * Calls that this budget had no room for.
   */
  refused_calls: Generated<Int8>;
  /**
   * USD.
   */
  reserved_cost: Generated<Numeric>;
  /**
   * What calls under way may use at worst.
   */
  reserved_tokens: Generated<Int8>;
  /**
   * USD, of calls whose price is known.
   */
  spent_cost: Generated<Numeric>;
  /**
   * What settled calls have used.
   */
  spent_tokens: Generated<Int8>;
  /**
   * Beginning of the period; 1970 where the budget is for all time.
   */
  starts_at: Timestamp;
  /**
   * Those of them whose price nobody knew: their money is not in spent_cost.
   */
  unpriced_calls: Generated<Int8>;
}

export interface BudgetReservations {
  /**
   * The budget; it may be gone by now.
   */
  budget_id: string;
  /**
   * The call, by the id its caller gave it.
   */
  call_id: string;
  /**
   * The worst case in USD; null: no price is known.
   */
  cost: Numeric | null;
  created_at: Generated<Timestamp>;
  /**
   * When it was settled, released or given back.
   */
  ended_at: Timestamp | null;
  /**
   * What is held until then is given back, unless it is extended.
   */
  expires_at: Timestamp;
  organization_id: string;
  /**
   * The period it was reserved in; there it is settled, however late.
   */
  starts_at: Timestamp;
  /**
   * held; settled: used is what counts; released: the call was not made; expired: its holder was not heard of in time, it may yet settle.
   */
  state: Generated<string>;
  /**
   * The worst case.
   */
  tokens: Int8;
  /**
   * What it cost in USD; null: no price is known.
   */
  used_cost: Numeric | null;
  /**
   * What was used, which may be more than was held.
   */
  used_tokens: Int8 | null;
}

export interface Budgets {
  /**
   * The agent whose calls count; without a key, for agents are made by a module above this one.
   */
  agent_id: string | null;
  /**
   * The key whose calls count.
   */
  api_key_id: string | null;
  /**
   * USD; null: no limit of money.
   */
  cost_limit: Numeric | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  id: Generated<string>;
  /**
   * One that is not lets everything pass, and counts nothing new.
   */
  is_active: Generated<boolean>;
  name: Generated<string>;
  /**
   * block: a call without room is refused; warn: calls are counted and alerts made, none is refused.
   */
  on_exceed: Generated<string>;
  organization_id: string;
  /**
   * After a day or a month in the time zone the counter begins anew; total: never.
   */
  period: string;
  /**
   * The project, where the scope is one; likewise the three columns after it.
   */
  project_id: string | null;
  /**
   * Whose calls count: all of the organization, or those of the one project, user, agent or api_key named beside.
   */
  scope: string;
  /**
   * The one of the four that is named, else the organization.
   */
  target_id: Generated<string>;
  /**
   * Percents of a limit; when what was spent reaches one, an alert is made, once a period.
   */
  thresholds: Generated<number[]>;
  /**
   * Whose midnight ends a day and a month. A change of it holds from the next period on.
   */
  timezone: Generated<string>;
  /**
   * Tokens of all kinds; null: no limit of tokens.
   */
  token_limit: Int8 | null;
  /**
   * Under a limit of money: whether a call whose price nobody knows is refused, or let through uncounted in money.
   */
  unpriced: Generated<string>;
  updated_at: Generated<Timestamp>;
  /**
   * The member whose calls count; the budget goes with the membership.
   */
  user_id: string | null;
}

export interface CodeElements {
  cognitive: number | null;
  cyclomatic: number | null;
  element_path: string;
  end_line: number;
  file_id: string;
  id: Generated<string>;
  is_async: boolean;
  is_exported: boolean;
  kind: string;
  lines_code: number | null;
  metrics: Generated<Json>;
  name: string;
  nesting_max: number | null;
  organization_id: string;
  parameter_count: number | null;
  parameters: Generated<Json>;
  qualified_name: string;
  run_id: string;
  start_line: number;
}

export interface CostCalls {
  call_id: string;
  /**
   * The cost record of the call itself: made by the gateway, or told by who made it.
   */
  call_record_id: string | null;
  created_at: Generated<Timestamp>;
  organization_id: string;
  /**
   * The cost record from a trace; it counts where the call has none of its own.
   */
  trace_record_id: string | null;
}

export interface CostRecords {
  agent_id: string | null;
  agent_type: string | null;
  api_key_id: string | null;
  /**
   * Of all tokens, those of audio. A model that has another price for these has none for this call.
   */
  audio_tokens: Generated<Int8>;
  /**
   * Of cache_write_tokens, those kept for an hour: they may cost more.
   */
  cache_write_1h_tokens: Generated<Int8>;
  cache_write_tokens: Generated<Int8>;
  cached_input_tokens: Generated<Int8>;
  call_id: string;
  conversation_id: string | null;
  created_at: Generated<Timestamp>;
  id: Generated<string>;
  input_cost: Numeric | null;
  /**
   * Neither read from a cache nor written to one.
   */
  input_tokens: Generated<Int8>;
  is_batch: Generated<boolean>;
  /**
   * False for the trace of a call that has a record of its own: sums leave it out.
   */
  is_counted: Generated<boolean>;
  /**
   * call: from who made it; trace: from a trace that tells of it.
   */
  kind: string;
  model: string;
  occurred_at: Generated<Timestamp>;
  organization_id: string;
  output_cost: Numeric | null;
  /**
   * Without reasoning.
   */
  output_tokens: Generated<Int8>;
  /**
   * Where the price is from: "genai-prices" and its version, or "override" and its id.
   */
  price_source: string | null;
  project_id: string | null;
  provider: string;
  /**
   * Usage as the provider said it.
   */
  raw_usage: Json | null;
  reasoning_tokens: Generated<Int8>;
  task_id: string | null;
  /**
   * Input, output and a fee of the call. Null: no price is known.
   */
  total_cost: Numeric | null;
  total_tokens: Generated<Int8>;
  /**
   * The trace it is part of, as 32 hexadecimal digits.
   */
  trace_id: string | null;
  user_id: string | null;
}

export interface DeploymentEvents {
  branch: string | null;
  commit_sha: string | null;
  completed_at: Timestamp | null;
  deployment_id: string | null;
  duration_ms: Int8 | null;
  environment: string | null;
  error_message: string | null;
  id: string;
  is_production: boolean | null;
  is_rollback: boolean | null;
  kind: string;
  log_url: string | null;
  occurred_at: Timestamp;
  organization_id: string;
  previous_version: string | null;
  ref: string | null;
  repository_full_name: string | null;
  service: string | null;
  started_at: Timestamp | null;
  status: string | null;
  triggered_by: string | null;
  url: string | null;
  version: string | null;
}

export interface EncryptionKeys {
  created_at: Generated<Timestamp>;
  id: Generated<string>;
  master_key_fingerprint: string;
  organization_id: string;
  retired_at: Timestamp | null;
  wrapped_key: Buffer;
}

export interface EndpointStates {
  /**
   * open: nothing is sent until open_until; half_open: one delivery is out to try.
   */
  circuit: Generated<string>;
  failing_since: Timestamp | null;
  failure_count: Generated<number>;
  id: string;
  last_error: string | null;
  last_failure_at: Timestamp | null;
  last_success_at: Timestamp | null;
  /**
   * When there is something to do for it again; infinity: nothing.
   */
  next_due_at: Generated<Timestamp>;
  open_count: Generated<number>;
  open_until: Timestamp | null;
  organization_id: string;
  /**
   * Asked for by Retry-After.
   */
  paused_until: Timestamp | null;
  tokens: Generated<number>;
  tokens_at: Generated<Timestamp>;
}

export interface ErrorLogs {
  code: string;
  details: Generated<Json>;
  id: Generated<string>;
  message: string;
  occurred_at: Generated<Timestamp>;
  organization_id: string | null;
  request_id: string | null;
  source: string;
}

export interface EventAggregations {
  /**
   * As events.category.
   */
  category: string;
  /**
   * All there were: stored_count and removed_count.
   */
  event_count: Generated<number | null>;
  /**
   * When the hour begins.
   */
  hour: Timestamp;
  organization_id: string;
  /**
   * Of the payloads that are stored.
   */
  payload_bytes: Generated<Int8>;
  /**
   * Those that retention has removed, with the status they had.
   */
  removed_count: Generated<number>;
  /**
   * As events.source.
   */
  source: string;
  /**
   * As events.status.
   */
  status: string;
  /**
   * Those in events.
   */
  stored_count: Generated<number>;
  /**
   * As events.type.
   */
  type: string;
}

export interface EventDeduplication {
  deduplication_key: string;
  event_id: string;
  organization_id: string;
  received_at: Generated<Timestamp>;
  source_id: string;
}

export interface EventDeliveries {
  attempts: Generated<number>;
  customer: string | null;
  /**
   * pending: when it is sent (infinity: after the one before it in order); sending: when the lease ends.
   */
  due_at: Timestamp | null;
  ended_at: Timestamp | null;
  endpoint_id: string;
  event_id: string;
  event_occurred_at: Timestamp;
  event_type: string;
  id: Generated<string>;
  is_test: Generated<boolean>;
  last_attempt_at: Timestamp | null;
  last_error: string | null;
  last_status_code: number | null;
  lease_id: string | null;
  /**
   * Attempts whose process died; they are not counted in attempts.
   */
  lost_attempts: Generated<number>;
  occurred_at: Generated<Timestamp>;
  ordering_key: string | null;
  organization_id: string;
  status: Generated<string>;
  subscription_id: string | null;
}

export interface EventDeliveryAttempts {
  attempt: number;
  delivery_id: string;
  endpoint_id: string;
  error: string | null;
  error_code: string | null;
  id: Generated<string>;
  latency_ms: number | null;
  occurred_at: Generated<Timestamp>;
  organization_id: string;
  outcome: string;
  /**
   * The beginning of the answer, as text without control characters. From outside: never markup.
   */
  response_excerpt: string | null;
  retry_at: Timestamp | null;
  status_code: number | null;
}

export interface EventDirtyHours {
  /**
   * When the hour begins.
   */
  hour: Timestamp;
  id: Generated<string>;
  organization_id: string;
}

export interface EventEndpoints {
  concurrency_max: Generated<number>;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  /**
   * Whose it is, in the tenant's own words: the portal shows a customer theirs alone. Null: the tenant's.
   */
  customer: string | null;
  deleted_at: Timestamp | null;
  description: string | null;
  disabled_at: Timestamp | null;
  /**
   * user; gone: it answered 410; failing: nothing but failures for days.
   */
  disabled_reason: string | null;
  header_names: Generated<string[]>;
  /**
   * Sealed JSON: headers sent along, which may hold a token.
   */
  headers: string | null;
  id: Generated<string>;
  is_active: Generated<boolean>;
  jitter_percent: Generated<number>;
  /**
   * Which of the events meant for its customer it wants: patterns as in subscriptions; none: all.
   */
  names: Generated<string[]>;
  /**
   * A place in the event: those with the same value there are sent one after the other. '*': all of them.
   */
  order_by: string | null;
  organization_id: string;
  previous_secret: string | null;
  previous_secret_expires_at: Timestamp | null;
  rate_per_second: number | null;
  retry_schedule_seconds: number[] | null;
  /**
   * Sealed by the organization's data key, bound to this row; never shown again.
   */
  secret: string;
  timeout_ms: Generated<number>;
  updated_at: Generated<Timestamp>;
  url: string;
}

export interface EventProcessingLogs {
  detail: Json | null;
  event_id: string;
  event_occurred_at: Timestamp;
  id: Generated<string>;
  occurred_at: Generated<Timestamp>;
  organization_id: string;
  outcome: string;
  subscription_id: string;
  task_id: string | null;
}

export interface EventRetention {
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  id: Generated<string>;
  /**
   * After it occurred and was received. All go after 25 months, with their partitions.
   */
  keep_days: number;
  organization_id: string;
  /**
   * *: of any source.
   */
  source: Generated<string>;
  /**
   * *: of any type.
   */
  type: Generated<string>;
}

export interface Events {
  actor: string | null;
  attempts: Generated<number>;
  branch: string | null;
  category: Generated<string>;
  claimed_at: Timestamp | null;
  commit_sha: string | null;
  error: Json | null;
  /**
   * The type of ours it had when it was received. No key, as for the others: a ledger outlives what it mentions.
   */
  event_type_id: string | null;
  external_id: string | null;
  id: Generated<string>;
  /**
   * The sender's time, kept within [13 months ago, tomorrow]; claimed_at is what it said.
   */
  occurred_at: Generated<Timestamp>;
  organization_id: string;
  payload: Json;
  /**
   * Length of the JSON text as it was sent: what a reader of many has to hold.
   */
  payload_bytes: number;
  priority: Generated<number>;
  processed_at: Timestamp | null;
  project_id: string | null;
  pull_request_number: number | null;
  received_at: Generated<Timestamp>;
  repository_full_name: string | null;
  /**
   * The repository of ours it names, if we know it. No key: a ledger outlives what it mentions.
   */
  repository_id: string | null;
  /**
   * For CloudEvents: the attributes as they were sent.
   */
  sender_context: Json | null;
  /**
   * The scheme of its source: github, slack, …; api for events sent with a key.
   */
  source: string;
  source_id: string | null;
  /**
   * pending: not yet matched; processed: a subscription wanted it; skipped: none did; failed: see error.
   */
  status: Generated<string>;
  /**
   * The task of ours it names.
   */
  task_id: string | null;
  title: string | null;
  type: string;
  url: string | null;
  /**
   * The member who caused it, found by a linked identity or by the address, in this organization only.
   */
  user_id: string | null;
  xid: string;
}

export interface EventSources {
  configuration: Generated<Json>;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  id: Generated<string>;
  is_active: Generated<boolean>;
  name: string;
  organization_id: string;
  /**
   * Also accepted until previous_secret_expires_at, while the sender is being changed over.
   */
  previous_secret: string | null;
  previous_secret_expires_at: Timestamp | null;
  project_id: string | null;
  scheme: string;
  /**
   * Sealed by the organization's data key, bound to this row; never shown again.
   */
  secret: string;
  token_last4: string;
  updated_at: Generated<Timestamp>;
}

export interface EventSourceTokens {
  hash: Buffer;
  id: string;
  organization_id: string;
}

export interface EventSubscriptions {
  action: string;
  /**
   * { "count_max", "seconds_max" }: acts once for several events, as one event that lists them.
   */
  batch: Json | null;
  categories: Generated<string[]>;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  deleted_at: Timestamp | null;
  /**
   * The condition as a JSON tree; src/modules/events/filter says how it is read.
   */
  filter: Json | null;
  id: Generated<string>;
  is_active: Generated<boolean>;
  name: string;
  names: Generated<string[]>;
  organization_id: string;
  sources: Generated<string[]>;
  /**
   * For task: { "task_type", "priority"? }; webhook: { "endpoint_id" } or { "customer_from" }; workflow: { "workflow", "version"?, "correlation_from"? }.
   */
  target: Json;
  updated_at: Generated<Timestamp>;
}

export interface EventSummary {
  category: string | null;
  events: Int8 | null;
  failed: Int8 | null;
  hour: Timestamp | null;
  organization_id: string | null;
  payload_bytes: Int8 | null;
  pending: Int8 | null;
  processed: Int8 | null;
  skipped: Int8 | null;
  source: string | null;
  type: string | null;
}

export interface EventTypeCatalogue {
  category: string;
  description: string;
  is_active: Generated<boolean>;
  /**
   * The sender's word; of GitHub and Linear the type of an event has the action behind it: issues.opened.
   */
  name: string;
  payload_schema: Json | null;
  retention_days: number | null;
  schema_version: Generated<number>;
  source: string;
}

export interface EventTypes {
  category: Generated<string>;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  deleted_at: Timestamp | null;
  description: Generated<string>;
  id: Generated<string>;
  /**
   * Events of a type that is not active are stored and skipped.
   */
  is_active: Generated<boolean>;
  name: string;
  organization_id: string;
  /**
   * JSON Schema; an event that breaks it is stored and failed. Null: any payload.
   */
  payload_schema: Json | null;
  retention_days: number | null;
  /**
   * Counts the changes of payload_schema.
   */
  schema_version: Generated<number>;
  source: string;
  updated_at: Generated<Timestamp>;
}

export interface ExternalWorkers {
  /**
   * The key it registered with; no other may speak for it.
   */
  api_key_id: string;
  id: Generated<string>;
  /**
   * When it was last heard of, within ten seconds.
   */
  last_seen_at: Generated<Timestamp>;
  /**
   * What it holds runs elsewhere after so long without a sign of life.
   */
  lease_seconds: number;
  name: Generated<string>;
  organization_id: string;
  /**
   * When it registered.
   */
  started_at: Generated<Timestamp>;
  /**
   * When it was taken off; null: it was not, and may be dead.
   */
  stopped_at: Timestamp | null;
  /**
   * What it may claim.
   */
  task_types: string[];
}

export interface FileAnalysis {
  cognitive: number | null;
  cyclomatic: number | null;
  debt_minutes: Generated<number>;
  family: string | null;
  file_path: string;
  functions: number | null;
  id: Generated<string>;
  issues_total: Generated<number>;
  language: string | null;
  lines_blank: number | null;
  lines_code: number | null;
  lines_comment: number | null;
  lines_total: number | null;
  maintainability_index: number | null;
  metrics: Generated<Json>;
  nesting_max: number | null;
  organization_id: string;
  parse_status: string;
  reason: Json | null;
  run_id: string;
  size_bytes: Int8;
}

export interface GatewayCalls {
  agent_id: string | null;
  /**
   * What requested_model was, where it was an alias.
   */
  alias: string | null;
  api_key_id: string | null;
  /**
   * How often a provider was asked.
   */
  attempts: Generated<number>;
  cache_write_tokens: Int8 | null;
  cached_input_tokens: Int8 | null;
  /**
   * The one that was asked last. It may be gone by now.
   */
  connection_id: string | null;
  /**
   * How the contents were kept.
   */
  content: Generated<string>;
  duration_ms: number | null;
  ended_at: Timestamp | null;
  /**
   * Ours, or provider_ and the status the provider gave.
   */
  error_code: string | null;
  /**
   * Until the first byte of the answer was passed on.
   */
  first_token_ms: number | null;
  id: Generated<string>;
  /**
   * The five kinds of tokens are a partition; null: nothing is known.
   */
  input_tokens: Int8 | null;
  /**
   * From the request, before the call: what a lost one is charged.
   */
  input_tokens_estimate: Generated<Int8>;
  /**
   * The provider's count is missing or not whole (cut, cancelled, lost).
   */
  is_estimated: Generated<boolean>;
  is_stream: Generated<boolean>;
  /**
   * running: when its process is taken for dead unless it says so again.
   */
  lease_expires_at: Timestamp | null;
  /**
   * As the provider was asked.
   */
  model: string | null;
  occurred_at: Generated<Timestamp>;
  organization_id: string;
  output_tokens: Int8 | null;
  project_id: string | null;
  provider: string | null;
  /**
   * The usage as the provider sent it.
   */
  raw_usage: Json | null;
  reasoning_tokens: Int8 | null;
  /**
   * JSON, cut where it is long. From outside: never markup.
   */
  request_content: string | null;
  /**
   * As the client said it.
   */
  requested_model: string;
  /**
   * JSON; of a stream what it came to. From a model: never markup.
   */
  response_content: string | null;
  /**
   * refused: by us, no provider was asked; cancelled: the client went away; lost: its process died.
   */
  status: Generated<string>;
  /**
   * What the client got; null where it had gone.
   */
  status_code: number | null;
  /**
   * From the client's traceparent.
   */
  trace_id: string | null;
  user_id: string | null;
  wire: string;
}

export interface GatewayPolicies {
  /**
   * Models or aliases that may be asked for, each may end in *; null: all.
   */
  allowed_models: string[] | null;
  /**
   * What the log keeps of requests and answers: all, what is left without secrets, or nothing (the default).
   */
  content_capture: string | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  id: Generated<string>;
  organization_id: string;
  /**
   * How many tokens a call that names no limit may put out, where a budget must know.
   */
  output_tokens_cap: number | null;
  /**
   * Null: of the organization.
   */
  project_id: string | null;
  updated_at: Generated<Timestamp>;
  /**
   * What becomes of calls while the database can not be reached: refuse (the default), or allow without budgets.
   */
  when_unreachable: string | null;
}

export interface GatewayRateCounts {
  /**
   * The latest time it was counted at; time does not go back here, whichever process's clock says so.
   */
  counted_at: Timestamp;
  /**
   * When each of the counts is no longer within a minute.
   */
  expires_at: Generated<ArrayType<Timestamp>>;
  /**
   * The limit that is counted.
   */
  limit_id: string;
  organization_id: string;
  /**
   * Requests, for each of expires_at.
   */
  requests: Generated<ArrayType<Int8>>;
  /**
   * Tokens, for each of expires_at.
   */
  tokens: Generated<ArrayType<Int8>>;
}

export interface GatewayRateLimits {
  /**
   * The agent whose calls count; without a key, for agents are made by a module above this one.
   */
  agent_id: string | null;
  /**
   * The key whose calls count.
   */
  api_key_id: string | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  id: Generated<string>;
  /**
   * One that is not lets everything pass.
   */
  is_active: Generated<boolean>;
  organization_id: string;
  /**
   * The project, where the scope is one; likewise the three columns after it.
   */
  project_id: string | null;
  /**
   * Null: no limit of requests.
   */
  requests_per_minute: number | null;
  /**
   * Whose calls count: all of the organization, or those of the one project, user, agent or api_key named beside.
   */
  scope: string;
  /**
   * The one of the four that is named, else the organization.
   */
  target_id: Generated<string>;
  /**
   * Null: no limit of tokens. A call counts with its worst case.
   */
  tokens_per_minute: Int8 | null;
  updated_at: Generated<Timestamp>;
  /**
   * The member whose calls count; the limit goes with the membership.
   */
  user_id: string | null;
}

export interface GithubEvents {
  action: string | null;
  additions: number | null;
  advisory_id: string | null;
  alert_number: number | null;
  app_slug: string | null;
  assignee_login: string | null;
  author_login: string | null;
  base_branch: string | null;
  base_sha: string | null;
  before_sha: string | null;
  branch: string | null;
  changed_files: number | null;
  check_name: string | null;
  check_run_id: Int8 | null;
  check_status: string | null;
  check_suite_id: Int8 | null;
  comment_id: Int8 | null;
  commits_count: number | null;
  completed_at: Timestamp | null;
  conclusion: string | null;
  cve_id: string | null;
  deletions: number | null;
  deployment_environment: string | null;
  deployment_id: Int8 | null;
  deployment_state: string | null;
  discussion_number: number | null;
  file_path: string | null;
  head_repository_full_name: string | null;
  head_sha: string | null;
  hook_id: Int8 | null;
  id: string;
  installation_id: Int8 | null;
  is_created: boolean | null;
  is_deleted: boolean | null;
  is_draft: boolean | null;
  is_forced: boolean | null;
  is_merged: boolean | null;
  is_prerelease: boolean | null;
  issue_number: number | null;
  job_id: Int8 | null;
  kind: string;
  label_name: string | null;
  labels: string[] | null;
  member_login: string | null;
  merge_sha: string | null;
  milestone_number: number | null;
  milestone_title: string | null;
  occurred_at: Timestamp;
  organization_github_id: Int8 | null;
  organization_id: string;
  organization_login: string | null;
  package_ecosystem: string | null;
  package_name: string | null;
  package_version: string | null;
  project_number: number | null;
  pull_request_number: number | null;
  ref: string | null;
  ref_type: string | null;
  release_id: Int8 | null;
  repository_full_name: string | null;
  repository_github_id: Int8 | null;
  repository_is_private: boolean | null;
  review_id: Int8 | null;
  review_state: string | null;
  reviewer_login: string | null;
  rule_name: string | null;
  run_attempt: number | null;
  run_id: Int8 | null;
  run_number: number | null;
  runner_name: string | null;
  sender_github_id: Int8 | null;
  sender_login: string | null;
  severity: string | null;
  started_at: Timestamp | null;
  state: string | null;
  state_reason: string | null;
  subject_name: string | null;
  tag: string | null;
  team_slug: string | null;
  trigger_event: string | null;
  workflow_id: Int8 | null;
  workflow_name: string | null;
}

export interface IdempotencyKeys {
  created_at: Generated<Timestamp>;
  expires_at: Timestamp;
  id: Generated<string>;
  key: string;
  organization_id: string;
  principal: string;
  request_hash: Buffer;
  response: string | null;
  status: number | null;
}

export interface Invitations {
  /**
   * When somebody joined by it: it is used up.
   */
  accepted_at: Timestamp | null;
  /**
   * Who joined; the address of their account may be another.
   */
  accepted_by: string | null;
  created_at: Generated<Timestamp>;
  /**
   * The address that was invited, lower case. Not proven by it.
   */
  email: string;
  /**
   * Seven days after the link was made.
   */
  expires_at: Timestamp;
  id: Generated<string>;
  /**
   * Null: the operator, at the command line.
   */
  invited_by: string | null;
  /**
   * A new link replaces the one before.
   */
  links_made: Generated<number>;
  organization_id: string;
  /**
   * When it was taken back, or made way for a new one.
   */
  revoked_at: Timestamp | null;
  /**
   * What the person becomes; at most what who invited may give when it is accepted.
   */
  role: string;
  /**
   * SHA-256 of the link.
   */
  token_hash: Buffer;
  updated_at: Generated<Timestamp>;
}

export interface Issues {
  branch: Generated<string>;
  created_at: Generated<Timestamp>;
  element_path: string | null;
  end_line: number | null;
  file_path: string;
  fingerprint: string;
  first_run_id: string;
  id: Generated<string>;
  last_run_id: string;
  message: string;
  metric: string | null;
  organization_id: string;
  remediation_minutes: number;
  repository_id: string;
  resolved_at: Timestamp | null;
  rule_id: string;
  severity: string;
  start_line: number | null;
  status: Generated<string>;
  threshold: number | null;
  updated_at: Generated<Timestamp>;
  value: number | null;
}

export interface LinearEvents {
  action: string | null;
  actor_id: string | null;
  actor_name: string | null;
  actor_type: string | null;
  archived_at: Timestamp | null;
  assignee_id: string | null;
  assignee_name: string | null;
  branch: string | null;
  canceled_at: Timestamp | null;
  changed_fields: string[] | null;
  comment_id: string | null;
  completed_at: Timestamp | null;
  creator_id: string | null;
  cycle_id: string | null;
  cycle_number: number | null;
  document_id: string | null;
  due_on: string | null;
  estimate: number | null;
  health: string | null;
  id: string;
  initiative_id: string | null;
  issue_id: string | null;
  issue_identifier: string | null;
  issue_number: number | null;
  kind: string;
  label_name: string | null;
  labels: string[] | null;
  linear_organization_id: string | null;
  linear_project_id: string | null;
  linear_project_name: string | null;
  occurred_at: Timestamp;
  organization_id: string;
  parent_issue_id: string | null;
  priority: number | null;
  priority_label: string | null;
  reaction: string | null;
  sla_status: string | null;
  started_at: Timestamp | null;
  state_name: string | null;
  state_type: string | null;
  subject_id: string | null;
  team_id: string | null;
  team_key: string | null;
  team_name: string | null;
  webhook_id: string | null;
}

export interface MetricDefinitions {
  definition: string;
  family: string;
  formula: string;
  levels: string[];
  metric: string;
  source: string;
  unit: string;
  version: string;
}

export interface ModelAliases {
  alias: string;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  description: Generated<string>;
  id: Generated<string>;
  is_active: Generated<boolean>;
  organization_id: string;
  updated_at: Generated<Timestamp>;
}

export interface ModelAliasTargets {
  alias_id: string;
  connection_id: string;
  id: Generated<string>;
  model: string;
  organization_id: string;
  /**
   * Lower first; a higher one is called when those below have failed.
   */
  priority: Generated<number>;
  /**
   * Its part of the calls among those of its priority.
   */
  weight: Generated<number>;
}

export interface ModelPriceProviders {
  created_at: Generated<Timestamp>;
  /**
   * Whose models it sells at their prices, where it has none of its own.
   */
  fallback_providers: Generated<string[]>;
  /**
   * Which names mean this provider besides its own: conditions as in model_prices.match.
   */
  match: Json | null;
  name: string;
  /**
   * Where more than one match a name, the first does.
   */
  position: number;
  provider: string;
  /**
   * When the catalogue was written last: who holds a copy of it compares this.
   */
  seeded_at: Timestamp;
  /**
   * The version of @pydantic/genai-prices it was copied from.
   */
  source_version: string;
}

export interface ModelPrices {
  /**
   * The length of its context window, where known.
   */
  context_tokens: Int8 | null;
  created_at: Generated<Timestamp>;
  /**
   * It holds in these hours of each day, in UTC; past midnight where daily_to is earlier.
   */
  daily_from: string | null;
  daily_to: string | null;
  /**
   * Which names mean this model: { "equals" | "starts_with" | "ends_with" | "contains" | "regex": text } or { "and" | "or": [...] }.
   */
  match: Json;
  model: string;
  name: string | null;
  /**
   * As the source has them: audio, images, searches. Nothing is charged by these.
   */
  other_prices: Json | null;
  /**
   * Of the models of one provider: the first whose match holds is the one that is meant.
   */
  position: number;
  /**
   * USD a million tokens as decimal strings: input, cached_input, cache_write, cache_write_1h, output, reasoning; request: USD a call; tiers: [{ "above": input tokens of the call, and prices }]. {}: nobody says.
   */
  prices: Json;
  provider: string;
  source_version: string;
  /**
   * Of the prices of one model: the last that holds at a time counts, and where none does, step 0.
   */
  step: number;
  /**
   * In UTC.
   */
  valid_from: Timestamp | null;
}

export interface Notifications {
  /**
   * Plain text.
   */
  body: string | null;
  created_at: Generated<Timestamp>;
  /**
   * The event that told it; it may be gone by now.
   */
  event_id: string;
  event_occurred_at: Timestamp;
  event_type: string;
  id: Generated<string>;
  is_read: Generated<boolean | null>;
  organization_id: string;
  read_at: Timestamp | null;
  subscription_id: string;
  title: string;
  user_id: string;
}

export interface OneTimeTokens {
  created_at: Generated<Timestamp>;
  details: Generated<Json>;
  expires_at: Timestamp;
  id: Generated<string>;
  kind: string;
  token_hash: Buffer;
  used_at: Timestamp | null;
  user_id: string | null;
}

export interface OrganizationMemberships {
  avatar_url: string | null;
  created_at: Generated<Timestamp>;
  display_name: Generated<string>;
  email: string;
  id: Generated<string>;
  organization_id: string;
  permissions: Generated<Json>;
  role: Generated<string>;
  updated_at: Generated<Timestamp>;
  user_id: string;
}

export interface Organizations {
  created_at: Generated<Timestamp>;
  deleted_at: Timestamp | null;
  id: Generated<string>;
  name: string;
  settings: Generated<Json>;
  slug: string;
  updated_at: Generated<Timestamp>;
}

export interface OrganizationSlugs {
  organization_id: string;
  slug: string;
}

export interface PriceOverrides {
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  id: Generated<string>;
  /**
   * The model's name as it is called with, in lower case; no pattern.
   */
  model: string;
  note: string | null;
  organization_id: string;
  /**
   * As in model_prices; and batch: the same prices for batches.
   */
  prices: Json;
  provider: string;
  updated_at: Generated<Timestamp>;
  /**
   * Null: since ever.
   */
  valid_from: Timestamp | null;
  /**
   * The first instant at which it no longer holds; null: for ever.
   */
  valid_to: Timestamp | null;
}

export interface ProcessingPerformance {
  attempts: Int8 | null;
  avg_seconds: number | null;
  events: Int8 | null;
  failed: Int8 | null;
  max_seconds: number | null;
  oldest_waiting_at: Timestamp | null;
  organization_id: string | null;
  p50_seconds: number | null;
  p95_seconds: number | null;
  source: string | null;
  type: string | null;
  waiting: Int8 | null;
}

export interface ProjectRepositories {
  created_at: Generated<Timestamp>;
  id: Generated<string>;
  organization_id: string;
  project_id: string;
  repository_id: string;
}

export interface Projects {
  archived_at: Timestamp | null;
  container_id: string | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  deleted_at: Timestamp | null;
  description: Generated<string>;
  due_on: Timestamp | null;
  git_repo_url: string | null;
  goals: Generated<Json>;
  id: Generated<string>;
  last_accessed_at: Timestamp | null;
  name: string;
  organization_id: string;
  owner_id: Generated<string | null>;
  priority: Generated<number>;
  slug: string;
  starts_on: Timestamp | null;
  status: Generated<string>;
  template_type: string | null;
  updated_at: Generated<Timestamp>;
}

export interface ProviderConnections {
  base_url: string;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  header_names: Generated<string[]>;
  /**
   * Sealed JSON: headers sent along, which may hold a token.
   */
  headers: string | null;
  id: Generated<string>;
  is_active: Generated<boolean>;
  /**
   * Sealed by the organization's data key, bound to this row; never shown again.
   */
  key: string | null;
  /**
   * So that people can tell their keys apart; none of a short key.
   */
  key_last4: string | null;
  /**
   * Models that may be called over it, each may end in *; null: all.
   */
  models: string[] | null;
  name: string;
  organization_id: string;
  /**
   * Whose prices hold: openai, anthropic, groq, …
   */
  provider: string;
  /**
   * What the last test came to; null with tested_at: it was answered.
   */
  test_error: string | null;
  tested_at: Timestamp | null;
  updated_at: Generated<Timestamp>;
  /**
   * The format it speaks: OpenAI's or Anthropic's.
   */
  wire: string;
}

export interface ReadyTasks {
  assigned_agents: string[] | null;
  assigned_to: string | null;
  attempts: number | null;
  completed_at: Timestamp | null;
  concurrency_key: string | null;
  concurrency_limit: number | null;
  created_at: Timestamp | null;
  created_by: string | null;
  deleted_at: Timestamp | null;
  description: string | null;
  error: Json | null;
  execution_time_seconds: Numeric | null;
  has_dependants: boolean | null;
  id: string | null;
  idempotency_key: string | null;
  max_attempts: number | null;
  metadata: Json | null;
  on_dependency_failure: string | null;
  organization_id: string | null;
  parent_task_id: string | null;
  payload: Json | null;
  pending_dependencies: number | null;
  primary_agent: string | null;
  priority: number | null;
  project_id: string | null;
  repository_id: string | null;
  results: Json | null;
  scheduled_at: Timestamp | null;
  started_at: Timestamp | null;
  status: string | null;
  task_type: string | null;
  timeout_seconds: number | null;
  title: string | null;
  updated_at: Timestamp | null;
}

export interface RegisteredFunctions {
  callers: string[];
  exposed: boolean;
  registered_at: Generated<Timestamp>;
  security: string;
  signature: string;
  tenant_argument: string | null;
}

export interface RegisteredTables {
  admins_see: boolean;
  audit: string;
  definer_verbs: string[];
  fixed_columns: string[];
  has_shared_with: boolean;
  partition_by: string | null;
  personal_columns: string[];
  /**
   * Order of making. References go down it, so a tenant is removed in the reverse order.
   */
  position: number;
  registered_at: Generated<Timestamp>;
  request_verbs: string[];
  retention: Interval | null;
  secret_columns: string[];
  table_name: string;
  tenant_column: string | null;
  touches_updated_at: boolean;
  /**
   * A change of these alone makes no audit entry: when a key was last used.
   */
  unaudited_columns: string[];
  user_column: string | null;
  visibility: string;
}

export interface Repositories {
  analysis_config: Generated<Json>;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  default_branch: Generated<string>;
  full_name: string;
  full_name_lower: Generated<string>;
  id: Generated<string>;
  languages: Generated<string[]>;
  last_analyzed_at: Timestamp | null;
  name: string;
  organization_id: string;
  provider: Generated<string>;
  updated_at: Generated<Timestamp>;
  url: string | null;
}

export interface RepositoryActivity {
  actors: Int8 | null;
  ci_events: Int8 | null;
  code_events: Int8 | null;
  events: Int8 | null;
  events_last_day: Int8 | null;
  events_last_week: Int8 | null;
  issue_events: Int8 | null;
  last_event_at: Timestamp | null;
  organization_id: string | null;
  repository_full_name: string | null;
  repository_id: string | null;
  review_events: Int8 | null;
}

export interface ScheduleFirings {
  created_at: Generated<Timestamp>;
  error: Json | null;
  id: Generated<string>;
  kind: Generated<string>;
  organization_id: string;
  outcome: string;
  schedule_id: string;
  /**
   * The task. No key: firings and tasks are kept for different times.
   */
  task_id: string | null;
  /**
   * The time the schedule named; for a manual run, when it was asked for.
   */
  tick: Timestamp;
}

export interface Schedules {
  /**
   * What happens to ticks that were missed while no scheduler ran: none fires, the last one, or all up to catch_up_max.
   */
  catch_up: Generated<string>;
  catch_up_max: Generated<number>;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  cron: string;
  /**
   * The name of the definition that is enqueued; or task_type says what.
   */
  definition: string | null;
  /**
   * Its version; null: the newest active one at each tick.
   */
  definition_version: number | null;
  deleted_at: Timestamp | null;
  description: Generated<string>;
  id: Generated<string>;
  is_active: Generated<boolean>;
  last_run_at: Timestamp | null;
  name: string;
  /**
   * The next tick; null: paused, or there is none.
   */
  next_run_at: Timestamp | null;
  organization_id: string;
  payload: Json | null;
  priority: Generated<number>;
  task_type: string | null;
  timezone: Generated<string>;
  updated_at: Generated<Timestamp>;
}

export interface SchemaMigrations {
  applied_at: Generated<Timestamp>;
  applied_by: Generated<string>;
  checksum: string;
  description: string;
  duration_ms: number | null;
  module: string;
  name: string;
  oldest_program_version: string;
  program_version: string;
  rolled_back_at: Timestamp | null;
  rolled_back_by: string | null;
  sequence: number;
  status: string;
  version: number;
}

export interface SecurityEvents {
  api_key_id: string | null;
  details: Generated<Json>;
  id: Generated<string>;
  ip_address: string | null;
  kind: string;
  occurred_at: Generated<Timestamp>;
  organization_id: string | null;
  request_id: string | null;
  severity: Generated<string>;
  user_id: string | null;
}

export interface SignInAttempts {
  blocked_until: Timestamp;
  bucket: string;
  failures: number;
  last_failure_at: Timestamp;
}

export interface SlackEvents {
  action_id: string | null;
  action_value: string | null;
  api_app_id: string | null;
  bot_id: string | null;
  callback_id: string | null;
  channel_id: string | null;
  channel_name: string | null;
  channel_type: string | null;
  command: string | null;
  command_text: string | null;
  edited_ts: string | null;
  enterprise_id: string | null;
  event_ts: string | null;
  file_id: string | null;
  files_count: number | null;
  id: string;
  inviter_id: string | null;
  is_hidden: boolean | null;
  is_shared_channel: boolean | null;
  item_channel_id: string | null;
  item_ts: string | null;
  item_type: string | null;
  item_user_id: string | null;
  kind: string;
  link_domain: string | null;
  message_ts: string | null;
  occurred_at: Timestamp;
  organization_id: string;
  reaction: string | null;
  subtype: string | null;
  tab: string | null;
  team_id: string | null;
  thread_ts: string | null;
  user_id: string | null;
  user_name: string | null;
  view_id: string | null;
}

export interface SubscriptionBatches {
  /**
   * When they are acted on, full or not.
   */
  due_at: Timestamp;
  /**
   * [{ "id", "occurred_at" }], in the order they were matched.
   */
  events: Json;
  id: string;
  organization_id: string;
}

export interface SystemSettings {
  key: string;
  updated_at: Generated<Timestamp>;
  value: Json;
}

export interface TaskAttempts {
  attempt: number;
  duration_ms: number | null;
  error: Json | null;
  id: Generated<string>;
  occurred_at: Generated<Timestamp>;
  organization_id: string;
  outcome: string;
  retry_at: Timestamp | null;
  task_id: string;
  worker_id: string | null;
}

export interface TaskDefinitions {
  concurrency_key: string | null;
  concurrency_limit: number | null;
  cpu_cores: Numeric | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  /**
   * Fields a payload has unless it says otherwise.
   */
  default_configuration: Generated<Json>;
  deleted_at: Timestamp | null;
  description: Generated<string>;
  disk_mb: number | null;
  id: Generated<string>;
  /**
   * Whether the version may be enqueued; enqueueing by name takes the newest that may.
   */
  is_active: Generated<boolean>;
  /**
   * Its task type is run by workers outside the server; no module declares it.
   */
  is_external: Generated<boolean>;
  max_retries: Generated<number>;
  memory_mb: number | null;
  name: string;
  /**
   * Codes of failures after which a task is not tried again.
   */
  non_retryable_codes: Generated<string[]>;
  organization_id: string;
  /**
   * JSON Schema of the payload, checked when a task is enqueued by this definition.
   */
  parameter_schema: Generated<Json>;
  retry_backoff_multiplier: Generated<Numeric>;
  retry_delay_max_seconds: Generated<Numeric>;
  retry_delay_seconds: Generated<Numeric>;
  /**
   * Share of each pause that is random: 0 none, 1 all ("full jitter").
   */
  retry_jitter: Generated<Numeric>;
  task_type: string;
  timeout_seconds: Generated<number>;
  updated_at: Generated<Timestamp>;
  version: number;
}

export interface TaskDependencies {
  created_at: Generated<Timestamp>;
  /**
   * The task it waits for: never itself, nor one that waits for it.
   */
  depends_on_task_id: string;
  /**
   * What the task waits for: that the other has ended in any way (completion), has completed (success), or has failed (failure).
   */
  kind: Generated<string>;
  organization_id: string;
  /**
   * The task that waits.
   */
  task_id: string;
}

export interface TaskExecutionLogs {
  attempt: number;
  data: Json | null;
  id: Generated<string>;
  level: Generated<string>;
  message: string;
  occurred_at: Generated<Timestamp>;
  organization_id: string;
  task_id: string;
}

export interface TaskKeyTurns {
  /**
   * The key that was served last: the next claim begins behind it.
   */
  last_key: string;
  organization_id: string;
  task_type: string;
}

export interface TaskLeases {
  attempts: number[];
  claimed_at: Timestamp;
  /**
   * The keys of its tasks, each of which holds a slot of its key as long as it stands here; null: none has one.
   */
  concurrency_keys: string[] | null;
  expires_at: Timestamp;
  id: string;
  organization_ids: string[];
  task_ids: string[];
  worker_id: string;
}

export interface TaskLimits {
  concurrency_key: string;
  /**
   * How many tasks with the key workers hold at once; null: what the tasks say themselves.
   */
  concurrency_limit: number | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  id: Generated<string>;
  organization_id: string;
  /**
   * How many tasks with the key are claimed in any rate_seconds; null: no limit.
   */
  rate_limit: number | null;
  /**
   * The time in which no more than rate_limit tasks are claimed.
   */
  rate_seconds: Numeric | null;
  updated_at: Generated<Timestamp>;
}

export interface TaskOutcomeCounts {
  /**
   * Only grows.
   */
  attempts: Int8;
  /**
   * retried: it failed and another attempt follows; failed: it failed for good.
   */
  outcome: string;
  /**
   * A type that a module declares; external: those of workers outside; unknown: of attempts that were lost with their worker.
   */
  task_type: string;
  updated_at: Generated<Timestamp>;
}

export interface TaskProgress {
  attempt: number;
  fraction: number;
  message: Generated<string>;
  organization_id: string;
  reported_at: Timestamp;
  task_id: string;
}

export interface TaskQueue {
  attempt: number;
  concurrency_key: string | null;
  concurrency_limit: number | null;
  id: string;
  organization_id: string;
  /**
   * A copy of a small payload; null: read it from the task.
   */
  payload: Json | null;
  priority: number;
  run_at: Timestamp;
  task_type: string;
  timeout_seconds: number;
}

export interface TaskRates {
  concurrency_key: string;
  counts: number[];
  /**
   * When each of the counts is no longer within the time.
   */
  expires_at: ArrayType<Timestamp>;
  organization_id: string;
  /**
   * While the rate is used up: when the first of it is free again.
   */
  renews_at: Timestamp | null;
}

export interface TaskResourceUsage {
  attempt: number;
  cpu_ms: number | null;
  /**
   * CPU time in percent of the duration; above 100 on several cores.
   */
  cpu_usage_percent: Numeric | null;
  /**
   * Read from and written to storage.
   */
  disk_usage_mb: Numeric | null;
  duration_ms: number;
  exit_code: number | null;
  id: Generated<string>;
  measured_at: Generated<Timestamp>;
  /**
   * The most that its processes held at once.
   */
  memory_usage_mb: Numeric | null;
  network_io_mb: Numeric | null;
  organization_id: string;
  task_id: string;
}

export interface Tasks {
  assigned_agents: Generated<string[]>;
  assigned_to: string | null;
  /**
   * Attempts that have ended, or of which a worker has reported being in the middle.
   */
  attempts: Generated<number>;
  completed_at: Timestamp | null;
  /**
   * Tasks with an equal key share a limit of how many are held by workers at once: that of task_limits, or their own.
   */
  concurrency_key: string | null;
  /**
   * How many with its key, where task_limits says nothing; null: counted, not limited.
   */
  concurrency_limit: number | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  /**
   * The version of the definition it was enqueued by. No key: all enqueueing by it would lock one row.
   */
  definition_id: string | null;
  deleted_at: Timestamp | null;
  description: string | null;
  error: Json | null;
  execution_time_seconds: Generated<Numeric | null>;
  /**
   * Whether a task has ever waited for this one: what ending it looks at.
   */
  has_dependants: Generated<boolean>;
  id: Generated<string>;
  idempotency_key: string | null;
  max_attempts: Generated<number>;
  metadata: Generated<Json>;
  /**
   * When a dependency ends otherwise than asked: cancel or fail this task, or run it once all have ended.
   */
  on_dependency_failure: Generated<string>;
  organization_id: string;
  parent_task_id: string | null;
  payload: Generated<Json>;
  /**
   * While blocked or paused: how many of its dependencies have not ended.
   */
  pending_dependencies: Generated<number>;
  primary_agent: string | null;
  priority: Generated<number>;
  project_id: string | null;
  repository_id: string | null;
  results: Json | null;
  scheduled_at: Generated<Timestamp>;
  started_at: Timestamp | null;
  /**
   * pending: due or delayed; retrying: failed, and waits for its next attempt; running is set by the worker's first heartbeat, so a short task never shows it.
   */
  status: Generated<string>;
  task_type: string;
  timeout_seconds: Generated<number>;
  title: Generated<string>;
  updated_at: Generated<Timestamp>;
  /**
   * Somebody woke it while it was not among the timers: its next suspension ends at once.
   */
  woken: Generated<boolean>;
}

export interface TaskSummary {
  attempts: Int8 | null;
  average_execution_seconds: Numeric | null;
  last_completed_at: Timestamp | null;
  oldest_scheduled_at: Timestamp | null;
  organization_id: string | null;
  status: string | null;
  task_type: string | null;
  tasks: Int8 | null;
}

export interface TaskTimers {
  id: string;
  organization_id: string;
  run_at: Timestamp;
}

export interface TaskWaiters {
  /**
   * The task whose end wakes it.
   */
  awaited_task_id: string;
  organization_id: string;
  /**
   * The task that is woken.
   */
  task_id: string;
}

export interface UserCredentials {
  changed_at: Generated<Timestamp>;
  password_hash: string;
  user_id: string;
}

export interface UserIdentities {
  created_at: Generated<Timestamp>;
  /**
   * As in the token (iss) and in the configuration.
   */
  issuer: string;
  /**
   * As in the token (sub).
   */
  subject: string;
  /**
   * Whom its tokens act as.
   */
  user_id: string;
}

export interface Users {
  created_at: Generated<Timestamp>;
  deleted_at: Timestamp | null;
  /**
   * Lower case.
   */
  email: string;
  full_name: Generated<string>;
  id: Generated<string>;
  is_active: Generated<boolean>;
  is_verified: Generated<boolean>;
  last_login_at: Timestamp | null;
  learning_style: string | null;
  preferences: Generated<Json>;
  preferred_language: Generated<string>;
  /**
   * Platform-wide: user, admin (of the installation), superuser (may make admins).
   */
  role: Generated<string>;
  timezone: Generated<string>;
  updated_at: Generated<Timestamp>;
  username: string;
}

export interface UserSessions {
  created_at: Generated<Timestamp>;
  device: Generated<string>;
  expires_at: Timestamp;
  family: string;
  id: Generated<string>;
  ip_address: string | null;
  last_seen_at: Generated<Timestamp>;
  revoked_at: Timestamp | null;
  token_hash: Buffer;
  user_id: string;
}

export interface Workers {
  hostname: string;
  id: string;
  last_seen_at: Generated<Timestamp>;
  pid: number;
  program_version: string;
  started_at: Generated<Timestamp>;
  stopped_at: Timestamp | null;
  task_types: string[];
}

export interface WorkflowEvents {
  /**
   * The key of the step that took it; null: none yet.
   */
  consumed_by: string | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  id: Generated<string>;
  name: string;
  organization_id: string;
  payload: Json;
  run_id: string;
}

export interface WorkflowRuns {
  /**
   * Events sent with this key reach the run: an order's number, for example.
   */
  correlation_key: string | null;
  /**
   * No further work is begun once its steps have reported more than this; null: no ceiling.
   */
  cost_max: Numeric | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  /**
   * When it fails if it has not ended; null: never.
   */
  deadline_at: Timestamp | null;
  /**
   * The keys of the steps it failed by: what is done again when it is retried. Null: it has not failed.
   */
  failed_steps: string[] | null;
  id: string;
  name: string;
  organization_id: string;
  time_max_seconds: number | null;
  version: number;
  /**
   * The version it runs, where that is data; null: a workflow of the program's code.
   */
  workflow_id: string | null;
}

export interface Workflows {
  cost_max: Numeric | null;
  created_at: Generated<Timestamp>;
  created_by: Generated<string | null>;
  deleted_at: Timestamp | null;
  description: Generated<string>;
  /**
   * How its steps follow each other: one after the other, all at once, the first whose condition holds, again and again, or as they depend on each other.
   */
  execution_type: string;
  id: Generated<string>;
  /**
   * JSON Schema of the input, checked when a run is started.
   */
  input_schema: Generated<Json>;
  /**
   * Whether the version may be started; starting by name takes the newest that may.
   */
  is_active: Generated<boolean>;
  name: string;
  organization_id: string;
  /**
   * Of the execution type (while, max_iterations, concurrency), and the template of the output.
   */
  settings: Generated<Json>;
  time_max_seconds: number | null;
  updated_at: Generated<Timestamp>;
  version: number;
}

export interface WorkflowStepRuns {
  attempts: Generated<number>;
  completed_at: Timestamp | null;
  cost: Generated<Numeric>;
  /**
   * When it goes on at the latest: the end of a sleep, a timeout, the next attempt.
   */
  due_at: Timestamp | null;
  error: Json | null;
  /**
   * What the payload of the event must contain.
   */
  event_match: Json | null;
  event_name: string | null;
  /**
   * Its name, with its occurrence from the second on, behind the branch it is in: items/3/fetch#2.
   */
  key: string;
  kind: string;
  name: string;
  organization_id: string;
  /**
   * The how manieth operation of its branch it is: a replay must come to the same.
   */
  place: number;
  result: Json | null;
  run_id: string;
  /**
   * The branch it is in; empty: the workflow itself.
   */
  scope: string;
  started_at: Generated<Timestamp>;
  /**
   * waiting: for a time, an event, a task or people; retrying: failed, and waits for its next attempt.
   */
  status: string;
  /**
   * The task or run that it waits for. A plain id: the task may be forgotten before.
   */
  task_id: string | null;
}

export interface WorkflowSteps {
  /**
   * What a step of its type takes: templates and conditions.
   */
  definition: Json;
  /**
   * In a graph: the steps of its group that it comes after.
   */
  depends_on: string[] | null;
  key: string;
  organization_id: string;
  /**
   * The group it is in; null: the workflow itself.
   */
  parent_key: string | null;
  position: number;
  type: string;
  workflow_id: string;
}

export interface DB {
  activity_logs: ActivityLogs;
  analysis_metric_values: AnalysisMetricValues;
  analysis_runs: AnalysisRuns;
  api_key_hashes: ApiKeyHashes;
  api_keys: ApiKeys;
  approval_votes: ApprovalVotes;
  approvals: Approvals;
  audit_logs: AuditLogs;
  audit_personal_values: AuditPersonalValues;
  audit_seals: AuditSeals;
  budget_alerts: BudgetAlerts;
  budget_periods: BudgetPeriods;
  budget_reservations: BudgetReservations;
  budgets: Budgets;
  code_elements: CodeElements;
  cost_calls: CostCalls;
  cost_records: CostRecords;
  deployment_events: DeploymentEvents;
  encryption_keys: EncryptionKeys;
  endpoint_states: EndpointStates;
  error_logs: ErrorLogs;
  event_aggregations: EventAggregations;
  event_deduplication: EventDeduplication;
  event_deliveries: EventDeliveries;
  event_delivery_attempts: EventDeliveryAttempts;
  event_dirty_hours: EventDirtyHours;
  event_endpoints: EventEndpoints;
  event_processing_logs: EventProcessingLogs;
  event_retention: EventRetention;
  event_source_tokens: EventSourceTokens;
  event_sources: EventSources;
  event_subscriptions: EventSubscriptions;
  event_summary: EventSummary;
  event_type_catalogue: EventTypeCatalogue;
  event_types: EventTypes;
  events: Events;
  external_workers: ExternalWorkers;
  file_analysis: FileAnalysis;
  gateway_calls: GatewayCalls;
  gateway_policies: GatewayPolicies;
  gateway_rate_counts: GatewayRateCounts;
  gateway_rate_limits: GatewayRateLimits;
  github_events: GithubEvents;
  idempotency_keys: IdempotencyKeys;
  invitations: Invitations;
  issues: Issues;
  linear_events: LinearEvents;
  metric_definitions: MetricDefinitions;
  model_alias_targets: ModelAliasTargets;
  model_aliases: ModelAliases;
  model_price_providers: ModelPriceProviders;
  model_prices: ModelPrices;
  notifications: Notifications;
  one_time_tokens: OneTimeTokens;
  organization_memberships: OrganizationMemberships;
  organization_slugs: OrganizationSlugs;
  organizations: Organizations;
  price_overrides: PriceOverrides;
  processing_performance: ProcessingPerformance;
  project_repositories: ProjectRepositories;
  projects: Projects;
  provider_connections: ProviderConnections;
  ready_tasks: ReadyTasks;
  registered_functions: RegisteredFunctions;
  registered_tables: RegisteredTables;
  repositories: Repositories;
  repository_activity: RepositoryActivity;
  schedule_firings: ScheduleFirings;
  schedules: Schedules;
  schema_migrations: SchemaMigrations;
  security_events: SecurityEvents;
  sign_in_attempts: SignInAttempts;
  slack_events: SlackEvents;
  subscription_batches: SubscriptionBatches;
  system_settings: SystemSettings;
  task_attempts: TaskAttempts;
  task_definitions: TaskDefinitions;
  task_dependencies: TaskDependencies;
  task_execution_logs: TaskExecutionLogs;
  task_key_turns: TaskKeyTurns;
  task_leases: TaskLeases;
  task_limits: TaskLimits;
  task_outcome_counts: TaskOutcomeCounts;
  task_progress: TaskProgress;
  task_queue: TaskQueue;
  task_rates: TaskRates;
  task_resource_usage: TaskResourceUsage;
  task_summary: TaskSummary;
  task_timers: TaskTimers;
  task_waiters: TaskWaiters;
  tasks: Tasks;
  user_credentials: UserCredentials;
  user_identities: UserIdentities;
  user_sessions: UserSessions;
  users: Users;
  workers: Workers;
  workflow_events: WorkflowEvents;
  workflow_runs: WorkflowRuns;
  workflow_step_runs: WorkflowStepRuns;
  workflow_steps: WorkflowSteps;
  workflows: Workflows;
}
