import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { LiveListener } from '../../../../tests/support/live-listener.ts';
import { type LivePlinth, openLivePlinth } from '../../../../tests/support/live-plinth.ts';
import { readFeed } from './feed.ts';
import { liveLimits } from './live-limits.ts';
import { comparePositions, formatCursor, parseCursor } from './position.ts';

describe('a position', () => {
  it('is written and read back, and ordered by transaction first', () => {
    const id = randomUUID();
    for (const position of [
      { xid: 12n, id: '' },
      { xid: 9_000_000_000_000_000_000n, id },
    ]) {
      expect(parseCursor(formatCursor(3, position))).toEqual({ epoch: 3, ...position });
    }
    expect(comparePositions({ xid: 9n, id: '' }, { xid: 10n, id: '' })).toBeLessThan(0);
    expect(comparePositions({ xid: 9n, id }, { xid: 9n, id: '' })).toBeGreaterThan(0);
  });

  it.each(['', '1', 'x.1', '1.-1', '1.2.not-an-id', '1.2;drop', `1.${'9'.repeat(30)}`, '1.2.'])('%j is none', (text) =>
    expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: 'invalid_request' })),
  );
});

describeEngines('GET /v1/live', (on) => {
  let live: LivePlinth;
  let organizationId: string;
  let isClosed = false;
  const listeners: LiveListener[] = [];
  const listen = async (query = '', lastId?: string, key = live.key) => {
    const listener = await LiveListener.open(live.url, key, query, lastId);
    listeners.push(listener);
    return listener;
  };
  const api = async (method: string, path: string, body?: unknown, key = live.key) => {
    const answer = await fetch(live.url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const send = async (...types: string[]): Promise<string[]> => {
    const { status, body } = await api(
      'POST',
      '/v1/events',
      types.map((type) => ({ type })),
    );
    expect(status).toBe(200);
    return body.data.map(({ id }: { id: string }) => id);
  };
  /** Until no transaction of before is open: those of other tests on this server hold back what comes after them too. */
  const settled = async () => {
    const isBehind = async () => (await readFeed(live.plinth.platform, organizationId, undefined, 1)).isBehind;
    await expect.poll(isBehind, { timeout: 60_000, interval: 100 }).toBe(false);
  };
  /** Stores an event in a transaction of its own that stays open until it is told to end. */
  async function held(type: string) {
    const client = await on.engine.directPool.connect();
    await client.query('begin');
    await client.query('set local role plinth_owner');
    const { rows } = await client.query(
      `insert into plinth.events (organization_id, source, type, payload, payload_bytes)
         values ($1, 'api', $2, '{}', 2) returning id`,
      [organizationId, type],
    );
    return {
      id: (rows[0] as { id: string }).id,
      async end(how: 'commit' | 'rollback') {
        await client.query(how);
        client.release();
      },
    };
  }

  beforeAll(async () => {
    live = await openLivePlinth(on.engine);
    organizationId = (await api('GET', '/v1/me')).body.organization.id;
  });
  afterAll(async () => {
    for (const listener of listeners) listener.stop();
    if (!isClosed) await live.close();
  });

  it('tells what comes, with what was asked for, and nothing of before', { timeout: 90_000 }, async () => {
    await send('before');
    await settled();
    const all = await listen();
    const some = await listen('?type=order.*&source=api');
    const [paid] = await send('order.paid', 'other');
    await all.until(({ events }) => events.length === 2);
    await some.until(({ events }) => events.length === 1);
    expect(all.events.map(({ type }) => type).sort()).toEqual(['order.paid', 'other']);
    expect(some.events).toEqual([expect.objectContaining({ id: paid, type: 'order.paid', source: 'api' })]);
    expect(some.events[0]).not.toHaveProperty('payload');
    expect(all.messages[0]).toMatchObject({ event: 'ready', data: { resumed: false } });
  });

  it('goes on after the last id, with neither gap nor double', async () => {
    const first = await listen();
    const seen = await send('a', 'b', 'c');
    await first.until(({ events }) => events.length === 3);
    first.stop();
    // more than is remembered, so that the table is read
    const missed: string[] = [];
    const count = liveLimits.recent_events_max + liveLimits.page_events_max;
    for (let n = 0; n < count; n += 100) missed.push(...(await send(...Array.from({ length: 100 }, () => 'missed'))));
    const second = await listen('', first.lastId);
    const [late] = await send('late');
    await second.until(({ events }) => events.some(({ id }) => id === late));
    const told = second.events.map(({ id }) => id);
    expect(new Set(told).size).toBe(told.length);
    expect([...told].sort()).toEqual([...missed, late].sort());
    expect(told).not.toContain(seen[0]);
    // by the query, where headers can not be set; from the middle
    const middle = second.messages.filter(({ event }) => event === 'event')[300];
    const third = await listen(`?last_event_id=${middle?.id}`);
    await third.until(({ events }) => events.some(({ id }) => id === late));
    expect(third.events.map(({ id }) => id)).toEqual(told.slice(301));
  });

  it.runIf(on.name !== 'pglite')('waits for the transactions that began before, and tells each once', async () => {
    const listener = await listen();
    const slow = await held('slow');
    const lost = await held('lost');
    const [fast] = await send('fast');
    const page = await readFeed(live.plinth.platform, organizationId, undefined, 1);
    expect(page.isBehind).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // nothing may be told yet: who had seen "fast" would go on after "slow"
    expect(listener.events).toEqual([]);
    const cursor = listener.lastId;
    await lost.end('rollback');
    await slow.end('commit');
    await listener.until(({ events }) => events.length === 2);
    expect(listener.events.map(({ id }) => id)).toEqual([slow.id, fast]);
    const again = await listen('', cursor);
    await again.until(({ events }) => events.length === 2);
    expect(again.events.map(({ id }) => id)).toEqual([slow.id, fast]);
  });

  it('tells everybody everything once while transactions commit in any order', async () => {
    const whole = await listen();
    const sent: string[] = [];
    const lists = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; n < 15; n++) sent.push(...(await send(`w${writer}.${n}`, `w${writer}.${n}b`)));
    });
    // one that is cut off again and again, and goes on
    const pieces: string[] = [];
    let lastId = whole.lastId;
    const cutting = (async () => {
      for (let cut = 0; cut < 8; cut++) {
        const piece = await listen('', lastId);
        await new Promise((resolve) => setTimeout(resolve, 30));
        piece.stop();
        await piece.ended;
        pieces.push(...piece.events.map(({ id }) => id));
        lastId = piece.lastId;
      }
    })();
    await Promise.all([...lists, cutting]);
    await whole.until(({ events }) => events.length >= sent.length);
    const rest = await listen('', lastId);
    await rest.until(({ events }) => pieces.length + events.length >= sent.length);
    pieces.push(...rest.events.map(({ id }) => id));
    expect(whole.events.map(({ id }) => id).sort()).toEqual([...sent].sort());
    expect(pieces).toEqual(whole.events.map(({ id }) => id));
  });

  it('reads on from events alone, for ids of transactions that were rolled back come again after a crash', {
    timeout: 90_000,
  }, async () => {
    const [last] = await send('before.crash');
    await settled();
    const place = async () => {
      const page = await readFeed(live.plinth.platform, organizationId, undefined, 1);
      return { ...page.next, isLast: page.next.xid < page.horizon };
    };
    const before = await place();
    expect(before).toMatchObject({ id: last, isLast: true });
    const listener = await listen();
    const client = await on.engine.directPool.connect();
    for (let n = 0; n < 5; n++) {
      await client.query('begin');
      await client.query('select pg_current_xact_id()');
      await client.query('rollback');
    }
    client.release();
    expect(await place()).toEqual(before);
    const page = await readFeed(live.plinth.platform, organizationId, before, 10);
    expect(page).toMatchObject({ events: [], next: { xid: before.xid, id: before.id } });
    // on Citus the ids of the tenant's node count, which knows nothing of those above
    if (on.engine.kind !== 'citus') expect(page.horizon).toBeGreaterThan(before.xid + 5n);
    expect(parseCursor(listener.lastId as string).id).not.toBe('');
  });

  it('goes on where the events after its place are gone', async () => {
    // nobody looks any more, so that what is looked at next begins at the last event
    for (const listener of listeners.splice(0)) listener.stop();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const first = await listen();
    const [seen] = await send('seen');
    await first.until(({ events }) => events.at(-1)?.id === seen);
    const cursor = first.lastId;
    first.stop();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await send('kept.short');
    const other = await listen();
    const client = await on.engine.directPool.connect();
    await client.query('begin');
    await client.query('set local role plinth_owner');
    const gone = await client.query(`delete from plinth.events where type = 'kept.short'`);
    await client.query('commit');
    client.release();
    expect(gone.rowCount).toBe(1);
    const second = await listen('', cursor);
    const [next] = await send('kept');
    for (const listener of [other, second]) await listener.until(({ events }) => events.at(-1)?.id === next);
    expect(second.events.map(({ id }) => id)).toEqual([next]);
  });

  it('ends when the key is revoked, and lets it in no more', async () => {
    const { body: made, status } = await api('POST', '/v1/api-keys', { name: 'reader', scopes: ['events:read'] });
    expect(status).toBe(201);
    const listener = await listen('', undefined, made.key);
    const other = await listen();
    const began = performance.now();
    expect((await api('DELETE', `/v1/api-keys/${made.id}`)).status).toBeLessThan(300);
    await listener.ended;
    expect(listener.endReason).toBe('revoked');
    expect(performance.now() - began).toBeLessThan(20_000);
    expect((await listen('', listener.lastId, made.key)).status).toBe(401);
    expect(other.endReason).toBeUndefined();
  });

  it('refuses whoever may not read events, and cursors of another order', async () => {
    expect((await listen('', undefined, 'plk_nonsense')).status).toBe(401);
    const { body: made } = await api('POST', '/v1/api-keys', { name: 'tasks only', scopes: ['tasks:read'] });
    expect((await listen('', undefined, made.key)).status).toBe(403);
    for (const [lastId, status] of [
      ['rubbish', 400],
      ['999.3', 410],
      ['1.9000000000000000000', 410],
    ] as const) {
      expect([lastId, (await listen('', lastId)).status]).toEqual([lastId, status]);
    }
    expect((await listen('?type=')).status).toBe(400);
    expect((await listen('?colour=red')).status).toBe(400);
  });

  it('tells nothing of another organization, not even to its cursor', async () => {
    const stranger = randomUUID();
    const client = await on.engine.directPool.connect();
    try {
      await client.query('begin');
      await client.query('set local role plinth_owner');
      await client.query('insert into plinth.organizations (id, name, slug) values ($1, $2, $2)', [
        stranger,
        `org-${stranger.slice(0, 8)}`,
      ]);
      await client.query('commit');
    } finally {
      client.release();
    }
    expect((await readFeed(live.plinth.platform, stranger, undefined, 1)).next).toEqual({ xid: 0n, id: '' });
    const [own] = await send('ours');
    const page = await readFeed(live.plinth.platform, stranger, { xid: 0n, id: '' }, 10);
    expect(page.events).toEqual([]);
    const listener = await listen('', '1.0');
    await listener.until(({ events }) => events.some(({ id }) => id === own));
    await expect(
      live.plinth
        .as({ organizationId, memberRole: 'owner' })
        .read((tx) => tx.sql(`select * from plinth.read_event_feed($1, '0', null, 10)`, [stranger])),
    ).rejects.toMatchObject({ code: expect.stringMatching(/forbidden|denied/) });
  });

  it('ends a reader that does not read, and costs no memory for it', async () => {
    const { makeLiveStream, frameOf } = await import('./live-stream.ts');
    const stream = makeLiveStream(() => undefined);
    const frame = frameOf({ event: 'event', data: 'x'.repeat(10_000) });
    for (let n = 0; n < 1000; n++) stream.send(frame);
    expect(stream.isOpen).toBe(false);
    expect(stream.readable.readableLength).toBeLessThan(liveLimits.buffer_bytes_max + 200);
    let text = '';
    for await (const chunk of stream.readable) text += chunk;
    expect(text.endsWith('event: end\ndata: {"reason":"slow_reader"}\n\n')).toBe(true);
  });

  it('says that the server stops, and does not hold it up', async () => {
    const listener = await listen();
    isClosed = true;
    await live.plinth.close(8_000);
    await listener.ended;
    expect(listener.endReason).toBe('shutting_down');
  });
});
