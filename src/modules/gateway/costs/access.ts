import { errors } from '../../../platform/core/errors.ts';
import type { Actor } from '../../../platform/http/actor.ts';

/** Owners, administrators and services see what everybody's calls cost; others what their own do. */
export function seesAll({ memberRole }: Actor): boolean {
  return memberRole === 'owner' || memberRole === 'admin' || memberRole === 'service';
}

/** Whose costs are shown: those of the user that is asked for; undefined: everybody's. Throws `forbidden`. */
export function shownUser(actor: Actor, asked: string | undefined): string | undefined {
  if (seesAll(actor)) return asked;
  if (actor.userId === undefined || (asked !== undefined && asked !== actor.userId)) {
    throw errors.forbidden({ detail: 'only administrators see the costs of others' });
  }
  return actor.userId;
}
