import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { defineErrors, errors, PlinthError } from '../core/errors.ts';
import type { Platform } from '../platform.ts';
import type { ScopedTx, ScopeOptions } from '../scope/door.ts';
import type { Scope } from '../scope/scope.ts';
import { type Actor, type Policy, scopeOf } from './actor.ts';
import { withIdempotency } from './idempotency.ts';

export const routeErrors = defineErrors({
  route_invalid: {
    status: 500,
    title: 'A route of a module can not be added',
    hint: 'Each method and URL has one route, and its permission is declared by a module.',
  },
});

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Typed<S> = S extends TSchema ? Static<S> : undefined;

/** What a route's `run` or `handle` is given: input that has passed its schema, and who asks. */
export interface Call<B, Q, P> {
  readonly body: Typed<B>;
  readonly query: Typed<Q>;
  readonly params: Typed<P>;
  readonly actor: Actor | undefined;
  readonly scope: Scope;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface RouteBase<B, Q, P, R> {
  readonly method: Method;
  /** Below the server's root: "/v1/projects/:id". */
  readonly url: string;
  readonly summary: string;
  /** OpenAPI tag; the module's name. */
  readonly tag: string;
  /**
   * Who may call: a declared permission; 'user' for anyone signed in, with or without an organization; 'public' for
   * everyone. There is no default.
   */
  readonly permission: string;
  readonly body?: B;
  /**
   * Bodies of other types than JSON, for the API reference; `run` gets what the content type parser made of them. They
   * are checked by the handler alone.
   */
  readonly otherBodies?: Readonly<Record<string, TSchema>>;
  readonly query?: Q;
  readonly params?: P;
  /** The answer's schema: checked in development and tests, and in the API reference. */
  readonly response?: R;
  readonly status?: number;
  readonly bodyLimitBytes?: number;
  /** A handler that keeps its answer by `withIdempotency` says so here: clients then may send it again. */
  readonly idempotent?: true;
  /** The answer goes on as long as both sides want: it is no slow request, and generated clients leave it out. */
  readonly stream?: true;
}

/** A route whose work is one transaction: `run` gets it open, in the caller's scope. Most routes are this. */
export interface TransactionRoute<B, Q, P, R> extends RouteBase<B, Q, P, R> {
  readonly mode: 'read' | 'write';
  run(tx: ScopedTx, call: Call<B, Q, P>): Promise<unknown>;
}

/** A route that opens its transactions itself: sign-in, streams, work between two transactions. */
export interface HandlerRoute<B, Q, P, R> extends RouteBase<B, Q, P, R> {
  handle(call: Call<B, Q, P>): Promise<unknown>;
}

/** How a module adds its routes. */
export interface RouteRegistrar {
  add<
    B extends TSchema | undefined = undefined,
    Q extends TSchema | undefined = undefined,
    P extends TSchema | undefined = undefined,
    R extends TSchema | undefined = undefined,
  >(route: TransactionRoute<B, Q, P, R> | HandlerRoute<B, Q, P, R>): void;
  /** For what does not fit: raw bodies, streams. Limits, ids, errors and authentication apply all the same. */
  readonly app: FastifyInstance;
  /** Throws unless the actor has the permission. */
  readonly policy: Policy;
  /** The actor of a request, as its credentials said; undefined when it sent none. */
  actorOf(request: FastifyRequest): Actor | undefined;
  /**
   * Whom the credentials of a request that is still being answered name by now: for streams, which outlive what was
   * found out at their beginning. Throws what the authenticators throw.
   */
  actorNow(request: FastifyRequest): Promise<Actor | undefined>;
}

/** `Cache-Control: max-stale` (RFC 9111, 5.2.1.2): the caller takes an answer that may be a little behind. */
export function readOptions(request: FastifyRequest): ScopeOptions {
  const wishes = request.headers['cache-control'];
  return wishes !== undefined && /(?:^|[\s,])max-stale(?:$|[\s,=])/i.test(wishes) ? { pool: 'replica' } : {};
}

/** A permission that nobody declares would refuse everyone, and only once the route is called. */
function assertPermission(
  policy: Policy,
  { permission, method, url }: { permission: string; method: string; url: string },
) {
  if (permission === 'public' || permission === 'user' || policy.permissions.has(permission)) return;
  throw routeErrors.route_invalid({ detail: `${method} ${url}: no module declares the permission ${permission}` });
}

function bodySchema(body: TSchema, others: Readonly<Record<string, TSchema>> | undefined): unknown {
  if (!others) return body;
  const all = Object.entries({ 'application/json': body, ...others });
  return { content: Object.fromEntries(all.map(([type, schema]) => [type, { schema }])) };
}

export function makeRegistrar(
  app: FastifyInstance,
  platform: Platform,
  policy: Policy,
  actorNow: RouteRegistrar['actorNow'],
): RouteRegistrar {
  const actorOf = (request: FastifyRequest): Actor | undefined => request.actor;
  return {
    app,
    policy,
    actorOf,
    actorNow,
    add(route) {
      assertPermission(policy, route);
      const schema = {
        summary: route.summary,
        tags: [route.tag],
        ...(route.permission === 'public' ? { security: [] } : { 'x-permission': route.permission }),
        ...(route.idempotent || ('mode' in route && route.mode === 'write') ? { 'x-idempotent': true } : {}),
        ...(route.stream ? { 'x-stream': true } : {}),
        ...(route.body ? { body: bodySchema(route.body, route.otherBodies) } : {}),
        ...(route.query ? { querystring: route.query } : {}),
        ...(route.params ? { params: route.params } : {}),
        ...(route.response ? { response: { [route.status ?? 200]: route.response } } : {}),
      };
      app.route({
        method: route.method,
        url: route.url,
        schema,
        ...(route.stream ? { config: { stream: true }, exposeHeadRoute: false } : {}),
        ...(route.bodyLimitBytes ? { bodyLimit: route.bodyLimitBytes } : {}),
        preValidation: (request, _reply, done) => {
          // before the body is looked at: who may not call learns nothing of what the route wants
          if (route.permission === 'user' && !request.actor) throw errors.unauthenticated();
          if (route.permission !== 'user' && route.permission !== 'public') {
            policy.require(request.actor, route.permission);
          }
          done();
        },
        handler: async (request, reply) => {
          const actor = actorOf(request);
          const scope = scopeOf(actor, request);
          reply.code(route.status ?? 200);
          const call = {
            body: request.body,
            query: request.query,
            params: request.params,
            actor,
            scope,
            request,
            reply,
          };
          const typed = call as Parameters<
            typeof route extends TransactionRoute<infer B, infer Q, infer P, infer R>
              ? TransactionRoute<B, Q, P, R>['run']
              : never
          >[1];
          if ('handle' in route) return (await route.handle(typed)) ?? reply.send();
          if (route.mode === 'read')
            return await platform.door.read(scope, (tx) => route.run(tx, typed), readOptions(request));
          return withIdempotency(platform, request, reply, scope, (tx) => route.run(tx, typed));
        },
      });
    },
  };
}

/** Adds the routes of every module. Throws `route_invalid` with the module's name. */
export function addRoutes(registrar: RouteRegistrar, platform: Platform): void {
  for (const module of platform.modules) {
    try {
      module.routes?.(registrar, platform);
    } catch (cause) {
      const { code } = cause as { code?: string };
      if (!(cause instanceof PlinthError) && !code?.startsWith('FST_')) throw cause;
      throw routeErrors.route_invalid({ detail: `module ${module.name}: ${(cause as Error).message}`, cause });
    }
  }
}
