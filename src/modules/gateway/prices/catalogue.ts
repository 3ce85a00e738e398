import { type Match, type Matcher, matcherOf, withDatesWritten } from './match.ts';
import { type CompiledRates, compileRates, type Rates } from './rates.ts';

export interface ProviderRow {
  readonly provider: string;
  readonly match: Match | null;
  readonly fallback_providers: readonly string[];
}

/** Of `model_prices`, by provider, position and step. */
export interface PriceRow {
  readonly provider: string;
  readonly model: string;
  readonly match: Match;
  readonly prices: Rates;
  readonly prices_audio: boolean;
  readonly valid_from: string | null;
  readonly daily_from: string | null;
  readonly daily_to: string | null;
}

/** A model of the catalogue. */
export interface KnownModel {
  readonly provider: string;
  readonly model: string;
  ratesAt(at: Date): CompiledRates;
}

export interface Catalogue {
  find(provider: string, model: string): KnownModel | undefined;
}

interface Step {
  /** Compiled when a call wants it: most models are never called. */
  rates(): CompiledRates;
  holds(at: Date): boolean;
}

interface Entry extends KnownModel {
  readonly steps: Step[];
  readonly matches: Matcher;
}

interface Provider extends ProviderRow {
  readonly matches: Matcher | undefined;
  readonly models: Entry[];
}

const names_cached_max = 10_000;

/** Reads the rows as the price source means them; a test compares it with the source's own functions. */
export function makeCatalogue(providerRows: readonly ProviderRow[], priceRows: readonly PriceRow[]): Catalogue {
  const providers = new Map<string, Provider>(
    providerRows.map((row) => [
      row.provider,
      { ...row, matches: row.match ? matcherOf(row.match) : undefined, models: [] },
    ]),
  );
  for (const row of priceRows) {
    const models = providers.get(row.provider)?.models;
    let entry = models?.at(-1);
    if (entry?.model !== row.model) {
      entry = entryOf(row);
      models?.push(entry);
    }
    entry.steps.push(stepOf(row));
  }
  const known = new Map<string, KnownModel | undefined>();

  function find(providerName: string, modelName: string): KnownModel | undefined {
    const provider = providerOf(providers, providerName.toLowerCase().trim());
    if (!provider) return undefined;
    const model = modelName.toLowerCase().trim();
    return modelOf(providers, provider, model) ?? modelOf(providers, provider, withDatesWritten(model));
  }

  return {
    find(provider, model) {
      const key = `${provider}\n${model}`;
      if (known.has(key)) return known.get(key);
      const found = find(provider, model);
      // names come from outside: a bound, and no room for long ones
      if (known.size >= names_cached_max) known.clear();
      if (key.length < 500) known.set(key, found);
      return found;
    },
  };
}

function providerOf(providers: ReadonlyMap<string, Provider>, name: string): Provider | undefined {
  const exact = providers.get(name);
  if (exact) return exact;
  for (const provider of providers.values()) if (provider.matches?.(name)) return provider;
  return undefined;
}

function modelOf(providers: ReadonlyMap<string, Provider>, provider: Provider, model: string): KnownModel | undefined {
  for (const one of [provider, ...provider.fallback_providers.map((name) => providers.get(name))]) {
    const found = one?.models.find(({ matches }) => matches(model));
    if (found) return found;
  }
  return undefined;
}

function entryOf({ provider, model, match }: PriceRow): Entry {
  const steps: Step[] = [];
  let matcher: Matcher | undefined;
  return {
    provider,
    model,
    steps,
    matches(name) {
      matcher ??= matcherOf(match);
      return matcher(name);
    },
    ratesAt: (at) => (steps.findLast(({ holds }) => holds(at)) ?? steps[0]!).rates(),
  };
}

function stepOf({ prices, prices_audio, valid_from, daily_from, daily_to }: PriceRow): Step {
  let compiled: CompiledRates | undefined;
  const since = valid_from === null ? undefined : new Date(`${valid_from}T00:00:00Z`);
  const from = daily_from === null ? undefined : secondsOf(daily_from);
  const to = daily_to === null ? undefined : secondsOf(daily_to);
  return {
    rates() {
      compiled ??= compileRates(prices, prices_audio);
      return compiled;
    },
    holds(at) {
      if (since && at < since) return false;
      if (from === undefined || to === undefined) return true;
      const now = (at.getTime() / 1000) % 86_400;
      return to < from ? now >= from || now < to : now >= from && now < to;
    },
  };
}

/** Of "16:30:00". */
function secondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
