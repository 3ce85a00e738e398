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
import type { Engine } from '../../../platform/db/engine.ts';
import { openServer } from '../../../platform/db/server.ts';
import type { ModuleDefinition } from '../../../platform/module.ts';
import type { Platform } from '../../../platform/platform.ts';
import { makeDoor } from '../../../platform/scope/door.ts';
import { tasksModule } from '../module.ts';
import { dueTicks, schedulesLoop } from './fire.ts';
import { schedules_max } from './schedules.ts';

const type = 'report.make';
const testTasks: ModuleDefinition = {
  name: 'test-tasks',
  description: 'A task type for tests.',
  dependsOn: [],
  tasks: { [type]: { description: 'Nothing.', run: async () => null } },
};
const minute_ms = 60_000;

describeEngines('schedules', (on) => {
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
  const make = (body: object = {}) =>
    call('POST', '/v1/schedules', { name: 'A schedule', cron: '* * * * *', task_type: type, ...body });
  const made = async (body: object = {}) => text((await make(body)).body['id']);
  const firings = async (id: string) =>
    (await call('GET', `/v1/schedules/${id}/firings`)).body['data'] as unknown as Record<string, string>[];
  const tick = (platform: Platform = plinth.platform) => schedulesLoop.tick(platform, new AbortController().signal);
  const tasksOf = (id: string) =>
    plinth.owner<{ id: string; metadata: { tick: string } }>(
      `select id, metadata from plinth.tasks where metadata ->> 'schedule_id' = $1 order by id`,
      [id],
    );
  const remove = (id: string) => call('DELETE', `/v1/schedules/${id}`);

  it('fires at its ticks, and says when the next one comes', async () => {
    const answer = await make({ payload: { a: 1 }, priority: 7 });
    expect(answer.status).toBe(201);
    const id = text(answer.body['id']);
    const next = new Date(text(answer.body['next_run_at']));
    expect(next.getTime()).toBeGreaterThan(plinth.clock.now().getTime());
    expect((await tick())?.getTime()).toBe(next.getTime());
    expect(await tasksOf(id)).toEqual([]);
    plinth.clock.advance(minute_ms);
    await tick();
    expect(await tasksOf(id)).toMatchObject([{ metadata: { tick: next.toISOString() } }]);
    const [task] = await tasksOf(id);
    expect((await call('GET', `/v1/tasks/${task!.id}`)).body).toMatchObject({
      payload: { a: 1 },
      priority: 7,
      title: 'A schedule',
    });
    expect(await firings(id)).toMatchObject([
      { tick: next.toISOString(), kind: 'tick', outcome: 'enqueued', task_id: task!.id, task_status: 'pending' },
    ]);
    await tick();
    expect(await firings(id)).toHaveLength(1);
    expect((await call('GET', `/v1/schedules/${id}`)).body).toMatchObject({
      next_run_at: new Date(next.getTime() + minute_ms).toISOString(),
      explanation: 'Every minute',
    });
    await remove(id);
  });

  it('three schedulers fire each tick once', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => made({ catch_up: 'all', catch_up_max: 100 })));
    plinth.clock.advance(30 * minute_ms);
    const extra: Engine[] = [];
    const platforms: Platform[] = [plinth.platform];
    for (let n = 0; n < 2; n++) {
      // one embedded engine, or a pool of their own as other processes have
      const engine = on.test.url ? await openServer({ url: on.test.url, poolSize: 2 }) : on.engine;
      if (engine !== on.engine) extra.push(engine);
      platforms.push({ ...plinth.platform, engine, door: makeDoor(engine) });
    }
    try {
      await Promise.all(platforms.map((platform) => tick(platform)));
    } finally {
      for (const engine of extra) await engine.close();
    }
    for (const id of ids) {
      const ticks = (await firings(id)).map((one) => one['tick']);
      expect(ticks.length).toBeGreaterThanOrEqual(29);
      expect(new Set(ticks).size).toBe(ticks.length);
      expect((await tasksOf(id)).length).toBe(ticks.length);
      await remove(id);
    }
  });

  it('a tick that can not be enqueued is recorded, and the next has its chance', async () => {
    await call('PUT', '/v1/task-definitions/nightly', { task_type: type });
    const id = await made({ task_type: undefined, definition: 'nightly', payload: { n: 1 } });
    await call('PUT', '/v1/task-definitions/nightly', {
      task_type: type,
      parameter_schema: { properties: { n: { type: 'string' } } },
    });
    plinth.clock.advance(minute_ms);
    await tick();
    expect(await firings(id)).toMatchObject([
      { outcome: 'failed', task_id: null, error: { code: 'parameters_invalid' } },
    ]);
    expect((await call('PATCH', `/v1/schedules/${id}`, { payload: { n: 2 } })).body).toMatchObject({
      code: 'parameters_invalid',
    });
    expect((await call('PATCH', `/v1/schedules/${id}`, { payload: { n: 'two' } })).status).toBe(200);
    plinth.clock.advance(minute_ms);
    await tick();
    expect(await firings(id)).toMatchObject([{ outcome: 'enqueued' }, { outcome: 'failed' }]);
    await remove(id);
  });

  it('keeps to the version it names', async () => {
    await call('PUT', '/v1/task-definitions/versioned', { task_type: type, timeout_seconds: 11 });
    await call('PUT', '/v1/task-definitions/versioned', { task_type: type, timeout_seconds: 12 });
    const target = { task_type: undefined, definition: 'versioned' };
    const id = await made({ ...target, definition_version: 1 });
    const newest = await made(target);
    plinth.clock.advance(minute_ms);
    await tick();
    const timeoutOf = async (schedule: string) =>
      plinth.owner(`select timeout_seconds from plinth.tasks where metadata ->> 'schedule_id' = $1`, [schedule]);
    expect(await timeoutOf(id)).toEqual([{ timeout_seconds: 11 }]);
    expect(await timeoutOf(newest)).toEqual([{ timeout_seconds: 12 }]);
    expect((await call('PATCH', `/v1/schedules/${id}`, { definition: 'versioned' })).body).toMatchObject({
      definition_version: null,
    });
    expect((await make({ ...target, definition_version: 3 })).body).toMatchObject({ code: 'unknown_task_definition' });
    expect((await make({ definition_version: 1 })).status).toBe(400);
    await remove(id);
    await remove(newest);
  });

  it('pauses, resumes from now on, and runs when it is told to', async () => {
    const id = await made({ catch_up: 'all' });
    expect((await call('POST', `/v1/schedules/${id}/pause`)).body).toMatchObject({
      is_active: false,
      next_run_at: null,
    });
    plinth.clock.advance(5 * minute_ms);
    await tick();
    expect(await firings(id)).toEqual([]);
    const ran = await call('POST', `/v1/schedules/${id}/run`);
    expect(ran.status).toBe(201);
    expect(await firings(id)).toMatchObject([{ kind: 'manual', outcome: 'enqueued', task_id: ran.body['task_id'] }]);
    const resumed = await call('POST', `/v1/schedules/${id}/resume`);
    expect(new Date(text(resumed.body['next_run_at'])).getTime()).toBeGreaterThan(plinth.clock.now().getTime());
    await tick();
    expect(await firings(id)).toHaveLength(1);
    expect((await call('GET', `/v1/schedules/${id}/next?count=3`)).body['data']).toHaveLength(3);
    await remove(id);
    expect((await call('POST', `/v1/schedules/${id}/run`)).status).toBe(404);
    expect((await call('GET', `/v1/schedules/${id}/firings`)).status).toBe(404);
  });

  it('mistakes are refused while somebody looks', async () => {
    expect((await make({ cron: 'every day' })).body).toMatchObject({ code: 'cron_invalid', field: 'cron' });
    expect((await make({ timezone: 'Berlin' })).body).toMatchObject({ code: 'time_zone_unknown' });
    expect((await make({ task_type: 'nobody.knows' })).body).toMatchObject({ code: 'unknown_task_type' });
    expect((await make({ definition: 'both' })).status).toBe(400);
    expect((await make({ task_type: undefined })).status).toBe(400);
    expect((await make({ task_type: undefined, definition: 'nobody-knows' })).body).toMatchObject({
      code: 'unknown_task_definition',
    });
    expect((await make({ catch_up: 'maybe' })).status).toBe(400);
    const preview = await call('POST', '/v1/schedules/preview', {
      cron: '30 2 * * *',
      timezone: 'Europe/Berlin',
      count: 2,
    });
    expect(preview.body['data']).toHaveLength(2);
    expect(preview.body['explanation']).toBe('At 02:30 every day');
  });

  it('has a bound for each organization, and is nobody else’s', async () => {
    const id = await made();
    for (const [method, url] of [
      ['GET', `/v1/schedules/${id}`],
      ['GET', `/v1/schedules/${id}/firings`],
      ['POST', `/v1/schedules/${id}/run`],
      ['POST', `/v1/schedules/${id}/pause`],
      ['DELETE', `/v1/schedules/${id}`],
    ] as const) {
      expect((await call(method, url, undefined, other.key)).status).toBe(404);
    }
    await plinth.owner(
      `insert into plinth.schedules (organization_id, name, cron, task_type)
       select $1, 'many', '* * * * *', 'report.make' from generate_series(1, $2)
       on conflict do nothing`,
      [acme.organizationId, schedules_max],
    );
    expect((await make()).body).toMatchObject({ code: 'schedules_full' });
    await plinth.owner(`delete from plinth.schedules where name = 'many'`);
    await remove(id);
  });
});

