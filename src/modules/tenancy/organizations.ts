import { randomBytes } from 'node:crypto';
import { errors, PlinthError } from '../../platform/core/errors.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import type { OrganizationRole } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { recordActivity } from '../audit/index.ts';
import { tenancyErrors } from './errors.ts';
import { assertSlug, slugify } from './names.ts';
import { tenancyLimits } from './settings.ts';

const SLUG_TRIES_MAX = 5;

export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly settings: Record<string, unknown>;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** One line of the organization switcher. */
export interface OwnOrganization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly role: OrganizationRole;
  /** Set for deleted ones that their owners can still recover. */
  readonly deleted_at: Date | null;
}

/**
 * Runs `attempt` with a free slug: the one asked for, or one made of the name, with a random ending when that is taken.
 * `attempt` is a whole transaction and throws `already_exists` on the field "slug" when it lost the race.
 */
export async function withFreeSlug<T>(
  name: string,
  wanted: string | undefined,
  attempt: (slug: string) => Promise<T>,
): Promise<{ slug: string; result: T }> {
  if (wanted !== undefined) {
    assertSlug(wanted);
    return { slug: wanted, result: await attempt(wanted) };
  }
  const base = slugify(name, 'organization');
  for (let tries = 1; ; tries++) {
    const slug = tries === 1 ? base : `${base}-${randomBytes(3).toString('hex')}`;
    try {
      return { slug, result: await attempt(slug) };
    } catch (error) {
      const isTaken = error instanceof PlinthError && error.code === 'already_exists' && error.field === 'slug';
      if (!isTaken || tries >= SLUG_TRIES_MAX) throw error;
    }
  }
}

function slugTaken(slug: string): PlinthError {
  return errors.already_exists({ field: 'slug', detail: `the slug "${slug}" is taken` });
}

export async function listOwnOrganizations(tx: ScopedTx, userId: string): Promise<OwnOrganization[]> {
  return tx.sql<OwnOrganization>('select * from plinth.organizations_of_user($1)', [userId]);
}

/**
 * Makes an organization with the person as its owner, in a transaction of its own inside the new tenant. Throws
 * `already_exists` (slug) and `too_many_organizations`; `unlimited` is for administrators of the installation.
 */
export async function createOrganization(
  platform: Platform,
  scope: Scope,
  input: { name: string; slug?: string | undefined; unlimited?: boolean },
): Promise<{ id: string; name: string; slug: string }> {
  const at = platform.clock.now();
  const id = uuidv7(at);
  const { userId } = scope;
  if (!userId) throw tenancyErrors.session_required();
  const inside: Scope = { ...scope, organizationId: id, memberRole: 'owner' };
  const ownedMax = input.unlimited ? null : tenancyLimits.organizations_owned_max;
  const { slug } = await withFreeSlug(input.name, input.slug, (candidate) =>
    platform.door.write(inside, async (tx) => {
      const [row] = await tx.sql<{ outcome: string }>(
        'select plinth.create_organization($1, $2, $3, $4, $5, $6) as outcome',
        [id, input.name, candidate, userId, ownedMax, at],
      );
      if (row?.outcome === 'slug_taken') throw slugTaken(candidate);
      if (row?.outcome === 'too_many') throw tenancyErrors.too_many_organizations();
      if (row?.outcome !== 'created') throw errors.unauthenticated();
    }),
  );
  return { id, name: input.name, slug };
}

export async function getOrganization(tx: ScopedTx): Promise<Organization> {
  const [row] = await tx.sql<Organization>(
    `select id, name, slug, settings, created_at, updated_at
     from plinth.organizations
     where id = $1 and deleted_at is null`,
    [tx.organizationId],
  );
  if (!row) throw errors.not_found({ detail: 'no such organization' });
  return row;
}

/**
 * Changes name, slug or settings; the old slug is free at once. Throws `already_exists` and `invalid_value` (slug) before
 * anything is written. Two transactions: slugs are global rows that a function writes as another role, and on a cluster
 * the request can not go on in the same one.
 */
