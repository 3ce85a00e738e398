/** The loop that gives back what nobody extends, and what wakes it. */
export const holds_loop = 'budget-holds';

/** Bounds of budgets, units last. */
export const budgetLimits = {
  name_chars: 200,
  budgets_max: 10_000,
  rate_limits_max: 10_000,
  thresholds_max: 10,
  threshold_percent_max: 1_000,
  token_limit_max: 1_000_000_000_000_000,
  requests_per_minute_max: 10_000_000,
  tokens_per_minute_max: 2_000_000_000,
  call_id_chars: 200,
  hold_seconds_default: 120,
  hold_seconds_max: 3_600,
  /** Decisions of one process that share a statement, and so a row lock. */
  decisions_together_max: 50,
  /** Statements with decisions under way at once, of all organizations. */
  decision_slots: 2,
  /** Decisions that may wait; the next is refused with `too_busy`. */
  decisions_waiting_max: 10_000,
  /** While something is held, its loop looks this often at least. */
  look_again_ms: 5_000,
  /** How long what a call had reserved and used is kept after it ended: a check compares the counters with it. */
  reservations_keep_days: 7,
} as const;
