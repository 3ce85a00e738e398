import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { batchesLoop } from './batches.ts';
import { openTestDeliveries, type TestDeliveries } from './deliveries.fixture.ts';
import { deliverDue } from './send.ts';

describeEngines('what subscriptions do', (on) => {
  let test: TestDeliveries;
  let acme: string;
  beforeAll(async () => {
    test = await openTestDeliveries(on.engine);
  });
  beforeEach(async () => {
    acme = await test.organization();
    test.receiver.received.length = 0;
  });
  afterAll(() => test.close());
  const subscribe = async (body: object) => {
    const made = await test.call('POST', '/v1/event-subscriptions', { as: acme, body: { name: 'it', ...body } });
    if (made.status !== 201) throw new Error(made.text);
    return made.body;
  };
  const tick = () => batchesLoop.tick(test.platform, new AbortController().signal);
  const bodies = () =>
    test.receiver.received.map(({ headers, body }) => {
      const { type, id, data } = JSON.parse(body) as {
        type: string;
        id: string;
        data: { count: number; events: { id: string; data: { n: number } }[] };
      };
      expect(id).toBe(headers['webhook-id']);
      return { type, count: data.count, n: data.events.map((one) => one.data.n) };
    });

  it('starts a run of a workflow for each event, which is found by its correlation key', async () => {
    const definition = { execution_type: 'sequential', steps: [{ key: 'nap', type: 'sleep', duration: '1m' }] };
    const made = await test.call('PUT', '/v1/workflows/ship', { as: acme, body: definition });
    if (made.status >= 300) throw new Error(made.text);
    const target = { workflow: 'ship', correlation_from: 'payload.order.id' };
    await subscribe({ action: 'workflow', names: ['order.paid'], target });
    const event = await test.send(acme, 'order.paid', { order: { id: 17 } });
    // put back, it starts no second run
    await test.owner(`update plinth.events set status = 'pending' where id = $1`, [event]);
    await test.send(acme, 'other');
    const { body } = await test.call('GET', '/v1/workflow-runs?correlation_key=17', { as: acme });
    const runs = body['data'] as unknown as { id: string; workflow: string }[];
    expect(runs).toEqual([expect.objectContaining({ workflow: 'ship' })]);
    const run = await test.call('GET', `/v1/workflow-runs/${runs[0]!.id}`, { as: acme });
    expect(run.body['input']).toMatchObject({
      event: { id: event, type: 'order.paid' },
      payload: { order: { id: 17 } },
    });
    const { body: shown } = await test.call('GET', `/v1/events/${event}`, { as: acme });
    expect(shown['journey']).toContainEqual(
      expect.objectContaining({ outcome: 'workflow_started', task_id: runs[0]!.id }),
    );
  });

  it('acts once for so many events, or when the time of those that wait is over', async () => {
    const { id } = await test.endpoint(acme, {}, { names: ['order.*'], batch: { count_max: 3, seconds_max: 60 } });
    for (let n = 0; n < 5; n++) await test.send(acme, 'order.paid', { n });
    await deliverDue(test.platform);
    expect(bodies()).toEqual([{ type: 'plinth.batch', count: 3, n: [0, 1, 2] }]);
    test.clock.move(59);
    expect((await tick())!.getTime() - test.clock.now().getTime()).toBeLessThanOrEqual(1_000);
    await deliverDue(test.platform);
    expect(bodies()).toHaveLength(1);
    test.clock.move(1);
    await tick();
    await deliverDue(test.platform);
    expect(bodies()[1]).toEqual({ type: 'plinth.batch', count: 2, n: [3, 4] });
    await tick();
    expect(await deliverDue(test.platform)).toBe(0);
    const [first] = await test.deliveriesOf(acme, `?endpoint_id=${id}`);
    const { body } = await test.call('GET', `/v1/events/${first!['event_id']}`, { as: acme });
    expect(body).toMatchObject({ type: 'plinth.batch', source: 'plinth', status: 'processed' });
    expect(body['journey']).toEqual([expect.objectContaining({ outcome: 'delivery_queued' })]);
  });

  it('makes several batches of many events at once, and none of a subscription that is deleted', async () => {
    const batch = { count_max: 4, seconds_max: 60 };
    await test.endpoint(acme, {}, { names: ['order.*'], batch });
    const sent = Array.from({ length: 10 }, (_, n) => ({ type: 'order.paid', payload: { n } }));
    await test.call('POST', '/v1/events', { as: acme, body: sent });
    await test.send(acme, 'other');
    await deliverDue(test.platform);
    expect(bodies().map(({ count }) => count)).toEqual([4, 4]);
    expect(
      bodies()
        .flatMap(({ n }) => n)
        .sort((a, b) => a - b),
    ).toHaveLength(8);
    const { body } = await test.call('GET', '/v1/event-subscriptions', { as: acme });
    const [subscription] = body['data'] as unknown as { id: string; batch: unknown }[];
    expect(subscription!.batch).toEqual(batch);
    await test.call('DELETE', `/v1/event-subscriptions/${subscription!.id}`, { as: acme });
    test.clock.move(60);
    await tick();
    expect(await deliverDue(test.platform)).toBe(0);
    const waiting = await test.owner('select 1 from plinth.subscription_batches where organization_id = $1', [acme]);
    expect(waiting).toEqual([]);
  });
});
