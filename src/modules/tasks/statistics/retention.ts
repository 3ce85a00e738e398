import type { LoopDeclaration } from '../../../platform/module.ts';
import type { Platform } from '../../../platform/platform.ts';

/** Ended tasks and firings are kept so long. Logs, attempts and measurements go with their partitions. */
export const ended_tasks_keep_days = 90;
export const firings_keep_days = 90;
const rows_batch = 1_000;
/** Between batches, for others to have their turn; on the embedded engine there is one connection. */
const pause_ms = 20;
const interval_ms = 6 * 3_600_000;
const day_ms = 86_400_000;

/** Removes what ended long ago, and what was noted of rates that nobody limits any more; in batches of 1,000. Returns how many rows went. */
export async function forgetOldTasks(
  platform: Platform,
  signal?: AbortSignal,
): Promise<{ tasks: number; firings: number; rates: number }> {
  const { door, clock } = platform;
  const worker = { as: 'worker', memberRole: 'service' } as const;
  const inBatches = async (text: string, values: readonly unknown[]): Promise<number> => {
    for (let total = 0; ; ) {
      const [rows] = await door.writeAll(worker, [{ text, values: [...values, rows_batch] }], { pool: 'worker' });
      const removed = Number(rows?.[0]?.['removed'] ?? 0);
      total += removed;
      if (removed === 0 || signal?.aborted) return total;
      await clock.sleep(pause_ms, signal);
    }
  };
  const ago = (days: number) => new Date(clock.now().getTime() - days * day_ms);
  const organizations = await door.readOne<{ id: string }>(
    worker,
    'select id from plinth.organizations_with_ended_tasks($1) as id',
    [ago(ended_tasks_keep_days)],
    { pool: 'worker' },
  );
  let tasks = 0;
  for (const { id } of organizations) {
    if (signal?.aborted) break;
    tasks += await inBatches('select plinth.forget_ended_tasks($1, $2, $3) as removed', [
      id,
      ago(ended_tasks_keep_days),
    ]);
  }
  const firings = await inBatches('select plinth.forget_schedule_firings($1, $2) as removed', [ago(firings_keep_days)]);
  const rates = await inBatches('select plinth.forget_task_rates($1) as removed', []);
  return { tasks, firings, rates };
}

export const retentionLoop: LoopDeclaration = {
  name: 'tasks-retention',
  async tick(platform, signal) {
    const gone = await forgetOldTasks(platform, signal);
    if (gone.tasks + gone.firings + gone.rates > 0)
      platform.log.info(gone, 'old tasks, firings and rates were removed');
    return new Date(platform.clock.now().getTime() + interval_ms);
  },
};
