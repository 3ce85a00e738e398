/** For tests of programs that use Plinth: a migrated database in memory within a second, and people to act in it. */
import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type Application, applicationOf, composeApplication } from './application/compose.ts';
import type { ApplicationDefinition } from './application/define.ts';
import { loadApplication } from './application/load.ts';
import {
  addMember,
  createApiKey,
  createOrganization,
  ensureUser,
  type Member,
  type NewApiKey,
} from './modules/tenancy/index.ts';
import type { Clock } from './platform/core/clock.ts';
import { type Config, loadConfig } from './platform/core/config.ts';
import { MasterKey } from './platform/core/crypto/index.ts';
import type { Engine } from './platform/db/engine.ts';
import { openPglite, type PgliteEngine } from './platform/db/pglite/engine.ts';
import { type Actor, makePolicy } from './platform/http/actor.ts';
import { renderBootstrap } from './platform/migrate/bootstrap.ts';
import { migrationId } from './platform/migrate/files.ts';
import { quoteName, roleName } from './platform/migrate/names.ts';
import { migrateEngine, migrationChecksumsOf } from './platform/migrate/schema.ts';
import type { ModuleDefinition, OrganizationRole } from './platform/module.ts';
import type { OutboundClient } from './platform/net/index.ts';
import type { Platform } from './platform/platform.ts';
import type { Scope } from './platform/scope/scope.ts';
import { makeApp, openPlinth, type Plinth, seedCatalogues } from './plinth.ts';
import { version } from './version.ts';

/** Templates that no test asked for in so long are removed when a new one is made. */
const template_age_ms_max = 14 * 24 * 3_600_000;

type MemberRole = Member['role'];
type TestMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface TestPlinthOptions {
  /** What `definePlinth` made; without it the application file of the working directory, where there is one. */
  readonly application?: ApplicationDefinition;
  readonly modules?: readonly ModuleDefinition[];
  readonly config?: Partial<Config>;
  /** A migrated database of your own, a copy of a template on a server for instance; closed with the rest. */
  readonly engine?: Engine;
  /** A clock that can be put forward. */
  readonly clock?: Clock;
  /** What calls outside are answered by. */
  readonly net?: OutboundClient;
}

export interface TestOrganization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  /** Its owner, and a key of theirs with all rights. */
  readonly userId: string;
  readonly key: string;
}

export interface TestUser {
  readonly id: string;
  readonly email: string;
}

export interface TestKey {
  readonly organizationId: string;
  /** Absent: a service's key. */
  readonly userId?: string;
  /** The owner, in whose name it is made; default `userId`. */
  readonly by?: string;
  readonly role?: MemberRole;
  readonly scopes?: readonly string[];
  readonly expiresAt?: Date;
}

/** Who calls, and with what: nobody, a program with a key, or a browser with a session cookie. */
export interface TestCall {
  readonly key?: string;
  readonly cookie?: string;
  /** The header `Plinth-Organization`. */
  readonly organization?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The caller's IP address. */
  readonly address?: string;
}

/** What a test reads of an answer; the server has checked it against the route's schema. */
export interface TestJson {
  readonly [name: string]: TestJson;
}

/** What a call gave back. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The parsed body where it is JSON, else an empty object. */
  readonly body: TestJson;
  readonly text: string;
}

export interface TestPlinth extends Plinth {
  /** The HTTP server, without a port: for `app.inject`. */
  readonly app: FastifyInstance;
  /** One request through the HTTP server. */
  call(method: TestMethod, url: string, options?: TestCall): Promise<TestAnswer>;
  /** One statement as the owner of the schema, who sees every row. */
  owner<R = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /** Writes the last-used times that are written behind. */
  flush(): Promise<void>;
  makeOrganization(name?: string): Promise<TestOrganization>;
  /** A person; with `organizationId` also a member of it. */
  makeUser(options?: { email?: string; organizationId?: string; role?: MemberRole }): Promise<TestUser>;
  makeKey(options: TestKey): Promise<NewApiKey>;
}

