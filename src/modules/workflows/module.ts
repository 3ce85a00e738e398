import type { ModuleDefinition, OrganizationRole } from '../../platform/module.ts';
import { taskHooks } from '../tasks/index.ts';
import { approvalRoutes } from './approval-routes.ts';
import { dataHandler } from './data/handler.ts';
import { definitionRoutes } from './data/routes.ts';
import { reviveRetried } from './execution/revive.ts';
import { data_task_type } from './registry.ts';
import { workflowRoutes } from './routes.ts';

const everybody: OrganizationRole[] = ['owner', 'admin', 'member', 'viewer', 'service'];
const readAny = { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' } as const;

export const workflowsModule: ModuleDefinition = {
  name: 'workflows',
  description: 'Work of many steps that survives crashes, sleeps and waits: as code or as data.',
  dependsOn: ['tasks'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    workflows: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update'],
      ownerColumn: 'created_by',
      rest: { select: readAny },
    },
    workflow_steps: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select', 'insert'],
      rest: { select: readAny },
    },
    workflow_runs: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select', 'update'],
      ownerColumn: 'created_by',
      rest: { select: readAny },
    },
    workflow_step_runs: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      rest: { select: readAny },
    },
    workflow_events: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select', 'insert', 'update'],
      ownerColumn: 'created_by',
      rest: { select: readAny },
    },
    approvals: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select', 'insert', 'update'],
      rest: { select: readAny },
    },
    approval_votes: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select'],
      ownerColumn: 'user_id',
      rest: { select: readAny },
    },
  },
  functions: {
    'cast_vote(uuid, uuid, text, text)': { security: 'definer', callers: ['app'] },
    'make_workflow_run(uuid, uuid, text, integer, uuid, text, numeric, integer, timestamp with time zone)': {
      security: 'definer',
      callers: ['app'],
    },
  },
  permissions: {
    'approvals:read': { description: 'See approvals and their votes', roles: everybody },
    'approvals:vote': {
      description: 'Vote on approvals one is asked for',
      roles: ['owner', 'admin', 'member', 'viewer'],
    },
    'workflows:write': {
      description: 'Make, change and delete workflows that are data',
      roles: ['owner', 'admin', 'member'],
    },
    'workflow_runs:read': { description: 'See workflows and their runs', roles: everybody },
    'workflow_runs:write': {
      description: 'Start, cancel and retry runs of workflows, and send them events',
      roles: ['owner', 'admin', 'member', 'service'],
    },
  },
  tasks: { [data_task_type]: dataHandler },
  hooks: { [taskHooks.retry.name]: reviveRetried },
  routes(routes, platform) {
    definitionRoutes(routes, platform);
    workflowRoutes(routes, platform);
    approvalRoutes(routes, platform);
  },
};
