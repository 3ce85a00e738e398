import type { OrganizationRole } from '../module.ts';

/**
 * Who asks, and for which tenant: what `plinth.enter` is told at the start of every transaction. Without an
 * organization no tenant's rows are visible; without a user no private ones.
 */
export interface Scope {
  /** Which database role the transaction runs as: `app` for requests, `worker` for the engine's own functions. */
  readonly as?: 'app' | 'worker' | 'readonly';
  readonly organizationId?: string;
  readonly userId?: string;
  readonly memberRole?: OrganizationRole;
  readonly apiKeyId?: string;
  readonly requestId?: string;
  readonly ipAddress?: string;
}

/** The context as `plinth.enter(context jsonb, …)` takes it. Absent keys clear the setting. */
export function toContext(scope: Scope, statementTimeoutMs: number): string {
  const context: Record<string, unknown> = { as: scope.as ?? 'app', statement_timeout_ms: statementTimeoutMs };
  if (scope.organizationId) context['organization_id'] = scope.organizationId;
  if (scope.userId) context['user_id'] = scope.userId;
  if (scope.memberRole) context['member_role'] = scope.memberRole;
  if (scope.apiKeyId) context['api_key_id'] = scope.apiKeyId;
  if (scope.requestId) context['request_id'] = scope.requestId;
  if (scope.ipAddress) context['ip_address'] = scope.ipAddress;
  return JSON.stringify(context);
}
