/** How a test gets a database: its own copy of the template, on every engine of this run. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import type { Engine } from '../../src/platform/db/engine.ts';
import { openPglite, type PgliteOptions } from '../../src/platform/db/pglite/engine.ts';
import { openServer, type ServerOptions } from '../../src/platform/db/server.ts';
import { copyCitusDatabase, createCitusDatabase, dropCitusDatabase } from './citus.ts';
import type { EngineName } from './engine-names.ts';
import { type SharedEngine, templateDatabase, withDatabase } from './global-setup.ts';
import { withClient } from './server.ts';

/** One connection by default, so that a service that takes a second inside a transaction hangs on every engine. */
const poolSizeDefault = Number(process.env['PLINTH_TEST_POOL'] ?? 1);

export interface OpenOptions {
  /** An empty database instead of a copy of the template. */
  readonly empty?: boolean;
  readonly pglite?: Omit<PgliteOptions, 'memory' | 'dataDir' | 'load'>;
  readonly server?: Partial<ServerOptions>;
}

export interface TestEngine {
  readonly name: EngineName;
  readonly engine: Engine;
  /** The database's URL and the same as superuser; absent on PGlite. */
  readonly url?: string;
  readonly adminUrl?: string;
  close(): Promise<void>;
}

/** What the body of `describeEngines` gets: the engine is there once the tests run. */
export interface EngineContext {
  readonly name: EngineName;
  readonly engine: Engine;
  readonly pool: Engine['pool'];
  readonly test: TestEngine;
  /** One more database of the same kind, closed with the rest. */
  open(options?: OpenOptions): Promise<TestEngine>;
}

/**
 * Describes the same behaviour on each engine of this run, each with a database of its own. `only` names the engines
 * it is about, `except` those it says nothing of; an engine that is missing here is skipped by name.
 */
export function describeEngines(
  title: string,
  body: (context: EngineContext) => void,
  options: OpenOptions & {
    readonly only?: readonly EngineName[];
    readonly except?: readonly EngineName[];
    /** On all engines at once, and the tests of each too: for what waits more than it works. */
    readonly concurrent?: boolean;
  } = {},
): void {
  for (const shared of inject('engines')) {
    if (options.except?.includes(shared.name)) continue;
    if (options.only && !options.only.includes(shared.name)) continue;
    if (shared.missing !== undefined) {
      describe.skip(`${title} (${shared.name}: ${shared.missing})`, () => undefined);
      continue;
    }
    describe(`${title} (${shared.name})`, options.concurrent ? { concurrent: true } : {}, () => {
      const opened: TestEngine[] = [];
      const open = async (more: OpenOptions = options) => {
        const test = await openShared(shared, more);
        opened.push(test);
        return test;
      };
      const first = (): TestEngine => {
        if (!opened[0]) throw new Error('the engine is open inside tests and hooks only');
        return opened[0];
      };
      beforeAll(async () => {
        await open();
      });
      afterAll(async () => {
        for (const test of opened.splice(0)) await test.close();
      });
      body({
        name: shared.name,
        open,
        get test() {
          return first();
        },
        get engine() {
          return first().engine;
        },
        get pool() {
          return first().engine.pool;
        },
      });
    });
  }
}

/** Opens one engine of this run by name, for tests that are about one. The caller closes it. */
export async function openTestEngine(name: EngineName, options: OpenOptions = {}): Promise<TestEngine> {
  const shared = inject('engines').find((one) => one.name === name);
  if (!shared || shared.missing !== undefined) throw new Error(`${name} is not part of this run`);
  return await openShared(shared, options);
}

async function openShared(shared: SharedEngine, options: OpenOptions): Promise<TestEngine> {
  if (shared.name === 'pglite') {
    const load = options.empty ? shared.emptyTar : shared.templateTar;
    const engine = await openPglite({
      memory: true,
      fsync: false,
      ...(load !== undefined && { load }),
      ...options.pglite,
    });
    return { name: shared.name, engine, close: () => engine.close() };
  }
  const { url, adminUrl, directUrl } = shared as Required<SharedEngine>;
  const database = `test_${randomBytes(6).toString('hex')}`;
  await createDatabase(shared as Required<SharedEngine>, database, options);
  const engine = await openServer({
    url: withDatabase(url, database),
    directUrl: withDatabase(directUrl, database),
    poolSize: poolSizeDefault,
    workerPoolSize: poolSizeDefault,
    ...options.server,
  });
  return {
    name: shared.name,
    engine,
    url: withDatabase(url, database),
    adminUrl: withDatabase(adminUrl, database),
    async close() {
      await engine.close();
      if (shared.name === 'citus') return await dropCitusDatabase(adminUrl, database);
      await withClient(adminUrl, (client) => client.query(`drop database if exists ${database} with (force)`));
    },
  };
}

/** An empty database, or a copy of the template. */
async function createDatabase(
  { name, url, directUrl, template }: Required<SharedEngine>,
  database: string,
  { empty }: OpenOptions,
): Promise<void> {
  if (name === 'citus') {
    await (empty ? createCitusDatabase(url, database) : copyCitusDatabase(url, template, database));
    return;
  }
  const from = empty ? 'template1' : templateDatabase;
  await withClient(directUrl, (client) => client.query(`create database ${database} template ${from}`));
}
