import type pg from 'pg';
import { quoteName, quoteText } from '../migrate/names.ts';
import type { Column, Relation } from './catalogue.ts';
import { textMatching } from './pattern.ts';
import type { Random } from './random.ts';

/** Rows tried for one set of columns that share checks. */
const combinations_max = 50_000;

/** Columns and the SQL of their values; a column that is missing takes its default. */
export type RowSql = ReadonlyMap<string, string>;

/** What a row is made with: a word all its texts carry, and its time. */
export interface Seedling {
  readonly marker: string;
  readonly at: Date;
  readonly random: Random;
}

/**
 * Completes a row: a value for each column that is not given, of its type, that the table's checks accept. It knows no
 * table; it tries values of the type, the literals the checks name, and the default, and asks the database which
 * combination of them the checks let pass: those given that are droppable may be null where another's value excludes them.
 * Throws when none does.
 */
export async function completeRow(
  client: pg.ClientBase,
  table: Relation,
  given: RowSql,
  seedling: Seedling,
  droppable: ReadonlySet<string> = new Set(),
): Promise<Map<string, string>> {
  const row = new Map(given);
  const open = table.columns.filter((column) => !column.isGenerated);
  for (const group of groupsByCheck(table, open)) {
    const checks = table.checks.filter(({ columns }) => columns.some((name) => group.some((one) => one.name === name)));
    const choices = group.map((column) => {
      const fixed = row.get(column.name);
      return fixed === undefined
        ? candidates(
            column,
            checks.map((check) => check.sql),
            seedling,
          )
        : droppable.has(column.name)
          ? [fixed, `null::${column.type}`]
          : [fixed];
    });
    const chosen =
      checks.length === 0
        ? choices.map(([first]) => first ?? 'null')
        : await choose(client, table, group, choices, checks);
    for (const [index, column] of group.entries()) row.set(column.name, chosen[index]!);
  }
  return row;
}

/** Columns that appear together in a check, directly or through others, are chosen together. */
function groupsByCheck(table: Relation, columns: readonly Column[]): Column[][] {
  const groups: Set<string>[] = columns.map((column) => new Set([column.name]));
  for (const { columns: together } of table.checks) {
    const touched = groups.filter((group) => together.some((name) => group.has(name)));
    const [first, ...rest] = touched;
    for (const other of rest) {
      for (const name of other) first?.add(name);
      groups.splice(groups.indexOf(other), 1);
    }
  }
  return groups.map((group) => columns.filter((column) => group.has(column.name)));
}

async function choose(
  client: pg.ClientBase,
  table: Relation,
  group: readonly Column[],
  choices: readonly (readonly string[])[],
  checks: readonly { readonly sql: string }[],
): Promise<string[]> {
  // the longest lists are cut, until there are few enough combinations
  let width = Math.max(2, ...choices.map((list) => list.length));
  while (width > 2 && choices.reduce((all, list) => all * Math.min(list.length, width), 1) > combinations_max) width--;
  const lists = choices.map((list) => list.slice(0, width));
  const sources = group.map((column, n) => {
    const values = lists[n]!.map((sql, index) => `(${index}, ${sql})`).join(', ');
    return `(values ${values}) as c${n}(i${n}, ${quoteName(column.name)})`;
  });
  const indexes = group.map((_, n) => `i${n}`);
  // What a check says of a generated column can not be asked before there is a row.
  const generated = table.columns.filter((column) => column.isGenerated).map((column) => column.name);
  const askable = checks.filter((check) => !generated.some((name) => new RegExp(`\\b${name}\\b`).test(check.sql)));
  const conditions = askable.map((check) => `(${check.sql}) is not false`);
  const { rows } = await client.query<Record<string, number>>(
    `select ${indexes.join(', ')} from ${sources.join(' cross join ')}
     ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
     order by ${indexes.join(' + ')}, ${indexes.join(', ')} limit 1`,
  );
  const found = rows[0];
  if (!found) {
    throw new Error(
      `no value found for ${group.map((column) => column.name).join(', ')}: ${checks.map((c) => c.sql).join(' and ')}`,
    );
  }
  return group.map((_, n) => lists[n]![found[`i${n}`]!]!);
}

