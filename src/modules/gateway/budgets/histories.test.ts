import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { printedSeed, seededRandom } from '../../../../tests/support/random.ts';
import { PlinthError } from '../../../platform/core/errors.ts';
import type { CallSubject } from '../usage.ts';
import type { BudgetState } from './budgets.ts';
import { World } from './fixtures/world.ts';
import { budgetDifferences, expireHolds } from './holds.ts';

const steps = 120;
const seed = printedSeed('budgets');

/** Thousandths of a dollar, so that the model adds whole numbers. */
const dollarsOf = (thousandths: number): string => (thousandths / 1000).toFixed(3);
const thousandthsOf = (dollars: string): number => Math.round(Number(dollars) * 1000);

interface ModelBudget {
  readonly id: string;
  readonly counts: (subject: CallSubject) => boolean;
  readonly blocks: boolean;
  readonly refusesUnpriced: boolean;
  tokenLimit: number | null;
  costLimit: number | null;
  spent: { tokens: number; cost: number };
  reserved: { tokens: number; cost: number };
  calls: number;
  refused: number;
}

interface ModelCall {
  readonly id: string;
  readonly budgets: readonly ModelBudget[];
  readonly tokens: number;
  readonly cost: number | null;
  state: 'held' | 'settled' | 'released' | 'expired';
}

/** What budgets are, in a few lines and without a database. */
class Model {
  readonly budgets: ModelBudget[] = [];
  readonly calls: ModelCall[] = [];

  add(state: BudgetState, counts: ModelBudget['counts']): void {
    this.budgets.push({
      id: state.id,
      counts,
      blocks: state.on_exceed === 'block',
      refusesUnpriced: state.unpriced === 'refuse',
      tokenLimit: state.token_limit,
      costLimit: state.cost_limit === null ? null : thousandthsOf(state.cost_limit),
      spent: { tokens: 0, cost: 0 },
      reserved: { tokens: 0, cost: 0 },
      calls: 0,
      refused: 0,
    });
    // budgets are asked in the order of their ids
    this.budgets.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  reserve(id: string, subject: CallSubject, tokens: number, cost: number | null): string {
    const budgets = this.budgets.filter(({ counts }) => counts(subject));
    for (const budget of budgets) {
      const outcome = refusalOf(budget, tokens, cost);
      if (outcome === undefined) continue;
      budget.refused++;
      return outcome;
    }
    if (budgets.length > 0) this.calls.push({ id, budgets, tokens, cost, state: 'held' });
    this.#hold(budgets, tokens, cost ?? 0, 1);
    return 'ok';
  }

  #hold(budgets: readonly ModelBudget[], tokens: number, cost: number, sign: 1 | -1): void {
    for (const { reserved } of budgets) {
      reserved.tokens += sign * tokens;
      reserved.cost += sign * cost;
    }
  }

  settle(call: ModelCall, tokens: number, cost: number | null): void {
    if (call.state === 'settled') return;
    this.end(call, 'settled');
    for (const budget of call.budgets) {
      budget.spent.tokens += tokens;
      budget.spent.cost += cost ?? 0;
      budget.calls++;
    }
  }

  end(call: ModelCall, state: ModelCall['state']): void {
    if (call.state === 'held') this.#hold(call.budgets, call.tokens, call.cost ?? 0, -1);
    else if (state !== 'settled') return;
    call.state = state;
  }

  extend(call: ModelCall): void {
    if (call.state !== 'expired') return;
    call.state = 'held';
    this.#hold(call.budgets, call.tokens, call.cost ?? 0, 1);
  }
}

function refusalOf(budget: ModelBudget, tokens: number, cost: number | null): string | undefined {
  const { blocks, refusesUnpriced, tokenLimit, costLimit, spent, reserved } = budget;
  if (!blocks) return undefined;
  if (tokenLimit !== null && spent.tokens + reserved.tokens + tokens > tokenLimit) return 'budget_exceeded';
  if (costLimit === null) return undefined;
  if (cost === null && refusesUnpriced) return 'price_unknown';
  if (cost === null) return spent.cost >= costLimit ? 'budget_exceeded' : undefined;
  return spent.cost + reserved.cost + cost > costLimit ? 'budget_exceeded' : undefined;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (error instanceof PlinthError) return error.code;
    throw error;
  }
}

async function openStory(engine: World['engine']) {
  const world = await World.open(engine);
  const [ada, bob] = [await world.makeMember(), await world.makeMember()];
  const agent = randomUUID();
  const model = new Model();
  model.add(await world.create({ cost_limit: '3', token_limit: 4_000 }), () => true);
  model.add(
    await world.create({ scope: 'user', user_id: ada, cost_limit: '1', unpriced: 'allow' }),
    ({ userId }) => userId === ada,
  );
  model.add(
    await world.create({ scope: 'user', user_id: bob, token_limit: 900, period: 'month' }),
    ({ userId }) => userId === bob,
  );
  model.add(
    await world.create({ scope: 'agent', agent_id: agent, cost_limit: '0.5', on_exceed: 'warn' }),
    ({ agentId }) => agentId === agent,
  );
  const subjects: CallSubject[] = [
    {},
    { userId: ada },
    { userId: bob },
    { userId: ada, agentId: agent },
    { agentId: agent },
  ];
  return { world, model, subjects };
}

