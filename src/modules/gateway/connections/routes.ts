import { limits } from '../../../platform/core/limits.ts';
import { withIdempotency } from '../../../platform/http/idempotency.ts';
import { decodeCursor, toPage } from '../../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { IdParams, PageOf, PageQuery } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { createAlias, deleteAlias, listAliases, readAlias, updateAlias } from './aliases.ts';
import {
  type ConnectionRow,
  createConnection,
  deleteConnection,
  listConnections,
  prepareChange,
  prepareConnection,
  readConnection,
  updateConnection,
} from './connections.ts';
import { createPolicy, deletePolicy, listPolicies, readPolicy, updatePolicy } from './policies.ts';
import {
  Alias,
  AliasChange,
  Connection,
  ConnectionChange,
  NewAliasBody,
  NewConnectionBody,
  NewPolicyBody,
  Policy,
  PolicyChange,
  tag,
} from './schemas.ts';
import { testConnection } from './test-connection.ts';

/** /v1/provider-connections, /v1/model-aliases, /v1/gateway-policies. */
export function connectionRoutes(routes: RouteRegistrar, platform: Platform): void {
  providerConnections(routes, platform);
  modelAliases(routes);
  gatewayPolicies(routes);
}

const read = { tag, permission: 'gateway:read', mode: 'read' } as const;
const write = { tag, permission: 'gateway:write', mode: 'write' } as const;

function providerConnections(routes: RouteRegistrar, platform: Platform): void {
  const url = '/v1/provider-connections';
  const outside = { tag, permission: 'gateway:write', response: Connection, idempotent: true } as const;

  routes.add({
    ...outside,
    method: 'POST',
    url,
    summary: 'Make a connection to a model provider, and test it; its key is never shown',
    body: NewConnectionBody,
    status: 201,
    async handle({ body, scope, request, reply }) {
      const prepared = await prepareConnection(platform, scope.organizationId ?? '', body);
      const made = await withIdempotency(platform, request, reply, scope, (tx) => createConnection(tx, prepared));
      return testConnection(platform, scope, (made as ConnectionRow).id);
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url,
    summary: 'Connections to model providers, newest first',
    query: PageQuery,
    response: PageOf(Connection),
    async run(tx, { query: { limit = limits.page_rows_default, cursor } }) {
      return toPage(await listConnections(tx, decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: `${url}/:id`,
    summary: 'A connection to a model provider',
    params: IdParams,
    response: Connection,
    run: (tx, { params }) => readConnection(tx, params.id),
  });

  routes.add({
    ...outside,
    method: 'PATCH',
    url: `${url}/:id`,
    summary: 'Change a connection; where its address or key changes it is tested again',
    params: IdParams,
    body: ConnectionChange,
    async handle({ params, body, scope, request, reply }) {
      await platform.door.read(scope, (tx) => readConnection(tx, params.id));
      const change = await prepareChange(platform, scope.organizationId ?? '', params.id, body);
      const changed = await withIdempotency(platform, request, reply, scope, (tx) =>
        updateConnection(tx, params.id, change),
      );
      const isOther = body.base_url !== undefined || body.key !== undefined || body.headers !== undefined;
      return isOther ? testConnection(platform, scope, params.id) : changed;
    },
  });

  routes.add({
    tag,
    permission: 'gateway:write',
    response: Connection,
    method: 'POST',
    url: `${url}/:id/test`,
    summary: 'Ask the provider for its models, and write down what came of it',
    params: IdParams,
    handle: ({ params, scope }) => testConnection(platform, scope, params.id),
  });

  routes.add({
    ...write,
    method: 'DELETE',
    url: `${url}/:id`,
    summary: 'Delete a connection that no alias names',
    params: IdParams,
    status: 204,
    run: (tx, { params }) => deleteConnection(tx, params.id),
  });
}

function modelAliases(routes: RouteRegistrar): void {
  const url = '/v1/model-aliases';

  routes.add({
    ...write,
    method: 'POST',
    url,
    summary: 'Name models of connections: weights share the calls, priorities are fall-backs',
    body: NewAliasBody,
    response: Alias,
    status: 201,
    run: (tx, { body }) => createAlias(tx, body),
  });

  routes.add({
    ...read,
    method: 'GET',
    url,
    summary: 'Aliases and what is behind them, newest first',
    query: PageQuery,
    response: PageOf(Alias),
    async run(tx, { query: { limit = limits.page_rows_default, cursor } }) {
      return toPage(await listAliases(tx, decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: `${url}/:id`,
    summary: 'An alias and what is behind it',
    params: IdParams,
    response: Alias,
    run: (tx, { params }) => readAlias(tx, params.id),
  });

  routes.add({
    ...write,
    method: 'PATCH',
    url: `${url}/:id`,
    summary: 'Change an alias; targets are replaced as a whole',
    params: IdParams,
    body: AliasChange,
    response: Alias,
    run: (tx, { params, body }) => updateAlias(tx, params.id, body),
  });

  routes.add({
    ...write,
    method: 'DELETE',
    url: `${url}/:id`,
    summary: 'Delete an alias',
    params: IdParams,
    status: 204,
    run: (tx, { params }) => deleteAlias(tx, params.id),
  });
}

function gatewayPolicies(routes: RouteRegistrar): void {
  const url = '/v1/gateway-policies';

  routes.add({
    ...write,
    method: 'POST',
    url,
    summary: 'Say what holds for calls of the organization, or of a project instead',
    body: NewPolicyBody,
    response: Policy,
    status: 201,
    run: (tx, { body }) => createPolicy(tx, body),
  });

  routes.add({
    ...read,
    method: 'GET',
    url,
    summary: 'Policies of the organization and its projects, newest first',
    query: PageQuery,
    response: PageOf(Policy),
    async run(tx, { query: { limit = limits.page_rows_default, cursor } }) {
      return toPage(await listPolicies(tx, decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    ...read,
    method: 'GET',
    url: `${url}/:id`,
    summary: 'A policy',
    params: IdParams,
    response: Policy,
    run: (tx, { params }) => readPolicy(tx, params.id),
  });

  routes.add({
    ...write,
    method: 'PATCH',
    url: `${url}/:id`,
    summary: 'Change a policy; null takes its word back',
    params: IdParams,
    body: PolicyChange,
    response: Policy,
    run: (tx, { params, body }) => updatePolicy(tx, params.id, body),
  });

  routes.add({
    ...write,
    method: 'DELETE',
    url: `${url}/:id`,
    summary: 'Delete a policy',
    params: IdParams,
    status: 204,
    run: (tx, { params }) => deletePolicy(tx, params.id),
  });
}
