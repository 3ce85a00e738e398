import { describe, expect, it, test } from 'vitest';
import type { Clock } from '../../../platform/core/clock.ts';
import { PlinthError } from '../../../platform/core/errors.ts';
import type { GatewaySettings } from '../connections/index.ts';
import { effectivePolicy, listCovers } from '../connections/policies.ts';
import { usageOf } from '../prices/index.ts';
import { tokensOf } from './accounting.ts';
import { kept, makeStreamContent } from './capture.ts';
import { makeCircuits } from './circuit.ts';
import { callErrors } from './errors.ts';
import { estimateOf } from './estimate.ts';
import { callLimits } from './limits.ts';
import { makeSseSplitter } from './sse.ts';
import { routeOf } from './targets.ts';
import { wireError } from './wire-errors.ts';
import { makeUsageReader, outgoingBody, readRequest } from './wires.ts';

describe('a stream cut into events', () => {
  const stream =
    'data: {"a":1}\n\nevent: x\r\ndata: two\r\ndata:lines\r\n\r\n: comment\n\ndata: ü\r\rid: 7\ndata: last\n\n';
  const events = [
    'data: {"a":1}\n\n',
    'event: x\r\ndata: two\r\ndata:lines\r\n\r\n',
    ': comment\n\n',
    'data: ü\r\r',
    'id: 7\ndata: last\n\n',
  ];

  it('gives the same events and every byte, wherever the chunks end', () => {
    const bytes = Buffer.from(stream);
    for (let size = 1; size <= bytes.length; size++) {
      const splitter = makeSseSplitter();
      const seen: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        seen.push(...splitter.feed(bytes.subarray(at, at + size)).map((event) => Buffer.from(event.bytes)));
      }
      expect(Buffer.concat([...seen, splitter.rest()]).equals(bytes)).toBe(true);
      expect(seen.map(String), `chunks of ${size}`).toEqual(events);
    }
  });

  it('reads the data lines', () => {
    const [first, second, third] = makeSseSplitter().feed(Buffer.from(stream));
    expect([first!.data(), second!.data(), third!.data()]).toEqual(['{"a":1}', 'two\nlines', '']);
  });

  it('does not keep an event without end', () => {
    const splitter = makeSseSplitter();
    const chunk = Buffer.alloc(callLimits.event_bytes_max, 'x');
    splitter.feed(chunk);
    expect(() => splitter.feed(chunk)).toThrow(RangeError);
  });
});

describe('the usage of a stream', () => {
  const read = (wire: Parameters<typeof makeUsageReader>[0], texts: readonly string[], hides = false) => {
    const reader = makeUsageReader(wire, hides);
    const splitter = makeSseSplitter();
    const passed = splitter.feed(Buffer.from(texts.join(''))).map((event) => reader.read(event).pass);
    return { reader, text: Buffer.concat(passed.filter((one) => one !== undefined)).toString() };
  };

  it('that was not asked for leaves no trace, whatever texts say', () => {
    const tricky = JSON.stringify({ delta: { content: 'a,"usage":null}' } }).slice(1, -1);
    const chunk = (choices: string, end: string) => `data: {"id":"1","choices":[${choices}]${end}}\n\n`;
    const asked = [
      chunk(`{${tricky}}`, ',"usage":null'),
      chunk('{"delta":{}}', ',"usage":null,"obfuscation":"x"'),
      chunk('', ',"usage":{"prompt_tokens":3}'),
      'data: [DONE]\n\n',
    ];
    const { text, reader } = read('openai_chat', asked, true);
    expect(text).toBe([chunk(`{${tricky}}`, ''), chunk('{"delta":{}}', ',"obfuscation":"x"'), asked[3]].join(''));
    expect(reader.usage()).toEqual({ prompt_tokens: 3 });
    expect(read('openai_chat', asked).text).toBe(asked.join(''));
  });

  it('of Anthropic is put together from its beginning and its end', () => {
    const { reader } = read('anthropic_messages', [
      'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1}}}\n\n',
    ]);
    expect([reader.usage(), reader.isWhole()]).toEqual([
      { input_tokens: 5, cache_read_input_tokens: 7, output_tokens: 1 },
      false,
    ]);
    const [event] = makeSseSplitter().feed(
      Buffer.from('data: {"type":"message_delta","usage":{"output_tokens":40,"input_tokens":null}}\n\n'),
    );
    reader.read(event!);
    expect([reader.usage(), reader.isWhole()]).toEqual([
      { input_tokens: 5, cache_read_input_tokens: 7, output_tokens: 40 },
      true,
    ]);
  });

  it('is a partition: nothing is counted twice', () => {
    const chat = {
      prompt_tokens: 17_903,
      completion_tokens: 100,
      prompt_tokens_details: { cached_tokens: 17_817 },
      completion_tokens_details: { reasoning_tokens: 60 },
    };
    const usage = usageOf('openai_chat', chat)!;
    expect([usage.input_tokens, usage.cached_input_tokens, usage.output_tokens, usage.reasoning_tokens]).toEqual([
      86, 17_817, 40, 60,
    ]);
    expect(tokensOf(usage)).toBe(18_003);
    const claude = {
      input_tokens: 5,
      cache_read_input_tokens: 128_955,
      cache_creation_input_tokens: 1_253,
      output_tokens: 9,
    };
    expect(tokensOf(usageOf('anthropic_messages', claude)!)).toBe(130_222);
    expect(usageOf('openai_chat', undefined)).toBeUndefined();
  });
});

