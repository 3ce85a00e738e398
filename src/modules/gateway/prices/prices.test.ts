import { readFileSync } from 'node:fs';
import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { type ClockedPlinth, openPlinthOn, text } from '../../../../tests/support/plinth.ts';
import { printedSeed, seededRandom } from '../../../../tests/support/random.ts';
import { modules } from '../../../modules.ts';
import type { TestOrganization } from '../../../testing.ts';
import type { Usage } from '../usage.ts';
import { forgetPrices, type PriceBook, priceBook } from './price-book.ts';
import { seedModelPrices, source_version } from './seed.ts';

const usage = (parts: Partial<Usage> = {}): Usage => ({
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  ...parts,
});

it('the version of the price source is the one that is installed', () => {
  const main = new URL(import.meta.resolve('@pydantic/genai-prices'));
  const { version } = JSON.parse(readFileSync(new URL('../package.json', main), 'utf8')) as { version: string };
  expect(source_version).toBe(version);
});

describeEngines('prices', (on) => {
  let plinth: ClockedPlinth;
  let acme: TestOrganization;
  let globex: TestOrganization;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, modules);
    acme = await plinth.makeOrganization('Acme');
    globex = await plinth.makeOrganization('Globex');
  });
  afterAll(() => plinth.close());
  const book = ({ id }: TestOrganization = acme): Promise<PriceBook> => {
    forgetPrices(plinth.platform, id);
    return priceBook(plinth.platform, { organizationId: id });
  };
  const override = (body: object, key = acme.key) => plinth.call('POST', '/v1/price-overrides', { key, body });
  const at = new Date('2026-11-24T12:00:00Z');

  it('are what the source’s own examples come to, to the last digit', async () => {
    const { priceOf } = await book();
    const total = (provider: string, model: string, parts: Partial<Usage>) =>
      priceOf(provider, model, usage(parts), { at })?.total_cost;
    expect(total('openai', 'gpt-4o', { input_tokens: 500, cached_input_tokens: 500, output_tokens: 100 })).toBe(
      '0.002875',
    );
    expect(
      total('anthropic', 'claude-sonnet-4-20250514', {
        input_tokens: 5,
        cache_write_tokens: 4_735,
        output_tokens: 255,
      }),
    ).toBe('0.02159625');
    expect(total('google', 'gemini-2.5-pro', { input_tokens: 250_000, output_tokens: 1_000 })).toBe('0.64');
    expect(total('google', 'gemini-2.5-pro', { input_tokens: 200_000, output_tokens: 1_000 })).toBe('0.26');
    expect(priceOf('openai', 'gpt-4o-20240806', usage({ input_tokens: 1 }), { at })).toMatchObject({ model: 'gpt-4o' });
  });

  it('of what nobody knows are null, never 0', async () => {
    const { priceOf } = await book();
    expect(priceOf('openai', 'no-such-model', usage({ input_tokens: 1 }))).toBe(null);
    expect(priceOf('nobody', 'gpt-4o', usage({ input_tokens: 1 }))).toBe(null);
    // there, but the source says no price of tokens
    expect(priceOf('openai', 'text-embedding-3-small', usage({ output_tokens: 1 }))).toBe(null);
    const [unpriced] = await plinth.owner<{ provider: string; model: string }>(
      `select provider, model from plinth.model_prices where prices = '{}' and match ? 'equals' order by 1, 2 limit 1`,
    );
    expect(priceOf(unpriced!.provider, unpriced!.model, usage({ input_tokens: 1 }))).toBe(null);
  });

  it('hold for writes that are kept for an hour, and not for audio where that costs otherwise', async () => {
    const { priceOf } = await book();
    const written = { cache_write_tokens: 1_000_000, cache_write_1h_tokens: 1_000_000 };
    expect(priceOf('anthropic', 'claude-sonnet-4-20250514', usage(written), { at })?.total_cost).toBe('6');
    expect(priceOf('openai', 'gpt-4o-realtime-preview', usage({ input_tokens: 10 }), { at })?.total_cost).toBe(
      '0.00005',
    );
    expect(priceOf('openai', 'gpt-4o-realtime-preview', usage({ input_tokens: 10, audio_tokens: 5 }), { at })).toBe(
      null,
    );
  });

  it('agree with the source’s own functions on random usages, models and times', async () => {
    const random = seededRandom(printedSeed('prices'));
    const upTo = (max: number) => Math.floor(random() * (max + 1));
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const { priceOf } = await book();
    const providers = (await waitForUpdate())!;
    let compared = 0;
    for (let run = 0; run < 6_000; run++) {
      const provider = pick(providers);
      const model = pick(provider.models).id;
      const size = pick([100, 10_000, 300_000, 1_000_000]);
      const write = upTo(size);
      const one = usage({
        input_tokens: upTo(size),
        cached_input_tokens: pick([0, upTo(size)]),
        cache_write_tokens: pick([0, write]),
        output_tokens: upTo(size / 10),
        reasoning_tokens: pick([0, upTo(size / 10)]),
      });
      const hours = Math.min(upTo(write), one.cache_write_tokens);
      const then = new Date(Date.UTC(2025, 0, 1) + upTo(700 * 86_400) * 1_000);
      const ours = priceOf(provider.id, model, { ...one, cache_write_1h_tokens: hours }, { at: then });
      const theirs = calcPrice(
        {
          input_tokens: one.input_tokens + one.cached_input_tokens + one.cache_write_tokens,
          cache_read_tokens: one.cached_input_tokens,
          cache_write_tokens: one.cache_write_tokens,
          cache_write_1h_tokens: hours,
          output_tokens: one.output_tokens + one.reasoning_tokens,
          output_reasoning_tokens: one.reasoning_tokens,
        },
        model,
        { providerId: provider.id, timestamp: then },
      );
      const what = `${provider.id} ${model} ${then.toISOString()} ${JSON.stringify(one)} ${hours}`;
      if (theirs === null) expect(ours, what).toBe(null);
      else if (ours === null) {
        // it leaves out what has no price; here that makes no price
        const isPriced =
          (one.input_tokens + one.cached_input_tokens + one.cache_write_tokens === 0 ||
            theirs.model_price['input_mtok'] !== undefined) &&
          (one.output_tokens + one.reasoning_tokens === 0 || theirs.model_price['output_mtok'] !== undefined);
        expect(isPriced, what).toBe(false);
      } else {
        compared++;
        expect(Math.abs(Number(ours.input_cost) - theirs.input_price), what).toBeLessThan(1e-9);
        expect(Math.abs(Number(ours.output_cost) - theirs.output_price), what).toBeLessThan(1e-9);
        expect(Math.abs(Number(ours.total_cost) - theirs.total_price), what).toBeLessThan(1e-9);
        expect([ours.provider, ours.model], what).toEqual([expect.any(String), theirs.model.id]);
      }
    }
    expect(compared).toBeGreaterThan(4_000);
  }, 60_000);

  it('change with the hours of a day and with dates where the source says so', async () => {
    const { priceOf } = await book();
    const cost = (model: string, time: string) =>
      priceOf('deepseek', model, usage({ input_tokens: 1_000_000 }), { at: new Date(time) })?.total_cost;
    expect(cost('deepseek-v4-flash', '2026-08-16T23:59:59Z')).toBe('0.14');
    expect(cost('deepseek-v4-flash', '2026-08-17T00:00:00Z')).toBe('0.22');
    expect(cost('deepseek-v4-flash', '2026-08-17T01:00:00Z')).toBe('0.44');
    expect(cost('deepseek-v4-flash', '2026-08-17T04:00:00Z')).toBe('0.22');
  });

  it('are written once for a version of the source, and replaced by another', async () => {
    const state = () =>
      plinth.owner(
        `select (select count(*)::int from plinth.model_prices) as prices, source_version, max(seeded_at)::text as seeded_at
         from plinth.model_price_providers group by source_version`,
      );
    const before = await state();
    expect(before).toMatchObject([{ source_version, prices: expect.any(Number) }]);
    await seedModelPrices(plinth.platform);
    expect(await state()).toEqual(before);
    await plinth.owner(
      `update plinth.model_prices set prices = '{"input": "9"}' where provider = 'openai' and model = 'gpt-4o'`,
    );
    await seedModelPrices(plinth.platform, '0.0.0-other');
    const after = await state();
    expect(after).toMatchObject([{ source_version: '0.0.0-other', prices: before[0]!['prices'] }]);
    // who holds the catalogue sees that it was written
    const price = (await book()).priceOf('openai', 'gpt-4o', usage({ input_tokens: 1_000_000 }), { at });
    expect(price).toMatchObject({ total_cost: '2.5', source: 'genai-prices 0.0.0-other' });
    await seedModelPrices(plinth.platform);
  });

  it('of an organization go before the catalogue, for their time and their organization alone', async () => {
    const made = await override({
      provider: 'OpenAI',
      model: 'GPT-4o',
      prices: { input: '1', output: '2', batch: { input: '0.5' }, request: '0.001' },
      valid_from: '2026-11-01T00:00:00Z',
      valid_to: '2026-12-01T00:00:00Z',
      note: 'our contract',
    });
    expect(made.status, made.text).toBe(201);
    expect(made.body).toMatchObject({ provider: 'openai', model: 'gpt-4o', created_by: acme.userId });
    const cost = async (time: string, organization = acme, batch = false) =>
      (await book(organization)).priceOf('openai', 'gpt-4o', usage({ input_tokens: 1_000 }), {
        at: new Date(time),
        batch,
      })?.total_cost;
    expect(await cost('2026-10-31T23:59:59.999Z')).toBe('0.0025');
    expect(await cost('2026-11-01T00:00:00Z')).toBe('0.002');
    expect(await cost('2026-11-30T23:59:59.999Z')).toBe('0.002');
    expect(await cost('2026-12-01T00:00:00Z')).toBe('0.0025');
    expect(await cost('2026-11-15T00:00:00Z', acme, true)).toBe('0.0015');
    expect(await cost('2026-11-15T00:00:00Z', globex)).toBe('0.0025');
    const id = text(made.body['id']);
    expect((await plinth.call('GET', `/v1/price-overrides/${id}`, { key: globex.key })).status).toBe(404);
    expect((await plinth.call('DELETE', `/v1/price-overrides/${id}`, { key: globex.key })).status).toBe(404);
    // read again at once by the process that changed it, within a second by others
    const held = await priceBook(plinth.platform, { organizationId: acme.id });
    const changed = await plinth.call('PATCH', `/v1/price-overrides/${id}`, {
      key: acme.key,
      body: { prices: { input: '3' } },
    });
    expect(changed.body).toMatchObject({
      prices: { input: '3' },
      note: 'our contract',
      valid_to: '2026-12-01T00:00:00.000Z',
    });
    expect(await priceBook(plinth.platform, { organizationId: acme.id })).not.toBe(held);
    const same = await priceBook(plinth.platform, { organizationId: acme.id });
    expect(await priceBook(plinth.platform, { organizationId: acme.id })).toBe(same);
    plinth.clock.advance(1_001);
    expect(await priceBook(plinth.platform, { organizationId: acme.id })).not.toBe(same);
    expect((await plinth.call('DELETE', `/v1/price-overrides/${id}`, { key: acme.key })).status).toBe(204);
    expect(await cost('2026-11-15T00:00:00Z')).toBe('0.0025');
    const log = await plinth.owner(
      `select action from plinth.audit_logs where resource_type = 'price_overrides' and resource_id = $1 order by id`,
      [id],
    );
    expect(log.map(({ action }) => action)).toEqual(['insert', 'update', 'delete']);
  });

  it('of an organization give a price to what has none', async () => {
    await override({ provider: 'local', model: 'our-model', prices: { input: '0', output: '0' } });
    const { priceOf } = await book();
    expect(priceOf('local', 'Our-Model', usage({ input_tokens: 5, output_tokens: 5 }))?.total_cost).toBe('0');
  });

  it('of one model never hold at the same time, also when they are made at once', async () => {
    const body = { provider: 'x', model: 'y', prices: { input: '1' } };
    const span = (valid_from: string | null, valid_to: string | null) =>
      override({
        ...body,
        valid_from: valid_from && `${valid_from}T00:00:00Z`,
        valid_to: valid_to && `${valid_to}T00:00:00Z`,
      });
    const answers = await Promise.all(Array.from({ length: 5 }, () => span('2026-01-01', '2026-02-01')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect((await span('2026-02-01', null)).status).toBe(201);
    const refused = [
      await span('2026-01-31', '2026-02-01'),
      await span(null, '2026-01-02'),
      await span(null, null),
      await span('2027-01-01', null),
    ];
    for (const answer of refused) expect(answer.body).toMatchObject({ status: 409, code: 'price_override_overlaps' });
    const before = await span(null, '2026-01-01');
    expect(before.status, before.text).toBe(201);
    const id = text(before.body['id']);
    const moved = await plinth.call('PATCH', `/v1/price-overrides/${id}`, {
      key: acme.key,
      body: { valid_to: '2026-01-02T00:00:00Z' },
    });
    expect(moved.body).toMatchObject({ code: 'price_override_overlaps' });
    expect((await override({ ...body, model: 'z' })).status).toBe(201);
    expect((await override(body, globex.key)).status).toBe(201);
  });

  it('of an organization are refused where they make no sense, and from who may not', async () => {
    const body = { provider: 'a', model: 'b', prices: { input: '1' } };
    for (const wrong of [
      { prices: {} },
      { prices: { cached_input: '1' } },
      { prices: { input: '-1' } },
      { prices: { input: 1.5 } },
      { prices: { input: '1e3' } },
      { prices: { input: '1', colour: '1' } },
      {
        prices: {
          input: '1',
          tiers: [
            { above: 5, input: '2' },
            { above: 5, input: '3' },
          ],
        },
      },
      { model: '' },
      { valid_from: 'tomorrow' },
      { valid_from: '2026-02-01', valid_to: '2026-02-01' },
    ]) {
      const answer = await override({ ...body, ...wrong });
      expect([400, 422], answer.text).toContain(answer.status);
    }
    for (const role of ['member', 'viewer'] as const) {
      const { id: userId } = await plinth.makeUser({ organizationId: acme.id, role });
      const { key } = await plinth.makeKey({ organizationId: acme.id, userId, role });
      expect((await override(body, key)).body).toMatchObject({ code: 'forbidden' });
      expect((await plinth.call('GET', '/v1/price-overrides', { key })).status).toBe(200);
    }
    const list = await plinth.call('GET', '/v1/price-overrides?provider=X&model=y&limit=2', { key: acme.key });
    expect(list.body['data']).toHaveLength(2);
    expect(list.body['next_cursor']).toEqual(expect.any(String));
    const rest = await plinth.call('GET', '/rest/v1/model_prices?provider=eq.openai&model=eq.gpt-4o', {
      key: acme.key,
    });
    expect(JSON.parse(rest.text)).toMatchObject([{ prices: { input: '2.5', cached_input: '1.25', output: '10' } }]);
  });
});
