/** A small schema with composite keys, two organizations and a request role, and a server over it: for tests only. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { PlinthError } from '../core/errors.ts';
import { type RunQuery, readRelations } from './catalogue.ts';
import { handleRest, type RestRequest } from './execute.ts';
import type { Permission, Relations, RestAccess } from './relations.ts';
import { postgrestFields } from './respond.ts';
import type { Statement } from './sql.ts';

export const acme = '0a000000-0000-7000-8000-000000000001';
export const other = '0b000000-0000-7000-8000-000000000002';
/** The n-th id of the fixture. */
export const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
/** Ids minted from 2026-01-10 and 2026-02-10, noon. */
export const eventIds = ['019ba7d0-ee00-7000-8000-000000000001', '019c4771-3a00-7000-8000-000000000002'] as const;

const tenantTables = [
  'clients',
  'people',
  'projects',
  'project_details',
  'project_members',
  'tasks',
  'entities',
  'labels',
  'events',
];

export const schemaSql = `
create schema demo;
create role demo_app nologin;
grant usage on schema demo to demo_app;
create function demo.uuid_time(id uuid) returns timestamptz language sql immutable strict parallel safe as $$
  select to_timestamp(('x0000' || substr(replace(id::text, '-', ''), 1, 12))::bit(64)::bigint / 1000.0::double precision) $$;
create function demo.uuid_time_end(id uuid) returns timestamptz language sql immutable strict parallel safe as $$
  select to_timestamp((('x0000' || substr(replace(id::text, '-', ''), 1, 12))::bit(64)::bigint + 1) / 1000.0::double precision) $$;
create function demo.id_has_time(id uuid, at timestamptz) returns boolean language sql immutable parallel safe as $$
  select at >= demo.uuid_time(id) and at < demo.uuid_time_end(id) $$;
create table demo.clients (
  organization_id uuid not null, id uuid not null default gen_random_uuid(), name text not null,
  constraint clients_pkey primary key (organization_id, id));
create table demo.people (
  organization_id uuid not null, id uuid not null default gen_random_uuid(), name text not null, manager_id uuid,
  constraint people_pkey primary key (organization_id, id),
  constraint people_manager_fkey foreign key (organization_id, manager_id) references demo.people (organization_id, id));
create domain demo.short_text as text constraint short_text_length check (length(value) <= 20);
create type demo.mood as enum ('calm', 'busy');
create table demo.projects (
  organization_id uuid not null, id uuid not null default gen_random_uuid(), name text not null, client_id uuid,
  owner_id uuid, budget numeric(20, 4), size bigint, priority integer not null default 3, rating smallint, done boolean,
  started_on date, created_at timestamptz not null default '2026-01-01T00:00:00Z', settings jsonb not null default '{}',
  notes json, tags text[] not null default '{}', mood demo.mood, code demo.short_text, label varchar(5),
  name_lower text generated always as (lower(name)) stored, secret text,
  search tsvector generated always as (to_tsvector('english', name)) stored,
  constraint projects_pkey primary key (organization_id, id),
  constraint projects_name_key unique (organization_id, name),
  constraint projects_client_fkey foreign key (organization_id, client_id) references demo.clients (organization_id, id));
create table demo.project_details (
  organization_id uuid not null, project_id uuid not null, summary text,
  constraint project_details_pkey primary key (organization_id, project_id),
  constraint project_details_project_fkey foreign key (organization_id, project_id) references demo.projects (organization_id, id));
create table demo.project_members (
  organization_id uuid not null, project_id uuid not null, person_id uuid not null, since date,
  constraint project_members_pkey primary key (organization_id, project_id, person_id),
  constraint project_members_project_fkey foreign key (organization_id, project_id) references demo.projects (organization_id, id),
  constraint project_members_person_fkey foreign key (organization_id, person_id) references demo.people (organization_id, id));
create table demo.tasks (
  organization_id uuid not null, id uuid not null default gen_random_uuid(), name text not null, project_id uuid,
  assignee_id uuid, reviewer_id uuid,
  constraint tasks_pkey primary key (organization_id, id),
  constraint tasks_project_fkey foreign key (organization_id, project_id) references demo.projects (organization_id, id),
  constraint tasks_assignee_fkey foreign key (organization_id, assignee_id) references demo.people (organization_id, id),
  constraint tasks_reviewer_fkey foreign key (organization_id, reviewer_id) references demo.people (organization_id, id));
create table demo.entities (
  organization_id uuid not null, id integer not null, name text, numbers integer[], span int4range, data jsonb,
  and_starting text, "odd ""name" text,
  constraint entities_pkey primary key (organization_id, id));
create table demo.labels (
  organization_id uuid not null, id uuid not null default gen_random_uuid(), slug text not null, title text default 'untitled',
  constraint labels_pkey primary key (organization_id, id),
  constraint labels_slug_key unique (organization_id, slug));
create table demo.events (
  organization_id uuid not null, id uuid not null, occurred_at timestamptz not null, kind text not null,
  constraint events_pkey primary key (organization_id, id, occurred_at),
  constraint events_id_time check (demo.id_has_time(id, occurred_at)))
  partition by range (occurred_at);
create table demo.events_2026_01 partition of demo.events for values from ('2026-01-01') to ('2026-02-01');
create table demo.events_2026_02 partition of demo.events for values from ('2026-02-01') to ('2026-03-01');
create table demo.countries (code text not null, name text not null, constraint countries_pkey primary key (code));
create table demo.hidden (id uuid not null, constraint hidden_pkey primary key (id));
create function demo.add_them(a integer, b integer default 10) returns integer language sql immutable as $$ select a + b $$;
create function demo.projects_like(organization_id uuid, pattern text) returns setof demo.projects language sql stable security definer as $$
  select * from demo.projects p where p.organization_id = $1 and p.name like $2 order by p.name $$;
create function demo.counts() returns table (kind text, amount bigint) language sql stable as $$
  select 'projects', count(*) from demo.projects union all select 'tasks', count(*) from demo.tasks $$;
create function demo.echo_json(value jsonb) returns jsonb language sql immutable as $$ select value $$;
create function demo.sum_of(numbers bigint[]) returns numeric language sql immutable as $$ select sum(n) from unnest(numbers) as n $$;
create function demo.rename_project(project uuid, name text) returns void language sql volatile as $$
  update demo.projects p set name = $2 where p.id = $1 $$;
create function demo.not_registered() returns integer language sql immutable as $$ select 1 $$;
${tenantTables
  .map(
    (table) => `
