import type { ScopedTx } from '../../../platform/scope/door.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { CallSubject } from '../usage.ts';

/** What a call holds of the budgets it counts for. */
export interface Hold {
  /** The call's own id. */
  readonly id: string;
  /** When it is given back unless it is extended or settled. */
  readonly expires_at: Date;
}

export interface Ask {
  /** Unique in the organization; asked for twice, a call holds once. */
  readonly call_id: string;
  readonly subject: CallSubject;
  /** The most it can use; cost null: no price is known. US dollars as a decimal. */
  readonly worst: { readonly tokens: number; readonly cost: string | null };
  /** How long it is held without word of its holder; default 120. */
  readonly hold_seconds?: number;
}

export interface Used {
  readonly tokens: number;
  /** US dollars as a decimal; null: no price is known. It counts as tokens, and as a call without a price. */
  readonly cost: string | null;
}

export interface Budgets {
  /**
   * Holds the worst case of a call in every budget it counts for, or in none; undefined where it counts for none. Shares
   * a statement with the decisions of this organization that come at the same time. Outside a transaction.
   * Throws `budget_exceeded`, `price_unknown`, `conflict` (a call of this id was before), `too_busy`.
   */
  reserve(scope: Scope, ask: Ask): Promise<Hold | undefined>;
  /** Holds for so many seconds from now on; what had been given back meanwhile is held again, room or not. */
  extend(scope: Scope, hold: Hold, seconds: number): Promise<void>;
  /**
   * Counts what a call has used, in the period it was reserved in, and gives back what it held; in the caller's transaction,
   * which runs as `app`. It locks counters until that ends, so let it be the last statement. Idempotent by call. What was
   * used counts, be it more than was held, and after the hold had expired or was released.
   */
  settle(tx: ScopedTx, call_id: string, used: Used): Promise<void>;
  /** The same for several calls: whoever settles more than one in a transaction does it at once, or two may deadlock. */
  settleAll(tx: ScopedTx, calls: readonly ({ readonly call_id: string } & Used)[]): Promise<void>;
  /** Gives back what a call holds that is not made after all. */
  release(scope: Scope, call_id: string): Promise<void>;
  /**
   * Takes requests and tokens of every limit a minute that a call counts for, or of none. Shares a statement as `reserve`
   * does. Throws `rate_limited` with Retry-After, `call_over_rate_limit`, `too_busy`.
   */
  take(scope: Scope, subject: CallSubject, ask: { readonly requests: number; readonly tokens: number }): Promise<void>;
}
