import type { Access, ModuleDefinition } from '../../platform/module.ts';
import { analysis_task_type, analysisHandler } from './handler.ts';
import { metricDefinitions } from './metrics/definitions.ts';
import { analysisRoutes } from './routes.ts';

const readers: Access = { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' };

export const analysisModule: ModuleDefinition = {
  name: 'analysis',
  description: 'What source code is like: metrics, issues and a score for each commit, by published definitions.',
  dependsOn: ['platform', 'audit', 'tenancy', 'projects', 'tasks', 'events'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    metric_definitions: {
      visibility: 'catalogue',
      audit: 'action',
      requestVerbs: ['select'],
      rest: { select: readers },
    },
    analysis_runs: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select', 'insert', 'update'],
      rest: { select: readers },
    },
    file_analysis: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select', 'insert'],
      rest: { select: readers },
    },
    code_elements: {
      visibility: 'tenant',
      audit: 'self',
      requestVerbs: ['select', 'insert'],
      rest: { select: readers },
    },
    issues: {
      visibility: 'tenant',
      audit: 'action',
      requestVerbs: ['select', 'insert', 'update'],
      rest: { select: readers },
    },
  },
  functions: {
    'mark_repository_analyzed(uuid, uuid, timestamp with time zone)': { security: 'definer', callers: ['app'] },
    'seed_metric_definitions(jsonb)': { security: 'definer', callers: ['worker'] },
  },
  permissions: {
    'analysis:read': {
      description: 'See analysis runs, files, functions and issues',
      roles: ['owner', 'admin', 'member', 'viewer', 'service'],
    },
  },
  routes: analysisRoutes,
  tasks: { [analysis_task_type]: analysisHandler },
  async seed({ door }) {
    const rows = metricDefinitions.flatMap((row) => row.families.map((family) => ({ ...row, family })));
    await door.write({ as: 'worker' }, (tx) =>
      tx.sql('select plinth.seed_metric_definitions($1)', [JSON.stringify(rows)]),
    );
  },
};
