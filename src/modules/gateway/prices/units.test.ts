import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Usage } from '../usage.ts';
import { matcherOf, withDatesWritten } from './match.ts';
import { decimalOf, divideRounded, formatUsd, parseUsd } from './money.ts';
import { compileRates, costOf } from './rates.ts';
import { usageOf, type Wire, wires } from './usage-of.ts';

const usage = (parts: Partial<Usage> = {}): Usage => ({
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  ...parts,
});
const inputsOf = (one: Usage | undefined) => one && one.input_tokens + one.cached_input_tokens + one.cache_write_tokens;

describe('money', () => {
  it('is written and read without loss', () => {
    for (const text of ['0', '0.002875', '12', '0.000000000001', '999999999999999999.999999999999']) {
      expect(formatUsd(parseUsd(text)!)).toBe(text);
    }
    expect(formatUsd(parseUsd('1.500')!)).toBe('1.5');
    expect(formatUsd(-2_875_000_000n)).toBe('-0.002875');
    for (const text of ['', '-1', '1.', '.5', '1e3', ' 1', '0.0000000000001', 'NaN'])
      expect(parseUsd(text)).toBe(undefined);
  });

  it('takes the decimal that a float means', () => {
    expect(decimalOf(0.18000000000000002)).toBe('0.18');
    expect(decimalOf(0.08333333333333334)).toBe('0.083333333333');
    expect(decimalOf(2.5)).toBe('2.5');
  });

  it('is divided to the nearest', () => {
    const all = [7n, 5n, -5n, -7n, -10n].map((dividend) => divideRounded(dividend, 10n));
    expect(all).toEqual([1n, 1n, 0n, -1n, -1n]);
  });
});

describe('usage of documented answers', () => {
  const cases: [string, Wire, unknown, Usage][] = [
    [
      'OpenAI chat: cached tokens are in prompt_tokens, reasoning in completion_tokens',
      'openai_chat',
      {
        id: 'chatcmpl-1',
        usage: {
          prompt_tokens: 17_903,
          completion_tokens: 1_268,
          total_tokens: 19_171,
          prompt_tokens_details: { cached_tokens: 17_817, audio_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 1_024, audio_tokens: 0, accepted_prediction_tokens: 0 },
        },
      },
      usage({ input_tokens: 86, cached_input_tokens: 17_817, output_tokens: 244, reasoning_tokens: 1_024 }),
    ],
    [
      'OpenAI chat without details',
      'openai_chat',
      { usage: { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 } },
      usage({ input_tokens: 19, output_tokens: 10 }),
    ],
    [
      'OpenAI chat with audio',
      'openai_chat',
      {
        usage: {
          prompt_tokens: 200,
          completion_tokens: 50,
          prompt_tokens_details: { audio_tokens: 150 },
          completion_tokens_details: { audio_tokens: 40 },
        },
      },
      usage({ input_tokens: 200, output_tokens: 50, audio_tokens: 190 }),
    ],
    [
      'xAI: reasoning beside completion_tokens',
      'openai_chat',
      {
        usage: {
          prompt_tokens: 32,
          completion_tokens: 9,
          total_tokens: 236,
          prompt_tokens_details: { text_tokens: 32, cached_tokens: 6 },
          completion_tokens_details: { reasoning_tokens: 195 },
        },
      },
      usage({ input_tokens: 26, cached_input_tokens: 6, output_tokens: 9, reasoning_tokens: 195 }),
    ],
    [
      'DeepSeek: hits of its cache under a name of its own',
      'openai_chat',
      {
        usage: {
          prompt_tokens: 1_000,
          completion_tokens: 20,
          total_tokens: 1_020,
          prompt_cache_hit_tokens: 960,
          prompt_cache_miss_tokens: 40,
        },
      },
      usage({ input_tokens: 40, cached_input_tokens: 960, output_tokens: 20 }),
    ],
    [
      'OpenAI responses, as the last event of a stream has it',
      'openai_responses',
      {
        type: 'response.completed',
        response: {
          usage: {
            input_tokens: 328,
            input_tokens_details: { cached_tokens: 128 },
            output_tokens: 52,
            output_tokens_details: { reasoning_tokens: 40 },
            total_tokens: 380,
          },
        },
      },
      usage({ input_tokens: 200, cached_input_tokens: 128, output_tokens: 12, reasoning_tokens: 40 }),
    ],
    [
      'OpenAI embeddings',
      'openai_embeddings',
      { object: 'list', usage: { prompt_tokens: 8, total_tokens: 8 } },
      usage({ input_tokens: 8 }),
    ],
    [
      'Anthropic: input_tokens are the fresh ones alone',
      'anthropic_messages',
      {
        usage: {
          input_tokens: 5,
          cache_read_input_tokens: 128_955,
          cache_creation_input_tokens: 1_253,
          cache_creation: { ephemeral_5m_input_tokens: 253, ephemeral_1h_input_tokens: 1_000 },
          output_tokens: 503,
        },
      },
      usage({
        input_tokens: 5,
        cached_input_tokens: 128_955,
        cache_write_tokens: 1_253,
        cache_write_1h_tokens: 1_000,
        output_tokens: 503,
      }),
    ],
    [
      'Anthropic: caches are null where there were none',
      'anthropic_messages',
      {
        usage: {
          input_tokens: 10,
          cache_read_input_tokens: null,
          cache_creation_input_tokens: null,
          output_tokens: 20,
        },
      },
      usage({ input_tokens: 10, output_tokens: 20 }),
    ],
    [
      'Anthropic: the first event of a stream',
      'anthropic_messages',
      { type: 'message_start', message: { usage: { input_tokens: 25, output_tokens: 1 } } },
      usage({ input_tokens: 25, output_tokens: 1 }),
    ],
    [
      'Google: thoughts and prompts of tools stand beside the others',
      'google',
      {
        usageMetadata: {
          promptTokenCount: 1_000,
          cachedContentTokenCount: 400,
          candidatesTokenCount: 50,
          thoughtsTokenCount: 70,
          toolUsePromptTokenCount: 30,
          totalTokenCount: 1_150,
        },
      },
      usage({ input_tokens: 630, cached_input_tokens: 400, output_tokens: 50, reasoning_tokens: 70 }),
    ],
    [
      'Google: an answer that was blocked',
      'google',
      { usageMetadata: { promptTokenCount: 12, totalTokenCount: 12 } },
      usage({ input_tokens: 12 }),
    ],
  ];
  it.each(cases)('%s', (_name, wire, answer, expected) => {
    expect(usageOf(wire, answer)).toEqual(expected);
  });

  it('counts no cached token twice', () => {
    const [, , answer] = cases.find(([, wire]) => wire === 'anthropic_messages')!;
    expect(inputsOf(usageOf('anthropic_messages', answer))).toBe(130_213);
  });
});

