import { Type } from 'typebox';
import { limits } from '../../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Id, IdParams, Line, Lines, Nullable, PageOf, PageQuery, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { DefinitionVersion } from '../task-schemas.ts';
import { assertTimeZone, cron_chars_max, nextTicks, parseCron } from './cron.ts';
import { explainCron } from './cron-words.ts';
import { runScheduleNow } from './fire.ts';
import {
  createSchedule,
  deleteSchedule,
  listSchedules,
  readSchedule,
  type ScheduleRow as Schedule,
  updateSchedule,
} from './schedules.ts';

const closed = { additionalProperties: false } as const;
const TaskName = Type.String({ pattern: '^[a-z][a-z0-9_.:-]{0,99}$' });
const Cron = Line(cron_chars_max);
const Zone = Line(100);
const preview_ticks_max = 100;
const Count = Type.Optional(Type.Integer({ minimum: 1, maximum: preview_ticks_max, default: 10 }));
const settings = {
  description: Type.Optional(Lines(2_000)),
  timezone: Type.Optional(Zone),
  definition: Type.Optional(TaskName),
  definition_version: Type.Optional(DefinitionVersion),
  task_type: Type.Optional(TaskName),
  payload: Type.Optional(Type.Unknown()),
  priority: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000 })),
  catch_up: Type.Optional(Type.Enum(['skip', 'last', 'all'])),
  catch_up_max: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
};

const ScheduleRow = Type.Object({
  id: Id,
  name: Type.String(),
  description: Type.String(),
  cron: Type.String(),
  explanation: Type.String({ description: 'The expression in words.' }),
  timezone: Type.String(),
  definition: Nullable(Type.String()),
  definition_version: Nullable(Type.Integer()),
  task_type: Nullable(Type.String()),
  payload: Type.Unknown(),
  priority: Type.Integer(),
  catch_up: Type.Enum(['skip', 'last', 'all']),
  catch_up_max: Type.Integer(),
  is_active: Type.Boolean(),
  next_run_at: Nullable(Timestamp),
  last_run_at: Nullable(Timestamp),
  created_by: Nullable(Id),
  created_at: Timestamp,
});
const FiringRow = Type.Object({
  id: Id,
  tick: Timestamp,
  kind: Type.Enum(['tick', 'manual']),
  outcome: Type.Enum(['enqueued', 'failed']),
  task_id: Nullable(Id),
  task_status: Nullable(Type.String()),
  error: Type.Unknown(),
  created_at: Timestamp,
});
const Ticks = Type.Object({ data: Type.Array(Timestamp) });
const Preview = Type.Object({
  data: Type.Array(Timestamp),
  explanation: Type.String({ description: 'The expression in words.' }),
});
const explained = (schedule: Schedule) => ({ ...schedule, explanation: inWords(schedule.cron) });

/** What is stored was read once; should another release not read it, the others of a list are shown all the same. */
function inWords(cron: string): string {
  try {
    return explainCron(cron);
  } catch {
    return cron;
  }
}

/** /v1/schedules: tasks that are enqueued again and again. */
export function scheduleRoutes(routes: RouteRegistrar, platform: Platform): void {
  const tag = 'tasks';
  const read = { tag, permission: 'tasks:read', mode: 'read' } as const;
  const manage = { tag, permission: 'schedules:write', mode: 'write' } as const;

  routes.add({
    ...manage,
    method: 'POST',
    url: '/v1/schedules',
    summary: 'Enqueue a task again and again, as a cron expression says',
    body: Type.Object({ name: Line(200), cron: Cron, ...settings }, closed),
    response: ScheduleRow,
    status: 201,
    run: async (tx, { body }) => explained(await createSchedule(platform, tx, body)),
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/schedules',
    summary: 'Schedules, newest first',
    query: PageQuery,
    response: PageOf(ScheduleRow),
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      return toPage((await listSchedules(tx, decodeCursor(query.cursor), limit + 1)).map(explained), limit);
    },
  });

  routes.add({
    ...read,
    method: 'POST',
    url: '/v1/schedules/preview',
    summary: 'What a cron expression says, and when it would fire next',
    body: Type.Object({ cron: Cron, timezone: Type.Optional(Zone), count: Count }, closed),
    response: Preview,
    async run(_tx, { body: { cron, timezone = 'UTC', count = 10 } }) {
      assertTimeZone(timezone);
      return {
        data: nextTicks(parseCron(cron), timezone, platform.clock.now(), count),
        explanation: explainCron(cron),
      };
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/schedules/:id',
    summary: 'A schedule',
    params: IdParams,
    response: ScheduleRow,
    run: async (tx, { params }) => explained(await readSchedule(tx, params.id)),
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/schedules/:id/next',
    summary: 'When a schedule fires next; also one that is paused, if it were resumed now',
    params: IdParams,
    query: Type.Object({ count: Count }, closed),
    response: Ticks,
    async run(tx, { params, query }) {
      const { cron, timezone } = await readSchedule(tx, params.id);
      return { data: nextTicks(parseCron(cron), timezone, platform.clock.now(), query.count ?? 10) };
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/schedules/:id/firings',
    summary: 'What a schedule has led to, newest first',
    params: IdParams,
    query: PageQuery,
    response: PageOf(FiringRow),
    async run(tx, { params, query }) {
      await readSchedule(tx, params.id);
      const limit = query.limit ?? limits.page_rows_default;
      const rows = await tx.sql<{ id: string }>(
        `select f.id, f.tick, f.kind, f.outcome, f.task_id, t.status as task_status, f.error, f.created_at
         from plinth.schedule_firings f
         left join plinth.tasks t on t.organization_id = f.organization_id and t.id = f.task_id
         where f.organization_id = $1 and f.schedule_id = $2 and ($3::uuid is null or f.id < $3)
         order by f.id desc
         limit $4`,
        [tx.organizationId, params.id, decodeCursor(query.cursor), limit + 1],
      );
      return toPage(rows, limit);
    },
  });

  routes.add({
    ...manage,
    method: 'PATCH',
    url: '/v1/schedules/:id',
    summary: 'Change a schedule',
    params: IdParams,
    body: Type.Object({ name: Type.Optional(Line(200)), cron: Type.Optional(Cron), ...settings }, closed),
    response: ScheduleRow,
    run: async (tx, { params, body }) => explained(await updateSchedule(platform, tx, params.id, body)),
  });

  for (const [action, isActive, summary] of [
    ['pause', false, 'Pause a schedule'],
    ['resume', true, 'Resume a schedule, from now on'],
  ] as const) {
    routes.add({
      ...manage,
      method: 'POST',
      url: `/v1/schedules/:id/${action}`,
      summary,
      params: IdParams,
      response: ScheduleRow,
      run: async (tx, { params }) => explained(await updateSchedule(platform, tx, params.id, { is_active: isActive })),
    });
  }

  routes.add({
    ...manage,
    method: 'POST',
    url: '/v1/schedules/:id/run',
    summary: 'Enqueue the task of a schedule now, beside its ticks',
    params: IdParams,
    response: Type.Object({ task_id: Id }),
    status: 201,
    run: async (tx, { params }) => ({ task_id: await runScheduleNow(platform, tx, params.id) }),
  });

  routes.add({
    ...manage,
    method: 'DELETE',
    url: '/v1/schedules/:id',
    summary: 'Delete a schedule; its tasks stay',
    params: IdParams,
    status: 204,
    run: (tx, { params }) => deleteSchedule(platform, tx, params.id),
  });
}
