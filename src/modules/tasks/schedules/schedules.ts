import { errors } from '../../../platform/core/errors.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { assertOneTarget, resolveDefinitions, type TaskInput } from '../definitions/enqueue-defined.ts';
import { assertTaskType } from '../enqueue.ts';
import { taskErrors } from '../errors.ts';
import { assertTimeZone, nextTick, parseCron } from './cron.ts';

export const schedules_max = 1_000;
/** The channel of the scheduler's loop. */
export const schedules_channel = 'schedules';

export type CatchUp = 'skip' | 'last' | 'all';

export interface ScheduleInput {
  readonly name?: string;
  readonly description?: string;
  readonly cron?: string;
  readonly timezone?: string;
  /** The one or the other: what is enqueued. */
  readonly definition?: string;
  /** Default: the newest active version at each tick. */
  readonly definition_version?: number;
  readonly task_type?: string;
  readonly payload?: unknown;
  readonly priority?: number;
  readonly catch_up?: CatchUp;
  readonly catch_up_max?: number;
}

export interface ScheduleRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly cron: string;
  readonly timezone: string;
  readonly definition: string | null;
  readonly definition_version: number | null;
  readonly task_type: string | null;
  readonly payload: unknown;
  readonly priority: number;
  readonly catch_up: CatchUp;
  readonly catch_up_max: number;
  readonly is_active: boolean;
  readonly next_run_at: Date | null;
  readonly last_run_at: Date | null;
  readonly created_by: string | null;
  readonly created_at: Date;
}

export const scheduleColumns = `id, name, description, cron, timezone, definition, definition_version, task_type, payload, priority,
  catch_up, catch_up_max, is_active, next_run_at, last_run_at, created_by, created_at`;

/** The task a schedule enqueues. */
export function taskOfSchedule(
  schedule: Pick<ScheduleRow, 'name' | 'definition' | 'definition_version' | 'task_type' | 'payload' | 'priority'>,
): TaskInput {
  const { definition, definition_version: version, task_type, payload, priority, name } = schedule;
  const rest = { priority, title: name, ...(payload === null ? {} : { payload }) };
  if (definition === null) return { ...rest, task_type: task_type! };
  return { ...rest, definition, ...(version === null ? {} : { definition_version: version }) };
}

/** Throws what enqueueing would throw: a schedule that can not fire is refused while somebody looks. */
async function assertTarget(platform: Platform, tx: ScopedTx, schedule: ScheduleRow): Promise<void> {
  if (schedule.task_type !== null) await assertTaskType(platform, tx, schedule.task_type, 'body/task_type');
  await resolveDefinitions(tx, [taskOfSchedule(schedule)]);
}

const json = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value));

/** Throws `cron_invalid`, `time_zone_unknown`, `schedules_full`, and what enqueueing its task would throw. */
export async function createSchedule(
  platform: Platform,
  tx: ScopedTx,
  input: ScheduleInput & { readonly name: string; readonly cron: string },
): Promise<ScheduleRow> {
  const timezone = input.timezone ?? 'UTC';
  assertOneTarget(input, 'body/');
  assertTimeZone(timezone);
  const next = nextTick(parseCron(input.cron), timezone, platform.clock.now());
  const [live] = await tx.sql<{ count: number }>(
    'select count(*)::int as count from plinth.schedules where organization_id = $1 and deleted_at is null',
    [tx.organizationId],
  );
  if ((live?.count ?? 0) >= schedules_max) throw taskErrors.schedules_full({ detail: `the limit is ${schedules_max}` });
  const [row] = await tx.sql<ScheduleRow>(
    `insert into plinth.schedules (organization_id, name, description, cron, timezone, definition, task_type, payload,
       priority, catch_up, catch_up_max, next_run_at, definition_version)
     values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12, $13)
     returning ${scheduleColumns}`,
    [
      tx.organizationId,
      input.name,
      input.description ?? '',
      input.cron.trim(),
      timezone,
      input.definition ?? null,
      input.task_type ?? null,
      json(input.payload),
      input.priority ?? 0,
      input.catch_up ?? 'last',
      input.catch_up_max ?? 10,
      next,
      input.definition_version ?? null,
    ],
  );
  await assertTarget(platform, tx, row!);
  wakeAfter(platform, tx);
  return row!;
}

