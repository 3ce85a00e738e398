import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../../../tests/e2e/problems.ts';
import { describeEngines } from '../../../tests/support/engines.ts';
import { catalogue } from './catalogue.ts';
import { eventLimits } from './limits.ts';
import { processPendingEvents } from './processing.ts';
import { type Answer, openTestEvents, type TestEvents, testTaskType } from './testing.ts';

describeEngines('event types', (on) => {
  let test: TestEvents;
  let acme: string;
  let other: string;
  beforeAll(async () => {
    test = await openTestEvents(on.engine);
    acme = await test.organization();
    other = await test.organization();
  });
  afterAll(() => test.close());

  const put = (name: string, body: unknown, as = acme) => test.call('PUT', `/v1/event-types/api/${name}`, { as, body });
  const problem = (answer: Answer) => ({
    status: answer.status,
    type: String(answer.headers['content-type']),
    body: answer.text,
  });
  const send = async (body: object, as = acme) => {
    const { body: answer } = await test.call('POST', '/v1/events', { as, body });
    return (answer as unknown as { data: { id: string }[] }).data[0]!.id;
  };
  const event = async (id: string) => (await test.call('GET', `/v1/events/${id}`, { as: acme })).body;
  const schema = {
    type: 'object',
    properties: { total: { type: 'number', minimum: 0 } },
    required: ['total'],
  };

  it('are made, changed, listed and deleted; the version counts the changes of the schema', async () => {
    const made = await put('order.listed', { category: 'billing', description: 'An order', payload_schema: schema });
    expect([made.status, made.body]).toMatchObject([
      201,
      { source: 'api', name: 'order.listed', category: 'billing', schema_version: 1, is_active: true },
    ]);
    const same = await put('order.listed', { category: 'billing', payload_schema: schema, retention_days: 30 });
    expect([same.status, same.body]).toMatchObject([
      200,
      { id: made.body.id, schema_version: 1, retention_days: 30, description: '' },
    ]);
    expect((await put('order.listed', { payload_schema: null })).body['schema_version']).toBe(2);
    const list = (await test.call('GET', '/v1/event-types', { as: acme, role: 'viewer' })).body['data'];
    expect(list).toMatchObject([{ name: 'order.listed' }]);
    const url = '/v1/event-types/api/order.listed';
    expect((await test.call('GET', url, { as: other })).status).toBe(404);
    expect((await test.call('DELETE', url, { as: other })).status).toBe(404);
    expect((await test.call('DELETE', url, { as: acme, role: 'member' })).status).toBe(403);
    expect((await test.call('DELETE', url, { as: acme })).status).toBe(204);
    expect((await test.call('GET', url, { as: acme })).status).toBe(404);
    expect((await put('order.listed', {})).body['schema_version']).toBe(1);
  });

  it('that the program knows are in the catalogue, whose schemas can be used; seeding again changes nothing', async () => {
    const seed = () =>
      test.platform.door.write({ as: 'worker' }, (tx) =>
        tx.sql<{ changed: number }>('select plinth.seed_event_types($1) as changed', [JSON.stringify(catalogue())]),
      );
    await seed();
    // Citus counts what it looked at
    if (on.engine.kind !== 'citus') expect((await seed())[0]!.changed).toBe(0);
    const url = '/rest/v1/event_type_catalogue?source=eq.deployment&name=eq.deployment.failed';
    const { body } = await test.call('GET', url, { as: acme, role: 'viewer' });
    const [row] = body as unknown as { payload_schema: unknown }[];
    const put = await test.call('PUT', '/v1/event-types/deployment/deployment.failed', {
      as: acme,
      body: { payload_schema: row!.payload_schema },
    });
    expect(put.status).toBe(201);
    const everything = (await test.call('GET', '/rest/v1/event_type_catalogue?select=source', { as: acme })).body;
    expect(everything).toHaveLength(catalogue().length);
  });

  it('with a schema that can not be used are refused', async () => {
    const answer = await put('bad', { payload_schema: { type: 'objekt', properties: { a: { pattern: '(a+)+$' } } } });
    expectProblem(problem(answer), 'payload_schema_invalid');
    expect(answer.body['errors']).toContainEqual(expect.objectContaining({ path: '/payload_schema/type' }));
    for (const body of [{ payload_schema: [] }, { category: 'odd' }, { retention_days: 0 }, { what: 1 }]) {
      expect([body, (await put('bad', body)).body.code]).toEqual([body, 'invalid_request']);
    }
    expect((await test.call('PUT', '/v1/event-types/nowhere/x', { as: acme, body: {} })).status).toBe(400);
  });

  it('are as many as an organization may have, and no more', async () => {
    const full = await test.organization();
    await test.rows(
      `insert into event_types (organization_id, source, name)
       select $1, 'api', 'made-' || n from generate_series(1, $2::int) as n`,
      [full, eventLimits.event_types_max],
    );
    expectProblem(problem(await put('one-more', {}, full)), 'event_types_full');
    expect((await put('made-7', {}, full)).status).toBe(200);
  });

  it('fail an event whose payload breaks the schema, keep it, and let it be retried', async () => {
    await put('order.paid', { payload_schema: schema });
    await test.call('POST', '/v1/event-subscriptions', {
      as: acme,
      body: { name: 'orders', names: ['order.*'], target: { task_type: testTaskType } },
    });
    const good = await send({ type: 'order.paid', payload: { total: 7 } });
    const bad = await send({ type: 'order.paid', payload: { total: -1 } });
    const worse = await send({ type: 'order.paid', payload: 'paid' });
    const foreign = await send({ type: 'order.paid', payload: { total: -1 } }, other);
    expect(await processPendingEvents(test.platform, acme)).toEqual({ events: 3, tasks: 1 });
    await processPendingEvents(test.platform, other);
    expect(await event(good)).toMatchObject({ status: 'processed', error: null, event_type_id: expect.any(String) });
    expect(await event(bad)).toMatchObject({
      status: 'failed',
      payload: { total: -1 },
      journey: [],
      error: { code: 'payload_invalid', errors: [{ path: '/payload/total', message: expect.any(String) }] },
    });
    expect(await event(worse)).toMatchObject({ status: 'failed', error: { errors: [{ path: '/payload' }] } });
    // another organization has no such type
    const [theirs] = await test.rows<{ status: string }>('select status from events where id = $1', [foreign]);
    expect(theirs!.status).toBe('skipped');

    const retry = (id: string) => test.call('POST', `/v1/events/${id}/retry`, { as: acme, body: {} });
    expect((await retry(bad)).status).toBe(200);
    await processPendingEvents(test.platform, acme);
    expect((await event(bad))['status']).toBe('failed');
    await put('order.paid', { payload_schema: { type: 'object' } });
    await retry(bad);
    expect(await processPendingEvents(test.platform, acme)).toEqual({ events: 1, tasks: 1 });
    expect(await event(bad)).toMatchObject({
      status: 'processed',
      error: null,
      journey: [{ outcome: 'task_enqueued' }],
    });
  });

  it('that are not active have their events stored and skipped', async () => {
    await put('order.noise', { is_active: false });
    const id = await send({ type: 'order.noise' });
    await processPendingEvents(test.platform, acme);
    expect(await event(id)).toMatchObject({ status: 'skipped', error: { code: 'event_type_inactive' }, journey: [] });
  });

  describe('a schema that takes long', () => {
    it('fails the event it is about, and stops nothing', async () => {
      const branches = Array.from({ length: 40 }, (_, n) => ({ contains: { const: n } }));
      await put('order.slow', {
        payload_schema: { type: 'array', uniqueItems: true, items: { anyOf: branches } },
      });
      const slow = await send({ type: 'order.slow', payload: Array.from({ length: 4_000 }, (_, n) => [n]) });
      const next = await send({ type: 'order.paid', payload: {} });
      for (let batch = 0; batch < 3; batch++) await processPendingEvents(test.platform, acme);
      expect((await event(slow))['status']).toBe('failed');
      expect((await event(next))['status']).toBe('processed');
    });
  });
});
