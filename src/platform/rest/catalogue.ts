import type { Verb } from '../module.ts';
import type {
  Column,
  ColumnKind,
  ForeignKey,
  FunctionParameter,
  Relation,
  Relations,
  RestFunction,
  UniqueKey,
} from './relations.ts';

/** Runs one statement and gives its rows. */
export type RunQuery = (text: string, values: readonly string[]) => Promise<readonly Record<string, unknown>[]>;

export interface CatalogueOptions {
  readonly schema: string;
  /** The role requests run as: its privileges say what there is. */
  readonly role: string;
  /** The column that names the organization, in the tables that have it. */
  readonly tenantColumn: string;
  /** Tables whose organization stands in another column, such as `organizations` in `id`. */
  readonly tenantColumns?: ReadonlyMap<string, string>;
  /** The functions `/rpc` may call, by name; a parameter named `p_<tenantColumn>` or `<tenantColumn>` is filled from the scope. */
  readonly functions?: readonly string[];
}

interface TypeRow {
  readonly type: string;
  readonly kind: string;
  readonly base: string;
}

interface ColumnRow extends TypeRow {
  readonly name: string;
  readonly nullable: boolean;
  readonly default: string | null;
  readonly generated: boolean;
  readonly select: boolean;
  readonly insert: boolean;
  readonly update: boolean;
}

interface TableRow {
  readonly name: string;
  readonly verbs: readonly Verb[];
  readonly columns: readonly ColumnRow[];
  readonly keys: readonly (UniqueKey & { readonly primary: boolean })[] | null;
  readonly foreign_keys: readonly ForeignKey[] | null;
  readonly time_column: string | null;
}

interface FunctionRow {
  readonly name: string;
  readonly volatile: boolean;
  readonly returns_set: boolean;
  readonly result_table: string | null;
  readonly result_type: string;
  readonly parameters: readonly (TypeRow & { readonly name: string; readonly default: boolean })[] | null;
  readonly result_columns: readonly (TypeRow & { readonly name: string })[] | null;
}

/**
 * How SQL writes a type whatever the search path (`type`), its category letter (`kind`: A array, S text, R range …)
 * and the name of what it is at bottom, behind domains (`base`).
 */
const typeJson = (oid: string) => `
  'type', (
    select case when spelled.in_catalog then format_type(${oid}, -1) else spelled.name end
    from (
      select n.nspname = 'pg_catalog' as in_catalog, quote_ident(n.nspname) || '.' || quote_ident(y.typname) as name
      from pg_type y
      join pg_namespace n on n.oid = y.typnamespace
      where y.oid = ${oid}
    ) as spelled
  ),
  'kind', (select coalesce(b.typcategory, y.typcategory) from pg_type y left join pg_type b on b.oid = nullif(y.typbasetype, 0) where y.oid = ${oid}),
  'base', (select coalesce(b.typname, y.typname) from pg_type y left join pg_type b on b.oid = nullif(y.typbasetype, 0) where y.oid = ${oid})`;

