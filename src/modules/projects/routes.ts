import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import type { Actor } from '../../platform/http/actor.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import {
  Id,
  IdParams,
  Line,
  Lines,
  Nullable,
  PageOf,
  PageQuery,
  pageFields,
  Timestamp,
} from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import {
  archiveProject,
  createProject,
  deleteProject,
  getProject,
  listProjects,
  projectStatuses,
  restoreProject,
  updateProject,
} from './projects.ts';
import {
  createRepository,
  deleteRepository,
  getRepository,
  linkRepository,
  listProjectRepositories,
  listRepositories,
  repositoryProviders,
  unlinkRepository,
  updateRepository,
} from './repositories.ts';

const closed = { additionalProperties: false } as const;
const tag = 'projects';
const GOALS_MAX = 100;
const LANGUAGES_MAX = 50;

const DateText = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: 'YYYY-MM-DD.' });
const Status = Type.Union(projectStatuses.map((status) => Type.Literal(status)));
const Slug = Type.String({ minLength: 1, maxLength: 63 });

const ProjectAnswer = Type.Object(
  {
    id: Id,
    name: Type.String(),
    slug: Type.String(),
    description: Type.String(),
    owner_id: Nullable(Id),
    template_type: Nullable(Type.String()),
    status: Status,
    priority: Type.Integer(),
    goals: Type.Array(Type.Unknown()),
    starts_on: Nullable(Type.String()),
    due_on: Nullable(Type.String()),
    git_repo_url: Nullable(Type.String()),
    archived_at: Nullable(Timestamp),
    created_by: Nullable(Id),
    created_at: Timestamp,
    updated_at: Timestamp,
    deleted_at: Nullable(Timestamp),
  },
  closed,
);

const projectFields = {
  slug: Type.Optional(Slug),
  description: Type.Optional(Lines(10_000)),
  owner_id: Type.Optional(Nullable(Id)),
  template_type: Type.Optional(Nullable(Line(100))),
  priority: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000 })),
  goals: Type.Optional(Type.Array(Lines(1000), { maxItems: GOALS_MAX })),
  starts_on: Type.Optional(Nullable(DateText)),
  due_on: Type.Optional(Nullable(DateText)),
  git_repo_url: Type.Optional(Nullable(Line(2000))),
};

const RepositoryAnswer = Type.Object(
  {
    id: Id,
    name: Type.String(),
    full_name: Type.String(),
    provider: Type.String(),
    url: Nullable(Type.String()),
    default_branch: Type.String(),
    languages: Type.Array(Type.String()),
    analysis_config: Type.Record(Type.String(), Type.Unknown()),
    last_analyzed_at: Nullable(Timestamp),
    created_by: Nullable(Id),
    created_at: Timestamp,
    updated_at: Timestamp,
  },
  closed,
);

const repositoryFields = {
  name: Type.Optional(Line(200)),
  provider: Type.Optional(Type.Union(repositoryProviders.map((provider) => Type.Literal(provider)))),
  url: Type.Optional(Nullable(Line(2000))),
  default_branch: Type.Optional(Line(255)),
  languages: Type.Optional(Type.Array(Line(50), { maxItems: LANGUAGES_MAX })),
  analysis_config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
};

export function registerProjectRoutes(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'GET',
    url: '/v1/projects',
    tag,
    summary: 'Projects, newest first',
    permission: 'projects:read',
    query: Type.Object({ ...pageFields, status: Type.Optional(Status), owner_id: Type.Optional(Id) }, closed),
    response: PageOf(ProjectAnswer),
    mode: 'read',
    run: (tx, { query }) => listProjects(tx, { ...query, limit: query.limit ?? limits.page_rows_default }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/projects',
    tag,
    summary: 'Make a project',
    permission: 'projects:write',
    status: 201,
    body: Type.Object(
      {
        ...projectFields,
        name: Line(200),
        status: Type.Optional(Type.Union([Type.Literal('planning'), Type.Literal('active')])),
      },
      closed,
    ),
    response: ProjectAnswer,
    mode: 'write',
    run: (tx, { actor, body }) => createProject(tx, actor as Actor, body),
  });
  routes.add({
    method: 'GET',
    url: '/v1/projects/:id',
    tag,
    summary: 'One project',
    permission: 'projects:read',
    params: IdParams,
    response: ProjectAnswer,
    mode: 'read',
    run: (tx, { params }) => getProject(tx, params.id),
  });
  routes.add({
    method: 'PATCH',
    url: '/v1/projects/:id',
    tag,
    summary: 'Change a project, or its state',
    permission: 'projects:write',
    params: IdParams,
    body: Type.Object(
      {
        ...projectFields,
        name: Type.Optional(Line(200)),
        status: Type.Optional(
          Type.Union(projectStatuses.filter((status) => status !== 'deleted').map((status) => Type.Literal(status))),
        ),
      },
      { ...closed, minProperties: 1 },
    ),
    response: ProjectAnswer,
    mode: 'write',
    run: (tx, { actor, params, body }) => updateProject(tx, actor as Actor, params.id, body),
  });
  routes.add({
    method: 'DELETE',
    url: '/v1/projects/:id',
    tag,
    summary: 'Delete a project; it can be restored for 30 days',
    permission: 'projects:write',
    status: 204,
    params: IdParams,
    mode: 'write',
    run: (tx, { actor, params }) => deleteProject(tx, actor as Actor, params.id),
  });
  routes.add({
    method: 'POST',
    url: '/v1/projects/:id/archive',
    tag,
    summary: 'Put a project away',
    permission: 'projects:write',
    params: IdParams,
    response: ProjectAnswer,
    mode: 'write',
    run: (tx, { actor, params }) => archiveProject(tx, actor as Actor, params.id),
  });
  routes.add({
    method: 'POST',
    url: '/v1/projects/:id/restore',
    tag,
    summary: 'Take back an archived or deleted project',
    permission: 'projects:write',
    params: IdParams,
    response: ProjectAnswer,
    mode: 'write',
    run: (tx, { actor, params }) => restoreProject(tx, actor as Actor, params.id, platform.clock.now()),
  });
  registerRepositoryRoutes(routes);
  registerLinkRoutes(routes);
}

