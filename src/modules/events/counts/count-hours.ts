import type { LoopDeclaration } from '../../../platform/module.ts';
import type { Platform } from '../../../platform/platform.ts';

const organizations_per_tick_max = 1_000;
/** Hours counted in one transaction: the lock on an organization's counts is held no longer. */
const hours_per_count = 24;
const interval_ms = 15_000;
/** A busy hour is counted again and again while it lasts: at most this share of the time goes into it. */
const busy_share_max = 0.1;

/** Counts the hours of one organization whose events changed; returns how many. Of two at once one finds nothing to do. */
export async function countEventHours(
  platform: Platform,
  organizationId: string,
  signal?: AbortSignal,
): Promise<number> {
  for (let hours = 0; ; ) {
    const [rows] = await platform.door.writeAll(
      { as: 'worker', organizationId, memberRole: 'service' },
      [
        {
          text: 'select plinth.count_dirty_event_hours($1, $2) as hours',
          values: [organizationId, hours_per_count],
        },
      ],
      { pool: 'worker' },
    );
    const counted = Number(rows?.[0]?.['hours'] ?? 0);
    hours += counted;
    if (counted < hours_per_count || signal?.aborted) return hours;
  }
}

/** Keeps `event_aggregations` equal to what a count of the events would give. */
export const countingLoop: LoopDeclaration = {
  name: 'event-counts',
  async tick(platform, signal) {
    const beganMs = performance.now();
    const waiting = await platform.door.readOne<{ id: string }>(
      { as: 'worker', memberRole: 'service' },
      'select id from plinth.organizations_with_dirty_event_hours($1) as id',
      [organizations_per_tick_max],
      { pool: 'worker' },
    );
    for (const { id } of waiting) {
      if (signal.aborted) return undefined;
      try {
        await countEventHours(platform, id, signal);
      } catch (error) {
        platform.log.error({ err: error, organization_id: id }, 'events could not be counted; their hours wait');
      }
    }
    const busyMs = performance.now() - beganMs;
    return new Date(platform.clock.now().getTime() + Math.max(interval_ms, busyMs / busy_share_max));
  },
};
