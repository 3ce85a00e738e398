import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import {
  addOrganization,
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
} from '../../../../tests/support/plinth.ts';
import type { ModuleDefinition } from '../../../platform/module.ts';
import { TaskFailure } from '../failure.ts';
import { toHandlers } from '../fixtures/world.ts';
import { tasksModule } from '../module.ts';
import { startWorker } from '../worker.ts';
import { ended_tasks_keep_days, forgetOldTasks } from './retention.ts';

const handled = { description: 'x', run: async () => null };
const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'Task types for tests.',
  dependsOn: [],
  tasks: { 'figures.good': handled, 'figures.bad': handled, 'figures.nobody': handled },
};

describeEngines('figures of tasks', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let other: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, [...baseModules, tasksModule, testTasks]);
    acme = await firstRun(plinth);
    other = await addOrganization(plinth, 'Other', 'other@example.org');
  });
  afterAll(() => plinth.close());

  const get = (url: string, key = acme.key) => plinth.call('GET', url, { key });

  it('per type and agent, and who serves which type', async () => {
    const tasks = plinth.as({ as: 'app', organizationId: acme.organizationId, memberRole: 'service' }).tasks;
    await tasks.enqueueMany([
      ...Array.from({ length: 6 }, () => ({ task_type: 'figures.good' })),
      ...Array.from({ length: 3 }, () => ({ task_type: 'figures.bad', max_attempts: 1 })),
      { task_type: 'figures.nobody' },
    ]);
    await plinth.owner(
      `update plinth.tasks set primary_agent = 'architect' where task_type in ('figures.good', 'figures.bad')`,
    );
    const worker = startWorker({
      platform: plinth.platform,
      version: '0.0.0',
      concurrency: 4,
      stopSeconds: 0.1,
      handlers: toHandlers({
        'figures.good': () => null,
        'figures.bad': () => {
          throw new TaskFailure('no', 'no', { retryable: false });
        },
      }),
    });
    await worker.idle();
    const { body } = await get('/v1/task-statistics');
    expect(body['types']).toMatchObject([
      { task_type: 'figures.bad', completed: 0, failed: 3, failure_rate: 1, wait_p50: null, open: 0 },
      { task_type: 'figures.good', completed: 6, failed: 0, failure_rate: 0, open: 0, oldest_open_at: null },
      { task_type: 'figures.nobody', completed: 0, failure_rate: null, open: 1 },
    ]);
    expect(Number(body['types']?.['1']?.['run_p95'])).toBeGreaterThanOrEqual(0);
    expect(body['agents']).toMatchObject([
      { primary_agent: 'architect', total_tasks: 9, completed: 6, failed: 3, success_rate: 6 / 9 },
    ]);
    expect((await get('/v1/task-workers')).body['data']).toMatchObject([
      { task_type: 'figures.bad', workers: 1, open: 0, no_worker: false },
      { task_type: 'figures.good', workers: 1, open: 0, no_worker: false },
      { task_type: 'figures.nobody', workers: 0, open: 1, due: 1, running: 0, no_worker: true, last_seen_at: null },
    ]);
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const intervals = async (query: string, key = acme.key) =>
      (await get(`/v1/task-statistics/intervals?since=${since}&${query}`, key)).body;
    // all ended in the last minute of the hour
    const over = await intervals('intervals=60');
    expect(over['interval_seconds']).toBeCloseTo(60, 0);
    const rows = over['data'] as unknown as { task_type: string; from: string; completed: number; failed: number }[];
    const total = (type: string, what: 'completed' | 'failed') =>
      rows.filter(({ task_type }) => task_type === type).reduce((sum, row) => sum + row[what], 0);
    expect([total('figures.good', 'completed'), total('figures.bad', 'failed')]).toEqual([6, 3]);
    for (const { from } of rows) expect(Date.parse(from)).toBeGreaterThan(Date.now() - 10 * 60_000);
    expect((await intervals('intervals=1&task_type=figures.good'))['data']).toMatchObject([
      { task_type: 'figures.good', from: since, completed: 6, failed: 0, wait_p50: expect.any(Number) },
    ]);
    expect((await intervals('intervals=9', other.key))['data']).toEqual([]);
    // a worker whose tasks are all short, or that has none, is heard of all the same
    await plinth.owner(`update plinth.workers set last_seen_at = now() - interval '20 minutes'`);
    expect((await get('/v1/task-workers')).body['data']?.['0']).toMatchObject({ workers: 0 });
    plinth.clock.advance(120_000);
    await worker.idle();
    expect((await get('/v1/task-workers')).body['data']?.['0']).toMatchObject({ workers: 1 });
    await worker.stop();
    expect((await get('/v1/task-workers')).body['data']).toMatchObject([
      { task_type: 'figures.bad', workers: 0, no_worker: false },
      { task_type: 'figures.good', workers: 0, no_worker: false },
      { task_type: 'figures.nobody', workers: 0, no_worker: true },
    ]);
    expect((await get('/v1/task-statistics', other.key)).body).toMatchObject({ types: [], agents: [] });
    for (const since of ['2020-01-01', '2999-01-01', 'yesterday']) {
      expect((await get(`/v1/task-statistics?since=${since}`)).body).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('what ended long ago is forgotten, children first; what is open or new stays', async () => {
    await plinth.owner('delete from plinth.tasks');
    const old = (status: string, days: number, parent: string | null = null) =>
      plinth.owner<{ id: string }>(
        `insert into plinth.tasks (organization_id, id, task_type, status, completed_at, scheduled_at, parent_task_id)
         values ($1, plinth.uuidv7(now() - $2 * interval '1 day'), 'figures.good', $3::text,
                 case when $3::text = 'pending' then null else now() - ($2 - 1) * interval '1 day' end, now(), $4)
         returning id`,
        [acme.organizationId, days, status, parent],
      );
    const long = ended_tasks_keep_days + 10;
    for (const status of ['completed', 'failed', 'cancelled']) await old(status, long);
    const [family] = await old('completed', long);
    await old('completed', long, family!.id);
    const [open] = await old('pending', long);
    const [recent] = await old('completed', 5);
    const [parent] = await old('completed', long);
    const [child] = await old('pending', 3, parent!.id);
    await plinth.owner(
      `insert into plinth.schedule_firings (organization_id, schedule_id, tick, outcome, created_at)
       select $1, plinth.uuidv7(), now(), 'enqueued', now() - days * interval '1 day' from unnest(array[5, 200]) as days
       on conflict do nothing`,
      [acme.organizationId],
    );
    await plinth.owner(
      `insert into plinth.task_limits (organization_id, concurrency_key, rate_limit, rate_seconds) values ($1, 'kept', 1, 1)`,
      [acme.organizationId],
    );
    await plinth.owner(
      `insert into plinth.task_rates (organization_id, concurrency_key, expires_at, counts)
       select $1, key, '{}', '{}' from unnest(array['kept', 'gone']) as key
       on conflict do nothing`,
      [acme.organizationId],
    );
    expect(await forgetOldTasks(plinth.platform)).toEqual({ tasks: 5, firings: 1, rates: 1 });
    const left = await plinth.owner<{ id: string }>('select id from plinth.tasks');
    expect(left.map(({ id }) => id).sort()).toEqual([open!.id, recent!.id, parent!.id, child!.id].sort());
    expect(await forgetOldTasks(plinth.platform)).toEqual({ tasks: 0, firings: 0, rates: 0 });
  });
});