describe('hostile usage', () => {
  it.each([
    [{ prompt_tokens: -1, completion_tokens: 5 }],
    [{ prompt_tokens: 1.5, completion_tokens: 5 }],
    [{ prompt_tokens: '12', completion_tokens: 5 }],
    [{ prompt_tokens: 10, completion_tokens: Number.NaN }],
    [{ prompt_tokens: 10, completion_tokens: Number.MAX_VALUE }],
    [{ prompt_tokens: { valueOf: 1 }, completion_tokens: 5 }],
    [{ completion_tokens: 5 }],
    [{}],
    [[]],
    ['usage'],
    [null],
    [undefined],
  ])('has no usage: %j', (answer) => {
    expect(usageOf('openai_chat', { usage: answer })).toBe(undefined);
    expect(usageOf('openai_chat', answer)).toBe(undefined);
  });

  it('with parts larger than their whole has all of the whole in them', () => {
    expect(
      usageOf('openai_chat', {
        prompt_tokens: 100,
        completion_tokens: 10,
        prompt_tokens_details: { cached_tokens: 500, cache_write_tokens: 20 },
        completion_tokens_details: { reasoning_tokens: 11 },
      }),
    ).toEqual(usage({ cached_input_tokens: 100, reasoning_tokens: 10 }));
  });

  it('with parts that are no counts costs the full price', () => {
    for (const cached of [-5, 0.5, '50', Number.POSITIVE_INFINITY, {}, null]) {
      const answer = { prompt_tokens: 100, completion_tokens: 0, prompt_tokens_details: { cached_tokens: cached } };
      expect(usageOf('openai_chat', answer)).toEqual(usage({ input_tokens: 100 }));
    }
  });

  it('is never negative, and never more than was said', () => {
    const count = fc.oneof(
      fc.nat(),
      fc.integer(),
      fc.double(),
      fc.constantFrom(null, undefined, '7', -0, Number.MAX_SAFE_INTEGER, [], {}, true),
    );
    const details = fc.oneof(
      count,
      fc.record({ cached_tokens: count, reasoning_tokens: count, audio_tokens: count, cache_write_tokens: count }),
    );
    const fields = fc.record(
      {
        prompt_tokens: count,
        completion_tokens: count,
        total_tokens: count,
        input_tokens: count,
        output_tokens: count,
        prompt_tokens_details: details,
        completion_tokens_details: details,
        input_tokens_details: details,
        output_tokens_details: details,
        cache_read_input_tokens: count,
        cache_creation_input_tokens: count,
        cache_creation: fc.record({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count }),
        promptTokenCount: count,
        candidatesTokenCount: count,
        thoughtsTokenCount: count,
        cachedContentTokenCount: count,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...wires), fields, (wire, raw) => {
        const read = usageOf(wire, raw);
        if (!read) return;
        for (const value of Object.values(read)) {
          expect(Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)).toBe(true);
        }
        expect(read.cache_write_1h_tokens ?? 0).toBeLessThanOrEqual(read.cache_write_tokens);
        if (wire === 'openai_chat' && typeof raw.prompt_tokens === 'number') {
          expect(inputsOf(read)).toBe(raw.prompt_tokens + 0);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('rates', () => {
  const rates = compileRates({
    input: '2',
    cached_input: '0.5',
    cache_write: '2.5',
    cache_write_1h: '4',
    output: '10',
    request: '0.01',
    tiers: [
      { above: 1_000, input: '4', output: '20' },
      { above: 2_000, input: '8' },
    ],
    batch: { input: '1', output: '5' },
  });
  const cost = (parts: Partial<Usage>, batch?: boolean) => {
    const one = costOf(rates, usage(parts), batch);
    return one && [formatUsd(one.input), formatUsd(one.output), formatUsd(one.total)];
  };

  it('price each kind of tokens once', () => {
    expect(
      cost({
        input_tokens: 100,
        cached_input_tokens: 100,
        cache_write_tokens: 100,
        cache_write_1h_tokens: 40,
        output_tokens: 10,
        reasoning_tokens: 5,
      }),
      // 100 × 2 + 100 × 0.5 + 60 × 2.5 + 40 × 4 = 560; 15 × 10 = 150
    ).toEqual(['0.00056', '0.00015', '0.01071']);
  });

  it('of a tier hold for the whole call, from one token above its beginning', () => {
    expect(cost({ input_tokens: 1_000, output_tokens: 1 })).toEqual(['0.002', '0.00001', '0.01201']);
    expect(cost({ input_tokens: 1_001, output_tokens: 1 })).toEqual(['0.004004', '0.00002', '0.014024']);
    // cached tokens count for the size; a tier says only what it changes
    expect(cost({ input_tokens: 1, cached_input_tokens: 2_000, output_tokens: 1 })?.[0]).toBe('0.001008');
    expect(cost({ input_tokens: 1, cached_input_tokens: 2_000, output_tokens: 1 })?.[1]).toBe('0.00002');
  });

  it('of batches hold for batches, and what they do not say costs as if it were', () => {
    expect(cost({ input_tokens: 100, cached_input_tokens: 100, output_tokens: 10 }, true)).toEqual([
      '0.0002',
      '0.00005',
      '0.01025',
    ]);
    const plain = compileRates({ input: '2', output: '10' });
    expect(costOf(plain, usage({ input_tokens: 5 }), true)).toEqual(costOf(plain, usage({ input_tokens: 5 })));
  });

  it('that say nothing of what was used are none: null, never 0', () => {
    expect(costOf(compileRates({}), usage())).toBe(null);
    expect(costOf(compileRates({ input: '1' }), usage({ output_tokens: 1 }))).toBe(null);
    expect(costOf(compileRates({ output: '1' }), usage({ cached_input_tokens: 1 }))).toBe(null);
    expect(costOf(compileRates({ input: '1' }, true), usage({ input_tokens: 9, audio_tokens: 1 }))).toBe(null);
    expect(costOf(compileRates({ input: '0' }), usage({ input_tokens: 9 }))?.total).toBe(0n);
    for (const wrong of [
      { input_tokens: -1 },
      { output_tokens: 0.5 },
      { reasoning_tokens: Number.NaN },
      { cache_write_1h_tokens: 1 },
    ]) {
      expect(costOf(rates, usage(wrong))).toBe(null);
    }
  });
});

describe('names', () => {
  it('match as the source says, whatever their case in it', () => {
    const matches = matcherOf({
      or: [{ equals: 'GPT-5' }, { and: [{ starts_with: 'gpt-4o' }, { regex: '^(?!.*-tts$)' }] }, { ends_with: ':X' }],
    });
    const names = ['gpt-5', 'gpt-5-mini', 'gpt-4o-mini', 'gpt-4o-tts', 'a:x'];
    expect(names.filter(matches)).toEqual(['gpt-5', 'gpt-4o-mini', 'a:x']);
    expect(matcherOf({ contains: 'OpUs' })('claude-opus-4')).toBe(true);
    expect(matcherOf({ regex: '(' })('(')).toBe(false);
  });

  it('have their dates written', () => {
    expect(withDatesWritten('gpt-4o-20240806')).toBe('gpt-4o-2024-08-06');
    expect(withDatesWritten('gpt-4o-20240231')).toBe('gpt-4o-20240231');
  });
});
