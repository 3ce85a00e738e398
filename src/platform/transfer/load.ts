/** Loading a source into an empty target: chunk by chunk, each with its state in one commit, so that it can go on. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Engine } from '../db/engine.ts';
import { quoteName, SCHEMA } from '../migrate/names.ts';
import { lockHistory } from '../migrate/session.ts';
import { transferErrors } from './errors.ts';
import { type Chunk, hashTable, ownRows, type TableHash } from './rows.ts';
import { inTransaction, transferProblem } from './session.ts';
import { readSetting, readShape, type TableShape, transfer_setting } from './shape.ts';
import { connect, type Position, release, type TransferSource } from './source.ts';

/** How many tables an error names. */
const tables_named_max = 5;

export type TransferEvent =
  | { readonly kind: 'resumed'; readonly rows: number }
  | { readonly kind: 'rows'; readonly table: string; readonly rows: number; readonly total: number }
  | { readonly kind: 'compared'; readonly table: string; readonly at: number; readonly of: number }
  | { readonly kind: 'again'; readonly table: string };

export interface LoadOptions {
  /** Of the role names in the target; default "plinth". */
  readonly prefix?: string;
  readonly onProgress?: (event: TransferEvent) => void;
  /** Stops between two chunks; the state stays, and the same call goes on. */
  readonly signal?: AbortSignal;
}

export interface ComparedTable extends TableHash {
  readonly name: string;
}

export interface LoadResult {
  /** Every table with the count and hash that source and target both have. */
  readonly tables: readonly ComparedTable[];
  readonly rows: number;
  /** Whether it went on with what an earlier call had begun. */
  readonly resumed: boolean;
  /** What cursors of ordered readers carry from now on: one more than in the source. */
  readonly cursorEpoch: number;
  readonly masterKeyFingerprint: string | null;
  /** Tables of the source's schema that nobody registered. */
  readonly notMoved: readonly string[];
}

interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

interface TableState extends Position {
  readonly done: boolean;
}

/** Kept in the target while it is loaded. */
interface LoadState {
  /** Changes with each call: who finds another one there has been taken over. */
  readonly run: string;
  readonly source: string;
  readonly startedAt: string;
  readonly tables: Record<string, TableState>;
  readonly foreignKeys: readonly ForeignKey[];
}

/**
 * Loads every row of the source into a migrated, empty target; triggers and audit do not fire. Afterwards both are
 * equal, table by table, or it throws `transfer_mismatch`. Interrupted at any point, the same call goes on. Throws
 * `transfer_target_not_empty`, `transfer_schema_differs`, `transfer_other_source` before anything is changed.
 */
export async function loadInto(engine: Engine, source: TransferSource, options: LoadOptions = {}): Promise<LoadResult> {
  if (engine.capabilities.distributed) {
    throw transferErrors.transfer_unsupported({ detail: `${engine.description} has distributed tables` });
  }
  const client = await connect(engine);
  try {
    return await new Loader(client, source, options).run();
  } catch (error) {
    throw transferProblem(error);
  } finally {
    await release(client);
  }
}

class Loader {
  readonly client: pg.PoolClient;
  readonly source: TransferSource;
  readonly options: LoadOptions;
  readonly prefix: string;
  readonly runId = randomUUID();
  resumed = false;
  loadedRows = 0;

  constructor(client: pg.PoolClient, source: TransferSource, options: LoadOptions) {
    this.client = client;
    this.source = source;
    this.options = options;
    this.prefix = options.prefix ?? 'plinth';
  }

  async run(): Promise<LoadResult> {
    const state = await this.transaction(() => this.prepare());
    this.resumed = Object.values(state.tables).some(({ rows, done }) => rows > 0 || done);
    this.loadedRows = Object.values(state.tables).reduce((sum, { rows }) => sum + rows, 0);
    if (this.resumed) this.options.onProgress?.({ kind: 'resumed', rows: this.loadedRows });
    for (const table of this.source.shape.tables) await this.loadTable(table, state.tables[table.name]);
    const tables = await this.compareAll();
    const { cursorEpoch: epochBefore, masterKeyFingerprint, unregistered } = this.source.shape;
    await this.transaction(() => this.finish(epochBefore + 1));
    for (const { name } of tables) {
      await this.transaction(() => this.client.query(`analyze ${nameOf(name)}`));
    }
    return {
      tables,
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      resumed: this.resumed,
      cursorEpoch: epochBefore + 1,
      masterKeyFingerprint,
      notMoved: unregistered,
    };
  }

