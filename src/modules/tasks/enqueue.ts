import { errors } from '../../platform/core/errors.ts';
import { uuidv7s } from '../../platform/core/ids.ts';
import { limits } from '../../platform/core/limits.ts';
import { defineHookPoint } from '../../platform/hooks.ts';
import { assertJsonDepth } from '../../platform/http/json.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx, Statement } from '../../platform/scope/door.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { resolveDefinitions, type TaskInput, type TaskPath } from './definitions/enqueue-defined.ts';
import { type DependencyFailurePolicy, type NewDependency, orderByDependencies } from './dependencies.ts';
import { taskErrors } from './errors.ts';

/** Of a request beside a task's payload: its other fields. */
const task_fields_bytes_max = 64 * 1024;

/** Bytes of a request that brings one task with the largest payload that is allowed, or several with smaller ones. */
export const taskBodyBytesMax = ({ config }: Platform): number =>
  Math.max(limits.body_bytes, config.taskPayloadBytesMax + task_fields_bytes_max);
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
  /** The version of the definition it is made by: what enqueueing by a definition puts here. */
  readonly definition_id?: string;
}

export interface Enqueued {
  readonly id: string;
  /** False: a task with this idempotency key was there already. */
  readonly created: boolean;
}

export const taskHooks = {
  /** However a task comes to be: by the API, an event's subscription, or code. */
  enqueue: defineHookPoint<readonly NewTask[], Enqueued[]>('tasks.enqueue'),
  /** Failed or cancelled tasks are run again, by a filter; `after` is given the ids of those that wait again. */
  retry: defineHookPoint<Readonly<Record<string, unknown>>, readonly string[]>('tasks.retry'),
};

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
 * `reference_not_found` for an id that no task of the organization has. `pathOf` says where a task stands in a request's
 * body.
 */
export async function enqueueTasks(
  platform: Platform,
  tx: ScopedTx,
  tasks: readonly TaskInput[],
  pathOf?: TaskPath,
): Promise<Enqueued[]> {
  if (tasks.length === 0) return [];
  const plain = await resolveDefinitions(tx, tasks, pathOf);
  return tx.hooks.around(taskHooks.enqueue, { tx }, plain, (given) => insertTasks(platform, tx, given));
}

async function insertTasks(platform: Platform, tx: ScopedTx, tasks: readonly NewTask[]): Promise<Enqueued[]> {
  const { statement, ids } = insertStatement(platform, tx.organizationId, tasks);
  const known = await tx.sql<KnownRow>(statement.text, statement.values);
  const answers = await answersOf(ids, known, (at) => tx.sql(...existingTask(tx.organizationId, tasks[at]!)));
  tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
  return answers;
}

/**
 * Tasks without definitions, in a transaction of their own that is one round trip; no hooks run. Throws as `enqueueTasks`,
 * before anything is sent where a task is refused.
 */
export async function enqueueAtOnce(platform: Platform, scope: Scope, tasks: readonly NewTask[]): Promise<Enqueued[]> {
  const { organizationId } = scope;
  if (organizationId === undefined) throw errors.organization_required();
  const { statement, ids } = insertStatement(platform, organizationId, tasks);
  const [known] = await platform.door.writeAll(scope, [statement]);
  const answers = await answersOf(ids, known as unknown as KnownRow[], (at) =>
    platform.door.readOne(scope, ...existingTask(organizationId, tasks[at]!)),
  );
  platform.wakeups.wake(tasks_channel);
  return answers;
}

/** Where a task stands, from 1, whose idempotency key was there. */
interface KnownRow {
  readonly place: number;
}

/** `ids[place - 1]`: the id of the task at that place, and where it stands in what was given. */
type PlacedIds = readonly { readonly id: string; readonly at: number }[];

/** Ids are minted here: in the database one took 4 µs, a ninth of all that enqueueing took there, and had to be read back. */
function insertStatement(
  platform: Platform,
  organizationId: string,
  tasks: readonly NewTask[],
): { statement: Statement; ids: PlacedIds } {
  for (const task of tasks) assertTask(task, platform.config.taskPayloadBytesMax);
  const { ordered, places } = orderByDependencies(tasks);
  const minted = uuidv7s(ordered.length);
  const identified = ordered.map((task, place) => ({ ...task, id: task.id ?? minted[place]! }));
  return {
    statement: {
      text: 'select place::int from plinth.enqueue_tasks($1, $2::jsonb) where not created',
      values: [organizationId, JSON.stringify(identified)],
    },
    ids: identified.map(({ id }, place) => ({ id, at: places[place]! })),
  };
}

function assertTask(task: NewTask, payload_bytes_max: number): void {
  if (task.concurrency_limit !== undefined && task.concurrency_key === undefined) {
    throw errors.invalid_request({ field: 'concurrency_limit', detail: 'a limit needs a concurrency_key' });
  }
  const text = JSON.stringify(task.payload ?? {});
  // a level takes two characters: neither too large nor too deep
  if (text.length <= 2 * limits.json_depth) return;
  const bytes = Buffer.from(text);
  if (bytes.length > payload_bytes_max) {
    throw taskErrors.task_payload_too_large({
      field: 'payload',
      detail: `${bytes.length} bytes; the limit is ${payload_bytes_max}`,
    });
  }
  assertJsonDepth(bytes, limits.json_depth);
}

function existingTask(organizationId: string, task: NewTask): [text: string, values: unknown[]] {
  return [
    'select plinth.task_by_idempotency_key($1, $2, $3) as id',
    [organizationId, task.task_type, task.idempotency_key],
  ];
}

/** An answer for each task, in order; `existing` finds the one that was there instead of the task at an index. */
async function answersOf(
  ids: PlacedIds,
  known: readonly KnownRow[],
  existing: (at: number) => Promise<{ id: string }[]>,
): Promise<Enqueued[]> {
  const answers: Enqueued[] = [];
  for (const { id, at } of ids) answers[at] = { id, created: true };
  for (const { place } of known) {
    const { at } = ids[place - 1]!;
    const [task] = await existing(at);
    answers[at] = { id: task!.id, created: false };
  }
  return answers;
}
