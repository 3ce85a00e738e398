import { defineErrors } from '../../platform/core/errors.ts';

export const taskErrors = defineErrors({
  unknown_task_type: {
    status: 422,
    title: 'Nobody declares this task type',
    hint: 'Use a type listed at GET /v1/task-types, or make a task definition with is_external for one that workers outside run.',
  },
  task_type_not_external: {
    status: 422,
    title: 'The server runs this task type itself',
    hint: 'Register types that no module declares; a task definition with is_external makes them known.',
  },
  task_worker_unknown: {
    status: 404,
    title: 'There is no such worker of this key',
    hint: 'Register again at POST /v1/task-workers. What the worker held runs elsewhere.',
  },
  too_many_task_workers: {
    status: 409,
    title: 'The organization has as many workers as it may have',
    hint: 'Give workers more tasks at once (max), and take those off that are done: DELETE /v1/task-workers/{id}.',
  },
  task_payload_too_large: {
    status: 413,
    title: 'The payload is too large',
    hint: 'Store the data elsewhere and pass a reference.',
  },
  task_ended: {
    status: 409,
    title: 'The task has ended',
    hint: 'A task that has ended cannot be cancelled; one that failed or was cancelled can be retried.',
  },
  task_not_retryable: {
    status: 409,
    title: 'The task cannot be retried now',
    hint: 'Only a failed or cancelled task that no worker still holds can be retried.',
  },
  unknown_task_definition: {
    status: 422,
    title: 'There is no such task definition',
    hint: 'Use the name of a definition that has an active version: GET /v1/task-definitions.',
  },
  parameters_invalid: {
    status: 422,
    title: 'The parameters do not match the definition',
    hint: 'See "errors" for each path, and the parameter_schema at GET /v1/task-definitions/{name}.',
  },
  parameter_schema_invalid: {
    status: 422,
    title: 'The parameter schema can not be used',
    hint: 'See "errors" for each path; docs/reference/task-definitions.md lists the keywords of JSON Schema that are known.',
  },
  cron_invalid: {
    status: 422,
    title: 'The cron expression can not be read',
    hint: 'Five fields: minute hour day-of-month month day-of-week; docs/reference/schedules.md describes them.',
  },
  time_zone_unknown: {
    status: 422,
    title: 'There is no such time zone',
    hint: 'Use a name of the IANA time zone database, for example Europe/Berlin or UTC.',
  },
  schedules_full: {
    status: 409,
    title: 'The organization has as many schedules as it may have',
    hint: 'Delete schedules that are no longer needed.',
  },
  task_not_paused: {
    status: 409,
    title: 'The task is not paused',
    hint: 'Only a paused task can be resumed; a failed or cancelled one can be retried.',
  },
  task_dependency_invalid: {
    status: 422,
    title: 'A dependency of a task is not valid',
    hint: 'Name each task to wait for once: by its id, or by the ref of a task of the same call.',
  },
  task_dependency_cycle: {
    status: 409,
    title: 'Tasks would wait for each other in a circle',
    hint: 'Leave out the dependency that closes the circle: none of these tasks could ever start.',
  },
  task_dependency_exists: {
    status: 409,
    title: 'The task waits for that one already',
    hint: 'Remove the dependency first to give it another kind.',
  },
  task_started: {
    status: 409,
    title: 'The task has started',
    hint: 'A task can be made to wait only while it has not started.',
  },
  task_dependency_failed: {
    status: 409,
    title: 'A task this one waits for has failed',
    hint: 'Retry that one: those that wait for it are woken with it. Or remove the dependency.',
  },
});
