import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { coveredWrites, hookErrors } from '../hooks.ts';
import type { ModuleDefinition, TableDeclaration, Verb } from '../module.ts';
import type { Platform } from '../platform.ts';
import { readRelations } from '../rest/catalogue.ts';
import { handleRest, isReadOnly, mayRefuseAfterwards } from '../rest/execute.ts';
import type { Relations, RestAccess } from '../rest/relations.ts';
import { postgrestFields, type RestResponse } from '../rest/respond.ts';
import { type Actor, type Policy, scopeOf } from './actor.ts';
import { withIdempotency } from './idempotency.ts';
import { assertJsonDepth } from './json.ts';
import { asPlinthError, startProblem, toProblem } from './problem.ts';
import { logFailure } from './request-log.ts';
import { describeTables, TablesAnswer } from './rest-tables.ts';
import { readOptions } from './route.ts';
import { makeViewRecorder, narrowAccess, viewedBy, wantsView } from './view-as.ts';

export const rest_path = '/rest/v1';
/** Whether a route is one of the generic layer's. */
export const isRest = (url: string | undefined): boolean => url === rest_path || url === `${rest_path}/*`;
const utf8 = new TextDecoder('utf-8', { fatal: true });

interface Exposed {
  readonly module: string;
  /** Of a view only what it shows: nobody looks at one as somebody else. */
  readonly table: Pick<TableDeclaration, 'rest' | 'ownerColumn'> & Partial<Pick<TableDeclaration, 'visibility'>>;
}

/**
 * Mounts the generic REST layer. Which tables there are and what each role may do with them is what the modules
 * declare under `rest`; which rows and columns, what the database grants.
 */
export function registerRest(app: FastifyInstance, platform: Platform, policy: Policy, rolePrefix: string): void {
  const exposed = exposedTables(platform.modules);
  const functions = exposedFunctions(platform.modules);
  const covered = coveredWrites(platform.modules);
  let loading: Promise<Relations> | undefined;
  let loaded: Relations | undefined;
  const relations = (): Promise<Relations> => {
    loading ??= loadRelations(platform, exposed, functions, rolePrefix).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };

  app.register(async (rest) => {
    rest.removeAllContentTypeParsers();
    rest.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    rest.setErrorHandler((thrown, request, reply) => {
      const error = asPlinthError(thrown);
      if (error.status >= 500) logFailure(request, error);
      // the fields after ours are what PostgREST's clients read
      return startProblem(reply, error).send({
        ...toProblem(error, request.id, request.server.basePath),
        ...postgrestFields(error),
      });
    });
    const recordView = makeViewRecorder(platform);
    /** What the request may do, as itself or as whom it wants to look. */
    const accessFor = (request: FastifyRequest, table: string): RestAccess | Promise<RestAccess> => {
      const actor = inOrganization(request.actor);
      const own = accessOf(actor, exposed, functions, policy);
      return wantsView(request) ? viewedAccess(request, table, actor, own) : own;
    };
    const viewedAccess = async (
      request: FastifyRequest,
      table: string,
      actor: Actor & { organizationId: string },
      own: RestAccess,
    ): Promise<RestAccess> => {
      const viewed = await viewedBy(platform, request, actor);
      if (!viewed) return own;
      // what is not there shows nothing, and its name may be anything
      if (table === table_list || exposed.has(table)) await recordView(request, actor, viewed, table);
      const { userId: _own, ...rest } = actor;
      const theirs = { ...rest, memberRole: viewed.role, ...(viewed.userId ? { userId: viewed.userId } : {}) };
      return narrowAccess(own, accessOf(theirs, exposed, functions, policy), (name) => exposed.get(name)?.table);
    };
    rest.route({
      method: 'GET',
      url: rest_path,
      schema: {
        summary: 'The tables this caller may use, with their columns and what may be done',
        tags: ['rest'],
        response: { 200: TablesAnswer },
      },
      handler: async (request) => {
        const access = await accessFor(request, table_list);
        return { data: describeTables(await relations(), access, (name) => exposed.get(name)?.module ?? '') };
      },
    });
    rest.route({
      method: ['GET', 'POST', 'PATCH', 'DELETE'],
      url: `${rest_path}/*`,
      schema: { summary: 'Rows of a table, or a call of a function, in the PostgREST dialect', tags: ['rest'] },
      handler: async (request, reply) => {
        inOrganization(request.actor);
        refuseCoveredWrite(request, covered);
        const { '*': resource } = request.params as { '*': string };
        // each await is a turn of the queue of promises: what is there is not waited for
        const asked = accessFor(request, resource);
        const access = asked instanceof Promise ? await asked : asked;
        loaded ??= await relations();
        const answer = await answerRest(platform, request, reply, { relations: loaded, access });
        for (const name in answer.headers) reply.header(name, answer.headers[name]);
        reply.code(answer.status).serializer(asItIs);
        return answer.bodyText;
      },
    });
  });
}

const asItIs = (text: string): string => text;

/** What the list of tables is called in the audit log. */
const table_list = 'tables';

function inOrganization(actor: Actor | undefined): Actor & { organizationId: string } {
  if (!actor) throw errors.unauthenticated();
  if (!actor.organizationId) throw errors.organization_required();
  return actor as Actor & { organizationId: string };
}

