import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { printedSeed, seededRandom } from '../../../tests/support/random.ts';
import { PlinthError } from '../../platform/core/errors.ts';
import { type ClaimedTask, makeTaskEngine, type TaskEngine } from './engine.ts';
import type { NewTask } from './enqueue.ts';
import { openWorld, until, type World } from './fixtures/world.ts';

const types = ['odd', 'even'];
/** What the tasks of a key name themselves; `set` and `rate` are limited by a row. */
const own_limits: Record<string, number | undefined> = { one: 1, three: 3, seven: 7, set: undefined, rate: undefined };
const held_max: Record<string, number> = { one: 1, three: 3, seven: 7, set: 2, rate: 50 };
const rate_max = 12;
const rate_ms = 1_000;

interface Effect {
  readonly task: string;
  readonly result: string;
}

/** What happened in a run, as those outside the database saw it. */
interface Ledger {
  /** Successes that were not refused. */
  readonly effects: Effect[];
  /** Claims of the key with a rate, each within these times. */
  readonly rated: { readonly from: number; readonly to: number }[];
  /** Every task, with those it waits for. */
  readonly made: Map<string, readonly string[]>;
  /** Those that may be run again after they have ended. */
  readonly revived: Set<string>;
}

/** A worker that does at random what workers do, and what they should not. */
class Stormy {
  readonly #id = randomUUID();
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #random: () => number;
  readonly engine: TaskEngine;
  #held: ClaimedTask[] = [];
  /** Answered, given back, or lost: what is said of them now comes late. */
  #late: ClaimedTask[] = [];

  constructor(world: World, ledger: Ledger, random: () => number) {
    this.#world = world;
    this.#ledger = ledger;
    this.#random = random;
    this.engine = makeTaskEngine(world.platform, this.#id, types, 30);
  }

  async step(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.35) await this.answerAndClaim([], [], this.#upTo(6), this.#upTo(6));
    else if (dice < 0.7) {
      const some = this.#pick(4);
      const isGood = this.#random() < 0.7;
      await this.answerAndClaim(isGood ? some : [], isGood ? [] : some, this.#upTo(3), this.#upTo(3));
    } else if (dice < 0.78) await this.#giveBack(this.#pick(3));
    else if (dice < 0.86) await this.#beat();
    else if (dice < 0.9) await this.#die();
    else if (dice < 0.95) await this.engine.promoteAndRecover();
    else await this.answerAndClaim(this.#late.splice(0, 3), [], 0, 0);
  }

  /** Ends all that can be ended; returns how many tasks it claimed. */
  async finish(): Promise<number> {
    await this.engine.promoteAndRecover();
    await this.answerAndClaim(this.#held.splice(0), [], 10, 10);
    return this.#held.length;
  }

  async answerAndClaim(good: ClaimedTask[], bad: ClaimedTask[], claim: number, claimKeyed: number): Promise<void> {
    const successes = good.map((task) => ({ task, result: JSON.stringify(randomUUID()), durationMs: 0 }));
    const failures = bad.map((task) => ({
      task,
      error: { code: 'bad', message: 'bad' },
      durationMs: 0,
      retryAfterSeconds: this.#random() < 0.2 ? null : this.#random() / 20,
      outcome: 'failed' as const,
    }));
    const from = performance.now();
    const settled = await again(() => this.engine.settleAndClaim({ successes, failures, claim, claimKeyed }));
    const to = performance.now();
    for (const { task, result } of successes) {
      if (!settled.refused.includes(task.task_id)) {
        this.#ledger.effects.push({ task: task.task_id, result: JSON.parse(result!) as string });
      }
    }
    for (const { concurrency_key } of settled.claimed) {
      if (concurrency_key === 'rate') this.#ledger.rated.push({ from, to });
    }
    this.#late.push(...good, ...bad);
    this.#held.push(...settled.claimed);
  }

  async #giveBack(tasks: ClaimedTask[]): Promise<void> {
    await again(() => this.engine.giveBack(tasks));
    this.#late.push(...tasks);
  }

  async #beat(): Promise<void> {
    const leases = [...new Set(this.#held.map(({ lease_id }) => lease_id))];
    if (leases.length === 0) return;
    const beat = await again(() => this.engine.heartbeat(leases));
    const isOf = (ids: readonly string[]) => (task: ClaimedTask) => ids.includes(task.task_id);
    const cancelled = this.#held.filter(isOf(beat.cancelledTasks));
    const paused = this.#held.filter(isOf(beat.pausedTasks));
    this.#held = this.#held.filter(
      (task) => !cancelled.includes(task) && !paused.includes(task) && !beat.lostLeases.includes(task.lease_id),
    );
    await this.answerAndClaim([], cancelled, 0, 0);
    await this.#giveBack(paused);
  }

  /** Its leases lapse; it does not know, and goes on answering. */
  async #die(): Promise<void> {
    await this.#world.owner(
      `update plinth.task_leases set expires_at = now() - interval '1 second' where worker_id = '${this.#id}'`,
    );
    this.#late.push(...this.#held.splice(0));
  }

  #pick(most: number): ClaimedTask[] {
    const count = this.#upTo(most);
    return Array.from({ length: Math.min(count, this.#held.length) }, () =>
      this.#held.splice(Math.floor(this.#random() * this.#held.length), 1),
    ).flat();
  }

  #upTo(most: number): number {
    return 1 + Math.floor(this.#random() * most);
  }
}

/** Two bulk actions may lock in opposite directions: one is told to try again. */
async function again<T>(run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof PlinthError && error.code === 'serialization_conflict')) throw error;
    }
  }
}

