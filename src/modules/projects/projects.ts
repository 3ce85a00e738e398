import { randomBytes } from 'node:crypto';
import { errors } from '../../platform/core/errors.ts';
import { defineHookPoint } from '../../platform/hooks.ts';
import type { Actor } from '../../platform/http/actor.ts';
import { decodeCursor, type Page, toPage } from '../../platform/http/paging.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { recordActivity } from '../audit/index.ts';
import { assertSlug, slugify } from '../tenancy/index.ts';
import { assertRepositoryUrl } from './repository-url.ts';

export const projectStatuses = ['planning', 'active', 'on_hold', 'completed', 'archived', 'deleted'] as const;
export type ProjectStatus = (typeof projectStatuses)[number];

/** As the trigger has it (migration 0002), for a clear answer before it is asked. A test holds the two equal. */
export const projectTransitions: Readonly<Record<ProjectStatus, readonly ProjectStatus[]>> = {
  planning: ['active', 'on_hold', 'archived', 'deleted'],
  active: ['on_hold', 'completed', 'archived', 'deleted'],
  on_hold: ['active', 'completed', 'archived', 'deleted'],
  completed: ['active', 'archived', 'deleted'],
  archived: ['active', 'deleted'],
  deleted: ['active', 'archived'],
};

const RECOVERY_DAYS = 30;
/** "-2" to "-5", then random endings: names such as "Test" come often. */
const SLUG_NUMBERS_MAX = 5;
const SLUG_TRIES_MAX = 10;

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly description: string;
  readonly owner_id: string | null;
  readonly template_type: string | null;
  readonly status: ProjectStatus;
  readonly priority: number;
  readonly goals: readonly unknown[];
  readonly starts_on: string | null;
  readonly due_on: string | null;
  readonly git_repo_url: string | null;
  readonly archived_at: Date | null;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly deleted_at: Date | null;
}

/** What a person may say about a project. */
export interface ProjectFields {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly description?: string | undefined;
  readonly owner_id?: string | null | undefined;
  readonly template_type?: string | null | undefined;
  readonly status?: ProjectStatus | undefined;
  readonly priority?: number | undefined;
  readonly goals?: readonly unknown[] | undefined;
  readonly starts_on?: string | null | undefined;
  readonly due_on?: string | null | undefined;
  readonly git_repo_url?: string | null | undefined;
}

export type NewProject = ProjectFields & { readonly name: string };

export interface ProjectMove {
  readonly id: string;
  readonly to: ProjectStatus;
}

/** Where hooks run. A project is changed at /rest/v1 only while none of them would be gone around. */
export const projectHooks = {
  create: defineHookPoint<NewProject, Project>('projects.create', [{ table: 'projects', verb: 'insert' }]),
  update: defineHookPoint<{ readonly id: string; readonly changes: ProjectFields }, Project>('projects.update', [
    { table: 'projects', verb: 'update' },
  ]),
  move: defineHookPoint<ProjectMove, Project>('projects.move', [{ table: 'projects', verb: 'update' }]),
};

const fieldNames: ReadonlySet<string> = new Set([
  'name',
  'slug',
  'description',
  'owner_id',
  'template_type',
  'status',
  'priority',
  'goals',
  'starts_on',
  'due_on',
  'git_repo_url',
] satisfies (keyof ProjectFields)[]);

function assertProjectField(name: string): void {
  if (!fieldNames.has(name)) throw errors.invalid_value({ detail: `a project has no field ${name.slice(0, 60)}` });
}

// dates as text: a date has no time zone, a JavaScript Date has one
const columns = `id, name, slug, description, owner_id, template_type, status, priority, goals, starts_on::text as starts_on,
  due_on::text as due_on, git_repo_url, archived_at, created_by, created_at, updated_at, deleted_at`;