  transaction<T>(work: () => Promise<T>): Promise<T> {
    return inTransaction(this.client, this.prefix, work);
  }

  /** Checks the target, takes it over from an earlier call or makes it ready: one transaction. */
  async prepare(): Promise<LoadState> {
    await lockHistory(this.client);
    const shape = await readShape(this.client);
    const missing = differences(this.source.shape.migrations, shape.migrations);
    if (missing.length > 0) throw transferErrors.transfer_schema_differs({ detail: missing.slice(0, 10).join(', ') });
    const earlier = await readSetting<LoadState>(this.client, transfer_setting);
    if (earlier && earlier.source !== this.source.shape.identity) throw transferErrors.transfer_other_source();
    const state = { ...(earlier ?? (await this.makeReady(shape.tables))), run: this.runId };
    await this.writeState(state);
    return state;
  }

  async makeReady(tables: readonly TableShape[]): Promise<LoadState> {
    const { client } = this;
    const full: string[] = [];
    // rows of catalogues come with the migrations and the first start: the source's take their place
    const replaced = tables.filter(({ name, visibility }) => visibility === 'catalogue' || name === 'system_settings');
    for (const table of tables) {
      if (replaced.includes(table)) continue;
      const { rows } = await client.query<{ full: boolean }>(
        `select exists (select from ${nameOf(table.name)}) as full`,
      );
      if (rows[0]!.full) full.push(table.name);
    }
    if (full.length > 0) {
      const [some, more] = [full.slice(0, tables_named_max).join(', '), full.length - tables_named_max];
      throw transferErrors.transfer_target_not_empty({
        detail: `rows in ${some}${more > 0 ? ` and ${more} more tables` : ''}`,
      });
    }
    for (const { name, months } of this.source.shape.tables) {
      for (const month of months) {
        await client.query(`select ${SCHEMA}.ensure_partition($1, $2::date)`, [name, month]);
      }
    }
    // without the keys between tables the order of rows and tables does not matter, and they are checked in one go later
    const { rows: foreignKeys } = await client.query<ForeignKey>(
      `select r.relname as table, c.conname as name, pg_get_constraintdef(c.oid) as definition
       from pg_catalog.pg_constraint c join pg_catalog.pg_class r on r.oid = c.conrelid
       where c.contype = 'f' and c.conparentid = 0 and r.relnamespace = '${SCHEMA}'::regnamespace
       order by r.relname, c.conname`,
    );
    for (const { table, name } of foreignKeys) {
      await client.query(`alter table ${nameOf(table)} drop constraint ${quoteName(name)}`);
    }
    for (const { name } of replaced) await client.query(`delete from ${nameOf(name)} where ${ownRows(name)}`);
    return {
      run: this.runId,
      source: this.source.shape.identity,
      startedAt: new Date().toISOString(),
      tables: {},
      foreignKeys,
    };
  }

  async writeState(state: LoadState): Promise<void> {
    await this.client.query(
      `insert into ${SCHEMA}.system_settings as s (key, value) values ($1, $2)
       on conflict (key) do update set value = excluded.value`,
      [transfer_setting, JSON.stringify(state)],
    );
  }

  /** The state under a lock. Throws `transfer_taken_over` when another call has begun since. */
  async lockState(): Promise<LoadState> {
    const { rows } = await this.client.query<{ value: LoadState }>(
      `select value from ${SCHEMA}.system_settings where key = $1 for update`,
      [transfer_setting],
    );
    const state = rows[0]?.value;
    if (state?.run !== this.runId) throw transferErrors.transfer_taken_over();
    return state;
  }

  async loadTable(table: TableShape, from: TableState | undefined): Promise<void> {
    if (from?.done) return;
    let position: Position | undefined = from;
    for await (const chunk of readAhead(this.source.chunks(table, position))) {
      this.options.signal?.throwIfAborted();
      position = { rows: (position?.rows ?? 0) + chunk.rows, last: chunk.last };
      await this.loadChunk(table, chunk, position);
      this.loadedRows += chunk.rows;
      this.options.onProgress?.({ kind: 'rows', table: table.name, rows: position.rows, total: this.loadedRows });
    }
    await this.setState(table, { rows: position?.rows ?? 0, last: position?.last ?? [], done: true });
  }

  setState(table: TableShape, next: TableState): Promise<void> {
    return this.transaction(async () => {
      const state = await this.lockState();
      await this.writeState({ ...state, tables: { ...state.tables, [table.name]: next } });
    });
  }

