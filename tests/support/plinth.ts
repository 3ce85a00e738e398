/** A platform and an HTTP server over a test's engine, and the few steps with which most tests of modules begin. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { auditModule } from '../../src/modules/audit/index.ts';
import { projectsModule } from '../../src/modules/projects/index.ts';
import {
  apiKeyAuthenticator,
  type FlushingAuthenticator,
  issueFirstRunLink,
  issueSignInLink,
  sessionAuthenticator,
  type TenancySettings,
  tenancyModule,
  tokenAuthenticator,
} from '../../src/modules/tenancy/index.ts';
import { type Clock, systemClock } from '../../src/platform/core/clock.ts';
import { createLogger } from '../../src/platform/core/log.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import { allowedHosts } from '../../src/platform/http/hosts.ts';
import { makeServer } from '../../src/platform/http/server.ts';
import { runBootstrap } from '../../src/platform/migrate/bootstrap.ts';
import { readMigrations } from '../../src/platform/migrate/files.ts';
import { migrateUp } from '../../src/platform/migrate/run.ts';
import type { ModuleDefinition } from '../../src/platform/module.ts';
import type { OutboundClient } from '../../src/platform/net/index.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { makeDoor } from '../../src/platform/scope/door.ts';
import { makeWakeups } from '../../src/platform/worker/wakeups.ts';

export const HOST = 'localhost:4600';
export const PASSWORD = 'correct horse battery staple';
export const baseModules: readonly ModuleDefinition[] = [auditModule, tenancyModule, projectsModule];

/** A clock that runs, and can be held still and put forward. */
export interface TestClock extends Clock {
  advance(ms: number): void;
  hold(): void;
}

