import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { makeTaskEngine } from './engine.ts';
import { enqueueTasks } from './enqueue.ts';
import { TaskFailure } from './failure.ts';
import { openWorld, type Run, until, type World } from './fixtures/world.ts';

/** The default. */
const result_bytes_max = 1024 * 1024;
const never = () => new Promise<never>(() => undefined);
const again = (): never => {
  throw new TaskFailure('again', 'not yet', { retryAfterSeconds: 0 });
};

describeEngines(
  'the worker',
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
    const nothingHeld = async () => {
      const [row] = await world.owner<{ held: number }>(
        `select (select count(*)::int from plinth.task_queue) + (select count(*)::int from plinth.task_timers)
              + (select count(*)::int from plinth.task_leases) as held`,
      );
      expect(row!.held).toBe(0);
    };

    it('runs what is enqueued and records each result', async () => {
      const ids = await world.enqueue(
        { task_type: 'double', payload: { n: 21 } },
        { task_type: 'double', payload: { n: 4 } },
        { task_type: 'quiet' },
      );
      const seen: unknown[] = [];
      const worker = world.work({
        double: (payload, { attempt, idempotencyKey }) => {
          seen.push(`${attempt} ${idempotencyKey}`);
          return { doubled: (payload as { n: number }).n * 2, text: 'quotes " and \\ and {braces}, 雪' };
        },
        quiet: () => undefined,
      });
      await worker.idle();
      expect((await world.task(ids[0]!)).results).toEqual({ doubled: 42, text: 'quotes " and \\ and {braces}, 雪' });
      expect(await world.task(ids[1]!)).toMatchObject({ status: 'completed', attempts: 1, results: { doubled: 8 } });
      expect(await world.task(ids[2]!)).toMatchObject({ status: 'completed', results: null });
      expect(new Set(seen)).toEqual(new Set([`1 ${ids[0]}`, `1 ${ids[1]}`]));
      expect(worker.statistics).toMatchObject({ completed: 3, failed: 0, refused: 0 });
      await nothingHeld();
    });

    it('tries again after the schedule’s pause, and gives up when told or at the last attempt', async () => {
      const [flaky, hopeless, exhausted] = await world.enqueue(
        { task_type: 'flaky' },
        { task_type: 'hopeless' },
        { task_type: 'exhausted', max_attempts: 2 },
      );
      world.work({
        flaky: (_payload, { attempt }) => {
          if (attempt < 3) throw new Error(`attempt ${attempt}`);
          return attempt;
        },
        hopeless: () => {
          throw new TaskFailure('no_such_thing', 'never', { retryable: false, details: { a: 1 } });
        },
        exhausted: again,
      });
      await until('the flaky one is done', async () => (await world.task(flaky!)).status === 'completed');
      expect(await world.task(flaky!)).toMatchObject({ attempts: 3, results: 3, error: null });
      const pauses = (await world.attempts(flaky!)).map(({ outcome, pause }) => [outcome, pause]);
      expect(pauses).toEqual([
        ['failed', expect.closeTo(0.75, 0)],
        ['failed', expect.closeTo(1.5, 0)],
      ]);
      expect(pauses[0]![1]).toBeGreaterThanOrEqual(0.5);
      expect(pauses[1]![1]).toBeGreaterThanOrEqual(1);
      expect(await world.task(hopeless!)).toMatchObject({
        status: 'failed',
        attempts: 1,
        error: { code: 'no_such_thing', message: 'never', details: { a: 1 } },
      });
      expect((await world.attempts(hopeless!))[0]).toMatchObject({ outcome: 'failed', pause: null });
      expect(await world.task(exhausted!)).toMatchObject({ status: 'failed', attempts: 2, error: { code: 'again' } });
    });

    it('stops a task at its time, also one whose handler does not listen', async () => {
      const [listens, deaf] = await world.enqueue(
        { task_type: 'listens', timeout_seconds: 1, max_attempts: 1 },
        { task_type: 'deaf', timeout_seconds: 1, max_attempts: 1 },
      );
      const reasons: unknown[] = [];
      const worker = world.work({
        listens: (_payload, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reasons.push((signal.reason as TaskFailure).code);
              reject(signal.reason as Error);
            });
          }),
        deaf: never,
      });
      await until('both have ended', async () => (await world.counts())['failed'] === 2);
      expect(reasons).toEqual(['timed_out']);
      for (const id of [listens!, deaf!]) {
        expect((await world.attempts(id))[0]).toMatchObject({ outcome: 'timed_out', error: { code: 'timed_out' } });
      }
      expect(worker.statistics.running).toBe(0);
      await nothingHeld();
    });

    it('cancels a task that runs, and one that waits', async () => {
      const [running, waiting] = await world.enqueue({ task_type: 'long' }, { task_type: 'long', priority: -1 });
      let aborted = 0;
      world.work(
        {
          long: (_payload, { signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                aborted++;
                reject(signal.reason as Error);
              });
            }),
        },
        { concurrency: 1 },
      );
      await until('it is marked as running', async () => (await world.task(running!)).status === 'running');
      expect(await world.cancel(waiting!)).toBe(true);
      expect(await world.cancel(running!)).toBe(true);
      await until('its handler was told', () => aborted === 1);
      await until(
        'it has left its lease',
        async () => (await world.owner('select from plinth.task_leases')).length === 0,
      );
      expect(await world.counts()).toEqual({ cancelled: 2 });
      expect(await world.cancel(running!)).toBe(false);
      expect(await world.attempts(running!)).toEqual([]);
      await nothingHeld();
    });

    it('refuses the late answer of a lost lease; the task is completed once, elsewhere', async () => {
      const [id] = await world.enqueue({ task_type: 'slow' });
      const held = Promise.withResolvers<string>();
      let started = 0;
      const first = world.work({
        slow: (_payload, { attempt }) => {
          started++;
          return attempt === 1 ? held.promise : 'in time';
        },
      });
      await until('the first has it', () => started === 1);
      // two transactions: on Citus each role has a connection of its own to the workers, and they wait for each other
      await world.owner(`update plinth.task_leases set expires_at = now() - interval '1 second'`);
      await world.owner('set local role plinth_worker', 'select plinth.recover_expired_leases(20)');
      held.resolve('late');
      await until('the late answer was refused', () => first.statistics.refused === 1);
      await world.work({ slow: () => 'in time' }).idle();
      await until('it is done', async () => (await world.task(id!)).status === 'completed');
      expect(await world.task(id!)).toMatchObject({ status: 'completed', attempts: 2, results: 'in time' });
      expect(await world.attempts(id!)).toMatchObject([
        { attempt: 1, outcome: 'lost', error: { code: 'worker_lost' } },
      ]);
    });

    it('what was lost once runs at once; lost again it waits a random while, longer each time', async () => {
      const ids = await world.enqueue(...Array.from({ length: 8 }, () => ({ task_type: 'deadly', max_attempts: 9 })));
      const dead = makeTaskEngine(world.platform, randomUUID(), ['deadly'], 10);
      for (let loss = 0; loss < 3; loss++) {
        await world.owner(`update plinth.task_timers set run_at = now()`);
        await dead.promoteAndRecover();
        await dead.settleAndClaim({ successes: [], failures: [], suspensions: [], claim: 10, claimKeyed: 0 });
        await world.owner(`update plinth.task_leases set expires_at = now() - interval '1 second'`);
        await world.owner('set local role plinth_worker', 'select plinth.recover_expired_leases(20)');
      }
      const lost = (await Promise.all(ids.map((id) => world.attempts(id)))).map((of) => of.map(({ pause }) => pause!));
      for (const [first, second, third] of lost) {
        expect(first).toBe(0);
        expect(second).toBeLessThanOrEqual(2);
        expect(third).toBeLessThanOrEqual(4);
      }
      // apart from each other
      expect(new Set(lost.map(([, second]) => second)).size).toBe(ids.length);
    });

    it('tells a handler that its lease is lost', async () => {
      await world.enqueue({ task_type: 'slow', max_attempts: 1 });
      const reason = Promise.withResolvers<unknown>();
      world.work({
        slow: (_payload, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              reason.resolve(signal.reason);
              resolve('anyway');
            });
          }),
      });
      await until('it runs', async () => (await world.counts())['running'] === 1);
      await world.owner('delete from plinth.task_leases');
      expect(await reason.promise).toMatchObject({ code: 'lease_lost' });
    });

    it('a lease shrinks by what is answered, and goes with its last task', async () => {
      const ids = await world.enqueue(...[1, 2, 3, 4].map((n) => ({ task_type: 'one', payload: n })));
      const gates = new Map([1, 2, 3, 4].map((n) => [n, Promise.withResolvers<void>()]));
      world.work({ one: (payload) => gates.get(payload as number)!.promise });
      const leased = async () =>
        (await world.owner<{ task_ids: string[] }>('select task_ids from plinth.task_leases')).map(
          ({ task_ids }) => task_ids,
        );
      await until('one lease holds all', async () => (await leased())[0]?.length === 4);
      gates.get(2)!.resolve();
      gates.get(4)!.reject(new TaskFailure('no', 'no', { retryable: false }));
      await until('two are left', async () => (await leased())[0]?.length === 2);
      expect(new Set((await leased())[0])).toEqual(new Set([ids[0], ids[2]]));
      expect(await world.counts()).toMatchObject({ completed: 1, failed: 1 });
      gates.get(1)!.resolve();
      gates.get(3)!.resolve();
      await until('the lease is gone', async () => (await leased()).length === 0);
      expect(await world.counts()).toEqual({ completed: 3, failed: 1 });
    });

    it('10,000 tasks that fail at random all end, each result recorded once', async () => {
      const count = 10_000;
      const ids = new Set<string>();
      for (let from = 0; from < count; from += 1_000) {
        const tasks = Array.from({ length: 1_000 }, () => ({ task_type: 'dice', max_attempts: 3 }));
        for (const id of await world.enqueue(...tasks)) ids.add(id);
      }
      expect(ids.size).toBe(count);
      const succeeded = new Map<string, number>();
      const worker = world.work(
        {
          dice: (_payload, { taskId, attempt }) => {
            // one in four, by the random part of the id: the same at every run of the handler
            if ((Number.parseInt(taskId.slice(-6 - attempt, -attempt), 16) & 3) === 0) again();
            succeeded.set(taskId, (succeeded.get(taskId) ?? 0) + 1);
            return { taskId, attempt };
          },
        },
        { concurrency: 50 },
      );
      const ended = async () => {
        const { completed = 0, failed = 0 } = await world.counts();
        return completed + failed === count;
      };
      await until('all have ended', ended, 60);
      expect(new Set(succeeded.values())).toEqual(new Set([1]));
      const wrong = await world.owner(
        `select from plinth.tasks where (status = 'completed' and (results ->> 'taskId' <> id::text
           or (results ->> 'attempt')::int <> attempts)) or (status = 'failed' and (results is not null or attempts <> 3))`,
      );
      expect(wrong).toEqual([]);
      const { completed = 0, failed = 0 } = await world.counts();
      expect(completed).toBe(succeeded.size);
      // 1 in 64 expected: 156
      expect(failed).toBeGreaterThan(50);
      expect(worker.statistics.refused).toBe(0);
      await nothingHeld();
    }, 90_000);

    it('an equal idempotency key is one task, also for 100 callers at once', async () => {
      const answers = (
        await Promise.all(
          Array.from({ length: 100 }, () => world.enqueueAll([{ task_type: 'once', idempotency_key: 'the same' }])),
        )
      ).flat();
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      let runs = 0;
      await world.work({ once: () => runs++ }).idle();
      expect(runs).toBe(1);
      expect(await world.counts()).toEqual({ completed: 1 });
    });

    it('runs by priority, then age, and what is delayed when it is due', async () => {
      const at = new Date(Date.now() + 1_500);
      for (const task of [
        { payload: 'later', scheduled_at: at.toISOString() },
        { payload: 'low', priority: -5 },
        { payload: 'first' },
        { payload: 'second' },
        { payload: 'high', priority: 10 },
      ]) {
        await world.enqueue({ task_type: 'log', ...task });
      }
      const order: unknown[] = [];
      let ranAt = 0;
      world.work(
        {
          log: (payload) => {
            order.push(payload);
            if (payload === 'later') ranAt = Date.now();
          },
        },
        { concurrency: 1 },
      );
      await until('all ran', () => order.length === 5);
      expect(order).toEqual(['high', 'first', 'second', 'low', 'later']);
      expect(ranAt).toBeGreaterThanOrEqual(at.getTime());
    });

    it('leaves types it does not know to others', async () => {
      const [id] = await world.enqueue({ task_type: 'other' }, { task_type: 'mine' });
      await world.work({ mine: () => undefined }).idle();
      expect(await world.counts()).toEqual({ completed: 1, pending: 1 });
      await world.work({ other: () => 1 }).idle();
      expect((await world.task(id!)).results).toBe(1);
    });

    it('gives back at shutdown what it has not finished, without spending an attempt', async () => {
      const ids = await world.enqueue(...Array.from({ length: 6 }, () => ({ task_type: 'long' })));
      let started = 0;
      const abortable: Run = (_payload, { signal }) =>
        new Promise((_resolve, reject) => {
          started++;
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      const worker = world.work({ long: abortable }, { concurrency: 6 });
      await until('all are marked as running', async () => (await world.counts())['running'] === 6);
      await worker.stop();
      expect(started).toBe(6);
      expect(await world.counts()).toEqual({ pending: 6 });
      expect(await world.task(ids[0]!)).toMatchObject({ attempts: 0 });
      expect(await world.attempts(ids[0]!)).toEqual([]);
      await world.work({ long: (_payload, { attempt }) => attempt }).idle();
      expect(await world.task(ids[5]!)).toMatchObject({ status: 'completed', attempts: 1, results: 1 });
      await nothingHeld();
    });

    it('gives back what it has claimed and not started', async () => {
      await world.enqueue(...Array.from({ length: 5 }, () => ({ task_type: 'x' })));
      const engine = makeTaskEngine(world.platform, '01900000-0000-7000-8000-0000000000ff', ['x'], 10);
      const { claimed } = await engine.settleAndClaim({ successes: [], failures: [], claim: 5 });
      expect(claimed).toHaveLength(5);
      await engine.giveBack(claimed.slice(1));
      const again = await engine.settleAndClaim({
        successes: [{ task: claimed[0]!, result: '{"ok":true}', durationMs: 3 }],
        failures: [],
        claim: 10,
      });
      expect(again.refused).toEqual([]);
      expect(new Set(again.claimed.map(({ task_id }) => task_id))).toEqual(
        new Set(claimed.slice(1).map(({ task_id }) => task_id)),
      );
      expect(again.claimed.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1]);
      await engine.giveBack(again.claimed);
    });

    it('sends nothing while it is idle, until it is woken', async () => {
      const worker = world.work({ mine: () => undefined });
      await worker.idle();
      let statements = 0;
      const count = () => statements++;
      on.engine.workerPool.on('acquire', count);
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(statements).toBe(0);
      await world.enqueue({ task_type: 'mine' });
      await until('it ran', () => worker.statistics.completed === 1);
      on.engine.workerPool.off('acquire', count);
      expect(statements).toBeGreaterThan(0);
    });

    it('misses no wake-up, however close to a claim it comes', async () => {
      const worker = world.work({ mine: () => undefined }, { idleMsAlone: 600_000, idleMsAmongOthers: 600_000 });
      for (let n = 1; n <= 150; n++) {
        await world.enqueue({ task_type: 'mine' });
        // sometimes after the task, sometimes in the middle of its claim
        if (n % 3 > 0) await until('it ran', () => worker.statistics.completed >= n, 10);
      }
      await until('all ran', () => worker.statistics.completed === 150, 10);
    });

    it('refuses results and payloads of more than 1 MB, or nested too deep', async () => {
      let deep: unknown = 1;
      for (let level = 0; level < 200; level++) deep = [deep];
      const [large, nested, limit] = await world.enqueue(
        { task_type: 'large' },
        { task_type: 'nested' },
        { task_type: 'limit' },
      );
      await world
        .work({
          large: () => 'x'.repeat(result_bytes_max),
          nested: () => deep,
          limit: () => 'x'.repeat(result_bytes_max - 2),
        })
        .idle();
      expect(await world.task(large!)).toMatchObject({ status: 'failed', error: { code: 'result_too_large' } });
      expect(await world.task(nested!)).toMatchObject({ status: 'failed', error: { code: 'result_too_deep' } });
      expect((await world.task(limit!)).status).toBe('completed');
      await expect(world.enqueue({ task_type: 'x', payload: 'x'.repeat(1024 * 1024) })).rejects.toMatchObject({
        code: 'task_payload_too_large',
      });
      await expect(world.enqueue({ task_type: 'x', payload: deep })).rejects.toMatchObject({ code: 'json_too_deep' });
    });

    it('an answer that can not be stored fails alone', async () => {
      const hostile: Record<string, Run> = {
        nul: () => 'a\0b',
        surrogate: () => '\ud800',
        circular: () => {
          const ring: Record<string, unknown> = {};
          ring['ring'] = ring;
          return ring;
        },
        bigint: () => 1n,
        thrown: () => {
          throw Object.assign(new Error('a\0b \ud800'), { code: 'x\0y' });
        },
        details: () => {
          throw new TaskFailure('hostile', 'x', { retryable: false, details: { text: 'a\0b' } });
        },
        nothing: () => {
          throw undefined;
        },
        fine: () => 'fine',
      };
      const types = Object.keys(hostile);
      const ids = await world.enqueue(...types.map((task_type) => ({ task_type, max_attempts: 1 })));
      await world.work(hostile, { concurrency: 20 }).idle();
      const stored = await Promise.all(ids.map((id) => world.task(id)));
      expect(stored.map(({ status, error }, n) => [types[n], status, error?.code])).toEqual([
        ['nul', 'failed', 'result_not_stored'],
        ['surrogate', 'failed', 'result_not_stored'],
        ['circular', 'failed', 'result_not_json'],
        ['bigint', 'failed', 'result_not_json'],
        ['thrown', 'failed', 'handler_failed'],
        ['details', 'failed', 'failure_not_stored'],
        ['nothing', 'failed', 'handler_failed'],
        ['fine', 'completed', undefined],
      ]);
      await nothingHeld();
    });

    it('nothing is there when the transaction that enqueued is rolled back', async () => {
      const { platform, organizationId } = world;
      const failing = platform.door.write({ as: 'app', organizationId }, async (tx) => {
        await enqueueTasks(platform, tx, [{ task_type: 'mine' }]);
        throw new Error('rolled back');
      });
      await expect(failing).rejects.toThrow();
      const worker = world.work({ mine: () => undefined });
      await worker.idle();
      expect(worker.statistics.completed).toBe(0);
      expect(await world.counts()).toEqual({});
      await nothingHeld();
    });

    it('handlers that never wait do not keep heartbeats from being sent', async () => {
      await world.enqueue(...Array.from({ length: 60 }, () => ({ task_type: 'busy' })));
      const worker = world.work(
        {
          busy: () => {
            const end = performance.now() + 80;
            while (performance.now() < end);
          },
        },
        { leaseSeconds: 3, concurrency: 60 }, // less than they take together, more than a busy machine takes from a process
      );
      await until('all ran', () => worker.statistics.completed >= 60, 30);
      await worker.idle();
      expect(worker.statistics).toMatchObject({ completed: 60, refused: 0 });
      expect(await world.owner('select from plinth.task_attempts')).toEqual([]);
    });

    it.runIf(on.name !== 'pglite')(
      'what a killed worker held runs elsewhere',
      async () => {
        const count = 200;
        const ids = await world.enqueue(...Array.from({ length: count }, () => ({ task_type: 'slow' })));
        const program = new URL('./fixtures/worker-child.ts', import.meta.url).pathname;
        const child = spawn(process.execPath, [program, on.test.url!], { stdio: ['ignore', 'pipe', 'inherit'] });
        for await (const line of createInterface(child.stdout)) if (Number(line) >= 50) break;
        child.kill('SIGKILL');
        await once(child, 'exit');
        const worker = world.work({ slow: () => ({ by: 'other' }) }, { leaseSeconds: 2 });
        await until('all are done', async () => (await world.counts())['completed'] === count);
        const stored = await Promise.all(ids.map((id) => world.task(id)));
        const by = stored.map(({ results }) => (results as { by: string }).by);
        expect(by.filter((name) => name === 'child').length).toBeGreaterThan(0);
        expect(worker.statistics.completed).toBe(by.filter((name) => name === 'other').length);
        const lost = await world.owner<{ outcome: string }>('select distinct outcome from plinth.task_attempts');
        expect(lost).toEqual([{ outcome: 'lost' }]);
        await nothingHeld();
      },
      60_000,
    );
  },
  { server: { poolSize: 10, workerPoolSize: 4 } },
);
