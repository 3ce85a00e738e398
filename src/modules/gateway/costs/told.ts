import { errors } from '../../../platform/core/errors.ts';
import type { Actor } from '../../../platform/http/actor.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { type PriceBook, usageOf, type Wire } from '../prices/index.ts';
import type { Usage } from '../usage.ts';
import { seesAll } from './access.ts';
import { type CostRecord, readCost } from './list.ts';
import { recordCost } from './record.ts';

const months_back = 13;
const day_ms = 86_400_000;

/** A call that an application made itself. One of `usage` and `wire` with `raw_usage`. */
export interface ToldCost {
  readonly call_id: string;
  readonly provider: string;
  readonly model: string;
  readonly usage?: Partial<Usage>;
  readonly wire?: Wire;
  readonly raw_usage?: unknown;
  readonly occurred_at?: Date | undefined;
  readonly batch?: boolean;
  readonly user_id?: string;
  readonly project_id?: string;
  readonly agent_id?: string;
  readonly agent_type?: string;
  readonly task_id?: string;
  readonly conversation_id?: string;
  readonly trace_id?: string;
}

/**
 * Records a call that was made elsewhere, at its price of its time; once for each `call_id`: what is told again is
 * answered with what was recorded first. Members tell of their own calls, administrators and services of anybody's.
 * Throws `invalid_value`, `forbidden` and `reference_not_found`.
 */
export async function tellCost(
  tx: ScopedTx,
  actor: Actor,
  book: PriceBook,
  told: ToldCost,
  now: Date,
): Promise<CostRecord & { readonly is_new: boolean }> {
  const usage = usageIn(told);
  const userId = told.user_id ?? actor.userId;
  if (told.user_id !== undefined && told.user_id !== actor.userId) {
    if (!seesAll(actor)) throw errors.forbidden({ detail: 'only administrators tell of the calls of others' });
    await assertThere(tx, 'user_id', 'organization_memberships', told.user_id);
  }
  if (told.project_id !== undefined) await assertThere(tx, 'project_id', 'projects', told.project_id);
  const at = told.occurred_at ?? now;
  assertTime(at, now);
  const batch = told.batch ?? false;
  const price = book.priceOf(told.provider, told.model, usage, { at, batch });
  const { call_id, provider, model, project_id, agent_id, agent_type, task_id, conversation_id, trace_id } = told;
  const recorded = await recordCost(
    tx,
    {
      call_id,
      kind: 'call',
      provider,
      model,
      usage,
      raw_usage: told.raw_usage ?? null,
      occurred_at: at,
      batch,
      subject: {
        ...(userId !== undefined && { userId }),
        ...(project_id !== undefined && { projectId: project_id }),
        ...(agent_id !== undefined && { agentId: agent_id }),
        ...(actor.apiKeyId !== undefined && { apiKeyId: actor.apiKeyId }),
      },
      ...(agent_type !== undefined && { agent_type }),
      ...(task_id !== undefined && { task_id }),
      ...(conversation_id !== undefined && { conversation_id }),
      ...(trace_id !== undefined && { trace_id }),
    },
    price,
  );
  // a call of somebody else under the same id is none of theirs
  const record = await readCost(tx, recorded.id, seesAll(actor) ? undefined : actor.userId);
  return { ...record, is_new: recorded.is_new };
}

function usageIn({ usage, wire, raw_usage }: ToldCost): Usage {
  if ((usage === undefined) === (wire === undefined) || (wire === undefined) !== (raw_usage === undefined)) {
    throw errors.invalid_value({ field: 'usage', detail: 'give "usage", or "wire" and "raw_usage"' });
  }
  if (wire !== undefined) {
    const read = usageOf(wire, raw_usage);
    if (!read) throw errors.invalid_value({ field: 'raw_usage', detail: `it holds no usage as ${wire} says it` });
    return read;
  }
  const { cache_write_tokens = 0, cache_write_1h_tokens = 0 } = usage ?? {};
  if (cache_write_1h_tokens > cache_write_tokens) {
    throw errors.invalid_value({ field: 'usage', detail: 'cache_write_1h_tokens are part of cache_write_tokens' });
  }
  return {
    input_tokens: 0,
    cached_input_tokens: 0,
    output_tokens: 0,
    reasoning_tokens: 0,
    ...usage,
    cache_write_tokens,
  };
}

/** A time that is not clamped, but refused: in another month the cost would be in another month's sums. */
function assertTime(at: Date, now: Date): void {
  const earliest = new Date(now);
  earliest.setUTCMonth(earliest.getUTCMonth() - months_back);
  if (at < earliest || at.getTime() > now.getTime() + day_ms) {
    throw errors.invalid_value({
      field: 'occurred_at',
      detail: `it is ${months_back} months ago at most, and not to come`,
    });
  }
}

async function assertThere(
  tx: ScopedTx,
  field: 'user_id' | 'project_id',
  table: 'organization_memberships' | 'projects',
  id: string,
): Promise<void> {
  const key = table === 'projects' ? 'id' : 'user_id';
  const [row] = await tx.sql(`select 1 from plinth.${table} where organization_id = $1 and ${key} = $2`, [
    tx.organizationId,
    id,
  ]);
  if (!row)
    throw errors.reference_not_found({ field, detail: `no such ${field === 'user_id' ? 'member' : 'project'}` });
}
