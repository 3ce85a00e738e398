import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { threshold_event } from './alerts.ts';
import { outcomesOf, World } from './fixtures/world.ts';
import { budgetDifferences, checkBudgets, expireHolds, forgetReservations } from './holds.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

describeEngines('budgets of calls', (on) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(on.engine);
  });

  it('of 200 calls at once those with room are held, and what was not used is room again', async () => {
    const budget = await world.create({ cost_limit: '1.00' });
    const calls = many(200, () => randomUUID());
    const answers = calls.map((call) => world.reserve('0.10', { call }));
    expect(await outcomesOf(answers)).toEqual({ ok: 10, budget_exceeded: 190 });
    expect(await world.read(budget.id)).toMatchObject({
      reserved_cost: '1',
      spent_cost: '0',
      left_cost: '0',
      refused_calls: 190,
    });
    const held = (await world.rows<{ call_id: string }>('budget_reservations')).map(({ call_id }) => call_id);
    await Promise.all(held.map((call) => world.settle(call, '0.04', 7)));
    expect(await world.read(budget.id)).toMatchObject({
      reserved_cost: '0',
      spent_cost: '0.4',
      left_cost: '0.6',
      spent_tokens: 70,
      calls: 10,
    });
    expect(await outcomesOf(many(20, () => world.reserve('0.10')))).toEqual({ ok: 6, budget_exceeded: 14 });
    expect(await budgetDifferences(world.platform, 10)).toEqual([]);
  });

  it('without a budget nothing is held, and settling and releasing change nothing', async () => {
    expect(await world.reserve('5', { call: 'free' })).toBeUndefined();
    await world.settle('free', '5');
    await world.budgets.release(world.scope, 'free');
    expect(await world.rows('budget_reservations')).toEqual([]);
  });

  it('a call is held by every budget it counts for or by none, and by no other', async () => {
    const [ada, bob] = [await world.makeMember(), await world.makeMember()];
    const project = await world.makeProject();
    const agent = randomUUID();
    const all = await world.create({ cost_limit: '1' });
    const own = await world.create({ scope: 'user', user_id: ada, cost_limit: '0.25' });
    const ofProject = await world.create({ scope: 'project', project_id: project, token_limit: 100 });
    const ofAgent = await world.create({ scope: 'agent', agent_id: agent, token_limit: 1_000 });
    const mine = { userId: ada, projectId: project };
    await world.reserve('0.20', { tokens: 60, subject: mine });
    await expect(world.reserve('0.20', { tokens: 10, subject: mine })).rejects.toMatchObject({
      code: 'budget_exceeded',
      detail: expect.stringContaining('(user, total): limit $0.25, left $0.05, held by calls under way $0.20'),
    });
    await expect(world.reserve('0.01', { tokens: 41, subject: mine })).rejects.toMatchObject({
      detail: expect.stringContaining('(project, total): limit 100 tokens, left 40 tokens'),
    });
    // another's id in the place of a user's is no user's budget
    await world.reserve('0.30', { tokens: 5, subject: { userId: bob, agentId: ada } });
    await world.reserve('0.10', { tokens: 9, subject: { agentId: agent, projectId: randomUUID() } });
    expect((await world.read(all.id)).reserved_cost).toBe('0.6');
    expect(await world.read(own.id)).toMatchObject({ reserved_cost: '0.2', reserved_tokens: 60, refused_calls: 1 });
    expect(await world.read(ofProject.id)).toMatchObject({ reserved_tokens: 60, refused_calls: 1 });
    expect((await world.read(ofAgent.id)).reserved_tokens).toBe(9);
  });

  it('settles once, be it more than was held, after a release and after the lease', async () => {
    const budget = await world.create({ cost_limit: '1', token_limit: 1_000 });
    for (const call of ['more', 'twice', 'released', 'expired']) await world.reserve('0.1', { tokens: 100, call });
    await world.settle('more', '0.95', 400);
    await Promise.all([world.settle('twice', '0.01', 1), world.settle('twice', '0.02', 2)]);
    await world.budgets.release(world.scope, 'released');
    await world.budgets.release(world.scope, 'released');
    await world.loseLeases(['expired']);
    await expireHolds(world.platform);
    expect(await world.read(budget.id)).toMatchObject({ reserved_cost: '0', reserved_tokens: 0, calls: 2 });
    await world.settle('released', '0.25', 10);
    await world.settle('expired', '0.5', 20);
    await world.settle('expired', '0.5', 20);
    const { spent_cost, spent_tokens, calls, left_cost } = await world.read(budget.id);
    expect([
      ['1.71', 431],
      ['1.72', 432],
    ]).toContainEqual([spent_cost, spent_tokens]);
    expect({ calls, left_cost }).toEqual({ calls: 4, left_cost: '0' });
    expect(await outcomesOf([world.reserve('0')])).toEqual({ budget_exceeded: 1 });
    expect(await budgetDifferences(world.platform, 10)).toEqual([]);
  });

  it('several calls are settled at once, one that is named twice by what is said first', async () => {
    const budget = await world.create({ cost_limit: '1' });
    for (const call of ['a', 'b']) await world.reserve('0.1', { call });
    await world.settleAll([
      { call_id: 'b', cost: '0.02', tokens: 1 },
      { call_id: 'a', cost: '0.01', tokens: 1 },
      { call_id: 'b', cost: '0.07', tokens: 1 },
      { call_id: 'unknown', cost: '9', tokens: 1 },
    ]);
    expect(await world.read(budget.id)).toMatchObject({ spent_cost: '0.03', reserved_cost: '0', calls: 2 });
  });

  it('a settlement goes with its transaction', async () => {
    const budget = await world.create({ cost_limit: '1' });
    await world.reserve('0.1', { call: 'undone' });
    const undone = world.platform.door.write(world.scope, async (tx) => {
      await world.budgets.settle(tx, 'undone', { tokens: 1, cost: '0.1' });
      throw new RangeError('the cost record was refused');
    });
    await expect(undone).rejects.toThrow();
    expect(await world.read(budget.id)).toMatchObject({ spent_cost: '0', reserved_cost: '0.1' });
  });

  it('a call that asks again holds once; one that has ended does not begin again', async () => {
    const budget = await world.create({ cost_limit: '1' });
    const holds = await Promise.all(many(5, () => world.reserve('0.3', { call: 'again' })));
    expect(new Set(holds.map((hold) => hold?.expires_at.getTime())).size).toBe(1);
    await world.reserve('0.3', { call: 'again' });
    expect((await world.read(budget.id)).reserved_cost).toBe('0.3');
    await world.settle('again', '0.1');
    expect(await outcomesOf([world.reserve('0.3', { call: 'again' })])).toEqual({ conflict: 1 });
  });

  it('a budget that warns refuses nothing, counts, and alerts', async () => {
    const budget = await world.create({
      cost_limit: '0.1',
      token_limit: 10,
      on_exceed: 'warn',
      thresholds: [100, 250],
    });
    await world.reserve('5', { tokens: 100, call: 'a' });
    await world.reserve(null, { tokens: 100, call: 'b' });
    await world.settle('a', '0.2', 5);
    await world.settle('b', null, 15);
    expect(await world.read(budget.id)).toMatchObject({
      spent_cost: '0.2',
      spent_tokens: 20,
      calls: 2,
      unpriced_calls: 1,
      refused_calls: 0,
    });
    expect(await world.rows('budget_alerts')).toMatchObject([{ threshold: 100 }]);
  });

  it('a call without a price is refused under a limit of money, unless the budget says otherwise', async () => {
    const budget = await world.create({ cost_limit: '1', name: 'All of us' });
    await expect(world.reserve(null, { tokens: 5 })).rejects.toMatchObject({
      code: 'price_unknown',
      status: 422,
      detail: expect.stringContaining('"All of us" (organization, total)'),
    });
    await world.change(budget.id, { unpriced: 'allow' });
    await world.reserve(null, { tokens: 5, call: 'unpriced' });
    await world.settle('unpriced', null, 5);
    await world.reserve('1', { call: 'rest' });
    await world.reserve(null, { tokens: 5, call: 'open' });
    await world.settle('rest', '1', 5);
    // what would not be counted does not pass when nothing is left
    expect(await outcomesOf([world.reserve(null, { tokens: 5 })])).toEqual({ budget_exceeded: 1 });
    await world.change(budget.id, { cost_limit: null, token_limit: 20 });
    expect(await outcomesOf([world.reserve(null, { tokens: 5 }), world.reserve(null, { tokens: 1 })])).toEqual({
      ok: 1,
      budget_exceeded: 1,
    });
  });

  it('a budget counts from when it is made: calls under way are not in it', async () => {
    await world.reserve('0.5', { call: 'before' });
    const budget = await world.create({ cost_limit: '1' });
    await world.reserve('0.5', { call: 'after' });
    await world.settle('before', '0.5');
    await world.settle('after', '0.5');
    expect(await world.read(budget.id)).toMatchObject({ spent_cost: '0.5', calls: 1 });
  });

  it('a limit that is lowered, taken away or switched off holds from the next call on', async () => {
    const budget = await world.create({ cost_limit: '1' });
    await world.reserve('0.6', { call: 'first' });
    await world.change(budget.id, { cost_limit: '0.5' });
    expect((await world.read(budget.id)).left_cost).toBe('0');
    expect(await outcomesOf([world.reserve('0.01')])).toEqual({ budget_exceeded: 1 });
    await world.settle('first', '0.3');
    expect(await outcomesOf([world.reserve('0.2', { call: 'second' })])).toEqual({ ok: 1 });
    await world.change(budget.id, { is_active: false });
    expect(await world.reserve('99')).toBeUndefined();
    await world.settle('second', '0.1');
    expect(await world.read(budget.id)).toMatchObject({ spent_cost: '0.4', reserved_cost: '0' });
  });

  it('a budget that is deleted lets calls under way end, in the others they count for too', async () => {
    const kept = await world.create({ cost_limit: '1' });
    const gone = await world.create({ cost_limit: '1', period: 'day' });
    for (const call of ['a', 'b', 'c']) await world.reserve('0.1', { call });
    await world.remove(gone.id);
    await world.settle('a', '0.05');
    await world.budgets.release(world.scope, 'b');
    await world.loseLeases();
    expect(await expireHolds(world.platform)).toMatchObject({ expired: 2 });
    expect(await world.read(kept.id)).toMatchObject({ spent_cost: '0.05', reserved_cost: '0' });
    expect(await world.rows('budget_periods')).toHaveLength(1);
  });

  it('what nobody extends is given back; what is extended too late is held again', async () => {
    const budget = await world.create({ cost_limit: '1' });
    const kept = await world.reserve('0.5', { call: 'kept', seconds: 1 });
    await world.reserve('0.5', { call: 'lost', seconds: 1 });
    await world.budgets.extend(world.scope, kept!, 60);
    expect(await expireHolds(world.platform)).toMatchObject({ expired: 0 });
    await pause(1_100);
    expect(await expireHolds(world.platform)).toMatchObject({ expired: 1 });
    expect(await world.read(budget.id)).toMatchObject({ reserved_cost: '0.5' });
    await world.reserve('0.5', { call: 'other' });
    await world.budgets.extend(world.scope, { id: 'lost', expires_at: new Date() }, 60);
    expect(await world.read(budget.id)).toMatchObject({ reserved_cost: '1.5', left_cost: '0' });
    await world.settle('lost', '0.1');
    await world.budgets.extend(world.scope, { id: 'lost', expires_at: new Date() }, 60);
    expect(await world.read(budget.id)).toMatchObject({ reserved_cost: '1', spent_cost: '0.1' });
    expect(await budgetDifferences(world.platform, 10)).toEqual([]);
  });

  it('alerts once for each threshold and period, with an event in the same transaction', async () => {
    const budget = await world.create({ cost_limit: '1', token_limit: 1_000_000, period: 'day', name: 'Daily' });
    const spend = async (cost: string, call = randomUUID()) => {
      await world.reserve(cost, { call });
      await world.settle(call, cost, 1);
    };
    const alerts = async () =>
      (await world.rows<{ threshold: number }>('budget_alerts'))
        .map(({ threshold }) => threshold)
        .sort((a, b) => a - b);
    await spend('0.49');
    expect(await alerts()).toEqual([]);
    await spend('0.01');
    await spend('0.01');
    expect(await alerts()).toEqual([50]);
    await world.change(budget.id, { cost_limit: '0.6' });
    expect(await alerts()).toEqual([50, 80]);
    await world.change(budget.id, { cost_limit: '1' });
    await spend('0.49');
    expect(await alerts()).toEqual([50, 80, 100]);
    const events = await world.rows<{ type: string; payload: Record<string, unknown> }>('events');
    expect(events.map(({ type }) => type)).toEqual(Array.from({ length: 3 }, () => threshold_event));
    expect(events.map(({ payload }) => payload)).toContainEqual(
      expect.objectContaining({
        budget_id: budget.id,
        name: 'Daily',
        scope: 'organization',
        period: 'day',
        threshold: 80,
        cost_limit: '0.6',
        spent_cost: '0.51',
      }),
    );
    world.platform.clock.advance(24 * 3_600_000);
    await spend('0.5');
    expect(await alerts()).toEqual([50, 50, 80, 100]);
  });

  it('a period that ends between leaves the call where it was reserved', async () => {
    const { clock } = world.platform;
    clock.hold();
    clock.advance(Date.parse('2027-03-09T23:59:00Z') - clock.now().getTime());
    const budget = await world.create({ cost_limit: '1', period: 'day', timezone: 'UTC' });
    await world.reserve('0.9', { call: 'late' });
    expect(await world.read(budget.id)).toMatchObject({
      period_starts_at: new Date('2027-03-09T00:00:00Z'),
      period_ends_at: new Date('2027-03-10T00:00:00Z'),
      reserved_cost: '0.9',
    });
    await expect(world.reserve('1.1')).rejects.toMatchObject({
      detail: expect.stringContaining('it begins anew at 2027-03-10T00:00:00.000Z'),
      retryAfterSeconds: 60,
    });
    // room comes when the call under way ends, nobody knows when
    await expect(world.reserve('0.2')).rejects.toMatchObject({ retryAfterSeconds: undefined });
    clock.advance(120_000);
    await world.reserve('0.9', { call: 'next' });
    await world.settle('late', '0.8');
    expect(await world.read(budget.id)).toMatchObject({ spent_cost: '0', reserved_cost: '0.9', calls: 0 });
    const periods = await world.rows<{ starts_at: Date; spent_cost: string; reserved_cost: string }>('budget_periods');
    expect(periods.find(({ starts_at }) => starts_at.getTime() === Date.parse('2027-03-09'))).toMatchObject({
      spent_cost: '0.8',
      reserved_cost: expect.stringMatching(/^0(\.0+)?$/),
    });
  });

  it('a change of the time zone holds from the next period on; periods never overlap', async () => {
    const { clock } = world.platform;
    clock.hold();
    clock.advance(Date.parse('2027-01-10T12:00:00Z') - clock.now().getTime());
    const budget = await world.create({ cost_limit: '1', period: 'day', timezone: 'UTC' });
    await world.reserve('0.9');
    await world.change(budget.id, { timezone: 'America/Los_Angeles' });
    expect(await outcomesOf([world.reserve('0.2')])).toEqual({ budget_exceeded: 1 });
    clock.advance(13 * 3_600_000);
    await world.reserve('1');
    // a process whose clock is behind
    clock.advance(-13 * 3_600_000);
    expect(await outcomesOf([world.reserve('0.2')])).toEqual({ budget_exceeded: 1 });
    const periods = await world.rows<{ starts_at: Date; ends_at: Date }>('budget_periods');
    expect(periods.map(({ starts_at, ends_at }) => [starts_at.toISOString(), ends_at.toISOString()]).sort()).toEqual([
      ['2027-01-10T00:00:00.000Z', '2027-01-11T00:00:00.000Z'],
      ['2027-01-11T00:00:00.000Z', '2027-01-11T08:00:00.000Z'],
    ]);
  });

  it('what is no longer kept stays counted', async () => {
    const budget = await world.create({ cost_limit: '1' });
    for (const call of ['a', 'b', 'c']) await world.reserve('0.1', { tokens: 5, call });
    await world.settle('a', '0.05', 4);
    await world.budgets.release(world.scope, 'b');
    world.platform.clock.advance(8 * 24 * 3_600_000);
    // those of the other tests too
    expect(await forgetReservations(world.platform)).toBeGreaterThanOrEqual(2);
    expect(await world.rows('budget_reservations')).toMatchObject([{ call_id: 'c', state: 'held' }]);
    expect(await world.read(budget.id)).toMatchObject({ spent_cost: '0.05', spent_tokens: 4, reserved_cost: '0.1' });
    expect(await budgetDifferences(world.platform, 10)).toEqual([]);
    expect(await checkBudgets(world.platform)).toMatchObject([{ name: 'budgets', status: 'ok' }]);
    await world.owner('update plinth.budget_periods set spent_cost = 0.06 where budget_id = $1', [budget.id]);
    expect(await checkBudgets(world.platform)).toMatchObject([
      { status: 'failed', detail: expect.stringContaining(budget.id) },
    ]);
    await world.owner('update plinth.budget_periods set spent_cost = 0.05 where budget_id = $1', [budget.id]);
  });

  it('amounts that are none are a mistake of the caller, and are not counted', async () => {
    for (const cost of ['-1', '1e3', 'NaN', '', '1,5']) {
      await expect(world.reserve(cost)).rejects.toThrow(RangeError);
    }
    await expect(world.reserve('1', { tokens: 0.5 })).rejects.toThrow(RangeError);
    await expect(world.settle('x', '1', -1)).rejects.toThrow();
  });

  it('of another organization nothing is held or counted', async () => {
    const other = await World.open(on.engine);
    const budget = await other.create({ cost_limit: '1' });
    await other.reserve('0.5', { call: 'shared name' });
    expect(await world.reserve('9', { call: 'shared name' })).toBeUndefined();
    await world.settle('shared name', '9');
    await world.budgets.release(world.scope, 'shared name');
    expect(await other.read(budget.id)).toMatchObject({ reserved_cost: '0.5', spent_cost: '0' });
    await expect(world.read(budget.id)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describeEngines('days and months of a time zone', (on) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(on.engine);
  });
  const windowOf = async (period: string, zone: string, at: string) => {
    const [row] = await world.owner<{ starts_at: Date; ends_at: Date }>(
      'select starts_at, ends_at from plinth.budget_window($1, $2, $3)',
      [period, zone, at],
    );
    return [row!.starts_at.toISOString(), row!.ends_at.toISOString()].map((time) => time.replace(':00.000Z', ''));
  };

  it.each([
    ['day', 'UTC', '2026-11-24T02:00:00Z', '2026-11-24T00:00', '2026-11-25T00:00'],
    // 23 and 25 hours
    ['day', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00', '2026-03-29T22:00'],
    ['day', 'Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00', '2026-10-25T23:00'],
    ['month', 'Europe/Berlin', '2026-10-31T23:30:00Z', '2026-10-31T23:00', '2026-11-30T23:00'],
    ['month', 'Europe/Berlin', '2026-10-31T22:30:00Z', '2026-09-30T22:00', '2026-10-31T23:00'],
    ['month', 'Asia/Kolkata', '2028-02-29T18:29:00Z', '2028-01-31T18:30', '2028-02-29T18:30'],
    // midnight is skipped: the day begins when the clocks jump
    ['day', 'Asia/Beirut', '2024-03-30T23:00:00Z', '2024-03-30T22:00', '2024-03-31T21:00'],
  ])('%s in %s at %s', async (period, zone, at, starts, ends) => {
    expect(await windowOf(period, zone, at)).toEqual([starts, ends]);
  });

  it('cover all time without a gap, also where midnight comes twice', async () => {
    for (const zone of [
      'Atlantic/Azores',
      'America/Havana',
      'Africa/Casablanca',
      'Australia/Lord_Howe',
      'Asia/Beirut',
    ]) {
      const [{ gaps } = { gaps: null }] = await world.owner<{ gaps: string }>(
        `select count(*) as gaps
         from generate_series('2024-01-01'::timestamptz, '2024-12-31', interval '30 minutes') as t(at)
         cross join lateral plinth.budget_window('day', $1, t.at) w
         cross join lateral plinth.budget_window('day', $1, w.ends_at) after
         where not (w.starts_at <= t.at and t.at < w.ends_at and after.starts_at = w.ends_at)`,
        [zone],
      );
      expect([zone, Number(gaps)]).toEqual([zone, 0]);
    }
  });
});
