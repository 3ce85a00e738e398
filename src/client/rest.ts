/** The generic REST layer: a configured fetch for postgrest-js, and tables without a query builder. */
import { PlinthError } from './error.ts';
import { queryText } from './query.ts';
import { jsonOf } from './response.ts';
import { invalid, type Transport } from './transport.ts';
import type { CallOptions } from './types.ts';

export interface Rest {
  readonly url: string;
  /** Signs in, repeats and bounds as the client does; errors come back as answers, as postgrest-js wants them. */
  readonly fetch: typeof fetch;
}

/** Parameters of docs/reference/rest.md as they stand in the URL: { select: 'id,name', slug: 'eq.atlas', limit: 10 }. */
export type Filters = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Table<Row extends object> {
  select(filters?: Filters, options?: CallOptions): Promise<Row[]>;
  /** Every row that fits, page after page by limit and offset; give an `order` that is unique. */
  all(filters: Filters & { readonly order: string }, options?: CallOptions & { rows?: number }): AsyncIterable<Row>;
  /** Inserts all rows or none; the rows as stored. */
  insert(rows: Partial<Row> | readonly Partial<Row>[], filters?: Filters, options?: CallOptions): Promise<Row[]>;
  /** As insert; rows whose key (`on_conflict`, else the primary key) is there already are changed instead. */
  upsert(rows: Partial<Row> | readonly Partial<Row>[], filters?: Filters, options?: CallOptions): Promise<Row[]>;
  /** Changes the rows that fit; the server refuses a change without any filter. */
  update(values: Partial<Row>, filters: Filters, options?: CallOptions): Promise<Row[]>;
  /** Deletes the rows that fit; the rows that were. */
  delete(filters: Filters, options?: CallOptions): Promise<Row[]>;
}

const page_rows_default = 500;

export function makeRest(transport: Transport): { rest: Rest; table<Row extends object>(name: string): Table<Row> } {
  const prefix = `${transport.url}/rest/v1`;
  return {
    rest: { url: prefix, fetch: (input, init) => fetchRest(transport, input, init) },
    table<Row extends object>(name: string): Table<Row> {
      if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw invalid(`"${name}" is not the name of a table`);
      const ask = async (
        method: string,
        filters: Filters = {},
        prefer?: string,
        rows?: unknown,
        call?: CallOptions,
      ) => {
        const search = queryText(filters);
        const answer = await transport.send(
          {
            method,
            path: `/rest/v1/${name}${search === '' ? '' : `?${search}`}`,
            body: rows === undefined ? undefined : JSON.stringify(rows),
            idempotent: method !== 'GET',
            headers: prefer === undefined ? undefined : { prefer },
          },
          call,
        );
        const data = jsonOf(answer);
        if (Array.isArray(data)) return data as Row[];
        throw new PlinthError('The answer holds no rows', { code: 'response_invalid', status: answer.status });
      };
      const whole = 'return=representation';
      return {
        select: (filters, call) => ask('GET', filters, undefined, undefined, call),
        async *all(filters, { rows: limit = page_rows_default, ...call } = {}) {
          for (let offset = 0; ; offset += limit) {
            const rows = await ask('GET', { ...filters, limit, offset }, undefined, undefined, call);
            yield* rows;
            if (rows.length < limit) return;
          }
        },
        insert: (rows, filters, call) => ask('POST', filters, whole, rows, call),
        upsert: (rows, filters, call) => ask('POST', filters, `${whole},resolution=merge-duplicates`, rows, call),
        update: (values, filters, call) => ask('PATCH', filters, whole, values, call),
        delete: (filters, call) => ask('DELETE', filters, whole, undefined, call),
      };
    },
  };
}

/** Refuses other addresses than those of this server's REST layer: the key goes nowhere else. */
async function fetchRest(
  transport: Transport,
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  const address = input instanceof Request ? input.url : String(input);
  if (!address.startsWith(`${transport.url}/rest/v1/`))
    throw invalid('the address is not one of this client’s REST layer');
  if (init.body !== undefined && init.body !== null && typeof init.body !== 'string')
    throw invalid('the body is not text');
  const headers = Object.fromEntries(new Headers(init.headers).entries());
  delete headers['authorization'];
  const answer = await transport.exchange(
    {
      method: (init.method ?? 'GET').toUpperCase(),
      path: address.slice(transport.url.length),
      body: init.body ?? undefined,
      idempotent: true,
      headers,
    },
    init.signal ? { signal: init.signal } : {},
  );
  const hasBody = answer.status !== 204 && answer.status !== 304;
  return new Response(hasBody ? answer.text : null, { status: answer.status, headers: answer.headers });
}
