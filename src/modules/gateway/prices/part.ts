import type { OrganizationRole } from '../../../platform/module.ts';
import { costsPart } from '../costs/part.ts';
import type { GatewayPart } from '../part.ts';
import { priceRoutes } from './routes.ts';
import { seedModelPrices } from './seed.ts';

const everyone: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'viewer', 'service'];
const readable = {
  select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' },
} as const;

/** Prices, and the costs that are made with them. */
export const pricesPart: GatewayPart = {
  tables: {
    model_price_providers: {
      visibility: 'catalogue',
      audit: 'action',
      requestVerbs: ['select'],
      rest: readable,
    },
    model_prices: { visibility: 'catalogue', audit: 'action', requestVerbs: ['select'], rest: readable },
    price_overrides: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'created_by',
      // rows are written at /v1, which looks at their prices
      rest: readable,
    },
    ...costsPart.tables,
  },
  functions: {
    'check_price_override()': { security: 'invoker', callers: [] },
    'seed_model_prices(text, jsonb, jsonb)': { security: 'definer', callers: ['worker'] },
    ...costsPart.functions,
  },
  permissions: {
    'price_overrides:read': { description: "See the organization's own prices of models", roles: everyone },
    'price_overrides:write': {
      description: "Make, change and delete the organization's own prices of models",
      roles: ['owner', 'admin'],
    },
    ...costsPart.permissions,
  },
  routes(routes, platform) {
    priceRoutes(routes, platform);
    costsPart.routes?.(routes, platform);
  },
  seed: (platform) => seedModelPrices(platform),
};
