import { basename, resolve } from 'node:path';
import { assertClonable, registerClone } from '../../modules/analysis/index.ts';
import { createRepository } from '../../modules/projects/index.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import type { Plinth } from '../../plinth.ts';
import { type CommandBody, exitCodes, printResult, table, UsageError } from '../command.ts';
import { findOrganization } from '../organization.ts';

const providers = ['github', 'gitlab', 'bitbucket', 'local'] as const;
type Provider = (typeof providers)[number];

export interface Registered {
  readonly id: string;
  readonly full_name: string;
  readonly head: string;
  readonly branch: string;
}

/** Makes the repository's row where it is missing, and its bare clone from a folder of this machine. */
export async function registerRepository(
  plinth: Plinth,
  organizationId: string,
  repository: { from: string; fullName: string; provider: Provider },
  signal: AbortSignal,
): Promise<Registered> {
  const { platform } = plinth;
  await assertClonable(repository.from, signal);
  const scope: Scope = { as: 'app', organizationId, memberRole: 'service' };
  const id = await platform.door.write(scope, async (tx) => {
    const [known] = await tx.sql<{ id: string }>(
      'select id from plinth.repositories where organization_id = $1 and provider = $2 and full_name_lower = lower($3)',
      [organizationId, repository.provider, repository.fullName],
    );
    return (
      known?.id ?? (await createRepository(tx, { full_name: repository.fullName, provider: repository.provider })).id
    );
  });
  const { head, branch } = await registerClone(platform, organizationId, id, repository.from, signal);
  return { id, full_name: repository.fullName, head, branch };
}

export const repositoriesRegister: CommandBody = {
  usage: ['repositories register PATH [--organization SLUG] [--name OWNER/NAME] [--provider github]'],
  options: { organization: { type: 'string' }, name: { type: 'string' }, provider: { type: 'string' } },
  database: 'shared',
  needs: ['analysis'],
  async run(context, { values, positionals }) {
    const [path] = positionals;
    if (!path) throw new UsageError('repositories register wants a PATH');
    const from = resolve(context.cwd, path);
    const provider = (values['provider'] ?? 'github') as Provider;
    if (!providers.includes(provider)) throw new UsageError(`--provider is one of ${providers.join(', ')}`);
    const plinth = await context.plinth();
    const organization = await findOrganization(plinth, values['organization']);
    const fullName =
      typeof values['name'] === 'string'
        ? values['name']
        : `${organization.slug}/${basename(from).replace(/\.git$/, '')}`;
    const registered = await registerRepository(plinth, organization.id, { from, fullName, provider }, context.signal);
    printResult(context, registered, () => [
      `${registered.full_name}  ${registered.branch} at ${registered.head.slice(0, 12)}  (${registered.id})`,
    ]);
    return exitCodes.fine;
  },
};

export const repositoriesList: CommandBody = {
  usage: ['repositories list [--organization SLUG]'],
  options: { organization: { type: 'string' } },
  database: 'shared',
  async run(context, { values }) {
    const plinth = await context.plinth();
    const organization = await findOrganization(plinth, values['organization']);
    const rows = await plinth.platform.door.readOne<{
      full_name: string;
      provider: string;
      id: string;
      last_analyzed_at: Date | null;
    }>(
      { as: 'readonly', organizationId: organization.id },
      'select full_name, provider, id, last_analyzed_at from plinth.repositories where organization_id = $1 order by full_name limit 1000',
      [organization.id],
    );
    printResult(context, rows, () =>
      table(
        ['repository', 'provider', 'analysed', 'id'],
        rows.map((row) => [row.full_name, row.provider, row.last_analyzed_at?.toISOString() ?? 'never', row.id]),
      ),
    );
    return exitCodes.fine;
  },
};
