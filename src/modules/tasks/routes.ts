import Type, { type Static } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, PageOf, pageFields, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { dependencyRoutes } from './dependency-routes.ts';
import { assertTaskType, enqueueTasks, externalTypes, taskBodyBytesMax, taskHooks, taskTypes } from './enqueue.ts';
import { taskErrors } from './errors.ts';
import { NewTaskBody, TaskStatus, taskOfBody } from './task-schemas.ts';

const TaskRow = Type.Object({
  id: Id,
  task_type: Type.String(),
  title: Type.String(),
  status: TaskStatus,
  priority: Type.Integer(),
  payload: Type.Unknown(),
  results: Type.Unknown(),
  error: Type.Unknown(),
  attempts: Type.Integer(),
  max_attempts: Type.Integer(),
  pending_dependencies: Type.Integer(),
  project_id: Type.Union([Id, Type.Null()]),
  repository_id: Type.Union([Id, Type.Null()]),
  scheduled_at: Timestamp,
  started_at: Type.Union([Timestamp, Type.Null()]),
  completed_at: Type.Union([Timestamp, Type.Null()]),
  created_by: Type.Union([Id, Type.Null()]),
  created_at: Timestamp,
});
type TaskRow = Static<typeof TaskRow>;
const TaskDetail = Type.Intersect([
  TaskRow,
  Type.Object({
    failed_attempts: Type.Array(
      Type.Object({
        attempt: Type.Integer(),
        outcome: Type.String(),
        occurred_at: Timestamp,
        error: Type.Unknown(),
        duration_ms: Type.Union([Type.Integer(), Type.Null()]),
        retry_at: Type.Union([Timestamp, Type.Null()]),
      }),
    ),
  }),
]);
const Changed = Type.Object({ id: Id, status: TaskStatus });

const columns = `id, task_type, title, status, priority, payload, results, error, attempts, max_attempts, pending_dependencies, project_id,
  repository_id, scheduled_at, started_at, completed_at, created_by, created_at`;

/** /v1/tasks: enqueue, list, read, cancel, retry; what is about many tasks is in files of its own. */
export function taskRoutes(routes: RouteRegistrar, platform: Platform): void {
  const tag = 'tasks';
  bulkRoutes(routes, platform);
  dependencyRoutes(routes, platform);

  routes.add({
    method: 'GET',
    url: '/v1/task-types',
    summary: 'The task types this program can run, and those of definitions that workers outside run',
    tag,
    permission: 'tasks:read',
    response: Type.Object({
      data: Type.Array(
        Type.Object({ task_type: Type.String(), description: Type.String(), is_external: Type.Boolean() }),
      ),
    }),
    mode: 'read',
    async run(tx) {
      const own = taskTypes(platform).map((type) => ({ ...type, is_external: false }));
      const external = (await externalTypes(tx)).filter(
        ({ task_type }) => !own.some((one) => one.task_type === task_type),
      );
      return { data: [...own, ...external.map((type) => ({ ...type, is_external: true }))] };
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/tasks',
    summary: 'Enqueue a task, by its type or its definition',
    tag,
    permission: 'tasks:write',
    body: NewTaskBody,
    response: Type.Object({ id: Id, created: Type.Boolean() }),
    status: 201,
    bodyLimitBytes: taskBodyBytesMax(platform),
    mode: 'write',
    async run(tx, { body, reply }) {
      const asked = taskOfBody(body, 'body/');
      if (body.task_type !== undefined) await assertTaskType(platform, tx, body.task_type, 'body/task_type');
      const [task] = await enqueueTasks(platform, tx, [asked], () => '/');
      if (!task!.created) reply.code(200);
      return task;
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/tasks',
    summary: 'Tasks, newest first',
    tag,
    permission: 'tasks:read',
    query: Type.Object(
      {
        ...pageFields,
        status: Type.Optional(TaskStatus),
        task_type: Type.Optional(Type.String({ maxLength: 100 })),
        repository_id: Type.Optional(Id),
        project_id: Type.Optional(Id),
      },
      { additionalProperties: false },
    ),
    response: PageOf(TaskRow),
    mode: 'read',
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      const rows = await tx.sql<TaskRow>(
        `select ${columns}
         from plinth.tasks
         where organization_id = $1
           and deleted_at is null
           and ($2::uuid is null or id < $2)
           and ($3::text is null or status = $3)
           and ($4::text is null or task_type = $4)
           and ($5::uuid is null or repository_id = $5)
           and ($6::uuid is null or project_id = $6)
         order by id desc
         limit $7`,
        [
          tx.organizationId,
          decodeCursor(query.cursor),
          query.status,
          query.task_type,
          query.repository_id,
          query.project_id,
          limit + 1,
        ],
      );
      return toPage(rows, limit);
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/tasks/:id',
    summary: 'A task with the attempts that failed',
    tag,
    permission: 'tasks:read',
    params: IdParams,
    response: TaskDetail,
    mode: 'read',
    async run(tx, { params }) {
      const [task] = await tx.sql<TaskRow>(
        `select ${columns} from plinth.tasks where organization_id = $1 and id = $2 and deleted_at is null`,
        [tx.organizationId, params.id],
      );
      if (!task) throw errors.not_found({ detail: 'no such task' });
      const failed = await tx.sql(
        `select attempt, outcome, occurred_at, error, duration_ms, retry_at
         from plinth.task_attempts
         where organization_id = $1 and task_id = $2
         order by occurred_at desc
         limit 100`,
        [tx.organizationId, params.id],
      );
      return { ...task, failed_attempts: failed };
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/tasks/:id/cancel',
    summary: 'Cancel a task that has not ended',
    tag,
    permission: 'tasks:write',
    params: IdParams,
    body: Type.Optional(
      Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) }, { additionalProperties: false }),
    ),
    response: Changed,
    mode: 'write',
    async run(tx, { params, body }) {
      const [row] = await tx.sql<{ cancelled: boolean | null }>('select plinth.cancel_task($1, $2, $3) as cancelled', [
        tx.organizationId,
        params.id,
        body?.reason ?? null,
      ]);
      if (row?.cancelled === null) throw errors.not_found({ detail: 'no such task' });
      if (!row?.cancelled) throw taskErrors.task_ended();
      // what waits for its end can run
      tx.afterCommit(() => platform.wakeups.wake('tasks'));
      return { id: params.id, status: 'cancelled' };
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/tasks/:id/retry',
    summary: 'Run a failed or cancelled task again',
    tag,
    permission: 'tasks:write',
    params: IdParams,
    response: Changed,
    mode: 'write',
    async run(tx, { params, actor }) {
      let outcome: 'pending' | 'blocked' | 'ended' | 'dependency' | null = null;
      await tx.hooks.around(taskHooks.retry, { tx, actor }, { ids: [params.id] }, async () => {
        const [row] = await tx.sql<{ outcome: typeof outcome }>('select plinth.retry_task($1, $2) as outcome', [
          tx.organizationId,
          params.id,
        ]);
        outcome = row?.outcome ?? null;
        if (!outcome) throw errors.not_found({ detail: 'no such task' });
        if (outcome === 'ended') throw taskErrors.task_not_retryable();
        if (outcome === 'dependency') throw taskErrors.task_dependency_failed();
        return [params.id];
      });
      tx.afterCommit(() => platform.wakeups.wake('tasks'));
      return { id: params.id, status: outcome };
    },
  });
}
