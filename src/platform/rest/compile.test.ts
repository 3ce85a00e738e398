import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlinthError } from '../core/errors.ts';
import type { Verb } from '../module.ts';
import { parseBody } from './body.ts';
import { compileRead } from './compile-read.ts';
import { compileDelete, compileInsert, compileUpdate, type WriteRequest } from './compile-write.ts';
import type { Preferences } from './headers.ts';
import { parseQuery } from './parse.ts';
import { planQuery } from './plan.ts';
import type { Column, ColumnKind, Permission, Relation, Relations, RestAccess } from './relations.ts';

const organizationId = '0a000000-0000-7000-8000-000000000001';
const userId = '00000000-0000-7000-8000-0000000000aa';

const types: Partial<Record<ColumnKind, string>> = {
  integer: 'integer',
  timestamp: 'timestamp with time zone',
  array: 'text[]',
};

function column(name: string, kind: ColumnKind, options: Partial<Column> = {}): Column {
  const rights = { selectable: true, insertable: true, updatable: true, generated: false };
  const integerBytes = kind === 'integer' ? 4 : 0;
  const type = types[kind] ?? kind;
  return { name, kind, type, integerBytes, nullable: true, defaultExpression: null, ...rights, ...options };
}

function table(name: string, columns: Column[], options: Partial<Relation> = {}): Relation {
  const all = [column('organization_id', 'uuid', { updatable: false }), column('id', 'uuid'), ...columns];
  return {
    schema: 'demo',
    name,
    columns: new Map(all.map((each) => [each.name, each])),
    primaryKey: ['organization_id', 'id'],
    uniqueKeys: [{ name: `${name}_pkey`, columns: ['organization_id', 'id'] }],
    foreignKeys: [],
    tenantColumn: 'organization_id',
    timeColumn: undefined,
    verbs: new Set<Verb>(['select', 'insert', 'update', 'delete']),
    ...options,
  };
}

const clients = table('clients', [column('name', 'text')]);
const projects = table(
  'projects',
  [
    column('name', 'text'),
    column('priority', 'integer', { defaultExpression: '3' }),
    column('settings', 'jsonb'),
    column('tags', 'array'),
    column('client_id', 'uuid'),
    column('owner_id', 'uuid'),
    column('secret', 'text', { selectable: false, insertable: false, updatable: false }),
    column('we"ird', 'text'),
  ],
  {
    foreignKeys: [
      {
        name: 'projects_client_fkey',
        columns: ['organization_id', 'client_id'],
        referencedTable: 'clients',
        referencedColumns: ['organization_id', 'id'],
      },
    ],
  },
);
const events = table('events', [column('occurred_at', 'timestamp')], { timeColumn: 'occurred_at' });
const relations: Relations = {
  schema: 'demo',
  tables: new Map([clients, projects, events].map((relation) => [relation.name, relation])),
  functions: new Map(),
};

function accessOf(rules: Record<string, Permission> = {}): RestAccess {
  return { organizationId, userId, may: (name, verb) => rules[`${name}:${verb}`] ?? 'any', mayCall: () => true };
}

function read(name: string, search: string, rules?: Record<string, Permission>, withTotal = false) {
  const access = accessOf(rules);
  const node = planQuery(relations, access, relations.tables.get(name)!, parseQuery(search));
  return compileRead(access, node, { single: false, stripNulls: false }, withTotal);
}

function writing(
  name: string,
  search: string,
  preferences: Preferences = {},
  rules?: Record<string, Permission>,
): WriteRequest {
  const access = accessOf(rules);
  const relation = relations.tables.get(name)!;
  const query = parseQuery(search);
  const node = planQuery(relations, access, relation, query);
  return { access, relation, query, node, preferences, format: { single: false, stripNulls: false } };
}

const id = '00000000-0000-7000-8000-000000000001';

