import Type, { type Static } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Line, Nullable, PageOf, pageFields, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { WorkflowDefinitionRow, WorkflowName, WorkflowVersion } from './data/routes.ts';
import { readDefinitionOfRun } from './data/store.ts';
import { duration_seconds_max } from './duration.ts';
import { sendToRun, sendToRuns } from './events.ts';
import { cancelRun, detail_steps_max, getRun, listRuns, retryRun, runStatuses, startRun } from './runs.ts';

const closed = { additionalProperties: false } as const;
const tag = 'workflows';
const RunStatus = Type.Enum([...runStatuses], {
  description: 'waiting: suspended until a time, an event, a task or people; no worker is held.',
});

const summaryFields = {
  id: Id,
  workflow: Type.String(),
  version: Type.Integer(),
  kind: Type.Enum(['code', 'data'], { description: "A workflow of the program's code, or one that is data." }),
  status: RunStatus,
  correlation_key: Nullable(Type.String()),
  error: Type.Unknown(),
  step_count: Type.Integer({ description: 'Steps that are recorded so far.' }),
  ended_step_count: Type.Integer(),
  cost: Type.Number({ description: 'What its steps have reported.' }),
  cost_max: Nullable(Type.Number()),
  deadline_at: Nullable(Timestamp),
  wakes_at: Nullable(Timestamp),
  created_by: Nullable(Id),
  created_at: Timestamp,
  started_at: Nullable(Timestamp),
  completed_at: Nullable(Timestamp),
};
const Summary = Type.Object(summaryFields, closed);
const Step = Type.Object(
  {
    key: Type.String({ description: 'Its name, with its occurrence, behind the branch it is in: items/3/fetch#2.' }),
    place: Type.Integer({ description: 'The how manieth of its branch it is, from 0.' }),
    kind: Type.String(),
    name: Type.String(),
    status: Type.String(),
    result: Type.Unknown(),
    result_left_out: Type.Boolean({ description: 'The result is too large for this list.' }),
    error: Type.Unknown(),
    attempts: Type.Integer(),
    cost: Type.Number(),
    task_id: Nullable(Id),
    task_status: Nullable(Type.String({ description: 'Of the task or run that it waits for.' })),
    approval_id: Nullable(Id),
    event: Nullable(Type.Object({ name: Type.String(), match: Type.Unknown() }, closed)),
    due_at: Nullable(Timestamp),
    started_at: Timestamp,
    completed_at: Nullable(Timestamp),
  },
  closed,
);
const RunDetail = Type.Object(
  {
    ...summaryFields,
    input: Type.Unknown(),
    output: Type.Unknown(),
    steps: Type.Array(Step, { description: `The first ${detail_steps_max}, in the order they began.` }),
  },
  closed,
);
const Changed = Type.Object({ id: Id, status: RunStatus }, closed);

const NewRunBody = Type.Object(
  {
    workflow: WorkflowName,
    version: Type.Optional(WorkflowVersion),
    input: Type.Optional(Type.Unknown()),
    idempotency_key: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    correlation_key: Type.Optional(Line(200)),
    scheduled_at: Type.Optional(Type.String({ format: 'date-time' })),
    priority: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000 })),
    project_id: Type.Optional(Id),
    concurrency_key: Type.Optional(Line(200)),
    concurrency_limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    time_max_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: duration_seconds_max })),
    cost_max: Type.Optional(Type.Number({ minimum: 0, maximum: 1e12 })),
  },
  closed,
);
type NewRunBody = Static<typeof NewRunBody>;

const eventFields = {
  name: Line(100),
  payload: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
};

/** /v1/workflow-runs and /v1/workflow-events. */
export function workflowRoutes(routes: RouteRegistrar, platform: Platform): void {
  startAndRead(routes, platform);
  change(routes, platform);
  sendEvents(routes, platform);
}

function startAndRead(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'POST',
    url: '/v1/workflow-runs',
    summary: 'Start a run of a workflow',
    tag,
    permission: 'workflow_runs:write',
    body: NewRunBody,
    response: Type.Object({ id: Id, created: Type.Boolean() }, closed),
    status: 201,
    mode: 'write',
    async run(tx, { body, reply }) {
      const run = await startRun(platform, tx, body as NewRunBody);
      if (!run.created) reply.code(200);
      return run;
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/workflow-runs',
    summary: 'Runs, newest first',
    tag,
    permission: 'workflow_runs:read',
    query: Type.Object(
      {
        ...pageFields,
        workflow: Type.Optional(WorkflowName),
        status: Type.Optional(RunStatus),
        correlation_key: Type.Optional(Line(200)),
      },
      closed,
    ),
    response: PageOf(Summary),
    mode: 'read',
    async run(tx, { query: { limit = limits.page_rows_default, cursor, ...filter } }) {
      return toPage(await listRuns(tx, filter, decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/workflow-runs/:id',
    summary: 'A run with its steps',
    tag,
    permission: 'workflow_runs:read',
    params: IdParams,
    response: RunDetail,
    mode: 'read',
    run: (tx, { params }) => getRun(tx, params.id),
  });

  routes.add({
    method: 'GET',
    url: '/v1/workflow-runs/:id/definition',
    summary: 'The version that a run of a workflow that is data began with, deleted since or not',
    tag,
    permission: 'workflow_runs:read',
    params: IdParams,
    response: WorkflowDefinitionRow,
    mode: 'read',
    run: (tx, { params }) => readDefinitionOfRun(tx, params.id),
  });
}

function change(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'POST',
    url: '/v1/workflow-runs/:id/cancel',
    summary: 'Cancel a run and what it has begun',
    tag,
    permission: 'workflow_runs:write',
    params: IdParams,
    body: Type.Optional(Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) }, closed)),
    response: Changed,
    mode: 'write',
    async run(tx, { params, body }) {
      await cancelRun(platform, tx, params.id, body?.reason);
      return { id: params.id, status: 'cancelled' };
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/workflow-runs/:id/retry',
    summary: 'Go on with a failed or cancelled run from the steps that failed',
    tag,
    permission: 'workflow_runs:write',
    params: IdParams,
    response: Changed,
    mode: 'write',
    run: async (tx, { params }) => ({ id: params.id, status: await retryRun(platform, tx, params.id) }),
  });
}

function sendEvents(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'POST',
    url: '/v1/workflow-runs/:id/events',
    summary: 'Send an event to a run; it is kept until the run waits for it',
    tag,
    permission: 'workflow_runs:write',
    params: IdParams,
    body: Type.Object(eventFields, closed),
    response: Type.Object({ runs: Type.Integer() }, closed),
    status: 202,
    mode: 'write',
    async run(tx, { params, body: { name, payload = {} } }) {
      await sendToRun(platform, tx, params.id, { name, payload });
      return { runs: 1 };
    },
  });

  routes.add({
    method: 'POST',
    url: '/v1/workflow-events',
    summary: 'Send an event to the runs with a correlation key, or to those that wait for it',
    tag,
    permission: 'workflow_runs:write',
    body: Type.Object({ ...eventFields, correlation_key: Type.Optional(Line(200)) }, closed),
    response: Type.Object({ runs: Type.Integer({ description: 'How many runs it was sent to.' }) }, closed),
    status: 202,
    mode: 'write',
    run: async (tx, { body: { payload = {}, ...event } }) => ({
      runs: await sendToRuns(platform, tx, { ...event, payload }),
    }),
  });
}