export interface ProjectFilter {
  readonly status?: ProjectStatus | undefined;
  readonly owner_id?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Newest first; deleted ones only when asked for by status. */
export async function listProjects(tx: ScopedTx, filter: ProjectFilter): Promise<Page<Project>> {
  const rows = await tx.sql<Project>(
    `select ${columns}
     from plinth.projects
     where organization_id = $1
       and ($2::uuid is null or id < $2)
       and ($3::text is null or status = $3)
       and ($3 = 'deleted' or deleted_at is null)
       and ($4::uuid is null or owner_id = $4)
     order by id desc
     limit $5`,
    [
      tx.organizationId,
      decodeCursor(filter.cursor) ?? null,
      filter.status ?? null,
      filter.owner_id ?? null,
      filter.limit + 1,
    ],
  );
  return toPage(rows, filter.limit);
}

/** A project, deleted ones included (they can be restored). Throws `not_found`. */
export async function getProject(tx: ScopedTx, id: string): Promise<Project> {
  const [row] = await tx.sql<Project>(`select ${columns} from plinth.projects where organization_id = $1 and id = $2`, [
    tx.organizationId,
    id,
  ]);
  if (!row) throw errors.not_found({ detail: 'no such project' });
  return row;
}

/**
 * Makes a project; its owner is the caller unless said otherwise. Without a slug one is made of the name. Throws
 * `already_exists` (slug), `reference_not_found` (the owner is no member), `forbidden` (for another person).
 */
export function createProject(tx: ScopedTx, actor: Actor, input: NewProject): Promise<Project> {
  return tx.hooks.around(projectHooks.create, { tx, actor }, input, (given) => insertProject(tx, actor, given));
}

async function insertProject(tx: ScopedTx, actor: Actor, input: NewProject): Promise<Project> {
  const ownerId = input.owner_id === undefined ? (actor.userId ?? null) : input.owner_id;
  if (!managesAll(actor) && ownerId !== actor.userId) throw notYours('make projects for others');
  if (input.slug !== undefined) assertSlug(input.slug);
  assertDates(input.starts_on, input.due_on);
  assertRepositoryUrl(input.git_repo_url, 'git_repo_url');
  await assertMember(tx, ownerId);
  for (let tries = 1; ; tries++) {
    const base = input.slug ?? slugify(input.name, 'project');
    const ending = tries <= SLUG_NUMBERS_MAX ? String(tries) : randomBytes(3).toString('hex');
    const slug = tries === 1 ? base : `${base}-${ending}`;
    const [row] = await tx.sql<{ id: string }>(
      `insert into plinth.projects (organization_id, name, slug, description, owner_id, template_type, status, priority, goals,
         starts_on, due_on, git_repo_url)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       on conflict (organization_id, slug) do nothing
       returning id`,
      [
        tx.organizationId,
        input.name,
        slug,
        input.description ?? '',
        ownerId,
        input.template_type ?? null,
        input.status ?? 'active',
        input.priority ?? 0,
        JSON.stringify(input.goals ?? []),
        input.starts_on ?? null,
        input.due_on ?? null,
        input.git_repo_url ?? null,
      ],
    );
    if (row) {
      await recordProjectActivity(tx, 'project_created', row.id, `Project ${input.name} was created`);
      return getProject(tx, row.id);
    }
    if (input.slug !== undefined || tries >= SLUG_TRIES_MAX) throw slugTaken(slug);
  }
}

/** Changes a project one may change: one's own, or any for administrators. Throws as `createProject`, and `not_found`. */
export async function updateProject(tx: ScopedTx, actor: Actor, id: string, changes: ProjectFields): Promise<Project> {
  const input = { id, changes };
  return tx.hooks.around(projectHooks.update, { tx, actor }, input, (given) =>
    changeProject(tx, actor, id, given.changes),
  );
}

async function changeProject(tx: ScopedTx, actor: Actor, id: string, changes: ProjectFields): Promise<Project> {
  const old = await lockProject(tx, actor, id);
  if (old.deleted_at) throw errors.invalid_transition({ detail: 'the project is deleted; restore it first' });
  if (changes.slug !== undefined) assertSlug(changes.slug);
  assertRepositoryUrl(changes.git_repo_url, 'git_repo_url');
  if (changes.status !== undefined) assertTransition(old.status, changes.status);
  if (changes.owner_id !== undefined && changes.owner_id !== old.owner_id) {
    if (!managesAll(actor)) throw notYours('give projects to others');
    await assertMember(tx, changes.owner_id);
  }
  assertDates(
    changes.starts_on === undefined ? old.starts_on : changes.starts_on,
    changes.due_on === undefined ? old.due_on : changes.due_on,
  );
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  if (given.length > 0) {
    // names are compared with the list, for a hook may have given them; values are parameters
    for (const [column] of given) assertProjectField(column);
    const assignments = given.map(([column], index) => `${column} = $${index + 3}`).join(', ');
    const values = given.map(([column, value]) => (column === 'goals' ? JSON.stringify(value) : value));
    await refusingTakenSlug(changes.slug, () =>
      tx.sql(`update plinth.projects set ${assignments} where organization_id = $1 and id = $2`, [
        tx.organizationId,
        id,
        ...values,
      ]),
    );
  }
  const project = await getProject(tx, id);
  const moved = changes.status !== undefined && changes.status !== old.status;
  await recordProjectActivity(
    tx,
    moved ? `project_${changes.status}` : 'project_updated',
    id,
    moved
      ? `Project ${project.name} is now ${changes.status?.replace('_', ' ')}`
      : `Project ${project.name} was changed`,
  );
  return project;
}

/** Soft delete: restored within 30 days, removed after. Throws `not_found`, `forbidden`, `invalid_transition`. */
export async function deleteProject(tx: ScopedTx, actor: Actor, id: string): Promise<void> {
  await moving(tx, actor, { id, to: 'deleted' }, async () => {
    const project = await moveProject(tx, actor, id, 'deleted');
    await recordProjectActivity(tx, 'project_deleted', id, `Project ${project.name} was deleted`);
  });
}

/** The hooks around archiving, restoring and deleting; what `before` returns is not looked at. */
function moving(tx: ScopedTx, actor: Actor, move: ProjectMove, work: () => Promise<void>): Promise<Project> {
  return tx.hooks.around(projectHooks.move, { tx, actor }, move, async () => {
    await work();
    return getProject(tx, move.id);
  });
}

export async function archiveProject(tx: ScopedTx, actor: Actor, id: string): Promise<Project> {
  return moving(tx, actor, { id, to: 'archived' }, async () => {
    const project = await moveProject(tx, actor, id, 'archived');
    await recordProjectActivity(tx, 'project_archived', id, `Project ${project.name} was archived`);
  });
}

/**
 * Takes an archived project back into work; a deleted one returns to what it was: archived, or active. Throws
 * `invalid_transition` for others, and for one deleted more than 30 days ago.
 */
export async function restoreProject(tx: ScopedTx, actor: Actor, id: string, at: Date): Promise<Project> {
  const old = await lockProject(tx, actor, id);
  if (old.status !== 'archived' && old.status !== 'deleted') {
    throw errors.invalid_transition({ detail: `the project is ${old.status}, neither archived nor deleted` });
  }
  if (old.deleted_at && at.getTime() - old.deleted_at.getTime() >= RECOVERY_DAYS * 86_400_000) {
    throw errors.invalid_transition({ detail: `it was deleted more than ${RECOVERY_DAYS} days ago` });
  }
  const status = old.status === 'deleted' && old.archived_at ? 'archived' : 'active';
  return moving(tx, actor, { id, to: status }, async () => {
    await setStatus(tx, id, status);
    await recordProjectActivity(tx, 'project_restored', id, `Project ${old.name} was restored`);
  });
}

async function moveProject(tx: ScopedTx, actor: Actor, id: string, status: ProjectStatus): Promise<Project> {
  const project = await lockProject(tx, actor, id);
  assertTransition(project.status, status);
  if (project.status === status) throw errors.invalid_transition({ detail: `the project is ${status} already` });
  await setStatus(tx, id, status);
  return project;
}

async function setStatus(tx: ScopedTx, id: string, status: ProjectStatus): Promise<void> {
  await tx.sql('update plinth.projects set status = $3 where organization_id = $1 and id = $2', [
    tx.organizationId,
    id,
    status,
  ]);
}

/** The project, locked for this transaction, if the actor may change it. Throws `not_found` and `forbidden`. */
export async function lockProject(tx: ScopedTx, actor: Actor, id: string): Promise<Project> {
  const [row] = await tx.sql<Project>(
    `select ${columns} from plinth.projects where organization_id = $1 and id = $2 for update`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such project' });
  if (!managesAll(actor) && (row.owner_id === null || row.owner_id !== actor.userId)) {
    throw notYours('change projects of others');
  }
  return row;
}

/** Owners, administrators and services change every project; members those they own. */
export function managesAll(actor: Actor): boolean {
  return actor.memberRole === 'owner' || actor.memberRole === 'admin' || actor.memberRole === 'service';
}

function assertTransition(from: ProjectStatus, to: ProjectStatus): void {
  if (from !== to && !projectTransitions[from].includes(to)) {
    throw errors.invalid_transition({ detail: `a project does not go from ${from} to ${to}` });
  }
}

function assertDates(startsOn: string | null | undefined, dueOn: string | null | undefined): void {
  for (const [field, date] of [
    ['starts_on', startsOn],
    ['due_on', dueOn],
  ] as const) {
    if (date && !isDate(date)) throw errors.invalid_value({ field, detail: `${field} is not a date` });
  }
  if (startsOn && dueOn && dueOn < startsOn) {
    throw errors.invalid_value({ field: 'due_on', detail: 'due_on is before starts_on' });
  }
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}

async function assertMember(tx: ScopedTx, userId: string | null): Promise<void> {
  if (userId === null) return;
  const [row] = await tx.sql(
    'select 1 from plinth.organization_memberships where organization_id = $1 and user_id = $2',
    [tx.organizationId, userId],
  );
  if (!row) throw errors.reference_not_found({ field: 'owner_id', detail: 'the owner is not a member' });
}

async function refusingTakenSlug(slug: string | undefined, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (slug !== undefined && (error as { code?: string }).code === '23505') throw slugTaken(slug);
    throw error;
  }
}

const slugTaken = (slug: string) =>
  errors.already_exists({ field: 'slug', detail: `a project with the slug "${slug}" is there, or was deleted lately` });

const notYours = (what: string) =>
  errors.forbidden({ detail: `only administrators ${what}`, hint: 'Ask an administrator, or the owner.' });

function recordProjectActivity(tx: ScopedTx, action: string, id: string, summary: string): Promise<void> {
  return recordActivity(tx, { action, resourceType: 'projects', resourceId: id, summary });
}