describe('reads', () => {
  test('columns, a filter, an order and a page', () => {
    expect(
      read('projects', `?select=id,name&priority=gte.2&order=name.desc.nullslast&limit=10&offset=20`),
    ).toMatchInlineSnapshot(`
      {
        "text": "select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows from (select t."id", t."name" from "demo"."projects" as t where t."organization_id" = $1::uuid and t."priority" >= $2::integer order by t."name" desc nulls last limit $3::bigint offset $4::bigint) as page",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "2",
          "10",
          "20",
        ],
      }
    `);
  });

  test('every column the caller may read, and no other', () => {
    expect(read('projects', '').text).toMatchInlineSnapshot(
      `"select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows from (select t."organization_id", t."id", t."name", t."priority", t."settings", t."tags", t."client_id", t."owner_id", t."we""ird" from "demo"."projects" as t where t."organization_id" = $1::uuid limit $2::bigint) as page"`,
    );
  });

  test('names the caller made up are bound, as are the keys of JSON paths', () => {
    expect(read('projects', 'select=a:name,settings->x->>y&settings->>z=eq.1&settings->n=gt.5')).toMatchInlineSnapshot(`
      {
        "text": "select (coalesce(json_agg(json_build_object($9::text, page.c1, $10::text, page.c2)), '[]'))::text as body, count(*)::int as rows from (select t."name" as c1, (t."settings" -> $6::text ->> $7::text) as c2 from "demo"."projects" as t where t."organization_id" = $1::uuid and (t."settings" ->> $2::text) = $3::text and (t."settings" -> $4::text) > $5::jsonb limit $8::bigint) as page",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "z",
          "1",
          "n",
          "5",
          "x",
          "y",
          "1000",
          "a",
          "y",
        ],
      }
    `);
  });

  test('an embedded to-one and to-many table join on every column of the key', () => {
    expect(read('projects', 'select=name,clients(name)&clients.name=eq.x').text).toMatchInlineSnapshot(
      `"select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows from (select t."name", (select row_to_json(t2) from (select t1."name" from "demo"."clients" as t1 where t1."organization_id" = t."organization_id" and t1."id" = t."client_id" and t1."organization_id" = $1::uuid and t1."name" = $2::text) as t2) as "clients" from "demo"."projects" as t where t."organization_id" = $1::uuid limit $3::bigint) as page"`,
    );
    expect(
      read('clients', 'select=name,projects!inner(name)&projects.order=name&projects.limit=5', {}, true).text,
    ).toMatchInlineSnapshot(
      `"select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows, (select count(*) from "demo"."clients" as t where t."organization_id" = $1::uuid and exists (select 1 from "demo"."projects" as t1 where t1."organization_id" = t."organization_id" and t1."client_id" = t."id" and t1."organization_id" = $1::uuid))::text as total from (select t."name", (select coalesce(json_agg(row_to_json(t3)), '[]') from (select t2."name" from "demo"."projects" as t2 where t2."organization_id" = t."organization_id" and t2."client_id" = t."id" and t2."organization_id" = $1::uuid order by t2."name" limit $2::bigint) as t3) as "projects" from "demo"."clients" as t where t."organization_id" = $1::uuid and exists (select 1 from "demo"."projects" as t1 where t1."organization_id" = t."organization_id" and t1."client_id" = t."id" and t1."organization_id" = $1::uuid) limit $3::bigint) as page"`,
    );
  });

  test('rows of their own only, also in embedded tables', () => {
    const rules = { 'projects:select': { ownerColumn: 'owner_id' } };
    expect(read('clients', 'select=projects(name)', rules)).toMatchInlineSnapshot(`
      {
        "text": "select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows from (select (select coalesce(json_agg(row_to_json(t2)), '[]') from (select t1."name" from "demo"."projects" as t1 where t1."organization_id" = t."organization_id" and t1."client_id" = t."id" and t1."organization_id" = $1::uuid and t1."owner_id" = $2::uuid limit $3::bigint) as t2) as "projects" from "demo"."clients" as t where t."organization_id" = $1::uuid limit $4::bigint) as page",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "00000000-0000-7000-8000-0000000000aa",
          "1000",
          "1000",
        ],
      }
    `);
  });

  test('a filter on the id of a partitioned table names the time it was minted', () => {
    expect(read('events', `select=id&id=eq.${id}`)).toMatchInlineSnapshot(`
      {
        "text": "select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows from (select t."id" from "demo"."events" as t where t."organization_id" = $1::uuid and (t."id" = $2::uuid and t."occurred_at" >= "demo".uuid_time($2::uuid) and t."occurred_at" < "demo".uuid_time_end($2::uuid)) limit $3::bigint) as page",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "00000000-0000-7000-8000-000000000001",
          "1000",
        ],
      }
    `);
    expect(read('events', `select=id&id=in.(${id},${organizationId})`)).toMatchInlineSnapshot(`
      {
        "text": "select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows from (select t."id" from "demo"."events" as t where t."organization_id" = $1::uuid and (t."id" = any($2::uuid[]) and t."occurred_at" >= "demo".uuid_time($3::uuid) and t."occurred_at" < "demo".uuid_time_end($4::uuid)) limit $5::bigint) as page",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "{"00000000-0000-7000-8000-000000000001","0a000000-0000-7000-8000-000000000001"}",
          "00000000-0000-7000-8000-000000000001",
          "0a000000-0000-7000-8000-000000000001",
          "1000",
        ],
      }
    `);
  });

  test('logic, lists, patterns and containment', () => {
    const search = `select=id&or=(name.ilike.a*,not.and(priority.in.(1,2),tags.cs.{x}))&name=like(any).{a*,b*}&name=is.not_null`;
    expect(read('projects', search)).toMatchInlineSnapshot(`
      {
        "text": "select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows from (select t."id" from "demo"."projects" as t where t."organization_id" = $1::uuid and (t."name" ilike $2::text or not (t."priority" = any($3::integer[]) and t."tags" @> $4::text[])) and t."name" like any($5::text[]) and t."name" is not null limit $6::bigint) as page",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "a%",
          "{"1","2"}",
          "{x}",
          "{a%,b%}",
          "1000",
        ],
      }
    `);
  });
});

