import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id } from '../../platform/http/schemas.ts';
import { type FailureThrottle, throttled } from '../../platform/http/throttle.ts';
import type { Access, Caller } from './access.ts';
import { requirePerson, withoutTenant } from './account.ts';
import { assertCookiesAreSafe, clearSessionCookies, setSessionCookie } from './cookies.ts';
import { completeFirstRun, hasAdministrator } from './first-run.ts';
import {
  closed,
  Email,
  FullName,
  Name,
  NewApiKeyAnswer,
  NewOrganizationAnswer,
  OneTimeToken,
  Password,
} from './schemas.ts';
import { revokeAllSessions, revokeSession } from './sessions.ts';
import { redeemSignInLink, signIn } from './sign-in.ts';

const SignedInAnswer = Type.Object({ user_id: Id, session_id: Id }, closed);

export function callerOf(request: FastifyRequest): Caller {
  return { requestId: request.id, ipAddress: request.ip, device: request.headers['user-agent'] ?? '' };
}

export function registerSignInRoutes(routes: RouteRegistrar, access: Access, failures: FailureThrottle): void {
  const { platform } = access;
  routes.add({
    method: 'GET',
    url: '/v1/first-run',
    tag: 'tenancy',
    summary: 'Whether this installation still waits for its first administrator',
    permission: 'public',
    response: Type.Object({ needed: Type.Boolean() }, closed),
    handle: async () => ({ needed: !(await hasAdministrator(platform)) }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/first-run',
    tag: 'tenancy',
    summary: 'Make the first administrator with the link printed at the start',
    permission: 'public',
    status: 201,
    body: Type.Object(
      {
        token: OneTimeToken,
        email: Email,
        password: Password,
        organization_name: Name,
        full_name: Type.Optional(FullName),
      },
      closed,
    ),
    response: Type.Object({ user_id: Id, organization: NewOrganizationAnswer, api_key: NewApiKeyAnswer }, closed),
    handle: ({ body, request, reply }) =>
      throttled(failures, request.ip, async () => {
        assertCookiesAreSafe(request);
        const input = { ...body, full_name: body.full_name ?? '' };
        const made = await completeFirstRun(access, input, callerOf(request));
        setSessionCookie(request, reply, made.token, made.expiresAt);
        return { user_id: made.userId, organization: made.organization, api_key: made.apiKey };
      }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/sign-in',
    tag: 'tenancy',
    summary: 'Sign in with e-mail and password; the session is a cookie',
    permission: 'public',
    body: Type.Object({ email: Email, password: Password }, closed),
    response: SignedInAnswer,
    handle: ({ body, request, reply }) =>
      throttled(failures, request.ip, async () => {
        assertCookiesAreSafe(request);
        const session = await signIn(access, body, callerOf(request));
        setSessionCookie(request, reply, session.token, session.expiresAt);
        return { user_id: session.userId, session_id: session.sessionId };
      }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/sign-in/link',
    tag: 'tenancy',
    summary: 'Set a password with a sign-in link, and sign in',
    permission: 'public',
    body: Type.Object({ token: OneTimeToken, password: Password }, closed),
    response: SignedInAnswer,
    handle: ({ body, request, reply }) =>
      throttled(failures, request.ip, async () => {
        assertCookiesAreSafe(request);
        const session = await redeemSignInLink(access, body, callerOf(request));
        setSessionCookie(request, reply, session.token, session.expiresAt);
        return { user_id: session.userId, session_id: session.sessionId };
      }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/sign-out',
    tag: 'tenancy',
    summary: 'End this session',
    permission: 'public',
    status: 204,
    handle: async ({ actor, scope, request, reply }) => {
      clearSessionCookies(request, reply);
      const sessionId = actor?.sessionId;
      if (!actor?.userId || !sessionId) return;
      const { userId } = actor;
      await platform.door
        .write(withoutTenant(scope), (tx) => revokeSession(tx, userId, sessionId, platform.clock.now()))
        .catch((error: unknown) => {
          // ended meanwhile: that is what was asked for
          if ((error as { code?: string }).code !== errors.not_found().code) throw error;
        });
    },
  });
  routes.add({
    method: 'POST',
    url: '/v1/sign-out/everywhere',
    tag: 'tenancy',
    summary: 'End all of your sessions',
    permission: 'user',
    response: Type.Object({ sessions: Type.Integer() }, closed),
    handle: async ({ actor, scope, request, reply }) => {
      const person = requirePerson(actor);
      clearSessionCookies(request, reply);
      const sessions = await platform.door.write(withoutTenant(scope), (tx) =>
        revokeAllSessions(tx, person.userId, platform.clock.now()),
      );
      return { sessions };
    },
  });
}
