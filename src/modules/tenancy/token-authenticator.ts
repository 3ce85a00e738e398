import type { FastifyRequest } from 'fastify';
import { errors } from '../../platform/core/errors.ts';
import { isUuid } from '../../platform/core/ids.ts';
import type { Actor, Authenticator } from '../../platform/http/actor.ts';
import type { OrganizationRole } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { FlushingAuthenticator } from './api-key-authenticator.ts';
import { tenancyErrors } from './errors.ts';
import { type ExternalIdentity, tokenVerifier } from './external-tokens.ts';
import { wantedOrganization } from './organization-header.ts';
import { type SecurityEventRecorder, securityEventRecorder } from './security-events.ts';
import { settingsOf, type TenancySettings } from './settings.ts';

interface IdentityRow {
  readonly user_id: string;
  readonly is_active: boolean;
  readonly organization_id: string | null;
  readonly organization_slug: string | null;
  readonly member_role: OrganizationRole | null;
}

/**
 * Authenticates `Authorization: Bearer <JWT>` of a configured issuer: the person is found by issuer and subject, made
 * at the first call where the issuer's configuration allows it, and is a member by claim where it maps roles. Throws
 * `token_refused`, `issuer_unavailable`, `identity_not_linked`, `not_a_member`.
 */
export function tokenAuthenticator(platform: Platform, settings: Partial<TenancySettings> = {}): FlushingAuthenticator {
  const { tokenIssuers = [] } = { ...settingsOf(platform.config), ...settings };
  const verifier = tokenVerifier(platform, tokenIssuers);
  const events = securityEventRecorder(platform);

  const authenticate: Authenticator = async (request) => {
    const text = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (!text || !verifier.looksLikeOne(text)) return undefined;
    try {
      return await actorOf(platform, await verifier.verify(text), request);
    } catch (error) {
      recordRefusal(events, request, error);
      throw error;
    }
  };
  return Object.assign(authenticate, { flush: () => events.settled() });
}

function recordRefusal(events: SecurityEventRecorder, request: FastifyRequest, error: unknown): void {
  const { code, detail } = error as { code?: string; detail?: string };
  if (code !== 'token_refused' && code !== 'identity_not_linked' && code !== 'not_a_member') return;
  events.record({
    kind: 'token_refused',
    request_id: request.id,
    ip_address: request.ip,
    details: { code, ...(detail ? { detail } : {}) },
  });
}

async function actorOf(platform: Platform, identity: ExternalIdentity, request: FastifyRequest): Promise<Actor> {
  const wanted = wantedBy(identity, request);
  const row = (await find(platform, identity, wanted)) ?? (await create(platform, identity, wanted));
  if (!row.is_active) throw tenancyErrors.token_refused({ detail: 'the account is off' });
  const role = await roleIn(platform, identity, row);
  assertHeaderAgrees(request, row);
  return {
    kind: 'user',
    userId: row.user_id,
    scopes: ['*'],
    ...(row.organization_id && role ? { organizationId: row.organization_id, memberRole: role } : {}),
  };
}

interface Wanted {
  readonly id: string | null;
  readonly slug: string | null;
}

/** The organization of the token; where its issuer names none, the one the caller asks for. */
function wantedBy(identity: ExternalIdentity, request: FastifyRequest): Wanted {
  const { organization } = identity;
  if (organization === null) {
    const wanted = wantedOrganization(request);
    return { id: wanted?.id ?? null, slug: wanted?.slug ?? null };
  }
  if (organization === undefined) {
    throw tenancyErrors.not_a_member({ detail: 'the token names no organization that is known here' });
  }
  return isUuid(organization) ? { id: organization, slug: null } : { id: null, slug: organization };
}

async function find(platform: Platform, identity: ExternalIdentity, wanted: Wanted): Promise<IdentityRow | undefined> {
  const [row] = await platform.door.readOne<IdentityRow>(
    { as: 'app' },
    'select * from plinth.find_identity($1, $2, $3, $4)',
    [identity.issuer.issuer, identity.subject, wanted.id, wanted.slug],
  );
  return row;
}

/** The account of a first call. Nothing is made for a token that would reach no organization. */
async function create(platform: Platform, identity: ExternalIdentity, wanted: Wanted): Promise<IdentityRow> {
  const { issuer, subject, email, fullName } = identity;
  if (!issuer.createUsers) throw tenancyErrors.identity_not_linked();
  if (identity.organization !== null) {
    const [there] = await platform.door.readOne<{ id: string | null }>(
      { as: 'app' },
      'select plinth.find_claimed_organization($1, $2) as id',
      [wanted.id, wanted.slug],
    );
    if (!there?.id || !identity.role) throw notMember();
  }
  const [made] = await platform.door.write({ as: 'app' }, (tx) =>
    tx.sql<{ id: string | null }>('select plinth.create_identity($1, $2, $3, $4, $5) as id', [
      issuer.issuer,
      subject,
      email,
      fullName,
      platform.clock.now(),
    ]),
  );
  if (!made?.id) {
    throw tenancyErrors.identity_not_linked({ detail: 'the address of the token belongs to an account of its own' });
  }
  const row = await find(platform, identity, wanted);
  if (!row) throw tenancyErrors.identity_not_linked();
  return row;
}

/** Their role, after the claim has been followed where the issuer's configuration says so. */
async function roleIn(
  platform: Platform,
  identity: ExternalIdentity,
  row: IdentityRow,
): Promise<OrganizationRole | undefined> {
  const { organization_id: organizationId, member_role: current, user_id: userId } = row;
  if (!organizationId) {
    if (identity.organization !== null) throw notMember();
    return undefined;
  }
  const followsClaim = identity.issuer.roles !== undefined || identity.issuer.role !== undefined;
  if (!followsClaim || current === 'owner') {
    if (!current) throw notMember();
    return current;
  }
  if (!identity.role)
    throw tenancyErrors.not_a_member({ detail: 'the token gives no role that is known here for this issuer' });
  if (current === identity.role) return current;
  const [claimed] = await platform.door.write({ as: 'app', organizationId, userId, memberRole: identity.role }, (tx) =>
    tx.sql<{ role: OrganizationRole | null }>('select plinth.claim_membership($1, $2, $3, $4) as role', [
      organizationId,
      userId,
      identity.role,
      platform.clock.now(),
    ]),
  );
  if (!claimed?.role) throw notMember();
  return claimed.role;
}

/** A request that names another organization than its token is a mistake, and not to be done in either. */
function assertHeaderAgrees(request: FastifyRequest, row: IdentityRow): void {
  const wanted = wantedOrganization(request);
  if (!wanted) return;
  const { id, slug } = wanted;
  if (row.organization_id === null || (id ?? row.organization_id) !== row.organization_id) throw elsewhere();
  if (slug !== undefined && slug !== row.organization_slug) throw elsewhere();
}

const notMember = () => tenancyErrors.not_a_member();
const elsewhere = () =>
  errors.forbidden({
    detail: 'Plinth-Organization is not the organization of the token',
    hint: 'Leave the header out, or ask the issuer for a token of that organization.',
  });
