import { Type } from 'typebox';
import { errors } from '../../../platform/core/errors.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Nullable, parseTime, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { externalTypes, taskTypes } from '../enqueue.ts';
import { agentStatistics, servedTypes, typeStatistics } from './statistics.ts';

const day_ms = 86_400_000;
const since_days_max = 90;
const Amount = Nullable(Type.Number());

/** /v1/task-statistics, /v1/task-workers: how tasks fare, and who serves them. */
export function statisticsRoutes(routes: RouteRegistrar, platform: Platform): void {
  const read = { tag: 'tasks', permission: 'tasks:read', mode: 'read', method: 'GET' } as const;

  routes.add({
    ...read,
    url: '/v1/task-statistics',
    summary:
      'Throughput, wait, run and failure of each type of task, and of agents; of the newest 100,000 tasks since a time',
    query: Type.Object(
      {
        since: Type.Optional(
          Type.String({ description: 'When they were enqueued, at the earliest; default a day ago.' }),
        ),
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
      const now = platform.clock.now();
      const since = parseTime(query.since, 'since') ?? new Date(now.getTime() - day_ms);
      if (since > now || now.getTime() - since.getTime() > since_days_max * day_ms) {
        throw errors.invalid_request({ field: 'since', detail: `since lies within the last ${since_days_max} days` });
      }
      return { since, types: await typeStatistics(tx, since, now), agents: await agentStatistics(tx, since) };
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
