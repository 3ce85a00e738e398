import type { Failure } from '../tasks/types.ts';

export const eventStatuses = ['pending', 'processing', 'processed', 'skipped', 'failed'] as const;
export const eventSources = ['github', 'standard_webhooks', 'slack', 'linear', 'deployment', 'hmac', 'api'] as const;

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

/** What lists show of an event. */
export interface EventRow {
  readonly id: string;
  readonly occurred_at: string;
  readonly source: string;
  readonly type: string;
  readonly title: string | null;
  readonly status: string;
  readonly repository_full_name: string | null;
  readonly actor: string | null;
  readonly error: Failure | null;
}

export interface JourneyStep {
  readonly subscription_id: string;
  readonly subscription_name: string | null;
  readonly at: string;
  readonly outcome: string;
  readonly detail: Failure | null;
  readonly task_id: string | null;
  readonly task_type: string | null;
  readonly task_status: string | null;
}

/** A webhook that was sent of an event, or is to be. */
export interface EventDelivery {
  readonly id: string;
  readonly subscription_id: string | null;
  readonly status: string;
  readonly attempts: number;
  readonly last_error: string | null;
}

export interface EventDetail {
  readonly id: string;
  readonly occurred_at: string;
  readonly received_at: string;
  readonly claimed_at: string | null;
  readonly processed_at: string | null;
  readonly source: string;
  readonly source_id: string | null;
  readonly type: string;
  readonly category: string;
  readonly priority: number;
  readonly external_id: string | null;
  readonly title: string | null;
  readonly project_id: string | null;
  readonly repository_id: string | null;
  readonly repository_full_name: string | null;
  readonly branch: string | null;
  readonly commit_sha: string | null;
  readonly url: string | null;
  readonly actor: string | null;
  readonly pull_request_number: number | null;
  readonly event_type_id: string | null;
  readonly task_id: string | null;
  readonly user_id: string | null;
  readonly payload_bytes: number;
  readonly status: string;
  readonly attempts: number;
  readonly error: Failure | null;
  readonly payload: unknown;
  readonly github: Readonly<Record<string, unknown>> | null;
  readonly linear: Readonly<Record<string, unknown>> | null;
  readonly slack: Readonly<Record<string, unknown>> | null;
  readonly deployment: Readonly<Record<string, unknown>> | null;
  readonly journey: readonly JourneyStep[];
}
