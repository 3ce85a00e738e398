import { AsyncResource } from 'node:async_hooks';
import { type Batcher, makeBatcher } from '../../platform/db/batcher.ts';
import type { Platform } from '../../platform/platform.ts';
import { refuseReentry } from '../../platform/scope/door.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { isDefined, type TaskInput } from './definitions/enqueue-defined.ts';
import { type Enqueued, enqueueAtOnce, enqueueTasks, type NewTask, taskHooks } from './enqueue.ts';

/** Transactions of single adds under way at once; with more of them each would be smaller. */
const slots = 2;
const tasks_together_max = 500;
/** Adds that may wait, of all scopes together; the next is refused with `too_busy`. */
const waiting_tasks_max = 10_000;

interface Add {
  readonly task: TaskInput;
  readonly bytes: number;
  readonly keys: readonly string[];
}

/** A batch begins in nobody's context: the one of whoever came first may have ended, or be a transaction's. */
const outside = new AsyncResource('plinth.add-task');
const batchers = new WeakMap<Platform, Batcher<Add, Enqueued>>();

/**
 * Enqueues one task in a transaction of its own, which it shares with others of the same scope that are added at the same
 * time (with 100 callers 20 times as many a second as with a transaction for each). Resolves when it is committed. Throws what
 * `enqueueTasks` throws, each caller for its own task alone; `too_busy` when 10,000 wait; `reentrant_scope` inside a
 * transaction, of which it would not be a part: there use `enqueueTasks`.
 */
export async function addTask(platform: Platform, scope: Scope, task: TaskInput): Promise<Enqueued> {
  refuseReentry();
  // their names are those of one call
  if (task.ref !== undefined || task.depends_on !== undefined) {
    const [made] = await platform.door.write(scope, (tx) => enqueueTasks(platform, tx, [task]));
    return made!;
  }
  const bytes = Buffer.byteLength(JSON.stringify(task.payload ?? {}));
  return batcherOf(platform).add(JSON.stringify(scope), { task, bytes, keys: [] });
}

function batcherOf(platform: Platform): Batcher<Add, Enqueued> {
  const known = batchers.get(platform);
  if (known) return known;
  const isHooked = platform.modules.some(({ hooks }) => hooks?.[taskHooks.enqueue.name] !== undefined);
  const batcher = makeBatcher<Add, Enqueued>({
    slots: platform.engine.capabilities.concurrentConnections ? slots : 1,
    items_max: tasks_together_max,
    bytes_max: 4 * platform.config.taskPayloadBytesMax,
    waiting_max: waiting_tasks_max,
    write(group, adds) {
      const scope = JSON.parse(group) as Scope;
      const tasks = adds.map(({ task }) => task);
      return outside.runInAsyncScope(() => {
        if (!isHooked && !tasks.some(isDefined)) return enqueueAtOnce(platform, scope, tasks as NewTask[]);
        return platform.door.write(scope, (tx) => enqueueTasks(platform, tx, tasks));
      });
    },
  });
  batchers.set(platform, batcher);
  return batcher;
}
