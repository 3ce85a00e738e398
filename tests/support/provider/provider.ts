/**
 * A model provider on this machine for tests and measurements: it speaks the formats of OpenAI and Anthropic over real HTTP
 * and does as the model's name or the header `x-behave` says, words joined by dots: `gpt.cut`, `claude.status-529`.
 *
 * status-N       answers N            retry-S    … with Retry-After: S
 * flaky-N        the first N calls answer 500
 * slow-MS        waits before it answers      drip-MS    waits between events
 * cut            closes the connection in the middle        broken   200 and no JSON
 * hang           goes on for ever after the first events
 * error-first    a stream that begins with an error         error-late   … that has one in the middle
 * no-usage       counts nothing       cached     counts cached tokens
 * long-N         N words instead of five
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropicAnswer, anthropicEvents } from './anthropic.ts';
import { chatAnswer, chatEvents, embeddingsAnswer, responsesAnswer, responsesEvents } from './openai.ts';

export interface SeenCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The client went away before the answer was whole. */
  isGone: boolean;
  isAnswered: boolean;
}

export interface TestProvider {
  /** Without a path: the base URL of Anthropic; with `/v1` that of OpenAI. */
  readonly url: string;
  readonly calls: SeenCall[];
  /** Keys that are let in; undefined: all. */
  keys: Set<string> | undefined;
  reset(): void;
  close(): Promise<void>;
}

/** What a call asks for by its words. */
export interface Behaviour {
  readonly words: number;
  readonly usage: 'plain' | 'cached' | 'none';
  readonly tools: boolean;
  has(word: string): boolean;
  number(word: string): number | undefined;
}

export const sentence = (words: number): string[] =>
  Array.from({ length: words }, (_, n) => (n === 0 ? 'Grüße' : ` word${n}`));

function behaviourOf(call: SeenCall): Behaviour {
  const words = [String(call.body['model'] ?? ''), String(call.headers['x-behave'] ?? '')].join('.').split('.');
  const number = (name: string) => {
    const found = words.find((word) => word.startsWith(`${name}-`));
    return found === undefined ? undefined : Number(found.slice(name.length + 1));
  };
  return {
    words: number('long') ?? 5,
    usage: words.includes('cached') ? 'cached' : words.includes('no-usage') ? 'none' : 'plain',
    tools: Array.isArray(call.body['tools']) && call.body['tools'].length > 0,
    has: (word) => words.includes(word),
    number,
  };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function startProvider(): Promise<TestProvider> {
  const failures = new Map<string, number>();
  const provider: TestProvider = {
    url: '',
    calls: [],
    keys: undefined,
    reset() {
      provider.calls.length = 0;
      failures.clear();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((request, response) => {
    void receive(request).then(async (text) => {
      const call: SeenCall = {
        path: request.url ?? '',
        headers: request.headers,
        text,
        body: parsed(text),
        isGone: false,
        isAnswered: false,
      };
      provider.calls.push(call);
      response.on('close', () => {
        call.isAnswered = response.writableFinished;
        call.isGone = !response.writableFinished;
      });
      await answer(call, response, provider, failures);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(provider, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

async function receive(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function keyOf(headers: IncomingHttpHeaders): string {
  return String(headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '') ?? '');
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function answer(
  call: SeenCall,
  response: ServerResponse,
  provider: TestProvider,
  failures: Map<string, number>,
): Promise<void> {
  const isAnthropic = call.headers['x-api-key'] !== undefined;
  const key = keyOf(call.headers);
  const fail = (status: number, message: string, headers: Record<string, string> = {}) =>
    json(
      response,
      status,
      isAnthropic
        ? { type: 'error', error: { type: 'api_error', message } }
        : { error: { message, type: 'provider_error', param: null, code: null } },
      headers,
    );
  // as OpenAI does, it says part of the key that it refuses; and more than that
  if (provider.keys && !provider.keys.has(key)) return fail(401, `Incorrect API key provided: ${key}`);
  if (call.path.startsWith('/v1/models')) return json(response, 200, { object: 'list', data: [{ id: 'gpt' }] });
  const behaviour = behaviourOf(call);
  const status = behaviour.number('status');
  const retry = behaviour.number('retry');
  await sleep(behaviour.number('slow') ?? 0);
  if (status !== undefined) {
    const headers: Record<string, string> = retry === undefined ? {} : { 'retry-after': String(retry) };
    return fail(status, `it is ${status}, and the key is ${key}`, headers);
  }
  const flaky = behaviour.number('flaky');
  if (flaky !== undefined) {
    const name = String(call.body['model']);
    const before = failures.get(name) ?? 0;
    failures.set(name, before + 1);
    if (before < flaky) return fail(500, 'not this time');
  }
  if (behaviour.has('broken')) {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices": [{"mess');
    return;
  }
  if (call.body['stream'] === true) return stream(call, response, behaviour);
  const whole = JSON.stringify(answerOf(call, behaviour), null, 1);
  response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'req_of_the_provider' });
  if (!behaviour.has('cut')) return void response.end(whole);
  response.write(whole.slice(0, 40));
  await sleep(20);
  response.destroy();
}

function answerOf(call: SeenCall, behaviour: Behaviour): unknown {
  if (call.path === '/v1/messages') return anthropicAnswer(call.body, behaviour);
  if (call.path === '/v1/responses') return responsesAnswer(call.body, behaviour);
  if (call.path === '/v1/embeddings') return embeddingsAnswer(call.body, behaviour);
  return chatAnswer(call.body, behaviour);
}

function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
  });
}

async function stream(call: SeenCall, response: ServerResponse, behaviour: Behaviour): Promise<void> {
  const events =
    call.path === '/v1/messages'
      ? anthropicEvents(call.body, behaviour)
      : call.path === '/v1/responses'
        ? responsesEvents(call.body, behaviour)
        : chatEvents(call.body, behaviour);
  const failure =
    call.path === '/v1/messages'
      ? 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
      : 'data: {"error":{"message":"Overloaded","type":"server_error","code":null}}\n\n';
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  if (behaviour.has('error-first')) return void response.end(failure);
  const drip = behaviour.number('drip');
  for (const [n, event] of events.entries()) {
    if (response.destroyed) return;
    if (n === 3 && behaviour.has('error-late')) return void response.end(failure);
    if (n === 3 && behaviour.has('cut')) {
      response.write(event.slice(0, 9));
      await sleep(20);
      return void response.destroy();
    }
    if (n === 3 && behaviour.has('hang')) return;
    // an event may come in two pieces, and two events in one
    if (drip !== undefined) {
      response.write(event.slice(0, 5));
      await sleep(drip);
      response.write(event.slice(5));
    } else if (!response.write(event)) {
      await writable(response);
    }
  }
  response.end();
}
