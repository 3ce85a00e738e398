import { randomUUID, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import swagger from '@fastify/swagger';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Platform } from '../platform.ts';
import { type Actor, type Authenticator, makePolicy } from './actor.ts';
import { basePathOf, serveBelow, withoutBasePath } from './base-path.ts';
import { answerClientError } from './client-errors.ts';
import { isDeepLink, isPortal, registerConsole, sendConsole, sendPortal } from './console.ts';
import { registerCors } from './cors.ts';
import { httpErrors } from './errors.ts';
import { type AllowedHosts, checkHost, checkOrigin } from './hosts.ts';
import { parseJsonBody } from './json.ts';
import { type HttpMetrics, makeMetrics } from './metrics.ts';
import { registerPages } from './pages.ts';
import { asPlinthError, startProblem, toProblem } from './problem.ts';
import { lazyChild, logFailure } from './request-log.ts';
import { isRest, registerRest } from './rest-routes.ts';
import { addRoutes, makeRegistrar, type RouteRegistrar } from './route.ts';
import { makeFailureThrottle } from './throttle.ts';
import { validatorCompiler } from './validation.ts';
import { wantsView } from './view-as.ts';

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | undefined;
  }
  interface FastifyContextConfig {
    /** The route finds out itself who calls (webhooks), or it does not matter (health): headers are not judged. */
    ownCredentials?: boolean;
    /** The answer lasts as long as both sides want: its time says nothing. */
    stream?: boolean;
  }
}

export interface ServerOptions {
  readonly platform: Platform;
  readonly version: string;
  /** Read at every request: with port 0 they are known once the server listens. */
  readonly hosts: AllowedHosts;
  readonly authenticators: readonly Authenticator[];
  /** Other origins whose pages may call with a token or key (`*`: all), and those that may with the cookie too. */
  readonly corsOrigins?: readonly string[];
  readonly trustedOrigins?: readonly string[];
  /** Origins whose pages may show /portal in a frame. */
  readonly portalFrameOrigins?: readonly string[];
  /** Bearer token of /metrics; without one the route refuses. */
  readonly metricsToken?: string;
  /** Addresses (CIDR) whose X-Forwarded-* headers are believed. */
  readonly trustedProxies?: readonly string[];
  readonly requestTimeoutMs?: number;
  /** How people reach the server; its path, where it has one, is served too. */
  readonly publicUrl?: string;
  /** Prefix of the database roles. */
  readonly rolePrefix?: string;
  /** Whether the schema is as this program wants it; asked by /readyz. */
  readonly schemaState?: () => Promise<'current' | 'behind' | 'ahead'>;
  /** Checks every answer against its route's schema: on in development and tests. */
  readonly checkAnswers?: boolean;
}

export interface PlinthServer {
  readonly app: FastifyInstance;
  readonly metrics: HttpMetrics;
  /**
   * Readiness answers 503 from now on; after `noticeMs`, in which all else is still served, nothing new is let in and
   * what is in flight is finished, at most `deadlineMs`.
   */
  drain(deadlineMs: number, noticeMs?: number): Promise<void>;
}

/** A request id a client may bring along: short and harmless in a log line. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** From here on a request is worth a line in the log. */
const slow_request_ms = 1_000;
const idle_sweep_ms = 50;

