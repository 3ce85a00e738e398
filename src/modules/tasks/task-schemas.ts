import Type, { type Static } from 'typebox';
import { Id, Line } from '../../platform/http/schemas.ts';
import { assertOneTarget, type TaskInput } from './definitions/enqueue-defined.ts';
import { dependencyFailurePolicies, dependencyKinds, task_dependencies_max } from './dependencies.ts';

export const taskStatuses = [
  'blocked',
  'pending',
  'running',
  'retrying',
  'paused',
  'completed',
  'failed',
  'cancelled',
] as const;
export const TaskStatus = Type.Enum([...taskStatuses]);

const closed = { additionalProperties: false } as const;
export const DependencyKindField = Type.Enum([...dependencyKinds], {
  description: 'Wait until the other has completed (success), has failed, or has ended in any way (completion).',
});
const Ref = Line(100);

export const TaskTypeName = Type.String({ pattern: '^[a-z][a-z0-9_.:-]{0,99}$' });

export const DefinitionVersion = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });

const NewTaskFields = {
  task_type: Type.Optional(TaskTypeName),
  definition: Type.Optional(
    Type.String({
      pattern: '^[a-z][a-z0-9_.:-]{0,99}$',
      description: 'In place of task_type: the name of a task definition, which gives the type and checks the payload.',
    }),
  ),
  definition_version: Type.Optional(DefinitionVersion),
  title: Type.Optional(Type.String({ maxLength: 500 })),
  description: Type.Optional(Type.String({ maxLength: 20_000 })),
  payload: Type.Optional(Type.Unknown()),
  metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  priority: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000 })),
  scheduled_at: Type.Optional(Type.String({ format: 'date-time' })),
  max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  timeout_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
  project_id: Type.Optional(Id),
  repository_id: Type.Optional(Id),
  parent_task_id: Type.Optional(Id),
  idempotency_key: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  concurrency_key: Type.Optional(Line(200)),
  concurrency_limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'How many tasks with its concurrency_key; what is set at /v1/task-limits goes before it.',
    }),
  ),
  on_dependency_failure: Type.Optional(
    Type.Enum([...dependencyFailurePolicies], {
      description: 'When a dependency ends otherwise than asked: cancel (the default), fail, or run all the same.',
    }),
  ),
};

const ById = Type.Object({ task_id: Id, kind: Type.Optional(DependencyKindField) }, closed);
const ByRef = Type.Object({ ref: Ref, kind: Type.Optional(DependencyKindField) }, closed);
const dependsOn = {
  maxItems: task_dependencies_max,
  description: 'The task starts when all of these have ended as asked.',
};

export const DependenciesBody = Type.Object(
  { depends_on: Type.Array(Type.Union([Id, ById]), { ...dependsOn, minItems: 1 }) },
  closed,
);

export const NewTaskBody = Type.Object(
  { ...NewTaskFields, depends_on: Type.Optional(Type.Array(Type.Union([Id, ById]), dependsOn)) },
  closed,
);

/**
 * A task as a body names it: by its type or its definition. Throws `invalid_request`, naming the field below `path`,
 * unless it is exactly one of them.
 */
export function taskOfBody(
  body: Static<typeof NewTaskBody> | Static<typeof NewTaskOfManyBody>,
  path: string,
): TaskInput {
  assertOneTarget(body, path);
  return body as TaskInput;
}

/** A task of a call that makes several: they refer to each other. */
export const NewTaskOfManyBody = Type.Object(
  {
    ...NewTaskFields,
    ref: Type.Optional(Ref),
    depends_on: Type.Optional(Type.Array(Type.Union([Ref, ById, ByRef]), dependsOn)),
  },
  closed,
);
