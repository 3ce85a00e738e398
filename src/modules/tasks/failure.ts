import { limits } from '../../platform/core/limits.ts';
import { assertJsonDepth } from '../../platform/http/json.ts';

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
const message_chars_max = 4_000;
const details_bytes_max = 64 * 1024;
const usable_code = /^[A-Za-z0-9_.:-]{1,100}$/;

/**
 * Seconds until the next attempt: exponential, doubling from one second to an hour, with "equal jitter" (half fixed,
 * half random), so that tasks that failed together do not come back together.
 */
export function retryDelaySeconds(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(retry_delay_seconds_max, retry_delay_seconds_first * 2 ** (attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random();
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
