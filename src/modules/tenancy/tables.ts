import type { Access, TableDeclaration } from '../../platform/module.ts';

const everybody: Access = { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' };
const people: Access = { owner: 'any', admin: 'any', member: 'any', viewer: 'any' };
const secretTable: TableDeclaration = { visibility: 'auth', audit: 'action', requestVerbs: [] };

/**
 * What the generic REST layer may show. It writes none of them: a member, a key, a name are changed by functions that
 * keep the rules (the last owner, the copies of a name), at /v1.
 */
export const tables: Readonly<Record<string, TableDeclaration>> = {
  organizations: {
    visibility: 'tenant',
    audit: 'row',
    requestVerbs: ['select', 'update'],
    rest: { select: everybody },
  },
  organization_slugs: { visibility: 'platform', audit: 'action', requestVerbs: [] },
  users: {
    visibility: 'user',
    audit: 'action',
    requestVerbs: ['select', 'update'],
    personal: ['email', 'username', 'full_name'],
    ownerColumn: 'id',
    rest: { select: people },
  },
  user_credentials: secretTable,
  organization_memberships: {
    visibility: 'tenant',
    audit: 'row',
    requestVerbs: ['select'],
    personal: ['display_name', 'email', 'avatar_url'],
    ownerColumn: 'user_id',
    rest: { select: people },
  },
  // not in the REST layer: members see their own keys only, which /v1/api-keys knows
  api_keys: {
    visibility: 'tenant',
    audit: 'row',
    requestVerbs: ['select'],
    unaudited: ['last_used_at'],
    ownerColumn: 'user_id',
  },
  // not in the REST layer: addresses of people who are no members (yet) are for those who invite
  invitations: {
    visibility: 'tenant',
    audit: 'row',
    requestVerbs: ['select'],
    personal: ['email'],
    secret: ['token_hash'],
    ownerColumn: 'accepted_by',
  },
  user_identities: secretTable,
  api_key_hashes: secretTable,
  user_sessions: secretTable,
  one_time_tokens: secretTable,
  sign_in_attempts: secretTable,
};