function registerRepositoryRoutes(routes: RouteRegistrar): void {
  routes.add({
    method: 'GET',
    url: '/v1/repositories',
    tag,
    summary: 'Repositories, newest first',
    permission: 'repositories:read',
    query: PageQuery,
    response: PageOf(RepositoryAnswer),
    mode: 'read',
    run: (tx, { query }) => listRepositories(tx, { ...query, limit: query.limit ?? limits.page_rows_default }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/repositories',
    tag,
    summary: 'Add a repository',
    permission: 'repositories:write',
    status: 201,
    body: Type.Object({ ...repositoryFields, full_name: Line(300) }, closed),
    response: RepositoryAnswer,
    mode: 'write',
    run: (tx, { actor, body }) => createRepository(tx, body, actor),
  });
  routes.add({
    method: 'GET',
    url: '/v1/repositories/:id',
    tag,
    summary: 'One repository',
    permission: 'repositories:read',
    params: IdParams,
    response: RepositoryAnswer,
    mode: 'read',
    run: (tx, { params }) => getRepository(tx, params.id),
  });
  routes.add({
    method: 'PATCH',
    url: '/v1/repositories/:id',
    tag,
    summary: 'Change a repository',
    permission: 'repositories:write',
    params: IdParams,
    body: Type.Object({ ...repositoryFields, full_name: Type.Optional(Line(300)) }, { ...closed, minProperties: 1 }),
    response: RepositoryAnswer,
    mode: 'write',
    run: (tx, { actor, params, body }) => updateRepository(tx, actor as Actor, params.id, body),
  });
  routes.add({
    method: 'DELETE',
    url: '/v1/repositories/:id',
    tag,
    summary: 'Remove a repository and its links',
    permission: 'repositories:write',
    status: 204,
    params: IdParams,
    mode: 'write',
    run: (tx, { actor, params }) => deleteRepository(tx, actor as Actor, params.id),
  });
}

function registerLinkRoutes(routes: RouteRegistrar): void {
  const LinkParams = Type.Object({ id: Id, repository_id: Id }, closed);
  routes.add({
    method: 'GET',
    url: '/v1/projects/:id/repositories',
    tag,
    summary: 'The repositories a project is about',
    permission: 'projects:read',
    params: IdParams,
    query: PageQuery,
    response: PageOf(RepositoryAnswer),
    mode: 'read',
    run: (tx, { params, query }) =>
      listProjectRepositories(tx, {
        ...query,
        project_id: params.id,
        limit: query.limit ?? limits.page_rows_default,
      }),
  });
  routes.add({
    method: 'PUT',
    url: '/v1/projects/:id/repositories/:repository_id',
    tag,
    summary: 'Link a repository to a project',
    permission: 'projects:write',
    status: 204,
    params: LinkParams,
    mode: 'write',
    run: (tx, { actor, params }) => linkRepository(tx, actor as Actor, params.id, params.repository_id),
  });
  routes.add({
    method: 'DELETE',
    url: '/v1/projects/:id/repositories/:repository_id',
    tag,
    summary: 'Take the link away',
    permission: 'projects:write',
    status: 204,
    params: LinkParams,
    mode: 'write',
    run: (tx, { actor, params }) => unlinkRepository(tx, actor as Actor, params.id, params.repository_id),
  });
}
