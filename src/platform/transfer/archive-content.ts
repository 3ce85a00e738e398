/** What an archive holds: a manifest, and each table's rows in the chunks they were read in. */

import { archiveErrors } from './archive-errors.ts';
import { type ArchiveFormat, type ArchiveKey, readArchive } from './archive-file.ts';
import type { ComparedTable } from './load.ts';
import type { Chunk } from './rows.ts';
import type { DatabaseShape, TableShape } from './shape.ts';
import type { TransferSource } from './source.ts';

/** The first line of the content. */
export interface Manifest {
  readonly shape: DatabaseShape;
  /** Counts and hashes, computed by the source in the snapshot the rows are of. */
  readonly tables: readonly ComparedTable[];
}

/** Stands before the bytes of a chunk, on a line of its own. */
export interface ChunkHead {
  readonly table: string;
  readonly rows: number;
  readonly last: readonly string[];
  readonly bytes: number;
}

const line_bytes_max = 16 * 1024 * 1024;
/** A chunk is about 4 MiB, or one row, and a row holds less than a gigabyte. */
const chunk_bytes_max = 1024 * 1024 * 1024;

/** The content of an archive of everything the source has. */
export async function* archiveContent(
  source: TransferSource,
  onRows: (table: string, rows: number) => void,
): AsyncGenerator<Buffer> {
  const tables: ComparedTable[] = [];
  for (const table of source.shape.tables) tables.push({ name: table.name, ...(await source.hash(table)) });
  yield jsonLine({ shape: source.shape, tables } satisfies Manifest);
  for (const table of source.shape.tables) {
    for await (const { data, rows, last } of source.chunks(table, undefined)) {
      yield jsonLine({ table: table.name, rows, last, bytes: data.length } satisfies ChunkHead);
      yield data;
      onRows(table.name, rows);
    }
  }
}

export function jsonLine(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

interface TableChunk extends Chunk {
  readonly table: string;
}

/**
 * Opens an archive as a source, after reading it through once: a damaged one is refused before anything is loaded.
 * Throws what `readArchive` throws.
 */
export async function openArchiveSource(path: string, key: ArchiveKey): Promise<TransferSource> {
  const { manifest, rows } = await readThrough(path, key);
  for (const { name, rows: wanted } of manifest.tables) {
    if ((rows.get(name) ?? 0) !== wanted)
      throw archiveErrors.archive_damaged({ detail: `${path}: rows of ${name} are missing` });
  }
  let reader = new ArchiveReader(path, key);
  return {
    description: path,
    shape: manifest.shape,
    async *chunks(table, after) {
      if (!(await reader.skipTo(table, manifest.shape.tables))) {
        await reader.close();
        reader = new ArchiveReader(path, key);
        await reader.skipTo(table, manifest.shape.tables);
      }
      let seen = 0;
      for (;;) {
        const chunk = await reader.peek();
        if (chunk?.table !== table.name) return;
        reader.take();
        seen += chunk.rows;
        if (seen > (after?.rows ?? 0)) yield chunk;
      }
    },
    hash: async ({ name }) => manifest.tables.find((table) => table.name === name)!,
    close: () => reader.close(),
  };
}

async function readThrough(path: string, key: ArchiveKey): Promise<{ manifest: Manifest; rows: Map<string, number> }> {
  const reader = new ArchiveReader(path, key);
  try {
    const manifest = await reader.manifest();
    const rows = new Map<string, number>();
    for (let chunk = await reader.peek(); chunk; chunk = await reader.peek()) {
      rows.set(chunk.table, (rows.get(chunk.table) ?? 0) + chunk.rows);
      reader.take();
    }
    return { manifest, rows };
  } finally {
    await reader.close();
  }
}

/** Reads an archive's chunks forward, one ahead. */
export class ArchiveReader<M extends { readonly shape: unknown } = Manifest> {
  readonly #bytes: AsyncGenerator<Buffer>;
  readonly #path: string;
  #rest: Buffer = Buffer.alloc(0);
  #manifest: M | undefined;
  #next: TableChunk | undefined;
  /** Index of the last table that was asked for. */
  #at = -1;

  constructor(path: string, key: ArchiveKey, format?: ArchiveFormat) {
    this.#path = path;
    this.#bytes = readArchive(path, key, format);
  }

  async manifest(): Promise<M> {
    this.#manifest ??= await this.#json<M>();
    if (!this.#manifest?.shape) throw archiveErrors.archive_invalid({ detail: this.#path });
    return this.#manifest;
  }

  /** False when the table lies behind already. */
  async skipTo(table: TableShape, tables: readonly TableShape[]): Promise<boolean> {
    const wanted = tables.findIndex(({ name }) => name === table.name);
    if (wanted <= this.#at) return false;
    this.#at = wanted;
    const before = new Set(tables.slice(0, wanted).map(({ name }) => name));
    for (let chunk = await this.peek(); chunk && before.has(chunk.table); chunk = await this.peek()) this.take();
    return true;
  }

  async peek(): Promise<TableChunk | undefined> {
    if (this.#next) return this.#next;
    await this.manifest();
    const head = await this.#json<ChunkHead>();
    if (!head) return undefined;
    if (!Number.isSafeInteger(head.bytes) || head.bytes < 0 || head.bytes > chunk_bytes_max) {
      throw archiveErrors.archive_invalid({ detail: this.#path });
    }
    const data = await this.#exactly(head.bytes);
    this.#next = { table: head.table, rows: head.rows, last: head.last, data };
    return this.#next;
  }

  take(): void {
    this.#next = undefined;
  }

  async close(): Promise<void> {
    await this.#bytes.return(undefined);
  }

  async #json<T>(): Promise<T | undefined> {
    let end = this.#rest.indexOf(0x0a);
    while (end < 0) {
      if (this.#rest.length > line_bytes_max) throw archiveErrors.archive_invalid({ detail: this.#path });
      const { value, done } = await this.#bytes.next();
      if (done && this.#rest.length === 0) return undefined;
      if (done) throw archiveErrors.archive_damaged({ detail: `${this.#path}: it ends too early` });
      this.#rest = Buffer.concat([this.#rest, value]);
      end = this.#rest.indexOf(0x0a);
    }
    const line = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end + 1);
    try {
      return JSON.parse(line.toString('utf8')) as T;
    } catch (cause) {
      throw archiveErrors.archive_invalid({ detail: this.#path, cause });
    }
  }

  async #exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = [this.#rest];
    let got = this.#rest.length;
    while (got < length) {
      const { value, done } = await this.#bytes.next();
      if (done) throw archiveErrors.archive_damaged({ detail: `${this.#path}: it ends too early` });
      parts.push(value);
      got += value.length;
    }
    const all = Buffer.concat(parts);
    this.#rest = all.subarray(length);
    return all.subarray(0, length);
  }
}
