import { createInvitation, invitationPath } from '../../modules/tenancy/index.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { type Command, exitCodes, printResult, UsageError } from '../command.ts';
import { findOrganization } from '../organization.ts';

const roles = ['owner', 'admin', 'member', 'viewer'] as const;
type Role = (typeof roles)[number];

export const membersInvite: Command = {
  name: 'members invite',
  summary: 'Invite an address to an organization: prints the link to hand over, mails nothing',
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
    const base = context.config.publicUrl ?? plinth.url ?? `http://localhost:${context.config.port}`;
    const link = new URL(invitationPath(made.token), base).href;
    const result = { id: made.id, email: made.email, role, organization: organization.slug, link };
    printResult(context, { ...result, expires_at: made.expires_at }, () => [
      `${made.email} is invited to ${organization.slug} as ${role}. Hand over this link; nothing was mailed:`,
      `  ${link}`,
      `It works once, until ${made.expires_at.toISOString()}.`,
    ]);
    return exitCodes.fine;
  },
};
