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

/**
 * Seconds until the next attempt: exponential, doubling from one second to an hour, with "equal jitter" (half fixed,
 * half random), so that tasks that failed together do not come back together.
 */
export function retryDelaySeconds(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(retry_delay_seconds_max, retry_delay_seconds_first * 2 ** (attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random();
}

/** What is kept of a failure: a code, a message, details; bounded, without a stack. */
export function describeFailure(thrown: unknown): { code: string; message: string; details?: Record<string, unknown> } {
  const message = (thrown instanceof Error ? thrown.message : String(thrown))
    .slice(0, message_chars_max)
    .replaceAll('\0', '\uFFFD');
  const code = (thrown as { code?: unknown } | null)?.code;
  const details = thrown instanceof TaskFailure ? thrown.details : undefined;
  return {
    code: typeof code === 'string' ? code : 'handler_failed',
    message: message.isWellFormed() ? message : message.toWellFormed(),
    ...(details ? { details } : {}),
  };
}
