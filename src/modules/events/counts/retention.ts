import { type Static, Type } from 'typebox';
import type { LoopDeclaration } from '../../../platform/module.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { Statement } from '../../../platform/scope/door.ts';

/** Partitions go after 25 months; no rule keeps events longer. */
export const keep_days_max = 760;
const rows_batch = 1_000;
/** Between batches, for others to have their turn; on the embedded engine there is one connection. */
const pause_ms = 20;
const interval_ms = 3_600_000;
const day_ms = 86_400_000;

export const EventSettings = Type.Object({
  retention_days: Type.Integer({
    minimum: 1,
    maximum: keep_days_max,
    default: keep_days_max,
    description: 'How long events are kept where their organization says nothing.',
  }),
});

export function defaultKeepDays(platform: Pick<Platform, 'settings'>): number {
  const settings = platform.settings.get('events') as Static<typeof EventSettings> | undefined;
  return settings?.retention_days ?? keep_days_max;
}

export interface Forgotten {
  readonly events: number;
  /** Deduplication keys and counts that are older than any event. */
  readonly keys: number;
}

/** Removes what an organization's events are past being kept; in batches. */
export async function cleanupOldEvents(
  platform: Platform,
  organizationId: string,
  signal?: AbortSignal,
): Promise<Forgotten> {
  const { door, clock } = platform;
  const worker = { as: 'worker', organizationId, memberRole: 'service' } as const;
  const inBatches = async (statement: Statement): Promise<number> => {
    for (let total = 0; ; ) {
      const [rows] = await door.writeAll(worker, [statement], { pool: 'worker' });
      const removed = Number(rows?.[0]?.['removed'] ?? 0);
      total += removed;
      if (removed === 0 || signal?.aborted) return total;
      await clock.sleep(pause_ms, signal);
    }
  };
  const now = clock.now();
  const events = await inBatches({
    text: 'select plinth.cleanup_old_events($1, $2, $3, $4) as removed',
    values: [organizationId, now, defaultKeepDays(platform), rows_batch],
  });
  const keys = await inBatches({
    text: 'select plinth.forget_event_keys($1, $2, $3) as removed',
    values: [organizationId, new Date(now.getTime() - keep_days_max * day_ms), rows_batch],
  });
  return { events, keys };
}

/** Every organization's old events, once an hour. */
export const eventRetentionLoop: LoopDeclaration = {
  name: 'event-retention',
  async tick(platform, signal) {
    let total = 0;
    for (let after: string | null = null; !signal.aborted; ) {
      const [next]: { id: string | null }[] = await platform.door.readOne<{ id: string | null }>(
        { as: 'worker', memberRole: 'service' },
        'select plinth.next_counted_organization($1) as id',
        [after],
        { pool: 'worker' },
      );
      if (!next?.id) break;
      after = next.id;
      try {
        total += (await cleanupOldEvents(platform, next.id, signal)).events;
      } catch (error) {
        platform.log.error({ err: error, organization_id: next.id }, 'old events could not be removed; they wait');
      }
    }
    if (total > 0) platform.log.info({ events: total }, 'old events were removed');
    return new Date(platform.clock.now().getTime() + interval_ms);
  },
};