const tablesSql = `
with tables as (
  select c.oid, c.relname
  from pg_class c
  where c.relnamespace = $1::regnamespace
    and c.relkind in ('r', 'p', 'v', 'f')
    and not c.relispartition
)
select json_build_object(
  'name', t.relname,
  'verbs', to_json(array(
    select verb
    from unnest(array['select', 'insert', 'update', 'delete']) as verb
    where case verb
      when 'delete' then has_table_privilege($2, t.oid, 'delete')
      else has_any_column_privilege($2, t.oid, verb)
    end
  )),
  'columns', (
    select json_agg(
      json_build_object(
        'name', a.attname,
        'nullable', not a.attnotnull,
        'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
        'generated', a.attgenerated <> '' or a.attidentity = 'a',
        'select', has_column_privilege($2, t.oid, a.attnum, 'select'),
        'insert', has_column_privilege($2, t.oid, a.attnum, 'insert'),
        'update', has_column_privilege($2, t.oid, a.attnum, 'update'),
        ${typeJson('a.atttypid')}
      )
      order by a.attnum
    )
    from pg_attribute a
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = t.oid
      and a.attnum > 0
      and not a.attisdropped
  ),
  'keys', (
    select json_agg(
      json_build_object(
        'name', k.conname,
        'primary', k.contype = 'p',
        'columns', (
          select json_agg(a.attname order by place.n)
          from unnest(k.conkey) with ordinality as place (attnum, n)
          join pg_attribute a on a.attrelid = t.oid and a.attnum = place.attnum
        )
      )
      order by k.conname
    )
    from pg_constraint k
    where k.conrelid = t.oid
      and k.contype in ('p', 'u')
      and not k.condeferrable
  ),
  'foreign_keys', (
    select json_agg(
      json_build_object(
        'name', k.conname,
        'referencedTable', r.relname,
        'columns', (
          select json_agg(a.attname order by place.n)
          from unnest(k.conkey) with ordinality as place (attnum, n)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = place.attnum
        ),
        'referencedColumns', (
          select json_agg(a.attname order by place.n)
          from unnest(k.confkey) with ordinality as place (attnum, n)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = place.attnum
        )
      )
      order by k.conname
    )
    from pg_constraint k
    join pg_class r on r.oid = k.confrelid and r.relnamespace = $1::regnamespace and not r.relispartition
    where k.conrelid = t.oid
      and k.contype = 'f'
      and k.conparentid = 0
  ),
  'time_column', (
    select a.attname
    from pg_partitioned_table p
    join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
    where p.partrelid = t.oid
      and p.partstrat = 'r'
      and exists (
        select 1
        from pg_constraint k
        where k.conrelid = t.oid
          and k.contype = 'c'
          and k.conkey @> array[a.attnum]
          and pg_get_constraintdef(k.oid) like '%id_has_time(id, %'
      )
  )
)::text as description
from tables t
order by t.relname`;

const functionsSql = `
select json_build_object(
  'name', p.proname,
  'volatile', p.provolatile = 'v',
  'returns_set', p.proretset,
  'result_type', format_type(p.prorettype, -1),
  'result_table', (
    select c.relname
    from pg_type y
    join pg_class c on c.oid = y.typrelid and c.relkind in ('r', 'p', 'v')
    where y.oid = p.prorettype
      and c.relnamespace = $1::regnamespace
  ),
  'parameters', (
    select json_agg(
      json_build_object(
        'name', coalesce(p.proargnames[arg.n], ''),
        'default', arg.n > p.pronargs - p.pronargdefaults,
        ${typeJson('arg.type')}
      )
      order by arg.n
    )
    from unnest(p.proargtypes::oid[]) with ordinality as arg (type, n)
  ),
  'result_columns', (
    select json_agg(json_build_object('name', p.proargnames[arg.n], ${typeJson('arg.type')}) order by arg.n)
    from unnest(p.proallargtypes) with ordinality as arg (type, n)
    where p.proargmodes[arg.n] in ('t', 'o')
  )
)::text as description
from pg_proc p
where p.pronamespace = $1::regnamespace
  and p.prokind = 'f'
  and p.provariadic = 0
  and p.proname = any($3::text[])
  and has_function_privilege($2, p.oid, 'execute')
order by p.proname, p.oid`;

/**
 * Reads everything the layer needs to know of one schema as `role` sees it. Two statements; keep the answer until the
 * schema changes. Run it under the search path of requests: defaults are printed as that path abbreviates them.
 * Overloaded functions are left out: which one a call means would depend on its arguments.
 */
export async function readRelations(run: RunQuery, options: CatalogueOptions): Promise<Relations> {
  const { schema, role } = options;
  const tables = new Map<string, Relation>();
  for (const row of await run(tablesSql, [schema, role])) {
    const table = toRelation(JSON.parse(String(row['description'])) as TableRow, options);
    tables.set(table.name, table);
  }
  const functions = new Map<string, RestFunction>();
  const names = options.functions ?? [];
  if (names.length > 0) {
    const rows = await run(functionsSql, [schema, role, `{${names.map((name) => JSON.stringify(name)).join(',')}}`]);
    const found = rows.map((row) => JSON.parse(String(row['description'])) as FunctionRow);
    for (const row of found) {
      if (found.filter((other) => other.name === row.name).length === 1) {
        functions.set(row.name, toFunction(row, tables, options));
      }
    }
  }
  return { schema, tables, functions };
}

