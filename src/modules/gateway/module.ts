import type { ModuleDefinition } from '../../platform/module.ts';
import { budgetsPart } from './budgets/part.ts';
import { connectionsPart } from './connections/part.ts';
import { pricesPart } from './prices/part.ts';

const parts = [pricesPart, budgetsPart, connectionsPart];

export const gatewayModule: ModuleDefinition = {
  name: 'gateway',
  description:
    'Calls of model providers under control: what they cost, what they may cost, and which provider answers.',
  dependsOn: ['platform', 'tenancy', 'projects', 'tasks', 'events'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: Object.assign({}, ...parts.map(({ tables }) => tables)),
  views: Object.assign({}, ...parts.map(({ views }) => views)),
  functions: Object.assign({}, ...parts.map(({ functions }) => functions)),
  permissions: Object.assign({}, ...parts.map(({ permissions }) => permissions)),
  tasks: Object.assign({}, ...parts.map(({ tasks }) => tasks)),
  loops: parts.flatMap(({ loops }) => loops ?? []),
  routes: (routes, platform) => {
    for (const part of parts) part.routes?.(routes, platform);
  },
  seed: async (platform) => {
    for (const part of parts) await part.seed?.(platform);
  },
  checks: async (platform) => (await Promise.all(parts.map(({ checks }) => checks?.(platform) ?? []))).flat(),
};
