import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { expectProblem } from '../../../tests/e2e/problems.ts';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  text,
} from '../../../tests/support/plinth.ts';
import { mintToken, parseToken } from '../../platform/core/tokens.ts';
import { tenancyLimits } from './settings.ts';

describeEngines('API keys', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine);
    acme = await firstRun(plinth);
  });
  afterAll(() => plinth.close());

  const create = (key: string, body: object, headers = {}) =>
    plinth.call('POST', '/v1/api-keys', { key, body: { name: 'test', ...body }, headers });
  const me = (key: string, address?: string) => plinth.call('GET', '/v1/me', { key, ...(address ? { address } : {}) });
  const revoke = (key: string, id: string) => plinth.call('DELETE', `/v1/api-keys/${id}`, { key });
  const rotate = (key: string, id: string, body = {}) =>
    plinth.call('POST', `/v1/api-keys/${id}/rotate`, { key, body });
  const flush = async () => {
    await plinth.flush();
  };

  it('are shown once and stored as a hash', async () => {
    const made = await create(acme.key, {});
    const key = text(made.body['key']);
    expect(parseToken(key, 'api_key')?.organizationId).toBe(acme.organizationId);
    expect(made.body).toMatchObject({ last4: key.slice(-4), role: 'owner', scopes: ['*'], created_by: acme.userId });
    const list = await plinth.call('GET', '/v1/api-keys', { key: acme.key });
    expect(list.text).not.toContain(key);
    expect(list.text).toContain(text(made.body['id']));
  });

  it('are not kept in the answer of a repeated request either', async () => {
    const headers = { 'idempotency-key': 'once-and-only' };
    const first = await create(acme.key, {}, headers);
    const again = await create(acme.key, {}, headers);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body).toMatchObject({ id: first.body['id'], key: null });
    const [row] = await plinth.owner<{ text: string }>(
      `select json_agg(k)::text as text from plinth.idempotency_keys k where key = 'once-and-only'`,
    );
    expect(row?.text).toContain(text(first.body['id']));
    expect(row?.text).not.toContain(text(first.body['key']));
  });

  it('that open nothing are refused with one text; a typing error asks nothing of the database', async () => {
    const revoked = await create(acme.key, {});
    await revoke(acme.key, text(revoked.body['id']));
    const expired = await create(acme.key, { expires_at: new Date(plinth.clock.now().getTime() + 1000).toISOString() });
    plinth.clock.advance(1001);
    const typo = `${acme.key.slice(0, -1)}${acme.key.endsWith('a') ? 'b' : 'a'}`;
    const answers = [
      await me(text(revoked.body['key'])),
      await me(text(expired.body['key'])),
      await me(mintToken('api_key', acme.organizationId).token),
      await me(mintToken('api_key', '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42').token),
      await me(mintToken('session', acme.organizationId).token),
    ];
    const query = vi.spyOn(on.engine.pool, 'connect');
    answers.push(await me(typo), await me('plk_'), await me('x'));
    expect(query).not.toHaveBeenCalled();
    query.mockRestore();
    const bodies = answers.map(({ status, body: { request_id: _id, ...rest } }) => JSON.stringify([status, rest]));
    expect(new Set(bodies).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
  });

  it('once revoked are dead within a second, though remembered', async () => {
    const made = await create(acme.key, {});
    const key = text(made.body['key']);
    expect((await me(key)).status).toBe(200);
    await revoke(acme.key, text(made.body['id']));
    plinth.clock.advance(1000);
    expect((await me(key)).status).toBe(401);
    expect((await revoke(acme.key, text(made.body['id']))).body).toMatchObject({ code: 'invalid_transition' });
  });

  it('never have more than their maker: role, scopes, life', async () => {
    const admin = await addPerson(plinth, acme, 'admin');
    const member = await addPerson(plinth, acme, 'member');
    expect((await create(admin.key, { role: 'owner' })).status).toBe(403);
    expect((await create(member.key, { role: 'admin' })).status).toBe(403);
    expect((await create(member.key, { service: true })).status).toBe(403);
    const service = await create(admin.key, { service: true, scopes: ['projects:*'] });
    expect(service.body).toMatchObject({ role: 'service', user_id: null });
    const narrow = await create(admin.key, {
      scopes: ['projects:read', 'api_keys:*'],
      expires_at: new Date(plinth.clock.now().getTime() + 60_000).toISOString(),
    });
    const key = text(narrow.body['key']);
    expect((await create(key, { scopes: ['*'] })).status).toBe(403);
    expect((await create(key, { scopes: ['projects:*'] })).status).toBe(403);
    expect((await create(key, { scopes: ['*:read'] })).status).toBe(403);
    const child = await create(key, { scopes: ['projects:read'] });
    expect(child.body['expires_at']).toEqual(narrow.body['expires_at']);
    expect((await create(key, {})).body).toMatchObject({ scopes: ['projects:read', 'api_keys:*'] });
  });

  it('are cut down to their scopes', async () => {
    const made = await create(acme.key, { scopes: ['projects:read'] });
    const key = text(made.body['key']);
    expect((await plinth.call('GET', '/v1/projects', { key })).status).toBe(200);
    expect((await plinth.call('POST', '/v1/projects', { key, body: { name: 'x' } })).status).toBe(403);
    expect((await plinth.call('GET', '/v1/members', { key })).status).toBe(403);
    expect((await me(key)).body).toMatchObject({ permissions: ['projects:read'] });
  });

  it.each([['proj:read'], ['*:reed'], [''], ['projects'], ['a:b:c'], ['PROJECTS:read']])(
    'refuse the scope "%s"',
    async (scope) => {
      const answer = await create(acme.key, { scopes: [scope] });
      expect(answer.body).toMatchObject({ code: 'invalid_value', field: 'scopes' });
    },
  );

  it('are seen and stopped by administrators, else by their own person only', async () => {
    const member = await addPerson(plinth, acme, 'member');
    const peer = await addPerson(plinth, acme, 'member');
    const made = await create(member.key, { name: 'mine' });
    const id = text(made.body['id']);
    const list = await plinth.call('GET', '/v1/api-keys', { key: peer.key });
    expect(list.text).not.toContain(id);
    expect((await revoke(peer.key, id)).status).toBe(404);
    expect((await rotate(peer.key, id)).status).toBe(404);
    // whoever rotates holds the new key: not even an owner acts as somebody else
    expect((await rotate(acme.key, id)).status).toBe(403);
    expect((await revoke(acme.key, id)).status).toBe(204);
    const stranger = await addOrganization(plinth, 'Stranger', 'stranger@example.org');
    expect((await revoke(stranger.key, text((await create(acme.key, {})).body['id']))).status).toBe(404);
  });

  it('rotate: both work for a while, then the new one alone', async () => {
    const old = await create(acme.key, { name: 'rotating', scopes: ['projects:*', 'api_keys:*', 'organization:read'] });
    const [id, key] = [text(old.body['id']), text(old.body['key'])];
    const fresh = await rotate(key, id, { grace_seconds: 60 });
    expect(fresh.body).toMatchObject({ name: 'rotating', scopes: old.body['scopes'], role: 'owner', expires_at: null });
    expect((await me(key)).status).toBe(200);
    // a leaked old key gets no longer life by rotating again
    const again = await rotate(key, id, { grace_seconds: 86_400 });
    plinth.clock.advance(61_000);
    expect((await me(key)).status).toBe(401);
    expect((await me(text(again.body['key']))).status).toBe(401);
    expect((await me(text(fresh.body['key']))).status).toBe(200);
    expect((await rotate(acme.key, id)).body).toMatchObject({ code: 'invalid_transition' });
    // a narrow key does not become a wide one by rotating another
    const wide = await create(acme.key, {});
    const narrow = text((await create(acme.key, { scopes: ['api_keys:*'] })).body['key']);
    expect((await rotate(narrow, text(wide.body['id']))).status).toBe(403);
  });

  it('are as many as an organization may have, expired and revoked ones aside', async () => {
    const full = await addOrganization(plinth, 'Full', 'full@example.org');
    const fill = (count: number, columns = '') =>
      plinth.owner(
        `insert into plinth.api_keys (organization_id, name, prefix, last4, revoked_at, expires_at)
         select $1, 'made', 'plk_', 'abcd', ${columns || 'null, null'} from generate_series(1, $2::int)
         on conflict do nothing`,
        [full.organizationId, count],
      );
    await fill(5, `now(), null`);
    await fill(5, `null, '2020-01-01'::timestamptz`);
    // one is the owner's own
    await fill(tenancyLimits.api_keys_live_max - 3);
    const last = await create(full.key, { scopes: ['projects:read'] });
    const spare = await create(full.key, {});
    expect([last.status, spare.status]).toEqual([201, 201]);
    const refusals = [
      await create(full.key, {}),
      await create(full.key, { service: true }),
      // a rotation whose old key works on makes one more: again and again it would make any number
      await rotate(full.key, text(last.body['id'])),
      await rotate(full.key, text(last.body['id']), { grace_seconds: 1 }),
    ];
    for (const { status, headers, text: body } of refusals) {
      expectProblem({ status, type: String(headers['content-type']), body }, 'too_many_api_keys');
    }
    expect((await me(text(last.body['key']))).status).toBe(200);
    // what was stolen can be replaced at any time
    const replaced = await rotate(full.key, text(last.body['id']), { grace_seconds: 0 });
    expect(replaced).toMatchObject({ status: 201, body: { scopes: ['projects:read'] } });
    expect((await create(full.key, {})).body).toMatchObject({ code: 'too_many_api_keys' });
    await revoke(full.key, text(spare.body['id']));
    expect((await create(full.key, {})).status).toBe(201);
    expect((await create(acme.key, {})).status).toBe(201);
  });

  it('may name their own organization in the header, and no other', async () => {
    const other = await addOrganization(plinth, 'Not of this key', 'not-of-this-key@example.org');
    const named = (organization: string) => plinth.call('GET', '/v1/me', { key: acme.key, organization });
    for (const own of [
      acme.organizationId,
      acme.organizationId.toUpperCase(),
      acme.slug,
      ` ${acme.slug.toUpperCase()} `,
    ]) {
      expect((await named(own)).body).toMatchObject({ organization: { id: acme.organizationId } });
    }
    const answers = await Promise.all(
      [other.organizationId, other.slug, 'no-such-slug', `${acme.slug}, ${acme.slug}`, '%'].map(named),
    );
    for (const { status, body } of answers) {
      expect({ status, ...body }).toMatchObject({ status: 403, code: 'forbidden' });
      // the same whether or not there is such an organization
      expect(body['detail']).toEqual(answers[0]?.body['detail']);
      expect(text(body['hint'])).toContain('key of that organization');
    }
    const write = await plinth.call('POST', '/v1/projects', {
      key: acme.key,
      organization: other.slug,
      body: { name: 'Whose?' },
    });
    expect(write.status).toBe(403);
    expect(await plinth.owner(`select id from plinth.projects where name = 'Whose?'`)).toEqual([]);
  });

  it('have their last use written behind, once a minute, and not into the audit log', async () => {
    const made = await create(acme.key, { name: 'used' });
    const key = text(made.body['key']);
    const state = async () =>
      (
        await plinth.owner<{ last_used_at: Date | null; entries: number }>(
          `select k.last_used_at,
                  (select count(*)::int from plinth.audit_logs a
                   where a.organization_id = k.organization_id and a.resource_id = k.id) as entries
           from plinth.api_keys k where k.id = $1`,
          [text(made.body['id'])],
        )
      )[0];
    await flush(); // the uses of earlier tests have started its timer
    for (let n = 0; n < 5; n++) await me(key);
    expect((await state())?.last_used_at).toBeNull();
    await flush();
    const first = await state();
    expect(first?.last_used_at).toBeInstanceOf(Date);
    plinth.clock.advance(30_000);
    await me(key);
    await flush();
    expect((await state())?.last_used_at).toEqual(first?.last_used_at);
    plinth.clock.advance(31_000);
    await me(key);
    await flush();
    const last = await state();
    expect(last?.last_used_at?.getTime()).toBeGreaterThan(first?.last_used_at?.getTime() ?? 0);
    expect(last?.entries).toBe(1);
  });

  it('that are refused leave security events at a bounded rate', async () => {
    plinth.clock.hold();
    const events = () =>
      plinth.owner<{ suppressed: number | null; state: string }>(
        `select (details ->> 'suppressed')::int as suppressed, details ->> 'state' as state
         from plinth.security_events where kind = 'api_key_refused' and ip_address = '198.51.100.77' order by occurred_at`,
      );
    const wrong = () => me(mintToken('api_key', acme.organizationId).token, '198.51.100.77');
    for (let n = 0; n < 20; n++) await wrong();
    await flush();
    expect(await events()).toEqual([{ suppressed: null, state: 'unknown' }]);
    plinth.clock.advance(10_000);
    await wrong();
    await flush();
    expect(await events()).toEqual([
      { suppressed: null, state: 'unknown' },
      { suppressed: 19, state: 'unknown' },
    ]);
    // and an address that goes on is refused before anything is looked up
    for (let n = 0; n < 60; n++) await wrong();
    expect((await wrong()).status).toBe(429);
  });

  // last: the clock stands still from here on
  it('once expired are dead at once, though remembered', async () => {
    plinth.clock.hold();
    const expiresAt = new Date(plinth.clock.now().getTime() + 10_000);
    const key = text((await create(acme.key, { expires_at: expiresAt.toISOString() })).body['key']);
    plinth.clock.advance(9_500);
    for (let time = 0; time < 3; time++) expect((await me(key)).status).toBe(200);
    plinth.clock.advance(500);
    expect((await me(key)).status).toBe(401);
  });
});
