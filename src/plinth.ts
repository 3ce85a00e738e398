/** Opening Plinth: the engine, the door, the modules and, where wanted, the server and the worker. */
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type Application, applicationOf, composeApplication } from './application/compose.ts';
import type { ApplicationDefinition } from './application/define.ts';
import { loadApplication } from './application/load.ts';
import { checkOwnTables } from './application/own-tables.ts';
import { masterKeys } from './master-keys.ts';
import {
  addTask,
  type Enqueued,
  enqueueTasks,
  startWorker,
  type TaskInput,
  type TaskWorker,
} from './modules/tasks/index.ts';
import { apiKeyAuthenticator, sessionAuthenticator, tokenAuthenticator } from './modules/tenancy/index.ts';
import { type Clock, systemClock } from './platform/core/clock.ts';
import { type Config, loadConfig } from './platform/core/config.ts';
import type { MasterKeyRing } from './platform/core/crypto/index.ts';
import { errors } from './platform/core/errors.ts';
import { createLogger } from './platform/core/log.ts';
import type { Engine } from './platform/db/engine.ts';
import { maintain } from './platform/db/maintenance.ts';
import { openPglite } from './platform/db/pglite/engine.ts';
import { openServer } from './platform/db/server.ts';
import { makeHooks } from './platform/hooks.ts';
import { listenError } from './platform/http/client-errors.ts';
import { type AllowedHosts, allowedHosts } from './platform/http/hosts.ts';
import type { PlinthServer } from './platform/http/server.ts';
import { openKeyring, readMasterKeyFingerprint } from './platform/keyring.ts';
import { migrateEngine, migrationChecksumsOf } from './platform/migrate/schema.ts';
import { type SchemaReport, schemaState } from './platform/migrate/status.ts';
import type { LoopDeclaration, ModuleDefinition } from './platform/module.ts';
import { type OutboundClient, outbound } from './platform/net/index.ts';
import type { Platform } from './platform/platform.ts';
// the server alone throws them, and is loaded late: the catalogue of errors is whole without it
import './platform/rest/errors.ts';
import { makeDoor, type ScopedTx } from './platform/scope/door.ts';
import type { Scope } from './platform/scope/scope.ts';
import { refuseUnfinished } from './platform/transfer/index.ts';
import { startHints } from './platform/worker/hints.ts';
import { type Supervisor, superviseLoops } from './platform/worker/supervisor.ts';
import { makeWakeups } from './platform/worker/wakeups.ts';
import { startWatchdog, type Watchdog } from './platform/worker/watchdog.ts';
import { version } from './version.ts';

// What a program of one's own is written with.
export type { ColumnType, Insertable, Selectable, Updateable } from 'kysely';
export { Type } from 'typebox';
export {
  type ApplicationDefinition,
  type ApplicationInput,
  defineHook,
  defineModule,
  definePlinth,
  type HookTable,
  type ModuleInput,
  type TaskFunction,
} from './application/define.ts';
export { settingsOf } from './application/settings.ts';
export {
  type CommandOptions,
  defineCommand,
  enqueueTasks,
  type NewTask,
  TaskFailure,
  type TaskInput,
} from './modules/tasks/index.ts';
export {
  type ApprovalOutcome,
  type NewRun,
  StepFailure,
  sendToRun,
  sendToRuns,
  startRun,
  type Workflow,
  type WorkflowContext,
  workflow,
  workflowTasks,
} from './modules/workflows/index.ts';
export { defineErrors, errors, PlinthError } from './platform/core/errors.ts';
export { uuidv7 } from './platform/core/ids.ts';
export { limits } from './platform/core/limits.ts';
export { defineHookPoint, type Hook, type HookCall, type HookPoint } from './platform/hooks.ts';
export type { Actor } from './platform/http/actor.ts';
export { decodeCursor, type Page, toPage } from './platform/http/paging.ts';
export type { RouteRegistrar } from './platform/http/route.ts';
export { Id, IdParams, Line, Lines, Nullable, PageOf, PageQuery, Timestamp } from './platform/http/schemas.ts';
export type { Access, ModuleDefinition, OrganizationRole, TaskContext, TaskHandler } from './platform/module.ts';
export type { Platform } from './platform/platform.ts';
export type { ScopedTx } from './platform/scope/door.ts';
export { queryBuilder } from './platform/scope/query.ts';

export interface OpenOptions {
  /** Configuration; read from the environment when absent. */
  readonly config?: Config;
  /**
   * What `definePlinth` made. Without it `plinth.config.ts` (or .js, .mjs) of the working directory is loaded, where
   * there is one.
   */
  readonly application?: ApplicationDefinition | Application;
  /** A list of modules as it is, in place of an application. */
  readonly modules?: readonly ModuleDefinition[];
  /** An engine opened elsewhere: for tests. It is closed with the rest. */
  readonly engine?: Engine;
  /** For tests that put it forward. */
  readonly clock?: Clock;
  /** The keys secrets are sealed with, for tests; else from the configuration. */
  readonly masterKeys?: MasterKeyRing;
  /** The guarded client for calls outside, for tests; closed with the rest. */
  readonly net?: OutboundClient;
  /** Bring the schema up to date first: development. Without it a schema that is behind throws `schema_behind`. */
  readonly migrate?: boolean;
  readonly onMigration?: (id: string) => void;
}

