import { PlinthError } from '../../../platform/core/errors.ts';
import type { LoopDeclaration } from '../../../platform/module.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { enqueueTasks } from '../enqueue.ts';
import { type Cron, nextTick, parseCron } from './cron.ts';
import { readSchedule, type ScheduleRow, scheduleColumns, schedules_channel, taskOfSchedule } from './schedules.ts';

/** A tick fired later than this was missed: its schedule's catch-up policy decides. */
export const missed_after_ms = 60_000;
const hour_ms = 3_600_000;
const schedules_per_tick_max = 200;
const idle_ms_max = 600_000;
/** Where no wake-up comes from other processes, a new schedule is found by looking. */
const idle_ms_unhinted = 10_000;
const retry_ms = 1_000;

/** Refusals that are the schedule's fault: the firing is recorded as failed, and the next tick has its chance. */
const refusals = new Set([
  'unknown_task_definition',
  'parameters_invalid',
  'unknown_task_type',
  'task_payload_too_large',
  'json_too_deep',
]);

/** Ticks that fire now, and when the next one comes. */
export interface DueTicks {
  readonly fire: readonly Date[];
  readonly next: Date | undefined;
}

/**
 * Which ticks of a schedule fire at `now`: those that are due, and of those that were missed (more than a minute ago)
 * none, the last or the newest `catch_up_max`, as its policy says.
 */
export function dueTicks(
  schedule: Pick<ScheduleRow, 'cron' | 'timezone' | 'catch_up' | 'catch_up_max' | 'next_run_at'>,
  now: Date,
): DueTicks {
  const { cron: text, timezone, catch_up, catch_up_max, next_run_at } = schedule;
  const cron = parseCron(text);
  if (next_run_at === null) return { fire: [], next: undefined };
  const limit = new Date(now.getTime() - missed_after_ms - 1);
  const first = new Date(next_run_at.getTime() - 1);
  const missed = next_run_at <= limit ? newestTicks(cron, timezone, first, limit, catch_up_max) : [];
  const timely: Date[] = [];
  let tick = next_run_at <= limit ? nextTick(cron, timezone, limit) : next_run_at;
  for (; tick && tick <= now; tick = nextTick(cron, timezone, tick)) timely.push(tick);
  const caughtUp = catch_up === 'skip' ? [] : catch_up === 'all' ? missed : timely.length > 0 ? [] : missed.slice(-1);
  return { fire: [...caughtUp, ...timely], next: tick };
}

/** The newest `count` ticks after `from` up to `to`: looked for in a time that grows until it holds so many. */
function newestTicks(cron: Cron, timezone: string, from: Date, to: Date, count: number): Date[] {
  for (let windowMs = hour_ms; ; windowMs *= 4) {
    const start = new Date(Math.max(from.getTime(), to.getTime() - windowMs));
    const found: Date[] = [];
    for (let tick = nextTick(cron, timezone, start); tick && tick <= to; tick = nextTick(cron, timezone, tick)) {
      found.push(tick);
    }
    if (found.length >= count || start.getTime() === from.getTime()) return found.slice(-count);
  }
}

export interface Fired {
  readonly tick: Date;
  readonly outcome: 'enqueued' | 'failed';
  readonly task_id: string | null;
}

/**
 * Fires what is due of a schedule: each tick's firing and its task in one transaction, under the schedule's lock, so that
 * any number of schedulers fires each tick once. Returns what was fired.
 */
export function fireSchedule(platform: Platform, organizationId: string, id: string): Promise<Fired[]> {
  return platform.door.write({ as: 'app', organizationId, memberRole: 'service' }, async (tx) => {
    const [schedule] = await tx.sql<ScheduleRow>(
      `select ${scheduleColumns}
       from plinth.schedules
       where organization_id = $1 and id = $2 and deleted_at is null and is_active and next_run_at is not null
       for update`,
      [organizationId, id],
    );
    if (!schedule) return [];
    const now = platform.clock.now();
    const { fire, next } = dueTicks(schedule, now);
    const fired: Fired[] = [];
    for (const tick of fire) {
      const one = await fireTick(platform, tx, schedule, tick, 'tick');
      if (one) fired.push(one);
    }
    await tx.sql(
      `update plinth.schedules
       set next_run_at = $3, last_run_at = coalesce($4, last_run_at)
       where organization_id = $1 and id = $2`,
      [organizationId, id, next ?? null, fired.at(-1)?.tick ?? null],
    );
    return fired;
  });
}