  /**
   * COPY is refused to whom row security binds, and forced it binds the owner; triggers would stamp, audit and refuse.
   * Both are switched off inside the transaction, which holds the table's lock: nobody ever sees it without them.
   */
  loadChunk(table: TableShape, chunk: Chunk, position: Position): Promise<void> {
    const { client } = this;
    const target = nameOf(table.name);
    return this.transaction(async () => {
      const state = await this.lockState();
      await client.query(
        `alter table ${target} no force row level security; alter table ${target} disable trigger user`,
      );
      const columns = table.columns.map(({ name }) => quoteName(name)).join(', ');
      const stream = client.query(copyFrom(`copy ${target} (${columns}) from stdin`));
      await pipeline(Readable.from([chunk.data], { objectMode: false }), stream);
      await client.query(`alter table ${target} enable trigger user; alter table ${target} force row level security`);
      await this.writeState({ ...state, tables: { ...state.tables, [table.name]: { ...position, done: false } } });
    });
  }

  /** Hashes both sides. A table that changed in the source since an earlier call loaded it is loaded again, once. */
  async compareAll(): Promise<ComparedTable[]> {
    const { tables } = this.source.shape;
    const compared: ComparedTable[] = [];
    for (const [at, table] of tables.entries()) {
      this.options.signal?.throwIfAborted();
      const wanted = await this.source.hash(table);
      let got = await this.hashTarget(table);
      if (got.hash !== wanted.hash && this.resumed) {
        this.options.onProgress?.({ kind: 'again', table: table.name });
        await this.transaction(async () => {
          const state = await this.lockState();
          await this.client.query(
            table.name === 'system_settings'
              ? `delete from ${nameOf(table.name)} where ${ownRows(table.name)}`
              : `truncate ${nameOf(table.name)}`,
          );
          await this.writeState({
            ...state,
            tables: { ...state.tables, [table.name]: { rows: 0, last: [], done: false } },
          });
        });
        await this.loadTable(table, undefined);
        got = await this.hashTarget(table);
      }
      if (got.hash !== wanted.hash) {
        throw transferErrors.transfer_mismatch({
          detail: `${table.name}: ${wanted.rows} rows there, ${got.rows} here`,
        });
      }
      compared.push({ name: table.name, ...got });
      this.options.onProgress?.({ kind: 'compared', table: table.name, at: at + 1, of: tables.length });
    }
    return compared;
  }

  hashTarget(table: TableShape): Promise<TableHash> {
    return this.transaction(() => hashTable(this.client, table));
  }

  /** The keys between tables again (each checks its rows), the sequences, the epoch; then the state goes. */
  async finish(cursorEpoch: number): Promise<void> {
    const { client } = this;
    const state = await this.lockState();
    for (const { table, name, definition } of state.foreignKeys) {
      await client.query(`alter table ${nameOf(table)} add constraint ${quoteName(name)} ${definition}`);
    }
    await client.query(`select ${SCHEMA}.ensure_partitions()`);
    for (const { name, lastValue, isCalled } of this.source.shape.sequences) {
      await client.query(`select pg_catalog.setval($1::regclass, $2::bigint, $3)`, [nameOf(name), lastValue, isCalled]);
    }
    await client.query(
      `insert into ${SCHEMA}.system_settings as s (key, value) values ('cursor_epoch', $1)
       on conflict (key) do update set value = excluded.value`,
      [JSON.stringify(cursorEpoch)],
    );
    await client.query(`delete from ${SCHEMA}.system_settings where key = $1`, [transfer_setting]);
  }
}

function nameOf(name: string): string {
  return `${SCHEMA}.${quoteName(name)}`;
}

/** What is in one list alone: "projects/1 is missing". */
export function differences(source: readonly string[], target: readonly string[]): string[] {
  const [there, here] = [new Set(source), new Set(target)];
  const id = (entry: string) => entry.split(' ')[0];
  return [
    ...source.filter((entry) => !here.has(entry)).map((entry) => `${id(entry)} only in the source`),
    ...target.filter((entry) => !there.has(entry)).map((entry) => `${id(entry)} only in the target`),
  ];
}

/** Asks for the next chunk while the caller works on the last: source and target work at the same time. */
async function* readAhead<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = iterator.next();
      // a failure is met at the next turn, not as an unhandled rejection
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await next.catch(() => undefined);
  }
}