export async function updateOrganization(
  platform: Platform,
  scope: Scope,
  changes: {
    name?: string | undefined;
    slug?: string | undefined;
    settings?: Readonly<Record<string, unknown>> | undefined;
  },
): Promise<Organization> {
  const { name, slug, settings } = changes;
  if (slug !== undefined) {
    assertSlug(slug);
    await platform.door.write(scope, (tx) => renameOrganization(tx, slug));
  }
  return platform.door.write(scope, async (tx) => {
    if (name !== undefined || settings !== undefined) {
      await tx.sql(
        `update plinth.organizations
         set name = coalesce($2, name), settings = coalesce($3, settings)
         where id = $1 and deleted_at is null`,
        [tx.organizationId, name ?? null, settings ? JSON.stringify(settings) : null],
      );
    }
    return getOrganization(tx);
  });
}

async function renameOrganization(tx: ScopedTx, slug: string): Promise<void> {
  const [row] = await tx.sql<{ outcome: string }>('select plinth.rename_organization($1, $2) as outcome', [
    tx.organizationId,
    slug,
  ]);
  if (row?.outcome === 'slug_taken') throw slugTaken(slug);
  if (row?.outcome !== 'renamed') throw errors.not_found({ detail: 'no such organization' });
}

/** Soft delete: its keys and sessions open nothing any more; for 30 days an owner can recover it. */
export async function deleteOrganization(tx: ScopedTx, at: Date): Promise<void> {
  const [row] = await tx.sql<{ deleted: boolean }>('select plinth.delete_organization($1, $2) as deleted', [
    tx.organizationId,
    at,
  ]);
  if (!row?.deleted) throw errors.not_found({ detail: 'no such organization' });
  await recordActivity(tx, {
    action: 'organization_deleted',
    resourceType: 'organizations',
    resourceId: tx.organizationId,
    summary: `The organization was deleted; it can be recovered for ${tenancyLimits.recovery_days} days`,
  });
}

/** Takes a deletion back. Throws `not_found` (also for who is no owner) and `recovery_too_late`. */
export async function recoverOrganization(platform: Platform, scope: Scope, organizationId: string): Promise<void> {
  if (!scope.userId) throw tenancyErrors.session_required();
  await platform.door.write({ ...scope, organizationId, memberRole: 'owner' }, async (tx) => {
    const [row] = await tx.sql<{ outcome: string }>('select plinth.recover_organization($1, $2, $3) as outcome', [
      organizationId,
      scope.userId,
      platform.clock.now(),
    ]);
    if (row?.outcome === 'too_late') throw tenancyErrors.recovery_too_late();
    if (row?.outcome !== 'recovered') throw errors.not_found({ detail: 'no such organization' });
  });
}

export interface PurgeOptions {
  /** The operator insists: a deleted organization goes before its 30 days are over. */
  readonly forced?: boolean;
  readonly rowsMax?: number;
  readonly signal?: AbortSignal;
}

/**
 * Removes a deleted organization for good, batch by batch, each in a transaction of its own; returns the rows removed.
 * Throws `invalid_transition` unless it was deleted 30 days ago. Stopped halfway it is continued by the next call.
 */
export async function purgeOrganization(
  platform: Platform,
  organizationId: string,
  options: PurgeOptions = {},
): Promise<number> {
  const rowsMax = options.rowsMax ?? tenancyLimits.purge_rows_batch;
  let removed = 0;
  while (!options.signal?.aborted) {
    const [batch] = await platform.door.write(
      { as: 'worker', organizationId, memberRole: 'service' },
      (tx) =>
        tx.sql<{ removed: string; finished: boolean }>('select * from plinth.purge_organization($1, $2, $3, $4)', [
          organizationId,
          platform.clock.now(),
          rowsMax,
          options.forced ?? false,
        ]),
      { pool: 'worker' },
    );
    removed += Number(batch?.removed ?? 0);
    if (!batch || batch.finished) break;
  }
  return removed;
}
