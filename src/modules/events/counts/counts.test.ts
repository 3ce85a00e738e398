import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { processPendingEvents } from '../processing.ts';
import { openTestEvents, type TestEvents, testTaskType } from '../testing.ts';
import { countEventHours, countingLoop } from './count-hours.ts';

const hour_ms = 3_600_000;
const seed = Number(process.env['PLINTH_TEST_SEED'] ?? 5);

type Step =
  | { readonly do: 'send'; readonly type: string; readonly hoursAgo: number; readonly copies: number }
  | { readonly do: 'match' }
  | { readonly do: 'count' }
  | { readonly do: 'fail'; readonly type: string };

const types = ['order.paid', 'order.lost', 'ping'] as const;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      type: fc.constantFrom(...types),
      // also the edges of hours, and long ago
      hoursAgo: fc.oneof(fc.integer({ min: -20, max: 400 * 24 }), fc.constantFrom(0, 1, 1 / 3600, 0.5)),
      copies: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'match' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'count' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), type: fc.constantFrom(...types) }) },
);

describeEngines(
  'counts of events',
  (on) => {
    let test: TestEvents;
    beforeAll(async () => {
      test = await openTestEvents(on.engine);
    });
    afterAll(() => test.close());

    const send = (organization: string, events: readonly object[]) =>
      test.call('POST', '/v1/events', { as: organization, body: events });
    const counts = (organization: string) =>
      test.rows(
        `select hour, source, type, category, status, event_count::int as events, payload_bytes::int as bytes
         from event_aggregations
         where organization_id = $1 and event_count > 0
         order by hour, source, type, category, status`,
        [organization],
      );
    const recount = (organization: string) =>
      test.rows(
        `select date_trunc('hour', occurred_at at time zone 'UTC') at time zone 'UTC' as hour, source, type, category, status,
           count(*)::int as events, sum(payload_bytes)::int as bytes
         from events
         where organization_id = $1
         group by 1, 2, 3, 4, 5
         order by 1, 2, 3, 4, 5`,
        [organization],
      );

    it('equal a recount, whatever happens in whatever order', async () => {
      const run = async (steps: readonly Step[]) => {
        const acme = await test.organization();
        const other = await test.organization();
        const body = { name: 'paid', names: ['order.paid'], target: { task_type: testTaskType } };
        await test.call('POST', '/v1/event-subscriptions', { as: acme, body });
        for (const one of steps) {
          if (one.do === 'match') await processPendingEvents(test.platform, acme);
          else if (one.do === 'count') await countEventHours(test.platform, acme);
          else if (one.do === 'fail') {
            await test.rows(
              `update events set status = 'failed' where organization_id = $1 and type = $2 and status = 'pending'`,
              [acme, one.type],
            );
          } else {
            const occurred_at = new Date(Date.now() - one.hoursAgo * hour_ms).toISOString();
            const events = Array.from({ length: one.copies }, () => ({ type: one.type, occurred_at }));
            const { status } = await send(acme, events);
            expect(status).toBe(200);
            await send(other, events.slice(0, 1));
          }
        }
        await countEventHours(test.platform, acme);
        expect(await counts(acme)).toEqual(await recount(acme));
        expect(await counts(other)).toEqual([]);
      };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => run(steps)),
        { seed, numRuns: 25 },
      );
    });

    it('are right where writers and counting meet', async () => {
      const acme = await test.organization();
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; n < 12; n++) await send(acme, [{ type: `w${writer}` }, { type: 'all' }]);
      });
      const matching = (async () => {
        for (let n = 0; n < 10; n++) await processPendingEvents(test.platform, acme, 7);
      })();
      const counting = Array.from({ length: 2 }, async () => {
        for (let n = 0; n < 15; n++) await countEventHours(test.platform, acme);
      });
      await Promise.all([...writers, ...counting, matching]);
      await countEventHours(test.platform, acme);
      expect(await counts(acme)).toEqual(await recount(acme));
      expect(await countEventHours(test.platform, acme)).toBe(0);
    });

    it('are kept by the loop, and read by bucket, key and filter', async () => {
      const acme = await test.organization();
      const day = Date.UTC(2026, 9, 5, 12);
      const at = (ms: number) => new Date(day + ms).toISOString();
      await send(acme, [
        { type: 'a', category: 'code', occurred_at: at(0), payload: { n: 1 } },
        { type: 'a', category: 'code', occurred_at: at(59 * 60_000) },
        { type: 'b', occurred_at: at(60 * 60_000) },
        { type: 'b', occurred_at: at(24 * hour_ms) },
      ]);
      const next = await countingLoop.tick(test.platform, new AbortController().signal);
      expect(next!.getTime()).toBeGreaterThan(Date.now());
      const ask = (query: string) => test.call('GET', `/v1/event-statistics?${query}`, { as: acme, role: 'viewer' });
      const range = `since=${at(-hour_ms)}&until=${at(48 * hour_ms)}`;
      const hourly = await ask(range);
      expect([hourly.status, hourly.body['data']]).toEqual([
        200,
        [
          { at: at(0), key: null, events: 2, payload_bytes: 9 },
          { at: at(hour_ms), key: null, events: 1, payload_bytes: 2 },
          { at: at(24 * hour_ms), key: null, events: 1, payload_bytes: 2 },
        ],
      ]);
      const daily = await ask(`${range}&bucket=day&by=type`);
      expect(daily.body['data']).toEqual([
        { at: at(-12 * hour_ms), key: 'a', events: 2, payload_bytes: 9 },
        { at: at(-12 * hour_ms), key: 'b', events: 1, payload_bytes: 2 },
        { at: at(12 * hour_ms), key: 'b', events: 1, payload_bytes: 2 },
      ]);
      expect((await ask(`${range}&category=code&by=status`)).body['data']).toEqual([
        { at: at(0), key: 'pending', events: 2, payload_bytes: 9 },
      ]);
      expect((await ask(`since=${at(-99 * 24 * hour_ms)}&until=${at(0)}`)).status).toBe(400);
      expect((await ask('since=yesterday')).status).toBe(400);
      expect((await ask('bucket=minute')).status).toBe(400);
      const stranger = await test.organization();
      const theirs = await test.call('GET', `/v1/event-statistics?${range}`, { as: stranger });
      expect(theirs.body['data']).toEqual([]);
    });

    it('and the views tell of the organization that asks', async () => {
      const acme = await test.organization();
      const stranger = await test.organization();
      await test.rows(
        `insert into repositories (organization_id, id, name, full_name, provider)
         values ($1, gen_random_uuid(), 'repo', 'octo/repo', 'github')`,
        [acme],
      );
      const repository = { provider: 'github', full_name: 'octo/repo' };
      await send(acme, [
        { type: 'push', category: 'code', repository, actor: 'ann' },
        { type: 'push', category: 'code', repository, actor: 'bo' },
        { type: 'note' },
      ]);
      await processPendingEvents(test.platform, acme);
      await countEventHours(test.platform, acme);
      const read = (organizationId: string, view: string) =>
        test.platform.door.read({ as: 'app', organizationId, memberRole: 'viewer' }, (tx) =>
          tx.sql(`select * from plinth.${view} where organization_id = $1`, [organizationId]),
        );
      expect(await read(acme, 'event_summary')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'push', events: '2', skipped: '2', pending: '0', failed: '0' }),
        ]),
      );
      expect(await read(acme, 'repository_activity')).toEqual([
        expect.objectContaining({ repository_full_name: 'octo/repo', events: '2', code_events: '2', actors: '2' }),
      ]);
      const performance = await read(acme, 'processing_performance');
      expect(performance).toHaveLength(2);
      expect(performance[0]).toMatchObject({ waiting: '0', p95_seconds: expect.any(Number) });
      const rest = await test.call('GET', '/rest/v1/event_summary?select=type,events&order=type', { as: acme });
      expect([rest.status, rest.body]).toEqual([
        200,
        [
          { type: 'note', events: 1 },
          { type: 'push', events: 2 },
        ],
      ]);
      expect((await test.call('DELETE', '/rest/v1/event_summary?type=eq.note', { as: acme })).status).toBe(403);
      for (const view of ['event_summary', 'repository_activity', 'processing_performance']) {
        expect([view, await read(stranger, view)]).toEqual([view, []]);
      }
    });
  },
  { server: { poolSize: 4, workerPoolSize: 2 } },
);
