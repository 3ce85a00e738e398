import { expect, it } from 'vitest';
import { Backlog, FreedSlots } from './backlog.ts';
import { ClaimRoom } from './claim-room.ts';
import type { ClaimedTask } from './engine.ts';

let made = 0;
const task = (tenant: string, key: string | null = null): ClaimedTask => ({
  lease_id: 'lease',
  organization_id: tenant,
  task_id: `${++made}`,
  attempt: 1,
  task_type: 'x',
  timeout_seconds: 1,
  payload: {},
  concurrency_key: key,
});
const tasks = (count: number, tenant: string, key?: string) =>
  Array.from({ length: count }, () => task(tenant, key ?? null));

it('what has a key and what has none take turns', () => {
  const backlog = new Backlog();
  backlog.add([...tasks(10, 'a'), ...tasks(10, 'a', 'k')]);
  const first = Array.from({ length: 10 }, () => backlog.next(false)!.concurrency_key);
  expect(first.filter((key) => key === 'k')).toHaveLength(5);
  expect(Array.from({ length: 10 }, () => backlog.next(false))).not.toContain(undefined);
  expect([backlog.size, backlog.next(false)]).toEqual([0, undefined]);
});

it('a tenant gains nothing by giving its tasks keys', () => {
  const backlog = new Backlog();
  backlog.add([...['a', 'b', 'c', 'd'].flatMap((tenant) => tasks(5, tenant)), ...tasks(20, 'z', 'k')]);
  const first = Array.from({ length: 10 }, () => backlog.next(false)!.organization_id);
  expect(first.filter((tenant) => tenant === 'z')).toHaveLength(2);
});

it('a slot is kept for a task with a key at its turn, and no longer than until it is known that there is none', () => {
  const backlog = new Backlog();
  backlog.add(tasks(10, 'a'));
  expect(backlog.next(true)).toBeDefined();
  expect([backlog.next(true), backlog.next(true)]).toEqual([undefined, undefined]);
  backlog.passTurn();
  expect(backlog.next(true)).toBeDefined();
  expect(backlog.next(false)).toBeDefined();
});

it('takes out some and keeps the order of the others', () => {
  const backlog = new Backlog();
  const [first, second, third] = tasks(3, 'a');
  const keyed = task('a', 'k');
  backlog.add([first!, second!, third!, keyed]);
  expect(backlog.next(false)).toBe(first);
  expect(backlog.remove(({ task_id }) => task_id === second!.task_id || task_id === keyed.task_id)).toEqual([
    second,
    keyed,
  ]);
  expect([backlog.size, backlog.keyed]).toEqual([1, 0]);
  expect(backlog.next(false)).toBe(third);
});

it('knows the slots that were freed and not taken again', () => {
  const freed = new FreedSlots();
  freed.free([task('a', 'k'), task('a', 'k'), task('a'), task('b', 'k')]);
  freed.take([task('a', 'k'), task('b', 'k')]);
  expect(freed.some).toBe(true);
  freed.take([task('a', 'k')]);
  expect(freed.some).toBe(false);
  freed.take([task('c', 'k')]);
  expect(freed.some).toBe(false);
});

it('claims ahead what is short, and of what has a key only what starts at once', () => {
  const room = new ClaimRoom({ concurrency: 4, batchSize: 500, lanes: 3 });
  const idle = { running: 0, waiting: 0, waitingKeyed: 0 };
  for (let n = 0; n < 200; n++) room.noteDuration(100);
  expect(room.of(idle)).toEqual({ plain: 10, keyed: 4 });
  expect(room.of({ running: 3, waiting: 2, waitingKeyed: 1 })).toMatchObject({ keyed: 0 });
  for (let n = 0; n < 400; n++) room.noteDuration(0.01);
  expect(room.of(idle)).toEqual({ plain: 500, keyed: 500 });
  room.noteLong(60_000);
  expect(room.of({ running: 4, waiting: 0, waitingKeyed: 0 })).toEqual({ plain: 0, keyed: 0 });
});

it('asks again only after a sign, and knows when one came during a claim', () => {
  const room = new ClaimRoom({ concurrency: 4, batchSize: 500, lanes: 3 });
  const load = { running: 0, waiting: 0, waitingKeyed: 0 };
  const none = { plain: false, keyed: false };
  const first = room.begin(room.of(load));
  expect(room.of(load).keyed).toBe(0);
  room.end(first);
  room.learn(first, none);
  expect(room.of(load)).toEqual({ plain: 0, keyed: 0 });
  room.expect();
  const second = room.begin(room.of(load));
  room.expectKeyed();
  room.end(second);
  room.learn(second, none);
  expect(room.of(load)).toMatchObject({ plain: 0, keyed: 4 });
});
