import { errors } from '../../platform/core/errors.ts';
import { type Actor, nameCovers, type Policy, partsOfScope } from '../../platform/http/actor.ts';
import type { OrganizationRole } from '../../platform/module.ts';

/** Roles of people, from the most to the least powerful; `service` is of keys without a person. */
export const memberRoles = ['owner', 'admin', 'member', 'viewer'] as const;
export type MemberRole = (typeof memberRoles)[number];

/** As plinth.role_rank: higher may do more. A service stands beside the ladder. */
function rank(role: OrganizationRole): number {
  return role === 'service' ? 0 : memberRoles.length - memberRoles.indexOf(role);
}

/** Whether somebody with `own` may give or take `other`: never more than they have. */
export function mayGrant(own: OrganizationRole | undefined, other: OrganizationRole): boolean {
  if (own === undefined) return false;
  // a service reads and writes what members do, without a person to answer for it: administrators decide about those
  if (other === 'service') return rank(own) >= rank('admin');
  return own !== 'service' && rank(other) <= rank(own);
}

export function assertMayGrant(actor: Actor, role: OrganizationRole): void {
  if (!mayGrant(actor.memberRole, role)) {
    throw errors.forbidden({
      detail: `the role ${role} is above your own`,
      hint: 'Ask somebody who has that role themselves.',
    });
  }
}

const SCOPE = /^(\*|(\*|[a-z][a-z_]*):(\*|[a-z][a-z_]*))$/;
/** One that is cut down to a name, or a beginning of names. */
const NARROWED = /^([a-z][a-z_]*:[a-z][a-z_]*):[a-z][a-z0-9_.:-]*\*?$/;

/** Whether everything `inner` covers is covered by `outer`: what a permission added tomorrow will not change. */
export function scopeContains(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner || outer === '*:*') return true;
  const wide = partsOfScope(outer);
  const narrow = partsOfScope(inner);
  if (narrow.verb === undefined) return false;
  const isSameName = wide.name === undefined || (narrow.name !== undefined && nameCovers(wide.name, narrow.name));
  return (
    (wide.noun === '*' || wide.noun === narrow.noun) && (wide.verb === '*' || wide.verb === narrow.verb) && isSameName
  );
}

/**
 * Throws `invalid_value` for a scope that is malformed or covers no permission there is (a typing error would otherwise
 * make a key that can do nothing), and `forbidden` for one wider than the actor's own.
 */
export function assertScopes(policy: Policy, actor: Actor, scopes: readonly string[]): void {
  for (const scope of scopes) {
    if (!isKnown(policy, scope)) {
      const narrowed = [...policy.permissions].flatMap(([name, { narrowedBy }]) =>
        narrowedBy ? [`${name}:<${narrowedBy}>`] : [],
      );
      throw errors.invalid_value({
        field: 'scopes',
        detail: `"${scope}" covers no permission; scopes are ${['*', 'noun:*', '*:verb', 'noun:verb', ...narrowed].join(', ')}`,
      });
    }
    if (!actor.scopes.some((own) => scopeContains(own, scope))) {
      throw errors.forbidden({
        detail: `the scope ${scope} is wider than your own key's`,
        hint: 'Use a key with that scope, or sign in.',
      });
    }
  }
}

function isKnown(policy: Policy, scope: string): boolean {
  const permission = NARROWED.exec(scope)?.[1];
  if (permission !== undefined) return policy.permissions.get(permission)?.narrowedBy !== undefined;
  return SCOPE.test(scope) && [...policy.permissions.keys()].some((one) => scopeContains(scope, one));
}
