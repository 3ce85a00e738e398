import { errors } from '../../../platform/core/errors.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { isTimeZone } from '../../tasks/index.ts';
import { type AlertRow, tellOfAlerts } from './alerts.ts';
import { budgetLimits } from './limits.ts';
import { type Subject, type SubjectScope, targetOf } from './subjects.ts';

export const budgetPeriods = ['day', 'month', 'total'] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

/** What may be said of a budget at any time. Money is US dollars as a decimal. */
export interface BudgetChanges {
  readonly name?: string | undefined;
  readonly timezone?: string | undefined;
  readonly token_limit?: number | null | undefined;
  readonly cost_limit?: string | null | undefined;
  readonly thresholds?: readonly number[] | undefined;
  readonly on_exceed?: 'block' | 'warn' | undefined;
  readonly unpriced?: 'refuse' | 'allow' | undefined;
  readonly is_active?: boolean | undefined;
}

/** What it counts, and in which period, stays as it was made. */
export type NewBudget = BudgetChanges & Subject & { readonly period: BudgetPeriod };

export interface BudgetRow {
  readonly id: string;
  readonly name: string;
  readonly scope: SubjectScope;
  readonly project_id: string | null;
  readonly user_id: string | null;
  readonly agent_id: string | null;
  readonly api_key_id: string | null;
  readonly period: BudgetPeriod;
  readonly timezone: string;
  readonly token_limit: number | null;
  readonly cost_limit: string | null;
  readonly thresholds: readonly number[];
  readonly on_exceed: 'block' | 'warn';
  readonly unpriced: 'refuse' | 'allow';
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** A budget, and how it stands in the period that is now. */
export interface BudgetState extends BudgetRow {
  /** Null: it is for all time. */
  readonly period_starts_at: Date | null;
  readonly period_ends_at: Date | null;
  readonly spent_tokens: number;
  readonly reserved_tokens: number;
  readonly left_tokens: number | null;
  readonly spent_cost: string;
  readonly reserved_cost: string;
  readonly left_cost: string | null;
  readonly calls: number;
  readonly unpriced_calls: number;
  readonly refused_calls: number;
}

const columns = `b.id, b.name, b.scope, b.project_id, b.user_id, b.agent_id, b.api_key_id, b.period, b.timezone,
  b.token_limit::float8 as token_limit, trim_scale(b.cost_limit)::text as cost_limit, b.thresholds, b.on_exceed, b.unpriced, b.is_active,
  b.created_by, b.created_at, b.updated_at`;

/** $1 the organization, $2 the time. */
const states = `select ${columns},
    case when b.period <> 'total' then coalesce(p.starts_at, w.starts_at) end as period_starts_at,
    coalesce(p.ends_at, w.ends_at) as period_ends_at,
    coalesce(p.spent_tokens, 0)::float8 as spent_tokens, coalesce(p.reserved_tokens, 0)::float8 as reserved_tokens,
    case when b.token_limit is not null
      then greatest(b.token_limit - coalesce(p.spent_tokens + p.reserved_tokens, 0), 0)::float8 end as left_tokens,
    trim_scale(coalesce(p.spent_cost, 0))::text as spent_cost, trim_scale(coalesce(p.reserved_cost, 0))::text as reserved_cost,
    case when b.cost_limit is not null
      then trim_scale(greatest(b.cost_limit - coalesce(p.spent_cost + p.reserved_cost, 0), 0))::text end as left_cost,
    coalesce(p.calls, 0)::float8 as calls, coalesce(p.unpriced_calls, 0)::float8 as unpriced_calls,
    coalesce(p.refused_calls, 0)::float8 as refused_calls
  from plinth.budgets b
  cross join lateral plinth.budget_window(b.period, b.timezone, $2) w
  left join plinth.budget_periods p on p.organization_id = b.organization_id and p.budget_id = b.id
    and (p.ends_at is null or (p.starts_at <= $2 and p.ends_at > $2))
  where b.organization_id = $1`;

/** Newest first, below the id `before`. */
export function listBudgets(
  platform: Platform,
  tx: ScopedTx,
  { before, scope, limit }: { before?: string | undefined; scope?: SubjectScope | undefined; limit: number },
): Promise<BudgetState[]> {
  return tx.sql<BudgetState>(
    `${states} and ($3::uuid is null or b.id < $3) and ($4::text is null or b.scope = $4)
     order by b.id desc
     limit $5`,
    [tx.organizationId, platform.clock.now(), before, scope, limit],
  );
}

/** Throws `not_found`. */
export async function readBudget(platform: Platform, tx: ScopedTx, id: string): Promise<BudgetState> {
  const [row] = await tx.sql<BudgetState>(`${states} and b.id = $3`, [tx.organizationId, platform.clock.now(), id]);
  if (!row) throw errors.not_found({ detail: 'no such budget' });
  return row;
}

/** The budget of a target and period, if there is one. */
export async function findBudget(
  tx: ScopedTx,
  subject: Subject,
  period: BudgetPeriod,
): Promise<{ readonly id: string } | undefined> {
  const target = targetOf(subject).find((id) => id !== null) ?? tx.organizationId;
  const [row] = await tx.sql<{ id: string }>(
    'select id from plinth.budgets where organization_id = $1 and target_id = $2 and scope = $3 and period = $4',
    [tx.organizationId, target, subject.scope, period],
  );
  return row;
}

/**
 * Makes a budget; calls that are reserved from now on count. One for each target and period. Throws `invalid_request`,
 * `already_exists`, `reference_not_found`.
 */
export async function createBudget(platform: Platform, tx: ScopedTx, input: NewBudget): Promise<BudgetState> {
  const target = targetOf(input);
  assertLimits(input.token_limit ?? null, input.cost_limit ?? null);
  assertTimeZone(input.timezone);
  const [{ budgets, zone } = { budgets: '0', zone: null }] = await tx.sql<{ budgets: string; zone: string | null }>(
    `select (select count(*) from plinth.budgets where organization_id = $1) as budgets,
       (select settings ->> 'timezone' from plinth.organizations where id = $1) as zone`,
    [tx.organizationId],
  );
  if (Number(budgets) >= budgetLimits.budgets_max) {
    throw errors.invalid_request({ detail: `an organization has at most ${budgetLimits.budgets_max} budgets` });
  }
  if (await findBudget(tx, input, input.period)) {
    throw errors.already_exists({
      field: 'body/period',
      detail: `there is a budget of this ${input.scope} and period`,
    });
  }
  const own = zone !== null && isTimeZone(zone) ? zone : 'UTC';
  const [made] = await tx.sql<{ id: string }>(
    `insert into plinth.budgets (organization_id, scope, project_id, user_id, agent_id, api_key_id, period, name, timezone,
       token_limit, cost_limit, thresholds, on_exceed, unpriced, is_active)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     returning id`,
    [
      tx.organizationId,
      input.scope,
      ...target,
      input.period,
      input.name ?? '',
      input.timezone ?? own,
      input.token_limit ?? null,
      input.cost_limit ?? null,
      inOrder(input.thresholds ?? [50, 80, 100]),
      input.on_exceed ?? 'block',
      input.unpriced ?? 'refuse',
      input.is_active ?? true,
    ],
  );
  return readBudget(platform, tx, made!.id);
}

/**
 * Changes a budget; decisions from now on go by it, and alerts for what is reached by it are made at once. A change of the
 * time zone holds from the next period on. Throws `not_found`, `invalid_request`.
 */
export async function updateBudget(
  platform: Platform,
  tx: ScopedTx,
  id: string,
  changes: BudgetChanges,
): Promise<BudgetState> {
  const [before] = await tx.sql<BudgetRow>(
    `select ${columns} from plinth.budgets b where b.organization_id = $1 and b.id = $2 for no key update`,
    [tx.organizationId, id],
  );
  if (!before) throw errors.not_found({ detail: 'no such budget' });
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const after: BudgetRow = { ...before, ...given };
  assertLimits(after.token_limit, after.cost_limit);
  assertTimeZone(changes.timezone);
  await tx.sql(
    `update plinth.budgets
     set name = $3, timezone = $4, token_limit = $5, cost_limit = $6, thresholds = $7, on_exceed = $8, unpriced = $9, is_active = $10
     where organization_id = $1 and id = $2`,
    [
      tx.organizationId,
      id,
      after.name,
      after.timezone,
      after.token_limit,
      after.cost_limit,
      inOrder(after.thresholds),
      after.on_exceed,
      after.unpriced,
      after.is_active,
    ],
  );
  const alerts = await tx.sql<AlertRow>('select * from plinth.recheck_budget($1, $2, $3)', [
    tx.organizationId,
    id,
    platform.clock.now(),
  ]);
  await tellOfAlerts(platform, tx, alerts);
  return readBudget(platform, tx, id);
}

/** Its counters and alerts go with it; calls under way go on and settle. Throws `not_found`. */
export async function deleteBudget(tx: ScopedTx, id: string): Promise<void> {
  const rows = await tx.sql('delete from plinth.budgets where organization_id = $1 and id = $2 returning id', [
    tx.organizationId,
    id,
  ]);
  if (rows.length === 0) throw errors.not_found({ detail: 'no such budget' });
}

function assertLimits(tokens: number | null, cost: string | null): void {
  if (tokens === null && cost === null) {
    throw errors.invalid_request({ field: 'body', detail: 'name a token_limit or a cost_limit' });
  }
}

function assertTimeZone(zone: string | undefined): void {
  if (zone !== undefined && !isTimeZone(zone)) {
    throw errors.invalid_request({
      field: 'body/timezone',
      detail: 'there is no such time zone; one is Europe/Berlin',
    });
  }
}

function inOrder(thresholds: readonly number[]): number[] {
  return [...new Set(thresholds)].sort((a, b) => a - b);
}
