/** Runs once per vitest run: starts the servers the tests share and prepares the databases they start from. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildConsole } from '../../src/cli/console-build.ts';
import { openPglite, type PgliteEngine } from '../../src/platform/db/pglite/engine.ts';
import { openServer } from '../../src/platform/db/server.ts';
import { citusUrl, createCitusDatabase, dropCitusDatabase, freezeCitusDatabase } from './citus.ts';
import { type EngineName, engineNames } from './engine-names.ts';
import { sweepKilledRuns, temporaryFolder } from './processes.ts';
import {
  pgBouncerProgram,
  postgres15Folder,
  postgres18Folder,
  startPgBouncer,
  startPostgres,
  withClient,
} from './server.ts';
import { prepareTemplate } from './template.ts';

export const templateDatabase = 'plinth_template';
/** On a cluster that outlives the run: runs at once, and what a killed one left, are not in each other's way. */
const citusTemplate = `plinth_template_${process.pid}`;

/** What a test file needs to open an engine; plain data, for it travels to other processes. */
export interface SharedEngine {
  readonly name: EngineName;
  /** Why it can not be used here; absent when it can. */
  readonly missing?: string;
  /** PGlite: a tar of an empty database, and of the prepared one. */
  readonly emptyTar?: string;
  readonly templateTar?: string;
  /** Servers: as the tests' login; as superuser; and past the pooler. */
  readonly url?: string;
  readonly adminUrl?: string;
  readonly directUrl?: string;
  /** The database that tests copy; absent: `templateDatabase`. */
  readonly template?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    engines: SharedEngine[];
  }
}

type Stop = () => Promise<void>;

export default async function setup(project: TestProject): Promise<Stop> {
  sweepKilledRuns();
  const stops: Stop[] = [keepCompiledCode()];
  const stop = async () => {
    for (const one of stops.reverse()) await one();
  };
  const lines: string[] = [];
  // servers that tests start would begin it all at once, and many are killed before they have built it
  const consoleBuilt = buildConsole({ failed: (why) => lines.push(why) });
  try {
    const engines = await Promise.all(
      engineNames().map(async (name) => {
        const started = performance.now();
        const engine = await start(name, stops);
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        lines.push(`${name} ${engine.missing === undefined ? `${seconds} s` : `SKIPPED (${engine.missing})`}`);
        return engine;
      }),
    );
    await consoleBuilt;
    const missing = engines.filter((engine) => engine.missing !== undefined);
    if (missing.length > 0 && process.env['PLINTH_REQUIRE'] === 'all') {
      throw new Error(`PLINTH_REQUIRE=all: ${missing.map((one) => `${one.name}: ${one.missing}`).join(', ')}`);
    }
    project.provide('engines', engines);
  } catch (error) {
    await stop();
    throw error;
  }
  process.stdout.write(`Test engines: ${lines.join(', ')}\n`);
  return stop;
}

/**
 * What one process of this run compiled, the others load: the workers, each new for its file, and the hundreds of
 * programs that tests start, which would compile for half of their time. Removed with the run.
 */
function keepCompiledCode(): Stop {
  if (process.env['NODE_COMPILE_CACHE'] !== undefined) return async () => undefined;
  const folder = temporaryFolder('compiled');
  process.env['NODE_COMPILE_CACHE'] = folder;
  return async () => rmSync(folder, { recursive: true, force: true });
}

async function start(name: EngineName, stops: Stop[]): Promise<SharedEngine> {
  if (name === 'pglite') return await preparePglite(stops);
  if (name === 'citus') return await prepareCitus(stops);
  const programs = name === 'postgres15' ? postgres15Folder() : await postgres18Folder();
  if (programs === undefined) {
    return {
      name,
      missing: name === 'postgres15' ? 'no PostgreSQL 15 installed' : 'no PostgreSQL 18 for this platform',
    };
  }
  if (name === 'pgbouncer' && pgBouncerProgram() === undefined) return { name, missing: 'no PgBouncer installed' };
  const server = await startPostgres(programs);
  stops.push(() => server.stop());
  const url = name === 'superuser' ? server.adminUrl : server.url;
  await prepareServer(url);
  if (name !== 'pgbouncer') return { name, url, adminUrl: server.adminUrl, directUrl: url };
  const bouncer = await startPgBouncer(server);
  stops.push(() => bouncer.stop());
  return { name, url: bouncer.url, adminUrl: server.adminUrl, directUrl: server.url };
}

