import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportJWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
} from '../../../tests/support/plinth.ts';
import { tokenIssuers } from '../../platform/core/token-issuers.ts';
import { type OutboundClient, outbound } from '../../platform/net/index.ts';
import type { TestAnswer } from '../../testing.ts';
import { makeTenancyModule } from './index.ts';

const ISSUER = 'https://auth.example.com/';
const OTHER_ISSUER = 'https://other.example.com';
const OPEN_ISSUER = 'https://open.example.com';
const CLERK = 'https://clerk.example.com';
const AUDIENCE = 'plinth';

const pair = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  next: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed: generateKeyPairSync('ed25519'),
  other: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const jwk = async (key: KeyObject, kid: string, more: object = {}) => ({ ...(await exportJWK(key)), kid, ...more });

/** The issuers' servers: what they answer can be changed, and is counted. */
function fakeNet() {
  const served = new Map<string, unknown>();
  const state = { served, fetches: 0, isDown: false };
  const net: OutboundClient = {
    async request({ url }) {
      state.fetches++;
      if (state.isDown) throw new Error('the connection was refused');
      const body = served.get(url);
      return { status: body ? 200 : 404, headers: {}, body: Buffer.from(JSON.stringify(body ?? {})), address: '' };
    },
    stream: () => Promise.reject(new Error('nobody streams here')),
    check: () => undefined,
    close: () => undefined,
  };
  return { net, state };
}

const issuers = tokenIssuers.parse(
  JSON.stringify([
    {
      issuer: ISSUER,
      audience: AUDIENCE,
      organization_claim: ['org', 'slug'],
      role_claim: 'https://plinth.example/role',
      roles: { boss: 'admin', staff: 'member', guest: 'viewer' },
      create_users: true,
    },
    { issuer: OTHER_ISSUER, audience: [AUDIENCE], jwks_url: 'https://keys.example.com/other.json' },
    {
      issuer: OPEN_ISSUER,
      audience: AUDIENCE,
      organization: 'acme',
      role: 'viewer',
      create_users: true,
      trust_email: true,
    },
    {
      issuer: CLERK,
      authorized_parties: 'https://app.example.com',
      organization_claim: 'org_id',
      organizations: { org_1: 'acme' },
      role: 'member',
      create_users: true,
    },
  ]),
);

