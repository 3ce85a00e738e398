export { projectsModule, purgeDeletedProjects } from './module.ts';
export {
  createProject,
  getProject,
  listProjects,
  type NewProject,
  type Project,
  type ProjectFields,
  type ProjectMove,
  type ProjectStatus,
  projectHooks,
  projectStatuses,
  restoreProject,
  updateProject,
} from './projects.ts';
export {
  createRepository,
  getRepository,
  linkRepository,
  listRepositories,
  type NewRepository,
  type Repository,
  type RepositoryFields,
  repositoryHooks,
} from './repositories.ts';
