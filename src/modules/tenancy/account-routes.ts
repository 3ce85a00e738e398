import { Type } from 'typebox';
import type { Actor } from '../../platform/http/actor.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Line } from '../../platform/http/schemas.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import type { Access } from './access.ts';
import {
  changeEmail,
  changePassword,
  getAccount,
  requirePerson,
  setUserActive,
  updateAccount,
  withoutTenant,
} from './account.ts';
import { getOrganization, listOwnOrganizations } from './organizations.ts';
import { getPreferences, Preferences, setPreferences } from './preferences.ts';
import { AccountAnswer, closed, Email, FullName, MeAnswer, Password, SessionAnswer } from './schemas.ts';
import { listSessions, revokeSession } from './sessions.ts';

const AccountChangesSchema = Type.Object(
  {
    full_name: Type.Optional(FullName),
    username: Type.Optional(Line(63)),
    preferred_language: Type.Optional(Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$' })),
    timezone: Type.Optional(Line(64)),
  },
  { ...closed, minProperties: 1 },
);

export function registerAccountRoutes(routes: RouteRegistrar, access: Access): void {
  const { platform } = access;
  routes.add({
    method: 'GET',
    url: '/v1/me',
    tag: 'tenancy',
    summary: 'Who you are, where you are, and what you may do there',
    permission: 'user',
    response: MeAnswer,
    mode: 'read',
    run: (tx, { actor }) => describeActor(routes, tx, actor as Actor),
  });
  routes.add({
    method: 'PATCH',
    url: '/v1/me',
    tag: 'tenancy',
    summary: 'Change your account',
    permission: 'user',
    body: AccountChangesSchema,
    response: AccountAnswer,
    handle: ({ actor, scope, body }) => {
      const { userId } = requirePerson(actor);
      return updateAccount(platform, withoutTenant(scope), userId, body);
    },
  });
  routes.add({
    method: 'PUT',
    url: '/v1/me/email',
    tag: 'tenancy',
    summary: 'Change your e-mail; your other sessions end',
    permission: 'user',
    body: Type.Object({ email: Email, password: Password }, closed),
    response: AccountAnswer,
    handle: ({ actor, scope, body }) => changeEmail(access, scope, requirePerson(actor), body),
  });
  routes.add({
    method: 'PUT',
    url: '/v1/me/password',
    tag: 'tenancy',
    summary: 'Change your password; your other sessions end',
    permission: 'user',
    status: 204,
    body: Type.Object({ current_password: Password, new_password: Password }, closed),
    handle: ({ actor, scope, body }) => changePassword(access, scope, requirePerson(actor), body),
  });
  registerPreferenceRoutes(routes, access);
  registerSessionRoutes(routes, access);
  for (const [verb, active] of [
    ['activate', true],
    ['deactivate', false],
  ] as const) {
    routes.add({
      method: 'POST',
      url: `/v1/users/:id/${verb}`,
      tag: 'tenancy',
      summary: active ? 'Switch an account on again' : 'Switch an account off: its sessions and keys end at once',
      permission: 'user',
      status: 204,
      params: IdParams,
      handle: ({ actor, scope, params }) => setUserActive(access, scope, requirePerson(actor), params.id, active),
    });
  }
}

/** Also for people with a token of another issuer: only passwords, addresses and sessions want a session. */
function registerPreferenceRoutes(routes: RouteRegistrar, access: Access): void {
  const { platform } = access;
  routes.add({
    method: 'GET',
    url: '/v1/me/preferences',
    tag: 'tenancy',
    summary: 'How the console looks to you: what you have chosen',
    permission: 'user',
    response: Preferences,
    mode: 'read',
    run: (tx, { actor }) => getPreferences(tx, userOf(actor)),
  });
  routes.add({
    method: 'PUT',
    url: '/v1/me/preferences',
    tag: 'tenancy',
    summary: 'Choose how the console looks; what is left out goes back to its default',
    permission: 'user',
    body: Preferences,
    response: Preferences,
    handle: ({ actor, body, scope }) => {
      const userId = userOf(actor);
      return platform.door.write(withoutTenant(scope), (tx) => setPreferences(tx, userId, body, platform.clock.now()));
    },
  });
}

function userOf(actor: Actor | undefined): string {
  if (actor?.kind !== 'user' || !actor.userId) return requirePerson(actor).userId;
  return actor.userId;
}

function registerSessionRoutes(routes: RouteRegistrar, access: Access): void {
  const { platform } = access;
  routes.add({
    method: 'GET',
    url: '/v1/sessions',
    tag: 'tenancy',
    summary: 'Where you are signed in',
    permission: 'user',
    response: Type.Object({ data: Type.Array(SessionAnswer), next_cursor: Type.Null() }, closed),
    mode: 'read',
    run: async (tx, { actor }) => {
      const { userId, sessionId } = requirePerson(actor);
      const sessions = await listSessions(access, tx, userId);
      const data = sessions.map((session) => ({ ...session, is_current: session.id === sessionId }));
      return { data, next_cursor: null };
    },
  });
  routes.add({
    method: 'DELETE',
    url: '/v1/sessions/:id',
    tag: 'tenancy',
    summary: 'End one of your sessions',
    permission: 'user',
    status: 204,
    params: Type.Object({ id: Id }, closed),
    handle: async ({ actor, scope, params }) => {
      const { userId } = requirePerson(actor);
      await platform.door.write(withoutTenant(scope), (tx) =>
        revokeSession(tx, userId, params.id, platform.clock.now()),
      );
    },
  });
}

async function describeActor(routes: RouteRegistrar, tx: ScopedTx, actor: Actor): Promise<unknown> {
  const { policy } = routes;
  const organization = actor.organizationId ? await getOrganization(tx) : undefined;
  const permissions = [...policy.permissions]
    .filter(([name, { roles }]) => actor.memberRole && roles.includes(actor.memberRole) && policy.inScopes(actor, name))
    .map(([name]) => name);
  return {
    kind: actor.kind,
    user: actor.userId ? await getAccount(tx, actor.userId) : null,
    organization: organization
      ? { id: organization.id, name: organization.name, slug: organization.slug, role: actor.memberRole }
      : null,
    // a key belongs to one organization and learns of no other
    organizations: actor.kind === 'user' && actor.userId ? await listOwnOrganizations(tx, actor.userId) : [],
    api_key_id: actor.apiKeyId ?? null,
    session_id: actor.sessionId ?? null,
    permissions: permissions.sort(),
  };
}
