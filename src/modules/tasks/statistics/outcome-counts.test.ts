import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import {
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  text,
} from '../../../../tests/support/plinth.ts';
import type { ModuleDefinition } from '../../../platform/module.ts';
import { TaskFailure } from '../failure.ts';
import { type Run, toHandlers } from '../fixtures/world.ts';
import { taskMetrics } from '../metrics.ts';
import { tasksModule } from '../module.ts';
import { startWorker } from '../worker.ts';
import { outcomeCounts } from './outcome-counts.ts';

const types = ['mail.send', 'report.make'] as const;
const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'Task types for tests.',
  dependsOn: [],
  tasks: Object.fromEntries(types.map((type) => [type, { description: 'Nothing.', run: async () => null }])),
};

describeEngines('the outcomes of attempts at /metrics', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, [...baseModules, tasksModule, testTasks]);
    acme = await firstRun(plinth);
  });
  afterAll(() => plinth.close());

  const counted = async () => {
    const series = (await taskMetrics(plinth.platform)).filter(({ name }) => name === 'plinth_task_attempts_total');
    expect(series.every(({ kind }) => kind === 'counter')).toBe(true);
    return Object.fromEntries(
      series.map(({ labels, value }) => [`${labels!['task_type']} ${labels!['outcome']}`, value]),
    );
  };
  const enqueue = async (body: object) => {
    const made = await plinth.call('POST', '/v1/tasks', { key: acme.key, body });
    expect(made.status).toBe(201);
    return text(made.body['id']);
  };
  const work = async (runs: Record<string, Run>) => {
    const worker = startWorker({
      platform: plinth.platform,
      version: '0.0.0',
      concurrency: 10,
      stopSeconds: 0.1,
      handlers: toHandlers(runs),
    });
    await worker.idle();
    await worker.stop();
  };

  it('every series is there before anything has happened', async () => {
    expect(await counted()).toEqual({
      'mail.send completed': 0,
      'mail.send retried': 0,
      'mail.send failed': 0,
      'report.make completed': 0,
      'report.make retried': 0,
      'report.make failed': 0,
      'external completed': 0,
      'external retried': 0,
      'external failed': 0,
      'unknown lost': 0,
    });
  });

  it('counts by type what succeeded, is tried again, and has failed for good', async () => {
    for (const how of ['well', 'well', 'never', 'later', 'last']) {
      await enqueue({ task_type: 'mail.send', payload: { how }, max_attempts: how === 'last' ? 1 : 5 });
    }
    await enqueue({ task_type: 'report.make' });
    await enqueue({ task_type: 'report.make', max_attempts: 1 });
    await work({
      'mail.send': (payload) => {
        const { how } = payload as { how: string };
        if (how === 'well') return 'done';
        if (how === 'never') throw new TaskFailure('no', 'never', { retryable: false });
        throw new TaskFailure('busy', 'later', { retryAfterSeconds: 3600 });
      },
      'report.make': () => {
        throw new TaskFailure('busy', 'later', { retryAfterSeconds: 3600 });
      },
    });
    expect(await counted()).toMatchObject({
      'mail.send completed': 2,
      'mail.send retried': 1,
      'mail.send failed': 2,
      'report.make completed': 0,
      'report.make retried': 1,
      'report.make failed': 1,
    });
  });

  it('workers outside count together, and what was lost with its worker by itself', async () => {
    await plinth.call('PUT', '/v1/task-definitions/outside', {
      key: acme.key,
      body: { task_type: 'outside.run', is_external: true },
    });
    for (let n = 0; n < 4; n++) await enqueue({ task_type: 'outside.run' });
    const call = (url: string, body: object) => plinth.call('POST', url, { key: acme.key, body });
    const worker = text((await call('/v1/task-workers', { task_types: ['outside.run'] })).body['id']);
    const held = (await call(`/v1/task-workers/${worker}/claim`, { max: 4 })).body['tasks'] as unknown as {
      lease_id: string;
    }[];
    const [a, b, c] = held.map(({ lease_id }) => lease_id);
    await call(`/v1/task-workers/${worker}/complete`, { tasks: [{ lease_id: a }] });
    await call(`/v1/task-workers/${worker}/complete`, { tasks: [{ lease_id: a }] });
    await call(`/v1/task-workers/${worker}/fail`, { tasks: [{ lease_id: b, code: 'x', retryable: false }] });
    await call(`/v1/task-workers/${worker}/fail`, { tasks: [{ lease_id: c, code: 'x', retry_after_seconds: 3600 }] });
    await plinth.owner(`update plinth.task_leases set expires_at = now() - interval '1 second'`);
    await work({});
    await outcomeCounts(plinth.platform).flush();
    expect(await counted()).toMatchObject({
      'external completed': 1,
      'external failed': 1,
      'external retried': 1,
      'unknown lost': 1,
    });
  });

  it('what can not be written is written with the next', async () => {
    const before = (await counted())['mail.send completed']!;
    const rename = (from: string, to: string) => plinth.owner(`alter function plinth.${from}(jsonb) rename to ${to}`);
    const counts = outcomeCounts(plinth.platform);
    counts.note('mail.send', 'completed', 3);
    await rename('count_task_outcomes', 'count_task_outcomes_gone');
    await counts.flush();
    await rename('count_task_outcomes_gone', 'count_task_outcomes');
    expect((await counted())['mail.send completed']).toBe(before);
    counts.note('mail.send', 'completed', 1);
    await Promise.all([counts.flush(), counts.flush()]);
    expect((await counted())['mail.send completed']).toBe(before + 4);
  });
});
