import Type, { type Static } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { readDependency } from './dependencies.ts';
import { assertTaskTypes, enqueueTasks, taskBodyBytesMax, tasks_channel } from './enqueue.ts';
import { taskErrors } from './errors.ts';
import { DependenciesBody, DependencyKindField, NewTaskOfManyBody, TaskStatus, taskOfBody } from './task-schemas.ts';

const tag = 'tasks';
const closed = { additionalProperties: false } as const;
const tasks_of_call_max = 10_000;
const dependencies_shown_max = 1_000;

const Neighbour = Type.Object({ task_id: Id, kind: DependencyKindField, status: TaskStatus, task_type: Type.String() });
const Waiting = Type.Object({ id: Id, status: TaskStatus, pending_dependencies: Type.Integer() });

const outcomes = {
  cycle: taskErrors.task_dependency_cycle,
  exists: taskErrors.task_dependency_exists,
  started: taskErrors.task_started,
  ended: taskErrors.task_ended,
} as const;

/** /v1/tasks/bulk and /v1/tasks/:id/dependencies: tasks that wait for each other. */
export function dependencyRoutes(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'POST',
    url: '/v1/tasks/bulk',
    summary: 'Enqueue tasks together; they may wait for each other',
    tag,
    permission: 'tasks:write',
    body: Type.Object({ tasks: Type.Array(NewTaskOfManyBody, { minItems: 1, maxItems: tasks_of_call_max }) }, closed),
    response: Type.Object({ data: Type.Array(Type.Object({ id: Id, created: Type.Boolean() })) }),
    status: 201,
    bodyLimitBytes: taskBodyBytesMax(platform),
    mode: 'write',
    async run(tx, { body }) {
      const asked = body.tasks.map((task, index) => taskOfBody(task, `body/tasks/${index}/`));
      const named = body.tasks.flatMap(({ task_type: type }, index) =>
        type === undefined ? [] : [{ type, field: `body/tasks/${index}/task_type` }],
      );
      await assertTaskTypes(platform, tx, named);
      return { data: await enqueueTasks(platform, tx, asked, (index) => `/tasks/${index}/`) };
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/tasks/:id/dependencies',
    summary: `What a task waits for, and what waits for it (${dependencies_shown_max} of each)`,
    tag,
    permission: 'tasks:read',
    params: IdParams,
    response: Type.Object({
      satisfied: Type.Boolean(),
      depends_on: Type.Array(Neighbour),
      dependants: Type.Array(Neighbour),
    }),
    mode: 'read',
    async run(tx, { params }) {
      const [task] = await tx.sql<{ satisfied: boolean }>(
        `select plinth.are_task_dependencies_satisfied(id) as satisfied
         from plinth.tasks
         where organization_id = $1 and id = $2 and deleted_at is null`,
        [tx.organizationId, params.id],
      );
      if (!task) throw errors.not_found({ detail: 'no such task' });
      const neighbours = (of: string, other: string) =>
        tx.sql(
          `select t.id as task_id, d.kind, t.status, t.task_type
           from plinth.task_dependencies d
           join plinth.tasks t on t.organization_id = d.organization_id and t.id = d.${other}
           where d.organization_id = $1 and d.${of} = $2
           order by t.id
           limit ${dependencies_shown_max}`,
          [tx.organizationId, params.id],
        );
      return {
        satisfied: task.satisfied,
        depends_on: await neighbours('task_id', 'depends_on_task_id'),
        dependants: await neighbours('depends_on_task_id', 'task_id'),
      };
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/tasks/:id/dependencies',
    summary: 'Let a task that has not started wait for others as well',
    tag,
    permission: 'tasks:write',
    params: IdParams,
    body: DependenciesBody,
    response: Waiting,
    mode: 'write',
    async run(tx, { params, body }) {
      const dependencies = body.depends_on.map(readDependency).map(({ name, kind }) => ({ id: name, kind }));
      if (new Set(dependencies.map(({ id }) => id)).size < dependencies.length) {
        throw taskErrors.task_dependency_invalid({ field: 'body/depends_on', detail: 'a task is named twice' });
      }
      const [row] = await tx.sql<{ outcome: keyof typeof outcomes | 'added' | null }>(
        'select plinth.add_task_dependencies($1, $2, $3::jsonb) as outcome',
        [tx.organizationId, params.id, JSON.stringify(dependencies)],
      );
      if (!row?.outcome) throw errors.not_found({ detail: 'no such task' });
      if (row.outcome !== 'added') throw outcomes[row.outcome]({ field: 'body/depends_on' });
      tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
      return waiting(params.id, tx);
    },
  });

  routes.add({
    method: 'DELETE',
    url: '/v1/tasks/:id/dependencies/:dependency',
    summary: 'Let a task wait for another no longer',
    tag,
    permission: 'tasks:write',
    params: Type.Object({ id: Id, dependency: Id }, closed),
    response: Waiting,
    mode: 'write',
    async run(tx, { params }) {
      const [row] = await tx.sql<{ removed: boolean | null }>(
        'select plinth.remove_task_dependency($1, $2, $3) as removed',
        [tx.organizationId, params.id, params.dependency],
      );
      if (!row?.removed)
        throw errors.not_found({ detail: row?.removed === false ? 'no such dependency' : 'no such task' });
      tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
      return waiting(params.id, tx);
    },
  });
}

async function waiting(id: string, tx: ScopedTx): Promise<Static<typeof Waiting>> {
  const [task] = await tx.sql<Static<typeof Waiting>>(
    'select id, status, pending_dependencies from plinth.tasks where organization_id = $1 and id = $2',
    [tx.organizationId, id],
  );
  return task!;
}
