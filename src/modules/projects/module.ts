import type { Access, LoopDeclaration, ModuleDefinition, OrganizationRole } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import { projectHooks } from './projects.ts';
import { repositoryHooks } from './repositories.ts';
import { registerProjectRoutes } from './routes.ts';

const PURGE_ROWS_BATCH = 500;
const PURGE_INTERVAL_HOURS = 6;

const everybody: OrganizationRole[] = ['owner', 'admin', 'member', 'viewer', 'service'];
const writers: OrganizationRole[] = ['owner', 'admin', 'member', 'service'];
const readAny: Access = { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' };
/** Members change what is their own, administrators and services everything. */
const writeOwn: Access = { owner: 'any', admin: 'any', service: 'any', member: 'own' };
const manage: Access = { owner: 'any', admin: 'any', service: 'any' };

/** Removes projects that were deleted 30 days ago; returns how many. In bounded batches. */
export async function purgeDeletedProjects(platform: Platform, signal?: AbortSignal): Promise<number> {
  let removed = 0;
  for (;;) {
    const [row] = await platform.door.write(
      { as: 'worker', memberRole: 'service' },
      (tx) =>
        tx.sql<{ removed: string }>('select plinth.purge_deleted_projects($1, $2) as removed', [
          platform.clock.now(),
          PURGE_ROWS_BATCH,
        ]),
      { pool: 'worker' },
    );
    const batch = Number(row?.removed ?? 0);
    removed += batch;
    if (batch < PURGE_ROWS_BATCH || signal?.aborted) return removed;
  }
}

const maintenance: LoopDeclaration = {
  name: 'projects-maintenance',
  async tick(platform, signal) {
    await purgeDeletedProjects(platform, signal);
    return new Date(platform.clock.now().getTime() + PURGE_INTERVAL_HOURS * 3_600_000);
  },
};

export const projectsModule: ModuleDefinition = {
  name: 'projects',
  description: 'Projects, and the repositories they are about.',
  dependsOn: ['audit', 'tenancy'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    projects: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'owner_id',
      // no delete: a project is deleted by its status, and removed 30 days later
      rest: { select: readAny, insert: writeOwn, update: writeOwn },
    },
    repositories: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'created_by',
      // rows are written at /v1, which looks at their URL
      rest: { select: readAny, delete: writeOwn },
    },
    project_repositories: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'delete'],
      // a link has no owner of its own; members link at /v1, where the project's owner is asked
      rest: { select: readAny, insert: manage, delete: manage },
    },
  },
  functions: {
    'check_project_transition()': { security: 'invoker', callers: [] },
    'check_project_times()': { security: 'invoker', callers: [] },
    'purge_deleted_projects(timestamp with time zone, integer)': { security: 'owner', callers: ['worker'] },
  },
  permissions: {
    'projects:read': { description: 'See projects', roles: everybody },
    'projects:write': { description: "Make projects; change one's own, administrators any", roles: writers },
    'repositories:read': { description: 'See repositories', roles: everybody },
    'repositories:write': { description: "Add repositories; change one's own, administrators any", roles: writers },
  },
  hookPoints: [projectHooks.create, projectHooks.update, projectHooks.move, repositoryHooks.create],
  loops: [maintenance],
  routes: registerProjectRoutes,
};
