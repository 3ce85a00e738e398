import { isUuid } from '../../../platform/core/ids.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import { callErrors } from './errors.ts';
import { callLimits } from './limits.ts';

export interface ProjectFinder {
  /** The id of the project that a client names by id or slug. Throws `unknown_project`. */
  find(scope: Scope & { readonly organizationId: string }, named: string): Promise<string>;
}

/** Finds projects, each at most once a second. */
export function makeProjectFinder(platform: Platform): ProjectFinder {
  const found = new Map<string, { id: Promise<string | undefined>; until: number }>();

  async function ask(scope: Scope & { readonly organizationId: string }, named: string): Promise<string | undefined> {
    const [row] = await platform.door.readOne<{ id: string }>(
      scope,
      `select id from plinth.projects
       where organization_id = $1 and ${isUuid(named) ? 'id = $2::uuid' : 'slug = $2'} and deleted_at is null`,
      [scope.organizationId, named],
    );
    return row?.id;
  }

  return {
    async find(scope, named) {
      const key = `${scope.organizationId} ${named}`;
      const now = platform.clock.now().getTime();
      let entry = found.get(key);
      if (!entry || entry.until <= now) {
        found.delete(key);
        if (found.size >= callLimits.projects_max) found.delete(found.keys().next().value as string);
        entry = { id: ask(scope, named), until: now + callLimits.projects_ms };
        found.set(key, entry);
        entry.id.catch(() => found.delete(key));
      }
      const id = await entry.id;
      if (id === undefined) throw callErrors.unknown_project({ field: 'Plinth-Project' });
      return id;
    },
  };
}
