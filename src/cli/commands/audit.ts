import { sealOrganization, type Verification, verifyAuditLog } from '../../modules/audit/index.ts';
import { type CommandBody, exitCodes, printResult, UsageError } from '../command.ts';
import { findOrganization, type KnownOrganization, listOrganizations } from '../organization.ts';

interface Line extends Verification {
  readonly organization: string;
}

export const auditVerify: CommandBody = {
  usage: ['audit verify [--organization SLUG] [--head HASH]'],
  options: { organization: { type: 'string' }, head: { type: 'string' } },
  database: 'shared',
  async run(context, { values }) {
    const { head } = values;
    if (head !== undefined && !/^[0-9a-f]{64}$/.test(String(head))) {
      throw new UsageError('--head is the head that an earlier run printed: 64 hexadecimal digits');
    }
    const plinth = await context.plinth();
    const { platform } = plinth;
    const named = values['organization'] !== undefined || head !== undefined;
    const organizations: readonly KnownOrganization[] = named
      ? [await findOrganization(plinth, values['organization'])]
      : await listOrganizations(plinth);
    const lines: Line[] = [];
    for (const { id, slug } of organizations) {
      const scope = { as: 'readonly', organizationId: id } as const;
      const verified = await platform.door.read(scope, (tx) =>
        verifyAuditLog(tx, head === undefined ? {} : { knownHead: String(head) }),
      );
      // what is broken is not sealed over
      if (verified.intact) await sealOrganization(platform, id, context.signal);
      const after = verified.intact ? await platform.door.read(scope, (tx) => verifyAuditLog(tx)) : verified;
      lines.push({ organization: slug, ...after });
    }
    printResult(context, lines, () => lines.map(describe));
    return lines.every(({ intact }) => intact) ? exitCodes.fine : exitCodes.finding;
  },
};

function describe({ organization, seals, entries, head, broken }: Line): string {
  if (!broken) return `${organization}: intact, ${entries} entries under ${seals} seals, head ${head ?? 'none'}`;
  const entry = broken.entry_id ? `, entry ${broken.entry_id}` : '';
  return `${organization}: BROKEN at seal ${broken.sequence}${entry}: ${broken.fault} (${entries} entries before it are intact)`;
}
