/** Migrates in a process of its own, to be killed. argv: JSON of { url } or { dataDir }, and the sources. */
import pg from 'pg';
import { type MigrationSource, readMigrations } from '../../src/platform/migrate/files.ts';
import { migrateUp } from '../../src/platform/migrate/run.ts';
import { openPglite } from './databases.ts';
import { program } from './fixtures.ts';

const job = JSON.parse(process.argv[2]!) as { url?: string; dataDir?: string; sources: MigrationSource[] };
const pool = job.url ? new pg.Pool({ connectionString: job.url, max: 1 }) : (await openPglite(job.dataDir)).pool;
const { done } = await migrateUp(pool, await readMigrations(job.sources), {
  ...program,
  onProgress: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
process.stdout.write(`${JSON.stringify({ kind: 'result', done })}\n`);
process.exit(0);
