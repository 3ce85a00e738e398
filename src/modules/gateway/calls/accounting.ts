import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { CallSubject, Usage } from '../usage.ts';

/** The formats a call may have. */
export type Wire = 'openai_chat' | 'openai_responses' | 'openai_embeddings' | 'anthropic_messages';

export interface Price {
  readonly provider: string;
  readonly model: string;
  readonly input_cost: string;
  readonly output_cost: string;
  readonly total_cost: string;
}

export interface PriceBook {
  /** Null: no price is known. */
  priceOf(provider: string, model: string, usage: Usage, options?: { at?: Date; batch?: boolean }): Price | null;
}

export interface Hold {
  readonly id: string;
  readonly expires_at: Date;
}

export interface Budgets {
  reserve(
    scope: Scope,
    ask: {
      call_id: string;
      subject: CallSubject;
      worst: { tokens: number; cost: string | null };
      hold_seconds?: number;
    },
  ): Promise<Hold | undefined>;
  extend(scope: Scope, hold: Hold, seconds: number): Promise<void>;
  settle(tx: ScopedTx, call_id: string, used: { tokens: number; cost: string | null }): Promise<void>;
  /** The same for several calls: whoever settles more than one in a transaction does it at once. */
  settleAll(
    tx: ScopedTx,
    calls: readonly { readonly call_id: string; readonly tokens: number; readonly cost: string | null }[],
  ): Promise<void>;
  release(scope: Scope, call_id: string): Promise<void>;
  take(scope: Scope, subject: CallSubject, ask: { requests: number; tokens: number }): Promise<void>;
}

export interface NewCost {
  readonly call_id: string;
  readonly kind: 'call' | 'trace';
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage;
  readonly raw_usage: unknown;
  readonly subject: CallSubject;
  readonly trace_id?: string;
  readonly occurred_at?: Date;
}

/** What calls cost and may cost: the other parts of this module, as calls need them. */
export interface Accounting {
  /** Undefined: the answer holds no usage that can be read. */
  usageOf(wire: Wire, raw: unknown): Usage | undefined;
  priceBook(platform: Platform, scope: Scope): Promise<PriceBook>;
  recordCost(tx: ScopedTx, cost: NewCost, price: Price | null): Promise<unknown>;
  makeBudgets(platform: Platform): Budgets;
}

export const noUsage: Usage = {
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
};

export function tokensOf(usage: Usage): number {
  const { input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens } = usage;
  return input_tokens + cached_input_tokens + cache_write_tokens + output_tokens + reasoning_tokens;
}