alter table demo.${table} enable row level security;
alter table demo.${table} force row level security;
create policy ${table}_tenant on demo.${table} to demo_app
  using (organization_id = nullif(current_setting('demo.organization_id', true), '')::uuid)
  with check (organization_id = nullif(current_setting('demo.organization_id', true), '')::uuid);
${table === 'projects' ? '' : `grant select, insert, update, delete on demo.${table} to demo_app;`}`,
  )
  .join('')}
grant select (organization_id, id, name, client_id, owner_id, budget, size, priority, rating, done, started_on, created_at,
  settings, notes, tags, mood, code, label, name_lower, search),
  insert (organization_id, id, name, client_id, owner_id, budget, size, priority, rating, done, started_on, created_at,
  settings, notes, tags, mood, code, label),
  update (name, client_id, owner_id, budget, size, priority, rating, done, started_on, settings, notes, tags, mood, code, label),
  delete on demo.projects to demo_app;
grant select on demo.countries to demo_app;
`;

export const dataSql = `
insert into demo.clients (organization_id, id, name) values
  ('${acme}', '${id(1)}', 'Microsoft'), ('${acme}', '${id(2)}', 'Apple'), ('${other}', '${id(3)}', 'Hidden Client');
insert into demo.people (organization_id, id, name, manager_id) values
  ('${acme}', '${id(21)}', 'Angela', null), ('${acme}', '${id(22)}', 'Michael', '${id(21)}'),
  ('${acme}', '${id(23)}', 'Dwight', '${id(22)}'), ('${other}', '${id(24)}', 'Spy', null);
insert into demo.projects (organization_id, id, name, client_id, owner_id, budget, size, done, started_on, settings, tags, mood) values
  ('${acme}', '${id(11)}', 'Windows 7', '${id(1)}', '${id(21)}', 100.5000, 9007199254740993, true, '2025-01-01', '{"a": {"b": "x"}, "list": [1, 2, 3], "n": 5}', '{os,old}', 'calm'),
  ('${acme}', '${id(12)}', 'Windows 10', '${id(1)}', '${id(22)}', 200, 2, false, '2025-02-01', '{"a": {"b": "y"}}', '{os}', 'busy'),
  ('${acme}', '${id(13)}', 'IOS', '${id(2)}', '${id(21)}', null, 3, null, null, '{}', '{}', null),
  ('${acme}', '${id(14)}', 'Orphan', null, null, 0.1, null, null, null, '{}', '{"a b","c,d"}', null),
  ('${other}', '${id(15)}', 'Secret project', '${id(3)}', '${id(24)}', 1, 1, true, null, '{}', '{}', null);
update demo.projects set secret = 'xyzzy';
insert into demo.project_details (organization_id, project_id, summary) values ('${acme}', '${id(11)}', 'seven');
insert into demo.project_members (organization_id, project_id, person_id, since) values
  ('${acme}', '${id(11)}', '${id(21)}', '2025-01-01'), ('${acme}', '${id(11)}', '${id(22)}', null), ('${acme}', '${id(13)}', '${id(21)}', null);
insert into demo.tasks (organization_id, id, name, project_id, assignee_id, reviewer_id) values
  ('${acme}', '${id(31)}', 'Design w7', '${id(11)}', '${id(21)}', '${id(22)}'),
  ('${acme}', '${id(32)}', 'Code w7', '${id(11)}', '${id(22)}', null),
  ('${acme}', '${id(33)}', 'Design w10', '${id(12)}', null, null),
  ('${acme}', '${id(34)}', 'Loose', null, null, null),
  ('${other}', '${id(35)}', 'Spying', '${id(15)}', '${id(24)}', null);
insert into demo.entities (organization_id, id, name, numbers, span, data) values
  ('${acme}', 1, 'entity 1', '{1}', '[1,3]', '{"a": 1}'), ('${acme}', 2, 'entity 2', '{1,2}', '[3,6]', '{"a": 2}'),
  ('${acme}', 3, 'entity 3', '{1,2,3}', '[6,9]', '{"b": null}'), ('${acme}', 4, null, null, '[9,12]', null);
insert into demo.labels (organization_id, id, slug, title) values
  ('${acme}', '${id(41)}', 'red', 'Red'), ('${other}', '${id(42)}', 'red', 'Their red');
insert into demo.events (organization_id, id, occurred_at, kind) values
  ('${acme}', '${eventIds[0]}', demo.uuid_time('${eventIds[0]}'), 'push'),
  ('${acme}', '${eventIds[1]}', demo.uuid_time('${eventIds[1]}'), 'issue');
insert into demo.countries (code, name) values ('at', 'Austria'), ('ch', 'Switzerland');
`;

