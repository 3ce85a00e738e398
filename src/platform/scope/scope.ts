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
  /** What the audit log says of a write; the database is not told of it for a read. */
  readonly requestId?: string;
  readonly ipAddress?: string;
}

/**
 * What a transaction starts with. `statementTimeoutMs` is null where the connection has that limit already. Off Citus
 * the plain arguments of `plinth.enter_request`, cheap enough to travel with every statement; on Citus, where settings
 * must be forwarded to the workers, the JSON of `plinth.enter`.
 */
export function enterStatement(
  scope: Scope,
  how: { readOnly: boolean; statementTimeoutMs: number | null; distributed: boolean },
): { text: string; values: readonly unknown[] } {
  const { as = 'app', organizationId, userId, memberRole, apiKeyId } = scope;
  const { requestId, ipAddress } = how.readOnly ? noRequest : scope;
  const values = [as, organizationId, userId, memberRole, apiKeyId, requestId, ipAddress, how.statementTimeoutMs];
  if (!how.distributed) return { text: how.readOnly ? enterToRead : enterToWrite, values };
  const context = JSON.stringify(Object.fromEntries(contextKeys.map((key, at) => [key, values[at] ?? undefined])));
  return { text: how.readOnly ? 'select plinth.enter($1, true)' : 'select plinth.enter($1, false)', values: [context] };
}

/** What a read is told of its request: it records nothing, and reads of one principal share a transaction. */
const noRequest = { requestId: undefined, ipAddress: undefined };
const enterToRead = 'select plinth.enter_request($1, $2, $3, $4, $5, $6, $7, $8, true)';
const enterToWrite = 'select plinth.enter_request($1, $2, $3, $4, $5, $6, $7, $8, false)';
const contextKeys = [
  'as',
  'organization_id',
  'user_id',
  'member_role',
  'api_key_id',
  'request_id',
  'ip_address',
  'statement_timeout_ms',
] as const;