describe('a request', () => {
  const made = (body: object) => readRequest('openai_chat', Buffer.from(JSON.stringify(body)), body);
  const changes = { provider: 'openai', model: 'm', outputCap: undefined };

  it('goes out with the bytes it came with, unless something has to be another', () => {
    const text = '{ "model": "m",  "messages": [], "seed": 12345678901234567890 }';
    const request = readRequest('openai_chat', Buffer.from(text), JSON.parse(text));
    expect(outgoingBody('openai_chat', request, changes).toString()).toBe(text);
    const out = (body: object, more: object = {}) =>
      JSON.parse(outgoingBody('openai_chat', made(body), { ...changes, ...more }).toString());
    expect(out({ model: 'm', stream: true, stream_options: { x: 1 } })).toEqual({
      model: 'm',
      stream: true,
      stream_options: { x: 1, include_usage: true },
    });
    expect(out({ model: 'alias' })).toEqual({ model: 'm' });
    expect(out({ model: 'm' }, { outputCap: 9 })).toEqual({ model: 'm', max_completion_tokens: 9 });
    expect(out({ model: 'm' }, { outputCap: 9, provider: 'groq' })).toEqual({ model: 'm', max_tokens: 9 });
  });

  it('is estimated with all that it may come to', () => {
    const text = 'x'.repeat(4_000);
    const of = (body: object) => estimateOf('openai_chat', { model: 'm', ...body });
    const plain = of({ messages: [{ role: 'user', content: text }], max_tokens: 50, n: 3 });
    expect(plain.input).toBeGreaterThanOrEqual(1_000);
    expect(plain.inputWorst).toBeGreaterThanOrEqual(2_000);
    expect([plain.output, plain.choices, plain.writesCache]).toEqual([150, 3, false]);
    expect(of({ messages: [] }).output).toBeUndefined();
    expect(of({ max_completion_tokens: -1 }).output).toBeUndefined();
    const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(1_000_000)}` } };
    const seen = of({ messages: [{ role: 'user', content: [picture], cache_control: { type: 'ephemeral' } }] });
    expect(seen.inputWorst).toBeGreaterThan(5_000);
    expect(seen.inputWorst).toBeLessThan(10_000);
    expect(seen.writesCache).toBe(true);
    expect(of({ tools: [{}] }).inputWorst).toBeGreaterThan(of({}).inputWorst + 600);
    expect(estimateOf('openai_embeddings', { input: [1, 2, 3] }).output).toBe(0);
    expect(estimateOf('anthropic_messages', { max_tokens: 7 }).output).toBe(7);
  });
});

test('what is kept of contents: all, what is left without secrets, nothing', () => {
  const secret = 'sk-abcdefghijklmnopqrstuvwx';
  const value = { messages: [{ content: `my key is ${secret}` }], password: 'hunter22' };
  expect(kept('none', value)).toBeNull();
  expect(kept('full', value)).toContain(secret);
  expect(kept('redacted', value)).not.toMatch(/sk-abc|hunter22/);
  expect(kept('full', 'x'.repeat(callLimits.content_chars_max + 1))!.length).toBeLessThan(
    callLimits.content_chars_max + 10,
  );
  const content = makeStreamContent(true);
  for (const piece of ['my key is sk-abcdefgh', 'ijklmnopqrstuvwx.']) {
    content.add({ choices: [{ index: 0, delta: { content: piece } }] });
  }
  expect(kept('redacted', content.value())).not.toContain('ijklmnop');
  expect(kept('full', content.value())).toContain(secret);
});

test('a connection that fails again and again is left alone, tried once, and left alone for longer', () => {
  let now = 0;
  const circuits = makeCircuits({ now: () => new Date(now) } as Clock);
  for (let n = 0; n < callLimits.circuit_failures; n++) {
    expect(circuits.mayCall('a')).toBe(true);
    circuits.failed('a');
  }
  expect([circuits.mayCall('a'), circuits.mayCall('b'), circuits.opensIn('a')]).toEqual([false, true, 5_000]);
  now = 5_000;
  expect([circuits.mayCall('a'), circuits.mayCall('a')]).toEqual([true, false]);
  circuits.failed('a');
  now = 10_000;
  expect(circuits.mayCall('a')).toBe(false);
  now = 15_000;
  expect(circuits.mayCall('a')).toBe(true);
  circuits.undecided('a');
  expect(circuits.mayCall('a')).toBe(true);
  circuits.succeeded('a');
  expect([circuits.mayCall('a'), circuits.mayCall('a')]).toEqual([true, true]);
});

describe('where a call goes', () => {
  const connection = (name: string, models: string[] | null = null, wire = 'openai') =>
    ({
      id: name,
      name,
      wire,
      models,
      provider: 'p',
      base_url: '',
    }) as unknown as GatewaySettings['connections'][number];
  const [all, some, claude] = [
    connection('all'),
    connection('some', ['gpt-*']),
    connection('claude', null, 'anthropic'),
  ];
  const settings = {
    connections: [all, some, claude],
    aliases: new Map([
      [
        'smart',
        [
          { connection: all, model: 'big', priority: 0, weight: 3 },
          { connection: some, model: 'gpt-5', priority: 0, weight: 1 },
          { connection: some, model: 'gpt-4', priority: 1, weight: 1 },
          { connection: claude, model: 'opus', priority: 0, weight: 1 },
        ],
      ],
    ]),
  } as unknown as GatewaySettings;
  const policy = effectivePolicy(undefined, undefined);
  const names = (model: string, random = Math.random) =>
    routeOf(settings, policy, 'openai', model, random).targets.map((one) => `${one.connection.name}/${one.model}`);

  it('by a name, by the connection, by the model', () => {
    expect(names('gpt-5')).toEqual(['some/gpt-5']);
    expect(names('other')).toEqual(['all/other']);
    expect(names('some/gpt-9')).toEqual(['some/gpt-9']);
    expect(names('some/other')).toEqual(['all/some/other']);
    expect(routeOf(settings, policy, 'anthropic', 'smart', Math.random).targets).toHaveLength(1);
    const none = { ...settings, connections: [some], aliases: new Map() };
    expect(() => routeOf(none, policy, 'openai', 'other', Math.random)).toThrow(
      expect.objectContaining({ code: 'model_not_found' }),
    );
    const listed = effectivePolicy({ ...policy, allowed_models: ['smart', 'gpt-*'] }, undefined);
    expect(routeOf(settings, listed, 'openai', 'gpt-1', Math.random).targets).toHaveLength(1);
    expect(() => routeOf(settings, listed, 'openai', 'other', Math.random)).toThrow(
      expect.objectContaining({ code: 'model_not_allowed' }),
    );
    expect(listCovers(['*'], 'x')).toBe(true);
  });

  it('of an alias by priority, and among equals by weight', () => {
    const first = new Map<string, number>();
    for (let n = 0; n < 4_000; n++) {
      const [name, , last] = names('smart');
      expect(last).toBe('some/gpt-4');
      first.set(name!, (first.get(name!) ?? 0) + 1);
    }
    // 3 of 4; five standard deviations
    expect(Math.abs(first.get('all/big')! - 3_000)).toBeLessThan(140);
  });

  it('a project’s policy goes before the organization’s, field by field', () => {
    const own = {
      content_capture: 'full',
      output_tokens_cap: 5,
      allowed_models: null,
      when_unreachable: null,
    } as const;
    const project = { ...own, content_capture: 'none', output_tokens_cap: null } as const;
    expect(effectivePolicy(own, project)).toEqual({
      content_capture: 'none',
      output_tokens_cap: 5,
      allowed_models: undefined,
      when_unreachable: 'refuse',
    });
  });
});

test('an error of ours in each provider’s words', () => {
  const error = callErrors.model_not_found({ field: 'model', detail: '“x” is not known' });
  expect(error).toBeInstanceOf(PlinthError);
  expect(wireError('openai', error, 'r1')).toEqual({
    error: {
      message: expect.stringContaining('“x” is not known. Ask GET'),
      type: 'not_found_error',
      param: 'model',
      code: 'model_not_found',
      request_id: 'r1',
    },
  });
  expect(wireError('anthropic', error, 'r1')).toMatchObject({
    type: 'error',
    error: { type: 'not_found_error', code: 'model_not_found' },
    request_id: 'r1',
  });
});
