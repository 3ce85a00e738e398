import type { CheckResult, LoopDeclaration } from '../../../platform/module.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import { budgetLimits, holds_loop } from './limits.ts';

const organizations_batch = 100;
const calls_batch = 500;
const rows_batch = 1_000;
const retention_interval_ms = 3_600_000;
const day_ms = 86_400_000;
const differences_shown_max = 3;

const worker: Scope = { as: 'worker', memberRole: 'service' };

/** Gives back what calls hold whose process was not heard of in time; returns how many holds, and when the next one ends. */
export async function expireHolds(
  platform: Platform,
  signal?: AbortSignal,
): Promise<{ expired: number; nextAt: Date | null }> {
  const { door } = platform;
  for (let expired = 0; ; ) {
    const [found] = await door.readOne<{ organizations: string[]; next_at: Date | null }>(
      worker,
      'select organizations, next_at from plinth.organizations_with_expired_holds($1)',
      [organizations_batch],
      { pool: 'worker' },
    );
    const { organizations = [], next_at: nextAt = null } = found ?? {};
    let changed = 0;
    for (const organizationId of organizations) {
      if (signal?.aborted) break;
      changed += await changedBy(platform, organizationId, 'select plinth.expire_budget_holds($1, $2) as changed', [
        organizationId,
        calls_batch,
      ]);
    }
    expired += changed;
    // what another process gives back just now is passed over
    if (changed === 0 || signal?.aborted) return { expired, nextAt };
  }
}

/** Removes what calls had reserved that ended a week ago; what they used stays counted. Returns how many rows went. */
export async function forgetReservations(platform: Platform, signal?: AbortSignal): Promise<number> {
  const { door, clock } = platform;
  const before = new Date(clock.now().getTime() - budgetLimits.reservations_keep_days * day_ms);
  for (let removed = 0; ; ) {
    const organizations = await door.readOne<{ id: string }>(
      worker,
      'select id from plinth.organizations_with_old_reservations($1, $2) as id',
      [before, organizations_batch],
      { pool: 'worker' },
    );
    let batch = 0;
    for (const { id } of organizations) {
      if (signal?.aborted) break;
      batch += await changedBy(platform, id, 'select plinth.forget_budget_reservations($1, $2, $3) as changed', [
        id,
        before,
        rows_batch,
      ]);
    }
    removed += batch;
    if (batch === 0 || signal?.aborted) return removed;
  }
}

async function changedBy(
  { door }: Platform,
  organizationId: string,
  text: string,
  values: readonly unknown[],
): Promise<number> {
  const [rows] = await door.writeAll({ ...worker, organizationId }, [{ text, values }], { pool: 'worker' });
  return Number(rows?.[0]?.['changed'] ?? 0);
}

/** Sleeps while nothing is held: whoever holds something wakes it. */
export const holdsLoop: LoopDeclaration = {
  name: holds_loop,
  async tick(platform, signal) {
    const { expired, nextAt } = await expireHolds(platform, signal);
    if (expired > 0)
      platform.log.warn({ holds: expired }, 'holds of budgets expired: their process is gone, or stalled');
    // one that is made meanwhile may end sooner
    return nextAt === null
      ? undefined
      : new Date(Math.min(nextAt.getTime(), platform.clock.now().getTime() + budgetLimits.look_again_ms));
  },
};

export const reservationRetentionLoop: LoopDeclaration = {
  name: 'budget-retention',
  async tick(platform, signal) {
    const removed = await forgetReservations(platform, signal);
    if (removed > 0) platform.log.info({ reservations: removed }, 'old reservations of budgets were removed');
    return new Date(platform.clock.now().getTime() + retention_interval_ms);
  },
};

/** A counter that is not the sum of its calls. */
export interface Difference {
  readonly organization_id: string;
  readonly budget_id: string;
  readonly starts_at: Date;
  readonly spent_tokens: string;
  readonly counted_tokens: string;
  readonly spent_cost: string;
  readonly counted_cost: string;
  readonly reserved_tokens: string;
  readonly held_tokens: string;
  readonly reserved_cost: string;
  readonly held_cost: string;
}

/** Counters of budgets that differ from a recount of their calls, at one moment; there is never one. */
export function budgetDifferences({ door }: Platform, rowsMax: number): Promise<Difference[]> {
  return door.readOne<Difference>(worker, 'select * from plinth.budget_differences($1)', [rowsMax], { pool: 'worker' });
}

export async function checkBudgets(platform: Platform): Promise<readonly CheckResult[]> {
  const name = 'budgets';
  const found = await budgetDifferences(platform, differences_shown_max);
  if (found.length === 0) return [{ name, status: 'ok', detail: 'every counter is the sum of its calls' }];
  const about = found.map(({ budget_id, starts_at }) => `${budget_id} from ${starts_at.toISOString()}`).join(', ');
  return [
    {
      name,
      status: 'failed',
      detail: `counters that are not the sum of their calls: ${about}`,
      hint: 'Somebody wrote to these tables by hand, or this is a fault of ours: compare budget_periods with budget_reservations.',
    },
  ];
}
