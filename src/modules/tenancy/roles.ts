import { errors } from '../../platform/core/errors.ts';
import type { Actor, Policy } from '../../platform/http/actor.ts';
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

/** Whether everything `inner` covers is covered by `outer`: what a permission added tomorrow will not change. */
export function scopeContains(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner || outer === '*:*') return true;
  const [outerNoun, outerVerb] = outer.split(':');
  const [innerNoun, innerVerb] = inner.split(':');
  if (innerVerb === undefined) return false;
  return (outerNoun === '*' || outerNoun === innerNoun) && (outerVerb === '*' || outerVerb === innerVerb);
}

/**
 * Throws `invalid_value` for a scope that is malformed or covers no permission there is (a typing error would otherwise
 * make a key that can do nothing), and `forbidden` for one wider than the actor's own.
 */
export function assertScopes(policy: Policy, actor: Actor, scopes: readonly string[]): void {
  for (const scope of scopes) {
    const isKnown =
      SCOPE.test(scope) && [...policy.permissions.keys()].some((permission) => scopeContains(scope, permission));
    if (!isKnown) {
      throw errors.invalid_value({
        field: 'scopes',
        detail: `"${scope}" covers no permission; scopes are *, noun:*, *:verb or noun:verb`,
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
