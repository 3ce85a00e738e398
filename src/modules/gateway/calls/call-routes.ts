import { Type } from 'typebox';
import { limits } from '../../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Id, IdParams, Line, Nullable, PageOf, pageFields, Timestamp } from '../../../platform/http/schemas.ts';
import { listCalls, readCall } from './read-calls.ts';

const statuses = ['running', 'succeeded', 'failed', 'refused', 'cancelled', 'lost'] as const;
const Tokens = Nullable(Type.Integer());

const callFields = {
  id: Id,
  occurred_at: Timestamp,
  status: Type.Enum([...statuses], {
    description: 'refused: by Plinth, no provider was asked; cancelled: the client went away; lost: the process died.',
  }),
  wire: Type.String(),
  is_stream: Type.Boolean(),
  requested_model: Type.String(),
  alias: Nullable(Type.String()),
  connection_id: Nullable(Id),
  provider: Nullable(Type.String()),
  model: Nullable(Type.String()),
  user_id: Nullable(Id),
  api_key_id: Nullable(Id),
  project_id: Nullable(Id),
  agent_id: Nullable(Id),
  attempts: Type.Integer({ description: 'How often a provider was asked.' }),
  status_code: Nullable(Type.Integer()),
  error_code: Nullable(Type.String()),
  input_tokens: Tokens,
  cached_input_tokens: Tokens,
  cache_write_tokens: Tokens,
  output_tokens: Tokens,
  reasoning_tokens: Tokens,
  is_estimated: Type.Boolean({ description: 'The provider’s count is missing or not whole.' }),
  duration_ms: Nullable(Type.Integer()),
  first_token_ms: Nullable(Type.Integer()),
  trace_id: Nullable(Type.String()),
  ended_at: Nullable(Timestamp),
};

const GatewayCall = Type.Object(callFields);
const WholeCall = Type.Object({
  ...callFields,
  content: Type.Enum(['full', 'redacted', 'none']),
  request_content: Nullable(Type.String({ description: 'JSON, cut where it is long.' })),
  response_content: Nullable(Type.String({ description: 'JSON; of a stream what it came to.' })),
  raw_usage: Nullable(Type.Unknown()),
});

/** /v1/gateway-calls: the log. */
export function callRoutes(routes: RouteRegistrar): void {
  const read = { tag: 'gateway', permission: 'gateway_calls:read', mode: 'read' } as const;

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/gateway-calls',
    summary: 'Model calls, newest first: your own, or for administrators all',
    query: Type.Object(
      {
        ...pageFields,
        status: Type.Optional(Type.Enum([...statuses])),
        model: Type.Optional(Line(200)),
        project_id: Type.Optional(Id),
        user_id: Type.Optional(Id),
        api_key_id: Type.Optional(Id),
        trace_id: Type.Optional(Type.String({ pattern: '^[0-9a-f]{32}$' })),
      },
      { additionalProperties: false },
    ),
    response: PageOf(GatewayCall),
    async run(tx, { query: { limit = limits.page_rows_default, cursor, ...filters } }) {
      return toPage(await listCalls(tx, filters, decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: '/v1/gateway-calls/:id',
    summary: 'A model call, with its contents as far as they are kept',
    params: IdParams,
    response: WholeCall,
    run: (tx, { params }) => readCall(tx, params.id),
  });
}
