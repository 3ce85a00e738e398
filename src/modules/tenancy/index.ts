export { type Access, type Caller, makeAccess } from './access.ts';
export { apiKeyAuthenticator, type FlushingAuthenticator } from './api-key-authenticator.ts';
export {
  type ApiKey,
  createApiKey,
  createFirstApiKey,
  listApiKeys,
  type NewApiKey,
  revokeApiKey,
  rotateApiKey,
} from './api-keys.ts';
export { completeFirstRun, type FirstRunResult, hasAdministrator, issueFirstRunLink } from './first-run.ts';
export {
  createInvitation,
  type Invitation,
  invitationPath,
  listInvitations,
  type NewInvitation,
  renewInvitation,
  revokeInvitation,
} from './invitations.ts';
export { deleteExpiredAccess, purgeDeletedOrganizations } from './maintenance.ts';
export {
  addMember,
  changeMemberRole,
  ensureUser,
  listMembers,
  type Member,
  memberHooks,
  type NewMember,
  removeMember,
} from './members.ts';
export { makeTenancyModule, tenancyModule } from './module.ts';
export { organizationRecords } from './moved-organization.ts';
export { assertSlug, slugify } from './names.ts';
export {
  createOrganization,
  deleteOrganization,
  getOrganization,
  type Organization,
  purgeOrganization,
  recoverOrganization,
  updateOrganization,
} from './organizations.ts';
export { sessionAuthenticator } from './session-authenticator.ts';
export { defaultTenancySettings, type TenancySettings } from './settings.ts';
export { issueSignInLink, type OneTimeLink, signIn } from './sign-in.ts';
export { tokenAuthenticator } from './token-authenticator.ts';