describe('writes', () => {
  test('insert of one row, which takes the organization from the scope', () => {
    expect(compileInsert(writing('projects', ''), parseBody('{"name": "x", "priority": 5}'))).toMatchInlineSnapshot(`
      {
        "text": "with written as (insert into "demo"."projects" as t ("organization_id", "name", "priority") select $1::uuid, b."name", b."priority" from json_to_record($2::json) as b ("name" text, "priority" integer) returning 1 as nothing) select count(*)::int as rows from written",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "{"name": "x", "priority": 5}",
        ],
      }
    `);
  });

  test('insert of rows of which some leave a column to its default', () => {
    const request = writing('projects', '?columns=name,priority&select=id', {
      representation: 'representation',
      missing: 'default',
    });
    expect(compileInsert(request, parseBody('[{"name": "x"}, {"name": "y", "priority": 1}]'))).toMatchInlineSnapshot(`
      {
        "text": "with written as (insert into "demo"."projects" as t ("organization_id", "name", "priority") select $1::uuid, b."name", case when r.doc -> 'priority' is null then 3 else b."priority" end from json_array_elements($2::json) as r (doc), json_to_record(r.doc) as b ("name" text, "priority" integer) returning t."id") select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows from (select t."id" from written as t) as page",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "[{"name": "x"}, {"name": "y", "priority": 1}]",
        ],
      }
    `);
  });

  test('upsert', () => {
    const request = writing('projects', '', { resolution: 'merge-duplicates', representation: 'headers-only' });
    expect(compileInsert(request, parseBody(`{"id": "${id}", "name": "x"}`)).text).toMatchInlineSnapshot(
      `"with written as (insert into "demo"."projects" as t ("organization_id", "id", "name") select $1::uuid, b."id", b."name" from json_to_record($2::json) as b ("id" uuid, "name" text) on conflict ("organization_id", "id") do update set "name" = excluded."name" where t."organization_id" = $1::uuid returning t."id") select count(*)::int as rows, json_agg(row_to_json(written))::text as keys from written"`,
    );
  });

  test('update and delete of rows of their own', () => {
    const rules = { 'projects:update': { ownerColumn: 'owner_id' }, 'projects:delete': { ownerColumn: 'owner_id' } };
    const request = writing(
      'projects',
      `select=name,clients(name)&id=eq.${id}`,
      { representation: 'representation' },
      rules,
    );
    expect(compileUpdate(request, parseBody('{"name": "x"}'))).toMatchInlineSnapshot(`
      {
        "text": "with written as (update "demo"."projects" as t set "name" = b."name" from json_to_recordset($2::json) as b ("name" text) where t."organization_id" = $1::uuid and t."owner_id" = $3::uuid and t."id" = $4::uuid returning t."name", t."organization_id", t."client_id") select (coalesce(json_agg(row_to_json(page)), '[]'))::text as body, count(*)::int as rows from (select t."name", (select row_to_json(t2) from (select t1."name" from "demo"."clients" as t1 where t1."organization_id" = t."organization_id" and t1."id" = t."client_id" and t1."organization_id" = $1::uuid) as t2) as "clients" from written as t) as page",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "[{"name": "x"}]",
          "00000000-0000-7000-8000-0000000000aa",
          "00000000-0000-7000-8000-000000000001",
        ],
      }
    `);
    expect(compileDelete(writing('projects', `id=eq.${id}`, {}, rules))).toMatchInlineSnapshot(`
      {
        "text": "with written as (delete from "demo"."projects" as t where t."organization_id" = $1::uuid and t."owner_id" = $2::uuid and t."id" = $3::uuid returning 1 as nothing) select count(*)::int as rows from written",
        "values": [
          "0a000000-0000-7000-8000-000000000001",
          "00000000-0000-7000-8000-0000000000aa",
          "00000000-0000-7000-8000-000000000001",
        ],
      }
    `);
  });
});

