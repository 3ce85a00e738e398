import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  HOST,
  openPlinthOn,
  text,
} from '../../../tests/support/plinth.ts';

const SEED = 20261122;

/** What breaks programs: of the kinds in the Big List of Naughty Strings, one or two each. */
const naughty = [
  'undefined',
  'null',
  '\\',
  '1;DROP TABLE plinth.users',
  `' OR 1=1 -- `,
  '$(touch /tmp/x) `id`',
  '{{7*7}}',
  '../../../../etc/passwd\u2028',
  '<script>alert(0)</script>',
  'Ω≈ç√∫˜µ≤≥÷',
  '田中さんにあげて下さい',
  '👾 🙇 💁 🙅 👨‍👩‍👧‍👦',
  'مُنَاقَشَةُ سُبُلِ',
  'Z̮̞̠͙͔ͅA̗̭L̴̰G͉̪O',
  '\u200b\u202etest\u202c',
  'ﷺ'.repeat(20),
  '%s%n%x%p',
  'true',
  '1e999',
  '__proto__',
];

const unstorable = ['a\u0000b', '\ud800', 'a\udfffb', 'line\nbreak', 'bell\u0007', '\u009b31m'];

describeEngines('hostile input', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine);
    acme = await firstRun(plinth);
  });
  afterAll(() => plinth.close());

  const raw = async (
    method: 'POST' | 'PATCH' | 'PUT' | 'GET' | 'DELETE',
    url: string,
    payload?: string,
    headers = {},
  ) => {
    const answer = await plinth.app.inject({
      method,
      url,
      ...(payload === undefined ? {} : { payload }),
      headers: {
        host: HOST,
        // a request that brings a key is the key's, so those about cookies bring none
        ...('cookie' in headers ? {} : { authorization: `Bearer ${acme.key}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    return { status: answer.statusCode, text: answer.body };
  };

  it('text of every kind comes back as it was given', async () => {
    for (const name of naughty) {
      const made = await plinth.call('POST', '/v1/projects', { key: acme.key, body: { name, description: name } });
      expect(made.body, name).toMatchObject({ name, description: name });
      const key = await plinth.call('POST', '/v1/api-keys', { key: acme.key, body: { name } });
      expect(key.body).toMatchObject({ name });
      const renamed = await plinth.call('PATCH', '/v1/me', { cookie: acme.cookie, body: { full_name: name } });
      expect(renamed.body).toMatchObject({ full_name: name });
    }
    const feed = await plinth.call('GET', '/v1/activity?limit=100', { key: acme.key });
    expect(feed.status).toBe(200);
    expect((await plinth.call('GET', '/v1/audit?limit=1000', { key: acme.key })).status).toBe(200);
  });

  it('text that can not be stored, or is more than a line, is refused with its field', async () => {
    for (const name of unstorable) {
      for (const url of ['/v1/projects', '/v1/api-keys']) {
        const answer = await raw('POST', url, JSON.stringify({ name }));
        expect(answer.status, JSON.stringify(name)).toBe(400);
        expect(JSON.parse(answer.text)).toMatchObject({ code: 'invalid_request', field: 'body/name' });
      }
    }
    const lines = await plinth.call('POST', '/v1/projects', {
      key: acme.key,
      body: { name: 'lines', description: 'one\n\ttwo\r\nthree' },
    });
    expect(lines.body).toMatchObject({ description: 'one\n\ttwo\r\nthree' });
  });

  it('text at the limit fits and one more does not, counted in characters', async () => {
    for (const unit of ['x', 'é', '海', '👾']) {
      const fits = await plinth.call('POST', '/v1/projects', { key: acme.key, body: { name: unit.repeat(200) } });
      expect(fits.status, unit).toBe(201);
      const more = await plinth.call('POST', '/v1/projects', { key: acme.key, body: { name: unit.repeat(201) } });
      expect(more.status, unit).toBe(400);
    }
  });

  it('wrong types and unknown fields are refused, not converted and not dropped', async () => {
    for (const body of [
      null,
      [],
      'x',
      7,
      {},
      { name: 7 },
      { name: null },
      { name: ['x'] },
      { name: { $ne: '' } },
      { name: 'x', organization_id: acme.organizationId },
      { name: 'x', owner_id: 'me' },
      { name: 'x', owner_id: acme.userId.toUpperCase() },
      { name: 'x', priority: '7' },
      { name: 'x', priority: 1.5 },
      { name: 'x', priority: 1e100 },
      { name: 'x', goals: 'many' },
      { name: 'x', starts_on: '2026-13-01T' },
      { name: 'x', created_by: acme.userId },
      { name: 'x', deleted_at: '2026-01-01' },
    ]) {
      const answer = await raw('POST', '/v1/projects', JSON.stringify(body));
      expect(answer.status, JSON.stringify(body)).toBe(400);
    }
    for (const body of ['{"name":"x","__proto__":{"role":"owner"}}', '{"name":"x","constructor":1}']) {
      expect((await raw('POST', '/v1/projects', body)).status).toBe(400);
    }
    for (const dates of [{ starts_on: '2026-02-30' }, { starts_on: '2026-02-02', due_on: '2026-02-01' }]) {
      const answer = await raw('POST', '/v1/projects', JSON.stringify({ name: 'x', ...dates }));
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'invalid_value' });
    }
  });

  it('ids of every kind answer 400 or 404', async () => {
    const ids = ['x', '..', '%00', '%2e%2e', '0', '-1', 'null', '🙃', `${acme.organizationId}'`, 'a'.repeat(400)];
    for (const id of ids) {
      for (const url of [`/v1/projects/${encodeURI(id)}`, `/v1/repositories/${encodeURI(id)}`]) {
        for (const method of ['GET', 'DELETE'] as const) {
          const { status } = await raw(method, url);
          expect([400, 404, 405], `${method} ${url}: ${status}`).toContain(status);
        }
      }
    }
    expect((await raw('GET', `/v1/projects/${acme.organizationId}`)).status).toBe(404);
  });

  it('signing in with anything is answered, never with a failure of ours', async () => {
    const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom(...naughty, ...unstorable));
    const property = fc.asyncProperty(anything, anything, fc.nat(255), async (email, password, n) => {
      const answer = await plinth.call('POST', '/v1/sign-in', {
        body: { email: `${email}@x`, password },
        address: `10.1.${n}.${n}`,
      });
      expect([400, 401, 422, 429]).toContain(answer.status);
    });
    await fc.assert(property, { seed: SEED, numRuns: 40 });
  });

  it('headers and cookies of every kind are answered', async () => {
    const cookies = [
      'plinth_session',
      'plinth_session=',
      'plinth_session=pls_x; plinth_session=y',
      '=;;=',
      'a=b'.repeat(500),
    ];
    for (const cookie of cookies) {
      expect((await raw('GET', '/v1/me', undefined, { cookie })).status).toBe(401);
    }
    for (const organization of [
      '',
      ' ',
      'x'.repeat(5000),
      `' or 1=1`,
      '%00',
      'a, b',
      acme.organizationId.toUpperCase(),
    ]) {
      const { status } = await raw('GET', '/v1/me', undefined, {
        cookie: acme.cookie,
        'plinth-organization': organization,
      });
      expect([200, 400, 401, 403], organization.slice(0, 20)).toContain(status);
    }
    for (const authorization of ['Bearer', 'Bearer ', 'bearer x y', 'Basic YTpi', `Bearer ${'x'.repeat(8000)}`]) {
      expect((await raw('GET', '/v1/me', undefined, { authorization })).status).toBe(401);
    }
  });

  it('no answer shows a stack, a statement or a path', async () => {
    const answers = [
      await raw('POST', '/v1/projects', '{"name":'),
      await raw('GET', '/v1/projects?cursor=MTowMTkwZjNhOC03YzRlLTdkMWEtOWE1My01YjdhMmYwYzFlNDI'),
      await raw('POST', '/v1/sign-in', JSON.stringify({ email: 'a@b', password: '\u0000' })),
      await raw('GET', '/v1/audit?from=2026-99-99'),
    ];
    for (const { text: shown, status } of answers) {
      expect(status).toBeLessThan(500);
      expect(shown).not.toMatch(/\bat \w+ \(|select |insert |node_modules|\/src\//);
    }
    const me = await plinth.call('GET', '/v1/me', { key: acme.key });
    expect(text(me.body['user']?.['email'])).toBe(acme.email);
  });
});
