import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { ingestEvents, newEvent } from '../../events/index.ts';

/** The source of events that Plinth tells of itself. */
const own_source = 'plinth';
export const threshold_event = 'plinth.budget.threshold_reached';

/** A row of `budget_alerts` that was made just now. */
export interface AlertRow {
  readonly id: string;
  readonly budget_id: string;
  readonly starts_at: Date;
  readonly threshold: number;
  readonly spent_tokens: string;
  readonly spent_cost: string;
  readonly token_limit: string | null;
  readonly cost_limit: string | null;
}

interface Told {
  readonly id: string;
  readonly name: string;
  readonly [column: string]: unknown;
}

/** Stores an event for each alert, in the transaction that made it: subscriptions make notifications and webhooks of them. */
export async function tellOfAlerts(platform: Platform, tx: ScopedTx, alerts: readonly AlertRow[]): Promise<void> {
  if (alerts.length === 0) return;
  const budgets = await tx.sql<Told>(
    `select id, name, scope, project_id, user_id, agent_id, api_key_id, period, on_exceed
     from plinth.budgets
     where organization_id = $1 and id = any ($2)`,
    [tx.organizationId, alerts.map(({ budget_id }) => budget_id)],
  );
  const byId = new Map(budgets.map((budget) => [budget.id, budget]));
  const events = alerts.map((alert) => {
    const { id: _, ...budget } = byId.get(alert.budget_id) ?? { id: alert.budget_id, name: '' };
    const payload = {
      alert_id: alert.id,
      budget_id: alert.budget_id,
      ...budget,
      period_starts_at: budget['period'] === 'total' ? null : alert.starts_at,
      threshold: alert.threshold,
      spent_tokens: Number(alert.spent_tokens),
      token_limit: alert.token_limit === null ? null : Number(alert.token_limit),
      spent_cost: alert.spent_cost,
      cost_limit: alert.cost_limit,
    };
    const name = budget.name === '' ? `of ${String(budget['scope'])}` : budget.name;
    const title = `Budget ${name}: ${alert.threshold} % are used`;
    return newEvent(
      { keys: [`id:${alert.id}`], type: threshold_event, title },
      JSON.stringify(payload),
      null,
      platform.clock.now(),
    );
  });
  // each has keys of its own: events of one call share all of them or none
  for (const event of events) await ingestEvents(platform, tx, { sourceId: null, scheme: own_source }, [event]);
}