/** The same for all that one process opens: two of them on one database must read each other's secrets. */
const masterKey = new MasterKey(randomBytes(32));

/**
 * A Plinth of its own in memory, migrated, with nothing in it; or on the database that is given. The first call on a
 * machine makes a template in the temporary folder (some seconds); later ones, in any process, copy it in under a
 * second. Close it in `afterAll`.
 */
export async function openTestPlinth(options: TestPlinthOptions = {}): Promise<TestPlinth> {
  const application = await testApplication(options);
  const { modules } = application;
  const config: Config = { ...loadConfig({ PLINTH_LOG_LEVEL: 'silent' }), ...options.config };
  const engine = options.engine ?? (await openTestEngine(modules, config.rolePrefix));
  const plinth = await openPlinth({
    engine,
    application,
    config,
    masterKeys: { current: masterKey, previous: [] },
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.net ? { net: options.net } : {}),
  });
  const { platform } = plinth;
  try {
    // not part of the template: what a seed writes depends on code, which the template's name does not tell
    await seedCatalogues(platform);
    const { app, flush } = await makeApp(platform);
    return {
      ...plinth,
      app,
      flush,
      call: (method, url, call = {}) => inject(app, `localhost:${config.port}`, method, url, call),
      owner: (sql, values) => asOwner(engine, roleName(config.rolePrefix, 'owner'), sql, values),
      makeOrganization: (name) => makeOrganization(platform, name),
      makeUser: (user) => makeUser(platform, user),
      makeKey: (key) => makeKey(platform, key),
      async close(deadlineMs) {
        await app.close();
        await plinth.close(deadlineMs);
      },
    };
  } catch (error) {
    await plinth.close();
    throw error;
  }
}

function testApplication({ application, modules }: TestPlinthOptions): Promise<Application> | Application {
  if (modules) return applicationOf(modules);
  return application ? composeApplication(application) : loadApplication(process.cwd());
}

async function inject(
  app: FastifyInstance,
  host: string,
  method: TestMethod,
  url: string,
  { key, cookie, organization, body: sent, headers: more, address }: TestCall,
): Promise<TestAnswer> {
  const { statusCode, headers, body } = await app.inject({
    method,
    url,
    remoteAddress: address ?? '127.0.0.1',
    headers: {
      host,
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(cookie ? { cookie } : {}),
      // as a browser says it of a page of ours
      ...(cookie && method !== 'GET' ? { origin: `http://${host}` } : {}),
      ...(organization ? { 'plinth-organization': organization } : {}),
      ...more,
    },
    ...(sent === undefined ? {} : { payload: JSON.stringify(sent) }),
  });
  const isJson = String(headers['content-type'] ?? '').includes('json') && body !== '';
  return { status: statusCode, headers, body: isJson ? (JSON.parse(body) as TestJson) : {}, text: body };
}