/** One tenant's (and person's) view of the services, in process. */
export interface ScopedPlinth {
  /** Runs `work` in one transaction of this scope. */
  write<T>(work: (tx: ScopedTx) => Promise<T>): Promise<T>;
  read<T>(work: (tx: ScopedTx) => Promise<T>): Promise<T>;
  readonly tasks: {
    /** Without a transaction it shares one with others that are enqueued at the same time, and resolves after the commit. */
    enqueue(task: TaskInput, tx?: ScopedTx): Promise<Enqueued>;
    enqueueMany(tasks: readonly TaskInput[], tx?: ScopedTx): Promise<Enqueued[]>;
  };
}

export interface Plinth {
  readonly platform: Platform;
  readonly application: Application;
  readonly config: Config;
  readonly version: string;
  /** Where this process listens, once it does. */
  readonly url: string | undefined;
  as(scope: Scope): ScopedPlinth;
  /** Starts the HTTP server; resolves to its address. */
  listen(options?: { host?: string; port?: number }): Promise<{ app: FastifyInstance; url: string }>;
  /** Starts the worker and the modules' loops in this process. */
  work(): TaskWorker;
  schema(): Promise<SchemaReport>;
  /** Drains and closes everything; at most `deadlineMs` for requests and tasks in flight. */
  close(deadlineMs?: number): Promise<void>;
}

const maintenance_interval_ms = 60_000;

