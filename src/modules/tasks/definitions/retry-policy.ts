import type { Platform } from '../../../platform/platform.ts';
import { describeFailure, TaskFailure } from '../failure.ts';

/** Longest pause an error may ask for. */
const retry_after_seconds_max = 86_400;

/** How the failures of a task are treated, as the version of its definition says: a row. Times in seconds. */
export interface DefinedRetryPolicy {
  readonly delay_seconds: number;
  readonly multiplier: number;
  readonly delay_max_seconds: number;
  /** Share of each pause that is random, 0 to 1. */
  readonly jitter: number;
  readonly non_retryable_codes: readonly string[];
}

/** Seconds until the attempt after `attempt`: exponential up to the ceiling, the given share of it random. */
export function policyDelaySeconds(
  policy: DefinedRetryPolicy,
  attempt: number,
  random: () => number = Math.random,
): number {
  const { delay_seconds, multiplier, delay_max_seconds, jitter } = policy;
  const ceiling = Math.min(delay_max_seconds, delay_seconds * multiplier ** (attempt - 1));
  return ceiling * (1 - jitter) + ceiling * jitter * random();
}

/** What a handler threw, with the policy's answer to it. What the handler itself said of retrying stands. */
export function applyPolicy(thrown: unknown, attempt: number, policy: DefinedRetryPolicy): unknown {
  const { code, message, details } = describeFailure(thrown);
  const own = thrown instanceof TaskFailure ? thrown : undefined;
  const rest = { cause: thrown, ...(details ? { details } : {}) };
  if (own?.retryable === false || policy.non_retryable_codes.includes(code)) {
    return new TaskFailure(code, message, { retryable: false, ...rest });
  }
  const asked = (thrown as { retryAfterSeconds?: unknown } | null | undefined)?.retryAfterSeconds;
  const isAsked = typeof asked === 'number' && asked >= 0 && asked <= retry_after_seconds_max;
  const retryAfterSeconds = isAsked ? asked : policyDelaySeconds(policy, attempt);
  return new TaskFailure(code, message, { retryAfterSeconds, ...rest });
}

interface Failed {
  readonly organization_id: string;
  readonly task_id: string;
  readonly attempt: number;
}

interface Waiting {
  readonly task: Failed;
  readonly resolve: (policy: DefinedRetryPolicy | undefined) => void;
}

/**
 * Looks up the policies of tasks that failed: those of one turn of the event loop with one statement. A task without a
 * definition keeps what was thrown, and so does one whose policy can not be read now.
 */
export class RetryPolicies {
  readonly #platform: Platform;
  #waiting: Waiting[] = [];

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** What is to be recorded of a failure. */
  async refine(thrown: unknown, task: Failed): Promise<unknown> {
    const policy = await new Promise<DefinedRetryPolicy | undefined>((resolve) => {
      this.#waiting.push({ task, resolve });
      if (this.#waiting.length === 1) setImmediate(() => void this.#flush());
    });
    return policy ? applyPolicy(thrown, task.attempt, policy) : thrown;
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    let policies = new Map<string, DefinedRetryPolicy>();
    try {
      const rows = await this.#platform.door.readOne<DefinedRetryPolicy & { task_id: string }>(
        { as: 'worker', memberRole: 'service' },
        'select * from plinth.task_retry_policies($1::uuid[], $2::uuid[])',
        [waiting.map(({ task }) => task.organization_id), waiting.map(({ task }) => task.task_id)],
        { pool: 'worker' },
      );
      policies = new Map(rows.map((row) => [row.task_id, row]));
    } catch (error) {
      this.#platform.log.warn({ err: error }, 'retry policies could not be read; the usual one holds');
    }
    for (const { task, resolve } of waiting) resolve(policies.get(task.task_id));
  }
}
