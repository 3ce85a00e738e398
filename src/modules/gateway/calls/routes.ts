import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../../../platform/core/errors.ts';
import { limits } from '../../../platform/core/limits.ts';
import { type Actor, scopeOf } from '../../../platform/http/actor.ts';
import { parseJsonBody } from '../../../platform/http/json.ts';
import { asPlinthError } from '../../../platform/http/problem.ts';
import { logFailure } from '../../../platform/http/request-log.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import type { Platform } from '../../../platform/platform.ts';
import { type ConnectionWire, makeSettingsReader } from '../connections/index.ts';
import type { CallSubject } from '../usage.ts';
import type { Accounting } from './accounting.ts';
import { makeCallAuthenticator } from './authenticate.ts';
import { type CallAnswer, type Gateway, makeCall } from './call.ts';
import { makeCircuits } from './circuit.ts';
import { callLimits } from './limits.ts';
import { makeCallLog } from './log.ts';
import { makeProjectFinder } from './projects.ts';
import { makeSettler } from './settle.ts';
import { modelNames } from './targets.ts';
import { wireError, wireErrorEvent } from './wire-errors.ts';
import { type WireFormat, wireFormats } from './wires.ts';

/** What a client says to its provider beside the body. */
const providersHeaders = ['anthropic-version', 'anthropic-beta', 'openai-beta'] as const;

export function makeGateway(platform: Platform, accounting: Accounting): Gateway {
  const budgets = accounting.makeBudgets(platform);
  const log = makeCallLog(platform, budgets);
  return {
    platform,
    accounting,
    budgets,
    settings: makeSettingsReader(platform),
    circuits: makeCircuits(platform.clock),
    log,
    settler: makeSettler(platform, accounting, budgets, log),
    random: Math.random,
  };
}

/** /gateway/openai/v1 and /gateway/anthropic: the providers' own formats, spoken to unmodified SDKs. */
export function wireRoutes(routes: RouteRegistrar, platform: Platform, accounting: Accounting): void {
  const gateway = makeGateway(platform, accounting);
  routes.app.addHook('onClose', async () => {
    gateway.log.close();
    await gateway.settler.close();
  });
  const authenticate = makeCallAuthenticator(routes, platform, gateway.settings);
  const projects = makeProjectFinder(platform);
  const admitted = new WeakMap<FastifyRequest, Actor>();
  const bodies = { bytes: 0 };

  async function subjectOf(request: FastifyRequest, actor: Actor): Promise<CallSubject> {
    const named = request.headers['plinth-project'];
    const scope = { ...scopeOf(actor, request), organizationId: actor.organizationId ?? '' };
    return {
      ...(typeof named === 'string' && named !== '' ? { projectId: await projects.find(scope, named.trim()) } : {}),
      ...(actor.userId === undefined ? {} : { userId: actor.userId }),
      ...(actor.apiKeyId === undefined ? {} : { apiKeyId: actor.apiKeyId }),
    };
  }

  /** Who may call is decided before the body is read. */
  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    admitted.set(request, await authenticate(request));
    gateway.settler.assertRoom();
    const bytes = announcedBytes(request);
    if (bodies.bytes + bytes > callLimits.bodies_bytes_max) throw errors.too_busy({ retryAfterSeconds: 1 });
    bodies.bytes += bytes;
    reply.raw.once('close', () => {
      bodies.bytes -= bytes;
    });
  }

  async function call(format: WireFormat, request: FastifyRequest, reply: FastifyReply) {
    const actor = actorOf(admitted, request);
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (bytes.length === 0) throw errors.invalid_json({ detail: 'the body is empty' });
    const parsed = parseJsonBody(bytes, limits.json_depth);
    const gone = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort(errors.too_busy({ detail: 'the client has gone' }));
    });
    const answer = await makeCall(gateway, {
      format,
      bytes,
      parsed,
      subject: await subjectOf(request, actor),
      scope: { ...scopeOf(actor, request), organizationId: actor.organizationId ?? '' },
      headers: headersOf(request),
      traceId: traceIdOf(request),
      signal: gone.signal,
    });
    return send(reply, format.speaks, request.id, answer);
  }

  routes.app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    for (const format of wireFormats) {
      scope.register(async (one) => {
        answerErrorsAs(one, format.speaks);
        one.route({
          method: 'POST',
          url: format.url,
          bodyLimit: callLimits.body_bytes_max,
          config: { ownCredentials: true, stream: true },
          schema: wireSchema(format.summary),
          onRequest: admit,
          handler: (request, reply) => call(format, request, reply),
        });
      });
    }
    answerErrorsAs(scope, 'openai');
    scope.route({
      method: 'GET',
      url: '/gateway/openai/v1/models',
      config: { ownCredentials: true },
      schema: wireSchema('The names that may be called, in OpenAI’s format'),
      exposeHeadRoute: false,
      onRequest: admit,
      handler: async (request) => {
        const actor = actorOf(admitted, request);
        const settings = await gateway.settings.of(actor.organizationId ?? '');
        const { projectId } = await subjectOf(request, actor);
        const names = modelNames(settings, settings.policyOf(projectId), 'openai');
        return { object: 'list', data: names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'plinth' })) };
      },
    });
  });
}

