/** Migrates in a process of its own, to be killed. argv: JSON of { url } or { dataDir }, and the sources. */
import pg from 'pg';
import { type MigrationSource, readMigrations } from '../../src/platform/migrate/files.ts';
import { migrateUp } from '../../src/platform/migrate/run.ts';
import { program } from './fixtures.ts';
import { openPgliteFrom } from './pglite.ts';

const job = JSON.parse(process.argv[2]!) as { url?: string; dataDir?: string; sources: MigrationSource[] };
const pool = job.url
  ? new pg.Pool({ connectionString: job.url, max: 1 })
  : (await openPgliteFrom({ dataDir: job.dataDir! })).pool;
const { done } = await migrateUp(pool, await readMigrations(job.sources), {
  ...program,
  onProgress: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
process.stdout.write(`${JSON.stringify({ kind: 'result', done })}\n`);
process.exit(0);
