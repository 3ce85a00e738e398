import type { OrganizationRole } from '../../../platform/module.ts';
import { makeBudgets } from '../budgets/index.ts';
import type { Accounting } from '../calls/accounting.ts';
import { callRoutes } from '../calls/call-routes.ts';
import { lostCallsLoop } from '../calls/lost.ts';
import { wireRoutes } from '../calls/routes.ts';
import { recordCost } from '../costs/index.ts';
import type { GatewayPart } from '../part.ts';
import { priceBook, usageOf } from '../prices/index.ts';
import { connectionRoutes } from './routes.ts';

const admins: readonly OrganizationRole[] = ['owner', 'admin'];
const definer = { security: 'definer', callers: ['app'] } as const;

/** Connections and calls; the accounting is what calls cost and may cost. */
export const makeConnectionsPart = (accounting: Accounting): GatewayPart => ({
  tables: {
    provider_connections: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'delete'],
      secret: ['key', 'headers'],
      unaudited: ['tested_at', 'test_error'],
      ownerColumn: 'created_by',
    },
    model_aliases: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'created_by',
    },
    model_alias_targets: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
    },
    gateway_policies: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'update', 'delete'],
      ownerColumn: 'created_by',
    },
    gateway_calls: {
      visibility: 'private',
      audit: 'self',
      requestVerbs: ['select'],
      ownerColumn: 'user_id',
      partitionBy: 'occurred_at',
      retention: '13 months',
    },
  },
  functions: {
    'create_provider_connection(uuid, jsonb)': definer,
    'update_provider_connection(uuid, uuid, jsonb)': definer,
    'create_gateway_policy(uuid, jsonb)': definer,
    'gateway_settings(uuid)': definer,
    'start_gateway_calls(uuid, jsonb)': definer,
    'finish_gateway_call(uuid, jsonb)': definer,
    'extend_gateway_calls(uuid, uuid[], timestamp with time zone, timestamp with time zone)': definer,
    'organizations_with_lost_gateway_calls(timestamp with time zone, integer)': {
      security: 'definer',
      callers: ['worker'],
    },
    'lose_gateway_calls(uuid, timestamp with time zone, integer)': definer,
  },
  permissions: {
    'gateway:read': { description: 'See provider connections without their keys, aliases and policies', roles: admins },
    'gateway:write': {
      description: 'Make, change, test and delete provider connections, aliases and policies',
      roles: admins,
    },
    'gateway:use': { description: 'Call models', roles: ['owner', 'admin', 'member', 'service'] },
    'gateway_calls:read': {
      description: 'See model calls: one’s own, administrators all',
      roles: ['owner', 'admin', 'member', 'viewer'],
    },
  },
  loops: [lostCallsLoop(accounting)],
  routes(routes, platform) {
    connectionRoutes(routes, platform);
    callRoutes(routes);
    wireRoutes(routes, platform, accounting);
  },
});

/** Joined to the other parts here. */
export const connectionsPart = makeConnectionsPart({ usageOf, priceBook, recordCost, makeBudgets });
