import Type from 'typebox';
import { limits } from '../../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Id, Lines, Nullable, PageOf, PageQuery, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { duration_seconds_max } from '../duration.ts';
import { knownWorkflows } from '../registry.ts';
import { executionTypes } from './definition.ts';
import {
  deleteDefinition,
  listDefinitions,
  listVersions,
  putWorkflow,
  readDefinition,
  setActive,
  type WorkflowInput,
} from './store.ts';

const closed = { additionalProperties: false } as const;
const tag = 'workflows';
const listed_max = 1_000;
export const WorkflowName = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,62}$' });
export const WorkflowVersion = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const NameParams = Type.Object({ name: WorkflowName }, closed);

const definitionFields = {
  execution_type: Type.Enum([...executionTypes], {
    description: 'sequential, parallel, conditional (the first step whose `if` holds), loop, or dag (by depends_on).',
  }),
  steps: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
    minItems: 1,
    maxItems: 200,
    description:
      'Steps with key and type: task, workflow, sleep, event, approval, set or group; see the guide to workflows.',
  }),
  while: Type.Optional(Type.String({ description: 'loop: goes on while this expression holds.' })),
  max_iterations: Type.Optional(Type.Integer()),
  concurrency: Type.Optional(Type.Integer({ description: 'parallel, dag: steps at once.' })),
  output: Type.Optional(Type.Unknown({ description: 'A template; default: the results of all steps.' })),
};
const Body = Type.Object(
  {
    ...definitionFields,
    description: Type.Optional(Lines(10_000)),
    input_schema: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    time_max_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: duration_seconds_max })),
    cost_max: Type.Optional(Type.Number({ minimum: 0, maximum: 1e12 })),
  },
  closed,
);
export const WorkflowDefinitionRow = Type.Object(
  {
    id: Id,
    name: Type.String(),
    version: WorkflowVersion,
    description: Type.String(),
    input_schema: Type.Record(Type.String(), Type.Unknown()),
    time_max_seconds: Nullable(Type.Integer()),
    cost_max: Nullable(Type.Number()),
    is_active: Type.Boolean(),
    created_by: Nullable(Id),
    created_at: Timestamp,
    definition: Type.Object(definitionFields, closed),
  },
  closed,
);

/** /v1/workflows: those of the program's code, and those that are data. */
export function definitionRoutes(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'GET',
    url: '/v1/workflows',
    summary: 'Workflows by name: those of the code with each version, those that are data with the newest',
    tag,
    permission: 'workflow_runs:read',
    response: Type.Object({
      data: Type.Array(
        Type.Object(
          {
            name: Type.String(),
            version: WorkflowVersion,
            description: Type.String(),
            kind: Type.Enum(['code', 'data']),
            is_active: Type.Boolean({ description: 'Whether it may be started.' }),
          },
          closed,
        ),
      ),
    }),
    mode: 'read',
    async run(tx) {
      const code = knownWorkflows(platform).map(({ name, version, handler: { description } }) => {
        return { name, version, description, kind: 'code', is_active: true };
      });
      const data = (await listDefinitions(tx, listed_max)).map((row) => ({ ...row, kind: 'data' }));
      return { data: [...code, ...data].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)) };
    },
  });

  routes.add({
    method: 'PUT',
    url: '/v1/workflows/:name',
    summary: 'Make a workflow, or its next version; runs keep theirs',
    tag,
    permission: 'workflows:write',
    params: NameParams,
    body: Body,
    response: WorkflowDefinitionRow,
    status: 201,
    mode: 'write',
    async run(tx, { params, body, reply }) {
      const { workflow, created } = await putWorkflow(platform, tx, params.name, body as unknown as WorkflowInput);
      if (!created) reply.code(200);
      return workflow;
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/workflows/:name',
    summary: 'A workflow that is data: a version, or the newest that is active',
    tag,
    permission: 'workflow_runs:read',
    params: NameParams,
    query: Type.Object({ version: Type.Optional(WorkflowVersion) }, closed),
    response: WorkflowDefinitionRow,
    mode: 'read',
    run: (tx, { params, query }) => readDefinition(tx, params.name, query.version),
  });

  routes.add({
    method: 'GET',
    url: '/v1/workflows/:name/versions',
    summary: 'Versions of a workflow that is data, newest first',
    tag,
    permission: 'workflow_runs:read',
    params: NameParams,
    query: PageQuery,
    response: PageOf(
      Type.Object(
        {
          id: Id,
          version: WorkflowVersion,
          description: Type.String(),
          is_active: Type.Boolean(),
          created_by: Nullable(Id),
          created_at: Timestamp,
        },
        closed,
      ),
    ),
    mode: 'read',
    async run(tx, { params, query: { limit = limits.page_rows_default, cursor } }) {
      return toPage(await listVersions(tx, params.name, decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    method: 'PATCH',
    url: '/v1/workflows/:name/versions/:version',
    summary: 'Let a version be started, or no more',
    tag,
    permission: 'workflows:write',
    params: Type.Object({ name: WorkflowName, version: WorkflowVersion }, closed),
    body: Type.Object({ is_active: Type.Boolean() }, closed),
    response: WorkflowDefinitionRow,
    mode: 'write',
    run: (tx, { params, body }) => setActive(tx, params.name, params.version, body.is_active),
  });

  routes.add({
    method: 'DELETE',
    url: '/v1/workflows/:name',
    summary: 'Delete a workflow that is data; its runs go on',
    tag,
    permission: 'workflows:write',
    params: NameParams,
    status: 204,
    mode: 'write',
    run: (tx, { params }) => deleteDefinition(tx, params.name, platform.clock.now()),
  });
}
