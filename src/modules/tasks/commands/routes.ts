import { Type } from 'typebox';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { IdParams, Nullable, Timestamp } from '../../../platform/http/schemas.ts';

const attempts_shown_max = 100;
const Amount = Nullable(Type.Number());

/** /v1/tasks/:id/resource-usage: what the attempts of a task took of the machine. */
export function usageRoutes(routes: RouteRegistrar): void {
  routes.add({
    method: 'GET',
    url: '/v1/tasks/:id/resource-usage',
    summary: 'What the attempts of a task took of the machine, newest first; empty where nothing was measured',
    tag: 'tasks',
    permission: 'tasks:read',
    params: IdParams,
    response: Type.Object({
      data: Type.Array(
        Type.Object({
          attempt: Type.Integer(),
          measured_at: Timestamp,
          duration_ms: Type.Integer(),
          cpu_ms: Amount,
          cpu_usage_percent: Amount,
          memory_usage_mb: Amount,
          disk_usage_mb: Amount,
          network_io_mb: Amount,
          exit_code: Nullable(Type.Integer()),
        }),
      ),
    }),
    mode: 'read',
    async run(tx, { params }) {
      const data = await tx.sql(
        `select attempt, measured_at, duration_ms, cpu_ms, cpu_usage_percent::float8 as cpu_usage_percent,
                memory_usage_mb::float8 as memory_usage_mb, disk_usage_mb::float8 as disk_usage_mb,
                network_io_mb::float8 as network_io_mb, exit_code
         from plinth.task_resource_usage
         where organization_id = $1 and task_id = $2
         order by id desc
         limit $3`,
        [tx.organizationId, params.id, attempts_shown_max],
      );
      return { data };
    },
  });
}
