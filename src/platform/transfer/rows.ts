/** Reading a table's rows as COPY's text, in chunks by key, and the hash two databases are compared by. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { quoteName, quoteText, SCHEMA } from '../migrate/names.ts';
import { type ColumnShape, type TableShape, transfer_setting } from './shape.ts';

/** About so much is read, and committed in the target, at a time; a chunk has at least the one row. */
const chunk_bytes_wanted = 4 * 1024 * 1024;
const chunk_rows_first = 200;
const chunk_rows_max = 20_000;

/** Rows as COPY writes them: a line each, columns by tab. */
export interface Chunk {
  readonly data: Buffer;
  readonly rows: number;
  /** The key of the last row, as text. */
  readonly last: readonly string[];
}

export interface TableHash {
  readonly rows: number;
  /** 64 hex digits. */
  readonly hash: string;
}

/**
 * What stands for a column. A transaction's number means nothing in another cluster and would hide the row there until
 * that cluster has counted so far: every row becomes one of transaction 3, the first that ever was.
 */
function expression({ name, type }: ColumnShape): string {
  return type === 'xid8' ? `'3'::xid8` : quoteName(name);
}

/** Rows that are the database's own state and not its data. */
export function ownRows(table: string): string {
  return table === 'system_settings' ? `key not in ('${transfer_setting}', 'cursor_epoch')` : 'true';
}

/** The table's rows after a key, in the order of the key. `only` is a condition in SQL. */
export async function* readChunks(
  client: pg.ClientBase,
  table: TableShape,
  options: { readonly after?: readonly string[] | undefined; readonly only?: string } = {},
): AsyncGenerator<Chunk> {
  const names = table.key.map(({ name }) => quoteName(name)).join(', ');
  let after = options.after;
  let limit = chunk_rows_first;
  for (;;) {
    const conditions = [ownRows(table.name), options.only ?? 'true'];
    if (after) {
      const values = table.key.map(({ type }, at) => `${quoteText(after![at]!)}::${type}`);
      conditions.push(`(${names}) > (${values.join(', ')})`);
    }
    const chunk = await readCopy(
      client,
      `select ${table.columns.map(expression).join(', ')} from ${SCHEMA}.${quoteName(table.name)}
       where ${conditions.join(' and ')} order by ${names} limit ${limit}`,
      table.key.length,
    );
    if (chunk.rows > 0) yield chunk;
    if (chunk.rows < limit) return;
    after = chunk.last;
    limit = Math.max(1, Math.min(chunk_rows_max, Math.floor((chunk_bytes_wanted * chunk.rows) / chunk.data.length)));
  }
}

async function readCopy(client: pg.ClientBase, query: string, keyColumns: number): Promise<Chunk> {
  const stream = client.query(copyTo(`copy (${query}) to stdout`));
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  const data = Buffer.concat(parts);
  const lastLine = data.subarray(data.lastIndexOf(0x0a, data.length - 2) + 1, Math.max(0, data.length - 1));
  return {
    data,
    rows: stream.rowCount,
    last: lastLine.toString('utf8').split('\t').slice(0, keyColumns).map(plainText),
  };
}

const copyEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** COPY's text format, a field that is not null: https://www.postgresql.org/docs/18/sql-copy.html */
function plainText(field: string): string {
  return field.replace(/\\(.)/gs, (_, character: string) => copyEscapes[character] ?? character);
}

/**
 * Count and hash of a table's rows: equal on every engine for equal rows, whatever the order. Each row's stored columns
 * as text (with the settings of `transferSettings`) are hashed with SHA-256; its four quarters are added up as numbers
 * over all rows, and count and sums are hashed again. Generated columns and transaction numbers are left out.
 */
export async function hashTable(
  client: pg.ClientBase,
  table: TableShape,
  only = 'true',
  relation = `${SCHEMA}.${quoteName(table.name)}`,
): Promise<TableHash> {
  const columns = table.columns.filter(({ type }) => type !== 'xid8').map(({ name }) => quoteName(name));
  const sums = [1, 9, 17, 25].map(
    (from, at) => `sum(('x' || encode(substr(digest, ${from}, 8), 'hex'))::bit(64)::bigint)::text as sum${at}`,
  );
  const { rows } = await client.query<Record<string, string | null>>(
    `select count(*)::text as rows, ${sums.join(', ')}
     from (select sha256(convert_to(row(${columns.join(', ')})::text, 'UTF8')) as digest
           from ${relation} where ${ownRows(table.name)} and ${only}) d`,
  );
  const row = rows[0]!;
  const text = [row['rows'], row['sum0'], row['sum1'], row['sum2'], row['sum3']].map((sum) => sum ?? '0').join(':');
  return { rows: Number(row['rows']), hash: createHash('sha256').update(text).digest('hex') };
}
