import { makeBatcher } from '../../../platform/db/batcher.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { Capture } from '../connections/index.ts';
import { makeLoopWaker } from '../loop-waker.ts';
import type { CallSubject } from '../usage.ts';
import type { Budgets, Hold, Wire } from './accounting.ts';
import { callLimits, lost_calls_loop } from './limits.ts';

/** A call as it is written down before a provider is asked. */
export interface StartedCall {
  readonly id: string;
  readonly occurredAt: Date;
  readonly organizationId: string;
  readonly wire: Wire;
  readonly isStream: boolean;
  readonly requestedModel: string;
  readonly alias: string | undefined;
  readonly connectionId: string;
  readonly provider: string;
  readonly model: string;
  readonly subject: CallSubject;
  readonly inputEstimate: number;
  readonly content: Capture;
  readonly requestContent: string | null;
  readonly traceId: string | undefined;
}

function startedRow(platform: Platform, call: StartedCall, leaseMs: number): Record<string, unknown> {
  const { subject } = call;
  return {
    id: call.id,
    occurred_at: call.occurredAt,
    wire: call.wire,
    is_stream: call.isStream,
    requested_model: call.requestedModel,
    alias: call.alias,
    connection_id: call.connectionId,
    provider: call.provider,
    model: call.model,
    user_id: subject.userId,
    api_key_id: subject.apiKeyId,
    project_id: subject.projectId,
    agent_id: subject.agentId,
    input_tokens_estimate: call.inputEstimate,
    content: call.content,
    request_content: call.requestContent,
    trace_id: call.traceId,
    lease_expires_at: new Date(platform.clock.now().getTime() + leaseMs),
  };
}

/** Whoever made the call may have gone since: what is written is the platform's own. */
export function logScope(organizationId: string): Scope {
  return { as: 'app', organizationId, memberRole: 'service' };
}

interface Starting {
  readonly keys: readonly string[];
  readonly bytes: number;
  readonly call: StartedCall;
}

interface Running {
  readonly call: StartedCall;
  readonly scope: Scope;
  hold: Hold | undefined;
}

export interface CallLog {
  /** Resolves when the call is written down. Calls of an organization that come at one time share a statement. */
  start(call: StartedCall): Promise<void>;
  /** The same in a transaction that is open, for a call that could not be written down before. */
  startIn(tx: ScopedTx, call: StartedCall): Promise<void>;
  /** From here on the call's lease, and that of its hold, are extended until `ended`. */
  running(call: StartedCall, scope: Scope): { hold(hold: Hold | undefined): void; ended(): void };
  close(): void;
}

/** Calls as they begin, and the leases of those that run in this process. */
export function makeCallLog(platform: Platform, budgets: Budgets, leaseMs: number = callLimits.lease_ms): CallLog {
  const running = new Map<string, Running>();
  const wakeLost = makeLoopWaker(platform, lost_calls_loop, callLimits.lost_interval_ms);
  let timer: NodeJS.Timeout | undefined;
  const batcher = makeBatcher<Starting, undefined>({
    slots: 2,
    items_max: 200,
    bytes_max: 8 * 1024 * 1024,
    waiting_max: 10_000,
    async write(organizationId, items) {
      const rows = items.map(({ call }) => startedRow(platform, call, leaseMs));
      await platform.door.writeAll(logScope(organizationId), [startStatement(organizationId, rows)]);
      return items.map(() => undefined);
    },
  });

  async function extend(): Promise<void> {
    const until = new Date(platform.clock.now().getTime() + leaseMs);
    const tenants = Map.groupBy(running.values(), ({ call }) => call.organizationId);
    for (const [organizationId, calls] of tenants) {
      const ids = calls.map(({ call }) => call.id);
      const oldest = new Date(Math.min(...calls.map(({ call }) => call.occurredAt.getTime())));
      await platform.door.writeAll(logScope(organizationId), [
        {
          text: 'select plinth.extend_gateway_calls($1, $2::uuid[], $3, $4)',
          values: [organizationId, ids, oldest, until],
        },
      ]);
      for (const { hold, scope, call } of calls) {
        if (hold && running.has(call.id)) await budgets.extend(scope, hold, leaseMs / 1_000);
      }
    }
  }

  const tick = () => {
    timer = undefined;
    extend()
      .catch((error: unknown) => platform.log.warn({ err: error }, 'leases of model calls not extended'))
      .finally(() => running.size > 0 && schedule());
  };
  const schedule = () => {
    timer ??= setTimeout(tick, leaseMs / 3).unref();
  };

  return {
    async start(call) {
      await batcher.add(call.organizationId, { keys: [], bytes: call.requestContent?.length ?? 0, call });
      wakeLost();
    },
    async startIn(tx, call) {
      const { text, values } = startStatement(call.organizationId, [startedRow(platform, call, leaseMs)]);
      await tx.sql(text, values);
    },
    running(call, scope) {
      const entry: Running = { call, scope, hold: undefined };
      running.set(call.id, entry);
      schedule();
      return {
        hold: (hold) => {
          entry.hold = hold;
        },
        ended: () => {
          running.delete(call.id);
        },
      };
    },
    close() {
      clearTimeout(timer);
    },
  };
}

function startStatement(organizationId: string, rows: readonly Record<string, unknown>[]) {
  return {
    text: 'select plinth.start_gateway_calls($1, $2::jsonb)',
    values: [organizationId, JSON.stringify(rows)],
  };
}
