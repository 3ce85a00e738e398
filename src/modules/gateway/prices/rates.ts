import type { Usage } from '../usage.ts';
import { divideRounded, parseUsd } from './money.ts';

/**
 * The prices of a model as they are stored: USD a million tokens, as decimal strings. A kind without a price costs what
 * the kind above it does: cached input, cache writes as input; those for an hour as cache writes; reasoning as output.
 */
export interface Rates {
  readonly input?: string;
  readonly cached_input?: string;
  readonly cache_write?: string;
  readonly cache_write_1h?: string;
  readonly output?: string;
  readonly reasoning?: string;
  /** USD a call. */
  readonly request?: string;
  /** From more input tokens than `above` on, these hold for the whole call. */
  readonly tiers?: readonly Tier[];
  /** For calls in a batch; what is not said costs as if it were. */
  readonly batch?: TokenRates;
}

export type TokenRates = Omit<Rates, 'request' | 'tiers' | 'batch'>;
export type Tier = TokenRates & { readonly above: number };

export const rateKinds = ['input', 'cached_input', 'cache_write', 'cache_write_1h', 'output', 'reasoning'] as const;
type RateKind = (typeof rateKinds)[number];
const dearer: Partial<Record<RateKind, RateKind>> = {
  cached_input: 'input',
  cache_write: 'input',
  cache_write_1h: 'cache_write',
  reasoning: 'output',
};

/** 1e-12 USD a million tokens. */
type Numbers = Readonly<Partial<Record<RateKind, bigint>>>;

export interface CompiledRates {
  readonly base: Numbers;
  /** By their beginning, the lowest first. */
  readonly tiers: readonly { readonly above: number; readonly rates: Numbers }[];
  readonly batch: Numbers | undefined;
  readonly request: bigint | undefined;
  /** There is another price for tokens of audio, which is not known here. */
  readonly pricesAudio: boolean;
}

function numbersOf(rates: TokenRates): Numbers {
  const numbers: Partial<Record<RateKind, bigint>> = {};
  for (const kind of rateKinds) {
    const text = rates[kind];
    const price = text === undefined ? undefined : parseUsd(text);
    if (price !== undefined) numbers[kind] = price;
  }
  return numbers;
}

export function compileRates(rates: Rates, pricesAudio = false): CompiledRates {
  return {
    base: numbersOf(rates),
    tiers: [...(rates.tiers ?? [])]
      .sort((one, other) => one.above - other.above)
      .map((tier) => ({ above: tier.above, rates: numbersOf(tier) })),
    batch: rates.batch && numbersOf(rates.batch),
    request: rates.request === undefined ? undefined : parseUsd(rates.request),
    pricesAudio,
  };
}

/** Costs in 1e-12 USD. */
export interface Cost {
  readonly input: bigint;
  readonly output: bigint;
  /** Both, and the fee of the call. */
  readonly total: bigint;
}

const million = 1_000_000n;

/**
 * Null where a kind of token that was used has no price, and for counts that are none. Of a batch at the rates for
 * batches, where there are any.
 */
export function costOf(compiled: CompiledRates, usage: Usage, batch = false): Cost | null {
  if (!isUsage(usage)) return null;
  if (compiled.pricesAudio && (usage.audio_tokens ?? 0) > 0) return null;
  const inputs = usage.input_tokens + usage.cached_input_tokens + usage.cache_write_tokens;
  const rates = batch && compiled.batch ? compiled.batch : atSize(compiled, inputs);
  const hours = usage.cache_write_1h_tokens ?? 0;
  const input = sumOf(rates, [
    ['input', usage.input_tokens],
    ['cached_input', usage.cached_input_tokens],
    ['cache_write', usage.cache_write_tokens - hours],
    ['cache_write_1h', hours],
  ]);
  const output = sumOf(rates, [
    ['output', usage.output_tokens],
    ['reasoning', usage.reasoning_tokens],
  ]);
  if (input === null || output === null || !says(rates, compiled.request)) return null;
  return { input, output, total: input + output + (compiled.request ?? 0n) };
}

const counts = [
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
] as const;

function isUsage(usage: Usage): boolean {
  const hours = usage.cache_write_1h_tokens ?? 0;
  return (
    [...counts.map((name) => usage[name]), hours].every((count) => Number.isSafeInteger(count) && count >= 0) &&
    hours <= usage.cache_write_tokens
  );
}

function atSize({ base, tiers }: CompiledRates, inputs: number): Numbers {
  let rates = base;
  for (const tier of tiers) if (inputs > tier.above) rates = { ...rates, ...tier.rates };
  return rates;
}

function sumOf(rates: Numbers, parts: readonly (readonly [RateKind, number])[]): bigint | null {
  let sum = 0n;
  for (const [kind, tokens] of parts) {
    if (tokens === 0) continue;
    const rate = rateOf(rates, kind);
    if (rate === undefined) return null;
    sum += BigInt(tokens) * rate;
  }
  return divideRounded(sum, million);
}

function rateOf(rates: Numbers, kind: RateKind): bigint | undefined {
  const above = dearer[kind];
  return rates[kind] ?? (above && rateOf(rates, above));
}

/** A list of prices that says nothing is not one by which a call without tokens costs 0. */
function says(rates: Numbers, request: bigint | undefined): boolean {
  return request !== undefined || rates.input !== undefined || rates.output !== undefined;
}
