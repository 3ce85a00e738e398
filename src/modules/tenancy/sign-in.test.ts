import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  cookieOf,
  type FirstRun,
  firstRun,
  HOST,
  joinByInvitation,
  openPlinthOn,
  PASSWORD,
  signInByLink,
  text,
} from '../../../tests/support/plinth.ts';
import { assertCookiesAreSafe } from './cookies.ts';
import { issueSignInLink } from './index.ts';

const HOUR_MS = 3_600_000;

describeEngines('signing in', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine);
    acme = await firstRun(plinth);
  });
  afterAll(() => plinth.close());

  const signIn = (email: string, password: string, address = '127.0.0.1') =>
    plinth.call('POST', '/v1/sign-in', { body: { email, password }, address });
  const isSignedIn = async (cookie: string) => (await plinth.call('GET', '/v1/me', { cookie })).status === 200;

  it('opens a session with a new token each time, in a cookie that scripts can not read', async () => {
    const first = await signIn(' ADA@example.org ', PASSWORD);
    const second = await signIn(acme.email, PASSWORD);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(cookieOf(first)).not.toBe(cookieOf(second));
    expect(String(first.headers['set-cookie'])).toMatch(
      /^plinth_session=pls_\w+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/,
    );
    expect(await isSignedIn(cookieOf(first))).toBe(true);
    const [row] = await plinth.owner<{ text: string }>('select json_agg(s)::text as text from plinth.user_sessions s');
    expect(row?.text).not.toContain(cookieOf(first).split('=')[1]);
  });

  it('uses the __Host- cookie over TLS and refuses to sign in over plain http elsewhere', async () => {
    const body = { email: acme.email, password: PASSWORD };
    const secure = await plinth.call('POST', '/v1/sign-in', {
      body,
      headers: { host: 'plinth.example', origin: 'https://plinth.example' },
    });
    expect(String(secure.headers['set-cookie'])).toMatch(/^__Host-plinth_session=pls_\w+; .*; Secure$/);
    // the public URL says https: a proxy ends the TLS, and the cookie is one that browsers take over TLS only
    const proxied = await plinth.call('POST', '/v1/sign-in', { body, headers: { host: 'plinth.example' } });
    expect(String(proxied.headers['set-cookie'])).toMatch(/^__Host-plinth_session=pls_\w+; .*; Secure$/);
    const plain = { protocol: 'http', headers: { host: 'elsewhere.example' }, server: { publicHost: undefined } };
    expect(() => assertCookiesAreSafe(plain as unknown as FastifyRequest)).toThrow(
      expect.objectContaining({ code: 'insecure_connection' }),
    );
    // a cookie without the prefix could have been planted by a sibling domain
    const planted = cookieOf(await signIn(acme.email, PASSWORD));
    const elsewhere = await plinth.call('GET', '/v1/me', { cookie: planted, headers: { host: 'plinth.example' } });
    expect(elsewhere.status).toBe(401);
  });

  it('answers a wrong password, an unknown address and an account that is off the same', async () => {
    const off = await addPerson(plinth, acme, 'member');
    await plinth.owner('update plinth.users set is_active = false where id = $1', [off.userId]);
    const answers = [
      await signIn(acme.email, 'wrong password here'),
      await signIn('nobody@example.org', 'wrong password here'),
      await signIn(off.email, PASSWORD),
    ];
    const facts = answers.map(({ status, body: { request_id: _id, ...rest } }) => JSON.stringify({ status, rest }));
    expect(new Set(facts).size).toBe(1);
    expect(answers[0]?.body).toMatchObject({ status: 401, code: 'sign_in_failed' });
    expect(answers[0]?.headers['set-cookie']).toBeUndefined();
  });

  it('lets a guesser try a few of a thousand passwords, and the person in from elsewhere', async () => {
    const victim = await addPerson(plinth, acme, 'member');
    plinth.clock.hold();
    const guesses = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => signIn(victim.email, `guess number ${n}`, `10.0.0.${n % 4}`)),
    );
    // 4 addresses, 5 free tries each and the one after which they wait
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(24);
    const refused = guesses.find(({ status }) => status === 429);
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await signIn(victim.email, PASSWORD, '10.0.0.1')).status).toBe(429);
    expect((await signIn(victim.email, PASSWORD, '10.9.9.9')).status).toBe(200);
    // not for good: the guesser's own address is let in later
    plinth.clock.advance(901_000);
    expect((await signIn(victim.email, PASSWORD, '10.0.0.1')).status).toBe(200);
  });

  it('slows down guessing from many addresses, and not the person at home', async () => {
    const victim = await addPerson(plinth, acme, 'member');
    const home = '192.0.2.7';
    expect((await signIn(victim.email, PASSWORD, home)).status).toBe(200);
    const statuses: number[] = [];
    for (let n = 0; n < 60; n++) {
      statuses.push((await signIn(victim.email, 'some other guess', `198.51.100.${n}`)).status);
    }
    expect(statuses.slice(0, 50).every((status) => status === 401)).toBe(true);
    expect(statuses.slice(-5)).toEqual([429, 429, 429, 429, 429]);
    expect((await signIn(victim.email, PASSWORD, home)).status).toBe(200);
  });

  it('treats all addresses of an IPv6 network as one', async () => {
    const statuses: number[] = [];
    for (let n = 1; n <= 8; n++) {
      statuses.push((await signIn('v6@example.org', 'guess guess guess', `2001:db8:1:2::${n}`)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429]);
    expect((await signIn('v6@example.org', 'guess guess guess', '2001:db8:1:3::1')).status).toBe(401);
  });

  it('ends a session that was idle for a day or is thirty days old', async () => {
    const idle = cookieOf(await signIn(acme.email, PASSWORD));
    plinth.clock.advance(23 * HOUR_MS);
    expect(await isSignedIn(idle)).toBe(true);
    await plinth.flush();
    plinth.clock.advance(23 * HOUR_MS);
    expect(await isSignedIn(idle)).toBe(true);
    await plinth.flush();
    plinth.clock.advance(24 * HOUR_MS);
    expect(await isSignedIn(idle)).toBe(false);
    const used = cookieOf(await signIn(acme.email, PASSWORD));
    plinth.clock.advance(30 * 24 * HOUR_MS);
    await plinth.owner('update plinth.user_sessions set last_seen_at = $1', [plinth.clock.now()]);
    expect(await isSignedIn(used)).toBe(false);
  });

  it('lists sessions, ends one, ends all', async () => {
    const here = cookieOf(await signIn(acme.email, PASSWORD));
    const there = cookieOf(await signIn(acme.email, PASSWORD));
    const { body } = await plinth.call('GET', '/v1/sessions', { cookie: here });
    const sessions = body['data'] as unknown as { id: string; is_current: boolean }[];
    expect(sessions.filter((one) => one.is_current)).toHaveLength(1);
    const other = sessions.find((one) => !one.is_current);
    const stranger = await addPerson(plinth, acme, 'member');
    const theft = await plinth.call('DELETE', `/v1/sessions/${other?.id}`, { cookie: stranger.cookie });
    expect(theft.status).toBe(404);
    expect(await isSignedIn(there)).toBe(true);
    expect((await plinth.call('DELETE', `/v1/sessions/${other?.id}`, { cookie: here })).status).toBe(204);
    expect(await isSignedIn(there)).toBe(false);
    const out = await plinth.call('POST', '/v1/sign-out/everywhere', { cookie: here });
    expect(out.status).toBe(200);
    expect(await isSignedIn(here)).toBe(false);
    expect(await isSignedIn(stranger.cookie)).toBe(true);
  });

  it('signs out, also twice', async () => {
    const cookie = cookieOf(await signIn(acme.email, PASSWORD));
    const out = await plinth.call('POST', '/v1/sign-out', { cookie });
    expect(out.status).toBe(204);
    expect([out.headers['set-cookie']].flat()).toHaveLength(2);
    expect(await isSignedIn(cookie)).toBe(false);
    expect((await plinth.call('POST', '/v1/sign-out', { cookie })).status).toBe(204);
  });

  it('takes no write from a page of another origin', async () => {
    const cookie = cookieOf(await signIn(acme.email, PASSWORD));
    const foreign = await plinth.call('PATCH', '/v1/me', {
      cookie,
      body: { full_name: 'Mallory' },
      headers: { origin: 'https://evil.example' },
    });
    expect(foreign.body).toMatchObject({ code: 'origin_not_allowed' });
    const own = await plinth.call('PATCH', '/v1/me', {
      cookie,
      body: { full_name: 'Ada King' },
      headers: { origin: `http://${HOST}` },
    });
    expect(own.status).toBe(200);
  });

  describe('links', () => {
    it('set a password once, and end the sessions there were', async () => {
      const person = await addPerson(plinth, acme, 'member');
      const link = await issueSignInLink(plinth.platform, person.email.toUpperCase());
      const redeem = (password: string) =>
        plinth.call('POST', '/v1/sign-in/link', { body: { token: link?.token, password } });
      const [{ username } = { username: '' }] = await plinth.owner<{ username: string }>(
        'select username from plinth.users where id = $1',
        [person.userId],
      );
      const own = [
        person.email,
        person.email.toUpperCase(),
        person.email.split('@')[0]!,
        `${username}!`,
        'A Member 123',
      ];
      for (const weak of ['12345678', ...own]) {
        expect((await redeem(weak)).body, weak).toMatchObject({ code: 'password_refused', field: 'password' });
      }
      const answers = await Promise.all([redeem('a new pass phrase 1'), redeem('a new pass phrase 2')]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
      expect(await isSignedIn(person.cookie)).toBe(false);
      expect((await signIn(person.email, PASSWORD)).status).toBe(401);
    });

    it('are not made for accounts that are not there, and not by a request', async () => {
      expect(await issueSignInLink(plinth.platform, 'nobody-at-all@example.org')).toBeUndefined();
      const asRequest = plinth.platform.door.write({ as: 'app' }, (tx) =>
        tx.sql('select plinth.issue_one_time_token($1, $2, null, now(), now())', ['sign_in', Buffer.alloc(32)]),
      );
      await expect(asRequest).rejects.toMatchObject({ code: 'forbidden' });
    });
  });

  it('puts a person with several organizations where the header says', async () => {
    const person = await addPerson(plinth, acme, 'member');
    const other = await addOrganization(plinth, 'Second Home', 'second@example.org');
    await joinByInvitation(plinth, other, person.email, 'viewer', { cookie: person.cookie });
    const cookie = await signInByLink(plinth, person.email);
    const me = (organization?: string) =>
      plinth.call('GET', '/v1/me', { cookie, ...(organization ? { organization } : {}) });
    expect((await me()).body).toMatchObject({ organization: null });
    expect((await plinth.call('GET', '/v1/members', { cookie })).body).toMatchObject({ code: 'organization_required' });
    expect((await me(acme.organizationId)).body).toMatchObject({ organization: { role: 'member' } });
    expect((await me(other.slug)).body).toMatchObject({ organization: { id: other.organizationId, role: 'viewer' } });
    const stranger = await addOrganization(plinth, 'Not Theirs', 'third@example.org');
    const [theirs, nobodys] = [await me(stranger.slug), await me('no-such-slug')];
    expect(theirs.status).toBe(403);
    expect(text(theirs.body['detail'])).toBe(text(nobodys.body['detail']));
  });
});
