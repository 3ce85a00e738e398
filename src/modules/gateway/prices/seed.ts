import type { ModelPrice, Provider } from '@pydantic/genai-prices';
import type { Platform } from '../../../platform/platform.ts';
import { decimalOf } from './money.ts';
import type { Rates, Tier, TokenRates } from './rates.ts';

/** The version of `@pydantic/genai-prices` that is installed; a test holds the two equal. Here so that a seed need not load it. */
export const source_version = '0.1.8';

/** The library's word for each kind of token, and ours. */
const kinds = {
  input_mtok: 'input',
  cache_read_mtok: 'cached_input',
  cache_write_mtok: 'cache_write',
  cache_write_1h_mtok: 'cache_write_1h',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
} as const satisfies Record<string, keyof TokenRates>;

/** Brings `model_prices` to the version that is installed. Another version's rows are replaced as a whole. */
export async function seedModelPrices({ door }: Platform, version: string = source_version): Promise<void> {
  const scope = { as: 'app', memberRole: 'service' } as const;
  const [known] = await door.readOne<{ version: string | null }>(
    scope,
    'select max(source_version) as version from plinth.model_price_providers',
  );
  if (known?.version === version) return;
  // half a megabyte of data, which nothing else needs
  const { waitForUpdate } = await import('@pydantic/genai-prices');
  const source = (await waitForUpdate()) ?? [];
  const providers = JSON.stringify(source.map(providerRow));
  const models = JSON.stringify(source.flatMap(modelRows));
  await door.write({ as: 'worker' }, (tx) =>
    tx.sql('select plinth.seed_model_prices($1, $2, $3)', [version, providers, models]),
  );
}

function providerRow({ id, name, provider_match, fallback_model_providers }: Provider, position: number) {
  return {
    provider: id,
    name,
    position,
    match: provider_match ?? null,
    fallback_providers: fallback_model_providers ?? [],
  };
}

function modelRows({ id: provider, models }: Provider) {
  return models.flatMap(({ id: model, name, match, context_window, prices }, position) =>
    (Array.isArray(prices) ? prices : [{ prices }]).map(({ constraint, prices: price }, step) => ({
      provider,
      model,
      step,
      position,
      name: name ?? null,
      match,
      ...ratesOf(price),
      valid_from: constraint?.type === 'start_date' ? constraint.start_date : null,
      daily_from: constraint?.type === 'time_of_date' ? utcTime(constraint.start_time) : null,
      daily_to: constraint?.type === 'time_of_date' ? utcTime(constraint.end_time) : null,
      context_tokens: context_window ?? null,
    })),
  );
}

function ratesOf(price: ModelPrice): { prices: Rates; other_prices: Record<string, unknown> | null } {
  const prices: Record<string, unknown> = {};
  const other: Record<string, unknown> = {};
  const tiers = new Map<number, Record<string, unknown>>();
  for (const [key, value] of Object.entries(price)) {
    const kind = kinds[key as keyof typeof kinds];
    if (value === undefined) continue;
    if (key === 'requests_kcount' && typeof value === 'number') prices['request'] = decimalOf(value / 1000);
    else if (kind === undefined) other[key] = value;
    else if (typeof value === 'number') prices[kind] = decimalOf(value);
    else {
      prices[kind] = decimalOf(value.base);
      for (const { start, price: above } of value.tiers) {
        tiers.set(start, { ...tiers.get(start), [kind]: decimalOf(above) });
      }
    }
  }
  const steps = [...tiers].sort(([one], [next]) => one - next).map(([above, rates]): Tier => ({ above, ...rates }));
  return {
    prices: { ...prices, ...(steps.length > 0 && { tiers: steps }) },
    other_prices: Object.keys(other).length > 0 ? other : null,
  };
}

/** "00:30:00Z", "08:30:00+08:00" as "00:30:00". */
function utcTime(time: string): string {
  return new Date(`2000-01-01T${time}`).toISOString().slice(11, 19);
}