describe('refusals', () => {
  const codeOf = (work: () => unknown): string => {
    try {
      work();
      return 'no error';
    } catch (error) {
      if (!(error instanceof PlinthError)) throw error;
      return `${error.code}: ${error.detail} ${error.hint}`;
    }
  };

  test.each([
    ['nam=eq.x', 'unknown_column: "projects" has no column "nam" (in "nam"). Perhaps you meant "name".'],
    ['select=secret', 'unknown_column: "projects" has no column "secret"'],
    ['secret=eq.x', 'unknown_column: "projects" has no column "secret"'],
    ['order=secret', 'unknown_column: "projects" has no column "secret"'],
    ['or=(name.eq.x,secret.like.a*)', 'unknown_column: "projects" has no column "secret"'],
    ['settings->a->>b=cs.x', 'unsupported_operator: "cs" does not apply to "settings", whose type is text.'],
    ['name->a=eq.x', 'unsupported_operator: "name" of "projects" is text, so -> does not apply to it.'],
    ['priority=like.x', 'unsupported_operator: "like" does not apply to "priority", whose type is integer.'],
    ['priority=is.true', 'unsupported_operator: "is.true" does not apply to "priority", whose type is integer.'],
    ['priority=eq.abc', 'invalid_value: "abc" is not a value of "priority", whose type is integer.'],
    ['priority=eq.2147483648', 'invalid_value: "2147483648" is not a value of "priority"'],
    ['priority=in.(1,x)', 'invalid_value: "x" is not a value of "priority"'],
    [
      'id=eq.null',
      'invalid_value: "null" is not a value of "id", whose type is uuid. To compare with null, use is.null.',
    ],
    ['settings->a=eq.{', 'invalid_value: "{" is not a value of "settings", whose type is jsonb.'],
    ['select=id::regclass', 'unknown_cast: "regclass" is not one of text,'],
    ['select=id::constructor', 'unknown_cast: "constructor" is not one of text,'],
    [
      'select=client(name)',
      'unknown_relationship: No foreign key leads from "projects" to "client". Perhaps you meant "clients".',
    ],
    ['clients.name=eq.x', 'not_embedded: "clients" is not embedded in "projects" by "select".'],
    ['select=c:clients(name)&clients.name=eq.x', 'not_embedded: "clients" is not embedded in "projects" by "select".'],
    ['select=clients(name)&clients=eq.x', 'unsupported_operator: "clients" is an embedded table'],
    ['order=clients(name)', 'not_embedded: "clients" is not embedded'],
    [`name=match.${'a'.repeat(600)}`, 'query_too_complex: A pattern or search may hold at most 512 characters.'],
  ])('%s', (search, expected) => {
    expect(codeOf(() => read('projects', search))).toContain(expected);
  });

  test('spreads and related orders need one row', () => {
    expect(codeOf(() => read('clients', 'select=...projects(name)'))).toContain('not_supported');
    expect(codeOf(() => read('clients', 'select=id,projects(name)&order=projects(name)'))).toContain('not_supported');
  });

  test('a table the caller may not read can not be embedded, and is not named', () => {
    expect(codeOf(() => read('projects', 'select=client(name)', { 'clients:select': 'none' }))).toBe(
      'unknown_relationship: No foreign key leads from "projects" to "client". Embedding follows foreign keys: name the other table, the column of the key, or the key itself.',
    );
  });

  test.each([
    ['{"name": "x", "nmae": 1}', 'unknown_column: "projects" has no column "nmae". Perhaps you meant "name".'],
    ['{"secret": "x"}', 'unknown_column: "projects" has no column "secret".'],
    [
      '{"organization_id": "0b000000-0000-7000-8000-000000000002"}',
      'forbidden: "organization_id" is not the organization of this request.',
    ],
    ['[{"name": "x"}, {"name": "y", "organization_id": 5}]', 'invalid_rows: All rows must have the same keys'],
    ['[{"name": "x"}, 5]', 'invalid_rows: Row 2 is not a JSON object.'],
    ['5', 'invalid_rows: The body is not a JSON object.'],
    ['', 'invalid_json: The body is empty.'],
    ['{', 'invalid_json'],
    ['{"priority": "x"}', 'invalid_value: "x" is not a value of "priority", whose type is integer.'],
    [
      '[{"priority": 1}, {"priority": true}]',
      'invalid_value: "true" is not a value of "priority", whose type is integer in row 2.',
    ],
    [`${'['.repeat(200)}${']'.repeat(200)}`, 'json_too_deep'],
  ])('insert of %s', (body, expected) => {
    expect(codeOf(() => compileInsert(writing('projects', ''), parseBody(body)))).toContain(expected);
  });

  test('an owner is filled in, and another refused', () => {
    const request = writing('projects', '', {}, { 'projects:insert': { ownerColumn: 'owner_id' } });
    expect(compileInsert(request, parseBody(`{"name": "x", "owner_id": "${userId}"}`)).values).toContain(userId);
    expect(codeOf(() => compileInsert(request, parseBody(`{"owner_id": "${id}"}`)))).toContain(
      'forbidden: "owner_id" is not you',
    );
  });

  test('writes without a filter', () => {
    expect(codeOf(() => compileDelete(writing('projects', 'select=clients(name)&clients.name=eq.x')))).toContain(
      'filter_required',
    );
    expect(codeOf(() => compileUpdate(writing('projects', 'order=id'), parseBody('{"name": "x"}')))).toContain(
      'filter_required',
    );
    expect(codeOf(() => compileDelete(writing('projects', `id=eq.${id}&limit=1`)))).toContain('not_supported');
  });

  test('an upsert on columns without a unique key', () => {
    const request = writing('projects', 'on_conflict=name', { resolution: 'merge-duplicates' });
    expect(codeOf(() => compileInsert(request, parseBody('{"name": "x"}')))).toContain(
      'no_unique_key: "projects" has unique keys over id.',
    );
  });
});

