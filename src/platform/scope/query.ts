import { createRequire } from 'node:module';
import type { Kysely } from 'kysely';

const require = createRequire(import.meta.url);

/**
 * A query builder that can build and can not run: queries are handed to a `ScopedTx`, which can.
 * So no query reaches the database outside the door, and none can be sent on the wrong connection.
 */
export function queryBuilder<DB>(): Kysely<DB> {
  // its 255 files are 0.12 s of a processor, at every start if they were imported, and Plinth itself builds no query
  const kysely = require('kysely') as typeof import('kysely');
  return new kysely.Kysely<DB>({
    dialect: {
      createAdapter: () => new kysely.PostgresAdapter(),
      createDriver: () => new kysely.DummyDriver(),
      createIntrospector: (db) => new kysely.PostgresIntrospector(db),
      createQueryCompiler: () => new kysely.PostgresQueryCompiler(),
    },
  }).withSchema('plinth');
}
