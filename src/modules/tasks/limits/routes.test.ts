import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import {
  addOrganization,
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  text,
} from '../../../../tests/support/plinth.ts';
import type { ModuleDefinition } from '../../../platform/module.ts';
import { toHandlers, until } from '../fixtures/world.ts';
import { tasksModule } from '../module.ts';
import { startWorker } from '../worker.ts';

const type = 'mail.send';
const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'A task type for tests.',
  dependsOn: [],
  tasks: { [type]: { description: 'Does what the test says.', run: async () => null } },
};

describeEngines('limits over HTTP', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let other: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, [...baseModules, tasksModule, testTasks]);
    acme = await firstRun(plinth);
    other = await addOrganization(plinth, 'Other', 'other@example.org');
  });
  afterAll(() => plinth.close());

  const call = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, body?: unknown, key = acme.key) =>
    plinth.call(method, url, { key, ...(body === undefined ? {} : { body }) });

  it('are set, read with their use, listed and removed; of one organization only', async () => {
    const key = encodeURIComponent('crm/api: é');
    const made = await call('PUT', `/v1/task-limits/${key}`, { concurrency_limit: 3 });
    expect(made).toMatchObject({ status: 200, body: { key: 'crm/api: é', concurrency_limit: 3, rate_limit: null } });
    const changed = await call('PUT', `/v1/task-limits/${key}`, { rate_limit: 10, rate_seconds: 60 });
    const id = text(made.body['id']);
    expect(changed.body).toMatchObject({ id, concurrency_limit: null, rate_limit: 10, rate_seconds: 60 });
    await call('POST', '/v1/tasks', { task_type: type, concurrency_key: 'crm/api: é' });
    const used = await call('GET', `/v1/task-limits/${key}`);
    expect(used.body).toMatchObject({ held: 0, waiting: 1, rate_renews_at: null });
    expect((await call('GET', '/v1/task-limits')).body).toMatchObject({ data: [{ key: 'crm/api: é' }] });
    expect((await call('GET', '/v1/task-limits', undefined, other.key)).body).toMatchObject({ data: [] });
    expect(await call('GET', `/v1/task-limits/${key}`, undefined, other.key)).toMatchObject({ status: 404 });
    expect(await call('DELETE', `/v1/task-limits/${key}`, undefined, other.key)).toMatchObject({ status: 404 });
    expect((await call('DELETE', `/v1/task-limits/${key}`)).status).toBe(204);
    expect(await call('GET', `/v1/task-limits/${key}`)).toMatchObject({ status: 404 });
  });

  it('what is half a limit, none, or out of bounds is refused', async () => {
    for (const body of [
      {},
      { rate_limit: 5 },
      { rate_seconds: 5 },
      { concurrency_limit: 0 },
      { concurrency_limit: 1.5 },
      { rate_limit: 1, rate_seconds: 0.5 },
      { limit: 4 },
    ]) {
      expect(await call('PUT', '/v1/task-limits/x', body), JSON.stringify(body)).toMatchObject({ status: 400 });
    }
    const long = await call('PUT', `/v1/task-limits/${'x'.repeat(201)}`, { concurrency_limit: 1 });
    expect(long.status).toBe(400);
    const lone = await call('POST', '/v1/tasks', { task_type: type, concurrency_limit: 2 });
    expect(lone).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it('a definition’s limit holds for the tasks it makes', async () => {
    await call('PUT', '/v1/task-definitions/invoice', {
      task_type: type,
      concurrency_limit: 2,
      default_configuration: { invoice: true },
    });
    for (let n = 0; n < 8; n++) await call('POST', '/v1/task-definitions/invoice/tasks', {});
    let running = 0;
    let highest = 0;
    const worker = startWorker({
      platform: plinth.platform,
      version: '0.0.0',
      concurrency: 8,
      handlers: toHandlers({
        [type]: async (payload) => {
          // tasks of the other tests are there as well
          if ((payload as { invoice?: boolean }).invoice !== true) return;
          highest = Math.max(highest, ++running);
          await new Promise((resolve) => setTimeout(resolve, 10));
          running--;
        },
      }),
    });
    try {
      await until('all are done', async () => {
        const list = await call('GET', '/v1/tasks?status=completed&limit=100');
        return (
          (list.body['data'] as unknown as { title: string }[]).filter(({ title }) => title === 'invoice').length === 8
        );
      });
    } finally {
      await worker.stop();
    }
    expect(highest).toBe(2);
  });
});
