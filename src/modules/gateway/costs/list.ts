import { errors } from '../../../platform/core/errors.ts';
import { type Page, toPage } from '../../../platform/http/paging.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';

export interface CostRecord {
  readonly id: string;
  readonly occurred_at: Date;
  readonly kind: 'call' | 'trace';
  readonly call_id: string;
  readonly is_counted: boolean;
  readonly provider: string;
  readonly model: string;
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly cache_write_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  readonly total_tokens: number;
  readonly raw_usage: unknown;
  readonly is_batch: boolean;
  /** USD; null: no price is known. */
  readonly input_cost: string | null;
  readonly output_cost: string | null;
  readonly total_cost: string | null;
  readonly price_source: string | null;
  readonly project_id: string | null;
  readonly user_id: string | null;
  readonly agent_id: string | null;
  readonly agent_type: string | null;
  readonly api_key_id: string | null;
  readonly task_id: string | null;
  readonly conversation_id: string | null;
  readonly trace_id: string | null;
}

export interface CostListFilter {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly user_id?: string | undefined;
  readonly project_id?: string | undefined;
  readonly conversation_id?: string | undefined;
  readonly trace_id?: string | undefined;
}

const columns = `id, occurred_at, kind, call_id, is_counted, provider, model,
  input_tokens::float8, cached_input_tokens::float8, cache_write_tokens::float8, output_tokens::float8, reasoning_tokens::float8,
  total_tokens::float8, raw_usage, is_batch, trim_scale(input_cost)::text as input_cost,
  trim_scale(output_cost)::text as output_cost, trim_scale(total_cost)::text as total_cost, price_source,
  project_id, user_id, agent_id, agent_type, api_key_id, task_id, conversation_id, trace_id`;

/** Calls with what they cost, newest first. */
export async function listCosts(
  tx: ScopedTx,
  filter: CostListFilter,
  { before, limit }: { before: string | undefined; limit: number },
): Promise<Page<CostRecord>> {
  const values: unknown[] = [tx.organizationId];
  // only the conditions that are asked for: with all of them in one text no index would fit them all
  const also = (condition: string, value: unknown) =>
    value === undefined ? '' : ` and ${condition.replaceAll('?', `$${values.push(value)}`)}`;
  const where = [
    also('(id < ? and occurred_at < plinth.uuid_time_end(?))', before),
    also('occurred_at >= ?', filter.since),
    also('occurred_at < ?', filter.until),
    also('user_id = ?', filter.user_id),
    also('project_id = ?', filter.project_id),
    also('conversation_id = ?', filter.conversation_id),
    also('trace_id = ?', filter.trace_id),
  ].join('');
  const rows = await tx.sql<CostRecord>(
    `select ${columns} from plinth.cost_records where organization_id = $1${where}
     order by id desc limit $${values.push(limit + 1)}`,
    values,
  );
  return toPage(rows, limit);
}

/** Of a user alone where one is given. Throws `not_found`. */
export async function readCost(tx: ScopedTx, id: string, userId?: string): Promise<CostRecord> {
  const [row] = await tx.sql<CostRecord>(
    `select ${columns}
     from plinth.cost_records
     where organization_id = $1
       and id = $2
       and occurred_at >= plinth.uuid_time($2)
       and occurred_at < plinth.uuid_time_end($2)
       and ($3::uuid is null or user_id = $3)`,
    [tx.organizationId, id, userId],
  );
  if (!row) throw errors.not_found({ detail: 'no such cost record' });
  return row;
}
