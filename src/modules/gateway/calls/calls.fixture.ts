/** What the tests of calls share: a provider, a Plinth that listens, an organization with connections, and what calls cost. */

import { type ClockedPlinth, openPlinthOn } from '../../../../tests/support/plinth.ts';
import { startProvider, type TestProvider } from '../../../../tests/support/provider/provider.ts';
import { modules } from '../../../modules.ts';
import { defineErrors } from '../../../platform/core/errors.ts';
import type { Engine } from '../../../platform/db/engine.ts';
import { outbound } from '../../../platform/net/index.ts';
import type { TestOrganization } from '../../../testing.ts';
import { makeConnectionsPart } from '../connections/part.ts';
import { usageOf } from '../prices/index.ts';
import type { CallSubject, Usage } from '../usage.ts';
import { type Accounting, type NewCost, type Price, tokensOf } from './accounting.ts';

export const PROVIDER_KEY = 'sk-provider-0123456789abcdefghijklmnop';

const testErrors = defineErrors({
  test_budget_exceeded: { status: 429, title: 'The budget of the test is used up', hint: 'Wait until tomorrow.' },
});

/** Budgets and prices in memory: one budget over all, a hundredth of a dollar a token, and nothing known of "unpriced". */
export interface MemoryAccounting extends Accounting {
  tokensMax: number | undefined;
  requestsMax: number | undefined;
  readonly costs: (NewCost & { readonly price: Price | null })[];
  readonly holds: Map<string, number>;
  readonly subjects: CallSubject[];
  spent: number;
  reset(): void;
}

export function memoryAccounting(): MemoryAccounting {
  const priceOf = (provider: string, model: string, usage: Usage): Price | null => {
    if (model.includes('unpriced')) return null;
    const total_cost = (tokensOf(usage) / 100).toFixed(2);
    return { provider, model, input_cost: '0', output_cost: '0', total_cost };
  };
  const books: MemoryAccounting = {
    tokensMax: undefined,
    requestsMax: undefined,
    costs: [],
    holds: new Map(),
    subjects: [],
    spent: 0,
    reset() {
      Object.assign(books, { tokensMax: undefined, requestsMax: undefined, spent: 0 });
      books.costs.length = 0;
      books.subjects.length = 0;
      books.holds.clear();
    },
    usageOf,
    priceBook: async () => ({ priceOf }),
    async recordCost(_tx, cost, price) {
      if (!books.costs.some(({ call_id }) => call_id === cost.call_id)) books.costs.push({ ...cost, price });
    },
    makeBudgets: () => ({
      async reserve(_scope, { call_id, subject, worst }) {
        books.subjects.push(subject);
        if (books.tokensMax === undefined) return undefined;
        const held = [...books.holds.values()].reduce((sum, one) => sum + one, 0);
        if (books.spent + held + worst.tokens > books.tokensMax) {
          throw testErrors.test_budget_exceeded({ detail: 'The budget “all” has no room', retryAfterSeconds: 60 });
        }
        books.holds.set(call_id, worst.tokens);
        return { id: call_id, expires_at: new Date() };
      },
      extend: async () => undefined,
      async settle(_tx, call_id, { tokens }) {
        if (books.holds.delete(call_id)) books.spent += tokens;
      },
      async settleAll(_tx, calls) {
        for (const { call_id, tokens } of calls) if (books.holds.delete(call_id)) books.spent += tokens;
      },
      async release(_scope, call_id) {
        books.holds.delete(call_id);
      },
      async take(_scope, _subject, { requests }) {
        if (books.requestsMax === undefined) return;
        books.requestsMax -= requests;
        if (books.requestsMax < 0) throw testErrors.test_budget_exceeded({ retryAfterSeconds: 7 });
      },
    }),
  };
  return books;
}

export interface LoggedCall {
  readonly id: string;
  readonly status: string;
  readonly error_code: string | null;
  readonly requested_model: string;
  readonly model: string;
  readonly connection_id: string;
  readonly attempts: number;
  readonly input_tokens: number | null;
  readonly cached_input_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly output_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly is_estimated: boolean;
  readonly [name: string]: unknown;
}