/** Builds the HTTP server of the given modules; it does not listen yet. */
export async function makeServer(options: ServerOptions): Promise<PlinthServer> {
  const { platform } = options;
  const state = { draining: false };
  const basePath = basePathOf(options.publicUrl);
  const app = fastify({
    loggerInstance: platform.log as Logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: lazyChild,
    bodyLimit: limits.body_bytes,
    requestTimeout: options.requestTimeoutMs ?? limits.request_timeout_ms,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    trustProxy: options.trustedProxies?.length ? [...options.trustedProxies] : false,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    rewriteUrl: ({ url = '/' }) => withoutBasePath(url, basePath),
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: true },
    // what still comes over an open connection while it drains is served: the framework's 503 is not our problem+json
    return503OnClosing: false,
    exposeHeadRoutes: true,
    // Node looks for connections over their time every 30 s by itself
    // a request without Host is ours to answer
    http: { maxHeaderSize: 16 * 1024, connectionsCheckingInterval: 5_000, requireHostHeader: false },
    clientErrorHandler: answerClientError,
    // a URL that is no URL, before there is a route and its hooks
    frameworkErrors: (thrown, request, reply) => {
      const error = asPlinthError(thrown);
      return startProblem(reply, error).send(toProblem(error, request.id, basePath));
    },
  });
  const metrics = makeMetrics(platform);
  const policy = makePolicy(platform.modules);
  const failures = makeFailureThrottle(platform.clock);

  app.decorateRequest('actor', undefined);
  serveBelow(app, options.publicUrl);
  app.setValidatorCompiler(validatorCompiler as Parameters<typeof app.setValidatorCompiler>[0]);
  app.setSerializerCompiler(({ schema, url, method }) => answerSerializer(schema, `${method} ${url}`, options));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, (body as Buffer).length === 0 ? undefined : parseJsonBody(body as Buffer, limits.json_depth));
    } catch (error) {
      done(error as Error);
    }
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Plinth', version: options.version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      ...(options.publicUrl === undefined ? {} : { servers: [{ url: options.publicUrl }] }),
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key.' } } },
      security: [{ apiKey: [] }],
    },
  });

  // before our own hooks: a preflight has no credentials, and a refusal is to be read by the page too
  await registerCors(app, options);
  const routeUrls = collectRoutes(app);
  app.addHook('onRoute', (route) => {
    if (!route.config?.stream) return;
    route.onSend = async (request, reply, answer) => {
      if (reply.statusCode < 400 && answer instanceof Readable) metrics.observeStream(request, answer);
      return answer;
    };
  });
  // here too nothing is a promise where who asks is known already
  app.addHook('onRequest', (request, reply, done) => {
    reply
      .header('x-request-id', request.id)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store');
    if (request.url.length > limits.url_chars)
      throw errors.invalid_request({ detail: `the URL is longer than ${limits.url_chars} characters` });
    checkHost(request, options.hosts);
    if (request.routeOptions.config.ownCredentials || (request.is404 && isDeepLink(request))) return done();
    failures.check(request.ip);
    const found = authenticate(request, options.authenticators, () => failures.count(request.ip));
    if (!(found instanceof Promise)) {
      admit(request, found, options.hosts);
      return done();
    }
    found.then((actor) => admit(request, actor, options.hosts)).then(() => done(), done);
  });
  // without a promise for each: what nobody waits for is not made to be waited for
  app.addHook('onResponse', (request, reply, done) => {
    if (request.routeOptions.config.stream && reply.statusCode < 400) return done();
    metrics.observe(request, reply);
    logResponse(request, reply, platform.log);
    done();
  });
  app.setErrorHandler((thrown, request, reply) => {
    const error = asPlinthError(thrown);
    logFailure(request, error);
    return startProblem(reply, error).send(toProblem(error, request.id, basePath));
  });
  app.setNotFoundHandler(async (request, reply) => {
    if (isDeepLink(request)) {
      const isSent = isPortal(request) ? sendPortal(reply, options.portalFrameOrigins) : sendConsole(reply);
      if (await isSent) return reply;
    }
    const allowed = routeUrls.methodsOf(request.url);
    if (allowed.length > 0) {
      reply.header('allow', allowed.join(', '));
      throw errors.method_not_allowed({ detail: `${request.method} is not one of ${allowed.join(', ')}` });
    }
    throw errors.route_not_found({ detail: `${request.method} ${request.url.split('?')[0]?.slice(0, 200)}` });
  });

  registerHealth(app, options, state);
  registerMetrics(app, metrics, options.metricsToken);
  registerPages(app);
  registerConsole(app);
  registerRest(app, platform, policy, options.rolePrefix ?? 'plinth');
  const registrar: RouteRegistrar = makeRegistrar(app, platform, policy, async (request) =>
    authenticate(request, options.authenticators, () => undefined),
  );
  addRoutes(registrar, platform);

  return {
    app,
    metrics,
    async drain(deadlineMs, noticeMs = 0) {
      state.draining = true;
      if (noticeMs > 0) await platform.clock.sleep(noticeMs);
      const closed = new AbortController();
      // a connection that is kept alive after its last answer would be waited for until the deadline
      const idle = setInterval(() => app.server.closeIdleConnections(), idle_sweep_ms);
      // both timers end with the closing, or they would keep the process alive
      const closing = app.close().finally(() => {
        clearInterval(idle);
        closed.abort();
      });
      const deadline = platform.clock.sleep(deadlineMs, closed.signal).then(() => app.server.closeAllConnections());
      await Promise.race([closing, deadline]);
    },
  };
}

/** The request is this actor's from here on, unless a page or a header says that it must not be. */
function admit(request: FastifyRequest, actor: Actor | undefined, hosts: AllowedHosts): void {
  request.actor = actor;
  checkOrigin(request, hosts, actor?.viaCookie === true);
  // where it is not looked at it must not be passed over: the answer would be taken for somebody else's
  if (wantsView(request) && !isRest(request.routeOptions.url)) {
    throw httpErrors.view_as_refused({ detail: 'only /rest/v1 is answered as somebody else' });
  }
}

