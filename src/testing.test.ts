import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modules } from './modules.ts';
import { systemClock } from './platform/core/clock.ts';
import { openPglite } from './platform/db/pglite/engine.ts';
import { openTestPlinth, type TestPlinth, templateFile } from './testing.ts';

let plinth: TestPlinth;
beforeAll(async () => {
  plinth = await openTestPlinth();
});
afterAll(() => plinth.close());

describe('openTestPlinth', () => {
  it('gives a database with the schema of this program and nobody in it', async () => {
    expect(await plinth.schema()).toEqual({ state: 'current', because: [] });
    const organizations = await plinth.platform.door.readOne(
      { as: 'worker' },
      'select id from plinth.list_organizations(10)',
    );
    expect(organizations).toEqual([]);
  });

  it('makes organizations whose keys work and see nothing of each other', async () => {
    const [acme, other] = [await plinth.makeOrganization('Acme'), await plinth.makeOrganization('Other')];
    const made = await plinth.call('POST', '/rest/v1/projects?select=name', {
      key: acme.key,
      body: { name: 'One', slug: 'one' },
    });
    expect(made.status).toBe(201);
    expect(await plinth.call('GET', '/rest/v1/projects?select=name', { key: acme.key })).toMatchObject({
      status: 200,
      body: [{ name: 'One' }],
    });
    expect(await plinth.call('GET', '/rest/v1/projects?select=name', { key: other.key })).toMatchObject({
      status: 200,
      body: [],
    });
  });

  it('makes members and keys that may do what their role may', async () => {
    const { id: organizationId } = await plinth.makeOrganization();
    const viewer = await plinth.makeUser({ organizationId, role: 'viewer' });
    const key = await plinth.makeKey({ organizationId, userId: viewer.id, role: 'viewer' });
    expect(key).toMatchObject({ role: 'viewer', user_id: viewer.id });
    expect(await plinth.call('POST', '/v1/projects', { key: key.key, body: { name: 'One' } })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    const service = await plinth.makeKey({ organizationId, scopes: ['projects:read'] });
    expect(await plinth.call('GET', '/v1/projects', { key: service.key })).toMatchObject({ status: 200 });
    expect(await plinth.call('POST', '/v1/projects', { key: service.key, body: { name: 'One' } })).toMatchObject({
      status: 403,
    });
  });

  it('does the services in process, in one transaction or none', async () => {
    const { id: organizationId, userId } = await plinth.makeOrganization();
    const scoped = plinth.as({ organizationId, userId, memberRole: 'owner' });
    const insert = `insert into plinth.projects (organization_id, name, slug) values ($1, 'Kept', $2)`;
    await scoped.write((tx) => tx.sql(insert, [organizationId, 'kept']));
    await expect(
      scoped.write(async (tx) => {
        await tx.sql(insert, [organizationId, 'gone']);
        throw new Error('changed my mind');
      }),
    ).rejects.toMatchObject({ code: 'internal' });
    expect(await scoped.read((tx) => tx.sql('select slug from plinth.projects'))).toEqual([{ slug: 'kept' }]);
  });
});

describe('what the server refuses', () => {
  it('an Idempotency-Key that was used for another request', async () => {
    const { key } = await plinth.makeOrganization();
    const send = (name: string) =>
      plinth.app.inject({
        method: 'POST',
        url: '/v1/projects',
        headers: { host: 'localhost:4600', authorization: `Bearer ${key}`, 'idempotency-key': 'once' },
        payload: { name },
      });
    expect((await send('One')).statusCode).toBe(201);
    expect((await send('One')).headers['idempotency-replayed']).toBe('true');
    const other = await send('Two');
    expect(other.json()).toMatchObject({ code: 'idempotency_key_reused', status: 422 });
  });

  it('an address that guesses, for the rest of its minute', async () => {
    const codes = new Set<unknown>();
    for (let tries = 0; tries < 61; tries++) {
      const { body } = await plinth.call('GET', '/v1/projects', { key: 'no-key-of-ours' });
      codes.add(body['code']);
    }
    expect([...codes]).toEqual(['unauthenticated', 'rate_limited']);
  });
});

describe('on a database of its own', () => {
  it('takes an engine and a clock, and reads what another one on it has sealed', async () => {
    const engine = await openPglite({ memory: true, fsync: false, load: await templateFile(modules, 'plinth') });
    const clock = { ...systemClock, now: () => new Date('2031-02-03T04:05:06Z') };
    const first = await openTestPlinth({ engine, clock });
    const { id: organizationId } = await first.makeOrganization('Later');
    expect(await first.owner('select created_at from plinth.organizations')).toEqual([{ created_at: clock.now() }]);
    const place = { organizationId, table: 'event_sources', column: 'secret', rowId: organizationId };
    const sealed = await first.platform.keyring.seal(place, 'kept');
    const second = await openTestPlinth({ engine });
    expect(String(await second.platform.keyring.open(place, sealed))).toBe('kept');
    await second.close();
    await first.close();
  });
});

describe('the template', () => {
  it('is made once for the same migrations, and again for others', async () => {
    const first = await templateFile(modules, 'plinth');
    expect(await templateFile(modules, 'plinth')).toBe(first);
    const fewer = modules.filter(({ name }) => ['platform', 'audit', 'tenancy'].includes(name));
    expect(await templateFile(fewer, 'plinth')).not.toBe(first);
  });
});
