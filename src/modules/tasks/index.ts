/** What other modules may use of tasks. */
export type { DependencyFailurePolicy, DependencyKind, NewDependency } from './dependencies.ts';
export { assertTaskType, type Enqueued, enqueueTasks, type NewTask, taskHooks, tasks_channel } from './enqueue.ts';
export { parseRetryAfter, TaskFailure } from './failure.ts';
export { startWorker, type TaskWorker } from './worker.ts';