test('text of a request never becomes SQL: only its values differ', () => {
  const marked = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 15 })
    .filter((text) => !text.includes('\0') && text.isWellFormed())
    .map((text) => `Zq${text}`);
  const enc = (text: string) => encodeURIComponent(text);
  const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  fc.assert(
    fc.property(marked, marked, marked, (one, two, three) => {
      const search = (a: string, b: string, c: string) =>
        `select=${enc(`${quoted(a)}:name,x:settings->${quoted(b)},${quoted(c)}:clients(name)`)}&name=eq.${enc(a)}` +
        `&or=${enc(`(name.like.${quoted(b)},name.in.(${quoted(c)},y),settings->>${quoted(a)}.eq.${quoted(b)})`)}` +
        `&name=wfts(english).${enc(c)}&order=${enc(`settings->${quoted(a)}.desc`)}&name=not.ilike(any).${enc(`{${a}}`)}`;
      const statement = read('projects', search(one, two, three));
      expect(statement.text).toBe(read('projects', search('Zqa', 'Zqb', 'Zqc')).text);
      expect(statement.text).not.toContain('Zq');
      const body = JSON.stringify({ name: one, tags: [two], settings: { [three]: one } });
      const insert = compileInsert(writing('projects', '', { representation: 'representation' }), parseBody(body));
      expect(insert.text).not.toContain('Zq');
      expect(insert.values).toContain(body);
    }),
    { seed: 20261122, numRuns: 300 },
  );
});