describeEngines(
  'tokens of other issuers',
  (on) => {
    let plinth: ClockedPlinth;
    let acme: FirstRun;
    let other: FirstRun;
    const { net, state } = fakeNet();
    beforeAll(async () => {
      const settings = { tokenIssuers: issuers };
      const modules = baseModules.map((module) => (module.name === 'tenancy' ? makeTenancyModule(settings) : module));
      plinth = await openPlinthOn(on.engine, modules, { net, config: settings });
      acme = await firstRun(plinth);
      other = await addOrganization(plinth, 'Other', 'other@example.org');
    });
    beforeEach(async () => {
      state.isDown = false;
      const all = [
        await jwk(pair.rsa.publicKey, 'rsa-1'),
        await jwk(pair.ec.publicKey, 'ec-1'),
        await jwk(pair.ed.publicKey, 'ed-1'),
        // an issuer that publishes a symmetric key by mistake
        { kty: 'oct', kid: 'oct-1', k: Buffer.from('secret secret secret secret secret!').toString('base64url') },
      ];
      state.served.set('https://auth.example.com/.well-known/jwks.json', { keys: all });
      state.served.set('https://keys.example.com/other.json', { keys: [await jwk(pair.other.publicKey, 'other-1')] });
      state.served.set('https://open.example.com/.well-known/jwks.json', { keys: all });
      state.served.set('https://clerk.example.com/.well-known/jwks.json', { keys: all });
    });

    interface Making {
      readonly alg?: string;
      readonly key?: KeyObject;
      readonly kid?: string;
      readonly header?: object;
      readonly expires?: number;
      readonly notBefore?: number;
    }
    const seconds = () => Math.floor(plinth.clock.now().getTime() / 1000);
    const claimsOf = (claims: object) => ({
      iss: ISSUER,
      aud: AUDIENCE,
      org: { slug: 'acme' },
      'https://plinth.example/role': 'staff',
      ...claims,
    });
    function mint(claims: object, making: Making = {}): Promise<string> {
      const { alg = 'RS256', key = pair.rsa.privateKey, kid = 'rsa-1', header = {} } = making;
      const jwt = new SignJWT(claimsOf({ exp: seconds() + (making.expires ?? 300), ...claims }));
      if (making.notBefore !== undefined) jwt.setNotBefore(seconds() + making.notBefore);
      return jwt.setProtectedHeader({ alg, kid, ...header } as JWTHeaderParameters).sign(key);
    }
    /** Signs nothing: puts a token together as an attacker does. */
    function forge(header: object, claims: object, signature: (input: string) => string = () => ''): string {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const input = `${part(header)}.${part(claimsOf({ exp: seconds() + 300, ...claims }))}`;
      return `${input}.${signature(input)}`;
    }
    const me = (key: string, organization?: string) =>
      plinth.call('GET', '/v1/me', { key, ...(organization ? { organization } : {}) });
    const code = (answer: TestAnswer) => `${answer.status} ${String(answer.body['code'])}`;
    const users = () =>
      plinth.owner<{ n: number }>('select count(*)::int as n from plinth.users').then(([row]) => row?.n);

    describe('that hold', () => {
      it.each([
        ['RS256', pair.rsa.privateKey, 'rsa-1'],
        ['ES256', pair.ec.privateKey, 'ec-1'],
        ['EdDSA', pair.ed.privateKey, 'ed-1'],
      ])('let a person call at once: %s', async (alg, key, kid) => {
        const token = await mint(
          { sub: `auth0|${alg}`, email: `${alg}@Example.org`, email_verified: true, name: `Ms ${alg}` },
          { alg, key, kid },
        );
        const first = await me(token);
        expect(first.body).toMatchObject({
          kind: 'user',
          session_id: null,
          user: { email: `${alg.toLowerCase()}@example.org`, full_name: `Ms ${alg}` },
          organization: { slug: 'acme', role: 'member' },
        });
        const before = await users();
        const project = await plinth.call('POST', '/v1/projects', { key: token, body: { name: `By ${alg}` } });
        expect(project.status).toBe(201);
        expect(await users()).toBe(before);
      });

      it('follow the role of the claim, but for an owner', async () => {
        const role = (value: string) => ({ sub: 'promoted', 'https://plinth.example/role': value });
        expect((await me(await mint(role('guest')))).body).toMatchObject({ organization: { role: 'viewer' } });
        expect((await me(await mint(role('boss')))).body).toMatchObject({ organization: { role: 'admin' } });
        expect((await me(await mint(role('guest')))).body).toMatchObject({ organization: { role: 'viewer' } });
        const noRole = await me(await mint(role('owner')));
        expect([code(noRole), noRole.body['detail']]).toEqual(['403 not_a_member', expect.stringContaining('no role')]);
        await plinth.owner(
          `update plinth.organization_memberships m set role = 'owner' from plinth.user_identities i
           where i.user_id = m.user_id and i.subject = 'promoted'`,
        );
        expect((await me(await mint(role('guest')))).body).toMatchObject({ organization: { role: 'owner' } });
      });

      it('reach the organization they name and no other', async () => {
        const token = await mint({ sub: 'tenant' });
        expect((await me(token, 'acme')).status).toBe(200);
        expect(code(await me(token, other.slug))).toBe('403 forbidden');
        expect(code(await me(token, other.organizationId))).toBe('403 forbidden');
        const before = await users();
        expect(code(await me(await mint({ sub: 'nowhere', org: { slug: 'no-such-one' } })))).toBe('403 not_a_member');
        expect(code(await me(await mint({ sub: 'nowhere', org: {} })))).toBe('403 not_a_member');
        expect(code(await me(await mint({ sub: 'nowhere', org: 'acme' })))).toBe('403 not_a_member');
        expect(await users()).toBe(before);
      });

      it('make one account, however many first calls there are', async () => {
        const token = await mint({ sub: 'crowd', email: 'crowd@example.org', email_verified: true });
        const answers = await Promise.all(Array.from({ length: 6 }, () => me(token)));
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
        expect(await plinth.owner(`select 1 from plinth.users where email = 'crowd@example.org'`)).toHaveLength(1);
      });

      it('never take over an account by its address', async () => {
        const token = await mint({ sub: 'thief', email: acme.email, email_verified: true });
        expect(code(await me(token))).toBe('403 identity_not_linked');
        // an address the issuer has not proven is not used at all
        const unproven = await me(await mint({ sub: 'unproven', email: acme.email, email_verified: false }));
        expect(String(unproven.body['user']?.['email'])).toMatch(/@external\.invalid$/);
        const trusted = { iss: OPEN_ISSUER, sub: 'x', email: 'open@example.org' };
        expect((await me(await mint(trusted))).body).toMatchObject({
          user: { email: 'open@example.org' },
          organization: { slug: 'acme', role: 'viewer' },
        });
      });

      it('of an issuer that makes no accounts act for whoever has linked them', async () => {
        const person = await addPerson(plinth, acme, 'member');
        const by = { key: pair.other.privateKey, kid: 'other-1' };
        const token = await mint({ iss: OTHER_ISSUER, sub: 'u-1' }, by);
        expect(code(await me(token))).toBe('403 identity_not_linked');
        const link = (cookie: string) => plinth.call('POST', '/v1/me/identities', { cookie, body: { token } });
        expect((await link(person.cookie)).body).toEqual({ issuer: OTHER_ISSUER, subject: 'u-1' });
        expect((await me(token)).body).toMatchObject({ user: { id: person.userId }, organization: { slug: 'acme' } });
        expect(code(await link(acme.cookie))).toBe('409 already_exists');
        expect(code(await plinth.call('POST', '/v1/me/identities', { key: token, body: { token } }))).toBe(
          '403 session_required',
        );
        const list = await plinth.call('GET', '/v1/me/identities', { cookie: person.cookie });
        expect(list.body['data']).toMatchObject([{ issuer: OTHER_ISSUER, subject: 'u-1' }]);
        // not a member there, and no claim makes them one
        expect(code(await me(token, other.slug))).toBe('403 not_a_member');
        const unlink = () =>
          plinth.call('POST', '/v1/me/identities/unlink', {
            cookie: person.cookie,
            body: { issuer: OTHER_ISSUER, subject: 'u-1' },
          });
        expect((await unlink()).status).toBe(204);
        expect((await unlink()).status).toBe(404);
        expect(code(await me(token))).toBe('403 identity_not_linked');
      });

      it('of a party of its own and a map of organizations', async () => {
        const clerk = (claims: object) =>
          mint({ iss: CLERK, aud: undefined, azp: 'https://app.example.com', ...claims });
        expect((await me(await clerk({ sub: 'c', org_id: 'org_1' }))).body).toMatchObject({
          organization: { slug: 'acme', role: 'member' },
        });
        expect(code(await me(await clerk({ sub: 'c', org_id: other.slug })))).toBe('403 not_a_member');
        expect(code(await me(await clerk({ sub: 'c', org_id: 'org_1', azp: 'https://evil.example' })))).toBe(
          '401 token_refused',
        );
        expect(code(await me(await clerk({ sub: 'c', org_id: 'org_1', azp: undefined })))).toBe('401 token_refused');
      });

      it('open nothing for an account that is off, and nothing only a session may', async () => {
        const token = await mint({ sub: 'switched-off' });
        expect((await me(token)).status).toBe(200);
        const password = { current_password: 'x', new_password: 'seven green bottles hanging' };
        expect(code(await plinth.call('PUT', '/v1/me/password', { key: token, body: password }))).toBe(
          '403 session_required',
        );
        await plinth.owner(
          `update plinth.users u set is_active = false from plinth.user_identities i where i.user_id = u.id and i.subject = 'switched-off'`,
        );
        expect(code(await me(token))).toBe('401 token_refused');
      });
    });

    describe('that do not hold', () => {
      const secrets = () => {
        const spki = pair.rsa.publicKey.export({ type: 'spki', format: 'pem' });
        return [spki, String(spki).trim(), pair.rsa.publicKey.export({ type: 'spki', format: 'der' })];
      };
      it.each<[string, () => Promise<string> | string]>([
        ['no algorithm', () => forge({ alg: 'none' }, { sub: 'a' })],
        ['no algorithm, another spelling', () => forge({ alg: 'nOnE', kid: 'rsa-1' }, { sub: 'a' })],
        ['no signature', () => forge({ alg: 'RS256', kid: 'rsa-1' }, { sub: 'a' })],
        [
          'a signature of another token',
          async () => {
            const [, , signature] = (await mint({ sub: 'a' })).split('.');
            return forge({ alg: 'RS256', kid: 'rsa-1' }, { sub: 'somebody-else' }, () => signature as string);
          },
        ],
        [
          'a symmetric key of the set',
          () =>
            forge({ alg: 'HS256', kid: 'oct-1' }, { sub: 'a' }, (input) =>
              createHmac('sha256', 'secret secret secret secret secret!').update(input).digest('base64url'),
            ),
        ],
        ['PS256, which is not on the list', () => mint({ sub: 'a' }, { alg: 'PS256' })],
        ['the key of another issuer', () => mint({ sub: 'a' }, { key: pair.other.privateKey, kid: 'other-1' })],
        [
          'the key of another issuer under our name',
          () => mint({ sub: 'a' }, { key: pair.other.privateKey, kid: 'rsa-1' }),
        ],
        [
          'a key it brings itself',
          async () =>
            mint({ sub: 'a' }, { key: pair.next.privateKey, header: { jwk: await exportJWK(pair.next.publicKey) } }),
        ],
        [
          'a key it points to',
          () =>
            mint(
              { sub: 'a' },
              {
                key: pair.other.privateKey,
                kid: 'other-1',
                header: { jku: 'https://keys.example.com/other.json', x5u: 'https://keys.example.com/other.json' },
              },
            ),
        ],
        ['an extension nobody knows', () => forge({ alg: 'RS256', kid: 'rsa-1', crit: ['x'], x: 1 }, { sub: 'a' })],
        ['another audience', () => mint({ sub: 'a', aud: 'elsewhere' })],
        ['no audience', () => mint({ sub: 'a', aud: undefined })],
        ['another issuer', () => mint({ sub: 'a', iss: 'https://evil.example' })],
        ['an issuer that is nearly ours', () => mint({ sub: 'a', iss: ISSUER.slice(0, -1) })],
        ['no issuer', () => mint({ sub: 'a', iss: undefined })],
        ['its end in the past', () => mint({ sub: 'a' }, { expires: -31 })],
        ['no end', () => mint({ sub: 'a', exp: undefined })],
        ['its beginning in the future', () => mint({ sub: 'a' }, { notBefore: 31 })],
        ['no subject', () => mint({})],
        ['an empty subject', () => mint({ sub: '' })],
        ['a subject that can not be stored', () => mint({ sub: 'a\u0000b' })],
        ['a subject that is a number', () => mint({ sub: 7 })],
        ['three parts that are nothing', () => 'eyJ.eyJ.eyJ'],
        ['five parts', () => 'eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d'],
        ['too much of it', () => mint({ sub: 'a', padding: 'x'.repeat(9000) })],
      ])('are refused: %s', async (_name, make) => {
        const before = await users();
        const answer = await me(await make());
        expect(code(answer)).toBe('401 token_refused');
        expect(await users()).toBe(before);
        plinth.clock.advance(61_000);
      });

      it('are refused when the public key is used as a secret', async () => {
        for (const secret of secrets()) {
          const sign = (input: string) => createHmac('sha256', secret).update(input).digest('base64url');
          for (const alg of ['HS256', 'RS256']) {
            expect(code(await me(forge({ alg, kid: 'rsa-1' }, { sub: 'a' }, sign)))).toBe('401 token_refused');
          }
        }
      });

      it('may be a few seconds off', async () => {
        expect((await me(await mint({ sub: 'late' }, { expires: -20 }))).status).toBe(200);
        expect((await me(await mint({ sub: 'early' }, { notBefore: 20 }))).status).toBe(200);
      });

      it('leave a security event without the token', async () => {
        // what the tests before have refused is written behind
        await plinth.flush();
        plinth.clock.advance(60_000);
        const token = await mint({ sub: 'noted', aud: 'elsewhere' });
        await me(token);
        await plinth.flush();
        const events = await plinth.owner<{ details: object }>(
          `select details from plinth.security_events where kind = 'token_refused' order by id desc limit 1`,
        );
        expect(events).toMatchObject([{ details: { code: 'token_refused', detail: 'it is for another audience' } }]);
        expect(JSON.stringify(events)).not.toContain(token.slice(0, 20));
      });
    });

    describe('and the keys of their issuers', () => {
      it('are read again for a key that is new, and no more than twice a minute', async () => {
        plinth.clock.advance(31_000);
        expect((await me(await mint({ sub: 'rotating' }))).status).toBe(200);
        state.served.set('https://auth.example.com/.well-known/jwks.json', {
          keys: [await jwk(pair.rsa.publicKey, 'rsa-1'), await jwk(pair.next.publicKey, 'rsa-2')],
        });
        plinth.clock.advance(31_000);
        const rotated = { key: pair.next.privateKey, kid: 'rsa-2' };
        expect((await me(await mint({ sub: 'rotating' }, rotated))).status).toBe(200);
        const before = state.fetches;
        const guesses = Array.from({ length: 20 }, async (_, n) => me(await mint({ sub: 'a' }, { kid: `guess-${n}` })));
        for (const guess of await Promise.all(guesses)) expect(guess.status).toBe(401);
        expect(state.fetches).toBe(before);
      });

      it('are used for an hour while the issuer does not answer, then no token is accepted', async () => {
        plinth.clock.advance(61_000);
        expect((await me(await mint({ sub: 'patient' }))).status).toBe(200);
        state.isDown = true;
        plinth.clock.advance(30 * 60_000);
        expect((await me(await mint({ sub: 'patient' }))).status).toBe(200);
        plinth.clock.advance(31 * 60_000);
        const before = state.fetches;
        const answers = [await me(await mint({ sub: 'patient' })), await me(await mint({ sub: 'patient' }))];
        expect(answers.map(code)).toEqual(['503 issuer_unavailable', '503 issuer_unavailable']);
        expect(state.fetches).toBe(before + 1);
        // the others are served
        expect((await plinth.call('GET', '/v1/me', { key: acme.key })).status).toBe(200);
        state.isDown = false;
        plinth.clock.advance(6000);
        expect((await me(await mint({ sub: 'patient' }))).status).toBe(200);
      });

      it('that are no set of keys accept nothing', async () => {
        plinth.clock.advance(2 * 3_600_000);
        for (const nonsense of [{}, { keys: 'x' }, { keys: [] }, { keys: [{ kty: 'RSA', kid: 'rsa-1' }] }, []]) {
          state.served.set('https://auth.example.com/.well-known/jwks.json', nonsense);
          expect([401, 503]).toContain((await me(await mint({ sub: 'a' }))).status);
          plinth.clock.advance(2 * 3_600_000);
        }
      });

      it('are fetched through the client that reaches no private address', async () => {
        const guarded = outbound({ resolver: async () => ['10.0.0.1'] });
        await expect(guarded.request({ url: 'https://auth.example.com/.well-known/jwks.json' })).rejects.toMatchObject({
          code: 'outbound_refused',
        });
        guarded.close();
      });
    });
  },
  { server: { poolSize: 6 } },
);

