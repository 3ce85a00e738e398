import { makeEvents, type SendAll } from './events.ts';
import { type Live, makeLive } from './live.ts';
import { operations, type Resources } from './operations.gen.ts';
import { paged } from './paging.ts';
import { queryText } from './query.ts';
import { jsonOf } from './response.ts';
import { makeRest, type Rest, type Table } from './rest.ts';
import { makeTasks, type TaskHelpers } from './tasks.ts';
import { invalid, makeTransport, type Transport } from './transport.ts';
import type { CallOptions, ClientOptions } from './types.ts';

export interface RequestInput {
  readonly query?: object | undefined;
  readonly body?: unknown;
  /** The route takes an Idempotency-Key. */
  readonly idempotent?: boolean;
}

/** Every operation below /v1 as client.<resource>.<operation>, and what makes common work short. */
export interface Client extends Omit<Resources, 'tasks' | 'events'> {
  readonly url: string;
  readonly tasks: Resources['tasks'] & TaskHelpers;
  readonly events: Resources['events'] & SendAll;
  /** Events as they come, resumed where a connection broke: for await (const { event } of client.live()). */
  readonly live: Live;
  /** For @supabase/postgrest-js: new PostgrestClient(client.rest.url, { fetch: client.rest.fetch }). */
  readonly rest: Rest;
  /** One table of the generic REST layer, with filters as they stand in the URL. */
  table<Row extends object = Record<string, unknown>>(name: string): Table<Row>;
  /** Any other route of this server, such as those of your own modules; the JSON it answers. */
  request<T = unknown>(method: string, path: string, input?: RequestInput, options?: CallOptions): Promise<T>;
}

/** A client of one Plinth. Throws `invalid_request` for a URL or key that cannot be right; sends nothing yet. */
export function createClient(options: ClientOptions): Client {
  const transport = makeTransport(options);
  const resources: Record<string, object> = {};
  for (const [resource, methods] of Object.entries(operations)) {
    resources[resource] = Object.fromEntries(
      Object.entries(methods).map(([name, text]) => [name, operation(transport, `${resource}.${name}`, text)]),
    );
  }
  const all = resources as unknown as Resources;
  const rest = makeRest(transport);
  return {
    ...all,
    url: transport.url,
    tasks: { ...all.tasks, ...makeTasks(all.tasks) },
    events: { ...all.events, ...makeEvents(all.events) },
    live: makeLive(transport),
    rest: rest.rest,
    table: rest.table,
    async request<T>(method: string, path: string, input: RequestInput = {}, call?: CallOptions) {
      if (!path.startsWith('/')) throw invalid('a path begins with "/"');
      return (await ask(transport, method.toUpperCase(), path, input, call)) as T;
    },
  };
}

/** Turns "PATCH /v1/projects/{id} bi" into the function (id, body, options). */
function operation(transport: Transport, name: string, text: string): (...given: unknown[]) => Promise<unknown> {
  const [method = '', template = '', flags = ''] = text.split(' ');
  const parameters = template.match(/\{\w+\}/g) ?? [];
  const takes = flags[0];
  return (...given) => {
    const path = fillPath(name, template, given);
    const input = takes === '-' ? undefined : (given[parameters.length] ?? {});
    const call = given[parameters.length + (takes === '-' ? 0 : 1)] as CallOptions | undefined;
    const idempotent = flags.includes('i');
    if (takes === 'b') return ask(transport, method, path, { body: input, idempotent }, call);
    if (!flags.includes('p')) return ask(transport, method, path, { query: input as object, idempotent }, call);
    return paged((cursor) => ask(transport, method, path, { query: { ...(input as object), ...cursor } }, call));
  };
}

/** Refuses what would make another path of it: nothing, and the dots that a URL resolves. */
function fillPath(name: string, template: string, given: readonly unknown[]): string {
  let at = 0;
  return template.replace(/\{(\w+)\}/g, (_, parameter: string) => {
    const value = given[at++];
    if (typeof value !== 'string' || value === '' || value === '.' || value === '..') {
      throw invalid(`${name}: ${parameter} is ${JSON.stringify(value) ?? 'missing'}`);
    }
    return encodeURIComponent(value);
  });
}

async function ask(
  transport: Transport,
  method: string,
  path: string,
  { query, body, idempotent = false }: RequestInput,
  call?: CallOptions,
): Promise<unknown> {
  const search = queryText(query);
  const answer = await transport.send(
    {
      method,
      path: search === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${search}`,
      body: body === undefined ? undefined : JSON.stringify(body),
      idempotent,
    },
    call,
  );
  return jsonOf(answer);
}
