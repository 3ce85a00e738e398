import { errors } from '../../../platform/core/errors.ts';
import { uuidTime } from '../../../platform/core/ids.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';

export interface CallFilters {
  readonly status?: string;
  readonly model?: string;
  readonly project_id?: string;
  readonly user_id?: string;
  readonly api_key_id?: string;
  readonly trace_id?: string;
}

const columns = `id, occurred_at, status, wire, is_stream, requested_model, alias, connection_id, provider, model, user_id, api_key_id,
  project_id, agent_id, attempts, status_code, error_code, input_tokens::float8 as input_tokens,
  cached_input_tokens::float8 as cached_input_tokens, cache_write_tokens::float8 as cache_write_tokens,
  output_tokens::float8 as output_tokens, reasoning_tokens::float8 as reasoning_tokens, is_estimated, duration_ms, first_token_ms,
  trace_id, ended_at`;

/** Calls, newest first, below the id `before`: one's own, or for administrators all of the organization's. */
export function listCalls(
  tx: ScopedTx,
  filters: CallFilters,
  before: string | undefined,
  rowsMax: number,
): Promise<{ id: string }[]> {
  return tx.sql<{ id: string }>(
    `select ${columns}
     from plinth.gateway_calls
     where organization_id = $1
       and ($2::uuid is null or (id < $2 and occurred_at <= $3))
       and ($4::text is null or status = $4)
       and ($5::text is null or requested_model = $5 or model = $5)
       and ($6::uuid is null or project_id = $6)
       and ($7::uuid is null or user_id = $7)
       and ($8::uuid is null or api_key_id = $8)
       and ($9::text is null or trace_id = $9)
     order by id desc
     limit $10`,
    [
      tx.organizationId,
      before,
      // the milliseconds of an id: its row may be a part of one later
      before === undefined ? null : new Date(uuidTime(before).getTime() + 1),
      filters.status,
      filters.model,
      filters.project_id,
      filters.user_id,
      filters.api_key_id,
      filters.trace_id,
      rowsMax,
    ],
  );
}

/** A call with its contents, as far as the policy has kept them. Throws `not_found`. */
export async function readCall(tx: ScopedTx, id: string): Promise<Record<string, unknown>> {
  const [row] = await tx.sql(
    `select ${columns}, content, request_content, response_content, raw_usage
     from plinth.gateway_calls
     where organization_id = $1 and id = $2 and occurred_at >= plinth.uuid_time($2) and occurred_at < plinth.uuid_time_end($2)`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such model call' });
  return row;
}
