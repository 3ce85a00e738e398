import { defineErrors } from '../../platform/core/errors.ts';

export const tenancyErrors = defineErrors({
  sign_in_failed: {
    status: 401,
    title: 'E-mail or password is wrong',
    hint: 'Check both. Whoever runs this installation can give you a new sign-in link.',
  },
  link_not_valid: {
    status: 401,
    title: 'This link is not valid',
    hint: 'Links work once and for 15 minutes. Ask for a new one; the first-run link is printed at every start.',
  },
  invitation_not_valid: {
    status: 401,
    title: 'This invitation is not valid',
    hint: 'An invitation works once and for 7 days, and can be revoked. Ask whoever invited you for a new link.',
  },
  invitation_for_another_address: {
    status: 409,
    title: 'Another address was invited',
    hint: 'Sign out and open the link again, or join with the account signed in: send use_this_account true.',
  },
  too_many_invitations: {
    status: 409,
    title: 'The organization has as many open invitations as it may',
    hint: 'Revoke those that nobody will answer.',
  },
  token_refused: {
    status: 401,
    title: 'The token is not accepted',
    hint: 'Ask its issuer for a new one, made for this audience. docs/guides/external-tokens.md says what is checked.',
  },
  issuer_unavailable: {
    status: 503,
    title: "The keys of the token's issuer can not be read",
    hint: 'Try again in a moment. The log names the issuer and the reason.',
  },
  identity_not_linked: {
    status: 403,
    title: 'This identity has no account here',
    hint: 'Sign in here and link it (POST /v1/me/identities), or ask the operator to allow new accounts for its issuer.',
  },
  not_a_member: {
    status: 403,
    title: 'You do not belong to this organization',
    hint: 'Ask an administrator of it for an invitation, or the issuer for a token that names your organization and role.',
  },
  administrator_exists: {
    status: 409,
    title: 'This installation has an administrator',
    hint: 'Sign in, or ask the administrator to add you.',
  },
  session_required: {
    status: 403,
    title: 'Only for a signed-in person',
    hint: 'Sign in with e-mail and password: neither an API key nor a token of another issuer can do this.',
  },
  insecure_connection: {
    status: 403,
    title: 'The connection is not secure',
    hint: 'Sign in over https, or on the machine itself at http://localhost. API keys are not affected.',
  },
  last_owner: {
    status: 409,
    title: 'An organization keeps at least one owner',
    hint: 'Make somebody else an owner first, or delete the organization.',
  },
  last_superuser: {
    status: 409,
    title: 'An installation keeps at least one superuser',
    hint: 'Create another superuser first.',
  },
  too_many_organizations: {
    status: 409,
    title: 'You own as many organizations as one person may',
    hint: 'Delete one, or ask the administrator of the installation to make it.',
  },
  too_many_api_keys: {
    status: 409,
    title: 'The organization has as many API keys as it may',
    hint: 'Revoke keys that are no longer used.',
  },
  recovery_too_late: {
    status: 409,
    title: 'It can no longer be recovered',
    hint: 'A deleted organization can be recovered for 30 days; then its data is removed.',
  },
});
