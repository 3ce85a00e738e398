import { errors } from '../../../platform/core/errors.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { Usage } from '../usage.ts';
import { type Catalogue, makeCatalogue, type PriceRow, type ProviderRow } from './catalogue.ts';
import { formatUsd } from './money.ts';
import { type CompiledRates, compileRates, costOf, type Rates } from './rates.ts';

/** What one usage costs, in USD. */
export interface Price {
  readonly provider: string;
  /** The model by the catalogue's name; of an override as it is there. */
  readonly model: string;
  readonly input_cost: string;
  readonly output_cost: string;
  /** Both, and what the provider takes for the call itself. */
  readonly total_cost: string;
  /** "genai-prices 0.1.8", or "override" and its id. */
  readonly source?: string;
}

export interface PriceBook {
  /** Null: no price is known, of the model or of a kind of tokens that were used. Never 0 for that. */
  priceOf(provider: string, model: string, usage: Usage, options?: { at?: Date; batch?: boolean }): Price | null;
}

interface OverrideRow {
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly prices: Rates;
  readonly valid_from: string | null;
  readonly valid_to: string | null;
}

interface Override {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly rates: CompiledRates;
}

interface Cached {
  readonly at: number;
  readonly book: Promise<PriceBook>;
}

interface Known {
  catalogue: { readonly stamp: string; readonly content: Promise<Catalogue> } | undefined;
  readonly books: Map<string, Cached>;
}

const stale_ms_max = 1_000;
const books_max = 1_000;
const known = new WeakMap<Platform, Known>();

function knownBy(platform: Platform): Known {
  const state = known.get(platform) ?? { catalogue: undefined, books: new Map() };
  known.set(platform, state);
  return state;
}

/** The prices an organization's calls are charged by: its overrides, then the catalogue. A second old at most. */
export function priceBook(platform: Platform, scope: Pick<Scope, 'organizationId'>): Promise<PriceBook> {
  const { organizationId } = scope;
  if (organizationId === undefined) return Promise.reject(errors.organization_required());
  const { books } = knownBy(platform);
  const now = platform.clock.now().getTime();
  const cached = books.get(organizationId);
  if (cached && now >= cached.at && now - cached.at < stale_ms_max) return cached.book;
  const book = readBook(platform, organizationId);
  if (books.size >= books_max) books.clear();
  books.set(organizationId, { at: now, book });
  book.catch(() => books.delete(organizationId));
  return book;
}

/** What was read of an organization is read anew: after a change of its overrides, in the process that made it. */
export function forgetPrices(platform: Platform, organizationId: string): void {
  known.get(platform)?.books.delete(organizationId);
}

async function readBook(platform: Platform, organizationId: string): Promise<PriceBook> {
  const [row] = await platform.door.readOne<{ stamp: string; version: string; overrides: OverrideRow[] }>(
    { as: 'app', organizationId, memberRole: 'service' },
    `select coalesce(max(p.seeded_at)::text, '') as stamp, coalesce(max(p.source_version), '') as version,
       (select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'provider', o.provider, 'model', o.model, 'prices', o.prices,
          'valid_from', o.valid_from, 'valid_to', o.valid_to)), '[]')
        from plinth.price_overrides o
        where o.organization_id = $1) as overrides
     from plinth.model_price_providers p`,
    [organizationId],
  );
  const { stamp = '', version = '', overrides = [] } = row ?? {};
  const catalogue = await catalogueAt(platform, stamp);
  const own = overridesByModel(overrides);
  return {
    priceOf(provider, model, usage, { at = platform.clock.now(), batch = false } = {}) {
      const time = at.getTime();
      const override = own.get(keyOf(provider, model))?.find(({ from, to }) => from <= time && time < to);
      if (override) {
        return priced({ provider, model, source: `override ${override.id}` }, override.rates, usage, batch);
      }
      const found = catalogue.find(provider, model);
      if (!found) return null;
      const whose = { provider: found.provider, model: found.model, source: `genai-prices ${version}` };
      return priced(whose, found.ratesAt(at), usage, batch);
    },
  };
}

function priced(
  whose: { provider: string; model: string; source: string },
  rates: CompiledRates,
  usage: Usage,
  batch: boolean,
): Price | null {
  const cost = costOf(rates, usage, batch);
  return (
    cost && {
      ...whose,
      input_cost: formatUsd(cost.input),
      output_cost: formatUsd(cost.output),
      total_cost: formatUsd(cost.total),
    }
  );
}

const keyOf = (provider: string, model: string) => `${provider.toLowerCase().trim()}\n${model.toLowerCase().trim()}`;

function overridesByModel(rows: readonly OverrideRow[]): ReadonlyMap<string, readonly Override[]> {
  const byModel = new Map<string, Override[]>();
  for (const { id, provider, model, prices, valid_from, valid_to } of rows) {
    const override: Override = {
      id,
      from: valid_from === null ? Number.NEGATIVE_INFINITY : Date.parse(valid_from),
      to: valid_to === null ? Number.POSITIVE_INFINITY : Date.parse(valid_to),
      rates: compileRates(prices),
    };
    const key = keyOf(provider, model);
    byModel.set(key, [...(byModel.get(key) ?? []), override]);
  }
  return byModel;
}

/** One copy of the catalogue for all organizations, read when it was seeded anew. */
function catalogueAt(platform: Platform, stamp: string): Promise<Catalogue> {
  const state = knownBy(platform);
  if (state.catalogue?.stamp === stamp) return state.catalogue.content;
  const content = readCatalogue(platform);
  state.catalogue = { stamp, content };
  content.catch(() => {
    if (state.catalogue?.content === content) state.catalogue = undefined;
  });
  return content;
}

async function readCatalogue({ door }: Platform): Promise<Catalogue> {
  const scope = { as: 'app', memberRole: 'service' } as const;
  const providers = await door.readOne<ProviderRow>(
    scope,
    'select provider, match, fallback_providers from plinth.model_price_providers order by position',
  );
  const prices = await door.readOne<PriceRow>(
    scope,
    `select provider, model, match, prices, coalesce(other_prices::text like '%audio%', false) as prices_audio,
       valid_from::text, daily_from::text, daily_to::text
     from plinth.model_prices
     order by provider, position, step`,
  );
  return makeCatalogue(providers, prices);
}
