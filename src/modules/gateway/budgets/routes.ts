import { Type } from 'typebox';
import { limits } from '../../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import {
  Id,
  IdParams,
  Line,
  Nullable,
  PageOf,
  PageQuery,
  pageFields,
  Timestamp,
} from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { Dollars } from './amounts.ts';
import { budgetPeriods, createBudget, deleteBudget, listBudgets, readBudget, updateBudget } from './budgets.ts';
import { budgetLimits } from './limits.ts';
import { createRateLimit, deleteRateLimit, listRateLimits, updateRateLimit } from './rate-limits.ts';
import { SubjectScope, subjectAnswer, subjectFields } from './subjects.ts';

const closed = { additionalProperties: false } as const;
const tag = 'gateway';

const Period = Type.Enum([...budgetPeriods]);
const OnExceed = Type.Enum(['block', 'warn']);
const Unpriced = Type.Enum(['refuse', 'allow']);
const Tokens = Type.Integer({ minimum: 0, maximum: budgetLimits.token_limit_max });

const budgetFields = {
  name: Type.Optional(Line(budgetLimits.name_chars, 0)),
  timezone: Type.Optional({
    ...Type.String({ maxLength: 100 }),
    description:
      'Whose midnight ends a day and a month; default: "timezone" in the settings of the organization, else UTC.',
  }),
  token_limit: Type.Optional(Nullable(Tokens)),
  cost_limit: Type.Optional(Nullable(Dollars)),
  thresholds: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1, maximum: budgetLimits.threshold_percent_max }), {
      maxItems: budgetLimits.thresholds_max,
      description: 'Percents of a limit that an alert is made at, once a period.',
    }),
  ),
  on_exceed: Type.Optional({ ...OnExceed, description: 'warn: counts and alerts, and refuses nothing.' }),
  unpriced: Type.Optional({
    ...Unpriced,
    description: 'Under a limit of money: what happens to calls whose price nobody knows.',
  }),
  is_active: Type.Optional(Type.Boolean()),
};

const Budget = Type.Object({
  id: Id,
  name: Type.String(),
  ...subjectAnswer,
  period: Period,
  timezone: Type.String(),
  token_limit: Nullable(Type.Integer()),
  cost_limit: Nullable(Type.String()),
  thresholds: Type.Array(Type.Integer()),
  on_exceed: OnExceed,
  unpriced: Unpriced,
  is_active: Type.Boolean(),
  period_starts_at: Nullable(Timestamp),
  period_ends_at: Nullable(Timestamp),
  spent_tokens: Type.Integer(),
  reserved_tokens: Type.Integer({ description: 'What calls under way may use at worst.' }),
  left_tokens: Nullable(Type.Integer()),
  spent_cost: Type.String({ description: 'US dollars, of calls whose price is known.' }),
  reserved_cost: Type.String(),
  left_cost: Nullable(Type.String()),
  calls: Type.Integer({ description: 'Settled in this period.' }),
  unpriced_calls: Type.Integer({ description: 'Those of them whose price nobody knew.' }),
  refused_calls: Type.Integer({ description: 'Calls that this budget had no room for.' }),
  created_by: Nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
});

/** /v1/budgets and /v1/rate-limits: what calls of models may use. */
export function budgetRoutes(routes: RouteRegistrar, platform: Platform): void {
  const read = { tag, permission: 'budgets:read', mode: 'read' } as const;
  const write = { tag, permission: 'budgets:write', mode: 'write' } as const;

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/budgets',
    summary: 'Budgets, newest first, with what is spent, reserved and left of each',
    query: Type.Object({ ...pageFields, scope: Type.Optional(SubjectScope) }, closed),
    response: PageOf(Budget),
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      const before = decodeCursor(query.cursor);
      return toPage(await listBudgets(platform, tx, { before, scope: query.scope, limit: limit + 1 }), limit);
    },
  });

  routes.add({
    ...write,
    method: 'POST',
    url: '/v1/budgets',
    summary: 'Make a budget: one for each target and period',
    status: 201,
    body: Type.Object({ ...subjectFields, period: Period, ...budgetFields }, closed),
    response: Budget,
    run: (tx, { body }) => createBudget(platform, tx, body),
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/budgets/:id',
    summary: 'One budget, with what is spent, reserved and left of it',
    params: IdParams,
    response: Budget,
    run: (tx, { params }) => readBudget(platform, tx, params.id),
  });

  routes.add({
    ...write,
    method: 'PATCH',
    url: '/v1/budgets/:id',
    summary: 'Change a budget; what it counts and its period stay',
    params: IdParams,
    body: Type.Object(budgetFields, { ...closed, minProperties: 1 }),
    response: Budget,
    run: (tx, { params, body }) => updateBudget(platform, tx, params.id, body),
  });

  routes.add({
    ...write,
    method: 'DELETE',
    url: '/v1/budgets/:id',
    summary: 'Delete a budget with its counters; calls under way go on',
    params: IdParams,
    status: 204,
    run: (tx, { params }) => deleteBudget(tx, params.id),
  });

  rateLimitRoutes(routes);
}

const rateFields = {
  requests_per_minute: Type.Optional(
    Nullable(Type.Integer({ minimum: 1, maximum: budgetLimits.requests_per_minute_max })),
  ),
  tokens_per_minute: Type.Optional(
    Nullable(
      Type.Integer({
        minimum: 1,
        maximum: budgetLimits.tokens_per_minute_max,
        description: 'A call counts with what it may use at worst.',
      }),
    ),
  ),
  is_active: Type.Optional(Type.Boolean()),
};

const RateLimit = Type.Object({
  id: Id,
  ...subjectAnswer,
  requests_per_minute: Nullable(Type.Integer()),
  tokens_per_minute: Nullable(Type.Integer()),
  is_active: Type.Boolean(),
  created_by: Nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
});

function rateLimitRoutes(routes: RouteRegistrar): void {
  const write = { tag, permission: 'budgets:write', mode: 'write' } as const;

  routes.add({
    method: 'GET',
    url: '/v1/rate-limits',
    tag,
    permission: 'budgets:read',
    mode: 'read',
    summary: 'Limits of requests and tokens a minute, newest first',
    query: PageQuery,
    response: PageOf(RateLimit),
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      return toPage(await listRateLimits(tx, decodeCursor(query.cursor), limit + 1), limit);
    },
  });

  routes.add({
    ...write,
    method: 'POST',
    url: '/v1/rate-limits',
    summary: 'Limit requests and tokens a minute: one limit for each target',
    status: 201,
    body: Type.Object({ ...subjectFields, ...rateFields }, closed),
    response: RateLimit,
    run: (tx, { body }) => createRateLimit(tx, body),
  });

  routes.add({
    ...write,
    method: 'PATCH',
    url: '/v1/rate-limits/:id',
    summary: 'Change a limit of requests and tokens a minute',
    params: IdParams,
    body: Type.Object(rateFields, { ...closed, minProperties: 1 }),
    response: RateLimit,
    run: (tx, { params, body }) => updateRateLimit(tx, params.id, body),
  });

  routes.add({
    ...write,
    method: 'DELETE',
    url: '/v1/rate-limits/:id',
    summary: 'Remove a limit of requests and tokens a minute',
    params: IdParams,
    status: 204,
    run: (tx, { params }) => deleteRateLimit(tx, params.id),
  });
}
