import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { answer, openTestDeliveries, type TestDeliveries } from './deliveries.fixture.ts';
import { deliveryLimits } from './limits.ts';
import { deliverDue } from './send.ts';

describeEngines('the routes of deliveries', (on) => {
  let test: TestDeliveries;
  let acme: string;
  let other: string;
  beforeAll(async () => {
    test = await openTestDeliveries(on.engine);
    acme = await test.organization();
    other = await test.organization();
  });
  afterAll(() => test.close());
  const url = 'https://example.com/hooks';

  describe('endpoints', () => {
    it('show their secret once, and keep it and the headers sealed', async () => {
      const body = { url, headers: { Authorization: 'Bearer tell-nobody' }, description: 'ours' };
      const call = () =>
        test.call('POST', '/v1/event-endpoints', { as: acme, body, headers: { 'idempotency-key': 'once' } });
      const made = await call();
      expect(made.status).toBe(201);
      const secret = String(made.body['secret']);
      expect(secret).toMatch(/^whsec_/);
      expect(made.body).toMatchObject({ header_names: ['authorization'], health: { circuit: 'closed' } });
      const replayed = await call();
      expect(replayed.body['id']).toBe(made.body['id']);
      const shown = await test.call('GET', `/v1/event-endpoints/${made.body['id']}`, { as: acme, role: 'viewer' });
      const stored = await test.owner<{ text: string }>(
        `select (select jsonb_agg(e) from plinth.event_endpoints e)::text || (select jsonb_agg(i) from plinth.idempotency_keys i)::text
           || (select jsonb_agg(a) from plinth.audit_logs a)::text as text`,
      );
      for (const text of [replayed.text, shown.text, stored[0]!.text]) {
        expect(text).not.toContain(secret.slice('whsec_'.length));
        expect(text).not.toContain('tell-nobody');
      }
    });

    it.each([
      [{ url: 'http://169.254.169.254/latest' }, 422, 'outbound_refused'],
      [{ url: 'http://2130706433/' }, 422, undefined],
      [{ url: 'http://[::ffff:10.0.0.1]/' }, 422, 'outbound_refused'],
      [{ url: 'https://user:secret@example.com/' }, 422, 'invalid_value'],
      [{ url: 'ftp://example.com/' }, 422, 'invalid_value'],
      [{ url: 'https://example.com:22/' }, 422, 'outbound_refused'],
      [{ url: 'nothing' }, 422, 'invalid_value'],
      [{ url, secret: 'short' }, 422, 'invalid_value'],
      [{ url, headers: { Host: 'x' } }, 422, 'invalid_value'],
      [{ url, headers: { 'Webhook-Id': 'x' } }, 422, 'invalid_value'],
      [{ url, headers: { 'X-A': 'a\r\nX-B: b' } }, 422, 'invalid_value'],
      [{ url, timeout_ms: 5 }, 400, 'invalid_request'],
      [{ url, order_by: 'payload.__proto__; drop' }, 400, 'invalid_request'],
      [{ url, retry_schedule_seconds: [0] }, 400, 'invalid_request'],
      [{ url, customer: 'a b' }, 400, 'invalid_request'],
      [{ url, is_active: false }, 400, 'invalid_request'],
      [{}, 400, 'invalid_request'],
    ])('refuse %j', async (body, status, code) => {
      const { body: said, ...answered } = await test.call('POST', '/v1/event-endpoints', { as: acme, body });
      // this machine may be called in tests
      if (code === undefined) return expect(answered.status).toBe(201);
      expect([answered.status, said['code']]).toEqual([status, code]);
    });

    it('are changed in what is given, and tell when they are deleted', async () => {
      const { id } = await test.endpoint(acme, { rate_per_second: 5, headers: { 'x-a': 'b' } });
      const path = `/v1/event-endpoints/${id}`;
      const patch = (body: object) => test.call('PATCH', path, { as: acme, body });
      expect((await patch({ description: 'new' })).body).toMatchObject({
        description: 'new',
        rate_per_second: 5,
        header_names: ['x-a'],
      });
      expect((await patch({ rate_per_second: null, headers: null, order_by: '*' })).body).toMatchObject({
        rate_per_second: null,
        header_names: [],
        order_by: '*',
      });
      expect((await patch({ url: 'http://10.0.0.1/' })).body['code']).toBe('outbound_refused');
      expect((await test.call('DELETE', path, { as: acme, role: 'member' })).status).toBe(403);
      expect((await test.call('DELETE', path, { as: acme })).status).toBe(204);
      expect((await test.call('GET', path, { as: acme })).status).toBe(404);
      await test.send(acme, 'order.paid');
      expect(await test.deliveriesOf(acme, `?endpoint_id=${id}`)).toEqual([]);
    });

    it('can not be subscribed to unless they are there', async () => {
      const theirs = await test.endpoint(other);
      const subscribe = (target: object, action = 'webhook') =>
        test.call('POST', '/v1/event-subscriptions', { as: acme, body: { name: 's', action, target } });
      expect(await subscribe({ endpoint_id: theirs.id })).toMatchObject({
        status: 422,
        body: { code: 'unknown_endpoint' },
      });
      expect(await subscribe({ task_type: 'x' })).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
      expect(await subscribe({ workflow: 'none' }, 'workflow')).toMatchObject({ body: { code: 'unknown_workflow' } });
    });

    it('are bounded for a customer', async () => {
      const make = () => test.call('POST', '/v1/event-endpoints', { as: other, body: { url, customer: 'many' } });
      for (let n = 0; n < deliveryLimits.customer_endpoints_max; n++) expect((await make()).status).toBe(201);
      expect(await make()).toMatchObject({ status: 409, body: { code: 'endpoints_full' } });
    });
  });

  it('nothing is seen, changed or sent again by another organization', async () => {
    const { id } = await test.endpoint(acme);
    await test.send(acme, 'order.paid');
    await deliverDue(test.platform);
    const [delivery] = await test.deliveriesOf(acme, `?endpoint_id=${id}`);
    const calls = [
      ['GET', `/v1/event-endpoints/${id}`],
      ['PATCH', `/v1/event-endpoints/${id}`, { description: 'mine' }],
      ['DELETE', `/v1/event-endpoints/${id}`],
      ['POST', `/v1/event-endpoints/${id}/rotate-secret`, {}],
      ['POST', `/v1/event-endpoints/${id}/test`],
      ['POST', `/v1/event-endpoints/${id}/disable`],
      ['GET', `/v1/event-deliveries/${delivery!['id']}`],
      ['POST', `/v1/event-deliveries/${delivery!['id']}/retry`],
    ] as const;
    for (const [method, path, body] of calls) {
      const { status } = await test.call(method, path, { as: other, role: 'owner', ...(body ? { body } : {}) });
      expect([method, path, status]).toEqual([method, path, 404]);
    }
    const body = { ids: [delivery!['id']] };
    const retried = await test.call('POST', '/v1/event-deliveries/retry', { as: other, body });
    expect(retried.body).toEqual({ retried: 0 });
    expect(await test.deliveriesOf(other, `?endpoint_id=${id}`)).toEqual([]);
  });

  it('are counted by hour, by day and by endpoint', async () => {
    const own = await test.organization();
    const { id } = await test.endpoint(own);
    const { id: second } = await test.endpoint(own, {}, { names: ['order.*'] });
    test.receiver.behave(answer(204));
    await test.send(own, 'order.paid');
    await deliverDue(test.platform);
    await test.send(own, 'order.sent');
    const read = async (query: string, as = own) =>
      (await test.call('GET', `/v1/event-delivery-statistics?${query}`, { as, role: 'viewer' })).body['data'];
    test.clock.move(1);
    const of = (endpoint_id: string | null) => ({ endpoint_id, deliveries: 2, delivered: 1, dead: 0, waiting: 1 });
    expect(await read('by=endpoint')).toEqual([id, second].sort().map((one) => ({ at: null, ...of(one) })));
    expect(await read(`by=day&endpoint_id=${id}`)).toEqual([{ at: expect.stringMatching(/T00:00:00/), ...of(null) }]);
    expect(await read('', other)).not.toContainEqual(expect.objectContaining({ waiting: 2 }));
    const old = '2020-01-01T00:00:00Z';
    expect(await read(`until=${old}`)).toEqual([]);
    for (const bad of [`since=${old}`, 'by=month', 'since=x']) {
      const { status } = await test.call('GET', `/v1/event-delivery-statistics?${bad}`, { as: own });
      expect([bad, status]).toEqual([bad, 400]);
    }
  });

  describe('the portal', () => {
    const link = async (customer: string, more: object = {}) =>
      String(
        (await test.call('POST', '/v1/event-portal-links', { as: acme, body: { customer, ...more } })).body['token'],
      );
    const call = (token: string, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) =>
      test.call(method, `/v1/event-portal${path}`, {
        headers: { authorization: `Bearer ${token}` },
        ...(body ? { body } : {}),
      });

    it('lets a customer manage what is its own', async () => {
      const subscription = { name: 'customers', action: 'webhook', target: { customer_from: 'payload.customer' } };
      await test.call('POST', '/v1/event-subscriptions', { as: acme, body: subscription });
      const token = await link('c1');
      expect((await call(token, 'GET', '')).body).toMatchObject({ customer: 'c1' });
      const made = await call(token, 'POST', '/endpoints', { url: `${test.receiver.url}/c1`, names: ['order.*'] });
      expect([made.status, made.body['customer'], made.body['secret']]).toEqual([
        201,
        'c1',
        expect.stringMatching(/^whsec_/),
      ]);
      const path = `/endpoints/${made.body['id']}`;
      test.receiver.received.length = 0;
      test.receiver.behave(answer(500));
      await test.send(acme, 'order.paid', { customer: 'c1' });
      await test.send(acme, 'invoice.made', { customer: 'c1' });
      expect((await call(token, 'POST', `${path}/test`)).status).toBe(202);
      await deliverDue(test.platform);
      expect(test.receiver.received.filter(({ path: to }) => to === '/c1')).toHaveLength(2);
      const { body: log } = await call(token, 'GET', '/deliveries?event_type=order.paid');
      const [delivery] = log['data'] as unknown as { id: string; status: string }[];
      expect((await call(token, 'GET', `/deliveries/${delivery!.id}`)).body['attempt_log']).toHaveLength(1);
      // while it waits for its next attempt
      expect((await call(token, 'POST', `/deliveries/${delivery!.id}/retry`)).body).toMatchObject({
        status: 'pending',
      });
      expect((await call(token, 'POST', `${path}/disable`)).body).toMatchObject({ is_active: false });
      expect((await call(token, 'POST', `${path}/enable`)).body).toMatchObject({ is_active: true });
      expect((await call(token, 'POST', '/deliveries/retry', { status: 'dead' })).body).toEqual({ retried: 2 });
      expect((await call(token, 'POST', `${path}/rotate-secret`, {})).body['secret']).toMatch(/^whsec_/);
      expect((await call(token, 'PATCH', path, { names: [] })).body).toMatchObject({ names: [] });
      expect((await call(token, 'PATCH', path, { rate_per_second: 1 })).status).toBe(400);
      expect((await call(token, 'POST', '/endpoints', { url, customer: 'c2' })).status).toBe(400);
      const { body: listed } = await call(token, 'GET', '/endpoints');
      expect(listed['data']).toHaveLength(1);
      expect((await call(token, 'DELETE', path)).status).toBe(204);
    });

    it('shows a customer nothing of another, nor of the tenant', async () => {
      const mine = await link('c3');
      const theirs = await link('c4');
      const made = await call(mine, 'POST', '/endpoints', { url: `${test.receiver.url}/c3` });
      test.receiver.behave(answer(204));
      await test.send(acme, 'order.paid', { customer: 'c3' });
      await deliverDue(test.platform);
      const { body } = await call(mine, 'GET', '/deliveries');
      const [delivery] = body['data'] as unknown as { id: string }[];
      const own = await test.endpoint(acme);
      for (const [method, path, sent] of [
        ['GET', `/endpoints/${made.body['id']}`],
        ['PATCH', `/endpoints/${made.body['id']}`, { description: 'x' }],
        ['DELETE', `/endpoints/${made.body['id']}`],
        ['POST', `/endpoints/${made.body['id']}/rotate-secret`, {}],
        ['POST', `/endpoints/${made.body['id']}/test`],
        ['POST', `/endpoints/${made.body['id']}/disable`],
        ['GET', `/endpoints/${own.id}`],
        ['GET', `/deliveries/${delivery!.id}`],
        ['POST', `/deliveries/${delivery!.id}/retry`],
      ] as const) {
        expect([path, (await call(theirs, method, path, sent)).status]).toEqual([path, 404]);
      }
      expect((await call(theirs, 'GET', '/endpoints')).body['data']).toEqual([]);
      expect((await call(theirs, 'GET', `/deliveries?endpoint_id=${made.body['id']}`)).body['data']).toEqual([]);
      expect((await call(theirs, 'POST', '/deliveries/retry', { ids: [delivery!.id] })).body).toEqual({ retried: 0 });
    });

    it('is closed to any other token, with one answer, and opens nothing else', async () => {
      const token = await link('c5', { expires_in_minutes: 5 });
      const { body: made } = await test.call('POST', '/v1/event-portal-links', { as: acme, body: { customer: 'c5' } });
      expect(made['path']).toBe(`/portal#${made['token']}`);
      const [, , sealed] = [token.slice(0, 3), token.slice(4, 40), token.slice(41)];
      const altered = `${token.slice(0, -3)}${token.endsWith('AAA') ? 'BBB' : 'AAA'}`;
      for (const wrong of ['', 'x', altered, `plp_${other}_${sealed}`, 'plp_', `plp_${acme}_`, 'x'.repeat(5_000)]) {
        expect((await call(wrong, 'GET', '/endpoints')).body['code']).toBe('portal_link_invalid');
      }
      for (const path of ['/v1/event-endpoints', '/v1/events', '/v1/me']) {
        const { status } = await test.call('GET', path, { headers: { authorization: `Bearer ${token}` } });
        expect([401, 404]).toContain(status);
      }
      test.clock.move(299);
      expect((await call(token, 'GET', '/endpoints')).status).toBe(200);
      test.clock.move(1);
      expect((await call(token, 'GET', '/endpoints')).body['code']).toBe('portal_link_invalid');
      const viewer = { as: acme, role: 'member', body: { customer: 'c5' } } as const;
      expect((await test.call('POST', '/v1/event-portal-links', viewer)).status).toBe(403);
    });

    it('has a token that no other route of the server takes', async () => {
      const token = await link('c6');
      type Operation = { security?: unknown[] };
      const { paths } = test.app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> };
      const closed = Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods)
          .filter(([, { security }]) => security?.length !== 0)
          .map(([method]) => [method.toUpperCase(), path.replaceAll(/\{[^}]+\}/g, acme)] as const),
      );
      expect(closed.length).toBeGreaterThan(100);
      for (const [method, path] of closed) {
        const sent = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
        const headers = { authorization: `Bearer ${token}` };
        const { status } = await test.call(method as 'GET', path, { headers, ...sent });
        expect([method, path, status === 401 || status === 429]).toEqual([method, path, true]);
        if (status === 429) test.clock.move(60);
      }
    });

    it('slows down who guesses', async () => {
      let status = 401;
      for (let n = 0; n < 150 && status === 401; n++) ({ status } = await call('plp_x_y', 'GET', '/endpoints'));
      expect(status).toBe(429);
      test.clock.move(60);
    });
  });
});
