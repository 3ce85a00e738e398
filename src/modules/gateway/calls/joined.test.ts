/** Calls with the module's own prices, costs and budgets, as an application makes them: by an unmodified SDK over HTTP. */
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { budgetDifferences } from '../budgets/index.ts';
import { openTestGateway, type TestGateway } from './calls.fixture.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];
/** 100 tokens come out of it: 97 words and three of reasoning. */
const storm = 'storm.long-97';

describeEngines('calls, their budgets and their costs', (on) => {
  let test: TestGateway;
  let openai: OpenAI;
  let budget: string | undefined;
  beforeAll(async () => {
    test = await openTestGateway(on.engine, 'joined');
    const { url, acme } = test;
    openai = new OpenAI({ baseURL: `${url}/gateway/openai/v1`, apiKey: acme.key, maxRetries: 0 });
    // ten cents for 100 tokens that come out, nothing for what goes in
    for (const model of [storm, `${storm}.slow-400`, `${storm}.drip-30`])
      await test.must('POST', '/v1/price-overrides', {
        provider: 'openai',
        model,
        prices: { input: '0', cached_input: '0', output: '1000' },
      });
  });
  afterAll(() => test?.close());
  beforeEach(async () => {
    if (budget !== undefined) await test.must('DELETE', `/v1/budgets/${budget}`);
    budget = undefined;
    await test.begin();
    await test.plinth.owner('delete from plinth.cost_records');
    await test.plinth.owner('delete from plinth.gateway_calls');
  });

  const limit = async (body: object) => {
    const made = await test.must('POST', '/v1/budgets', { scope: 'organization', period: 'total', ...body });
    budget = String(made['id']);
  };
  const state = async () => {
    const { body } = await test.plinth.call('GET', `/v1/budgets/${budget}`, { key: test.acme.key });
    return body as unknown as Record<string, unknown>;
  };
  const call = (model: string, more: object = {}) =>
    openai.chat.completions.create({ model, messages, max_completion_tokens: 100, ...more });
  const costs = async () => {
    const [row] = await test.plinth.owner<{ calls: number; cost: string | null; unpriced: number }>(
      `select count(*)::int as calls, sum(total_cost)::text as cost,
              (count(*) filter (where total_cost is null))::int as unpriced
       from plinth.cost_records`,
    );
    return row!;
  };
  const states = async () => {
    const rows = await test.plinth.owner<{ status: string; calls: number }>(
      'select status, count(*)::int as calls from plinth.gateway_calls group by 1 order by 1',
    );
    return Object.fromEntries(rows.map(({ status, calls }) => [status, calls]));
  };

  it('200 calls of ten cents at once on a dollar: ten are answered, a dollar is spent, and the books agree', async () => {
    await limit({ cost_limit: '1.00', name: 'storm' });
    const answers = await Promise.allSettled(Array.from({ length: 200 }, () => call(`${storm}.slow-400`)));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    expect(answers.length - refused.length).toBe(10);
    expect(new Set(refused.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['402 budget_exceeded']));
    expect(String(refused[0].message)).toContain('"storm" (organization, total): limit $1.00');
    await expect.poll(states).toEqual({ succeeded: 10, refused: 190 });
    expect(test.provider.calls).toHaveLength(10);
    expect(await costs()).toEqual({ calls: 10, cost: expect.stringMatching(/^1(?:\.0+)?$/), unpriced: 0 });
    const { spent_cost, reserved_cost, left_cost, calls } = await state();
    expect([Number(spent_cost), Number(reserved_cost), Number(left_cost), calls]).toEqual([1, 0, 0, 10]);
    expect(await budgetDifferences(test.plinth.platform, 5)).toEqual([]);
    const { body } = await test.plinth.call('GET', '/v1/costs/report?by=model', { key: test.acme.key });
    expect(body['rows']).toEqual([expect.objectContaining({ model: `${storm}.slow-400`, calls: 10 })]);
  });

  it('what was held and not used is given back', async () => {
    await limit({ cost_limit: '1.00' });
    const answer = await call(storm, { max_completion_tokens: 1_000 });
    expect(answer.usage?.completion_tokens).toBe(100);
    await expect.poll(async () => Number((await state())['spent_cost'])).toBe(0.1);
    expect(Number((await state())['reserved_cost'])).toBe(0);
    // and what does not fit is not asked for
    await expect(call(storm, { max_completion_tokens: 901 })).rejects.toMatchObject({ status: 402 });
    expect(test.provider.calls).toHaveLength(1);
  });

  it('a stream that the client leaves is charged for what came, and holds nothing any more', async () => {
    await limit({ cost_limit: '1.00' });
    const stream = await openai.chat.completions.create({
      model: `${storm}.drip-30`,
      messages,
      max_completion_tokens: 100,
      stream: true,
    });
    let seen = 0;
    for await (const _ of stream) if (++seen === 5) break;
    await expect.poll(states).toEqual({ cancelled: 1 });
    await expect.poll(() => test.provider.calls[0]?.isGone).toBe(true);
    const { spent_cost, reserved_cost } = await state();
    expect(Number(spent_cost)).toBeGreaterThan(0);
    expect(Number(spent_cost)).toBeLessThan(0.1);
    expect([Number(reserved_cost), Number((await costs()).cost)]).toEqual([0, Number(spent_cost)]);
  });

  it('a model whose price nobody knows is refused under a budget in money, and costs null without one', async () => {
    await limit({ cost_limit: '1.00' });
    await expect(call('nobody-knows')).rejects.toMatchObject({ status: 422, code: 'price_unknown' });
    expect(test.provider.calls).toHaveLength(0);
    await test.must('PATCH', `/v1/budgets/${budget}`, { unpriced: 'allow' });
    await call('nobody-knows');
    await expect.poll(costs).toEqual({ calls: 1, cost: null, unpriced: 1 });
    expect(await state()).toMatchObject({ calls: 1, unpriced_calls: 1 });
  });

  it('a provider that fails costs nothing and holds nothing', async () => {
    await limit({ cost_limit: '1.00' });
    await test.must('POST', '/v1/price-overrides', {
      provider: 'openai',
      model: 'gpt.status-400',
      prices: { input: '1', output: '1' },
    });
    await expect(call('gpt.status-400')).rejects.toMatchObject({ status: 400 });
    await expect.poll(states).toEqual({ failed: 1 });
    expect(await costs()).toEqual({ calls: 0, cost: null, unpriced: 0 });
    await expect.poll(async () => Number((await state())['reserved_cost'])).toBe(0);
    expect(Number((await state())['spent_cost'])).toBe(0);
  });
});
