/** Many rows into one table: by COPY where the caller may, else by inserts of many rows each. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Capabilities } from './engine.ts';

/** PostgreSQL takes at most 65,535 parameters in a statement. */
const parametersMax = 60_000;
const rowsPerInsertMax = 1_000;
/** Text handed to COPY at a time. */
const copyChunkChars = 64 * 1024;

export type BulkValue = string | number | bigint | boolean | Date | Buffer | null | undefined | object;
export type BulkRows = AsyncIterable<readonly BulkValue[]> | Iterable<readonly BulkValue[]>;

export interface BulkOptions {
  readonly capabilities: Pick<Capabilities, 'copyFromStdin'>;
  /**
   * `false` inserts even where COPY works: COPY can not be used on a table whose row-level security applies to the
   * current role, and knows no `on conflict do nothing`.
   */
  readonly copy?: boolean;
  /** Rows that are there already are passed over and not counted. Implies inserts. */
  readonly skipExisting?: boolean;
}

/**
 * Loads rows, each with a value for each column in order, and returns how many were stored. All or nothing inside the
 * caller's transaction; without one, COPY is all or nothing and inserts are so per 1,000 rows. Rows are taken as the
 * database takes them, so memory stays bounded. Throws what the database throws.
 */
export async function bulkLoad(
  client: pg.ClientBase,
  table: string,
  columns: readonly string[],
  rows: BulkRows,
  options: BulkOptions,
): Promise<number> {
  if (columns.length === 0) throw new TypeError('bulkLoad wants at least one column');
  const target = `${qualified(table)} (${columns.map((column) => pg.escapeIdentifier(column)).join(', ')})`;
  const byCopy = options.capabilities.copyFromStdin && options.copy !== false && !options.skipExisting;
  return byCopy
    ? await loadByCopy(client, target, columns.length, rows)
    : await loadByInserts(client, target, columns.length, rows, options.skipExisting === true);
}

async function loadByCopy(client: pg.ClientBase, target: string, width: number, rows: BulkRows): Promise<number> {
  const stream = client.query(copyFrom(`copy ${target} from stdin`));
  await pipeline(Readable.from(copyChunks(rows, width), { objectMode: false, highWaterMark: copyChunkChars }), stream);
  return stream.rowCount;
}

async function* copyChunks(rows: BulkRows, width: number): AsyncGenerator<string> {
  let chunk = '';
  for await (const row of rows) {
    checkWidth(row, width);
    chunk += `${row.map(copyField).join('\t')}\n`;
    if (chunk.length >= copyChunkChars) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
}

const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** COPY's text format: https://www.postgresql.org/docs/18/sql-copy.html#id-1.9.3.55.9.2 */
function copyField(value: BulkValue): string {
  const text = asText(value);
  return text === null ? '\\N' : text.replace(/[\\\t\n\r]/g, (character) => copyEscapes[character]!);
}

async function loadByInserts(
  client: pg.ClientBase,
  target: string,
  width: number,
  rows: BulkRows,
  skipExisting: boolean,
): Promise<number> {
  const rowsPerInsert = Math.min(rowsPerInsertMax, Math.floor(parametersMax / width));
  let stored = 0;
  let batch: (string | null)[] = [];
  const insert = async () => {
    const count = batch.length / width;
    // `insert … values`: a bare `insert … select` is refused under row-level security on Citus.
    const tuples = Array.from({ length: count }, (_, row) => tuple(row * width, width)).join(', ');
    const text = `insert into ${target} values ${tuples}${skipExisting ? ' on conflict do nothing' : ''}`;
    stored += (await client.query(text, batch)).rowCount ?? 0;
    batch = [];
  };
  for await (const row of rows) {
    checkWidth(row, width);
    for (const value of row) batch.push(asText(value));
    if (batch.length >= rowsPerInsert * width) await insert();
  }
  if (batch.length > 0) await insert();
  return stored;
}

function tuple(before: number, width: number): string {
  return `(${Array.from({ length: width }, (_, column) => `$${before + column + 1}`).join(', ')})`;
}

const { utils } = pg as unknown as { utils: { prepareValue(value: unknown): string | Buffer | null } };

/** As `pg` sends a parameter, in text: dates with their offset, arrays as '{…}', objects as JSON, bytes as '\x…'. */
function asText(value: BulkValue): string | null {
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  const prepared = utils.prepareValue(value);
  return Buffer.isBuffer(prepared) ? `\\x${prepared.toString('hex')}` : prepared;
}

function checkWidth(row: readonly BulkValue[], width: number): void {
  if (row.length !== width) throw new TypeError(`a row has ${row.length} values for ${width} columns`);
}

/** "schema.table" or "table", quoted. */
function qualified(table: string): string {
  return table
    .split('.')
    .map((part) => pg.escapeIdentifier(part))
    .join('.');
}
