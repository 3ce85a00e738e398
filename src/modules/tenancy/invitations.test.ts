import { beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  cookieOf,
  type FirstRun,
  firstRun,
  openPlinthOn,
  PASSWORD,
  text,
} from '../../../tests/support/plinth.ts';
import type { TestAnswer } from '../../testing.ts';

const DAY_MS = 24 * 3_600_000;

describeEngines(
  'invitations',
  (on) => {
    let plinth: ClockedPlinth;
    let acme: FirstRun;
    let other: FirstRun;
    beforeAll(async () => {
      plinth = await openPlinthOn(on.engine);
      acme = await firstRun(plinth);
      other = await addOrganization(plinth, 'Other', 'other@example.org');
    });

    const invite = (email: string, role = 'member', key = acme.key) =>
      plinth.call('POST', '/v1/invitations', { key, body: { email, role } });
    const preview = (token: unknown) => plinth.call('POST', '/v1/invitations/preview', { body: { token } });
    const accept = (token: unknown, how: { cookie?: string; body?: object; address?: string } = {}) =>
      plinth.call('POST', '/v1/invitations/accept', {
        ...(how.cookie ? { cookie: how.cookie } : {}),
        ...(how.address ? { address: how.address } : {}),
        body: { token, ...how.body },
      });
    const withPassword = (token: unknown, password = PASSWORD) =>
      accept(token, { body: { password, full_name: 'New Person' } });
    const resend = (id: unknown, key = acme.key) =>
      plinth.call('POST', `/v1/invitations/${String(id)}/resend`, { key });
    const revoke = (id: unknown, key = acme.key) => plinth.call('DELETE', `/v1/invitations/${String(id)}`, { key });
    const members = async (email: string, organizationId = acme.organizationId) =>
      plinth.owner<{ role: string; user_id: string }>(
        'select role, user_id from plinth.organization_memberships where organization_id = $1 and email = $2',
        [organizationId, email],
      );
    const code = (answer: TestAnswer) => String(answer.body['code']);

    it('make a new person a member with a password, signed in', async () => {
      const made = await invite('Bob@Example.org', 'viewer');
      expect(made.body).toMatchObject({ email: 'bob@example.org', role: 'viewer', links_made: 1, accepted_at: null });
      expect(text(made.body['path'])).toBe(`/invitation#${text(made.body['token'])}`);
      expect((await preview(made.body['token'])).body).toMatchObject({
        organization_name: 'Acme',
        email: 'bob@example.org',
        role: 'viewer',
        invited_by: 'Ada Lovelace',
      });
      // nothing happens before somebody agrees
      expect(await members('bob@example.org')).toEqual([]);
      expect(await plinth.owner(`select 1 from plinth.users where email = 'bob@example.org'`)).toEqual([]);

      const joined = await withPassword(made.body['token']);
      expect(joined.body).toMatchObject({ organization_id: acme.organizationId });
      const me = await plinth.call('GET', '/v1/me', { cookie: cookieOf(joined) });
      expect(me.body).toMatchObject({
        user: { email: 'bob@example.org', full_name: 'New Person', is_verified: false },
        organization: { role: 'viewer' },
      });
      expect(code(await withPassword(made.body['token']))).toBe('invitation_not_valid');
      expect(code(await preview(made.body['token']))).toBe('invitation_not_valid');
      const signIn = await plinth.call('POST', '/v1/sign-in', {
        body: { email: 'bob@example.org', password: PASSWORD },
      });
      expect(signIn.status).toBe(200);
    });

    it('join a person who is signed in, and leaves their account as it is', async () => {
      const made = await invite(other.email, 'admin');
      const joined = await accept(made.body['token'], { cookie: other.cookie });
      expect(joined.body).toEqual({ organization_id: acme.organizationId, user_id: other.userId });
      expect(joined.headers['set-cookie']).toBeUndefined();
      expect(await members(other.email)).toMatchObject([{ role: 'admin', user_id: other.userId }]);
    });

    it('join a person with an account by its password, and never change it', async () => {
      const person = await addPerson(plinth, other, 'member');
      const made = await invite(person.email);
      expect(code(await withPassword(made.body['token'], 'seven green bottles hanging'))).toBe('sign_in_failed');
      expect(await members(person.email)).toEqual([]);
      const joined = await withPassword(made.body['token']);
      expect(joined.body['user_id']).toBe(person.userId);
      // known by their own name still
      const me = await plinth.call('GET', '/v1/me', { cookie: cookieOf(joined), organization: acme.slug });
      expect(me.body).toMatchObject({ user: { full_name: 'A member' }, organization: { role: 'member' } });
    });

    it('do not tell whether an address has an account', async () => {
      const [known, unknown] = [
        await invite('ada+1@example.org'),
        await invite((await addPerson(plinth, other, 'member')).email),
      ];
      expect(Object.keys(known.body).sort()).toEqual(Object.keys(unknown.body).sort());
      const shape = async (made: TestAnswer) => Object.keys((await preview(made.body['token'])).body).sort();
      expect(await shape(known)).toEqual(await shape(unknown));
      // a password that would be refused for a new account is refused before anything is looked up
      const weak = [await withPassword(known.body['token'], 'abc'), await withPassword(unknown.body['token'], 'abc')];
      expect(weak.map(code)).toEqual(['password_refused', 'password_refused']);
      expect(weak[0]?.body['detail']).toEqual(weak[1]?.body['detail']);
    });

    it('join nobody else silently', async () => {
      const stranger = await addPerson(plinth, other, 'member');
      const made = await invite('somebody-else@example.org');
      const silent = await accept(made.body['token'], { cookie: stranger.cookie });
      expect(silent.status).toBe(409);
      expect(code(silent)).toBe('invitation_for_another_address');
      expect(await members(stranger.email)).toEqual([]);
      const meant = await accept(made.body['token'], { cookie: stranger.cookie, body: { use_this_account: true } });
      expect(meant.status).toBe(200);
      expect(await members(stranger.email)).toMatchObject([{ role: 'member' }]);
      const [event] = await plinth.owner<{ details: object }>(
        `select details from plinth.security_events where kind = 'invitation_accepted' and user_id = $1 order by id desc limit 1`,
        [stranger.userId],
      );
      expect(event?.details).toMatchObject({ other_address: true });
    });

    it('are answered by people: not by keys, not without a password, not with one while signed in', async () => {
      const { body } = await invite('picky@example.org');
      const byKey = await plinth.call('POST', '/v1/invitations/accept', {
        key: other.key,
        body: { token: body['token'] },
      });
      expect(code(byKey)).toBe('session_required');
      expect(code(await accept(body['token']))).toBe('invalid_value');
      expect(code(await accept(body['token'], { cookie: other.cookie, body: { password: PASSWORD } }))).toBe(
        'invalid_value',
      );
      // from another site, with the person's cookie
      const foreign = await plinth.call('POST', '/v1/invitations/accept', {
        cookie: other.cookie,
        headers: { origin: 'https://evil.example' },
        body: { token: body['token'], use_this_account: true },
      });
      expect(foreign.status).toBe(403);
      expect((await withPassword(body['token'])).status).toBe(200);
    });

    it('are one for an address at a time', async () => {
      const answers = await Promise.all(Array.from({ length: 6 }, () => invite('race@example.org')));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
      expect(code(await invite('RACE@example.org', 'viewer'))).toBe('already_exists');
      const made = answers.find(({ status }) => status === 201) as TestAnswer;
      expect((await revoke(made.body['id'])).status).toBe(204);
      expect(code(await revoke(made.body['id']))).toBe('not_found');
      expect(code(await withPassword(made.body['token']))).toBe('invitation_not_valid');
      expect((await invite('race@example.org')).status).toBe(201);
      expect(code(await invite(acme.email))).toBe('already_exists');
    });

    it('accepted many times at once make one person and one member', async () => {
      const { body } = await invite('crowd@example.org');
      const answers = await Promise.all(Array.from({ length: 5 }, () => withPassword(body['token'])));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      for (const answer of answers.filter(({ status }) => status !== 200)) {
        expect(['invitation_not_valid', 'already_exists']).toContain(code(answer));
      }
      expect(await members('crowd@example.org')).toHaveLength(1);
      expect(await plinth.owner(`select 1 from plinth.users where email = 'crowd@example.org'`)).toHaveLength(1);

      const [one, two] = [await addPerson(plinth, other, 'member'), await addPerson(plinth, other, 'member')];
      const open = await invite('first-come@example.org');
      const both = await Promise.all(
        [one, two].map(({ cookie }) => accept(open.body['token'], { cookie, body: { use_this_account: true } })),
      );
      expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    });

    it('get a new link, and the old one stops', async () => {
      const made = await invite('again@example.org');
      const again = await resend(made.body['id']);
      expect(again.body).toMatchObject({ id: made.body['id'], links_made: 2 });
      expect(again.body['token']).not.toBe(made.body['token']);
      expect(code(await preview(made.body['token']))).toBe('invitation_not_valid');
      expect((await withPassword(again.body['token'])).status).toBe(200);
      expect(code(await resend(made.body['id']))).toBe('not_found');
      expect(code(await resend(made.body['id'], other.key))).toBe('not_found');
    });

    it('are listed for those who invite, without the link', async () => {
      const made = await invite('listed@example.org');
      const listed = await plinth.call('GET', '/v1/invitations?open=true&limit=100', { key: acme.key });
      const rows = listed.body['data'] as unknown as { id: string; accepted_at: string | null }[];
      expect(rows.map(({ id }) => id)).toContain(made.body['id']);
      expect(rows.every(({ accepted_at }) => accepted_at === null)).toBe(true);
      expect(listed.text).not.toContain('pli_');
      const all = await plinth.call('GET', '/v1/invitations?limit=100', { key: acme.key });
      expect((all.body['data'] as unknown as object[]).length).toBeGreaterThan(rows.length);
      const member = await addPerson(plinth, acme, 'member');
      expect((await plinth.call('GET', '/v1/invitations', { key: member.key })).status).toBe(403);
      const elsewhere = await plinth.call('GET', '/v1/invitations', { key: other.key });
      expect(elsewhere.text).not.toContain('listed@example.org');
      expect(code(await revoke(made.body['id'], other.key))).toBe('not_found');
    });

    it('give no more than whoever invited may still give', async () => {
      const admin = await addPerson(plinth, acme, 'admin');
      expect((await invite('boss@example.org', 'owner', admin.key)).status).toBe(403);
      const asOwner = await invite('boss@example.org', 'owner');
      expect((await resend(asOwner.body['id'], admin.key)).status).toBe(403);
      expect((await revoke(asOwner.body['id'], admin.key)).status).toBe(403);

      const made = await invite('late@example.org', 'admin', admin.key);
      await plinth.call('PATCH', `/v1/members/${admin.userId}`, { key: acme.key, body: { role: 'member' } });
      expect(code(await withPassword(made.body['token']))).toBe('invitation_not_valid');
      // whoever makes a new link answers for it
      const again = await resend(made.body['id']);
      await plinth.call('DELETE', `/v1/members/${admin.userId}`, { key: acme.key });
      expect((await withPassword(again.body['token'])).status).toBe(200);
    });

    it('answer the same for links that are unknown, mistyped, of another kind or another organization', async () => {
      const { body } = await invite('typed@example.org');
      const token = text(body['token']);
      const stranger = text((await invite('typed@example.org', 'member', other.key)).body['token']);
      const mixed = `${stranger.slice(0, 27)}${token.slice(27)}`;
      for (const wrong of ['', 'x', `${token} `, token.replace('pli_', 'plo_'), mixed, acme.key, token.slice(0, -1)]) {
        const answers = [await preview(wrong), await withPassword(wrong)];
        for (const answer of answers) expect([answer.status, code(answer)]).toEqual([401, 'invitation_not_valid']);
      }
    });

    it('slow down whoever tries many links', async () => {
      const address = '203.0.113.77';
      const tries: number[] = [];
      for (let n = 0; n < 61; n++)
        tries.push((await accept('pli_wrong', { address, body: { password: PASSWORD } })).status);
      expect(tries.slice(0, 60).every((status) => status === 401)).toBe(true);
      expect(tries[60]).toBe(429);
    });

    it('show the link once, also when the request is repeated', async () => {
      const request = () =>
        plinth.call('POST', '/v1/invitations', {
          key: acme.key,
          headers: { 'idempotency-key': 'invite-once' },
          body: { email: 'once@example.org', role: 'member' },
        });
      const [first, second] = [await request(), await request()];
      expect(text(first.body['token'])).toMatch(/^pli_/);
      expect(second.body).toMatchObject({ id: first.body['id'], token: null, path: null });
    });

    it('are in the audit log and the feed, the address and the link in neither', async () => {
      const made = await invite('noted@example.org');
      await withPassword(made.body['token']);
      const rows = await plinth.owner<{ action: string; new_values: object }>(
        `select action, new_values from plinth.audit_logs where organization_id = $1 and resource_type = 'invitations' and resource_id = $2 order by id`,
        [acme.organizationId, made.body['id']],
      );
      expect(rows.map(({ action }) => action)).toEqual(['insert', 'update']);
      expect(rows[0]?.new_values).toMatchObject({
        role: 'member',
        token_hash: 'secret',
        email: { sha256: expect.any(String) },
      });
      const feed = await plinth.owner<{ action: string }>(
        `select action from plinth.activity_logs where organization_id = $1 and action in ('invitation_created', 'member_joined')`,
        [acme.organizationId],
      );
      expect(new Set(feed.map(({ action }) => action))).toEqual(new Set(['invitation_created', 'member_joined']));
      expect(JSON.stringify([rows, feed])).not.toContain('noted@example.org');
    });

    it('end after seven days, then make way for new ones', async () => {
      const made = await invite('slow@example.org');
      plinth.clock.advance(7 * DAY_MS + 1000);
      expect(code(await withPassword(made.body['token']))).toBe('invitation_not_valid');
      const again = await invite('slow@example.org');
      expect(again.status).toBe(201);
      expect((await withPassword(again.body['token'])).status).toBe(200);
    });

    it('are bounded in number, and end with the organization', async () => {
      const full = await addOrganization(plinth, 'Full', 'full@example.org');
      await plinth.owner(
        `insert into plinth.invitations (organization_id, email, role, token_hash, expires_at)
         select $1, 'n' || n || '@example.org', 'member', decode(lpad(to_hex(n), 64, '0'), 'hex'), now() + interval '30 days'
         from generate_series(1, 499) n
         on conflict do nothing`,
        [full.organizationId],
      );
      const last = await invite('n500@example.org', 'member', full.key);
      expect(last.status).toBe(201);
      expect(code(await invite('n501@example.org', 'member', full.key))).toBe('too_many_invitations');
      await plinth.call('DELETE', '/v1/organization', { key: full.key });
      expect(code(await withPassword(last.body['token']))).toBe('invitation_not_valid');
    });
  },
  { server: { poolSize: 6 } },
);
