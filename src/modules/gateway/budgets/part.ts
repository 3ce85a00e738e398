import type { Access, FunctionDeclaration, OrganizationRole } from '../../../platform/module.ts';
import type { GatewayPart } from '../part.ts';
import { checkBudgets, holdsLoop, reservationRetentionLoop } from './holds.ts';
import { budgetRoutes } from './routes.ts';

const everybody: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'viewer', 'service'];
const readAny: Access = { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' };
const forApp: FunctionDeclaration = { security: 'definer', callers: ['app'] };
const forWorker: FunctionDeclaration = { security: 'definer', callers: ['worker'] };
const helper: FunctionDeclaration = { security: 'definer', callers: [] };
/** Rows are written at /v1, which looks at time zones, and by functions. */
const readable = { visibility: 'tenant', requestVerbs: ['select'], rest: { select: readAny } } as const;

export const budgetsPart: GatewayPart = {
  tables: {
    budgets: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'created_by',
      rest: { select: readAny },
    },
    budget_periods: { ...readable, audit: 'action' },
    budget_reservations: { ...readable, audit: 'self' },
    budget_alerts: { ...readable, audit: 'self' },
    gateway_rate_limits: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'created_by',
      rest: { select: readAny },
    },
    gateway_rate_counts: { ...readable, audit: 'self' },
  },
  functions: {
    'budget_window(text, text, timestamp with time zone)': { security: 'invoker', callers: ['app', 'definer'] },
    'begin_budget_periods(uuid, uuid[], timestamp with time zone)': helper,
    'reserve_budgets(uuid, text[], uuid[], uuid[], uuid[], uuid[], bigint[], numeric[], integer[], timestamp with time zone)':
      forApp,
    'raise_budget_alerts(uuid, uuid[], timestamp with time zone[], timestamp with time zone)': helper,
    'settle_budgets(uuid, text[], bigint[], numeric[], timestamp with time zone)': forApp,
    'give_back_budgets(uuid, text[], text)': helper,
    'release_budgets(uuid, text[])': forApp,
    'extend_budgets(uuid, text[], integer)': forApp,
    'recheck_budget(uuid, uuid, timestamp with time zone)': forApp,
    'organizations_with_expired_holds(integer)': forWorker,
    'expire_budget_holds(uuid, integer)': forWorker,
    'organizations_with_old_reservations(timestamp with time zone, integer)': forWorker,
    'forget_budget_reservations(uuid, timestamp with time zone, integer)': forWorker,
    'budget_differences(integer)': forWorker,
    'take_gateway_rates(uuid, uuid[], uuid[], uuid[], uuid[], integer[], bigint[], timestamp with time zone)': forApp,
  },
  permissions: {
    'budgets:read': { description: 'See budgets and rate limits, and how they stand', roles: everybody },
    // no service: the key that an application calls models with must not raise its own budget
    'budgets:write': { description: 'Make, change and delete budgets and rate limits', roles: ['owner', 'admin'] },
  },
  routes: budgetRoutes,
  loops: [holdsLoop, reservationRetentionLoop],
  checks: checkBudgets,
};
