import type { OrganizationRole } from '../../../platform/module.ts';
import type { GatewayPart } from '../part.ts';
import { costRoutes } from './routes.ts';

const everyone: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'viewer', 'service'];

export const costsPart: GatewayPart = {
  tables: {
    cost_calls: { visibility: 'tenant', audit: 'self', requestVerbs: [] },
    cost_records: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select'],
      partitionBy: 'occurred_at',
      ownerColumn: 'user_id',
      // what others spend is the administrators' to see
      rest: { select: { owner: 'any', admin: 'any', service: 'any', member: 'own', viewer: 'own' } },
    },
  },
  functions: {
    'record_cost(uuid, jsonb)': { security: 'definer', callers: ['app'] },
    'reprice_costs(uuid, jsonb)': { security: 'definer', callers: ['app'] },
  },
  permissions: {
    'costs:read': {
      description: "See what one's own calls of models cost; administrators and services everybody's",
      roles: everyone,
    },
    'costs:write': {
      description: "Record one's own calls of models that were made elsewhere; administrators and services anybody's",
      roles: ['owner', 'admin', 'member', 'service'],
    },
    'costs:reprice': {
      description: 'Price calls of models again, after prices have changed',
      roles: ['owner', 'admin'],
    },
  },
  routes: costRoutes,
};
