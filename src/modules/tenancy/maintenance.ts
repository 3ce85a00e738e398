import type { LoopDeclaration } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import { purgeOrganization } from './organizations.ts';
import { tenancyLimits } from './settings.ts';

const PURGES_PER_TICK_MAX = 100;

/** Forgets ended sessions, used links and old failures; returns how many rows. In bounded batches. */
export async function deleteExpiredAccess(platform: Platform, signal?: AbortSignal): Promise<number> {
  let removed = 0;
  for (;;) {
    const [row] = await platform.door.write(
      { as: 'worker' },
      (tx) =>
        tx.sql<{ removed: string }>('select plinth.delete_expired_access($1, $2) as removed', [
          platform.clock.now(),
          tenancyLimits.cleanup_rows_batch,
        ]),
      { pool: 'worker' },
    );
    const batch = Number(row?.removed ?? 0);
    removed += batch;
    if (batch < tenancyLimits.cleanup_rows_batch || signal?.aborted) return removed;
  }
}

/** Removes the organizations that were deleted 30 days ago; returns their ids. */
export async function purgeDeletedOrganizations(platform: Platform, signal?: AbortSignal): Promise<string[]> {
  const due = await platform.door.readOne<{ id: string }>(
    { as: 'worker' },
    'select id from plinth.organizations_to_purge($1, $2) as id',
    [platform.clock.now(), PURGES_PER_TICK_MAX],
    { pool: 'worker' },
  );
  const purged: string[] = [];
  for (const { id } of due) {
    if (signal?.aborted) break;
    await purgeOrganization(platform, id, signal ? { signal } : {});
    purged.push(id);
  }
  return purged;
}

export const tenancyMaintenance: LoopDeclaration = {
  name: 'tenancy-maintenance',
  async tick(platform, signal) {
    await deleteExpiredAccess(platform, signal);
    const purged = await purgeDeletedOrganizations(platform, signal);
    if (purged.length > 0) platform.log.info({ organizations: purged }, 'organizations purged');
    return new Date(platform.clock.now().getTime() + tenancyLimits.cleanup_interval_hours * 3_600_000);
  },
};
