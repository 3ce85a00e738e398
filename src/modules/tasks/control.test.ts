import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
} from '../../../tests/support/plinth.ts';
import type { ModuleDefinition } from '../../platform/module.ts';
import { TaskFailure } from './failure.ts';
import { type Run, toHandlers, until } from './fixtures/world.ts';
import { tasksModule } from './module.ts';
import { startWorker } from './worker.ts';

const types = ['test.run', 'test.other'];
const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'Task types for tests.',
  dependsOn: [],
  tasks: Object.fromEntries(
    types.map((type) => [type, { description: 'Does what the test says.', run: async () => null }]),
  ),
};

describeEngines('tasks that wait, pause and are changed together, over HTTP', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, [...baseModules, tasksModule, testTasks]);
    acme = await firstRun(plinth);
  });
  afterAll(() => plinth.close());
  beforeEach(async () => {
    await plinth.owner(
      'truncate plinth.tasks, plinth.task_queue, plinth.task_timers, plinth.task_leases, plinth.task_attempts cascade',
    );
  });

  const call = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, key = acme.key) =>
    plinth.call(method, `/v1/tasks${path}`, { key, body });
  const bulk = async (...tasks: Record<string, unknown>[]) => {
    const made = await call('POST', '/bulk', { tasks: tasks.map((task) => ({ task_type: 'test.run', ...task })) });
    expect(made.status).toBe(201);
    return (made.body['data'] as unknown as { id: string; created: boolean }[]).map(({ id }) => id);
  };
  const statuses = (ids: string[]) =>
    Promise.all(ids.map(async (id) => String((await call('GET', `/${id}`)).body['status'])));
  const withWorker = async (run: Run, work: (idle: () => Promise<void>) => Promise<void>) => {
    const worker = startWorker({
      platform: plinth.platform,
      version: '0.0.0',
      concurrency: 4,
      stopSeconds: 0.1,
      handlers: toHandlers(Object.fromEntries(types.map((type) => [type, run]))),
    });
    try {
      await work(() => worker.idle());
    } finally {
      await worker.stop();
    }
  };

  it('dependencies are given, shown, added and removed', async () => {
    const [a, b, c] = await bulk({ ref: 'a' }, { ref: 'b', depends_on: ['a'] }, {});
    expect(await statuses([a!, b!, c!])).toEqual(['pending', 'blocked', 'pending']);
    const added = await call('POST', `/${c}/dependencies`, { depends_on: [b, { task_id: a, kind: 'completion' }] });
    expect(added).toMatchObject({ status: 200, body: { id: c, status: 'blocked', pending_dependencies: 2 } });
    expect((await call('GET', `/${c}/dependencies`)).body).toEqual({
      satisfied: false,
      depends_on: [
        { task_id: a, kind: 'completion', status: 'pending', task_type: 'test.run' },
        { task_id: b, kind: 'success', status: 'blocked', task_type: 'test.run' },
      ],
      dependants: [],
    });
    const refuses = async (id: string | undefined, body: unknown, status: number, code: string) =>
      expect(await call('POST', `/${id}/dependencies`, body)).toMatchObject({ status, body: { code } });
    await refuses(a, { depends_on: [c] }, 409, 'task_dependency_cycle');
    await refuses(a, { depends_on: [a] }, 409, 'task_dependency_cycle');
    await refuses(c, { depends_on: [b] }, 409, 'task_dependency_exists');
    await refuses(b, { depends_on: [c, c] }, 422, 'task_dependency_invalid');
    await refuses(b, { depends_on: [] }, 400, 'invalid_request');
    await refuses(b, { depends_on: ['01900000-0000-7000-8000-000000000000'] }, 409, 'reference_not_found');
    await refuses('01900000-0000-7000-8000-000000000000', { depends_on: [a] }, 404, 'not_found');
    expect(await call('DELETE', `/${c}/dependencies/${b}`)).toMatchObject({
      status: 200,
      body: { pending_dependencies: 1 },
    });
    expect(await call('DELETE', `/${c}/dependencies/${b}`)).toMatchObject({ status: 404 });
    await withWorker(
      () => 1,
      (idle) => idle(),
    );
    expect(await statuses([a!, b!, c!])).toEqual(['completed', 'completed', 'completed']);
    await refuses(c, { depends_on: [a] }, 409, 'task_ended');
    const circle = [
      { task_type: 'test.run', ref: 'x', depends_on: ['y'] },
      { task_type: 'test.run', ref: 'y', depends_on: ['x'] },
    ];
    expect(await call('POST', '/bulk', { tasks: circle })).toMatchObject({
      status: 409,
      body: { code: 'task_dependency_cycle' },
    });
  });

  it('a task that runs can not be made to wait; one whose dependency failed is retried through it', async () => {
    const gate = Promise.withResolvers<void>();
    const run: Run = async () => {
      await gate.promise;
      throw new TaskFailure('no', 'no', { retryable: false });
    };
    const [first, second, other] = await bulk({ ref: 'first' }, { depends_on: ['first'] }, { task_type: 'test.other' });
    await withWorker(run, async (idle) => {
      await until('it runs', async () => (await statuses([first!]))[0] === 'running');
      expect(await call('POST', `/${first}/dependencies`, { depends_on: [other] })).toMatchObject({
        status: 409,
        body: { code: 'task_started' },
      });
      gate.resolve();
      await idle();
    });
    expect(await statuses([first!, second!])).toEqual(['failed', 'cancelled']);
    expect(await call('POST', `/${second}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'task_dependency_failed' },
    });
    expect(await call('POST', `/${first}/retry`)).toMatchObject({ status: 200, body: { status: 'pending' } });
    expect(await statuses([second!])).toEqual(['blocked']);
  });

  it('cancels subtasks with their parent, and what waits for them', async () => {
    const [parent] = await bulk({});
    const [child] = await bulk({ parent_task_id: parent });
    const [grandchild, waits] = await bulk({ parent_task_id: child, ref: 'g' }, { depends_on: ['g'] });
    expect(await call('POST', `/${parent}/cancel`, { reason: 'enough' })).toMatchObject({ status: 200 });
    expect(await statuses([parent!, child!, grandchild!, waits!])).toEqual(Array(4).fill('cancelled'));
    expect((await call('GET', `/${grandchild}`)).body['error']).toMatchObject({ message: 'enough' });
  });

  it('pauses what is due, delayed or blocked, and resumes it where it was', async () => {
    const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
    const ids = await bulk({ ref: 'due' }, { scheduled_at }, { depends_on: ['due'] });
    for (const id of ids) {
      expect(await call('POST', `/${id}/pause`)).toMatchObject({ status: 200, body: { status: 'paused' } });
    }
    expect((await call('POST', `/${ids[0]}/pause`)).status).toBe(200);
    let runs = 0;
    await withWorker(
      () => runs++,
      async (idle) => {
        await idle();
        expect(runs).toBe(0);
        expect((await call('POST', `/${ids[0]}/resume`)).body).toMatchObject({ status: 'pending' });
        await idle();
        expect(runs).toBe(1);
        // it counted on while it was paused
        expect(await statuses(ids)).toEqual(['completed', 'paused', 'paused']);
        for (const id of ids.slice(1))
          expect((await call('POST', `/${id}/resume`)).body).toMatchObject({ status: 'pending' });
        await idle();
      },
    );
    expect(await statuses(ids)).toEqual(['completed', 'pending', 'completed']);
    expect(await call('POST', `/${ids[1]}/resume`)).toMatchObject({ status: 409, body: { code: 'task_not_paused' } });
    expect(await call('POST', `/${ids[0]}/pause`)).toMatchObject({ status: 409, body: { code: 'task_ended' } });
  });

  it('a task that runs is stopped by pausing it, and begins again without having lost an attempt', async () => {
    const [id] = await bulk({});
    const seen: [number, unknown][] = [];
    const run: Run = (_payload, { attempt, signal }) => {
      seen.push([attempt, undefined]);
      if (seen.length > 1) return 'done';
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          seen[0]![1] = (signal.reason as TaskFailure).code;
          reject(signal.reason as Error);
        });
      });
    };
    await withWorker(run, async (idle) => {
      await until('it runs', async () => (await statuses([id!]))[0] === 'running');
      expect((await call('POST', `/${id}/pause`)).body).toMatchObject({ status: 'paused' });
      await until('its handler was told', () => seen[0]![1] === 'paused');
      await until('it was let go', async () => (await plinth.owner('select from plinth.task_leases')).length === 0);
      expect(await statuses([id!])).toEqual(['paused']);
      expect((await call('POST', `/${id}/resume`)).body).toMatchObject({ status: 'pending' });
      await idle();
    });
    expect(seen).toEqual([
      [1, 'paused'],
      [1, undefined],
    ]);
    expect((await call('GET', `/${id}`)).body).toMatchObject({ status: 'completed', results: 'done', attempts: 1 });
  });

  it('changes many by a filter, a page at a time, and says so in the audit log once for each', async () => {
    const other = await addOrganization(plinth, 'Other', 'other@example.org');
    const ids = await bulk(...Array.from({ length: 5 }, (_, n) => ({ metadata: { group: n % 2 } })), {
      task_type: 'test.other',
    });
    const change = async (action: string, body: Record<string, unknown>, key = acme.key) =>
      (await call('POST', `/${action}`, body, key)).body;
    const everything = { created_after: '2000-01-01T00:00:00Z' };
    expect(await change('pause', { filter: { metadata: { group: 1 } } })).toEqual({ changed: 2, next_cursor: null });
    expect(await change('cancel', { filter: everything }, other.key)).toEqual({ changed: 0, next_cursor: null });
    expect(await change('resume', { filter: { ids: [ids[1]] } })).toEqual({ changed: 1, next_cursor: null });
    expect(await change('resume', { filter: { status: 'paused' } })).toEqual({ changed: 1, next_cursor: null });
    const first = await change('cancel', { filter: { task_type: 'test.run' }, limit: 3, reason: 'a mistake' });
    expect(first).toMatchObject({ changed: 3, next_cursor: expect.any(String) });
    expect(
      await change('cancel', { filter: { task_type: 'test.run' }, limit: 3, cursor: first['next_cursor'] }),
    ).toEqual({
      changed: 2,
      next_cursor: null,
    });
    expect(await statuses(ids)).toEqual([...Array(5).fill('cancelled'), 'pending']);
    expect(await change('retry', { filter: { error_code: 'cancelled' } })).toEqual({ changed: 5, next_cursor: null });
    await withWorker(
      () => 1,
      (idle) => idle(),
    );
    expect(await statuses(ids)).toEqual(Array(6).fill('completed'));
    for (const wrong of [{}, { filter: {} }, { filter: { colour: 'red' } }, { filter: everything, limit: 0 }]) {
      expect(await call('POST', '/cancel', wrong)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
    const entries = await plinth.owner(
      `select action, (details ->> 'count')::int as count from plinth.audit_logs where action like 'bulk_%' order by id`,
    );
    expect(entries).toEqual([
      { action: 'bulk_pause', count: 2 },
      { action: 'bulk_resume', count: 1 },
      { action: 'bulk_resume', count: 1 },
      { action: 'bulk_cancel', count: 3 },
      { action: 'bulk_cancel', count: 2 },
      { action: 'bulk_retry', count: 5 },
    ]);
  });

  it('a bulk retry wakes whole graphs, however their pages fall', async () => {
    let broken = true;
    const run: Run = () => {
      if (broken) throw new TaskFailure('no', 'no', { retryable: false });
    };
    const ids = await bulk(
      { ref: 'a' },
      { ref: 'b', depends_on: ['a'] },
      { ref: 'c', depends_on: ['b'] },
      { depends_on: ['a', 'c'] },
    );
    await withWorker(run, async (idle) => {
      await idle();
      expect(await statuses(ids)).toEqual(['failed', 'cancelled', 'cancelled', 'cancelled']);
      broken = false;
      // only what waits in vain: nothing to be gained
      const inVain = await call('POST', '/retry', { filter: { error_code: 'dependency_not_met' } });
      expect(inVain.body).toEqual({ changed: 0, next_cursor: null });
      expect((await call('POST', '/retry', { filter: { status: 'failed' } })).body['changed']).toBe(4);
      await idle();
    });
    expect(await statuses(ids)).toEqual(Array(4).fill('completed'));
  });
});
