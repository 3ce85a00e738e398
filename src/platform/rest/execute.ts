import { errors, PlinthError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import type { Verb } from '../module.ts';
import { parseBody } from './body.ts';
import { argumentsOfBody, argumentsOfQuery, compileCall } from './compile-call.ts';
import { compileRead } from './compile-read.ts';
import { compileDelete, compileInsert, compileUpdate, type WriteRequest } from './compile-write.ts';
import { restErrors } from './errors.ts';
import type { RestQuery } from './grammar.ts';
import {
  appliedPreferences,
  type Format,
  type Headers,
  type Preferences,
  parseAccept,
  parsePreferences,
  parseRange,
  requireJsonBody,
} from './headers.ts';
import { parseQuery } from './parse.ts';
import { permission, planQuery } from './plan.ts';
import type { Relation, Relations, RestAccess } from './relations.ts';
import { contentRange, location, pageStatus, type RestResponse } from './respond.ts';
import { echo } from './scanner.ts';
import type { Statement } from './sql.ts';
import { fromSqlState } from './sqlstate.ts';

export interface RestRequest {
  /** GET, HEAD, POST, PATCH or DELETE. */
  readonly method: string;
  /** What stands after `/rest/v1/`, percent-decoded: a table's name, or `rpc/` and a function's. */
  readonly resource: string;
  /** The query string as it came, still encoded. */
  readonly search: string;
  readonly headers: Headers;
  /** The body as text, not parsed: a number's digits go to PostgreSQL as they were written. */
  readonly body?: string | undefined;
  readonly relations: Relations;
  readonly access: RestAccess;
  /** Where the layer is mounted, for Location headers. */
  readonly basePath?: string;
}

/** Runs one statement in the request's transaction and gives its rows. */
export type RunStatement = (statement: Statement) => Promise<readonly Record<string, unknown>[]>;

/** The answer of a statement of this layer. */
interface Answer {
  readonly body: string;
  readonly rows: number;
  readonly total: number | undefined;
  readonly keys: readonly Record<string, unknown>[];
}

const verbsOfMethods: ReadonlyMap<string, Verb> = new Map([
  ['GET', 'select'],
  ['HEAD', 'select'],
  ['POST', 'insert'],
  ['PATCH', 'update'],
  ['DELETE', 'delete'],
]);

/** Only reads: such a request may run in a READ ONLY transaction. */
export function isReadOnly(request: Pick<RestRequest, 'method'>): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

/**
 * Whether an answer may be refused when its statement has run: a singular one of two rows, more rows than allowed, a
 * page past the end. A write that can not be needs no transaction beyond its statement's own.
 */
export function mayRefuseAfterwards({ headers }: Pick<RestRequest, 'headers'>): boolean {
  const accept = [headers['accept']].flat().join();
  const prefer = [headers['prefer']].flat().join();
  return accept.includes('vnd.pgrst') || /handling|resolution|count|max-affected/.test(prefer);
}

/**
 * Answers one request of the PostgREST dialect with one statement through `run`. Throws a `PlinthError` for everything
 * the caller did wrong, also after the statement ran (a singular answer of two rows, max-affected): the transaction
 * must be rolled back on any throw. Failures of the database that are not about the query are thrown on as they came.
 */
export async function handleRest(request: RestRequest, run: RunStatement): Promise<RestResponse> {
  const preferences = parsePreferences(request.headers);
  const format = parseAccept(request.headers);
  const { resource } = request;
  if (resource.startsWith('rpc/')) return callFunction(request, resource.slice(4), preferences, format, run);
  const verb = verbsOfMethods.get(request.method);
  const relation = findTable(request, resource);
  if (verb === undefined) {
    throw errors.method_not_allowed({ detail: `A table takes GET, HEAD, POST, PATCH and DELETE.` });
  }
  if (permission(request.access, relation, verb) === 'none')
    throw errors.forbidden({ detail: `${relation.name}:${verb}` });
  // awaited here: a promise that is returned as it is takes two turns more of their queue
  if (verb === 'select') return await read(request, relation, preferences, format, run);
  return write(request, relation, verb, preferences, format, run);
}

const allVerbs: readonly Verb[] = ['select', 'insert', 'update', 'delete'];

function findTable(request: RestRequest, name: string): Relation {
  const { relations, access } = request;
  const visible = (relation: Relation) => allVerbs.some((verb) => permission(access, relation, verb) !== 'none');
  const relation = relations.tables.get(name);
  if (relation !== undefined && visible(relation)) return relation;
  const near = nearestName(
    name,
    [...relations.tables.values()].filter(visible).map((other) => other.name),
  );
  throw restErrors.unknown_table({
    detail: `There is no table "${echo(name)}".`,
    ...(near === undefined ? {} : { hint: `Perhaps you meant "${near}".` }),
  });
}

/** The layer reads the database's own errors, which the door may have wrapped. */
function databaseErrorOf(error: unknown): unknown {
  if (!(error instanceof PlinthError)) return error;
  return error.cause instanceof Error && 'severity' in error.cause ? error.cause : error;
}

async function answer(run: RunStatement, statement: Statement): Promise<Answer> {
  let row: Record<string, unknown> | undefined;
  try {
    row = (await run(statement))[0];
  } catch (error) {
    const cause = databaseErrorOf(error);
    if (cause instanceof PlinthError) throw cause;
    throw fromSqlState(cause) ?? cause;
  }
  const { body, rows, total, keys } = row ?? {};
  return {
    body: typeof body === 'string' ? body : '',
    rows: Number(rows ?? 0),
    total: total === undefined ? undefined : Number(total),
    keys: typeof keys === 'string' ? (JSON.parse(keys) as Record<string, unknown>[]) : [],
  };
}

/** The page that `limit`, `offset` and the Range header leave between them; the header counts on GET only. */
function withRange(request: RestRequest, query: RestQuery): RestQuery {
  const range = request.method === 'GET' ? parseRange(request.headers) : undefined;
  if (range === undefined || query.limit === 0) return query;
  const first = Math.max(query.offset ?? 0, range.offset);
  const ends = [
    range.limit === undefined ? undefined : range.offset + range.limit,
    query.limit === undefined ? undefined : (query.offset ?? 0) + query.limit,
  ].filter((end) => end !== undefined);
  if (ends.length === 0) return { ...query, offset: first };
  const limit = Math.min(...ends) - first;
  if (limit <= 0)
    throw restErrors.invalid_range({ detail: 'The Range header and limit/offset have no row in common.' });
  return { ...query, offset: first, limit };
}

function requireSingle(format: Format, rows: number): void {
  if (!format.single || rows === 1) return;
  throw restErrors.not_single_row({ detail: `The result contains ${rows} rows` });
}

function headersOf(format: Format | undefined, range: string | undefined, applied: string | undefined) {
  const headers: Record<string, string> = {};
  if (format !== undefined) headers['content-type'] = format.contentType;
  if (range !== undefined) headers['content-range'] = range;
  if (applied !== undefined) headers['preference-applied'] = applied;
  return headers;
}

async function read(
  request: RestRequest,
  relation: Relation,
  preferences: Preferences,
  format: Format,
  run: RunStatement,
): Promise<RestResponse> {
  const { relations, access } = request;
  const query = withRange(request, parseQuery(request.search));
  const node = planQuery(relations, access, relation, query);
  const { body, rows, total } = await answer(run, compileRead(access, node, format, preferences.count !== undefined));
  requireSingle(format, rows);
  const [status, range] = pageStatus(query.offset ?? 0, rows, total);
  const headers = headersOf(format, range, appliedPreferences(preferences, 'read'));
  return { status, headers, bodyText: request.method === 'HEAD' ? '' : body };
}

async function write(
  request: RestRequest,
  relation: Relation,
  verb: 'insert' | 'update' | 'delete',
  preferences: Preferences,
  format: Format,
  run: RunStatement,
): Promise<RestResponse> {
  const { relations, access } = request;
  const query = parseQuery(request.search);
  const node = planQuery(relations, access, relation, query);
  const writing: WriteRequest = { access, relation, query, node, preferences, format };
  if (verb === 'insert') return insert(request, writing, format, run);
  let statement: Statement | undefined;
  if (verb === 'update') {
    requireJsonBody(request.headers);
    statement = compileUpdate(writing, parseBody(request.body));
  } else statement = compileDelete(writing);
  const nothing: Answer = { body: format.single ? '' : '[]', rows: 0, total: undefined, keys: [] };
  const { body, rows } = statement === undefined ? nothing : await answer(run, statement);
  requireSingle(format, rows);
  const { maxAffected, handling } = preferences;
  if (handling === 'strict' && maxAffected !== undefined && rows > maxAffected) {
    throw restErrors.max_affected_exceeded({
      detail: `The query affects ${rows} rows, max-affected is ${maxAffected}.`,
    });
  }
  const counted = preferences.count === undefined ? undefined : rows;
  const range = verb === 'update' ? contentRange(0, rows - 1, counted) : contentRange(1, 0, counted);
  const applied = appliedPreferences(preferences, verb);
  if (preferences.representation === 'representation') {
    return { status: 200, headers: headersOf(format, range, applied), bodyText: body };
  }
  return { status: 204, headers: headersOf(undefined, range, applied), bodyText: '' };
}

async function insert(
  request: RestRequest,
  writing: WriteRequest,
  format: Format,
  run: RunStatement,
): Promise<RestResponse> {
  const { preferences, relation } = writing;
  requireJsonBody(request.headers);
  const sent = parseBody(request.body);
  const { body, rows, keys } = await answer(run, compileInsert(writing, sent));
  requireSingle(format, rows);
  const verbs: readonly Verb[] = ['insert', 'update', 'select'];
  const ownOnly = verbs.some((verb) => typeof permission(writing.access, relation, verb) === 'object');
  if (preferences.resolution === 'merge-duplicates' && ownOnly && rows < sent.rows.length) {
    throw errors.forbidden({ detail: 'A row of that key is there and not yours to change.' });
  }
  const range = contentRange(1, 0, preferences.count === undefined ? undefined : rows);
  const applied = appliedPreferences(preferences, 'insert');
  if (preferences.representation === 'representation') {
    return { status: 201, headers: headersOf(format, range, applied), bodyText: body };
  }
  const path = `${request.basePath ?? '/rest/v1'}/${encodeURIComponent(relation.name)}`;
  const where = keys.length === 1 ? { location: location(path, keys[0]!) } : {};
  return { status: 201, headers: { ...headersOf(undefined, range, applied), ...where }, bodyText: '' };
}

async function callFunction(
  request: RestRequest,
  name: string,
  preferences: Preferences,
  format: Format,
  run: RunStatement,
): Promise<RestResponse> {
  const { relations, access, method } = request;
  const called = relations.functions.get(name);
  if (called === undefined || !access.mayCall(name)) {
    const visible = [...relations.functions.keys()].filter((other) => access.mayCall(other));
    const near = nearestName(name, visible);
    throw restErrors.unknown_function({
      detail: `There is no function "${echo(name)}".`,
      ...(near === undefined ? {} : { hint: `Perhaps you meant "${near}".` }),
    });
  }
  const reads = isReadOnly(request);
  if ((!reads && method !== 'POST') || (reads && called.volatile)) {
    throw errors.method_not_allowed({ detail: `"${name}" takes ${called.volatile ? 'POST' : 'GET, HEAD and POST'}.` });
  }
  if (!reads) requireJsonBody(request.headers);
  const names = new Set(reads ? called.parameters.map((parameter) => parameter.name) : []);
  const query = withRange(request, parseQuery(request.search, names));
  const args = reads ? argumentsOfQuery(called, query.arguments) : argumentsOfBody(called, request.body);
  const node = called.result === undefined ? undefined : planQuery(relations, access, called.result, query);
  const withTotal = preferences.count !== undefined && node !== undefined;
  const statement = compileCall(access, called, args, node, format, withTotal);
  const { body, rows, total } = await answer(run, statement);
  const applied = appliedPreferences(preferences, 'call');
  const [status, range] = pageStatus(node === undefined ? 0 : (query.offset ?? 0), rows, total);
  if (called.returns === 'void') return { status: 204, headers: headersOf(undefined, range, applied), bodyText: '' };
  if (called.returns === 'rows') requireSingle(format, rows);
  return { status, headers: headersOf(format, range, applied), bodyText: method === 'HEAD' ? '' : body };
}