export const functions = [
  'add_them',
  'projects_like',
  'counts',
  'echo_json',
  'sum_of',
  'rename_project',
  'does_not_exist',
];

/** Full rights to every granted table as a member of Acme, unless told otherwise. */
export function accessOf(options: Partial<RestAccess> & { rules?: Record<string, Permission> } = {}): RestAccess {
  return {
    organizationId: acme,
    userId: id(21),
    may: (table, verb) => options.rules?.[`${table}:${verb}`] ?? 'any',
    mayCall: () => true,
    ...options,
  };
}

/** Values go as text, as `pg` sends them; PGlite's own serializers would refuse text for a boolean. */
const asText = new Proxy<Record<number, (value: unknown) => string>>({}, { get: () => String });

type Response = Awaited<ReturnType<typeof handleRest>>;

export interface Demo {
  readonly db: PGlite;
  readonly relations: Relations;
  /** Answers one request as its own transaction under the request role. */
  handle(request: Partial<RestRequest> & Pick<RestRequest, 'resource'>): Promise<Response>;
  /** Answers `table?query`, the query readable rather than encoded. */
  get(path: string, options?: Partial<RestRequest>): Promise<Response & { json: unknown }>;
  /** The same with a method, a body and a Prefer header. */
  send(method: string, path: string, body: unknown, prefer?: string): Promise<Response & { json: unknown }>;
  /** "status code: detail" of the error, or "no error". */
  refusal(path: string, options?: Partial<RestRequest>): Promise<string>;
  /** Runs `work` in a transaction that is rolled back after it. */
  undone(work: () => Promise<void>): Promise<void>;
  /** A server that answers `/rest/v1/…`, for clients. */
  listen(access?: RestAccess): Promise<{ url: string; close(): Promise<void> }>;
  close(): Promise<void>;
}

