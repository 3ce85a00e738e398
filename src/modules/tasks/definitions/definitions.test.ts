import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  text,
} from '../../../../tests/support/plinth.ts';
import type { ModuleDefinition } from '../../../platform/module.ts';
import { enqueueTasks } from '../enqueue.ts';
import { TaskFailure } from '../failure.ts';
import { type Run, toHandlers } from '../fixtures/world.ts';
import { tasksModule } from '../module.ts';
import { startWorker } from '../worker.ts';
import { applyPolicy, policyDelaySeconds } from './retry-policy.ts';

const type = 'mail.send';
const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'A task type for tests.',
  dependsOn: [],
  tasks: { [type]: { description: 'Does what the test says.', run: async () => null } },
};
const schema = {
  type: 'object',
  properties: { to: { type: 'string' }, retries: { type: 'integer' }, footer: { type: 'string' } },
  required: ['to'],
  additionalProperties: false,
};

describeEngines('task definitions', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let other: FirstRun;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, [...baseModules, tasksModule, testTasks]);
    acme = await firstRun(plinth);
    other = await addOrganization(plinth, 'Other', 'other@example.org');
  });
  afterAll(() => plinth.close());

  const call = (method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown, key = acme.key) =>
    plinth.call(method, url, { key, ...(body === undefined ? {} : { body }) });
  const put = (name: string, body: object = {}, key = acme.key) =>
    call('PUT', `/v1/task-definitions/${name}`, { task_type: type, ...body }, key);
  const enqueue = (name: string, body: object, key = acme.key) =>
    call('POST', `/v1/task-definitions/${name}/tasks`, body, key);
  const taskOf = async (id: string) => (await call('GET', `/v1/tasks/${id}`)).body;
  const rowOf = async (id: string) =>
    (await plinth.owner<Record<string, unknown>>('select * from plinth.tasks where id = $1', [id]))[0]!;
  const runOnce = async (run: Run) => {
    const worker = startWorker({
      platform: plinth.platform,
      version: '0.0.0',
      concurrency: 4,
      stopSeconds: 0.1,
      handlers: toHandlers({ [type]: run }),
    });
    await worker.idle();
    await worker.stop();
  };

  it('each change is a version; the same contents are none', async () => {
    const first = await put('letter', { parameter_schema: schema, cpu_cores: 0.5, memory_mb: 256 });
    expect(first).toMatchObject({ status: 201, body: { name: 'letter', version: 1, cpu_cores: 0.5, max_retries: 4 } });
    const again = await put('letter', { memory_mb: 256, cpu_cores: 0.5, parameter_schema: schema });
    expect(again).toMatchObject({ status: 200, body: { id: text(first.body['id']), version: 1 } });
    expect(await put('letter', { parameter_schema: schema })).toMatchObject({ status: 201, body: { version: 2 } });
    expect((await call('GET', '/v1/task-definitions/nobody/versions')).status).toBe(404);
    const versions = await call('GET', '/v1/task-definitions/letter/versions?limit=1');
    expect(versions.body).toMatchObject({ data: [{ version: 2 }] });
    const rest = await call('GET', `/v1/task-definitions/letter/versions?cursor=${text(versions.body['next_cursor'])}`);
    expect(rest.body).toMatchObject({ data: [{ version: 1 }], next_cursor: null });
    const list = await call('GET', '/v1/task-definitions');
    expect(list.body['data']).toMatchObject([{ name: 'letter', version: 2 }]);
  });

  it('a version does not change, whoever asks', async () => {
    await put('stable');
    const change = plinth.platform.door.write({ as: 'app', organizationId: acme.organizationId }, (tx) =>
      tx.sql(`update plinth.task_definitions set timeout_seconds = 7 where organization_id = $1 and name = 'stable'`, [
        acme.organizationId,
      ]),
    );
    await expect(change).rejects.toThrow();
  });

  it('gives a task its type, defaults, timeout and attempts', async () => {
    await put('invoice', {
      parameter_schema: schema,
      default_configuration: { footer: 'Yours', retries: 3 },
      timeout_seconds: 7,
      max_retries: 0,
      concurrency_limit: 2,
    });
    const made = await enqueue('invoice', { payload: { to: 'ada', retries: 5 }, title: 'An invoice' });
    expect(made).toMatchObject({ status: 201, body: { created: true } });
    const row = await rowOf(text(made.body['id']));
    const { body: definition } = await call('GET', '/v1/task-definitions/invoice');
    expect(row).toMatchObject({
      task_type: type,
      payload: { to: 'ada', retries: 5, footer: 'Yours' },
      title: 'An invoice',
      timeout_seconds: 7,
      max_attempts: 1,
      concurrency_key: 'definition:invoice',
      definition_id: definition['id'],
    });
  });

  it('wrong parameters are refused with their path, and nothing is enqueued', async () => {
    await put('strict', { parameter_schema: schema });
    const answer = await enqueue('strict', { payload: { to: 3, extra: true } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'parameters_invalid' } });
    const paths = (answer.body['errors'] as unknown as { path: string }[]).map(({ path }) => path);
    expect(paths.sort()).toEqual(['/payload/extra', '/payload/to']);
    const bulk = plinth
      .as({ as: 'app', organizationId: acme.organizationId, memberRole: 'service' })
      .tasks.enqueueMany([
        { definition: 'strict', payload: { to: 'ada' }, idempotency_key: 'strict-1' },
        { definition: 'strict', payload: {} },
      ]);
    await expect(bulk).rejects.toMatchObject({ code: 'parameters_invalid', field: '/1/payload/to' });
    expect(await plinth.owner(`select 1 from plinth.tasks where idempotency_key = 'strict-1'`)).toEqual([]);
  });

  it('plain and defined tasks mix; an equal key keeps the first one and its version', async () => {
    await put('keyed', { max_retries: 1 });
    const tasks = plinth.as({ as: 'app', organizationId: acme.organizationId, memberRole: 'service' }).tasks;
    const [plain, defined] = await tasks.enqueueMany([
      { task_type: type },
      { definition: 'keyed', idempotency_key: 'keyed-1' },
    ]);
    const { definition_id: first } = await rowOf(defined!.id);
    expect(first).toBeTruthy();
    expect((await rowOf(plain!.id))['definition_id']).toBeNull();
    await put('keyed', { max_retries: 2 });
    expect(await tasks.enqueue({ definition: 'keyed', idempotency_key: 'keyed-1' })).toEqual({
      id: defined!.id,
      created: false,
    });
    expect(await rowOf(defined!.id)).toMatchObject({ definition_id: first, max_attempts: 2 });
  });

  it('POST /v1/tasks takes a definition in place of a type', async () => {
    await put('posted', { parameter_schema: schema, timeout_seconds: 11 });
    await put('posted', { parameter_schema: schema, timeout_seconds: 12 });
    const post = (body: object) => call('POST', '/v1/tasks', body);
    const made = await post({ definition: 'posted', payload: { to: 'ada' }, max_attempts: 2 });
    expect(made).toMatchObject({ status: 201, body: { created: true } });
    expect(await rowOf(text(made.body['id']))).toMatchObject({
      task_type: type,
      timeout_seconds: 12,
      max_attempts: 2,
      definition_id: (await call('GET', '/v1/task-definitions/posted')).body['id'],
    });
    const first = await post({ definition: 'posted', definition_version: 1, payload: { to: 'ada' } });
    expect(await rowOf(text(first.body['id']))).toMatchObject({ timeout_seconds: 11 });
    const wrong = await post({ definition: 'posted', payload: { to: 3 } });
    expect(wrong).toMatchObject({ status: 422, body: { code: 'parameters_invalid' } });
    expect(wrong.body['errors']).toMatchObject([{ path: '/payload/to' }]);
    expect(await post({ definition: 'nobody' })).toMatchObject({
      status: 422,
      body: { code: 'unknown_task_definition', field: '/definition' },
    });
    for (const body of [
      {},
      { task_type: type, definition: 'posted' },
      { task_type: type, definition_version: 1 },
      { definition: 'posted', definition_version: 0 },
      { definition: 'Not a name' },
    ]) {
      expect(await post(body), JSON.stringify(body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
  });

  it('so does POST /v1/tasks/bulk, which names the task at fault', async () => {
    await put('listed', { parameter_schema: schema, concurrency_limit: 3 });
    const bulk = (tasks: object[]) => call('POST', '/v1/tasks/bulk', { tasks });
    const made = await bulk([
      { definition: 'listed', payload: { to: 'ada' }, ref: 'a' },
      { task_type: type, depends_on: ['a'] },
    ]);
    expect(made.status).toBe(201);
    const [defined, plain] = made.body['data'] as unknown as { id: string }[];
    expect(await rowOf(defined!.id)).toMatchObject({ concurrency_key: 'definition:listed', status: 'pending' });
    expect((await rowOf(defined!.id))['definition_id']).toBeTruthy();
    expect(await rowOf(plain!.id)).toMatchObject({ status: 'blocked', definition_id: null });
    const wrong = await bulk([{ task_type: type }, { definition: 'listed', payload: { to: 1 } }]);
    expect(wrong).toMatchObject({ status: 422, body: { code: 'parameters_invalid', field: '/tasks/1/payload/to' } });
    expect(await bulk([{ definition: 'listed', payload: {} }])).toMatchObject({
      body: { field: '/tasks/0/payload/to' },
    });
    expect(await bulk([{ task_type: type }, {}])).toMatchObject({
      status: 400,
      body: { field: 'body/tasks/1/definition' },
    });
  });

  it('the version is written with the task, and must be one of the organization', async () => {
    await put('once');
    const scope = { as: 'app', organizationId: acme.organizationId, memberRole: 'service' } as const;
    const written = await plinth.platform.door.write(scope, async (tx) => {
      const counts = async () => {
        const [row] = await tx.sql<{ inserted: number; updated: number }>(
          `select n_tup_ins::int as inserted, n_tup_upd::int as updated
           from pg_stat_xact_user_tables
           where schemaname = 'plinth' and relname = 'tasks'`,
        );
        return row!;
      };
      // what the session has done before may not be flushed yet
      const before = await counts();
      await enqueueTasks(plinth.platform, tx, [{ definition: 'once' }, { definition: 'once' }]);
      const after = await counts();
      return { inserted: after.inserted - before.inserted, updated: after.updated - before.updated };
    });
    expect(written).toEqual({ inserted: 2, updated: 0 });
    await put('theirs', {}, other.key);
    const { body } = await call('GET', '/v1/task-definitions/theirs', undefined, other.key);
    const stolen = plinth.platform.door.write(scope, (tx) =>
      enqueueTasks(plinth.platform, tx, [{ task_type: type, definition_id: text(body['id']) }]),
    );
    await expect(stolen).rejects.toMatchObject({ code: 'reference_not_found' });
  });

  it('the newest active version is taken; one that is switched off is not', async () => {
    await put('switched', { timeout_seconds: 10 });
    await put('switched', { timeout_seconds: 20 });
    const timeout = async (body: object) =>
      (await rowOf(text((await enqueue('switched', body)).body['id'])))['timeout_seconds'];
    expect(await timeout({})).toBe(20);
    expect(await timeout({ version: 1 })).toBe(10);
    expect(await call('PATCH', '/v1/task-definitions/switched/versions/2', { is_active: false })).toMatchObject({
      status: 200,
      body: { is_active: false },
    });
    expect(await timeout({})).toBe(10);
    expect(await enqueue('switched', { version: 2 })).toMatchObject({
      status: 422,
      body: { code: 'unknown_task_definition' },
    });
    await call('PATCH', '/v1/task-definitions/switched/versions/1', { is_active: false });
    expect(await enqueue('switched', {})).toMatchObject({ status: 422, body: { code: 'unknown_task_definition' } });
  });

  it('deleting leaves its tasks, and a new one goes on counting', async () => {
    await put('gone');
    const { body } = await enqueue('gone', {});
    expect((await call('DELETE', '/v1/task-definitions/gone')).status).toBe(204);
    expect((await call('DELETE', '/v1/task-definitions/gone')).status).toBe(404);
    expect((await call('GET', '/v1/task-definitions/gone')).status).toBe(404);
    expect((await enqueue('gone', {})).status).toBe(422);
    expect(await taskOf(text(body['id']))).toMatchObject({ status: 'pending' });
    expect(await put('gone')).toMatchObject({ status: 201, body: { version: 2 } });
  });

  it('schemas and types that can not be used are refused', async () => {
    expect(await put('bad', { parameter_schema: { pattern: '(a+)+' } })).toMatchObject({
      status: 422,
      body: { code: 'parameter_schema_invalid', field: 'parameter_schema/pattern' },
    });
    expect(await put('bad', { task_type: 'nobody.knows' })).toMatchObject({ body: { code: 'unknown_task_type' } });
    expect((await put('Bad name')).status).toBe(400);
    expect((await put('bad', { max_retries: -1 })).status).toBe(400);
    expect((await put('bad', { non_retryable_codes: ['a b'] })).status).toBe(400);
    expect((await put('bad', { default_configuration: { text: 'x'.repeat(70_000) } })).status).toBe(400);
  });

  it('twenty puts at once give twenty versions or say to try again', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => put('raced', { timeout_seconds: n + 1 })));
    const versions = answers.filter(({ status }) => status === 201).map(({ body }) => Number(body['version']));
    expect(new Set(versions).size).toBe(versions.length);
    expect(answers.filter(({ status }) => status !== 201).every(({ status }) => status === 409)).toBe(true);
  });

  it('another organization sees and enqueues none; viewers change none', async () => {
    await put('ours');
    expect((await call('GET', '/v1/task-definitions/ours', undefined, other.key)).status).toBe(404);
    expect((await enqueue('ours', {}, other.key)).status).toBe(422);
    expect((await call('DELETE', '/v1/task-definitions/ours', undefined, other.key)).status).toBe(404);
    const viewer = await addPerson(plinth, acme, 'viewer');
    const refused = await plinth.call('PUT', '/v1/task-definitions/ours', {
      cookie: viewer.cookie,
      organization: acme.organizationId,
      body: { task_type: type },
    });
    expect(refused.status).toBe(403);
  });

  it('its retry policy decides: pauses, and codes after which there is no other attempt', async () => {
    await runOnce(() => null);
    await put('patient', {
      retry_delay_seconds: 600,
      retry_backoff_multiplier: 3,
      retry_jitter: 0,
      non_retryable_codes: ['bad_address'],
    });
    const slow = text((await enqueue('patient', { payload: { how: 'slow' } })).body['id']);
    const bad = text((await enqueue('patient', { payload: { how: 'bad' } })).body['id']);
    const asked = text((await enqueue('patient', { payload: { how: 'asked' } })).body['id']);
    await runOnce((payload) => {
      const { how } = payload as { how: string };
      if (how === 'bad') throw new TaskFailure('bad_address', 'nobody there', { details: { street: 'x' } });
      if (how === 'asked') throw new TaskFailure('busy', 'later', { retryAfterSeconds: 60 });
      throw new Error('broken');
    });
    expect(await taskOf(bad)).toMatchObject({
      status: 'failed',
      error: { code: 'bad_address', details: { street: 'x' } },
    });
    const pauseOf = async (id: string) => {
      const [row] = await plinth.owner<{ s: number }>(
        'select extract(epoch from retry_at - occurred_at)::float8 as s from plinth.task_attempts where task_id = $1',
        [id],
      );
      return row!.s;
    };
    expect(await pauseOf(slow)).toBeCloseTo(600, 0);
    expect(await pauseOf(asked)).toBeCloseTo(60, 0);
  });
});

