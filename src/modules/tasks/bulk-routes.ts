import Type from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import { decodeCursor, encodeCursor } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Line, Nullable } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { taskHooks, tasks_channel } from './enqueue.ts';
import { taskErrors } from './errors.ts';
import { TaskStatus, TaskTypeName } from './task-schemas.ts';

const tag = 'tasks';
const closed = { additionalProperties: false } as const;
/** What one call changes: it is one transaction, and holds up whoever else ends these tasks. */
const changed_tasks_max = 10_000;
const changed_tasks_default = 1_000;

const Filter = Type.Object(
  {
    ids: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: changed_tasks_max })),
    task_type: Type.Optional(TaskTypeName),
    status: Type.Optional(TaskStatus),
    project_id: Type.Optional(Id),
    repository_id: Type.Optional(Id),
    parent_task_id: Type.Optional(Id),
    metadata: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Contained in the metadata of the task.' }),
    ),
    error_code: Type.Optional(Line(100)),
    created_after: Type.Optional(Type.String({ format: 'date-time' })),
    created_before: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { ...closed, minProperties: 1, description: 'All of these must hold; at least one must be given.' },
);

const actions = {
  cancel: 'Cancel tasks that have not ended, by a filter, with their subtasks',
  retry: 'Run failed or cancelled tasks again, by a filter: the dead letters',
  pause: 'Pause tasks that have not ended, by a filter',
  resume: 'Let paused tasks go on, by a filter',
} as const;

/** /v1/tasks/cancel, retry, pause and resume, by a filter; and to pause or resume one task. */
export function bulkRoutes(routes: RouteRegistrar, platform: Platform): void {
  const wake = () => platform.wakeups.wake(tasks_channel);

  for (const [action, summary] of Object.entries(actions)) {
    routes.add({
      method: 'POST',
      url: `/v1/tasks/${action}`,
      summary,
      tag,
      permission: 'tasks:write',
      body: Type.Object(
        {
          filter: Filter,
          reason: Type.Optional(Line(500)),
          limit: Type.Optional(
            Type.Integer({ minimum: 1, maximum: changed_tasks_max, default: changed_tasks_default }),
          ),
          cursor: Type.Optional(Type.String({ maxLength: 200, description: 'next_cursor of the call before.' })),
        },
        closed,
      ),
      response: Type.Object({ changed: Type.Integer(), next_cursor: Nullable(Type.String()) }),
      mode: 'write',
      async run(tx, { body, actor }) {
        let nextAfter: string | null = null;
        const change = async (filter: object): Promise<readonly string[]> => {
          const [row] = await tx.sql<{ changed: string[]; next_after: string | null }>(
            'select changed, next_after from plinth.change_tasks($1, $2, $3::jsonb, $4, $5, $6)',
            [
              tx.organizationId,
              action,
              JSON.stringify(filter),
              body.reason ?? null,
              decodeCursor(body.cursor) ?? null,
              body.limit ?? changed_tasks_default,
            ],
          );
          nextAfter = row!.next_after;
          return row!.changed;
        };
        const { filter } = body;
        const { length } = await (action === 'retry'
          ? tx.hooks.around(taskHooks.retry, { tx, actor }, filter, change)
          : change(filter));
        tx.afterCommit(wake);
        return { changed: length, next_cursor: nextAfter === null ? null : encodeCursor(nextAfter) };
      },
    });
  }

  for (const action of ['pause', 'resume'] as const) {
    routes.add({
      method: 'POST',
      url: `/v1/tasks/:id/${action}`,
      summary: action === 'pause' ? 'Pause a task that has not ended' : 'Let a paused task go on',
      tag,
      permission: 'tasks:write',
      params: IdParams,
      response: Type.Object({ id: Id, status: TaskStatus }),
      mode: 'write',
      async run(tx, { params }) {
        const [row] = await tx.sql<{ status: string | null }>('select plinth.hold_task($1, $2, $3) as status', [
          tx.organizationId,
          params.id,
          action,
        ]);
        const status = row?.status;
        if (!status) throw errors.not_found({ detail: 'no such task' });
        if (status === 'ended') throw taskErrors.task_ended();
        if (status === 'not_paused') throw taskErrors.task_not_paused();
        tx.afterCommit(wake);
        return { id: params.id, status };
      },
    });
  }
}