async function asOwner<R>(engine: Engine, role: string, sql: string, values: readonly unknown[] = []): Promise<R[]> {
  const client = await engine.directPool.connect();
  try {
    await client.query(`begin; set local role ${quoteName(role)}`);
    const { rows } = await client.query(sql, values as unknown[]);
    await client.query('commit');
    return rows as R[];
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

// --- people ----------------------------------------------------------------------------------------------------------
/** An organization with an owner and their key, on any open Plinth. */
export async function makeOrganization(platform: Platform, name = 'Test organization'): Promise<TestOrganization> {
  const { id: userId } = await makeUser(platform);
  const made = await createOrganization(platform, { as: 'app', userId }, { name, unlimited: true });
  const { key } = await makeKey(platform, { organizationId: made.id, userId });
  return { ...made, userId, key };
}

export async function makeUser(
  platform: Platform,
  options: { email?: string; organizationId?: string; role?: MemberRole } = {},
): Promise<TestUser> {
  const email = options.email ?? `person-${randomBytes(6).toString('hex')}@example.org`;
  const id = await ensureUser(platform, { as: 'app' }, email, 'A person');
  const { organizationId, role = 'member' } = options;
  if (organizationId !== undefined) {
    const { scope, actor } = acting(organizationId, undefined, 'owner');
    const at = platform.clock.now();
    await platform.door.write(scope, (tx) => addMember(tx, actor, { userId: id, role, at }));
  }
  return { id, email };
}

/** An API key; by default with all rights of an owner. */
export async function makeKey(platform: Platform, options: TestKey): Promise<NewApiKey> {
  const { scope, actor } = acting(options.organizationId, options.userId ?? options.by, 'owner');
  return platform.door.write(scope, (tx) =>
    createApiKey(platform, makePolicy(platform.modules), tx, actor, {
      name: 'test',
      ...(options.userId === undefined ? { service: true } : { role: options.role ?? 'owner' }),
      ...(options.scopes === undefined ? {} : { scopes: options.scopes }),
      ...(options.expiresAt === undefined ? {} : { expires_at: options.expiresAt }),
    }),
  );
}

function acting(
  organizationId: string,
  userId: string | undefined,
  memberRole: OrganizationRole,
): { scope: Scope; actor: Actor } {
  const who = { organizationId, memberRole, ...(userId === undefined ? {} : { userId }) };
  return { scope: { as: 'app', ...who }, actor: { kind: 'user', scopes: ['*'], ...who } };
}

// --- the template ----------------------------------------------------------------------------------------------------
async function openTestEngine(modules: readonly ModuleDefinition[], prefix: string): Promise<PgliteEngine> {
  const load = await templateFile(modules, prefix);
  return openPglite({ memory: true, fsync: false, load });
}

/** The path of a tar of a migrated, empty database of these modules; made when there is none. */
export async function templateFile(modules: readonly ModuleDefinition[], prefix: string): Promise<string> {
  const folder = await templateFolder();
  const file = join(folder, `${await templateName(modules, prefix)}.tar`);
  if (await stat(file).catch(() => undefined)) {
    const now = new Date();
    await utimes(file, now, now).catch(() => undefined);
    return file;
  }
  await removeOldTemplates(folder);
  const engine = await openPglite({ memory: true, fsync: false, statementTimeoutMs: 0 });
  const unfinished = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await migrateEngine(engine, modules, { programVersion: version, prefix });
    await engine.dump(unfinished);
    // two processes may both make it: the last one stays, and they are the same
    await rename(unfinished, file);
  } finally {
    await engine.close();
    await rm(unfinished, { force: true });
  }
  return file;
}

/** Everything that decides what the template holds. */
async function templateName(modules: readonly ModuleDefinition[], prefix: string): Promise<string> {
  const { migrations } = await migrationChecksumsOf(modules);
  const packageFile = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));
  const { version: engineVersion } = JSON.parse(await readFile(packageFile, 'utf8')) as { version: string };
  const hash = createHash('sha256').update(`${version}\n${engineVersion}\n${renderBootstrap({ prefix })}\n`);
  for (const migration of migrations) hash.update(`${migrationId(migration)} ${migration.up.checksum}\n`);
  return hash.digest('hex').slice(0, 32);
}

/** This user's own folder: a template that somebody else could write would be code that runs in the tests. */
async function templateFolder(): Promise<string> {
  const folder = join(tmpdir(), `plinth-templates-${userInfo().username}`);
  await mkdir(folder, { mode: 0o700 }).catch(() => undefined);
  const found = await lstat(folder);
  const isOurs = found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid);
  const isPrivate = process.platform === 'win32' || (found.mode & 0o077) === 0;
  return isOurs && isPrivate ? folder : mkdtemp(join(tmpdir(), 'plinth-templates-'));
}

async function removeOldTemplates(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > template_age_ms_max) await rm(path, { force: true });
  }
}