async function prepareServer(url: string): Promise<void> {
  await withClient(url, (client) => client.query(`create database ${templateDatabase}`));
  const engine = await openServer({ url: withDatabase(url, templateDatabase), statementTimeoutMs: 0 });
  try {
    await prepareTemplate(engine);
  } finally {
    await engine.close();
  }
}

async function prepareCitus(stops: Stop[]): Promise<SharedEngine> {
  const url = citusUrl();
  if (url === undefined) return { name: 'citus', missing: 'PLINTH_TEST_CITUS_URL names no cluster' };
  stops.push(() => dropCitusDatabase(url, citusTemplate));
  const engine = await openServer({ url: await createCitusDatabase(url, citusTemplate), statementTimeoutMs: 0 });
  try {
    await prepareTemplate(engine);
  } finally {
    await engine.close();
  }
  await freezeCitusDatabase(url, citusTemplate);
  return { name: 'citus', url, adminUrl: url, directUrl: url, template: citusTemplate };
}

async function preparePglite(stops: Stop[]): Promise<SharedEngine> {
  const folder = temporaryFolder('pglite');
  stops.push(async () => rmSync(folder, { recursive: true, force: true }));
  const emptyTar = join(folder, 'empty.tar');
  const templateTar = join(folder, 'template.tar');
  const engine = await openPglite({ memory: true, fsync: false, statementTimeoutMs: 0 });
  try {
    await engine.dump(emptyTar);
    await prepareTemplate(engine);
    await dumpTemplate(engine, templateTar);
  } finally {
    await engine.close();
  }
  return { name: 'pglite', emptyTar, templateTar };
}

/**
 * The template without what no test reads, a third of its size; most test files load it several times. That is: the other
 * databases of the cluster, and of PostgreSQL's log all but the beginning of the file it writes to, which it makes longer
 * as it comes to it.
 */
async function dumpTemplate(engine: PgliteEngine, tar: string): Promise<void> {
  // then the log's last file holds next to nothing
  await engine.pool.query('select pg_switch_wal()');
  await engine.dump(tar);
  const { rows } = await engine.pool.query<{ log: string; others: string[] }>(
    `select pg_walfile_name(pg_current_wal_insert_lsn()) as log,
       (select array_agg(oid::text) from pg_database where datname <> current_database()) as others`,
  );
  const { log, others } = rows[0]!;
  const kept = tarEntries(readFileSync(tar)).flatMap((entry) => {
    const [, folder, file = ''] = /^\/(pg_wal|base\/\d+)\/(.+)$/.exec(entry.name) ?? [];
    if (folder === undefined) return [entry.bytes];
    if (folder !== 'pg_wal') return others.includes(folder.slice('base/'.length)) ? [] : [entry.bytes];
    if (!/^[0-9A-F]{24}$/.test(file)) return [entry.bytes];
    return file === log ? [beginningOf(entry.bytes)] : [];
  });
  writeFileSync(tar, Buffer.concat([...kept, tarEnd]));
}

interface TarEntry {
  readonly name: string;
  /** Header and content, padded. */
  readonly bytes: Buffer;
}

const tarBlock = 512;
/** A multiple of its page. */
const keptLogBytes = 64 * 1024;
const tarEnd = Buffer.alloc(2 * tarBlock);

/** An entry whose file ends after `keptLogBytes`. */
function beginningOf(entry: Buffer): Buffer {
  const kept = Buffer.from(entry.subarray(0, tarBlock + keptLogBytes));
  kept.write(keptLogBytes.toString(8).padStart(11, '0'), 124, 'ascii');
  // the sum over the header is made with blanks in its own place
  kept.fill(' ', 148, 156);
  const sum = kept.subarray(0, tarBlock).reduce((total, byte) => total + byte, 0);
  kept.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  return kept;
}

/** The entries of a plain tar: name in the first 100 bytes of a header, size in octal at 124 (POSIX ustar). */
function tarEntries(tar: Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  for (let at = 0; tar[at] !== 0 && at < tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).split('\0', 1)[0]!;
    const size = Number.parseInt(tar.toString('ascii', at + 124, at + 135), 8);
    const end = at + tarBlock + Math.ceil(size / tarBlock) * tarBlock;
    entries.push({ name, bytes: tar.subarray(at, end) });
    at = end;
  }
  return entries;
}

export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
