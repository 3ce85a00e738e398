/** What budgets promise holds over processes: several platforms on one server, and processes of their own. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { compiledCode } from '../../../../tests/support/processes.ts';
import { openServer } from '../../../platform/db/server.ts';
import { makeBudgets } from './decisions.ts';
import type { Order } from './fixtures/caller.ts';
import { outcomesOf, platformOf, World } from './fixtures/world.ts';
import { budgetDifferences, expireHolds } from './holds.ts';

const script = fileURLToPath(new URL('./fixtures/caller.ts', import.meta.url));
const processes = 4;

describeEngines(
  'budgets over processes',
  (on) => {
    let world: World;
    const callers = new Set<ChildProcess>();
    beforeEach(async () => {
      world = await World.open(on.engine);
    });
    afterEach(async () => {
      for (const caller of callers) await kill(caller);
    });

    async function startCaller(): Promise<ChildProcess> {
      const caller = fork(script, [on.test.url!, world.organizationId], {
        env: { ...process.env, ...compiledCode() },
        execArgv: [],
      });
      callers.add(caller);
      await once(caller, 'message');
      return caller;
    }

    async function kill(caller: ChildProcess): Promise<void> {
      callers.delete(caller);
      const gone = once(caller, 'exit');
      caller.kill('SIGKILL');
      await gone;
    }

    async function tell(caller: ChildProcess, order: Partial<Order>): Promise<Record<string, number>> {
      const answered = once(caller, 'message');
      caller.send({ what: 'reserve', count: 50, cost: '0.10', seconds: 120, ...order });
      return (await answered)[0] as Record<string, number>;
    }

    const add = (outcomes: readonly Record<string, number>[]) => {
      const all: Record<string, number> = {};
      for (const one of outcomes) for (const [what, count] of Object.entries(one)) all[what] = (all[what] ?? 0) + count;
      return all;
    };

    it('four platforms: of 200 calls of $0.10 exactly 10 are held by a budget of $1.00', async () => {
      const budget = await world.create({ cost_limit: '1.00', period: 'day' });
      const engines = await Promise.all(
        Array.from({ length: processes }, () => openServer({ url: on.test.url!, poolSize: 4, workerPoolSize: 1 })),
      );
      try {
        const several = engines.map((engine) => makeBudgets(platformOf(engine)));
        const answers = Array.from({ length: 200 }, (_, n) =>
          several[n % processes]!.reserve(world.scope, {
            call_id: `call ${n}`,
            subject: {},
            worst: { tokens: 1, cost: '0.10' },
          }),
        );
        expect(await outcomesOf(answers)).toEqual({ ok: 10, budget_exceeded: 190 });
        expect((await world.read(budget.id)).reserved_cost).toBe('1');
      } finally {
        for (const engine of engines) await engine.close();
      }
    });

    it('four processes: exactly 10, never more spent; what a killed one held is given back', async () => {
      const budget = await world.create({ cost_limit: '1.00' });
      const four = await Promise.all(Array.from({ length: processes }, startCaller));
      // all of them are held by processes that will not be heard of again
      const held = await Promise.all(four.map((caller) => tell(caller, { seconds: 3 })));
      expect(add(held)).toEqual({ ok: 10, budget_exceeded: 190 });
      const [dead, ...alive] = four as [ChildProcess, ...ChildProcess[]];
      await kill(dead);
      expect(await outcomesOf([world.reserve('0.10')])).toEqual({ budget_exceeded: 1 });
      await expect
        .poll(
          async () => {
            await expireHolds(world.platform);
            return (await world.read(budget.id)).reserved_cost;
          },
          { timeout: 10_000 },
        )
        .toBe('0');
      const spent = await Promise.all(alive.map((caller) => tell(caller, { what: 'spend', count: 70 })));
      const { ok, ...others } = add(spent);
      expect({ ok, others: Object.keys(others) }).toEqual({ ok: 10, others: ['budget_exceeded'] });
      expect(await world.read(budget.id)).toMatchObject({
        spent_cost: '1',
        reserved_cost: '0',
        left_cost: '0',
        calls: 10,
      });
      expect(await budgetDifferences(world.platform, 10)).toEqual([]);
    }, 60_000);

    it('settling, expiring, extending and deleting at once wait for each other in one order', async () => {
      const user = await world.makeMember();
      for (let round = 0; round < 15; round++) {
        const agent = randomUUID();
        const kept = await world.create({
          scope: 'agent',
          agent_id: agent,
          cost_limit: '1000',
          token_limit: 1_000_000,
        });
        const gone = [];
        for (const period of ['day', 'month'] as const) {
          gone.push(
            await world.create({ scope: 'user', user_id: user, period, token_limit: 100, thresholds: [1, 2, 3, 4, 5] }),
          );
        }
        const calls = Array.from({ length: 12 }, () => randomUUID());
        const subject = { userId: user, agentId: agent };
        await Promise.all(calls.map((call) => world.reserve('0.01', { tokens: 5, subject, call })));
        await world.loseLeases();
        const answers = await outcomesOf([
          ...calls.map((call) => world.settle(call, '0.01', 5)),
          expireHolds(world.platform),
          ...calls.map((id) => world.budgets.extend(world.scope, { id, expires_at: new Date() }, 60)),
          expireHolds(world.platform),
          ...gone.map(({ id }) => world.remove(id)),
          ...calls.map((call) => world.budgets.release(world.scope, call)),
        ]);
        expect(Object.keys(answers)).toEqual(['ok']);
        expect(await world.read(kept.id)).toMatchObject({ spent_cost: '0.12', reserved_cost: '0', calls: 12 });
      }
      expect(await budgetDifferences(world.platform, 10)).toEqual([]);
    }, 60_000);

    it('four processes: of 60 requests a minute exactly 60 pass', async () => {
      await world.limit({ requests_per_minute: 60 });
      const four = await Promise.all(Array.from({ length: processes }, startCaller));
      const taken = await Promise.all(four.map((caller) => tell(caller, { what: 'take' })));
      expect(add(taken)).toEqual({ ok: 60, rate_limited: 140 });
    }, 60_000);
  },
  { except: ['pglite'], server: { poolSize: 8, workerPoolSize: 3 } },
);
