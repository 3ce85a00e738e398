import type { FastifyRequest } from 'fastify';
import { errors } from '../../platform/core/errors.ts';
import { isUuid } from '../../platform/core/ids.ts';
import { parseToken } from '../../platform/core/tokens.ts';
import type { Actor, Authenticator } from '../../platform/http/actor.ts';
import type { OrganizationRole } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { FlushingAuthenticator } from './api-key-authenticator.ts';
import { readSessionToken } from './cookies.ts';
import { idleSince } from './sessions.ts';
import { defaultTenancySettings, settingsOf, type TenancySettings, tenancyLimits } from './settings.ts';
import { writtenBehind } from './written-behind.ts';

interface SessionRow {
  readonly session_id: string;
  readonly user_id: string;
  readonly platform_role: 'user' | 'admin' | 'superuser';
  readonly last_seen_at: Date;
  readonly organization_id: string | null;
  readonly member_role: OrganizationRole | null;
  readonly memberships: number;
}

/**
 * Authenticates the session cookie. `Plinth-Organization` (slug or id) picks the tenant; without it a person with one
 * organization is in that one, a person with several in none. A cookie that no longer holds counts as none, so that the
 * sign-in page opens. Throws `forbidden` for an organization that is not theirs, whether or not it exists.
 */
export function sessionAuthenticator(
  platform: Platform,
  settings: Partial<TenancySettings> = {},
): FlushingAuthenticator {
  const all = { ...defaultTenancySettings, ...settingsOf(platform.config), ...settings };
  const touches = writtenBehind({
    clock: platform.clock,
    interval_ms: tenancyLimits.touch_interval_ms,
    delay_ms: tenancyLimits.touch_delay_ms,
    rows_max: tenancyLimits.touch_rows_max,
    failed: (error) => platform.log.warn({ err: error }, 'last-seen times of sessions not written'),
    write: async (batch) => {
      await platform.door.write({ as: 'app' }, (tx) =>
        tx.sql('select plinth.touch_sessions($1, $2)', [[...batch.keys()], [...batch.values()]]),
      );
    },
  });

  const authenticate: Authenticator = async (request) => {
    // a request that brings a key is the key's, whatever else the browser adds
    if (request.headers.authorization !== undefined) return undefined;
    const parsed = parseToken(readSessionToken(request), 'session');
    if (!parsed) return undefined;
    const at = platform.clock.now();
    const wanted = wantedOrganization(request);
    const [row] = await platform.door.readOne<SessionRow>(
      { as: 'app' },
      'select * from plinth.find_session($1, $2, $3, $4, $5)',
      [parsed.hash, wanted.id, wanted.slug, idleSince(all, at), at],
    );
    if (!row) return undefined;
    if ((wanted.id !== null || wanted.slug !== null) && row.organization_id === null) {
      throw errors.forbidden({
        detail: 'you are not a member of the organization named in Plinth-Organization',
        hint: 'GET /v1/organizations, without the header, lists yours.',
      });
    }
    touches.note(row.session_id, at, row.last_seen_at);
    return toActor(row);
  };
  return Object.assign(authenticate, { flush: () => touches.flush() });
}

/** What the header Plinth-Organization asks for: an id or a slug, or neither. */
export function wantedOrganization(request: FastifyRequest): { id: string | null; slug: string | null } {
  const header = request.headers['plinth-organization'];
  if (header === undefined || header === '') return { id: null, slug: null };
  // a header sent twice is joined by a comma and so is no slug
  const text = String(header).trim().toLowerCase();
  return isUuid(text) ? { id: text, slug: null } : { id: null, slug: text };
}

function toActor(row: SessionRow): Actor {
  return {
    kind: 'user',
    userId: row.user_id,
    platformRole: row.platform_role,
    sessionId: row.session_id,
    scopes: ['*'],
    viaCookie: true,
    ...(row.organization_id ? { organizationId: row.organization_id } : {}),
    ...(row.member_role ? { memberRole: row.member_role } : {}),
  };
}
