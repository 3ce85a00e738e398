import { errors } from '../../../platform/core/errors.ts';
import { asPlinthError } from '../../../platform/http/problem.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { Usage } from '../usage.ts';
import { type Accounting, type Budgets, type Hold, type Price, tokensOf } from './accounting.ts';
import { callLimits } from './limits.ts';
import { type CallLog, logScope, type StartedCall } from './log.ts';

/** How a call ended, and what it came to. */
export interface Outcome {
  readonly call: StartedCall;
  readonly scope: Scope;
  readonly isLogged: boolean;
  readonly hold: Hold | undefined;
  readonly status: 'succeeded' | 'failed' | 'refused' | 'cancelled';
  readonly connectionId: string;
  readonly provider: string;
  readonly model: string;
  readonly attempts: number;
  readonly statusCode?: number;
  readonly errorCode?: string;
  /** Undefined: nothing was used. */
  readonly usage?: Usage | undefined;
  readonly isEstimated: boolean;
  readonly rawUsage?: unknown;
  readonly price: Price | null;
  readonly durationMs: number;
  readonly firstTokenMs: number | undefined;
  readonly responseContent: string | null;
}

export interface Settler {
  /** Writes the outcome down, its cost and what its budgets count in one transaction; tries again while that fails. */
  settle(outcome: Outcome, ended: () => void): void;
  /** Throws `too_busy` when so many wait for the database that no further call may begin. */
  assertRoom(): void;
  /** Resolves when nothing waits any more; what the database does not take is left to its lease. */
  close(): Promise<void>;
}

const databaseCodes = new Set(['database_unavailable', 'engine_restarted', 'database_full', 'outcome_unknown']);

/** Whether the database is what failed. */
export function unreachable(error: unknown): boolean {
  return databaseCodes.has(asPlinthError(error).code);
}

/** Ends calls beside the requests they came by: the answer has gone out, what it cost is not to be lost. */
export function makeSettler(platform: Platform, accounting: Accounting, budgets: Budgets, log: CallLog): Settler {
  const waiting = new Set<Promise<void>>();
  const closing = new AbortController();

  async function once(outcome: Outcome): Promise<void> {
    const { call, usage, price, hold } = outcome;
    await platform.door.write(logScope(call.organizationId), async (tx) => {
      if (!outcome.isLogged) await log.startIn(tx, call);
      const [row] = await tx.sql<{ done: boolean }>('select plinth.finish_gateway_call($1, $2::jsonb) as done', [
        call.organizationId,
        JSON.stringify(rowOf(platform, outcome)),
      ]);
      // it was taken for lost, and charged as such
      if (!row?.done) return;
      if (!usage) return;
      await accounting.recordCost(
        tx,
        {
          call_id: call.id,
          kind: 'call',
          provider: outcome.provider,
          model: outcome.model,
          usage,
          raw_usage: outcome.rawUsage ?? null,
          subject: call.subject,
          occurred_at: call.occurredAt,
          ...(call.traceId === undefined ? {} : { trace_id: call.traceId }),
        },
        price,
      );
      if (hold) await budgets.settle(tx, call.id, { tokens: tokensOf(usage), cost: price?.total_cost ?? null });
    });
    if (hold && !usage) await budgets.release(outcome.scope, call.id);
  }

  async function persistently(outcome: Outcome): Promise<void> {
    let pause: number = callLimits.settle_again_ms;
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(outcome);
      } catch (error) {
        const { code } = asPlinthError(error);
        const isLast = closing.signal.aborted || (attempt >= callLimits.settle_attempts && !unreachable(error));
        platform.log[isLast ? 'error' : 'warn'](
          { err: error, call: outcome.call.id, code },
          'a model call is not settled',
        );
        // its lease runs out: it is marked as lost and charged as such
        if (isLast) return;
        await platform.clock.sleep(pause, closing.signal);
        pause = Math.min(pause * 2, callLimits.settle_again_ms_max);
      }
    }
  }

  return {
    settle(outcome, ended) {
      const work = persistently(outcome).finally(() => {
        waiting.delete(work);
        ended();
      });
      waiting.add(work);
    },
    assertRoom() {
      if (waiting.size >= callLimits.settling_max) throw errors.too_busy({ retryAfterSeconds: 5 });
    },
    async close() {
      closing.abort();
      while (waiting.size > 0) await Promise.all(waiting);
    },
  };
}

function rowOf(platform: Platform, outcome: Outcome): Record<string, unknown> {
  return {
    id: outcome.call.id,
    occurred_at: outcome.call.occurredAt,
    status: outcome.status,
    connection_id: outcome.connectionId,
    provider: outcome.provider,
    model: outcome.model,
    attempts: outcome.attempts,
    status_code: outcome.statusCode,
    error_code: outcome.errorCode,
    ...outcome.usage,
    is_estimated: outcome.isEstimated,
    raw_usage: outcome.rawUsage ?? null,
    duration_ms: outcome.durationMs,
    first_token_ms: outcome.firstTokenMs,
    response_content: outcome.responseContent,
    ended_at: platform.clock.now(),
  };
}
