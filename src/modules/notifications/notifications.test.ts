import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { type ClockedPlinth, openPlinthOn } from '../../../tests/support/plinth.ts';
import { modules } from '../../modules.ts';
import type { OrganizationRole } from '../../platform/module.ts';
import type { TestOrganization } from '../../testing.ts';
import { processPendingEvents } from '../events/index.ts';
import { cleanupOldNotifications } from './retention.ts';

interface Person {
  readonly id: string;
  readonly key: string;
}
interface Notification {
  readonly id: string;
  readonly event_id: string;
  readonly title: string;
  readonly body: string | null;
  readonly read_at: string | null;
}

describeEngines('notifications', (on) => {
  let plinth: ClockedPlinth;
  let acme: TestOrganization;
  let owner: Person;
  let member: Person;
  let viewer: Person;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, modules);
  });
  afterAll(() => plinth.close());
  const join = async (organizationId: string, role: Exclude<OrganizationRole, 'service'>): Promise<Person> => {
    const { id } = await plinth.makeUser({ organizationId, role });
    const { key } = await plinth.makeKey({ organizationId, userId: id, role });
    return { id, key };
  };
  beforeEach(async () => {
    acme = await plinth.makeOrganization('Acme');
    owner = { id: acme.userId, key: acme.key };
    member = await join(acme.id, 'member');
    viewer = await join(acme.id, 'viewer');
  });
  const subscribe = (target: object, rule: object = {}, key = acme.key) =>
    plinth.call('POST', '/v1/event-subscriptions', {
      key,
      body: { name: 'tell', action: 'notification', target, ...rule },
    });
  const send = async (type: string, payload: object = {}, { id, key } = acme): Promise<string> => {
    const { body } = await plinth.call('POST', '/v1/events', { key, body: { type, payload } });
    while ((await processPendingEvents(plinth.platform, id)).events > 0);
    return (body['data'] as unknown as { id: string }[])[0]!.id;
  };
  const list = async ({ key }: Person, query = ''): Promise<Notification[]> => {
    const { status, body, text } = await plinth.call('GET', `/v1/notifications${query}`, { key });
    expect(status, text).toBe(200);
    return body['data'] as unknown as Notification[];
  };
  const unread = async ({ key }: Person) =>
    (await plinth.call('GET', '/v1/notifications/unread-count', { key })).body['unread'];

  it('tell a person, a role or everyone, with the event’s values, and each for themselves', async () => {
    const title = '{{payload.who}} paid {{payload.sum}}';
    for (const [to, types] of [
      [{ user_id: member.id }, ['order.paid']],
      [{ role: 'viewer' }, ['order.seen']],
      [{ everyone: true }, ['order.lost']],
    ] as const) {
      const { status, text } = await subscribe({ title, body: 'See {{id}}.', to }, { names: types });
      expect(status, text).toBe(201);
    }
    const paid = await send('order.paid', { who: 'Ada', sum: 12 });
    await send('order.seen', { who: 'Bob' });
    await send('order.lost', {});
    await send('other');
    const titles = async (person: Person) => (await list(person)).map((one) => one.title).sort();
    expect(await titles(member)).toEqual(['Ada paid 12', 'paid']);
    expect(await titles(viewer)).toEqual(['Bob paid', 'paid']);
    expect(await titles(owner)).toEqual(['paid']);
    const told = (await list(member)).find(({ event_id }) => event_id === paid);
    expect(told).toMatchObject({ body: `See ${paid}.`, read_at: null, event_type: 'order.paid' });
    const { body } = await plinth.call('GET', `/v1/events/${paid}`, { key: acme.key });
    expect(body).toMatchObject({ status: 'processed', journey: [expect.objectContaining({ outcome: 'notified' })] });
  });

  it('are made once for an event, however often it is matched', async () => {
    await subscribe({ title: '{{type}}', to: { everyone: true } });
    const event = await send('again');
    for (let n = 0; n < 2; n++) {
      await plinth.owner(`update plinth.events set status = 'pending' where id = $1`, [event]);
      await processPendingEvents(plinth.platform, acme.id);
    }
    for (const person of [owner, member, viewer]) expect(await list(person)).toHaveLength(1);
  });

  it('stand in the order of their events, also when many are matched at once', async () => {
    await subscribe({ title: '{{payload.n}}', to: { user_id: member.id } });
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    const made = numbers.map((n) => ({ type: 'at.once', payload: { n } }));
    expect((await plinth.call('POST', '/v1/events', { key: acme.key, body: made })).status).toBeLessThan(300);
    await processPendingEvents(plinth.platform, acme.id);
    expect((await list(member)).map(({ title }) => Number(title))).toEqual(numbers.reverse());
  });

  it('come as one for a batch of events', async () => {
    await subscribe(
      { title: '{{payload.count}} events', to: { user_id: member.id } },
      { batch: { count_max: 3, seconds_max: 60 } },
    );
    for (let n = 0; n < 3; n++) await send('many');
    expect((await list(member)).map(({ title }) => title)).toEqual(['3 events']);
  });

  it('are listed unread first, by pages, and marked as read one by one or all', async () => {
    await subscribe({ title: '{{payload.n}}', to: { everyone: true } });
    for (let n = 0; n < 6; n++) {
      await send('numbered', { n });
      plinth.clock.advance(10);
    }
    const shown = await list(member);
    expect(shown.map(({ title }) => title)).toEqual(['5', '4', '3', '2', '1', '0']);
    expect(await unread(member)).toBe(6);
    const mark = ({ key }: Person, id: string) => plinth.call('POST', `/v1/notifications/${id}/read`, { key });
    for (const at of [0, 2, 0]) expect((await mark(member, shown[at]!.id)).status).toBe(204);
    const pages: string[] = [];
    let cursor = '';
    for (let page = 0; page < 3; page++) {
      const { body } = await plinth.call('GET', `/v1/notifications?limit=2${cursor}`, { key: member.key });
      pages.push(...(body['data'] as unknown as Notification[]).map(({ title }) => title));
      cursor = `&cursor=${body['next_cursor']}`;
      expect(body['next_cursor'] === null).toBe(page === 2);
    }
    expect(pages).toEqual(['4', '2', '1', '0', '5', '3']);
    expect((await list(member, '?unread=false')).map(({ title }) => title)).toEqual(['5', '3']);
    expect((await list(member, '?unread=true')).map(({ title }) => title)).toEqual(['4', '2', '1', '0']);
    const all = (body: object) => plinth.call('POST', '/v1/notifications/read', { key: member.key, body });
    expect((await all({ until: shown[4]!.id })).body).toEqual({ marked: 2 });
    expect(await unread(member)).toBe(2);
    expect((await all({})).body).toEqual({ marked: 2 });
    expect((await all({})).body).toEqual({ marked: 0 });
    expect(await unread(member)).toBe(0);
    expect(await unread(viewer)).toBe(6);
    for (const cursor of [
      'x',
      Buffer.from('1:2').toString('base64url'),
      Buffer.from(`n1:2:${shown[0]!.id}`).toString('base64url'),
    ]) {
      expect((await plinth.call('GET', `/v1/notifications?cursor=${cursor}`, { key: member.key })).status).toBe(400);
    }
  });

  it('are nobody else’s: not an administrator’s, not another tenant’s, not a service’s', async () => {
    await subscribe({ title: 'for one', to: { user_id: member.id } });
    await send('secret');
    const [own] = await list(member);
    const stranger = await plinth.makeOrganization('Other');
    expect(await list(owner)).toEqual([]);
    expect(await list({ id: stranger.userId, key: stranger.key })).toEqual([]);
    for (const key of [owner.key, stranger.key]) {
      expect((await plinth.call('POST', `/v1/notifications/${own!.id}/read`, { key })).status).toBe(404);
      expect((await plinth.call('POST', '/v1/notifications/read', { key, body: {} })).body).toEqual({ marked: 0 });
    }
    const service = await plinth.makeKey({ organizationId: acme.id, by: acme.userId });
    expect((await plinth.call('GET', '/v1/notifications', { key: service.key })).status).toBe(403);
    // a person of two organizations sees in each what is of it
    const scope = { organizationId: stranger.id, memberRole: 'owner' } as const;
    const other = await plinth
      .as({ ...scope, userId: member.id })
      .read((tx) => tx.sql('select 1 from plinth.notifications'));
    expect(other).toEqual([]);
    expect(await unread(member)).toBe(1);
    await expect(
      plinth
        .as({ ...scope, userId: stranger.userId })
        .write((tx) => tx.sql(`select plinth.make_notifications($1, '[]', now(), 1)`, [acme.id])),
    ).rejects.toMatchObject({ code: expect.stringMatching(/forbidden|denied/) });
  });

  it('go with the membership, and with their age', async () => {
    await subscribe({ title: 'bye', to: { everyone: true } });
    await send('one');
    const before = () => plinth.owner('select 1 from plinth.notifications where organization_id = $1', [acme.id]);
    expect(await before()).toHaveLength(3);
    await plinth.call('DELETE', `/v1/members/${viewer.id}`, { key: acme.key });
    expect(await before()).toHaveLength(2);
    plinth.clock.advance(89 * 86_400_000);
    await send('two');
    await cleanupOldNotifications(plinth.platform);
    expect(await before()).toHaveLength(4);
    plinth.clock.advance(2 * 86_400_000);
    expect(await cleanupOldNotifications(plinth.platform)).toBeGreaterThanOrEqual(2);
    expect(await before()).toHaveLength(2);
  });

  it.each([
    [{ title: '{{payload}}', to: { everyone: true } }, 'body/target/title'],
    [{ title: 'x', body: '{{nothing}}', to: { everyone: true } }, 'body/target/body'],
    [{ title: 'x', to: { user_id: '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42' } }, 'body/target/to/user_id'],
    [{ task_type: 'x' }, 'body/target'],
  ])('refuse %j', async (target, field) => {
    const { status, body } = await subscribe(target);
    expect([status, body['code'], body['field']]).toEqual([400, 'invalid_request', field]);
  });

  it('of an event without what the title names bear its type', async () => {
    await subscribe({ title: '{{payload.none}}', body: '{{payload.none}}', to: { user_id: member.id } });
    await send('nameless');
    expect(await list(member)).toEqual([expect.objectContaining({ title: 'nameless', body: null })]);
  });
});
