export const eventSources = [
  'github',
  'standard_webhooks',
  'slack',
  'linear',
  'deployment',
  'hmac',
  'api',
  'plinth',
] as const;
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

export interface Target {
  readonly task_type?: string;
  readonly priority?: number;
  readonly workflow?: string;
  readonly version?: number;
  readonly correlation_from?: string;
  readonly endpoint_id?: string;
  readonly customer_from?: string;
  readonly title?: string;
  readonly body?: string;
  readonly to?: { readonly everyone?: true; readonly role?: string; readonly user_id?: string };
}

export interface Batch {
  readonly count_max: number;
  readonly seconds_max: number;
}

export interface Subscription {
  readonly id: string;
  readonly name: string;
  readonly sources: readonly string[];
  readonly categories: readonly string[];
  readonly names: readonly string[];
  readonly filter: unknown;
  readonly filter_text: string | null;
  readonly action: string;
  readonly target: Target;
  readonly batch: Batch | null;
  readonly is_active: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

export const touchedBySubscriptions = ['/v1/event-subscriptions', '/rest/v1/event_processing_logs'];

/** Which events, in words: what is left out is any. */
export function ruleInWords({ sources, categories, names, filter_text }: Subscription): string {
  const parts = [
    names.length > 0 ? names.join(', ') : '',
    sources.length > 0 ? `from ${sources.join(', ')}` : '',
    categories.length > 0 ? `of ${categories.join(', ')}` : '',
    filter_text === null ? '' : `where ${filter_text}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'every event' : parts.join(' ');
}

/** What is done, in words. */
export function targetInWords(
  { action, target }: Pick<Subscription, 'action' | 'target'>,
  urls?: ReadonlyMap<string, string>,
): string {
  if (action === 'task') return `task ${target.task_type}`;
  if (action === 'workflow') return `workflow ${target.workflow}`;
  if (action === 'notification') return `notification to ${toInWords(target.to)}`;
  if (target.customer_from !== undefined) return `webhook to the customer at ${target.customer_from}`;
  return action === 'webhook' ? `webhook to ${urls?.get(target.endpoint_id ?? '') ?? 'an endpoint'}` : action;
}

function toInWords(to: Target['to']): string {
  if (to?.role !== undefined) return `everybody with the role ${to.role}`;
  return to?.user_id === undefined ? 'everyone' : 'one person';
}
