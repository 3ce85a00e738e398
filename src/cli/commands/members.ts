import { createInvitation, invitationPath, issueSignInLink } from '../../modules/tenancy/index.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import type { Plinth } from '../../plinth.ts';
import { type CommandBody, type CommandContext, exitCodes, printResult, UsageError } from '../command.ts';
import { findOrganization } from '../organization.ts';

const roles = ['owner', 'admin', 'member', 'viewer'] as const;
type Role = (typeof roles)[number];

export const membersInvite: CommandBody = {
  usage: ['members invite EMAIL [--role owner|admin|member|viewer] [--organization SLUG]'],
  options: { organization: { type: 'string' }, role: { type: 'string' } },
  database: 'shared',
  async run(context, { values, positionals }) {
    const [email] = positionals;
    if (!email) throw new UsageError('members invite wants an EMAIL');
    const role = (values['role'] ?? 'member') as Role;
    if (!roles.includes(role)) throw new UsageError(`--role is one of ${roles.join(', ')}`);
    const plinth = await context.plinth();
    const { platform } = plinth;
    const organization = await findOrganization(plinth, values['organization']);
    // the operator may give every role
    const scope: Scope = { as: 'app', organizationId: organization.id, memberRole: 'owner' };
    const made = await platform.door.write(scope, (tx) =>
      createInvitation(platform, tx, { memberRole: 'owner' }, { email, role }),
    );
    const link = linkTo(context, plinth, invitationPath(made.token));
    const result = { id: made.id, email: made.email, role, organization: organization.slug, link };
    printResult(context, { ...result, expires_at: made.expires_at }, () => [
      `${made.email} is invited to ${organization.slug} as ${role}. Hand over this link; nothing was mailed:`,
      `  ${link}`,
      `It works once, until ${made.expires_at.toISOString()}.`,
    ]);
    return exitCodes.fine;
  },
};

export const membersLink: CommandBody = {
  usage: ['members link EMAIL'],
  notes: ['With the link its person sets a new password and is signed in; every older session ends.'],
  database: 'shared',
  async run(context, { positionals }) {
    const [email] = positionals;
    if (!email) throw new UsageError('members link wants an EMAIL');
    const plinth = await context.plinth();
    const made = await issueSignInLink(plinth.platform, email);
    if (!made) throw new UsageError(`no active account has the address ${email}; plinth members invite makes one`);
    const link = linkTo(context, plinth, made.path);
    printResult(context, { email, link, expires_at: made.expiresAt }, () => [
      `A new password for ${email}. Hand over this link; nothing was mailed:`,
      `  ${link}`,
      `It works once, until ${made.expiresAt.toISOString()}.`,
    ]);
    return exitCodes.fine;
  },
};

/** A page of the console where people reach it; the public address may have a path. */
function linkTo({ config }: CommandContext, plinth: Plinth, path: string): string {
  const base = config.publicUrl ?? plinth.url ?? `http://localhost:${config.port}`;
  return `${base.replace(/\/+$/, '')}${path}`;
}
