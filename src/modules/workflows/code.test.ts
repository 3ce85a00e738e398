import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { TaskFailure } from '../tasks/index.ts';
import { openWorkflowWorld, type WorkflowWorld } from './fixtures/world.fixture.ts';
import { StepFailure, workflow } from './index.ts';

const hopeless = () => {
  throw new TaskFailure('hopeless', 'never', { retryable: false });
};
/** Tried again at once. */
const soon = { firstDelaySeconds: 0.02, maxDelaySeconds: 0.02 };

describeEngines(
  'workflows as code',
  (on) => {
    let world: WorkflowWorld;
    beforeAll(async () => {
      world = await openWorkflowWorld(on.engine);
    });
    afterEach(() => world.stopWorkers());
    afterAll(() => world.close());

    it('runs each step once, whatever lies between, and gives a replay what was recorded', async () => {
      const ran: string[] = [];
      const seen: unknown[] = [];
      const step = (name: string, result: unknown) => () => {
        ran.push(name);
        return result;
      };
      world.know(
        workflow<{ n: number }>('plain', { version: 1 }, async (ctx, { n }) => {
          const made = await ctx.run('make', step('make', { at: new Date(0), n, nothing: undefined }));
          await ctx.sleep('50ms');
          const nothing = await ctx.run('nothing', step('nothing', undefined));
          const again = await ctx.run('make', step('make again', [1]));
          await ctx.sleep('rest', 0.02);
          seen.push([made, nothing, again, ctx.now(), ctx.random(), ctx.random(), ctx.uuid()]);
          await ctx.sleep('rest', 0);
          return { made, again };
        }),
      );
      world.work();
      const id = await world.start('plain', { input: { n: 7 } });
      const run = await world.until(id, 'completed', 'failed');
      const made = { at: '1970-01-01T00:00:00.000Z', n: 7 };
      expect(run).toMatchObject({ status: 'completed', workflow: 'plain', version: 1, input: { n: 7 } });
      expect(run.output).toEqual({ made, again: [1] });
      expect(ran).toEqual(['make', 'nothing', 'make again']);
      expect(seen.length).toBeGreaterThan(1);
      for (const one of seen) expect(one).toEqual(seen[0]);
      expect((seen[0] as unknown[]).slice(0, 3)).toEqual([made, null, [1]]);
      const [, , , now, first, second, uuid] = seen[0] as [unknown, unknown, unknown, Date, number, number, string];
      expect(now.getTime()).toBeGreaterThan(run.created_at.getTime());
      expect(first).not.toBe(second);
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(run.steps.map(({ key, kind, status }) => `${key} ${kind} ${status}`)).toEqual([
        'make step completed',
        'sleep sleep completed',
        'nothing step completed',
        'make#2 step completed',
        'rest sleep completed',
        'rest#2 sleep completed',
      ]);
    });

    it('tries a step again by its policy, and its code may catch the last failure', async () => {
      let tries = 0;
      const flaky = ({ attempt, idempotencyKey }: { attempt: number; idempotencyKey: string }) => {
        if (++tries < 3) throw new Error(`attempt ${attempt}`);
        return `${attempt} ${idempotencyKey}`;
      };
      world.know(
        workflow('stubborn', { version: 1 }, async (ctx) => {
          const third = await ctx.run('flaky', flaky, { retry: { ...soon, maxAttempts: 3 } });
          const caught = await ctx.run('hopeless', hopeless).catch((error: StepFailure) => error);
          return [third, (caught as StepFailure).code, (caught as StepFailure).step, caught instanceof StepFailure];
        }),
      );
      world.work();
      const id = await world.start('stubborn');
      const run = await world.until(id, 'completed', 'failed');
      expect(run.output).toEqual([`3 ${id}:flaky`, 'hopeless', 'hopeless', true]);
      expect(run.steps).toMatchObject([
        { key: 'flaky', attempts: 3, status: 'completed', error: null },
        { key: 'hopeless', attempts: 1, status: 'failed', error: { code: 'hopeless', message: 'never' } },
      ]);
    });

    it('a step that has failed for good fails the run, and a retry goes on from there', async () => {
      const ran: string[] = [];
      let broken = true;
      world.know(
        workflow('fragile', { version: 1 }, async (ctx) => {
          await ctx.run('first', () => ran.push('first'));
          await ctx.all([
            () => ctx.run('left', () => (broken ? hopeless() : ran.push('left'))),
            () => ctx.run('middle', () => ran.push('middle')),
            () => ctx.run('right', () => (broken ? hopeless() : ran.push('right'))),
          ]);
          return ran.length;
        }),
      );
      world.work();
      const id = await world.start('fragile');
      const failed = await world.until(id, 'failed');
      expect(failed.error).toMatchObject({
        code: 'hopeless',
        message: 'step "all/0/left": never',
        details: { steps: ['all/0/left', 'all/2/right'] },
      });
      broken = false;
      expect((await world.call('POST', `/v1/workflow-runs/${id}/retry`)).body).toEqual({ id, status: 'pending' });
      expect((await world.until(id, 'completed', 'failed')).status).toBe('completed');
      expect([...ran].sort()).toEqual(['first', 'left', 'middle', 'right']);
      expect((await world.call('POST', `/v1/workflow-runs/${id}/retry`)).body['code']).toBe(
        'workflow_run_not_retryable',
      );
    });

    it('gives keys of a result in one order, the first time and in a replay', async () => {
      const orders: string[] = [];
      world.know(
        workflow('ordered', { version: 1 }, async (ctx) => {
          const made = await ctx.run('make', () => ({ zebra: 1, a: { yy: 1, x: 2 }, bb: 3 }));
          orders.push(JSON.stringify(made));
          await ctx.sleep(0);
        }),
      );
      world.work();
      await world.until(await world.start('ordered'), 'completed', 'failed');
      expect(orders.length).toBe(2);
      expect(orders[0]).toBe(orders[1]);
    });

    it('a retry as a task, by a filter for example, goes on from there too', async () => {
      const ran: string[] = [];
      world.know(
        workflow('fragile-too', { version: 1, timeMax: '1h' }, async (ctx) => {
          await ctx.run('first', () => ran.push('first'));
          await ctx.run('second', () => (ran.length === 1 ? ran.push('failed') && hopeless() : ran.push('second')));
        }),
      );
      world.work();
      const id = await world.start('fragile-too');
      await world.until(id, 'failed');
      await world.call('POST', '/v1/tasks/retry', { filter: { task_type: 'workflow.fragile-too.v1' } });
      await world.until(id, 'completed');
      expect(ran).toEqual(['first', 'failed', 'second']);
    });

    it.each([
      ['by its id', (id: string) => [`/v1/tasks/${id}/retry`, undefined] as const],
      ['by a filter', (id: string) => ['/v1/tasks/retry', { filter: { ids: [id] } }] as const],
      ['as a run', (id: string) => [`/v1/workflow-runs/${id}/retry`, undefined] as const],
    ])('one that was cancelled with its children goes on, with new ones, when it is retried %s', async (_how, at) => {
      const name = `cancelled-${_how.replaceAll(' ', '-')}`;
      const ran: string[] = [];
      world.know(
        workflow(name, { version: 1, timeMax: '1h' }, async (ctx) => {
          await ctx.run('first', () => ran.push('first'));
          return ctx.task('child.work', { of: name });
        }),
      );
      const worker = world.work();
      const id = await world.start(name);
      await world.until(id, 'waiting');
      const [before] = (await world.run(id)).steps.filter(({ kind }) => kind === 'task');
      await world.call('POST', `/v1/workflow-runs/${id}/cancel`);
      await worker.stop();
      expect((await world.call('GET', `/v1/tasks/${before!.task_id}`)).body['status']).toBe('cancelled');
      // its ceiling of time is over
      await world.plinth.owner(
        `update plinth.workflow_runs set deadline_at = now() - interval '1 minute' where id = $1`,
        [id],
      );
      const [path, body] = at(id);
      expect((await world.call('POST', path, body)).status).toBe(200);
      world.work({ 'child.work': async () => 'done' });
      const run = await world.until(id, 'completed', 'failed');
      expect(run).toMatchObject({ status: 'completed', output: 'done' });
      expect(ran).toEqual(['first']);
    });

    it('a long run gives way between its steps, and spends no attempt on it', async () => {
      let activations = 0;
      const ran: number[] = [];
      world.know(
        workflow('long', { version: 1, activationSecondsMax: 0.05 }, async (ctx) => {
          activations++;
          for (let n = 0; n < 6; n++) {
            await ctx.run('step', async () => {
              ran.push(n);
              await pause(30);
            });
          }
        }),
      );
      world.work();
      const id = await world.start('long');
      await world.until(id, 'completed', 'failed');
      expect(ran).toEqual([0, 1, 2, 3, 4, 5]);
      expect(activations).toBeGreaterThan(1);
      const rows = await world.plinth.owner(
        `select t.attempts, (select count(*)::int from plinth.task_attempts a where a.organization_id = t.organization_id and a.task_id = t.id) as failed
         from plinth.tasks t where t.id = $1`,
        [id],
      );
      expect(rows).toEqual([{ attempts: 1, failed: 0 }]);
    });

    it('loses no event, whenever it comes', async () => {
      const runs = 25;
      world.know(workflow('hearing', { version: 1 }, async (ctx) => ctx.waitForEvent('news')));
      world.work();
      world.work();
      const ids = await Promise.all(Array.from({ length: runs }, () => world.start('hearing')));
      const send = async (id: string, n: number) => {
        await pause(Math.random() * 300);
        await world.call('POST', `/v1/workflow-runs/${id}/events`, { name: 'news', payload: { n } });
      };
      await Promise.all(ids.map(send));
      const ended = await Promise.all(ids.map((id) => world.until(id, 'completed', 'failed')));
      expect(ended.map(({ output }) => output)).toEqual(ids.map((_, n) => ({ n })));
    });

    it('waits for events: sent before or after, by run, key or contents; and no longer than its timeout', async () => {
      world.know(
        workflow('listener', { version: 1 }, async (ctx) => {
          const early = await ctx.waitForEvent('early');
          const paid = await ctx.waitForEvent('paid', { match: { order: { id: 7 } } });
          const keyed = await ctx.waitForEvent('keyed', { timeout: '1h' });
          const none = await ctx.waitForEvent('none', { timeout: '30ms' });
          return [early, paid, keyed, none];
        }),
      );
      const id = await world.start('listener', { correlation_key: 'order-7' });
      const send = (path: string, body: Record<string, unknown>) => world.call('POST', path, body);
      expect((await send(`/v1/workflow-runs/${id}/events`, { name: 'early', payload: { n: 1 } })).status).toBe(202);
      const worker = world.work();
      await worker.idle();
      expect(await world.run(id)).toMatchObject({ status: 'waiting', wakes_at: null });
      // of another order: it is not for this run
      const other = await send('/v1/workflow-events', { name: 'paid', payload: { order: { id: 8 } } });
      expect(other.body).toEqual({ runs: 0 });
      const paid = await send('/v1/workflow-events', { name: 'paid', payload: { order: { id: 7, total: 3 } } });
      expect(paid.body).toEqual({ runs: 1 });
      await worker.idle();
      expect((await world.run(id)).wakes_at).toBeInstanceOf(Date);
      const keyed = await send('/v1/workflow-events', { name: 'keyed', correlation_key: 'order-7' });
      expect(keyed.body).toEqual({ runs: 1 });
      const run = await world.until(id, 'completed', 'failed');
      expect(run.output).toEqual([{ n: 1 }, { order: { id: 7, total: 3 } }, {}, null]);
      const late = await send(`/v1/workflow-runs/${id}/events`, { name: 'early' });
      expect(late.body['code']).toBe('workflow_run_ended');
    });

    it('waits for tasks and other workflows, and hears how they ended', async () => {
      world.know(
        workflow<{ n: number }>('child', { version: 1 }, async (ctx, { n }) => ctx.run('square', () => n * n)),
        workflow('child', { version: 2 }, async () => 'the newest'),
        workflow('parent', { version: 1 }, async (ctx) => {
          const doubled = await ctx.task<number>('double', { n: 4 });
          const bad = await ctx.task('bad', {}, { max_attempts: 1 }).catch((error: StepFailure) => error.code);
          const old = await ctx.workflow('child', { n: 5 }, { version: 1 });
          const newest = await ctx.workflow('child');
          const unknown = await ctx.workflow('unheard-of').catch((error: StepFailure) => error.code);
          return [doubled, bad, old, newest, unknown];
        }),
      );
      world.work({
        double: async (_context, payload) => (payload as { n: number }).n * 2,
        bad: async () => hopeless(),
      });
      const id = await world.start('parent');
      const run = await world.until(id, 'completed', 'failed');
      expect(run.output).toEqual([8, 'hopeless', 25, 'the newest', 'unknown_workflow']);
    });

    it('cancelling a run cancels what it has begun; one that fails does so too', async () => {
      world.know(
        workflow('deep', { version: 1 }, async (ctx) => ctx.sleep('1d')),
        workflow('cancelled', { version: 1 }, async (ctx) => ctx.workflow('deep')),
        workflow('late', { version: 1, timeMax: '1s' }, async (ctx) => ctx.workflow('deep')),
      );
      const worker = world.work();
      const [id, late] = [await world.start('cancelled'), await world.start('late')];
      await worker.idle();
      const child = (await world.until(id, 'waiting')).steps[0]!.task_id!;
      const cancelled = await world.call('POST', `/v1/workflow-runs/${id}/cancel`, { reason: 'enough' });
      expect(cancelled.body).toEqual({ id, status: 'cancelled' });
      expect((await world.run(child)).status).toBe('cancelled');
      expect((await world.call('POST', `/v1/workflow-runs/${id}/cancel`)).body['code']).toBe('workflow_run_ended');
      const ended = await world.until(late, 'failed');
      expect(ended.error).toMatchObject({ code: 'workflow_deadline_exceeded' });
      expect((await world.run(ended.steps[0]!.task_id!)).status).toBe('cancelled');
    });

    it('branches run side by side, no more than asked for, with names and times of their own', async () => {
      let running = 0;
      let most = 0;
      const ran: string[] = [];
      const clocks: unknown[] = [];
      world.know(
        workflow('wide', { version: 1 }, async (ctx) => {
          const results = await ctx.forEach(
            'items',
            [30, 20, 10, 0],
            async (ms, index) => {
              await ctx.sleep(ms / 1_000);
              const result = await ctx.run('work', async () => {
                ran.push(`${index}`);
                most = Math.max(most, ++running);
                await pause(10);
                running--;
                return ms;
              });
              await ctx.sleep('again', 0.01);
              return [result, ctx.uuid()];
            },
            { concurrency: 2 },
          );
          const both = await ctx.all([async () => 1, async () => 'two']);
          clocks.push(ctx.now().getTime());
          await ctx.sleep('end', 0);
          return [results, both];
        }),
      );
      world.work();
      const run = await world.until(await world.start('wide'), 'completed', 'failed');
      const [results, both] = run.output as [[number, string][], unknown];
      expect(results.map(([ms]) => ms)).toEqual([30, 20, 10, 0]);
      expect(new Set(results.map(([, uuid]) => uuid)).size).toBe(4);
      expect(both).toEqual([1, 'two']);
      expect([...ran].sort()).toEqual(['0', '1', '2', '3']);
      expect(most).toBeLessThanOrEqual(2);
      expect(new Set(clocks).size).toBe(1);
    });

    it.each([
      ['another step in its place', 'step "new" is reached where "old" was recorded'],
      ['another kind', 'step "old" was recorded as step, and is sleep now'],
      ['a step before it', 'step "new" is reached where "old" was recorded'],
      ['none of it', 'step "old" was recorded, and is not reached any more'],
    ])('code that does not fit what is recorded is found out: %s', async (what, message) => {
      let changed = false;
      const name = `changing-${what.replaceAll(' ', '-')}`;
      world.know(
        workflow(name, { version: 1 }, async (ctx) => {
          if (changed && what === 'none of it') return;
          if (changed && what === 'another kind') await ctx.sleep('old', 1);
          else if (changed) await ctx.run('new', () => 1);
          if (!changed || what === 'a step before it') await ctx.run('old', () => 1);
          await ctx.waitForEvent('go');
        }),
      );
      const worker = world.work();
      const id = await world.start(name);
      await worker.idle();
      changed = true;
      await world.call('POST', `/v1/workflow-runs/${id}/events`, { name: 'go' });
      const run = await world.until(id, 'failed', 'completed');
      expect(run.error).toMatchObject({ code: 'workflow_changed' });
      expect((run.error as { message: string }).message).toContain(message);
      const [{ attempts } = { attempts: 0 }] = await world.plinth.owner<{ attempts: number }>(
        'select attempts from plinth.tasks where id = $1',
        [id],
      );
      expect(attempts).toBe(1);
    });

    it('begins nothing more once its steps have cost more than the run may', async () => {
      const ran: string[] = [];
      world.know(
        workflow('spender', { version: 1, costMax: 10 }, async (ctx) => {
          for (const name of ['a', 'b', 'c', 'd']) {
            await ctx.run(
              name,
              ({ cost, attempt }) => {
                cost(4);
                if (name === 'b' && attempt === 1) throw new Error('it has cost all the same');
                ran.push(name);
              },
              { retry: soon },
            );
          }
        }),
      );
      world.work();
      const run = await world.until(await world.start('spender'), 'failed', 'completed');
      expect(run).toMatchObject({ cost: 12, cost_max: 10, error: { code: 'workflow_cost_exceeded' } });
      expect(ran).toEqual(['a', 'b']);
    });

    it('a worker that has lost the run records nothing', async () => {
      const entered = Promise.withResolvers<void>();
      const leave = Promise.withResolvers<void>();
      let worker = 0;
      world.know(
        workflow('contested', { version: 1 }, async (ctx) => {
          const by = await ctx.run('slow', async () => {
            const own = ++worker;
            if (own === 1) {
              entered.resolve();
              await leave.promise;
            }
            return own;
          });
          return by;
        }),
      );
      world.work();
      const id = await world.start('contested');
      await entered.promise;
      await world.plinth.owner(`update plinth.task_leases set expires_at = now() - interval '1 second'`);
      world.work();
      const run = await world.until(id, 'completed', 'failed');
      leave.resolve();
      await pause(100);
      expect(run.output).toBe(2);
      expect((await world.run(id)).steps).toMatchObject([{ key: 'slow', result: 2 }]);
    });

    it('what is wrong in the code of a workflow is said, and nothing hangs', async () => {
      world.know(
        workflow('bad-name', { version: 1 }, async (ctx) => ctx.run('a/b', () => 1)),
        workflow('bad-sleep', { version: 1 }, async (ctx) => ctx.sleep('tomorrow')),
        workflow('bad-result', { version: 1 }, async (ctx) => ctx.run('nul', () => 'a\0b')),
        workflow('huge-result', { version: 1 }, async (ctx) =>
          ctx.run('huge', () => 'x'.repeat(2_000_000), { retry: soon }),
        ),
        workflow('nested', { version: 1 }, async (ctx) =>
          ctx.run('outer', () => ctx.run('inner', () => 1), { retry: { maxAttempts: 1 } }),
        ),
        workflow('thrower', { version: 1 }, async () => {
          throw 'a string';
        }),
      );
      world.work();
      const codes: Record<string, unknown> = {};
      for (const name of ['bad-name', 'bad-sleep', 'bad-result', 'huge-result', 'nested', 'thrower']) {
        const { error } = await world.until(await world.start(name), 'failed', 'completed');
        codes[name] = (error as { code?: string } | null)?.code;
      }
      expect(codes).toEqual({
        'bad-name': 'workflow_failed',
        'bad-sleep': 'workflow_failed',
        'bad-result': 'result_not_stored',
        'huge-result': 'result_too_large',
        nested: 'handler_failed',
        thrower: 'workflow_failed',
      });
      expect(() => workflow('Bad Name', { version: 1 }, async () => 1)).toThrow(/no name of a workflow/);
      expect(() => workflow('fine', { version: 0 }, async () => 1)).toThrow(/not a whole number/);
    });

    it('a plain task of its type is a run too, as schedules make them', async () => {
      world.know(workflow('scheduled', { version: 3 }, async (ctx, input) => ctx.run('echo', () => input)));
      world.work();
      const made = await world.call('POST', '/v1/tasks', { task_type: 'workflow.scheduled.v3', payload: { a: 1 } });
      const id = String(made.body['id']);
      await expect
        .poll(async () => (await world.call('GET', `/v1/workflow-runs/${id}`)).body['output'], { timeout: 20_000 })
        .toEqual({ a: 1 });
      const listed = await world.call('GET', '/v1/workflow-runs?workflow=scheduled&status=completed');
      expect(listed.body).toMatchObject({
        data: [
          {
            id,
            workflow: 'scheduled',
            version: 3,
            kind: 'code',
            status: 'completed',
            step_count: 1,
            ended_step_count: 1,
          },
        ],
      });
      // a list of megabytes would be none
      expect(listed.body['data']?.['0']).not.toHaveProperty('input');
      expect((await world.call('GET', `/v1/workflow-runs/${id}/definition`)).status).toBe(404);
      const known = await world.call('GET', '/v1/workflows');
      expect(JSON.stringify(known.body)).toContain('"name":"scheduled","version":3');
      expect((await world.call('POST', '/v1/workflow-runs', { workflow: 'nobody' })).body['code']).toBe(
        'unknown_workflow',
      );
      const same = { workflow: 'scheduled', idempotency_key: 'k' };
      const [first, second] = [
        await world.call('POST', '/v1/workflow-runs', same),
        await world.call('POST', '/v1/workflow-runs', same),
      ];
      expect([first.status, second.status, first.body['id'] === second.body['id']]).toEqual([201, 200, true]);
    });
  },
  { server: { poolSize: 4, workerPoolSize: 4 } },
);
