import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
import { type Run, toHandlers, until } from '../fixtures/world.ts';
import { tasksModule } from '../module.ts';
import { startWorker } from '../worker.ts';
import { outputLimits } from './limits.ts';
import { storableData, storableMessage } from './line.ts';
import { decodePosition, encodePosition } from './read-logs.ts';

const type = 'talk';
/** The default. */
const line_bytes_max = 64 * 1024;
const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'A task type for tests.',
  dependsOn: [],
  tasks: { [type]: { description: 'Talks.', run: async () => null } },
};

interface Line {
  readonly level: string;
  readonly message: string;
  readonly attempt: number;
  readonly data: unknown;
}
interface Page {
  readonly data: Line[];
  readonly next_cursor: string | null;
  readonly progress: { readonly fraction: number; readonly message: string; readonly attempt: number } | null;
  readonly ended: boolean;
}

describeEngines('logs and progress of tasks', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, [...baseModules, tasksModule, testTasks]);
    acme = await firstRun(plinth);
  });
  afterAll(() => plinth.close());

  const enqueue = async (body: object = {}) =>
    text((await plinth.call('POST', '/v1/tasks', { key: acme.key, body: { task_type: type, ...body } })).body['id']);
  const logs = async (id: string, query = '', key = acme.key) => {
    const answer = await plinth.call('GET', `/v1/tasks/${id}/logs${query}`, { key });
    expect(answer.status).toBe(200);
    return answer.body as unknown as Page;
  };
  const withWorker = async (run: Run, work: () => Promise<void> = async () => undefined) => {
    const worker = startWorker({
      platform: plinth.platform,
      version: '0.0.0',
      concurrency: 4,
      stopSeconds: 0.1,
      handlers: toHandlers({ [type]: run }),
    });
    try {
      await work();
      await worker.idle();
    } finally {
      await worker.stop();
    }
  };

  it('are read in order, page by page, by attempt and level', async () => {
    const id = await enqueue({ max_attempts: 2 });
    await withWorker((_payload, context) => {
      for (let n = 1; n <= 3; n++) context.log(n === 2 ? 'warn' : 'info', `line ${n}`, { n });
      context.progress(0.5, 'half');
      context.progress(0.25 * context.attempt + 0.5, 'more');
      if (context.attempt === 1) throw Object.assign(new Error('again'), { code: 'x' });
    });
    await until('the second attempt', async () => {
      await withWorker((_payload, context) => context.log('error', 'again'));
      return (await logs(id)).data.length === 4;
    });
    const all = await logs(id);
    expect(all.data.map(({ attempt, level, message }) => [attempt, level, message])).toEqual([
      [1, 'info', 'line 1'],
      [1, 'warn', 'line 2'],
      [1, 'info', 'line 3'],
      [2, 'error', 'again'],
    ]);
    expect(all.data[0]!.data).toEqual({ n: 1 });
    expect(all.progress).toMatchObject({ attempt: 1, fraction: 0.75, message: 'more' });
    const seen: string[] = [];
    let cursor = '';
    for (
      let page = await logs(id, '?limit=1');
      page.data.length > 0;
      page = await logs(id, `?limit=1&cursor=${cursor}`)
    ) {
      seen.push(page.data[0]!.message);
      cursor = page.next_cursor!;
    }
    expect(seen).toEqual(['line 1', 'line 2', 'line 3', 'again']);
    expect((await logs(id, '?attempt=2')).data).toHaveLength(1);
    expect((await logs(id, '?level=warn')).data.map(({ message }) => message)).toEqual(['line 2', 'again']);
  });

  it('can be followed while they are written, to the end', async () => {
    const id = await enqueue();
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    await withWorker(
      async (_payload, context) => {
        context.log('info', 'first');
        await gate.promise;
        for (let n = 0; n < 30; n++) context.log('info', `then ${n}`);
      },
      async () => {
        let cursor: string | null = null;
        let ended = false;
        await until('the end of the log', async () => {
          const page: Page = await logs(id, `?wait_seconds=5&limit=7${cursor ? `&cursor=${cursor}` : ''}`);
          seen.push(...page.data.map(({ message }) => message));
          if (seen.length > 0) gate.resolve();
          cursor = page.next_cursor;
          ended = page.ended;
          return ended;
        });
      },
    );
    expect(seen).toEqual(['first', ...Array.from({ length: 30 }, (_, n) => `then ${n}`)]);
  });

  it('a handler that never stops talking is held to its rate, and what was dropped is said', async () => {
    const id = await enqueue();
    const lines = 5_000;
    await withWorker((_payload, context) => {
      for (let n = 0; n < lines; n++) context.log('info', `line ${n}`);
    });
    const [row] = await plinth.owner<{ stored: number; dropped: number }>(
      `select count(*) filter (where level = 'info')::int as stored,
              sum(substring(message from '^(\\d+) lines dropped')::int)::int as dropped
       from plinth.task_execution_logs where task_id = $1`,
      [id],
    );
    expect(row!.stored).toBeGreaterThanOrEqual(outputLimits.log_burst_lines);
    expect(row!.stored + row!.dropped).toBe(lines);
    expect(row!.dropped).toBeGreaterThan(0);
  });

  it('whatever is logged is stored without secrets, or cut, and never breaks the task', async () => {
    const id = await enqueue();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    await withWorker((_payload, context) => {
      context.log('info', `${'x'.repeat(100_000)}`);
      context.log('info', 'NUL \0 and half a pair \ud800', { text: '\0\ud800' });
      context.log('info', `Authorization: Bearer ${acme.key}`, { password: 'hunter2', nested: { apiKey: acme.key } });
      context.log('info', circle, circle);
      context.log('info', Symbol('s'), { big: 'y'.repeat(200_000), n: 1n });
      context.progress(Number.NaN);
      context.progress(7, 'over');
      setTimeout(() => context.log('info', 'after the end'), 50);
      return 'done';
    });
    await until('it was stored', async () => (await logs(id)).data.length >= 5);
    const { data, progress } = await logs(id);
    expect(data).toHaveLength(5);
    expect(Buffer.byteLength(data[0]!.message)).toBeLessThan(line_bytes_max + 200);
    expect(data[0]!.message).toMatch(/\[cut: the line had 100000 characters/);
    expect(JSON.stringify(data)).not.toContain(acme.key);
    expect(JSON.stringify(data)).not.toContain('hunter2');
    expect(progress).toMatchObject({ fraction: 1, message: 'over' });
    expect((await plinth.call('GET', `/v1/tasks/${id}`, { key: acme.key })).body).toMatchObject({
      status: 'completed',
    });
  });

  it('are nobody else’s, and a cursor is one of ours', async () => {
    const id = await enqueue();
    await withWorker((_payload, context) => context.log('info', 'ours'));
    const other = await addOrganization(plinth, 'Other', 'other@example.org');
    expect((await plinth.call('GET', `/v1/tasks/${id}/logs`, { key: other.key })).status).toBe(404);
    for (const cursor of ['x', 'bDoxOng', encodePosition({ attempt: 1, id: 'x' })]) {
      const answer = await plinth.call('GET', `/v1/tasks/${id}/logs?cursor=${cursor}`, { key: acme.key });
      expect(answer.body).toMatchObject({ code: 'invalid_cursor' });
    }
    expect((await plinth.call('GET', `/v1/tasks/${id}/logs?wait_seconds=31`, { key: acme.key })).status).toBe(400);
  });
});

describe('a line', () => {
  it('is cut between characters, and a secret in the middle of a long one is gone', () => {
    const wide = storableMessage('ä€😀'.repeat(20_000), line_bytes_max);
    expect(wide.isWellFormed()).toBe(true);
    expect(wide).not.toContain('\uFFFD');
    const long = storableMessage(
      `${'word '.repeat(5_000)}password=hunter2hunter2 ${'word '.repeat(2_000)}`,
      line_bytes_max,
    );
    expect(long).not.toContain('hunter2');
    expect(long.length).toBeGreaterThan(30_000);
  });

  it('data that can not be JSON says so', () => {
    expect(storableData(undefined)).toBeUndefined();
    expect(
      storableData({
        toJSON: () => {
          throw new Error('no');
        },
      }),
    ).toBeTypeOf('string');
    expect(storableData('x'.repeat(10))).toBe('"xxxxxxxxxx"');
  });

  it('positions come back as they were', () => {
    const position = { attempt: 3, id: '01900000-0000-7000-8000-000000000000' };
    expect(decodePosition(encodePosition(position))).toEqual(position);
    expect(decodePosition(undefined)).toBeUndefined();
  });
});
