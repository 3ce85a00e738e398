import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  joinByInvitation,
  openPlinthOn,
  PASSWORD,
  signInByLink,
  type TestPerson,
} from '../../../tests/support/plinth.ts';

const NEW_PASSWORD = 'seven green bottles hanging';

describeEngines('accounts', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let person: TestPerson;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine);
    acme = await firstRun(plinth);
    person = await addPerson(plinth, acme, 'member');
  });
  afterAll(() => plinth.close());

  const copies = () =>
    plinth.owner(
      `select distinct m.email, m.display_name, u.email = m.email and u.full_name = m.display_name as equal
       from plinth.organization_memberships m join plinth.users u on u.id = m.user_id where u.id = $1`,
      [person.userId],
    );

  it('carries name and address into every organization', async () => {
    const other = await addOrganization(plinth, 'Other', 'other@example.org');
    await joinByInvitation(plinth, other, person.email, 'viewer', { cookie: person.cookie });
    person = { ...person, cookie: await signInByLink(plinth, person.email) };
    const renamed = await plinth.call('PATCH', '/v1/me', {
      cookie: person.cookie,
      body: { full_name: 'Grace Höpper 海', username: 'grace', timezone: 'Europe/Berlin', preferred_language: 'de' },
    });
    expect(renamed.body).toMatchObject({ full_name: 'Grace Höpper 海', username: 'grace', timezone: 'Europe/Berlin' });
    const moved = await plinth.call('PUT', '/v1/me/email', {
      cookie: person.cookie,
      body: { email: 'Grace@Example.org', password: PASSWORD },
    });
    expect(moved.body).toMatchObject({ email: 'grace@example.org', is_verified: false });
    expect(await copies()).toEqual([{ email: 'grace@example.org', display_name: 'Grace Höpper 海', equal: true }]);
  });

  it('writes such a change into the audit of each organization, without the words themselves', async () => {
    const rows = await plinth.owner<{ organization_id: string; text: string }>(
      `select organization_id, coalesce(new_values::text, '') || coalesce(old_values::text, '') as text
       from plinth.audit_logs where resource_type = 'organization_memberships' and action = 'update'`,
    );
    expect(new Set(rows.map((row) => row.organization_id)).size).toBe(2);
    for (const row of rows) expect(row.text).not.toContain('grace');
  });

  it('refuses what is taken and what is no name', async () => {
    const patch = (body: object) => plinth.call('PATCH', '/v1/me', { cookie: person.cookie, body });
    const taken = await plinth.call('PUT', '/v1/me/email', {
      cookie: person.cookie,
      body: { email: acme.email, password: PASSWORD },
    });
    expect(taken.body).toMatchObject({ code: 'already_exists', field: 'email' });
    const [ada] = await plinth.owner<{ username: string }>('select username from plinth.users where id = $1', [
      acme.userId,
    ]);
    expect((await patch({ username: ada?.username })).body).toMatchObject({
      code: 'already_exists',
      field: 'username',
    });
    expect((await patch({ username: 'Not A Name' })).body).toMatchObject({ code: 'invalid_value' });
    expect((await patch({ timezone: 'Mars/Olympus' })).body).toMatchObject({
      code: 'invalid_value',
      field: 'timezone',
    });
    expect((await patch({})).status).toBe(400);
    expect((await patch({ role: 'superuser' })).status).toBe(400);
    expect((await patch({ is_active: false })).status).toBe(400);
  });

  it('asks for the password again, and slows down who guesses it with a stolen session', async () => {
    const other = await addPerson(plinth, acme, 'member');
    const change = (current_password: string) =>
      plinth.call('PUT', '/v1/me/password', {
        cookie: other.cookie,
        body: { current_password, new_password: NEW_PASSWORD },
        address: '203.0.113.5',
      });
    const statuses = [];
    for (let n = 0; n < 8; n++) statuses.push((await change(`guess ${n}`)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429]);
  });

  it('changes the password and ends every other session', async () => {
    const other = await addPerson(plinth, acme, 'member');
    const elsewhere = await plinth.call('POST', '/v1/sign-in', { body: { email: other.email, password: PASSWORD } });
    const cookie = String(elsewhere.headers['set-cookie']).split(';')[0] as string;
    const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    const weak = { ...body, new_password: other.email };
    expect((await plinth.call('PUT', '/v1/me/password', { cookie, body: weak })).body).toMatchObject({
      code: 'password_refused',
    });
    expect((await plinth.call('PUT', '/v1/me/password', { cookie, body })).status).toBe(204);
    expect((await plinth.call('GET', '/v1/me', { cookie })).status).toBe(200);
    expect((await plinth.call('GET', '/v1/me', { cookie: other.cookie })).status).toBe(401);
    const old = await plinth.call('POST', '/v1/sign-in', { body: { email: other.email, password: PASSWORD } });
    expect(old.status).toBe(401);
  });

  it('is for people: a key changes no account', async () => {
    for (const [method, url, body] of [
      ['PATCH', '/v1/me', { full_name: 'x' }],
      ['PUT', '/v1/me/password', { current_password: PASSWORD, new_password: NEW_PASSWORD }],
      ['GET', '/v1/sessions', undefined],
      ['POST', '/v1/organizations', { name: 'x' }],
    ] as const) {
      const answer = await plinth.call(method, url, { key: acme.key, ...(body ? { body } : {}) });
      expect(answer.body).toMatchObject({ code: 'session_required' });
    }
  });

  it('switched off, ends sessions and keys at once and for good', async () => {
    const other = await addPerson(plinth, acme, 'admin');
    const me = (how: object) => plinth.call('GET', '/v1/me', how);
    expect((await me({ key: other.key })).status).toBe(200);
    const byAdmin = await plinth.call('POST', `/v1/users/${person.userId}/deactivate`, { cookie: other.cookie });
    expect(byAdmin.status).toBe(403);
    const off = await plinth.call('POST', `/v1/users/${other.userId}/deactivate`, { cookie: acme.cookie });
    expect(off.status).toBe(204);
    plinth.clock.advance(1000);
    expect((await me({ key: other.key })).status).toBe(401);
    expect((await me({ cookie: other.cookie })).status).toBe(401);
    await plinth.call('POST', `/v1/users/${other.userId}/activate`, { cookie: acme.cookie });
    expect((await me({ key: other.key })).status).toBe(401);
    expect((await me({ cookie: other.cookie })).status).toBe(401);
    const again = await plinth.call('POST', '/v1/sign-in', { body: { email: other.email, password: PASSWORD } });
    expect(again.status).toBe(200);
  });

  it('keeps a superuser', async () => {
    const last = await plinth.call('POST', `/v1/users/${acme.userId}/deactivate`, { cookie: acme.cookie });
    expect(last.body).toMatchObject({ code: 'last_superuser' });
    const nobody = await plinth.call('POST', '/v1/users/0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42/deactivate', {
      cookie: acme.cookie,
    });
    expect(nobody.status).toBe(404);
  });

  it('keep what a person prefers, and nothing else', async () => {
    const fresh = await addPerson(plinth, acme, 'viewer');
    const read = () => plinth.call('GET', '/v1/me/preferences', { cookie: fresh.cookie });
    const write = (body: unknown) => plinth.call('PUT', '/v1/me/preferences', { cookie: fresh.cookie, body });
    expect((await read()).body).toEqual({});
    const chosen = { theme: 'dark', density: 'compact', times: 'utc', page_rows: 100 };
    expect((await write(chosen)).body).toEqual(chosen);
    expect((await read()).body).toEqual(chosen);
    for (const wrong of [{ theme: 'pink' }, { font: 'big' }, { page_rows: 1e9 }, [], 'dark', { ['__proto__x']: 1 }]) {
      expect((await write(wrong)).status, JSON.stringify(wrong)).toBe(400);
    }
    expect((await read()).body).toEqual(chosen);
    expect((await write({ theme: 'light' })).body).toEqual({ theme: 'light' });
    // one person's alone, and not a program's
    expect((await plinth.call('GET', '/v1/me/preferences', { cookie: acme.cookie })).body).toEqual({});
    expect((await plinth.call('GET', '/v1/me/preferences', { key: acme.key })).body).toMatchObject({
      code: 'session_required',
    });
  });
});
