export { projectsModule, purgeDeletedProjects } from './module.ts';
export {
  createProject,
  getProject,
  listProjects,
  type Project,
  type ProjectFields,
  type ProjectStatus,
  projectStatuses,
  restoreProject,
  updateProject,
} from './projects.ts';
export {
  createRepository,
  getRepository,
  linkRepository,
  listRepositories,
  type Repository,
  type RepositoryFields,
} from './repositories.ts';