/** Opens Plinth on the configured engine. Throws errors of the catalogue, each with what to do. */
export async function openPlinth(options: OpenOptions = {}): Promise<Plinth> {
  const config = options.config ?? loadConfig(process.env);
  const application = await applicationFrom(options);
  const { modules, settings } = application;
  const log = createLogger({ level: config.logLevel });
  const engine = options.engine ?? (await openEngine(config, log));
  try {
    if (options.migrate) {
      await migrateEngine(engine, modules, {
        programVersion: version,
        prefix: config.rolePrefix,
        onProgress: (event) => event.kind === 'done' && options.onMigration?.(event.id),
      });
    }
    const set = await migrationChecksumsOf(modules);
    const schema = () => schemaState(engine.directPool, set, { programVersion: version, prefix: config.rolePrefix });
    const report = await schema();
    if (report.state === 'behind') throw errors.schema_behind({ detail: `not applied: ${report.because.join(', ')}` });
    if (report.state === 'ahead') throw errors.schema_ahead({ detail: `newer: ${report.because.join(', ')}` });

    const clock = options.clock ?? systemClock;
    const door = makeDoor(
      engine,
      makeHooks(modules, () => platform),
    );
    await refuseUnfinished(door);
    const wakeups = makeWakeups();
    const keyring = await openKeyring({
      door,
      ring: options.masterKeys ?? (await masterKeys(config, await readMasterKeyFingerprint(door))),
    });
    const net =
      options.net ?? outbound({ allow: config.outboundAllow, allowLoopback: config.environment !== 'production' });
    const platform: Platform = { engine, door, clock, log, modules, settings, wakeups, keyring, net, config };
    await checkOwnTables(platform, application.own);
    if (options.migrate) await seedCatalogues(platform);
    return assemble(platform, application, schema);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** The application that was given, or the one of the working directory. */
async function applicationFrom({ application, modules }: OpenOptions): Promise<Application> {
  if (modules) return applicationOf(modules);
  if (!application) return loadApplication(process.cwd());
  return 'known' in application ? application : composeApplication(application);
}

export interface PlinthApp extends PlinthServer {
  /** Writes the last-used times that are written behind; closing the server does so too. */
  flush(): Promise<void>;
}

/** Builds the HTTP server of an open Plinth; it does not listen yet. */
export async function makeApp(
  platform: Platform,
  listening?: { hosts: AllowedHosts; schema: () => Promise<SchemaReport> },
): Promise<PlinthApp> {
  const { config } = platform;
  const authenticators = [apiKeyAuthenticator(platform), sessionAuthenticator(platform), tokenAuthenticator(platform)];
  // most commands serve nothing: with Fastify and what it brings a start of theirs takes 0.12 s of a processor more
  const { makeServer } = await import('./platform/http/server.ts');
  const server = await makeServer({
    platform,
    version,
    hosts: listening?.hosts ?? hostsOf(config, config.host, config.port),
    corsOrigins: config.corsOrigins,
    trustedOrigins: config.trustedOrigins,
    portalFrameOrigins: config.portalFrameOrigins,
    authenticators,
    trustedProxies: config.trustedProxies.map(({ text }) => text),
    requestTimeoutMs: config.requestTimeoutMs,
    rolePrefix: config.rolePrefix,
    ...(config.publicUrl === undefined ? {} : { publicUrl: config.publicUrl }),
    checkAnswers: config.environment !== 'production',
    ...(listening && {
      schemaState: async () => {
        const { state } = await listening.schema();
        return state === 'behind' || state === 'ahead' ? state : 'current';
      },
    }),
    ...(config.metricsToken && { metricsToken: config.metricsToken.reveal() }),
  });
  const flush = async () => {
    for (const authenticator of authenticators) await authenticator.flush();
  };
  // the last of them before the engine closes
  server.app.addHook('onClose', flush);
  return { ...server, flush };
}

function hostsOf(config: Config, host: string, port: number): AllowedHosts {
  return allowedHosts(host, port, config.publicUrl, config.trustedOrigins);
}

/** Brings the catalogue rows of all modules up to date. */
export async function seedCatalogues(platform: Platform): Promise<void> {
  for (const module of platform.modules) await module.seed?.(platform);
}

function assemble(platform: Platform, application: Application, schema: () => Promise<SchemaReport>): Plinth {
  const { config, engine, log, modules, wakeups, door } = platform;
  const hints = startHints(engine, wakeups, log);
  let server: PlinthServer | undefined;
  let url: string | undefined;
  let worker: TaskWorker | undefined;
  let supervisor: Supervisor | undefined;
  let maintenance: NodeJS.Timeout | undefined;
  let watchdog: Watchdog | undefined;

  function enqueueMany(scope: Scope, tasks: readonly TaskInput[], tx?: ScopedTx): Promise<Enqueued[]> {
    return tx ? enqueueTasks(platform, tx, tasks) : door.write(scope, (own) => enqueueTasks(platform, own, tasks));
  }

  return {
    platform,
    application,
    config,
    version,
    schema,
    get url() {
      return url;
    },
    as: (scope) => ({
      write: (work) => door.write(scope, work),
      read: (work) => door.read(scope, work),
      tasks: {
        enqueue: async (task, tx) =>
          tx ? (await enqueueTasks(platform, tx, [task]))[0]! : addTask(platform, scope, task),
        enqueueMany: (tasks, tx) => enqueueMany(scope, tasks, tx),
      },
    }),
    async listen({ host = config.host, port = config.port } = {}) {
      const hosts = { ...hostsOf(config, host, port) };
      server = await makeApp(platform, { hosts, schema });
      const { app } = server;
      url = await app.listen({ host, port }).catch((error: unknown) => {
        throw listenError(error, host, port);
      });
      const address = app.server.address();
      if (typeof address === 'object' && address) Object.assign(hosts, hostsOf(config, host, address.port));
      return { app, url };
    },
    work() {
      const loops: LoopDeclaration[] = modules.flatMap((module) => module.loops ?? []);
      supervisor = superviseLoops(platform, loops);
      if (!engine.capabilities.autovacuum) {
        maintenance = setInterval(() => {
          maintain(engine, log).catch((error: unknown) => log.warn({ err: error }, 'maintenance failed'));
        }, maintenance_interval_ms);
        maintenance.unref();
      }
      watchdog = startWatchdog(config.workerHangSeconds);
      worker = startWorker({
        platform,
        watchdog,
        version,
        handlers: new Map(modules.flatMap((module) => Object.entries(module.tasks ?? {}))),
        concurrency: config.workerConcurrency,
        leaseSeconds: config.workerLeaseSeconds,
        idleMsAlone: config.workerIdleSeconds * 1_000,
        ...(config.workerIdleAmongOthersSeconds === undefined
          ? {}
          : { idleMsAmongOthers: config.workerIdleAmongOthersSeconds * 1_000 }),
      });
      return worker;
    },
    async close(deadlineMs = 10_000) {
      clearInterval(maintenance);
      await Promise.all([server?.drain(deadlineMs, config.drainNoticeMs), worker?.stop(), supervisor?.stop()]);
      watchdog?.stop();
      await hints.stop();
      platform.net.close();
      await engine.close();
    },
  };
}

/** Opens the configured engine, without looking at the schema. */
export async function openEngine(config: Config, log: Platform['log']): Promise<Engine> {
  if (!config.databaseUrl) {
    return openPglite({
      dataDir: config.dataFolder,
      fsync: config.fsync,
      statementTimeoutMs: config.statementTimeoutMs,
      log,
      onRestart: (report) => log.error({ ...report }, 'the embedded engine was restarted'),
    });
  }
  return openServer({
    url: config.databaseUrl.reveal(),
    ...(config.workerUrl ? { workerUrl: config.workerUrl.reveal() } : {}),
    ...(config.readUrl ? { readUrl: config.readUrl.reveal() } : {}),
    ...(config.directUrl ? { directUrl: config.directUrl.reveal() } : {}),
    poolSize: config.poolSize,
    statementTimeoutMs: config.statementTimeoutMs,
    applicationName: 'plinth',
    log,
  });
}

/** Where the operator's bare clones lie: `<folder>/<organization>/<repository>.git`. */
export function repositoriesFolder(config: Config): string {
  return join(config.dataFolder, 'repositories');
}
