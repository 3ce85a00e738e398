import { type TSchema, Type } from 'typebox';
import { errors } from '../../../platform/core/errors.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Id, IdParams, Line, Nullable, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { RetryPolicies } from '../definitions/retry-policy.ts';
import { tasks_channel } from '../enqueue.ts';
import { retry_after_seconds_max } from '../failure.ts';
import { logLevels } from '../output/line.ts';
import { TaskOutput } from '../output/task-output.ts';
import { outcomeCounts } from '../statistics/outcome-counts.ts';
import { TaskTypeName } from '../task-schemas.ts';
import { assertNamedOnce, ExternalAnswers, heldStates, outcomes } from './answer.ts';
import { type ExternalEngine, type ExternallyClaimed, type ExternalWorker, makeExternalEngine } from './engine.ts';
import { externalLimits } from './limits.ts';
import { ExternalLogs } from './logs.ts';
import { WaitingClaims } from './waiting.ts';
import { registerWorker, seeWorker, work_permission } from './workers.ts';

const closed = { additionalProperties: false } as const;
const Types = Type.Array(TaskTypeName, { minItems: 1, maxItems: externalLimits.types_max });
const TasksOf = <T extends TSchema>(one: T) =>
  Type.Object({ tasks: Type.Array(one, { minItems: 1, maxItems: externalLimits.tasks_max }) }, closed);
const Leases = Type.Object({ lease_ids: Type.Array(Id, { minItems: 1, maxItems: externalLimits.tasks_max }) }, closed);
const Outcomes = Type.Object({
  tasks: Type.Array(Type.Object({ lease_id: Id, task_id: Nullable(Id), outcome: Type.Enum([...outcomes]) })),
});

const NewWorkerBody = Type.Object(
  {
    name: Type.Optional(Line(200)),
    task_types: Types,
    lease_seconds: Type.Optional(
      Type.Integer({
        minimum: externalLimits.lease_seconds_min,
        maximum: externalLimits.lease_seconds_max,
        description: 'What the worker holds runs elsewhere after so long without a sign of life; default 15.',
      }),
    ),
  },
  closed,
);
const Registered = Type.Object({
  id: Id,
  lease_seconds: Type.Integer(),
  heartbeat_seconds: Type.Number({ description: 'How often to send a heartbeat while tasks are held.' }),
  task_types: Type.Array(Type.Object({ task_type: Type.String(), is_defined: Type.Boolean() })),
});
const Claimed = Type.Object({
  tasks: Type.Array(
    Type.Object({
      lease_id: Id,
      task_id: Id,
      task_type: Type.String(),
      attempt: Type.Integer(),
      timeout_seconds: Type.Integer(),
      payload: Type.Unknown(),
      lease_expires_at: Timestamp,
    }),
  ),
});
const Failed = Type.Object(
  {
    lease_id: Id,
    code: Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,100}$' }),
    message: Type.Optional(Type.String({ maxLength: 100_000, description: 'Cut to 4,000 characters.' })),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    retryable: Type.Optional(Type.Boolean({ description: 'Default true; false: never again.' })),
    retry_after_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: retry_after_seconds_max })),
  },
  closed,
);
const Said = Type.Object(
  {
    lease_id: Id,
    lines: Type.Optional(
      Type.Array(
        Type.Object(
          { level: Type.Enum([...logLevels]), message: Type.String(), data: Type.Optional(Type.Unknown()) },
          closed,
        ),
        { maxItems: externalLimits.lines_per_call_max },
      ),
    ),
    progress: Type.Optional(
      Type.Object({ fraction: Type.Number({ minimum: 0, maximum: 1 }), message: Type.Optional(Type.String()) }, closed),
    ),
  },
  closed,
);

const work = { tag: 'tasks', permission: work_permission, method: 'POST' } as const;
const at = (action: string) => `/v1/task-workers/:id/${action}`;

/** What the routes share in this process. */
interface Parts {
  readonly platform: Platform;
  readonly engine: ExternalEngine;
  readonly waiting: WaitingClaims;
  readonly answers: ExternalAnswers;
  readonly logs: ExternalLogs;
}

