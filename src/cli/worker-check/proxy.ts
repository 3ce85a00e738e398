import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const body_bytes_max = 16 * 1024 * 1024;
const passed_on: readonly string[] = ['content-type', 'retry-after', 'x-request-id'];

/** One call of the worker, as it went by. */
export interface SeenCall {
  /** Milliseconds on the clock of `performance.now()`, when it was answered. */
  readonly at: number;
  /** The part of the protocol: register, claim, heartbeat, complete, fail, logs, release, leave; or the path of another. */
  readonly action: string;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

/** What the proxy does with a call instead of passing it on. */
export type Disturbance = 'drop' | undefined;

/**
 * Stands between the worker and Plinth, on loopback: passes everything on, keeps what it saw, and can be told to break
 * connections. So the worker is judged by what it says, without a word from its author.
 */
export class WatchingProxy {
  readonly calls: SeenCall[] = [];
  /** Which task a lease is of. */
  readonly taskOf = new Map<string, string>();
  disturb: (action: string, body: unknown) => Disturbance = () => undefined;
  readonly #target: string;
  readonly #server: Server;
  #url = '';

  constructor(target: string) {
    this.#target = target.replace(/\/$/, '');
    this.#server = createServer((request, response) => {
      this.#pass(request, response).catch(() => response.destroy());
    });
  }

  get url(): string {
    return this.#url;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What the worker said of a task's leases by these actions; each with its outcome or state. */
  saidOf(
    taskId: string,
    ...actions: string[]
  ): { action: string; at: number; told: Told; outcome: string | undefined }[] {
    return this.calls
      .filter(({ action }) => actions.includes(action))
      .flatMap(({ action, at, body, answer }) =>
        toldIn(body)
          .filter(({ lease_id }) => this.taskOf.get(lease_id) === taskId)
          .map((told) => ({ action, at, told, outcome: outcomeIn(answer, told.lease_id) })),
      );
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readBody(request);
    const body = parsed(text);
    const path = request.url ?? '/';
    const action = actionOf(request.method ?? 'GET', path);
    if (this.disturb(action, body) === 'drop') {
      request.socket.destroy();
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answered = await fetch(`${this.#target}${path}`, {
      method: request.method ?? 'GET',
      headers: headersOf(request),
      signal: gone.signal,
      redirect: 'manual',
      ...(text === '' ? {} : { body: text }),
    });
    const answer = await answered.text();
    this.#keep({ at: performance.now(), action, body, status: answered.status, answer: parsed(answer) });
    for (const name of passed_on) {
      const value = answered.headers.get(name);
      if (value !== null) response.setHeader(name, value);
    }
    response.writeHead(answered.status).end(answer);
  }

  #keep(call: SeenCall): void {
    this.calls.push(call);
    if (call.action !== 'claim') return;
    const { tasks = [] } = (call.answer ?? {}) as { tasks?: { lease_id: string; task_id: string }[] };
    for (const { lease_id, task_id } of tasks) this.taskOf.set(lease_id, task_id);
  }
}

/** What a call says of one task. */
export interface Told {
  readonly lease_id: string;
  readonly code?: string;
}

function toldIn(body: unknown): Told[] {
  const { tasks, lease_ids } = (body ?? {}) as { tasks?: Told[]; lease_ids?: string[] };
  if (Array.isArray(tasks)) return tasks;
  return Array.isArray(lease_ids) ? lease_ids.map((lease_id) => ({ lease_id })) : [];
}

function outcomeIn(answer: unknown, lease: string): string | undefined {
  const { tasks = [] } = (answer ?? {}) as { tasks?: { lease_id: string; outcome?: string; state?: string }[] };
  const one = tasks.find(({ lease_id }) => lease_id === lease);
  return one?.outcome ?? one?.state;
}

function actionOf(method: string, path: string): string {
  const [, action] = /^\/v1\/task-workers(?:\/[^/]+)?(?:\/(\w+))?$/.exec(path) ?? [];
  if (action !== undefined) return action;
  if (!path.startsWith('/v1/task-workers')) return path;
  return method === 'DELETE' ? 'leave' : 'register';
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > body_bytes_max) throw new Error('the body is too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Those of the request that are about it, and not about the connection. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name, value]) =>
      typeof value === 'string' && !/^(host|connection|content-length|keep-alive|transfer-encoding|expect)$/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}
