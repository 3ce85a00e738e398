import { expect, it } from 'vitest';
import { makePolicy } from '../../platform/http/actor.ts';
import { organizationRoles } from '../../platform/module.ts';
import { auditModule } from '../audit/index.ts';
import { projectsModule } from '../projects/index.ts';
import { tenancyModule } from './index.ts';
import { mayGrant, memberRoles } from './roles.ts';

/** A table for people to review: `npx vitest run … -u` writes it anew. */
it('permissions by role are as reviewed', async () => {
  const policy = makePolicy([auditModule, tenancyModule, projectsModule]);
  const width = 30;
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padEnd(9)).join('')}`.trimEnd();
  const permissions = [...policy.permissions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { roles }]) =>
      line(
        name,
        organizationRoles.map((role) => (roles.includes(role) ? 'yes' : '-')),
      ),
    );
  const grants = [...memberRoles, 'service' as const].map((given) =>
    line(
      `gives role ${given}`,
      organizationRoles.map((role) => (mayGrant(role, given) ? 'yes' : '-')),
    ),
  );
  const rest = [auditModule, tenancyModule, projectsModule].flatMap(({ tables = {} }) =>
    Object.entries(tables).flatMap(([table, { rest: verbs = {} }]) =>
      Object.entries(verbs).map(([verb, access]) =>
        line(
          `${verb} ${table}`,
          organizationRoles.map((role) => access[role] ?? '-'),
        ),
      ),
    ),
  );
  const text = [
    line('permission', organizationRoles),
    ...permissions,
    '',
    line('makes members and keys', organizationRoles),
    ...grants,
    '',
    line('rows at /rest/v1', organizationRoles),
    ...rest,
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot('./golden/permissions.txt');
});
