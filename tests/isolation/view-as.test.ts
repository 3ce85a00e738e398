/** Looking as another member or role: what is shown is never more than the one who looks, or the one looked as, may see. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ModuleDefinition } from '../../src/platform/module.ts';
import { describeEngines } from '../support/engines.ts';
import {
  addOrganization,
  addPerson,
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  type TestPerson,
  text,
} from '../support/plinth.ts';

const minutes_5_ms = 300_000;

/** The tables as shipped, but members read only their own projects and viewers none. */
const modules: readonly ModuleDefinition[] = baseModules.map((module) => {
  const projects = module.tables?.['projects'];
  if (!projects) return module;
  const rest = { ...projects.rest, select: { owner: 'any', admin: 'any', member: 'own' } as const };
  return { ...module, tables: { ...module.tables, projects: { ...projects, rest } } };
});

describeEngines('looking as somebody else', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let other: FirstRun;
  let admin: TestPerson;
  let member: TestPerson;
  let viewer: TestPerson;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, modules);
    acme = await firstRun(plinth);
    other = await addOrganization(plinth, 'Other', 'other@example.org');
    admin = await addPerson(plinth, acme, 'admin');
    member = await addPerson(plinth, acme, 'member');
    viewer = await addPerson(plinth, acme, 'viewer');
    for (const [key, name] of [
      [acme.key, 'of the owner'],
      [member.key, 'of the member'],
      [other.key, 'of others'],
    ] as const) {
      const made = await plinth.call('POST', '/v1/projects', { key, body: { name } });
      expect(made.status).toBe(201);
    }
  });
  afterAll(() => plinth.close());

  type Who = { key: string } | { cookie: string };
  const look = (who: Who, as: string, url = '/rest/v1/projects?select=name&order=name') =>
    plinth.call('GET', url, { ...who, headers: { 'plinth-view-as': as } });
  const names = async (...parameters: Parameters<typeof look>) => {
    const answer = await look(...parameters);
    return answer.status === 200
      ? (answer.body as unknown as { name: string }[]).map(({ name }) => name)
      : `${answer.status} ${String(answer.body['code'])}`;
  };

  it('shows what a member and a role would see, to owners and administrators', async () => {
    expect(await names(acme, member.userId)).toEqual(['of the member']);
    expect(await names({ cookie: acme.cookie }, member.userId.toUpperCase())).toEqual(['of the member']);
    expect(await names(admin, admin.userId)).toEqual(['of the member', 'of the owner']);
    expect(await names(admin, 'admin')).toEqual(['of the member', 'of the owner']);
    expect(await names(acme, 'owner')).toEqual(['of the member', 'of the owner']);
    // own rows are nobody's where there is only a role; a viewer does not even know the table
    expect(await names(acme, 'member')).toBe('404 unknown_table');
    expect(await names(acme, viewer.userId)).toBe('404 unknown_table');
    expect(await names(acme, 'viewer')).toBe('404 unknown_table');
    const head = await plinth.app.inject({
      method: 'HEAD',
      url: '/rest/v1/projects',
      headers: { host: 'localhost:4600', authorization: `Bearer ${acme.key}`, 'plinth-view-as': 'admin' },
    });
    expect(head.statusCode).toBe(200);
  });

  it('lists the tables of whom is looked as', async () => {
    const tables = async (as?: string) => {
      const answer = await plinth.call('GET', '/rest/v1', {
        key: acme.key,
        ...(as ? { headers: { 'plinth-view-as': as } } : {}),
      });
      expect(answer.status).toBe(200);
      const data = answer.body['data'] as unknown as { name: string; verbs: Record<string, string> }[];
      return new Map(data.map(({ name, verbs }) => [name, verbs]));
    };
    const own = await tables();
    expect(own.get('projects')).toEqual({ select: 'any', insert: 'any', update: 'any' });
    const theirs = await tables(member.userId);
    expect(theirs.get('projects')).toEqual({ select: 'own' });
    expect([...theirs.values()].every((verbs) => Object.keys(verbs).join() === 'select')).toBe(true);
    expect((await tables('viewer')).has('projects')).toBe(false);
    for (const name of theirs.keys()) expect(own.has(name), name).toBe(true);
  });

  it('refuses writes and calls, and changes nothing', async () => {
    const headers = { 'plinth-view-as': 'member', 'content-type': 'application/json' };
    for (const [method, url, body] of [
      ['POST', '/rest/v1/projects', { name: 'x', slug: 'x' }],
      ['PATCH', '/rest/v1/projects?name=not.is.null', { name: 'x' }],
      ['DELETE', '/rest/v1/projects?name=not.is.null', undefined],
      ['POST', '/rest/v1/rpc/anything', {}],
    ] as const) {
      for (const who of [acme, admin, member]) {
        const answer = await plinth.call(method, url, { key: who.key, body, headers });
        expect(answer.body, `${method} ${url}`).toMatchObject({ status: 403, code: 'view_as_refused' });
      }
    }
    expect(await names(acme, 'owner')).toEqual(['of the member', 'of the owner']);
    // a function may do anything as its owner: none is called
    expect((await look(acme, 'member', '/rest/v1/rpc/anything')).body).toMatchObject({ code: 'unknown_function' });
  });

  it('refuses members, viewers, keys of a lesser role and people who are not signed in', async () => {
    const refused = { status: 403, code: 'view_as_refused' };
    for (const as of ['viewer', 'member', member.userId, viewer.userId]) {
      expect((await look(member, as)).body).toMatchObject(refused);
      expect((await look({ cookie: viewer.cookie }, as)).body).toMatchObject(refused);
    }
    for (const body of [
      { name: 'lesser', role: 'member' },
      { name: 'service', service: true },
    ]) {
      const made = await plinth.call('POST', '/v1/api-keys', { key: acme.key, body });
      expect(made.status).toBe(201);
      expect((await look({ key: text(made.body['key']) }, 'viewer')).body).toMatchObject(refused);
    }
    const unknown = await plinth.call('GET', '/rest/v1/projects', { headers: { 'plinth-view-as': 'viewer' } });
    expect(unknown.body).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('shows a key that is cut down no more than it has', async () => {
    const body = { name: 'narrow', scopes: ['audit:read'] };
    const made = await plinth.call('POST', '/v1/api-keys', { key: acme.key, body });
    expect(await names({ key: text(made.body['key']) }, 'owner')).toBe('404 unknown_table');
    expect(await names({ key: text(made.body['key']) }, member.userId)).toBe('404 unknown_table');
  });

  it('refuses somebody above, and somebody of another organization like nobody at all', async () => {
    const refusals = await Promise.all(
      [
        [admin, 'owner'],
        [admin, acme.userId],
        [acme, other.userId],
        [acme, '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42'],
        [other, member.userId],
      ].map(([who, as]) => look(who as FirstRun, as as string)),
    );
    for (const { body } of refusals) expect(body).toMatchObject({ status: 403, code: 'view_as_refused' });
    expect(refusals[2]?.body['detail']).toBe(refusals[3]?.body['detail']);
    for (const as of ['', 'nobody', "' or true --", 'member, owner', member.email]) {
      expect((await look(acme, as)).body, as).toMatchObject({ status: 400, code: 'invalid_request' });
    }
    // somebody who has left is nobody
    const gone = await addPerson(plinth, acme, 'member');
    await plinth.call('DELETE', `/v1/members/${gone.userId}`, { key: acme.key });
    expect((await look(acme, gone.userId)).body).toMatchObject({ code: 'view_as_refused' });
  });

  it('shows nobody what is one person\u2019s alone, not in an embedding either', async () => {
    const personal = modules.flatMap((module) =>
      Object.entries(module.tables ?? {}).filter(
        ([, table]) => table.rest?.select && (table.visibility === 'private' || table.visibility === 'user'),
      ),
    );
    for (const [table] of personal) {
      const answer = await look(acme, member.userId, `/rest/v1/${table}`);
      expect(answer.body, table).toMatchObject({ code: 'unknown_table' });
      expect((await look(acme, 'owner', `/rest/v1/${table}`)).body, table).toMatchObject({ code: 'unknown_table' });
    }
    const hidden = await look(acme, 'viewer', '/rest/v1/project_repositories?select=id,projects(name)');
    expect(hidden.status).toBe(400);
    expect(hidden.text).not.toContain('of the owner');
  });

  it('is refused beside /rest/v1, where it would be passed over', async () => {
    for (const url of ['/v1/projects', '/v1/me', '/rest/v2/x', '/openapi.json']) {
      expect((await look(acme, 'viewer', url)).body, url).toMatchObject({ status: 403, code: 'view_as_refused' });
    }
  });

  it('is written in the audit log, once a look', async () => {
    const entries = async () => {
      const query = `/v1/audit?action=view_as&resource_type=repositories`;
      const answer = await plinth.call('GET', query, { key: acme.key });
      return answer.body['data'] as unknown as { actor_user_id: string; details: unknown }[];
    };
    expect(await entries()).toEqual([]);
    await look(admin, member.userId, '/rest/v1/repositories');
    await look(admin, member.userId, '/rest/v1/repositories?limit=1&offset=1');
    expect(await entries()).toMatchObject([
      { actor_user_id: admin.userId, details: { role: 'member', user_id: member.userId } },
    ]);
    plinth.clock.advance(minutes_5_ms + 1);
    await look(admin, 'viewer', '/rest/v1/repositories');
    await look(admin, member.userId, '/rest/v1/repositories');
    expect(await entries()).toHaveLength(3);
    // a look that was refused is none, nor is one at what is not there
    for (const table of ['%00', 'nothing', 'rpc/nothing']) {
      expect((await look(acme, 'viewer', `/rest/v1/${table}`)).status, table).toBe(404);
    }
    await look(member, 'viewer', '/rest/v1/repositories');
    expect(await entries()).toHaveLength(3);
  });
});
