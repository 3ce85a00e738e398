import type { ScopedTx, Statement } from '../../../platform/scope/door.ts';
import type { Price } from '../prices/index.ts';
import type { CallSubject, Usage } from '../usage.ts';

/** A call that was made, to be written down. */
export interface NewCost {
  /** Names the call, up to 200 characters: it is recorded once for each kind. */
  readonly call_id: string;
  /** `call`: from who made it. `trace`: from a trace that tells of it, which counts where the call has no record itself. */
  readonly kind: 'call' | 'trace';
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage;
  /** As the provider said it. */
  readonly raw_usage: unknown;
  readonly subject: CallSubject;
  readonly task_id?: string;
  readonly conversation_id?: string;
  readonly agent_type?: string;
  readonly trace_id?: string;
  /** Default: now. */
  readonly occurred_at?: Date;
  /** Made in a batch, at the provider's prices for batches. */
  readonly batch?: boolean;
}

/** The record of a call: the one that was there already where `is_new` is false. */
export interface RecordedCost {
  readonly id: string;
  readonly occurred_at: Date;
  readonly is_new: boolean;
}

const text = `select record_id as id, recorded_at as occurred_at, is_new from plinth.record_cost($1, $2)`;

/** The statement that records a call, for `door.writeAll`: its row is a `RecordedCost`. Once for a call and kind. */
export function costStatement(organizationId: string, cost: NewCost, price: Price | null): Statement {
  const { usage, subject } = cost;
  const item = {
    kind: cost.kind,
    call_id: cost.call_id,
    provider: cost.provider,
    model: cost.model,
    ...usage,
    raw_usage: storableUsage(cost.raw_usage),
    is_batch: cost.batch ?? false,
    input_cost: price?.input_cost,
    output_cost: price?.output_cost,
    total_cost: price?.total_cost,
    price_source: price?.source,
    project_id: subject.projectId,
    user_id: subject.userId,
    agent_id: subject.agentId,
    api_key_id: subject.apiKeyId,
    agent_type: cost.agent_type,
    task_id: cost.task_id,
    conversation_id: cost.conversation_id,
    trace_id: cost.trace_id,
    occurred_at: cost.occurred_at?.toISOString(),
  };
  return { text, values: [organizationId, JSON.stringify(item)] };
}

/** Records a call in the caller's transaction; idempotent by organization, call and kind. */
export async function recordCost(tx: ScopedTx, cost: NewCost, price: Price | null): Promise<RecordedCost> {
  const statement = costStatement(tx.organizationId, cost, price);
  const [row] = await tx.sql<RecordedCost>(statement.text, statement.values);
  return row!;
}

const levels_max = 4;
const entries_max = 50;
const chars_max = 200;

/**
 * Usage is a few numbers under names. A provider's answer is not to be trusted: what is nested deeper, longer or more is
 * left out, and text is made storable (PostgreSQL keeps no NUL in JSON).
 */
export function storableUsage(value: unknown, level = 0): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null || level >= levels_max) return null;
  if (Array.isArray(value)) return value.slice(0, entries_max).map((one) => storableUsage(one, level + 1));
  const entries = Object.entries(value).slice(0, entries_max);
  return Object.fromEntries(entries.map(([key, one]) => [storableText(key), storableUsage(one, level + 1)]));
}

const storableText = (given: string) =>
  given
    .slice(0, chars_max)
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ');