/** A promise only where one of them had to ask; what it finds out then, and the rest of them, is waited for. */
function authenticate(
  request: FastifyRequest,
  authenticators: readonly Authenticator[],
  failed: () => void,
): Actor | undefined | Promise<Actor | undefined> {
  const counted = (error: unknown): never => {
    if (asPlinthError(error).status === 401) failed();
    throw error;
  };
  try {
    for (const [at, authenticator] of authenticators.entries()) {
      const actor = authenticator(request);
      if (actor instanceof Promise) return firstActor(actor, request, authenticators.slice(at + 1)).catch(counted);
      if (actor) return actor;
    }
    refuseUnknown(request);
    return undefined;
  } catch (error) {
    return counted(error);
  }
}

async function firstActor(
  asked: Promise<Actor | undefined>,
  request: FastifyRequest,
  others: readonly Authenticator[],
): Promise<Actor | undefined> {
  let actor = await asked;
  for (const authenticator of others) actor ??= await authenticator(request);
  if (!actor) refuseUnknown(request);
  return actor;
}

function refuseUnknown(request: FastifyRequest): void {
  if (request.headers.authorization === undefined || request.url.startsWith('/metrics')) return;
  throw errors.unauthenticated({ detail: 'the Authorization header holds no key of ours' });
}

/** A line for each request costs more than answering it: at `info` only what was slow or failed. */
function logResponse(request: FastifyRequest, reply: FastifyReply, log: Platform['log']): void {
  const level = reply.statusCode >= 500 || reply.elapsedTime >= slow_request_ms ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  request.log[level](
    {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    },
    'request',
  );
}

/** Serialises answers; where asked, checks first that the answer is what the route promised. */
function answerSerializer(schema: unknown, route: string, options: ServerOptions): (data: unknown) => string {
  if (!options.checkAnswers || typeof schema !== 'object' || schema === null) return (data) => JSON.stringify(data);
  const validate = validatorCompiler({ schema, method: '', url: '', httpPart: 'response' } as Parameters<
    typeof validatorCompiler
  >[0]);
  return (data) => {
    const text = JSON.stringify(data);
    const result = validate(JSON.parse(text ?? 'null')) as { error?: { validation?: unknown } };
    if (result.error) {
      throw errors.internal({
        cause: new Error(`${route}: the answer does not match its schema: ${JSON.stringify(result.error.validation)}`),
      });
    }
    return text;
  };
}

/** Remembers which methods each URL pattern has, so that a wrong method gets 405 and not 404. */
function collectRoutes(app: FastifyInstance): { methodsOf(url: string): string[] } {
  const patterns: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', (route) => {
    const source = route.url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:[A-Za-z_]+/g, '[^/]+')
      .replace(/\*/g, '.*');
    patterns.push({ pattern: new RegExp(`^${source}/?$`), methods: [route.method].flat() });
  });
  return {
    methodsOf(url) {
      const path = url.split('?')[0] ?? '';
      return [
        ...new Set(patterns.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods)),
      ].sort();
    },
  };
}

function registerHealth(app: FastifyInstance, options: ServerOptions, state: { draining: boolean }): void {
  const { platform } = options;
  // a key is not looked up: whether the process lives must not hang on the database, nor on others' wrong keys
  const config = { ownCredentials: true };
  const live = { summary: 'The process lives', tags: ['platform'], security: [] };
  app.get('/healthz', { config, schema: live }, async () => ({ status: 'ok' }));
  const ready = { summary: 'Ready for requests', tags: ['platform'], security: [] };
  app.get('/readyz', { config, schema: ready }, async () => {
    if (state.draining) throw errors.too_busy({ detail: 'shutting down', retryAfterSeconds: 5 });
    await platform.door.readOne({ as: 'app' }, 'select 1 as ok', [], { statementTimeoutMs: 5_000 });
    const schema = (await options.schemaState?.()) ?? 'current';
    if (schema === 'behind') throw errors.schema_behind();
    if (schema === 'ahead') throw errors.schema_ahead();
    return { status: 'ready', schema };
  });
}

function registerMetrics(app: FastifyInstance, metrics: HttpMetrics, token: string | undefined): void {
  app.get('/metrics', { schema: { summary: 'Prometheus metrics', tags: ['platform'] } }, async (request, reply) => {
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!token)
      throw errors.unauthenticated({
        detail: 'metrics are off',
        hint: 'Set PLINTH_METRICS_TOKEN and send it as a bearer token.',
      });
    const equal =
      Buffer.byteLength(given) === Buffer.byteLength(token) && timingSafeEqual(Buffer.from(given), Buffer.from(token));
    if (!equal) throw errors.unauthenticated({ detail: 'not the metrics token' });
    return reply.header('content-type', metrics.contentType).send(await metrics.render());
  });
}
