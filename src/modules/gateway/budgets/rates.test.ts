import { beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { printedSeed, seededRandom } from '../../../../tests/support/random.ts';
import { outcomesOf, World } from './fixtures/world.ts';

const minute_ms = 60_000;

describeEngines('limits of requests and tokens a minute', (on) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(on.engine);
    world.platform.clock.hold();
  });

  it('of 100 at once 60 pass, and the others are told when to come again', async () => {
    await world.limit({ requests_per_minute: 60 });
    expect(await outcomesOf(Array.from({ length: 100 }, () => world.take(1)))).toEqual({ ok: 60, rate_limited: 40 });
    const refused = await world.take(1).catch((error: { retryAfterSeconds: number; detail: string }) => error);
    expect(refused).toMatchObject({ status: 429, detail: 'the limit is 60 requests a minute' });
    const { retryAfterSeconds } = refused as { retryAfterSeconds: number };
    expect(retryAfterSeconds).toBeGreaterThan(minute_ms / 1000);
    expect(retryAfterSeconds).toBeLessThanOrEqual(66);
    world.platform.clock.advance(retryAfterSeconds * 1000 - 1_001);
    expect(await outcomesOf([world.take(1)])).toEqual({ rate_limited: 1 });
    world.platform.clock.advance(1_001);
    expect(await outcomesOf(Array.from({ length: 70 }, () => world.take(1)))).toEqual({ ok: 60, rate_limited: 10 });
  });

  it('without a limit everything passes', async () => {
    expect(await outcomesOf(Array.from({ length: 100 }, () => world.take(1, 1_000_000)))).toEqual({ ok: 100 });
  });

  it('takes of every limit a call counts for, or of none', async () => {
    const [ada, bob] = [await world.makeMember(), await world.makeMember()];
    await world.limit({ requests_per_minute: 5 });
    await world.limit({ scope: 'user', user_id: ada, tokens_per_minute: 100 });
    await world.take(1, 60, { userId: ada });
    await expect(world.take(1, 50, { userId: ada })).rejects.toMatchObject({
      code: 'rate_limited',
      detail: 'the limit is 100 tokens a minute',
    });
    // the one refused has taken no request of the organization's
    expect(await outcomesOf(Array.from({ length: 10 }, () => world.take(1, 500, { userId: bob })))).toEqual({
      ok: 4,
      rate_limited: 6,
    });
    expect(await outcomesOf([world.take(0, 40, { userId: ada })])).toEqual({ ok: 1 });
  });

  it('a call that is larger than the limit is told so, for waiting does not help', async () => {
    await world.limit({ tokens_per_minute: 100 });
    await expect(world.take(1, 101)).rejects.toMatchObject({
      code: 'call_over_rate_limit',
      status: 422,
      detail: 'the limit is 100 tokens a minute, the call asks for 101',
    });
    await world.take(1, 100);
  });

  it('waits until as much is free as is asked for', async () => {
    const { clock } = world.platform;
    await world.limit({ tokens_per_minute: 100 });
    await world.take(1, 30);
    clock.advance(30_000);
    await world.take(1, 70);
    const waitFor = async (tokens: number) =>
      (await world.take(1, tokens).catch((error: { retryAfterSeconds: number }) => error))?.retryAfterSeconds ?? 0;
    const [some, more] = [await waitFor(30), await waitFor(31)];
    expect(some).toBeLessThanOrEqual(36);
    expect(more).toBeGreaterThan(60);
    clock.advance(some * 1000);
    await world.take(1, 30);
  });

  it('time does not go back for a process whose clock is behind', async () => {
    const { clock } = world.platform;
    await world.limit({ requests_per_minute: 10 });
    await world.take(4);
    clock.advance(50_000);
    await world.take(6);
    clock.advance(-50_000);
    expect(await outcomesOf([world.take(1)])).toEqual({ rate_limited: 1 });
  });

  const seed = printedSeed('rates');
  it(`no minute holds more than the limit, and none that has room refuses for long (PLINTH_SEED=${seed})`, async () => {
    const random = seededRandom(seed);
    const { clock } = world.platform;
    await world.limit({ requests_per_minute: 7, tokens_per_minute: 500 });
    const taken: { at: number; requests: number; tokens: number }[] = [];
    const within = (from: number, to: number) => {
      const those = taken.filter(({ at }) => at > from && at <= to);
      const sum = (of: 'requests' | 'tokens') => those.reduce((all, one) => all + one[of], 0);
      return { requests: sum('requests'), tokens: sum('tokens') };
    };
    let refusals = 0;
    for (let n = 0; n < 250; n++) {
      clock.advance(Math.floor(random() ** 3 * 40_000));
      const at = clock.now().getTime();
      const [requests, tokens] = [1 + Math.floor(random() * 2), Math.floor(random() * 120)];
      const isTaken = (await outcomesOf([world.take(requests, tokens)]))['ok'] === 1;
      if (isTaken) taken.push({ at, requests, tokens });
      else {
        refusals++;
        // what was taken in the last 66 seconds and this together are more than the limit
        const last = within(at - 66_000, at);
        expect(last.requests + requests > 7 || last.tokens + tokens > 500).toBe(true);
      }
      const minute = within(at - minute_ms, at);
      expect(minute.requests).toBeLessThanOrEqual(7);
      expect(minute.tokens).toBeLessThanOrEqual(500);
    }
    expect(refusals).toBeGreaterThan(10);
    expect(taken.length).toBeGreaterThan(50);
  });
});
