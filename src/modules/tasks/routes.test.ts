import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectProblem } from '../../../tests/e2e/problems.ts';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  text,
} from '../../../tests/support/plinth.ts';
import type { ModuleDefinition } from '../../platform/module.ts';
import type { TestAnswer } from '../../testing.ts';
import { TaskFailure } from './failure.ts';
import { type Run, toHandlers, until } from './fixtures/world.ts';
import { tasksModule } from './module.ts';
import { startWorker } from './worker.ts';
import type { TaskWorker } from './worker-types.ts';

const type = 'test.run';
const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'A task type for tests.',
  dependsOn: [],
  tasks: { [type]: { description: 'Does what the test says.', run: async () => null } },
};

describeEngines('cancelling and retrying tasks over HTTP', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, [...baseModules, tasksModule, testTasks]);
    acme = await firstRun(plinth);
  });
  afterAll(() => plinth.close());

  const enqueue = async () => {
    const made = await plinth.call('POST', '/v1/tasks', { key: acme.key, body: { task_type: type } });
    expect(made.status).toBe(201);
    return text(made.body['id']);
  };
  const act = (id: string, action: 'cancel' | 'retry', key = acme.key) =>
    plinth.call('POST', `/v1/tasks/${id}/${action}`, { key });
  const task = async (id: string) => (await plinth.call('GET', `/v1/tasks/${id}`, { key: acme.key })).body;
  const refused = ({ status, headers, text: body }: TestAnswer, code: string) => {
    expect(status).toBe(409);
    expectProblem({ status, type: String(headers['content-type']), body }, code);
  };
  const withWorker = async (run: Run, work: (worker: TaskWorker) => Promise<void>) => {
    const worker = startWorker({
      platform: plinth.platform,
      version: '0.0.0',
      concurrency: 4,
      stopSeconds: 0.1,
      handlers: toHandlers({ [type]: run }),
    });
    try {
      await work(worker);
    } finally {
      await worker.stop();
    }
  };
  const runOnce = (run: Run) => withWorker(run, (worker) => worker.idle());

  it('a completed one has ended for good', async () => {
    const id = await enqueue();
    await runOnce(() => 'done');
    const before = await task(id);
    expect(before).toMatchObject({ status: 'completed', results: 'done' });
    refused(await act(id, 'cancel'), 'task_ended');
    refused(await act(id, 'retry'), 'task_not_retryable');
    expect(await task(id)).toEqual(before);
  });

  it('a failed one has ended, and can be retried', async () => {
    const id = await enqueue();
    await runOnce(() => {
      throw new TaskFailure('no', 'never', { retryable: false });
    });
    expect(await task(id)).toMatchObject({ status: 'failed' });
    refused(await act(id, 'cancel'), 'task_ended');
    expect(await act(id, 'retry')).toMatchObject({ status: 200, body: { id, status: 'pending' } });
    refused(await act(id, 'retry'), 'task_not_retryable');
    await runOnce(() => 'better');
    expect(await task(id)).toMatchObject({ status: 'completed', results: 'better', error: null });
  });

  it('a waiting one cannot be retried, a cancelled one cannot be cancelled again', async () => {
    const id = await enqueue();
    refused(await act(id, 'retry'), 'task_not_retryable');
    expect(await task(id)).toMatchObject({ status: 'pending' });
    expect(await act(id, 'cancel')).toMatchObject({ status: 200, body: { id, status: 'cancelled' } });
    const cancelled = await task(id);
    refused(await act(id, 'cancel'), 'task_ended');
    expect(await task(id)).toEqual(cancelled);
    let runs = 0;
    await runOnce(() => runs++);
    expect(runs).toBe(0);
    expect((await act(id, 'retry')).status).toBe(200);
    await runOnce(() => runs++);
    expect(runs).toBe(1);
  });

  it('a reason may be given, or nothing at all', async () => {
    const cancel = async (body?: unknown) => {
      const id = await enqueue();
      const answer = await plinth.call('POST', `/v1/tasks/${id}/cancel`, { key: acme.key, body });
      return { status: answer.status, code: String(answer.body['code']), error: (await task(id))['error'] };
    };
    const because = { code: 'cancelled', message: 'a duplicate' };
    expect(await cancel({ reason: 'a duplicate' })).toMatchObject({ status: 200, error: because });
    for (const nothing of [undefined, {}, null]) {
      expect(await cancel(nothing)).toMatchObject({ status: 200, error: { code: 'cancelled' } });
    }
    for (const wrong of [{ reason: 7 }, { because: 'x' }, [], 'x', 0, false]) {
      expect(await cancel(wrong)).toMatchObject({ status: 400, code: 'invalid_request', error: null });
    }
  });

  it('a required body is required', async () => {
    for (const body of [undefined, null]) {
      const answer = await plinth.call('POST', '/v1/tasks', { key: acme.key, body });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
  });

  it('one that a worker still holds waits for it to let go', async () => {
    const id = await enqueue();
    const held = Promise.withResolvers<void>();
    let runs = 0;
    const run: Run = async (_payload, { taskId }) => {
      // others have left some of theirs
      if (taskId !== id) return null;
      // deaf to its signal: the first run goes on after it was cancelled
      if (++runs === 1) await held.promise;
      return runs;
    };
    await withWorker(run, async (worker) => {
      await until('it runs', async () => String((await task(id))['status']) === 'running');
      refused(await act(id, 'retry'), 'task_not_retryable');
      expect((await act(id, 'cancel')).status).toBe(200);
      refused(await act(id, 'retry'), 'task_not_retryable');
      held.resolve();
      await until('it can be retried', async () => (await act(id, 'retry')).status === 200);
      await worker.idle();
    });
    expect(runs).toBe(2);
    expect(await task(id)).toMatchObject({ status: 'completed', results: 2 });
  });

  it('tell another organization nothing of their state', async () => {
    const other = await addOrganization(plinth, 'Other', 'other@example.org');
    const ended = await enqueue();
    await runOnce(() => null);
    const waiting = await enqueue();
    for (const id of [ended, waiting, '01900000-0000-7000-8000-000000000000']) {
      for (const action of ['cancel', 'retry'] as const) {
        expect(await act(id, action, other.key)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      }
    }
    expect(await task(waiting)).toMatchObject({ status: 'pending' });
  });
});
