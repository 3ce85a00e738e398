/** What other modules may use of tasks. */
export { addTask } from './add-task.ts';
export { type CommandOptions, type CommandResult, defineCommand } from './commands/define-command.ts';
export type { DefinedTask, TaskInput } from './definitions/enqueue-defined.ts';
export { assertParameterSchema, assertParameters, type ParameterSchema } from './definitions/parameter-schema.ts';
export type { DependencyFailurePolicy, DependencyKind, NewDependency } from './dependencies.ts';
export { assertTaskType, type Enqueued, enqueueTasks, type NewTask, taskHooks, tasks_channel } from './enqueue.ts';
export { describeFailure, parseRetryAfter, readableThrown, retryAfter, TaskFailure } from './failure.ts';
export { dead_letters_counted_max, deadLetters } from './metrics.ts';
export { instantsOf, isTimeZone, localOf } from './schedules/zone.ts';
export { suspend, TaskSuspension } from './suspension.ts';
export { resultText } from './task-run.ts';
export { startWorker } from './worker.ts';
export type { TaskWorker } from './worker-types.ts';
