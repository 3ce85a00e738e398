import type { Plinth } from '../plinth.ts';
import { UsageError } from './command.ts';

export interface KnownOrganization {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

/** The organization an operator means: by slug or id; the only one when none is named. Throws UsageError. */
export async function findOrganization(plinth: Plinth, named: unknown): Promise<KnownOrganization> {
  const organizations = await listOrganizations(plinth);
  if (typeof named === 'string') {
    const found = organizations.find(({ id, slug }) => id === named || slug === named);
    if (!found) throw new UsageError(`there is no organization "${named}"; there are: ${names(organizations)}`);
    return found;
  }
  if (organizations.length === 0)
    throw new UsageError('there is no organization yet: open the welcome link, or run plinth demo');
  if (organizations.length > 1) throw new UsageError(`--organization which? There are: ${names(organizations)}`);
  return organizations[0]!;
}

export function listOrganizations(plinth: Plinth): Promise<KnownOrganization[]> {
  return plinth.platform.door.readOne<KnownOrganization>(
    { as: 'worker' },
    'select id, slug, name from plinth.list_organizations(1000)',
  );
}

function names(organizations: readonly KnownOrganization[]): string {
  return (
    organizations
      .slice(0, 20)
      .map(({ slug }) => slug)
      .join(', ') || 'none'
  );
}
