import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { describeEngines } from '../../tests/support/engines.ts';
import { type LivePlinth, openLivePlinth } from '../../tests/support/live-plinth.ts';
import { createClient, type LiveEvent } from './index.ts';

async function take(stream: AsyncIterable<LiveEvent>, count: number): Promise<LiveEvent[]> {
  const taken: LiveEvent[] = [];
  for await (const one of stream) {
    taken.push(one);
    if (taken.length === count) break;
  }
  return taken;
}

describeEngines('client.live', (on) => {
  it('tells events, goes on after a cursor, and stops when asked to', async () => {
    const live: LivePlinth = await openLivePlinth(on.engine);
    const client = createClient({ url: live.url, key: live.key });
    try {
      const connected = Promise.withResolvers<void>();
      const first = take(client.live({ type: 'a*' }, { onConnect: connected.resolve }), 2);
      await connected.promise;
      const { data } = await client.events.send(['a1', 'b', 'a2', 'a3'].map((type) => ({ type })));
      const told = await first;
      expect(told.map(({ event }) => event.type)).toEqual(['a1', 'a2']);
      expect(told.map(({ event }) => event.id)).toEqual([data[0]?.id, data[2]?.id]);
      const [third] = await take(client.live({}, { after: told[1]!.cursor }), 1);
      expect(third?.event.type).toBe('a3');

      const stop = new AbortController();
      const waiting = take(client.live({}, { signal: stop.signal, onConnect: () => stop.abort() }), 1);
      await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
      const refused = take(createClient({ url: live.url, key: 'plk_nonsense' }).live(), 1);
      await expect(refused).rejects.toMatchObject({ status: 401 });
      await expect(take(client.live({}, { after: '999.1' }), 1)).rejects.toMatchObject({ code: 'live_cursor_expired' });
    } finally {
      await live.close();
    }
  });
});

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const message = (id: string, type: string) => `id: ${id}\nevent: event\ndata: ${JSON.stringify({ id, type })}\n\n`;

it('connects again with the last id after each kind of break', async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.headers['last-event-id'] as string | undefined);
    if (asked.length === 2) return void response.writeHead(503).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 1\nid: 1.1\nevent: ready\ndata: {}\n\n');
    if (asked.length === 1) {
      // cut in the middle of a message: it is told again
      response.write(message('1.2', 'one') + message('1.3', 'two').slice(0, 12), () => response.destroy());
    } else if (asked.length === 3) {
      response.end(`${message('1.3', 'two')}id: 1.9\n\nevent: end\ndata: {"reason":"shutting_down"}\n\n`);
    } else response.write(message('1.10', 'three'));
  });
  const told = await take(createClient({ url, key: 'plk_x' }).live(), 3);
  expect(told.map(({ event }) => event.type)).toEqual(['one', 'two', 'three']);
  expect(asked).toEqual([undefined, '1.2', '1.2', '1.9']);
});

it.each([400, 401, 403, 404, 410])('gives up on %i', async (status) => {
  let asked = 0;
  const url = await serve((_request, response) => {
    asked++;
    response.writeHead(status).end('{}');
  });
  await expect(take(createClient({ url, key: 'plk_x' }).live(), 1)).rejects.toMatchObject({ status });
  expect(asked).toBe(1);
});

it('bounds what a message may hold', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200);
    response.end('x'.repeat(2_000_000));
  });
  await expect(take(createClient({ url, key: 'plk_x' }).live(), 1)).rejects.toMatchObject({
    code: 'response_too_large',
  });
});
