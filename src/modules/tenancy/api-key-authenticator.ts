import type { FastifyRequest } from 'fastify';
import { errors } from '../../platform/core/errors.ts';
import { type ParsedToken, parseToken, tokenPrefixes } from '../../platform/core/tokens.ts';
import type { Actor, Authenticator } from '../../platform/http/actor.ts';
import type { OrganizationRole } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import { type WantedOrganization, wantedOrganization } from './organization-header.ts';
import { type SecurityEventRecorder, securityEventRecorder } from './security-events.ts';
import { tenancyLimits } from './settings.ts';
import { type WrittenBehind, writtenBehind } from './written-behind.ts';

interface KeyRow {
  readonly key_id: string;
  readonly user_id: string | null;
  readonly organization_slug: string;
  readonly platform_role: 'user' | 'admin' | 'superuser' | null;
  readonly member_role: OrganizationRole;
  readonly scopes: readonly string[];
  readonly last_used_at: Date | null;
  readonly expires_at: Date | null;
  readonly state: string;
}

const prefix = `${tokenPrefixes.api_key}_`;

/** An authenticator with something to write when the server stops. */
export interface FlushingAuthenticator extends Authenticator {
  flush(): Promise<void>;
}

/** One text for every key that opens nothing, so that an answer does not tell a revoked key from a mistyped one. */
const refused = () => errors.unauthenticated({ detail: 'the Authorization header holds no key of ours' });

/**
 * Authenticates `Authorization: Bearer plk_…`. The key names its organization, so the lookup is one round trip inside
 * that tenant; a typing error costs none. A good key is remembered for a second at most: revocation, the end of a
 * membership and the deletion of the organization hold within that time. Throws `unauthenticated`, and `forbidden` when
 * `Plinth-Organization` names another organization than the key's, whether or not that exists.
 */
export function apiKeyAuthenticator(platform: Platform): FlushingAuthenticator {
  const events = securityEventRecorder(platform);
  const remembered = rememberKeys(platform);
  const touches = touchKeys(platform);

  function admit(request: FastifyRequest, { parsed }: RememberedKey, row: KeyRow | undefined, at: Date): Actor {
    if (row?.state !== 'live' || (row.expires_at !== null && row.expires_at <= at)) {
      recordRefusal(events, request, parsed, row);
      throw refused();
    }
    assertOrganization(wantedOrganization(request), parsed.organizationId, row.organization_slug);
    touches.note(`${parsed.organizationId}/${row.key_id}`, at, row.last_used_at);
    return toActor(parsed.organizationId, row);
  }

  const authenticate: Authenticator = (request) => {
    const text = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (!text?.startsWith(prefix)) return undefined;
    const at = platform.clock.now();
    const known = remembered(text, at);
    if (!known) throw refused();
    if (known.live) return admit(request, known, known.live, at);
    return known.row.then((row) => admit(request, known, row, at));
  };
  return Object.assign(authenticate, {
    flush: async () => {
      await touches.flush();
      await events.settled();
    },
  });
}

/** Answered with its own organization's data, a program that names another would write the one's into the other. */
function assertOrganization(wanted: WantedOrganization | undefined, id: string, slug: string): void {
  if (!wanted || wanted.id === id || wanted.slug === slug) return;
  throw errors.forbidden({
    detail: 'this API key belongs to another organization than the one named in Plinth-Organization',
    hint: 'Leave the header out, or use a key of that organization.',
  });
}

function toActor(organizationId: string, row: KeyRow): Actor {
  return {
    kind: 'api_key',
    organizationId,
    memberRole: row.member_role,
    apiKeyId: row.key_id,
    scopes: row.scopes,
    ...(row.user_id ? { userId: row.user_id } : {}),
    ...(row.platform_role ? { platformRole: row.platform_role } : {}),
  };
}

function recordRefusal(
  events: SecurityEventRecorder,
  request: { id: string; ip: string },
  parsed: ParsedToken,
  row: KeyRow | undefined,
): void {
  events.record({
    kind: 'api_key_refused',
    request_id: request.id,
    ip_address: request.ip,
    organization_id: parsed.organizationId,
    ...(row ? { api_key_id: row.key_id } : {}),
    details: { state: row?.state ?? 'unknown' },
  });
}

interface RememberedKey {
  readonly parsed: ParsedToken;
  readonly row: Promise<KeyRow | undefined>;
  /** The same once it is there, and that of a key which opens: nobody waits for it any more. */
  live: KeyRow | undefined;
  readonly until: number;
}

/** Undefined for a text that is no key; the row is undefined for one that is unknown. */
type Lookup = (text: string, at: Date) => RememberedKey | undefined;

/**
 * Looks keys up, at most once a second each; requests with one key at one time share the question. Reading and hashing
 * a key took 7 % of a read over HTTP, so the text itself is what is remembered, for that second.
 */
function rememberKeys(platform: Platform): Lookup {
  const keys = new Map<string, RememberedKey>();

  async function ask({ organizationId, hash }: ParsedToken, at: Date): Promise<KeyRow | undefined> {
    const [row] = await platform.door.readOne<KeyRow>(
      { as: 'app', organizationId },
      'select * from plinth.authenticate_api_key($1, $2, $3)',
      [organizationId, hash, at],
    );
    return row;
  }

  return (text, at) => {
    const known = keys.get(text);
    if (known && known.until > at.getTime()) return known;
    keys.delete(text);
    const parsed = parseToken(text, 'api_key');
    if (!parsed) return undefined;
    // the oldest come first
    for (const [oldest, { until }] of keys) {
      if (until > at.getTime() && keys.size < tenancyLimits.api_key_cache_rows) break;
      keys.delete(oldest);
    }
    const until = at.getTime() + tenancyLimits.api_key_cache_ms;
    const entry: RememberedKey = { parsed, row: ask(parsed, at), live: undefined, until };
    keys.set(text, entry);
    const forget = () => {
      if (keys.get(text) === entry) keys.delete(text);
    };
    entry.row.then((row) => {
      if (row?.state === 'live') entry.live = row;
      else forget();
    }, forget);
    return entry;
  };
}

function touchKeys(platform: Platform): WrittenBehind {
  return writtenBehind({
    clock: platform.clock,
    interval_ms: tenancyLimits.touch_interval_ms,
    delay_ms: tenancyLimits.touch_delay_ms,
    rows_max: tenancyLimits.touch_rows_max,
    failed: (error) => platform.log.warn({ err: error }, 'last-used times of API keys not written'),
    async write(batch) {
      const tenants = new Map<string, { keys: string[]; seen: Date[] }>();
      for (const [row, at] of batch) {
        const [organizationId, key] = row.split('/') as [string, string];
        const tenant = tenants.get(organizationId) ?? { keys: [], seen: [] };
        tenant.keys.push(key);
        tenant.seen.push(at);
        tenants.set(organizationId, tenant);
      }
      for (const [organizationId, { keys, seen }] of tenants) {
        await platform.door.write({ as: 'app', organizationId }, (tx) =>
          tx.sql('select plinth.touch_api_keys($1, $2, $3)', [organizationId, keys, seen]),
        );
      }
    },
  });
}
