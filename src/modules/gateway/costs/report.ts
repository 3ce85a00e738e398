import { errors } from '../../../platform/core/errors.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { formatUsd, parseUsd } from '../prices/index.ts';
import type { Span } from './zone.ts';

export const dimensions = ['user', 'agent', 'agent_type', 'project', 'api_key', 'provider', 'model', 'day'] as const;
export type Dimension = (typeof dimensions)[number];
export const dimensions_max = 3;
export const report_rows_max = 10_000;
export const report_rows_default = 1_000;

/** The field of a row that holds a dimension's value: a column of cost_records, but for `day`. */
export const dimensionFields: Readonly<Record<Dimension, string>> = {
  user: 'user_id',
  agent: 'agent_id',
  agent_type: 'agent_type',
  project: 'project_id',
  api_key: 'api_key_id',
  provider: 'provider',
  model: 'model',
  day: 'day',
};

export interface CostFilter extends Span {
  readonly user_id?: string | undefined;
  readonly project_id?: string | undefined;
  readonly agent_id?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
}

/** Sums of calls. Money in USD; calls without a price count in `unpriced_calls`, and nothing in the cost. */
export interface CostSums {
  readonly calls: number;
  readonly unpriced_calls: number;
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly cache_write_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  readonly total_tokens: number;
  readonly total_cost: string;
}

/** One group: `dimensionFields` of the dimensions that were asked for, and its sums. */
export type CostGroup = CostSums & Readonly<Partial<Record<string, string | number | null>>>;

export const tokenSums = [
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'total_tokens',
] as const;

/** Of a group of cost_records. */
const innerSums = `count(*) as calls, count(*) filter (where total_cost is null) as unpriced_calls,
         ${tokenSums.map((name) => `sum(${name}) as ${name}`).join(', ')}, sum(total_cost) as total_cost`;
/** Of groups of these. */
const outerSums = ['calls', 'unpriced_calls', ...tokenSums]
  .map((name) => `coalesce(sum(${name}), 0)::float8 as ${name}`)
  .concat('trim_scale(coalesce(sum(total_cost), 0))::text as total_cost')
  .join(', ');

/** Conditions and values of a filter; the organization is $1. */
function whereOf(tx: ScopedTx, filter: CostFilter): { where: string; values: unknown[] } {
  const values: unknown[] = [tx.organizationId, filter.since, filter.until];
  const also = (['user_id', 'project_id', 'agent_id', 'provider', 'model'] as const).flatMap((column) =>
    filter[column] === undefined ? [] : [`and ${column} = $${values.push(filter[column])}`],
  );
  const where = `organization_id = $1 and occurred_at >= $2 and occurred_at < $3 and is_counted ${also.join(' ')}`;
  return { where, values };
}

/**
 * Sums by up to three dimensions, days in order, then the dearest first. Where there are more groups than `limit` the
 * rest is left out, and `is_complete` false.
 */
export async function costReport(
  tx: ScopedTx,
  by: readonly Dimension[],
  filter: CostFilter,
  { zone, limit }: { zone: string; limit: number },
): Promise<{ rows: readonly CostGroup[]; total: CostSums; is_complete: boolean }> {
  if (new Set(by).size < by.length || by.length > dimensions_max) {
    throw errors.invalid_value({ field: 'by', detail: `by is up to ${dimensions_max} different dimensions` });
  }
  const { where, values } = whereOf(tx, filter);
  if (by.length === 0) {
    const total = await sumCosts(tx, filter);
    return { rows: [{ ...total }], total, is_complete: true };
  }
  const columns = by.filter((one) => one !== 'day').map((one) => dimensionFields[one]);
  // Days are local. To tell the day of each row costs more than all its sums; a quarter of an hour is a subtraction, and every
  // zone's days begin with one.
  const hasDay = by.includes('day');
  const inner = hasDay
    ? [`date_bin('15 minutes', occurred_at, timestamptz '2000-01-01 00:00:00+00') as quarter`, ...columns]
    : columns;
  const fields = by.map((one) =>
    one === 'day' ? `(quarter at time zone $${values.push(zone)})::date::text as day` : dimensionFields[one],
  );
  const groups = by.map((_, at) => at + 1).join(', ');
  const order = [...(hasDay ? ['day'] : []), 'sum(total_cost) desc nulls last', ...columns].join(', ');
  const rows = await tx.sql<CostGroup>(
    `with parts as (
       select ${inner.join(', ')}, ${innerSums}
       from plinth.cost_records
       where ${where}
       group by ${inner.map((_, at) => at + 1).join(', ')}
     )
     select ${fields.join(', ')}, ${outerSums}
     from parts
     group by ${groups}
     order by ${order}
     limit $${values.push(limit + 1)}`,
    values,
  );
  if (rows.length > limit) return { rows: rows.slice(0, limit), total: await sumCosts(tx, filter), is_complete: false };
  return { rows, total: totalOf(rows), is_complete: true };
}

function totalOf(rows: readonly CostSums[]): CostSums {
  const sum = (name: 'calls' | 'unpriced_calls' | (typeof tokenSums)[number]) =>
    rows.reduce((whole, row) => whole + row[name], 0);
  return {
    calls: sum('calls'),
    unpriced_calls: sum('unpriced_calls'),
    input_tokens: sum('input_tokens'),
    cached_input_tokens: sum('cached_input_tokens'),
    cache_write_tokens: sum('cache_write_tokens'),
    output_tokens: sum('output_tokens'),
    reasoning_tokens: sum('reasoning_tokens'),
    total_tokens: sum('total_tokens'),
    total_cost: formatUsd(rows.reduce((whole, row) => whole + (parseUsd(row.total_cost) ?? 0n), 0n)),
  };
}

/** The sums of all calls in a time. */
export async function sumCosts(tx: ScopedTx, filter: CostFilter): Promise<CostSums> {
  const { where, values } = whereOf(tx, filter);
  const [row] = await tx.sql<CostSums>(
    `with parts as (select ${innerSums} from plinth.cost_records where ${where})
     select ${outerSums} from parts`,
    values,
  );
  return row!;
}

/** Sums by local day, without days that have none. */
export async function dailyCosts(
  tx: ScopedTx,
  filter: CostFilter,
  zone: string,
): Promise<{ day: string; total_cost: string; total_tokens: number }[]> {
  const { rows } = await costReport(tx, ['day'], filter, { zone, limit: report_rows_max });
  return rows.map(({ day, total_cost, total_tokens }) => ({ day: String(day), total_cost, total_tokens }));
}
