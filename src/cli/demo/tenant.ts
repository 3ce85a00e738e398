import { analysis_task_type } from '../../modules/analysis/index.ts';
import { createSource, createSubscription, prepareSource } from '../../modules/events/index.ts';
import { createProject, linkRepository } from '../../modules/projects/index.ts';
import { createFirstApiKey, createOrganization, ensureUser } from '../../modules/tenancy/index.ts';
import type { Actor } from '../../platform/http/actor.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import type { Plinth } from '../../plinth.ts';
import { type Registered, registerRepository } from '../commands/repositories.ts';
import { listOrganizations } from '../organization.ts';

export interface DemoTenant {
  readonly slug: string;
  readonly organizationId: string;
  readonly key: string;
  readonly hook: string;
  readonly secret: string;
  readonly repository: Registered;
}

const subscription_name = 'Analyse pushes and pull requests';

/** Makes a tenant of the demo, or finds what an earlier run made; what only that run was shown comes from `known`. */
export async function makeTenant(
  plinth: Plinth,
  slug: string,
  source: string,
  known: ReadonlyMap<string, string>,
  baseUrl: string,
  signal: AbortSignal,
): Promise<DemoTenant> {
  const { platform } = plinth;
  const { door } = platform;
  const userId = await ensureUser(platform, { as: 'app' }, `demo@${slug}.example`, `Demo of ${slug}`);
  const existing = (await listOrganizations(plinth)).find((organization) => organization.slug === slug);
  const organizationId =
    existing?.id ??
    (
      await createOrganization(
        platform,
        { as: 'app', userId },
        { name: slug[0]!.toUpperCase() + slug.slice(1), slug, unlimited: true },
      )
    ).id;
  const scope: Scope = { as: 'app', organizationId, userId, memberRole: 'owner', requestId: 'demo' };
  const actor: Actor = { kind: 'user', userId, organizationId, memberRole: 'owner', scopes: ['*'] };
  const variable = (name: string) => known.get(`PLINTH_${name}_${slug.toUpperCase()}`);

  const repository = await registerRepository(
    plinth,
    organizationId,
    { from: source, fullName: `${slug}/plinth`, provider: 'github' },
    signal,
  );
  const key = existing ? variable('KEY') : undefined;
  const hook = existing ? variable('HOOK') : undefined;
  const secret = existing ? variable('HOOK_SECRET') : undefined;
  if (key && hook && secret) {
    return { slug, organizationId, repository, key, hook: new URL(new URL(hook).pathname, baseUrl).href, secret };
  }

  const prepared = await prepareSource(platform, organizationId, {
    name: `GitHub (demo ${platform.clock.now().toISOString()})`,
    scheme: 'github',
  });
  const made = await door.write(scope, async (tx) => {
    const apiKey = await createFirstApiKey(platform, tx, userId);
    await createSource(tx, prepared);
    const [subscribed] = await tx.sql(
      'select 1 from plinth.event_subscriptions where organization_id = $1 and name = $2 and deleted_at is null',
      [organizationId, subscription_name],
    );
    if (!subscribed) {
      await createSubscription(platform, tx, {
        name: subscription_name,
        sources: ['github'],
        names: ['push', 'pull_request.*'],
        target: { task_type: analysis_task_type },
      });
      const project = await createProject(tx, actor, { name: 'Plinth', slug: 'plinth' });
      await linkRepository(tx, actor, project.id, repository.id);
    }
    return apiKey;
  });
  return {
    slug,
    organizationId,
    repository,
    key: made.key,
    hook: new URL(prepared.shown.hook_path, baseUrl).href,
    secret: prepared.shown.secret,
  };
}
