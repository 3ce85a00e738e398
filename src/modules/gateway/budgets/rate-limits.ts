import { errors } from '../../../platform/core/errors.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { budgetLimits } from './limits.ts';
import { type Subject, type SubjectScope, targetOf } from './subjects.ts';

export interface RateLimitChanges {
  readonly requests_per_minute?: number | null | undefined;
  readonly tokens_per_minute?: number | null | undefined;
  readonly is_active?: boolean | undefined;
}

export type NewRateLimit = RateLimitChanges & Subject;

export interface RateLimitRow {
  readonly id: string;
  readonly scope: SubjectScope;
  readonly project_id: string | null;
  readonly user_id: string | null;
  readonly agent_id: string | null;
  readonly api_key_id: string | null;
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const columns = `id, scope, project_id, user_id, agent_id, api_key_id, requests_per_minute, tokens_per_minute::float8 as tokens_per_minute,
  is_active, created_by, created_at, updated_at`;

/** Newest first, below the id `before`. */
export function listRateLimits(tx: ScopedTx, before: string | undefined, rowsMax: number): Promise<RateLimitRow[]> {
  return tx.sql<RateLimitRow>(
    `select ${columns}
     from plinth.gateway_rate_limits
     where organization_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [tx.organizationId, before, rowsMax],
  );
}

/** Makes a limit; one for each target. Throws `invalid_request`, `already_exists`, `reference_not_found`. */
export async function createRateLimit(tx: ScopedTx, input: NewRateLimit): Promise<RateLimitRow> {
  const target = targetOf(input);
  assertLimits(input.requests_per_minute ?? null, input.tokens_per_minute ?? null);
  const [{ limits, same } = { limits: '0', same: false }] = await tx.sql<{ limits: string; same: boolean }>(
    `select count(*) as limits, coalesce(bool_or(scope = $2 and target_id = $3), false) as same
     from plinth.gateway_rate_limits
     where organization_id = $1`,
    [tx.organizationId, input.scope, target.find((id) => id !== null) ?? tx.organizationId],
  );
  if (Number(limits) >= budgetLimits.rate_limits_max) {
    throw errors.invalid_request({ detail: `an organization has at most ${budgetLimits.rate_limits_max} rate limits` });
  }
  if (same) throw errors.already_exists({ field: 'body/scope', detail: `there is a limit of this ${input.scope}` });
  const [row] = await tx.sql<RateLimitRow>(
    `insert into plinth.gateway_rate_limits (organization_id, scope, project_id, user_id, agent_id, api_key_id, requests_per_minute,
       tokens_per_minute, is_active)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     returning ${columns}`,
    [
      tx.organizationId,
      input.scope,
      ...target,
      input.requests_per_minute ?? null,
      input.tokens_per_minute ?? null,
      input.is_active ?? true,
    ],
  );
  return row!;
}

/** What was taken in the last minute counts against the new limit. Throws `not_found`, `invalid_request`. */
export async function updateRateLimit(tx: ScopedTx, id: string, changes: RateLimitChanges): Promise<RateLimitRow> {
  const [before] = await tx.sql<RateLimitRow>(
    `select ${columns} from plinth.gateway_rate_limits where organization_id = $1 and id = $2 for no key update`,
    [tx.organizationId, id],
  );
  if (!before) throw errors.not_found({ detail: 'no such rate limit' });
  const {
    requests_per_minute = before.requests_per_minute,
    tokens_per_minute = before.tokens_per_minute,
    is_active = before.is_active,
  } = changes;
  assertLimits(requests_per_minute, tokens_per_minute);
  const [row] = await tx.sql<RateLimitRow>(
    `update plinth.gateway_rate_limits
     set requests_per_minute = $3, tokens_per_minute = $4, is_active = $5
     where organization_id = $1 and id = $2
     returning ${columns}`,
    [tx.organizationId, id, requests_per_minute, tokens_per_minute, is_active],
  );
  return row!;
}

/** Throws `not_found`. */
export async function deleteRateLimit(tx: ScopedTx, id: string): Promise<void> {
  const rows = await tx.sql(
    'delete from plinth.gateway_rate_limits where organization_id = $1 and id = $2 returning id',
    [tx.organizationId, id],
  );
  if (rows.length === 0) throw errors.not_found({ detail: 'no such rate limit' });
}

function assertLimits(requests: number | null, tokens: number | null): void {
  if (requests === null && tokens === null) {
    throw errors.invalid_request({ field: 'body', detail: 'name requests_per_minute or tokens_per_minute' });
  }
}
