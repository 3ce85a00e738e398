import type { FastifyRequest } from 'fastify';
import { errors } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import { type OrganizationRole, organizationRoles, type TableDeclaration, type Verb } from '../module.ts';
import type { Platform } from '../platform.ts';
import type { Permission, RestAccess } from '../rest/relations.ts';
import { type Actor, scopeOf } from './actor.ts';
import { httpErrors } from './errors.ts';

/** Names a member (user id) or a role of the organization whose view of a table is wanted. */
const view_as_header = 'plinth-view-as';

/** One entry in the audit log for each who, as whom and what within this time: pages of one list are one look. */
const look_ms = 300_000;
const looks_max = 10_000;

/** Roles of people, from the most to the least powerful. */
const ladder: readonly OrganizationRole[] = ['owner', 'admin', 'member', 'viewer'];

/** As whom a request wants to look. */
export interface Viewed {
  readonly role: OrganizationRole;
  /** Absent when a role is looked through: then nobody's own rows are. */
  readonly userId?: string;
}

export const wantsView = (request: Pick<FastifyRequest, 'headers'>): boolean =>
  request.headers[view_as_header] !== undefined;

/**
 * As whom the request wants to look, or undefined without the header. Only owners and administrators look as somebody
 * else, as nobody above them, only to read. Throws `view_as_refused`; somebody of another organization and nobody at all
 * are refused alike.
 */
export async function viewedBy(
  platform: Platform,
  request: FastifyRequest,
  actor: Actor & { organizationId: string },
): Promise<Viewed | undefined> {
  const header = request.headers[view_as_header];
  if (header === undefined) return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw httpErrors.view_as_refused({ detail: 'only GET and HEAD are answered as somebody else' });
  }
  if (actor.memberRole !== 'owner' && actor.memberRole !== 'admin') {
    throw httpErrors.view_as_refused({ detail: 'only owners and administrators look as somebody else' });
  }
  const viewed = await findViewed(platform, request, actor, String(header).trim().toLowerCase());
  // a service reads what members do
  if (viewed.role !== 'service' && ladder.indexOf(viewed.role) < ladder.indexOf(actor.memberRole)) {
    throw httpErrors.view_as_refused({ detail: `the role ${viewed.role} is above your own` });
  }
  return viewed;
}

async function findViewed(
  platform: Platform,
  request: FastifyRequest,
  actor: Actor & { organizationId: string },
  wanted: string,
): Promise<Viewed> {
  if (organizationRoles.some((role) => role === wanted)) return { role: wanted as OrganizationRole };
  if (!isUuid(wanted)) {
    throw errors.invalid_request({
      field: 'Plinth-View-As',
      detail: `Plinth-View-As is the id of a member, or one of ${organizationRoles.join(', ')}`,
    });
  }
  const [member] = await platform.door.readOne<{ role: OrganizationRole }>(
    scopeOf(actor, request),
    'select role from plinth.organization_memberships where organization_id = $1 and user_id = $2',
    [actor.organizationId, wanted],
  );
  if (!member) throw httpErrors.view_as_refused({ detail: 'nobody in this organization has this id' });
  return { role: member.role, userId: wanted };
}

/**
 * What `viewed` may read, of what the actor may: never more than either. The transaction stays the actor's own, so row
 * level security goes on showing the actor's rows. Tables whose rows are each one person's alone are shown to nobody
 * else, and so are not there.
 */
export function narrowAccess(
  own: RestAccess,
  theirs: RestAccess,
  tableOf: (name: string) => Partial<Pick<TableDeclaration, 'visibility'>> | undefined,
): RestAccess {
  return {
    organizationId: own.organizationId,
    userId: theirs.userId,
    may(table: string, verb: Verb): Permission {
      const visibility = tableOf(table)?.visibility;
      const isShared = visibility === 'tenant' || visibility === 'catalogue';
      if (verb !== 'select' || !isShared || own.may(table, verb) !== 'any') return 'none';
      return theirs.may(table, verb);
    },
    mayCall: () => false,
  };
}

/** Writes down who looked as whom at which table, before they are answered. */
export function makeViewRecorder(
  platform: Platform,
): (
  request: FastifyRequest,
  actor: Actor & { organizationId: string },
  viewed: Viewed,
  table: string,
) => Promise<void> {
  const looks = new Map<string, number>();
  return async (request, actor, viewed, table) => {
    const now = platform.clock.now().getTime();
    const by = actor.sessionId ?? actor.apiKeyId ?? actor.userId;
    const look = [actor.organizationId, by, viewed.role, viewed.userId, table].join(' ');
    if ((looks.get(look) ?? 0) > now) return;
    const details = { role: viewed.role, user_id: viewed.userId ?? null };
    await platform.door.write(scopeOf(actor, request), (tx) =>
      tx.sql('select plinth.record_action($1, $2, $3, $4, $5)', [
        actor.organizationId,
        'view_as',
        table,
        null,
        JSON.stringify(details),
      ]),
    );
    looks.delete(look);
    looks.set(look, now + look_ms);
    for (const [oldest] of looks) {
      if (looks.size <= looks_max) break;
      looks.delete(oldest);
    }
  };
}
