/** The providers' own SDKs, as they come from npm, with no more than another base URL and key. */
import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { generateText, jsonSchema, streamText, type ToolSet, tool } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { openTestGateway, type TestGateway } from './calls.fixture.ts';

const said = 'Grüße word1 word2 word3 word4';
const hasPython = spawnSync('python3', ['--version']).status === 0;
const messages = [{ role: 'user' as const, content: 'Hello' }];
const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, unit: { type: 'string' as const } },
  required: ['city'],
};

const argumentsOf = (call: OpenAI.Chat.ChatCompletionMessageToolCall | undefined) =>
  call?.type === 'function' ? call.function.arguments : 'null';

describeEngines('unmodified SDKs', (on) => {
  let test: TestGateway;
  let openai: OpenAI;
  let anthropic: Anthropic;
  beforeAll(async () => {
    test = await openTestGateway(on.engine);
    const { url, acme } = test;
    openai = new OpenAI({ baseURL: `${url}/gateway/openai/v1`, apiKey: acme.key, maxRetries: 0 });
    anthropic = new Anthropic({ baseURL: `${url}/gateway/anthropic`, apiKey: acme.key, maxRetries: 0 });
  });
  afterAll(() => test?.close());
  beforeEach(() => test.begin());

  describe('openai', () => {
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }];

    it('chat completions, with tools, usage and streams', async () => {
      const whole = await openai.chat.completions.create({ model: 'gpt', messages });
      expect(whole.choices[0]!.message.content).toBe(said);
      expect(whole.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 8 });
      const called = await openai.chat.completions.create({ model: 'gpt', messages, tools });
      expect(called.choices[0]!.message.tool_calls).toMatchObject([{ function: { name: 'weather' } }]);
      const pieces: string[] = [];
      for await (const chunk of await openai.chat.completions.create({ model: 'gpt', messages, stream: true })) {
        expect(chunk).not.toHaveProperty('usage');
        pieces.push(chunk.choices[0]!.delta.content ?? '');
      }
      expect(pieces.join('')).toBe(said);
      const asked = openai.chat.completions.stream({
        model: 'gpt',
        messages,
        tools,
        stream_options: { include_usage: true },
      });
      const { choices, usage } = await asked.finalChatCompletion();
      expect(JSON.parse(argumentsOf(choices[0]!.message.tool_calls?.[0]))).toEqual({ city: 'Zürich', unit: 'c' });
      expect(usage).toMatchObject({ total_tokens: 19 });
    });

    it('responses, embeddings and models', async () => {
      const whole = await openai.responses.create({ model: 'gpt', input: 'Hello' });
      expect([whole.output_text, whole.usage?.total_tokens]).toEqual([said, 19]);
      const stream = openai.responses.stream({ model: 'gpt', input: 'Hello' });
      const types: string[] = [];
      stream.on('event', ({ type }) => types.push(type));
      expect((await stream.finalResponse()).output_text).toBe(said);
      expect(types.filter((type) => type === 'response.output_text.delta')).toHaveLength(5);
      const { data } = await openai.embeddings.create({ model: 'embed', input: ['a', 'b'] });
      expect(data.map(({ embedding }) => embedding)).toEqual(Array(2).fill([0.5, -0.25, 0.125]));
      expect((await openai.models.list()).data.map(({ id }) => id)).toEqual([]);
    });

    it('errors are of the SDK’s own kinds', async () => {
      const failing = (model: string, client = openai) =>
        client.chat.completions.create({ model, messages }).catch((error: unknown) => error);
      expect(await failing('gpt.status-400')).toBeInstanceOf(OpenAI.BadRequestError);
      expect(await failing('gpt.status-429.retry-30')).toBeInstanceOf(OpenAI.RateLimitError);
      expect(await failing('gpt.status-500')).toBeInstanceOf(OpenAI.InternalServerError);
      const stranger = new OpenAI({ baseURL: `${test.url}/gateway/openai/v1`, apiKey: 'sk-nothing', maxRetries: 0 });
      const refused = await failing('gpt', stranger);
      expect(refused).toBeInstanceOf(OpenAI.AuthenticationError);
      expect(refused).toMatchObject({ status: 401, code: 'unauthenticated' });
      const cut = async () => {
        for await (const _ of await openai.chat.completions.create({ model: 'gpt.cut', messages, stream: true }));
      };
      await expect(cut()).rejects.toMatchObject({ code: 'provider_answer_cut' });
    });

    it('an aborted stream stops the provider', async () => {
      const stream = await openai.chat.completions.create({ model: 'gpt.hang', messages, stream: true });
      for await (const _ of stream) break;
      await expect.poll(() => test.provider.calls[0]?.isGone).toBe(true);
      expect(await test.callOf()).toMatchObject({ status: 'cancelled' });
    });
  });

  describe('@anthropic-ai/sdk', () => {
    const model = 'claude';
    const tools = [{ name: 'weather', input_schema: parameters }];

    it('messages, with tools, usage and streams', async () => {
      const whole = await anthropic.messages.create({ model, messages, max_tokens: 100 });
      expect(whole.content).toEqual([{ type: 'text', text: said }]);
      expect(whole.usage).toMatchObject({ input_tokens: 11, output_tokens: 8 });
      const stream = anthropic.messages.stream({ model, messages, max_tokens: 100 });
      const pieces: string[] = [];
      stream.on('text', (text) => pieces.push(text));
      expect((await stream.finalMessage()).usage).toMatchObject({ input_tokens: 11, output_tokens: 8 });
      expect(pieces.join('')).toBe(said);
      const called = await anthropic.messages.stream({ model, messages, tools, max_tokens: 100 }).finalMessage();
      expect(called.content).toMatchObject([
        { type: 'tool_use', name: 'weather', input: { city: 'Zürich', unit: 'c' } },
      ]);
      // the version is the SDK’s to say
      expect(test.provider.calls[0]!.headers['anthropic-version']).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    });

    it('errors are of the SDK’s own kinds, and an abort stops the provider', async () => {
      const failing = (name: string, client = anthropic) =>
        client.messages.create({ model: name, messages, max_tokens: 9 }).catch((error: unknown) => error);
      expect(await failing('claude.status-400')).toBeInstanceOf(Anthropic.BadRequestError);
      expect(await failing('claude.status-529')).toBeInstanceOf(Anthropic.InternalServerError);
      const stranger = new Anthropic({ baseURL: `${test.url}/gateway/anthropic`, apiKey: 'sk-ant-x', maxRetries: 0 });
      expect(await failing('claude', stranger)).toBeInstanceOf(Anthropic.AuthenticationError);
      const cut = anthropic.messages.stream({ model: 'claude.cut', messages, max_tokens: 9 }).finalMessage();
      await expect(cut).rejects.toThrow(/provider_answer_cut/);
      test.provider.reset();
      const stream = anthropic.messages.stream({ model: 'claude.hang', messages, max_tokens: 9 });
      stream.on('error', () => undefined);
      stream.on('streamEvent', () => stream.abort());
      await stream.done().catch(() => undefined);
      await expect.poll(() => test.provider.calls[0]?.isGone).toBe(true);
    });
  });

  it.skipIf(!hasPython)('Python’s standard library, as the guide has it', async () => {
    const guide = await readFile(new URL('../../../../docs/guides/gateway.md', import.meta.url), 'utf8');
    const program = /```python\n([\s\S]+?)```/.exec(guide)![1]!;
    await test.must('POST', '/v1/model-aliases', {
      alias: 'smart',
      targets: [{ connection_id: test.connections['openai'], model: 'gpt' }],
    });
    test.plinth.clock.advance(1_500);
    const env = { PATH: process.env['PATH'] ?? '', PLINTH_URL: test.url, PLINTH_API_KEY: test.acme.key };
    const { stdout } = await promisify(execFile)('python3', ['-c', program], {
      env: { ...env, PYTHONIOENCODING: 'utf-8' },
    });
    expect(stdout).toBe(`${said}\n`);
  });

  describe('ai', () => {
    const weather = tool({
      description: 'The weather of a city',
      inputSchema: jsonSchema<{ city: string }>(parameters),
    });
    // its own types do not agree with exactOptionalPropertyTypes
    const tools = { weather } as unknown as ToolSet;
    const chat = () => createOpenAI({ baseURL: `${test.url}/gateway/openai/v1`, apiKey: test.acme.key });
    const models = {
      'openai chat': () => chat().chat('gpt'),
      'openai responses': () => chat().responses('gpt'),
      anthropic: () =>
        createAnthropic({ baseURL: `${test.url}/gateway/anthropic/v1`, apiKey: test.acme.key })('claude'),
    };

    it.each(Object.keys(models) as (keyof typeof models)[])('text, streams and tools: %s', async (name) => {
      const model = models[name]();
      const whole = await generateText({ model, prompt: 'Hello', maxRetries: 0 });
      expect(whole.text).toBe(said);
      expect(whole.usage.inputTokens).toBe(11);
      const stream = streamText({ model, prompt: 'Hello', maxRetries: 0 });
      const pieces: string[] = [];
      for await (const piece of stream.textStream) pieces.push(piece);
      expect([pieces.join(''), (await stream.usage).outputTokens]).toEqual([said, 8]);
      const called = await generateText({ model, prompt: 'Hello', tools, maxRetries: 0 });
      expect(called.toolCalls).toMatchObject([{ toolName: 'weather', input: { city: 'Zürich', unit: 'c' } }]);
    });
  });
});
