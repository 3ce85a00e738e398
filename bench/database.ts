/** Databases to measure on: a real PostgreSQL 18 with fsync on, and the embedded engine with fsync on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/platform/core/config.ts';
import { generateMasterKeyText } from '../src/platform/core/crypto/index.ts';
import { openPlinth, type Plinth } from '../src/plinth.ts';
import { makeKey, makeOrganization, type TestOrganization } from '../src/testing.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../tests/support/server.ts';

export async function startServer(): Promise<TestServer> {
  const programs = await postgres18Folder();
  if (!programs) throw new Error('no PostgreSQL 18 for this platform');
  return startPostgres(programs, { fsync: true, settings: { shared_buffers: '256MB', max_wal_size: '4GB' } });
}

let databases = 0;

/** A new database on the server; its URL, as the tests' ordinary login. */
export async function newDatabase(server: TestServer): Promise<string> {
  const name = `bench_${++databases}`;
  await withClient(server.url, (client) => client.query(`create database ${name}`));
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.href;
}

export interface BenchPlinth {
  readonly plinth: Plinth;
  readonly organization: TestOrganization;
  readonly key: string;
  readonly folder: string;
  readonly masterKey: string;
  close(): Promise<void>;
}

/** A migrated Plinth with one organization and a key: on the server, or embedded in a folder of its own. */
export async function openBenchPlinth(databaseUrl?: string, options: { poolSize?: number } = {}): Promise<BenchPlinth> {
  const folder = mkdtempSync(join(tmpdir(), 'plinth-bench-'));
  const masterKey = generateMasterKeyText();
  const config = loadConfig({
    PLINTH_MASTER_KEY: masterKey,
    NODE_ENV: 'production',
    PLINTH_LOG_LEVEL: 'error',
    PLINTH_DATA: join(folder, 'data'),
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    ...(options.poolSize ? { PLINTH_POOL_SIZE: String(options.poolSize) } : {}),
  });
  const plinth = await openPlinth({ config, migrate: true });
  const organization = await makeOrganization(plinth.platform, 'Bench');
  const { key } = await makeKey(plinth.platform, {
    organizationId: organization.id,
    userId: organization.userId,
    role: 'owner',
  });
  return {
    plinth,
    organization,
    key,
    folder,
    masterKey,
    async close() {
      await plinth.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