/** /v1/task-workers: the protocol of workers outside the server; docs/reference/worker-protocol.md. */
export function externalRoutes(routes: RouteRegistrar, platform: Platform): void {
  const engine = makeExternalEngine(platform);
  const output = new TaskOutput(platform);
  const parts: Parts = {
    platform,
    engine,
    waiting: new WaitingClaims(platform, engine),
    answers: new ExternalAnswers(platform, engine, new RetryPolicies(platform)),
    logs: new ExternalLogs(output),
  };
  routes.app.addHook('preClose', () => parts.waiting.close());
  routes.app.addHook('onClose', async () => {
    await output.close();
    await outcomeCounts(platform).flush();
  });
  registrationRoutes(routes, parts);
  claimRoute(routes, parts);
  holdingRoutes(routes, parts);
  answerRoutes(routes, parts);
}

/** Coming and going. */
function registrationRoutes(routes: RouteRegistrar, { platform, answers }: Parts): void {
  routes.add({
    ...work,
    url: '/v1/task-workers',
    summary: 'Register a worker outside the server, with the task types it runs',
    body: NewWorkerBody,
    response: Registered,
    status: 201,
    mode: 'write',
    run: (tx, { body, actor }) => registerWorker(platform, routes.policy, tx, actor!, body),
  });

  routes.add({
    ...work,
    method: 'DELETE',
    url: '/v1/task-workers/:id',
    summary: 'Take a worker off; what it holds goes back',
    params: IdParams,
    status: 204,
    async handle({ params, scope }) {
      const worker = await seeWorker(platform, scope, params.id, { stopped: true });
      await answers.release(worker, null);
    },
  });
}

function claimRoute(routes: RouteRegistrar, { platform, engine, waiting }: Parts): void {
  routes.add({
    ...work,
    url: at('claim'),
    summary: 'Claim tasks for a worker; with wait_seconds the answer waits for the first',
    params: IdParams,
    body: Type.Object(
      {
        task_types: Type.Optional(Types),
        max: Type.Optional(Type.Integer({ minimum: 1, maximum: externalLimits.tasks_max, default: 1 })),
        wait_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: externalLimits.wait_seconds_max })),
      },
      closed,
    ),
    response: Claimed,
    async handle({ params, body, scope, request, reply }) {
      const worker = await seeWorker(platform, scope, params.id);
      const types = body.task_types ?? worker.taskTypes;
      const others = types.filter((type) => !worker.taskTypes.includes(type));
      if (others.length > 0) {
        const detail = `the worker did not register ${others.join(', ')}`;
        throw errors.invalid_request({ field: 'body/task_types', detail });
      }
      const gone = new AbortController();
      const leave = () => gone.abort();
      const { socket } = request.raw;
      socket.once('close', leave);
      try {
        const tasks = await waiting.claim({
          worker,
          types: [...new Set(types)],
          tasksMax: body.max ?? 1,
          waitMs: (body.wait_seconds ?? 0) * 1_000,
          gone: gone.signal,
        });
        let isSent = false;
        reply.raw.once('finish', () => {
          isSent = true;
        });
        reply.raw.once('close', () => {
          if (!isSent) void returnUnheard(worker, tasks);
        });
        return {
          tasks: tasks.map(({ lease_id, task_id, task_type, attempt, timeout_seconds, payload, expires_at }) => ({
            lease_id,
            task_id,
            task_type,
            attempt,
            timeout_seconds,
            payload,
            lease_expires_at: expires_at,
          })),
        };
      } finally {
        socket.off('close', leave);
      }
    },
  });

  /** The answer did not go out whole: the tasks are for others. */
  async function returnUnheard(worker: ExternalWorker, tasks: readonly ExternallyClaimed[]): Promise<void> {
    try {
      await engine.giveBack(worker, tasks);
      platform.wakeups.wake(tasks_channel);
    } catch (error) {
      platform.log.warn({ err: error }, 'tasks of a worker that has gone were not given back');
    }
  }
}

