/** What other modules may use of tasks. */
export { type CommandOptions, type CommandResult, defineCommand } from './commands/define-command.ts';
export type { DefinedTask, TaskInput } from './definitions/enqueue-defined.ts';
export { assertTaskType, type Enqueued, enqueueTasks, type NewTask, taskHooks, tasks_channel } from './enqueue.ts';
export { TaskFailure } from './failure.ts';
export { startWorker, type TaskWorker } from './worker.ts';
