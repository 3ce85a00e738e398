import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { evaluateFilter } from './filter/evaluate.ts';
import { explainFilter } from './filter/explain.ts';
import { eventTexts, filters } from './filter/testing.ts';
import { parseFilter } from './filter/text.ts';
import { openTestEvents, type TestEvents, testTaskType } from './testing.ts';

interface Tried {
  readonly tested: number;
  readonly matched: number;
  readonly data: { type: string; matches: boolean; fails: string | null; reasons: { condition: string }[] }[];
}

describeEngines('trying a subscription on past events', (on) => {
  let test: TestEvents;
  let acme: string;
  let other: string;
  beforeAll(async () => {
    test = await openTestEvents(on.engine);
    acme = await test.organization();
    other = await test.organization();
    const events = [
      { type: 'order.paid', payload: { total: 10, lines: [1] } },
      { type: 'order.paid', payload: { total: 500 } },
      { type: 'order.sent', payload: {} },
      { type: 'user.made', payload: { total: 600 } },
    ];
    for (const body of events) await test.call('POST', '/v1/events', { as: acme, body });
  });
  afterAll(() => test.close());
  const attempt = (body: object, as = acme) => test.call('POST', '/v1/event-subscriptions/test', { as, body });
  const tried = async (body: object, as = acme) => (await attempt(body, as)).body as unknown as Tried;

  it('says which match, and of the others which part and which condition does not fit', async () => {
    const { tested, matched, data } = await tried({ names: ['order.*'], filter: 'payload.total > 100' });
    expect({ tested, matched }).toEqual({ tested: 4, matched: 1 });
    expect(data.map(({ type, fails }) => [type, fails])).toEqual([
      ['user.made', 'names'],
      ['order.sent', 'filter'],
      ['order.paid', null],
      ['order.paid', 'filter'],
    ]);
    expect(data[1]?.reasons).toEqual([{ path: '', condition: 'payload.total > 100', is: 'unknown', value: null }]);
    expect(data[3]?.reasons).toEqual([{ path: '', condition: 'payload.total > 100', is: 'false', value: '10' }]);
    expect((await tried({ sources: ['github'] })).data[0]?.fails).toBe('sources');
    expect((await tried({ categories: ['review'] })).data[0]?.fails).toBe('categories');
    expect(await tried({ limit: 2 })).toMatchObject({ tested: 2, matched: 2 });
  });

  it('agrees with what a subscription then does', async () => {
    const rule = { names: ['order.*'], filter: { op: 'not', filter: parseFilter('payload.total > 100') } };
    const before = await tried(rule);
    const made = await test.call('POST', '/v1/event-subscriptions', {
      as: acme,
      body: { name: 'orders', target: { task_type: testTaskType }, ...rule },
    });
    expect(made.status).toBe(201);
    expect(await tried(rule)).toMatchObject({ filter: rule.filter, filter_text: '!(payload.total > 100)' });
    const [step] = (await tried(rule)).data.filter(({ matches }) => matches);
    expect([before.matched, step?.type]).toEqual([1, 'order.paid']);
  });

  it('shows nobody else’s events, to viewers too, and refuses what can not be a rule', async () => {
    expect(await tried({}, other)).toEqual({ filter: null, filter_text: null, tested: 0, matched: 0, data: [] });
    const viewer = await test.call('POST', '/v1/event-subscriptions/test', { as: acme, role: 'viewer', body: {} });
    expect(viewer.status).toBe(200);
    for (const [body, status, code] of [
      [{ filter: 'branch ==' }, 422, 'filter_invalid'],
      [{ filter: { op: 'eq' } }, 422, 'filter_invalid'],
      [{ limit: 101 }, 400, 'invalid_request'],
      [{ sources: ['nowhere'] }, 400, 'invalid_request'],
      [{ organization_id: other }, 400, 'invalid_request'],
    ] as const) {
      const answer = await attempt(body);
      expect([body, answer.status, answer.body['code']]).toEqual([body, status, code]);
    }
  });

  it('the table takes no other batch than the API gives', async () => {
    const at = (batch: string) =>
      test.rows(
        `insert into plinth.event_subscriptions (organization_id, name, action, target, batch)
         values ($1, 'b', 'task', '{}', $2::jsonb)`,
        [acme, batch],
      );
    for (const bad of [
      '{}',
      '[]',
      '7',
      '{"count_max": 1}',
      '{"count_max": "1", "seconds_max": 1}',
      '{"count_max": [1], "seconds_max": 1}',
      '{"count_max": 1.5, "seconds_max": 1}',
      '{"count_max": 501, "seconds_max": 1}',
      '{"count_max": 1, "seconds_max": 0}',
      '{"count_max": 1, "seconds_max": 1, "more": 1}',
    ]) {
      await expect(at(bad), bad).rejects.toThrow('event_subscriptions_batch_check');
    }
    await at('{"count_max": 500, "seconds_max": 86400}');
  });
});

describe('why a filter is not true', () => {
  it('names conditions exactly where it is not, each of which is not as it should be', () => {
    fc.assert(
      fc.property(filters, eventTexts, (filter, text) => {
        const event: unknown = JSON.parse(text);
        const reasons = explainFilter(filter, event);
        expect(reasons.length > 0).toBe(evaluateFilter(filter, event) !== true);
        expect(reasons.length).toBeLessThanOrEqual(5);
      }),
      { numRuns: 1_000 },
    );
  });

  it('looks through not, and cuts long values', () => {
    const filter = parseFilter('!(payload.a == 1 || payload.b.contains("x")) && payload.c');
    expect(explainFilter(filter, { payload: { a: 1, b: 'x'.repeat(500), c: true } })).toEqual([
      { path: '/filters/0/filter/filters/0', condition: 'payload.a == 1', is: 'true', value: '1' },
      {
        path: '/filters/0/filter/filters/1',
        condition: 'payload.b.contains("x")',
        is: 'true',
        value: `"${'x'.repeat(199)}…`,
      },
    ]);
  });
});
