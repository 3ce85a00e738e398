import type { ModuleDefinition } from '../../platform/module.ts';
import { registerAuditRoutes } from './routes.ts';

export const auditModule: ModuleDefinition = {
  name: 'audit',
  description: 'Reading the audit log, and the feed of what people did.',
  dependsOn: [],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    activity_logs: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select', 'insert'],
      partitionBy: 'occurred_at',
      retention: '13 months',
      rest: { select: { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } },
    },
  },
  permissions: {
    'activity:read': {
      description: 'See the feed of what happened',
      roles: ['owner', 'admin', 'member', 'viewer', 'service'],
    },
    'audit:read': { description: 'See who changed what, personal values included', roles: ['owner', 'admin'] },
  },
  routes: (routes) => registerAuditRoutes(routes),
};