function toRelation(row: TableRow, options: CatalogueOptions): Relation {
  const columns = new Map(row.columns.map((column) => [column.name, toColumn(column)]));
  const keys = (row.keys ?? []).map(({ name, columns: names, primary }) => ({ name, columns: names, primary }));
  const tenant = options.tenantColumns?.get(row.name) ?? options.tenantColumn;
  return {
    schema: options.schema,
    name: row.name,
    columns,
    primaryKey: keys.find((key) => key.primary)?.columns ?? [],
    uniqueKeys: keys.map(({ name, columns: names }) => ({ name, columns: names })),
    foreignKeys: row.foreign_keys ?? [],
    tenantColumn: columns.has(tenant) ? tenant : undefined,
    timeColumn: row.time_column ?? undefined,
    verbs: new Set(row.verbs),
  };
}

function toColumn(row: ColumnRow): Column {
  return {
    name: row.name,
    ...toType(row),
    nullable: row.nullable,
    defaultExpression: row.default,
    generated: row.generated,
    selectable: row.select,
    insertable: row.insert && !row.generated,
    updatable: row.update && !row.generated,
  };
}

const kindsByName = new Map<string, ColumnKind>(
  Object.entries({
    uuid: 'uuid',
    int2: 'integer',
    int4: 'integer',
    int8: 'integer',
    numeric: 'number',
    float4: 'number',
    float8: 'number',
    bool: 'boolean',
    timestamptz: 'timestamp',
    timestamp: 'timestamp',
    date: 'date',
    json: 'json',
    jsonb: 'jsonb',
    tsvector: 'tsvector',
  } satisfies Record<string, ColumnKind>),
);

function toType(row: TypeRow): { type: string; kind: ColumnKind; integerBytes: number } {
  const byCategory: Readonly<Record<string, ColumnKind>> = { A: 'array', S: 'text', R: 'range' };
  const kind = kindsByName.get(row.base) ?? byCategory[row.kind] ?? 'other';
  return { type: row.type, kind, integerBytes: kind === 'integer' ? Number(row.base.slice(3)) : 0 };
}

function toFunction(row: FunctionRow, tables: ReadonlyMap<string, Relation>, options: CatalogueOptions): RestFunction {
  const all = row.parameters ?? [];
  const tenantNames = [options.tenantColumn, `p_${options.tenantColumn}`];
  const parameters: FunctionParameter[] = all
    .filter((parameter) => !tenantNames.includes(parameter.name))
    .map((parameter) => ({ name: parameter.name, hasDefault: parameter.default, ...toType(parameter) }));
  const table = row.result_table === null ? undefined : tables.get(row.result_table);
  const result = table ?? (row.result_columns === null ? undefined : ownResult(row, options.schema));
  const many = row.returns_set;
  return {
    schema: options.schema,
    name: row.name,
    parameters,
    tenantParameter: all.find((parameter) => tenantNames.includes(parameter.name))?.name,
    returns:
      row.result_type === 'void' ? 'void' : result === undefined ? (many ? 'values' : 'value') : many ? 'rows' : 'row',
    result,
    volatile: row.volatile,
  };
}

/** The columns of `returns table (…)`, as a relation of their own: readable, and tied to no tenant or key. */
function ownResult(row: FunctionRow, schema: string): Relation {
  const columns = (row.result_columns ?? []).map((column): Column => {
    const rights = { selectable: true, insertable: false, updatable: false, generated: false };
    return { name: column.name, ...toType(column), nullable: true, defaultExpression: null, ...rights };
  });
  return {
    schema,
    name: row.name,
    columns: new Map(columns.map((column) => [column.name, column])),
    primaryKey: [],
    uniqueKeys: [],
    foreignKeys: [],
    tenantColumn: undefined,
    timeColumn: undefined,
    verbs: new Set(['select']),
  };
}
