import type { ModuleDefinition } from '../../platform/module.ts';
import { registerAuditRoutes } from './routes.ts';
import { registerSealRoutes } from './seal-routes.ts';
import { auditSealing } from './seals.ts';

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
    audit_seals: { visibility: 'tenant', audit: 'self', requestVerbs: ['select'] },
  },
  functions: {
    'next_audited_organization(uuid)': { security: 'definer', callers: ['worker'] },
    'audit_entries_to_seal(uuid, integer)': { security: 'definer', callers: ['worker'] },
    'add_audit_seal(uuid, integer, uuid[], bytea, bytea, bytea, text, timestamp with time zone)': {
      security: 'definer',
      callers: ['worker'],
    },
  },
  loops: [auditSealing],
  permissions: {
    'activity:read': {
      description: 'See the feed of what happened',
      roles: ['owner', 'admin', 'member', 'viewer', 'service'],
    },
    'audit:read': { description: 'See who changed what, personal values included', roles: ['owner', 'admin'] },
  },
  routes: (routes) => {
    registerAuditRoutes(routes);
    registerSealRoutes(routes);
  },
};