test('a statement that was put together before is the one that would be now', () => {
  const filter = fc.constantFrom(
    'name',
    'priority',
    'id',
    'owner_id',
    'tags',
    'not.name',
    'settings->>a',
    'clients.name',
  );
  const values = { name: 'eq.x', priority: 'eq.3', id: `eq.${id}`, owner_id: `eq.${id}`, tags: 'eq.{a}' };
  const query = fc.record({
    select: fc.constantFrom(
      '',
      'select=id,name',
      'select=*',
      'select=a:name',
      'select=settings->>b',
      'select=id,clients(name)',
    ),
    filters: fc.array(fc.tuple(filter, fc.constantFrom(undefined, 'neq.y', 'not.eq.z', 'eq(any).{q}', 'is.null')), {
      maxLength: 3,
    }),
    rest: fc.constantFrom('', 'limit=5', 'limit=7&offset=2', 'offset=0', 'order=name'),
    table: fc.constantFrom('projects', 'projects', 'events'),
    owned: fc.boolean(),
    single: fc.boolean(),
    stripNulls: fc.boolean(),
    withTotal: fc.boolean(),
  });
  const outcome = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return (error as PlinthError).code;
    }
  };
  fc.assert(
    fc.property(query, ({ select, filters, rest, table: name, owned, single, stripNulls, withTotal }) => {
      const said = filters.map(([column, operation]) => `${column}=${operation ?? values[column as 'name'] ?? 'eq.w'}`);
      const search = [select, ...said, rest].filter((part) => part !== '').join('&');
      const access = accessOf(owned ? { [`${name}:select`]: { ownerColumn: 'owner_id' } } : {});
      const compiled = (among: Relations) =>
        outcome(() => {
          const node = planQuery(among, access, among.tables.get(name)!, parseQuery(search));
          return compileRead(access, node, { single, stripNulls }, withTotal);
        });
      // tables that nobody has seen have nothing put together
      const unseen = { ...relations, tables: new Map([...relations.tables].map(([key, one]) => [key, { ...one }])) };
      expect(compiled(relations)).toEqual(compiled(unseen));
    }),
    { seed: 20261124, numRuns: 3_000 },
  );
});
