import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import type { NewTask } from './enqueue.ts';
import { TaskFailure } from './failure.ts';
import { openWorld, type Run, until, type World } from './fixtures/world.ts';

const fail: Run = () => {
  throw new TaskFailure('broken', 'never', { retryable: false });
};
const step = (ref: string, ...depends_on: NonNullable<NewTask['depends_on']>[number][]): NewTask => ({
  task_type: 'step',
  ref,
  payload: ref,
  depends_on,
});

describeEngines(
  'dependencies of tasks',
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
        return row!.answer;
      });
    const add = (task: string, ...dependencies: { id: string; kind?: string }[]) =>
      ask<string | null>(
        'select plinth.add_task_dependencies($1, $2, $3::jsonb) as answer',
        task,
        JSON.stringify(dependencies),
      );
    const remove = (task: string, dependency: string) =>
      ask<boolean | null>('select plinth.remove_task_dependency($1, $2, $3) as answer', task, dependency);
    const retry = (task: string) => ask<string | null>('select plinth.retry_task($1, $2) as answer', task);
    const status = async (...ids: string[]) => Promise.all(ids.map(async (id) => (await world.task(id)).status));
    /** What counting down promises: a blocked or paused task counts exactly those that have not ended, and never none. */
    const consistent = async () => {
      const wrong = await world.owner(
        `select t.id, t.status, t.pending_dependencies, x.open
         from plinth.tasks t
         cross join lateral (
           select count(*)::int as open
           from plinth.task_dependencies d
           join plinth.tasks p on p.organization_id = d.organization_id and p.id = d.depends_on_task_id
           where d.organization_id = t.organization_id and d.task_id = t.id
             and p.status not in ('completed', 'failed', 'cancelled')) x
         where t.organization_id = '${world.organizationId}' and ((t.status in ('blocked', 'paused') and t.pending_dependencies <> x.open)
            or (t.status = 'blocked' and x.open = 0)
            or (t.status = 'pending') <> (
              exists (select 1 from plinth.task_queue q where q.organization_id = t.organization_id and q.id = t.id)
              or exists (select 1 from plinth.task_timers w where w.organization_id = t.organization_id and w.id = t.id)))`,
      );
      expect(wrong).toEqual([]);
    };

    it('a diamond runs in order, however the call lists it', async () => {
      const order: unknown[] = [];
      await world.enqueue(step('end', 'left', 'right'), step('left', 'start'), step('right', 'start'), step('start'));
      expect(await world.counts()).toEqual({ blocked: 3, pending: 1 });
      await consistent();
      await world.work({ step: (payload) => order.push(payload) }).idle();
      expect([order[0], order[3]]).toEqual(['start', 'end']);
      expect(await world.counts()).toEqual({ completed: 4 });
    });

    it('answers come in the order of the call', async () => {
      const ids = await world.enqueue(step('b', 'a'), step('a'));
      const payloads = await Promise.all(
        ids.map((id) => world.owner<{ payload: string }>(`select payload from plinth.tasks where id = '${id}'`)),
      );
      expect(payloads.flat().map(({ payload }) => payload)).toEqual(['b', 'a']);
    });

    it('each kind waits for what it says; a task that waits in vain does what it declared', async () => {
      const after = (
        parent: string,
        kind: 'success' | 'failure' | 'completion',
        policy?: 'cancel' | 'fail' | 'run',
      ) => ({
        task_type: 'step',
        depends_on: [{ ref: parent, kind }],
        ...(policy && { on_dependency_failure: policy }),
      });
      const parents = [
        { task_type: 'good', ref: 'good' },
        { task_type: 'bad', ref: 'bad' },
      ];
      const children = [
        ...['good', 'bad'].flatMap((parent) => [
          after(parent, 'success'),
          after(parent, 'failure'),
          after(parent, 'completion'),
        ]),
        after('bad', 'success', 'fail'),
        after('bad', 'success', 'run'),
      ];
      const ids = await world.enqueue(...parents, ...children);
      await world.work({ good: () => 1, bad: fail, step: () => 1 }).idle();
      expect(await status(...ids)).toEqual([
        ...['completed', 'failed'],
        ...['completed', 'cancelled', 'completed'],
        ...['cancelled', 'completed', 'completed'],
        ...['failed', 'completed'],
      ]);
      expect((await world.task(ids[5]!)).error).toEqual({
        code: 'dependency_not_met',
        message: `task ${ids[1]} has failed`,
        details: { task_id: ids[1], status: 'failed' },
      });
      await consistent();
    });

    it('what is cancelled cancels what waits for it, and no further than declared', async () => {
      const [first, second, anyhow, third] = await world.enqueue(
        step('first'),
        step('second', 'first'),
        { ...step('anyhow', 'second'), on_dependency_failure: 'run' },
        step('third', 'anyhow'),
      );
      expect(await world.cancel(first!)).toBe(true);
      expect(await status(first!, second!, anyhow!, third!)).toEqual(['cancelled', 'cancelled', 'pending', 'blocked']);
      await world.work({ step: () => 1 }).idle();
      expect(await status(anyhow!, third!)).toEqual(['completed', 'completed']);
    });

    it('tasks that are there, also such as have ended, can be waited for', async () => {
      const [done, open, broken] = await world.enqueue(step('done'), { task_type: 'later' }, { task_type: 'bad' });
      const worker = world.work({ step: () => 1, bad: fail });
      await worker.idle();
      await worker.stop();
      const ids = await world.enqueue(
        step('a', done!),
        step('b', done!, open!),
        step('c', done!, broken!),
        step('d', 'c'),
        { ...step('e', broken!), on_dependency_failure: 'run' },
      );
      expect(await status(...ids)).toEqual(['pending', 'blocked', 'cancelled', 'cancelled', 'pending']);
      await consistent();
      await world.work({ later: () => 1 }).idle();
      expect(await status(ids[1]!)).toEqual(['pending']);
      await expect(world.enqueue(step('x', '01900000-0000-7000-8000-000000000000'))).rejects.toMatchObject({
        code: 'reference_not_found',
      });
    });

    it('a task of another organization can not be waited for', async () => {
      const other = await openWorld(on.engine);
      const [theirs] = await other.enqueue(step('theirs'));
      const [ours] = await world.enqueue(step('ours'));
      await expect(world.enqueue(step('x', theirs!))).rejects.toMatchObject({ code: 'reference_not_found' });
      await expect(add(ours!, { id: theirs! })).rejects.toMatchObject({ code: 'reference_not_found' });
    });

    it('an equal idempotency key is waited for as the task that was there', async () => {
      const once = { ...step('once'), idempotency_key: 'once' };
      const [first] = await world.enqueue(once);
      const [same, next] = await world.enqueue({ ...once, depends_on: [] }, step('next', 'once'));
      expect(same).toBe(first);
      expect(await status(next!)).toEqual(['blocked']);
      await world.enqueue({ ...once, depends_on: [next!] });
      expect(await status(first!)).toEqual(['pending']);
      await world.work({ step: () => 1 }).idle();
      expect(await world.counts()).toEqual({ completed: 2 });
    });

    it('refuses circles, repetitions and names that mean nothing; nothing is made then', async () => {
      const refused = (...tasks: NewTask[]) => expect(world.enqueue(...tasks)).rejects;
      await refused(step('a', 'a')).toMatchObject({ code: 'task_dependency_cycle' });
      await refused(step('a', 'b'), step('b', 'c'), step('c', 'a'), step('d')).toMatchObject({
        code: 'task_dependency_cycle',
      });
      await refused(step('a'), step('b', 'a', { ref: 'a' })).toMatchObject({ code: 'task_dependency_invalid' });
      await refused(step('a'), step('a')).toMatchObject({ code: 'task_dependency_invalid' });
      await refused(step('b', 'nothing')).toMatchObject({ code: 'task_dependency_invalid' });
      expect(await world.counts()).toEqual({});
    });

    it('dependencies are added to what has not started, and removed', async () => {
      const [a, b, c, delayed] = await world.enqueue(step('a'), step('b'), step('c', 'b'), {
        task_type: 'step',
        scheduled_at: new Date(Date.now() + 3_600_000).toISOString(),
      });
      expect(await add(a!, { id: c! }, { id: delayed! })).toBe('added');
      expect(await add(delayed!, { id: b! })).toBe('added');
      expect(await status(a!, b!, c!, delayed!)).toEqual(['blocked', 'pending', 'blocked', 'blocked']);
      await consistent();
      expect(await add(a!, { id: c! })).toBe('exists');
      expect(await add(b!, { id: a! })).toBe('cycle');
      expect(await add(b!, { id: b! })).toBe('cycle');
      expect(await add('01900000-0000-7000-8000-000000000000', { id: b! })).toBe(null);
      expect(await remove(a!, delayed!)).toBe(true);
      expect(await remove(a!, delayed!)).toBe(false);
      await world.work({ step: () => 1 }).idle();
      expect(await status(a!, b!, c!, delayed!)).toEqual(['completed', 'completed', 'completed', 'pending']);
      expect(await add(a!, { id: b! })).toBe('ended');
      expect(await remove(c!, b!)).toBe(true);
      await consistent();
      expect(await world.owner('select 1 from plinth.task_queue')).toEqual([]);
      expect(await world.owner('select 1 from plinth.task_timers')).toHaveLength(1);
    });

    it('a dependency on what has ended is counted at once, and a running task can not be made to wait', async () => {
      const [done, running] = await world.enqueue(step('done'), { task_type: 'long' });
      const gate = Promise.withResolvers<void>();
      world.work({ step: () => 1, long: () => gate.promise });
      await until('it runs', async () => (await world.task(running!)).status === 'running');
      expect(await add(running!, { id: done! })).toBe('started');
      const [waits] = await world.enqueue({ task_type: 'elsewhere' });
      expect(await add(waits!, { id: done! })).toBe('added');
      expect(await status(waits!)).toEqual(['pending']);
      expect(await add(waits!, { id: running! })).toBe('added');
      expect(await status(waits!)).toEqual(['blocked']);
      gate.resolve();
      await until('it is released', async () => (await status(waits!))[0] === 'pending');
      await consistent();
    });

    it('the last dependency removed lets the task go', async () => {
      const [, second] = await world.enqueue({ task_type: 'never', ref: 'first' }, step('second', 'first'));
      const [first] = await world.owner<{ id: string }>(`select id from plinth.tasks where task_type = 'never'`);
      expect(await remove(second!, first!.id)).toBe(true);
      await world.work({ step: () => 1 }).idle();
      expect(await status(second!)).toEqual(['completed']);
    });

    it('nobody waits for what was deleted', async () => {
      const [first, second, third] = await world.enqueue(step('first'), step('second', 'first'), {
        ...step('third', 'first'),
        on_dependency_failure: 'run',
      });
      await world.owner(`delete from plinth.task_queue`, `delete from plinth.tasks where id = '${first}'`);
      expect(await status(second!, third!)).toEqual(['cancelled', 'pending']);
      await consistent();
    });

    it('a retry wakes what was cancelled because of it, and those that wait still wait for it again', async () => {
      let broken = true;
      const flaky: Run = () => {
        if (broken) throw new TaskFailure('broken', 'not yet', { retryable: false });
      };
      const [first, second, third, both, handler] = await world.enqueue(
        { task_type: 'flaky', ref: 'first' },
        step('second', 'first'),
        step('third', 'second'),
        { ...step('both', { ref: 'first', kind: 'completion' }, 'other') },
        step('handler', { ref: 'first', kind: 'failure' }),
        { task_type: 'other', ref: 'other' },
      );
      const worker = world.work({ flaky, step: () => 1 });
      await worker.idle();
      expect(await status(first!, second!, third!, both!, handler!)).toEqual([
        ...['failed', 'cancelled', 'cancelled', 'blocked', 'completed'],
      ]);
      expect(await retry(second!)).toBe('dependency');
      broken = false;
      expect(await retry(first!)).toBe('pending');
      expect(await status(second!, third!, both!)).toEqual(['blocked', 'blocked', 'blocked']);
      await consistent();
      world.platform.wakeups.wake('tasks');
      await worker.idle();
      expect(await status(first!, second!, third!, both!)).toEqual(['completed', 'completed', 'completed', 'blocked']);
      await world.work({ other: () => 1 }).idle();
      await until('all have ended', async () => (await status(both!))[0] === 'completed');
    });

    it('what the specification asks: satisfied, ready, and a summary', async () => {
      const [first, second] = await world.enqueue(step('first'), step('second', 'first'));
      const ready = () =>
        world.platform.door.readOne<{ id: string }>(
          scope(),
          `select t.id from plinth.tasks t
           where t.status = 'pending' and t.scheduled_at <= current_timestamp
             and plinth.are_task_dependencies_satisfied(t.id) = true
           order by t.priority desc, t.scheduled_at asc`,
        );
      const satisfied = async (id: string) =>
        (
          await world.platform.door.readOne(scope(), 'select plinth.are_task_dependencies_satisfied($1) as yes', [id])
        )[0]!['yes'];
      expect(await ready()).toEqual([{ id: first }]);
      expect([await satisfied(first!), await satisfied(second!)]).toEqual([true, false]);
      const view = await world.platform.door.readOne<{ id: string }>(scope(), 'select id from plinth.ready_tasks');
      expect(view).toEqual([{ id: first }]);
      expect(
        await world.platform.door.readOne(
          scope(),
          'select status, tasks::int from plinth.task_summary order by status',
        ),
      ).toEqual([
        { status: 'blocked', tasks: 1 },
        { status: 'pending', tasks: 1 },
      ]);
      const other = await openWorld(on.engine);
      const theirs = { as: 'app', organizationId: other.organizationId } as const;
      expect(await other.platform.door.readOne(theirs, 'select 1 from plinth.ready_tasks')).toEqual([]);
      expect(await other.platform.door.readOne(theirs, 'select 1 from plinth.task_summary')).toEqual([]);
    });

    it('random graphs with random ends: everybody ends as the rules say', async () => {
      const kinds = ['success', 'failure', 'completion'] as const;
      const policies = ['cancel', 'fail', 'run'] as const;
      const node = fc.record({
        good: fc.boolean(),
        policy: fc.constantFrom(...policies),
        parents: fc.array(fc.record({ to: fc.nat(1_000), kind: fc.constantFrom(...kinds) }), { maxLength: 4 }),
      });
      const graph = fc.array(node, { minLength: 1, maxLength: 40 });
      const met = { success: ['completed'], failure: ['failed'], completion: ['completed', 'failed', 'cancelled'] };
      const worker = world.work({ good: () => 1, bad: fail }, { concurrency: 20 });
      await fc.assert(
        fc.asyncProperty(graph, async (nodes) => {
          const edges = nodes.map(({ parents }, index) => [
            ...new Map(parents.flatMap(({ to, kind }) => (index > 0 ? [[to % index, kind] as const] : []))),
          ]);
          const expected: string[] = [];
          for (const [index, { good, policy }] of nodes.entries()) {
            const isMet = edges[index]!.every(([to, kind]) => met[kind].includes(expected[to]!));
            if (isMet || policy === 'run') expected.push(good ? 'completed' : 'failed');
            else expected.push(policy === 'cancel' ? 'cancelled' : 'failed');
          }
          const ids = await world.enqueue(
            ...nodes.map(({ good, policy }, index) => ({
              task_type: good ? 'good' : 'bad',
              ref: String(index),
              on_dependency_failure: policy,
              depends_on: edges[index]!.map(([to, kind]) => ({ ref: String(to), kind })),
            })),
          );
          await worker.idle();
          expect(await status(...ids)).toEqual(expected);
        }),
        { numRuns: 25 },
      );
      await consistent();
    }, 60_000);

    it('a retried task whose dependencies have ended stands in the queue once', async () => {
      const [parent] = await world.enqueue({ task_type: 'bad', max_attempts: 1 });
      const [child] = await world.enqueue({
        task_type: 'bad',
        max_attempts: 1,
        on_dependency_failure: 'run',
        depends_on: [parent!],
      });
      const worker = world.work({ bad: fail });
      await worker.idle();
      await worker.stop();
      expect(await status(child!)).toEqual(['failed']);
      await world.platform.door.write({ as: 'app', organizationId: world.organizationId }, (tx) =>
        tx.sql('select plinth.retry_task($1, $2)', [world.organizationId, child]),
      );
      expect(
        await world.owner(
          `select 'queue' as place, id from plinth.task_queue union all select 'timers', id from plinth.task_timers`,
        ),
      ).toEqual([{ place: 'queue', id: child }]);
      await world.work({ bad: () => 1 }).idle();
      expect(await status(child!)).toEqual(['completed']);
    });

    it('10,000 in a chain, and one to 10,000 and back', async () => {
      const [calls, each] = [5, 2_000];
      const chain: string[] = [];
      const middle: string[] = [];
      const [one] = await world.enqueue({ task_type: 'never' });
      for (let call = 0; call < calls; call++) {
        const links = Array.from({ length: each }, (_, n) => step(`${n}`, ...(n > 0 ? [`${n - 1}`] : chain.slice(-1))));
        chain.push(...(await world.enqueue(...links)));
        middle.push(...(await world.enqueue(...links.map(() => ({ task_type: 'step', depends_on: [one!] })))));
      }
      const count = calls * each;
      expect(await world.cancel(chain[0]!)).toBe(true);
      expect(await world.counts()).toEqual({ cancelled: count, blocked: count, pending: 1 });
      const [back] = await world.enqueue({ task_type: 'step', depends_on: middle });
      await world.work({ step: () => 1, never: () => 1 }, { concurrency: 100 }).idle();
      expect(await status(back!)).toEqual(['completed']);
      // all have ended: `consistent` would ask of 30,000 edges without statistics what these two lines say
      expect(await world.counts()).toEqual({ cancelled: count, completed: count + 2 });
      expect(await world.owner('select id from plinth.task_queue union all select id from plinth.task_timers')).toEqual(
        [],
      );
    }, 240_000);

    it.runIf(on.name !== 'pglite')('two halves of a circle, added at once: one is refused', async () => {
      for (let round = 0; round < 10; round++) {
        const [a, b] = await world.enqueue(step('a'), step('b'));
        const outcomes = await Promise.all([add(a!, { id: b! }), add(b!, { id: a! })]);
        expect(outcomes.sort()).toEqual(['added', 'cycle']);
      }
      await consistent();
    });

    it('dependencies added while the parents complete are never lost', async () => {
      const rounds = 60;
      const parents = await world.enqueue(...Array.from({ length: rounds }, () => ({ task_type: 'quick' })));
      const worker = world.work({ quick: () => 1, step: () => 1 }, { concurrency: 8 });
      const made = await Promise.all(parents.map((parent) => world.enqueue(step('a', parent), step('b', 'a', parent))));
      await until('all are done', async () => (await world.counts())['completed'] === 3 * rounds);
      await worker.idle();
      expect(new Set(await status(...made.flat()))).toEqual(new Set(['completed']));
    }, 60_000);
  },
  { server: { poolSize: 10, workerPoolSize: 4 } },
);
