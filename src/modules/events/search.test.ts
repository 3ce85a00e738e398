import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { processPendingEvents } from './processing.ts';
import { openTestEvents, type TestEvents } from './testing.ts';

describeEngines('searching events', (on) => {
  let test: TestEvents;
  let acme: string;
  let other: string;
  const events = [
    {
      id: 'e1',
      type: 'order.paid',
      title: 'Order 7 was paid',
      actor: 'ada',
      payload: { order: { id: 7, status: 'paid' } },
    },
    {
      id: 'e2',
      type: 'order.failed',
      title: 'Card declined',
      actor: 'ada',
      payload: { order: { id: 8, status: 'failed' } },
    },
    {
      id: 'e3',
      type: 'build.done',
      branch: 'fix/checkout_crash',
      payload: { log: 'segmentation fault', tags: ['a', 'b'], sender: { login: 'lovelace' } },
    },
    { id: 'e4', type: 'note', payload: { text: `secret ${'x '.repeat(3_000)}`, order: { status: 'paid' } } },
  ];
  beforeAll(async () => {
    test = await openTestEvents(on.engine);
    [acme, other] = [await test.organization(), await test.organization()];
    await test.call('POST', '/v1/events', { as: acme, body: events });
    await test.call('POST', '/v1/events', {
      as: other,
      body: { type: 'order.paid', id: 'theirs', payload: { order: { id: 7 } } },
    });
    for (const organization of [acme, other]) await processPendingEvents(test.platform, organization);
    await test.call('POST', '/v1/events', { as: acme, body: { type: 'order.paid', id: 'waiting' } });
  });
  afterAll(() => test.close());

  const ask = (query: Record<string, string>, as = acme) =>
    test.call('GET', `/v1/events?${new URLSearchParams(query)}`, { as });
  const found = async (query: Record<string, string>, as = acme) => {
    const { body } = await ask(query, as);
    return (body as unknown as { data: { external_id: string }[] }).data?.map(({ external_id }) => external_id);
  };

  it.each([
    ['paid', ['e1']],
    ['PAID', ['e1']],
    ['order', ['e2', 'e1']],
    ['order.paid', ['e1']],
    ['order -declined', ['e1']],
    ['declined or "7 was paid"', ['e2', 'e1']],
    ['"paid was"', []],
    ['checkout_crash', ['e3']],
    ['segmentation', ['e3']],
    ['ada', ['e2', 'e1']],
    ['e3', ['e3']],
    // of a large payload only the columns are searched
    ['secret', []],
    ['theirs', []],
    ['organization', []],
    ['!!! & | ( <-> \\ \' "', []],
    ['organization:*', []],
  ] as const)('q=%s', async (q, ids) => {
    expect(await found({ q })).toEqual(ids);
  });

  it.each([
    ['{"order":{"status":"paid"}}', ['e4', 'e1']],
    ['{"order":{"id":7}}', ['e1']],
    ['{"tags":["b"]}', ['e3']],
    ['{"order":{"id":7,"status":"failed"}}', []],
    ['{"order":{"id":"7"}}', []],
    // parts that the index leaves out, alone and beside others
    ['{"sender":{"login":"lovelace"}}', ['e3']],
    ['{"sender":{"login":"lovelace"},"tags":["a"]}', ['e3']],
    ['{"sender":{"login":"eve"},"tags":["a"]}', []],
  ] as const)('contains=%s', async (contains, ids) => {
    expect(await found({ contains })).toEqual(ids);
  });

  it('takes all conditions together, and pages', async () => {
    expect(await found({ q: 'order', contains: '{"order":{"status":"failed"}}', actor: 'ada' })).toEqual(['e2']);
    expect(await found({ q: 'order', type: 'order.paid' })).toEqual(['e1']);
    expect(await found({ q: 'order', until: '2020-01-01' })).toEqual([]);
    expect(await found({ actor: 'ada' })).toEqual(['e2', 'e1']);
    const { body } = await ask({ q: 'order', limit: '1' });
    expect(await found({ q: 'order', limit: '1', cursor: String(body['next_cursor']) })).toEqual(['e1']);
  });

  it('finds nothing of another organization’s', async () => {
    expect(await found({ contains: '{"order":{"id":7}}' }, other)).toEqual(['theirs']);
    expect(await found({ q: 'paid' }, other)).toEqual(['theirs']);
    expect(await found({ q: `organization:${acme}` }, other)).toEqual([]);
  });

  describe('refuses', () => {
    it('what no index leads to, and what is no text or JSON', async () => {
      for (const query of [
        'contains=%7B%7D',
        'contains=%5B%5B%5D%5D',
        'contains=7',
        'contains=null',
        'contains=%7B',
        'q=',
        'q=%00',
      ]) {
        const { body } = await test.call('GET', `/v1/events?${query}`, { as: acme });
        expect([query, body.code]).toEqual([query, 'invalid_request']);
      }
    });
  });
});
