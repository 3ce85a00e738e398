import { errors } from '../../platform/core/errors.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import { assertPassword } from '../../platform/core/password-policy.ts';
import { type ParsedToken, parseToken } from '../../platform/core/tokens.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import type { Access, Caller } from './access.ts';
import type { Person } from './account.ts';
import { tenancyErrors } from './errors.ts';
import type { MemberRole } from './roles.ts';
import { createSession } from './sessions.ts';
import { type SignedIn, signIn } from './sign-in.ts';

/** What whoever holds the link may know before they accept. */
export interface InvitationPreview {
  readonly organization_id: string;
  readonly organization_name: string;
  readonly email: string;
  readonly role: MemberRole;
  readonly invited_by: string | null;
  readonly expires_at: Date;
}

interface FoundInvitation {
  readonly email: string;
  readonly role: MemberRole;
  readonly organization_name: string;
  readonly inviter_name: string | null;
  readonly expires_at: Date;
}

export interface Joined {
  readonly organizationId: string;
  readonly userId: string;
  /** A new session, where the person was not signed in before. */
  readonly session?: SignedIn;
}

/** What a link invites to. Throws `invitation_not_valid` for one that is unknown, used, revoked or too old alike. */
export async function previewInvitation(access: Access, token: string, caller: Caller): Promise<InvitationPreview> {
  const parsed = parseInvitation(token);
  const found = await findInvitation(access, parsed, caller);
  if (!found) throw refused(access, parsed, caller);
  return {
    organization_id: parsed.organizationId,
    organization_name: found.organization_name,
    email: found.email,
    role: found.role,
    invited_by: found.inviter_name,
    expires_at: found.expires_at,
  };
}

/**
 * Joins a signed-in person. Throws `invitation_for_another_address` when another address was invited and the person did
 * not say that they mean this account: a link opened in the wrong browser joins nobody silently.
 */
export async function acceptAsPerson(
  access: Access,
  person: Pick<Person, 'userId'>,
  input: { token: string; useThisAccount: boolean },
  caller: Caller,
): Promise<Joined> {
  const parsed = parseInvitation(input.token);
  const { platform } = access;
  await platform.door.write(scopeFor(parsed, person.userId, caller), async (tx) => {
    const [row] = await tx.sql<{ outcome: string }>('select plinth.accept_invitation($1, $2, $3, $4, $5) as outcome', [
      parsed.organizationId,
      parsed.hash,
      person.userId,
      input.useThisAccount,
      platform.clock.now(),
    ]);
    assertAccepted(row?.outcome, () => refused(access, parsed, caller));
  });
  return { organizationId: parsed.organizationId, userId: person.userId };
}

/**
 * Joins somebody who is not signed in: makes their account with this password, or, where the address has one, signs in
 * with it. Whether it has one is never asked before the password was found good enough for a new account, so that a
 * try which leaves no account behind tells nothing. Throws `invitation_not_valid`, `password_refused`, `sign_in_failed`,
 * `rate_limited`, `already_exists`.
 */
export async function acceptWithPassword(
  access: Access,
  input: { token: string; password: string; fullName: string },
  caller: Caller,
): Promise<Joined> {
  const { platform, passwords, settings } = access;
  const parsed = parseInvitation(input.token);
  const found = await findInvitation(access, parsed, caller);
  if (!found) throw refused(access, parsed, caller);
  assertPassword(input.password, {
    algorithm: settings.passwordAlgorithm,
    email: found.email,
    words: [found.email, found.organization_name, input.fullName],
  });
  const passwordHash = await passwords.hash(input.password);
  const at = platform.clock.now();
  const userId = uuidv7(at);
  let hasAccount = false;
  const made = await platform.door
    .write(scopeFor(parsed, userId, caller), async (tx) => {
      const [row] = await tx.sql<{ outcome: string }>(
        'select plinth.accept_invitation_as_new($1, $2, $3, $4, $5, $6) as outcome',
        [parsed.organizationId, parsed.hash, userId, input.fullName, passwordHash, at],
      );
      if (row?.outcome === 'email_taken') {
        hasAccount = true;
        throw errors.already_exists(); // takes back what was written; nobody sees it
      }
      assertAccepted(row?.outcome, () => refused(access, parsed, caller));
      return { ...(await createSession(access, tx, userId, caller)), userId };
    })
    .catch((error: unknown) => {
      if (hasAccount) return undefined;
      throw error;
    });
  if (made) return { organizationId: parsed.organizationId, userId, session: made };
  const session = await signIn(access, { email: found.email, password: input.password }, caller);
  const joined = await acceptAsPerson(access, session, { token: input.token, useThisAccount: false }, caller);
  return { ...joined, session };
}

function parseInvitation(token: string): ParsedToken {
  const parsed = parseToken(token, 'invitation');
  if (!parsed) throw tenancyErrors.invitation_not_valid();
  return parsed;
}

async function findInvitation(
  access: Access,
  { organizationId, hash }: ParsedToken,
  caller: Caller,
): Promise<FoundInvitation | undefined> {
  const [row] = await access.platform.door.readOne<FoundInvitation>(
    { as: 'app', organizationId, requestId: caller.requestId, ipAddress: caller.ipAddress },
    'select email, role, organization_name, inviter_name, expires_at from plinth.find_invitation($1, $2, $3)',
    [organizationId, hash, access.platform.clock.now()],
  );
  return row;
}

/** The organization is the one the token names, which the functions check against its hash. */
function scopeFor(parsed: ParsedToken, userId: string, caller: Caller): Scope {
  const { organizationId } = parsed;
  return { as: 'app', organizationId, userId, requestId: caller.requestId, ipAddress: caller.ipAddress };
}

function assertAccepted(outcome: string | undefined, notValid: () => Error): void {
  switch (outcome) {
    case 'accepted':
      return;
    case 'other_address':
      throw tenancyErrors.invitation_for_another_address();
    case 'already_member':
      throw errors.already_exists({ detail: 'you are a member of this organization already' });
    case 'not_valid':
      throw notValid();
    default:
      throw errors.unauthenticated({ detail: 'this account is off' });
  }
}

function refused(access: Access, parsed: ParsedToken, caller: Caller): Error {
  access.securityEvents.record({
    kind: 'invitation_refused',
    severity: 'warning',
    organization_id: parsed.organizationId,
    ip_address: caller.ipAddress,
    request_id: caller.requestId,
  });
  return tenancyErrors.invitation_not_valid();
}