/** Fires a schedule now, beside its ticks; also one that is paused. Throws `not_found` and what enqueueing throws. */
export async function runScheduleNow(platform: Platform, tx: ScopedTx, id: string): Promise<string> {
  const schedule = await readSchedule(tx, id, true);
  const tick = platform.clock.now();
  const [task] = await enqueueTasks(platform, tx, [taskOf(schedule, tick, 'manual')]);
  await tx.sql(
    `insert into plinth.schedule_firings (organization_id, schedule_id, tick, kind, outcome, task_id)
     values ($1, $2, $3, 'manual', 'enqueued', $4)
     on conflict do nothing`,
    [tx.organizationId, id, tick, task!.id],
  );
  return task!.id;
}

function taskOf(schedule: ScheduleRow, tick: Date, kind: 'tick' | 'manual') {
  const at = tick.toISOString();
  return {
    ...taskOfSchedule(schedule),
    metadata: { schedule_id: schedule.id, tick: at },
    idempotency_key: `schedule:${schedule.id}:${kind}:${at}`,
  };
}

async function fireTick(
  platform: Platform,
  tx: ScopedTx,
  schedule: ScheduleRow,
  tick: Date,
  kind: 'tick' | 'manual',
): Promise<Fired | undefined> {
  let taskId: string | null = null;
  let error: { code: string; message: string } | null = null;
  try {
    const [task] = await enqueueTasks(platform, tx, [taskOf(schedule, tick, kind)]);
    taskId = task!.id;
  } catch (thrown) {
    // refused before any statement failed, so the transaction is whole
    if (!(thrown instanceof PlinthError) || !refusals.has(thrown.code)) throw thrown;
    error = { code: thrown.code, message: thrown.message };
  }
  const outcome = error ? 'failed' : 'enqueued';
  const [row] = await tx.sql(
    `insert into plinth.schedule_firings (organization_id, schedule_id, tick, kind, outcome, task_id, error)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb)
     on conflict do nothing
     returning id`,
    [tx.organizationId, schedule.id, tick, kind, outcome, taskId, error && JSON.stringify(error)],
  );
  return row && { tick, outcome, task_id: taskId };
}

/** Fires schedules when they are due, and sleeps until the next one is: with none, idle costs nothing. */
export const schedulesLoop: LoopDeclaration = {
  name: schedules_channel,
  async tick(platform, signal) {
    const { door, clock, log, engine } = platform;
    const worker = { as: 'worker', memberRole: 'service' } as const;
    const due = await door.readOne<{ organization_id: string; schedule_id: string }>(
      worker,
      'select * from plinth.due_schedules($1, $2)',
      [clock.now(), schedules_per_tick_max],
      { pool: 'worker' },
    );
    let troubled = 0;
    for (const { organization_id, schedule_id } of due) {
      if (signal.aborted) return undefined;
      try {
        await fireSchedule(platform, organization_id, schedule_id);
      } catch (error) {
        troubled++;
        log.error({ err: error, organization_id, schedule_id }, 'a schedule could not be fired; it waits');
      }
    }
    const now = clock.now().getTime();
    if (troubled > 0) return new Date(now + retry_ms);
    if (due.length === schedules_per_tick_max) return new Date(now);
    const [next] = await door.readOne<{ at: Date | null }>(worker, 'select plinth.next_schedule_at() as at', [], {
      pool: 'worker',
    });
    const { listen, concurrentConnections } = engine.capabilities;
    const idleMs = listen || !concurrentConnections ? idle_ms_max : idle_ms_unhinted;
    return new Date(Math.min(next?.at?.getTime() ?? Number.POSITIVE_INFINITY, now + idleMs));
  },
};