describe('the configuration of issuers', () => {
  it.each<[string, unknown]>([
    ['neither audience nor parties', [{ issuer: ISSUER }]],
    ['an algorithm with a shared secret', [{ issuer: ISSUER, audience: 'a', algorithms: ['HS256'] }]],
    ['none', [{ issuer: ISSUER, audience: 'a', algorithms: ['none'] }]],
    ['a role above what a claim may give', [{ issuer: ISSUER, audience: 'a', organization: 'x', role: 'owner' }]],
    ['roles without a claim', [{ issuer: ISSUER, audience: 'a', organization: 'x', roles: { a: 'member' } }]],
    ['a role without an organization', [{ issuer: ISSUER, audience: 'a', role: 'member' }]],
    ['keys over plain http', [{ issuer: ISSUER, audience: 'a', jwks_url: 'http://auth.example.com/jwks' }]],
    ['a private key', [{ issuer: ISSUER, audience: 'a', jwks: { keys: [{ kty: 'RSA', d: 'x' }] } }]],
    ['a field that is mistyped', [{ issuer: ISSUER, audiense: 'a' }]],
    [
      'one issuer twice',
      [
        { issuer: ISSUER, audience: 'a' },
        { issuer: ISSUER, audience: 'b' },
      ],
    ],
    ['an object', { issuer: ISSUER }],
  ])('refuses %s', (_name, value) => {
    const text = Array.isArray(value) ? JSON.stringify(value) : `[${JSON.stringify(value)}`;
    expect(() => tokenIssuers.parse(text)).toThrow(TypeError);
  });

  it('finds the keys beside the issuer', () => {
    const [auth0, supabase] = tokenIssuers.parse(
      JSON.stringify([
        { issuer: 'https://x.eu.auth0.com/', audience: 'a' },
        { issuer: 'https://p.supabase.co/auth/v1', audience: 'authenticated' },
      ]),
    );
    expect(auth0?.jwksUrl).toBe('https://x.eu.auth0.com/.well-known/jwks.json');
    expect(supabase?.jwksUrl).toBe('https://p.supabase.co/auth/v1/.well-known/jwks.json');
  });
});