/** What a worker says of tasks while it holds them. */
function holdingRoutes(routes: RouteRegistrar, { platform, engine, answers, logs }: Parts): void {
  routes.add({
    ...work,
    url: at('heartbeat'),
    summary: 'Extend leases; says which tasks to stop',
    params: IdParams,
    body: Leases,
    response: Type.Object({
      tasks: Type.Array(Type.Object({ lease_id: Id, task_id: Nullable(Id), state: Type.Enum([...heldStates]) })),
    }),
    async handle({ params, body, scope }) {
      const worker = await seeWorker(platform, scope, params.id);
      return { tasks: await answers.heartbeat(scope, worker, body.lease_ids) };
    },
  });

  routes.add({
    ...work,
    url: at('logs'),
    summary: 'Log lines and progress of tasks the worker holds; 500 lines a call',
    params: IdParams,
    body: TasksOf(Said),
    response: Outcomes,
    status: 202,
    async handle({ params, body: { tasks }, scope }) {
      const worker = await seeWorker(platform, scope, params.id);
      const lines = tasks.reduce((sum, one) => sum + (one.lines?.length ?? 0), 0);
      if (lines > externalLimits.lines_per_call_max) {
        const detail = `${lines} lines; the limit is ${externalLimits.lines_per_call_max}`;
        throw errors.invalid_request({ field: 'body/tasks', detail });
      }
      const leases = tasks.map(({ lease_id }) => lease_id);
      assertNamedOnce(leases);
      const held = new Map((await engine.held(worker, leases)).map((task) => [task.lease_id, task]));
      return {
        tasks: tasks.map(({ lease_id, ...said }) => {
          const task = held.get(lease_id);
          if (task) logs.say(task, said);
          return { lease_id, task_id: task?.task_id ?? null, outcome: task ? 'recorded' : 'lease_lost' };
        }),
      };
    },
  });
}

/** How a task leaves a worker. */
function answerRoutes(routes: RouteRegistrar, { platform, answers, logs }: Parts): void {
  routes.add({
    ...work,
    url: at('complete'),
    summary: 'Record results of tasks; each has at most 1 MB, unless the installation says otherwise',
    params: IdParams,
    body: TasksOf(Type.Object({ lease_id: Id, result: Type.Optional(Type.Unknown()) }, closed)),
    response: Outcomes,
    bodyLimitBytes: Math.max(externalLimits.body_bytes, 2 * platform.config.taskResultBytesMax),
    async handle({ params, body: { tasks }, scope }) {
      const worker = await seeWorker(platform, scope, params.id);
      assertNamedOnce(tasks.map(({ lease_id }) => lease_id));
      for (const { lease_id } of tasks) logs.end(lease_id);
      const results = new Map(tasks.map(({ lease_id, result }) => [lease_id, result]));
      return { tasks: await answers.complete(scope, worker, results) };
    },
  });

  routes.add({
    ...work,
    url: at('fail'),
    summary: 'Record failures of tasks, and whether and when they are tried again',
    params: IdParams,
    body: TasksOf(Failed),
    response: Outcomes,
    async handle({ params, body: { tasks }, scope }) {
      const worker = await seeWorker(platform, scope, params.id);
      assertNamedOnce(tasks.map(({ lease_id }) => lease_id));
      for (const { lease_id } of tasks) logs.end(lease_id);
      const failures = new Map(tasks.map(({ lease_id, ...failure }) => [lease_id, failure]));
      return { tasks: await answers.fail(scope, worker, failures) };
    },
  });

  routes.add({
    ...work,
    url: at('release'),
    summary: 'Return tasks the worker will not finish; no attempt is spent',
    params: IdParams,
    body: Leases,
    response: Outcomes,
    async handle({ params, body, scope }) {
      const worker = await seeWorker(platform, scope, params.id);
      return { tasks: await answers.release(worker, body.lease_ids) };
    },
  });
}
