import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { type ClockedPlinth, cookieOf, openPlinthOn, PASSWORD, text } from '../../../tests/support/plinth.ts';
import { issueFirstRunLink } from './index.ts';

const form = { email: 'Ada@Example.org', password: PASSWORD, organization_name: 'Acme & Söhne' };

describeEngines(
  'first run',
  (on) => {
    let plinth: ClockedPlinth;
    beforeAll(async () => {
      plinth = await openPlinthOn(on.engine);
    });
    afterAll(() => plinth.close());

    const complete = (token: string, changes: object = {}) =>
      plinth.call('POST', '/v1/first-run', { body: { token, ...form, ...changes } });

    it('makes a link with the token in the fragment, for 15 minutes', async () => {
      const link = await issueFirstRunLink(plinth.platform);
      expect(link?.path).toMatch(/^\/welcome#plo_/);
      const minutes = ((link?.expiresAt.getTime() ?? 0) - plinth.clock.now().getTime()) / 60_000;
      expect(minutes).toBeCloseTo(15, 0);
      const [row] = await plinth.owner<{ text: string }>(
        'select row_to_json(t)::text as text from plinth.one_time_tokens t',
      );
      expect(row?.text).not.toContain(link?.token);
    });

    it('refuses other tokens alike: a typing error, one never issued, one that ran out', async () => {
      const link = await issueFirstRunLink(plinth.platform);
      const token = link?.token ?? '';
      const typo = `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`;
      const old = await issueFirstRunLink(plinth.platform);
      plinth.clock.advance(15 * 60_000);
      const answers = [await complete(typo), await complete('x'), await complete(old?.token ?? '')];
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
      expect(new Set(answers.map(({ body }) => `${body['code']} ${body['detail']}`)).size).toBe(1);
    });

    it('keeps the link for another try when the form is refused', async () => {
      const link = await issueFirstRunLink(plinth.platform);
      const token = link?.token ?? '';
      expect((await complete(token, { password: 'password123' })).body).toMatchObject({ code: 'password_refused' });
      expect((await complete(token, { email: 'nobody' })).body).toMatchObject({
        code: 'invalid_value',
        field: 'email',
      });
      expect((await complete(token, { organization_name: '' })).status).toBe(400);
      expect((await complete(token, { role: 'superuser' })).body).toMatchObject({ code: 'invalid_request' });
      const [row] = await plinth.owner<{ used: number }>(
        'select count(used_at)::int as used from plinth.one_time_tokens',
      );
      expect(row?.used).toBe(0);
    });

    it('makes exactly one administrator of many requests at once, with one link or several', async () => {
      const links = [await issueFirstRunLink(plinth.platform), await issueFirstRunLink(plinth.platform)];
      const tries = [0, 1, 2, 3, 4, 5].map((n) =>
        complete(links[n % 2]?.token ?? '', { email: `ada${n}@example.org`, organization_name: `Acme ${n}` }),
      );
      const answers = await Promise.all(tries);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        expect(['link_not_valid', 'administrator_exists']).toContain(answer.body['code']);
      }
      const [counts] = await plinth.owner(
        `select (select count(*)::int from plinth.users) as users,
                (select count(*)::int from plinth.organizations) as organizations,
                (select count(*)::int from plinth.organization_slugs) as slugs,
                (select count(*)::int from plinth.user_credentials) as credentials,
                (select count(*)::int from plinth.organization_memberships where role = 'owner') as owners`,
      );
      expect(counts).toEqual({ users: 1, organizations: 1, slugs: 1, credentials: 1, owners: 1 });

      const made = answers.find(({ status }) => status === 201);
      const key = text(made?.body['api_key']?.['key']);
      const me = await plinth.call('GET', '/v1/me', { key });
      expect(me.body).toMatchObject({ kind: 'api_key', user: { role: 'superuser' }, organization: { role: 'owner' } });
      const session = await plinth.call('GET', '/v1/me', { cookie: cookieOf(made!) });
      expect(session.body).toMatchObject({ kind: 'user', organization: { role: 'owner' } });
      // the answer is what shows the key, and nothing keeps it
      for (const table of ['api_keys', 'audit_logs'])
        expect(
          await plinth.owner(`select 1 from plinth.${table} t where t::text like '%' || $1 || '%'`, [key]),
        ).toEqual([]);
    });

    it('writes who made what into the audit log and the security events', async () => {
      const actors = await plinth.owner(
        `select distinct actor, actor_user_id is not null as named from plinth.audit_logs where resource_type = 'organizations'`,
      );
      expect(actors).toEqual([{ actor: 'user', named: true }]);
      const kinds = await plinth.owner(
        `select kind from plinth.security_events where kind = 'first_administrator_created'`,
      );
      expect(kinds).toHaveLength(1);
    });

    it('is over once there is an administrator', async () => {
      expect(await issueFirstRunLink(plinth.platform)).toBeUndefined();
      expect((await plinth.call('GET', '/v1/first-run')).body).toEqual({ needed: false });
    });
  },
  { server: { poolSize: 6 } },
);
