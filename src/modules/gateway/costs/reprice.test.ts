import { beforeEach, expect, it } from 'vitest';
import { runCommand } from '../../../../tests/support/command.ts';
import { describeEngines } from '../../../../tests/support/engines.ts';
import type { ClockedPlinth } from '../../../../tests/support/plinth.ts';
import type { TestOrganization } from '../../../testing.ts';
import { priceBook } from '../prices/index.ts';
import { useCosts } from './costs.fixture.ts';
import type { NewCost } from './record.ts';

describeEngines('costs, priced again', (on) => {
  const { world, tell, get, report, record } = useCosts(on);
  let plinth: ClockedPlinth;
  let acme: TestOrganization;
  beforeEach(() => {
    ({ plinth, acme } = world);
  });

  it('are priced again after prices have changed, once, and come to what a recount says', async () => {
    for (let n = 0; n < 8; n++) {
      const usage = { input_tokens: 1_000 + n, output_tokens: n, cached_input_tokens: 7 * n };
      await tell({ usage, occurred_at: `2026-11-${20 + (n % 4)}T10:00:00Z` });
    }
    await tell({ model: 'our-own', usage: { input_tokens: 1_000_000 } });
    await record(
      { call_id: 'call 1 of both', provider: 'openai', model: 'gpt-4o' },
      { total_cost: '0.000025', input_cost: '0.000025' },
    );
    await record(
      { call_id: 'call 1 of both', kind: 'trace', provider: 'openai', model: 'gpt-4o' },
      { total_cost: '9', input_cost: '9' },
    );
    const before = (await report('')).total;
    expect(before).toMatchObject({ calls: 10, unpriced_calls: 1 });
    const reprice = async (body: object = {}) => {
      const all = { since: '2026-11-01', until: '2026-12-01', ...body };
      const answer = await plinth.call('POST', '/v1/costs/reprice', { key: acme.key, body: all });
      expect(answer.status, answer.text).toBe(200);
      return answer.body;
    };
    // nothing has changed but the trace, which is not counted
    expect(await reprice()).toMatchObject({ examined: 11, changed: 1, unpriced: 1, difference: '0', next: null });
    for (const body of [
      { provider: 'openai', model: 'gpt-4o', prices: { input: '1', output: '4' }, valid_from: '2026-11-22T00:00:00Z' },
      { provider: 'openai', model: 'our-own', prices: { input: '2' } },
    ]) {
      const made = await plinth.call('POST', '/v1/price-overrides', { key: acme.key, body });
      expect(made.status, made.text).toBe(201);
    }
    expect(await reprice({ model: 'our-own' })).toMatchObject({
      examined: 1,
      changed: 1,
      difference: '2',
      unpriced: 0,
    });
    const second = await reprice();
    // four of the eight are of after the change; the call that was seen twice changes twice, and counts once
    expect(second).toMatchObject({ examined: 11, changed: 6, unpriced: 0, next: null });
    expect(await reprice()).toMatchObject({ examined: 11, changed: 0, difference: '0' });
    const after = (await report('')).total;
    const book = await priceBook(plinth.platform, { organizationId: acme.id });
    const records = (await get('/v1/costs?limit=100'))['data'] as unknown as (NewCost['usage'] & {
      provider: string;
      model: string;
      occurred_at: string;
      is_counted: boolean;
      total_cost: string;
    })[];
    const recount = records
      .filter((one) => one.is_counted)
      .map((one) => {
        const price = book.priceOf(one.provider, one.model, one, { at: new Date(one.occurred_at) });
        expect(price?.total_cost).toBe(one.total_cost);
        return Number(price?.total_cost);
      });
    expect(Number(after.total_cost)).toBeCloseTo(
      recount.reduce((sum, one) => sum + one, 0),
      9,
    );
    expect(Number(after.total_cost) - Number(before.total_cost)).toBeCloseTo(2 + Number(second['difference']), 9);
    const log = await plinth.owner(
      `select details ->> 'changed' as changed from plinth.audit_logs where organization_id = $1 and action = 'reprice' order by id`,
      [acme.id],
    );
    expect(log.map(({ changed }) => changed)).toEqual(['1', '1', '6']);
    const wrong = { since: '2026-12-01', until: '2026-11-01' };
    expect((await plinth.call('POST', '/v1/costs/reprice', { key: acme.key, body: wrong })).body['code']).toBe(
      'invalid_value',
    );
  });

  it('priced again by several at once change once', async () => {
    for (let n = 0; n < 5; n++) await tell();
    const body = { provider: 'openai', model: 'gpt-4o', prices: { input: '5' } };
    await plinth.call('POST', '/v1/price-overrides', { key: acme.key, body });
    const ask = { since: '2026-11-01', until: '2026-12-01' };
    const answers = await Promise.all(
      [1, 2, 3].map(() => plinth.call('POST', '/v1/costs/reprice', { key: acme.key, body: ask })),
    );
    const sum = (name: string) => answers.reduce((all, answer) => all + Number(answer.body[name]), 0);
    expect(sum('changed')).toBe(5);
    expect(sum('difference')).toBeCloseTo(0.0125, 12);
  });

  it('are reported and priced again on the command line', async () => {
    await tell();
    await tell({ model: 'unheard-of' });
    const run = (...words: string[]) =>
      runCommand(['costs', ...words, '--organization', acme.slug], { config: plinth.config, plinth });
    const shown = await run('report', '--by', 'model');
    expect(shown.exit).toBe(0);
    expect(shown.out.slice(2)).toEqual([
      expect.stringMatching(/^gpt-4o +1 +0 +1000 +0\.0025$/),
      expect.stringMatching(/^unheard-of +1 +1 +1000 +0$/),
      '2 calls, 1 without a price, $0.0025',
    ]);
    expect((await run('report', '--csv')).out).toEqual([
      'model,calls,unpriced_calls,total_tokens,total_cost\r\ngpt-4o,1,0,1000,0.0025\r\nunheard-of,1,1,1000,0',
    ]);
    expect(JSON.parse((await run('report', '--by', 'day', '--json')).out[0]!)).toMatchObject({
      total: { calls: 2 },
      rows: [{ day: '2026-11-24' }],
    });
    const body = { provider: 'openai', model: 'unheard-of', prices: { input: '5' } };
    await plinth.call('POST', '/v1/price-overrides', { key: acme.key, body });
    expect((await run('reprice', '--since', '2026-11-01')).out).toEqual([
      '2 examined, 1 changed, 0 without a price',
      '$0 became $0.005: a difference of $0.005',
    ]);
  });
});
