import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { addTask } from './add-task.ts';
import { enqueueTasks, type NewTask } from './enqueue.ts';
import { openWorld, type World } from './fixtures/world.ts';

const callers = 100;
const task_type = 'add.one';

describeEngines('tasks that are added one by one', (on) => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld(on.engine);
  });
  afterEach(async () => {
    await world.close();
    await world.owner('truncate plinth.tasks, plinth.task_queue, plinth.task_timers, plinth.task_leases cascade');
  });
  const add = (more: Partial<NewTask> = {}, organizationId = world.organizationId) =>
    addTask(world.platform, { as: 'app', organizationId }, { task_type, ...more });
  const stored = () =>
    world.owner<{ organization_id: string; id: string; n: number; xmin: string }>(
      `select organization_id, id, (payload ->> 'n')::int as n, xmin::text from plinth.tasks order by id`,
    );

  it('share transactions where they come together, and each gets its own id', async () => {
    const made = await Promise.all(Array.from({ length: callers }, (_, n) => add({ payload: { n } })));
    const rows = await stored();
    expect(rows.map(({ id, n }) => ({ id, n })).sort((a, b) => a.n - b.n)).toEqual(
      made.map(({ id }, n) => ({ id, n })),
    );
    // the first goes alone, the second where there is a second connection, the others wait for them
    expect(new Set(rows.map(({ xmin }) => xmin)).size).toBeLessThanOrEqual(5);
  });

  it('equal idempotency keys are one task, whether they share a transaction or not', async () => {
    const made = await Promise.all(Array.from({ length: callers }, () => add({ idempotency_key: 'once' })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect(await stored()).toHaveLength(1);
  });

  it('with and without keys in one call: answers in its order, and only what is new stands in the queue or among the timers', async () => {
    const { id: known } = await add({ idempotency_key: 'known', payload: { n: 0 } });
    const own = randomUUID();
    const later = '2100-01-01T00:00:00.000Z';
    const asked: Partial<NewTask>[] = [
      { payload: { n: 1 } },
      { idempotency_key: 'known', payload: { n: 2 } },
      { idempotency_key: 'new', payload: { n: 3 } },
      { idempotency_key: 'new', payload: { n: 4 } },
      { id: own, payload: { n: 5 } },
      { payload: { n: 6 }, scheduled_at: later },
      { idempotency_key: 'later', payload: { n: 7 }, scheduled_at: later },
      { idempotency_key: 'known', payload: { n: 8 }, scheduled_at: later },
    ];
    const scope = { as: 'app', organizationId: world.organizationId } as const;
    const made = await world.platform.door.write(scope, (tx) =>
      enqueueTasks(
        world.platform,
        tx,
        asked.map((task) => ({ task_type, ...task })),
      ),
    );
    expect(made.map(({ created }) => created)).toEqual([true, false, true, false, true, true, true, false]);
    const [first, , third, fourth, fifth, sixth, seventh, eighth] = made.map(({ id }) => id);
    expect([made[1]!.id, eighth, fourth, fifth]).toEqual([known, known, third, own]);
    const ids = new Map((await stored()).map(({ id, n }) => [n, id]));
    expect(ids).toEqual(
      new Map([first, third, own, sixth, seventh, known].map((id, at) => [[1, 3, 5, 6, 7, 0][at]!, id!])),
    );
    const standing = async (table: string) =>
      (await world.owner<{ id: string }>(`select id from plinth.${table}`)).map(({ id }) => id).sort();
    expect(await standing('task_queue')).toEqual([known, first!, third!, own].sort());
    expect(await standing('task_timers')).toEqual([sixth!, seventh!].sort());
    // in the order of the call
    expect(first! < third! && third! < sixth! && sixth! < seventh!).toBe(true);
  });

  it('what is wrong with one is told to its caller alone', async () => {
    const bad = new Map<number, Partial<NewTask>>([
      [10, { payload: 'x'.repeat(1_100_000) }],
      [20, { priority: 5_000 }],
    ]);
    const settled = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => add({ payload: { n }, ...bad.get(n) })),
    );
    const refused = settled.flatMap((one, n) => (one.status === 'rejected' ? [{ n, code: one.reason.code }] : []));
    expect(refused).toEqual([
      { n: 10, code: 'task_payload_too_large' },
      { n: 20, code: 'invalid_value' },
    ]);
    expect(await stored()).toHaveLength(38);
  });

  it('those of two organizations stay apart', async () => {
    const other = randomUUID();
    const organizations = Array.from({ length: 20 }, (_, n) => (n % 2 ? other : world.organizationId));
    const made = await Promise.all(organizations.map((organization, n) => add({ payload: { n } }, organization)));
    const rows = await stored();
    for (const [n, { id }] of made.entries()) {
      expect(rows.find((row) => row.id === id)?.organization_id).toBe(organizations[n]);
    }
  });

  it('one that waits for another is added too, and none inside a transaction, of which it would not be a part', async () => {
    const { id } = await add();
    const waiting = await add({ depends_on: [id] });
    expect((await world.task(waiting.id)).status).toBe('blocked');
    const inside = world.platform.door.write({ as: 'app', organizationId: world.organizationId }, async () => {
      await add();
    });
    await expect(inside).rejects.toMatchObject({ code: 'reentrant_scope' });
    // others are not hit by it
    await expect(add()).resolves.toMatchObject({ created: true });
  });
});
