import { AsyncResource } from 'node:async_hooks';
import { errors } from '../../../platform/core/errors.ts';
import { type Batcher, makeBatcher } from '../../../platform/db/batcher.ts';
import type { Platform } from '../../../platform/platform.ts';
import { refuseReentry, type Statement } from '../../../platform/scope/door.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import { makeLoopWaker } from '../loop-waker.ts';
import type { CallSubject } from '../usage.ts';
import { type AlertRow, tellOfAlerts } from './alerts.ts';
import { assertAmounts, dollars } from './amounts.ts';
import type { Ask, Budgets, Hold } from './contract.ts';
import { budgetErrors } from './errors.ts';
import { budgetLimits, holds_loop } from './limits.ts';

/** A batch begins in nobody's context: the one of whoever came first may have ended, or be a transaction's. */
const outside = new AsyncResource('plinth.budgets');

/** A row of `plinth.reserve_budgets`; no row: the call counts for no budget. */
interface Decision {
  readonly place: number;
  readonly outcome: 'held' | 'ended' | 'exceeded' | 'unpriced';
  readonly until: Date;
  readonly budget_name: string;
  readonly budget_id: string;
  readonly scope: string;
  readonly period: string;
  readonly measure: 'tokens' | 'cost';
  readonly limited_to: string;
  readonly spent: string;
  readonly reserved: string;
  readonly left_over: string;
  readonly without_holds: string;
  readonly ends_at: Date | null;
}

/** A row of `plinth.take_gateway_rates`; no row: it was taken. */
interface Shortage {
  readonly place: number;
  readonly outcome: 'limited' | 'too_large';
  readonly measure: 'requests' | 'tokens';
  readonly limited_to: string;
  readonly wait: number | null;
}

interface RateAsk {
  readonly subject: CallSubject;
  readonly requests: number;
  readonly tokens: number;
}

type Batched<T> = T & { readonly bytes: number; readonly keys: readonly string[] };

/** Budgets and limits a minute of calls, decided in the database; what comes at the same time shares a statement. */
export function makeBudgets(platform: Platform): Budgets {
  const { door, clock } = platform;
  const wakeHolds = makeLoopWaker(platform, holds_loop, budgetLimits.look_again_ms);

  function batcherOf<T extends { readonly subject: CallSubject }, R extends { readonly place: number }>(
    statementOf: (organizationId: string, asks: readonly T[], at: Date) => Statement,
  ): Batcher<Batched<T>, R | undefined> {
    return makeBatcher({
      slots: platform.engine.capabilities.concurrentConnections ? budgetLimits.decision_slots : 1,
      items_max: budgetLimits.decisions_together_max,
      bytes_max: Number.POSITIVE_INFINITY,
      waiting_max: budgetLimits.decisions_waiting_max,
      write: (organizationId, asks) =>
        outside.runInAsyncScope(async () => {
          const [rows = []] = await door.writeAll(serviceOf(organizationId), [
            statementOf(organizationId, asks, clock.now()),
          ]);
          const byPlace = new Map((rows as unknown as R[]).map((row) => [row.place, row]));
          return asks.map((_, at) => byPlace.get(at + 1));
        }),
    });
  }

  const reservations = batcherOf<Ask, Decision>(reserving);
  const rates = batcherOf<RateAsk, Shortage>(taking);

  return {
    async reserve(scope, ask) {
      refuseReentry();
      assertAmounts(ask.worst);
      assertCallId(ask.call_id);
      const decision = await reservations.add(organizationOf(scope), { ...ask, bytes: 0, keys: [ask.call_id] });
      const hold = decision && holdOf(decision, ask, clock.now());
      if (hold) wakeHolds();
      return hold;
    },

    async extend(scope, { id }, seconds) {
      const organizationId = organizationOf(scope);
      await door.writeAll(serviceOf(organizationId), [
        {
          text: 'select plinth.extend_budgets($1, $2, $3)',
          values: [organizationId, [id], holdSeconds(seconds)],
        },
      ]);
    },

    settle(tx, call_id, used) {
      return this.settleAll(tx, [{ call_id, ...used }]);
    },

    async settleAll(tx, calls) {
      for (const call of calls) assertAmounts(call);
      if (calls.length === 0) return;
      const alerts = await tx.sql<AlertRow>('select * from plinth.settle_budgets($1, $2, $3, $4, $5)', [
        tx.organizationId,
        calls.map(({ call_id }) => call_id),
        calls.map(({ tokens }) => tokens),
        calls.map(({ cost }) => cost),
        clock.now(),
      ]);
      await tellOfAlerts(platform, tx, alerts);
    },

    async release(scope, call_id) {
      const organizationId = organizationOf(scope);
      await door.writeAll(serviceOf(organizationId), [
        { text: 'select plinth.release_budgets($1, $2)', values: [organizationId, [call_id]] },
      ]);
    },

    async take(scope, subject, { requests, tokens }) {
      refuseReentry();
      assertAmounts({ tokens: requests, cost: null });
      assertAmounts({ tokens, cost: null });
      const shortage = await rates.add(organizationOf(scope), { subject, requests, tokens, bytes: 0, keys: [] });
      if (shortage) throw shortageError(shortage, { requests, tokens });
    },
  };
}