function wakeAfter(platform: Platform, tx: ScopedTx): void {
  tx.afterCommit(() => platform.wakeups.wake(schedules_channel));
}

/** Live schedules, newest first, below the id `before`. */
export function listSchedules(tx: ScopedTx, before: string | undefined, rowsMax: number): Promise<ScheduleRow[]> {
  return tx.sql<ScheduleRow>(
    `select ${scheduleColumns}
     from plinth.schedules
     where organization_id = $1 and deleted_at is null and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [tx.organizationId, before, rowsMax],
  );
}

/** Throws `not_found`. */
export async function readSchedule(tx: ScopedTx, id: string, lock = false): Promise<ScheduleRow> {
  const [row] = await tx.sql<ScheduleRow>(
    `select ${scheduleColumns}
     from plinth.schedules
     where organization_id = $1 and id = $2 and deleted_at is null
     ${lock ? 'for update' : ''}`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such schedule' });
  return row;
}

/** Changes what is given; `is_active` pauses and resumes. What was missed while paused is not caught up with. Throws as `createSchedule`. */
export async function updateSchedule(
  platform: Platform,
  tx: ScopedTx,
  id: string,
  input: ScheduleInput & { readonly is_active?: boolean },
): Promise<ScheduleRow> {
  const old = await readSchedule(tx, id, true);
  const retarget = [input.definition, input.definition_version, input.task_type].some((one) => one !== undefined);
  if (retarget) assertOneTarget(input, 'body/');
  const cron = input.cron?.trim() ?? old.cron;
  const timezone = input.timezone ?? old.timezone;
  assertTimeZone(timezone);
  const parsed = parseCron(cron);
  const isActive = input.is_active ?? old.is_active;
  const isMoved = cron !== old.cron || timezone !== old.timezone || isActive !== old.is_active;
  const next = isMoved ? (isActive ? nextTick(parsed, timezone, platform.clock.now()) : null) : old.next_run_at;
  const [row] = await tx.sql<ScheduleRow>(
    `update plinth.schedules
     set name = $3, description = $4, cron = $5, timezone = $6, definition = $7, task_type = $8, payload = $9::jsonb,
         priority = $10, catch_up = $11, catch_up_max = $12, is_active = $13, next_run_at = $14,
         definition_version = $15
     where organization_id = $1 and id = $2
     returning ${scheduleColumns}`,
    [
      tx.organizationId,
      id,
      input.name ?? old.name,
      input.description ?? old.description,
      cron,
      timezone,
      retarget ? (input.definition ?? null) : old.definition,
      retarget ? (input.task_type ?? null) : old.task_type,
      json(input.payload === undefined ? old.payload : input.payload),
      input.priority ?? old.priority,
      input.catch_up ?? old.catch_up,
      input.catch_up_max ?? old.catch_up_max,
      isActive,
      next ?? null,
      retarget ? (input.definition_version ?? null) : old.definition_version,
    ],
  );
  if (retarget || input.payload !== undefined) await assertTarget(platform, tx, row!);
  wakeAfter(platform, tx);
  return row!;
}

/** Deletes softly: its firings and tasks stay. Throws `not_found`. */
export async function deleteSchedule(platform: Platform, tx: ScopedTx, id: string): Promise<void> {
  const rows = await tx.sql(
    `update plinth.schedules
     set deleted_at = $3, is_active = false, next_run_at = null
     where organization_id = $1 and id = $2 and deleted_at is null
     returning id`,
    [tx.organizationId, id, platform.clock.now()],
  );
  if (rows.length === 0) throw errors.not_found({ detail: 'no such schedule' });
}
