/** Where rows come from: an open database, or a backup's file. */
import type pg from 'pg';
import type { Engine } from '../db/engine.ts';
import { transferErrors } from './errors.ts';
import { type Chunk, hashTable, readChunks, type TableHash } from './rows.ts';
import { begin, transferProblem } from './session.ts';
import { type DatabaseShape, readSetting, readShape, type TableShape, transfer_setting } from './shape.ts';

/** How far a table has come: opaque to the loader, who keeps it. */
export interface Position {
  readonly rows: number;
  /** Key of the last row, as text. */
  readonly last: readonly string[];
}

export interface TransferSource {
  readonly description: string;
  readonly shape: DatabaseShape;
  /** The rows that come after a position, in an order that stays the same. Tables are asked for in the shape's order. */
  chunks(table: TableShape, after: Position | undefined): AsyncIterable<Chunk>;
  hash(table: TableShape): Promise<TableHash>;
  close(): Promise<void>;
}

/**
 * Opens a database for reading: one snapshot, read only, for as long as the source is open. Throws
 * `transfer_source_missing` where Plinth was never set up, `transfer_unfinished` for one that is itself half loaded.
 */
export async function openDatabaseSource(engine: Engine, prefix = 'plinth'): Promise<TransferSource> {
  if (engine.capabilities.distributed) {
    throw transferErrors.transfer_unsupported({ detail: `${engine.description} has distributed tables` });
  }
  const client = await connect(engine);
  try {
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('plinth.registered_tables') is not null as there`,
    );
    if (!rows[0]!.there) {
      throw transferErrors.transfer_source_missing({ detail: `${engine.description} has no schema plinth` });
    }
    await begin(client, prefix, 'snapshot');
    if ((await readSetting(client, transfer_setting)) !== undefined) {
      throw transferErrors.transfer_unfinished({ detail: engine.description });
    }
    const shape = await readShape(client);
    return {
      description: engine.description,
      shape,
      chunks: (table, after) => readChunks(client, table, { after: after?.last }),
      hash: (table) => hashTable(client, table),
      close: () => release(client),
    };
  } catch (error) {
    await release(client);
    throw transferProblem(error);
  }
}

/** A connection of its own; a broken one rejects the statement in flight and is not given back. */
export async function connect(engine: Engine): Promise<pg.PoolClient> {
  try {
    const client = await engine.directPool.connect();
    client.on('error', ignore);
    return client;
  } catch (error) {
    throw transferProblem(error);
  }
}

/** The statement in flight is rejected too, and tells it. */
const ignore = () => undefined;

export async function release(client: pg.PoolClient): Promise<void> {
  const ended = await client.query('rollback').then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  client.off('error', ignore);
  client.release(ended);
}
