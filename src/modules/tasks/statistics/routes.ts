import { Type } from 'typebox';
import { errors } from '../../../platform/core/errors.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Nullable, parseTime, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { externalTypes, taskTypes } from '../enqueue.ts';
import { TaskTypeName } from '../task-schemas.ts';
import { agentStatistics, intervalStatistics, intervals_max, servedTypes, typeStatistics } from './statistics.ts';

const day_ms = 86_400_000;
const since_days_max = 90;
const Amount = Nullable(Type.Number());

const Since = Type.Optional(
  Type.String({ description: 'When they were enqueued, at the earliest; default a day ago.' }),
);

/** /v1/task-statistics, /v1/task-workers: how tasks fare, and who serves them. */
export function statisticsRoutes(routes: RouteRegistrar, platform: Platform): void {
  const read = { tag: 'tasks', permission: 'tasks:read', mode: 'read', method: 'GET' } as const;

  const timeOf = (given: string | undefined): { since: Date; now: Date } => {
    const now = platform.clock.now();
    const since = parseTime(given, 'since') ?? new Date(now.getTime() - day_ms);
    if (since > now || now.getTime() - since.getTime() > since_days_max * day_ms) {
      throw errors.invalid_request({ field: 'since', detail: `since lies within the last ${since_days_max} days` });
    }
    return { since, now };
  };

  routes.add({
    ...read,
    url: '/v1/task-statistics',
    summary:
      'Throughput, wait, run and failure of each type of task, and of agents; of the newest 100,000 tasks since a time',
    query: Type.Object(
      {
        since: Since,
      },
      { additionalProperties: false },
    ),
    response: Type.Object({
      since: Timestamp,
      types: Type.Array(
        Type.Object({
          task_type: Type.String(),
          completed: Type.Integer(),
          failed: Type.Integer(),
          cancelled: Type.Integer(),
          failure_rate: Amount,
          completed_per_hour: Type.Number(),
          wait_p50: Amount,
          wait_p95: Amount,
          run_p50: Amount,
          run_p95: Amount,
          open: Type.Integer(),
          oldest_open_at: Nullable(Timestamp),
        }),
      ),
      agents: Type.Array(
        Type.Object({
          primary_agent: Type.String(),
          total_tasks: Type.Integer(),
          completed: Type.Integer(),
          failed: Type.Integer(),
          success_rate: Amount,
          avg_execution_time_seconds: Amount,
        }),
      ),
    }),
    async run(tx, { query }) {
      const { since, now } = timeOf(query.since);
      return { since, types: await typeStatistics(tx, since, now), agents: await agentStatistics(tx, since) };
    },
  });

  routes.add({
    ...read,
    url: '/v1/task-statistics/intervals',
    summary: 'The same figures for equal intervals of the time, by when tasks ended; empty intervals are left out',
    query: Type.Object(
      {
        since: Since,
        task_type: Type.Optional(TaskTypeName),
        intervals: Type.Optional(Type.Integer({ minimum: 1, maximum: intervals_max, default: 48 })),
      },
      { additionalProperties: false },
    ),
    response: Type.Object({
      since: Timestamp,
      until: Timestamp,
      interval_seconds: Type.Number(),
      data: Type.Array(
        Type.Object({
          task_type: Type.String(),
          from: Timestamp,
          completed: Type.Integer(),
          failed: Type.Integer(),
          cancelled: Type.Integer(),
          wait_p50: Amount,
          wait_p95: Amount,
          run_p50: Amount,
          run_p95: Amount,
        }),
      ),
    }),
    async run(tx, { query: { intervals = 48, task_type: taskType, ...query } }) {
      const { since, now: until } = timeOf(query.since);
      const data = await intervalStatistics(tx, { since, until, intervals, taskType });
      return { since, until, interval_seconds: (until.getTime() - since.getTime()) / 1_000 / intervals, data };
    },
  });

  routes.add({
    ...read,
    url: '/v1/task-workers',
    summary:
      'Types of tasks and how many workers serve each, those outside included; no_worker: tasks wait and nobody does',
    response: Type.Object({
      data: Type.Array(
        Type.Object({
          task_type: Type.String(),
          workers: Type.Integer(),
          last_seen_at: Nullable(Timestamp),
          open: Type.Integer(),
          due: Type.Integer({ description: 'Open tasks that could run now.' }),
          running: Type.Integer(),
          oldest_due_at: Nullable(Timestamp),
          no_worker: Type.Boolean(),
        }),
      ),
    }),
    async run(tx) {
      const declared = [...taskTypes(platform), ...(await externalTypes(tx))].map(({ task_type }) => task_type);
      return { data: await servedTypes(tx, declared, platform.clock.now()) };
    },
  });
}
