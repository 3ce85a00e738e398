import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  text,
} from '../../../tests/support/plinth.ts';
import type { ModuleDefinition } from '../../platform/module.ts';
import { type Run, toHandlers, until } from './fixtures/world.ts';
import { tasksModule } from './module.ts';
import { startWorker } from './worker.ts';

const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'A task type for tests.',
  dependsOn: [],
  tasks: { big: { description: 'Is large.', run: async () => null } },
};

const payload_bytes_max = 3 * 1024 * 1024;
const result_bytes_max = 2 * 1024 * 1024;

describeEngines('the caps an operator has set', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, [...baseModules, tasksModule, testTasks], {
      config: {
        taskPayloadBytesMax: payload_bytes_max,
        taskResultBytesMax: result_bytes_max,
        taskLogLineBytesMax: 1_000,
      },
    });
    acme = await firstRun(plinth);
  });
  afterAll(() => plinth.close());

  const add = (payload: unknown) =>
    plinth.call('POST', '/v1/tasks', { key: acme.key, body: { task_type: 'big', payload } });
  const run = async (work: Run, payload: unknown = {}) => {
    const id = text((await add(payload)).body['id']);
    const worker = startWorker({
      platform: plinth.platform,
      version: '0.0.0',
      concurrency: 1,
      handlers: toHandlers({ big: work }),
    });
    await worker.idle();
    await worker.stop();
    return id;
  };
  const read = async (id: string, of = '') =>
    (await plinth.call('GET', `/v1/tasks/${id}${of}`, { key: acme.key })).body as unknown as {
      status: string;
      error: { code: string } | null;
      data: { message: string }[];
    };

  it('payloads up to theirs arrive whole, over HTTP too; larger ones are refused by name', async () => {
    const largest = 'p'.repeat(payload_bytes_max - 2);
    let seen = 0;
    const id = await run((payload) => {
      seen = (payload as string).length;
    }, largest);
    expect((await read(id)).status).toBe('completed');
    expect(seen).toBe(largest.length);
    const refused = await add(`${largest}p`);
    expect(refused).toMatchObject({ status: 413, body: { code: 'task_payload_too_large' } });
    const both = { tasks: [{ task_type: 'big', payload: largest }, { task_type: 'big' }] };
    expect((await plinth.call('POST', '/v1/tasks/bulk', { key: acme.key, body: both })).status).toBe(201);
  });

  it('results up to theirs are kept, and with a larger one the task fails for good', async () => {
    expect((await read(await run(() => 'r'.repeat(result_bytes_max - 2)))).status).toBe('completed');
    const failed = await read(await run(() => 'r'.repeat(result_bytes_max - 1)));
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'result_too_large' } });
  });

  it('longer lines of the log are cut', async () => {
    const id = await run((_payload, context) => context.log('info', 'word '.repeat(1_000)));
    await until('the line is there', async () => (await read(id, '/logs')).data.length > 0);
    const [line] = (await read(id, '/logs')).data;
    expect(line!.message.length).toBeLessThan(1_100);
    expect(line!.message).toMatch(/\[cut: the line had 5000 characters; the limit is 1000 bytes\]/);
  });
});
