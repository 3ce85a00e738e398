import { Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import { limits } from '../../platform/core/limits.ts';
import type { Actor } from '../../platform/http/actor.ts';
import { withIdempotency } from '../../platform/http/idempotency.ts';
import type { Call, RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Nullable, PageOf, PageQuery, Timestamp } from '../../platform/http/schemas.ts';
import { type FailureThrottle, throttled } from '../../platform/http/throttle.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { acceptAsPerson, acceptWithPassword, type Joined, previewInvitation } from './accept-invitation.ts';
import type { Access } from './access.ts';
import { requirePerson } from './account.ts';
import { assertCookiesAreSafe, setSessionCookie } from './cookies.ts';
import {
  createInvitation,
  invitationPath,
  listInvitations,
  type NewInvitation,
  renewInvitation,
  revokeInvitation,
} from './invitations.ts';
import { closed, Email, FullName, MemberRoleSchema, OneTimeToken, Password } from './schemas.ts';
import { callerOf } from './sign-in-routes.ts';

const invitationFields = {
  id: Id,
  email: Type.String(),
  role: MemberRoleSchema,
  invited_by: Nullable(Id),
  links_made: Type.Integer({ description: 'A new link replaces the one before.' }),
  expires_at: Timestamp,
  accepted_at: Nullable(Timestamp),
  accepted_by: Nullable(Id),
  revoked_at: Nullable(Timestamp),
  created_at: Timestamp,
};
const InvitationAnswer = Type.Object(invitationFields, closed);
const NewInvitationAnswer = Type.Object(
  {
    ...invitationFields,
    token: Nullable(Type.String({ description: 'Shown this once; null where a request was repeated.' })),
    path: Nullable(
      Type.String({
        description:
          "Behind the server's address it is the link to hand over. Plinth mails nothing: you pass it on yourself.",
      }),
    ),
  },
  closed,
);

/** Inviting: by those who may change members. */
export function registerInvitationRoutes(routes: RouteRegistrar, access: Access, failures: FailureThrottle): void {
  const { platform } = access;
  routes.add({
    method: 'GET',
    url: '/v1/invitations',
    tag: 'tenancy',
    summary: 'Who was invited; with open=true those who have not answered yet',
    permission: 'members:write',
    query: Type.Object({ ...PageQuery.properties, open: Type.Optional(Type.Boolean()) }, closed),
    response: PageOf(InvitationAnswer),
    mode: 'read',
    run: (tx, { query }) =>
      listInvitations(tx, {
        limit: query.limit ?? limits.page_rows_default,
        cursor: query.cursor,
        open: query.open ?? false,
        at: platform.clock.now(),
      }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/invitations',
    tag: 'tenancy',
    summary: 'Invite an address; the link is shown this once, for you to hand over',
    permission: 'members:write',
    status: 201,
    body: Type.Object({ email: Email, role: MemberRoleSchema }, closed),
    response: NewInvitationAnswer,
    handle: (call) =>
      showLinkOnce(access, call, (tx) => createInvitation(platform, tx, call.actor as Actor, call.body)),
  });
  routes.add({
    method: 'POST',
    url: '/v1/invitations/:id/resend',
    tag: 'tenancy',
    summary: 'Make a new link for an invitation; the old one stops working',
    permission: 'members:write',
    params: IdParams,
    response: NewInvitationAnswer,
    handle: (call) =>
      showLinkOnce(access, call, (tx) => renewInvitation(platform, tx, call.actor as Actor, call.params.id)),
  });
  routes.add({
    method: 'DELETE',
    url: '/v1/invitations/:id',
    tag: 'tenancy',
    summary: 'Revoke an invitation',
    permission: 'members:write',
    status: 204,
    params: IdParams,
    mode: 'write',
    run: (tx, { actor, params }) => revokeInvitation(tx, actor as Actor, params.id, platform.clock.now()),
  });
  registerAnswerRoutes(routes, access, failures);
}

/** Answering: by whoever holds the link. The token is in the body, for addresses end up in logs. */
function registerAnswerRoutes(routes: RouteRegistrar, access: Access, failures: FailureThrottle): void {
  routes.add({
    method: 'POST',
    url: '/v1/invitations/preview',
    tag: 'tenancy',
    summary: 'What an invitation link is for',
    permission: 'public',
    body: Type.Object({ token: OneTimeToken }, closed),
    response: Type.Object(
      {
        organization_id: Id,
        organization_name: Type.String(),
        email: Type.String(),
        role: MemberRoleSchema,
        invited_by: Nullable(Type.String({ description: 'The name of who invited; null: the operator.' })),
        expires_at: Timestamp,
      },
      closed,
    ),
    handle: ({ body, request }) =>
      throttled(failures, request.ip, () => previewInvitation(access, body.token, callerOf(request))),
  });
  routes.add({
    method: 'POST',
    url: '/v1/invitations/accept',
    tag: 'tenancy',
    summary: 'Join with an invitation link: as the person signed in, else with a password',
    permission: 'public',
    body: Type.Object(
      {
        token: OneTimeToken,
        password: Type.Optional(Password),
        full_name: Type.Optional(FullName),
        use_this_account: Type.Optional(
          Type.Boolean({ description: 'Join with the account signed in, though another address was invited.' }),
        ),
      },
      closed,
    ),
    response: Type.Object({ organization_id: Id, user_id: Id }, closed),
    handle: ({ actor, body, request, reply }) =>
      throttled(failures, request.ip, async () => {
        const joined = await accept(access, actor, body, callerOf(request), () => assertCookiesAreSafe(request));
        if (joined.session) setSessionCookie(request, reply, joined.session.token, joined.session.expiresAt);
        return { organization_id: joined.organizationId, user_id: joined.userId };
      }),
  });
}

interface Acceptance {
  readonly token: string;
  readonly password?: string;
  readonly full_name?: string;
  readonly use_this_account?: boolean;
}

async function accept(
  access: Access,
  actor: Actor | undefined,
  body: Acceptance,
  caller: ReturnType<typeof callerOf>,
  assertSafe: () => void,
): Promise<Joined> {
  if (actor) {
    const person = requirePerson(actor);
    if (body.password !== undefined) {
      throw errors.invalid_value({
        field: 'password',
        detail: 'you are signed in: leave the password out to join with this account, or sign out first',
      });
    }
    return acceptAsPerson(
      access,
      person,
      { token: body.token, useThisAccount: body.use_this_account ?? false },
      caller,
    );
  }
  if (body.password === undefined) {
    throw errors.invalid_value({ field: 'password', detail: 'a password is needed, or sign in first' });
  }
  assertSafe();
  return acceptWithPassword(
    access,
    { token: body.token, password: body.password, fullName: body.full_name ?? '' },
    caller,
  );
}

/** The answer kept for a repeated request is everything but the link: a secret is not stored, not even for a day. */
async function showLinkOnce<B, Q, P>(
  access: Access,
  { request, reply, scope }: Call<B, Q, P>,
  make: (tx: ScopedTx) => Promise<NewInvitation>,
): Promise<unknown> {
  let shown: string | null = null;
  const answer = await withIdempotency(access.platform, request, reply, scope, async (tx) => {
    const { token, ...rest } = await make(tx);
    shown = token;
    return rest;
  });
  return { ...(answer as object), token: shown, path: shown === null ? null : invitationPath(shown) };
}
