import type { ScopedTx } from '../../../platform/scope/door.ts';
import { parseUsd } from '../prices/index.ts';
import { type Forecast, forecast_days_max, forecastOf } from './forecast.ts';
import { type CostFilter, type CostSums, dailyCosts, sumCosts } from './report.ts';
import { addDays, dayOf, monthOf, monthSpan, startOfDay } from './zone.ts';

const day_ms = 86_400_000;

/** What a month has used and cost, and, while it runs, what it is going to. */
export interface MonthUsage extends CostSums {
  /** "2026-11". */
  readonly month: string;
  readonly time_zone: string;
  readonly since: Date;
  /** The first instant of the next month. */
  readonly until: Date;
  /** Null for months that are over or to come, and before there is one complete day. */
  readonly forecast: Forecast | null;
}

/** The month's usage, as document 001 asks for a user; of this month unless another is named. */
export async function monthUsage(
  tx: ScopedTx,
  filter: Omit<CostFilter, 'since' | 'until'>,
  { month, zone, now }: { month: string | undefined; zone: string; now: Date },
): Promise<MonthUsage> {
  const named = month ?? monthOf(now, zone);
  const { since, until, days } = monthSpan(named, zone);
  const sums = await sumCosts(tx, { ...filter, since, until });
  const isRunning = since <= now && now < until;
  return {
    month: named,
    time_zone: zone,
    since,
    until,
    ...sums,
    forecast: isRunning ? await forecastMonth(tx, filter, { named, days, zone, now }) : null,
  };
}

async function forecastMonth(
  tx: ScopedTx,
  filter: Omit<CostFilter, 'since' | 'until'>,
  { named, days, zone, now }: { named: string; days: number; zone: string; now: Date },
): Promise<Forecast | null> {
  const today = dayOf(now, zone);
  const dayOfMonth = Number(today.slice(8));
  // the days before that are looked back at, and all of this month: a day early, whatever the clocks did
  const firstDay = addDays(today, -Math.max(forecast_days_max, dayOfMonth));
  const [year = 0, month = 1, day = 1] = firstDay.split('-').map(Number);
  const since = startOfDay(year, month - 1, day, zone);
  const rows = await dailyCosts(tx, { ...filter, since, until: new Date(now.getTime() + day_ms) }, zone);
  const byDay = new Map(rows.map((row) => [row.day, parseUsd(row.total_cost) ?? 0n]));
  const first = rows.find((row) => row.day < today)?.day;
  const complete: bigint[] = [];
  for (let at = first ?? today; at < today; at = addDays(at, 1)) complete.push(byDay.get(at) ?? 0n);
  const spent = [...byDay].reduce((sum, [at, cost]) => (at < today && at.startsWith(named) ? sum + cost : sum), 0n);
  const forecast = forecastOf({
    complete: complete.slice(-forecast_days_max),
    spent,
    today: byDay.get(today) ?? 0n,
    daysLeft: days - dayOfMonth + 1,
  });
  return forecast ?? null;
}
