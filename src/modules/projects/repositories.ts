import { errors } from '../../platform/core/errors.ts';
import { defineHookPoint } from '../../platform/hooks.ts';
import type { Actor } from '../../platform/http/actor.ts';
import { decodeCursor, type Page, toPage } from '../../platform/http/paging.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { recordActivity } from '../audit/index.ts';
import { getProject, lockProject, managesAll } from './projects.ts';
import { assertRepositoryUrl } from './repository-url.ts';

export const repositoryProviders = ['github', 'gitlab', 'bitbucket', 'local'] as const;
export type RepositoryProvider = (typeof repositoryProviders)[number];

export interface Repository {
  readonly id: string;
  readonly name: string;
  readonly full_name: string;
  readonly provider: RepositoryProvider;
  readonly url: string | null;
  readonly default_branch: string;
  readonly languages: readonly string[];
  readonly analysis_config: Record<string, unknown>;
  readonly last_analyzed_at: Date | null;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export interface RepositoryFields {
  readonly name?: string | undefined;
  readonly full_name?: string | undefined;
  readonly provider?: RepositoryProvider | undefined;
  readonly url?: string | null | undefined;
  readonly default_branch?: string | undefined;
  readonly languages?: readonly string[] | undefined;
  readonly analysis_config?: Readonly<Record<string, unknown>> | undefined;
}

export type NewRepository = RepositoryFields & { readonly full_name: string };

export const repositoryHooks = {
  create: defineHookPoint<NewRepository, Repository>('repositories.create'),
};

const columns = `r.id, r.name, r.full_name, r.provider, r.url, r.default_branch, r.languages, r.analysis_config,
  r.last_analyzed_at, r.created_by, r.created_at, r.updated_at`;

export interface RepositoryFilter {
  readonly project_id?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Newest first; those of one project where it is named. */
export async function listRepositories(tx: ScopedTx, filter: RepositoryFilter): Promise<Page<Repository>> {
  const rows = await tx.sql<Repository>(
    `select ${columns}
     from plinth.repositories r
     where r.organization_id = $1
       and ($2::uuid is null or r.id < $2)
       and ($3::uuid is null or exists (
         select 1 from plinth.project_repositories l
         where l.organization_id = r.organization_id and l.repository_id = r.id and l.project_id = $3))
     order by r.id desc
     limit $4`,
    [tx.organizationId, decodeCursor(filter.cursor) ?? null, filter.project_id ?? null, filter.limit + 1],
  );
  return toPage(rows, filter.limit);
}

export async function getRepository(tx: ScopedTx, id: string): Promise<Repository> {
  const [row] = await tx.sql<Repository>(
    `select ${columns} from plinth.repositories r where r.organization_id = $1 and r.id = $2`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such repository' });
  return row;
}

/** Registers a repository. Events find it by provider and full name without regard to case. Throws `already_exists`. */
export function createRepository(tx: ScopedTx, input: NewRepository, actor?: Actor): Promise<Repository> {
  return tx.hooks.around(repositoryHooks.create, { tx, actor }, input, (given) => insertRepository(tx, given));
}

async function insertRepository(tx: ScopedTx, input: NewRepository): Promise<Repository> {
  assertRepositoryUrl(input.url);
  const [row] = await tx.sql<{ id: string }>(
    `insert into plinth.repositories (organization_id, name, full_name, provider, url, default_branch, languages, analysis_config)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (organization_id, provider, full_name_lower) do nothing
     returning id`,
    [
      tx.organizationId,
      input.name ?? input.full_name.split('/').at(-1),
      input.full_name,
      input.provider ?? 'github',
      input.url ?? null,
      input.default_branch ?? 'main',
      input.languages ?? [],
      JSON.stringify(input.analysis_config ?? {}),
    ],
  );
  if (!row) throw nameTaken(input.full_name);
  await recordActivity(tx, {
    action: 'repository_added',
    resourceType: 'repositories',
    resourceId: row.id,
    summary: `Repository ${input.full_name} was added`,
  });
  return getRepository(tx, row.id);
}

/** Changes a repository: one's own, or any for administrators. Throws `not_found`, `forbidden`, `already_exists`. */
export async function updateRepository(
  tx: ScopedTx,
  actor: Actor,
  id: string,
  changes: RepositoryFields,
): Promise<Repository> {
  await lockRepository(tx, actor, id);
  assertRepositoryUrl(changes.url);
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  if (given.length > 0) {
    // names come from RepositoryFields through the route's closed schema, values are parameters
    const assignments = given.map(([column], index) => `${column} = $${index + 3}`).join(', ');
    const values = given.map(([column, value]) => (column === 'analysis_config' ? JSON.stringify(value) : value));
    try {
      await tx.sql(`update plinth.repositories set ${assignments} where organization_id = $1 and id = $2`, [
        tx.organizationId,
        id,
        ...values,
      ]);
    } catch (error) {
      if ((error as { code?: string }).code === '23505') throw nameTaken(changes.full_name ?? 'that name');
      throw error;
    }
  }
  return getRepository(tx, id);
}

/** Removes a repository; its links go with it, its tasks keep their rows. */
export async function deleteRepository(tx: ScopedTx, actor: Actor, id: string): Promise<void> {
  const repository = await lockRepository(tx, actor, id);
  await tx.sql('delete from plinth.repositories where organization_id = $1 and id = $2', [tx.organizationId, id]);
  await recordActivity(tx, {
    action: 'repository_removed',
    resourceType: 'repositories',
    resourceId: id,
    summary: `Repository ${repository.full_name} was removed`,
  });
}

/** Links a repository to a project one may change; linking twice is once. Throws `not_found`, `forbidden`. */
export async function linkRepository(
  tx: ScopedTx,
  actor: Actor,
  projectId: string,
  repositoryId: string,
): Promise<void> {
  await lockProject(tx, actor, projectId);
  const repository = await getRepository(tx, repositoryId);
  const linked = await tx.sql(
    `insert into plinth.project_repositories (organization_id, project_id, repository_id)
     values ($1, $2, $3)
     on conflict (organization_id, project_id, repository_id) do nothing
     returning id`,
    [tx.organizationId, projectId, repositoryId],
  );
  if (linked.length === 0) return;
  await recordActivity(tx, {
    action: 'repository_linked',
    resourceType: 'projects',
    resourceId: projectId,
    summary: `Repository ${repository.full_name} was linked`,
    details: { repository_id: repositoryId },
  });
}

export async function unlinkRepository(
  tx: ScopedTx,
  actor: Actor,
  projectId: string,
  repositoryId: string,
): Promise<void> {
  await lockProject(tx, actor, projectId);
  const gone = await tx.sql(
    `delete from plinth.project_repositories
     where organization_id = $1 and project_id = $2 and repository_id = $3
     returning id`,
    [tx.organizationId, projectId, repositoryId],
  );
  if (gone.length === 0) throw errors.not_found({ detail: 'the repository is not linked to this project' });
}

/** The repositories of a project, which must be there: an unknown project is not an empty one. */
export async function listProjectRepositories(
  tx: ScopedTx,
  filter: RepositoryFilter & { readonly project_id: string },
) {
  await getProject(tx, filter.project_id);
  return listRepositories(tx, filter);
}

async function lockRepository(tx: ScopedTx, actor: Actor, id: string): Promise<Repository> {
  const [row] = await tx.sql<Repository>(
    `select ${columns} from plinth.repositories r where r.organization_id = $1 and r.id = $2 for update`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such repository' });
  if (!managesAll(actor) && (row.created_by === null || row.created_by !== actor.userId)) {
    throw errors.forbidden({
      detail: 'only administrators change repositories of others',
      hint: 'Ask an administrator, or who added it.',
    });
  }
  return row;
}

const nameTaken = (fullName: string) =>
  errors.already_exists({ field: 'full_name', detail: `the repository ${fullName} is there already` });
