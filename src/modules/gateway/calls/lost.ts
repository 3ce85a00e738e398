import type { LoopDeclaration } from '../../../platform/module.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { CallSubject } from '../usage.ts';
import { type Accounting, noUsage } from './accounting.ts';
import { callLimits, lost_calls_loop } from './limits.ts';
import { logScope } from './log.ts';

interface LostCall {
  readonly call_id: string;
  readonly called_at: Date;
  readonly provider: string | null;
  readonly model: string | null;
  readonly user_id: string | null;
  readonly api_key_id: string | null;
  readonly project_id: string | null;
  readonly agent_id: string | null;
  readonly trace_id: string | null;
  readonly tokens: string;
}

/**
 * Marks calls whose process has died, and charges what their clients sent: with the mark or not at all. Returns how many, and
 * when the next lease ends; null where no call is under way.
 */
export async function loseDeadCalls(
  platform: Platform,
  accounting: Accounting,
): Promise<{ lost: number; nextAt: Date | null }> {
  const at = platform.clock.now();
  const [found] = await platform.door.readOne<{ organizations: string[]; next_at: Date | null }>(
    { as: 'worker', memberRole: 'service' },
    'select organizations, next_at from plinth.organizations_with_lost_gateway_calls($1, $2)',
    [at, callLimits.lost_organizations],
    { pool: 'worker' },
  );
  let lost = 0;
  for (const organizationId of found?.organizations ?? [])
    lost += await loseCallsOf(platform, accounting, organizationId, at);
  return { lost, nextAt: found?.next_at ?? null };
}

async function loseCallsOf(
  platform: Platform,
  accounting: Accounting,
  organizationId: string,
  at: Date,
): Promise<number> {
  const scope = logScope(organizationId);
  const book = await accounting.priceBook(platform, scope);
  const budgets = accounting.makeBudgets(platform);
  return platform.door.write(scope, async (tx) => {
    const rows = await tx.sql<LostCall>('select * from plinth.lose_gateway_calls($1, $2, $3)', [
      organizationId,
      at,
      callLimits.lost_batch,
    ]);
    const used: Parameters<typeof budgets.settleAll>[1][number][] = [];
    for (const row of rows) {
      const usage = { ...noUsage, input_tokens: Number(row.tokens) };
      const { provider, model } = row;
      const price = provider && model ? book.priceOf(provider, model, usage, { at: row.called_at }) : null;
      if (provider && model) {
        await accounting.recordCost(
          tx,
          {
            call_id: row.call_id,
            kind: 'call',
            provider,
            model,
            usage,
            raw_usage: null,
            subject: subjectOf(row),
            occurred_at: row.called_at,
            ...(row.trace_id === null ? {} : { trace_id: row.trace_id }),
          },
          price,
        );
      }
      used.push({ call_id: row.call_id, tokens: usage.input_tokens, cost: price?.total_cost ?? null });
    }
    // last: it locks counters until the transaction ends
    if (used.length > 0) await budgets.settleAll(tx, used);
    return rows.length;
  });
}

function subjectOf({ user_id, api_key_id, project_id, agent_id }: LostCall): CallSubject {
  return {
    ...(user_id === null ? {} : { userId: user_id }),
    ...(api_key_id === null ? {} : { apiKeyId: api_key_id }),
    ...(project_id === null ? {} : { projectId: project_id }),
    ...(agent_id === null ? {} : { agentId: agent_id }),
  };
}

/** Sleeps while no call is under way: one that begins wakes it. */
export function lostCallsLoop(accounting: Accounting): LoopDeclaration {
  return {
    name: lost_calls_loop,
    async tick(platform) {
      const { lost, nextAt } = await loseDeadCalls(platform, accounting);
      if (lost > 0) platform.log.warn({ calls: lost }, 'model calls whose process died were marked as lost');
      const again = platform.clock.now().getTime() + callLimits.lost_interval_ms;
      return lost > 0 || nextAt ? new Date(again) : undefined;
    },
  };
}
