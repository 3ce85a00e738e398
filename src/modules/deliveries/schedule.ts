import { deliveryLimits } from './limits.ts';

export interface RetryRule {
  /** Null: the usual one. */
  readonly retry_schedule_seconds: readonly number[] | null;
  readonly jitter_percent: number;
}

/**
 * When a delivery is tried again after its attempt number `attempt` (from 1) has failed: after the schedule's delay,
 * lengthened by up to `jitter_percent`, and not before `notBefore` (Retry-After). Null: it was the last.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
 */
export function nextAttemptAt(
  { retry_schedule_seconds, jitter_percent }: RetryRule,
  attempt: number,
  now: Date,
  notBefore: Date | undefined,
  random: () => number,
): Date | null {
  const delay = (retry_schedule_seconds ?? deliveryLimits.retry_schedule_seconds)[attempt - 1];
  if (delay === undefined) return null;
  const at = now.getTime() + delay * 1_000 * (1 + (random() * jitter_percent) / 100);
  return new Date(Math.max(at, notBefore?.getTime() ?? 0));
}
