import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { type ClaimedTask, makeTaskEngine, type TaskEngine } from './engine.ts';
import { openWorld, type World } from './fixtures/world.ts';

const type = 'fair.run';

describeEngines('claims are fair', (on) => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld(on.engine);
  });
  afterEach(async () => {
    await world.close();
    await world.owner('truncate plinth.tasks, plinth.task_queue, plinth.task_timers, plinth.task_leases cascade');
  });
  const engine = (...types: string[]) =>
    makeTaskEngine(world.platform, randomUUID(), types.length > 0 ? types : [type], 30);
  const claim = async (from: TaskEngine, tasks: number) =>
    (await from.settleAndClaim({ successes: [], failures: [], claim: tasks, claimKeyed: tasks })).claimed;
  const perTenant = (claimed: readonly ClaimedTask[]) => {
    const counts = new Map<string, number>();
    for (const { organization_id } of claimed) counts.set(organization_id, (counts.get(organization_id) ?? 0) + 1);
    return counts;
  };
  /** As many tenants as there are sizes, each with so many due tasks; in the order in which they were queued. */
  const tenants = async (sizes: readonly number[], priority = 0): Promise<string[]> => {
    const ids = sizes.map(() => randomUUID());
    await world.owner(
      `insert into plinth.organizations (id, name, slug)
       select id::uuid, 'Tenant', 'tenant-' || replace(id, '-', '') from unnest('{${ids.join(',')}}'::text[]) as id`,
      `with made as (
         insert into plinth.tasks (organization_id, id, task_type, priority)
         select id::uuid, plinth.uuidv7(), '${type}', ${priority}
         from unnest('{${ids.join(',')}}'::text[], '{${sizes.join(',')}}'::int[]) as t(id, size)
         cross join lateral generate_series(1, t.size)
         returning organization_id, id, task_type, priority
       )
       insert into plinth.task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds)
       select organization_id, id, task_type, priority, clock_timestamp(), 1, 300 from made`,
    );
    return ids;
  };

  it('between tenants: an equal part each, and what one does not need the others get', async () => {
    const [big, ...small] = await tenants([300, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
    const counts = perTenant(await claim(engine(), 100));
    expect(small.map((id) => counts.get(id))).toEqual(small.map(() => 5));
    expect(counts.get(big!)).toBe(55);
  });

  it('a batch is full as long as there is work, however unevenly it lies', async () => {
    await tenants([1, 2, 4, 8, 16, 32, 64, 128]);
    const worker = engine();
    const sizes: number[] = [];
    const seen = new Set<string>();
    for (let batch = await claim(worker, 60); batch.length > 0; batch = await claim(worker, 60)) {
      sizes.push(batch.length);
      for (const { task_id } of batch) seen.add(task_id);
    }
    expect(sizes).toEqual([60, 60, 60, 60, 15]);
    expect(seen.size).toBe(255);
  });

  it('goes round the tenants when a batch is smaller than their number', async () => {
    const ids = await tenants([3, 3, 3, 3, 3]);
    const worker = engine();
    const served: string[] = [];
    for (let n = 0; n < 5; n++) served.push((await claim(worker, 1))[0]!.organization_id);
    expect(new Set(served)).toEqual(new Set(ids));
    const next = [...(await claim(worker, 2)), ...(await claim(worker, 2)), ...(await claim(worker, 1))];
    expect(new Set(next.map(({ organization_id }) => organization_id))).toEqual(new Set(ids));
  });

  it('finds every tenant, also behind the 32 that are served at once', async () => {
    const ids = await tenants(Array.from({ length: 300 }, () => 1));
    const worker = engine();
    const first = await claim(worker, 200);
    const rest = await claim(worker, 200);
    expect([first.length, rest.length]).toEqual([200, 100]);
    expect(perTenant([...first, ...rest]).size).toBe(ids.length);
  });

  it('small tenants behind a large one have all started within five times their own number', async () => {
    const [big] = await tenants([3_000]);
    const small = await tenants(Array.from({ length: 20 }, () => 5));
    const worker = engine();
    let started = 0;
    let claims = 0;
    while (started < 100 && claims < 500) {
      const batch = await claim(worker, 50);
      claims += batch.length;
      started += batch.filter(({ organization_id }) => organization_id !== big).length;
    }
    expect(started).toBe(small.length * 5);
    expect(claims).toBeLessThanOrEqual(500);
  });

  it('inside a tenant by priority, and yet nothing waits for ever behind what is more urgent', async () => {
    const low = await world.enqueue({ task_type: type, priority: -5 });
    const urgent = await world.enqueue(
      ...Array.from({ length: 40 }, (_, n) => ({ task_type: type, priority: n % 2 === 0 ? 10 : 3 })),
    );
    const worker = engine();
    const order: string[] = [];
    for (let n = 0; n < 16; n++) order.push(...(await claim(worker, 1)).map(({ task_id }) => task_id));
    expect(order[0]).toBe(urgent[0]);
    expect(order.slice(0, 8)).toContain(low[0]);
    const most = order.filter((id) => urgent.indexOf(id) % 2 === 0).length;
    expect(most).toBeGreaterThanOrEqual(13);
  });

  it('workers that claim at the same time share the work: each task goes to one', async () => {
    await tenants([40, 10, 10, 1, 1, 1, 30]);
    const workers = Array.from({ length: 6 }, () => engine());
    const batches: ClaimedTask[] = [];
    for (let n = 0; n < 12; n++) {
      const claimed = await Promise.all(workers.map((worker) => claim(worker, 5)));
      batches.push(...claimed.flat());
    }
    expect(batches.length).toBe(93);
    expect(new Set(batches.map(({ task_id }) => task_id)).size).toBe(93);
  });
});
