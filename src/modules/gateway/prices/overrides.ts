import { errors } from '../../../platform/core/errors.ts';
import { type Page, toPage } from '../../../platform/http/paging.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { priceErrors } from './errors.ts';
import type { Rates } from './rates.ts';

export interface PriceOverride {
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly prices: Rates;
  readonly valid_from: Date | null;
  readonly valid_to: Date | null;
  readonly note: string | null;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export interface OverrideChange {
  readonly prices?: Rates | undefined;
  readonly valid_from?: Date | null | undefined;
  readonly valid_to?: Date | null | undefined;
  readonly note?: string | null | undefined;
}

export interface NewOverride extends OverrideChange {
  readonly provider: string;
  readonly model: string;
  readonly prices: Rates;
}

const columns = 'id, provider, model, prices, valid_from, valid_to, note, created_by, created_at, updated_at';

/** An organization's own prices, newest first. */
export async function listPriceOverrides(
  tx: ScopedTx,
  {
    before,
    provider,
    model,
    limit,
  }: { before?: string | undefined; provider?: string | undefined; model?: string | undefined; limit: number },
): Promise<Page<PriceOverride>> {
  const rows = await tx.sql<PriceOverride>(
    `select ${columns}
     from plinth.price_overrides
     where organization_id = $1
       and ($2::uuid is null or id < $2)
       and ($3::text is null or provider = $3)
       and ($4::text is null or model = $4)
     order by id desc
     limit $5`,
    [tx.organizationId, before, provider?.toLowerCase(), model?.toLowerCase(), limit + 1],
  );
  return toPage(rows, limit);
}

/** Throws `not_found`. */
export async function readPriceOverride(tx: ScopedTx, id: string): Promise<PriceOverride> {
  const [row] = await tx.sql<PriceOverride>(
    `select ${columns} from plinth.price_overrides where organization_id = $1 and id = $2`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such price override' });
  return row;
}

/** Throws `invalid_value` and `price_override_overlaps`. */
export async function createPriceOverride(tx: ScopedTx, input: NewOverride): Promise<PriceOverride> {
  assertPrices(input.prices);
  assertSpan(input.valid_from ?? null, input.valid_to ?? null);
  const [row] = await refusingOverlap(() =>
    tx.sql<PriceOverride>(
      `insert into plinth.price_overrides (organization_id, provider, model, prices, valid_from, valid_to, note)
       values ($1, $2, $3, $4, $5, $6, $7)
       returning ${columns}`,
      [
        tx.organizationId,
        input.provider.trim().toLowerCase(),
        input.model.trim().toLowerCase(),
        JSON.stringify(input.prices),
        input.valid_from,
        input.valid_to,
        input.note,
      ],
    ),
  );
  return row!;
}

/** Changes what is given. Throws `not_found`, `invalid_value` and `price_override_overlaps`. */
export async function updatePriceOverride(tx: ScopedTx, id: string, change: OverrideChange): Promise<PriceOverride> {
  const before = await readPriceOverride(tx, id);
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const after: PriceOverride = { ...before, ...given };
  assertPrices(after.prices);
  assertSpan(after.valid_from, after.valid_to);
  const [row] = await refusingOverlap(() =>
    tx.sql<PriceOverride>(
      `update plinth.price_overrides
       set prices = $3, valid_from = $4, valid_to = $5, note = $6
       where organization_id = $1 and id = $2
       returning ${columns}`,
      [tx.organizationId, id, JSON.stringify(after.prices), after.valid_from, after.valid_to, after.note],
    ),
  );
  if (!row) throw errors.not_found({ detail: 'no such price override' });
  return row;
}

/** Throws `not_found`. */
export async function deletePriceOverride(tx: ScopedTx, id: string): Promise<void> {
  const rows = await tx.sql('delete from plinth.price_overrides where organization_id = $1 and id = $2 returning id', [
    tx.organizationId,
    id,
  ]);
  if (rows.length === 0) throw errors.not_found({ detail: 'no such price override' });
}

function assertPrices({ input, output, request, tiers = [] }: Rates): void {
  if (input === undefined && output === undefined && request === undefined) {
    throw errors.invalid_value({ field: 'prices', detail: 'prices say at least one of input, output and request' });
  }
  const starts = new Set(tiers.map(({ above }) => above));
  if (starts.size < tiers.length) {
    throw errors.invalid_value({ field: 'prices', detail: 'two tiers begin at the same number of tokens' });
  }
}

function assertSpan(from: Date | null, to: Date | null): void {
  if (from && to && to <= from) {
    throw errors.invalid_value({ field: 'valid_to', detail: 'valid_to is not after valid_from' });
  }
}

async function refusingOverlap<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as { code?: string }).code === '23P01') throw priceErrors.price_override_overlaps({ cause: error });
    throw error;
  }
}