describeEngines(
  'tasks under random faults',
  (on) => {
    let world: World;
    beforeAll(async () => {
      world = await openWorld(on.engine);
      await world.owner(
        `insert into plinth.task_limits (organization_id, concurrency_key, concurrency_limit, rate_limit, rate_seconds)
         values ('${world.organizationId}', 'set', 2, null, null),
                ('${world.organizationId}', 'rate', null, ${rate_max}, ${rate_ms / 1000})`,
      );
    });
    afterAll(() => world.close());

    const change = (action: string, ids: readonly string[] | undefined) =>
      again(() =>
        world.platform.door.write({ as: 'app', organizationId: world.organizationId }, async (tx) => {
          const [row] = await tx.sql<{ changed: string[] }>(
            'select changed from plinth.change_tasks($1, $2, $3::jsonb, null, null, 10000)',
            [world.organizationId, action, JSON.stringify(ids ? { ids } : {})],
          );
          return row!.changed;
        }),
      );

    /** Tasks of one call: some with keys, some that wait for others of it, or of earlier ones. */
    function graph(random: () => number, older: readonly string[]): NewTask[] {
      const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!;
      const keys = [...Object.keys(own_limits), undefined, undefined, undefined];
      return Array.from({ length: 1 + Math.floor(random() * 10) }, (_, n) => {
        const key = one(keys);
        const limit = key === undefined ? undefined : own_limits[key];
        const kind = one(['success', 'failure', 'completion'] as const);
        const parents = new Set<string>();
        if (n > 0 && random() < 0.4) parents.add(`${Math.floor(random() * n)}`);
        const parent = older.length > 0 && random() < 0.2 ? one(older) : undefined;
        return {
          task_type: one(types),
          ref: `${n}`,
          priority: Math.floor(random() * 3),
          max_attempts: 1 + Math.floor(random() * 4),
          on_dependency_failure: one(['cancel', 'fail', 'run'] as const),
          depends_on: [
            ...[...parents].map((ref) => ({ ref, kind })),
            ...(parent === undefined ? [] : [{ task_id: parent, kind }]),
          ],
          ...(key === undefined ? {} : { concurrency_key: key }),
          ...(limit === undefined ? {} : { concurrency_limit: limit }),
        };
      });
    }

    async function people(random: () => number, ledger: Ledger): Promise<void> {
      const ids = [...ledger.made.keys()];
      const some = ids.filter(() => random() < 0.05);
      const dice = random();
      if (dice < 0.4 && ids.length < 400) {
        const tasks = graph(random, ids);
        const made = await again(() => world.enqueue(...tasks));
        for (const [n, id] of made.entries()) {
          const parents = tasks[n]!.depends_on!.map((edge) =>
            typeof edge === 'string' ? edge : 'ref' in edge ? made[Number(edge.ref)]! : edge.task_id,
          );
          ledger.made.set(id, parents);
          // people may retry every tenth; what depends on those begins and ends again with them
          if (random() < 0.1 || parents.some((parent) => ledger.revived.has(parent))) ledger.revived.add(id);
        }
      } else if (dice < 0.55) await change('pause', some);
      else if (dice < 0.75) await change('resume', undefined);
      else if (dice < 0.9) {
        const again = some.filter((id) => ledger.revived.has(id));
        await change('retry', again);
      } else await change('cancel', some.slice(0, 3));
    }

    /** What must hold at every moment: one statement, so that it is one moment; on a cluster only where nobody works. */
    async function assertKept(isQuiet = on.name !== 'citus'): Promise<void> {
      const [row] = await world.owner<{ held: Record<string, number>; twice: string[] | null; nowhere: number }>(
        `with held as (
           select u.i, u.k from plinth.task_leases l
           cross join lateral unnest(l.task_ids, l.concurrency_keys) as u(i, k)
         )
         select coalesce((select jsonb_object_agg(k, n) from (select k, count(*) as n from held where k is not null group by k) x), '{}') as held,
           (select array_agg(y.places) from (
              select x.id || ' ' || string_agg(x.place, ' ') as places
              from (
                select id, 'queue' as place from plinth.task_queue
                union all select id, 'timers' from plinth.task_timers
                union all select i, 'lease' from held) x
              group by x.id having count(*) > 1) y) as twice,
           (select count(*)::int from plinth.tasks t
            where t.status in ('pending', 'retrying', 'running')
              and not exists (select 1 from plinth.task_queue q where q.organization_id = t.organization_id and q.id = t.id)
              and not exists (select 1 from plinth.task_timers w where w.organization_id = t.organization_id and w.id = t.id)
              and not exists (select from held h where h.i = t.id)) as nowhere`,
      );
      for (const [key, n] of Object.entries(row!.held)) expect(n, key).toBeLessThanOrEqual(held_max[key]!);
      if (isQuiet) expect([row!.twice, row!.nowhere]).toEqual([null, 0]);
    }

    it('every task ends, no effect is recorded twice, none is lost, order and limits are kept', async () => {
      const seed = printedSeed(`random faults on tasks (${on.name})`);
      const ledger: Ledger = { effects: [], rated: [], made: new Map(), revived: new Set() };
      const random = (n: number) => seededRandom(seed + n);
      const workers = Array.from({ length: 5 }, (_, n) => new Stormy(world, ledger, random(n)));
      const steps = on.name === 'pglite' ? 60 : 150;
      const times = async (act: () => Promise<void>) => {
        for (let n = 0; n < steps; n++) await act();
      };
      const [first, second] = [random(100), random(101)];
      await Promise.all([
        ...workers.map((worker) => times(() => worker.step())),
        times(() => people(first, ledger)),
        times(() => people(second, ledger)),
        times(() => assertKept()),
      ]);
      // whatever is held now belongs to the dead
      await world.owner(`update plinth.task_leases set expires_at = now() - interval '1 second'`);
      const survivor = new Stormy(world, ledger, random(200));
      await until(
        'everything has ended',
        async () => {
          await change('resume', undefined);
          await survivor.finish();
          await assertKept(true);
          const counts = await world.counts();
          return ['pending', 'retrying', 'running', 'blocked', 'paused'].every(
            (status) => counts[status] === undefined,
          );
        },
        60,
      );
      const rows = await world.owner<{
        id: string;
        status: string;
        results: string | null;
        began: number;
        ended: number;
      }>(
        `select id, status, results, extract(epoch from started_at)::float8 as began, extract(epoch from completed_at)::float8 as ended
         from plinth.tasks`,
      );
      const stored = new Map(rows.map((row) => [row.id, row]));
      expect([...stored.keys()].sort()).toEqual([...ledger.made.keys()].sort());
      const recorded = ledger.effects.map(({ task, result }) => [task, result]).sort();
      const completed = rows.filter(({ status }) => status === 'completed').map(({ id, results }) => [id, results]);
      expect(recorded).toEqual(completed.sort());
      for (const [id, parents] of ledger.made) {
        const { began } = stored.get(id)!;
        for (const parent of parents) {
          if (began === null || ledger.revived.has(id)) continue;
          expect(began, `${id} began before ${parent} ended`).toBeGreaterThanOrEqual(stored.get(parent)!.ended);
        }
      }
      expect(await world.owner('select id from plinth.task_queue union all select id from plinth.task_timers')).toEqual(
        [],
      );
      expect(await world.owner('select from plinth.task_leases')).toEqual([]);
      for (const [n, { from }] of ledger.rated.entries()) {
        const beyond = ledger.rated[n + rate_max];
        if (beyond) expect(beyond.to - from, 'claims beyond the rate').toBeGreaterThanOrEqual(rate_ms);
      }
      expect(ledger.effects.length).toBeGreaterThan(10);
    }, 180_000);
  },
  { server: { poolSize: 6, workerPoolSize: 8 } },
);
