/** What the tests of this module share: a receiver that does as it is told, a clock that is moved, and what is sent. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { modules } from '../../modules.ts';
import type { Clock } from '../../platform/core/clock.ts';
import { systemClock } from '../../platform/core/clock.ts';
import type { Engine } from '../../platform/db/engine.ts';
import type { OrganizationRole } from '../../platform/module.ts';
import { outbound } from '../../platform/net/index.ts';
import { openTestPlinth, type TestAnswer, type TestPlinth } from '../../testing.ts';
import { processPendingEvents } from '../events/index.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** By the clock of the test. */
  readonly at: Date;
}

export type Behaviour = (response: ServerResponse, received: Received) => void;

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

export const answer =
  (status: number, headers: Record<string, string> = {}, body = ''): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end(body);

/** A clock that stands until it is moved; waiting is real. */
export interface HeldClock extends Clock {
  move(seconds: number): void;
  set(at: Date): void;
}

export function heldClock(from = new Date()): HeldClock {
  let at = from.getTime();
  return {
    now: () => new Date(at),
    sleep: systemClock.sleep,
    move: (seconds) => {
      at += seconds * 1_000;
    },
    set: (time) => {
      at = time.getTime();
    },
  };
}

export async function startReceiver(clock: Clock): Promise<Receiver> {
  const received: Received[] = [];
  let behaviour = answer(204);
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, body, at: clock.now() };
      received.push(one);
      behaviour(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    behave: (next) => {
      behaviour = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface TestDeliveries extends Omit<TestPlinth, 'call'> {
  readonly clock: HeldClock;
  readonly receiver: Receiver;
  /** An organization's id. */
  organization(): Promise<string>;
  call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    options?: { as?: string; role?: OrganizationRole; body?: unknown; headers?: Record<string, string> },
  ): Promise<TestAnswer>;
  /** Makes an endpoint and a subscription that sends it what matches. */
  endpoint(
    organization: string,
    options?: Record<string, unknown>,
    rule?: Record<string, unknown>,
  ): Promise<TestEndpoint>;
  /** Sends an event with a key, and has it matched; returns its id. */
  send(organization: string, type: string, payload?: unknown): Promise<string>;
  deliveriesOf(organization: string, query?: string): Promise<Record<string, unknown>[]>;
}

export interface TestEndpoint {
  readonly id: string;
  readonly secret: string;
}

/** A Plinth with a clock that is held and a receiver on this machine. */
export async function openTestDeliveries(engine: Engine): Promise<TestDeliveries> {
  const clock = heldClock();
  const receiver = await startReceiver(clock);
  const plinth = await openTestPlinth({ engine, modules, clock, net: outbound({ allowLoopback: true }) });
  const keys = new Map<string, string>();
  const keyOf = async (organizationId: string, role: OrganizationRole) => {
    const name = `${organizationId} ${role}`;
    const known = keys.get(name);
    if (known) return known;
    const user = await plinth.makeUser({ organizationId, role: role as 'admin' });
    const { key } = await plinth.makeKey({ organizationId, userId: user.id, role: role as 'admin' });
    keys.set(name, key);
    return key;
  };
  const call: TestDeliveries['call'] = async (method, url, { as, role = 'admin', body, headers } = {}) =>
    plinth.call(method, url, {
      ...(as ? { key: await keyOf(as, role) } : {}),
      ...(body === undefined ? {} : { body }),
      ...(headers ? { headers } : {}),
    });
  const must = async (url: string, as: string, body: unknown, status: number) => {
    const made = await call('POST', url, { as, body });
    if (made.status !== status) throw new Error(made.text);
    return made.body;
  };
  return {
    ...plinth,
    clock,
    receiver,
    call,
    organization: async () => (await plinth.makeOrganization()).id,
    async endpoint(organization, options = {}, rule = {}) {
      const body = { url: `${receiver.url}/in`, jitter_percent: 0, ...options };
      const made = (await must('/v1/event-endpoints', organization, body, 201)) as unknown as TestEndpoint;
      const target = { endpoint_id: made.id };
      await must('/v1/event-subscriptions', organization, { name: 'out', action: 'webhook', target, ...rule }, 201);
      return made;
    },
    async send(organization, type, payload = {}) {
      const sent = await must('/v1/events', organization, { type, payload }, 200);
      await processPendingEvents(plinth.platform, organization);
      return (sent as unknown as { data: { id: string }[] }).data[0]!.id;
    },
    async deliveriesOf(organization, query = '') {
      const { body } = await call('GET', `/v1/event-deliveries${query}`, { as: organization, role: 'viewer' });
      return (body as unknown as { data: Record<string, unknown>[] }).data;
    },
    async close() {
      await plinth.close();
      await receiver.close();
    },
  };
}
