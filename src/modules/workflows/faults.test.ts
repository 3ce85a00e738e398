import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { printedSeed, seededRandom } from '../../../tests/support/random.ts';
import { openWorkflowWorld, type WorkflowWorld } from './fixtures/world.fixture.ts';
import { workflow } from './index.ts';

describeEngines(
  'workflows under faults',
  (on) => {
    let world: WorkflowWorld;
    beforeAll(async () => {
      world = await openWorkflowWorld(on.engine);
    });
    afterAll(() => world.close());

    it('whatever leases are lost, each run ends with what was recorded, and nothing recorded ran again', async () => {
      const random = seededRandom(printedSeed('workflows under faults'));
      const count = 12;
      const ran: { key: string; at: number }[] = [];
      let serial = 0;
      world.know(
        workflow('shaken', { version: 1 }, async (ctx) => {
          const work = (name: string) =>
            ctx.run(name, async ({ idempotencyKey }) => {
              const own = { key: idempotencyKey, serial: ++serial };
              ran.push({ key: idempotencyKey, at: performance.now() });
              await pause(random() * 30);
              return own;
            });
          const first = await work('first');
          const branches = await ctx.forEach('branches', [0, 1, 2], async (n) => {
            await ctx.sleep(0.01 * n);
            return [await work('a'), await work('b')];
          });
          const told = await ctx.waitForEvent<{ n: number }>('tell');
          return { first, branches, told, last: await work('last') };
        }),
      );
      for (const _ of [1, 2, 3]) world.work({}, { leaseSeconds: 2 });
      const ids = await Promise.all(Array.from({ length: count }, () => world.start('shaken')));
      const recorded = new Map<string, number>();
      const note = async () => {
        const rows = await world.plinth.owner<{ key: string }>(
          `select run_id || ':' || key as key from plinth.workflow_step_runs where status = 'completed' and kind = 'step'`,
        );
        const now = performance.now();
        for (const { key } of rows) if (!recorded.has(key)) recorded.set(key, now);
      };
      for (let round = 0; round < 15; round++) {
        await pause(random() * 100);
        await world.plinth.owner(
          `update plinth.task_leases set expires_at = now() - interval '1 second'
           where id in (select id from plinth.task_leases order by md5(id::text || $1) limit 1)`,
          [String(round)],
        );
        const at = Math.floor(random() * count);
        if (round < count) {
          const id = ids[(at + round) % count]!;
          await world.call('POST', `/v1/workflow-runs/${id}/events`, { name: 'tell', payload: { n: round } });
        }
        await note();
      }
      // those that were not told, or told twice: the second is kept, and nobody asks for it
      for (const id of ids)
        await world.call('POST', `/v1/workflow-runs/${id}/events`, { name: 'tell', payload: { n: -1 } });
      for (const id of ids) {
        const run = await world.until(id, 'completed', 'failed');
        expect(run.error).toBeNull();
        const results = new Map(run.steps.map(({ key, result }) => [key, result]));
        expect(run.output).toMatchObject({ first: results.get('first'), last: results.get('last') });
        expect(results.size).toBe(12);
      }
      // what ran after it was seen to be recorded
      expect(ran.filter(({ key, at }) => at > (recorded.get(key) ?? Number.POSITIVE_INFINITY))).toEqual([]);
    }, 120_000);
  },
  { server: { poolSize: 4, workerPoolSize: 4 } },
);