const verbsOf: Readonly<Record<string, readonly Verb[]>> = {
  // an upsert changes rows too
  POST: ['insert', 'update'],
  PATCH: ['update'],
  DELETE: ['delete'],
};

/** Hooks run in services: a write that would go around them is refused. */
function refuseCoveredWrite(request: FastifyRequest, covered: ReadonlyMap<string, string>): void {
  if (covered.size === 0) return;
  const table = (request.params as { '*': string })['*'];
  const isUpsert = /\bresolution\b/.test(String(request.headers['prefer'] ?? ''));
  const verbs = (verbsOf[request.method] ?? []).filter((_verb, index) => index === 0 || isUpsert);
  for (const verb of verbs) {
    const point = covered.get(`${table} ${verb}`);
    if (point) throw hookErrors.write_has_hooks({ detail: `${verb} on ${table}: hooks of ${point}` });
  }
}

function answerRest(
  platform: Platform,
  request: FastifyRequest,
  reply: FastifyReply,
  tables: { relations: Relations; access: RestAccess },
): Promise<RestResponse> {
  const question = request.url.indexOf('?');
  const rest = {
    method: request.method,
    resource: (request.params as { '*': string })['*'],
    search: question < 0 ? '' : request.url.slice(question + 1),
    headers: request.headers,
    body: bodyText(request.body),
    basePath: rest_path,
    ...tables,
  };
  const scope = scopeOf(request.actor, request);
  if (isReadOnly(rest) && !rest.resource.startsWith('rpc/')) {
    return handleRest(rest, ({ text, values }) => platform.door.readOne(scope, text, values, readOptions(request)));
  }
  const onItsOwn = request.headers['idempotency-key'] === undefined || isReadOnly(rest);
  if (onItsOwn && !isReadOnly(rest) && !mayRefuseAfterwards(rest)) {
    return handleRest(rest, async (statement) => (await platform.door.writeAll(scope, [statement]))[0]!);
  }
  const work = isReadOnly(rest) ? platform.door.read : platform.door.write;
  if (onItsOwn) {
    return work(scope, (tx) => handleRest(rest, ({ text, values }) => tx.sql(text, values)));
  }
  return withIdempotency(platform, request, reply, scope, (tx) =>
    handleRest(rest, ({ text, values }) => tx.sql(text, values)),
  ) as Promise<RestResponse>;
}

function bodyText(body: unknown): string | undefined {
  if (!Buffer.isBuffer(body) || body.length === 0) return undefined;
  assertJsonDepth(body, limits.json_depth);
  try {
    return utf8.decode(body);
  } catch (cause) {
    throw errors.invalid_json({ detail: 'the body is not UTF-8', cause });
  }
}

function exposedTables(modules: readonly ModuleDefinition[]): Map<string, Exposed> {
  const tables = new Map<string, Exposed>();
  for (const module of modules) {
    for (const [name, table] of Object.entries(module.tables ?? {})) {
      if (table.rest) tables.set(name, { module: module.name, table });
    }
    for (const [name, view] of Object.entries(module.views ?? {})) {
      tables.set(name, { module: module.name, table: { rest: { select: view.select } } });
    }
  }
  return tables;
}

/** Exposed functions by name, with the module that declares them. */
function exposedFunctions(modules: readonly ModuleDefinition[]): Map<string, string> {
  return new Map(
    modules.flatMap((module) =>
      Object.entries(module.functions ?? {})
        .filter(([, declaration]) => declaration.exposed)
        .map(([signature]) => [signature.slice(0, signature.indexOf('(')), module.name] as const),
    ),
  );
}

/** The verbs of a request's role on a table, cut down by the scopes of its key. */
function accessOf(
  actor: Actor,
  exposed: Map<string, Exposed>,
  functions: Map<string, string>,
  policy: Policy,
): RestAccess {
  const role = actor.memberRole;
  return {
    organizationId: actor.organizationId as string,
    userId: actor.userId ?? null,
    may(table: string, verb: Verb) {
      const entry = exposed.get(table);
      const rule = role && entry?.table.rest?.[verb]?.[role];
      if (!entry || !rule || !policy.inScopes(actor, `${entry.module}:${verb === 'select' ? 'read' : 'write'}`))
        return 'none';
      if (rule === 'any') return 'any';
      return entry.table.ownerColumn ? { ownerColumn: entry.table.ownerColumn } : 'none';
    },
    mayCall: (name: string) => {
      const module = functions.get(name);
      return module !== undefined && policy.inScopes(actor, `${module}:write`);
    },
  };
}

async function loadRelations(
  platform: Platform,
  exposed: Map<string, Exposed>,
  functions: Map<string, string>,
  rolePrefix: string,
): Promise<Relations> {
  const all = await readRelations((text, values) => platform.door.readOne({ as: 'app' }, text, values), {
    schema: 'plinth',
    role: `${rolePrefix}_app`,
    tenantColumn: 'organization_id',
    tenantColumns: new Map([['organizations', 'id']]),
    functions: [...functions.keys()],
  });
  return { ...all, tables: new Map([...all.tables].filter(([name]) => exposed.has(name))) };
}
