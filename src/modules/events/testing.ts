/** What the tests of this module share: a server over a fresh engine, two organizations, and a sender. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { modules } from '../../modules.ts';
import { type Clock, systemClock } from '../../platform/core/clock.ts';
import { loadConfig } from '../../platform/core/config.ts';
import { generateMasterKeyText, parseMasterKey } from '../../platform/core/crypto/index.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import type { Engine } from '../../platform/db/engine.ts';
import { makeHooks } from '../../platform/hooks.ts';
import type { Authenticator } from '../../platform/http/actor.ts';
import { makeServer, type PlinthServer } from '../../platform/http/server.ts';
import { openKeyring } from '../../platform/keyring.ts';
import { type ModuleDefinition, type OrganizationRole, organizationRoles } from '../../platform/module.ts';
import { outbound } from '../../platform/net/index.ts';
import type { Platform } from '../../platform/platform.ts';
import { makeDoor } from '../../platform/scope/door.ts';
import { makeWakeups } from '../../platform/worker/wakeups.ts';
import { signGithub } from './sample.ts';

/** The task type the tests' subscriptions ask for. */
export const testTaskType = 'test.noted';
const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'A task type for tests.',
  dependsOn: [],
  tasks: { [testTaskType]: { description: 'Does nothing.', run: async () => null } },
};

/** `x-test-actor: <organization> <role>` says who asks. */
const byHeader: Authenticator = async (request) => {
  const [organizationId, role] = String(request.headers['x-test-actor'] ?? '').split(' ');
  const memberRole = organizationRoles.find((one) => one === role);
  return organizationId && memberRole ? { kind: 'user', organizationId, memberRole, scopes: ['*'] } : undefined;
};

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly code?: string; readonly id?: string };
  readonly text: string;
  readonly headers: Record<string, unknown>;
}

export interface TestSource {
  readonly id: string;
  readonly hook_path: string;
  readonly secret: string;
}

export interface TestEvents {
  readonly platform: Platform;
  readonly server: PlinthServer;
  organization(name?: string): Promise<string>;
  call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    options?: { as?: string; role?: OrganizationRole; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  source(organization: string, options?: Record<string, unknown>): Promise<TestSource>;
  /** Posts bytes to a hook, signed as GitHub does unless headers say otherwise. */
  hook(source: TestSource, body: Buffer | string, options?: HookOptions): Promise<Answer>;
  /** Rows as the owner of the tables sees them. */
  rows<R = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  close(): Promise<void>;
}

export interface HookOptions {
  readonly kind?: string;
  readonly deliveryId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ip?: string;
}

/** Opens the server over the engine, which must hold the schema. `clock` lets a test move the time. */
export async function openTestEvents(engine: Engine, clock: Clock = systemClock): Promise<TestEvents> {
  const allModules = [...modules, testTasks];
  const door = makeDoor(
    engine,
    makeHooks(allModules, () => platform),
  );
  const ring = { current: parseMasterKey(generateMasterKeyText()), previous: [] };
  const keyring = await openKeyring({ door, ring });
  const log = pino({ level: 'silent' });
  const platform: Platform = {
    engine,
    door,
    keyring,
    clock,
    log,
    modules: allModules,
    wakeups: makeWakeups(),
    config: loadConfig({}),
    settings: new Map(),
    net: outbound(),
  };
  const server = await makeServer({
    platform,
    version: '0.0.0',
    hosts: { hosts: new Set(['*']), origins: new Set() },
    authenticators: [byHeader],
    checkAnswers: true,
  });
  await server.app.ready();

  async function rows<R>(sql: string, values: readonly unknown[] = []): Promise<R[]> {
    const client = await engine.directPool.connect();
    try {
      await client.query('begin; set local role plinth_owner; set local search_path = plinth, public');
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

  async function request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    headers: Record<string, string>,
    payload: Buffer | string | undefined,
    ip = '203.0.113.7',
  ): Promise<Answer> {
    const response = await server.app.inject({
      method,
      url,
      headers,
      remoteAddress: ip,
      ...(payload === undefined ? {} : { payload }),
    });
    let body: Answer['body'] = {};
    try {
      body = response.body === '' ? {} : (response.json() as Answer['body']);
    } catch {
      // Not JSON: `text` has it.
    }
    return { status: response.statusCode, body, text: response.body, headers: response.headers };
  }

  const test: TestEvents = {
    platform,
    server,
    rows,
    async organization(name = `org-${randomUUID().slice(0, 8)}`) {
      const id = uuidv7();
      await rows('insert into organizations (id, name, slug) values ($1, $2, $2)', [id, name]);
      return id;
    },
    call(method, url, { as, role = 'admin', body, headers = {} } = {}) {
      const all = {
        ...(as ? { 'x-test-actor': `${as} ${role}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      };
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      return request(method, url, all, text);
    },
    async source(organization, options = {}) {
      const body = { name: `source ${randomUUID()}`, scheme: 'github', ...options };
      const made = await test.call('POST', '/v1/event-sources', { as: organization, body });
      if (made.status !== 201) throw new Error(`no source: ${made.text}`);
      return made.body as unknown as TestSource;
    },
    hook(source, body, { kind = 'push', deliveryId, headers, ip } = {}) {
      const signed = signGithub(body, source.secret, { kind, ...(deliveryId ? { deliveryId } : {}) });
      return request('POST', source.hook_path, { ...signed, ...headers }, body, ip);
    },
    async close() {
      await server.app.close();
      keyring.close();
    },
  };
  return test;
}