describe('retry policies', () => {
  const policy = { delay_seconds: 2, multiplier: 3, delay_max_seconds: 50, jitter: 0.5, non_retryable_codes: ['no'] };

  it('grow up to the ceiling, with the given share of chance', () => {
    expect([1, 2, 3, 4].map((attempt) => policyDelaySeconds(policy, attempt, () => 1))).toEqual([2, 6, 18, 50]);
    expect([1, 2, 3, 4].map((attempt) => policyDelaySeconds(policy, attempt, () => 0))).toEqual([1, 3, 9, 25]);
    expect(policyDelaySeconds(policy, 99, () => 1)).toBe(50);
  });

  it('keep what was thrown', () => {
    const cancelled = new TaskFailure('cancelled', 'x', { retryable: false });
    expect(applyPolicy(cancelled, 1, policy)).toMatchObject({ code: 'cancelled', retryable: false });
    expect(applyPolicy(new Error('x'), 1, policy)).toMatchObject({
      code: 'handler_failed',
      message: 'x',
      retryable: true,
    });
    expect(applyPolicy(undefined, 1, policy)).toMatchObject({ code: 'handler_failed', message: 'undefined' });
    const busy = Object.assign(new Error('busy'), { retryAfterSeconds: 90 });
    expect(applyPolicy(busy, 1, policy)).toMatchObject({ retryAfterSeconds: 90 });
    expect(applyPolicy({ code: 'no' }, 1, policy)).toMatchObject({ code: 'no', retryable: false });
  });
});
