import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { processPendingEvents } from '../processing.ts';
import { openTestEvents, type TestEvents } from '../testing.ts';
import { countEventHours } from './count-hours.ts';
import { cleanupOldEvents, eventRetentionLoop } from './retention.ts';

const day_ms = 86_400_000;

describeEngines('retention of events', (on) => {
  let test: TestEvents;
  let ahead = 0;
  const clock = {
    now: () => new Date(Date.now() + ahead),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  beforeAll(async () => {
    test = await openTestEvents(on.engine, clock);
  });
  afterAll(() => test.close());

  const send = async (organization: string, ...types: string[]) => {
    const body = types.map((type, n) => ({ type, id: `${type}-${n}` }));
    const { status, body: answer } = await test.call('POST', '/v1/events', { as: organization, body });
    expect(status).toBe(200);
    return (answer['data'] as { duplicate: boolean }[]).map(({ duplicate }) => duplicate);
  };
  const typesOf = async (organization: string) =>
    (
      await test.rows<{ type: string }>('select type from events where organization_id = $1 order by type', [
        organization,
      ])
    ).map(({ type }) => type);
  const keep = (organization: string, rules: readonly object[]) =>
    test.call('PUT', '/v1/event-retention', { as: organization, body: { rules } });
  const counted = (organization: string) =>
    test.rows(
      `select type, stored_count as stored, removed_count as removed, event_count as events
       from event_aggregations
       where organization_id = $1 and event_count > 0
       order by type`,
      [organization],
    );
  /** Runs `work` as so many days from now. */
  async function later<T>(days: number, work: () => Promise<T>): Promise<T> {
    ahead = days * day_ms;
    try {
      return await work();
    } finally {
      ahead = 0;
    }
  }

  it('removes each type at its time, keeps the counts, and still knows what was sent', async () => {
    const [acme, other] = [await test.organization(), await test.organization()];
    await keep(acme, [{ type: 'ping', keep_days: 7 }, { keep_days: 30 }]);
    for (const organization of [acme, other]) {
      await send(organization, 'order', 'ping', 'ping');
      await processPendingEvents(test.platform, organization);
      await countEventHours(test.platform, organization);
    }
    expect(await cleanupOldEvents(test.platform, acme)).toEqual({ events: 0, keys: 0 });
    expect((await later(8, () => cleanupOldEvents(test.platform, acme))).events).toBe(2);
    expect(await typesOf(acme)).toEqual(['order']);
    expect(await counted(acme)).toEqual([
      { type: 'order', stored: 1, removed: 0, events: 1 },
      { type: 'ping', stored: 0, removed: 2, events: 2 },
    ]);
    // a repeat is one although its event is gone
    expect(await send(acme, 'x', 'ping')).toEqual([false, true]);
    // counted anew, the hour keeps what was removed
    await countEventHours(test.platform, acme);
    expect(await counted(acme)).toContainEqual({ type: 'ping', stored: 0, removed: 2, events: 2 });
    expect(await typesOf(other)).toEqual(['order', 'ping', 'ping']);

    await later(40, () => eventRetentionLoop.tick(test.platform, new AbortController().signal));
    // the new one still waits to be matched
    expect(await typesOf(acme)).toEqual(['x']);
    expect(await typesOf(other)).toEqual(['order', 'ping', 'ping']);
  });

  it('an event type that says how long comes before the rules; its deployment’s columns go too', async () => {
    const acme = await test.organization();
    await keep(acme, [{ keep_days: 30 }]);
    const type = { category: 'deployment', retention_days: 3 };
    const path = '/v1/event-types/api/deployment.succeeded';
    expect((await test.call('PUT', path, { as: acme, body: type })).status).toBeLessThan(300);
    await send(acme, 'order', 'deployment.succeeded');
    const typed = () => test.rows('select id from deployment_events where organization_id = $1', [acme]);
    expect(await typed()).toHaveLength(1);
    await processPendingEvents(test.platform, acme);
    await countEventHours(test.platform, acme);
    expect((await later(4, () => cleanupOldEvents(test.platform, acme))).events).toBe(1);
    expect(await typesOf(acme)).toEqual(['order']);
    expect(await typed()).toEqual([]);
  });

  it('goes in batches, with the typed columns', async () => {
    const acme = await test.organization();
    const source = await test.source(acme);
    for (let n = 0; n < 3; n++) await test.hook(source, JSON.stringify({ ref: 'refs/heads/main', n }));
    await processPendingEvents(test.platform, acme);
    await countEventHours(test.platform, acme);
    await keep(acme, [{ source: 'github', keep_days: 1 }]);
    const clean = (rows: number) =>
      test.platform.door.write({ as: 'worker', organizationId: acme, memberRole: 'service' }, (tx) =>
        tx.sql<{ removed: number }>('select plinth.cleanup_old_events($1, $2, 760, $3) as removed', [
          acme,
          new Date(Date.now() + 3 * day_ms),
          rows,
        ]),
      );
    expect(await clean(2)).toEqual([{ removed: 2 }]);
    expect(await test.rows('select count(*)::int as n from github_events where organization_id = $1', [acme])).toEqual([
      { n: 1 },
    ]);
    expect(await clean(2)).toEqual([{ removed: 1 }]);
    expect(await clean(2)).toEqual([{ removed: 0 }]);
    expect(await counted(acme)).toEqual([expect.objectContaining({ stored: 0, removed: 3, events: 3 })]);
  });

  it('forgets keys and counts when no event can be as old', async () => {
    const acme = await test.organization();
    await send(acme, 'a', 'b');
    await processPendingEvents(test.platform, acme);
    await countEventHours(test.platform, acme);
    const keys = () => test.rows('select 1 from event_deduplication where organization_id = $1', [acme]);
    await later(700, () => cleanupOldEvents(test.platform, acme));
    expect(await keys()).toHaveLength(2);
    await later(762, () => cleanupOldEvents(test.platform, acme));
    expect([await keys(), await counted(acme), await typesOf(acme)]).toEqual([[], [], []]);
  });

  it('rules are set as a whole, by admins, and audited where they change', async () => {
    const acme = await test.organization();
    const first = await keep(acme, [{ type: 'ping', keep_days: 7 }, { keep_days: 30 }]);
    expect([first.status, first.body]).toEqual([
      200,
      {
        rules: [
          { source: '*', type: 'ping', keep_days: 7 },
          { source: '*', type: '*', keep_days: 30 },
        ],
        default_days: 760,
      },
    ]);
    const changes = async () =>
      (
        await test.rows(`select 1 from audit_logs where organization_id = $1 and resource_type = 'event_retention'`, [
          acme,
        ])
      ).length;
    expect(await changes()).toBe(2);
    const second = await keep(acme, [{ source: 'api', keep_days: 3 }, { keep_days: 30 }]);
    expect(second.body['rules']).toHaveLength(2);
    expect(await changes()).toBe(4);
    const refused = [{ keep_days: 0 }, { keep_days: 761 }, { keep_days: 5, type: '' }, { type: 'x' }];
    for (const rule of refused) expect([rule, (await keep(acme, [rule])).status]).toEqual([rule, 400]);
    expect((await keep(acme, [{ keep_days: 1 }, { keep_days: 2 }])).status).toBe(400);
    const asMember = await test.call('PUT', '/v1/event-retention', { as: acme, role: 'member', body: { rules: [] } });
    expect(asMember.status).toBe(403);
    const stranger = await test.organization();
    expect((await test.call('GET', '/v1/event-retention', { as: stranger })).body['rules']).toEqual([]);
  });
});
