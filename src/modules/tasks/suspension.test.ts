import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { makeTaskEngine } from './engine.ts';
import { enqueueTasks } from './enqueue.ts';
import { TaskFailure } from './failure.ts';
import { openWorld, type Run, until, type World } from './fixtures/world.ts';
import { suspend } from './suspension.ts';

const later = (ms: number) => new Date(Date.now() + ms);

describeEngines(
  'suspended tasks',
  (on) => {
    let world: World;
    beforeEach(async () => {
      world = await openWorld(on.engine);
    });
    afterEach(async () => {
      await world.close();
      await world.owner(
        'truncate plinth.tasks, plinth.task_queue, plinth.task_timers, plinth.task_leases, plinth.task_attempts cascade',
      );
    });
    const scope = () => ({ as: 'app', organizationId: world.organizationId }) as const;
    const ask = <T>(text: string, ...values: unknown[]) =>
      world.platform.door.write(scope(), async (tx) => {
        const [row] = await tx.sql<{ answer: T }>(text, [world.organizationId, ...values]);
        tx.afterCommit(() => world.platform.wakeups.wake('tasks'));
        return row!.answer;
      });
    const wake = (id: string) => ask<boolean | null>('select plinth.wake_task($1, $2) as answer', id);
    const change = (action: string, id: string) =>
      ask(
        'select changed as answer from plinth.change_tasks($1, $2, $3::jsonb, null, null, 10)',
        action,
        JSON.stringify({ ids: [id] }),
      );
    const place = async (id: string) =>
      (
        await world.owner<{ queued: boolean; delayed: boolean; held: boolean }>(
          `select exists (select 1 from plinth.task_queue where id = '${id}') as queued,
                  exists (select 1 from plinth.task_timers where id = '${id}') as delayed,
                  exists (select 1 from plinth.task_leases where '${id}' = any (task_ids)) as held`,
        )
      )[0]!;
    const isSuspended = async (id: string) => {
      const { delayed, held } = await place(id);
      return delayed && !held;
    };

    it('comes back at its time, and no attempt is spent', async () => {
      const [id] = await world.enqueue({ task_type: 'nap', max_attempts: 1 });
      const attempts: number[] = [];
      world.work({
        nap: (_payload, { attempt }) => {
          attempts.push(attempt);
          return attempts.length < 3 ? suspend({ until: later(30) }) : 'rested';
        },
      });
      await until('it is done', async () => (await world.task(id!)).status === 'completed');
      expect(attempts).toEqual([1, 1, 1]);
      expect(await world.task(id!)).toMatchObject({ attempts: 1, results: 'rested' });
      expect(await world.attempts(id!)).toEqual([]);
    });

    it('waits for ever until it is woken, and is a timer that no client stumbles over', async () => {
      const [id] = await world.enqueue({ task_type: 'wait' });
      let woken = false;
      const worker = world.work({ wait: () => (woken ? 'up' : suspend()) });
      await worker.idle();
      expect(await place(id!)).toEqual({ queued: false, delayed: true, held: false });
      const [row] = await world.owner<{ status: string; scheduled_at: Date }>(
        `select status, scheduled_at from plinth.tasks where id = '${id}'`,
      );
      expect(row).toMatchObject({ status: 'pending', scheduled_at: new Date('9999-12-31T00:00:00Z') });
      woken = true;
      expect(await wake(id!)).toBe(true);
      await worker.idle();
      expect(await world.task(id!)).toMatchObject({ status: 'completed', results: 'up' });
      expect(await wake(id!)).toBe(false);
      expect(await wake('00000000-0000-7000-8000-000000000000')).toBeNull();
    });

    it('is not begun before its time by a wake-up', async () => {
      const [id] = await world.enqueue({ task_type: 'wait', scheduled_at: later(3_600_000).toISOString() });
      const worker = world.work({ wait: () => 'begun' });
      expect(await wake(id!)).toBe(true);
      await worker.idle();
      expect(await place(id!)).toEqual({ queued: false, delayed: true, held: false });
    });

    it('costs no query while it waits', async () => {
      await world.enqueue({ task_type: 'wait' }, { task_type: 'nap' });
      const worker = world.work({ wait: () => suspend(), nap: () => suspend({ until: later(3_600_000) }) });
      await worker.idle();
      await sleep(200);
      const { door } = world.platform;
      const asked = (['read', 'readOne', 'write', 'writeAll'] as const).map((way) => vi.spyOn(door, way));
      await sleep(2_500);
      expect(asked.flatMap(({ mock }) => mock.calls)).toEqual([]);
      vi.restoreAllMocks();
    });

    it('a wake-up while it runs ends its next suspension at once', async () => {
      const [id] = await world.enqueue({ task_type: 'wait' });
      let runs = 0;
      const entered = Promise.withResolvers<void>();
      const woken = Promise.withResolvers<void>();
      world.work({
        wait: async () => {
          if (++runs > 1) return 'seen';
          entered.resolve();
          await woken.promise;
          return suspend();
        },
      });
      await entered.promise;
      expect(await wake(id!)).toBe(true);
      woken.resolve();
      await until('it is done', async () => (await world.task(id!)).status === 'completed');
      expect(runs).toBe(2);
    });

    it('loses no wake-up, whenever it comes', async () => {
      // each waits for a token that comes with its wake-up in one transaction; one that is lost waits for ever
      const tasks = 60;
      const ids = await world.enqueue(...Array.from({ length: tasks }, () => ({ task_type: 'wait' })));
      const wait: Run = async (_payload, { taskId, platform }) => {
        const look = () =>
          platform.door.readOne(
            scope(),
            `select from plinth.tasks where organization_id = $1 and task_type = 'token' and idempotency_key = $2`,
            [world.organizationId, taskId],
          );
        if ((await look()).length > 0) return 'got it';
        await sleep(Math.random() * 20);
        return suspend();
      };
      for (const _ of [1, 2]) world.work({ wait }, { concurrency: 8 });
      const give = async (id: string) => {
        await sleep(Math.random() * 400);
        await world.platform.door.write(scope(), async (tx) => {
          await enqueueTasks(world.platform, tx, [{ task_type: 'token', idempotency_key: id }]);
          await tx.sql('select plinth.wake_task($1, $2)', [world.organizationId, id]);
        });
        world.platform.wakeups.wake('tasks');
      };
      await Promise.all(ids.map(give));
      await until('all are done', async () => (await world.counts())['completed'] === tasks, 60);
    });

    it('a late worker suspends nothing', async () => {
      const [id] = await world.enqueue({ task_type: 'wait' });
      const engine = makeTaskEngine(world.platform, '018f0000-0000-7000-8000-000000000001', ['wait'], 10);
      const { claimed } = await engine.settleAndClaim({ successes: [], failures: [], claim: 1 });
      await world.owner(`update plinth.task_leases set expires_at = now() - interval '1 second'`);
      await engine.promoteAndRecover();
      const suspensions = claimed.map((task) => ({ task, until: undefined }));
      await engine.settleAndClaim({ successes: [], failures: [], suspensions, claim: 0 });
      expect(await world.task(id!)).toMatchObject({ status: 'retrying', attempts: 1 });
      const [row] = await world.owner<{ due: boolean }>(`select scheduled_at <= now() as due from plinth.tasks`);
      expect(row!.due).toBe(true);
    });

    it('is paused, resumed and cancelled like any other', async () => {
      const [id, other] = await world.enqueue({ task_type: 'wait' }, { task_type: 'wait' });
      let open = false;
      const worker = world.work({ wait: () => (open ? 'done' : suspend()) });
      await until('both are suspended', async () => (await isSuspended(id!)) && (await isSuspended(other!)));
      await change('pause', id!);
      expect(await place(id!)).toEqual({ queued: false, delayed: false, held: false });
      // woken while it is paused: it goes on when it is resumed
      open = true;
      await wake(id!);
      expect((await world.task(id!)).status).toBe('paused');
      await change('resume', id!);
      await worker.idle();
      expect((await world.task(id!)).status).toBe('completed');
      expect(await world.cancel(other!)).toBe(true);
      expect(await place(other!)).toEqual({ queued: false, delayed: false, held: false });
    });

    it('is woken by the end of what it awaits, however that ends', async () => {
      const [waiter] = await world.enqueue({ task_type: 'waiter' });
      const children = await world.enqueue(
        { task_type: 'child', payload: 'ok' },
        { task_type: 'child', payload: 'bad' },
        { task_type: 'late' },
      );
      const seen: number[] = [];
      world.work({
        child: (payload) => {
          if (payload === 'bad') throw new TaskFailure('bad', 'bad', { retryable: false });
        },
        waiter: async () => {
          const open = await ask<string[] | null>(
            `select array_agg(id) as answer from plinth.tasks
             where organization_id = $1 and id = any ($2) and completed_at is null`,
            children,
          );
          seen.push(open?.length ?? 0);
          if (!open) return 'all ended';
          await ask('select plinth.await_tasks($1, $2, $3)', waiter, open);
          return suspend();
        },
      });
      await until('two have ended', async () => (await world.counts())['failed'] === 1 && (await isSuspended(waiter!)));
      expect(await world.cancel(children[2]!)).toBe(true);
      world.platform.wakeups.wake('tasks');
      await until('it is done', async () => (await world.task(waiter!)).status === 'completed');
      expect(seen.at(-1)).toBe(0);
      expect(await world.owner('select from plinth.task_waiters')).toEqual([]);
    });

    it('says whether an attempt still holds its task', async () => {
      const [id] = await world.enqueue({ task_type: 'held' });
      const held = (lease: string) => ask<boolean>('select plinth.is_task_held($1, $2, $3) as answer', id, lease);
      const answers: boolean[] = [];
      let lease = '';
      const worker = world.work({
        held: async (_payload, { leaseId }) => {
          lease = leaseId;
          answers.push(await held(leaseId), await held('00000000-0000-7000-8000-000000000000'));
        },
      });
      await worker.idle();
      expect([...answers, await held(lease)]).toEqual([true, false, false]);
    });

    it('a time that is none fails the task instead of holding up the others', async () => {
      const [broken, fine] = await world.enqueue({ task_type: 'broken' }, { task_type: 'fine' });
      const worker = world.work({ broken: () => suspend({ until: new Date(Number.NaN) }), fine: () => 1 });
      await worker.idle();
      expect(await world.task(broken!)).toMatchObject({ status: 'failed', error: { code: 'suspension_time_invalid' } });
      expect((await world.task(fine!)).status).toBe('completed');
    });
  },
  { server: { poolSize: 4, workerPoolSize: 4 } },
);
