import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { webhookScheme } from '../events/index.ts';
import { answer, openTestDeliveries, type TestDeliveries } from './deliveries.fixture.ts';
import { deliveryLimits } from './limits.ts';
import { deliverDue } from './send.ts';

const noJitter = { random: () => 0 };

describeEngines(
  'deliveries',
  (on) => {
    let test: TestDeliveries;
    let acme: string;
    beforeAll(async () => {
      test = await openTestDeliveries(on.engine);
    });
    beforeEach(async () => {
      // what an earlier test has left is not this one's
      await test.owner(`update plinth.endpoint_states set next_due_at = 'infinity'`);
      acme = await test.organization();
      test.receiver.received.length = 0;
      test.receiver.behave(answer(204));
    });
    afterAll(() => test.close());
    const deliver = () => deliverDue(test.platform, noJitter);
    const detail = async (id: unknown) =>
      (await test.call('GET', `/v1/event-deliveries/${id}`, { as: acme, role: 'viewer' })).body;
    const endpointOf = async (id: string) =>
      (await test.call('GET', `/v1/event-endpoints/${id}`, { as: acme, role: 'viewer' })).body;

    /** Moves the clock to each time something is due, until nothing is; returns the seconds from the start of every attempt. */
    async function untilEnded(seconds_max = 20 * 86_400): Promise<number[]> {
      const from = test.clock.now().getTime();
      const attempts: number[] = [];
      for (;;) {
        test.receiver.received.length = 0;
        if ((await deliver()) > 0) attempts.push((test.clock.now().getTime() - from) / 1_000);
        const [next] = await test.owner<{ due: Date | null }>(
          `select nullif(min(next_due_at), 'infinity') as due from plinth.endpoint_states where organization_id = $1`,
          [acme],
        );
        if (!next?.due || next.due.getTime() - from > seconds_max * 1_000) return attempts;
        test.clock.set(next.due);
      }
    }

    describe('a delivery', () => {
      it('is the event, signed as Standard Webhooks are, under the id of the event', async () => {
        const { secret } = await test.endpoint(acme, { headers: { 'X-Tenant': 'acme' } }, { names: ['order.*'] });
        const event = await test.send(acme, 'order.paid', { n: 1 });
        await test.send(acme, 'other');
        expect(await deliver()).toBe(1);
        const [got, ...more] = test.receiver.received;
        expect(more).toEqual([]);
        expect(got!.headers).toMatchObject({
          'webhook-id': event,
          'x-tenant': 'acme',
          'content-type': 'application/json',
        });
        expect(JSON.parse(got!.body)).toEqual({
          id: event,
          type: 'order.paid',
          timestamp: expect.any(String),
          source: 'api',
          data: { n: 1 },
        });
        const verify = (using: string) =>
          webhookScheme('standard_webhooks').verify({
            rawBody: Buffer.from(got!.body),
            headers: got!.headers,
            secrets: [Buffer.from(using)],
            now: test.clock.now(),
          } as never);
        expect(verify(secret)).toMatchObject({ ok: true });
        expect(verify(`whsec_${Buffer.alloc(32).toString('base64')}`)).toMatchObject({ ok: false });
        const [row] = await test.deliveriesOf(acme);
        expect(row).toMatchObject({ status: 'delivered', attempts: 1, last_status_code: 204, due_at: null });
        expect((await detail(row!['id']))['attempt_log']).toEqual([
          expect.objectContaining({ attempt: 1, outcome: 'delivered', status_code: 204, error_code: null }),
        ]);
        expect(await deliver()).toBe(0);
      });

      it('is made once, however often the event is matched', async () => {
        await test.endpoint(acme);
        const event = await test.send(acme, 'order.paid');
        await test.owner(`update plinth.events set status = 'pending' where id = $1`, [event]);
        await test.send(acme, 'other');
        expect(await deliver()).toBe(2);
        expect(await test.deliveriesOf(acme, `?event_id=${event}`)).toHaveLength(1);
      });

      it('keeps the digits of numbers, and goes out whole when it is large', async () => {
        await test.endpoint(acme);
        const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
        const payload = { n: rawJSON('12345678901234567890.10'), x: 'x'.repeat(100_000) };
        await test.call('POST', '/v1/events', { as: acme, body: { type: 'big', payload } });
        await test.send(acme, 'small');
        await deliver();
        const big = test.receiver.received.find(({ body }) => body.length > 1_000);
        expect(big!.body).toContain('12345678901234567890.10');
      });
    });

    describe('a receiver that', () => {
      const exact = [0, ...deliveryLimits.retry_schedule_seconds].map((_, at, all) =>
        all.slice(0, at + 1).reduce((sum, one) => sum + one, 0),
      );

      it.each([
        ['fails', answer(500, {}, 'no'), 'answered_5xx'],
        ['refuses', answer(404), 'answered_4xx'],
        ['redirects', answer(302, { location: 'http://169.254.169.254/' }), 'answered_3xx'],
        ['hangs up', ((response) => response.destroy()) as ReturnType<typeof answer>, 'outbound_failed'],
        [
          'lies about its length',
          ((response) => {
            response.writeHead(200, { 'content-length': '100' });
            response.write('x', () => response.destroy());
          }) as ReturnType<typeof answer>,
          'outbound_failed',
        ],
      ])('%s is tried exactly by the schedule, then the delivery is dead', async (_how, behaviour, code) => {
        await test.endpoint(acme);
        test.receiver.behave(behaviour);
        await test.send(acme, 'order.paid');
        expect(await untilEnded()).toEqual(exact);
        const [row] = await test.deliveriesOf(acme);
        expect(row).toMatchObject({ status: 'dead', attempts: 10, last_error: code });
        const log = (await detail(row!['id']))['attempt_log'] as unknown as Record<string, unknown>[];
        expect(log.map(({ outcome, error_code }) => [outcome, error_code])).toEqual(exact.map(() => ['failed', code]));
      });

      it('hangs, or answers in drops, is given up after its timeout', async () => {
        await test.endpoint(acme, { timeout_ms: 1_000, retry_schedule_seconds: [] });
        test.receiver.behave(() => undefined);
        await test.send(acme, 'order.paid');
        await deliver();
        test.receiver.behave((response) => {
          response.writeHead(200);
          const drops = setInterval(() => response.write('.'), 100);
          response.on('close', () => clearInterval(drops));
        });
        await test.send(acme, 'order.paid');
        await deliver();
        const rows = await test.deliveriesOf(acme);
        expect(rows.map(({ status, last_error }) => [status, last_error])).toEqual([
          ['dead', 'outbound_timeout'],
          ['dead', 'outbound_timeout'],
        ]);
      });

      it('answers slowly but well has been reached, however much it says', async () => {
        await test.endpoint(acme);
        test.receiver.behave((response) => setTimeout(() => response.end('<b>\u0000'.repeat(100_000)), 300));
        await test.send(acme, 'order.paid');
        await deliver();
        const [row] = await test.deliveriesOf(acme);
        expect(row).toMatchObject({ status: 'delivered', last_status_code: 200 });
        const [attempt] = (await detail(row!['id']))['attempt_log'] as unknown as {
          response_excerpt: string;
          latency_ms: number;
        }[];
        expect(attempt!.response_excerpt).toHaveLength(deliveryLimits.excerpt_chars_max);
        expect(attempt!.response_excerpt).not.toContain('\u0000');
        expect(attempt!.latency_ms).toBeGreaterThanOrEqual(250);
      });

      it('asks for time is given it, and what else waits for it waits too', async () => {
        await test.endpoint(acme);
        test.receiver.behave(answer(429, { 'retry-after': '90' }));
        await test.send(acme, 'one');
        await deliver();
        test.receiver.behave(answer(204));
        await test.send(acme, 'two');
        expect(await deliver()).toBe(0);
        test.clock.move(89);
        expect(await deliver()).toBe(0);
        test.clock.move(1);
        expect(await deliver()).toBe(2);
        expect((await test.deliveriesOf(acme)).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
      });

      it('is gone is switched off, with an event that says so', async () => {
        const { id } = await test.endpoint(acme, {}, { names: ['order.*'] });
        test.receiver.behave(answer(410));
        await test.send(acme, 'order.paid');
        await deliver();
        await test.send(acme, 'order.sent');
        expect(await deliver()).toBe(0);
        expect(await endpointOf(id)).toMatchObject({ is_active: false, disabled_reason: 'gone' });
        expect((await test.deliveriesOf(acme)).map(({ status, last_error }) => [status, last_error])).toEqual([
          ['dead', 'endpoint_disabled'],
          ['dead', 'answered_4xx'],
        ]);
        const { body } = await test.call('GET', '/v1/events?type=plinth.endpoint.disabled', { as: acme });
        expect(body['data']).toEqual([expect.objectContaining({ source: 'plinth' })]);
        // on again, what died can be sent
        test.receiver.behave(answer(204));
        await test.call('POST', `/v1/event-endpoints/${id}/enable`, { as: acme });
        const retry = await test.call('POST', '/v1/event-deliveries/retry', { as: acme, body: { endpoint_id: id } });
        expect(retry.body).toEqual({ retried: 2 });
        expect(await deliver()).toBe(2);
        expect((await test.deliveriesOf(acme)).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
      });

      it('does nothing but fail for five days is switched off', async () => {
        const { id } = await test.endpoint(acme);
        test.receiver.behave(answer(500));
        for (let day = 0; day < 6; day++) {
          await test.send(acme, 'order.paid');
          await deliver();
          expect(await endpointOf(id)).toMatchObject({ is_active: day < 5 });
          test.clock.move(86_400);
        }
        expect(await endpointOf(id)).toMatchObject({ disabled_reason: 'failing' });
        expect(await test.deliveriesOf(acme, '?status=pending')).toEqual([]);
      });
    });

    it('jitter lengthens a delay, never shortens it', async () => {
      await test.endpoint(acme, { jitter_percent: 50, retry_schedule_seconds: [100] });
      test.receiver.behave(answer(500));
      await test.send(acme, 'order.paid');
      const from = test.clock.now().getTime();
      await deliverDue(test.platform, { random: () => 0.5 });
      const [row] = await test.deliveriesOf(acme);
      expect(new Date(String(row!['due_at'])).getTime() - from).toBe(125_000);
    });

    it('opens the circuit after ten failures in a row, tries with one, and closes it', async () => {
      const { id } = await test.endpoint(acme, { concurrency_max: 1, retry_schedule_seconds: [1, 1, 1] });
      const { url } = test.receiver;
      const healthy = await test.endpoint(acme, { url: `${url}/healthy` });
      test.receiver.behave((response, { path }) => void response.writeHead(path === '/healthy' ? 204 : 500).end());
      for (let n = 0; n < 12; n++) await test.send(acme, 'order.paid');
      await deliver();
      expect(test.receiver.received.filter(({ path }) => path === '/in')).toHaveLength(10);
      expect(test.receiver.received.filter(({ path }) => path === '/healthy')).toHaveLength(12);
      const opened = test.clock.now().getTime();
      expect(await endpointOf(id)).toMatchObject({ health: { circuit: 'open', failure_count: 10 } });
      test.clock.move(29);
      expect(await deliver()).toBe(0);
      test.clock.move(1);
      expect(await deliver()).toBe(1);
      const { health } = (await endpointOf(id)) as { health?: { open_until: string } };
      expect(new Date(health!.open_until).getTime() - opened).toBe(90_000);
      test.clock.move(60);
      test.receiver.behave(answer(204));
      await untilEnded();
      expect(await endpointOf(id)).toMatchObject({ health: { circuit: 'closed', failure_count: 0 } });
      expect(await test.deliveriesOf(acme, `?status=delivered&endpoint_id=${id}`)).toHaveLength(12);
      expect(await test.deliveriesOf(acme, `?status=delivered&endpoint_id=${healthy.id}`)).toHaveLength(12);
    });

    it('keeps to a rate and to a number at a time', async () => {
      await test.endpoint(acme, { rate_per_second: 2 });
      let open = 0;
      let most = 0;
      await test.endpoint(acme, { url: `${test.receiver.url}/few`, concurrency_max: 3 });
      test.receiver.behave((response, { path }) => {
        if (path !== '/few') return void response.end();
        most = Math.max(most, ++open);
        setTimeout(() => {
          open--;
          response.end();
        }, 20);
      });
      test.clock.move(10);
      for (let n = 0; n < 9; n++) await test.send(acme, 'order.paid');
      const of = (path: string) => test.receiver.received.filter((one) => one.path === path).length;
      await deliver();
      expect([of('/in'), of('/few'), most]).toEqual([2, 9, 3]);
      test.clock.move(1);
      await deliver();
      expect(of('/in')).toBe(4);
      test.clock.move(0.4);
      await deliver();
      expect(of('/in')).toBe(4);
      await untilEnded();
      expect((await test.deliveriesOf(acme, '?status=delivered')).length).toBe(18);
    });

    it('keeps the order of a key over failures, and holds up no other key', async () => {
      await test.endpoint(acme, { order_by: 'payload.key', retry_schedule_seconds: [5, 5] });
      let failures = 0;
      const seen: string[] = [];
      test.receiver.behave((response, { body }) => {
        const { key, n } = (JSON.parse(body) as { data: { key: string; n: number } }).data;
        if (key === 'a' && n === 0 && failures++ < 2) return void response.writeHead(500).end();
        seen.push(`${key}${n}`);
        return void response.end();
      });
      for (let n = 0; n < 3; n++) for (const key of ['a', 'b']) await test.send(acme, 'moved', { key, n });
      await deliver();
      expect(seen).toEqual(['b0', 'b1', 'b2']);
      test.clock.move(5);
      await deliver();
      expect(seen).toEqual(['b0', 'b1', 'b2']);
      test.clock.move(5);
      await deliver();
      expect(seen).toEqual(['b0', 'b1', 'b2', 'a0', 'a1', 'a2']);
      // one that dies lets the next go
      test.receiver.behave((response, { body }) => void response.writeHead(/"n": ?7/.test(body) ? 500 : 204).end());
      for (const n of [7, 8]) await test.send(acme, 'moved', { key: 'c', n });
      await untilEnded();
      expect((await test.deliveriesOf(acme, '?limit=2')).map(({ status }) => status)).toEqual(['delivered', 'dead']);
    });

    it('sends again, under the same id, one or those a filter finds', async () => {
      const { id } = await test.endpoint(acme);
      const event = await test.send(acme, 'order.paid');
      await deliver();
      const [row] = await test.deliveriesOf(acme);
      const url = `/v1/event-deliveries/${row!['id']}/retry`;
      expect((await test.call('POST', url, { as: acme, role: 'viewer' })).status).toBe(403);
      expect((await test.call('POST', url, { as: acme })).body).toMatchObject({ status: 'pending', attempts: 0 });
      // asked for twice it goes once
      expect((await test.call('POST', url, { as: acme })).body).toMatchObject({ status: 'pending' });
      expect(await deliver()).toBe(1);
      expect(test.receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([event, event]);
      const since = new Date(test.clock.now().getTime() + 1_000).toISOString();
      const none = await test.call('POST', '/v1/event-deliveries/retry', { as: acme, body: { since } });
      expect(none.body).toEqual({ retried: 0 });
      const some = await test.call('POST', '/v1/event-deliveries/retry', { as: acme, body: { event_id: event } });
      expect(some.body).toEqual({ retried: 1 });
      const all = await test.call('POST', '/v1/event-deliveries/retry', { as: acme, body: {} });
      expect(all.status).toBe(400);
      await test.call('POST', `/v1/event-endpoints/${id}/disable`, { as: acme });
      expect((await test.call('POST', url, { as: acme })).body['code']).toBe('endpoint_disabled');
    });

    it('does again what a process that died had taken, without counting that attempt, and gives it up in the end', async () => {
      await test.endpoint(acme);
      await test.send(acme, 'order.paid');
      const claim = () =>
        test.platform.door.write({ as: 'app', organizationId: acme, memberRole: 'service' }, (tx) =>
          tx.sql('select * from plinth.claim_event_deliveries($1, gen_random_uuid(), $2, 10, 1000)', [
            acme,
            test.clock.now(),
          ]),
        );
      expect(await claim()).toHaveLength(1);
      expect(await deliver()).toBe(0);
      test.clock.move(44);
      expect(await deliver()).toBe(0);
      test.clock.move(1);
      expect(await deliver()).toBe(1);
      const [row] = await test.deliveriesOf(acme);
      expect(row).toMatchObject({ status: 'delivered', attempts: 1 });
      const log = (await detail(row!['id']))['attempt_log'] as unknown as Record<string, unknown>[];
      expect(log.map(({ outcome, attempt }) => [outcome, attempt])).toEqual([
        ['lost', 1],
        ['delivered', 1],
      ]);
      await test.send(acme, 'order.sent');
      for (let times = 0; times < 6; times++) {
        await claim();
        test.clock.move(45);
      }
      expect(await test.deliveriesOf(acme, '?status=dead')).toEqual([
        expect.objectContaining({ last_error: 'delivery_worker_lost' }),
      ]);
    });

    it('does not write down what came of a delivery that is no longer held', async () => {
      await test.endpoint(acme, { timeout_ms: 1_000 });
      await test.send(acme, 'order.paid');
      test.receiver.behave((response) => {
        // a stop of the whole process for longer than the lease; another takes it meanwhile
        test.clock.move(32);
        void deliverDue(test.platform, { ...noJitter }).then(() => response.writeHead(500).end());
        test.receiver.behave(answer(204));
      });
      await deliver();
      expect(await test.deliveriesOf(acme)).toEqual([expect.objectContaining({ status: 'delivered', attempts: 1 })]);
    });

    it('signs with both secrets while a rotation overlaps', async () => {
      const { id, secret } = await test.endpoint(acme);
      const rotate = (body: object) => test.call('POST', `/v1/event-endpoints/${id}/rotate-secret`, { as: acme, body });
      const { body: rotated } = await rotate({ overlap_hours: 2 });
      const signatures = async () => {
        await test.send(acme, 'order.paid');
        await deliver();
        return String(test.receiver.received.at(-1)!.headers['webhook-signature']).split(' ').length;
      };
      expect(rotated['secret']).not.toBe(secret);
      expect(await signatures()).toBe(2);
      test.clock.move(2 * 3_600);
      expect(await signatures()).toBe(1);
      await rotate({ overlap_hours: 0 });
      expect(await signatures()).toBe(1);
    });

    it('goes to the endpoints of the customer an event is about, as far as they want it', async () => {
      const make = (customer: string, more: object = {}) =>
        test.call('POST', '/v1/event-endpoints', {
          as: acme,
          body: { url: `${test.receiver.url}/${customer}`, customer, ...more },
        });
      await make('c1');
      await make('c1', { url: `${test.receiver.url}/c1-orders`, names: ['order.*'] });
      await make('c2');
      const body = { name: 'customers', action: 'webhook', target: { customer_from: 'payload.customer' } };
      expect((await test.call('POST', '/v1/event-subscriptions', { as: acme, body })).status).toBe(201);
      await test.send(acme, 'order.paid', { customer: 'c1' });
      await test.send(acme, 'invoice.made', { customer: 'c1' });
      await test.send(acme, 'invoice.made', { customer: 'c3' });
      await test.send(acme, 'invoice.made', {});
      await deliver();
      expect(test.receiver.received.map(({ path }) => path).sort()).toEqual(['/c1', '/c1', '/c1-orders']);
      expect(await test.deliveriesOf(acme, '?customer=c1')).toHaveLength(3);
      expect(await test.deliveriesOf(acme, '?customer=c2')).toEqual([]);
    });

    it('sends a test event to the one endpoint', async () => {
      const { id } = await test.endpoint(acme);
      await test.endpoint(acme, { url: `${test.receiver.url}/other` });
      const { status, body } = await test.call('POST', `/v1/event-endpoints/${id}/test`, { as: acme });
      expect(status).toBe(202);
      await deliver();
      expect(test.receiver.received.map(({ path, headers }) => [path, headers['webhook-id']])).toEqual([
        ['/in', body['event_id']],
      ]);
      expect(await detail(body['delivery_id'])).toMatchObject({ is_test: true, status: 'delivered' });
    });

    it('holds under several senders at once: each goes once', async () => {
      await test.endpoint(acme, { concurrency_max: 5 });
      for (let n = 0; n < 40; n++) await test.send(acme, 'order.paid', { n });
      test.receiver.behave((response) => setTimeout(() => response.end(), 5));
      const made = await Promise.all([deliver(), deliver(), deliver()]);
      expect(made.reduce((sum, one) => sum + one, 0)).toBe(40);
      expect(new Set(test.receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(40);
      expect(test.receiver.received).toHaveLength(40);
      expect(await test.deliveriesOf(acme, '?status=delivered&limit=100')).toHaveLength(40);
    });
  },
  { server: { poolSize: 6, workerPoolSize: 2 } },
);
