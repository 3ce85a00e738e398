import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { type ClaimedTask, makeTaskEngine, type TaskEngine } from '../engine.ts';
import { openWorld, until, type World } from '../fixtures/world.ts';

const type = 'limited.run';
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeEngines('limits by key', (on) => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld(on.engine);
  });
  const clear = () =>
    world.owner(
      `truncate plinth.tasks, plinth.task_queue, plinth.task_timers, plinth.task_leases, plinth.task_attempts,
         plinth.task_limits, plinth.task_rates, plinth.task_key_turns cascade`,
    );
  afterEach(async () => {
    await world.close();
    await clear();
  });

  const engine = (types: readonly string[] = [type]) => makeTaskEngine(world.platform, randomUUID(), types, 30);
  const claim = async (from: TaskEngine, tasks: number) =>
    (await from.settleAndClaim({ successes: [], failures: [], claim: tasks, claimKeyed: tasks })).claimed;
  const succeed = (from: TaskEngine, tasks: readonly ClaimedTask[], claimNext = 0) =>
    from.settleAndClaim({
      successes: tasks.map((task) => ({ task, result: undefined, durationMs: 1 })),
      failures: [],
      claim: claimNext,
      claimKeyed: claimNext,
    });
  const limited = (key: string, limit: number | undefined, count = 1, more: object = {}) =>
    world.enqueue(
      ...Array.from({ length: count }, () => ({
        task_type: type,
        concurrency_key: key,
        ...(limit === undefined ? {} : { concurrency_limit: limit }),
        ...more,
      })),
    );
  const setLimit = (key: string, columns: Record<string, number>) =>
    world.owner(
      `insert into plinth.task_limits (organization_id, concurrency_key, ${Object.keys(columns).join(', ')})
       values ('${world.organizationId}', '${key}', ${Object.values(columns).join(', ')})
       on conflict (organization_id, concurrency_key) do update
       set ${Object.keys(columns)
         .map((column) => `${column} = excluded.${column}`)
         .join(', ')}`,
    );
  const held = async () => {
    const rows = await world.owner<{ key: string; held: number }>(
      `select u.key, count(*)::int as held
       from plinth.task_leases l cross join lateral unnest(l.concurrency_keys) as u(key)
       where u.key is not null group by u.key`,
    );
    return new Map(rows.map(({ key, held: n }) => [key, n]));
  };
  const loseLeases = () => world.owner(`update plinth.task_leases set expires_at = now() - interval '1 second'`);

  it('three workers run no more at once than the limit, and finish everything', async () => {
    await limited('one', 2, 20);
    await limited('other', 1, 8);
    await world.enqueue(...Array.from({ length: 10 }, () => ({ task_type: type })));
    const running = new Map<string, number>();
    const highest = new Map<string, number>();
    const rows = await world.owner<{ id: string; key: string }>(
      `select id, coalesce(concurrency_key, 'none') as key from plinth.tasks`,
    );
    const byId = new Map(rows.map(({ id, key }) => [id, key]));
    const run = async (_payload: unknown, { taskId }: { taskId: string }) => {
      const key = byId.get(taskId)!;
      running.set(key, (running.get(key) ?? 0) + 1);
      highest.set(key, Math.max(highest.get(key) ?? 0, running.get(key)!));
      await pause(5);
      running.set(key, running.get(key)! - 1);
    };
    for (let n = 0; n < 3; n++) world.work({ [type]: run });
    const samples: number[] = [];
    await until('all are done', async () => {
      const now = await held();
      samples.push((now.get('one') ?? 0) / 2, now.get('other') ?? 0);
      return (await world.counts())['completed'] === 38;
    });
    expect(Math.max(...samples)).toBeLessThanOrEqual(1);
    expect(highest.get('one')).toBe(2);
    expect(highest.get('other')).toBe(1);
  });

  it('a slot is free again in the transaction that answers', async () => {
    const ids = await limited('serial', 1, 3);
    const worker = engine();
    const first = await claim(worker, 10);
    expect(first.map(({ task_id, concurrency_key }) => [task_id, concurrency_key])).toEqual([[ids[0], 'serial']]);
    expect(await claim(engine(), 10)).toEqual([]);
    const { claimed } = await succeed(worker, first, 10);
    expect(claimed.map(({ task_id }) => task_id)).toEqual([ids[1]]);
    await worker.giveBack(claimed);
    expect((await claim(engine(), 10)).map(({ task_id }) => task_id)).toEqual([ids[1]]);
  });

  it('what is cancelled while it runs keeps its slot until its worker lets go', async () => {
    const [first, second] = await limited('serial', 1, 2);
    const worker = engine();
    const [task] = await claim(worker, 10);
    expect(await world.cancel(first!)).toBe(true);
    expect(await claim(engine(), 10)).toEqual([]);
    const beat = await worker.heartbeat([task!.lease_id]);
    expect(beat.cancelledTasks).toEqual([first]);
    const failure = {
      task: task!,
      error: { code: 'cancelled', message: 'cancelled' },
      durationMs: 1,
      retryAfterSeconds: null,
      outcome: 'cancelled' as const,
    };
    await worker.settleAndClaim({ successes: [], failures: [failure], claim: 0 });
    expect((await claim(engine(), 10)).map(({ task_id }) => task_id)).toEqual([second]);
  });

  it('a dead worker’s slot is free when its lease is taken back, and its late answer changes nothing', async () => {
    await limited('serial', 1, 2);
    const dead = engine();
    const lost = await claim(dead, 10);
    await loseLeases();
    expect(await claim(engine(), 10)).toEqual([]);
    await engine().promoteAndRecover();
    const other = engine();
    const [next] = await claim(other, 10);
    expect((await held()).get('serial')).toBe(1);
    expect((await succeed(dead, lost)).refused).toEqual([lost[0]!.task_id]);
    expect((await held()).get('serial')).toBe(1);
    expect(await claim(engine(), 10)).toEqual([]);
    expect((await succeed(other, [next!])).refused).toEqual([]);
  });

  it('a limit that is set goes before the tasks’ own, and counts what runs already', async () => {
    await limited('free', undefined, 6);
    const worker = engine();
    expect(await claim(worker, 2)).toHaveLength(2);
    await setLimit('free', { concurrency_limit: 3 });
    expect(await claim(worker, 10)).toHaveLength(1);
    expect(await claim(worker, 10)).toHaveLength(0);
    await setLimit('free', { concurrency_limit: 5 });
    expect(await claim(worker, 10)).toHaveLength(2);
    await world.owner('delete from plinth.task_limits');
    expect(await claim(worker, 10)).toHaveLength(1);
  });

  it('where tasks name different limits, the strictest of those ahead counts', async () => {
    await limited('mixed', 3, 2, { priority: 5 });
    const [strict] = await limited('mixed', 1, 1, { priority: 3 });
    await limited('mixed', 3, 2, { priority: 1 });
    const worker = engine();
    const first = await claim(worker, 10);
    expect(first).toHaveLength(2);
    await succeed(worker, first.slice(0, 1));
    expect(await claim(worker, 10)).toEqual([]);
    await succeed(worker, first.slice(1));
    expect((await claim(worker, 10)).map(({ task_id }) => task_id)).toEqual([strict]);
  });

  it('a key of two types has one limit, and a type nobody runs holds up no other', async () => {
    await world.enqueue(
      { task_type: 'nobody.runs', concurrency_key: 'shared', concurrency_limit: 1, priority: 9 },
      { task_type: type, concurrency_key: 'shared', concurrency_limit: 1 },
      { task_type: 'limited.other', concurrency_key: 'shared', concurrency_limit: 1 },
    );
    const worker = engine([type, 'limited.other']);
    const first = await claim(worker, 10);
    expect(first).toHaveLength(1);
    const { claimed } = await succeed(worker, first, 10);
    expect([...first, ...claimed].map(({ task_type }) => task_type).sort()).toEqual(['limited.other', type]);
  });

  it('more keys than are looked at in one step, most of them without a free slot', async () => {
    await world.enqueue(
      ...Array.from({ length: 600 }, (_, n) => ({
        task_type: type,
        concurrency_key: `key ${n % 300}`,
        concurrency_limit: 1,
      })),
    );
    const worker = engine();
    const first = await claim(worker, 280);
    expect(first).toHaveLength(280);
    const rest = await claim(worker, 280);
    expect(rest).toHaveLength(20);
    expect(new Set([...first, ...rest].map(({ concurrency_key }) => concurrency_key)).size).toBe(300);
    expect(await claim(worker, 280)).toEqual([]);
    expect((await succeed(worker, first, 500)).claimed).toHaveLength(280);
  });

  it('is asked for tasks with a key and without apart, and takes both', async () => {
    await limited('many', 100, 40);
    await world.enqueue(...Array.from({ length: 40 }, () => ({ task_type: type })));
    const worker = engine();
    for (const [plain, keyed] of [
      [3, 2],
      [0, 4],
      [5, 0],
    ] as const) {
      const turn = await worker.settleAndClaim({ successes: [], failures: [], claim: plain, claimKeyed: keyed });
      expect(turn.claimed.filter(({ concurrency_key }) => concurrency_key === null)).toHaveLength(plain);
      expect(turn.claimed).toHaveLength(plain + keyed);
      expect(turn.more).toEqual({ plain: plain > 0, keyed: keyed > 0 });
    }
  });

  it('the keys of a tenant take turns, however few are claimed at once', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await limited(key, 10, 5);
    const worker = engine();
    const served: string[] = [];
    for (let n = 0; n < 8; n++) served.push((await claim(worker, 1))[0]!.concurrency_key!);
    expect(served).toEqual(['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd']);
    // the next two, and then the round goes on behind them, from any worker
    expect((await claim(engine(), 2)).map(({ concurrency_key }) => concurrency_key).sort()).toEqual(['a', 'b']);
    expect((await claim(engine(), 1))[0]!.concurrency_key).toBe('c');
  });

  it('tenants share what has keys equally, however many keys one has', async () => {
    const other = randomUUID();
    await world.owner(
      `insert into plinth.organizations (id, name, slug) values ('${other}', 'Other', 'other-${other.replaceAll('-', '')}')`,
      `with made as (
         insert into plinth.tasks (organization_id, id, task_type, concurrency_key)
         select '${other}', plinth.uuidv7(), '${type}', 'key ' || n from generate_series(1, 400) as n
         returning organization_id, id, task_type, concurrency_key
       )
       insert into plinth.task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, concurrency_key)
       select organization_id, id, task_type, 0, clock_timestamp(), 1, 300, concurrency_key from made`,
    );
    await limited('mine', 50, 30);
    const worker = engine();
    const mine = (tasks: readonly ClaimedTask[]) => tasks.filter(({ concurrency_key: key }) => key === 'mine').length;
    expect(mine(await claim(worker, 20))).toBe(10);
    let singles = 0;
    for (let n = 0; n < 10; n++) singles += mine(await claim(worker, 1));
    expect(singles).toBe(5);
  });

  it('inside a key no priority waits for ever', async () => {
    const [low] = await limited('serial', 1, 1, { priority: -5 });
    await limited('serial', 1, 30, { priority: 5 });
    const worker = engine();
    const order: string[] = [];
    let held = await claim(worker, 1);
    for (let n = 0; n < 9; n++) {
      order.push(held[0]!.task_id);
      held = (await succeed(worker, held, 1)).claimed;
    }
    expect(order[0]).not.toBe(low);
    expect(order).toContain(low);
  });

  it.runIf(on.name !== 'pglite' && on.name !== 'citus')(
    'while another claims a tenant’s keys they are passed over; who finds no others waits a moment',
    async () => {
      const [mine] = await limited('serial', 1, 2);
      const bucket = `hashtextextended('plinth.task_slots', hashtext($1) & 63)`;
      const [other] = await world.owner<{ id: string }>(
        `insert into plinth.organizations (id, name, slug)
       select id, 'Other', 'other-' || replace(id::text, '-', '')
       from (select gen_random_uuid() as id from generate_series(1, 100)) x
       where hashtext(id::text) & 63 <> hashtext('${world.organizationId}') & 63
       limit 1
       returning id`,
      );
      await world.owner(
        `with made as (
         insert into plinth.tasks (organization_id, task_type, concurrency_key) values ('${other!.id}', '${type}', 'theirs')
         returning organization_id, id
       )
       insert into plinth.task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, concurrency_key)
       select organization_id, id, '${type}', 0, clock_timestamp(), 1, 300, 'theirs' from made`,
      );
      const client = await on.engine.directPool.connect();
      try {
        await client.query('begin');
        await client.query(`select pg_advisory_xact_lock(${bucket})`, [world.organizationId]);
        const ask = () => engine().settleAndClaim({ successes: [], failures: [], claim: 0, claimKeyed: 5 });
        const passed = await ask();
        expect(passed.claimed.map(({ concurrency_key }) => concurrency_key)).toEqual(['theirs']);
        expect(passed.skipped).toBe(true);
        expect(await ask()).toMatchObject({ claimed: [], skipped: true });
        await client.query('commit');
        expect((await ask()).claimed.map(({ task_id }) => task_id)).toEqual([mine]);
      } finally {
        client.release();
      }
    },
  );

  it.runIf(on.name !== 'pglite')('a worker comes back by itself to what it passed over', async () => {
    await limited('serial', 1, 3);
    // a cluster has one lock for all keys
    const bucket = on.name === 'citus' ? '0' : `hashtext('${world.organizationId}') & 63`;
    const [other] = await world.owner<{ lock: string }>(
      `select hashtextextended('plinth.task_slots', ${bucket})::text as lock`,
    );
    const client = await on.engine.directPool.connect();
    try {
      await client.query('begin');
      await client.query(`select pg_advisory_xact_lock(${other!.lock})`);
      const worker = world.work({ [type]: () => undefined });
      await pause(200);
      expect(worker.statistics.completed).toBe(0);
      await client.query('commit');
      await until('all are done', async () => (await world.counts())['completed'] === 3);
    } finally {
      client.release();
    }
  });

  it('a slot that one worker frees is taken by another, of another type, without waiting for its poll', async () => {
    await world.enqueue(
      { task_type: type, concurrency_key: 'shared', concurrency_limit: 1 },
      { task_type: 'limited.other', concurrency_key: 'shared', concurrency_limit: 1 },
    );
    const order: string[] = [];
    const note = (name: string) => async () => {
      order.push(name);
      await pause(300);
    };
    world.work({ [type]: note('first') }, { leaseSeconds: 120 });
    world.work({ 'limited.other': note('second') }, { leaseSeconds: 120 });
    await until('both are done', async () => (await world.counts())['completed'] === 2, 10);
    expect(order.sort()).toEqual(['first', 'second']);
  });

  it('a rate is never exceeded, and goes on by itself', async () => {
    await limited('api', undefined, 9);
    await setLimit('api', { rate_limit: 4, rate_seconds: 1 });
    const startedAt: number[] = [];
    for (let n = 0; n < 2; n++) {
      world.work({ [type]: () => void startedAt.push(performance.now()) });
    }
    await until('all are done', async () => (await world.counts())['completed'] === 9, 30);
    // claims are counted in tenths: three batches of four fall into no less than two whole times
    expect(startedAt.at(-1)! - startedAt[0]!).toBeGreaterThan(1_500);
  });

  it('a rate that is used up says when it is renewed; a lower limit holds at once', async () => {
    await limited('api', undefined, 12);
    await setLimit('api', { rate_limit: 5, rate_seconds: 3_600 });
    const worker = engine();
    expect(await claim(worker, 3)).toHaveLength(3);
    expect(await claim(worker, 10)).toHaveLength(2);
    expect(await claim(worker, 10)).toHaveLength(0);
    const { nextDueAt } = await worker.promoteAndRecover();
    expect(nextDueAt!.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    await world.owner(
      `update plinth.task_rates set expires_at = '{${new Date().toISOString()}}', renews_at = now() - interval '1 second'`,
    );
    expect((await worker.promoteAndRecover()).promoted).toBe(1);
    await setLimit('api', { rate_limit: 2, rate_seconds: 3_600 });
    expect(await claim(worker, 10)).toHaveLength(2);
    expect(await claim(worker, 10)).toHaveLength(0);
  });

  it('whatever happens, no key is held more often than its limit, and everything ends', async () => {
    const limits: Record<string, number> = { a: 1, b: 2, c: 5 };
    const key = fc.constantFrom('a', 'b', 'c', undefined);
    const action = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('enqueue' as const), key, count: fc.integer({ min: 1, max: 6 }) }),
      },
      { weight: 6, arbitrary: fc.record({ do: fc.constant('claim' as const), count: fc.integer({ min: 1, max: 4 }) }) },
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constantFrom(...(['complete', 'fail', 'give back', 'cancel', 'late'] as const)),
          pick: fc.nat(50),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lose' as const, 'pause' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
        const workers = [engine(), engine(), engine()];
        const claimed: { by: TaskEngine; task: ClaimedTask }[] = [];
        const ids: string[] = [];
        const check = async () => {
          for (const [name, n] of await held()) expect(n, name).toBeLessThanOrEqual(limits[name]!);
          const twice = await world.owner(
            `select q.id from plinth.task_queue q
             where q.id in (select unnest(l.task_ids) from plinth.task_leases l)`,
          );
          expect(twice).toEqual([]);
        };
        const answer = async (by: TaskEngine, task: ClaimedTask, fails: boolean, next = 0) => {
          const failure = { task, error: { code: 'x', message: 'x' }, durationMs: 1, retryAfterSeconds: 0 } as const;
          return fails
            ? by.settleAndClaim({
                successes: [],
                failures: [{ ...failure, outcome: 'failed' }],
                claim: next,
                claimKeyed: next,
              })
            : succeed(by, [task], next);
        };
        for (const step of actions) {
          if (step.do === 'enqueue') {
            const more =
              step.key === undefined ? {} : { concurrency_key: step.key, concurrency_limit: limits[step.key]! };
            const tasks = Array.from({ length: step.count }, () => ({ task_type: type, ...more }));
            ids.push(...(await world.enqueue(...tasks)));
          } else if (step.do === 'claim') {
            const got = await Promise.all(workers.map((worker) => claim(worker, step.count)));
            for (const [n, tasks] of got.entries()) for (const task of tasks) claimed.push({ by: workers[n]!, task });
          } else if (step.do === 'lose') {
            await loseLeases();
            await Promise.all(workers.map((worker) => worker.promoteAndRecover()));
          } else if (step.do === 'pause') {
            await Promise.all(workers.map((worker) => worker.promoteAndRecover()));
          } else if ('pick' in step) {
            if (step.do === 'cancel') {
              if (ids.length > 0) await world.cancel(ids[step.pick % ids.length]!);
            } else if (claimed.length > 0) {
              const [one] = claimed.splice(step.pick % claimed.length, 1);
              // a late answer is given twice: the second finds nothing
              if (step.do === 'give back') await one!.by.giveBack([one!.task]);
              else await answer(one!.by, one!.task, step.do === 'fail');
              if (step.do === 'late') await answer(one!.by, one!.task, false);
            }
          }
          await check();
        }
        await loseLeases();
        for (let empty = 0; empty < 3; ) {
          // what was lost twice would wait a while
          await world.owner(`update plinth.task_timers set run_at = now()`);
          await workers[0]!.promoteAndRecover();
          const got = await Promise.all(workers.map((worker) => claim(worker, 3)));
          await check();
          await Promise.all(got.map((tasks, n) => (tasks.length > 0 ? succeed(workers[n]!, tasks) : undefined)));
          empty = got.flat().length > 0 ? 0 : empty + 1;
        }
        const open = await world.owner(
          `select id, status from plinth.tasks where status not in ('completed', 'failed', 'cancelled')`,
        );
        expect(open).toEqual([]);
        expect((await held()).size).toBe(0);
        await clear();
      }),
      { numRuns: 12 },
    );
  });
});