describe('catching up', () => {
  const now = new Date('2026-11-23T12:00:30Z');
  const schedule = {
    cron: '0 * * * *',
    timezone: 'UTC',
    catch_up_max: 3,
    next_run_at: new Date('2026-11-23T03:00:00Z'),
  };
  const hours = (catch_up: 'skip' | 'last' | 'all', more: object = {}) =>
    dueTicks({ ...schedule, catch_up, ...more }, now).fire.map((tick) => tick.getUTCHours());

  it('what is due now fires whatever the policy; of what was missed none, the last or the newest', () => {
    expect(hours('skip')).toEqual([12]);
    expect(hours('last')).toEqual([12]);
    expect(hours('all')).toEqual([9, 10, 11, 12]);
    const later = { cron: '30 * * * *', next_run_at: new Date('2026-11-23T03:30:00Z') };
    expect(hours('skip', later)).toEqual([]);
    expect(hours('last', later)).toEqual([11]);
    expect(hours('all', later)).toEqual([9, 10, 11]);
  });

  it('the next tick comes after now', () => {
    for (const catch_up of ['skip', 'last', 'all'] as const) {
      expect(dueTicks({ ...schedule, catch_up }, now).next).toEqual(new Date('2026-11-23T13:00:00Z'));
    }
  });

  it('a minute’s schedule that slept for years does not hold the scheduler up', () => {
    const long = { cron: '* * * * *', next_run_at: new Date('2020-01-01T00:00:00Z') };
    const { fire, next } = dueTicks({ ...schedule, ...long, catch_up: 'all' }, now);
    expect(fire).toHaveLength(4);
    expect(next).toEqual(new Date('2026-11-23T12:01:00Z'));
  });
});
