import { errors } from '../../platform/core/errors.ts';
import { limits } from '../../platform/core/limits.ts';
import { defineHookPoint } from '../../platform/hooks.ts';
import { assertJsonDepth } from '../../platform/http/json.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { bindDefinitions, resolveDefinitions, type TaskInput } from './definitions/enqueue-defined.ts';
import { type DependencyFailurePolicy, type NewDependency, orderByDependencies } from './dependencies.ts';
import { taskErrors } from './errors.ts';

export const task_payload_bytes_max = limits.body_bytes;
/** The channel workers wait on. */
export const tasks_channel = 'tasks';

export interface NewTask {
  readonly id?: string;
  readonly task_type: string;
  readonly title?: string;
  readonly description?: string;
  readonly payload?: unknown;
  readonly metadata?: Record<string, unknown>;
  readonly priority?: number;
  readonly scheduled_at?: string;
  readonly max_attempts?: number;
  readonly timeout_seconds?: number;
  readonly project_id?: string;
  readonly repository_id?: string;
  readonly parent_task_id?: string;
  /** An equal key (with the same type, in the same organization) is the same task: its id is returned. */
  readonly idempotency_key?: string;
  /** Tasks with an equal key share a limit: that of `task_limits`, or theirs. 1 to 200 characters. */
  readonly concurrency_key?: string;
  /** How many tasks with the key workers hold at once; without it they are only counted. Wants a `concurrency_key`. */
  readonly concurrency_limit?: number;
  /** What other tasks of the same call call this one. */
  readonly ref?: string;
  /** It starts when all of these have ended as asked. Ignored where an equal idempotency key was there. */
  readonly depends_on?: readonly NewDependency[];
  readonly on_dependency_failure?: DependencyFailurePolicy;
}

export interface Enqueued {
  readonly id: string;
  /** False: a task with this idempotency key was there already. */
  readonly created: boolean;
}

/** However a task comes to be: by the API, an event's subscription, or code. */
export const taskHooks = { enqueue: defineHookPoint<readonly NewTask[], Enqueued[]>('tasks.enqueue') };

/** The task types this program can run, with what each does. */
export function taskTypes(platform: Platform): { task_type: string; description: string }[] {
  return platform.modules.flatMap((module) =>
    Object.entries(module.tasks ?? {}).map(([task_type, { description }]) => ({ task_type, description })),
  );
}

/** Whether a module of this program declares the type: then workers outside do not run it. */
export function isDeclared(platform: Platform, type: string): boolean {
  return platform.modules.some(({ tasks }) => tasks !== undefined && Object.hasOwn(tasks, type));
}

/**
 * Throws `unknown_task_type`, naming the field, for a type that no module declares and no definition of the organization
 * says is run outside.
 */
export async function assertTaskTypes(
  platform: Platform,
  tx: ScopedTx,
  named: readonly { readonly type: string; readonly field: string }[],
): Promise<void> {
  const others = named.filter(({ type }) => !isDeclared(platform, type));
  if (others.length === 0) return;
  const external = await externalTypes(tx, [...new Set(others.map(({ type }) => type))]);
  for (const { type, field } of others) {
    if (external.some(({ task_type }) => task_type === type)) continue;
    throw taskErrors.unknown_task_type({ field, detail: `nobody declares ${type}` });
  }
}

export function assertTaskType(platform: Platform, tx: ScopedTx, type: string, field: string): Promise<void> {
  return assertTaskTypes(platform, tx, [{ type, field }]);
}

/** The types that active definitions of the organization say are run outside; all, or those of a list. */
export function externalTypes(
  tx: ScopedTx,
  types?: readonly string[],
): Promise<{ task_type: string; description: string }[]> {
  return tx.sql(
    `select distinct on (task_type) task_type, description
     from plinth.task_definitions
     where organization_id = $1
       and ($2::text[] is null or task_type = any ($2))
       and is_external
       and is_active
       and deleted_at is null
     order by task_type, version desc`,
    [tx.organizationId, types ?? null],
  );
}

/**
 * Enqueues tasks in the caller's own transaction: they are there when it commits, and never were when it rolls back.
 * Returns an id for each, in order. Throws `task_payload_too_large`; for tasks by a definition `unknown_task_definition`
 * and `parameters_invalid`; for dependencies `task_dependency_invalid`, `task_dependency_cycle`, and
 * `reference_not_found` for an id that no task of the organization has.
 */
export async function enqueueTasks(platform: Platform, tx: ScopedTx, tasks: readonly TaskInput[]): Promise<Enqueued[]> {
  if (tasks.length === 0) return [];
  const { tasks: plain, definitionIds } = await resolveDefinitions(tx, tasks);
  const made = await tx.hooks.around(taskHooks.enqueue, { tx }, plain, (given) => insertTasks(platform, tx, given));
  await bindDefinitions(tx, definitionIds, made);
  return made;
}

async function insertTasks(platform: Platform, tx: ScopedTx, tasks: readonly NewTask[]): Promise<Enqueued[]> {
  for (const task of tasks) {
    if (task.concurrency_limit !== undefined && task.concurrency_key === undefined) {
      throw errors.invalid_request({ field: 'concurrency_limit', detail: 'a limit needs a concurrency_key' });
    }
    const bytes = Buffer.from(JSON.stringify(task.payload ?? {}));
    if (bytes.length > task_payload_bytes_max) {
      throw taskErrors.task_payload_too_large({
        field: 'payload',
        detail: `${bytes.length} bytes; the limit is ${task_payload_bytes_max}`,
      });
    }
    assertJsonDepth(bytes, limits.json_depth);
  }
  const { ordered, places } = orderByDependencies(tasks);
  const rows = await tx.sql<{ task_id: string; created: boolean }>(
    'select task_id, created from plinth.enqueue_tasks($1, $2::jsonb) order by place',
    [tx.organizationId, JSON.stringify(ordered)],
  );
  const answers: Enqueued[] = [];
  for (const [index, row] of rows.entries()) {
    const place = places[index]!;
    if (row.created) {
      answers[place] = { id: row.task_id, created: true };
      continue;
    }
    const task = tasks[place]!;
    const [existing] = await tx.sql<{ id: string }>('select plinth.task_by_idempotency_key($1, $2, $3) as id', [
      tx.organizationId,
      task.task_type,
      task.idempotency_key,
    ]);
    answers[place] = { id: existing!.id, created: false };
  }
  tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
  return answers;
}
