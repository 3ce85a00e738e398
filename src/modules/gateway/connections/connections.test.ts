import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { type ClockedPlinth, openPlinthOn } from '../../../../tests/support/plinth.ts';
import { startProvider, type TestProvider } from '../../../../tests/support/provider/provider.ts';
import { modules } from '../../../modules.ts';
import { outbound } from '../../../platform/net/index.ts';
import type { TestOrganization } from '../../../testing.ts';

const KEY = 'sk-connection-secret-0123456789';

describeEngines('provider connections, aliases and policies', (on) => {
  let plinth: ClockedPlinth;
  let provider: TestProvider;
  let acme: TestOrganization;
  let other: TestOrganization;
  beforeAll(async () => {
    provider = await startProvider();
    plinth = await openPlinthOn(on.engine, modules, { net: outbound({ allowLoopback: true }) });
  });
  afterAll(async () => {
    await plinth.close();
    await provider.close();
  });
  beforeEach(async () => {
    provider.reset();
    provider.keys = undefined;
    [acme, other] = [await plinth.makeOrganization('Acme'), await plinth.makeOrganization('Other')];
  });
  const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, key = acme.key) =>
    plinth.call(method, `/v1/${path}`, { key, ...(body === undefined ? {} : { body }) });
  const connect = async (more: object = {}, key = acme.key) => {
    const body = { name: 'main', provider: 'openai', base_url: `${provider.url}/v1/`, key: KEY, ...more };
    const made = await call('POST', 'provider-connections', body, key);
    expect(made.status, made.text).toBe(201);
    return made.body as unknown as { id: string; [name: string]: unknown };
  };
  const codeOf = ({ status, body }: { status: number; body: unknown }) => [status, (body as { code?: string }).code];

  describe('connections', () => {
    it('are tested when they are made and changed, and never show their key', async () => {
      provider.keys = new Set([KEY]);
      const made = await connect({ headers: { 'X-Team': 'tell-nobody' } });
      expect(made).toMatchObject({
        wire: 'openai',
        base_url: `${provider.url}/v1`,
        key_last4: '6789',
        header_names: ['x-team'],
        tested_at: expect.any(String),
        test_error: null,
      });
      expect(provider.calls[0]).toMatchObject({ path: '/v1/models', headers: { authorization: `Bearer ${KEY}` } });
      const path = `provider-connections/${made.id}`;
      expect((await call('PATCH', path, { key: 'sk-wrong-0123456789' })).body).toMatchObject({
        key_last4: '6789',
        test_error: 'the key is refused (401)',
      });
      expect((await call('PATCH', path, { key: 'short' })).body).toMatchObject({ key_last4: null });
      expect((await call('PATCH', path, { base_url: 'http://127.0.0.1:65500' })).body).toMatchObject({
        test_error: expect.stringContaining('outbound_'),
      });
      const asked = provider.calls.length;
      expect((await call('PATCH', path, { name: 'renamed', models: ['gpt-*'] })).body).toMatchObject({
        name: 'renamed',
      });
      expect(provider.calls).toHaveLength(asked);
      await call('PATCH', path, { key: KEY, base_url: `${provider.url}/v1` });
      expect((await call('POST', `${path}/test`)).body).toMatchObject({ test_error: null });
      expect((await call('PATCH', path, { is_active: false })).body).toMatchObject({ is_active: false });
      expect((await call('POST', `${path}/test`)).body).toMatchObject({ test_error: 'it is switched off' });
      const texts = [made, (await call('GET', path)).body, (await call('GET', 'provider-connections')).body];
      const [stored] = await plinth.owner<{ text: string }>(
        `select (select jsonb_agg(c) from plinth.provider_connections c)::text
           || (select jsonb_agg(a) from plinth.audit_logs a where resource_type = 'provider_connections')::text as text`,
      );
      for (const text of [...texts.map((one) => JSON.stringify(one)), stored!.text]) {
        expect(text).not.toContain(KEY.slice(3, 20));
        expect(text).not.toContain('tell-nobody');
      }
      expect(stored!.text).toContain('renamed');
    });

    it('of Anthropic are tested its way', async () => {
      await connect({ name: 'claude', provider: 'anthropic', base_url: provider.url });
      expect(provider.calls[0]).toMatchObject({
        path: '/v1/models?limit=1',
        headers: { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' },
      });
    });

    it('are made once for an idempotency key', async () => {
      const body = { name: 'once', provider: 'openai', base_url: `${provider.url}/v1`, key: KEY };
      const make = () =>
        plinth.call('POST', '/v1/provider-connections', { key: acme.key, body, headers: { 'idempotency-key': 'k-1' } });
      const [first, second] = [await make(), await make()];
      expect([second.status, second.body['id']]).toEqual([201, first.body['id']]);
    });

    it.each([
      [{ base_url: 'http://169.254.169.254/' }, 422, 'outbound_refused'],
      [{ base_url: 'http://10.0.0.1/v1' }, 422, 'outbound_refused'],
      [{ base_url: 'https://user:pw@example.com/' }, 422, 'invalid_value'],
      [{ base_url: 'https://example.com/v1?key=1' }, 422, 'invalid_value'],
      [{ base_url: 'file:///etc/passwd' }, 422, 'invalid_value'],
      [{ provider: 'groq', base_url: undefined }, 422, 'required_value'],
      [{ key: 'with space' }, 422, 'invalid_value'],
      [{ key: 'line\r\nbreak' }, 422, 'invalid_value'],
      [{ headers: { Authorization: 'x' } }, 422, 'invalid_value'],
      [{ headers: { 'X-Api-Key': 'x' } }, 422, 'invalid_value'],
      [{ headers: { Host: 'x' } }, 422, 'invalid_value'],
      [{ name: 'With Space' }, 400, 'invalid_request'],
      [{ provider: 'Open AI' }, 400, 'invalid_request'],
      [{ wire: 'gopher' }, 400, 'invalid_request'],
      [{ models: [] }, 400, 'invalid_request'],
    ])('refuse %j', async (more, status, code) => {
      const body = { name: 'main', provider: 'openai', base_url: `${provider.url}/v1`, key: KEY, ...more };
      const answer = await call('POST', 'provider-connections', body);
      expect([answer.status, answer.body['code']]).toEqual([status, code]);
      expect(answer.text).not.toContain(KEY);
    });

    it('have names of their own, and stay while an alias names them', async () => {
      const { id } = await connect();
      const again = { name: 'main', provider: 'openai', base_url: `${provider.url}/v1` };
      expect(codeOf(await call('POST', 'provider-connections', again))).toEqual([409, 'already_exists']);
      const alias = await call('POST', 'model-aliases', { alias: 'a', targets: [{ connection_id: id, model: 'm' }] });
      expect(codeOf(await call('DELETE', `provider-connections/${id}`))).toEqual([409, 'still_referenced']);
      expect((await call('DELETE', `model-aliases/${alias.body['id']}`)).status).toBe(204);
      expect((await call('DELETE', `provider-connections/${id}`)).status).toBe(204);
      expect(codeOf(await call('DELETE', `provider-connections/${id}`))).toEqual([404, 'not_found']);
    });

    it('are administrators’ alone', async () => {
      for (const role of ['member', 'viewer'] as const) {
        const { id } = await plinth.makeUser({ organizationId: acme.id, role });
        const { key } = await plinth.makeKey({ organizationId: acme.id, userId: id, role });
        for (const path of ['provider-connections', 'model-aliases', 'gateway-policies']) {
          expect(codeOf(await call('GET', path, undefined, key))).toEqual([403, 'forbidden']);
          expect((await call('POST', path, {}, key)).status).toBe(403);
        }
      }
    });

    it('are no other organization’s to see, change, test, delete or name', async () => {
      const { id } = await connect();
      const path = `provider-connections/${id}`;
      for (const answer of [
        await call('GET', path, undefined, other.key),
        await call('PATCH', path, { name: 'mine' }, other.key),
        await call('POST', `${path}/test`, undefined, other.key),
        await call('DELETE', path, undefined, other.key),
      ]) {
        expect(codeOf(answer)).toEqual([404, 'not_found']);
      }
      const targets = [{ connection_id: id, model: 'm' }];
      const named = await call('POST', 'model-aliases', { alias: 'theirs', targets }, other.key);
      expect(codeOf(named)).toEqual([422, 'unknown_connection']);
      const scope = { organizationId: other.id, memberRole: 'owner' } as const;
      const settings = plinth.as(scope).read((tx) => tx.sql('select plinth.gateway_settings($1)', [acme.id]));
      await expect(settings).rejects.toMatchObject({ code: expect.stringMatching(/forbidden|denied/) });
      const own = { organizationId: acme.id, memberRole: 'owner' } as const;
      for (const column of ['key', 'headers']) {
        const read = plinth.as(own).read((tx) => tx.sql(`select ${column} from plinth.provider_connections`));
        await expect(read).rejects.toMatchObject({ code: expect.stringMatching(/forbidden|denied/) });
      }
    });

    it('are bounded in number', async () => {
      await plinth.owner(
        `insert into plinth.provider_connections (organization_id, name, provider, wire, base_url)
         select $1, 'c' || n, 'openai', 'openai', 'https://example.com' from generate_series(1, 200) as n`,
        [acme.id],
      );
      const body = { name: 'one-more', provider: 'openai' };
      expect(codeOf(await call('POST', 'provider-connections', body))).toEqual([409, 'connections_full']);
      const page = await call('GET', 'provider-connections?limit=150');
      const rest = await call('GET', `provider-connections?limit=150&cursor=${page.body['next_cursor']}`);
      expect((rest.body['data'] as unknown as unknown[]).length).toBe(50);
    });
  });

  it('aliases replace their targets as a whole, and each is there once', async () => {
    const [one, two] = [await connect(), await connect({ name: 'second' })];
    const targets = [
      { connection_id: two.id, model: 'm2', priority: 1 },
      { connection_id: one.id, model: 'm1', weight: 3 },
    ];
    const made = await call('POST', 'model-aliases', { alias: 'smart', description: 'the good one', targets });
    expect(made.status, made.text).toBe(201);
    expect(made.body['targets']).toEqual([
      { connection_id: one.id, model: 'm1', priority: 0, weight: 3 },
      { connection_id: two.id, model: 'm2', priority: 1, weight: 1 },
    ]);
    const path = `model-aliases/${made.body['id']}`;
    expect((await call('PATCH', path, { description: 'x' })).body).toMatchObject({ alias: 'smart', description: 'x' });
    const changed = await call('PATCH', path, { alias: 'smarter', targets: [{ connection_id: two.id, model: 'm3' }] });
    expect(changed.body).toMatchObject({ alias: 'smarter', targets: [{ model: 'm3' }] });
    expect((await call('GET', path)).body).toEqual(changed.body);
    expect((await call('GET', 'model-aliases')).body['data']).toEqual([changed.body]);
    const twice = [targets[0], targets[0]];
    expect(codeOf(await call('PATCH', path, { targets: twice }))).toEqual([422, 'invalid_value']);
    expect(codeOf(await call('POST', 'model-aliases', { alias: 'smarter', targets }))).toEqual([409, 'already_exists']);
    expect(codeOf(await call('GET', path, undefined, other.key))).toEqual([404, 'not_found']);
    expect(codeOf(await call('DELETE', path, undefined, other.key))).toEqual([404, 'not_found']);
  });

  it('policies: one of the organization, one of each project', async () => {
    const project = (await call('POST', 'projects', { name: 'Site', slug: 'site' })).body['id'];
    const make = (body: object, key = acme.key) => call('POST', 'gateway-policies', body, key);
    const own = await make({ content_capture: 'redacted', output_tokens_cap: 100 });
    expect(own.status, own.text).toBe(201);
    const theirs = await make({ project_id: project, allowed_models: ['gpt-*'] });
    expect(theirs.body).toMatchObject({ project_id: project, content_capture: null, allowed_models: ['gpt-*'] });
    expect(codeOf(await make({}))).toEqual([409, 'already_exists']);
    expect(codeOf(await make({ project_id: project }))).toEqual([409, 'already_exists']);
    expect(codeOf(await make({ project_id: project }, other.key))).toEqual([409, 'reference_not_found']);
    const path = `gateway-policies/${own.body['id']}`;
    expect((await call('PATCH', path, { output_tokens_cap: null, when_unreachable: 'allow' })).body).toMatchObject({
      content_capture: 'redacted',
      output_tokens_cap: null,
      when_unreachable: 'allow',
    });
    expect(codeOf(await call('PATCH', path, { content_capture: 'some' }))).toEqual([400, 'invalid_request']);
    expect(codeOf(await call('PATCH', path, {}, other.key))).toEqual([404, 'not_found']);
    expect((await call('GET', path)).body).toMatchObject({ when_unreachable: 'allow' });
    expect(((await call('GET', 'gateway-policies')).body['data'] as unknown as unknown[]).length).toBe(2);
    expect((await call('DELETE', path)).status).toBe(204);
    expect(codeOf(await call('DELETE', path))).toEqual([404, 'not_found']);
    const [audited] = await plinth.owner<{ entries: number }>(
      `select count(*)::int as entries from plinth.audit_logs
       where organization_id = $1 and resource_type = 'gateway_policies'`,
      [acme.id],
    );
    expect(audited).toEqual({ entries: 4 });
  });
});
