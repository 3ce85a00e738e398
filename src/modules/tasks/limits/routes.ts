import { Type } from 'typebox';
import { limits } from '../../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Id, Line, Nullable, PageOf, PageQuery, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { deleteLimit, listLimits, putLimit, readLimit } from './limits.ts';

const closed = { additionalProperties: false } as const;
const KeyParams = Type.Object({ key: Line(200) }, closed);
const count_max = 1_000_000;

const LimitBody = Type.Object(
  {
    concurrency_limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: count_max,
        description: 'How many tasks with the key workers hold at once.',
      }),
    ),
    rate_limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: count_max, description: 'How many are claimed in any rate_seconds.' }),
    ),
    rate_seconds: Type.Optional(Type.Number({ minimum: 1, maximum: 86_400 })),
  },
  closed,
);

const limitFields = {
  id: Id,
  key: Type.String(),
  concurrency_limit: Nullable(Type.Integer()),
  rate_limit: Nullable(Type.Integer()),
  rate_seconds: Nullable(Type.Number()),
  created_by: Nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
};
const LimitRow = Type.Object(limitFields);
const LimitInUse = Type.Object({
  ...limitFields,
  held: Type.Integer({ description: 'Tasks with the key that workers hold.' }),
  waiting: Type.Integer({ description: 'Tasks with the key that are due.' }),
  rate_renews_at: Nullable(Timestamp),
});

/** /v1/task-limits: how many tasks with a concurrency key run at once, and in a time. */
export function limitRoutes(routes: RouteRegistrar, platform: Platform): void {
  const tag = 'tasks';
  const read = { tag, permission: 'tasks:read', mode: 'read' } as const;
  const manage = { tag, permission: 'task_limits:write', mode: 'write' } as const;

  routes.add({
    ...manage,
    method: 'PUT',
    url: '/v1/task-limits/:key',
    summary: 'Limit how many tasks with a concurrency key run at once, or in a time',
    params: KeyParams,
    body: LimitBody,
    response: LimitRow,
    run: (tx, { params, body }) => putLimit(platform, tx, params.key, body),
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/task-limits',
    summary: 'Limits of concurrency keys, newest first',
    query: PageQuery,
    response: PageOf(LimitRow),
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      return toPage(await listLimits(tx, decodeCursor(query.cursor), limit + 1), limit);
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/task-limits/:key',
    summary: 'The limits of a concurrency key, and how much of them is in use',
    params: KeyParams,
    response: LimitInUse,
    run: (tx, { params }) => readLimit(tx, params.key),
  });

  routes.add({
    ...manage,
    method: 'DELETE',
    url: '/v1/task-limits/:key',
    summary: 'Remove the limits of a concurrency key; its tasks go by their own',
    params: KeyParams,
    status: 204,
    run: (tx, { params }) => deleteLimit(platform, tx, params.key),
  });
}