/** Values to try for a column, the best first: one that carries the marker, so that it can be recognised elsewhere. */
function candidates(column: Column, checks: readonly string[], seedling: Seedling): string[] {
  const own = byType(column, literalsOf(checks), seedling).map((value) => `${value}::${column.type}`);
  const isWorded = column.category === 'S' || column.type === 'jsonb';
  const list = [];
  if (column.defaultSql !== null && !isWorded) list.push(`(${column.defaultSql})::${column.type}`);
  // Moments such as deleted_at or revoked_at hide a row from whoever looks for live ones.
  if (!column.notNull && column.category === 'D') list.push(`null::${column.type}`);
  list.push(...own);
  if (column.defaultSql !== null && isWorded) list.push(`(${column.defaultSql})::${column.type}`);
  if (!column.notNull) list.push(`null::${column.type}`);
  return [...new Set(list)];
}

/** The quoted texts of check expressions, without those that are cast to something else than text. */
function literalsOf(checks: readonly string[]): string[] {
  return checks.flatMap((sql) => [...sql.matchAll(/'((?:[^']|'')*)'(?!::interval)/g)].map((match) => `'${match[1]}'`));
}

function byType(column: Column, literals: readonly string[], { marker, at, random }: Seedling): string[] {
  const type = column.type.replace(/\(.*\)/, '');
  const moment = quoteText(at.toISOString());
  if (column.enumLabels.length > 0) return column.enumLabels.map(quoteText);
  if (column.category === 'A') return arrays(type, marker, () => random.uuid(at));
  switch (type) {
    case 'uuid':
      return [quoteText(random.uuid(at))];
    case 'boolean':
      return ['true', 'false'];
    case 'jsonb':
    case 'json':
      return [`{"${marker}": 1}`, `["${marker}"]`, '{}', '[]', `"${marker}"`, '1'].map(quoteText);
    case 'bytea':
      return [`sha256(${quoteText(marker)})`, `convert_to(${quoteText(marker)}, 'UTF8')`];
    case 'xid8':
      return ['pg_current_xact_id()'];
    case 'date':
    case 'timestamp with time zone':
    case 'timestamp without time zone':
      return [
        moment,
        `(${moment}::timestamptz + interval '1 day')`,
        `(${moment}::timestamptz - interval '1 day')`,
        `date_trunc('hour', ${moment}::timestamptz, 'UTC')`,
      ];
    case 'time without time zone':
      return [quoteText('12:00')];
    case 'interval':
      return [quoteText('1 hour')];
    case 'inet':
    case 'cidr':
      return [quoteText('192.0.2.1')];
    default:
  }
  if (column.category === 'N') {
    // numeric(5,2) holds three digits before the point
    const [precision, scale] = (/\((\d+)(?:,(\d+))?\)/.exec(column.type)?.slice(1) ?? []).map((part) =>
      Number(part ?? 0),
    );
    const digits = precision === undefined ? 4 : precision - (scale ?? 0);
    return [
      ...['1', '2', '5', '10', '50', '100', '1000', '0', '-1'].filter((one) => one.length <= digits),
      ...literals.filter((literal) => /^'-?[0-9.]+'$/.test(literal)),
    ];
  }
  if (column.category === 'S')
    return [...texts(marker).map(quoteText), ...literals, ...literals.flatMap(textsOfPattern)];
  return [quoteText(''), quoteText(marker), quoteText('{}')];
}

/** For a literal that is a regular expression; others give a text that no check asks for, which does no harm. */
function textsOfPattern(literal: string): string[] {
  if (!/[\^$[]/.test(literal)) return [];
  const text = textMatching(literal.slice(1, -1).replaceAll("''", "'"));
  return text === undefined ? [] : [quoteText(text)];
}

/** Texts of the shapes that checks ask for. */
function texts(marker: string): string[] {
  const hex = Buffer.from(marker).toString('hex');
  return [
    marker,
    `${marker}@example.test`,
    `https://${marker}.example.test/`,
    marker.toUpperCase(),
    hex.repeat(8).slice(0, 64),
    hex.repeat(8).slice(0, 40),
    hex.slice(0, 8),
    marker.slice(-4),
    '1.0.0',
    '2000-01-01',
    '* * * * *',
    'USD',
    'en',
    'a',
    '0',
    '',
  ];
}

function arrays(type: string, marker: string, id: () => string): string[] {
  const empty = quoteText('{}');
  if (type === 'uuid[]') return [empty, quoteText(`{${id()}}`)];
  return /^(?:text|character varying)\[\]$/.test(type) ? [`array[${quoteText(marker)}]`, empty] : [empty];
}