const wireSchema = (summary: string) => ({
  summary,
  description: 'In the provider’s own format: see the guide of the gateway.',
  tags: ['gateway'],
  'x-permission': 'gateway:use',
  'x-stream': true,
});

function answerErrorsAs(app: FastifyInstance, wire: ConnectionWire): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = asPlinthError(thrown);
    logFailure(request, error);
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfterSeconds)));
    return reply
      .code(error.status)
      .header('content-type', 'application/json; charset=utf-8')
      .serializer(JSON.stringify)
      .send(wireError(wire, error, request.id));
  });
}

/** What the body will take: what it says, or the most it may when it says nothing. */
function announcedBytes({ method, headers }: FastifyRequest): number {
  if (method === 'GET') return 0;
  const announced = Number(headers['content-length'] ?? Number.NaN);
  const { body_bytes_max } = callLimits;
  return Number.isSafeInteger(announced) ? Math.min(announced, body_bytes_max) : body_bytes_max;
}

function actorOf(admitted: WeakMap<FastifyRequest, Actor>, request: FastifyRequest): Actor {
  const actor = admitted.get(request);
  if (!actor) throw errors.internal({ cause: new Error('a model call reached its handler without an actor') });
  return actor;
}

function headersOf(request: FastifyRequest): Record<string, string> {
  return Object.fromEntries(
    providersHeaders.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' && /^[\x20-\x7e]{1,500}$/.test(value) ? [[name, value]] : [];
    }),
  );
}

/** W3C trace context: version, trace, span, flags. */
function traceIdOf(request: FastifyRequest): string | undefined {
  const header = request.headers['traceparent'];
  const id =
    typeof header === 'string' ? /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(header)?.[1] : undefined;
  return id === undefined || /^0+$/.test(id) ? undefined : id;
}

function send(reply: FastifyReply, wire: ConnectionWire, requestId: string, answer: CallAnswer): FastifyReply {
  reply.code(answer.status).header('content-type', answer.contentType).header('plinth-call-id', answer.callId);
  if (answer.retryAfter !== undefined) reply.header('retry-after', answer.retryAfter);
  if (Buffer.isBuffer(answer.body)) return reply.send(answer.body);
  reply.header('cache-control', 'no-store, no-transform').header('x-accel-buffering', 'no');
  return reply.send(Readable.from(withLastWord(answer.body, wire, requestId), { objectMode: false }));
}

/** A stream that can not go on ends with an event that says so: SDKs throw what it says. */
async function* withLastWord(body: AsyncGenerator<Buffer>, wire: ConnectionWire, requestId: string) {
  try {
    yield* body;
  } catch (error) {
    yield wireErrorEvent(wire, asPlinthError(error), requestId);
  }
}
