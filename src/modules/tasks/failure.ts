import { limits } from '../../platform/core/limits.ts';
import { assertJsonDepth } from '../../platform/http/json.ts';
import type { RetryPolicy } from '../../platform/module.ts';

/** What a handler throws to say how its failure is to be treated. Any other error is retried by the usual schedule. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: string,
    message: string,
    options: {
      retryable?: boolean;
      retryAfterSeconds?: number;
      details?: Record<string, unknown>;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? true;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.details = options.details;
  }
}

export const retry_delay_seconds_first = 1;
export const retry_delay_seconds_max = 3600;
/** Longest pause another service may ask for. */
export const retry_after_seconds_max = 86_400;
const message_chars_max = 4_000;
const details_bytes_max = 64 * 1024;
const usable_code = /^[A-Za-z0-9_.:-]{1,100}$/;

/**
 * Seconds until the next attempt: exponential, doubling from one second to an hour where the policy says nothing else,
 * with "equal jitter" (half fixed, half random), so that tasks that failed together do not come back together.
 */
export function retryDelaySeconds(
  attempt: number,
  random: () => number = Math.random,
  policy: RetryPolicy = {},
): number {
  const {
    firstDelaySeconds = retry_delay_seconds_first,
    maxDelaySeconds = retry_delay_seconds_max,
    factor = 2,
  } = policy;
  const ceiling = Math.min(maxDelaySeconds, firstDelaySeconds * factor ** (attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random();
}

/**
 * Seconds until a failed task is tried again, null: never. The handler's word comes first (`TaskFailure`, or a
 * `retryAfterSeconds` on any error, as our own errors of other services have it), then the codes its policy names, then
 * the schedule.
 */
export function retryAfter(thrown: unknown, attempt: number, policy: RetryPolicy = {}): number | null {
  const { retryable, retryAfterSeconds } = (thrown ?? {}) as { retryable?: unknown; retryAfterSeconds?: unknown };
  if (thrown instanceof TaskFailure && retryable === false) return null;
  if (policy.notRetryable?.includes(describeFailure(thrown).code)) return null;
  if (typeof retryAfterSeconds === 'number' && Number.isFinite(retryAfterSeconds)) {
    return Math.min(Math.max(0, retryAfterSeconds), retry_after_seconds_max);
  }
  return retryDelaySeconds(attempt, Math.random, policy);
}

/**
 * The seconds a `Retry-After` header asks for: a number of them, or until a date; at most a day. Undefined: nothing that
 * means anything. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(header: string | null | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - now.getTime()) / 1_000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), retry_after_seconds_max) : undefined;
}

/** What was thrown, or a failure in its place where looking at it throws again (a proxy, a getter): that ended the process. */
export function readableThrown(thrown: unknown): unknown {
  try {
    if (thrown instanceof Error) void [thrown.name, thrown.message];
    const { code, retryable, retryAfterSeconds } = (thrown ?? {}) as Record<string, unknown>;
    void [code, retryable, retryAfterSeconds];
    return thrown;
  } catch {
    return new TaskFailure('handler_failed', 'something that can not be looked at was thrown');
  }
}

/** What is kept of a failure: a code, a message, details; bounded, without a stack, and storable whatever was thrown. */
export function describeFailure(thrown: unknown): { code: string; message: string; details?: Record<string, unknown> } {
  const text = (thrown instanceof Error ? String(thrown.message) : safeString(thrown)).slice(0, message_chars_max);
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  const details = thrown instanceof TaskFailure ? storable(thrown.details) : undefined;
  return {
    code: typeof code === 'string' && usable_code.test(code) ? code : 'handler_failed',
    message: text.toWellFormed().replaceAll('\0', '\uFFFD'),
    ...(details ? { details } : {}),
  };
}

function safeString(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that has no text was thrown';
  }
}

function storable(details: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  try {
    const bytes = Buffer.from(JSON.stringify(details) ?? '');
    if (bytes.length > details_bytes_max) return undefined;
    assertJsonDepth(bytes, limits.json_depth);
    return details;
  } catch {
    return undefined;
  }
}
