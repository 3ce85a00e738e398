/** PGlite as a pool, for the tests of migrations and for processes they start, which have no vitest. */
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import pg from 'pg';

/** A pool of one over PGlite in this process. */
export async function openPgliteFrom(
  origin: { readonly dataDir: string } | { readonly loadDataDir: Blob },
): Promise<{ pool: pg.Pool; close(): Promise<void> }> {
  const db = await PGlite.create({ ...origin, postgresqlconf: ["max_stack_depth='100kB'"] });
  class Client extends pg.Client {
    constructor(options: pg.ClientConfig = {}) {
      const config = createPgConfig(db);
      super({ ...options, ...config } as pg.ClientConfig);
    }
  }
  const pool = new pg.Pool({ Client, max: 1, idleTimeoutMillis: 0 } as pg.PoolConfig);
  pool.on('error', () => undefined);
  return {
    pool,
    close: async () => {
      await pool.end();
      await db.close();
    },
  };
}
