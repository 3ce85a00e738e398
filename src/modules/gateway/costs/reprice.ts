import { errors } from '../../../platform/core/errors.ts';
import { isUuid, uuidTime } from '../../../platform/core/ids.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import { formatUsd, parseUsd, priceBook } from '../prices/index.ts';
import type { Usage } from '../usage.ts';
import type { Span } from './zone.ts';

const rows_batch = 500;
/** What one call looks at, at most: a minute's work. */
const rows_max = 20_000;

export interface Repricing extends Span {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  /** `next` of the call before. */
  readonly after?: string | undefined;
}

export interface Repriced {
  readonly examined: number;
  readonly changed: number;
  /** Of those that were examined, how many have no price now. */
  readonly unpriced: number;
  /** Sums of what was changed and counts, in USD: before, after, and what that makes of a difference. */
  readonly cost_before: string;
  readonly cost_after: string;
  readonly difference: string;
  /** Where to go on; null: all of the time is done. */
  readonly next: string | null;
}

interface Row extends Usage {
  readonly id: string;
  readonly occurred_at: Date;
  readonly provider: string;
  readonly model: string;
  readonly is_batch: boolean;
  readonly input_cost: string | null;
  readonly output_cost: string | null;
  readonly total_cost: string | null;
}

const columns = `id, occurred_at, provider, model, is_batch, input_tokens::float8, cached_input_tokens::float8,
  cache_write_tokens::float8, output_tokens::float8, reasoning_tokens::float8, cache_write_1h_tokens::float8, audio_tokens::float8,
  trim_scale(input_cost)::text as input_cost, trim_scale(output_cost)::text as output_cost, trim_scale(total_cost)::text as total_cost`;

/**
 * Prices the calls of a time again, by the prices of their times as they are known now, in batches of a transaction each.
 * Done twice it changes nothing the second time; where others do the same at once, each change counts once.
 */
export async function repriceCosts(platform: Platform, scope: Scope, asked: Repricing): Promise<Repriced> {
  const { organizationId } = scope;
  if (organizationId === undefined) throw errors.organization_required();
  if (asked.after !== undefined && !isUuid(asked.after)) throw errors.invalid_cursor();
  const book = await priceBook(platform, { organizationId });
  const done = { examined: 0, changed: 0, unpriced: 0, before: 0n, after: 0n };
  let after = asked.after;
  let isOver = false;
  while (!isOver && done.examined < rows_max) {
    const rows = await readBatch(platform, scope, asked, after);
    isOver = rows.length < rows_batch;
    after = rows.at(-1)?.id ?? after;
    const items = rows.flatMap((row) => {
      const price = book.priceOf(row.provider, row.model, row, { at: row.occurred_at, batch: row.is_batch });
      if (price === null) done.unpriced++;
      const isSame =
        row.input_cost === (price?.input_cost ?? null) &&
        row.output_cost === (price?.output_cost ?? null) &&
        row.total_cost === (price?.total_cost ?? null);
      return isSame ? [] : [{ id: row.id, ...price, price_source: price?.source }];
    });
    done.examined += rows.length;
    if (items.length === 0) continue;
    const written = await writeBatch(platform, scope, items);
    done.changed += written.changed;
    done.before += written.before;
    done.after += written.after;
  }
  const difference = formatUsd(done.after - done.before);
  if (done.changed > 0) {
    const { since, until, provider, model } = asked;
    const details = { since, until, provider, model, changed: done.changed, difference };
    await platform.door.write(scope, (tx) =>
      tx.sql('select plinth.record_action($1, $2, $3, null, $4)', [
        organizationId,
        'reprice',
        'cost_records',
        JSON.stringify(details),
      ]),
    );
  }
  return {
    examined: done.examined,
    changed: done.changed,
    unpriced: done.unpriced,
    cost_before: formatUsd(done.before),
    cost_after: formatUsd(done.after),
    difference,
    next: isOver ? null : (after ?? null),
  };
}

function readBatch(
  { door }: Platform,
  scope: Scope,
  { since, until, provider, model }: Repricing,
  after: string | undefined,
): Promise<Row[]> {
  const from = after === undefined ? since : new Date(Math.max(since.getTime(), uuidTime(after).getTime()));
  return door.readOne<Row>(
    scope,
    `select ${columns}
     from plinth.cost_records
     where organization_id = $1
       and occurred_at >= $2
       and occurred_at < $3
       and ($4::uuid is null or id > $4)
       and ($5::text is null or provider = $5)
       and ($6::text is null or model = $6)
     order by id
     limit $7`,
    [scope.organizationId, from, until, after, provider, model, rows_batch],
  );
}

async function writeBatch({ door }: Platform, scope: Scope, items: readonly object[]) {
  const [rows] = await door.writeAll(scope, [
    {
      text: `select changed::int, trim_scale(cost_before)::text as cost_before, trim_scale(cost_after)::text as cost_after
             from plinth.reprice_costs($1, $2)`,
      values: [scope.organizationId, JSON.stringify(items)],
    },
  ]);
  const row = rows?.[0] as { changed: number; cost_before: string; cost_after: string } | undefined;
  return {
    changed: row?.changed ?? 0,
    before: parseUsd(row?.cost_before ?? '0') ?? 0n,
    after: parseUsd(row?.cost_after ?? '0') ?? 0n,
  };
}
