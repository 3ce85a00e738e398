import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import type { Actor } from '../../platform/http/actor.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, PageOf, PageQuery } from '../../platform/http/schemas.ts';
import type { Access } from './access.ts';
import { requirePerson } from './account.ts';
import { changeMemberRole, listMembers, removeMember } from './members.ts';
import {
  createOrganization,
  deleteOrganization,
  getOrganization,
  listOwnOrganizations,
  recoverOrganization,
  updateOrganization,
} from './organizations.ts';
import {
  closed,
  MemberAnswer,
  MemberRoleSchema,
  Name,
  NewOrganizationAnswer,
  OrganizationAnswer,
  OrganizationChanges,
  OwnOrganizationAnswer,
  Slug,
} from './schemas.ts';

export function registerOrganizationRoutes(routes: RouteRegistrar, access: Access): void {
  const { platform } = access;
  routes.add({
    method: 'GET',
    url: '/v1/organizations',
    tag: 'tenancy',
    summary: 'The organizations you belong to',
    permission: 'user',
    response: Type.Object({ data: Type.Array(OwnOrganizationAnswer), next_cursor: Type.Null() }, closed),
    mode: 'read',
    run: async (tx, { actor }) => ({
      data: await listOwnOrganizations(tx, requirePerson(actor).userId),
      next_cursor: null,
    }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/organizations',
    tag: 'tenancy',
    summary: 'Make an organization; you become its owner',
    permission: 'user',
    status: 201,
    body: Type.Object({ name: Name, slug: Type.Optional(Slug) }, closed),
    response: NewOrganizationAnswer,
    handle: ({ actor, scope, body }) => {
      const person = requirePerson(actor);
      const unlimited = person.platformRole === 'admin' || person.platformRole === 'superuser';
      return createOrganization(platform, scope, { ...body, unlimited });
    },
  });
  routes.add({
    method: 'POST',
    url: '/v1/organizations/:id/recover',
    tag: 'tenancy',
    summary: 'Take back the deletion of an organization you own',
    permission: 'user',
    status: 204,
    params: IdParams,
    handle: ({ actor, scope, params }) => {
      requirePerson(actor);
      return recoverOrganization(platform, scope, params.id);
    },
  });
  routes.add({
    method: 'GET',
    url: '/v1/organization',
    tag: 'tenancy',
    summary: 'The organization of this request',
    permission: 'organization:read',
    response: OrganizationAnswer,
    mode: 'read',
    run: (tx) => getOrganization(tx),
  });
  routes.add({
    method: 'PATCH',
    url: '/v1/organization',
    tag: 'tenancy',
    summary: 'Change its name, slug or settings',
    permission: 'organization:write',
    body: OrganizationChanges,
    response: OrganizationAnswer,
    handle: ({ scope, body }) => updateOrganization(platform, scope, body),
  });
  routes.add({
    method: 'DELETE',
    url: '/v1/organization',
    tag: 'tenancy',
    summary: 'Delete it; it can be recovered for 30 days',
    permission: 'organization:delete',
    status: 204,
    mode: 'write',
    run: (tx) => deleteOrganization(tx, platform.clock.now()),
  });
  registerMemberRoutes(routes, access);
}

function registerMemberRoutes(routes: RouteRegistrar, access: Access): void {
  const { platform } = access;
  const MemberParams = Type.Object({ user_id: Id }, closed);
  routes.add({
    method: 'GET',
    url: '/v1/members',
    tag: 'tenancy',
    summary: 'Who belongs to the organization',
    permission: 'members:read',
    query: PageQuery,
    response: PageOf(MemberAnswer),
    mode: 'read',
    run: (tx, { query }) => listMembers(tx, { limit: query.limit ?? limits.page_rows_default, cursor: query.cursor }),
  });
  routes.add({
    method: 'PATCH',
    url: '/v1/members/:user_id',
    tag: 'tenancy',
    summary: 'Change the role of a member',
    permission: 'members:write',
    params: MemberParams,
    body: Type.Object({ role: MemberRoleSchema }, closed),
    response: MemberAnswer,
    mode: 'write',
    run: (tx, { actor, params, body }) => changeMemberRole(tx, actor as Actor, params.user_id, body.role),
  });
  routes.add({
    method: 'DELETE',
    url: '/v1/members/:user_id',
    tag: 'tenancy',
    summary: 'Remove a member; their keys here stop',
    permission: 'members:write',
    status: 204,
    params: MemberParams,
    mode: 'write',
    run: (tx, { actor, params }) => removeMember(tx, actor as Actor, params.user_id, platform.clock.now()),
  });
  routes.add({
    method: 'POST',
    url: '/v1/members/leave',
    tag: 'tenancy',
    summary: 'Leave the organization',
    permission: 'organization:read',
    status: 204,
    mode: 'write',
    run: (tx, { actor }) => {
      const person = requirePerson(actor);
      return removeMember(tx, person, person.userId, platform.clock.now());
    },
  });
}