async function compare(world: World, model: Model): Promise<void> {
  for (const { id, spent, reserved, calls, refused } of model.budgets) {
    const state = await world.read(id);
    expect({
      spent: { tokens: state.spent_tokens, cost: thousandthsOf(state.spent_cost) },
      reserved: { tokens: state.reserved_tokens, cost: thousandthsOf(state.reserved_cost) },
      calls: state.calls,
      refused: state.refused_calls,
    }).toEqual({ spent, reserved, calls, refused });
  }
}

describeEngines(
  `histories of budgets (PLINTH_SEED=${seed})`,
  (on) => {
    it.each([0, 1, 2])('one step after another, as the model says: %d', async (nth) => {
      const random = seededRandom(seed + nth);
      const { world, model, subjects } = await openStory(on.engine);
      const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
      for (let step = 0; step < steps; step++) {
        const call = random() < 0.8 ? pick(model.calls.filter(({ state }) => state === 'held')) : pick(model.calls);
        const [tokens, cost] = [Math.floor(random() * 300), random() < 0.15 ? null : Math.floor(random() * 400)];
        const costText = cost === null ? null : dollarsOf(cost);
        const dice = random();
        if (dice < 0.5 || !call) {
          const id = randomUUID();
          const subject = pick(subjects)!;
          const answer = await codeOf(world.reserve(costText, { tokens, subject, call: id }));
          expect(answer).toBe(model.reserve(id, subject, tokens, cost));
        } else if (dice < 0.75) {
          await world.settle(call.id, costText, tokens);
          model.settle(call, tokens, cost);
        } else if (dice < 0.83) {
          await world.budgets.release(world.scope, call.id);
          model.end(call, 'released');
        } else if (dice < 0.91) {
          // its process has died
          await world.loseLeases([call.id]);
          await expireHolds(world.platform);
          model.end(call, 'expired');
        } else if (dice < 0.96) {
          await world.budgets.extend(world.scope, { id: call.id, expires_at: new Date() }, 600);
          model.extend(call);
        } else {
          const budget = pick(model.budgets)!;
          const limit = 500 + Math.floor(random() * 4_000);
          if (budget.costLimit === null) budget.tokenLimit = limit;
          else budget.costLimit = limit;
          await world.change(
            budget.id,
            budget.costLimit === null ? { token_limit: limit } : { cost_limit: dollarsOf(limit) },
          );
        }
        if (step % 10 === 9) await compare(world, model);
      }
      await compare(world, model);
      expect(await budgetDifferences(world.platform, 10)).toEqual([]);
    });

    it('many at once: never more than the limit, and counters equal the recount at any moment', async () => {
      const random = seededRandom(seed + 10);
      const { world, model, subjects } = await openStory(on.engine);
      const settled = new Map<string, { tokens: number; cost: number; budgets: number }>();
      const limits = model.budgets.filter(({ blocks }) => blocks);
      const caller = async () => {
        for (let n = 0; n < 12; n++) {
          const call = randomUUID();
          const subject = subjects[Math.floor(random() * subjects.length)]!;
          const [tokens, cost] = [Math.floor(random() * 200), Math.floor(random() * 300)];
          if ((await codeOf(world.reserve(dollarsOf(cost), { tokens, subject, call }))) !== 'ok') continue;
          const used = { tokens: Math.floor(random() * (tokens + 1)), cost: Math.floor(random() * (cost + 1)) };
          const dice = random();
          if (dice < 0.2) await world.budgets.release(world.scope, call);
          else if (dice < 0.4) {
            await world.loseLeases([call]);
            await expireHolds(world.platform);
          } else if (dice < 0.9) {
            const answer = await Promise.all([
              world.settle(call, dollarsOf(used.cost), used.tokens),
              ...(dice < 0.5 ? [world.settle(call, dollarsOf(used.cost), used.tokens)] : []),
            ]);
            expect(answer.length).toBeGreaterThan(0);
            settled.set(call, { ...used, budgets: model.budgets.filter(({ counts }) => counts(subject)).length });
          }
        }
      };
      let isRunning = true;
      const watch = async () => {
        while (isRunning) {
          expect(await budgetDifferences(world.platform, 10)).toEqual([]);
          for (const { id, tokenLimit, costLimit } of limits) {
            const { spent_tokens, reserved_tokens, spent_cost, reserved_cost } = await world.read(id);
            if (tokenLimit !== null) expect(spent_tokens + reserved_tokens).toBeLessThanOrEqual(tokenLimit);
            if (costLimit !== null) {
              expect(thousandthsOf(spent_cost) + thousandthsOf(reserved_cost)).toBeLessThanOrEqual(costLimit);
            }
          }
        }
      };
      const watching = watch();
      await Promise.all(Array.from({ length: 20 }, caller));
      isRunning = false;
      await watching;
      const states = await Promise.all(model.budgets.map(({ id }) => world.read(id)));
      const sum = (of: (state: BudgetState) => number) => states.reduce((all, state) => all + of(state), 0);
      const ledger = [...settled.values()].reduce(
        (all, { tokens, cost, budgets }) => ({
          tokens: all.tokens + tokens * budgets,
          cost: all.cost + cost * budgets,
        }),
        { tokens: 0, cost: 0 },
      );
      expect({ tokens: sum((one) => one.spent_tokens), cost: sum((one) => thousandthsOf(one.spent_cost)) }).toEqual(
        ledger,
      );
      expect(settled.size).toBeGreaterThan(5);
      expect(await budgetDifferences(world.platform, 10)).toEqual([]);
    });
  },
  { server: { poolSize: 6, workerPoolSize: 3 } },
);
