import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import type { Actor } from '../../platform/http/actor.ts';
import { withIdempotency } from '../../platform/http/idempotency.ts';
import type { Call, RouteRegistrar } from '../../platform/http/route.ts';
import { IdParams, PageOf, PageQuery, parseTime } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { createApiKey, listApiKeys, type NewApiKey, revokeApiKey, rotateApiKey } from './api-keys.ts';
import { ApiKeyAnswer, ApiKeyInputSchema, closed, NewApiKeyAnswer } from './schemas.ts';
import { tenancyLimits } from './settings.ts';

export function registerApiKeyRoutes(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'GET',
    url: '/v1/api-keys',
    tag: 'tenancy',
    summary: 'API keys: all for administrators, your own otherwise',
    permission: 'api_keys:read',
    query: PageQuery,
    response: PageOf(ApiKeyAnswer),
    mode: 'read',
    run: (tx, { actor, query }) =>
      listApiKeys(tx, actor as Actor, { limit: query.limit ?? limits.page_rows_default, cursor: query.cursor }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/api-keys',
    tag: 'tenancy',
    summary: 'Make an API key; it is shown this once',
    permission: 'api_keys:write',
    status: 201,
    body: ApiKeyInputSchema,
    response: NewApiKeyAnswer,
    idempotent: true,
    handle: (call) => {
      const { expires_at, ...input } = call.body;
      const expiresAt = parseTime(expires_at, 'expires_at');
      return showOnce(platform, call, (tx) =>
        createApiKey(platform, routes.policy, tx, call.actor as Actor, {
          ...input,
          ...(expiresAt ? { expires_at: expiresAt } : {}),
        }),
      );
    },
  });
  routes.add({
    method: 'DELETE',
    url: '/v1/api-keys/:id',
    tag: 'tenancy',
    summary: 'Revoke an API key',
    permission: 'api_keys:write',
    status: 204,
    params: IdParams,
    mode: 'write',
    run: (tx, { actor, params }) => revokeApiKey(tx, actor as Actor, params.id, platform.clock.now()),
  });
  routes.add({
    method: 'POST',
    url: '/v1/api-keys/:id/rotate',
    tag: 'tenancy',
    summary: 'Replace an API key; the old one works on for a while',
    permission: 'api_keys:write',
    status: 201,
    params: IdParams,
    body: Type.Object(
      {
        grace_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: tenancyLimits.rotation_grace_seconds_max })),
      },
      closed,
    ),
    response: NewApiKeyAnswer,
    idempotent: true,
    handle: (call) =>
      showOnce(platform, call, (tx) =>
        rotateApiKey(routes.policy, tx, call.actor as Actor, call.params.id, {
          graceSeconds: call.body.grace_seconds ?? tenancyLimits.rotation_grace_seconds_default,
          at: platform.clock.now(),
        }),
      ),
  });
}

/** The answer kept for a repeated request is everything but the key: a secret is not stored, not even for a day. */
async function showOnce<B, Q, P>(
  platform: Platform,
  { request, reply, scope }: Call<B, Q, P>,
  make: (tx: ScopedTx) => Promise<NewApiKey>,
): Promise<unknown> {
  let shown: string | null = null;
  const answer = await withIdempotency(platform, request, reply, scope, async (tx) => {
    const { key, ...rest } = await make(tx);
    shown = key;
    return rest;
  });
  return { ...(answer as object), key: shown };
}
