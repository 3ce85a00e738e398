import { type Static, Type } from 'typebox';
import type { LoopDeclaration } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import { notificationLimits } from './limits.ts';

const rows_batch = 1_000;
const organizations_batch = 100;
const interval_ms = 3_600_000;
const day_ms = 86_400_000;

export const NotificationSettings = Type.Object({
  retention_days: Type.Integer({
    minimum: 1,
    maximum: notificationLimits.keep_days_max,
    default: notificationLimits.keep_days_default,
    description: 'How long notifications are kept, read or not.',
  }),
});

/** Removes all notifications past being kept, in batches; returns how many. */
export async function cleanupOldNotifications(platform: Platform, signal?: AbortSignal): Promise<number> {
  const { door, clock, settings } = platform;
  const { retention_days = notificationLimits.keep_days_default } = (settings.get('notifications') ?? {}) as Partial<
    Static<typeof NotificationSettings>
  >;
  const before = new Date(clock.now().getTime() - retention_days * day_ms);
  for (let removed = 0; ; ) {
    const old = await door.readOne<{ id: string }>(
      { as: 'worker', memberRole: 'service' },
      'select id from plinth.organizations_with_old_notifications($1, $2) as id',
      [before, organizations_batch],
      { pool: 'worker' },
    );
    for (const { id: organizationId } of old) {
      if (signal?.aborted) return removed;
      const [rows] = await door.writeAll(
        { as: 'worker', organizationId, memberRole: 'service' },
        [
          {
            text: 'select plinth.cleanup_old_notifications($1, $2, $3) as removed',
            values: [organizationId, before, rows_batch],
          },
        ],
        { pool: 'worker' },
      );
      removed += Number(rows?.[0]?.['removed'] ?? 0);
    }
    if (old.length === 0 || signal?.aborted) return removed;
  }
}

/** Once an hour. */
export const notificationRetentionLoop: LoopDeclaration = {
  name: 'notification-retention',
  async tick(platform, signal) {
    const removed = await cleanupOldNotifications(platform, signal);
    if (removed > 0) platform.log.info({ notifications: removed }, 'old notifications were removed');
    return new Date(platform.clock.now().getTime() + interval_ms);
  },
};
