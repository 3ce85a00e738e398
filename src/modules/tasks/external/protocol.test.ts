import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
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
import { until } from '../fixtures/world.ts';
import { tasksModule } from '../module.ts';

const own: ModuleDefinition = {
  name: 'test-tasks',
  description: 'A task type that the program runs itself.',
  dependsOn: [],
  tasks: { 'own.task': { description: 'Runs in process.', run: async () => null } },
};
const type = 'report.render';

interface Held {
  readonly lease_id: string;
  readonly task_id: string;
  readonly payload: unknown;
  readonly attempt: number;
  readonly task_type: string;
}

describeEngines('workers outside the server', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let other: FirstRun;
  let worker: string;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, [...baseModules, tasksModule, own]);
    acme = await firstRun(plinth);
    other = await addOrganization(plinth, 'Other', 'other@example.org');
    for (const key of [acme.key, other.key]) {
      const defined = { task_type: type, is_external: true, max_retries: 2, retry_delay_seconds: 0 };
      expect((await call('PUT', '/v1/task-definitions/render', defined, key)).status).toBe(201);
    }
  });
  beforeEach(async () => {
    await call('POST', '/v1/tasks/cancel', { filter: { task_type: type } });
    worker = await register();
  });
  afterAll(() => plinth.close());

  const call = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, body?: unknown, key = acme.key) =>
    plinth.call(method, url, { key, ...(body === undefined ? {} : { body }) });
  const act = (action: string, body: unknown, id = worker, key = acme.key) =>
    call('POST', `/v1/task-workers/${id}/${action}`, body, key);
  const register = async (body: object = {}, key = acme.key) => {
    const made = await call('POST', '/v1/task-workers', { task_types: [type], ...body }, key);
    expect(made).toMatchObject({ status: 201, body: { lease_seconds: 15, heartbeat_seconds: 3 } });
    return text(made.body['id']);
  };
  const enqueue = async (payload: unknown = {}, more: object = {}) => {
    const made = await call('POST', '/v1/task-definitions/render/tasks', { payload, ...more });
    expect(made.status).toBe(201);
    return text(made.body['id']);
  };
  const claim = async (body: object = {}, id = worker) => {
    const answer = await act('claim', body, id);
    expect(answer.status, answer.text).toBe(200);
    return answer.body['tasks'] as unknown as Held[];
  };
  const claimOne = async (id = worker) => {
    const [task, ...more] = await claim({}, id);
    expect(more).toEqual([]);
    return task!;
  };
  const task = async (id: string) => (await call('GET', `/v1/tasks/${id}`)).body;
  const outcomesOf = async (action: string, body: unknown, id = worker, key = acme.key) => {
    const answer = await act(action, body, id, key);
    expect([200, 202], answer.text).toContain(answer.status);
    return (answer.body['tasks'] as unknown as { outcome?: string; state?: string }[]).map(
      ({ outcome, state }) => outcome ?? state,
    );
  };
  const refused = (answer: { status: number; body: object }, status: number, code: string) =>
    expect(answer).toMatchObject({ status, body: { code } });
  const makeKey = async (scopes: string[]) => {
    const made = await call('POST', '/v1/api-keys', { name: 'worker', service: true, scopes });
    expect(made.status, made.text).toBe(201);
    return text(made.body['key']);
  };
  const loseLeases = (of = worker) =>
    plinth.owner(`update plinth.task_leases set expires_at = now() - interval '1 s' where worker_id = '${of}'`);

  // first: what other tests leave behind, a lease that ends, is something that is due
  it('asks nothing while it waits and nothing is due', async () => {
    const { engine } = plinth.platform;
    const waiting = claim({ wait_seconds: 2 });
    await new Promise((resolve) => setTimeout(resolve, 700));
    let asked = 0;
    const pools = new Set([engine.pool, engine.workerPool]);
    const connects = [...pools].map((pool) => [pool, pool.connect] as const);
    for (const [pool, original] of connects) {
      const counted = (...given: unknown[]) => {
        asked++;
        return Reflect.apply(original, pool, given);
      };
      pool.connect = counted as typeof pool.connect;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const whileWaiting = asked;
    const probe = await task(await enqueue());
    for (const [pool, original] of connects) pool.connect = original;
    expect(probe['id']).toBeDefined();
    expect(asked).toBeGreaterThan(0);
    expect(whileWaiting).toBe(0);
    await waiting;
  });

  it('claims, beats, logs and completes', async () => {
    const id = await enqueue({ page: 1 });
    const held = await claimOne();
    expect(held).toMatchObject({
      task_id: id,
      task_type: type,
      attempt: 1,
      payload: { page: 1 },
      timeout_seconds: 300,
    });
    expect(await task(id)).toMatchObject({ status: 'running', attempts: 1 });
    expect(await claim()).toEqual([]);
    expect(await outcomesOf('heartbeat', { lease_ids: [held.lease_id] })).toEqual(['held']);
    const { lease_id } = held;
    const lines = [
      { level: 'info', message: 'half', data: { n: 1 } },
      { level: 'warn', message: 'almost' },
    ];
    const said = { lease_id, lines, progress: { fraction: 0.5, message: 'half' } };
    expect(await outcomesOf('logs', { tasks: [said] })).toEqual(['recorded']);
    expect(await outcomesOf('complete', { tasks: [{ lease_id, result: { pages: 3 } }] })).toEqual(['recorded']);
    expect(await task(id)).toMatchObject({ status: 'completed', results: { pages: 3 }, attempts: 1, error: null });
    await until('the lines are there', async () => {
      const logs = (await call('GET', `/v1/tasks/${id}/logs`)).body;
      return (logs['data'] as unknown as object[]).length === 2;
    });
    expect((await call('GET', `/v1/tasks/${id}/logs`)).body).toMatchObject({
      data: [{ level: 'info', message: 'half', data: { n: 1 } }, { message: 'almost' }],
      progress: { fraction: 0.5 },
    });
  });

  it('what was lost changes nothing, and each task says so', async () => {
    const id = await enqueue();
    const first = await claimOne();
    await loseLeases();
    const second = await register();
    const again = await claimOne(second);
    expect(again).toMatchObject({ task_id: id, attempt: 2 });
    const { lease_id } = first;
    expect(await outcomesOf('heartbeat', { lease_ids: [lease_id] })).toEqual(['lost']);
    expect(await outcomesOf('complete', { tasks: [{ lease_id, result: 'late' }] })).toEqual(['lease_lost']);
    expect(await outcomesOf('fail', { tasks: [{ lease_id, code: 'late' }] })).toEqual(['lease_lost']);
    expect(await outcomesOf('release', { lease_ids: [lease_id] })).toEqual(['lease_lost']);
    expect(await outcomesOf('logs', { tasks: [{ lease_id, progress: { fraction: 1 } }] })).toEqual(['lease_lost']);
    // nor with the lease of another worker
    expect(await outcomesOf('complete', { tasks: [{ lease_id: again.lease_id }] })).toEqual(['lease_lost']);
    expect(await task(id)).toMatchObject({ status: 'running', attempts: 2 });
    const mixed = [
      { lease_id, result: 1 },
      { lease_id: again.lease_id, result: 'in time' },
    ];
    expect(await outcomesOf('complete', { tasks: mixed }, second)).toEqual(['lease_lost', 'recorded']);
    expect(await task(id)).toMatchObject({ status: 'completed', results: 'in time' });
    expect((await task(id))['failed_attempts']).toMatchObject([{ attempt: 1, outcome: 'lost' }]);
  });

  it('a failure is tried again as its definition, or the worker, says', async () => {
    const id = await enqueue();
    const fail = async (failure: object) => {
      const { lease_id } = await claimOne();
      expect(await outcomesOf('fail', { tasks: [{ lease_id, ...failure }] })).toEqual(['recorded']);
      return task(id);
    };
    expect(await fail({ code: 'disk_full', message: 'no room', details: { free: 0 } })).toMatchObject({
      status: 'retrying',
      error: { code: 'disk_full', message: 'no room', details: { free: 0 } },
    });
    const later = await fail({ code: 'busy', retry_after_seconds: 3600 });
    expect(Date.parse(text(later['scheduled_at'])) - Date.now()).toBeGreaterThan(3_500_000);
    expect(await claim()).toEqual([]);
    const other = await enqueue();
    const { lease_id } = await claimOne();
    const never = { lease_id, code: 'no_such_page', retryable: false };
    expect(await outcomesOf('fail', { tasks: [never] })).toEqual(['recorded']);
    expect(await task(other)).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'no_such_page' } });
  });

  it('hears of a cancel and of a pause by its heartbeat', async () => {
    const ids = [await enqueue(), await enqueue()];
    const held = await claim({ max: 10 });
    expect(held.map(({ task_id }) => task_id)).toEqual(ids);
    const lease_ids = held.map(({ lease_id }) => lease_id);
    await call('POST', `/v1/tasks/${ids[0]}/cancel`);
    await call('POST', `/v1/tasks/${ids[1]}/pause`);
    expect(await outcomesOf('heartbeat', { lease_ids })).toEqual(['cancel', 'pause']);
    expect(await outcomesOf('complete', { tasks: [{ lease_id: lease_ids[0], result: 1 }] })).toEqual([
      'task_cancelled',
    ]);
    expect(await outcomesOf('release', { lease_ids: [lease_ids[1]] })).toEqual(['returned']);
    expect(await task(ids[0]!)).toMatchObject({ status: 'cancelled', results: null });
    expect(await task(ids[1]!)).toMatchObject({ status: 'paused', attempts: 0 });
    expect(await outcomesOf('heartbeat', { lease_ids })).toEqual(['lost', 'lost']);
  });

  it('a task whose worker does not stop is taken from it some time after its time is up', async () => {
    const id = await enqueue();
    const { lease_id } = await claimOne();
    await plinth.owner(`update plinth.task_leases set claimed_at = now() - interval '305 s' where id = '${lease_id}'`);
    expect(await outcomesOf('heartbeat', { lease_ids: [lease_id] })).toEqual(['held']);
    await plinth.owner(`update plinth.task_leases set claimed_at = now() - interval '311 s' where id = '${lease_id}'`);
    expect(await outcomesOf('heartbeat', { lease_ids: [lease_id] })).toEqual(['timed_out']);
    expect((await task(id))['failed_attempts']).toMatchObject([{ outcome: 'timed_out', error: { code: 'timed_out' } }]);
    expect(await outcomesOf('complete', { tasks: [{ lease_id }] })).toEqual(['lease_lost']);
  });

  it('waits for work: an enqueue, a returned task, a delay that is over', async () => {
    const waiting = claim({ wait_seconds: 30, max: 5 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const id = await enqueue();
    const [first] = await waiting;
    expect(first).toMatchObject({ task_id: id });
    const second = await register();
    const next = claim({ wait_seconds: 30 }, second);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await outcomesOf('release', { lease_ids: [first!.lease_id] })).toEqual(['returned']);
    expect(await next).toMatchObject([{ task_id: id, attempt: 1 }]);
    const delayed = await enqueue({}, { scheduled_at: new Date(Date.now() + 400).toISOString() });
    expect(await claim({ wait_seconds: 30 })).toMatchObject([{ task_id: delayed }]);
  });

  it('one task goes to one of many who wait', async () => {
    const workers = await Promise.all(Array.from({ length: 5 }, () => register()));
    const answers: Held[][] = [];
    const waiting = workers.map((id) => claim({ wait_seconds: 3 }, id).then((tasks) => answers.push(tasks)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const id = await enqueue();
    await until('one has it', () => answers.length > 0);
    expect(answers).toMatchObject([[{ task_id: id }]]);
    await Promise.all(waiting);
    expect(answers.flat()).toHaveLength(1);
  });

  it('one that has gone while it waited holds nothing', async () => {
    const { url } = await plinth.listen();
    const { port } = new URL(url);
    const body = JSON.stringify({ wait_seconds: 30 });
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /v1/task-workers/${worker}/claim HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${acme.key}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const id = await enqueue();
    const second = await register();
    expect(await claimOne(second)).toMatchObject({ task_id: id, attempt: 1 });
  });

  it('is of one organization and one key', async () => {
    const id = await enqueue();
    const held = await claimOne();
    for (const key of [other.key, await makeKey(['tasks:work'])]) {
      for (const action of ['heartbeat', 'release']) {
        refused(await act(action, { lease_ids: [held.lease_id] }, worker, key), 404, 'task_worker_unknown');
      }
      refused(await act('claim', {}, worker, key), 404, 'task_worker_unknown');
      refused(await act('complete', { tasks: [{ lease_id: held.lease_id }] }, worker, key), 404, 'task_worker_unknown');
    }
    refused(await call('DELETE', `/v1/task-workers/${worker}`, undefined, other.key), 404, 'task_worker_unknown');
    const stranger = await register({}, other.key);
    expect(await outcomesOf('complete', { tasks: [{ lease_id: held.lease_id }] }, stranger, other.key)).toEqual([
      'lease_lost',
    ]);
    await enqueue();
    expect((await act('claim', { max: 100 }, stranger, other.key)).body['tasks']).toEqual([]);
    expect(await task(id)).toMatchObject({ status: 'running' });
    expect((await call('GET', '/v1/task-workers', undefined, other.key)).body).not.toMatchObject({
      data: expect.arrayContaining([expect.objectContaining({ task_type: type, workers: 0 })]),
    });
    expect((await plinth.call('POST', '/v1/task-workers', { body: { task_types: [type] } })).status).toBe(401);
    const session = await plinth.call('POST', '/v1/task-workers', {
      cookie: acme.cookie,
      body: { task_types: [type] },
    });
    refused(session, 403, 'forbidden');
  });

  it('does what its key is for', async () => {
    const try_ = async (scopes: string[], types: string[]) =>
      call('POST', '/v1/task-workers', { task_types: types }, await makeKey(scopes));
    refused(await try_(['tasks:read', 'tasks:write'], [type]), 403, 'forbidden');
    expect((await try_(['tasks:work'], [type, 'mail.send'])).status).toBe(201);
    expect((await try_(['tasks:work:report.render'], [type])).status).toBe(201);
    expect((await try_(['tasks:work:report.*', 'tasks:work:mail.send'], [type, 'mail.send'])).status).toBe(201);
    const outside = await try_(['tasks:work:report.*'], [type, 'mail.send']);
    refused(outside, 403, 'forbidden');
    expect(outside.body['detail']).toBe('the key is for tasks of report.*, not for mail.send');
    const narrow = await makeKey(['tasks:work:report.*']);
    refused(await call('GET', '/v1/tasks', undefined, narrow), 403, 'forbidden');
    refused(await call('POST', '/v1/tasks', { task_type: type }, narrow), 403, 'forbidden');
    for (const scopes of [['tasks:write:report.render'], ['tasks:work:'], ['tasks:work:Report'], ['tasks:work:a b']]) {
      refused(await call('POST', '/v1/api-keys', { name: 'x', scopes }), 422, 'invalid_value');
    }
  });

  it('types: those of the server are refused, those nobody defined wait for their definition', async () => {
    const taken = await call('POST', '/v1/task-workers', { task_types: ['own.task'] });
    refused(taken, 422, 'task_type_not_external');
    for (const types of [[], ['Nonsense'], [''], ['x'.repeat(101)], 'report.render', [7]]) {
      refused(await call('POST', '/v1/task-workers', { task_types: types }), 400, 'invalid_request');
    }
    const made = await call('POST', '/v1/task-workers', { task_types: ['new.type', type, type] });
    const undefinedYet = { task_type: 'new.type', is_defined: false };
    expect(made.body['task_types']).toEqual([undefinedYet, { task_type: type, is_defined: true }]);
    refused(await call('POST', '/v1/tasks', { task_type: 'new.type' }), 422, 'unknown_task_type');
    refused(await call('PUT', '/v1/task-definitions/new', { task_type: 'new.type' }), 422, 'unknown_task_type');
    const both = { task_type: 'own.task', is_external: true };
    refused(await call('PUT', '/v1/task-definitions/new', both), 400, 'invalid_request');
    await call('PUT', '/v1/task-definitions/new', { task_type: 'new.type', is_external: true });
    const enqueued = await call('POST', '/v1/tasks', { task_type: 'new.type', payload: 7 });
    expect(enqueued.status).toBe(201);
    const held = await claim({ max: 5 }, text(made.body['id']));
    expect(held).toMatchObject([{ task_type: 'new.type', payload: 7 }]);
    refused(await act('claim', { task_types: ['new.type'] }), 400, 'invalid_request');
    const types = (await call('GET', '/v1/task-types')).body['data'];
    expect(types).toEqual([
      { task_type: 'own.task', description: 'Runs in process.', is_external: false },
      { task_type: 'new.type', description: '', is_external: true },
      { task_type: type, description: '', is_external: true },
    ]);
    await outcomesOf('complete', { tasks: [{ lease_id: held[0]!.lease_id }] }, text(made.body['id']));
    await call('DELETE', '/v1/task-definitions/new');
    refused(await call('POST', '/v1/tasks', { task_type: 'new.type' }), 422, 'unknown_task_type');
  });

  it('what one worker serves shows; no worker when it is taken off or dead', async () => {
    const served = async (name: string) => {
      const { data } = (await call('GET', '/v1/task-workers')).body as unknown as { data: { task_type: string }[] };
      return data.find(({ task_type }) => task_type === name);
    };
    const name = 'seldom.run';
    await call('PUT', '/v1/task-definitions/seldom', { task_type: name, is_external: true });
    expect(await served(name)).toMatchObject({ workers: 0, open: 0, no_worker: false });
    const made = await call('POST', '/v1/tasks', { task_type: name });
    expect(await served(name)).toMatchObject({ workers: 0, open: 1, no_worker: true });
    const first = text((await call('POST', '/v1/task-workers', { task_types: [name] })).body['id']);
    expect(await served(name)).toMatchObject({ workers: 1, no_worker: false });
    await claimOne(first);
    expect((await call('DELETE', `/v1/task-workers/${first}`)).status).toBe(204);
    refused(await act('claim', {}, first), 404, 'task_worker_unknown');
    // what it held went back, without an attempt
    expect(await task(text(made.body['id']))).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await served(name)).toMatchObject({ workers: 0, no_worker: true });
    await call('POST', '/v1/task-workers', { task_types: [name] });
    await plinth.owner(`update plinth.external_workers set last_seen_at = now() - interval '3 minutes'`);
    expect(await served(name)).toMatchObject({ workers: 0, no_worker: true });
  });

  it('bounds: results, bodies, numbers of tasks; what does not fit stays held, the others are recorded', async () => {
    const ids = [await enqueue(), await enqueue(), await enqueue(), await enqueue()];
    const held = await claim({ max: 100 });
    const [big, nul, good, half] = held.map(({ lease_id }) => lease_id);
    const tasks = [
      { lease_id: big, result: 'x'.repeat(1024 * 1024) },
      { lease_id: nul, result: { text: 'a\u0000b' } },
      { lease_id: good, result: { fine: true } },
      { lease_id: half, result: '\ud800' },
    ];
    const outcomes = await outcomesOf('complete', { tasks });
    expect(outcomes).toEqual(['result_too_large', 'result_not_storable', 'recorded', 'result_not_storable']);
    expect(await task(ids[2]!)).toMatchObject({ status: 'completed', results: { fine: true } });
    const stillHeld = { lease_ids: [big, nul, half] };
    expect(await outcomesOf('heartbeat', stillHeld)).toEqual(['held', 'held', 'held']);
    const failures = [big, nul, half].map((lease_id) => ({
      lease_id,
      code: 'a\u0000'.slice(0, 1),
      message: 'a\u0000\ud800b',
    }));
    expect(await outcomesOf('fail', { tasks: failures })).toEqual(['recorded', 'recorded', 'recorded']);
    const tooMuch = [{ lease_id: good, result: 'x'.repeat(5 * 1024 * 1024) }];
    expect((await act('complete', { tasks: tooMuch })).status).toBe(413);
    const lease_id = ids[0]!;
    for (const [action, body] of [
      ['complete', { tasks: [] }],
      ['complete', { tasks: Array.from({ length: 101 }, () => ({ lease_id })) }],
      ['complete', { tasks: [{ lease_id }, { lease_id }] }],
      ['complete', { tasks: [{ lease_id: 'nonsense' }] }],
      ['complete', { tasks: [{ task_id: lease_id }] }],
      ['fail', { tasks: [{ lease_id }] }],
      ['fail', { tasks: [{ lease_id, code: 'a b' }] }],
      ['fail', { tasks: [{ lease_id, code: 'a', retry_after_seconds: -1 }] }],
      ['claim', { max: 0 }],
      ['claim', { max: 101 }],
      ['claim', { wait_seconds: 31 }],
      ['heartbeat', { lease_ids: [] }],
      ['logs', { tasks: [{ lease_id, lines: [{ level: 'loud', message: '' }] }] }],
      ['logs', { tasks: [{ lease_id, progress: { fraction: 2 } }] }],
    ] as const) {
      refused(await act(action, body), 400, 'invalid_request');
    }
    const line = { level: 'info', message: 'x' };
    const lines = Array.from({ length: 300 }, () => line);
    const two = [
      { lease_id, lines },
      { lease_id: ids[1], lines },
    ];
    refused(await act('logs', { tasks: two }), 400, 'invalid_request');
  });

  it('limits by key and their order hold for it', async () => {
    const keyed = { concurrency_key: 'printer', concurrency_limit: 2 };
    for (let n = 0; n < 5; n++) await call('POST', '/v1/tasks', { task_type: type, ...keyed });
    const urgent = text((await call('POST', '/v1/tasks', { task_type: type, priority: 9 })).body['id']);
    const held = await claim({ max: 100 });
    expect(held.map(({ task_id }) => task_id)).toContain(urgent);
    expect(held).toHaveLength(3);
    const [first, second] = held.filter(({ task_id }) => task_id !== urgent);
    const next = claim({ max: 100, wait_seconds: 30 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await outcomesOf('complete', { tasks: [{ lease_id: first!.lease_id }] });
    expect(await next).toHaveLength(1);
    await outcomesOf('fail', { tasks: [{ lease_id: second!.lease_id, code: 'x', retryable: false }] });
    expect(await claim({ max: 100 })).toHaveLength(1);
    expect(await claim({ max: 100 })).toEqual([]);
  });

  it('an organization has no more workers than it may have', async () => {
    await plinth.owner(
      `insert into plinth.external_workers (organization_id, api_key_id, task_types, lease_seconds)
       select '${other.organizationId}', '${other.organizationId}', '{a}', 15 from generate_series(1, 1000)
       on conflict do nothing`,
    );
    const made = await call('POST', '/v1/task-workers', { task_types: [type] }, other.key);
    refused(made, 409, 'too_many_task_workers');
    await plinth.owner('delete from plinth.external_workers where api_key_id = organization_id');
    await register({}, other.key);
  });
});