export interface TestGateway {
  readonly plinth: ClockedPlinth;
  readonly provider: TestProvider;
  readonly books: MemoryAccounting;
  /** Where Plinth listens. */
  readonly url: string;
  readonly acme: TestOrganization;
  /** Ids of the connections by name: openai, backup and claude. */
  readonly connections: Readonly<Record<string, string>>;
  connect(name: string, more?: Record<string, unknown>): Promise<string>;
  must(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** One call as a program without an SDK makes it. */
  post(path: string, body: unknown, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>;
  /** All calls before have ended, their circuits are closed, and nothing is known of them. */
  begin(): Promise<void>;
  /** The call of an answer (or the newest), once it has ended. */
  callOf(answer?: Response): Promise<LoggedCall>;
  close(): Promise<void>;
}

/** With prices, costs and budgets of its own in memory; `joined`: with those of the module, as it is served. */
export async function openTestGateway(engine: Engine, how: 'apart' | 'joined' = 'apart'): Promise<TestGateway> {
  const provider = await startProvider();
  const books = memoryAccounting();
  const part = makeConnectionsPart(books);
  const own = modules.map((module) =>
    module.name === 'gateway' && how === 'apart'
      ? { ...module, loops: part.loops ?? [], routes: part.routes ?? (() => undefined) }
      : module,
  );
  const plinth = await openPlinthOn(engine, own, { net: outbound({ allowLoopback: true }) });
  const { url } = await plinth.listen({ host: '127.0.0.1', port: 0 });
  const acme = await plinth.makeOrganization('Acme');

  const must: TestGateway['must'] = async (method, path, body) => {
    const answer = await plinth.call(method, path, { key: acme.key, ...(body === undefined ? {} : { body }) });
    if (answer.status >= 300) throw new Error(answer.text);
    return answer.body as unknown as Record<string, unknown>;
  };
  const connect: TestGateway['connect'] = async (name, more = {}) => {
    const isClaude = name.startsWith('claude');
    const made = await must('POST', '/v1/provider-connections', {
      name,
      provider: isClaude ? 'anthropic' : 'openai',
      base_url: isClaude ? provider.url : `${provider.url}/v1`,
      key: PROVIDER_KEY,
      ...more,
    });
    return String(made['id']);
  };
  const connections = {
    openai: await connect('openai'),
    backup: await connect('backup', { models: ['only-backup*'], headers: { 'x-backup': 'yes' } }),
    claude: await connect('claude'),
  };
  const post: TestGateway['post'] = (path, body, headers = {}, signal) =>
    fetch(`${url}/gateway/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${acme.key}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
  const ended = async () => {
    for (let tries = 0; tries < 500; tries++) {
      const running = await plinth.owner(`select id from plinth.gateway_calls where status = 'running'`);
      if (running.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('calls of the test before do not end');
  };
  return {
    plinth,
    provider,
    books,
    url,
    acme,
    connections,
    connect,
    must,
    post,
    async begin() {
      books.reset();
      plinth.clock.advance(120_000);
      for (const [path, model] of [
        ['openai/v1/chat/completions', 'gpt'],
        ['anthropic/v1/messages', 'claude'],
      ] as const) {
        const answer = await post(path, { model, max_tokens: 5, messages: [] });
        if (answer.status !== 200) throw new Error(await answer.text());
        await answer.text();
      }
      await ended();
      provider.reset();
      books.reset();
    },
    async callOf(answer) {
      const id = answer?.headers.get('plinth-call-id');
      for (let tries = 0; ; tries++) {
        const { body } = await plinth.call('GET', id ? `/v1/gateway-calls/${id}` : '/v1/gateway-calls?limit=1', {
          key: acme.key,
        });
        const call = (id ? body : (body['data'] as unknown as unknown[])?.[0]) as unknown as LoggedCall | undefined;
        if (call && call.status !== 'running' && call.status !== undefined) return call;
        if (tries > 200) throw new Error(`the call did not end: ${JSON.stringify(call)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async close() {
      await plinth.close();
      await provider.close();
    },
  };
}
