import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { processPendingEvents } from './processing.ts';
import { openTestEvents, type TestEvents } from './testing.ts';
import { schemeNames } from './verify/index.ts';

const hmac = { header: 'X-Sum', algorithm: 'sha512', encoding: 'base64', id_header: 'X-Id', kind_header: 'X-Kind' };

describeEngines('testing and watching event sources', (on) => {
  let now: Date | undefined;
  const clock = {
    now: () => now ?? new Date(),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  let test: TestEvents;
  let acme: string;
  let other: string;
  beforeAll(async () => {
    test = await openTestEvents(on.engine, clock);
    [acme, other] = [await test.organization(), await test.organization()];
  });
  afterAll(() => test.close());

  const send = (id: string, role: 'admin' | 'member' | 'viewer' = 'member', as = acme) =>
    test.call('POST', `/v1/event-sources/${id}/test`, { as, role });
  const health = (id: string, as = acme) => test.call('GET', `/v1/event-sources/${id}/health`, { as, role: 'viewer' });

  it.each(schemeNames)(
    'a sample of %s is signed, verified and stored as one that came by its hook, each anew',
    async (scheme) => {
      const source = await test.source(acme, { scheme, ...(scheme === 'hmac' ? { configuration: hmac } : {}) });
      const [first, second] = [await send(source.id), await send(source.id)];
      expect([first.status, second.status, first.text]).toEqual([202, 202, expect.not.stringContaining(source.secret)]);
      expect(first.body['event_id']).not.toBe(second.body['event_id']);
      const { body } = await test.call('GET', `/v1/events/${first.body['event_id']}`, { as: acme });
      expect(body).toMatchObject({ source: scheme, source_id: source.id, status: 'pending' });
      expect(JSON.stringify(body['payload'])).toContain('A test event, sent from Plinth');
      if (scheme in body) expect(body[scheme]).toMatchObject({ kind: expect.any(String) });
      expect(body['type']).toBe(
        {
          github: 'ping',
          linear: 'Comment.create',
          slack: 'message',
          deployment: 'deployment.queued',
          standard_webhooks: 'plinth.test',
          hmac: 'plinth.test',
        }[scheme],
      );
      await processPendingEvents(test.platform, acme);
      const after = await test.call('GET', `/v1/events?source_id=${source.id}`, { as: acme });
      expect((after.body['data'] as { status: string }[]).map(({ status }) => status)).toEqual(['skipped', 'skipped']);
    },
  );

  it('is for who may send events, of a source that is theirs, on, and whose secret is here', async () => {
    const source = await test.source(acme);
    expect((await send(source.id, 'viewer')).status).toBe(403);
    expect((await send(source.id, 'admin', other)).status).toBe(404);
    expect((await health(source.id, other)).status).toBe(404);
    await test.call('PATCH', `/v1/event-sources/${source.id}`, { as: acme, body: { is_active: false } });
    expect([(await send(source.id)).status, (await send(source.id)).body.code]).toEqual([409, 'event_source_off']);

    const raw = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
    const secret = `whpk_${raw.toString('base64')}`;
    const asymmetric = await test.source(acme, { scheme: 'standard_webhooks', secret });
    const answer = await send(asymmetric.id);
    expect([answer.status, answer.body.code]).toEqual([409, 'event_source_not_signable']);
    expect(answer.text).not.toContain(secret);
  });

  it('health says when something came last, and what was refused of late', async () => {
    const source = await test.source(acme);
    const quiet = await test.source(acme);
    const fresh = { has_received: false, last_received_at: null, refused: [] };
    expect((await health(source.id)).body).toMatchObject(fresh);
    await test.hook(source, '{"zen": "kept"}', { kind: 'ping' });
    await test.hook(source, '{"zen": "no"}', { headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` } });
    await test.hook(source, '{"zen": "no"}', { headers: { 'x-hub-signature-256': 'nonsense' } });
    const { body } = await health(source.id);
    expect(body).toMatchObject({ has_received: true, last_received_at: expect.any(String) });
    expect(Math.abs(Date.parse(body['last_received_at'] as string) - Date.now())).toBeLessThan(60_000);
    expect(body['refused']).toEqual([
      { occurred_at: expect.any(String), code: 'signature_malformed' },
      { occurred_at: expect.any(String), code: 'signature_mismatch' },
    ]);
    expect((await health(quiet.id)).body).toMatchObject(fresh);

    const listed = (await test.call('GET', '/v1/event-sources?limit=2', { as: acme })).body['data'] as object[];
    expect(listed).toEqual([
      expect.objectContaining({ id: quiet.id, has_received: false, last_received_at: null }),
      expect.objectContaining({ id: source.id, has_received: true, last_received_at: body['last_received_at'] }),
    ]);
    now = new Date(Date.now() + 25 * 3_600_000);
    expect((await health(source.id)).body).toMatchObject({ has_received: true, refused: [] });
    now = undefined;
  });

  it('a source that is silent beside a loud one is still told of, from its own keys', async () => {
    const organization = await test.organization();
    const [silent, old] = [await test.source(organization), await test.source(organization)];
    const keys = `insert into event_deduplication (organization_id, source_id, deduplication_key, event_id, received_at)
       select $1, $2, n::text, gen_random_uuid(), now() - $3::interval from generate_series(1, $4::int) n`;
    await test.rows(keys, [organization, silent.id, '2 days', 5]);
    await test.rows(keys, [organization, old.id, '3 days', 1_000]);
    await test.rows(keys, [organization, organization, '1 minute', 10_000]);
    const [ofSilent, ofOld] = [await health(silent.id, organization), await health(old.id, organization)];
    expect(ofSilent.body).toMatchObject({ has_received: true, last_received_at: expect.any(String) });
    expect(Date.now() - Date.parse(ofSilent.body['last_received_at'] as string)).toBeGreaterThan(40 * 3_600_000);
    expect(ofOld.body).toMatchObject({ has_received: true, last_received_at: null });
  });

  describe('filters of events', () => {
    it('names hold patterns, and events are found by their source', async () => {
      const organization = await test.organization();
      const source = await test.source(organization);
      const types = ['order.paid', 'order.failed', 'order_paid', 'orders', 'x.order.paid'];
      for (const type of types)
        await test.call('POST', '/v1/events', { as: organization, body: { type, payload: { n: 1 } } });
      await send(source.id, 'admin', organization);
      await processPendingEvents(test.platform, organization);
      const found = async (query: Record<string, string>) => {
        const answer = await test.call('GET', `/v1/events?${new URLSearchParams(query)}`, { as: organization });
        return (answer.body['data'] as { type: string }[] | undefined)?.map(({ type }) => type) ?? answer.body.code;
      };
      for (const more of [{}, { contains: '{"n":1}' }]) {
        expect(await found({ type: 'order.*', ...more })).toEqual(['order.failed', 'order.paid']);
        expect(await found({ type: 'order_*', ...more })).toEqual(['order_paid']);
        expect(await found({ type: '*paid', ...more })).toEqual(['x.order.paid', 'order_paid', 'order.paid']);
        expect(await found({ type: 'order', ...more })).toEqual([]);
        expect(await found({ type: '%\\*', ...more })).toEqual([]);
        expect(await found({ type: 'a\u0000*', ...more })).toBe('invalid_request');
      }
      expect(await found({ source_id: source.id })).toEqual(['ping']);
      expect(await found({ source_id: source.id, q: 'test' })).toEqual(['ping']);
      expect(await found({ source_id: source.id, q: 'paid' })).toEqual([]);
    });
  });
});