function organizationOf({ organizationId }: Scope): string {
  if (organizationId === undefined) throw errors.organization_required();
  return organizationId;
}

/** Decisions of all callers of an organization go together, so they run as nobody of them. */
function serviceOf(organizationId: string): Scope {
  return { as: 'app', organizationId, memberRole: 'service' };
}

function assertCallId(id: string): void {
  if (id.length < 1 || id.length > budgetLimits.call_id_chars)
    throw new RangeError('a call has an id of 1 to 200 characters');
}

function holdSeconds(seconds: number = budgetLimits.hold_seconds_default): number {
  return Math.min(budgetLimits.hold_seconds_max, Math.max(1, Math.ceil(seconds)));
}

/** Parallel arrays: projects, users, agents, keys. */
function subjectsOf(asks: readonly { readonly subject: CallSubject }[]): (string | null)[][] {
  return [
    asks.map(({ subject }) => subject.projectId ?? null),
    asks.map(({ subject }) => subject.userId ?? null),
    asks.map(({ subject }) => subject.agentId ?? null),
    asks.map(({ subject }) => subject.apiKeyId ?? null),
  ];
}

function reserving(organizationId: string, asks: readonly Ask[], at: Date): Statement {
  return {
    text: `select place, outcome, until, budget_id, budget_name, scope, period, measure, limited_to::text, spent::text, reserved::text,
             greatest(limited_to - spent - reserved, 0)::text as left_over, (limited_to - spent)::text as without_holds, ends_at
           from plinth.reserve_budgets($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [
      organizationId,
      asks.map(({ call_id }) => call_id),
      ...subjectsOf(asks),
      asks.map(({ worst }) => worst.tokens),
      asks.map(({ worst }) => worst.cost),
      asks.map(({ hold_seconds }) => holdSeconds(hold_seconds)),
      at,
    ],
  };
}

function taking(organizationId: string, asks: readonly RateAsk[], at: Date): Statement {
  return {
    text: `select place, outcome, measure, limited_to, wait
           from plinth.take_gateway_rates($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      organizationId,
      ...subjectsOf(asks),
      asks.map(({ requests }) => requests),
      asks.map(({ tokens }) => tokens),
      at,
    ],
  };
}

/** Throws what a refusal is told as. */
function holdOf(decision: Decision, ask: Ask, now: Date): Hold {
  if (decision.outcome === 'held') return { id: ask.call_id, expires_at: decision.until };
  if (decision.outcome === 'ended')
    throw errors.conflict({ detail: 'a call of this id was reserved before, and has ended' });
  const { measure, limited_to, left_over, reserved, without_holds, ends_at, period } = decision;
  const name = decision.budget_name === '' ? decision.budget_id : `"${decision.budget_name}"`;
  const which = `budget ${name} (${decision.scope}, ${period})`;
  if (decision.outcome === 'unpriced') {
    throw budgetErrors.price_unknown({ detail: `${which} has a limit in money and refuses calls without a price` });
  }
  const show = (amount: string) => (measure === 'cost' ? dollars(amount) : `${amount} tokens`);
  const asked = measure === 'cost' ? (ask.worst.cost ?? '0') : String(ask.worst.tokens);
  const anew = ends_at === null ? 'it does not begin anew' : `it begins anew at ${ends_at.toISOString()}`;
  throw budgetErrors.budget_exceeded({
    detail:
      `${which}: limit ${show(limited_to)}, left ${show(left_over)}, held by calls under way ${show(reserved)}; ` +
      `this call may need ${show(asked)}; ${anew}`,
    // while calls under way hold what it needs, nobody knows when there is room
    ...(ends_at !== null && Number(asked) > Number(without_holds)
      ? { retryAfterSeconds: Math.max(1, (ends_at.getTime() - now.getTime()) / 1000) }
      : {}),
  });
}

function shortageError({ outcome, measure, limited_to, wait }: Shortage, ask: { requests: number; tokens: number }) {
  const limit = `${limited_to} ${measure} a minute`;
  if (outcome === 'too_large') {
    return budgetErrors.call_over_rate_limit({ detail: `the limit is ${limit}, the call asks for ${ask[measure]}` });
  }
  return errors.rate_limited({ retryAfterSeconds: Math.ceil(wait ?? 60), detail: `the limit is ${limit}` });
}