export async function openDemo(): Promise<Demo> {
  const db = await PGlite.create();
  await db.exec(schemaSql);
  await db.exec(dataSql);
  const run: RunQuery = async (text, values) =>
    (await db.query<Record<string, unknown>>(text, [...values], { serializers: asText })).rows;
  const relations = await readRelations(run, {
    schema: 'demo',
    role: 'demo_app',
    tenantColumn: 'organization_id',
    functions,
  });
  let undoing = false;
  let last: Promise<unknown> = Promise.resolve();
  const answer = async (request: RestRequest): Promise<Response> => {
    await db.exec(undoing ? 'savepoint request' : 'begin');
    try {
      await db.exec('set local role demo_app');
      await db.query("select set_config('demo.organization_id', $1, true)", [request.access.organizationId]);
      const response = await handleRest(
        request,
        async ({ text, values }: Statement) =>
          (await db.query<Record<string, unknown>>(text, [...values], { serializers: asText })).rows,
      );
      await db.exec(undoing ? 'reset role; release savepoint request' : 'commit');
      return response;
    } catch (error) {
      await db.exec(undoing ? 'rollback to savepoint request' : 'rollback');
      throw error;
    }
  };
  const handle: Demo['handle'] = (partial) => {
    const access = partial.access ?? accessOf();
    const response = last.then(() => answer({ method: 'GET', search: '', headers: {}, relations, ...partial, access }));
    last = response.catch(() => undefined);
    return response;
  };
  const undone: Demo['undone'] = async (work) => {
    await db.exec('begin');
    undoing = true;
    try {
      await work();
    } finally {
      undoing = false;
      await db.exec('rollback');
    }
  };
  const listenAs = (access?: RestAccess) => listen(handle, access);
  return { db, relations, handle, ...shorthands(handle), undone, listen: listenAs, close: () => db.close() };
}

function shorthands(handle: Demo['handle']): Pick<Demo, 'get' | 'send' | 'refusal'> {
  const get: Demo['get'] = async (path, options = {}) => {
    const [resource = '', search = ''] = path.split(/\?(.*)/s);
    const encoded = encodeURI(search).replaceAll('+', '%2B').replaceAll('#', '%23');
    const response = await handle({ resource, search: encoded, ...options });
    return { ...response, json: response.bodyText === '' ? undefined : (JSON.parse(response.bodyText) as unknown) };
  };
  const refusal: Demo['refusal'] = async (path, options) => {
    try {
      await get(path, options);
      return 'no error';
    } catch (error) {
      if (error instanceof PlinthError) return `${error.status} ${error.code}: ${error.detail}`;
      throw error;
    }
  };
  const send: Demo['send'] = (method, path, body, prefer = '') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return get(path, { method, body: text, headers: { prefer } });
  };
  return { get, send, refusal };
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : Buffer.concat(chunks).toString('utf8');
}

/** The states the door's own table maps, as far as the tests provoke them. */
const statuses: Record<string, number> = { '23505': 409, '23503': 409, '23502': 422, '42501': 403 };

async function listen(handle: Demo['handle'], access = accessOf()): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const resource = decodeURIComponent(url.pathname.replace(/^\/rest\/v1\//, ''));
    readBody(request)
      .then((body) =>
        handle({
          method: request.method ?? 'GET',
          resource,
          search: url.search,
          headers: request.headers,
          body,
          access,
        }),
      )
      .then(({ status, headers, bodyText }) => response.writeHead(status, headers).end(bodyText))
      .catch((error: unknown) => {
        const state = error instanceof Error && 'code' in error ? String(error.code) : 'internal';
        const status = error instanceof PlinthError ? error.status : (statuses[state] ?? 500);
        const fields = error instanceof PlinthError ? postgrestFields(error) : { code: state, message: String(error) };
        response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(fields));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}/rest/v1`, close };
}