export function makeTestClock(): TestClock {
  let ahead = 0;
  let held: number | undefined;
  return {
    now: () => new Date((held ?? Date.now()) + ahead),
    sleep: systemClock.sleep,
    hold: () => {
      held ??= Date.now();
    },
    advance: (ms) => {
      ahead += ms;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: LightMyRequestResponse['headers'];
  readonly text: string;
}

/** What a test reads of an answer; the server has checked it against the route's schema. */
export interface Json {
  readonly [name: string]: Json;
}

/** A value of an answer that is to be text. */
export function text(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error(`not text: ${JSON.stringify(value)}`);
  return value;
}

/** Who calls: nobody, a program with a key, or a browser with a session cookie. */
export interface CallOptions {
  readonly key?: string;
  readonly cookie?: string;
  readonly organization?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly address?: string;
}

export interface TestPlinth {
  readonly platform: Platform;
  readonly clock: TestClock;
  readonly app: FastifyInstance;
  readonly authenticators: readonly FlushingAuthenticator[];
  call(method: InjectOptions['method'] & string, url: string, options?: CallOptions): Promise<Answer>;
  /** One statement as the owner of the schema, who sees every row. */
  owner<R = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  close(): Promise<void>;
}

export async function openTestPlinth(
  engine: Engine,
  modules = baseModules,
  outside: { net?: OutboundClient; settings?: Partial<TenancySettings> } = {},
): Promise<TestPlinth> {
  await ensureMigrated(engine, modules);
  const clock = makeTestClock();
  // what these modules use of it
  const parts: Partial<Platform> = {
    engine,
    door: makeDoor(engine),
    clock,
    log: createLogger({ level: 'silent' }),
    modules,
    wakeups: makeWakeups(),
    ...(outside.net && { net: outside.net }),
  };
  const platform = parts as Platform;
  const authenticators = [
    apiKeyAuthenticator(platform),
    sessionAuthenticator(platform),
    tokenAuthenticator(platform, outside.settings),
  ];
  const { app } = await makeServer({
    platform,
    version: '0.0.0',
    hosts: allowedHosts('127.0.0.1', 4600, 'https://plinth.example'),
    authenticators,
    checkAnswers: true,
  });
  return {
    platform,
    clock,
    app,
    authenticators,
    async call(method, url, options = {}) {
      const response = await app.inject({
        method: method as 'GET',
        url,
        remoteAddress: options.address ?? '127.0.0.1',
        headers: headersOf(method, options),
        ...(options.body === undefined ? {} : { payload: JSON.stringify(options.body) }),
      });
      return toAnswer(response);
    },
    owner: (sql, values) => asOwner(engine, sql, values),
    async close() {
      for (const authenticator of authenticators) await authenticator.flush();
      await app.close();
    },
  };
}

function headersOf(method: string, options: CallOptions): Record<string, string> {
  return {
    host: HOST,
    ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(options.key ? { authorization: `Bearer ${options.key}` } : {}),
    ...(options.cookie ? { cookie: options.cookie } : {}),
    ...(options.cookie && method !== 'GET' ? { origin: `http://${HOST}` } : {}),
    ...(options.organization ? { 'plinth-organization': options.organization } : {}),
    ...options.headers,
  };
}

function toAnswer(response: LightMyRequestResponse): Answer {
  const isJson = String(response.headers['content-type'] ?? '').includes('json');
  const body = (isJson && response.body !== '' ? JSON.parse(response.body) : {}) as Json;
  return { status: response.statusCode, body, headers: response.headers, text: response.body };
}

async function asOwner<R>(engine: Engine, sql: string, values: readonly unknown[] = []): Promise<R[]> {
  const client = await engine.directPool.connect();
  try {
    await client.query('begin');
    await client.query('set local role plinth_owner');
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

/** The template the harness starts from may be migrated already. */
async function ensureMigrated(engine: Engine, modules: readonly ModuleDefinition[]): Promise<void> {
  const { rows } = await engine.directPool.query(`select to_regclass('plinth.organizations') is not null as there`);
  if (rows[0].there) return;
  const platformMigrations = new URL('../../src/platform/migrations/', import.meta.url);
  const set = await readMigrations([
    { module: 'platform', directory: platformMigrations.pathname, dependsOn: [] },
    ...modules.map(({ name, migrations, dependsOn }) => ({
      module: name,
      directory: (migrations as URL).pathname,
      dependsOn,
    })),
  ]);
  const login = await engine.directPool.query<{ name: string }>('select current_user as name');
  const bootstrap = { runtimeLogins: login.rows.map(({ name }) => name) };
  await runBootstrap(engine.directPool, bootstrap);
  await migrateUp(engine.directPool, set, { programVersion: '0.0.0' });
  await runBootstrap(engine.directPool, bootstrap);
}

export interface FirstRun {
  readonly userId: string;
  readonly email: string;
  readonly organizationId: string;
  readonly slug: string;
  /** The owner's API key, with all rights. */
  readonly key: string;
  readonly cookie: string;
}

/** The first administrator and their organization, through the link, as on a new installation. */
export async function firstRun(plinth: TestPlinth): Promise<FirstRun> {
  const link = await issueFirstRunLink(plinth.platform);
  if (!link) throw new Error('there is an administrator already');
  const email = 'ada@example.org';
  const made = await plinth.call('POST', '/v1/first-run', {
    body: { token: link.token, email, password: PASSWORD, full_name: 'Ada Lovelace', organization_name: 'Acme' },
  });
  if (made.status !== 201) throw new Error(made.text);
  const { body } = made;
  return {
    userId: text(body['user_id']),
    email,
    organizationId: text(body['organization']?.['id']),
    slug: text(body['organization']?.['slug']),
    key: text(body['api_key']?.['key']),
    cookie: cookieOf(made),
  };
}

/** The session cookie an answer sets, as a browser sends it back. */
export function cookieOf(answer: Answer): string {
  const [cookie] = [answer.headers['set-cookie']].flat();
  return String(cookie).split(';')[0]!;
}

export interface TestPerson {
  readonly userId: string;
  readonly email: string;
  readonly cookie: string;
  /** A key of theirs with all they may do. */
  readonly key: string;
}

/** A person with a role in the organization of `by`, signed in, and with a key unless they are a viewer. */
export async function addPerson(plinth: TestPlinth, by: { key: string }, role: string): Promise<TestPerson> {
  const email = `${role}-${randomBytes(4).toString('hex')}@example.org`;
  const joined = await joinByInvitation(plinth, by, email, role, { full_name: `A ${role}`, password: PASSWORD });
  const cookie = cookieOf(joined);
  const key = role === 'viewer' ? '' : await makeKey(plinth, cookie, text(joined.body['organization_id']));
  return { userId: text(joined.body['user_id']), email, cookie, key };
}

/** Invites an address and follows the link: with a password, or as the person of the cookie. */
export async function joinByInvitation(
  plinth: TestPlinth,
  by: { key: string },
  email: string,
  role: string,
  how: { password: string; full_name?: string } | { cookie: string },
): Promise<Answer> {
  const invited = await plinth.call('POST', '/v1/invitations', { key: by.key, body: { email, role } });
  if (invited.status !== 201) throw new Error(invited.text);
  const { token } = invited.body;
  const joined = await ('cookie' in how
    ? plinth.call('POST', '/v1/invitations/accept', { cookie: how.cookie, body: { token } })
    : plinth.call('POST', '/v1/invitations/accept', { body: { token, ...how } }));
  if (joined.status !== 200) throw new Error(joined.text);
  return joined;
}

async function makeKey(plinth: TestPlinth, cookie: string, organization: string): Promise<string> {
  const made = await plinth.call('POST', '/v1/api-keys', { cookie, organization, body: { name: 'test' } });
  if (made.status !== 201) throw new Error(made.text);
  return text(made.body['key']);
}

export async function signInByLink(plinth: TestPlinth, email: string): Promise<string> {
  const link = await issueSignInLink(plinth.platform, email);
  if (!link) throw new Error(`no account ${email}`);
  const answer = await plinth.call('POST', '/v1/sign-in/link', { body: { token: link.token, password: PASSWORD } });
  if (answer.status !== 200) throw new Error(answer.text);
  return cookieOf(answer);
}

/** One more organization with an owner of its own, for the questions one tenant must not get answered by another. */
export async function addOrganization(plinth: TestPlinth, name: string, email: string): Promise<FirstRun> {
  const [person] = await plinth.owner<{ id: string }>('select plinth.ensure_user($1, $2, now()) as id', [email, name]);
  const cookie = await signInByLink(plinth, email);
  const made = await plinth.call('POST', '/v1/organizations', { cookie, body: { name } });
  if (made.status !== 201) throw new Error(made.text);
  const organizationId = text(made.body['id']);
  return {
    userId: person?.id as string,
    email,
    organizationId,
    slug: text(made.body['slug']),
    key: await makeKey(plinth, cookie, organizationId),
    cookie,
  };
}
