import { errors } from '../../platform/core/errors.ts';
import { defineHookPoint } from '../../platform/hooks.ts';
import type { Actor } from '../../platform/http/actor.ts';
import { decodeCursor, type Page, toPage } from '../../platform/http/paging.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { recordActivity } from '../audit/index.ts';
import { tenancyErrors } from './errors.ts';
import { normalizeEmail } from './names.ts';
import { assertMayGrant, type MemberRole } from './roles.ts';

export interface Member {
  readonly id: string;
  readonly user_id: string;
  readonly role: MemberRole;
  readonly display_name: string;
  readonly email: string;
  readonly avatar_url: string | null;
  readonly created_at: Date;
}

export interface NewMember {
  readonly userId: string;
  readonly role: MemberRole;
  readonly at: Date;
}

export const memberHooks = { add: defineHookPoint<NewMember, Member>('members.add') };

const columns = 'id, user_id, role, display_name, email, avatar_url, created_at';

export async function listMembers(
  tx: ScopedTx,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<Member>> {
  const rows = await tx.sql<Member>(
    `select ${columns}
     from plinth.organization_memberships
     where organization_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [tx.organizationId, decodeCursor(cursor) ?? null, limit + 1],
  );
  return toPage(rows, limit);
}

export async function getMember(tx: ScopedTx, userId: string): Promise<Member> {
  const [row] = await tx.sql<Member>(
    `select ${columns} from plinth.organization_memberships where organization_id = $1 and user_id = $2`,
    [tx.organizationId, userId],
  );
  if (!row) throw errors.not_found({ detail: 'no such member' });
  return row;
}

/**
 * The id of the account with this e-mail, made without a password when there is none: such a person signs in with a
 * link from the operator. A transaction of its own, for users are not of any tenant.
 */
export async function ensureUser(platform: Platform, scope: Scope, email: string, fullName: string): Promise<string> {
  const { organizationId: _tenant, ...global } = scope;
  const [row] = await platform.door.write(global, (tx) =>
    tx.sql<{ id: string }>('select plinth.ensure_user($1, $2, $3) as id', [
      normalizeEmail(email),
      fullName,
      platform.clock.now(),
    ]),
  );
  if (!row?.id) throw errors.internal({ cause: new Error('ensure_user gave no id') });
  return row.id;
}

/**
 * Adds a person to the organization without asking them: for the operator's own programs (seeds, tests). A request
 * invites instead, for an address that nobody has proven may belong to an account of somebody else. Throws `forbidden`,
 * `already_exists`, `not_found` (the account is off).
 */
export function addMember(tx: ScopedTx, actor: Actor, input: NewMember): Promise<Member> {
  return tx.hooks.around(memberHooks.add, { tx, actor }, input, (given) => insertMember(tx, actor, given));
}

async function insertMember(tx: ScopedTx, actor: Actor, input: NewMember): Promise<Member> {
  assertMayGrant(actor, input.role);
  const [row] = await tx.sql<{ outcome: string }>('select plinth.add_member($1, $2, $3, $4) as outcome', [
    tx.organizationId,
    input.userId,
    input.role,
    input.at,
  ]);
  if (row?.outcome === 'already_member') {
    throw errors.already_exists({ field: 'email', detail: 'this person is a member already' });
  }
  if (row?.outcome !== 'added') throw errors.not_found({ detail: 'no such user' });
  const member = await getMember(tx, input.userId);
  await recordActivity(tx, {
    action: 'member_added',
    resourceType: 'organization_memberships',
    resourceId: member.id,
    summary: `A person joined as ${input.role}`,
  });
  return member;
}

/** Throws `forbidden` (above the actor's own role), `last_owner`, `not_found`. */
export async function changeMemberRole(tx: ScopedTx, actor: Actor, userId: string, role: MemberRole): Promise<Member> {
  const [row] = await tx.sql<{ outcome: string }>('select plinth.change_member_role($1, $2, $3, $4) as outcome', [
    tx.organizationId,
    userId,
    role,
    actor.memberRole ?? null,
  ]);
  assertMemberChange(row?.outcome, 'changed');
  const member = await getMember(tx, userId);
  await recordActivity(tx, {
    action: 'member_role_changed',
    resourceType: 'organization_memberships',
    resourceId: member.id,
    summary: `A person's role is now ${role}`,
  });
  return member;
}

/** Removes a member, and stops their keys here. Throws as `changeMemberRole`. Their account and history stay. */
export async function removeMember(tx: ScopedTx, actor: Actor, userId: string, at: Date): Promise<void> {
  const [row] = await tx.sql<{ outcome: string }>('select plinth.remove_member($1, $2, $3, $4) as outcome', [
    tx.organizationId,
    userId,
    actor.memberRole ?? null,
    at,
  ]);
  assertMemberChange(row?.outcome, 'removed');
  await recordActivity(tx, {
    action: userId === actor.userId ? 'member_left' : 'member_removed',
    resourceType: 'organization_memberships',
    summary: userId === actor.userId ? 'A person left' : 'A person was removed',
    details: { user_id: userId },
  });
}

function assertMemberChange(outcome: string | undefined, wanted: string): void {
  if (outcome === wanted) return;
  if (outcome === 'last_owner') throw tenancyErrors.last_owner();
  if (outcome === 'forbidden') {
    throw errors.forbidden({
      detail: 'the role is above your own',
      hint: 'Ask somebody who has that role themselves.',
    });
  }
  throw errors.not_found({ detail: 'no such member' });
}
