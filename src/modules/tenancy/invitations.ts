import { errors } from '../../platform/core/errors.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import { mintToken } from '../../platform/core/tokens.ts';
import { decodeCursor, type Page, toPage } from '../../platform/http/paging.ts';
import type { OrganizationRole } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { recordActivity } from '../audit/index.ts';
import { tenancyErrors } from './errors.ts';
import { normalizeEmail } from './names.ts';
import { type MemberRole, mayGrant } from './roles.ts';
import { tenancyLimits } from './settings.ts';

export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: MemberRole;
  /** Null: the operator. */
  readonly invited_by: string | null;
  /** How many links were made for it; only the last one works. */
  readonly links_made: number;
  readonly expires_at: Date;
  readonly accepted_at: Date | null;
  readonly accepted_by: string | null;
  readonly revoked_at: Date | null;
  readonly created_at: Date;
}

export interface NewInvitation extends Invitation {
  /** Shown once, stored as a hash. Nothing is mailed: whoever invites hands it over. */
  readonly token: string;
}

/** Who invites, and the highest role they may give. */
export interface Inviter {
  readonly userId?: string | undefined;
  readonly memberRole?: OrganizationRole | undefined;
}

const columns = 'id, email, role, invited_by, links_made, expires_at, accepted_at, accepted_by, revoked_at, created_at';

/** The page a person opens; the token is in the fragment, which browsers do not send. */
export function invitationPath(token: string): string {
  return `/invitation#${token}`;
}

/** Newest first; with `open` those that can still be accepted. */
export async function listInvitations(
  tx: ScopedTx,
  input: { limit: number; cursor?: string | undefined; open: boolean; at: Date },
): Promise<Page<Invitation>> {
  const rows = await tx.sql<Invitation>(
    `select ${columns}
     from plinth.invitations
     where organization_id = $1
       and ($2::uuid is null or id < $2)
       and (not $3 or (accepted_at is null and revoked_at is null and expires_at > $4))
     order by id desc
     limit $5`,
    [tx.organizationId, decodeCursor(input.cursor) ?? null, input.open, input.at, input.limit + 1],
  );
  return toPage(rows, input.limit);
}

/**
 * Invites an address. Says whether it belongs to a member here, which the inviter can see anyway, and never whether it
 * has an account. Throws `forbidden` (a role above one's own), `already_exists` (a member, or invited already),
 * `too_many_invitations`, `invalid_value`.
 */
export async function createInvitation(
  platform: Platform,
  tx: ScopedTx,
  inviter: Inviter,
  input: { email: string; role: MemberRole },
): Promise<NewInvitation> {
  const email = normalizeEmail(input.email);
  if (!mayGrant(inviter.memberRole, input.role)) throw aboveOwnRole();
  const at = platform.clock.now();
  const id = uuidv7(at);
  const { token, hash } = mintToken('invitation', tx.organizationId);
  const [row] = await tx.sql<{ outcome: string }>(
    'select plinth.create_invitation($1, $2, $3, $4, $5, $6, $7, $8, $9) as outcome',
    [
      tx.organizationId,
      id,
      email,
      input.role,
      hash,
      inviter.userId ?? null,
      tenancyLimits.invitations_pending_max,
      expiryFrom(at),
      at,
    ],
  );
  if (row?.outcome === 'already_member') {
    throw errors.already_exists({ field: 'email', detail: 'this person is a member already' });
  }
  if (row?.outcome === 'pending') {
    throw errors.already_exists({
      field: 'email',
      detail: 'this address is invited already',
      hint: 'Make a new link for that invitation (POST /v1/invitations/{id}/resend), or revoke it first.',
    });
  }
  if (row?.outcome !== 'created') throw tenancyErrors.too_many_invitations();
  await noteInvitation(tx, 'invitation_created', id, `A person was invited as ${input.role}`);
  return { ...(await getInvitation(tx, id)), token };
}

/** A new link in place of the old one, good for another seven days. Throws `not_found`, `forbidden`. */
export async function renewInvitation(
  platform: Platform,
  tx: ScopedTx,
  inviter: Inviter,
  id: string,
): Promise<NewInvitation> {
  const at = platform.clock.now();
  const { token, hash } = mintToken('invitation', tx.organizationId);
  const [row] = await tx.sql<{ outcome: string }>(
    'select plinth.renew_invitation($1, $2, $3, $4, $5, $6, $7) as outcome',
    [tx.organizationId, id, inviter.memberRole ?? null, hash, inviter.userId ?? null, expiryFrom(at), at],
  );
  assertOutcome(row?.outcome, 'renewed');
  await noteInvitation(tx, 'invitation_renewed', id, 'An invitation got a new link');
  return { ...(await getInvitation(tx, id)), token };
}

/** Its link opens nothing any more. Throws `not_found`, `forbidden`. */
export async function revokeInvitation(tx: ScopedTx, inviter: Inviter, id: string, at: Date): Promise<void> {
  const [row] = await tx.sql<{ outcome: string }>('select plinth.revoke_invitation($1, $2, $3, $4) as outcome', [
    tx.organizationId,
    id,
    inviter.memberRole ?? null,
    at,
  ]);
  assertOutcome(row?.outcome, 'revoked');
  await noteInvitation(tx, 'invitation_revoked', id, 'An invitation was revoked');
}

async function getInvitation(tx: ScopedTx, id: string): Promise<Invitation> {
  const [row] = await tx.sql<Invitation>(
    `select ${columns} from plinth.invitations where organization_id = $1 and id = $2`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such invitation' });
  return row;
}

function expiryFrom(at: Date): Date {
  return new Date(at.getTime() + tenancyLimits.invitation_days * 24 * 3_600_000);
}

function noteInvitation(tx: ScopedTx, action: string, id: string, summary: string): Promise<void> {
  return recordActivity(tx, { action, resourceType: 'invitations', resourceId: id, summary });
}

function assertOutcome(outcome: string | undefined, wanted: string): void {
  if (outcome === wanted) return;
  if (outcome === 'forbidden') throw aboveOwnRole();
  throw errors.not_found({ detail: 'no open invitation has this id' });
}

function aboveOwnRole(): Error {
  return errors.forbidden({
    detail: 'the role is above your own',
    hint: 'Ask somebody who has that role themselves.',
  });
}
