import { Type } from 'typebox';
import { limits } from '../../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Id, Line, Lines, Nullable, PageOf, PageQuery, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { enqueueTasks } from '../enqueue.ts';
import { DefinitionVersion } from '../task-schemas.ts';
import {
  deleteDefinition,
  listDefinitions,
  listVersions,
  putDefinition,
  readDefinition,
  setActive,
} from './definitions.ts';

const closed = { additionalProperties: false } as const;
const Name = Type.String({
  pattern: '^[a-z][a-z0-9_.:-]{0,99}$',
  description: 'Lower case: letters, digits and _ . : -',
});
const NameParams = Type.Object({ name: Name }, closed);
const Version = DefinitionVersion;
const Json = Type.Record(Type.String(), Type.Unknown());
const Megabytes = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });

const DefinitionBody = Type.Object(
  {
    description: Type.Optional(Lines(2_000)),
    task_type: Name,
    is_external: Type.Optional(
      Type.Boolean({ description: 'Its type is run by workers outside the server; no module declares it.' }),
    ),
    parameter_schema: Type.Optional(Json),
    default_configuration: Type.Optional(Json),
    cpu_cores: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1024 })),
    memory_mb: Type.Optional(Megabytes),
    disk_mb: Type.Optional(Megabytes),
    timeout_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
    max_retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 99 })),
    retry_delay_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400 })),
    retry_backoff_multiplier: Type.Optional(Type.Number({ minimum: 1, maximum: 100 })),
    retry_delay_max_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400 })),
    retry_jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    non_retryable_codes: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,100}$' }), { maxItems: 100 }),
    ),
    concurrency_key: Type.Optional(Line(200)),
    concurrency_limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  },
  closed,
);

const DefinitionRow = Type.Object({
  id: Id,
  name: Type.String(),
  version: Type.Integer(),
  description: Type.String(),
  task_type: Type.String(),
  is_external: Type.Boolean(),
  parameter_schema: Json,
  default_configuration: Json,
  cpu_cores: Nullable(Type.Number()),
  memory_mb: Nullable(Type.Integer()),
  disk_mb: Nullable(Type.Integer()),
  timeout_seconds: Type.Integer(),
  max_retries: Type.Integer(),
  retry_delay_seconds: Type.Number(),
  retry_backoff_multiplier: Type.Number(),
  retry_delay_max_seconds: Type.Number(),
  retry_jitter: Type.Number(),
  non_retryable_codes: Type.Array(Type.String()),
  concurrency_key: Nullable(Type.String()),
  concurrency_limit: Nullable(Type.Integer()),
  is_active: Type.Boolean(),
  created_by: Nullable(Id),
  created_at: Timestamp,
});

const DefinedTaskBody = Type.Object(
  {
    version: Type.Optional(Version),
    payload: Type.Optional(Type.Unknown()),
    title: Type.Optional(Type.String({ maxLength: 500 })),
    description: Type.Optional(Type.String({ maxLength: 20_000 })),
    metadata: Type.Optional(Json),
    priority: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000 })),
    scheduled_at: Type.Optional(Type.String({ format: 'date-time' })),
    project_id: Type.Optional(Id),
    repository_id: Type.Optional(Id),
    parent_task_id: Type.Optional(Id),
    idempotency_key: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  },
  closed,
);

/** /v1/task-definitions: named kinds of tasks, their versions, and enqueueing by them. */
export function definitionRoutes(routes: RouteRegistrar, platform: Platform): void {
  const tag = 'tasks';
  const read = { tag, permission: 'tasks:read', mode: 'read' } as const;
  const manage = { tag, permission: 'task_definitions:write', mode: 'write' } as const;

  routes.add({
    ...manage,
    method: 'PUT',
    url: '/v1/task-definitions/:name',
    summary: 'Make a task definition, or its next version; the same contents change nothing',
    params: NameParams,
    body: DefinitionBody,
    response: DefinitionRow,
    async run(tx, { params, body, reply }) {
      const { definition, created } = await putDefinition(platform, tx, params.name, body);
      if (created) reply.code(201);
      return definition;
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/task-definitions',
    summary: 'Task definitions, each in its newest version',
    query: PageQuery,
    response: PageOf(DefinitionRow),
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      return toPage(await listDefinitions(tx, decodeCursor(query.cursor), limit + 1), limit);
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/task-definitions/:name',
    summary: 'A task definition: the newest active version, or the one asked for',
    params: NameParams,
    query: Type.Object({ version: Type.Optional(Version) }, closed),
    response: DefinitionRow,
    run: (tx, { params, query }) => readDefinition(tx, params.name, query.version),
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/task-definitions/:name/versions',
    summary: 'Versions of a task definition, newest first',
    params: NameParams,
    query: PageQuery,
    response: PageOf(DefinitionRow),
    async run(tx, { params, query }) {
      const limit = query.limit ?? limits.page_rows_default;
      return toPage(await listVersions(tx, params.name, decodeCursor(query.cursor), limit + 1), limit);
    },
  });

  routes.add({
    ...manage,
    method: 'PATCH',
    url: '/v1/task-definitions/:name/versions/:version',
    summary: 'Let a version be enqueued, or no more',
    params: Type.Object({ name: Name, version: Version }, closed),
    body: Type.Object({ is_active: Type.Boolean() }, closed),
    response: DefinitionRow,
    run: (tx, { params, body }) => setActive(tx, params.name, params.version, body.is_active),
  });

  routes.add({
    ...manage,
    method: 'DELETE',
    url: '/v1/task-definitions/:name',
    summary: 'Delete a task definition; the tasks it made go on',
    params: NameParams,
    status: 204,
    run: (tx, { params }) => deleteDefinition(tx, params.name, platform.clock.now()),
  });

  routes.add({
    method: 'POST',
    url: '/v1/task-definitions/:name/tasks',
    summary: 'Enqueue a task by its definition',
    tag,
    permission: 'tasks:write',
    params: NameParams,
    body: DefinedTaskBody,
    response: Type.Object({ id: Id, created: Type.Boolean() }),
    status: 201,
    mode: 'write',
    async run(tx, { params, body: { version, ...task }, reply }) {
      const defined = { definition: params.name, ...task };
      const [made] = await enqueueTasks(platform, tx, [
        version === undefined ? defined : { ...defined, definition_version: version },
      ]);
      if (!made!.created) reply.code(200);
      return made;
    },
  });
}
